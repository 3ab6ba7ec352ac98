//! Answers by their places: few that may still change, and all others side by side.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};

use super::Answer;

/// Answers that are looked up one by one before they are put among the others.
const FRESH: usize = 64;

/// Answers by the hash of what names them. Packed, one takes 40 bytes and nothing beside.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    packed: Vec<(u64, Answer)>,
    fresh: HashMap<u64, Answer, ByPlace>,
}

impl Table {
    /// The answer at a place.
    pub(super) fn at(&mut self, place: u64) -> Option<&mut Answer> {
        match self.packed.binary_search_by_key(&place, |(place, _)| *place) {
            Ok(n) => Some(&mut self.packed[n].1),
            Err(_) => self.fresh.get_mut(&place),
        }
    }

    /// Puts one at a place where there is none.
    pub(super) fn put(&mut self, place: u64, answer: Answer) {
        self.fresh.insert(place, answer);
    }

    /// Every answer with its place.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &Answer)> {
        let packed = self.packed.iter().map(|(place, answer)| (*place, answer));
        packed.chain(self.fresh.iter().map(|(place, answer)| (*place, answer)))
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.packed.len() + self.fresh.len()
    }

    /// Puts all answers side by side, unless there are few new ones.
    pub(super) fn pack(&mut self) {
        if !self.packed.is_empty() && self.fresh.len() < FRESH {
            return;
        }
        self.packed.reserve_exact(self.fresh.len());
        self.packed.extend(std::mem::take(&mut self.fresh));
        self.packed.sort_unstable_by_key(|(place, _)| *place);
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

    use super::{Answer, Table};

    fn answer(output: u32) -> Answer {
        Answer { output, ..Answer::default() }
    }

    #[test]
    fn an_answer_takes_no_more_than_40_bytes() {
        let mut table = Table::default();
        for place in 0..10_000 {
            table.put(place, answer(1));
            // As if its file had grown by a few lines at a time.
            if place % 7 == 0 {
                table.pack();
            }
        }
        table.pack();
        assert_eq!((table.packed.capacity(), table.len()), (10_000 - table.fresh.len(), 10_000));
        assert!(size_of::<(u64, Answer)>() == 40 && table.fresh.capacity() < 4 * super::FRESH);
    }

    proptest! {
        #[test]
        fn packed_or_not_the_last_word_on_a_place_counts(
            said in proptest::collection::vec((0_u64..200, any::<u32>(), any::<bool>()), 0..400),
        ) {
            let (mut table, mut expected) = (Table::default(), BTreeMap::new());
            for (place, output, pack) in said {
                match table.at(place) {
                    Some(known) => *known = answer(output),
                    None => table.put(place, answer(output)),
                }
                expected.insert(place, output);
                if pack {
                    table.pack();
                }
            }
            prop_assert_eq!(table.len(), expected.len());
            let found: BTreeMap<u64, u32> = table.iter().map(|(place, answer)| (place, answer.output)).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
