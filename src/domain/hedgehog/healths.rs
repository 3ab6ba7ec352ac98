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
    /// The next moment at which one changes when nothing else does.
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
    let now = super::clock(live, now);
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
    Healths { others, next }
}

/// True when the schema of an object's kind has fields for its status, so that its controller has yet to write them.
fn has_status(live: &LiveSet, object: &LiveObject) -> bool {
    let kind = &object.kind;
    let key = (kind.group.clone(), kind.version.clone(), kind.kind.clone());
    live.schemas.get(&key).is_some_and(|schema| schema.has_status)
}
