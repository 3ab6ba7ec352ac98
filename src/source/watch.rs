//! Watching files and directories: events where the system gives them, polling where it does not.
//!
//! Events can be lost (a file written right after its directory was made, a full queue, a network file system), so a look
//! at sizes and times now and then stands behind them, the rarer the longer events were enough. Nothing is read but
//! directories and metadata.

pub mod walk;
mod worker;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::domain::fault::Fault;
use worker::{Message, Worker};

/// How often sizes and times are looked at while events arrive: after a look that found what they had not told…
const RESCAN: Duration = Duration::from_secs(10);

/// …and when looks have found nothing for a while.
const RESCAN_AT_LAST: Duration = Duration::from_secs(60);

/// How often they are looked at where no events can be had.
const POLL: Duration = Duration::from_secs(2);

/// Events that may wait for the worker; when more come it looks at everything instead.
const QUEUE: usize = 1024;

/// Paths that may wait for [`Watch::changed`]; when more come the roots stand for them.
const PENDING: usize = 10_000;

/// Watches paths until it is dropped.
#[derive(Debug)]
pub struct Watch {
    shared: Arc<Shared>,
    messages: SyncSender<Message>,
}

/// What the worker and its owner share.
#[derive(Debug, Default)]
struct Shared {
    changed: Mutex<BTreeSet<PathBuf>>,
    news: Notify,
    fault: OnceLock<Fault>,
    stop: AtomicBool,
    /// Events were dropped, so everything has to be looked at.
    overflow: AtomicBool,
}

impl Shared {
    fn report(&self, roots: &[PathBuf], paths: impl IntoIterator<Item = PathBuf>) {
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        changed.extend(paths);
        if changed.len() > PENDING {
            changed.clear();
            changed.extend(roots.iter().cloned());
        }
        if !changed.is_empty() {
            self.news.notify_one();
        }
    }

    fn take(&self) -> Vec<PathBuf> {
        std::mem::take(&mut *self.changed.lock().unwrap_or_else(PoisonError::into_inner)).into_iter().collect()
    }
}

impl Watch {
    /// Begins to watch files and directories, which need not exist yet. Returns at once; the work is done on a thread.
    ///
    /// A file is watched through its directory, so that it may be replaced. With `recursive` directories are watched to
    /// their depth, links included, each directory once; new ones are added, and what is in them by then is reported.
    pub fn new(paths: &[PathBuf], recursive: bool) -> Self {
        Self::start(paths, recursive, true)
    }

    fn start(paths: &[PathBuf], recursive: bool, events: bool) -> Self {
        let shared = Arc::new(Shared::default());
        let (messages, inbox) = sync_channel(QUEUE);
        let worker = Worker::new(paths.to_vec(), recursive, Arc::clone(&shared));
        let sender = messages.clone();
        let spawned = std::thread::Builder::new().name("watch".to_owned()).spawn(move || {
            worker.run(&inbox, events.then_some(sender));
        });
        if let Err(error) = spawned {
            let on = paths.first().map(|path| path.display().to_string()).unwrap_or_default();
            let _ = shared.fault.set(Fault::new("watching", on, error, "raise the limit on processes (ulimit -u)"));
        }
        Self { shared, messages }
    }

    /// Waits until something changed and returns what: files that were made, written or removed, in the order of their
    /// names. A path of a directory means that anything below it may have changed.
    ///
    /// The first answer is the watched paths themselves, as soon as they are watched: what happened before was not seen.
    /// A burst of events is one answer. May be cancelled without losing anything.
    pub async fn changed(&mut self) -> Vec<PathBuf> {
        loop {
            let paths = self.shared.take();
            if !paths.is_empty() {
                return paths;
            }
            self.shared.news.notified().await;
        }
    }

    /// Why events could not be had and polling took their place, if so.
    pub fn fault(&self) -> Option<&Fault> {
        self.shared.fault.get()
    }

