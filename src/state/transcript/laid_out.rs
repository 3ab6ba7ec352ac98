//! Rows that were laid out, kept for the next frame.
//!
//! Drawing is pure and has only `&State`, and what is in view is not known before it is drawn; so the rows are kept behind
//! a [`RefCell`]. Nothing can be told from outside but the time it takes: whatever changes how an entry looks is either part of
//! [`How`] or makes it be forgotten.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use super::pairs::Number;
use super::rows::{Row, Waiting};

/// Rows kept, give or take those of one entry; twice as many while the older half is in use.
const MOST: usize = 12_000;

/// How an entry is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct How {
    pub(super) width: u16,
    pub(super) open: bool,
    pub(super) waiting: Waiting,
}

/// Rows that were laid out, by the number of their entry.
#[derive(Debug, Default)]
pub(super) struct LaidOut {
    shelves: RefCell<Shelves>,
}

/// When the young ones are too many they become the old ones; the old ones that nobody asked for go.
#[derive(Debug, Default)]
struct Shelves {
    young: HashMap<Number, (How, Arc<[Row]>)>,
    old: HashMap<Number, (How, Arc<[Row]>)>,
    /// Rows of the young ones.
    rows: usize,
}

impl LaidOut {
    /// The rows of an entry, laid out by `lay` if they are not at hand.
    pub(super) fn rows(&self, number: Number, how: How, lay: impl FnOnce() -> Vec<Row>) -> Arc<[Row]> {
        let old = {
            let mut shelves = self.shelves.borrow_mut();
            if let Some((of, rows)) = shelves.young.get(&number)
                && *of == how
            {
                return Arc::clone(rows);
            }
            shelves.old.remove(&number).filter(|(of, _)| *of == how)
        };
        let rows = old.map_or_else(|| Arc::from(lay()), |(_, rows)| rows);
        let mut shelves = self.shelves.borrow_mut();
        shelves.rows += rows.len() + 1;
        shelves.young.insert(number, (how, Arc::clone(&rows)));
        if shelves.rows > MOST {
            shelves.old = std::mem::take(&mut shelves.young);
            shelves.rows = 0;
        }
        rows
    }

    /// The entry looks different from now on.
    pub(super) fn forget(&mut self, number: Number) {
        let shelves = self.shelves.get_mut();
        shelves.young.remove(&number);
        shelves.old.remove(&number);
    }

    /// How many entries are at hand.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        let shelves = self.shelves.borrow();
        shelves.young.len() + shelves.old.len()
    }

    /// Every entry is another one.
    pub(super) fn clear(&mut self) {
        *self.shelves.get_mut() = Shelves::default();
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::{How, LaidOut, MOST};
    use crate::domain::text::styled::Styled;
    use crate::state::transcript::rows::{Part, Row, Waiting};

    const HOW: How = How { width: 80, open: false, waiting: Waiting::Untold };

    fn lay(count: usize) -> Vec<Row> {
        vec![Row { part: Part::Gap, line: Styled::default() }; count]
    }

    #[test]
    fn an_entry_is_laid_out_once_until_it_looks_different() {
        let mut kept = LaidOut::default();
        let times = Cell::new(0);
        let ask = |kept: &LaidOut, how| {
            kept.rows(7, how, || {
                times.set(times.get() + 1);
                lay(3)
            })
            .len()
        };
        assert_eq!((ask(&kept, HOW), ask(&kept, HOW), times.get()), (3, 3, 1));
        for how in [How { width: 79, ..HOW }, How { open: true, ..HOW }, How { waiting: Waiting::Running, ..HOW }, HOW]
        {
            let before = times.get();
            ask(&kept, how);
            assert_eq!(times.get(), before + 1, "{how:?}");
        }
        kept.forget(7);
        let before = times.get();
        ask(&kept, HOW);
        assert_eq!(times.get(), before + 1);
    }

    #[test]
    fn what_is_in_use_stays_and_the_rest_goes() {
        let kept = LaidOut::default();
        let most = i64::try_from(MOST).unwrap();
        for number in 0..3 * most / 10 {
            kept.rows(number, HOW, || lay(9));
            kept.rows(-1, HOW, || lay(9));
        }
        assert!(kept.len() <= 2 * MOST / 10 + 2);
        kept.rows(-1, HOW, || panic!("it was in use all the time"));
    }
}
