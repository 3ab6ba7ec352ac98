//! The two lines at the bottom: how current everything is, and what the keys do here.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::action::{ACTIONS, Action, Spec, applies};
use crate::config::layout::PaneKind;
use crate::config::theme::Role;
use crate::domain::cluster::Connection;
use crate::domain::gate::GateState;
use crate::domain::text;
use crate::domain::time::{age, seconds_between};
use crate::domain::transcript::Tone;
use crate::event::{SourceId, Target};
use crate::state::SourceStatus;
use crate::state::input::LineInput;

use super::Cx;
use super::hit::HitMap;
use super::widget::spread;

/// Keys that are shown however little room there is: the way out, and the way to all others.
const LAST: [Action; 3] = [Action::Back, Action::Help, Action::Quit];

/// Data that was not confirmed for this long is drawn as old.
const OLD_SECONDS: u64 = 120;

/// The session, then every source with its age, then what waits.
pub fn status(cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let session = &cx.state.session;
    let mut left = vec![cx.span(Role::Title, format!(" {} ", text::line(&session.name)))];
    let root = cx.span(Role::Dim, format!("{} ", text::line(&session.root)));
    let right = waiting(cx);
    let room = usize::from(area.width).saturating_sub(columns(&left) + columns(&right) + 1);
    let all: Vec<Span<'static>> =
        cx.state.sources.iter().flat_map(|(source, status)| source_chip(cx, source, status)).collect();
    if columns(&all) + text::width(&root.content) <= room {
        left.push(root);
        left.extend(all);
    } else {
        left.extend(some_sources(cx, room));
    }
    buf.set_line(area.x, area.y, &spread(left, right, usize::from(area.width)), area.width);
}

