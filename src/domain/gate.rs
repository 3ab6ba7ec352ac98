//! Gates: requests that hold an agent until the operator decides.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::digest::sha256;
use crate::domain::redact::Redactor;

pub mod ask;
pub mod call;
pub mod change;
pub mod command;
pub mod pattern;
pub mod permit;
pub mod place;
pub mod require;
pub mod rule;
pub mod wire;

pub use ask::Asks;
pub use call::ToolCall;
use rule::RuleEvent;

/// Names a gate inside one run of the workbench.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GateId(pub String);

impl GateId {
    /// A new name: twelve hexadecimal digits from the time, a counter and the process, so that no name is met twice and
    /// none can be foretold from the one before.
    pub fn new(at: Timestamp, counter: u64, pid: u32) -> Self {
        let mut digest = sha256(format!("{}/{counter}/{pid}", at.as_nanosecond()).as_bytes());
        digest.truncate(12);
        Self(digest)
    }
}

/// Where a gate stands. The names are those of `hnpwb gate list -o json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GateState {
    /// Waits for the operator.
    Pending,
    /// Let through.
    Approved,
    /// Refused.
    Rejected,
    /// Nobody decided in time.
    Expired,
    /// Whoever asked went away.
    Abandoned,
}

impl GateState {
    /// The name used on screen and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Abandoned => "abandoned",
        }
    }
}

/// A gate as it is asked for and shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// Its name.
    pub id: GateId,
    /// One line: what is asked.
    pub title: String,
    /// The exact text that will be carried out: the whole command, the whole input.
    pub detail: String,
    /// What it is bound to: `commit`, `session`, `tool_use_id`, `input_sha256`.
    pub subject: BTreeMap<String, String>,
    /// Session id of the agent that asks.
    pub agent: Option<String>,
    /// Tool, for a tool call.
    pub tool: Option<String>,
    /// Name of the rule that holds it.
    pub rule: Option<String>,
    /// What the operator must know and do beside reading it.
    #[serde(default, skip_serializing_if = "Asks::is_nothing")]
    pub asks: Asks,
    /// When it was asked.
    pub requested_at: Timestamp,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
    /// Where it stands.
    pub state: GateState,
    /// Reason of the decision.
    pub reason: Option<String>,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
}

impl Gate {
    /// True if the agent asks the same in its own terminal, and the first answer counts.
    pub fn is_prompt(&self) -> bool {
        self.subject.get("event").is_some_and(|event| event == RuleEvent::Permission.name())
    }

    /// The same with every secret in it hidden: for lists, titles and records. A decision is bound to the gate as it was
    /// asked, which this is not.
    #[must_use]
    pub fn redacted(mut self, redactor: &Redactor) -> Self {
        let optional = [&mut self.tool, &mut self.rule, &mut self.reason].into_iter().flatten();
        for text in [&mut self.title, &mut self.detail].into_iter().chain(self.subject.values_mut()).chain(optional) {
            redactor.hide(text);
        }
        self.asks.texts_mut().for_each(|text| redactor.hide(text));
        self
    }
}

/// What the operator decided.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Approved, or rejected.
    pub approved: bool,
    /// Reason, as it goes back to the agent; may be empty for an approval.
    pub reason: String,
    /// Answers to the questions that were asked, by question.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<String, String>,
    /// What was not met, and was let pass by a typed word.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overridden: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::GateId;
    use jiff::Timestamp;

    #[test]
    fn gates_asked_at_the_same_moment_have_different_names() {
        let at = Timestamp::UNIX_EPOCH;
        assert_ne!(GateId::new(at, 0, 7), GateId::new(at, 1, 7));
        assert_ne!(GateId::new(at, 0, 7), GateId::new(at, 0, 8));
        assert_eq!(GateId::new(at, 0, 7).0.len(), 12);
    }
}
