//! Lenient access to JSON that was not parsed further than it had to be.
//!
//! A record is split into raw values first; a field of an unexpected type is then simply not there, and does not cost the
//! record. Strings are decoded here and not by serde, because transcripts hold lone surrogates (truncated emoji) which serde
//! refuses, and because a string of many megabytes must not be decoded whole when only its head is kept.

pub(crate) mod node;
mod skim;

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Text;

/// Reads a text, quickly if it is as it is as a rule; `None` when it is no JSON, or not what is wanted.
pub(crate) fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
    skim::read(text).ok().or_else(|| serde_json::from_str(text).ok())
}

/// The text of a JSON string; `None` for anything else.
pub(crate) fn string(raw: Option<&RawValue>) -> Option<Cow<'_, str>> {
    let inner = inner(raw?)?;
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Some(Cow::Borrowed(inner));
    }
    let mut out = String::with_capacity(inner.len());
    unescape(inner, |piece| {
        out.push_str(piece);
        true
    });
    Some(Cow::Owned(out))
}

/// The head of a JSON string: at least `bytes` bytes of it if it is that long, but not much more.
pub(crate) fn head(raw: Option<&RawValue>, bytes: usize) -> Option<String> {
    let mut out = String::new();
    unescape(inner(raw?)?, |piece| {
        out.push_str(crate::domain::text::prefix(piece, bytes));
        out.len() < bytes
    });
    Some(out)
}

/// A whole number that is not negative.
pub(crate) fn number(raw: Option<&RawValue>) -> Option<u64> {
    /// Beyond this a JSON number is not exact in every program, and no count of anything: 2⁵³.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    serde_json::from_str::<f64>(raw?.get()).ok().filter(|n| (0.0..=EXACT).contains(n)).map(|n| n as u64)
}

/// An amount of money that is not negative.
pub(crate) fn dollars(raw: Option<&RawValue>) -> Option<f64> {
    serde_json::from_str::<f64>(raw?.get()).ok().filter(|dollars| *dollars >= 0.0)
}

/// True for `true` alone.
pub(crate) fn truth(raw: Option<&RawValue>) -> bool {
    raw.is_some_and(|raw| raw.get() == "true")
}

/// A moment: RFC 3339, or milliseconds since 1970.
pub(crate) fn moment(raw: Option<&RawValue>) -> Option<Timestamp> {
    match string(raw) {
        Some(text) => text.parse().ok(),
        None => Timestamp::from_millisecond(i64::try_from(number(raw)?).ok()?).ok(),
    }
}

/// The raw elements of an array; empty for anything else.
pub(crate) fn elements<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Vec<T> {
    raw.filter(|raw| raw.get().starts_with('[')).and_then(|raw| read(raw.get())).unwrap_or_default()
}

/// An object with only the fields that `T` names, all of which should be optional raw values; the default for anything else.
pub(crate) fn fields<'a, T: Deserialize<'a> + Default>(raw: Option<&'a RawValue>) -> T {
    raw.filter(|raw| raw.get().starts_with('{')).and_then(|raw| read(raw.get())).unwrap_or_default()
}

/// The members of an object, in the order of the text.
#[derive(Debug, Default)]
pub(crate) struct Members<'a>(pub(crate) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut members = Vec::new();
                while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                    members.push((key, map.next_value()?));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// Gathers text of which [`Text::CAP`] bytes and [`Text::AHEAD`] more are kept while all of it is counted.
#[derive(Debug, Default)]
pub(crate) struct Gather {
    kept: String,
    bytes: u64,
    newlines: u64,
    ends_in_newline: bool,
}

impl Gather {
    /// Appends text.
    pub(crate) fn push(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        // Once something was left out nothing may follow it.
        if self.kept.len() as u64 == self.bytes {
            self.kept.push_str(crate::domain::text::prefix(text, Text::CAP + Text::AHEAD - self.kept.len()));
        }
        self.bytes += text.len() as u64;
        self.newlines += memchr::memchr_iter(b'\n', text.as_bytes()).count() as u64;
        self.ends_in_newline = text.ends_with('\n');
    }

    /// Appends a JSON string; anything else as its JSON.
    pub(crate) fn push_json(&mut self, raw: &RawValue) {
        match inner(raw) {
            Some(inner) => unescape(inner, |piece| {
                self.push(piece);
                true
            }),
            None => self.push(raw.get()),
        }
    }

