//! Review, sign-off and retry, by keys.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde_json::json;

use super::{agent, at, key, keys, state, tell};
use crate::config::layout::PaneKind;
use crate::config::session::CheckSpec;
use crate::domain::agent::{AgentId, AgentState};
use crate::domain::attention::Subject as NeedSubject;
use crate::domain::brief::check::Checked;
use crate::domain::evidence::known::Gathered;
use crate::domain::evidence::{FileFact, Grade, InGit, Overall, Told};
use crate::domain::fault::Fault;
use crate::domain::sign_off::{SignOff, Standing};
use crate::domain::task::{Criteria, Origin, Task, TaskStatus, shared};
use crate::domain::transcript::claude::Claude;
use crate::domain::transcript::format::Format;
use crate::domain::work::Work;
use crate::effect::{Effect, Effects, Retry};
use crate::event::{
    AgentsNews, BoardNews, BriefChecked, BriefDone, BriefOffer, CopyDone, CopyRoute, Done, Event, Input, SourceId,
};
use crate::state::State;
use crate::state::board::detail::DetailRow;
use crate::state::popup::{Popup, Question};

const CODE: &str = "/p/badge.py";

fn task() -> Task {
    Task {
        id: "T-1".to_owned(),
        title: "T-1 Badge".to_owned(),
        status: TaskStatus::Done,
        raw_status: "✅".to_owned(),
        origin: Origin { file: PathBuf::from("/p/TASKS.md"), line: 1 },
        format: "emoji",
        section: None,
        assignee: Some("a".to_owned()),
        depends_on: Vec::new(),
        criteria: Criteria::default(),
        boxes: Vec::new(),
        body: String::new(),
        project: None,
    }
}

/// What an agent did: an edit, perhaps tests, and its claim.
fn told(tests: bool) -> Told {
    let call = |id: &str, tool: &str, input: serde_json::Value| json!({"type": "assistant", "message": {"content": [{"type": "tool_use", "id": id, "name": tool, "input": input}]}});
    let result = |id: &str| json!({"type": "user", "message": {"content": [{"type": "tool_result", "tool_use_id": id, "content": "3 passed"}]}});
    let mut records = vec![
        json!({"type": "user", "message": {"content": "Do T-1"}}),
        call("e", "Edit", json!({"file_path": CODE, "old_string": "a", "new_string": "b"})),
        result("e"),
    ];
    if tests {
        records.extend([call("t", "Bash", json!({"command": "pytest"})), result("t")]);
    }
    records.push(json!({"type": "assistant", "message": {"content": [{"type": "text", "text": "T-1 is complete. All tests pass."}]}}));
    let mut work = Work::default();
    for (record, line) in records.iter().zip(1_u64..) {
        Claude.entries(line * 100, record.to_string().as_bytes()).iter().for_each(|entry| work.take(line, entry));
    }
    Told::of(work)
}

fn gathered(tests: bool, digest: &str) -> Event {
    let path = PathBuf::from(CODE);
    let fact = FileFact {
        path: path.clone(),
        exists: true,
        modified: Some(at(0)),
        digest: Some(digest.to_owned()),
        git: InGit::Committed,
    };
    Event::Evidence(Arc::new(Gathered {
        told: BTreeMap::from([(AgentId("a".to_owned()), Arc::new(told(tests)))]),
        files: BTreeMap::from([(path, fact)]),
        commits: Vec::new(),
    }))
}

/// A task that is said to be done, of whose evidence nobody has told yet.
fn asked() -> State {
    let mut state = state();
    let agents = vec![agent("a", AgentState::Idle)];
    let mut effects = tell(&mut state, Event::Agents(AgentsNews { agents, as_of: at(0), ..AgentsNews::default() }));
    let news = BoardNews {
        tasks: shared(vec![task()]),
        files: vec!["/p/TASKS.md".into()],
        as_of: at(0),
        ..BoardNews::default()
    };
    effects.extend(tell(&mut state, Event::Board(news)));
    let asks = |effect: &Effect| matches!(effect, Effect::LookAtEvidence(request) if request.agents.len() == 1);
    assert!(effects.iter().any(asks), "{effects:?}");
    state
}

fn reviewed(tests: bool) -> State {
    let mut state = asked();
    tell(&mut state, gathered(tests, "d1"));
    keys(&mut state, "1");
    state
}

/// The rows of the task's details.
fn details(state: &State) -> Vec<DetailRow> {
    let Some(Popup::TaskDetail(view)) = &state.screen.popup else { panic!("{:?}", state.screen.popup) };
    view.rows(state, 100)
}

