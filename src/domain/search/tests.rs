//! What the finder passes over has no match: the quick way finds what the plain way finds.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Excerpt, Finder, Hit, HitKind, Pattern, hits, part};
use crate::domain::agent::AgentId;
use crate::domain::redact::Redactor;
use crate::domain::transcript::claude::Claude;
use crate::domain::transcript::parse_line;
use crate::domain::transcript::plain::Plain;

fn agent() -> AgentId {
    AgentId("a".to_owned())
}

/// Every line, one after the other: parsed, redacted, and only then looked at.
fn plainly(pattern: &Pattern, lines: &[String]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        for (nth, entry) in parse_line(0, line.as_bytes()).into_iter().enumerate() {
            let entry = entry.redacted(&Redactor::default());
            let Some((_, text)) = part(&entry.body) else { continue };
            if text.lines().any(|line| !pattern.ranges(line).is_empty()) {
                found.push((number, nth));
            }
        }
    }
    found
}

/// Only the lines that the finder stops at.
fn quickly(pattern: &Pattern, lines: &[String]) -> Vec<(usize, usize)> {
    let finder = pattern.finder(&Claude);
    let mut found = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        if finder.find(line.as_bytes(), 0).is_some() {
            let hits = hits(pattern, &agent(), parse_line(0, line.as_bytes()), &Redactor::default());
            found.extend(hits.into_iter().map(|hit| (number, hit.nth)));
        }
    }
    found
}

fn hits_in(pattern: &str, record: &Value) -> Vec<Hit> {
    hits(&Pattern::new(pattern).unwrap(), &agent(), parse_line(7, record.to_string().as_bytes()), &Redactor::default())
}

fn result(output: &str) -> Value {
    json!({"type": "user", "uuid": "u-needle", "message": {"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "toolu_needle", "content": output},
    ]}, "toolUseResult": {"stdout": output}})
}

#[test]
fn a_hit_is_an_entry_with_its_first_matching_line() {
    let found = hits_in("drift", &result("one\n\tsome Drift here\nand drift\nnone"));
    let excerpt = Excerpt { before: "some ".to_owned(), found: "Drift".to_owned(), behind: " here".to_owned() };
    let expected = Hit { agent: agent(), offset: 7, nth: 0, at: None, kind: HitKind::Result, excerpt, lines: 2 };
    assert_eq!(found, [expected]);
}

