//! What need not be worked out again while neither git nor an object has changed.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::ObjectKey;
use crate::domain::cluster::{LiveObject, LiveSet, Schemas};
use crate::domain::drift::compare::{Comparison, compare};

/// What was found about the objects of a fabric. It is made for one reading of git: with another it begins anew.
#[derive(Debug, Default)]
pub struct Memo {
    schemas: Arc<Schemas>,
    compared: HashMap<ObjectKey, (Arc<LiveObject>, Comparison)>,
    local: HashMap<ObjectKey, Local>,
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
}

impl Memo {
    /// Forgets what another set of schemas said, and objects that have gone.
    pub(super) fn begin(&mut self, live: &LiveSet) {
        if !Arc::ptr_eq(&self.schemas, &live.schemas) {
            *self = Self { schemas: Arc::clone(&live.schemas), ..Self::default() };
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
