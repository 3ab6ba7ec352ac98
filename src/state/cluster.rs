//! The cluster pane: each context with its connection, then kinds and their objects; or one kind that is browsed.

pub mod browse;
pub mod live;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::cluster::{Browsed, ClusterView, Kind, ObjectPlace, ObjectRow, ServedKind};
use crate::domain::fault::Fault;
use crate::domain::health::HealthState;

use super::list::List;
use browse::Browse;

/// The cluster pane.
#[derive(Debug, Default)]
pub struct Clusters {
    /// Contexts, in the order of their names.
    pub clusters: Vec<ClusterView>,
    /// Why there is none, or not the one that was meant.
    pub faults: Vec<Fault>,
    /// The pane is visible, as last drawn; nothing was drawn yet.
    pub shown: Option<bool>,
    /// Rows with the cursor.
    pub list: List<Row>,
    /// Only objects are shown that are not as they should be.
    pub faults_only: bool,
    /// The kind that is browsed, in place of everything else.
    pub browse: Option<Browse>,
    /// Kinds that can be browsed, by context, as far as they were told.
    pub served: BTreeMap<String, Vec<ServedKind>>,
    /// What is read for the pane, as it was last asked for.
    pub looked_at: Option<Browsed>,
}

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// A context, by index.
    Cluster(usize),
    /// A kind, by index of context and kind.
    Kind(usize, usize),
    /// An object, by index of context and object.
    Object(usize, usize),
}

impl Clusters {
    /// The object under the cursor.
    pub fn current(&self) -> Option<&ObjectRow> {
        match *self.list.current()? {
            Row::Object(cluster, object) => self.clusters.get(cluster)?.objects.get(object).map(Arc::as_ref),
            Row::Cluster(_) | Row::Kind(..) => None,
        }
    }

    /// The context at the cursor, or of the kind that is browsed.
    pub fn context(&self) -> Option<&str> {
        self.view().map(|view| view.context.as_str())
    }

    /// Where the object is that is selected, in the overview or in the kind that is browsed.
    pub fn place(&self) -> Option<ObjectPlace> {
        let Some(browse) = &self.browse else {
            let Row::Object(cluster, _) = *self.list.current()? else { return None };
            let (context, object) = (self.clusters.get(cluster)?.context.clone(), self.current()?);
            let (namespace, name) = (object.namespace.clone(), object.name.clone());
            return Some(ObjectPlace { context, kind: object.kind.clone(), namespace, name });
        };
        let row = browse.current()?;
        Some(ObjectPlace {
            context: browse.of.context.clone(),
            kind: browse.of.kind.clone(),
            namespace: row.namespace.clone(),
            name: row.name.clone(),
        })
    }

    /// The context that is looked at: of the kind that is browsed, or of the row with the cursor, else the first.
    pub fn view(&self) -> Option<&ClusterView> {
        if let Some(browse) = &self.browse {
            return self.clusters.iter().find(|view| view.context == browse.of.context);
        }
        let at = self.list.current().map(|row| match *row {
            Row::Cluster(cluster) | Row::Kind(cluster, _) | Row::Object(cluster, _) => cluster,
        });
        self.clusters.get(at.unwrap_or(0))
    }

    /// The kind of the row with the cursor, unless it is an object's.
    pub fn kind_here(&self) -> Option<Browsed> {
        let Row::Kind(cluster, kind) = *self.list.current()? else { return None };
        let view = self.clusters.get(cluster)?;
        Some(Browsed { context: view.context.clone(), kind: view.kinds.get(kind)?.kind.clone() })
    }

    /// Kinds that can be browsed in a context: those that it told, else those that are watched there.
    pub fn kinds_of(&self, view: &ClusterView) -> Vec<ServedKind> {
        match self.served.get(&view.context) {
            Some(kinds) => kinds.clone(),
            None => view.kinds.iter().map(|count| ServedKind::unnamed(count.kind.clone())).collect(),
        }
    }

    /// The kind of a group and a name in a context, in the version that its server prefers.
    pub fn kind_named(&self, context: &str, group: &str, kind: &str) -> Option<Kind> {
        let view = self.clusters.iter().find(|view| view.context == context)?;
        let named = |served: &ServedKind| served.kind.group == group && served.kind.kind == kind;
        self.kinds_of(view).into_iter().find(named).map(|served| served.kind)
    }

