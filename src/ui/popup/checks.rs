//! The operator's checks: what each came to when it was last run, and how far those are that run.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::action::Action;
use crate::config::session::CheckSpec;
use crate::config::theme::Role;
use crate::domain::check::CheckRun;
use crate::domain::text;
use crate::domain::time::age;
use crate::ui::Cx;
use crate::ui::hit::HitMap;
use crate::ui::widget::{fit, select, spread};

use super::{frame, split_top};

/// Columns of the popup.
const WIDTH: u16 = 110;
/// Rows of a check: its name with what it came to, and its command or the last line it wrote.
const ROWS: u16 = 2;

/// Draws the popup.
pub fn draw(cx: &Cx<'_>, selected: usize, body: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let checks = &cx.state.checks;
    let height = u16::try_from(checks.specs.len()).unwrap_or(u16::MAX).saturating_mul(ROWS).saturating_add(4);
    let inner = frame(cx, "Checks", Role::BorderFocus, (WIDTH, height), body, buf, hits);
    let [rest, last] = split_top(inner, inner.height.saturating_sub(1));
    let room = usize::from(rest.height / ROWS).max(1);
    let first = (selected + 1).saturating_sub(room);
    let mut top = rest.y;
    for (index, spec) in checks.specs.iter().enumerate().skip(first).take(room) {
        let lines = lines(cx, spec, usize::from(rest.width));
        for (line, y) in lines.iter().zip(top..rest.bottom()) {
            buf.set_line(rest.x, y, line, rest.width);
        }
        if index == selected && top < rest.bottom() {
            select(cx, Rect { y: top, height: 1, ..rest }, buf);
        }
        top = top.saturating_add(ROWS);
    }
    let keymap = &cx.state.screen.keymap;
    let keys = [(Action::RunCheck, "run"), (Action::StopCheck, "stop"), (Action::ReadCheck, "output")];
    let mut spans: Vec<Span<'static>> = Vec::new();
    for (action, word) in keys {
        spans.push(cx.span(Role::ChipKey, format!("{} ", keymap.key_of(action))));
        spans.push(cx.span(Role::Text, format!("{word}   ")));
    }
    spans.push(cx.span(Role::Dim, "nothing runs by itself"));
    buf.set_line(last.x, last.y, &Line::from(fit(spans, usize::from(last.width))), last.width);
}

fn lines(cx: &Cx<'_>, spec: &CheckSpec, columns: usize) -> [Line<'static>; 2] {
    let checks = &cx.state.checks;
    let name = cx.span(Role::Title, text::line(&cx.state.session.redactor.redact(&spec.name)).into_owned());
    let command = text::line(&cx.state.session.redactor.redact(&spec.run)).into_owned();
    if let Some(running) = checks.running.get(&spec.name) {
        let seconds = cx.state.now.duration_since(running.since).as_secs().max(0);
        let word = if running.stopping { "stopping" } else { "running" };
        let state = cx.span(Role::Info, format!("{word}, {seconds} s"));
        let line = if running.line.is_empty() { command } else { text::line(&running.line).into_owned() };
        return [
            spread(vec![Span::raw(" "), name], vec![state], columns),
            Line::from(fit(vec![cx.span(Role::Dim, format!("   {line}"))], columns)),
        ];
    }
    let state = match checks.of(spec) {
        None => vec![cx.span(Role::Dim, "not run yet")],
        Some(run) => outcome(cx, run),
    };
    [
        spread(vec![Span::raw(" "), name], state, columns),
        Line::from(fit(vec![cx.span(Role::Dim, format!("   {command}"))], columns)),
    ]
}

/// How a run ended, how long ago, and on what.
fn outcome(cx: &Cx<'_>, run: &CheckRun) -> Vec<Span<'static>> {
    let head = cx.state.git.repos.first().and_then(|repo| repo.head.as_ref());
    // What passed on another commit, or on files nobody committed, shows nothing of what stands there now.
    let other = run.head.is_some() && head.is_some() && run.head.as_ref() != head;
    let role = match (run.passed(), other) {
        (true, false) => Role::Ok,
        (true, true) => Role::Dim,
        (false, _) => Role::Error,
    };
    let mut words = format!("{}, {} ago", run.outcome(), age(run.at, cx.state.now));
    if let Some(head) = &run.head {
        let short: String = head.chars().take(7).collect();
        words.extend([", on ", &short]);
    }
    if run.dirty {
        words.push_str(" with changes");
    }
    if other {
        words.push_str(", not the commit that is checked out");
    }
    vec![cx.span(role, words)]
}
