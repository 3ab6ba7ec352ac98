//! Health by words alone: what conditions, phases, counts and generations say of any kind.

use jiff::Timestamp;
use serde_json::Value;

use super::words::{Tone, Words};
use super::{Health, HealthState, is_empty};

/// Keys of the status whose value is a generation that was dealt with.
const GENERATIONS: [&str; 4] = ["observedGeneration", "lastAppliedGen", "appliedGeneration", "lastAppliedGeneration"];

/// Fields of a spec that put an object on hold.
const PAUSES: [&str; 4] = ["paused", "pause", "suspend", "suspended"];

/// Levels below the status in which fields are looked at that name a state.
const DEPTH: usize = 2;

/// Judges an object in this order: no status; a generation that was not dealt with yet, where `generation` says something;
/// conditions; words in fields that name a state; switches, counts and error texts.
pub(super) fn judge(words: &Words, object: &Value, generation: bool) -> Health {
    let status = object.get("status").unwrap_or(&Value::Null);
    if is_empty(status) {
        return paused(object).unwrap_or_else(|| Health::new(HealthState::NoSignal, "no status", ".status"));
    }
    if generation && let Some(health) = stale(object, status) {
        return health;
    }
    let mut verdicts = conditions(words, object, status);
    verdicts.extend(state_words(words, object, status));
    verdicts.extend(switches(words, status));
    verdicts.extend(counted(object, status));
    verdicts.extend(error_text(words, status));
    verdicts.extend(paused(object));
    decide(&verdicts).unwrap_or_else(|| match status.get("conditions").and_then(Value::as_array) {
        Some(none) if none.is_empty() => {
            Health::new(HealthState::Progressing, "no conditions yet", ".status.conditions")
        }
        _ => Health::new(HealthState::Unknown, "the status says nothing known", ".status"),
    })
}

/// Bad news first; then Ready, which settles what other conditions leave open but not what fields outside them say.
fn decide(verdicts: &[Health]) -> Option<Health> {
    let first = |state: HealthState| verdicts.iter().find(|verdict| verdict.state == state);
    let is_condition = |verdict: &Health| verdict.source.contains("conditions[");
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

/// An object that is being deleted, with what holds it.
pub(super) fn terminating(object: &Value) -> Option<Health> {
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
    Some(Health::new(HealthState::Terminating, reason, ".metadata.deletionTimestamp"))
}

/// An object that its owner has put on hold.
fn paused(object: &Value) -> Option<Health> {
    let field = PAUSES.iter().find(|field| object.pointer(&format!("/spec/{field}")) == Some(&Value::Bool(true)))?;
    Some(Health::new(HealthState::Suspended, format!("{field}=true"), format!(".spec.{field}")))
}

fn stale(object: &Value, status: &Value) -> Option<Health> {
    let generation = object.pointer("/metadata/generation")?.as_i64()?;
    GENERATIONS.iter().find_map(|field| {
        let seen = status.get(field)?;
        // Some controllers write it as text.
        let seen = seen.as_i64().or_else(|| seen.as_str()?.parse().ok())?;
        let reason = format!("{field}={seen}, generation={generation}");
        (seen < generation).then(|| Health::new(HealthState::Progressing, reason, format!(".status.{field}")))
    })
}

/// Verdicts of the conditions of the object, then of those of its parts: `.status.listeners[0].conditions`.
fn conditions(words: &Words, object: &Value, status: &Value) -> Vec<Health> {
    let generation = object.pointer("/metadata/generation").and_then(Value::as_i64);
    let mut verdicts = condition_verdicts(words, generation, status, ".status");
    for (key, value) in status.as_object().into_iter().flatten() {
        match value {
            Value::Array(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    verdicts.extend(condition_verdicts(words, generation, part, &format!(".status.{key}[{index}]")));
                }
            }
            part @ Value::Object(_) => {
                verdicts.extend(condition_verdicts(words, generation, part, &format!(".status.{key}")));
            }
            _ => {}
        }
    }
    verdicts
}

fn condition_verdicts(words: &Words, generation: Option<i64>, of: &Value, place: &str) -> Vec<Health> {
    let Some(conditions) = of.get("conditions").and_then(Value::as_array) else { return Vec::new() };
    let issuing = conditions.iter().any(|one| text(one, "type") == "Issuing" && status_of(one) == "True");
    let mut verdicts = Vec::new();
    for condition in conditions {
        let name = text(condition, "type");
        let seen = condition.get("observedGeneration").and_then(Value::as_i64).zip(generation);
        let is_stale = seen.is_some_and(|(seen, now)| seen < now);
        let Some(state) = condition_state(words, condition, is_stale, issuing) else { continue };
        let phrase = phrase(name, status_of(condition), condition);
        verdicts.push(Health::new(state, phrase, format!("{place}.conditions[{name}]")));
    }
    // The overall condition first, so that it is the one that is quoted.
    verdicts.sort_by_key(|verdict| !(verdict.source.ends_with("[Ready]") || verdict.source.ends_with("[Available]")));
    verdicts
}

