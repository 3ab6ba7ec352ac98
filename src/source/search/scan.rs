//! Lines of a part of a file that a finder stops at. Reads into one buffer, which is kept from part to part.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::domain::search::Finder;
use crate::source::transcript::lines::LONGEST;

/// Bytes read at once: enough to be quick, few enough to stay in the processor's own memory.
const CHUNK: usize = 256 * 1024;

/// What was read of a file.
#[derive(Debug, Default)]
pub(super) struct Block {
    bytes: Vec<u8>,
    /// How many of the bytes were read.
    filled: usize,
}

impl Block {
    fn text(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }

    /// Reads up to `most` bytes that stand at `offset` behind what is there; returns how many there were.
    fn read(&mut self, file: &File, offset: u64, most: u64) -> io::Result<usize> {
        let most = usize::try_from(most).unwrap_or(CHUNK).min(CHUNK);
        let end = self.filled + most;
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        loop {
            match file.read_at(&mut self.bytes[self.filled..end], offset) {
                Ok(read) => {
                    self.filled += read;
                    return Ok(read);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Lets go of the first bytes, and of memory that one long line took.
    fn drop_front(&mut self, bytes: usize) {
        self.bytes.copy_within(bytes..self.filled, 0);
        self.filled -= bytes;
        if self.bytes.len() > 8 * CHUNK && self.filled < CHUNK {
            self.bytes.truncate(2 * CHUNK);
            self.bytes.shrink_to_fit();
        }
    }
}

/// Calls `each` with offset and bytes of every line that begins in `part` and may hold a match, and returns how many lines
/// were too long to be looked at. `size` is where the file ends. A file that became shorter ends where it ends; a last line
/// without a newline counts if it looks like a whole object.
pub(super) fn candidates(
    file: &File,
    part: Range<u64>,
    size: u64,
    finder: &Finder,
    stop: &AtomicBool,
    block: &mut Block,
    mut each: impl FnMut(u64, &[u8]),
) -> io::Result<u64> {
    block.drop_front(block.filled);
    // The block holds the file from here on. A line begins there, unless the one before it is still to be passed over.
    let mut at = part.start.saturating_sub(1);
    let mut within = part.start > 0;
    let mut skipped = 0;
    loop {
        let read_to = at + block.filled as u64;
        let at_line = !within && block.filled == 0;
        if stop.load(Ordering::Relaxed) || (read_to >= part.end && (within || at_line)) {
            return Ok(skipped);
        }
        // Behind the part only the line is read that begins in it.
        let limit = if read_to < part.end { part.end } else { size };
        let before = block.filled;
        if block.read(file, read_to, limit.saturating_sub(read_to))? == 0 {
            let rest = block.text();
            let whole = !within && rest.starts_with(b"{") && rest.ends_with(b"}");
            if whole && read_to >= size && finder.find(rest, 0).is_some() {
                each(at, rest);
            }
            return Ok(skipped);
        }
        let fresh = &block.text()[before..];
        let newline = if read_to < part.end { memchr::memrchr(b'\n', fresh) } else { memchr::memchr(b'\n', fresh) };
        let Some(newline) = newline else {
            if !within && block.filled > LONGEST {
                skipped += 1;
                within = true;
            }
            if within {
                at += block.filled as u64;
                block.drop_front(block.filled);
            }
            continue;
        };
        let complete = before + newline + 1;
        let lines = &block.text()[..complete];
        let first = if within { memchr::memchr(b'\n', lines).map_or(complete, |newline| newline + 1) } else { 0 };
        within = false;
        let mut from = first;
        while let Some(found) = finder.find(lines, from) {
            let start = memchr::memrchr(b'\n', &lines[from..found]).map_or(from, |newline| from + newline + 1);
            let end = memchr::memchr(b'\n', &lines[found..]).map_or(complete, |newline| found + newline);
            each(at + start as u64, &lines[start..end]);
            if stop.load(Ordering::Relaxed) {
                return Ok(skipped);
            }
            from = end + 1;
        }
        block.drop_front(complete);
        at += complete as u64;
        if at >= part.end {
            return Ok(skipped);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::atomic::AtomicBool;

    use proptest::prelude::*;

    use super::{Block, CHUNK, candidates};
    use crate::domain::search::{Finder, Pattern};
    use crate::domain::transcript::claude::Claude;
    use crate::source::transcript::lines::LONGEST;

    fn file(content: &[u8]) -> std::fs::File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        file
    }

    /// Candidates of a file in parts of so many bytes, with the number of lines left out.
    fn lines(content: &[u8], part: u64, finder: &Finder) -> (Vec<(u64, Vec<u8>)>, u64) {
        let (file, size, mut block) = (file(content), content.len() as u64, Block::default());
        let (mut found, mut skipped, mut start) = (Vec::new(), 0, 0);
        while start < size {
            let part = start..(start + part).min(size);
            start = part.end;
            let each = |at, line: &[u8]| found.push((at, line.to_vec()));
            skipped += candidates(&file, part, size, finder, &AtomicBool::new(false), &mut block, each).unwrap();
        }
        (found, skipped)
    }

    #[test]
    fn a_last_line_counts_if_it_is_whole() {
        let of = |content: &[u8]| lines(content, 100, &Finder::Every).0;
        assert_eq!(of(b"a\nb"), [(0, b"a".to_vec())]);
        assert_eq!(of(b"a\n{\"b\":1}"), [(0, b"a".to_vec()), (2, b"{\"b\":1}".to_vec())]);
    }

    #[test]
    fn a_file_that_became_shorter_ends_where_it_ends() {
        let (mut block, mut found) = (Block::default(), Vec::new());
        let each = |at, line: &[u8]| found.push((at, line.to_vec()));
        let file = file(b"one\ntwo");
        candidates(&file, 0..1_000, 1_000, &Finder::Every, &AtomicBool::new(false), &mut block, each).unwrap();
        assert_eq!(found, [(0, b"one".to_vec())]);
    }

    #[test]
    fn a_line_that_is_too_long_is_counted_once_and_the_rest_is_read() {
        let mut content = b"needle 1\n".to_vec();
        content.extend(vec![b'x'; LONGEST + CHUNK]);
        content.extend(b"needle\nneedle 2\n");
        let finder = Pattern::new("needle").unwrap().finder(&Claude);
        for part in [content.len() as u64, 1 << 24] {
            let (found, skipped) = lines(&content, part, &finder);
            let texts: Vec<&[u8]> = found.iter().map(|(_, line)| &line[..]).collect();
            assert_eq!((texts, skipped), (vec![&b"needle 1"[..], b"needle 2"], 1), "parts of {part}");
        }
    }

    #[test]
    fn a_stop_is_heeded_after_each_line() {
        let (file, stop, mut block) = (file(b"a\nb\nc\n"), AtomicBool::new(false), Block::default());
        let mut found = 0;
        let each = |_, _: &[u8]| {
            found += 1;
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        };
        candidates(&file, 0..6, 6, &Finder::Every, &stop, &mut block, each).unwrap();
        assert_eq!(found, 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        #[test]
        fn parts_of_any_size_yield_each_line_with_the_needle_once(
            lengths in proptest::collection::vec(prop_oneof![8 => 0_usize..40, 1 => Just(CHUNK - 1), 1 => Just(CHUNK), 1 => 0_usize..3 * CHUNK], 0..30),
            part in prop_oneof![1_u64..200, Just(CHUNK as u64), Just(1 << 22)],
        ) {
            // Reading a large file byte by byte would take a minute.
            let part = if lengths.iter().sum::<usize>() > CHUNK { part.max(10_000) } else { part };
            let (mut content, mut all, mut some) = (Vec::new(), Vec::new(), Vec::new());
            for (n, length) in lengths.iter().enumerate() {
                let mut line = vec![b'a' + (n % 20) as u8; *length];
                if n % 3 == 0 {
                    let at = length / 2;
                    line.splice(at..at, *b"XneedleX");
                    some.push((content.len() as u64, line.clone()));
                }
                all.push((content.len() as u64, line.clone()));
                content.extend(&line);
                content.push(b'\n');
            }
            let one = Pattern::new("Xneedle").unwrap().finder(&Claude);
            let several = Pattern::new("xNEEDLEx|(?i:xneedlex)").unwrap().finder(&Claude);
            prop_assert_eq!(lines(&content, part, &Finder::Every).0, all);
            prop_assert_eq!(lines(&content, part, &one).0, some.clone());
            prop_assert_eq!(lines(&content, part, &several).0, some);
        }
    }
}
