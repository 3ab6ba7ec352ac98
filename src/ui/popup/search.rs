//! The search in transcripts: a pattern being typed, how far the search is, and what it has found.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::config::theme::Role;
use crate::domain::search::{Excerpt, Hit, Mistake};
use crate::domain::text;
use crate::domain::time::age;
use crate::state::search::{HEAD, Phase, SearchScope};
use crate::state::transcript::rows::size;
use crate::ui::Cx;
use crate::ui::bars::type_line;
use crate::ui::hit::HitMap;
use crate::ui::widget::{cell, fit, nothing, select, spread};

use super::{frame, split_top};

/// Columns of the popup.
const WIDTH: u16 = 150;
/// Columns of an agent's name.
const AGENT: usize = 18;
/// Columns of an age.
const AGE: usize = 4;
/// Columns of the kind of an entry.
const KIND: usize = 8;

/// Draws the popup.
pub fn draw(cx: &Cx<'_>, body: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let search = &cx.state.search;
    let title = match &search.scope {
        SearchScope::All => "Search all transcripts".to_owned(),
        SearchScope::One(agent) => {
            let name = cx.state.agents.find(agent).map_or(agent.0.as_str(), |agent| agent.name.as_str());
            format!("Search the transcript of {}", text::line(name))
        }
    };
    let inner = frame(cx, &title, Role::BorderFocus, (WIDTH, body.height), body, buf, hits);
    let [head, rest] = split_top(inner, HEAD);
    let mut lines = head.rows();
    let Some(field) = lines.next() else { return };
    type_line(cx, "/ ", &search.input, field, buf, hits);
    if let Some(row) = lines.next() {
        match (&search.mistake, hits.cursor) {
            (Some(mistake), Some(cursor)) => draw_mistake(cx, mistake, cursor.x, row, buf),
            _ => {
                let words = "a regular expression, any case without capitals · enter goes to the hit";
                let words = fit(vec![cx.span(Role::Dim, words)], usize::from(row.width));
                buf.set_line(row.x, row.y, &Line::from(words), row.width);
            }
        }
    }
    if let Some(row) = lines.next() {
        buf.set_line(row.x, row.y, &Line::from(fit(progress(cx), usize::from(row.width))), row.width);
    }
    let [rows, last] = split_top(rest, u16::try_from(search.rows(inner.height)).unwrap_or(0));
    if let Some(fault) = search.faults.first() {
        let more = search.progress.unread.saturating_sub(1);
        let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
        let words = vec![cx.span(Role::Error, format!("✗ {}{more}", text::line(&fault.to_string())))];
        buf.set_line(last.x, last.y, &Line::from(fit(words, usize::from(last.width))), last.width);
    }
    if search.hits.rows.is_empty() && search.phase == Phase::Done {
        return nothing(cx, "No line matches.", rows, buf);
    }
    for (row, index) in rows.rows().zip(search.hits.view(usize::from(rows.height))) {
        let Some(hit) = search.hits.rows.get(index) else { break };
        buf.set_line(row.x, row.y, &hit_line(cx, hit, usize::from(row.width)), row.width);
        if index == search.hits.selected {
            select(cx, row, buf);
        }
    }
}

/// A caret under what is wrong, then why. The cursor's column tells where the text stands that may be scrolled.
fn draw_mistake(cx: &Cx<'_>, mistake: &Mistake, cursor: u16, row: Rect, buf: &mut Buffer) {
    let input = &cx.state.search.input;
    let columns = |from: usize, to: usize| {
        let part: String = input.text().chars().skip(from).take(to.saturating_sub(from)).collect();
        u16::try_from(text::width(&part)).unwrap_or(u16::MAX)
    };
    let (start, at) = (mistake.place.start, input.cursor());
    let x = cursor.saturating_sub(columns(start, at)).saturating_add(columns(at, start));
    let x = x.clamp(row.x, row.right().saturating_sub(1));
    let carets = columns(start, mistake.place.end).max(1).min(row.right() - x);
    buf.set_line(x, row.y, &Line::from(cx.span(Role::Error, "^".repeat(usize::from(carets)))), carets);
    let words = format!("not a pattern: {}", text::line(&mistake.why));
    let length = u16::try_from(text::width(&words)).unwrap_or(u16::MAX);
    // Behind the caret where there is room, else where there is more of it.
    let behind = x.saturating_add(carets + 1);
    let (right, left) = (row.right().saturating_sub(behind), (x - row.x).saturating_sub(1));
    let (x, room) = if length <= right || left < right {
        (behind, right)
    } else {
        (row.x + left.saturating_sub(length), left.min(length))
    };
    let words = fit(vec![cx.span(Role::Error, words)], usize::from(room));
    buf.set_line(x, row.y, &Line::from(words), room);
}

