//! Plain text logs: a line at a time, with its time and its level where it says them.

use std::borrow::Cow;
use std::path::Path;

use jiff::Timestamp;

use super::digest::LABEL;
use super::format::{Format, Place};
use super::json::Gather;
use super::json::node::Node;
use super::usage::Usage;
use super::{Body, Digest, Entry, Text, Tone, record, stamp};
use crate::domain::agent::AgentKind;

/// Any text, a line at a time.
#[derive(Debug)]
pub struct Plain;

impl Format for Plain {
    fn name(&self) -> &'static str {
        "plain"
    }

    fn kind(&self) -> AgentKind {
        AgentKind::Log
    }

    fn places(&self) -> &'static [Place] {
        &[]
    }

    fn owns(&self, _path: &Path) -> bool {
        false
    }

    fn begins(&self, _head: &[u8]) -> bool {
        true
    }

    fn counts_tokens(&self) -> bool {
        false
    }

    fn entries(&self, offset: u64, line: &[u8]) -> Vec<Entry> {
        let cleaned = record::text_of(line);
        let said = Said::of(&cleaned);
        if said.text.trim().is_empty() {
            return Vec::new();
        }
        let body = match said.level {
            Level::Ordinary => Body::Plain(Text::of(&said.text)),
            Level::Warning => Body::note(Tone::Warning, "", &said.text),
            Level::Error => Body::note(Tone::Error, "", &said.text),
        };
        Entry::all(offset, said.at, vec![body])
    }

    fn read(&self, digest: &mut Digest, line: &[u8], _usage: Option<&mut Usage>) {
        let cleaned = record::text_of(line);
        let said = Said::of(&cleaned);
        if said.text.trim().is_empty() {
            return;
        }
        digest.line();
        digest.seen_at(said.at);
        digest.said(&said.text);
        if said.level == Level::Error {
            digest.counts.errors += 1;
        }
    }
}

/// How grave a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Ordinary,
    Warning,
    Error,
}

/// What a line says.
struct Said<'a> {
    at: Option<Timestamp>,
    level: Level,
    text: Cow<'a, str>,
}

impl<'a> Said<'a> {
    fn of(line: &'a str) -> Self {
        if let Some(record) = Node::object(line)
            && let Some(said) = Self::of_json(record)
        {
            return said;
        }
        let text = without_colours(line);
        let (at, rest) = match stamp::leading(&text) {
            Some((at, rest)) => (Some(at), rest),
            None => (None, text.as_ref()),
        };
        let level = match stamp::klog_level(rest) {
            Some('E' | 'F') => Level::Error,
            Some('W') => Level::Warning,
            Some(_) => Level::Ordinary,
            None => level_of(rest),
        };
        Self { at, level, text }
    }

    /// A line of a structured log: level, message, then its other fields.
    fn of_json(record: Node<'_>) -> Option<Self> {
        const TIMES: &[&str] = &["ts", "time", "timestamp", "@timestamp", "t"];
        const LEVELS: &[&str] = &["level", "lvl", "severity", "levelname"];
        const MESSAGES: &[&str] = &["msg", "message", "event", "text"];
        let message = record.any(MESSAGES).string()?;
        let level = record.any(LEVELS).string().unwrap_or_default();
        let mut words = Gather::default();
        if !level.is_empty() {
            words.push(&format!("{} ", level.to_uppercase()));
        }
        words.push(&message);
        for (key, value) in record.members() {
            let told = [TIMES, LEVELS, MESSAGES].concat().contains(&key.as_ref());
            if let Some(raw) = value.raw().filter(|_| !told) {
                words.push(&format!(" {key}="));
                words.push_json(raw);
            }
        }
        let level = if level.is_empty() { level_of(&message) } else { level_of(&level.to_uppercase()) };
        Some(Self { at: moment(record.any(TIMES)), level, text: Cow::Owned(words.finish().kept) })
    }
}

/// RFC 3339, or a number of seconds, milliseconds, micro- or nanoseconds since 1970: which of them, its size tells.
fn moment(node: Node<'_>) -> Option<Timestamp> {
    if let Some(text) = node.string() {
        return text.parse().ok().or_else(|| stamp::leading(&text).map(|(at, _)| at));
    }
    let number: f64 = node.raw()?.get().parse().ok()?;
    let seconds = match number {
        ..1e11 => number,
        ..1e14 => number / 1e3,
        ..1e17 => number / 1e6,
        _ => number / 1e9,
    };
    Timestamp::from_microsecond((seconds * 1e6) as i64).ok()
}

