//! What the screen shows: snapshots of every pane, layout and popup, and what must hold for each frame.

#![expect(clippy::unwrap_used, reason = "what cannot be set up has failed")]

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

use ratatui::buffer::Buffer;
use unicode_width::UnicodeWidthStr;

/// The two sizes that everything is drawn in.
const SIZES: [(u16, u16); 2] = [(80, 24), (200, 60)];

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
