//! `hnpwb brief new --handoff AGENT`: the brief with which somebody else takes over an agent's work.

use std::sync::Arc;

use jiff::Timestamp;

use crate::cli::output::{Exit, Failure, Format};
use crate::cli::workbench;
use crate::config::session::Session;
use crate::domain::brief::Draft;
use crate::domain::brief::handoff::{TaskFacts, Wanted};
use crate::domain::deliver::history::task_of;
use crate::exec::brief::{Place, handoff, shelf};
use crate::source::{agents, board};

use super::send::choose;
use super::{new, unreadable};

/// Writes the handoff of an agent, for the agent that is named if one is.
pub fn run(agent: &str, to: Option<String>, format: Format, session: Session) -> Result<Exit, Failure> {
    let session = Arc::new(session);
    let now = Timestamp::now();
    let (found, _) = agents::snapshot(Arc::clone(&session), workbench::roots(&session), false);
    let agent = choose(agent, &found.agents)?;
    let sends = shelf::read(&session.state_dir, &session.root, &session.redactor).map_err(unreadable)?.sends;
    let board = board::read(&session.boards, now, &session.redactor);
    let task = task_of(&agent.id, &agent.name, &sends, &board.tasks).map(TaskFacts::of);
    let draft = handoff::gather(&Wanted::of(agent, task), &session.redactor).map_err(unreadable)?;
    let place = Place { root: &session.root, state_dir: &session.state_dir, redactor: &session.redactor };
    new(place, &Draft { agent: to, ..draft }, format, now)
}
