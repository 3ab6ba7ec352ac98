//! One object read whole, for the screen: as YAML, with its conditions, its owners and what happened to it.

use jiff::Timestamp;
use serde_json::Value;

use super::{Kind, LAST_APPLIED, LiveObject};
use crate::domain::drift::ObjectKey;
use crate::domain::fault::Fault;
use crate::domain::health::Health;
use crate::domain::redact::Redactor;

/// Events shown at most, the newest.
const EVENTS: usize = 50;

/// What stands in place of credentials that are known by their place.
const CREDENTIALS: &str = "‹redacted: credentials›";

/// Fields of a Hedgehog Agent's spec that hold what the controller pushed, and no credentials. The others (`version`, `users`,
/// `config`, `alloy`) hold the registry's password, the users of the switch and targets of logs.
const AGENT_FIELDS: [&str; 19] = [
    "attachedVPCs",
    "catalog",
    "configuredVPCSubnets",
    "connections",
    "description",
    "externalAttachments",
    "externalPeerings",
    "externals",
    "ipv4Namespaces",
    "redundancyGroupPeers",
    "role",
    "statusUpdates",
    "switch",
    "switchProfile",
    "switches",
    "vlanNamespaces",
    "vpcAttachments",
    "vpcPeers",
    "vpcs",
];

/// Where an object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectPlace {
    /// The context.
    pub context: String,
    /// Its kind, in the version that the server prefers.
    pub kind: Kind,
    /// Namespace; empty for objects of the cluster.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl ObjectPlace {
    /// Its identity, whatever the context.
    pub fn key(&self) -> ObjectKey {
        ObjectKey::new(&*self.kind.group, &*self.kind.kind, &*self.namespace, &*self.name)
    }
}

/// One object, without secrets.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveDetail {
    /// All of it as YAML, without `managedFields` and the copy that client-side apply keeps.
    pub yaml: String,
    /// Health when it was read.
    pub health: Health,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// When it was asked to go.
    pub deleting: Option<Timestamp>,
    /// `metadata.generation`.
    pub generation: Option<i64>,
    /// Labels.
    pub labels: Vec<(String, String)>,
    /// What has to happen before it can go.
    pub finalizers: Vec<String>,
    /// The objects that own it, the one that controls it first.
    pub owners: Vec<ObjectOwner>,
    /// Its conditions, in its own order.
    pub conditions: Vec<Condition>,
    /// What happened to it, the newest first, or why that cannot be read. `None` where nobody keeps events.
    pub events: Option<Result<Vec<ObjectEvent>, Fault>>,
    /// When it was read.
    pub as_of: Timestamp,
}

/// An object that owns another; in the same namespace, or of the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectOwner {
    /// API group; empty for the core group.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Name.
    pub name: String,
}

/// One condition of a status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Its type: `Ready`.
    pub name: String,
    /// `True`, `False` or `Unknown`; empty for kinds whose conditions have none.
    pub status: String,
    /// Why, in one word.
    pub reason: String,
    /// Why, in a sentence.
    pub message: String,
    /// Since when.
    pub since: Option<Timestamp>,
}

/// Something that happened to an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectEvent {
    /// `Normal` or `Warning`.
    pub kind: String,
    /// Why, in one word.
    pub reason: String,
    /// What, in a sentence.
    pub message: String,
    /// Who says so.
    pub by: String,
    /// How often.
    pub count: u64,
    /// When it last happened.
    pub last: Option<Timestamp>,
}

