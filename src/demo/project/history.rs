//! The repository's history, committed anew from `history.toml`.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use git2::build::{CheckoutBuilder, TreeUpdateBuilder};
use git2::{Buf, FileMode, Oid, Repository, Signature, Time, WorktreeAddOptions};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::demo::scenario;
use crate::domain::fault::Fault;

use super::repository::{self, in_git};
use super::{WORKTREE_BRANCH, tree};

/// The branch that everything ends on.
const MAIN: &str = "main";

/// Above the priorities of the object database's own backends.
const IN_MEMORY: i32 = 1000;

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

impl Entry {
    fn branch(&self) -> &str {
        self.branch.as_deref().unwrap_or(MAIN)
    }
}

/// Makes the repository, its bare `origin` with everything pushed, and the linked worktree.
pub(super) fn lay_down(root: &Path, origin: &Path, worktree: &Path, now: Timestamp) -> Result<(), Fault> {
    let history: History = scenario::read("history.toml", include_str!("history.toml"))?;
    repository::create(origin, true).map_err(in_git("making", origin))?;
    let commits = repository::create(root, false).and_then(|repo| write_commits(&repo, &history.commit, now));
    let commits = commits.map_err(in_git("writing the history of", root))?;
    // Opened anew: the first handle keeps what it writes in memory.
    let repo = Repository::open(root).map_err(in_git("opening", root))?;
    name(&repo, &history.commit, &commits, now).map_err(in_git("making the branches of", root))?;
    publish(&repo, origin).map_err(in_git("connecting to origin", root))?;
    link(&repo, worktree).map_err(in_git("making the worktree of", root))
}

/// Writes every commit with its trees and files. Gives their ids.
fn write_commits(repo: &Repository, history: &[Entry], now: Timestamp) -> Result<Vec<Oid>, git2::Error> {
    // Hundreds of small objects are far quicker to write as one pack than as files of their own.
    let odb = repo.odb()?;
    let memory = odb.add_new_mempack_backend(IN_MEMORY)?;
    let mut ids = Vec::with_capacity(history.len());
    let mut tips: BTreeMap<&str, Oid> = BTreeMap::new();
    let mut changed: BTreeMap<&str, BTreeMap<&str, Oid>> = BTreeMap::new();
    for entry in history {
        let first = tips.get(entry.branch()).or_else(|| tips.get(MAIN)).copied();
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
        let who = author(entry, now)?;
        let id = repo.commit(None, &who, &who, &entry.message, &tree, &parents.iter().collect::<Vec<_>>())?;
        ids.push(id);
        tips.insert(entry.branch(), id);
        changed.entry(entry.branch()).or_default().extend(blobs);
    }
    let mut pack = Buf::new();
    memory.dump(repo, &mut pack)?;
    let mut writer = odb.packwriter()?;
    writer.write_all(&pack).map_err(|error| git2::Error::from_str(&error.to_string()))?;
    writer.commit()?;
    Ok(ids)
}

/// Makes the branches and tags, and checks the working tree out.
fn name(repo: &Repository, history: &[Entry], ids: &[Oid], now: Timestamp) -> Result<(), git2::Error> {
    let tips: BTreeMap<&str, Oid> = history.iter().map(Entry::branch).zip(ids.iter().copied()).collect();
    for (branch, id) in tips {
        repo.reference(&format!("refs/heads/{branch}"), id, true, "demo")?;
    }
    for (entry, id) in history.iter().zip(ids) {
        if let Some(tag) = &entry.tag {
            let target = repo.find_object(*id, None)?;
            repo.tag(tag, &target, &author(entry, now)?, &format!("Release {tag}"), false)?;
        }
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

fn author(entry: &Entry, now: Timestamp) -> Result<Signature<'static>, git2::Error> {
    let at = now - SignedDuration::from_secs_f64(entry.hours_ago * 3600.0);
    Signature::new(&entry.by, &repository::address(&entry.by), &Time::new(at.as_second(), 0))
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
