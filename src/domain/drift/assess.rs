//! States: every object of a fabric judged from the working tree, HEAD, what was pushed, history and the live set.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::application::Lineage;
use super::compare::{Comparison, is_as, is_drift, same_desire, unknown_fields};
use super::{DriftRow, DriftState, FieldClass, FieldDiff, Finding, ObjectKey, Severity};
use crate::domain::cluster::{Connection, LiveObject, LiveSet, Schema, Shape};
use crate::domain::health::HealthState;
use crate::domain::manifest::{Ambiguous, Manifest, is_builtin_group};

mod due;
mod look;
mod memo;
mod orphans;
mod rows;
mod stated;
mod turn;

use due::{Due, Keeper, due, keeper, keepers};
use look::{Compared, Look};
use memo::Local;
pub use memo::{Memo, Picture};
use stated::Desired;
use turn::Turn;

/// One committed version of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// Commit that brought it, in full.
    pub commit: String,
    /// Committer time.
    pub at: Timestamp,
    /// File it stood in, relative to the repository.
    pub file: PathBuf,
    /// The object; `None` when the commit removed it.
    pub value: Option<Arc<Value>>,
}

/// Versions of each object, newest first; changes that mean nothing (comments, time stamps) make no version.
pub type History = BTreeMap<ObjectKey, Vec<Version>>;

/// What a fabric's objects are judged by.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// Objects of the working tree.
    pub worktree: &'a [Manifest],
    /// Objects of HEAD; `None` outside git, where every file counts as committed and pushed.
    pub head: Option<&'a [Manifest]>,
    /// Objects of the upstream branch as last fetched; `None` when there is none, and everything committed counts as pushed.
    pub pushed: Option<&'a [Manifest]>,
    /// Versions in the history of HEAD.
    pub history: &'a History,
    /// The order of its commits.
    pub lineage: &'a Lineage,
    /// The cluster.
    pub live: &'a LiveSet,
    /// Objects that other fabrics of the same cluster want, with the fabric's name.
    pub claimed: &'a Arc<BTreeMap<ObjectKey, String>>,
    /// How long a commit may take to become live.
    pub grace: SignedDuration,
    /// The time.
    pub now: Timestamp,
}

/// A state with its reason, clock and fields.
struct Verdict {
    state: DriftState,
    reason: String,
    since: Option<Timestamp>,
    fields: Vec<FieldDiff>,
}

impl Verdict {
    fn new(state: DriftState, reason: impl Into<String>) -> Self {
        Self { state, reason: reason.into(), since: None, fields: Vec::new() }
    }

    fn since(mut self, since: Option<Timestamp>) -> Self {
        self.since = since;
        self
    }

    fn fields(mut self, fields: Vec<FieldDiff>) -> Self {
        self.fields = fields;
        self
    }
}

/// What was found of one object.
struct Judged {
    row: DriftRow,
    findings: Vec<Finding>,
    turn: Turn,
}

/// Judges an object that git has, by the precedence: not connected, draft, not pushed, not live (blocked, pending, overdue),
/// live (synced, pending, behind, drifted).
fn judge_stated<'a>(
    look: &mut Look<'a>,
    desired: &Desired<'a>,
    (known, is_kept): (&Local, bool),
    live: Option<&Arc<LiveObject>>,
) -> Option<Judged> {
    let inputs = look.inputs;
    let shown = desired.shown()?;
    let key = desired.key;
    let mut findings: Vec<Finding> = version_finding(look, shown).into_iter().collect();
    findings.extend(known.no_text.iter().map(|(line, message)| {
        let found = finding(Severity::Warning, "ambiguous-scalar", shown, message.clone());
        Finding { line: Some(*line), ..found }
    }));
    let unknown = known.unknown.as_deref().filter(|_| !is_kept);
    findings.extend(unknown.map(|paths| unknown_finding(shown, paths)));
    if let Some(other) = inputs.claimed.get(key) {
        let message = format!("the fabric {other} wants {} {} in the same cluster too", key.kind, key.name);
        findings.push(finding(Severity::Error, "claimed-twice", shown, message));
    }
    let mut turn = Turn::default();
    let verdict = judge(look, desired, known, live, &mut turn);
    let row = DriftRow {
        key: key.clone(),
        version: shown.version.clone(),
        state: verdict.state,
        reason: verdict.reason,
        file: Some(shown.file.clone()),
        line: Some(shown.line),
        since: verdict.since,
        health: None,
        generation: live.and_then(|live| live.generation),
        fields: verdict.fields,
        application: keeper(inputs, look.keepers, &shown.file).map(|(keeper, _)| keeper.key.clone()),
    };
    Some(Judged { row, findings, turn })
}

