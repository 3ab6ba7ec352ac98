//! The board in columns: statuses side by side, as many lines as the longest of them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::config::layout::PaneKind;
use crate::config::theme::Role;
use crate::event::Target;
use crate::state::board::Row;
use crate::state::board::grid::{Column, Line as GridLine};
use crate::ui::hit::HitMap;
use crate::ui::widget::{fit, select};
use crate::ui::{Cx, glyph};

use super::{lane, task};

/// Columns of a status that is folded.
const FOLDED: u16 = 7;

/// Draws the board in columns.
pub fn draw(cx: &Cx<'_>, area: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let board = &cx.state.board;
    let grid = board.grid();
    let places = places(&grid.columns, area);
    for (column, place) in grid.columns.iter().zip(&places) {
        head(cx, *column, Rect { height: 1.min(area.height), ..*place }, buf, hits);
    }
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let here = grid.place(board.list.selected).line;
    let view = grid.view(board.grid_top, here, usize::from(body.height));
    for (row, line) in body.rows().zip(&grid.lines[view]) {
        match line {
            GridLine::Lane(at) => {
                let line = lane(cx, *at, usize::from(row.width));
                buf.set_line(row.x, row.y, &line, row.width);
                mark(cx, *at, row, buf, hits);
            }
            GridLine::Cells(cells) => {
                for (at, place) in cells.iter().zip(&places) {
                    let Some(at) = *at else { continue };
                    let cell = Rect { y: row.y, height: 1, width: place.width.saturating_sub(1), x: place.x };
                    if let Some(Row::Task(index)) = board.list.rows.get(at) {
                        let line = task(cx, *index, 0, usize::from(cell.width.saturating_sub(1)));
                        buf.set_line(cell.x, cell.y, &line, cell.width.saturating_sub(1));
                    }
                    mark(cx, at, cell, buf, hits);
                }
            }
        }
    }
}

/// Where each column stands: those that are folded are narrow, the others share what is left.
fn places(columns: &[Column], area: Rect) -> Vec<Rect> {
    let folded = columns.iter().filter(|column| column.folded).count() as u16;
    let open = (columns.len() as u16).saturating_sub(folded).max(1);
    let room = area.width.saturating_sub(folded * FOLDED);
    let (each, mut surplus) = (room / open, room % open);
    let mut x = area.x;
    let mut out = Vec::with_capacity(columns.len());
    for column in columns {
        let mut width = if column.folded { FOLDED } else { each };
        if !column.folded && surplus > 0 {
            (width, surplus) = (width + 1, surplus - 1);
        }
        out.push(Rect { x, width: width.min(area.right().saturating_sub(x)), ..area });
        x = x.saturating_add(width);
    }
    out
}

fn head(cx: &Cx<'_>, column: Column, area: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let name = if column.folded {
        vec![
            cx.span(Role::Dim, " ▸"),
            cx.span(Role::Task(column.status), glyph::task(column.status)),
            cx.span(Role::Dim, format!(" {}", column.count)),
        ]
    } else {
        vec![
            Span::raw(" "),
            cx.span(Role::Task(column.status), column.status.name().to_owned()),
            cx.span(Role::Dim, format!(" {}", column.count)),
        ]
    };
    let width = area.width.saturating_sub(1);
    buf.set_line(area.x, area.y, &Line::from(fit(name, usize::from(width))), width);
    mark(cx, column.row, Rect { width, ..area }, buf, hits);
}

/// Marks the cursor, and lets a click select the row.
fn mark(cx: &Cx<'_>, row: usize, area: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    if row == cx.state.board.list.selected {
        buf.set_line(area.x, area.y, &Line::from(cx.span(Role::Accent, glyph::HERE)), 1);
        if cx.state.screen.focus == PaneKind::Board {
            select(cx, area, buf);
        }
    }
    hits.add(area, Target::Row(PaneKind::Board, row));
}

/// The columns of a grid that is drawn, for tests of where things stand.
#[cfg(test)]
mod tests {
    use super::{Column, FOLDED, places};
    use crate::state::board::grid::Grid;
    use crate::domain::task::TaskStatus;
    use crate::state::board::Row;
    use ratatui::layout::Rect;

    #[test]
    fn columns_share_the_room_and_folded_ones_are_narrow() {
        let column = |status, folded| Column { status, count: 1, row: 0, folded };
        let columns =
            [column(TaskStatus::Todo, false), column(TaskStatus::Blocked, true), column(TaskStatus::Done, false)];
        let found = places(&columns, Rect::new(3, 0, 120, 9));
        let spans: Vec<(u16, u16)> = found.iter().map(|place| (place.x, place.width)).collect();
        assert_eq!(spans, [(3, 57), (60, FOLDED), (67, 56)]);
        assert!(places(&[], Rect::new(0, 0, 120, 9)).is_empty());
        assert_eq!(Grid::of(&[] as &[Row]).columns, []);
    }
}
