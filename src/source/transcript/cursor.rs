//! A place in a file that grows: how far it was read, and whether it is still the same file.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::lines::{self, Limits, Line};
use super::store::Stored;
use crate::source::watch::walk::Identity;

/// Bytes before the place that are compared before reading on: a file that was cut and has grown again looks larger, not other.
const ANCHOR: u64 = 64;

/// A place in a file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cursor {
    identity: Identity,
    /// Offset behind the last line read.
    pub end: u64,
    /// No newline stands between `end` and here.
    searched: u64,
    anchor: Vec<u8>,
}

/// What became of the file since.
#[derive(Debug)]
pub(crate) enum Fate {
    /// It is the same and holds complete lines up to here, which may be no more than before.
    Same(u64),
    /// It is another one now, or has lost what was read: a phrase that says what happened.
    Lost(&'static str),
}

impl Cursor {
    /// The place behind everything up to `end`, which must be the beginning of a line or the end of the file.
    pub(crate) fn at(stored: &Stored, end: u64) -> io::Result<Self> {
        let mut cursor = Self { identity: stored.identity, ..Self::default() };
        cursor.advance(&stored.lines, end)?;
        Ok(cursor)
    }

    /// Moves on to `end`.
    pub(crate) fn advance(&mut self, file: &File, end: u64) -> io::Result<()> {
        self.end = end;
        self.searched = self.searched.max(end);
        self.anchor.resize(end.min(ANCHOR) as usize, 0);
        file.read_exact_at(&mut self.anchor, end - end.min(ANCHOR))
    }

    /// Looks at what became of the transcript since.
    pub(crate) fn look(&mut self, stored: &Stored) -> io::Result<Fate> {
        if stored.identity != self.identity {
            return Ok(Fate::Lost("the file was replaced"));
        }
        let (file, size) = (&stored.lines, stored.size);
        if size < self.end {
            return Ok(Fate::Lost("the file was truncated"));
        }
        let mut anchor = vec![0; self.anchor.len()];
        file.read_exact_at(&mut anchor, self.end - self.anchor.len() as u64)?;
        if anchor != self.anchor {
            return Ok(Fate::Lost("the file was rewritten"));
        }
        let end = lines::complete(file, self.end, self.searched.min(size), size)?;
        if end == self.end {
            self.searched = size;
        }
        Ok(Fate::Same(end))
    }

    /// Reads complete lines from here up to `to`, as many as the limits allow, and moves behind them.
    pub(crate) fn read(
        &mut self,
        file: &File,
        to: u64,
        limits: Limits,
        each: impl FnMut(u64, Line<'_>),
    ) -> io::Result<()> {
        let end = lines::forward(file, self.end, to, limits, each)?;
        self.advance(file, end)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;
    use std::path::Path;

    use super::{Cursor, Fate};
    use crate::domain::transcript::plain::Plain;
    use crate::source::transcript::store::{Stored, open as open_as};

    fn open(path: &Path) -> std::io::Result<Stored> {
        open_as(path, &Plain)
    }

    fn append(path: &Path, text: &str) {
        fs::OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn look(cursor: &mut Cursor, path: &Path) -> Result<u64, &'static str> {
        match cursor.look(&open(path).unwrap()).unwrap() {
            Fate::Same(end) => Ok(end),
            Fate::Lost(why) => Err(why),
        }
    }

    #[test]
    fn a_half_written_line_waits_for_its_end() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        append(&path, "{\"a\":1}\n{\"b\"");
        let mut cursor = Cursor::at(&open(&path).unwrap(), 8).unwrap();
        assert_eq!(look(&mut cursor, &path), Ok(8));
        append(&path, ":");
        assert_eq!(look(&mut cursor, &path), Ok(8));
        append(&path, "2}\n{");
        assert_eq!(look(&mut cursor, &path), Ok(16));
    }

    #[test]
    fn truncated_replaced_and_rewritten_files_are_lost() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        append(&path, "one\ntwo\n");
        let mut cursor = Cursor::at(&open(&path).unwrap(), 8).unwrap();
        fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(4).unwrap();
        assert_eq!(look(&mut cursor, &path), Err("the file was truncated"));
        append(&path, "other and longer\n");
        assert_eq!(look(&mut cursor, &path), Err("the file was rewritten"));
        let other = directory.path().join("b");
        append(&other, "one\ntwo\nthree\n");
        fs::rename(&other, &path).unwrap();
        assert_eq!(look(&mut cursor, &path), Err("the file was replaced"));
    }
}