/// How many wait for the operator, those at a gate first.
fn waiting(cx: &Cx<'_>) -> Vec<Span<'static>> {
    let held = cx.state.gates.iter().filter(|gate| gate.state == GateState::Pending).count();
    let others = cx.state.attention.open.saturating_sub(held);
    let mut spans = Vec::new();
    if held > 0 {
        let word = if held == 1 { "gate" } else { "gates" };
        spans.push(cx.span(Role::Gate, format!(" {held} {word} held ")));
    }
    let words = match (others, held) {
        (0, _) => return spans,
        (1, 0) => " 1 needs you ".to_owned(),
        (others, 0) => format!(" {others} need you "),
        (1, _) => " 1 more needs you ".to_owned(),
        (others, _) => format!(" {others} more need you "),
    };
    spans.push(cx.span(Role::Warn, words));
    spans
}

/// Where not all sources have room: those in trouble, then how many others there are with the greatest age among them.
fn some_sources(cx: &Cx<'_>, room: usize) -> Vec<Span<'static>> {
    let (trouble, quiet): (Vec<_>, Vec<_>) =
        cx.state.sources.iter().partition(|(source, status)| status.fault.is_some() || !is_watched(cx, source, status));
    let mut chips: Vec<Vec<Span<'static>>> =
        trouble.into_iter().map(|(source, status)| source_chip(cx, source, status)).collect();
    if !quiet.is_empty() {
        let oldest = quiet.iter().filter_map(|(_, status)| status.as_of).min().map(|at| age(at, cx.state.now));
        let others = if chips.is_empty() { "sources" } else { "others" };
        let words = format!("{} {others} {} ", quiet.len(), oldest.unwrap_or_default());
        chips.push(vec![cx.span(Role::Border, "│ "), cx.span(Role::Dim, words)]);
    }
    let mut spans = Vec::new();
    for chip in chips {
        if columns(&spans) + columns(&chip) > room {
            break;
        }
        spans.extend(chip);
    }
    spans
}

/// True if a source tells of every change by itself: then old data is only data that has not changed.
fn is_watched(cx: &Cx<'_>, source: &SourceId, status: &SourceStatus) -> bool {
    let connection = match source {
        SourceId::Cluster(context) => {
            let cluster = cx.state.clusters.clusters.iter().find(|cluster| cluster.context == *context);
            cluster.map(|cluster| cluster.connection)
        }
        SourceId::Drift(fabric) => {
            let view = cx.state.drift.fabrics.iter().find(|view| view.fabric == *fabric);
            view.map(|view| view.connection)
        }
        SourceId::Agents
        | SourceId::Transcript
        | SourceId::Board
        | SourceId::Git
        | SourceId::Gates
        | SourceId::Rules
        | SourceId::Evidence => None,
    };
    !status.polling && connection.is_none_or(|state| matches!(state, Connection::Connected | Connection::None))
}

fn columns(spans: &[Span<'_>]) -> usize {
    spans.iter().map(|span| text::width(&span.content)).sum()
}

fn source_chip(cx: &Cx<'_>, source: &SourceId, status: &SourceStatus) -> Vec<Span<'static>> {
    let name = match source {
        SourceId::Agents => "agents".to_owned(),
        SourceId::Transcript => "transcript".to_owned(),
        SourceId::Board => "board".to_owned(),
        SourceId::Git => "git".to_owned(),
        SourceId::Cluster(context) => text::line(context).into_owned(),
        SourceId::Drift(fabric) => text::line(fabric).into_owned(),
        SourceId::Gates => "gates".to_owned(),
        SourceId::Rules => "gate rules".to_owned(),
        SourceId::Evidence => "evidence".to_owned(),
    };
    let (role, word) = match (status.as_of, &status.fault) {
        (Some(at), Some(_)) => (Role::Error, format!("! {}", age(at, cx.state.now))),
        (None, Some(_)) => (Role::Error, "!".to_owned()),
        (Some(at), None) if is_old(cx, source, status, at) => (Role::Warn, age(at, cx.state.now)),
        (Some(at), None) => (Role::Dim, age(at, cx.state.now)),
        (None, None) => (Role::Dim, "…".to_owned()),
    };
    let connecting = matches!(source, SourceId::Cluster(context)
        if cx.state.clusters.clusters.iter().any(|cluster| cluster.context == *context && cluster.connection == Connection::Connecting));
    let mut spans =
        vec![cx.span(Role::Border, "│ "), cx.span(Role::Dim, format!("{name} ")), cx.span(role, format!("{word} "))];
    if connecting {
        spans.push(cx.span(Role::Warn, "connecting "));
    }
    if status.polling {
        spans.push(cx.span(Role::Warn, "polling "));
    }
    spans
}

/// True for data that may have changed since it was read.
fn is_old(cx: &Cx<'_>, source: &SourceId, status: &SourceStatus, at: Timestamp) -> bool {
    seconds_between(at, cx.state.now) > OLD_SECONDS && !is_watched(cx, source, status)
}

/// A message, the filter being typed, or the keys that apply here.
pub fn footer(cx: &Cx<'_>, area: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    if let Some(input) = &cx.state.screen.filter {
        let label = format!(" filter {} / ", cx.state.screen.focus.name());
        type_line(cx, &label, input, area, buf, hits);
        return;
    }
    if let Some(message) = &cx.state.screen.message {
        let role = match message.tone {
            Tone::Info => Role::Info,
            Tone::Warning => Role::Warn,
            Tone::Error => Role::Error,
        };
        let text = text::line(&message.text).into_owned();
        let line = spread(vec![Span::raw(" "), cx.span(role, text)], Vec::new(), usize::from(area.width));
        buf.set_line(area.x, area.y, &line, area.width);
        return;
    }
    let offers = ACTIONS.iter().filter(|spec| !spec.label.is_empty() && offered(cx, spec.action));
    let (last, first): (Vec<_>, Vec<_>) = offers.partition(|spec| LAST.contains(&spec.action));
    let kept: u16 = last.iter().map(|spec| key_chip(cx, spec).1).sum();
    let mut x = area.x;
    let mut put = |spec: &Spec, end: u16| {
        let (spans, width) = key_chip(cx, spec);
        if x.saturating_add(width) > end {
            return false;
        }
        buf.set_line(x, area.y, &Line::from(spans), width);
        hits.add(Rect { x, y: area.y, width, height: 1 }, Target::Key(spec.action));
        x += width;
        true
    };
    let _ = first.into_iter().all(|spec| put(spec, area.right().saturating_sub(kept)));
    let _ = last.into_iter().all(|spec| put(spec, area.right()));
}

/// A key with its label, and the columns they take.
fn key_chip(cx: &Cx<'_>, spec: &Spec) -> (Vec<Span<'static>>, u16) {
    let key = cx.state.screen.keymap.key_of(spec.action);
    let spans = vec![cx.span(Role::ChipKey, format!(" {key} ")), cx.span(Role::ChipText, format!("{} ", spec.label))];
    let width = u16::try_from(columns(&spans)).unwrap_or(u16::MAX);
    (spans, width)
}

/// What the footer shows here: what applies, less what would do nothing now.
fn offered(cx: &Cx<'_>, action: Action) -> bool {
    if !applies(action, cx.state.screen.place()) {
        return false;
    }
    match action {
        Action::Approve | Action::Reject => {
            cx.state.screen.focus == PaneKind::Attention
                && cx.state.guard.elsewhere.is_none()
                && cx.state.gates.iter().any(|gate| gate.state == GateState::Pending)
        }
        Action::Back => {
            let screen = &cx.state.screen;
            let in_kind = screen.focus == PaneKind::Cluster && cx.state.clusters.browse.is_some();
            let over = screen.composer.is_some() || screen.popup.is_some();
            over && !screen.place().confirming || screen.zoomed || in_kind
        }
        // They are about the columns of a kind.
        Action::Sort | Action::Wide => cx.state.clusters.browse.is_some(),
        // There it means no, like every key but one.
        Action::Quit => !cx.state.screen.place().confirming,
        Action::Fold | Action::Open => cx.state.screen.focus != PaneKind::Transcript || action == Action::Fold,
        _ => true,
    }
}

/// A text field in one line, the cursor where typing lands.
pub fn type_line(cx: &Cx<'_>, label: &str, input: &LineInput, area: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let label_width = u16::try_from(text::width(label)).unwrap_or(0);
    let room = usize::from(area.width.saturating_sub(label_width + 1)).max(1);
    let before: String = input.text().chars().take(input.cursor()).collect();
    let mut shown = input.text();
    let mut column = text::width(&before);
    // A text longer than its field scrolls so that the cursor stays in it.
    while column >= room {
        let mut rest = shown.chars();
        let Some(first) = rest.next() else { break };
        column -= text::width(first.encode_utf8(&mut [0; 4])).min(column);
        shown = rest.as_str();
    }
    let line = Line::from(vec![
        cx.span(Role::ChipKey, label.to_owned()),
        cx.span(Role::Text, text::cut(shown, room).into_owned()),
    ]);
    buf.set_line(area.x, area.y, &line, area.width);
    let column = u16::try_from(column).unwrap_or(0);
    hits.cursor = Some(Position { x: area.x + label_width + column, y: area.y });
}
