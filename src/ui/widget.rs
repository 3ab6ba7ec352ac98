//! Pieces that several panes draw with: lists of rows, faults, lines with two ends.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::config::layout::PaneKind;
use crate::config::theme::Role;
use crate::domain::fault::Fault;
use crate::domain::signal::Severity;
use crate::domain::text;
use crate::event::{SourceId, Target};
use crate::state::list::List;

use super::hit::HitMap;
use super::{Cx, glyph};

/// Rows that faults may take of a pane.
const FAULT_ROWS: u16 = 6;
/// Columns of the sign before a fault.
const FAULT_SIGN: u16 = 3;

/// Draws the visible rows of a list; `line` draws one into so many columns.
pub fn list<R>(
    cx: &Cx<'_>,
    pane: PaneKind,
    list: &List<R>,
    area: Rect,
    buf: &mut Buffer,
    hits: &mut HitMap,
    line: impl Fn(&R, usize) -> Line<'static>,
) {
    let focused = cx.state.screen.focus == pane;
    let view = list.view(usize::from(area.height));
    for (row, index) in area.rows().zip(view) {
        let Some(item) = list.rows.get(index) else { break };
        let columns = usize::from(row.width.saturating_sub(1));
        let selected = index == list.selected;
        if selected {
            buf.set_line(row.x, row.y, &Line::from(cx.span(Role::Accent, glyph::HERE)), 1);
        }
        buf.set_line(row.x + 1, row.y, &line(item, columns), row.width.saturating_sub(1));
        if selected && focused {
            select(cx, row, buf);
        }
        hits.add(row, Target::Row(pane, index));
    }
}

/// The colour of a signal.
pub fn severity(severity: Severity) -> Role {
    match severity {
        Severity::Alarm => Role::Error,
        Severity::Warn => Role::Warn,
        Severity::Notice => Role::Dim,
    }
}

/// Marks a row as selected. What has a ground of its own keeps it: its text may not be readable on another.
pub fn select(cx: &Cx<'_>, row: Rect, buf: &mut Buffer) {
    let ground = cx.theme.style(Role::Background).bg.unwrap_or_default();
    for place in row.positions() {
        if let Some(cell) = buf.cell_mut(place).filter(|cell| cell.bg == ground) {
            cell.set_style(cx.theme.style(Role::Selection));
        }
    }
}

/// Columns that a cell needs in the rows in view, at most `most`: what stands beside it then lines up.
pub fn widest<R>(list: &List<R>, area: Rect, most: usize, width: impl Fn(&R) -> usize) -> usize {
    let rows = list.view(usize::from(area.height)).filter_map(|index| list.rows.get(index));
    rows.map(width).max().unwrap_or(0).min(most)
}

/// The same for names, where a few long ones shall not take the room from what is said of all: they stand out of the column.
pub fn names<R>(list: &List<R>, area: Rect, width: impl Fn(&R) -> usize) -> usize {
    let most = usize::from(area.width) * 2 / 5;
    widest(list, area, most, |row| Some(width(row)).filter(|width| *width <= most).unwrap_or(0))
}

/// Draws faults at the top of an area and returns what is left of it.
pub fn faults(cx: &Cx<'_>, faults: &[Fault], area: Rect, buf: &mut Buffer) -> Rect {
    let columns = usize::from(area.width.saturating_sub(FAULT_SIGN));
    let room = usize::from(FAULT_ROWS.min(area.height));
    let indented = |fault: &Fault| -> Vec<String> {
        let text = fault.to_string();
        let rows = text::wrap(&text, columns).into_iter().enumerate();
        rows.map(|(row, line)| format!("{}{line}", if row == 0 { " ✗ " } else { "   " })).collect()
    };
    let lines: Vec<String> = faults.iter().flat_map(indented).take(room).collect();
    let used = u16::try_from(lines.len()).unwrap_or(0);
    for (row, line) in area.rows().zip(lines) {
        buf.set_line(row.x, row.y, &Line::from(cx.span(Role::Error, line)), row.width);
    }
    Rect { y: area.y + used, height: area.height - used, ..area }
}

