//! What acts on a terminal, reorders or hides, made visible.

use std::borrow::Cow;
use std::fmt::Write;

use unicode_width::UnicodeWidthChar;

use super::is_sound_mark;

/// Combining marks that one character keeps: no script writes more of them, and each draws over the rows around it.
const MARKS: usize = 4;
/// Joiners that one emoji keeps: the longest that there is has four.
const JOINS: usize = 8;

/// Makes what acts on a terminal, reorders or hides visible: `␛[31m`, `‹9B›`, `‹U+202E›`. Newlines and tabs stay, a carriage
/// return before a newline goes.
///
/// Cleaning twice changes nothing more. The set: C0 and C1 controls, Unicode's bidi controls (UAX #9 §2) and
/// default-ignorable characters, apart from joiners inside an emoji and variation selectors behind a character that has
/// variants; combining marks beyond the fourth of a character (`‹+96 marks›`), and those that have none.
pub fn clean(text: &str) -> Cow<'_, str> {
    let Some(first) = first_doubtful(text) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(&text[..first]);
    // The character before, and the one that the marks behind it belong to.
    let mut last = text[..first].chars().next_back();
    let mut base = last;
    let (mut marks, mut joins) = (0, 0);
    let mut rest = text[first..].chars();
    while let Some(c) = rest.next() {
        let next = rest.as_str().chars().next();
        match c {
            '\r' if next == Some('\n') => continue,
            '\u{200d}' if base.is_some_and(is_pictograph) && next.is_some_and(is_pictograph) && joins < JOINS => {
                joins += 1;
                out.push(c);
            }
            '\u{fe0e}' | '\u{fe0f}' if last.is_some_and(has_variants) => out.push(c),
            '\u{e0100}'..='\u{e01ef}' if last.is_some_and(is_ideograph) => out.push(c),
            c if is_unsafe(c) => {
                push_visible(&mut out, c);
                // Nothing joins a sign of ours.
                (base, marks, joins) = (Some('›'), 0, 0);
            }
            c if is_mark(c) => {
                marks += 1;
                if base.is_none_or(|base| matches!(base, '\n' | '\t')) {
                    push_visible(&mut out, c);
                    base = Some('›');
                } else if marks <= MARKS {
                    out.push(c);
                } else if next.is_none_or(|next| !is_mark(next) || is_unsafe(next)) {
                    // Writing into a string cannot fail.
                    let _ = write!(out, "‹+{} marks›", marks - MARKS);
                    (base, marks) = (Some('›'), 0);
                }
            }
            c => {
                out.push(c);
                if !is_tone(c) {
                    joins = if last == Some('\u{200d}') { joins } else { 0 };
                    base = Some(c);
                    marks = 0;
                }
            }
        }
        last = Some(c);
    }
    Cow::Owned(out)
}

/// Byte offset of the first character that [`clean`] has to look at.
fn first_doubtful(text: &str) -> Option<usize> {
    let plain = |byte: u8| matches!(byte, b' '..=b'~' | b'\n' | b'\t');
    // Most text is plain throughout; this looks at many bytes at once.
    if text.bytes().fold(true, |all, byte| all & plain(byte)) {
        return None;
    }
    let doubtful = |c: char| is_unsafe(c) || is_mark(c);
    text.char_indices().find(|(_, c)| doubtful(*c)).map(|(at, _)| at)
}

/// True for what must not reach a terminal as it is.
fn is_unsafe(c: char) -> bool {
    if matches!(c, ' '..='~' | '\n' | '\t') {
        return false;
    }
    let controls = matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}');
    let direction =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}');
    let separators = matches!(c, '\u{2028}' | '\u{2029}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}');
    let invisible = matches!(c, '\u{ad}' | '\u{34f}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}')
        || matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{feff}' | '\u{1bca0}'..='\u{1bca3}')
        || matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}');
    controls || direction || separators || invisible || is_selector(c)
}

/// Marks that are drawn over the character before them.
fn is_mark(c: char) -> bool {
    !c.is_ascii() && c.width() == Some(0) && !is_sound_mark(c)
}

/// Variation selectors.
fn is_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
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

/// Skin tones: they stand between a pictograph and its joiner.
fn is_tone(c: char) -> bool {
    matches!(c, '\u{1f3fb}'..='\u{1f3ff}')
}

/// Characters that are drawn as text or as an emoji, as the selector behind them says.
fn has_variants(c: char) -> bool {
    is_pictograph(c)
        || matches!(c, '0'..='9' | '#' | '*' | '©' | '®' | '‼' | '⁉' | '™' | 'ℹ' | '〰' | '〽' | '㊗' | '㊙')
}

