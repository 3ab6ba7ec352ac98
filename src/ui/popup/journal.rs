//! The journal: one line a record, newest last, as far as a filter lets them through.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::action::Action;
use crate::config::theme::Role;
use crate::domain::journal::line_passes;
use crate::domain::text;
use crate::state::input::LineInput;
use crate::state::popup::Scroll;
use crate::ui::Cx;
use crate::ui::bars::type_line;
use crate::ui::hit::HitMap;

use super::{draw_lines, frame, split_top};

/// Columns of the popup.
const WIDTH: u16 = 110;

/// Draws the popup.
#[expect(clippy::too_many_arguments, reason = "every one of them is a different kind of thing")]
pub fn draw(
    cx: &Cx<'_>,
    lines: Option<&[String]>,
    scroll: Scroll,
    filter: &str,
    typing: Option<&LineInput>,
    body: Rect,
    buf: &mut Buffer,
    hits: &mut HitMap,
) {
    let words = |words: &'static str| vec![Line::from(cx.span(Role::Dim, words))];
    let shown = match lines {
        None => words("Reading the journal…"),
        Some([]) => words("Nothing was done here yet."),
        Some(lines) => {
            let passing = lines.iter().filter(|line| line_passes(filter, line));
            let shown: Vec<Line<'static>> =
                passing.map(|line| Line::from(cx.span(Role::Text, text::line(line).into_owned()))).collect();
            if shown.is_empty() { words("No record passes the filter.") } else { shown }
        }
    };
    let title = if filter.is_empty() { "Journal".to_owned() } else { format!("Journal · {}", text::line(filter)) };
    let height = u16::try_from(shown.len()).unwrap_or(u16::MAX).saturating_add(4);
    let inner = frame(cx, &title, Role::BorderFocus, (WIDTH, height), body, buf, hits);
    let [rest, last] = split_top(inner, inner.height.saturating_sub(1));
    hits.viewports.popup = (rest.width, rest.height);
    let room = usize::from(rest.height);
    let first = scroll.0.min(shown.len().saturating_sub(room));
    draw_lines(&shown, first, rest, buf);
    if let Some(input) = typing {
        return type_line(cx, "filter ", input, last, buf, hits);
    }
    let place = if shown.len() > room {
        format!("   {}–{} of {}", first + 1, (first + room).min(shown.len()), shown.len())
    } else {
        String::new()
    };
    let line = Line::from(vec![
        cx.span(Role::ChipKey, format!("{} ", cx.state.screen.keymap.key_of(Action::FilterJournal))),
        cx.span(Role::Text, "filter"),
        cx.span(Role::Dim, place),
    ]);
    buf.set_line(last.x, last.y, &line, last.width);
}
