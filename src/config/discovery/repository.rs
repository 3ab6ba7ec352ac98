//! The git repository around a folder, read from git's own plain files (gitrepository-layout(5)).

use std::fs;
use std::path::{Path, PathBuf};

/// A repository as it lies on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// Top of the working tree that holds the folder asked for.
    pub top: PathBuf,
    /// Top of the main working tree; the same as `top` unless that is a linked worktree. None when the repository is bare.
    pub main: Option<PathBuf>,
    /// Every working tree that is there, the main one first, the linked ones sorted.
    pub worktrees: Vec<PathBuf>,
}

/// Finds the repository around `dir` by walking up.
pub fn find(dir: &Path) -> Option<Repository> {
    let top = dir.ancestors().find(|folder| is_top(folder))?;
    let common = common_dir(&top.join(".git"))?;
    let main = main_worktree(&common, top);
    let mut linked = linked_worktrees(&common);
    linked.sort();
    let mut worktrees: Vec<PathBuf> = main.iter().cloned().collect();
    worktrees.extend(linked.into_iter().filter(|tree| Some(tree) != main.as_ref()));
    if !worktrees.iter().any(|tree| tree == top) {
        worktrees.push(top.to_path_buf());
    }
    Some(Repository { top: top.to_path_buf(), main, worktrees })
}

/// True for the top of a working tree. An empty `.git` folder is none, as for git itself.
pub fn is_top(folder: &Path) -> bool {
    let git = folder.join(".git");
    git.is_file() || git.join("HEAD").is_file()
}

/// The directory that all working trees share. `git` is a `.git` folder, or the file that stands for it.
fn common_dir(git: &Path) -> Option<PathBuf> {
    let own = if git.is_dir() { git.to_path_buf() } else { pointed(git, "gitdir:")? };
    match pointed(&own.join("commondir"), "") {
        Some(common) => Some(canonical(&common)),
        None => Some(own),
    }
}

/// The path that a file of one line names, relative to the file's folder.
fn pointed(file: &Path, prefix: &str) -> Option<PathBuf> {
    let text = fs::read_to_string(file).ok()?;
    let path = text.trim().strip_prefix(prefix)?.trim();
    Some(file.parent()?.join(path))
}

/// The main working tree: where `.git` is the common directory itself. A submodule's common directory lies elsewhere,
/// and its only working tree is the one we came from.
fn main_worktree(common: &Path, top: &Path) -> Option<PathBuf> {
    if common.file_name().is_some_and(|name| name == ".git") {
        return common.parent().map(Path::to_path_buf);
    }
    let top_is_linked = pointed(&top.join(".git"), "gitdir:").is_some_and(|own| own.join("commondir").is_file());
    (!top_is_linked).then(|| top.to_path_buf())
}

fn linked_worktrees(common: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(common.join("worktrees")) else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| pointed(&entry.path().join("gitdir"), ""))
        .filter(|git| git.is_file())
        .filter_map(|git| git.parent().map(canonical))
        .collect()
}

fn canonical(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::find;
    use std::fs;
    use std::path::Path;

    fn write(file: &Path, text: &str) {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    #[test]
    fn a_linked_worktree_leads_to_the_main_one_and_back() {
        let folder = tempfile::tempdir().unwrap();
        let base = fs::canonicalize(folder.path()).unwrap();
        let (main, linked) = (base.join("main"), base.join("linked"));
        write(&main.join(".git/HEAD"), "ref: refs/heads/main\n");
        write(&main.join(".git/worktrees/linked/commondir"), "../..\n");
        write(&main.join(".git/worktrees/linked/gitdir"), &format!("{}\n", linked.join(".git").display()));
        write(&main.join(".git/worktrees/gone/gitdir"), "/nowhere/.git\n");
        write(&linked.join(".git"), &format!("gitdir: {}\n", main.join(".git/worktrees/linked").display()));
        fs::create_dir_all(linked.join("deep/er")).unwrap();

        let found = find(&linked.join("deep/er")).unwrap();
        assert_eq!((found.top.as_path(), found.main.as_deref()), (linked.as_path(), Some(main.as_path())));
        assert_eq!(found.worktrees, [main.clone(), linked.clone()]);
        let found = find(&main).unwrap();
        assert_eq!((found.top, found.worktrees.len()), (main, 2));
    }

    #[test]
    fn a_submodule_is_a_repository_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let base = fs::canonicalize(folder.path()).unwrap();
        write(&base.join(".git/HEAD"), "ref: refs/heads/main\n");
        write(&base.join(".git/modules/sub/HEAD"), "ref: refs/heads/main\n");
        write(&base.join("sub/.git"), "gitdir: ../.git/modules/sub\n");
        let found = find(&base.join("sub")).unwrap();
        assert_eq!(found.main, Some(base.join("sub")));
        assert_eq!(found.worktrees, [base.join("sub")]);
    }

    #[test]
    fn a_folder_without_a_repository_has_none_and_an_empty_git_folder_is_none() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(".git")).unwrap();
        assert_eq!(find(folder.path()), None);
    }
}
