//! What stands in front of the panes: a box in the middle, with text that scrolls.

pub mod search;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Borders, Clear, Widget};

use crate::action::{ACTIONS, Action, Scope};
use crate::config::theme::Role;
use crate::domain::gate::Gate;
use crate::domain::text;
use crate::state::describe;
use crate::state::input::LineInput;
use crate::state::popup::{Popup, Question, Scroll};

use super::Cx;
use super::bars::type_line;
use super::hit::HitMap;
use super::widget::{cell, fit};

mod brief;
mod briefs;
mod checks;
mod drift;
mod gate;
mod journal;
mod live;
mod palette;
mod record;
mod relay;
mod sending;
mod signals;
mod task;
mod task_detail;

/// Columns of the labels in a list of labels and values.
const LABEL: usize = 12;
/// Columns of the keys in the help.
const KEYS: usize = 16;
/// Columns of what shows labels and values.
const DETAIL: u16 = 100;
/// Columns of the help and of the palette.
const HELP: u16 = 96;

/// Draws the popup, if there is one.
pub fn draw(cx: &Cx<'_>, body: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let Some(popup) = &cx.state.screen.popup else { return };
    match popup {
        Popup::Help(scroll) => {
            let columns = room(body, HELP);
            text_box(cx, "Keys", &help(cx, columns), *scroll, HELP, body, buf, hits);
        }
        Popup::Palette { input, selected, kinds } => palette::draw(cx, input, *selected, *kinds, body, buf, hits),
        Popup::Search => search::draw(cx, body, buf, hits),
        Popup::Reason { gate, input } => {
            let columns = room(body, DETAIL);
            let lines = gate_lines(cx, gate, columns);
            let typed = Typed { title: "Reject: why?", lines, hint: "the agent reads it; a confirmation follows" };
            reason(cx, &typed, input, body, buf, hits);
        }
        Popup::SignOffReason { sign_off, input } => {
            let columns = room(body, DETAIL);
            let lines = detail(cx, &describe::review::sign_off(sign_off), columns);
            let lines = Typed {
                title: "Sign off: why, though something is short?",
                lines,
                hint: "it goes into the journal; a confirmation follows",
            };
            reason(cx, &lines, input, body, buf, hits);
        }
        Popup::Confirm { question, scroll } => confirm(cx, question, *scroll, body, buf, hits),
        Popup::Journal { lines, scroll, filter, typing } => {
            journal::draw(cx, lines.as_deref(), *scroll, filter, typing.as_ref(), body, buf, hits);
        }
        Popup::Detail { title, lines, scroll } => {
            let columns = room(body, DETAIL);
            let lines = detail(cx, lines, columns);
            text_box(cx, &text::line(title), &lines, *scroll, DETAIL, body, buf, hits);
        }
        Popup::Word(typed) => gate::word(cx, typed, body, buf, hits),
        Popup::Answer(view) => gate::answer(cx, view, body, buf, hits),
        Popup::Record(view) => record::draw(cx, view, body, buf, hits),
        Popup::TaskDetail(view) => task_detail::draw(cx, view, body, buf, hits),
        Popup::Checks { selected } => checks::draw(cx, *selected, body, buf, hits),
        Popup::Task(menu) => task::draw(cx, menu, body, buf, hits),
        Popup::Drift(view) => drift::draw(cx, view, body, buf, hits),
        Popup::Live(view) => live::draw(cx, view, body, buf, hits),
        Popup::Signals(view) => signals::draw(cx, view, body, buf, hits),
        Popup::Correct(menu) => signals::draw_menu(cx, menu, body, buf, hits),
        Popup::Brief(menu) => brief::draw_menu(cx, menu, body, buf, hits),
        Popup::Library(pick) => brief::draw_library(cx, pick, body, buf, hits),
        Popup::Agent(pick) => brief::draw_agents(cx, pick, body, buf, hits),
        Popup::Briefs(view) => briefs::draw(cx, view, body, buf, hits),
        Popup::Relay(view) => relay::draw(cx, view, body, buf, hits),
        Popup::Sending(view) => sending::draw(cx, view, body, buf, hits),
    }
}

