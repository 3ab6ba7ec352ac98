//! Decisions that nobody meant are not made: grace, swapped queues, typed words, conditions, answers, changed rules.

use super::*;
use crate::domain::gate::ask::{Choice, Question as Asked};
use crate::domain::gate::change::{Guarded, RuleChange};
use crate::event::{GatesElsewhere, RulesNews};
use crate::state::guard::GRACE;

fn later(state: &mut State, millis: i64, event: Event) -> Effects {
    update(state, at(60) + SignedDuration::from_millis(millis), event)
}

fn press(state: &mut State, millis: i64, c: char) -> Effects {
    later(state, millis, Event::Input(Input::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE))))
}

fn asks(state: &mut State, asks: Asks) {
    let gate = Gate { asks, ..gate("1") };
    tell(state, Event::Gate(GateNews::Requested(Box::new(gate))));
    keys(state, "n");
}

fn said(state: &State) -> &str {
    state.screen.message.as_ref().map(|message| message.text.as_str()).unwrap_or_default()
}

fn decides(effects: &[Effect]) -> Option<&Decision> {
    effects.iter().find_map(|effect| match effect {
        Effect::Decide { decision, .. } => Some(decision),
        _ => None,
    })
}

#[test]
fn for_a_moment_after_a_gate_has_appeared_the_keys_that_decide_do_nothing() {
    for c in ['a', 'x'] {
        let mut state = state();
        request(&mut state, "1");
        press(&mut state, 100, c);
        assert!(state.screen.popup.is_none(), "{c}");
        assert!(said(&state).contains("just appeared"), "{}", said(&state));
        press(&mut state, i64::try_from(GRACE.as_millis()).unwrap(), c);
        assert!(state.screen.popup.is_some(), "{c}");
    }
}

#[test]
fn what_the_operator_went_to_has_no_grace() {
    let mut state = state();
    request(&mut state, "1");
    press(&mut state, 10, 'n');
    press(&mut state, 20, 'a');
    assert!(state.screen.popup.is_some());
}

#[test]
fn a_queue_that_is_swapped_under_the_finger_decides_nothing() {
    let mut state = state();
    request(&mut state, "1");
    request(&mut state, "2");
    keys(&mut state, "n");
    // The first one ends while the key is on its way: another one is under the cursor now.
    later(&mut state, 50, Event::Gate(GateNews::Abandoned(GateId("1".to_owned()), at(60))));
    press(&mut state, 100, 'a');
    assert!(state.screen.popup.is_none());
    press(&mut state, 1_000, 'a');
    let effects = press(&mut state, 1_100, 'y');
    assert!(decides(&effects).is_some());
}

#[test]
fn a_dangerous_call_needs_its_rules_name_typed() {
    let mut state = state();
    asks(&mut state, Asks { danger: true, ..Asks::default() });
    keys(&mut state, "a");
    assert!(matches!(state.screen.popup, Some(Popup::Word(_))));
    assert!(decides(&keys(&mut state, "y")).is_none(), "a key is not enough");
    key(&mut state, KeyCode::Enter);
    assert!(said(&state).contains("type push"), "{}", said(&state));
    key(&mut state, KeyCode::Backspace);
    keys(&mut state, "push");
    let effects = key(&mut state, KeyCode::Enter);
    assert!(decides(&effects).is_some_and(|decision| decision.approved && decision.overridden.is_empty()));
}

#[test]
fn an_unmet_condition_needs_a_typed_override_which_the_decision_carries() {
    let mut state = state();
    asks(&mut state, Asks { require: vec!["clean".to_owned()], ..Asks::default() });
    keys(&mut state, "aoverride");
    let effects = key(&mut state, KeyCode::Enter);
    let decision = decides(&effects).expect("a decision");
    assert_eq!(decision.overridden, ["clean: no repository is known"]);
}

#[test]
fn a_condition_that_fails_after_the_question_was_asked_stops_a_yes() {
    let mut state = state();
    let repo = |dirty: u32| crate::domain::commit::RepoLog {
        path: "/repo/app".into(),
        dirty: crate::domain::commit::Dirty { unstaged: dirty, ..Default::default() },
        ..Default::default()
    };
    let git = |dirty| Event::Git(crate::event::GitNews { repos: vec![repo(dirty)], ..Default::default() });
    tell(&mut state, git(0));
    asks(&mut state, Asks { require: vec!["clean".to_owned()], ..Asks::default() });
    keys(&mut state, "a");
    assert!(matches!(state.screen.popup, Some(Popup::Confirm { .. })), "all is met: a key is enough");
    tell(&mut state, git(2));
    assert!(decides(&keys(&mut state, "y")).is_none());
    assert!(matches!(state.screen.popup, Some(Popup::Word(_))));
    tell(&mut state, git(0));
    keys(&mut state, "override");
    let effects = key(&mut state, KeyCode::Enter);
    assert!(decides(&effects).is_some_and(|decision| decision.overridden.is_empty()), "all is met by now");
}

