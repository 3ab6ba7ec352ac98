//! Looks through a file for the nearest landmark, block by block, and can be told to leave off at any of them.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::{CancellationToken, DropGuard};

use super::cursor::{Cursor, Fate};
use super::lines::{self, Limits, Line};
use super::store::open_on;
use super::unpack::Shelf;
use super::{blocking, read_fault};
use crate::domain::transcript::format::Format;
use crate::event::{Event, SeekChange, SeekNews, SeekRequest, TranscriptChange, TranscriptNews};
use crate::source::mailbox::Outbox;

/// Lines looked at before it is asked whether anybody still wants to know.
pub(super) const BLOCK: Limits = Limits { lines: usize::MAX, bytes: 4 * 1024 * 1024 };

/// Blocks between two messages about how far it is.
const STRIDE: usize = 8;

/// What is looked through, and for what.
#[derive(Debug, Clone)]
pub(super) struct Seek {
    pub path: PathBuf,
    /// The file as it was when it was asked: nothing behind its end is looked at.
    pub cursor: Cursor,
    pub request: SeekRequest,
    pub format: &'static dyn Format,
    pub shelf: Arc<Shelf>,
    /// How much is looked at at once: [`BLOCK`].
    pub block: Limits,
}

/// Starts looking; ends with its first answer that is one, or when the guard is dropped.
pub(super) fn start(seek: Seek, generation: u64, outbox: Outbox) -> DropGuard {
    let cancel = CancellationToken::new();
    let cancelled = cancel.clone();
    tokio::spawn(async move {
        let request = seek.request;
        let mut at = request.from;
        loop {
            let (next, token) = (seek.clone(), cancelled.clone());
            let what = match blocking(move || next.stride(at, &token)).await {
                Ok(Stride::To(next)) => {
                    at = next;
                    let of = if request.forward { seek.cursor.end.saturating_sub(request.from) } else { request.from };
                    SeekChange::Looked { bytes: at.abs_diff(request.from), of }
                }
                Ok(Stride::End(what)) => what,
                Err(error) => SeekChange::Fault(read_fault(&seek.path, &error)),
            };
            let more = matches!(what, SeekChange::Looked { .. });
            let what = TranscriptChange::Seek(SeekNews { request, what });
            let sent = tokio::select! {
                biased;
                () = cancelled.cancelled() => return,
                sent = outbox.send(Event::Transcript(TranscriptNews { generation, what })) => sent,
            };
            if !more || !sent {
                return;
            }
        }
    });
    cancel.drop_guard()
}

/// How far one stride went.
#[derive(Debug, PartialEq, Eq)]
enum Stride {
    /// To this offset, and nothing was found.
    To(u64),
    /// To the end of the search.
    End(SeekChange),
}

impl Seek {
    fn stride(&self, from: u64, cancel: &CancellationToken) -> io::Result<Stride> {
        let Some(file) = self.file()? else { return Ok(Stride::End(SeekChange::Lost)) };
        let mut at = from;
        for _ in 0..STRIDE {
            if cancel.is_cancelled() {
                return Ok(Stride::To(at));
            }
            let (next, found) = match self.block(&file, at) {
                Ok(looked) => looked,
                // It became shorter under the reading.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Ok(Stride::End(SeekChange::Lost));
                }
                Err(error) => return Err(error),
            };
            if found.is_some() || next == at {
                // What was read counts only if it is still so.
                let what = match (self.file()?, found) {
                    (None, _) => SeekChange::Lost,
                    (Some(_), Some((offset, place))) => SeekChange::Found(offset, place),
                    (Some(_), None) => SeekChange::Nothing,
                };
                return Ok(Stride::End(what));
            }
            at = next;
        }
        Ok(Stride::To(at))
    }

    /// The file, if it is the one that was asked about.
    fn file(&self) -> io::Result<Option<File>> {
        let stored = match open_on(&self.path, self.format, &self.shelf) {
            Ok(stored) => stored,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(matches!(self.cursor.clone().look(&stored)?, Fate::Same(_)).then_some(stored.lines))
    }

    /// Looks at the lines behind `at`, or before it; returns where to go on, and the nearest landmark among them.
    fn block(&self, file: &File, at: u64) -> io::Result<(u64, Option<(u64, usize)>)> {
        let mut found = None;
        if self.request.forward {
            let end = self.cursor.end;
            let next = lines::forward(file, at.min(end), end, self.block, |offset, line| {
                if found.is_none() {
                    found = self.place(offset, line).map(|place| (offset, place));
                }
            })?;
            return Ok((next.max(at), found));
        }
        let start = lines::backward(file, at, self.block)?;
        let end = lines::forward(file, start, at, Limits::NONE, |offset, line| {
            found = self.place(offset, line).map(|place| (offset, place)).or(found);
        })?;
        if end < at { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok((start, found)) }
    }

    /// The place among a line's entries of the landmark that is nearest to where the search came from.
    fn place(&self, offset: u64, line: Line<'_>) -> Option<usize> {
        let SeekRequest { landmark, forward, .. } = self.request;
        if let Line::Whole(line) = line
            && !self.format.may_hold(landmark, line)
        {
            return None;
        }
        let mut entries = Vec::new();
        super::push_unredacted(&mut entries, offset, line, self.format);
        let mut entries = entries.iter();
        if forward {
            entries.position(|entry| landmark.is(entry))
        } else {
            entries.rposition(|entry| landmark.is(entry))
        }
    }
}

#[cfg(test)]
mod tests;
