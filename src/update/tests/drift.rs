//! Objects of a fabric: looking at one closely, and the ways from it.

use std::sync::Arc;

use crossterm::event::KeyCode;
use serde_json::json;

use super::{at, key as press, keys, state, tell};
use crate::config::layout::PaneKind;
use crate::domain::cluster::{ClusterView, Connection, Kind, KindCount, ObjectRow};
use crate::domain::commit::{Commit, RepoLog, graph};
use crate::domain::drift::{
    CheckOutcome, DetailRequest, DriftCheck, DriftDetail, DriftRow, DriftState, DriftView, Excerpt, ObjectKey,
    VersionChange, VersionLine, side_by_side,
};
use crate::domain::fault::Fault;
use crate::domain::health::{Health, HealthState};
use crate::effect::{Effect, Effects};
use crate::event::{DetailNews, Done, Event, GitNews};
use crate::state::State;
use crate::state::drift::object::{ObjectView, Page};
use crate::state::popup::Popup;

fn key(name: &str) -> ObjectKey {
    ObjectKey::new("g", "VPC", "default", name)
}

fn row(name: &str, state: DriftState) -> DriftRow {
    DriftRow {
        key: key(name),
        version: "v1".into(),
        state,
        reason: "spec.vlan differs".into(),
        file: Some("gitops/a.yaml".into()),
        line: Some(7),
        since: None,
        health: None,
        generation: None,
        fields: Vec::new(),
        application: None,
    }
}

fn fabric(rows: Vec<DriftRow>) -> Event {
    Event::Drift(DriftView {
        fabric: "lab".into(),
        connection: Connection::Connected,
        head: Some("abcdef0123456".into()),
        branch: Some("main".into()),
        rows: Arc::new(rows.into_iter().map(Into::into).collect()),
        findings: Arc::default(),
        as_of: None,
    })
}

fn version(commit: &str, is_live: bool) -> VersionLine {
    VersionLine {
        commit: commit.into(),
        at: at(0),
        author: "Robin Example".into(),
        summary: "fix: it".into(),
        change: VersionChange::First,
        is_live,
    }
}

fn detail() -> DriftDetail {
    let lines = (0..60).map(|n| format!("line {n}")).collect();
    DriftDetail {
        context: Some("kind-lab".into()),
        versions: vec![version("c2", false), version("c1", true)],
        git: Some("HEAD"),
        live: true,
        pairs: side_by_side(Some(&json!({ "spec": { "vlan": 1 } })), Some(&json!({ "spec": { "vlan": 2 } }))),
        file: Some(Ok(Excerpt { path: "gitops/a.yaml".into(), lines, first: Some(1), at: 30, more: false })),
    }
}

fn news(name: &str, detail: Result<DriftDetail, Fault>) -> Event {
    Event::Done(Done::DriftDetail(Box::new(DetailNews { fabric: "lab".into(), key: key(name), detail })))
}

/// The drift has the keys, its cursor on an object that differs.
fn on_object() -> State {
    let mut state = state();
    tell(&mut state, fabric(vec![row("a", DriftState::Drifted), row("b", DriftState::Synced)]));
    keys(&mut state, "6j");
    state
}

fn opened() -> State {
    let mut state = on_object();
    press(&mut state, KeyCode::Enter);
    tell(&mut state, news("a", Ok(detail())));
    state
}

fn view(state: &State) -> &ObjectView {
    match &state.screen.popup {
        Some(Popup::Drift(view)) => view,
        other => panic!("{other:?}"),
    }
}

fn log(ids: &[&str], more: bool) -> Event {
    let commit = |id: &&str| Commit {
        id: (*id).to_owned(),
        parents: Vec::new(),
        summary: "x".into(),
        body: String::new(),
        author: "t".into(),
        at: at(0),
        refs: Vec::new(),
    };
    let rows = graph::rows(ids.iter().map(commit).collect());
    let repo = RepoLog { path: "/r".into(), rows, more, ..RepoLog::default() };
    Event::Git(GitNews { repos: vec![repo], ..GitNews::default() })
}

fn message(state: &State) -> &str {
    state.screen.message.as_ref().map_or("", |message| message.text.as_str())
}

#[test]
fn an_object_is_opened_with_what_is_known_and_the_rest_is_asked_for() {
    let mut state = on_object();
    let request = DetailRequest { fabric: "lab".into(), key: key("a") };
    assert_eq!(press(&mut state, KeyCode::Enter), [Effect::DriftDetail(request)]);
    assert!(view(&state).detail.is_none());
    tell(&mut state, news("b", Ok(detail())));
    assert!(view(&state).detail.is_none(), "the answer about another object is not its own");
    tell(&mut state, news("a", Ok(detail())));
    assert_eq!(view(&state).versions().len(), 2);
}

