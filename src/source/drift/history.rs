//! The versions of every object in the history of a directory, along first parents: when a change reached the branch.
//!
//! In real GitOps repositories nineteen commits of twenty change nothing but time stamps (a sync every second), so that
//! versions are told apart by what the objects want, and only commits that touch the directory are looked into.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use git2::{Commit, DiffOptions, Oid, Repository};
use jiff::Timestamp;
use serde_json::Value;

use super::read::{Blobs, Directory, LINK};
use crate::domain::drift::{History, ObjectKey, Version, same_desire};

/// Commits that are walked at most.
const COMMITS: usize = 5_000;
/// Commits that are walked through one open repository.
const CHUNK: usize = 250;
/// Versions that are kept of one object.
const VERSIONS: usize = 8;

/// A history and the commit up to which it reaches.
#[derive(Debug)]
pub struct Walked {
    head: Oid,
    pub(super) history: Arc<History>,
    /// Place of each commit, a later one's being greater.
    pub(super) places: Arc<HashMap<String, i64>>,
}

/// Walks from `head`. What was walked before is used again when `head` follows from it.
pub(super) fn walk(
    repository: &Repository,
    head: Oid,
    directory: &Directory<'_>,
    before: Option<&Walked>,
) -> Result<Walked, git2::Error> {
    if let Some(before) = before
        && before.head == head
    {
        return Ok(Walked { head, history: Arc::clone(&before.history), places: Arc::clone(&before.places) });
    }
    let mut history = History::new();
    let mut walked: Vec<Oid> = Vec::new();
    let mut blobs = Blobs::default();
    let mut next = Some(head);
    'walk: for _ in 0..COMMITS / CHUNK {
        // A repository keeps every commit and tree that was read through it.
        let chunk = Repository::open(repository.path())?;
        for _ in 0..CHUNK {
            let Some(id) = next else { break 'walk };
            if let Some(before) = before
                && before.head == id
            {
                for (key, versions) in before.history.iter() {
                    let known = history.entry(key.clone()).or_default();
                    known.extend(versions.iter().take(VERSIONS.saturating_sub(known.len())).cloned());
                }
                let mut places = (*before.places).clone();
                let first = places.get(&id.to_string()).copied().unwrap_or_default() + 1;
                places.extend((first..).zip(walked.iter().rev()).map(|(place, id)| (id.to_string(), place)));
                return Ok(Walked { head, history: Arc::new(history), places: Arc::new(places) });
            }
            walked.push(id);
            let commit = chunk.find_commit(id)?;
            // The parents of a shallow clone's last commit are named and not there.
            let parent = commit.parent(0).ok();
            add_versions(&chunk, &commit, parent.as_ref(), directory, &mut blobs, &mut history)?;
            next = parent.map(|parent| parent.id());
        }
    }
    let places = (0..).zip(walked.iter().rev()).map(|(place, id)| (id.to_string(), place)).collect();
    Ok(Walked { head, history: Arc::new(history), places: Arc::new(places) })
}

/// An object of one side of a diff, with its file.
type Side = BTreeMap<ObjectKey, (PathBuf, Arc<Value>)>;

fn add_versions(
    repository: &Repository,
    commit: &Commit<'_>,
    parent: Option<&Commit<'_>>,
    directory: &Directory<'_>,
    blobs: &mut Blobs,
    history: &mut History,
) -> Result<(), git2::Error> {
    let new = directory.tree_id(&commit.tree()?);
    let old = match parent {
        Some(parent) => directory.tree_id(&parent.tree()?),
        None => None,
    };
    if new == old {
        return Ok(());
    }
    let find = |id: Option<Oid>| id.map(|id| repository.find_tree(id)).transpose();
    let (old, new) = (find(old)?, find(new)?);
    let mut options = DiffOptions::new();
    options.skip_binary_check(true);
    let diff = repository.diff_tree_to_tree(old.as_ref(), new.as_ref(), Some(&mut options))?;
    let (mut before, mut after) = (Side::new(), Side::new());
    for delta in diff.deltas() {
        for (file, side) in [(delta.old_file(), &mut before), (delta.new_file(), &mut after)] {
            let is_link = i32::from(file.mode()) == LINK;
            let Some(path) = file.path().and_then(|below| directory.manifest_path(below)) else { continue };
            if file.id().is_zero() || is_link {
                continue;
            }
            for object in &blobs.load(repository, file.id(), &path).objects {
                side.insert(object.key.clone(), (path.clone(), Arc::clone(&object.value)));
            }
        }
    }
    let at = Timestamp::from_second(commit.time().seconds()).unwrap_or_default();
    let mut add = |key: &ObjectKey, file: &PathBuf, value: Option<Arc<Value>>| {
        let versions = history.entry(key.clone()).or_default();
        if versions.len() < VERSIONS {
            let commit = commit.id().to_string();
            versions.push(Version { commit, at, file: file.clone(), value });
        }
    };
    for (key, (file, value)) in &after {
        if before.get(key).is_none_or(|(_, before)| !same_desire(before, value)) {
            add(key, file, Some(Arc::clone(value)));
        }
    }
    for (key, (file, _)) in &before {
        if !after.contains_key(key) {
            add(key, file, None);
        }
    }
    Ok(())
}
