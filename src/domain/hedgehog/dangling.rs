//! References of manifests to objects that are neither in git nor in the cluster: the webhooks would refuse them.

use std::collections::BTreeMap;

use super::{Wants, is_listed};
use crate::domain::cluster::{Kind, LiveSet};
use crate::domain::drift::{Finding, ObjectKey, Severity};
use crate::domain::manifest::Manifest;

/// A finding for every reference to nothing. What the cluster does not tell is not missed.
pub fn dangling(manifests: &[Manifest], live: &LiveSet) -> Vec<Finding> {
    let wanted: Vec<(&Manifest, Wants)> = manifests
        .iter()
        .filter_map(|manifest| {
            let kind = Kind {
                group: manifest.group.clone(),
                version: manifest.version.clone(),
                kind: manifest.kind.clone(),
                plural: String::new(),
                namespaced: true,
            };
            Some((manifest, Wants::of(&kind, &manifest.value)?))
        })
        .collect();
    let stated: BTreeMap<ObjectKey, &Wants> = wanted.iter().map(|(manifest, wants)| (manifest.key(), wants)).collect();
    let mut findings = Vec::new();
    for (manifest, wants) in &wanted {
        let namespace = manifest.key().namespace;
        for reference in &wants.references {
            let key = reference.key(&namespace);
            let at_hand = live.objects.get(&key).and_then(|object| object.wants.as_deref());
            let what = match (stated.get(&key).copied().or(at_hand), &reference.subnet) {
                (Some(target), Some(subnet)) if !target.subnets.contains(subnet) => format!("has no subnet {subnet}"),
                (Some(_), _) => continue,
                (None, _) if live.objects.contains_key(&key) || !is_listed(live, reference.group, reference.kind) => {
                    continue;
                }
                (None, _) => "is neither in git nor in the cluster".to_owned(),
            };
            findings.push(Finding {
                severity: Severity::Warning,
                code: "dangling-reference",
                file: manifest.file.clone(),
                line: Some(manifest.line),
                message: format!(
                    "{} {}: {} names {} {}, which {what}",
                    manifest.kind, manifest.name, reference.path, reference.kind, reference.name
                ),
            });
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::dangling;
    use crate::domain::cluster::{Connection, Kind, LiveObject, LiveSet};
    use crate::domain::manifest;
    use serde_json::json;
    use std::path::Path;

    fn cluster() -> LiveSet {
        let kind = Kind {
            group: "vpc.githedgehog.com".into(),
            version: "v1beta1".into(),
            kind: "VPC".into(),
            plural: "vpcs".into(),
            namespaced: true,
        };
        let vpc = json!({ "metadata": { "name": "live", "namespace": "default" }, "spec": { "subnets": { "a": {} } } });
        let vpc = LiveObject::new(&kind, vpc).unwrap();
        let listed = [("vpc.githedgehog.com".to_owned(), "VPC".to_owned())].into();
        let mut live = LiveSet { listed, served: Some(Vec::new()), ..LiveSet::empty("lab", Connection::Connected) };
        live.objects.insert(vpc.key(), vpc.into());
        live
    }

    fn said(subnet: &str) -> Vec<String> {
        let text = format!(
            "apiVersion: vpc.githedgehog.com/v1beta1\nkind: VPC\nmetadata: {{ name: stated }}\nspec: {{ subnets: {{ default: {{}} }} }}\n---\n\
             apiVersion: vpc.githedgehog.com/v1beta1\nkind: VPCAttachment\nmetadata: {{ name: x }}\nspec: {{ subnet: {subnet}, connection: c }}\n"
        );
        let loaded = manifest::load(Path::new("a.yaml"), text.as_bytes());
        dangling(&loaded.objects, &cluster()).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn what_is_neither_in_git_nor_in_the_cluster_is_found() {
        assert_eq!(said("stated"), [""; 0], "the connection's kind was not listed: it is not missed");
        assert_eq!(said("live/a"), [""; 0]);
        let expected = "VPCAttachment x: .spec.subnet names VPC none, which is neither in git nor in the cluster";
        assert_eq!(said("none/default"), [expected]);
        assert_eq!(said("live/b"), ["VPCAttachment x: .spec.subnet names VPC live, which has no subnet b"]);
    }
}
