//! How many tokens a text takes: an estimate, for no vendor publishes the tokenizer that its agents use.
//!
//! Counted with the encoding `cl100k_base`, which is public and near enough: prose and code of today's models come out within
//! a tenth or two. The tables are part of the program and are unpacked when the first text is counted.

use bpe_openai::cl100k_base;

/// Bytes of a token in ordinary text: for what was not read.
const BYTES: u64 = 4;

/// Tokens of a text.
pub fn count(text: &str) -> usize {
    cl100k_base().count(text)
}

/// Tokens of a text of so many bytes that nobody has read.
pub fn of_bytes(bytes: u64) -> usize {
    usize::try_from(bytes.div_ceil(BYTES)).unwrap_or(usize::MAX)
}

/// A number of tokens as people write it, always with the sign of an estimate: `~850`, `~1.2k`, `~180k`.
pub fn shown(tokens: usize) -> String {
    match tokens {
        0..1_000 => format!("~{tokens}"),
        1_000..99_950 => format!("~{:.1}k", tokens as f64 / 1_000.0).replace(".0k", "k"),
        _ => format!("~{:.0}k", tokens as f64 / 1_000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::{count, of_bytes, shown};

    #[test]
    fn prose_has_about_four_bytes_a_token() {
        let text = "The range that the form accepts is wrong: it takes VLAN 0 and VLAN 4095.\n".repeat(50);
        let (counted, guessed) = (count(&text), of_bytes(text.len() as u64));
        assert!(counted > guessed / 2 && counted < guessed * 2, "{counted} counted, {guessed} guessed");
        assert_eq!((count(""), of_bytes(0), of_bytes(1)), (0, 0, 1));
    }

    #[test]
    fn a_number_says_that_it_is_an_estimate() {
        let written = [0, 850, 1_000, 1_240, 18_400, 99_960, 200_000].map(shown);
        assert_eq!(written, ["~0", "~850", "~1k", "~1.2k", "~18.4k", "~100k", "~200k"]);
    }
}
