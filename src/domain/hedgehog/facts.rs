//! What is kept of an Agent: names, digests and states, and none of its credentials.
//!
//! Fields as in the CRD `agents.agent.githedgehog.com` (githedgehog/fabric, v1beta1). Zero values are left out by its Go
//! types, so that a field that is not there is zero.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use crate::domain::health::{Health, HealthState};

/// Fields of an Agent's spec that hold the specs of other objects by name, and the kinds of these.
const PUSHED: [(&str, &str); 9] = [
    ("connections", "Connection"),
    ("externalAttachments", "ExternalAttachment"),
    ("externalPeerings", "ExternalPeering"),
    ("externals", "External"),
    ("ipv4Namespaces", "IPv4Namespace"),
    ("vlanNamespaces", "VLANNamespace"),
    ("vpcAttachments", "VPCAttachment"),
    ("vpcPeers", "VPCPeering"),
    ("vpcs", "VPC"),
];

/// Share of a table of the switch's hardware, in percent, above which it is nearly full.
const NEARLY_FULL: u64 = 90;

/// What an Agent says of its switch, and of what reached it. A sign of life makes another one, which shares what is large.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AgentFacts {
    /// Generation of the Agent's own spec.
    pub generation: i64,
    /// Generation that the agent applied last; zero for none.
    pub applied: i64,
    /// Generation that it last tried to apply; zero for none.
    pub attempted: i64,
    /// When it last tried.
    pub attempted_at: Option<Timestamp>,
    /// When it last gave a sign of life: every 15 seconds.
    pub heartbeat: Option<Timestamp>,
    /// Version of the agent that runs.
    pub version: String,
    /// Version that is to run.
    pub wanted_version: String,
    /// Generation of the Switch that the Agent's spec was made from.
    pub switch_generation: Option<i64>,
    /// Digests of the specs that the controller pushed, by kind and name: see `digest`.
    pub pushed: Arc<BTreeMap<&'static str, BTreeMap<String, u64>>>,
    /// VPCs that are attached to the switch.
    pub attached: Arc<Vec<String>>,
    /// Ports with their states: `E1/1`.
    pub ports: Arc<BTreeMap<String, Port>>,
    /// States of the BGP neighbours by address, in every VRF.
    pub neighbours: Arc<BTreeMap<String, String>>,
    /// What is wrong with the switch, worst first.
    pub troubles: Vec<Health>,
    /// Ports that lead somewhere by a connection, and its name.
    pub wired: Arc<BTreeMap<String, String>>,
}

/// One port of a switch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Port {
    /// It is to be used.
    pub enabled: bool,
    /// It is operationally up.
    pub up: bool,
    /// The switch turned it off after errors.
    pub error_disabled: bool,
    /// System name of what LLDP sees at its other end.
    pub neighbour: Option<String>,
}

impl AgentFacts {
    /// Takes what is needed out of an Agent as the server sends it.
    pub fn of(agent: &Value) -> Self {
        let name = text(agent, "/metadata/name");
        let spec = agent.get("spec").unwrap_or(&Value::Null);
        let status = agent.get("status").unwrap_or(&Value::Null);
        let state = status.get("state").unwrap_or(&Value::Null);
        let integer = |of: &Value, pointer: &str| of.pointer(pointer).and_then(Value::as_i64);
        let attached = entries(spec, "/attachedVPCs").filter(|(_, is)| is.as_bool() == Some(true));
        let ports = entries(state, "/interfaces").map(|(port, state)| (port.clone(), Port::of(state)));
        let mut facts = Self {
            generation: integer(agent, "/metadata/generation").unwrap_or_default(),
            applied: integer(status, "/lastAppliedGen").unwrap_or_default(),
            attempted: integer(status, "/lastAttemptGen").unwrap_or_default(),
            attempted_at: text(status, "/lastAttemptTime").parse().ok(),
            heartbeat: text(status, "/lastHeartbeat").parse().ok(),
            version: text(status, "/version").to_owned(),
            wanted_version: text(spec, "/version/default").to_owned(),
            switch_generation: spec.get("statusUpdates").and_then(|updates| switch_generation(updates, name)),
            pushed: Arc::new(pushed(spec)),
            attached: Arc::new(attached.map(named).collect()),
            ports: Arc::new(ports.collect()),
            neighbours: Arc::new(neighbours(state)),
            troubles: Vec::new(),
            wired: Arc::new(wired(spec, name)),
        };
        facts.troubles = troubles(&facts, status, state);
        facts
    }

