//! What the API holds: kinds, objects, a bounded log of changes for watches, and the behaviour that tests switch.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tokio::sync::watch;

use super::Behaviour;
use crate::domain::cluster::Kind;
use crate::domain::fault::Fault;

/// Changes that a watch can still be resumed from.
const LOG: usize = 1024;

/// Type of a change, as WATCH names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChangeType {
    Added,
    Modified,
    Deleted,
}

impl ChangeType {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Added => "ADDED",
            Self::Modified => "MODIFIED",
            Self::Deleted => "DELETED",
        }
    }
}

/// One change of one object.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) revision: u64,
    pub(super) what: ChangeType,
    pub(super) place: Place,
    pub(super) object: Value,
}

/// Where an object stands: group, plural, namespace, name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) group: String,
    pub(super) plural: String,
    pub(super) namespace: String,
    pub(super) name: String,
}

/// A collection that a request asks for; an empty namespace is every namespace.
#[derive(Debug, Clone)]
pub(super) struct Collection {
    pub(super) kind: Kind,
    pub(super) namespace: String,
}

impl Collection {
    fn holds(&self, place: &Place) -> bool {
        place.group == self.kind.group
            && place.plural == self.kind.plural
            && (self.namespace.is_empty() || self.namespace == place.namespace)
    }
}

/// What a watch waits for: a newer revision, or another behaviour (which ends it).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tick {
    pub(super) revision: u64,
    pub(super) behaviour: u64,
}

#[derive(Debug)]
struct State {
    objects: BTreeMap<Place, Value>,
    log: VecDeque<Change>,
    revision: u64,
    behaviour: Behaviour,
    /// By path.
    requests: BTreeMap<String, usize>,
}

/// The data behind one API.
#[derive(Debug)]
pub(super) struct Store {
    kinds: Vec<Kind>,
    state: Mutex<State>,
    ticks: watch::Sender<Tick>,
}

