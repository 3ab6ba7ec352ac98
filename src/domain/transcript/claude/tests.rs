//! What each kind of record becomes.

use proptest::prelude::*;

use super::parse_line;
use crate::domain::transcript::{Body, Text, Tone};

fn bodies(line: &str) -> Vec<Body> {
    parse_line(0, line.as_bytes()).into_iter().map(|entry| entry.body).collect()
}

fn only(line: &str) -> Body {
    let mut bodies = bodies(line);
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    bodies.remove(0)
}

fn note(line: &str) -> (Tone, String) {
    match only(line) {
        Body::Note { tone, text } => (tone, text),
        other => panic!("no note: {other:?}"),
    }
}

#[test]
fn a_typed_prompt_has_its_offset_time_and_text() {
    let line = br#"{"type":"user","timestamp":"2026-11-20T10:00:00.500Z","isSidechain":true,"message":{"role":"user","content":"fix it\nnow"}}"#;
    let entries = parse_line(77, line);
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].offset, entries[0].sidechain), (77, true));
    assert_eq!(entries[0].at.unwrap().to_string(), "2026-11-20T10:00:00.5Z");
    let Body::Prompt(text) = &entries[0].body else { panic!("{:?}", entries[0].body) };
    assert_eq!((text.kept.as_str(), text.bytes, text.lines), ("fix it\nnow", 10, 2));
}

#[test]
fn slash_commands_interruptions_and_injections_are_told_from_prompts() {
    let command = r#"{"type":"user","message":{"content":"<command-name>/review</command-name>\n<command-args>src</command-args>"}}"#;
    assert!(matches!(only(command), Body::Prompt(text) if text.kept == "/review src"));
    let stopped = r#"{"type":"user","message":{"content":[{"type":"text","text":"[Request interrupted by user for tool use]"}]}}"#;
    assert_eq!(note(stopped), (Tone::Warning, "[Request interrupted by user for tool use]".to_owned()));
    let meta = r#"{"type":"user","isMeta":true,"message":{"content":"Caveat: x"}}"#;
    assert_eq!(note(meta), (Tone::Info, "injected: Caveat: x".to_owned()));
    let summary = r#"{"type":"user","isCompactSummary":true,"message":{"content":"so far"}}"#;
    assert!(matches!(only(summary), Body::Summary(_)));
    let output = r#"{"type":"user","message":{"content":"<local-command-stdout>ok</local-command-stdout>"}}"#;
    assert_eq!(note(output), (Tone::Info, "output: ok".to_owned()));
}

#[test]
fn results_are_strings_or_blocks_and_images_are_named_with_their_size() {
    let plain = r#"{"type":"user","toolUseResult":{"stdout":"a second copy"},"message":{"content":[{"type":"tool_result","tool_use_id":"t1","content":"out","is_error":true}]}}"#;
    let Body::Result { id, is_error, output, .. } = only(plain) else { panic!() };
    assert_eq!((id.as_str(), is_error, output.kept.as_str()), ("t1", true, "out"));
    let image = r#"{"type":"user","message":{"content":[{"tool_use_id":"t2","type":"tool_result","content":[{"type":"text","text":"a"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAAAAAA"}}]}]}}"#;
    let Body::Result { output, .. } = only(image) else { panic!() };
    assert_eq!(output.kept, "a\n[image image/png, 1 kB]");
    let pasted = r#"{"type":"user","message":{"content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}},{"type":"text","text":"see"}]}}"#;
    assert!(matches!(only(pasted), Body::Prompt(text) if text.kept == "[image image/png, 1 kB]\nsee"));
}

