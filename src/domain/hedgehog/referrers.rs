//! Who refers to whom among Hedgehog's objects, kept up with every change: an object's health may hang on those that name it.

use std::collections::HashMap;

use super::Reference;
use crate::domain::cluster::{Change, LiveObject, LiveSet};
use crate::domain::drift::ObjectKey;

/// The objects that name an object, in order, by the identity of what they name. What they name need not be there.
#[derive(Debug, Clone, Default)]
pub(super) struct Referrers {
    by_target: HashMap<ObjectKey, Vec<ObjectKey>>,
}

impl Referrers {
    /// Those of everything in a live set.
    pub(super) fn of_all(live: &LiveSet) -> Self {
        let mut all = Self::default();
        // They come in the order of their identities.
        for object in live.objects.values() {
            for target in targets(object) {
                match all.by_target.get_mut(target) {
                    Some(referrers) => referrers.push(object.key.clone()),
                    None => drop(all.by_target.insert(target.clone(), vec![object.key.clone()])),
                }
            }
        }
        all
    }

    /// Takes in what became of an object.
    pub(super) fn take(&mut self, change: Change<'_>) {
        if change.before.map(|object| references(object)) == change.now.map(|object| references(object)) {
            return;
        }
        for target in change.before.into_iter().flat_map(|object| targets(object)) {
            if let Some(referrers) = self.by_target.get_mut(target) {
                if let Ok(place) = referrers.binary_search(change.key) {
                    referrers.remove(place);
                }
                if referrers.is_empty() {
                    self.by_target.remove(target);
                }
            }
        }
        for target in change.now.into_iter().flat_map(|object| targets(object)) {
            let referrers = self.by_target.entry(target.clone()).or_default();
            if let Err(place) = referrers.binary_search(change.key) {
                referrers.insert(place, change.key.clone());
            }
        }
    }

    /// The objects of some kinds that name `target`, in the order of their identities.
    pub(super) fn of<'r>(&'r self, target: &ObjectKey, kinds: &'r [&str]) -> impl Iterator<Item = &'r ObjectKey> {
        self.all(target).filter(|key| kinds.contains(&key.kind.as_str()))
    }

    /// All objects that name `target`.
    pub(super) fn all(&self, target: &ObjectKey) -> impl Iterator<Item = &ObjectKey> {
        self.by_target.get(target).into_iter().flatten()
    }
}

/// What an object names.
pub(super) fn targets(object: &LiveObject) -> impl Iterator<Item = &ObjectKey> {
    references(object).iter().map(|reference| &reference.key)
}

fn references(object: &LiveObject) -> &[Reference] {
    object.wants.as_deref().map(|wants| wants.references.as_slice()).unwrap_or_default()
}