/// What a reason is typed for.
struct Typed {
    title: &'static str,
    lines: Vec<Line<'static>>,
    hint: &'static str,
}

/// A reason being typed below what it is for.
fn reason(cx: &Cx<'_>, typed: &Typed, input: &LineInput, body: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let height = u16::try_from(typed.lines.len()).unwrap_or(u16::MAX).saturating_add(4);
    let inner = frame(cx, typed.title, Role::Gate, (DETAIL, height), body, buf, hits);
    let [rest, field] = split_top(inner, inner.height.saturating_sub(1));
    draw_lines(&typed.lines, 0, rest, buf);
    let label = format!("{} ", cell("reason", LABEL));
    type_line(cx, &label, input, field, buf, hits);
    if input.text().is_empty() {
        let hint = Line::from(cx.span(Role::Dim, typed.hint));
        let indent = u16::try_from(label.len()).unwrap_or(0).min(field.width);
        buf.set_line(field.x + indent, field.y, &hint, field.width - indent);
    }
}

/// A confirmation: what is asked in full, then the question with its keys. The default is no, and says so.
fn confirm(cx: &Cx<'_>, question: &Question, scroll: Scroll, body: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let (title, ask, lines) = match question {
        Question::Quit(waiting) => {
            let words = match waiting {
                1 => "One agent waits at a gate. It is refused when hnpwb quits.".to_owned(),
                waiting => format!("{waiting} agents wait at a gate. They are refused when hnpwb quits."),
            };
            ("Quit?".to_owned(), "Quit", vec![Line::from(cx.span(Role::Text, words))])
        }
        Question::SaveBrief { errors, .. } => {
            let words = match errors {
                1 => "The lint has found an error in it. It is saved as it is, and its prompt copied.".to_owned(),
                errors => {
                    format!("The lint has found {errors} errors in it. It is saved as it is, and its prompt copied.")
                }
            };
            ("Save with errors?".to_owned(), "Save", vec![Line::from(cx.span(Role::Text, words))])
        }
        Question::DropDraft => {
            let words = "What is written here is thrown away, and the draft that was kept of it.";
            ("Throw the draft away?".to_owned(), "Throw away", vec![Line::from(cx.span(Role::Text, words))])
        }
        Question::SignOff(sign_off) => {
            let columns = room(body, DETAIL);
            ("Sign off?".to_owned(), "Sign off", detail(cx, &describe::review::sign_off(sign_off), columns))
        }
        Question::Send(order, reasons) => {
            let columns = room(body, DETAIL);
            ("Send?".to_owned(), "Send", detail(cx, &describe::briefs::question(order, reasons), columns))
        }
        Question::Reveal(place, record) => {
            let columns = room(body, DETAIL);
            ("Reveal?".to_owned(), "Reveal", detail(cx, &record::question(place, record), columns))
        }
        Question::AcceptRules(change) => {
            let columns = room(body, DETAIL);
            ("Accept?".to_owned(), "Accept", gate::change_lines(cx, change, columns))
        }
        Question::Decide(gate, decision) => {
            let columns = room(body, DETAIL);
            let mut lines = gate_lines(cx, gate, columns);
            if !decision.reason.is_empty() {
                lines.push(Line::default());
                lines.extend(detail(cx, &[("reason".to_owned(), decision.reason.clone())], columns));
            }
            for (question, answer) in &decision.answers {
                lines.extend(detail(cx, &[("answer".to_owned(), format!("{question} {answer}"))], columns));
            }
            let (title, ask) = if decision.approved { ("Approve?", "Approve") } else { ("Reject?", "Reject") };
            (title.to_owned(), ask, lines)
        }
    };
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(4);
    let inner = frame(cx, &title, Role::Gate, (DETAIL, height), body, buf, hits);
    let [rest, last] = split_top(inner, inner.height.saturating_sub(1));
    let first = scroll.0.min(lines.len().saturating_sub(usize::from(rest.height)));
    draw_lines(&lines, first, rest, buf);
    let key = cx.state.screen.keymap.key_of(Action::Confirm);
    let hidden = lines.len() > usize::from(rest.height);
    let more = if hidden { "  (more: up and down)" } else { "" };
    let line = Line::from(vec![
        cx.span(Role::Title, format!("{ask}? ")),
        cx.span(Role::ChipKey, format!("{key} ")),
        cx.span(Role::Text, "yes   "),
        cx.span(Role::ChipKey, format!("{} ", cx.state.screen.keymap.key_of(Action::Back))),
        cx.span(Role::Text, "no, the default"),
        cx.span(Role::Warn, more),
    ]);
    buf.set_line(last.x, last.y, &line, last.width);
}

