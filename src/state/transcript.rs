//! The transcript pane: a window on one file, however long the file is, with a cursor that moves by rows.
//!
//! Only the records around the cursor are kept; the file itself is the buffer. Rows are laid out when they are drawn
//! or stepped over, never for the window as a whole.

use std::collections::HashSet;
use std::path::PathBuf;

use crate::domain::agent::AgentId;
use crate::domain::fault::Fault;
use crate::domain::transcript::{Body, Entry};
use crate::event::{Page, PageRequest};

use super::list::admits;

pub mod rows;

use rows::rows;

/// Entries kept at most; beyond that those farthest from the cursor are let go and read again when needed.
const WINDOW: usize = 4_000;

/// Entries from the edge of the window at which the next page is asked for.
const MARGIN: usize = 60;

/// The transcript pane.
#[derive(Debug, Default)]
pub struct Transcript {
    /// Whose transcript it is.
    pub agent: Option<AgentId>,
    /// The file.
    pub path: PathBuf,
    /// Generation of the last request to open one; news of others are stale.
    pub generation: u64,
    /// The entries in the window, in file order.
    pub entries: Vec<Entry>,
    /// Offset of the first record in the window.
    pub start: u64,
    /// Offset just behind the last record in the window.
    pub end: u64,
    /// Bytes in the file.
    pub size: u64,
    /// The window reaches the end of the file, so that news can be appended.
    pub at_end: bool,
    /// New records move the view; ends when the cursor leaves the last row.
    pub follow: bool,
    /// First visible row, unless following.
    pub top: Spot,
    /// The cursor, unless following: then it is on the last row.
    pub cursor: Spot,
    /// Entries that are not folded as they are by default.
    pub toggled: HashSet<EntryKey>,
    /// Everything is unfolded.
    pub unfolded: bool,
    /// A page that was asked for and has not come.
    pub loading: Option<PageRequest>,
    /// A page has come: an empty window is an empty file.
    pub heard: bool,
    /// Only entries that contain this text; set by [`Transcript::set_filter`].
    pub filter: String,
    /// For each entry of the window, whether it passes the filter: found out once, not in every frame. Empty without a filter.
    passes: Vec<bool>,
    /// Why it cannot be read.
    pub fault: Option<Fault>,
}

/// A row: an entry of the window, and one of its rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// Index of the entry.
    pub entry: usize,
    /// Row of the entry.
    pub row: usize,
}

/// Names an entry for as long as its file stands: its record's offset, and its place in the record.
pub type EntryKey = (u64, usize);

impl Transcript {
    /// Begins with another file; what is known of the old one goes.
    pub fn begin(&mut self, agent: AgentId, path: PathBuf) {
        *self = Self {
            agent: Some(agent),
            path,
            generation: self.generation + 1,
            follow: true,
            loading: Some(PageRequest::End),
            unfolded: self.unfolded,
            ..Self::default()
        };
    }

    /// Leaves the file; news of it are stale from now on.
    pub fn leave(&mut self) {
        *self = Self { generation: self.generation + 1, unfolded: self.unfolded, ..Self::default() };
    }

    /// Takes a page. Its records join the window where they belong; others than the expected page are dropped.
    pub fn take(&mut self, page: Page) {
        self.loading = None;
        self.heard = true;
        self.fault = None;
        self.size = page.size.max(self.size);
        match page.request {
            PageRequest::End | PageRequest::Start => {
                self.at_end = page.request == PageRequest::End || page.end >= page.size;
                self.follow = page.request == PageRequest::End;
                (self.start, self.end) = (page.start, page.end);
                self.entries = page.entries;
                self.passes = self.passing(&self.entries);
                (self.top, self.cursor) = (Spot::default(), Spot::default());
            }
            PageRequest::Before(offset) if offset == self.start => {
                let added = page.entries.len();
                self.start = page.start;
                self.passes.splice(0..0, self.passing(&page.entries));
                self.entries.splice(0..0, page.entries);
                self.top.entry += added;
                self.cursor.entry += added;
                self.drop_back();
            }
            PageRequest::From(offset) if offset == self.end => {
                self.at_end = page.end >= page.size;
                self.end = page.end;
                self.extend(page.entries);
            }
            PageRequest::Before(_) | PageRequest::From(_) => {}
        }
    }

