//! The cluster pane: who looks at it, and asking a cluster again.

use super::{at, keys, state, tell};
use crate::config::layout::PaneKind;
use crate::domain::cluster::{ClusterView, Connection};
use crate::effect::Effect;
use crate::event::{Event, Viewports};

fn drawn(panes: &[PaneKind]) -> Event {
    let panes = panes.iter().map(|pane| (*pane, (80, 20))).collect();
    Event::Drawn(Viewports { panes, popup: (0, 0) })
}

fn view(context: &str) -> ClusterView {
    ClusterView {
        context: context.to_owned(),
        connection: Connection::Unreachable,
        fault: None,
        server: None,
        kinds: Vec::new(),
        objects: std::sync::Arc::default(),
        as_of: Some(at(0)),
    }
}

#[test]
fn clusters_are_watched_as_a_whole_while_their_pane_is_visible() {
    let mut state = state();
    let seen = [PaneKind::Board, PaneKind::Cluster];
    assert_eq!(tell(&mut state, drawn(&seen[..1])), [Effect::WatchClusters(false)]);
    assert!(tell(&mut state, drawn(&seen[..1])).is_empty(), "it is told once");
    assert_eq!(tell(&mut state, drawn(&seen)), [Effect::WatchClusters(true)]);
    assert_eq!(tell(&mut state, drawn(&seen[..1])), [Effect::WatchClusters(false)]);
}

#[test]
fn the_cluster_at_the_cursor_is_asked_again_and_no_other() {
    let mut state = state();
    state.screen.focus_on(PaneKind::Cluster);
    assert!(keys(&mut state, "c").is_empty(), "there is none");
    tell(&mut state, Event::Cluster(view("far")));
    tell(&mut state, Event::Cluster(view("near")));
    assert_eq!(keys(&mut state, "jc"), [Effect::Reconnect("near".into())]);
}
