//! What was found about an agent, with the lines that prove it; and the ways to correct it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::config::theme::Role;
use crate::domain::agent::Agent;
use crate::domain::signal::correct::Correction;
use crate::domain::text;
use crate::domain::time::age;
use crate::state::signals::{CorrectMenu, Row, SignalsView, rows};
use crate::ui::Cx;
use crate::ui::hit::HitMap;
use crate::ui::widget::{cell, fit, select, severity};

use super::{frame, split_top};

/// Columns of the popup.
const WIDTH: u16 = 120;
/// Columns of the menu.
const MENU: u16 = 76;

/// Draws an agent's signals.
pub fn draw(cx: &Cx<'_>, view: &SignalsView, body: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let agent = cx.state.agents.find(&view.agent);
    let rows = agent.map(rows).unwrap_or_default();
    let height = u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_add(4);
    let name = agent.map_or("", |agent| agent.name.as_str());
    let title = format!("Signals · {}", text::line(name));
    let inner = frame(cx, &title, Role::BorderFocus, (WIDTH, height), body, buf, hits);
    let [list, last] = split_top(inner, inner.height.saturating_sub(1));
    if rows.is_empty() {
        let words = "Nothing is found any more: what caused it is gone.";
        buf.set_line(list.x, list.y, &Line::from(cx.span(Role::Dim, words)), list.width);
    }
    let selected = view.selected.min(rows.len().saturating_sub(1));
    let top = view.top.min(rows.len().saturating_sub(1));
    for (area, (index, row)) in list.rows().zip(rows.iter().enumerate().skip(top)) {
        buf.set_line(area.x, area.y, &line(cx, agent, row, usize::from(area.width)), area.width);
        if index == selected {
            select(cx, area, buf);
        }
    }
    let words =
        fit(vec![cx.span(Role::Dim, "enter goes to the line, b drafts a corrective brief")], usize::from(last.width));
    buf.set_line(last.x, last.y, &Line::from(words), last.width);
}

fn line(cx: &Cx<'_>, agent: Option<&Agent>, row: &Row<'_>, columns: usize) -> Line<'static> {
    let spans = match row {
        Row::Signal(signal) => {
            let role = severity(signal.severity);
            let since = signal.since.map(|since| age(since, cx.state.now)).unwrap_or_default();
            vec![
                cx.span(role, cell(signal.severity.name(), 7)),
                cx.span(role, cell(signal.kind, 19)),
                cx.span(Role::Dim, format!("{since:>4}  ")),
                cx.span(Role::Text, text::line(&signal.detail).into_owned()),
            ]
        }
        Row::Evidence(evidence) => {
            // Of which file, is worth saying where it is not the agent's own.
            let own = agent.is_some_and(|agent| agent.transcript == evidence.file);
            let file = evidence.file.file_name().filter(|_| !own).map(|name| name.to_string_lossy().into_owned());
            let place = match evidence.line {
                Some(line) => format!("{}line {line}", file.map(|file| format!("{file} ")).unwrap_or_default()),
                None => format!("{}byte {}", file.map(|file| format!("{file} ")).unwrap_or_default(), evidence.offset),
            };
            vec![
                cx.span(Role::Dim, format!("        {}", cell(&text::line(&place), if own { 14 } else { 30 }))),
                cx.span(Role::Dim, text::line(&evidence.quote).into_owned()),
            ]
        }
    };
    Line::from(fit(spans, columns))
}

/// Draws the ways to correct an agent.
pub fn draw_menu(cx: &Cx<'_>, menu: &CorrectMenu, body: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let height = u16::try_from(Correction::ALL.len()).unwrap_or(u16::MAX).saturating_add(4);
    let title = format!("Correct · {}", text::line(&menu.name));
    let inner = frame(cx, &title, Role::BorderFocus, (MENU, height), body, buf, hits);
    let [list, last] = split_top(inner, inner.height.saturating_sub(1));
    for (area, (index, way)) in list.rows().zip(Correction::ALL.into_iter().enumerate()) {
        let spans = vec![cx.span(Role::Text, cell(way.name(), 10)), cx.span(Role::Dim, way.doc())];
        buf.set_line(area.x, area.y, &Line::from(fit(spans, usize::from(area.width))), area.width);
        if index == menu.selected {
            select(cx, area, buf);
        }
    }
    let signals = match menu.signals.len() {
        1 => "one signal".to_owned(),
        many => format!("{many} signals"),
    };
    let words = format!("enter writes the brief with the evidence of {signals}, and copies its pointer");
    buf.set_line(
        last.x,
        last.y,
        &Line::from(fit(vec![cx.span(Role::Dim, words)], usize::from(last.width))),
        last.width,
    );
}
