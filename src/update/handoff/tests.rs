//! From the agent or the passage to the brief that is written.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp;

use crate::action::keymap::Keymap;
use crate::config::layout::PaneKind;
use crate::domain::agent::{Agent, AgentId, AgentState, StateVerdict};
use crate::domain::brief::handoff::Cause;
use crate::domain::deliver::BriefRef;
use crate::domain::transcript::claude::Claude;
use crate::domain::transcript::{Body, Entry, Text};
use crate::effect::{Effect, Effects};
use crate::event::{
    BriefDone, BriefsRead, CopyDone, CopyRoute, Done, Event, Input, Page, PageRequest, TranscriptChange, TranscriptNews,
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

fn written(state: &mut State, agent: Option<&str>) -> Effects {
    let file = "/p/.hnpwb/briefs/0001-x.md";
    let copy = CopyDone { route: CopyRoute::Tmux, confirmed: true, file: None };
    let agent = agent.map(|name| AgentId(format!("id-{name}")));
    let effects = update(state, NOW, Event::Done(Done::Brief(Ok(BriefDone { file: file.into(), agent, copy }))));
    assert!(effects.contains(&Effect::ReadBriefs), "{effects:?}");
    let brief = BriefRef::read(file.as_ref(), "# X\n", "/p".as_ref()).unwrap();
    let read = BriefsRead { briefs: vec![brief], sends: Vec::new() };
    update(state, NOW, Event::Done(Done::Briefs(Ok(read))))
}

#[test]
fn a_crashed_agent_is_handed_on_and_its_brief_is_shown_in_the_list() {
    let mut state = state();
    let effects = press(&mut state, KeyCode::Char('H'));
    let Some(Effect::HandOff(wanted)) = effects.first() else { panic!("{effects:?}") };
    assert_eq!((wanted.agent.as_str(), &wanted.cause), ("api", &Cause::Crashed("its process is gone".to_owned())));
    assert!(written(&mut state, None).is_empty());
    assert!(matches!(&state.screen.popup, Some(Popup::Briefs(view)) if view.selected == 0));
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
    let effects = written(&mut state, Some("docs"));
    assert!(matches!(effects.first(), Some(Effect::LookAtPane(receiver)) if receiver.name == "docs"), "{effects:?}");
}
