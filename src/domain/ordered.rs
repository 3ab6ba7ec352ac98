//! Values by identity and in order, as a list that is shared with whoever shows it: one change copies pointers, and nothing
//! is sorted again for it.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

/// From so many changes on all are put in order anew: each by itself moves all that stand behind it.
const MANY: usize = 64;

/// Values of type `V` by identities `K`, in the order of `O`.
#[derive(Debug)]
pub struct Ordered<K, O, V> {
    by_key: HashMap<K, Entry<O, V>>,
    order: Vec<O>,
    list: Arc<Vec<Arc<V>>>,
    /// Places that are to be given up, and values that have none yet: some of them may be gone again, or come twice.
    left: Vec<O>,
    waiting: Vec<K>,
}

#[derive(Debug)]
struct Entry<O, V> {
    order: O,
    value: Arc<V>,
    is_placed: bool,
}

impl<K, O, V> Default for Ordered<K, O, V> {
    fn default() -> Self {
        Self { by_key: HashMap::new(), order: Vec::new(), list: Arc::default(), left: Vec::new(), waiting: Vec::new() }
    }
}

impl<K: Eq + Hash + Clone, O: Ord + Clone, V> Ordered<K, O, V> {
    /// Puts a value in place of the one of the same identity. No two values may have the same `order`.
    pub fn put(&mut self, key: K, order: O, value: Arc<V>) {
        let entry = Entry { order, value, is_placed: false };
        if let Some(Entry { order, is_placed: true, .. }) = self.by_key.insert(key.clone(), entry) {
            self.left.push(order);
        }
        self.waiting.push(key);
    }

    /// Takes a value out.
    pub fn remove<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<Arc<V>>
    where
        K: Borrow<Q>,
    {
        let Entry { order, value, is_placed } = self.by_key.remove(key)?;
        if is_placed {
            self.left.push(order);
        }
        Some(value)
    }

    /// One value.
    pub fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&Arc<V>>
    where
        K: Borrow<Q>,
    {
        self.by_key.get(key).map(|entry| &entry.value)
    }

    /// All values, in order. While nothing changes it is the same list.
    pub fn list(&mut self) -> Arc<Vec<Arc<V>>> {
        let (left, waiting) = (std::mem::take(&mut self.left), std::mem::take(&mut self.waiting));
        if left.len() + waiting.len() > MANY {
            self.arrange(left, waiting);
        } else if !left.is_empty() || !waiting.is_empty() {
            let list = Arc::make_mut(&mut self.list);
            for order in left {
                if let Ok(place) = self.order.binary_search(&order) {
                    self.order.remove(place);
                    list.remove(place);
                }
            }
            for key in waiting {
                let Some(entry) = self.by_key.get_mut(&key).filter(|entry| !entry.is_placed) else { continue };
                let (Ok(place) | Err(place)) = self.order.binary_search(&entry.order);
                self.order.insert(place, entry.order.clone());
                list.insert(place, Arc::clone(&entry.value));
                entry.is_placed = true;
            }
        }
        Arc::clone(&self.list)
    }

    /// Puts all in order anew. What had its place and keeps it is in order already, and so are many of those that come.
    fn arrange(&mut self, mut left: Vec<O>, waiting: Vec<K>) {
        left.sort_unstable();
        let mut left = left.into_iter().peekable();
        let placed = std::mem::take(&mut self.order).into_iter().zip(self.list.iter().map(Arc::clone));
        let kept = placed.filter(|(order, _)| left.next_if(|left| left == order).is_none());
        let mut entries: Vec<(O, Arc<V>)> = kept.collect();
        for key in waiting {
            if let Some(entry) = self.by_key.get_mut(&key).filter(|entry| !entry.is_placed) {
                entry.is_placed = true;
                entries.push((entry.order.clone(), Arc::clone(&entry.value)));
            }
        }
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        let list: Vec<Arc<V>>;
        (self.order, list) = entries.into_iter().unzip();
        self.list = Arc::new(list);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::Ordered;

    proptest! {
        #[test]
        fn the_list_is_what_sorting_all_would_give(
            rounds in prop::collection::vec(prop::collection::vec((0u8..40, prop::option::of(0u8..5)), 0..80), 1..12),
        ) {
            let mut ordered = Ordered::default();
            let mut known = std::collections::BTreeMap::new();
            for round in rounds {
                for (key, rank) in round {
                    if let Some(rank) = rank {
                        ordered.put(key, (rank, key), Arc::new((rank, key)));
                        known.insert(key, rank);
                    } else {
                        prop_assert_eq!(ordered.remove(&key).is_some(), known.remove(&key).is_some());
                    }
                }
                let mut expected: Vec<(u8, u8)> = known.iter().map(|(key, rank)| (*rank, *key)).collect();
                expected.sort_unstable();
                let list: Vec<(u8, u8)> = ordered.list().iter().map(|value| **value).collect();
                prop_assert_eq!(list, expected);
            }
        }
    }

    #[test]
    fn while_nothing_changes_it_is_the_same_list() {
        let mut ordered = Ordered::default();
        ordered.put("a", 1, Arc::new("a"));
        let before = ordered.list();
        assert!(Arc::ptr_eq(&before, &ordered.list()));
        ordered.put("b", 0, Arc::new("b"));
        let now = ordered.list();
        assert_eq!((before.len(), now.iter().map(|one| **one).collect::<String>().as_str()), (1, "ba"));
        assert!(Arc::ptr_eq(&before[0], &now[1]), "what did not change is the same one");
    }
}
