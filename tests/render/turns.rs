//! Every kind of turn as a transcript shows it, from records as Claude Code writes them.

use hnpwb::config::layout::PaneKind;
use hnpwb::config::theme::{Role, Theme};
use hnpwb::domain::transcript::{Entry, parse_line};
use hnpwb::state::State;
use serde_json::{Value, json};

use crate::fixture::{self, agents, draw, focus, keys, tell, transcript};
use crate::{SIZES, row, text};

const SAY: fixture::Say = str::to_owned;

/// The entries of records, of which each begins a second after the one before. Strings are lines as they stand.
fn entries(records: &[Value]) -> Vec<Entry> {
    let mut offset = 0;
    let mut out = Vec::new();
    for (number, record) in records.iter().enumerate() {
        let line = match record {
            Value::String(line) => line.clone(),
            record => {
                let mut record = record.clone();
                record["timestamp"] = json!(format!("2026-03-02T13:{:02}:{:02}Z", 40 + number / 60, number % 60));
                record.to_string()
            }
        };
        out.extend(parse_line(offset, line.as_bytes()));
        offset += line.len() as u64 + 1;
    }
    out
}

fn said(blocks: &Value) -> Value {
    json!({"type": "assistant", "message": {"role": "assistant", "content": blocks}})
}

fn call(id: &str, name: &str, input: &Value) -> Value {
    said(&json!([{"type": "tool_use", "id": id, "name": name, "input": input}]))
}

fn result(id: &str, is_error: bool, content: &Value) -> Value {
    let block = json!({"type": "tool_result", "tool_use_id": id, "is_error": is_error, "content": content});
    json!({"type": "user", "message": {"role": "user", "content": [block]}})
}

fn prompt(content: &Value) -> Value {
    json!({"type": "user", "message": {"role": "user", "content": content}})
}

fn with(mut record: Value, field: &str, value: Value) -> Value {
    record[field] = value;
    record
}

fn state(records: &[Value], pressed: &str) -> State {
    let mut state = fixture::state(Theme::default(), SAY);
    tell(&mut state, hnpwb::event::Event::Agents(agents(SAY)));
    let page = transcript(state.transcript.generation, entries(records));
    tell(&mut state, page);
    focus(&mut state, PaneKind::Transcript);
    keys(&mut state, "z");
    keys(&mut state, pressed);
    state
}

/// Draws records in both sizes after these keys.
#[track_caller]
fn check(case: &str, records: &[Value], pressed: &str) {
    for (width, height) in SIZES {
        let mut state = state(records, pressed);
        insta::assert_snapshot!(format!("{case}-{width}x{height}"), text(&draw(&mut state, width, height)));
    }
}

fn prompts() -> Vec<Value> {
    let image = json!({"type": "base64", "media_type": "image/png", "data": "A".repeat(40_000)});
    vec![
        prompt(&json!(
            "Read **briefs/T-1.md** and do what it says:\n- no pushes\n- tests first\n\nsrc/*.rs and tests/*.rs only"
        )),
        said(&json!([{"type": "text", "text": "Reading."}])),
        prompt(&json!([{"type": "image", "source": image}, {"type": "text", "text": "why is this red?"}])),
        prompt(&json!("<command-name>/review</command-name>\n<command-args>src</command-args>")),
        json!({"type": "attachment", "attachment": {"type": "queued_command", "prompt": "and run the linter"}}),
        json!({"type": "queue-operation", "operation": "enqueue", "content": "then stop"}),
        prompt(&json!([{"type": "text", "text": "[Request interrupted by user for tool use]"}])),
        json!({"type": "system", "subtype": "turn_duration", "durationMs": 65_000}),
    ]
}

#[test]
fn prompts_and_what_stands_between_them() {
    check("prompts", &prompts(), "");
}

const ANSWER: &str = "## What I found\n\nThe form accepts **VLAN 0** and *4095*; `IntegerField()` has no bounds.\n\n1. The switch \
                      profile names the range:\n   - leaf: 1 to 3966\n   - spine: none\n2. The form does not read it.\n\n- [x] read\n- [ ] \
                      fix\n\n```python\nclass VPCForm(Form):\n    vlan = IntegerField(min_value=1)\n```\n\n> Reserved by 802.1Q.\n\n| leaf | \
                      range |\n|---|---|\n| leaf-01 | 1-3966 |\n\nSee [the docs](https://example.org/vlan). The <system> tag and \
                      __init__.py stay.\n\n---\nDone.";

