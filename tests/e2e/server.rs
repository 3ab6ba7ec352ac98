//! A real tmux server for one test.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::skip::skip;
use crate::stage::Project;

/// How long anything may take to appear.
const PATIENCE: Duration = Duration::from_secs(120);

/// A tmux server of this test's own, ended with it.
pub struct Tmux {
    pub socket: String,
}

impl Tmux {
    /// Starts a server with one session of this size; nothing if there is no tmux.
    pub fn start(project: &Project, cols: u16, rows: u16, command: &str) -> Option<Self> {
        if Command::new("tmux").arg("-V").output().is_err() {
            skip("there is no tmux here");
            return None;
        }
        let tmux = Self { socket: project.path("tmux").display().to_string() };
        let status = tmux
            .command(&[
                "-f",
                "/dev/null",
                "new-session",
                "-d",
                "-x",
                &cols.to_string(),
                "-y",
                &rows.to_string(),
                command,
            ])
            .current_dir(project.root())
            .env_clear()
            .env("HOME", project.home())
            .env("XDG_RUNTIME_DIR", project.path("run"))
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("TERM", "xterm-256color")
            .env("LANG", "C.UTF-8")
            .env("SHELL", "/bin/sh")
            .status()
            .expect("tmux");
        assert!(status.success());
        Some(tmux)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("tmux");
        command.args(["-S", &self.socket]).args(arguments);
        command
    }

    pub fn ask(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().expect("tmux");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    pub fn keys(&self, keys: &[&str]) {
        self.ask(&[&["send-keys"], keys].concat());
    }

    /// Waits until a text is in the pane.
    pub fn see(&self, text: &str) {
        self.wait(text, |shown| shown.contains(text));
    }

    pub fn wait(&self, what: &str, condition: impl Fn(&str) -> bool) {
        let until = Instant::now() + PATIENCE;
        loop {
            let shown = self.ask(&["capture-pane", "-p"]);
            if condition(&shown) {
                return;
            }
            assert!(Instant::now() < until, "no sign of {what}:\n{shown}");
            // tmux tells nobody when a pane changes; a short wait in tmux itself spares it.
            self.ask(&["run-shell", "-d", "0.05", "true"]);
        }
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.ask(&["kill-server"]);
    }
}
