//! Changes below given folders, as they are noticed by the operating system.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

/// Changes this close together are told together.
const BURST: Duration = Duration::from_millis(20);
/// Paths kept while nobody asks; further ones add nothing that the kept ones do not say.
const MAX_PENDING: usize = 4_096;

/// Follows folders. Dropping it ends that.
#[derive(Debug)]
pub struct Watch {
    pending: Arc<Pending>,
    _watcher: Option<RecommendedWatcher>,
}

#[derive(Debug, Default)]
struct Pending {
    paths: Mutex<BTreeSet<PathBuf>>,
    filled: Notify,
}

impl Watch {
    /// Begins to follow `paths`, with everything below them when `recursive`. What cannot be followed is left out.
    pub fn new(paths: &[PathBuf], recursive: bool) -> Self {
        let pending = Arc::new(Pending::default());
        let sink = Arc::clone(&pending);
        let handler = move |event: notify::Result<notify::Event>| match event {
            // Reading is no change; else every look would cause the next one.
            Ok(event) if matches!(event.kind, EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write)) =>
                {}
            Ok(event) => sink.put(event.paths),
            Err(error) => sink.put(error.paths),
        };
        let mode = if recursive { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
        let mut watcher = notify::recommended_watcher(handler)
            .inspect_err(|error| tracing::warn!(%error, "changes of files are not noticed"))
            .ok();
        if let Some(watcher) = &mut watcher {
            for path in paths {
                if let Err(error) = watcher.watch(path, mode) {
                    tracing::warn!(path = %path.display(), %error, "changes here are not noticed");
                }
            }
        }
        Self { pending, _watcher: watcher }
    }

    /// Waits for the next changes and returns their paths. Dropping the future loses nothing.
    pub async fn changed(&mut self) -> Vec<PathBuf> {
        loop {
            if !self.pending.lock().is_empty() {
                tokio::time::sleep(BURST).await;
                return std::mem::take(&mut *self.pending.lock()).into_iter().collect();
            }
            self.pending.filled.notified().await;
        }
    }
}

impl Pending {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeSet<PathBuf>> {
        self.paths.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, paths: Vec<PathBuf>) {
        let mut pending = self.lock();
        if pending.len() < MAX_PENDING {
            pending.extend(paths);
        }
        self.filled.notify_one();
    }
}
