//! One record as it stands in its file, made readable: JSON indented in its own order, its secrets hidden, safe to draw.

use std::borrow::Cow;
use std::fmt::Write;

use serde_json::value::RawValue;

use super::json;
use crate::domain::redact::Redactor;
use crate::domain::text;

/// Bytes of a record that are shown.
pub const SHOWN: usize = 1_000_000;

/// Bytes read beyond those: a secret that the end of what is shown would cut in two is still known as one.
pub const MARGIN: usize = 64 * 1024;

/// Spaces for each level.
const INDENT: usize = 2;

/// A record made readable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Readable {
    /// Its text, safe to draw. What was left out is said in the last line.
    pub text: String,
    /// Secrets hidden in it.
    pub hidden: usize,
}

/// The record with every secret in it hidden. `head` is its beginning, at most [`SHOWN`] and [`MARGIN`] bytes, without the
/// newline; `bytes` is its whole length.
pub fn redacted(head: &[u8], bytes: u64, redactor: &Redactor) -> Readable {
    let line = String::from_utf8_lossy(head);
    let mut hidden = 0;
    // A string is looked at as its reader will see it, and then all of them in their places: a key may tell of its value.
    let strings = if is_json(&line) { each_string(&line, redactor, &mut hidden) } else { Cow::Borrowed(&*line) };
    hidden += redactor.find(&strings).len();
    Readable { text: readable(&redactor.redact(&strings), bytes), hidden }
}

/// The record as it is, with nothing hidden. Takes what [`redacted`] takes.
pub fn unredacted(head: &[u8], bytes: u64) -> String {
    readable(&String::from_utf8_lossy(head), bytes)
}

fn is_json(line: &str) -> bool {
    line.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '['])
}

fn readable(line: &str, bytes: u64) -> String {
    let kept = if bytes > SHOWN as u64 {
        // However much was hidden before it: what stands near the end of what was read may be half a secret.
        text::prefix(line, SHOWN.min(line.len().saturating_sub(MARGIN / 4)))
    } else {
        line
    };
    let mut out = if is_json(kept) { indented(kept) } else { kept.to_owned() };
    if bytes > SHOWN as u64 {
        // Writing into a string cannot fail.
        let _ = write!(out, "\n… cut: {} of {bytes} bytes are shown", kept.len());
    }
    text::clean(&out).into_owned()
}

/// Hides secrets in every string by itself.
fn each_string<'a>(line: &'a str, redactor: &Redactor, hidden: &mut usize) -> Cow<'a, str> {
    let mut out = String::new();
    let (mut kept, mut at) = (0, 0);
    while let Some(open) = memchr::memchr(b'"', &line.as_bytes()[at..]) {
        let (from, to) = (at + open, string_end(line, at + open));
        at = to;
        let Ok(raw) = serde_json::from_str::<&RawValue>(&line[from..to]) else { continue };
        let Some(decoded) = json::string(Some(raw)) else { continue };
        let secrets = redactor.find(&decoded).len();
        if secrets > 0 {
            *hidden += secrets;
            out.push_str(&line[kept..from]);
            out.push_str(&serde_json::Value::from(redactor.redact(&decoded)).to_string());
            kept = to;
        }
    }
    if kept == 0 {
        return Cow::Borrowed(line);
    }
    out.push_str(&line[kept..]);
    Cow::Owned(out)
}

/// Where the string that begins at `from` ends: behind its closing quote, or with the text.
fn string_end(line: &str, from: usize) -> usize {
    let bytes = line.as_bytes();
    let mut at = from + 1;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found + 1;
        if bytes[at - 1] == b'"' {
            return at;
        }
        at += 1;
    }
    line.len()
}

