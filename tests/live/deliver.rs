//! Prompts delivered to a real Claude Code in a real tmux, and the handoff of one that was killed.

use std::ffi::OsString;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::skip::skip;
use crate::{Stage, write};

/// Starting Claude Code takes most of it.
const PATIENCE: Duration = Duration::from_secs(180);

/// Claude Code in a pane of a tmux server of its own.
struct Pane<'a> {
    stage: &'a Stage,
    socket: String,
}

impl<'a> Pane<'a> {
    fn start(stage: &'a Stage, launcher: &OsString) -> Self {
        let socket = stage.dir.path().join("tmux").display().to_string();
        let pane = Self { stage, socket };
        let command = format!(
            "{} {} {} --permission-mode default",
            launcher.display(),
            stage.dir.path().display(),
            stage.script().display()
        );
        let started = pane.tmux(&["-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "40", &command]);
        assert!(started.is_some(), "tmux");
        pane.wait("a session at its prompt", || pane.status() == "idle" && pane.shown().contains('❯'));
        pane
    }

    fn tmux(&self, arguments: &[&str]) -> Option<String> {
        let output = Command::new("tmux").args(["-S", &self.socket]).args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn shown(&self) -> String {
        self.tmux(&["capture-pane", "-p"]).unwrap_or_default()
    }

    fn entry(&self) -> Value {
        let files = fs::read_dir(self.stage.home().join(".claude/sessions")).into_iter().flatten().flatten();
        let file =
            files.map(|file| file.path()).find(|path| path.extension().is_some_and(|extension| extension == "json"));
        file.and_then(|file| serde_json::from_slice(&fs::read(file).ok()?).ok()).unwrap_or_default()
    }

    fn status(&self) -> String {
        self.entry()["status"].as_str().unwrap_or_default().to_owned()
    }

    fn wait(&self, what: &str, condition: impl Fn() -> bool) {
        let until = Instant::now() + PATIENCE;
        while !condition() {
            assert!(Instant::now() < until, "no sign of {what}:\n{}", self.shown());
            // tmux tells nobody when a pane changes; a short wait in tmux itself spares it.
            self.tmux(&["run-shell", "-d", "0.1", "true"]);
        }
    }

    /// Runs hnpwb beside it; answers its exit code, and its JSON.
    fn hnpwb(&self, arguments: &[&str]) -> (Option<i32>, Value) {
        self.hnpwb_reading(arguments, "")
    }

    /// The same with this on its standard input.
    fn hnpwb_reading(&self, arguments: &[&str], text: &str) -> (Option<i32>, Value) {
        let input = self.stage.dir.path().join("input");
        write(&input, text);
        let mut command = Command::new(env!("CARGO_BIN_EXE_hnpwb"));
        command.args(arguments).args(["-o", "json"]).current_dir(self.stage.project()).env_clear();
        command.stdin(fs::File::open(input).expect("a file"));
        command.env("HOME", self.stage.home()).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        let output = command.output().expect("the program");
        let json = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&output.stderr).into_owned()));
        (output.status.code(), json)
    }
}

impl Drop for Pane<'_> {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