#[test]
fn neither_keys_nor_ids_nor_copies_are_searched() {
    assert!(hits_in("needle|tool_result|stdout|toolu|message", &result("nothing")).is_empty());
    assert_eq!(hits_in(r#"foo"bar\\"#, &result(r#"a foo"bar\ b"#)).len(), 1);
    let thought = json!({"type": "assistant", "message": {"content": [
        {"type": "thinking", "thinking": "hm", "signature": "needle"},
        {"type": "text", "text": "the needle"},
    ]}});
    let found = hits_in("needle", &thought);
    assert_eq!(found.iter().map(|hit| (hit.nth, hit.kind)).collect::<Vec<_>>(), [(1, HitKind::Said)]);
}

#[test]
fn a_secret_cannot_be_found_and_its_marker_neither() {
    let secret = ["gh", "p_", &"a1B2".repeat(9)].concat();
    let record = result(&format!("the token {secret} was used"));
    for pattern in [&secret, "a1B2", "redacted", "GitHub"] {
        assert!(hits_in(pattern, &record).is_empty(), "{pattern}");
    }
    let found = hits_in("was used", &record);
    assert!(!format!("{found:?}").contains("a1B2"), "{found:?}");
}

#[test]
fn an_excerpt_is_short_and_harmless() {
    let line = format!("{}é\u{1b}[31m match {}", "x".repeat(1_000), "y".repeat(1_000));
    let found = &hits_in("match", &result(&line))[0];
    assert_eq!(found.excerpt.found, "match");
    assert!(found.excerpt.before.ends_with("␛[31m ") && found.excerpt.before.len() < 200, "{found:?}");
    assert!(found.excerpt.behind.len() < 400);
    let long = &hits_in("z+", &result(&"z".repeat(5_000)))[0];
    assert!(long.excerpt.found.len() < 300 && long.excerpt.behind == "…");
}

#[test]
fn what_another_program_writes_is_passed_over_only_if_nothing_is_put_in() {
    let pattern = Pattern::new("Fabric").unwrap();
    assert!(matches!(pattern.finder(&Claude), Finder::One(_)));
    assert!(matches!(pattern.finder(&Plain), Finder::Every), "words may be put into what others show");
    assert!(matches!(Pattern::new("compact").unwrap().finder(&Claude), Finder::Several(_)));
    assert!(matches!(Pattern::new(r"\d+").unwrap().finder(&Claude), Finder::Every));
}

/// One record of each kind that puts words in, and others, with `a` and `b` in them.
fn records(a: &str, b: &str) -> Vec<Value> {
    let user = |content: Value| json!({"type": "user", "message": {"role": "user", "content": content}});
    let said = |block: Value| json!({"message": {"content": [block]}, "type": "assistant", "cwd": "/repo"});
    let system = |subtype: &str| {
        json!({"type": "system", "subtype": subtype, "content": a, "durationMs": 187_000,
        "pendingBackgroundAgentCount": 3, "compactMetadata": {"trigger": "auto", "preTokens": 1.5e5},
        "microcompactMetadata": {"tokensSaved": 77}, "error": {"message": b}, "retryAttempt": 2, "maxRetries": 10,
        "preventedContinuation": true, "stopReason": b, "level": "warning"})
    };
    let attachment = |kind: &str| {
        json!({"type": "attachment", "attachment": {"type": kind, "prompt": [{"text": a}, {"type": "image", "source": {"data": "QUJD"}}],
        "hookName": b, "filename": a, "stderr": b, "content": a}})
    };
    let image =
        json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QUJD".repeat(900)}});
    let mut records = vec![
        user(json!(a)),
        user(json!([{"type": "text", "text": a}, {"type": "text", "text": b}, image])),
        user(json!(format!("<command-name>/{a}</command-name>\n<command-args>{b}</command-args>"))),
        user(json!(format!("<local-command-stdout>{a} {b}</local-command-stdout>"))),
        user(json!(format!("<bash-stderr>{a}</bash-stderr>"))),
        user(json!("[Request interrupted by user\u{7}]")),
        json!({"type": "user", "isMeta": true, "message": {"content": a}}),
        json!({"type": "user", "isCompactSummary": true, "message": {"content": b}}),
        json!({"type": "assistant", "isApiErrorMessage": true, "message": {"content": [{"type": "text", "text": format!("{a}\u{9b}")}]}}),
        said(json!({"type": "text", "text": format!("{a}\n{b}")})),
        said(json!({"type": "thinking", "thinking": b, "signature": a})),
        said(json!({"type": "redacted_thinking", "data": a})),
        said(json!({"type": "fallback"})),
        said(
            json!({"type": "tool_use", "id": b, "name": "Bash", "input": {"command": format!("{a}\n{b}"), "description": a}}),
        ),
        said(json!({"type": "tool_use", "id": b, "name": "mcp__x__y", "input": {"list": [a, b], "path": a, "n": 3}})),
        result(a),
        result(&format!("{a} {b}\r\n{b}")),
        user(
            json!([{"type": "tool_result", "content": [{"type": "text", "text": a}, image, {"type": "tool_reference"}], "is_error": true}]),
        ),
        json!({"type": "queue-operation", "operation": "enqueue", "content": a}),
        json!({"type": "pr-link", "prUrl": a}),
        json!({"type": "continued-in", "continuedInSessionId": b}),
        json!({"type": "relocated", "cwd": a}),
        json!({"type": "worktree-state", "cwd": a}),
        json!({"type": "last-prompt", "value": a}),
        json!({"type": a, "value": b}),
    ];
    let subtypes = [
        "turn_duration",
        "compact_boundary",
        "microcompact_boundary",
        "api_error",
        "stop_hook_summary",
        "error",
        "api_refusal",
        "away_summary",
        "informational",
    ];
    records.extend(subtypes.map(system));
    let kinds = [
        "queued_command",
        "hook_blocking_error",
        "hook_non_blocking_error",
        "hook_cancelled",
        "edited_text_file",
        "file",
        "plan_mode_exit",
        "todo",
    ];
    records.extend(kinds.map(attachment));
    records
}

/// A record as a line, with more escapes than needed if asked for.
fn written(record: &Value, escape_all: bool) -> String {
    let text = record.to_string();
    if !escape_all {
        return text;
    }
    let unit = |unit: &u16| format!("\\u{unit:04x}");
    let escaped = |c: char| c.encode_utf16(&mut [0; 2]).iter().map(unit).collect::<Vec<_>>().concat();
    let character = |c: char| match c {
        '/' => "\\/".to_owned(),
        '<' | '>' | '&' => escaped(c),
        c if c.is_ascii() => c.to_string(),
        c => escaped(c),
    };
    text.chars().map(character).collect()
}

#[test]
fn every_word_that_is_shown_is_found() {
    let lines: Vec<String> = records("alpha", "beta").iter().map(|record| written(record, false)).collect();
    for line in &lines {
        for entry in parse_line(0, line.as_bytes()) {
            let Some((_, text)) = part(&entry.body) else { continue };
            for word in text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()) {
                for pattern in [word.to_owned(), word.to_lowercase(), format!("{word}\\b")] {
                    let pattern = Pattern::new(&pattern).unwrap();
                    let found = quickly(&pattern, std::slice::from_ref(line));
                    assert!(!found.is_empty(), "{pattern:?} in {text:?}");
                }
            }
        }
    }
}

fn text() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        8 => proptest::sample::select(vec![
            "fn", "vlan_test", "Drift", "drift", "reconcile", "token", "kB", "42s", "3", "foo: bar", "a/b.rs", "ſkſ", "K", "é",
            "\"q\"", "back\\slash", "tab\there", "two\nlines", "\u{1b}[0m", "\u{202e}", "‹redacted: JWT›", "password=hunter2secret",
            "9B", "U", "/repo/x", "-", "😀", "<tag>", "https://u:pw12345@example.invalid/",
        ]).prop_map(str::to_owned),
        1 => Just(["gh", "p_", &"a1B2".repeat(9)].concat()),
        1 => "[a-dA-D_ ]{0,4}",
    ];
    proptest::collection::vec(word, 0..5).prop_map(|words| words.join(" "))
}

