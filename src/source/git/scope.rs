//! Which folders tell about a repository, and which changes in them do.

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use git2::Repository;

use super::read::open;
use crate::domain::fault::Fault;

/// Folders of one working tree that are followed; each costs one of the user's inotify watches.
const MAX_FOLDERS: usize = 2_048;
/// Folders below `.git/refs` that are followed.
const MAX_REF_FOLDERS: usize = 512;

/// Files directly in a git directory that change what is shown.
const GIT_FILES: [&str; 6] = ["HEAD", "index", "packed-refs", "config", "shallow", "MERGE_HEAD"];

/// Adds the folders to follow for the repository at `path`; they are followed one by one, not with all below them.
pub fn folders(path: &Path, into: &mut BTreeSet<PathBuf>) -> Option<Fault> {
    let Ok(repo) = open(path) else {
        // It may become one, or come into being.
        into.extend(path.ancestors().find(|folder| folder.is_dir()).map(Path::to_owned));
        return None;
    };
    into.insert(tidy(repo.path()));
    let common = tidy(repo.commondir());
    below(&common.join("refs"), MAX_REF_FOLDERS, into, |_| true);
    below(&common.join("worktrees"), MAX_REF_FOLDERS, into, |_| true);
    into.insert(common);
    let top = tidy(repo.workdir()?);
    let complete = below(&top, MAX_FOLDERS, into, |folder| {
        // Another repository speaks for itself.
        !folder.ends_with(".git") && !folder.join(".git").exists() && !ignored(&repo, &top, folder)
    });
    (!complete).then(|| {
        Fault::new(
            "following",
            top.display(),
            format!("more than {MAX_FOLDERS} folders"),
            "changes deeper in the tree show after a refresh (R); name generated folders in .gitignore",
        )
    })
}

/// Breadth first: when not all can be followed, those nearest the top are. False when some were left out.
fn below(top: &Path, limit: usize, into: &mut BTreeSet<PathBuf>, wanted: impl Fn(&Path) -> bool) -> bool {
    let mut queue = VecDeque::from([top.to_owned()]);
    let mut count = 0;
    while let Some(folder) = queue.pop_front() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        if count == limit {
            return false;
        }
        count += 1;
        into.insert(folder);
        // A symbolic link is no folder here: git does not follow it either.
        let folders = entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        queue.extend(folders.map(|entry| entry.path()).filter(|path| wanted(path)));
    }
    true
}

/// Whether one of the changed paths can change what is shown of the repository at `path`.
pub fn concerns(path: &Path, changed: &[PathBuf]) -> bool {
    let Ok(repo) = open(path) else {
        return changed.iter().any(|changed| changed.starts_with(path.join(".git")) || path.starts_with(changed));
    };
    let (own, common) = (tidy(repo.path()), tidy(repo.commondir()));
    let top = repo.workdir().map(tidy);
    changed.iter().any(|changed| {
        if changed.extension().is_some_and(|extension| extension == "lock") {
            return false;
        }
        if let Ok(inside) = changed.strip_prefix(&own).or_else(|_| changed.strip_prefix(&common)) {
            return in_git_directory(inside);
        }
        top.as_ref().is_some_and(|top| changed.starts_with(top) && !ignored(&repo, top, changed))
    })
}

fn in_git_directory(inside: &Path) -> bool {
    let mut parts = inside.iter();
    let first = parts.next().unwrap_or_default();
    match parts.next() {
        // The directory itself came or went.
        None => inside.as_os_str().is_empty() || GIT_FILES.iter().any(|name| first == *name) || first == "worktrees",
        Some(_) if first == "refs" => true,
        // Another worktree: its own index is none of ours.
        Some(_) if first == "worktrees" => parts.next().is_none_or(|file| file == "HEAD"),
        Some(_) => false,
    }
}

fn ignored(repo: &Repository, top: &Path, path: &Path) -> bool {
    path.strip_prefix(top)
        .is_ok_and(|inside| !inside.as_os_str().is_empty() && repo.is_path_ignored(inside).unwrap_or(false))
}

/// Without the slash that libgit2 puts at the end.
fn tidy(path: &Path) -> PathBuf {
    path.components().collect()
}

#[cfg(test)]
mod tests {
    use super::{concerns, folders, in_git_directory};
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn only_names_and_the_index_count_in_the_git_directory() {
        for path in ["HEAD", "index", "packed-refs", "refs/heads/main", "worktrees/a", "worktrees/a/HEAD", "worktrees"]
        {
            assert!(in_git_directory(Path::new(path)), "{path}");
        }
        for path in ["objects/ab/cd", "logs/HEAD", "COMMIT_EDITMSG", "worktrees/a/index", "FETCH_HEAD"] {
            assert!(!in_git_directory(Path::new(path)), "{path}");
        }
    }

    #[test]
    fn ignored_folders_and_other_repositories_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().canonicalize().unwrap();
        git2::Repository::init(&top).unwrap();
        git2::Repository::init(top.join("nested")).unwrap();
        std::fs::write(top.join(".gitignore"), "target/\n").unwrap();
        for folder in ["src/deep", "target/debug"] {
            std::fs::create_dir_all(top.join(folder)).unwrap();
        }
        let mut found = BTreeSet::new();
        assert_eq!(folders(&top, &mut found), None);
        assert!(found.contains(&top.join("src/deep")) && found.contains(&top.join(".git/refs/heads")));
        assert!(!found.iter().any(|path| path.starts_with(top.join("target")) || path.starts_with(top.join("nested"))));
        assert!(!found.iter().any(|path| path.starts_with(top.join(".git/objects"))));

        assert!(concerns(&top, &[top.join("src/new.rs")]));
        assert!(concerns(&top, &[top.join(".git/HEAD")]));
        let quiet = [".git/index.lock", ".git/objects/ab", "target/debug/x", "src/Cargo.lock.lock"];
        assert!(!concerns(&top, &quiet.map(|path| top.join(path))));
        assert!(!concerns(&top, &[dir.path().join("../elsewhere")]));
    }

    #[test]
    fn a_folder_that_may_become_a_repository_is_followed() {
        let dir = tempfile::tempdir().unwrap();
        let later = dir.path().join("later");
        let mut found = BTreeSet::new();
        folders(&later, &mut found);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [dir.path()]);
        assert!(concerns(&later, std::slice::from_ref(&later)));
        assert!(concerns(&later, &[later.join(".git")]));
        assert!(!concerns(&later, &[dir.path().join("other")]));
    }
}
