//! The health of everything live: what each object says itself, what the agents say of it, and what its schema promises.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::derive::{Derived, derive};
use crate::domain::cluster::{LiveObject, LiveSet};
use crate::domain::drift::ObjectKey;
use crate::domain::health::{Health, HealthState};

/// The health of the objects of one live set at one moment.
#[derive(Debug, Clone, Default)]
pub struct Healths {
    /// Of those objects of which it is another than they say themselves.
    others: BTreeMap<ObjectKey, Health>,
    /// The next moment at which one changes when nothing else does; none while the clock of the data stands still.
    pub next: Option<Timestamp>,
}

impl Healths {
    /// The health of an object of the set.
    pub fn of<'h>(&'h self, object: &'h LiveObject) -> &'h Health {
        self.others.get(&object.key()).unwrap_or(&object.health)
    }
}

/// Judges everything in a live set.
///
/// Time limits are those of the data: what is not connected any more does not fall silent because nobody listens to it.
pub fn healths(live: &LiveSet, now: Timestamp) -> Healths {
    let clock = super::clock(live, now);
    let is_frozen = clock != now;
    let now = clock;
    let Derived { health: mut others, mut next } = derive(live, now);
    for (key, object) in live.objects.iter() {
        if others.contains_key(key) {
            continue;
        }
        let (health, turn) = object.health_at(now);
        next = [next, turn].into_iter().flatten().min();
        if health.state == HealthState::NoSignal && has_status(live, object) {
            let reason = "no status yet".to_owned();
            others.insert(key.clone(), Health { state: HealthState::Progressing, reason, ..health.clone() });
        } else if health != &object.health {
            others.insert(key.clone(), health.clone());
        }
    }
    Healths { others, next: next.filter(|_| !is_frozen) }
}

/// True when the schema of an object's kind has fields for its status, so that its controller has yet to write them.
fn has_status(live: &LiveSet, object: &LiveObject) -> bool {
    let kind = &object.kind;
    let key = (kind.group.clone(), kind.version.clone(), kind.kind.clone());
    live.schemas.get(&key).is_some_and(|schema| schema.has_status)
}

#[cfg(test)]
mod tests {
    use super::healths;
    use crate::domain::cluster::{Connection, Kind, LiveObject, LiveSet, schemas};
    use crate::domain::health::HealthState;
    use jiff::Timestamp;
    use serde_json::{Value, json};
    use std::sync::Arc;

    fn at(time: &str) -> Timestamp {
        format!("2026-01-01T{time}Z").parse().unwrap()
    }

    fn set(group: &str, kind: &str, status: &Value) -> LiveSet {
        let kind = Kind {
            group: group.into(),
            version: "v1".into(),
            kind: kind.into(),
            plural: String::new(),
            namespaced: true,
        };
        let api = format!("{group}/v1");
        let object = json!({ "apiVersion": api, "kind": kind.kind, "metadata": { "name": "a", "generation": 1 }, "status": status });
        let object = LiveObject::new(&kind, object).unwrap();
        let mut live = LiveSet::empty("lab", Connection::Connected);
        live.objects.insert(object.key(), object.into());
        LiveSet { served: Some(Vec::new()), as_of: Some(at("00:00:30")), ..live }
    }

    fn state(live: &LiveSet, now: &str) -> HealthState {
        let healths = healths(live, at(now));
        healths.of(live.objects.values().next().unwrap()).state
    }

    #[test]
    fn what_falls_silent_does_so_at_its_moment_but_not_behind_a_lost_connection() {
        let status = json!({ "lastHeartbeat": at("00:00:00").to_string(), "lastAppliedGen": 1 });
        let live = set("gwint.githedgehog.com", "GatewayAgent", &status);
        assert_eq!(state(&live, "00:00:59"), HealthState::Healthy);
        assert_eq!(healths(&live, at("00:00:59")).next, Some(at("00:01:00")));
        assert_eq!(state(&live, "00:01:00"), HealthState::Degraded);
        let lost = LiveSet { connection: Connection::Unreachable, ..live };
        assert_eq!((state(&lost, "00:09:00"), healths(&lost, at("00:09:00")).next), (HealthState::Healthy, None));
    }

    #[test]
    fn no_status_is_on_its_way_where_the_schema_has_one() {
        let mut live = set("lab.example", "Rack", &Value::Null);
        assert_eq!(state(&live, "00:00:00"), HealthState::NoSignal);
        let status = json!({ "type": "object", "properties": { "phase": { "type": "string" } } });
        let schema = json!({ "openAPIV3Schema": { "type": "object", "properties": { "status": status } } });
        let versions = json!([{ "name": "v1", "served": true, "schema": schema }]);
        let definition =
            json!({ "spec": { "group": "lab.example", "names": { "kind": "Rack" }, "versions": versions } });
        live.schemas = Arc::new(schemas(&definition));
        assert_eq!(state(&live, "00:00:00"), HealthState::Progressing);
    }
}
