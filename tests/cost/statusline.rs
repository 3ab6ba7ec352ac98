//! `hnpwb statusline` as Claude Code calls it: the whole process, its input, its output and its end.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const TOLD: &str = r#"{"session_id":"s1","model":{"id":"claude-opus-5","display_name":"Opus 5"},"cost":{"total_cost_usd":1.23},"context_window":{"context_window_size":1000000,"used_percentage":42},"rate_limits":{"five_hour":{"used_percentage":31,"resets_at":1790000000}}}"#;

fn run(state: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_hnpwb"))
        .arg("statusline")
        .args(arguments)
        .env("XDG_STATE_HOME", state)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command need not read its input.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn what_is_told_is_noted_and_shown() {
    let state = tempfile::tempdir().unwrap();
    let output = run(state.path(), &[], TOLD.as_bytes());
    assert_eq!(
        (text(&output.stdout).as_str(), output.status.code()),
        ("Opus 5 · 42% of 1M · $1.23 · 5h 31%\n", Some(0))
    );
    let note = fs::read_to_string(state.path().join("hnpwb/status/s1.json")).unwrap();
    let note: serde_json::Value = serde_json::from_str(&note).unwrap();
    assert_eq!((&note["window"], &note["cost_usd"]), (&1_000_000.into(), &1.23.into()));
}

#[test]
fn a_command_gets_the_same_input_and_its_output_and_end_are_passed_on() {
    let state = tempfile::tempdir().unwrap();
    for input in [TOLD.as_bytes(), b"", b"no json", b"\xff\x00{", &vec![b'x'; 300_000], &vec![b'y'; 3 << 20]] {
        let output = run(state.path(), &["--", "sh", "-c", "cat; echo odd >&2; exit 7"], input);
        assert!(output.stdout == input, "{} bytes came of {}", output.stdout.len(), input.len());
        assert_eq!((text(&output.stderr).as_str(), output.status.code()), ("odd\n", Some(7)));
    }
    assert!(state.path().join("hnpwb/status/s1.json").exists());
}

#[test]
fn a_command_that_reads_nothing_is_no_reason_to_fail() {
    let state = tempfile::tempdir().unwrap();
    for input in [TOLD.to_owned(), " ".repeat(2 << 20)] {
        let output = run(state.path(), &["--", "echo", "mine"], input.as_bytes());
        assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("mine\n", Some(0)));
    }
}

#[test]
fn without_its_command_there_is_still_a_line() {
    let state = tempfile::tempdir().unwrap();
    let output = run(state.path(), &["--", "/no/such/program"], TOLD.as_bytes());
    assert!(text(&output.stdout).starts_with("Opus 5 · 42%"), "{output:?}");
    assert!(text(&output.stderr).contains("/no/such/program"), "{output:?}");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_state_folder_that_cannot_be_written_costs_the_line_nothing() {
    let state = tempfile::tempdir().unwrap();
    fs::write(state.path().join("hnpwb"), "a file in its place").unwrap();
    let output = run(state.path(), &["--", "echo", "mine"], TOLD.as_bytes());
    assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("mine\n", Some(0)));
    assert!(text(&output.stderr).contains("noting the status line"), "{output:?}");
}

#[test]
fn odd_input_has_an_empty_line_and_leaves_no_note() {
    let state = tempfile::tempdir().unwrap();
    for input in ["", "{", r#"{"session_id":"../../x"}"#] {
        let output = run(state.path(), &[], input.as_bytes());
        assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("\n", Some(0)), "{input}");
    }
    assert!(!state.path().join("x.json").exists());
}
