//! Git repositories: read when they change, never while they do not.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch::{Receiver, Sender, channel};
use tokio_util::sync::CancellationToken;

use crate::domain::commit::RepoLog;
use crate::domain::fault::Fault;
use crate::domain::redact::Redactor;
use crate::event::{Event, GitNews, SourceId};
use crate::source::Outbox;
use crate::source::watch::{Behind, Root, Watch};

pub mod changed;
mod distance;
mod read;
mod scope;

/// Commits loaded before more are asked for.
pub const FIRST_COMMITS: usize = 300;
/// Commits loaded at most, however many are asked for.
const MAX_COMMITS: usize = 50_000;
/// Quiet after a change before the repository is read: one command of git changes many files.
const DEBOUNCE: Duration = Duration::from_millis(300);
/// Longest pause between two readings of a repository that changes all the time.
const MAX_PAUSE: Duration = Duration::from_secs(10);
/// News that only says "still so" is sent no more often than this.
const STILL_SO: SignedDuration = SignedDuration::from_secs(30);

/// Asks the worker for more. When the last one is dropped, the worker ends.
#[derive(Debug, Clone)]
pub struct GitHandle {
    requests: Sender<Request>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Request {
    limit: usize,
    refreshes: u64,
}

impl GitHandle {
    /// At least this many commits of each repository are wanted from now on (50,000 at most).
    pub fn load(&self, limit: usize) {
        let limit = limit.min(MAX_COMMITS);
        self.requests.send_if_modified(|request| {
            let more = limit > request.limit;
            request.limit = request.limit.max(limit);
            more
        });
    }

    /// Looks again now, and answers even when nothing has changed.
    pub fn refresh(&self) {
        self.requests.send_modify(|request| request.refreshes = request.refreshes.wrapping_add(1));
    }
}

/// Reads these repositories and follows them until cancelled. News goes to the slot [`SourceId::Git`].
pub fn spawn(repos: Vec<PathBuf>, outbox: Outbox, cancel: CancellationToken) -> GitHandle {
    let (sender, requests) = channel(Request { limit: FIRST_COMMITS, refreshes: 0 });
    tokio::spawn(async move {
        // What is being read is read to its end; nobody waits for it.
        cancel.run_until_cancelled(run(repos, outbox, requests)).await;
    });
    GitHandle { requests: sender }
}

/// Reads one repository with its newest `limit` commits, for the command line. What is broken in it is left out.
///
/// # Errors
/// When `path` lies in no repository, or it cannot be opened.
pub fn read(path: &Path, limit: usize, redactor: &Redactor) -> Result<RepoLog, Fault> {
    read::inspect(path, limit).map(|(log, _)| log.redacted(redactor))
}

/// Every working tree of the repository that `path` lies in, the main one first; none when there is no repository.
pub fn worktrees(path: &Path) -> Vec<PathBuf> {
    read::open(path)
        .map(|repo| read::worktrees(&repo).into_iter().map(|worktree| worktree.path).collect())
        .unwrap_or_default()
}

/// The top of the working tree that `dir` lies in.
pub fn toplevel(dir: &Path) -> Option<PathBuf> {
    Some(read::open(dir).ok()?.workdir()?.components().collect())
}

/// What one round found out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Found {
    repos: Vec<RepoLog>,
    faults: Vec<Fault>,
}

async fn run(repos: Vec<PathBuf>, outbox: Outbox, mut requests: Receiver<Request>) {
    let mut watch = Watch::new([], Behind::Nothing);
    let mut published: Option<(Found, Timestamp)> = None;
    let mut refreshes = 0;
    loop {
        let request = *requests.borrow_and_update();
        let begun = Instant::now();
        watch.forget();
        // The folders are followed before the repositories are read, so that nothing changes unnoticed in between.
        let left_out = follow(&mut watch, &repos).await;
        let redactor = outbox.redactor().clone();
        match blocking(&repos, move |repos| read_all(repos, request.limit, &redactor)).await {
            Ok(mut found) => {
                found.faults.extend(left_out);
                found.faults.extend(watch.fault());
                let now = Timestamp::now();
                let due =
                    published.as_ref().is_none_or(|(last, at)| *last != found || now.duration_since(*at) >= STILL_SO);
                if due || request.refreshes != refreshes {
                    refreshes = request.refreshes;
                    let news = GitNews { repos: found.repos.clone(), faults: found.faults.clone(), as_of: now };
                    outbox.post(SourceId::Git, Event::Git(news));
                    published = Some((found, now));
                }
            }
            Err(fault) => {
                // It may have taken the place of news that nobody had seen yet.
                published = None;
                outbox.post(SourceId::Git, Event::SourceFault(SourceId::Git, fault));
            }
        }

        // A reading that takes long is repeated less often: at most a fifth of the time is spent on it.
        let pause = (begun.elapsed() * 4).clamp(DEBOUNCE, MAX_PAUSE);
        tokio::select! {
            asked = requests.changed() => if asked.is_err() { return },
            () = next_change(&mut watch, &repos) => {
                tokio::select! {
                    asked = requests.changed() => if asked.is_err() { return },
                    () = tokio::time::sleep(pause) => {}
                }
            }
        }
    }
}

/// Follows the folders of the repositories until they are the same again, so that none made meanwhile is missed. What is
/// left out is said.
async fn follow(watch: &mut Watch, repos: &[PathBuf]) -> Vec<Fault> {
    /// A tree that changes faster than this is read again anyway, by the events it causes.
    const TRIES: usize = 5;
    let mut left_out = Vec::new();
    for _ in 0..TRIES {
        let Ok((folders, faults)) = blocking(repos, folders).await else { break };
        left_out = faults;
        if !watch.follow(folders.iter().map(Root::flat)).await {
            break;
        }
    }
    left_out
}

async fn next_change(watch: &mut Watch, repos: &[PathBuf]) {
    loop {
        let changed = watch.changed().await;
        if blocking(repos, move |repos| repos.iter().any(|repo| scope::concerns(repo, &changed))).await.unwrap_or(true)
        {
            return;
        }
    }
}

/// Runs `work` on a thread that may wait.
async fn blocking<T: Send + 'static>(
    repos: &[PathBuf],
    work: impl FnOnce(&[PathBuf]) -> T + Send + 'static,
) -> Result<T, Fault> {
    let repos = repos.to_vec();
    tokio::task::spawn_blocking(move || work(&repos))
        .await
        .map_err(|error| Fault::new("reading", "the repositories", error, "press R to try again; the log says more"))
}

/// Folders to follow for all of them, and what is left out.
fn folders(repos: &[PathBuf]) -> (BTreeSet<PathBuf>, Vec<Fault>) {
    let mut folders = BTreeSet::new();
    let faults = repos.iter().filter_map(|repo| scope::folders(repo, &mut folders)).collect();
    (folders, faults)
}

fn read_all(repos: &[PathBuf], limit: usize, redactor: &Redactor) -> Found {
    let mut found = Found::default();
    for path in repos {
        match read::inspect(path, limit) {
            Ok((log, faults)) => {
                found.repos.push(log.redacted(redactor));
                found.faults.extend(faults);
            }
            Err(fault) => found.faults.push(fault),
        }
    }
    found
}

#[cfg(test)]
mod tests;