/// JSON with one member a line, in its own order and with its own numbers. What is no JSON comes out as readable as it can.
fn indented(line: &str) -> String {
    let mut out = String::with_capacity(line.len() * 2);
    let mut depth: usize = 0;
    let bytes = line.as_bytes();
    let mut at = 0;
    let new_line = |out: &mut String, depth: usize| {
        out.push('\n');
        // Nesting without end would make lines without end.
        out.extend(std::iter::repeat_n(' ', INDENT * depth.min(64)));
    };
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => {
                let end = string_end(line, at);
                out.push_str(&line[at..end]);
                at = end;
                continue;
            }
            b'{' | b'[' => {
                out.push(char::from(byte));
                let next =
                    bytes[at + 1..].iter().position(|byte| !byte.is_ascii_whitespace()).map(|next| at + 1 + next);
                if let Some(close) = next.filter(|next| matches!(bytes[*next], b'}' | b']')) {
                    out.push(char::from(bytes[close]));
                    at = close;
                } else {
                    depth += 1;
                    new_line(&mut out, depth);
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut out, depth);
                out.push(char::from(byte));
            }
            b',' => {
                out.push(',');
                new_line(&mut out, depth);
            }
            b':' => out.push_str(": "),
            byte if byte.is_ascii_whitespace() => {}
            _ => {
                let end = bytes[at..].iter().position(|byte| b"\"{}[],: \t\r\n".contains(byte));
                let end = end.map_or(bytes.len(), |end| at + end);
                out.push_str(&line[at..end]);
                at = end;
                continue;
            }
        }
        at += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::domain::redact::Redactor;

    use super::{MARGIN, Readable, SHOWN, indented, redacted, unredacted};

    fn token() -> String {
        ["gh", "p_", &"a1B2".repeat(9)].concat()
    }

    fn of(line: &str) -> Readable {
        redacted(line.as_bytes(), line.len() as u64, &Redactor::default())
    }

    #[test]
    fn json_is_indented_in_its_own_order_and_with_its_own_numbers() {
        let line = r#"{"b":1.50,"a":[1,{"c":"x, {y}: \"z\""},[],{ }],"d":null}"#;
        let text = "{\n  \"b\": 1.50,\n  \"a\": [\n    1,\n    {\n      \"c\": \"x, {y}: \\\"z\\\"\"\n    },\n    [],\n    {}\n  ],\n  \"d\": null\n}";
        assert_eq!(of(line), Readable { text: text.to_owned(), hidden: 0 });
    }

    #[test]
    fn a_line_of_a_log_stays_as_it_is() {
        assert_eq!(of("12:00 started, \u{1b}[1mall: {ok}").text, "12:00 started, ␛[1mall: {ok}");
    }

    #[test]
    fn secrets_are_hidden_and_counted_wherever_they_stand() {
        let inside = format!(r#"{{"text":"first\n{}\nand \u0067hp_{}"}}"#, token(), "c3D4".repeat(9));
        let found = of(&inside);
        assert_eq!(found.hidden, 2, "{}", found.text);
        assert!(!found.text.contains("a1B2") && !found.text.contains("c3D4"), "{}", found.text);
        let by_key = of(r#"{"password":"Tr0ub4dor-and-3","other":1}"#);
        assert_eq!(by_key.hidden, 1, "{}", by_key.text);
        assert!(!by_key.text.contains("Tr0ub4dor") && by_key.text.contains("\"other\": 1"), "{}", by_key.text);
        assert_eq!(of(&format!("export TOKEN={}", token())).hidden, 1);
        assert!(unredacted(inside.as_bytes(), inside.len() as u64).contains("a1B2"));
    }

    #[test]
    fn what_is_over_a_megabyte_is_cut_and_said_and_no_secret_is_cut_in_two() {
        for shift in [0, 10, 20, 30, 40, 60] {
            let line =
                format!(r#"{{"a":"{} {}","b":"{}"}}"#, "x ".repeat(SHOWN / 2 - shift), token(), "y ".repeat(MARGIN));
            let head = &line.as_bytes()[..line.len().min(SHOWN + MARGIN)];
            let text = redacted(head, line.len() as u64, &Redactor::default()).text;
            assert!(!text.contains("ghp_") && !text.contains("a1B2"), "shift {shift}");
            assert!(text.ends_with("bytes are shown"), "{}", &text[text.len() - 60..]);
            assert!(text.len() < SHOWN + 1_000);
        }
        // The end of what was read is never shown, even when most of what stood before it was hidden.
        let many: String = std::iter::repeat_with(|| format!("{} ", token())).take(40_000).collect();
        let head = &many.as_bytes()[..SHOWN + MARGIN];
        assert!(!redacted(head, many.len() as u64, &Redactor::default()).text.contains("ghp_"));
    }

    #[test]
    fn half_a_record_is_as_readable_as_it_can_be() {
        assert_eq!(of("{\"a\":{\"b\":\"half").text, "{\n  \"a\": {\n    \"b\": \"half");
        assert_eq!(of("{\"a\":\"\\").text, "{\n  \"a\": \"\\");
    }

    proptest! {
        #[test]
        fn indenting_changes_nothing_but_white_space(text in any::<String>(), numbers in proptest::collection::vec(any::<i64>(), 0..4)) {
            let value = serde_json::json!({"text": text, "numbers": numbers, "deep": {"list": [[], {}, [null, true]]}});
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&indented(&value.to_string())).unwrap(), value);
        }

        #[test]
        fn any_text_is_made_harmless(text in any::<String>()) {
            let shown = of(&format!("{{{text}")).text;
            prop_assert!(!shown.chars().any(|c| c.is_control() && c != '\n' && c != '\t'));
        }
    }
}