impl Store {
    pub(super) fn new(mut kinds: Vec<Kind>) -> Self {
        let definitions: Vec<Value> = kinds.iter().filter(|kind| kind.group.contains('.')).map(definition).collect();
        if !kinds.contains(&Kind::custom_resource_definition()) {
            kinds.push(Kind::custom_resource_definition());
        }
        let state = State {
            objects: BTreeMap::new(),
            log: VecDeque::new(),
            // Real servers never start at zero, and clients give zero a meaning of its own.
            revision: 100,
            behaviour: Behaviour::default(),
            requests: BTreeMap::new(),
        };
        let store = Self { kinds, state: Mutex::new(state), ticks: watch::Sender::new(Tick::default()) };
        for object in definitions {
            // A group's definition names a kind that was registered just above.
            let _ = store.put(object);
        }
        store
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The kinds that can be asked for now.
    pub(super) fn served(&self) -> Vec<Kind> {
        let behaviour = self.behaviour();
        let is_there = |kind: &&Kind| !matches!(&behaviour, Behaviour::Starting(group) if *group == kind.group);
        self.kinds.iter().filter(is_there).cloned().collect()
    }

    pub(super) fn behaviour(&self) -> Behaviour {
        self.state().behaviour.clone()
    }

    /// Counts a request; the behaviour it is answered with.
    pub(super) fn asked(&self, path: &str) -> Behaviour {
        let mut state = self.state();
        *state.requests.entry(path.to_owned()).or_default() += 1;
        let behaviour = state.behaviour.clone();
        if let Behaviour::Busy(left) = behaviour {
            state.behaviour = if left > 1 { Behaviour::Busy(left - 1) } else { Behaviour::Normal };
        }
        behaviour
    }

    pub(super) fn requests(&self, path: &str) -> usize {
        self.state().requests.get(path).copied().unwrap_or_default()
    }

    pub(super) fn behave(&self, behaviour: Behaviour) {
        self.state().behaviour = behaviour;
        self.ticks.send_modify(|tick| tick.behaviour += 1);
    }

    /// Wakes at every change.
    pub(super) fn ticks(&self) -> watch::Receiver<Tick> {
        self.ticks.subscribe()
    }

    pub(super) fn put(&self, mut object: Value) -> Result<(), Fault> {
        let place = self.place(&object)?;
        let mut state = self.state();
        let old = state.objects.get(&place);
        let revision = state.revision + 1;
        let what = if old.is_some() { ChangeType::Modified } else { ChangeType::Added };
        let generation = match old {
            Some(old) if same_desired(old, &object) => generation(old),
            Some(old) => generation(old) + 1,
            None => object.pointer("/metadata/generation").and_then(Value::as_i64).unwrap_or(1),
        };
        let kept = |field: &str| old.and_then(|old| old["metadata"].get(field)).cloned();
        let uid = kept("uid");
        let created = kept("creationTimestamp");
        let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
            return Err(Fault::new("putting", "an object", "it has no metadata", "give it a name"));
        };
        assign(metadata, "uid", uid, || format!("00000000-0000-4000-8000-{revision:012x}"));
        assign(metadata, "creationTimestamp", created, || Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        metadata.insert("generation".to_owned(), generation.into());
        if !place.namespace.is_empty() {
            metadata.insert("namespace".to_owned(), place.namespace.clone().into());
        }
        let version = old.map(|old| old["metadata"]["resourceVersion"].clone());
        if let Some(version) = version {
            metadata.insert("resourceVersion".to_owned(), version);
            if state.objects.get(&place) == Some(&object) {
                return Ok(());
            }
        }
        object["metadata"]["resourceVersion"] = revision.to_string().into();
        state.objects.insert(place.clone(), object.clone());
        self.record(state, Change { revision, what, place, object });
        Ok(())
    }

    pub(super) fn delete(&self, kind: &str, namespace: &str, name: &str) -> bool {
        let mut state = self.state();
        let found = state
            .objects
            .iter()
            .find(|(place, object)| object["kind"] == kind && place.namespace == namespace && place.name == name);
        let Some(place) = found.map(|(place, _)| place.clone()) else { return false };
        let Some(mut object) = state.objects.remove(&place) else { return false };
        let revision = state.revision + 1;
        object["metadata"]["resourceVersion"] = revision.to_string().into();
        self.record(state, Change { revision, what: ChangeType::Deleted, place, object });
        true
    }

    fn record(&self, mut state: MutexGuard<'_, State>, change: Change) {
        let revision = change.revision;
        state.revision = revision;
        if state.log.len() == LOG {
            state.log.pop_front();
        }
        state.log.push_back(change);
        drop(state);
        self.ticks.send_modify(|tick| tick.revision = tick.revision.max(revision));
    }

    /// Objects of a collection, and the revision they are of.
    pub(super) fn list(&self, collection: &Collection) -> (Vec<Value>, u64) {
        let state = self.state();
        let objects = state.objects.iter().filter(|(place, _)| collection.holds(place));
        (objects.map(|(_, object)| as_version(object, &collection.kind)).collect(), state.revision)
    }

    pub(super) fn get(&self, collection: &Collection, name: &str) -> Option<Value> {
        let place = Place {
            group: collection.kind.group.clone(),
            plural: collection.kind.plural.clone(),
            namespace: collection.namespace.clone(),
            name: name.to_owned(),
        };
        self.state().objects.get(&place).map(|object| as_version(object, &collection.kind))
    }

    /// Changes of a collection after `revision`, and the revision now; `None` when the log no longer reaches back so far.
    pub(super) fn changes(&self, collection: &Collection, revision: u64) -> Option<(Vec<Change>, u64)> {
        let state = self.state();
        let oldest = state.log.front().map_or(state.revision + 1, |change| change.revision);
        if revision + 1 < oldest {
            return None;
        }
        let news = state.log.iter().filter(|change| change.revision > revision && collection.holds(&change.place));
        let news = news.map(|change| Change { object: as_version(&change.object, &collection.kind), ..change.clone() });
        Some((news.collect(), state.revision))
    }

    fn place(&self, object: &Value) -> Result<Place, Fault> {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let (version, kind, name) = (text("/apiVersion"), text("/kind"), text("/metadata/name"));
        let group = version.rsplit_once('/').map_or("", |(group, _)| group);
        let on = format!("{version} {kind} {name}");
        if name.is_empty() {
            return Err(Fault::new("putting", on, "it has no name", "give it a metadata.name"));
        }
        let known = self.kinds.iter().find(|known| known.group == group && known.kind == kind);
        let known = known.ok_or_else(|| Fault::new("putting", on, "the kind is not served", "register its kind"))?;
        let namespace = match (known.namespaced, text("/metadata/namespace")) {
            (false, _) => "",
            (true, "") => "default",
            (true, namespace) => namespace,
        };
        Ok(Place {
            group: known.group.clone(),
            plural: known.plural.clone(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        })
    }
}

fn generation(object: &Value) -> i64 {
    object.pointer("/metadata/generation").and_then(Value::as_i64).unwrap_or(1)
}

fn assign(metadata: &mut Map<String, Value>, field: &str, kept: Option<Value>, made: impl FnOnce() -> String) {
    if let Some(kept) = kept {
        metadata.insert(field.to_owned(), kept);
    } else if !metadata.contains_key(field) {
        metadata.insert(field.to_owned(), made().into());
    }
}

/// True when two versions of an object want the same: only `metadata` or `status` differ.
fn same_desired(a: &Value, b: &Value) -> bool {
    let desired = |object: &Value| {
        let mut fields = object.as_object().cloned().unwrap_or_default();
        fields.retain(|key, _| key != "metadata" && key != "status");
        fields
    };
    desired(a) == desired(b)
}

/// The object as the requested version shows it; versions differ in name only here.
fn as_version(object: &Value, kind: &Kind) -> Value {
    let mut object = object.clone();
    object["apiVersion"] = api_version(kind).into();
    object
}

/// `GROUP/VERSION`, or `VERSION` for the core group.
pub(super) fn api_version(kind: &Kind) -> String {
    if kind.group.is_empty() { kind.version.clone() } else { format!("{}/{}", kind.group, kind.version) }
}

/// The CustomResourceDefinition that describes a kind.
fn definition(kind: &Kind) -> Value {
    let singular = kind.kind.to_lowercase();
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("{}.{}", kind.plural, kind.group) },
        "spec": {
            "group": kind.group,
            "scope": if kind.namespaced { "Namespaced" } else { "Cluster" },
            "names": {
                "kind": kind.kind, "listKind": format!("{}List", kind.kind), "plural": kind.plural, "singular": singular,
            },
            "versions": [{
                "name": kind.version, "served": true, "storage": true, "subresources": { "status": {} },
                "schema": { "openAPIV3Schema": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } },
            }],
        },
        "status": {
            "acceptedNames": { "kind": kind.kind, "plural": kind.plural },
            "conditions": [
                { "type": "NamesAccepted", "status": "True", "reason": "NoConflicts", "message": "no conflicts found" },
                { "type": "Established", "status": "True", "reason": "InitialNamesAccepted",
                  "message": "the initial names have been accepted" },
            ],
            "storedVersions": [kind.version],
        },
    })
}