fn pattern() -> impl Strategy<Value = String> {
    let atom = prop_oneof![
        6 => proptest::sample::select(vec![
            "fn", "vlan", "_test", "Drift", "drift", "rec", "token", "kB", "s", "k", "3", "foo", "bar", ": ", " ", "/", "é", "\"", "\\\\",
            "turn", "compacted", "API error", "redacted", "image", "9B", "queued", "a1B2", "command", "\\[", "hunter",
        ]),
        3 => proptest::sample::select(vec![r"\w+", r"\d+", ".", ".*", r"\b", "^", "$", "[a-d]", "[^a]", r"\s", "(?i:Q)", r"\S", "[sk]", r"\B"]),
    ];
    let atom = (atom, proptest::sample::select(vec!["", "", "", "+", "?", "{2}"]))
        .prop_map(|(atom, times)| if times.is_empty() { atom.to_owned() } else { format!("(?:{atom}){times}") });
    let sequence = proptest::collection::vec(atom, 1..4).prop_map(|atoms| atoms.concat());
    proptest::collection::vec(sequence, 1..3).prop_map(|choices| choices.join("|"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    #[test]
    fn nothing_that_matches_is_passed_over(a in text(), b in text(), pattern in pattern(), escape_all: bool) {
        let Ok(pattern) = Pattern::new(&pattern) else { return Ok(()) };
        let lines: Vec<String> = records(&a, &b).iter().map(|record| written(record, escape_all)).collect();
        prop_assert_eq!(quickly(&pattern, &lines), plainly(&pattern, &lines));
    }
}
