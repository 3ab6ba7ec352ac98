//! Text from the world made harmless, measured in columns, cut and wrapped.
//!
//! Whatever comes from a file, a cluster or an agent goes through [`clean`], [`line()`] or [`wrap()`] before it is drawn:
//! nothing in it can move the cursor, reorder the line or hide itself.

mod wrap;

use std::borrow::Cow;
use std::fmt::Write;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

pub use wrap::{wrap, wrap_limited};

/// Stands where text was cut off.
const ELLIPSIS: &str = "…";

/// Makes what acts on a terminal, reorders or hides visible: `␛[31m`, `‹9B›`, `‹U+202E›`. Newlines and tabs stay, a carriage
/// return before a newline goes.
///
/// Cleaning twice changes nothing more. The set: C0 and C1 controls, Unicode's bidi controls (UAX #9 §2) and
/// default-ignorable format characters, apart from joiners inside an emoji and variation selectors.
pub fn clean(text: &str) -> Cow<'_, str> {
    let Some(first) = first_unsafe(text) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(&text[..first]);
    let mut before = text[..first].chars().rev().find(|c| !is_emoji_modifier(*c));
    let mut rest = text[first..].chars();
    while let Some(c) = rest.next() {
        let next = rest.as_str().chars().next();
        match c {
            '\r' if next == Some('\n') => {}
            '\u{200d}' if before.is_some_and(is_pictograph) && next.is_some_and(is_pictograph) => out.push(c),
            c if is_unsafe(c) => push_visible(&mut out, c),
            c => out.push(c),
        }
        if !is_emoji_modifier(c) {
            before = Some(c);
        }
    }
    Cow::Owned(out)
}

/// [`clean`], and all of it on one line: white space with a newline or a tab in it becomes one space, the ends are trimmed.
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
    if text.is_ascii() { text.len() } else { text.graphemes(true).map(UnicodeWidthStr::width).sum() }
}

/// At most `columns` columns of `text`, with `…` at the end if something had to go. Never splits a grapheme.
///
/// Looks no further into the text than it must, so it may be long. The text should be one [`line()`].
pub fn cut(text: &str, columns: usize) -> Cow<'_, str> {
    if text.len() <= columns && text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut used = 0;
    // End of the longest prefix that leaves a column for the ellipsis.
    let mut keep = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        let wide = grapheme.width();
        if used + wide > columns {
            return match columns {
                0 => Cow::Borrowed(""),
                _ => Cow::Owned([&text[..keep], ELLIPSIS].concat()),
            };
        }
        used += wide;
        if used < columns {
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

/// Byte offset of the first character that [`clean`] has to look at.
fn first_unsafe(text: &str) -> Option<usize> {
    let plain = |byte: u8| matches!(byte, b' '..=b'~' | b'\n' | b'\t');
    // Most text is plain throughout; this looks at many bytes at once.
    if text.bytes().fold(true, |all, byte| all & plain(byte)) {
        return None;
    }
    text.char_indices().find(|(_, c)| is_unsafe(*c)).map(|(at, _)| at)
}

/// True for what must not reach a terminal as it is.
fn is_unsafe(c: char) -> bool {
    if matches!(c, ' '..='~' | '\n' | '\t') {
        return false;
    }
    let controls = matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}');
    let direction =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}');
    let separators = matches!(c, '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}');
    let invisible = matches!(c, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{feff}')
        || matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{e0000}'..='\u{e007f}');
    controls || direction || separators || invisible
}

fn push_visible(out: &mut String, c: char) {
    let code = u32::from(c);
    // Writing into a string cannot fail.
    let _ = match code {
        0..=0x1f => out.write_char(char::from_u32(0x2400 + code).unwrap_or('\u{fffd}')),
        0x7f => out.write_char('\u{2421}'),
        0x80..=0x9f => write!(out, "‹{code:02X}›"),
        _ => write!(out, "‹U+{code:04X}›"),
    };
}

/// Characters that may stand on either side of the joiner in an emoji sequence; wider than Unicode's property and enough here.
fn is_pictograph(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}

/// Variation selectors and skin tones: they stand between a pictograph and its joiner.
fn is_emoji_modifier(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}')
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::{clean, cut, line, prefix, width};

    #[test]
    fn escape_sequences_and_controls_become_visible() {
        assert_eq!(clean("a\u{1b}[31mred\u{7}\0\u{7f}"), "a␛[31mred␇␀␡");
        assert_eq!(clean("\u{9b}2J"), "‹9B›2J");
        assert_eq!(clean("\u{1b}]52;c;aGk=\u{1b}\\"), "␛]52;c;aGk=␛\\");
    }

    #[test]
    fn a_carriage_return_goes_before_a_newline_and_shows_elsewhere() {
        assert_eq!(clean("one\r\ntwo\rthree"), "one\ntwo␍three");
    }

    #[test]
    fn what_reorders_or_hides_is_named() {
        assert_eq!(clean("user\u{202e}txt.exe"), "user‹U+202E›txt.exe");
        assert_eq!(clean("a\u{200b}b\u{2066}c\u{feff}"), "a‹U+200B›b‹U+2066›c‹U+FEFF›");
        assert_eq!(clean("a\u{200d}b"), "a‹U+200D›b");
        assert_eq!(clean("\u{e0041}"), "‹U+E0041›");
    }

    #[test]
    fn emoji_keep_their_joiners_and_selectors() {
        let family = "👩\u{200d}👩\u{200d}👧";
        let heart = "❤\u{fe0f}\u{200d}🔥";
        let tone = "👩🏽\u{200d}🚀";
        for emoji in [family, heart, tone, "⏸\u{fe0f}", "✅"] {
            assert_eq!(clean(emoji), emoji);
            assert_eq!(width(emoji), 2, "{emoji}");
        }
    }

    #[test]
    fn harmless_text_is_not_copied() {
        assert!(matches!(clean("grüße\n\tこんにちは"), Cow::Borrowed(_)));
        assert!(matches!(line("one line"), Cow::Borrowed(_)));
    }

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
        fn cleaned_text_has_no_control_left_and_stays_as_it_is(text in any::<String>()) {
            let once = clean(&text).into_owned();
            prop_assert!(!once.chars().any(|c| c.is_control() && c != '\n' && c != '\t'));
            prop_assert_eq!(clean(&once).into_owned(), once.clone());
            prop_assert!(!line(&text).contains(['\n', '\t']));
        }

        #[test]
        fn a_cut_never_takes_more_columns_than_asked(text in any::<String>(), columns in 0_usize..40) {
            let text = line(&text).into_owned();
            prop_assert!(width(&cut(&text, columns)) <= columns);
        }
    }
}
