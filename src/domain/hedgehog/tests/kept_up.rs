//! What is kept up is what judging everything anew would give, whatever happens in whatever order.

use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{at, kind_of, live};
use crate::domain::cluster::{Connection, LiveObject, LiveSet};
use crate::domain::drift::ObjectKey;
use crate::domain::fault::Fault;
use crate::domain::hedgehog::{Healths, healths};

/// Objects in two forms each.
fn pool() -> Vec<(&'static str, &'static str, &'static str, [Value; 2])> {
    let link = |leaf: &str, server: &str| {
        json!({ "unbundled": { "link": { "server": { "port": format!("{server}/eth0") },
        "switch": { "port": format!("{leaf}/E1/3") } } } })
    };
    let vpc = |dhcp: bool, subnet: &str| json!({ "subnets": { subnet: { "dhcp": { "enable": dhcp } } } });
    vec![
        ("wiring", "Switch", "leaf-1", [json!({ "groups": ["pair"] }), json!({ "profile": "vs" })]),
        ("wiring", "Switch", "leaf-2", [json!({ "groups": ["pair"] }), json!({ "groups": ["other"] })]),
        ("wiring", "SwitchGroup", "pair", [json!({}), json!({})]),
        ("wiring", "SwitchProfile", "vs", [json!({}), json!({ "x": 1 })]),
        ("wiring", "Server", "srv-1", [json!({}), json!({ "x": 1 })]),
        ("wiring", "VLANNamespace", "default", [json!({}), json!({ "x": 1 })]),
        ("wiring", "Connection", "s1", [link("leaf-1", "srv-1"), link("leaf-2", "srv-1")]),
        ("wiring", "Connection", "s2", [link("leaf-2", "srv-1"), json!({ "vpcLoopback": {} })]),
        ("vpc", "IPv4Namespace", "default", [json!({}), json!({ "x": 1 })]),
        ("vpc", "VPC", "a", [vpc(true, "default"), vpc(true, "other")]),
        ("vpc", "VPC", "b", [vpc(false, "default"), vpc(true, "default")]),
        (
            "vpc",
            "VPCAttachment",
            "a1",
            [
                json!({ "subnet": "a/default", "connection": "s1" }),
                json!({ "subnet": "b/default", "connection": "s2" }),
            ],
        ),
        ("vpc", "VPCPeering", "ab", [json!({ "permit": [{ "a": {}, "b": {} }] }), json!({ "permit": [{ "b": {} }] })]),
        ("vpc", "External", "out", [json!({ "ipv4Namespace": "default" }), json!({ "ipv4Namespace": "none" })]),
        (
            "vpc",
            "ExternalAttachment",
            "x",
            [
                json!({ "external": "out", "connection": "s1", "neighbor": { "ip": "10.9.9.9" } }),
                json!({ "external": "in", "connection": "s2" }),
            ],
        ),
        (
            "vpc",
            "ExternalPeering",
            "p",
            [
                json!({ "permit": { "vpc": { "name": "a" }, "external": { "name": "out" } } }),
                json!({ "permit": { "vpc": { "name": "b" }, "external": { "name": "in" } } }),
            ],
        ),
        ("dhcp", "DHCPSubnet", "a--default", [json!({}), json!({ "x": 1 })]),
        ("dhcp", "DHCPSubnet", "b--default", [json!({}), json!({ "x": 1 })]),
        ("gwint", "GatewayAgent", "gw", [json!({}), json!({ "x": 1 })]),
    ]
}

/// One thing that happens: what, to which object, and how.
type Step = (u8, usize, usize);

fn put(set: &mut LiveSet, object: LiveObject) {
    set.objects.insert(object);
}

fn key(group: &str, kind: &str, name: &str) -> ObjectKey {
    let group = kind_of(group, kind).group;
    ObjectKey::new(group, kind, "default", name)
}

