//! Secrets in JSON: found in the text as in any other, replaced so that it stays JSON of the same shape.

use std::ops::Range;

use super::{CLOSE, OPEN, Secret};

/// `text`, which is valid JSON, with markers inside its strings and in place of its numbers. Whatever else a secret
/// covers (commas, brackets) stays.
pub(super) fn replace(text: &str, secrets: &[Secret<'_>]) -> String {
    let mut out = String::with_capacity(text.len() + secrets.len() * 16);
    let bytes = text.as_bytes();
    let (mut at, mut copied, mut next) = (0, 0, 0);
    while next < secrets.len() {
        let Some(&byte) = bytes.get(at) else { break };
        match byte {
            b'"' => {
                let close = string_end(bytes, at + 1);
                while let Some(secret) = secrets.get(next).filter(|secret| secret.range.start < close) {
                    if let Some(part) = within(text, at + 1..close, &secret.range) {
                        // Two secrets that share an escape sequence leave nothing between them.
                        out.push_str(text.get(copied..part.start).unwrap_or_default());
                        push_marker(&mut out, secret.kind);
                        copied = part.end.max(copied);
                    }
                    if secret.range.end > close {
                        break;
                    }
                    next += 1;
                }
                at = close + 1;
            }
            b'-' | b'0'..=b'9' => {
                let end = at + bytes[at..].iter().take_while(|byte| is_number(**byte)).count();
                if let Some(secret) = secrets.get(next).filter(|secret| secret.range.start < end) {
                    out.push_str(text.get(copied..at).unwrap_or_default());
                    out.push('"');
                    push_marker(&mut out, secret.kind);
                    out.push('"');
                    copied = end;
                }
                at = end;
            }
            _ => at += 1,
        }
        while secrets.get(next).is_some_and(|secret| secret.range.end <= at) {
            next += 1;
        }
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    out
}

fn push_marker(out: &mut String, kind: &str) {
    // No name has a sign in it that JSON would escape.
    out.push_str(OPEN);
    out.push_str(kind);
    out.push_str(CLOSE);
}

fn is_number(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E')
}

/// Where the string that begins at `from`, behind its quote, is closed.
fn string_end(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(found) = memchr::memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) {
        if bytes[at + found] == b'"' {
            return at + found;
        }
        at += found + 2;
    }
    bytes.len()
}

/// The part of `secret` that lies in `string`, widened so that it splits no escape sequence; `None` when there is none.
fn within(text: &str, string: Range<usize>, secret: &Range<usize>) -> Option<Range<usize>> {
    let (start, end) = (secret.start.max(string.start), secret.end.min(string.end));
    if start >= end {
        return None;
    }
    let mut part = start..end;
    let mut at = string.start;
    while let Some(found) = memchr::memchr(b'\\', &text.as_bytes()[at..string.end]) {
        let sequence = at + found..string.end.min(at + found + escape(&text[at + found..string.end]));
        if sequence.start >= part.end {
            break;
        }
        if sequence.contains(&part.start) {
            part.start = sequence.start;
        }
        if sequence.start < part.end && part.end < sequence.end {
            part.end = sequence.end;
        }
        at = sequence.end;
    }
    Some(part)
}

/// Bytes of the escape sequence at the head of `text`; a pair of surrogates is one.
fn escape(text: &str) -> usize {
    let unit = |text: &str| {
        let digits = text.strip_prefix("\\u")?.get(..4)?;
        u32::from_str_radix(digits, 16).ok()
    };
    match unit(text) {
        Some(0xd800..=0xdbff) if text.get(6..).and_then(unit).is_some_and(|low| (0xdc00..0xe000).contains(&low)) => 12,
        Some(_) => 6,
        None => 2,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use crate::domain::redact::{Pattern, Redactor};

    fn hidden(mut value: Value) -> Value {
        Redactor::default().hide_in(&mut value);
        value
    }

    #[test]
    fn names_and_values_are_read_together_and_the_shape_stays() {
        let secret = ["hunter", "42", "xyz9"].concat();
        let value = hidden(json!({
            "password": secret, "args": ["--password", secret], "env": [{"name": "DB_PASSWORD", "value": secret}],
            "fine": [1, true, null, "text"],
        }));
        let text = value.to_string();
        assert!(!text.contains(&secret), "{text}");
        assert_eq!(value["args"][0], "--password");
        assert_eq!(value["fine"], json!([1, true, null, "text"]));
        assert_eq!(value["env"][0]["name"], "DB_PASSWORD");
    }

    #[test]
    fn a_number_that_is_a_secret_becomes_a_text() {
        let redactor = Redactor::new(vec![Pattern::new(None, "8371[0-9]{4}").unwrap()]);
        assert_eq!(
            redactor.redact_json(r#"{"pin":-83712468,"n":[1.5e3,83712468,2]}"#),
            r#"{"pin":"‹redacted: own pattern›","n":[1.5e3,"‹redacted: own pattern›",2]}"#
        );
    }

    #[test]
    fn a_secret_of_many_strings_breaks_none_of_them() {
        let line = "MIIEowIBAAKCAQEA7bq1xk3hVJ9qPa2dTn5sWc8rYz4uLe6g".to_owned();
        let value =
            hidden(json!({"lines": ["-----BEGIN RSA PRIVATE KEY-----", line, line, "-----END RSA PRIVATE KEY-----"]}));
        assert_eq!(value["lines"].as_array().map(Vec::len), Some(4));
        assert!(!value.to_string().contains(&line[..12]), "{value}");
    }

    #[test]
    fn an_escape_sequence_is_taken_whole() {
        let pattern = |text: &str| Pattern::new(Some("X"), text).unwrap();
        let redactor = Redactor::new(vec![pattern("n[a-z]"), pattern("ude00"), pattern("u0000")]);
        for text in [r#"{"a":"x\ny"}"#, r#"["\ud83d\ude00!"]"#, r#"["\u0000\u0000"]"#] {
            let out = redactor.redact_json(text);
            let value: Value = serde_json::from_str(&out).unwrap();
            assert!(value.to_string().contains("redacted"), "{out}");
            assert_eq!(redactor.redact_json(&out), out);
        }
    }

    fn shape(value: &Value) -> String {
        match value {
            Value::Array(items) => format!("[{}]", items.iter().map(shape).collect::<Vec<_>>().join(",")),
            Value::Object(members) => format!("{{{}}}", members.values().map(shape).collect::<Vec<_>>().join(",")),
            Value::Null => "n".to_owned(),
            Value::Bool(_) => "b".to_owned(),
            Value::Number(_) | Value::String(_) => "s".to_owned(),
        }
    }

    fn values() -> impl Strategy<Value = Value> {
        let texts = "(password|token|\"|\\\\|\n|é|😀|[a-z0-9]{1,9}|-----BEGIN PRIVATE KEY-----|[A-Z0-9a-z]{40}){0,4}";
        let leaf = prop_oneof![texts.prop_map(Value::from), any::<i64>().prop_map(Value::from), Just(Value::Null)];
        leaf.prop_recursive(3, 24, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec(
                    (prop_oneof![Just("password"), Just("data"), Just("kind"), Just("n")], inner),
                    0..4
                )
                .prop_map(|members| Value::Object(
                    members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
                )),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_is_hidden_the_shape_stays(value in values()) {
            let before = shape(&value);
            prop_assert_eq!(shape(&hidden(value)), before);
        }
    }
}
