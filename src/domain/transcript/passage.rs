//! A passage of a transcript as it is handed on: its text, and where it comes from.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{json, record};

/// Text taken from a transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// The text, with every secret in it hidden.
    pub text: String,
    /// Whose transcript it is.
    pub agent: String,
    /// The file.
    pub file: PathBuf,
    /// Offset of the record that it begins in.
    pub offset: u64,
    /// When that record was written, if it says.
    pub at: Option<Timestamp>,
}

/// How a passage is handed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The text as it is, then its source.
    Copy,
    /// A Markdown quote.
    Quote,
}

impl Form {
    /// What the journal and messages call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Copy => "passage",
            Self::Quote => "quote",
        }
    }
}

impl Passage {
    /// The text with its source: `— AGENT, FILE:LINE, TIME`, and the record's uuid if it has one. Lines count from 1.
    pub fn cited(&self, form: Form, line: u64, uuid: Option<&str>) -> String {
        let text = self.text.trim_end();
        let mut source = format!("— {}, {}:{line}", self.agent, self.file.display());
        if let Some(at) = self.at {
            source.push_str(&at.strftime(", %Y-%m-%d %H:%M:%SZ").to_string());
        }
        if let Some(uuid) = uuid {
            source.push_str(", ");
            source.push_str(uuid);
        }
        match form {
            Form::Copy => format!("{text}\n{source}\n"),
            Form::Quote => {
                let lines = text.lines().chain(["", source.as_str()]);
                lines.map(|line| format!("> {line}").trim_end().to_owned() + "\n").collect()
            }
        }
    }
}

/// The `uuid` of a record, if it is one and has one that is written like one: hexadecimal digits and hyphens.
pub fn uuid(line: &[u8]) -> Option<String> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Named<'a> {
        #[serde(borrow)]
        uuid: Option<&'a RawValue>,
    }
    let text = record::text_of(line);
    let named: Named<'_> = serde_json::from_str(&text).ok()?;
    let uuid = json::string(named.uuid)?;
    let plausible = (8..=64).contains(&uuid.len()) && uuid.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    plausible.then(|| uuid.into_owned())
}

#[cfg(test)]
mod tests {
    use super::{Form, Passage, uuid};

    fn passage(text: &str) -> Passage {
        Passage {
            text: text.to_owned(),
            agent: "api".to_owned(),
            file: "/t/a.jsonl".into(),
            offset: 40,
            at: "2026-01-02T03:04:05.678Z".parse().ok(),
        }
    }

    #[test]
    fn a_copy_is_followed_by_its_source() {
        let text = passage("one\n  two\n").cited(Form::Copy, 7, None);
        assert_eq!(text, "one\n  two\n— api, /t/a.jsonl:7, 2026-01-02 03:04:05Z\n");
    }

    #[test]
    fn a_quote_is_markdown_and_names_the_record() {
        let text = passage("one\n\ntwo").cited(Form::Quote, 7, Some("ab-12"));
        assert_eq!(text, "> one\n>\n> two\n>\n> — api, /t/a.jsonl:7, 2026-01-02 03:04:05Z, ab-12\n");
    }

    #[test]
    fn a_record_without_a_time_says_none() {
        let undated = Passage { at: None, ..passage("x") };
        assert_eq!(undated.cited(Form::Copy, 1, None), "x\n— api, /t/a.jsonl:1\n");
    }

    #[test]
    fn only_what_is_written_like_a_uuid_is_one() {
        let of = |line: &str| uuid(line.as_bytes());
        assert_eq!(of(r#"{"a":{"uuid":"x"},"uuid":"5e9c1c1e-0000"}"#).as_deref(), Some("5e9c1c1e-0000"));
        assert_eq!(of(r#"{"uuid":"\u001b[2J-0000-0000"}"#), None);
        assert_eq!(of(r#"{"uuid":7}"#), None);
        assert_eq!(of("started"), None);
    }
}
