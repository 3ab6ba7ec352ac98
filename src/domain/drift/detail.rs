//! One object looked at closely: its versions, git and live side by side, and the file that states it.

use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::Value;

use super::aside::Pair;
use super::normal::normal;
use super::{ObjectKey, Version, compare, is_as, is_drift};
use crate::domain::cluster::{LiveObject, Schemas, join};
use crate::domain::fault::Fault;
use crate::domain::redact::Redactor;

/// Which object is to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetailRequest {
    /// Name of its fabric.
    pub fabric: String,
    /// Its identity, as the fabric's row has it.
    pub key: ObjectKey,
}

/// What there is to know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriftDetail {
    /// Name of the context that it is live in; `None` without a cluster.
    pub context: Option<String>,
    /// Its versions, newest first.
    pub versions: Vec<VersionLine>,
    /// Where the git side was read; `None` when git does not have it.
    pub git: Option<&'static str>,
    /// The cluster has it, as far as is known.
    pub live: bool,
    /// Git and live side by side.
    pub pairs: Vec<Pair>,
    /// The file that states it; `None` when none does.
    pub file: Option<Result<Excerpt, Fault>>,
}

/// One version of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionLine {
    /// Commit that brought it, in full.
    pub commit: String,
    /// Committer time.
    pub at: Timestamp,
    /// Who wrote the commit; empty where it cannot be read.
    pub author: String,
    /// First line of its message.
    pub summary: String,
    /// What it did to the object.
    pub change: VersionChange,
    /// Live equals it.
    pub is_live: bool,
}

/// What a commit did to an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionChange {
    /// The oldest version that is known.
    First,
    /// It was not there before.
    Added,
    /// These fields are others than before.
    Fields(Vec<String>),
    /// It is not there any more.
    Removed,
}

/// Consecutive lines of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// The file, relative to its repository.
    pub path: PathBuf,
    /// Its lines.
    pub lines: Vec<String>,
    /// Number of the first of them, from one; `None` where what is hidden has moved the others.
    pub first: Option<u32>,
    /// Index of the line at which the object begins.
    pub at: usize,
    /// There is more of the file.
    pub more: bool,
}

impl DriftDetail {
    /// The same with every secret in its texts hidden. What stands side by side was hidden before it was laid out.
    #[must_use]
    pub fn redacted(mut self, redactor: &Redactor) -> Self {
        for version in &mut self.versions {
            redactor.hide(&mut version.author);
            redactor.hide(&mut version.summary);
            if let VersionChange::Fields(paths) = &mut version.change {
                for path in paths {
                    redactor.hide(path);
                }
            }
        }
        self.file = self.file.map(|file| match file {
            Ok(excerpt) => Ok(Excerpt { path: redactor.path(excerpt.path), ..excerpt }),
            Err(fault) => Err(fault.redacted(redactor)),
        });
        self
    }
}

/// Versions as lines, newest first; `live` comes with its cluster's schemas, `who` tells author and summary of a commit.
pub fn version_lines(
    versions: &[Version],
    live: Option<(&LiveObject, &Schemas)>,
    who: impl Fn(&str) -> (String, String),
) -> Vec<VersionLine> {
    let is_live = live.and_then(|(live, schemas)| live_version(versions, live, schemas));
    let line = |(index, version): (usize, &Version)| {
        let (author, summary) = who(&version.commit);
        let change = match (&version.value, versions.get(index + 1)) {
            (None, _) => VersionChange::Removed,
            (Some(_), None) => VersionChange::First,
            (Some(now), Some(before)) => match &before.value {
                Some(before) => VersionChange::Fields(changed(before, now)),
                None => VersionChange::Added,
            },
        };
        let (commit, at, is_live) = (version.commit.clone(), version.at, is_live == Some(index));
        VersionLine { commit, at, author, summary, change, is_live }
    };
    versions.iter().enumerate().map(line).collect()
}