/// An Agent that was given what there is, or a part of it.
fn agent(set: &LiveSet, name: &str, how: usize, clock: jiff::Timestamp) -> LiveObject {
    let mut spec = json!({ "statusUpdates": [{ "kind": "Switch", "name": name, "generation": 3 + how % 3 }] });
    let fields = [
        ("VPC", "vpcs"),
        ("Connection", "connections"),
        ("VPCAttachment", "vpcAttachments"),
        ("VPCPeering", "vpcPeers"),
        ("ExternalAttachment", "externalAttachments"),
        ("IPv4Namespace", "ipv4Namespaces"),
        ("External", "externals"),
    ];
    for (place, (kind, field)) in fields.into_iter().enumerate() {
        if (how >> (place % 4)) & 1 == 1 {
            continue;
        }
        for object in set.objects.values().filter(|object| object.kind.kind == kind) {
            spec[field][&object.key.name] = object.value()["spec"].clone();
        }
    }
    let beat = clock - SignedDuration::from_secs(i64::try_from(how % 5).unwrap() * 20);
    let status = json!({
        "lastAppliedGen": 4 - (how / 2) % 2, "lastAttemptGen": 4, "lastAttemptTime": (clock - SignedDuration::from_secs(100)).to_string(),
        "lastHeartbeat": beat.to_string(),
        "state": {
            "interfaces": { "E1/3": { "enabled": true, "oper": if how % 4 == 3 { "down" } else { "up" } } },
            "bgpNeighbors": { "default": { "10.9.9.9": { "state": if how.is_multiple_of(3) { "idle" } else { "established" } } } },
        },
    });
    live("agent", "Agent", name, &spec, &status)
}

fn happen(set: &mut LiveSet, clock: &mut jiff::Timestamp, (what, which, how): Step) {
    let pool = pool();
    let (group, kind, name, forms) = &pool[which % pool.len()];
    let leaf = ["leaf-1", "leaf-2"][which % 2];
    match what {
        0..=4 => put(set, live(group, kind, name, &forms[how % 2], &json!({ "lastHeartbeat": clock.to_string() }))),
        5 | 6 => drop(set.objects.remove(&key(group, kind, name))),
        7..=9 => {
            let agent = agent(set, leaf, how, *clock);
            put(set, agent);
        }
        10 | 11 => {
            if let Some(known) = set.objects.get(&key("agent", "Agent", leaf)).cloned() {
                put(set, known.alive(*clock));
            }
        }
        12..=14 => *clock += SignedDuration::from_secs(i64::try_from(how).unwrap() * 7),
        15 => {
            let name = (kind_of(group, kind).group, (*kind).to_owned());
            if !set.listed.remove(&name) {
                set.listed.insert(name);
            }
        }
        16 => {
            let back = set.connection == Connection::Connected;
            set.connection = if back { Connection::Unreachable } else { Connection::Connected };
            set.as_of = Some(*clock);
        }
        17 => {
            let state = ["Ready", "Pending"][how % 2];
            let status = json!({ "components": { "fabricCtrl": state } });
            put(set, live("fabricator", "Fabricator", "fab", &json!({}), &status));
        }
        18 => {
            let agents = ("agent.githedgehog.com".to_owned(), "Agent".to_owned());
            if set.refused.remove(&agents).is_none() {
                set.refused.insert(agents, Fault::new("listing", "agents", "forbidden", ""));
            }
        }
        19 => drop(set.objects.remove(&key("agent", "Agent", leaf))),
        _ => {
            let mut object = json!({ "kind": kind, "metadata": { "name": name, "namespace": "default",
                "deletionTimestamp": "2026-01-01T00:00:00Z" }, "spec": forms[how % 2] });
            object["apiVersion"] = "v1beta1".into();
            put(set, LiveObject::new(&kind_of(group, kind), object).unwrap());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn what_is_kept_up_is_what_judging_anew_gives(
        all in any::<bool>(),
        rounds in prop::collection::vec(prop::collection::vec((0u8..21, 0usize..40, 0usize..24), 1..4), 1..40),
    ) {
        let mut clock = at("00:10:00");
        let mut set = LiveSet { served: Some(Vec::new()), ..LiveSet::empty("lab", Connection::Connected) };
        if all {
            for (group, kind, name, forms) in pool() {
                put(&mut set, live(group, kind, name, &forms[0], &json!({})));
                set.listed.insert((kind_of(group, kind).group, kind.to_owned()));
            }
            for leaf in ["leaf-1", "leaf-2"] {
                let agent = agent(&set, leaf, 16, clock);
                put(&mut set, agent);
            }
        }
        let mut kept = Healths::default();
        for round in rounds {
            for step in &round {
                happen(&mut set, &mut clock, *step);
            }
            kept.update(&set, clock);
            let anew = healths(&set, clock);
            for object in set.objects.values() {
                prop_assert_eq!(kept.of(object), anew.of(object), "{} {} after {:?}", object.kind.kind, object.key.name, round);
            }
            prop_assert_eq!(kept.next, anew.next, "after {:?}", round);
        }
    }
}
