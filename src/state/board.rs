//! The board pane: tasks under their status, what is being worked on first; in lanes by file if that is wanted.

pub mod detail;
pub mod filter;
pub mod grid;
pub mod marks;
pub mod menu;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::domain::fault::Fault;
use crate::domain::task::{Task, TaskStatus};
use crate::event::TaskUndo;

use self::grid::Grid;
use self::marks::{Mark, Surroundings};
use super::list::List;

/// Statuses from top to bottom: what moves first, what is over last.
const ORDER: [TaskStatus; 6] = [
    TaskStatus::InProgress,
    TaskStatus::Review,
    TaskStatus::Blocked,
    TaskStatus::Todo,
    TaskStatus::Other,
    TaskStatus::Done,
];

/// The board pane.
#[derive(Debug, Default)]
pub struct Board {
    /// Every task.
    pub tasks: Vec<Arc<Task>>,
    /// What is known of each beside what its file says, in their order.
    pub marks: Vec<Mark>,
    /// What could not be read.
    pub faults: Vec<Fault>,
    /// How many files the board is made of; `None` before the first news.
    pub files: Option<usize>,
    /// Digests of the files that can be written back.
    pub digests: BTreeMap<PathBuf, String>,
    /// What takes the changes of tasks back, the newest last.
    pub undos: Vec<TaskUndo>,
    /// Each file has a lane of its own.
    pub lanes: bool,
    /// What the tasks of one status are ordered by.
    pub sort: Sort,
    /// That order, the other way round.
    pub reversed: bool,
    /// Statuses that are folded.
    pub folded: BTreeSet<TaskStatus>,
    /// Files whose lanes are folded.
    pub folded_lanes: BTreeSet<PathBuf>,
    /// Rows with the cursor.
    pub list: List<Row>,
    /// In columns: the one that the cursor was in last.
    pub column: usize,
    /// In columns: the line at the top of the view.
    pub grid_top: usize,
}

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// The file of a lane.
    Lane {
        /// A task of that file.
        task: usize,
        /// Tasks of it that are shown, or would be.
        count: usize,
        /// They are not.
        folded: bool,
    },
    /// A status.
    Status {
        /// The status.
        status: TaskStatus,
        /// Its tasks.
        count: usize,
        /// They are not shown.
        folded: bool,
    },
    /// A task, by index.
    Task(usize),
}

/// What tasks of one status are ordered by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// As they stand in their files.
    #[default]
    File,
    /// By when something last happened about them, the latest first.
    Activity,
    /// By title.
    Title,
    /// By id, numbers by their value.
    Id,
    /// By the agent that has them; those without one last.
    Agent,
    /// By the share of their criteria that is ticked, the most first.
    Progress,
}

impl Sort {
    const ALL: [Self; 6] = [Self::File, Self::Activity, Self::Title, Self::Id, Self::Agent, Self::Progress];

    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|sort| *sort == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }

    /// The name used on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Activity => "activity",
            Self::Title => "title",
            Self::Id => "id",
            Self::Agent => "agent",
            Self::Progress => "progress",
        }
    }
}

/// What the cursor is on, whichever row that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Anchor {
    /// The lane of a file.
    Lane(PathBuf),
    /// A status, in the lane of a file if there are lanes.
    Status(Option<PathBuf>, TaskStatus),
    /// A task, by id.
    Task(String),
}

impl Board {
    /// The task under the cursor.
    pub fn current(&self) -> Option<&Arc<Task>> {
        self.tasks.get(self.current_index()?)
    }

    /// The place of the task under the cursor.
    pub fn current_index(&self) -> Option<usize> {
        match self.list.current()? {
            Row::Task(index) => Some(*index),
            Row::Status { .. } | Row::Lane { .. } => None,
        }
    }

    /// What is known of a task beside what its file says.
    pub fn mark(&self, index: usize) -> Option<&Mark> {
        self.marks.get(index)
    }

