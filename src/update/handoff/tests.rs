//! From the agent or the passage to the brief that is written.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp;

use crate::action::keymap::Keymap;
use crate::config::layout::PaneKind;
use crate::domain::agent::{Agent, AgentId, AgentState, StateVerdict};
use crate::domain::brief::Draft;
use crate::domain::brief::check::Checked;
use crate::domain::brief::handoff::Cause;
use crate::domain::fault::Fault;
use crate::domain::transcript::claude::Claude;
use crate::domain::transcript::{Body, Entry, Text};
use crate::effect::{Effect, Effects};
use crate::event::{
    BriefChecked, BriefDone, CopyDone, CopyRoute, Done, Event, Input, Page, PageRequest, TranscriptChange,
    TranscriptNews,
};
use crate::state::popup::Popup;
use crate::state::{Screen, SessionView, State};
use crate::update::update;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn agent(name: &str, state: AgentState) -> Agent {
    let mut agent = Agent::bare(AgentId(format!("id-{name}")), &Claude, format!("/t/{name}.jsonl").into());
    agent.name = name.to_owned();
    agent.pid = (state != AgentState::Crashed).then_some(43);
    agent.verdict = StateVerdict { state, reason: "its process is gone".to_owned(), ..StateVerdict::default() };
    agent
}

fn state() -> State {
    let mut screen = Screen::new(Vec::new(), Vec::new(), Keymap::new(&[]));
    screen.focus = PaneKind::Agents;
    let mut state = State::new(NOW, SessionView::default(), screen);
    let agents = vec![agent("api", AgentState::Crashed), agent("docs", AgentState::Idle)];
    let news = crate::event::AgentsNews { agents, as_of: NOW, ..crate::event::AgentsNews::default() };
    update(&mut state, NOW, Event::Agents(news));
    state
}

