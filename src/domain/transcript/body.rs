//! Entries, their bodies and their texts, made from what a format found in a line.

use serde_json::value::RawValue;

use super::json::Gather;
use super::json::node::Node;
use super::{Body, Detail, Digest, Entry, LINE_AHEAD, Text, Tone, call, record, text};

/// Bytes of a text that go into a note, before it is made one line.
pub(crate) const NOTE: usize = 600 + LINE_AHEAD;

impl Body {
    /// A note of a label and a text, either of which may be empty.
    pub(crate) fn note(tone: Tone, label: &str, said: &str) -> Self {
        let said = text::line(text::prefix(said, NOTE));
        let text = match (label.trim(), said.as_ref()) {
            ("", said) => said.to_owned(),
            (label, "") => label.to_owned(),
            (label, said) => format!("{label}: {said}"),
        };
        Self::Note { tone, text }
    }

    /// A call: its input as text, and what more is known of it.
    pub(crate) fn call(id: String, name: &str, summary: String, input: Option<&RawValue>) -> Self {
        let detail = Detail::of_call(name, input);
        Self::Call { id, name: text::line(name).into_owned(), summary, input: call::input(input), detail }
    }

    /// An answer of which there is no more than its text.
    pub(crate) fn answer(id: String, is_error: bool, output: Text) -> Self {
        Self::Result { id, is_error, output, patch: None }
    }

    /// A record of a kind that is not known here.
    pub(crate) fn unknown(kind: &str, bytes: usize) -> Self {
        let why = format!("unknown kind \"{}\"", text::line(text::prefix(kind, 60)));
        Self::Unread { why, bytes: bytes as u64 }
    }

    /// A line that is no record of its format.
    pub(crate) fn malformed(bytes: usize) -> Self {
        Self::Unread { why: "not JSON".to_owned(), bytes: bytes as u64 }
    }
}

impl Text {
    /// A text of which all is at hand.
    pub(crate) fn of(text: &str) -> Self {
        let mut gather = Gather::default();
        gather.push(text);
        gather.finish()
    }
}

impl Entry {
    /// Entries of one record.
    pub(crate) fn all(offset: u64, at: Option<jiff::Timestamp>, bodies: Vec<Body>) -> Vec<Self> {
        bodies.into_iter().map(|body| Self { offset, at, sidechain: false, body }).collect()
    }
}

/// The entries of a line that is one JSON object: `of` says when it was written and what it holds. A blank line has none.
pub(crate) fn entries_of(
    offset: u64,
    line: &[u8],
    of: impl FnOnce(Node<'_>) -> (Option<jiff::Timestamp>, Vec<Body>),
) -> Vec<Entry> {
    let cleaned = record::text_of(line);
    if cleaned.is_empty() {
        return Vec::new();
    }
    let (at, bodies) = match Node::object(&cleaned) {
        Some(node) => of(node),
        None => (None, vec![Body::malformed(line.len())]),
    };
    Entry::all(offset, at, bodies)
}

/// Takes a line that is one JSON object into a digest. A blank line is none.
pub(crate) fn take_line(digest: &mut Digest, line: &[u8], take: impl FnOnce(&mut Digest, Node<'_>)) {
    let cleaned = record::text_of(line);
    if cleaned.is_empty() {
        return;
    }
    digest.line();
    match Node::object(&cleaned) {
        Some(node) => take(digest, node),
        None => digest.malformed(),
    }
}