#[test]
fn what_lies_elsewhere_is_named_by_where_it_lies() {
    let source = |source: &str| {
        let line = format!(r#"{{"type":"user","message":{{"content":[{{"type":"document","source":{source}}}]}}}}"#);
        match only(&line) {
            Body::Prompt(text) => text.kept,
            other => panic!("no prompt: {other:?}"),
        }
    };
    assert_eq!(source(r#"{"type":"url","url":"https://example.org/a.pdf"}"#), "[document https://example.org/a.pdf]");
    assert_eq!(source(r#"{"type":"file","file_id":"f1"}"#), "[document f1]");
    let text = format!(r#"{{"type":"text","media_type":"text/plain","data":"{}"}}"#, "x".repeat(4_000));
    assert_eq!(source(&text), "[document text/plain, 4 kB]");
    assert_eq!(source("7"), "[document]");
}

#[test]
fn patches_and_spilled_output_are_read_with_their_results() {
    let line = r#"{"type":"user","toolUseResult":{"filePath":"/a","structuredPatch":[{"oldStart":1,"newStart":1,"lines":["-x","+y"]}]},"message":{"content":[{"type":"tool_result","tool_use_id":"t","content":"ok"}]}}"#;
    assert!(matches!(only(line), Body::Result { patch: Some(patch), .. } if patch.counts() == (1, 1)));
    let spilled = r#"{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"t","content":"<persisted-output>\nOutput too large (9KB). Full output saved to: /x/tool-results/b.txt\n\nPreview:\nz\n</persisted-output>"}]}}"#;
    assert!(
        matches!(only(spilled), Body::Result { output, .. } if output.kept.starts_with("[spilled, 9KB in tool-results/b.txt]"))
    );
}

#[test]
fn blocks_of_the_model_are_told_apart() {
    let line = r#"{"message":{"id":"m","role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"thinking","thinking":""},{"type":"text","text":"I will"},{"type":"tool_use","id":"t1","name":"Bash","input":{"command":"ls"}},{"type":"hologram"}]},"type":"assistant"}"#;
    let found = bodies(line);
    assert!(matches!(&found[0], Body::Thinking(text) if text.kept == "hm"));
    assert!(matches!(&found[1], Body::Said(text) if text.kept == "I will"));
    assert!(
        matches!(&found[2], Body::Call { id, name, summary, input, .. } if id == "t1" && name == "Bash" && summary == "ls" && input.kept == "command: ls")
    );
    assert!(matches!(&found[3], Body::Unread { why, .. } if why == "unknown block \"hologram\""));
    assert_eq!(found.len(), 4);
}

#[test]
fn a_block_that_is_none_costs_nothing_else() {
    let line = r#"{"type":"assistant","message":{"content":[17,{"type":"text","text":"still"}]}}"#;
    assert!(bodies(line).iter().any(|body| matches!(body, Body::Said(text) if text.kept == "still")));
}

#[test]
fn remarks_of_the_program_become_notes() {
    let ended = r#"{"type":"system","subtype":"turn_duration","durationMs":65000,"pendingBackgroundAgentCount":2}"#;
    assert_eq!(note(ended).1, "turn ended after 1m 05s; 2 background agents go on");
    let compacted =
        r#"{"type":"system","subtype":"compact_boundary","compactMetadata":{"trigger":"auto","preTokens":155003}}"#;
    assert_eq!(note(compacted), (Tone::Warning, "context compacted (auto) at 155003 tokens".to_owned()));
    let retry = r#"{"type":"system","subtype":"api_error","retryAttempt":8,"maxRetries":10,"error":{"status":529}}"#;
    assert_eq!(note(retry), (Tone::Error, "API error, attempt 8 of 10: {\"status\":529}".to_owned()));
    let failed = r#"{"type":"assistant","isApiErrorMessage":true,"message":{"model":"<synthetic>","content":[{"type":"text","text":"API Error: 500"}]}}"#;
    assert_eq!(note(failed), (Tone::Error, "API Error: 500".to_owned()));
    let new = r#"{"type":"system","subtype":"brand_new","level":"warning","content":"careful"}"#;
    assert_eq!(note(new), (Tone::Warning, "brand new: careful".to_owned()));
    let moved = r#"{"type":"continued-in","continuedInSessionId":"s2"}"#;
    assert_eq!(note(moved).1, "continued in session: s2");
    let queued = r#"{"type":"attachment","attachment":{"type":"queued_command","prompt":"and then"}}"#;
    assert!(matches!(only(queued), Body::Prompt(text) if text.kept == "and then"));
}

#[test]
fn records_that_only_latch_a_setting_are_not_shown() {
    for kind in
        ["ai-title", "last-prompt", "mode", "permission-mode", "file-history-snapshot", "api-request-blob", "progress"]
    {
        assert!(bodies(&format!(r#"{{"type":"{kind}","message":{{"content":[]}}}}"#)).is_empty(), "{kind}");
    }
    assert!(bodies(r#"{"type":"queue-operation","operation":"dequeue"}"#).is_empty());
    assert!(bodies(r#"{"type":"attachment","attachment":{"type":"skill_listing","content":"long"}}"#).is_empty());
}

#[test]
fn what_is_not_known_or_not_json_is_said_with_its_size() {
    assert_eq!(only(r#"{"type":"quantum"}"#), Body::Unread { why: "unknown kind \"quantum\"".to_owned(), bytes: 18 });
    assert_eq!(only("half a {"), Body::Unread { why: "not JSON".to_owned(), bytes: 8 });
    assert_eq!(only(r#"{"a":1}"#), Body::Unread { why: "no kind".to_owned(), bytes: 7 });
    assert!(bodies("\0\0\0").is_empty() && bodies("").is_empty() && bodies(" \r").is_empty());
    assert_eq!(bodies("\u{feff}{\"type\":\"mode\"}\r"), []);
}

#[test]
fn invalid_utf8_and_lone_surrogates_are_read_with_replacements() {
    let mut line = br#"{"type":"user","message":{"content":"a"#.to_vec();
    line.extend([0xff, 0xfe]);
    line.extend(br#"\ud83d!"}}"#);
    let entries = parse_line(0, &line);
    assert!(matches!(&entries[0].body, Body::Prompt(text) if text.kept == "a\u{fffd}\u{fffd}\u{fffd}!"), "{entries:?}");
}

#[test]
fn escape_sequences_in_names_and_summaries_are_harmless() {
    let line = r#"{"type":"assistant","message":{"content":[{"type":"tool_use","id":"t","name":"Ba\u001b[2Jsh","input":{"command":"\u001b]0;x\u0007"}}]}}"#;
    let Body::Call { name, summary, .. } = only(line) else { panic!() };
    assert!(!name.contains('\u{1b}') && !summary.contains('\u{1b}'));
    assert_eq!(
        only("{\"type\":\"\\u001b[31m\"}"),
        Body::Unread { why: "unknown kind \"␛[31m\"".to_owned(), bytes: 21 }
    );
}

#[test]
fn a_line_of_sixty_megabytes_keeps_its_head_and_its_measure() {
    let line = format!(
        r#"{{"type":"user","message":{{"content":[{{"type":"tool_result","tool_use_id":"t","content":"{}"}}]}}}}"#,
        "0123456789abcd\\n".repeat(3_750_000)
    );
    assert!(line.len() >= 60_000_000);
    let Body::Result { output, .. } = only(&line) else { panic!() };
    assert_eq!((output.bytes, output.lines), (15 * 3_750_000, 3_750_000));
    assert!(output.kept.len() <= Text::CAP + Text::AHEAD && output.kept.capacity() <= 2 * Text::CAP);
}

proptest! {
    #[test]
    fn no_line_breaks_the_parser(line in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse_line(0, &line);
    }

    #[test]
    fn no_json_breaks_the_parser(
        kind in prop::sample::select(vec!["user", "assistant", "system", "attachment", "queue-operation", "x"]),
        value in prop::sample::select(vec!["null", "1", "\"s\"", "[]", "{}", "[{}]", "[null]", "{\"content\":[1,\"a\",{\"type\":2}]}", "{\"content\":{\"type\":[]}}"]),
    ) {
        let line = format!(r#"{{"type":"{kind}","message":{value},"attachment":{value},"content":{value},"subtype":{value},"timestamp":{value},"error":{value}}}"#);
        let _ = parse_line(0, line.as_bytes());
    }
}
