//! Objects as they are compared: without what the server, controllers and tools write, and in one spelling.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Prefixes of annotations that tools write into git or onto live objects.
const TOOL_ANNOTATIONS: [&str; 4] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    "argocd.argoproj.io/",
    "hnp.githedgehog.com/",
    "deployment.kubernetes.io/revision",
];

/// Label that GitOps tools set to mark their own.
const TRACKING_LABEL: &str = "app.kubernetes.io/instance";

/// Hedgehog's webhooks delete every label whose key holds this and derive them anew.
const DERIVED_LABEL: &str = "fabric.githedgehog.com/";

/// Domain of Hedgehog's groups.
const HEDGEHOG: &str = "githedgehog.com";

/// Lists in which the order says nothing: the kind and the end of the path. Hedgehog's webhooks sort them.
const SETS: [(&str, &str); 9] = [
    ("Switch", "spec.groups"),
    ("Switch", "spec.vlanNamespaces"),
    ("IPv4Namespace", "spec.subnets"),
    ("ExternalPeering", "permit.vpc.subnets"),
    ("ExternalPeering", "permit.external.prefixes"),
    ("VPC", "dnsServers"),
    ("VPC", "timeServers"),
    ("VPC", "advertisedRoutes"),
    ("ServiceAccount", "imagePullSecrets"),
];

/// Fields that Hedgehog's webhooks fill in where they are zero, stated or not: the kind and the end of the path.
const FILLED_IN: [(&str, &str); 12] = [
    ("VPC", "spec.ipv4Namespace"),
    ("VPC", "spec.vlanNamespace"),
    ("VPC", "gateway"),
    ("VPC", "range.start"),
    ("VPC", "range.end"),
    ("VPC", "options.interfaceMTU"),
    ("VPC", "options.leaseTimeSeconds"),
    ("External", "spec.ipv4Namespace"),
    ("Switch", "spec.vlanNamespaces"),
    ("Switch", "linkFlapErrDisable.flapThreshold"),
    ("Switch", "linkFlapErrDisable.recoveryInterval"),
    ("Switch", "linkFlapErrDisable.samplingInterval"),
];

/// True for kinds of which some fields are filled in where they are zero.
pub(super) fn has_filled_in(group: &str, kind: &str) -> bool {
    group.ends_with(HEDGEHOG) && FILLED_IN.iter().any(|(of, _)| *of == kind)
}

/// True for fields of which a zero asks for nothing, as if it were not there.
pub(super) fn is_filled_in(kind: &str, path: &str) -> bool {
    FILLED_IN.iter().any(|(of, end)| *of == kind && path.ends_with(end))
}

/// True for lists that are compared without regard to order. Of most kinds there is none, and nobody need write the path.
pub(super) fn is_set(kind: &str, path: impl FnOnce() -> String) -> bool {
    let mut ends = SETS.iter().filter(|(of, _)| *of == kind).peekable();
    ends.peek().is_some() && {
        let path = path();
        ends.any(|(_, end)| path.ends_with(end))
    }
}

/// The part of an object that somebody wants: everything but `status` and what the server, Hedgehog's webhooks and GitOps
/// tools write; of the metadata only labels and annotations. What needs no other spelling is borrowed.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Normal<'a> {
    fields: BTreeMap<&'a str, Cow<'a, Value>>,
}

impl Normal<'_> {
    /// A field of the object's own.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name).map(AsRef::as_ref)
    }

    /// Its fields, sorted by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.fields.iter().map(|(name, value)| (*name, value.as_ref()))
    }
}

/// The part of an object of this group and kind that somebody wants.
pub(super) fn normal<'a>(group: &str, kind: &str, object: &'a Value) -> Normal<'a> {
    let mut normal = Normal::default();
    for (name, value) in object.as_object().into_iter().flatten() {
        let value = match name.as_str() {
            "apiVersion" | "kind" | "status" | "stringData" => continue,
            "metadata" => {
                let metadata = normal_metadata(value);
                if metadata.is_empty() {
                    continue;
                }
                Cow::Owned(metadata.into())
            }
            // A controller fills these in from other roles.
            "rules" if kind == "ClusterRole" && object.get("aggregationRule").is_some() => continue,
            "spec" if group.ends_with(HEDGEHOG) && is_rewritten(kind, value) => {
                let mut spec = value.clone();
                normal_hedgehog(kind, &mut spec);
                Cow::Owned(spec)
            }
            _ => Cow::Borrowed(value),
        };
        normal.fields.insert(name, value);
    }
    if let Some(text) = object.get("stringData") {
        if group.is_empty() && kind == "Secret" {
            let data = merge_string_data(object.get("data"), text);
            normal.fields.insert("data", Cow::Owned(data));
        } else {
            normal.fields.insert("stringData", Cow::Borrowed(text));
        }
    }
    normal
}

pub(super) fn normal_metadata(metadata: &Value) -> Map<String, Value> {
    let texts = |field: &str| metadata.get(field).and_then(Value::as_object).cloned().unwrap_or_default();
    let (mut labels, mut annotations) = (texts("labels"), texts("annotations"));
    labels.retain(|key, _| !key.contains(DERIVED_LABEL) && key != TRACKING_LABEL);
    annotations.retain(|key, _| !TOOL_ANNOTATIONS.iter().any(|prefix| key.starts_with(prefix)));
    let mut normal = Map::new();
    for (field, texts) in [("labels", labels), ("annotations", annotations)] {
        if !texts.is_empty() {
            normal.insert(field.to_owned(), texts.into());
        }
    }
    normal
}

