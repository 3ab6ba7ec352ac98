//! The objects of a cluster by identity, kept by kind: a copy shares whole kinds, and a change copies one.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use super::LiveObject;
use crate::domain::drift::{KindDigest, ObjectKey, kind_digest};

/// The objects of one kind.
#[derive(Debug, Clone)]
struct Shelf {
    group: String,
    kind: String,
    digest: KindDigest,
    objects: Arc<Kept>,
}

/// Objects by identity, and in the order of these once somebody asks for it.
#[derive(Debug, Default)]
struct Kept {
    by_key: HashMap<ObjectKey, Arc<LiveObject>>,
    sorted: OnceLock<Vec<Arc<LiveObject>>>,
}

impl Kept {
    fn in_order(&self) -> &[Arc<LiveObject>] {
        self.sorted.get_or_init(|| {
            let mut sorted: Vec<Arc<LiveObject>> = self.by_key.values().cloned().collect();
            sorted.sort_unstable_by(|a, b| a.key.cmp(&b.key));
            sorted
        })
    }

    /// To change it; the order is to be found anew.
    fn by_key(&mut self) -> &mut HashMap<ObjectKey, Arc<LiveObject>> {
        self.sorted = OnceLock::new();
        &mut self.by_key
    }
}

impl Clone for Kept {
    fn clone(&self) -> Self {
        // A copy is made to be changed.
        Self { by_key: self.by_key.clone(), sorted: OnceLock::new() }
    }
}

/// An object that is another one than it was; the two are told apart by where they are kept.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// Its identity.
    pub key: &'a ObjectKey,
    /// What there was; `None` when it is new.
    pub before: Option<&'a Arc<LiveObject>>,
    /// What there is; `None` when it is gone.
    pub now: Option<&'a Arc<LiveObject>>,
}

impl Change<'_> {
    /// The object came or went.
    pub fn is_move(&self) -> bool {
        self.before.is_some() != self.now.is_some()
    }

    /// What there is of it: now, else before.
    pub fn each(&self) -> impl Iterator<Item = &LiveObject> {
        self.before.into_iter().chain(self.now).map(Arc::as_ref)
    }
}

/// Live objects by identity. It is used like a map, and cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Objects {
    /// Sorted by group and kind, so that the whole is in the order of its keys. None is empty.
    shelves: Vec<Shelf>,
}

impl Objects {
    /// One object.
    pub fn get(&self, key: &ObjectKey) -> Option<&Arc<LiveObject>> {
        // There are some dozens of kinds, and the texts of an identity lie elsewhere.
        let shelf = self.shelves.iter().find(|shelf| shelf.digest == key.kind_digest())?;
        shelf.objects.by_key.get(key)
    }

    /// True when there is such an object.
    pub fn contains_key(&self, key: &ObjectKey) -> bool {
        self.get(key).is_some()
    }

    /// Puts an object in; what was there before.
    pub fn insert(&mut self, object: impl Into<Arc<LiveObject>>) -> Option<Arc<LiveObject>> {
        let object = object.into();
        let key = object.key.clone();
        let place = self.place(&key.group, &key.kind).unwrap_or_else(|place| {
            self.shelves.insert(place, Shelf::new(&key.group, &key.kind, Kept::default()));
            place
        });
        let by_key = Arc::make_mut(&mut self.shelves[place].objects).by_key();
        // The identity comes with the object, so that there is one of it.
        let before = by_key.remove(&key);
        by_key.insert(key, object);
        before
    }

    /// Takes an object out.
    pub fn remove(&mut self, key: &ObjectKey) -> Option<Arc<LiveObject>> {
        let place = self.place(&key.group, &key.kind).ok()?;
        // What is not there is no reason to copy its kind.
        self.shelves[place].objects.by_key.get(key)?;
        let removed = Arc::make_mut(&mut self.shelves[place].objects).by_key().remove(key);
        if self.shelves[place].objects.by_key.is_empty() {
            self.shelves.remove(place);
        }
        removed
    }

