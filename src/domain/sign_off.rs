//! Sign-offs: that the operator took a piece of work, on what it was taken, and whether that is still so.
//!
//! A sign-off is a record of the journal and nothing else; whether it still stands is derived each time from what it rests on.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::claim::ClaimKind;
use super::drift::{DriftRow, DriftState, DriftView, ObjectKey};
use super::evidence::{Evidence, Grade, RowKind, Source, Verdict};
use super::task::{Task, TaskStatus};

/// The journal's word for a sign-off.
pub const KIND: &str = "sign-off";
/// The journal's word for work that was sent back.
pub const RETRY: &str = "retry";

/// What the operator signed off, and on what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignOff {
    /// Id of the task.
    pub task: String,
    /// Its title then.
    pub title: String,
    /// What the board said then.
    pub raw_status: String,
    /// The task's file.
    pub board: PathBuf,
    /// The task's line then.
    pub line: u32,
    /// The grade then.
    pub grade: Grade,
    /// Why it was signed off though something was short; none where nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Commits checked out then, by working tree.
    pub heads: BTreeMap<PathBuf, String>,
    /// Full ids of the commits of the work.
    pub commits: Vec<String>,
    /// Files of the work with the digests of their bytes; no digest where a file was not there.
    pub files: BTreeMap<PathBuf, Option<String>>,
    /// Objects of the work.
    pub objects: Vec<SignedObject>,
    /// What was claimed and shown.
    pub evidence: Vec<Cited>,
    /// Folder of the copies of what is cited, named in the session's state folder; filled in when they are written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copies: Option<String>,
}

/// An object as it was when it was signed off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedObject {
    /// The fabric.
    pub fabric: String,
    /// Group, kind, namespace and name.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Its drift.
    pub state: String,
    /// Its generation, where the cluster was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<i64>,
}

/// One claim or row that a sign-off rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cited {
    /// `claim`, or the kind of the row.
    pub what: String,
    /// What was said or shown.
    pub text: String,
    /// What a row said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// It had to hold.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// Where it stands, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// File and line (from 1) of what is to be copied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<(PathBuf, u64)>,
    /// Digest of the copy; filled in when it is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// What a sign-off is compared with.
#[derive(Debug, Clone, Copy)]
pub struct Now<'a> {
    /// The task, if its board still has it.
    pub task: Option<&'a Task>,
    /// What is shown of it now.
    pub evidence: &'a Evidence,
    /// The fabrics.
    pub fabrics: &'a [DriftView],
}

impl SignOff {
    /// What would be signed off now.
    pub fn of(task: &Task, evidence: &Evidence, fabrics: &[DriftView], heads: BTreeMap<PathBuf, String>) -> Self {
        let object = |(fabric, key): &(String, ObjectKey)| {
            let row = row_of(fabrics, fabric, key);
            SignedObject {
                fabric: fabric.clone(),
                group: key.group.clone(),
                kind: key.kind.clone(),
                namespace: key.namespace.clone(),
                name: key.name.clone(),
                state: row.map_or("gone", |row| row.state.name()).to_owned(),
                generation: row.and_then(|row| row.generation),
            }
        };
        Self {
            task: task.id.clone(),
            title: task.title.clone(),
            raw_status: task.raw_status.clone(),
            board: task.origin.file.clone(),
            line: task.origin.line,
            grade: evidence.grade,
            reason: None,
            heads,
            commits: evidence.commits.clone(),
            files: evidence.files.iter().map(|file| (file.path.clone(), file.digest.clone())).collect(),
            objects: evidence.objects.iter().map(object).collect(),
            evidence: cited(evidence),
            copies: None,
        }
    }

    /// True if something that had to hold did not.
    pub fn was_short(&self) -> bool {
        self.grade < Grade::Observed
            || self.evidence.iter().any(|cited| cited.required && cited.verdict != Some(Verdict::Holds))
    }

