//! The thread behind a watch: it turns events into changed paths and, where that is wanted, looks for itself now and then.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::time::{Duration, Instant, SystemTime};

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind, RenameMode};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use super::root::{Reach, Roots};
use super::walk::{Found, Identity, identity, walk, walk_directories};
use super::{Behind, Shared, Wanted, lock};
use crate::domain::fault::Fault;

/// How often sizes and times are looked at while events arrive.
const RESCAN: Duration = Duration::from_secs(10);
/// How often they are looked at where no events can be had.
const POLL: Duration = Duration::from_secs(2);
/// How often the roots are reported where neither is to be had.
const BLIND: Duration = Duration::from_secs(10);

/// A burst of events ends when none came for this long…
const QUIET: Duration = Duration::from_millis(2);
/// …or when it has lasted this long.
const BURST: Duration = Duration::from_millis(20);

/// Files whose sizes and times are remembered; of more, only events tell.
const REMEMBERED: usize = 50_000;
/// Directories of deep roots that are watched; each costs one of the user's inotify watches.
const DIRECTORIES: usize = 8_192;

/// What reaches the worker.
#[derive(Debug)]
pub(super) enum Message {
    /// Something happened to these paths.
    Touched(Vec<PathBuf>),
    /// What had these paths was removed or has another name now.
    Left(Vec<PathBuf>),
    /// The marks in the shared part changed.
    Look,
    /// The system refused to watch more.
    Refused(notify::Error),
}

/// What a file looked like; differs when it was written or replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    identity: Identity,
    size: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self { identity: identity(metadata), size: metadata.len(), modified: metadata.modified().ok() }
    }
}

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
    /// Directories that are watched; `None` for those of which the system has dropped the watch since.
    directories: HashMap<PathBuf, Option<Identity>>,
    /// Files that are remembered: all with [`Behind::Stat`], else those that are roots.
    files: HashMap<PathBuf, Stamp>,
    limit: usize,
}

