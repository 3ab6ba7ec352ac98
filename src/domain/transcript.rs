//! Transcript records as entries that can be drawn: prompts, text, thinking, tool calls and their results.
//!
//! A record is one line of a transcript file; it yields zero or more entries. Parsing is lenient: a line that is no
//! JSON or of an unknown kind becomes an entry that says so, never an error that ends the file.

mod call;
pub mod claude;
pub mod digest;
pub(crate) mod json;
pub mod plain;
mod record;
pub mod usage;
pub mod window;

use std::borrow::Cow;

use jiff::Timestamp;

use super::redact::redact;
use super::text;

pub use claude::parse_line;
pub use digest::{Counts, Digest, Step};
pub use plain::parse_plain;

/// One drawable piece of a transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Byte offset of the record's line in its file. Several entries of one record share it.
    pub offset: u64,
    /// When it was written, if the record says.
    pub at: Option<Timestamp>,
    /// True for records of a sub-agent's side chain.
    pub sidechain: bool,
    /// What it is.
    pub body: Body,
}

/// What an entry shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Typed by a person (or sent by the program on their behalf): begins a turn.
    Prompt(Text),
    /// Said by the model.
    Said(Text),
    /// Thought by the model; folded.
    Thinking(Text),
    /// A tool call.
    Call {
        /// `tool_use` id, which the result names.
        id: String,
        /// Tool name.
        name: String,
        /// The input in one line: the command, the path, the pattern.
        summary: String,
        /// The input as readable lines; folded.
        input: Text,
    },
    /// What a tool answered; folded.
    Result {
        /// Id of the call it answers.
        id: String,
        /// The tool reported a failure.
        is_error: bool,
        /// The output.
        output: Text,
    },
    /// A remark of the program: end of turn, compaction, API error, interruption.
    Note {
        /// How it should look.
        tone: Tone,
        /// The remark.
        text: String,
    },
    /// A record that could not be read, or of a kind not known here.
    Unread {
        /// Why: `not JSON`, `unknown kind "x"`.
        why: String,
        /// Length of the line in bytes.
        bytes: u64,
    },
}

/// How a note should look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Worth knowing.
    Info,
    /// Worth a look.
    Warning,
    /// Something failed.
    Error,
}

/// Text that may have been cut: what is kept is bounded, what is parsed is not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    /// What was kept, at most [`Text::CAP`] bytes, raw (control characters are dealt with when it is laid out).
    pub kept: String,
    /// Bytes of the whole.
    pub bytes: u64,
    /// Lines of the whole.
    pub lines: u64,
}

impl Text {
    /// Most bytes kept of one text.
    pub const CAP: usize = 64 * 1024;

    /// The same with every secret in it hidden. What was left out is as long as before.
    fn redacted(self) -> Self {
        let hidden = match redact(&self.kept) {
            Cow::Borrowed(_) => return self,
            Cow::Owned(hidden) => hidden,
        };
        let left_out = self.bytes.saturating_sub(self.kept.len() as u64);
        Self { bytes: hidden.len() as u64 + left_out, kept: hidden, lines: self.lines }
    }
}

impl Entry {
    /// The same with every secret in it hidden: what leaves a source for the screen.
    #[must_use]
    pub fn redacted(self) -> Self {
        let body = match self.body {
            Body::Prompt(text) => Body::Prompt(text.redacted()),
            Body::Said(text) => Body::Said(text.redacted()),
            Body::Thinking(text) => Body::Thinking(text.redacted()),
            Body::Call { id, name, summary, input } => {
                Body::Call { id, name, summary: redact(&summary).into_owned(), input: input.redacted() }
            }
            Body::Result { id, is_error, output } => Body::Result { id, is_error, output: output.redacted() },
            Body::Note { tone, text } => Body::Note { tone, text: redact(&text).into_owned() },
            Body::Unread { why, bytes } => Body::Unread { why: redact(&why).into_owned(), bytes },
        };
        Self { body, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::{Body, Entry, Text};

    #[test]
    fn a_redacted_text_says_as_before_how_much_was_left_out() {
        let secret = ["gh", "p_", &"a1B2".repeat(9)].concat();
        let kept = format!("token {secret}");
        let bytes = kept.len() as u64 + 1_000;
        let entry = Entry { offset: 0, at: None, sidechain: false, body: Body::Said(Text { kept, bytes, lines: 1 }) };
        let Body::Said(text) = entry.redacted().body else { panic!("another body") };
        assert!(!text.kept.contains(&secret[8..]), "{}", text.kept);
        assert_eq!(text.bytes - text.kept.len() as u64, 1_000);
    }
}