    /// Takes records that were appended to the file.
    pub fn append(&mut self, entries: Vec<Entry>, end: u64) {
        self.size = self.size.max(end);
        if self.at_end {
            self.end = end;
            self.extend(entries);
        }
    }

    fn extend(&mut self, entries: Vec<Entry>) {
        self.passes.extend(self.passing(&entries));
        self.entries.extend(entries);
        self.drop_front();
    }

    /// Shows only entries that contain a text; all of them if it is empty.
    pub fn set_filter(&mut self, filter: String) {
        self.filter = filter;
        self.passes = self.passing(&self.entries);
    }

    fn passing(&self, entries: &[Entry]) -> Vec<bool> {
        if self.filter.is_empty() {
            return Vec::new();
        }
        entries.iter().map(|entry| admits(&self.filter, searchable(&entry.body))).collect()
    }

    /// The page that the cursor will need next, if none is on its way.
    pub fn wants(&self) -> Option<PageRequest> {
        if self.loading.is_some() || self.agent.is_none() || !self.heard {
            return None;
        }
        if !self.follow && self.top.entry < MARGIN && self.start > 0 {
            return Some(PageRequest::Before(self.start));
        }
        // A first page of few records may not fill the view.
        if self.follow && self.entries.len() < MARGIN && self.start > 0 {
            return Some(PageRequest::Before(self.start));
        }
        (!self.at_end && self.cursor.entry + MARGIN > self.entries.len()).then_some(PageRequest::From(self.end))
    }

    /// The name of an entry of the window.
    pub fn key(&self, index: usize) -> Option<EntryKey> {
        let offset = self.entries.get(index)?.offset;
        Some((offset, self.entries[..index].iter().rev().take_while(|entry| entry.offset == offset).count()))
    }

    /// True if an entry shows all that it has.
    pub fn is_open(&self, index: usize) -> bool {
        self.key(index).is_some_and(|key| self.toggled.contains(&key)) != self.unfolded
    }

    /// True if an entry passes the filter.
    pub fn shows(&self, index: usize) -> bool {
        self.filter.is_empty() || self.passes.get(index).copied().unwrap_or(false)
    }

    /// Rows of an entry in a view of `width` columns; none for an entry that the filter hides.
    pub fn height(&self, index: usize, width: u16) -> usize {
        match self.entries.get(index) {
            Some(entry) if self.shows(index) => rows(entry, width, self.is_open(index)).len(),
            _ => 0,
        }
    }

    /// The row `delta` rows from `from`, stopping at the first and the last one.
    pub fn step(&self, from: Spot, delta: isize, width: u16) -> Spot {
        let mut at = from;
        let mut left = delta.unsigned_abs();
        if delta >= 0 {
            loop {
                let height = self.height(at.entry, width);
                if at.row + left < height {
                    return Spot { row: at.row + left, ..at };
                }
                // Hidden entries have no rows to count.
                let here = height.saturating_sub(at.row);
                let Some(next) = (at.entry + 1..self.entries.len()).find(|index| self.shows(*index)) else {
                    return Spot { row: height.saturating_sub(1), ..at };
                };
                left -= here.min(left);
                at = Spot { entry: next, row: 0 };
            }
        }
        loop {
            if left <= at.row {
                return Spot { row: at.row - left, ..at };
            }
            let Some(before) = (0..at.entry).rev().find(|index| self.shows(*index)) else {
                return Spot { row: 0, ..at };
            };
            left -= at.row + 1;
            at = Spot { entry: before, row: self.height(before, width).saturating_sub(1) };
        }
    }

    /// The last row.
    pub fn last(&self, width: u16) -> Spot {
        let entry = (0..self.entries.len()).rev().find(|index| self.shows(*index)).unwrap_or(0);
        Spot { entry, row: self.height(entry, width).saturating_sub(1) }
    }

    /// The first visible row and the cursor in a view of `width` × `height`.
    pub fn view(&self, width: u16, height: u16) -> (Spot, Spot) {
        let reach = isize::try_from(height).unwrap_or(1).max(1) - 1;
        if self.follow {
            let last = self.last(width);
            return (self.step(last, -reach, width), last);
        }
        let lowest = self.step(self.last(width), -reach, width);
        let cursor = self.clamp(self.cursor, width);
        let top = self.clamp(self.top, width).min(lowest).min(cursor).max(self.step(cursor, -reach, width));
        (top, cursor)
    }

