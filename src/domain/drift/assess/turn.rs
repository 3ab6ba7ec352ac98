//! When time alone changes what was found of an object.

use jiff::Timestamp;

use crate::domain::time::{age, age_turns};

/// What was found of an object, as far as it hangs on the time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Turn {
    /// When its state may be another: the end of a grace.
    pub(super) state: Option<Timestamp>,
    /// When its words are others, which nobody needs to wake up for.
    pub(super) words: Option<Timestamp>,
    /// It says since when the data is known.
    pub(super) is_dated: bool,
}

impl Turn {
    /// Notes the end of a grace.
    pub(super) fn ends(&mut self, at: Timestamp) {
        self.state = earlier(self.state, Some(at));
    }

    /// The age of something, and notes when it reads otherwise.
    pub(super) fn age(&mut self, then: Timestamp, now: Timestamp) -> String {
        self.words = earlier(self.words, age_turns(then, now));
        age(then, now)
    }

    /// Notes what stands behind a state that does not wait for it.
    pub(super) fn hide(&mut self, hidden: Self) {
        self.words = [self.words, hidden.words, hidden.state].into_iter().flatten().min();
    }

    /// When it is to be found anew, whoever asks then.
    pub(super) fn first(&self) -> Option<Timestamp> {
        earlier(self.state, self.words)
    }
}

fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    [one, other].into_iter().flatten().min()
}
