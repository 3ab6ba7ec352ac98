//! Each pane with the whole screen: empty, loading, in trouble, full, and full without the keys.

use std::sync::Arc;

use crossterm::event::KeyCode;
use hnpwb::config::layout::PaneKind;
use hnpwb::config::theme::Theme;
use hnpwb::domain::cluster::{ClusterView, Connection};
use hnpwb::event::{Event, GitNews, SourceId, TranscriptChange, TranscriptNews};
use hnpwb::state::State;

use crate::evidence;
use crate::fixture::{
    self, agents, ago, board, clusters, draw, drift, entries, fault, focus, git, keys, lost_cluster, press, tell,
    transcript,
};
use crate::{SIZES, text};

const SAY: fixture::Say = str::to_owned;

/// Draws a pane alone in both sizes.
fn check(pane: PaneKind, case: &str, build: impl Fn(&mut State)) {
    for (width, height) in SIZES {
        let mut state = fixture::state(Theme::default(), SAY);
        build(&mut state);
        focus(&mut state, pane);
        keys(&mut state, "z");
        let name = format!("{}-{case}-{width}x{height}", pane.name());
        insta::assert_snapshot!(name, text(&draw(&mut state, width, height)));
    }
}

/// Draws a pane that does not have the keys, in its place in the layout for wide screens.
fn check_unfocused(pane: PaneKind, build: impl Fn(&mut State)) {
    let mut state = fixture::state(Theme::default(), SAY);
    build(&mut state);
    let other = if pane == PaneKind::Git { PaneKind::Agents } else { PaneKind::Git };
    focus(&mut state, other);
    let name = format!("{}-unfocused-200x60", pane.name());
    insta::assert_snapshot!(name, text(&draw(&mut state, 200, 60)));
}

fn nothing_heard(_: &mut State) {}

#[test]
fn board_pane() {
    let full = |state: &mut State| tell(state, Event::Board(board(SAY)));
    check(PaneKind::Board, "loading", nothing_heard);
    check(PaneKind::Board, "empty", |state| {
        tell(state, Event::Board(hnpwb::event::BoardNews { as_of: ago(0), ..Default::default() }));
    });
    check(PaneKind::Board, "error", |state| {
        let mut news = board(SAY);
        news.faults = vec![fault(SAY, "reading", "TASKS.md", "permission denied", "run chmod +r TASKS.md")];
        tell(state, Event::Board(news));
    });
    check(PaneKind::Board, "full", full);
    check_unfocused(PaneKind::Board, full);
}

#[test]
fn agents_pane() {
    let full = |state: &mut State| tell(state, Event::Agents(agents(SAY)));
    check(PaneKind::Agents, "loading", nothing_heard);
    check(PaneKind::Agents, "empty", |state| {
        tell(state, Event::Agents(hnpwb::event::AgentsNews { as_of: ago(0), ..Default::default() }));
    });
    check(PaneKind::Agents, "error", |state| {
        let mut news = agents(SAY);
        let remedy = "raise fs.inotify.max_user_watches; until then the folder is polled";
        news.faults = vec![fault(SAY, "watching", "~/.claude/projects", "no inotify watch is left", remedy)];
        news.polling = true;
        tell(state, Event::Agents(news));
    });
    check(PaneKind::Agents, "full", full);
    check(PaneKind::Agents, "folded", |state| {
        full(state);
        keys(state, "2gjjj hg");
    });
    check(PaneKind::Agents, "filtered", |state| {
        full(state);
        keys(state, "2/errors>1 model:opus");
        press(state, KeyCode::Enter);
    });
    check_unfocused(PaneKind::Agents, full);
}

#[test]
fn transcript_pane() {
    let full = |state: &mut State| {
        tell(state, Event::Agents(agents(SAY)));
        tell(state, transcript(state.transcript.generation, entries(SAY)));
    };
    check(PaneKind::Transcript, "none", nothing_heard);
    check(PaneKind::Transcript, "loading", |state| tell(state, Event::Agents(agents(SAY))));
    check(PaneKind::Transcript, "empty", |state| {
        tell(state, Event::Agents(agents(SAY)));
        tell(state, transcript(state.transcript.generation, Vec::new()));
    });
    check(PaneKind::Transcript, "error", |state| {
        full(state);
        let generation = state.transcript.generation;
        let what = TranscriptChange::Fault(fault(SAY, "reading", "orchestrator.jsonl", "no such file", ""));
        tell(state, Event::Transcript(TranscriptNews { generation, what }));
    });
    check(PaneKind::Transcript, "full", full);
    check(PaneKind::Transcript, "unfolded", |state| {
        full(state);
        keys(state, "3Zg");
    });
    check(PaneKind::Transcript, "filtered", |state| {
        full(state);
        keys(state, "3/vlan");
        press(state, KeyCode::Enter);
    });
    check(PaneKind::Transcript, "selecting", |state| {
        full(state);
        keys(state, "3kv[");
        let generation = state.transcript.generation;
        let end = state.transcript.end + 10;
        let mut later = entries(SAY).split_off(8);
        for entry in &mut later {
            entry.offset = end - 10;
        }
        let what = TranscriptChange::Appended { entries: later, end };
        tell(state, Event::Transcript(TranscriptNews { generation, what }));
    });
    check_unfocused(PaneKind::Transcript, full);
}

