//! Calls that wait: across restarts of the workbench, questions with answers, agents that want to stop.

use std::collections::BTreeMap;

use hnpwb::cli::hook::Reply;
use hnpwb::domain::gate::rule::{GateRule, OnFailure, RuleEvent};
use hnpwb::domain::gate::{Decision, Gate};
use hnpwb::event::GateNews;
use serde_json::{Value, json};

use crate::hook::{Project, bash, decision, deny, silent};
use crate::support::{Desk, approved, rejected};

/// Asks in a thread of its own while `operator` works at the desk.
pub fn meanwhile<F: Future>(project: &Project, rules: Vec<GateRule>, input: &[u8], operator: F) -> (Reply, F::Output) {
    let rules = Ok(rules);
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| project.reply(&rules, input));
        let done = tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(operator));
        (asking.join().expect("an answer"), done)
    })
}

pub async fn gate(desk: &mut Desk) -> Gate {
    loop {
        if let GateNews::Requested(gate) = desk.news().await {
            return *gate;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_may_wait_is_shown_again_by_the_next_workbench() {
    let project = Project::new();
    let rules = vec![GateRule { fail: OnFailure::Wait, ..deny().remove(0) }];
    let (reply, (first, second)) = meanwhile(&project, rules, &bash("git push"), async {
        let mut desk = project.desk();
        let first = gate(&mut desk).await;
        // The workbench is quit: whoever waits is told so, and asks the next one.
        desk.cancel.cancel();
        let socket = project.socket();
        while socket.exists() {
            tokio::task::yield_now().await;
        }
        drop(desk);
        let mut desk = project.desk();
        let second = gate(&mut desk).await;
        desk.gates.decide(&second, approved()).await.expect("it waits");
        (first, second)
    });
    assert_eq!(decision(&reply).0, "allow");
    assert_eq!((&first.detail, &first.subject), (&second.detail, &second.subject));
    assert_ne!(first.id, second.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_may_wait_is_denied_at_its_deadline_when_no_workbench_comes() {
    let project = Project::new();
    let deadline = std::time::Duration::from_millis(300);
    let rules = vec![GateRule { fail: OnFailure::Wait, deadline, ..deny().remove(0) }];
    let (decided, reason) = decision(&project.reply(&Ok(rules), &bash("git push")));
    assert_eq!(decided, "deny");
    assert!(reason.contains("did not decide in time"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_gets_the_operators_answers_as_its_input() {
    let project = Project::new();
    let mut desk = project.desk();
    let rule = GateRule {
        name: "questions".to_owned(),
        tools: vec!["AskUserQuestion".to_owned()],
        matches: None,
        ..deny().remove(0)
    };
    let input = json!({"questions": [{"question": "Which?", "header": "h", "multiSelect": false,
        "options": [{"label": "A", "description": ""}, {"label": "B", "description": ""}]}]});
    let call = json!({"hook_event_name": "PreToolUse", "session_id": "s1", "tool_name": "AskUserQuestion",
        "tool_input": input, "tool_use_id": "t1"});
    let (reply, ()) = meanwhile(&project, vec![rule], call.to_string().as_bytes(), async {
        let gate = gate(&mut desk).await;
        assert_eq!(gate.asks.questions[0].options[1].label, "B");
        let answers = BTreeMap::from([("Which?".to_owned(), "B".to_owned())]);
        desk.gates.decide(&gate, Decision { answers, ..approved() }).await.expect("it waits");
    });
    let out: Value = serde_json::from_str(&reply.out).expect("JSON");
    let said = &out["hookSpecificOutput"];
    assert_eq!(said["permissionDecision"], "allow");
    assert_eq!(said["updatedInput"]["answers"], json!({"Which?": "B"}));
    assert_eq!(said["updatedInput"]["questions"], input["questions"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approved_plan_gets_its_input_back_and_is_shown_as_it_is_written() {
    let project = Project::new();
    let mut desk = project.desk();
    let rule = GateRule { tools: vec!["ExitPlanMode".to_owned()], matches: None, ..deny().remove(0) };
    let call = json!({"hook_event_name": "PreToolUse", "session_id": "s1", "tool_name": "ExitPlanMode",
        "tool_input": {"plan": "# Plan\n1. push"}, "tool_use_id": "t1"});
    let (reply, ()) = meanwhile(&project, vec![rule], call.to_string().as_bytes(), async {
        let gate = gate(&mut desk).await;
        assert_eq!(gate.detail, "# Plan\n1. push");
        desk.gates.decide(&gate, approved()).await.expect("it waits");
    });
    let out: Value = serde_json::from_str(&reply.out).expect("JSON");
    assert_eq!(out["hookSpecificOutput"]["updatedInput"], json!({"plan": "# Plan\n1. push"}));
}

fn stop_rule() -> Vec<GateRule> {
    let stop = GateRule { name: "finished".to_owned(), event: RuleEvent::Stop, ..GateRule::default() };
    vec![GateRule { deadline: std::time::Duration::from_secs(60), ..stop }]
}

fn stop(again: bool) -> Vec<u8> {
    json!({"hook_event_name": "Stop", "session_id": "s1", "stop_hook_active": again,
        "last_assistant_message": "All tests pass."})
    .to_string()
    .into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_wants_to_stop_goes_on_when_the_operator_says_no_and_eight_times_at_most() {
    let project = Project::new();
    let mut desk = project.desk();
    for time in 0..8 {
        let (reply, ()) = meanwhile(&project, stop_rule(), &stop(time > 0), async {
            let gate = gate(&mut desk).await;
            assert_eq!((gate.detail.as_str(), gate.rule.as_deref()), ("All tests pass.", Some("finished")));
            desk.gates.decide(&gate, rejected()).await.expect("it waits");
        });
        let out: Value = serde_json::from_str(&reply.out).expect("JSON");
        assert_eq!(out["decision"], "block", "{time}");
        assert!(out["reason"].as_str().is_some_and(|reason| reason.contains("the tests were not run")));
    }
    assert!(silent(&tokio::task::block_in_place(|| project.reply(&Ok(stop_rule()), &stop(true)))), "the ninth");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_may_stop_when_the_operator_says_so_or_nobody_is_there() {
    let project = Project::new();
    assert!(silent(&project.reply(&Ok(stop_rule()), &stop(false))));
    assert!(silent(&project.reply(&Ok(deny()), &stop(false))), "no rule asks for it");
    let mut desk = project.desk();
    let (reply, ()) = meanwhile(&project, stop_rule(), &stop(false), async {
        let gate = gate(&mut desk).await;
        desk.gates.decide(&gate, approved()).await.expect("it waits");
    });
    assert!(silent(&reply), "{reply:?}");
}
