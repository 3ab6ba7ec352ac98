//! Given fabrics and keys, then rows and cursor.

use std::sync::Arc;

use serde_json::json;

use super::{Anchor, Drift, Row};
use crate::domain::cluster::Connection;
use crate::domain::drift::{DriftRow, DriftState, DriftView, FieldClass, FieldDiff, Finding, ObjectKey, Severity};
use crate::state::list::List;

use DriftState::{Drifted, Overdue, Pending, Synced, Unknown};

fn key(kind: &str, name: &str) -> ObjectKey {
    ObjectKey::new("g", kind, "default", name)
}

fn row(kind: &str, name: &str, state: DriftState) -> DriftRow {
    DriftRow {
        key: key(kind, name),
        version: "v1".into(),
        state,
        reason: format!("because of {name}"),
        file: Some("gitops/vpcs.yaml".into()),
        line: Some(3),
        since: None,
        health: None,
        generation: None,
        fields: Vec::new(),
        application: None,
    }
}

fn field(path: &str, class: FieldClass) -> FieldDiff {
    FieldDiff { path: path.into(), desired: json!(1), live: json!(2), class, manager: Some("kubectl-edit".into()) }
}

fn view(fabric: &str, rows: Vec<DriftRow>) -> DriftView {
    let finding = |severity, code| Finding { severity, code, file: "x.yaml".into(), line: None, message: "m".into() };
    DriftView {
        fabric: fabric.into(),
        connection: Connection::Connected,
        head: None,
        branch: None,
        rows: Arc::new(rows.into_iter().map(Arc::new).collect()),
        findings: vec![finding(Severity::Error, "not-yaml"), finding(Severity::Note, "excluded")].into(),
        as_of: None,
    }
}

/// Two fabrics: one with an object in each of four states, one that cannot be told.
fn drift() -> Drift {
    let mut first = view(
        "a",
        vec![
            row("VPC", "one", Drifted),
            row("Switch", "two", Overdue),
            row("VPC", "three", Pending),
            row("VPC", "four", Synced),
            row("VPC", "five", Synced),
        ],
    );
    let ignored = field("spec.dhcp.range", FieldClass::Ineffective);
    Arc::make_mut(&mut Arc::make_mut(&mut first.rows)[0]).fields =
        (1..=6).map(|n| field(&format!("spec.f{n}"), FieldClass::Changed)).chain([ignored]).collect();
    let mut drift = Drift::default();
    drift.put(view("b", vec![row("VPC", "far", Unknown)]));
    drift.put(first);
    drift.arrange(None);
    drift
}

fn filtered(words: &str) -> Vec<Row> {
    let mut drift = drift();
    drift.list.filter = words.to_owned();
    drift.arrange(None);
    drift.list.rows
}

fn objects(rows: &[Row]) -> Vec<(usize, usize)> {
    rows.iter()
        .filter_map(|row| if let Row::Object(fabric, object) = *row { Some((fabric, object)) } else { None })
        .collect()
}

#[test]
fn what_is_synced_is_one_row_and_an_object_lists_its_first_differences() {
    let expected = [
        Row::Fabric(0),
        Row::Object(0, 0),
        Row::Field(0, 0, 0),
        Row::Field(0, 0, 1),
        Row::Field(0, 0, 2),
        Row::Field(0, 0, 3),
        Row::More(0, 0, 2),
        Row::Object(0, 1),
        Row::Object(0, 2),
        Row::Group(0, Synced, 2),
        Row::Finding(0, 0),
        Row::Finding(0, 1),
        Row::Fabric(1),
        Row::Object(1, 0),
        Row::Finding(1, 0),
        Row::Finding(1, 1),
    ];
    assert_eq!(drift().list.rows, expected);
}

#[test]
fn folding_keeps_the_cursor_on_what_it_was_on_or_on_what_that_is_in() {
    let mut drift = drift();
    drift.list.selected = 9;
    assert!(drift.fold());
    assert_eq!(drift.list.current(), Some(&Row::Object(0, 3)), "the first of those that were folded");
    assert!(drift.fold());
    assert_eq!(drift.list.current(), Some(&Row::Group(0, Synced, 2)));
    drift.list.selected = 3;
    assert!(drift.fold(), "a field is folded with its object");
    assert_eq!(drift.list.current(), Some(&Row::Group(0, Drifted, 1)));
    drift.list.selected = 0;
    assert!(drift.fold());
    assert_eq!(drift.list.rows[..2], [Row::Fabric(0), Row::Fabric(1)]);
    assert!(drift.fold() && drift.list.rows.len() > 2, "and back");
}