#[test]
fn the_details_of_a_task_show_its_evidence_and_lead_to_its_sources() {
    let mut state = asked();
    keys(&mut state, "1");
    key(&mut state, KeyCode::Enter);
    assert!(details(&state).iter().any(|row| row.label == "evidence" && row.value == "not looked at yet"));
    tell(&mut state, gathered(false, "d1"));
    let rows = details(&state);
    let of = |label: &str| rows.iter().find(|row| row.label == label).unwrap_or_else(|| panic!("{label} in {rows:?}"));
    assert_eq!((of("grade").value.as_str(), of("grade").warns), ("claimed", true));
    assert_eq!(of("grade").note, "contradicted: tests, no test command was run");
    let evidence = of("evidence");
    assert_eq!((evidence.value.as_str(), evidence.warns), ("contradicted tests *: no test command was run", true));
    assert!(evidence.note.ends_with(":2"), "{}", evidence.note);
    // The first link is the agent's.
    key(&mut state, KeyCode::Tab);
    key(&mut state, KeyCode::Tab);
    key(&mut state, KeyCode::Enter);
    assert!(state.screen.popup.is_none());
    assert_eq!(state.screen.focus, PaneKind::Transcript);
}

fn signed(state: &mut State) -> SignOff {
    match key(state, KeyCode::Char('y')).as_slice() {
        [Effect::SignOff(sign_off)] => (**sign_off).clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_false_claim_is_contradicted_and_sent_back_with_its_rows() {
    let mut state = reviewed(false);
    assert_eq!(state.review.tasks["T-1"].overall(), Overall::Contradicted);
    keys(&mut state, "8");
    assert_eq!(state.screen.focus, PaneKind::Review);
    keys(&mut state, "r");
    let composer = state.screen.composer.as_ref().unwrap();
    let agent = composer.agent.as_ref().map(|agent| agent.0.as_str());
    assert_eq!((composer.task.as_deref(), agent), (Some("T-1"), Some("a")));
    let text = composer.text();
    assert!(composer.sent_back[0].contains("no test command was run"), "{:?}", composer.sent_back);
    for words in ["All tests pass.", "no test command was run", "- [ ] the tests ran after the last edit"] {
        assert!(text.contains(words), "{words} is not in {text}");
    }
}

/// Saves what the composer holds: the work that is sent back with it.
fn saved(state: &mut State) -> Option<Retry> {
    let generation = state.screen.composer.as_ref().unwrap().generation;
    let news = BriefChecked { generation, checked: Checked::default() };
    tell(state, Event::Done(Done::BriefChecked(Box::new(news))));
    let effects = tell(state, Event::Input(Input::Key(KeyEvent::new(KeyCode::Char('s'), KeyModifiers::CONTROL))));
    let retry = effects.iter().find_map(|effect| match effect {
        Effect::SaveBrief(save) => Some(save.retry.clone()),
        _ => None,
    });
    retry.unwrap_or_else(|| panic!("{effects:?}"))
}

fn written(state: &mut State) -> Effects {
    let copy = CopyDone { route: CopyRoute::FileOnly, confirmed: false, file: None };
    let (file, text, pointer) = ("0001-x.md".into(), String::new(), String::new());
    let done = BriefDone { file, text, pointer, send: false, agent: None, copy };
    tell(state, Event::Done(Done::Brief(Ok(Box::new(done)))))
}

#[test]
fn work_is_sent_back_when_its_brief_is_saved_and_once() {
    let mut state = reviewed(false);
    let opened = keys(&mut state, "8r");
    assert!(matches!(opened.last(), Some(Effect::CheckBrief(_))), "{opened:?}");
    let retry = saved(&mut state).unwrap();
    assert_eq!((retry.task.as_str(), retry.attempt), ("T-1", 1));
    assert!(retry.failed[0].contains("no test command was run"), "{:?}", retry.failed);
    // It could not be written: nothing was sent back, and the next try is the same attempt.
    tell(&mut state, Event::Done(Done::Brief(Err(Fault::new("writing", "x", "no space", "")))));
    assert_eq!(saved(&mut state).as_ref(), Some(&retry));
    tell(&mut state, Event::Done(Done::SentBack(Ok((retry.task, retry.failed)))));
    assert!(written(&mut state).contains(&Effect::ReadPast));
    keys(&mut state, "r");
    let text = state.screen.composer.as_ref().unwrap().text();
    assert!(text.starts_with("# Retry 2: ") && text.contains("- attempt 1: sent back, tests: "), "{text}");
    assert_eq!(saved(&mut state).unwrap().attempt, 2);
}

#[test]
fn a_retry_that_is_thrown_away_was_never_sent() {
    let mut state = reviewed(false);
    let mut effects = keys(&mut state, "8r");
    effects.extend(tell(&mut state, Event::Input(Input::Key(KeyEvent::new(KeyCode::Char('q'), KeyModifiers::ALT)))));
    effects.extend(keys(&mut state, "y"));
    assert!(matches!(effects.last(), Some(Effect::DropDraft(_))), "{effects:?}");
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::SaveBrief(_))), "{effects:?}");
    keys(&mut state, "r");
    assert_eq!(saved(&mut state).unwrap().attempt, 1);
}

