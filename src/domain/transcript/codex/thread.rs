//! What must be remembered of a rollout from one line to the next, and its tokens counted once.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::agent::Tokens;
use crate::domain::transcript::json;
use crate::domain::transcript::usage::{Said, Usage};

/// A rollout as far as it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Thread {
    /// Its own id: that of its first head. Heads of others follow where a history was copied.
    pub(super) id: Option<String>,
    /// What its parent calls it.
    pub(super) nickname: Option<String>,
    /// It may begin with a copy of another's history.
    pub(super) is_copy: bool,
    /// The file tells where turns begin and end. Old versions do not.
    pub(super) has_turns: bool,
    /// The turn that goes on, or went on last, has failed.
    pub(super) has_failed: bool,
    /// The model that answers now.
    pub(super) model: String,
    /// The settings of a turn were read since the last gap.
    has_settings: bool,
    /// Each answer has a record of its own, so that the running totals count nothing.
    by_record: bool,
    total: Option<Spent>,
    replay: Replay,
}

/// Whether the first totals of a file are those of the history that it was copied from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Replay {
    /// None was read.
    #[default]
    Unread,
    /// One was read in this second, and counted under this name.
    One { second: i64, name: String },
    /// All that were written in this second are copies.
    Within { second: i64 },
    /// They are its own from here on.
    Over,
}

/// What was used, as Codex counts: the input includes what came from the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Spent {
    input: u64,
    cached: u64,
    written: u64,
    output: u64,
}

impl Spent {
    fn of(raw: Option<&RawValue>) -> Option<Self> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Counts<'a> {
            #[serde(borrow, rename = "input_tokens")]
            input: Option<&'a RawValue>,
            #[serde(borrow, rename = "cached_input_tokens")]
            cached: Option<&'a RawValue>,
            #[serde(borrow, rename = "cache_write_input_tokens")]
            written: Option<&'a RawValue>,
            #[serde(borrow, rename = "output_tokens")]
            output: Option<&'a RawValue>,
        }
        let counts: Counts<'_> = json::fields(Some(raw.filter(|raw| raw.get().starts_with('{'))?));
        let number = |raw| json::number(raw).unwrap_or(0);
        Some(Self {
            input: number(counts.input),
            cached: number(counts.cached),
            written: number(counts.written),
            output: number(counts.output),
        })
    }

    /// What was added since.
    fn since(self, before: Option<Self>) -> Self {
        let Some(before) = before else { return self };
        Self {
            input: self.input.saturating_sub(before.input),
            cached: self.cached.saturating_sub(before.cached),
            written: self.written.saturating_sub(before.written),
            output: self.output.saturating_sub(before.output),
        }
    }

    fn tokens(self) -> Tokens {
        Tokens {
            input: self.input.saturating_sub(self.cached).saturating_sub(self.written),
            cache_creation: self.written,
            cache_read: self.cached,
            output: self.output,
        }
    }
}

impl Thread {
    fn note(&self, usage: &mut Usage, name: &str, tokens: Tokens) {
        usage.note(&Said { message: Some(name), model: &self.model, spent: tokens.into(), ..Said::default() });
    }

    /// Tells that records in between were not read.
    pub(crate) fn skip(&mut self) {
        self.has_settings = false;
    }

    /// The settings of a turn were read.
    pub(super) fn settle(&mut self) {
        self.has_settings = true;
    }

    /// True when what was read since the last gap tells the model and the folder; always of other formats.
    pub(crate) fn is_settled(&self) -> bool {
        self.id.is_none() || self.has_settings || !self.has_turns
    }

    /// Counts what a record says of one answer. Answers of another thread belong to a copied history.
    pub(super) fn count_record(&mut self, raw: Option<&RawValue>, usage: &mut Usage) {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Record<'a> {
            #[serde(borrow)]
            thread_id: Option<&'a RawValue>,
            #[serde(borrow)]
            response_id: Option<&'a RawValue>,
            #[serde(borrow)]
            usage: Option<&'a RawValue>,
            #[serde(borrow)]
            thread_token_usage: Option<&'a RawValue>,
        }
        let record: Record<'_> = json::fields(raw);
        let thread = json::string(record.thread_id).unwrap_or_default();
        if self.id.as_deref().is_some_and(|own| !thread.is_empty() && own != thread) {
            return;
        }
        let Some(spent) = Spent::of(record.usage) else { return };
        self.by_record = true;
        self.replay = Replay::Over;
        let answer = json::string(record.response_id)
            .map_or_else(|| format!("{:?}", Spent::of(record.thread_token_usage)), std::borrow::Cow::into_owned);
        self.note(usage, &format!("{thread}/{answer}"), spent.tokens());
    }

    /// Counts what the running totals say since they were read last.
    ///
    /// Totals are written again when nothing was used. A sub-agent's file may begin with its parent's, all written within
    /// a second (the rule of ccusage, `detect_subagent_replay_second`).
    pub(super) fn count_totals(&mut self, info: Option<&RawValue>, at: Option<Timestamp>, usage: &mut Usage) {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Info<'a> {
            #[serde(borrow)]
            total_token_usage: Option<&'a RawValue>,
            #[serde(borrow)]
            last_token_usage: Option<&'a RawValue>,
        }
        if self.by_record {
            return;
        }
        let info: Info<'_> = json::fields(info);
        let total = Spent::of(info.total_token_usage);
        if total.is_some() && total == self.total {
            return;
        }
        let spent = Spent::of(info.last_token_usage).or_else(|| total.map(|total| total.since(self.total)));
        let Some(spent) = spent else { return };
        self.total = total.or(self.total);
        // The same in every copy of the record.
        let name = format!("{at:?} {total:?} {spent:?}");
        if !self.is_replayed(&name, at, usage) {
            self.note(usage, &name, spent.tokens());
        }
    }

    fn is_replayed(&mut self, name: &str, at: Option<Timestamp>, usage: &mut Usage) -> bool {
        let second = at.map(Timestamp::as_second).filter(|_| self.is_copy);
        let Some(second) = second else {
            self.replay = Replay::Over;
            return false;
        };
        match std::mem::replace(&mut self.replay, Replay::Over) {
            Replay::Unread => {
                self.replay = Replay::One { second, name: name.to_owned() };
                false
            }
            Replay::One { second: first, name } if first == second => {
                self.note(usage, &name, Tokens::default());
                self.replay = Replay::Within { second };
                true
            }
            Replay::Within { second: first } if first == second => {
                self.replay = Replay::Within { second };
                true
            }
            Replay::One { .. } | Replay::Within { .. } | Replay::Over => false,
        }
    }
}