#[test]
fn conditions_on_a_sub_agent_are_judged_by_its_own_transcript() {
    let of = |id: &str, parent: Option<&str>, file: &str| Agent {
        id: AgentId(id.to_owned()),
        session_id: Some("s1".to_owned()),
        parent: parent.map(|parent| AgentId(parent.to_owned())),
        transcript: file.into(),
        ..agent("x", AgentState::Working)
    };
    let mut state = state();
    let agents = vec![of("s1", None, "/t/s1.jsonl"), of("s1/agent-a1", Some("s1"), "/t/s1/subagents/agent-a1.jsonl")];
    tell(&mut state, Event::Agents(AgentsNews { agents, as_of: at(50), ..AgentsNews::default() }));
    for (id, file) in [
        (None, "/t/s1.jsonl"),
        (Some("a1"), "/t/s1/subagents/agent-a1.jsonl"),
        // Not heard of yet: whoever reads looks beside the session's.
        (Some("a2"), "/t/s1.jsonl"),
    ] {
        let gate = Gate {
            agent: Some("s1".to_owned()),
            subject: id.map(|id| ("agent_id".to_owned(), id.to_owned())).into_iter().collect(),
            asks: Asks { require: vec!["tests-green".to_owned()], ..Asks::default() },
            ..gate(id.unwrap_or("main"))
        };
        let effects = tell(&mut state, Event::Gate(GateNews::Requested(Box::new(gate.clone()))));
        let sub_agent = id.map(str::to_owned);
        let wanted = Effect::ReadGateFacts { gate: gate.id.clone(), transcript: file.into(), sub_agent };
        assert!(effects.contains(&wanted), "{id:?}: {effects:?}");
    }
}

#[test]
fn questions_are_answered_before_they_are_approved() {
    let choice = |label: &str| Choice { label: label.to_owned(), description: String::new() };
    let question =
        Asked { question: "Which base?".to_owned(), options: vec![choice("main"), choice("next")], ..Asked::default() };
    let mut state = state();
    asks(&mut state, Asks { questions: vec![question], ..Asks::default() });
    keys(&mut state, "a");
    key(&mut state, KeyCode::Enter);
    assert!(said(&state).contains("needs an answer"), "{}", said(&state));
    keys(&mut state, "j ");
    key(&mut state, KeyCode::Enter);
    let effects = keys(&mut state, "y");
    let decision = decides(&effects).expect("a decision");
    assert_eq!(decision.answers, BTreeMap::from([("Which base?".to_owned(), "next".to_owned())]));
}

#[test]
fn a_workbench_that_the_agent_started_decides_nothing_for_it() {
    let mut state = state();
    state.guard.ancestors = vec![41, 42];
    let own = Agent { pid: Some(42), ..agent("s", AgentState::Working) };
    tell(&mut state, Event::Agents(AgentsNews { agents: vec![own], as_of: at(50), ..AgentsNews::default() }));
    tell(&mut state, Event::Gate(GateNews::Requested(Box::new(Gate { agent: Some("s".to_owned()), ..gate("1") }))));
    for c in ['a', 'x'] {
        keys(&mut state, "n");
        keys(&mut state, &c.to_string());
        assert!(state.screen.popup.is_none(), "{c}");
        assert!(said(&state).contains("started by the agent"), "{}", said(&state));
    }
}

#[test]
fn gates_of_another_workbench_are_seen_and_not_decided() {
    let why = "another workbench (pid 7) serves session x";
    let elsewhere = |gates: Vec<Gate>| {
        let fault = Fault::new("opening the gate socket", "/run/x.sock", why, "gates are decided there");
        Event::Gate(GateNews::Elsewhere(Box::new(GatesElsewhere { gates, fault })))
    };
    let mut state = state();
    tell(&mut state, elsewhere(vec![gate("1"), Gate { state: GateState::Approved, ..gate("0") }]));
    assert_eq!(state.attention.needs.len(), 1);
    keys(&mut state, "n");
    for c in ["a", "x"] {
        assert!(decides(&keys(&mut state, c)).is_none());
        assert!(state.screen.popup.is_none(), "{c}");
        assert!(said(&state).contains("pid 7"), "{}", said(&state));
    }
    key(&mut state, KeyCode::Enter);
    assert!(
        matches!(&state.screen.popup, Some(Popup::Detail { lines, .. }) if lines.iter().any(|(_, line)| line == why))
    );
    key(&mut state, KeyCode::Esc);
    tell(&mut state, elsewhere(Vec::new()));
    assert!(state.attention.needs.is_empty());
    tell(&mut state, elsewhere(vec![gate("2")]));
    assert_eq!(keys(&mut state, "q"), [Effect::Quit], "nobody waits for this one");
}

