//! Briefs: the Markdown file an agent is to read, and the short prompt that points to it.

use std::path::PathBuf;

/// What a brief is about, gathered by `update` from the state so that writing it needs nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BriefSubject {
    /// Id of the task.
    pub task_id: String,
    /// Its title.
    pub title: String,
    /// Its text, as Markdown.
    pub body: String,
    /// Its status, as the file writes it.
    pub raw_status: String,
    /// File of the task, relative to the session's root when it lies in it.
    pub file: PathBuf,
    /// Line of the task.
    pub line: u32,
    /// Name of the agent it is for.
    pub agent: Option<String>,
    /// Branch of the session's repository.
    pub branch: Option<String>,
    /// Commit of the session's repository, short.
    pub head: Option<String>,
}
