//! What Hedgehog's mutating webhooks make of an object is no drift: the rules of `Default()` of the API types in
//! githedgehog/fabric (`api/vpc/v1beta1`, `api/wiring/v1beta1`), written anew here, and objects of any shape.

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::super::{compare, is_drift};
use crate::domain::cluster::{Kind, LAST_APPLIED, LiveObject, Schemas};
use crate::domain::drift::FieldDiff;

/// An object as the webhooks leave it.
fn defaulted(desired: &Value) -> Value {
    let mut object = desired.clone();
    let kind = text(&object["kind"]);
    let metadata = fields(&mut object["metadata"]);
    if text(metadata.get("namespace").unwrap_or(&Value::Null)).is_empty() {
        metadata.insert("namespace".into(), "default".into());
    }
    if kind != "SwitchGroup" {
        let labels = fields(metadata.entry("labels").or_insert_with(|| json!({})));
        labels.retain(|key, _| !key.contains("fabric.githedgehog.com/"));
        labels.insert("fabric.githedgehog.com/derived".into(), "true".into());
    }
    metadata.insert("creationTimestamp".into(), Value::Null);
    let spec = &mut object["spec"];
    match kind.as_str() {
        "VPC" => vpc(spec),
        "VPCAttachment" if !text(&spec["subnet"]).contains('/') => {
            spec["subnet"] = format!("{}/default", text(&spec["subnet"])).into();
        }
        "ExternalPeering" => {
            sort(&mut spec["permit"]["vpc"]["subnets"]);
            sort(&mut spec["permit"]["external"]["prefixes"]);
        }
        "IPv4Namespace" => sort(&mut spec["subnets"]),
        "External" => fill(spec, "ipv4Namespace", "default"),
        "Switch" => switch(spec),
        _ => {}
    }
    object["status"] = json!({});
    object
}

fn vpc(spec: &mut Value) {
    fill(spec, "ipv4Namespace", "default");
    fill(spec, "vlanNamespace", "default");
    for subnet in fields(&mut spec["subnets"]).values_mut() {
        let network = text(&subnet["subnet"]);
        let network = network.trim_end_matches(".0/24");
        fill(subnet, "gateway", &format!("{network}.1"));
        if subnet["dhcp"].is_null() {
            subnet["dhcp"] = json!({});
        }
        let dhcp = &mut subnet["dhcp"];
        let hosts = std::mem::take(fields(&mut dhcp["static"]));
        *fields(&mut dhcp["static"]) = hosts.into_iter().map(|(mac, host)| (mac.to_lowercase(), host)).collect();
        if dhcp["enable"] == true {
            fill(&mut dhcp["range"], "start", &format!("{network}.2"));
            fill(&mut dhcp["range"], "end", &format!("{network}.254"));
            let options = &mut dhcp["options"];
            for (field, default) in [("interfaceMTU", 9036), ("leaseTimeSeconds", 3600)] {
                if options[field].is_null() || options[field] == 0 {
                    options[field] = default.into();
                }
            }
            for field in ["dnsServers", "timeServers", "advertisedRoutes"] {
                sort(&mut options[field]);
            }
        } else {
            fields(dhcp).retain(|field, _| !["range", "options"].contains(&field.as_str()));
        }
    }
}

fn switch(spec: &mut Value) {
    for field in ["portSpeeds", "portGroupSpeeds"] {
        for speed in fields(&mut spec[field]).values_mut() {
            *speed = text(speed).trim_start_matches("SPEED_").into();
        }
    }
    sort(&mut spec["vlanNamespaces"]);
    if spec["vlanNamespaces"] == json!([]) {
        spec["vlanNamespaces"] = json!(["default"]);
    }
    let group = spec["redundancy"]["group"].clone();
    sort(&mut spec["groups"]);
    if let Some(groups) = spec["groups"].as_array_mut()
        && !text(&group).is_empty()
        && !groups.contains(&group)
    {
        groups.push(group);
    }
    sort(&mut spec["groups"]);
    for (field, default) in [("flapThreshold", 3), ("samplingInterval", 30), ("recoveryInterval", 300)] {
        let limits = &mut spec["linkFlapErrDisable"];
        if limits[field].is_null() || limits[field] == 0 {
            limits[field] = default.into();
        }
    }
    for field in ["boot", "ecmp"] {
        if spec[field].is_null() {
            spec[field] = json!({});
        }
    }
}

