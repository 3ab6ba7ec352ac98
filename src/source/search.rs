//! Searches transcripts: every file that was asked for, on two threads, newest first, until it is done or not wanted.
//!
//! A file is read in parts, so that a large one keeps both threads busy. Parts are finished in any order and told in the
//! order of the request, from the end of each file to its beginning: a hit that was told never moves.

mod order;
mod scan;

use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::mailbox::Outbox;
use super::transcript::store;
use crate::domain::fault::Fault;
use crate::domain::redact::Redactor;
use crate::domain::search::{Hit, MOST, SearchFile, SearchRequest, Stage, hits};
use crate::event::Event;
use order::{Finished, InOrder};
use scan::{Block, candidates};

/// Threads that read and look.
const THREADS: usize = 2;

/// Bytes of a part, the unit of work. Small enough for hits to come soon and for little to be done in vain.
const PART: u64 = 4 * 1024 * 1024;

/// Parts that may be finished before they are taken.
const AHEAD: usize = 4;

/// A request must stand this long to be begun: while one types, each key makes another.
const SETTLE: Duration = Duration::from_millis(40);

/// The least time between two messages.
const BATCH: Duration = Duration::from_millis(30);

/// The handle of the task that searches. Its calls never wait.
#[derive(Debug)]
pub struct Searcher {
    wanted: watch::Sender<Option<Arc<SearchRequest>>>,
}

impl Searcher {
    /// Starts the task; it ends with `cancel` or when the loop is gone.
    pub fn spawn(redactor: Redactor, outbox: Outbox, cancel: CancellationToken) -> Self {
        let (wanted, receiver) = watch::channel(None);
        tokio::spawn(run(receiver, redactor, outbox, cancel));
        Self { wanted }
    }

    /// Searches, in place of what is being searched for. Answers with [`Event::Search`].
    pub fn search(&self, request: SearchRequest) {
        self.wanted.send_replace(Some(Arc::new(request)));
    }

    /// Ends the search; nothing more is told of it.
    pub fn stop(&self) {
        self.wanted.send_replace(None);
    }
}

async fn run(
    mut wanted: watch::Receiver<Option<Arc<SearchRequest>>>,
    redactor: Redactor,
    outbox: Outbox,
    cancel: CancellationToken,
) {
    loop {
        let request = wanted.borrow_and_update().clone();
        let searching = async {
            if let Some(request) = request {
                tokio::time::sleep(SETTLE).await;
                search(request, redactor.clone(), &outbox).await;
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            // In this order: of a search that is no longer wanted nothing more is told.
            biased;
            () = cancel.cancelled() => return,
            changed = wanted.changed() => if changed.is_err() { return },
            () = searching => return,
        }
    }
}

/// Tells the threads to stop when nobody waits for them any more.
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A part of a file: the lines that begin in it.
#[derive(Debug)]
struct Part {
    /// Which of the request's files.
    file: usize,
    range: Range<u64>,
    /// Bytes of the file when the search began.
    size: u64,
}

/// What both threads work on.
#[derive(Debug)]
struct Work {
    request: Arc<SearchRequest>,
    redactor: Redactor,
    parts: Vec<Part>,
    /// The next part to be done.
    next: AtomicUsize,
    stop: Arc<AtomicBool>,
}

/// Searches at once and to the end; dropped, it stops within the time that one line takes.
pub async fn search(request: Arc<SearchRequest>, redactor: Redactor, outbox: &Outbox) {
    let stop = Arc::new(AtomicBool::new(false));
    let _guard = StopOnDrop(Arc::clone(&stop));
    let asked = Arc::clone(&request);
    let Ok((parts, faults)) = tokio::task::spawn_blocking(move || divide(&asked.files)).await else { return };
    let mut found = InOrder::new(request.generation, request.files.len(), &parts, faults);
    let work = Arc::new(Work { request, redactor, parts, next: AtomicUsize::new(0), stop });
    let (sender, mut finished) = mpsc::channel(AHEAD);
    for _ in 0..THREADS {
        let (work, sender) = (Arc::clone(&work), sender.clone());
        tokio::task::spawn_blocking(move || work.off(&sender));
    }
    drop(sender);
    let mut due = Instant::now() + BATCH;
    while !found.is_full() {
        tokio::select! {
            part = finished.recv() => match part {
                Some(part) => found.take(part),
                None => break,
            },
            () = sleep_until(due), if found.has_news() => {
                if !outbox.send(Event::Search(found.news(Stage::Running))).await {
                    return;
                }
                due = Instant::now() + BATCH;
            }
        }
    }
    let stage = if found.is_full() { Stage::Full } else { Stage::Done };
    outbox.send(Event::Search(found.news(stage))).await;
}

/// Every file in parts, in the order of the request, each from its end; and the files that cannot be read.
fn divide(files: &[SearchFile]) -> (Vec<Part>, Vec<(usize, Fault)>) {
    let (mut parts, mut faults) = (Vec::new(), Vec::new());
    for (file, SearchFile { path, format, .. }) in files.iter().enumerate() {
        let size = match store::open(path, *format) {
            Ok(stored) => stored.size,
            Err(error) => {
                faults.push((file, fault(path, &error)));
                continue;
            }
        };
        // Lines that are made from a file are made for every part anew.
        let part = if store::is_made(path, *format) { u64::MAX } else { PART };
        let mut end = size;
        loop {
            let start = end.saturating_sub(part);
            parts.push(Part { file, range: start..end, size });
            if start == 0 {
                break;
            }
            end = start;
        }
    }
    (parts, faults)
}

fn fault(path: &Path, error: &io::Error) -> Fault {
    let remedy = match error.kind() {
        io::ErrorKind::NotFound => "",
        io::ErrorKind::PermissionDenied => "make it readable for yourself (chmod u+r)",
        _ => "search again",
    };
    Fault::new("searching", path.display(), error, remedy)
}

impl Work {
    /// Does parts until there are no more or nobody wants them.
    fn off(&self, finished: &mpsc::Sender<Finished>) {
        let mut block = Block::default();
        // A copy has memory of its own for what it learns while it matches.
        let pattern = (*self.request.pattern).clone();
        let mut finder = None;
        while !self.stop.load(Ordering::Relaxed) {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(part) = self.parts.get(index) else { return };
            let Some(file) = self.request.files.get(part.file) else { return };
            let known = finder.take().filter(|(format, _)| *format == file.format);
            let (_, finder) = finder.insert(known.unwrap_or_else(|| (file.format, pattern.finder(file.format))));
            let mut found: VecDeque<Hit> = VecDeque::new();
            let scanned = store::open(&file.path, file.format).and_then(|stored| {
                candidates(
                    &stored.lines,
                    part.range.clone(),
                    part.size,
                    finder,
                    &self.stop,
                    &mut block,
                    |offset, line| {
                        found.extend(hits(&pattern, &file.agent, file.format.entries(offset, line), &self.redactor));
                        found.drain(..found.len().saturating_sub(MOST));
                    },
                )
            });
            let (skipped, fault) = match scanned {
                Ok(skipped) => (skipped, None),
                Err(error) => (0, Some(fault(&file.path, &error))),
            };
            let part = Finished { index, hits: found.into_iter().rev().collect(), skipped, fault };
            if finished.blocking_send(part).is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests;
