//! What a schema says goes before what a name suggests: one small definition, and objects of it.

use serde_json::{Value, json};

use super::super::super::FieldClass::{self, Changed, ExtraLive, MissingLive, Pruned, RemovedInGit};
use super::super::{Comparison, compare, is_as, is_drift, unknown_fields};
use crate::domain::cluster::{Kind, LiveObject, Schemas, schemas};

/// A rack, with a field for every way in which values are compared.
fn definition() -> Schemas {
    let text = json!({ "type": "string" });
    let port = json!({ "type": "object", "properties": {
        "number": { "type": "integer" }, "protocol": { "type": "string", "default": "TCP" }, "note": text } });
    let link = json!({ "type": "object", "properties": {
        "name": text, "port": text, "ip": text, "mtu": { "type": "integer", "default": 1500 } } });
    let list = |items: &Value, kind: &str| json!({ "type": "array", "items": items, "x-kubernetes-list-type": kind });
    let mut ports = list(&port, "map");
    ports["x-kubernetes-list-map-keys"] = json!(["number", "protocol"]);
    let spec = json!({ "type": "object", "properties": {
        "groups": list(&text, "set"),
        "ports": ports,
        "links": list(&link, "atomic"),
        "steps": { "type": "array", "items": text },
        "selector": { "type": "object", "x-kubernetes-map-type": "atomic", "additionalProperties": text },
        "memory": { "x-kubernetes-int-or-string": true },
        "version": text,
        "timeout": text,
        "count": { "type": "integer" },
        "nested": { "type": "object", "properties": { "known": text } },
        "free": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
    } });
    schemas(&json!({ "spec": { "group": "lab.example", "names": { "kind": "Rack" }, "versions": [
        { "name": "v1", "served": true, "schema": { "openAPIV3Schema": { "type": "object", "properties": { "spec": spec } } } },
    ] } }))
}

fn rack(spec: &Value) -> Value {
    json!({ "apiVersion": "lab.example/v1", "kind": "Rack", "metadata": { "name": "r", "namespace": "default" }, "spec": spec })
}

fn live(spec: &Value) -> LiveObject {
    let kind = Kind {
        group: "lab.example".into(),
        version: "v1".into(),
        kind: "Rack".into(),
        plural: "racks".into(),
        namespaced: true,
    };
    LiveObject::new(&kind, rack(spec)).unwrap()
}

#[expect(clippy::needless_pass_by_value, reason = "a test reads better with the values in place")]
fn against(desired: Value, there: Value) -> Comparison {
    compare(&rack(&desired), &live(&there), &definition())
}

fn fields(desired: Value, there: Value) -> Vec<(String, FieldClass)> {
    against(desired, there).fields.into_iter().map(|field| (field.path, field.class)).collect()
}

#[test]
fn sets_have_no_order_and_keep_their_members() {
    let groups = |desired: Value, there: Value| fields(json!({ "groups": desired }), json!({ "groups": there }));
    assert_eq!(groups(json!(["b", "a"]), json!(["a", "b"])), []);
    assert_eq!(groups(json!(["a", "c"]), json!(["a", "b"])), [("spec.groups".into(), Changed)]);
    assert_eq!(groups(json!(["a"]), json!(["a", "b"])), [("spec.groups".into(), Changed)]);
}

#[test]
fn elements_of_a_map_list_go_by_all_of_their_keys_and_defaults_of_keys_count() {
    let desired = json!({ "ports": [{ "number": 53, "protocol": "UDP", "note": "dns" }, { "number": 80 }] });
    let there = json!({ "ports": [
        { "number": 80, "protocol": "TCP" }, { "number": 53, "protocol": "TCP" }, { "number": 53, "protocol": "UDP", "note": "x" },
    ] });
    assert_eq!(fields(desired, there), [("spec.ports[number=53,protocol=UDP].note".into(), Changed)]);
    let missing = fields(json!({ "ports": [{ "number": 1 }] }), json!({ "ports": [{ "number": 2 }] }));
    assert_eq!(missing, [("spec.ports[number=1]".into(), MissingLive)], "others may add theirs");
}

