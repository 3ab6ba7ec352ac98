//! SHA-256: as the hexadecimal text that journals, gates and socket names carry, and of JSON that is compared as a whole.

use std::fmt::Write;

use std::io;

use serde::Serialize;
use sha2::{Digest, Sha256};

/// The 32 bytes of a digest.
pub type Bytes = [u8; 32];

/// The digest of `bytes`: 64 lower-case hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    sha256_of(&[bytes])
}

/// The digest of these bytes one behind the other.
pub fn sha256_of(parts: &[&[u8]]) -> String {
    let whole = parts.iter().fold(Sha256::new(), Sha256::chain_update);
    let mut text = String::with_capacity(64);
    for byte in whole.finalize() {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The bytes of the digest of what `serde_json` writes of a value, and of the same text.
pub fn of_json(value: &impl Serialize) -> Bytes {
    struct Hashing(Sha256);

    impl io::Write for Hashing {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.update(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    // It comes in words and single signs, which cost more each by itself.
    let mut buffered = io::BufWriter::with_capacity(4096, Hashing(Sha256::new()));
    let written = serde_json::to_writer(&mut buffered, value).is_ok();
    match buffered.into_inner() {
        Ok(Hashing(digest)) if written => digest.finalize().into(),
        // What cannot be written is like nothing else.
        Ok(_) | Err(_) => Bytes::default(),
    }
}

/// The bytes of the digest of a text.
pub fn of_text(text: &str) -> Bytes {
    Sha256::digest(text.as_bytes()).into()
}

/// Half of the digest of some texts. They do not run into each other.
pub fn half_of<const N: usize>(parts: [&str; N]) -> [u64; 2] {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.len().to_le_bytes());
        digest.update(part);
    }
    let digest: Bytes = digest.finalize().into();
    let mut words = digest.chunks_exact(8).map(|word| word.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
    [words.next().unwrap_or_default(), words.next().unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use super::{of_json, of_text, sha256};
    use serde_json::json;

    #[test]
    fn it_is_the_published_digest() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn a_value_has_the_digest_of_its_text() {
        let value = json!({ "a": [1, 2.5, "x\n"], "b": { "long": "y".repeat(10_000) } });
        assert_eq!(of_json(&value), of_text(&value.to_string()));
        assert_ne!(of_json(&value), of_json(&json!({ "a": [] })));
    }
}