    /// What of it is another way in `now`, in a few words: what was claimed or shown as it says now, else what else it rests on.
    pub fn change(&self, now: &Self) -> String {
        let new = now.evidence.iter().find(|cited| !self.evidence.contains(cited));
        let gone = || self.evidence.iter().find(|cited| !now.evidence.contains(cited));
        let differs = |what: &str, is: bool| is.then(|| what.to_owned());
        new.map(|cited| format!("{} is now: {}", cited.what, cited.text))
            .or_else(|| gone().map(|cited| format!("{} is no longer: {}", cited.what, cited.text)))
            .or_else(|| differs("its commits", self.commits != now.commits))
            .or_else(|| differs("its files", self.files != now.files))
            .or_else(|| differs("its objects", self.objects != now.objects))
            .unwrap_or_else(|| "what its board says of it".to_owned())
    }

    /// Why it no longer stands: what changed of what it rests on, the weightiest first; none while it does.
    ///
    /// What cannot be seen now supersedes nothing: a cluster that is away, a transcript that was deleted.
    pub fn superseded(&self, now: &Now<'_>) -> Option<String> {
        let name = |path: &Path| path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        // To move it on to done is what a sign-off is for.
        let moved = |task: &&Task| task.raw_status != self.raw_status && task.status != TaskStatus::Done;
        if let Some(task) = now.task.filter(moved) {
            return Some(format!("its status is {} now, and was {}", task.raw_status, self.raw_status));
        }
        let known: BTreeSet<&str> = self.commits.iter().map(String::as_str).collect();
        if let Some(new) = now.evidence.commits.iter().find(|id| !known.contains(id.as_str())) {
            return Some(format!("commit {} came after it", new.chars().take(7).collect::<String>()));
        }
        for file in &now.evidence.files {
            match self.files.get(&file.path) {
                None => return Some(format!("{} was edited after it", name(&file.path))),
                Some(signed) if !file.exists && signed.is_some() => {
                    return Some(format!("{} is gone", name(&file.path)));
                }
                Some(signed) if file.digest.is_some() && *signed != file.digest => {
                    return Some(format!("{} was changed after it", name(&file.path)));
                }
                Some(_) => {}
            }
        }
        self.objects.iter().find_map(|object| object.changed(now.fabrics))
    }
}

impl SignedObject {
    fn key(&self) -> ObjectKey {
        ObjectKey::new(&*self.group, &*self.kind, &*self.namespace, &*self.name)
    }

    fn changed(&self, fabrics: &[DriftView]) -> Option<String> {
        let named = format!("{} {}", self.kind, self.name);
        let view = fabrics.iter().find(|view| view.fabric == self.fabric)?;
        // What has not been heard of yet is not gone.
        view.as_of?;
        let Some(row) = row_of(fabrics, &self.fabric, &self.key()) else {
            return (self.state != "gone").then(|| format!("{named} is gone"));
        };
        match row.state {
            DriftState::Unknown => None,
            state if state.name() == self.state => {
                let (signed, now) = self.generation.zip(row.generation).filter(|(signed, now)| signed != now)?;
                Some(format!("{named} has generation {now} now, and was {signed}"))
            }
            // What was signed off before it was live has become live: its generation had to move for that.
            DriftState::Synced => None,
            state => Some(format!("{named} is {} now, and was {}", state.name(), self.state)),
        }
    }
}

fn row_of<'a>(fabrics: &'a [DriftView], fabric: &str, key: &ObjectKey) -> Option<&'a DriftRow> {
    let view = fabrics.iter().find(|view| view.fabric == fabric)?;
    view.rows.iter().find(|row| row.key == *key).map(AsRef::as_ref)
}

