//! What can be changed of a task: its statuses, then its criteria.

use std::path::PathBuf;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::config::theme::Role;
use crate::domain::text;
use crate::state::board::menu::{MenuRow, TaskMenu};
use crate::ui::hit::HitMap;
use crate::ui::widget::{fit, select};
use crate::ui::{Cx, glyph};

use super::{frame, split_top};

/// Columns of the popup.
const WIDTH: u16 = 80;

/// Draws the popup.
pub fn draw(cx: &Cx<'_>, menu: &TaskMenu, body: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let height = u16::try_from(menu.rows.len()).unwrap_or(u16::MAX).saturating_add(4);
    let title = format!("Change · {}", text::line(&menu.task.title));
    let inner = frame(cx, &title, Role::BorderFocus, (WIDTH, height), body, buf, hits);
    let [rest, last] = split_top(inner, inner.height.saturating_sub(1));
    // A blank line before the last, as long as there is room for every row.
    let rows = rest.height.min(u16::try_from(menu.rows.len()).unwrap_or(u16::MAX));
    let [rows, _] = split_top(rest, rows);
    let first = (menu.selected + 1).saturating_sub(usize::from(rows.height));
    for (area, (index, row)) in rows.rows().zip(menu.rows.iter().enumerate().skip(first)) {
        buf.set_line(area.x, area.y, &line(cx, menu, row, usize::from(area.width)), area.width);
        if index == menu.selected {
            select(cx, area, buf);
        }
    }
    let origin = &menu.task.origin;
    // The end of a path tells which file it is; there may be no room for the rest.
    let mut names: Vec<_> = origin.file.iter().rev().take(2).collect();
    names.reverse();
    let file: PathBuf = names.into_iter().collect();
    let words = format!("enter writes it into {}:{}", text::line(&file.to_string_lossy()), origin.line);
    let words = fit(vec![cx.span(Role::Dim, words)], usize::from(last.width));
    buf.set_line(last.x, last.y, &Line::from(words), last.width);
}

fn line(cx: &Cx<'_>, menu: &TaskMenu, row: &MenuRow, columns: usize) -> Line<'static> {
    let spans = match row {
        MenuRow::Status(status, word) => {
            let word = word.as_deref().unwrap_or_else(|| status.name());
            vec![
                cx.span(Role::Task(*status), format!(" {} ", glyph::task(*status))),
                cx.span(Role::Text, text::line(word).into_owned()),
            ]
        }
        MenuRow::Criterion(number) => {
            let criterion = usize::try_from(*number).ok().and_then(|number| menu.task.boxes.get(number));
            let Some(criterion) = criterion else { return Line::default() };
            let mark = if criterion.done { " [x] " } else { " [ ] " };
            vec![cx.span(Role::Dim, mark), cx.span(Role::Text, text::line(&criterion.text).into_owned())]
        }
    };
    Line::from(fit(spans, columns))
}
