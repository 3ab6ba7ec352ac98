//! One reading of a repository: names, newest commits, upstream, worktrees and the state of the working tree.

use std::collections::{BinaryHeap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use git2::{ErrorCode, Oid, Repository, Status, StatusOptions};
use jiff::Timestamp;

use super::distance::distance;
use crate::domain::commit::graph::{children_first, rows};
use crate::domain::commit::{Commit, Dirty, Ref, RefKind, RepoLog, Upstream, Worktree};
use crate::domain::fault::Fault;

/// Names looked at in one repository. Beyond them commits are still listed, without their names.
const MAX_REFS: usize = 5_000;
/// Worktrees looked at in one repository.
const MAX_WORKTREES: usize = 64;
/// Commits read beyond those asked for, so that children which time puts behind their parents come before them.
const LOOK_AHEAD: usize = 256;

/// Reads the repository at `path` with its newest `limit` commits, and what could not be read of it.
///
/// # Errors
/// When there is no repository, or it cannot be opened.
pub fn inspect(path: &Path, limit: usize) -> Result<(RepoLog, Vec<Fault>), Fault> {
    let repo = open(path)?;
    let mut faults = Vec::new();
    let mut soft = |doing: &str, error: &git2::Error| {
        faults.push(Fault::new(doing, path.display(), error.message(), "run git fsck in it"));
    };
    let place = repo.workdir().unwrap_or_else(|| repo.path());
    let mut log = RepoLog { path: place.components().collect(), ..RepoLog::default() };

    let mut head = None;
    match repo.head() {
        Ok(reference) => {
            head = reference.peel_to_commit().inspect_err(|error| soft("reading HEAD of", error)).ok().map(|c| c.id());
            log.branch = reference.is_branch().then(|| lossy(reference.shorthand_bytes()));
        }
        Err(error) if error.code() == ErrorCode::UnbornBranch => {}
        Err(error) => soft("reading HEAD of", &error),
    }
    log.head = head.map(|id| id.to_string());
    if let (Some(branch), Some(head)) = (&log.branch, head) {
        log.upstream = upstream(&repo, branch, head);
    }
    log.worktrees = worktrees(&repo);

    let mut names = match names(&repo) {
        Ok(names) => names,
        Err(error) => {
            soft("listing the branches and tags of", &error);
            HashMap::new()
        }
    };
    let mut tips: Vec<Oid> =
        names.iter().filter(|(_, refs)| refs.iter().any(|name| name.kind != RefKind::Tag)).map(|(id, _)| *id).collect();
    tips.extend(head);
    if let Some(head) = head {
        let name = Ref { kind: RefKind::Head, name: "HEAD".to_owned() };
        names.entry(head).or_default().insert(0, name);
    }
    let (commits, more) = newest(&repo, &tips, limit, &mut names);
    log.rows = rows(commits);
    log.more = more;

    if !repo.is_bare() {
        match dirty(&repo) {
            Ok(dirty) => log.dirty = dirty,
            Err(error) => soft("comparing the working tree of", &error),
        }
    }
    Ok((log, faults))
}

/// Opens the repository that `path` lies in.
pub(super) fn open(path: &Path) -> Result<Repository, Fault> {
    Repository::discover(path).map_err(|error| {
        let (why, remedy) = match error.code() {
            ErrorCode::NotFound if !path.exists() => ("no such folder".to_owned(), "check the path".to_owned()),
            ErrorCode::NotFound => {
                ("not a git repository".to_owned(), "run git init, or name another folder".to_owned())
            }
            ErrorCode::Owner => {
                (error.message().to_owned(), format!("run git config --global --add safe.directory {}", path.display()))
            }
            _ => (error.message().to_owned(), "run git status there".to_owned()),
        };
        Fault::new("opening", path.display(), why, remedy)
    })
}

/// Every name by the commit it points at. Names that point at nothing are left out: they hide no others.
fn names(repo: &Repository) -> Result<HashMap<Oid, Vec<Ref>>, git2::Error> {
    let mut names: HashMap<Oid, Vec<Ref>> = HashMap::new();
    for reference in repo.references()?.take(MAX_REFS) {
        let Ok(reference) = reference else { continue };
        let kind = match reference.name_bytes() {
            name if name.ends_with(b"/HEAD") => continue,
            name if name.starts_with(b"refs/heads/") => RefKind::Branch,
            name if name.starts_with(b"refs/remotes/") => RefKind::Remote,
            name if name.starts_with(b"refs/tags/") => RefKind::Tag,
            _ => continue,
        };
        let Ok(commit) = reference.peel_to_commit() else { continue };
        names.entry(commit.id()).or_default().push(Ref { kind, name: lossy(reference.shorthand_bytes()) });
    }
    for refs in names.values_mut() {
        refs.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
    }
    Ok(names)
}

/// The newest commits reachable from `tips`, and whether there are more.
///
/// libgit2's own walk reads the whole history before it sorts by time; this one reads no more than it returns.
fn newest(repo: &Repository, tips: &[Oid], limit: usize, names: &mut HashMap<Oid, Vec<Ref>>) -> (Vec<Commit>, bool) {
    let mut seen = HashSet::new();
    let mut queue = BinaryHeap::new();
    let mut order = u64::MAX;
    let mut push = |queue: &mut BinaryHeap<(i64, u64, Oid)>, id: Oid| {
        if seen.insert(id)
            && let Ok(commit) = repo.find_commit(id)
        {
            // Of two with the same time the one that was found first goes first.
            order -= 1;
            queue.push((commit.time().seconds(), order, id));
        }
    };
    let mut tips = tips.to_vec();
    tips.sort_unstable();
    for tip in tips {
        push(&mut queue, tip);
    }
    let mut commits = Vec::new();
    while commits.len() < limit.saturating_add(LOOK_AHEAD) {
        let Some((_, _, id)) = queue.pop() else { break };
        let Ok(commit) = repo.find_commit(id) else { continue };
        for parent in commit.parent_ids() {
            push(&mut queue, parent);
        }
        commits.push(describe(&commit, names.remove(&id).unwrap_or_default()));
    }
    let more = !queue.is_empty() || commits.len() > limit;
    let mut commits = children_first(commits);
    commits.truncate(limit);
    (commits, more)
}

fn describe(commit: &git2::Commit<'_>, refs: Vec<Ref>) -> Commit {
    let author = commit.author();
    Commit {
        id: commit.id().to_string(),
        parents: commit.parent_ids().map(|id| id.to_string()).collect(),
        summary: commit.summary_bytes().map(lossy).unwrap_or_default(),
        body: commit.body_bytes().map(end_of_body).unwrap_or_default(),
        author: lossy(author.name_bytes()),
        at: Timestamp::from_second(author.when().seconds()).unwrap_or(Timestamp::UNIX_EPOCH),
        refs,
    }
}

/// The body of a message; of a long one its end, where the trailers are.
fn end_of_body(body: &[u8]) -> String {
    let body = lossy(body);
    let body = body.trim();
    let Some(over) = body.len().checked_sub(Commit::BODY).filter(|over| *over > 0) else { return body.to_owned() };
    // Cut between two lines, so that no part of a secret is left at the cut.
    let line = memchr::memchr(b'\n', &body.as_bytes()[over..]).map_or(body.len(), |end| over + end + 1);
    body[line..].to_owned()
}

fn upstream(repo: &Repository, branch: &str, head: Oid) -> Option<Upstream> {
    let upstream = repo.find_branch(branch, git2::BranchType::Local).ok()?.upstream().ok()?;
    let name = lossy(upstream.name_bytes().ok()?);
    let there = upstream.get().peel_to_commit().ok()?.id();
    let (ahead, behind) = distance(repo, head, there);
    Some(Upstream { name, ahead, behind })
}

/// Worktrees that are there, the main one first.
pub(super) fn worktrees(repo: &Repository) -> Vec<Worktree> {
    let mut found = Vec::new();
    if let Ok(main) = Repository::open(repo.commondir())
        && let Some(worktree) = worktree(&main)
    {
        found.push(worktree);
    }
    let Ok(linked) = repo.worktrees() else { return found };
    for name in linked.iter().filter_map(|name| name.ok().flatten()).take(MAX_WORKTREES) {
        let Ok(entry) = repo.find_worktree(name) else { continue };
        if let Ok(repo) = Repository::open_from_worktree(&entry)
            && let Some(worktree) = worktree(&repo)
        {
            found.push(worktree);
        }
    }
    found
}

fn worktree(repo: &Repository) -> Option<Worktree> {
    let path: PathBuf = repo.workdir()?.components().collect();
    let branch = match repo.find_reference("HEAD") {
        Ok(head) => head.symbolic_target_bytes().and_then(|target| target.strip_prefix(b"refs/heads/").map(lossy)),
        Err(_) => None,
    };
    Some(Worktree { path, branch })
}

fn dirty(repo: &Repository) -> Result<Dirty, git2::Error> {
    let mut options = StatusOptions::new();
    // A folder nobody tracks counts once, however much is in it.
    options.include_untracked(true).recurse_untracked_dirs(false).exclude_submodules(true);
    let mut dirty = Dirty::default();
    for entry in repo.statuses(Some(&mut options))?.iter() {
        let status = entry.status();
        if status.is_conflicted() {
            dirty.conflicted += 1;
            continue;
        }
        if status.is_wt_new() {
            dirty.untracked += 1;
        }
        let staged = Status::INDEX_NEW
            | Status::INDEX_MODIFIED
            | Status::INDEX_DELETED
            | Status::INDEX_RENAMED
            | Status::INDEX_TYPECHANGE;
        if status.intersects(staged) {
            dirty.staged += 1;
        }
        if status.intersects(Status::WT_MODIFIED | Status::WT_DELETED | Status::WT_TYPECHANGE | Status::WT_RENAMED) {
            dirty.unstaged += 1;
        }
    }
    Ok(dirty)
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
