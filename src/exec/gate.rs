//! Carries out a decision: into the journal first, then to whoever waits.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::domain::digest::sha256;
use crate::domain::fault::Fault;
use crate::domain::gate::require::AgentFact;
use crate::domain::gate::{Decision, Gate};
use crate::domain::redact::Redactor;
use crate::domain::text;
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

/// What the agent of a gate did, out of its transcript and without secrets. Of a sub-agent it is its own transcript that
/// counts: `transcript` is that, or its session's, beside which it is looked for. Blocks.
///
/// # Errors
/// The transcript cannot be read.
pub fn facts(transcript: &Path, sub_agent: Option<&str>, redactor: &Redactor) -> Result<AgentFact, Fault> {
    let beside = sub_agent.and_then(|id| own_transcript(transcript, id));
    let transcript = beside.as_deref().unwrap_or(transcript);
    let format = by_path(transcript).unwrap_or(&Claude);
    let work = work::read(transcript, format, work::REACH).map_err(|error| {
        Fault::new("reading", transcript.display(), error, "the gate's conditions on the agent count as not met")
    })?;
    let mut fact = AgentFact::of(&work);
    fact.looked_at = sub_agent.map(|id| {
        let id = text::line(id);
        if is_of(transcript, &id) {
            format!("in the transcript of sub-agent {id}")
        } else {
            format!("in the transcript of its session: sub-agent {id} has none of its own")
        }
    });
    let command = fact.tests.iter_mut().map(|run| &mut run.command);
    command.chain(&mut fact.edited_since).chain(&mut fact.read).for_each(|text| redactor.hide(text));
    Ok(fact)
}

/// Where Claude Code 2.1 keeps the transcript of a sub-agent, by that of its session, if it is there.
fn own_transcript(session: &Path, id: &str) -> Option<PathBuf> {
    let plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let file = session.with_extension("").join("subagents").join(format!("agent-{id}.jsonl"));
    (plain && !is_of(session, id) && file.is_file()).then_some(file)
}

/// True if a transcript is named after this sub-agent.
fn is_of(transcript: &Path, id: &str) -> bool {
    transcript.file_stem().is_some_and(|stem| stem.to_string_lossy().strip_prefix("agent-") == Some(id))
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::facts;
    use crate::domain::redact::Redactor;

    /// A transcript in which one file is read.
    fn write(path: &Path, read: &str) {
        let call = json!([{"type": "tool_use", "id": "t1", "name": "Read", "input": {"file_path": read}}]);
        let result = json!([{"type": "tool_result", "tool_use_id": "t1", "content": "x"}]);
        let lines = [
            json!({"type": "assistant", "sessionId": "s1", "message": {"role": "assistant", "content": call}}),
            json!({"type": "user", "sessionId": "s1", "message": {"role": "user", "content": result}}),
        ];
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, lines.map(|line| format!("{line}\n")).concat()).unwrap();
    }

    #[test]
    fn what_a_sub_agent_did_stands_in_its_own_transcript() {
        let folder = tempfile::tempdir().unwrap();
        let session = folder.path().join("s1.jsonl");
        let own = folder.path().join("s1/subagents/agent-a1.jsonl");
        write(&session, "/p/main.md");
        write(&own, "/p/sub.md");
        let read = |transcript: &Path, id: Option<&str>| facts(transcript, id, &Redactor::default()).unwrap();
        let main = read(&session, None);
        assert_eq!((main.read.as_slice(), main.looked_at), (["/p/main.md".to_owned()].as_slice(), None));
        for transcript in [&session, &own] {
            let found = read(transcript, Some("a1"));
            assert_eq!(found.read, ["/p/sub.md"], "{}", transcript.display());
            assert_eq!(found.looked_at.as_deref(), Some("in the transcript of sub-agent a1"));
        }
        for unknown in ["a2", "../agent-a1", "a1.jsonl/../a1"] {
            let found = read(&session, Some(unknown));
            assert_eq!(found.read, ["/p/main.md"], "{unknown}");
            assert!(found.looked_at.is_some_and(|place| place.contains("of its session")), "{unknown}");
        }
    }
}
