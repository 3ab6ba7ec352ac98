//! Which records of a journal are wanted.

use jiff::Timestamp;
use serde_json::{Map, Value};

/// Records that are wanted. What is not said admits everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Any of these kinds.
    pub kinds: Vec<String>,
    /// From this time on.
    pub since: Option<Timestamp>,
    /// About this agent: its name, or its session id.
    pub agent: Option<String>,
    /// About the task of this id.
    pub task: Option<String>,
}

impl Selection {
    /// True if a line of the journal, without its end, is wanted. One that cannot be read is: what is wrong with a journal is
    /// not to be hidden by asking for a part of it.
    pub fn admits(&self, line: &[u8]) -> bool {
        if *self == Self::default() {
            return true;
        }
        let Ok(record) = serde_json::from_slice::<Map<String, Value>>(line) else { return true };
        let text = |key: &str| record.get(key).and_then(Value::as_str);
        let same = |key: &str, wanted: &str| text(key).is_some_and(|value| value.eq_ignore_ascii_case(wanted));
        let kind = self.kinds.is_empty() || self.kinds.iter().any(|kind| same("kind", kind));
        let since = self.since.is_none_or(|since| {
            let at = text("at").and_then(|at| at.parse::<Timestamp>().ok());
            at.is_none_or(|at| at >= since)
        });
        // A gate is bound to what its subject says.
        let subject = |key: &str, wanted: &str| {
            let value = record.get("subject").and_then(|subject| subject.get(key)).and_then(Value::as_str);
            value.is_some_and(|value| value.eq_ignore_ascii_case(wanted))
        };
        let about = |wanted: Option<&String>, keys: &[&str]| {
            wanted.is_none_or(|wanted| keys.iter().any(|key| same(key, wanted) || subject(key, wanted)))
        };
        kind && since
            && about(self.agent.as_ref(), &["agent", "agent_name", "session", "session_id"])
            && about(self.task.as_ref(), &["task"])
    }
}

/// True if a record in one line ([`super::describe`]) passes every word of a filter: `kind:gate` asks for its kind, `task:T-1`
/// and the like for that field, any other word for a text anywhere.
pub fn line_passes(filter: &str, line: &str) -> bool {
    if filter.trim().is_empty() {
        return true;
    }
    let line = line.to_lowercase();
    filter.to_lowercase().split_whitespace().all(|word| match word.split_once(':') {
        Some(("kind", wanted)) => kind(&line).starts_with(wanted),
        Some((field, wanted)) => value(&line, field).is_some_and(|value| value.contains(wanted)) || line.contains(word),
        None => line.contains(word),
    })
}

/// What stands behind the time, up to the first field.
fn kind(line: &str) -> &str {
    let behind = line.split_once("z ").map_or("", |(_, behind)| behind);
    behind.split("  ").next().unwrap_or_default().trim()
}

/// The value of a field, up to the next one.
fn value<'a>(line: &'a str, field: &str) -> Option<&'a str> {
    let at = line.find(&format!("  {field}: "))?;
    line[at + field.len() + 4..].split("  ").next()
}

#[cfg(test)]
mod tests {
    use super::{Selection, line_passes};
    use crate::domain::journal::{append_line, describe};
    use jiff::Timestamp;
    use serde_json::{Value, json};

    fn line(at: i64, kind: &str, body: Value) -> String {
        append_line(None, Timestamp::from_second(at).unwrap(), kind, body).0
    }

    #[test]
    fn records_are_chosen_by_kind_time_agent_and_task() {
        let records = [
            line(10, "gate", json!({"agent": "Sync", "subject": {"task": "T-1"}})),
            line(20, "task", json!({"task": "T-1", "what": "a"})),
            line(30, "brief", json!({"task": "T-12", "agent": "sync"})),
        ];
        let chosen = |selection: Selection| -> Vec<usize> {
            (0..records.len()).filter(|at| selection.admits(records[*at].trim_end().as_bytes())).collect()
        };
        let any = Selection::default;
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(chosen(any()), [0, 1, 2]);
        assert_eq!(chosen(Selection { kinds: vec!["gate".to_owned(), "BRIEF".to_owned()], ..any() }), [0, 2]);
        assert_eq!(chosen(Selection { since: Some(Timestamp::from_second(20).unwrap()), ..any() }), [1, 2]);
        assert_eq!(chosen(Selection { agent: some("sync"), ..any() }), [0, 2]);
        assert_eq!(chosen(Selection { task: some("t-1"), ..any() }), [0, 1], "T-12 is another task");
        assert_eq!(chosen(Selection { task: some("T-1"), agent: some("sync"), ..any() }), [0]);
        assert!(Selection { task: some("T-1"), ..any() }.admits(b"torn"), "what is broken is never hidden");
    }

    #[test]
    fn a_line_passes_by_its_kind_a_field_or_any_text() {
        let text = describe(line(0, "task undo", json!({"task": "T-1", "what": "Sync it: done"})).trim_end().as_bytes());
        for filter in ["", "kind:task", "kind:task undo", "task:t-1", "what:done", "sync", "1970 undo", "it: done"] {
            assert!(line_passes(filter, &text), "{filter} in {text}");
        }
        for filter in ["kind:gate", "kind:undo", "task:t-2", "what:t-1", "agent:sync", "sync gate"] {
            assert!(!line_passes(filter, &text), "{filter} in {text}");
        }
    }
}
