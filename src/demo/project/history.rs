//! The repository's history, committed anew from `history.toml`.

use std::collections::BTreeMap;
use std::path::Path;

use git2::build::{CheckoutBuilder, TreeUpdateBuilder};
use git2::{FileMode, Oid, Repository, Signature, Time, WorktreeAddOptions};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::demo::scenario;
use crate::domain::fault::Fault;

use super::repository::{self, in_git};
use super::{WORKTREE_BRANCH, tree};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct History {
    commit: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    by: String,
    hours_ago: f64,
    message: String,
    branch: Option<String>,
    merge: Option<String>,
    tag: Option<String>,
    #[serde(default)]
    files: Vec<String>,
    #[serde(default)]
    parts: BTreeMap<String, f64>,
    #[serde(default)]
    text: BTreeMap<String, String>,
}

/// Makes the repository, its bare `origin` with everything pushed, and the linked worktree.
pub(super) fn lay_down(root: &Path, origin: &Path, worktree: &Path, now: Timestamp) -> Result<(), Fault> {
    let history: History = scenario::read("history.toml", include_str!("history.toml"))?;
    let repo = repository::create(root, false).map_err(in_git("making", root))?;
    repository::create(origin, true).map_err(in_git("making", origin))?;
    write_commits(&repo, &history, now).map_err(in_git("writing the history of", root))?;
    publish(&repo, origin).map_err(in_git("connecting to origin", root))?;
    link(&repo, worktree).map_err(in_git("making the worktree of", root))
}

fn write_commits(repo: &Repository, history: &History, now: Timestamp) -> Result<(), git2::Error> {
    let mut tips: BTreeMap<&str, Oid> = BTreeMap::new();
    let mut changed: BTreeMap<&str, BTreeMap<&str, Oid>> = BTreeMap::new();
    for entry in &history.commit {
        let branch = entry.branch.as_deref().unwrap_or("main");
        let first = tips.get(branch).or_else(|| tips.get("main")).copied();
        let merged = entry.merge.as_deref();
        let mut blobs = blobs(repo, entry)?;
        if let Some(merged) = merged {
            blobs.extend(changed.get(merged).into_iter().flatten());
        }
        let mut update = TreeUpdateBuilder::new();
        for (path, blob) in &blobs {
            update.upsert(*path, *blob, FileMode::Blob);
        }
        let parents = [first, merged.and_then(|merged| tips.get(merged).copied())]
            .into_iter()
            .flatten()
            .map(|id| repo.find_commit(id))
            .collect::<Result<Vec<_>, _>>()?;
        let base = match parents.first() {
            Some(parent) => parent.tree()?,
            None => repo.find_tree(repo.treebuilder(None)?.write()?)?,
        };
        let tree = repo.find_tree(update.create_updated(repo, &base)?)?;
        let who = author(&entry.by, now - SignedDuration::from_secs_f64(entry.hours_ago * 3600.0))?;
        let id = repo.commit(None, &who, &who, &entry.message, &tree, &parents.iter().collect::<Vec<_>>())?;
        tips.insert(branch, id);
        changed.entry(branch).or_default().extend(blobs);
        if let Some(tag) = &entry.tag {
            let target = repo.find_object(id, None)?;
            repo.tag(tag, &target, &who, &format!("Release {tag}"), false)?;
        }
    }
    for (branch, id) in tips {
        repo.reference(&format!("refs/heads/{branch}"), id, true, "demo")?;
    }
    repo.checkout_head(Some(CheckoutBuilder::new().force()))
}

/// The blobs of one commit, by path.
fn blobs<'a>(repo: &Repository, entry: &'a Entry) -> Result<BTreeMap<&'a str, Oid>, git2::Error> {
    let whole = entry.files.iter().map(|path| (path.as_str(), final_text(path)));
    let parts = entry.parts.iter().map(|(path, share)| (path.as_str(), first_lines(final_text(path), *share)));
    let texts = entry.text.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    whole.chain(parts).chain(texts).map(|(path, text)| Ok((path, repo.blob(text.as_bytes())?))).collect()
}

fn final_text(path: &str) -> &'static str {
    tree::text_of(path).unwrap_or_default()
}

/// The first share of a text's lines.
fn first_lines(text: &str, share: f64) -> &str {
    let count = (text.lines().count() as f64 * share) as usize;
    let bytes = text.split_inclusive('\n').take(count).map(str::len).sum();
    &text[..bytes]
}

fn author(role: &str, at: Timestamp) -> Result<Signature<'static>, git2::Error> {
    Signature::new(role, &repository::address(role), &Time::new(at.as_second(), 0))
}

fn publish(repo: &Repository, origin: &Path) -> Result<(), git2::Error> {
    let mut remote = repo.remote("origin", &origin.display().to_string())?;
    remote.push(&["refs/heads/main:refs/heads/main", "refs/tags/v0.8.1:refs/tags/v0.8.1"], None)?;
    repo.find_branch("main", git2::BranchType::Local)?.set_upstream(Some("origin/main"))
}

fn link(repo: &Repository, worktree: &Path) -> Result<(), git2::Error> {
    let branch = repo.find_branch(WORKTREE_BRANCH, git2::BranchType::Local)?.into_reference();
    let mut options = WorktreeAddOptions::new();
    options.reference(Some(&branch));
    repo.worktree("hnp-drift-badge", worktree, Some(&options)).map(|_| ())
}
