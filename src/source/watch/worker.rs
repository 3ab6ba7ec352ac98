//! The thread behind a watch: it turns events into changed paths and, where that is wanted, looks for itself now and then.

use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use super::events::{Message, is_exhausted, subscribe};
use super::look::{Look, REMEMBERED, Stamp, differing};
use super::root::Roots;
use super::walk::identity;
use super::{Behind, Shared, Wanted, lock};
use crate::domain::fault::Fault;

/// How often sizes and times are looked at while events arrive: after a look that found what they had not told…
const RESCAN: Duration = Duration::from_secs(10);
/// …and when looks have found nothing for a while.
const RESCAN_AT_LAST: Duration = Duration::from_secs(60);
/// How often they are looked at where no events can be had.
const POLL: Duration = Duration::from_secs(2);
/// How often the roots are reported where neither is to be had.
const BLIND: Duration = Duration::from_secs(10);

/// A burst of events ends when none came for this long…
const QUIET: Duration = Duration::from_millis(2);
/// …or when it has lasted this long.
const BURST: Duration = Duration::from_millis(20);

/// Directories of deep roots that are watched; each costs one of the user's inotify watches.
const DIRECTORIES: usize = 8_192;

/// The paths of events that came together.
#[derive(Debug, Default)]
struct Burst {
    touched: BTreeSet<PathBuf>,
    left: BTreeSet<PathBuf>,
}

#[derive(Debug)]
pub(super) struct Worker {
    roots: Roots,
    behind: Behind,
    shared: Arc<Shared>,
    /// Where events are sent; none are asked for without.
    sender: Option<SyncSender<Message>>,
    watcher: Option<RecommendedWatcher>,
    last: Look,
    limit: usize,
    /// Looks in a row that found nothing but what events had told.
    idle_looks: u32,
}

impl Worker {
    /// Without `sender` it polls.
    pub(super) fn new(roots: Roots, behind: Behind, shared: Arc<Shared>, sender: Option<SyncSender<Message>>) -> Self {
        Self { roots, behind, shared, sender, watcher: None, last: Look::default(), limit: DIRECTORIES, idle_looks: 0 }
    }

