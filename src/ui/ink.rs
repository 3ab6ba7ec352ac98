//! How text whose parts look different is drawn.

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::config::theme::Role;
use crate::domain::text::styled::{Ink, Look, Styled};

use super::Cx;

/// A line of such text in a place of this role.
pub fn line(cx: &Cx<'_>, role: Role, styled: &Styled) -> Line<'static> {
    let spans = styled.parts().map(|(text, look)| Span::styled(text.to_owned(), style(cx, role, look)));
    Line::from(spans.collect::<Vec<_>>())
}

/// How a run looks in a row of this role.
pub fn style(cx: &Cx<'_>, role: Role, look: Look) -> Style {
    let role = match look.ink {
        Ink::Plain => role,
        Ink::Dim => Role::Dim,
        Ink::Tool => Role::AgentTool,
        Ink::Ok => Role::Ok,
        Ink::Warn => Role::Warn,
        Ink::Error => Role::Error,
        Ink::Busy => Role::Info,
        Ink::Added => Role::DiffAdd,
        Ink::Removed => Role::DiffRemove,
        Ink::Heading => Role::MarkdownHeading,
        Ink::Code => Role::MarkdownCode,
        Ink::Link => Role::MarkdownLink,
        Ink::Quote => Role::MarkdownQuote,
    };
    let marks =
        [(look.strong, Modifier::BOLD), (look.emphasis, Modifier::ITALIC), (look.struck, Modifier::CROSSED_OUT)];
    let marks = marks.into_iter().filter(|(set, _)| *set).fold(Modifier::empty(), |all, (_, mark)| all | mark);
    cx.theme.style(role).add_modifier(marks)
}