#[test]
fn what_is_said_is_rendered() {
    check("said", &[said(&json!([{"type": "text", "text": ANSWER}]))], "");
    check("said-top", &[said(&json!([{"type": "text", "text": ANSWER}]))], "g");
}

#[test]
fn thinking_is_folded() {
    let records = [said(
        &json!([{"type": "thinking", "thinking": "The brief asks for a check.\nI should read the form **first**."}]),
    )];
    check("thinking", &records, "");
    check("thinking-unfolded", &records, "Z");
}

fn calls() -> Vec<Value> {
    vec![
        prompt(&json!("Run the tests.")),
        call("a", "Bash", &json!({"command": "cargo test --workspace", "description": "Run all tests"})),
        call("b", "Bash", &json!({"command": "cargo clippy"})),
        call("c", "Read", &json!({"file_path": "/home/me/code/hnp/src/lib.rs"})),
        result("b", true, &json!("Exit code 101\nerror: unused variable `x`\n --> src/lib.rs:3:9")),
        result("a", false, &json!("running 2 tests\ntest a ... ok\ntest b ... ok")),
        result("c", true, &json!("<tool_use_error>File does not exist.</tool_use_error>")),
        call("d", "Bash", &json!({"command": "git push"})),
        result(
            "d",
            true,
            &json!(
                "The user doesn't want to proceed with this tool use. The tool use was rejected. To tell you how to proceed, the user said:\nnot on a Friday"
            ),
        ),
        result("z", false, &json!("a result whose call\nis not there")),
        call("e", "Bash", &json!({"command": "cargo build --release"})),
    ]
}

#[test]
fn results_are_shown_with_their_calls() {
    check("calls", &calls(), "");
    check("calls-unfolded", &calls(), "Z");
}

#[test]
fn a_call_of_an_earlier_turn_does_not_run_any_more() {
    let records = [
        call("a", "Bash", &json!({"command": "sleep 600"})),
        prompt(&json!("never mind")),
        said(&json!([{"type": "text", "text": "Fine."}])),
    ];
    check("calls-over", &records, "");
}

fn edits() -> Vec<Value> {
    let patch = json!({"filePath": "src/vpc.py", "structuredPatch": [
        {"oldStart": 12, "oldLines": 3, "newStart": 12, "newLines": 4, "lines": [" class VPCForm:", "-    vlan = IntegerField()", "+    vlan = IntegerField(min_value=1)", "+    # 802.1Q", " "]},
        {"oldStart": 98, "oldLines": 2, "newStart": 99, "newLines": 1, "lines": [" end", "-gone"]},
    ]});
    let done = json!("The file src/vpc.py has been updated.");
    vec![
        call("a", "Edit", &json!({"file_path": "src/vpc.py", "old_string": "x", "new_string": "y"})),
        with(result("a", false, &done), "toolUseResult", patch),
        call("b", "Write", &json!({"file_path": "docs/vlan.md", "content": "# VLANs\n\n\tFrom 1.\n"})),
        result("b", false, &json!("File created successfully at: docs/vlan.md")),
        call(
            "c",
            "MultiEdit",
            &json!({"file_path": "src/a.py", "edits": [{"old_string": "a\nb", "new_string": "a\nc"}, {"old_string": "d", "new_string": ""}]}),
        ),
        result("c", false, &done),
    ]
}

#[test]
fn edits_are_diffs() {
    check("edits", &edits(), "");
    check("edits-unfolded", &edits(), "Z");
}

#[test]
fn added_and_removed_lines_have_their_roles() {
    let frame = draw(&mut state(&edits(), "Z"), 200, 60);
    let style = |marker: &str| {
        let y = (0..frame.area.height).find(|y| row(&frame, *y).contains(marker)).unwrap();
        let at = row(&frame, y).chars().position(|c| c == marker.chars().next().unwrap_or_default()).unwrap();
        frame[(u16::try_from(at).unwrap(), y)].fg
    };
    let theme = Theme::default();
    assert_eq!(Some(style("+     vlan")), theme.style(Role::DiffAdd).fg);
    assert_eq!(Some(style("- gone")), theme.style(Role::DiffRemove).fg);
}