#[test]
fn a_retry_that_was_kept_is_sent_back_when_it_is_saved_later() {
    let mut state = reviewed(false);
    keys(&mut state, "8r");
    let effects = key(&mut state, KeyCode::Esc);
    let [Effect::KeepDraftNow(kept)] = effects.as_slice() else { panic!("{effects:?}") };
    // Another one was sent meanwhile.
    tell(&mut state, Event::Done(Done::SentBack(Ok(("T-1".to_owned(), vec!["tests: none".to_owned()])))));
    keys(&mut state, "1b");
    let offer = BriefOffer { drafts: vec![((**kept).clone(), at(10))], ..BriefOffer::default() };
    tell(&mut state, Event::Done(Done::BriefOffer(Box::new(offer))));
    key(&mut state, KeyCode::Enter);
    let retry = saved(&mut state).unwrap();
    assert_eq!((retry.attempt, &retry.failed), (2, &kept.draft.sent_back));
}

#[test]
fn a_true_claim_is_signed_off_and_a_later_edit_supersedes_it() {
    let mut state = reviewed(true);
    assert_eq!(
        (state.review.tasks["T-1"].grade, state.review.tasks["T-1"].overall()),
        (Grade::Observed, Overall::Holds)
    );
    keys(&mut state, "s");
    assert!(matches!(&state.screen.popup, Some(Popup::Confirm { question: Question::SignOff(_), .. })));
    let sign_off = signed(&mut state);
    assert_eq!((sign_off.task.as_str(), sign_off.reason.as_deref()), ("T-1", None));
    tell(&mut state, Event::Done(Done::SignedOff(Ok(Box::new(sign_off)))));
    assert!(matches!(state.review.standing["T-1"], Standing::Signed(_)));
    assert!(state.attention.needs.is_empty());
    tell(&mut state, gathered(true, "d2"));
    assert!(
        matches!(&state.review.standing["T-1"], Standing::Superseded(_, why) if why == "badge.py was changed after it")
    );
    assert_eq!(state.attention.needs[0].subject, NeedSubject::Task("T-1".to_owned()));
    keys(&mut state, "n");
    key(&mut state, KeyCode::Enter);
    assert_eq!(state.screen.focus, PaneKind::Review);
}

#[test]
fn what_is_short_is_signed_off_only_with_a_reason_and_a_confirmation() {
    let mut state = reviewed(false);
    keys(&mut state, "s");
    assert!(matches!(state.screen.popup, Some(Popup::SignOffReason { .. })));
    key(&mut state, KeyCode::Enter);
    assert!(matches!(state.screen.popup, Some(Popup::SignOffReason { .. })), "without a reason nothing goes on");
    keys(&mut state, "seen by hand");
    key(&mut state, KeyCode::Enter);
    let effects = keys(&mut state, "n");
    assert!(effects.is_empty() && state.screen.popup.is_none(), "the default is no");
    keys(&mut state, "s");
    keys(&mut state, "seen by hand");
    key(&mut state, KeyCode::Enter);
    assert_eq!(signed(&mut state).reason.as_deref(), Some("seen by hand"));
}

#[test]
fn what_changed_while_it_was_asked_is_not_signed_off() {
    let mut state = reviewed(true);
    keys(&mut state, "s");
    tell(&mut state, gathered(true, "d2"));
    assert!(key(&mut state, KeyCode::Char('y')).is_empty());
    let said = &state.screen.message.as_ref().unwrap().text;
    assert!(said.contains("has changed meanwhile (its files)"), "{said}");
}

#[test]
fn a_row_leads_to_where_it_stands() {
    let mut state = reviewed(true);
    keys(&mut state, "8");
    let row = state
        .review
        .list
        .rows
        .iter()
        .position(|row| state.review.shown(*row).is_some_and(|shown| shown.kind.name() == "tests"));
    state.review.list.selected = row.unwrap();
    key(&mut state, KeyCode::Enter);
    assert_eq!(state.screen.focus, PaneKind::Transcript);
    assert_eq!(state.transcript.agent, Some(AgentId("a".to_owned())));
    keys(&mut state, "8");
    tell(&mut state, Event::Input(Input::Key(KeyEvent::new(KeyCode::Char('C'), KeyModifiers::SHIFT))));
    assert_eq!(state.screen.focus, PaneKind::Transcript, "and its claim to where it was made");
}

#[test]
fn the_checks_are_listed_from_the_review_as_from_the_board() {
    let mut state = reviewed(true);
    state.checks.specs = vec![CheckSpec { name: "tests".to_owned(), run: "true".to_owned() }];
    for pane in ["1", "8"] {
        keys(&mut state, pane);
        keys(&mut state, "c");
        assert!(matches!(state.screen.popup, Some(Popup::Checks { selected: 0 })), "{pane}");
        key(&mut state, KeyCode::Esc);
    }
}

#[test]
fn nothing_is_asked_again_while_nothing_changes() {
    let mut state = reviewed(true);
    let asks = |effects: &[Effect]| effects.iter().any(|effect| matches!(effect, Effect::LookAtEvidence(_)));
    assert!(!asks(&keys(&mut state, "jjkk")));
    let mut more = agent("a", AgentState::Idle);
    more.size = 5_000;
    let news = AgentsNews { agents: vec![more], as_of: at(0), ..AgentsNews::default() };
    assert!(asks(&tell(&mut state, Event::Agents(news))), "its transcript has grown");
    assert!(state.sources[&SourceId::Evidence].as_of.is_some());
}
