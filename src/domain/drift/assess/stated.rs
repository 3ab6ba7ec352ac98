//! What git states of each object in the three places that it has: the working tree, HEAD, and what was pushed.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

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
    places: HashMap<ObjectKey, Places>,
    /// Their identities in order, once somebody asks for a part of it.
    sorted: OnceLock<Vec<ObjectKey>>,
    /// Kinds of which git has objects, or had, by their groups.
    managed: HashMap<String, HashSet<String>>,
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

impl<'a> Desired<'a> {
    /// The one that stands for it on the screen.
    pub(super) fn shown(&self) -> Option<&'a Manifest> {
        self.local.or(self.committed).or(self.public)
    }
}

impl Stated {
    /// Sorts what git has by identity. Of two with the same one the last counts, as `kubectl apply` would have it; the other is
    /// a finding.
    pub(super) fn of(inputs: &Inputs<'_>) -> Self {
        let mut stated = Self::default();
        for (place, manifest) in inputs.worktree.iter().enumerate() {
            let places = stated.places.entry(manifest.key.clone()).or_default();
            if let Some(other) = places.local.replace(place).and_then(|other| inputs.worktree.get(other)) {
                let at = format!("{}:{}", manifest.file.display(), manifest.line);
                let message = format!("{} {} is stated again in {at}, which counts", other.key.kind, other.key.name);
                stated.duplicates.push(finding(Severity::Error, "duplicate", other, message));
            }
        }
        if let Some(head) = inputs.head {
            for (place, manifest) in head.iter().enumerate() {
                stated.places.entry(manifest.key.clone()).or_default().committed = Some(place);
            }
        } else {
            stated.places.values_mut().for_each(|places| places.committed = places.local);
        }
        if let Some(pushed) = inputs.pushed {
            for (place, manifest) in pushed.iter().enumerate() {
                stated.places.entry(manifest.key.clone()).or_default().public = Some(place);
            }
        } else {
            stated.places.values_mut().for_each(|places| places.public = places.committed);
        }
        let committed = stated.places.iter().filter(|(_, places)| places.committed.is_some()).map(|(key, _)| key);
        let kinds: HashSet<(&str, &str)> = committed.chain(inputs.history.keys()).map(kind).collect();
        for (group, kind) in kinds {
            stated.managed.entry(group.to_owned()).or_default().insert(kind.to_owned());
        }
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
        let sorted = self.sorted.get_or_init(|| {
            let mut keys: Vec<ObjectKey> = self.places.keys().cloned().collect();
            keys.sort_unstable();
            keys
        });
        let of_kind = &sorted[sorted.partition_point(|stated| kind(stated) < kind(key))..];
        let of_kind = of_kind.iter().take_while(|stated| kind(stated) == kind(key));
        of_kind.filter(|stated| stated.name == key.name)
    }

    /// True for kinds of which git has objects, or had: of those it is to have all.
    pub(super) fn manages(&self, key: &ObjectKey) -> bool {
        self.managed.get(&key.group).is_some_and(|kinds| kinds.contains(&key.kind))
    }
}

fn kind(key: &ObjectKey) -> (&str, &str) {
    (&key.group, &key.kind)
}
