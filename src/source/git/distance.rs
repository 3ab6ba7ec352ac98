//! How far two commits are apart, without reading a history to its end.

use std::collections::{BinaryHeap, HashMap};

use git2::{Oid, Repository};

/// Commits looked at before the counts are given as they stand.
const MAX_STEPS: usize = 20_000;

const HERE: u8 = 1;
const THERE: u8 = 2;
const BOTH: u8 = HERE | THERE;

/// Commits that are reachable from `here` alone, and from `there` alone. Beyond 20,000 commits both are lower bounds.
pub fn distance(repo: &Repository, here: Oid, there: Oid) -> (u32, u32) {
    let mut sides: HashMap<Oid, u8> = HashMap::new();
    let mut queue = BinaryHeap::new();
    for (id, side) in [(here, HERE), (there, THERE)] {
        *sides.entry(id).or_default() |= side;
        queue.push((time(repo, id), id));
    }
    for _ in 0..MAX_STEPS {
        // Newest first: what both sides reach has been seen from both by the time only such commits are left.
        if queue.iter().all(|(_, id)| sides.get(id) == Some(&BOTH)) {
            break;
        }
        let Some((_, id)) = queue.pop() else { break };
        let side = sides.get(&id).copied().unwrap_or(0);
        let Ok(commit) = repo.find_commit(id) else { continue };
        for parent in commit.parent_ids() {
            let known = sides.entry(parent).or_default();
            if *known | side != *known {
                *known |= side;
                queue.push((time(repo, parent), parent));
            }
        }
    }
    let count = |side| u32::try_from(sides.values().filter(|&&known| known == side).count()).unwrap_or(u32::MAX);
    (count(HERE), count(THERE))
}

fn time(repo: &Repository, id: Oid) -> i64 {
    repo.find_commit(id).map_or(i64::MIN, |commit| commit.time().seconds())
}
