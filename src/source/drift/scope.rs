//! What a fabric is read from, and which changes in it count.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use git2::Repository;

use crate::config::session::FabricSpec;
use crate::source::watch::Root;

/// Folders that are watched for one fabric.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Scope {
    /// The GitOps directory.
    directory: PathBuf,
    /// Git's folders: of the working tree, and of the repository that it shares with others.
    git: Vec<PathBuf>,
}

impl Scope {
    /// Looks for the repository; without one, or without a directory, only the directory is watched.
    pub(super) fn of(fabric: &FabricSpec) -> Self {
        let directory = fabric.repo.join(&fabric.directory);
        // Git's folders have real paths, and one may lie in the directory.
        let directory = std::fs::canonicalize(&directory).unwrap_or(directory);
        let repository = Repository::discover(&directory).ok().filter(|repository| repository.workdir().is_some());
        let git = repository.iter().flat_map(|repository| [repository.path(), repository.commondir()]);
        let mut git: Vec<PathBuf> = git.map(Path::to_owned).collect();
        git.dedup();
        Self { directory, git }
    }

    pub(super) fn roots(&self) -> impl Iterator<Item = Root> {
        let git = self.git.iter().flat_map(|folder| [Root::flat(folder), Root::deep(folder.join("refs"))]);
        std::iter::once(Root::deep(&self.directory)).chain(git)
    }

    /// Whether a changed path can change what is read: anything in the directory, and of git HEAD and the refs; its
    /// locks and the index change all the time and say nothing.
    pub(super) fn concerns(&self, changed: &Path) -> bool {
        let Some(inside) = self.git.iter().find_map(|folder| changed.strip_prefix(folder).ok()) else { return true };
        if inside.extension() == Some(OsStr::new("lock")) {
            return false;
        }
        match inside.to_str() {
            // The folder itself came or went, or stands for all that is in it.
            Some("" | "HEAD" | "packed-refs" | "config") => true,
            _ => inside.starts_with("refs"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use super::Scope;
    use crate::config::session::FabricSpec;

    fn fabric(repo: &Path, directory: &str) -> FabricSpec {
        FabricSpec {
            name: "f".into(),
            repo: repo.into(),
            directory: directory.into(),
            exclude: Vec::new(),
            cluster: None,
            grace: Duration::ZERO,
        }
    }

    #[test]
    fn of_git_only_what_names_commits_counts_though_it_lies_in_the_directory() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        git2::Repository::init(&top).unwrap();
        let scope = Scope::of(&fabric(&top, ""));
        for path in ["a.yaml", "deep/a.yaml", "", ".git", ".git/HEAD", ".git/refs/heads/main", ".git/packed-refs"] {
            assert!(scope.concerns(&top.join(path)), "{path}");
        }
        for path in
            [".git/index", ".git/HEAD.lock", ".git/refs/heads/main.lock", ".git/COMMIT_EDITMSG", ".git/logs/HEAD"]
        {
            assert!(!scope.concerns(&top.join(path)), "{path}");
        }
    }

    #[test]
    fn a_worktree_follows_its_own_head_and_the_shared_refs() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        let repository = git2::Repository::init(top.join("main")).unwrap();
        let who = git2::Signature::now("t", "t@example.invalid").unwrap();
        let tree = repository.find_tree(repository.treebuilder(None).unwrap().write().unwrap()).unwrap();
        repository.commit(Some("HEAD"), &who, &who, "x", &tree, &[]).unwrap();
        repository.worktree("other", &top.join("other"), None).unwrap();
        let scope = Scope::of(&fabric(&top.join("other"), ""));
        assert_eq!(scope.roots().count(), 5);
        assert!(scope.concerns(&top.join("main/.git/worktrees/other/HEAD")));
        assert!(scope.concerns(&top.join("main/.git/refs/heads/other")));
        assert!(!scope.concerns(&top.join("main/.git/worktrees/other/index")));
    }

    #[test]
    fn a_directory_that_is_not_there_yet_is_watched_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let scope = Scope::of(&fabric(folder.path(), "late"));
        assert!(scope.concerns(&folder.path().join("late")));
        assert_eq!(scope.roots().count(), 1);
    }
}
