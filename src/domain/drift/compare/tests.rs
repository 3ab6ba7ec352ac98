//! Field by field: what must differ, and what must not.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::FieldClass::{self, Changed, ExtraLive, Ineffective, MissingLive, RemovedInGit};
use super::{is_drift, lookup};
use crate::domain::cluster::{Kind, LAST_APPLIED, LiveObject, Schemas};
use crate::domain::drift::normal::normal;
use crate::domain::drift::{Digests, FieldDiff};

mod schema;
mod webhooks;

fn live_of(group: &str, kind: &str, mut object: Value) -> LiveObject {
    let kind =
        Kind { group: group.into(), version: "v1".into(), kind: kind.into(), plural: String::new(), namespaced: true };
    object["kind"] = kind.kind.clone().into();
    object["apiVersion"] = format!("{group}/v1").trim_start_matches('/').into();
    if object["metadata"].is_null() {
        object["metadata"] = json!({});
    }
    object["metadata"]["name"] = "x".into();
    LiveObject::new(&kind, object).unwrap()
}

fn compare(desired: &Value, live: &LiveObject) -> Vec<FieldDiff> {
    super::compare(desired, live, &Schemas::new()).fields
}

fn is_as(earlier: &Value, fields: &[FieldDiff], live: &LiveObject) -> bool {
    super::is_as(earlier, fields, live, &Schemas::new())
}

fn fields(kind: &str, desired: Value, live: Value) -> Vec<(String, FieldClass)> {
    let group = if kind == "Secret" { "" } else { "x.githedgehog.com" };
    let mut object = desired;
    object["kind"] = kind.into();
    object["apiVersion"] = format!("{group}/v1").trim_start_matches('/').into();
    compare(&object, &live_of(group, kind, live)).into_iter().map(|field| (field.path, field.class)).collect()
}

#[expect(clippy::needless_pass_by_value, reason = "a test reads better with the values in place")]
fn spec(desired: Value, live: Value) -> Vec<(String, FieldClass)> {
    fields("VPC", json!({ "spec": desired }), json!({ "spec": live }))
}

#[test]
fn defaults_of_the_server_are_no_drift() {
    let desired = json!({ "subnets": { "default": { "subnet": "10.0.0.0/24", "vlan": 1001 } } });
    let live = json!({ "ipv4Namespace": "default", "subnets": { "default": {
        "subnet": "10.0.0.0/24", "gateway": "10.0.0.1", "vlan": 1001, "dhcp": {} } } });
    assert_eq!(spec(desired, live), []);
}

#[test]
fn a_changed_field_has_its_path_and_both_values() {
    let desired =
        json!({ "apiVersion": "x/v1", "kind": "VPC", "spec": { "subnets": { "default": { "vlan": 1001 } } } });
    let found =
        compare(&desired, &live_of("x", "VPC", json!({ "spec": { "subnets": { "default": { "vlan": 1002 } } } })));
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].path.as_str(), found[0].class), ("spec.subnets.default.vlan", Changed));
    assert_eq!((&found[0].desired, &found[0].live), (&json!(1001), &json!(1002)));
}

#[test]
fn values_that_go_leaves_out_are_the_same_as_none() {
    for zero in [json!(null), json!(false), json!(0), json!(""), json!([]), json!({}), json!({ "a": { "b": 0 } })] {
        assert_eq!(spec(json!({ "x": zero }), json!({})), [], "{zero}");
    }
    assert_eq!(spec(json!({ "x": true }), json!({})), [("spec.x".into(), MissingLive)]);
    assert_eq!(spec(json!({ "x": 0 }), json!({ "x": 5 })), [("spec.x".into(), Changed)]);
    assert_eq!(spec(json!({ "x": [] }), json!({ "x": [1] })), [("spec.x[0]".into(), ExtraLive)]);
}

#[test]
fn text_of_kinds_of_kubernetes_is_compared_as_text_but_for_quantities() {
    let same = |kind: &str, path: &str, a: Value, b: Value| {
        let object = |value: Value| path.rsplit('.').fold(value, |value, name| json!({ name: value }));
        let mut desired = object(a);
        desired["kind"] = kind.into();
        compare(&desired, &live_of("", kind, object(b))).is_empty()
    };
    assert!(same("Pod", "spec.resources.limits.cpu", json!(1), json!("1000m")));
    assert!(same("PersistentVolumeClaim", "spec.resources.requests.storage", json!("1Gi"), json!("1024Mi")));
    assert!(!same("ConfigMap", "data.version", json!("1.10"), json!("1.1")));
    assert!(!same("ConfigMap", "metadata.annotations.timeout", json!("60m"), json!("1h0m0s")));
    assert!(!same("Pod", "spec.hostname", json!("1k"), json!("1000")));
}

