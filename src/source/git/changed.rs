//! What of a working tree is not committed, file by file.

use std::path::Path;

use git2::{DiffOptions, Status, StatusOptions};

use super::read::open;
use crate::domain::brief::handoff::RepoFacts;

/// Files that are named.
const FILES: usize = 200;

/// Reads what differs from the commit that is checked out. Nothing where there is no repository. Blocks.
pub fn changed(path: &Path) -> Option<RepoFacts> {
    let repo = open(path).ok()?;
    let head = repo.head().ok();
    let mut facts = RepoFacts {
        branch: head
            .as_ref()
            .filter(|head| head.is_branch())
            .map(|head| String::from_utf8_lossy(head.shorthand_bytes()).into_owned()),
        head: head
            .as_ref()
            .and_then(|head| head.peel_to_commit().ok())
            .map(|commit| commit.id().to_string().chars().take(10).collect()),
        ..RepoFacts::default()
    };
    let mut options = StatusOptions::new();
    let statuses = repo.statuses(Some(options.include_untracked(true).exclude_submodules(true))).ok()?;
    for entry in statuses.iter().take(FILES) {
        facts.changed.push((word(entry.status()), String::from_utf8_lossy(entry.path_bytes()).into_owned()));
    }
    let tree = head.and_then(|head| head.peel_to_tree().ok());
    let mut options = DiffOptions::new();
    let diff = repo.diff_tree_to_workdir_with_index(tree.as_ref(), Some(&mut options));
    if let Ok(stats) = diff.and_then(|diff| diff.stats()) {
        facts.lines = (stats.insertions(), stats.deletions());
    }
    Some(facts)
}

fn word(status: Status) -> &'static str {
    if status.is_conflicted() {
        "in conflict"
    } else if status.intersects(Status::INDEX_NEW | Status::WT_NEW) {
        "new"
    } else if status.intersects(Status::INDEX_DELETED | Status::WT_DELETED) {
        "deleted"
    } else if status.intersects(Status::INDEX_RENAMED | Status::WT_RENAMED) {
        "renamed"
    } else {
        "modified"
    }
}

#[cfg(test)]
mod tests {
    use super::changed;

    #[test]
    fn files_that_are_not_committed_are_named_with_how_they_differ() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(changed(dir.path()), None);
        git2::Repository::init(dir.path()).unwrap();
        std::fs::write(dir.path().join("a.txt"), "one\ntwo\n").unwrap();
        let facts = changed(dir.path()).unwrap();
        assert_eq!(facts.changed, [("new", "a.txt".to_owned())]);
        assert_eq!(facts.head, None);
    }
}
