//! A list with a cursor: which row is selected, and which rows are in view.

use std::ops::Range;

/// Rows of a pane, with the cursor. What the rows mean is the pane's affair.
#[derive(Debug, Clone)]
pub struct List<R> {
    /// The rows, top to bottom.
    pub rows: Vec<R>,
    /// The selected row; zero in an empty list.
    pub selected: usize,
    /// The row that was at the top of the view when the cursor last moved.
    pub top: usize,
    /// Only rows that contain this text were let in; empty lets in all.
    pub filter: String,
}

impl<R> Default for List<R> {
    fn default() -> Self {
        Self { rows: Vec::new(), selected: 0, top: 0, filter: String::new() }
    }
}

impl<R> List<R> {
    /// The selected row.
    pub fn current(&self) -> Option<&R> {
        self.rows.get(self.selected)
    }

    /// Puts new rows in place and keeps the cursor on the row that `same` knows again, else at its height.
    pub fn replace(&mut self, rows: Vec<R>, same: impl Fn(&R) -> bool) {
        self.rows = rows;
        self.selected = self.rows.iter().position(same).unwrap_or(self.selected).min(self.rows.len().saturating_sub(1));
    }

    /// Moves the cursor by `delta` rows in a view of `height` rows.
    pub fn step(&mut self, delta: isize, height: usize) {
        self.select(self.selected.saturating_add_signed(delta), height);
    }

    /// Puts the cursor on a row (the last, if there are fewer) in a view of `height` rows.
    pub fn select(&mut self, row: usize, height: usize) {
        self.top = self.view(height).start;
        self.selected = row.min(self.rows.len().saturating_sub(1));
        self.top = self.view(height).start;
    }

    /// The rows in a view of `height` rows: as few as possible away from where they were, with the cursor among them.
    pub fn view(&self, height: usize) -> Range<usize> {
        let height = height.max(1);
        let highest = self.rows.len().saturating_sub(height);
        let top = self.top.min(highest).min(self.selected).max((self.selected + 1).saturating_sub(height));
        top..(top + height).min(self.rows.len())
    }

    /// True if `text` passes the filter: any letter case, all words of the filter somewhere in it.
    pub fn admits(&self, text: &str) -> bool {
        admits(&self.filter, text)
    }
}

/// True if every word of `filter` occurs in `text`, whatever the case.
pub fn admits(filter: &str, text: &str) -> bool {
    if filter.is_empty() {
        return true;
    }
    let text = text.to_lowercase();
    filter.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::{List, admits};

    fn list(len: usize) -> List<usize> {
        List { rows: (0..len).collect(), ..List::default() }
    }

    #[test]
    fn the_view_moves_only_as_far_as_the_cursor_needs() {
        let mut list = list(10);
        list.step(3, 4);
        assert_eq!(list.view(4), 0..4);
        list.step(1, 4);
        assert_eq!(list.view(4), 1..5);
        list.step(-2, 4);
        assert_eq!(list.view(4), 1..5);
        list.step(-100, 4);
        assert_eq!((list.selected, list.view(4)), (0, 0..4));
        list.step(100, 4);
        assert_eq!((list.selected, list.view(4)), (9, 6..10));
    }

    #[test]
    fn a_view_that_grows_leaves_no_gap_below() {
        let mut list = list(10);
        list.select(9, 3);
        assert_eq!(list.view(8), 2..10);
        assert_eq!(list.view(100), 0..10);
    }

    #[test]
    fn new_rows_keep_the_cursor_on_the_same_thing() {
        let mut list = list(5);
        list.select(3, 5);
        list.replace(vec![9, 8, 3], |row| *row == 3);
        assert_eq!(list.current(), Some(&3));
        list.replace(vec![1], |row| *row == 3);
        assert_eq!(list.current(), Some(&1));
        list.replace(Vec::new(), |row| *row == 3);
        assert_eq!((list.current(), list.view(5)), (None, 0..0));
    }

    #[test]
    fn a_filter_asks_for_every_word_in_any_case() {
        assert!(admits("VPC drift", "drifted: vpc-1"));
        assert!(!admits("vpc git", "drifted: vpc-1"));
        assert!(admits("", "anything"));
    }
}
