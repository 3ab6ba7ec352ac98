//! The board's columns, links and checks by keys.

use crossterm::event::KeyCode;

use super::{agents, at, key, keys, state, task, tell};
use crate::config::layout::PaneKind;
use crate::config::session::CheckSpec;
use crate::domain::agent::AgentState;
use crate::domain::check::{CheckEnd, CheckRun};
use crate::domain::link::{BriefNote, End, Mention, Reason};
use crate::domain::task::{Task, TaskStatus, shared};
use crate::effect::Effect;
use crate::event::{AgentsNews, BoardNews, CheckChange, CheckNews, Done, Event, PastNews, Viewports};
use crate::state::State;
use crate::state::board::detail::TaskView;
use crate::state::popup::{Popup, Scroll};
use jiff::SignedDuration;

fn board(state: &mut State, tasks: Vec<Task>) {
    let tasks = shared(tasks);
    tell(
        state,
        Event::Board(BoardNews { tasks, files: vec!["TASKS.md".into()], as_of: at(50), ..BoardNews::default() }),
    );
}

fn wide(state: &mut State) {
    tell(state, Event::Drawn(Viewports { panes: vec![(PaneKind::Board, (150, 20))], popup: (100, 20) }));
}

fn current(state: &State) -> &str {
    state.board.current().map_or("none", |task| task.id.as_str())
}

#[test]
fn arrows_walk_across_the_columns_of_a_wide_board_and_a_fold_is_one_of_them() {
    let mut state = state();
    wide(&mut state);
    board(
        &mut state,
        vec![
            task("T-1", TaskStatus::Todo),
            task("T-2", TaskStatus::Todo),
            task("T-3", TaskStatus::InProgress),
            task("T-4", TaskStatus::Done),
        ],
    );
    keys(&mut state, "1");
    assert_eq!(current(&state), "T-3", "what is being worked on comes first");
    key(&mut state, KeyCode::Left);
    assert_eq!(current(&state), "T-1");
    keys(&mut state, "j");
    assert_eq!(current(&state), "T-2");
    key(&mut state, KeyCode::Right);
    assert_eq!(current(&state), "T-3");
    keys(&mut state, " ");
    assert_eq!(current(&state), "none", "the cursor is on the folded column");
    keys(&mut state, "l");
    assert_eq!(current(&state), "T-4");
    keys(&mut state, "hh");
    assert!(["T-1", "T-2"].contains(&current(&state)));
    keys(&mut state, "l ");
    assert_eq!(state.board.list.rows.len(), 7, "and unfolds it again");
}

#[test]
fn a_narrow_board_says_where_its_columns_are() {
    let mut state = state();
    board(&mut state, vec![task("T-1", TaskStatus::Todo)]);
    keys(&mut state, "1l");
    assert!(state.screen.message.as_ref().is_some_and(|message| message.text.contains("120")));
}

#[test]
fn a_link_of_a_task_is_followed_to_its_agent() {
    let mut state = state();
    agents(&mut state, &[("sync", AgentState::Working), ("other", AgentState::Waiting)]);
    let assigned = Task { assignee: Some("sync".to_owned()), ..task("T-1", TaskStatus::InProgress) };
    let waits = Task { depends_on: vec!["T-1".to_owned()], ..task("T-2", TaskStatus::Todo) };
    board(&mut state, vec![assigned, waits]);
    let links = state.linked.links.of_task("T-1");
    assert!(matches!(links, [link] if link.reason == Reason::Assigned && link.source == "TASKS.md:7"), "{links:?}");
    keys(&mut state, "1");
    key(&mut state, KeyCode::Enter);
    let Some(Popup::TaskDetail(view)) = &state.screen.popup else { panic!("{:?}", state.screen.popup) };
    let rows = view.rows(&state, 80);
    assert!(rows.iter().any(|row| row.label == "blocks" && row.note.contains("T-2")), "{rows:?}");
    // The first link is the task that waits, the second its agent.
    key(&mut state, KeyCode::Tab);
    key(&mut state, KeyCode::Enter);
    assert!(matches!(&state.screen.popup, Some(Popup::TaskDetail(view)) if view.task == "T-2"));
    key(&mut state, KeyCode::Esc);
    assert!(state.board.reveal("T-1"));
    key(&mut state, KeyCode::Enter);
    key(&mut state, KeyCode::Tab);
    key(&mut state, KeyCode::Tab);
    key(&mut state, KeyCode::Enter);
    assert!(state.screen.popup.is_none());
    assert_eq!(state.screen.focus, PaneKind::Agents);
    assert_eq!(state.agents.current().map(|agent| agent.name.as_str()), Some("sync"));
    keys(&mut state, "/task:t-1");
    assert_eq!(state.agents.list.rows.len(), 1, "the agents of one task");
}

#[test]
fn briefs_that_the_journal_tells_of_are_linked() {
    let mut state = state();
    board(&mut state, vec![task("T-1", TaskStatus::Todo)]);
    let brief = BriefNote { file: "/w/briefs/0001-a.md".into(), task: Some("T-1".to_owned()), agent: None };
    tell(&mut state, Event::Past(Box::new(PastNews { briefs: vec![brief.clone()], ..PastNews::default() })));
    assert_eq!(state.linked.links.of_task("T-1")[0].to, End::Brief(brief.file));
    assert_eq!(state.board.marks[0].briefs, 1);
}