/// Draws a few words where there is nothing else to draw.
pub fn nothing(cx: &Cx<'_>, words: &str, area: Rect, buf: &mut Buffer) {
    let lines = text::wrap(words, usize::from(area.width.saturating_sub(2)));
    for (row, line) in area.rows().zip(lines) {
        buf.set_line(row.x + 1, row.y, &Line::from(cx.span(Role::Dim, line)), row.width.saturating_sub(1));
    }
}

/// Draws what a source is doing before it was first heard of; one that has failed is not doing it any more.
pub fn pending(cx: &Cx<'_>, source: &SourceId, words: &str, area: Rect, buf: &mut Buffer) {
    if cx.state.sources.get(source).is_none_or(|status| status.fault.is_none()) {
        nothing(cx, words, area, buf);
    }
}

/// A line with a left and a right end; the left end gives way.
pub fn spread(left: Vec<Span<'static>>, right: Vec<Span<'static>>, columns: usize) -> Line<'static> {
    let width = |spans: &[Span<'_>]| spans.iter().map(|span| text::width(&span.content)).sum::<usize>();
    let right_width = width(&right);
    if right_width == 0 || right_width + 8 > columns {
        return Line::from(fit(left, columns));
    }
    let mut spans = fit(left, columns - right_width - 1);
    let gap = columns - right_width - width(&spans);
    spans.push(Span::raw(" ".repeat(gap)));
    spans.extend(right);
    Line::from(spans)
}

/// As many of the spans as fit, the last of them cut.
pub fn fit(spans: Vec<Span<'static>>, columns: usize) -> Vec<Span<'static>> {
    let mut room = columns;
    let mut out = Vec::with_capacity(spans.len());
    for span in spans {
        let width = text::width(&span.content);
        if width <= room {
            room -= width;
            out.push(span);
            continue;
        }
        if span.content.trim().is_empty() {
            out.push(Span::styled(" ".repeat(room), span.style));
        } else if room > 0 {
            out.push(Span::styled(text::cut(&span.content, room).into_owned(), span.style));
        }
        break;
    }
    out
}

/// A cell of fixed width, cut or padded.
pub fn cell(text: &str, columns: usize) -> String {
    pad(&text::cut(text, columns), columns)
}

/// A cell that is at least as wide: what is longer pushes aside what follows it.
pub fn pad(text: &str, columns: usize) -> String {
    let gap = columns.saturating_sub(text::width(text));
    format!("{text}{}", " ".repeat(gap))
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::text::Span;

    use super::{cell, names, spread, widest};
    use crate::state::list::List;

    #[test]
    fn a_column_is_as_wide_as_what_is_in_view() {
        let mut list = List { rows: vec![3, 5, 20], ..List::default() };
        let area = Rect::new(0, 0, 40, 2);
        assert_eq!(widest(&list, area, 9, |row| *row), 5);
        list.select(2, 2);
        assert_eq!(widest(&list, area, 9, |row| *row), 9);
        assert_eq!(names(&list, area, |row| *row), 5, "20 is more than its share of 40 columns");
    }

    #[test]
    fn the_right_end_stays_whole_and_the_left_gives_way() {
        let line = spread(vec![Span::raw("a long left end")], vec![Span::raw("3m")], 12);
        assert_eq!(line.to_string(), "a long l… 3m");
        let line = spread(vec![Span::raw("abcdef"), Span::raw("    "), Span::raw("g")], vec![Span::raw("3m")], 11);
        assert_eq!(line.to_string(), "abcdef   3m", "a gap is not text that was cut");
        let line = spread(vec![Span::raw("left")], vec![Span::raw("3m")], 12);
        assert_eq!(line.to_string(), "left      3m");
    }

    #[test]
    fn a_cell_is_as_wide_as_it_should_be() {
        assert_eq!(cell("字字字", 4), "字… ");
        assert_eq!(cell("a", 3), "a  ");
    }
}
