//! Board files: read when they change, each with its own faults.

mod files;
mod shelf;

use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch::{Receiver, Sender, channel};
use tokio_util::sync::CancellationToken;

use crate::domain::fault::Fault;
use crate::domain::redact::Redactor;
use crate::event::{BoardNews, Event, SourceId};
use crate::source::Outbox;
use crate::source::watch::{Behind, Root, Watch};

use files::{concerns, is_deep};
pub use shelf::Shelf;

/// News that only says "still so" is sent no more often than this.
const STILL_SO: SignedDuration = SignedDuration::from_secs(30);

/// Asks the worker to look again. When the last one is dropped, the worker ends.
#[derive(Debug, Clone)]
pub struct BoardHandle {
    refreshes: Sender<u64>,
}

impl BoardHandle {
    /// Reads every file again now, and answers even when nothing has changed.
    pub fn refresh(&self) {
        self.refreshes.send_modify(|count| *count = count.wrapping_add(1));
    }
}

/// Reads these files and follows them until cancelled. News goes to the slot [`SourceId::Board`].
///
/// A folder among them stands for the board files directly in it; one of a Backlog.md project for all of its tasks.
pub fn spawn(files: Vec<PathBuf>, outbox: Outbox, cancel: CancellationToken) -> BoardHandle {
    let (sender, requests) = channel(0);
    tokio::spawn(async move {
        cancel.run_until_cancelled(run(files, outbox, requests)).await;
    });
    BoardHandle { refreshes: sender }
}

/// Reads these files once, and hides the secrets in them. Blocks.
pub fn read(files: &[PathBuf], as_of: Timestamp, redactor: &Redactor) -> BoardNews {
    Shelf::default().read(files, as_of, redactor)
}

async fn run(files: Vec<PathBuf>, outbox: Outbox, mut requests: Receiver<u64>) {
    let root = |file: &PathBuf| if is_deep(file) { Root::deep(file) } else { Root::flat(file) };
    let mut watch = Watch::new(files.iter().map(root), Behind::Nothing);
    // The files are watched before they are read, so that nothing changes unnoticed in between.
    if !files.is_empty() {
        watch.changed().await;
    }
    let files: Arc<[PathBuf]> = files.into();
    let mut published: Option<BoardNews> = None;
    let mut shelf = Shelf::default();
    let mut answered = 0;
    loop {
        let asked = *requests.borrow_and_update();
        if asked != answered {
            shelf.clear();
        }
        let (reading, redactor) = (Arc::clone(&files), outbox.redactor().clone());
        let work = move || {
            let news = shelf.read(&reading, Timestamp::now(), &redactor);
            (shelf, news)
        };
        match tokio::task::spawn_blocking(work).await {
            Ok((kept, mut news)) => {
                shelf = kept;
                news.faults.extend(watch.fault());
                if asked != answered || published.as_ref().is_none_or(|last| is_news(last, &news)) {
                    answered = asked;
                    published = Some(news.clone());
                    outbox.post(SourceId::Board, Event::Board(news));
                }
            }
            Err(error) => {
                // It may have taken the place of news that nobody had seen yet.
                published = None;
                shelf = Shelf::default();
                let fault = Fault::new("reading", "the board", error, "press R to try again; the log says more");
                outbox.post(SourceId::Board, Event::SourceFault(SourceId::Board, fault));
            }
        }
        tokio::select! {
            asked = requests.changed() => if asked.is_err() { return },
            changed = next_change(&mut watch, &files) => shelf.forget(changed.iter().map(PathBuf::as_path)),
        }
    }
}

async fn next_change(watch: &mut Watch, files: &[PathBuf]) -> Vec<PathBuf> {
    loop {
        let changed = watch.changed().await;
        if changed.iter().any(|changed| concerns(files, changed)) {
            return changed;
        }
    }
}

fn is_news(last: &BoardNews, now: &BoardNews) -> bool {
    (&last.tasks, &last.files, &last.digests, &last.faults) != (&now.tasks, &now.files, &now.digests, &now.faults)
        || now.as_of.duration_since(last.as_of) >= STILL_SO
}

#[cfg(test)]
mod tests;
