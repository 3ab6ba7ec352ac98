//! Gates against a real Claude Code, registered by `hnpwb hooks install`: what is approved runs; what nobody could decide does
//! not, whatever the permission mode; what no rule holds is not disturbed.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::screen::{Launch, Screen};
use crate::skip::skip;
use crate::{Stage, finish, write};

pub fn launcher() -> Option<OsString> {
    let found = std::env::var_os("HNPWB_LIVE_CLAUDE").filter(|path| !path.is_empty());
    if found.is_none() {
        skip("HNPWB_LIVE_CLAUDE names no launcher, so no gate was tried on a real Claude Code");
    }
    found
}

/// A stage whose hook was registered by the program itself, with one rule on pushes.
pub fn stage(rule: &str) -> Stage {
    let stage = Stage::build();
    std::fs::remove_file(stage.project().join(".claude/settings.json")).expect("the file");
    let rules =
        format!("[gates]\nsets = []\n\n[[gate]]\nname = \"push\"\ntool = \"Bash\"\nmatches = \"git push\"\n{rule}\n");
    write(&stage.project().join("hnpwb.toml"), &rules);
    let installed = Command::new(env!("CARGO_BIN_EXE_hnpwb"))
        .args(["hooks", "install", "--project"])
        .current_dir(stage.project())
        .env_clear()
        .env("HOME", stage.home())
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .output()
        .expect("the program");
    assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
    let script = json!([
        [{"text": "I look."}, {"tool": "Bash", "input": {"command": "touch looked"}}],
        [{"text": "I push now."}, {"tool": "Bash", "input": {"command": "git -C . push; touch pushed"}}],
        [{"text": "That is all."}],
    ]);
    write(&stage.script(), &script.to_string());
    stage
}

/// Claude Code without a terminal.
fn headless(launcher: &OsStr, stage: &Stage, more: &[&str]) -> Child {
    Command::new(launcher)
        .arg(stage.dir.path())
        .arg(stage.script())
        .args(["-p", "Finish task 1", "--allowedTools", "Bash"])
        .args(more)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the launcher")
}

fn workbench(stage: &Stage) -> Screen {
    let mut screen = Launch::new(&stage.project(), &stage.home()).open();
    let socket = stage.paths().socket(&stage.project().canonicalize().expect("the project"));
    screen.wait("the gate socket", |_| socket.exists());
    screen
}

/// Kills a workbench of ours, as a crash would.
fn kill(screen: &Screen) {
    let pid = i32::try_from(screen.pid()).ok().and_then(Pid::from_raw);
    kill_process(pid.expect("a process id"), Signal::KILL).expect("its end");
}

fn held(screen: &mut Screen) {
    screen.wait("the gate in the queue", |text| text.contains("gate held") && text.contains("git -C . push"));
}

/// Asserts what ran: the call that no rule holds always, the other one as it is said.
fn ran(stage: &Stage, pushed: bool) {
    assert!(stage.project().join("looked").exists(), "the call that no rule holds did not run");
    assert_eq!(stage.project().join("pushed").exists(), pushed, "{}", stage.transcripts());
}

const BYPASS: [&str; 2] = ["--permission-mode", "bypassPermissions"];

#[test]
fn an_approved_call_is_shown_whole_and_runs() {
    let Some(launcher) = launcher() else { return };
    for mode in [[].as_slice(), BYPASS.as_slice()] {
        let stage = stage("");
        let mut screen = workbench(&stage);
        let agent = headless(&launcher, &stage, mode);
        held(&mut screen);
        screen.keys("na");
        screen.see("git -C . push; touch pushed");
        screen.see("Approve?");
        screen.keys("y");
        let status = finish(agent);
        assert!(status.is_some_and(|status| status.success()), "{status:?}\n{}", screen.text());
        ran(&stage, true);
    }
}

#[test]
fn without_a_workbench_the_call_is_denied_whatever_the_mode() {
    let Some(launcher) = launcher() else { return };
    for mode in [[].as_slice(), BYPASS.as_slice()] {
        let stage = stage("");
        finish(headless(&launcher, &stage, mode));
        ran(&stage, false);
        assert!(stage.transcripts().contains("start hnpwb"), "{}", stage.transcripts());
    }
}

#[test]
fn a_workbench_that_is_killed_while_it_holds_denies() {
    let Some(launcher) = launcher() else { return };
    let stage = stage("");
    let mut screen = workbench(&stage);
    let agent = headless(&launcher, &stage, &BYPASS);
    held(&mut screen);
    kill(&screen);
    finish(agent);
    ran(&stage, false);
}

