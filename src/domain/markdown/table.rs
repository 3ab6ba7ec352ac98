//! Tables, where they fit.

use crate::domain::text::styled::{Ink, Look, Styled};

/// Between two cells.
const BETWEEN: &str = " │ ";

/// A table being read; its first row is the head.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) rows: Vec<Vec<Styled>>,
    /// Something of it stands in no cell.
    pub(super) broken: bool,
}

impl Table {
    /// Its lines, if they are no wider than `columns` and hold all of it.
    pub(super) fn lines(self, columns: usize) -> Option<Vec<Styled>> {
        let count = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        if self.broken || count == 0 {
            return None;
        }
        let width =
            |column: usize| self.rows.iter().filter_map(|row| row.get(column)).map(Styled::width).max().unwrap_or(0);
        let widths: Vec<usize> = (0..count).map(width).collect();
        if widths.iter().sum::<usize>() + 3 * (count - 1) > columns {
            return None;
        }
        let mut lines = Vec::with_capacity(self.rows.len() + 1);
        for (number, row) in self.rows.iter().enumerate() {
            let mut line = Styled::default();
            for (column, wide) in widths.iter().enumerate() {
                if column > 0 {
                    line.push(BETWEEN, Ink::Dim);
                }
                let cell = row.get(column).cloned().unwrap_or_default();
                for (part, look) in cell.parts() {
                    line.push(part, if number == 0 { Look { strong: true, ..look } } else { look });
                }
                if column + 1 < count {
                    line.push(&" ".repeat(wide - cell.width()), Ink::Plain);
                }
            }
            lines.push(line);
            if number == 0 {
                let rules: Vec<String> = widths.iter().map(|wide| "─".repeat(*wide)).collect();
                lines.push(Styled::new(&rules.join("─┼─"), Ink::Dim));
            }
        }
        Some(lines)
    }
}
