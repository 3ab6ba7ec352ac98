//! Handing work on: the brief with which somebody else takes over, and a passage of one agent's transcript for another.

use crate::config::layout::PaneKind;
use crate::domain::agent::AgentId;
use crate::domain::brief::Draft;
use crate::domain::brief::handoff::{TaskFacts, Wanted};
use crate::domain::deliver::Receiver;
use crate::domain::deliver::history::task_of;
use crate::domain::fault::Fault;
use crate::domain::transcript::Tone;
use crate::effect::{Effect, Effects};
use crate::state::State;
use crate::state::briefs::RelayView;
use crate::state::popup::Popup;

use super::cursor::Motion;
use super::{compose, deliver, signals};

/// Reads what is to be handed on of the agent that is selected, or that the selected need is about.
pub fn hand_off(state: &mut State) -> Effects {
    let agent = signals::agent(state).map(|agent| agent.id.clone());
    of(state, agent.as_ref())
}

/// The same of this agent.
pub fn of(state: &mut State, agent: Option<&AgentId>) -> Effects {
    let Some(agent) = agent.and_then(|id| state.agents.find(id)) else {
        state.say(Tone::Warning, "no agent is selected to hand its work on");
        return Effects::new();
    };
    let task = task_of(&agent.id, &agent.name, &state.briefs.sends, &state.board.tasks);
    let wanted = Wanted::of(agent, task.map(TaskFacts::of));
    let words = format!("reading what {} did…", agent.name);
    state.say(Tone::Info, words);
    vec![Effect::HandOff(Box::new(wanted))]
}

/// Offers the agents to which what is selected of the transcript can be passed on.
pub fn relay(state: &mut State) {
    let (width, height) = state.viewport(PaneKind::Transcript);
    let Some(from) = state.transcript.agent.clone() else {
        state.say(Tone::Info, "no transcript is open");
        return;
    };
    let name = state.agents.find(&from).map_or_else(|| from.0.clone(), |agent| agent.name.clone());
    let passage = match state.transcript.passage(&name, width, height) {
        Ok(passage) => passage,
        Err(why) => {
            state.say(Tone::Warning, why);
            return;
        }
    };
    let others = state.agents.agents.iter().filter(|agent| agent.id != from && deliver::can_receive(agent));
    let agents: Vec<Receiver> = others.map(Receiver::of).collect();
    if agents.is_empty() {
        state.say(Tone::Warning, "no other agent runs here: > copies it as a quote");
        return;
    }
    state.screen.popup = Some(Popup::Relay(Box::new(RelayView { passage, agents, selected: 0 })));
}

/// Moves among the agents.
pub fn travel(view: &mut RelayView, motion: Motion, height: isize) {
    let last = view.agents.len().saturating_sub(1);
    view.selected = motion.within(view.selected, last, height);
}

/// Quotes the passage in a brief for the agent that is chosen; the composer has it next.
pub fn pass_on(state: &mut State) -> Effects {
    let Some(Popup::Relay(view)) = state.screen.popup.take() else { return Effects::new() };
    let RelayView { passage, agents, selected } = *view;
    let Some(to) = agents.into_iter().nth(selected) else { return Effects::new() };
    state.transcript.unselect();
    vec![Effect::PassOn { passage: Box::new(passage), to: Box::new(to) }]
}

/// A brief was made from what an agent did or said, or from a saved one: it is read and edited before it is saved or sent.
pub fn made(state: &mut State, draft: Result<Box<Draft>, Fault>, agent: Option<AgentId>) -> Effects {
    match draft {
        Ok(draft) if state.screen.popup.is_some() || state.screen.composer.is_some() => {
            // Something else has the keys by now.
            state.say(Tone::Info, format!("“{}” is kept as a draft: b offers it", draft.title()));
            compose::put_aside(state, *draft, agent)
        }
        Ok(draft) => compose::open(state, *draft, agent),
        Err(fault) => {
            state.complain(&fault);
            Effects::new()
        }
    }
}

#[cfg(test)]
mod tests;
