//! The health of the twelve kinds in a small fabric: two leaves, a spine, a server and a VPC.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

mod kept_up;

use super::{GROUPS, healths};
use crate::domain::cluster::{Connection, Kind, LiveObject, LiveSet};
use crate::domain::drift::ObjectKey;
use crate::domain::fault::Fault;
use crate::domain::health::{Health, HealthState};

fn at(time: &str) -> Timestamp {
    format!("2026-01-01T{time}Z").parse().unwrap()
}

fn kind_of(group: &str, kind: &str) -> Kind {
    let group = format!("{group}.githedgehog.com");
    Kind { group, version: "v1beta1".into(), kind: kind.into(), plural: kind.to_lowercase(), namespaced: true }
}

fn live(group: &str, kind: &str, name: &str, spec: &Value, status: &Value) -> LiveObject {
    let object = json!({ "kind": kind, "metadata": { "name": name, "namespace": "default", "generation": 4,
        "creationTimestamp": "2026-01-01T00:00:00Z" }, "spec": spec, "status": status });
    LiveObject::new(&kind_of(group, kind), object).unwrap()
}

/// What is derived of Hedgehog's objects.
struct Derived {
    health: BTreeMap<ObjectKey, Health>,
    next: Option<Timestamp>,
}

fn derive(live: &LiveSet, now: Timestamp) -> Derived {
    let healths = healths(live, now);
    let hedgehog = live.objects.values().filter(|object| GROUPS.contains(&object.key.group.as_str()));
    let derived = hedgehog.map(|object| (object.key.clone(), healths.of(object).clone()));
    let health = derived.filter(|(_, health)| health.state != HealthState::NoSignal).collect();
    Derived { health, next: healths.next }
}

