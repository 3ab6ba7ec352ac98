//! One kind of one context as it is browsed: the rows of its server with our own columns beside them.

use jiff::Timestamp;
use serde_json::Value;

use super::table::{Column, Holds, Table, is_nothing};
use super::{Kind, LiveObject};
use crate::domain::fault::Fault;
use crate::domain::health::Health;
use crate::domain::redact::Redactor;

/// Characters of a cell at most: some kinds print whole messages.
const CELL: usize = 200;

/// What is browsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Browsed {
    /// The context.
    pub context: String,
    /// The kind.
    pub kind: Kind,
}

/// The objects of one kind.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KindTable {
    /// Columns of the server, without name and age, which every kind has.
    pub columns: Vec<Column>,
    /// Objects, in the order of the server.
    pub rows: Vec<KindRow>,
    /// The only namespace that was read, since the others are refused.
    pub namespace: Option<String>,
    /// There are more objects than are read.
    pub cut: bool,
}

/// One object.
#[derive(Debug, Clone, PartialEq)]
pub struct KindRow {
    /// Its cells, one for each column.
    pub cells: Vec<String>,
    /// Namespace; empty for objects of the cluster.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Health, with the field that decided.
    pub health: Health,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// `metadata.generation`.
    pub generation: Option<i64>,
}

/// An answer about what is browsed.
#[derive(Debug, Clone)]
pub struct TableNews {
    /// What it is about.
    pub of: Browsed,
    /// The objects, or why they are not to be had.
    pub table: Result<KindTable, Fault>,
    /// When it was asked for.
    pub as_of: Timestamp,
}

impl KindTable {
    /// Takes in one more page, whose rows hold whole objects. Secrets in its cells are hidden; objects are not kept.
    pub fn extend(&mut self, kind: &Kind, page: Table, redactor: &Redactor) {
        let kept: Vec<usize> = (0..page.columns.len()).filter(|column| is_own(&page.columns[*column])).collect();
        if self.columns.is_empty() {
            self.columns = kept.iter().map(|column| page.columns[*column].clone()).collect();
        }
        for row in page.rows {
            let cells = kept.iter().filter_map(|column| row.cells.get(*column));
            let mut cells: Vec<String> = cells.map(|cell| cell.chars().take(CELL).collect()).collect();
            cells.resize(self.columns.len(), String::new());
            for cell in &mut cells {
                redactor.hide(cell);
            }
            self.rows.extend(kind_row(kind, row.object, cells, redactor));
        }
    }

    /// Columns to show: those that say something in at least one row, and the wide ones only when they are wanted.
    pub fn shown(&self, wide: bool) -> Vec<usize> {
        let says =
            |column: usize| self.rows.iter().any(|row| row.cells.get(column).is_some_and(|cell| !is_nothing(cell)));
        (0..self.columns.len()).filter(|column| (wide || !self.columns[*column].wide) && says(*column)).collect()
    }
}

/// True for columns that are not shown for every kind anyway.
fn is_own(column: &Column) -> bool {
    !(column.holds == Holds::Name || column.holds == Holds::Age && column.name.eq_ignore_ascii_case("age"))
}

fn kind_row(kind: &Kind, mut object: Value, cells: Vec<String>, redactor: &Redactor) -> Option<KindRow> {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        // Nobody asks here who owns which field.
        metadata.remove("managedFields");
    }
    let live = LiveObject::new(kind, object)?;
    let key = live.key.redacted(redactor);
    let (namespace, name) = (key.namespace.clone(), key.name.clone());
    let health = live.health.redacted(redactor);
    Some(KindRow { cells, namespace, name, health, created: live.created, generation: live.generation })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Kind, KindTable, Redactor, Table};
    use crate::domain::health::HealthState;

    fn kind() -> Kind {
        Kind {
            group: "example.com".into(),
            version: "v1".into(),
            kind: "Job".into(),
            plural: "jobs".into(),
            namespaced: true,
        }
    }

    #[test]
    fn own_columns_come_from_the_object_and_those_that_say_nothing_are_hidden() {
        let page = Table::read(json!({
            "kind": "Table", "metadata": {},
            "columnDefinitions": [
                { "name": "Name", "type": "string", "format": "name" }, { "name": "VNI", "type": "integer" },
                { "name": "Phase", "type": "string" }, { "name": "Node", "type": "string", "priority": 1 },
                { "name": "Age", "type": "date" },
            ],
            "rows": [{ "cells": ["a", null, "Failed", "n1", "5m"], "object": {
                "metadata": { "name": "a", "namespace": "b", "generation": 3, "managedFields": [{ "manager": "x" }] },
                "status": { "phase": "Failed" } } }],
        }));
        let mut table = KindTable::default();
        table.extend(&kind(), page.unwrap(), &Redactor::default());
        let names = |wide| table.shown(wide).into_iter().map(|at| table.columns[at].name.as_str()).collect::<Vec<_>>();
        assert_eq!((names(false), names(true)), (vec!["Phase"], vec!["Phase", "Node"]));
        let row = &table.rows[0];
        assert_eq!(row.cells, ["", "Failed", "n1"]);
        assert_eq!((row.health.state, row.generation), (HealthState::Degraded, Some(3)));
    }

    #[test]
    fn secrets_in_cells_are_hidden() {
        let token = ["ghp", "_", &"a1B2".repeat(9)].concat();
        let page = Table::read(json!({
            "kind": "Table", "columnDefinitions": [{ "name": "Message", "type": "string" }],
            "rows": [{ "cells": [token], "object": { "metadata": { "name": "a" } } }],
        }));
        let mut table = KindTable::default();
        table.extend(&kind(), page.unwrap(), &Redactor::default());
        assert!(table.rows[0].cells[0].contains("redacted"), "{:?}", table.rows[0].cells);
    }
}