/// `stringData` wins over `data`, as the server merges it.
fn merge_string_data(data: Option<&Value>, text: &Value) -> Value {
    let mut data = data.and_then(Value::as_object).cloned().unwrap_or_default();
    for (key, value) in text.as_object().into_iter().flatten() {
        data.insert(key.clone(), base64(value.as_str().unwrap_or_default().as_bytes()).into());
    }
    data.into()
}

/// Base64 with padding (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for position in 0..4 {
            let index = (group >> (18 - 6 * position)) as usize & 63;
            text.push(if position <= chunk.len() { char::from(ALPHABET[index]) } else { '=' });
        }
    }
    text
}

/// True when [`normal_hedgehog`] changes a spec.
fn is_rewritten(kind: &str, spec: &Value) -> bool {
    let fields = |field: &str| spec.get(field).and_then(Value::as_object).into_iter().flat_map(Map::values);
    match kind {
        "VPCAttachment" => spec.get("subnet").and_then(Value::as_str).is_some_and(|subnet| !subnet.contains('/')),
        "Switch" => {
            let is_long = |speed: &Value| speed.as_str().is_some_and(|speed| speed.starts_with("SPEED_"));
            spec.pointer("/redundancy/group").is_some_and(|group| group != "")
                || fields("portGroupSpeeds").chain(fields("portSpeeds")).any(is_long)
        }
        "VPC" => fields("subnets").any(|subnet| subnet.pointer("/dhcp/static").is_some()),
        _ => false,
    }
}

/// Spellings that Hedgehog's webhooks rewrite (`Default()` of the API types in githedgehog/fabric).
fn normal_hedgehog(kind: &str, spec: &mut Value) {
    match kind {
        "VPCAttachment" => {
            if let Some(Value::String(subnet)) = spec.get_mut("subnet")
                && !subnet.contains('/')
            {
                subnet.push_str("/default");
            }
        }
        "Switch" => {
            // The redundancy group is one of the switch's groups.
            if let Some(group) = spec.pointer("/redundancy/group").filter(|group| *group != "").cloned()
                && let Some(spec) = spec.as_object_mut()
                && let Some(groups) = spec.entry("groups").or_insert_with(|| Value::Array(Vec::new())).as_array_mut()
                && !groups.contains(&group)
            {
                groups.push(group);
            }
            for field in ["portGroupSpeeds", "portSpeeds"] {
                for speed in spec.get_mut(field).and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
                    if let Some(short) = speed.as_str().and_then(|speed| speed.strip_prefix("SPEED_")) {
                        *speed = short.into();
                    }
                }
            }
        }
        "VPC" => {
            for subnet in spec.get_mut("subnets").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
                if let Some(Value::Object(hosts)) = subnet.pointer_mut("/dhcp/static") {
                    *hosts = std::mem::take(hosts).into_iter().map(|(mac, host)| (mac.to_lowercase(), host)).collect();
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::base64;
    use serde_json::{Value, json};

    fn normal(object: &Value) -> Value {
        let version = object["apiVersion"].as_str().unwrap();
        let group = version.rsplit_once('/').map_or("", |(group, _)| group);
        let normal = super::normal(group, object["kind"].as_str().unwrap(), object);
        normal.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect::<serde_json::Map<_, _>>().into()
    }

    #[test]
    fn only_what_somebody_wants_is_left() {
        let object = json!({
            "apiVersion": "vpc.githedgehog.com/v1beta1", "kind": "VPC", "status": {},
            "metadata": { "name": "a", "uid": "1", "generation": 4, "namespace": "default",
                "labels": { "fabric.githedgehog.com/ipv4ns": "default", "team": "x" },
                "annotations": { "hnp.githedgehog.com/last-synced": "now" } },
            "spec": { "subnets": { "d": { "dhcp": { "static": { "0C:20": { "ip": "10.0.0.1" } } } } } },
        });
        let wanted = json!({
            "metadata": { "labels": { "team": "x" } },
            "spec": { "subnets": { "d": { "dhcp": { "static": { "0c:20": { "ip": "10.0.0.1" } } } } } },
        });
        assert_eq!(normal(&object), wanted);
    }

    #[test]
    fn rules_that_a_controller_aggregates_are_nobodys() {
        let role = json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "aggregationRule": { "x": 1 }, "rules": [{ "verbs": ["*"] }] });
        assert_eq!(normal(&role), json!({ "aggregationRule": { "x": 1 } }));
    }

    #[test]
    fn text_of_a_secret_is_merged_into_its_data() {
        let object =
            json!({ "apiVersion": "v1", "kind": "Secret", "data": { "a": "eA==" }, "stringData": { "b": "hello" } });
        assert_eq!(normal(&object), json!({ "data": { "a": "eA==", "b": "aGVsbG8=" } }));
    }

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (plain, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")] {
            assert_eq!(base64(plain.as_bytes()), text);
        }
    }

    #[test]
    fn shorthands_are_written_out() {
        let attachment =
            json!({ "apiVersion": "vpc.githedgehog.com/v1beta1", "kind": "VPCAttachment", "spec": { "subnet": "v" } });
        assert_eq!(normal(&attachment)["spec"]["subnet"], "v/default");
        let switch = json!({ "apiVersion": "wiring.githedgehog.com/v1beta1", "kind": "Switch",
            "spec": { "portSpeeds": { "E1/1": "SPEED_25G" } } });
        assert_eq!(normal(&switch)["spec"]["portSpeeds"]["E1/1"], "25G");
    }
}
