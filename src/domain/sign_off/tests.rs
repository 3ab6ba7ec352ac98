//! Sign-offs: what they rest on, and what supersedes them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;

use super::{Now, Reviews, SignOff, SignedObject, Standing};
use crate::domain::cluster::Connection;
use crate::domain::drift::{DriftRow, DriftState, DriftView, ObjectKey};
use crate::domain::evidence::{Evidence, FileFact, Grade, InGit};
use crate::domain::task::{Criteria, Origin, Task, TaskStatus};

fn file(path: &str, digest: &str) -> FileFact {
    FileFact {
        path: PathBuf::from(path),
        exists: true,
        modified: None,
        digest: Some(digest.to_owned()),
        git: InGit::Committed,
    }
}

fn evidence() -> Evidence {
    Evidence {
        grade: Grade::Observed,
        files: vec![file("/p/a.rs", "d1")],
        commits: vec!["3f9a1c2".to_owned()],
        ..Evidence::default()
    }
}

fn signed() -> SignOff {
    SignOff {
        task: "T-1".to_owned(),
        title: "Badge".to_owned(),
        raw_status: "✅".to_owned(),
        board: PathBuf::from("/p/TASKS.md"),
        line: 3,
        grade: Grade::Observed,
        reason: None,
        heads: BTreeMap::new(),
        commits: vec!["3f9a1c2".to_owned()],
        files: BTreeMap::from([(PathBuf::from("/p/a.rs"), Some("d1".to_owned()))]),
        objects: Vec::<SignedObject>::new(),
        evidence: Vec::new(),
        copies: None,
    }
}

fn superseded(evidence: &Evidence) -> Option<String> {
    signed().superseded(&Now { task: None, evidence, fabrics: &[] })
}

#[test]
fn it_stands_while_nothing_changes_and_while_nothing_can_be_seen() {
    assert_eq!(superseded(&evidence()), None);
    assert_eq!(superseded(&Evidence::default()), None);
}

#[test]
fn a_new_commit_an_edit_and_a_change_by_hand_supersede_it() {
    let mut commit = evidence();
    commit.commits.push("beef123".to_owned());
    assert_eq!(superseded(&commit).as_deref(), Some("commit beef123 came after it"));
    let mut changed = evidence();
    changed.files[0].digest = Some("d2".to_owned());
    assert_eq!(superseded(&changed).as_deref(), Some("a.rs was changed after it"));
    let mut another = evidence();
    another.files.push(file("/p/b.rs", "d"));
    assert_eq!(superseded(&another).as_deref(), Some("b.rs was edited after it"));
    let mut gone = evidence();
    gone.files[0].exists = false;
    assert_eq!(superseded(&gone).as_deref(), Some("a.rs is gone"));
}

fn key() -> ObjectKey {
    ObjectKey::new("g", "VPC", "default", "vpc-1")
}

/// A fabric with one object.
fn fabric(name: &str, state: DriftState, generation: Option<i64>) -> DriftView {
    let row = DriftRow {
        key: key(),
        version: "v1".to_owned(),
        state,
        reason: String::new(),
        file: None,
        line: None,
        since: None,
        health: None,
        generation,
        fields: Vec::new(),
        application: None,
    };
    DriftView {
        fabric: name.to_owned(),
        connection: Connection::Connected,
        head: None,
        branch: None,
        rows: vec![row.into()].into(),
        findings: Arc::default(),
        as_of: Some(Timestamp::UNIX_EPOCH),
    }
}

fn task() -> Task {
    Task {
        id: "T-1".to_owned(),
        title: "Badge".to_owned(),
        status: TaskStatus::Done,
        raw_status: "✅".to_owned(),
        origin: Origin { file: PathBuf::from("/p/TASKS.md"), line: 3 },
        format: "emoji",
        section: None,
        assignee: None,
        depends_on: Vec::new(),
        criteria: Criteria::default(),
        boxes: Vec::new(),
        body: String::new(),
        project: None,
    }
}