    /// What the cursor is on.
    pub fn anchor(&self) -> Option<Anchor> {
        self.anchor_of(self.list.selected)
    }

    fn anchor_of(&self, row: usize) -> Option<Anchor> {
        Some(match *self.list.rows.get(row)? {
            Row::Lane { task, .. } => Anchor::Lane(self.file(task)?.to_owned()),
            Row::Status { status, .. } => Anchor::Status(self.lane_of(row).map(Path::to_owned), status),
            Row::Task(index) => Anchor::Task(self.tasks.get(index)?.id.clone()),
        })
    }

    fn file(&self, task: usize) -> Option<&Path> {
        self.tasks.get(task).map(|task| task.origin.file.as_path())
    }

    /// The file of the lane that a row stands in.
    fn lane_of(&self, row: usize) -> Option<&Path> {
        let above = self.list.rows.get(..=row)?.iter().rev();
        above.into_iter().find_map(|row| match row {
            Row::Lane { task, .. } => self.file(*task),
            Row::Status { .. } | Row::Task(_) => None,
        })
    }

    /// Finds out anew what is known of the tasks beside what their files say.
    pub fn mark_all(&mut self, around: Surroundings<'_>) {
        self.marks = marks::marks(&self.tasks, around);
    }

    /// Lays the rows out anew after tasks, marks or filter have changed; the cursor stays on what it is on.
    pub fn arrange(&mut self, anchor: Option<&Anchor>) {
        let bare = Mark::default();
        let mark = |index: usize| self.marks.get(index).unwrap_or(&bare);
        let filter = &self.list.filter;
        let shown: Vec<usize> = (0..self.tasks.len())
            .filter(|index| filter.is_empty() || filter::admits(filter, &self.tasks[*index], mark(*index)))
            .collect();
        let mut rows = Vec::with_capacity(shown.len() + ORDER.len());
        if self.lanes {
            // Files in the order in which their first tasks come.
            let mut files: Vec<(&Path, Vec<usize>)> = Vec::new();
            for index in shown {
                let file = self.tasks[index].origin.file.as_path();
                match files.last_mut().filter(|(last, _)| *last == file) {
                    Some((_, tasks)) => tasks.push(index),
                    None => files.push((file, vec![index])),
                }
            }
            for (file, tasks) in files {
                let folded = self.folded_lanes.contains(file);
                rows.push(Row::Lane { task: tasks[0], count: tasks.len(), folded });
                if !folded {
                    self.statuses(tasks, &mut rows);
                }
            }
        } else {
            self.statuses(shown, &mut rows);
        }
        let first_time = self.list.rows.is_empty();
        self.list.rows = rows;
        let found = anchor.and_then(|anchor| {
            // Only ids are compared for a task, which is what the cursor is on most of the time.
            if let Anchor::Task(id) = anchor {
                let is_it = |row: &Row| matches!(row, Row::Task(index) if self.tasks[*index].id == *id);
                return self.list.rows.iter().position(is_it);
            }
            (0..self.list.rows.len()).find(|row| self.anchor_of(*row).as_ref() == Some(anchor))
        });
        let last = self.list.rows.len().saturating_sub(1);
        self.list.selected = found.unwrap_or(self.list.selected).min(last);
        if first_time {
            let is_task = |row: &Row| matches!(row, Row::Task(_));
            self.list.selected = self.list.rows.iter().position(is_task).unwrap_or(0);
        }
    }

    /// Rows of these tasks under their statuses.
    fn statuses(&self, tasks: Vec<usize>, rows: &mut Vec<Row>) {
        let mut by_status: BTreeMap<TaskStatus, Vec<usize>> = BTreeMap::new();
        for index in tasks {
            by_status.entry(self.tasks[index].status).or_default().push(index);
        }
        for status in ORDER {
            let Some(mut tasks) = by_status.remove(&status) else { continue };
            let folded = self.folded.contains(&status);
            rows.push(Row::Status { status, count: tasks.len(), folded });
            if folded {
                continue;
            }
            self.order(&mut tasks);
            rows.extend(tasks.into_iter().map(Row::Task));
        }
    }

