//! References of manifests to objects that are neither in git nor in the cluster: the webhooks would refuse them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Reference, is_listed};
use crate::domain::cluster::{Change, LiveObject, LiveSet};
use crate::domain::drift::{Finding, ObjectKey, Severity};
use crate::domain::manifest::Manifest;

/// A finding for every reference of some manifests to nothing, kept up with what is live. What the cluster does not tell is
/// not missed.
#[derive(Debug, Default)]
pub struct Dangling {
    /// The manifests that want anything, by their places.
    stated: HashMap<ObjectKey, usize>,
    /// The manifests that name an object, by its identity.
    referrers: HashMap<ObjectKey, Vec<usize>>,
    found: BTreeMap<usize, Vec<Finding>>,
}

impl Dangling {
    /// Of these manifests, against nothing yet: [`Dangling::all`] looks.
    pub fn of(manifests: &[Manifest]) -> Self {
        let mut dangling = Self::default();
        for (place, manifest) in manifests.iter().enumerate() {
            let Some(wants) = &manifest.wants else { continue };
            for reference in &wants.references {
                dangling.referrers.entry(reference.key.clone()).or_default().push(place);
            }
            dangling.stated.insert(manifest.key.clone(), place);
        }
        dangling
    }

    /// Looks where every reference leads. True when what was found is not what it was.
    pub fn all(&mut self, manifests: &[Manifest], live: &LiveSet) -> bool {
        self.look(manifests, live, 0..manifests.len())
    }

    /// Looks where those references lead now whose object came, went or changed.
    pub fn again(&mut self, manifests: &[Manifest], live: &LiveSet, changes: &[Change<'_>]) -> bool {
        let subnets = |object: &LiveObject| object.wants.as_ref().map(|wants| wants.subnets.clone());
        let leads_elsewhere = |change: &&Change<'_>| {
            change.is_move() || change.before.map(|of| subnets(of)) != change.now.map(|of| subnets(of))
        };
        let led = changes.iter().filter(leads_elsewhere).filter_map(|change| self.referrers.get(change.key));
        let places: BTreeSet<usize> = led.flatten().copied().collect();
        self.look(manifests, live, places)
    }

    /// Everything that was found, in the order of the manifests.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.found.values().flatten()
    }

    fn look(&mut self, manifests: &[Manifest], live: &LiveSet, places: impl IntoIterator<Item = usize>) -> bool {
        let mut changed = false;
        for place in places {
            let Some(manifest) = manifests.get(place) else { continue };
            let found = self.missing(manifests, manifest, live);
            changed |= self.found.get(&place).map(Vec::as_slice).unwrap_or_default() != found;
            if found.is_empty() {
                self.found.remove(&place);
            } else {
                self.found.insert(place, found);
            }
        }
        changed
    }

    fn missing(&self, manifests: &[Manifest], manifest: &Manifest, live: &LiveSet) -> Vec<Finding> {
        let mut findings = Vec::new();
        for Reference { key, path, subnet } in manifest.wants.iter().flat_map(|wants| &wants.references) {
            let place = self.stated.get(key);
            if subnet.is_none() && place.is_some() {
                continue;
            }
            let stated = place.and_then(|place| manifests.get(*place)?.wants.as_deref());
            let target = stated.or_else(|| live.objects.get(key)?.wants.as_deref());
            let what = match (target, subnet) {
                (Some(target), Some(subnet)) if !target.subnets.contains(subnet) => format!("has no subnet {subnet}"),
                (Some(_), _) => continue,
                (None, _) if live.objects.contains_key(key) || !is_listed(live, &key.group, &key.kind) => continue,
                (None, _) => "is neither in git nor in the cluster".to_owned(),
            };
            let (kind, name) = (&manifest.key.kind, &manifest.key.name);
            findings.push(Finding {
                severity: Severity::Warning,
                code: "dangling-reference",
                file: manifest.file.clone(),
                line: Some(manifest.line),
                message: format!("{kind} {name}: {path} names {} {}, which {what}", key.kind, key.name),
            });
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::Dangling;
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
        live.objects.insert(vpc);
        live
    }

    fn said(subnet: &str) -> Vec<String> {
        let text = format!(
            "apiVersion: vpc.githedgehog.com/v1beta1\nkind: VPC\nmetadata: {{ name: stated }}\nspec: {{ subnets: {{ default: {{}} }} }}\n---\n\
             apiVersion: vpc.githedgehog.com/v1beta1\nkind: VPCAttachment\nmetadata: {{ name: x }}\nspec: {{ subnet: {subnet}, connection: c }}\n"
        );
        let loaded = manifest::load(Path::new("a.yaml"), text.as_bytes());
        let mut dangling = Dangling::of(&loaded.objects);
        dangling.all(&loaded.objects, &cluster());
        dangling.findings().map(|finding| finding.message.clone()).collect()
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