/// What Go leaves out when a field is marked `omitempty`: zeros, at every depth.
fn without_zeros(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().map(|(name, value)| (name.clone(), without_zeros(value)));
            kept.filter(|(_, value)| !super::super::is_zero(value)).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn fields(value: &mut Value) -> &mut Map<String, Value> {
    if value.is_null() {
        *value = json!({});
    }
    value.as_object_mut().unwrap()
}

fn fill(value: &mut Value, field: &str, default: &str) {
    if text(&value[field]).is_empty() {
        value[field] = default.into();
    }
}

fn sort(value: &mut Value) {
    let mut items = value.as_array().cloned().unwrap_or_default();
    items.sort_by_key(Value::to_string);
    *value = items.into();
}

/// What differs between an object and what the webhooks make of it, applied by the client or not, with zeros or without.
fn found(desired: &Value, applied: bool, zeros: bool) -> Vec<FieldDiff> {
    let mut live = defaulted(desired);
    if !zeros {
        live["spec"] = without_zeros(&live["spec"]);
    }
    if applied {
        live["metadata"]["annotations"][LAST_APPLIED] = desired.to_string().into();
    }
    let version = text(&desired["apiVersion"]);
    let (group, version) = version.split_once('/').unwrap();
    let kind = Kind {
        group: group.into(),
        version: version.into(),
        kind: text(&desired["kind"]),
        plural: String::new(),
        namespaced: true,
    };
    compare(desired, &LiveObject::new(&kind, live).unwrap(), &Schemas::new()).fields
}

fn object(group: &str, kind: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": format!("{group}.githedgehog.com/v1beta1"), "kind": kind, "spec": spec,
        "metadata": { "name": "x", "labels": { "team": "a", "fabric.githedgehog.com/by-hand": "x" } },
    })
}

/// One of these, or nothing.
fn maybe(values: &[Value]) -> impl Strategy<Value = Option<Value>> + use<> {
    option::of(select(values.to_vec()))
}

fn names() -> impl Strategy<Value = Value> {
    proptest::collection::vec(select(vec!["b", "a", "c", "default"]), 0..4).prop_map(|names| json!(names))
}