    /// Puts the objects of a kind in place of those that were there. An object that is as it was stays the same one.
    pub fn replace(&mut self, group: &str, kind: &str, objects: impl IntoIterator<Item = LiveObject>) {
        let place = self.place(group, kind);
        let before = place.ok().map(|place| Arc::clone(&self.shelves[place].objects));
        let by_key: HashMap<ObjectKey, Arc<LiveObject>> = objects
            .into_iter()
            .map(|object| {
                let key = object.key.clone();
                let known =
                    before.as_ref().and_then(|before| before.by_key.get(&key)).filter(|known| ***known == object);
                let object = known.map_or_else(|| Arc::new(object), Arc::clone);
                (key, object)
            })
            .collect();
        let is_empty = by_key.is_empty();
        let shelf = Shelf::new(group, kind, Kept { by_key, sorted: OnceLock::new() });
        match (place, is_empty) {
            (Ok(place), true) => drop(self.shelves.remove(place)),
            (Ok(place), false) => self.shelves[place] = shelf,
            (Err(_), true) => {}
            (Err(place), false) => self.shelves.insert(place, shelf),
        }
    }

    /// Keeps the objects of those groups and kinds alone.
    pub fn retain_kinds(&mut self, mut keep: impl FnMut(&str, &str) -> bool) {
        self.shelves.retain(|shelf| keep(&shelf.group, &shelf.kind));
    }

    /// What is not as it is in `before`, in the order of identities. Kinds that both share are passed over.
    pub fn changes<'a>(&'a self, before: &'a Self) -> Vec<Change<'a>> {
        let mut changes = Vec::new();
        let (mut old, mut new) = (before.shelves.iter().peekable(), self.shelves.iter().peekable());
        loop {
            match (old.peek().map(|shelf| shelf.name()), new.peek().map(|shelf| shelf.name())) {
                (None, None) => return changes,
                (Some(gone), now) if now.is_none_or(|now| gone < now) => {
                    let gone = old.next().into_iter().flat_map(|shelf| shelf.objects.in_order());
                    changes.extend(gone.map(|object| Change { key: &object.key, before: Some(object), now: None }));
                }
                (was, Some(come)) if was.is_none_or(|was| come < was) => {
                    let come = new.next().into_iter().flat_map(|shelf| shelf.objects.in_order());
                    changes.extend(come.map(|object| Change { key: &object.key, before: None, now: Some(object) }));
                }
                (Some(_), _) | (None, Some(_)) => {
                    if let (Some(was), Some(is)) = (old.next(), new.next())
                        && !Arc::ptr_eq(&was.objects, &is.objects)
                    {
                        changes.extend(differing(&was.objects, &is.objects));
                    }
                }
            }
        }
    }

    /// Identities, in order.
    pub fn keys(&self) -> impl Iterator<Item = &ObjectKey> {
        self.values().map(|object| &object.key)
    }

    /// Objects, in the order of their identities.
    pub fn values(&self) -> impl Iterator<Item = &Arc<LiveObject>> {
        self.shelves.iter().flat_map(|shelf| shelf.objects.in_order())
    }

    /// The objects of one kind, in the order of their identities.
    pub fn of_kind(&self, group: &str, kind: &str) -> impl Iterator<Item = &Arc<LiveObject>> {
        let shelf = self.place(group, kind).ok().map(|place| &self.shelves[place]);
        shelf.into_iter().flat_map(|shelf| shelf.objects.in_order())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.shelves.iter().map(|shelf| shelf.objects.by_key.len()).sum()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.shelves.is_empty()
    }

    fn place(&self, group: &str, kind: &str) -> Result<usize, usize> {
        self.shelves.binary_search_by(|shelf| shelf.name().cmp(&(group, kind)))
    }
}

impl PartialEq for Objects {
    fn eq(&self, other: &Self) -> bool {
        let same = |a: &Shelf, b: &Shelf| a.digest == b.digest && a.objects.by_key == b.objects.by_key;
        self.shelves.len() == other.shelves.len() && self.shelves.iter().zip(&other.shelves).all(|(a, b)| same(a, b))
    }
}

impl Shelf {
    fn new(group: &str, kind: &str, objects: Kept) -> Self {
        let digest = kind_digest(group, kind);
        Self { group: group.to_owned(), kind: kind.to_owned(), digest, objects: Arc::new(objects) }
    }

    fn name(&self) -> (&str, &str) {
        (&self.group, &self.kind)
    }
}

/// What differs between two states of one kind.
fn differing<'a>(before: &'a Kept, now: &'a Kept) -> Vec<Change<'a>> {
    let come = now.by_key.iter().filter_map(|(key, is)| {
        let was = before.by_key.get(key);
        let is_same = was.is_some_and(|was| Arc::ptr_eq(was, is));
        (!is_same).then_some(Change { key, before: was, now: Some(is) })
    });
    let gone = before.by_key.iter().filter(|(key, _)| !now.by_key.contains_key(key));
    let gone = gone.map(|(key, was)| Change { key, before: Some(was), now: None });
    let mut changes: Vec<Change<'_>> = come.chain(gone).collect();
    changes.sort_unstable_by(|a, b| a.key.cmp(b.key));
    changes
}

