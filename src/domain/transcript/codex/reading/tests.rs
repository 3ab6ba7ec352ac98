//! What is left of a rollout's records once they went by.

use crate::domain::agent::Tokens;
use crate::domain::model::Models;
use crate::domain::transcript::codex::Codex;
use crate::domain::transcript::format::Format;
use crate::domain::transcript::usage::Usage;
use crate::domain::transcript::{Digest, Step};

const SESSION: &str = include_str!("../../../../../tests/fixtures/transcripts/codex/session.jsonl");
const SUB_AGENT: &str = include_str!("../../../../../tests/fixtures/transcripts/codex/sub-agent.jsonl");
const WITHOUT_ENVELOPE: &str = include_str!("../../../../../tests/fixtures/transcripts/codex/without-envelope.jsonl");

fn read<'a>(lines: impl IntoIterator<Item = &'a str>) -> (Digest, Tokens) {
    let (mut digest, mut usage) = (Digest::default(), Usage::default());
    for line in lines {
        Codex.read(&mut digest, line.as_bytes(), Some(&mut usage));
    }
    (digest, usage.total())
}

fn event(second: u32, payload: &str) -> String {
    format!(r#"{{"timestamp":"2026-11-20T10:00:{second:02}Z","type":"event_msg","payload":{payload}}}"#)
}

fn item(second: u32, payload: &str) -> String {
    format!(r#"{{"timestamp":"2026-11-20T10:00:{second:02}Z","type":"response_item","payload":{payload}}}"#)
}

/// A running total, and what the last answer added to it.
fn totals(second: u32, total: u64, last: u64) -> String {
    event(
        second,
        &format!(
            r#"{{"type":"token_count","info":{{"total_token_usage":{{"input_tokens":{total},"cached_input_tokens":0,"output_tokens":0,"total_tokens":{total}}},"last_token_usage":{{"input_tokens":{last},"cached_input_tokens":0,"output_tokens":0,"total_tokens":{last}}},"model_context_window":112000}}}}"#
        ),
    )
}

const STARTED: &str = r#"{"type":"task_started","turn_id":"t"}"#;
const COMPLETE: &str = r#"{"type":"task_complete","turn_id":"t"}"#;
const CALL: &str = r#"{"type":"function_call","name":"exec_command","arguments":"{\"cmd\":\"ls\"}","call_id":"c1"}"#;
const OUTPUT: &str =
    r#"{"type":"function_call_output","call_id":"c1","output":"Exit code: 0\nWall time: 0 seconds\nOutput:\n"}"#;
const SAID: &str = r#"{"type":"message","role":"assistant","content":[{"type":"output_text","text":"well"}]}"#;

#[test]
fn what_status_shows_is_there_and_counted_once() {
    let (found, tokens) = read(SESSION.lines());
    assert_eq!(tokens, Tokens { input: 55_300, cache_creation: 500, cache_read: 20_000, output: 600 });
    let counts = found.counts;
    assert_eq!((counts.records, counts.unknown_records, counts.malformed_records), (40, 0, 0));
    assert_eq!((counts.prompts, counts.tool_calls, counts.errors, counts.compactions), (1, 6, 1, 0));
    assert_eq!(found.session_id.as_deref(), Some("0199a000-0000-7000-8000-00000000000a"));
    assert_eq!((found.cwd.as_deref(), found.branch.as_deref()), (Some("/repo/project"), Some("main")));
    assert_eq!((found.model.as_deref(), found.version.as_deref()), (Some("gpt-5.5"), Some("0.169.0")));
    assert_eq!((found.title(), found.step.clone()), (Some("Make hello.txt and test it"), Step::Ended));
    assert_eq!(found.last_action.as_deref(), Some("said: Done: hello.txt is there, the tests failed."));
    assert_eq!((found.sub_agent, found.parent), (false, None));
}

#[test]
fn the_gauge_is_what_the_file_states_less_what_is_always_there() {
    let gauge = read(SESSION.lines()).0.context(&Models::default(), None);
    // 18,220 used: 6,220 of 246,400 beyond the baseline, which leaves 97 percent.
    assert_eq!(
        (gauge.used, gauge.window, gauge.percent, gauge.source),
        (Some(18_220), Some(258_400), Some(3), "transcript")
    );
    let percent = |used| read([totals(1, used, used).as_str()]).0.context(&Models::default(), None).percent;
    assert_eq!(
        (percent(100), percent(12_000), percent(62_000), percent(112_000)),
        (Some(0), Some(0), Some(50), Some(100))
    );
    assert_eq!(percent(900_000), Some(100));
}

#[test]
fn a_turn_goes_from_started_through_calling_to_complete() {
    let lines = [
        event(1, STARTED),
        item(2, r#"{"type":"message","role":"user","content":[{"type":"input_text","text":"go"}]}"#),
        item(3, CALL),
        item(4, OUTPUT),
        item(5, SAID),
        totals(6, 20_000, 20_000),
        event(7, COMPLETE),
    ];
    let step = |count: usize| read(lines[..count].iter().map(String::as_str)).0.step;
    assert_eq!((step(1), step(2)), (Step::Asked, Step::Asked));
    assert_eq!(step(3), Step::Calling { tool: "exec_command".to_owned() });
    assert_eq!((step(4), step(5), step(6), step(7)), (Step::Asked, Step::Asked, Step::Asked, Step::Ended));
    assert_eq!(read(lines.iter().map(String::as_str)).0.step_at.unwrap().to_string(), "2026-11-20T10:00:07Z");
}

#[test]
fn a_question_waits_and_an_abort_ends_the_turn_whatever_comes_behind_it() {
    let asks = CALL.replace("exec_command", "request_user_input");
    let (started, asks) = (event(1, STARTED), item(2, &asks));
    assert_eq!(read([&*started, &asks]).0.step, Step::Asking { tool: "request_user_input".to_owned() });
    let aborted = event(3, r#"{"type":"turn_aborted","reason":"interrupted"}"#);
    let late = item(4, OUTPUT);
    let (found, _) = read([&*started, &asks, &aborted, &late]);
    assert_eq!((found.step, found.last_action.as_deref()), (Step::Interrupted, Some("interrupted by the user")));
    let replaced = event(3, r#"{"type":"turn_aborted","reason":"replaced"}"#);
    assert_eq!(read([&*started, &replaced]).0.step, Step::Ended);
}

#[test]
fn a_failed_turn_is_one_error_however_often_it_is_told() {
    let failed = event(3, r#"{"type":"task_complete","error":{"message":"usage limit reached"}}"#);
    let (found, _) = read([&*event(1, STARTED), &failed]);
    assert_eq!((found.step, found.counts.errors), (Step::Failed, 1));
    assert_eq!(found.last_action.as_deref(), Some("usage limit reached"));
    let error = event(2, r#"{"type":"error","message":"boom"}"#);
    for end in [COMPLETE.to_owned(), r#"{"type":"task_complete","error":{"message":"boom"}}"#.to_owned()] {
        let (found, _) = read([&*event(1, STARTED), &error, &event(3, &end)]);
        assert_eq!((found.step, found.counts.errors), (Step::Failed, 1));
    }
    let again = read([&*event(1, STARTED), &error, &event(3, COMPLETE), &event(4, STARTED), &event(5, COMPLETE)]).0;
    assert_eq!((again.step, again.counts.errors), (Step::Ended, 1));
    let retry = event(2, r#"{"type":"stream_error","message":"Reconnecting... 2/5"}"#);
    assert_eq!(read([&*event(1, STARTED), &retry]).0.step, Step::Retrying { attempt: 2, most: 5 });
}

#[test]
fn what_a_program_ran_counts_and_leaves_the_programs_own_call_open() {
    let program = CALL.replace("function_call", "custom_tool_call").replace("exec_command", "exec");
    let ran = event(
        3,
        r#"{"type":"item_completed","item":{"type":"CommandExecution","id":"exec-1","command":["make"],"status":"failed","exit_code":2}}"#,
    );
    let (found, _) = read([&*event(1, STARTED), &item(2, &program), &ran, &ran.replace("exec-1", "c1")]);
    assert_eq!((found.counts.tool_calls, found.counts.errors), (2, 1));
    assert_eq!(
        (found.step, found.last_action.as_deref()),
        (Step::Calling { tool: "exec".to_owned() }, Some("exec_command make"))
    );
}

#[test]
fn before_turns_were_written_an_answer_tells_nothing_of_what_follows() {
    let (found, tokens) = read(WITHOUT_ENVELOPE.lines());
    assert_eq!((found.step, tokens), (Step::Answered, Tokens::default()));
    assert_eq!((found.counts.records, found.counts.unknown_records), (11, 0));
    assert_eq!((found.counts.prompts, found.counts.tool_calls, found.counts.errors), (1, 2, 1));
    assert_eq!(found.branch.as_deref(), Some("old"));
    assert!(found.session_id.is_some() && found.first_activity.is_some());
}

#[test]
fn totals_count_when_they_change_and_by_their_difference_where_no_more_is_said() {
    let lines =
        [totals(1, 10, 10), totals(2, 10, 10), totals(3, 25, 15), event(4, r#"{"type":"token_count","info":null}"#)];
    assert_eq!(read(lines.iter().map(String::as_str)).1.input, 25);
    let bare = |total: u64| {
        event(1, &format!(r#"{{"type":"token_count","info":{{"total_token_usage":{{"input_tokens":{total}}}}}}}"#))
    };
    assert_eq!(read([&*bare(10), &bare(10), &bare(34)]).1.input, 34);
}

#[test]
fn after_a_compaction_the_estimate_moves_the_gauge_and_counts_nothing() {
    let compacted = r#"{"timestamp":"2026-11-20T10:00:02Z","type":"compacted","payload":{"message":"so far"}}"#;
    let estimate = event(
        3,
        r#"{"type":"token_count","info":{"total_token_usage":{"input_tokens":60000,"cached_input_tokens":0,"output_tokens":0},"last_token_usage":{"input_tokens":0,"total_tokens":13607},"model_context_window":112000}}"#,
    );
    let before = totals(1, 60_000, 60_000);
    let (found, _) = read([&*before, compacted, &event(2, r#"{"type":"context_compacted"}"#)]);
    assert_eq!(
        (
            found.context(&Models::default(), None).used,
            found.context(&Models::default(), None).percent,
            found.counts.compactions
        ),
        (None, None, 1)
    );
    let (found, tokens) = read([&*before, compacted, &estimate]);
    assert_eq!((found.context(&Models::default(), None).used, tokens.input), (Some(13_607), 60_000));
}

#[test]
fn a_sub_agent_has_its_parent_and_none_of_its_tokens() {
    let (found, tokens) = read(SUB_AGENT.lines());
    assert!(found.sub_agent);
    assert_eq!(found.parent.as_deref(), Some("0199a000-0000-7000-8000-00000000000a"));
    assert_eq!(found.session_id.as_deref(), Some("0199a000-0000-7000-8000-00000000000b"));
    assert_eq!((tokens.input, tokens.cache_read, tokens.output), (9_200, 4_000, 120));
    assert_eq!((found.title(), found.step.clone()), (Some("Averroes"), Step::Ended));
    // Without a copied history what it was asked tells more than its name.
    let own = SUB_AGENT.lines().enumerate().filter(|(at, _)| *at == 0 || *at >= 8).map(|(_, line)| line);
    let (found, tokens) = read(own);
    assert_eq!((found.title(), tokens.input), (Some("Count the files"), 9_200));
}

#[test]
fn two_answers_within_a_second_are_a_copy_in_a_copied_history_alone() {
    let lines = [totals(1, 10, 10), totals(1, 25, 15), totals(2, 30, 5)];
    assert_eq!(read(lines.iter().map(String::as_str)).1.input, 30);
    let head =
        r#"{"timestamp":"2026-11-20T10:00:01Z","type":"session_meta","payload":{"id":"b","forked_from_id":"a"}}"#;
    assert_eq!(read([head].into_iter().chain(lines.iter().map(String::as_str))).1.input, 5);
    let apart = [totals(1, 10, 10), totals(2, 25, 15), totals(2, 30, 5)];
    assert_eq!(read([head].into_iter().chain(apart.iter().map(String::as_str))).1.input, 30);
}

#[test]
fn records_of_answers_count_before_totals_and_those_of_other_threads_do_not() {
    let head = r#"{"type":"session_meta","payload":{"id":"b"}}"#;
    let answer = |thread: &str, id: &str, input: u64| {
        format!(
            r#"{{"type":"token_usage_record","payload":{{"thread_id":"{thread}","response_id":"{id}","usage":{{"input_tokens":{input}}}}}}}"#
        )
    };
    let lines =
        [answer("a", "r0", 7), answer("b", "r1", 10), totals(1, 10, 10), answer("b", "r1", 10), answer("b", "r2", 5)];
    assert_eq!(read([head].into_iter().chain(lines.iter().map(String::as_str))).1.input, 15);
}

#[test]
fn a_name_that_was_given_is_the_title_and_repeated_heads_change_nothing() {
    let named = event(9, r#"{"type":"thread_name_updated","thread_name":"mine"}"#);
    let head = SESSION.lines().next().unwrap();
    let (found, _) = read(SESSION.lines().chain([named.as_str(), head]));
    assert_eq!((found.title(), found.step.clone()), (Some("mine"), Step::Ended));
    let other = head.replace("00000a", "00000c").replace("/repo/project", "/else");
    let (found, _) = read(SESSION.lines().chain([other.as_str()]));
    assert_eq!((found.cwd.as_deref(), found.session_id.unwrap().ends_with("00a")), (Some("/repo/project"), true));
}

#[test]
fn after_a_gap_a_turns_settings_must_be_seen_again() {
    let (mut found, _) = read(SESSION.lines());
    assert!(found.is_settled());
    found.skip();
    Codex.read(&mut found, event(9, COMPLETE).as_bytes(), None);
    assert!(!found.is_settled());
    let settings = r#"{"type":"turn_context","payload":{"model":"gpt-6","cwd":"/other"}}"#;
    Codex.read(&mut found, settings.as_bytes(), None);
    assert!(found.is_settled());
    assert_eq!((found.model.as_deref(), found.cwd.as_deref()), (Some("gpt-6"), Some("/other")));
}
