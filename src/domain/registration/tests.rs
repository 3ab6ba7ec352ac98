//! What is ours changes and nothing else: examples, and files of any shape.

use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Family, LONGEST, Waits, Wanted, install, program, remove, survey};

fn wanted() -> Wanted {
    Wanted::new(Path::new("/opt/hnpwb/bin/hnpwb"), true, 1_800, Vec::new())
}

const ODD: &str = "{\n    // mine\n    \"model\" : \"opus\",\n\t\"hooks\": {\n      \"PreToolUse\": [ {\"matcher\":\"Bash\",\n        \
    \"hooks\": [{ \"type\": \"command\",   \"command\": \"lint --fast\"} ] } ] /* keep */\n    },\n    \"zz\": [1,2 , 3]\n}\n\n";

#[test]
fn a_new_file_has_every_event_and_ends_with_a_line() {
    let text = install("", Family::Claude, &wanted()).unwrap();
    assert!(text.ends_with("}\n"), "{text}");
    let value: Value = serde_json::from_str(&text).unwrap();
    for (event, when) in Family::Claude.events() {
        let handler = &value["hooks"][event][0]["hooks"][0];
        assert_eq!(handler["command"], "/opt/hnpwb/bin/hnpwb");
        assert_eq!(handler["args"], json!(["hook"]));
        assert_eq!(handler["timeout"], if *when == Waits::Always { 1_805 } else { 5 });
    }
    assert_eq!(survey(&text).unwrap().shortcomings(Family::Claude, &wanted()), Vec::<String>::new());
}

#[test]
fn what_others_wrote_stays_byte_for_byte() {
    let text = install(ODD, Family::Claude, &wanted()).unwrap();
    // Every piece of the file as it was is there still, in order; only commas came in between.
    let pieces = [
        "{\n    // mine\n    \"model\" : \"opus\",\n\t\"hooks\": {\n      \"PreToolUse\": [ {\"matcher\":\"Bash\",\n        \"hooks\": [",
        "{ \"type\": \"command\",   \"command\": \"lint --fast\"} ] }",
        " ]",
        " /* keep */",
        "\n    },\n    \"zz\": [1,2 , 3]\n}\n\n",
    ];
    assert_eq!(pieces.concat(), ODD);
    let mut rest = text.as_str();
    for piece in pieces {
        let at = rest.find(piece).unwrap_or_else(|| panic!("{piece:?} is gone from\n{text}"));
        rest = &rest[at + piece.len()..];
    }
    assert!(text.contains("\"command\": \"lint --fast\""));
    assert!(text.contains("\"zz\": [1,2 , 3]\n}\n\n"), "{text}");
}

#[test]
fn installing_twice_is_installing_once() {
    for text in ["", "{}", ODD, "{\"hooks\": {}}", "\u{feff}{\r\n  \"a\": 1\r\n}\r\n"] {
        let once = install(text, Family::Claude, &wanted()).unwrap();
        assert_eq!(install(&once, Family::Claude, &wanted()).unwrap(), once);
    }
}

#[test]
fn another_place_or_timeout_is_brought_up_to_date_in_place() {
    let old = Wanted::new(Path::new("/old place/hnpwb"), false, 60, Vec::new());
    let before = install(ODD, Family::Claude, &old).unwrap();
    assert!(before.contains("'/old place/hnpwb' hook"), "{before}");
    assert_eq!(survey(&before).unwrap().shortcomings(Family::Claude, &wanted()).len(), 11);
    let after = install(&before, Family::Claude, &wanted()).unwrap();
    assert!(!after.contains("/old place/"), "{after}");
    assert_eq!(survey(&after).unwrap().shortcomings(Family::Claude, &wanted()), Vec::<String>::new());
    let back = install(&after, Family::Claude, &old).unwrap();
    assert!(!back.contains("\"args\""), "{back}");
}

#[test]
fn a_second_registration_of_the_same_event_goes() {
    let text = r#"{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "hnpwb hook"}]},
        {"hooks": [{"type": "command", "command": "/x/hnpwb hook"}, {"type": "command", "command": "bell"}]}]}}"#;
    let entries = survey(&install(text, Family::Claude, &wanted()).unwrap()).unwrap().entries;
    assert_eq!(entries.iter().filter(|entry| entry.event == "Stop").count(), 1);
}

