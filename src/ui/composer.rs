//! The composer: the outline of a brief, its text, its preview, and what the lint has found.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Borders, Widget};

use crate::action::Action;
use crate::config::theme::Role;
use crate::domain::brief::lint::{Finding, Severity};
use crate::domain::brief::part::Part;
use crate::domain::brief::tokens;
use crate::domain::markdown;
use crate::domain::text;
use crate::state::composer::{Composer, Page};

use super::popup::split_top;
use super::widget::{cell, fit, nothing, select, spread};
use super::{Cx, ink};

/// Columns from which on text and preview stand side by side.
const WIDE: u16 = 120;
/// Columns of the outline.
const OUTLINE: u16 = 26;
/// Rows of the findings below the text, on a wide screen and on a small one.
const FINDINGS: (u16, u16) = (9, 4);
/// Rows of a preview that are laid out at most.
const PREVIEW: usize = 2_000;

/// Draws the composer in place of the panes.
pub fn draw(cx: &Cx<'_>, composer: &Composer, area: Rect, buf: &mut Buffer) {
    let [head, body] = split_top(area, 1);
    draw_head(cx, composer, head, buf);
    if area.width < WIDE {
        return draw_narrow(cx, composer, body, buf);
    }
    let [body, findings] = split_top(body, body.height.saturating_sub(FINDINGS.0));
    let outline = Rect { width: OUTLINE, ..body };
    let rest = Rect { x: body.x + OUTLINE, width: body.width - OUTLINE, ..body };
    // The text has the larger share: it is what is worked on.
    let left = Rect { width: rest.width * 11 / 20, ..rest };
    let right = Rect { x: left.right(), width: rest.width - left.width, ..rest };
    draw_outline(cx, composer, boxed(cx, "parts", false, outline, buf), buf);
    draw_text(composer, boxed(cx, "text", composer.page == Page::Text, left, buf), buf);
    draw_preview(cx, composer, boxed(cx, "preview", composer.page == Page::Preview, right, buf), buf);
    draw_findings(cx, composer, boxed(cx, &count(composer), composer.page == Page::Findings, findings, buf), buf);
}

fn draw_narrow(cx: &Cx<'_>, composer: &Composer, body: Rect, buf: &mut Buffer) {
    match composer.page {
        Page::Text => {
            let [text, findings] = split_top(body, body.height.saturating_sub(FINDINGS.1));
            draw_text(composer, boxed(cx, "text", true, text, buf), buf);
            let inner = boxed(cx, &count(composer), false, findings, buf);
            draw_findings(cx, composer, inner, buf);
        }
        Page::Preview => draw_preview(cx, composer, boxed(cx, "preview", true, body, buf), buf),
        Page::Findings => draw_findings(cx, composer, boxed(cx, &count(composer), true, body, buf), buf),
    }
}

/// Whom it is for, what it is about, and what it takes.
fn draw_head(cx: &Cx<'_>, composer: &Composer, area: Rect, buf: &mut Buffer) {
    let who = composer.agent_name.as_deref().map_or("nobody in particular".into(), text::line);
    let mut left = vec![cx.span(Role::Title, " Brief "), cx.span(Role::Text, format!("for {who}"))];
    if let Some(task) = &composer.task {
        left.push(cx.span(Role::Dim, format!(" · {}", text::line(task))));
    }
    left.push(cx.span(Role::Dim, format!(" · {}", text::line(&composer.template))));
    if let Some(from) = &composer.from {
        left.push(cx.span(Role::Dim, format!(" · from {}", text::line(from))));
    }
    let line = spread(left, budget(cx, composer), usize::from(area.width));
    buf.set_line(area.x, area.y, &line, area.width);
}

