//! News that files changed: notifications of the system, or a slow clock where there are none.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;
use tokio::time::sleep;

/// How often files that cannot be watched are looked at.
const POLL: Duration = Duration::from_secs(5);
/// Paths that are remembered between two calls; beyond that, only that something changed.
const PATHS: usize = 256;

/// Watches files or folders.
pub(in crate::source) struct Notice {
    roots: Vec<PathBuf>,
    inbox: Arc<Inbox>,
    /// Some root is not watched: there is none, or the system has no watches left.
    polling: bool,
    _watcher: Option<RecommendedWatcher>,
}

#[derive(Default)]
struct Inbox {
    paths: Mutex<BTreeSet<PathBuf>>,
    filled: Notify,
}

impl Notice {
    /// Watches `roots`, with all that is below them if `recursive`. What cannot be watched is polled.
    pub(in crate::source) fn new(roots: &[PathBuf], recursive: bool) -> Self {
        let inbox = Arc::new(Inbox::default());
        let filling = Arc::clone(&inbox);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return };
            if matches!(event.kind, EventKind::Access(_)) {
                return;
            }
            let mut paths = filling.paths.lock().unwrap_or_else(PoisonError::into_inner);
            if paths.len() < PATHS {
                paths.extend(event.paths);
            }
            drop(paths);
            filling.filled.notify_one();
        });
        let mode = if recursive { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
        let mut polling = watcher.is_err();
        let watcher = watcher.ok().map(|mut watcher| {
            for root in roots {
                polling |= watcher.watch(root, mode).is_err();
            }
            watcher
        });
        Self { roots: roots.to_vec(), inbox, polling, _watcher: watcher }
    }

    /// Waits for the next change; the paths that changed, or the roots when they are polled.
    pub(in crate::source) async fn changed(&mut self) -> Vec<PathBuf> {
        loop {
            let paths = std::mem::take(&mut *self.inbox.paths.lock().unwrap_or_else(PoisonError::into_inner));
            if !paths.is_empty() {
                return paths.into_iter().collect();
            }
            tokio::select! {
                () = self.inbox.filled.notified() => {}
                () = sleep(POLL), if self.polling => return self.roots.clone(),
            }
        }
    }
}
