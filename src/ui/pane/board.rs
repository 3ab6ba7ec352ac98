//! The board: tasks under their status, or in columns where there is room for them.

mod columns;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::config::layout::PaneKind;
use crate::config::theme::Role;
use crate::domain::evidence::{Evidence, Grade, Overall};
use crate::domain::sign_off::Standing;
use crate::domain::task::{Task, TaskStatus};
use crate::domain::text;
use crate::domain::time::age;
use crate::event::SourceId;
use crate::state::board::grid::is_wide;
use crate::state::board::{Row, Sort};
use crate::ui::hit::HitMap;
use crate::ui::widget::{cell, faults, fit, list, nothing, pending, spread, widest};
use crate::ui::{Cx, glyph};

/// Columns from which on there is room to say who has a task.
const ROOMY: usize = 60;
/// Columns that an assignee gets at most.
const MOST_ASSIGNEE: usize = 20;

/// What the border says.
pub fn notes(cx: &Cx<'_>) -> Vec<String> {
    let board = &cx.state.board;
    if board.tasks.is_empty() {
        return Vec::new();
    }
    let done = board.tasks.iter().filter(|task| task.status == TaskStatus::Done).count();
    let mut notes = vec![format!("{done} of {} done", board.tasks.len())];
    let stale = board.marks.iter().filter(|mark| mark.stale).count();
    if stale > 0 {
        notes.push(format!("{stale} stale"));
    }
    if board.sort != Sort::File || board.reversed {
        let turned = if board.reversed { ", reversed" } else { "" };
        notes.push(format!("by {}{turned}", board.sort.name()));
    }
    notes
}

/// Draws the board.
pub fn draw(cx: &Cx<'_>, area: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let board = &cx.state.board;
    let wide = is_wide(area.width);
    let area = faults(cx, &board.faults, area, buf);
    match board.files {
        None => return pending(cx, &SourceId::Board, "Looking for task files…", area, buf),
        Some(0) => {
            let words = "No task file was found. Name one in hnpwb.toml under [[board]], or write TASK_TRACKING.md.";
            return nothing(cx, words, area, buf);
        }
        Some(_) if board.tasks.is_empty() => return nothing(cx, "The task files hold no task.", area, buf),
        Some(_) => {}
    }
    if wide {
        return columns::draw(cx, area, buf, hits);
    }
    let assignees = widest(&board.list, area, MOST_ASSIGNEE, |row| match *row {
        Row::Task(index) => holder(cx, index).map_or(0, text::width),
        Row::Status { .. } | Row::Lane { .. } => 0,
    });
    list(cx, PaneKind::Board, &board.list, area, buf, hits, |row, columns| match *row {
        Row::Lane { task, count, folded } => lane_line(cx, task, count, folded, columns),
        Row::Status { status, count, folded } => Line::from(vec![
            cx.span(Role::Dim, if folded { "▸ " } else { "" }),
            cx.span(Role::Task(status), status.name().to_owned()),
            cx.span(Role::Dim, format!(" {count}")),
        ]),
        Row::Task(index) => task(cx, index, assignees, columns),
    });
}

/// Who has a task: the agent that is linked to it, else whom its file names.
fn holder<'a>(cx: &Cx<'a>, index: usize) -> Option<&'a str> {
    let board = &cx.state.board;
    let linked = board.mark(index).and_then(|mark| mark.agents.first());
    linked.or(board.tasks.get(index)?.assignee.as_ref()).map(String::as_str)
}

