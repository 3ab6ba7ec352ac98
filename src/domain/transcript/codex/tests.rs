//! What each kind of record becomes.

use std::path::Path;

use proptest::prelude::*;

use super::Codex;
use crate::domain::transcript::format::{Format, Storage};
use crate::domain::transcript::{Body, Digest, Tone};

/// A session as version 0.169 writes one: a command, a patch, a plan, an image, an error.
const SESSION: &str = include_str!("../../../../tests/fixtures/transcripts/codex/session.jsonl");
/// As the first versions wrote one.
const WITHOUT_ENVELOPE: &str = include_str!("../../../../tests/fixtures/transcripts/codex/without-envelope.jsonl");

fn bodies(line: &str) -> Vec<Body> {
    Codex.entries(0, line.as_bytes()).into_iter().map(|entry| entry.body).collect()
}

fn note(line: &str) -> (Tone, String) {
    match bodies(line).as_slice() {
        [Body::Note { tone, text }] => (*tone, text.clone()),
        other => panic!("no note: {other:?}"),
    }
}

fn event(payload: &str) -> String {
    format!(r#"{{"timestamp":"2026-11-20T10:00:00Z","type":"event_msg","payload":{payload}}}"#)
}

fn item(payload: &str) -> String {
    format!(r#"{{"timestamp":"2026-11-20T10:00:00Z","type":"response_item","payload":{payload}}}"#)
}

/// Every entry of a file in one line each.
fn told(file: &str) -> Vec<String> {
    let entries = file.lines().flat_map(bodies);
    let one_line = |text: &str| text.replace('\n', "⏎");
    entries
        .map(|body| match body {
            Body::Prompt(text) => format!("prompt {}", one_line(&text.kept)),
            Body::Said(text) | Body::Plain(text) | Body::Summary(text) => format!("said {}", one_line(&text.kept)),
            Body::Thinking(text) => format!("thinking {}", one_line(&text.kept)),
            Body::Call { id, name, summary, .. } => format!("call {id} {name} {summary}"),
            Body::Result { id, is_error, output, .. } => format!("result {id} {is_error} {}", one_line(&output.kept)),
            Body::Note { text, .. } => format!("note {text}"),
            Body::Unread { why, .. } => format!("unread {why}"),
        })
        .collect()
}

#[test]
fn a_session_is_told_once_though_it_is_written_twice() {
    assert_eq!(
        told(SESSION),
        [
            "note injected: permissions instructions; skills_instructions",
            "note injected: # AGENTS.md instructions for /repo/project",
            "note injected: environment_context",
            "prompt Make hello.txt⏎and test it",
            "thinking **Planning**⏎⏎A file, then a test.",
            "said I look around first.",
            "call c1 update_plan 0 of 2 done: Look",
            "result c1 false Plan updated",
            "call c2 exec_command cargo test",
            "call c3 view_image /repo/project/a.png",
            "result c2 false still running as session 21333⏎Compiling⏎",
            "result c3 false [image image/png, 1 kB]",
            "call c4 write_stdin {\"session_id\": 21333, \"chars\": \"\"}",
            "result c4 true exit code 101⏎error: no such file⏎",
            "call c5 apply_patch add hello.txt",
            "result c5 false Success. Updated the following files:⏎A hello.txt⏎",
            "call ws_1 web_search hello world",
            "said Done: hello.txt is there, the tests failed.",
            "note turn ended after 0m 08s",
        ]
    );
}

#[test]
fn files_of_the_first_versions_are_read_without_an_envelope() {
    assert_eq!(
        told(WITHOUT_ENVELOPE),
        [
            "note injected: user_instructions",
            "prompt List the files",
            "call c1 shell ls",
            "result c1 true exit code 2⏎ls: no⏎",
            "call c2 local_shell ls",
            "result c2 false a.txt⏎",
            "said There is one file.",
        ]
    );
}

#[test]
fn an_entry_has_its_offset_and_its_time() {
    let line = item(r#"{"type":"message","role":"user","content":[{"type":"input_text","text":"go"}]}"#);
    let entries = Codex.entries(77, line.as_bytes());
    assert_eq!((entries.len(), entries[0].offset, entries[0].sidechain), (1, 77, false));
    assert_eq!(entries[0].at.unwrap().to_string(), "2026-11-20T10:00:00Z");
}

#[test]
fn failures_aborts_compactions_and_going_back_are_notes() {
    let failed = event(r#"{"type":"task_complete","error":{"message":"usage limit","codex_error_info":"other"}}"#);
    assert_eq!(note(&failed), (Tone::Error, "turn failed: usage limit".to_owned()));
    let stopped = event(r#"{"type":"turn_aborted","reason":"interrupted"}"#);
    assert_eq!(note(&stopped), (Tone::Warning, "interrupted by the user".to_owned()));
    let budget = event(r#"{"type":"turn_aborted","reason":"budget_limited"}"#);
    assert_eq!(note(&budget).1, "turn stopped: budget limited");
    assert_eq!(note(&event(r#"{"type":"error","message":"boom"}"#)), (Tone::Error, "boom".to_owned()));
    assert_eq!(note(&event(r#"{"type":"stream_error","message":"Reconnecting... 1/5"}"#)).0, Tone::Warning);
    assert_eq!(note(&event(r#"{"type":"thread_rolled_back","num_turns":2}"#)).1, "went back by 2 turns");
    let goal = event(r#"{"type":"thread_goal_updated","goal":{"objective":"all green","status":"active"}}"#);
    assert_eq!(note(&goal).1, "goal: all green (active)");
    let compacted = r#"{"timestamp":"t","type":"compacted","payload":{"message":"So far","replacement_history":[{"type":"message"}]}}"#;
    let found = bodies(compacted);
    assert!(matches!(&found[0], Body::Note { tone: Tone::Warning, text } if text == "context compacted"));
    assert!(matches!(&found[1], Body::Thinking(text) if text.kept == "So far"));
    let remote = r#"{"type":"compacted","payload":{"message":"","replacement_history":[]}}"#;
    assert_eq!(bodies(remote).len(), 1);
}

#[test]
fn messages_between_agents_and_the_users_own_commands_are_notes() {
    let sent = r#"{"type":"inter_agent_communication","payload":{"author":"/root","recipient":"/root/a","content":"look here"}}"#;
    assert_eq!(note(sent).1, "message from /root to /root/a: look here");
    let told = item(
        r#"{"type":"message","role":"user","content":[{"type":"input_text","text":"<subagent_notification>\n{\"agent_path\":\"a\"}\n</subagent_notification>"}]}"#,
    );
    assert_eq!(note(&told).1, "injected: {\"agent_path\":\"a\"}");
    let ran = item(
        r#"{"type":"message","role":"user","content":[{"type":"input_text","text":"<user_shell_command>\n<command>\nls\n</command>"}]}"#,
    );
    assert_eq!(note(&ran).1, "the user ran: ls");
}

#[test]
fn tools_that_were_found_and_pictures_that_were_made_are_results() {
    let found = item(
        r#"{"type":"tool_search_output","call_id":"c","tools":[{"type":"namespace","name":"agents","tools":[{"name":"spawn"},{"name":"close"}]}]}"#,
    );
    let [Body::Result { id, output, .. }] = &bodies(&found)[..] else { panic!() };
    assert_eq!((id.as_str(), output.kept.as_str()), ("c", "agents\n  spawn\n  close"));
    let made = item(r#"{"type":"image_generation_call","id":"i","revised_prompt":"a hedgehog","result":"AAAAAAAA"}"#);
    let [Body::Call { name, summary, .. }, Body::Result { id, output, .. }] = &bodies(&made)[..] else { panic!() };
    assert_eq!((name.as_str(), summary.as_str(), id.as_str()), ("image_generation", "a hedgehog", "i"));
    assert_eq!(output.kept, "[image, 1 kB]");
}

#[test]
fn what_a_program_ran_is_shown_and_what_repeats_a_call_is_not() {
    let ran = event(
        r#"{"type":"item_completed","item":{"type":"CommandExecution","id":"exec-1","command":["/bin/sh","-c","ls"],"status":"completed","aggregated_output":"a\n","exit_code":0}}"#,
    );
    assert!(matches!(&bodies(&ran)[..], [Body::Call { .. }, Body::Result { is_error: false, .. }]));
    assert!(bodies(&ran.replace("exec-1", "call_1")).is_empty());
}

#[test]
fn what_is_not_known_or_not_json_is_said_with_its_size() {
    let why = |line: &str| match &bodies(line)[..] {
        [Body::Unread { why, bytes }] if *bytes == line.len() as u64 => why.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(why(r#"{"timestamp":"t","type":"quantum","payload":{}}"#), "unknown kind \"quantum\"");
    assert_eq!(why(&event(r#"{"type":"teleported"}"#)), "unknown kind \"teleported\"");
    assert_eq!(why(&item(r#"{"type":"hologram"}"#)), "unknown kind \"hologram\"");
    assert_eq!(why(&item("17")), "no kind");
    assert_eq!(why(r#"{"a":1}"#), "no kind");
    assert_eq!(why("half a {"), "not JSON");
    assert!(bodies("").is_empty() && bodies(" \r").is_empty() && bodies("\0\0").is_empty());
    assert_eq!(why("{\"type\":\"\\u001b[31m\"}"), "unknown kind \"␛[31m\"");
}

#[test]
fn a_field_of_another_type_costs_that_field_alone() {
    let odd = r#"{"timestamp":[],"ordinal":"x","type":"response_item","payload":{"type":"function_call","name":7,"call_id":{},"arguments":"{\"cmd\":\"ls\"}"}}"#;
    let [Body::Call { id, name, summary, .. }] = &bodies(odd)[..] else { panic!() };
    assert_eq!((id.as_str(), name.as_str(), summary.as_str()), ("", "function", "ls"));
    let content =
        item(r#"{"type":"message","role":"assistant","content":[null,{"type":"output_text","text":"still"}]}"#);
    assert!(matches!(&bodies(&content)[..], [Body::Said(text)] if text.kept == "still"));
}

#[test]
fn paths_tell_a_rollout_its_id_and_how_it_is_stored() {
    let archived = Path::new(
        "/h/.codex/archived_sessions/rollout-2026-11-20T10-00-00-0199a000-0000-7000-8000-00000000000a.jsonl.zst",
    );
    assert!(Codex.owns(archived) && matches!(Codex.storage(archived), Storage::Zstandard));
    assert_eq!(Codex.identify(archived).id, "0199a000-0000-7000-8000-00000000000a");
    let odd = Path::new("/tmp/rollout-é.jsonl");
    assert!(Codex.owns(odd) && matches!(Codex.storage(odd), Storage::Lines));
    assert_eq!(Codex.identify(odd).id, "rollout-é");
    assert!(!Codex.owns(Path::new("/h/.codex/history.jsonl")) && !Codex.owns(Path::new("/h/rollout-a.json")));
    assert!(Codex.begins(SESSION.as_bytes()) && Codex.begins(WITHOUT_ENVELOPE.as_bytes()));
    assert!(!Codex.begins(br#"{"type":"user","sessionId":"s","message":{"content":"\"type\":\"event_msg\""}}"#));
}

proptest! {
    #[test]
    fn no_line_breaks_the_parser(line in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Codex.entries(0, &line);
        Codex.read(&mut Digest::default(), &line, None);
    }

    #[test]
    fn no_mangled_record_breaks_the_parser(
        n in 0_usize..51,
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 0..6),
    ) {
        let mut line = SESSION.lines().chain(WITHOUT_ENVELOPE.lines()).nth(n).unwrap_or_default().as_bytes().to_vec();
        for (at, byte, removes) in edits {
            let at = at.index(line.len().max(1));
            if removes { line.drain(at..(at + 3).min(line.len())); } else { line.insert(at, byte); }
        }
        let _ = Codex.entries(0, &line);
        Codex.read(&mut Digest::default(), &line, Some(&mut crate::domain::transcript::usage::Usage::default()));
    }

    #[test]
    fn no_value_anywhere_breaks_the_parser(
        n in 0_usize..40,
        at in any::<prop::sample::Index>(),
        value in prop::sample::select(vec!["null", "1", "-1e400", "\"\"", "\"\\ud83d\"", "[]", "[[]]", "{}", "[null,{}]", "{\"output\":[]}"]),
    ) {
        let line = SESSION.lines().nth(n).unwrap_or_default();
        // In the place of some value, of which every one begins behind a colon.
        let colons: Vec<_> = line.match_indices("\":").map(|(at, _)| at + 2).collect();
        let start = colons[at.index(colons.len())];
        let mut values = serde_json::Deserializer::from_str(&line[start..]).into_iter::<serde::de::IgnoredAny>();
        prop_assume!(values.next().is_some_and(|value| value.is_ok()));
        let changed = format!("{}{value}{}", &line[..start], &line[start + values.byte_offset()..]);
        let mut digest = Digest::default();
        let entries = Codex.entries(0, changed.as_bytes());
        Codex.read(&mut digest, changed.as_bytes(), Some(&mut crate::domain::transcript::usage::Usage::default()));
        let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&changed).is_ok();
        prop_assert_eq!(digest.counts.malformed_records, u64::from(!is_json), "{}", changed);
        let is_refused = entries.iter().any(|entry| entry.body == Body::malformed(changed.len()));
        prop_assert_eq!(is_refused, !is_json);
    }
}