#[test]
fn the_folded_objects_of_a_state_are_unfolded_and_a_fabric_is_described() {
    let mut state = on_object();
    keys(&mut state, "j");
    assert!(press(&mut state, KeyCode::Enter).is_empty() && state.screen.popup.is_none());
    assert_eq!(state.drift.current().map(|(_, row)| row.key.name.as_str()), Some("b"));
    keys(&mut state, "g");
    press(&mut state, KeyCode::Enter);
    assert!(matches!(&state.screen.popup, Some(Popup::Detail { title, .. }) if title == "lab"));
}

#[test]
fn pages_go_round_and_the_file_begins_at_the_object() {
    let mut state = opened();
    for page in [Page::Versions, Page::Yaml, Page::File] {
        press(&mut state, KeyCode::Tab);
        assert_eq!(view(&state).page, page);
    }
    assert_eq!(view(&state).scroll.0, 28);
    press(&mut state, KeyCode::Tab);
    assert_eq!((view(&state).page, view(&state).scroll.0), (Page::Fields, 0));
    press(&mut state, KeyCode::Left);
    assert_eq!(view(&state).page, Page::File);
    press(&mut state, KeyCode::Right);
    press(&mut state, KeyCode::Enter);
    assert_eq!(view(&state).page, Page::File, "the fields point to the file");
    keys(&mut state, "G");
    let bottom = view(&state).scroll.0;
    keys(&mut state, "jk");
    assert_eq!(view(&state).scroll.0 + 1, bottom, "the end is the end");
}

#[test]
fn a_version_leads_to_its_commit_in_the_log() {
    let mut state = opened();
    tell(&mut state, log(&["c3", "c2", "c1"], false));
    press(&mut state, KeyCode::Tab);
    keys(&mut state, "jjj");
    assert_eq!(view(&state).version, 1, "the cursor stays among the versions");
    assert!(press(&mut state, KeyCode::Enter).is_empty());
    assert!(state.screen.popup.is_none());
    assert_eq!(state.screen.focus, PaneKind::Git);
    assert_eq!(state.git.current().map(|commit| commit.id.as_str()), Some("c1"));
}

#[test]
fn a_commit_that_is_not_loaded_is_loaded_and_a_key_calls_it_off() {
    let loads = |effects: &Effects| effects.iter().any(|effect| matches!(effect, Effect::LoadCommits(_)));
    let mut state = opened();
    tell(&mut state, log(&["c9"], true));
    assert!(loads(&keys(&mut state, "c")));
    assert!(loads(&tell(&mut state, log(&["c9", "c8"], true))), "and more of them");
    assert!(!loads(&tell(&mut state, log(&["c9", "c8", "c2"], true))));
    assert_eq!(state.git.current().map(|commit| commit.id.as_str()), Some("c2"));

    let mut state = opened();
    tell(&mut state, log(&["c9"], true));
    keys(&mut state, "cg");
    assert!(!loads(&tell(&mut state, log(&["c9", "c2"], true))));
    assert_eq!(state.git.current().map(|commit| commit.id.as_str()), None, "the cursor stays where the key put it");

    let mut state = opened();
    tell(&mut state, log(&["c9"], false));
    keys(&mut state, "c");
    assert!(message(&state).starts_with("c2 is not in the log"), "{}", message(&state));
}

/// A cluster with objects of one kind.
fn cluster(context: &str, kind: &str, names: &[&str]) -> ClusterView {
    let kind = Kind {
        group: "g".into(),
        version: "v1".into(),
        kind: kind.into(),
        plural: kind.to_lowercase(),
        namespaced: true,
    };
    let object = |name: &&str| ObjectRow {
        kind: kind.clone(),
        namespace: "default".into(),
        name: (*name).into(),
        health: Health { state: HealthState::Healthy, reason: String::new(), source: String::new() },
        created: None,
        generation: None,
    };
    ClusterView {
        context: context.into(),
        connection: Connection::Connected,
        fault: None,
        server: None,
        objects: Arc::new(names.iter().map(object).map(Arc::new).collect()),
        kinds: vec![KindCount { kind: kind.clone(), count: names.len(), fault: None }],
        as_of: None,
    }
}

#[test]
fn the_object_is_found_in_its_own_cluster() {
    let mut state = opened();
    keys(&mut state, "o");
    assert!(message(&state).contains("does not list it") && state.screen.popup.is_some());
    tell(&mut state, Event::Cluster(cluster("kind-else", "VPC", &["0", "a"])));
    tell(&mut state, Event::Cluster(cluster("kind-lab", "VPC", &["0", "a"])));
    state.clusters.list.filter = "zzz".into();
    state.clusters.faults_only = true;
    keys(&mut state, "o");
    assert_eq!((state.screen.focus, state.screen.popup.is_none()), (PaneKind::Cluster, true));
    assert_eq!(state.clusters.current().map(|object| object.name.as_str()), Some("a"));
    let above = &state.clusters.list.rows[..state.clusters.list.selected];
    let clusters = above.iter().filter(|row| matches!(row, crate::state::cluster::Row::Cluster(_)));
    assert_eq!(clusters.count(), 2, "the second cluster's, not the first one's of the same name");
}