#[test]
fn all_states_fold_at_once_and_unfold_at_once() {
    let mut drift = drift();
    drift.fold_all();
    assert!(objects(&drift.list.rows).is_empty());
    drift.fold_all();
    assert_eq!(objects(&drift.list.rows).len(), 6);
}

#[test]
fn only_faults_leaves_what_is_wrong_and_what_cannot_be_told() {
    let mut drift = drift();
    drift.faults_only = true;
    drift.arrange(None);
    assert_eq!(objects(&drift.list.rows), [(0, 0), (0, 1), (1, 0)]);
    assert_eq!(drift.hidden, 3);
    assert!(drift.list.rows.contains(&Row::Finding(0, 0)) && !drift.list.rows.contains(&Row::Finding(0, 1)));
}

#[test]
fn a_filter_asks_fields_and_unfolds_what_it_finds() {
    assert_eq!(objects(&filtered("state:synced")), [(0, 3), (0, 4)]);
    assert_eq!(objects(&filtered("kind:vpc state:drifted")), [(0, 0)]);
    assert_eq!(objects(&filtered("field:spec.f6 by:kubectl")), [(0, 0)]);
    assert_eq!(objects(&filtered("fabric:b")), [(1, 0)]);
    assert_eq!(objects(&filtered("ns:default name:fo file:vpcs")), [(0, 3)]);
    assert_eq!(objects(&filtered("OVERDUE")), [(0, 1)]);
    assert!(objects(&filtered("kind:route")).is_empty());
    assert!(filtered("excluded").contains(&Row::Finding(0, 1)));
}

#[test]
fn the_cursor_stays_on_its_field_when_news_arrive() {
    let mut drift = drift();
    drift.list.selected = 4;
    let anchor = drift.anchor();
    assert_eq!(anchor, Some(Anchor::Object("a".into(), key("VPC", "one"), Some("spec.f3".into()))));
    let mut news = drift.fabrics[0].clone();
    Arc::make_mut(&mut Arc::make_mut(&mut news.rows)[0]).fields.remove(0);
    Arc::make_mut(&mut news.rows).insert(0, row("VPC", "zero", Drifted).into());
    drift.put(news);
    drift.arrange(anchor.as_ref());
    assert_eq!(drift.list.current(), Some(&Row::Field(0, 1, 1)));
    assert_eq!(drift.current().map(|(_, row)| row.key.name.as_str()), Some("one"));
}

#[test]
fn an_object_is_revealed_whatever_hides_it() {
    let mut drift = drift();
    drift.list = List { filter: "name:two".to_owned(), ..List::default() };
    drift.faults_only = true;
    drift.folded.insert("a".to_owned());
    assert!(drift.reveal("a", &key("VPC", "five"), 5));
    assert_eq!(drift.current().map(|(_, row)| row.key.name.as_str()), Some("five"));
    assert!(!drift.reveal("a", &key("VPC", "six"), 5));
}

#[test]
fn many_findings_of_one_code_are_one_row_until_they_are_unfolded() {
    let mut drift = drift();
    let old = Finding {
        severity: Severity::Error,
        code: "version-not-served",
        file: "x.yaml".into(),
        line: Some(1),
        message: "m".into(),
    };
    let mut news = drift.fabrics[0].clone();
    Arc::make_mut(&mut news.findings).splice(1..1, (1..=20).map(|line| Finding { line: Some(line), ..old.clone() }));
    drift.put(news);
    drift.arrange(None);
    let findings = |drift: &Drift| {
        let is = |row: &&Row| matches!(row, Row::Finding(0, _) | Row::Findings(0, ..));
        drift.list.rows.iter().filter(is).copied().collect::<Vec<_>>()
    };
    let folded = [Row::Finding(0, 0), Row::Findings(0, 1, 20), Row::Finding(0, 21)];
    assert_eq!(findings(&drift), folded);
    drift.list.selected = drift.list.rows.iter().position(|row| *row == folded[1]).unwrap();
    assert!(drift.fold());
    assert_eq!(drift.list.current(), Some(&Row::Finding(0, 1)), "the first stands where all of them stood");
    assert_eq!(findings(&drift).len(), 22);
    drift.list.selected += 3;
    assert!(drift.fold());
    assert_eq!(drift.list.current(), Some(&folded[1]));
    drift.list.filter = "version-not-served".to_owned();
    drift.arrange(None);
    assert_eq!(findings(&drift).len(), 20, "what a filter finds is shown");
    drift.list.filter.clear();
    drift.fold_all();
    assert_eq!(findings(&drift), folded);
    drift.fold_all();
    assert_eq!(findings(&drift).len(), 22);
    drift.list.selected = drift.list.rows.iter().position(|row| *row == Row::Finding(0, 0)).unwrap();
    assert!(!drift.fold(), "one finding of its code is no fold");
}