    /// True when the two differ in more than their sign of life and the time of a try.
    pub fn is_news(&self, before: &Self) -> bool {
        let still = |facts: &Self| Self { heartbeat: None, attempted_at: None, ..facts.clone() };
        (self.heartbeat.is_some() != before.heartbeat.is_some()) || still(self) != still(before)
    }

    /// The digest of the spec that the controller pushed of an object.
    pub fn pushed(&self, kind: &str, name: &str) -> Option<u64> {
        self.pushed.get(kind)?.get(name).copied()
    }

    /// A port by the name that a connection has for it. Of one that is broken out, the first part.
    pub fn port(&self, name: &str) -> Option<&Port> {
        self.ports.get(name).or_else(|| self.ports.get(&format!("{name}/1")))
    }
}

impl Port {
    fn of(state: &Value) -> Self {
        let is = |field: &str| state.get(field).and_then(Value::as_bool) == Some(true);
        let neighbour = state.pointer("/lldpNeighbors/0").map(|neighbour| {
            let system = text(neighbour, "/sysName");
            if system.is_empty() { text(neighbour, "/name") } else { system }
        });
        Self {
            enabled: is("enabled") || text(state, "/admin") == "up",
            up: text(state, "/oper") == "up",
            error_disabled: is("errDisabled"),
            neighbour: neighbour.filter(|name| !name.is_empty()).map(str::to_owned),
        }
    }
}

/// What a `Fabricator` says of the fabric's controller: `Ready`, or why nothing is to be believed of what it should have
/// done. `None` for every other object, and when it says nothing.
pub fn fabric_controller(object: &Value) -> Option<&str> {
    if object.get("kind")?.as_str()? != "Fabricator" {
        return None;
    }
    object.pointer("/status/components/fabricCtrl")?.as_str()
}

/// A digest of a spec that is the same however its zero values are written, or left out. Not for keeping: it is good for
/// as long as the program runs.
pub fn digest(spec: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    write(spec, &mut hasher, false);
    hasher.finish()
}

fn write(value: &Value, hasher: &mut DefaultHasher, in_list: bool) {
    match value {
        Value::Object(fields) => {
            '{'.hash(hasher);
            // Fields come in the order of their names: serde_json keeps them so unless a feature says otherwise.
            for (name, value) in fields {
                // Keys of a list's elements may be all that they say: `permit: [{vpc-1: {}, vpc-2: {}}]`.
                if !is_zero(value) || (in_list && value.is_object()) {
                    name.hash(hasher);
                    write(value, hasher, false);
                }
            }
            '}'.hash(hasher);
        }
        Value::Array(items) => {
            '['.hash(hasher);
            for item in items {
                write(item, hasher, true);
            }
            ']'.hash(hasher);
        }
        Value::String(text) => text.hash(hasher),
        scalar => scalar.to_string().hash(hasher),
    }
}

/// True for what Go's `omitempty` leaves out, and for structs of nothing else.
fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(is) => !is,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.values().all(is_zero),
    }
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn entries<'v>(value: &'v Value, pointer: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    value.pointer(pointer).and_then(Value::as_object).into_iter().flatten()
}

fn named((name, _): (&String, &Value)) -> String {
    name.clone()
}

