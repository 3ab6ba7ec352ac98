//! A real Codex: what it wrote while it ran a command, a plan, a patch and something that fails, counted and shown; and calls
//! that are held, by the hook that `hnpwb hooks install --codex` puts in.
//! `HNPWB_LIVE_CODEX` names a launcher like that of Claude Code; without it the test says it was skipped.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::screen::Launch;
use super::skip::skip;
use super::{REASON, Stage, finish, write};

const PATCH: &str = "apply_patch <<'EOF'\n*** Begin Patch\n*** Add File: hello.txt\n+hello\n*** End Patch\nEOF";

#[test]
fn a_session_of_a_real_codex_is_followed_and_counted() {
    let Some(launcher) = std::env::var_os("HNPWB_LIVE_CODEX").filter(|path: &OsString| !path.is_empty()) else {
        skip("HNPWB_LIVE_CODEX names no launcher, so no real Codex was read");
        return;
    };
    let stage = Stage::build();
    let bash = |command: &str| json!({"tool": "Bash", "input": {"command": command}});
    let plan = json!({"tool": "update_plan", "input": {"plan": [{"step": "Write it", "status": "in_progress"}]}});
    let script = json!([
        [{"text": "I look around."}, plan],
        [bash("echo around; ls")],
        [bash("cat nowhere; exit 3")],
        [bash(PATCH)],
        [bash("until test -e go; do sleep 0.1; done; echo went on")],
        [{"text": "All is written."}],
    ]);
    write(&stage.script(), &script.to_string());
    let mut screen = Launch::new(&stage.project(), &stage.home()).open();
    let agent = Command::new(launcher)
        .arg(stage.dir.path())
        .arg(stage.script())
        .args(["exec", "-s", "danger-full-access", "Write hello.txt"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("the launcher");

    screen.see("Write hello.txt");
    screen.see("exit 3");
    screen.see("until test -e go");
    screen.wait("a working agent", |text| text.contains("working"));
    write(&stage.project().join("go"), "");
    screen.see("All is written.");
    screen.see("turn ended");
    let status = finish(agent);
    assert!(status.is_some_and(|status| status.success()), "Codex: {status:?}\n{}", screen.text());
    assert!(stage.project().join("hello.txt").exists(), "no patch was applied");

    let agents = status_of(&stage);
    assert_eq!(agents.len(), 1, "{agents:?}");
    let agent = &agents[0];
    assert_eq!((&agent["kind"], &agent["name"]), (&json!("codex"), &json!("Write hello.txt")));
    assert_eq!((&agent["unknown_records"], &agent["malformed_records"]), (&json!(0), &json!(0)), "{agent}");
    assert_eq!((&agent["prompts"], &agent["tool_calls"]), (&json!(1), &json!(5)), "{agent}");
    // The script's model answers six times with 4,000 of its tokens from the cache, and writes 120.
    assert_eq!((&agent["tokens"]["cache_read"], &agent["tokens"]["output"]), (&json!(24_000), &json!(720)), "{agent}");
    assert!(agent["errors"].as_u64().is_some_and(|errors| errors >= 1), "{agent}");
    assert!(agent["context"]["window"].is_u64() && agent["model"].is_string(), "{agent}");
    assert_eq!(agent["cwd"], json!(stage.project().canonicalize().expect("the project")));
}

/// A stage whose hook was registered with Codex by the program itself, and an agent that pushes twice.
fn gated() -> Stage {
    let stage = Stage::build();
    let installed = Command::new(env!("CARGO_BIN_EXE_hnpwb"))
        .args(["hooks", "install", "--codex"])
        .current_dir(stage.project())
        .env_clear()
        .env("HOME", stage.home())
        .output()
        .expect("the program");
    assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
    assert!(stage.home().join(".codex/hooks.json").exists(), "{installed:?}");
    let bash = |command: &str| json!([{"text": "I push."}, {"tool": "Bash", "input": {"command": command}}]);
    let script = json!([
        bash("git -C . push; touch pushed"),
        bash("git -C . push --force; touch forced"),
        [{"text": "That is all."}],
    ]);
    write(&stage.script(), &script.to_string());
    stage
}

/// Codex without a terminal.
fn headless(launcher: &OsStr, stage: &Stage, more: &[&str]) -> Child {
    Command::new(launcher)
        .arg(stage.dir.path())
        .arg(stage.script())
        .args(["exec", "-s", "danger-full-access"])
        .args(more)
        .arg("Finish task 1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the launcher")
}

/// Everything that Codex has recorded.
fn rollouts(stage: &Stage) -> String {
    fn below(folder: &Path, found: &mut String) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                below(&path, found);
            } else if let Ok(text) = std::fs::read_to_string(path) {
                found.push_str(&text);
            }
        }
    }
    let mut found = String::new();
    below(&stage.home().join(".codex/sessions"), &mut found);
    found
}

