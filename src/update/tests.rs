//! Given state and events, then state and effects.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::{SignedDuration, Timestamp};

use super::update;
use crate::action::Action;
use crate::action::keymap::Keymap;
use crate::config::layout::{Layout, PaneKind};
use crate::config::theme::Theme;
use crate::domain::agent::{Agent, AgentId, AgentState, StateSource, StateVerdict};
use crate::domain::fault::Fault;
use crate::domain::gate::{Asks, Decision, Gate, GateId, GateState};
use crate::domain::task::{Criteria, Origin, Task, TaskStatus};
use crate::domain::transcript::claude::Claude;
use crate::effect::{Effect, Effects};
use crate::event::{
    AgentsNews, CopyDone, CopyRoute, Done, Event, GateNews, Input, Mouse, MouseKind, PageRequest, Target,
};
use crate::state::popup::{Popup, Question};
use crate::state::{Screen, SessionView, State};

mod attention;
mod board;
mod cluster;
mod compose;
mod drift;
mod guard;
mod kinds;
mod review;
mod task;
mod transcript;

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
}

fn state() -> State {
    let layouts = vec![Layout::default(), Layout::built_in("stack").unwrap()];
    let screen = Screen::new(layouts, vec![Theme::no_colour()], Keymap::new(&[]));
    State::new(at(0), SessionView::default(), screen)
}

fn tell(state: &mut State, event: Event) -> Effects {
    update(state, at(60), event)
}

fn key(state: &mut State, code: KeyCode) -> Effects {
    tell(state, Event::Input(Input::Key(KeyEvent::new(code, KeyModifiers::NONE))))
}

fn keys(state: &mut State, text: &str) -> Effects {
    text.chars().flat_map(|c| key(state, KeyCode::Char(c))).collect()
}

fn gate(id: &str) -> Gate {
    Gate {
        id: GateId(id.to_owned()),
        title: format!("push {id}"),
        detail: "git push origin main".to_owned(),
        subject: BTreeMap::new(),
        agent: None,
        tool: Some("Bash".to_owned()),
        rule: Some("push".to_owned()),
        asks: Asks::default(),
        requested_at: at(10),
        expires_at: None,
        state: GateState::Pending,
        reason: None,
        decided_at: None,
    }
}

fn request(state: &mut State, id: &str) -> Effects {
    tell(state, Event::Gate(GateNews::Requested(Box::new(gate(id)))))
}

fn agent(id: &str, state: AgentState) -> Agent {
    Agent {
        session_id: Some(id.to_owned()),
        verdict: StateVerdict {
            state,
            source: StateSource::Registry,
            reason: "as told".to_owned(),
            ..StateVerdict::default()
        },
        ..Agent::bare(AgentId(id.to_owned()), &Claude, PathBuf::from(format!("{id}.jsonl")))
    }
}

fn agents(state: &mut State, list: &[(&str, AgentState)]) -> Effects {
    let agents = list.iter().map(|(id, state)| agent(id, *state)).collect();
    tell(state, Event::Agents(AgentsNews { agents, as_of: at(50), ..AgentsNews::default() }))
}

fn task(id: &str, status: TaskStatus) -> Task {
    Task {
        id: id.to_owned(),
        title: format!("task {id}"),
        status,
        raw_status: "🔄".to_owned(),
        origin: Origin { file: "TASKS.md".into(), line: 7 },
        format: "emoji",
        section: None,
        assignee: None,
        depends_on: Vec::new(),
        criteria: Criteria::default(),
        boxes: Vec::new(),
        body: "Check the VLAN range.".to_owned(),
        project: None,
    }
}

