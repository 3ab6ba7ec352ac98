//! Searching by keys, and what is done with news.

use std::path::PathBuf;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::{SignedDuration, Timestamp};

use crate::action::keymap::Keymap;
use crate::config::layout::{Layout, PaneKind};
use crate::config::theme::Theme;
use crate::domain::agent::{Agent, AgentId};
use crate::domain::search::{Excerpt, Hit, HitKind, Progress, SearchNews, SearchRequest, Stage};
use crate::domain::transcript::claude::Claude;
use crate::domain::transcript::{Body, Entry, Text};
use crate::effect::{Effect, Effects};
use crate::event::{AgentsNews, Event, Input, Page, PageRequest, TranscriptChange, TranscriptNews};
use crate::state::search::Phase;
use crate::state::{Screen, SessionView, State};
use crate::update::update;

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
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

fn agent(id: &str, active: i64, size: u64) -> Agent {
    let transcript = PathBuf::from(format!("{id}.jsonl"));
    Agent { last_activity: Some(at(active)), size, ..Agent::bare(AgentId(id.to_owned()), &Claude, transcript) }
}

/// Three agents, of which `new` is open and has the cursor.
fn state() -> State {
    let screen = Screen::new(vec![Layout::default()], vec![Theme::no_colour()], Keymap::new(&[]));
    let mut state = State::new(at(0), SessionView::default(), screen);
    let agents = vec![agent("new", 5_000, 10), agent("old", 10, 10), agent("large", 10, 99)];
    tell(&mut state, Event::Agents(AgentsNews { agents, as_of: at(50), ..AgentsNews::default() }));
    let row = |state: &State| state.agents.list.rows.iter().position(|row| row.agent == 0);
    state.agents.list.selected = row(&state).unwrap();
    super::cursor::follow_agent(&mut state);
    page(&mut state, PageRequest::End, 0..4);
    state
}

/// A page of records that begin at these numbers times a hundred, each with the output of a tool.
fn page(state: &mut State, request: PageRequest, records: std::ops::Range<u64>) -> Effects {
    let entry = |number: u64| {
        let kept = format!("one\ntwo\nnumber {number} found\nfour");
        let output = Text { bytes: kept.len() as u64, lines: 4, kept };
        let body = Body::Result { id: String::new(), is_error: false, output, patch: None };
        Entry { offset: number * 100, at: None, sidechain: false, body }
    };
    let (start, end) = (records.start * 100, records.end * 100);
    let page = Page { request, entries: records.map(entry).collect(), start, end, size: 100_000 };
    let generation = state.transcript.generation;
    tell(state, Event::Transcript(TranscriptNews { generation, what: TranscriptChange::Page(page) }))
}

fn hit(agent: &str, offset: u64) -> Hit {
    let excerpt = Excerpt { before: String::new(), found: "found".to_owned(), behind: String::new() };
    Hit { agent: AgentId(agent.to_owned()), offset, nth: 0, at: None, kind: HitKind::Result, excerpt, lines: 1 }
}

fn news(state: &mut State, generation: u64, hits: &[(&str, u64)], stage: Stage) {
    let hits = hits.iter().map(|(agent, offset)| hit(agent, *offset)).collect();
    let news = SearchNews { generation, hits, progress: Progress::default(), faults: Vec::new(), stage };
    tell(state, Event::Search(news));
}

/// The requests among some effects.
fn requests(effects: &Effects) -> Vec<&SearchRequest> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Search(request) => Some(&**request),
            _ => None,
        })
        .collect()
}

fn searched(request: &SearchRequest) -> Vec<&str> {
    request.files.iter().map(|file| file.agent.0.as_str()).collect()
}

fn message(state: &State) -> &str {
    state.screen.message.as_ref().map_or("", |message| &message.text)
}

#[test]
fn every_key_asks_anew_and_all_transcripts_come_newest_and_largest_first() {
    let mut state = state();
    let effects = keys(&mut state, "Sfo");
    let requests = requests(&effects);
    assert_eq!(requests.iter().map(|request| request.pattern.as_str()).collect::<Vec<_>>(), ["f", "fo"]);
    assert!(requests[0].generation < requests[1].generation);
    assert_eq!(searched(requests[1]), ["new", "large", "old"]);
}

#[test]
fn one_transcript_is_searched_if_that_is_asked_for() {
    let mut state = state();
    let effects = keys(&mut state, "sf");
    assert_eq!(searched(requests(&effects)[0]), ["new"]);
}

#[test]
fn a_bad_pattern_is_told_and_costs_nothing() {
    let mut state = state();
    keys(&mut state, "Sfo");
    let generation = state.search.generation;
    news(&mut state, generation, &[("new", 0)], Stage::Running);
    assert!(keys(&mut state, "(").is_empty());
    assert_eq!(state.search.mistake.as_ref().map(|mistake| mistake.place.clone()), Some(2..3));
    news(&mut state, generation, &[("new", 100)], Stage::Running);
    assert_eq!(state.search.hits.rows.len(), 2, "what was found stays, and what is found comes");
    assert!(key(&mut state, KeyCode::Enter).is_empty());
    assert!(key(&mut state, KeyCode::Backspace).is_empty(), "the pattern is the one that is searched for");
    assert!(state.search.mistake.is_none());
}

