//! The journal: one JSON object a line, each bound to the one before by a SHA-256 digest.
//!
//! A record is `{"seq", "at", "kind", …body, "prev", "hash"}`. `hash` stands last and is the digest of the line without
//! it, byte for byte, so that checking a record needs no agreement on how JSON is written. `prev` is the `hash` of the
//! record before, or sixty-four zeros. The chain shows what was changed, reordered or cut out; records cut off at its
//! end leave no trace in the file itself.

mod select;

use std::fmt::Write;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::domain::digest::sha256;

pub use select::{Selection, line_passes};

/// `prev` of the first record.
const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// Keys that the chain itself needs.
const OWN_KEYS: [&str; 5] = ["seq", "at", "kind", "prev", "hash"];

/// The end of a chain: all that the next record needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tail {
    /// Number of the last record.
    pub seq: u64,
    /// Its digest.
    pub hash: String,
}

/// What a check of a whole chain found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Complete records.
    pub records: u64,
    /// Digest of the last of them.
    pub head: Option<String>,
    /// The last line is half written: a record that was never acknowledged.
    pub torn: bool,
}

/// Where a chain is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Line, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub why: String,
}

#[derive(Deserialize)]
struct Links {
    seq: u64,
    at: Timestamp,
    kind: String,
    prev: String,
    hash: String,
}

/// Writes the next record: the line with its end, and the new tail. The fields of `body` become fields of the record;
/// a body that is no object, or that uses a key of the chain's own, is put under `body`.
pub fn append_line(tail: Option<&Tail>, at: Timestamp, kind: &str, body: Value) -> (String, Tail) {
    let seq = tail.map_or(1, |tail| tail.seq + 1);
    let body = match body {
        Value::Object(fields) if !OWN_KEYS.iter().any(|key| fields.contains_key(*key)) => fields,
        Value::Null => Map::new(),
        other => Map::from_iter([("body".to_owned(), other)]),
    };
    let prev = tail.map_or(GENESIS, |tail| tail.hash.as_str());
    let mut line = format!("{{\"seq\":{seq},\"at\":\"{at}\",\"kind\":{}", Value::from(kind));
    // Writing into a string cannot fail, here and below.
    for (key, value) in body {
        let _ = write!(line, ",{}:{value}", Value::from(key));
    }
    let _ = write!(line, ",\"prev\":\"{prev}\"");
    let hash = sha256(format!("{line}}}").as_bytes());
    let _ = writeln!(line, ",\"hash\":\"{hash}\"}}");
    (line, Tail { seq, hash })
}

/// The tail that a complete line (without its end) makes, if it is a record whose digest is right.
pub fn tail_of(line: &[u8]) -> Result<Tail, String> {
    read_links(line).map(|links| Tail { seq: links.seq, hash: links.hash })
}

fn read_links(line: &[u8]) -> Result<Links, String> {
    let links: Links = serde_json::from_slice(line).map_err(|error| format!("not a record: {error}"))?;
    let ending = format!(",\"hash\":\"{}\"}}", links.hash);
    let Some(rest) = line.strip_suffix(ending.as_bytes()) else {
        return Err("the digest does not stand at the end of the record".to_owned());
    };
    let mut bytes = rest.to_vec();
    bytes.push(b'}');
    if sha256(&bytes) != links.hash {
        return Err("the record was changed: its digest is another".to_owned());
    }
    Ok(links)
}

/// Checks a chain line by line, keeping nothing but its end.
#[derive(Debug, Clone, Default)]
pub struct Checker {
    line: u64,
    tail: Option<Tail>,
    torn: bool,
}

impl Checker {
    /// Takes the next line, with its end if it has one.
    pub fn push(&mut self, line: &[u8]) -> Result<(), Broken> {
        self.line += 1;
        let broken = |why: String| Broken { line: self.line, why };
        if self.torn {
            return Err(broken("it follows a line without an end".to_owned()));
        }
        let Some(line) = line.strip_suffix(b"\n") else {
            self.torn = true;
            return Ok(());
        };
        let links = read_links(line).map_err(broken)?;
        let (seq, prev) = self.tail.as_ref().map_or((1, GENESIS), |tail| (tail.seq + 1, tail.hash.as_str()));
        if links.seq != seq {
            return Err(broken(format!("record {} stands where {seq} should", links.seq)));
        }
        if links.prev != prev {
            return Err(broken("it does not follow from the record before".to_owned()));
        }
        self.tail = Some(Tail { seq: links.seq, hash: links.hash });
        Ok(())
    }

    /// What was found, after the last line.
    pub fn finish(self) -> Summary {
        Summary {
            records: self.tail.as_ref().map_or(0, |tail| tail.seq),
            head: self.tail.map(|tail| tail.hash),
            torn: self.torn,
        }
    }
}

/// Checks a whole chain, given as lines with their ends. A half-written last line is tolerated and reported.
pub fn verify<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Result<Summary, Broken> {
    let mut checker = Checker::default();
    for line in lines {
        checker.push(line)?;
    }
    Ok(checker.finish())
}

/// What a line begins with, where a record has it: a popup is narrower than a record.
const FIRST: [&str; 6] = ["decision", "outcome", "what", "title", "task", "reason"];

