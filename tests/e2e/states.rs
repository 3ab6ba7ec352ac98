//! States of agents in the real program: told by hooks, by the registry, and by the end of a process.

use std::fs;
use std::io::Write;
use std::process::{Child, Command, Stdio};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::screen::Screen;
use crate::stage::Project;

const SESSION: &str = "0a0b0c0d-0000-4000-8000-000000000001";

/// The agents pane alone, with whoever listens to hooks behind it.
fn opened(project: &Project) -> Screen {
    let mut screen = project.launch().open();
    let socket = project.socket();
    screen.wait("the socket", |_| socket.exists());
    screen.keys("2z");
    screen.see("Look at the VLAN range");
    screen
}

/// What an agent in this project tells its hook.
fn hook(project: &Project, event: &Value) {
    let mut event = event.clone();
    (event["session_id"], event["cwd"]) = (json!(SESSION), json!(project.root()));
    let mut child = project.command(&["hook"]).stdin(Stdio::piped()).spawn().expect("the program");
    child.stdin.take().expect("its input").write_all(event.to_string().as_bytes()).expect("its input");
    assert!(child.wait().expect("its end").success());
}

/// A process that stands for an agent's, and its entry in the registry.
struct Agent {
    child: Child,
}

impl Agent {
    fn new() -> Self {
        Self { child: Command::new("sleep").arg("600").spawn().expect("a process") }
    }

    fn says(&self, project: &Project, status: &str, at: Timestamp) {
        let pid = self.child.id();
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process");
        let start = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(19)).expect("its start");
        let entry = json!({"pid": pid, "procStart": start, "sessionId": SESSION, "status": status,
            "statusUpdatedAt": at.as_millisecond()});
        let folder = project.path("home/.claude/sessions");
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join(format!("{pid}.json")), entry.to_string()).expect("a file");
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn what_an_agent_tells_its_hooks_is_seen_and_explained() {
    let project = Project::new();
    let mut screen = opened(&project);
    hook(&project, &json!({"hook_event_name": "UserPromptSubmit", "prompt": "x"}));
    screen.see("working");
    hook(
        &project,
        &json!({"hook_event_name": "PermissionRequest", "tool_name": "Bash", "tool_input": {"command": "ls"}}),
    );
    screen.see("permission: Bash");
    hook(&project, &json!({"hook_event_name": "Stop"}));
    screen.see("idle");
    screen.keys("i");
    screen.see("hook         → idle");
    screen.see("Stop: the turn ended");
    hook(&project, &json!({"hook_event_name": "SessionEnd", "reason": "logout"}));
    screen.keys("\u{1b}");
    screen.see("finished");
}

#[test]
fn a_status_beside_the_workbench_knows_what_hooks_have_told() {
    let project = Project::new();
    let mut screen = opened(&project);
    hook(
        &project,
        &json!({"hook_event_name": "PermissionRequest", "tool_name": "Bash", "tool_input": {"command": "ls"}}),
    );
    screen.see("permission: Bash");
    let status = || -> Value {
        let output = project.run(&["status", "-o", "json"]);
        serde_json::from_slice::<Value>(&output.stdout).expect("JSON")["agents"][0].clone()
    };
    let agent = status();
    assert_eq!((&agent["state"], &agent["state_source"]), (&json!("waiting"), &json!("hook")), "{agent:#}");
    assert_eq!(agent["waiting_for"], "permission: Bash");
    screen.keys("q");
    assert!(screen.end().success());
    assert_ne!(status()["state_source"], "hook", "nobody listens any more");
}

#[test]
fn an_idle_session_whose_process_is_killed_has_crashed_and_says_why() {
    let project = Project::new();
    let mut agent = Agent::new();
    agent.says(&project, "idle", Timestamp::now());
    let mut screen = opened(&project);
    screen.see("idle");
    agent.child.kill().expect("its end");
    agent.child.wait().expect("its end");
    screen.see("crashed");
    screen.keys("i");
    screen.wait("the reason", |text| text.contains("is gone and left sessions/") && text.contains("behind (idle)"));
}

#[test]
fn sources_that_disagree_are_marked() {
    let project = Project::new();
    let agent = Agent::new();
    agent.says(&project, "idle", Timestamp::UNIX_EPOCH);
    let mut screen = opened(&project);
    screen.see("≠");
    screen.keys("i");
    screen.see("≠ transcript says working");
    screen.keys("\u{1b}");
    agent.says(&project, "busy", Timestamp::now());
    screen.wait("the mark to go", |text| !text.contains('≠'));
}
