//! The signals of one agent, as their popup shows them: each with the lines that prove it.

use crate::domain::agent::{Agent, AgentId};
use crate::domain::signal::correct::Correction;
use crate::domain::signal::{Evidence, Signal};

/// The popup of an agent's signals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalsView {
    /// The agent.
    pub agent: AgentId,
    /// Selected row.
    pub selected: usize,
    /// First row that is shown.
    pub top: usize,
}

/// One row of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row<'a> {
    /// A signal.
    Signal(&'a Signal),
    /// A line that proves the signal above.
    Evidence(&'a Evidence),
}

impl SignalsView {
    /// The signals of an agent, with the cursor on one of them.
    pub fn new(agent: &Agent, on: Option<(&str, &str)>) -> Self {
        let at = on.and_then(|(kind, cause)| {
            rows(agent)
                .iter()
                .position(|row| matches!(row, Row::Signal(signal) if signal.kind == kind && signal.cause == cause))
        });
        Self { agent: agent.id.clone(), selected: at.unwrap_or_default(), top: 0 }
    }

    /// Puts the cursor on a row, as far as there are rows, and keeps it in sight.
    pub fn select(&mut self, row: usize, rows: usize, height: usize) {
        self.selected = row.min(rows.saturating_sub(1));
        self.top = self.top.clamp((self.selected + 1).saturating_sub(height.max(1)), self.selected);
    }

    /// Where the selected row leads: its line, or the last one that proves the signal.
    pub fn goal<'a>(&self, agent: &'a Agent) -> Option<&'a Evidence> {
        match rows(agent).get(self.selected)? {
            Row::Evidence(evidence) => Some(evidence),
            Row::Signal(signal) => signal.evidence.last(),
        }
    }
}

/// The rows of an agent's signals.
pub fn rows(agent: &Agent) -> Vec<Row<'_>> {
    let of = |signal| std::iter::once(Row::Signal(signal)).chain(signal.evidence.iter().map(Row::Evidence));
    agent.signals.iter().flat_map(of).collect()
}

/// The popup that asks which way an agent is to be corrected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectMenu {
    /// The agent.
    pub agent: AgentId,
    /// Its name.
    pub name: String,
    /// What it is corrected for, as it stood when the menu was opened.
    pub signals: Vec<Signal>,
    /// Selected row of [`Correction::ALL`].
    pub selected: usize,
}

impl CorrectMenu {
    /// The way that is selected.
    pub fn correction(&self) -> Correction {
        Correction::ALL[self.selected.min(Correction::ALL.len() - 1)]
    }
}