    /// The filter in force.
    pub fn filter(&self) -> &str {
        self.browse.as_ref().map_or(&self.list.filter, |browse| &browse.list.filter)
    }

    /// Sets the filter of what is shown; the rows are to be laid out anew.
    pub fn set_filter(&mut self, text: String) {
        match &mut self.browse {
            Some(browse) => browse.list.filter = text,
            None => self.list.filter = text,
        }
    }

    /// Browses a kind. What is watched of it is there at once.
    pub fn begin(&mut self, of: Browsed) {
        let mut browse = Browse::new(of);
        if let Some(view) = self.clusters.iter().find(|view| view.context == browse.of.context) {
            browse.merge(view);
        }
        browse.arrange(self.faults_only);
        self.browse = Some(browse);
    }

    /// Lays out anew what is shown; the cursor stays on what it is on.
    pub fn rearrange(&mut self) {
        let selected = self.current().cloned();
        self.arrange(selected.as_ref());
        if let Some(browse) = &mut self.browse {
            browse.arrange(self.faults_only);
        }
    }

    /// Takes news of one context, in place of what was known of it.
    pub fn put(&mut self, view: ClusterView) {
        if let Some(browse) = self.browse.as_mut().filter(|browse| browse.of.context == view.context) {
            browse.merge(&view);
            browse.arrange(self.faults_only);
        }
        match self.clusters.binary_search_by(|known| known.context.cmp(&view.context)) {
            Ok(index) => self.clusters[index] = view,
            Err(index) => self.clusters.insert(index, view),
        }
    }

    /// Lays the rows out anew after objects or filter have changed; the cursor stays on its object.
    pub fn arrange(&mut self, selected: Option<&ObjectRow>) {
        // Another change of a cluster makes about as many rows as the one before.
        let mut rows = Vec::with_capacity(self.list.rows.len());
        for (index, cluster) in self.clusters.iter().enumerate() {
            rows.push(Row::Cluster(index));
            let mut object = 0;
            for (number, kind) in cluster.kinds.iter().enumerate() {
                // Objects are sorted by kind, so each kind's objects follow those of the kind before.
                let start = object;
                object += cluster.objects[start..].partition_point(|row| row.kind == kind.kind);
                let header = rows.len();
                rows.push(Row::Kind(index, number));
                let admitted = (start..object)
                    .filter(|row| !self.faults_only || is_wrong(cluster.objects[*row].health.state))
                    .filter(|row| self.list.filter.is_empty() || self.list.admits(&searchable(&cluster.objects[*row])));
                rows.extend(admitted.map(|row| Row::Object(index, row)));
                // A kind of which nothing is shown is not shown either, unless it says why.
                if rows.len() == header + 1 && !(kind.fault.is_some() && self.list.filter.is_empty()) {
                    rows.truncate(header);
                }
            }
        }
        let target = selected.and_then(|selected| self.row_of(selected));
        self.list.replace(rows, |row| Some(*row) == target);
    }

    /// The row of an object, in the first context that has it.
    fn row_of(&self, of: &ObjectRow) -> Option<Row> {
        self.clusters.iter().enumerate().find_map(|(index, cluster)| {
            let is_it = |object: &Arc<ObjectRow>| {
                object.name == of.name && object.namespace == of.namespace && object.kind.kind == of.kind.kind
            };
            let place = |object: &Arc<ObjectRow>| {
                (&object.kind, &object.namespace, &object.name).cmp(&(&of.kind, &of.namespace, &of.name))
            };
            // It may be read in another version by now.
            let found = cluster.objects.binary_search_by(place).ok();
            let found = found.or_else(|| cluster.objects.iter().position(is_it))?;
            Some(Row::Object(index, found))
        })
    }
}

/// True for what faults alone show: neither good, nor silent, nor left alone on purpose.
pub fn is_wrong(health: HealthState) -> bool {
    use HealthState::{Degraded, Healthy, NoSignal, NotPlaced, Progressing, Suspended, Terminating, Unknown};
    match health {
        Degraded | Unknown | Progressing | Terminating => true,
        Healthy | NoSignal | NotPlaced | Suspended => false,
    }
}

fn searchable(object: &ObjectRow) -> String {
    format!(
        "{} {} {} {} {}",
        object.kind.kind,
        object.namespace,
        object.name,
        object.health.state.name(),
        object.health.reason
    )
}
