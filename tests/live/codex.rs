//! A real Codex: what it wrote while it ran a command, a plan, a patch and something that fails, counted and shown.
//! `HNPWB_LIVE_CODEX` names a launcher like that of Claude Code; without it the test says it was skipped.

use std::ffi::OsString;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::screen::Launch;
use super::skip::skip;
use super::{Stage, finish, write};

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