#[test]
fn stale_hits_are_dropped_and_rows_never_move() {
    let mut state = state();
    keys(&mut state, "Sf");
    let stale = state.search.generation;
    keys(&mut state, "o");
    news(&mut state, stale, &[("new", 900)], Stage::Done);
    assert!(state.search.hits.rows.is_empty() && state.search.phase == Phase::Running);
    news(&mut state, stale + 1, &[("new", 300), ("new", 200)], Stage::Running);
    key(&mut state, KeyCode::Down);
    news(&mut state, stale + 1, &[("old", 100)], Stage::Full);
    assert_eq!(state.search.hits.current().map(|hit| hit.offset), Some(200));
    assert_eq!(state.search.phase, Phase::Full);
}

#[test]
fn esc_ends_what_runs_and_what_was_found_can_be_looked_at_again() {
    let mut state = state();
    keys(&mut state, "Sfo");
    let generation = state.search.generation;
    news(&mut state, generation, &[("new", 0)], Stage::Done);
    assert!(key(&mut state, KeyCode::Esc).is_empty(), "nothing runs any more");
    assert!(state.screen.popup.is_none());
    assert!(keys(&mut state, "S").is_empty());
    assert_eq!((state.search.input.text(), state.search.hits.rows.len()), ("fo", 1));
    keys(&mut state, "x");
    assert_eq!(key(&mut state, KeyCode::Esc), [Effect::StopSearch]);
    news(&mut state, generation + 1, &[("new", 0)], Stage::Done);
    assert!(state.search.hits.rows.is_empty(), "it was stopped");
    let effects = keys(&mut state, "S");
    assert_eq!(requests(&effects).len(), 1, "what was stopped begins anew");
    let effects = keys(&mut state, "");
    assert!(effects.is_empty());
    key(&mut state, KeyCode::Esc);
    let effects = keys(&mut state, "s");
    assert_eq!(searched(requests(&effects)[0]), ["new"], "another scope is another search");
}

#[test]
fn a_pattern_is_cleared_at_once() {
    let mut state = state();
    keys(&mut state, "Sfo");
    let clear = KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL);
    assert_eq!(tell(&mut state, Event::Input(Input::Key(clear))), [Effect::StopSearch]);
    assert_eq!((state.search.input.text(), state.search.phase), ("", Phase::Idle));
}

#[test]
fn enter_opens_the_transcript_at_the_matching_row() {
    let mut state = state();
    keys(&mut state, "Sfound");
    let generation = state.search.generation;
    news(&mut state, generation, &[("new", 100), ("old", 70_000)], Stage::Running);
    key(&mut state, KeyCode::Down);
    let effects = key(&mut state, KeyCode::Enter);
    assert!(matches!(&effects[0], Effect::OpenTranscript { path, .. } if path.ends_with("old.jsonl")), "{effects:?}");
    assert!(!effects.contains(&Effect::StopSearch), "what runs goes on");
    assert!(state.screen.popup.is_none() && state.screen.focus == PaneKind::Transcript);
    assert_eq!(state.agents.current().map(|agent| agent.name.as_str()), Some("old"));
    let effects = page(&mut state, PageRequest::End, 990..1_000);
    let around = PageRequest::Around(70_000);
    assert!(matches!(effects[..], [Effect::LoadPage { request, .. }] if request == around), "{effects:?}");
    page(&mut state, around, 690..710);
    let cursor = state.transcript.cursor;
    assert_eq!(
        (state.transcript.entries[cursor.entry].offset, cursor.row),
        (70_000, 2),
        "unfolded, on the row that matches"
    );
    assert!(!state.transcript.follow && state.transcript.is_open(cursor.entry));
    assert_eq!(state.search.ranges("it was found").first(), Some(&(7..12)));
    key(&mut state, KeyCode::Esc);
    assert!(state.search.ranges("it was found").is_empty());
}

#[test]
fn whoever_moves_on_meanwhile_is_not_taken_back_to_the_hit() {
    let mut state = state();
    keys(&mut state, "Sfound");
    let generation = state.search.generation;
    news(&mut state, generation, &[("old", 70_000)], Stage::Done);
    key(&mut state, KeyCode::Enter);
    keys(&mut state, "k");
    page(&mut state, PageRequest::End, 699..702);
    let open = (0..3).any(|entry| state.transcript.is_open(entry));
    assert!(!open);
}

#[test]
fn hits_can_be_stepped_through_without_the_popup() {
    let mut state = state();
    keys(&mut state, "3.");
    assert_eq!(message(&state), "nothing was searched for yet");
    keys(&mut state, "sfound");
    let generation = state.search.generation;
    news(&mut state, generation, &[("new", 300), ("new", 100)], Stage::Running);
    key(&mut state, KeyCode::Esc);
    let offset = |state: &State| state.transcript.entries[state.transcript.cursor.entry].offset;
    keys(&mut state, ".");
    assert_eq!((offset(&state), message(&state)), (300, "hit 1 of 2"));
    keys(&mut state, ".");
    assert_eq!(offset(&state), 100);
    keys(&mut state, ".");
    assert_eq!(message(&state), "this was the last hit");
    keys(&mut state, ",");
    assert_eq!(offset(&state), 300);
    keys(&mut state, ",");
    assert_eq!(message(&state), "this was the first hit");
}

#[test]
fn an_agent_that_the_filter_hides_is_shown_for_its_hit() {
    let mut state = state();
    keys(&mut state, "2/new");
    key(&mut state, KeyCode::Enter);
    keys(&mut state, "Sfound");
    let generation = state.search.generation;
    news(&mut state, generation, &[("old", 0)], Stage::Done);
    key(&mut state, KeyCode::Enter);
    assert_eq!(state.agents.current().map(|agent| agent.name.as_str()), Some("old"));
}
