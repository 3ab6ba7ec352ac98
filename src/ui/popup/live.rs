//! One object of a cluster: described, or as YAML.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::config::theme::Role;
use crate::domain::text;
use crate::domain::time::age;
use crate::state::cluster::live::{LiveView, Page};
use crate::state::describe::live::{Shade, rows};
use crate::ui::Cx;
use crate::ui::hit::HitMap;

use super::{room, text_box};

/// Columns of the box.
const WIDE: u16 = 120;

/// Draws the object.
pub fn draw(cx: &Cx<'_>, view: &LiveView, body: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let lines: Vec<Line<'static>> = rows(cx.state, view, room(body, WIDE))
        .into_iter()
        .map(|row| Line::from(vec![cx.span(label(view.page), row.label), cx.span(role(row.shade), row.text)]))
        .collect();
    text_box(cx, &title(cx, view), &lines, view.scroll, WIDE, body, buf, hits);
}

fn label(page: Page) -> Role {
    match page {
        Page::Description => Role::Dim,
        Page::Yaml => Role::Accent,
    }
}

fn role(shade: Shade) -> Role {
    match shade {
        Shade::Plain => Role::Text,
        Shade::Head => Role::Title,
        Shade::Dim => Role::Dim,
        Shade::Bad => Role::Error,
        Shade::Warn => Role::Warn,
        Shade::Health(health) => Role::Health(health),
        Shade::Drift(drift) => Role::Drift(drift),
    }
}

fn title(cx: &Cx<'_>, view: &LiveView) -> String {
    let place = &view.place;
    let page = match view.page {
        Page::Description => "",
        Page::Yaml => " · yaml",
    };
    let read = view.detail().map(|detail| format!(" · as of {} ago", age(detail.as_of, cx.state.now)));
    format!("{} {}{page}{}", text::line(&place.kind.kind), text::line(&place.name), read.unwrap_or_default())
}