    /// Looks at everything now, whatever events say.
    pub fn rescan(&self) {
        self.shared.overflow.store(true, Ordering::Release);
        // When the queue is full the worker is awake and finds the mark.
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
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::io::Write;
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    use super::Watch;

    /// Collects what is reported until all of `wanted` was.
    async fn see(watch: &mut Watch, wanted: &[&Path]) {
        let mut missing: BTreeSet<PathBuf> = wanted.iter().map(|path| (*path).to_owned()).collect();
        while !missing.is_empty() {
            let Ok(changed) = tokio::time::timeout(Duration::from_secs(20), watch.changed()).await else {
                panic!("not reported: {missing:?}");
            };
            for path in changed {
                missing.remove(&path);
            }
        }
    }

    async fn begin(path: &Path, recursive: bool) -> Watch {
        let mut watch = Watch::new(&[path.to_owned()], recursive);
        see(&mut watch, &[path]).await;
        watch
    }

    fn append(path: &Path, text: &str) {
        fs::OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
    }

    #[tokio::test]
    async fn appending_and_removing_are_reported() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("a.jsonl");
        append(&file, "one\n");
        let mut watch = begin(root.path(), true).await;
        append(&file, "two\n");
        see(&mut watch, &[&file]).await;
        fs::remove_file(&file).unwrap();
        see(&mut watch, &[&file]).await;
        assert!(watch.fault().is_none());
    }

    #[tokio::test]
    async fn files_written_right_after_their_directories_are_reported() {
        let root = tempfile::tempdir().unwrap();
        let mut watch = begin(root.path(), true).await;
        let files: Vec<_> = (0..40).map(|n| root.path().join(format!("{n}/subagents/agent-{n}.jsonl"))).collect();
        for file in &files {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            append(file, "one\n");
        }
        let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
        see(&mut watch, &files).await;
        append(files[7], "two\n");
        see(&mut watch, &[files[7]]).await;
    }

    #[tokio::test]
    async fn a_linked_directory_is_watched_through_the_link() {
        let root = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), root.path().join("link")).unwrap();
        let mut watch = begin(root.path(), true).await;
        append(&elsewhere.path().join("a"), "one\n");
        see(&mut watch, &[&root.path().join("link/a")]).await;
    }

    #[tokio::test]
    async fn a_file_that_is_replaced_is_still_watched() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("TASKS.md");
        append(&file, "one\n");
        let mut watch = begin(&file, false).await;
        for n in 0..3 {
            let other = root.path().join("other");
            append(&other, &"x".repeat(n));
            fs::rename(&other, &file).unwrap();
            see(&mut watch, &[&file]).await;
        }
    }

    #[tokio::test]
    async fn what_does_not_exist_yet_is_reported_when_it_appears() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("claude/projects/x/a.jsonl");
        let mut watch = begin(&root.path().join("claude/projects"), true).await;
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        append(&file, "one\n");
        see(&mut watch, &[&file]).await;
        append(&file, "two\n");
        see(&mut watch, &[&file]).await;
    }

    #[tokio::test]
    async fn a_directory_that_is_watched_flatly_reports_its_own_files_only() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("deep")).unwrap();
        let mut watch = begin(root.path(), false).await;
        append(&root.path().join("deep/a"), "one\n");
        append(&root.path().join("b"), "one\n");
        let changed = tokio::time::timeout(Duration::from_secs(20), watch.changed()).await.unwrap();
        assert_eq!(changed, [root.path().join("b")]);
    }

    #[tokio::test]
    async fn polling_sees_the_same() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("new/a");
        let mut watch = Watch::start(&[root.path().to_owned()], true, false);
        see(&mut watch, &[root.path()]).await;
        fs::create_dir(root.path().join("new")).unwrap();
        append(&file, "one\n");
        watch.rescan();
        see(&mut watch, &[&file]).await;
        fs::remove_file(&file).unwrap();
        watch.rescan();
        see(&mut watch, &[&file]).await;
    }

    #[tokio::test]
    async fn waiting_may_be_cancelled_without_losing_anything() {
        let root = tempfile::tempdir().unwrap();
        let mut watch = begin(root.path(), true).await;
        {
            let mut waiting = std::pin::pin!(watch.changed());
            assert!(futures::poll!(waiting.as_mut()).is_pending());
        }
        append(&root.path().join("a"), "one\n");
        see(&mut watch, &[&root.path().join("a")]).await;
    }
}
