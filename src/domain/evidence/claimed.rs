//! The claims that are made of a task: by its agents, in the part of their work that is about it, and by its board.

use super::edits::Edit;
use super::runs::Part;
use super::{Claimed, Facts, Source};
use crate::domain::claim::{ClaimKind, Names};
use crate::domain::task::{Task, TaskStatus};
use crate::domain::text;

/// Claims that are kept.
const MOST: usize = 24;

/// A claim with what it names.
#[derive(Debug, Clone)]
pub struct Found {
    /// The claim.
    pub claimed: Claimed,
    /// What it names.
    pub names: Names,
    /// The part of the work that it was made in; none for the board's.
    pub part: Option<usize>,
    /// Where in its transcript.
    pub line: u64,
}

/// Every claim that counts.
#[derive(Debug, Default)]
pub struct Claims {
    /// The claims, by kind.
    pub found: Vec<Found>,
}

impl Claims {
    /// The latest claim of every kind in each part, and what the board says.
    pub fn of(facts: &Facts<'_>, parts: &[Part<'_>]) -> Self {
        let mut found: Vec<Found> = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            for message in part.of.told.said.iter().filter(|said| part.scope.has(said.place)) {
                let whole = part.of.told.work.messages.get(message.message).map_or("", |whole| whole.text.as_str());
                if is_of_others(facts, whole) {
                    continue;
                }
                let mut fresh: Vec<Found> = Vec::new();
                for one in &message.claims {
                    if is_of_others(facts, &one.text) {
                        continue;
                    }
                    let claimed = Claimed {
                        kind: one.kind,
                        text: one.text.clone(),
                        by: part.of.name.to_owned(),
                        at: message.place.at,
                        source: part.source(message.place),
                    };
                    let names = one.names.clone();
                    fresh.push(Found { claimed, names, part: Some(index), line: message.place.line });
                }
                // A later message says anew what it says; of one message every sentence counts.
                let says = |kind: ClaimKind| fresh.iter().any(|new| new.claimed.kind == kind);
                found.retain(|old| old.part != Some(index) || !says(old.claimed.kind));
                found.append(&mut fresh);
            }
        }
        found.extend(facts.task.into_iter().flat_map(|(_, task)| of_board(task)));
        // Stable: within a kind the order of the transcripts stands.
        found.sort_by_key(|one| one.claimed.kind);
        found.truncate(MOST);
        Self { found }
    }

    /// True if the claim of this index was made after an edit, by whoever made that.
    pub fn is_later(&self, claim: Option<usize>, edit: &Edit) -> bool {
        let claim = claim.and_then(|claim| self.found.get(claim));
        claim.is_some_and(|claim| claim.part == Some(edit.part) && claim.line > edit.line)
    }

    /// Index of the first claim of one of these kinds, the kinds in their order.
    pub fn first(&self, kinds: &[ClaimKind]) -> Option<usize> {
        kinds.iter().find_map(|kind| self.found.iter().position(|one| one.claimed.kind == *kind))
    }
}

/// True if a text names other tasks alone: it is said of them, each of its sentences too.
fn is_of_others(facts: &Facts<'_>, text: &str) -> bool {
    let named = facts.names.map(|names| names.in_text(text)).unwrap_or_default();
    facts.task.is_some_and(|(task, _)| !named.is_empty() && !named.contains(&task))
}

/// What a board says by where it puts a task, and by its ticks.
fn of_board(task: &Task) -> Vec<Found> {
    let claim = |kind, text: String, line| Found {
        claimed: Claimed {
            kind,
            text,
            by: "board".to_owned(),
            at: None,
            source: Source::Task { id: task.id.clone(), file: task.origin.file.clone(), line },
        },
        names: Names::default(),
        part: None,
        line: 0,
    };
    let mut found = Vec::new();
    if task.status == TaskStatus::Done {
        let raw = text::line(&task.raw_status);
        let said = if raw.is_empty() { "done".to_owned() } else { format!("{raw} done") };
        found.push(claim(ClaimKind::Done, said, task.origin.line));
        let ticked = task.criteria.total > 0 && task.criteria.done == task.criteria.total;
        if ticked {
            let line = task.boxes.first().map_or(task.origin.line, |first| first.line);
            found.push(claim(ClaimKind::CriteriaMet, format!("{} criteria ticked", task.criteria.total), line));
        }
    }
    found
}
