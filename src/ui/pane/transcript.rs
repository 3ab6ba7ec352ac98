//! The transcript of the selected agent: only the rows in view are laid out and drawn.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::config::layout::PaneKind;
use crate::config::theme::Role;
use crate::domain::text;
use crate::domain::transcript::Tone;
use crate::event::Target;
use crate::state::transcript::rows::{GUTTER, Part, Row, rows, size};
use crate::ui::Cx;
use crate::ui::hit::HitMap;
use crate::ui::widget::{faults, nothing, select};

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
    vec![name, place, size(transcript.size)]
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
    let mut places = area.rows().enumerate();
    let mut skip = top.row;
    for index in top.entry..transcript.entries.len() {
        let Some(entry) = transcript.entries.get(index).filter(|_| transcript.shows(index)) else { continue };
        let laid_out = rows(entry, area.width, transcript.is_open(index));
        for (number, row) in laid_out.iter().enumerate().skip(std::mem::take(&mut skip)) {
            let Some((line, place)) = places.next() else { return };
            draw_row(cx, row, place, buf);
            if focused && !transcript.follow && (index, number) == (cursor.entry, cursor.row) {
                select(cx, place, buf);
            }
            hits.add(place, Target::Row(PaneKind::Transcript, line));
        }
    }
}

fn draw_row(cx: &Cx<'_>, row: &Row<'_>, place: Rect, buf: &mut Buffer) {
    let (sign, sign_role, role) = match row.part {
        Part::Gap => return,
        Part::Prompt(first) => (if first { "❯ " } else { "│ " }, Role::AgentUser, Role::AgentUser),
        Part::Said(first) => (if first { "● " } else { "  " }, Role::AgentAssistant, Role::AgentAssistant),
        Part::Thinking(first) => (if first { "∴ " } else { "  " }, Role::AgentThinking, Role::AgentThinking),
        Part::Call { .. } => ("▸ ", Role::AgentTool, Role::Text),
        Part::Input => ("  ", Role::Dim, Role::Dim),
        Part::Result { first, error: true } => (if first { "✗ " } else { "│ " }, Role::Error, Role::Error),
        Part::Result { first, error: false } => (if first { "└ " } else { "│ " }, Role::Dim, Role::Dim),
        Part::Note(Tone::Info) => ("· ", Role::Dim, Role::Dim),
        Part::Note(Tone::Warning) => ("! ", Role::Warn, Role::Warn),
        Part::Note(Tone::Error) => ("✗ ", Role::Error, Role::Error),
        Part::Unread => ("? ", Role::Warn, Role::Dim),
    };
    let text: &str = &row.text;
    let style = cx.theme.style(role);
    let mut spans = vec![Span::styled(sign, cx.theme.style(sign_role))];
    match row.part {
        Part::Call { name } if name <= text.len() && text.is_char_boundary(name) => {
            spans.push(Span::styled(&text[..name], cx.theme.style(Role::AgentTool)));
            spans.push(Span::styled(&text[name..], style));
        }
        _ => spans.push(Span::styled(text, style)),
    }
    const { assert!(GUTTER == 2, "the signs are two columns wide") };
    buf.set_line(place.x, place.y, &Line::from(spans), place.width);
}