#[test]
fn an_object_whose_generation_moved_on_supersedes_it() {
    use DriftState::{Drifted, Pending, Synced, Unknown};
    let evidence = Evidence { objects: vec![("lab".to_owned(), key())], ..evidence() };
    let signed =
        |state, generation| SignOff::of(&task(), &evidence, &[fabric("lab", state, generation)], BTreeMap::new());
    let moved = "VPC vpc-1 has generation 8 now, and was 7";
    for (was, generation, is, now, why) in [
        (Synced, Some(7), Synced, Some(7), None),
        (Synced, Some(7), Synced, Some(8), Some(moved)),
        (Drifted, Some(7), Drifted, Some(8), Some(moved)),
        (Synced, Some(7), Drifted, Some(8), Some("VPC vpc-1 is drifted now, and was synced")),
        // It was made anew, and counts from one again.
        (Synced, Some(7), Synced, Some(1), Some("VPC vpc-1 has generation 1 now, and was 7")),
        // What was signed off has become live.
        (Pending, Some(7), Synced, Some(8), None),
        // What is not known supersedes nothing.
        (Synced, None, Synced, Some(8), None),
        (Synced, Some(7), Synced, None, None),
        (Synced, Some(7), Unknown, Some(8), None),
    ] {
        let fabrics = [fabric("lab", is, now)];
        let now = Now { task: None, evidence: &evidence, fabrics: &fabrics };
        assert_eq!(signed(was, generation).superseded(&now).as_deref(), why, "{was:?} {generation:?}");
    }
}

#[test]
fn an_object_that_several_fabrics_have_has_the_generation_of_its_own() {
    let fabrics = [fabric("a", DriftState::Synced, Some(3)), fabric("b", DriftState::Synced, Some(7))];
    let evidence = Evidence { objects: vec![("b".to_owned(), key()), ("c".to_owned(), key())], ..evidence() };
    let signed = SignOff::of(&task(), &evidence, &fabrics, BTreeMap::new());
    let of = |object: &SignedObject| (object.fabric.clone(), object.generation);
    assert_eq!(signed.objects.iter().map(of).collect::<Vec<_>>(), [("b".to_owned(), Some(7)), ("c".to_owned(), None)]);
    let now = [fabric("a", DriftState::Synced, Some(9)), fabric("b", DriftState::Synced, Some(7))];
    assert_eq!(signed.superseded(&Now { task: None, evidence: &evidence, fabrics: &now }), None);
}

#[test]
fn the_journal_alone_tells_what_was_signed_off_and_how_often_it_was_sent_back() {
    let mut reviews = Reviews::default();
    let record = |kind: &str, body: serde_json::Value| {
        let mut record = json!({"seq": 1, "at": "2026-11-20T10:00:00Z", "kind": kind, "prev": "", "hash": ""});
        record.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        record
    };
    reviews.take(&record("retry", json!({"task": "T-1"})));
    reviews.take(&record("retry", json!({"task": "T-1", "failed": ["tests: none", "pushed: no"]})));
    assert_eq!(reviews.retries["T-1"], ["", "tests: none; pushed: no"]);
    reviews.take(&record("sign-off", serde_json::to_value(signed()).unwrap()));
    assert!(reviews.retries.is_empty());
    assert_eq!(reviews.signed["T-1"].sign_off, signed());
    reviews.take(&record("sign-off", json!({"task": 7})));
    reviews.take(&json!("nothing"));
    assert_eq!(reviews.signed.len(), 1);
    let evidence = evidence();
    let now = Now { task: None, evidence: &evidence, fabrics: &[] };
    let at: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
    assert_eq!(Standing::of(reviews.signed.get("T-1"), &now), Standing::Signed(at));
    assert_eq!(Standing::of(None, &now), Standing::Open);
}