#[test]
fn a_dhcp_server_that_is_off_and_all_missing_is_no_drift() {
    let found = |dhcp: Value| {
        let desired = json!({ "kind": "VPC", "spec": { "subnets": { "d": { "dhcp": dhcp } } } });
        is_drift(&compare(
            &desired,
            &live_of("vpc.githedgehog.com", "VPC", json!({ "spec": { "subnets": { "d": {} } } })),
        ))
    };
    assert!(!found(json!({ "enable": false, "range": { "start": "10.0.0.9" } })));
    assert!(found(json!({ "enable": true, "range": { "start": "10.0.0.9" } })));
    assert!(found(json!({ "relay": "10.99.0.1/32" })));
}

#[test]
fn amounts_and_numbers_are_compared_by_value() {
    for (a, b) in [
        (json!("1000m"), json!("1")),
        (json!(80), json!("80")),
        (json!(1e3), json!(1000)),
        (json!("60m"), json!("1h0m0s")),
    ] {
        assert_eq!(spec(json!({ "x": a }), json!({ "x": b })), [], "{a} {b}");
    }
}

#[test]
fn sets_have_no_order_and_other_lists_do() {
    let set = |desired: Value, live: Value| {
        fields("IPv4Namespace", json!({ "spec": { "subnets": desired } }), json!({ "spec": { "subnets": live } }))
    };
    assert_eq!(set(json!(["b", "a"]), json!(["a", "b"])), []);
    assert_eq!(set(json!(["a"]), json!(["a", "b"])), [("spec.subnets".into(), Changed)]);
    assert_eq!(spec(json!({ "l": ["b", "a"] }), json!({ "l": ["a", "b"] })).len(), 2);
}

#[test]
fn the_redundancy_group_that_the_webhook_adds_is_no_drift() {
    let desired = json!({ "spec": { "groups": ["b"], "redundancy": { "group": "a" } } });
    let live = json!({ "spec": { "groups": ["a", "b"], "redundancy": { "group": "a" } } });
    assert_eq!(fields("Switch", desired, live), []);
}

#[test]
fn elements_with_a_name_are_found_by_it() {
    let desired = json!({ "env": [{ "name": "b", "value": "2" }, { "name": "c", "value": "3" }] });
    let live = json!({ "env": [{ "name": "a", "value": "1" }, { "name": "b", "value": "x" }] });
    assert_eq!(
        spec(desired, live),
        [("spec.env[name=b].value".into(), Changed), ("spec.env[name=c]".into(), MissingLive)]
    );
}

#[test]
fn lists_without_names_go_by_place() {
    let desired = json!({ "links": [{ "a": 1 }, { "a": 2 }] });
    let live = json!({ "links": [{ "a": 1, "ip": "x" }, { "a": 3 }, { "a": 4 }] });
    assert_eq!(spec(desired, live), [("spec.links[1].a".into(), Changed), ("spec.links[2]".into(), ExtraLive)]);
}

#[test]
fn a_field_removed_in_git_is_drift_when_it_was_ours() {
    let applied = r#"{"metadata":{"labels":{"mine":"1"}},"spec":{"mode":"l3","keep":1}}"#;
    let live = json!({
        "metadata": { "labels": { "mine": "1", "theirs": "2" },
            "annotations": { "kubectl.kubernetes.io/last-applied-configuration": applied } },
        "spec": { "mode": "l3", "keep": 1, "defaulted": true },
    });
    assert_eq!(
        fields("VPC", json!({ "spec": { "keep": 1 } }), live),
        [("metadata.labels.mine".into(), RemovedInGit), ("spec.mode".into(), RemovedInGit)]
    );
}

#[test]
fn fields_of_a_gitops_manager_are_ours_and_those_of_others_are_not() {
    let entry = |manager: &str, operation: &str, field: &str| json!({ "manager": manager, "operation": operation, "fieldsV1": { "f:spec": { format!("f:{field}"): { "f:x": {} } } } });
    let live = json!({
        "metadata": { "managedFields": [
            entry("argocd-controller", "Apply", "ours"),
            entry("argocd-controller", "Update", "defaulted"),
            entry("some-controller", "Apply", "theirs"),
        ] },
        "spec": { "ours": { "x": 1 }, "defaulted": { "x": 1 }, "theirs": { "x": 1 } },
    });
    let desired = json!({ "apiVersion": "x/v1", "kind": "VPC", "spec": {} });
    let found = compare(&desired, &live_of("x", "VPC", live));
    let found: Vec<_> =
        found.iter().map(|field| (field.path.as_str(), field.class, field.manager.as_deref())).collect();
    assert_eq!(found, [("spec.ours.x", RemovedInGit, Some("argocd-controller"))]);
}

