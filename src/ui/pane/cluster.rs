//! The cluster: one kind that is browsed, or its connection, then kinds with their objects and the field that decided each one's health.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::config::layout::PaneKind;
use crate::config::theme::Role;
use crate::domain::cluster::{ClusterView, Connection, ObjectRow};
use crate::domain::health::HealthState;
use crate::domain::text;
use crate::domain::time::age;
use crate::state::cluster::Row;
use crate::ui::hit::HitMap;
use crate::ui::widget::{cell, faults, list, names, nothing, pad, spread};
use crate::ui::{Cx, glyph};

mod browse;

/// Columns from which on health is told in words as well.
const ROOMY: usize = 60;
/// Columns of the longest word for a health, and the space behind it.
const HEALTH: usize = 12;

/// What the border says: what is not as it should be.
pub fn notes(cx: &Cx<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    if cx.state.clusters.faults_only {
        notes.push("faults only".to_owned());
    }
    if let Some(browse) = &cx.state.clusters.browse {
        notes.extend(browse::notes(browse));
        return notes;
    }
    let clusters = &cx.state.clusters.clusters;
    // An old red is as little a fact as an old green.
    let live = clusters.iter().filter(|cluster| cluster.connection == Connection::Connected);
    let objects = live.flat_map(|cluster| cluster.objects.iter());
    let bad = objects.filter(|object| object.health.state == HealthState::Degraded).count();
    let all: usize = clusters.iter().map(|cluster| cluster.objects.len()).sum();
    if bad > 0 {
        notes.push(format!("{bad} degraded"));
    }
    if all > 0 {
        notes.push(format!("{all} {}", if all == 1 { "object" } else { "objects" }));
    }
    notes
}

/// Draws the cluster.
pub fn draw(cx: &Cx<'_>, area: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let pane = &cx.state.clusters;
    if let Some(browse) = &pane.browse {
        return browse::draw(cx, browse, area, buf, hits);
    }
    let area = faults(cx, &pane.faults, area, buf);
    if pane.clusters.is_empty() && !pane.faults.is_empty() {
        return;
    }
    if pane.clusters.is_empty() {
        let words = "No cluster so far. Point KUBECONFIG at one, or name a context in hnpwb.toml under [[fabric]].";
        return nothing(cx, words, area, buf);
    }
    let wrong: Vec<_> = pane.clusters.iter().filter_map(|cluster| cluster.fault.clone()).collect();
    let area = faults(cx, &wrong, area, buf);
    let find = |cluster: usize, object: usize| pane.clusters.get(cluster).and_then(|view| view.objects.get(object));
    let column = names(&pane.list, area, |row| match *row {
        Row::Object(cluster, object) => find(cluster, object).map_or(0, |object| text::width(&name(object))),
        Row::Cluster(_) | Row::Kind(..) => 0,
    });
    list(cx, PaneKind::Cluster, &pane.list, area, buf, hits, |row, columns| match *row {
        Row::Cluster(index) => {
            pane.clusters.get(index).map_or_else(Line::default, |cluster| header(cx, cluster, columns))
        }
        Row::Kind(index, kind) => {
            let cluster = pane.clusters.get(index);
            cluster.and_then(|cluster| cluster.kinds.get(kind)).map_or_else(Line::default, |count| {
                let mut left = vec![cx.span(Role::Accent, format!(" {}", text::line(&count.kind.kind)))];
                match &count.fault {
                    Some(fault) => left.push(cx.span(Role::Error, format!("  {}", text::line(&fault.why)))),
                    None => left.push(cx.span(Role::Dim, format!(" {}", count.count))),
                }
                spread(left, vec![cx.span(Role::Dim, text::line(&count.kind.group).into_owned())], columns)
            })
        }
        Row::Object(index, object) => {
            let cluster = pane.clusters.get(index);
            let live = cluster.is_some_and(|cluster| cluster.connection == Connection::Connected);
            find(index, object).map_or_else(Line::default, |object| line(cx, object, live, column, columns))
        }
    });
}

fn header(cx: &Cx<'_>, cluster: &ClusterView, columns: usize) -> Line<'static> {
    let role = match cluster.connection {
        Connection::Connected => Role::Ok,
        Connection::Connecting | Connection::None => Role::Warn,
        Connection::Unreachable | Connection::Unauthorized | Connection::Forbidden => Role::Error,
    };
    let mut left = vec![
        cx.span(Role::Title, text::line(&cluster.context).into_owned()),
        cx.span(role, format!("  {}", cluster.connection.name())),
    ];
    if let Some(server) = &cluster.server {
        left.push(cx.span(Role::Dim, format!("  {}", text::line(server))));
    }
    let stale = cluster.connection != Connection::Connected;
    if cluster.objects.is_empty() && !stale {
        left.push(cx.span(Role::Dim, "  no objects"));
    }
    let right =
        cluster.as_of.filter(|_| stale).map(|at| cx.span(Role::Warn, format!("as of {} ago", age(at, cx.state.now))));
    spread(left, right.into_iter().collect(), columns)
}

/// An object's name, with its namespace where that says something.
fn name(object: &ObjectRow) -> String {
    let name = text::line(&object.name);
    match object.namespace.as_str() {
        "" | "default" => name.into_owned(),
        namespace => format!("{name} ({})", text::line(namespace)),
    }
}

/// What is not live is drawn in one quiet colour: an old green is no green.
fn line(cx: &Cx<'_>, object: &ObjectRow, live: bool, column: usize, columns: usize) -> Line<'static> {
    let health = object.health.state;
    let (role, name_role) = if live { (Role::Health(health), Role::Text) } else { (Role::Dim, Role::Dim) };
    let mut left = vec![
        cx.span(role, format!("  {} ", glyph::health(health))),
        cx.span(name_role, pad(&name(object), column)),
        Span::raw("  "),
    ];
    // Where there is little room the sign says the state, and the words say why.
    let silent = health == HealthState::NoSignal;
    if columns >= ROOMY || silent {
        left.push(cx.span(role, cell(health.name(), HEALTH)));
    }
    if !silent {
        left.push(cx.span(Role::Dim, text::line(&object.health.reason).into_owned()));
    }
    let right = object.created.map(|at| cx.span(Role::Dim, format!("{:>4}", age(at, cx.state.now))));
    spread(left, right.into_iter().collect(), columns)
}
