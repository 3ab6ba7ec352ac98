//! What is known of a fabric, kept up: an object is judged again when it, what it hangs on, or the time has changed for it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::rows::Rows;
use super::stated::Stated;
use super::{
    Finding, Inputs, Judged, Keeper, ObjectKey, Turn, agree, cannot_tell, draft, judge_stated, keepers, live_of,
    no_text, not_served, orphans, unknown,
};
use crate::domain::cluster::{Change, Connection, Kind, LiveObject, LiveSet, Objects, SchemaKey, Schemas};
use crate::domain::drift::compare::{Comparison, compare_with};
use crate::domain::drift::{APPLICATIONS, DriftRow};
use crate::domain::fault::Fault;
use crate::domain::hedgehog::{Dangling, Healths, Turned};
use crate::domain::manifest::Manifest;
use crate::domain::redact::Redactor;
use crate::domain::turns::Turns;

/// What was found about the objects of a fabric. It is good for one reading of git: with another it is to [forget](Memo::forget).
#[derive(Debug, Default)]
pub struct Memo {
    /// What git states, once it was looked at.
    stated: Option<Stated>,
    /// What all of it was judged by.
    basis: Option<Basis>,
    objects: Objects,
    now: Timestamp,
    as_of: Option<Timestamp>,
    healths: Healths,
    dangling: Dangling,
    compared: Compared,
    local: HashMap<ObjectKey, Local>,
    rows: Rows,
    /// What was found of each object of which something was.
    found: BTreeMap<ObjectKey, Vec<Finding>>,
    findings: Arc<Vec<Finding>>,
    /// When states change by themselves, and when states or words do.
    states: Turns<ObjectKey>,
    words: Turns<ObjectKey>,
    /// Objects that say since when the data is known.
    dated: BTreeSet<ObjectKey>,
}

/// What is shown of a fabric, without secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Picture {
    /// Objects, worst first. One that is as it was in the picture before is the same one.
    pub rows: Arc<Vec<Arc<DriftRow>>>,
    /// Findings, worst first.
    pub findings: Arc<Vec<Finding>>,
    /// When a state changes without any event: a grace ends, or something falls silent.
    pub next: Option<Timestamp>,
}

/// What every object hangs on. When it is another, everything is judged anew.
#[derive(Debug, Clone, PartialEq)]
struct Basis {
    connection: Connection,
    fault: Option<Fault>,
    served: Option<Vec<Kind>>,
    listed: BTreeSet<(String, String)>,
    refused: BTreeMap<(String, String), Fault>,
    claimed: Arc<BTreeMap<ObjectKey, String>>,
    grace: SignedDuration,
    schemas: Arc<Schemas>,
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

/// Comparisons that still hold.
#[derive(Debug, Default)]
pub(super) struct Compared {
    schemas: Arc<Schemas>,
    by_key: HashMap<ObjectKey, (Arc<LiveObject>, Comparison)>,
    /// Why the cluster cannot be asked about objects of a kind, if it cannot.
    silent: HashMap<(String, String), Option<String>>,
    /// Why it does not take objects of a kind in a version, if it does not.
    unserved: HashMap<SchemaKey, Option<String>>,
}

impl Compared {
    /// Compares what git states of an object with what is live.
    pub(super) fn compare(&mut self, key: &ObjectKey, stated: &Manifest, live: &Arc<LiveObject>) -> Comparison {
        // It is the same object as long as it is kept here, so that its address tells.
        if let Some((known, found)) = self.by_key.get(key)
            && Arc::ptr_eq(known, live)
        {
            return found.clone();
        }
        let found = compare_with((&stated.value, &stated.body), live, &self.schemas);
        self.by_key.insert(key.clone(), (Arc::clone(live), found.clone()));
        found
    }

    /// Why the cluster cannot be asked about an object, if it cannot. It is the same for all of a kind.
    pub(super) fn cannot_tell(&mut self, live: &LiveSet, key: &ObjectKey) -> Option<String> {
        let kind = (key.group.clone(), key.kind.clone());
        self.silent.entry(kind).or_insert_with(|| cannot_tell(live, key)).clone()
    }

