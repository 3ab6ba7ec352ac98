//! Health as the screen gets it: derived from Agents, and turned by news of them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{start, vpc};
use crate::demo::api::{Api, hedgehog_kinds};
use crate::domain::cluster::ClusterView;
use crate::domain::health::{Health, HealthState};

fn object(group: &str, kind: &str, name: &str, spec: &Value) -> Value {
    json!({ "apiVersion": format!("{group}.githedgehog.com/v1beta1"), "kind": kind,
        "metadata": { "name": name, "namespace": "default" }, "spec": spec })
}

fn agent(vlan: u32, applied: i64) -> Value {
    let mut agent = object("agent", "Agent", "leaf-1", &json!({ "vpcs": { "a": vpc("a", vlan)["spec"] } }));
    agent["status"] = json!({ "lastAppliedGen": applied, "lastHeartbeat": Timestamp::now().to_string() });
    agent
}

fn health_of<'v>(view: &'v ClusterView, name: &str) -> Option<&'v Health> {
    view.objects.iter().find(|row| row.name == name).map(|row| &row.health)
}

#[tokio::test]
async fn an_object_without_a_status_is_what_its_switches_say() {
    let api = Api::start(hedgehog_kinds()).unwrap();
    for object in [
        object("vpc", "IPv4Namespace", "default", &json!({})),
        object("wiring", "VLANNamespace", "default", &json!({})),
        vpc("a", 1),
        agent(1, 1),
    ] {
        api.put(object).unwrap();
    }
    let mut running = start(&api.kubeconfig("test"));
    let is = |view: &ClusterView, state: HealthState, reason: &str| {
        health_of(view, "a").is_some_and(|health| health.state == state && health.reason.starts_with(reason))
    };
    running.view(|view| is(view, HealthState::Healthy, "live on leaf-1")).await;
    api.put(vpc("a", 2)).unwrap();
    running.view(|view| is(view, HealthState::Progressing, "pending: leaf-1 has another version")).await;
    // The controller hands it on, and the switch is a generation behind.
    api.put(agent(2, 1)).unwrap();
    running.view(|view| is(view, HealthState::Progressing, "applied: leaf-1 is at generation 1 of 2")).await;
    api.delete("IPv4Namespace", "default", "default");
    running.view(|view| is(view, HealthState::Degraded, "stuck: IPv4Namespace default does not exist")).await;
}
