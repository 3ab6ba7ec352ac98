//! Lines of a growing file by byte offset: forwards, backwards, and how far they are complete. Nothing is indexed.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Bytes read at once.
const CHUNK: usize = 256 * 1024;

/// Longest line that is read into memory; of a longer one only its length is told.
pub(crate) const LONGEST: usize = 64 * 1024 * 1024;

/// How much is wanted: reading stops before the line that would exceed it, but not before the first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub lines: usize,
    pub bytes: u64,
}

impl Limits {
    pub(crate) const NONE: Self = Self { lines: usize::MAX, bytes: u64::MAX };
}

/// One line, without its newline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    Whole(&'a [u8]),
    /// Longer than [`LONGEST`]; this many bytes.
    TooLong(u64),
}

/// Calls `each` with the offset of every line in `from..to`, and returns the offset behind the last one. `from` is the
/// beginning of a line; what stands before `to` is a line even without a newline.
pub(crate) fn forward(
    file: &File,
    from: u64,
    to: u64,
    limits: Limits,
    mut each: impl FnMut(u64, Line<'_>),
) -> io::Result<u64> {
    let mut buffer: Vec<u8> = Vec::new();
    // The buffer holds the file from `at` on, in its first `filled` bytes; a line begins at `at + head` and has no newline up
    // to `searched`.
    let (mut at, mut head, mut searched, mut filled) = (from, 0, 0, 0);
    // When little is wanted, little is read.
    let chunk = usize::try_from(limits.bytes).unwrap_or(CHUNK).clamp(4 * 1024, CHUNK);
    // Bytes of a line that is too long to be kept.
    let mut dropped: u64 = 0;
    let mut lines = 0;
    let wanted = |lines: usize, end: u64| lines == 0 || (lines < limits.lines && end - from <= limits.bytes);
    if limits.lines == 0 {
        return Ok(from);
    }
    loop {
        while let Some(found) = memchr::memchr(b'\n', &buffer[searched..filled]) {
            let newline = searched + found;
            let end = at + newline as u64 + 1;
            if !wanted(lines, end) {
                return Ok(at + head as u64);
            }
            let start = at + head as u64 - dropped;
            each(start, if dropped > 0 { Line::TooLong(end - 1 - start) } else { Line::Whole(&buffer[head..newline]) });
            (lines, dropped) = (lines + 1, 0);
            (head, searched) = (newline + 1, newline + 1);
        }
        let line_start = at + head as u64 - dropped;
        if lines > 0 && !wanted(lines, at + filled as u64) {
            return Ok(line_start);
        }
        if filled - head > LONGEST {
            dropped += (filled - head) as u64;
            head = filled;
        }
        buffer.copy_within(head..filled, 0);
        at += head as u64;
        filled -= head;
        (head, searched) = (0, filled);
        let more = usize::try_from(to.saturating_sub(at + filled as u64)).unwrap_or(usize::MAX).min(chunk);
        // Beside what is left of a line there is room enough, as a rule.
        if buffer.len() - filled < more.min(chunk / 4) {
            buffer.resize(filled + more, 0);
        }
        let room = &mut buffer[filled..];
        let more = more.min(room.len());
        let read = if more == 0 { 0 } else { read_at(file, &mut room[..more], at + filled as u64)? };
        filled += read;
        if read == 0 {
            // The end, or the file became shorter meanwhile.
            let end = at + filled as u64;
            if end > line_start {
                let line = if dropped > 0 { Line::TooLong(end - line_start) } else { Line::Whole(&buffer[..filled]) };
                each(line_start, line);
            }
            return Ok(end);
        }
    }
}

/// Offset of the first of the lines that end just before `end`, as many as the limits allow.
pub(crate) fn backward(file: &File, end: u64, limits: Limits) -> io::Result<u64> {
    let mut buffer = vec![0; CHUNK];
    let mut start = end;
    let mut lines = 0;
    // A newline right before `end` belongs to the last line.
    let mut position = end.saturating_sub(1);
    while position > 0 {
        let from = position.saturating_sub(CHUNK as u64);
        let part = &mut buffer[..(position - from) as usize];
        file.read_exact_at(part, from)?;
        for found in memchr::memrchr_iter(b'\n', part) {
            let candidate = from + found as u64 + 1;
            if lines > 0 && (lines >= limits.lines || end - candidate > limits.bytes) {
                return Ok(start);
            }
            start = candidate;
            lines += 1;
        }
        if lines > 0 && end - from > limits.bytes {
            return Ok(start);
        }
        position = from;
    }
    if end > 0 && (lines == 0 || (lines < limits.lines && end <= limits.bytes)) {
        start = 0;
    }
    Ok(start)
}

/// How far a file of `size` bytes is complete, given that it is up to `known` and that `known..searched` has no newline:
/// behind the last newline, or all of it when what follows is a whole JSON object (nothing but white space can follow one,
/// and the last line of a session that died may have no newline).
pub(crate) fn complete(file: &File, known: u64, searched: u64, size: u64) -> io::Result<u64> {
    let mut buffer = Vec::new();
    let mut position = size;
    let mut last = None;
    // Mostly the last byte is the newline.
    let mut chunk: u64 = 512;
    while position > searched.max(known) {
        let from = position.saturating_sub(chunk).max(searched.max(known));
        chunk = CHUNK as u64;
        buffer.resize((position - from) as usize, 0);
        file.read_exact_at(&mut buffer, from)?;
        if last.is_none() {
            last = buffer.last().copied();
        }
        if let Some(newline) = memchr::memrchr(b'\n', &buffer) {
            let end = from + newline as u64 + 1;
            return Ok(if last == Some(b'}') && is_object(file, end, size)? { size } else { end });
        }
        position = from;
    }
    Ok(if last == Some(b'}') && is_object(file, known, size)? { size } else { known })
}

fn is_object(file: &File, from: u64, to: u64) -> io::Result<bool> {
    if to - from > LONGEST as u64 {
        return Ok(false);
    }
    let mut text = vec![0; (to - from) as usize];
    file.read_exact_at(&mut text, from)?;
    Ok(text.first() == Some(&b'{') && serde_json::from_slice::<serde::de::IgnoredAny>(&text).is_ok())
}

/// Reads until the buffer is full or the file ends.
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;

    use proptest::prelude::*;

    use super::{CHUNK, LONGEST, Limits, Line, backward, complete, forward};

    fn file(content: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        file
    }

    fn lines(file: &File, from: u64, to: u64, limits: Limits) -> (Vec<(u64, Vec<u8>)>, u64) {
        let mut lines = Vec::new();
        let end = forward(file, from, to, limits, |at, line| match line {
            Line::Whole(line) => lines.push((at, line.to_vec())),
            Line::TooLong(bytes) => lines.push((at, bytes.to_string().into_bytes())),
        });
        (lines, end.unwrap())
    }

    #[test]
    fn limits_stop_before_the_line_that_exceeds_them_but_not_before_the_first() {
        let file = file(b"aaaa\nbb\nc\n");
        let two = Limits { lines: 2, bytes: u64::MAX };
        assert_eq!(lines(&file, 0, 10, two).1, 8);
        assert_eq!(lines(&file, 0, 10, Limits { lines: 9, bytes: 7 }).1, 5);
        assert_eq!(lines(&file, 0, 10, Limits { lines: 9, bytes: 1 }).1, 5);
        assert_eq!(backward(&file, 10, two).unwrap(), 5);
        assert_eq!(backward(&file, 10, Limits { lines: 9, bytes: 4 }).unwrap(), 8);
        assert_eq!(backward(&file, 5, Limits { lines: 9, bytes: 1 }).unwrap(), 0);
        assert_eq!(backward(&file, 0, two).unwrap(), 0);
    }

    #[test]
    fn only_whole_lines_are_complete_and_a_whole_object_needs_no_newline() {
        let of = |content: &[u8]| complete(&file(content), 0, 0, content.len() as u64).unwrap();
        assert_eq!(of(b"{\"a\":1}\n{\"b\""), 8);
        assert_eq!(of(b"{\"a\":1}\n{\"b\":{}"), 8);
        assert_eq!(of(b"{\"a\":1}\n{\"b\":{}}"), 16);
        assert_eq!(of(b"{\"a\":1}"), 7);
        assert_eq!(of(b"no json}"), 0);
        assert_eq!(of(b""), 0);
    }

    #[test]
    fn a_line_that_is_too_long_is_told_by_its_length_and_the_next_is_read() {
        let mut content = vec![b'x'; LONGEST + 2 * CHUNK];
        content.extend(b"\nnext\n");
        let file = file(&content);
        let (found, end) = lines(&file, 0, content.len() as u64, Limits::NONE);
        assert_eq!(end, content.len() as u64);
        assert_eq!(found[0], (0, (LONGEST + 2 * CHUNK).to_string().into_bytes()));
        assert_eq!(found[1], ((LONGEST + 2 * CHUNK + 1) as u64, b"next".to_vec()));
    }

    #[test]
    fn a_file_that_became_shorter_ends_where_it_ends() {
        let file = file(b"one\ntwo\n");
        assert_eq!(lines(&file, 0, 1_000, Limits::NONE).1, 8);
        assert!(backward(&file, 1_000, Limits::NONE).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn paging_either_way_yields_exactly_the_lines(
            lengths in proptest::collection::vec(prop_oneof![8 => 0_usize..40, 1 => Just(CHUNK - 1), 1 => Just(CHUNK), 1 => 0_usize..3 * CHUNK], 0..30),
            at_most in 1_usize..6,
            bytes in prop_oneof![Just(64_u64), Just(100_000), Just(u64::MAX)],
        ) {
            let mut content = Vec::new();
            let mut expected = Vec::new();
            for (n, length) in lengths.iter().enumerate() {
                expected.push((content.len() as u64, vec![b'a' + (n % 26) as u8; *length]));
                content.extend(&expected[n].1);
                content.push(b'\n');
            }
            let file = file(&content);
            let limits = Limits { lines: at_most, bytes };
            let size = content.len() as u64;
            let (mut found, mut at) = (Vec::new(), 0);
            while at < size {
                let (mut part, end) = lines(&file, at, size, limits);
                prop_assert!(end > at && part.len() <= at_most);
                prop_assert!(part.len() == 1 || end - at <= bytes);
                found.append(&mut part);
                at = end;
            }
            prop_assert_eq!(&found, &expected);
            let (mut pages, mut end) = (Vec::new(), size);
            while end > 0 {
                let start = backward(&file, end, limits).unwrap();
                prop_assert!(start < end);
                let (part, behind) = lines(&file, start, end, Limits::NONE);
                prop_assert_eq!(behind, end);
                prop_assert!(part.len() <= at_most && (part.len() == 1 || end - start <= bytes));
                pages.push(part);
                end = start;
            }
            pages.reverse();
            prop_assert_eq!(pages.concat(), expected);
        }
    }
}
