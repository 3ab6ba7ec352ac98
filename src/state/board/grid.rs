//! The board in columns, for wide panes: the same rows as the list's, side by side.

use std::collections::BTreeMap;

use crate::domain::task::TaskStatus;

use super::Row;

/// Columns of a pane from which on statuses stand side by side.
const WIDE: u16 = 120;

/// True if a pane of this width shows its statuses side by side.
pub fn is_wide(width: u16) -> bool {
    width >= WIDE
}

/// The rows of a board, side by side.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Grid {
    /// Its columns, from left to right.
    pub columns: Vec<Column>,
    /// Its lines, from top to bottom.
    pub lines: Vec<Line>,
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// The status.
    pub status: TaskStatus,
    /// Tasks with it.
    pub count: usize,
    /// The row that names it, for the cursor of a column that is folded.
    pub row: usize,
    /// It is folded: it shows how many there are, and none of them.
    pub folded: bool,
}

/// A line. Numbers are rows of the list.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// The name of a lane.
    Lane(usize),
    /// A task or none in each column.
    Cells(Vec<Option<usize>>),
}

/// Where the cursor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The line; none in a column that is folded.
    pub line: Option<usize>,
    /// The column; that of a lane's name is whichever one the cursor came from.
    pub column: Option<usize>,
}

impl Grid {
    /// Puts the rows of a list side by side.
    pub fn of(rows: &[Row]) -> Self {
        let mut columns: BTreeMap<TaskStatus, Column> = BTreeMap::new();
        for (at, row) in rows.iter().enumerate() {
            if let Row::Status { status, count, folded } = *row {
                let column = columns.entry(status).or_insert(Column { status, count: 0, row: at, folded });
                column.count += count;
            }
        }
        let columns: Vec<Column> = columns.into_values().collect();
        let mut lines = Vec::new();
        let mut lane: Vec<Vec<usize>> = vec![Vec::new(); columns.len()];
        let mut current = 0;
        for (at, row) in rows.iter().enumerate() {
            match row {
                Row::Lane { .. } => {
                    close(&mut lane, &mut lines);
                    lines.push(Line::Lane(at));
                }
                Row::Status { status, .. } => {
                    current = columns.iter().position(|column| column.status == *status).unwrap_or(0);
                }
                Row::Task(_) => lane[current].push(at),
            }
        }
        close(&mut lane, &mut lines);
        Self { columns, lines }
    }

    /// Where a row of the list stands.
    pub fn place(&self, row: usize) -> Place {
        for (at, line) in self.lines.iter().enumerate() {
            match line {
                Line::Lane(lane) if *lane == row => return Place { line: Some(at), column: None },
                Line::Cells(cells) => {
                    if let Some(column) = cells.iter().position(|cell| *cell == Some(row)) {
                        return Place { line: Some(at), column: Some(column) };
                    }
                }
                Line::Lane(_) => {}
            }
        }
        Place { line: None, column: self.columns.iter().position(|column| column.row == row) }
    }

    /// The row that so many lines further down in the same column is the last there is, lanes' names included.
    pub fn down(&self, from: usize, column: usize, steps: isize) -> usize {
        let place = self.place(from);
        let Some(mut line) = place.line else { return from };
        let column = place.column.unwrap_or(column);
        let mut row = from;
        let mut left = steps.unsigned_abs();
        while left > 0 {
            let next = line.checked_add_signed(steps.signum()).filter(|next| *next < self.lines.len());
            let Some(next) = next else { break };
            line = next;
            if let Some(found) = self.cell(line, column) {
                row = found;
                left -= 1;
            }
        }
        row
    }

    /// The nearest row of the next column in a direction that has one.
    pub fn aside(&self, from: usize, column: usize, right: bool) -> usize {
        let place = self.place(from);
        let mut at = place.column.unwrap_or(column);
        loop {
            let next = if right { at + 1 } else { at.wrapping_sub(1) };
            let Some(column) = self.columns.get(next) else { return from };
            at = next;
            if column.folded {
                return column.row;
            }
            let line = place.line.unwrap_or(0);
            let rows = self.lines.iter().enumerate().filter_map(|(number, cells)| match cells {
                Line::Cells(cells) => Some((number, cells.get(at).copied().flatten()?)),
                Line::Lane(_) => None,
            });
            if let Some((_, row)) = rows.min_by_key(|(number, _)| number.abs_diff(line)) {
                return row;
            }
        }
    }

    /// The first row that there is.
    pub fn first(&self) -> Option<usize> {
        self.lines.iter().find_map(|line| match line {
            Line::Lane(row) => Some(*row),
            Line::Cells(cells) => cells.iter().flatten().next().copied(),
        })
    }

    /// The lines in a view of so many: as few as possible away from where they were, with the cursor's among them.
    pub fn view(&self, top: usize, line: Option<usize>, height: usize) -> std::ops::Range<usize> {
        let height = height.max(1);
        let highest = self.lines.len().saturating_sub(height);
        let line = line.unwrap_or(top);
        let top = top.min(highest).min(line).max((line + 1).saturating_sub(height)).min(highest);
        top..(top + height).min(self.lines.len())
    }

    fn cell(&self, line: usize, column: usize) -> Option<usize> {
        match self.lines.get(line)? {
            Line::Lane(row) => Some(*row),
            Line::Cells(cells) => cells.get(column).copied().flatten(),
        }
    }
}

/// The lines of a lane that is complete.
fn close(lane: &mut [Vec<usize>], lines: &mut Vec<Line>) {
    let longest = lane.iter().map(Vec::len).max().unwrap_or(0);
    lines.extend((0..longest).map(|at| Line::Cells(lane.iter().map(|rows| rows.get(at).copied()).collect())));
    lane.iter_mut().for_each(Vec::clear);
}
