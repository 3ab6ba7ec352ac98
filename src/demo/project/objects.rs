//! The live side of the fabric: what GitOps applied, as the webhooks left it, and what the cluster runs by itself.
//!
//! Defaults and labels are those of githedgehog/fabric's mutating webhooks, as far as the bundled objects need them.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::demo::api::hedgehog_kinds;
use crate::domain::cluster::Kind;
use crate::domain::fault::Fault;

/// Directory of fabric-1's desired state, relative to the repository.
const MANAGED: &str = "gitops/hedgehog/fabric-1/managed/";

/// Files that are in git and that the cluster does not have yet.
const NOT_LIVE: [&str; 2] =
    [super::tree::DRAFT, "gitops/hedgehog/fabric-1/managed/vpcpeerings/vpc-app--vpc-storage.yaml"];

/// Field manager of whatever GitOps applies.
const GITOPS: &str = "argocd-controller";

/// Kinds that the demo's API serves.
pub fn kinds() -> Vec<Kind> {
    let kind = |group: &str, version: &str, kind: &str, plural: &str| Kind {
        group: group.to_owned(),
        version: version.to_owned(),
        kind: kind.to_owned(),
        plural: plural.to_owned(),
        namespaced: kind != "Namespace",
    };
    let mut kinds = vec![
        kind("", "v1", "Namespace", "namespaces"),
        kind("apps", "v1", "Deployment", "deployments"),
        kind("argoproj.io", "v1alpha1", "Application", "applications"),
    ];
    kinds.extend(hedgehog_kinds());
    kinds
}

/// Every object that is live when a round begins.
pub fn seed(now: Timestamp) -> Result<Vec<Value>, Fault> {
    let mut objects = own(now);
    for (path, text) in super::tree::files() {
        if path.starts_with(MANAGED) && !NOT_LIVE.contains(&path) {
            objects.push(admit(manifest(Path::new(path), text)?, now));
        }
    }
    let agents: Vec<Value> = objects.iter().filter_map(|agent| instruct(agent, &objects)).collect();
    for agent in agents {
        objects.retain(|object| object["kind"] != "Agent" || object["metadata"]["name"] != agent["metadata"]["name"]);
        objects.push(agent);
    }
    Ok(objects)
}

/// What the fabric's controller makes of an Agent: it holds the specs of whatever concerns its switch. `None` when it holds them
/// already, and for what is no Agent.
pub fn instruct(agent: &Value, objects: &[Value]) -> Option<Value> {
    if agent["kind"] != "Agent" {
        return None;
    }
    let name = agent["metadata"]["name"].as_str()?;
    let of = |kind: &'static str| objects.iter().filter(move |object| object["kind"] == kind);
    let port = format!("\"{name}/");
    let connections: Vec<&Value> =
        of("Connection").filter(|object| object["spec"].to_string().contains(&port)).collect();
    let is_here = |object: &&Value| {
        connections.iter().any(|connection| connection["metadata"]["name"] == object["spec"]["connection"])
    };
    let attachments: Vec<&Value> = of("VPCAttachment").filter(is_here).collect();
    let is_attached = |vpc: &str| {
        let subnets = attachments.iter().filter_map(|attachment| attachment["spec"]["subnet"].as_str());
        subnets.into_iter().any(|subnet| subnet.split('/').next() == Some(vpc))
    };
    let vpcs = of("VPC").filter(|vpc| vpc["metadata"]["name"].as_str().is_some_and(is_attached)).collect();
    let is_between = |object: &&Value| {
        let pairs = object["spec"]["permit"].as_array().into_iter().flatten().filter_map(Value::as_object);
        pairs.into_iter().flat_map(|pair| pair.keys()).any(|vpc| is_attached(vpc))
    };
    let peerings = of("VPCPeering").filter(is_between).collect();
    let mut spec = json!({"role": agent["spec"]["role"]});
    for (field, found) in [
        ("connections", connections.clone()),
        ("ipv4Namespaces", of("IPv4Namespace").collect()),
        ("vlanNamespaces", of("VLANNamespace").collect()),
        ("vpcAttachments", attachments.clone()),
        ("vpcPeers", peerings),
        ("vpcs", vpcs),
    ] {
        for object in found {
            if let Some(name) = object["metadata"]["name"].as_str() {
                spec[field][name] = object["spec"].clone();
            }
        }
    }
    if agent["spec"] == spec {
        return None;
    }
    let mut instructed = agent.clone();
    instructed["spec"] = spec;
    Some(instructed)
}