    /// Works until the watch is dropped.
    pub(super) fn run(mut self, inbox: &Receiver<Message>) {
        self.ask_for_events();
        self.scan();
        self.shared.report(&self.roots, self.roots.paths().cloned());
        let mut last_scan = Instant::now();
        loop {
            let first = match self.interval() {
                None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(interval) => inbox.recv_timeout(interval.saturating_sub(last_scan.elapsed())),
            };
            if self.shared.stop.load(Ordering::Acquire) {
                return;
            }
            let mut changed = BTreeSet::new();
            let mut scan = false;
            match first {
                Ok(first) => {
                    let Burst { touched, left } = self.gather(first, inbox);
                    if self.shared.overflow.swap(false, Ordering::AcqRel) {
                        scan = true;
                        self.last.directories.values_mut().for_each(|watched| *watched = None);
                        self.report_unseen(&mut changed);
                    }
                    for path in &left {
                        scan |= self.forget(path);
                    }
                    for path in touched.into_iter().chain(left) {
                        scan |= self.touch(path, &mut changed);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    scan = true;
                    self.report_unseen(&mut changed);
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let wanted = lock(&self.shared.wanted).take();
            if let Some(Wanted { roots, watched }) = wanted {
                self.shared.report(&self.roots, changed);
                self.follow(roots);
                last_scan = Instant::now();
                // Who no longer waits is told as after the beginning.
                if watched.send(()).is_err() {
                    self.shared.report(&self.roots, self.roots.paths().cloned());
                }
                continue;
            }
            if scan {
                let mut found = self.scan();
                self.idle_looks = if found.is_empty() { self.idle_looks.saturating_add(1) } else { 0 };
                changed.append(&mut found);
                last_scan = Instant::now();
            }
            self.shared.report(&self.roots, changed);
        }
    }

    /// Time from one look to the next; `None` when events are enough. Events that were lost once may be lost again, and
    /// where they never are, looking is work for nothing.
    fn interval(&self) -> Option<Duration> {
        match (self.behind, &self.watcher) {
            (Behind::Stat, Some(_)) => Some((RESCAN * (1 << self.idle_looks.min(3))).min(RESCAN_AT_LAST)),
            (Behind::Stat, None) => Some(POLL),
            (Behind::Nothing, Some(_)) => None,
            (Behind::Nothing, None) => Some(BLIND),
        }
    }

    /// Where a look does not tell which files changed, every root may have.
    fn report_unseen(&self, changed: &mut BTreeSet<PathBuf>) {
        match self.behind {
            Behind::Stat => {}
            Behind::Nothing => changed.extend(self.roots.paths().cloned()),
        }
    }

    /// Watches these instead.
    fn follow(&mut self, roots: Roots) {
        self.roots = roots;
        if self.watcher.is_none() {
            // Fewer may be wanted now than were refused.
            self.ask_for_events();
        }
        self.scan();
    }

    fn ask_for_events(&mut self) {
        let Some(sender) = self.sender.clone() else { return };
        lock(&self.shared.faults).refused = None;
        self.last.directories.clear();
        match subscribe(sender, Arc::clone(&self.shared)) {
            Ok(watcher) => self.watcher = Some(watcher),
            Err(error) => self.refuse(&error),
        }
    }

    /// The events that come together with this one.
    fn gather(&mut self, first: Message, inbox: &Receiver<Message>) -> Burst {
        let begun = Instant::now();
        let mut burst = Burst::default();
        let mut next = Some(first);
        while let Some(message) = next.take() {
            match message {
                Message::Touched(paths) => burst.touched.extend(paths),
                Message::Left(paths) => burst.left.extend(paths),
                Message::Look => {}
                Message::Refused(error) => self.refuse(&error),
            }
            if begun.elapsed() < BURST {
                next = inbox.recv_timeout(QUIET).ok();
            }
        }
        burst
    }

    /// Takes note that a directory, and what was below it, is watched no more, whatever has its name by now. True when
    /// it was watched.
    fn forget(&mut self, path: &Path) -> bool {
        if !self.last.directories.contains_key(path) {
            return false;
        }
        let below = self.last.directories.iter_mut().filter(|(directory, _)| directory.starts_with(path));
        below.for_each(|(_, watched)| *watched = None);
        true
    }

    /// Takes note of one event. True when directories came or went, so that everything must be looked at.
    fn touch(&mut self, path: PathBuf, changed: &mut BTreeSet<PathBuf>) -> bool {
        let now = fs::metadata(&path).ok();
        match (&now, self.last.directories.get(&path)) {
            (Some(metadata), known) if metadata.is_dir() => {
                if known == Some(&Some(identity(metadata))) {
                    return false;
                }
                if self.roots.lie_below(&path) || self.roots.reach_below(&path) {
                    return true;
                }
            }
            (_, Some(_)) => return true,
            (Some(_) | None, None) => {}
        }
        if self.roots.concern(&path) {
            self.remember(&path, now.as_ref());
            changed.insert(path);
        }
        false
    }

    fn remember(&mut self, path: &Path, metadata: Option<&Metadata>) {
        match metadata {
            Some(metadata) if self.last.files.contains_key(path) || self.is_worth_remembering(metadata) => {
                self.last.files.insert(path.to_owned(), Stamp::of(metadata));
            }
            Some(_) => {}
            None => {
                self.last.files.remove(path);
            }
        }
    }

    fn is_worth_remembering(&self, metadata: &Metadata) -> bool {
        self.behind == Behind::Stat && !metadata.is_dir() && self.last.files.len() < REMEMBERED
    }

    /// Looks at everything; watches what is new; returns what differs from the last look.
    fn scan(&mut self) -> BTreeSet<PathBuf> {
        let Self { watcher, last, .. } = self;
        let mut refused: Option<notify::Error> = None;
        let now = Look::at(&self.roots, self.behind, self.limit, &mut |path, identity| {
            let Some(watcher) = watcher.as_mut() else { return true };
            if refused.is_some() || last.directories.get(path) == Some(&Some(identity)) {
                return true;
            }
            // A directory that is gone by now, or may not be read, is no reason to give up watching.
            let watched = watcher.watch(path, RecursiveMode::NonRecursive);
            let is_watched = watched.is_ok();
            refused = watched.err().filter(is_exhausted);
            is_watched
        });
        if let Some(watcher) = watcher {
            for gone in last.directories.keys().filter(|path| !now.directories.contains_key(*path)) {
                // The system may have dropped the watch with the directory.
                let _ = watcher.unwatch(gone);
            }
        }
        let mut changed = differing(&last.files, &now.files);
        match self.behind {
            // The files in it tell.
            Behind::Stat => {}
            Behind::Nothing => {
                let directories = differing(&last.directories, &now.directories);
                changed.extend(directories.into_iter().filter(|path| self.roots.concern(path)));
            }
        }
        lock(&self.shared.faults).left_out = now.left_out.as_deref().map(|root| self.describe_limit(root));
        self.last = now;
        if let Some(error) = refused {
            self.refuse(&error);
        }
        changed
    }

    fn describe_limit(&self, root: &Path) -> Fault {
        let remedy = match self.behind {
            Behind::Stat => "changes in the others show within 10 s",
            Behind::Nothing => "changes in the others show after a refresh (R)",
        };
        Fault::new("watching", root.display(), format!("more than {} folders", self.limit), remedy)
    }

    /// Notes that events cannot be had (any more) and begins to poll.
    fn refuse(&mut self, error: &notify::Error) {
        let on = error.paths.first().or(self.roots.paths().next());
        let on = on.map(|path| path.display().to_string()).unwrap_or_default();
        let instead = match self.behind {
            Behind::Stat => "polling every 2 s instead",
            Behind::Nothing => "it is read every 10 s instead",
        };
        let remedy = format!("{instead}; raise fs.inotify.max_user_watches and max_user_instances (sysctl)");
        // The first refusal is the one that explains the others.
        lock(&self.shared.faults).refused.get_or_insert_with(|| Fault::new("watching", on, error, remedy));
        self.watcher = None;
    }
}

impl Drop for Worker {
    /// Nobody may wait for a worker that is gone.
    fn drop(&mut self) {
        lock(&self.shared.wanted).take();
    }
}

#[cfg(test)]
mod tests;
