//! The review pane: what is claimed of a task or by an agent beside what is shown, and what the operator made of it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::agent::AgentId;
use crate::domain::evidence::known::{Gathered, Request};
use crate::domain::evidence::{Claimed, Evidence, Require, Row as Shown};
use crate::domain::link::Names;
use crate::domain::sign_off::{Reviews, Standing};

use super::list::List;

/// Rows above the list: what it is about, and the verdict.
pub const HEAD: u16 = 3;

/// The review pane, and what is known of every task that is said to be done.
#[derive(Debug, Default)]
pub struct Review {
    /// What was last found in the world; `None` before the first news.
    pub gathered: Option<Arc<Gathered>>,
    /// What was last asked for, with the sizes of the transcripts then.
    pub asked: Option<(Request, Vec<u64>)>,
    /// How tasks are named.
    pub names: Names,
    /// The evidence for tasks, by id.
    pub tasks: BTreeMap<String, Evidence>,
    /// The evidence for the agent that is looked at.
    pub agent: Option<(AgentId, Evidence)>,
    /// How tasks that were signed off stand, by id.
    pub standing: BTreeMap<String, Standing>,
    /// What the journal says.
    pub reviews: Reviews,
    /// What is looked at.
    pub subject: Option<Subject>,
    /// Which rows have to hold.
    pub require: Require,
    /// Working trees of the fabrics: manifests are named from there.
    pub manifests_below: Vec<PathBuf>,
    /// Rows with the cursor.
    pub list: List<Row>,
    /// Something has changed that evidence is made from.
    pub dirty: bool,
    /// What is to be looked at may be something else now.
    pub recheck: bool,
    /// Files may have changed: the same is to be looked at again.
    pub look_again: bool,
    /// When the evidence was made.
    pub as_of: Option<Timestamp>,
}

/// What is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A task, by id.
    Task(String),
    /// All that an agent did.
    Agent(AgentId),
}

/// One row: a claim, and what is shown of it. One of them may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Index of the claim; none where a row belongs to no claim, or to the claim above.
    pub claim: Option<usize>,
    /// Index of what is shown; none where nothing bears on a claim.
    pub shown: Option<usize>,
}

impl Review {
    /// True while agents whose work bears on it were not looked at yet: what is known so far is not evidence.
    pub fn is_waiting(&self) -> bool {
        let wanted = self.asked.as_ref().is_some_and(|(request, _)| !request.agents.is_empty());
        wanted && self.gathered.is_none()
    }

    /// The evidence for what is looked at.
    pub fn current(&self) -> Option<&Evidence> {
        match self.subject.as_ref()? {
            Subject::Task(id) => self.tasks.get(id),
            Subject::Agent(id) => self.agent.as_ref().filter(|(known, _)| known == id).map(|(_, evidence)| evidence),
        }
    }

    /// The claim of a row.
    pub fn claim(&self, row: Row) -> Option<&Claimed> {
        self.current()?.claims.get(row.claim?)
    }

    /// What is shown in a row.
    pub fn shown(&self, row: Row) -> Option<&Shown> {
        self.current()?.rows.get(row.shown?)
    }

    /// Lays the rows out anew; the cursor stays at its height.
    pub fn arrange(&mut self) {
        let mut rows = Vec::new();
        if let Some(evidence) = self.current() {
            for index in 0..evidence.claims.len() {
                let of_claim: Vec<usize> =
                    (0..evidence.rows.len()).filter(|row| evidence.rows[*row].claim == Some(index)).collect();
                // The claim stands beside the first thing that bears on it.
                rows.push(Row { claim: Some(index), shown: of_claim.first().copied() });
                rows.extend(of_claim.iter().skip(1).map(|row| Row { claim: None, shown: Some(*row) }));
            }
            let unclaimed = (0..evidence.rows.len()).filter(|row| evidence.rows[*row].claim.is_none());
            rows.extend(unclaimed.map(|row| Row { claim: None, shown: Some(row) }));
            rows.retain(|row| self.admits(evidence, *row));
        }
        let selected = self.list.current().copied();
        self.list.replace(rows, |row| Some(*row) == selected);
    }

    fn admits(&self, evidence: &Evidence, row: Row) -> bool {
        let claim = row.claim.and_then(|claim| evidence.claims.get(claim)).map_or("", |claim| claim.text.as_str());
        let shown = row.shown.and_then(|shown| evidence.rows.get(shown));
        let shown =
            shown.map_or_else(String::new, |row| format!("{} {} {}", row.kind.name(), row.verdict.name(), row.shown));
        self.list.admits(&format!("{claim} {shown}"))
    }
}
