//! A prompt that is about to be sent: the pane, the agent, what stands in the way, and the text itself.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::action::Action;
use crate::config::theme::Role;
use crate::domain::text;
use crate::state::briefs::SendingView;
use crate::ui::Cx;
use crate::ui::hit::HitMap;

use super::{DETAIL, LABEL, detail, draw_lines, frame, room, split_top};

/// Draws the popup.
pub fn draw(cx: &Cx<'_>, view: &SendingView, body: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let columns = room(body, DETAIL);
    let lines = lines(cx, view, columns);
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(4);
    let title = view.brief.as_ref().map_or_else(|| "Send a text".to_owned(), |brief| format!("Send {}", brief.name()));
    let inner = frame(cx, &text::line(&title), Role::BorderFocus, (DETAIL, height), body, buf, hits);
    let [rest, last] = split_top(inner, inner.height.saturating_sub(1));
    let first = view.scroll.0.min(lines.len().saturating_sub(usize::from(rest.height)));
    draw_lines(&lines, first, rest, buf);
    let key = |action| cx.state.screen.keymap.key_of(action);
    let mut keys = vec![
        cx.span(Role::ChipKey, format!("{} ", key(Action::SendPrompt))),
        cx.span(Role::Text, "send   "),
        cx.span(Role::ChipKey, format!("{} ", key(Action::NextReceiver))),
        cx.span(Role::Text, "another agent   "),
        cx.span(Role::ChipKey, format!("{} ", key(Action::LookAgain))),
        cx.span(Role::Text, "look again   "),
        cx.span(Role::ChipKey, format!("{} ", key(Action::Back))),
        cx.span(Role::Text, "no"),
    ];
    if lines.len() > usize::from(rest.height) {
        keys.push(cx.span(Role::Warn, "   (more: up and down)"));
    }
    buf.set_line(last.x, last.y, &Line::from(keys), last.width);
}

fn lines(cx: &Cx<'_>, view: &SendingView, columns: usize) -> Vec<Line<'static>> {
    let receiver = &view.receiver;
    let waits = receiver.waiting_for.as_ref().map(|what| format!(" for {what}")).unwrap_or_default();
    let mut known = vec![
        ("agent".to_owned(), receiver.name.clone()),
        (
            "state".to_owned(),
            format!("{}{waits}, says the {}: {}", receiver.state.name(), receiver.source.name(), receiver.reason),
        ),
    ];
    if let Some(Ok(sight)) = &view.seen {
        let target = &sight.target;
        known.push(("pane".to_owned(), format!("{}, showing {}", target.pane.place(), target.pane.command)));
        known.push(("because".to_owned(), target.found_by.clone()));
        known.push(("server".to_owned(), target.server.display().to_string()));
        if target.pane.in_mode {
            known.push((String::new(), "it is in copy-mode, which is left first".to_owned()));
        }
    }
    let mut out = detail(cx, &known, columns);
    let mut say = |role: Role, label: &str, words: &str| {
        let room = columns.saturating_sub(LABEL + 1).max(8);
        for (row, part) in text::wrap(words, room).into_iter().enumerate() {
            let label = if row == 0 { label } else { "" };
            let label = cx.span(Role::Dim, format!("{} ", crate::ui::widget::cell(label, LABEL)));
            out.push(Line::from(vec![label, cx.span(role, part.into_owned())]));
        }
    };
    match view.obstacles() {
        None => say(Role::Dim, "in the way", "looking at its pane…"),
        Some(Err(why)) => say(Role::Error, "in the way", &why),
        Some(Ok(found)) if found.is_empty() => say(Role::Ok, "in the way", "nothing"),
        Some(Ok(found)) => {
            for (row, obstacle) in found.iter().enumerate() {
                let role = if obstacle.may_pass { Role::Warn } else { Role::Error };
                say(role, if row == 0 { "in the way" } else { "" }, &obstacle.to_string());
            }
        }
    }
    for change in view.changes() {
        say(Role::Warn, "changed", &change);
    }
    out.push(Line::default());
    out.extend(detail(cx, &[("text".to_owned(), text::clean(&view.text).into_owned())], columns));
    out
}
