//! Keys of the cluster pane: kinds by name, what is asked of the world for them, one object and the ways on from it.

use std::sync::Arc;

use crossterm::event::KeyCode;

use super::{at, key, keys, state, tell};
use crate::config::layout::PaneKind;
use crate::domain::cluster::{
    Browsed, ClusterView, Connection, Kind, KindCount, KindRow, KindTable, LiveDetail, ObjectOwner, ObjectPlace,
    ObjectRow, ServedKind, TableNews,
};
use crate::domain::drift::{DriftRow, DriftState, DriftView};
use crate::domain::health::{Health, HealthState};
use crate::effect::{Effect, Effects};
use crate::event::{Done, Event, KindsNews, Viewports};
use crate::state::State;
use crate::state::cluster::live::Page;
use crate::state::palette::{Choice, choices};
use crate::state::popup::Popup;

fn kind(group: &str, kind: &str, plural: &str) -> Kind {
    Kind { group: group.into(), version: "v1".into(), kind: kind.into(), plural: plural.into(), namespaced: true }
}

fn vpcs() -> Kind {
    kind("vpc.githedgehog.com", "VPC", "vpcs")
}

fn of(kind: Kind) -> Browsed {
    Browsed { context: "lab".into(), kind }
}

fn health() -> Health {
    Health { state: HealthState::Healthy, reason: "Ready=True".into(), source: ".status".into() }
}

/// A cluster that watches VPCs, and serves pods and deployments beside them; its pane is on screen.
fn world() -> State {
    let mut state = state();
    let object = ObjectRow {
        kind: vpcs(),
        namespace: "default".into(),
        name: "vpc-1".into(),
        health: health(),
        created: None,
        generation: None,
    };
    let view = ClusterView {
        context: "lab".into(),
        connection: Connection::Connected,
        fault: None,
        server: Some("v1.30.0".into()),
        kinds: vec![KindCount { kind: vpcs(), count: 1, fault: None }],
        objects: vec![object.into()].into(),
        as_of: Some(at(0)),
    };
    tell(&mut state, Event::Cluster(view));
    let served = |kind: Kind, short: &[&str]| ServedKind {
        singular: kind.kind.to_lowercase(),
        kind,
        short: short.iter().map(|name| (*name).to_owned()).collect(),
    };
    let kinds = vec![
        served(kind("", "Pod", "pods"), &["po"]),
        served(kind("apps", "Deployment", "deployments"), &["deploy"]),
        served(vpcs(), &[]),
    ];
    tell(&mut state, Event::Kinds(KindsNews { context: "lab".into(), kinds }));
    show(&mut state, &[PaneKind::Cluster]);
    state
}

/// These panes are on screen from now on.
fn show(state: &mut State, panes: &[PaneKind]) -> Effects {
    let panes = panes.iter().map(|pane| (*pane, (80, 20))).collect();
    tell(state, Event::Drawn(Viewports { panes, popup: (78, 20) }))
}

fn table(names: &[&str]) -> KindTable {
    let row = |name: &&str| KindRow {
        cells: Vec::new(),
        namespace: "default".into(),
        name: (*name).to_owned(),
        health: health(),
        created: None,
        generation: None,
    };
    KindTable { rows: names.iter().map(row).collect(), ..KindTable::default() }
}

fn place(kind: Kind, name: &str) -> ObjectPlace {
    ObjectPlace { context: "lab".into(), kind, namespace: "default".into(), name: name.into() }
}

#[test]
fn a_kind_is_looked_at_by_its_short_name_and_asked_for_while_it_is_on_screen() {
    let mut state = world();
    keys(&mut state, ":po");
    let effects = key(&mut state, KeyCode::Enter);
    let pods = of(kind("", "Pod", "pods"));
    assert_eq!(effects, [Effect::Browse(Some(pods.clone()))]);
    assert_eq!(state.screen.focus, PaneKind::Cluster);
    assert_eq!(show(&mut state, &[PaneKind::Cluster, PaneKind::Git]), [], "it is asked for already");
    assert!(show(&mut state, &[PaneKind::Git]).contains(&Effect::Browse(None)), "nobody sees it");
    assert!(show(&mut state, &[PaneKind::Cluster]).contains(&Effect::Browse(Some(pods))));
    assert_eq!(key(&mut state, KeyCode::Esc), [Effect::Browse(None)], "back to all kinds");
    assert!(state.clusters.browse.is_none());
}

#[test]
fn enter_on_a_kind_that_is_watched_shows_its_objects_at_once() {
    let mut state = world();
    keys(&mut state, "5gj");
    key(&mut state, KeyCode::Enter);
    assert_eq!(state.clusters.place(), Some(place(vpcs(), "vpc-1")));
    assert!(state.clusters.browse.is_some());
}

