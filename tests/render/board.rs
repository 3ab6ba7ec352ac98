//! The board in columns and lanes, a task with all that is linked to it, and the checks.

use crossterm::event::KeyCode;
use hnpwb::config::layout::PaneKind;
use hnpwb::config::session::CheckSpec;
use hnpwb::config::theme::Theme;
use hnpwb::domain::check::{CheckEnd, CheckRun};
use hnpwb::domain::link::BriefNote;
use hnpwb::event::{CheckChange, CheckNews, Done, Event, PastNews};
use hnpwb::state::State;
use jiff::SignedDuration;

use crate::fixture::{self, ago, draw, focus, keys, press, tell, tell_all};
use crate::{SIZES, text};

const SAY: fixture::Say = str::to_owned;

/// Draws the board alone, after what `prepare` did to it.
fn check(case: &str, prepare: impl Fn(&mut State)) {
    for (width, height) in SIZES {
        let mut state = fixture::state(Theme::default(), SAY);
        tell_all(&mut state, SAY);
        focus(&mut state, PaneKind::Board);
        state.screen.zoomed = true;
        draw(&mut state, width, height);
        prepare(&mut state);
        insta::assert_snapshot!(format!("board-{case}-{width}x{height}"), text(&draw(&mut state, width, height)));
    }
}

fn check_run(name: &str, end: CheckEnd, minutes: i64) -> CheckRun {
    CheckRun {
        name: name.to_owned(),
        run: format!("make {name}"),
        end,
        at: ago(minutes),
        took: SignedDuration::from_secs(42),
        head: Some("0000000000000000000000000000000000000000".to_owned()),
        dirty: true,
        digest: "d".to_owned(),
        file: "evidence/check.txt".to_owned(),
    }
}

#[test]
fn columns() {
    check("columns", |_| {});
    check("lanes", |state| keys(state, "w"));
    check("folded", |state| keys(state, " "));
    check("sorted", |state| keys(state, "oooooO"));
    check("filtered", |state| keys(state, "/status:in"));
}

#[test]
fn a_task_with_what_is_linked_to_it() {
    check("task", |state| {
        let brief = BriefNote {
            file: "/repo/.hnpwb/briefs/0003-validate-vlan-ranges.md".into(),
            task: Some("T-1".to_owned()),
            agent: Some("orchestrator".to_owned()),
        };
        tell(state, Event::Past(Box::new(PastNews { briefs: vec![brief], ..PastNews::default() })));
        press(state, KeyCode::Enter);
        press(state, KeyCode::Tab);
    });
}

#[test]
fn checks() {
    let spec = |name: &str| CheckSpec { name: name.to_owned(), run: format!("make {name}") };
    check("checks", |state| {
        state.checks.specs = ["tests", "lint", "types", "docs"].map(spec).to_vec();
        let checks = vec![check_run("tests", CheckEnd::Exit(0), 90), check_run("lint", CheckEnd::Exit(2), 5)];
        tell(state, Event::Past(Box::new(PastNews { checks, ..PastNews::default() })));
        keys(state, "cjj");
        press(state, KeyCode::Enter);
        let change = CheckChange::Running { line: "checked 12 of 300 files".to_owned(), bytes: 900 };
        tell(state, Event::Check(CheckNews { name: "types".to_owned(), change }));
    });
}

#[test]
fn the_journal_with_a_filter() {
    check("journal", |state| {
        keys(state, "@");
        let lines =
            (0..40).map(|number| format!("2026-03-02 13:{number:02}:00Z gate      gate: {number}  decision: approved"));
        let other = "2026-03-02 13:59:00Z brief     file: briefs/0001-a.md  task: T-1".to_owned();
        tell(state, Event::Done(Done::Journal(Ok(lines.chain([other]).collect()))));
        keys(state, "/kind:gate 3");
    });
}
