//! Reading a transcript by keys.

use super::{agents, at, key, keys, state, tell};
use crate::config::layout::PaneKind;
use crate::domain::agent::AgentState;
use crate::domain::fault::Fault;
use crate::domain::transcript::landmark::Landmark;
use crate::domain::transcript::passage::Form;
use crate::domain::transcript::{Body, Entry, Text};
use crate::effect::{Effect, Effects};
use crate::event::{
    CopyDone, CopyRoute, Done, Event, Input, Mouse, MouseKind, Page, PageRequest, PassageDone, RawRecord, RecordPlace,
    Revealed, SeekChange, SeekNews, SeekRequest, TranscriptChange, TranscriptNews,
};
use crate::state::State;
use crate::state::popup::{Popup, Question};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

fn text(kept: &str) -> Text {
    Text { kept: kept.to_owned(), bytes: kept.len() as u64, lines: kept.lines().count() as u64 }
}

fn call(id: &str, name: &str) -> Body {
    Body::Call { id: id.to_owned(), name: name.to_owned(), summary: "x".to_owned(), input: text("x"), detail: None }
}

fn result(id: &str, is_error: bool) -> Body {
    Body::Result { id: id.to_owned(), is_error, output: text("done"), patch: None }
}

/// Records of ten bytes each, from `start` on.
fn page(request: PageRequest, start: u64, bodies: Vec<Body>, size: u64) -> Page {
    let entries: Vec<Entry> = bodies
        .into_iter()
        .zip(0..)
        .map(|(body, n)| Entry { offset: start + n * 10, at: Some(at(5)), sidechain: false, body })
        .collect();
    let end = start + entries.len() as u64 * 10;
    Page { request, entries, start, end, size }
}

fn tell_transcript(state: &mut State, what: TranscriptChange) -> Effects {
    tell(state, Event::Transcript(TranscriptNews { generation: 1, what }))
}

/// A transcript with these records at its end, `before` bytes of others before them, and the keys in its pane.
fn opened(before: u64, bodies: Vec<Body>) -> State {
    let mut state = state();
    agents(&mut state, &[("a", AgentState::Idle)]);
    let page = page(PageRequest::End, before, bodies, 0);
    tell_transcript(&mut state, TranscriptChange::Page(page));
    keys(&mut state, "3");
    state
}

fn turns() -> Vec<Body> {
    vec![
        Body::Prompt(text("first")),
        call("1", "Read"),
        result("1", false),
        call("2", "Edit"),
        result("2", true),
        Body::Prompt(text("second")),
        call("3", "Bash"),
        result("3", false),
        Body::Said(text("that is all")),
    ]
}

fn cursor(state: &State) -> usize {
    let (width, height) = state.viewport(PaneKind::Transcript);
    state.transcript.view(width, height).1.entry
}

fn message(state: &State) -> &str {
    state.screen.message.as_ref().map_or("", |message| &message.text)
}

fn control(state: &mut State, c: char) -> Effects {
    tell(state, Event::Input(Input::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL))))
}

#[test]
fn each_pair_of_keys_goes_from_landmark_to_landmark() {
    let mut state = opened(0, turns());
    let mut go = |typed: &str| {
        keys(&mut state, typed);
        cursor(&state)
    };
    assert_eq!([go("["), go("["), go("]")], [5, 0, 5]);
    assert_eq!([go("P"), go("p")], [0, 5]);
    assert_eq!([go("G"), go("{"), go("{"), go("{"), go("}")], [8, 6, 3, 1, 3]);
    assert_eq!([go("G"), go("C"), go("g"), go("c")], [8, 3, 0, 3]);
    assert_eq!([go("G"), go("E"), go("g"), go("e")], [8, 3, 0, 3], "a result stands in the rows of its call");
}

#[test]
fn at_the_last_landmark_of_the_file_it_is_said_that_there_is_no_more() {
    let mut state = opened(0, turns());
    assert!(keys(&mut state, "gc").is_empty());
    assert!(keys(&mut state, "c").is_empty());
    assert_eq!((message(&state), cursor(&state)), ("no later change", 3));
    keys(&mut state, "gE");
    assert_eq!(message(&state), "no earlier error");
}

