//! The words that rules look for: `briefs/lint.toml`.

use std::sync::LazyLock;

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use serde::{Deserialize, Deserializer, de::Error};

/// The words, with their patterns ready to use.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    #[serde(deserialize_with = "patterns")]
    pub asks: RegexSet,
    #[serde(deserialize_with = "patterns")]
    pub shows: RegexSet,
    #[serde(deserialize_with = "patterns")]
    pub prescribes: RegexSet,
    #[serde(deserialize_with = "patterns")]
    pub polls: RegexSet,
    #[serde(deserialize_with = "patterns")]
    pub waits: RegexSet,
    #[serde(deserialize_with = "pattern")]
    pub makes: Regex,
    #[serde(deserialize_with = "pattern")]
    pub adds: Regex,
    #[serde(deserialize_with = "pattern")]
    pub reads: Regex,
    #[serde(deserialize_with = "pattern")]
    pub claims_done: Regex,
    #[serde(deserialize_with = "pattern")]
    pub claims_open: Regex,
    pub everyday_kinds: Vec<String>,
    pub builtins: Vec<String>,
    pub stale: Vec<Stale>,
}

/// A command that was given up.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stale {
    #[serde(deserialize_with = "pattern")]
    pub pattern: Regex,
    /// The line has to have this, too.
    #[serde(default, deserialize_with = "optional")]
    pub only: Option<Regex>,
    /// What takes the place of what was found.
    #[serde(default)]
    pub to: Option<String>,
    pub why: String,
}

fn read() -> Result<Words, toml::de::Error> {
    toml::from_str(include_str!("../../../../briefs/lint.toml"))
}

/// The words that are part of the program.
pub fn built_in() -> &'static Words {
    static WORDS: LazyLock<Words> = LazyLock::new(|| read().unwrap_or_else(|_| nothing()));
    &WORDS
}

/// What never matches: a test sees to it that the file reads.
fn nothing() -> Words {
    let never = || Regex::new("$.").unwrap_or_else(|error| unreachable!("{error}"));
    Words {
        asks: RegexSet::empty(),
        shows: RegexSet::empty(),
        prescribes: RegexSet::empty(),
        polls: RegexSet::empty(),
        waits: RegexSet::empty(),
        makes: never(),
        adds: never(),
        reads: never(),
        claims_done: never(),
        claims_open: never(),
        everyday_kinds: Vec::new(),
        builtins: Vec::new(),
        stale: Vec::new(),
    }
}

fn patterns<'de, D: Deserializer<'de>>(from: D) -> Result<RegexSet, D::Error> {
    let written: Vec<String> = Deserialize::deserialize(from)?;
    RegexSetBuilder::new(written).case_insensitive(true).build().map_err(D::Error::custom)
}

fn pattern<'de, D: Deserializer<'de>>(from: D) -> Result<Regex, D::Error> {
    let written: String = Deserialize::deserialize(from)?;
    RegexBuilder::new(&written).case_insensitive(true).build().map_err(D::Error::custom)
}

fn optional<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Regex>, D::Error> {
    pattern(from).map(Some)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_file_of_words_reads() {
        let words = super::read().unwrap();
        assert!(words.stale.len() > 5 && words.polls.len() > 3);
        assert!(super::nothing().stale.is_empty());
    }
}
