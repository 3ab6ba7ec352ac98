//! The git pane: each repository with its branch, then its newest commits.

use std::collections::HashMap;

use crate::domain::commit::{Commit, RepoLog};
use crate::domain::fault::Fault;

use super::board::filter::is_called;
use super::list::List;

/// The git pane.
#[derive(Debug, Default)]
pub struct Git {
    /// Repositories, in the order of the session.
    pub repos: Vec<RepoLog>,
    /// What could not be read.
    pub faults: Vec<Fault>,
    /// News have arrived.
    pub heard: bool,
    /// Commits asked for; grows when the cursor comes to the end.
    pub limit: usize,
    /// A commit that the cursor is to go to, once it is loaded.
    pub goal: Option<String>,
    /// Ids of the tasks that commits are linked to, by full id.
    pub tasks: HashMap<String, Vec<String>>,
    /// Rows with the cursor.
    pub list: List<Row>,
}

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// A repository, by index.
    Repo(usize),
    /// A commit, by index of repository and row.
    Commit(usize, usize),
}

impl Git {
    /// The commit under the cursor.
    pub fn current(&self) -> Option<&Commit> {
        match *self.list.current()? {
            Row::Commit(repo, row) => Some(&self.repos.get(repo)?.rows.get(row)?.commit),
            Row::Repo(_) => None,
        }
    }

    /// Lays the rows out anew after commits or filter have changed; the cursor stays on its commit.
    pub fn arrange(&mut self, selected: Option<&str>) {
        let mut rows = Vec::new();
        for (index, repo) in self.repos.iter().enumerate() {
            rows.push(Row::Repo(index));
            for (row, entry) in repo.rows.iter().enumerate() {
                if self.list.filter.is_empty() || self.admits(&entry.commit) {
                    rows.push(Row::Commit(index, row));
                }
            }
        }
        let repos = &self.repos;
        self.list.replace(rows, |row| match *row {
            Row::Commit(repo, row) => {
                repos.get(repo).and_then(|repo| repo.rows.get(row)).map(|row| row.commit.id.as_str()) == selected
            }
            Row::Repo(_) => false,
        });
    }

    /// True if a commit passes every word of the filter: `task:ID` asks for the tasks that it is linked to, any other word
    /// for a text in it.
    fn admits(&self, commit: &Commit) -> bool {
        let text = searchable(commit).to_lowercase();
        let tasks = self.tasks.get(&commit.id);
        self.list.filter.to_lowercase().split_whitespace().all(|word| match word.strip_prefix("task:") {
            Some(wanted) => tasks.is_some_and(|ids| ids.iter().any(|id| is_called(id, wanted))),
            None => text.contains(word),
        })
    }

    /// True if a commit is loaded.
    pub fn has(&self, id: &str) -> bool {
        self.repos.iter().any(|repo| repo.rows.iter().any(|row| row.commit.id == id))
    }

    /// Puts the cursor on a commit that is loaded, in a view of `height` rows; a filter that hides it goes.
    pub fn select(&mut self, id: &str, height: usize) {
        self.arrange(Some(id));
        if self.current().is_none_or(|commit| commit.id != id) {
            self.list.filter.clear();
            self.arrange(Some(id));
        }
        self.list.select(self.list.selected, height);
    }

    /// True when the cursor is near the end of what is loaded and there is more.
    pub fn wants_more(&self) -> bool {
        self.list.selected + 50 > self.list.rows.len() && self.repos.iter().any(|repo| repo.more)
    }
}

fn searchable(commit: &Commit) -> String {
    let mut text = format!("{} {} {}", commit.id, commit.summary, commit.author);
    for name in &commit.refs {
        text.push(' ');
        text.push_str(&name.name);
    }
    text
}
