//! Browsing a kind, as far as no screen is needed.

use jiff::{SignedDuration, Timestamp};

use super::browse::{Browse, Sort};
use crate::domain::cluster::table::{Column, Holds};
use crate::domain::cluster::{
    Browsed, ClusterView, Connection, Kind, KindCount, KindRow, KindTable, ObjectRow, TableNews,
};
use crate::domain::fault::Fault;
use crate::domain::health::{Health, HealthState};

fn of() -> Browsed {
    let kind = Kind {
        group: "wiring.githedgehog.com".into(),
        version: "v1beta1".into(),
        kind: "Switch".into(),
        plural: "switches".into(),
        namespaced: true,
    };
    Browsed { context: "lab".into(), kind }
}

fn health(state: HealthState) -> Health {
    Health { state, reason: String::new(), source: ".status".into() }
}

fn row(name: &str, role: &str, ports: &str, state: HealthState, minutes: i64) -> KindRow {
    KindRow {
        cells: vec![role.into(), ports.into()],
        namespace: "default".into(),
        name: name.into(),
        health: health(state),
        created: Some(Timestamp::UNIX_EPOCH - SignedDuration::from_mins(minutes)),
        generation: Some(minutes),
    }
}

fn table() -> KindTable {
    let column = |name: &str, holds| Column { name: name.into(), holds, wide: false };
    KindTable {
        columns: vec![column("Role", Holds::Text), column("Port Count", Holds::Number)],
        rows: vec![
            row("leaf-02", "leaf", "9", HealthState::Healthy, 5),
            row("leaf-01", "leaf", "10", HealthState::Degraded, 50),
            row("spine-01", "spine", "", HealthState::NoSignal, 1),
        ],
        ..KindTable::default()
    }
}

fn news(table: Result<KindTable, Fault>) -> TableNews {
    TableNews { of: of(), table, as_of: Timestamp::UNIX_EPOCH }
}

fn browse() -> Browse {
    let mut browse = Browse::new(of());
    browse.take(news(Ok(table())), None);
    browse.arrange(false);
    browse
}

fn names(browse: &Browse) -> Vec<&str> {
    browse.list.rows.iter().map(|row| browse.table.rows[*row].name.as_str()).collect()
}

fn view(state: HealthState) -> ClusterView {
    let object = |name: &str| ObjectRow {
        kind: of().kind,
        namespace: "default".into(),
        name: name.into(),
        health: health(state),
        created: None,
        generation: None,
    };
    ClusterView {
        context: "lab".into(),
        connection: Connection::Connected,
        fault: None,
        server: None,
        kinds: vec![KindCount { kind: of().kind, count: 2, fault: None }],
        objects: vec![object("leaf-01").into(), object("leaf-02").into()].into(),
        as_of: Some(Timestamp::UNIX_EPOCH),
    }
}

#[test]
fn rows_are_sorted_by_each_column_in_turn() {
    let mut browse = browse();
    let mut seen = Vec::new();
    for _ in 0..6 {
        browse.arrange(false);
        seen.push((browse.sort.name().to_owned(), names(&browse).join(" ")));
        browse.sort_next();
    }
    let expected = [
        ("NAME", "leaf-01 leaf-02 spine-01"),
        ("Role", "leaf-01 leaf-02 spine-01"),
        ("Port Count", "leaf-02 leaf-01 spine-01"),
        ("HEALTH", "leaf-01 spine-01 leaf-02"),
        ("GEN", "leaf-01 leaf-02 spine-01"),
        ("AGE", "spine-01 leaf-02 leaf-01"),
    ];
    assert_eq!(seen, expected.map(|(name, rows)| (name.to_owned(), rows.to_owned())));
    assert_eq!(browse.sort, Sort::Name, "and round");
    browse.reversed = true;
    browse.arrange(false);
    assert_eq!(names(&browse), ["spine-01", "leaf-02", "leaf-01"]);
}

#[test]
fn the_filter_asks_columns_by_name_and_words_anywhere() {
    let mut browse = browse();
    let cases = [
        ("spine", "spine-01"),
        ("role:leaf portcount:10", "leaf-01"),
        ("health:degr", "leaf-01"),
        ("ns:default name:02", "leaf-02"),
        ("role:spine portcount:1", ""),
        ("DEFAULT degraded", "leaf-01"),
    ];
    for (filter, rows) in cases {
        browse.list.filter = filter.to_owned();
        browse.arrange(false);
        assert_eq!(names(&browse).join(" "), rows, "{filter}");
    }
    browse.list.filter.clear();
    browse.arrange(true);
    assert_eq!(names(&browse), ["leaf-01"], "faults only");
}

#[test]
fn the_cursor_stays_on_its_object_and_goes_to_one_that_is_waited_for() {
    let mut browse = browse();
    browse.list.select(2, 10);
    let mut fewer = table();
    fewer.rows.remove(0);
    browse.take(news(Ok(fewer)), None);
    browse.arrange(false);
    assert_eq!(browse.current().map(|row| row.name.as_str()), Some("spine-01"));
    browse.goal = Some(("default".into(), "leaf-02".into()));
    browse.take(news(Ok(table())), None);
    browse.arrange(false);
    assert_eq!(browse.current().map(|row| row.name.as_str()), Some("leaf-02"));
    assert_eq!(browse.goal, None);
}

#[test]
fn what_is_watched_is_there_at_once_and_its_health_wins() {
    let mut browse = Browse::new(of());
    browse.merge(&view(HealthState::Progressing));
    browse.arrange(false);
    assert_eq!(names(&browse), ["leaf-01", "leaf-02"], "before the server has answered");
    browse.take(news(Ok(table())), Some(&view(HealthState::Progressing)));
    browse.arrange(false);
    let states: Vec<HealthState> = browse.list.rows.iter().map(|row| browse.table.rows[*row].health.state).collect();
    assert_eq!(states, [HealthState::Progressing, HealthState::Progressing, HealthState::NoSignal]);
}

#[test]
fn an_answer_that_fails_leaves_what_was_known_with_its_age() {
    let mut browse = browse();
    let fault = Fault::new("listing", "switches", "403", "");
    browse.take(news(Err(fault.clone())), None);
    assert_eq!((names(&browse).len(), browse.fault.clone(), browse.as_of.is_some()), (3, Some(fault), true));
    browse.take(news(Ok(table())), None);
    assert_eq!(browse.fault, None);
}
