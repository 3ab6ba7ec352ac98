//! A prompt for a permission: answered from the workbench where a rule asks for it, left to the agent everywhere else.

use std::time::Duration;

use hnpwb::domain::gate::Decision;
use hnpwb::domain::gate::rule::{GateRule, OnFailure, RuleEvent};
use serde_json::{Value, json};

use crate::hook::{Project, deny, silent};
use crate::support::{approved, rejected};
use crate::waiting::{gate, meanwhile};

fn rule() -> GateRule {
    GateRule {
        name: "permissions".to_owned(),
        event: RuleEvent::Permission,
        fail: OnFailure::Ask,
        deadline: Duration::from_secs(60),
        ..GateRule::default()
    }
}

/// A prompt as Claude Code 2.1.329 describes it: without an id of the call.
fn prompt(suggestions: &Value) -> Vec<u8> {
    json!({"session_id": "s1", "transcript_path": "/t.jsonl", "cwd": "/elsewhere", "permission_mode": "default",
        "hook_event_name": "PermissionRequest", "tool_name": "Bash", "tool_input": {"command": "git push"},
        "permission_suggestions": suggestions})
    .to_string()
    .into_bytes()
}

fn said(out: &str) -> Value {
    let out: Value = serde_json::from_str(out).expect("one JSON object");
    assert_eq!(out["hookSpecificOutput"]["hookEventName"], "PermissionRequest");
    out["hookSpecificOutput"]["decision"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_is_answered_with_what_the_operator_decided() {
    let project = Project::new();
    let mut desk = project.desk();
    let (reply, ()) = meanwhile(&project, vec![rule()], &prompt(&json!([])), async {
        let gate = gate(&mut desk).await;
        assert_eq!((gate.title.as_str(), gate.detail.as_str()), ("permission: Bash: git push", "git push"));
        assert_eq!(gate.subject["event"], "PermissionRequest");
        assert!(gate.asks.questions.is_empty());
        desk.gates.decide(&gate, approved()).await.expect("it waits");
    });
    assert_eq!((reply.code, said(&reply.out)), (0, json!({"behavior": "allow"})));
    let (reply, ()) = meanwhile(&project, vec![rule()], &prompt(&json!([])), async {
        let gate = gate(&mut desk).await;
        desk.gates.decide(&gate, rejected()).await.expect("it waits");
    });
    let decision = said(&reply.out);
    assert_eq!(decision["behavior"], "deny");
    assert!(decision["message"].as_str().is_some_and(|why| why.contains("the tests were not run")), "{decision}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_agent_suggests_is_a_choice_and_comes_back_as_it_was_sent() {
    let project = Project::new();
    let mut desk = project.desk();
    let always = json!({"type": "addRules", "behavior": "allow", "destination": "session",
        "rules": [{"toolName": "Bash", "ruleContent": "git push"}]});
    for (choice, wanted) in
        [(0, json!({"behavior": "allow"})), (1, json!({"behavior": "allow", "updatedPermissions": [always.clone()]}))]
    {
        let (reply, ()) = meanwhile(&project, vec![rule()], &prompt(&json!([always])), async {
            let gate = gate(&mut desk).await;
            let asked = &gate.asks.questions[0];
            let answers = [(asked.question.clone(), asked.options[choice].label.clone())].into();
            desk.gates.decide(&gate, Decision { answers, ..approved() }).await.expect("it waits");
        });
        assert_eq!(said(&reply.out), wanted);
    }
    let (reply, ()) = meanwhile(&project, vec![rule()], &prompt(&json!([always])), async {
        let gate = gate(&mut desk).await;
        let answers = [(gate.asks.questions[0].question.clone(), "everything".to_owned())].into();
        desk.gates.decide(&gate, Decision { answers, ..approved() }).await.expect("it waits");
    });
    assert!(silent(&reply), "an answer that is none of the choices gives nothing away: {reply:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_rule_a_workbench_or_a_decision_the_agent_asks_in_its_own_terminal() {
    let project = Project::new();
    let prompt = prompt(&json!([]));
    assert!(silent(&project.reply(&Ok(vec![rule()]), &prompt)), "no workbench");
    assert!(silent(&project.reply(&Err("hnpwb.toml:3:1: no".to_owned()), &prompt)), "a broken session file");
    assert!(silent(&project.reply(&Ok(vec![rule()]), &prompt[..prompt.len() - 9])), "half an event");
    let desk = project.desk();
    assert!(silent(&tokio::task::block_in_place(|| project.reply(&Ok(deny()), &prompt))), "no rule on prompts");
    let others = GateRule { tools: vec!["Edit".to_owned()], ..rule() };
    assert!(silent(&tokio::task::block_in_place(|| project.reply(&Ok(vec![others]), &prompt))), "of another tool");
    let soon = GateRule { deadline: Duration::from_millis(200), ..rule() };
    assert!(silent(&tokio::task::block_in_place(|| project.reply(&Ok(vec![soon]), &prompt))), "at the deadline");
    drop(desk);
}

#[test]
fn a_rule_on_prompts_holds_no_call() {
    let project = Project::new();
    assert!(silent(&project.reply(&Ok(vec![rule()]), &crate::hook::bash("git push"))));
}