#[test]
fn at_the_deadline_the_call_is_denied() {
    let Some(launcher) = launcher() else { return };
    let stage = stage("deadline = \"3s\"");
    let mut screen = workbench(&stage);
    let agent = headless(&launcher, &stage, &BYPASS);
    held(&mut screen);
    finish(agent);
    ran(&stage, false);
    assert!(stage.transcripts().contains("did not decide in time"), "{}", stage.transcripts());
}

#[test]
fn a_call_that_may_wait_is_held_across_a_restart_of_the_workbench() {
    let Some(launcher) = launcher() else { return };
    let stage = stage("fail = \"wait\"");
    let mut screen = workbench(&stage);
    let agent = headless(&launcher, &stage, &BYPASS);
    held(&mut screen);
    kill(&screen);
    drop(screen);
    let mut screen = workbench(&stage);
    held(&mut screen);
    screen.keys("na");
    screen.see("Approve?");
    screen.keys("y");
    finish(agent);
    ran(&stage, true);
}

#[test]
fn esc_in_the_agents_terminal_abandons_the_gate() {
    let Some(launcher) = launcher() else { return };
    let stage = stage("");
    let mut screen = workbench(&stage);
    let mut session = prompted(&launcher, &stage);
    held(&mut screen);
    session.keys("\u{1b}");
    screen.see("gate abandoned");
    ran(&stage, false);
    end(session, &stage);
}

/// Claude Code in a terminal of its own, with the task typed at its prompt. What asks in bypass mode asks a person first.
fn prompted(launcher: &OsStr, stage: &Stage) -> Screen {
    // The launcher keeps what it installed where the user's own cache is.
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(|| home.join(".cache"), PathBuf::from);
    let arguments = [stage.dir.path().as_os_str(), stage.script().as_os_str()].map(OsStr::to_owned);
    let launch = Launch::of(launcher, stage.dir.path(), &stage.home()).args(arguments);
    let mut session = launch.args(["--allowedTools", "Bash"]).env("XDG_CACHE_HOME", cache).open();
    session.see("❯");
    session.keys("Finish task 1");
    session.see("Finish task 1");
    session.keys("\r");
    session
}

/// Ends a session of ours; its launcher ends what it has started.
fn end(mut session: Screen, stage: &Stage) {
    if let Some(pid) = registered(stage) {
        kill_process(pid, Signal::KILL).expect("its end");
    }
    session.end();
}

/// The process of the session that runs on this stage.
fn registered(stage: &Stage) -> Option<Pid> {
    let mut files =
        std::fs::read_dir(stage.home().join(".claude/sessions")).ok()?.filter_map(|file| Some(file.ok()?.path()));
    let file = files.find(|path| path.extension().is_some_and(|extension| extension == "json"))?;
    let entry: serde_json::Value = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    Pid::from_raw(i32::try_from(entry["pid"].as_i64()?).ok()?)
}

#[test]
fn a_question_is_answered_from_the_workbench() {
    let Some(launcher) = launcher() else { return };
    let stage = stage("");
    write(&stage.project().join("hnpwb.toml"), "[gates]\nsets = [\"questions\"]\n");
    let question = json!({"questions": [{"question": "Which base shall I take?", "header": "Base", "multiSelect": false,
        "options": [{"label": "Main line", "description": "as ever"}, {"label": "Next", "description": "the new one"}]}]});
    let script = json!([
        [{"text": "I look."}, {"tool": "Bash", "input": {"command": "touch looked"}}],
        [{"text": "I ask."}, {"tool": "AskUserQuestion", "input": question}],
        [{"text": "Thank you."}],
    ]);
    write(&stage.script(), &script.to_string());
    let mut screen = workbench(&stage);
    // Without a terminal Claude Code has no such tool.
    let mut session = prompted(&launcher, &stage);
    screen.wait("the question", |text| text.contains("gate held") && text.contains("Which base shall I take?"));
    screen.keys("na");
    screen.see("the new one");
    screen.keys("j ");
    screen.see("[x] Next");
    screen.keys("\r");
    screen.see("Approve?");
    screen.keys("y");
    session.see("Thank you.");
    ran(&stage, false);
    // The transcript is written a moment later.
    session.wait("the answer in the transcript", |_| {
        let transcripts = stage.transcripts();
        transcripts.contains("take?\":\"Next\"") || transcripts.contains("take?\\\"=\\\"Next")
    });
    end(session, &stage);
}
