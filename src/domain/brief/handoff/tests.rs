//! Handoffs from transcripts of a few lines.

use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Cause, Facts, RepoFacts, TOKENS, TaskFacts, make};
use crate::domain::brief::check::check;
use crate::domain::brief::lint::Aim;
use crate::domain::brief::tokens::count;
use crate::domain::brief::{facts as brief_facts, file_name};
use crate::domain::redact::Redactor;
use crate::domain::transcript::claude::parse_line;
use crate::domain::work::Work;

fn work(records: &[Value]) -> Work {
    let mut work = Work::default();
    for (line, record) in records.iter().enumerate() {
        for entry in parse_line(line as u64 * 100, record.to_string().as_bytes()) {
            work.take(line as u64 + 1, &entry);
        }
    }
    work
}

fn prompt(text: &str) -> Value {
    json!({"type": "user", "message": {"role": "user", "content": text}})
}

fn call(id: &str, name: &str, input: &Value) -> Value {
    json!({"type": "assistant", "message": {"id": id, "content": [{"type": "tool_use", "id": id, "name": name, "input": input}]}})
}

fn result(id: &str, output: &str, is_error: bool) -> Value {
    json!({"type": "user", "message": {"content": [{"type": "tool_result", "tool_use_id": id, "content": output, "is_error": is_error}]}})
}

fn said(text: &str) -> Value {
    json!({"type": "assistant", "message": {"id": "m", "content": [{"type": "text", "text": text}]}})
}

fn crashed() -> Vec<Value> {
    vec![
        prompt("Fix the VLAN check in src/vlan.rs."),
        call(
            "t0",
            "TodoWrite",
            &json!({"todos": [{"content": "fix the range", "status": "completed"}, {"content": "write a test", "status": "in_progress"}]}),
        ),
        call("t1", "Edit", &json!({"file_path": "src/vlan.rs", "old_string": "a", "new_string": "b\nc"})),
        result("t1", "ok", false),
        call("t2", "Bash", &json!({"command": "cargo test vlan"})),
        result("t2", "Exit code 101\nrunning 1 test\nerror: assertion failed: 4095", true),
        call("t3", "Bash", &json!({"command": "git commit -m 'fix: the range'"})),
        result("t3", "[main 1a2b3c4] fix: the range\n 1 file changed", false),
        said("All done, the tests pass."),
        call("t4", "Bash", &json!({"command": "git push"})),
    ]
}

fn facts<'a>(work: &'a Work, cause: &'a Cause, redactor: &'a Redactor) -> Facts<'a> {
    Facts {
        agent: "api",
        cause,
        transcript: Path::new("/t/s1.jsonl"),
        asked: None,
        work,
        task: None,
        repo: None,
        redactor,
    }
}

#[test]
fn a_handoff_tells_what_was_asked_done_open_and_wrong_each_with_its_line() {
    let (work, redactor) = (work(&crashed()), Redactor::default());
    let cause = Cause::Crashed("process 7 is gone".to_owned());
    let task = TaskFacts {
        id: "2.1".to_owned(),
        title: "VLAN check".to_owned(),
        origin: "TASKS.md:3".to_owned(),
        open: vec!["4094 is allowed".to_owned()],
    };
    let repo = RepoFacts {
        branch: Some("main".to_owned()),
        head: Some("1a2b3c4".to_owned()),
        changed: vec![("modified", "src/vlan.rs".to_owned())],
        lines: (2, 1),
    };
    let facts = Facts { task: Some(&task), repo: Some(&repo), ..facts(&work, &cause, &redactor) };
    let made = make(facts, TOKENS);
    for part in [
        "# Handoff: VLAN check",
        "it crashed (process 7 is gone)",
        "`T:12` is line 12 of its transcript, /t/s1.jsonl.",
        "> Fix the VLAN check in src/vlan.rs.\n> (T:1)",
        "- 2.1 VLAN check (TASKS.md:3)\n- [ ] 4094 is allowed (TASKS.md:3)",
        "- [>] write a test (T:2)",
        "- `src/vlan.rs` +2 −1 (T:3)",
        "- `1a2b3c4` fix: the range (T:8)",
        "- `cargo test vlan`: failed with 101 (T:5)",
        "error: assertion failed: 4095 (T:6)",
        "1 files, +2 −1, on main at 1a2b3c4",
        "- whether `git push` took effect: it had no result when the session ended (T:10)",
        "- `cargo test vlan`: its last run failed (T:5)",
        "“All done, the tests pass.” (T:9)",
    ] {
        assert!(made.text.contains(part), "{part:?} is missing in\n{}", made.text);
    }
    let found = check(&made.text, &Aim::default(), &brief_facts::Facts::default(), &redactor);
    assert_eq!(found.errors(), 0, "{:?}", found.findings);
    let file = made.file(4, Timestamp::UNIX_EPOCH);
    assert!(file.contains("id: \"0004\"\ntask: \"2.1\"\nagent: null\ntemplate: \"handoff\"\n"), "{file}");
    assert_eq!(file_name(&made, 4), "0004-handoff-vlan-check.md");
}

#[test]
fn what_does_not_fit_is_left_out_by_its_weight_and_counted() {
    let mut records = vec![prompt(&"Do the great work. ".repeat(400))];
    for n in 0..300 {
        records.push(call(
            &format!("c{n}"),
            "Bash",
            &json!({"command": format!("cargo test case_{n} -- --nocapture")}),
        ));
        records.push(result(
            &format!("c{n}"),
            &format!("Exit code 1\nerror: number {n} failed for a long reason"),
            true,
        ));
        records.push(call(
            &format!("e{n}"),
            "Edit",
            &json!({"file_path": format!("src/file_{n}.rs"), "old_string": "a", "new_string": "b"}),
        ));
        records.push(result(&format!("e{n}"), "ok", false));
    }
    let (work, redactor) = (work(&records), Redactor::default());
    for tokens in [TOKENS, 800, 400] {
        let made = make(facts(&work, &Cause::Full(92), &redactor), tokens);
        assert!(count(&made.text) <= tokens.max(700), "{} of {tokens}", count(&made.text));
        assert!(made.text.contains("more were left out") || made.text.contains("lines were left out"), "{}", made.text);
        assert!(made.text.contains("its context is 92% full") && made.text.contains("(T:1)"), "{}", made.text);
    }
}

#[test]
fn secrets_are_hidden_even_where_a_line_is_cut() {
    let secret = ["gh", "p_", &"a1B2".repeat(9)].concat();
    let command = format!("{} {secret}", "x".repeat(180));
    let records = [
        prompt(&format!("Use {secret}.")),
        call("t", "Bash", &json!({"command": command})),
        result("t", &format!("error: {secret}"), true),
    ];
    let (work, redactor) = (work(&records), Redactor::default());
    let made = make(facts(&work, &Cause::Compacted, &redactor), TOKENS);
    assert!(!made.text.contains("a1B2a1B2"), "{}", made.text);
}

#[test]
fn a_session_of_which_nothing_is_known_makes_a_short_brief() {
    let (work, redactor) = (Work::default(), Redactor::default());
    let made = make(facts(&work, &Cause::Asked, &redactor), TOKENS);
    assert!(made.text.contains("# Handoff from api") && made.text.contains("## Then"), "{}", made.text);
    assert!(!made.text.contains("## Its last errors"), "{}", made.text);
}
