//! How a live object is, and the field that decided. No status is no signal, and no signal is never green.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::redact::Redactor;

mod words;

use words::{Tone, condition_tone, is_bad_reason, phase_state};

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

impl Health {
    /// The same with every secret in it hidden: conditions repeat what a controller was refused with.
    #[must_use]
    pub fn redacted(mut self, redactor: &Redactor) -> Self {
        redactor.hide(&mut self.reason);
        redactor.hide(&mut self.source);
        self
    }
}

/// Keys of the status whose value is a generation that was dealt with.
const GENERATIONS: [&str; 4] = ["observedGeneration", "lastAppliedGen", "appliedGeneration", "lastAppliedGeneration"];

/// Ends of the names of fields that hold a state in one word.
const STATE_FIELDS: [&str; 7] = ["phase", "state", "status", "stage", "health", "compliant", "robustness"];

/// Kinds whose generation grows with every status write, so that it says nothing about them.
const NO_GENERATION: [(&str, &str); 1] = [("argoproj.io", "Application")];

/// Kinds whose phase is their own verdict and wins over conditions.
const PHASE_WINS: [(&str, &str); 2] = [("", "Pod"), ("vteam.ambient-code", "AgenticSession")];

/// Judges a live object by generic rules, in this order: being deleted; no status; a generation that was not dealt with yet;
/// conditions; words in fields that name a state; booleans and replicas.
///
/// The rules are tables of words, without code for single kinds. An object that says nothing about itself is
/// [`HealthState::NoSignal`]; one whose status says nothing known is [`HealthState::Unknown`]. The reason always names
/// the field that decided.
pub fn judge(object: &Value) -> Health {
    if let Some(health) = terminating(object) {
        return health;
    }
    let status = object.get("status").unwrap_or(&Value::Null);
    if is_empty(status) {
        return health(HealthState::NoSignal, "no status", ".status");
    }
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let group = text("/apiVersion").rsplit_once('/').map_or("", |(group, _)| group);
    let is_of = |table: &[(&str, &str)]| table.contains(&(group, text("/kind")));
    if !is_of(&NO_GENERATION)
        && let Some(health) = stale(object, status)
    {
        return health;
    }
    let words = state_words(status);
    // A phase that says `Running` says too little: whether it is ready stands in its conditions.
    if is_of(&PHASE_WINS)
        && let Some(verdict) = words.first().filter(|verdict| !verdict.reason.ends_with("=Running"))
    {
        return verdict.clone();
    }
    let mut verdicts = condition_verdicts(object, status);
    verdicts.extend(words);
    verdicts.extend(counted(object, status));
    decide(&verdicts).unwrap_or_else(|| health(HealthState::Unknown, "the status says nothing known", ".status"))
}

fn health(state: HealthState, reason: impl Into<String>, source: impl Into<String>) -> Health {
    Health { state, reason: reason.into(), source: source.into() }
}

/// Bad news first; then Ready, which settles what other conditions leave open but not what fields outside them say.
fn decide(verdicts: &[Health]) -> Option<Health> {
    let first = |state: HealthState| verdicts.iter().find(|verdict| verdict.state == state);
    let is_condition = |verdict: &Health| verdict.source.starts_with(".status.conditions[");
    let ready = first(HealthState::Healthy).filter(|verdict| verdict.source == ".status.conditions[Ready]");
    let unsettled = |verdict: &&Health| verdict.state == HealthState::Progressing && !is_condition(verdict);
    first(HealthState::Degraded)
        .or_else(|| first(HealthState::Suspended))
        .or_else(|| verdicts.iter().find(unsettled))
        .or(ready)
        .or_else(|| first(HealthState::Progressing))
        .or_else(|| first(HealthState::Healthy))
        .cloned()
}

