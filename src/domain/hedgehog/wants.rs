//! What an object of the twelve kinds asks of the fabric: the objects it refers to, its ports, and a digest of its spec.

use serde_json::Value;

use super::facts::digest;
use super::{GROUPS, VPC, WIRING};
use crate::domain::drift::ObjectKey;

/// Parts of a connection that are switches.
const SWITCH_ENDS: [&str; 7] = ["switch", "leaf", "spine", "leaf1", "leaf2", "switch1", "switch2"];

/// What an object refers to, and what of it must have reached the switches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wants {
    /// Digest of its spec, as [`super::AgentFacts::pushed`] has those that reached a switch; zero where nobody asks for it.
    pub digest: u64,
    /// Objects that must be there.
    pub references: Vec<Reference>,
    /// Of a connection: what it is, `fabric`.
    pub variant: String,
    /// Of a connection: devices with their ports.
    pub ends: Vec<(String, String)>,
    /// Of a VPC: the names of its subnets.
    pub subnets: Vec<String>,
    /// Of a VPC: those of its subnets that have DHCP.
    pub served: Vec<String>,
    /// Of an attachment of an external: the address of the BGP neighbour.
    pub neighbour: Option<String>,
}

/// An object that another one names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// What is named, in the namespace of the object that names it.
    pub key: ObjectKey,
    /// The field that names it.
    pub path: String,
    /// The subnet of it that is meant, of a VPC.
    pub subnet: Option<String>,
}

impl Wants {
    /// What an object wants, with the digest of its spec; `None` for objects that are not of the twelve kinds.
    pub fn of(key: &ObjectKey, object: &Value) -> Option<Self> {
        let wants = Self::named(key, object)?;
        Some(Self { digest: digest(object.get("spec").unwrap_or(&Value::Null)), ..wants })
    }

    /// The same without the digest, which costs more than all the rest.
    ///
    /// References are those that the validating webhooks of githedgehog/fabric check; names that they default are defaulted
    /// here as well.
    pub fn named(key: &ObjectKey, object: &Value) -> Option<Self> {
        if !GROUPS.contains(&key.group.as_str()) {
            return None;
        }
        let null = Value::Null;
        let spec = object.get("spec").unwrap_or(&null);
        let mut wants = Reader { namespace: &key.namespace, wants: Self::default() };
        match key.kind.as_str() {
            "VPC" => wants.vpc(spec),
            "VPCAttachment" => {
                let named = text(spec, "/subnet");
                let (vpc, subnet) = named.split_once('/').unwrap_or((named, "default"));
                wants.refer(VPC, "VPC", vpc, ".spec.subnet");
                if let Some(last) = wants.wants.references.last_mut() {
                    last.subnet = Some(subnet.to_owned());
                }
                wants.refer(WIRING, "Connection", text(spec, "/connection"), ".spec.connection");
            }
            "VPCPeering" => {
                for (index, pair) in items(spec, "permit").enumerate() {
                    for vpc in pair.as_object().into_iter().flat_map(|pair| pair.keys()) {
                        wants.refer(VPC, "VPC", vpc, &format!(".spec.permit[{index}]"));
                    }
                }
            }
            "External" => wants.refer_or_default(VPC, "IPv4Namespace", spec, "ipv4Namespace"),
            "ExternalAttachment" => {
                wants.refer(VPC, "External", text(spec, "/external"), ".spec.external");
                wants.refer(WIRING, "Connection", text(spec, "/connection"), ".spec.connection");
                let address = text(spec, "/neighbor/ip").split('/').next().unwrap_or_default();
                wants.wants.neighbour = (!address.is_empty()).then(|| address.to_owned());
            }
            "ExternalPeering" => {
                wants.refer(VPC, "VPC", text(spec, "/permit/vpc/name"), ".spec.permit.vpc.name");
                wants.refer(VPC, "External", text(spec, "/permit/external/name"), ".spec.permit.external.name");
            }
            "Connection" => wants.connection(spec),
            "Switch" => {
                wants.refer(WIRING, "SwitchProfile", text(spec, "/profile"), ".spec.profile");
                for group in items(spec, "groups").filter_map(Value::as_str) {
                    wants.refer(WIRING, "SwitchGroup", group, ".spec.groups");
                }
                wants.refer(WIRING, "SwitchGroup", text(spec, "/redundancy/group"), ".spec.redundancy.group");
                for namespace in items(spec, "vlanNamespaces").filter_map(Value::as_str) {
                    wants.refer(WIRING, "VLANNamespace", namespace, ".spec.vlanNamespaces");
                }
            }
            _ => {}
        }
        Some(wants.wants)
    }

    /// The objects of a kind that it refers to.
    pub fn of_kind<'w>(&'w self, kind: &'w str) -> impl Iterator<Item = &'w str> {
        self.references
            .iter()
            .map(|reference| &*reference.key)
            .filter(move |key| key.kind == kind)
            .map(|key| &*key.name)
    }
}

/// Reads what an object of a namespace wants.
struct Reader<'o> {
    namespace: &'o str,
    wants: Wants,
}

