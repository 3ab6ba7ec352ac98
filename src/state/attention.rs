//! The attention queue's pane: the needs, with a cursor that stays on what it was on.

use jiff::Timestamp;

use crate::domain::attention::hush::Hushes;
use crate::domain::attention::{Need, Subject};
use crate::domain::notify::Told;

use super::list::List;

/// The attention queue.
#[derive(Debug, Default)]
pub struct Attention {
    /// Every need that is shown, the most urgent first: those that are hidden follow, when they are shown, too.
    pub needs: Vec<Need>,
    /// How many of [`Attention::needs`] want the operator; those behind them were hidden.
    pub open: usize,
    /// How many needs are hidden, shown or not.
    pub hidden: usize,
    /// Hidden needs are shown.
    pub with_hidden: bool,
    /// What hides needs.
    pub hushes: Hushes,
    /// What was told of already.
    pub told: Told,
    /// The queue was derived anew, and nobody was told yet.
    pub fresh: bool,
    /// Some of what hides needs was let go of, and that was not kept yet.
    pub tidied: bool,
    /// What the status bar of tmux shows.
    pub line: String,
    /// The last key or click of the operator.
    pub touched: Option<Timestamp>,
    /// Rows with the cursor: indices of needs.
    pub list: List<usize>,
}

impl Attention {
    /// The need under the cursor.
    pub fn current(&self) -> Option<&Need> {
        self.needs.get(*self.list.current()?)
    }

    /// Needs that want the operator.
    pub fn open(&self) -> &[Need] {
        &self.needs[..self.open.min(self.needs.len())]
    }

    /// Puts new needs in place; the cursor stays on its subject.
    pub fn replace(&mut self, needs: Vec<Need>, now: Timestamp) {
        let selected = self.current().map(|need| need.subject.clone());
        let (mut open, hidden): (Vec<_>, Vec<_>) =
            needs.into_iter().partition(|need| self.hushes.of(need, now).is_none());
        (self.open, self.hidden) = (open.len(), hidden.len());
        if self.with_hidden {
            open.extend(hidden);
        }
        self.needs = open;
        self.arrange(selected.as_ref());
    }

    /// Lays the rows out anew after needs or filter have changed.
    pub fn arrange(&mut self, selected: Option<&Subject>) {
        let admitted = |need: &Need| self.list.admits(&format!("{} {} {}", need.kind, need.title, need.reason));
        let rows = (0..self.needs.len()).filter(|row| admitted(&self.needs[*row])).collect();
        let needs = &self.needs;
        self.list.replace(rows, |row| needs.get(*row).map(|need| &need.subject) == selected);
    }
}