fn terminating(object: &Value) -> Option<Health> {
    let at = object.pointer("/metadata/deletionTimestamp")?.as_str()?;
    let finalizers: Vec<&str> = object
        .pointer("/metadata/finalizers")
        .and_then(Value::as_array)
        .map(|finalizers| finalizers.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let at = at.parse::<Timestamp>().map_or_else(|_| at.to_owned(), |at| at.to_string());
    let reason = match finalizers.as_slice() {
        [] => format!("deleted at {at}"),
        names => format!("deleted at {at}, held by {}", names.join(", ")),
    };
    Some(health(HealthState::Terminating, reason, ".metadata.deletionTimestamp"))
}

fn stale(object: &Value, status: &Value) -> Option<Health> {
    let generation = object.pointer("/metadata/generation")?.as_i64()?;
    GENERATIONS.iter().find_map(|field| {
        let seen = status.get(field)?.as_i64()?;
        let reason = format!("{field}={seen}, generation={generation}");
        (seen < generation).then(|| health(HealthState::Progressing, reason, format!(".status.{field}")))
    })
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

fn condition_verdicts(object: &Value, status: &Value) -> Vec<Health> {
    let Some(conditions) = status.get("conditions").and_then(Value::as_array) else { return Vec::new() };
    let generation = object.pointer("/metadata/generation").and_then(Value::as_i64);
    let issuing = conditions.iter().any(|one| text(one, "type") == "Issuing" && text(one, "status") == "True");
    let mut verdicts = Vec::new();
    for condition in conditions {
        let (name, value) = (text(condition, "type"), text(condition, "status"));
        let Some(tone) = condition_tone(name) else { continue };
        let reason_word = text(condition, "reason");
        let source = format!(".status.conditions[{name}]");
        let stale = condition.get("observedGeneration").and_then(Value::as_i64).zip(generation);
        let state = match (tone, value) {
            (Tone::Positive, "True") if stale.is_some_and(|(seen, now)| seen < now) => HealthState::Progressing,
            (Tone::Positive, "True") => HealthState::Healthy,
            (Tone::Positive | Tone::Progress, "False") if is_bad_reason(reason_word) && !issuing => {
                HealthState::Degraded
            }
            // Some kinds write conditions without a status: being there is being true.
            (Tone::Negative, "True" | "") => HealthState::Degraded,
            (Tone::Progress, "True") if words::is_settled_reason(reason_word) => HealthState::Healthy,
            (Tone::Positive, "False" | "Unknown") | (Tone::Progress, "True") => HealthState::Progressing,
            (Tone::Paused, "True") => HealthState::Suspended,
            _ => continue,
        };
        verdicts.push(health(state, phrase(name, value, condition), source));
    }
    // The overall condition first, so that it is the one that is quoted.
    verdicts.sort_by_key(|verdict| !(verdict.source.ends_with("[Ready]") || verdict.source.ends_with("[Available]")));
    verdicts
}

/// `Ready=False: SecretMissing`.
fn phrase(name: &str, value: &str, condition: &Value) -> String {
    let value = if value.is_empty() { "present" } else { value };
    let why = [text(condition, "reason"), text(condition, "message")];
    match why.iter().find(|why| !why.is_empty()).and_then(|why| why.lines().next()) {
        Some(why) => format!("{name}={value}: {why}"),
        None => format!("{name}={value}"),
    }
}

fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// Verdicts of words in fields that name a state, at the top of the status and one level down.
fn state_words(status: &Value) -> Vec<Health> {
    let mut verdicts = Vec::new();
    let Some(fields) = status.as_object() else { return verdicts };
    for (key, value) in fields {
        match value {
            Value::String(word) => verdicts.extend(state_word(key, word, &format!(".status.{key}"))),
            Value::Object(inner) => {
                for (inner_key, value) in inner {
                    let Some(word) = value.as_str() else { continue };
                    verdicts.extend(state_word(inner_key, word, &format!(".status.{key}.{inner_key}")));
                }
            }
            _ => {}
        }
    }
    // The top of the status before what lies deeper, and `phase` before the others.
    verdicts.sort_by_key(|verdict| (verdict.source.matches('.').count(), verdict.source != ".status.phase"));
    verdicts
}

fn state_word(key: &str, word: &str, source: &str) -> Option<Health> {
    let lower = key.to_lowercase();
    let named = STATE_FIELDS.iter().any(|field| lower.ends_with(field));
    let state = phase_state(word).filter(|_| named)?;
    Some(health(state, format!("{key}={word}"), source))
}

/// Verdicts of booleans, replica counts and error texts.
fn counted(object: &Value, status: &Value) -> Vec<Health> {
    let mut verdicts = Vec::new();
    for field in ["ready", "readyToUse"] {
        if let Some(ready) = status.get(field).and_then(Value::as_bool) {
            let state = if ready { HealthState::Healthy } else { HealthState::Progressing };
            verdicts.push(health(state, format!("{field}={ready}"), format!(".status.{field}")));
        }
    }
    let wanted = ["/spec/replicas", "/status/desiredNumberScheduled", "/status/replicas"];
    let wanted = wanted.iter().find_map(|pointer| object.pointer(pointer)?.as_i64());
    let ready = ["readyReplicas", "numberReady"];
    let found = ready.iter().find_map(|field| Some((field, status.get(field)?.as_i64()?)));
    // A count of zero is left out by controllers written in Go.
    let found = found.or_else(|| status.get("replicas").map(|_| (&ready[0], 0)));
    if let Some((wanted, (field, ready))) = wanted.zip(found) {
        let state = if ready >= wanted { HealthState::Healthy } else { HealthState::Progressing };
        verdicts.push(health(state, format!("{field}={ready} of {wanted}"), format!(".status.{field}")));
    }
    if let Some(error) = status.get("error").and_then(Value::as_str).filter(|error| !error.is_empty()) {
        let line = error.lines().next().unwrap_or_default();
        verdicts.push(health(HealthState::Degraded, format!("error: {line}"), ".status.error"));
    }
    verdicts
}

#[cfg(test)]
mod tests;
