//! Events of Copilot CLI, written by hand after its SDK's names.

use proptest::prelude::*;

use super::Copilot;
use crate::domain::agent::Tokens;
use crate::domain::transcript::format::Format;
use crate::domain::transcript::usage::Usage;
use crate::domain::transcript::{Body, Digest, Step};

fn event(kind: &str, data: &str) -> String {
    format!(r#"{{"type":"{kind}","data":{data},"id":"e","timestamp":"2026-11-20T10:00:00.5Z","parentId":null}}"#)
}

fn start() -> String {
    event(
        "session.start",
        r#"{"sessionId":"s1","copilotVersion":"1.0.54","selectedModel":"gpt-5.4","context":{"cwd":"/p","branch":"main"}}"#,
    )
}

fn call() -> String {
    event("tool.execution_start", r#"{"toolCallId":"t1","toolName":"bash","arguments":{"command":"cargo test"}}"#)
}

fn permission() -> String {
    event(
        "permission.requested",
        r#"{"requestId":"r1","permissionRequest":{"kind":"shell","toolCallId":"t1","fullCommandText":"cargo test"}}"#,
    )
}

fn digest(lines: &[String]) -> (Digest, Usage) {
    let (mut digest, mut usage) = (Digest::new(false), Usage::default());
    for line in lines {
        Copilot.read(&mut digest, line.as_bytes(), Some(&mut usage));
    }
    (digest, usage)
}

fn bodies(line: &str) -> Vec<Body> {
    Copilot.entries(0, line.as_bytes()).into_iter().map(|entry| entry.body).collect()
}

#[test]
fn a_session_says_where_it_works_and_with_what() {
    let (found, _) = digest(&[start(), event("user.message", r#"{"content":"Fix it"}"#)]);
    assert_eq!((found.session_id.as_deref(), found.cwd.as_deref()), (Some("s1"), Some("/p")));
    assert_eq!((found.branch.as_deref(), found.version.as_deref()), (Some("main"), Some("1.0.54")));
    assert_eq!((found.model.as_deref(), found.title()), (Some("gpt-5.4"), Some("Fix it")));
    assert_eq!(found.last_activity.unwrap().to_string(), "2026-11-20T10:00:00.5Z");
}

#[test]
fn a_turn_asks_for_a_permission_calls_and_ends() {
    let mut lines = vec![start(), event("user.message", r#"{"content":"Test"}"#)];
    let step = |lines: &[String]| digest(lines).0.step;
    assert_eq!(step(&lines), Step::Asked);
    lines.push(event("assistant.message", r#"{"content":"","toolRequests":[{"toolCallId":"t1"}]}"#));
    assert_eq!(step(&lines), Step::Asked);
    lines.push(call());
    assert_eq!(step(&lines), Step::Calling { tool: "bash".to_owned() });
    lines.push(permission());
    assert_eq!(step(&lines), Step::Permission { what: "shell cargo test".to_owned() });
    lines.push(event("permission.completed", r#"{"requestId":"r1","result":{"kind":"approved"}}"#));
    assert_eq!(step(&lines), Step::Calling { tool: "bash".to_owned() });
    lines.push(event("tool.execution_complete", r#"{"toolCallId":"t1","success":true,"result":{"content":"ok"}}"#));
    lines.push(event("assistant.turn_end", "{}"));
    assert_eq!(step(&lines), Step::Asked, "a turn that called tools is followed by another");
    lines.push(event("assistant.message", r#"{"content":"All green","toolRequests":[]}"#));
    lines.push(event("assistant.turn_end", "{}"));
    let (found, _) = digest(&lines);
    assert_eq!((found.step, found.last_action.as_deref()), (Step::Ended, Some("said: All green")));
    assert_eq!((found.counts.prompts, found.counts.tool_calls, found.counts.unknown_records), (1, 1, 0));
}

#[test]
fn the_end_of_a_session_has_its_figures() {
    let metrics = r#"{"shutdownType":"routine","modelMetrics":{"gpt-5.4":{"usage":{"inputTokens":10,"outputTokens":4,"cacheReadTokens":3,"cacheWriteTokens":2}}}}"#;
    let (found, usage) = digest(&[start(), event("session.shutdown", metrics)]);
    assert_eq!(found.step, Step::Closed);
    assert_eq!(usage.total(), Tokens { input: 10, cache_creation: 2, cache_read: 3, output: 4 });
}

#[test]
fn calls_and_results_are_entries() {
    let called = bodies(&call());
    assert!(
        matches!(&called[0], Body::Call { id, name, summary, .. } if id == "t1" && name == "bash" && summary == "cargo test")
    );
    let failed =
        event("tool.execution_complete", r#"{"toolCallId":"t1","success":false,"error":{"message":"exit 1"}}"#);
    assert!(matches!(&bodies(&failed)[0], Body::Result { is_error: true, output, .. } if output.kept == "exit 1"));
    assert!(
        matches!(&bodies(&permission())[0], Body::Note { text, .. } if text == "asks for a permission: shell cargo test")
    );
    let thought = event("assistant.message", r#"{"content":"Done","reasoningText":"hm"}"#);
    assert!(matches!(&bodies(&thought)[..], [Body::Thinking(_), Body::Said(_)]));
}

#[test]
fn what_is_not_known_is_counted_and_shown() {
    let (found, _) = digest(&[event("quantum.leap", "{}"), "no json".to_owned(), event("user.message", "7")]);
    assert_eq!((found.counts.records, found.counts.unknown_records, found.counts.malformed_records), (3, 1, 1));
    assert!(
        matches!(&bodies(&event("quantum.leap", "{}"))[0], Body::Unread { why, .. } if why.contains("quantum.leap"))
    );
}

proptest! {
    #[test]
    fn nothing_that_stands_in_a_file_stops_it(line in proptest::collection::vec(any::<u8>(), 0..200), cut in 0_usize..300) {
        let _ = Copilot.entries(0, &line);
        Copilot.read(&mut Digest::new(false), &line, None);
        let real = permission();
        let real = &real.as_bytes()[..cut.min(real.len())];
        let _ = Copilot.entries(0, real);
        Copilot.read(&mut Digest::new(false), real, None);
    }
}
