//! The agents to which a passage can be passed on, above the passage itself.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::config::theme::Role;
use crate::domain::text;
use crate::state::briefs::RelayView;
use crate::ui::hit::HitMap;
use crate::ui::widget::{cell, fit, select};
use crate::ui::{Cx, glyph};

use super::{draw_lines, frame, split_top};

/// Columns of the popup.
const WIDTH: u16 = 90;
/// Rows of the passage that are shown.
const ROWS: usize = 8;
/// Columns of an agent's name.
const NAME: usize = 30;

/// Draws the popup.
pub fn draw(cx: &Cx<'_>, view: &RelayView, body: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let columns = super::room(body, WIDTH);
    let rows = text::wrap_limited(view.passage.text.trim_end(), columns.saturating_sub(2), ROWS);
    let quote: Vec<Line<'static>> =
        rows.into_iter().map(|row| Line::from(cx.span(Role::MarkdownQuote, format!("▎ {row}")))).collect();
    let count = u16::try_from(view.agents.len()).unwrap_or(u16::MAX);
    let height = count.saturating_add(u16::try_from(quote.len()).unwrap_or(u16::MAX)).saturating_add(4);
    let title = format!("Pass on from {}, to", text::line(&view.passage.agent));
    let inner = frame(cx, &title, Role::BorderFocus, (WIDTH, height), body, buf, hits);
    let [list, rest] = split_top(inner, count.min(inner.height.saturating_sub(2)));
    let first = (view.selected + 1).saturating_sub(usize::from(list.height));
    for (area, (index, agent)) in list.rows().zip(view.agents.iter().enumerate().skip(first)) {
        let spans = vec![
            cx.span(Role::State(agent.state), format!(" {} ", glyph::state(agent.state))),
            cx.span(Role::Text, cell(&text::line(&agent.name), NAME)),
            cx.span(Role::Dim, format!(" {}", agent.state.name())),
        ];
        buf.set_line(area.x, area.y, &Line::from(fit(spans, usize::from(area.width))), area.width);
        if index == view.selected {
            select(cx, area, buf);
        }
    }
    let below = Rect { y: rest.y.saturating_add(1), height: rest.height.saturating_sub(1), ..rest };
    draw_lines(&quote, 0, below, buf);
}
