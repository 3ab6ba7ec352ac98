//! Changes directly in given folders, by events alone: a working tree is too large to be looked at again and again.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{ErrorKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

use crate::domain::fault::Fault;

/// Changes this close together are told together.
const BURST: Duration = Duration::from_millis(20);
/// Paths that may wait to be told; when more come, the folders stand for them.
const MAX_PENDING: usize = 4_096;

/// Follows folders. Dropping it ends that.
#[derive(Debug)]
pub struct Watch {
    pending: Arc<Pending>,
    fault: Option<Fault>,
    _watcher: Option<RecommendedWatcher>,
}

#[derive(Debug, Default)]
struct Pending {
    folders: Vec<PathBuf>,
    paths: Mutex<BTreeSet<PathBuf>>,
    filled: Notify,
}

impl Watch {
    /// Begins to follow `paths`, with everything below them when `recursive`. What is gone by now is left out.
    pub fn new(paths: &[PathBuf], recursive: bool) -> Self {
        let pending = Arc::new(Pending { folders: paths.to_vec(), ..Pending::default() });
        let sink = Arc::clone(&pending);
        let mut fault = None;
        let mut watcher = notify::recommended_watcher(move |event| sink.take(event))
            .inspect_err(|error| fault = Some(describe(paths.first(), error)))
            .ok();
        let mode = if recursive { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
        for path in paths {
            let Some(watcher) = &mut watcher else { break };
            match watcher.watch(path, mode) {
                Err(error) if is_exhausted(&error) => {
                    fault = Some(describe(Some(path), &error));
                    break;
                }
                Ok(()) | Err(_) => {}
            }
        }
        Self { pending, fault, _watcher: watcher }
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

    /// Why some changes are not noticed, if so.
    pub fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }
}

impl Pending {
    fn lock(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.paths.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, event: notify::Result<notify::Event>) {
        let mut paths = self.lock();
        match event {
            Ok(event) if event.need_rescan() => paths.extend(self.folders.iter().cloned()),
            // Reading is no change; else every look would cause the next one.
            Ok(notify::Event { kind: EventKind::Access(kind), .. }) if kind != AccessKind::Close(AccessMode::Write) => {
                return;
            }
            Ok(event) => paths.extend(event.paths),
            Err(_) => paths.extend(self.folders.iter().cloned()),
        }
        if paths.len() > MAX_PENDING.max(self.folders.len()) {
            paths.clear();
            paths.extend(self.folders.iter().cloned());
        }
        self.filled.notify_one();
    }
}

fn is_exhausted(error: &notify::Error) -> bool {
    match &error.kind {
        ErrorKind::MaxFilesWatch => true,
        ErrorKind::Io(error) => matches!(error.raw_os_error(), Some(libc::ENOSPC | libc::EMFILE | libc::ENFILE)),
        _ => false,
    }
}

fn describe(path: Option<&PathBuf>, error: &notify::Error) -> Fault {
    let on = path.map(|path| path.display().to_string()).unwrap_or_default();
    let remedy = "it is read every 10 s instead; raise fs.inotify.max_user_watches and max_user_instances (sysctl)";
    Fault::new("watching", on, error, remedy)
}

/// Folders to follow, each with what tells it from another folder of the same name.
pub type Followed = BTreeMap<PathBuf, Option<Identity>>;

/// Device, inode and time of birth: an inode alone may be given to the next folder at once.
pub type Identity = (u64, u64, Option<SystemTime>);

/// Follows what `list` names until it names the same again, so that nothing made meanwhile is missed. `None` when
/// `followed` is followed already.
pub fn follow(followed: &mut Followed, mut list: impl FnMut() -> BTreeSet<PathBuf>) -> Option<Watch> {
    /// A tree that changes faster than this is read again anyway, by the events it causes.
    const TRIES: usize = 5;
    let mut watch = None;
    for _ in 0..TRIES {
        let now: Followed = list().into_iter().map(|folder| (folder.clone(), identity(&folder))).collect();
        if now == *followed {
            break;
        }
        let folders: Vec<PathBuf> = now.keys().cloned().collect();
        watch = Some(Watch::new(&folders, false));
        *followed = now;
    }
    watch
}

fn identity(folder: &Path) -> Option<Identity> {
    let metadata = std::fs::metadata(folder).ok()?;
    Some((metadata.dev(), metadata.ino(), metadata.created().ok()))
}

#[cfg(test)]
mod tests {
    use super::{Followed, follow};
    use std::collections::BTreeSet;
    use std::path::PathBuf;
    use std::time::Duration;

    async fn changed(watch: &mut super::Watch) -> Vec<PathBuf> {
        tokio::time::timeout(Duration::from_secs(20), watch.changed()).await.expect("nothing was noticed")
    }

    #[tokio::test]
    async fn a_folder_that_was_made_anew_is_followed_anew() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("a");
        std::fs::create_dir(&folder).unwrap();
        let list = || BTreeSet::from([dir.path().to_owned(), folder.clone()]);
        let mut followed = Followed::new();
        let mut watch = follow(&mut followed, list).unwrap();
        assert!(follow(&mut followed, list).is_none());

        std::fs::remove_dir(&folder).unwrap();
        // Another folder first, so that not even the inode need be the same.
        std::fs::create_dir(dir.path().join("b")).unwrap();
        std::fs::create_dir(&folder).unwrap();
        changed(&mut watch).await;
        let mut watch = follow(&mut followed, list).expect("the new folder is another one");
        std::fs::write(folder.join("file"), "").unwrap();
        assert!(changed(&mut watch).await.contains(&folder.join("file")));
    }

    #[tokio::test]
    async fn reading_is_no_change() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("read"), "x").unwrap();
        let mut watch = follow(&mut Followed::new(), || BTreeSet::from([dir.path().to_owned()])).unwrap();
        std::fs::read(dir.path().join("read")).unwrap();
        std::fs::read_dir(dir.path()).unwrap().count();
        std::fs::write(dir.path().join("written"), "x").unwrap();
        assert_eq!(changed(&mut watch).await, [dir.path().join("written")]);
    }
}
