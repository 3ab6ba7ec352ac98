//! The drift: each fabric with its counts and the age of its data, its objects by urgency, and below each the fields that
//! differ. What is folded is one line with its count.

use std::path::Path;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use serde_json::Value;

use crate::config::layout::PaneKind;
use crate::config::theme::Role;
use crate::domain::cluster::Connection;
use crate::domain::drift::{DriftRow, DriftState, DriftView, FieldDiff, Finding, Severity};
use crate::domain::text;
use crate::domain::time::age;
use crate::state::drift::Row;
use crate::ui::hit::HitMap;
use crate::ui::widget::{list, names, nothing, pad, spread};
use crate::ui::{Cx, glyph};

/// Columns from which on a fabric's line names its branch and commit.
const PLACED: usize = 90;
/// Columns from which on the state stands there as a word.
const NAMED: usize = 46;
/// Columns that a field is indented by, and the least that its path gets.
const FIELD_INDENT: usize = 5;
const FIELD_PATH: usize = 8;
/// Columns from which on a finding's whole path is shown.
const WHOLE_PATH: usize = 90;

/// What the border says: how much is not synced.
pub fn notes(cx: &Cx<'_>) -> Vec<String> {
    let drift = &cx.state.drift;
    let groups = || drift.fabrics.iter().flat_map(DriftView::groups);
    let faults: usize = groups().filter(|(state, _)| state.is_fault()).map(|(_, rows)| rows.len()).sum();
    let hidden = (drift.hidden > 0).then(|| format!("{} hidden", drift.hidden));
    let all = match (drift.fabrics.iter().map(|view| view.rows.len()).sum(), faults) {
        (0, _) => None,
        (1, 0) => Some("1 object".to_owned()),
        (all, 0) => Some(format!("{all} objects")),
        (all, faults) => Some(format!("{faults} of {all} wrong")),
    };
    hidden.into_iter().chain(all).collect()
}

/// Draws the drift.
pub fn draw(cx: &Cx<'_>, area: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let drift = &cx.state.drift;
    if drift.fabrics.is_empty() {
        let words = "No GitOps directory so far. Name one in hnpwb.toml under [[fabric]].";
        return nothing(cx, words, area, buf);
    }
    let find = |fabric: usize, object: usize| drift.fabrics.get(fabric).and_then(|view| view.rows.get(object));
    let column = names(&drift.list, area, |row| match *row {
        Row::Object(fabric, object) => find(fabric, object)
            .map_or(0, |row| text::width(&text::line(&row.key.kind)) + 1 + text::width(&text::line(&row.key.name))),
        Row::Fabric(_) | Row::Group(..) | Row::Field(..) | Row::More(..) | Row::Finding(..) | Row::Findings(..) => 0,
    });
    list(cx, PaneKind::Drift, &drift.list, area, buf, hits, |row, columns| {
        let line = match *row {
            Row::Fabric(fabric) => drift.fabrics.get(fabric).map(|view| header(cx, view, columns)),
            Row::Group(_, state, count) => Some(group_line(cx, state, count, columns)),
            Row::Object(fabric, object) => find(fabric, object).map(|row| object_line(cx, row, column, columns)),
            Row::More(.., count) => {
                let words = if count == 1 { "1 more field".to_owned() } else { format!("{count} more fields") };
                Some(Line::from(cx.span(Role::Dim, format!("{:FIELD_INDENT$}… {words}", ""))))
            }
            Row::Field(fabric, object, field) => {
                let field = find(fabric, object).and_then(|row| row.fields.get(field));
                field.map(|field| field_line(cx, field, columns))
            }
            Row::Finding(fabric, finding) => {
                let finding = drift.fabrics.get(fabric).and_then(|view| view.findings.get(finding));
                finding.map(|finding| finding_line(cx, finding, columns))
            }
            Row::Findings(fabric, first, count) => {
                let first = drift.fabrics.get(fabric).and_then(|view| view.findings.get(first));
                first.map(|first| findings_line(cx, first, count, columns))
            }
        };
        line.unwrap_or_default()
    });
}

