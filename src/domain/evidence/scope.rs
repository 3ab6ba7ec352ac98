//! Which part of an agent's work is about a task: from the prompt that names it to one that names others.

use std::ops::RangeInclusive;

use crate::domain::link::Names;
use crate::domain::work::{Place, Work};

/// Lines of a transcript that are about something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope(Vec<RangeInclusive<u64>>);

impl Scope {
    /// True if a place is in it.
    pub fn has(&self, place: Place) -> bool {
        self.0.iter().any(|range| range.contains(&place.line))
    }

    /// All of it.
    pub fn whole() -> Self {
        Self(vec![0..=u64::MAX])
    }

    /// The part of the work that is about this task, given by its place among those that have these names.
    ///
    /// A prompt that names no task goes on with what the one before it was about. An agent that was never told a task by
    /// name has one piece of work, whatever it is called.
    pub fn of(work: &Work, task: usize, names: &Names) -> Self {
        let is_kept = |line: u64| work.prompts.front().is_some_and(|kept| kept.place.line <= line);
        let first = work.asked.iter().filter(|first| !is_kept(first.place.line));
        let mut ranges: Vec<RangeInclusive<u64>> = Vec::new();
        // What came before the first task was named is about whichever that is.
        let mut since = Some(0);
        for prompt in first.chain(&work.prompts).filter(|prompt| !prompt.sidechain) {
            let named = names.in_text(&prompt.text);
            if named.is_empty() {
                continue;
            }
            let line = prompt.place.line;
            match (named.contains(&task), since) {
                (true, None) => since = Some(line),
                (false, Some(begun)) => {
                    if begun > 0 || ranges_begin(work, line, task, names) {
                        ranges.push(begun..=line.saturating_sub(1));
                    }
                    since = None;
                }
                (true, Some(_)) | (false, None) => {}
            }
        }
        if let Some(begun) = since {
            ranges.push(begun..=u64::MAX);
        }
        Self(ranges)
    }
}

/// True if a prompt before this line names the task: what came first was about it.
fn ranges_begin(work: &Work, line: u64, task: usize, names: &Names) -> bool {
    let prompts = work.asked.iter().chain(&work.prompts).filter(|prompt| !prompt.sidechain && prompt.place.line < line);
    prompts.into_iter().any(|prompt| names.in_text(&prompt.text).contains(&task))
}