#[test]
fn an_element_of_a_map_list_that_git_dropped_is_told_by_what_was_applied() {
    let mut object =
        rack(&json!({ "ports": [{ "number": 1, "protocol": "TCP" }, { "number": 2, "protocol": "TCP" }] }));
    let applied = rack(&json!({ "ports": [{ "number": 1, "protocol": "TCP" }] })).to_string();
    object["metadata"]["annotations"] = json!({ crate::domain::cluster::LAST_APPLIED: applied });
    let there = LiveObject::new(&live(&json!({})).kind, object).unwrap();
    let found = compare(&rack(&json!({ "ports": [] })), &there, &definition()).fields;
    let found: Vec<_> = found.iter().map(|field| (field.path.as_str(), field.class)).collect();
    assert_eq!(found, [("spec.ports[number=1]", RemovedInGit)]);
}

#[test]
fn of_an_atomic_list_every_element_and_the_order_counts() {
    let links = |desired: Value, there: Value| fields(json!({ "links": desired }), json!({ "links": there }));
    let (a, b) = (json!({ "name": "a", "port": "1" }), json!({ "name": "b", "port": "2" }));
    assert_eq!(links(json!([a]), json!([a, b])), [("spec.links[name=b]".into(), ExtraLive)]);
    assert_eq!(links(json!([a, b]), json!([b, a])), [("spec.links".into(), Changed)]);
    assert_eq!(
        fields(json!({ "steps": ["x"] }), json!({ "steps": ["x", "y"] })),
        [("spec.steps[1]".into(), ExtraLive)]
    );
}

#[test]
fn what_applying_would_drop_is_said_and_is_no_drift() {
    let desired = json!({ "links": [{ "name": "a" }], "selector": { "k": "v" } });
    let there =
        json!({ "links": [{ "name": "a", "ip": "10.0.0.1", "mtu": 1500 }], "selector": { "k": "v", "l": "w" } });
    let found = against(desired, there);
    assert_eq!(found.fields, []);
    assert_eq!(found.drops, ["spec.links[name=a].ip", "spec.selector.l"], "a default comes back by itself");
    assert_eq!(against(json!({}), json!({ "nested": { "known": "x" } })).drops, Vec::<String>::new());
}

#[test]
fn notations_are_the_same_where_the_type_allows_them() {
    let same = |field: &str, desired: Value, there: Value| {
        fields(json!({ field: desired.clone() }), json!({ field: there.clone() })).is_empty()
    };
    assert!(same("memory", json!("1Gi"), json!("1024Mi")) && same("memory", json!(2), json!("2")));
    assert!(same("timeout", json!("60m"), json!("1h0m0s")), "a typed controller writes durations anew");
    assert!(!same("version", json!("1.10"), json!("1.1")) && !same("version", json!("1Gi"), json!("1024Mi")));
    assert!(same("count", json!(1e3), json!(1000)));
    let large = 9_007_199_254_740_993_u64;
    assert!(!same("count", json!(large), json!(large - 1)), "no two whole numbers are the same");
    assert!(!same("free", json!({ "v": "1.10" }), json!({ "v": "1.1" })), "what is kept is kept as it is");
}

#[test]
fn what_the_schema_does_not_know_is_shown_and_is_no_drift() {
    let desired = json!({ "nested": { "known": "x", "knwon": "y" }, "typo": 1, "free": { "any": 1 } });
    let there = json!({ "nested": { "known": "x" }, "free": { "any": 1 } });
    let found = against(desired.clone(), there.clone()).fields;
    let paths: Vec<_> = found.iter().map(|field| (field.path.as_str(), field.class)).collect();
    assert_eq!(paths, [("spec.nested.knwon", Pruned), ("spec.typo", Pruned)]);
    assert!(!is_drift(&found));
    assert!(
        is_as(&rack(&desired), &found, &live(&there), &definition()),
        "nor does it keep an old version from being live"
    );
    let schema = definition().into_values().next().unwrap();
    assert_eq!(unknown_fields(&rack(&desired), &schema), ["spec.nested.knwon", "spec.typo"]);
    let missing = fields(desired, json!({ "free": { "any": 1 } }));
    assert_eq!(
        missing,
        [("spec.nested".into(), MissingLive), ("spec.nested.knwon".into(), Pruned), ("spec.typo".into(), Pruned)]
    );
}

#[test]
fn an_earlier_version_is_recognised_by_the_rules_of_its_schema() {
    let (earlier, now) = (rack(&json!({ "groups": ["b", "a"] })), rack(&json!({ "groups": ["c"] })));
    let there = live(&json!({ "groups": ["a", "b"] }));
    let found = compare(&now, &there, &definition()).fields;
    assert!(is_as(&earlier, &found, &there, &definition()), "the order of a set says nothing");
}
