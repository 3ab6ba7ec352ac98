//! The journal's file: one writer at a time, each record on disk before the call returns.

use std::collections::VecDeque;
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::domain::digest::sha256;
use crate::domain::fault::Fault;
use crate::domain::journal::{Broken, Checker, Selection, Summary, Tail, append_line, describe, tail_of};
use crate::domain::redact::Redactor;

/// Bytes read at a time when the file is read from its end.
const CHUNK: u64 = 64 * 1024;
/// Bytes of the file's end in which the last records are looked for.
const FARTHEST: u64 = 64 * 1024 * 1024;

/// The journal of a session.
pub fn file(state_dir: &Path) -> PathBuf {
    state_dir.join("journal.jsonl")
}

/// Makes the session's state folder (or one below it) if it is missing: mode 0700, ignored by git.
pub fn make_state_dir(state_dir: &Path) -> Result<(), Fault> {
    let refused = |error: io::Error| {
        Fault::new("making", state_dir.display(), error, "make the folder writable, or configure another state folder")
    };
    DirBuilder::new().recursive(true).mode(0o700).create(state_dir).map_err(refused)?;
    let mode = state_dir.metadata().map_err(refused)?.permissions().mode();
    if mode & 0o077 != 0 {
        std::fs::set_permissions(state_dir, Permissions::from_mode(0o700)).map_err(refused)?;
    }
    let ignore = state_dir.join(".gitignore");
    match OpenOptions::new().write(true).create_new(true).open(&ignore) {
        Ok(mut file) => file.write_all(b"*\n").map_err(refused),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(refused(error)),
    }
}

/// Appends one record, without secrets, and waits until it is on disk. Blocks while another process writes.
pub fn append(state_dir: &Path, at: Timestamp, kind: &str, mut body: Value, redactor: &Redactor) -> Result<(), Fault> {
    redactor.hide_in(&mut body);
    make_state_dir(state_dir)?;
    let path = file(state_dir);
    let refused = |why: &dyn std::fmt::Display| {
        Fault::new("writing", path.display(), why, "nothing is done that the journal cannot record")
    };
    let mut journal = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW)
        .open(&path)
        .map_err(|error| refused(&error))?;
    journal.lock().map_err(|error| refused(&error))?;
    let (tail, torn) = read_tail(&mut journal).map_err(|error| refused(&error))?.map_err(|why| {
        Fault::new(
            "reading",
            path.display(),
            why,
            "run `hnpwb audit verify`, then move the file aside to begin a new one",
        )
    })?;
    let mut lines = String::new();
    let mut tail = tail;
    if let Some(torn) = torn {
        // The half-written record was never acknowledged; what is left of it is noted before it goes.
        let body = json!({"bytes": torn.len(), "sha256": sha256(&torn)});
        let (line, next) = append_line(tail.as_ref(), at, "repair", body);
        let kept = journal.metadata().map_err(|error| refused(&error))?.len() - torn.len() as u64;
        journal.set_len(kept).map_err(|error| refused(&error))?;
        lines.push_str(&line);
        tail = Some(next);
    }
    lines.push_str(&append_line(tail.as_ref(), at, kind, body).0);
    // One write, so that a reader without the lock sees whole records.
    journal.write_all(lines.as_bytes()).and_then(|()| journal.sync_all()).map_err(|error| refused(&error))
}

/// [`append`], off the runtime's own threads.
pub async fn record(
    state_dir: &Path,
    at: Timestamp,
    kind: &'static str,
    body: Value,
    redactor: &Redactor,
) -> Result<(), Fault> {
    let (state_dir, redactor) = (state_dir.to_owned(), redactor.clone());
    let on = file(&state_dir);
    tokio::task::spawn_blocking(move || append(&state_dir, at, kind, body, &redactor))
        .await
        .unwrap_or_else(|error| Err(Fault::new("writing", on.display(), error, "")))
}

/// A chain's end, and the bytes of a half-written line behind it.
type Ending = (Option<Tail>, Option<Vec<u8>>);

/// The last complete record, and what stands behind it. The inner error says what is wrong with the last record.
fn read_tail(journal: &mut File) -> io::Result<Result<Ending, String>> {
    let text = read_end(journal, 2)?;
    let (complete, torn) = match text.iter().rposition(|&byte| byte == b'\n') {
        Some(end) => (&text[..end], &text[end + 1..]),
        None => (&text[..0], &text[..]),
    };
    let torn = (!torn.is_empty()).then(|| torn.to_vec());
    if complete.is_empty() {
        let whole = torn.as_ref().map_or(0, Vec::len) as u64 == journal.metadata()?.len();
        return Ok(if whole { Ok((None, torn)) } else { Err("its end is one line too long for a record".to_owned()) });
    }
    let last = complete.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
    Ok(tail_of(last).map(|tail| (Some(tail), torn)).map_err(|why| format!("the last record is broken: {why}")))
}

