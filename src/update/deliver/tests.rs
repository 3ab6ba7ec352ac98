//! From the list of briefs to the order.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::{SignedDuration, Timestamp};

use crate::action::keymap::Keymap;
use crate::config::layout::PaneKind;
use crate::domain::agent::registry::RegistryStatus;
use crate::domain::agent::{Agent, AgentId, AgentState, StateVerdict};
use crate::domain::brief::Draft;
use crate::domain::deliver::history::Sending;
use crate::domain::deliver::input::InputLine;
use crate::domain::deliver::pane::Pane;
use crate::domain::deliver::{BriefRef, Outcome, Process, Sent, Sight, Target};
use crate::domain::transcript::Tone;
use crate::domain::transcript::claude::Claude;
use crate::effect::{Effect, Effects};
use crate::event::{BriefsRead, Done, Event, Input};
use crate::state::popup::Popup;
use crate::state::{Screen, SessionView, State};
use crate::update::update;

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
}

fn agent(name: &str, state: AgentState) -> Agent {
    let mut agent = Agent::bare(AgentId(format!("id-{name}")), &Claude, format!("/t/{name}.jsonl").into());
    agent.name = name.to_owned();
    agent.pid = Some(43);
    agent.verdict = StateVerdict { state, ..StateVerdict::default() };
    agent
}

fn brief(number: u32, agent: Option<&str>) -> BriefRef {
    let text = format!("---\nagent: {}\n---\n\n# Title {number}\n", agent.unwrap_or("null"));
    let file = format!("/p/.hnpwb/briefs/{number:04}-x.md");
    BriefRef::read(file.as_ref(), &text, "/p".as_ref()).unwrap()
}

fn sending(number: u32, to: &str, outcome: &str) -> Sending {
    Sending {
        id: format!("{number}-{to}-{outcome}"),
        at: at(100),
        brief: Some(number),
        task: None,
        agent: to.to_owned(),
        agent_id: AgentId(format!("id-{to}")),
        brief_digest: None,
        outcome: outcome.to_owned(),
        ended: true,
        reason: "the reason".to_owned(),
        proof: None,
    }
}

/// A state with two agents and two briefs, the list of briefs open.
fn listed(sends: Vec<Sending>) -> State {
    let mut screen = Screen::new(Vec::new(), Vec::new(), Keymap::new(&[]));
    screen.focus = PaneKind::Agents;
    let mut state = State::new(at(0), SessionView::default(), screen);
    state.agents.agents = vec![agent("api", AgentState::Idle), agent("docs", AgentState::Idle)];
    state.agents.arrange(None);
    press(&mut state, KeyCode::Char('B'));
    let briefs = vec![brief(1, Some("docs")), brief(2, Some("docs"))];
    tell(&mut state, Done::Briefs(Ok(BriefsRead { briefs, sends })));
    state
}

fn tell(state: &mut State, done: Done) -> Effects {
    update(state, at(200), Event::Done(done))
}

fn press(state: &mut State, code: KeyCode) -> Effects {
    let modifiers = match code {
        KeyCode::Char(c) if c.is_ascii_uppercase() => KeyModifiers::SHIFT,
        _ => KeyModifiers::NONE,
    };
    update(state, at(200), Event::Input(Input::Key(KeyEvent::new(code, modifiers))))
}

fn sight(status: RegistryStatus, input: InputLine) -> Box<Sight> {
    let line = "%3\t42\t/dev/pts/4\t0\t0\t0\t0\t\t1\tmain:1.0\tclaude";
    let target = Target {
        server: "/tmp/tmux/default".into(),
        pane: Pane::parse(line).unwrap(),
        process: Process { pid: 43, start: "99".to_owned() },
        found_by: "its terminal".to_owned(),
    };
    Box::new(Sight { target, status: Some((status, None)), input, in_front: true })
}

fn see(state: &mut State, name: &str, status: RegistryStatus, input: InputLine) {
    tell(state, Done::PaneSeen(AgentId(format!("id-{name}")), Ok(sight(status, input))));
}