#[test]
fn what_the_webhook_drops_is_listed_and_is_no_drift() {
    let desired =
        json!({ "spec": { "subnets": { "d": { "dhcp": { "enable": false, "range": { "start": "10.0.0.9" } } } } } });
    let mut object = desired;
    object["apiVersion"] = "vpc.githedgehog.com/v1beta1".into();
    object["kind"] = "VPC".into();
    let live = live_of("vpc.githedgehog.com", "VPC", json!({ "spec": { "subnets": { "d": { "dhcp": {} } } } }));
    let found = compare(&object, &live);
    assert_eq!((found[0].path.as_str(), found[0].class), ("spec.subnets.d.dhcp.range", Ineffective));
    assert!(!is_drift(&found));
}

#[test]
fn secrets_differ_without_being_shown() {
    let desired = json!({ "apiVersion": "v1", "kind": "Secret", "stringData": { "a": "open", "b": "same" } });
    let live = live_of("", "Secret", json!({ "data": { "a": "c2VzYW1l", "b": "c2FtZQ==" } }));
    let found = compare(&desired, &live);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].path.as_str(), &found[0].desired, &found[0].live),
        ("data.a", &json!("(hidden)"), &json!("(hidden)"))
    );
}

#[test]
fn live_equals_an_earlier_version_only_if_every_difference_is_explained_by_it() {
    let version = |vlan: Value| json!({ "apiVersion": "x/v1", "kind": "VPC", "spec": { "vlan": vlan, "a": 1 } });
    let live = |vlan: u32| live_of("x", "VPC", json!({ "spec": { "vlan": vlan, "a": 1, "defaulted": true } }));
    let now = version(json!(1001));
    let behind = live(1000);
    assert!(is_as(&version(json!(1000)), &compare(&now, &behind), &behind));
    let edited = live(1002);
    assert!(!is_as(&version(json!(1000)), &compare(&now, &edited), &edited));
    let silent = json!({ "apiVersion": "x/v1", "kind": "VPC", "spec": { "a": 1 } });
    assert!(!is_as(&silent, &compare(&now, &edited), &edited), "an earlier version that does not mention the field");
    let never_set = live_of("x", "VPC", json!({ "spec": { "a": 1 } }));
    assert!(is_as(&silent, &compare(&now, &never_set), &never_set));
}

/// Any JSON, a few levels deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z0-9.\\[\\]\"=]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map("[a-z.\\[\"]{0,4}|name|key", inner, 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// An object with this as its spec, without and with a live side.
fn differences(desired: &Value, live: &Value) -> Vec<FieldDiff> {
    compare(&json!({ "spec": desired }), &live_of("x.example", "VPC", json!({ "spec": live })))
}

proptest! {
    #[test]
    fn an_object_never_differs_from_itself(spec in any_json()) {
        prop_assert_eq!(differences(&spec, &spec), []);
    }

    #[test]
    fn every_path_that_is_reported_leads_to_its_values(desired in any_json(), live in any_json()) {
        for field in differences(&desired, &live) {
            if field.class == Changed {
                let (desired, live) = (json!({ "spec": desired }), json!({ "spec": live }));
                let (desired, live) = (normal("", "VPC", &desired), normal("", "VPC", &live));
                prop_assert_eq!(lookup(&desired, &field.path), Some(&field.desired), "{}", field.path);
                prop_assert_eq!(lookup(&live, &field.path), Some(&field.live), "{}", field.path);
            }
        }
    }
}

proptest! {
    #[test]
    fn what_is_the_same_to_the_byte_is_compared_as_if_it_were_not(
        stated in prop::collection::btree_map("[ab]", "[xy]", 0..3),
        there in prop::collection::btree_map("[abc]", "[xy]", 0..3),
        applied in prop::option::of(prop::collection::btree_map("[abc]", "[xy]", 0..3)),
        (is_more_live, is_more_applied) in any::<(bool, bool)>(),
    ) {
        let object = |labels: &std::collections::BTreeMap<String, String>, is_more: bool| {
            let mut object = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "a", "labels": labels },
                "spec": { "replicas": 2 } });
            if is_more {
                object["spec"]["paused"] = true.into();
            }
            object
        };
        let kind = Kind {
            group: "apps".into(),
            version: "v1".into(),
            kind: "Deployment".into(),
            plural: "deployments".into(),
            namespaced: true,
        };
        let mut value = object(&there, is_more_live);
        if let Some(applied) = &applied {
            value["metadata"]["annotations"] = json!({ LAST_APPLIED: object(applied, is_more_applied).to_string() });
        }
        let live = LiveObject::new(&kind, value).unwrap();
        let desired = object(&stated, false);
        prop_assert_eq!(live.has_body(&Digests::of(&desired)), !is_more_live);
        let whole = super::parts(&desired, (&live.value(), live.applied_before(&Digests::default())), &live, &Schemas::new());
        prop_assert_eq!(super::compare(&desired, &live, &Schemas::new()), whole);
    }
}
