//! The attention queue: what is held first, then what broke, then what is wrong.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::config::layout::PaneKind;
use crate::config::theme::Role;
use crate::domain::attention::hush::Hush;
use crate::domain::attention::{Subject, Urgency};
use crate::domain::text;
use crate::domain::time::age;
use crate::ui::Cx;
use crate::ui::hit::HitMap;
use crate::ui::widget::{list, names, nothing, pad, spread};

/// Columns of a kind of need, at least.
const KIND: usize = 8;

/// What the border says.
pub fn notes(cx: &Cx<'_>) -> Vec<String> {
    let attention = &cx.state.attention;
    let open = match attention.open {
        0 => None,
        1 => Some("1 needs you".to_owned()),
        needs => Some(format!("{needs} need you")),
    };
    let hidden = (attention.hidden > 0).then(|| format!("{} hidden", attention.hidden));
    open.into_iter().chain(hidden).collect()
}

/// Draws the queue.
pub fn draw(cx: &Cx<'_>, area: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let attention = &cx.state.attention;
    if attention.needs.is_empty() {
        // Before the agents were heard of nobody can know.
        let words =
            if cx.state.agents.heard { "Nothing needs you." } else { "Nothing needs you so far; still looking." };
        return nothing(cx, words, area, buf);
    }
    let kinds = attention.needs.iter().map(|need| need.kind.len()).max().unwrap_or_default().max(KIND);
    let titles = names(&attention.list, area, |index| {
        attention.needs.get(*index).map_or(0, |need| text::width(&text::line(&need.title)))
    });
    list(cx, PaneKind::Attention, &attention.list, area, buf, hits, |index, columns| {
        let Some(need) = attention.needs.get(*index) else { return ratatui::text::Line::default() };
        let hush = attention.hushes.of(need, cx.state.now);
        let role = match (&need.subject, need.urgency) {
            _ if hush.is_some() => Role::Dim,
            (Subject::Gate(_), _) => Role::Gate,
            (_, Urgency::Held | Urgency::Broken) => Role::Error,
            (_, Urgency::Wrong) => Role::Warn,
        };
        let kind = format!(" {} ", need.kind);
        let gap = " ".repeat((kinds + 2).saturating_sub(kind.len()));
        let left = vec![
            cx.span(role, kind),
            Span::raw(gap),
            cx.span(if hush.is_some() { Role::Dim } else { Role::Text }, pad(&text::line(&need.title), titles)),
            cx.span(Role::Dim, format!("  {}{}", hidden(hush, cx.state.now), text::line(&need.reason))),
        ];
        let right = need.since.map(|since| cx.span(Role::Dim, format!("{:>3}", age(since, cx.state.now))));
        spread(left, right.into_iter().collect(), columns)
    });
}

/// How a need is hidden, before its reason.
fn hidden(hush: Option<&Hush>, now: Timestamp) -> String {
    match hush {
        None => String::new(),
        Some(hush) => {
            let left = hush.until.map(|until| format!(" for {}", age(now, until))).unwrap_or_default();
            format!("{}{left}: ", hush.word())
        }
    }
}