/// Looks for an earlier error than there is in the window, and returns what was asked for.
fn looking() -> (State, SeekRequest) {
    let mut state = opened(1_000, vec![Body::Said(text("x")); 100]);
    let effects = keys(&mut state, "E");
    let request = SeekRequest { landmark: Landmark::Error, from: 1_000, forward: false };
    assert_eq!(effects, [Effect::Seek { generation: 1, request }]);
    assert!(message(&state).starts_with("looking for an earlier error…"), "{}", message(&state));
    (state, request)
}

fn seek(state: &mut State, request: SeekRequest, what: SeekChange) -> Effects {
    tell_transcript(state, TranscriptChange::Seek(SeekNews { request, what }))
}

#[test]
fn beyond_the_window_the_file_is_asked_and_its_answer_visited() {
    let (mut state, request) = looking();
    let progress = SeekChange::Looked { bytes: 1_200_000_000, of: 5_000_000_000 };
    assert!(seek(&mut state, request, progress).is_empty());
    assert_eq!(message(&state), "looking for an earlier error… 1.2 GB of 5.0 GB, esc stops");
    let effects = seek(&mut state, request, SeekChange::Found(300, 1));
    assert_eq!(effects, [Effect::LoadPage { generation: 1, request: PageRequest::Around(300) }]);
    assert!(message(&state).is_empty());
    // The record that holds it begins with something else.
    let mut page = page(PageRequest::Around(300), 280, turns(), 2_000);
    page.entries[3].offset = 300;
    page.entries[4].offset = 300;
    page.entries[2].offset = 300;
    page.entries[1].offset = 290;
    tell_transcript(&mut state, TranscriptChange::Page(page));
    assert_eq!(cursor(&state), 3, "the second entry of the record");
    assert!(!state.transcript.follow);
}

#[test]
fn any_key_ends_the_search_and_esc_does_nothing_else() {
    let (mut state, request) = looking();
    keys(&mut state, "z");
    state.transcript.seeking = Some(request);
    assert_eq!(key(&mut state, KeyCode::Esc), [Effect::EndSeek]);
    assert!(state.screen.zoomed, "esc left the search, not the zoom");
    assert_eq!(message(&state), "left off looking");
    assert!(seek(&mut state, request, SeekChange::Found(300, 0)).is_empty(), "it came too late");
    assert!(state.transcript.follow);

    let (mut state, _) = looking();
    assert_eq!(keys(&mut state, "k")[0], Effect::EndSeek);
    let (mut state, _) = looking();
    let wheel = Event::Input(Input::Mouse(Mouse { kind: MouseKind::Scroll(-3), target: None }));
    assert_eq!(tell(&mut state, wheel), [Effect::EndSeek]);
    // The same key again looks anew.
    let (mut state, _) = looking();
    assert!(matches!(keys(&mut state, "E")[..], [Effect::EndSeek, Effect::Seek { .. }]));
}

#[test]
fn a_search_that_finds_nothing_or_fails_says_so() {
    let fault = Fault::new("reading", "a.jsonl", "gone", "");
    let ends = [
        (SeekChange::Nothing, "no earlier error"),
        (SeekChange::Lost, "the file has changed: it is no longer looked through"),
        (SeekChange::Fault(fault), "reading a.jsonl: gone"),
    ];
    for (end, said) in ends {
        let (mut state, request) = looking();
        assert!(seek(&mut state, request, end).is_empty());
        assert_eq!((message(&state), state.transcript.seeking), (said, None));
    }
}

#[test]
fn a_file_that_was_replaced_and_another_transcript_end_the_search() {
    let (mut state, request) = looking();
    tell_transcript(&mut state, TranscriptChange::Reset { why: "the file was replaced".to_owned() });
    assert_eq!(state.transcript.seeking, None);
    assert!(seek(&mut state, request, SeekChange::Found(300, 0)).is_empty());
    assert!(state.transcript.wants().is_none());
}

#[test]
fn a_filter_keeps_jumps_within_what_it_shows() {
    let mut state = opened(1_000, turns());
    keys(&mut state, "/second");
    key(&mut state, KeyCode::Enter);
    let effects = keys(&mut state, "E");
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Seek { .. })), "{effects:?}");
    assert!(message(&state).contains("without the filter"), "{}", message(&state));
}

