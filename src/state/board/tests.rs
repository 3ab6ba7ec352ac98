//! Rows, lanes, folds, order, filter and columns of a board.

use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::grid::{Grid, Line};
use super::marks::Surroundings;
use super::{Anchor, Board, Row, Sort};
use crate::domain::agent::{Agent, AgentId};
use crate::domain::link::{Facts, Links};
use crate::domain::task::{TaskStatus, parse, shared};
use crate::domain::transcript::format::FORMATS;

const ONE: &str = "- 🔄 **T-1** Retry *(sync)*\n- 🔄 **T-10** Fields, waits for T-2\n- ✅ **T-3** Old\n";
const TWO: &str = "- 🔲 **T-2** Peering\n- 🔄 **T-20** Alone\n";

fn agent(name: &str, seconds: i64) -> Agent {
    let at = Timestamp::from_second(seconds).unwrap();
    let id = AgentId(name.to_owned());
    Agent { name: name.to_owned(), last_activity: Some(at), ..Agent::bare(id, FORMATS[0], "x.jsonl".into()) }
}

/// A board of two files, looked at when an agent that has T-1 was last active `idle` before.
fn board(idle: SignedDuration) -> Board {
    let read = |file: &str, text: &str| shared(parse(Path::new(file), text).tasks);
    let tasks = [read("a/ONE.md", ONE), read("TWO.md", TWO)].concat();
    let agents = [agent("sync", 0)];
    let links = Links::of(&Facts { tasks: &tasks, agents: &agents, ..Facts::default() });
    let mut board = Board { tasks, files: Some(2), ..Board::default() };
    board.mark_all(Surroundings {
        links: &links,
        agents: &agents,
        repos: &[],
        now: Timestamp::UNIX_EPOCH + idle,
        stale_after: Duration::from_secs(7_200),
    });
    board.arrange(None);
    board
}

fn shown(board: &Board) -> Vec<String> {
    board
        .list
        .rows
        .iter()
        .map(|row| match row {
            Row::Lane { task, count, folded } => {
                format!("{} {count}{}", board.tasks[*task].origin.file.display(), if *folded { "+" } else { "" })
            }
            Row::Status { status, count, folded } => {
                format!("{} {count}{}", status.name(), if *folded { "+" } else { "" })
            }
            Row::Task(index) => board.tasks[*index].id.clone(),
        })
        .collect()
}

fn filtered(board: &mut Board, filter: &str) -> Vec<String> {
    board.list.filter = filter.to_owned();
    board.arrange(None);
    board
        .list
        .rows
        .iter()
        .filter_map(|row| match row {
            Row::Task(index) => Some(board.tasks[*index].id.clone()),
            Row::Lane { .. } | Row::Status { .. } => None,
        })
        .collect()
}

#[test]
fn tasks_stand_under_their_status_and_the_cursor_begins_on_one() {
    let board = board(SignedDuration::ZERO);
    assert_eq!(shown(&board), ["in-progress 3", "T-1", "T-10", "T-20", "todo 1", "T-2", "done 1", "T-3"]);
    assert_eq!(board.current().map(|task| task.id.as_str()), Some("T-1"));
}

#[test]
fn each_file_has_a_lane_and_the_cursor_stays_on_its_task() {
    let mut board = board(SignedDuration::ZERO);
    board.reveal("T-2");
    board.lanes = true;
    board.arrange(board.anchor().as_ref());
    assert_eq!(
        shown(&board),
        [
            "a/ONE.md 3",
            "in-progress 2",
            "T-1",
            "T-10",
            "done 1",
            "T-3",
            "TWO.md 2",
            "in-progress 1",
            "T-20",
            "todo 1",
            "T-2"
        ]
    );
    assert_eq!(board.current().map(|task| task.id.as_str()), Some("T-2"));
}

#[test]
fn folding_a_task_folds_its_status_and_once_more_unfolds_it() {
    let mut board = board(SignedDuration::ZERO);
    board.fold();
    assert_eq!(shown(&board), ["in-progress 3+", "todo 1", "T-2", "done 1", "T-3"]);
    assert_eq!(board.anchor(), Some(Anchor::Status(None, TaskStatus::InProgress)));
    board.fold();
    assert_eq!(shown(&board).len(), 8);
    board.lanes = true;
    board.fold_all();
    assert_eq!(shown(&board), ["a/ONE.md 3+", "TWO.md 2+"]);
    board.list.selected = 1;
    board.fold();
    assert_eq!(shown(&board), ["a/ONE.md 3+", "TWO.md 2", "in-progress 1", "T-20", "todo 1", "T-2"]);
    assert!(board.reveal("T-3"), "a fold is no hiding place");
    assert_eq!(board.current().map(|task| task.id.as_str()), Some("T-3"));
    assert!(!board.reveal("T-99"));
}

