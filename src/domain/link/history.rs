//! Which commits a branch has for itself, and which branches an agent works on.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use crate::domain::agent::Agent;
use crate::domain::commit::{RefKind, RepoLog};

/// Branches that everything ends on: what lies on them says nothing of who made it.
const TRUNKS: [&str; 6] = ["main", "master", "trunk", "develop", "dev", "HEAD"];
/// Branches looked at; each costs a walk over what is loaded.
const MOST_BRANCHES: usize = 200;

/// Whether a branch is one that everything ends on.
fn is_trunk(branch: &str) -> bool {
    TRUNKS.contains(&branch)
}

/// Branches of an agent: the one it last recorded, and the one that is checked out where it works. Trunks are none.
pub fn branches<'a>(agent: &'a Agent, repos: &'a [RepoLog]) -> impl Iterator<Item = &'a str> {
    let checked_out = agent.cwd.as_deref().and_then(|cwd| {
        let worktrees = repos.iter().flat_map(|repo| &repo.worktrees);
        let around = worktrees.filter(|worktree| cwd.starts_with(&worktree.path));
        around.max_by_key(|worktree| worktree.path.components().count())?.branch.as_deref()
    });
    let recorded = agent.branch.as_deref();
    let both = [recorded, checked_out.filter(|name| recorded != Some(name))];
    both.into_iter().flatten().filter(|name| !is_trunk(name))
}

/// The worktree, other than the main one, that a folder lies in.
pub fn worktree<'a>(folder: &Path, repos: &'a [RepoLog]) -> Option<&'a Path> {
    let linked = repos.iter().flat_map(|repo| repo.worktrees.iter().skip(1));
    linked.map(|worktree| worktree.path.as_path()).find(|path| folder.starts_with(path))
}

/// For each commit that is loaded the branches that have it and that no trunk has.
pub struct Lines<'a> {
    own: BTreeMap<usize, Vec<&'a str>>,
}

impl<'a> Lines<'a> {
    /// Of one repository.
    pub fn of(repo: &'a RepoLog) -> Self {
        let places: HashMap<&str, usize> =
            repo.rows.iter().enumerate().map(|(at, row)| (row.commit.id.as_str(), at)).collect();
        let mut tips: BTreeMap<&str, usize> = BTreeMap::new();
        let mut merged = vec![false; repo.rows.len()];
        for (at, row) in repo.rows.iter().enumerate() {
            for name in &row.commit.refs {
                let short = match name.kind {
                    RefKind::Branch => name.name.as_str(),
                    RefKind::Remote => name.name.split_once('/').map_or(name.name.as_str(), |(_, rest)| rest),
                    RefKind::Head | RefKind::Tag => continue,
                };
                if is_trunk(short) {
                    walk(repo, &places, at, &mut merged, |_| {});
                } else if tips.len() < MOST_BRANCHES {
                    // The local one is further on than what was pushed of it, and comes first in the log.
                    tips.entry(short).or_insert(at);
                }
            }
        }
        let mut own: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
        for (branch, tip) in tips {
            let mut seen = merged.clone();
            walk(repo, &places, tip, &mut seen, |at| own.entry(at).or_default().push(branch));
        }
        Self { own }
    }

    /// Branches that have this commit for themselves.
    pub fn own(&self, row: usize) -> impl Iterator<Item = &'a str> {
        self.own.get(&row).into_iter().flatten().copied()
    }
}

/// Visits what can be reached from a commit and was not seen yet.
fn walk(
    repo: &RepoLog,
    places: &HashMap<&str, usize>,
    from: usize,
    seen: &mut [bool],
    mut visit: impl FnMut(usize),
) {
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        if std::mem::replace(&mut seen[at], true) {
            continue;
        }
        visit(at);
        open.extend(repo.rows[at].commit.parents.iter().filter_map(|parent| places.get(parent.as_str()).copied()));
    }
}
