//! Sign-offs: what they rest on, and what supersedes them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::json;

use super::{Now, Reviews, SignOff, SignedObject, Standing};
use crate::domain::evidence::{Evidence, FileFact, Grade, InGit};

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
