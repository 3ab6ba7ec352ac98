//! What can be changed of a task: its statuses, then its criteria.

use std::sync::Arc;

use super::ORDER;
use crate::domain::task::edit::Change;
use crate::domain::task::{Task, TaskStatus};

/// Formats whose statuses are words of the project's own.
const WORDED: [&str; 2] = ["task-master", "backlog"];

/// What can be changed of a task, with the row that is selected.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskMenu {
    /// The task as it was when the menu was opened.
    pub task: Arc<Task>,
    /// Its statuses and criteria.
    pub rows: Vec<MenuRow>,
    /// Selected row.
    pub selected: usize,
}

/// One row of a [`TaskMenu`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MenuRow {
    /// Another status, in the file's own word where it has several for one.
    Status(TaskStatus, Option<String>),
    /// The box of a criterion, by number.
    Criterion(u32),
}

impl TaskMenu {
    /// The menu of a task. `tasks` are those of the board: of formats that name statuses in words, theirs are offered.
    pub fn new(task: Arc<Task>, tasks: &[Arc<Task>]) -> Self {
        let mut rows: Vec<MenuRow> = Vec::new();
        for status in ORDER.into_iter().filter(|status| *status != TaskStatus::Other) {
            let mut words: Vec<&str> = Vec::new();
            if WORDED.contains(&task.format) {
                let known = tasks.iter().filter(|known| known.format == task.format && known.status == status);
                words.extend(known.map(|known| known.raw_status.as_str()).filter(|word| !word.is_empty()));
                let project = task.project.iter().flat_map(|project| {
                    project.statuses.iter().filter(|name| project.status(name) == status).map(String::as_str)
                });
                words.extend(project);
                words.sort_unstable();
                words.dedup();
            }
            if words.is_empty() {
                rows.push(MenuRow::Status(status, None));
            }
            rows.extend(words.into_iter().map(|word| MenuRow::Status(status, Some(word.to_owned()))));
        }
        let is_now = |row: &MenuRow| match row {
            MenuRow::Status(status, None) => *status == task.status,
            MenuRow::Status(_, Some(word)) => *word == task.raw_status,
            MenuRow::Criterion(_) => false,
        };
        rows.retain(|row| !is_now(row));
        rows.extend((0..).zip(&task.boxes).map(|(number, _)| MenuRow::Criterion(number)));
        Self { task, rows, selected: 0 }
    }

    /// The change that the selected row stands for.
    pub fn change(&self) -> Option<Change> {
        Some(match self.rows.get(self.selected)? {
            MenuRow::Status(status, word) => Change::Status(*status, word.clone()),
            MenuRow::Criterion(number) => {
                Change::Criterion(*number, !self.task.boxes.get(usize::try_from(*number).ok()?)?.done)
            }
        })
    }
}
