//! Tasks read from files: one board, many formats, each with its origin.

use std::path::PathBuf;

use serde::Serialize;

/// Where a task stands, across formats. The raw status is kept beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskStatus {
    /// Not begun.
    Todo,
    /// Being worked on.
    InProgress,
    /// Cannot go on.
    Blocked,
    /// Waits for a look.
    Review,
    /// Said to be done.
    Done,
    /// A status this program does not know.
    Other,
}

impl TaskStatus {
    /// Every status, in the order of the board's columns.
    pub const ALL: [Self; 6] = [Self::Todo, Self::InProgress, Self::Blocked, Self::Review, Self::Done, Self::Other];

    /// The name used on screen and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Todo => "todo",
            Self::InProgress => "in-progress",
            Self::Blocked => "blocked",
            Self::Review => "review",
            Self::Done => "done",
            Self::Other => "other",
        }
    }
}

/// The place a task was read from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Origin {
    /// The file.
    pub file: PathBuf,
    /// Line, from one.
    pub line: u32,
}

/// Ticked and listed acceptance criteria.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Criteria {
    /// Ticked.
    pub done: u32,
    /// Listed.
    pub total: u32,
}

/// One task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Stays the same while lines move: the format's own id, or one made from the title.
    pub id: String,
    /// Title without marks.
    pub title: String,
    /// Where it stands.
    pub status: TaskStatus,
    /// The status as the file writes it: `🔄`, `[x]`, `In Progress`.
    pub raw_status: String,
    /// Where it was read.
    pub origin: Origin,
    /// Name of the format: `emoji`, `checklist`, `task-master`, `backlog`.
    pub format: &'static str,
    /// Heading (or milestone, or tag) it stands under.
    pub section: Option<String>,
    /// Who it is given to.
    pub assignee: Option<String>,
    /// Ids of the tasks it waits for.
    pub depends_on: Vec<String>,
    /// Acceptance criteria.
    pub criteria: Criteria,
    /// The task's own text, as Markdown; may be empty.
    pub body: String,
}
