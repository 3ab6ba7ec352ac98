//! States: one world per test, changed in one thing.

mod kept_up;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{History, Inputs, Memo, Version};
use crate::domain::cluster::{Connection, Kind, LiveObject, LiveSet, schemas};
use crate::domain::drift::{DriftRow, DriftState, Finding, Lineage, ObjectKey, Picture};
use crate::domain::fault::Fault;
use crate::domain::manifest::{Manifest, load};
use crate::domain::redact::Redactor;

const GROUP: &str = "vpc.githedgehog.com";

fn at(minutes: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
}

fn object(name: &str, vlan: u32) -> Value {
    json!({ "apiVersion": format!("{GROUP}/v1beta1"), "kind": "VPC", "metadata": { "name": name }, "spec": { "vlan": vlan } })
}

fn manifest(value: &Value) -> Manifest {
    load(Path::new("f/a.yaml"), value.to_string().as_bytes()).objects.remove(0)
}

fn kind(name: &str) -> Kind {
    Kind { group: GROUP.into(), version: "v1beta1".into(), kind: name.into(), plural: String::new(), namespaced: true }
}

fn key(name: &str) -> ObjectKey {
    ObjectKey::new(GROUP, "VPC", "default", name)
}

/// A world in which `a` is committed at minute 0 and live, and it is minute 60.
struct World {
    worktree: Vec<Manifest>,
    head: Option<Vec<Manifest>>,
    pushed: Option<Vec<Manifest>>,
    history: History,
    lineage: Lineage,
    live: LiveSet,
    claimed: Arc<BTreeMap<ObjectKey, String>>,
    now: Timestamp,
}

/// What came of it.
#[derive(Debug, PartialEq)]
struct Assessment {
    rows: Vec<DriftRow>,
    findings: Vec<Finding>,
    next: Option<Timestamp>,
}

impl World {
    fn new() -> Self {
        let mut live = LiveSet::empty("c", Connection::Connected);
        live.served = Some(vec![kind("VPC"), kind("Agent")]);
        live.listed.extend(["VPC", "Agent"].map(|kind| (GROUP.to_owned(), kind.to_owned())));
        let mut world = Self {
            worktree: vec![manifest(&object("a", 1))],
            head: Some(vec![manifest(&object("a", 1))]),
            pushed: None,
            history: History::new(),
            lineage: Lineage::default(),
            live,
            claimed: Arc::default(),
            now: at(60),
        };
        world.commit("a", 0, Some(object("a", 1)));
        world.put(&object("a", 1));
        world
    }

    fn commit(&mut self, name: &str, minute: i64, value: Option<Value>) {
        let commit = format!("{minute:0>7}fffff");
        let version = Version { commit, at: at(minute), file: "f/a.yaml".into(), value: value.map(Arc::new) };
        self.history.entry(key(name)).or_default().insert(0, version);
    }

    fn put(&mut self, value: &Value) {
        let mut value = value.clone();
        value["metadata"]["namespace"] = "default".into();
        let live = LiveObject::new(&kind(value["kind"].as_str().unwrap()), value).unwrap();
        self.live.objects.insert(live);
    }

    /// An Application of the fabric's directory that knows two revisions (minutes of commits), and these words of its last
    /// operation. The branch has a commit every minute.
    fn keep(&mut self, compared: i64, applied: i64, phase: &str) {
        let commit = |minute: i64| format!("{minute:0>7}fffff");
        self.lineage.places = Arc::new((0..100).map(|minute| (commit(minute), minute)).collect());
        self.lineage.repositories = vec!["git.example/lab/net".to_owned()];
        let application = json!({
            "metadata": { "name": "net", "namespace": "argocd" },
            "spec": { "source": { "repoURL": "git@git.example:lab/net.git", "path": "f" } },
            "status": {
                "sync": { "revision": commit(compared) },
                "operationState": { "phase": phase, "message": "vlan is taken", "syncResult": { "revision": commit(applied) } },
            },
        });
        let kind = Kind { group: "argoproj.io".into(), ..kind("Application") };
        let live = LiveObject::new(&kind, application).unwrap();
        self.live.objects.insert(live);
    }