#[test]
fn calls_of_a_real_codex_are_held_approved_and_rejected_by_a_hook_that_it_trusts() {
    let Some(launcher) = std::env::var_os("HNPWB_LIVE_CODEX").filter(|path: &OsString| !path.is_empty()) else {
        skip("HNPWB_LIVE_CODEX names no launcher, so no real Codex was held");
        return;
    };
    let stage = gated();
    let mut screen = Launch::new(&stage.project(), &stage.home()).open();
    let socket = stage.paths().socket(&stage.project().canonicalize().expect("the project"));
    screen.wait("the gate socket", |_| socket.exists());
    // A person would trust it once with /hooks.
    let agent = headless(&launcher, &stage, &["--dangerously-bypass-hook-trust"]);
    screen.wait("the first gate", |text| text.contains("gate held") && text.contains("touch pushed"));
    assert!(!stage.project().join("pushed").exists(), "the call ran before it was decided");
    screen.keys("na");
    screen.see("Approve?");
    screen.keys("y");
    screen.wait("the second gate", |text| text.contains("gate held") && text.contains("git -C . push --force"));
    screen.keys("nx");
    screen.keys(REASON);
    screen.see(REASON);
    screen.keys("\r");
    screen.see("Reject?");
    screen.keys("y");
    let status = finish(agent);
    assert!(status.is_some_and(|status| status.success()), "Codex: {status:?}\n{}", screen.text());
    assert!(stage.project().join("pushed").exists(), "the approved call did not run");
    assert!(!stage.project().join("forced").exists(), "the rejected call ran");
    assert!(rollouts(&stage).contains(REASON), "the reason did not reach it");
}

#[test]
fn a_real_codex_passes_over_a_hook_that_nobody_has_trusted() {
    let Some(launcher) = std::env::var_os("HNPWB_LIVE_CODEX").filter(|path: &OsString| !path.is_empty()) else {
        skip("HNPWB_LIVE_CODEX names no launcher, so no real Codex was tried");
        return;
    };
    // No workbench runs: a hook that were asked would refuse.
    let stage = gated();
    let status = finish(headless(&launcher, &stage, &[]));
    assert!(status.is_some_and(|status| status.success()), "Codex: {status:?}");
    assert!(stage.project().join("pushed").exists(), "docs/gates.md says that it runs");
    let stage = gated();
    finish(headless(&launcher, &stage, &["--dangerously-bypass-hook-trust"]));
    assert!(!stage.project().join("pushed").exists(), "trusted, it fails closed");
    assert!(rollouts(&stage).contains("start hnpwb"), "the reason did not reach it");
}

/// The agents of `hnpwb status`.
fn status_of(stage: &Stage) -> Vec<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_hnpwb"))
        .args(["status", "-o", "json"])
        .current_dir(stage.project())
        .env_clear()
        .env("HOME", stage.home())
        .output()
        .expect("the program");
    let mut status: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    status["agents"].as_array_mut().map(std::mem::take).unwrap_or_default()
}
