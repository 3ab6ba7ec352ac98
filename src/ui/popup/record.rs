//! A record of a transcript as it stands in its file.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::config::theme::Role;
use crate::domain::text;
use crate::event::{RawRecord, RecordPlace};
use crate::state::popup::RecordView;
use crate::state::transcript::rows::size;
use crate::ui::Cx;
use crate::ui::hit::HitMap;

use super::{room, text_box};

/// Columns of the box.
const WIDE: u16 = 120;

/// Draws the record; what is revealed is said to be so.
pub fn draw(cx: &Cx<'_>, view: &RecordView, body: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let role = if view.revealed.is_some() { Role::Warn } else { Role::Text };
    let lines: Vec<Line<'static>> = match view.text() {
        None => vec![Line::from(cx.span(Role::Dim, "Reading the record…"))],
        Some(shown) => {
            let rows = text::wrap(shown, room(body, WIDE)).into_iter();
            rows.map(|row| Line::from(cx.span(role, row.into_owned()))).collect()
        }
    };
    text_box(cx, &title(view), &lines, view.scroll, WIDE, body, buf, hits);
}

fn title(view: &RecordView) -> String {
    let file = name(&view.place);
    let Some(record) = &view.record else { return format!("Record · {file}") };
    let hidden = match (&view.revealed, record.hidden) {
        (Some(_), _) => " · REVEALED".to_owned(),
        (None, 0) => String::new(),
        (None, hidden) => format!(" · {hidden} hidden"),
    };
    format!("Record{hidden} · {} · {file}", size(record.bytes))
}

fn name(place: &RecordPlace) -> String {
    let name = place.file.file_name().unwrap_or(place.file.as_os_str()).to_string_lossy();
    format!("{} at byte {}", text::line(&name), place.offset)
}

/// What a confirmation to reveal a record says, as labels and values.
pub fn question(place: &RecordPlace, record: &RawRecord) -> Vec<(String, String)> {
    let secrets = match record.hidden {
        1 => "1 hidden secret".to_owned(),
        hidden => format!("{hidden} hidden secrets"),
    };
    vec![
        ("reveal".to_owned(), format!("{secrets} of this record, until it is closed")),
        ("journal".to_owned(), "it is noted there first, without the secrets".to_owned()),
        ("file".to_owned(), place.file.display().to_string()),
        ("at byte".to_owned(), place.offset.to_string()),
        ("length".to_owned(), size(record.bytes)),
    ]
}
