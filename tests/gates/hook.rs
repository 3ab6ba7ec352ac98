//! What a hook answers: it waits for the operator where a rule says so, and fails closed there alone.

use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use hnpwb::cli::hook::{Reply, Rules, Surroundings, answer};
use hnpwb::config::paths::Paths;
use hnpwb::config::session::rules::{Ruled, Wanted};
use hnpwb::domain::agent::AgentState;
use hnpwb::domain::gate::pattern::Pattern;
use hnpwb::domain::gate::rule::{GateRule, OnFailure};
use hnpwb::source::gates;
use hnpwb::source::hooks::HookDesk;
use hnpwb::source::mailbox::mailbox;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::{Desk, approved, rejected};

/// A project with a runtime folder of its own.
pub struct Project {
    dir: tempfile::TempDir,
    paths: Paths,
    hooks: HookDesk,
}

impl Project {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let home = dir.path().to_owned();
        let paths = Paths::from_vars(|name| match name {
            "HOME" => Some(home.clone().into()),
            "XDG_RUNTIME_DIR" => Some(home.join("run").into()),
            _ => None,
        });
        std::fs::create_dir(dir.path().join("project")).expect("a folder");
        Self { dir, paths, hooks: HookDesk::default() }
    }

    pub fn root(&self) -> PathBuf {
        self.dir.path().join("project").canonicalize().expect("the folder that was just made")
    }

    pub fn desk(&self) -> Desk {
        let (outbox, inbox) = mailbox();
        let cancel = CancellationToken::new();
        let gates = gates::spawn(&self.paths.socket(&self.root()), "test", outbox, self.hooks.clone(), cancel.clone())
            .expect("a socket");
        Desk { gates, inbox, cancel, dir: tempfile::tempdir().expect("a folder") }
    }

    pub fn socket(&self) -> PathBuf {
        self.paths.socket(&self.root())
    }

    pub fn reply(&self, rules: &Result<Vec<GateRule>, String>, input: &[u8]) -> Reply {
        self.reply_to(rules, input)
    }

    pub fn reply_to(&self, rules: &Result<Vec<GateRule>, String>, input: impl Read) -> Reply {
        let root = self.root();
        let around = Surroundings { paths: &self.paths, project: Some(root.clone()), cwd: PathBuf::from("/") };
        answer(input, &around, |dirs: &[PathBuf], wanted: Wanted<'_>| -> Result<Rules, String> {
            if !dirs.iter().any(|dir| dir.starts_with(&root)) {
                return Ok(Vec::new());
            }
            // Where there are many, no others are held in memory.
            let wanted = |rules: Vec<GateRule>| rules.into_iter().filter(|rule| wanted(rule)).collect();
            rules.clone().map(|rules| vec![Ruled { root: root.clone(), rules: wanted(rules), accepted: false }])
        })
    }
}

fn rule(fail: OnFailure) -> GateRule {
    GateRule {
        name: "push".to_owned(),
        tools: vec!["Bash".to_owned()],
        matches: Some(Pattern::new("git push").expect("a pattern")),
        fail,
        deadline: Duration::from_secs(60),
        ..GateRule::default()
    }
}

pub fn deny() -> Vec<GateRule> {
    vec![rule(OnFailure::Deny)]
}

