//! The health of everything live: what each object says itself, what the agents say of it, and what its schema promises. It
//! is kept up: what did not change, and hangs on nothing that did, is not judged again.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::affected::{by_agent, by_object, by_switch, is_agent};
use super::derive::{Fabric, agents, blind, not_placed};
use super::readiness::{Readiness, readiness};
use super::referrers::{Referrers, targets};
use super::{AGENTS, GROUPS, is_listed};
use crate::domain::cluster::{LiveObject, LiveSet, Objects, Schemas};
use crate::domain::drift::ObjectKey;
use crate::domain::health::{Health, HealthState};
use crate::domain::parallel::in_parts;
use crate::domain::turns::Turns;

/// The health of the objects of one live set at one moment.
#[derive(Debug, Clone, Default)]
pub struct Healths {
    /// Of those objects of which it is another than they say themselves.
    others: HashMap<ObjectKey, Health>,
    /// The next moment at which one changes when nothing else does; none while the clock of the data stands still.
    pub next: Option<Timestamp>,
    referrers: Referrers,
    turns: Turns<ObjectKey>,
    /// What all of it was judged by.
    basis: Option<Basis>,
    objects: Objects,
    readiness: BTreeMap<String, Readiness>,
    clock: Timestamp,
}

/// What everything hangs on. When it is another, everything is judged anew.
#[derive(Debug, Clone, PartialEq)]
struct Basis {
    /// Why nothing can be said of Hedgehog's objects.
    blind: Option<Health>,
    /// Something is to be derived from the agents.
    derives: bool,
    /// The switches that have one.
    agents: BTreeSet<String>,
    listed: BTreeSet<(String, String)>,
    is_snapshot: bool,
    is_frozen: bool,
    schemas: Arc<Schemas>,
}

/// What a look at some objects found.
struct Seen<'l> {
    verdicts: Vec<(&'l ObjectKey, Option<Health>, Option<Timestamp>)>,
    /// What is judged by its parts, and may be another way now.
    wholes: BTreeSet<ObjectKey>,
}

/// Whose health may be another than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turned {
    /// Everybody's.
    All,
    /// Theirs, beside that of the objects that changed themselves.
    These(Vec<ObjectKey>),
}

impl Healths {
    /// The health of an object of the set.
    pub fn of<'h>(&'h self, object: &'h LiveObject) -> &'h Health {
        self.others.get(&object.key).unwrap_or(&object.health)
    }

    /// Judges everything in a live set that may be another way than the last time.
    ///
    /// Time limits are those of the data: what is not connected any more does not fall silent because nobody listens to it.
    pub fn update(&mut self, live: &LiveSet, now: Timestamp) -> Turned {
        let clock = super::clock(live, now);
        let agents = agents(live);
        let blind = blind(live);
        let basis = Basis {
            derives: blind.is_none() && (!agents.is_empty() || is_listed(live, AGENTS, "Agent")),
            blind,
            agents: agents.keys().map(|name| (*name).to_owned()).collect(),
            listed: live.listed.clone(),
            is_snapshot: live.is_snapshot(),
            is_frozen: clock != now,
            schemas: Arc::clone(&live.schemas),
        };
        let ready: BTreeMap<String, Readiness> =
            agents.iter().map(|(name, facts)| ((*name).to_owned(), readiness(name, facts, clock))).collect();
        // Of a snapshot even that a kind has no objects says something.
        let is_same =
            !basis.is_snapshot && clock >= self.clock && self.basis.as_ref().is_some_and(|known| known.same(&basis));
        let turned = if is_same {
            let affected = self.affected(live, clock, &ready);
            self.readiness = ready;
            let affected: Vec<_> = affected.iter().map(|key| (key, live.objects.get(key))).collect();
            Turned::These(self.judge(live, clock, &basis, &affected))
        } else {
            *self = Self { referrers: Referrers::of_all(live), readiness: ready, ..Self::default() };
            let all: Vec<_> = live.objects.values().map(|object| (&object.key, Some(object))).collect();
            self.judge(live, clock, &basis, &all);
            Turned::All
        };
        let of_agents = self.readiness.values().filter_map(|readiness| readiness.turn);
        let of_agents = of_agents.min().filter(|_| basis.derives);
        self.next = [self.turns.next(), of_agents].into_iter().flatten().min().filter(|_| !basis.is_frozen);
        (self.objects, self.clock, self.basis) = (live.objects.clone(), clock, Some(basis));
        turned
    }

    /// Everything that may be another way than the last time.
    fn affected(
        &mut self,
        live: &LiveSet,
        clock: Timestamp,
        ready: &BTreeMap<String, Readiness>,
    ) -> HashSet<ObjectKey> {
        let mut affected: HashSet<ObjectKey> = self.turns.due(clock).cloned().collect();
        let changes = live.objects.changes(&self.objects);
        for change in &changes {
            self.referrers.take(*change);
        }
        for change in &changes {
            by_object(live, *change, &self.referrers, &mut affected);
        }
        let agents: HashMap<&str, _> = changes
            .iter()
            .filter(|change| is_agent(change.key))
            .map(|change| (change.key.name.as_str(), change))
            .collect();
        for (name, readiness) in ready {
            let before = self.readiness.get(name);
            if let Some(change) = agents.get(name.as_str()) {
                by_agent(**change, (before, Some(readiness)), &self.referrers, &mut affected);
            } else if before.map(|before| &before.trouble) != Some(&readiness.trouble) {
                // It is the clock alone that went on.
                let silent = live.objects.of_kind(AGENTS, "Agent").filter(|agent| agent.key.name == *name);
                for agent in silent {
                    if let Some(facts) = &agent.facts {
                        by_switch(&agent.key.namespace, name, [facts, facts], &mut affected);
                    }
                }
            }
        }
        affected
    }

