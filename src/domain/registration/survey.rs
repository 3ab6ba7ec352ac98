//! What a settings file says of hooks: which of them are ours, and what may keep them from running.

use serde_json::Value;

use super::{Family, Unreadable, Wanted, open, program};

/// One registration of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The event.
    pub event: String,
    /// The program it runs.
    pub program: String,
    /// The command as it is written, with its arguments.
    pub command: String,
    /// Arguments of the exec form.
    pub args: Option<Vec<String>>,
    /// Timeout in seconds, when one is given.
    pub timeout: Option<u64>,
    /// The tools it is restricted to.
    pub matcher: Option<String>,
    /// It runs beside the agent and decides nothing.
    pub asynchronous: bool,
}

/// What one settings file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// Our own registrations, in the order of the file.
    pub entries: Vec<Entry>,
    /// `disableAllHooks`.
    pub disabled: bool,
    /// `allowManagedHooksOnly`.
    pub managed_only: bool,
    /// `cleanupPeriodDays`.
    pub cleanup_days: Option<i64>,
}

impl Survey {
    /// What is missing or other than wanted, in words; empty when all is as `hnpwb hooks install` would leave it.
    pub fn shortcomings(&self, family: Family, wanted: &Wanted) -> Vec<String> {
        let mut found = Vec::new();
        let missing: Vec<&str> = family
            .events()
            .iter()
            .map(|(event, _)| *event)
            .filter(|event| self.entries.iter().all(|entry| entry.event != *event))
            .collect();
        if !missing.is_empty() {
            found.push(format!("not registered for {}", missing.join(", ")));
        }
        for (event, when) in family.events() {
            let waits = wanted.waits(event, *when);
            let mut entries = self.entries.iter().filter(|entry| entry.event == *event);
            let Some(entry) = entries.next() else { continue };
            if entry.program != wanted.program {
                found.push(format!("{event} runs {}", entry.program));
            }
            let least = wanted.timeout_of(waits);
            if waits && entry.timeout.is_none_or(|timeout| timeout < least) {
                let has = entry.timeout.map_or_else(|| "no timeout".to_owned(), |timeout| format!("{timeout} s"));
                found.push(format!("{event} has {has}, the longest deadline needs {least} s"));
            }
            if waits && entry.asynchronous {
                found.push(format!("{event} is async, which decides nothing"));
            }
            if entries.next().is_some() {
                found.push(format!("{event} is registered twice"));
            }
        }
        found
    }
}

/// Reads a settings file.
///
/// # Errors
/// The text is no JSON.
pub fn survey(text: &str) -> Result<Survey, Unreadable> {
    if text.trim().is_empty() {
        return Ok(Survey::default());
    }
    let (_, root) = open(text)?;
    let Some(value) = root.to_serde_value() else { return Ok(Survey::default()) };
    let flag = |key: &str| value.get(key).and_then(Value::as_bool).unwrap_or_default();
    let mut entries = Vec::new();
    for (event, groups) in value.get("hooks").and_then(Value::as_object).into_iter().flatten() {
        for group in groups.as_array().into_iter().flatten() {
            let matcher = group.get("matcher").and_then(Value::as_str).filter(|matcher| !matcher.is_empty());
            let handlers = group.get("hooks").and_then(Value::as_array).into_iter().flatten();
            entries.extend(handlers.filter_map(|handler| entry(event, matcher, handler)));
        }
    }
    Ok(Survey {
        entries,
        disabled: flag("disableAllHooks"),
        managed_only: flag("allowManagedHooksOnly"),
        cleanup_days: value.get("cleanupPeriodDays").and_then(Value::as_i64),
    })
}

fn entry(event: &str, matcher: Option<&str>, handler: &Value) -> Option<Entry> {
    let program = program(handler)?;
    let command = handler.get("command").and_then(Value::as_str).unwrap_or_default().to_owned();
    let args = handler.get("args").and_then(Value::as_array);
    let args = args.map(|args| args.iter().filter_map(Value::as_str).map(str::to_owned).collect());
    let timeout = handler.get("timeout").and_then(Value::as_f64).map(|seconds| seconds.max(0.0) as u64);
    Some(Entry {
        event: event.to_owned(),
        program,
        command,
        args,
        timeout,
        matcher: matcher.filter(|matcher| *matcher != "*").map(str::to_owned),
        asynchronous: handler.get("async").and_then(Value::as_bool).unwrap_or_default(),
    })
}
