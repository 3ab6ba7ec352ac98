//! The transcript that is open: pages of it on request, and what is appended to it.
//!
//! The file is the buffer. Nothing is indexed and nothing kept but the place that was read to; a slow screen makes the
//! reading wait.

pub(crate) mod cursor;
pub(crate) mod database;
pub(crate) mod lines;
mod pieces;
mod seek;
pub(crate) mod store;
pub(crate) mod unpack;

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::mailbox::Outbox;
use super::watch::{Behind, Root, Watch};
use crate::domain::fault::Fault;
use crate::domain::redact::Redactor;
use crate::domain::transcript::format::Format;
use crate::domain::transcript::{Body, Entry};
use crate::event::{Event, Page, PageRequest, SeekRequest, TranscriptChange, TranscriptNews};
use cursor::{Cursor, Fate};
use lines::{Limits, Line};
use seek::Seek;
use store::{files, format_of, open_on};
use unpack::Shelf;

/// Records of one page.
const PAGE: Limits = Limits { lines: 200, bytes: 512 * 1024 };

/// Records before a place that is visited, and as many behind it.
const HALF: Limits = Limits { lines: 100, bytes: 256 * 1024 };

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

/// A landmark that is wanted, with the generation of its file; none to leave off.
type Sought = Option<(u64, SeekRequest)>;

/// Page requests that wait.
#[derive(Debug, Default)]
struct Requests {
    queue: Mutex<VecDeque<(u64, PageRequest)>>,
    /// The landmark that is wanted now, if that has changed.
    sought: Mutex<Option<Sought>>,
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

    fn seek(&self, sought: Sought) {
        *self.sought.lock().unwrap_or_else(PoisonError::into_inner) = Some(sought);
        self.added.notify_one();
    }

