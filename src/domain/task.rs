//! Tasks read from files: one board, many formats, each with its origin.

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use self::edit::{Change, Edit};
pub use self::project::Project;
use crate::domain::fault::Fault;
use crate::domain::redact::Redactor;

pub mod backlog;
pub mod checklist;
mod counters;
pub mod dependency;
pub mod edit;
pub mod emoji;
mod legend;
mod markdown;
mod mention;
mod outline;
mod project;
pub mod taskmaster;
mod words;

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

/// A criterion that is a box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Criterion {
    /// Line of its box, from one.
    pub line: u32,
    /// What it says.
    pub text: String,
    /// Ticked.
    pub done: bool,
}

impl Task {
    /// The same with every secret in it hidden: what leaves a source for the screen, briefs and scripts.
    #[must_use]
    pub fn redacted(mut self, redactor: &Redactor) -> Self {
        // An id made from a title has the secret in it, in other letters and perhaps cut.
        for title in [Some(&self.title), self.section.as_ref()].into_iter().flatten() {
            if let Cow::Owned(hidden) = redactor.redact(title) {
                self.id = self.id.replace(&markdown::slug(title), &markdown::slug(&hidden));
            }
        }
        let texts = [&mut self.id, &mut self.title, &mut self.raw_status, &mut self.body];
        let optional = self.section.iter_mut().chain(&mut self.assignee).chain(&mut self.depends_on);
        let criteria = self.boxes.iter_mut().map(|criterion| &mut criterion.text);
        for text in texts.into_iter().chain(optional).chain(criteria) {
            redactor.hide(text);
        }
        self
    }
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
    /// The boxes that are counted in `criteria`, in their order; empty where criteria are no boxes.
    pub boxes: Vec<Criterion>,
    /// The task's own text, as Markdown; may be empty.
    pub body: String,
    /// The rules of the project that it belongs to, where its format has such.
    pub project: Option<Arc<Project>>,
}

/// A way in which people write tasks into files.
pub trait Format: Sync {
    /// The name in [`Task::format`].
    fn name(&self) -> &'static str;

    /// Whether this file is written so. Content decides; the path only where content cannot.
    fn recognises(&self, path: &Path, text: &str) -> bool;

    /// Reads the tasks. What is wrong with one of them is a finding, and costs the others nothing.
    fn parse(&self, path: &Path, text: &str) -> Parsed;

    /// Whether people write into such a file how many of its tasks are done: what they write is then compared.
    fn counts_itself(&self) -> bool {
        false
    }

    /// The change of the task `tasks[at]`, which were read from this text; or why it cannot be written. What comes of it is
    /// read again before it is believed ([`edit::edit`]), so that a format need not look out for other tasks.
    fn edit(&self, text: &str, tasks: &[Task], at: usize, change: &Change) -> Result<Edit, String>;
}

/// Tasks read from one file; nobody works through more, and each costs memory.
const MAX_TASKS: usize = 10_000;

/// What a file holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parsed {
    /// Tasks, by line.
    pub tasks: Vec<Task>,
    /// What is wrong with the file.
    pub findings: Vec<Fault>,
}

/// Every format. The first that recognises a file reads it, so those with an unmistakable form come first.
pub const FORMATS: [&dyn Format; 4] =
    [&taskmaster::TaskMaster, &backlog::Backlog, &emoji::EmojiTracker, &checklist::Checklist];

/// Reads the text of a board file in whatever format it is.
pub fn parse(path: &Path, text: &str) -> Parsed {
    let text = text.trim_start_matches('\u{feff}');
    let mut parsed = match FORMATS.iter().find(|format| format.recognises(path, text)) {
        Some(format) => {
            let mut parsed = format.parse(path, text);
            if format.counts_itself() {
                parsed.findings.extend(counters::findings(path, text, &parsed.tasks));
            }
            parsed
        }
        None if text.trim().is_empty() => Parsed::default(),
        None => {
            let why = "no tasks in a format that is known";
            let remedy = "known are emoji trackers, check lists (- [ ]), Task Master and Backlog.md; see the manual";
            Parsed {
                findings: vec![Fault::new("reading tasks from", path.display(), why, remedy)],
                ..Parsed::default()
            }
        }
    };
    if let Some(line) = text.lines().position(|line| line.starts_with("<<<<<<< ")) {
        let on = format!("{}:{}", path.display(), line + 1);
        let why = "an unfinished merge: both sides are read";
        parsed.findings.push(Fault::new("reading tasks from", on, why, "resolve the conflict"));
    }
    parsed
}

fn too_many(path: &Path) -> Fault {
    let why = format!("more than {MAX_TASKS} tasks");
    Fault::new("reading tasks from", path.display(), why, "the first ones are shown; split the file")
}

/// As a board holds them: what reads one anew shares what has not changed.
#[cfg(test)]
pub(crate) fn shared(tasks: Vec<Task>) -> Vec<Arc<Task>> {
    tasks.into_iter().map(Arc::new).collect()
}

/// Makes ids differ across the files of a board: one that another file has already gets its file's name in front, and a
/// number when that is taken too. The order of the files decides, so it has to be the same every time.
pub fn distinguish(tasks: &mut [Arc<Task>]) {
    let mut taken: HashSet<String> = HashSet::with_capacity(tasks.len());
    for task in tasks {
        if taken.insert(task.id.clone()) {
            continue;
        }
        let file = task.origin.file.file_stem().unwrap_or_default().to_string_lossy();
        let base = format!("{file}/{}", task.id);
        let numbered = (2_u32..).map(|number| format!("{base}-{number}"));
        if let Some(id) = std::iter::once(base.clone()).chain(numbered).find(|id| taken.insert(id.clone())) {
            Arc::make_mut(task).id = id;
        }
    }
}

/// Whether a file's name promises tasks. Cheap: for discovery, which does not read what it finds.
pub fn is_board_file(path: &Path) -> bool {
    let mut names = path.iter().rev().map(|name| name.to_string_lossy().to_lowercase());
    let Some(file) = names.next() else { return false };
    let folder = names.next().unwrap_or_default();
    let above = names.next().unwrap_or_default();
    if file == "tasks.json" {
        return folder == ".taskmaster" || folder == "tasks";
    }
    let Some(stem) = file.strip_suffix(".md").or_else(|| file.strip_suffix(".markdown")) else { return false };
    if matches!(folder.as_str(), "tasks" | "drafts" | "completed") && matches!(above.as_str(), "backlog" | ".backlog") {
        return stem != "readme";
    }
    let words: String = stem.chars().map(|c| if c == '_' || c == ' ' { '-' } else { c }).collect();
    matches!(
        words.as_str(),
        "task-tracking"
            | "task-tracker"
            | "tasks"
            | "task-list"
            | "tasklist"
            | "todo"
            | "todos"
            | "to-do"
            | "backlog"
            | "board"
            | "roadmap"
            | "plan"
            | "project-status"
            | "checklist"
    )
}

#[cfg(test)]
mod tests;
