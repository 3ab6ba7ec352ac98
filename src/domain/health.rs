//! How a live object is, and the field that decided. No status is no signal, and no signal is never green.

use serde::Serialize;

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