/// The newest version that live equals.
fn live_version(versions: &[Version], live: &LiveObject, schemas: &Schemas) -> Option<usize> {
    let newest = versions.iter().find_map(|version| version.value.as_deref())?;
    let fields = compare(newest, live, schemas).fields;
    versions.iter().position(|version| match version.value.as_deref() {
        Some(value) if std::ptr::eq(value, newest) => !is_drift(&fields),
        Some(value) => is_as(value, &fields, live, schemas),
        None => false,
    })
}

/// Paths at which two desired objects differ.
fn changed(before: &Value, after: &Value) -> Vec<String> {
    let text = |field: &str| after.get(field).and_then(Value::as_str).unwrap_or_default();
    let (group, kind) = (text("apiVersion").rsplit_once('/').map_or("", |(group, _)| group), text("kind"));
    let mut paths = Vec::new();
    let whole = |object| -> Value {
        normal(group, kind, object).iter().map(|(name, value)| (name.to_owned(), value.clone())).collect()
    };
    walk("", &whole(before), &whole(after), &mut paths);
    paths
}

fn walk(path: &str, before: &Value, after: &Value, paths: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            let added = after.keys().filter(|key| !before.contains_key(*key));
            for key in before.keys().chain(added) {
                let null = &Value::Null;
                walk(&join(path, key), before.get(key).unwrap_or(null), after.get(key).unwrap_or(null), paths);
            }
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            for (index, (before, after)) in before.iter().zip(after).enumerate() {
                walk(&format!("{path}[{index}]"), before, after, paths);
            }
        }
        _ if before == after => {}
        _ => paths.push(path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;
    use serde_json::{Value, json};

    use super::{VersionChange, version_lines};
    use crate::domain::cluster::{Kind, LiveObject, Schemas};
    use crate::domain::drift::Version;

    fn object(spec: &Value) -> Value {
        json!({ "apiVersion": "g/v1", "kind": "VPC", "metadata": { "name": "x" }, "spec": spec })
    }

    fn version(commit: &str, spec: Option<Value>) -> Version {
        let value = spec.map(|spec| Arc::new(object(&spec)));
        Version { commit: commit.to_owned(), at: Timestamp::UNIX_EPOCH, file: "a.yaml".into(), value }
    }

    fn live(spec: &Value) -> LiveObject {
        let kind = Kind {
            group: "g".into(),
            version: "v1".into(),
            kind: "VPC".into(),
            plural: String::new(),
            namespaced: true,
        };
        LiveObject::new(&kind, object(spec)).unwrap()
    }

    fn versions() -> Vec<Version> {
        vec![
            version("d", Some(json!({ "vlan": 3, "list": [1, 5], "new": true }))),
            version("c", Some(json!({ "vlan": 2, "list": [1, 2] }))),
            version("b", None),
            version("a", Some(json!({ "vlan": 1 }))),
        ]
    }

    fn is_live(spec: &Value) -> Vec<String> {
        let lines =
            version_lines(&versions(), Some((&live(spec), &Schemas::default())), |_| (String::new(), String::new()));
        lines.into_iter().filter(|line| line.is_live).map(|line| line.commit).collect()
    }

    #[test]
    fn a_version_says_what_its_commit_did() {
        let lines = version_lines(&versions(), None, |commit| (format!("author of {commit}"), "why".to_owned()));
        let changes: Vec<_> = lines.iter().map(|line| line.change.clone()).collect();
        let fields = ["spec.list[1]", "spec.vlan", "spec.new"].map(str::to_owned).to_vec();
        assert_eq!(changes[0], VersionChange::Fields(fields));
        assert_eq!(changes[1..], [VersionChange::Added, VersionChange::Removed, VersionChange::First]);
        assert_eq!((lines[3].author.as_str(), lines[3].summary.as_str()), ("author of a", "why"));
        assert!(lines.iter().all(|line| !line.is_live));
    }

    #[test]
    fn one_version_at_most_is_live() {
        assert_eq!(is_live(&json!({ "vlan": 3, "list": [1, 5], "new": true, "default": 7 })), ["d"]);
        assert_eq!(is_live(&json!({ "vlan": 2, "list": [1, 2] })), ["c"]);
        assert_eq!(is_live(&json!({ "vlan": 9, "list": [1, 2] })), [""; 0]);
    }
}
