//! Keys become actions here and nowhere else; only text fields take the keys that are left.

use crokey::KeyCombination;
use crossterm::event::{KeyCode, KeyEvent};

use crate::action::{Action, applies};
use crate::domain::gate::Decision;
use crate::domain::transcript::Tone;
use crate::effect::Effects;
use crate::state::State;
use crate::state::input::LineInput;
use crate::state::popup::{Popup, Question};

use super::{act, cursor, decide};

/// Takes a key press.
pub fn press(state: &mut State, key: KeyEvent) -> Effects {
    state.screen.message = None;
    if let Some(action) = action(state, key) {
        return act::act(state, action);
    }
    if matches!(state.screen.popup, Some(Popup::Confirm { .. })) {
        // The default of a confirmation is no, and every key but its own means the default.
        state.screen.popup = None;
        state.say(Tone::Info, "nothing was done");
        return Effects::new();
    }
    type_into(state, key)
}

/// Takes pasted text: into the text field that is open, else nowhere. Never as keys.
pub fn paste(state: &mut State, text: &str) {
    if let Some(input) = field(state) {
        input.paste(text);
        typed(state);
    }
}

/// The action that a key stands for where the operator is now.
fn action(state: &State, key: KeyEvent) -> Option<Action> {
    let here = state.screen.place();
    let key = KeyCombination::from(key);
    state.screen.keymap.actions(key).find(|action| applies(*action, here))
}

/// The text field that is open.
fn field(state: &mut State) -> Option<&mut LineInput> {
    match &mut state.screen.popup {
        Some(Popup::Palette { input, .. } | Popup::Reason { input, .. }) => Some(input),
        Some(_) => None,
        None => state.screen.filter.as_mut(),
    }
}

fn type_into(state: &mut State, key: KeyEvent) -> Effects {
    match (key.code, &mut state.screen.popup) {
        (KeyCode::Enter, Some(Popup::Palette { .. })) => return act::run_palette(state),
        (KeyCode::Enter, Some(Popup::Reason { gate, input })) => {
            let reason = input.text().trim().to_owned();
            if reason.is_empty() {
                state.say(Tone::Warning, "a rejection needs a reason: the agent reads it");
                return Effects::new();
            }
            let decision = Decision { approved: false, reason };
            let question = Question::Decide(gate.clone(), decision);
            decide::ask(state, question);
            return Effects::new();
        }
        (KeyCode::Enter, None) => {
            state.screen.filter = None;
            return Effects::new();
        }
        (KeyCode::Up, Some(Popup::Palette { selected, .. })) => {
            *selected = selected.saturating_sub(1);
            return Effects::new();
        }
        (KeyCode::Down, Some(Popup::Palette { selected, .. })) => {
            *selected += 1;
            return Effects::new();
        }
        _ => {}
    }
    if field(state).is_some_and(|input| input.key(key)) {
        typed(state);
    }
    Effects::new()
}

/// The text of the open field has changed.
fn typed(state: &mut State) {
    if let Some(Popup::Palette { selected, .. }) = &mut state.screen.popup {
        *selected = 0;
        return;
    }
    if let (None, Some(input)) = (&state.screen.popup, &state.screen.filter) {
        let text = input.text().to_owned();
        cursor::filter(state, text);
    }
}
