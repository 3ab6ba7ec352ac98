//! Pairs of a desired and a live object whose verdict another program asserts, from the folder in `HNPWB_DRIFT_PAIRS`:
//! `NAME-config` and `NAME-live`, as YAML or JSON. Those of Argo CD's `gitops-engine/pkg/diff/testdata` are known by name.

use std::collections::BTreeMap;
use std::path::Path;

use hnpwb::domain::cluster::{Kind, LiveObject, Schemas};
use hnpwb::domain::drift::{compare, is_drift};
use hnpwb::domain::manifest::{Manifest, load};

use super::skip::skip;

/// Pairs that Argo CD calls modified.
const MODIFIED: [&str; 2] = ["ssd-deploy-nested", "ssd-service"];

/// Pairs that are judged otherwise here, and why: docs/drift.md.
const OTHERWISE: [&str; 1] = ["ssd-service"];

fn object(file: &Path) -> Manifest {
    let mut objects = load(file, &std::fs::read(file).unwrap()).objects;
    assert_eq!(objects.len(), 1, "{}", file.display());
    objects.remove(0)
}

#[test]
fn pairs_are_judged_as_argo_cd_judges_them() {
    let Some(folder) = std::env::var_os("HNPWB_DRIFT_PAIRS") else { return skip("HNPWB_DRIFT_PAIRS names no folder") };
    let mut files: BTreeMap<String, (Option<Manifest>, Option<Manifest>)> = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        if let Some(name) = stem.strip_suffix("-config") {
            files.entry(name.to_owned()).or_default().0 = Some(object(&path));
        } else if let Some(name) = stem.strip_suffix("-live") {
            files.entry(name.to_owned()).or_default().1 = Some(object(&path));
        }
    }
    let mut pairs = 0;
    for (name, pair) in &files {
        let (Some(desired), Some(live)) = pair else { continue };
        let kind = Kind {
            group: live.key.group.clone(),
            version: live.version.clone(),
            kind: live.key.kind.clone(),
            plural: String::new(),
            namespaced: true,
        };
        let live = LiveObject::new(&kind, live.value.as_ref().clone()).unwrap();
        let fields = compare(&desired.value, &live, &Schemas::new()).fields;
        let expected = MODIFIED.contains(&name.as_str()) != OTHERWISE.contains(&name.as_str());
        assert_eq!(is_drift(&fields), expected, "{name}: {fields:#?}");
        pairs += 1;
    }
    assert!(pairs > 0, "the folder has no pairs");
}