fn lists() -> Vec<Value> {
    let todos = json!({"todos": [
        {"content": "Read the form", "status": "completed", "activeForm": "Reading"},
        {"content": "Write the check", "status": "in_progress", "activeForm": "Writing"},
        {"content": "Run the tests", "status": "pending", "activeForm": "Running"},
    ]});
    vec![
        call("a", "TodoWrite", &todos),
        result("a", false, &json!("Todos have been modified successfully.")),
        call("b", "TaskCreate", &json!({"subject": "Ask about peering limits", "description": "d"})),
        call("c", "TaskUpdate", &json!({"taskId": "3", "status": "completed"})),
        call(
            "d",
            "update_plan",
            &json!({"plan": [{"step": "look", "status": "completed"}, {"step": "act", "status": "pending"}]}),
        ),
        call("e", "ExitPlanMode", &json!({"plan": "# Plan\n\n1. Bound the **VLAN**\n2. Test it\n   - 0\n   - 4095"})),
    ]
}

#[test]
fn to_do_lists_and_plans_are_lists() {
    check("lists", &lists(), "");
    check("lists-unfolded", &lists(), "Z");
}

#[test]
fn what_is_no_text_is_named_with_its_size() {
    let image = json!([{"type": "text", "text": "the page"}, {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A".repeat(160_000)}}]);
    let alone = json!([{"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "A".repeat(16_000)}}]);
    let spilled = "<persisted-output>\nOutput too large (54.3KB). Full output saved to: /home/me/.claude/projects/p/s/tool-results/b1.txt\n\nPreview (first 2KB):\nline 1\nline 2\n...\n</persisted-output>";
    let records = [
        call("a", "Read", &json!({"file_path": "shot.png"})),
        result("a", false, &alone),
        call("b", "WebFetch", &json!({"url": "https://example.org"})),
        result("b", false, &image),
        call("c", "Bash", &json!({"command": "kubectl get vpc -o yaml"})),
        result("c", false, &json!(spilled)),
    ];
    check("placeholders", &records, "");
    check("placeholders-unfolded", &records, "Z");
}

#[test]
fn trouble_is_told() {
    let compacted = json!({"type": "system", "subtype": "compact_boundary", "compactMetadata": {"trigger": "auto", "preTokens": 155_003}});
    let summary = json!({"type": "user", "isCompactSummary": true, "message": {"content": "This session continues another one.\n\n## State\n- tests pass"}});
    let retry = |attempt| json!({"type": "system", "subtype": "api_error", "retryAttempt": attempt, "maxRetries": 10, "error": {"status": 529}});
    let failed =
        with(said(&json!([{"type": "text", "text": "API Error: 500 overloaded"}])), "isApiErrorMessage", json!(true));
    let records = [
        compacted,
        summary,
        retry(1),
        retry(8),
        failed,
        json!({"type": "quantum", "spin": "up"}),
        json!("{\"type\":\"assistant\",\"mess"),
        json!("no JSON at all"),
        said(&json!([{"type": "hologram"}])),
        json!({"type": "continued-in", "continuedInSessionId": "0b1c"}),
    ];
    check("trouble", &records, "");
    check("trouble-unfolded", &records, "Z");
}

#[test]
fn a_side_chain_has_a_rail() {
    let side = |record: Value| with(record, "isSidechain", json!(true));
    let records = [
        prompt(&json!("Find out.")),
        call("a", "Task", &json!({"description": "look around", "prompt": "Look."})),
        side(prompt(&json!("Look."))),
        side(call("s", "Grep", &json!({"pattern": "vlan"}))),
        side(result("s", false, &json!("a\nb\nc"))),
        side(said(
            &json!([{"type": "text", "text": "Three places, the last of them in a file that has a rather long name and a line that goes on for a while."}]),
        )),
        result("a", false, &json!("**Three** places.")),
        said(&json!([{"type": "text", "text": "There are three."}])),
    ];
    check("side-chain", &records, "");
}
