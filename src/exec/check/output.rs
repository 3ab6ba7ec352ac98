//! What a command wrote: its beginning and its end, however much there was.

/// Bytes kept of the beginning.
const HEAD: usize = 64 * 1024;
/// Bytes kept of the end.
const TAIL: usize = 192 * 1024;
/// Bytes kept at most, beside the words about what was left out.
pub const MOST: usize = HEAD + TAIL;
/// Bytes of a line that tells how far it is.
const LINE: usize = 400;

/// See the module.
#[derive(Debug, Default)]
pub struct Output {
    head: Vec<u8>,
    tail: Vec<u8>,
    total: u64,
}

impl Output {
    /// Takes what was written next.
    pub fn push(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        let (head, rest) = bytes.split_at(bytes.len().min(HEAD - self.head.len()));
        self.head.extend_from_slice(head);
        self.tail.extend_from_slice(rest);
        // Moved now and then, not with every line.
        if self.tail.len() > 2 * TAIL {
            self.tail.drain(..self.tail.len() - TAIL);
        }
    }

    /// Bytes that were written.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The last line with something in it.
    pub fn last_line(&self) -> String {
        let bytes = if self.tail.is_empty() { &self.head } else { &self.tail };
        let end = &bytes[bytes.len().saturating_sub(LINE * 4)..];
        let text = String::from_utf8_lossy(end);
        // A progress bar writes over its line.
        let line = text.split(['\n', '\r']).rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        crate::domain::text::prefix(line, LINE).to_owned()
    }

    /// All of it as text, or its beginning and its end with a line that says how much is missing. Cut between lines, so that
    /// no part of a secret is left at a cut.
    pub fn text(&self) -> String {
        let kept = (self.head.len() + self.tail.len()) as u64;
        let tail = &self.tail[self.tail.len().saturating_sub(TAIL)..];
        if self.total == kept && tail.len() == self.tail.len() {
            return String::from_utf8_lossy(&[self.head.as_slice(), tail].concat()).into_owned();
        }
        let head = memchr::memrchr(b'\n', &self.head).map_or(&self.head[..0], |end| &self.head[..=end]);
        let tail = memchr::memchr(b'\n', tail).map_or(&tail[..0], |end| &tail[end + 1..]);
        let missing = self.total - (head.len() + tail.len()) as u64;
        let note = format!("[… {missing} of {} bytes left out …]\n", self.total);
        [String::from_utf8_lossy(head), note.into(), String::from_utf8_lossy(tail)].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, Output};

    #[test]
    fn what_is_short_is_kept_whole() {
        let mut output = Output::default();
        output.push(b"one\ntwo");
        output.push(b"\nthree \r\n\n");
        assert_eq!(output.text(), "one\ntwo\nthree \r\n\n");
        assert_eq!((output.last_line().as_str(), output.total()), ("three", 17));
    }

    #[test]
    fn of_what_is_long_the_ends_are_kept_and_the_gap_is_told() {
        let mut output = Output::default();
        for number in 0..200_000 {
            output.push(format!("line {number}\n").as_bytes());
        }
        let text = output.text();
        assert!(text.starts_with("line 0\nline 1\n") && text.ends_with("line 199998\nline 199999\n"));
        assert!(text.contains("bytes left out …]\nline ") && text.len() < MOST + 100);
        assert!(text.lines().all(|line| line.starts_with("line ") || line.starts_with("[… ")), "cut between lines");
        assert!(output.tail.len() <= 2 * super::TAIL);
    }
}
