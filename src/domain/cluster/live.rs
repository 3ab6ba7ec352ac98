//! Live objects as drift compares them: pruned, with what tells whose each field is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::{Connection, Kind, Schemas};
use crate::domain::drift::ObjectKey;
use crate::domain::fault::Fault;
use crate::domain::health::{Health, judge};

/// Annotation in which client-side apply keeps what it applied.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Group of Hedgehog's agents. Their specs carry credentials in clear, and no git ever states them.
const AGENTS: &str = "agent.githedgehog.com";

/// A field's manager, as `metadata.managedFields` names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Path in the notation of [`crate::domain::drift::FieldDiff::path`].
    pub path: String,
    /// Name of the manager.
    pub manager: Arc<str>,
    /// It owns the field by server-side apply; only then it is one the manager asked for by name.
    pub apply: bool,
}

/// One live object.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveObject {
    /// Its kind, in the version it was read in.
    pub kind: Kind,
    /// Namespace; empty for objects of the cluster.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// The object without `status`, `resourceVersion`, `managedFields` and the last-applied annotation.
    pub value: Value,
    /// Health when it was read.
    pub health: Health,
    /// What client-side apply applied last, if it was used.
    pub last_applied: Option<Value>,
    /// Managers of fields, sorted by path.
    pub owners: Vec<Owner>,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// `metadata.generation`.
    pub generation: Option<i64>,
    /// When it was asked to go.
    pub deleting: Option<Timestamp>,
    /// Another object owns it.
    pub owned: bool,
}

impl LiveObject {
    /// Takes what is needed out of an object as the server sends it. `None` when it has no name.
    pub fn new(kind: &Kind, mut object: Value) -> Option<Self> {
        let metadata = object.get("metadata")?;
        let text = |field: &str| metadata.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (namespace, name) = (text("namespace"), text("name"));
        if name.is_empty() {
            return None;
        }
        let time = |field: &str| text(field).parse::<Timestamp>().ok();
        let (created, deleting) = (time("creationTimestamp"), time("deletionTimestamp"));
        let generation = metadata.get("generation").and_then(Value::as_i64);
        let owned = metadata.get("ownerReferences").and_then(Value::as_array).is_some_and(|owners| !owners.is_empty());
        let owners = metadata.get("managedFields").map(owners).unwrap_or_default();
        let last_applied = metadata
            .get("annotations")
            .and_then(|annotations| annotations.get(LAST_APPLIED)?.as_str())
            .and_then(|text| serde_json::from_str(text).ok());
        let health = judge(&object);
        let fields = object.as_object_mut()?;
        fields.remove("status");
        if kind.group == AGENTS {
            fields.remove("spec");
        }
        if let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
            // The version changes with every heartbeat in a status; what is compared here does not.
            metadata.remove("resourceVersion");
            metadata.remove("managedFields");
            if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
                annotations.remove(LAST_APPLIED);
            }
        }
        let kind = kind.clone();
        Some(Self {
            kind,
            namespace,
            name,
            value: object,
            health,
            last_applied,
            owners,
            created,
            generation,
            deleting,
            owned,
        })
    }

    /// Its identity.
    pub fn key(&self) -> ObjectKey {
        ObjectKey {
            group: self.kind.group.clone(),
            kind: self.kind.kind.clone(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
        }
    }

    /// The manager of a field: the owner of the path itself or of the nearest one around or below it.
    pub fn manager(&self, path: &str) -> Option<&str> {
        let related = |owner: &&Owner| is_within(path, &owner.path) || is_within(&owner.path, path);
        let nearest = self.owners.iter().filter(related).max_by_key(|owner| {
            // The path itself first, then what lies below, then the closest around it.
            (owner.path == path, owner.path.len() > path.len(), owner.path.len())
        });
        nearest.map(|owner| &*owner.manager)
    }
}

