//! The board: tasks under their status.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::config::layout::PaneKind;
use crate::config::theme::Role;
use crate::domain::task::{Task, TaskStatus};
use crate::domain::text;
use crate::event::SourceId;
use crate::state::board::Row;
use crate::ui::hit::HitMap;
use crate::ui::widget::{cell, faults, list, nothing, pending, spread, widest};
use crate::ui::{Cx, glyph};

/// Columns from which on there is room to say who has a task.
const ROOMY: usize = 60;
/// Columns that an assignee gets at most.
const MOST_ASSIGNEE: usize = 20;

/// What the border says.
pub fn notes(cx: &Cx<'_>) -> Vec<String> {
    let tasks = &cx.state.board.tasks;
    let done = tasks.iter().filter(|task| task.status == TaskStatus::Done).count();
    if tasks.is_empty() { Vec::new() } else { vec![format!("{done} of {} done", tasks.len())] }
}

/// Draws the board.
pub fn draw(cx: &Cx<'_>, area: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let board = &cx.state.board;
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
    let assignees = widest(&board.list, area, MOST_ASSIGNEE, |row| match *row {
        Row::Task(index) => {
            board.tasks.get(index).and_then(|task| task.assignee.as_ref()).map_or(0, |name| text::width(name))
        }
        Row::Status(..) => 0,
    });
    list(cx, PaneKind::Board, &board.list, area, buf, hits, |row, columns| match *row {
        Row::Status(status, count) => Line::from(vec![
            cx.span(Role::Task(status), status.name().to_owned()),
            cx.span(Role::Dim, format!(" {count}")),
        ]),
        Row::Task(index) => {
            board.tasks.get(index).map_or_else(Line::default, |task| line(cx, task, assignees, columns))
        }
    });
}

fn line(cx: &Cx<'_>, task: &Task, assignees: usize, columns: usize) -> Line<'static> {
    let title = if task.status == TaskStatus::Done { Role::Dim } else { Role::Text };
    let mut left = vec![
        cx.span(Role::Task(task.status), format!(" {} ", glyph::task(task.status))),
        cx.span(title, text::line(&task.title).into_owned()),
    ];
    if task.status == TaskStatus::Other {
        left.push(cx.span(Role::Dim, format!(" {}", text::line(&task.raw_status))));
    }
    let mut right = Vec::new();
    if task.criteria.total > 0 {
        right.push(cx.span(Role::Dim, format!("{}/{}", task.criteria.done, task.criteria.total)));
    }
    if columns >= ROOMY && assignees > 0 {
        let assignee = text::line(task.assignee.as_deref().unwrap_or_default());
        right.push(cx.span(Role::Info, format!("  {}", cell(&assignee, assignees))));
    }
    spread(left, right, columns)
}
