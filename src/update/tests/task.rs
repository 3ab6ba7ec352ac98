//! Changing tasks by keys.

use crossterm::event::KeyCode;

use std::sync::Arc;

use super::{at, key, keys, state, task, tell};
use crate::domain::fault::Fault;
use crate::domain::task::edit::{Change, Edit};
use crate::domain::task::{Criterion, Task, TaskStatus, shared};
use crate::effect::{Effect, TaskChange};
use crate::event::{BoardNews, Done, Event, TaskUndo, TaskWritten};
use crate::state::State;
use crate::state::board::menu::{MenuRow, TaskMenu};
use crate::state::popup::Popup;

fn board(state: &mut State, tasks: Vec<Task>) {
    let tasks = shared(tasks);
    let digests = [("TASKS.md".into(), "before".to_owned())].into();
    let news = BoardNews { tasks, files: vec!["TASKS.md".into()], digests, as_of: at(50), ..BoardNews::default() };
    tell(state, Event::Board(news));
}

fn undo() -> TaskUndo {
    let edit = Edit { range: 3..4, text: " ".to_owned() };
    TaskUndo { file: "TASKS.md".into(), digest: "after".to_owned(), edit, what: "it is done now".to_owned() }
}

#[test]
fn a_status_is_chosen_and_written_for_the_file_that_was_read() {
    let mut state = state();
    board(&mut state, vec![task("T-1", TaskStatus::InProgress)]);
    assert!(keys(&mut state, "1m").is_empty());
    // From top to bottom: review, blocked, todo, done; what it is already is not offered.
    assert!(keys(&mut state, "jjj").is_empty());
    let effects = key(&mut state, KeyCode::Enter);
    let [Effect::ChangeTask(change)] = effects.as_slice() else { panic!("{effects:?}") };
    let TaskChange { digest, task: changed, change } = &**change;
    assert_eq!((digest.as_str(), changed.id.as_str()), ("before", "T-1"));
    assert_eq!(*change, Change::Status(TaskStatus::Done, None));
    assert!(state.screen.popup.is_none());
}

#[test]
fn a_criterion_is_ticked_in_the_same_menu() {
    let mut state = state();
    let criterion = |text: &str, done| Criterion { line: 8, text: text.to_owned(), done };
    let boxes = vec![criterion("a", false), criterion("b", true)];
    board(&mut state, vec![Task { boxes, ..task("T-1", TaskStatus::Todo) }]);
    keys(&mut state, "1mG");
    let effects = keys(&mut state, " ");
    let [Effect::ChangeTask(change)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(change.change, Change::Criterion(1, false));
}

#[test]
fn the_menu_offers_the_words_that_the_boards_own_files_use() {
    let worded =
        |id: &str, raw: &str, status| Task { format: "backlog", raw_status: raw.to_owned(), ..task(id, status) };
    let tasks = shared(vec![
        worded("1", "To Do", TaskStatus::Todo),
        worded("2", "Ready", TaskStatus::Todo),
        worded("3", "Shipped", TaskStatus::Done),
        task("4", TaskStatus::Review),
    ]);
    let rows = TaskMenu::new(Arc::clone(&tasks[0]), &tasks).rows;
    let words = rows.iter().map(|row| match row {
        MenuRow::Status(status, word) => word.clone().unwrap_or_else(|| status.name().to_owned()),
        MenuRow::Criterion(_) => panic!("{row:?}"),
    });
    assert_eq!(words.collect::<Vec<_>>(), ["in-progress", "review", "blocked", "Ready", "Shipped"]);
}

#[test]
fn what_was_written_can_be_taken_back_once() {
    let mut state = state();
    board(&mut state, vec![task("T-1", TaskStatus::InProgress)]);
    keys(&mut state, "1u");
    assert!(state.screen.message.as_ref().unwrap().text.contains("no task was changed"));
    let written = TaskWritten {
        what: "it is done now".to_owned(),
        undo: Some(undo()),
        file: "TASKS.md".into(),
        digest: "after".to_owned(),
    };
    tell(&mut state, Event::Done(Done::Task(Ok(written))));
    assert!(state.screen.message.as_ref().unwrap().text.contains("it is done now"));
    assert_eq!(state.board.digests.values().collect::<Vec<_>>(), ["after"], "the next change needs no new look");
    assert_eq!(keys(&mut state, "u"), [Effect::UndoTask(Box::new(undo()))]);
    assert!(keys(&mut state, "u").is_empty());
}

#[test]
fn what_was_refused_is_said_and_leaves_nothing_to_take_back() {
    let mut state = state();
    let fault = Fault::new("changing", "TASKS.md", "it was changed since it was read", "look again");
    tell(&mut state, Event::Done(Done::Task(Err(fault))));
    assert!(state.screen.message.as_ref().unwrap().text.contains("changed since"));
    assert!(state.board.undos.is_empty());
}

#[test]
fn a_file_that_is_no_text_offers_no_change() {
    let mut state = state();
    let news = BoardNews {
        tasks: shared(vec![task("T-1", TaskStatus::Todo)]),
        files: vec!["TASKS.md".into()],
        as_of: at(50),
        ..BoardNews::default()
    };
    tell(&mut state, Event::Board(news));
    keys(&mut state, "1m");
    assert!(!matches!(state.screen.popup, Some(Popup::Task(_))));
    assert!(state.screen.message.as_ref().unwrap().text.contains("not UTF-8"));
}
