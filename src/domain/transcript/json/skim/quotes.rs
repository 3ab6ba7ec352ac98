//! The quotes in JSON that begin and end strings: found for a whole text at once, 64 bytes at a time, without looking at what
//! stands where.
//!
//! A byte is escaped when an odd number of backslashes stands before it. How that is told for 64 bytes by adding and shifting
//! is due to Langdale and Lemire, "Parsing Gigabytes of JSON per Second", 2019, section 3.1.1.

/// Where quotes and backslashes stand in a text, by blocks of 64 bytes.
pub(super) struct Quotes(Vec<Block>);

/// A bit for each byte of a block.
#[derive(Debug, Clone, Copy)]
struct Block {
    /// Quotes that are not escaped.
    quotes: u64,
    backslashes: u64,
}

impl Quotes {
    /// Those of a text; `None` when it holds control characters, or a backslash that begins no escape.
    pub(super) fn of(text: &[u8]) -> Option<Self> {
        let (blocks, rest) = text.as_chunks();
        let mut last = [b' '; 64];
        last.get_mut(..rest.len())?.copy_from_slice(rest);
        let mut quotes = Vec::with_capacity(blocks.len() + 1);
        let mut escaped = false;
        for (n, block) in blocks.iter().chain([&last]).enumerate() {
            quotes.push(of_block(block, text, n * 64, &mut escaped)?);
        }
        (!escaped).then_some(Self(quotes))
    }

    /// The first one at `from` or behind.
    pub(super) fn next(&self, from: usize) -> Option<usize> {
        let mut n = from / 64;
        let mut bits = self.0.get(n)?.quotes & (u64::MAX << (from % 64));
        while bits == 0 {
            n += 1;
            bits = self.0.get(n)?.quotes;
        }
        Some(n * 64 + bits.trailing_zeros() as usize)
    }

    /// True when there is a backslash from `from` up to `to`.
    pub(super) fn escapes(&self, from: usize, to: usize) -> bool {
        let behind = u64::MAX << (from % 64);
        let before = !(u64::MAX << (to % 64));
        let (first, last) = (from / 64, to / 64);
        let of = |n: usize| self.0.get(n).map_or(0, |block| block.backslashes);
        if first == last {
            return of(first) & behind & before != 0;
        }
        of(first) & behind != 0 || of(last) & before != 0 || (first + 1..last).any(|n| of(n) != 0)
    }
}

/// What stands where in 64 bytes, a bit for each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Marks {
    quotes: u64,
    backslashes: u64,
    control: bool,
}

/// One block, which begins at `at` in `text`. `carried` tells of the first byte of a block whether it is escaped.
fn of_block(block: &[u8; 64], text: &[u8], at: usize, carried: &mut bool) -> Option<Block> {
    let Marks { quotes, backslashes, control } = marks(block);
    if control {
        return None;
    }
    if backslashes == 0 && !*carried {
        return Some(Block { quotes, backslashes });
    }
    let escaped = escaped(backslashes, carried);
    // The rest is rare.
    let mut odd = escaped & !(quotes | backslashes | letters(block));
    while odd != 0 {
        let behind = text.get(at + odd.trailing_zeros() as usize..)?;
        let is_escape = match behind.first()? {
            b'/' | b'b' | b'f' | b'r' => true,
            b'u' => behind.get(1..5)?.iter().all(u8::is_ascii_hexdigit),
            _ => false,
        };
        if !is_escape {
            return None;
        }
        odd &= odd - 1;
    }
    Some(Block { quotes: quotes & !escaped, backslashes })
}

/// The bytes that are escaped, given the backslashes.
fn escaped(backslashes: u64, carried: &mut bool) -> u64 {
    const EVEN: u64 = 0x5555_5555_5555_5555;
    let carry = u64::from(*carried);
    // A backslash that is escaped itself escapes nothing.
    let backslashes = backslashes & !carry;
    let follows = backslashes << 1 | carry;
    let odd_starts = backslashes & !EVEN & !follows;
    let (ends, over) = odd_starts.overflowing_add(backslashes);
    *carried = over;
    (EVEN ^ (ends << 1)) & follows
}

#[cfg(target_arch = "x86_64")]
#[allow(
    unsafe_code,
    reason = "SSE2 is part of every x86-64 processor, which the compiler takes for granted all the same"
)]
fn marks(block: &[u8; 64]) -> Marks {
    // SAFETY: the one thing that is asked for is the instruction set.
    unsafe { sse2::marks(block) }
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "as above")]
fn letters(block: &[u8; 64]) -> u64 {
    // SAFETY: the one thing that is asked for is the instruction set.
    unsafe { sse2::letters(block) }
}

#[cfg(not(target_arch = "x86_64"))]
use portable::{letters, marks};