/// A record in one line for people: time, kind and what it says.
pub fn describe(line: &[u8]) -> String {
    let Ok(links) = serde_json::from_slice::<Links>(line) else {
        return format!("? {}", one_line(&String::from_utf8_lossy(line)));
    };
    let fields: Map<String, Value> = serde_json::from_slice(line).unwrap_or_default();
    let mut text = format!("{} {:<8}", links.at.strftime("%Y-%m-%d %H:%M:%SZ"), links.kind);
    let rest = fields.iter().filter(|(key, _)| !OWN_KEYS.contains(&key.as_str()) && !FIRST.contains(&key.as_str()));
    for (key, value) in FIRST.iter().filter_map(|key| fields.get_key_value(*key)).chain(rest) {
        let value = match value {
            Value::String(value) => one_line(value),
            other => one_line(&other.to_string()),
        };
        if !matches!(value.as_str(), "" | "null" | "{}" | "[]") && !key.ends_with("sha256") {
            let _ = write!(text, "  {key}: {value}");
        }
    }
    text.truncate(text.trim_end().len());
    text
}

/// The first line of a text, at most 120 characters, with a mark where something was left out.
fn one_line(text: &str) -> String {
    let first = text.lines().next().unwrap_or_default();
    let mut short: String = first.chars().filter(|c| !c.is_control()).take(120).collect();
    if short.len() < text.trim_end().len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::{Broken, Summary, append_line, describe, tail_of, verify};
    use jiff::Timestamp;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn chain(bodies: impl IntoIterator<Item = Value>) -> String {
        let mut text = String::new();
        let mut tail = None;
        for body in bodies {
            let (line, next) = append_line(tail.as_ref(), Timestamp::UNIX_EPOCH, "copy", body);
            text.push_str(&line);
            tail = Some(next);
        }
        text
    }

    fn check(text: &str) -> Result<Summary, Broken> {
        verify(text.split_inclusive('\n').map(str::as_bytes))
    }

    fn three() -> String {
        chain([json!({"what": "a"}), json!({"what": "b", "n": 2}), json!({"what": "c"})])
    }

    #[test]
    fn a_chain_that_nobody_touched_is_whole() {
        let text = three();
        let summary = check(&text).unwrap();
        assert_eq!((summary.records, summary.torn), (3, false));
        let last = text.lines().last().unwrap();
        assert_eq!(tail_of(last.as_bytes()).unwrap().seq, 3);
        assert_eq!(check("").unwrap(), Summary::default());
    }

    #[test]
    fn a_changed_record_is_found_at_its_line() {
        let broken = check(&three().replace("\"b\"", "\"x\"")).unwrap_err();
        assert_eq!(broken.line, 2);
        assert!(broken.why.contains("changed"), "{}", broken.why);
    }

    #[test]
    fn records_cut_out_swapped_or_put_in_are_found() {
        let text = three();
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        for (order, line) in [([0, 2].as_slice(), 2), (&[1, 2], 1), (&[0, 2, 1], 2), (&[0, 1, 1, 2], 3)] {
            let moved: String = order.iter().map(|&index| lines[index]).collect();
            assert_eq!(check(&moved).unwrap_err().line, line, "{order:?}");
        }
    }

    #[test]
    fn a_record_of_another_chain_does_not_fit_in() {
        let (mine, other) = (three(), chain([json!({"what": "z"}), json!({"what": "y"})]));
        let mixed = format!("{}\n{}\n", mine.lines().next().unwrap(), other.lines().nth(1).unwrap());
        assert_eq!(check(&mixed).unwrap_err().line, 2);
    }

    #[test]
    fn a_half_written_last_line_is_reported_and_forgiven_only_there() {
        let text = three();
        let torn = &text[..text.len() - 9];
        let summary = check(torn).unwrap();
        assert_eq!((summary.records, summary.torn), (2, true));
        let middle = format!("{}garbage\n{}", text.lines().next().unwrap(), text);
        assert!(check(&middle).is_err());
    }

    #[test]
    fn a_body_cannot_pose_as_the_chain() {
        let text = chain([json!({"seq": 9, "hash": "x"}), json!("plain"), Value::Null]);
        assert_eq!(check(&text).unwrap().records, 3);
        assert!(text.contains(r#""body":{"#) && text.contains(r#""body":"plain""#));
    }

    #[test]
    fn a_record_reads_as_one_line() {
        let (line, _) = append_line(None, Timestamp::UNIX_EPOCH, "gate", json!({"title": "push\nnow", "reason": ""}));
        assert_eq!(describe(line.as_bytes()), "1970-01-01 00:00:00Z gate      title: push…");
        let body = json!({"agent": "a", "answers": {}, "decision": "approved", "title": "push"});
        let (line, _) = append_line(None, Timestamp::UNIX_EPOCH, "gate", body);
        assert_eq!(
            describe(line.as_bytes()),
            "1970-01-01 00:00:00Z gate      decision: approved  title: push  agent: a"
        );
        assert_eq!(describe(b"torn\x1b"), "? torn…");
    }

    #[test]
    fn every_flipped_byte_is_found_at_its_line() {
        let text = three();
        for at in 0..text.len() {
            for flip in [0x01, 0x20, 0x80] {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= flip;
                let line = text[..at].bytes().filter(|byte| *byte == b'\n').count() as u64 + 1;
                match verify(bytes.split_inclusive(|&byte| byte == b'\n')) {
                    // A line end that is gone joins two lines, or leaves the last one torn.
                    Err(broken) => {
                        assert!(broken.line == line, "byte {at} of line {line}: {broken:?}");
                        assert!(!broken.why.is_empty());
                    }
                    Ok(summary) => assert!(summary.torn && at + 1 == text.len(), "byte {at} was not noticed"),
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_single_changed_byte_is_noticed(at in 0usize..400, with in 32u8..127) {
            let text = three();
            let mut bytes = text.clone().into_bytes();
            let at = at % bytes.len();
            prop_assume!(bytes[at] != with);
            bytes[at] = with;
            let result = verify(bytes.split_inclusive(|&b| b == b'\n'));
            prop_assert!(result.is_err() || result.is_ok_and(|summary| summary.torn), "byte {at}");
        }
    }
}