#[test]
fn following_stops_when_one_scrolls_or_jumps_and_resumes_at_the_end_and_meanwhile_news_are_counted() {
    let mut state = opened(0, turns());
    let appended = |state: &mut State| {
        let offset = state.transcript.end;
        let said = |offset| Entry { offset, at: None, sidechain: false, body: Body::Said(text("news")) };
        let entries = vec![said(offset), said(offset), said(offset + 10)];
        tell_transcript(state, TranscriptChange::Appended { entries, end: offset + 20 });
    };
    appended(&mut state);
    assert_eq!((state.transcript.follow, state.transcript.below), (true, 0));
    for away in ["k", "["] {
        keys(&mut state, away);
        assert!(!state.transcript.follow, "{away}");
        appended(&mut state);
        appended(&mut state);
        assert_eq!(state.transcript.below, 4, "records count, not their parts");
        keys(&mut state, "G");
        assert_eq!((state.transcript.follow, state.transcript.below), (true, 0));
    }
}

#[test]
fn what_is_selected_is_copied_with_its_source_and_the_selection_ends() {
    let mut state = opened(0, turns());
    keys(&mut state, "gv");
    assert!(state.transcript.is_selecting());
    keys(&mut state, "jj");
    let effects = keys(&mut state, "y");
    let [Effect::CopyPassage { passage, form: Form::Copy }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((passage.text.as_str(), passage.agent.as_str(), passage.offset), ("first\n\nRead x\ndone", "a", 0));
    assert_eq!(passage.at, Some(at(5)));
    assert!(!state.transcript.is_selecting());
}

#[test]
fn jumps_and_the_ends_extend_the_selection_and_v_or_esc_leave_it() {
    let mut state = opened(0, turns());
    let selected = |state: &State| {
        let (width, height) = state.viewport(PaneKind::Transcript);
        let (_, cursor) = state.transcript.view(width, height);
        state.transcript.selected(cursor).map(|(from, to)| (from.entry, to.entry))
    };
    keys(&mut state, "gcv");
    keys(&mut state, "p");
    assert_eq!(selected(&state), Some((3, 5)));
    keys(&mut state, "G");
    assert_eq!((selected(&state), state.transcript.follow), (Some((3, 8)), false));
    keys(&mut state, "g");
    assert_eq!(selected(&state), Some((0, 3)));
    keys(&mut state, "v");
    assert_eq!(selected(&state), None);
    keys(&mut state, "zv");
    key(&mut state, KeyCode::Esc);
    assert!(!state.transcript.is_selecting() && state.screen.zoomed, "esc leaves one thing at a time");
}

#[test]
fn without_a_selection_the_entry_at_the_cursor_is_quoted() {
    let mut state = opened(0, turns());
    let effects = keys(&mut state, "gp>");
    let [Effect::CopyPassage { passage, form: Form::Quote }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((passage.text.as_str(), passage.offset), ("second", 50));
    let copy = CopyDone { route: CopyRoute::Tmux, confirmed: true, file: None };
    let done = PassageDone { form: Form::Quote, lines: 3, bytes: 1_234, copy };
    tell(&mut state, Event::Done(Done::Passage(Ok(done))));
    assert_eq!(message(&state), "quote of 3 lines, 1.2 kB · copied through tmux, confirmed");
}

fn place() -> RecordPlace {
    RecordPlace { file: "a.jsonl".into(), offset: 50 }
}

fn raw(hidden: usize) -> RawRecord {
    RawRecord { text: "{\n  \"a\": 1\n}".to_owned(), hidden, bytes: 7, digest: "d1".to_owned() }
}

/// The record of the second prompt, shown with so many secrets hidden.
fn shown(hidden: usize) -> State {
    let mut state = opened(0, turns());
    assert_eq!(keys(&mut state, "gpr"), [Effect::ReadRecord(place())]);
    tell(&mut state, Event::Done(Done::Record(place(), Ok(raw(hidden)))));
    state
}

fn view(state: &State) -> Option<(&str, bool)> {
    match &state.screen.popup {
        Some(Popup::Record(view)) => view.text().map(|text| (text, view.revealed.is_some())),
        _ => None,
    }
}

#[test]
fn the_record_at_the_cursor_is_shown_and_copied() {
    let mut state = shown(0);
    assert_eq!(view(&state), Some(("{\n  \"a\": 1\n}", false)));
    let copied = Effect::Copy { text: raw(0).text, what: "transcript record".to_owned() };
    assert_eq!(keys(&mut state, "y"), [copied]);
    key(&mut state, KeyCode::Esc);
    assert!(state.screen.popup.is_none());
    tell(&mut state, Event::Done(Done::Record(place(), Ok(raw(0)))));
    assert!(state.screen.popup.is_none(), "what comes too late opens nothing");
}

#[test]
fn a_record_that_cannot_be_read_says_why() {
    let mut state = opened(0, turns());
    keys(&mut state, "gpr");
    let fault = Fault::new("reading", "a.jsonl", "gone", "");
    tell(&mut state, Event::Done(Done::Record(place(), Err(fault))));
    assert!(state.screen.popup.is_none() && message(&state).contains("gone"));
}

#[test]
fn nothing_is_revealed_without_a_yes_and_the_journal_and_only_in_this_popup() {
    let mut state = shown(2);
    assert!(control(&mut state, 'r').is_empty());
    assert!(matches!(&state.screen.popup, Some(Popup::Confirm { question: Question::Reveal(..), .. })));
    let effects = keys(&mut state, "y");
    assert_eq!(effects, [Effect::Reveal { place: place(), digest: "d1".to_owned() }]);
    assert_eq!(view(&state), Some((raw(2).text.as_str(), false)), "not before the journal has it");
    tell(&mut state, Event::Done(Done::Revealed(place(), Ok(Revealed::new("open sesame".to_owned())))));
    assert_eq!(view(&state), Some(("open sesame", true)));
    assert!(!format!("{state:?}").contains("sesame"), "no log or report tells it");
    let effects = keys(&mut state, "y");
    assert!(matches!(&effects[..], [Effect::Copy { text, .. }] if *text == raw(2).text), "{effects:?}");
    key(&mut state, KeyCode::Esc);
    keys(&mut state, "r");
    tell(&mut state, Event::Done(Done::Record(place(), Ok(raw(2)))));
    assert_eq!(view(&state), Some((raw(2).text.as_str(), false)), "closing has forgotten it");
}

#[test]
fn a_journal_that_cannot_be_written_reveals_nothing() {
    let mut state = shown(2);
    control(&mut state, 'r');
    keys(&mut state, "y");
    let fault = Fault::new("writing", "journal.jsonl", "no space left", "");
    tell(&mut state, Event::Done(Done::Revealed(place(), Err(fault))));
    assert_eq!(view(&state), Some((raw(2).text.as_str(), false)));
    assert!(message(&state).contains("no space left"));
}

#[test]
fn a_revealed_text_that_comes_after_the_popup_was_closed_is_dropped() {
    let mut state = shown(2);
    control(&mut state, 'r');
    keys(&mut state, "y");
    key(&mut state, KeyCode::Esc);
    tell(&mut state, Event::Done(Done::Revealed(place(), Ok(Revealed::new("open sesame".to_owned())))));
    assert!(state.screen.popup.is_none());
    // Another record, or the same one that was not asked about, does not take it either.
    keys(&mut state, "r");
    tell(&mut state, Event::Done(Done::Revealed(place(), Ok(Revealed::new("open sesame".to_owned())))));
    assert_eq!(view(&state), None);
}

#[test]
fn from_the_pane_the_question_follows_when_the_record_was_read() {
    let mut state = opened(0, turns());
    keys(&mut state, "gp");
    assert_eq!(control(&mut state, 'r'), [Effect::ReadRecord(place())]);
    assert!(keys(&mut state, "y").is_empty(), "there is nothing yet to say yes to");
    tell(&mut state, Event::Done(Done::Record(place(), Ok(raw(1)))));
    let asked = matches!(&state.screen.popup, Some(Popup::Confirm { question: Question::Reveal(_, record), .. }) if record.hidden == 1);
    assert!(asked, "{:?}", state.screen.popup);
    assert!(keys(&mut state, "n").is_empty());
    assert!(state.screen.popup.is_none());
}

#[test]
fn where_nothing_is_hidden_there_is_nothing_to_ask() {
    let mut state = shown(0);
    assert!(control(&mut state, 'r').is_empty());
    assert!(view(&state).is_some());
    assert_eq!(message(&state), "nothing is hidden in this record");
}
