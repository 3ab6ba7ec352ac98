//! What colour must say, and what it must not.

use hnpwb::config::layout::PaneKind;
use hnpwb::config::theme::{Role, Theme};
use hnpwb::domain::agent::AgentState;
use hnpwb::domain::drift::DriftState;
use hnpwb::domain::health::HealthState;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::Style;

use crate::fixture::{self, draw, focus, keys, tell_all};
use crate::row;

const SAY: fixture::Say = str::to_owned;

/// A pane alone, with everything in it, the cursor on the last row.
fn pane(pane: PaneKind) -> Buffer {
    let mut state = fixture::state(Theme::default(), SAY);
    tell_all(&mut state, SAY);
    focus(&mut state, pane);
    keys(&mut state, "zG");
    draw(&mut state, 120, 40)
}

/// The first cell of `word` in the first row that has `marker` in it.
fn cell<'a>(frame: &'a Buffer, marker: &str, word: &str) -> &'a Cell {
    let y = (0..frame.area.height).find(|y| row(frame, *y).contains(marker)).unwrap_or_else(|| panic!("no {marker}"));
    let x = (0..frame.area.width)
        .find(|x| word.chars().zip(*x..).all(|(c, x)| x < frame.area.width && frame[(x, y)].symbol() == c.to_string()));
    &frame[(x.unwrap_or_else(|| panic!("no {word} beside {marker}")), y)]
}

#[track_caller]
fn assert_role(cell: &Cell, role: Role) {
    let style: Style = Theme::default().style(role);
    assert_eq!((Some(cell.fg), cell.modifier), (style.fg, style.add_modifier), "{role:?}");
}

#[test]
fn agents_that_need_the_operator_stand_out() {
    let frame = pane(PaneKind::Agents);
    assert_role(cell(&frame, "orchestrator", "waiting"), Role::State(AgentState::Waiting));
    assert_role(cell(&frame, "specialist-ui", "crashed"), Role::State(AgentState::Crashed));
    assert_role(cell(&frame, "reviewer", "idle"), Role::State(AgentState::Idle));
    assert_role(cell(&frame, "specialist-vpc", "78%"), Role::Warn);
    assert_role(cell(&frame, "specialist-ui", "96%"), Role::Error);
}

#[test]
fn drift_is_not_drawn_like_what_is_in_order() {
    let frame = pane(PaneKind::Drift);
    assert_role(cell(&frame, "2 fields differ", "drifted"), Role::Drift(DriftState::Drifted));
    assert_role(cell(&frame, "not live after", "overdue"), Role::Drift(DriftState::Overdue));
    assert_role(cell(&frame, "2 objects", "synced"), Role::Drift(DriftState::Synced));
}

#[test]
fn no_signal_is_not_green() {
    let frame = pane(PaneKind::Cluster);
    let silent = cell(&frame, "spine-01--fabric", "no-signal");
    assert_role(silent, Role::Health(HealthState::NoSignal));
    let theme = Theme::default();
    for good in [Role::Ok, Role::Health(HealthState::Healthy)] {
        assert_ne!(Some(silent.fg), theme.style(good).fg);
    }
    assert_role(cell(&frame, " leaf-01", "healthy"), Role::Health(HealthState::Healthy));
}

#[test]
fn what_a_lost_cluster_said_last_is_dim_whatever_it_said() {
    let frame = pane(PaneKind::Cluster);
    assert_role(cell(&frame, "vpc-old-green", "healthy"), Role::Dim);
    assert_role(cell(&frame, "vpc-old-green", "vpc-old-green"), Role::Dim);
    assert_role(cell(&frame, "lab-fabric-2  unreachable", "unreachable"), Role::Error);
}

#[test]
fn a_gate_is_the_loudest_thing_on_screen() {
    let mut state = fixture::state(Theme::default(), SAY);
    tell_all(&mut state, SAY);
    let frame = draw(&mut state, 200, 60);
    let gate = Theme::default().style(Role::Gate);
    let held = cell(&frame, "2 gates held", "2 gates held");
    assert_eq!((Some(held.fg), Some(held.bg)), (gate.fg, gate.bg));
}

#[test]
fn a_selected_gate_stays_readable() {
    let mut state = fixture::state(Theme::default(), SAY);
    tell_all(&mut state, SAY);
    keys(&mut state, "n");
    let frame = draw(&mut state, 200, 60);
    let (gate, selection) = (Theme::default().style(Role::Gate), Theme::default().style(Role::Selection));
    let chip = cell(&frame, "git push origin", "gate");
    assert_eq!((Some(chip.fg), Some(chip.bg)), (gate.fg, gate.bg));
    assert_eq!(Some(cell(&frame, "git push origin", "git push").bg), selection.bg);
}

#[test]
fn done_without_proof_is_not_green() {
    let frame = pane(PaneKind::Board);
    let theme = Theme::default();
    for word in ["done", "■"] {
        let marker = if word == "done" { "│ done 2" } else { "Import twelve" };
        assert_ne!(Some(cell(&frame, marker, word).fg), theme.style(Role::Ok).fg);
    }
}

#[test]
fn what_was_searched_for_is_marked_in_the_transcript_until_esc() {
    let mut state = fixture::state(Theme::default(), SAY);
    tell_all(&mut state, SAY);
    focus(&mut state, PaneKind::Transcript);
    keys(&mut state, "z");
    let marked = |state: &mut hnpwb::state::State| {
        let frame = draw(state, 120, 40);
        let cell = cell(&frame, "VLAN 0 is accepted", "VLAN").clone();
        (Some(cell.fg), Some(cell.bg))
    };
    let before = marked(&mut state);
    keys(&mut state, "Svlan");
    crate::fixture::press(&mut state, crossterm::event::KeyCode::Esc);
    let style = Theme::default().style(Role::Match);
    assert_eq!(marked(&mut state), (style.fg, style.bg));
    crate::fixture::press(&mut state, crossterm::event::KeyCode::Esc);
    assert_eq!(marked(&mut state), before);
}
