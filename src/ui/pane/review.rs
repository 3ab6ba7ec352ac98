//! The review: what is looked at with its grade, the verdict, and below it what is claimed on the left and what is shown on
//! the right.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::config::layout::PaneKind;
use crate::config::theme::Role;
use crate::domain::evidence::{Claimed, Evidence, Grade, Overall, Verdict};
use crate::domain::sign_off::Standing;
use crate::domain::text;
use crate::state::describe::review::{standing, title, verdict};
use crate::state::review::{HEAD, Row, Subject};
use crate::ui::hit::HitMap;
use crate::ui::widget::{cell, fit, list, nothing, pending, spread};
use crate::ui::{Cx, glyph};

/// Columns of the longest verdict, and of the longest kind of row.
const VERDICT: usize = 13;
const KIND: usize = 10;
/// Columns right of the claim from which on there is room for words beside the sign of a verdict.
const ROOMY: usize = 60;
/// Columns below which claims stand beside nothing: where a row is of a claim alone, it is said in its place.
const NARROW: usize = 48;

/// What the border says.
pub fn notes(cx: &Cx<'_>) -> Vec<String> {
    let review = &cx.state.review;
    let superseded = review.standing.values().filter(|standing| matches!(standing, Standing::Superseded(..))).count();
    let grade = review.current().map(|evidence| evidence.grade.name().to_owned());
    let superseded = (superseded > 0).then(|| format!("{superseded} superseded"));
    superseded.into_iter().chain(grade).collect()
}

/// Draws the review.
pub fn draw(cx: &Cx<'_>, area: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let review = &cx.state.review;
    if review.subject.is_none() {
        return nothing(
            cx,
            "Select a task of the board, or an agent: what it claims is shown beside what is so.",
            area,
            buf,
        );
    }
    let Some(evidence) = review.current().filter(|_| !review.is_waiting()) else {
        return pending(cx, &crate::event::SourceId::Evidence, "Looking at the evidence…", area, buf);
    };
    let [head, rows] = split(area, HEAD);
    for (line, row) in heads(cx, evidence, usize::from(head.width.saturating_sub(1))).into_iter().zip(head.rows()) {
        buf.set_line(row.x + 1, row.y, &line, row.width.saturating_sub(1));
    }
    if review.list.rows.is_empty() {
        let words = if review.list.filter.is_empty() {
            "Nothing is claimed of it, and nothing bears on it."
        } else {
            "The filter hides every row."
        };
        return nothing(cx, words, rows, buf);
    }
    let said =
        |row: &Row| row.claim.and_then(|claim| evidence.claims.get(claim)).map_or(0, |claim| text::width(&says(claim)));
    let widest = review.list.rows.iter().map(said).max().unwrap_or_default();
    list(cx, PaneKind::Review, &review.list, rows, buf, hits, |row, columns| {
        // What is shown has the room that no claim takes, and all of it where there is little.
        let left = if columns < NARROW { 0 } else { widest.min(columns * 2 / 5) };
        line(cx, evidence, *row, left, columns)
    });
}

fn says(claim: &Claimed) -> String {
    format!("{}: {}", text::line(&claim.by), text::line(&claim.text))
}

/// What it is about, how the operator stands to it, and the verdict.
fn heads(cx: &Cx<'_>, evidence: &Evidence, columns: usize) -> Vec<Line<'static>> {
    let state = cx.state;
    let title = title(state).unwrap_or_default();
    let grade = cx.span(grade_role(evidence), format!("{} ", evidence.grade.name()));
    let first = spread(vec![cx.span(Role::Title, text::line(&title).into_owned())], vec![grade], columns);
    // Green only where everything that has to hold does.
    let (sign, role) = match evidence.overall() {
        Overall::NoClaim => ("·", Role::Dim),
        Overall::Holds => ("✓", Role::Ok),
        Overall::Contradicted => ("✗", Role::Error),
        Overall::Short => ("!", Role::Warn),
    };
    let second = fit(vec![cx.span(role, format!("{sign} {}", text::line(&verdict(evidence))))], columns);
    let standing = match &state.review.subject {
        Some(Subject::Task(id)) => standing(state, id),
        Some(Subject::Agent(_)) | None => String::new(),
    };
    let role = match &state.review.subject {
        Some(Subject::Task(id)) => match state.review.standing.get(id) {
            Some(Standing::Superseded(..)) => Role::Warn,
            Some(Standing::Signed(_)) => Role::Ok,
            Some(Standing::Open) | None => Role::Dim,
        },
        Some(Subject::Agent(_)) | None => Role::Dim,
    };
    let third = fit(vec![cx.span(role, text::line(&standing).into_owned())], columns);
    vec![first, Line::from(second), Line::from(third)]
}

fn grade_role(evidence: &Evidence) -> Role {
    match evidence.overall() {
        Overall::Holds => Role::Ok,
        Overall::Contradicted => Role::Error,
        Overall::Short => Role::Warn,
        Overall::NoClaim if evidence.grade == Grade::None => Role::Dim,
        Overall::NoClaim => Role::Text,
    }
}

/// A row: the claim in its `left` columns, if any, and what is shown.
fn line(cx: &Cx<'_>, evidence: &Evidence, row: Row, left: usize, columns: usize) -> Line<'static> {
    let said = row.claim.and_then(|claim| evidence.claims.get(claim)).map(says).unwrap_or_default();
    let mut spans: Vec<Span<'static>> = Vec::new();
    if left > 0 {
        spans.extend([cx.span(Role::Text, cell(&said, left)), cx.span(Role::Border, " │ ")]);
    }
    match row.shown.and_then(|shown| evidence.rows.get(shown)) {
        Some(shown) => {
            let role = verdict_role(shown.verdict);
            spans.push(cx.span(role, format!("{} ", glyph::verdict(shown.verdict))));
            if columns.saturating_sub(left) >= ROOMY {
                spans.push(cx.span(role, cell(shown.verdict.name(), VERDICT)));
            }
            let dim = if shown.required { Role::Text } else { Role::Dim };
            spans.push(cx.span(Role::Dim, cell(shown.kind.name(), KIND)));
            spans.push(
                cx.span(
                    if shown.required { Role::Accent } else { Role::Dim },
                    if shown.required { "* " } else { "  " },
                ),
            );
            spans.push(cx.span(dim, text::line(&shown.shown).into_owned()));
        }
        None if left == 0 => spans.push(cx.span(Role::Text, format!("· {said}"))),
        None => spans.push(cx.span(Role::Dim, "  nothing bears on it")),
    }
    Line::from(fit(spans, columns))
}

fn verdict_role(verdict: Verdict) -> Role {
    match verdict {
        Verdict::Holds => Role::Ok,
        Verdict::Stale | Verdict::Missing => Role::Warn,
        Verdict::Unknown => Role::Dim,
        Verdict::Contradicted => Role::Error,
    }
}

fn split(area: Rect, height: u16) -> [Rect; 2] {
    let height = height.min(area.height);
    [Rect { height, ..area }, Rect { y: area.y + height, height: area.height - height, ..area }]
}
