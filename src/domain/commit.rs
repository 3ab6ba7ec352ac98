//! Commits as rows of a log, with the lanes of the graph beside them.

use jiff::Timestamp;

use super::redact::Redactor;

pub mod graph;

/// A name that points at a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ref {
    /// What kind of name.
    pub kind: RefKind,
    /// The short name: `main`, `origin/main`, `v1.2`.
    pub name: String,
}

/// Kinds of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RefKind {
    /// `HEAD` itself.
    Head,
    /// A local branch.
    Branch,
    /// A remote branch.
    Remote,
    /// A tag.
    Tag,
}

/// One commit as the log shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Full hexadecimal id.
    pub id: String,
    /// Ids of the parents, first parent first.
    pub parents: Vec<String>,
    /// First line of the message.
    pub summary: String,
    /// What follows it in the message, at most [`Commit::BODY`] bytes of it.
    pub body: String,
    /// Author's name.
    pub author: String,
    /// Author time.
    pub at: Timestamp,
    /// Names that point here.
    pub refs: Vec<Ref>,
}

impl Commit {
    /// Bytes kept of a message behind its first line: its trailers stand at the end, and few messages are longer.
    pub const BODY: usize = 4 * 1024;
}

/// A commit with its row of the graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitRow {
    /// The commit.
    pub commit: Commit,
    /// Cells of the graph, left to right.
    pub graph: Vec<Cell>,
}

/// One cell of the graph: which of its four sides a line leaves by, whether a commit stands in it, and whose line it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cell {
    /// A line goes up.
    pub up: bool,
    /// A line goes down.
    pub down: bool,
    /// A line goes left.
    pub left: bool,
    /// A line goes right.
    pub right: bool,
    /// The commit stands here.
    pub node: bool,
    /// Lane number, for the colour.
    pub lane: u16,
}

/// A worktree of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worktree {
    /// Its folder.
    pub path: std::path::PathBuf,
    /// Branch checked out there, if any.
    pub branch: Option<String>,
}

/// Changed paths in a working tree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dirty {
    /// Staged.
    pub staged: u32,
    /// Changed and not staged.
    pub unstaged: u32,
    /// Not tracked.
    pub untracked: u32,
    /// In conflict.
    pub conflicted: u32,
}

impl Dirty {
    /// Whether anything was changed, in the index or in the working tree.
    pub fn is_dirty(&self) -> bool {
        self.staged + self.unstaged + self.untracked + self.conflicted > 0
    }
}

/// A repository as the git pane shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RepoLog {
    /// Working tree.
    pub path: std::path::PathBuf,
    /// Branch, or `None` when detached or unborn.
    pub branch: Option<String>,
    /// Commit of HEAD.
    pub head: Option<String>,
    /// Upstream of the branch with commits ahead and behind.
    pub upstream: Option<Upstream>,
    /// State of the working tree.
    pub dirty: Dirty,
    /// Worktrees, the main one first.
    pub worktrees: Vec<Worktree>,
    /// The newest commits.
    pub rows: Vec<CommitRow>,
    /// More history exists than `rows` holds.
    pub more: bool,
}

impl RepoLog {
    /// The same with every secret in its messages and names hidden. Commits keep their ids, worktrees their folders.
    #[must_use]
    pub fn redacted(mut self, redactor: &Redactor) -> Self {
        let branches = self.worktrees.iter_mut().filter_map(|worktree| worktree.branch.as_mut());
        let upstream = self.upstream.iter_mut().map(|upstream| &mut upstream.name);
        for name in self.branch.iter_mut().chain(upstream).chain(branches) {
            redactor.hide(name);
        }
        for CommitRow { commit, .. } in &mut self.rows {
            redactor.hide(&mut commit.summary);
            redactor.hide(&mut commit.body);
            redactor.hide(&mut commit.author);
            commit.refs.iter_mut().for_each(|name| redactor.hide(&mut name.name));
        }
        self
    }
}

/// The branch a local branch follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// Short name: `origin/main`.
    pub name: String,
    /// Commits here and not there.
    pub ahead: u32,
    /// Commits there and not here.
    pub behind: u32,
}

/// The parts of a summary after Conventional Commits 1.0.0: `type(scope)!: subject`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conventional<'a> {
    /// `feat`, `fix`, …
    pub kind: &'a str,
    /// What it touches.
    pub scope: Option<&'a str>,
    /// Marked with `!`.
    pub breaking: bool,
    /// What follows the colon.
    pub subject: &'a str,
}

/// Splits a summary; `None` when it is not of that form.
pub fn conventional(summary: &str) -> Option<Conventional<'_>> {
    let (head, subject) = summary.split_once(": ")?;
    let (head, breaking) = head.strip_suffix('!').map_or((head, false), |head| (head, true));
    let (kind, scope) = match head.split_once('(') {
        Some((kind, rest)) => (kind, Some(rest.strip_suffix(')')?)),
        None => (head, None),
    };
    let subject = subject.trim();
    let word = !kind.is_empty() && kind.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let named = scope.is_none_or(|scope| !scope.is_empty() && !scope.contains(['(', ')']));
    (word && named && !subject.is_empty()).then_some(Conventional { kind, scope, breaking, subject })
}

#[cfg(test)]
mod tests {
    use super::{Conventional, conventional};

    #[test]
    fn a_conventional_summary_falls_into_its_parts() {
        assert_eq!(
            conventional("feat(git)!: follow: the tree"),
            Some(Conventional { kind: "feat", scope: Some("git"), breaking: true, subject: "follow: the tree" })
        );
        assert_eq!(
            conventional("fix: a typo"),
            Some(Conventional { kind: "fix", scope: None, breaking: false, subject: "a typo" })
        );
    }

    #[test]
    fn other_summaries_stay_whole() {
        for summary in
            ["Merge branch 'x'", "two words: no", "fix:", "fix(: no", "feat(): no", "feat(a)b: no", ": no", "", "é: no"]
        {
            assert_eq!(conventional(summary), None, "{summary}");
        }
    }
}