/// An object of those fields that are there.
fn of(fields: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> Value {
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect::<Map<_, _>>().into()
}

fn any_dhcp() -> impl Strategy<Value = Value> {
    let addresses = |last: u8| maybe(&[json!(""), json!(format!("10.0.1.{last}"))]);
    let servers = || {
        option::of(proptest::collection::vec(select(vec!["10.9.0.2", "10.9.0.1"]), 0..3).prop_map(|list| json!(list)))
    };
    let routes = maybe(&[
        json!([]),
        json!([{ "destination": "10.2.0.0/24", "gateway": "10.0.1.1" }, { "destination": "10.1.0.0/24" }]),
    ]);
    let numbers = |default: u32| maybe(&[json!(0), json!(default), json!(1500)]);
    let options =
        (servers(), servers(), routes, numbers(9036), numbers(3600)).prop_map(|(dns, time, routes, mtu, lease)| {
            of([
                ("dnsServers", dns),
                ("timeServers", time),
                ("advertisedRoutes", routes),
                ("interfaceMTU", mtu),
                ("leaseTimeSeconds", lease),
            ])
        });
    let range = (addresses(10), addresses(20)).prop_map(|(start, end)| of([("start", start), ("end", end)]));
    let hosts = maybe(&[json!({}), json!({ "0C:20:12:FE:00:01": { "ip": "10.0.1.7" } })]);
    (
        maybe(&[json!(true), json!(false)]),
        option::of(range),
        option::of(options),
        hosts,
        maybe(&[json!("10.99.0.1/32")]),
    )
        .prop_map(|(enable, range, options, hosts, relay)| {
            of([("enable", enable), ("range", range), ("options", options), ("static", hosts), ("relay", relay)])
        })
}

fn any_vpc() -> impl Strategy<Value = Value> {
    let flag = || maybe(&[json!(true), json!(false)]);
    let gateway = maybe(&[json!(""), json!("10.0.1.1"), json!("10.0.1.254")]);
    let subnet = (gateway, maybe(&[json!(0), json!(1001)]), flag(), flag(), option::of(any_dhcp())).prop_map(
        |(gateway, vlan, isolated, restricted, dhcp)| {
            let subnet = Some(json!("10.0.1.0/24"));
            of([
                ("subnet", subnet),
                ("gateway", gateway),
                ("vlan", vlan),
                ("isolated", isolated),
                ("restricted", restricted),
                ("dhcp", dhcp),
            ])
        },
    );
    let subnets = proptest::collection::btree_map(select(vec!["default", "storage"]), subnet, 0..3);
    let namespace = || maybe(&[json!(""), json!("default"), json!("lab")]);
    let permit = maybe(&[json!([]), json!([["storage", "default"]])]);
    (subnets, namespace(), namespace(), permit, flag()).prop_map(|(subnets, ipv4, vlan, permit, isolated)| {
        let subnets = Some(json!(subnets));
        let spec = of([
            ("subnets", subnets),
            ("ipv4Namespace", ipv4),
            ("vlanNamespace", vlan),
            ("permit", permit),
            ("defaultIsolated", isolated),
        ]);
        object("vpc", "VPC", &spec)
    })
}

fn any_switch() -> impl Strategy<Value = Value> {
    let redundancy = maybe(&[json!({}), json!({ "group": "" }), json!({ "group": "a", "type": "eslag" })]);
    let limits =
        maybe(&[json!({}), json!({ "flapThreshold": 0 }), json!({ "flapThreshold": 7, "samplingInterval": 30 })]);
    let speeds = || maybe(&[json!({}), json!({ "E1/1": "SPEED_25G", "E1/2": "10G" })]);
    (
        option::of(names()),
        option::of(names()),
        redundancy,
        limits,
        speeds(),
        speeds(),
        maybe(&[json!({}), json!({ "mac": "0c:20:12:fe:00:01" })]),
    )
        .prop_map(|(groups, namespaces, redundancy, limits, speeds, group_speeds, boot)| {
            let spec = of([
                ("role", Some(json!("server-leaf"))),
                ("groups", groups),
                ("vlanNamespaces", namespaces),
                ("redundancy", redundancy),
                ("linkFlapErrDisable", limits),
                ("portSpeeds", speeds),
                ("portGroupSpeeds", group_speeds),
                ("boot", boot),
            ]);
            object("wiring", "Switch", &spec)
        })
}

fn any_other() -> impl Strategy<Value = Value> {
    let prefixes = || proptest::collection::vec(select(vec!["10.2.0.0/16", "10.1.0.0/16"]), 0..3);
    prop_oneof![
        select(vec!["vpc-1", "vpc-1/storage"])
            .prop_map(|subnet| object("vpc", "VPCAttachment", &json!({ "subnet": subnet, "connection": "c" }))),
        prefixes().prop_map(|list| object("vpc", "IPv4Namespace", &json!({ "subnets": list }))),
        maybe(&[json!(""), json!("lab")]).prop_map(|namespace| object("vpc", "External", &of([("ipv4Namespace", namespace)]))),
        (names(), prefixes()).prop_map(|(subnets, prefixes)| {
            let prefixes: Vec<Value> = prefixes.into_iter().map(|prefix| json!({ "prefix": prefix })).collect();
            let permit = json!({ "vpc": { "name": "v", "subnets": subnets }, "external": { "name": "e", "prefixes": prefixes } });
            object("vpc", "ExternalPeering", &json!({ "permit": permit }))
        }),
        Just(object("wiring", "SwitchGroup", &json!({}))),
        Just(object("wiring", "Connection", &json!({ "unbundled": { "link": { "server": { "port": "s/e1" }, "switch": { "port": "l/E1/1" } } } }))),
    ]
}

proptest! {
    #[test]
    fn what_the_webhooks_change_is_no_drift(
        desired in prop_oneof![any_vpc(), any_switch(), any_other()],
        applied in any::<bool>(),
        zeros in any::<bool>(),
    ) {
        let found = found(&desired, applied, zeros);
        prop_assert!(!is_drift(&found), "{found:#?}");
    }
}

#[test]
fn defaults_hide_no_change_by_hand() {
    let desired = object(
        "vpc",
        "VPC",
        &json!({ "subnets": { "default": { "subnet": "10.0.1.0/24", "vlan": 1001,
        "dhcp": { "enable": true, "range": { "start": "10.0.1.10" }, "options": { "dnsServers": ["10.9.0.2", "10.9.0.1"] } } } } }),
    );
    assert_eq!(found(&desired, true, true), []);
    let kind = Kind {
        group: "vpc.githedgehog.com".into(),
        version: "v1beta1".into(),
        kind: "VPC".into(),
        plural: "vpcs".into(),
        namespaced: true,
    };
    for (pointer, by_hand) in [
        ("/spec/subnets/default/vlan", json!(1002)),
        ("/spec/subnets/default/dhcp/enable", json!(false)),
        ("/spec/subnets/default/dhcp/range/start", json!("10.0.1.11")),
        ("/spec/subnets/default/dhcp/options/dnsServers", json!(["10.9.0.1"])),
    ] {
        let mut live = defaulted(&desired);
        *live.pointer_mut(pointer).unwrap() = by_hand;
        let found = compare(&desired, &LiveObject::new(&kind, live).unwrap(), &Schemas::new()).fields;
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(found[0].path, pointer[1..].replace('/', "."));
    }
}

#[test]
fn a_group_that_somebody_added_to_a_switch_is_drift() {
    let desired =
        object("wiring", "Switch", &json!({ "groups": ["b"], "redundancy": { "group": "a", "type": "eslag" } }));
    let mut live = defaulted(&desired);
    assert_eq!(live["spec"]["groups"], json!(["a", "b"]));
    live["spec"]["groups"] = json!(["a", "b", "by-hand"]);
    let kind = Kind {
        group: "wiring.githedgehog.com".into(),
        version: "v1beta1".into(),
        kind: "Switch".into(),
        plural: "switches".into(),
        namespaced: true,
    };
    let found = compare(&desired, &LiveObject::new(&kind, live).unwrap(), &Schemas::new()).fields;
    assert_eq!(found.iter().map(|field| field.path.as_str()).collect::<Vec<_>>(), ["spec.groups"]);
}
