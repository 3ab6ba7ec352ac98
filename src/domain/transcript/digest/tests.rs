//! What is left of records once they went by.

use super::{Digest, Step};
use crate::config::models;
use crate::domain::agent::{ContextGauge, Tokens};
use crate::domain::transcript::claude::Claude;
use crate::domain::transcript::format::Format;
use crate::domain::transcript::usage::Usage;

impl Digest {
    /// Takes in a line of Claude Code.
    pub(crate) fn read(&mut self, line: &[u8], usage: Option<&mut Usage>) {
        Claude.read(self, line, usage);
    }
}

fn digest(lines: &[&str]) -> Digest {
    let mut digest = Digest::default();
    for line in lines {
        digest.read(line.as_bytes(), None);
    }
    digest
}

fn gauge(digest: &Digest) -> ContextGauge {
    digest.context(&models::built_in(), None)
}

const PROMPT: &str = r#"{"type":"user","timestamp":"2026-11-20T10:00:00Z","sessionId":"s1","cwd":"/p","gitBranch":"main","version":"2.1.329","message":{"content":"Fix the\nbug"}}"#;
const CALL: &str = r#"{"message":{"id":"m1","model":"claude-sonnet-4-5-20250929","stop_reason":"tool_use","content":[{"type":"tool_use","id":"t1","name":"Bash","input":{"command":"cargo test"}}],"usage":{"input_tokens":10,"cache_creation_input_tokens":1000,"cache_read_input_tokens":48990,"output_tokens":70}},"type":"assistant","requestId":"r1","timestamp":"2026-11-20T10:00:03Z"}"#;
const FAILED: &str = r#"{"type":"user","timestamp":"2026-11-20T10:00:09Z","message":{"content":[{"type":"tool_result","tool_use_id":"t1","is_error":true,"content":"Exit code 1"}]}}"#;
const ENDED: &str = r#"{"type":"assistant","timestamp":"2026-11-20T10:00:12Z","message":{"id":"m2","model":"claude-sonnet-4-5-20250929","stop_reason":"end_turn","content":[{"type":"text","text":"All tests\npass"}],"usage":{"input_tokens":5,"cache_read_input_tokens":59995,"output_tokens":9}}}"#;

#[test]
fn a_turn_goes_from_asked_through_calling_to_ended() {
    assert_eq!(digest(&[PROMPT]).step, Step::Asked);
    assert_eq!(digest(&[PROMPT, CALL]).step, Step::Calling { tool: "Bash".to_owned() });
    assert_eq!(digest(&[PROMPT, CALL, FAILED]).step, Step::Asked);
    let done = digest(&[PROMPT, CALL, FAILED, ENDED]);
    assert_eq!(done.step, Step::Ended);
    assert_eq!(done.step_at.unwrap().to_string(), "2026-11-20T10:00:12Z");
}

