//! The drift pane: folding, and what is shown of it.

use crate::config::layout::PaneKind;
use crate::domain::transcript::Tone;
use crate::state::State;

use super::cursor;

/// Folds or unfolds what the cursor is on.
pub fn fold(state: &mut State) {
    if state.drift.fold() {
        return;
    }
    let filtered = !state.drift.list.filter.is_empty();
    let why = if filtered { "what the filter finds is always shown" } else { "there is nothing to fold here" };
    state.say(Tone::Info, why);
}

/// Shows only what is wrong, or everything again.
pub fn faults_only(state: &mut State) {
    state.drift.faults_only = !state.drift.faults_only;
    cursor::arrange(state, PaneKind::Drift);
    let hidden = state.drift.hidden;
    let said = match (state.drift.faults_only, hidden) {
        (true, 1) => "only what is wrong: 1 object is hidden".to_owned(),
        (true, hidden) => format!("only what is wrong: {hidden} objects are hidden"),
        (false, _) => "everything is shown".to_owned(),
    };
    state.say(Tone::Info, said);
}