/// The same Agent a generation later. One that keeps up applies it at once.
pub fn advance(agent: &mut Value, now: Timestamp) {
    let generation = agent["metadata"]["generation"].as_i64().unwrap_or(1);
    let keeps_up = agent["status"]["lastAppliedGen"].as_i64() == Some(generation);
    agent["metadata"]["generation"] = json!(generation + 1);
    agent["status"]["lastAttemptGen"] = json!(generation + 1);
    if keeps_up {
        agent["status"]["lastAttemptTime"] = json!(time(now));
        agent["status"]["lastAppliedTime"] = json!(time(now));
        agent["status"]["lastAppliedGen"] = json!(generation + 1);
    }
}

/// Reads a file that holds one object.
pub fn manifest(path: &Path, text: &str) -> Result<Value, Fault> {
    serde_saphyr::from_str(text)
        .map_err(|error| Fault::new("reading", path.display(), error, "restore the file and wait for the next round"))
}

/// What the API server makes of an object that GitOps applies: the webhooks' defaults and labels, and the owner of
/// each field.
pub fn admit(mut object: Value, now: Timestamp) -> Value {
    let fields = json!({"f:spec": field_set(&object["spec"])});
    object["metadata"]["namespace"] = json!("default");
    object["metadata"]["managedFields"] = json!([owner(&object, GITOPS, "Apply", now, &fields)]);
    let labels = labels(&object);
    if !labels.is_empty() {
        object["metadata"]["labels"] = Value::Object(labels);
    }
    default_spec(&mut object);
    object["status"] = json!({});
    object
}

/// Changes one field the way `kubectl edit` does. False when there is no such field.
pub fn alter(object: &mut Value, pointer: &str, value: Value, now: Timestamp) -> bool {
    let Some(field) = object.pointer_mut(pointer) else { return false };
    *field = value;
    let path = pointer.split('/').skip(1).collect::<Vec<_>>();
    let fields = path.iter().rev().fold(json!({}), |below, key| json!({ format!("f:{key}"): below }));
    let entry = owner(object, "kubectl-edit", "Update", now, &fields);
    if let Some(managed) = object.pointer_mut("/metadata/managedFields").and_then(Value::as_array_mut) {
        managed.push(entry);
    }
    true
}

/// The moment of an Agent's last sign of life.
pub fn heartbeat(object: &mut Value, now: Timestamp) {
    object["status"]["lastHeartbeat"] = json!(time(now));
}

fn owner(object: &Value, manager: &str, operation: &str, now: Timestamp, fields: &Value) -> Value {
    json!({
        "manager": manager,
        "operation": operation,
        "apiVersion": object["apiVersion"],
        "time": time(now),
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    })
}

/// The set of fields of a value as `managedFields` writes it; lists count as one field.
fn field_set(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            map.iter().map(|(key, value)| (format!("f:{key}"), field_set(value))).collect::<Map<_, _>>().into()
        }
        _ => json!({}),
    }
}

fn labels(object: &Value) -> Map<String, Value> {
    let mut labels = Map::new();
    let mut put = |key: &str, value: &str| {
        labels.insert(format!("fabric.githedgehog.com/{key}"), json!(value));
    };
    let spec = &object["spec"];
    match object["kind"].as_str().unwrap_or_default() {
        "Connection" => {
            let variant = spec.as_object().and_then(|spec| spec.keys().next());
            put("connection-type", variant.map_or("", String::as_str));
        }
        "Switch" => put("profile", spec["profile"].as_str().unwrap_or_default()),
        "VPC" => {
            put("ipv4ns", "default");
            put("vlanns", "default");
        }
        "VPCAttachment" => {
            let (vpc, subnet) = spec["subnet"].as_str().and_then(|name| name.split_once('/')).unwrap_or_default();
            put("connection", spec["connection"].as_str().unwrap_or_default());
            put("vpc", vpc);
            put("subnet", subnet);
        }
        _ => {}
    }
    labels
}

