//! Carries out a decision: into the journal first, then to whoever waits.

use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::domain::digest::sha256;
use crate::domain::fault::Fault;
use crate::domain::gate::require::AgentFact;
use crate::domain::gate::{Decision, Gate};
use crate::domain::redact::Redactor;
use crate::domain::transcript::claude::Claude;
use crate::domain::transcript::format::by_path;
use crate::event::Done;
use crate::exec::journal::record;
use crate::source::gates::Gates;
use crate::source::work;

/// Characters of what was decided that the journal keeps; its digest stands for the rest.
const KEPT: usize = 4_000;

/// Writes the decision into the journal and hands it over. A decision that cannot be recorded is not handed over; one
/// that finds nobody waiting is recorded as such.
pub async fn decide(state_dir: &Path, gates: &Gates, gate: &Gate, decision: Decision, now: Timestamp) -> Done {
    let outcome = carry_out(state_dir, gates, gate, &decision, now).await;
    Done::Decided { gate: gate.id.clone(), decision, outcome: outcome.map(|()| now) }
}

async fn carry_out(
    state_dir: &Path,
    gates: &Gates,
    gate: &Gate,
    decision: &Decision,
    now: Timestamp,
) -> Result<(), Fault> {
    let redactor = gates.redactor();
    gates.check(gate)?;
    let word = if decision.approved { "approved" } else { "rejected" };
    record(state_dir, now, "gate", body(gate, word, decision, redactor), redactor).await?;
    let Err(fault) = gates.decide(gate, decision.clone()).await else { return Ok(()) };
    record(state_dir, now, "gate-missed", json!({"gate": gate.id.0, "why": fault.why}), redactor).await?;
    Err(fault)
}

/// What the agent of a gate did, out of its transcript and without secrets. Blocks.
///
/// # Errors
/// The transcript cannot be read.
pub fn facts(transcript: &Path, redactor: &Redactor) -> Result<AgentFact, Fault> {
    let format = by_path(transcript).unwrap_or(&Claude);
    let work = work::read(transcript, format, work::REACH).map_err(|error| {
        Fault::new("reading", transcript.display(), error, "the gate's conditions on the agent count as not met")
    })?;
    let mut fact = AgentFact::of(&work);
    let command = fact.tests.iter_mut().map(|run| &mut run.command);
    command.chain(&mut fact.edited_since).chain(&mut fact.read).for_each(|text| redactor.hide(text));
    Ok(fact)
}

/// Notes in the journal that a gate ended and nobody had decided it.
///
/// # Errors
/// That it could not be noted; whoever asked was refused all the same.
pub async fn ended(state_dir: &Path, gate: &Gate, why: &str, now: Timestamp, redactor: &Redactor) -> Result<(), Fault> {
    let nobody = Decision { approved: false, reason: why.to_owned(), ..Decision::default() };
    record(state_dir, now, "gate", body(gate, gate.state.name(), &nobody, redactor), redactor).await
}

fn body(gate: &Gate, word: &str, decision: &Decision, redactor: &Redactor) -> Value {
    // Hidden before it is cut, so that no part of a secret is left at the cut.
    let detail = redactor.redact(&gate.detail);
    json!({
        "gate": gate.id.0,
        "decision": word,
        "reason": decision.reason,
        "title": gate.title,
        "detail": detail.chars().take(KEPT).collect::<String>(),
        "detail_sha256": sha256(gate.detail.as_bytes()),
        "subject": gate.subject,
        "agent": gate.agent,
        "tool": gate.tool,
        "rule": gate.rule,
        "require": gate.asks.require,
        "danger": gate.asks.danger,
        "overridden": decision.overridden,
        "answers": decision.answers,
        "requested_at": gate.requested_at.to_string(),
    })
}
