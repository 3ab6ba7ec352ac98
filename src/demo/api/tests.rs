//! The API seen by the client it is made for.

use futures::{StreamExt, TryStreamExt};
use kube::api::{Api as KubeApi, ApiResource, DynamicObject, GroupVersionKind, ListParams, WatchEvent, WatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::discovery::Discovery;
use kube::{Client, Config, ResourceExt};
use serde_json::json;

use super::{Api, Behaviour, hedgehog_kinds};

fn vpc(name: &str, vlan: u32) -> serde_json::Value {
    json!({
        "apiVersion": "vpc.githedgehog.com/v1beta1", "kind": "VPC", "metadata": { "name": name },
        "spec": { "subnets": { "default": { "subnet": "10.0.1.0/24", "vlan": vlan } } },
    })
}

async fn client(api: &Api) -> Client {
    let kubeconfig = Kubeconfig::from_yaml(&api.kubeconfig("demo")).unwrap();
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    config.default_retry = false;
    Client::try_from(config).unwrap()
}

fn vpcs(client: Client) -> KubeApi<DynamicObject> {
    let kind = GroupVersionKind::gvk("vpc.githedgehog.com", "v1beta1", "VPC");
    KubeApi::all_with(client, &ApiResource::from_gvk_with_plural(&kind, "vpcs"))
}

#[tokio::test]
async fn both_forms_of_discovery_name_every_kind() {
    let api = Api::start(hedgehog_kinds()).unwrap();
    let client = client(&api).await;
    let aggregated = Discovery::new(client.clone()).run_aggregated().await.unwrap();
    let legacy = Discovery::new(client).run().await.unwrap();
    for discovery in [aggregated, legacy] {
        for kind in hedgehog_kinds() {
            let gvk = GroupVersionKind::gvk(&kind.group, &kind.version, &kind.kind);
            let (found, _) = discovery.resolve_gvk(&gvk).unwrap_or_else(|| panic!("{} is missing", kind.kind));
            assert_eq!(found.plural, kind.plural);
        }
        assert!(discovery.has_group("apiextensions.k8s.io"));
    }
}

#[tokio::test]
async fn generation_grows_with_the_spec_alone() {
    let api = Api::start(hedgehog_kinds()).unwrap();
    let client = vpcs(client(&api).await);
    api.put(vpc("a", 1)).unwrap();
    let first = client.list(&ListParams::default()).await.unwrap().items.remove(0);
    let mut labelled = vpc("a", 1);
    labelled["metadata"]["labels"] = json!({ "x": "y" });
    api.put(labelled).unwrap();
    let second = client.list(&ListParams::default()).await.unwrap().items.remove(0);
    api.put(vpc("a", 2)).unwrap();
    let third = client.list(&ListParams::default()).await.unwrap().items.remove(0);
    assert_eq!(
        [first.metadata.generation, second.metadata.generation, third.metadata.generation].map(Option::unwrap),
        [1, 1, 2]
    );
    assert_eq!(first.uid(), third.uid());
    assert_ne!(first.resource_version(), second.resource_version());
    assert_eq!(first.namespace().as_deref(), Some("default"));
}

#[tokio::test]
async fn a_watch_tells_what_happens_after_the_list_and_ends_in_time() {
    let api = Api::start(hedgehog_kinds()).unwrap();
    let client = vpcs(client(&api).await);
    api.put(vpc("a", 1)).unwrap();
    let version = client.list(&ListParams::default()).await.unwrap().metadata.resource_version.unwrap();
    api.put(vpc("b", 1)).unwrap();
    api.put(vpc("a", 2)).unwrap();
    api.put(vpc("a", 2)).unwrap();
    assert!(api.delete("VPC", "default", "b"));
    assert!(!api.delete("VPC", "default", "b"));
    let watch = client.watch(&WatchParams::default().timeout(1), &version).await.unwrap();
    let seen: Vec<String> = watch
        .map_ok(|event| match event {
            WatchEvent::Added(object) => format!("+{}", object.name_any()),
            WatchEvent::Modified(object) => format!("~{}", object.name_any()),
            WatchEvent::Deleted(object) => format!("-{}", object.name_any()),
            WatchEvent::Bookmark(_) => "bookmark".to_owned(),
            WatchEvent::Error(status) => status.message,
        })
        .try_collect()
        .await
        .unwrap();
    assert_eq!(seen, ["+b", "~a", "-b", "bookmark"]);
}

#[tokio::test]
async fn another_behaviour_ends_the_watches_that_run() {
    let api = Api::start(hedgehog_kinds()).unwrap();
    let client = vpcs(client(&api).await);
    let watch = client.watch(&WatchParams::default().timeout(200), "100000").await.unwrap();
    api.behave(Behaviour::Unauthorized);
    assert_eq!(watch.count().await, 0);
    let refused = client.list(&ListParams::default()).await.unwrap_err();
    assert!(matches!(refused, kube::Error::Api(status) if status.code == 401));
}

#[tokio::test]
async fn a_kind_that_is_not_served_is_refused() {
    let api = Api::start(hedgehog_kinds()).unwrap();
    let fault = api.put(json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "a" } })).unwrap_err();
    assert!(fault.to_string().contains("v1 Pod a: the kind is not served"), "{fault}");
}
