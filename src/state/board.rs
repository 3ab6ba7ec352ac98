//! The board pane: tasks under their status, what is being worked on first.

use crate::domain::fault::Fault;
use crate::domain::task::{Task, TaskStatus};

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
    pub tasks: Vec<Task>,
    /// What could not be read.
    pub faults: Vec<Fault>,
    /// How many files the board is made of; `None` before the first news.
    pub files: Option<usize>,
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

fn searchable(task: &Task) -> String {
    format!("{} {} {} {}", task.id, task.title, task.status.name(), task.section.as_deref().unwrap_or_default())
}