    /// A spot that exists: rows vanish when a view gets wider or an entry is folded.
    fn clamp(&self, spot: Spot, width: u16) -> Spot {
        if spot.entry >= self.entries.len() || !self.shows(spot.entry) {
            return self.step(Spot { entry: spot.entry.min(self.entries.len().saturating_sub(1)), row: 0 }, 0, width);
        }
        Spot { row: spot.row.min(self.height(spot.entry, width).saturating_sub(1)), ..spot }
    }

    /// Moves the cursor by rows. On the last row of the file the view follows again.
    pub fn scroll(&mut self, delta: isize, width: u16, height: u16) {
        let (top, cursor) = self.view(width, height);
        (self.top, self.cursor) = (top, self.step(cursor, delta, width));
        self.follow = self.at_end && self.cursor == self.last(width) && (self.follow || delta > 0);
        self.top = self.view(width, height).0;
    }

    /// Puts the cursor on the first row of the nearest entry in a direction that `wanted` accepts; false if there is none.
    pub fn seek(&mut self, forward: bool, width: u16, height: u16, wanted: impl Fn(&Body) -> bool) -> bool {
        let (top, cursor) = self.view(width, height);
        let fits = |index: &usize| self.shows(*index) && wanted(&self.entries[*index].body);
        let found = if forward {
            (cursor.entry + 1..self.entries.len()).find(fits)
        } else {
            (0..cursor.entry).rev().find(fits)
        };
        let Some(entry) = found else { return false };
        self.follow = false;
        self.cursor = Spot { entry, row: 0 };
        // The prompt at the top of the view shows the turn that it began.
        self.top = if forward || self.cursor < top { self.cursor } else { top };
        self.top = self.view(width, height).0;
        true
    }

    /// Folds or unfolds the entry at the cursor.
    pub fn fold(&mut self, width: u16, height: u16) {
        let (top, cursor) = self.view(width, height);
        let Some(key) = self.key(cursor.entry) else { return };
        if !self.toggled.remove(&key) {
            self.toggled.insert(key);
        }
        (self.top, self.cursor) = (top, Spot { row: 0, ..cursor });
        self.follow = false;
        self.top = self.view(width, height).0;
    }

    /// Lets go of the oldest whole records beyond the window.
    fn drop_front(&mut self) {
        let Some(excess) = self.entries.len().checked_sub(WINDOW).filter(|excess| *excess >= WINDOW / 8) else {
            return;
        };
        let anchor = if self.follow { excess } else { excess.min(self.top.entry) };
        let Some(first) = self.entries.get(anchor).map(|entry| entry.offset) else { return };
        let cut = self.entries.partition_point(|entry| entry.offset < first);
        self.entries.drain(..cut);
        self.passes.drain(..cut.min(self.passes.len()));
        self.start = first;
        self.top.entry = self.top.entry.saturating_sub(cut);
        self.cursor.entry = self.cursor.entry.saturating_sub(cut);
    }

    /// Lets go of the newest whole records beyond the window.
    fn drop_back(&mut self) {
        if self.entries.len() < WINDOW + WINDOW / 8 {
            return;
        }
        let keep = WINDOW.max(self.cursor.entry + 1);
        let Some(end) = self.entries.get(keep).map(|entry| entry.offset) else { return };
        let cut = self.entries.partition_point(|entry| entry.offset < end);
        self.entries.truncate(cut);
        self.passes.truncate(cut);
        self.end = end;
        self.at_end = false;
        self.follow = false;
    }
}

/// The text of an entry: what the filter looks at, and what is copied.
pub fn searchable(body: &Body) -> &str {
    match body {
        Body::Prompt(text) | Body::Said(text) | Body::Thinking(text) => &text.kept,
        Body::Call { summary, .. } => summary,
        Body::Result { output, .. } => &output.kept,
        Body::Note { text, .. } => text,
        Body::Unread { why, .. } => why,
    }
}

#[cfg(test)]
mod tests;
