//! The attention queue's pane: the needs, with a cursor that stays on what it was on.

use crate::domain::attention::{Need, Subject};

use super::list::List;

/// The attention queue.
#[derive(Debug, Default)]
pub struct Attention {
    /// Every need, the most urgent first.
    pub needs: Vec<Need>,
    /// Rows with the cursor: indices of needs.
    pub list: List<usize>,
}

impl Attention {
    /// The need under the cursor.
    pub fn current(&self) -> Option<&Need> {
        self.needs.get(*self.list.current()?)
    }

    /// Puts new needs in place; the cursor stays on its subject.
    pub fn replace(&mut self, needs: Vec<Need>) {
        let selected = self.current().map(|need| need.subject.clone());
        self.needs = needs;
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
