//! Manifests: YAML documents and JSON, as a GitOps directory holds them, their health, and what comes of comparing each with
//! itself.
#![no_main]

use std::path::Path;

use hnpwb::domain::cluster::{Kind, LiveObject, Schemas};
use hnpwb::domain::drift::{compare, is_drift, same_desire};
use hnpwb::domain::health::Rules;
use hnpwb::domain::manifest::load;
use serde_json::Value;

/// Of its objects a live side keeps no spec.
const AGENTS: &str = "agent.githedgehog.com";

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let rules = Rules::built_in();
    let loaded = load(Path::new("gitops/objects.yaml"), data);
    for object in &loaded.objects {
        let (group, kind) = (object.key.group.clone(), object.key.kind.clone());
        assert!(!kind.is_empty() && !object.key.name.is_empty(), "{object:?}");
        rules.judge(&object.value);
        assert!(same_desire(&object.value, &object.value), "{object:?}");
        if group == AGENTS {
            continue;
        }
        // As it is, which its digest tells, and with a field that nobody stated, so that it is walked through.
        let mut more = Value::clone(&object.value);
        more["not-stated"] = true.into();
        let kind = Kind { group, version: object.version.clone(), kind, plural: String::new(), namespaced: true };
        for there in [Value::clone(&object.value), more] {
            let Some(live) = LiveObject::new(&kind, there) else { continue };
            let found = compare(&object.value, &live, &Schemas::default());
            assert!(!is_drift(&found.fields), "{:?} {object:?}", found.fields);
        }
    }
});
