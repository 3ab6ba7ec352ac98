//! What stands in the way, and whether a pane is still the one that was shown.

use super::input::InputLine;
use super::pane::Pane;
use super::payload::Payload;
use super::{BriefRef, Order, Process, Receiver, Sight, Target, obstacles};
use crate::domain::agent::registry::RegistryStatus;
use crate::domain::agent::{Agent, AgentId, AgentState};
use crate::domain::transcript::claude::Claude;

fn receiver() -> Receiver {
    let agent = Agent::bare(AgentId("s1".to_owned()), &Claude, "/t/s1.jsonl".into());
    Receiver { state: AgentState::Idle, ..Receiver::of(&agent) }
}

pub fn order(text: &str) -> Order {
    let brief = BriefRef {
        number: 7,
        file: "/p/.hnpwb/briefs/0007-fix-it.md".into(),
        title: "Fix it".to_owned(),
        task: Some("2.1".to_owned()),
        agent: None,
        template: None,
        tokens: 0,
        created: None,
        pointer: text.to_owned(),
        gaps: Vec::new(),
    };
    Order { brief: Some(brief), text: text.to_owned(), receiver: receiver(), shown: None, while_working: false }
}

fn target() -> Target {
    let line = "%3\t42\t/dev/pts/4\t0\t0\t0\t0\t\t1\tmain:1.0\tclaude";
    Target {
        server: "/tmp/tmux/default".into(),
        pane: Pane::parse(line).unwrap(),
        process: Process { pid: 43, start: "99".to_owned() },
        found_by: "its terminal".to_owned(),
    }
}

fn sight() -> Sight {
    Sight { target: target(), status: Some((RegistryStatus::Idle, None)), input: InputLine::Empty, in_front: true }
}

fn said(receiver: &Receiver, sight: &Sight, text: &str) -> Vec<(String, bool)> {
    let found = obstacles(receiver, sight, &Payload::new(text).unwrap());
    found.into_iter().map(|obstacle| (obstacle.why, obstacle.may_pass)).collect()
}

#[test]
fn an_agent_at_its_empty_prompt_can_be_sent_to() {
    assert!(said(&receiver(), &sight(), "Read it.").is_empty());
}

#[test]
fn each_thing_in_the_way_is_named() {
    let pane = |change: fn(&mut Pane)| {
        let mut sight = sight();
        change(&mut sight.target.pane);
        sight
    };
    let status = |status, what: Option<&str>| Sight { status: Some((status, what.map(str::to_owned))), ..sight() };
    let cases = [
        (pane(|pane| pane.dead = true), "ended"),
        (pane(|pane| pane.input_off = true), "takes no input"),
        (pane(|pane| pane.synchronized = true), "synchronized"),
        (pane(|pane| pane.bracketed = Some(false)), "no bracketed paste"),
        (status(RegistryStatus::Waiting, Some("permission prompt")), "permission prompt"),
        (status(RegistryStatus::Shell, None), "shell command"),
        (Sight { in_front: false, ..sight() }, "in front of it"),
        (Sight { input: InputLine::Draft("half".to_owned()), ..sight() }, "a draft stands in its input: half"),
        (Sight { input: InputLine::Hidden, ..sight() }, "not on the screen"),
    ];
    for (sight, word) in cases {
        let found = said(&receiver(), &sight, "one\ntwo");
        assert!(found.len() == 1 && found[0].0.contains(word) && !found[0].1, "{word}: {found:?}");
    }
    assert!(
        said(&receiver(), &pane(|pane| pane.bracketed = Some(false)), "one").is_empty(),
        "one line cannot be split"
    );
}

#[test]
fn work_may_be_interrupted_when_the_operator_says_so() {
    let busy = Sight { status: Some((RegistryStatus::Busy, None)), ..sight() };
    let found = said(&receiver(), &busy, "x");
    assert!(found.len() == 1 && found[0].1, "{found:?}");
}

#[test]
fn without_a_registry_the_last_known_state_counts() {
    let unknown = Sight { status: None, ..sight() };
    let with = |state, waiting_for: Option<&str>| Receiver {
        state,
        waiting_for: waiting_for.map(str::to_owned),
        ..receiver()
    };
    assert!(
        said(&with(AgentState::Waiting, Some("permission: Bash")), &unknown, "x")[0].0.contains("permission: Bash")
    );
    assert!(said(&with(AgentState::Working, None), &unknown, "x")[0].1);
    assert!(!said(&with(AgentState::Crashed, None), &unknown, "x")[0].1);
    assert!(said(&with(AgentState::Idle, None), &unknown, "x").is_empty());
    assert!(said(&with(AgentState::Waiting, None), &sight(), "x").is_empty(), "the registry is the better source");
}

#[test]
fn another_pane_process_or_program_is_not_the_one_that_was_shown() {
    let shown = target();
    assert_eq!(shown.differs(&target()), None);
    let changed = |change: fn(&mut Target)| {
        let mut now = target();
        change(&mut now);
        shown.differs(&now).unwrap()
    };
    assert!(changed(|now| now.pane.id = "%4".to_owned()).contains("is in pane %4"));
    assert!(changed(|now| now.process.start = "100".to_owned()).contains("another one"));
    assert!(changed(|now| now.pane.pid = 77).contains("anew"));
    assert!(changed(|now| now.pane.command = "vim".to_owned()).contains("vim"));
}
