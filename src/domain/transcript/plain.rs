//! Plain text logs: each line is said as it stands.

use super::json::Gather;
use super::{Body, Entry};

/// The entry of one line of a log; blank lines have none. Invalid UTF-8 is replaced.
pub fn parse_plain(offset: u64, line: &[u8]) -> Vec<Entry> {
    let text = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line));
    if text.trim().is_empty() {
        return Vec::new();
    }
    let mut gather = Gather::default();
    gather.push(&text);
    vec![Entry { offset, at: None, sidechain: false, body: Body::Said(gather.finish()) }]
}

#[cfg(test)]
mod tests {
    use super::parse_plain;
    use crate::domain::transcript::Body;

    #[test]
    fn lines_stay_as_they_are_and_blank_ones_go() {
        let entries = parse_plain(3, b"started \xff\r");
        assert!(matches!(&entries[0].body, Body::Said(text) if text.kept == "started \u{fffd}" && text.lines == 1));
        assert_eq!(entries[0].offset, 3);
        assert!(parse_plain(0, b" \r").is_empty());
    }
}
