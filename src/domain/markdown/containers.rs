//! What a block stands in: quotes and items of lists, and what they put before its rows.

use crate::domain::text::styled::{Ink, Styled};

/// Before a row of a quote.
const QUOTE: &str = "│ ";

/// The quotes and items that are open, the outermost first.
#[derive(Debug, Default)]
pub(super) struct Containers {
    open: Vec<Container>,
}

#[derive(Debug)]
enum Container {
    Quote,
    Item {
        marker: Styled,
        /// The marker is still to be shown.
        fresh: bool,
    },
}

impl Containers {
    pub(super) fn quote(&mut self) {
        self.open.push(Container::Quote);
    }

    /// An item begins; `marker` as it was written.
    pub(super) fn item(&mut self, marker: &str) {
        let bullet = marker.starts_with(['-', '*', '+']);
        let mut shown = Styled::new(if bullet { "•" } else { marker }, Ink::Dim);
        shown.push(" ", Ink::Dim);
        self.open.push(Container::Item { marker: shown, fresh: true });
    }

    /// The innermost item is a task.
    pub(super) fn mark_task(&mut self, done: bool) {
        let Some(Container::Item { marker, fresh: true }) = self.open.last_mut() else { return };
        let sign = if done { Styled::new("✓ ", Ink::Ok) } else { Styled::new("○ ", Ink::Dim) };
        if marker.text.starts_with('•') {
            *marker = sign;
        } else {
            marker.extend(&sign);
        }
    }

    pub(super) fn leave(&mut self) {
        self.open.pop();
    }

    /// True if the innermost item has not shown its marker.
    pub(super) fn is_fresh(&self) -> bool {
        matches!(self.open.last(), Some(Container::Item { fresh: true, .. }))
    }

    /// What stands before a line, and the line. Markers are shown once. In a narrow or deep place they become text.
    pub(super) fn prefix(&mut self, line: Styled, columns: usize) -> (Styled, Styled) {
        if self.fits(columns) {
            let mut prefix = Styled::default();
            for container in &mut self.open {
                match container {
                    Container::Quote => prefix.push(QUOTE, Ink::Quote),
                    Container::Item { marker, fresh } if *fresh => {
                        *fresh = false;
                        prefix.extend(marker);
                    }
                    Container::Item { marker, .. } => prefix.push(&" ".repeat(marker.width()), Ink::Plain),
                }
            }
            return (prefix, line);
        }
        let mut marked = Styled::default();
        for container in &mut self.open {
            if let Container::Item { marker, fresh } = container
                && std::mem::take(fresh)
            {
                marked.extend(marker);
            }
        }
        marked.extend(&line);
        (Styled::default(), marked)
    }

    /// What stands before the rows of a line behind its first.
    pub(super) fn hanging(&self, columns: usize) -> Styled {
        let mut prefix = Styled::default();
        if self.fits(columns) {
            for container in &self.open {
                match container {
                    Container::Quote => prefix.push(QUOTE, Ink::Quote),
                    Container::Item { marker, .. } => prefix.push(&" ".repeat(marker.width()), Ink::Plain),
                }
            }
        }
        prefix
    }

    /// True if what stands before the text leaves half of the columns to it.
    fn fits(&self, columns: usize) -> bool {
        let mut left = columns / 2;
        self.open.iter().all(|container| {
            let wide = match container {
                Container::Quote => QUOTE.chars().count(),
                Container::Item { marker, .. } => marker.width(),
            };
            let fits = wide <= left;
            left = left.saturating_sub(wide);
            fits
        })
    }
}