fn finding(severity: Severity, code: &'static str, manifest: &Manifest, message: String) -> Finding {
    Finding { severity, code, file: manifest.file.clone(), line: Some(manifest.line), message }
}

/// The live object of an identity. Git does not say whether a custom kind lives in namespaces, the cluster does.
pub fn live_of<'a>(live: &'a LiveSet, key: &ObjectKey) -> Option<&'a Arc<LiveObject>> {
    live.objects.get(key).or_else(|| {
        let global = key.without_namespace();
        live.objects.get(&global).filter(|found| !found.kind.namespaced || live.served.is_none())
    })
}

/// Judges one object that git has.
fn judge<'a>(
    look: &mut Look<'a>,
    desired: &Desired<'a>,
    known: &Local,
    live: Option<&Arc<LiveObject>>,
    turn: &mut Turn,
) -> Verdict {
    let inputs = look.inputs;
    let draft = known.draft;
    if inputs.live.connection == Connection::None
        && let Some(what) = draft
    {
        return Verdict::new(DriftState::Draft, what);
    }
    if let Some(why) = look.cannot_tell(desired.key) {
        let mut reason = why;
        if let Some(what) = draft {
            reason = format!("{reason}; {what}");
        } else if inputs.live.as_of.is_some() {
            let mut hidden = Turn::default();
            let last = settled(look, desired, live, &mut hidden);
            turn.hide(hidden);
            reason = format!("{reason}; last known: {}", last.state.name());
            turn.is_dated = true;
            return Verdict::new(DriftState::Unknown, reason).since(inputs.live.as_of).fields(last.fields);
        }
        turn.is_dated = true;
        return Verdict::new(DriftState::Unknown, reason).since(inputs.live.as_of);
    }
    if let Some(what) = draft {
        // What is live is compared with what was committed: a draft must not look like drift.
        let fields = desired.committed.zip(live).map(|(committed, live)| {
            let Comparison { fields, .. } = look.compare(committed, live);
            fields
        });
        let fields = fields.unwrap_or_default();
        let reason = if is_drift(&fields) { format!("{what}; live differs from HEAD too") } else { what.to_owned() };
        return Verdict::new(DriftState::Draft, reason).fields(fields);
    }
    if !known.is_pushed {
        let versions = inputs.history.get(desired.key);
        let at = versions.and_then(|versions| versions.first()).map(|version| version.at);
        let what = match (desired.committed, desired.public) {
            (Some(_), None) => "added in a commit that is not pushed",
            (None, _) => "removed in a commit that is not pushed",
            (Some(_), Some(_)) => "changed in a commit that is not pushed",
        };
        return Verdict::new(DriftState::Unpushed, what).since(at);
    }
    settled(look, desired, live, turn)
}

