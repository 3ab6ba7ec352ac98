//! A pane: its border, title and room, and the file that draws what is in it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Borders, Widget};

use crate::action::Action;
use crate::config::layout::PaneKind;
use crate::config::theme::Role;
use crate::domain::fault::Fault;
use crate::domain::text;
use crate::event::{SourceId, Target};

use super::Cx;
use super::hit::HitMap;
use super::widget::faults;

mod agents;
mod attention;
mod board;
mod cluster;
mod drift;
mod git;
mod review;
mod transcript;

/// Draws a pane with its border; `tabs` are the panes that share its place.
pub fn draw(cx: &Cx<'_>, pane: PaneKind, tabs: &[PaneKind], area: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let focused = cx.state.screen.focus == pane;
    let border = if focused { Role::BorderFocus } else { Role::Border };
    let block =
        Block::new().borders(Borders::ALL).border_type(BorderType::Rounded).border_style(cx.theme.style(border));
    let inner = block.inner(area);
    block.render(area, buf);
    hits.add(area, Target::Pane(pane));
    hits.viewports.panes.push((pane, (inner.width, inner.height)));

    let used = if tabs.len() > 1 { tab_line(cx, tabs, pane, area, buf, hits) } else { title(cx, pane, area, buf) };
    let filtered = filter(cx, pane, area, buf);
    // What has no room beside the title stands in the lower border.
    let notes = notes(cx, pane);
    if !border_note(cx, &notes, area, area.y, used, buf) {
        border_note(cx, &notes, area, area.bottom().saturating_sub(1), filtered, buf);
    }
    let inner = faults(cx, &source_faults(cx, pane), inner, buf);
    match pane {
        PaneKind::Board => board::draw(cx, inner, buf, hits),
        PaneKind::Agents => agents::draw(cx, inner, buf, hits),
        PaneKind::Transcript => transcript::draw(cx, inner, buf, hits),
        PaneKind::Git => git::draw(cx, inner, buf, hits),
        PaneKind::Cluster => cluster::draw(cx, inner, buf, hits),
        PaneKind::Drift => drift::draw(cx, inner, buf, hits),
        PaneKind::Attention => attention::draw(cx, inner, buf, hits),
        PaneKind::Review => review::draw(cx, inner, buf, hits),
    }
}

/// The pane's number and name in its border; returns the columns it took.
fn title(cx: &Cx<'_>, pane: PaneKind, area: Rect, buf: &mut Buffer) -> u16 {
    let spans = label(cx, pane, Role::Title);
    let width: usize = spans.iter().map(|span| text::width(&span.content)).sum();
    buf.set_line(area.x + 1, area.y, &Line::from(spans), area.width.saturating_sub(2));
    u16::try_from(width).unwrap_or(0)
}