/// Han characters: of some there are variants.
fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::clean;
    use crate::domain::text::width;

    #[test]
    fn escape_sequences_and_controls_become_visible() {
        assert_eq!(clean("a\u{1b}[31mred\u{7}\0\u{7f}"), "a␛[31mred␇␀␡");
        assert_eq!(clean("\u{9b}2J"), "‹9B›2J");
        assert_eq!(clean("\u{1b}]52;c;aGk=\u{1b}\\"), "␛]52;c;aGk=␛\\");
        assert_eq!(clean("\u{1b}P1$r\u{9c}\u{90}x\u{85}"), "␛P1$r‹9C›‹90›x‹85›");
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
        assert_eq!(clean("soft\u{ad}ly \u{2028}\u{2029}"), "soft‹U+00AD›ly ‹U+2028›‹U+2029›");
        assert_eq!(clean("a\u{34f}\u{180b}\u{17b4}\u{e0fff}"), "a‹U+034F›‹U+180B›‹U+17B4›‹U+E0FFF›");
    }

    #[test]
    fn a_selector_stays_where_it_selects_and_hides_nothing_elsewhere() {
        assert_eq!(clean("⏸\u{fe0f} 1\u{fe0f}\u{20e3} 葛\u{e0100}"), "⏸\u{fe0f} 1\u{fe0f}\u{20e3} 葛\u{e0100}");
        assert_eq!(clean("a\u{fe0f}⏸\u{fe0f}\u{fe0f}\u{fe01}"), "a‹U+FE0F›⏸\u{fe0f}‹U+FE0F›‹U+FE01›");
        assert_eq!(clean("a\u{e0101}葛\u{e0100}\u{e0101}"), "a‹U+E0101›葛\u{e0100}‹U+E0101›");
    }

    #[test]
    fn emoji_keep_their_joiners_and_selectors() {
        let family = "👩\u{200d}👩\u{200d}👧";
        let heart = "❤\u{fe0f}\u{200d}🔥";
        let tone = "👩🏽\u{200d}🚀";
        for emoji in [family, heart, tone, "⏸\u{fe0f}", "✅", "🇩🇪"] {
            assert_eq!(clean(emoji), emoji);
            assert_eq!(width(emoji), 2, "{emoji}");
        }
    }

    #[test]
    fn an_emoji_without_an_end_hides_nothing() {
        let chain = "👩\u{200d}".repeat(40) + "👩";
        let cleaned = clean(&chain).into_owned();
        assert_eq!(cleaned.matches("‹U+200D›").count() + cleaned.matches('\u{200d}').count(), 40);
        assert!(cleaned.contains("‹U+200D›"), "{cleaned}");
    }

    #[test]
    fn marks_are_bounded_and_never_stand_on_what_is_not_theirs() {
        assert_eq!(clean("e\u{301}\u{302} n\u{303}"), "e\u{301}\u{302} n\u{303}");
        let zalgo = format!("a{}b", "\u{301}".repeat(100));
        assert_eq!(clean(&zalgo), format!("a{}‹+96 marks›b", "\u{301}".repeat(4)));
        assert_eq!(clean("\u{301}a\n\u{301}b"), "‹U+0301›a\n‹U+0301›b");
        assert_eq!(clean("\u{202e}\u{301}"), "‹U+202E›\u{301}");
    }

    #[test]
    fn harmless_text_is_not_copied() {
        assert!(matches!(clean("grüße\n\tこんにちは"), Cow::Borrowed(_)));
    }

    /// Pieces that do something to one another.
    const NASTY: &str = "(\u{1b}\\[2J|\u{9b}|\u{202e}|\u{200d}|\u{fe0f}|\u{e0100}|\u{301}|\u{34f}|\u{1160}|\u{e0041}|👩|🏽|🇩|葛|\r|\n|\t|e|1|\u{20e3}|\u{ad}|\u{0}|‹|›){0,24}";

    proptest! {
        #[test]
        fn cleaned_text_has_no_control_left_and_stays_as_it_is(text in any::<String>()) {
            check(&text)?;
        }

        #[test]
        fn text_made_to_hide_is_cleaned_once_and_for_all(text in NASTY) {
            check(&text)?;
        }
    }

    fn check(text: &str) -> Result<(), TestCaseError> {
        let once = clean(text).into_owned();
        prop_assert!(!once.chars().any(|c| c.is_control() && c != '\n' && c != '\t'));
        prop_assert_eq!(clean(&once).into_owned(), once.clone());
        prop_assert!(once.len() <= text.len() * 10);
        Ok(())
    }
}