fn default_spec(object: &mut Value) {
    let kind = object["kind"].as_str().unwrap_or_default().to_owned();
    let spec = &mut object["spec"];
    match kind.as_str() {
        "VPC" => {
            for subnet in spec["subnets"].as_object_mut().into_iter().flat_map(Map::values_mut) {
                let network =
                    subnet["subnet"].as_str().and_then(|text| text.rsplit_once('.')).map(|(net, _)| net.to_owned());
                let Some(network) = network else { continue };
                subnet["gateway"] = json!(format!("{network}.1"));
                if subnet["dhcp"]["enable"] == json!(true) {
                    subnet["dhcp"]["range"] = json!({"start": format!("{network}.2"), "end": format!("{network}.254")});
                    subnet["dhcp"]["options"] = json!({"interfaceMTU": 9036, "leaseTimeSeconds": 3600});
                } else {
                    subnet["dhcp"] = json!({});
                }
            }
        }
        "Switch" => {
            spec["vlanNamespaces"] = json!(["default"]);
            spec["linkFlapErrDisable"] = json!({"flapThreshold": 3, "recoveryInterval": 300, "samplingInterval": 30});
            spec["ecmp"] = json!({});
            if spec["redundancy"].is_null() {
                spec["redundancy"] = json!({});
            }
        }
        _ => {}
    }
}

/// What the cluster runs by itself: the switches' agents, the control plane, and the GitOps application.
fn own(now: Timestamp) -> Vec<Value> {
    let namespaces = ["default", "fab", "argocd", "netbox"].map(|name| {
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}, "status": {"phase": "Active"}})
    });
    let mut objects = Vec::from(namespaces);
    objects.push(agent("spine-01", 7, 7, true, now));
    objects.push(agent("leaf-01", 12, 12, true, now));
    // Its last change could not be applied, so it is a generation behind.
    objects.push(agent("leaf-02", 12, 11, false, now));
    objects.push(json!({"apiVersion": "wiring.githedgehog.com/v1beta1", "kind": "SwitchGroup",
        "metadata": {"name": "eslag-1", "namespace": "default"}, "spec": {}, "status": {}}));
    objects.push(deployment("fab", "fabric-ctrl", 1, 1));
    // Given up.
    objects.push(deployment("fab", "fabric-dhcpd", 1, 0));
    objects.push(deployment("netbox", "netbox", 2, 2));
    // Still rolling out.
    objects.push(deployment("netbox", "netbox-worker", 3, 2));
    objects.push(application(now));
    objects
}

fn agent(name: &str, generation: i64, applied: i64, good: bool, now: Timestamp) -> Value {
    let condition = if good {
        json!({"type": "Applied", "status": "True", "reason": "ApplySucceeded",
            "message": format!("Config applied, gen {applied}"), "lastTransitionTime": before(now, 5_400)})
    } else {
        json!({"type": "Applied", "status": "False", "reason": "ApplyFailed",
            "message": "port E1/49: breakout 4x25G is not supported by profile dell-s5248f-on",
            "lastTransitionTime": before(now, 1_260)})
    };
    json!({
        "apiVersion": "agent.githedgehog.com/v1beta1",
        "kind": "Agent",
        "metadata": {"name": name, "namespace": "default", "generation": generation},
        "spec": {"role": if name.starts_with("spine") { "spine" } else { "server-leaf" }},
        "status": {
            "version": "v0.99.0",
            "lastHeartbeat": time(now),
            "lastAttemptGen": generation,
            "lastAttemptTime": before(now, 40),
            "lastAppliedGen": applied,
            "lastAppliedTime": before(now, 5_400),
            "conditions": [condition],
        },
    })
}