impl FromIterator<Arc<LiveObject>> for Objects {
    fn from_iter<I: IntoIterator<Item = Arc<LiveObject>>>(objects: I) -> Self {
        let mut all = Self::default();
        all.extend(objects);
        all
    }
}

impl Extend<Arc<LiveObject>> for Objects {
    fn extend<I: IntoIterator<Item = Arc<LiveObject>>>(&mut self, objects: I) {
        for object in objects {
            self.insert(object);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::{LiveObject, Objects};
    use crate::domain::cluster::Kind;

    fn object(kind: &str, name: &str, vlan: u32) -> LiveObject {
        let kind = Kind {
            group: "g".into(),
            version: "v1".into(),
            kind: kind.into(),
            plural: String::new(),
            namespaced: true,
        };
        LiveObject::new(&kind, json!({ "metadata": { "name": name }, "spec": { "vlan": vlan } })).unwrap()
    }

    fn names(objects: &Objects) -> Vec<(&str, &str)> {
        objects.keys().map(|key| (key.kind.as_str(), key.name.as_str())).collect()
    }

    #[test]
    fn objects_are_in_the_order_of_their_identities_whatever_the_order_they_came_in() {
        let made = [object("VPC", "b", 1), object("Connection", "z", 1), object("VPC", "a", 1)];
        let mut objects: Objects = made.into_iter().map(Arc::new).collect();
        assert_eq!(names(&objects), [("Connection", "z"), ("VPC", "a"), ("VPC", "b")]);
        assert!(objects.keys().is_sorted() && objects.len() == 3);
        let connection = object("Connection", "z", 1).key;
        assert!(objects.remove(&connection).is_some() && objects.remove(&connection).is_none());
        assert_eq!(objects.of_kind("g", "VPC").count(), 2);
        objects.retain_kinds(|_, kind| kind != "VPC");
        assert!(objects.is_empty() && objects.get(&connection).is_none());
    }

    #[test]
    fn what_came_changed_and_went_is_told_in_order() {
        let all = |made: Vec<LiveObject>| -> Objects { made.into_iter().map(Arc::new).collect() };
        let before = all(vec![object("Connection", "c", 1), object("VPC", "a", 1), object("VPC", "b", 1)]);
        let told = |now: &Objects, before: &Objects| -> Vec<(String, bool, bool)> {
            let changes = now.changes(before);
            changes.iter().map(|one| (one.key.name.clone(), one.before.is_some(), one.now.is_some())).collect()
        };
        let mut now = before.clone();
        assert!(now.changes(&before).is_empty());
        for changed in [object("VPC", "b", 2), object("VPC", "d", 1), object("Switch", "s", 1)] {
            now.insert(changed);
        }
        now.remove(&object("Connection", "c", 1).key);
        now.remove(&object("VPC", "a", 1).key);
        let named = |name: &str, was: bool, is: bool| (name.to_owned(), was, is);
        let forth = [
            named("c", true, false),
            named("s", false, true),
            named("a", true, false),
            named("b", true, true),
            named("d", false, true),
        ];
        assert_eq!(told(&now, &before), forth);
        let back = forth.map(|(name, was, is)| (name, is, was));
        assert_eq!(told(&before, &now), back);
        assert_eq!(told(&Objects::default(), &before).len(), 3);
    }

    #[test]
    fn a_list_replaces_its_kind_alone_and_keeps_what_did_not_change() {
        let mut objects = Objects::default();
        objects.replace("g", "VPC", [object("VPC", "a", 1), object("VPC", "b", 1), object("VPC", "c", 1)]);
        objects.replace("g", "Switch", [object("Switch", "s", 1)]);
        let before = objects.clone();
        objects.replace("g", "VPC", [object("VPC", "a", 1), object("VPC", "b", 2)]);
        assert_eq!(names(&objects), [("Switch", "s"), ("VPC", "a"), ("VPC", "b")]);
        assert_eq!(before.len(), 4, "a copy is not changed with it");
        let same = |name: &str| {
            let key = object("VPC", name, 0).key;
            Arc::ptr_eq(before.get(&key).unwrap(), objects.get(&key).unwrap())
        };
        assert!(same("a") && !same("b"));
        objects.replace("g", "VPC", []);
        assert_eq!(names(&objects), [("Switch", "s")]);
    }
}
