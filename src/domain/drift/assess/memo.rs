//! What is known of a fabric, kept up: an object is judged again when it, what it hangs on, or the time has changed for it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::rows::{Row, Rows};
use super::stated::{Desired, Stated};
use super::{
    Compared, Finding, Inputs, Judged, Look, ObjectKey, Turn, agree, draft, judge_stated, keepers, live_of, no_text,
    orphans, unknown,
};
use crate::domain::cluster::{Change, Connection, Kind, LiveObject, LiveSet, Objects, Schemas};
use crate::domain::drift::{APPLICATIONS, DriftRow};
use crate::domain::fault::Fault;
use crate::domain::hedgehog::{Dangling, Healths, Turned};
use crate::domain::parallel::{both, in_parts};
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
    /// Comparisons that still hold, with the schemas that they were made by.
    compared: Compared,
    schemas: Arc<Schemas>,
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
    /// Somebody looked for such fields: the server was not known to keep all of them.
    is_looked_through: bool,
    /// Scalars that are no text where the schema wants some: line and message.
    pub(super) no_text: Vec<(u32, String)>,
}

/// What a look found of one object.
struct Seen {
    key: ObjectKey,
    /// What git and the schema say of it, unless that was known.
    local: Option<Local>,
    is_live: bool,
    /// Its row with what else came of it; `None` when it has none.
    found: Option<(Option<Row>, Vec<Finding>, Turn)>,
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
        let is_read = self.stated.is_some();
        let read = || (!is_read).then(|| (Stated::of(inputs), Dangling::of(inputs.worktree)));
        let (read, turned) =
            both(if is_read { 0 } else { inputs.worktree.len() }, read, || self.healths.update(live, inputs.now));
        if let Some((stated, dangling)) = read {
            (self.stated, self.dangling) = (Some(stated), dangling);
        }
        let is_same = is_read
            && inputs.now >= self.now
            && turned != Turned::All
            && self.basis.as_ref().is_some_and(|basis| basis.is_of(inputs))
            && !changes.iter().any(concerns_all);
        if !is_same {
            self.begin(inputs);
        }
        let Some(stated) = self.stated.take() else { return Picture::default() };
        let concerned: Vec<ObjectKey> = if is_same {
            let mut concerned = self.concerned(live, &stated, &changes, inputs.now);
            if let Turned::These(keys) = &turned {
                for key in keys {
                    concern(key, &stated, live, &mut concerned);
                }
            }
            concerned.into_iter().collect()
        } else {
            self.everything(live, &stated)
        };
        let mut found_more = !is_same;
        let keepers = keepers(inputs);
        let mut dangling = std::mem::take(&mut self.dangling);
        let look_for_dangling = || {
            if is_same { dangling.again(inputs.worktree, live, &changes) } else { dangling.all(inputs.worktree, live) }
        };
        let judge = |keys: &[ObjectKey]| {
            let mut look = Look::new(inputs, &keepers, &self.compared);
            let seen: Vec<Seen> = keys.iter().map(|key| self.see(&mut look, &stated, key, redactor)).collect();
            (seen, look.made())
        };
        let (dangles_otherwise, parts) = both(concerned.len(), look_for_dangling, || in_parts(&concerned, judge));
        self.dangling = dangling;
        found_more |= dangles_otherwise;
        for (seen, made) in parts {
            self.compared.extend(made);
            for seen in seen {
                found_more |= self.take(seen);
            }
        }
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
        if !Arc::ptr_eq(&self.schemas, &inputs.live.schemas) {
            self.schemas = Arc::clone(&inputs.live.schemas);
            self.compared.clear();
            self.local.clear();
        }
        self.basis = Some(Basis::of(inputs));
    }

    /// All objects that have a row, or may have one. Those that are live come first, in order: what is looked for one behind
    /// the other lies side by side.
    fn everything(&self, live: &LiveSet, stated: &Stated) -> Vec<ObjectKey> {
        let mut rest: HashSet<&ObjectKey> = stated.keys().chain(self.rows.keys()).collect();
        let is_wanted = |key: &&ObjectKey| rest.remove(*key) || stated.manages(key);
        let mut all: Vec<ObjectKey> = live.objects.keys().filter(is_wanted).cloned().collect();
        all.extend(rest.into_iter().cloned());
        all
    }

    /// The objects that may be another way than the last time.
    fn concerned(&self, live: &LiveSet, stated: &Stated, changes: &[Change<'_>], now: Timestamp) -> HashSet<ObjectKey> {
        let mut concerned: HashSet<ObjectKey> = self.words.due(now).cloned().collect();
        if live.as_of != self.as_of {
            concerned.extend(self.dated.iter().cloned());
        }
        for change in changes {
            concern(change.key, stated, live, &mut concerned);
        }
        concerned
    }

    /// Judges one object.
    fn see<'a>(&self, look: &mut Look<'a>, stated: &'a Stated, key: &'a ObjectKey, redactor: &Redactor) -> Seen {
        let set = look.inputs.live;
        let live = live_of(set, key);
        let mut local = None;
        let judged = if let Some(desired) = stated.get(look.inputs, key) {
            let is_kept = look.is_kept(&desired, live);
            let known = match self.local.get(key).filter(|known| is_kept || known.is_looked_through) {
                Some(known) => known,
                None => &*local.insert(Local::of(look, &desired, is_kept)),
            };
            judge_stated(look, &desired, (known, is_kept), live)
        } else {
            let object = live.filter(|live| live.key == *key && stated.manages(key) && !is_seen(key, stated, set));
            let judged = object.and_then(|object| orphans::row(look, key, object));
            judged.map(|(row, turn)| Judged { row, findings: Vec::new(), turn })
        };
        let found = judged.map(|Judged { mut row, findings, turn }| {
            row.health = live.map(|live| self.healths.of(live).clone());
            (self.rows.news(row, redactor), findings, turn)
        });
        Seen { key: key.clone(), local, is_live: live.is_some(), found }
    }

    /// Keeps what was found of an object. True when other findings came of it than before.
    fn take(&mut self, Seen { key, local, is_live, found }: Seen) -> bool {
        if let Some(local) = local {
            self.local.insert(key.clone(), local);
        }
        if !is_live {
            self.compared.remove(&key);
        }
        let Some((row, findings, turn)) = found else {
            self.rows.remove(&key);
            self.note(&key, Turn::default());
            return self.found.remove(&key).is_some();
        };
        if let Some(row) = row {
            self.rows.put(row);
        }
        self.note(&key, turn);
        let is_other = self.found.get(&key).map(Vec::as_slice).unwrap_or_default() != findings;
        if findings.is_empty() {
            self.found.remove(&key);
        } else {
            self.found.insert(key, findings);
        }
        is_other
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

impl Local {
    fn of<'a>(look: &mut Look<'a>, desired: &Desired<'a>, is_kept: bool) -> Self {
        let described = desired.shown().and_then(|shown| Some((look.schema(shown)?, shown)));
        Self {
            draft: draft(desired),
            is_pushed: agree(desired.committed, desired.public),
            unknown: described.filter(|_| !is_kept).and_then(|(schema, shown)| unknown(schema, shown)),
            is_looked_through: !is_kept,
            no_text: described.map(|(schema, shown)| no_text(schema, shown)).unwrap_or_default(),
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
fn concern(key: &ObjectKey, stated: &Stated, live: &LiveSet, concerned: &mut HashSet<ObjectKey>) {
    if key.namespace.is_empty() {
        concerned.extend(stated.named(key).cloned());
    } else if stated.manages(key) {
        let global = key.without_namespace();
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
    let is_it = |stated: &ObjectKey| live_of(live, stated).is_some_and(|object| object.key == *key);
    stated.contains(key) || (key.namespace.is_empty() && stated.named(key).any(is_it))
}