#[test]
fn what_status_shows_is_there() {
    let found = digest(&[PROMPT, CALL, FAILED, "garbage", r#"{"type":"quantum"}"#, "", ENDED]);
    assert_eq!((found.counts.records, found.counts.unknown_records, found.counts.malformed_records), (6, 1, 1));
    assert_eq!(
        (found.counts.prompts, found.counts.tool_calls, found.counts.errors, found.counts.compactions),
        (1, 1, 1, 0)
    );
    assert_eq!(found.session_id.as_deref(), Some("s1"));
    assert_eq!((found.cwd.as_deref(), found.branch.as_deref()), (Some("/p"), Some("main")));
    assert_eq!(found.last_action.as_deref(), Some("said: All tests pass"));
    assert_eq!(found.last_activity.unwrap().to_string(), "2026-11-20T10:00:12Z");
    assert_eq!(digest(&[PROMPT, CALL]).last_action.as_deref(), Some("Bash cargo test"));
}

#[test]
fn titles_have_their_order() {
    let summary = r#"{"type":"summary","summary":"Old","leafUuid":"x"}"#;
    let ai = r#"{"type":"ai-title","aiTitle":"Generated","sessionId":"s"}"#;
    let custom = r#"{"type":"custom-title","customTitle":"Mine","sessionId":"s"}"#;
    assert_eq!(digest(&[PROMPT]).title(), Some("Fix the bug"));
    assert_eq!(digest(&[PROMPT, summary]).title(), Some("Old"));
    assert_eq!(digest(&[custom, ai, summary]).title(), Some("Mine"));
    assert_eq!(digest(&[ai, summary]).title(), Some("Generated"));
}

#[test]
fn the_gauge_is_the_last_answers_input_over_the_window_and_unknown_after_compaction() {
    let gauge = self::gauge(&digest(&[PROMPT, CALL]));
    assert_eq!(
        (gauge.used, gauge.window, gauge.percent, gauge.source),
        (Some(50_000), Some(200_000), Some(25), "model table")
    );
    let boundary =
        r#"{"type":"system","subtype":"compact_boundary","compactMetadata":{"trigger":"auto","preTokens":160000}}"#;
    let compacted = digest(&[PROMPT, CALL, boundary]);
    assert_eq!((compacted.used(), compacted.counts.compactions), (None, 1));
    assert_eq!(digest(&[PROMPT, CALL, boundary, ENDED]).used(), Some(60_000));
}

#[test]
fn neither_side_chains_nor_synthetic_answers_move_the_gauge() {
    let side = ENDED.replace(r#"{"type":"assistant""#, r#"{"isSidechain":true,"type":"assistant""#);
    let synthetic = r#"{"type":"assistant","isApiErrorMessage":true,"message":{"model":"<synthetic>","content":[{"type":"text","text":"API Error"}],"usage":{"input_tokens":0,"output_tokens":0}}}"#;
    let found = digest(&[PROMPT, CALL, &side, synthetic]);
    assert_eq!(found.used(), Some(50_000));
    assert_eq!((found.step, found.counts.errors), (Step::Failed, 1));
    assert_eq!(found.model.as_deref(), Some("claude-sonnet-4-5-20250929"));
}

#[test]
fn in_a_sub_agents_file_the_side_chain_is_its_own() {
    let mut digest = Digest::new(true);
    let side = ENDED.replace(r#"{"type":"assistant""#, r#"{"isSidechain":true,"type":"assistant""#);
    digest.read(side.as_bytes(), None);
    assert_eq!((digest.used(), digest.step), (Some(60_000), Step::Ended));
}

#[test]
fn tokens_are_counted_once_per_answer() {
    let mut usage = Usage::default();
    let mut digest = Digest::default();
    for line in [CALL, CALL, ENDED] {
        digest.read(line.as_bytes(), Some(&mut usage));
    }
    assert_eq!(usage.total(), Tokens { input: 15, cache_creation: 1_000, cache_read: 108_985, output: 79 });
}

#[test]
fn a_question_waits_even_while_another_tool_runs() {
    let ask = r#"{"type":"assistant","message":{"stop_reason":"tool_use","content":[{"type":"tool_use","id":"q","name":"AskUserQuestion","input":{}}]}}"#;
    assert_eq!(digest(&[PROMPT, ask, CALL]).step, Step::Asking { tool: "AskUserQuestion".to_owned() });
}

#[test]
fn interruptions_retries_background_agents_and_moves_are_steps() {
    let stopped = r#"{"type":"user","message":{"content":"[Request interrupted by user]"}}"#;
    assert_eq!(digest(&[PROMPT, CALL, stopped]).step, Step::Interrupted);
    let retry = r#"{"type":"system","subtype":"api_error","retryAttempt":4,"maxRetries":10}"#;
    assert_eq!(digest(&[PROMPT, retry]).step, Step::Retrying { attempt: 4, most: 10 });
    let pending = r#"{"type":"system","subtype":"turn_duration","pendingBackgroundAgentCount":2}"#;
    assert_eq!(digest(&[PROMPT, pending]).step, Step::Background { agents: 2 });
    let moved = r#"{"type":"continued-in","continuedInSessionId":"s2"}"#;
    assert_eq!(digest(&[PROMPT, moved]).step, Step::MovedOn { session: "s2".to_owned() });
}

#[test]
fn before_stop_reasons_a_text_is_an_answer_and_after_a_gap_nothing_is_open() {
    let old = r#"{"type":"assistant","message":{"stop_reason":null,"content":[{"type":"text","text":"hm"}]}}"#;
    assert_eq!(digest(&[PROMPT, old]).step, Step::Answered);
    let mut skipped = digest(&[PROMPT, CALL]);
    skipped.skip();
    assert_eq!(skipped.step, Step::Nothing);
}

#[test]
fn any_number_of_records_needs_no_more_memory() {
    let mut digest = Digest::default();
    for n in 0..10_000 {
        digest.read(CALL.replace("t1", &format!("t{n}")).as_bytes(), None);
    }
    assert!(digest.open_calls.len() <= super::OPEN_CALLS);
}