fn condition_state(words: &Words, condition: &Value, is_stale: bool, issuing: bool) -> Option<HealthState> {
    let (reason, message) = (text(condition, "reason"), text(condition, "message"));
    let is_bad = words.is_bad(reason) || words.is_bad_message(message);
    let state = match (words.tone(text(condition, "type")), status_of(condition)) {
        (_, "Unknown" | "False") if words.is_pause(reason) => HealthState::Suspended,
        (Some(Tone::Positive), "True") if is_stale => HealthState::Progressing,
        (Some(Tone::Positive), "True") => HealthState::Healthy,
        (Some(Tone::Positive | Tone::Progress), "False") if is_bad && !issuing => HealthState::Degraded,
        // Some kinds write conditions without a status: being there is being true.
        (Some(Tone::Negative), "True" | "") => HealthState::Degraded,
        // Of a name that is not known the reason may be.
        (Some(Tone::Progress) | None, "True") if words.is_settled(reason) => HealthState::Healthy,
        (Some(Tone::Positive), "False" | "Unknown") | (Some(Tone::Progress), "True") => HealthState::Progressing,
        (Some(Tone::Paused), "True") => HealthState::Suspended,
        (None, "False") if words.is_bad(reason) => HealthState::Degraded,
        _ => return None,
    };
    Some(state)
}

/// `True`, `False` or `Unknown`; some controllers write a boolean.
fn status_of(condition: &Value) -> &str {
    match condition.get("status") {
        Some(Value::Bool(true)) => "True",
        Some(Value::Bool(false)) => "False",
        Some(status) => status.as_str().unwrap_or_default(),
        None => "",
    }
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

/// Verdicts of words in fields that name a state, at the top of the status and up to two levels down.
fn state_words(words: &Words, object: &Value, status: &Value) -> Vec<Health> {
    let is_job = words.is_job(text(object, "kind"));
    let mut verdicts = Vec::new();
    walk(status, ".status", DEPTH, &mut |key, word, place| {
        let state = words.state(key, word).or_else(|| fraction(key, word));
        let Some(state) = state else { return };
        // A job that runs has not done its work yet.
        let runs = is_job && state == HealthState::Healthy && words.is_running(word);
        let state = if runs { HealthState::Progressing } else { state };
        verdicts.push(Health::new(state, format!("{key}={word}"), format!("{place}.{key}")));
    });
    // The top of the status before what lies deeper, and `phase` before the others.
    verdicts.sort_by_key(|verdict| (verdict.source.matches('.').count(), verdict.source != ".status.phase"));
    verdicts
}

/// What `tasksReady: 1/3` says.
fn fraction(key: &str, word: &str) -> Option<HealthState> {
    let (part, whole) = word.split_once('/')?;
    let (part, whole): (u64, u64) = (part.trim().parse().ok()?, whole.trim().parse().ok()?);
    let state = if part < whole { HealthState::Progressing } else { HealthState::Healthy };
    key.to_lowercase().ends_with("ready").then_some(state)
}

fn walk(value: &Value, place: &str, depth: usize, found: &mut impl FnMut(&str, &str, &str)) {
    for (key, value) in value.as_object().into_iter().flatten() {
        match value {
            Value::String(word) => found(key, word, place),
            Value::Object(_) if depth > 0 => walk(value, &format!("{place}.{key}"), depth - 1, found),
            _ => {}
        }
    }
}

/// Verdicts of booleans whose names say what they mean, at the top of the status and one level down.
fn switches(words: &Words, status: &Value) -> Vec<Health> {
    let mut verdicts = Vec::new();
    let mut note = |key: &str, value: &Value, place: &str| {
        let Some(state) = value.as_bool().and_then(|is| words.switch(key, is)) else { return };
        verdicts.push(Health::new(state, format!("{key}={value}"), format!("{place}.{key}")));
    };
    for (key, value) in status.as_object().into_iter().flatten() {
        note(key, value, ".status");
        for (inner, value) in value.as_object().into_iter().flatten() {
            note(inner, value, &format!(".status.{key}"));
        }
    }
    verdicts
}

/// Verdicts of replica counts.
fn counted(object: &Value, status: &Value) -> Vec<Health> {
    let wanted = ["/spec/replicas", "/status/desiredNumberScheduled", "/status/replicas"];
    let Some(wanted) = wanted.iter().find_map(|pointer| object.pointer(pointer)?.as_i64()) else { return Vec::new() };
    let count = |field: &'static str| Some((field, status.get(field)?.as_i64()?));
    // A count of zero is left out by controllers written in Go.
    let ready = count("readyReplicas").or_else(|| count("numberReady"));
    let ready = ready.or_else(|| status.get("replicas").map(|_| ("readyReplicas", 0)));
    let found = [ready, count("updatedReplicas").or_else(|| count("updatedNumberScheduled"))];
    let verdict = |(field, count): (&str, i64)| {
        let state = if count >= wanted { HealthState::Healthy } else { HealthState::Progressing };
        Health::new(state, format!("{field}={count} of {wanted}"), format!(".status.{field}"))
    };
    found.into_iter().flatten().map(verdict).collect()
}

/// The verdict of a field that holds an error's text.
fn error_text(words: &Words, status: &Value) -> Option<Health> {
    let texts = status.as_object()?.iter().filter(|(key, _)| words.is_error_field(key));
    let mut texts = texts.filter_map(|(key, value)| Some((key, value.as_str().filter(|text| !text.is_empty())?)));
    let (key, error) = texts.next()?;
    let line = error.lines().next().unwrap_or_default();
    Some(Health::new(HealthState::Degraded, format!("{key}: {line}"), format!(".status.{key}")))
}
