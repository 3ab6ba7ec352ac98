//! Secrets at the outside end of every source: none comes out of the real program, on screen, in JSON, in a file, in the log.

use std::fs;
use std::path::PathBuf;

use serde_json::json;

use crate::stage::{Project, append, files_below};

#[path = "../../src/domain/redact/tests/kinds.rs"]
#[expect(dead_code, reason = "the library's own tests use more of it")]
mod kinds;

/// What the built-in rules know, and what only the user's pattern does. Put together here, so that no scanner finds it in
/// the tree.
fn secret() -> String {
    format!("{} ACME-{}", ["gh", "p_", &"a1B2".repeat(9)].concat(), "0192837465")
}

const PARTS: [&str; 3] = ["a1B2a1B2", "01928374", "19283746"];

fn assert_hidden(text: &[u8], place: &str) {
    let text = String::from_utf8_lossy(text);
    // Ids are made of titles in small letters.
    assert!(!text.to_lowercase().contains("a1b2a1b2"), "in {place}:\n{text}");
    for part in PARTS {
        assert!(!text.contains(part), "{part} in {place}:\n{text}");
    }
}

/// A project with secrets wherever somebody else writes, and a pattern of the user's own.
fn leaky() -> Project {
    let project = Project::new();
    let secret = secret();
    fs::create_dir_all(project.home().join(".config/hnpwb")).expect("a folder");
    let config = "[[redact.pattern]]\nname = \"badge\"\nmatch = \"ACME-[0-9]{10}\"\n";
    fs::write(project.home().join(".config/hnpwb/config.toml"), config).expect("a file");
    project
        .write("TASKS.md", &format!("# Plan {secret}\n\n- [ ] Rotate {secret}\n\n  With {secret}.\n- [ ] Another\n"));
    project.write(
        "gitops/fabric-1/vpc.yaml",
        &format!(
            "apiVersion: vpc.githedgehog.com/v1beta1\nkind: VPC\nmetadata:\n  name: vpc-1\nspec:\n  note: {secret}\n"
        ),
    );
    project.write("gitops/fabric-1/broken.yaml", &format!("a: \"{secret}\n"));
    project.write(
        "live.yaml",
        &format!(
            "apiVersion: vpc.githedgehog.com/v1beta1\nkind: VPC\nmetadata:\n  name: vpc-1\n  namespace: default\nspec:\n  note: was {secret}\nstatus:\n  conditions:\n  - {{type: Ready, status: \"False\", reason: Denied, message: \"no {secret}\"}}\n"
        ),
    );
    project.write(
        "hnpwb.toml",
        "[[fabric]]\nname = \"fabric-1\"\ngitops = { repo = \".\", directory = \"gitops/fabric-1\" }\ncluster = { snapshot = \"live.yaml\" }\n",
    );
    project.commit(&format!("chore: forget {secret}"));
    let repository = project.repository();
    let head = repository.head().and_then(|head| head.peel_to_commit()).expect("a commit");
    repository.tag_lightweight(&secret.replace(' ', "-"), head.as_object(), false).expect("a tag");
    project.append(&project.record(&format!("Use {secret} for the push.")));
    project.append(&format!("{}\n", json!({"type": "custom-title", "customTitle": format!("With {secret}")})));
    project
}

#[test]
fn no_command_prints_a_secret() {
    let project = leaky();
    let commands: [&[&str]; 9] = [
        &["status"],
        &["status", "-o", "json"],
        &["status", "--all", "-o", "json"],
        &["drift"],
        &["drift", "-o", "json"],
        &["drift", "--gitops", "gitops/fabric-1", "--live", "live.yaml", "-o", "json"],
        &["brief", "list", "-o", "json"],
        &["audit"],
        &["audit", "-o", "json"],
    ];
    let status = project.run(&["status", "-o", "json"]);
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).expect("JSON");
    let task = status["tasks"][0]["id"].as_str().expect("a task").to_owned();
    let brief = project.run(&["brief", "new", "--task", &task, "-o", "json"]);
    assert!(brief.status.success(), "{brief:?}");
    assert_hidden(&brief.stdout, "brief new");
    assert_hidden(&project.run(&["brief", "show", "1"]).stdout, "brief show");
    for command in commands {
        let output = project.run(command);
        assert_hidden(&output.stdout, &format!("standard output of {command:?}"));
        assert_hidden(&output.stderr, &format!("standard error of {command:?}"));
        assert!(!output.stdout.is_empty(), "{command:?}: {output:?}");
    }
    let drift = project.run(&["drift", "-o", "json"]);
    assert!(String::from_utf8_lossy(&drift.stdout).contains("‹redacted: badge›"), "{drift:?}");
    let mut files = Vec::new();
    files_below(&project.root().join(".hnpwb"), &mut files);
    for file in files {
        assert_hidden(&fs::read(&file).expect("a file"), &file.display().to_string());
    }
}