fn switch_generation(updates: &Value, name: &str) -> Option<i64> {
    let of_switch = |update: &&Value| text(update, "/kind") == "Switch" && text(update, "/name") == name;
    updates.as_array()?.iter().find(of_switch)?.get("generation")?.as_i64()
}

fn pushed(spec: &Value) -> BTreeMap<&'static str, BTreeMap<String, u64>> {
    let of = |field: &str| -> BTreeMap<String, u64> {
        spec.get(field)
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(name, spec)| (name.clone(), digest(spec)))
            .collect()
    };
    PUSHED.iter().map(|(field, kind)| (*kind, of(field))).filter(|(_, specs)| !specs.is_empty()).collect()
}

/// Ports of this switch that connections name.
fn wired(spec: &Value, switch: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (name, connection) in entries(spec, "/connections") {
        for (device, port) in super::ends(connection) {
            if device == switch {
                found.insert(port.to_owned(), name.clone());
            }
        }
    }
    found
}

fn neighbours(state: &Value) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (_, vrf) in entries(state, "/bgpNeighbors") {
        for (address, neighbour) in vrf.as_object().into_iter().flatten() {
            if neighbour.get("enabled").and_then(Value::as_bool) != Some(false) {
                found.insert(address.clone(), text(neighbour, "/state").to_lowercase());
            }
        }
    }
    found
}

/// Everything that is wrong with the switch itself, worst first.
fn troubles(facts: &AgentFacts, status: &Value, state: &Value) -> Vec<Health> {
    let mut found = Vec::new();
    let mut note = |state: HealthState, reason: String, field: String| {
        found.push(Health { state, reason, source: format!("Agent .status.{field}") });
    };
    for (port, connection) in facts.wired.iter() {
        let Some(state) = facts.port(port) else { continue };
        let field = format!("state.interfaces[{port}]");
        if state.error_disabled {
            note(HealthState::Degraded, format!("port {port} is off after errors ({connection})"), field);
        } else if state.enabled && !state.up {
            note(HealthState::Degraded, format!("port {port} is down ({connection})"), field);
        }
    }
    let errors = facts.ports.iter().filter(|(name, port)| port.error_disabled && !facts.wired.contains_key(*name));
    for (port, _) in errors {
        let field = format!("state.interfaces[{port}].errDisabled");
        note(HealthState::Degraded, format!("port {port} is off after errors"), field);
    }
    for (address, now) in facts.neighbours.iter().filter(|(_, state)| *state != "established") {
        let now = if now.is_empty() { "not established" } else { now };
        let field = format!("state.bgpNeighbors[{address}].state");
        note(HealthState::Degraded, format!("BGP neighbour {address} is {now}"), field);
    }
    for (_, vrf) in entries(state, "/bfdPeers") {
        for (address, peer) in vrf.as_object().into_iter().flatten() {
            let now = text(peer, "/state").to_lowercase();
            if !now.is_empty() && now != "up" && !now.starts_with("admin") {
                let field = format!("state.bfdPeers[{address}].state");
                note(HealthState::Degraded, format!("BFD to {address} is {now}"), field);
            }
        }
    }
    for (what, part) in [("fan", "fans"), ("power supply", "psus")] {
        for (name, part_state) in entries(state, &format!("/platform/{part}")) {
            let flag = |field: &str| part_state.get(field).and_then(Value::as_bool);
            // A slot that is empty is none that failed.
            let failed = match flag("presence") {
                Some(true) => flag("status") != Some(true),
                _ => flag("status") == Some(false),
            };
            if failed && flag("presence") != Some(false) {
                note(HealthState::Degraded, format!("{what} {name} failed"), format!("state.platform.{part}[{name}]"));
            }
        }
    }
    for (name, sensor) in entries(state, "/platform/temps") {
        let degrees = |field: &str| sensor.get(field).and_then(Value::as_f64).filter(|degrees| *degrees > 0.0);
        let alarm = text(sensor, "/alarms").to_lowercase();
        let is_alarm = !matches!(alarm.as_str(), "" | "none" | "no" | "false" | "normal" | "ok" | "0");
        let is_hot = degrees("temp").zip(degrees("highThreshold")).is_some_and(|(now, high)| now >= high);
        if is_alarm || is_hot {
            let now = degrees("temp").map(|now| format!(" at {now:.0} °C")).unwrap_or_default();
            note(HealthState::Degraded, format!("{name} is too hot{now}"), format!("state.platform.temps[{name}]"));
        }
    }
    if let Some(resources) = state.get("criticalResources") {
        nearly_full(resources, "state.criticalResources", &mut note);
    }
    if status.get("rebootRequired").and_then(Value::as_bool) == Some(true) {
        note(HealthState::Progressing, "a reboot is required".to_owned(), "rebootRequired".to_owned());
    }
    found
}

