//! Handing work on: the brief with which somebody else takes over, and a passage of one agent's transcript for another.

use crate::config::layout::PaneKind;
use crate::domain::agent::Agent;
use crate::domain::attention::Subject;
use crate::domain::brief::handoff::{TaskFacts, Wanted};
use crate::domain::deliver::Receiver;
use crate::domain::deliver::history::task_of;
use crate::domain::transcript::Tone;
use crate::effect::{Effect, Effects};
use crate::event::BriefDone;
use crate::state::State;
use crate::state::briefs::{Next, RelayView};
use crate::state::popup::Popup;

use super::cursor::Motion;
use super::deliver;

/// Writes the handoff of the agent that is selected, or that the selected need is about.
pub fn hand_off(state: &mut State) -> Effects {
    let agent: Option<&Agent> = if state.screen.focus == PaneKind::Attention {
        match state.attention.current().map(|need| &need.subject) {
            Some(Subject::Agent(id)) => state.agents.find(id),
            Some(_) | None => None,
        }
    } else {
        state.agents.current()
    };
    let Some(agent) = agent else {
        state.say(Tone::Warning, "no agent is selected to hand its work on");
        return Effects::new();
    };
    let task = task_of(&agent.id, &agent.name, &state.briefs.sends, &state.board.tasks);
    let wanted = Wanted::of(agent, task.map(TaskFacts::of));
    let words = format!("reading what {} did…", agent.name);
    state.briefs.next = Some(Next::Show);
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

/// Writes the passage as a brief for the agent that is chosen; what follows is its delivery.
pub fn pass_on(state: &mut State) -> Effects {
    let Some(Popup::Relay(view)) = state.screen.popup.take() else { return Effects::new() };
    let RelayView { passage, agents, selected } = *view;
    let Some(to) = agents.into_iter().nth(selected) else { return Effects::new() };
    state.transcript.unselect();
    state.briefs.next = Some(Next::Send(to.id.clone()));
    state.say(Tone::Info, "writing it into a brief…");
    vec![Effect::PassOn { passage: Box::new(passage), to: Box::new(to) }]
}

/// A brief was written: if it is one of these, it is shown or sent once it is known.
pub fn written(state: &mut State, done: &BriefDone) {
    if let Some(next) = state.briefs.next.take() {
        state.briefs.written = Some((done.file.clone(), next));
    }
}

/// The briefs were read: goes on with the one that was just written.
pub fn arrive(state: &mut State) -> Effects {
    let Some((file, next)) = state.briefs.written.take() else { return Effects::new() };
    let Some(brief) = state.briefs.briefs.iter().find(|brief| brief.file == file).cloned() else {
        return Effects::new();
    };
    if state.screen.popup.is_some() {
        // Something else is being looked at: the message has said that it was written.
        return Effects::new();
    }
    match next {
        Next::Show => {
            deliver::list_at(state, Some(brief.number));
            state.briefs.stale = false;
            Effects::new()
        }
        Next::Send(agent) => deliver::begin_to(state, &brief, &agent),
    }
}

#[cfg(test)]
mod tests;