    /// Judges these objects. Those of which it came out otherwise, or which have something derived.
    fn judge(
        &mut self,
        live: &LiveSet,
        clock: Timestamp,
        basis: &Basis,
        affected: &[(&ObjectKey, Option<&Arc<LiveObject>>)],
    ) -> Vec<ObjectKey> {
        let mut turned = Vec::new();
        let mut wholes = BTreeSet::new();
        for part in in_parts(affected, |part| self.look(live, clock, basis, part)) {
            for (key, health, turn) in part.verdicts {
                self.note(key, health, turn, &mut turned);
            }
            wholes.extend(part.wholes);
        }
        // Servers and groups are as bad as what they consist of, so they come last.
        for key in wholes {
            let Some(object) = live.objects.get(&key).filter(|object| is_judged(object) && basis.derives) else {
                continue;
            };
            let (health, turn) = match self.whole(live, &key) {
                _ if basis.agents.is_empty() => own(live, object, clock),
                health => (Some(health), None),
            };
            self.note(&key, health, turn, &mut turned);
        }
        turned
    }

    /// Judges these objects as far as they do not hang on each other's health.
    fn look<'l>(
        &self,
        live: &LiveSet,
        clock: Timestamp,
        basis: &Basis,
        affected: &[(&'l ObjectKey, Option<&'l Arc<LiveObject>>)],
    ) -> Seen<'l> {
        let mut seen = Seen { verdicts: Vec::with_capacity(affected.len()), wholes: BTreeSet::new() };
        let mut fabric = Fabric::new(live, clock, &self.readiness, &self.referrers);
        for (key, object) in affected {
            // What a part names is as bad as it, or is not any more.
            let named = [self.objects.get(key), *object].into_iter().flatten();
            seen.wholes.extend(named.flat_map(|object| targets(object)).filter(|target| is_whole(target)).cloned());
            let Some(object) = object else {
                seen.verdicts.push((key, None, None));
                continue;
            };
            if is_whole(key) && is_judged(object) && basis.derives {
                seen.wholes.insert(ObjectKey::clone(key));
                continue;
            }
            let derived = match &basis.blind {
                _ if !is_judged(object) => None,
                Some(blind) => Some((blind.clone(), None)),
                None if basis.derives => fabric.judge(object),
                None => None,
            };
            let (health, turn) = match derived {
                Some((health, turn)) => (Some(health), turn),
                None => own(live, object, clock),
            };
            seen.verdicts.push((key, health, turn));
        }
        seen
    }

    fn note(&mut self, key: &ObjectKey, health: Option<Health>, turn: Option<Timestamp>, turned: &mut Vec<ObjectKey>) {
        self.turns.set(key, turn);
        if self.others.get(key) == health.as_ref() {
            return;
        }
        match health {
            Some(health) => drop(self.others.insert(key.clone(), health)),
            None => drop(self.others.remove(key)),
        }
        turned.push(key.clone());
    }

    /// The worst connection of a server, or the worst switch of a group. All of them live in one namespace: the webhooks
    /// refuse any other.
    fn whole(&self, live: &LiveSet, key: &ObjectKey) -> Health {
        let part = if key.kind == "Server" { "Connection" } else { "Switch" };
        let kinds = [part];
        let parts =
            self.referrers.of(key, &kinds).filter(|key| live.objects.get(key).is_some_and(|part| is_judged(part)));
        let worst =
            parts.filter_map(|key| Some((&key.name, self.others.get(key)?))).min_by_key(|(_, health)| health.state);
        worst.map_or_else(
            || not_placed(&format!("no {part} names it")),
            |(name, health)| Health { reason: format!("{part} {name}: {}", health.reason), ..health.clone() },
        )
    }
}

impl Basis {
    fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.schemas, &other.schemas)
            && Self { schemas: Arc::clone(&other.schemas), ..self.clone() } == *other
    }
}

/// Judges everything in a live set.
pub fn healths(live: &LiveSet, now: Timestamp) -> Healths {
    let mut healths = Healths::default();
    healths.update(live, now);
    healths
}

/// True for what is judged by its parts.
fn is_whole(key: &ObjectKey) -> bool {
    matches!(key.kind.as_str(), "Server" | "SwitchGroup") && key.group == super::WIRING
}

/// True for objects whose health is derived. Those that are being deleted are left to themselves.
fn is_judged(object: &LiveObject) -> bool {
    GROUPS.contains(&object.kind.group.as_str()) && object.wants.is_some() && object.deleting.is_none()
}

/// What an object says itself, where that is another than what it said when it was read; and when that changes.
fn own(live: &LiveSet, object: &LiveObject, clock: Timestamp) -> (Option<Health>, Option<Timestamp>) {
    let (health, turn) = object.health_at(clock);
    if health.state == HealthState::NoSignal && has_status(live, object) {
        let reason = "no status yet".to_owned();
        return (Some(Health { state: HealthState::Progressing, reason, ..health.clone() }), turn);
    }
    ((health != &object.health).then(|| health.clone()), turn)
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
        live.objects.insert(object);
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