#[test]
fn git_pane() {
    let full = |state: &mut State| tell(state, Event::Git(git(SAY)));
    check(PaneKind::Git, "loading", nothing_heard);
    check(PaneKind::Git, "empty", |state| tell(state, Event::Git(GitNews { as_of: ago(0), ..GitNews::default() })));
    check(PaneKind::Git, "error", |state| {
        let mut news = git(SAY);
        news.faults =
            vec![fault(SAY, "opening", "../gitops", "not a git repository", "correct [[repo]] in hnpwb.toml")];
        tell(state, Event::Git(news));
    });
    check(PaneKind::Git, "full", full);
    check_unfocused(PaneKind::Git, full);
}

#[test]
fn cluster_pane() {
    let full = |state: &mut State| clusters(SAY).into_iter().for_each(|view| tell(state, Event::Cluster(view)));
    check(PaneKind::Cluster, "none", nothing_heard);
    check(PaneKind::Cluster, "loading", |state| {
        let context = "kind-fabric-1".to_owned();
        let connection = Connection::Connecting;
        let (kinds, objects) = (Vec::new(), Arc::default());
        let view = ClusterView { context, connection, fault: None, server: None, kinds, objects, as_of: None };
        tell(state, Event::Cluster(view));
    });
    check(PaneKind::Cluster, "empty", |state| {
        let view = ClusterView { kinds: Vec::new(), objects: Arc::default(), ..clusters(SAY).swap_remove(0) };
        tell(state, Event::Cluster(view));
    });
    check(PaneKind::Cluster, "error", |state| tell(state, Event::Cluster(lost_cluster(SAY))));
    check(PaneKind::Cluster, "full", full);
    check_unfocused(PaneKind::Cluster, full);
}

#[test]
fn drift_pane() {
    let full = |state: &mut State| drift(SAY).into_iter().for_each(|view| tell(state, Event::Drift(view)));
    check(PaneKind::Drift, "none", nothing_heard);
    check(PaneKind::Drift, "loading", |state| {
        let mut view = drift(SAY).swap_remove(0);
        (view.rows, view.findings, view.as_of, view.connection) =
            (Arc::default(), Arc::default(), None, Connection::Connecting);
        tell(state, Event::Drift(view));
    });
    check(PaneKind::Drift, "empty", |state| {
        let mut view = drift(SAY).swap_remove(0);
        (view.rows, view.findings) = (Arc::default(), Arc::default());
        tell(state, Event::Drift(view));
    });
    check(PaneKind::Drift, "error", |state| {
        full(state);
        let wrong =
            fault(SAY, "reading", "../gitops-test-1", "not a git repository", "correct [[fabric]] in hnpwb.toml");
        tell(state, Event::SourceFault(SourceId::Drift("fabric-1".to_owned()), wrong));
    });
    check(PaneKind::Drift, "full", full);
    check(PaneKind::Drift, "faults", |state| {
        full(state);
        keys(state, "6f");
    });
    check(PaneKind::Drift, "folded", |state| {
        full(state);
        keys(state, "6jjj Gk ");
    });
    let old_versions = |state: &mut State| {
        let mut view = drift(SAY).swap_remove(0);
        Arc::make_mut(&mut view.rows).truncate(2);
        let first = view.findings[0].clone();
        Arc::make_mut(&mut view.findings).extend((1..=20).map(|line| hnpwb::domain::drift::Finding {
            code: "version-not-served",
            line: Some(line),
            message: format!("vpc-{line:02}: VPC.vpc.githedgehog.com is not served as v1alpha2, only as v1beta1"),
            ..first.clone()
        }));
        tell(state, Event::Drift(view));
    };
    check(PaneKind::Drift, "findings", old_versions);
    check(PaneKind::Drift, "findings-unfolded", |state| {
        old_versions(state);
        keys(state, "6G ");
    });
    check(PaneKind::Drift, "filtered", |state| {
        full(state);
        keys(state, "6/kind:vpc state:s");
        press(state, KeyCode::Enter);
    });
    check_unfocused(PaneKind::Drift, full);
}

#[test]
fn attention_pane() {
    let full = |state: &mut State| fixture::tell_all(state, SAY);
    check(PaneKind::Attention, "loading", nothing_heard);
    check(PaneKind::Attention, "empty", |state| {
        tell(state, Event::Agents(hnpwb::event::AgentsNews { as_of: ago(0), ..Default::default() }));
    });
    check(PaneKind::Attention, "error", |state| {
        let wrong =
            fault(SAY, "listening on", "/run/user/1000/hnpwb/a1.sock", "another workbench is at it", "close it");
        tell(state, Event::SourceFault(SourceId::Gates, wrong));
    });
    check(PaneKind::Attention, "full", full);
    check_unfocused(PaneKind::Attention, full);
}

#[test]
fn review_pane() {
    let full = |state: &mut State| {
        tell(state, Event::Board(board(SAY)));
        tell(state, Event::Agents(agents(SAY)));
        tell(state, Event::Git(git(SAY)));
        let found = evidence::found(state, SAY);
        tell(state, found);
        keys(state, "1/Import");
        press(state, KeyCode::Enter);
    };
    check(PaneKind::Review, "loading", nothing_heard);
    check(PaneKind::Review, "empty", |state| {
        tell(state, Event::Board(board(SAY)));
        keys(state, "1/operator manual");
        press(state, KeyCode::Enter);
    });
    check(PaneKind::Review, "error", |state| {
        let wrong = fault(SAY, "looking at", "the evidence", "a thread panicked", "press R to try again");
        tell(state, Event::SourceFault(SourceId::Evidence, wrong));
    });
    check(PaneKind::Review, "full", full);
    check(PaneKind::Review, "filtered", |state| {
        full(state);
        keys(state, "8/missing");
        press(state, KeyCode::Enter);
    });
}
