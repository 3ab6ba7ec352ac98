//! Answers by their places: few that may still change, and all others side by side.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};

use super::Answer;

/// Answers that are looked up one by one before they are put among the others.
const FRESH: usize = 64;

/// Answers by the hash of what names them. Packed, nearly every one takes 32 bytes with its place, and nothing beside.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    narrow: Vec<Narrow>,
    /// Those that are more than a [`Narrow`] can say.
    wide: Vec<(u64, Answer)>,
    /// What was said last; packed answers of the same places are out of date.
    fresh: HashMap<u64, Answer, ByPlace>,
}

/// An answer with its place, in little room: it states no price, and wrote to the cache for five minutes or for an hour.
#[derive(Debug, Clone, Copy)]
struct Narrow {
    place: u64,
    input: u32,
    cache_write: u32,
    cache_read: u32,
    output: u32,
    request: u32,
    model: u16,
    web_searches: u8,
    flags: u8,
}

/// Of a [`Narrow`]: what it wrote to the cache stays for an hour. No flag of an answer's own.
const HOUR: u8 = 128;

impl Narrow {
    /// `None` when there is more to say.
    fn of(place: u64, answer: &Answer) -> Option<Self> {
        let Answer { input, cache_write_5m, cache_write_1h, cache_read, output, request, billed, model, .. } = *answer;
        if billed != 0 || (cache_write_5m != 0 && cache_write_1h != 0) || answer.is(HOUR) {
            return None;
        }
        let hour = if cache_write_1h == 0 { 0 } else { HOUR };
        let (web_searches, flags) = (answer.web_searches, answer.flags | hour);
        let cache_write = cache_write_5m.max(cache_write_1h);
        Some(Self { place, input, cache_write, cache_read, output, request, model, web_searches, flags })
    }

    fn answer(&self) -> Answer {
        let Self { input, cache_write, cache_read, output, request, model, web_searches, flags, .. } = *self;
        let hour = flags & HOUR != 0;
        Answer {
            input,
            cache_write_5m: if hour { 0 } else { cache_write },
            cache_write_1h: if hour { cache_write } else { 0 },
            cache_read,
            output,
            request,
            billed: 0,
            model,
            web_searches,
            flags: flags & !HOUR,
        }
    }
}

impl Table {
    /// The answer at a place.
    pub(super) fn at(&self, place: u64) -> Option<Answer> {
        if let Some(answer) = self.fresh.get(&place) {
            return Some(*answer);
        }
        if let Ok(n) = self.narrow.binary_search_by_key(&place, |narrow| narrow.place) {
            return Some(self.narrow[n].answer());
        }
        let n = self.wide.binary_search_by_key(&place, |(place, _)| *place).ok()?;
        Some(self.wide[n].1)
    }

    /// Puts one at a place, whatever was there.
    pub(super) fn put(&mut self, place: u64, answer: Answer) {
        self.fresh.insert(place, answer);
    }

    /// Every answer with its place.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, Answer)> {
        let narrow = self.narrow.iter().map(|narrow| (narrow.place, narrow.answer()));
        let packed = narrow.chain(self.wide.iter().copied()).filter(|(place, _)| !self.fresh.contains_key(place));
        packed.chain(self.fresh.iter().map(|(place, answer)| (*place, *answer)))
    }

    /// How many there are at most.
    pub(super) fn len(&self) -> usize {
        self.narrow.len() + self.wide.len() + self.fresh.len()
    }

    /// Puts all answers side by side, unless there are few new ones.
    pub(super) fn pack(&mut self) {
        if !(self.narrow.is_empty() && self.wide.is_empty()) && self.fresh.len() < FRESH {
            return;
        }
        let fresh = std::mem::take(&mut self.fresh);
        self.narrow.retain(|narrow| !fresh.contains_key(&narrow.place));
        self.wide.retain(|(place, _)| !fresh.contains_key(place));
        self.narrow.reserve_exact(fresh.len());
        for (place, answer) in fresh {
            match Narrow::of(place, &answer) {
                Some(narrow) => self.narrow.push(narrow),
                None => self.wide.push((place, answer)),
            }
        }
        self.narrow.shrink_to_fit();
        self.narrow.sort_unstable_by_key(|narrow| narrow.place);
        self.wide.sort_unstable_by_key(|(place, _)| *place);
    }
}

/// Places are hashes already.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ByPlace(u64);

impl BuildHasher for ByPlace {
    type Hasher = Self;

    fn build_hasher(&self) -> Self {
        *self
    }
}

impl Hasher for ByPlace {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(self.0.rotate_left(8) ^ u64::from(*byte));
        }
    }

    fn write_u64(&mut self, place: u64) {
        self.0 = place;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::{Answer, Narrow, Table};

    fn answer(output: u32) -> Answer {
        Answer { output, ..Answer::default() }
    }

    #[test]
    fn an_answer_takes_no_more_than_32_bytes() {
        let mut table = Table::default();
        for place in 0..10_000 {
            table.put(place, answer(1));
            // As if its file had grown by a few lines at a time.
            if place % 7 == 0 {
                table.pack();
            }
        }
        table.pack();
        assert_eq!((table.narrow.capacity(), table.len()), (10_000 - table.fresh.len(), 10_000));
        assert!(size_of::<Narrow>() == 32 && table.fresh.capacity() < 4 * super::FRESH);
    }

    proptest! {
        #[test]
        fn packed_or_not_the_last_word_on_a_place_counts(
            said in proptest::collection::vec(
                (0_u64..200, any::<u32>(), any::<bool>(), (0..3_u32, 0..3_u32, 0..2_u32), 0..32_u8),
                0..400,
            ),
        ) {
            let (mut table, mut expected) = (Table::default(), BTreeMap::new());
            for (place, output, pack, (cache_write_5m, cache_write_1h, billed), flags) in said {
                let answer = Answer { cache_write_5m, cache_write_1h, billed, flags, ..answer(output) };
                table.put(place, answer);
                prop_assert_eq!(table.at(place), Some(answer));
                expected.insert(place, answer);
                if pack {
                    table.pack();
                }
            }
            prop_assert!(expected.iter().all(|(place, answer)| table.at(*place) == Some(*answer)));
            let found: Vec<(u64, Answer)> = table.iter().collect();
            prop_assert_eq!(found.len(), expected.len());
            prop_assert_eq!(found.into_iter().collect::<BTreeMap<_, _>>(), expected);
        }
    }
}
