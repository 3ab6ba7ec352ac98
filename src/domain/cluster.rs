//! What a cluster shows: its connection, its kinds and its objects with their health.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::fault::Fault;
use super::health::Health;
use super::redact::Redactor;

mod browse;
mod live;
mod object;
mod objects;
mod schema;
mod served;
pub mod table;

pub use browse::{Browsed, KindRow, KindTable, TableNews};
pub use live::{LAST_APPLIED, LiveObject, LiveSet, Maker, Owner};
pub(in crate::domain) use live::{is_within, join};
pub use object::{Condition, LiveDetail, ObjectEvent, ObjectOwner, ObjectPlace, events};
pub use objects::{Change, Objects};
pub use schema::{Known, Merge, Node, Others, Schema, SchemaKey, Schemas, Shape, schemas};
pub use served::{Fit, ServedKind};

/// State of the connection to one context. The names are those of `hnpwb status -o json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Connection {
    /// Answers, and its watches run.
    Connected,
    /// First attempt, or a new one after a loss.
    Connecting,
    /// Does not answer.
    Unreachable,
    /// Refuses the credentials (401, expired token or certificate).
    Unauthorized,
    /// Refuses everything that was asked for (403).
    Forbidden,
    /// No cluster was configured or found.
    None,
}

impl Connection {
    /// The name used on screen and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Connecting => "connecting",
            Self::Unreachable => "unreachable",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::None => "none",
        }
    }
}

/// A kind of object, by group. The version is that which the server prefers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind {
    /// API group; empty for the core group.
    pub group: String,
    /// Version.
    pub version: String,
    /// Kind.
    pub kind: String,
    /// Plural, lower case: the name in URLs.
    pub plural: String,
    /// Objects live in namespaces.
    pub namespaced: bool,
}

impl Kind {
    /// The kind that describes custom kinds.
    pub fn custom_resource_definition() -> Self {
        Self {
            group: "apiextensions.k8s.io".to_owned(),
            version: "v1".to_owned(),
            kind: "CustomResourceDefinition".to_owned(),
            plural: "customresourcedefinitions".to_owned(),
            namespaced: false,
        }
    }
}

/// One kind as the cluster pane lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindCount {
    /// The kind.
    pub kind: Kind,
    /// Objects seen.
    pub count: usize,
    /// Why it cannot be listed, or not as a whole (403 for this kind alone; objects that cannot be read).
    pub fault: Option<Fault>,
}

/// One object as the cluster pane lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectRow {
    /// Its kind.
    pub kind: Kind,
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

impl ObjectRow {
    /// The same with every secret in it hidden.
    #[must_use]
    pub fn redacted(mut self, redactor: &Redactor) -> Self {
        redactor.hide(&mut self.namespace);
        redactor.hide(&mut self.name);
        self.health = self.health.redacted(redactor);
        self
    }
}

/// One context as the cluster pane shows it: the last good data, its age, and what is wrong now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterView {
    /// Name of the context (or of the snapshot file).
    pub context: String,
    /// State of the connection.
    pub connection: Connection,
    /// Why it is not connected.
    pub fault: Option<Fault>,
    /// Server version, when known.
    pub server: Option<String>,
    /// Kinds, sorted.
    pub kinds: Vec<KindCount>,
    /// Objects, sorted by kind, namespace and name, and without secrets. One that is as it was in the view before is the
    /// same one.
    pub objects: Arc<Vec<Arc<ObjectRow>>>,
    /// When the data was last known to be current.
    pub as_of: Option<Timestamp>,
}

impl ClusterView {
    /// The same with every secret in what the cluster says of itself hidden. Its objects have none: who makes the rows hides
    /// them.
    #[must_use]
    pub fn redacted(mut self, redactor: &Redactor) -> Self {
        self.fault = self.fault.map(|fault| fault.redacted(redactor));
        self.server.iter_mut().for_each(|server| redactor.hide(server));
        for kind in &mut self.kinds {
            kind.fault = kind.fault.take().map(|fault| fault.redacted(redactor));
        }
        self
    }
}
