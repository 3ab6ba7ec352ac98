//! A tool call with its result: one line while folded, then input and output.

use crate::domain::text;
use crate::domain::text::styled::{Ink, Look, Styled};
use crate::domain::transcript::patch::Patch;
use crate::domain::transcript::todo::{TodoItem, TodoStatus, progress};
use crate::domain::transcript::{Body, Detail, Text};

use super::outcome::{answer, first_line, outcome};
use super::{MOST, Part, Row, Shown, block, diff, marked_up};

/// Columns that the head of a call keeps, however much is to be said of its outcome.
const HEAD: usize = 16;

/// The rows of a call.
pub(super) fn rows(shown: &Shown<'_>, columns: usize) -> Vec<Row> {
    let Body::Call { name, summary, input, detail, .. } = &shown.entry.body else { return Vec::new() };
    let detail = detail.as_deref();
    let patch = patch_of(shown);
    let mut out = vec![Row { part: Part::Call, line: head(shown, name, summary, patch, columns) }];
    if let Some(Detail::Plan(plan)) = detail {
        // A plan is there to be read, and somebody may be waiting for the answer.
        out.extend(marked_up(plan, columns, |_| Part::Plan));
    }
    if shown.open {
        match (patch, detail) {
            (Some(patch), _) => out.extend(diff::rows(patch, columns)),
            (None, Some(Detail::Todo(items))) => out.extend(todo(items, columns)),
            (None, Some(Detail::Plan(_))) => {}
            (None, Some(Detail::Patch(_) | Detail::Run(_)) | None) => out.extend(written(input, columns)),
        }
    }
    if let Some((_, is_error, output)) = answer(shown) {
        let part = |first| Part::Answer { first, error: is_error };
        // Sub-agents report as any model writes.
        if shown.open && !is_error && matches!(name.as_str(), "Agent" | "Task") {
            out.extend(marked_up(output, columns, part));
        } else if shown.open {
            out.extend(block(output, columns, part));
        } else if is_error && let Some(line) = first_line(output) {
            let line = Styled::new(text::prefix(line, columns * 4), Ink::Plain).cut(columns);
            out.push(Row { part: part(true), line });
        }
    }
    out
}

/// The patch of a call: the one in its result is better, it has line numbers.
fn patch_of<'a>(shown: &Shown<'a>) -> Option<&'a Patch> {
    if let Some(Body::Result { patch: Some(patch), .. }) = shown.answer.map(|answer| &answer.body) {
        return Some(patch);
    }
    match &shown.entry.body {
        Body::Call { detail, .. } => match detail.as_deref() {
            Some(Detail::Patch(patch)) => Some(patch),
            _ => None,
        },
        _ => None,
    }
}

/// The input, if there is any.
fn written(input: &Text, columns: usize) -> Vec<Row> {
    if input.bytes == 0 { Vec::new() } else { block(input, columns, |_| Part::Input) }
}

/// The line that a call has while it is folded, and after.
fn head(shown: &Shown<'_>, name: &str, summary: &str, patch: Option<&Patch>, columns: usize) -> Styled {
    let detail = match &shown.entry.body {
        Body::Call { detail, .. } => detail.as_deref(),
        _ => None,
    };
    let mut line = Styled::new(&text::line(name), Ink::Tool);
    let about = match detail {
        Some(Detail::Todo(items)) if items.len() == 1 => items[0].text.clone(),
        Some(Detail::Todo(items)) => progress(items),
        Some(Detail::Plan(_)) => String::new(),
        // Its input in one line would be the patch itself.
        Some(Detail::Patch(patch)) if name == "apply_patch" => files(patch),
        Some(Detail::Patch(_) | Detail::Run(_)) | None => summary.to_owned(),
    };
    if !about.is_empty() {
        line.push(" ", Ink::Plain);
        line.push(&text::line(&about), Ink::Plain);
    }
    let mut tail = Styled::default();
    if let Some((added, removed)) = patch.map(Patch::counts) {
        tail.push(&format!("  +{added}"), Ink::Added);
        tail.push(&format!(" −{removed}"), Ink::Removed);
    }
    if let Some(outcome) = outcome(shown) {
        tail.push("  ", Ink::Plain);
        tail.extend(&outcome);
    }
    let room = columns.saturating_sub(tail.width());
    if room >= line.width().min(HEAD) {
        line = line.cut(room);
    }
    line.extend(&tail);
    line.cut(columns)
}

/// The file of a patch, or how many there are.
fn files(patch: &Patch) -> String {
    match &patch.files[..] {
        [file] => file.path.clone(),
        files => format!("{} files", files.len()),
    }
}

fn todo(items: &[TodoItem], columns: usize) -> Vec<Row> {
    let mut out = Vec::new();
    for item in items {
        let (sign, ink, look) = match item.status {
            TodoStatus::Done => ("✓ ", Ink::Ok, Look::from(Ink::Dim)),
            TodoStatus::Doing => ("▸ ", Ink::Busy, Look { strong: true, ..Look::default() }),
            TodoStatus::Open => ("○ ", Ink::Dim, Look::default()),
            TodoStatus::Dropped => ("✗ ", Ink::Dim, Look { struck: true, ..Look::from(Ink::Dim) }),
        };
        let text = Styled::new(&text::line(&item.text), look);
        for (number, row) in text.wrap(columns.saturating_sub(2).max(1), MOST).into_iter().enumerate() {
            let mut line = Styled::new(if number == 0 { sign } else { "  " }, ink);
            line.extend(&row);
            out.push(Row { part: Part::Todo, line: line.cut(columns) });
        }
    }
    out
}
