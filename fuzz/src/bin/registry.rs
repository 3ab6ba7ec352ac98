//! Entries of the registry of running sessions.
#![no_main]

use hnpwb::domain::agent::registry::RegistryEntry;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Some(entry) = RegistryEntry::parse(data) {
        let _ = entry.pane();
        let _ = entry.status.as_ref().map(|status| status.name().len());
    }
});
