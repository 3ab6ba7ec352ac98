//! Aider's chat history, `.aider.chat.history.md` in a repository's root: Markdown without a closer structure.
//!
//! `# aider chat started at …` begins a session, `#### ` stands before what the user typed, `> ` before what the program
//! says. All else is the model's. Source of the marks: aider's own writer of the file.

use std::ffi::OsStr;
use std::path::Path;

use serde_json::json;

use super::digest::LABEL;
use super::format::{Format, Named, Place, Storage};
use super::json::node::Node;
use super::usage::Usage;
use super::{Body, Digest, Entry, Step, Text, Tone, record, stamp};
use crate::domain::agent::AgentKind;

const FILE: &str = ".aider.chat.history.md";
const STARTED: &str = "# aider chat started at ";

/// The chat history of aider.
#[derive(Debug)]
pub struct Aider;

impl Format for Aider {
    fn name(&self) -> &'static str {
        "aider"
    }

    fn kind(&self) -> AgentKind {
        AgentKind::Log
    }

    fn places(&self) -> &'static [Place] {
        &[Place::Project(FILE)]
    }

    fn owns(&self, path: &Path) -> bool {
        path.file_name() == Some(OsStr::new(FILE))
    }

    fn begins(&self, head: &[u8]) -> bool {
        String::from_utf8_lossy(head).trim_start().starts_with(STARTED)
    }

    fn storage(&self, _path: &Path) -> Storage {
        Storage::Document(lines)
    }

    fn identify(&self, path: &Path) -> Named {
        let cwd = path.parent().map(|folder| folder.display().to_string());
        Named { cwd, ..Named::of(path.display().to_string()) }
    }

    fn counts_tokens(&self) -> bool {
        false
    }

    fn entries(&self, offset: u64, line: &[u8]) -> Vec<Entry> {
        let cleaned = record::text_of(line);
        let Some(piece) = Node::object(&cleaned) else { return Vec::new() };
        let said = piece.at("text").text();
        let at = piece.at("at").moment();
        let body = match piece.at("kind").string().as_deref() {
            Some("started") => Body::note(Tone::Info, "chat started", &said.kept),
            Some("prompt") => Body::Prompt(said),
            Some("notice") => notice(&said),
            _ => Body::Said(said),
        };
        Entry::all(offset, at, vec![body])
    }

    fn read(&self, digest: &mut Digest, line: &[u8], _usage: Option<&mut Usage>) {
        let cleaned = record::text_of(line);
        let Some(piece) = Node::object(&cleaned) else { return };
        let said = piece.at("text").head(LABEL * 2);
        digest.line();
        let at = piece.at("at").moment();
        match piece.at("kind").string().as_deref() {
            Some("started") => {
                digest.seen_at(at);
                digest.step_to(Step::Ended, at);
            }
            Some("prompt") => digest.prompted(&said, None),
            Some("notice") => {
                if let Some(model) = said.strip_prefix("Main model: ").or(said.strip_prefix("Model: ")) {
                    digest.answered_by(model.split_whitespace().next().unwrap_or_default());
                }
                if is_failure(&said) {
                    digest.failed(&said, None);
                } else if said.starts_with("Tokens: ") {
                    digest.step_to(Step::Ended, None);
                }
            }
            _ => {
                digest.said(&said);
                digest.step_to(Step::Answered, None);
            }
        }
    }
}

fn notice(said: &Text) -> Body {
    let tone = if is_failure(&said.kept) { Tone::Error } else { Tone::Info };
    Body::note(tone, "", &said.kept)
}

/// Notices that tell of a failure: of the model's answer, of an edit, of a command.
fn is_failure(notice: &str) -> bool {
    let marks = ["litellm.", "Error", "SEARCH/REPLACE block failed", "can't", "Can't", "Unable to"];
    notice.lines().next().is_some_and(|first| marks.iter().any(|mark| first.contains(mark)))
}

/// What a line of the history is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Started,
    Prompt,
    Notice,
    Said,
}

/// Makes lines of a history: `{"kind": …, "at": …, "text": …}`, one for each run of lines of one kind.
fn lines(document: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(document);
    let mut out = Vec::new();
    let mut run: Option<(Kind, String)> = None;
    for line in text.lines() {
        let (kind, said) = told(line);
        match &mut run {
            // A session and a notice stand alone; an answer goes on over blank lines.
            Some((same, text)) if *same == kind && !matches!(kind, Kind::Started) => {
                text.push('\n');
                text.push_str(said);
            }
            // A blank line ends what is not an answer.
            Some((Kind::Prompt | Kind::Notice | Kind::Started, _)) | None if line.trim().is_empty() => {
                write(&mut out, run.take());
            }
            _ => write(&mut out, run.replace((kind, said.to_owned()))),
        }
    }
    write(&mut out, run);
    out
}

fn told(line: &str) -> (Kind, &str) {
    if let Some(when) = line.strip_prefix(STARTED) {
        return (Kind::Started, when);
    }
    if let Some(typed) = line.strip_prefix("#### ") {
        return (Kind::Prompt, typed.trim_end());
    }
    match line.strip_prefix("> ") {
        Some(said) => (Kind::Notice, said.trim_end()),
        None => (Kind::Said, line.trim_end()),
    }
}

fn write(out: &mut Vec<u8>, run: Option<(Kind, String)>) {
    let Some((kind, text)) = run else { return };
    let text = text.trim_matches('\n');
    if text.trim().is_empty() {
        return;
    }
    let (kind, at) = match kind {
        Kind::Started => ("started", stamp::leading(text).map(|(at, _)| at.to_string())),
        Kind::Prompt => ("prompt", None),
        Kind::Notice => ("notice", None),
        Kind::Said => ("said", None),
    };
    out.extend(json!({ "kind": kind, "at": at, "text": text }).to_string().bytes());
    out.push(b'\n');
}

#[cfg(test)]
mod tests;