#[test]
fn the_application_of_an_object_is_found_in_the_same_cluster() {
    let mut state = opened();
    keys(&mut state, "p");
    assert_eq!(message(&state), "no Argo CD Application covers its file");
    let application = ObjectKey::new("g", "Application", "default", "lab");
    tell(&mut state, fabric(vec![DriftRow { application: Some(application), ..row("a", DriftState::Drifted) }]));
    keys(&mut state, "p");
    assert!(message(&state).contains("does not list the Application lab"), "{}", message(&state));
    tell(&mut state, Event::Cluster(cluster("kind-lab", "Application", &["lab"])));
    keys(&mut state, "p");
    assert_eq!((state.screen.focus, state.screen.popup.is_none()), (PaneKind::Cluster, true));
    assert_eq!(state.clusters.current().map(|object| object.name.as_str()), Some("lab"));
}

#[test]
fn what_is_copied_is_what_the_page_is_about() {
    let mut state = opened();
    let copied = |effects: Effects| match effects.as_slice() {
        [Effect::Copy { text, .. }] => text.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(copied(keys(&mut state, "y")), "gitops/a.yaml:7");
    press(&mut state, KeyCode::Tab);
    assert_eq!(copied(keys(&mut state, "jy")), "c1");
}

#[test]
fn the_cluster_is_asked_from_the_pane_and_from_the_popup_and_its_answer_is_kept() {
    let asked = Effect::CheckDrift { fabric: "lab".into(), key: key("a") };
    assert_eq!(keys(&mut on_object(), "e"), std::slice::from_ref(&asked));
    let mut state = opened();
    assert_eq!(keys(&mut state, "e"), [asked]);
    let check = DriftCheck {
        fabric: "lab".into(),
        key: key("a"),
        at: at(60),
        manager: "kubectl".into(),
        commit: None,
        outcome: CheckOutcome::Rejected("vlan 7 is taken".into()),
    };
    tell(&mut state, Event::Done(Done::Checked(Box::new(check.clone()))));
    assert_eq!(state.drift.checks.get(&("lab".to_owned(), key("a"))), Some(&check));
    assert!(message(&state).ends_with("would be rejected: vlan 7 is taken"), "{}", message(&state));
    let mut nowhere = super::state();
    keys(&mut nowhere, "6e");
    assert!(message(&nowhere).starts_with("no object is selected"));
}

#[test]
fn a_brief_is_begun_from_the_pane_and_with_more_from_the_popup() {
    let begun = |state: &mut State| {
        assert_eq!(keys(state, "b"), [Effect::OfferBriefs]);
        press(state, KeyCode::Enter);
        state.screen.composer.take().expect("the composer")
    };
    let short = begun(&mut on_object());
    assert_eq!((short.task.as_deref(), short.template.as_str()), (Some("drift/lab/VPC/a"), "drift"));
    assert!(short.text().contains(":7`; it is `") && !short.text().contains("live equals"), "{}", short.text());
    let long = begun(&mut opened());
    assert!(long.text().contains("live equals: `c1`"), "{}", long.text());
    let mut nowhere = state();
    keys(&mut nowhere, "6b");
    assert!(message(&nowhere).starts_with("no object is selected"));
}

#[test]
fn news_of_the_fabric_renew_what_is_shown() {
    let mut state = opened();
    let same = tell(&mut state, fabric(vec![row("a", DriftState::Drifted)]));
    let looks = |effects: &Effects| effects.iter().any(|effect| matches!(effect, Effect::DriftDetail(_)));
    assert!(!looks(&same), "nothing is asked for again while the object is the same");
    let effects = tell(&mut state, fabric(vec![row("a", DriftState::Synced)]));
    assert!(looks(&effects));
    assert_eq!(
        (view(&state).row.state, view(&state).versions().len()),
        (DriftState::Synced, 2),
        "the old is shown meanwhile"
    );
    tell(&mut state, fabric(Vec::new()));
    assert!(view(&state).gone);
    let back = tell(&mut state, fabric(vec![row("a", DriftState::Synced)]));
    assert!(!view(&state).gone && back.len() == 1);
}

#[test]
fn what_is_not_known_yet_or_cannot_be_is_said() {
    let mut state = on_object();
    press(&mut state, KeyCode::Enter);
    keys(&mut state, "c");
    assert!(message(&state).contains("still being read") && state.screen.popup.is_some());
    keys(&mut state, "o");
    assert!(message(&state).contains("still being looked at"));
    tell(&mut state, news("a", Ok(DriftDetail { live: false, versions: Vec::new(), ..detail() })));
    keys(&mut state, "o");
    assert_eq!(message(&state), "the cluster does not have it");
    keys(&mut state, "c");
    assert_eq!(message(&state), "no commit is known of it");
}
