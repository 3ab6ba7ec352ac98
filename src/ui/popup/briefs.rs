//! The saved briefs: number, title, task, agent, tokens, what became of the last sending, age; or the text of one.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::action::Action;
use crate::config::theme::Role;
use crate::domain::brief::tokens;
use crate::domain::deliver::BriefRef;
use crate::domain::text;
use crate::domain::time::age;
use crate::event::BriefPage;
use crate::state::briefs::{BriefsView, is_under_way};
use crate::state::popup::Scroll;
use crate::ui::Cx;
use crate::ui::hit::HitMap;
use crate::ui::widget::{cell, fit, select};

use super::{frame, room, split_top, text_box};

/// Columns of the popup.
const WIDTH: u16 = 120;

/// Draws the popup.
pub fn draw(cx: &Cx<'_>, view: &BriefsView, body: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    if let Some((page, scroll)) = &view.page {
        return draw_page(cx, page, *scroll, body, buf, hits);
    }
    let briefs = &cx.state.briefs;
    let count = briefs.briefs.len().max(1);
    let height = u16::try_from(count).unwrap_or(u16::MAX).saturating_add(5);
    let inner = frame(cx, "Briefs", Role::BorderFocus, (WIDTH, height), body, buf, hits);
    let [rest, last] = split_top(inner, inner.height.saturating_sub(1));
    let [head, rows] = split_top(rest, 1);
    let columns = usize::from(inner.width);
    if briefs.briefs.is_empty() {
        let words = match &briefs.fault {
            Some(fault) => fault.to_string(),
            None if !briefs.heard => "Reading the briefs…".to_owned(),
            None => "No brief was saved here yet: b on a task writes one.".to_owned(),
        };
        buf.set_line(head.x, head.y, &Line::from(fit(vec![cx.span(Role::Dim, words)], columns)), head.width);
        return;
    }
    let titles = ["brief", "title", "task", "agent", "tokens", "last sent", "age"].map(str::to_owned);
    buf.set_line(head.x, head.y, &row(cx, &titles, [Role::Dim; 7], columns), head.width);
    let height = usize::from(rows.height).saturating_sub(1).max(1);
    let first = (view.selected + 1).saturating_sub(height);
    for (area, index) in rows.rows().take(height).zip(first..briefs.briefs.len()) {
        let Some(brief) = briefs.row(index) else { break };
        buf.set_line(area.x, area.y, &line(cx, brief, columns), area.width);
        if index == view.selected {
            select(cx, area, buf);
        }
    }
    let keys = [
        (Action::DeliverBrief, "deliver"),
        (Action::CopyPointer, "copy"),
        (Action::ShowBrief, "show"),
        (Action::EditBrief, "edit"),
        (Action::CompareBrief, "compare"),
        (Action::ResendBrief, "resend"),
    ];
    let keys = keys.into_iter().flat_map(|(action, label)| {
        let key = cx.state.screen.keymap.key_of(action);
        [cx.span(Role::ChipKey, format!("{key} ")), cx.span(Role::Text, format!("{label}   "))]
    });
    buf.set_line(last.x, last.y, &Line::from(fit(keys.collect(), columns)), last.width);
}

fn line(cx: &Cx<'_>, brief: &BriefRef, columns: usize) -> Line<'static> {
    let last = cx.state.briefs.last(brief.number);
    let (outcome, role) = match last {
        None => ("never".to_owned(), Role::Dim),
        Some(sending) if is_under_way(sending, cx.state.now) => ("being sent".to_owned(), Role::Info),
        Some(sending) => {
            let role = match sending.outcome.as_str() {
                "delivered" => Role::Ok,
                "indeterminate" => Role::Warn,
                _ => Role::Error,
            };
            (format!("{} {}", sending.outcome, age(sending.at, cx.state.now)), role)
        }
    };
    let shown = |text: &Option<String>| text.as_deref().map(|text| text::line(text).into_owned()).unwrap_or_default();
    let agent = last.map(|sending| sending.agent.clone()).or_else(|| brief.agent.clone());
    let cells = [
        format!("{:04}", brief.number),
        text::line(&brief.title).into_owned(),
        shown(&brief.task),
        shown(&agent),
        tokens::shown(brief.tokens),
        outcome,
        brief.created.map(|at| age(at, cx.state.now)).unwrap_or_default(),
    ];
    row(cx, &cells, [Role::Dim, Role::Text, Role::Dim, Role::Text, Role::Dim, role, Role::Dim], columns)
}

/// One row of cells; the title takes what the others leave.
fn row(cx: &Cx<'_>, cells: &[String; 7], roles: [Role; 7], columns: usize) -> Line<'static> {
    let narrow = columns < 90;
    let fixed = if narrow { [5, 0, 0, 14, 0, 18, 4] } else { [5, 0, 14, 18, 8, 18, 5] };
    let title = columns.saturating_sub(fixed.iter().sum::<usize>() + 8).max(10);
    let spans = cells.iter().zip(roles).zip(fixed).enumerate().filter_map(|(index, ((text, role), width))| {
        let width = if index == 1 { title } else { width };
        (width > 0).then(|| cx.span(role, format!("{} ", cell(text, width))))
    });
    Line::from(fit(spans.collect(), columns))
}

fn draw_page(cx: &Cx<'_>, page: &BriefPage, scroll: Scroll, body: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let columns = room(body, WIDTH);
    let lines: Vec<Line<'static>> = page
        .lines
        .iter()
        .flat_map(|line| {
            let role = match line.tone {
                None => Role::Text,
                Some(true) => Role::DiffAdd,
                Some(false) => Role::DiffRemove,
            };
            let rows = text::wrap(&line.text, columns).into_iter().map(Cow::into_owned).collect::<Vec<_>>();
            rows.into_iter().map(move |row| Line::from(cx.span(role, row)))
        })
        .collect();
    text_box(cx, &text::line(&page.title), &lines, scroll, WIDTH, body, buf, hits);
}
