//! Live objects as drift compares them: pruned, packed, with what tells whose each field is.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::{Connection, Kind, Objects, Schemas};
use crate::domain::digest;
use crate::domain::drift::{APPLICATIONS, Application, Digests, ObjectKey, marks};
use crate::domain::fault::Fault;
use crate::domain::health::{self, Health, Rules};
use crate::domain::hedgehog::{self, AgentFacts, Wants};

mod owners;

pub use owners::Owner;

/// Annotation in which client-side apply keeps what it applied.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// One live object. A cluster may hold ten thousand of them, so the larger parts are kept as text and read when they are
/// asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveObject {
    /// Its kind, in the version it was read in.
    pub kind: Arc<Kind>,
    /// Its identity.
    pub key: ObjectKey,
    /// Health by what it says itself.
    pub health: Health,
    /// What becomes of that when it says nothing more: from these moments on, in their order.
    pub later: Vec<(Timestamp, Health)>,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// `metadata.generation`.
    pub generation: Option<i64>,
    /// When it was asked to go.
    pub deleting: Option<Timestamp>,
    /// Another object owns it.
    pub owned: bool,
    /// When what somebody wants of it last changed, as far as `managedFields` tell.
    pub changed: Option<Timestamp>,
    /// What an Agent of Hedgehog's says of its switch.
    pub facts: Option<Arc<AgentFacts>>,
    /// What an object of Hedgehog's asks of the fabric.
    pub wants: Option<Arc<Wants>>,
    /// What a Fabricator says of the fabric's controller.
    pub controller: Option<Arc<str>>,
    /// What it says of its sources, when it is one of Argo CD's Applications.
    pub application: Option<Arc<Application>>,
    /// JSON of everything but the metadata, sorted by name as `serde_json` sorts it.
    body: Box<str>,
    /// JSON of the metadata.
    metadata: Box<str>,
    /// What tells it from others.
    digests: Digests,
    /// JSON, as the client wrote it.
    last_applied: Option<Box<str>>,
    /// What tells from others what was applied, as far as it can be read.
    applied: Option<Digests>,
    /// Packed by [`owners::pack`]. Objects that were made alike share it.
    owners: Arc<str>,
}

/// Makes the objects of one kind, which share what they have in common.
#[derive(Debug)]
pub struct Maker {
    kind: Arc<Kind>,
    rules: Arc<Rules>,
    owners: HashSet<Arc<str>>,
    /// What they name: many of them name the same.
    named: HashSet<ObjectKey>,
}

impl Maker {
    /// Of objects of this kind, judged by the rules that are built in.
    pub fn new(kind: &Kind) -> Self {
        Self::judging(kind, Rules::built_in())
    }

    /// Of objects of this kind, judged by these rules.
    pub fn judging(kind: &Kind, rules: Arc<Rules>) -> Self {
        Self { kind: Arc::new(kind.clone()), rules, owners: HashSet::new(), named: HashSet::new() }
    }