    fn take_sought(&self) -> Option<Sought> {
        self.sought.lock().unwrap_or_else(PoisonError::into_inner).take()
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

    /// Looks for a landmark of the open file, in place of one that is looked for. Answers with how far it is, and with one
    /// last message.
    pub fn seek(&self, generation: u64, request: SeekRequest) {
        self.requests.seek(Some((generation, request)));
    }

    /// Looks for no landmark any more.
    pub fn end_seek(&self) {
        self.requests.seek(None);
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
                    Follower::new(path, generation, &outbox, &requests).follow().await;
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
    shelf: Arc<Shelf>,
    /// The search for a landmark, which ends when this is dropped.
    seek: Option<DropGuard>,
}

impl<'a> Follower<'a> {
    fn new(path: PathBuf, generation: u64, outbox: &'a Outbox, requests: &'a Requests) -> Self {
        Self { path, generation, outbox, requests, cursor: None, fault: None, shelf: Arc::default(), seek: None }
    }

    /// Returns when the loop is gone.
    async fn follow(mut self) {
        if !self.look().await {
            return;
        }
        tokio::time::sleep(SETTLE).await;
        let mut watch = Watch::new(files(&self.path, format_of(&self.path)).into_iter().map(Root::flat), Behind::Stat);
        loop {
            tokio::select! {
                _ = watch.changed() => if !self.look().await { return },
                () = self.requests.added.notified() => {
                    if let Some(sought) = self.requests.take_sought() {
                        self.seek = sought.and_then(|(generation, request)| self.start_seek(generation, request));
                    }
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
            let (path, cursor, shelf) = (self.path.clone(), self.cursor.clone(), Arc::clone(&self.shelf));
            let redactor = self.outbox.redactor().clone();
            let look = blocking(move || look(&path, cursor, &shelf, &redactor)).await;
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
        let (path, shelf, redactor) = (self.path.clone(), Arc::clone(&self.shelf), self.outbox.redactor().clone());
        match blocking(move || page_of(&path, cursor, request, &shelf, &redactor)).await {
            Ok(Some(page)) => self.send(TranscriptChange::Page(page)).await,
            Ok(None) => self.look().await,
            Err(error) => self.tell_fault(&error).await,
        }
    }

    /// Starts to look for a landmark, unless it is of another file.
    fn start_seek(&self, generation: u64, request: SeekRequest) -> Option<DropGuard> {
        let cursor = self.cursor.clone().filter(|_| generation == self.generation)?;
        let (path, shelf) = (self.path.clone(), Arc::clone(&self.shelf));
        let seek = Seek { format: format_of(&path), path, shelf, cursor, request, block: seek::BLOCK };
        Some(seek::start(seek, generation, self.outbox.clone()))
    }

    async fn tell_fault(&mut self, error: &io::Error) -> bool {
        let fault = read_fault(&self.path, error);
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

fn read_fault(path: &Path, error: &io::Error) -> Fault {
    let remedy = match error.kind() {
        io::ErrorKind::NotFound => "it appears here when it is written",
        io::ErrorKind::FileTooLarge => "unpack it beside itself (zstd -d) to read it",
        io::ErrorKind::PermissionDenied => "make it readable for yourself (chmod u+r)",
        _ => "R tries again",
    };
    Fault::new("reading", path.display(), error, remedy)
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

/// How the lines of a file become entries.
#[derive(Clone, Copy)]
struct Reader<'r> {
    format: &'static dyn Format,
    redactor: &'r Redactor,
}

fn look(path: &Path, cursor: Option<Cursor>, shelf: &Shelf, redactor: &Redactor) -> io::Result<Look> {
    let reader = Reader { format: format_of(path), redactor };
    let opened = open_on(path, reader.format, shelf);
    let Some(mut cursor) = cursor else {
        let stored = opened?;
        let (file, size) = (&stored.lines, stored.size);
        let end = lines::complete(file, 0, 0, size)?;
        let cursor = Cursor::at(&stored, end)?;
        let start = lines::backward(file, end, PAGE)?;
        let (entries, end) = entries(file, start, end, Limits::NONE, reader)?;
        return Ok(Look::Opened(Page { request: PageRequest::End, entries, start, end, size }, cursor));
    };
    let stored = match opened {
        Ok(stored) => stored,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Look::Lost("the file was deleted")),
        Err(error) => return Err(error),
    };
    match cursor.look(&stored)? {
        Fate::Lost(why) => Ok(Look::Lost(why)),
        Fate::Same(end) if end == cursor.end => Ok(Look::Nothing(cursor)),
        Fate::Same(end) => {
            let mut entries = Vec::new();
            cursor.read(&stored.lines, end, BATCH, |at, line| push_entries(&mut entries, at, line, reader))?;
            Ok(Look::Appended(entries, cursor))
        }
    }
}

/// One page, or `None` when the file is not the one that the cursor knows.
fn page_of(
    path: &Path,
    mut cursor: Cursor,
    request: PageRequest,
    shelf: &Shelf,
    redactor: &Redactor,
) -> io::Result<Option<Page>> {
    let reader = Reader { format: format_of(path), redactor };
    let stored = match open_on(path, reader.format, shelf) {
        Ok(stored) => stored,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if matches!(cursor.look(&stored)?, Fate::Lost(_)) {
        return Ok(None);
    }
    let (file, size) = (&stored.lines, stored.size);
    // Nothing behind what was told as appended: it will be.
    let known = cursor.end;
    let (start, end, limits) = match request {
        PageRequest::End => (lines::backward(file, known, PAGE)?, known, Limits::NONE),
        PageRequest::Before(offset) => {
            let end = offset.min(known);
            (lines::backward(file, end, PAGE)?, end, Limits::NONE)
        }
        PageRequest::Start => (0, known, PAGE),
        PageRequest::From(offset) => (offset.min(known), known, PAGE),
        PageRequest::Around(offset) => {
            let offset = offset.min(known);
            let start = lines::backward(file, offset, HALF)?;
            let (mut entries, _) = self::entries(file, start, offset, Limits::NONE, reader)?;
            // The record itself is there however long it is.
            let (behind, end) = self::entries(file, offset, known, HALF, reader)?;
            entries.extend(behind);
            return Ok(Some(Page { request, entries, start, end, size }));
        }
    };
    let (entries, end) = entries(file, start, end, limits, reader)?;
    Ok(Some(Page { request, entries, start, end, size }))
}

fn entries(file: &File, start: u64, end: u64, limits: Limits, reader: Reader<'_>) -> io::Result<(Vec<Entry>, u64)> {
    let mut entries = Vec::new();
    let end = lines::forward(file, start, end, limits, |at, line| push_entries(&mut entries, at, line, reader))?;
    Ok((entries, end))
}

fn push_entries(entries: &mut Vec<Entry>, at: u64, line: Line<'_>, Reader { format, redactor }: Reader<'_>) {
    let from = entries.len();
    push_unredacted(entries, at, line, format);
    let new = entries.split_off(from);
    entries.extend(new.into_iter().map(|entry| entry.redacted(redactor)));
}

/// The entries of a line as they were written: for looking at, not for showing.
fn push_unredacted(entries: &mut Vec<Entry>, at: u64, line: Line<'_>, format: &dyn Format) {
    match line {
        Line::Whole(line) => entries.extend(format.entries(at, line)),
        Line::TooLong(bytes) => {
            let body = Body::Unread { why: format!("longer than {} MiB", lines::LONGEST >> 20), bytes };
            entries.push(Entry { offset: at, at: None, sidechain: false, body });
        }
    }
}

#[cfg(test)]
mod tests;
