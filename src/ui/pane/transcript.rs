//! The transcript of the selected agent: only the rows in view are laid out and drawn.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::config::layout::PaneKind;
use crate::config::theme::Role;
use crate::domain::text;
use crate::domain::time::took;
use crate::domain::transcript::Tone;
use crate::event::Target;
use crate::state::transcript::rows::{GUTTER, Part, Row, size};
use crate::state::transcript::{RAIL, Spot};
use crate::ui::hit::HitMap;
use crate::ui::popup::search::mark;
use crate::ui::widget::{faults, nothing, select};
use crate::ui::{Cx, ink};

/// What the border says: whose transcript it is, and where in the file the view stands.
pub fn notes(cx: &Cx<'_>) -> Vec<String> {
    let transcript = &cx.state.transcript;
    let Some(agent) = transcript.agent.as_ref() else { return Vec::new() };
    let name = cx.state.agents.find(agent).map_or(agent.0.as_str(), |agent| agent.name.as_str());
    let name = text::line(name).into_owned();
    if transcript.entries.is_empty() {
        return vec![name];
    }
    let place = if transcript.follow {
        "following".to_owned()
    } else {
        // The cursor as it was left: which row of the entry is in view matters to nobody here, and is dear to find out.
        let offset = transcript.entries.get(transcript.cursor.entry).map_or(0, |entry| entry.offset);
        let percent = offset.saturating_mul(100).checked_div(transcript.size).unwrap_or(0);
        format!("{percent}%")
    };
    let new = (!transcript.follow && transcript.below > 0).then(|| format!("{} new below", transcript.below));
    let selecting = transcript.is_selecting().then(|| "selecting".to_owned());
    [Some(name), selecting, Some(place), new, Some(size(transcript.size))].into_iter().flatten().collect()
}

/// Draws the transcript.
pub fn draw(cx: &Cx<'_>, area: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let transcript = &cx.state.transcript;
    let wrong: Vec<_> = transcript.fault.iter().cloned().collect();
    let area = faults(cx, &wrong, area, buf);
    if transcript.agent.is_none() {
        return nothing(cx, "Select an agent to see its transcript.", area, buf);
    }
    if transcript.entries.is_empty() {
        let words = if transcript.heard { "The transcript is empty." } else { "Reading the transcript…" };
        return nothing(cx, words, area, buf);
    }
    let (top, cursor) = transcript.view(area.width, area.height);
    let focused = cx.state.screen.focus == PaneKind::Transcript;
    let selected = transcript.selected(cursor);
    let mut places = area.rows().enumerate();
    let mut skip = top.row;
    for index in (top.entry..transcript.entries.len()).filter(|index| transcript.shows(*index)) {
        let laid_out = transcript.rows(index, area.width);
        let aside = transcript.is_aside(index);
        for (number, row) in laid_out.iter().enumerate().skip(std::mem::take(&mut skip)) {
            let Some((line, place)) = places.next() else { return };
            let inner = if aside { rail(cx, place, buf) } else { place };
            if row.part == Part::Gap {
                turn_head(cx, index, inner, buf);
            } else {
                draw_row(cx, row, inner, buf);
                let text = Rect { x: inner.x + GUTTER, width: inner.width.saturating_sub(GUTTER), ..inner };
                mark(cx, &row.line.text, text, buf);
            }
            let here = Spot { entry: index, row: number };
            let marked = selected.map_or(here == cursor && focused, |(from, to)| (from..=to).contains(&here));
            if marked && !transcript.follow {
                select(cx, place, buf);
            }
            hits.add(place, Target::Row(PaneKind::Transcript, line));
        }
    }
}

/// Marks a row of a side chain; returns what is left of it.
fn rail(cx: &Cx<'_>, place: Rect, buf: &mut Buffer) -> Rect {
    buf.set_line(place.x, place.y, &Line::from(cx.span(Role::AgentThinking, "┊")), RAIL);
    let taken = RAIL.min(place.width);
    Rect { x: place.x + taken, width: place.width - taken, ..place }
}

/// At the right of the row before a prompt: when the turn began, and how long it took.
fn turn_head(cx: &Cx<'_>, index: usize, place: Rect, buf: &mut Buffer) {
    let Some((began, duration)) = cx.state.transcript.turn(index) else { return };
    let zone = &cx.state.screen.zone;
    let (began, now) = (began.to_zoned(zone.clone()), cx.state.now.to_zoned(zone.clone()));
    let when = if began.date() == now.date() { "%H:%M" } else { "%b %-d %H:%M" };
    let duration = took(duration).map(|took| format!(" · {took}")).unwrap_or_default();
    let text = format!("{}{duration}", began.strftime(when));
    let width = u16::try_from(text::width(&text)).unwrap_or(u16::MAX);
    if width < place.width {
        buf.set_line(place.right() - width, place.y, &Line::from(cx.span(Role::Dim, text)), width);
    }
}

fn draw_row(cx: &Cx<'_>, row: &Row, place: Rect, buf: &mut Buffer) {
    let (sign, sign_role, role) = match row.part {
        Part::Gap => return,
        Part::Prompt(first) => (if first { "❯ " } else { "│ " }, Role::AgentUser, Role::AgentUser),
        Part::Said(first) => (if first { "● " } else { "  " }, Role::AgentAssistant, Role::AgentAssistant),
        Part::Plain => ("  ", Role::Text, Role::Text),
        Part::Thinking(first) => (if first { "∴ " } else { "  " }, Role::AgentThinking, Role::AgentThinking),
        Part::Summary(first) => (if first { "≡ " } else { "  " }, Role::Dim, Role::Dim),
        Part::Call => ("▸ ", Role::AgentTool, Role::Text),
        Part::Input => ("  ", Role::Dim, Role::Dim),
        Part::Diff | Part::Todo => ("  ", Role::Dim, Role::Text),
        Part::Plan => ("┃ ", Role::AgentTool, Role::AgentAssistant),
        Part::Answer { first, error: true } => (if first { "└ " } else { "  " }, Role::Error, Role::Error),
        Part::Answer { first, error: false } => (if first { "└ " } else { "  " }, Role::Dim, Role::Dim),
        Part::Result { first, error: true } => (if first { "✗ " } else { "│ " }, Role::Error, Role::Error),
        Part::Result { first, error: false } => (if first { "└ " } else { "│ " }, Role::Dim, Role::Dim),
        Part::Note(Tone::Info) => ("· ", Role::Dim, Role::Dim),
        Part::Note(Tone::Warning) => ("! ", Role::Warn, Role::Warn),
        Part::Note(Tone::Error) => ("✗ ", Role::Error, Role::Error),
        Part::Unread => ("? ", Role::Warn, Role::Dim),
    };
    let mut spans = vec![Span::styled(sign, cx.theme.style(sign_role))];
    spans.extend(row.line.parts().map(|(text, look)| Span::styled(text, ink::style(cx, role, look))));
    const { assert!(GUTTER == 2, "the signs are two columns wide") };
    buf.set_line(place.x, place.y, &Line::from(spans), place.width);
}