/// A fabric of which every object has reached its switches, changed by the test before it is judged.
struct Lab {
    objects: Vec<(&'static str, &'static str, &'static str, Value)>,
    /// What each agent was given, when not all that concerns it.
    agents: Vec<(&'static str, Value, Value)>,
}

fn leaf() -> Value {
    json!({ "role": "server-leaf", "vlanNamespaces": ["default"], "groups": ["pair"] })
}

fn lab() -> Lab {
    let fabric = |leaf: &str, port: &str| json!({ "fabric": { "links": [{ "leaf": { "port": format!("{leaf}/E1/9") }, "spine": { "port": format!("spine-1/{port}") } }] } });
    let objects = vec![
        ("wiring", "Switch", "leaf-1", leaf()),
        ("wiring", "Switch", "leaf-2", leaf()),
        ("wiring", "Switch", "spine-1", json!({ "role": "spine", "vlanNamespaces": ["default"] })),
        ("wiring", "SwitchGroup", "pair", json!({})),
        ("wiring", "SwitchGroup", "empty", json!({})),
        ("wiring", "Server", "srv-1", json!({})),
        ("wiring", "Server", "srv-2", json!({})),
        ("wiring", "VLANNamespace", "default", json!({ "ranges": [{ "from": 1000, "to": 2000 }] })),
        ("vpc", "IPv4Namespace", "default", json!({ "subnets": ["10.0.0.0/16"] })),
        ("wiring", "Connection", "f1", fabric("leaf-1", "E1/1")),
        ("wiring", "Connection", "f2", fabric("leaf-2", "E1/2")),
        (
            "wiring",
            "Connection",
            "s1",
            json!({ "unbundled": { "link": { "server": { "port": "srv-1/eth0" }, "switch": { "port": "leaf-1/E1/3" } } } }),
        ),
        (
            "wiring",
            "Connection",
            "loop",
            json!({ "vpcLoopback": { "links": [{ "switch1": { "port": "leaf-1/E1/4" }, "switch2": { "port": "leaf-1/E1/5" } }] } }),
        ),
        ("vpc", "VPC", "a", json!({ "subnets": { "default": { "subnet": "10.0.1.0/24", "vlan": 1001, "dhcp": {} } } })),
        ("vpc", "VPC", "idle", json!({ "subnets": { "default": { "subnet": "10.0.2.0/24", "vlan": 1002 } } })),
        ("vpc", "VPCAttachment", "a1", json!({ "subnet": "a/default", "connection": "s1" })),
        ("vpc", "VPCPeering", "a-idle", json!({ "permit": [{ "a": {}, "idle": {} }] })),
        ("vpc", "External", "out", json!({ "ipv4Namespace": "default" })),
    ];
    let agents = ["leaf-1", "leaf-2", "spine-1"].map(|name| (name, json!({}), json!({}))).to_vec();
    Lab { objects, agents }
}

/// Fields of an Agent's spec for the objects that concern every switch, and those of its own connections.
fn pushed(lab: &Lab, switch: &str) -> Value {
    let mut spec = Map::new();
    let mut push = |field: &str, name: &str, value: &Value| {
        spec.entry(field).or_insert_with(|| json!({}))[name] = value.clone();
    };
    let is_on = |value: &Value| value.to_string().contains(&format!("{switch}/"));
    for (_, kind, name, value) in &lab.objects {
        match *kind {
            "Connection" if is_on(value) && *name != "loop" => push("connections", name, value),
            "VPC" | "VPCAttachment" if *name != "idle" && switch == "leaf-1" => {
                push(if *kind == "VPC" { "vpcs" } else { "vpcAttachments" }, name, value);
            }
            "IPv4Namespace" => push("ipv4Namespaces", name, value),
            "VLANNamespace" => push("vlanNamespaces", name, value),
            _ => {}
        }
    }
    Value::Object(spec)
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}

impl Lab {
    fn set(&self) -> LiveSet {
        let mut objects: Vec<LiveObject> =
            self.objects.iter().map(|(group, kind, name, spec)| live(group, kind, name, spec, &json!({}))).collect();
        for (name, spec, status) in &self.agents {
            let mut all = json!({ "spec": pushed(self, name), "status": { "lastAppliedGen": 4, "lastHeartbeat": at("00:10:00").to_string() } });
            all["spec"]["statusUpdates"] = json!([{ "kind": "Switch", "name": name, "generation": 4 }]);
            merge(&mut all["spec"], spec);
            merge(&mut all["status"], status);
            objects.push(live("agent", "Agent", name, &all["spec"], &all["status"]));
        }
        let listed = objects.iter().map(|object| (object.kind.group.clone(), object.kind.kind.clone())).collect();
        let objects = objects.into_iter().map(Arc::new).collect();
        LiveSet { objects, listed, served: Some(Vec::new()), ..LiveSet::empty("lab", Connection::Connected) }
    }

    fn judge(&self, kind: &str, name: &str, now: &str) -> Health {
        let derived = derive(&self.set(), at(now));
        let found = derived.health.into_iter().find(|(key, _)| key.kind == kind && key.name == name);
        found.unwrap_or_else(|| panic!("{kind} {name} is judged")).1
    }

    fn state(&self, kind: &str, name: &str) -> HealthState {
        self.judge(kind, name, "00:10:20").state
    }

    /// What the agent of a switch says otherwise.
    fn agent(mut self, name: &str, spec: Value, status: Value) -> Self {
        let agent = self.agents.iter_mut().find(|(agent, ..)| *agent == name).unwrap();
        (agent.1, agent.2) = (spec, status);
        self
    }

    fn without(mut self, kind: &str, name: &str) -> Self {
        self.objects.retain(|(_, of, named, _)| (*of, *named) != (kind, name));
        self
    }

    fn with(mut self, group: &'static str, kind: &'static str, name: &'static str, spec: Value) -> Self {
        self.objects.push((group, kind, name, spec));
        self
    }
}

#[test]
fn what_every_switch_applied_is_live() {
    let lab = lab();
    for (kind, name) in [
        ("Switch", "leaf-1"),
        ("Connection", "f1"),
        ("Connection", "s1"),
        ("VPC", "a"),
        ("VPCAttachment", "a1"),
        ("IPv4Namespace", "default"),
        ("VLANNamespace", "default"),
        ("Server", "srv-1"),
        ("SwitchGroup", "pair"),
    ] {
        assert_eq!(lab.state(kind, name), HealthState::Healthy, "{kind} {name}");
    }
    let vpc = lab.judge("VPC", "a", "00:10:20");
    assert_eq!((vpc.reason.as_str(), vpc.source.as_str()), ("live on leaf-1", "Agent leaf-1 .status.lastAppliedGen"));
    assert_eq!(derive(&lab.set(), at("00:10:20")).next, Some(at("00:11:00")), "then the agents would be silent");
}

#[test]
fn what_nothing_asks_for_is_not_placed() {
    let lab = lab();
    for (kind, name, why) in [
        ("VPC", "idle", "no VPCAttachment names it"),
        ("VPCPeering", "a-idle", "VPC idle is not attached"),
        ("External", "out", "no ExternalAttachment names it"),
        ("Connection", "loop", "the fabric gives vpcLoopback connections to no switch"),
        ("Server", "srv-2", "no Connection names it"),
        ("SwitchGroup", "empty", "no Switch names it"),
    ] {
        let health = lab.judge(kind, name, "00:10:20");
        assert_eq!(
            (health.state, health.reason),
            (HealthState::NotPlaced, format!("not placed: {why}")),
            "{kind} {name}"
        );
    }
}

#[test]
fn what_has_not_arrived_is_pending_for_a_minute_and_then_stuck() {
    let lab = lab().agent("leaf-1", json!({ "vpcs": { "a": { "subnets": { "default": { "vlan": 7 } } } } }), json!({}));
    let early = lab.judge("VPC", "a", "00:00:30");
    assert_eq!(
        (early.state, early.reason.as_str()),
        (HealthState::Progressing, "pending: leaf-1 has another version of it yet")
    );
    assert_eq!(derive(&lab.set(), at("00:00:30")).next, Some(at("00:01:00")));
    let late = lab.judge("VPC", "a", "00:01:00");
    assert_eq!(late.state, HealthState::Degraded);
    assert!(late.reason.starts_with("stuck: leaf-1 has another version of it; only the log"), "{}", late.reason);
    let gone = lab.agent("leaf-2", json!({ "connections": { "f2": { "fabric": null } } }), json!({}));
    assert_eq!(gone.judge("Connection", "f2", "00:10:20").source, "Agent leaf-2 .spec");
}

#[test]
fn a_switch_that_has_not_applied_is_behind_then_stuck() {
    let behind = |tried: Value| lab().agent("leaf-1", json!({}), tried);
    let trying = behind(json!({ "lastAppliedGen": 3 }));
    let vpc = trying.judge("VPC", "a", "00:10:20");
    assert_eq!((vpc.state, vpc.reason.as_str()), (HealthState::Progressing, "applied: leaf-1 is at generation 3 of 4"));
    assert_eq!(trying.state("Switch", "leaf-1"), HealthState::Progressing);
    assert_eq!(trying.state("SwitchGroup", "pair"), HealthState::Progressing);
    assert_eq!(trying.state("Connection", "f2"), HealthState::Healthy, "leaf-1 is none of its business");
    let failing =
        behind(json!({ "lastAppliedGen": 3, "lastAttemptGen": 4, "lastAttemptTime": at("00:08:00").to_string() }));
    assert_eq!(failing.state("VPC", "a"), HealthState::Degraded);
    let silent = behind(json!({ "lastHeartbeat": at("00:09:00").to_string() }));
    assert_eq!(silent.state("Switch", "leaf-1"), HealthState::Degraded);
    let vpc = silent.judge("VPC", "a", "00:10:20");
    assert_eq!((vpc.state, vpc.source.as_str()), (HealthState::Unknown, "Agent leaf-1 .status.lastHeartbeat"));
}

#[test]
fn what_lies_on_a_switch_without_an_agent_is_not_live() {
    let mut lab = lab();
    lab.agents.retain(|(name, ..)| *name != "spine-1");
    let half = lab.judge("Connection", "f1", "00:10:20");
    assert_eq!(half.state, HealthState::Degraded);
    assert!(half.reason.starts_with("stuck: spine-1 has no Agent"), "{}", half.reason);
    assert_eq!(lab.state("VPC", "a"), HealthState::Healthy, "it lies on leaf-1 alone");
}

#[test]
fn a_switch_is_made_from_its_last_generation() {
    let old = json!({ "statusUpdates": [{ "kind": "Switch", "name": "leaf-1", "generation": 3 }] });
    let health = lab().agent("leaf-1", old, json!({})).judge("Switch", "leaf-1", "00:10:20");
    assert_eq!((health.state, health.source.as_str()), (HealthState::Degraded, "Agent leaf-1 .spec.statusUpdates"));
    let update = lab().agent("leaf-1", json!({ "version": { "default": "v2" } }), json!({ "version": "v1" }));
    assert_eq!(update.judge("Switch", "leaf-1", "00:10:20").reason, "its agent is v1 and is to be v2");
}

#[test]
fn ports_that_are_down_or_lead_elsewhere_degrade_their_connection_and_its_server() {
    let port = |state: Value| {
        lab().agent(
            "leaf-1",
            json!({}),
            json!({ "state": { "interfaces": { "E1/3": state, "E1/9": { "enabled": true, "oper": "up" } } } }),
        )
    };
    let down = port(json!({ "enabled": true, "oper": "down" }));
    assert_eq!(down.judge("Connection", "s1", "00:10:20").reason, "leaf-1 E1/3 is down");
    assert_eq!(down.judge("Server", "srv-1", "00:10:20").reason, "Connection s1: leaf-1 E1/3 is down");
    assert_eq!(down.judge("Switch", "leaf-1", "00:10:20").source, "Agent leaf-1 .status.state.interfaces[E1/3]");
    assert_eq!(down.state("Connection", "f1"), HealthState::Healthy);
    let wrong = port(json!({ "enabled": true, "oper": "up", "lldpNeighbors": [{ "sysName": "leaf-2" }] }));
    assert_eq!(wrong.judge("Connection", "s1", "00:10:20").reason, "leaf-1 E1/3 leads to leaf-2");
    let server = port(json!({ "enabled": true, "oper": "up", "lldpNeighbors": [{ "sysName": "host.example" }] }));
    assert_eq!(server.state("Connection", "s1"), HealthState::Healthy);
}

#[test]
fn references_to_nothing_are_said_before_anything_is_applied() {
    let health = lab().without("VPC", "a").judge("VPCAttachment", "a1", "00:10:20");
    assert_eq!((health.reason.as_str(), health.source.as_str()), ("stuck: VPC a does not exist", ".spec.subnet"));
    let wrong = json!({ "subnet": "a/none", "connection": "s1" });
    let health = lab().with("vpc", "VPCAttachment", "a2", wrong).judge("VPCAttachment", "a2", "00:10:20");
    assert_eq!(health.reason, "stuck: VPC a has no subnet none");
    // No SwitchProfile was listed: it cannot be said that one is missing.
    let profiled = lab().without("Switch", "spine-1").with("wiring", "Switch", "spine-1", json!({ "profile": "vs" }));
    assert_eq!(profiled.state("Switch", "spine-1"), HealthState::Healthy);
}

#[test]
fn an_external_is_as_good_as_its_bgp_neighbour() {
    let lab = |state: &str| {
        let attachment = json!({ "external": "out", "connection": "s1", "neighbor": { "ip": "10.9.9.9" } });
        let mut spec = json!({ "externalAttachments": {} });
        spec["externalAttachments"]["x"] = attachment.clone();
        let neighbours = json!({ "state": { "bgpNeighbors": { "default": { "10.9.9.9": { "state": state } } } } });
        lab().with("vpc", "ExternalAttachment", "x", attachment).agent("leaf-1", spec, neighbours)
    };
    assert_eq!(lab("established").state("ExternalAttachment", "x"), HealthState::Healthy);
    let idle = lab("idle").judge("ExternalAttachment", "x", "00:10:20");
    assert_eq!((idle.state, idle.reason.as_str()), (HealthState::Degraded, "BGP neighbour 10.9.9.9 is idle"));
}

#[test]
fn a_subnet_with_dhcp_has_its_object() {
    let serving = |name: &'static str| {
        let vpc = json!({ "subnets": { "default": { "subnet": "10.0.1.0/24", "dhcp": { "enable": true } } } });
        let lab = lab().without("VPC", "a").with("vpc", "VPC", "a", vpc).with("dhcp", "DHCPSubnet", name, json!({}));
        lab.judge("VPC", "a", "00:10:20")
    };
    assert_eq!(serving("a--default").state, HealthState::Healthy);
    assert!(serving("b--default").reason.starts_with("stuck: DHCPSubnet a--default is not there"));
}

#[test]
fn a_controller_that_is_away_makes_everything_unknown() {
    let mut set = lab().set();
    let status = json!({ "components": { "fabricCtrl": "Pending" } });
    let fabricator = live("fabricator", "Fabricator", "default", &json!({}), &status);
    set.objects.insert(fabricator);
    let derived = derive(&set, at("00:10:20"));
    assert!(derived.health.values().all(|health| health.state == HealthState::Unknown) && derived.health.len() == 18);
    assert_eq!(derived.health.values().next().unwrap().source, "Fabricator default .status.components.fabricCtrl");
}

#[test]
fn without_agents_nothing_is_derived_but_that_a_switch_has_none() {
    let lab = Lab { agents: Vec::new(), ..lab() };
    assert!(derive(&lab.set(), at("00:10:20")).health.is_empty(), "they may yet come");
    let mut set = lab.set();
    let agents = ("agent.githedgehog.com".to_owned(), "Agent".to_owned());
    set.listed.insert(agents.clone());
    let derived = derive(&set, at("00:10:20"));
    assert!(derived.health.keys().all(|key| key.kind == "Switch") && derived.health.len() == 3);
    set.refused.insert(agents, Fault::new("listing", "agents", "forbidden", ""));
    let derived = derive(&set, at("00:10:20"));
    assert!(derived.health.values().all(|health| health.state == HealthState::Unknown));
}
