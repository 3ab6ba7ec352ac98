//! What the screen shows: snapshots of every pane, layout and popup, and what must hold for each frame.

#![expect(clippy::unwrap_used, reason = "what cannot be set up has failed")]

/// Snapshots in both sizes of everything there is, with what `open` put in front of it. It is no function because a snapshot is
/// called after the file that asks for it.
macro_rules! check {
    ($case:expr, $open:expr) => {
        for (size, shown) in crate::in_both_sizes($open) {
            insta::assert_snapshot!(format!("{}-{size}", $case), shown);
        }
    };
}

mod board;
mod briefs;
mod composer;
mod detail;
mod escapes;
mod evidence;
mod fixture;
mod hostile;
mod kinds;
mod panes;
mod popups;
mod screens;
mod secrets;
mod styles;
mod turns;

use hnpwb::config::theme::Theme;
use hnpwb::state::State;
use ratatui::buffer::Buffer;
use unicode_width::UnicodeWidthStr;

/// The two sizes that everything is drawn in.
const SIZES: [(u16, u16); 2] = [(80, 24), (200, 60)];

/// Everything there is, with what `open` put in front of it: both sizes by name, each with its frame.
fn in_both_sizes(open: impl Fn(&mut State)) -> Vec<(String, String)> {
    let drawn = SIZES.into_iter().zip([2, 0]).map(|((width, height), layout)| {
        let mut state = fixture::state(Theme::default(), str::to_owned);
        fixture::tell_all(&mut state, str::to_owned);
        state.screen.layout = layout;
        fixture::draw(&mut state, width, height);
        open(&mut state);
        (format!("{width}x{height}"), text(&fixture::draw(&mut state, width, height)))
    });
    drawn.collect()
}

/// A frame as text: one line a row, wide characters once.
fn text(buffer: &Buffer) -> String {
    (0..buffer.area.height).map(|y| row(buffer, y)).collect::<Vec<_>>().join("\n")
}

/// One row of a frame, without the blanks at its end.
fn row(buffer: &Buffer, y: u16) -> String {
    let mut out = String::new();
    let mut x = 0;
    while x < buffer.area.width {
        let symbol = buffer[(x, y)].symbol();
        out.push_str(symbol);
        x += u16::try_from(symbol.width()).unwrap().max(1);
    }
    out.trim_end().to_owned()
}