#[test]
fn exact_names_come_first_and_actions_stay_where_they_were() {
    let state = world();
    let first = |typed: &str| choices(&state, typed, false).into_iter().next();
    assert!(matches!(first("vpc"), Some(Choice::Kind(_, served)) if served.kind == vpcs()));
    assert!(matches!(first("DEPLOYMENTS.apps"), Some(Choice::Kind(_, served)) if served.kind.plural == "deployments"));
    for action in ["help", "quit", "zoom"] {
        assert!(matches!(first(action), Some(Choice::Action(_))), "{action}");
    }
    assert!(choices(&state, "", false).iter().all(|choice| matches!(choice, Choice::Action(_))));
    assert_eq!(choices(&state, "", true).len(), 3);
}

#[test]
fn news_of_another_kind_than_the_one_that_is_looked_at_are_stale() {
    let mut state = world();
    keys(&mut state, ":po");
    key(&mut state, KeyCode::Enter);
    let news = |kind: Kind| Event::Table(TableNews { of: of(kind), table: Ok(table(&["a", "b"])), as_of: at(1) });
    tell(&mut state, news(kind("apps", "Deployment", "deployments")));
    assert!(state.clusters.place().is_none());
    tell(&mut state, news(kind("", "Pod", "pods")));
    assert_eq!(state.clusters.place().map(|place| place.name), Some("a".to_owned()));
    keys(&mut state, "/b");
    key(&mut state, KeyCode::Enter);
    assert_eq!(state.clusters.place().map(|place| place.name), Some("b".to_owned()));
    assert!(state.clusters.list.filter.is_empty(), "the filter is that of the kind");
}

/// Opens `vpc-1` with this key.
fn open(state: &mut State, opens: char) -> Effects {
    keys(state, "5gjj");
    key(state, KeyCode::Char(opens))
}

fn detail(owners: Vec<ObjectOwner>) -> Box<LiveDetail> {
    Box::new(LiveDetail {
        yaml: "kind: VPC\n".into(),
        health: health(),
        created: None,
        deleting: None,
        generation: None,
        labels: Vec::new(),
        finalizers: Vec::new(),
        owners,
        conditions: Vec::new(),
        events: None,
        as_of: at(1),
    })
}

fn page(state: &State) -> Option<(Page, bool)> {
    match &state.screen.popup {
        Some(Popup::Live(view)) => Some((view.page, view.read.is_some())),
        _ => None,
    }
}

#[test]
fn an_object_is_read_once_for_both_pages_and_anew_when_its_page_is_asked_for_again() {
    let mut state = world();
    let read = Effect::ReadObject(place(vpcs(), "vpc-1"));
    assert_eq!(open(&mut state, 'd'), std::slice::from_ref(&read));
    tell(&mut state, Event::Done(Done::Object(place(vpcs(), "other"), Ok(detail(Vec::new())))));
    assert_eq!(page(&state), Some((Page::Description, false)), "that is another object");
    tell(&mut state, Event::Done(Done::Object(place(vpcs(), "vpc-1"), Ok(detail(Vec::new())))));
    assert_eq!(keys(&mut state, "Y"), []);
    assert_eq!(page(&state), Some((Page::Yaml, true)));
    let copied = Effect::Copy { text: "kind: VPC\n".into(), what: "object".into() };
    assert_eq!(keys(&mut state, "y"), [copied]);
    assert_eq!(keys(&mut state, "Y"), [read]);
    assert_eq!(page(&state), Some((Page::Yaml, false)));
    key(&mut state, KeyCode::Esc);
    assert!(state.screen.popup.is_none());
}

#[test]
fn from_an_object_to_its_owner_as_soon_as_that_is_known() {
    let mut state = world();
    open(&mut state, 'd');
    let owner = ObjectOwner { group: "apps".into(), kind: "Deployment".into(), name: "web".into() };
    tell(&mut state, Event::Done(Done::Object(place(vpcs(), "vpc-1"), Ok(detail(vec![owner])))));
    let deployments = of(kind("apps", "Deployment", "deployments"));
    assert_eq!(keys(&mut state, "o"), [Effect::Browse(Some(deployments.clone()))]);
    let table = Ok(table(&["api", "web", "zoo"]));
    tell(&mut state, Event::Table(TableNews { of: deployments.clone(), table, as_of: at(1) }));
    assert_eq!(state.clusters.place(), Some(place(deployments.kind, "web")));
}

#[test]
fn from_an_object_to_its_drift() {
    let mut state = world();
    let row = DriftRow {
        key: place(vpcs(), "vpc-1").key(),
        version: "v1".into(),
        state: DriftState::Drifted,
        reason: "1 field differs".into(),
        file: None,
        line: None,
        since: None,
        health: None,
        generation: None,
        fields: Vec::new(),
        application: None,
    };
    open(&mut state, 'd');
    keys(&mut state, "6");
    assert!(page(&state).is_some(), "no fabric knows it");
    tell(
        &mut state,
        Event::Drift(DriftView {
            fabric: "fabric-1".into(),
            connection: Connection::Connected,
            head: None,
            branch: None,
            rows: vec![row.into()].into(),
            findings: Arc::default(),
            as_of: None,
        }),
    );
    keys(&mut state, "6");
    assert_eq!((page(&state), state.screen.focus), (None, PaneKind::Drift));
    assert_eq!(state.drift.current().map(|(_, row)| row.key.name.clone()), Some("vpc-1".to_owned()));
}
