//! Reading a transcript: follow, jump, select, quote, the record behind an entry.

use std::fs;

use serde_json::json;

use crate::screen::Screen;
use crate::stage::Project;

/// A record of the agent's answer, or of a tool's.
fn record(project: &Project, kind: &str, content: &serde_json::Value) -> String {
    let prompt: serde_json::Value = serde_json::from_str(&project.record("")).expect("a record");
    let mut record = prompt;
    record["type"] = kind.into();
    record["message"] = json!({"role": kind, "content": content});
    format!("{record}\n")
}

fn failure(project: &Project) -> String {
    let call = json!([{"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "make fabric"}}]);
    let result =
        json!([{"type": "tool_result", "tool_use_id": "t1", "is_error": true, "content": "the fabric is not made"}]);
    record(project, "assistant", &call) + &record(project, "user", &result)
}

fn token() -> String {
    ["gh", "p_", &"a1B2".repeat(9)].concat()
}

/// Opens the program with the transcript on the whole screen, once its last prompt is there.
fn reading(project: &Project, last: &str) -> Screen {
    let mut screen = project.launch().size(120, 30).open();
    screen.see(last);
    screen.keys("3z");
    screen.see("following");
    screen
}

fn journal(project: &Project) -> String {
    fs::read_to_string(project.root().join(".hnpwb/journal.jsonl")).unwrap_or_default()
}

#[test]
fn following_stops_by_scrolling_counts_what_is_new_and_resumes_at_the_end() {
    let project = Project::new();
    project.append(&(1..=100).map(|n| project.record(&format!("Prompt number {n}."))).collect::<String>());
    let mut screen = reading(&project, "Prompt number 100.");
    screen.keys("kkk");
    screen.wait("no following", |text| !text.contains("following"));
    project.append(&project.record("Later one."));
    project.append(&project.record("Later two."));
    screen.see("2 new below");
    assert!(!screen.text().contains("Later two."), "{}", screen.text());
    screen.keys("G");
    screen.see("Later two.");
    screen.see("following");
    assert!(!screen.text().contains("new below"), "{}", screen.text());
    project.append(&project.record("Later three."));
    screen.see("Later three.");
}

#[test]
fn an_error_far_outside_the_window_is_found_and_the_end_is_said() {
    let project = Project::new();
    project.append(&failure(&project));
    project.append(&(1..=6_000).map(|n| project.record(&format!("Prompt number {n}."))).collect::<String>());
    let mut screen = reading(&project, "Prompt number 6000.");
    screen.keys("E");
    screen.see("the fabric is not made");
    screen.see("Prompt number 1.");
    screen.keys("E");
    screen.see("no earlier error");
    screen.keys("e");
    screen.see("no later error");
    screen.keys("G");
    screen.see("Prompt number 6000.");
}

#[test]
fn a_selected_passage_is_quoted_with_agent_line_time_and_record() {
    let project = Project::new();
    let long = "The fabric has many switches and every one of them is named after its rack. ".repeat(4);
    project.append(&project.record("Not this one."));
    project.append(&project.record(&long));
    project.append(&record(&project, "assistant", &json!([{"type": "text", "text": "Understood, it is so."}])));
    let mut screen = reading(&project, "Understood, it is so.");
    screen.keys("v");
    screen.see("selecting");
    screen.keys("[>");
    screen.see("quote of 5 lines");
    screen.see("not confirmed");
    let quoted = fs::read_to_string(project.root().join(".hnpwb/clipboard.txt")).expect("the copy");
    let source = fs::canonicalize(project.transcript()).expect("the transcript");
    let lines: Vec<&str> = quoted.lines().collect();
    assert_eq!(lines[0], format!("> {}", long.trim_end()), "it is one line again");
    assert_eq!(lines[2], "> Understood, it is so.");
    let end = format!("{}:3, 2026-01-02 03:04:05Z, 5e9c1c1e-0000-4000-8000-000000000002", source.display());
    assert!(lines[4].starts_with("> — ") && lines[4].ends_with(&end), "{quoted}");
    assert!(journal(&project).contains("\"what\":\"quote\""), "{}", journal(&project));
}

#[test]
fn the_record_is_shown_as_it_is_and_revealed_only_with_the_journal_knowing() {
    let project = Project::new();
    project.append(&project.record(&format!("Use {} for the fabric.", token())));
    let mut screen = reading(&project, "for the fabric.");
    screen.keys("kr");
    screen.see("\"userType\": \"external\"");
    screen.see("1 hidden");
    screen.keys("\u{12}");
    screen.see("1 hidden secret of this record");
    screen.keys("y");
    screen.see("REVEALED");
    screen.see(&token());
    let noted = journal(&project);
    assert!(noted.contains("\"kind\":\"reveal\"") && noted.contains("\"line\":2"), "{noted}");
    screen.keys("y");
    screen.see("not confirmed");
    screen.keys("\u{1b}");
    screen.wait("the record to go", |text| !text.contains("REVEALED"));
    assert!(!screen.text().contains(&token()));
    let copied = fs::read_to_string(project.root().join(".hnpwb/clipboard.txt")).expect("the copy");
    assert!(copied.contains("‹redacted") && !copied.contains(&token()), "{copied}");
    assert!(!journal(&project).contains(&token()));
}

#[test]
fn without_a_journal_nothing_is_revealed() {
    let project = Project::new();
    fs::write(project.root().join(".hnpwb"), "in the way").expect("a file");
    project.append(&project.record(&format!("Use {} for the fabric.", token())));
    let mut screen = reading(&project, "for the fabric.");
    screen.keys("kr");
    screen.see("1 hidden");
    screen.keys("\u{12}");
    screen.see("1 hidden secret of this record");
    screen.keys("y");
    screen.wait("the reason", |text| text.contains("making") && text.contains(".hnpwb"));
    let raw = screen.raw();
    assert!(!String::from_utf8_lossy(&raw).contains("a1B2a1B2"), "it was drawn");
}
