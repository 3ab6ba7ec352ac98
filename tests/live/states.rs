//! The states of a real Claude Code in the running workbench: each is on screen after the session itself has noted it, and
//! in the order in which they came. How long that took is printed, not asserted: a machine that others use is slow now and then.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use jiff::Timestamp;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::screen::{Launch, Screen};
use crate::skip::skip;
use crate::{Stage, finish, write};

/// A Claude Code at its prompt, in a terminal of its own.
struct Session<'a> {
    stage: &'a Stage,
    screen: Screen,
}

impl<'a> Session<'a> {
    fn start(launcher: &OsStr, stage: &'a Stage) -> Self {
        // The launcher keeps what it installed where the user's own cache is.
        let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
        let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(|| home.join(".cache"), PathBuf::from);
        let arguments = [stage.dir.path().as_os_str(), stage.script().as_os_str()].map(OsStr::to_owned);
        let launch = Launch::of(launcher, stage.dir.path(), &stage.home()).args(arguments);
        let launch = launch.args(["--permission-mode", "default"]).env("XDG_CACHE_HOME", cache);
        Self { stage, screen: launch.open() }
    }

    /// Waits until the session itself says this, and tells since when.
    fn says(&mut self, status: &str) -> Timestamp {
        let stage = self.stage;
        let said = || entry(stage).filter(|entry| entry["status"] == status);
        self.screen.wait(&format!("a session that says {status}"), |_| said().is_some());
        // It may have gone on since: then the moment is not known, and no figure is printed.
        let at = said().and_then(|entry| entry["statusUpdatedAt"].as_i64()).unwrap_or_default();
        Timestamp::from_millisecond(at).expect("a time")
    }
}

/// The entry in the registry of the session that runs on this stage.
fn entry(stage: &Stage) -> Option<Value> {
    let files = fs::read_dir(stage.home().join(".claude/sessions")).ok()?;
    let mut files = files.filter_map(|file| Some(file.ok()?.path()));
    let file = files.find(|path| path.extension().is_some_and(|extension| extension == "json"))?;
    serde_json::from_slice(&fs::read(file).ok()?).ok()
}

/// Waits until the workbench shows a state, and prints how long after the change that was.
fn shown(workbench: &mut Screen, state: &str, changed: Timestamp) {
    // The second column, behind the cursor and the state's sign.
    let row = |line: &str| line.trim_start_matches(['│', '▎', ' ']).split_whitespace().nth(1) == Some(state);
    workbench.wait(&format!("an agent that is {state}"), |text| text.lines().any(row));
    let late = Timestamp::now().as_millisecond() - changed.as_millisecond();
    let _ = writeln!(std::io::stderr(), "{state}: on screen {late} ms after the change");
}

#[test]
fn the_states_of_a_real_session_are_seen_as_they_come() {
    let Some(launcher) = std::env::var_os("HNPWB_LIVE_CLAUDE").filter(|path| !path.is_empty()) else {
        skip("HNPWB_LIVE_CLAUDE names no launcher, so no real Claude Code was watched");
        return;
    };
    let stage = Stage::build();
    let command = format!("{} hook", env!("CARGO_BIN_EXE_hnpwb"));
    let hooks = json!([{"hooks": [{"type": "command", "command": command, "timeout": 60}]}]);
    let events =
        ["PreToolUse", "PermissionRequest", "Notification", "UserPromptSubmit", "Stop", "SessionStart", "SessionEnd"];
    let registered: serde_json::Map<String, Value> =
        events.into_iter().map(|event| (event.to_owned(), hooks.clone())).collect();
    write(&stage.project().join(".claude/settings.json"), &json!({"hooks": registered}).to_string());
    let script = json!([
        [{"sleep": 3}, {"text": "I look."}, {"tool": "Bash", "input": {"command": "touch made; sleep 3"}}],
        [{"text": "All done."}],
    ]);
    write(&stage.script(), &script.to_string());

    let mut workbench = Launch::new(&stage.project(), &stage.home()).open();
    workbench.keys("2z");
    workbench.see("No agent has worked in this folder");
    let mut session = Session::start(&launcher, &stage);
    let changed = session.says("idle");
    shown(&mut workbench, "idle", changed);
    session.screen.see("❯");
    session.screen.keys("Finish task 1");
    session.screen.see("Finish task 1");
    session.screen.keys("\r");
    let changed = session.says("busy");
    shown(&mut workbench, "working", changed);
    let changed = session.says("waiting");
    shown(&mut workbench, "waiting", changed);
    workbench.see("permission prompt: Bash");
    session.screen.see("Do you want to proceed?");
    session.screen.keys("\r");
    let changed = session.says("busy");
    shown(&mut workbench, "working", changed);
    let changed = session.says("idle");
    shown(&mut workbench, "idle", changed);
    workbench.keys("i");
    workbench.see("registry     → idle");
    workbench
        .wait("the hook's word", |text| text.contains("hook           idle") && text.contains("Stop: the turn ended"));
    workbench.keys("\u{1b}");
    let killed = Timestamp::now();
    let pid = entry(&stage).and_then(|entry| i32::try_from(entry["pid"].as_i64()?).ok()).and_then(Pid::from_raw);
    kill_process(pid.expect("a process id"), Signal::KILL).expect("its end");
    shown(&mut workbench, "crashed", killed);
    workbench.keys("i");
    workbench.see("no turn was open");
    // The launcher ends what it has started.
    session.screen.end();
}

#[test]
fn a_real_codex_is_known_by_the_process_that_has_its_rollout_open() {
    let Some(launcher) = std::env::var_os("HNPWB_LIVE_CODEX").filter(|path| !path.is_empty()) else {
        skip("HNPWB_LIVE_CODEX names no launcher, so no real Codex was watched");
        return;
    };
    let stage = Stage::build();
    let script = json!([
        [{"text": "I wait."}, {"tool": "Bash", "input": {"command": "until test -e go; do sleep 0.1; done; echo went on"}}],
        [{"text": "All is done."}],
    ]);
    write(&stage.script(), &script.to_string());
    let mut workbench = Launch::new(&stage.project(), &stage.home()).open();
    workbench.keys("2z");
    let agent = Command::new(launcher)
        .arg(stage.dir.path())
        .arg(stage.script())
        .args(["exec", "-s", "danger-full-access", "Finish task 1"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the launcher");
    workbench.see("working");
    workbench.see("until test -e go");
    workbench.keys("i");
    workbench.see("process      → working");
    workbench.see("has the transcript open");
    workbench.keys("\u{1b}");
    write(&stage.project().join("go"), "");
    let status = finish(agent);
    assert!(status.is_some_and(|status| status.success()), "Codex: {status:?}\n{}", workbench.text());
    // Its state, not the key that hides such agents.
    workbench.see("◌ finished");
    workbench.keys("i");
    workbench.see("process      → finished");
    workbench.see("is gone; no turn was open");
}