/// Tables of the hardware that are used to more than [`NEARLY_FULL`] percent: `…Used` beside `…Available`, which is what is
/// left.
fn nearly_full(resources: &Value, path: &str, note: &mut impl FnMut(HealthState, String, String)) {
    for (key, value) in resources.as_object().into_iter().flatten() {
        if value.is_object() {
            nearly_full(value, &format!("{path}.{key}"), note);
        }
        let Some(table) = key.strip_suffix("Used") else { continue };
        let used = value.as_u64().unwrap_or_default();
        let left = resources.get(format!("{table}Available")).and_then(Value::as_u64).unwrap_or_default();
        let share = used.saturating_mul(100).checked_div(used.saturating_add(left)).unwrap_or_default();
        if share > NEARLY_FULL {
            note(HealthState::Degraded, format!("{table}: {share} % are used"), format!("{path}.{key}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AgentFacts, digest, fabric_controller};
    use crate::domain::health::HealthState;
    use serde_json::{Value, json};

    fn agent(state: &Value) -> Value {
        json!({
            "kind": "Agent", "metadata": { "name": "leaf-1", "generation": 4 },
            "spec": {
                "version": { "default": "v1", "username": "EXAMPLE-user", "password": "EXAMPLE-word", "ca": "EXAMPLE-ca" },
                "users": [{ "name": "op", "password": "EXAMPLE-hash", "sshKeys": ["EXAMPLE-key"] }],
                "statusUpdates": [{ "kind": "Switch", "name": "leaf-1", "generation": 7 }],
                "attachedVPCs": { "a": true, "b": false },
                "connections": { "c": { "unbundled": { "link": {
                    "server": { "port": "server-1/eth0" }, "switch": { "port": "leaf-1/E1/3" } } } } },
                "vpcs": { "a": { "subnets": { "d": { "vlan": 1001, "isolated": false } } } },
            },
            "status": { "version": "v1", "lastAppliedGen": 4, "lastHeartbeat": "2026-01-01T00:00:00Z", "state": state },
        })
    }

    fn reasons(state: &Value) -> Vec<String> {
        AgentFacts::of(&agent(state)).troubles.into_iter().map(|trouble| trouble.reason).collect()
    }

    #[test]
    fn what_reached_the_switch_is_kept_by_name() {
        let facts = AgentFacts::of(&agent(&json!({})));
        assert_eq!((facts.generation, facts.applied, facts.switch_generation), (4, 4, Some(7)));
        let spec = json!({ "subnets": { "d": { "vlan": 1001, "dhcp": {} } } });
        assert_eq!(facts.pushed("VPC", "a"), Some(digest(&spec)));
        assert_eq!(facts.pushed("VPC", "b"), None);
        assert_eq!(*facts.attached, ["a"]);
        assert_eq!(facts.wired.get("E1/3").map(String::as_str), Some("c"));
    }

    #[test]
    fn credentials_are_not_kept() {
        let kept = format!("{:?}", AgentFacts::of(&agent(&json!({}))));
        assert!(!kept.contains("EXAMPLE"), "{kept}");
    }

    #[test]
    fn a_digest_knows_zero_values_and_the_keys_of_elements() {
        let same = |a: Value, b: Value| digest(&a) == digest(&b);
        assert!(same(json!({ "a": 1, "b": { "c": "" }, "d": [] }), json!({ "a": 1 })));
        assert!(!same(json!({ "a": 1 }), json!({ "a": 2 })));
        assert!(!same(json!({ "a": ["x", "y"] }), json!({ "a": ["xy"] })));
        assert!(!same(json!({ "permit": [{ "a": {}, "b": {} }] }), json!({ "permit": [{ "a": {}, "c": {} }] })));
    }

    #[test]
    fn a_wired_port_that_is_down_is_trouble_and_a_free_one_is_none() {
        let down = json!({ "enabled": true, "admin": "up", "oper": "down" });
        assert_eq!(reasons(&json!({ "interfaces": { "E1/3": down, "E1/4": down } })), ["port E1/3 is down (c)"]);
        assert_eq!(reasons(&json!({ "interfaces": { "E1/3": { "enabled": true, "oper": "up" } } })), [""; 0]);
        assert_eq!(reasons(&json!({ "interfaces": { "E1/3/1": down } })), ["port E1/3 is down (c)"]);
        let off = json!({ "interfaces": { "E1/4": { "errDisabled": true } } });
        assert_eq!(reasons(&off), ["port E1/4 is off after errors"]);
    }

    #[test]
    fn neighbours_parts_and_tables_that_fail_are_trouble() {
        let state = json!({
            "bgpNeighbors": { "default": { "10.0.0.1": { "state": "established" }, "10.0.0.2": { "state": "active" },
                "10.0.0.3": { "state": "idle", "enabled": false } } },
            "bfdPeers": { "default": { "10.0.0.4": { "state": "down" }, "10.0.0.5": { "state": "up" } } },
            "platform": {
                "fans": { "1": { "presence": true, "status": true }, "2": { "presence": true } },
                "psus": { "1": { "presence": false, "status": false }, "2": { "presence": true, "status": true } },
                "temps": { "CPU": { "temp": 91.0, "highThreshold": 90.0 }, "Air": { "temp": 20.0, "alarms": "none" } },
            },
            "criticalResources": { "stats": { "ipv4RoutesUsed": 95, "ipv4RoutesAvailable": 5, "fdbEntriesUsed": 90, "fdbEntriesAvailable": 10 } },
        });
        let expected = [
            "BGP neighbour 10.0.0.2 is active",
            "BFD to 10.0.0.4 is down",
            "fan 2 failed",
            "CPU is too hot at 91 °C",
            "ipv4Routes: 95 % are used",
        ];
        assert_eq!(reasons(&state), expected);
    }

    #[test]
    fn a_reboot_that_is_required_is_on_its_way() {
        let mut agent = agent(&json!({}));
        agent["status"]["rebootRequired"] = json!(true);
        let facts = AgentFacts::of(&agent);
        assert_eq!(facts.troubles[0].state, HealthState::Progressing);
        assert_eq!(facts.troubles[0].source, "Agent .status.rebootRequired");
    }

    #[test]
    fn a_sign_of_life_alone_is_no_news() {
        let (before, mut now) = (AgentFacts::of(&agent(&json!({}))), AgentFacts::of(&agent(&json!({}))));
        now.heartbeat = "2026-01-01T00:00:15Z".parse().ok();
        assert!(!now.is_news(&before));
        now.applied = 5;
        assert!(now.is_news(&before));
    }

    #[test]
    fn only_a_fabricator_speaks_of_the_controller() {
        let status = json!({ "components": { "fabricCtrl": "Pending" } });
        assert_eq!(fabric_controller(&json!({ "kind": "Fabricator", "status": status })), Some("Pending"));
        assert_eq!(fabric_controller(&json!({ "kind": "Other", "status": status })), None);
        assert_eq!(fabric_controller(&json!({ "kind": "Fabricator", "status": {} })), None);
    }
}
