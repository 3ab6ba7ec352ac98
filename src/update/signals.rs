//! The signals of an agent: shown with their lines, gone to, and answered with a corrective brief.

use crate::config::layout::PaneKind;
use crate::domain::agent::Agent;
use crate::domain::attention::Subject;
use crate::domain::brief::Draft;
use crate::domain::signal::correct;
use crate::domain::transcript::Tone;
use crate::effect::Effects;
use crate::state::State;
use crate::state::popup::Popup;
use crate::state::signals::{CorrectMenu, SignalsView, rows};

use super::cursor::Motion;
use super::{compose, search};

/// The agent that the operator is at: that of the popup, of the need, or the one under the cursor.
pub fn agent(state: &State) -> Option<&Agent> {
    let of_need = || match &state.attention.current()?.subject {
        Subject::Agent(id) | Subject::Signal { agent: id, .. } => Some(id),
        Subject::Gate(_)
        | Subject::Drift { .. }
        | Subject::Cluster(_)
        | Subject::Task(_)
        | Subject::Rules(_)
        | Subject::Sending(_) => None,
    };
    let id = match (&state.screen.popup, state.screen.focus) {
        (Some(Popup::Signals(view)), _) => Some(&view.agent),
        (_, PaneKind::Attention) => of_need(),
        (_, PaneKind::Transcript) => state.transcript.agent.as_ref(),
        _ => return state.agents.current(),
    };
    state.agents.find(id?)
}

/// Opens the popup of an agent's signals.
pub fn open(state: &mut State) {
    let on = match state.attention.current().map(|need| &need.subject) {
        Some(Subject::Signal { kind, cause, .. }) if state.screen.focus == PaneKind::Attention => {
            Some((*kind, cause.as_str()))
        }
        _ => None,
    };
    let words = match agent(state) {
        None => "no agent is selected".to_owned(),
        Some(agent) if agent.signals.is_empty() => format!("nothing was found about {}", agent.name),
        Some(agent) => {
            state.screen.popup = Some(Popup::Signals(SignalsView::new(agent, on)));
            return;
        }
    };
    state.say(Tone::Info, words);
}

/// Moves in the popup.
pub fn travel(state: &mut State, motion: Motion) {
    let height = usize::from(state.screen.popup_size.1).saturating_sub(1).max(1);
    let Some(Popup::Signals(view)) = &state.screen.popup else { return };
    let count = state.agents.find(&view.agent).map_or(0, |agent| rows(agent).len());
    let Some(Popup::Signals(view)) = &mut state.screen.popup else { return };
    let page = isize::try_from(height).unwrap_or(1);
    let row = match motion {
        Motion::Rows(rows) => view.selected.saturating_add_signed(rows),
        Motion::Pages(pages) => view.selected.saturating_add_signed(pages.saturating_mul(page)),
        Motion::Top => 0,
        Motion::Bottom => usize::MAX,
        Motion::Row(row) => row,
    };
    view.select(row, count, height);
}

/// Goes to the line of the transcript that the selected row names.
pub fn go(state: &mut State) -> Effects {
    let Some(Popup::Signals(view)) = &state.screen.popup else { return Effects::new() };
    let goal = state.agents.find(&view.agent).and_then(|agent| Some((agent.id.clone(), view.goal(agent)?.offset)));
    let Some((agent, offset)) = goal else { return Effects::new() };
    state.screen.popup = None;
    search::go_to(state, &agent, offset, 0).unwrap_or_else(|| {
        state.say(Tone::Warning, "the agent is not there any more");
        Effects::new()
    })
}

/// Opens the menu of corrective briefs.
pub fn correct(state: &mut State) {
    let words = match agent(state) {
        None => "no agent is selected: a corrective brief is for an agent".to_owned(),
        Some(agent) if agent.signals.is_empty() => format!("nothing was found about {} to correct", agent.name),
        Some(agent) => {
            let (id, name, signals) = (agent.id.clone(), agent.name.clone(), agent.signals.clone());
            state.screen.popup = Some(Popup::Correct(Box::new(CorrectMenu { agent: id, name, signals, selected: 0 })));
            return;
        }
    };
    state.say(Tone::Warning, words);
}

/// Drafts the brief that is selected.
pub fn draft(state: &mut State) -> Effects {
    let Some(Popup::Correct(menu)) = state.screen.popup.take() else { return Effects::new() };
    let (title, body) = correct::brief(menu.correction(), &menu.name, &menu.signals);
    let draft = Draft {
        template: "correction".to_owned(),
        agent: Some(menu.name),
        text: format!("# {title}\n\n{body}"),
        ..Draft::default()
    };
    compose::open(state, draft, Some(menu.agent))
}