/// True when `path` is `outer` or lies below it.
pub(in crate::domain) fn is_within(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Leaf fields of `managedFields` with their managers, sorted by path. Fields of the status are left out.
fn owners(managed_fields: &Value) -> Vec<Owner> {
    let mut owners = Vec::new();
    for entry in managed_fields.as_array().into_iter().flatten() {
        let text = |field: &str| entry.get(field).and_then(Value::as_str).unwrap_or_default();
        if text("subresource") == "status" {
            continue;
        }
        let manager: Arc<str> = text("manager").into();
        let apply = text("operation") == "Apply";
        if let Some(fields) = entry.get("fieldsV1") {
            collect(fields, "", &mut |path| {
                if !is_within(&path, "status") {
                    owners.push(Owner { path, manager: Arc::clone(&manager), apply });
                }
            });
        }
    }
    owners.sort_by(|a, b| a.path.cmp(&b.path));
    owners
}

/// Walks a FieldsV1 tree (structured-merge-diff: `f:` field, `k:` list item by key, `v:` set member, `i:` index).
fn collect(fields: &Value, path: &str, found: &mut impl FnMut(String)) {
    let children: Vec<_> = fields.as_object().into_iter().flatten().filter(|(key, _)| *key != ".").collect();
    if children.is_empty() {
        if !path.is_empty() {
            found(path.to_owned());
        }
        return;
    }
    for (key, value) in children {
        let Some((tag, name)) = key.split_once(':') else { continue };
        let inner = match tag {
            "f" => join(path, name),
            "i" => format!("{path}[{name}]"),
            "k" => keyed(path, name),
            // A member of a set is no field of its own.
            _ => path.to_owned(),
        };
        collect(value, &inner, found);
    }
}

/// A list item by its key: its `name` if it has one, else the first of its key fields.
fn keyed(path: &str, json: &str) -> String {
    let Ok(Value::Object(keys)) = serde_json::from_str::<Value>(json) else { return path.to_owned() };
    let Some((name, value)) = keys.get_key_value("name").or_else(|| keys.iter().next()) else { return path.to_owned() };
    match value {
        Value::String(text) => format!("{path}[{name}={text}]"),
        other => format!("{path}[{name}={other}]"),
    }
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
    /// Objects by identity.
    pub objects: BTreeMap<ObjectKey, Arc<LiveObject>>,
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
            objects: BTreeMap::new(),
            as_of: None,
        }
    }

    /// A set of objects from a file: complete by definition, and silent about what its cluster serves.
    pub fn snapshot(name: impl Into<String>, objects: impl IntoIterator<Item = LiveObject>, as_of: Timestamp) -> Self {
        let objects = objects.into_iter().map(|object| (object.key(), Arc::new(object))).collect();
        Self { objects, as_of: Some(as_of), ..Self::empty(name, Connection::Connected) }
    }

    /// True when the cluster says nothing of a kind because the set holds all there is.
    pub fn is_snapshot(&self) -> bool {
        self.connection == Connection::Connected && self.served.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::{LiveObject, join};
    use crate::domain::cluster::Kind;
    use serde_json::json;

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
        assert_eq!(live.value["metadata"]["annotations"], json!({ "keep": "me" }));
        assert!(live.value.get("status").is_none() && live.value["metadata"].get("managedFields").is_none());
        assert_eq!(live.last_applied, Some(json!({ "spec": { "x": 1 } })));
        assert_eq!(live.health.source, ".status.phase");
        assert!(live.owned);
        let paths: Vec<&str> = live.owners.iter().map(|owner| owner.path.as_str()).collect();
        assert_eq!(paths, ["metadata.labels[\"app.x/y\"]", "spec.ports[name=http].port", "spec.replicas"]);
        assert!(live.owners.iter().all(|owner| owner.apply));
    }

    #[test]
    fn the_nearest_owner_is_the_manager() {
        let object = json!({ "metadata": { "name": "a", "managedFields": [
            { "manager": "one", "operation": "Update", "fieldsV1": { "f:spec": { "f:subnets": {} } } },
            { "manager": "two", "operation": "Update", "fieldsV1": { "f:spec": { "f:subnet": { "f:vlan": {} } } } },
        ] } });
        let live = LiveObject::new(&kind(), object).unwrap();
        assert_eq!(live.manager("spec.subnets.a.vlan"), Some("one"));
        assert_eq!(live.manager("spec.subnet"), Some("two"));
        assert_eq!(live.manager("spec.other"), None);
    }

    #[test]
    fn an_object_without_a_name_is_none() {
        assert!(LiveObject::new(&kind(), json!({ "metadata": {} })).is_none());
        assert!(LiveObject::new(&kind(), json!(5)).is_none());
    }

    #[test]
    fn credentials_of_agents_are_not_kept() {
        let agents = Kind { group: "agent.githedgehog.com".into(), kind: "Agent".into(), ..kind() };
        let agent = json!({ "metadata": { "name": "a" }, "spec": { "version": { "username": "u" } } });
        assert!(LiveObject::new(&agents, agent).unwrap().value.get("spec").is_none());
    }

    #[test]
    fn names_that_hold_dots_are_quoted() {
        assert_eq!(join("a", "b"), "a.b");
        assert_eq!(join("", "b"), "b");
        assert_eq!(join("a", "b.c/d"), "a[\"b.c/d\"]");
    }
}
