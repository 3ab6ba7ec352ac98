//! What an agent did, as facts: prompts, messages, acts with their outcome, commits, the to-do list. Read from the entries of
//! its transcript, whatever its format; evidence, handoffs and signals rest on the same facts.

pub mod act;
mod list;

use std::collections::VecDeque;

use jiff::Timestamp;

use super::text;
use super::transcript::todo::TodoItem;
use super::transcript::{Body, Detail, Entry, Text, Tone};

pub use act::{Act, Commit, Deed, Outcome};
use list::TodoList;

/// Acts that are kept, the latest ones.
const ACTS: usize = 8_192;
/// Messages and prompts that are kept of each, the latest ones; the first prompt is kept besides.
const QUOTES: usize = 64;
/// Bytes of a message or prompt that are kept.
const QUOTE: usize = 8 * 1024;
/// Compactions, interruptions and failures of the API that are kept of each.
const MARKS: usize = 256;

/// Where in a transcript something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Number of its line in the file, from 1.
    pub line: u64,
    /// Byte offset of that line.
    pub offset: u64,
    /// When it was written, if the record says.
    pub at: Option<Timestamp>,
}

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// Where.
    pub place: Place,
    /// What, raw; at most 8 KiB of it.
    pub text: String,
    /// Said in a side chain: by or to a sub-agent.
    pub sidechain: bool,
}

/// A remark of the program: what, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Where.
    pub place: Place,
    /// What the program said.
    pub text: String,
}

/// What an agent did, in the order of its transcript. Bounded: the oldest goes first, and is counted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Work {
    /// The first prompt that was read, which says what all of it is about.
    pub asked: Option<Quote>,
    /// Prompts typed by a person, or in their name.
    pub prompts: VecDeque<Quote>,
    /// What the model said.
    pub messages: VecDeque<Quote>,
    /// Tool calls, in the order in which they were made.
    pub acts: VecDeque<Act>,
    /// Commits that were made by commands, as `git commit` reported them.
    pub commits: Vec<Commit>,
    /// Compactions of the context.
    pub compactions: Vec<Place>,
    /// Errors and warnings of the program itself: the API failed, the user interrupted.
    pub marks: VecDeque<Mark>,
    /// Acts that were read and are not kept.
    pub acts_left_out: u64,
    /// The beginning of the transcript was not read: from this line on it was.
    pub from_line: u64,
    list: TodoList,
}

impl Work {
    /// Takes the next entry, which stands in this line of the file (from 1). Entries come in the order of the file.
    pub fn take(&mut self, line: u64, entry: &Entry) {
        if self.from_line == 0 {
            self.from_line = line;
        }
        let place = Place { line, offset: entry.offset, at: entry.at };
        match &entry.body {
            Body::Prompt(said) => {
                let quote = quote(place, said, entry.sidechain);
                if !entry.sidechain && self.asked.is_none() {
                    self.asked = Some(quote.clone());
                }
                keep(&mut self.prompts, quote, QUOTES);
            }
            Body::Said(said) => keep(&mut self.messages, quote(place, said, entry.sidechain), QUOTES),
            Body::Summary(_) => {
                if self.compactions.len() < MARKS {
                    self.compactions.push(place);
                }
            }
            Body::Call { id, name, summary, input, detail } => {
                if let Some(Detail::Todo(items)) = detail.as_deref() {
                    self.list.called(place, name, id, items);
                }
                let deed = Deed::of(name, summary, input, detail.as_deref());
                if self.acts.len() == ACTS {
                    self.acts.pop_front();
                    self.acts_left_out += 1;
                }
                self.acts.push_back(Act::begun(place, id, name, deed, entry.sidechain));
            }
            Body::Result { id, is_error, output, .. } => self.answered(place, id, *is_error, output),
            Body::Note { tone: Tone::Warning | Tone::Error, text } => {
                keep(&mut self.marks, Mark { place, text: text.clone() }, MARKS);
            }
            Body::Note { .. } | Body::Plain(_) | Body::Thinking(_) | Body::Unread { .. } => {}
        }
    }

    fn answered(&mut self, place: Place, id: &str, is_error: bool, output: &Text) {
        // Results follow their calls closely; one of a call that is no longer kept says nothing.
        let Some(act) = self.acts.iter_mut().rev().find(|act| act.id == id && act.ended.is_none()) else { return };
        act.end(place, is_error, output);
        self.list.answered(id, &output.kept);
        if let (Deed::Run(command), Outcome::Succeeded) = (&act.deed, &act.outcome) {
            self.commits.extend(act::commits(command, &output.kept).into_iter().map(|(hash, subject)| Commit {
                place,
                hash,
                subject,
            }));
        }
    }

    /// The to-do list as it was left, and where it was written last; empty when the agent keeps none.
    pub fn todo(&self) -> (&[TodoItem], Option<Place>) {
        (self.list.items(), self.list.written())
    }

    /// Acts that changed files, the latest last.
    pub fn edits(&self) -> impl DoubleEndedIterator<Item = &Act> {
        self.acts.iter().filter(|act| matches!(act.deed, Deed::Edit(_)) && !act.outcome.is_failure())
    }

    /// Acts that failed, the latest last; what the user refused is no failure of the agent.
    pub fn failures(&self) -> impl DoubleEndedIterator<Item = &Act> {
        self.acts.iter().filter(|act| act.outcome.is_failure())
    }
}

fn quote(place: Place, said: &Text, sidechain: bool) -> Quote {
    Quote { place, text: text::prefix(&said.kept, QUOTE).to_owned(), sidechain }
}

fn keep<T>(kept: &mut VecDeque<T>, one: T, most: usize) {
    if kept.len() == most {
        kept.pop_front();
    }
    kept.push_back(one);
}

#[cfg(test)]
mod tests;