fn header(cx: &Cx<'_>, view: &DriftView, columns: usize) -> Line<'static> {
    let name = text::line(&view.fabric).into_owned();
    let right = connection(cx, view);
    let mut left = vec![cx.span(Role::Title, name)];
    if columns >= PLACED
        && let Some(place) = commit(view)
    {
        left.push(cx.span(Role::Dim, format!("  {place}")));
    }
    let width = |spans: &[Span<'_>]| spans.iter().map(|span| text::width(&span.content)).sum::<usize>();
    let counts: Vec<(DriftState, usize)> = view.groups().map(|(state, rows)| (state, rows.len())).collect();
    let words = counts.iter().map(|(state, count)| text::width(&format!("  {count} {}", state.name()))).sum::<usize>();
    let in_words = width(&left) + words + width(&right) + 2 <= columns;
    for (state, count) in counts {
        let name =
            if in_words { format!("  {count} {}", state.name()) } else { format!(" {}{count}", glyph::drift(state)) };
        left.push(cx.span(Role::Drift(state), name));
    }
    if view.rows.is_empty() {
        let words = if view.as_of.is_some() { "  no objects" } else { "  reading…" };
        left.push(cx.span(Role::Dim, words));
    }
    if cx.state.drift.is_folded(&view.fabric) {
        left.push(cx.span(Role::Dim, "  folded"));
    }
    spread(left, right, columns)
}

/// Branch and commit that the desired state is read from.
fn commit(view: &DriftView) -> Option<String> {
    let head: String = view.head.as_deref()?.chars().take(7).collect();
    let branch = view.branch.as_deref().map(|branch| text::line(branch).into_owned());
    Some(branch.map_or_else(|| head.clone(), |branch| format!("{branch} {head}")))
}

/// How current the cluster's side is: its age alone while it is followed.
fn connection(cx: &Cx<'_>, view: &DriftView) -> Vec<Span<'static>> {
    let age = view.as_of.map(|at| age(at, cx.state.now));
    match view.connection {
        Connection::Connected => age.into_iter().map(|age| cx.span(Role::Dim, format!("{age:>4}"))).collect(),
        Connection::None => vec![cx.span(Role::Dim, "no cluster")],
        other => {
            let since = age.map(|age| format!(" {age}")).unwrap_or_default();
            vec![cx.span(Role::Error, format!("{}{since}", other.name()))]
        }
    }
}

/// The objects of one state that are folded.
fn group_line(cx: &Cx<'_>, state: DriftState, count: usize, columns: usize) -> Line<'static> {
    let words = if count == 1 { "1 object".to_owned() } else { format!("{count} objects") };
    let left = vec![
        cx.span(Role::Drift(state), format!(" {} {}", glyph::drift(state), pad(state.name(), 9))),
        cx.span(Role::Dim, words),
    ];
    spread(left, Vec::new(), columns)
}

fn object_line(cx: &Cx<'_>, row: &DriftRow, column: usize, columns: usize) -> Line<'static> {
    let role = Role::Drift(row.state);
    let kind = text::line(&row.key.kind).into_owned();
    let name = pad(&text::line(&row.key.name), column.saturating_sub(text::width(&kind) + 1));
    // Where names would have to give way, the sign speaks for the state: the header above says what it means.
    let state = if columns < NAMED { "" } else { row.state.name() };
    let state_column = if columns < NAMED { 0 } else { 9 };
    let mut left = vec![
        cx.span(role, format!(" {} {}", glyph::drift(row.state), pad(state, state_column))),
        cx.span(Role::Dim, format!("{kind} ")),
        cx.span(Role::Text, name),
    ];
    // What is as it should be needs no reason.
    if row.state != DriftState::Synced {
        left.push(cx.span(Role::Dim, format!("  {}", text::line(&row.reason))));
    }
    let right = row.since.map(|since| cx.span(Role::Dim, format!("{:>4}", age(since, cx.state.now))));
    spread(left, right.into_iter().collect(), columns)
}

fn field_line(cx: &Cx<'_>, field: &FieldDiff, columns: usize) -> Line<'static> {
    let value = |value: &Value| match value {
        Value::Null => "nothing".to_owned(),
        value => text::line(&value.to_string()).into_owned(),
    };
    let mut values = vec![
        cx.span(Role::DiffAdd, value(&field.desired)),
        cx.span(Role::Dim, " in git, "),
        cx.span(Role::DiffRemove, value(&field.live)),
        cx.span(Role::Dim, " live"),
    ];
    let needed: usize = values.iter().map(|span| text::width(&span.content)).sum();
    // The values are what one looks for, and the end of a path tells more than its beginning.
    let room = columns.saturating_sub(FIELD_INDENT + 2 + needed).max(FIELD_PATH);
    let path = cut_front(&text::line(&field.path), room);
    values.insert(0, cx.span(Role::Dim, format!("{:FIELD_INDENT$}{path}  ", "")));
    if let Some(manager) = &field.manager {
        values.push(cx.span(Role::Dim, format!(", by {}", text::line(manager))));
    }
    spread(values, Vec::new(), columns)
}

/// The end of a path, with an ellipsis in place of the names that went.
fn cut_front(path: &str, columns: usize) -> String {
    if text::width(path) <= columns {
        return path.to_owned();
    }
    let tails = path.match_indices('.').map(|(at, _)| &path[at..]);
    let tail = tails.into_iter().find(|tail| text::width(tail) < columns);
    tail.map_or_else(|| text::cut(path, columns).into_owned(), |tail| format!("…{tail}"))
}

fn severity(finding: &Finding) -> Role {
    match finding.severity {
        Severity::Error => Role::Error,
        Severity::Warning => Role::Warn,
        Severity::Note => Role::Dim,
    }
}

/// The findings of one code that are folded, with the words of the first.
fn findings_line(cx: &Cx<'_>, first: &Finding, count: usize, columns: usize) -> Line<'static> {
    let left = vec![
        cx.span(severity(first), format!(" {}  ", first.code)),
        cx.span(Role::Text, format!("{count} findings")),
        cx.span(Role::Dim, format!("  {} …", text::line(&first.message))),
    ];
    spread(left, Vec::new(), columns)
}

fn finding_line(cx: &Cx<'_>, finding: &Finding, columns: usize) -> Line<'static> {
    let role = severity(finding);
    let whole = finding.file.as_path();
    let file = if columns >= WHOLE_PATH { whole } else { finding.file.file_name().map_or(whole, Path::new) };
    let line = finding.line.map(|line| format!(":{line}")).unwrap_or_default();
    let left = vec![
        cx.span(role, format!(" {}  ", finding.code)),
        cx.span(Role::Text, format!("{}{line}", text::line(&file.to_string_lossy()))),
        cx.span(Role::Dim, format!("  {}", text::line(&finding.message))),
    ];
    spread(left, Vec::new(), columns)
}