/// Judges an object on which working tree, HEAD and upstream agree.
fn settled<'a>(look: &mut Look<'a>, desired: &Desired<'a>, live: Option<&Arc<LiveObject>>, turn: &mut Turn) -> Verdict {
    let (inputs, keepers) = (look.inputs, look.keepers);
    let Some(wanted) = desired.committed.or(desired.public) else {
        return Verdict::new(DriftState::Unknown, "git has no committed version");
    };
    let versions = inputs.history.get(desired.key).map(Vec::as_slice).unwrap_or_default();
    let changed = versions.first().map(|version| version.at);
    let due = versions.first().map(|version| (version, due(inputs, keepers, version, turn)));
    let Some(live) = live else {
        if let Some(why) = look.not_served(wanted) {
            return Verdict::new(DriftState::Blocked, why).since(changed);
        }
        let Some((version, due)) = due else {
            return Verdict::new(DriftState::Overdue, "not live, and no commit says since when it should be");
        };
        let (ago, commit) = (turn.age(version.at, inputs.now), short(&version.commit));
        let verdict = match due {
            Due::Waiting(why) => {
                Verdict::new(DriftState::Pending, with(format!("committed {ago} ago in {commit}, not live yet"), why))
            }
            Due::Over(why) => {
                let reason = format!("committed {ago} ago in {commit}, and still not live");
                Verdict::new(DriftState::Overdue, with(reason, why))
            }
        };
        return verdict.since(changed);
    };
    if live.deleting.is_some() {
        let reason = "being deleted, and git still has it";
        return Verdict::new(DriftState::Deleting, reason).since(live.deleting);
    }
    let schemas = &inputs.live.schemas;
    let Comparison { fields, drops, by_hand } = look.compare(wanted, live);
    if !is_drift(&fields) {
        let reason = with("live as committed".to_owned(), beside(&fields, &drops, &by_hand));
        return Verdict::new(DriftState::Synced, reason).since(changed).fields(fields);
    }
    let earlier = versions
        .iter()
        .skip(1)
        .find(|version| version.value.as_deref().is_some_and(|value| is_as(value, &fields, live, schemas)));
    let verdict = match (earlier, due) {
        (Some(earlier), Some((version, Due::Waiting(why)))) => {
            let (ago, commit) = (turn.age(version.at, inputs.now), short(&earlier.commit));
            Verdict::new(DriftState::Pending, with(format!("committed {ago} ago, live is still as in {commit}"), why))
        }
        (Some(earlier), due) => {
            let why = due.and_then(|(_, due)| if let Due::Over(why) = due { why } else { None });
            let reason = format!("live is as in {}, an earlier commit", short(&earlier.commit));
            Verdict::new(DriftState::Behind, with(reason, why))
        }
        (None, _) => {
            let drifting = fields.iter().filter(|field| is_drift(std::slice::from_ref(field)));
            let paths = drifting.map(|field| field.path.as_str());
            let paths = listed(paths).unwrap_or_default();
            Verdict::new(DriftState::Drifted, format!("{paths} differs from every commit"))
        }
    };
    verdict.since(changed).fields(fields)
}

/// What the working tree changes of the committed object, if it changes anything that means something.
fn draft(desired: &Desired<'_>) -> Option<&'static str> {
    match (desired.local, desired.committed) {
        (Some(_), None) => Some("in the working tree, not committed"),
        (None, Some(_)) => Some("deleted in the working tree, not committed"),
        (Some(local), Some(committed)) if !same_desire(&local.value, &committed.value) => {
            Some("changed in the working tree, not committed")
        }
        _ => None,
    }
}

fn agree(a: Option<&Manifest>, b: Option<&Manifest>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => same_desire(&a.value, &b.value),
        (a, b) => a.is_none() == b.is_none(),
    }
}

/// Why the cluster cannot be asked about an object, if it cannot.
fn cannot_tell(live: &LiveSet, key: &ObjectKey) -> Option<String> {
    match live.connection {
        Connection::Connected => {}
        Connection::None => {
            let why = live.fault.as_ref().map(|fault| format!("there is no cluster: {}", fault.why));
            return Some(why.unwrap_or_else(|| "no cluster is configured".to_owned()));
        }
        Connection::Connecting | Connection::Unreachable | Connection::Unauthorized | Connection::Forbidden => {
            let why = live.fault.as_ref().map(|fault| format!(": {}", fault.why)).unwrap_or_default();
            return Some(format!("the cluster is {}{why}", live.connection.name()));
        }
    }
    let kind = (key.group.clone(), key.kind.clone());
    if let Some(fault) = live.refused.get(&kind) {
        return Some(format!("{} cannot be listed: {}", key.kind, fault.why));
    }
    // A kind that is not served at all has no list to wait for.
    let served = live.served.as_ref()?.iter().any(|served| served.group == key.group && served.kind == key.kind);
    (served && !live.listed.contains(&kind)).then(|| format!("{} is not listed yet", key.kind))
}

