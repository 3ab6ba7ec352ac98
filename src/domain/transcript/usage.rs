//! Tokens counted once per answer of the API, however many records repeat it.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::json;
use crate::domain::agent::Tokens;

/// What answers used. An answer is named by message id and request id; of several records the last one wins. A side chain
/// replays answers of its parent under other request ids, so there the message id alone names it.
#[derive(Debug, Default)]
pub struct Usage {
    answers: HashMap<u64, Answer>,
    /// Of records without a message id, which cannot be told apart.
    unnamed: Tokens,
}

#[derive(Debug, Clone, Copy)]
struct Answer {
    request: u64,
    sidechain: bool,
    tokens: Tokens,
}

impl Usage {
    /// Notes what one record says.
    pub fn note(&mut self, message: Option<&str>, request: Option<&str>, sidechain: bool, tokens: Tokens) {
        let Some(message) = message else {
            add(&mut self.unnamed, tokens);
            return;
        };
        let answer = Answer { request: hash(&request), sidechain, tokens };
        let by_message = hash(&message);
        let same = |known: &Answer| known.request == answer.request || known.sidechain || sidechain;
        match self.answers.get(&by_message) {
            Some(known) if !same(known) => self.answers.insert(hash(&(message, request)), answer),
            _ => self.answers.insert(by_message, answer),
        };
    }

    /// All of it.
    pub fn total(&self) -> Tokens {
        let mut total = self.unnamed;
        for answer in self.answers.values() {
            add(&mut total, answer.tokens);
        }
        total
    }

    /// Takes over what `other` has and returns the tokens that were new: a history copied into a second file is not counted again.
    pub fn claim(&mut self, other: &Self) -> Tokens {
        let mut new = other.unnamed;
        add(&mut self.unnamed, other.unnamed);
        for (key, answer) in &other.answers {
            if self.answers.insert(*key, *answer).is_none() {
                add(&mut new, answer.tokens);
            }
        }
        new
    }
}

/// Reads a `usage` object; `None` when there is none.
pub(crate) fn tokens(raw: Option<&RawValue>) -> Option<Tokens> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Counts<'a> {
        #[serde(borrow, rename = "input_tokens")]
        input: Option<&'a RawValue>,
        #[serde(borrow, rename = "cache_creation_input_tokens")]
        cache_creation: Option<&'a RawValue>,
        #[serde(borrow, rename = "cache_read_input_tokens")]
        cache_read: Option<&'a RawValue>,
        #[serde(borrow, rename = "output_tokens")]
        output: Option<&'a RawValue>,
    }
    let counts: Counts<'_> = json::fields(Some(raw?));
    Some(Tokens {
        input: json::number(counts.input).unwrap_or(0),
        cache_creation: json::number(counts.cache_creation).unwrap_or(0),
        cache_read: json::number(counts.cache_read).unwrap_or(0),
        output: json::number(counts.output).unwrap_or(0),
    })
}

fn add(total: &mut Tokens, more: Tokens) {
    total.input += more.input;
    total.cache_creation += more.cache_creation;
    total.cache_read += more.cache_read;
    total.output += more.output;
}

fn hash(value: &impl Hash) -> u64 {
    // Made anew each time it has fixed keys, so that the same text has the same hash everywhere.
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::{Tokens, Usage};

    fn output(output: u64) -> Tokens {
        Tokens { output, ..Tokens::default() }
    }

    #[test]
    fn several_records_of_one_answer_count_once_and_the_last_wins() {
        let mut usage = Usage::default();
        usage.note(Some("m1"), Some("r1"), false, output(3));
        usage.note(Some("m1"), Some("r1"), false, output(40));
        usage.note(Some("m2"), Some("r2"), false, output(5));
        assert_eq!(usage.total(), output(45));
    }

    #[test]
    fn one_message_of_two_requests_counts_twice_unless_a_side_chain_replays_it() {
        let mut usage = Usage::default();
        usage.note(Some("m1"), Some("r1"), false, output(10));
        usage.note(Some("m1"), Some("r2"), false, output(10));
        usage.note(Some("m1"), Some("r2"), false, output(10));
        assert_eq!(usage.total(), output(20));
        let mut usage = Usage::default();
        usage.note(Some("m1"), Some("r1"), false, output(10));
        usage.note(Some("m1"), Some("r2"), true, output(10));
        assert_eq!(usage.total(), output(10));
    }

    #[test]
    fn a_copied_history_is_claimed_once() {
        let mut first = Usage::default();
        first.note(Some("m1"), Some("r1"), false, output(10));
        let mut fork = Usage::default();
        fork.note(Some("m1"), Some("r1"), false, output(10));
        fork.note(Some("m2"), Some("r2"), false, output(7));
        let mut all = Usage::default();
        assert_eq!(all.claim(&first), output(10));
        assert_eq!(all.claim(&fork), output(7));
        assert_eq!(all.total(), output(17));
    }
}
