//! What the demo does with git: make repositories, commit, revert and push. Blocking.

use std::path::Path;

use git2::build::CheckoutBuilder;
use git2::{Delta, Oid, Repository, RepositoryInitOptions, Signature, Time};
use jiff::Timestamp;

use crate::domain::fault::Fault;

/// What a commit did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// Branch it is on.
    pub branch: String,
    /// Abbreviated id.
    pub id: String,
    /// Files changed.
    pub files: usize,
    /// Lines added.
    pub added: usize,
    /// Lines removed.
    pub removed: usize,
}

/// Makes an empty repository. Neither templates nor line endings of the user's own configuration apply.
pub(super) fn create(path: &Path, bare: bool) -> Result<Repository, git2::Error> {
    let mut options = RepositoryInitOptions::new();
    options.bare(bare).initial_head("main").external_template(false).mkpath(true);
    let repo = Repository::init_opts(path, &options)?;
    repo.config()?.set_str("core.autocrlf", "false")?;
    Ok(repo)
}

/// Commits these paths (relative to the working tree) as they are on disk, and nothing else. `None` when they are as
/// in the last commit.
pub fn commit(
    root: &Path,
    role: &str,
    message: &str,
    paths: &[String],
    at: Timestamp,
) -> Result<Option<Committed>, Fault> {
    commit_paths(root, role, message, paths, at).map_err(in_git("committing in", root))
}

fn commit_paths(
    root: &Path,
    role: &str,
    message: &str,
    paths: &[String],
    at: Timestamp,
) -> Result<Option<Committed>, git2::Error> {
    let repo = Repository::open(root)?;
    let parent = repo.head()?.peel_to_commit()?;
    let mut index = repo.index()?;
    for path in paths {
        if root.join(path).exists() {
            index.add_path(Path::new(path))?;
        } else if index.get_path(Path::new(path), 0).is_some() {
            index.remove_path(Path::new(path))?;
        }
    }
    index.write()?;
    let tree = repo.find_tree(index.write_tree()?)?;
    if tree.id() == parent.tree_id() {
        return Ok(None);
    }
    let stats = repo.diff_tree_to_tree(Some(&parent.tree()?), Some(&tree), None)?.stats()?;
    let who = Signature::new(role, &address(role), &Time::new(at.as_second(), 0))?;
    let id = repo.commit(Some("HEAD"), &who, &who, message, &tree, &[&parent])?;
    Ok(Some(Committed {
        branch: branch_of(&repo),
        id: short(id),
        files: stats.files_changed(),
        added: stats.insertions(),
        removed: stats.deletions(),
    }))
}

/// Takes a commit of the current branch back by a new commit, in the working tree too. Gives the new commit's id.
pub fn revert(root: &Path, role: &str, commit: &str, at: Timestamp) -> Result<String, Fault> {
    revert_commit(root, role, commit, at).map_err(in_git("reverting in", root))
}

fn revert_commit(root: &Path, role: &str, commit: &str, at: Timestamp) -> Result<String, git2::Error> {
    let repo = Repository::open(root)?;
    let reverted = repo.revparse_single(commit)?.peel_to_commit()?;
    let head = repo.head()?.peel_to_commit()?;
    let tree = repo.find_tree(repo.revert_commit(&reverted, &head, 0, None)?.write_tree_to(&repo)?)?;
    let message = format!(
        "Revert \"{}\"\n\nThis reverts commit {}.",
        String::from_utf8_lossy(reverted.summary_bytes().unwrap_or_default()),
        reverted.id()
    );
    let who = Signature::new(role, &address(role), &Time::new(at.as_second(), 0))?;
    let id = repo.commit(Some("HEAD"), &who, &who, &message, &tree, &[&head])?;
    // Only the paths of this commit: what others changed in the working tree stays.
    let mut checkout = CheckoutBuilder::new();
    checkout.force().disable_pathspec_match(true);
    let mut changed = false;
    let mut index = repo.index()?;
    for delta in repo.diff_tree_to_tree(Some(&head.tree()?), Some(&tree), None)?.deltas() {
        if delta.status() == Delta::Deleted {
            let path = delta.old_file().path().unwrap_or(Path::new(""));
            index.remove_path(path)?;
            // It may be gone already, which is what is wanted.
            let _ = std::fs::remove_file(root.join(path));
        } else if let Some(path) = delta.new_file().path() {
            checkout.path(path);
            changed = true;
        }
    }
    index.write()?;
    // Without a path a checkout is one of everything.
    if changed {
        repo.checkout_head(Some(&mut checkout))?;
    }
    Ok(short(id))
}

/// Pushes the current branch to `origin`, which is a folder of the stage.
pub fn push(root: &Path) -> Result<(), Fault> {
    let push = || {
        let repo = Repository::open(root)?;
        let branch = branch_of(&repo);
        repo.find_remote("origin")?.push(&[format!("refs/heads/{branch}:refs/heads/{branch}")], None)
    };
    push().map_err(in_git("pushing", root))
}

/// The address of a role. The domain is reserved for names that must not exist (RFC 2606).
pub(super) fn address(role: &str) -> String {
    format!("{role}@hnp.invalid")
}

/// Turns git's errors into faults.
pub(super) fn in_git(doing: &'static str, on: &Path) -> impl Fn(git2::Error) -> Fault {
    let on = on.display().to_string();
    move |error| Fault::new(doing, &on, error.message(), "start the demo again")
}

fn branch_of(repo: &Repository) -> String {
    repo.head().ok().and_then(|head| head.shorthand().ok().map(str::to_owned)).unwrap_or_else(|| "HEAD".to_owned())
}

fn short(id: Oid) -> String {
    id.to_string()[..7].to_owned()
}
