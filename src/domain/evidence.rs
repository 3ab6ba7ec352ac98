//! Evidence: what something else than the word of whoever claims it shows, row by row, and the grade that it adds up to.
//!
//! Pure: facts go in, rows come out. What an agent did is [`super::work`], what it says of it is [`super::claim`]; git, files,
//! objects and the operator's own checks come from those who look at them.

mod assess;
mod changes;
mod claimed;
pub mod command;
mod edits;
mod files;
mod grade;
pub mod known;
mod objects;
mod runs;
mod scope;
#[cfg(test)]
mod tests;
mod told;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::agent::AgentId;
use super::check::CheckRun;
use super::claim::ClaimKind;
use super::commit::RepoLog;
use super::drift::{DriftView, ObjectKey};
use super::link::Names;
use super::task::Task;

pub use assess::assess;
pub use grade::of_claim;
pub use told::{Said, Told};

/// How good the evidence for something is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// Nothing is claimed, and nothing is shown.
    #[default]
    None,
    /// It is said.
    Claimed,
    /// Whoever says it ran a check and saw it pass, at some time.
    SelfChecked,
    /// The command and its success after the last edit are on record, or git shows the work where no check applies.
    Observed,
    /// Something out of the agent's hands shows it: the remote, the cluster, a check of the operator's own.
    External,
}

impl Grade {
    /// The name used on screen and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Claimed => "claimed",
            Self::SelfChecked => "self-checked",
            Self::Observed => "observed",
            Self::External => "external",
        }
    }
}

/// What a row says of what is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is shown.
    Holds,
    /// It was shown, of something that has changed since.
    Stale,
    /// Nobody can tell now.
    Unknown,
    /// It is not shown.
    Missing,
    /// The opposite is shown.
    Contradicted,
}

impl Verdict {
    /// The word on screen and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Stale => "stale",
            Self::Unknown => "unknown",
            Self::Missing => "missing",
            Self::Contradicted => "contradicted",
        }
    }
}

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowKind {
    /// Tests after the last edit, and their result.
    Tests,
    /// Builds and linters, and validations of manifests.
    Build,
    /// What was changed is committed.
    Committed,
    /// Its commits are on a remote.
    Pushed,
    /// Files that are named exist and were changed.
    Files,
    /// Acceptance criteria are ticked.
    Criteria,
    /// Objects are live as desired.
    Synced,
    /// Objects are well.
    Healthy,
    /// Nothing is open in the agent's own to-do list.
    Todo,
    /// A check of the operator's own passed.
    Checks,
}

impl RowKind {
    /// Every kind, in the order of the rows.
    pub const ALL: [Self; 10] = [
        Self::Tests,
        Self::Build,
        Self::Committed,
        Self::Pushed,
        Self::Files,
        Self::Criteria,
        Self::Synced,
        Self::Healthy,
        Self::Todo,
        Self::Checks,
    ];

    /// The name used on screen, in session files and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tests => "tests",
            Self::Build => "build",
            Self::Committed => "committed",
            Self::Pushed => "pushed",
            Self::Files => "files",
            Self::Criteria => "criteria",
            Self::Synced => "synced",
            Self::Healthy => "healthy",
            Self::Todo => "todo",
            Self::Checks => "checks",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Which rows have to hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Require {
    /// Those that belong to what is claimed ([`assess()`] says which).
    #[default]
    ByClaim,
    /// These, whatever is claimed.
    These(Vec<RowKind>),
}

/// Where a claim or a row comes from, and so where one key leads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A record of an agent's transcript.
    Record {
        /// The agent.
        agent: AgentId,
        /// The transcript.
        file: PathBuf,
        /// Line of the record, from 1.
        line: u64,
        /// Byte offset of that line.
        offset: u64,
    },
    /// A commit, by its full id.
    Commit(String),
    /// A file, and a line of it.
    File(PathBuf, Option<u32>),
    /// An object of a fabric.
    Object(String, ObjectKey),
    /// A task, with the place in its file.
    Task {
        /// Id.
        id: String,
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: u32,
    },
    /// A run of a check of the operator's own, by its name.
    Check(String),
}

impl Source {
    /// The source in a few words: `transcript.jsonl:123`, `commit 3f9a1c2`.
    pub fn words(&self) -> String {
        let name = |file: &Path| file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        match self {
            Self::Record { file, line, .. } => format!("{}:{line}", name(file)),
            Self::Commit(id) => format!("commit {}", id.chars().take(7).collect::<String>()),
            Self::File(file, None) => name(file),
            Self::Object(fabric, key) => format!("{fabric} {} {}", key.kind, key.name),
            Self::File(file, Some(line)) | Self::Task { file, line, .. } => format!("{}:{line}", name(file)),
            Self::Check(check) => format!("check {check}"),
        }
    }
}

/// A claim with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// What is claimed.
    pub kind: ClaimKind,
    /// In whose words: the sentence, or what the board says.
    pub text: String,
    /// Who says it: the agent's name, or the board.
    pub by: String,
    /// When, as far as it is known.
    pub at: Option<Timestamp>,
    /// Where.
    pub source: Source,
}

