//! Puts parts that were finished in any order back into theirs, and keeps no more hits than will be told.

use std::collections::{BTreeMap, BTreeSet};

use super::Part;
use crate::domain::fault::Fault;
use crate::domain::search::{Hit, MOST, Progress, SearchNews, Stage};

/// Files that are told of as unreadable at most.
const FAULTS: usize = 20;

/// A part that was searched.
#[derive(Debug)]
pub(super) struct Finished {
    /// Which part.
    pub(super) index: usize,
    /// Its hits, the last of the part first.
    pub(super) hits: Vec<Hit>,
    /// Lines of it that were too long.
    pub(super) skipped: u64,
    /// Why it could not be read.
    pub(super) fault: Option<Fault>,
}

/// What was found, in the order of the parts.
#[derive(Debug)]
pub(super) struct InOrder {
    generation: u64,
    /// File and bytes of each part.
    parts: Vec<(usize, u64)>,
    /// Parts of each file that are not done.
    left: Vec<usize>,
    /// Hits of parts that were finished before their turn.
    held: BTreeMap<usize, Vec<Hit>>,
    /// The part whose turn it is.
    turn: usize,
    /// How many hits were told, or are about to be.
    told: usize,
    hits: Vec<Hit>,
    progress: Progress,
    /// Files that cannot be read.
    faulty: BTreeSet<usize>,
    faults: Vec<Fault>,
    changed: bool,
}

impl InOrder {
    pub(super) fn new(generation: u64, files: usize, parts: &[Part], faults: Vec<(usize, Fault)>) -> Self {
        let parts: Vec<(usize, u64)> =
            parts.iter().map(|part| (part.file, part.range.end - part.range.start)).collect();
        let mut left = vec![0; files];
        for (file, _) in &parts {
            left[*file] += 1;
        }
        let bytes = parts.iter().map(|(_, bytes)| bytes).sum();
        let progress = Progress {
            files,
            files_done: left.iter().filter(|left| **left == 0).count(),
            bytes,
            ..Progress::default()
        };
        let mut order = Self {
            generation,
            parts,
            left,
            held: BTreeMap::new(),
            turn: 0,
            told: 0,
            hits: Vec::new(),
            progress,
            faulty: BTreeSet::new(),
            faults: Vec::new(),
            // The first news say how much there is to do.
            changed: true,
        };
        for (file, fault) in faults {
            order.blame(file, fault);
        }
        order
    }

    pub(super) fn take(&mut self, part: Finished) {
        let Some((file, bytes)) = self.parts.get(part.index).copied() else { return };
        self.changed = true;
        self.progress.bytes_done += bytes;
        self.progress.skipped += part.skipped;
        self.left[file] -= 1;
        self.progress.files_done += usize::from(self.left[file] == 0);
        if let Some(fault) = part.fault {
            self.blame(file, fault);
        }
        self.held.insert(part.index, part.hits);
        while let Some(hits) = self.held.remove(&self.turn) {
            let room = MOST - self.told;
            self.told += hits.len().min(room);
            self.hits.extend(hits.into_iter().take(room));
            self.turn += 1;
        }
        self.let_go();
    }

    /// Of what is held, lets go of hits that can never be among those told.
    fn let_go(&mut self) {
        let mut room = MOST - self.told;
        for hits in self.held.values_mut() {
            hits.truncate(room);
            room -= hits.len();
        }
    }

    fn blame(&mut self, file: usize, fault: Fault) {
        if self.faulty.insert(file) && self.faulty.len() <= FAULTS {
            self.faults.push(fault);
        }
        self.progress.unread = self.faulty.len();
    }

    /// As many hits were found as are told.
    pub(super) fn is_full(&self) -> bool {
        self.told >= MOST
    }

    pub(super) fn has_news(&self) -> bool {
        self.changed
    }

    /// What is new since the last news.
    pub(super) fn news(&mut self, stage: Stage) -> SearchNews {
        self.changed = false;
        SearchNews {
            generation: self.generation,
            hits: std::mem::take(&mut self.hits),
            progress: self.progress.clone(),
            faults: std::mem::take(&mut self.faults),
            stage,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Finished, InOrder, MOST};
    use crate::domain::agent::AgentId;
    use crate::domain::search::{Excerpt, Hit, HitKind, Stage};
    use crate::source::search::Part;

    fn hit(offset: u64) -> Hit {
        let excerpt = Excerpt { before: String::new(), found: "x".to_owned(), behind: String::new() };
        Hit { agent: AgentId("a".to_owned()), offset, nth: 0, at: None, kind: HitKind::Said, excerpt, lines: 1 }
    }

    fn order(parts: &[(usize, u64)]) -> InOrder {
        let parts: Vec<Part> =
            parts.iter().map(|(file, bytes)| Part { file: *file, range: 0..*bytes, size: *bytes }).collect();
        InOrder::new(1, parts.last().map_or(0, |part| part.file + 1), &parts, Vec::new())
    }

    fn finished(index: usize, offsets: std::ops::Range<u64>) -> Finished {
        Finished { index, hits: offsets.map(hit).collect(), skipped: 0, fault: None }
    }

    #[test]
    fn what_is_finished_early_waits_for_its_turn() {
        let mut order = order(&[(0, 10), (0, 20), (1, 5)]);
        order.take(finished(1, 10..12));
        let news = order.news(Stage::Running);
        assert!(news.hits.is_empty());
        assert_eq!((news.progress.bytes_done, news.progress.files_done), (20, 0));
        order.take(finished(2, 20..21));
        order.take(finished(0, 0..2));
        let news = order.news(Stage::Running);
        assert_eq!(news.hits.iter().map(|hit| hit.offset).collect::<Vec<_>>(), [0, 1, 10, 11, 20]);
        assert_eq!((news.progress.bytes_done, news.progress.files_done, news.progress.bytes), (35, 2, 35));
        assert!(!order.has_news());
    }

    #[test]
    fn no_more_is_held_than_will_be_told() {
        let most = MOST as u64;
        let mut order = order(&[(0, 1), (0, 1), (0, 1), (0, 1)]);
        order.take(finished(3, 0..most));
        order.take(finished(1, 0..most - 5));
        order.take(finished(2, 0..most));
        assert_eq!(order.held.values().map(Vec::len).sum::<usize>(), MOST);
        assert!(!order.is_full());
        order.take(finished(0, 0..7));
        assert!(order.is_full());
        assert_eq!(order.news(Stage::Full).hits.len(), MOST);
    }
}