#[cfg(target_arch = "x86_64")]
mod sse2 {
    use std::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x, _mm_set1_epi8,
    };

    use super::Marks;

    #[inline]
    #[target_feature(enable = "sse2")]
    pub(super) fn marks(block: &[u8; 64]) -> Marks {
        let mut control = _mm_set1_epi8(0);
        let (mut quotes, mut backslashes) = (0, 0);
        for (n, sixteen) in block.as_chunks().0.iter().enumerate() {
            let bytes = load(sixteen);
            quotes |= bits(is(bytes, b'"')) << (16 * n);
            backslashes |= bits(is(bytes, b'\\')) << (16 * n);
            control = _mm_or_si128(control, _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes));
        }
        Marks { quotes, backslashes, control: bits(control) != 0 }
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    pub(super) fn letters(block: &[u8; 64]) -> u64 {
        let mut found = 0;
        for (n, sixteen) in block.as_chunks().0.iter().enumerate() {
            let bytes = load(sixteen);
            found |= bits(_mm_or_si128(is(bytes, b'n'), is(bytes, b't'))) << (16 * n);
        }
        found
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn load(bytes: &[u8; 16]) -> __m128i {
        let bytes = u128::from_le_bytes(*bytes);
        _mm_set_epi64x((bytes >> 64).cast_signed() as i64, bytes.cast_signed() as i64)
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn is(bytes: __m128i, byte: u8) -> __m128i {
        _mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte.cast_signed()))
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn bits(bytes: __m128i) -> u64 {
        u64::from(_mm_movemask_epi8(bytes).cast_unsigned())
    }
}

#[cfg(any(test, not(target_arch = "x86_64")))]
mod portable {
    use super::Marks;

    pub(super) fn marks(block: &[u8; 64]) -> Marks {
        Marks {
            quotes: bits(block, |byte| byte == b'"'),
            backslashes: bits(block, |byte| byte == b'\\'),
            control: block.iter().any(|byte| *byte < b' '),
        }
    }

    pub(super) fn letters(block: &[u8; 64]) -> u64 {
        bits(block, |byte| byte == b'n' || byte == b't')
    }

    fn bits(block: &[u8; 64], is: impl Fn(u8) -> bool) -> u64 {
        block.as_chunks().0.iter().enumerate().fold(0, |found, (n, eight): (usize, &[u8; 8])| {
            let mut at = [0; 8];
            for (at, byte) in at.iter_mut().zip(eight) {
                *at = u8::from(is(*byte));
            }
            // Each byte is zero or one: the product has all of them side by side in its highest byte.
            let gathered = u64::from_le_bytes(at).wrapping_mul(0x0102_0408_1020_4080) >> 56;
            found | gathered << (8 * n)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Quotes, escaped, letters, marks, portable};

    proptest! {
        #[test]
        fn both_ways_of_looking_at_64_bytes_see_the_same(
            bytes in proptest::collection::vec(prop_oneof![Just(b'"'), Just(b'\\'), Just(b'n'), Just(b't'), any::<u8>()], 64),
        ) {
            let block: [u8; 64] = bytes.try_into().unwrap();
            prop_assert_eq!(marks(&block), portable::marks(&block));
            prop_assert_eq!(letters(&block), portable::letters(&block));
        }

        #[test]
        fn what_is_escaped_is_told_as_if_byte_by_byte(backslashes in any::<u64>(), more in any::<u64>(), carried in any::<bool>()) {
            let mut carry = carried;
            let mut expected = carried;
            // Runs of them are what matters.
            for word in [backslashes | more, backslashes & more, u64::MAX] {
                let found = escaped(word, &mut carry);
                for bit in 0..64 {
                    prop_assert_eq!(found >> bit & 1 == 1, expected, "bit {} of {:x}", bit, word);
                    expected = !expected && word >> bit & 1 == 1;
                }
                prop_assert_eq!(carry, expected);
            }
        }

        #[test]
        fn quotes_are_found_in_texts_of_any_length(text in "[ab\"]{0,200}", from in 0_usize..210) {
            let quotes = Quotes::of(text.as_bytes()).unwrap();
            let expected = text.bytes().enumerate().skip(from).find(|(_, byte)| *byte == b'"').map(|(at, _)| at);
            prop_assert_eq!(quotes.next(from), expected);
        }

        #[test]
        fn escapes_are_found_between_two_places(text in "([a]{0,70}(\\\\n)?){0,5}", one in 0_usize..300, other in 0_usize..300) {
            let (from, to) = (one.min(other).min(text.len()), one.max(other).min(text.len()));
            let quotes = Quotes::of(text.as_bytes()).unwrap();
            prop_assert_eq!(quotes.escapes(from, to), text[from..to].contains('\\'));
        }
    }
}