    /// Takes what is needed out of an object as the server sends it. `None` when it has no name.
    pub fn object(&mut self, mut object: Value) -> Option<LiveObject> {
        let metadata = object.get("metadata")?;
        let text = |field: &str| metadata.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (namespace, name) = (text("namespace"), text("name"));
        if name.is_empty() {
            return None;
        }
        let key = ObjectKey::new(&*self.kind.group, &*self.kind.kind, namespace, name);
        let time = |field: &str| text(field).parse::<Timestamp>().ok();
        let (created, deleting) = (time("creationTimestamp"), time("deletionTimestamp"));
        let generation = metadata.get("generation").and_then(Value::as_i64);
        let owned = metadata.get("ownerReferences").and_then(Value::as_array).is_some_and(|owners| !owners.is_empty());
        let owners = self.share(&metadata.get("managedFields").map(owners::pack).unwrap_or_default());
        let changed = metadata.get("managedFields").and_then(changed);
        let health::Verdict { health, later } = self.rules.judge(&object);
        let is_agent = self.kind.group == hedgehog::AGENTS && self.kind.kind == "Agent";
        let facts = is_agent.then(|| Arc::new(AgentFacts::of(&object)));
        let wants = Wants::of(&key, &object).map(|mut wants| {
            for reference in &mut wants.references {
                reference.key = self.share_key(&reference.key);
            }
            Arc::new(wants)
        });
        let controller = hedgehog::fabric_controller(&object).map(Arc::from);
        let is_application = (self.kind.group.as_str(), self.kind.kind.as_str()) == APPLICATIONS;
        let application = is_application.then(|| Application::of(&object)).flatten().map(Arc::new);
        let fields = object.as_object_mut()?;
        fields.remove("status");
        if self.kind.group == hedgehog::AGENTS {
            fields.remove("spec");
        }
        let mut last_applied = None;
        if let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
            // The version changes with every heartbeat in a status; what is compared here does not.
            metadata.remove("resourceVersion");
            metadata.remove("managedFields");
            if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
                last_applied = annotations.remove(LAST_APPLIED);
            }
        }
        let last_applied: Option<Box<str>> =
            last_applied.as_ref().and_then(Value::as_str).map(|text| text.trim().into());
        let applied: Option<Value> = last_applied.as_deref().and_then(|text| serde_json::from_str(text).ok());
        let applied = applied.as_ref().map(Digests::of);
        let metadata = fields.remove("metadata").unwrap_or_default();
        let marks = marks(&metadata);
        let metadata = metadata.to_string().into_boxed_str();
        let body = object.to_string().into_boxed_str();
        let digests = Digests { body: digest::of_text(&body), marks };
        let kind = Arc::clone(&self.kind);
        Some(LiveObject {
            kind,
            key,
            health,
            later,
            created,
            generation,
            deleting,
            owned,
            changed,
            facts,
            wants,
            controller,
            application,
            body,
            metadata,
            digests,
            last_applied,
            applied,
            owners,
        })
    }

    fn share(&mut self, packed: &str) -> Arc<str> {
        if let Some(known) = self.owners.get(packed) {
            return Arc::clone(known);
        }
        let packed: Arc<str> = packed.into();
        self.owners.insert(Arc::clone(&packed));
        packed
    }

    fn share_key(&mut self, key: &ObjectKey) -> ObjectKey {
        if let Some(known) = self.named.get(key) {
            return known.clone();
        }
        self.named.insert(key.clone());
        key.clone()
    }

    /// Another one of the same kind, which shares nothing yet.
    #[must_use]
    pub fn another(&self) -> Self {
        Self {
            kind: Arc::clone(&self.kind),
            rules: Arc::clone(&self.rules),
            owners: HashSet::new(),
            named: HashSet::new(),
        }
    }

    /// Forgets what no object uses any more.
    pub fn tidy(&mut self) {
        self.owners.retain(|owners| Arc::strong_count(owners) > 1);
        self.named.retain(ObjectKey::is_shared);
    }
}

impl LiveObject {
    /// One object by itself: see [`Maker::object`].
    pub fn new(kind: &Kind, object: Value) -> Option<Self> {
        Maker::new(kind).object(object)
    }

    /// The object without `status`, `resourceVersion`, `managedFields` and the last-applied annotation; for Agents without
    /// `spec` too. Read anew at every call.
    pub fn value(&self) -> Value {
        let mut value: Value = serde_json::from_str(&self.body).unwrap_or_default();
        if let Some(fields) = value.as_object_mut() {
            fields.insert("metadata".to_owned(), self.metadata());
        }
        value
    }

    /// The metadata of [`Self::value`] alone.
    pub fn metadata(&self) -> Value {
        serde_json::from_str(&self.metadata).unwrap_or_default()
    }

    /// True when an object with these digests is the same to the byte, apart from its metadata and status.
    pub fn has_body(&self, stated: &Digests) -> bool {
        self.digests.body == stated.body
    }

    /// True when an object with these digests wants just what is live, and no other labels and annotations were applied last. Most
    /// objects are.
    pub fn is_as_stated(&self, stated: &Digests) -> bool {
        self.digests == *stated && self.applied.is_none_or(|applied| applied.marks == stated.marks)
    }

    /// What client-side apply applied last, if it was used and that is another than an object with these digests. Read anew at
    /// every call.
    pub fn applied_before(&self, stated: &Digests) -> Option<Value> {
        let applied = self.last_applied.as_deref().filter(|_| self.applied.as_ref() != Some(stated))?;
        serde_json::from_str(applied).ok()
    }

    /// True when client-side apply was used.
    pub fn is_applied(&self) -> bool {
        self.last_applied.is_some()
    }

