//! What a gate asks beside a yes or no: a typed word, answers to questions; and what was changed about the rules.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::config::theme::Role;
use crate::domain::gate::change::{Guarded, RuleChange};
use crate::domain::text;
use crate::state::guard::{AnswerView, TypedWord};
use crate::ui::Cx;
use crate::ui::bars::type_line;
use crate::ui::hit::HitMap;
use crate::ui::widget::{cell, select};

use super::{DETAIL, LABEL, detail, draw_lines, frame, gate_lines, room, split_top};

/// The whole gate, why a word is needed, and the field for it.
pub fn word(cx: &Cx<'_>, typed: &TypedWord, body: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let columns = room(body, DETAIL);
    let mut lines = gate_lines(cx, &typed.gate, columns);
    lines.push(Line::default());
    for part in text::wrap(&format!("{}: type {} to approve all the same", typed.why, typed.word), columns) {
        lines.push(Line::from(cx.span(Role::Error, part.into_owned())));
    }
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(4);
    let inner = frame(cx, "Approve?", Role::Gate, (DETAIL, height), body, buf, hits);
    let [rest, field] = split_top(inner, inner.height.saturating_sub(1));
    // The reason for the word stands last, and must be seen.
    let first = lines.len().saturating_sub(usize::from(rest.height));
    draw_lines(&lines, first, rest, buf);
    let label = format!("{} ", cell(&typed.word, LABEL));
    type_line(cx, &label, &typed.input, field, buf, hits);
    if typed.input.text().is_empty() {
        let hint = Line::from(cx.span(Role::Dim, "type the word, then enter; esc decides nothing"));
        let indent = u16::try_from(text::width(&label)).unwrap_or(0).min(field.width);
        buf.set_line(field.x + indent, field.y, &hint, field.width - indent);
    }
}

/// The questions with their choices, the cursor on one of them.
pub fn answer(cx: &Cx<'_>, view: &AnswerView, body: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let columns = room(body, DETAIL);
    let mut lines: Vec<Line<'static>> = Vec::new();
    let mut cursor = 0;
    for (number, question) in view.gate.asks.questions.iter().enumerate() {
        if number > 0 {
            lines.push(Line::default());
        }
        let many = if question.many { " (any number)" } else { "" };
        for part in text::wrap(&format!("{}{many}", question.question), columns) {
            lines.push(Line::from(cx.span(Role::Title, part.into_owned())));
        }
        for (choice, option) in question.options.iter().enumerate() {
            if view.at == (number, choice) {
                cursor = lines.len();
            }
            let taken = view.taken.get(number).is_some_and(|taken| taken.contains(&choice));
            let mark = if taken { "[x]" } else { "[ ]" };
            let mut words = vec![cx.span(Role::Text, format!("{mark} {}", text::line(&option.label)))];
            if !option.description.is_empty() {
                words.push(cx.span(Role::Dim, format!("  {}", text::line(&option.description))));
            }
            lines.push(Line::from(words));
        }
    }
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(4);
    let title = format!("Answer · {}", text::line(&view.gate.title));
    let inner = frame(cx, &title, Role::Gate, (DETAIL, height), body, buf, hits);
    let [rest, last] = split_top(inner, inner.height.saturating_sub(1));
    let first = (cursor + 1).saturating_sub(usize::from(rest.height));
    draw_lines(&lines, first, rest, buf);
    if let Some(row) = rest.rows().nth(cursor - first) {
        select(cx, row, buf);
    }
    let hint = Line::from(cx.span(Role::Dim, "space takes, enter goes on to the confirmation, esc decides nothing"));
    buf.set_line(last.x, last.y, &hint, last.width);
}

/// What was changed in a file about gates, and what accepting it does.
pub fn change_lines(cx: &Cx<'_>, change: &RuleChange, columns: usize) -> Vec<Line<'static>> {
    let what = match change.guarded {
        Guarded::Session => "a session file; what you accepted before is in force until you accept this",
        Guarded::Hooks => "settings of an agent, which reads them by itself; accepting says that you have seen it",
    };
    let mut facts = vec![("file".to_owned(), change.file.display().to_string()), ("what".to_owned(), what.to_owned())];
    facts.extend(change.problems.iter().map(|problem| ("mistake".to_owned(), problem.clone())));
    let mut lines = detail(cx, &facts, columns);
    lines.push(Line::default());
    for line in &change.lines {
        let role = match line.sign {
            '+' => Role::DiffAdd,
            '-' => Role::DiffRemove,
            _ => Role::Dim,
        };
        for (row, part) in text::wrap(&line.text, columns.saturating_sub(2).max(8)).into_iter().enumerate() {
            let sign = if row == 0 { line.sign } else { ' ' };
            lines.push(Line::from(cx.span(role, format!("{sign} {part}"))));
        }
    }
    lines
}
