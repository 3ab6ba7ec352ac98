//! Desired against live: states, fields and the rules that decide them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::cluster::Connection;
use super::health::Health;
use super::redact::Redactor;

mod application;
mod aside;
mod assess;
mod check;
mod compare;
mod detail;
mod digests;
mod key;
mod normal;
mod quantity;

pub use application::{APPLICATIONS, Application, Lineage, Source, repository_name};
pub use aside::{Pair, PairKind, side_by_side, yaml};
pub use assess::{History, Inputs, Memo, Picture, Version, live_of};
pub use check::{CheckOutcome, CheckRequest, DriftCheck, changes};
pub use compare::{Comparison, compare, is_as, is_drift, same_desire, unknown_fields};
pub use detail::{DetailRequest, DriftDetail, Excerpt, VersionChange, VersionLine, version_lines};
pub use digests::{Digests, marks};
pub use key::{Identity, KindDigest, ObjectKey, kind_digest};

/// Drift state of one object. The names are those of `hnpwb drift -o json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DriftState {
    /// Live differs from every committed version.
    Drifted,
    /// Live equals an earlier commit, and the grace is over.
    Behind,
    /// Committed, not live, and the grace is over.
    Overdue,
    /// Cannot become live: kind or version not served.
    Blocked,
    /// Live and not in git.
    Orphaned,
    /// Being deleted.
    Deleting,
    /// The cluster cannot be asked.
    Unknown,
    /// Committed, not live yet, within the grace.
    Pending,
    /// Changed in the working tree, not committed.
    Draft,
    /// Committed, not pushed.
    Unpushed,
    /// Live as desired.
    Synced,
}

impl DriftState {
    /// The name used on screen and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Drifted => "drifted",
            Self::Behind => "behind",
            Self::Overdue => "overdue",
            Self::Blocked => "blocked",
            Self::Orphaned => "orphaned",
            Self::Deleting => "deleting",
            Self::Unknown => "unknown",
            Self::Pending => "pending",
            Self::Draft => "draft",
            Self::Unpushed => "unpushed",
            Self::Synced => "synced",
        }
    }

    /// True for the states that `hnpwb drift --exit-code` answers with 1.
    pub fn is_fault(self) -> bool {
        matches!(self, Self::Overdue | Self::Blocked | Self::Drifted | Self::Behind | Self::Orphaned)
    }
}

/// How a field differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldClass {
    /// Both have it, with other values.
    Changed,
    /// Desired has it, live has not.
    MissingLive,
    /// It was ours, git no longer has it, live still has.
    RemovedInGit,
    /// Live has a list element that desired does not list.
    ExtraLive,
    /// The server drops it by rule.
    Ineffective,
    /// The CRD's schema does not know it.
    Pruned,
}

impl FieldClass {
    /// How it differs, in a few words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Changed => "another value",
            Self::MissingLive => "not live",
            Self::RemovedInGit => "removed in git, still live",
            Self::ExtraLive => "not in git",
            Self::Ineffective => "the server drops it",
            Self::Pruned => "the schema does not know it",
        }
    }
}

/// One differing field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldDiff {
    /// Path: `spec.subnets.default.vlan`.
    pub path: String,
    /// Desired value; `null` when git does not have it.
    pub desired: serde_json::Value,
    /// Live value; `null` when the cluster does not have it.
    pub live: serde_json::Value,
    /// How it differs.
    pub class: FieldClass,
    /// Field manager that owns it live.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manager: Option<String>,
}

impl FieldDiff {
    /// The same with every secret in its values hidden.
    #[must_use]
    pub fn redacted(mut self, redactor: &Redactor) -> Self {
        // The name of a field may say what its value is.
        let name = self.path.rsplit('.').next().unwrap_or_default().to_owned();
        for value in [&mut self.desired, &mut self.live] {
            let mut named = json!({ name.as_str(): value.take() });
            redactor.hide_in(&mut named);
            // The name may have been hidden, too.
            *value =
                named.as_object_mut().and_then(|named| named.values_mut().next()).map(Value::take).unwrap_or(named);
        }
        redactor.hide(&mut self.path);
        self.manager.iter_mut().for_each(|manager| redactor.hide(manager));
        self
    }
}

/// One object of a fabric with its drift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriftRow {
    /// Identity.
    pub key: ObjectKey,
    /// Version in git, or live when only live.
    pub version: String,
    /// The state.
    pub state: DriftState,
    /// Why, in one phrase.
    pub reason: String,
    /// File in the GitOps directory, relative to the repository.
    pub file: Option<PathBuf>,
    /// Line of the document, from one.
    pub line: Option<u32>,
    /// Since when.
    pub since: Option<Timestamp>,
    /// Health of the live object.
    pub health: Option<Health>,
    /// Generation of the live object, where its kind has one: it moves with what is wanted of it, not with its status.
    pub generation: Option<i64>,
    /// Differing fields.
    pub fields: Vec<FieldDiff>,
    /// The Argo CD Application that keeps its file live, if one of the cluster does.
    pub application: Option<ObjectKey>,
}