impl LiveDetail {
    /// Takes out of an object what is shown of it. `None` when it is no object.
    pub fn new(kind: &Kind, mut object: Value, as_of: Timestamp, redactor: &Redactor) -> Option<Self> {
        let live = LiveObject::new(kind, object.clone())?;
        hide(kind, &mut object, redactor);
        let metadata = &object["metadata"];
        let words = |field: &str| {
            let values = metadata[field].as_array().into_iter().flatten();
            values.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
        };
        let labels = metadata["labels"].as_object().into_iter().flatten();
        let labels = labels.map(|(key, value)| (key.clone(), text(value).to_owned())).collect();
        let mut owners: Vec<&Value> = metadata["ownerReferences"].as_array().into_iter().flatten().collect();
        owners.sort_by_key(|owner| owner["controller"] != true);
        let conditions = object["status"]["conditions"].as_array().into_iter().flatten();
        Some(Self {
            health: live.health.redacted(redactor),
            created: live.created,
            deleting: live.deleting,
            generation: live.generation,
            labels,
            finalizers: words("finalizers"),
            owners: owners.into_iter().map(owner).collect(),
            conditions: conditions.map(condition).collect(),
            events: None,
            yaml: serde_saphyr::to_string(&object).unwrap_or_else(|error| format!("# {error}\n")),
            as_of,
        })
    }
}

/// Takes out what is noise and hides what is secret, by its place where no name tells.
fn hide(kind: &Kind, object: &mut Value, redactor: &Redactor) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.remove(LAST_APPLIED);
        }
    }
    let blank = |fields: Option<&mut Value>, shown: &[&str]| {
        for (name, value) in fields.and_then(Value::as_object_mut).into_iter().flatten() {
            if !shown.contains(&name.as_str()) {
                *value = CREDENTIALS.into();
            }
        }
    };
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Secret") => {
            blank(object.get_mut("data"), &[]);
            blank(object.get_mut("stringData"), &[]);
        }
        ("agent.githedgehog.com", _) => blank(object.get_mut("spec"), &AGENT_FIELDS),
        _ => {}
    }
    redactor.hide_in(object);
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn time(value: &Value) -> Option<Timestamp> {
    text(value).parse().ok()
}

fn owner(reference: &Value) -> ObjectOwner {
    let group = text(&reference["apiVersion"]).rsplit_once('/').map_or("", |(group, _)| group);
    ObjectOwner {
        group: group.to_owned(),
        kind: text(&reference["kind"]).to_owned(),
        name: text(&reference["name"]).to_owned(),
    }
}

fn condition(condition: &Value) -> Condition {
    let word = |field: &str| text(&condition[field]).to_owned();
    Condition {
        name: word("type"),
        status: word("status"),
        reason: word("reason"),
        message: word("message"),
        since: time(&condition["lastTransitionTime"]),
    }
}

/// Events from the list of them, the newest first, without secrets.
pub fn events(list: &Value, redactor: &Redactor) -> Vec<ObjectEvent> {
    let mut events: Vec<ObjectEvent> = list["items"].as_array().into_iter().flatten().map(event).collect();
    events.sort_by_key(|event| std::cmp::Reverse(event.last));
    events.truncate(EVENTS);
    for event in &mut events {
        redactor.hide(&mut event.message);
        redactor.hide(&mut event.reason);
    }
    events
}

