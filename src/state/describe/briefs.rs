//! What was sent to an agent or for a task, and what a question before a sending says.

use super::{Lines, put};
use crate::action::Action;
use crate::domain::agent::{Agent, AgentId, AgentState};
use crate::domain::deliver::Order;
use crate::domain::deliver::history::Sending;
use crate::domain::time::age;
use crate::state::State;
use crate::state::briefs::is_under_way;

/// Sendings that a detail lists, the latest.
const LISTED: usize = 10;

/// What was sent to an agent.
pub fn of_agent(lines: &mut Lines, state: &State, agent: &AgentId) {
    let sends = state.briefs.sends.iter().rev().filter(|sending| sending.agent_id == *agent);
    list(lines, state, sends, |sending| match sending.brief {
        Some(number) => match state.briefs.find(number) {
            Some(brief) => brief.name(),
            None => format!("{number:04} (its file is gone)"),
        },
        None => "a text".to_owned(),
    });
}

/// What was sent for a task.
pub fn of_task(lines: &mut Lines, state: &State, task: &str) {
    let sends = state.briefs.sends.iter().rev().filter(|sending| sending.task.as_deref() == Some(task));
    list(lines, state, sends, |sending| {
        let number = sending.brief.map(|number| format!("{number:04} ")).unwrap_or_default();
        format!("{number}to {}", sending.agent)
    });
}

/// What to do about an agent that crashed.
pub fn offer(lines: &mut Lines, state: &State, agent: &Agent) {
    if agent.verdict.state == AgentState::Crashed {
        let key = state.screen.keymap.key_of(Action::HandOff);
        put(lines, "go on", &format!("{key} writes the brief with which another agent takes over"));
    }
}

fn list<'a>(
    lines: &mut Lines,
    state: &State,
    sends: impl Iterator<Item = &'a Sending>,
    name: impl Fn(&Sending) -> String,
) {
    let sends: Vec<&Sending> = sends.collect();
    for (row, sending) in sends.iter().take(LISTED).enumerate() {
        let words = format!("{}, {} ago: {}", name(sending), age(sending.at, state.now), outcome(sending, state));
        put(lines, if row == 0 { "sent" } else { "" }, &words);
    }
    if sends.len() > LISTED {
        put(lines, "", &format!("and {} earlier; the journal (@) has them", sends.len() - LISTED));
    }
}

/// The outcome of a sending, with its reason or its proof.
pub fn outcome(sending: &Sending, state: &State) -> String {
    if is_under_way(sending, state.now) {
        return "being sent".to_owned();
    }
    if sending.reason.is_empty() { sending.outcome.clone() } else { format!("{}, {}", sending.outcome, sending.reason) }
}

/// What a question before a sending says: what there is to know first, then what is sent where.
pub fn question(order: &Order, reasons: &[String]) -> Lines {
    let mut lines = Lines::new();
    put(&mut lines, "but", &reasons.join("\n"));
    put(&mut lines, "agent", &order.receiver.name);
    put(&mut lines, "pane", &order.shown.as_ref().map(|target| target.pane.place()).unwrap_or_default());
    put(&mut lines, "text", &order.text);
    lines
}
