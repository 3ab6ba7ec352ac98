//! Changes a task in its file: a few bytes, all at once or not at all, and only in the file that was read.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::domain::digest::sha256;
use crate::domain::fault::Fault;
use crate::domain::redact::Redactor;
use crate::domain::task::edit::{Change, Edit, edit};
use crate::effect::TaskChange;
use crate::event::{Done, TaskUndo, TaskWritten};

use super::journal;

/// Where changes are noted, and when.
#[derive(Debug, Clone, Copy)]
pub struct Book<'a> {
    /// The session's state folder.
    pub state_dir: &'a Path,
    /// The time.
    pub now: Timestamp,
    /// What hides secrets.
    pub redactor: &'a Redactor,
}

/// Changes a task.
pub async fn change(change: TaskChange, book: Book<'_>) -> Done {
    run(book, move |book| write(&change, book)).await
}

/// Takes a change back.
pub async fn undo(undo: TaskUndo, book: Book<'_>) -> Done {
    run(book, move |book| take_back(&undo, book)).await
}

async fn run(book: Book<'_>, work: impl FnOnce(Book<'_>) -> Result<TaskWritten, Fault> + Send + 'static) -> Done {
    let (state_dir, redactor, now) = (book.state_dir.to_owned(), book.redactor.clone(), book.now);
    let work = move || work(Book { state_dir: &state_dir, now, redactor: &redactor });
    let done = tokio::task::spawn_blocking(work).await;
    Done::Task(done.unwrap_or_else(|error| Err(Fault::new("changing", "a task", error, "the log says more"))))
}

/// Changes a task in its file. Blocks.
fn write(change: &TaskChange, book: Book<'_>) -> Result<TaskWritten, Fault> {
    let TaskChange { digest, task, change } = change;
    let file = &task.origin.file;
    let what = match change {
        Change::Status(status, raw) => {
            format!("{} is {} now", task.title, raw.as_deref().unwrap_or_else(|| status.name()))
        }
        Change::Criterion(number, done) => {
            let text = usize::try_from(*number).ok().and_then(|number| task.boxes.get(number));
            let text = text.map_or_else(String::new, |criterion| criterion.text.clone());
            format!("{text} is {} now", if *done { "ticked" } else { "not ticked" })
        }
    };
    let text = unchanged(file, digest)?;
    let on = format!("{}:{}", file.display(), task.origin.line);
    let edit = edit(file, &text, task, change)
        .map_err(|why| Fault::new("changing the task at", on, why, "change it in the file; the board follows"))?;
    let undo = edit.inverse(&text).ok_or_else(|| refused(file, &"the change does not lie in the file"))?;
    let body = json!({ "task": task.id, "title": task.title, "line": task.origin.line, "what": what });
    let after = put(file, &text, &edit, "task", body, book)?;
    let undo = TaskUndo { file: file.clone(), digest: after.clone(), edit: undo, what: what.clone() };
    Ok(TaskWritten { what, undo: Some(undo), file: file.clone(), digest: after })
}

/// Takes a change back in its file. Blocks.
fn take_back(undo: &TaskUndo, book: Book<'_>) -> Result<TaskWritten, Fault> {
    let TaskUndo { file, digest, edit, what } = undo;
    let text = unchanged(file, digest)?;
    let after = put(file, &text, edit, "task undo", json!({ "what": what }), book)?;
    Ok(TaskWritten { what: format!("taken back: {what}"), undo: None, file: file.clone(), digest: after })
}

fn refused(file: &Path, why: &dyn std::fmt::Display) -> Fault {
    Fault::new("changing", file.display(), why, "change it in the file; the board follows")
}

/// The text of a file, if it is still that with this digest.
fn unchanged(file: &Path, digest: &str) -> Result<String, Fault> {
    let mut bytes = Vec::new();
    File::open(file).and_then(|mut file| file.read_to_end(&mut bytes)).map_err(|error| refused(file, &error))?;
    if sha256(&bytes) != digest {
        let why = "it was changed since it was read";
        return Err(Fault::new("changing", file.display(), why, "look at the board again, then repeat it"));
    }
    String::from_utf8(bytes).map_err(|error| refused(file, &error))
}

/// Notes a change in the journal, then replaces the file; its new digest.
fn put(file: &Path, text: &str, edit: &Edit, kind: &str, mut body: Value, book: Book<'_>) -> Result<String, Fault> {
    let changed = edit.apply(text).ok_or_else(|| refused(file, &"the change does not lie in the file"))?;
    let (before, after) = (sha256(text.as_bytes()), sha256(changed.as_bytes()));
    // Of two workbenches that write at the same time the second waits here, and then finds that the file has changed.
    let held = File::open(file).and_then(|held| held.lock().map(|()| held)).map_err(|error| refused(file, &error))?;
    unchanged(file, &before)?;
    // Made first: what cannot be written is not noted as done.
    let draft = draft(file, changed.as_bytes()).map_err(|error| refused(file, &error))?;
    body["file"] = json!(file.display().to_string());
    body["before_sha256"] = json!(before);
    body["after_sha256"] = json!(after);
    journal::append(book.state_dir, book.now, kind, body, book.redactor)?;
    // Whoever else wrote it meanwhile keeps what they wrote.
    unchanged(file, &before)?;
    draft.persist(real(file)).map_err(|error| refused(file, &error.error))?;
    drop(held);
    Ok(after)
}

/// The file that a path stands for: a link stays one.
fn real(file: &Path) -> std::path::PathBuf {
    std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned())
}

/// The new file beside the old one, on disk, with the old one's owner and permissions.
fn draft(file: &Path, bytes: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    let file = real(file);
    let was = std::fs::metadata(&file)?;
    if was.permissions().readonly() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the file is read-only"));
    }
    let folder = file.parent().ok_or_else(|| io::Error::other("it lies in no folder"))?;
    let mut draft = tempfile::NamedTempFile::new_in(folder)?;
    draft.write_all(bytes)?;
    let is = draft.as_file().metadata()?;
    if (is.uid(), is.gid()) != (was.uid(), was.gid()) {
        fchown(draft.as_file(), Some(was.uid()), Some(was.gid()))?;
    }
    draft.as_file().set_permissions(was.permissions())?;
    draft.as_file().sync_all()?;
    Ok(draft)
}

#[cfg(test)]
mod tests;
