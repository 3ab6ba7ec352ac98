//! The mouse: the loop has found what it is on, here it becomes what a key would have done.

use crate::action::{Action, applies};
use crate::config::layout::PaneKind;
use crate::effect::Effects;
use crate::event::{Mouse, MouseKind, Target};
use crate::state::State;

use super::cursor::{self, Motion};
use super::{act, compose};

/// Takes what the mouse did.
pub fn take(state: &mut State, mouse: Mouse) -> Effects {
    match (mouse.kind, mouse.target) {
        // Decisions are made by keys alone: a click lands too easily.
        (MouseKind::Press, Some(Target::Key(Action::Confirm))) => Effects::new(),
        (MouseKind::Press, Some(Target::Key(action))) if applies(action, state.screen.place()) => {
            act::act(state, action)
        }
        // A popup has the attention: what lies behind it cannot be clicked.
        (MouseKind::Press, _) if state.screen.popup.is_some() || state.screen.composer.is_some() => Effects::new(),
        (MouseKind::Press, Some(Target::Pane(pane))) => {
            state.screen.focus_on(pane);
            Effects::new()
        }
        (MouseKind::Press, Some(Target::Row(pane, row))) => {
            let before = (pane == state.screen.focus && !state.transcript.follow).then_some(state.transcript.cursor);
            state.screen.focus_on(pane);
            let effects = cursor::go(state, pane, Motion::Row(row));
            // A click on the row that has the cursor already folds or unfolds it in a transcript.
            if pane == PaneKind::Transcript && before == Some(state.transcript.cursor) {
                return act::act(state, Action::Fold);
            }
            effects
        }
        (MouseKind::Scroll(lines), _) if state.screen.popup.is_some() => {
            let action = if lines < 0 { Action::Up } else { Action::Down };
            (0..lines.unsigned_abs()).for_each(|_| drop(act::act(state, action)));
            Effects::new()
        }
        (MouseKind::Scroll(lines), _) if state.screen.composer.is_some() => {
            compose::travel(state, lines);
            Effects::new()
        }
        (MouseKind::Scroll(lines), Some(Target::Pane(pane) | Target::Row(pane, _))) => {
            cursor::go(state, pane, Motion::Rows(isize::from(lines)))
        }
        (MouseKind::Press | MouseKind::Scroll(_), _) => Effects::new(),
    }
}