    fn vanish(&mut self, name: &str) {
        self.live.objects.remove(&key(name));
    }

    fn inputs(&self) -> Inputs<'_> {
        Inputs {
            worktree: &self.worktree,
            head: self.head.as_deref(),
            pushed: self.pushed.as_deref(),
            history: &self.history,
            lineage: &self.lineage,
            live: &self.live,
            claimed: &self.claimed,
            grace: SignedDuration::from_mins(5),
            now: self.now,
        }
    }

    fn picture(&self, memo: &mut Memo) -> Picture {
        memo.judge(&self.inputs(), &[], &Redactor::default())
    }

    fn assess(&self) -> Assessment {
        let Picture { rows, findings, next } = self.picture(&mut Memo::default());
        Assessment { rows: rows.iter().map(|row| DriftRow::clone(row)).collect(), findings: findings.to_vec(), next }
    }

    fn states(&self) -> Vec<(String, DriftState)> {
        self.assess().rows.into_iter().map(|row| (row.key.name.clone(), row.state)).collect()
    }

    fn only(&self) -> (DriftState, String) {
        let mut rows = self.assess().rows;
        assert_eq!(rows.len(), 1, "{rows:?}");
        let row = rows.remove(0);
        (row.state, row.reason)
    }
}

#[test]
fn live_as_committed_is_synced() {
    let world = World::new();
    assert_eq!(world.only().0, DriftState::Synced);
    assert_eq!(world.assess().next, None);
}

#[test]
fn a_row_has_the_generation_of_what_is_live() {
    let mut world = World::new();
    let generation = |world: &World| world.assess().rows[0].generation;
    assert_eq!(generation(&world), None);
    let mut live = object("a", 1);
    live["metadata"]["generation"] = 7.into();
    world.put(&live);
    assert_eq!((generation(&world), world.only().0), (Some(7), DriftState::Synced));
    world.vanish("a");
    assert_eq!(generation(&world), None);
}

#[test]
fn a_live_edit_is_drift_with_path_and_both_values() {
    let mut world = World::new();
    world.put(&object("a", 2));
    let rows = world.assess().rows;
    assert_eq!(rows[0].state, DriftState::Drifted);
    assert_eq!(rows[0].fields[0].path, "spec.vlan");
    assert_eq!((&rows[0].fields[0].desired, &rows[0].fields[0].live), (&json!(1), &json!(2)));
    assert!(rows[0].reason.starts_with("spec.vlan"), "{}", rows[0].reason);
}

#[test]
fn a_commit_that_is_not_live_is_pending_in_its_grace_and_overdue_after_it() {
    let mut world = World::new();
    world.vanish("a");
    world.now = at(4);
    assert_eq!(world.only().0, DriftState::Pending);
    assert_eq!(world.assess().next, Some(at(5)));
    world.now = at(5);
    assert_eq!(world.only().0, DriftState::Overdue);
    assert_eq!(world.assess().next, None);
}

#[test]
fn live_as_in_an_earlier_commit_is_pending_then_behind() {
    let mut world = World::new();
    for side in [&mut world.worktree, world.head.as_mut().unwrap()] {
        *side = vec![manifest(&object("a", 9))];
    }
    world.commit("a", 58, Some(object("a", 9)));
    assert_eq!(world.only().0, DriftState::Pending);
    world.now = at(70);
    let (state, reason) = world.only();
    assert_eq!(state, DriftState::Behind);
    assert!(reason.contains("0000000"), "{reason}");
    world.put(&object("a", 5));
    assert_eq!(world.only().0, DriftState::Drifted);
}

