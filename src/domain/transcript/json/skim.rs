//! JSON gone over once: the values that are wanted are found, all others are checked and passed over.
//!
//! It reads what transcripts are made of as a rule and gives up on everything else, which serde_json then reads: text with
//! control characters (even as white space), escapes in keys that are looked at, values nested deeper than 64, and
//! whatever is no JSON. What it does read, it reads as serde_json does.

mod quotes;

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor, value::StrDeserializer,
};

use quotes::Quotes;

/// The text is not as it is as a rule; the full parser is to read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unusual;

impl fmt::Display for Unusual {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("to be read by the full parser")
    }
}

impl std::error::Error for Unusual {}

impl Error for Unusual {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// Reads a whole text.
pub(crate) fn read<'a, T: serde::Deserialize<'a>>(text: &'a str) -> Result<T, Unusual> {
    let quotes = Quotes::of(text.as_bytes()).ok_or(Unusual)?;
    let mut skim = Skim { text, quotes, at: 0 };
    let value = T::deserialize(&mut skim)?;
    skim.white();
    if skim.at == text.len() { Ok(value) } else { Err(Unusual) }
}

/// A place in a text without control characters.
struct Skim<'a> {
    text: &'a str,
    quotes: Quotes,
    at: usize,
}

impl<'a> Skim<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn white(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    /// What comes behind white space.
    fn next(&mut self) -> Option<u8> {
        self.white();
        self.peek()
    }

    /// Passes over this byte, behind white space.
    fn pass(&mut self, byte: u8) -> Result<(), Unusual> {
        if self.next() != Some(byte) {
            return Err(Unusual);
        }
        self.at += 1;
        Ok(())
    }

    /// Passes over this byte if it comes next, behind white space.
    fn passed(&mut self, byte: u8) -> bool {
        self.pass(byte).is_ok()
    }

    /// Passes over a string whose opening quote stands here; the places of its quotes.
    fn quoted(&mut self) -> Result<(usize, usize), Unusual> {
        let opening = self.at;
        let closing = self.quotes.next(opening + 1).ok_or(Unusual)?;
        self.at = closing + 1;
        Ok((opening, closing))
    }

    /// Passes over a string and the colon behind it.
    fn key(&mut self) -> Result<(), Unusual> {
        if self.next() != Some(b'"') {
            return Err(Unusual);
        }
        self.quoted()?;
        self.pass(b':')
    }

    /// A string without escapes.
    fn plain(&mut self) -> Result<&'a str, Unusual> {
        if self.next() != Some(b'"') {
            return Err(Unusual);
        }
        let (opening, closing) = self.quoted()?;
        if self.quotes.escapes(opening, closing) {
            return Err(Unusual);
        }
        self.text.get(opening + 1..closing).ok_or(Unusual)
    }

    fn number(&mut self) -> Result<(), Unusual> {
        let rest = &self.text.as_bytes()[self.at..];
        let digits = |from: usize| rest[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let mut end = usize::from(rest.first() == Some(&b'-'));
        let whole = digits(end);
        if whole == 0 || (whole > 1 && rest[end] == b'0') {
            return Err(Unusual);
        }
        end += whole;
        if rest.get(end) == Some(&b'.') {
            let fraction = digits(end + 1);
            if fraction == 0 {
                return Err(Unusual);
            }
            end += 1 + fraction;
        }
        if matches!(rest.get(end), Some(b'e' | b'E')) {
            end += 1 + usize::from(matches!(rest.get(end + 1), Some(b'+' | b'-')));
            let exponent = digits(end);
            if exponent == 0 {
                return Err(Unusual);
            }
            end += exponent;
        }
        self.at += end;
        Ok(())
    }

    fn word(&mut self, word: &str) -> Result<(), Unusual> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(Unusual);
        }
        self.at += word.len();
        Ok(())
    }

    /// Passes over a value.
    fn value(&mut self) -> Result<(), Unusual> {
        // One bit for each container that is open, the innermost lowest: set for an object. The highest marks the end.
        let mut open = 1_u64;
        loop {
            match self.next().ok_or(Unusual)? {
                b'"' => {
                    self.quoted()?;
                }
                bracket @ (b'{' | b'[') => {
                    if open.leading_zeros() == 0 {
                        return Err(Unusual);
                    }
                    self.at += 1;
                    let object = bracket == b'{';
                    // The closing bracket stands two behind the opening one.
                    if !self.passed(bracket + 2) {
                        open = open << 1 | u64::from(object);
                        if object {
                            self.key()?;
                        }
                        continue;
                    }
                }
                b't' => self.word("true")?,
                b'f' => self.word("false")?,
                b'n' => self.word("null")?,
                _ => self.number()?,
            }
            // Behind a value: the next one, or ends of containers.
            loop {
                if open == 1 {
                    return Ok(());
                }
                let object = open & 1 == 1;
                if self.passed(b',') {
                    if object {
                        self.key()?;
                    }
                    break;
                }
                self.pass(if object { b'}' } else { b']' })?;
                open >>= 1;
            }
        }
    }

    /// The text of a value.
    fn raw(&mut self) -> Result<&'a str, Unusual> {
        self.white();
        let from = self.at;
        self.value()?;
        self.text.get(from..self.at).ok_or(Unusual)
    }
}