fn press(state: &mut State, code: KeyCode) -> Effects {
    let shift = matches!(code, KeyCode::Char(c) if c.is_ascii_uppercase());
    let modifiers = if shift { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
    update(state, NOW, Event::Input(Input::Key(KeyEvent::new(code, modifiers))))
}

/// A draft was made: what the composer holds then.
fn made(state: &mut State, template: &str, agent: Option<&str>) -> Effects {
    let draft = Draft { template: template.to_owned(), text: "# X\n\nText.\n".to_owned(), ..Draft::default() };
    let draft = Draft { agent: agent.map(str::to_owned), ..draft };
    let agent = agent.map(|name| AgentId(format!("id-{name}")));
    update(state, NOW, Event::Done(Done::Made(Ok(Box::new(draft)), agent)))
}

/// Saves what the composer holds with the keys given; what the effects are that ask for it.
fn save(state: &mut State, code: KeyCode, modifiers: KeyModifiers) -> Effects {
    let generation = state.screen.composer.as_ref().unwrap().generation;
    let news = BriefChecked { generation, checked: Checked::default() };
    update(state, NOW, Event::Done(Done::BriefChecked(Box::new(news))));
    update(state, NOW, Event::Input(Input::Key(KeyEvent::new(code, modifiers))))
}

#[test]
fn a_crashed_agent_is_handed_on_and_its_brief_is_read_before_it_is_saved() {
    let mut state = state();
    let effects = press(&mut state, KeyCode::Char('H'));
    let Some(Effect::HandOff(wanted)) = effects.first() else { panic!("{effects:?}") };
    assert_eq!((wanted.agent.as_str(), &wanted.cause), ("api", &Cause::Crashed("its process is gone".to_owned())));
    made(&mut state, "handoff", None);
    let composer = state.screen.composer.as_ref().unwrap();
    assert_eq!((composer.template.as_str(), composer.text().as_str()), ("handoff", "# X\n\nText.\n"));
}

#[test]
fn what_comes_while_something_else_has_the_keys_is_kept_as_a_draft() {
    let mut state = state();
    press(&mut state, KeyCode::Char('H'));
    press(&mut state, KeyCode::Char('B'));
    let effects = made(&mut state, "handoff", None);
    assert!(
        matches!(effects.first(), Some(Effect::KeepDraftNow(kept)) if kept.draft.template == "handoff"),
        "{effects:?}"
    );
    assert!(state.screen.composer.is_none() && matches!(state.screen.popup, Some(Popup::Briefs(_))));
}

#[test]
fn what_cannot_be_read_is_said_and_nothing_opens() {
    let mut state = state();
    press(&mut state, KeyCode::Char('H'));
    let fault = Fault::new("reading", "/t/api.jsonl", "it is gone", "choose another agent");
    update(&mut state, NOW, Event::Done(Done::Made(Err(fault), None)));
    assert!(state.screen.composer.is_none());
    assert!(state.screen.message.as_ref().is_some_and(|said| said.text.contains("it is gone")));
}

#[test]
fn from_the_attention_queue_the_crash_is_what_is_handed_on() {
    let mut state = state();
    press(&mut state, KeyCode::Char('n'));
    let effects = press(&mut state, KeyCode::Char('H'));
    assert!(matches!(effects.first(), Some(Effect::HandOff(wanted)) if wanted.agent == "api"), "{effects:?}");
}

#[test]
fn a_passage_goes_to_an_agent_that_runs_and_its_delivery_follows() {
    let mut state = state();
    press(&mut state, KeyCode::Enter);
    let entry = Entry {
        offset: 40,
        at: None,
        sidechain: false,
        body: Body::Said(Text { kept: "The port is 8443.".to_owned(), bytes: 17, lines: 1 }),
    };
    let page = Page { request: PageRequest::End, entries: vec![entry], start: 40, end: 60, size: 60 };
    let news = TranscriptNews { generation: state.transcript.generation, what: TranscriptChange::Page(page) };
    update(&mut state, NOW, Event::Transcript(news));
    press(&mut state, KeyCode::Char('t'));
    let Some(Popup::Relay(view)) = &state.screen.popup else { panic!("{:?}", state.screen.message) };
    assert_eq!(view.agents.iter().map(|agent| agent.name.as_str()).collect::<Vec<_>>(), ["docs"]);
    let effects = press(&mut state, KeyCode::Enter);
    let Some(Effect::PassOn { passage, to }) = effects.first() else { panic!("{effects:?}") };
    assert_eq!((passage.agent.as_str(), to.name.as_str(), passage.offset), ("api", "docs", 40));
    assert!(passage.text.contains("The port is 8443."));
    made(&mut state, "relay", Some("docs"));
    let effects = save(&mut state, KeyCode::Enter, KeyModifiers::ALT);
    let Some(Effect::SaveBrief(order)) = effects.last() else { panic!("{effects:?}") };
    assert!(order.send && order.agent.as_ref().is_some_and(|agent| agent.0 == "id-docs"));
    let file = "/p/.hnpwb/briefs/0001-x.md";
    let done = BriefDone {
        file: file.into(),
        text: order.draft.file(1, NOW),
        pointer: String::new(),
        send: true,
        agent: order.agent.clone(),
        copy: CopyDone { route: CopyRoute::Tmux, confirmed: true, file: None },
    };
    let effects = update(&mut state, NOW, Event::Done(Done::Brief(Ok(Box::new(done)))));
    let looked = effects.iter().any(|effect| matches!(effect, Effect::LookAtPane(to) if to.name == "docs"));
    assert!(looked && effects.contains(&Effect::ReadBriefs), "{effects:?}");
    let Some(Popup::Sending(view)) = &state.screen.popup else { panic!("{:?}", state.screen.popup) };
    assert_eq!(view.brief.as_ref().map(|brief| brief.number), Some(1));
    assert!(view.text.contains(".hnpwb/briefs/0001-x.md"), "{}", view.text);
}
