//! A real Claude Code. The gate against it: a `git push` that it wants to run is held, rejected by keys in the workbench, and
//! the reason reaches its transcript. `HNPWB_LIVE_CLAUDE` names a launcher `LAUNCHER DIR SCRIPT.json [ARGUMENTS…]` that
//! runs Claude Code with `DIR/home` as its home and `DIR/project` as its folder; without it the test says it was skipped.

mod codex;
mod deliver;
mod gates;
mod pane;
#[path = "../terminal/screen.rs"]
mod screen;
#[path = "../terminal/skip.rs"]
mod skip;
mod states;
mod tmux;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use hnpwb::config::paths::Paths;
use rustix::process::{Pid, Signal, kill_process};
use screen::Launch;
use serde_json::json;
use skip::skip;

const REASON: &str = "run the tests before you push";
/// Starting Claude Code takes most of it.
const PATIENCE: Duration = Duration::from_secs(180);

/// A folder with a project in which Claude Code and the workbench meet.
struct Stage {
    dir: tempfile::TempDir,
}

impl Stage {
    fn build() -> Self {
        let stage = Self { dir: tempfile::tempdir().expect("a folder") };
        let project = stage.project();
        std::fs::create_dir_all(project.join(".claude")).expect("a folder");
        std::fs::create_dir_all(stage.home()).expect("a folder");
        git2::Repository::init(&project).expect("a repository");
        let command = format!("{} hook", env!("CARGO_BIN_EXE_hnpwb"));
        let hook = json!({"type": "command", "command": command, "timeout": 3600});
        let settings = json!({"hooks": {"PreToolUse": [{"matcher": "Bash", "hooks": [hook]}]}});
        write(&project.join(".claude/settings.json"), &settings.to_string());
        let rule =
            "[[gate]]\nname = \"push\"\ntool = \"Bash\"\nmatches = \"git push\"\nfail = \"deny\"\ndeadline = \"5m\"\n";
        write(&project.join("hnpwb.toml"), rule);
        let script = json!([
            [{"text": "I push now."}, {"tool": "Bash", "input": {"command": "git -C . push; touch pushed"}}],
            [{"text": "I was told not to."}],
        ]);
        write(&stage.script(), &script.to_string());
        stage
    }

    fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    fn project(&self) -> PathBuf {
        self.dir.path().join("project")
    }

    fn script(&self) -> PathBuf {
        self.dir.path().join("script.json")
    }

    /// The folders that hook and workbench find by themselves, as both have this home and no other variables.
    fn paths(&self) -> Paths {
        Paths::from_vars(|name| (name == "HOME").then(|| self.home().into_os_string()))
    }

    fn transcripts(&self) -> String {
        let projects = std::fs::read_dir(self.home().join(".claude/projects")).expect("transcripts");
        let files =
            projects.flat_map(|project| std::fs::read_dir(project.expect("a folder").path()).expect("a folder"));
        let files = files.map(|file| file.expect("a file").path());
        files
            .filter(|file| file.extension().is_some_and(|extension| extension == "jsonl"))
            .map(|file| std::fs::read_to_string(file).expect("a transcript"))
            .collect()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // Without a runtime directory the socket's folder lies beside the stage, not in it.
        let _ = std::fs::remove_dir_all(self.paths().runtime);
    }
}

fn write(file: &Path, text: &str) {
    std::fs::write(file, text).expect("a file");
}

/// Waits for a child, and ends it when that takes too long.
fn finish(mut child: Child) -> Option<ExitStatus> {
    let (done, finished) = mpsc::channel();
    let id = child.id();
    std::thread::spawn(move || done.send(child.wait()));
    let status = finished.recv_timeout(PATIENCE).ok().and_then(Result::ok);
    if status.is_none() {
        // The launcher's own trap ends what it started.
        if let Some(pid) = i32::try_from(id).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::TERM);
        }
    }
    status
}

#[test]
fn a_push_that_a_real_agent_wants_is_held_and_rejected_by_keys() {
    let Some(launcher) = std::env::var_os("HNPWB_LIVE_CLAUDE").filter(|path: &OsString| !path.is_empty()) else {
        skip("HNPWB_LIVE_CLAUDE names no launcher, so no real Claude Code was held");
        return;
    };
    let stage = Stage::build();
    let mut screen = Launch::new(&stage.project(), &stage.home()).open();
    let root = stage.project().canonicalize().expect("the project");
    let socket = stage.paths().socket(&root);
    screen.wait("the gate socket", |_| socket.exists());

    let agent = Command::new(launcher)
        .arg(stage.dir.path())
        .arg(stage.script())
        .args(["-p", "Finish task 1", "--allowedTools", "Bash"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("the launcher");
    // The command alone may be seen in the transcript before the gate is there.
    screen.wait("the gate in the queue", |text| text.contains("gate held") && text.contains("git -C . push"));
    screen.keys("n");
    screen.keys("x");
    screen.keys(REASON);
    screen.wait("the reason in its line", |text| text.contains(REASON));
    screen.keys("\r");
    screen.keys("y");

    let status = finish(agent);
    assert!(status.is_some_and(|status| status.success()), "Claude Code: {status:?}\n{}", screen.text());
    let transcripts = stage.transcripts();
    assert!(transcripts.contains(REASON), "no reason in\n{transcripts}");
    assert!(!stage.project().join("pushed").exists(), "the call ran");
    let journal = std::fs::read_to_string(root.join(".hnpwb/journal.jsonl")).expect("a journal");
    assert!(journal.contains(REASON) && journal.contains("rejected"), "{journal}");
}