#[test]
fn where_an_application_keeps_the_file_its_revision_counts_and_not_the_clock() {
    let mut world = World::new();
    world.commit("a", 10, Some(object("a", 1)));
    world.vanish("a");
    for (compared, applied, phase, state, said) in [
        (9, 9, "Succeeded", DriftState::Pending, "Application net is at 0000009, an earlier commit"),
        (10, 9, "Succeeded", DriftState::Overdue, "Application net has seen it and does not apply it"),
        (10, 10, "Running", DriftState::Pending, "Application net is applying 0000010"),
        (20, 20, "Failed", DriftState::Overdue, "Application net failed on 0000020: vlan is taken"),
        (20, 20, "Succeeded", DriftState::Overdue, "Application net has applied 0000020"),
        (500, 500, "Succeeded", DriftState::Overdue, "and still not live"),
    ] {
        world.keep(compared, applied, phase);
        let (found, reason) = world.only();
        assert_eq!(found, state, "{reason}");
        assert!(reason.ends_with(said), "{reason}");
    }
    world.now = at(12);
    world.keep(20, 20, "Succeeded");
    assert_eq!((world.only().0, world.assess().next), (DriftState::Overdue, None), "though its grace would still run");
    world.keep(20, 9, "Succeeded");
    assert_eq!((world.only().0, world.assess().next), (DriftState::Pending, Some(at(15))));
}

#[test]
fn an_application_says_when_a_removal_and_a_change_must_have_come() {
    let mut world = World::new();
    world.keep(57, 57, "Succeeded");
    let keeper = world.assess().rows[0].application.clone().unwrap();
    assert_eq!(
        (keeper.kind.as_str(), keeper.namespace.as_str(), keeper.name.as_str()),
        ("Application", "argocd", "net")
    );
    world.worktree.clear();
    world.head = Some(Vec::new());
    world.commit("a", 58, None);
    world.now = at(90);
    assert_eq!(world.only().0, DriftState::Pending);
    world.keep(60, 60, "Succeeded");
    let (state, reason) = world.only();
    assert_eq!(state, DriftState::Orphaned);
    assert!(reason.ends_with("Application net has applied 0000060"), "{reason}");
    let mut world = World::new();
    for side in [&mut world.worktree, world.head.as_mut().unwrap()] {
        *side = vec![manifest(&object("a", 9))];
    }
    world.commit("a", 58, Some(object("a", 9)));
    world.keep(59, 59, "Failed");
    let (state, reason) = world.only();
    assert_eq!(state, DriftState::Behind);
    assert!(reason.ends_with("vlan is taken"), "{reason}");
}

#[test]
fn a_draft_is_a_draft_and_never_drift() {
    let mut world = World::new();
    world.worktree = vec![manifest(&object("a", 7))];
    assert_eq!(world.only(), (DriftState::Draft, "changed in the working tree, not committed".into()));
    world.put(&object("a", 2));
    assert!(world.only().1.ends_with("live differs from HEAD too"));
    world.worktree.clear();
    assert_eq!(world.only().0, DriftState::Draft);
    world.worktree = vec![manifest(&object("b", 1))];
    assert_eq!(world.states(), [("a".into(), DriftState::Draft), ("b".into(), DriftState::Draft)]);
}

#[test]
fn a_change_of_time_stamps_alone_is_no_draft() {
    let mut world = World::new();
    let mut touched = object("a", 1);
    touched["metadata"]["annotations"] = json!({ "hnp.githedgehog.com/last-synced": "2026-01-01" });
    world.worktree = vec![manifest(&touched)];
    assert_eq!(world.only().0, DriftState::Synced);
}

#[test]
fn what_is_committed_and_not_pushed_is_said_so() {
    let mut world = World::new();
    world.pushed = Some(Vec::new());
    assert_eq!(world.only(), (DriftState::Unpushed, "added in a commit that is not pushed".into()));
    world.pushed = Some(vec![manifest(&object("a", 4))]);
    assert_eq!(world.only().1, "changed in a commit that is not pushed");
    world.pushed = Some(vec![manifest(&object("a", 1))]);
    assert_eq!(world.only().0, DriftState::Synced);
}

