//! The words by which conditions, reasons and phases are judged.

use super::HealthState;

/// What a condition's name says about its being true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// True is good: `Ready`.
    Positive,
    /// True is bad: `Failed`.
    Negative,
    /// True is under way: `Reconciling`.
    Progress,
    /// True is on purpose: `Paused`.
    Paused,
}

const POSITIVE: [&str; 16] = [
    "ready",
    "available",
    "healthy",
    "succeeded",
    "synced",
    "applied",
    "accepted",
    "established",
    "complete",
    "completed",
    "programmed",
    "bound",
    "valid",
    "resolved",
    "initialized",
    "scheduled",
];
const NEGATIVE: [&str; 14] = [
    "failed",
    "failure",
    "error",
    "degraded",
    "stalled",
    "unhealthy",
    "invalid",
    "unavailable",
    "denied",
    "pressure",
    "terminated",
    "conflict",
    "expired",
    "rejected",
];
const PROGRESS: [&str; 8] =
    ["reconciling", "issuing", "progressing", "updating", "terminating", "creating", "provisioning", "upgrading"];
const PAUSED: [&str; 3] = ["paused", "suspended", "hibernating"];

const BAD_REASONS: [&str; 26] = [
    "fail",
    "error",
    "invalid",
    "denied",
    "expired",
    "conflict",
    "notfound",
    "missing",
    "forbidden",
    "unauthorized",
    "timeout",
    "timedout",
    "exceeded",
    "backoff",
    "unreachable",
    "rejected",
    "refused",
    "unsupported",
    "crash",
    "unschedulable",
    "stalled",
    "degraded",
    "unhealthy",
    "unavailable",
    "mismatch",
    "evicted",
];
const SETTLED_REASONS: [&str; 4] = ["available", "complete", "current", "succeeded"];

const DEGRADED: [&str; 19] = [
    "failed",
    "failure",
    "error",
    "errored",
    "degraded",
    "unhealthy",
    "faulted",
    "crashloopbackoff",
    "invalid",
    "lost",
    "evicted",
    "timedout",
    "timeout",
    "aborted",
    "rejected",
    "stalled",
    "missing",
    "noncompliant",
    "outofsync",
];
const PROGRESSING: [&str; 27] = [
    "pending",
    "creating",
    "provisioning",
    "progressing",
    "updating",
    "upgrading",
    "deleting",
    "terminating",
    "starting",
    "stopping",
    "initializing",
    "initialising",
    "reconciling",
    "installing",
    "cloning",
    "waiting",
    "scheduling",
    "queued",
    "binding",
    "attaching",
    "detaching",
    "configuring",
    "applying",
    "bootstrapping",
    "inprogress",
    "containercreating",
    "restoring",
];
const SUSPENDED: [&str; 6] = ["suspended", "paused", "hibernated", "stopped", "cordoned", "disabled"];
const HEALTHY: [&str; 21] = [
    "ready",
    "running",
    "active",
    "healthy",
    "available",
    "bound",
    "succeeded",
    "success",
    "successful",
    "complete",
    "completed",
    "synced",
    "ok",
    "online",
    "established",
    "attached",
    "deployed",
    "compliant",
    "provisioned",
    "installed",
    "up",
];

/// What a condition's name says; `None` for names that say nothing known.
///
/// The last word of the name decides (`example.com/LastSyncFailed` is `failed`): a test for parts of words would take
/// `Installed` for `stalled`. A `Not` or `Partially` before a positive word turns it around.
pub(super) fn condition_tone(name: &str) -> Option<Tone> {
    let name = name.rsplit('/').next().unwrap_or_default();
    let words = camel_words(name);
    let last = words.last()?.as_str();
    let before = words.len().checked_sub(2).and_then(|index| words.get(index)).map(String::as_str);
    if NEGATIVE.contains(&last) {
        Some(Tone::Negative)
    } else if POSITIVE.contains(&last) {
        Some(if matches!(before, Some("not" | "partially")) { Tone::Negative } else { Tone::Positive })
    } else if PROGRESS.contains(&last) {
        Some(Tone::Progress)
    } else if PAUSED.contains(&last) {
        Some(Tone::Paused)
    } else {
        None
    }
}

fn camel_words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut after_lower = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() {
            after_lower = false;
            words.push(String::new());
            continue;
        }
        if words.is_empty() || (letter.is_uppercase() && after_lower) {
            words.push(String::new());
        }
        after_lower = letter.is_lowercase() || letter.is_numeric();
        if let Some(word) = words.last_mut() {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// True for a reason that names a fault rather than a wait.
pub(super) fn is_bad_reason(reason: &str) -> bool {
    let reason = reason.to_lowercase();
    BAD_REASONS.iter().any(|word| reason.contains(word))
}

/// True for a reason that says that progress is over.
pub(super) fn is_settled_reason(reason: &str) -> bool {
    let reason = reason.to_lowercase();
    SETTLED_REASONS.iter().any(|word| reason.ends_with(word))
}

/// What the word of a phase says; `None` for words that are not known.
pub(super) fn phase_state(word: &str) -> Option<HealthState> {
    let word: String = word.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let tables: [(&[&str], HealthState); 4] = [
        (&DEGRADED, HealthState::Degraded),
        (&PROGRESSING, HealthState::Progressing),
        (&SUSPENDED, HealthState::Suspended),
        (&HEALTHY, HealthState::Healthy),
    ];
    tables.into_iter().find(|(words, _)| words.contains(&word.as_str())).map(|(_, state)| state)
}
