//! Rows of OpenCode's database, as the query makes lines of them. `source::transcript::database` tests the query itself.

use proptest::prelude::*;

use super::OpenCode;
use crate::domain::agent::Tokens;
use crate::domain::transcript::format::Format;
use crate::domain::transcript::usage::Usage;
use crate::domain::transcript::{Body, Digest, Step};

const SESSION: &str = r#"{"kind":"session","at":1763632800000,"id":"ses_1","of":{"parent":"ses_0","directory":"/p","title":"Fix","version":"1.2"}}"#;
const PROMPT: &str =
    r#"{"kind":"text","at":1763632801000,"id":"p1","role":"user","of":{"type":"text","text":"Fix it"}}"#;
const CALL: &str = r#"{"kind":"call","at":1763632802000,"id":"p2","of":{"tool":"bash","callID":"c1","input":{"command":"cargo test"}}}"#;
const RESULT: &str = r#"{"kind":"result","at":1763632803000,"id":"p2","of":{"tool":"bash","callID":"c1","state":{"status":"error","error":"exit 1"}}}"#;
const STEP: &str = r#"{"kind":"message","at":1763632804000,"id":"m2","role":"assistant","of":{"modelID":"claude-sonnet-5","finish":"tool-calls","tokens":{"input":10,"output":2,"reasoning":1,"cache":{"read":30,"write":5}}}}"#;
const SAID: &str =
    r#"{"kind":"text","at":1763632805000,"id":"p3","role":"assistant","of":{"type":"text","text":"Done"}}"#;
const OVER: &str = r#"{"kind":"message","at":1763632806000,"id":"m3","role":"assistant","of":{"modelID":"claude-sonnet-5","finish":"stop","tokens":{"input":20,"output":2,"cache":{"read":40,"write":0}}}}"#;
const ABORTED: &str = r#"{"kind":"message","at":1763632807000,"id":"m4","role":"assistant","of":{"error":{"name":"MessageAbortedError","data":{"message":"aborted"}}}}"#;
const FAILED: &str = r#"{"kind":"message","at":1763632807000,"id":"m4","role":"assistant","of":{"error":{"name":"APIError","data":{"message":"overloaded"}}}}"#;

fn digest(lines: &[&str]) -> (Digest, Usage) {
    let (mut digest, mut usage) = (Digest::new(false), Usage::default());
    for line in lines {
        OpenCode.read(&mut digest, line.as_bytes(), Some(&mut usage));
    }
    (digest, usage)
}

fn body(line: &str) -> Option<Body> {
    OpenCode.entries(0, line.as_bytes()).into_iter().map(|entry| entry.body).next()
}

#[test]
fn a_turn_is_known_from_prompt_to_end() {
    let (found, _) = digest(&[SESSION, PROMPT]);
    assert_eq!(
        (found.cwd.as_deref(), found.parent.as_deref(), found.title()),
        (Some("/p"), Some("ses_0"), Some("Fix"))
    );
    assert_eq!(found.step, Step::Asked);
    assert_eq!(digest(&[PROMPT, CALL]).0.step, Step::Calling { tool: "bash".to_owned() });
    assert_eq!(digest(&[PROMPT, CALL, RESULT, STEP]).0.step, Step::Asked);
    let (found, usage) = digest(&[SESSION, PROMPT, CALL, RESULT, STEP, SAID, OVER, OVER]);
    assert_eq!((found.step.clone(), found.counts.errors, found.used()), (Step::Ended, 1, Some(60)));
    assert_eq!(usage.total(), Tokens { input: 30, cache_creation: 5, cache_read: 70, output: 5 });
    assert_eq!(digest(&[PROMPT, ABORTED]).0.step, Step::Interrupted);
    assert_eq!(digest(&[PROMPT, FAILED]).0.step, Step::Failed);
}

#[test]
fn parts_are_entries() {
    assert_eq!(body(SESSION), None);
    assert!(matches!(body(PROMPT), Some(Body::Prompt(text)) if text.kept == "Fix it"));
    assert!(matches!(body(CALL), Some(Body::Call { summary, .. }) if summary == "cargo test"));
    assert!(matches!(body(RESULT), Some(Body::Result { is_error: true, output, .. }) if output.kept == "exit 1"));
    assert!(matches!(body(SAID), Some(Body::Said(_))));
    assert!(matches!(body(FAILED), Some(Body::Note { text, .. }) if text == "overloaded"));
    assert!(matches!(body(r#"{"kind":"quark","of":{}}"#), Some(Body::Unread { .. })));
}

proptest! {
    #[test]
    fn nothing_that_stands_in_a_row_stops_it(line in proptest::collection::vec(any::<u8>(), 0..200), cut in 0_usize..300) {
        let _ = OpenCode.entries(0, &line);
        for line in [&line, &RESULT.as_bytes()[..cut.min(RESULT.len())]] {
            OpenCode.read(&mut Digest::new(false), line, None);
        }
    }
}
