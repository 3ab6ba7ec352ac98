//! Which result answers which call, for every entry of the window, kept as the window moves.
//!
//! Results may arrive much later than their calls and in another order. Entries have numbers here that stay while they are
//! in the window, whatever is added before them or let go, so that nothing has to be counted anew when a record is appended.

use std::collections::HashMap;

use crate::domain::transcript::{Body, Entry};

/// Number of an entry: its index in the window when the first page came, and so below zero for what came before that.
pub(super) type Number = i64;

/// Calls and results of the window.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    /// Number of the first entry of the window.
    first: Number,
    /// For each entry how far behind it its partner stands: the result of a call, or, below zero, the call of a result. Zero
    /// for none. Small, because every entry's is looked at where a filter hides most of them.
    distances: Vec<i32>,
    calls: HashMap<String, Number>,
    results: HashMap<String, Number>,
    /// The latest prompt.
    prompt: Option<Number>,
}

impl Pairs {
    /// The window consists of these entries.
    pub(super) fn reset(&mut self, entries: &[Entry]) {
        *self = Self::default();
        self.append(entries);
    }

    /// These entries follow. Returns the numbers of those before them that have found a partner.
    pub(super) fn append(&mut self, entries: &[Entry]) -> Vec<Number> {
        let begin = self.end();
        self.distances.resize(self.distances.len() + entries.len(), 0);
        self.join(begin, entries)
    }

    /// These entries come before the first one. Returns the numbers of those behind them that have found a partner.
    pub(super) fn prepend(&mut self, entries: &[Entry]) -> Vec<Number> {
        self.distances.splice(0..0, std::iter::repeat_n(0, entries.len()));
        self.first -= number(entries.len());
        self.join(self.first, entries)
    }

    /// Forgets so many entries at the beginning.
    pub(super) fn drop_front(&mut self, count: usize, entries: &[Entry]) {
        self.forget(self.first, entries.get(..count).unwrap_or_default());
        self.distances.drain(..count.min(self.distances.len()));
        self.first += number(count);
    }

    /// Keeps only so many entries; `entries` are those before that.
    pub(super) fn truncate(&mut self, keep: usize, entries: &[Entry]) {
        self.forget(self.number(keep), entries.get(keep..).unwrap_or_default());
        self.distances.truncate(keep);
        let prompts = |(index, entry): (usize, &Entry)| is_prompt(entry).then(|| self.number(index));
        self.prompt = entries.iter().take(keep).enumerate().rev().find_map(prompts);
    }

    /// Number of an entry.
    pub(super) fn number(&self, index: usize) -> Number {
        self.first + number(index)
    }

    /// Index of the partner of an entry, if it has one in the window.
    pub(super) fn partner(&self, index: usize) -> Option<usize> {
        let distance = *self.distances.get(index)?;
        let at = index.checked_add_signed(isize::try_from(distance).ok()?)?;
        (distance != 0 && at < self.distances.len()).then_some(at)
    }

    /// True if a prompt follows an entry.
    pub(super) fn is_in_last_turn(&self, index: usize) -> bool {
        self.prompt.is_none_or(|prompt| prompt < self.number(index))
    }

    fn end(&self) -> Number {
        self.number(self.distances.len())
    }

    fn join(&mut self, begin: Number, entries: &[Entry]) -> Vec<Number> {
        let mut found = Vec::new();
        let end = begin + number(entries.len());
        for (entry, number) in entries.iter().zip(begin..) {
            let is_call = matches!(entry.body, Body::Call { .. });
            let (id, own, others) = match &entry.body {
                Body::Call { id, .. } if !id.is_empty() => (id, &mut self.calls, &self.results),
                Body::Result { id, .. } if !id.is_empty() => (id, &mut self.results, &self.calls),
                _ => {
                    if is_prompt(entry) && self.prompt.is_none_or(|latest| latest < number) {
                        self.prompt = Some(number);
                    }
                    continue;
                }
            };
            own.insert(id.clone(), number);
            // An id that is used again (history is copied) is not answered by what came before it.
            let Some(partner) = others.get(id).copied().filter(|other| (number < *other) == is_call) else { continue };
            self.link(number, partner);
            self.link(partner, number);
            if !(begin..end).contains(&partner) {
                found.push(partner);
            }
        }
        found
    }

    fn link(&mut self, from: Number, to: Number) {
        let at = usize::try_from(from - self.first).ok();
        if let Some(distance) = at.and_then(|at| self.distances.get_mut(at)) {
            *distance = i32::try_from(to - from).unwrap_or(0);
        }
    }

