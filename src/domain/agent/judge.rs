//! What an agent is doing, decided from all that is known, best source first: registry, hook, process, transcript.
//!
//! Every source gives its opinion. The first that has one decides, the others are kept, and where one of them says otherwise
//! and knows it later, that is a disagreement to be shown.

mod disagreement;
mod opinion;

use std::cmp::Reverse;

use jiff::Timestamp;

use super::hook::HookFact;
use super::registry::{RegistryEntry, RegistryStatus};
use super::{AgentState, Opinion, StateSource, StateVerdict};
use crate::domain::transcript::Digest;

/// What is known about the process behind an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcessFact {
    /// It runs.
    Alive,
    /// There is none of that id.
    Gone,
    /// There is one of that id, but it began at another time: the id was given away.
    Replaced,
    /// It took itself out of the registry: an orderly end.
    Ended,
    /// Nothing names a process, or it cannot be seen from here.
    Unknown,
}

/// All that is known of one agent.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Its entry in the registry; none for a sub-agent, which has none of its own.
    pub registry: Option<&'a RegistryEntry>,
    /// Other entries of the same session whose processes run: it was resumed in a second terminal.
    pub also: &'a [&'a RegistryEntry],
    /// What its latest hook event says.
    pub hook: Option<&'a HookFact>,
    /// What is known of its process; of its session's for a sub-agent.
    pub process: ProcessFact,
    /// How the process was found, where the registry did not name it: `process 12 has the transcript open`.
    pub trace: Option<&'a str>,
    /// What its transcript says.
    pub transcript: &'a Digest,
    /// The transcript's file was deleted.
    pub file_gone: bool,
}

impl<'a> Facts<'a> {
    /// Those of a transcript of which nothing else is known.
    pub fn of(transcript: &'a Digest) -> Self {
        let process = ProcessFact::Unknown;
        Self { registry: None, also: &[], hook: None, process, trace: None, transcript, file_gone: false }
    }
}

/// Decides the state of an agent. The order of sources is fixed in the contract.
///
/// A `since` that lies in the future, as clocks jump, is now.
pub fn judge(facts: &Facts<'_>, now: Timestamp) -> StateVerdict {
    let mut opinions = opinion::all(facts, now);
    for opinion in &mut opinions {
        opinion.since = opinion.since.map(|since| since.min(now));
        opinion.as_of = opinion.as_of.map(|as_of| as_of.min(now));
    }
    let decides = |opinion: &&Opinion| opinion.state.is_some() && opinion.set_aside.is_none();
    let Some(best) = opinions.iter().find(decides).cloned() else {
        let reason = if facts.file_gone { "its transcript is gone" } else { "no record tells what it does" };
        return StateVerdict { reason: reason.to_owned(), opinions, ..StateVerdict::default() };
    };
    let disagreement = disagreement::among(&best, &opinions, now);
    StateVerdict {
        state: best.state.unwrap_or_default(),
        since: best.since,
        source: best.source,
        reason: best.reason,
        waiting_for: best.waiting_for,
        opinions,
        disagreement,
    }
}

/// Orders entries of one session, the one that speaks for it first: whose process runs, who wants a person, who works,
/// the latest.
pub fn precedence(entry: &RegistryEntry, process: ProcessFact) -> impl Ord + use<> {
    let status = match &entry.status {
        Some(RegistryStatus::Waiting) => 0,
        Some(RegistryStatus::Busy | RegistryStatus::Shell) => 1,
        Some(RegistryStatus::Idle) => 2,
        Some(RegistryStatus::Other(_)) | None => 3,
    };
    let running = process == ProcessFact::Alive;
    (!running, if running { status } else { 0 }, Reverse(entry.status_updated_at), entry.pid)
}

#[cfg(test)]
mod tests;