    /// Managers of fields, by manager and path. Read anew at every call.
    pub fn owners(&self) -> Vec<Owner<'_>> {
        owners::unpack(&self.owners)
    }

    /// Its health at a moment by what it says itself, and the next moment at which it is another.
    pub fn health_at(&self, now: Timestamp) -> (&Health, Option<Timestamp>) {
        health::at(&self.health, &self.later, now)
    }

    /// The same Agent after a sign of life: that puts off when it counts as silent.
    #[must_use]
    pub fn alive(&self, at: Timestamp) -> Self {
        let Some(facts) = &self.facts else { return self.clone() };
        let mut object = self.clone();
        if let Some(before) = facts.heartbeat {
            for (from, health) in &mut object.later {
                if health.source.ends_with(".lastHeartbeat") {
                    *from += at.duration_since(before);
                }
            }
            object.later.sort_by_key(|(from, _)| *from);
        }
        object.facts = Some(Arc::new(AgentFacts { heartbeat: Some(at), ..AgentFacts::clone(facts) }));
        object
    }

    /// True when the two differ in more than a sign of life, which only puts off what would become of them without it.
    pub fn is_news(&self, before: &Self) -> bool {
        let is_news_of_agent = match (&self.facts, &before.facts) {
            (Some(facts), Some(known)) => facts.is_news(known),
            (facts, known) => facts != known,
        };
        is_news_of_agent || self.later.len() != before.later.len() || !self.is_still(before)
    }

    /// True when the two say the same beside signs of life.
    fn is_still(&self, before: &Self) -> bool {
        let Self {
            kind,
            key,
            health,
            later: _,
            created,
            generation,
            deleting,
            owned,
            changed,
            facts: _,
            wants,
            controller,
            application,
            body,
            metadata,
            digests: _,
            last_applied,
            applied: _,
            owners,
        } = self;
        (kind, key, health) == (&before.kind, &before.key, &before.health)
            && (created, generation, deleting) == (&before.created, &before.generation, &before.deleting)
            && (owned, changed, wants) == (&before.owned, &before.changed, &before.wants)
            && (controller, application) == (&before.controller, &before.application)
            && (body, metadata, last_applied) == (&before.body, &before.metadata, &before.last_applied)
            && *owners == before.owners
    }

    /// The manager of a field: the owner of the path itself or of the nearest one around or below it.
    pub fn manager(&self, path: &str) -> Option<Cow<'_, str>> {
        let related = |owner: &Owner<'_>| is_within(path, &owner.path) || is_within(&owner.path, path);
        let nearest = self.owners().into_iter().filter(related).max_by(|a, b| {
            // The path itself first, then what lies below, then the closest around it.
            let rank = |owner: &Owner<'_>| (owner.path == path, owner.path.len() > path.len(), owner.path.len());
            rank(a).cmp(&rank(b)).then_with(|| a.path.cmp(&b.path))
        });
        nearest.map(|owner| owner.manager)
    }
}

/// The last write that was none of the status.
fn changed(managed_fields: &Value) -> Option<Timestamp> {
    let entries = managed_fields.as_array()?.iter();
    let wanted = entries.filter(|entry| entry.get("subresource").and_then(Value::as_str) != Some("status"));
    wanted.filter_map(|entry| entry.get("time")?.as_str()?.parse().ok()).max()
}

