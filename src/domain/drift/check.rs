//! The exact check: what the server itself says applying an object would do.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::compare::GITOPS_MANAGERS;
use super::{FieldClass, FieldDiff, ObjectKey};
use crate::domain::cluster::{Kind, LiveObject, join};
use crate::domain::fault::Fault;
use crate::domain::redact::Redactor;

/// What a server is asked: to apply this object, in this name, without storing it.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckRequest {
    /// Name of the fabric.
    pub fabric: String,
    /// Name of the context.
    pub context: String,
    /// The object.
    pub key: ObjectKey,
    /// Its kind, in the version that git states it in.
    pub kind: Kind,
    /// What is applied.
    pub body: Value,
    /// Field manager in whose name.
    pub manager: String,
    /// Commit whose object it is; `None` for one that is not committed.
    pub commit: Option<String>,
}

impl CheckRequest {
    /// Asks for an object as git states it. `live` is the object that there is, `kept` tells that an Application keeps it.
    pub fn new(
        (fabric, context): (&str, &str),
        (key, kind): (ObjectKey, Kind),
        stated: &Value,
        live: Option<&LiveObject>,
        kept: bool,
    ) -> Self {
        let mut body = stated.clone();
        if let Some(fields) = body.as_object_mut() {
            fields.remove("status");
            let version = format!("{}/{}", kind.group, kind.version);
            fields.insert("apiVersion".to_owned(), version.trim_start_matches('/').into());
            fields.insert("kind".to_owned(), kind.kind.clone().into());
            // Labels and annotations are what git says; the rest of the metadata is the server's.
            let stated = fields.get("metadata").and_then(Value::as_object);
            let kept = ["labels", "annotations"].into_iter();
            let mut metadata: Map<String, Value> =
                kept.filter_map(|name| Some((name.to_owned(), stated?.get(name)?.clone()))).collect();
            metadata.insert("name".to_owned(), key.name.clone().into());
            if kind.namespaced {
                metadata.insert("namespace".to_owned(), key.namespace.clone().into());
            }
            fields.insert("metadata".to_owned(), metadata.into());
        }
        let manager = manager(live, kept);
        Self { fabric: fabric.to_owned(), context: context.to_owned(), key, kind, body, manager, commit: None }
    }
}

/// Who would apply the object: whoever did it before. In another name the server would not notice what git removed.
fn manager(live: Option<&LiveObject>, kept: bool) -> String {
    let owners = live.map(LiveObject::owners).unwrap_or_default();
    let mut applied = owners.iter().filter(|owner| owner.apply).map(|owner| &*owner.manager);
    match applied.find(|manager| GITOPS_MANAGERS.contains(manager)) {
        Some(manager) => manager.to_owned(),
        None if kept => "argocd-controller".to_owned(),
        None => "kubectl".to_owned(),
    }
}

/// What a server would make of an object: exactly, in both directions, but for what it counts and notes itself.
pub fn changes(before: &LiveObject, after: &LiveObject) -> Vec<FieldDiff> {
    let mut fields = Vec::new();
    let plain = |object: &LiveObject| {
        let mut value = object.value();
        if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata
                .retain(|name, _| ["labels", "annotations", "finalizers", "ownerReferences"].contains(&name.as_str()));
        }
        value
    };
    walk(String::new(), Some(&plain(before)), Some(&plain(after)), &mut fields);
    for field in &mut fields {
        field.manager = before.manager(&field.path).map(std::borrow::Cow::into_owned);
        if before.kind.group.is_empty() && before.kind.kind == "Secret" {
            super::compare::hide(field);
        }
    }
    fields
}

fn walk(path: String, before: Option<&Value>, after: Option<&Value>, fields: &mut Vec<FieldDiff>) {
    let class = match (before, after) {
        (before, after) if before == after => return,
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
            for name in names {
                walk(join(&path, name), before.get(name), after.get(name), fields);
            }
            return;
        }
        (Some(Value::Array(before)), Some(Value::Array(after))) => {
            for index in 0..before.len().max(after.len()) {
                walk(format!("{path}[{index}]"), before.get(index), after.get(index), fields);
            }
            return;
        }
        (None, _) => FieldClass::MissingLive,
        (_, None) => FieldClass::RemovedInGit,
        _ => FieldClass::Changed,
    };
    let value = |side: Option<&Value>| side.cloned().unwrap_or_default();
    fields.push(FieldDiff { path, desired: value(after), live: value(before), class, manager: None });
}

/// What a cluster answered when it was asked to apply an object without storing it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriftCheck {
    /// Name of the fabric.
    pub fabric: String,
    /// The object.
    pub key: ObjectKey,
    /// When it answered, or when it was given up.
    pub at: Timestamp,
    /// Field manager in whose name it was asked.
    pub manager: String,
    /// Commit whose object was sent; `None` for one that is not committed.
    pub commit: Option<String>,
    /// What came of it.
    pub outcome: CheckOutcome,
}

/// What came of an exact check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckOutcome {
    /// Applying would change nothing.
    Same,
    /// Applying would change these fields: [`FieldDiff::desired`] is as it would be afterwards, [`FieldDiff::live`] as it
    /// is now.
    Changes(Vec<FieldDiff>),
    /// There is no such object; applying would create it.
    Creates,
    /// The server, or one of its webhooks, would refuse; in its words.
    Rejected(String),
    /// It was not asked, or did not answer.
    Fault(Fault),
}

