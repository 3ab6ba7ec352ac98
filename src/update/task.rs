//! Changing tasks: the menu of what can be changed of one, and taking the last change back.

use crate::domain::fault::Fault;
use crate::domain::transcript::Tone;
use crate::effect::{Effect, Effects, TaskChange};
use crate::event::TaskWritten;
use crate::state::State;
use crate::state::board::menu::TaskMenu;
use crate::state::popup::Popup;

use super::cursor::Motion;

/// Changes that can be taken back.
const UNDOS: usize = 100;

/// Opens the menu of the selected task.
pub fn menu(state: &mut State) {
    let Some(task) = state.board.current().cloned() else {
        state.say(Tone::Warning, "no task is selected");
        return;
    };
    if state.board.digests.contains_key(&task.origin.file) {
        state.screen.popup = Some(Popup::Task(Box::new(TaskMenu::new(task, &state.board.tasks))));
    } else {
        let why = format!("{} is not UTF-8 and cannot be written", task.origin.file.display());
        state.say(Tone::Warning, why);
    }
}

/// Moves in the menu.
pub fn travel(menu: &mut TaskMenu, motion: Motion, height: isize) {
    let last = menu.rows.len().saturating_sub(1);
    menu.selected = motion.within(menu.selected, last, height);
}

/// Carries out the selected row.
pub fn choose(state: &mut State) -> Effects {
    let Some(Popup::Task(menu)) = &state.screen.popup else { return Effects::new() };
    let (task, change) = (menu.task.clone(), menu.change());
    let Some(change) = change else { return Effects::new() };
    let Some(digest) = state.board.digests.get(&task.origin.file).cloned() else { return Effects::new() };
    state.screen.popup = None;
    vec![Effect::ChangeTask(Box::new(TaskChange { digest, task, change }))]
}

/// Takes the last change back.
pub fn undo(state: &mut State) -> Effects {
    match state.board.undos.pop() {
        Some(undo) => vec![Effect::UndoTask(Box::new(undo))],
        None => {
            state.say(Tone::Info, "no task was changed here");
            Effects::new()
        }
    }
}

/// A task was changed, or was not.
pub fn done(state: &mut State, done: Result<TaskWritten, Fault>) {
    match done {
        Ok(written) => {
            let more = if written.undo.is_some() { " · u takes it back" } else { "" };
            state.say(Tone::Info, format!("{}{more}", written.what));
            // The next change may come before the file was read again.
            state.board.digests.insert(written.file, written.digest);
            state.board.undos.extend(written.undo);
            let surplus = state.board.undos.len().saturating_sub(UNDOS);
            state.board.undos.drain(..surplus);
        }
        Err(fault) => state.complain(&fault),
    }
}