fn label(cx: &Cx<'_>, pane: PaneKind, role: Role) -> Vec<Span<'static>> {
    let key = cx.state.screen.keymap.key_of(Action::Focus(pane));
    vec![cx.span(Role::ChipKey, format!(" {key} ")), cx.span(role, format!("{} ", pane.name()))]
}

/// The panes that share this place, the one in front marked; returns the columns they took.
fn tab_line(cx: &Cx<'_>, tabs: &[PaneKind], front: PaneKind, area: Rect, buf: &mut Buffer, hits: &mut HitMap) -> u16 {
    let mut x = area.x + 1;
    let columns = |spans: &[Span<'_>]| spans.iter().map(|span| text::width(&span.content)).sum::<usize>();
    let whole: usize = tabs.iter().map(|tab| columns(&label(cx, *tab, Role::Dim))).sum();
    let fits = whole + 2 <= usize::from(area.width);
    for tab in tabs {
        let role = if *tab == front { Role::Title } else { Role::Dim };
        let mut spans = label(cx, *tab, role);
        if !fits && *tab != front {
            // Numbers alone where names would not fit; the one in front keeps its name.
            spans.truncate(1);
        }
        let width = columns(&spans);
        let width = u16::try_from(width).unwrap_or(0);
        if x + width >= area.right() {
            break;
        }
        buf.set_line(x, area.y, &Line::from(spans), width);
        hits.add(Rect { x, y: area.y, width, height: 1 }, Target::Pane(*tab));
        x += width;
    }
    x - area.x
}

/// What the border says on the right: how much there is, and of what state, the most important first.
fn notes(cx: &Cx<'_>, pane: PaneKind) -> Vec<String> {
    match pane {
        PaneKind::Board => board::notes(cx),
        PaneKind::Agents => agents::notes(cx),
        PaneKind::Transcript => transcript::notes(cx),
        PaneKind::Git => git::notes(cx),
        PaneKind::Cluster => cluster::notes(cx),
        PaneKind::Drift => drift::notes(cx),
        PaneKind::Attention => attention::notes(cx),
        PaneKind::Review => review::notes(cx),
    }
}

/// Writes as many notes as fit at the right of a border of which `used` columns are taken; false if there is no room for one.
fn border_note(cx: &Cx<'_>, notes: &[String], area: Rect, y: u16, used: u16, buf: &mut Buffer) -> bool {
    let room = usize::from(area.width).saturating_sub(usize::from(used) + 5);
    let mut text = String::new();
    for note in notes {
        let longer = if text.is_empty() { note.clone() } else { format!("{text} · {note}") };
        if text::width(&longer) > room {
            break;
        }
        text = longer;
    }
    let width = u16::try_from(text::width(&text)).unwrap_or(0);
    if width > 0 {
        let line = Line::from(cx.span(Role::Dim, format!(" {text} ")));
        buf.set_line(area.right().saturating_sub(width + 3), y, &line, width + 2);
    }
    width > 0
}

/// Faults of a pane's sources that the pane's own data does not name: above all of a source that could not begin.
fn source_faults(cx: &Cx<'_>, pane: PaneKind) -> Vec<Fault> {
    let state = cx.state;
    let known: Vec<&Fault> = match pane {
        PaneKind::Board => state.board.faults.iter().collect(),
        PaneKind::Agents => state.agents.faults.iter().collect(),
        PaneKind::Transcript => state.transcript.fault.iter().collect(),
        PaneKind::Git => state.git.faults.iter().collect(),
        PaneKind::Cluster => {
            let of_clusters = state.clusters.clusters.iter().filter_map(|cluster| cluster.fault.as_ref());
            state.clusters.faults.iter().chain(of_clusters).collect()
        }
        PaneKind::Drift | PaneKind::Attention | PaneKind::Review => Vec::new(),
    };
    let faults = state
        .sources
        .iter()
        .filter(|(source, _)| pane_of(source) == pane)
        .filter_map(|(_, status)| status.fault.as_ref().filter(|fault| !known.contains(fault)));
    faults.cloned().collect()
}

/// The pane that a source's data is shown in.
fn pane_of(source: &SourceId) -> PaneKind {
    match source {
        SourceId::Agents => PaneKind::Agents,
        SourceId::Transcript => PaneKind::Transcript,
        SourceId::Board => PaneKind::Board,
        SourceId::Git => PaneKind::Git,
        SourceId::Cluster(_) => PaneKind::Cluster,
        SourceId::Drift(_) => PaneKind::Drift,
        SourceId::Gates | SourceId::Rules => PaneKind::Attention,
        SourceId::Evidence => PaneKind::Review,
    }
}

/// The filter in force, in the lower border: what is hidden must never be a surprise. Returns the columns it took.
fn filter(cx: &Cx<'_>, pane: PaneKind, area: Rect, buf: &mut Buffer) -> u16 {
    let filter = cx.state.filter(pane);
    if filter.is_empty() {
        return 0;
    }
    let room = area.width.saturating_sub(4);
    let text = format!(" /{} ", text::line(filter));
    let text = text::cut(&text, usize::from(room)).into_owned();
    let width = u16::try_from(text::width(&text)).unwrap_or(room);
    buf.set_line(area.x + 2, area.bottom() - 1, &Line::from(cx.span(Role::Match, text)), room);
    width + 1
}
