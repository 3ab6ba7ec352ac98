//! `view(&State, &mut Frame) -> HitMap`: draws the state and says where things are. Pure: no clock, no input, no output.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

pub mod glyph;
pub mod hit;
mod ink;

mod bars;
mod composer;
mod pane;
mod popup;
mod split;
mod widget;

use crate::config::layout::{Layout, Node, PaneKind};
use crate::config::theme::{Role, Theme};
use crate::state::State;

pub use hit::HitMap;

/// Below this there is no room for panes, only for a message.
const LEAST: (u16, u16) = (40, 8);

/// What everything that draws needs.
#[derive(Clone, Copy)]
struct Cx<'a> {
    state: &'a State,
    theme: &'a Theme,
}

impl Cx<'_> {
    /// Text in a role.
    fn span<'t>(&self, role: Role, text: impl Into<std::borrow::Cow<'t, str>>) -> Span<'t> {
        Span::styled(text, self.theme.style(role))
    }
}

/// Draws everything.
pub fn view(state: &State, frame: &mut Frame<'_>) -> HitMap {
    let mut hits = HitMap::default();
    let area = frame.area();
    let fallback = Theme::no_colour();
    let cx = Cx { state, theme: state.screen.themes.get(state.screen.theme).unwrap_or(&fallback) };
    let buf = frame.buffer_mut();
    buf.set_style(area, cx.theme.style(Role::Background));
    buf.set_style(area, cx.theme.style(Role::Text));
    if area.width < LEAST.0 || area.height < LEAST.1 {
        too_small(&cx, area, buf);
    } else {
        draw(&cx, area, buf, &mut hits);
    }
    if state.screen.ascii {
        glyph::flatten(buf);
    }
    if let Some(position) = hits.cursor {
        frame.set_cursor_position(position);
    }
    hits
}

fn draw(cx: &Cx<'_>, area: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let body = Rect { height: area.height - 2, ..area };
    let status = Rect { y: area.bottom() - 2, height: 1, ..area };
    let footer = Rect { y: area.bottom() - 1, height: 1, ..area };
    let screen = &cx.state.screen;
    let fallback = Layout::default();
    let layout = screen.layouts.get(screen.layout).unwrap_or(&fallback);
    let alone = screen.zoomed || !layout.panes().contains(&screen.focus);
    let zoomed = Node::Pane(screen.focus);
    let root = if alone { &zoomed } else { &layout.root };
    if let Some(composer) = &screen.composer {
        composer::draw(cx, composer, body, buf);
        bars::status(cx, status, buf);
        bars::footer(cx, footer, buf, hits);
        return popup::draw(cx, body, buf, hits);
    }
    for (slot, rect) in split::slots(root, body) {
        match slot {
            Node::Pane(pane) => pane::draw(cx, *pane, &[], rect, buf, hits),
            Node::Stack(panes) => pane::draw(cx, front(cx.state, panes), panes, rect, buf, hits),
            Node::Split { .. } => {}
        }
    }
    bars::status(cx, status, buf);
    bars::footer(cx, footer, buf, hits);
    popup::draw(cx, body, buf, hits);
}

/// The pane of a stack that is in front: the focused one, else the one that last had the focus, else the first.
fn front(state: &State, panes: &[PaneKind]) -> PaneKind {
    if panes.contains(&state.screen.focus) {
        return state.screen.focus;
    }
    let latest = state.screen.recent.iter().rev().find(|pane| panes.contains(pane));
    latest.or(panes.first()).copied().unwrap_or(state.screen.focus)
}

fn too_small(cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let text = format!("hnpwb needs {}×{}, this is {}×{}. q quits.", LEAST.0, LEAST.1, area.width, area.height);
    let waiting = cx.state.attention.open;
    let mut lines: Vec<String> =
        crate::domain::text::wrap(&text, usize::from(area.width)).into_iter().map(Into::into).collect();
    if waiting > 0 {
        lines.insert(0, format!("{waiting} need you"));
    }
    for (row, line) in area.rows().zip(lines) {
        buf.set_line(row.x, row.y, &Line::from(cx.span(Role::Warn, line)), row.width);
    }
}
