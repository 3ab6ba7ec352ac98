//! Composing: from the key to the template, from the template to the text, from the text to its file.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{agents, at, key, keys, state, task, tell};
use crate::domain::agent::{AgentId, AgentState};
use crate::domain::brief::Draft;
use crate::domain::brief::check::Checked;
use crate::domain::brief::lint::{Finding, Fix, Rule, Severity};
use crate::domain::brief::template::built_in;
use crate::domain::fault::Fault;
use crate::domain::library::{Item, Shelf};
use crate::domain::task::{TaskStatus, shared};
use crate::effect::{Effect, Effects};
use crate::event::{
    BoardNews, BriefChecked, BriefDone, BriefOffer, CopyDone, CopyRoute, Done, Event, Input, KeptDraft, LibraryNews,
};
use crate::state::State;
use crate::state::composer::{Composer, Page};
use crate::state::popup::{Popup, Question};

fn chord(state: &mut State, modifiers: KeyModifiers, code: KeyCode) -> Effects {
    tell(state, Event::Input(Input::Key(KeyEvent::new(code, modifiers))))
}

fn alt(state: &mut State, c: char) -> Effects {
    chord(state, KeyModifiers::ALT, KeyCode::Char(c))
}

fn save(state: &mut State) -> Effects {
    chord(state, KeyModifiers::CONTROL, KeyCode::Char('s'))
}

fn on_board() -> State {
    let mut state = state();
    let tasks = shared(vec![task("T-1", TaskStatus::Done), task("T-2", TaskStatus::InProgress)]);
    let news = BoardNews { tasks, files: vec!["TASKS.md".into()], as_of: at(50), ..BoardNews::default() };
    tell(&mut state, Event::Board(news));
    agents(&mut state, &[("orchestrator", AgentState::Idle)]);
    state
}

/// The composer on a brief about T-2.
fn composing() -> State {
    let mut state = on_board();
    assert_eq!(keys(&mut state, "1b"), [Effect::OfferBriefs]);
    let effects = key(&mut state, KeyCode::Enter);
    assert!(matches!(effects.as_slice(), [Effect::CheckBrief(request)] if request.generation == 1), "{effects:?}");
    state
}

fn composer(state: &State) -> &Composer {
    state.screen.composer.as_ref().expect("the composer")
}

fn check(state: &mut State, findings: Vec<Finding>) -> Effects {
    let generation = composer(state).generation;
    let checked = Checked { findings, ..Checked::default() };
    tell(state, Event::Done(Done::BriefChecked(Box::new(BriefChecked { generation, checked }))))
}

fn finding(rule: Rule, severity: Severity, line: usize, fix: Option<Fix>) -> Finding {
    Finding { rule, severity, line, message: format!("about line {line}"), fix }
}

fn message(state: &State) -> &str {
    state.screen.message.as_ref().map_or("", |message| message.text.as_str())
}

#[test]
fn the_template_is_filled_with_what_is_selected() {
    let state = composing();
    let composer = composer(&state);
    assert_eq!((composer.task.as_deref(), composer.template.as_str()), (Some("T-2"), "specialist"));
    assert_eq!(composer.agent, Some(AgentId("orchestrator".to_owned())));
    let text = composer.text();
    assert!(text.contains("You are orchestrator.") && text.contains("`TASKS.md:7`"), "{text}");
}

#[test]
fn from_an_agent_it_is_for_that_agent() {
    let mut state = on_board();
    keys(&mut state, "2b");
    let Some(Popup::Brief(menu)) = &state.screen.popup else { panic!("no menu") };
    assert_eq!((menu.subject.task.as_deref(), menu.subject.agent_name.as_deref()), (None, Some("orchestrator")));
    // The first one hands its work on, which its transcript tells of.
    let effects = key(&mut state, KeyCode::Enter);
    assert!(matches!(effects.as_slice(), [Effect::HandOff(_)]), "{effects:?}");
    keys(&mut state, "2bj");
    key(&mut state, KeyCode::Enter);
    assert_eq!(composer(&state).agent, Some(AgentId("orchestrator".to_owned())));
    let mut nobody = super::state();
    keys(&mut nobody, "2b");
    assert!(message(&nobody).starts_with("no agent is selected"));
}

#[test]
fn what_is_typed_is_text_and_is_looked_at_and_kept() {
    let mut state = composing();
    for c in ['q', 'j', ':', '?'] {
        let effects = key(&mut state, KeyCode::Char(c));
        assert!(matches!(effects.as_slice(), [Effect::CheckBrief(_), Effect::KeepDraft(_)]), "{effects:?}");
    }
    assert!(composer(&state).text().starts_with("qj:?# task T-2"), "{}", composer(&state).text());
    assert_eq!(composer(&state).generation, 5);
    let effects = tell(&mut state, Event::Input(Input::Paste("one\r\ntwo\u{1b}[31m".to_owned())));
    let [_, Effect::KeepDraft(kept)] = effects.as_slice() else { panic!("{effects:?}") };
    assert!(kept.draft.text.starts_with("qj:?one\ntwo[31m# task"), "{}", kept.draft.text);
    alt(&mut state, 'z');
    assert!(composer(&state).text().starts_with("qj:?# task"));
    alt(&mut state, 'y');
    assert!(composer(&state).text().starts_with("qj:?one"));
}