/// The end of the file with at least `lines` line ends in it, if it has as many.
fn read_end(file: &mut File, lines: usize) -> io::Result<Vec<u8>> {
    let size = file.metadata()?.len();
    let mut wanted = CHUNK;
    loop {
        let start = size.saturating_sub(wanted);
        file.seek(SeekFrom::Start(start))?;
        let mut text = Vec::new();
        Read::by_ref(file).take(size - start).read_to_end(&mut text)?;
        let enough = memchr::memchr_iter(b'\n', &text).count() >= lines;
        if start == 0 {
            return Ok(text);
        }
        if enough || wanted >= FARTHEST {
            // What stands before the first line end may be half a record.
            let first = memchr::memchr(b'\n', &text).map_or(text.len(), |at| at + 1);
            return Ok(text.split_off(first));
        }
        wanted *= 4;
    }
}

/// The last records as lines for people, oldest first. No journal is no records.
pub fn read(state_dir: &Path, last: usize) -> Result<Vec<String>, Fault> {
    Ok(read_records(state_dir, last)?.iter().map(|line| describe(line)).collect())
}

/// The last records as they stand in the file, oldest first.
pub fn read_records(state_dir: &Path, last: usize) -> Result<Vec<Vec<u8>>, Fault> {
    let Some(mut journal) = open(state_dir)? else { return Ok(Vec::new()) };
    let path = file(state_dir);
    let text = read_end(&mut journal, last.saturating_add(1))
        .map_err(|error| Fault::new("reading", path.display(), error, ""))?;
    let lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).collect();
    Ok(lines[lines.len().saturating_sub(last)..].iter().map(|line| line.to_vec()).collect())
}

/// The last of the records that are wanted, as they stand in the file, oldest first. Reads all of the file, unless every
/// record is wanted, and keeps no more than is asked for.
pub fn select(state_dir: &Path, wanted: &Selection, last: usize) -> Result<Vec<Vec<u8>>, Fault> {
    if *wanted == Selection::default() {
        return read_records(state_dir, last);
    }
    let mut found = VecDeque::new();
    each_line(state_dir, |line| {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        if !line.is_empty() && wanted.admits(line) {
            found.push_back(line.to_vec());
            if found.len() > last {
                found.pop_front();
            }
        }
        true
    })?;
    Ok(found.into())
}

/// Calls `each` with every line of the journal, with its end, until it has enough.
fn each_line(state_dir: &Path, mut each: impl FnMut(&[u8]) -> bool) -> Result<(), Fault> {
    let Some(journal) = open(state_dir)? else { return Ok(()) };
    let path = file(state_dir);
    let mut reader = BufReader::new(journal);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = reader
            .read_until(b'\n', &mut line)
            .map_err(|error| Fault::new("reading", path.display(), error, "check the file's permissions"))?;
        if read == 0 || !each(&line) {
            return Ok(());
        }
    }
}

/// Checks the whole chain. No journal is an empty chain.
pub fn verify(state_dir: &Path) -> Result<Result<Summary, Broken>, Fault> {
    let mut checker = Checker::default();
    let mut broken = None;
    each_line(state_dir, |line| match checker.push(line) {
        Ok(()) => true,
        Err(found) => {
            broken = Some(found);
            false
        }
    })?;
    Ok(broken.map_or_else(|| Ok(checker.finish()), Err))
}

fn open(state_dir: &Path) -> Result<Option<File>, Fault> {
    let path = file(state_dir);
    match File::open(&path) {
        Ok(journal) => Ok(Some(journal)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Fault::new("reading", path.display(), error, "check the file's permissions")),
    }
}

#[cfg(test)]
mod tests {
    use super::{append, file, read, read_records, select, verify};
    use crate::domain::journal::Selection;
    use crate::domain::redact::Redactor;
    use jiff::Timestamp;
    use serde_json::json;
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    fn note(dir: &std::path::Path, n: usize) {
        append(dir, Timestamp::UNIX_EPOCH, "copy", json!({ "n": n }), &Redactor::default()).unwrap();
    }

