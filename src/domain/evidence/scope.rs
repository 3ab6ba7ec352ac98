//! Which part of an agent's work is about a task: from the prompt that names it to one that names others.

use std::ops::RangeInclusive;

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

    /// The part of the work that is about this task. `names` tells which tasks a text names.
    ///
    /// A prompt that names no task goes on with what the one before it was about. An agent that was never told a task by
    /// name has one piece of work, whatever it is called.
    pub fn of(work: &Work, task: &str, names: impl Fn(&str) -> Vec<String>) -> Self {
        let prompts = work
            .asked
            .iter()
            .filter(|first| work.prompts.front().is_none_or(|kept| kept.place.line > first.place.line));
        let mut ranges: Vec<RangeInclusive<u64>> = Vec::new();
        // What came before the first task was named is about whichever that is.
        let mut since = Some(0);
        for prompt in prompts.chain(&work.prompts).filter(|prompt| !prompt.sidechain) {
            let named = names(&prompt.text);
            if named.is_empty() {
                continue;
            }
            let line = prompt.place.line;
            let ours = named.iter().any(|name| name == task);
            match (ours, since) {
                (true, None) => since = Some(line),
                (false, Some(begun)) => {
                    if begun > 0 {
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

/// Ids of tasks that a text names as words of their own.
pub fn named<'a>(text: &str, ids: &[&'a str]) -> Vec<&'a str> {
    ids.iter().copied().filter(|id| names_id(text, id)).collect()
}

/// True if the id stands in the text as a word: `T-1` is not in `T-12` nor in `T-1.2`.
fn names_id(text: &str, id: &str) -> bool {
    // A number alone may be anything.
    if id.len() < 2 || id.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return false;
    }
    text.match_indices(id).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let mut after = text[at + id.len()..].chars();
        let part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
        let next = after.next();
        let goes_on = next.is_some_and(part) || (next == Some('.') && after.next().is_some_and(char::is_alphanumeric));
        !before.is_some_and(part) && !goes_on
    })
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn an_id_is_a_word_of_its_own() {
        let ids = ["T-1", "T-12", "7", "T-1.2"];
        assert_eq!(named("T-1: do it", &ids), ["T-1"]);
        assert_eq!(named("(T-12), then T-1.2 and 7.", &ids), ["T-12", "T-1.2"]);
        assert_eq!(named("feat/T-1-x, xT-1", &ids), Vec::<&str>::new());
        assert_eq!(named("It is T-1.", &ids), ["T-1"]);
    }
}
