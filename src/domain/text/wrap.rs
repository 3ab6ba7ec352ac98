//! Wrapping at word boundaries, by columns.

use std::borrow::Cow;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::clean;

/// Columns from one tab stop to the next.
const TAB: usize = 4;

/// Lays out `text` in rows of at most `columns` columns (at least one). The text is cleaned on the way.
///
/// Breaks at spaces, which do not reach the next row, and inside a word only when the word alone is too long. Tabs go to
/// the next multiple of four. A newline at the end opens no row, and empty text has none. A grapheme that is wider than
/// the row stands alone in it.
pub fn wrap(text: &str, columns: usize) -> Vec<Cow<'_, str>> {
    wrap_limited(text, columns, usize::MAX)
}

/// [`wrap`] that stops after `max_rows` rows and does not look at the lines behind them.
pub fn wrap_limited(text: &str, columns: usize, max_rows: usize) -> Vec<Cow<'_, str>> {
    let columns = columns.max(1);
    let mut rows = Vec::new();
    for line in text.lines() {
        if rows.len() >= max_rows {
            break;
        }
        match expand(clean(line)) {
            Cow::Borrowed(line) => wrap_line(line, columns, |row| {
                rows.push(Cow::Borrowed(&line[row]));
                rows.len() < max_rows
            }),
            Cow::Owned(line) => wrap_line(&line, columns, |row| {
                rows.push(Cow::Owned(line[row].to_owned()));
                rows.len() < max_rows
            }),
        }
    }
    rows
}

/// The rows of one clean line without tabs, as ranges of it, at most `max_rows` of them. Breaks where [`wrap`] does.
pub fn wrap_ranges(line: &str, columns: usize, max_rows: usize) -> Vec<Range<usize>> {
    let mut rows = Vec::new();
    if max_rows > 0 {
        wrap_line(line, columns.max(1), |row| {
            rows.push(row);
            rows.len() < max_rows
        });
    }
    rows
}

/// Puts spaces in the place of tabs.
pub(super) fn expand(line: Cow<'_, str>) -> Cow<'_, str> {
    if !line.contains('\t') {
        return line;
    }
    let mut out = String::with_capacity(line.len() + 16);
    let mut column = 0;
    for (n, part) in line.split('\t').enumerate() {
        if n > 0 {
            let gap = TAB - column % TAB;
            out.extend(std::iter::repeat_n(' ', gap));
            column += gap;
        }
        out.push_str(part);
        column += super::width(part);
    }
    Cow::Owned(out)
}

/// Finds the rows of one line without tabs; `push` takes each and says whether more are wanted.
fn wrap_line(line: &str, columns: usize, mut push: impl FnMut(Range<usize>) -> bool) {
    if line.is_ascii() {
        if line.len() <= columns {
            push(trimmed(line, 0..line.len()));
            return;
        }
        break_rows(line, line.bytes().enumerate().map(|(at, byte)| (at, byte == b' ', 1)), columns, push);
    } else {
        let pieces = line.grapheme_indices(true).map(|(at, grapheme)| (at, grapheme == " ", super::columns(grapheme)));
        break_rows(line, pieces, columns, push);
    }
}

/// A row without the spaces at its end.
fn trimmed(line: &str, row: Range<usize>) -> Range<usize> {
    row.start..row.start + line[row.clone()].trim_end_matches(' ').len()
}

/// Breaks a line given as its pieces: byte offset, whether it is a space, columns.
fn break_rows(
    line: &str,
    pieces: impl Iterator<Item = (usize, bool, usize)>,
    columns: usize,
    mut push: impl FnMut(Range<usize>) -> bool,
) {
    let mut row = 0;
    let mut used = 0;
    // Start of the word being read and the columns it has so far.
    let mut word = 0;
    let mut word_used = 0;
    // True once the row holds a word that has ended, so that it may be broken before the next one.
    let mut breakable = false;
    let mut in_space = true;
    let mut seen_word = false;
    for (at, is_space, wide) in pieces {
        if is_space {
            breakable = breakable || seen_word;
            in_space = true;
            used += wide;
            continue;
        }
        if in_space {
            in_space = false;
            word = at;
            word_used = 0;
        }
        if used + wide > columns && used > 0 {
            let next = if breakable { word } else { at };
            if !push(trimmed(line, row..next)) {
                return;
            }
            row = next;
            used = if breakable { word_used } else { 0 };
            // A hard break makes the rest of the word a word of its own.
            (word, word_used) = (next, used);
            breakable = false;
        }
        seen_word = true;
        used += wide;
        word_used += wide;
        if used > columns && row < at {
            // The word that was moved down is itself too long for a row.
            if !push(row..at) {
                return;
            }
            (row, used, word, word_used) = (at, wide, at, wide);
        }
    }
    push(trimmed(line, row..line.len()));
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;
    use unicode_segmentation::UnicodeSegmentation;

    use super::{wrap, wrap_limited};
    use crate::domain::text::{clean, width};

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrap("the quick brown fox", 9), ["the quick", "brown fox"]);
        assert_eq!(wrap("the quick  brown", 10), ["the quick", "brown"]);
        assert_eq!(wrap("one\n\ntwo\n", 9), ["one", "", "two"]);
        assert!(wrap("", 9).is_empty());
    }

    #[test]
    fn a_word_longer_than_a_row_is_broken_hard() {
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("ab cdefgh i", 4), ["ab", "cdef", "gh i"]);
    }

    #[test]
    fn indentation_stays_and_tabs_go_to_multiples_of_four() {
        assert_eq!(wrap("    let x;", 20), ["    let x;"]);
        assert_eq!(wrap("\tlet\tx;", 20), ["    let x;"]);
        assert_eq!(wrap("a\tb", 20), ["a   b"]);
        assert_eq!(wrap("こ\tb", 20), ["こ  b"]);
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(wrap("こんにちは", 4), ["こん", "にち", "は"]);
        assert_eq!(wrap("aこんb", 4), ["aこ", "んb"]);
        assert_eq!(wrap("✅ done ✅ done", 7), ["✅ done", "✅ done"]);
    }

    #[test]
    fn escape_sequences_are_visible_in_rows() {
        assert_eq!(wrap("\u{1b}[2Jx\r\ny", 9), ["␛[2Jx", "y"]);
    }

    #[test]
    fn no_more_rows_than_asked_and_nothing_copied_that_need_not_be() {
        let rows = wrap_limited("one two three\nfour", 5, 2);
        assert_eq!(rows, ["one", "two"]);
        assert!(rows.iter().all(|row| matches!(row, Cow::Borrowed(_))));
        assert!(wrap_limited("a", 5, 0).is_empty());
    }

    proptest! {
        #[test]
        fn rows_fit_and_lose_only_spaces(text in "[a-cé こ✅\\t\\n\\PC]{0,80}", columns in 2_usize..20) {
            let rows = wrap(&text, columns);
            for row in &rows {
                let alone = row.graphemes(true).count() == 1;
                prop_assert!(width(row) <= columns || alone, "{row:?} is wider than {columns}");
            }
            let shown: String = rows.concat().split(' ').collect();
            let meant: String = clean(&text).split([' ', '\t', '\n']).collect();
            prop_assert_eq!(shown, meant);
            for limit in 0..rows.len() {
                prop_assert_eq!(&wrap_limited(&text, columns, limit), &rows[..limit]);
            }
        }
    }
}
