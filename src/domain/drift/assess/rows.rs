//! The rows of a fabric, worst first. A row that comes out as it was stays the same one, and its secrets are not looked for again.

use std::collections::HashMap;
use std::sync::Arc;

use super::{DriftRow, DriftState, ObjectKey};
use crate::domain::ordered::Ordered;
use crate::domain::redact::Redactor;

/// Rows as they were judged, and as they are shown.
#[derive(Debug, Default)]
pub(super) struct Rows {
    judged: HashMap<ObjectKey, Arc<DriftRow>>,
    /// Without secrets, in the order of their states and their true identities.
    shown: Ordered<ObjectKey, (DriftState, ObjectKey), DriftRow>,
}

/// A row as it was judged, and as it is shown.
#[derive(Debug)]
pub(super) struct Row {
    judged: Arc<DriftRow>,
    shown: Arc<DriftRow>,
}

impl Rows {
    /// A row without its secrets, to be put in place of what there is of the object; `None` when it is the same.
    pub(super) fn news(&self, row: DriftRow, redactor: &Redactor) -> Option<Row> {
        if self.judged.get(&row.key).is_some_and(|known| **known == row) {
            return None;
        }
        let hidden = (!row.is_clean(redactor)).then(|| Arc::new(row.clone().redacted(redactor)));
        let judged = Arc::new(row);
        // Where there are no secrets the two are one.
        let shown = hidden.unwrap_or_else(|| Arc::clone(&judged));
        Some(Row { judged, shown })
    }

    /// Puts a row in place of what there was of an object.
    pub(super) fn put(&mut self, Row { judged, shown }: Row) {
        let key = judged.key.clone();
        self.shown.put(key.clone(), (judged.state, key.clone()), shown);
        self.judged.insert(key, judged);
    }

    /// Takes the row of an object out.
    pub(super) fn remove(&mut self, key: &ObjectKey) {
        if self.judged.remove(key).is_some() {
            self.shown.remove(key);
        }
    }

    /// Identities of all rows.
    pub(super) fn keys(&self) -> impl Iterator<Item = &ObjectKey> {
        self.judged.keys()
    }

    /// All rows, as they are shown.
    pub(super) fn shown(&mut self) -> Arc<Vec<Arc<DriftRow>>> {
        self.shown.list()
    }
}
