//! The objects of a cluster by identity, kept by kind: a copy shares whole kinds, and a change copies one.

use std::collections::{BTreeMap, btree_map};
use std::iter::Peekable;
use std::sync::Arc;

use super::LiveObject;
use crate::domain::drift::ObjectKey;

/// Identities are shared with it: to copy a kind is to copy pointers.
type Shelf = BTreeMap<ObjectKey, Arc<LiveObject>>;

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
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Objects {
    /// Sorted by group and kind, so that the whole is in the order of its keys. None is empty.
    kinds: Vec<(String, String, Arc<Shelf>)>,
}

impl Objects {
    /// One object.
    pub fn get(&self, key: &ObjectKey) -> Option<&Arc<LiveObject>> {
        let place = self.place(&key.group, &key.kind).ok()?;
        self.kinds[place].2.get(key)
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
            self.kinds.insert(place, (key.group.clone(), key.kind.clone(), Arc::default()));
            place
        });
        Arc::make_mut(&mut self.kinds[place].2).insert(key, object)
    }

    /// Takes an object out.
    pub fn remove(&mut self, key: &ObjectKey) -> Option<Arc<LiveObject>> {
        let place = self.place(&key.group, &key.kind).ok()?;
        // What is not there is no reason to copy its kind.
        self.kinds[place].2.get(key)?;
        let removed = Arc::make_mut(&mut self.kinds[place].2).remove(key);
        if self.kinds[place].2.is_empty() {
            self.kinds.remove(place);
        }
        removed
    }

    /// Puts the objects of a kind in place of those that were there. An object that is as it was stays the same one.
    pub fn replace(&mut self, group: &str, kind: &str, objects: impl IntoIterator<Item = LiveObject>) {
        let place = self.place(group, kind);
        let before = place.ok().map(|place| Arc::clone(&self.kinds[place].2));
        let shelf: Shelf = objects
            .into_iter()
            .map(|object| {
                let key = object.key.clone();
                let known = before.as_ref().and_then(|before| before.get(&key)).filter(|known| ***known == object);
                let object = known.map_or_else(|| Arc::new(object), Arc::clone);
                (key, object)
            })
            .collect();
        match (place, shelf.is_empty()) {
            (Ok(place), true) => drop(self.kinds.remove(place)),
            (Ok(place), false) => self.kinds[place].2 = Arc::new(shelf),
            (Err(_), true) => {}
            (Err(place), false) => self.kinds.insert(place, (group.to_owned(), kind.to_owned(), Arc::new(shelf))),
        }
    }

    /// Keeps the objects of those groups and kinds alone.
    pub fn retain_kinds(&mut self, mut keep: impl FnMut(&str, &str) -> bool) {
        self.kinds.retain(|(group, kind, _)| keep(group, kind));
    }

    /// Objects with their identities, in the order of these.
    pub fn iter(&self) -> impl Iterator<Item = (&ObjectKey, &Arc<LiveObject>)> {
        self.kinds.iter().flat_map(|(_, _, shelf)| shelf.iter())
    }

    /// What is not as it is in `before`, in the order of identities. Kinds that both share are passed over.
    pub fn changes<'a>(&'a self, before: &'a Self) -> Vec<Change<'a>> {
        let mut changes = Vec::new();
        let (mut old, mut new) = (before.kinds.iter().peekable(), self.kinds.iter().peekable());
        loop {
            match (old.peek().map(|kind| name(kind)), new.peek().map(|kind| name(kind))) {
                (None, None) => return changes,
                (Some(gone), now) if now.is_none_or(|now| gone < now) => {
                    changes.extend(old.next().into_iter().flat_map(|kind| gone_from(&kind.2)));
                }
                (was, Some(come)) if was.is_none_or(|was| come < was) => {
                    changes.extend(new.next().into_iter().flat_map(|kind| come_to(&kind.2)));
                }
                (Some(_), _) | (None, Some(_)) => {
                    if let (Some(was), Some(is)) = (old.next(), new.next())
                        && !Arc::ptr_eq(&was.2, &is.2)
                    {
                        differing(&was.2, &is.2, &mut changes);
                    }
                }
            }
        }
    }

    /// Identities, in order.
    pub fn keys(&self) -> impl Iterator<Item = &ObjectKey> {
        self.iter().map(|(key, _)| key)
    }

    /// Objects, in the order of their identities.
    pub fn values(&self) -> impl Iterator<Item = &Arc<LiveObject>> {
        self.iter().map(|(_, object)| object)
    }

    /// The objects of one kind, in the order of their identities.
    pub fn of_kind(&self, group: &str, kind: &str) -> impl Iterator<Item = &Arc<LiveObject>> {
        let shelf = self.place(group, kind).ok().map(|place| &self.kinds[place].2);
        shelf.into_iter().flat_map(|shelf| shelf.values())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.kinds.iter().map(|(_, _, shelf)| shelf.len()).sum()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    fn place(&self, group: &str, kind: &str) -> Result<usize, usize> {
        self.kinds.binary_search_by(|(a, b, _)| (a.as_str(), b.as_str()).cmp(&(group, kind)))
    }
}

fn name((group, kind, _): &(String, String, Arc<Shelf>)) -> (&str, &str) {
    (group, kind)
}

type Entries<'a> = Peekable<btree_map::Iter<'a, ObjectKey, Arc<LiveObject>>>;

fn gone_from(shelf: &Shelf) -> impl Iterator<Item = Change<'_>> {
    shelf.iter().map(|(key, object)| Change { key, before: Some(object), now: None })
}

fn come_to(shelf: &Shelf) -> impl Iterator<Item = Change<'_>> {
    shelf.iter().map(|(key, object)| Change { key, before: None, now: Some(object) })
}

/// What differs between two states of one kind. Both are in order, so one walk along them finds it.
fn differing<'a>(before: &'a Shelf, now: &'a Shelf, changes: &mut Vec<Change<'a>>) {
    let (mut old, mut new): (Entries<'a>, Entries<'a>) = (before.iter().peekable(), now.iter().peekable());
    loop {
        let (was, is) = match (old.peek(), new.peek()) {
            (None, None) => return,
            (Some(_), None) => (old.next(), None),
            (Some((was, _)), Some((is, _))) if was == is => (old.next(), new.next()),
            (Some((was, _)), Some((is, _))) if was < is => (old.next(), None),
            (_, Some(_)) => (None, new.next()),
        };
        if let (Some((_, was)), Some((_, is))) = (was, is)
            && Arc::ptr_eq(was, is)
        {
            continue;
        }
        if let Some((key, _)) = was.or(is) {
            changes.push(Change { key, before: was.map(|(_, object)| object), now: is.map(|(_, object)| object) });
        }
    }
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
