//! Manifests: YAML documents and JSON, as a GitOps directory holds them, and their health and comparison.
#![no_main]

use std::path::Path;

use hnpwb::domain::drift::{normal, same_desire};
use hnpwb::domain::health::judge;
use hnpwb::domain::manifest::load;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let loaded = load(Path::new("gitops/objects.yaml"), data);
    for object in &loaded.objects {
        assert!(!object.kind.is_empty() && !object.name.is_empty(), "{object:?}");
        let _ = object.key();
        judge(&object.value);
        assert!(same_desire(&object.value, &normal(&object.value)), "what is made normal is another: {object:?}");
    }
});