    /// Why the cluster does not take an object at all, if it does not. It is the same for all of a kind and version.
    pub(super) fn not_served(&mut self, live: &LiveSet, wanted: &Manifest) -> Option<String> {
        let kind = (wanted.group.clone(), wanted.version.clone(), wanted.kind.clone());
        self.unserved.entry(kind).or_insert_with(|| not_served(live, wanted)).clone()
    }
}

impl Memo {
    /// Forgets what was worked out, for another reading of git. Rows that come out as they were stay the same ones.
    pub fn forget(&mut self) {
        let (rows, healths) = (std::mem::take(&mut self.rows), std::mem::take(&mut self.healths));
        *self = Self { healths, rows, ..Self::default() };
    }

    /// Judges every object that git or the cluster has and that may be another way than the last time. `files` are findings of
    /// the files themselves.
    pub fn judge(&mut self, inputs: &Inputs<'_>, files: &[Finding], redactor: &Redactor) -> Picture {
        let live = inputs.live;
        let before = std::mem::replace(&mut self.objects, live.objects.clone());
        let changes = live.objects.changes(&before);
        let turned = self.healths.update(live, inputs.now);
        let is_same = self.stated.is_some()
            && inputs.now >= self.now
            && turned != Turned::All
            && self.basis.as_ref().is_some_and(|basis| basis.is_of(inputs))
            && !changes.iter().any(concerns_all);
        if !is_same {
            self.begin(inputs);
        }
        let Some(stated) = self.stated.take() else { return Picture::default() };
        let concerned = if is_same {
            let mut concerned = self.concerned(live, &stated, &changes, inputs.now);
            if let Turned::These(keys) = &turned {
                for key in keys {
                    concern(key, &stated, live, &mut concerned);
                }
            }
            concerned
        } else {
            let live = live.objects.keys().filter(|key| stated.manages(key));
            stated.keys().chain(live).chain(self.rows.keys()).cloned().collect()
        };
        let keepers = keepers(inputs);
        let mut found_more = !is_same;
        for key in &concerned {
            found_more |= self.look(inputs, &keepers, &stated, key, redactor);
        }
        found_more |= if is_same {
            self.dangling.again(inputs.worktree, live, &changes)
        } else {
            self.dangling.all(inputs.worktree, live)
        };
        if found_more {
            let all = files
                .iter()
                .chain(&stated.duplicates)
                .chain(self.found.values().flatten())
                .chain(self.dangling.findings());
            let mut all: Vec<Finding> = all.cloned().collect();
            all.sort_by(|a, b| (a.severity, &a.file, a.line).cmp(&(b.severity, &b.file, b.line)));
            self.findings = Arc::new(all.into_iter().map(|finding| finding.redacted(redactor)).collect());
        }
        (self.stated, self.now, self.as_of) = (Some(stated), inputs.now, live.as_of);
        Picture {
            rows: self.rows.shown(),
            findings: Arc::clone(&self.findings),
            next: [self.states.next(), self.healths.next].into_iter().flatten().min(),
        }
    }

    /// Everything is to be judged anew.
    fn begin(&mut self, inputs: &Inputs<'_>) {
        if self.stated.is_none() {
            self.stated = Some(Stated::of(inputs));
            self.dangling = Dangling::of(inputs.worktree);
        }
        if !Arc::ptr_eq(&self.compared.schemas, &inputs.live.schemas) {
            self.compared = Compared { schemas: Arc::clone(&inputs.live.schemas), ..Compared::default() };
            self.local.clear();
        }
        self.compared.silent.clear();
        self.compared.unserved.clear();
        self.basis = Some(Basis::of(inputs));
    }