/// The level that one of a line's first words names.
fn level_of(text: &str) -> Level {
    if text.starts_with("Traceback (most recent call last)")
        || text.starts_with("thread '") && text.contains("panicked at")
    {
        return Level::Error;
    }
    let head = super::text::prefix(text, LABEL);
    let words = head.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).take(6);
    for word in words {
        match word {
            "ERROR" | "FATAL" | "CRITICAL" | "PANIC" | "ERR" | "panic" | "fatal" => return Level::Error,
            "WARN" | "WARNING" => return Level::Warning,
            _ => {}
        }
    }
    let first = head.split(':').next().unwrap_or_default().trim();
    match first {
        "error" | "Error" | "ERROR" => Level::Error,
        "warning" | "Warning" => Level::Warning,
        _ => Level::Ordinary,
    }
}

/// The text without sequences that only colour it; all others stay, and are shown for what they are.
fn without_colours(line: &str) -> Cow<'_, str> {
    if !line.contains("\u{1b}[") {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("\u{1b}[") {
        let sequence = &rest[at + 2..];
        let parameters =
            sequence.bytes().take_while(|byte| byte.is_ascii_digit() || matches!(byte, b';' | b':')).count();
        if sequence.as_bytes().get(parameters) == Some(&b'm') {
            out.push_str(&rest[..at]);
            rest = &sequence[parameters + 1..];
        } else {
            out.push_str(&rest[..at + 2]);
            rest = sequence;
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::Plain;
    use crate::domain::transcript::format::Format;
    use crate::domain::transcript::{Body, Digest, Tone};

    fn one(line: &str) -> (Option<String>, Body) {
        let mut entries = Plain.entries(3, line.as_bytes());
        assert_eq!(entries.len(), 1, "{line}");
        let entry = entries.remove(0);
        (entry.at.map(|at| at.to_string()), entry.body)
    }

    fn note(line: &str) -> (Tone, String) {
        match one(line).1 {
            Body::Note { tone, text } => (tone, text),
            other => panic!("no note: {other:?}"),
        }
    }

    #[test]
    fn lines_stay_as_they_are_and_blank_ones_go() {
        let entries = Plain.entries(3, b"started \xff\r");
        assert!(matches!(&entries[0].body, Body::Plain(text) if text.kept == "started \u{fffd}" && text.lines == 1));
        assert_eq!(entries[0].offset, 3);
        assert!(Plain.entries(0, b" \r").is_empty());
    }

    #[test]
    fn times_and_levels_are_known_and_colours_go() {
        let (at, body) = one("2026-11-20T10:00:00Z \u{1b}[32mINFO\u{1b}[0m begun \u{1b}[2J");
        assert_eq!(at.as_deref(), Some("2026-11-20T10:00:00Z"));
        assert!(matches!(body, Body::Plain(text) if text.kept == "2026-11-20T10:00:00Z INFO begun \u{1b}[2J"));
        assert_eq!(note("2026-11-20 10:00:00,001 - worker - ERROR - gone").0, Tone::Error);
        assert_eq!(note("W1120 10:00:00.000001    7 x.go:3] slow").0, Tone::Warning);
        assert_eq!(note("Traceback (most recent call last):").0, Tone::Error);
        assert_eq!(note("error: no such file").0, Tone::Error);
        assert!(matches!(one("no errors were found").1, Body::Plain(_)));
    }

    #[test]
    fn structured_logs_show_level_message_and_the_other_fields() {
        let line = r#"{"level":"error","ts":1763632800.5,"msg":"no\npeer","node":"leaf-1","n":2}"#;
        assert_eq!(note(line), (Tone::Error, "ERROR no peer node=leaf-1 n=2".to_owned()));
        assert_eq!(one(line).0.as_deref(), Some("2025-11-20T10:00:00.5Z"));
        assert_eq!(one(r#"{"time":1763632800500,"message":"x"}"#).0.as_deref(), Some("2025-11-20T10:00:00.5Z"));
        assert!(matches!(one(r#"{"a":1}"#).1, Body::Plain(text) if text.kept == r#"{"a":1}"#));
    }

    #[test]
    fn a_digest_has_the_last_line_its_time_and_the_errors() {
        let mut digest = Digest::new(false);
        for line in ["2026-11-20T10:00:00Z begun", "ERROR gone", ""] {
            Plain.read(&mut digest, line.as_bytes(), None);
        }
        assert_eq!((digest.counts.records, digest.counts.errors), (2, 1));
        assert_eq!(digest.last_action.as_deref(), Some("said: ERROR gone"));
        assert_eq!(digest.last_activity.unwrap().to_string(), "2026-11-20T10:00:00Z");
    }
}
