//! Reads single records from where they stand: to quote them with their line, to show them as they are, to reveal what is hidden.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use jiff::Timestamp;
use serde_json::json;

use crate::domain::digest::sha256;
use crate::domain::fault::Fault;
use crate::domain::redact::Redactor;
use crate::domain::transcript::passage::{Form, Passage, uuid};
use crate::domain::transcript::raw::{MARGIN, SHOWN, redacted, unredacted};
use crate::event::{Done, PassageDone, RawRecord, RecordPlace, Revealed};
use crate::source::transcript::store;

use super::clipboard::{Terminal, Tmux, copy_noted};
use super::journal::record;

/// Bytes read at once.
const CHUNK: usize = 256 * 1024;

/// Copies a passage with its source, whose line is counted now.
pub async fn copy_passage(
    passage: Passage,
    form: Form,
    tmux: Option<&Tmux>,
    terminal: Option<Terminal<'_>>,
    state_dir: &Path,
    now: Timestamp,
    redactor: &Redactor,
) -> Done {
    let cited = off_thread("quoting", passage.file.clone(), move |file, on| cite_from(file, on, &passage, form));
    let text = match cited.await {
        Ok(text) => text,
        Err(fault) => return Done::Passage(Err(fault)),
    };
    let copied = copy_noted(&text, form.name(), tmux, terminal, state_dir, now, redactor).await;
    let (lines, bytes) = (text.lines().count(), text.len());
    Done::Passage(copied.map(|copy| PassageDone { form, lines, bytes, copy }))
}

/// A passage as a quote with its source, whose line is counted now. Blocks.
pub(super) fn cite(passage: &Passage) -> Result<String, Fault> {
    let path = &passage.file;
    let stored = store::open(path, store::format_of(path)).map_err(|error| unreadable(path, &error))?;
    cite_from(&stored.lines, path, passage, Form::Quote)
}

fn cite_from(file: &File, on: &Path, passage: &Passage, form: Form) -> Result<String, Fault> {
    let line = line_number(file, passage.offset).map_err(|error| unreadable(on, &error))?;
    let head = head(file, passage.offset).map_err(|error| unreadable(on, &error))?;
    Ok(passage.cited(form, line, uuid(&head.bytes).as_deref()))
}

/// Reads a record and hides its secrets.
pub async fn read(place: RecordPlace, redactor: &Redactor) -> Done {
    let (offset, redactor) = (place.offset, redactor.clone());
    let read = off_thread("reading", place.file.clone(), move |file, on| {
        Ok(hidden(&head(file, offset).map_err(|error| unreadable(on, &error))?, &redactor))
    });
    Done::Record(place, read.await)
}

/// Notes in the journal that a record is revealed, then hands out its text. Without the note there is no text; nor is there one
/// of another record than the one that `digest` names.
pub async fn reveal(place: RecordPlace, digest: String, state_dir: &Path, now: Timestamp, redactor: &Redactor) -> Done {
    let outcome = revealed(&place, digest, state_dir, now, redactor).await;
    Done::Revealed(place, outcome)
}

async fn revealed(
    place: &RecordPlace,
    digest: String,
    state_dir: &Path,
    now: Timestamp,
    redactor: &Redactor,
) -> Result<Revealed, Fault> {
    let offset = place.offset;
    let (head, line) = off_thread("revealing", place.file.clone(), move |file, on| {
        let line = line_number(file, offset).map_err(|error| unreadable(on, &error))?;
        let head = head(file, offset).map_err(|error| unreadable(on, &error))?;
        if sha256(&head.bytes) != digest {
            let why = "the record is not the one any more that was asked about";
            return Err(Fault::new("revealing", on.display(), why, "open it again"));
        }
        Ok((head, line))
    })
    .await?;
    let secrets = redacted(&head.bytes, head.length, redactor).hidden;
    let body = json!({"file": place.file.display().to_string(), "line": line, "offset": offset, "secrets": secrets});
    record(state_dir, now, "reveal", body, redactor).await?;
    Ok(Revealed::new(unredacted(&head.bytes, head.length)))
}

fn hidden(head: &Head, redactor: &Redactor) -> RawRecord {
    let readable = redacted(&head.bytes, head.length, redactor);
    RawRecord { text: readable.text, hidden: readable.hidden, bytes: head.length, digest: sha256(&head.bytes) }
}

/// Opens a file and works on it off the runtime's own threads.
async fn off_thread<T: Send + 'static>(
    doing: &'static str,
    path: std::path::PathBuf,
    work: impl FnOnce(&File, &Path) -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    let on = path.clone();
    let work = move || {
        let stored = store::open(&path, store::format_of(&path)).map_err(|error| unreadable(&path, &error))?;
        work(&stored.lines, &path)
    };
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Fault::new(doing, on.display(), error, "")))
}

fn unreadable(path: &Path, error: &io::Error) -> Fault {
    let remedy = match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => "R looks again",
        io::ErrorKind::NotFound => "it is gone; choose another agent",
        _ => "check the file's permissions",
    };
    Fault::new("reading a record of", path.display(), error, remedy)
}

/// The beginning of a record, and how long it is.
struct Head {
    bytes: Vec<u8>,
    length: u64,
}

/// Reads the line that begins at `offset`. No more of it is kept than is ever shown.
fn head(file: &File, offset: u64) -> io::Result<Head> {
    begins_a_line(file, offset)?;
    let mut bytes = Vec::new();
    let mut length = 0;
    each_chunk(file, offset, u64::MAX, |chunk| {
        let end = memchr::memchr(b'\n', chunk);
        let part = &chunk[..end.unwrap_or(chunk.len())];
        length += part.len() as u64;
        bytes.extend_from_slice(&part[..part.len().min(SHOWN + MARGIN - bytes.len())]);
        end.is_none()
    })?;
    if length == 0 {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "there is no record any more"));
    }
    if bytes.ends_with(b"\r") {
        bytes.pop();
    }
    Ok(Head { bytes, length })
}

/// The number of the line that begins at `offset`, from 1. Reads all that stands before it, and keeps none of it.
pub(super) fn line_number(file: &File, offset: u64) -> io::Result<u64> {
    begins_a_line(file, offset)?;
    let mut newlines = 0;
    each_chunk(file, 0, offset, |chunk| {
        newlines += memchr::memchr_iter(b'\n', chunk).count() as u64;
        true
    })?;
    Ok(newlines + 1)
}

fn begins_a_line(file: &File, offset: u64) -> io::Result<()> {
    let mut before = [b'\n'];
    if offset > 0 {
        file.read_exact_at(&mut before, offset - 1)?;
    }
    if before == [b'\n'] {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::InvalidData, "the file has changed: no record begins there any more"))
}

/// Calls `each` with what stands between two offsets, piece by piece, until it has enough.
fn each_chunk(file: &File, from: u64, to: u64, mut each: impl FnMut(&[u8]) -> bool) -> io::Result<()> {
    let mut buffer = vec![0; CHUNK];
    let mut at = from;
    while at < to {
        let most = usize::try_from(to - at).unwrap_or(CHUNK).min(CHUNK);
        match file.read_at(&mut buffer[..most], at) {
            Ok(0) => break,
            Ok(read) => {
                at += read as u64;
                if !each(&buffer[..read]) {
                    break;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