/// True when `path` is `outer` or lies below it.
pub(in crate::domain) fn is_within(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Appends a field to a path; names that would be read as more than one step are quoted.
pub(in crate::domain) fn join(path: &str, name: &str) -> String {
    if name.is_empty() || name.contains(['.', '[', ']', '"']) {
        return format!("{path}[{}]", Value::String(name.to_owned()));
    }
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Everything live in one context, as far as it is watched.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveSet {
    /// Name of the context or of the snapshot file.
    pub context: String,
    /// State of the connection.
    pub connection: Connection,
    /// Why it is not connected.
    pub fault: Option<Fault>,
    /// Every kind and version served; `None` while not known, and for snapshots, which do not say.
    pub served: Option<Vec<Kind>>,
    /// What is known of the fields of custom kinds.
    pub schemas: Arc<Schemas>,
    /// Groups and kinds whose objects are all here.
    pub listed: BTreeSet<(String, String)>,
    /// Groups and kinds that cannot be listed, and why.
    pub refused: BTreeMap<(String, String), Fault>,
    /// Groups and kinds of which some objects cannot be read, and why.
    pub unread: BTreeMap<(String, String), Fault>,
    /// Objects by identity.
    pub objects: Objects,
    /// Every kind that is watched was listed or refused, and described.
    pub complete: bool,
    /// When this was last known to be current.
    pub as_of: Option<Timestamp>,
}

impl LiveSet {
    /// Nothing is known of the context yet.
    pub fn empty(context: impl Into<String>, connection: Connection) -> Self {
        Self {
            context: context.into(),
            connection,
            fault: None,
            served: None,
            schemas: Arc::default(),
            listed: BTreeSet::new(),
            refused: BTreeMap::new(),
            unread: BTreeMap::new(),
            objects: Objects::default(),
            complete: false,
            as_of: None,
        }
    }

    /// A set of objects from a file: complete by definition, and silent about what its cluster serves.
    pub fn snapshot(name: impl Into<String>, objects: impl IntoIterator<Item = LiveObject>, as_of: Timestamp) -> Self {
        let objects = objects.into_iter().map(Arc::new).collect();
        Self { objects, complete: true, as_of: Some(as_of), ..Self::empty(name, Connection::Connected) }
    }

    /// True when the cluster says nothing of a kind because the set holds all there is.
    pub fn is_snapshot(&self) -> bool {
        self.connection == Connection::Connected && self.served.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::{LiveObject, Maker, join};
    use crate::domain::cluster::Kind;
    use crate::domain::drift::Digests;
    use serde_json::json;
    use std::sync::Arc;

    fn kind() -> Kind {
        Kind {
            group: "apps".into(),
            version: "v1".into(),
            kind: "Deployment".into(),
            plural: "deployments".into(),
            namespaced: true,
        }
    }

    #[test]
    fn what_drift_needs_is_taken_out_and_the_rest_is_pruned() {
        let object = json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {
                "name": "a", "namespace": "b", "generation": 2, "ownerReferences": [{}],
                "annotations": { "kubectl.kubernetes.io/last-applied-configuration": "{\"spec\":{\"x\":1}}", "keep": "me" },
                "managedFields": [
                    { "manager": "argocd-controller", "operation": "Apply", "fieldsV1": {
                        "f:spec": { ".": {}, "f:replicas": {}, "f:ports": { "k:{\"name\":\"http\"}": { ".": {}, "f:port": {} } } },
                        "f:metadata": { "f:labels": { "f:app.x/y": {} } } } },
                    { "manager": "ctl", "operation": "Update", "subresource": "status", "fieldsV1": { "f:status": { "f:a": {} } } },
                ],
            },
            "spec": { "replicas": 1 }, "status": { "phase": "Failed" },
        });
        let live = LiveObject::new(&kind(), object).unwrap();
        assert_eq!(live.value()["metadata"]["annotations"], json!({ "keep": "me" }));
        assert!(live.value().get("status").is_none() && live.value()["metadata"].get("managedFields").is_none());
        assert_eq!(live.applied_before(&Digests::default()), Some(json!({ "spec": { "x": 1 } })));
        assert_eq!(live.health.source, ".status.phase");
        assert!(live.owned);
        let owners = live.owners();
        let paths: Vec<&str> = owners.iter().map(|owner| &*owner.path).collect();
        assert_eq!(paths, ["metadata.labels[\"app.x/y\"]", "spec.ports[name=http].port", "spec.replicas"]);
        assert!(owners.iter().all(|owner| owner.apply));
    }

    #[test]
    fn the_nearest_owner_is_the_manager() {
        let object = json!({ "metadata": { "name": "a", "managedFields": [
            { "manager": "one", "operation": "Update", "fieldsV1": { "f:spec": { "f:subnets": {} } } },
            { "manager": "two", "operation": "Update", "fieldsV1": { "f:spec": { "f:subnet": { "f:vlan": {} } } } },
        ] } });
        let live = LiveObject::new(&kind(), object).unwrap();
        assert_eq!(live.manager("spec.subnets.a.vlan").as_deref(), Some("one"));
        assert_eq!(live.manager("spec.subnet").as_deref(), Some("two"));
        assert_eq!(live.manager("spec.other"), None);
    }

    #[test]
    fn objects_that_were_made_alike_share_their_owners_and_forget_them_together() {
        let mut maker = Maker::new(&kind());
        let mut object = |name: &str, field: &str| {
            let fields = json!({ "f:spec": { field: {} } });
            let entry = json!({ "manager": "one", "operation": "Update", "fieldsV1": fields });
            maker.object(json!({ "metadata": { "name": name, "managedFields": [entry] } })).unwrap()
        };
        let (a, b, c) = (object("a", "f:x"), object("b", "f:x"), object("c", "f:y"));
        assert!(Arc::ptr_eq(&a.owners, &b.owners) && !Arc::ptr_eq(&a.owners, &c.owners));
        assert_eq!(c.manager("spec.y").as_deref(), Some("one"));
        drop(c);
        maker.tidy();
        assert_eq!(maker.owners.len(), 1);
    }

    #[test]
    fn an_object_without_a_name_is_none() {
        assert!(LiveObject::new(&kind(), json!({ "metadata": {} })).is_none());
        assert!(LiveObject::new(&kind(), json!(5)).is_none());
    }

    #[test]
    fn credentials_of_agents_are_not_kept() {
        let agents = Kind { group: "agent.githedgehog.com".into(), kind: "Agent".into(), ..kind() };
        let agent = json!({ "metadata": { "name": "a" }, "spec": { "version": { "username": "u", "default": "v1" } } });
        let live = LiveObject::new(&agents, agent).unwrap();
        assert!(live.value().get("spec").is_none());
        assert_eq!(live.facts.map(|facts| facts.wanted_version.clone()), Some("v1".to_owned()));
    }

    #[test]
    fn an_object_that_is_the_same_to_the_byte_is_known_for_it() {
        let stated = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "a" }, "status": {},
            "spec": { "b": [1, "x\u{e9}\n"], "a": { "z": 1.5, "y": null } } });
        let mut there = stated.clone();
        there["metadata"]["uid"] = "7".into();
        there["status"] = json!({ "phase": "Ready" });
        let live = LiveObject::new(&kind(), there.clone()).unwrap();
        assert!(live.has_body(&Digests::of(&stated)));
        assert_eq!((live.value()["metadata"]["uid"].as_str(), &live.value()["spec"]), (Some("7"), &stated["spec"]));
        for (path, value) in [("/spec/b/0", json!(2)), ("/spec/a", json!({})), ("/kind", json!("Job"))] {
            let mut other = stated.clone();
            *other.pointer_mut(path).unwrap() = value;
            assert!(!live.has_body(&Digests::of(&other)), "{path}");
        }
        let more = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "spec": stated["spec"], "z": 1 });
        assert!(!live.has_body(&Digests::of(&more)) && !live.has_body(&Digests::of(&json!(1))));
    }

    #[test]
    fn a_sign_of_life_puts_off_silence() {
        let agents = Kind { group: "agent.githedgehog.com".into(), kind: "Agent".into(), ..kind() };
        let agent = json!({ "apiVersion": "agent.githedgehog.com/v1beta1", "kind": "Agent",
            "metadata": { "name": "a", "generation": 1 },
            "status": { "lastAppliedGen": 1, "lastHeartbeat": "2026-01-01T00:00:00Z" } });
        let agent = LiveObject::new(&agents, agent).unwrap();
        let next = |agent: &LiveObject| agent.health_at(agent.facts.as_ref().unwrap().heartbeat.unwrap()).1;
        assert_eq!(next(&agent), "2026-01-01T00:01:00Z".parse().ok());
        let later = agent.alive("2026-01-01T00:00:15Z".parse().unwrap());
        assert_eq!(next(&later), "2026-01-01T00:01:15Z".parse().ok());
        assert!(!later.is_news(&agent));
    }

    #[test]
    fn a_status_that_is_written_changes_nothing_that_somebody_wants() {
        let object = json!({ "metadata": { "name": "a", "managedFields": [
            { "manager": "one", "operation": "Update", "time": "2026-01-02T00:00:00Z" },
            { "manager": "two", "operation": "Update", "subresource": "status", "time": "2026-01-03T00:00:00Z" },
        ] } });
        let live = LiveObject::new(&kind(), object).unwrap();
        assert_eq!(live.changed, "2026-01-02T00:00:00Z".parse().ok());
    }

    #[test]
    fn names_that_hold_dots_are_quoted() {
        assert_eq!(join("a", "b"), "a.b");
        assert_eq!(join("", "b"), "b");
        assert_eq!(join("a", "b.c/d"), "a[\"b.c/d\"]");
    }
}
