//! Keys become actions here and nowhere else; only text fields take the keys that are left.

use crokey::KeyCombination;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::action::{Action, applies};
use crate::domain::gate::Decision;
use crate::domain::transcript::Tone;
use crate::effect::Effects;
use crate::state::State;
use crate::state::input::LineInput;
use crate::state::popup::{Popup, Question};

use super::cursor::Motion;
use super::{act, compose, cursor, decide, guard, review, search, signals, task};

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
pub fn paste(state: &mut State, text: &str) -> Effects {
    if state.screen.place().composer {
        return compose::paste(state, text);
    }
    let Some(input) = field(state) else { return Effects::new() };
    input.paste(text);
    typed(state)
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
        Some(Popup::Palette { input, .. } | Popup::Reason { input, .. } | Popup::SignOffReason { input, .. }) => {
            Some(input)
        }
        Some(Popup::Word(typed)) => Some(&mut typed.input),
        Some(Popup::Search) => Some(&mut state.search.input),
        Some(Popup::Library(pick)) => Some(&mut pick.input),
        Some(Popup::Journal { typing, .. }) => typing.as_mut(),
        Some(_) => None,
        None => state.screen.filter.as_mut(),
    }
}

fn type_into(state: &mut State, key: KeyEvent) -> Effects {
    if state.screen.place().composer {
        return compose::press(state, key);
    }
    match (key.code, &mut state.screen.popup) {
        (KeyCode::Enter, Some(Popup::Palette { .. })) => return act::run_palette(state),
        (KeyCode::Enter, Some(Popup::Reason { gate, input })) => {
            let reason = input.text().trim().to_owned();
            if reason.is_empty() {
                state.say(Tone::Warning, "a rejection needs a reason: the agent reads it");
                return Effects::new();
            }
            let decision = Decision { approved: false, reason, ..Decision::default() };
            let question = Question::Decide(gate.clone(), decision);
            decide::ask(state, question);
            return Effects::new();
        }
        (KeyCode::Enter, Some(Popup::SignOffReason { sign_off, input })) => {
            let (sign_off, reason) = (sign_off.clone(), input.text().trim().to_owned());
            review::reason_given(state, sign_off, &reason);
            return Effects::new();
        }
        (KeyCode::Enter | KeyCode::Char(' '), Some(Popup::Task(_))) => return task::choose(state),
        (KeyCode::Enter, Some(Popup::Signals(_))) => return signals::go(state),
        (KeyCode::Enter | KeyCode::Char(' '), Some(Popup::Correct(_))) => return signals::draft(state),
        (KeyCode::Enter, Some(Popup::Word(_))) => return guard::typed(state),
        (KeyCode::Enter, Some(Popup::Answer(_))) => return guard::answered(state),
        (KeyCode::Char(' '), Some(Popup::Answer(view))) => {
            view.toggle();
            return Effects::new();
        }
        (KeyCode::Enter | KeyCode::Char(' '), Some(Popup::Brief(_))) => return compose::choose(state),
        (KeyCode::Enter | KeyCode::Char(' '), Some(Popup::Agent(_))) => return compose::choose_agent(state),
        (KeyCode::Enter, Some(Popup::Library(_))) => {
            let quoted = key.modifiers.intersects(KeyModifiers::ALT | KeyModifiers::CONTROL);
            return compose::library_key(state, quoted);
        }
        (KeyCode::Enter, Some(Popup::Journal { typing, .. })) => {
            *typing = None;
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
        (KeyCode::Enter, Some(Popup::Search)) => return search::choose(state),
        // The pattern stays from one search to the next, and goes at once when it is another.
        (KeyCode::Char('u'), Some(Popup::Search)) if key.modifiers.contains(KeyModifiers::CONTROL) => {
            state.search.input = LineInput::default();
            return typed(state);
        }
        (_, Some(Popup::Search)) => {
            if let Some(motion) = motion(key) {
                search::travel(state, motion);
                return Effects::new();
            }
        }
        (_, Some(Popup::Library(_))) => {
            if let Some(motion) = motion(key) {
                compose::travel_library(state, motion);
                return Effects::new();
            }
        }
        _ => {}
    }
    if field(state).is_some_and(|input| input.key(key)) { typed(state) } else { Effects::new() }
}

/// Where a key goes in the rows below a text field; the keys that move in the field stay the field's own.
fn motion(key: KeyEvent) -> Option<Motion> {
    Some(match key.code {
        KeyCode::Up => Motion::Rows(-1),
        KeyCode::Down => Motion::Rows(1),
        KeyCode::PageUp => Motion::Pages(-1),
        KeyCode::PageDown => Motion::Pages(1),
        _ => return None,
    })
}

/// The text of the open field has changed.
fn typed(state: &mut State) -> Effects {
    match &mut state.screen.popup {
        Some(Popup::Palette { selected, .. }) => *selected = 0,
        Some(Popup::Search) => return search::typed(state),
        Some(Popup::Library(_)) => compose::library_typed(state),
        Some(Popup::Journal { typing: Some(input), filter, scroll, .. }) => {
            input.text().clone_into(filter);
            // The newest records stand at the end.
            scroll.0 = usize::MAX / 2;
        }
        _ => {}
    }
    if let (None, Some(input)) = (&state.screen.popup, &state.screen.filter) {
        let text = input.text().to_owned();
        cursor::filter(state, text);
    }
    Effects::new()
}
