//! Transcript records as entries that can be drawn: prompts, text, thinking, tool calls and their results.
//!
//! A record is one line of a transcript file; it yields zero or more entries. Parsing is lenient: a line that is no
//! JSON or of an unknown kind becomes an entry that says so, never an error that ends the file.

pub mod aider;
mod body;
mod call;
pub mod claude;
pub mod codex;
pub mod copilot;
mod detail;
pub mod digest;
pub mod format;
pub mod gemini;
pub(crate) mod json;
pub mod landmark;
pub mod opencode;
pub mod passage;
pub mod patch;
pub mod plain;
pub mod raw;
mod record;
pub mod side;
mod spill;
mod stamp;
pub mod todo;
pub mod usage;
pub mod window;

use jiff::Timestamp;

use super::redact::Redactor;
use super::text;
use patch::Patch;

pub use claude::parse_line;
pub use detail::Detail;
pub use digest::{Counts, Digest, Naming, Step};
pub(crate) use spill::MARK as SPILLED;

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
    /// A line of a plain log, as it stands.
    Plain(Text),
    /// Thought by the model; folded.
    Thinking(Text),
    /// What is left of a conversation after its compaction; folded.
    Summary(Text),
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
        /// What is known of it beyond that: a patch, a to-do list, a plan.
        detail: Option<Box<Detail>>,
    },
    /// What a tool answered; folded.
    Result {
        /// Id of the call it answers.
        id: String,
        /// The tool reported a failure.
        is_error: bool,
        /// The output.
        output: Text,
        /// What it changed, with real line numbers, where the record says.
        patch: Option<Box<Patch>>,
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

    /// Bytes that a parser keeps beyond [`Text::CAP`] until secrets are hidden: one that begins before the cut is still
    /// known by what follows. No rule looks further ahead.
    pub const AHEAD: usize = 16 * 1024;

    /// The same with every secret in it hidden, and cut to [`Text::CAP`]. What was left out is as long as before.
    fn redacted(mut self, redactor: &Redactor) -> Self {
        let before = self.kept.len() as u64;
        redactor.hide(&mut self.kept);
        self.bytes = (self.bytes + self.kept.len() as u64).saturating_sub(before);
        self.kept.truncate(text::prefix(&self.kept, Self::CAP).len());
        self
    }
}

/// Bytes that a parser keeps of a line beyond what is shown of it, for the same reason as [`Text::AHEAD`].
pub(crate) const LINE_AHEAD: usize = 1024;

/// Most bytes of a summary, and of a note.
const LINE: usize = 640;

impl Entry {
    /// The same with every secret in it hidden: what leaves a source for the screen. Texts are cut only then.
    #[must_use]
    pub fn redacted(self, redactor: &Redactor) -> Self {
        let line = |mut text: String| {
            redactor.hide(&mut text);
            text.truncate(text::prefix(&text, LINE).len());
            text
        };
        let body = match self.body {
            Body::Prompt(text) => Body::Prompt(text.redacted(redactor)),
            Body::Said(text) => Body::Said(text.redacted(redactor)),
            Body::Plain(text) => Body::Plain(text.redacted(redactor)),
            Body::Thinking(text) => Body::Thinking(text.redacted(redactor)),
            Body::Summary(text) => Body::Summary(text.redacted(redactor)),
            Body::Call { id, name, summary, input, detail } => Body::Call {
                id,
                name: line(name),
                summary: line(summary),
                input: input.redacted(redactor),
                detail: detail.map(|detail| Box::new(detail.redacted(redactor))),
            },
            Body::Result { id, is_error, output, patch } => Body::Result {
                id,
                is_error,
                output: output.redacted(redactor),
                patch: patch.map(|patch| Box::new(patch.redacted(redactor))),
            },
            Body::Note { tone, text } => Body::Note { tone, text: line(text) },
            Body::Unread { why, bytes } => Body::Unread { why: line(why), bytes },
        };
        Self { body, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::{Body, Entry, Text};
    use crate::domain::redact::Redactor;

    #[test]
    fn a_redacted_text_says_as_before_how_much_was_left_out() {
        let secret = ["gh", "p_", &"a1B2".repeat(9)].concat();
        let kept = format!("token {secret}");
        let bytes = kept.len() as u64 + 1_000;
        let entry = Entry { offset: 0, at: None, sidechain: false, body: Body::Said(Text { kept, bytes, lines: 1 }) };
        let Body::Said(text) = entry.redacted(&Redactor::default()).body else { panic!("another body") };
        assert!(!text.kept.contains(&secret[8..]), "{}", text.kept);
        assert_eq!(text.bytes - text.kept.len() as u64, 1_000);
    }
}
