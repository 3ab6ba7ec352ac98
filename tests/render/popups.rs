//! What stands in front of the panes.

use crossterm::event::KeyCode;
use hnpwb::config::layout::PaneKind;
use hnpwb::config::theme::Theme;
use hnpwb::domain::transcript::Tone;
use hnpwb::event::{Done, Event};
use hnpwb::state::State;

use crate::fixture::{self, draw, focus, keys, press, tell, tell_all};
use crate::{SIZES, text};

const SAY: fixture::Say = str::to_owned;

/// Draws everything there is, with what `open` put in front of it.
fn check(case: &str, open: impl Fn(&mut State)) {
    for ((width, height), layout) in SIZES.into_iter().zip([2, 0]) {
        let mut state = fixture::state(Theme::default(), SAY);
        tell_all(&mut state, SAY);
        state.screen.layout = layout;
        draw(&mut state, width, height);
        open(&mut state);
        insta::assert_snapshot!(format!("popup-{case}-{width}x{height}"), text(&draw(&mut state, width, height)));
    }
}

#[test]
fn help() {
    check("help", |state| keys(state, "?"));
}

#[test]
fn palette() {
    check("palette", |state| keys(state, ":"));
    check("palette-typed", |state| keys(state, ":go to"));
    check("palette-nothing", |state| keys(state, ":xyzzy"));
}

#[test]
fn decisions() {
    check("reason-empty", |state| keys(state, "nx"));
    check("reason", |state| keys(state, "nxnot before the review"));
    check("approve", |state| keys(state, "na"));
    check("approve-long", |state| keys(state, "nna"));
    check("reject", |state| {
        keys(state, "nxnot before the review");
        press(state, KeyCode::Enter);
    });
    check("quit", |state| keys(state, "q"));
}

#[test]
fn journal() {
    check("journal-loading", |state| keys(state, "@"));
    check("journal-empty", |state| {
        keys(state, "@");
        tell(state, Event::Done(Done::Journal(Ok(Vec::new()))));
    });
    check("journal", |state| {
        keys(state, "@");
        let lines =
            (1..=40).map(|n| format!("2026-03-02 13:{n:02}  approved   git push origin branch-{n}  (by rule push)"));
        tell(state, Event::Done(Done::Journal(Ok(lines.collect()))));
    });
}

#[test]
fn details() {
    let places = [
        (PaneKind::Board, "j"),
        (PaneKind::Git, "jj"),
        (PaneKind::Cluster, "jj"),
        (PaneKind::Drift, "j"),
        (PaneKind::Attention, "g"),
    ];
    for (pane, way) in places {
        check(&format!("detail-{}", pane.name()), |state| {
            focus(state, pane);
            keys(state, way);
            press(state, KeyCode::Enter);
        });
    }
}

#[test]
fn the_bottom_line() {
    check("message", |state| state.say(Tone::Error, "writing .hnpwb/briefs/T-1.md: no space left on device"));
    check("filter", |state| keys(state, "2/orch"));
}
