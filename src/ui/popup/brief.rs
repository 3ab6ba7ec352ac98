//! The lists in front of the composer: what a brief can begin from, what the library has, whom it can be for.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::config::theme::Role;
use crate::domain::brief::tokens;
use crate::domain::library::Item;
use crate::domain::text;
use crate::domain::time::age;
use crate::state::composer::{AgentPick, Beginning, BriefMenu, LibraryPick};
use crate::ui::Cx;
use crate::ui::bars::type_line;
use crate::ui::hit::HitMap;
use crate::ui::widget::{cell, fit, nothing, select, spread};

use super::{frame, split_top};

/// Columns of the menu and of the library.
const MENU: u16 = 90;
const LIBRARY: u16 = 140;
/// Columns of the names in front.
const NAME: usize = 14;
const SHELF: usize = 12;
/// Rows that a list has at most.
const ROWS: usize = 24;

/// What a brief can begin from.
pub fn draw_menu(cx: &Cx<'_>, menu: &BriefMenu, body: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let title = format!("Brief · {}", menu.subject.what);
    let rows: Vec<&Beginning> = menu.rows.iter().collect();
    let hint = "enter opens the composer; nothing is written or copied before you say so";
    draw_list(cx, &title, &rows, menu.selected, hint, body, buf, hits, |row, columns| match row {
        Beginning::Kept(kept, at) => {
            let left = vec![
                cx.span(Role::Warn, format!(" {} ", cell("draft", NAME))),
                cx.span(Role::Text, text::line(&kept.draft.title()).into_owned()),
                cx.span(Role::Dim, format!("  {}", text::line(&kept.draft.template))),
            ];
            spread(left, vec![cx.span(Role::Dim, format!("{} ", age(*at, cx.state.now)))], columns)
        }
        Beginning::Template(template) => {
            let left = vec![
                cx.span(Role::Accent, format!(" {} ", cell(&text::line(&template.name), NAME))),
                cx.span(Role::Dim, text::line(&template.about).into_owned()),
            ];
            let target = template.target.map(|target| format!("{} ", tokens::shown(target))).unwrap_or_default();
            spread(left, vec![cx.span(Role::Dim, target)], columns)
        }
    });
}

/// Whom a brief can be for.
pub fn draw_agents(cx: &Cx<'_>, pick: &AgentPick, body: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let rows: Vec<&(Option<_>, String)> = pick.rows.iter().collect();
    let hint = "enter chooses; its window is what the budget is held against";
    draw_list(cx, "The brief is for", &rows, pick.selected, hint, body, buf, hits, |(id, name), columns| {
        let agent = id.as_ref().and_then(|id| cx.state.agents.find(id));
        let left = vec![cx.span(if id.is_some() { Role::Text } else { Role::Dim }, format!(" {}", text::line(name)))];
        let right = agent.map(|agent| {
            let left = crate::domain::brief::subject::left(agent);
            let room = left.map_or_else(
                || "window unknown ".to_owned(),
                |left| format!("{} left ", tokens::shown(usize::try_from(left).unwrap_or(usize::MAX))),
            );
            let state = agent.verdict.state;
            vec![cx.span(Role::State(state), format!("{}  ", state.name())), cx.span(Role::Dim, room)]
        });
        spread(left, right.unwrap_or_default(), columns)
    });
}

/// What the library has.
pub fn draw_library(cx: &Cx<'_>, pick: &LibraryPick, body: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let items = &cx.state.library.items;
    let title = format!("Library · {} of {}", pick.found.len(), items.len());
    let inner = frame(cx, &title, Role::BorderFocus, (LIBRARY, body.height), body, buf, hits);
    let [field, rest] = split_top(inner, 1);
    type_line(cx, "/ ", &pick.input, field, buf, hits);
    let [list, last] = split_top(rest, rest.height.saturating_sub(2));
    if pick.found.is_empty() {
        let words = if items.is_empty() { "Reading the library…" } else { "Nothing in the library fits." };
        return nothing(cx, words, list, buf);
    }
    let first = (pick.selected + 1).saturating_sub(usize::from(list.height));
    for (row, (at, index)) in list.rows().zip(pick.found.iter().enumerate().skip(first)) {
        let Some(item) = items.get(*index) else { break };
        buf.set_line(row.x, row.y, &item_line(cx, item, usize::from(row.width)), row.width);
        if at == pick.selected {
            select(cx, row, buf);
        }
    }
    let chosen = pick.found.get(pick.selected).and_then(|at| items.get(*at));
    let when = chosen.and_then(|item| item.when.as_deref()).map(|when| format!("when to load: {}", text::line(when)));
    let hint = "enter takes it in as a file to read · alt-enter quotes it";
    for (row, words) in last.rows().zip([when.unwrap_or_default(), hint.to_owned()]) {
        let line = Line::from(fit(vec![cx.span(Role::Dim, words)], usize::from(row.width)));
        buf.set_line(row.x, row.y, &line, row.width);
    }
}

fn item_line(cx: &Cx<'_>, item: &Item, columns: usize) -> Line<'static> {
    let changed = match (&item.commit, item.modified) {
        (Some(commit), _) => format!("{} {}", text::line(&commit.id), age(commit.at, cx.state.now)),
        (None, Some(at)) => age(at, cx.state.now),
        (None, None) => String::new(),
    };
    let left = vec![
        cx.span(Role::Accent, format!(" {} ", cell(item.shelf.name(), SHELF))),
        cx.span(Role::Text, text::line(&item.path).into_owned()),
        cx.span(Role::Dim, format!("  {}", text::line(&item.title))),
    ];
    let right = vec![
        cx.span(Role::Dim, format!("{changed}  ")),
        cx.span(Role::Text, format!("{:>6} ", tokens::shown(item.tokens()))),
    ];
    spread(left, right, columns)
}

/// A list in a box, with a line of words below it.
#[expect(clippy::too_many_arguments, reason = "what every popup draws with, and what a list is")]
fn draw_list<R>(
    cx: &Cx<'_>,
    title: &str,
    rows: &[&R],
    selected: usize,
    hint: &str,
    body: Rect,
    buf: &mut Buffer,
    hits: &mut HitMap,
    line: impl Fn(&R, usize) -> Line<'static>,
) {
    let height = u16::try_from(rows.len().min(ROWS)).unwrap_or(u16::MAX).saturating_add(4);
    let inner = frame(cx, &text::line(title), Role::BorderFocus, (MENU, height), body, buf, hits);
    let [list, last] = split_top(inner, inner.height.saturating_sub(2));
    let first = (selected + 1).saturating_sub(usize::from(list.height));
    for (place, (at, row)) in list.rows().zip(rows.iter().enumerate().skip(first)) {
        buf.set_line(place.x, place.y, &line(row, usize::from(place.width)), place.width);
        if at == selected {
            select(cx, place, buf);
        }
    }
    if let Some(row) = last.rows().next_back() {
        let words = Line::from(fit(vec![cx.span(Role::Dim, hint.to_owned())], usize::from(row.width)));
        buf.set_line(row.x, row.y, &words, row.width);
    }
}
