//! The one change that moves a task: a few bytes of its file, and every other byte stays.
//!
//! A format says which bytes hold a task's status. What it says is tried before it is believed: the text with the change is
//! read again, and unless exactly that task has the status that was wanted, and every other task is as it was, nothing is
//! changed. A format that misjudges a line refuses; it never spoils a file.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::{FORMATS, Format, Parsed, Project, Task, TaskStatus};

/// What is wanted of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Another status, in a word or mark of the file's own where one is given.
    Status(TaskStatus, Option<String>),
    /// The box of a criterion, counted from zero.
    Criterion(u32, bool),
}

/// A replacement in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Bytes that are replaced; an empty range is an insertion.
    pub range: Range<usize>,
    /// What stands there afterwards.
    pub text: String,
}

impl Edit {
    /// The text with the change.
    pub fn apply(&self, text: &str) -> Option<String> {
        let (before, after) = (text.get(..self.range.start)?, text.get(self.range.end..)?);
        Some([before, &self.text, after].concat())
    }

    /// What takes the change back, in the text that it makes of `text`.
    pub fn inverse(&self, text: &str) -> Option<Self> {
        let was = text.get(self.range.clone())?.to_owned();
        Some(Self { range: self.range.start..self.range.start + self.text.len(), text: was })
    }
}

/// Where a part of a text stands in it.
pub(super) fn place(text: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr().addr() - text.as_ptr().addr();
    start..start + part.len()
}

/// The change of one task in the text of its file, or why there is none.
///
/// `task` is what was read from that file; its line and raw status find it again, so that it does not matter that ids were
/// made to differ across files and secrets in titles were hidden.
pub fn edit(path: &Path, text: &str, task: &Task, change: &Change) -> Result<Edit, String> {
    if text.lines().any(|line| line.starts_with("<<<<<<< ")) {
        return Err("the file is in the middle of a merge; resolve it first".to_owned());
    }
    let bare = text.trim_start_matches('\u{feff}');
    let skipped = text.len() - bare.len();
    let Some(format) = FORMATS.iter().find(|format| format.name() == task.format && format.recognises(path, bare))
    else {
        return Err("the file is not written in that format any more".to_owned());
    };
    let read = |text: &str| read_as(*format, path, text, task.project.as_ref());
    let before = read(bare);
    let at = position(&before, task).ok_or("the task does not stand on its line any more")?;
    if let Change::Status(status, raw) = change
        && before.tasks[at].status == *status
        && raw.as_ref().is_none_or(|raw| *raw == before.tasks[at].raw_status)
    {
        return Err(format!("it is {} already", status.name()));
    }
    let edit = format.edit(bare, &before.tasks, at, change)?;
    let changed = edit.apply(bare).ok_or("the change does not lie in the file")?;
    if !format.recognises(path, &changed) {
        return Err("the file would not be of its format any more; change it in the file".to_owned());
    }
    confirm(&before, &read(&changed), at, change)?;
    Ok(Edit { range: edit.range.start + skipped..edit.range.end + skipped, ..edit })
}

/// What the file holds, by the rules of the task's project.
fn read_as(format: &dyn Format, path: &Path, text: &str, project: Option<&Arc<Project>>) -> Parsed {
    let mut parsed = format.parse(path, text);
    if let Some(project) = project {
        for task in &mut parsed.tasks {
            project.adopt(task);
        }
    }
    parsed
}

/// The task on that line; of several on one line (JSON may be one) that with the title.
fn position(parsed: &Parsed, task: &Task) -> Option<usize> {
    let is_there = |known: &Task| known.origin.line == task.origin.line && known.raw_status == task.raw_status;
    let mut found = parsed.tasks.iter().enumerate().filter(|(_, known)| is_there(known));
    let (first, more) = (found.next()?, found.next());
    if more.is_none() {
        return Some(first.0);
    }
    parsed.tasks.iter().position(|known| is_there(known) && known.title == task.title)
}

/// Nothing but the task has changed, and it has changed as wanted.
fn confirm(before: &Parsed, after: &Parsed, at: usize, change: &Change) -> Result<(), String> {
    let spoils = "writing it would change more than this task; change it in the file";
    if before.tasks.len() != after.tasks.len() || before.findings != after.findings {
        return Err(spoils.to_owned());
    }
    for (number, (old, new)) in before.tasks.iter().zip(&after.tasks).enumerate() {
        let same_task = old.title == new.title && old.id == new.id && old.origin == new.origin;
        // A box is both a task and a criterion of the tasks around it, whose text it stands in.
        let same_status = old.status == new.status && old.raw_status == new.raw_status;
        let holds = match change {
            _ if !same_task => false,
            Change::Status(wanted, _) if number == at => new.status == *wanted,
            Change::Criterion(..) if number == at => {
                same_status && old.criteria.total == new.criteria.total && old.criteria.done != new.criteria.done
            }
            Change::Status(..) => same_status,
            // Ticking the box of a nested task moves that task.
            Change::Criterion(..) => same_status || new.raw_status.starts_with('['),
        };
        if !holds {
            return Err(spoils.to_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