/// All of a gate that a decision is about, exactly: a marker could stand for anything, and what it stands for would run.
fn gate_lines(cx: &Cx<'_>, gate: &Gate, columns: usize) -> Vec<Line<'static>> {
    let (title, lines) = describe::gate(cx.state, gate);
    let mut out = Vec::new();
    // A short command is its own title.
    if title != gate.detail {
        out.extend([Line::from(cx.span(Role::Title, text::line(&title).into_owned())), Line::default()]);
    }
    let secrets = cx.state.session.redactor.find(&gate.detail).len();
    if secrets > 0 {
        let text = format!("{secrets} shown, because this is what will run; lists, copies and the journal hide them");
        out.extend(detail(cx, &[("secrets".to_owned(), text)], columns));
    }
    out.extend(detail(cx, &lines, columns));
    out
}

/// Labels and values, values wrapped beside their label.
fn detail(cx: &Cx<'_>, lines: &[(String, String)], columns: usize) -> Vec<Line<'static>> {
    let room = columns.saturating_sub(LABEL + 1).max(8);
    let mut out = Vec::new();
    for (label, value) in lines {
        let long = text::width(label) > LABEL;
        if long {
            out.push(Line::from(cx.span(Role::Dim, text::line(label).into_owned())));
        }
        for (row, part) in text::wrap(value, room).into_iter().enumerate() {
            let label = if row == 0 && !long { label.as_str() } else { "" };
            out.push(Line::from(vec![
                cx.span(Role::Dim, format!("{} ", cell(label, LABEL))),
                cx.span(Role::Text, part.into_owned()),
            ]));
        }
    }
    out
}

fn help(cx: &Cx<'_>, columns: usize) -> Vec<Line<'static>> {
    let mut out = Vec::new();
    for row in ACTIONS {
        let mut keys = cx.state.screen.keymap.keys_of(row.action);
        keys.dedup();
        let keys = keys.join(" ");
        let place = match row.scope {
            Scope::In(panes) => format!(" ({})", panes.iter().map(|pane| pane.name()).collect::<Vec<_>>().join(", ")),
            Scope::Confirmation => " (confirmations)".to_owned(),
            Scope::Reading => " (transcript, its records)".to_owned(),
            Scope::Record => " (records)".to_owned(),
            Scope::DriftObject => " (objects of the drift)".to_owned(),
            Scope::Drift => " (drift, its objects)".to_owned(),
            Scope::Objects => " (cluster, its objects)".to_owned(),
            Scope::Live => " (objects of a cluster)".to_owned(),
            Scope::Signals => " (attention, signals)".to_owned(),
            Scope::Composer => " (composer)".to_owned(),
            Scope::Journal => " (journal)".to_owned(),
            Scope::Checks => " (checks)".to_owned(),
            Scope::Task => " (tasks)".to_owned(),
            Scope::Briefs => " (briefs)".to_owned(),
            Scope::Sending => " (before a prompt is sent)".to_owned(),
            Scope::Relay => " (agents to pass on to)".to_owned(),
            Scope::Panes | Scope::Views | Scope::Anywhere => String::new(),
        };
        let text = format!("{}{place}", row.doc);
        for (number, part) in text::wrap(&text, columns.saturating_sub(KEYS).max(8)).into_iter().enumerate() {
            let keys = if number == 0 { keys.as_str() } else { "" };
            out.push(Line::from(vec![
                cx.span(Role::ChipKey, cell(keys, KEYS)),
                cx.span(Role::Text, part.into_owned()),
            ]));
        }
    }
    out
}

/// A box with text that scrolls.
#[expect(clippy::too_many_arguments, reason = "every one of them is a different kind of thing")]
fn text_box(
    cx: &Cx<'_>,
    title: &str,
    lines: &[Line<'static>],
    scroll: Scroll,
    width: u16,
    body: Rect,
    buf: &mut Buffer,
    hits: &mut HitMap,
) {
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let inner = frame(cx, title, Role::BorderFocus, (width, height), body, buf, hits);
    let first = scroll.0.min(lines.len().saturating_sub(usize::from(inner.height)));
    draw_lines(lines, first, inner, buf);
    if lines.len() > usize::from(inner.height) {
        let place =
            format!(" {}–{} of {} ", first + 1, (first + usize::from(inner.height)).min(lines.len()), lines.len());
        let line = Line::from(cx.span(Role::Dim, place));
        buf.set_line(inner.x + 1, inner.bottom(), &line, inner.width.saturating_sub(2));
    }
}

/// Columns inside a box of this width, or of all there are.
fn room(body: Rect, width: u16) -> usize {
    usize::from(width.min(body.width).saturating_sub(4))
}

/// Clears and borders the middle of `body`; returns the room inside.
fn frame(
    cx: &Cx<'_>,
    title: &str,
    border: Role,
    size: (u16, u16),
    body: Rect,
    buf: &mut Buffer,
    hits: &mut HitMap,
) -> Rect {
    let (width, height) = (size.0.min(body.width), size.1.min(body.height));
    let area = Rect { x: body.x + (body.width - width) / 2, y: body.y + (body.height - height) / 2, width, height };
    // A wide character that begins before the box would be drawn over its border.
    for row in area.rows().filter(|row| row.x > 0) {
        if let Some(cell) = buf.cell_mut((row.x - 1, row.y)).filter(|cell| text::width(cell.symbol()) > 1) {
            cell.set_symbol(" ");
        }
    }
    Clear.render(area, buf);
    buf.set_style(area, cx.theme.style(Role::Background));
    buf.set_style(area, cx.theme.style(Role::Text));
    let border = if border == Role::Gate { Role::Warn } else { border };
    let block =
        Block::new().borders(Borders::ALL).border_type(BorderType::Rounded).border_style(cx.theme.style(border)).title(
            Line::from(Span::styled(
                format!(" {} ", text::cut(title, usize::from(width).saturating_sub(4))),
                cx.theme.style(Role::Title),
            )),
        );
    let inner = block.inner(area);
    block.render(area, buf);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    hits.viewports.popup = (inner.width, inner.height);
    inner
}

fn draw_lines(lines: &[Line<'static>], first: usize, area: Rect, buf: &mut Buffer) {
    for (row, line) in area.rows().zip(lines.iter().skip(first)) {
        let spans = fit(line.spans.clone(), usize::from(row.width));
        buf.set_line(row.x, row.y, &Line::from(spans), row.width);
    }
}

/// The first `height` rows of an area, and the rest.
pub(super) fn split_top(area: Rect, height: u16) -> [Rect; 2] {
    let height = height.min(area.height);
    [Rect { height, ..area }, Rect { y: area.y + height, height: area.height - height, ..area }]
}
