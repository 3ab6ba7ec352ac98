//! The thread behind a watch: it turns events into changed paths and looks for itself now and then.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::time::{Duration, Instant, SystemTime};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::walk::{Found, Identity, identity, walk};
use super::{POLL, RESCAN, RESCAN_AT_LAST, Shared};
use crate::domain::fault::Fault;

/// A burst of events ends when none came for this long…
const QUIET: Duration = Duration::from_millis(2);
/// …or when it has lasted this long.
const BURST: Duration = Duration::from_millis(20);

/// Files whose sizes and times are remembered; of more, only events tell.
const REMEMBERED: usize = 50_000;

/// What reaches the worker.
#[derive(Debug)]
pub(super) enum Message {
    /// Something happened to these paths.
    Touched(Vec<PathBuf>),
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

#[derive(Debug)]
pub(super) struct Worker {
    roots: Vec<PathBuf>,
    recursive: bool,
    shared: Arc<Shared>,
    watcher: Option<RecommendedWatcher>,
    directories: HashMap<PathBuf, Identity>,
    files: HashMap<PathBuf, Stamp>,
    /// Looks in a row that found nothing but what events had told.
    idle_looks: u32,
}

impl Worker {
    pub(super) fn new(roots: Vec<PathBuf>, recursive: bool, shared: Arc<Shared>) -> Self {
        let (directories, files) = (HashMap::new(), HashMap::new());
        Self { roots, recursive, shared, watcher: None, directories, files, idle_looks: 0 }
    }