#[test]
fn without_git_every_file_counts_as_committed() {
    let mut world = World::new();
    world.head = None;
    world.history.clear();
    assert_eq!(world.only().0, DriftState::Synced);
    world.vanish("a");
    assert_eq!(world.only().0, DriftState::Overdue);
}

#[test]
fn without_a_connection_nothing_is_claimed_but_the_last_state_is_said() {
    let mut world = World::new();
    world.live.as_of = Some(at(59));
    world.put(&object("a", 2));
    for connection in [Connection::Unreachable, Connection::Unauthorized, Connection::Forbidden, Connection::Connecting]
    {
        world.live.connection = connection;
        let (state, reason) = world.only();
        assert_eq!(state, DriftState::Unknown);
        assert!(reason.ends_with("last known: drifted"), "{reason}");
    }
    world.live = LiveSet::empty("c", Connection::None);
    assert_eq!(world.only().1, "no cluster is configured");
    world.live.fault = Some(Fault::new("reading", "config", "it has no context \"c\"", ""));
    assert_eq!(world.only().1, "there is no cluster: it has no context \"c\"");
    world.worktree = vec![manifest(&object("a", 7))];
    assert_eq!(world.only().0, DriftState::Draft);
}

#[test]
fn a_kind_that_is_refused_or_not_listed_yet_is_unknown() {
    let mut world = World::new();
    world.live.refused.insert((GROUP.into(), "VPC".into()), Fault::new("listing", "vpcs", "forbidden", ""));
    assert_eq!(world.only(), (DriftState::Unknown, "VPC cannot be listed: forbidden".into()));
    world.live.refused.clear();
    world.live.listed.clear();
    assert_eq!(world.only().0, DriftState::Unknown);
}

#[test]
fn a_version_that_is_not_served_blocks_what_is_not_live_and_is_a_finding_anyway() {
    let mut world = World::new();
    let mut old = object("a", 1);
    old["apiVersion"] = format!("{GROUP}/v1alpha2").into();
    world.worktree = vec![manifest(&old)];
    world.head = Some(vec![manifest(&old)]);
    assert_eq!(world.only().0, DriftState::Synced, "the version is no part of the identity");
    assert_eq!(world.assess().findings[0].code, "version-not-served");
    world.vanish("a");
    let (state, reason) = world.only();
    assert_eq!(state, DriftState::Blocked);
    assert_eq!(reason, "VPC.vpc.githedgehog.com is not served as v1alpha2, only as v1beta1");
    world.live.served = Some(vec![kind("Agent")]);
    assert_eq!(world.only().1, "the cluster serves no VPC.vpc.githedgehog.com");
}

#[test]
fn a_field_that_the_schema_does_not_know_is_a_finding_and_said_of_what_is_live() {
    let mut world = World::new();
    let spec = json!({ "type": "object", "properties": {
        "vlan": { "type": "integer" },
        "links": { "type": "array", "items": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } } } });
    let version = json!({ "name": "v1beta1", "served": true, "schema": { "openAPIV3Schema": {
        "type": "object", "properties": { "spec": spec } } } });
    world.live.schemas = Arc::new(schemas(&json!({ "spec": {
        "group": GROUP, "names": { "kind": "VPC" }, "versions": [version] } })));
    let mut typo = object("a", 1);
    typo["spec"]["vlna"] = 2.into();
    typo["spec"]["links"] = json!([{ "port": "1" }]);
    for side in [&mut world.worktree, world.head.as_mut().unwrap()] {
        *side = vec![manifest(&typo)];
    }
    let mut there = object("a", 1);
    there["spec"]["links"] = json!([{ "port": "1", "ip": "10.0.0.1" }]);
    world.put(&there);
    let (state, reason) = world.only();
    assert_eq!(state, DriftState::Synced);
    let said = "live as committed; the schema does not know spec.vlna; applying would drop spec.links[port=1].ip";
    assert_eq!(reason, said);
    let finding = &world.assess().findings[0];
    assert_eq!((finding.code, finding.line), ("unknown-field", Some(1)));
    world.vanish("a");
    assert_eq!(world.assess().findings[0].code, "unknown-field", "before it is live, too");
}