impl DriftRow {
    /// True when nothing in it is to be hidden, so that it can leave as it is.
    pub fn is_clean(&self, redactor: &Redactor) -> bool {
        let is_clean = |text: &str| matches!(redactor.redact(text), Cow::Borrowed(_));
        let application = self.application.iter().flat_map(|key| [&key.namespace, &key.name]);
        let health = self.health.iter().flat_map(|health| [&health.reason, &health.source]);
        let mut texts =
            [&self.key.namespace, &self.key.name, &self.reason].into_iter().chain(application).chain(health);
        self.fields.is_empty()
            && texts.all(|text| is_clean(text.as_str()))
            && self.file.as_ref().is_none_or(|file| is_clean(&file.to_string_lossy()))
    }

    /// The same with every secret in its texts and fields hidden: what leaves a source for the screen and for scripts.
    #[must_use]
    pub fn redacted(mut self, redactor: &Redactor) -> Self {
        self.key = self.key.redacted(redactor);
        redactor.hide(&mut self.reason);
        self.application = self.application.map(|application| application.redacted(redactor));
        self.file = self.file.map(|file| redactor.path(file));
        self.health = self.health.map(|health| health.redacted(redactor));
        self.fields = self.fields.into_iter().map(|field| field.redacted(redactor)).collect();
        self
    }
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Something cannot be used.
    Error,
    /// Something is probably not meant.
    Warning,
    /// Good to know.
    Note,
}

/// Something about a file that is not an object's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// Stable code: `not-yaml`, `no-kind`, `duplicate`.
    pub code: &'static str,
    /// File, relative to the repository.
    pub file: PathBuf,
    /// Line, from one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// What and why.
    pub message: String,
}

impl Finding {
    /// The same with every secret in its message and its file's name hidden.
    #[must_use]
    pub fn redacted(mut self, redactor: &Redactor) -> Self {
        self.file = redactor.path(self.file);
        redactor.hide(&mut self.message);
        self
    }
}

/// One fabric as the drift pane shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriftView {
    /// Name of the fabric.
    pub fabric: String,
    /// Connection to its cluster.
    pub connection: Connection,
    /// Commit of HEAD in its repository.
    pub head: Option<String>,
    /// Branch in its repository.
    pub branch: Option<String>,
    /// Objects, worst first. One that is as it was in the view before is the same one.
    pub rows: Arc<Vec<Arc<DriftRow>>>,
    /// Findings.
    pub findings: Arc<Vec<Finding>>,
    /// When the inputs were last current.
    pub as_of: Option<Timestamp>,
}

impl DriftView {
    /// Objects by state.
    pub fn summary(&self) -> BTreeMap<&'static str, usize> {
        self.groups().map(|(state, rows)| (state.name(), rows.len())).collect()
    }

    /// The objects of each state there is, the worst state first. There may be thousands of one, which are not gone through.
    pub fn groups(&self) -> impl Iterator<Item = (DriftState, Range<usize>)> {
        let mut begin = 0;
        std::iter::from_fn(move || {
            let state = self.rows.get(begin)?.state;
            let end = begin + self.rows[begin..].partition_point(|row| row.state == state);
            let group = begin..end;
            begin = end;
            Some((state, group))
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{DriftRow, DriftState, FieldClass, FieldDiff, ObjectKey};
    use crate::domain::redact::Redactor;

    fn row(path: &str, desired: Value, live: Value) -> DriftRow {
        let field = FieldDiff { path: path.to_owned(), desired, live, class: FieldClass::Changed, manager: None };
        DriftRow {
            key: ObjectKey::new("", "Deployment", "default", "a"),
            version: "v1".to_owned(),
            state: DriftState::Drifted,
            reason: String::new(),
            file: None,
            line: None,
            since: None,
            health: None,
            generation: None,
            fields: vec![field],
            application: None,
        }
    }

    #[test]
    fn a_field_that_holds_a_secret_is_shown_without_it() {
        let secret = ["Zx9", "vQ2", "pL7"].concat();
        let row = row("spec.registry.password", json!(secret), json!({ "token": secret.repeat(3) }))
            .redacted(&Redactor::default());
        let shown = format!("{:?}", row.fields);
        assert!(!shown.contains(&secret) && shown.contains("redacted"), "{shown}");
    }

    #[test]
    fn other_values_stay_as_they_are() {
        for value in [json!(1012), json!(null), json!("10.0.0.0/24"), json!(["a", {"b": true}])] {
            let row = row("spec.subnets.gpu.vlan", value.clone(), json!(1)).redacted(&Redactor::default());
            assert_eq!((&row.fields[0].desired, &row.fields[0].live), (&value, &json!(1)));
        }
    }
}
