//! Whether a switch is ready, by what its agent says.

use jiff::{SignedDuration, Timestamp};

use super::AgentFacts;
use crate::domain::health::{Health, HealthState};

/// How long the controller has to hand something on, and an agent to give a sign of life.
pub(super) const PROMPT: SignedDuration = SignedDuration::from_secs(60);

/// How long an agent has to apply what it tries to: it tries again every two minutes.
const APPLY: SignedDuration = SignedDuration::from_secs(120);

/// How far a switch is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Readiness {
    /// Why it is not ready, if it is not.
    pub(super) trouble: Option<Health>,
    /// When time alone makes it another.
    pub(super) turn: Option<Timestamp>,
}

/// How far a switch is at a moment: ready when its agent lives and has applied its generation.
pub(super) fn readiness(name: &str, agent: &AgentFacts, now: Timestamp) -> Readiness {
    let field = |field: &str| format!("Agent {name} .status.{field}");
    let unready = |health, turn| Readiness { trouble: Some(health), turn };
    let silent_from = agent.heartbeat.and_then(|at| at.checked_add(PROMPT).ok());
    let Some(silent_from) = silent_from.filter(|from| now < *from) else {
        let since = agent.heartbeat.map(|at| format!(" since {at}")).unwrap_or_default();
        let reason = format!("{name} has given no sign of life{since}");
        return unready(Health::new(HealthState::Unknown, reason, field("lastHeartbeat")), None);
    };
    if agent.generation > 0 && agent.applied == agent.generation {
        return Readiness { trouble: None, turn: Some(silent_from) };
    }
    let behind = format!("{name} is at generation {} of {}", agent.applied, agent.generation);
    let tries = agent.attempted_at.filter(|_| agent.attempted == agent.generation);
    let over = tries.map(|at| at.checked_add(APPLY).ok().filter(|over| now < *over));
    match over {
        Some(None) => {
            let reason = format!("stuck: {behind} and cannot apply it");
            unready(Health::new(HealthState::Degraded, reason, field("lastAttemptGen")), Some(silent_from))
        }
        Some(Some(_)) | None => {
            let health = Health::new(HealthState::Progressing, format!("applied: {behind}"), field("lastAppliedGen"));
            unready(health, Some(over.flatten().map_or(silent_from, |over| over.min(silent_from))))
        }
    }
}
