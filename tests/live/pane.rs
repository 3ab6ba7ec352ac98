//! Claude Code in a real tmux, and the workbench beside it.

use std::ffi::OsString;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::{Stage, write};

/// Starting Claude Code takes most of it.
const PATIENCE: Duration = Duration::from_secs(180);
/// The windows of the server.
pub const AGENT: &str = ":0";
pub const WORKBENCH: &str = ":1";

/// True where there is a tmux.
pub fn is_there() -> bool {
    Command::new("tmux").arg("-V").output().is_ok()
}

/// Claude Code in a pane of a tmux server of its own.
pub struct Pane<'a> {
    pub stage: &'a Stage,
    socket: String,
}

impl<'a> Pane<'a> {
    /// Starts it with these arguments more, and waits for its prompt.
    pub fn start(stage: &'a Stage, launcher: &OsString, more: &str) -> Self {
        let socket = stage.dir.path().join("tmux").display().to_string();
        let pane = Self { stage, socket };
        let command = format!(
            "{} {} {} --permission-mode default {more}",
            launcher.display(),
            stage.dir.path().display(),
            stage.script().display()
        );
        let started = pane.tmux(&["-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "40", &command]);
        assert!(started.is_some(), "tmux");
        pane.wait("a session at its prompt", || pane.status() == "idle" && pane.shown().contains('❯'));
        pane
    }

    /// Opens the workbench in a window of the same server, and waits until gates find it.
    pub fn open_workbench(&self) {
        let command = format!(
            "cd {} && exec env -i HOME={} PATH=\"$PATH\" TERM=\"$TERM\" LANG=C.UTF-8 TMUX=\"$TMUX\" TMUX_PANE=\"$TMUX_PANE\" {}",
            self.stage.project().display(),
            self.stage.home().display(),
            env!("CARGO_BIN_EXE_hnpwb")
        );
        assert!(self.tmux(&["new-window", "-d", "-t", WORKBENCH, &command]).is_some(), "a window");
        let socket = self.stage.paths().socket(&self.stage.project().canonicalize().expect("the project"));
        self.wait("the gate socket", || socket.exists());
    }

    /// Types a prompt for the agent.
    pub fn prompt(&self, text: &str) {
        self.keys(AGENT, text);
        self.wait("the prompt in its line", || self.shown().contains(text));
        self.press(AGENT, "Enter");
    }

    /// Types into a window.
    pub fn keys(&self, window: &str, text: &str) {
        assert!(self.tmux(&["send-keys", "-t", window, "-l", text]).is_some(), "{text}");
    }

    /// Presses a key by its name.
    pub fn press(&self, window: &str, key: &str) {
        assert!(self.tmux(&["send-keys", "-t", window, key]).is_some(), "{key}");
    }

    pub fn tmux(&self, arguments: &[&str]) -> Option<String> {
        let output = Command::new("tmux").args(["-S", &self.socket]).args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// What the agent's window shows.
    pub fn shown(&self) -> String {
        self.shown_in(AGENT)
    }

    pub fn shown_in(&self, window: &str) -> String {
        self.tmux(&["capture-pane", "-p", "-t", window]).unwrap_or_default()
    }

    /// Waits until the workbench shows this.
    pub fn see(&self, wanted: &str) {
        self.wait(wanted, || self.shown_in(WORKBENCH).contains(wanted));
    }

    pub fn entry(&self) -> Value {
        let files = fs::read_dir(self.stage.home().join(".claude/sessions")).into_iter().flatten().flatten();
        let file =
            files.map(|file| file.path()).find(|path| path.extension().is_some_and(|extension| extension == "json"));
        file.and_then(|file| serde_json::from_slice(&fs::read(file).ok()?).ok()).unwrap_or_default()
    }

    pub fn status(&self) -> String {
        self.entry()["status"].as_str().unwrap_or_default().to_owned()
    }

    pub fn wait(&self, what: &str, condition: impl Fn() -> bool) {
        let until = Instant::now() + PATIENCE;
        while !condition() {
            assert!(Instant::now() < until, "no sign of {what}:\n{}\n{}", self.shown(), self.shown_in(WORKBENCH));
            // tmux tells nobody when a pane changes; a short wait in tmux itself spares it.
            self.tmux(&["run-shell", "-d", "0.1", "true"]);
        }
    }

    /// Runs hnpwb beside it; answers its exit code, and its JSON.
    pub fn hnpwb(&self, arguments: &[&str]) -> (Option<i32>, Value) {
        self.hnpwb_reading(arguments, "")
    }

    /// The same with this on its standard input.
    pub fn hnpwb_reading(&self, arguments: &[&str], text: &str) -> (Option<i32>, Value) {
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