#[test]
fn only_our_own_commands_are_taken_out() {
    let text = r#"{"hooks": {"Stop": [{"hooks": [{"command": "hnpwb hook"}, {"command": "say hnpwb hook"}]}],
        "PreToolUse": [{"matcher": "Bash", "hooks": [{"command": "/x/hnpwb", "args": ["hook"]}]}]}, "a": 1}"#;
    let value: Value = serde_json::from_str(&remove(text).unwrap()).unwrap();
    assert_eq!(value, json!({"hooks": {"Stop": [{"hooks": [{"command": "say hnpwb hook"}]}]}, "a": 1}));
    assert_eq!(remove(r#"{"hooks": {}}"#).unwrap(), r#"{"hooks": {}}"#);
}

#[test]
fn ours_is_a_program_named_hnpwb_with_hook_as_its_only_argument() {
    for (handler, ours) in [
        (json!({"command": "hnpwb hook"}), true),
        (json!({"command": "'/a b/hnpwb' hook"}), true),
        (json!({"command": "HNPWB_LOG=debug /x/hnpwb hook"}), true),
        (json!({"command": "/x/hnpwb", "args": ["hook"]}), true),
        (json!({"command": "/x/hnpwb-dev hook"}), false),
        (json!({"command": "hnpwb hook; rm -rf /"}), false),
        (json!({"command": "hnpwb doctor"}), false),
        (json!({"command": "/x/hnpwb", "args": ["hook", "--x"]}), false),
        (json!({"type": "http", "command": "hnpwb hook"}), false),
        (json!({"command": "hnpwb 'hook"}), false),
    ] {
        assert_eq!(program(&handler).is_some(), ours, "{handler}");
    }
}

#[test]
fn a_broken_file_is_named_by_line_and_column() {
    let fault = install("{\n  \"a\": 1,\n  \"b\" 2\n}", Family::Claude, &wanted()).unwrap_err();
    assert_eq!(fault.line, 3, "{fault}");
    assert!(fault.column > 1);
    for text in ["[]", "{\"hooks\": []}", "{\"hooks\": {\"Stop\": {}}}", "{'a': 1}", "{\"a\": 1 \"b\": 2}"] {
        assert!(install(text, Family::Claude, &wanted()).is_err(), "{text}");
    }
    assert!(remove("{").is_err() && survey("{").is_err());
}

#[test]
fn a_timeout_is_a_day_at_most() {
    assert_eq!(Wanted::new(Path::new("/x/hnpwb"), true, u64::MAX, Vec::new()).timeout, LONGEST);
}

#[test]
fn an_event_that_a_rule_is_on_has_the_time_to_wait_and_keeps_it() {
    let timeout = |text: &str, event: &str| {
        let entries = survey(text).unwrap().entries;
        entries.iter().find(|entry| entry.event == event).and_then(|entry| entry.timeout)
    };
    let brief = install("", Family::Claude, &wanted()).unwrap();
    assert_eq!(timeout(&brief, "PermissionRequest"), Some(5));
    let asked = Wanted { asked: vec!["PermissionRequest", "SubagentStop"], ..wanted() };
    let amiss = survey(&brief).unwrap().shortcomings(Family::Claude, &asked);
    assert_eq!(amiss.len(), 2, "{amiss:?}");
    assert!(amiss[0].contains("PermissionRequest has 5 s"), "{amiss:?}");
    let long = install(&brief, Family::Claude, &asked).unwrap();
    assert_eq!((timeout(&long, "PermissionRequest"), timeout(&long, "SubagentStop")), (Some(1_805), Some(1_805)));
    assert_eq!(timeout(&long, "Notification"), Some(5));
    assert!(survey(&long).unwrap().shortcomings(Family::Claude, &asked).is_empty());
    // A project without such a rule leaves it to the one that has it.
    assert_eq!(install(&long, Family::Claude, &wanted()).unwrap(), long);
    assert!(survey(&long).unwrap().shortcomings(Family::Claude, &wanted()).is_empty());
}

#[test]
fn what_keeps_hooks_from_running_is_read() {
    let found = survey(r#"{"disableAllHooks": true, "allowManagedHooksOnly": true, "cleanupPeriodDays": 7}"#).unwrap();
    assert!(found.disabled && found.managed_only);
    assert_eq!(found.cleanup_days, Some(7));
}

/// JSON of any shape, some of it under the names that matter.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[ -~é🦔]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        let key = prop_oneof![Just("matcher".to_owned()), Just("type".to_owned()), "[a-z]{1,5}"];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(key, inner, 0..5).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// A settings file: other things, other hooks, in some layout.
fn settings() -> impl Strategy<Value = (Value, bool)> {
    let others = proptest::collection::btree_map("[a-z]{1,5}", json(), 0..4);
    let groups = proptest::collection::vec(json().prop_map(|x| json!({"matcher": "Bash", "hooks": [{"x": x}]})), 0..3);
    let events = prop_oneof![Just("Stop"), Just("PreToolUse"), Just("PostToolUse")];
    let hooks = proptest::collection::btree_map(events, groups, 0..3);
    (others, proptest::option::of(hooks), any::<bool>()).prop_map(|(others, hooks, pretty)| {
        let mut all: serde_json::Map<String, Value> = others.into_iter().collect();
        if let Some(hooks) = hooks {
            all.insert("hooks".to_owned(), json!(hooks));
        }
        (Value::Object(all), pretty)
    })
}

/// Settings as an agent reads them, without what is empty: an empty list of hooks is none.
fn without_empty(mut value: Value) -> Value {
    if let Some(hooks) = value.get_mut("hooks").and_then(Value::as_object_mut) {
        hooks.retain(|_, groups| groups.as_array().is_none_or(|groups| !groups.is_empty()));
        if hooks.is_empty() {
            value.as_object_mut().unwrap().remove("hooks");
        }
    }
    value
}

proptest! {
    #[test]
    fn nothing_of_others_is_lost_and_ours_goes_without_a_trace((value, pretty) in settings()) {
        let text = if pretty { format!("{value:#}\n") } else { value.to_string() };
        let installed = install(&text, Family::Claude, &wanted()).unwrap();
        let read: Value = serde_json::from_str(&installed).unwrap();
        for (key, kept) in value.as_object().unwrap().iter().filter(|(key, _)| *key != "hooks") {
            prop_assert_eq!(&read[key], kept);
        }
        prop_assert!(survey(&installed).unwrap().shortcomings(Family::Claude, &wanted()).is_empty());
        prop_assert_eq!(&install(&installed, Family::Claude, &wanted()).unwrap(), &installed);
        let removed: Value = serde_json::from_str(&remove(&installed).unwrap()).unwrap();
        prop_assert_eq!(without_empty(removed), without_empty(value));
        prop_assert_eq!(remove(&text).unwrap(), text);
    }

    #[test]
    fn any_text_is_refused_or_changed_without_a_panic(text in "[\\[\\]{}\",:a-z0-9 \\n/*]{0,40}") {
        if let Ok(installed) = install(&text, Family::Codex, &wanted()) {
            prop_assert!(survey(&installed).is_ok());
        }
        let _ = remove(&text);
    }
}
