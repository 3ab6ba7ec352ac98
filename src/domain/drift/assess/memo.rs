//! What need not be worked out again while neither git nor an object has changed.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::{DriftRow, ObjectKey};
use crate::domain::cluster::{LiveObject, LiveSet, Schemas};
use crate::domain::drift::compare::{Comparison, compare};
use crate::domain::redact::Redactor;

/// What was found about the objects of a fabric. It is good for one reading of git: with another it is to [forget](Memo::forget).
#[derive(Debug, Default)]
pub struct Memo {
    schemas: Arc<Schemas>,
    compared: HashMap<ObjectKey, (Arc<LiveObject>, Comparison)>,
    local: HashMap<ObjectKey, Local>,
    shown: Vec<Shown>,
}

/// A row as it was judged, and as it is shown.
#[derive(Debug)]
struct Shown {
    judged: DriftRow,
    shown: Arc<DriftRow>,
}

/// What git and the schema alone say of an object.
#[derive(Debug, Clone)]
pub(super) struct Local {
    /// What the working tree changes of what is committed.
    pub(super) draft: Option<&'static str>,
    /// What is committed is pushed.
    pub(super) is_pushed: bool,
    /// Fields that the schema does not know, in one phrase.
    pub(super) unknown: Option<String>,
    /// Scalars that are no text where the schema wants some: line and message.
    pub(super) no_text: Vec<(u32, String)>,
}

impl Memo {
    /// Forgets what was worked out, for another reading of git. Rows that come out as they were stay the same ones.
    pub fn forget(&mut self) {
        *self = Self { shown: std::mem::take(&mut self.shown), ..Self::default() };
    }

    /// Forgets what another set of schemas said, and objects that have gone.
    pub(super) fn begin(&mut self, live: &LiveSet) {
        if !Arc::ptr_eq(&self.schemas, &live.schemas) {
            self.forget();
            self.schemas = Arc::clone(&live.schemas);
        }
        if self.compared.len() > live.objects.len() {
            self.compared.retain(|key, _| live.objects.contains_key(key));
        }
    }

    /// Compares what git states of an object with what is live.
    pub(super) fn compare(&mut self, key: &ObjectKey, stated: &Value, live: &Arc<LiveObject>) -> Comparison {
        // It is the same object as long as it is kept here, so that its address tells.
        if let Some((known, found)) = self.compared.get(key)
            && Arc::ptr_eq(known, live)
        {
            return found.clone();
        }
        let found = compare(stated, live, &self.schemas);
        self.compared.insert(key.clone(), (Arc::clone(live), found.clone()));
        found
    }

    /// Rows without secrets, in the order of their states and identities. Secrets are looked for in those alone that are
    /// not as they were the last time; all others are the same ones as then.
    pub fn shown(&mut self, rows: Vec<DriftRow>, redactor: &Redactor) -> Vec<Arc<DriftRow>> {
        let mut before = std::mem::take(&mut self.shown).into_iter().peekable();
        for row in rows {
            while before.next_if(|known| (known.judged.state, &known.judged.key) < (row.state, &row.key)).is_some() {}
            let known = before.next_if(|known| known.judged == row);
            self.shown.push(known.unwrap_or_else(|| {
                let shown = Arc::new(row.clone().redacted(redactor));
                Shown { judged: row, shown }
            }));
        }
        self.shown.iter().map(|known| Arc::clone(&known.shown)).collect()
    }

    /// What was found about an object without the cluster, or what is found now.
    pub(super) fn local(&mut self, key: &ObjectKey, find: impl FnOnce(&Schemas) -> Local) -> Local {
        if let Some(known) = self.local.get(key) {
            return known.clone();
        }
        let found = find(&self.schemas);
        self.local.insert(key.clone(), found.clone());
        found
    }
}