#[test]
fn tasks_of_a_status_are_ordered_by_what_is_asked_for() {
    let mut board = board(SignedDuration::ZERO);
    let order = |board: &mut Board, sort, reversed| {
        (board.sort, board.reversed) = (sort, reversed);
        board.arrange(None);
        shown(board)[1..4].join(" ")
    };
    assert_eq!(order(&mut board, Sort::Title, false), "T-1 T-10 T-20");
    assert_eq!(order(&mut board, Sort::Id, true), "T-20 T-10 T-1");
    assert_eq!(order(&mut board, Sort::Agent, false), "T-1 T-10 T-20");
    assert_eq!(order(&mut board, Sort::Activity, false), "T-1 T-10 T-20");
    assert_eq!(order(&mut board, Sort::Activity, true), "T-20 T-10 T-1");
    assert_eq!((0..6).fold(Sort::File, |sort, _| sort.next()), Sort::File);
}

#[test]
fn numbers_in_ids_are_ordered_by_their_value() {
    let mut ids = ["T-10", "T-2", "T-2.10", "T-2.9", "A-3"];
    ids.sort_by_key(|id| super::natural(id));
    assert_eq!(ids, ["A-3", "T-2", "T-2.9", "T-2.10", "T-10"]);
}

#[test]
fn a_filter_asks_fields() {
    let mut board = board(SignedDuration::from_hours(3));
    for (filter, ids) in [
        ("status:in", &["T-1", "T-10", "T-20"][..]),
        ("status:todo", &["T-2"]),
        ("file:one -status:done", &["T-1", "T-10"]),
        ("agent:sync", &["T-1"]),
        ("to:sync", &["T-1"]),
        ("id:t-1", &["T-1"]),
        ("id:t", &["T-1", "T-10", "T-20", "T-2", "T-3"]),
        ("waiting", &["T-10"]),
        ("blocking", &["T-2"]),
        ("waits:t-2", &["T-10"]),
        ("stale", &["T-1"]),
        ("unlinked todo", &["T-2"]),
        ("retry", &["T-1"]),
        ("section:x", &[]),
        ("commit:abc", &[]),
    ] {
        assert_eq!(filtered(&mut board, filter), ids, "{filter}");
    }
}

#[test]
fn a_task_in_progress_is_stale_when_nothing_was_heard_of_it_for_too_long() {
    let stale = |board: &Board| board.marks.iter().map(|mark| mark.stale).collect::<Vec<_>>();
    assert_eq!(stale(&board(SignedDuration::from_secs(7_199))), [false; 5]);
    assert_eq!(stale(&board(SignedDuration::from_secs(7_200))), [true, false, false, false, false]);
}

/// Ids in the cells of a grid, line by line.
fn cells(board: &Board, grid: &Grid) -> Vec<String> {
    let id = |row: &usize| match board.list.rows[*row] {
        Row::Task(index) => board.tasks[index].id.clone(),
        Row::Lane { .. } | Row::Status { .. } => "?".to_owned(),
    };
    grid.lines
        .iter()
        .map(|line| match line {
            Line::Lane(row) => format!("= {}", shown(board)[*row]),
            Line::Cells(cells) => {
                cells.iter().map(|cell| cell.as_ref().map_or_else(|| "-".to_owned(), id)).collect::<Vec<_>>().join(" ")
            }
        })
        .collect()
}

#[test]
fn columns_stand_side_by_side_in_the_order_of_the_work() {
    let mut board = board(SignedDuration::ZERO);
    let grid = board.grid();
    let columns: Vec<(&str, usize)> = grid.columns.iter().map(|column| (column.status.name(), column.count)).collect();
    assert_eq!(columns, [("todo", 1), ("in-progress", 3), ("done", 1)]);
    assert_eq!(cells(&board, &grid), ["T-2 T-1 T-3", "- T-10 -", "- T-20 -"]);
    board.lanes = true;
    board.arrange(None);
    let grid = board.grid();
    assert_eq!(cells(&board, &grid), ["= a/ONE.md 3", "- T-1 T-3", "- T-10 -", "= TWO.md 2", "T-2 T-20 -"]);
    assert_eq!(grid.columns.iter().map(|column| column.count).sum::<usize>(), 5);
}

#[test]
fn the_cursor_walks_along_columns_and_across_them() {
    let mut board = board(SignedDuration::ZERO);
    let grid = board.grid();
    let row = |board: &Board, id: &str| {
        board.list.rows.iter().position(|row| matches!(row, Row::Task(index) if board.tasks[*index].id == id)).unwrap()
    };
    let (t1, t10, t2, t20, t3) =
        (row(&board, "T-1"), row(&board, "T-10"), row(&board, "T-2"), row(&board, "T-20"), row(&board, "T-3"));
    assert_eq!(grid.down(t1, 0, 1), t10);
    assert_eq!(grid.down(t1, 0, isize::MAX), t20);
    assert_eq!(grid.down(t20, 0, isize::MIN), t1);
    assert_eq!(grid.down(t2, 0, 5), t2, "nothing stands below it");
    assert_eq!(grid.aside(t20, 0, true), t3, "the nearest one");
    assert_eq!(grid.aside(t3, 0, true), t3);
    assert_eq!(grid.aside(t10, 0, false), t2);
    board.folded.insert(TaskStatus::InProgress);
    board.arrange(None);
    let grid = board.grid();
    let (t2, t3) = (row(&board, "T-2"), row(&board, "T-3"));
    let folded = grid.aside(t2, 0, true);
    assert!(matches!(board.list.rows[folded], Row::Status { status: TaskStatus::InProgress, folded: true, .. }));
    assert_eq!(grid.aside(folded, 0, true), t3);
}