/// The line of a lane, by its row.
fn lane(cx: &Cx<'_>, row: usize, columns: usize) -> Line<'static> {
    match cx.state.board.list.rows.get(row) {
        Some(Row::Lane { task, count, folded }) => lane_line(cx, *task, *count, *folded, columns),
        Some(Row::Status { .. } | Row::Task(_)) | None => Line::default(),
    }
}

fn lane_line(cx: &Cx<'_>, task: usize, count: usize, folded: bool, columns: usize) -> Line<'static> {
    let Some(task) = cx.state.board.tasks.get(task) else { return Line::default() };
    // The end of a path tells which file it is.
    let mut names: Vec<_> = task.origin.file.iter().rev().take(2).collect();
    names.reverse();
    let file: std::path::PathBuf = names.into_iter().collect();
    let file = cx.state.session.redactor.redact(&file.to_string_lossy()).into_owned();
    Line::from(fit(
        vec![
            cx.span(Role::Dim, if folded { " ▸ " } else { " ▾ " }),
            cx.span(Role::Title, text::line(&file).into_owned()),
            cx.span(Role::Dim, format!(" {count} · {}", task.format)),
        ],
        columns,
    ))
}

/// How the sign of a task looks, and what its evidence says: what is done is green only when more than words stand for it.
fn graded(cx: &Cx<'_>, task: &Task) -> (Role, Option<Span<'static>>) {
    let review = &cx.state.review;
    match review.standing.get(&task.id) {
        Some(Standing::Superseded(..)) => return (Role::Warn, Some(cx.span(Role::Warn, " superseded"))),
        Some(Standing::Signed(_)) => return (Role::Task(task.status), Some(cx.span(Role::Ok, " signed off"))),
        Some(Standing::Open) | None => {}
    }
    if task.status != TaskStatus::Done {
        return (Role::Task(task.status), None);
    }
    let evidence = review.tasks.get(&task.id);
    let overall = evidence.map(Evidence::overall);
    let grade = evidence.map_or(Grade::Claimed, |evidence| evidence.grade);
    match overall {
        Some(Overall::Contradicted) => (Role::Error, Some(cx.span(Role::Error, " contradicted"))),
        _ if grade >= Grade::Observed => {
            (Role::Task(task.status), Some(cx.span(Role::Dim, format!(" {}", grade.name()))))
        }
        _ => (Role::Warn, Some(cx.span(Role::Warn, format!(" {}", grade.name())))),
    }
}

/// The line of a task; without `assignees` columns nobody is named.
fn task(cx: &Cx<'_>, index: usize, assignees: usize, columns: usize) -> Line<'static> {
    let board = &cx.state.board;
    let Some(task) = board.tasks.get(index) else { return Line::default() };
    let title = if task.status == TaskStatus::Done { Role::Dim } else { Role::Text };
    let (sign, said) = graded(cx, task);
    let mut left = vec![
        cx.span(sign, format!(" {} ", glyph::task(task.status))),
        cx.span(title, text::line(&task.title).into_owned()),
    ];
    if task.status == TaskStatus::Other {
        left.push(cx.span(Role::Dim, format!(" {}", text::line(&task.raw_status))));
    }
    let mut right: Vec<Span<'static>> = Vec::new();
    right.extend(said);
    if let Some(mark) = board.mark(index) {
        if let Some(at) = mark.activity.filter(|_| mark.stale) {
            right.push(cx.span(Role::Warn, format!(" stale {}", age(at, cx.state.now))));
        }
        if task.status != TaskStatus::Done && (!mark.waits.is_empty() || !mark.unknown.is_empty()) {
            let first = mark.waits.first().and_then(|other| board.tasks.get(*other)).map(|other| &other.id);
            let more = mark.waits.len() + mark.unknown.len();
            let words = match first.or(mark.unknown.first()) {
                Some(id) if more == 1 && text::width(id) <= 12 => format!(" waits {}", text::line(id)),
                _ => format!(" waits for {more}"),
            };
            right.push(cx.span(if mark.circular { Role::Warn } else { Role::Dim }, words));
        }
    }
    if task.criteria.total > 0 {
        right.push(cx.span(Role::Dim, format!(" {}/{}", task.criteria.done, task.criteria.total)));
    }
    if columns >= ROOMY && assignees > 0 {
        let assignee = text::line(holder(cx, index).unwrap_or_default());
        right.push(cx.span(Role::Info, format!("  {}", cell(&assignee, assignees))));
    }
    spread(left, right, columns)
}