impl Reader<'_> {
    fn vpc(&mut self, spec: &Value) {
        self.refer_or_default(VPC, "IPv4Namespace", spec, "ipv4Namespace");
        self.refer_or_default(WIRING, "VLANNamespace", spec, "vlanNamespace");
        for (name, subnet) in spec.get("subnets").and_then(Value::as_object).into_iter().flatten() {
            self.wants.subnets.push(name.clone());
            if subnet.pointer("/dhcp/enable").and_then(Value::as_bool) == Some(true) {
                self.wants.served.push(name.clone());
            }
        }
    }

    fn connection(&mut self, spec: &Value) {
        let variant = spec.as_object().and_then(|spec| spec.iter().find(|(_, value)| value.is_object()));
        let Some((variant, value)) = variant else { return };
        self.wants.variant.clone_from(variant);
        for (device, port) in super::ends(value) {
            self.wants.ends.push((device.to_owned(), port.to_owned()));
        }
        self.devices(value, &format!(".spec.{variant}"));
    }

    fn devices(&mut self, value: &Value, path: &str) {
        for (key, value) in value.as_object().into_iter().flatten() {
            let path = format!("{path}.{key}");
            for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                self.devices(item, &format!("{path}[{index}]"));
            }
            let device = text(value, "/port").split_once('/').map(|(device, _)| device);
            match device {
                Some(switch) if SWITCH_ENDS.contains(&key.as_str()) => {
                    self.refer(WIRING, "Switch", switch, &format!("{path}.port"));
                }
                Some(server) if key == "server" => self.refer(WIRING, "Server", server, &format!("{path}.port")),
                _ => self.devices(value, &path),
            }
        }
    }

    fn refer_or_default(&mut self, group: &'static str, kind: &'static str, spec: &Value, field: &str) {
        let name = spec.get(field).and_then(Value::as_str).filter(|name| !name.is_empty()).unwrap_or("default");
        self.refer(group, kind, name, &format!(".spec.{field}"));
    }

    fn refer(&mut self, group: &'static str, kind: &'static str, name: &str, path: &str) {
        let is_known = |known: &Reference| (&*known.key.kind, &*known.key.name) == (kind, name);
        let references = &mut self.wants.references;
        if !name.is_empty() && !references.iter().any(is_known) {
            let key = ObjectKey::new(group, kind, self.namespace, name);
            references.push(Reference { key, path: path.to_owned(), subnet: None });
        }
    }
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn items<'v>(value: &'v Value, field: &str) -> impl Iterator<Item = &'v Value> {
    value.get(field).and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::Wants;
    use crate::domain::drift::ObjectKey;
    use serde_json::{Value, json};

    fn wants(kind: &str, spec: &Value) -> Wants {
        let group = if matches!(kind, "Connection" | "Switch") { "wiring" } else { "vpc" };
        let key = ObjectKey::new(format!("{group}.githedgehog.com"), kind, "default", "a");
        Wants::of(&key, &json!({ "spec": spec })).unwrap()
    }

    fn named(wants: &Wants) -> Vec<String> {
        let named = wants.references.iter().map(|one| format!("{} {} {}", one.key.kind, one.key.name, one.path));
        named.collect()
    }

    #[test]
    fn references_are_those_that_the_webhooks_check() {
        let vpc =
            wants("VPC", &json!({ "vlanNamespace": "v", "subnets": { "a": { "dhcp": { "enable": true } }, "b": {} } }));
        assert_eq!(named(&vpc), ["IPv4Namespace default .spec.ipv4Namespace", "VLANNamespace v .spec.vlanNamespace"]);
        assert_eq!((vpc.subnets, vpc.served), (vec!["a".to_owned(), "b".to_owned()], vec!["a".to_owned()]));
        let attachment = wants("VPCAttachment", &json!({ "subnet": "x", "connection": "c" }));
        assert_eq!(named(&attachment), ["VPC x .spec.subnet", "Connection c .spec.connection"]);
        assert_eq!(attachment.references[0].subnet.as_deref(), Some("default"));
        let peering = wants("VPCPeering", &json!({ "permit": [{ "x": {}, "y": {} }] }));
        assert_eq!(named(&peering), ["VPC x .spec.permit[0]", "VPC y .spec.permit[0]"]);
        let switch = wants(
            "Switch",
            &json!({ "profile": "p", "groups": ["g"], "redundancy": { "group": "g" }, "vlanNamespaces": ["v"] }),
        );
        let expected =
            ["SwitchProfile p .spec.profile", "SwitchGroup g .spec.groups", "VLANNamespace v .spec.vlanNamespaces"];
        assert_eq!(named(&switch), expected);
    }

    #[test]
    fn a_connection_leads_from_port_to_port() {
        let links = json!([{ "switch": { "port": "leaf-1/E1/1" }, "server": { "port": "srv/eth0" } },
            { "switch": { "port": "leaf-2/E1/1" }, "server": { "port": "srv/eth1" } }]);
        let connection = wants("Connection", &json!({ "eslag": { "links": links } }));
        assert_eq!(connection.variant, "eslag");
        let expected = [
            "Server srv .spec.eslag.links[0].server.port",
            "Switch leaf-1 .spec.eslag.links[0].switch.port",
            "Switch leaf-2 .spec.eslag.links[1].switch.port",
        ];
        assert_eq!(named(&connection), expected);
        assert!(connection.ends.contains(&("leaf-2".to_owned(), "E1/1".to_owned())) && connection.ends.len() == 4);
        let gateway = json!({ "gateway": { "links": [{ "gateway": { "port": "gw/eth0" }, "switch": { "port": "leaf-1/E1/8" } }] } });
        assert_eq!(named(&wants("Connection", &gateway)), ["Switch leaf-1 .spec.gateway.links[0].switch.port"]);
    }

    #[test]
    fn other_kinds_want_nothing() {
        assert_eq!(Wants::of(&ObjectKey::new("apps", "Deployment", "default", "a"), &json!({ "spec": {} })), None);
    }
}