#[test]
fn a_scalar_that_is_no_text_where_the_schema_wants_some_is_a_finding_at_its_line() {
    let mut world = World::new();
    let text = format!(
        "apiVersion: {GROUP}/v1beta1\nkind: VPC\nmetadata: {{ name: a }}\nspec:\n  vlan: 0755\n  mode: on\n  ports:\n  - 1e3\n"
    );
    world.worktree = load(Path::new("f/a.yaml"), text.as_bytes()).objects;
    let texts = json!({ "type": "array", "items": { "type": "string" } });
    let spec = json!({ "type": "object", "properties": { "vlan": { "type": "integer" }, "mode": { "type": "string" }, "ports": texts } });
    let schema = json!({ "type": "object", "properties": { "spec": spec } });
    world.live.schemas =
        Arc::new(schemas(&json!({ "spec": { "group": GROUP, "names": { "kind": "VPC" }, "versions": [
        { "name": "v1beta1", "served": true, "schema": { "openAPIV3Schema": schema } } ] } })));
    let found = world.assess().findings;
    let of_code = found.iter().filter(|finding| finding.code == "ambiguous-scalar");
    let said: Vec<_> = of_code.map(|finding| (finding.line, finding.message.as_str())).collect();
    let expected = [
        (Some(6), "VPC a: spec.mode wants text, and on without quotes is none in YAML 1.1; quote it"),
        (Some(8), "VPC a: spec.ports[0] wants text, and 1e3 without quotes is none in YAML 1.1; quote it"),
    ];
    assert_eq!(said, expected);
}

#[test]
fn what_git_does_not_have_is_orphaned_unless_it_is_none_of_ours() {
    let mut world = World::new();
    world.put(&object("stray", 1));
    let mut agent = object("switch-1", 1);
    agent["kind"] = "Agent".into();
    world.put(&agent);
    let mut owned = object("owned", 1);
    owned["metadata"]["ownerReferences"] = json!([{ "name": "x" }]);
    world.put(&owned);
    assert_eq!(world.states(), [("stray".into(), DriftState::Orphaned), ("a".into(), DriftState::Synced)]);
    Arc::make_mut(&mut world.claimed).insert(key("stray"), "other".into());
    assert_eq!(world.states(), [("a".into(), DriftState::Synced)]);
}

#[test]
fn an_orphan_of_a_cluster_that_is_away_is_still_a_row() {
    let mut world = World::new();
    world.put(&object("stray", 1));
    world.live.as_of = Some(at(40));
    let stray = |world: &World| {
        let rows = world.assess().rows.into_iter();
        rows.filter(|row| row.key == key("stray")).map(|row| (row.state, row.reason, row.since)).collect::<Vec<_>>()
    };
    world.live.connection = Connection::Unreachable;
    let reason = "the cluster is unreachable; last known: orphaned".to_owned();
    assert_eq!(stray(&world), [(DriftState::Unknown, reason, Some(at(40)))]);
    world.commit("stray", 58, None);
    let found = world.assess();
    assert_eq!(found.next, None, "no grace ends while nobody can look");
    assert!(stray(&world)[0].1.ends_with("last known: pending"));
    world.live.connection = Connection::Connected;
    assert_eq!(stray(&world)[0].0, DriftState::Pending);
    let refused = Fault::new("listing", "VPC", "forbidden", "");
    world.live.refused.insert((GROUP.to_owned(), "VPC".to_owned()), refused);
    assert!(stray(&world)[0].1.starts_with("VPC cannot be listed: forbidden"));
}

#[test]
fn a_removal_is_pending_in_its_grace_and_then_names_its_commit() {
    let mut world = World::new();
    world.worktree.clear();
    world.head = Some(Vec::new());
    world.commit("a", 58, None);
    assert_eq!(world.only().0, DriftState::Pending);
    assert_eq!(world.assess().next, Some(at(63)));
    world.now = at(90);
    let (state, reason) = world.only();
    assert_eq!(state, DriftState::Orphaned);
    assert!(reason.contains("0000058"), "{reason}");
    let mut going = object("a", 1);
    going["metadata"]["deletionTimestamp"] = "1970-01-01T01:00:00Z".into();
    world.put(&going);
    assert_eq!(world.only().0, DriftState::Deleting);
}

