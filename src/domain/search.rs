//! Searching transcripts for a regular expression: what is looked for, where, and what a hit is.
//!
//! What is searched is what is shown: lines of prompts, of what was said and thought, of inputs and results of tools, and
//! of notes, with secrets hidden. A match lies within one line and has no part of a marker that hides a secret. Most
//! records are never parsed: [`Finder`] passes over those that cannot hold a match.

mod finder;
mod needle;
mod pattern;
mod wording;

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use super::agent::AgentId;
use super::fault::Fault;
use super::redact::Redactor;
use super::text;
use super::transcript::format::Format;
use super::transcript::{Body, Entry};

pub use finder::Finder;
pub use pattern::{Mistake, Pattern};

/// Hits that one search tells of at most.
pub const MOST: usize = 2_000;

/// Bytes of a line before the match that go into a hit.
const BEFORE: usize = 160;
/// Bytes of a match that go into a hit.
const FOUND: usize = 240;
/// Bytes of a line behind the match that go into a hit.
const BEHIND: usize = 320;

/// What is to be searched, and for what.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchRequest {
    /// Generation of the answers.
    pub generation: u64,
    /// What to look for.
    pub pattern: Arc<Pattern>,
    /// Where, in the order in which hits are wanted.
    pub files: Vec<SearchFile>,
}

/// A transcript to be searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchFile {
    /// Whose it is.
    pub agent: AgentId,
    /// How its lines are to be read.
    pub format: &'static dyn Format,
    /// The file.
    pub path: PathBuf,
}

/// An entry with at least one match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Whose transcript it is in.
    pub agent: AgentId,
    /// Offset of the record in the transcript.
    pub offset: u64,
    /// Which entry of that record, the first being zero.
    pub nth: usize,
    /// When it was written, if the record says.
    pub at: Option<Timestamp>,
    /// What kind of entry it is.
    pub kind: HitKind,
    /// The first line that matches.
    pub excerpt: Excerpt,
    /// How many lines of the entry match.
    pub lines: usize,
}

/// What kind of entry a hit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HitKind {
    /// Typed by a person.
    Prompt,
    /// Said by the model.
    Said,
    /// Thought by the model.
    Thinking,
    /// Input of a tool call.
    Call,
    /// What a tool answered.
    Result,
    /// What a tool answered when it failed.
    Error,
    /// A remark of the program.
    Note,
}

impl HitKind {
    /// The name used on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Prompt => "prompt",
            Self::Said => "said",
            Self::Thinking => "thinking",
            Self::Call => "call",
            Self::Result => "result",
            Self::Error => "error",
            Self::Note => "note",
        }
    }
}

/// A match in its line, both cut to what a row can show. Safe to draw, without newlines and tabs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// What stands before the match.
    pub before: String,
    /// The match.
    pub found: String,
    /// What stands behind the match.
    pub behind: String,
}

/// How far a search is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// Transcripts that are done.
    pub files_done: usize,
    /// Transcripts of all.
    pub files: usize,
    /// Bytes that are done.
    pub bytes_done: u64,
    /// Bytes of all.
    pub bytes: u64,
    /// Lines that were too long to be searched.
    pub skipped: u64,
    /// Transcripts that could not be read.
    pub unread: usize,
}

/// News of a search. Those of another generation than the one last asked for are stale.
#[derive(Debug, Clone)]
pub struct SearchNews {
    /// The generation of the request this answers.
    pub generation: u64,
    /// Hits found since: they follow those told before.
    pub hits: Vec<Hit>,
    /// How far it is.
    pub progress: Progress,
    /// Transcripts that could not be searched, found since.
    pub faults: Vec<Fault>,
    /// What is still to come.
    pub stage: Stage,
}

/// What is still to come of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// More news.
    Running,
    /// Nothing: everything was searched.
    Done,
    /// Nothing: [`MOST`] hits were found before everything was searched.
    Full,
}

/// The hits in the entries of one record, which come as they were parsed, with their secrets.
pub fn hits(pattern: &Pattern, agent: &AgentId, entries: Vec<Entry>, redactor: &Redactor) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (nth, entry) in entries.into_iter().enumerate() {
        if !part(&entry.body).is_some_and(|(_, text)| pattern.may_match(text)) {
            continue;
        }
        let entry = entry.redacted(redactor);
        let Some((kind, text)) = part(&entry.body) else { continue };
        let mut matching = text.lines().filter_map(|line| Some((line, pattern.first(line)?)));
        let Some((line, range)) = matching.next() else { continue };
        let excerpt = Excerpt::new(line, range);
        let lines = 1 + matching.count();
        hits.push(Hit { agent: agent.clone(), offset: entry.offset, nth, at: entry.at, kind, excerpt, lines });
    }
    hits
}

/// What of an entry is searched; nothing of a record that could not be read.
fn part(body: &Body) -> Option<(HitKind, &str)> {
    Some(match body {
        Body::Prompt(text) => (HitKind::Prompt, &text.kept),
        Body::Said(text) | Body::Plain(text) => (HitKind::Said, &text.kept),
        Body::Thinking(text) | Body::Summary(text) => (HitKind::Thinking, &text.kept),
        // Its summary is a part of its input.
        Body::Call { input, .. } => (HitKind::Call, &input.kept),
        Body::Result { is_error: true, output, .. } => (HitKind::Error, &output.kept),
        Body::Result { output, .. } => (HitKind::Result, &output.kept),
        Body::Note { text, .. } => (HitKind::Note, text),
        Body::Unread { .. } => return None,
    })
}

impl Excerpt {
    /// Cuts a match out of its line. The range ends between characters.
    fn new(line: &str, range: Range<usize>) -> Self {
        let (before, rest) = line.split_at(range.start);
        let (found, behind) = rest.split_at(range.len());
        let mut near = before.len().saturating_sub(BEFORE)..before.len();
        let from = near.find(|at| before.is_char_boundary(*at)).unwrap_or(before.len());
        Self {
            before: flat(before[from..].trim_start()),
            found: flat(text::prefix(found, FOUND)),
            // Of a match that is cut its end is not shown, and so not what follows.
            behind: if found.len() > FOUND { "…".to_owned() } else { flat(text::prefix(behind, BEHIND)) },
        }
    }
}

/// Made safe, with tabs as spaces; white space at the ends stays.
fn flat(text: &str) -> String {
    text::clean(text).replace(['\t', '\n'], " ")
}

#[cfg(test)]
mod tests;