/// The running count: of its own, of what it names, and of what there is room for.
fn budget(cx: &Cx<'_>, composer: &Composer) -> Vec<Span<'static>> {
    let Some((_, checked)) = &composer.checked else { return vec![cx.span(Role::Dim, "counting… ")] };
    let budget = &checked.budget;
    let long = budget.target.is_some_and(|target| budget.text > target);
    let role = if long { Role::Warn } else { Role::Text };
    let mut spans = vec![cx.span(role, format!("{} tokens", tokens::shown(budget.text)))];
    if let Some(target) = budget.target {
        spans.push(cx.span(Role::Dim, format!(" of {}", tokens::shown(target))));
    }
    if !budget.loads.is_empty() {
        let named = budget.total().saturating_sub(budget.text);
        spans.push(cx.span(Role::Text, format!(" + {} to read", tokens::shown(named))));
    }
    match budget.left {
        Some(left) => {
            let role = if budget.over().is_some() { Role::Error } else { Role::Dim };
            let left = usize::try_from(left).unwrap_or(usize::MAX);
            spans.push(cx.span(role, format!(" · {} left ", tokens::shown(left))));
        }
        None => spans.push(cx.span(Role::Dim, " · window unknown ")),
    }
    spans
}

fn draw_outline(cx: &Cx<'_>, composer: &Composer, area: Rect, buf: &mut Buffer) {
    let here = composer.line();
    let current = composer.outline.iter().rposition(|section| section.line <= here);
    let missing = Part::ALL.iter().filter(|part| !composer.outline.iter().any(|section| section.part == Some(**part)));
    let mut lines: Vec<Line<'static>> = Vec::new();
    for (at, section) in composer.outline.iter().enumerate() {
        let indent = " ".repeat(section.level.saturating_sub(1));
        let role = match (Some(at) == current, section.part) {
            (true, _) => Role::Accent,
            (false, Some(_)) => Role::Text,
            (false, None) => Role::Dim,
        };
        let wrong = composer.findings().iter().filter(|finding| {
            let next = composer.outline.get(at + 1).map_or(usize::MAX, |next| next.line);
            (section.line..next).contains(&finding.line)
        });
        let wrong = wrong.count();
        let right = if wrong > 0 { vec![cx.span(Role::Warn, wrong.to_string())] } else { Vec::new() };
        let left = vec![cx.span(role, format!("{indent}{}", text::line(&section.title)))];
        lines.push(spread(left, right, usize::from(area.width)));
    }
    for part in missing {
        lines.push(Line::from(cx.span(Role::Dim, format!("  – {}", part.name()))));
    }
    let first = current.map_or(0, |current| (current + 1).saturating_sub(usize::from(area.height)));
    for (row, line) in area.rows().zip(lines.iter().skip(first)) {
        buf.set_line(row.x, row.y, line, row.width);
    }
}

fn draw_text(composer: &Composer, area: Rect, buf: &mut Buffer) {
    (&composer.area).render(area, buf);
}

/// The Markdown around the place that is being written.
fn draw_preview(cx: &Cx<'_>, composer: &Composer, area: Rect, buf: &mut Buffer) {
    let columns = usize::from(area.width);
    let lines = composer.area.lines();
    let text = composer.text();
    let rows = markdown::layout(&text, columns, PREVIEW);
    // Where the cursor is in the text is about where it is in its preview.
    let share = (rows.len() * composer.line()).checked_div(lines.len().max(1)).unwrap_or(0);
    let height = usize::from(area.height);
    let first = share.saturating_sub(height / 3).min(rows.len().saturating_sub(height));
    for (place, row) in area.rows().zip(rows.iter().skip(first)) {
        let spans: Vec<Span<'_>> =
            row.parts().map(|(text, look)| Span::styled(text, ink::style(cx, Role::Text, look))).collect();
        buf.set_line(place.x, place.y, &Line::from(spans), place.width);
    }
}

/// The title of the findings: how many there are.
fn count(composer: &Composer) -> String {
    let Some((_, checked)) = &composer.checked else { return "lint".to_owned() };
    let (errors, all) = (checked.errors(), checked.findings.len());
    let old = if composer.is_current() { "" } else { " …" };
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    format!("lint: {}, {}{old}", plural(errors, "error"), plural(all - errors, "warning"))
}

fn draw_findings(cx: &Cx<'_>, composer: &Composer, area: Rect, buf: &mut Buffer) {
    let findings = composer.findings();
    if findings.is_empty() {
        let words = if composer.checked.is_some() { "Nothing was found." } else { "Looking at it…" };
        return nothing(cx, words, area, buf);
    }
    // Below them stands why the chosen one is one, where there is room for both.
    let [list, last] = split_top(area, area.height.saturating_sub(u16::from(area.height > 2)));
    let first = (composer.selected + 1).saturating_sub(usize::from(list.height));
    for (row, (at, finding)) in list.rows().zip(findings.iter().enumerate().skip(first)) {
        buf.set_line(row.x, row.y, &finding_line(cx, finding, usize::from(row.width)), row.width);
        if at == composer.selected {
            select(cx, row, buf);
        }
    }
    if let Some(finding) = findings.get(composer.selected) {
        let words = cx.span(Role::Dim, format!("{}: {}", finding.rule.name(), finding.rule.why()));
        let line = Line::from(fit(vec![words], usize::from(last.width)));
        buf.set_line(last.x, last.y, &line, last.width);
    }
}

fn finding_line(cx: &Cx<'_>, finding: &Finding, columns: usize) -> Line<'static> {
    let (sign, role) = match finding.severity {
        Severity::Error => ("✗", Role::Error),
        Severity::Warning => ("!", Role::Warn),
    };
    let left = vec![
        cx.span(role, format!("{sign} ")),
        cx.span(Role::Dim, format!("{} ", cell(&(finding.line + 1).to_string(), 4))),
        cx.span(Role::Text, text::line(&finding.message).into_owned()),
    ];
    let right = finding.fix.as_ref().map(|fix| {
        let key = cx.state.screen.keymap.key_of(Action::FixFinding);
        vec![cx.span(Role::ChipKey, format!(" {key} ")), cx.span(Role::Dim, text::line(&fix.what).into_owned())]
    });
    spread(left, right.unwrap_or_default(), columns)
}

/// A box with its title; returns the room inside.
fn boxed(cx: &Cx<'_>, title: &str, focused: bool, area: Rect, buf: &mut Buffer) -> Rect {
    let border = if focused { Role::BorderFocus } else { Role::Border };
    let block =
        Block::new().borders(Borders::ALL).border_type(BorderType::Rounded).border_style(cx.theme.style(border));
    let inner = block.inner(area);
    block.render(area, buf);
    let title = Line::from(cx.span(Role::Title, format!(" {title} ")));
    buf.set_line(area.x + 1, area.y, &title, area.width.saturating_sub(2));
    inner
}