#[test]
fn no_pane_popup_copy_or_log_shows_a_secret() {
    let project = leaky();
    let mut screen = project.launch().env("HNPWB_LOG", "trace").size(200, 60).open();
    screen.see("‹redacted: badge› for the push.");
    screen.see("Rotate ‹redacted");
    screen.see("forget ‹redacted");
    for pane in ["1", "2", "3", "4", "5", "6", "7"] {
        screen.keys(pane);
        screen.keys("j");
    }
    screen.keys("3y");
    screen.see("not confirmed");
    screen.keys("1b\r");
    screen.see("lint: 0 errors");
    screen.keys("\x13");
    screen.see("brief /");
    screen.keys("1i");
    screen.see("origin");
    assert_hidden(&screen.raw(), "the screen");
    let mut files: Vec<PathBuf> = Vec::new();
    files_below(&project.root().join(".hnpwb"), &mut files);
    files_below(&project.home().join(".local"), &mut files);
    assert!(files.iter().any(|file| file.ends_with("clipboard.txt")), "{files:?}");
    for file in files {
        assert_hidden(&fs::read(&file).expect("a file"), &file.display().to_string());
    }
}

#[test]
fn a_pattern_that_is_none_stops_every_command_and_says_where() {
    let project = leaky();
    let config = "[[redact.pattern]]\nmatch = \"(\"\n\n[[redact.pattern]]\nname = \"x\"\n";
    fs::write(project.home().join(".config/hnpwb/config.toml"), config).expect("a file");
    for command in [["status", "-o", "json"], ["audit", "-o", "json"]] {
        let output = project.run(&command);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("config.toml:2:9: ") && said.contains("config.toml:4:1: "), "{said}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn status_prints_none_of_any_kind_from_a_tree_of_transcripts() {
    let project = Project::new();
    let cases = kinds::cases(&mut kinds::Seed(0xA11));
    let folder = project.home().join(".claude/projects/p");
    for (number, case) in cases.iter().enumerate() {
        let file = folder.join(format!("0a0b0c0d-0000-4000-9000-{number:012}.jsonl"));
        let piece = case.piece();
        let id = file.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned();
        let mut record: serde_json::Value = serde_json::from_str(&project.record(&piece)).expect("a record");
        record["sessionId"] = id.clone().into();
        // In the prompt, which is the title too; as a title; in a command; in what a tool printed; in a shell's folder.
        let call = json!({
            "type": "assistant", "sessionId": id, "cwd": record["cwd"], "timestamp": "2026-01-02T03:04:06Z",
            "message": {"id": "m", "model": "claude-sonnet-5", "content": [{"type": "tool_use", "id": "t", "name": "Bash", "input": {"command": piece}}]},
        });
        let title =
            json!({"type": "custom-title", "sessionId": id, "customTitle": format!("{} {piece}", "x".repeat(120))});
        let lines =
            if number % 2 == 0 { format!("{record}\n{call}\n") } else { format!("{record}\n{call}\n{title}\n") };
        append(&file, lines.as_bytes());
    }
    for command in [["status", "-o", "json"], ["status", "-o", "table"]] {
        let output = project.run(&command);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("redacted"), "{text}");
        for case in &cases {
            assert_eq!(kinds::survivor(&case.value, &text), None, "{} in {text}", case.what);
        }
    }
}
