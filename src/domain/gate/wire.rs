//! What goes over the workbench's socket: one JSON line each way. There is no message that decides anything.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::agent::hook::HookFact;
use crate::domain::digest::sha256;
use crate::domain::gate::{Asks, Gate, GateId};

/// The version both ends must speak.
pub const VERSION: u32 = 1;
/// Bytes that a line may have.
pub const LONGEST_LINE: usize = 16 * 1024 * 1024;

/// What a client asks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case")]
pub enum Request {
    /// Hold me until the operator has decided. Hanging up withdraws it.
    Gate(Box<GateRequest>),
    /// Which gates are there?
    List,
    /// What does a status bar show?
    Line,
    /// What did hooks tell of agents?
    Hooks,
    /// A hook event, for the record: nothing waits for it.
    Event {
        /// The event as the agent's hook was given it.
        event: Value,
    },
}

/// What the operator is to decide.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateRequest {
    /// One line: what is asked.
    pub title: String,
    /// The exact text that will be carried out.
    #[serde(default)]
    pub detail: String,
    /// What it is bound to.
    #[serde(default)]
    pub subject: BTreeMap<String, String>,
    /// Session id of the agent that asks.
    #[serde(default)]
    pub agent: Option<String>,
    /// Tool, for a tool call.
    #[serde(default)]
    pub tool: Option<String>,
    /// Name of the rule that holds it.
    #[serde(default)]
    pub rule: Option<String>,
    /// What the operator must know and do beside reading it.
    #[serde(default, skip_serializing_if = "Asks::is_nothing")]
    pub asks: Asks,
    /// Milliseconds until it expires.
    pub timeout_ms: u64,
}

impl GateRequest {
    /// Digest of everything a decision is bound to. It comes back with the decision, and whoever asked compares.
    pub fn digest(&self) -> String {
        binding(&self.title, &self.detail, &self.subject)
    }
}

/// Digest of what is shown for decision: title, detail and subject.
pub fn binding(title: &str, detail: &str, subject: &BTreeMap<String, String>) -> String {
    // Lengths keep one part from passing for another.
    let mut bytes = format!("{}/{title}{}/{detail}", title.len(), detail.len());
    for (key, value) in subject {
        // Writing into a string cannot fail.
        let _ = write!(bytes, "{}/{key}{}/{value}", key.len(), value.len());
    }
    sha256(bytes.as_bytes())
}

/// What the workbench answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Answer {
    /// The operator has decided.
    Decided {
        /// The gate.
        gate: GateId,
        /// [`GateRequest::digest`] of what was shown.
        digest: String,
        /// Approved, or rejected.
        approved: bool,
        /// The reason.
        reason: String,
        /// Answers to the questions that were asked, by question.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        answers: BTreeMap<String, String>,
    },
    /// Nobody decided in time.
    Expired {
        /// The gate.
        gate: GateId,
    },
    /// The workbench does not take the request.
    Refused {
        /// Why not, and what to do.
        why: String,
        /// It is about to end; another one may take the request.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        closing: bool,
    },
    /// The gates that are pending, then those that ended lately.
    Gates {
        /// Oldest first.
        gates: Vec<Gate>,
    },
    /// What a status bar shows: one short line, empty when nothing needs the operator.
    Line {
        /// The line.
        line: String,
    },
    /// The latest event of each agent, without secrets.
    Hooks {
        /// One of each agent.
        facts: Vec<HookFact>,
    },
    /// The event was taken.
    Noted,
}

#[derive(Serialize, Deserialize)]
struct Envelope<T> {
    v: u32,
    #[serde(flatten)]
    what: T,
}

#[derive(Deserialize)]
struct Version {
    v: u32,
}

/// One message as a line, with the line's end.
pub fn encode(message: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut line = serde_json::to_string(&Envelope { v: VERSION, what: message })?;
    line.push('\n');
    Ok(line)
}

/// The message of a line. The error says what is odd about it.
pub fn decode<T: DeserializeOwned>(line: &[u8]) -> Result<T, String> {
    let version: Version = serde_json::from_slice(line).map_err(|error| format!("not a message: {error}"))?;
    if version.v != VERSION {
        return Err(format!("version {} is spoken at the other end, version {VERSION} here", version.v));
    }
    serde_json::from_slice::<Envelope<T>>(line)
        .map(|envelope| envelope.what)
        .map_err(|error| format!("not a message: {error}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Answer, GateRequest, Request, decode, encode};
    use crate::domain::gate::GateId;

    #[test]
    fn a_request_arrives_as_it_was_sent() {
        let request = Request::Gate(Box::new(GateRequest {
            title: "push".to_owned(),
            detail: "git push\n\"x\"".to_owned(),
            subject: [("commit".to_owned(), "abc".to_owned())].into(),
            timeout_ms: 5,
            ..GateRequest::default()
        }));
        let line = encode(&request).unwrap();
        assert_eq!(line.matches('\n').count(), 1);
        assert_eq!(decode::<Request>(line.as_bytes()), Ok(request));
    }

    #[test]
    fn nothing_that_decides_is_a_request() {
        let answer = Answer::Decided {
            gate: GateId("x".to_owned()),
            digest: String::new(),
            approved: true,
            reason: String::new(),
            answers: BTreeMap::default(),
        };
        assert!(decode::<Request>(encode(&answer).unwrap().as_bytes()).is_err());
        assert!(decode::<Request>(br#"{"v":1,"ask":"decide","gate":"x","approved":true}"#).is_err());
    }

    #[test]
    fn another_version_is_named() {
        assert!(decode::<Request>(br#"{"v":2,"ask":"list"}"#).unwrap_err().contains("version 2"));
        assert!(decode::<Request>(b"nonsense").is_err());
    }

    #[test]
    fn the_digest_tells_apart_what_differs_in_any_part() {
        let base = GateRequest { title: "ab".to_owned(), detail: "c".to_owned(), ..GateRequest::default() };
        let moved = GateRequest { title: "a".to_owned(), detail: "bc".to_owned(), ..GateRequest::default() };
        let bound = GateRequest { subject: [("k".to_owned(), "v".to_owned())].into(), ..base.clone() };
        assert_ne!(base.digest(), moved.digest());
        assert_ne!(base.digest(), bound.digest());
    }
}
