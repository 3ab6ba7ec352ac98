//! The drift pane: each fabric with its counts, then its objects by urgency with their differing fields below them.

use crate::domain::drift::{DriftRow, DriftState, DriftView, ObjectKey};

use super::list::List;

/// The drift pane.
#[derive(Debug, Default)]
pub struct Drift {
    /// Fabrics, in the order of their names.
    pub fabrics: Vec<DriftView>,
    /// Rows with the cursor.
    pub list: List<Row>,
}

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// A fabric, by index.
    Fabric(usize),
    /// An object, by index of fabric and object.
    Object(usize, usize),
    /// A field of an object, by index of fabric, object and field.
    Field(usize, usize, usize),
    /// A finding, by index of fabric and finding.
    Finding(usize, usize),
}

impl Drift {
    /// The object that the cursor is on, or on a field of.
    pub fn current(&self) -> Option<(&DriftView, &DriftRow)> {
        match *self.list.current()? {
            Row::Object(fabric, object) | Row::Field(fabric, object, _) => {
                let view = self.fabrics.get(fabric)?;
                Some((view, view.rows.get(object)?))
            }
            Row::Fabric(_) | Row::Finding(..) => None,
        }
    }

    /// Takes news of one fabric, in place of what was known of it.
    pub fn put(&mut self, view: DriftView) {
        match self.fabrics.binary_search_by(|known| known.fabric.cmp(&view.fabric)) {
            Ok(index) => self.fabrics[index] = view,
            Err(index) => self.fabrics.insert(index, view),
        }
    }

    /// Lays the rows out anew after objects or filter have changed; the cursor stays on its object.
    pub fn arrange(&mut self, selected: Option<&(String, ObjectKey)>) {
        let mut rows = Vec::new();
        for (index, view) in self.fabrics.iter().enumerate() {
            rows.push(Row::Fabric(index));
            for (number, object) in view.rows.iter().enumerate() {
                if !self.list.filter.is_empty() && !self.list.admits(&searchable(view, object)) {
                    continue;
                }
                rows.push(Row::Object(index, number));
                rows.extend((0..object.fields.len()).map(|field| Row::Field(index, number, field)));
            }
            let findings = view.findings.iter().enumerate().filter(|(_, finding)| {
                self.list.admits(&format!("{} {} {}", finding.code, finding.file.display(), finding.message))
            });
            rows.extend(findings.map(|(number, _)| Row::Finding(index, number)));
        }
        let fabrics = &self.fabrics;
        self.list.replace(rows, |row| match (*row, selected) {
            (Row::Object(fabric, object), Some((name, key))) => fabrics
                .get(fabric)
                .is_some_and(|view| view.fabric == *name && view.rows.get(object).is_some_and(|row| row.key == *key)),
            _ => false,
        });
    }

    /// Puts the cursor on the first object of a fabric in a state.
    pub fn select(&mut self, fabric: &str, state: DriftState, height: usize) {
        let found = self.list.rows.iter().position(|row| match *row {
            Row::Object(view, object) => self.fabrics.get(view).is_some_and(|view| {
                view.fabric == fabric && view.rows.get(object).is_some_and(|row| row.state == state)
            }),
            Row::Fabric(_) | Row::Field(..) | Row::Finding(..) => false,
        });
        if let Some(row) = found {
            self.list.select(row, height);
        }
    }
}

fn searchable(view: &DriftView, row: &DriftRow) -> String {
    format!("{} {} {} {} {}", view.fabric, row.key.kind, row.key.name, row.state.name(), row.reason)
}