#[test]
fn prompts_reach_a_real_agent_whole_or_not_at_all_and_a_handoff_tells_what_it_did() {
    let Some(launcher) = std::env::var_os("HNPWB_LIVE_CLAUDE").filter(|path| !path.is_empty()) else {
        skip("HNPWB_LIVE_CLAUDE names no launcher, so nothing was delivered to a real Claude Code");
        return;
    };
    if Command::new("tmux").arg("-V").output().is_err() {
        skip("there is no tmux here");
        return;
    }
    let stage = Stage::build();
    // No gates, and a board that is found.
    for file in [".claude/settings.json", "hnpwb.toml"] {
        fs::remove_file(stage.project().join(file)).expect("a file of the stage");
    }
    write(&stage.project().join("TASKS.md"), "# Tasks\n\n- [ ] Check the VLAN range\n- [x] Draw the fabric\n");
    let script = json!([
        [{"text": "Read."}],
        [{"text": "Read all of it."}],
        [{"text": "I write it."}, {"tool": "Write", "input": {"file_path": stage.project().join("vlan.txt"), "content": "4095\n"}}],
        [{"text": "Now the test."}, {"tool": "Bash", "input": {"command": "echo 'error: 4095 is out of range' >&2; exit 3"}}],
        [{"sleep": 600}, {"text": "never"}],
    ]);
    write(&stage.script(), &script.to_string());
    let pane = Pane::start(&stage, &launcher);
    let session = pane.entry()["sessionId"].as_str().expect("a session").to_owned();

    let (exit, sent) = pane.hnpwb(&["brief", "send", "--agent", &session, "--text", "one\ntwo\nthree"]);
    assert_eq!((exit, &sent["outcome"]), (Some(0), &json!("delivered")), "{sent}\n{}", pane.shown());
    let transcript = fs::read_to_string(sent["transcript"].as_str().expect("a transcript")).expect("a transcript");
    let line = usize::try_from(sent["line"].as_u64().expect("a line")).expect("a line");
    assert!(transcript.lines().nth(line - 1).is_some_and(|line| line.contains(r"one\ntwo\nthree")), "{sent}");
    pane.wait("the end of its turn", || pane.status() == "idle" && pane.shown().contains("Read."));

    // So long that Claude Code shows a placeholder for it, and marks it in the transcript.
    let long = "another line of a long text\n".repeat(9_000);
    assert!(long.len() > 200_000);
    let (exit, sent) = pane.hnpwb_reading(&["brief", "send", "--agent", &session, "--text", "-"], &long);
    assert_eq!((exit, &sent["outcome"]), (Some(0), &json!("delivered")), "{sent}\n{}", pane.shown());
    pane.wait("the end of its turn", || pane.status() == "idle" && pane.shown().contains("Read all of it."));

    let (_, status) = pane.hnpwb(&["status"]);
    let task = status["tasks"][0]["id"].as_str().expect("a task").to_owned();
    assert_eq!(pane.hnpwb(&["brief", "new", "--task", &task]).0, Some(0));
    let (exit, sent) = pane.hnpwb(&["brief", "send", "1", "--agent", &session]);
    assert_eq!((exit, &sent["outcome"]), (Some(0), &json!("delivered")), "{sent}\n{}", pane.shown());

    // The registry tells of it before the screen does.
    pane.wait("a permission prompt", || pane.status() == "waiting" && pane.shown().contains("Do you want to create"));
    let before = pane.shown();
    let (exit, sent) = pane.hnpwb(&["brief", "send", "--agent", &session, "--text", "never seen"]);
    assert!(exit == Some(1) && sent["reason"].as_str().is_some_and(|why| why.contains("permission prompt")), "{sent}");
    assert_eq!(pane.shown(), before, "nothing was typed");
    pane.tmux(&["send-keys", "Enter"]);
    pane.wait("the next permission prompt", || pane.status() == "waiting" && pane.shown().contains("exit 3"));
    pane.tmux(&["send-keys", "Enter"]);
    pane.wait("its failure", || stage.transcripts().contains("4095 is out of range"));

    let pid = pane.entry()["pid"].as_i64().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
    kill_process(pid.expect("a process id"), Signal::KILL).expect("its end");
    pane.wait("its end", || pane.hnpwb(&["status"]).1["agents"][0]["state"] == "crashed");
    let (exit, made) = pane.hnpwb(&["brief", "new", "--handoff", &session]);
    assert_eq!(exit, Some(0), "{made}");
    let brief = fs::read_to_string(made["file"].as_str().expect("a file")).expect("a brief");
    for part in ["Check the VLAN range", "vlan.txt", "error: 4095 is out of range", "it crashed"] {
        assert!(brief.contains(part), "{part:?} is missing in\n{brief}");
    }
}
