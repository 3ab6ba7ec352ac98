//! Deciding: from the key to the confirmation to the effect, always about exactly the gate that was shown.

use crate::domain::attention::Subject;
use crate::domain::fault::Fault;
use crate::domain::gate::{Decision, Gate, GateId, GateState};
use crate::domain::transcript::Tone;
use crate::effect::{Effect, Effects};
use crate::state::State;
use crate::state::popup::{Popup, Question, Scroll};

use super::{attention, compose, guard, review, transcript};

/// Opens the first popup of a decision about the selected gate, or says why there is none.
pub fn begin(state: &mut State, popup: impl FnOnce(Box<Gate>) -> Popup) {
    if guard::too_early(state) {
        return;
    }
    match selected(state).cloned() {
        Some(_) if guard::is_viewer(state) => {}
        Some(gate) if guard::descends_from(state, &gate) => {}
        Some(gate) => state.screen.popup = Some(popup(Box::new(gate))),
        None => state.say(Tone::Warning, "no gate is selected: n selects the next thing that needs you"),
    }
}

/// The pending gate that the attention queue's cursor is on.
pub fn selected(state: &State) -> Option<&Gate> {
    match &state.attention.current()?.subject {
        Subject::Gate(id) => state.gates.iter().find(|gate| gate.id == *id && gate.state == GateState::Pending),
        Subject::Agent(_)
        | Subject::Drift { .. }
        | Subject::Cluster(_)
        | Subject::Signal { .. }
        | Subject::Task(_)
        | Subject::Rules(_)
        | Subject::Sending(_) => None,
    }
}

/// Asks for a confirmation.
pub fn ask(state: &mut State, question: Question) {
    state.screen.popup = Some(Popup::Confirm { question, scroll: Scroll::default() });
}

/// The confirmation was given.
pub fn confirm(state: &mut State) -> Effects {
    let Some(Popup::Confirm { question, .. }) = state.screen.popup.take() else { return Effects::new() };
    match question {
        Question::SignOff(sign_off) => review::confirmed(state, sign_off),
        Question::Send(order, _) => vec![Effect::Send(order)],
        Question::Quit(_) => {
            let mut effects = compose::leave(state);
            effects.push(Effect::Quit);
            effects
        }
        Question::SaveBrief { send, .. } => compose::save(state, send, true),
        Question::DropDraft => compose::drop_draft(state),
        Question::Reveal(place, record) => transcript::revealing(state, place, record),
        Question::AcceptRules(change) => guard::accept(state, change),
        Question::Decide(gate, decision) => guard::decided(state, gate, decision),
    }
}

/// A decision was handed over, or was not.
pub fn done(state: &mut State, id: &GateId, decision: Decision, outcome: Result<jiff::Timestamp, Fault>) {
    match outcome {
        Ok(at) => {
            if let Some(gate) = state.gates.iter_mut().find(|gate| gate.id == *id) {
                gate.state = if decision.approved { GateState::Approved } else { GateState::Rejected };
                gate.reason = Some(decision.reason);
                gate.decided_at = Some(at);
                let said = format!("{}: {}", gate.state.name(), state.session.redactor.redact(&gate.title));
                state.say(Tone::Info, said);
            }
        }
        Err(fault) => state.complain(&fault),
    }
    attention::refresh(state);
}