    #[test]
    fn records_are_chained_and_the_file_is_private() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join(".hnpwb");
        assert_eq!(read(&state, 5).unwrap(), Vec::<String>::new());
        for n in 0..5 {
            note(&state, n);
        }
        assert_eq!(verify(&state).unwrap().unwrap().records, 5);
        assert_eq!(read(&state, 2).unwrap().len(), 2);
        assert!(read(&state, 2).unwrap()[1].ends_with("n: 4"));
        let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&state), mode(&file(&state))), (0o700, 0o600));
        assert_eq!(std::fs::read_to_string(state.join(".gitignore")).unwrap(), "*\n");
    }

    #[test]
    fn a_half_written_record_is_noted_and_the_chain_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        note(dir.path(), 0);
        std::fs::OpenOptions::new().append(true).open(file(dir.path())).unwrap().write_all(b"{\"seq\":2,\"a").unwrap();
        assert!(verify(dir.path()).unwrap().unwrap().torn);
        note(dir.path(), 1);
        let summary = verify(dir.path()).unwrap().unwrap();
        assert_eq!((summary.records, summary.torn), (3, false));
        assert!(read(dir.path(), 2).unwrap()[0].contains("repair"));
    }

    #[test]
    fn the_last_of_the_wanted_records_are_selected() {
        let dir = tempfile::tempdir().unwrap();
        for n in 0..9 {
            let kind = if n % 3 == 0 { "gate" } else { "copy" };
            append(dir.path(), Timestamp::UNIX_EPOCH, kind, json!({ "n": n }), &Redactor::default()).unwrap();
        }
        let gates = Selection { kinds: vec!["gate".to_owned()], ..Selection::default() };
        let found = select(dir.path(), &gates, 2).unwrap();
        assert_eq!(found.len(), 2);
        assert!(found[0].windows(6).any(|part| part == b"\"n\":3,") && found[1].windows(6).any(|part| part == b"\"n\":6,"));
        assert_eq!(select(dir.path(), &Selection::default(), 100).unwrap().len(), 9);
        assert_eq!(select(&dir.path().join("none"), &gates, 2).unwrap().len(), 0);
    }

    #[test]
    fn nothing_is_added_to_a_chain_whose_end_was_changed() {
        let dir = tempfile::tempdir().unwrap();
        note(dir.path(), 0);
        let text = std::fs::read_to_string(file(dir.path())).unwrap();
        std::fs::write(file(dir.path()), text.replace("\"n\":0", "\"n\":7")).unwrap();
        let fault = append(dir.path(), Timestamp::UNIX_EPOCH, "copy", json!({}), &Redactor::default()).unwrap_err();
        assert!(fault.to_string().contains("audit verify"), "{fault}");
        assert_eq!(verify(dir.path()).unwrap().unwrap_err().line, 1);
    }

    #[test]
    fn records_longer_than_what_is_read_at_a_time_are_found() {
        let dir = tempfile::tempdir().unwrap();
        for n in 0..3 {
            let body = json!({"n": n, "text": "x".repeat(100_000)});
            append(dir.path(), Timestamp::UNIX_EPOCH, "copy", body, &Redactor::default()).unwrap();
        }
        assert_eq!(verify(dir.path()).unwrap().unwrap().records, 3);
        assert_eq!(read_records(dir.path(), 2).unwrap().len(), 2);
    }

    #[test]
    fn a_place_that_cannot_be_written_is_a_fault() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("taken"), "a file").unwrap();
        let fault = append(&dir.path().join("taken"), Timestamp::UNIX_EPOCH, "copy", json!({}), &Redactor::default())
            .unwrap_err();
        assert!(fault.to_string().contains("taken"), "{fault}");
    }

    #[test]
    fn a_journal_that_cannot_be_written_is_a_fault_and_stays_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        note(dir.path(), 0);
        let before = std::fs::read(file(dir.path())).unwrap();
        // A link is not followed, whoever put it there.
        let aside = dir.path().join("aside");
        std::fs::rename(file(dir.path()), &aside).unwrap();
        std::os::unix::fs::symlink(&aside, file(dir.path())).unwrap();
        append(dir.path(), Timestamp::UNIX_EPOCH, "copy", json!({}), &Redactor::default()).unwrap_err();
        assert_eq!(std::fs::read(&aside).unwrap(), before);
        // A disk that refuses every byte.
        std::fs::remove_file(file(dir.path())).unwrap();
        std::fs::create_dir(file(dir.path())).unwrap();
        let fault = append(dir.path(), Timestamp::UNIX_EPOCH, "copy", json!({}), &Redactor::default()).unwrap_err();
        assert!(fault.remedy.contains("nothing is done that the journal cannot record"), "{fault}");
    }

    #[test]
    fn writers_at_the_same_time_make_one_chain() {
        let dir = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for n in 0..8 {
                let path = dir.path();
                scope.spawn(move || note(path, n));
            }
        });
        assert_eq!(verify(dir.path()).unwrap().unwrap().records, 8);
    }
}