    /// Works until the watch is dropped. Without `events` it polls.
    pub(super) fn run(mut self, inbox: &Receiver<Message>, events: Option<SyncSender<Message>>) {
        if let Some(sender) = events {
            let shared = Arc::clone(&self.shared);
            match notify::recommended_watcher(move |event| pass_on(event, &sender, &shared)) {
                Ok(watcher) => self.watcher = Some(watcher),
                Err(error) => self.refuse(&error),
            }
        }
        self.scan();
        self.shared.report(&self.roots, self.roots.clone());
        let mut next_scan = Instant::now() + self.interval();
        loop {
            let wait = next_scan.saturating_duration_since(Instant::now());
            let first = match inbox.recv_timeout(wait) {
                Ok(message) => Some(message),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            if self.shared.stop.load(Ordering::Acquire) {
                return;
            }
            let mut scan = first.is_none();
            let mut changed = BTreeSet::new();
            if let Some(first) = first {
                let touched = self.gather(first, inbox);
                scan |= self.shared.overflow.swap(false, Ordering::AcqRel);
                for path in touched {
                    scan |= self.touch(path, &mut changed);
                }
            }
            if scan {
                let mut found = self.scan();
                self.idle_looks = if found.is_empty() { self.idle_looks.saturating_add(1) } else { 0 };
                changed.append(&mut found);
                next_scan = Instant::now() + self.interval();
            }
            self.shared.report(&self.roots, changed);
        }
    }

    /// The time until the next look: events that were lost once may be lost again, and where they never are, looking is
    /// work for nothing.
    fn interval(&self) -> Duration {
        match self.watcher {
            Some(_) => (RESCAN * (1 << self.idle_looks.min(3))).min(RESCAN_AT_LAST),
            None => POLL,
        }
    }

    /// The paths of one burst of events.
    fn gather(&mut self, first: Message, inbox: &Receiver<Message>) -> BTreeSet<PathBuf> {
        let begun = Instant::now();
        let mut touched = BTreeSet::new();
        let mut next = Some(first);
        while let Some(message) = next.take() {
            match message {
                Message::Touched(paths) => touched.extend(paths),
                Message::Look => {}
                Message::Refused(error) => self.refuse(&error),
            }
            if begun.elapsed() < BURST {
                next = inbox.recv_timeout(QUIET).ok();
            }
        }
        touched
    }

    /// Takes note of one event. True when directories came or went, so that everything must be looked at.
    fn touch(&mut self, path: PathBuf, changed: &mut BTreeSet<PathBuf>) -> bool {
        let now = fs::metadata(&path).ok();
        match (&now, self.directories.get(&path)) {
            (Some(metadata), known) if metadata.is_dir() => {
                let same = known == Some(&identity(metadata));
                return !same && (self.recursive || self.leads_to_a_root(&path));
            }
            (_, Some(_)) => return true,
            _ => {}
        }
        if self.concerns(&path) {
            self.remember(&path, now.as_ref());
            changed.insert(path);
        }
        false
    }

    fn remember(&mut self, path: &Path, metadata: Option<&Metadata>) {
        match metadata {
            Some(metadata) if self.files.len() < REMEMBERED || self.files.contains_key(path) => {
                self.files.insert(path.to_owned(), Stamp::of(metadata));
            }
            Some(_) => {}
            None => {
                self.files.remove(path);
            }
        }
    }

    fn concerns(&self, path: &Path) -> bool {
        self.roots.iter().any(|root| {
            path == root || if self.recursive { path.starts_with(root) } else { path.parent() == Some(root.as_path()) }
        })
    }

    fn leads_to_a_root(&self, path: &Path) -> bool {
        self.roots.iter().any(|root| root.starts_with(path))
    }

    /// Looks at everything; watches what is new; returns what differs from the last look.
    fn scan(&mut self) -> BTreeSet<PathBuf> {
        let mut directories: HashMap<PathBuf, Identity> = HashMap::new();
        let mut files: HashMap<PathBuf, Stamp> = HashMap::new();
        let mut seen = BTreeSet::new();
        let (inside, outside): (Vec<_>, Vec<_>) = self.roots.iter().cloned().partition(|root| root.is_dir());
        for root in inside {
            let (watcher, known) = (&mut self.watcher, &self.directories);
            let mut refused = None;
            walk(&root, self.recursive, &mut seen, &mut |found| match found {
                Found::Directory(path, id) => {
                    if known.get(path) != Some(&id) {
                        refused = watch_directory(watcher, path).err().or(refused.take());
                    }
                    directories.insert(path.to_owned(), id);
                }
                Found::File(path, metadata) => {
                    if files.len() < REMEMBERED {
                        files.insert(path.to_owned(), Stamp::of(metadata));
                    }
                }
            });
            if let Some(error) = refused {
                self.refuse(&error);
            }
        }
        for root in outside {
            // A file, or nothing yet: what can be watched is the nearest directory above.
            let above = root.ancestors().skip(1).find_map(|dir| fs::metadata(dir).ok().map(|found| (dir, found)));
            if let Some((directory, metadata)) = above.filter(|(_, metadata)| metadata.is_dir()) {
                let id = identity(&metadata);
                if self.directories.get(directory) != Some(&id)
                    && let Err(error) = watch_directory(&mut self.watcher, directory)
                {
                    self.refuse(&error);
                }
                directories.insert(directory.to_owned(), id);
            }
            if let Ok(metadata) = fs::metadata(&root) {
                files.insert(root, Stamp::of(&metadata));
            }
        }
        if let Some(watcher) = &mut self.watcher {
            for gone in self.directories.keys().filter(|path| !directories.contains_key(*path)) {
                // The system may have dropped the watch with the directory.
                let _ = watcher.unwatch(gone);
            }
        }
        let mut changed: BTreeSet<PathBuf> = BTreeSet::new();
        changed
            .extend(files.iter().filter(|(path, stamp)| self.files.get(*path) != Some(stamp)).map(|(p, _)| p.clone()));
        changed.extend(self.files.keys().filter(|path| !files.contains_key(*path)).cloned());
        self.directories = directories;
        self.files = files;
        changed
    }

    /// Notes that events cannot be had (any more) and begins to poll.
    fn refuse(&mut self, error: &notify::Error) {
        let on = error.paths.first().or(self.roots.first()).map(|path| path.display().to_string()).unwrap_or_default();
        let remedy = "polling every 2 s instead; raise fs.inotify.max_user_watches and max_user_instances (sysctl)";
        // The first refusal is the one that explains the others.
        let _ = self.shared.fault.set(Fault::new("watching", on, error, remedy));
        self.watcher = None;
        self.directories.clear();
    }
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

/// Runs on the watcher's own thread: never waits, and drops what nobody asked for (files being opened).
fn pass_on(event: Result<notify::Event, notify::Error>, sender: &SyncSender<Message>, shared: &Shared) {
    let message = match event {
        Ok(event) if event.need_rescan() => {
            shared.overflow.store(true, Ordering::Release);
            Message::Look
        }
        Ok(event) if matches!(event.kind, EventKind::Access(_)) => return,
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
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use super::{Shared, Worker};

    #[test]
    fn looks_become_rarer_while_events_tell_everything() {
        let mut worker = Worker::new(Vec::new(), true, Arc::new(Shared::default()));
        worker.watcher = notify::recommended_watcher(|_| {}).ok();
        let intervals = [0, 1, 2, 3, 400].map(|looks| {
            worker.idle_looks = looks;
            worker.interval().as_secs()
        });
        assert_eq!(intervals, [10, 20, 40, 60, 60]);
    }

    #[test]
    fn when_watches_run_out_polling_takes_over_and_the_fault_says_so() {
        let shared = Arc::new(Shared::default());
        let mut worker = Worker::new(vec![PathBuf::from("/some/where")], true, Arc::clone(&shared));
        worker.watcher = notify::recommended_watcher(|_| {}).ok();
        worker
            .refuse(&notify::Error::new(notify::ErrorKind::MaxFilesWatch).add_path(PathBuf::from("/some/where/deep")));
        assert_eq!(worker.interval(), super::POLL);
        let fault = shared.fault.get().unwrap();
        assert_eq!(fault.on, "/some/where/deep");
        assert!(fault.remedy.contains("max_user_watches"));
    }
}