    fn forget(&mut self, begin: Number, entries: &[Entry]) {
        for (entry, number) in entries.iter().zip(begin..) {
            let (id, map) = match &entry.body {
                Body::Call { id, .. } => (id, &mut self.calls),
                Body::Result { id, .. } => (id, &mut self.results),
                _ => continue,
            };
            if map.get(id) == Some(&number) {
                map.remove(id);
            }
        }
    }
}

fn is_prompt(entry: &Entry) -> bool {
    matches!(entry.body, Body::Prompt(_)) && !entry.sidechain
}

fn number(count: usize) -> Number {
    Number::try_from(count).unwrap_or(Number::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Pairs;
    use crate::domain::transcript::{Body, Entry, Text};

    fn call(id: &str) -> Entry {
        let (name, summary) = ("Bash".to_owned(), String::new());
        entry(Body::Call { id: id.to_owned(), name, summary, input: Text::default(), detail: None })
    }

    fn result(id: &str) -> Entry {
        entry(Body::Result { id: id.to_owned(), is_error: false, output: Text::default(), patch: None })
    }

    fn entry(body: Body) -> Entry {
        Entry { offset: 0, at: None, sidechain: false, body }
    }

    fn partners(pairs: &Pairs, count: usize) -> Vec<Option<usize>> {
        (0..count).map(|index| pairs.partner(index)).collect()
    }

    #[test]
    fn parallel_calls_find_their_results_in_any_order() {
        let mut pairs = Pairs::default();
        pairs.reset(&[call("a"), call("b"), result("b"), result("a")]);
        assert_eq!(partners(&pairs, 4), [Some(3), Some(2), Some(1), Some(0)]);
    }

    #[test]
    fn a_result_that_comes_later_finds_its_call_and_says_which() {
        let mut pairs = Pairs::default();
        pairs.reset(&[call("a"), call("b")]);
        let number = pairs.number(1);
        assert_eq!(pairs.append(&[result("b")]), [number]);
        assert_eq!(partners(&pairs, 3), [None, Some(2), Some(1)]);
    }

    #[test]
    fn a_result_whose_call_was_let_go_stands_alone_until_the_call_is_back() {
        let all = [call("a"), call("b"), result("a"), result("b")];
        let mut pairs = Pairs::default();
        pairs.reset(&all);
        pairs.drop_front(1, &all);
        assert_eq!(partners(&pairs, 3), [Some(2), None, Some(0)]);
        let number = pairs.number(1);
        assert_eq!(pairs.prepend(&all[..1]), [number]);
        assert_eq!(partners(&pairs, 4), [Some(2), Some(3), Some(0), Some(1)]);
        pairs.truncate(3, &all);
        assert_eq!(partners(&pairs, 3), [Some(2), None, Some(0)]);
    }

    #[test]
    fn calls_without_an_id_have_no_partner() {
        let mut pairs = Pairs::default();
        pairs.reset(&[call(""), result("")]);
        assert_eq!(partners(&pairs, 2), [None, None]);
    }

    #[test]
    fn the_last_turn_begins_with_the_last_prompt() {
        let mut pairs = Pairs::default();
        let prompt = || entry(Body::Prompt(Text::default()));
        let all = [prompt(), call("a"), prompt(), call("b")];
        pairs.reset(&all);
        assert!(!pairs.is_in_last_turn(1) && pairs.is_in_last_turn(3));
        pairs.truncate(2, &all);
        assert!(pairs.is_in_last_turn(1));
    }

    proptest! {
        #[test]
        fn moving_the_window_leaves_what_a_fresh_look_would_find(
            kinds in prop::collection::vec((any::<bool>(), 0_u8..8), 1..24),
            steps in prop::collection::vec((0_u8..4, 1_usize..6), 0..12),
        ) {
            // Each id once as a call and once as a result, as files have them.
            let mut all: Vec<Entry> = Vec::new();
            for (is_call, id) in kinds {
                let next = if is_call { call(&id.to_string()) } else { result(&id.to_string()) };
                if !all.contains(&next) {
                    all.push(next);
                }
            }
            let (mut from, mut to) = (all.len() / 2, all.len() / 2);
            let mut pairs = Pairs::default();
            for (step, count) in steps {
                match step {
                    0 => { let next = (to + count).min(all.len()); pairs.append(&all[to..next]); to = next; }
                    1 => { let next = from.saturating_sub(count); pairs.prepend(&all[next..from]); from = next; }
                    2 => { let next = (from + count).min(to); pairs.drop_front(next - from, &all[from..to]); from = next; }
                    _ => { let next = to.saturating_sub(count).max(from); pairs.truncate(next - from, &all[from..to]); to = next; }
                }
                let mut fresh = Pairs::default();
                fresh.reset(&all[from..to]);
                prop_assert_eq!(partners(&pairs, to - from), partners(&fresh, to - from));
            }
        }
    }
}
