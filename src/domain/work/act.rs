//! One tool call as a fact: what it did and what came of it.

use super::Place;
use crate::domain::text;
use crate::domain::transcript::patch::Change;
use crate::domain::transcript::{Detail, Text};

/// Bytes kept of the beginning of an output, and of its end.
const OUTPUT: usize = 1_024;
/// Bytes kept of a command.
const COMMAND: usize = 16 * 1024;

/// One tool call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Where it was called.
    pub place: Place,
    /// Id of the call.
    pub id: String,
    /// Name of the tool, as the agent's program has it.
    pub tool: String,
    /// What it does.
    pub deed: Deed,
    /// What came of it.
    pub outcome: Outcome,
    /// Where its result stands; `None` while there is none.
    pub ended: Option<Place>,
    /// The beginning of the output, raw; at most 1 KiB.
    pub head: String,
    /// The end of the output where it is longer, raw; at most 1 KiB.
    pub tail: String,
    /// Called by a sub-agent in its parent's transcript.
    pub sidechain: bool,
}

/// What a tool call does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Runs a command line.
    Run(String),
    /// Changes files, as they were named.
    Edit(Vec<Edited>),
    /// Reads a file.
    Read(String),
    /// Anything else, in one line.
    Other(String),
}

/// A file that a call changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The file, as it was named.
    pub path: String,
    /// Lines added.
    pub added: u64,
    /// Lines removed.
    pub removed: u64,
    /// It is new or replaced as a whole, or goes.
    pub change: Change,
}

/// What came of a tool call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing yet.
    #[default]
    Open,
    /// It was reported to have succeeded.
    Succeeded,
    /// It was put into the background: what came of it is not known.
    Started,
    /// It was reported to have failed, with its exit code where that is known.
    Failed(Option<i32>),
    /// A person, a hook or a rule of the program did not let it run.
    Refused,
}

/// A commit that an agent made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Where the command's result stands.
    pub place: Place,
    /// Its abbreviated hash.
    pub hash: String,
    /// First line of its message.
    pub subject: String,
}

impl Outcome {
    /// True if it ran and failed.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Failed(_))
    }
}

impl Deed {
    /// What a call does, by what its entry says.
    pub(super) fn of(tool: &str, summary: &str, input: &Text, detail: Option<&Detail>) -> Self {
        match detail {
            Some(Detail::Run(command)) => return Self::Run(text::prefix(command, COMMAND).to_owned()),
            Some(Detail::Patch(patch)) => {
                let files = patch.files.iter().map(|file| Edited {
                    path: file.path.clone(),
                    added: file.added,
                    removed: file.removed,
                    change: file.change.clone(),
                });
                return Self::Edit(files.collect());
            }
            Some(Detail::Todo(_) | Detail::Plan(_)) | None => {}
        }
        match tool {
            "Read" | "NotebookRead" | "read_file" | "read" | "view" | "view_image" => Self::Read(summary.to_owned()),
            _ if summary.is_empty() => Self::Other(text::prefix(&input.kept, 400).to_owned()),
            _ => Self::Other(summary.to_owned()),
        }
    }

    /// It in one line, as it stands.
    pub fn line(&self) -> String {
        match self {
            Self::Run(command) => command.lines().map(str::trim).collect::<Vec<_>>().join(" ⏎ "),
            Self::Edit(files) => files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>().join(", "),
            Self::Read(path) => path.clone(),
            Self::Other(summary) => summary.clone(),
        }
    }
}

impl Act {
    pub(super) fn begun(place: Place, id: &str, tool: &str, deed: Deed, sidechain: bool) -> Self {
        Self {
            place,
            id: id.to_owned(),
            tool: tool.to_owned(),
            deed,
            outcome: Outcome::Open,
            ended: None,
            head: String::new(),
            tail: String::new(),
            sidechain,
        }
    }

    pub(super) fn end(&mut self, place: Place, is_error: bool, output: &Text) {
        self.ended = Some(place);
        self.outcome = outcome(&self.deed, is_error, &output.kept);
        text::prefix(&output.kept, OUTPUT).clone_into(&mut self.head);
        let rest = &output.kept[self.head.len()..];
        text::suffix(rest, OUTPUT).clone_into(&mut self.tail);
    }

    /// The first line of the output that says something: of a failure, what failed.
    pub fn first_line(&self) -> &str {
        self.head.lines().map(str::trim).find(|line| !line.is_empty() && exit_code(line).is_none()).unwrap_or_default()
    }
}

/// Words with which Claude Code and Codex report a call that was not let run.
const REFUSED: [&str; 5] = [
    "The user doesn't want to proceed with this tool use",
    "The user doesn't want to take this action right now",
    "Permission to use ",
    "PreToolUse:",
    "exec command rejected by user",
];

fn outcome(deed: &Deed, is_error: bool, output: &str) -> Outcome {
    let said = output.trim_start();
    if is_error {
        if REFUSED.iter().any(|words| said.starts_with(words)) {
            return Outcome::Refused;
        }
        return Outcome::Failed(said.lines().next().and_then(exit_code));
    }
    if matches!(deed, Deed::Run(_)) && said.starts_with("Command running in background with ID") {
        return Outcome::Started;
    }
    Outcome::Succeeded
}

/// The code in `Exit code 101`, as Claude Code begins the result of a command that failed, and as Codex's is written here.
fn exit_code(line: &str) -> Option<i32> {
    let (words, code) = line.trim().split_at_checked("exit code ".len())?;
    words.eq_ignore_ascii_case("exit code ").then(|| code.trim().parse().ok())?
}

/// Commits that a command reported: `[main 1a2b3c4] fix: the check`, `[main (root-commit) 1a2b3c4] …`.
pub(super) fn commits(command: &str, output: &str) -> Vec<(String, String)> {
    if !command.contains("commit") && !command.contains("cherry-pick") && !command.contains("revert") {
        return Vec::new();
    }
    let reported = output.lines().filter_map(|line| {
        let (head, subject) = line.trim().strip_prefix('[')?.split_once("] ")?;
        let (_, hash) = head.rsplit_once(' ')?;
        let is_hash = (7..=40).contains(&hash.len()) && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hash.then(|| (hash.to_owned(), subject.to_owned()))
    });
    reported.collect()
}
