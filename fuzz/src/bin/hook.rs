//! Hook events: whatever comes, a call that a rule may hold is never let through.
#![no_main]

use std::path::PathBuf;

use hnpwb::cli::hook::{Surroundings, answer};
use hnpwb::config::paths::Paths;
use hnpwb::config::session::rules::{Ruled, Wanted};
use hnpwb::domain::gate::pattern::Pattern;
use hnpwb::domain::gate::rule::GateRule;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // No workbench can be reached there.
    let paths = Paths::from_vars(|name| match name {
        "HOME" | "XDG_RUNTIME_DIR" => Some("/nonexistent".into()),
        _ => None,
    });
    let around = Surroundings { paths: &paths, project: None, cwd: PathBuf::from("/nonexistent") };
    let rule = GateRule {
        name: "all".to_owned(),
        matches: Some(Pattern::new("").expect("a pattern")),
        deadline: std::time::Duration::from_secs(1),
        ..GateRule::default()
    };
    let rules = |_: &[PathBuf], wanted: Wanted<'_>| {
        let rules = wanted(&rule).then(|| rule.clone()).into_iter().collect();
        Ok::<_, String>(vec![Ruled { root: PathBuf::from("/nonexistent"), rules, accepted: false }])
    };
    let reply = answer(data, &around, rules);
    assert!(matches!(reply.code, 0 | 2), "{reply:?}");
    if reply.code == 0 && !reply.out.is_empty() {
        let said: serde_json::Value = serde_json::from_str(&reply.out).expect("an answer in JSON");
        assert_eq!(said["hookSpecificOutput"]["permissionDecision"], "deny", "{reply:?}");
    }
    // Silence lets the call pass: that is for other events alone.
    let named = serde_json::from_slice::<serde_json::Value>(data).ok();
    let event = named.as_ref().and_then(|event| event["hook_event_name"].as_str());
    assert!(!(event == Some("PreToolUse") && reply.code == 0 && reply.out.is_empty()), "{reply:?}");
});
