//! What is made of transcripts, record by record.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Deed, Outcome, Work};
use crate::domain::transcript::claude::Claude;
use crate::domain::transcript::codex::Codex;
use crate::domain::transcript::format::Format;
use crate::domain::transcript::todo::TodoStatus;

fn work_of(format: &dyn Format, records: &[Value]) -> Work {
    let mut work = Work::default();
    for (n, record) in records.iter().enumerate() {
        for entry in format.entries(n as u64 * 100, record.to_string().as_bytes()) {
            work.take(n as u64 + 1, &entry);
        }
    }
    work
}

fn call(id: &str, tool: &str, input: impl Into<Value>) -> Value {
    let input: Value = input.into();
    json!({"type": "assistant", "message": {"content": [{"type": "tool_use", "id": id, "name": tool, "input": input}]}})
}

fn result(id: &str, is_error: bool, output: &str) -> Value {
    json!({"type": "user", "message": {"content": [
        {"type": "tool_result", "tool_use_id": id, "is_error": is_error, "content": output},
    ]}})
}

#[test]
fn calls_are_told_with_what_came_of_them() {
    let work = work_of(
        &Claude,
        &[
            json!({"type": "user", "message": {"content": "Fix the check."}}),
            call("a", "Bash", json!({"command": "cd x\ncargo test", "description": "test"})),
            call("b", "Edit", json!({"file_path": "/p/a.rs", "old_string": "x", "new_string": "y\nz"})),
            result("b", false, "done"),
            result("a", true, "Exit code 101\n\nerror: it broke"),
            call("c", "Bash", json!({"command": "git push"})),
            result("c", true, "The user doesn't want to proceed with this tool use. …"),
            call("d", "Bash", json!({"command": "sleep 100", "run_in_background": true})),
            result("d", false, "Command running in background with ID: b1"),
            call("e", "Read", json!({"file_path": "/p/a.rs"})),
            json!({"type": "assistant", "message": {"content": [{"type": "text", "text": "All tests pass."}]}}),
        ],
    );
    let outcomes: Vec<_> = work.acts.iter().map(|act| (act.id.as_str(), act.outcome.clone())).collect();
    assert_eq!(
        outcomes,
        [
            ("a", Outcome::Failed(Some(101))),
            ("b", Outcome::Succeeded),
            ("c", Outcome::Refused),
            ("d", Outcome::Started),
            ("e", Outcome::Open)
        ]
    );
    assert_eq!(work.acts[0].deed, Deed::Run("cd x\ncargo test".to_owned()));
    assert_eq!(work.acts[0].deed.line(), "cd x ⏎ cargo test");
    assert_eq!(work.acts[0].first_line(), "error: it broke");
    assert_eq!((work.acts[0].place.line, work.acts[0].ended.map(|place| place.line)), (2, Some(5)));
    let Deed::Edit(files) = &work.acts[1].deed else { panic!("no edit: {:?}", work.acts[1]) };
    assert_eq!((files[0].path.as_str(), files[0].added, files[0].removed), ("/p/a.rs", 2, 1));
    assert_eq!(work.edits().count(), 1);
    assert_eq!(work.failures().count(), 1);
    assert_eq!(work.asked.as_ref().map(|quote| (quote.place.line, quote.text.as_str())), Some((1, "Fix the check.")));
    assert_eq!(
        work.messages.back().map(|quote| (quote.place.line, quote.text.as_str())),
        Some((11, "All tests pass."))
    );
}

#[test]
fn codex_tells_its_exit_codes_too() {
    let record =
        |payload: Value| json!({"timestamp": "2026-11-20T10:00:00Z", "type": "response_item", "payload": payload});
    let work = work_of(
        &Codex,
        &[
            record(
                json!({"type": "function_call", "name": "exec_command", "call_id": "a", "arguments": "{\"cmd\":\"make test\"}"}),
            ),
            record(json!({"type": "function_call_output", "call_id": "a",
                "output": "Wall time: 0.1 seconds\nProcess exited with code 2\nOutput:\nno rule"})),
        ],
    );
    assert_eq!(work.acts[0].deed, Deed::Run("make test".to_owned()));
    assert_eq!(work.acts[0].outcome, Outcome::Failed(Some(2)));
    assert_eq!(work.acts[0].first_line(), "no rule");
}

