//! Which part of what agents did bears on a task, and the runs of checks in it with what came of them.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::command::Check;
use super::scope::Scope;
use super::told::absolute;
use super::{AgentWork, Facts, Source};
use crate::domain::text;
use crate::domain::work::{Act, Deed, Outcome, Place};

/// Bytes of an output that are quoted.
const QUOTED: usize = 600;

/// Files in which nothing is tested: what is written there makes no run of tests stale.
const PROSE: [&str; 8] = ["md", "markdown", "rst", "txt", "adoc", "svg", "png", "log"];
/// Manifests and settings: checks apply to them, but a task that changes nothing else needs no tests.
const DATA: [&str; 6] = ["yaml", "yml", "json", "toml", "ini", "cfg"];

/// An agent's work with the part of it that counts.
#[derive(Debug)]
pub struct Part<'a> {
    /// The agent and its work.
    pub of: AgentWork<'a>,
    /// What of it counts.
    pub scope: Scope,
}

/// The parts of the work that are about the task.
pub fn parts<'a>(facts: &Facts<'a>) -> Vec<Part<'a>> {
    let part = |of: &AgentWork<'a>| {
        let scope = match (facts.task, facts.names) {
            (Some((task, _)), Some(names)) => Scope::of(&of.told.work, task, names),
            _ => Scope::whole(),
        };
        Part { of: *of, scope }
    };
    facts.works.iter().map(part).collect()
}

impl Part<'_> {
    /// Acts that count.
    pub fn acts(&self) -> impl DoubleEndedIterator<Item = &Act> {
        self.of.told.work.acts.iter().filter(|act| self.scope.has(act.place))
    }

    /// Where something of it stands.
    pub fn source(&self, place: Place) -> Source {
        Source::Record {
            agent: self.of.id.clone(),
            file: self.of.transcript.to_owned(),
            line: place.line,
            offset: place.offset,
        }
    }

    /// A path as the agent names it, absolute where that can be told.
    pub fn absolute(&self, path: &str) -> PathBuf {
        absolute(path, self.of.cwd)
    }
}

/// Without `.` and `..`.
pub fn plain(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

/// What kind of file an edit changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matter {
    /// Text for people.
    Prose,
    /// Manifests and settings.
    Data,
    /// Everything else.
    Code,
}

/// What kind of file that is.
pub fn matter(path: &Path) -> Matter {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    let name = path.file_name().map(|name| name.to_string_lossy().to_uppercase()).unwrap_or_default();
    if PROSE.contains(&ending.as_str()) || matches!(name.as_str(), "LICENSE" | "CHANGELOG" | "AUTHORS" | "NOTICE") {
        Matter::Prose
    } else if DATA.contains(&ending.as_str()) {
        Matter::Data
    } else {
        Matter::Code
    }
}

/// How a run of a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Result {
    /// With success.
    Passed,
    /// It may have passed: the exit status is another command's.
    Masked,
    /// With a failure.
    Failed(Option<i32>),
    /// It goes on, or nobody knows.
    Open,
}

/// A run of a check.
#[derive(Debug, Clone)]
pub struct Run {
    /// What it checks.
    pub check: Check,
    /// The command line, in one line.
    pub command: String,
    /// How it ended.
    pub result: Result,
    /// When it began: what was written later was not in it.
    pub began: Option<Timestamp>,
    /// Where the call stands.
    pub source: Source,
    /// Order within its transcript.
    pub line: u64,
    /// Which part it belongs to.
    pub part: usize,
    /// The command and the end of its output.
    pub quote: String,
}

/// Every run of a check that counts, in the order of the transcripts; what was refused did not run.
pub fn runs(parts: &[Part<'_>]) -> Vec<Run> {
    let mut found = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        for act in part.acts() {
            let Deed::Run(line) = &act.deed else { continue };
            let Some(check) = part.of.told.checks.get(&act.id) else { continue };
            let result = match act.outcome {
                Outcome::Refused => continue,
                Outcome::Open | Outcome::Started => Result::Open,
                Outcome::Failed(code) => Result::Failed(code),
                Outcome::Succeeded if check.masked && says_failed(act) => Result::Failed(None),
                Outcome::Succeeded if check.masked => Result::Masked,
                Outcome::Succeeded => Result::Passed,
            };
            found.push(Run {
                check: check.check,
                command: text::line(&act.deed.line()).into_owned(),
                result,
                began: act.place.at,
                source: part.source(act.place),
                line: act.place.line,
                part: index,
                quote: quote(act, line),
            });
        }
    }
    found
}

/// Words by which test runners tell of failures at the end of their output.
const FAILED: [&str; 8] = [
    "test result: FAILED",
    " failed,",
    " failed in ",
    "FAIL\t",
    "--- FAIL",
    "Tests failed",
    "FAILED (",
    "BUILD FAILURE",
];

/// True if the output of a run whose status is hidden says that it failed.
fn says_failed(act: &Act) -> bool {
    let said = |text: &str| FAILED.iter().any(|words| text.contains(words) && !text.contains(&format!(" 0{words}")));
    said(&act.head) || said(&act.tail)
}

fn quote(act: &Act, line: &str) -> String {
    let output = if act.tail.is_empty() { &act.head } else { &act.tail };
    let start = output.len().saturating_sub(QUOTED);
    let start = (start..=output.len()).find(|at| output.is_char_boundary(*at)).unwrap_or(0);
    format!("$ {}\n{}", line.trim(), output[start..].trim())
}

/// The last of these runs, by time where both have one, else by their order.
pub fn last<'r>(runs: impl Iterator<Item = &'r Run>) -> Option<&'r Run> {
    runs.reduce(|a, b| {
        let later = match (a.began, b.began) {
            (Some(a), Some(b)) => b >= a,
            _ => true,
        };
        if later { b } else { a }
    })
}