fn deployment(namespace: &str, name: &str, replicas: i64, ready: i64) -> Value {
    let (available, progressing) = match ready {
        0 => (("False", "MinimumReplicasUnavailable"), ("False", "ProgressDeadlineExceeded")),
        _ if ready < replicas => (("True", "MinimumReplicasAvailable"), ("True", "ReplicaSetUpdated")),
        _ => (("True", "MinimumReplicasAvailable"), ("True", "NewReplicaSetAvailable")),
    };
    let condition =
        |kind: &str, (status, reason): (&str, &str)| json!({"type": kind, "status": status, "reason": reason});
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "generation": 4},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": name, "image": format!("registry.hnp.invalid/{name}:v0.9")}]}},
        },
        "status": {
            "observedGeneration": 4,
            "replicas": replicas,
            "updatedReplicas": ready,
            "readyReplicas": ready,
            "availableReplicas": ready,
            "unavailableReplicas": replicas - ready,
            "conditions": [condition("Available", available), condition("Progressing", progressing)],
        },
    })
}

fn application(now: Timestamp) -> Value {
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "fabric-1", "namespace": "argocd"},
        "spec": {"project": "default", "source": {"path": "gitops/hedgehog/fabric-1", "targetRevision": "main"}},
        "status": {
            "sync": {"status": "OutOfSync"},
            "health": {"status": "Healthy"},
            "reconciledAt": before(now, 55),
            "operationState": {"phase": "Succeeded", "message": "successfully synced"},
        },
    })
}

/// RFC 3339 in whole seconds, as Kubernetes writes times.
fn time(at: Timestamp) -> String {
    format!("{at:.0}")
}

fn before(now: Timestamp, seconds: i64) -> String {
    time(now - SignedDuration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use jiff::Timestamp;
    use serde_json::json;

    use super::{admit, advance, alter, instruct, kinds, manifest, seed};

    fn vpc() -> serde_json::Value {
        let text = super::super::text_of("gitops/hedgehog/fabric-1/managed/vpcs/vpc-ml.yaml").unwrap();
        admit(manifest(Path::new("vpc-ml.yaml"), text).unwrap(), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn admission_adds_what_git_leaves_out_and_changes_nothing_else() {
        let live = vpc();
        assert_eq!(live["spec"]["subnets"]["gpu"]["vlan"], 1012);
        assert_eq!(live["spec"]["subnets"]["gpu"]["gateway"], "10.10.2.1");
        assert_eq!(live["spec"]["subnets"]["gpu"]["dhcp"]["range"]["end"], "10.10.2.254");
        assert_eq!(live["metadata"]["namespace"], "default");
        assert_eq!(
            live["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]["f:subnets"]["f:gpu"]["f:vlan"],
            json!({})
        );
    }

    #[test]
    fn an_agent_is_given_what_concerns_its_switch() {
        let objects = seed(Timestamp::UNIX_EPOCH).unwrap();
        let agent = objects.iter().find(|object| object["kind"] == "Agent" && object["metadata"]["name"] == "leaf-01");
        let mut agent = agent.unwrap().clone();
        assert!(
            agent["spec"]["vpcs"]["vpc-ml"]["subnets"]["gpu"].is_object() && agent["spec"]["vpcs"]["vpc-dr"].is_null()
        );
        assert_eq!(instruct(&agent, &objects), None, "it has it all");
        advance(&mut agent, Timestamp::UNIX_EPOCH);
        assert_eq!((&agent["metadata"]["generation"], &agent["status"]["lastAppliedGen"]), (&json!(13), &json!(13)));
    }

    #[test]
    fn a_change_by_hand_names_its_manager() {
        let mut live = vpc();
        assert!(alter(&mut live, "/spec/subnets/gpu/vlan", json!(1042), Timestamp::UNIX_EPOCH));
        assert!(!alter(&mut live, "/spec/no/such", json!(1), Timestamp::UNIX_EPOCH));
        assert_eq!(live["spec"]["subnets"]["gpu"]["vlan"], 1042);
        assert_eq!(live["metadata"]["managedFields"][1]["manager"], "kubectl-edit");
    }

    #[test]
    fn every_live_object_is_of_a_kind_that_is_served() {
        let kinds = kinds();
        let objects = seed(Timestamp::UNIX_EPOCH).unwrap();
        assert!(objects.len() >= 28, "{}", objects.len());
        for object in objects {
            let served = kinds.iter().any(|kind| {
                let version = if kind.group.is_empty() {
                    kind.version.clone()
                } else {
                    format!("{}/{}", kind.group, kind.version)
                };
                object["kind"] == kind.kind.as_str() && object["apiVersion"] == version.as_str()
            });
            assert!(served, "{object}");
        }
    }
}
