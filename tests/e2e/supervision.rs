//! An agent that goes round in circles: it is in the queue, is acknowledged and stays so, and gets a corrective brief.

use std::fs;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::screen::Screen;
use crate::stage::{Project, files_below};

/// A project whose agent runs one command again and again.
fn looping() -> Project {
    let project = Project::new();
    let root = fs::canonicalize(project.root()).expect("the project");
    let began = Timestamp::now() - SignedDuration::from_mins(5);
    let mut lines = 0;
    let mut write = |mut record: Value| {
        lines += 1;
        record["timestamp"] = json!((began + SignedDuration::from_secs(lines)).to_string());
        record["sessionId"] = json!("0a0b0c0d-0000-4000-8000-000000000001");
        record["cwd"] = json!(root);
        project.append(&format!("{record}\n"));
    };
    write(json!({"type": "user", "message": {"role": "user", "content": "Make it green."}}));
    for n in 0..6 {
        let id = format!("toolu_{n}");
        let call = json!([{"type": "tool_use", "id": id, "name": "Bash", "input": {"command": "make check-fabric"}}]);
        let message =
            json!({"role": "assistant", "model": "claude-sonnet-5", "content": call, "stop_reason": "tool_use"});
        write(json!({"type": "assistant", "message": message}));
        let result =
            json!([{"type": "tool_result", "tool_use_id": id, "content": "Exit code 2\nrefused", "is_error": true}]);
        write(json!({"type": "user", "message": {"role": "user", "content": result}}));
    }
    project
}

fn line(project: &Project) -> (String, Option<i32>) {
    let output = project.run(&["tmux-status"]);
    (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.code())
}

fn end(mut screen: Screen) {
    screen.keys("q");
    assert!(screen.end().success());
}

#[test]
fn a_looping_agent_is_seen_acknowledged_and_corrected() {
    let project = looping();
    assert_eq!(line(&project), (String::new(), Some(4)));
    let mut screen = project.launch().size(200, 50).open();
    screen.see("1 needs you");
    // The whole screen for the queue: why it is there has room then.
    screen.keys("7z");
    screen.see("the same call 6 times in a row");
    screen.keys("z");
    screen.wait("the line of the status bar", |_| line(&project).0.starts_with("1 broken · loop"));
    // The lines that prove it, then a brief that quotes them.
    screen.keys("n\r");
    screen.see("Signals · ");
    screen.see("line 3");
    screen.keys("b");
    screen.see("stop and report");
    screen.keys("j\r");
    screen.see("# Correction for");
    screen.see("lint: ");
    // What is wanted instead only the operator knows.
    screen.keys("\x13");
    screen.see("no value is given for");
    screen.keys("\x0bRead the rule first.");
    screen.see("Read the rule first.");
    screen.keys("\x13");
    screen.wait("the brief to be saved, or a question", |text| {
        text.contains("briefs/0001") || text.contains("Save with errors?")
    });
    if screen.text().contains("Save with errors?") {
        screen.keys("y");
    }
    screen.see("briefs/0001");
    let mut briefs = Vec::new();
    files_below(&project.root().join(".hnpwb/briefs"), &mut briefs);
    let text = briefs.iter().filter_map(|file| fs::read_to_string(file).ok()).find(|text| text.contains("redirect"));
    let text = text.expect("a corrective brief");
    assert!(text.contains("000000000001.jsonl:3` Bash make check-fabric") && text.contains("## Instead"), "{text}");
    // Seen: the queue is empty, and what is hidden is counted.
    screen.keys("7 ");
    screen.see("1 hidden");
    screen.wait("an empty status bar", |_| line(&project) == ("\n".to_owned(), Some(0)));
    end(screen);
    let kept = fs::read_to_string(project.root().join(".hnpwb/attention.json")).expect("what hides needs");
    assert!(kept.contains("hnpwb.attention/1"), "{kept}");
    // A restart brings nothing back.
    let mut screen = project.launch().size(200, 50).open();
    screen.keys("7");
    screen.see("1 hidden");
    screen.wait("an empty queue", |text| !text.contains("need you") && !text.contains("needs you "));
    screen.keys("zh");
    screen.see("acknowledged: the same call 6 times");
    end(screen);
}

#[test]
fn scripts_read_the_signals_and_the_report() {
    let project = looping();
    let status = project.run(&["status", "-o", "json"]);
    let status: Value = serde_json::from_slice(&status.stdout).expect("JSON");
    let signals = status["agents"][0]["signals"].as_array().expect("signals");
    let found = signals.iter().find(|signal| signal["kind"] == "loop").expect("a loop");
    assert_eq!((&found["severity"], &found["evidence"][0]["line"]), (&json!("alarm"), &json!(3)));
    assert!(status["attention"].as_array().expect("needs").iter().any(|need| need["kind"] == "loop"), "{status}");
    let report = project.run(&["report", "--since", "1h"]);
    let text = String::from_utf8_lossy(&report.stdout).into_owned();
    assert!(text.contains("# Run of project") && text.contains("| alarm | loop |"), "{text}");
    let json = project.run(&["report", "--since", "1h", "-o", "json"]);
    let report: Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!((&report["schema"], &report["agents"][0]["tool_calls"]), (&json!("hnpwb.report/1"), &json!(6)));
    assert_eq!(report["agents"][0]["errors"], 6);
    let none = project.run(&["report", "--agent", "nobody"]);
    assert_eq!(none.status.code(), Some(2));
}
