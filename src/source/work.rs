//! Reads what an agent did out of its transcript: from its end backwards as far as is wanted, then on as it grows.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::transcript::cursor::{Cursor, Fate};
use super::transcript::lines::{Limits, Line, backward, complete, forward};
use super::transcript::store::{Stored, open_on};
use super::transcript::unpack::Shelf;
use crate::domain::redact::Redactor;
use crate::domain::transcript::format::Format;
use crate::domain::work::Work;

/// Bytes of a transcript's end that are read when nobody says otherwise: all of it, as a rule.
pub const REACH: u64 = 64 * 1024 * 1024;

/// Bytes read at once where lines are only counted.
const CHUNK: usize = 256 * 1024;

/// What an agent did, and how far its transcript was read.
#[derive(Debug)]
pub struct Reading {
    /// What it did.
    pub work: Work,
    cursor: Cursor,
    /// Number of the line that comes next, from 1.
    next: u64,
    shelf: Shelf,
    reach: u64,
    /// Hides secrets in what is read; none when they are hidden by whoever shows it.
    redactor: Option<Redactor>,
}

/// Reads what an agent did, raw: secrets are hidden by whoever shows it. Blocks.
pub fn read(path: &Path, format: &dyn Format, reach: u64) -> io::Result<Work> {
    Ok(Reading::begin(path, format, reach, None)?.work)
}

impl Reading {
    /// Reads the last `reach` bytes of a transcript, and hides secrets in it with `redactor`. Blocks.
    pub fn begin(path: &Path, format: &dyn Format, reach: u64, redactor: Option<Redactor>) -> io::Result<Self> {
        let shelf = Shelf::default();
        let stored = open_on(path, format, &shelf)?;
        let mut reading = Self { work: Work::default(), cursor: Cursor::default(), next: 1, shelf, reach, redactor };
        reading.start_over(&stored, format)?;
        Ok(reading)
    }

    /// Reads what was appended since; all of it anew if the file is another one now. True if anything was. Blocks.
    pub fn follow(&mut self, path: &Path, format: &dyn Format) -> io::Result<bool> {
        let stored = open_on(path, format, &self.shelf)?;
        match self.cursor.look(&stored)? {
            Fate::Same(end) if end == self.cursor.end => Ok(false),
            Fate::Same(end) => {
                let (work, next, redactor) = (&mut self.work, &mut self.next, self.redactor.as_ref());
                self.cursor.read(&stored.lines, end, Limits::NONE, |at, line| {
                    take(work, next, format, redactor, at, line);
                })?;
                Ok(true)
            }
            Fate::Lost(_) => {
                self.start_over(&stored, format)?;
                Ok(true)
            }
        }
    }

    fn start_over(&mut self, stored: &Stored, format: &dyn Format) -> io::Result<()> {
        let end = complete(&stored.lines, 0, 0, stored.size)?;
        let start = backward(&stored.lines, end, Limits { lines: usize::MAX, bytes: self.reach })?;
        self.work = Work::default();
        self.next = 1 + newlines(&stored.lines, start)?;
        let (work, next, redactor) = (&mut self.work, &mut self.next, self.redactor.as_ref());
        forward(&stored.lines, start, end, Limits::NONE, |at, line| take(work, next, format, redactor, at, line))?;
        self.cursor = Cursor::at(stored, end)?;
        Ok(())
    }
}

fn take(work: &mut Work, next: &mut u64, format: &dyn Format, redactor: Option<&Redactor>, at: u64, line: Line<'_>) {
    if let Line::Whole(line) = line {
        for entry in format.entries(at, line) {
            match redactor {
                Some(redactor) => work.take(*next, &entry.redacted(redactor)),
                None => work.take(*next, &entry),
            }
        }
    }
    *next += 1;
}

/// How many lines end before `end`.
pub(crate) fn newlines(file: &File, end: u64) -> io::Result<u64> {
    let mut buffer = vec![0; CHUNK.min(usize::try_from(end).unwrap_or(CHUNK))];
    let (mut at, mut count) = (0, 0);
    while at < end {
        let part = usize::try_from(end - at).unwrap_or(CHUNK).min(CHUNK);
        file.read_exact_at(&mut buffer[..part], at)?;
        count += memchr::memchr_iter(b'\n', &buffer[..part]).count() as u64;
        at += part as u64;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;
    use std::path::Path;

    use serde_json::json;

    use super::{REACH, Reading, read};
    use crate::domain::redact::Redactor;
    use crate::domain::transcript::claude::Claude;

    fn prompt(text: &str) -> String {
        json!({"type": "user", "message": {"role": "user", "content": text}}).to_string() + "\n"
    }

    fn append(path: &Path, text: &str) {
        fs::OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn prompts(reading: &Reading) -> Vec<(u64, String)> {
        reading.work.prompts.iter().map(|quote| (quote.place.line, quote.text.clone())).collect()
    }

    #[test]
    fn lines_keep_their_numbers_however_little_is_read_and_as_the_file_grows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.jsonl");
        append(&path, &[prompt("one"), "\n".to_owned(), prompt("two"), prompt("three")].concat());
        let whole = Reading::begin(&path, &Claude, REACH, None).unwrap();
        assert_eq!(prompts(&whole), [(1, "one".into()), (3, "two".into()), (4, "three".into())]);
        let mut tail = Reading::begin(&path, &Claude, prompt("three").len() as u64, None).unwrap();
        assert_eq!(prompts(&tail), [(4, "three".into())]);
        assert_eq!(tail.work.from_line, 4);
        append(&path, &prompt("four"));
        append(&path, "{\"type\":\"user\"");
        assert!(tail.follow(&path, &Claude).unwrap());
        assert_eq!(prompts(&tail), [(4, "three".into()), (5, "four".into())]);
        assert!(!tail.follow(&path, &Claude).unwrap());
        assert_eq!(read(&path, &Claude, REACH).unwrap().prompts.len(), 4);
    }

    #[test]
    fn secrets_are_hidden_where_somebody_wants_them_hidden() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.jsonl");
        let secret = ["gh", "p_", &"a1B2".repeat(9)].concat();
        append(&path, &prompt(&format!("use {secret}")));
        let hidden = Reading::begin(&path, &Claude, REACH, Some(Redactor::default())).unwrap();
        assert!(!hidden.work.prompts[0].text.contains(&secret[4..]), "{:?}", hidden.work.prompts);
        assert!(read(&path, &Claude, REACH).unwrap().prompts[0].text.contains(&secret));
    }

    #[test]
    fn a_file_that_was_replaced_is_read_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.jsonl");
        append(&path, &prompt("one"));
        let mut reading = Reading::begin(&path, &Claude, REACH, None).unwrap();
        let other = folder.path().join("other");
        append(&other, &prompt("another"));
        fs::rename(&other, &path).unwrap();
        assert!(reading.follow(&path, &Claude).unwrap());
        assert_eq!(prompts(&reading), [(1, "another".into())]);
    }
}