    /// Appends what stands behind the first `skip` bytes of a JSON string; anything else as its JSON.
    pub(crate) fn push_json_from(&mut self, raw: &RawValue, mut skip: usize) {
        let Some(inner) = inner(raw) else { return self.push(raw.get()) };
        unescape(inner, |piece| {
            let (passed, rest) = piece.split_at(crate::domain::text::prefix(piece, skip).len());
            skip -= passed.len();
            self.push(rest);
            true
        });
    }

    /// Begins a new line unless one has just begun.
    pub(crate) fn separate(&mut self) {
        if self.bytes > 0 && !self.ends_in_newline {
            self.push("\n");
        }
    }

    pub(crate) fn finish(self) -> Text {
        let open = u64::from(self.bytes > 0 && !self.ends_in_newline);
        Text { kept: self.kept, bytes: self.bytes, lines: self.newlines + open }
    }
}

/// What stands between the quotes of a JSON string.
fn inner(raw: &RawValue) -> Option<&str> {
    raw.get().strip_prefix('"')?.strip_suffix('"')
}

/// Decodes the inside of a JSON string, which is known to be well formed, piece by piece until `push` has enough.
fn unescape(mut rest: &str, mut push: impl FnMut(&str) -> bool) {
    let mut buffer = [0; 4];
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        if at > 0 && !push(&rest[..at]) {
            return;
        }
        let (c, length) = escaped(&rest[at..]);
        if !push(c.encode_utf8(&mut buffer)) {
            return;
        }
        rest = rest.get(at + length..).unwrap_or_default();
    }
    if !rest.is_empty() {
        push(rest);
    }
}

/// The character of an escape sequence at the head of `text`, and the bytes of the sequence.
fn escaped(text: &str) -> (char, usize) {
    let plain = match text.as_bytes().get(1) {
        Some(b'n') => '\n',
        Some(b't') => '\t',
        Some(b'r') => '\r',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'u') => {
            let Some(unit) = unit(text) else { return (char::REPLACEMENT_CHARACTER, 6) };
            if let Some(low) = text.get(6..).and_then(self::unit)
                && (0xd800..0xdc00).contains(&unit)
                && (0xdc00..0xe000).contains(&low)
            {
                let code = 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                return (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 12);
            }
            return (char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER), 6);
        }
        Some(other) => char::from(*other),
        None => char::REPLACEMENT_CHARACTER,
    };
    (plain, 2)
}

/// The number of a `\uXXXX` at the head of `text`.
fn unit(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::{Gather, Text, head, moment, number, string};

    fn raw(json: &str) -> &RawValue {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn lone_surrogates_are_replaced_and_pairs_are_one_character() {
        assert_eq!(string(Some(raw(r#""a\ud83d b""#))).unwrap(), "a\u{fffd} b");
        assert_eq!(string(Some(raw(r#""\ude00\ud83d\ude00\"\\\/""#))).unwrap(), "\u{fffd}😀\"\\/");
        assert_eq!(string(Some(raw(r#""\ud83d\u0041""#))).unwrap(), "\u{fffd}A");
    }

    #[test]
    fn only_the_head_of_a_long_string_is_decoded() {
        let json = format!("\"{}\"", "é\\n".repeat(1_000));
        let head = head(Some(raw(&json)), 10).unwrap();
        assert!((10..20).contains(&head.len()), "{}", head.len());
    }

    #[test]
    fn what_is_kept_is_bounded_and_all_of_it_is_counted() {
        let json = format!("\"{}\"", "0123456\\n".repeat(20_000));
        let mut gather = Gather::default();
        gather.push_json(raw(&json));
        gather.push("tail");
        let text = gather.finish();
        assert_eq!((text.bytes, text.lines), (160_004, 20_001));
        let most = Text::CAP + Text::AHEAD;
        assert!(text.kept.len() <= most && text.kept.len() > most - 8);
        assert!(!text.kept.contains("tail"));
    }

    #[test]
    fn values_of_another_type_are_not_there() {
        assert_eq!(string(Some(raw("12"))), None);
        assert_eq!(number(Some(raw("\"12\""))), None);
        assert_eq!(number(Some(raw("-1"))), None);
        assert_eq!(number(Some(raw("6e62"))), None, "sums of such would overflow");
        assert_eq!(moment(Some(raw("true"))), None);
        assert_eq!(moment(Some(raw("1000"))), moment(Some(raw("\"1970-01-01T00:00:01Z\""))));
    }

    proptest! {
        #[test]
        fn strings_decode_as_serde_decodes_them(text in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(string(Some(raw(&json))).unwrap(), text);
        }
    }
}
