//! Chats of Gemini CLI in both of its layouts, written by hand after its own types.

use proptest::prelude::*;

use super::{Gemini, lines};
use crate::domain::agent::Tokens;
use crate::domain::transcript::format::Format;
use crate::domain::transcript::usage::Usage;
use crate::domain::transcript::{Body, Digest, Step};

const META: &str =
    r#"{"sessionId":"s1","projectHash":"abc","startTime":"2026-11-20T10:00:00Z","lastUpdated":"2026-11-20T10:00:09Z"}"#;
const ASKED: &str = r#"{"id":"m1","timestamp":"2026-11-20T10:00:01Z","type":"user","content":[{"text":"Fix it"}]}"#;
const CALLING: &str = r#"{"id":"m2","timestamp":"2026-11-20T10:00:02Z","type":"gemini","content":"Looking.","model":"gemini-3-pro","thoughts":[{"subject":"Plan","description":"read first","timestamp":"2026-11-20T10:00:02Z"}],"toolCalls":[{"id":"c1","name":"run_shell_command","args":{"command":"cargo test"},"status":"executing","timestamp":"2026-11-20T10:00:03Z"}]}"#;
const CALLED: &str = r#"{"id":"m2","timestamp":"2026-11-20T10:00:02Z","type":"gemini","content":"Looking.","model":"gemini-3-pro","thoughts":[{"subject":"Plan","description":"read first","timestamp":"2026-11-20T10:00:02Z"}],"toolCalls":[{"id":"c1","name":"run_shell_command","args":{"command":"cargo test"},"status":"error","timestamp":"2026-11-20T10:00:03Z","result":[{"functionResponse":{"response":{"error":"exit 1"}}}]}],"tokens":{"input":100,"cached":40,"output":7,"thoughts":3,"total":110}}"#;

fn text(of: &[u8]) -> String {
    String::from_utf8(lines(of)).unwrap()
}

fn digest(of: &[u8]) -> (Digest, Usage) {
    let (mut digest, mut usage) = (Digest::new(false), Usage::default());
    for line in text(of).lines() {
        Gemini.read(&mut digest, line.as_bytes(), Some(&mut usage));
    }
    (digest, usage)
}

fn bodies(of: &[u8]) -> Vec<Body> {
    text(of).lines().flat_map(|line| Gemini.entries(0, line.as_bytes())).map(|entry| entry.body).collect()
}

fn document(messages: &[&str]) -> String {
    let meta = META.strip_suffix('}').unwrap();
    format!("{meta},\n  \"messages\": [\n    {}\n  ]\n}}", messages.join(",\n    "))
}

#[test]
fn a_document_and_lines_make_the_same_lines() {
    let document = document(&[ASKED, CALLED]);
    let by_line = [META, ASKED, CALLED].join("\n");
    assert_eq!(text(document.as_bytes()), text(by_line.as_bytes()));
    assert_eq!(text(by_line.as_bytes()).lines().count(), 7, "session, prompt, thought, words, call, result, tokens");
}

#[test]
fn what_is_written_later_only_adds_lines() {
    let stages = [
        [META].join("\n"),
        [META, ASKED].join("\n"),
        [META, ASKED, CALLING].join("\n"),
        [META, ASKED, CALLING, CALLED].join("\n"),
    ];
    for pair in stages.windows(2) {
        assert!(text(pair[1].as_bytes()).starts_with(&text(pair[0].as_bytes())));
    }
    let (early, late) = (document(&[ASKED, CALLING]), document(&[ASKED, CALLED]));
    assert!(text(late.as_bytes()).starts_with(&text(early.as_bytes())));
}

#[test]
fn a_turn_is_known_with_its_figures() {
    let (found, usage) = digest([META, ASKED, CALLING].join("\n").as_bytes());
    assert_eq!(found.step, Step::Calling { tool: "run_shell_command".to_owned() });
    assert_eq!((found.session_id.as_deref(), found.project.as_deref()), (Some("s1"), Some("abc")));
    assert_eq!(usage.total(), Tokens::default());
    let (found, usage) = digest([META, ASKED, CALLING, CALLED].join("\n").as_bytes());
    assert_eq!((found.step.clone(), found.counts.errors, found.counts.tool_calls), (Step::Asked, 1, 1));
    assert_eq!((found.title(), found.model.as_deref()), (Some("Fix it"), Some("gemini-3-pro")));
    assert_eq!(usage.total(), Tokens { input: 60, cache_creation: 0, cache_read: 40, output: 10 });
}

#[test]
fn a_turn_is_shown() {
    let shown = bodies([META, ASKED, CALLED, r#"{"$rewindTo":"m2"}"#].join("\n").as_bytes());
    assert!(matches!(&shown[0], Body::Prompt(text) if text.kept == "Fix it"));
    assert!(matches!(&shown[1], Body::Thinking(text) if text.kept == "Plan\nread first"));
    assert!(matches!(&shown[2], Body::Said(text) if text.kept == "Looking."));
    assert!(matches!(&shown[3], Body::Call { summary, .. } if summary == "cargo test"));
    assert!(matches!(&shown[4], Body::Result { is_error: true, output, .. } if output.kept == "exit 1"));
    assert!(matches!(&shown[5], Body::Note { .. }));
    assert_eq!(shown.len(), 6);
}

#[test]
fn lines_that_are_none_are_counted_and_cost_nothing_else() {
    let (found, _) = digest([META, "garbage", ASKED].join("\n").as_bytes());
    assert_eq!((found.counts.malformed_records, found.counts.prompts), (1, 1));
    let (found, _) =
        digest(r#"{"id":7,"type":[],"content":{"a":1},"toolCalls":{},"thoughts":3,"tokens":[]}"#.as_bytes());
    assert_eq!(found.counts.malformed_records, 0);
}

proptest! {
    #[test]
    fn nothing_that_stands_in_a_file_stops_it(bytes in proptest::collection::vec(any::<u8>(), 0..300), cut in 0_usize..900) {
        let _ = bodies(&bytes);
        let whole = document(&[ASKED, CALLED]);
        let _ = digest(&whole.as_bytes()[..cut.min(whole.len())]);
    }
}