fn change(after: &str, problems: Vec<String>) -> RuleChange {
    RuleChange::new("/repo/hnpwb.toml".into(), Guarded::Session, "[[gate]]\n", after, problems)
}

#[test]
fn changed_rules_are_a_need_and_count_when_they_are_accepted_as_shown() {
    let mut state = state();
    let news = |change| Event::Rules(RulesNews { changes: vec![change] });
    tell(&mut state, news(change("", Vec::new())));
    assert_eq!(state.attention.needs[0].kind, "rules");
    keys(&mut state, "n");
    key(&mut state, KeyCode::Enter);
    assert!(matches!(&state.screen.popup, Some(Popup::Confirm { question: Question::AcceptRules(_), .. })));
    // It changes once more while the question stands.
    tell(&mut state, news(change("x", Vec::new())));
    assert!(keys(&mut state, "y").is_empty());
    assert!(said(&state).contains("changed again"), "{}", said(&state));
    key(&mut state, KeyCode::Enter);
    let effects = keys(&mut state, "y");
    assert_eq!(effects, [Effect::AcceptRules(Box::new(change("x", Vec::new())))]);
    tell(&mut state, Event::Done(Done::RulesAccepted(Ok(Box::new(change("x", Vec::new()))))));
    assert!(state.attention.needs.is_empty());
}

#[test]
fn rules_with_mistakes_are_not_accepted() {
    let mut state = state();
    let broken = change("[[gate", vec!["hnpwb.toml:1:1: no".to_owned()]);
    tell(&mut state, Event::Rules(RulesNews { changes: vec![broken] }));
    keys(&mut state, "n");
    key(&mut state, KeyCode::Enter);
    assert!(keys(&mut state, "y").is_empty());
    assert!(said(&state).contains("mistakes"), "{}", said(&state));
}

/// A prompt for a permission that an agent shows in its own terminal, too.
fn prompt(id: &str) -> Gate {
    let subject = BTreeMap::from([("event".to_owned(), "PermissionRequest".to_owned())]);
    Gate { subject, agent: Some("a".to_owned()), requested_at: at(30), ..gate(id) }
}

/// The agent says of itself that it has been so since then.
fn says(state: &mut State, agent_state: AgentState, since: i64) -> Effects {
    let mut told = agent("a", agent_state);
    told.verdict.since = Some(at(since));
    tell(state, Event::Agents(AgentsNews { agents: vec![told], as_of: at(60), ..AgentsNews::default() }))
}

fn released(effects: &[Effect]) -> Vec<&str> {
    let released = effects.iter().filter_map(|effect| match effect {
        Effect::ReleaseGate(id) => Some(id.0.as_str()),
        _ => None,
    });
    released.collect()
}

#[test]
fn a_prompt_that_was_answered_in_the_agents_own_terminal_is_taken_back() {
    let mut state = state();
    tell(&mut state, Event::Gate(GateNews::Requested(Box::new(prompt("1")))));
    let call = Gate { subject: BTreeMap::new(), ..prompt("2") };
    tell(&mut state, Event::Gate(GateNews::Requested(Box::new(call))));
    // It was working when it asked, and now it waits: the prompt stands, and is one need and not two.
    assert_eq!(released(&says(&mut state, AgentState::Working, 20)), [""; 0]);
    assert_eq!(released(&says(&mut state, AgentState::Waiting, 31)), [""; 0]);
    let kinds: Vec<&str> = state.attention.open().iter().map(|need| need.kind).collect();
    assert_eq!(kinds, ["gate", "gate"]);
    let effects = says(&mut state, AgentState::Working, 40);
    assert_eq!(released(&effects), ["1"], "the other one holds a call, and holds on");
    let note =
        effects.iter().find_map(|effect| if let Effect::NoteGate { why, .. } = effect { Some(*why) } else { None });
    assert_eq!(note, Some("it was answered in the agent's own terminal"));
    let pending: Vec<&str> =
        state.gates.iter().filter(|gate| gate.state == GateState::Pending).map(|gate| gate.id.0.as_str()).collect();
    assert_eq!(pending, ["2"]);
    assert_eq!(released(&says(&mut state, AgentState::Working, 41)), [""; 0], "once");
}