    /// The objects that may be another way than the last time.
    fn concerned(
        &self,
        live: &LiveSet,
        stated: &Stated,
        changes: &[Change<'_>],
        now: Timestamp,
    ) -> BTreeSet<ObjectKey> {
        let mut concerned: BTreeSet<ObjectKey> = self.words.due(now).cloned().collect();
        if live.as_of != self.as_of {
            concerned.extend(self.dated.iter().cloned());
        }
        for change in changes {
            concern(change.key, stated, live, &mut concerned);
        }
        concerned
    }

    /// Judges one object. True when other findings came of it than before.
    fn look(
        &mut self,
        inputs: &Inputs<'_>,
        keepers: &[Keeper<'_>],
        stated: &Stated,
        key: &ObjectKey,
        redactor: &Redactor,
    ) -> bool {
        let live = inputs.live;
        let judged = if let Some(desired) = stated.get(inputs, key) {
            let schemas = &self.compared.schemas;
            let shown = desired.local.or(desired.committed).or(desired.public);
            let known = self.local.entry(key.clone()).or_insert_with(|| Local {
                draft: draft(&desired),
                is_pushed: agree(desired.committed, desired.public),
                unknown: shown.and_then(|shown| unknown(schemas, shown)),
                no_text: shown.map(|shown| no_text(schemas, shown)).unwrap_or_default(),
            });
            judge_stated(inputs, (keepers, &mut self.compared), &desired, known)
        } else {
            let object = live.objects.get(key).filter(|_| stated.manages(key) && !is_seen(key, stated, live));
            let judged = object.and_then(|object| orphans::row(inputs, (keepers, &mut self.compared), key, object));
            judged.map(|(row, turn)| Judged { row, findings: Vec::new(), turn })
        };
        if !live.objects.contains_key(key) {
            self.compared.by_key.remove(key);
        }
        let Some(Judged { mut row, findings, turn }) = judged else {
            self.rows.remove(key);
            self.note(key, Turn::default());
            return self.found.remove(key).is_some();
        };
        if let Some(object) = live_of(live, key) {
            row.health = Some(self.healths.of(object).clone());
        }
        self.rows.put(row, redactor);
        self.note(key, turn);
        let before =
            if findings.is_empty() { self.found.remove(key) } else { self.found.insert(key.clone(), findings.clone()) };
        before.unwrap_or_default() != findings
    }

    fn note(&mut self, key: &ObjectKey, turn: Turn) {
        self.states.set(key, turn.state);
        self.words.set(key, turn.first());
        if turn.is_dated {
            self.dated.insert(key.clone());
        } else {
            self.dated.remove(key);
        }
    }
}

impl Basis {
    fn of(inputs: &Inputs<'_>) -> Self {
        let live = inputs.live;
        Self {
            connection: live.connection,
            fault: live.fault.clone(),
            served: live.served.clone(),
            listed: live.listed.clone(),
            refused: live.refused.clone(),
            claimed: Arc::clone(inputs.claimed),
            grace: inputs.grace,
            schemas: Arc::clone(&live.schemas),
        }
    }

    fn is_of(&self, inputs: &Inputs<'_>) -> bool {
        let live = inputs.live;
        let same_claims = Arc::ptr_eq(&self.claimed, inputs.claimed) || self.claimed == *inputs.claimed;
        self.connection == live.connection
            && self.fault == live.fault
            && self.grace == inputs.grace
            && Arc::ptr_eq(&self.schemas, &live.schemas)
            && self.listed == live.listed
            && self.refused == live.refused
            && same_claims
            && self.served == live.served
    }
}

/// True for changes that every object may hang on: an Application says when others must be live.
fn concerns_all(change: &Change<'_>) -> bool {
    let application = |object: Option<&Arc<LiveObject>>| object.and_then(|object| object.application.clone());
    (change.key.group.as_str(), change.key.kind.as_str()) == APPLICATIONS
        && (change.is_move() || application(change.before) != application(change.now))
}

/// Adds the objects whose live side an identity may be. Git does not say whether a custom kind lives in namespaces.
fn concern(key: &ObjectKey, stated: &Stated, live: &LiveSet, concerned: &mut BTreeSet<ObjectKey>) {
    if key.namespace.is_empty() {
        concerned.extend(stated.named(key).cloned());
    } else if stated.manages(key) {
        let global = ObjectKey { namespace: String::new(), ..key.clone() };
        if live.objects.contains_key(&global) {
            concerned.insert(global);
        }
    } else {
        return;
    }
    concerned.insert(key.clone());
}

/// True when a live object is what git states elsewhere: in a namespace, for an object of the cluster.
fn is_seen(key: &ObjectKey, stated: &Stated, live: &LiveSet) -> bool {
    let is_it = |stated: &ObjectKey| live_of(live, stated).is_some_and(|object| object.key() == *key);
    stated.contains(key) || (key.namespace.is_empty() && stated.named(key).any(is_it))
}
