//! Moments at which things are to be looked at again although nothing else happens.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use jiff::Timestamp;

/// The next moment of each thing that has one.
#[derive(Debug, Clone)]
pub struct Turns<K> {
    by_key: HashMap<K, Timestamp>,
    in_order: BTreeSet<(Timestamp, K)>,
}

impl<K> Default for Turns<K> {
    fn default() -> Self {
        Self { by_key: HashMap::new(), in_order: BTreeSet::new() }
    }
}

impl<K: Clone + Ord + Hash> Turns<K> {
    /// Notes when something is to be looked at, in place of what was noted of it.
    pub fn set(&mut self, key: &K, at: Option<Timestamp>) {
        let before = self.by_key.get(key).copied();
        if before == at {
            return;
        }
        if let Some(before) = before {
            self.in_order.remove(&(before, key.clone()));
            self.by_key.remove(key);
        }
        if let Some(at) = at {
            self.by_key.insert(key.clone(), at);
            self.in_order.insert((at, key.clone()));
        }
    }

    /// The first of all moments.
    pub fn next(&self) -> Option<Timestamp> {
        self.in_order.first().map(|(at, _)| *at)
    }

    /// Everything whose moment has come.
    pub fn due(&self, now: Timestamp) -> impl Iterator<Item = &K> {
        self.in_order.iter().take_while(move |(at, _)| *at <= now).map(|(_, key)| key)
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::Turns;

    #[test]
    fn the_last_moment_that_was_noted_counts() {
        let at = |seconds| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
        let mut turns = Turns::default();
        for (key, seconds) in [("a", 5), ("b", 3), ("c", 9)] {
            turns.set(&key, Some(at(seconds)));
        }
        assert_eq!(turns.next(), Some(at(3)));
        turns.set(&"b", Some(at(20)));
        assert_eq!(turns.due(at(9)).copied().collect::<Vec<_>>(), ["a", "c"]);
        turns.set(&"a", None);
        turns.set(&"a", None);
        assert_eq!((turns.next(), turns.due(at(8)).count()), (Some(at(9)), 0));
    }
}
