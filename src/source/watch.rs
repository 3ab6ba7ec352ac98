//! Watching files and directories: events where the system gives them, polling where it does not.
//!
//! The only place that knows of `notify`. Nothing is read but directories and metadata.

mod events;
mod look;
mod root;
pub mod walk;
mod worker;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

use crate::domain::fault::Fault;
use events::Message;
pub use root::Root;
use root::Roots;
use worker::Worker;

/// Events that may wait for the worker; when more come it looks at everything instead.
const QUEUE: usize = 1024;

/// Paths that may wait for [`Watch::changed`]; when more come the roots stand for them.
const PENDING: usize = 4_096;

/// What stands behind the events, which may be lost: a file written right after its directory was made, a full queue, a
/// network file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behind {
    /// A look at the sizes and times of all files every 10 s, rarer while looks find nothing new; every 2 s where there are
    /// no events.
    Stat,
    /// Nothing: a working tree is too large to be looked at again and again. A new directory is reported itself, and
    /// stands for what is in it by then; where there are no events, the roots are reported every 10 s.
    Nothing,
}

/// Watches paths until it is dropped.
///
/// A file is watched through its directory, so that it may be replaced; what does not exist yet through the nearest
/// directory above. Directories of deep roots are watched each once, links included; new ones are added.
#[derive(Debug)]
pub struct Watch {
    roots: Roots,
    shared: Arc<Shared>,
    messages: SyncSender<Message>,
}

/// What the worker and its owner share.
#[derive(Debug, Default)]
struct Shared {
    changed: Mutex<BTreeSet<PathBuf>>,
    news: Notify,
    wanted: Mutex<Option<Wanted>>,
    faults: Mutex<Faults>,
    stop: AtomicBool,
    /// Events were dropped, so everything has to be looked at.
    overflow: AtomicBool,
}

/// Other roots, and who waits for them to be watched.
#[derive(Debug)]
struct Wanted {
    roots: Roots,
    watched: oneshot::Sender<()>,
}

#[derive(Debug, Default)]
struct Faults {
    /// Events cannot be had.
    refused: Option<Fault>,
    /// Some directories are not watched.
    left_out: Option<Fault>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn report(&self, roots: &Roots, paths: impl IntoIterator<Item = PathBuf>) {
        let mut changed = lock(&self.changed);
        changed.extend(paths);
        if changed.len() > PENDING.max(roots.len()) {
            changed.clear();
            changed.extend(roots.paths().cloned());
        }
        if !changed.is_empty() {
            self.news.notify_one();
        }
    }

    fn take(&self) -> Vec<PathBuf> {
        std::mem::take(&mut *lock(&self.changed)).into_iter().collect()
    }
}

impl Watch {
    /// Begins to watch. Returns at once; the work is done on a thread.
    pub fn new(roots: impl IntoIterator<Item = Root>, behind: Behind) -> Self {
        Self::start(roots.into_iter().collect(), behind, true)
    }

    fn start(roots: Roots, behind: Behind, events: bool) -> Self {
        let shared = Arc::new(Shared::default());
        let (messages, inbox) = sync_channel(QUEUE);
        let worker = Worker::new(roots.clone(), behind, Arc::clone(&shared), events.then(|| messages.clone()));
        let spawned = std::thread::Builder::new().name("watch".to_owned()).spawn(move || worker.run(&inbox));
        if let Err(error) = spawned {
            let on = roots.paths().next().map(|path| path.display().to_string()).unwrap_or_default();
            let remedy = "press R to look again; raise the limit on processes (ulimit -u)";
            lock(&shared.faults).refused = Some(Fault::new("watching", on, error, remedy));
            shared.report(&roots, roots.paths().cloned());
        }
        Self { roots, shared, messages }
    }

    /// Watches these instead, and returns when they are watched: what happened before was not seen. False when they were
    /// watched already.
    pub async fn follow(&mut self, roots: impl IntoIterator<Item = Root>) -> bool {
        let roots: Roots = roots.into_iter().collect();
        if roots == self.roots {
            return false;
        }
        self.roots = roots.clone();
        let (watched, done) = oneshot::channel();
        *lock(&self.shared.wanted) = Some(Wanted { roots, watched });
        if let Err(TrySendError::Disconnected(_)) = self.messages.try_send(Message::Look) {
            lock(&self.shared.wanted).take();
        }
        // When the queue is full the worker is awake and finds what is wanted; when it is gone, the answer is an error.
        let _ = done.await;
        true
    }

    /// Waits until something changed and returns what: files that were made, written or removed, in the order of their
    /// names. A path of a directory means that anything below it may have changed.
    ///
    /// The first answer is the watched paths themselves, as soon as they are watched: what happened before was not seen.
    /// A burst of events is one answer. Reading is no change. May be cancelled without losing anything.
    pub async fn changed(&mut self) -> Vec<PathBuf> {
        loop {
            let paths = self.shared.take();
            if !paths.is_empty() {
                return paths;
            }
            self.shared.news.notified().await;
        }
    }

    /// Forgets what changed until now, for who is about to look at everything anyway.
    pub fn forget(&mut self) {
        self.shared.take();
    }

    /// Why some changes are noticed late or not at all, if so.
    pub fn fault(&self) -> Option<Fault> {
        let faults = lock(&self.shared.faults);
        faults.refused.as_ref().or(faults.left_out.as_ref()).cloned()
    }

    /// Looks at everything now, whatever events say.
    #[cfg(test)]
    fn rescan(&self) {
        self.shared.overflow.store(true, Ordering::Release);
        let _ = self.messages.try_send(Message::Look);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        let _ = self.messages.try_send(Message::Look);
    }
}

#[cfg(test)]
mod tests;