fn event(event: &Value) -> ObjectEvent {
    let first = |values: &[&Value]| values.iter().find_map(|value| time(value));
    let by = [&event["source"]["component"], &event["reportingComponent"]];
    let series = &event["series"];
    ObjectEvent {
        kind: text(&event["type"]).to_owned(),
        reason: text(&event["reason"]).to_owned(),
        message: text(&event["message"]).to_owned(),
        by: by.into_iter().map(text).find(|by| !by.is_empty()).unwrap_or_default().to_owned(),
        count: series["count"].as_u64().or_else(|| event["count"].as_u64()).unwrap_or(1),
        last: first(&[
            &series["lastObservedTime"],
            &event["lastTimestamp"],
            &event["eventTime"],
            &event["metadata"]["creationTimestamp"],
        ]),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::{Value, json};

    use super::{Kind, LiveDetail, ObjectOwner, Redactor, events};

    fn detail(group: &str, kind: &str, object: Value) -> LiveDetail {
        let plural = format!("{}s", kind.to_lowercase());
        let kind = Kind { group: group.into(), version: "v1".into(), kind: kind.into(), plural, namespaced: true };
        LiveDetail::new(&kind, object, Timestamp::UNIX_EPOCH, &Redactor::default()).unwrap()
    }

    #[test]
    fn what_describes_an_object_is_taken_out_of_it() {
        let detail = detail(
            "apps",
            "ReplicaSet",
            json!({
                "apiVersion": "apps/v1", "kind": "ReplicaSet",
                "metadata": {
                    "name": "a", "labels": { "app": "x" }, "finalizers": ["wait/for-me"], "managedFields": [{ "manager": "me" }],
                    "annotations": { "kubectl.kubernetes.io/last-applied-configuration": "{}", "keep": "1" },
                    "ownerReferences": [
                        { "apiVersion": "v1", "kind": "ConfigMap", "name": "c" },
                        { "apiVersion": "apps/v1", "kind": "Deployment", "name": "d", "controller": true },
                    ],
                },
                "status": { "conditions": [{ "type": "Ready", "status": "False", "reason": "NoImage", "message": "not found",
                    "lastTransitionTime": "2026-03-02T14:00:00Z" }] },
            }),
        );
        assert!(detail.yaml.contains("kind: ReplicaSet") && detail.yaml.contains("keep:"), "{}", detail.yaml);
        assert!(!detail.yaml.contains("managedFields") && !detail.yaml.contains("last-applied"), "{}", detail.yaml);
        let owner = ObjectOwner { group: "apps".into(), kind: "Deployment".into(), name: "d".into() };
        assert_eq!((detail.owners.len(), &detail.owners[0]), (2, &owner), "what controls it comes first");
        assert_eq!(detail.conditions[0].reason, "NoImage");
        assert_eq!(detail.conditions[0].since, Some("2026-03-02T14:00:00Z".parse().unwrap()));
        assert_eq!((detail.labels.len(), detail.finalizers.as_slice()), (1, ["wait/for-me".to_owned()].as_slice()));
    }

    #[test]
    fn credentials_are_hidden_wherever_they_stand() {
        let word = ["open", "sesame"].concat();
        let cases = [
            (
                "",
                "Secret",
                json!({ "metadata": { "name": "a" }, "data": { "harmless": word }, "stringData": { "x": word } }),
            ),
            (
                "agent.githedgehog.com",
                "Agent",
                json!({ "metadata": { "name": "a" }, "spec": {
                "version": { "username": word, "password": word, "ca": word }, "users": [{ "name": word, "sshKeys": [word] }],
                "alloy": { "targets": word }, "whatever-comes-next": word } }),
            ),
            ("example.com", "Any", json!({ "metadata": { "name": "a" }, "spec": { "password": word } })),
        ];
        for (group, kind, object) in cases {
            let detail = detail(group, kind, object);
            assert!(!format!("{detail:?}").contains(&word), "{}", detail.yaml);
            assert!(detail.yaml.contains("redacted"), "{}", detail.yaml);
        }
    }

    #[test]
    fn what_an_agent_was_told_stays_readable() {
        let agent = json!({ "metadata": { "name": "a" }, "spec": { "vpcs": { "vpc-1": { "vlan": 1001 } } } });
        assert!(detail("agent.githedgehog.com", "Agent", agent).yaml.contains("1001"));
    }

    #[test]
    fn events_of_both_forms_are_read_the_newest_first() {
        let list = json!({ "items": [
            { "type": "Normal", "reason": "Pulled", "message": "ok", "count": 3, "source": { "component": "kubelet" },
              "lastTimestamp": "2026-03-02T14:00:00Z" },
            { "type": "Warning", "reason": "Failed", "message": "no", "reportingComponent": "ctl", "eventTime": "2026-03-02T13:00:00Z",
              "series": { "count": 7, "lastObservedTime": "2026-03-02T15:00:00.5Z" } },
            { "reason": "Odd" },
        ] });
        let events = events(&list, &Redactor::default());
        let read: Vec<_> = events.iter().map(|event| (event.reason.as_str(), event.count, event.by.as_str())).collect();
        assert_eq!(read, [("Failed", 7, "ctl"), ("Pulled", 3, "kubelet"), ("Odd", 1, "")]);
    }
}
