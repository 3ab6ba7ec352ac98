//! Turns: from one prompt to what comes before the next.

use jiff::{SignedDuration, Timestamp};

use super::Transcript;
use crate::domain::transcript::Body;

impl Transcript {
    /// When the turn that this prompt begins began, and how long it took or has taken so far; `None` for what is no prompt of
    /// the agent's own, or has no time.
    pub fn turn(&self, index: usize) -> Option<(Timestamp, SignedDuration)> {
        let own_prompt = |index: usize| {
            let entry = self.entries.get(index)?;
            (matches!(entry.body, Body::Prompt(_)) && !self.is_aside(index)).then_some(entry)
        };
        let began = own_prompt(index)?.at?;
        let behind = (index + 1..self.entries.len()).take_while(|index| own_prompt(*index).is_none());
        let ended = behind.filter_map(|index| self.entries[index].at).max();
        Some((began, ended.map_or(SignedDuration::ZERO, |ended| ended.duration_since(began))))
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::Transcript;
    use crate::domain::transcript::{Body, Entry, Text};

    #[test]
    fn a_turn_ends_where_the_next_begins_and_side_chains_begin_none() {
        let at = |seconds| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
        let entry = |seconds, sidechain, body| Entry { offset: 0, at: Some(at(seconds)), sidechain, body };
        let prompt = || Body::Prompt(Text::default());
        let entries = vec![
            entry(10, false, prompt()),
            entry(20, true, prompt()),
            entry(70, false, Body::Said(Text::default())),
            entry(90, false, prompt()),
        ];
        let mut transcript = Transcript { entries, ..Transcript::default() };
        assert_eq!(transcript.turn(0), Some((at(10), SignedDuration::from_secs(60))));
        assert_eq!((transcript.turn(1), transcript.turn(2)), (None, None));
        assert_eq!(transcript.turn(3), Some((at(90), SignedDuration::ZERO)));
        transcript.path = "agent-1.jsonl".into();
        assert!(transcript.turn(1).is_some(), "in a file of its own it is no side chain");
    }
}
