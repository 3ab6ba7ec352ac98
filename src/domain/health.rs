//! How a live object is, and the field that decided. No status is no signal, and no signal is never green.

use serde::Serialize;
use serde_json::Value;

use super::redact::Redactor;

mod condition;
mod generic;
mod parse;
mod path;
mod rules;
mod words;

pub use parse::{BUILT_IN, Mistake};
pub use rules::{Rules, Verdict, at};

/// Health of one object. The names are those of `hnpwb health -o json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HealthState {
    /// Failed.
    Degraded,
    /// Not known (yet, or any more).
    Unknown,
    /// On its way.
    Progressing,
    /// Being deleted.
    Terminating,
    /// Paused on purpose.
    Suspended,
    /// Nothing refers to it, so nothing was to be done.
    NotPlaced,
    /// The object says nothing about itself.
    NoSignal,
    /// Good.
    Healthy,
}

impl HealthState {
    /// Every state, worst first.
    pub const ALL: [Self; 8] = [
        Self::Degraded,
        Self::Unknown,
        Self::Progressing,
        Self::Terminating,
        Self::Suspended,
        Self::NotPlaced,
        Self::NoSignal,
        Self::Healthy,
    ];

    /// The name used on screen and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Degraded => "degraded",
            Self::Unknown => "unknown",
            Self::Progressing => "progressing",
            Self::Terminating => "terminating",
            Self::Suspended => "suspended",
            Self::NotPlaced => "not-placed",
            Self::NoSignal => "no-signal",
            Self::Healthy => "healthy",
        }
    }
}

/// A health with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Health {
    /// The state.
    pub state: HealthState,
    /// Why, as the object words it: `Ready=False: SecretMissing`.
    pub reason: String,
    /// The field that decided: `.status.conditions[Ready]`.
    pub source: String,
}

impl Health {
    /// A health.
    pub fn new(state: HealthState, reason: impl Into<String>, source: impl Into<String>) -> Self {
        Self { state, reason: reason.into(), source: source.into() }
    }

    /// The same with every secret in it hidden: conditions repeat what a controller was refused with.
    #[must_use]
    pub fn redacted(mut self, redactor: &Redactor) -> Self {
        redactor.hide(&mut self.reason);
        redactor.hide(&mut self.source);
        self
    }
}

/// True for values that say nothing: null, empty text, and containers of such values.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.iter().all(is_empty),
        Value::Object(fields) => fields.values().all(is_empty),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests;
