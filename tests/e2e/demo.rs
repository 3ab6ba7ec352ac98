//! The demo in a pseudo-terminal: every pane has something to show, and what changes on the stage changes on the screen.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::screen::{Launch, Screen};
use crate::stage::{append, files_below};

/// Slow enough for the story not to move while a test looks.
const STILL: &str = "0.01";

struct Demo {
    dir: tempfile::TempDir,
    screen: Screen,
}

impl Demo {
    fn open(speed: &str, cols: u16, rows: u16) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let stage = dir.path().join("stage");
        let home = dir.path().join("home");
        fs::create_dir(&home).expect("a home");
        let launch = Launch::new(dir.path(), &home).args(["demo", "--speed", speed, "--dir"]).args([&stage]);
        Self { screen: launch.size(cols, rows).open(), dir }
    }

    /// The transcript of the session whose id begins like that, once it has a record: its agent's name is on screen before.
    fn transcript(&mut self, prefix: &str) -> PathBuf {
        let projects = self.dir.path().join("stage/home/.claude/projects");
        let file = || {
            let mut found = Vec::new();
            files_below(&projects, &mut found);
            found.into_iter().find(|path| {
                path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix))
                    && last_record(path).is_some()
            })
        };
        self.screen.wait("its transcript", |_| file().is_some());
        file().expect("a transcript")
    }
}

fn last_record(file: &Path) -> Option<Value> {
    let text = fs::read_to_string(file).ok()?;
    text.lines().rev().find_map(|line| serde_json::from_str(line).ok())
}

#[test]
fn every_pane_shows_what_is_on_the_stage() {
    let mut demo = Demo::open(STILL, 200, 60);
    let screen = &mut demo.screen;
    for text in [
        "orchestrator", // agents
        "fabric-specialist",
        "in-progress", // board
        "feat",        // git
        "connected",   // cluster
        "vpc-app",
        "synced", // drift
        "overdue",
        "following", // transcript
    ] {
        screen.see(text);
    }
    screen.keys("q");
    assert!(screen.end().success());
}

#[test]
fn the_small_layout_shows_each_pane_under_its_number() {
    let mut demo = Demo::open(STILL, 80, 24);
    let screen = &mut demo.screen;
    for (key, text) in [
        ("1", "in-progress"),
        ("2", "orchestrator"),
        ("4", "feat"),
        ("5", "lastAppliedGen=7 of 7"),
        ("6", "synced"),
        ("7", "overdue"),
    ] {
        screen.keys(key);
        screen.see(text);
    }
    screen.keys("q");
    assert!(screen.end().success());
}

#[test]
fn a_line_appended_to_a_transcript_is_on_screen() {
    let mut demo = Demo::open(STILL, 200, 60);
    demo.screen.see("orchestrator");
    let file = demo.transcript("0c0de001");
    let last = last_record(&file).expect("a record");
    demo.screen.keys("2/orchestrator\r");
    let record = json!({
        "type": "user", "uuid": "5e9c1c1e-0000-4000-8000-0000000000ff", "sessionId": last["sessionId"], "cwd": last["cwd"],
        "timestamp": "2026-01-02T03:04:05.678Z", "message": {"role": "user", "content": "This line was appended just now."},
    });
    append(&file, format!("{record}\n").as_bytes());
    demo.screen.see("This line was appended just now.");
}

#[test]
fn the_story_holds_an_agent_until_the_operator_decides() {
    let mut demo = Demo::open("8", 200, 60);
    let screen = &mut demo.screen;
    screen.see("1 gate held");
    screen.keys("n");
    screen.see("approve");
    screen.keys("a");
    screen.see("Approve?");
    screen.keys("y");
    screen.wait("the gate to go", |text| !text.contains("gate held"));
    screen.keys("@");
    screen.see("decision: approved  title: Push one VPCAttachment");
    screen.keys("\u{1b}");
    screen.see("drifted");
    screen.keys("q");
}

#[test]
fn a_false_claim_ends_as_a_retry_and_a_true_one_as_a_sign_off_that_an_edit_supersedes() {
    let mut demo = Demo::open("12", 200, 60);
    let stage = demo.dir.path().join("stage");
    demo.screen.see("orchestrator");
    let narrator = demo.transcript("0c0de001");
    let screen = &mut demo.screen;
    // The board says that both are done.
    let done = |text: &str| text.contains("T-203") && text.contains("contradicted");
    screen.keys("1z");
    screen.wait("the false claim to be contradicted on the board", done);
    screen.keys("z1/T-202\r8z");
    screen.see("T-202 Drift badge");
    screen.see("was edited after the last run of");
    screen.see("contradicted: tests");
    screen.keys("r");
    screen.see("lint: 0 errors");
    screen.keys("\x13");
    screen.see("briefs/0001");
    let mut found = Vec::new();
    files_below(&stage.join("hedgehog-netbox-plugin/.hnpwb/briefs"), &mut found);
    let brief = found.iter().find(|file| file.extension().is_some_and(|end| end == "md")).expect("a brief");
    let brief = fs::read_to_string(brief).expect("its text");
    assert!(brief.contains("All tests pass") && brief.contains("the tests ran after the last edit"), "{brief}");
    screen.keys("z1");
    screen.keys("\u{1b}");
    screen.see("T-203");
    screen.keys("/T-203\r8z");
    screen.see("T-203 Say who changed");
    // What is signed off has to stand still: the story is over, but for the agent at the gate, with its last commit seen.
    let told =
        || fs::read_to_string(&narrator).is_ok_and(|text| text.contains("committed hours ago and is still not live"));
    screen.wait("the true claim to hold", |text| {
        told()
            && ["holds: ", "observed", "docs(board): T-203 is done", "and 1 more"]
                .iter()
                .all(|part| text.contains(part))
    });
    screen.keys("s");
    screen.see("Sign off?");
    screen.keys("y");
    screen.see("T-203 is signed off");
    let file = stage.join("hnp-drift-badge/netbox_hedgehog/drift/compare.py");
    append(&file, b"\n# One more thing.\n");
    screen.keys("R");
    screen.see("superseded: compare.py was changed after it");
    screen.see("not committed: compare.py");
    screen.keys("q");
    // One agent of the story waits at a gate.
    screen.see("Quit?");
    screen.keys("y");
    assert!(screen.end().success());
    let journal = fs::read_to_string(stage.join("hedgehog-netbox-plugin/.hnpwb/journal.jsonl")).expect("a journal");
    assert!(journal.contains("\"kind\":\"sign-off\"") && journal.contains("\"kind\":\"retry\""), "{journal}");
}
