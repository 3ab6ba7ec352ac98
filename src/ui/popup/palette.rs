//! The palette: actions and kinds by name.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::action::{Action, spec};
use crate::config::theme::Role;
use crate::domain::cluster::ServedKind;
use crate::domain::text;
use crate::state::input::LineInput;
use crate::state::palette::{Choice, choices};
use crate::ui::Cx;
use crate::ui::bars::type_line;
use crate::ui::hit::HitMap;
use crate::ui::widget::{cell, nothing, select, spread};

use super::{HELP, frame, split_top};

/// Columns of an action's name; and of a kind's plural, which may be longer.
const NAME: usize = 16;
const PLURAL: usize = 26;
/// Rows of the box.
const ROWS: u16 = 20;

/// Draws the palette with what fits what was typed.
pub fn draw(
    cx: &Cx<'_>,
    input: &LineInput,
    selected: usize,
    kinds: bool,
    body: Rect,
    buf: &mut Buffer,
    hits: &mut HitMap,
) {
    let title = if kinds { "Kinds" } else { "Palette" };
    let inner = frame(cx, title, Role::BorderFocus, (HELP, ROWS), body, buf, hits);
    let [field, rest] = split_top(inner, 1);
    type_line(cx, ": ", input, field, buf, hits);
    let found = choices(cx.state, input.text(), kinds);
    if found.is_empty() {
        let words = if kinds {
            "The cluster serves no kind of this name, as far as it was asked."
        } else {
            "No action has these words in its name or its description, and no kind is called like that."
        };
        return nothing(cx, words, rest, buf);
    }
    let selected = selected.min(found.len() - 1);
    let first = (selected + 1).saturating_sub(usize::from(rest.height));
    for (row, (index, choice)) in rest.rows().zip(found.iter().enumerate().skip(first)) {
        let columns = usize::from(row.width);
        let line = match choice {
            Choice::Action(action) => action_line(cx, *action, columns),
            Choice::Kind(context, served) => kind_line(cx, context, served, columns),
        };
        buf.set_line(row.x, row.y, &line, row.width);
        if index == selected {
            select(cx, row, buf);
        }
    }
}

fn action_line(cx: &Cx<'_>, action: Action, columns: usize) -> Line<'static> {
    let Some(row) = spec(action) else { return Line::default() };
    let left = vec![cx.span(Role::Accent, format!(" {} ", cell(row.name, NAME))), cx.span(Role::Dim, row.doc)];
    spread(left, vec![cx.span(Role::ChipKey, format!("{} ", cx.state.screen.keymap.key_of(action)))], columns)
}

fn kind_line(cx: &Cx<'_>, context: &str, served: &ServedKind, columns: usize) -> Line<'static> {
    let kind = &served.kind;
    let group = if kind.group.is_empty() { "core" } else { &kind.group };
    let short = served.short.join(" ");
    let gap = if short.is_empty() { "" } else { "  " };
    let left = vec![
        cx.span(Role::Accent, format!(" {} ", cell(&text::line(&kind.plural), PLURAL))),
        cx.span(Role::Text, text::line(&kind.kind).into_owned()),
        cx.span(Role::Info, format!("{gap}{}", text::line(&short))),
        cx.span(Role::Dim, format!("  {}", text::line(group))),
    ];
    spread(left, vec![cx.span(Role::Dim, format!("{} ", text::line(context)))], columns)
}
