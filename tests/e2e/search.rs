//! Searching transcripts: a pattern is typed, its hits stream in, and one of them is gone to.

use std::fs;
use std::path::PathBuf;

use serde_json::json;

use crate::stage::Project;

/// The transcript of another session in the same project.
fn another(project: &Project, number: u32) -> (PathBuf, String) {
    let session = format!("0a0b0c0d-0000-4000-8000-00000000010{number}");
    (project.path(&format!("home/.claude/projects/p/{session}.jsonl")), session)
}

/// A result of a tool as Claude Code records it: the output stands in it twice.
fn result(project: &Project, session: &str, output: &str) -> String {
    let root = fs::canonicalize(project.root()).expect("the project");
    let record = json!({
        "parentUuid": null, "isSidechain": false, "cwd": root, "sessionId": session, "version": "2.1.329", "type": "user",
        "message": {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_needle", "content": output}]},
        "toolUseResult": {"stdout": output}, "uuid": "5e9c1c1e-0000-4000-8000-0000000000aa",
        "timestamp": "2026-01-01T03:04:05.678Z",
    });
    format!("{record}\n")
}

#[test]
fn a_record_of_another_transcript_is_found_and_gone_to() {
    let project = Project::new();
    let (file, session) = another(&project, 1);
    let rest: String = (0..400).map(|n| result(&project, &session, &format!("line {n}\nand another"))).collect();
    let wanted = result(&project, &session, "first\nthe \"needle\" of this haystack\nlast");
    fs::write(&file, format!("{}{wanted}{rest}", result(&project, &session, "begin"))).expect("a transcript");
    let mut screen = project.launch().size(120, 40).open();
    screen.see("Look at the VLAN range, please.");
    screen.keys("2S");
    screen.see("Search all transcripts");
    screen.keys("the .needle(");
    screen.see("unclosed group");
    screen.keys("\u{7f}");
    screen.see("1 hit · 2 files");
    screen.keys("\r");
    screen.wait("the record with what stands around it", |text| {
        !text.contains("Search all transcripts")
            && text.contains("the \"needle\" of this haystack")
            && text.contains("begin")
    });
    screen.see("hit 1 of 1");
    screen.keys("s\u{15}line 39\\d");
    screen.see("10 hits · 1 file");
    screen.keys("\u{1b}");
    // An escape right before a key would be that key with alt.
    screen.wait("the popup to close", |text| !text.contains("Search the transcript"));
    screen.keys("..");
    screen.see("hit 2 of 10");
    screen.see("line 398");
    screen.keys("q");
    assert!(screen.end().success());
}
