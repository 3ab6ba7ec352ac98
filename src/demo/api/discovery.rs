//! Discovery documents, in the aggregated form (Kubernetes 1.26) and the older one of a request per group.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::kinds::short_names;
use super::store::api_version;
use crate::domain::cluster::Kind;

const VERBS: [&str; 3] = ["get", "list", "watch"];

/// `/api` (core group alone) or `/apis` (the others), aggregated; `version` is `v2` or `v2beta1`.
pub(super) fn aggregated(kinds: &[Kind], core: bool, version: &str) -> Value {
    let items: Vec<Value> = groups(kinds)
        .into_iter()
        .filter(|(group, _)| group.is_empty() == core)
        .map(|(group, versions)| {
            let versions: Vec<Value> = versions
                .into_iter()
                .map(|(version, kinds)| {
                    let resources: Vec<Value> = kinds.into_iter().map(aggregated_resource).collect();
                    json!({ "version": version, "resources": resources, "freshness": "Current" })
                })
                .collect();
            json!({ "metadata": { "name": group }, "versions": versions })
        })
        .collect();
    json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": format!("apidiscovery.k8s.io/{version}"),
        "metadata": {},
        "items": items,
    })
}

fn aggregated_resource(kind: &Kind) -> Value {
    json!({
        "resource": kind.plural,
        "responseKind": { "group": kind.group, "version": kind.version, "kind": kind.kind },
        "scope": if kind.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": kind.kind.to_lowercase(),
        "shortNames": short_names(kind),
        "verbs": VERBS,
    })
}

/// `/api` in the older form.
pub(super) fn core_versions() -> Value {
    json!({ "kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [] })
}

/// `/apis` in the older form.
pub(super) fn group_list(kinds: &[Kind]) -> Value {
    let groups: Vec<Value> = groups(kinds)
        .into_iter()
        .filter(|(group, _)| !group.is_empty())
        .map(|(group, versions)| group_document(group, versions.keys().copied()))
        .collect();
    json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups })
}

/// `/apis/GROUP`; `None` when no kind is of that group.
pub(super) fn group(kinds: &[Kind], group: &str) -> Option<Value> {
    let versions = groups(kinds).remove(group)?;
    let mut document = group_document(group, versions.keys().copied());
    document["kind"] = "APIGroup".into();
    document["apiVersion"] = "v1".into();
    Some(document)
}

fn group_document<'a>(group: &str, versions: impl Iterator<Item = &'a str>) -> Value {
    let versions: Vec<Value> =
        versions.map(|version| json!({ "groupVersion": format!("{group}/{version}"), "version": version })).collect();
    json!({ "name": group, "preferredVersion": versions.first(), "versions": versions })
}

/// `/api/v1` or `/apis/GROUP/VERSION`; `None` when no kind is of that version. The core group always has its `v1`.
pub(super) fn resources(kinds: &[Kind], group: &str, version: &str) -> Option<Value> {
    let found: Vec<&Kind> = kinds.iter().filter(|kind| kind.group == group && kind.version == version).collect();
    let group_version = match found.first() {
        Some(kind) => api_version(kind),
        None if group.is_empty() && version == "v1" => "v1".to_owned(),
        None => return None,
    };
    let resources: Vec<Value> = found
        .into_iter()
        .map(|kind| {
            json!({
                "name": kind.plural, "singularName": kind.kind.to_lowercase(), "namespaced": kind.namespaced,
                "kind": kind.kind, "verbs": VERBS, "shortNames": short_names(kind),
            })
        })
        .collect();
    Some(
        json!({ "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources }),
    )
}

/// Kinds by group and version.
fn groups(kinds: &[Kind]) -> BTreeMap<&str, BTreeMap<&str, Vec<&Kind>>> {
    let mut groups: BTreeMap<&str, BTreeMap<&str, Vec<&Kind>>> = BTreeMap::new();
    for kind in kinds {
        groups.entry(&kind.group).or_default().entry(&kind.version).or_default().push(kind);
    }
    groups
}
