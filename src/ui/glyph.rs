//! The signs that the screen uses, and what stands for them where only ASCII can be drawn.

use ratatui::buffer::Buffer;

use crate::domain::agent::AgentState;
use crate::domain::drift::DriftState;
use crate::domain::evidence::Verdict;
use crate::domain::health::HealthState;
use crate::domain::task::TaskStatus;

/// Left of the selected row in panes without the focus.
pub const HERE: &str = "▎";

/// Sign of an agent's state: a shape of its own for each, so that no state is told by colour alone.
pub fn state(state: AgentState) -> &'static str {
    match state {
        AgentState::Waiting => "◆",
        AgentState::Crashed => "✕",
        AgentState::Working => "●",
        AgentState::Idle => "○",
        AgentState::Unknown => "?",
        AgentState::Finished => "◌",
    }
}

/// Sign of a task's status.
pub fn task(status: TaskStatus) -> &'static str {
    match status {
        TaskStatus::Todo => "□",
        TaskStatus::InProgress => "◧",
        TaskStatus::Blocked => "⊘",
        TaskStatus::Review => "◎",
        TaskStatus::Done => "■",
        TaskStatus::Other => "?",
    }
}

/// Sign of an object's health.
pub fn health(health: HealthState) -> &'static str {
    match health {
        HealthState::Healthy => "●",
        HealthState::Progressing => "◐",
        HealthState::Degraded => "✕",
        HealthState::Suspended => "‖",
        HealthState::Terminating => "⊗",
        HealthState::NotPlaced => "◌",
        HealthState::NoSignal => "·",
        HealthState::Unknown => "?",
    }
}

/// Sign of an object's drift.
pub fn drift(drift: DriftState) -> &'static str {
    match drift {
        DriftState::Synced => "=",
        DriftState::Drifted => "≠",
        DriftState::Behind => "◁",
        DriftState::Overdue => "!",
        DriftState::Blocked => "⊘",
        DriftState::Orphaned => "+",
        DriftState::Deleting => "⊗",
        DriftState::Unknown => "?",
        DriftState::Pending => "◐",
        DriftState::Draft => "~",
        DriftState::Unpushed => "↑",
    }
}

/// Sign of what evidence says of a claim.
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => "✓",
        Verdict::Stale => "◌",
        Verdict::Unknown => "?",
        Verdict::Missing => "○",
        Verdict::Contradicted => "✗",
    }
}

/// Puts ASCII in the place of everything else in a finished frame.
pub fn flatten(buf: &mut Buffer) {
    for cell in &mut buf.content {
        if !cell.symbol().is_ascii() {
            cell.set_symbol(ascii(cell.symbol()));
        }
    }
}

/// What stands for a sign in ASCII; `?` for what has no likeness.
fn ascii(sign: &str) -> &'static str {
    match sign {
        "─" | "━" | "═" | "–" | "—" | "−" | "╌" | "⊗" => "-",
        "│" | "┃" | "║" | "▌" | "▏" | "┆" | "┊" => "|",
        "┌" | "┐" | "└" | "┘" | "├" | "┤" | "┬" | "┴" | "┼" | "╭" | "╮" | "╯" | "╰" | "✓" => {
            "+"
        }
        "◆" => "!",
        "✕" | "✗" | "×" => "x",
        "⊘" => "/",
        "●" | "■" | "•" => "*",
        "○" | "□" => "o",
        "◌" => "_",
        "◎" => "@",
        "◐" | "◧" => "%",
        "≠" | "█" | "▓" => "#",
        "◁" | "‹" => "<",
        "❯" | "▎" | "›" | "→" | "»" | "≥" => ">",
        "▸" => "$",
        "⏎" => "E",
        "␣" => "S",
        "↑" => "^",
        "↓" | "▾" => "v",
        "…" => "~",
        "·" | "⋯" | "░" | "▒" => ".",
        "‖" | "≡" => "=",
        "∴" => ":",
        "⟦" => "[",
        "⟧" => "]",
        _ => "?",
    }
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;

    use std::collections::HashSet;

    use super::{ascii, flatten};
    use crate::domain::agent::AgentState;
    use crate::domain::drift::DriftState;
    use crate::domain::evidence::Verdict;
    use crate::domain::health::HealthState;
    use crate::domain::task::TaskStatus;

    #[test]
    fn states_are_told_apart_in_ascii_too() {
        use HealthState::{Degraded, Healthy, NoSignal, NotPlaced, Progressing, Suspended, Terminating, Unknown};
        let agents = [AgentState::Waiting, AgentState::Crashed, AgentState::Working, AgentState::Idle]
            .into_iter()
            .chain([AgentState::Unknown, AgentState::Finished])
            .map(super::state);
        let health = [Degraded, Unknown, Progressing, Terminating, Suspended, NotPlaced, NoSignal, Healthy];
        let drift = [DriftState::Drifted, DriftState::Behind, DriftState::Overdue, DriftState::Blocked]
            .into_iter()
            .chain([DriftState::Orphaned, DriftState::Deleting, DriftState::Unknown, DriftState::Pending])
            .chain([DriftState::Draft, DriftState::Unpushed, DriftState::Synced])
            .map(super::drift);
        // A task of no known status shows the status itself.
        let tasks = TaskStatus::ALL.map(super::task);
        let verdicts = [Verdict::Holds, Verdict::Stale, Verdict::Unknown, Verdict::Missing, Verdict::Contradicted];
        let kinds: [Vec<&str>; 5] = [
            agents.collect(),
            health.map(super::health).to_vec(),
            drift.collect(),
            tasks.to_vec(),
            verdicts.map(super::verdict).to_vec(),
        ];
        for signs in kinds {
            let plain: HashSet<&str> =
                signs.iter().map(|sign| if sign.is_ascii() { sign } else { ascii(sign) }).collect();
            assert_eq!(plain.len(), signs.len(), "{signs:?}");
        }
    }

    #[test]
    fn nothing_but_ascii_is_left() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 12, 1));
        buf.set_string(0, 0, "╭● é 字 ✅", ratatui::style::Style::default());
        flatten(&mut buf);
        let text: String = buf.content.iter().map(ratatui::buffer::Cell::symbol).collect();
        assert!(text.is_ascii(), "{text}");
        assert!(text.starts_with("+* ?"));
    }
}
