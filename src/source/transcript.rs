//! The transcript that is open: pages of it on request, and what is appended to it.
//!
//! The file is the buffer. Nothing is indexed and nothing kept but the place that was read to; a slow screen makes the
//! reading wait.

pub(crate) mod cursor;
pub(crate) mod lines;

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::mailbox::Outbox;
use super::watch::{Behind, Root, Watch};
use crate::domain::fault::Fault;
use crate::domain::transcript::{Body, Entry, parse_line, parse_plain};
use crate::event::{Event, Page, PageRequest, TranscriptChange, TranscriptNews};
use cursor::{Cursor, Fate, open};
use lines::{Limits, Line};

/// Records of one page.
const PAGE: Limits = Limits { lines: 200, bytes: 512 * 1024 };

/// Records of one message about appended ones.
const BATCH: Limits = Limits { lines: 512, bytes: 256 * 1024 };

/// Page requests that may wait; of more the oldest are dropped, they are of no use by then.
const REQUESTS: usize = 8;

/// A transcript must stay open this long to be watched: with a key held down one passes over many.
const SETTLE: Duration = Duration::from_millis(30);

/// The handle of the task that reads the open transcript. Its calls never wait.
#[derive(Debug)]
pub struct TranscriptReader {
    wanted: watch::Sender<Option<Wanted>>,
    requests: Arc<Requests>,
}

/// The transcript that is to be followed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    path: PathBuf,
    generation: u64,
}

/// Page requests that wait.
#[derive(Debug, Default)]
struct Requests {
    queue: Mutex<VecDeque<(u64, PageRequest)>>,
    added: Notify,
}

impl Requests {
    fn push(&self, generation: u64, request: PageRequest) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if !queue.contains(&(generation, request)) {
            queue.push_back((generation, request));
        }
        if queue.len() > REQUESTS {
            queue.pop_front();
        }
        self.added.notify_one();
    }

    /// The next request of a generation; those of others are dropped.
    fn pop(&self, generation: u64) -> Option<PageRequest> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.retain(|(of, _)| *of == generation);
        queue.pop_front().map(|(_, request)| request)
    }
}

impl TranscriptReader {
    /// Starts the task; it ends with `cancel` or when the loop is gone.
    pub fn spawn(outbox: Outbox, cancel: CancellationToken) -> Self {
        let (wanted, receiver) = watch::channel(None);
        let requests = Arc::new(Requests::default());
        tokio::spawn(run(receiver, Arc::clone(&requests), outbox, cancel));
        Self { wanted, requests }
    }

    /// Follows this file in place of the one before. Answers with its last page, then with what is appended.
    pub fn open(&self, path: PathBuf, generation: u64) {
        self.wanted.send_replace(Some(Wanted { path, generation }));
    }

    /// Follows no file.
    pub fn close(&self) {
        self.wanted.send_replace(None);
    }

    /// Asks for a page of the open file; a request of an older generation has no answer.
    pub fn load(&self, generation: u64, request: PageRequest) {
        self.requests.push(generation, request);
    }
}

async fn run(
    mut wanted: watch::Receiver<Option<Wanted>>,
    requests: Arc<Requests>,
    outbox: Outbox,
    cancel: CancellationToken,
) {
    loop {
        let current = wanted.borrow_and_update().clone();
        let following = async {
            match current {
                Some(Wanted { path, generation }) => {
                    Follower { path, generation, outbox: &outbox, requests: &requests, cursor: None, fault: None }
                        .follow()
                        .await;
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            // In this order: of a file that is no longer wanted nothing more is told.
            biased;
            () = cancel.cancelled() => return,
            changed = wanted.changed() => if changed.is_err() { return },
            () = following => return,
        }
    }
}

/// Follows one file; dropped when another is wanted.
struct Follower<'a> {
    path: PathBuf,
    generation: u64,
    outbox: &'a Outbox,
    requests: &'a Requests,
    cursor: Option<Cursor>,
    /// The fault told last, so that it is told once.
    fault: Option<Fault>,
}

impl Follower<'_> {
    /// Returns when the loop is gone.
    async fn follow(mut self) {
        if !self.look().await {
            return;
        }
        tokio::time::sleep(SETTLE).await;
        let mut watch = Watch::new([Root::flat(&self.path)], Behind::Stat);
        loop {
            tokio::select! {
                _ = watch.changed() => if !self.look().await { return },
                () = self.requests.added.notified() => {
                    while let Some(request) = self.requests.pop(self.generation) {
                        if !self.page(request).await {
                            return;
                        }
                    }
                }
            }
        }
    }

    /// Tells what changed since the last look. False when nobody listens any more.
    async fn look(&mut self) -> bool {
        loop {
            // A look that fails leaves the place as it was.
            let (path, cursor) = (self.path.clone(), self.cursor.clone());
            let look = blocking(move || look(&path, cursor)).await;
            let change = match look {
                Ok(Look::Nothing(cursor)) => {
                    self.cursor = Some(cursor);
                    return true;
                }
                Ok(Look::Opened(page, cursor)) => {
                    (self.cursor, self.fault) = (Some(cursor), None);
                    TranscriptChange::Page(page)
                }
                Ok(Look::Appended(entries, cursor)) => {
                    let end = cursor.end;
                    self.cursor = Some(cursor);
                    TranscriptChange::Appended { entries, end }
                }
                Ok(Look::Lost(why)) => {
                    self.cursor = None;
                    TranscriptChange::Reset { why: why.to_owned() }
                }
                Err(error) => return self.tell_fault(&error).await,
            };
            let more = !matches!(change, TranscriptChange::Page(_));
            if !self.send(change).await {
                return false;
            }
            if !more {
                return true;
            }
        }
    }

    /// Answers one request. A file that has changed under it is told of first, and voids the request.
    async fn page(&mut self, request: PageRequest) -> bool {
        let Some(cursor) = self.cursor.clone() else { return true };
        let path = self.path.clone();
        match blocking(move || page_of(&path, cursor, request)).await {
            Ok(Some(page)) => self.send(TranscriptChange::Page(page)).await,
            Ok(None) => self.look().await,
            Err(error) => self.tell_fault(&error).await,
        }
    }

    async fn tell_fault(&mut self, error: &io::Error) -> bool {
        let remedy = match error.kind() {
            io::ErrorKind::NotFound => "it appears here when it is written",
            io::ErrorKind::PermissionDenied => "make it readable for yourself (chmod u+r)",
            _ => "R tries again",
        };
        let fault = Fault::new("reading", self.path.display(), error, remedy);
        if self.fault.as_ref() == Some(&fault) {
            return true;
        }
        self.fault = Some(fault.clone());
        self.send(TranscriptChange::Fault(fault)).await
    }

    async fn send(&self, what: TranscriptChange) -> bool {
        self.outbox.send(Event::Transcript(TranscriptNews { generation: self.generation, what })).await
    }
}