#[test]
fn the_same_object_twice_is_a_finding_and_one_row() {
    let mut world = World::new();
    world.worktree.push(manifest(&object("a", 1)));
    let found = world.assess();
    assert_eq!(found.rows.len(), 1);
    assert_eq!(found.findings[0].code, "duplicate");
    Arc::make_mut(&mut world.claimed).insert(key("a"), "other".into());
    assert!(world.assess().findings.iter().any(|finding| finding.code == "claimed-twice"));
}

#[test]
fn what_somebody_set_by_hand_beside_git_is_said_and_no_drift() {
    let mut world = World::new();
    let mut there = object("a", 1);
    there["spec"]["mtu"] = 9000.into();
    there["spec"]["gateway"] = "10.0.0.1".into();
    let entry = |manager: &str, field: &str| json!({ "manager": manager, "operation": "Update", "fieldsV1": { "f:spec": { (format!("f:{field}")): {} } } });
    there["metadata"]["managedFields"] = json!([
        entry("kubectl-edit", "mtu"),
        entry("fabric-webhook", "gateway"),
        entry("kubectl-client-side-apply", "vlan")
    ]);
    world.put(&there);
    let (state, reason) = world.only();
    assert_eq!(state, DriftState::Synced);
    assert_eq!(reason, "live as committed; kubectl-edit set spec.mtu, of which git says nothing");
}

#[test]
fn a_row_that_comes_out_as_it_was_is_the_same_one() {
    let mut world = World::new();
    let mut memo = Memo::default();
    world.put(&object("b", 4));
    let before = world.picture(&mut memo);
    assert!(Arc::ptr_eq(&before.rows, &world.picture(&mut memo).rows), "nothing changed");
    world.put(&object("a", 4));
    let after = world.picture(&mut memo);
    let row = |picture: &Picture, name: &str| picture.rows.iter().find(|row| row.key.name == name).cloned().unwrap();
    assert!(!Arc::ptr_eq(&row(&before, "a"), &row(&after, "a")), "what changed is another row");
    assert!(Arc::ptr_eq(&row(&before, "b"), &row(&after, "b")), "what did not is not");
    memo.forget();
    let again = world.picture(&mut memo);
    assert!(after.rows.iter().zip(again.rows.iter()).all(|(row, same)| Arc::ptr_eq(row, same)));
}

#[test]
fn with_other_schemas_all_is_worked_out_anew() {
    let mut world = World::new();
    let mut memo = Memo::default();
    assert!(world.picture(&mut memo).findings.is_empty());
    world.live.schemas =
        Arc::new(schemas(&json!({ "spec": { "group": GROUP, "names": { "kind": "VPC" }, "versions": [
        { "name": "v1beta1", "served": true, "schema": { "openAPIV3Schema": { "type": "object" } } } ] } })));
    assert!(world.picture(&mut memo).findings.is_empty(), "the server still has all of it");
    let mut pruned = object("a", 1);
    pruned["spec"] = json!({});
    world.put(&pruned);
    assert_eq!(world.picture(&mut memo).findings[0].code, "unknown-field");
}

#[test]
fn the_worst_comes_first() {
    let mut world = World::new();
    for name in ["b", "c"] {
        world.worktree.push(manifest(&object(name, 1)));
        world.head.as_mut().unwrap().push(manifest(&object(name, 1)));
        world.commit(name, 0, Some(object(name, 1)));
    }
    world.put(&object("c", 3));
    let states: Vec<DriftState> = world.states().into_iter().map(|(_, state)| state).collect();
    assert_eq!(states, [DriftState::Drifted, DriftState::Overdue, DriftState::Synced]);
}