fn cited(evidence: &Evidence) -> Vec<Cited> {
    let place = |source: &Source| match source {
        Source::Record { file, line, .. } => Some((file.clone(), *line)),
        Source::Task { file, line, .. } | Source::File(file, Some(line)) => Some((file.clone(), u64::from(*line))),
        Source::File(_, None) | Source::Commit(_) | Source::Object(..) | Source::Check(_) => None,
    };
    let claims = evidence.claims.iter().map(|claim| Cited {
        what: "claim".to_owned(),
        text: format!("{}: {}", claim.by, claim.text),
        verdict: None,
        required: false,
        source: Some(claim.source.words()),
        place: place(&claim.source),
        sha256: None,
    });
    let rows = evidence.rows.iter().map(|row| Cited {
        what: row.kind.name().to_owned(),
        text: row.shown.clone(),
        verdict: Some(row.verdict),
        required: row.required,
        source: row.source.as_ref().map(Source::words),
        place: row.source.as_ref().and_then(place),
        sha256: None,
    });
    claims.chain(rows).collect()
}

/// A sign-off with when it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// When.
    pub at: Timestamp,
    /// What.
    pub sign_off: SignOff,
}

/// What the journal says of the review of tasks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reviews {
    /// The last sign-off of each task.
    pub signed: BTreeMap<String, Given>,
    /// What was short each time that a task was sent back since it was last signed off, in one line each, oldest first.
    pub retries: BTreeMap<String, Vec<String>>,
}

impl Reviews {
    /// Takes the next record of the journal, whatever its kind.
    pub fn take(&mut self, record: &Value) {
        let Some(at) = record.get("at").and_then(|at| serde_json::from_value::<Timestamp>(at.clone()).ok()) else {
            return;
        };
        match record.get("kind").and_then(Value::as_str) {
            Some(KIND) => {
                if let Ok(sign_off) = serde_json::from_value::<SignOff>(record.clone()) {
                    self.give(at, sign_off);
                }
            }
            Some(RETRY) => {
                if let Some(task) = record.get("task").and_then(Value::as_str) {
                    let failed = record.get("failed").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                    let failed: Vec<&str> = failed.iter().filter_map(Value::as_str).collect();
                    self.send_back(task, failed.join("; "));
                }
            }
            _ => {}
        }
    }

    /// Notes a sign-off.
    pub fn give(&mut self, at: Timestamp, sign_off: SignOff) {
        self.retries.remove(&sign_off.task);
        self.signed.insert(sign_off.task.clone(), Given { at, sign_off });
    }

    /// Notes that work was sent back, and what was short.
    pub fn send_back(&mut self, task: &str, failed: String) {
        self.retries.entry(task.to_owned()).or_default().push(failed);
    }
}

/// How a task stands with the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nobody signed it off.
    Open,
    /// It is signed off, and what that rests on is as it was.
    Signed(Timestamp),
    /// It was signed off, and something has changed since: what.
    Superseded(Timestamp, String),
}

impl Standing {
    /// The standing of a task by its last sign-off.
    pub fn of(given: Option<&Given>, now: &Now<'_>) -> Self {
        let Some(given) = given else { return Self::Open };
        match given.sign_off.superseded(now) {
            Some(why) => Self::Superseded(given.at, why),
            None => Self::Signed(given.at),
        }
    }
}

/// True if a task is said to be done.
pub fn is_claimed_done(task: Option<&Task>, evidence: &Evidence) -> bool {
    let says = evidence.claims.iter().any(|claim| claim.kind == ClaimKind::Done);
    says || task.is_some_and(|task| task.status == TaskStatus::Done)
}

/// What has to be shown the next time where a row of this kind was short.
pub fn want(kind: RowKind) -> String {
    match kind {
        RowKind::Tests => {
            "the tests ran after the last edit, by a command of their own whose exit status is seen, and passed"
        }
        RowKind::Build => "build, lint and validation pass",
        RowKind::Committed => "everything that was changed is committed, and nothing else",
        RowKind::Pushed => "the commits are on the remote",
        RowKind::Files => "every file that is named is there",
        RowKind::Criteria => "every acceptance criterion is met, and ticked only then",
        RowKind::Synced => "the objects are synced in the cluster, not merely committed",
        RowKind::Healthy => "the objects are healthy",
        RowKind::Todo => "the to-do list has nothing open",
        RowKind::Checks => "the operator's check passes",
    }
    .to_owned()
}

#[cfg(test)]
mod tests;
