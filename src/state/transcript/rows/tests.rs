//! Rows of calls with their results, of patches, lists and plans; and what holds for the rows of every entry.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

use super::{GUTTER, Part, Row, Shown, Waiting, rows};
use crate::domain::text::styled::Ink;
use crate::domain::text::width;
use crate::domain::transcript::patch::Patch;
use crate::domain::transcript::{Body, Entry, Text, parse_line};

fn at(millis: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_millis(millis)
}

fn text(kept: &str) -> Text {
    Text { kept: kept.to_owned(), bytes: kept.len() as u64, lines: kept.lines().count() as u64 }
}

/// A call as Claude Code records it.
fn call(name: &str, input: &str) -> Entry {
    let block = format!(r#"{{"type":"tool_use","id":"t","name":"{name}","input":{input}}}"#);
    let line = format!(r#"{{"type":"assistant","message":{{"content":[{block}]}}}}"#);
    Entry { at: Some(at(0)), ..parse_line(0, line.as_bytes()).remove(0) }
}

fn answer(is_error: bool, output: &str) -> Entry {
    let body = Body::Result { id: "t".to_owned(), is_error, output: text(output), patch: None };
    Entry { offset: 9, at: Some(at(2_100)), sidechain: false, body }
}

fn lay(entry: &Entry, answer: Option<&Entry>, open: bool) -> Vec<Row> {
    rows(&Shown { entry, answer, waiting: Waiting::Running, open }, 60)
}

fn texts(rows: &[Row]) -> Vec<&str> {
    rows.iter().map(|row| row.line.text.as_str()).collect()
}

fn folded(entry: &Entry, answer: Option<&Entry>) -> String {
    texts(&lay(entry, answer, false)).join("\n")
}

#[test]
fn the_line_of_a_call_ends_with_what_came_of_it() {
    let call = call("Bash", r#"{"command":"cargo test"}"#);
    let cases = [
        (false, "one\ntwo\nthree", "Bash cargo test  ✓ 3 lines · 2.1s"),
        (false, "", "Bash cargo test  ✓ no output · 2.1s"),
        (false, "all fine", "Bash cargo test  ✓ all fine · 2.1s"),
        (false, "[image image/png, 12 kB]", "Bash cargo test  ✓ [image image/png, 12 kB] · 2.1s"),
        (true, "Exit code 101\n\nerror: it broke\nmore", "Bash cargo test  ✗ exit 101 · 2.1s\nerror: it broke"),
        (true, "<tool_use_error>no such file</tool_use_error>", "Bash cargo test  ✗ failed · 2.1s\nno such file"),
        (
            true,
            "The user doesn't want to proceed with this tool use. To tell you how to proceed, the user said:\nnot on main",
            "Bash cargo test  ✗ rejected · 2.1s\nnot on main",
        ),
    ];
    for (is_error, output, line) in cases {
        assert_eq!(folded(&call, Some(&answer(is_error, output))), line);
    }
}

#[test]
fn a_call_without_a_result_says_what_is_known() {
    let call = call("Bash", r#"{"command":"sleep 9"}"#);
    for (waiting, line) in [
        (Waiting::Running, "Bash sleep 9  … running"),
        (Waiting::Over, "Bash sleep 9  no result"),
        (Waiting::Untold, "Bash sleep 9"),
    ] {
        let shown = Shown { entry: &call, answer: None, waiting, open: false };
        assert_eq!(texts(&rows(&shown, 60)), [line]);
    }
}

#[test]
fn the_outcome_stays_where_the_command_is_long() {
    let call = call("Bash", &format!(r#"{{"command":"{}"}}"#, "echo ".repeat(40)));
    let line = folded(&call, Some(&answer(false, "a\nb")));
    assert!(line.ends_with("…  ✓ 2 lines · 2.1s") && width(&line) == 58, "{line}");
}

#[test]
fn unfolded_the_input_comes_before_the_output() {
    let call = call("Bash", r#"{"command":"ls","description":"look"}"#);
    let rows = lay(&call, Some(&answer(false, "a\nb")), true);
    assert_eq!(texts(&rows)[1..], ["command: ls", "description: look", "a", "b"]);
    assert_eq!(rows[3].part, Part::Answer { first: true, error: false });
}

#[test]
fn an_edit_shows_how_much_it_changes_and_unfolded_what() {
    let edit = call("Edit", r#"{"file_path":"/a.rs","old_string":"x\ny","new_string":"x\nz\nw"}"#);
    assert_eq!(folded(&edit, None), "Edit /a.rs  +2 −1  … running");
    assert_eq!(texts(&lay(&edit, None, true))[1..], ["  x", "- y", "+ z", "+ w"]);
    let copy = r#"{"structuredPatch":[{"oldStart":9,"newStart":9,"lines":[" x","-y","+z","+w"]},{"oldStart":40,"newStart":41,"lines":["-\tv"]}]}"#;
    let patch = Patch::structured(Some(serde_json::from_str(copy).unwrap())).map(Box::new);
    let mut answer = answer(false, "updated");
    if let Body::Result { patch: of_result, .. } = &mut answer.body {
        *of_result = patch;
    }
    assert_eq!(folded(&edit, Some(&answer)), "Edit /a.rs  +2 −2  ✓ · 2.1s");
    let rows = lay(&edit, Some(&answer), true);
    assert_eq!(texts(&rows)[1..], [" 9   x", "10 - y", "10 + z", "11 + w", "⋯", "40 -     v", "updated"]);
    assert_eq!(rows[2].line.runs.last().map(|run| run.look.ink), Some(Ink::Removed));
}

#[test]
fn a_patch_of_codex_names_its_files() {
    let patch = r#"{"input":"*** Begin Patch\n*** Add File: a.txt\n+x\n*** Delete File: b.txt\n*** End Patch"}"#;
    let call = call("apply_patch", patch);
    assert_eq!(folded(&call, None), "apply_patch 2 files  +1 −0  … running");
    assert_eq!(texts(&lay(&call, None, true))[1..], ["a.txt (written)  +1 −0", "+ x", "b.txt (deleted)  +0 −0"]);
}

#[test]
fn a_to_do_list_is_a_list() {
    let todos = r#"{"todos":[{"content":"read","status":"completed"},{"content":"write","status":"in_progress"},{"content":"test","status":"pending"}]}"#;
    let call = call("TodoWrite", todos);
    assert_eq!(folded(&call, Some(&answer(false, "ok"))), "TodoWrite 1 of 3 done  ✓ · 2.1s");
    assert_eq!(texts(&lay(&call, None, true))[1..], ["✓ read", "▸ write", "○ test"]);
    let one = self::call("TaskUpdate", r#"{"taskId":"3","status":"completed"}"#);
    assert_eq!(folded(&one, None), "TaskUpdate #3  … running");
}

#[test]
fn a_plan_is_read_without_unfolding_it() {
    let call = call("ExitPlanMode", r##"{"plan":"# Plan\n\n1. **look**\n2. act"}"##);
    let rows = lay(&call, None, false);
    assert_eq!(texts(&rows), ["ExitPlanMode  … waiting for an answer", "Plan", "", "1. look", "2. act"]);
    assert!(rows[1..].iter().all(|row| row.part == Part::Plan));
}

/// Any entry, of hostile text.
fn entry() -> impl Strategy<Value = Entry> {
    let words = "[a-z*`#|\\[\\]()<>\\-0-9 \n\t\u{1b}字é👩\u{200d}🚀\u{202e}]{0,60}";
    let names = prop::sample::select(vec!["Bash", "Edit", "Write", "TodoWrite", "ExitPlanMode", "apply_patch", "字"]);
    (words, names, 0_u8..8, any::<bool>()).prop_map(|(words, name, kind, flag)| {
        let json = serde_json::to_string(&words).unwrap_or_default();
        match kind {
            0 => {
                let input = format!(
                    r#"{{"command":{json},"file_path":{json},"old_string":"a\n{name}","new_string":{json},"content":{json},"plan":{json},"todos":[{{"content":{json},"status":"completed"}},{{}}],"input":{json}}}"#
                );
                call(name, &input)
            }
            1 => answer(flag, &words),
            _ => {
                let text = text(&words);
                let body = match kind {
                    2 => Body::Prompt(text),
                    3 => Body::Said(text),
                    4 => Body::Plain(text),
                    5 => Body::Thinking(text),
                    6 => Body::Summary(text),
                    _ => Body::Unread { why: words, bytes: 7 },
                };
                Entry { offset: 0, at: None, sidechain: flag, body }
            }
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn no_row_is_wider_than_the_view_or_acts_on_the_terminal(
        entry in entry(), result in "[a-z\n\u{1b}字 ]{0,40}", is_error in any::<bool>(), width_of_view in 3_u16..50, open in any::<bool>(),
    ) {
        let result = answer(is_error, &result);
        let answered = matches!(entry.body, Body::Call { .. }).then_some(&result);
        let shown = Shown { entry: &entry, answer: answered, waiting: Waiting::Untold, open };
        let columns = usize::from(width_of_view - GUTTER);
        for row in rows(&shown, width_of_view) {
            let line = &row.line;
            let alone = line.text.trim_start().graphemes(true).count() <= 1;
            prop_assert!(width(&line.text) <= columns || alone, "{:?} in {columns}", line.text);
            prop_assert!(!line.text.chars().any(|c| c.is_control() || c == '\u{202e}'), "{:?}", line.text);
            prop_assert_eq!(line.runs.iter().map(|run| run.bytes).sum::<usize>(), line.text.len());
        }
    }
}