/// How many hits there are, and how much was searched.
fn progress(cx: &Cx<'_>) -> Vec<Span<'static>> {
    let search = &cx.state.search;
    let (progress, count) = (&search.progress, search.hits.rows.len());
    let hits = match count {
        0 => "no hit".to_owned(),
        1 => "1 hit".to_owned(),
        count => format!("{} hits", grouped(count)),
    };
    let (role, found) = match search.phase {
        Phase::Idle => return Vec::new(),
        Phase::Running => (Role::Info, format!("{hits} so far")),
        Phase::Done => (Role::Text, hits),
        Phase::Full => (Role::Warn, format!("first {hits}")),
        Phase::Stopped => (Role::Warn, format!("stopped: {hits}")),
    };
    let searched = if search.phase == Phase::Done {
        let files = if progress.files == 1 { "1 file".to_owned() } else { format!("{} files", progress.files) };
        format!(" · {files}, {}", size(progress.bytes))
    } else {
        let (done, all) = (progress.files_done, progress.files);
        format!(" · {done} of {all} files · {} of {}", size(progress.bytes_done), size(progress.bytes))
    };
    let mut spans = vec![cx.span(role, found), cx.span(Role::Dim, searched)];
    if progress.unread > 0 {
        spans.push(cx.span(Role::Error, format!(" · {} not readable", progress.unread)));
    }
    if progress.skipped > 0 {
        spans.push(cx.span(Role::Warn, format!(" · {} lines over 64 MiB left out", progress.skipped)));
    }
    spans
}

/// A number as people write it: `2,000`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn hit_line(cx: &Cx<'_>, hit: &Hit, columns: usize) -> Line<'static> {
    let mut left = Vec::new();
    if cx.state.search.scope == SearchScope::All {
        let name = cx.state.agents.find(&hit.agent).map_or(hit.agent.0.as_str(), |agent| agent.name.as_str());
        left.push(cx.span(Role::Accent, format!("{} ", cell(&text::line(name), AGENT.min(columns / 4)))));
    }
    let at = hit.at.map(|at| age(at, cx.state.now)).unwrap_or_default();
    left.push(cx.span(Role::Dim, format!("{} {} ", cell(&at, AGE), cell(hit.kind.name(), KIND))));
    let used: usize = left.iter().map(|span| text::width(&span.content)).sum();
    let room = columns.saturating_sub(used);
    let Excerpt { before, found, behind } = &hit.excerpt;
    // The match is to be seen; what follows it has the larger share of the room, if it needs it.
    let room = room.saturating_sub(text::width(found));
    let lead = (room / 3).max(room.saturating_sub(text::width(behind)));
    left.push(cx.span(Role::Text, ending(before, lead)));
    left.push(cx.span(Role::Match, found.clone()));
    left.push(cx.span(Role::Text, behind.clone()));
    let more = hit.lines.saturating_sub(1);
    let right = if more > 0 { vec![cx.span(Role::Dim, format!("+{}", grouped(more)))] } else { Vec::new() };
    spread(left, right, columns)
}

/// The end of a text in at most so many columns.
fn ending(text: &str, columns: usize) -> String {
    if text::width(text) <= columns {
        return text.to_owned();
    }
    let mut used = 1;
    let kept = text.char_indices().rev().take_while(|(_, c)| {
        used += text::width(c.encode_utf8(&mut [0; 4]));
        used <= columns
    });
    let from = kept.last().map_or(text.len(), |(at, _)| at);
    if columns == 0 { String::new() } else { format!("…{}", &text[from..]) }
}

/// Marks what was searched for in a line of the transcript pane, which stands at the beginning of `place`.
pub fn mark(cx: &Cx<'_>, line: &str, place: Rect, buf: &mut Buffer) {
    let style = cx.theme.style(Role::Match);
    for range in cx.state.search.ranges(line) {
        let column = |text: &str| u16::try_from(text::width(text)).unwrap_or(u16::MAX).min(place.width);
        let (from, to) = (column(&line[..range.start]), column(&line[..range.end]));
        buf.set_style(Rect { x: place.x + from, width: to.saturating_sub(from), ..place }, style);
    }
}

#[cfg(test)]
mod tests {
    use super::{ending, grouped};

    #[test]
    fn the_end_of_a_text_keeps_its_columns() {
        assert_eq!(ending("abc", 3), "abc");
        assert_eq!(ending("abcd", 3), "…cd");
        assert_eq!(ending("a字字", 4), "…字");
        assert_eq!(ending("abcd", 0), "");
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!([999, 1_000, 1_234_567].map(grouped), ["999", "1,000", "1,234,567"]);
    }
}
