//! What makes two calls, two answers or two errors the same.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::domain::transcript::Text;
use crate::domain::work::{Act, Deed};

/// Bytes of an error that are compared.
const COMPARED: usize = 400;

/// The same for calls of one tool with one input. Of a command line only that counts: what the model says of it changes.
pub(super) fn call(act: &Act, input: &Text) -> u64 {
    let mut hasher = DefaultHasher::new();
    act.tool.hash(&mut hasher);
    match &act.deed {
        Deed::Run(command) => command.trim().hash(&mut hasher),
        Deed::Edit(_) | Deed::Read(_) | Deed::Other(_) => (&input.kept, input.bytes).hash(&mut hasher),
    }
    hasher.finish()
}

/// The same for texts that are the same.
pub(super) fn text(text: &str, bytes: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    (text, bytes).hash(&mut hasher);
    hasher.finish()
}

/// The same for errors that differ in digits, paths and hexadecimal numbers alone.
pub(super) fn error(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    normal(text).hash(&mut hasher);
    hasher.finish()
}

/// An error without what changes from one time to the next.
fn normal(text: &str) -> String {
    let cut = crate::domain::text::prefix(text.trim(), COMPARED);
    let mut out = String::with_capacity(cut.len());
    for word in cut.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        let is_hex = word.len() >= 7 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        if word.contains('/') || is_hex || word.starts_with("0x") {
            out.push('@');
            continue;
        }
        let mut in_digits = false;
        for c in word.chars() {
            if c.is_ascii_digit() {
                if !in_digits {
                    out.push('#');
                }
                in_digits = true;
            } else {
                in_digits = false;
                out.push(c);
            }
        }
    }
    out
}

/// The cause of a signal about something with this key.
pub(super) fn cause(key: u64) -> String {
    format!("{key:016x}")
}

#[cfg(test)]
mod tests {
    use super::{error, normal};

    #[test]
    fn errors_differ_in_words_and_not_in_numbers_or_paths() {
        assert_eq!(normal("error[E0308]: at src/a.rs:12:5 (took 1.25s)"), "error[E#]: at @ (took #.#s)");
        assert_eq!(error("thread 17 panicked at /a/b.rs:3"), error("thread 4 panicked at /c.rs:99"));
        assert_eq!(error("object deadbeef00 is bad"), error("object 0123abcd99 is bad"));
        assert_ne!(error("no such file"), error("permission denied"));
    }
}