impl<'de> Deserializer<'de> for &mut Skim<'de> {
    type Error = Unusual;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Unusual> {
        Err(Unusual)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unusual> {
        self.deserialize_map(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unusual> {
        self.pass(b'{')?;
        visitor.visit_map(Parts { skim: self, first: true, end: b'}' })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unusual> {
        self.pass(b'[')?;
        visitor.visit_seq(Parts { skim: self, first: true, end: b']' })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unusual> {
        if self.next() == Some(b'n') {
            self.word("null")?;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    /// That is what a raw value asks for: it wants a map of its text, under its own name.
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Unusual> {
        let raw = self.raw()?;
        visitor.visit_map(Raw { name, raw })
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unusual> {
        visitor.visit_borrowed_str(self.plain()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unusual> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unusual> {
        self.deserialize_str(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unusual> {
        visitor.visit_u64(self.raw()?.parse().map_err(|_| Unusual)?)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unusual> {
        self.value()?;
        visitor.visit_unit()
    }

    /// What reads a text in two ways, quickly and in full, tells by this which one is meant.
    fn is_human_readable(&self) -> bool {
        false
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct enum
    }
}

/// The members of an object, or the elements of an array.
struct Parts<'s, 'de> {
    skim: &'s mut Skim<'de>,
    first: bool,
    end: u8,
}

impl Parts<'_, '_> {
    /// True when there is another one; false behind the end.
    fn more(&mut self) -> Result<bool, Unusual> {
        if self.skim.passed(self.end) {
            return Ok(false);
        }
        if !std::mem::take(&mut self.first) {
            self.skim.pass(b',')?;
        }
        Ok(true)
    }
}

impl<'de> MapAccess<'de> for Parts<'_, 'de> {
    type Error = Unusual;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Unusual> {
        if self.more()? { seed.deserialize(&mut *self.skim).map(Some) } else { Ok(None) }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Unusual> {
        self.skim.pass(b':')?;
        seed.deserialize(&mut *self.skim)
    }
}

impl<'de> SeqAccess<'de> for Parts<'_, 'de> {
    type Error = Unusual;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Unusual> {
        if self.more()? { seed.deserialize(&mut *self.skim).map(Some) } else { Ok(None) }
    }
}

/// A raw value as it asks to be told of itself.
struct Raw<'de> {
    name: &'static str,
    raw: &'de str,
}

impl<'de> MapAccess<'de> for Raw<'de> {
    type Error = Unusual;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Unusual> {
        let name: StrDeserializer<'_, Unusual> = self.name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Unusual> {
        seed.deserialize(serde::de::value::BorrowedStrDeserializer::new(self.raw))
    }
}

#[cfg(test)]
mod tests;
