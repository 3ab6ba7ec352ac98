//! Whole screens: the layouts, small terminals, no colour, ASCII alone.

use hnpwb::config::layout::PaneKind;
use hnpwb::config::theme::Theme;
use ratatui::style::Color;

use crate::fixture::{self, draw, focus, keys, tell_all};
use crate::{SIZES, text};

const SAY: fixture::Say = str::to_owned;

#[test]
fn layouts_with_everything_in_them() {
    for (number, layout) in ["operator", "review", "stack"].iter().enumerate() {
        for (width, height) in SIZES {
            let mut state = fixture::state(Theme::default(), SAY);
            tell_all(&mut state, SAY);
            state.screen.layout = number;
            insta::assert_snapshot!(
                format!("layout-{layout}-{width}x{height}"),
                text(&draw(&mut state, width, height))
            );
        }
    }
}

#[test]
fn a_terminal_that_is_too_small_says_so_and_what_waits() {
    let mut state = fixture::state(Theme::default(), SAY);
    tell_all(&mut state, SAY);
    insta::assert_snapshot!("small-20x5", text(&draw(&mut state, 20, 5)));
    state.screen.layout = 2;
    insta::assert_snapshot!("small-40x8", text(&draw(&mut state, 40, 8)));
}

#[test]
fn no_size_makes_drawing_fail() {
    for pane in PaneKind::ALL {
        let mut state = fixture::state(Theme::default(), SAY);
        tell_all(&mut state, SAY);
        focus(&mut state, pane);
        for layout in 0..3 {
            state.screen.layout = layout;
            for (width, height) in [(1, 1), (40, 8), (41, 9), (53, 11), (80, 8), (40, 60), (300, 80)] {
                draw(&mut state, width, height);
            }
        }
    }
}

#[test]
fn without_colour_nothing_is_coloured() {
    let mut state = fixture::state(Theme::no_colour(), SAY);
    tell_all(&mut state, SAY);
    let frame = draw(&mut state, 200, 60);
    insta::assert_snapshot!("no-colour-200x60", text(&frame));
    let coloured = frame.content.iter().find(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset);
    assert!(coloured.is_none(), "{coloured:?}");
}

#[test]
fn in_ascii_mode_every_cell_is_ascii() {
    for pane in PaneKind::ALL {
        let mut state = fixture::state(Theme::default(), SAY);
        tell_all(&mut state, SAY);
        state.screen.ascii = true;
        focus(&mut state, pane);
        for (popup, (width, height)) in
            ["", "?", ":", "@"].into_iter().flat_map(|popup| SIZES.map(|size| (popup, size)))
        {
            keys(&mut state, popup);
            let shown = text(&draw(&mut state, width, height));
            assert!(shown.is_ascii(), "{} {popup}: {shown}", pane.name());
            state.screen.popup = None;
        }
        if pane == PaneKind::Agents {
            insta::assert_snapshot!("ascii-200x60", text(&draw(&mut state, 200, 60)));
        }
    }
}
