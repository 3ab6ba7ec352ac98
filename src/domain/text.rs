//! Text from the world made harmless, measured in columns, cut and wrapped.
//!
//! Whatever comes from a file, a cluster or an agent goes through [`clean()`], [`line()`] or [`wrap()`] before it is drawn:
//! nothing in it can move the cursor, reorder the line or hide itself.

mod clean;
pub mod styled;
mod wrap;

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

pub use clean::clean;
pub use wrap::{wrap, wrap_limited, wrap_ranges};

/// Stands where text was cut off.
const ELLIPSIS: &str = "…";

/// [`clean()`], and all of it on one line: white space with a newline or a tab in it becomes one space, the ends are trimmed.
pub fn line(text: &str) -> Cow<'_, str> {
    let text = text.trim_matches([' ', '\n', '\r', '\t']);
    let cleaned = clean(text);
    if memchr::memchr2(b'\n', b'\t', cleaned.as_bytes()).is_none() {
        return cleaned;
    }
    let mut out = String::with_capacity(cleaned.len());
    let mut rest = cleaned.as_ref();
    while let Some(at) = memchr::memchr2(b'\n', b'\t', rest.as_bytes()) {
        out.push_str(rest[..at].trim_end_matches(' '));
        out.push(' ');
        rest = rest[at..].trim_start_matches([' ', '\n', '\t']);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Columns that cleaned text takes on one line of a terminal, counted grapheme by grapheme as the screen draws it.
pub fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.graphemes(true).map(columns).sum() }
}

/// Columns of one grapheme, as ratatui counts them: it gives each halfwidth sound mark of katakana one more than Unicode
/// does, and what is measured otherwise is cut or aligned in the wrong place.
fn columns(grapheme: &str) -> usize {
    grapheme.width() + grapheme.chars().filter(|c| is_sound_mark(*c)).count()
}

/// The halfwidth marks for voiced katakana.
fn is_sound_mark(c: char) -> bool {
    matches!(c, '\u{ff9e}' | '\u{ff9f}')
}

/// At most `room` columns of `text`, with `…` at the end if something had to go. Never splits a grapheme.
///
/// Looks no further into the text than it must, so it may be long. The text should be one [`line()`].
pub fn cut(text: &str, room: usize) -> Cow<'_, str> {
    if text.len() <= room && text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut used = 0;
    // End of the longest prefix that leaves a column for the ellipsis.
    let mut keep = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        let wide = columns(grapheme);
        if used + wide > room {
            return match room {
                0 => Cow::Borrowed(""),
                _ => Cow::Owned([&text[..keep], ELLIPSIS].concat()),
            };
        }
        used += wide;
        if used < room {
            keep = at + grapheme.len();
        }
    }
    Cow::Borrowed(text)
}

/// The longest prefix of `text` that has at most `bytes` bytes and ends between two characters.
pub fn prefix(text: &str, bytes: usize) -> &str {
    if text.len() <= bytes {
        return text;
    }
    let end = (0..=bytes).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    &text[..end]
}

/// The end of a text, at most so many bytes, cut between characters.
pub fn suffix(text: &str, bytes: usize) -> &str {
    let mut start = text.len().saturating_sub(bytes);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

#[cfg(test)]
mod tests {

    use proptest::prelude::*;

    use super::{cut, line, prefix, width};

    #[test]
    fn a_line_has_no_newlines_and_no_wide_gaps() {
        assert_eq!(line("  cargo test \\\r\n\t  --all\n\n  now\n"), "cargo test \\ --all now");
        assert_eq!(line("a  b"), "a  b");
    }

    #[test]
    fn cutting_counts_columns_and_never_splits_a_grapheme() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdef", 5), "abcd…");
        assert_eq!(cut("こんにちは", 10), "こんにちは");
        assert_eq!(cut("こんにちは", 9), "こんにち…");
        assert_eq!(cut("こんにちは", 4), "こ…");
        assert_eq!(cut("e\u{301}e\u{301}e\u{301}", 2), "e\u{301}…");
        assert_eq!(cut("ab", 1), "…");
        assert_eq!(cut("ab", 0), "");
    }

    #[test]
    fn a_prefix_ends_between_characters() {
        assert_eq!(prefix("aé", 2), "a");
        assert_eq!(prefix("aé", 3), "aé");
        assert_eq!(prefix("é", 0), "");
    }

    proptest! {
        #[test]
        fn a_line_is_one_whatever_is_in_it(text in any::<String>()) {
            prop_assert!(!line(&text).contains(['\n', '\t']));
        }

        #[test]
        fn a_cut_never_takes_more_columns_than_asked(text in any::<String>(), columns in 0_usize..40) {
            let text = line(&text).into_owned();
            prop_assert!(width(&cut(&text, columns)) <= columns);
        }
    }
}
