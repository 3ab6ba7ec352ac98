//! The objects of a cluster by identity, kept by kind: a copy shares whole kinds, and a change copies one.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::LiveObject;
use crate::domain::drift::ObjectKey;

type Shelf = BTreeMap<ObjectKey, Arc<LiveObject>>;

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
    pub fn insert(&mut self, key: ObjectKey, object: Arc<LiveObject>) -> Option<Arc<LiveObject>> {
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
                let key = object.key();
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

impl FromIterator<(ObjectKey, Arc<LiveObject>)> for Objects {
    fn from_iter<I: IntoIterator<Item = (ObjectKey, Arc<LiveObject>)>>(objects: I) -> Self {
        let mut all = Self::default();
        all.extend(objects);
        all
    }
}

impl Extend<(ObjectKey, Arc<LiveObject>)> for Objects {
    fn extend<I: IntoIterator<Item = (ObjectKey, Arc<LiveObject>)>>(&mut self, objects: I) {
        for (key, object) in objects {
            self.insert(key, object);
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
        let mut objects: Objects = made.into_iter().map(|object| (object.key(), Arc::new(object))).collect();
        assert_eq!(names(&objects), [("Connection", "z"), ("VPC", "a"), ("VPC", "b")]);
        assert!(objects.keys().is_sorted() && objects.len() == 3);
        let connection = object("Connection", "z", 1).key();
        assert!(objects.remove(&connection).is_some() && objects.remove(&connection).is_none());
        assert_eq!(objects.of_kind("g", "VPC").count(), 2);
        objects.retain_kinds(|_, kind| kind != "VPC");
        assert!(objects.is_empty() && objects.get(&connection).is_none());
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
            let key = object("VPC", name, 0).key();
            Arc::ptr_eq(before.get(&key).unwrap(), objects.get(&key).unwrap())
        };
        assert!(same("a") && !same("b"));
        objects.replace("g", "VPC", []);
        assert_eq!(names(&objects), [("Switch", "s")]);
    }
}
