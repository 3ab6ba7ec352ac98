//! The transcript pane: a window on one file, however long the file is, with a cursor that moves by rows.
//!
//! Only the records around the cursor are kept; the file itself is the buffer. Rows are laid out when they are drawn
//! or stepped over, never for the window as a whole, and kept for the next frame. A result whose call is in the window has no
//! rows of its own: those of the call show it.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use crate::domain::agent::AgentId;
use crate::domain::fault::Fault;
use crate::domain::transcript::{Body, Entry};
use crate::event::{Page, PageRequest, SeekRequest};

use super::list::admits;

mod laid_out;
pub mod landmark;
mod pairs;
pub mod rows;
pub mod select;
mod turn;

use laid_out::{How, LaidOut};
use pairs::Pairs;
use rows::{Row, Shown, Waiting};

/// Entries kept at most; beyond that those farthest from the cursor are let go and read again when needed.
const WINDOW: usize = 4_000;

/// Rows that an entry has at most, give or take: text, output, patch, each as long as it can be.
const TALLEST: usize = 8_000;

/// Columns that the rail of a side chain takes.
pub const RAIL: u16 = 2;

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
    /// An entry outside the window that the cursor is to go to.
    goal: Option<EntryKey>,
    /// A landmark that is looked for outside the window.
    pub seeking: Option<SeekRequest>,
    /// Where the selection began: a row of an entry, whether it is in the window or not.
    anchor: Option<(EntryKey, usize)>,
    /// Records that were written since the view left off following.
    pub below: usize,
    /// A page has come: an empty window is an empty file.
    pub heard: bool,
    /// Only entries that contain this text; set by [`Transcript::set_filter`].
    pub filter: String,
    /// For each entry of the window, whether it passes the filter: found out once, not in every frame. Empty without a filter.
    passes: Vec<bool>,
    /// Why it cannot be read.
    pub fault: Option<Fault>,
    /// The agent is not at work any more: a call without a result will not get one.
    pub resting: bool,
    pairs: Pairs,
    laid_out: LaidOut,
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
                (self.start, self.end) = (page.start, page.end);
                self.replace(page.entries);
                (self.top, self.cursor) = (Spot::default(), Spot::default());
                self.follow = false;
                if page.request == PageRequest::End {
                    self.to_end();
                }
            }
            PageRequest::Around(offset) => {
                self.at_end = page.end >= page.size;
                (self.start, self.end) = (page.start, page.end);
                self.replace(page.entries);
                let goal = self.goal.filter(|(goal, _)| *goal == offset);
                if goal.is_some() {
                    self.goal = None;
                }
                self.stand_on(goal.unwrap_or((offset, 0)));
            }
            PageRequest::Before(offset) if offset == self.start => {
                let added = page.entries.len();
                self.start = page.start;
                for number in self.pairs.prepend(&page.entries) {
                    self.laid_out.forget(number);
                }
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
        if !self.follow {
            self.below += entries.chunk_by(|one, next| one.offset == next.offset).count();
        }
        if self.at_end {
            self.end = end;
            self.extend(entries);
        }
    }

    fn replace(&mut self, entries: Vec<Entry>) {
        self.pairs.reset(&entries);
        self.laid_out.clear();
        self.passes = self.passing(&entries);
        self.entries = entries;
    }

    fn extend(&mut self, entries: Vec<Entry>) {
        for number in self.pairs.append(&entries) {
            self.laid_out.forget(number);
        }
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

    /// Puts the cursor on the record that begins at this offset, wherever in the file it is.
    pub fn visit(&mut self, offset: u64) {
        self.visit_entry((offset, 0));
    }

    /// Puts the cursor on an entry, wherever in the file it is.
    pub fn visit_entry(&mut self, key: EntryKey) {
        if self.heard && (self.start..self.end).contains(&key.0) {
            self.stand_on(key);
        } else {
            self.goal = Some(key);
        }
    }

    /// Puts the cursor on an entry of the window, or on the one behind its place.
    fn stand_on(&mut self, key: EntryKey) {
        let entry = self.index(key);
        self.cursor = Spot { entry: self.home(entry).unwrap_or(entry), row: 0 };
        // What came before it is worth a few rows.
        self.top = Spot { entry: self.cursor.entry.saturating_sub(1), row: 0 };
        self.follow = false;
    }

    /// The page that the cursor will need next, if none is on its way.
    pub fn wants(&self) -> Option<PageRequest> {
        if self.loading.is_some() || self.agent.is_none() || !self.heard {
            return None;
        }
        if let Some((offset, _)) = self.goal {
            return Some(PageRequest::Around(offset));
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

    /// The index of an entry by its name; of the next one there is if it is not in the window.
    fn index(&self, (offset, place): EntryKey) -> usize {
        let first = self.entries.partition_point(|entry| entry.offset < offset);
        let behind = self.entries.partition_point(|entry| entry.offset <= offset);
        let entry = (first + place).min(behind.saturating_sub(1)).max(first);
        entry.min(self.entries.len().saturating_sub(1))
    }

    /// True if an entry shows all that it has.
    pub fn is_open(&self, index: usize) -> bool {
        self.key(index).is_some_and(|key| self.toggled.contains(&key)) != self.unfolded
    }

    /// True if an entry has rows: it passes the filter, or its result does, and it is no result that is shown with its call.
    pub fn shows(&self, index: usize) -> bool {
        let passes = |index: usize| self.passes.get(index).copied().unwrap_or(false);
        match self.pairs.partner(index) {
            Some(call) if call < index => false,
            Some(result) => self.filter.is_empty() || passes(index) || passes(result),
            None => self.filter.is_empty() || passes(index),
        }
    }

    /// The index of the call that shows this result, if the entry is a result whose call is in the window.
    pub fn call_of(&self, index: usize) -> Option<usize> {
        self.pairs.partner(index).filter(|call| *call < index)
    }

    /// The index of the result that is shown with this call, if the entry is a call whose result is in the window.
    pub fn result_of(&self, index: usize) -> Option<usize> {
        self.pairs.partner(index).filter(|result| *result > index)
    }

    /// The index of the entry that a row is from: a call's rows may show its result.
    pub fn entry_at(&self, spot: Spot, width: u16) -> usize {
        let rows = self.rows(spot.entry, width);
        let answers = rows.get(spot.row).is_some_and(|row| matches!(row.part, rows::Part::Answer { .. }));
        self.result_of(spot.entry).filter(|_| answers).unwrap_or(spot.entry)
    }

    /// True if an entry belongs to a side chain inside the transcript of its parent.
    pub fn is_aside(&self, index: usize) -> bool {
        // Files of sub-agents are called so since they have files of their own; there every record is of the side chain.
        let own = || self.path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"agent-"));
        self.entries.get(index).is_some_and(|entry| entry.sidechain) && !own()
    }

    /// The rows of an entry in a view of `width` columns; none for an entry that has none.
    pub fn rows(&self, index: usize, width: u16) -> Arc<[Row]> {
        let Some(entry) = self.entries.get(index).filter(|_| self.shows(index)) else { return Arc::default() };
        let answer = self.result_of(index).and_then(|result| self.entries.get(result));
        let waiting = match (&entry.body, answer) {
            (Body::Call { .. }, None) if self.at_end => {
                let over = self.resting || !self.pairs.is_in_last_turn(index);
                if over { Waiting::Over } else { Waiting::Running }
            }
            _ => Waiting::Untold,
        };
        let open = self.is_open(index);
        let width = if self.is_aside(index) { width.saturating_sub(RAIL) } else { width };
        let how = How { width, open, waiting };
        let lay = || rows::rows(&Shown { entry, answer, waiting, open }, width);
        self.laid_out.rows(self.pairs.number(index), how, lay)
    }

    /// Rows of an entry in a view of `width` columns; none for an entry that has none.
    pub fn height(&self, index: usize, width: u16) -> usize {
        self.rows(index, width).len()
    }

    /// The row `delta` rows from `from`, stopping at the first and the last one.
    pub fn step(&self, from: Spot, delta: isize, width: u16) -> Spot {
        let mut at = from;
        let mut left = delta.unsigned_abs();
        if left >= self.entries.len().saturating_mul(TALLEST) {
            // Nothing is laid out that is only passed by.
            let first = (0..self.entries.len()).find(|index| self.shows(*index)).unwrap_or(0);
            return if delta > 0 { self.last(width) } else { Spot { entry: first, row: 0 } };
        }
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
        let follow = self.at_end && self.cursor == self.last(width) && (self.follow || delta > 0);
        self.follow = false;
        if follow {
            self.to_end();
        }
        self.top = self.view(width, height).0;
    }

    /// Goes to the last row of the window and follows, unless rows are being selected.
    pub fn to_end(&mut self) {
        self.follow = self.anchor.is_none();
        if self.follow {
            self.below = 0;
        } else {
            // The view takes the last row there is.
            self.cursor = Spot { entry: self.entries.len().saturating_sub(1), row: usize::MAX };
        }
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
        self.pairs.drop_front(cut, &self.entries);
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
        self.pairs.truncate(cut, &self.entries);
        self.laid_out.clear();
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
        Body::Prompt(text) | Body::Said(text) | Body::Plain(text) | Body::Thinking(text) | Body::Summary(text) => {
            &text.kept
        }
        Body::Call { summary, .. } => summary,
        Body::Result { output, .. } => &output.kept,
        Body::Note { text, .. } => text,
        Body::Unread { why, .. } => why,
    }
}

#[cfg(test)]
mod tests;