fn message(state: &State) -> String {
    state.screen.message.as_ref().map(|message| message.text.clone()).unwrap_or_default()
}

fn looked_at(effects: &Effects) -> Option<&str> {
    effects.iter().find_map(|effect| match effect {
        Effect::LookAtPane(receiver) => Some(receiver.name.as_str()),
        _ => None,
    })
}

fn ordered(effects: &Effects) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Send(_)))
}

#[test]
fn the_newest_brief_is_first_and_goes_to_the_agent_it_was_written_for() {
    let mut state = listed(Vec::new());
    let effects = press(&mut state, KeyCode::Enter);
    assert_eq!(looked_at(&effects), Some("docs"));
    assert!(!ordered(&press(&mut state, KeyCode::Enter)), "nothing is sent before the pane was seen");
    see(&mut state, "api", RegistryStatus::Idle, InputLine::Empty);
    assert!(!ordered(&press(&mut state, KeyCode::Enter)), "another agent's pane was seen");
    see(&mut state, "docs", RegistryStatus::Idle, InputLine::Empty);
    let effects = press(&mut state, KeyCode::Enter);
    let Some(Effect::Send(order)) = effects.iter().find(|effect| matches!(effect, Effect::Send(_))) else {
        panic!("{effects:?}")
    };
    assert_eq!((order.brief.as_ref().unwrap().number, order.receiver.name.as_str()), (2, "docs"));
    assert!(order.text.contains("0002-x.md") && !order.while_working);
    assert_eq!(order.shown.as_ref().unwrap().pane.id, "%3");
}

#[test]
fn what_stands_in_the_way_is_said_and_nothing_is_sent() {
    let mut state = listed(Vec::new());
    press(&mut state, KeyCode::Enter);
    see(&mut state, "docs", RegistryStatus::Waiting, InputLine::Hidden);
    assert!(!ordered(&press(&mut state, KeyCode::Enter)));
    assert!(message(&state).contains("nothing is sent: it waits for a person"), "{}", message(&state));
    see(&mut state, "docs", RegistryStatus::Idle, InputLine::Draft("half".to_owned()));
    assert!(!ordered(&press(&mut state, KeyCode::Enter)));
    assert!(message(&state).contains("draft"), "{}", message(&state));
}

#[test]
fn an_agent_at_work_and_a_second_copy_are_asked_about_and_no_is_the_default() {
    for (status, outcome) in [
        (RegistryStatus::Busy, "not-delivered"),
        (RegistryStatus::Idle, "indeterminate"),
        (RegistryStatus::Idle, "delivered"),
    ] {
        let mut state = listed(vec![sending(2, "docs", outcome)]);
        press(&mut state, KeyCode::Enter);
        see(&mut state, "docs", status.clone(), InputLine::Empty);
        assert!(!ordered(&press(&mut state, KeyCode::Enter)), "{outcome}");
        assert!(matches!(state.screen.popup, Some(Popup::Confirm { .. })), "{outcome}");
        assert!(!ordered(&press(&mut state, KeyCode::Enter)), "enter is no");
        assert!(state.screen.popup.is_none());
        let mut state = listed(vec![sending(2, "docs", outcome)]);
        press(&mut state, KeyCode::Enter);
        see(&mut state, "docs", status, InputLine::Empty);
        press(&mut state, KeyCode::Enter);
        assert!(ordered(&press(&mut state, KeyCode::Char('y'))), "{outcome}");
    }
}

#[test]
fn another_agent_can_be_chosen_and_a_resend_goes_where_it_went() {
    let mut state = listed(vec![sending(2, "api", "not-delivered")]);
    assert_eq!(looked_at(&press(&mut state, KeyCode::Char('r'))), Some("api"));
    assert_eq!(looked_at(&press(&mut state, KeyCode::Tab)), Some("docs"));
    assert_eq!(looked_at(&press(&mut state, KeyCode::Tab)), Some("api"));
}

