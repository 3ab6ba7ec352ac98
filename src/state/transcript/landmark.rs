//! Going from landmark to landmark: in the window at once, beyond it with the help of the source.

use crate::domain::transcript::landmark::Landmark;
use crate::event::SeekRequest;

use super::{Spot, Transcript};

/// What became of a jump.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jump {
    /// The cursor is there.
    Here,
    /// There is none in the window; the file is to be asked.
    Beyond(SeekRequest),
    /// There is none in the window, and the filter holds for the window alone.
    Filtered,
    /// There is none.
    Nothing,
}

impl Transcript {
    /// Puts the cursor on the nearest landmark of its kind, if it is in the window.
    pub fn jump(&mut self, landmark: Landmark, forward: bool, width: u16, height: u16) -> Jump {
        let (top, cursor) = self.view(width, height);
        let found = if forward {
            self.landmarks(landmark, cursor.entry + 1).filter(|entry| *entry > cursor.entry).min()
        } else {
            self.landmarks(landmark, 0).filter(|entry| *entry < cursor.entry).max()
        };
        if let Some(entry) = found {
            self.follow = false;
            self.cursor = Spot { entry, row: 0 };
            // The landmark at the top of the view shows what it began.
            self.top = if forward || self.cursor < top { self.cursor } else { top };
            self.top = self.view(width, height).0;
            return Jump::Here;
        }
        let whole = if forward { self.at_end } else { self.start == 0 };
        if whole {
            return Jump::Nothing;
        }
        if !self.filter.is_empty() {
            return Jump::Filtered;
        }
        let from = if forward { self.end } else { self.start };
        Jump::Beyond(SeekRequest { landmark, from, forward })
    }

    /// The entries from `first` on that are landmarks, or rather those in whose rows they stand.
    fn landmarks(&self, landmark: Landmark, first: usize) -> impl Iterator<Item = usize> {
        let all = (first..self.entries.len()).filter(move |index| landmark.is(&self.entries[*index]));
        all.filter_map(|index| self.home(index))
    }

    /// The entry in whose rows an entry stands: a result stands in its call's. None if it is hidden.
    pub(super) fn home(&self, index: usize) -> Option<usize> {
        let index = self.call_of(index).unwrap_or(index);
        self.shows(index).then_some(index)
    }
}