/// A call as Claude Code 2.1.329 describes it.
pub fn bash(command: &str) -> Vec<u8> {
    json!({"session_id": "s1", "transcript_path": "/t.jsonl", "cwd": "/elsewhere", "permission_mode": "default",
        "hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {"command": command}, "tool_use_id": "toolu_1"})
    .to_string()
    .into_bytes()
}

pub fn decision(reply: &Reply) -> (String, String) {
    assert_eq!(reply.code, 0, "{}", reply.err);
    let out: Value = serde_json::from_str(&reply.out).expect("one JSON object");
    let said = &out["hookSpecificOutput"];
    assert_eq!(said["hookEventName"], "PreToolUse");
    let text = |key: &str| said[key].as_str().expect("a text").to_owned();
    (text("permissionDecision"), text("permissionDecisionReason"))
}

pub fn silent(reply: &Reply) -> bool {
    reply.code == 0 && reply.out.is_empty() && reply.err.is_empty()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_matching_call_waits_and_answers_what_the_operator_decided() {
    let project = Project::new();
    let mut desk = project.desk();
    for (operator, wanted) in [(rejected(), "deny"), (approved(), "allow")] {
        let reply = std::thread::scope(|scope| {
            let asking = scope.spawn(|| project.reply(&Ok(deny()), &bash("cd x && git -C y push")));
            tokio::task::block_in_place(|| {
                tokio::runtime::Handle::current().block_on(async {
                    let gate = loop {
                        if let hnpwb::event::GateNews::Requested(gate) = desk.news().await {
                            break *gate;
                        }
                    };
                    assert_eq!(gate.detail, "cd x && git -C y push");
                    assert_eq!((gate.tool.as_deref(), gate.rule.as_deref()), (Some("Bash"), Some("push")));
                    assert_eq!(gate.subject["tool_use_id"], "toolu_1");
                    assert_eq!(gate.subject["input_sha256"].len(), 64);
                    desk.gates.decide(&gate, operator.clone()).await.expect("it waits");
                });
            });
            asking.join().expect("an answer")
        });
        let (decided, reason) = decision(&reply);
        assert_eq!(decided, wanted);
        assert!(reason.contains(&operator.reason), "{reason}");
    }
}

#[test]
fn without_a_workbench_a_matching_call_is_denied_and_any_other_passes() {
    let project = Project::new();
    let (decided, reason) = decision(&project.reply(&Ok(deny()), &bash("git push")));
    assert_eq!(decided, "deny");
    assert!(reason.contains("start hnpwb"), "{reason}");
    assert!(silent(&project.reply(&Ok(deny()), &bash("git status"))));
    assert_eq!(decision(&project.reply(&Ok(vec![rule(OnFailure::Ask)]), &bash("git push"))).0, "ask");
    assert!(silent(&project.reply(&Ok(Vec::new()), &bash("git push"))));
}

#[test]
fn of_two_rules_that_match_the_stricter_one_counts() {
    let project = Project::new();
    let rules = Ok(vec![rule(OnFailure::Ask), rule(OnFailure::Deny)]);
    assert_eq!(decision(&project.reply(&rules, &bash("git push"))).0, "deny");
}

#[test]
fn a_session_file_that_cannot_be_read_holds_every_call_and_says_where_it_is_wrong() {
    let project = Project::new();
    let broken = Err("hnpwb.toml:3:1: unknown key `mathces`".to_owned());
    let (decided, reason) = decision(&project.reply(&broken, &bash("git push")));
    assert_eq!(decided, "deny");
    assert!(reason.contains("hnpwb.toml:3:1"), "{reason}");
    let stop = br#"{"session_id":"s1","hook_event_name":"Stop","stop_hook_active":false}"#;
    assert!(silent(&project.reply(&broken, stop)));
}

#[test]
fn odd_input_is_denied_where_a_rule_may_hold_it_and_passes_elsewhere() {
    let project = Project::new();
    let half = br#"{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"git pu"#;
    assert_eq!(decision(&project.reply(&Ok(deny()), half)).0, "deny");
    let other = br#"{"hook_event_name":"PreToolUse","tool_name":"Write","tool_input":{"content":"git pu"#;
    assert!(silent(&project.reply(&Ok(deny()), other)));
    for nothing in [b"".as_slice(), b"null", b"\xff\xfe", b"{\"a\":"] {
        let reply = project.reply(&Ok(deny()), nothing);
        assert_eq!((reply.code, reply.out.as_str()), (2, ""));
        assert!(reply.err.contains("push"), "{}", reply.err);
        assert!(silent(&project.reply(&Ok(Vec::new()), nothing)));
    }
}

#[test]
fn a_panic_blocks_a_tool_call_and_nothing_else() {
    let project = Project::new();
    let around = Surroundings { paths: &project.paths, project: None, cwd: project.root() };
    let panics = |_: &[PathBuf], _: Wanted<'_>| -> Result<Rules, String> { panic!("a fault of our own") };
    assert_eq!(answer(bash("ls").as_slice(), &around, panics).code, 2);
    let stop = br#"{"hook_event_name":"Stop"}"#;
    assert!(silent(&answer(stop.as_slice(), &around, panics)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workbench_that_ends_while_a_call_waits_denies_it() {
    let project = Project::new();
    let mut desk = project.desk();
    let reply = std::thread::scope(|scope| {
        let asking = scope.spawn(|| project.reply(&Ok(deny()), &bash("git push")));
        tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(async {
                desk.asked().await;
                desk.cancel.cancel();
            });
        });
        asking.join().expect("an answer")
    });
    let (decided, reason) = decision(&reply);
    assert_eq!(decided, "deny");
    assert!(reason.contains("start hnpwb again"), "{reason}");
}

#[test]
fn a_gate_ends_before_the_registered_timeout_does() {
    let project = Project::new();
    std::fs::create_dir(project.root().join(".claude")).expect("a folder");
    let settings = json!({"hooks": {"PreToolUse": [{"hooks": [{"command": "hnpwb hook", "timeout": 3}]}]}});
    std::fs::write(project.root().join(".claude/settings.json"), settings.to_string()).expect("a file");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let _desk = runtime.block_on(async { project.desk() });
    // Nobody decides: with the rule's own minute this would wait for a minute.
    let (decided, reason) = decision(&project.reply(&Ok(deny()), &bash("git push")));
    assert_eq!(decided, "deny");
    assert!(reason.contains("did not decide in time"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_reaches_the_agents_however_long_its_texts_are() {
    let project = Project::new();
    let _desk = project.desk();
    for (session, text) in [("s1", "done".to_owned()), ("s2", "long ".repeat(100_000))] {
        let event = json!({"session_id": session, "hook_event_name": "Stop", "last_assistant_message": text});
        let reply = tokio::task::block_in_place(|| project.reply(&Ok(deny()), event.to_string().as_bytes()));
        assert!(silent(&reply), "{reply:?}");
        tokio::time::timeout(Duration::from_secs(20), project.hooks.changed()).await.expect("an event");
        let book = project.hooks.book();
        assert_eq!(book.of(session, None).map(|fact| fact.state), Some(AgentState::Idle));
    }
}
