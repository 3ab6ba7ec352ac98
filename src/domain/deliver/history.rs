//! What was sent to whom, and what became of it, as the journal tells: nothing of it is kept anywhere else.
//!
//! A sending makes two records of kind `send`: one before anything is pasted, one with its outcome, both with the same `send`.
//! A first one without a second is a sending of which nobody saw the end: it is indeterminate. A refusal is one record.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Order, Outcome, Proof, Target};
use crate::domain::agent::AgentId;
use crate::domain::digest::sha256;
use crate::domain::task::{Task, TaskStatus};

/// The kind of these records in the journal.
pub const KIND: &str = "send";

/// What is said of a sending without an end.
const UNFINISHED: &str = "hnpwb ended while it was being sent";

/// One sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sending {
    /// Its id.
    pub id: String,
    /// When it began.
    pub at: Timestamp,
    /// Number of the brief; none for a text of the operator's.
    pub brief: Option<u32>,
    /// Id of the task.
    pub task: Option<String>,
    /// The agent's name.
    pub agent: String,
    /// The agent's id.
    pub agent_id: AgentId,
    /// Digest of the brief's file as it was then.
    pub brief_digest: Option<String>,
    /// What became of it: `delivered`, `not-delivered`, `indeterminate`.
    pub outcome: String,
    /// Its end was written.
    pub ended: bool,
    /// Why, or what proves it.
    pub reason: String,
    /// Transcript and line that prove it.
    pub proof: Option<(String, u64)>,
}

impl Sending {
    /// Sending again could make a second copy.
    pub fn is_doubtful(&self) -> bool {
        self.outcome == "indeterminate"
    }
}

/// The fields of a record that are the same before and after. `brief` is the text of the brief's file.
pub fn body(id: &str, order: &Order, target: Option<&Target>, text: &str, brief: Option<&str>) -> Value {
    let of = order.brief.as_ref();
    json!({
        "send": id,
        "brief": of.map(|brief| format!("{:04}", brief.number)),
        "file": of.map(|brief| brief.file.display().to_string()),
        "title": of.map(|brief| brief.title.as_str()),
        "task": of.and_then(|brief| brief.task.as_deref()),
        "agent": order.receiver.name,
        "agent_id": order.receiver.id,
        "pane": target.map(|target| target.pane.place()),
        "pid": target.map(|target| target.process.pid),
        "bytes": text.len(),
        "text_sha256": sha256(text.as_bytes()),
        "brief_sha256": brief.map(|brief| sha256(brief.as_bytes())),
    })
}

/// The record of an outcome: [`body`] with what became of it.
pub fn ended(mut body: Value, outcome: &Outcome) -> Value {
    body["outcome"] = outcome.name().into();
    match outcome {
        Outcome::Delivered(proof @ Proof::Line { file, line, offset, .. }) => {
            body["reason"] = proof.to_string().into();
            body["transcript"] = file.display().to_string().into();
            body["line"] = (*line).into();
            body["offset"] = (*offset).into();
        }
        Outcome::Delivered(Proof::Hook) => body["reason"] = Proof::Hook.to_string().into(),
        Outcome::NotDelivered(why) | Outcome::Indeterminate(why) => body["reason"] = why.as_str().into(),
    }
    body
}

/// Every sending that these lines of a journal tell of, oldest first. Lines of other kinds, and those that cannot be read, tell
/// of none.
pub fn read<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Vec<Sending> {
    #[derive(Deserialize)]
    struct Record {
        kind: String,
        at: Timestamp,
        send: String,
        brief: Option<String>,
        task: Option<String>,
        agent: String,
        agent_id: String,
        brief_sha256: Option<String>,
        outcome: Option<String>,
        reason: Option<String>,
        transcript: Option<String>,
        line: Option<u64>,
    }
    let mut found: Vec<Sending> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for line in lines.into_iter().filter(|line| memchr::memmem::find(line, b"\"kind\":\"send\"").is_some()) {
        let Ok(record) = serde_json::from_slice::<Record>(line) else { continue };
        if record.kind != KIND {
            continue;
        }
        let place = *places.entry(record.send.clone()).or_insert(found.len());
        if place == found.len() {
            found.push(Sending {
                id: record.send,
                at: record.at,
                brief: record.brief.and_then(|brief| brief.parse().ok()),
                task: record.task,
                agent: record.agent,
                agent_id: AgentId(record.agent_id),
                brief_digest: record.brief_sha256,
                outcome: "indeterminate".to_owned(),
                ended: false,
                reason: UNFINISHED.to_owned(),
                proof: None,
            });
        }
        if let Some(outcome) = record.outcome {
            found[place].outcome = outcome;
            found[place].ended = true;
            found[place].reason = record.reason.unwrap_or_default();
            found[place].proof = record.transcript.zip(record.line);
        }
    }
    found
}

/// The task that an agent works on, as far as that is known: that of the last brief that reached it, else the one in progress
/// that is assigned to it.
pub fn task_of<'a>(agent: &AgentId, name: &str, sends: &[Sending], tasks: &'a [Arc<Task>]) -> Option<&'a Task> {
    let mut reached = sends.iter().rev().filter(|sending| sending.agent_id == *agent && sending.outcome == "delivered");
    let sent = reached.find_map(|sending| sending.task.as_deref());
    let assigned = |task: &&Arc<Task>| task.status == TaskStatus::InProgress && task.assignee.as_deref() == Some(name);
    let task = sent.and_then(|id| tasks.iter().find(|task| task.id == id));
    task.or_else(|| tasks.iter().find(assigned)).map(AsRef::as_ref)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::{body, ended, read};
    use crate::domain::deliver::tests::order;
    use crate::domain::deliver::{Outcome, Proof};
    use crate::domain::journal::append_line;

    fn journal(bodies: Vec<(&str, serde_json::Value)>) -> String {
        let (mut text, mut tail) = (String::new(), None);
        for (kind, body) in bodies {
            let (line, next) = append_line(tail.as_ref(), Timestamp::UNIX_EPOCH, kind, body);
            text.push_str(&line);
            tail = Some(next);
        }
        text
    }

    #[test]
    fn a_sending_is_told_with_its_outcome_and_one_without_an_end_is_in_doubt() {
        let begun = |id: &str| body(id, &order("Read it."), None, "Read it.", Some("# A brief"));
        let line = Outcome::Delivered(Proof::Line { file: "/t/a.jsonl".into(), offset: 7, line: 3, queued: false });
        let text = journal(vec![
            ("send", begun("a")),
            ("copy", json!({"what": "x"})),
            ("send", begun("b")),
            ("send", ended(begun("a"), &line)),
            ("send", ended(begun("c"), &Outcome::NotDelivered("it waits".to_owned()))),
        ]);
        let lines: Vec<&[u8]> = text.lines().map(str::as_bytes).collect();
        let found = read(lines.iter().copied());
        let told: Vec<_> = found.iter().map(|one| (one.id.as_str(), one.outcome.as_str())).collect();
        assert_eq!(told, [("a", "delivered"), ("b", "indeterminate"), ("c", "not-delivered")]);
        assert_eq!(found[0].proof, Some(("/t/a.jsonl".to_owned(), 3)));
        assert!(found[1].is_doubtful() && found[1].reason.contains("ended while"), "{:?}", found[1]);
        assert_eq!((found[2].reason.as_str(), found[2].brief), ("it waits", Some(7)));
        assert_eq!(read([&b"{\"kind\":\"send\",\"torn"[..], b"not a record"]), []);
    }
}
