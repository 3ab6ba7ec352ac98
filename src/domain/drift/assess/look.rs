//! One look at some objects: what they are judged by, what was asked of their kinds, and comparisons that were made.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Desired, Inputs, Keeper, ObjectKey, cannot_tell, not_served};
use crate::domain::cluster::{LiveObject, Schema};
use crate::domain::drift::compare::{Comparison, compare_with};
use crate::domain::manifest::Manifest;

/// Comparisons, each with the live object that it holds for.
pub(super) type Compared = HashMap<ObjectKey, (Arc<LiveObject>, Comparison)>;

/// What a look has at hand. Whatever is the same for all objects of a kind is found out once.
pub(super) struct Look<'a> {
    pub(super) inputs: &'a Inputs<'a>,
    pub(super) keepers: &'a [Keeper<'a>],
    known: &'a Compared,
    fresh: Compared,
    silent: HashMap<(&'a str, &'a str), Option<String>>,
    unserved: HashMap<VersionedKind<'a>, Option<String>>,
    schemas: HashMap<VersionedKind<'a>, Option<&'a Schema>>,
}

/// Group, version and kind.
type VersionedKind<'a> = (&'a str, &'a str, &'a str);

impl<'a> Look<'a> {
    /// A look that need not compare again what is `known`.
    pub(super) fn new(inputs: &'a Inputs<'a>, keepers: &'a [Keeper<'a>], known: &'a Compared) -> Self {
        Self {
            inputs,
            keepers,
            known,
            fresh: HashMap::new(),
            silent: HashMap::new(),
            unserved: HashMap::new(),
            schemas: HashMap::new(),
        }
    }

    /// Compares what git states of an object with what is live.
    pub(super) fn compare(&mut self, stated: &Manifest, live: &Arc<LiveObject>) -> Comparison {
        // Nothing is to be kept of what is found out at once.
        if live.is_as_stated(&stated.digests) {
            return Comparison::default();
        }
        // It is the same object as long as it is kept here, so that its address tells.
        let known = self.known.get(&stated.key).filter(|(known, _)| Arc::ptr_eq(known, live));
        if let Some((_, found)) = known.or_else(|| self.fresh.get(&stated.key)) {
            return found.clone();
        }
        let found = compare_with((&stated.value, &stated.digests), live, &self.inputs.live.schemas);
        self.fresh.insert(stated.key.clone(), (Arc::clone(live), found.clone()));
        found
    }

    /// True when the server keeps all that is stated, which it shows by what is live: what its schema does not know it drops.
    pub(super) fn is_kept(&mut self, desired: &Desired<'_>, live: Option<&Arc<LiveObject>>) -> bool {
        let (Some(shown), Some(live)) = (desired.shown(), live) else { return false };
        let is_compared =
            |committed: &&Manifest| committed.digests == shown.digests && committed.version == live.kind.version;
        live.has_body(&shown.digests)
            || desired.committed.filter(is_compared).is_some_and(|stated| self.compare(stated, live).fields.is_empty())
    }

    /// The comparisons that were made.
    pub(super) fn made(self) -> Compared {
        self.fresh
    }

    /// Why the cluster cannot be asked about an object, if it cannot.
    pub(super) fn cannot_tell(&mut self, key: &'a ObjectKey) -> Option<String> {
        let live = self.inputs.live;
        self.silent.entry((&key.group, &key.kind)).or_insert_with(|| cannot_tell(live, key)).clone()
    }

    /// Why the cluster does not take an object at all, if it does not.
    pub(super) fn not_served(&mut self, wanted: &'a Manifest) -> Option<String> {
        let live = self.inputs.live;
        self.unserved.entry(kind_of(wanted)).or_insert_with(|| not_served(live, wanted)).clone()
    }

    /// The schema of what is stated.
    pub(super) fn schema(&mut self, stated: &'a Manifest) -> Option<&'a Schema> {
        let schemas = &self.inputs.live.schemas;
        let find = |(group, version, kind): VersionedKind<'_>| {
            schemas.get(&(group.to_owned(), version.to_owned(), kind.to_owned())).map(Arc::as_ref)
        };
        *self.schemas.entry(kind_of(stated)).or_insert_with_key(|kind| find(*kind))
    }
}

fn kind_of(manifest: &Manifest) -> VersionedKind<'_> {
    (&manifest.key.group, &manifest.version, &manifest.key.kind)
}