#[test]
fn long_outputs_keep_their_ends_where_test_runners_tell_the_result() {
    let output = format!("begin{}test result: FAILED. 1 failed", "x\n".repeat(5_000));
    let work =
        work_of(&Claude, &[call("a", "Bash", json!({"command": "cargo test | cat"})), result("a", false, &output)]);
    assert!(work.acts[0].head.starts_with("begin") && work.acts[0].tail.ends_with("FAILED. 1 failed"));
    assert!(work.acts[0].head.len() + work.acts[0].tail.len() <= 2_048);
}

#[test]
fn commits_are_those_that_git_reported() {
    let work = work_of(
        &Claude,
        &[
            call("a", "Bash", json!({"command": "git add . && git commit -m 'fix: it'"})),
            result("a", false, "[main 1a2b3c4] fix: it\n 1 file changed\n"),
            call("b", "Bash", json!({"command": "git commit --allow-empty -m x"})),
            result("b", false, "[feat/x (root-commit) 9f8e7d6] x\n[main nothex!] y"),
            call("c", "Bash", json!({"command": "cat log"})),
            result("c", false, "[main 1a2b3c5] quoted"),
        ],
    );
    let commits: Vec<_> = work.commits.iter().map(|one| (one.hash.as_str(), one.subject.as_str())).collect();
    assert_eq!(commits, [("1a2b3c4", "fix: it"), ("9f8e7d6", "x")]);
}

#[test]
fn a_list_is_as_it_was_left_whole_or_item_by_item() {
    let todo = |work: &Work| -> Vec<(TodoStatus, String)> {
        work.todo().0.iter().map(|item| (item.status, item.text.clone())).collect()
    };
    let whole = |status: &str| json!({"todos": [{"content": "read", "status": "completed"}, {"content": "write", "status": status}]});
    let work =
        work_of(&Claude, &[call("a", "TodoWrite", whole("pending")), call("b", "TodoWrite", whole("in_progress"))]);
    assert_eq!(todo(&work), [(TodoStatus::Done, "read".to_owned()), (TodoStatus::Doing, "write".to_owned())]);
    assert_eq!(work.todo().1.map(|place| place.line), Some(2));
    let single = work_of(
        &Claude,
        &[
            call("a", "TaskCreate", json!({"subject": "read"})),
            call("b", "TaskCreate", json!({"subject": "write"})),
            result("b", false, "Task #2 created successfully: write"),
            result("a", false, "Task #1 created successfully: read"),
            call("c", "TaskUpdate", json!({"taskId": "2", "status": "completed"})),
            call("d", "TaskUpdate", json!({"taskId": "7", "status": "in_progress", "subject": "older"})),
        ],
    );
    assert_eq!(
        todo(&single),
        [
            (TodoStatus::Open, "read".to_owned()),
            (TodoStatus::Done, "write".to_owned()),
            (TodoStatus::Doing, "#7 older".to_owned())
        ]
    );
}

proptest! {
    #[test]
    fn whatever_a_transcript_holds_it_stays_bounded(ids in proptest::collection::vec(0_u8..4, 0..60), text in "\\PC{0,40}") {
        let records: Vec<Value> = ids.iter().enumerate().map(|(n, id)| match n % 3 {
            0 => call(&id.to_string(), "Bash", json!({"command": text.clone()})),
            1 => result(&id.to_string(), n % 2 == 0, &text),
            _ => call(&id.to_string(), "TaskUpdate", json!({"taskId": text.clone(), "status": "done"})),
        }).collect();
        let work = work_of(&Claude, &records);
        prop_assert!(work.acts.len() <= records.len());
        prop_assert!(work.acts.iter().all(|act| act.ended.is_none_or(|end| end.line > act.place.line)));
    }
}
