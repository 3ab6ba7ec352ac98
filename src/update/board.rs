//! The board: order, lanes and columns, and the popup that shows all of a task.

use crate::config::layout::PaneKind;
use crate::domain::link::End;
use crate::domain::transcript::Tone;
use crate::effect::{Effect, Effects};
use crate::state::State;
use crate::state::board::detail::{Goal, TaskView};
use crate::state::board::grid::{Grid, is_wide};
use crate::state::popup::{Popup, Scroll};

use super::act::{details, move_by};
use super::cursor::{self, Motion, move_list};
use super::review;

/// Moves the cursor: along the list, or along a column.
pub fn go(state: &mut State, motion: Motion, width: u16, height: usize) {
    if !is_wide(width) {
        return move_list(&mut state.board.list, motion, height);
    }
    let grid = state.board.grid();
    let from = anchored(state, &grid);
    let page = isize::try_from(height.saturating_sub(1)).unwrap_or(isize::MAX).max(1);
    let column = state.board.column;
    let row = match motion {
        Motion::Rows(rows) => grid.down(from, column, rows),
        Motion::Pages(pages) => grid.down(from, column, pages.saturating_mul(page)),
        Motion::Top => grid.down(from, column, isize::MIN),
        Motion::Bottom => grid.down(from, column, isize::MAX),
        Motion::Row(row) => row,
    };
    select(state, &grid, row, height);
}

/// Goes to the next column in a direction.
pub fn aside(state: &mut State, right: bool) {
    let (width, height) = state.viewport(PaneKind::Board);
    if !is_wide(width) {
        state.say(Tone::Info, "the board shows columns where it is 120 wide: z gives it the whole screen");
        return;
    }
    let grid = state.board.grid();
    let from = anchored(state, &grid);
    let row = grid.aside(from, state.board.column, right);
    select(state, &grid, row, usize::from(height));
}

/// The row of the cursor, if it can be seen in columns; else the first that can.
fn anchored(state: &State, grid: &Grid) -> usize {
    let row = state.board.list.selected;
    let place = grid.place(row);
    if place.line.is_some() || place.column.is_some() {
        return row;
    }
    grid.first().unwrap_or(row)
}

fn select(state: &mut State, grid: &Grid, row: usize, height: usize) {
    let board = &mut state.board;
    board.list.select(row, height);
    let place = grid.place(row);
    board.column = place.column.unwrap_or(board.column);
    // One row is taken by the names of the columns.
    board.grid_top = grid.view(board.grid_top, place.line, height.saturating_sub(1)).start;
}

/// Orders the tasks by the next thing.
pub fn sort(state: &mut State) {
    state.board.sort = state.board.sort.next();
    state.board.reversed = false;
    cursor::arrange(state, PaneKind::Board);
    state.say(Tone::Info, format!("tasks of a status by {}", state.board.sort.name()));
}

/// Orders the tasks the other way round.
pub fn reverse(state: &mut State) {
    state.board.reversed = !state.board.reversed;
    cursor::arrange(state, PaneKind::Board);
}

/// Gives each file a lane, or none.
pub fn lanes(state: &mut State) {
    state.board.lanes = !state.board.lanes;
    cursor::arrange(state, PaneKind::Board);
    let said = if state.board.lanes { "a lane for each file" } else { "all files together" };
    state.say(Tone::Info, said);
}

/// Shows all there is to know of the selected task.
pub fn open(state: &mut State) {
    match state.board.current_index() {
        Some(index) => show(state, index),
        None => details(state),
    }
}

fn show(state: &mut State, index: usize) {
    let Some(task) = state.board.tasks.get(index) else { return };
    state.screen.popup =
        Some(Popup::TaskDetail(Box::new(TaskView { task: task.id.clone(), link: None, scroll: Scroll::default() })));
}

/// Scrolls the popup; the view stops at its last line.
pub fn travel(state: &mut State, motion: Motion) {
    let (width, height) = state.screen.popup_size;
    let Some(Popup::TaskDetail(view)) = &state.screen.popup else { return };
    let mut view = view.clone();
    let rows = view.rows(state, usize::from(width)).len();
    move_by(&mut view.scroll, motion, isize::try_from(height).unwrap_or(1));
    view.scroll.0 = view.scroll.0.min(rows.saturating_sub(usize::from(height)));
    state.screen.popup = Some(Popup::TaskDetail(view));
}

/// Goes to the next link in the popup, and has it in view.
pub fn next_link(state: &mut State, forward: bool) {
    let (width, height) = state.screen.popup_size;
    let Some(Popup::TaskDetail(view)) = &state.screen.popup else { return };
    let mut view = view.clone();
    let rows = view.rows(state, usize::from(width));
    let count = rows.iter().filter(|row| row.goal.is_some()).count();
    if count == 0 {
        state.say(Tone::Info, "nothing is linked to it");
        return;
    }
    let next = match (view.link, forward) {
        (None, true) => 0,
        (None, false) => count - 1,
        (Some(at), true) => (at + 1) % count,
        (Some(at), false) => (at + count - 1) % count,
    };
    view.link = Some(next);
    let line = rows.iter().enumerate().filter(|(_, row)| row.goal.is_some()).nth(next).map_or(0, |(line, _)| line);
    let height = usize::from(height).max(1);
    view.scroll.0 = view.scroll.0.min(line).max((line + 1).saturating_sub(height));
    state.screen.popup = Some(Popup::TaskDetail(view));
}

/// Goes where the selected link leads.
pub fn follow(state: &mut State) -> Effects {
    let Some(Popup::TaskDetail(view)) = &state.screen.popup else { return Effects::new() };
    let rows = view.rows(state, usize::from(state.screen.popup_size.0));
    let goal = view.link.and_then(|at| rows.into_iter().filter_map(|row| row.goal).nth(at));
    let Some(goal) = goal else {
        state.say(Tone::Info, "no link is selected: tab goes to the next one");
        return Effects::new();
    };
    match goal {
        Goal::Task(id) => {
            if let Some(index) = state.board.tasks.iter().position(|task| task.id == id) {
                state.board.reveal(&id);
                show(state, index);
            }
            Effects::new()
        }
        Goal::End(end) => go_to(state, end),
        Goal::Source(source) => {
            state.screen.popup = None;
            review::go(state, source)
        }
    }
}

fn go_to(state: &mut State, end: End) -> Effects {
    match end {
        End::Agent(id) => {
            if !state.agents.reveal(&id) {
                state.say(Tone::Info, "the filter of the agents hides it");
                return Effects::new();
            }
            state.screen.popup = None;
            state.screen.focus_on(PaneKind::Agents);
            cursor::go(state, PaneKind::Agents, Motion::Row(state.agents.list.selected))
        }
        End::Commit(id) => {
            let (_, height) = state.viewport(PaneKind::Git);
            state.screen.popup = None;
            state.git.select(&id, usize::from(height));
            state.screen.focus_on(PaneKind::Git);
            Effects::new()
        }
        End::Brief(file) => vec![Effect::Copy { text: file.display().to_string(), what: "brief path".to_owned() }],
        End::Gate(id) => {
            if let Some(gate) = state.gates.iter().find(|gate| gate.id == id) {
                let gate = gate.clone().redacted(&state.session.redactor);
                let (title, lines) = crate::state::describe::gate(state, &gate);
                state.screen.popup = Some(Popup::Detail { title, lines, scroll: Scroll::default() });
            }
            Effects::new()
        }
    }
}