#[test]
fn a_brief_with_a_gap_is_neither_sent_nor_copied() {
    let mut state = listed(Vec::new());
    let file = "/p/.hnpwb/briefs/0003-x.md";
    let gap = BriefRef::read(file.as_ref(), "# Title 3\n\n\u{27e6}task.goal\u{27e7}\n", "/p".as_ref()).unwrap();
    tell(&mut state, Done::Briefs(Ok(BriefsRead { briefs: vec![gap], sends: Vec::new() })));
    for code in [KeyCode::Enter, KeyCode::Char('y')] {
        assert!(press(&mut state, code).is_empty());
        assert!(message(&state).contains("no value is given for task.goal"), "{}", message(&state));
    }
}

#[test]
fn a_brief_is_compared_with_the_last_one_that_reached_its_agent() {
    let mut state = listed(vec![sending(1, "docs", "delivered")]);
    let effects = press(&mut state, KeyCode::Char('d'));
    let compared = effects.iter().find_map(|effect| match effect {
        Effect::CompareBriefs(briefs) => Some((briefs.0.number, briefs.1.number)),
        _ => None,
    });
    assert_eq!(compared, Some((1, 2)));
    let mut state = listed(Vec::new());
    assert!(press(&mut state, KeyCode::Char('d')).is_empty());
}

#[test]
fn an_outcome_is_said_and_one_that_failed_needs_somebody() {
    let mut state = listed(vec![sending(2, "docs", "not-delivered")]);
    assert!(state.attention.needs.iter().any(|need| need.kind == "not sent"));
    press(&mut state, KeyCode::Enter);
    see(&mut state, "docs", RegistryStatus::Idle, InputLine::Empty);
    let Some(Popup::Sending(view)) = &state.screen.popup else { panic!("no popup") };
    let order = crate::domain::deliver::Order {
        brief: view.brief.clone(),
        text: view.text.clone(),
        receiver: view.receiver.clone(),
        shown: None,
        while_working: false,
    };
    let outcome = Outcome::NotDelivered("a draft stands in its input".to_owned());
    let sent = Sent { id: "a".to_owned(), order, outcome, changes: Vec::new(), unavailable: false };
    let effects = tell(&mut state, Done::Sent(Box::new(sent)));
    assert!(effects.contains(&Effect::ReadBriefs), "the journal has the news");
    let said = state.screen.message.as_ref().unwrap();
    assert_eq!(said.tone, Tone::Error);
    assert!(said.text.contains("0002 Title 2 to docs: not delivered: a draft"), "{}", said.text);
}

#[test]
fn a_saved_brief_is_written_anew_and_the_draft_says_which_it_was() {
    let mut state = listed(Vec::new());
    let effects = press(&mut state, KeyCode::Char('e'));
    let Some(Effect::ReopenBrief { brief, agent }) = effects.first() else { panic!("{effects:?}") };
    assert_eq!(agent.as_ref().map(|agent| agent.0.as_str()), Some("id-docs"));
    assert!(state.screen.popup.is_none());
    let draft = Draft { from: Some(format!("{:04}", brief.number)), text: "# Title\n".to_owned(), ..Draft::default() };
    let made = |state: &mut State| {
        tell(state, Done::Made(Ok(Box::new(draft.clone())), agent.clone()));
    };
    made(&mut state);
    assert_eq!(state.screen.composer.as_ref().unwrap().from, draft.from);
    // As long as nothing was changed there is nothing to keep.
    let effects = press(&mut state, KeyCode::Esc);
    assert!(matches!(effects.first(), Some(Effect::DropDraft(_))), "{effects:?}");
    made(&mut state);
    let effects = press(&mut state, KeyCode::Char('x'));
    let kept = effects.iter().find_map(|effect| if let Effect::KeepDraft(kept) = effect { Some(kept) } else { None });
    let kept = kept.unwrap_or_else(|| panic!("{effects:?}"));
    assert_eq!((&kept.draft.from, kept.draft.text.as_str()), (&draft.from, "x# Title\n"));
}