impl Worker {
    /// Without `sender` it polls.
    pub(super) fn new(roots: Roots, behind: Behind, shared: Arc<Shared>, sender: Option<SyncSender<Message>>) -> Self {
        let (directories, files) = (HashMap::new(), HashMap::new());
        Self { roots, behind, shared, sender, watcher: None, directories, files, limit: DIRECTORIES }
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
                        self.directories.values_mut().for_each(|watched| *watched = None);
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
                self.follow(roots);
                last_scan = Instant::now();
                // Who no longer waits is told as after the beginning.
                if watched.send(()).is_err() {
                    self.shared.report(&self.roots, self.roots.paths().cloned());
                }
                continue;
            }
            if scan {
                changed.append(&mut self.scan());
                last_scan = Instant::now();
            }
            self.shared.report(&self.roots, changed);
        }
    }

    /// Time from one look to the next; `None` when events are enough.
    fn interval(&self) -> Option<Duration> {
        match (self.behind, &self.watcher) {
            (Behind::Stat, Some(_)) => Some(RESCAN),
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

    fn follow(&mut self, roots: Roots) {
        self.roots = roots;
        if self.watcher.is_none() {
            // Fewer may be wanted now than were refused.
            self.ask_for_events();
        }
        self.scan();
        lock(&self.shared.changed).clear();
    }

    fn ask_for_events(&mut self) {
        let Some(sender) = self.sender.clone() else { return };
        lock(&self.shared.faults).refused = None;
        self.directories.clear();
        let shared = Arc::clone(&self.shared);
        match notify::recommended_watcher(move |event| pass_on(event, &sender, &shared)) {
            Ok(watcher) => self.watcher = Some(watcher),
            Err(error) => self.refuse(&error),
        }
    }

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
        if !self.directories.contains_key(path) {
            return false;
        }
        let below = self.directories.iter_mut().filter(|(directory, _)| directory.starts_with(path));
        below.for_each(|(_, watched)| *watched = None);
        true
    }

    /// Takes note of one event. True when directories came or went, so that everything must be looked at.
    fn touch(&mut self, path: PathBuf, changed: &mut BTreeSet<PathBuf>) -> bool {
        let now = fs::metadata(&path).ok();
        match (&now, self.directories.get(&path)) {
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
            Some(metadata) if self.files.contains_key(path) || self.is_worth_remembering(metadata) => {
                self.files.insert(path.to_owned(), Stamp::of(metadata));
            }
            Some(_) => {}
            None => {
                self.files.remove(path);
            }
        }
    }

    fn is_worth_remembering(&self, metadata: &Metadata) -> bool {
        self.behind == Behind::Stat && !metadata.is_dir() && self.files.len() < REMEMBERED
    }

    /// Looks at everything; watches what is new; returns what differs from the last look.
    fn scan(&mut self) -> BTreeSet<PathBuf> {
        let Self { roots, behind, watcher, directories: known, limit, .. } = self;
        let mut directories: HashMap<PathBuf, Option<Identity>> = HashMap::new();
        let mut files: HashMap<PathBuf, Stamp> = HashMap::new();
        let mut seen = BTreeSet::new();
        let mut refused: Option<notify::Error> = None;
        let mut left_out: Option<PathBuf> = None;
        let mut deep = 0;
        let mut meet = |path: &Path, metadata: &Metadata| {
            let identity = Some(identity(metadata));
            if known.get(path) != Some(&identity) && refused.is_none() {
                refused = watch_directory(watcher, path).err();
            }
            directories.insert(path.to_owned(), identity);
        };
        let mut outside = Vec::new();
        for (root, reach) in roots.ordered() {
            if !root.is_dir() {
                outside.push(root);
                continue;
            }
            let mut enter = |path: &Path, metadata: &Metadata| {
                deep += usize::from(reach == Reach::Deep);
                if deep > *limit && reach == Reach::Deep {
                    left_out.get_or_insert_with(|| root.to_owned());
                } else {
                    meet(path, metadata);
                }
            };
            match behind {
                Behind::Nothing => walk_directories(root, reach == Reach::Deep, &mut seen, &mut enter),
                Behind::Stat => walk(root, reach == Reach::Deep, &mut seen, &mut |found| match found {
                    Found::Directory(path, metadata) => enter(path, metadata),
                    Found::File(path, metadata) => {
                        if files.len() < REMEMBERED {
                            files.insert(path.to_owned(), Stamp::of(metadata));
                        }
                    }
                }),
            }
        }
        for root in outside {
            // A file, or nothing yet: what can be watched is the nearest directory above.
            let above = root.ancestors().skip(1).find_map(|dir| fs::metadata(dir).ok().map(|found| (dir, found)));
            if let Some((directory, metadata)) = above.filter(|(_, metadata)| metadata.is_dir()) {
                meet(directory, &metadata);
            }
            if let Ok(metadata) = fs::metadata(root) {
                files.insert(root.to_owned(), Stamp::of(&metadata));
            }
        }
        if let Some(watcher) = watcher {
            for gone in known.keys().filter(|path| !directories.contains_key(*path)) {
                // The system may have dropped the watch with the directory.
                let _ = watcher.unwatch(gone);
            }
        }
        let mut changed = differing(&self.files, &files);
        match self.behind {
            // The files in it tell.
            Behind::Stat => {}
            Behind::Nothing => {
                let differing = differing(&self.directories, &directories);
                changed.extend(differing.into_iter().filter(|path| self.roots.concern(path)));
            }
        }
        self.directories = directories;
        self.files = files;
        if let Some(error) = refused {
            self.refuse(&error);
        }
        let left_out = left_out.map(|root| self.describe_limit(&root));
        lock(&self.shared.faults).left_out = left_out;
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

/// Paths of which two looks say something different.
fn differing<T: PartialEq>(before: &HashMap<PathBuf, T>, now: &HashMap<PathBuf, T>) -> BTreeSet<PathBuf> {
    let new = now.iter().filter(|(path, what)| before.get(*path) != Some(what)).map(|(path, _)| path);
    let gone = before.keys().filter(|path| !now.contains_key(*path));
    new.chain(gone).cloned().collect()
}

/// Adds one directory. A directory that is gone by now, or may not be read, is no reason to give up watching.
fn watch_directory(watcher: &mut Option<RecommendedWatcher>, path: &Path) -> Result<(), notify::Error> {
    let Some(watcher) = watcher else { return Ok(()) };
    match watcher.watch(path, RecursiveMode::NonRecursive) {
        Err(error) if is_exhausted(&error) => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn is_exhausted(error: &notify::Error) -> bool {
    match &error.kind {
        notify::ErrorKind::MaxFilesWatch => true,
        notify::ErrorKind::Io(io) => matches!(io.raw_os_error(), Some(libc::ENOSPC | libc::EMFILE | libc::ENFILE)),
        _ => false,
    }
}

/// Runs on the watcher's own thread: never waits, and drops what nobody asked for (files being opened and read; else
/// every look would cause the next one).
fn pass_on(event: Result<notify::Event, notify::Error>, sender: &SyncSender<Message>, shared: &Shared) {
    let message = match event {
        Ok(event) if event.need_rescan() => {
            shared.overflow.store(true, Ordering::Release);
            Message::Look
        }
        Ok(notify::Event { kind: EventKind::Access(kind), .. }) if kind != AccessKind::Close(AccessMode::Write) => {
            return;
        }
        Ok(notify::Event {
            kind: EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(RenameMode::From)),
            paths,
            ..
        }) => Message::Left(paths),
        Ok(event) => Message::Touched(event.paths),
        Err(error) if is_exhausted(&error) => Message::Refused(error),
        Err(_) => {
            shared.overflow.store(true, Ordering::Release);
            Message::Look
        }
    };
    if let Err(TrySendError::Full(_)) = sender.try_send(message) {
        shared.overflow.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests;
