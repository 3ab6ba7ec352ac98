//! The rows of a fabric, worst first. A row that comes out as it was stays the same one, and its secrets are not looked for again.

use std::collections::HashMap;
use std::sync::Arc;

use super::{DriftRow, DriftState, ObjectKey};
use crate::domain::ordered::Ordered;
use crate::domain::redact::Redactor;

/// Rows as they were judged, and as they are shown.
#[derive(Debug, Default)]
pub(super) struct Rows {
    judged: HashMap<Arc<ObjectKey>, Arc<DriftRow>>,
    /// Without secrets, in the order of their states and their true identities.
    shown: Ordered<Arc<ObjectKey>, (DriftState, Arc<ObjectKey>), DriftRow>,
}

impl Rows {
    /// Puts a row in place of what there was of an object.
    pub(super) fn put(&mut self, row: DriftRow, redactor: &Redactor) {
        let known = self.judged.get_key_value(&row.key);
        if known.is_some_and(|(_, known)| **known == row) {
            return;
        }
        let key = known.map_or_else(|| Arc::new(row.key.clone()), |(key, _)| Arc::clone(key));
        let hidden = (!row.is_clean(redactor)).then(|| Arc::new(row.clone().redacted(redactor)));
        let judged = Arc::new(row);
        // Where there are no secrets the two are one.
        let shown = hidden.unwrap_or_else(|| Arc::clone(&judged));
        self.shown.put(Arc::clone(&key), (judged.state, Arc::clone(&key)), shown);
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
        self.judged.keys().map(Arc::as_ref)
    }

    /// All rows, as they are shown.
    pub(super) fn shown(&mut self) -> Arc<Vec<Arc<DriftRow>>> {
        self.shown.list()
    }
}
