//! What git states of each object in the three places that it has: the working tree, HEAD, and what was pushed.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Inputs, ObjectKey, Severity, finding};
use crate::domain::manifest::Manifest;

/// Where an object stands in each of the places, by index.
#[derive(Debug, Clone, Copy, Default)]
struct Places {
    local: Option<usize>,
    committed: Option<usize>,
    public: Option<usize>,
}

/// One reading of git, by object. It is good for the manifests that it was made of.
#[derive(Debug, Default)]
pub(super) struct Stated {
    places: BTreeMap<ObjectKey, Places>,
    /// Kinds of which git has objects, or had.
    managed: BTreeSet<(String, String)>,
    /// What the working tree states more than once.
    pub(super) duplicates: Vec<Finding>,
}

/// One object in the three places.
pub(super) struct Desired<'a> {
    pub(super) key: &'a ObjectKey,
    pub(super) local: Option<&'a Manifest>,
    pub(super) committed: Option<&'a Manifest>,
    pub(super) public: Option<&'a Manifest>,
}

impl Stated {
    /// Sorts what git has by identity. Of two with the same one the last counts, as `kubectl apply` would have it; the other is
    /// a finding.
    pub(super) fn of(inputs: &Inputs<'_>) -> Self {
        let mut stated = Self::default();
        for (place, manifest) in inputs.worktree.iter().enumerate() {
            let places = stated.places.entry(manifest.key()).or_default();
            if let Some(other) = places.local.replace(place).and_then(|other| inputs.worktree.get(other)) {
                let at = format!("{}:{}", manifest.file.display(), manifest.line);
                let message = format!("{} {} is stated again in {at}, which counts", other.kind, other.name);
                stated.duplicates.push(finding(Severity::Error, "duplicate", other, message));
            }
        }
        if let Some(head) = inputs.head {
            for (place, manifest) in head.iter().enumerate() {
                stated.places.entry(manifest.key()).or_default().committed = Some(place);
            }
        } else {
            stated.places.values_mut().for_each(|places| places.committed = places.local);
        }
        if let Some(pushed) = inputs.pushed {
            for (place, manifest) in pushed.iter().enumerate() {
                stated.places.entry(manifest.key()).or_default().public = Some(place);
            }
        } else {
            stated.places.values_mut().for_each(|places| places.public = places.committed);
        }
        let committed = stated.places.iter().filter(|(_, places)| places.committed.is_some()).map(|(key, _)| key);
        let kinds = committed.chain(inputs.history.keys()).map(|key| (key.group.clone(), key.kind.clone()));
        stated.managed = kinds.collect();
        stated
    }

    /// An object, if git has it anywhere.
    pub(super) fn get<'a>(&'a self, inputs: &Inputs<'a>, key: &ObjectKey) -> Option<Desired<'a>> {
        let (key, places) = self.places.get_key_value(key)?;
        let worktree = |place: Option<usize>| place.and_then(|place| inputs.worktree.get(place));
        let head = inputs.head.unwrap_or(inputs.worktree);
        let pushed = inputs.pushed.unwrap_or(head);
        Some(Desired {
            key,
            local: worktree(places.local),
            committed: places.committed.and_then(|place| head.get(place)),
            public: places.public.and_then(|place| pushed.get(place)),
        })
    }

    /// Every object that git has.
    pub(super) fn keys(&self) -> impl Iterator<Item = &ObjectKey> {
        self.places.keys()
    }

    /// True when git has it.
    pub(super) fn contains(&self, key: &ObjectKey) -> bool {
        self.places.contains_key(key)
    }

    /// Objects of a kind and name in any namespace.
    pub(super) fn named<'s>(&'s self, key: &'s ObjectKey) -> impl Iterator<Item = &'s ObjectKey> {
        let first = ObjectKey { namespace: String::new(), name: String::new(), ..key.clone() };
        let of_kind = self.places.range(first..).map(|(stated, _)| stated);
        let of_kind = of_kind.take_while(|stated| (&stated.group, &stated.kind) == (&key.group, &key.kind));
        of_kind.filter(|stated| stated.name == key.name)
    }

    /// True for kinds of which git has objects, or had: of those it is to have all.
    pub(super) fn manages(&self, key: &ObjectKey) -> bool {
        self.managed.contains(&(key.group.clone(), key.kind.clone()))
    }
}