/// One row: what is claimed, and what is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What it is about.
    pub kind: RowKind,
    /// The claim that it bears on, by its index in [`Evidence::claims`]; none where it only belongs to the work.
    pub claim: Option<usize>,
    /// What is shown, in one line.
    pub shown: String,
    /// What that says of the claim.
    pub verdict: Verdict,
    /// It has to hold.
    pub required: bool,
    /// Where what is shown stands, if it stands anywhere.
    pub source: Option<Source>,
    /// What is shown word for word, where a retry should quote it: the command that failed and the beginning of its output.
    pub quote: Option<String>,
}

impl Row {
    /// A row that does not have to hold, and quotes nothing.
    fn new(kind: RowKind, claim: Option<usize>, shown: String, verdict: Verdict, source: Option<Source>) -> Self {
        Self { kind, claim, shown, verdict, required: false, source, quote: None }
    }

    /// True if it has to hold and does not.
    pub fn is_short(&self) -> bool {
        self.required && self.verdict != Verdict::Holds
    }
}

/// Everything that bears on one piece of work.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// What is claimed, the weightiest first.
    pub claims: Vec<Claimed>,
    /// What is shown.
    pub rows: Vec<Row>,
    /// What it adds up to.
    pub grade: Grade,
    /// Files that the work changed, absolute, with what is known of them.
    pub files: Vec<FileFact>,
    /// Full ids of its commits.
    pub commits: Vec<String>,
    /// Its objects.
    pub objects: Vec<(String, ObjectKey)>,
}

/// What a look at all the rows ends in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Overall {
    /// Nothing is claimed.
    NoClaim,
    /// Everything that has to hold does, and it is more than words.
    Holds,
    /// Something that has to hold does not, or nothing but words stands for it.
    Short,
    /// The opposite of something is shown.
    Contradicted,
}

impl Evidence {
    /// What a look at all the rows ends in.
    pub fn overall(&self) -> Overall {
        if self.claims.is_empty() {
            return Overall::NoClaim;
        }
        let contradicted = |row: &Row| row.verdict == Verdict::Contradicted && (row.required || row.claim.is_some());
        if self.rows.iter().any(contradicted) {
            return Overall::Contradicted;
        }
        if self.grade < Grade::Observed || self.rows.iter().any(Row::is_short) {
            Overall::Short
        } else {
            Overall::Holds
        }
    }

    /// Rows that have to hold and do not.
    pub fn short(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.is_short() || row.verdict == Verdict::Contradicted)
    }
}

/// What an agent did, and whose it is.
#[derive(Debug, Clone, Copy)]
pub struct AgentWork<'a> {
    /// The agent.
    pub id: &'a AgentId,
    /// Its name.
    pub name: &'a str,
    /// Its transcript.
    pub transcript: &'a Path,
    /// Where it works: paths in its calls may be relative to it.
    pub cwd: Option<&'a Path>,
    /// What it did and said.
    pub told: &'a Told,
}

/// A file as it is now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileFact {
    /// The file, absolute.
    pub path: PathBuf,
    /// It is there.
    pub exists: bool,
    /// When it was last written.
    pub modified: Option<Timestamp>,
    /// Digest of its bytes; none where it is missing or too long.
    pub digest: Option<String>,
    /// How git sees it.
    pub git: InGit,
}

/// How git sees a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum InGit {
    /// As committed, or its deletion is.
    Committed,
    /// Changed and not committed.
    Changed,
    /// Not tracked.
    Untracked,
    /// Left out of git on purpose.
    Ignored,
    /// In no repository, or that could not be told.
    #[default]
    Unknown,
}

/// A commit of the work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitFact {
    /// Full id.
    pub id: String,
    /// First line of its message.
    pub summary: String,
    /// It is on a remote; none where the repository has none.
    pub pushed: Option<bool>,
}

/// Files by their absolute path.
#[derive(Debug, Clone, Copy, Default)]
pub struct Files<'a>(pub Option<&'a BTreeMap<PathBuf, FileFact>>);

impl<'a> Files<'a> {
    /// What is known of a file.
    pub fn get(&self, path: &Path) -> Option<&'a FileFact> {
        self.0?.get(path)
    }
}

/// What evidence is made from.
#[derive(Debug, Clone, Default)]
pub struct Facts<'a> {
    /// The task it is for, with its place among the tasks of the board; none for the work of an agent.
    pub task: Option<(usize, &'a Task)>,
    /// How tasks are named: what names one of them speaks of that one.
    pub names: Option<&'a Names>,
    /// Who works on it.
    pub works: Vec<AgentWork<'a>>,
    /// The repositories.
    pub repos: &'a [RepoLog],
    /// Commits that are linked to the task, and those that its agents made.
    pub commits: &'a [CommitFact],
    /// Full ids of the commits that are linked to the task.
    pub linked: Vec<&'a str>,
    /// Files as they are now, by absolute path.
    pub files: Files<'a>,
    /// The fabrics with their objects.
    pub fabrics: &'a [DriftView],
    /// Working trees of the fabrics: manifests are named from there.
    pub manifests_below: &'a [PathBuf],
    /// Names of the operator's own checks.
    pub checks: &'a [String],
    /// Their latest runs.
    pub runs: &'a [CheckRun],
    /// Which rows have to hold.
    pub require: Option<&'a Require>,
}