fn run(end: CheckEnd, seconds: i64) -> CheckRun {
    CheckRun {
        name: "tests".to_owned(),
        run: "cargo test".to_owned(),
        end,
        at: at(seconds),
        took: SignedDuration::from_secs(3),
        head: None,
        dirty: false,
        digest: "d".to_owned(),
        file: "evidence/check.txt".to_owned(),
    }
}

fn news(state: &mut State, change: CheckChange) {
    tell(state, Event::Check(CheckNews { name: "tests".to_owned(), change }));
}

#[test]
fn a_check_runs_on_a_key_alone_and_once_at_a_time() {
    let mut state = state();
    keys(&mut state, "1c");
    assert!(state.screen.popup.is_none(), "there is none");
    state.checks.specs = vec![CheckSpec { name: "tests".to_owned(), run: "cargo test".to_owned() }];
    assert!(keys(&mut state, "c").is_empty(), "opening the list runs nothing");
    let effects = key(&mut state, KeyCode::Enter);
    assert!(matches!(effects.as_slice(), [Effect::RunCheck(request)] if request.run == "cargo test"), "{effects:?}");
    assert!(key(&mut state, KeyCode::Enter).is_empty(), "it runs already");
    news(&mut state, CheckChange::Running { line: "12 passed".to_owned(), bytes: 9 });
    assert_eq!(state.checks.running["tests"].line, "12 passed");
    assert_eq!(keys(&mut state, "x"), [Effect::StopCheck("tests".to_owned())]);
    news(&mut state, CheckChange::Ended(Box::new(run(CheckEnd::Cancelled, 60))));
    assert!(state.checks.running.is_empty());
    let effects = keys(&mut state, "o");
    assert!(
        matches!(effects.as_slice(), [Effect::ReadCheck { file, .. }] if file == "evidence/check.txt"),
        "{effects:?}"
    );
    tell(&mut state, Event::Done(Done::CheckOutput("tests".to_owned(), Ok("one\ntwo\n".to_owned()))));
    assert!(matches!(&state.screen.popup, Some(Popup::Detail { lines, .. }) if lines.len() == 2));
}

#[test]
fn a_prompt_of_a_transcript_that_was_never_opened_is_a_link_that_says_where() {
    let mut state = state();
    board(&mut state, vec![task("T-1", TaskStatus::InProgress), task("T-12", TaskStatus::Todo)]);
    let one = super::agent("a", AgentState::Idle);
    let (agent, source) = (one.id.clone(), "a.jsonl, prompt of 2026-11-20T10:00:00Z".to_owned());
    let mention = Mention { agent: agent.clone(), text: "T-12".to_owned(), source: source.clone() };
    let news = |mentions| AgentsNews { agents: vec![one.clone()], mentions, as_of: at(50), ..AgentsNews::default() };
    tell(&mut state, Event::Agents(news(Vec::new())));
    assert!(state.linked.links.of_task("T-12").is_empty());
    tell(&mut state, Event::Agents(news(vec![mention])));
    let [link] = state.linked.links.of_task("T-12") else { panic!("{:?}", state.linked.links) };
    assert_eq!((&link.to, link.reason, &link.source), (&End::Agent(agent.clone()), Reason::Prompt, &source));
    assert!(state.linked.links.of_task("T-1").is_empty());
    assert_eq!(state.agents.tasks[&agent], ["T-12"]);
    let view = TaskView { task: "T-12".to_owned(), link: None, scroll: Scroll::default() };
    let said = format!("a prompt names it ({source})");
    assert!(view.rows(&state, 80).iter().any(|row| row.label == "agent" && row.note == said));
}

#[test]
fn the_journal_restores_the_latest_run_unless_a_newer_one_is_known() {
    let mut state = state();
    let past = |run| Event::Past(Box::new(PastNews { checks: vec![run], ..PastNews::default() }));
    tell(&mut state, past(run(CheckEnd::Exit(1), 10)));
    assert_eq!(state.checks.latest["tests"].end, CheckEnd::Exit(1));
    news(&mut state, CheckChange::Ended(Box::new(run(CheckEnd::Exit(0), 20))));
    tell(&mut state, past(run(CheckEnd::Exit(1), 10)));
    assert!(state.checks.latest["tests"].passed());
}

#[test]
fn the_journal_is_filtered_as_one_types_and_escape_takes_the_filter_back_first() {
    let mut state = state();
    keys(&mut state, "@");
    let lines = vec![
        "1970-01-01 00:00:00Z gate      title: push".to_owned(),
        "1970-01-01 00:00:01Z copy      what: x".to_owned(),
    ];
    tell(&mut state, Event::Done(Done::Journal(Ok(lines))));
    keys(&mut state, "/kind:gate");
    assert!(
        matches!(&state.screen.popup, Some(Popup::Journal { filter, typing: Some(_), .. }) if filter == "kind:gate")
    );
    key(&mut state, KeyCode::Enter);
    assert!(matches!(&state.screen.popup, Some(Popup::Journal { filter, typing: None, .. }) if filter == "kind:gate"));
    keys(&mut state, "/");
    key(&mut state, KeyCode::Esc);
    assert!(matches!(&state.screen.popup, Some(Popup::Journal { filter, .. }) if filter.is_empty()));
    key(&mut state, KeyCode::Esc);
    assert!(state.screen.popup.is_none());
}
