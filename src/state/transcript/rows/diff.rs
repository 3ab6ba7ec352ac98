//! A patch as rows: line numbers where they are known, a sign, and the line.

use crate::domain::text::styled::{Ink, Styled};
use crate::domain::transcript::patch::{Change, FilePatch, Hunk, Patch, Sign};

use super::{MOST, Part, Row};

/// The rows of a patch.
pub(super) fn rows(patch: &Patch, columns: usize) -> Vec<Row> {
    let mut lines = Vec::new();
    for file in &patch.files {
        // The call names a single file that only changes.
        if patch.files.len() > 1 || !matches!(file.change, Change::Update | Change::Write) {
            lines.push(head(file, columns));
        }
        let digits = widest(file);
        for (number, hunk) in file.hunks.iter().enumerate() {
            if number > 0 || !hunk.context.is_empty() {
                let line = Styled::new(format!("⋯ {}", hunk.context.trim()).trim_end(), Ink::Dim);
                lines.push(line.cut(columns));
            }
            hunk_lines(hunk, digits, columns, &mut lines);
            if lines.len() >= MOST {
                break;
            }
        }
    }
    let cut = lines.len() > MOST;
    lines.truncate(MOST);
    if patch.left_out > 0 || cut {
        let more = if cut { "… more lines".to_owned() } else { format!("… {} more lines", patch.left_out) };
        lines.push(Styled::new(&more, Ink::Dim).cut(columns));
    }
    lines.into_iter().map(|line| Row { part: Part::Diff, line }).collect()
}

fn head(file: &FilePatch, columns: usize) -> Styled {
    let mut line = Styled::new(&file.path, Ink::Heading);
    match &file.change {
        Change::Update => {}
        Change::Write => line.push(" (written)", Ink::Dim),
        Change::Delete => line.push(" (deleted)", Ink::Removed),
        Change::Move(to) => {
            line.push(" → ", Ink::Dim);
            line.push(to, Ink::Heading);
        }
    }
    line.push(&format!("  +{}", file.added), Ink::Added);
    line.push(&format!(" −{}", file.removed), Ink::Removed);
    line.cut(columns)
}

/// Digits of the largest line number; none if no hunk has numbers.
fn widest(file: &FilePatch) -> usize {
    let last = |hunk: &Hunk| hunk.start.map(|(old, new)| old.max(new) + hunk.lines.len() as u64);
    file.hunks.iter().filter_map(last).max().map_or(0, |last| last.to_string().len())
}

fn hunk_lines(hunk: &Hunk, digits: usize, columns: usize, lines: &mut Vec<Styled>) {
    let mut numbers = hunk.start;
    // Numbers are the first to go where there is no room.
    let digits = if digits + 12 > columns { 0 } else { digits };
    let before = if digits > 0 { digits + 3 } else { 2 };
    for line in &hunk.lines {
        let (sign, ink) = match line.sign {
            Sign::Same => ("  ", Ink::Dim),
            Sign::Added => ("+ ", Ink::Added),
            Sign::Removed => ("- ", Ink::Removed),
        };
        let number = numbers.map(|(old, new)| if line.sign == Sign::Removed { old } else { new });
        if let Some((old, new)) = &mut numbers {
            *old += u64::from(line.sign != Sign::Added);
            *new += u64::from(line.sign != Sign::Removed);
        }
        let mut text = Styled::default();
        text.push_verbatim(&line.text, ink);
        for (row, part) in text.wrap(columns.saturating_sub(before).max(1), MOST).into_iter().enumerate() {
            let mut out = Styled::default();
            if digits > 0 {
                let number = number.filter(|_| row == 0).map(|number| number.to_string()).unwrap_or_default();
                out.push(&format!("{number:>digits$} "), Ink::Dim);
            }
            out.push(if row == 0 { sign } else { "  " }, ink);
            out.extend(&part);
            lines.push(out.cut(columns.max(1)));
        }
        if lines.len() > MOST {
            return;
        }
    }
}