#[test]
fn approving_takes_the_queue_the_key_and_a_confirmation() {
    let mut state = state();
    let told = request(&mut state, "1");
    assert!(matches!(told.as_slice(), [Effect::Notify(_), Effect::StatusLine(_)]), "{told:?}");
    assert!(keys(&mut state, "na").is_empty(), "nothing is decided before the confirmation");
    assert!(matches!(state.screen.popup, Some(Popup::Confirm { question: Question::Decide(..), .. })));
    let effects = keys(&mut state, "y");
    let [Effect::Decide { gate: decided, decision }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(**decided, gate("1"));
    assert!(decision.approved);
    assert!(state.screen.popup.is_none());
    assert_eq!(state.gates[0].state, GateState::Pending, "it is decided when it was handed over, not before");
}

#[test]
fn every_other_key_than_yes_means_no() {
    for code in
        [KeyCode::Char('q'), KeyCode::Enter, KeyCode::Esc, KeyCode::Char('n'), KeyCode::Char('a'), KeyCode::Char(' ')]
    {
        let mut state = state();
        request(&mut state, "1");
        keys(&mut state, "na");
        assert!(key(&mut state, code).is_empty(), "{code:?}");
        assert!(state.screen.popup.is_none(), "{code:?}");
        let late = keys(&mut state, "y");
        assert!(!late.iter().any(|effect| matches!(effect, Effect::Decide { .. })), "a late yes decides nothing");
    }
}

#[test]
fn a_rejection_needs_a_reason_and_hands_it_over() {
    let mut state = state();
    request(&mut state, "1");
    keys(&mut state, "nx");
    assert!(key(&mut state, KeyCode::Enter).is_empty());
    assert!(matches!(state.screen.popup, Some(Popup::Reason { .. })), "an empty reason is none");
    keys(&mut state, "not yet, y");
    key(&mut state, KeyCode::Enter);
    let effects = keys(&mut state, "y");
    let [Effect::Decide { decision, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(*decision, Decision { approved: false, reason: "not yet, y".to_owned(), ..Decision::default() });
}

#[test]
fn a_pasted_yes_approves_nothing() {
    let mut state = state();
    request(&mut state, "1");
    keys(&mut state, "na");
    assert!(tell(&mut state, Event::Input(Input::Paste("y".to_owned()))).is_empty());
    assert!(matches!(state.screen.popup, Some(Popup::Confirm { .. })), "and the question stays");
}

#[test]
fn a_gate_that_ended_meanwhile_cannot_be_decided() {
    let mut state = state();
    request(&mut state, "1");
    keys(&mut state, "na");
    tell(&mut state, Event::Gate(GateNews::Abandoned(GateId("1".to_owned()), at(55))));
    assert!(keys(&mut state, "y").is_empty());
    assert!(state.screen.message.as_ref().is_some_and(|message| message.text.contains("nothing was decided")));
    assert!(state.attention.needs.is_empty());
}

#[test]
fn a_newer_gate_does_not_take_the_place_of_the_one_that_was_chosen() {
    let mut state = state();
    request(&mut state, "1");
    keys(&mut state, "n");
    request(&mut state, "2");
    keys(&mut state, "a");
    let effects = keys(&mut state, "y");
    let [Effect::Decide { gate, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(gate.id, GateId("1".to_owned()));
}

#[test]
fn a_decision_counts_when_it_was_handed_over() {
    let mut state = state();
    request(&mut state, "1");
    let decision = Decision { approved: false, reason: "no".to_owned(), ..Decision::default() };
    let done =
        |outcome| Event::Done(Done::Decided { gate: GateId("1".to_owned()), decision: decision.clone(), outcome });
    tell(&mut state, done(Err(Fault::new("handing over", "1", "gone", ""))));
    assert_eq!(state.gates[0].state, GateState::Pending);
    tell(&mut state, done(Ok(at(59))));
    assert_eq!((state.gates[0].state, state.gates[0].decided_at), (GateState::Rejected, Some(at(59))));
    assert!(state.attention.needs.is_empty(), "what is decided asks for nothing");
}

#[test]
fn quitting_asks_only_while_somebody_waits() {
    let mut state = state();
    assert_eq!(keys(&mut state, "q"), [Effect::Quit]);
    request(&mut state, "1");
    assert!(keys(&mut state, "q").is_empty());
    assert_eq!(keys(&mut state, "y"), [Effect::Quit]);
}

#[test]
fn the_first_agents_open_the_transcript_of_who_needs_the_operator_most() {
    let mut state = state();
    let effects = agents(&mut state, &[("a", AgentState::Idle), ("b", AgentState::Waiting)]);
    assert!(matches!(&effects[..], [Effect::OpenTranscript { path, generation: 1 }, ..] if path.ends_with("b.jsonl")));
    // A change of state reorders the list, but what is being read stays.
    let effects = agents(&mut state, &[("a", AgentState::Crashed), ("b", AgentState::Idle)]);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::OpenTranscript { .. })), "{effects:?}");
    assert_eq!(state.transcript.agent, Some(AgentId("b".to_owned())));
}

#[test]
fn choosing_another_agent_follows_its_transcript() {
    let mut state = state();
    agents(&mut state, &[("a", AgentState::Idle), ("b", AgentState::Idle)]);
    let effects = keys(&mut state, "2j");
    assert!(matches!(&effects[..], [Effect::OpenTranscript { path, generation: 2 }, ..] if path.ends_with("b.jsonl")));
}

#[test]
fn without_agents_no_transcript_is_open() {
    let mut state = state();
    agents(&mut state, &[("a", AgentState::Idle)]);
    assert_eq!(agents(&mut state, &[]), [Effect::CloseTranscript]);
    assert!(state.transcript.agent.is_none());
    assert!(agents(&mut state, &[]).is_empty());
}

#[test]
fn a_state_can_be_asked_where_it_comes_from() {
    let mut state = state();
    agents(&mut state, &[("a", AgentState::Waiting)]);
    for pane in ["2", "3", "7"] {
        keys(&mut state, pane);
        keys(&mut state, "i");
        let Some(Popup::Detail { title, lines, .. }) = state.screen.popup.take() else {
            panic!("no details in {pane}")
        };
        assert_eq!(title, "a");
        let said = |label: &str| lines.iter().find(|(known, _)| known == label).map(|(_, value)| value.as_str());
        assert_eq!((said("says"), said("because")), (Some("registry"), Some("as told")), "{pane}");
    }
}

#[test]
fn the_mouse_does_what_keys_would_have_done() {
    let mut state = state();
    agents(&mut state, &[("a", AgentState::Idle), ("b", AgentState::Idle)]);
    let mouse = |kind, target| Event::Input(Input::Mouse(Mouse { kind, target: Some(target) }));
    let effects = tell(&mut state, mouse(MouseKind::Press, Target::Row(PaneKind::Agents, 1)));
    assert!(matches!(&effects[..], [Effect::OpenTranscript { path, .. }, ..] if path.ends_with("b.jsonl")));
    tell(&mut state, mouse(MouseKind::Press, Target::Pane(PaneKind::Git)));
    assert_eq!(state.screen.focus, PaneKind::Git);
    tell(&mut state, mouse(MouseKind::Scroll(-3), Target::Pane(PaneKind::Agents)));
    assert_eq!((state.agents.list.selected, state.screen.focus), (0, PaneKind::Git), "the wheel needs no focus");
    tell(&mut state, mouse(MouseKind::Press, Target::Key(Action::Help)));
    assert!(matches!(state.screen.popup, Some(Popup::Help(_))));
}

#[test]
fn a_second_click_on_a_row_of_the_transcript_unfolds_it() {
    use crate::domain::transcript::{Body, Entry, Text};
    use crate::event::{Page, TranscriptChange, TranscriptNews};
    let mut state = state();
    agents(&mut state, &[("a", AgentState::Idle)]);
    let output = Text { kept: "one\ntwo\nthree".to_owned(), bytes: 13, lines: 3 };
    let body = Body::Result { id: "t".to_owned(), is_error: false, output, patch: None };
    let entry = |offset| Entry { offset, at: None, sidechain: false, body: body.clone() };
    let page = Page { request: PageRequest::End, entries: vec![entry(0), entry(10)], start: 0, end: 20, size: 20 };
    tell(&mut state, Event::Transcript(TranscriptNews { generation: 1, what: TranscriptChange::Page(page) }));
    let mut click = |row| {
        let mouse = Mouse { kind: MouseKind::Press, target: Some(Target::Row(PaneKind::Transcript, row)) };
        tell(&mut state, Event::Input(Input::Mouse(mouse)));
        (state.transcript.is_open(0), state.transcript.is_open(1))
    };
    assert_eq!(click(0), (false, false), "the first click puts the cursor there");
    assert_eq!(click(1), (false, false), "so does one on another row");
    assert_eq!(click(1), (false, true));
}

#[test]
fn the_mouse_cannot_reach_behind_a_question() {
    let mut state = state();
    request(&mut state, "1");
    keys(&mut state, "na");
    let press = Mouse { kind: MouseKind::Press, target: Some(Target::Row(PaneKind::Attention, 0)) };
    assert!(tell(&mut state, Event::Input(Input::Mouse(press))).is_empty());
    assert!(matches!(state.screen.popup, Some(Popup::Confirm { .. })));
    let yes = Mouse { kind: MouseKind::Press, target: Some(Target::Key(Action::Confirm)) };
    assert!(tell(&mut state, Event::Input(Input::Mouse(yes))).is_empty(), "decisions are made by keys alone");
    assert!(matches!(state.screen.popup, Some(Popup::Confirm { .. })));
}

#[test]
fn stale_pages_are_dropped_and_the_top_is_read_on_request() {
    use crate::event::{Page, TranscriptChange, TranscriptNews};
    let mut state = state();
    agents(&mut state, &[("a", AgentState::Idle)]);
    let page = |generation| {
        let page = Page { request: PageRequest::End, entries: Vec::new(), start: 500, end: 900, size: 900 };
        Event::Transcript(TranscriptNews { generation, what: TranscriptChange::Page(page) })
    };
    tell(&mut state, page(7));
    assert!(!state.transcript.heard);
    tell(&mut state, page(1));
    assert!(state.transcript.heard);
    let effects = keys(&mut state, "3g");
    assert!(effects.contains(&Effect::LoadPage { generation: 1, request: PageRequest::Start }), "{effects:?}");
}

#[test]
fn a_copy_that_is_not_sure_says_so_and_names_the_file() {
    let mut state = state();
    let done = CopyDone { route: CopyRoute::Osc52, confirmed: false, file: Some("clipboard.txt".into()) };
    tell(&mut state, Event::Done(Done::Copied(Ok(done))));
    let said = state.screen.message.unwrap().text;
    assert!(said.contains("not confirmed") && said.contains("clipboard.txt"), "{said}");
}

#[test]
fn a_filter_narrows_its_pane_and_esc_lifts_it() {
    let mut state = state();
    agents(&mut state, &[("orchestrator", AgentState::Idle), ("docs", AgentState::Idle)]);
    keys(&mut state, "2/orch");
    assert_eq!(state.agents.list.rows.len(), 1);
    key(&mut state, KeyCode::Enter);
    assert_eq!(state.agents.list.rows.len(), 1, "enter keeps it");
    key(&mut state, KeyCode::Esc);
    assert_eq!(state.agents.list.rows.len(), 2);
}

#[test]
fn the_palette_runs_what_was_found() {
    let mut state = state();
    keys(&mut state, ":whole screen");
    key(&mut state, KeyCode::Enter);
    assert!(state.screen.zoomed);
    assert!(state.screen.popup.is_none());
}

#[test]
fn tab_visits_every_pane_of_the_layout() {
    let mut state = state();
    let first = state.screen.focus;
    let mut visited = vec![first];
    loop {
        key(&mut state, KeyCode::Tab);
        if state.screen.focus == first {
            break;
        }
        visited.push(state.screen.focus);
    }
    assert_eq!(visited.len(), PaneKind::ALL.len());
}

#[test]
fn a_fault_stays_beside_the_last_good_data() {
    use crate::event::SourceId;
    let mut state = state();
    agents(&mut state, &[("a", AgentState::Idle)]);
    tell(&mut state, Event::SourceFault(SourceId::Agents, Fault::new("watching", "x", "limit", "raise it")));
    let status = &state.sources[&SourceId::Agents];
    assert!(status.fault.is_some() && status.as_of == Some(at(50)));
    assert_eq!(state.agents.agents.len(), 1);
}

#[test]
fn finished_agents_are_hidden_by_a_key_and_the_transcript_follows_the_cursor() {
    let mut state = state();
    agents(&mut state, &[("docs", AgentState::Idle), ("old", AgentState::Finished)]);
    keys(&mut state, "2G");
    assert_eq!(state.transcript.agent, Some(AgentId("old".to_owned())));
    keys(&mut state, "h");
    assert_eq!((state.agents.list.rows.len(), state.agents.hidden), (1, 1));
    assert_eq!(state.transcript.agent, Some(AgentId("docs".to_owned())));
    keys(&mut state, "h");
    assert_eq!((state.agents.list.rows.len(), state.agents.hidden), (2, 0));
}

#[test]
fn what_needs_the_operator_is_shown_though_it_is_folded_away() {
    let mut state = state();
    let mut deep = agent("deep", AgentState::Waiting);
    deep.parent = Some(AgentId("lead".to_owned()));
    let agents = vec![deep, agent("lead", AgentState::Idle)];
    tell(&mut state, Event::Agents(AgentsNews { agents, as_of: at(50), ..AgentsNews::default() }));
    keys(&mut state, "2g ");
    assert_eq!(state.agents.list.rows.len(), 1);
    keys(&mut state, "7");
    key(&mut state, KeyCode::Enter);
    assert_eq!(state.agents.current().map(|agent| agent.name.as_str()), Some("deep"));
}