/// Runs what reads files off the async threads.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

/// What a look at the file found.
#[derive(Debug)]
enum Look {
    Nothing(Cursor),
    Opened(Page, Cursor),
    Appended(Vec<Entry>, Cursor),
    Lost(&'static str),
}

/// How the lines of a file are read: one record each, or as they stand.
type Parse = fn(u64, &[u8]) -> Vec<Entry>;

fn parser(path: &Path) -> Parse {
    if path.extension().is_some_and(|extension| extension == "jsonl") { parse_line } else { parse_plain }
}

fn look(path: &Path, cursor: Option<Cursor>) -> io::Result<Look> {
    let opened = open(path);
    let Some(mut cursor) = cursor else {
        let file = opened?;
        let size = file.metadata()?.len();
        let end = lines::complete(&file, 0, 0, size)?;
        let cursor = Cursor::at(&file, end)?;
        let start = lines::backward(&file, end, PAGE)?;
        let (entries, end) = entries(&file, start, end, Limits::NONE, parser(path))?;
        return Ok(Look::Opened(Page { request: PageRequest::End, entries, start, end, size }, cursor));
    };
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Look::Lost("the file was deleted")),
        Err(error) => return Err(error),
    };
    match cursor.look(&file)? {
        Fate::Lost(why) => Ok(Look::Lost(why)),
        Fate::Same(end) if end == cursor.end => Ok(Look::Nothing(cursor)),
        Fate::Same(end) => {
            let mut entries = Vec::new();
            cursor.read(&file, end, BATCH, |at, line| push_entries(&mut entries, at, line, parser(path)))?;
            Ok(Look::Appended(entries, cursor))
        }
    }
}

/// One page, or `None` when the file is not the one that the cursor knows.
fn page_of(path: &Path, mut cursor: Cursor, request: PageRequest) -> io::Result<Option<Page>> {
    let file = match open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if matches!(cursor.look(&file)?, Fate::Lost(_)) {
        return Ok(None);
    }
    let size = file.metadata()?.len();
    // Nothing behind what was told as appended: it will be.
    let known = cursor.end;
    let (start, end, limits) = match request {
        PageRequest::End => (lines::backward(&file, known, PAGE)?, known, Limits::NONE),
        PageRequest::Before(offset) => {
            let end = offset.min(known);
            (lines::backward(&file, end, PAGE)?, end, Limits::NONE)
        }
        PageRequest::Start => (0, known, PAGE),
        PageRequest::From(offset) => (offset.min(known), known, PAGE),
    };
    let (entries, end) = entries(&file, start, end, limits, parser(path))?;
    Ok(Some(Page { request, entries, start, end, size }))
}

fn entries(file: &File, start: u64, end: u64, limits: Limits, parse: Parse) -> io::Result<(Vec<Entry>, u64)> {
    let mut entries = Vec::new();
    let end = lines::forward(file, start, end, limits, |at, line| push_entries(&mut entries, at, line, parse))?;
    Ok((entries, end))
}

fn push_entries(entries: &mut Vec<Entry>, at: u64, line: Line<'_>, parse: Parse) {
    match line {
        Line::Whole(line) => entries.extend(parse(at, line).into_iter().map(Entry::redacted)),
        Line::TooLong(bytes) => {
            let body = Body::Unread { why: format!("longer than {} MiB", lines::LONGEST >> 20), bytes };
            entries.push(Entry { offset: at, at: None, sidechain: false, body });
        }
    }
}

#[cfg(test)]
mod tests;