impl DriftCheck {
    /// The outcome in one phrase.
    pub fn summary(&self) -> String {
        match &self.outcome {
            CheckOutcome::Same => "applying would change nothing".to_owned(),
            CheckOutcome::Changes(fields) if fields.len() == 1 => "applying would change 1 field".to_owned(),
            CheckOutcome::Changes(fields) => format!("applying would change {} fields", fields.len()),
            CheckOutcome::Creates => "applying would create it".to_owned(),
            CheckOutcome::Rejected(why) => format!("would be rejected: {why}"),
            CheckOutcome::Fault(fault) => format!("could not be checked: {}", fault.why),
        }
    }

    /// The same with every secret in it hidden.
    #[must_use]
    pub fn redacted(mut self, redactor: &Redactor) -> Self {
        self.key = self.key.redacted(redactor);
        self.outcome = match self.outcome {
            CheckOutcome::Changes(fields) => {
                CheckOutcome::Changes(fields.into_iter().map(|field| field.redacted(redactor)).collect())
            }
            CheckOutcome::Rejected(mut why) => {
                redactor.hide(&mut why);
                CheckOutcome::Rejected(why)
            }
            CheckOutcome::Fault(fault) => CheckOutcome::Fault(fault.redacted(redactor)),
            outcome @ (CheckOutcome::Same | CheckOutcome::Creates) => outcome,
        };
        self
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::{Value, json};

    use super::{CheckOutcome, CheckRequest, DriftCheck, changes};
    use crate::domain::cluster::{Kind, LiveObject};
    use crate::domain::drift::{FieldClass, FieldDiff, ObjectKey};
    use crate::domain::redact::Redactor;

    fn kind() -> Kind {
        Kind {
            group: "g.example".into(),
            version: "v1".into(),
            kind: "VPC".into(),
            plural: "vpcs".into(),
            namespaced: true,
        }
    }

    fn live(object: Value) -> LiveObject {
        LiveObject::new(&kind(), object).unwrap()
    }

    #[test]
    fn an_object_is_sent_without_what_is_the_servers_in_the_name_of_whoever_applies_it() {
        let key = ObjectKey::new("g.example", "VPC", "default", "a");
        let stated = json!({ "apiVersion": "g.example/v1", "kind": "VPC", "status": { "x": 1 }, "spec": { "vlan": 1 },
            "metadata": { "name": "a", "uid": "u", "resourceVersion": "5", "labels": { "team": "x" } } });
        let request = |there: Option<&LiveObject>, kept| {
            CheckRequest::new(("f", "lab"), (key.clone(), kind()), &stated, there, kept)
        };
        let body = json!({ "apiVersion": "g.example/v1", "kind": "VPC", "spec": { "vlan": 1 },
            "metadata": { "name": "a", "namespace": "default", "labels": { "team": "x" } } });
        assert_eq!(request(None, false).body, body);
        let applied = live(json!({ "metadata": { "name": "a", "managedFields": [
            { "manager": "someone", "operation": "Apply", "fieldsV1": { "f:spec": { "f:a": {} } } },
            { "manager": "kustomize-controller", "operation": "Apply", "fieldsV1": { "f:spec": { "f:vlan": {} } } },
        ] } }));
        assert_eq!(request(Some(&applied), true).manager, "kustomize-controller");
        assert_eq!(request(None, true).manager, "argocd-controller");
        assert_eq!(request(None, false).manager, "kubectl");
    }

    #[test]
    fn changes_are_exact_and_leave_out_what_the_server_counts() {
        let before = live(json!({ "metadata": { "name": "a", "generation": 1, "labels": { "team": "x" } },
            "spec": { "vlan": 1, "old": true, "list": [1, 2] } }));
        let after = live(json!({ "metadata": { "name": "a", "generation": 2, "labels": { "team": "x" } },
            "spec": { "vlan": 2, "new": 0, "list": [1] } }));
        let found: Vec<_> = changes(&before, &after).into_iter().map(|field| (field.path, field.class)).collect();
        assert_eq!(
            found,
            [
                ("spec.list[1]".into(), FieldClass::RemovedInGit),
                ("spec.new".into(), FieldClass::MissingLive),
                ("spec.old".into(), FieldClass::RemovedInGit),
                ("spec.vlan".into(), FieldClass::Changed),
            ]
        );
        assert_eq!(changes(&after, &after), []);
    }

    fn check(outcome: CheckOutcome) -> DriftCheck {
        let key = ObjectKey::new("g", "VPC", "default", "a");
        DriftCheck {
            fabric: "f".into(),
            key,
            at: Timestamp::UNIX_EPOCH,
            manager: "kubectl".into(),
            commit: None,
            outcome,
        }
    }

    fn field(path: &str, live: Value) -> FieldDiff {
        FieldDiff { path: path.into(), desired: Value::Null, live, class: FieldClass::Changed, manager: None }
    }

    #[test]
    fn an_outcome_reads_as_one_phrase() {
        let fields = vec![field("spec.a", json!(1)), field("spec.b", json!(2))];
        assert_eq!(check(CheckOutcome::Changes(fields)).summary(), "applying would change 2 fields");
        let rejected = CheckOutcome::Rejected("vlan 1131 is already used".into());
        assert_eq!(check(rejected).summary(), "would be rejected: vlan 1131 is already used");
    }

    #[test]
    fn secrets_are_hidden_in_fields_and_in_the_words_of_a_webhook() {
        let secret = ["Zx9", "vQ2", "pL7"].concat();
        let redactor = Redactor::default();
        let changes = check(CheckOutcome::Changes(vec![field("spec.password", json!(secret))])).redacted(&redactor);
        let rejected = check(CheckOutcome::Rejected(format!("password={secret} is too weak"))).redacted(&redactor);
        for shown in [format!("{changes:?}"), format!("{rejected:?}")] {
            assert!(!shown.contains(&secret), "{shown}");
        }
    }
}