/// Why the cluster does not take an object at all, if it does not.
fn not_served(live: &LiveSet, wanted: &Manifest) -> Option<String> {
    let served = live.served.as_ref()?;
    let mut versions: Vec<&str> = served
        .iter()
        .filter(|served| served.group == wanted.key.group && served.kind == wanted.key.kind)
        .map(|served| served.version.as_str())
        .collect();
    versions.sort_unstable();
    if versions.contains(&wanted.version.as_str()) {
        return None;
    }
    let name = if wanted.key.group.is_empty() {
        wanted.key.kind.clone()
    } else {
        format!("{}.{}", wanted.key.kind, wanted.key.group)
    };
    Some(match versions.as_slice() {
        [] => format!("the cluster serves no {name}"),
        versions => format!("{name} is not served as {}, only as {}", wanted.version, versions.join(", ")),
    })
}

fn version_finding<'a>(look: &mut Look<'a>, shown: &'a Manifest) -> Option<Finding> {
    let is_connected = look.inputs.live.connection == Connection::Connected;
    let why = look.not_served(shown).filter(|_| is_connected)?;
    Some(finding(Severity::Error, "version-not-served", shown, format!("{}: {why}", shown.key.name)))
}

/// Fields of an object that its schema does not know, in one phrase.
fn unknown(schema: &Schema, shown: &Manifest) -> Option<String> {
    listed(unknown_fields(&shown.value, schema).iter().map(String::as_str))
}

/// Scalars of an object that are no text where its schema wants some.
fn no_text(schema: &Schema, shown: &Manifest) -> Vec<(u32, String)> {
    let is_text = |scalar: &&Ambiguous| {
        let node = schema.root.inside(&scalar.path);
        node.is_some_and(|node| matches!(node.shape, Shape::Scalar { text: true, .. }))
    };
    let said = |scalar: &Ambiguous| {
        let name = format!("{} {}", shown.key.kind, shown.key.name);
        (scalar.line, scalar.message(&name))
    };
    shown.ambiguous.iter().filter(is_text).map(said).collect()
}

fn unknown_finding(shown: &Manifest, paths: &str) -> Finding {
    let message =
        format!("{}: the schema of {} does not know {paths}; the server drops it", shown.key.name, shown.key.kind);
    finding(Severity::Warning, "unknown-field", shown, message)
}

/// True while the grace of a change runs; notes when it ends.
fn is_within_grace(inputs: &Inputs<'_>, at: Timestamp, turn: &mut Turn) -> bool {
    let Ok(end) = at.checked_add(inputs.grace) else { return false };
    if end <= inputs.now {
        return false;
    }
    turn.ends(end);
    true
}

/// What is no drift and yet good to know about an object that is live as committed.
fn beside(fields: &[FieldDiff], drops: &[String], by_hand: &[(String, String)]) -> Option<String> {
    let mut said = Vec::new();
    for (class, why) in
        [(FieldClass::Pruned, "the schema does not know"), (FieldClass::Ineffective, "the server drops")]
    {
        let paths = fields.iter().filter(|field| field.class == class).map(|field| field.path.as_str());
        said.extend(listed(paths).map(|paths| format!("{why} {paths}")));
    }
    said.extend(listed(drops.iter().map(String::as_str)).map(|paths| format!("applying would drop {paths}")));
    if let Some((_, tool)) = by_hand.first() {
        let paths = listed(by_hand.iter().map(|(path, _)| path.as_str())).unwrap_or_default();
        said.push(format!("{tool} set {paths}, of which git says nothing"));
    }
    (!said.is_empty()).then(|| said.join("; "))
}

/// The first of some paths, and how many there are.
fn listed<'a>(paths: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut paths = paths.peekable();
    let first = (*paths.peek()?).to_owned();
    let more = paths.count() - 1;
    Some(if more == 0 { first } else { format!("{first} and {more} more") })
}

/// A reason, and what else is known about it.
fn with(reason: String, why: Option<String>) -> String {
    match why {
        Some(why) => format!("{reason}; {why}"),
        None => reason,
    }
}

fn short(commit: &str) -> &str {
    commit.get(..7).unwrap_or(commit)
}

#[cfg(test)]
mod tests;
