//! What a cluster shows, kept up: a row is made anew when its object or its health is another one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::cluster::{Change, ClusterView, Kind, KindCount, LiveObject, LiveSet, ObjectRow, Objects};
use crate::domain::drift::ObjectKey;
use crate::domain::fault::Fault;
use crate::domain::hedgehog::{Healths, Turned};
use crate::domain::ordered::Ordered;
use crate::domain::redact::Redactor;

/// The rows of one cluster, without secrets.
#[derive(Debug, Default)]
pub struct Shown {
    healths: Healths,
    objects: Objects,
    rows: Ordered<ObjectKey, (Arc<Kind>, ObjectKey), ObjectRow>,
    /// How many there are of each kind.
    counts: BTreeMap<Arc<Kind>, usize>,
}

impl Shown {
    /// Takes in a live set; what it shows at a moment.
    pub fn update(
        &mut self,
        live: &LiveSet,
        now: Timestamp,
        (server, watched): (Option<&str>, &BTreeSet<Kind>),
        redactor: &Redactor,
    ) -> ClusterView {
        let before = std::mem::replace(&mut self.objects, live.objects.clone());
        let turned = match self.healths.update(live, now) {
            Turned::All => live.objects.keys().cloned().collect(),
            Turned::These(keys) => keys,
        };
        for change in live.objects.changes(&before) {
            self.count(change);
            match change.now {
                Some(object) => self.put(change.key, object, redactor),
                None => drop(self.rows.remove(change.key)),
            }
        }
        self.counts.retain(|_, count| *count > 0);
        for key in turned {
            if let Some(object) = live.objects.get(&key) {
                self.put(&key, object, redactor);
            }
        }
        let mut counts: BTreeMap<Kind, usize> = watched.iter().map(|kind| (kind.clone(), 0)).collect();
        counts.extend(self.counts.iter().map(|(kind, count)| (Kind::clone(kind), *count)));
        let kinds = counts.into_iter().map(|(kind, count)| {
            let fault = fault_of(live, &kind).cloned();
            KindCount { kind, count, fault }
        });
        ClusterView {
            context: live.context.clone(),
            connection: live.connection,
            fault: live.fault.clone(),
            server: server.map(str::to_owned),
            kinds: kinds.collect(),
            objects: self.rows.list(),
            as_of: live.as_of,
        }
    }

    /// When a health is another one although nothing changes.
    pub fn next(&self) -> Option<Timestamp> {
        self.healths.next
    }

    fn count(&mut self, change: Change<'_>) {
        if let Some(count) = change.before.and_then(|object| self.counts.get_mut(&object.kind)) {
            *count -= 1;
        }
        if let Some(object) = change.now {
            *self.counts.entry(Arc::clone(&object.kind)).or_default() += 1;
        }
    }

    fn put(&mut self, key: &ObjectKey, object: &LiveObject, redactor: &Redactor) {
        let row = ObjectRow {
            kind: Kind::clone(&object.kind),
            namespace: object.key.namespace.clone(),
            name: object.key.name.clone(),
            health: self.healths.of(object).clone(),
            created: object.created,
            generation: object.generation,
        };
        let row = row.redacted(redactor);
        if self.rows.get(key).is_some_and(|known| **known == row) {
            return;
        }
        self.rows.put(key.clone(), (Arc::clone(&object.kind), key.clone()), Arc::new(row));
    }
}

/// Why a kind is not shown, or not as a whole.
fn fault_of<'a>(live: &'a LiveSet, kind: &Kind) -> Option<&'a Fault> {
    let name = (kind.group.clone(), kind.kind.clone());
    live.refused.get(&name).or_else(|| live.unread.get(&name))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use jiff::Timestamp;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::Shown;
    use crate::domain::cluster::{ClusterView, Connection, Kind, LiveObject, LiveSet};
    use crate::domain::redact::Redactor;

    fn object(kind: &str, version: &str, name: &str, message: &str) -> LiveObject {
        let kind = Kind {
            group: "lab.example".into(),
            version: version.into(),
            kind: kind.into(),
            plural: format!("{}s", kind.to_lowercase()),
            namespaced: true,
        };
        let conditions: Value = json!([{ "type": "Ready", "status": "False", "reason": message, "message": message }]);
        let object = json!({ "apiVersion": format!("lab.example/{version}"), "kind": kind.kind,
            "metadata": { "name": name, "namespace": "default" }, "status": { "conditions": conditions } });
        LiveObject::new(&kind, object).unwrap()
    }

    fn shown(shown: &mut Shown, live: &LiveSet) -> ClusterView {
        shown.update(live, Timestamp::UNIX_EPOCH, (Some("v1"), &BTreeSet::new()), &Redactor::default())
    }

    #[test]
    fn rows_leave_without_secrets_and_stay_the_same_ones_while_they_are() {
        let secret = ["Zx9", "vQ2", "pL7"].concat();
        let mut live = LiveSet::empty("lab", Connection::Connected);
        for made in [object("Rack", "v1", "a", &format!("password={secret}")), object("Rack", "v1", "b", "no power")] {
            live.objects.insert(made);
        }
        let mut kept = Shown::default();
        let before = shown(&mut kept, &live);
        let text = format!("{before:?}");
        assert!(!text.contains(&secret) && text.contains("redacted"), "{text}");
        assert!(Arc::ptr_eq(&before.objects, &shown(&mut kept, &live).objects), "nothing changed");
        let changed = object("Rack", "v1", "a", "no network");
        live.objects.insert(changed);
        let after = shown(&mut kept, &live);
        assert!(
            !Arc::ptr_eq(&before.objects[0], &after.objects[0]) && Arc::ptr_eq(&before.objects[1], &after.objects[1])
        );
    }

    proptest! {
        #[test]
        fn what_is_kept_up_is_what_a_first_look_shows(
            steps in prop::collection::vec((0usize..2, 0usize..2, 0usize..5, prop::option::of("[ab]")), 1..40),
        ) {
            let mut live = LiveSet::empty("lab", Connection::Connected);
            let mut kept = Shown::default();
            for (kind, version, name, message) in steps {
                let name = ["a", "b", "c", "d", "e"][name];
                let one = object(["Rack", "Port"][kind], ["v1", "v2"][version], name, message.as_deref().unwrap_or_default());
                if message.is_some() {
                    live.objects.insert(one);
                } else {
                    live.objects.remove(&one.key);
                }
                prop_assert_eq!(shown(&mut kept, &live), shown(&mut Shown::default(), &live));
            }
        }
    }
}
