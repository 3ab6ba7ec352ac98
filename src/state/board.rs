//! The board pane: tasks under their status, what is being worked on first.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::domain::fault::Fault;
use crate::domain::task::edit::Change;
use crate::domain::task::{Task, TaskStatus};
use crate::event::TaskUndo;

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

/// Formats whose statuses are words of the project's own.
const WORDED: [&str; 2] = ["task-master", "backlog"];

/// The board pane.
#[derive(Debug, Default)]
pub struct Board {
    /// Every task.
    pub tasks: Vec<Task>,
    /// What could not be read.
    pub faults: Vec<Fault>,
    /// How many files the board is made of; `None` before the first news.
    pub files: Option<usize>,
    /// Digests of the files that can be written back.
    pub digests: BTreeMap<PathBuf, String>,
    /// What takes the changes of tasks back, the newest last.
    pub undos: Vec<TaskUndo>,
    /// Rows with the cursor.
    pub list: List<Row>,
}

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// A status with the number of its tasks.
    Status(TaskStatus, usize),
    /// A task, by index.
    Task(usize),
}

impl Board {
    /// The task under the cursor.
    pub fn current(&self) -> Option<&Task> {
        match self.list.current()? {
            Row::Task(index) => self.tasks.get(*index),
            Row::Status(..) => None,
        }
    }

    /// Lays the rows out anew after tasks or filter have changed; the cursor stays on its task.
    pub fn arrange(&mut self, selected: Option<&str>) {
        let mut rows = Vec::new();
        for status in ORDER {
            let tasks: Vec<Row> = self
                .tasks
                .iter()
                .enumerate()
                .filter(|(_, task)| task.status == status && self.list.admits(&searchable(task)))
                .map(|(index, _)| Row::Task(index))
                .collect();
            if !tasks.is_empty() {
                rows.push(Row::Status(status, tasks.len()));
                rows.extend(tasks);
            }
        }
        let tasks = &self.tasks;
        let first_time = self.list.rows.is_empty();
        self.list.replace(rows, |row| match row {
            Row::Task(index) => tasks.get(*index).map(|task| task.id.as_str()) == selected,
            Row::Status(..) => false,
        });
        if first_time && self.list.rows.len() > 1 {
            self.list.selected = 1;
        }
    }
}

/// What can be changed of a task, with the row that is selected.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskMenu {
    /// The task as it was when the menu was opened.
    pub task: Task,
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
    pub fn new(task: Task, tasks: &[Task]) -> Self {
        let mut rows: Vec<MenuRow> = Vec::new();
        for status in ORDER.into_iter().filter(|status| *status != TaskStatus::Other) {
            let mut words: Vec<&str> = Vec::new();
            if WORDED.contains(&task.format) {
                let known = tasks.iter().filter(|known| known.format == task.format && known.status == status);
                words.extend(known.map(|known| known.raw_status.as_str()).filter(|word| !word.is_empty()));
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

fn searchable(task: &Task) -> String {
    format!("{} {} {} {}", task.id, task.title, task.status.name(), task.section.as_deref().unwrap_or_default())
}
