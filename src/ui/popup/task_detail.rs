//! All there is to know of a task.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::config::theme::Role;
use crate::domain::text;
use crate::state::board::detail::{DetailRow, TaskView};
use crate::ui::hit::HitMap;
use crate::ui::widget::{cell, fit, select};
use crate::ui::{Cx, ink};

use super::{LABEL, frame, room};

/// Columns of the popup.
const WIDTH: u16 = 110;

/// Draws the popup.
pub fn draw(cx: &Cx<'_>, view: &TaskView, body: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let rows = view.rows(cx.state, room(body, WIDTH));
    let title = view.task(cx.state).map_or_else(|| view.task.clone(), |(_, task)| task.title.clone());
    let height = u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_add(2);
    let inner = frame(cx, &text::line(&title), Role::BorderFocus, (WIDTH, height), body, buf, hits);
    let first = view.scroll.0.min(rows.len().saturating_sub(usize::from(inner.height)));
    let mut link = rows.iter().take(first).filter(|row| row.goal.is_some()).count();
    for (area, row) in inner.rows().zip(rows.iter().skip(first)) {
        buf.set_line(area.x, area.y, &line(cx, row, usize::from(area.width)), area.width);
        if row.goal.is_some() {
            if view.link == Some(link) {
                select(cx, area, buf);
            }
            link += 1;
        }
    }
    if rows.len() > usize::from(inner.height) {
        let last = (first + usize::from(inner.height)).min(rows.len());
        let place = Line::from(cx.span(Role::Dim, format!(" {}–{last} of {} ", first + 1, rows.len())));
        buf.set_line(inner.x + 1, inner.bottom(), &place, inner.width.saturating_sub(2));
    }
}

fn line(cx: &Cx<'_>, row: &DetailRow, columns: usize) -> Line<'static> {
    if let Some(styled) = &row.text {
        return ink::line(cx, Role::Text, styled);
    }
    let redact = |text: &str| text::line(&cx.state.session.redactor.redact(text)).into_owned();
    let value = if row.warns { Role::Warn } else { Role::Text };
    let mut spans: Vec<Span<'static>> =
        vec![cx.span(Role::Dim, format!("{} ", cell(&row.label, LABEL))), cx.span(value, redact(&row.value))];
    if row.goal.is_some() {
        spans.push(cx.span(Role::Accent, " ›"));
    }
    if !row.note.is_empty() {
        spans.push(cx.span(Role::Dim, format!("  {}", redact(&row.note))));
    }
    Line::from(fit(spans, columns))
}