#[test]
fn it_is_saved_once_it_was_looked_at_and_the_truth_about_the_copy_is_said() {
    let mut state = composing();
    assert!(save(&mut state).is_empty(), "it is still being looked at");
    let effects = check(&mut state, Vec::new());
    let [Effect::KeepDraftNow(kept), Effect::SaveBrief(save_brief)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((&kept.name, kept.draft.task.as_deref()), (&save_brief.kept, Some("T-2")));
    assert!(save(&mut state).is_empty(), "it is being saved");
    let copy = CopyDone { route: CopyRoute::FileOnly, confirmed: false, file: Some("clipboard.txt".into()) };
    let done = BriefDone {
        file: "0001-x.md".into(),
        text: String::new(),
        pointer: String::new(),
        send: false,
        agent: None,
        copy,
    };
    tell(&mut state, Event::Done(Done::Brief(Ok(Box::new(done)))));
    assert!(state.screen.composer.is_none());
    assert!(message(&state).contains("0001-x.md") && message(&state).contains("not copied"), "{}", message(&state));
}

#[test]
fn a_brief_that_could_not_be_written_stays_in_the_composer() {
    let mut state = composing();
    check(&mut state, Vec::new());
    assert_eq!(save(&mut state).len(), 2);
    tell(&mut state, Event::Done(Done::Brief(Err(Fault::new("writing", "x", "no space", "")))));
    assert!(message(&state).contains("no space"));
    assert_eq!(save(&mut state).len(), 2, "it can be tried again");
}

#[test]
fn a_gap_is_neither_saved_nor_sent_and_the_cursor_goes_there() {
    let mut state = on_board();
    keys(&mut state, "1b");
    let research = built_in().iter().position(|template| template.name == "research").unwrap();
    assert!(research > 0);
    while !matches!(&state.screen.popup, Some(Popup::Brief(menu)) if matches!(&menu.rows[menu.selected],
        crate::state::composer::Beginning::Template(template) if template.name == "research"))
    {
        keys(&mut state, "j");
    }
    key(&mut state, KeyCode::Enter);
    check(&mut state, Vec::new());
    chord(&mut state, KeyModifiers::NONE, KeyCode::Down);
    assert!(save(&mut state).is_empty());
    assert!(message(&state).starts_with("no value is given for research.question"), "{}", message(&state));
    assert_eq!(composer(&state).line(), 0);
    assert!(chord(&mut state, KeyModifiers::ALT, KeyCode::Enter).is_empty());
    assert!(state.screen.composer.is_some() && state.screen.popup.is_none());
}

#[test]
fn errors_want_a_confirmation_whose_default_is_no() {
    let mut state = composing();
    check(&mut state, vec![finding(Rule::MissingFile, Severity::Error, 3, None)]);
    assert!(save(&mut state).is_empty());
    let question = |state: &State| match &state.screen.popup {
        Some(Popup::Confirm { question, .. }) => Some(question.clone()),
        _ => None,
    };
    assert_eq!(question(&state), Some(Question::SaveBrief { send: false, errors: 1 }));
    key(&mut state, KeyCode::Enter);
    assert!(state.screen.popup.is_none() && state.screen.composer.is_some(), "no");
    save(&mut state);
    assert_eq!(keys(&mut state, "y").len(), 2);
}

#[test]
fn findings_are_gone_to_and_put_right() {
    let mut state = composing();
    let fix = Fix { what: "write it".to_owned(), lines: 4..5, with: vec!["right".to_owned(), "more".to_owned()] };
    let found = vec![
        finding(Rule::NoAsk, Severity::Warning, 2, None),
        finding(Rule::MissingFile, Severity::Error, 4, Some(fix)),
    ];
    check(&mut state, found);
    let mut lines = Vec::new();
    for _ in 0..3 {
        alt(&mut state, '.');
        lines.push(composer(&state).line());
    }
    assert_eq!(lines, [2, 4, 2]);
    alt(&mut state, 'x');
    assert!(message(&state).contains("only you"));
    alt(&mut state, ',');
    let before = composer(&state).text();
    let effects = alt(&mut state, 'x');
    assert_eq!(effects.len(), 2);
    let text = composer(&state).text();
    assert_eq!(text.lines().skip(4).take(2).collect::<Vec<_>>(), ["right", "more"]);
    alt(&mut state, 'x');
    assert!(message(&state).contains("still being looked at"), "the text is another than was looked at");
    while composer(&state).text() != before {
        assert!(!alt(&mut state, 'z').is_empty());
    }
}

#[test]
fn leaving_keeps_what_was_written_and_drops_what_was_not() {
    let mut state = composing();
    let effects = key(&mut state, KeyCode::Esc);
    assert!(matches!(effects.as_slice(), [Effect::DropDraft(_)]) && state.screen.composer.is_none());
    let mut state = composing();
    keys(&mut state, "x");
    key(&mut state, KeyCode::Tab);
    assert_eq!(composer(&state).page, Page::Preview);
    key(&mut state, KeyCode::Esc);
    let effects = tell(&mut state, Event::Quit);
    assert!(matches!(effects.as_slice(), [Effect::KeepDraftNow(_), Effect::Quit]), "{effects:?}");
    let effects = key(&mut state, KeyCode::Esc);
    assert!(matches!(effects.as_slice(), [Effect::KeepDraftNow(_)]) && state.screen.composer.is_none());
    assert!(message(&state).contains("b offers it again"));
    assert_eq!(tell(&mut state, Event::Quit), [Effect::Quit]);
}

#[test]
fn a_kept_draft_is_offered_and_goes_on_as_it_was_left() {
    let mut state = on_board();
    keys(&mut state, "1b");
    let draft = Draft {
        template: "review".to_owned(),
        task: Some("T-2".to_owned()),
        agent: Some("orchestrator".to_owned()),
        text: "# Half".to_owned(),
        ..Draft::default()
    };
    let drafts = vec![(KeptDraft { name: "d".to_owned(), draft }, at(10))];
    let offer = BriefOffer { templates: built_in(), drafts, faults: Vec::new() };
    tell(&mut state, Event::Done(Done::BriefOffer(Box::new(offer))));
    key(&mut state, KeyCode::Enter);
    let composer = composer(&state);
    assert_eq!((composer.text().as_str(), composer.kept.as_str(), composer.target), ("# Half", "d", Some(700)));
    assert_eq!(composer.agent, Some(AgentId("orchestrator".to_owned())));
}

#[test]
fn the_draft_is_thrown_away_after_a_confirmation() {
    let mut state = composing();
    keys(&mut state, "x");
    alt(&mut state, 'q');
    key(&mut state, KeyCode::Enter);
    assert!(state.screen.composer.is_some());
    alt(&mut state, 'q');
    let effects = keys(&mut state, "y");
    assert!(matches!(effects.as_slice(), [Effect::DropDraft(_)]) && state.screen.composer.is_none());
}

#[test]
fn a_file_of_the_library_is_taken_in_by_reference_or_quoted() {
    let mut state = composing();
    assert_eq!(alt(&mut state, 'i'), [Effect::ReadLibrary]);
    let item = |path: &str, head: &str| Item::new(path.to_owned(), Shelf::Document, head, 400, None);
    let items = vec![item("docs/a.md", "# A\n"), item("docs/vlan.md", "# VLAN ranges\n")];
    tell(&mut state, Event::Done(Done::Library(Box::new(LibraryNews { items, faults: Vec::new() }))));
    keys(&mut state, "vlan");
    let effects = key(&mut state, KeyCode::Enter);
    assert_eq!(effects.len(), 2);
    assert!(composer(&state).text().contains("\n- Read `docs/vlan.md` (VLAN ranges) when you need it.\n"));
    alt(&mut state, 'i');
    let effects = chord(&mut state, KeyModifiers::ALT, KeyCode::Enter);
    assert_eq!(effects, [Effect::ReadExcerpt("docs/a.md".to_owned())]);
    tell(&mut state, Event::Done(Done::Excerpt("docs/a.md".to_owned(), Ok("# A\n\ntext\n".to_owned()))));
    assert!(composer(&state).text().contains("From `docs/a.md`:\n\n> # A\n>\n> text"), "{}", composer(&state).text());
}

#[test]
fn another_agent_can_be_chosen_and_parts_gone_to() {
    let mut state = composing();
    alt(&mut state, 'a');
    keys(&mut state, "k");
    let effects = key(&mut state, KeyCode::Enter);
    assert!(composer(&state).agent.is_none() && composer(&state).agent_name.is_none());
    assert!(matches!(&effects[0], Effect::CheckBrief(request) if request.aim.agent.is_none()));
    alt(&mut state, 'j');
    alt(&mut state, 'j');
    let line = composer(&state).line();
    assert!(composer(&state).outline.iter().any(|section| section.line == line) && line > 2);
    alt(&mut state, 'k');
    assert!(composer(&state).line() < line);
}

#[test]
fn what_the_editor_leaves_takes_the_place_of_the_text() {
    let mut state = composing();
    let effects = alt(&mut state, 'e');
    let [Effect::EditOutside(text)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(*text, composer(&state).text());
    let same = text.clone();
    assert!(tell(&mut state, Event::Done(Done::Edited(Ok(same)))).is_empty());
    let effects = tell(&mut state, Event::Done(Done::Edited(Ok("# Other\n".to_owned()))));
    assert_eq!((effects.len(), composer(&state).text().as_str()), (2, "# Other\n"));
    tell(&mut state, Event::Done(Done::Edited(Err(Fault::new("editing", "x", "it failed", "")))));
    assert_eq!(composer(&state).text(), "# Other\n");
}