    /// Stable: among equals the order of the files stands.
    fn order(&self, tasks: &mut [usize]) {
        let task = |index: &usize| &self.tasks[*index];
        let mark = |index: &usize| self.marks.get(*index);
        match self.sort {
            Sort::File => {}
            Sort::Activity => tasks.sort_by_key(|index| Reverse(mark(index).and_then(|mark| mark.activity))),
            Sort::Title => tasks.sort_by_cached_key(|index| task(index).title.to_lowercase()),
            Sort::Id => tasks.sort_by_cached_key(|index| natural(&task(index).id)),
            Sort::Agent => tasks.sort_by_cached_key(|index| {
                let agent = mark(index).and_then(|mark| mark.agents.first()).or(task(index).assignee.as_ref());
                (agent.is_none(), agent.map(|name| name.to_lowercase()))
            }),
            Sort::Progress => tasks.sort_by_key(|index| {
                let criteria = task(index).criteria;
                Reverse(criteria.done.saturating_mul(1_000).checked_div(criteria.total))
            }),
        }
        if self.reversed {
            tasks.reverse();
        }
    }

    /// Folds or unfolds what the cursor is on: a lane, a status, or the status of a task.
    pub fn fold(&mut self) {
        let anchor = match self.list.current() {
            Some(Row::Task(index)) => {
                let status = self.tasks.get(*index).map(|task| task.status);
                status.map(|status| Anchor::Status(self.lane_of(self.list.selected).map(Path::to_owned), status))
            }
            Some(Row::Lane { .. } | Row::Status { .. }) => self.anchor(),
            None => None,
        };
        match &anchor {
            Some(Anchor::Lane(file)) => {
                if !self.folded_lanes.remove(file) {
                    self.folded_lanes.insert(file.clone());
                }
            }
            Some(Anchor::Status(_, status)) => {
                if !self.folded.remove(status) {
                    self.folded.insert(*status);
                }
            }
            Some(Anchor::Task(_)) | None => return,
        }
        self.arrange(anchor.as_ref());
    }

    /// Unfolds everything, or folds every lane, else every status, when nothing is folded.
    pub fn fold_all(&mut self) {
        let anchor = self.anchor();
        if self.folded.is_empty() && self.folded_lanes.is_empty() {
            if self.lanes {
                self.folded_lanes = self.tasks.iter().map(|task| task.origin.file.clone()).collect();
            } else {
                self.folded = TaskStatus::ALL.into();
            }
        } else {
            self.folded.clear();
            self.folded_lanes.clear();
        }
        self.arrange(anchor.as_ref());
    }

    /// Puts the cursor on a task, by id; a filter and folds that hide it go. False when there is no such task.
    pub fn reveal(&mut self, id: &str) -> bool {
        let Some(task) = self.tasks.iter().find(|task| task.id == id) else { return false };
        self.folded.remove(&task.status);
        self.folded_lanes.remove(&task.origin.file);
        let anchor = Anchor::Task(id.to_owned());
        self.arrange(Some(&anchor));
        if self.anchor().as_ref() != Some(&anchor) {
            self.list.filter.clear();
            self.arrange(Some(&anchor));
        }
        true
    }

    /// Its rows side by side.
    pub fn grid(&self) -> Grid {
        Grid::of(&self.list.rows)
    }
}

/// An id by whose parts ids are ordered as people do: numbers by their value.
fn natural(id: &str) -> Vec<(u64, String)> {
    let mut parts: Vec<(u64, String)> = Vec::new();
    for part in id.split_inclusive(|c: char| !c.is_ascii_digit()) {
        let digits = part.trim_end_matches(|c: char| !c.is_ascii_digit());
        let number = digits.parse().unwrap_or(0);
        parts.push((number, part[digits.len()..].to_lowercase()));
    }
    parts
}
