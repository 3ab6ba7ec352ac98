//! The cluster pane: each context with its connection, then kinds and their objects.

use crate::domain::cluster::{ClusterView, ObjectRow};
use crate::domain::fault::Fault;

use super::list::List;

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
            Row::Object(cluster, object) => self.clusters.get(cluster)?.objects.get(object),
            Row::Cluster(_) | Row::Kind(..) => None,
        }
    }

    /// The context at the cursor.
    pub fn context(&self) -> Option<&str> {
        let (Row::Cluster(cluster) | Row::Kind(cluster, _) | Row::Object(cluster, _)) = *self.list.current()?;
        self.clusters.get(cluster).map(|view| view.context.as_str())
    }

    /// Takes news of one context, in place of what was known of it.
    pub fn put(&mut self, view: ClusterView) {
        match self.clusters.binary_search_by(|known| known.context.cmp(&view.context)) {
            Ok(index) => self.clusters[index] = view,
            Err(index) => self.clusters.insert(index, view),
        }
    }

    /// Lays the rows out anew after objects or filter have changed; the cursor stays on its object.
    pub fn arrange(&mut self, selected: Option<&ObjectRow>) {
        let mut rows = Vec::new();
        for (index, cluster) in self.clusters.iter().enumerate() {
            rows.push(Row::Cluster(index));
            let mut object = 0;
            for (number, kind) in cluster.kinds.iter().enumerate() {
                // Objects are sorted by kind, so each kind's objects follow those of the kind before.
                let start = object;
                object += cluster.objects[start..].partition_point(|row| row.kind == kind.kind);
                let admitted: Vec<Row> = (start..object)
                    .filter(|row| self.list.filter.is_empty() || self.list.admits(&searchable(&cluster.objects[*row])))
                    .map(|row| Row::Object(index, row))
                    .collect();
                if !admitted.is_empty() || (kind.fault.is_some() && self.list.filter.is_empty()) {
                    rows.push(Row::Kind(index, number));
                    rows.extend(admitted);
                }
            }
        }
        let clusters = &self.clusters;
        self.list.replace(rows, |row| match (*row, selected) {
            (Row::Object(cluster, object), Some(selected)) => {
                clusters.get(cluster).and_then(|cluster| cluster.objects.get(object)).is_some_and(|object| {
                    (&object.kind.kind, &object.namespace, &object.name)
                        == (&selected.kind.kind, &selected.namespace, &selected.name)
                })
            }
            _ => false,
        });
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
