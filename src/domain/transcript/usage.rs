//! Tokens counted once per answer of the API, however many records and files repeat it, and what they cost.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};

use crate::domain::agent::Tokens;
use crate::domain::model::{Amounts, Cost, Kind, Models, Price};

mod read;
mod table;

pub(crate) use read::{Spent, Used};
use table::{ByPlace, Table};

/// Models that are told apart in one file.
const MOST_MODELS: usize = 255;

/// What stands for the models beyond those.
const OTHERS: &str = "others";

/// Old records state their own cost; it is kept in units of this many US dollars.
const BILLED: f64 = 1e-8;

/// What answers used. An answer is named by message id and request id; of several records the last one wins. A side chain
/// replays answers of its parent under other request ids, so there the message id alone names it.
#[derive(Debug, Clone, Default)]
pub struct Usage {
    answers: Table,
    /// Of records without a message id, which cannot be told apart.
    unnamed: Vec<Answer>,
    models: Vec<Box<str>>,
}

/// What one record says of one answer.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Said<'a> {
    /// Message id.
    pub message: Option<&'a str>,
    /// Request id.
    pub request: Option<&'a str>,
    /// The model's id, fit to be shown.
    pub model: &'a str,
    /// The record is part of a side chain.
    pub sidechain: bool,
    /// The record is a sub-agent's and is quoted in its parent's file, beside which there may be a file of its own.
    pub quoted: bool,
    /// What the answer used.
    pub spent: Spent,
    /// US dollars, as the record itself states them.
    pub billed: Option<f64>,
}

/// What is known of one answer. [`table`] packs it: there may be millions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Answer {
    input: u32,
    cache_write_5m: u32,
    cache_write_1h: u32,
    cache_read: u32,
    output: u32,
    request: u32,
    /// In units of [`BILLED`]; zero when the record does not say.
    billed: u32,
    model: u16,
    web_searches: u8,
    flags: u8,
}

const SIDECHAIN: u8 = 1;
const QUOTED: u8 = 2;
/// It stands beside another answer of the same message id, at [`beside`] its place.
const BESIDE: u8 = 4;
const FAST: u8 = 8;
const US: u8 = 16;

impl Answer {
    fn is(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    fn amounts(&self) -> Amounts {
        Amounts {
            input: self.input.into(),
            cache_write_5m: self.cache_write_5m.into(),
            cache_write_1h: self.cache_write_1h.into(),
            cache_read: self.cache_read.into(),
            output: self.output.into(),
            web_searches: self.web_searches.into(),
        }
    }

    fn kind(&self) -> Kind {
        Kind { fast: self.is(FAST), us: self.is(US) }
    }

    fn name(&self) -> Name {
        Name { request: self.request, alone: self.flags & (SIDECHAIN | QUOTED) != 0 }
    }

    /// True when this one, read later, says nothing better: a replay, or a quotation of what is known at first hand.
    fn repeats(&self, known: &Self) -> bool {
        let replay = self.is(SIDECHAIN) && !known.is(SIDECHAIN) && self.request != known.request;
        replay || (self.is(QUOTED) && !known.is(QUOTED))
    }
}

/// What tells an answer from others of its message id.
#[derive(Debug, Clone, Copy)]
struct Name {
    request: u32,
    /// The message id alone names it.
    alone: bool,
}

impl Name {
    /// True when one message id names both.
    fn is_same(self, other: Self) -> bool {
        self.request == other.request || self.alone || other.alone
    }
}

/// What was used, and what it costs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bill {
    /// Tokens.
    pub tokens: Tokens,
    /// Their cost.
    pub cost: Cost,
}

impl Usage {
    /// Notes what one record says.
    pub(crate) fn note(&mut self, said: &Said<'_>) {
        let mut answer = self.answer(said);
        let Some(message) = said.message else {
            self.unnamed.push(answer);
            return;
        };
        let mut place = hash(&message);
        if let Some(known) = self.answers.at(place)
            && !known.name().is_same(answer.name())
        {
            place = beside(place, answer.request);
            answer.flags |= BESIDE;
        }
        if !self.answers.at(place).is_some_and(|known| answer.repeats(&known)) {
            self.answers.put(place, answer);
        }
    }

    /// Gives back what memory is not needed; for when a while may pass until more is noted.
    pub fn pack(&mut self) {
        self.answers.pack();
        self.unnamed.shrink_to_fit();
    }

    /// All tokens of it.
    pub fn total(&self) -> Tokens {
        let mut total = Tokens::default();
        for answer in self.answers.iter().map(|(_, answer)| answer).chain(self.unnamed.iter().copied()) {
            add(&mut total, &answer.amounts());
        }
        total
    }

    /// All of it with its cost.
    pub fn bill(&self, models: &Models) -> Bill {
        share_out(&[self], models).pop().unwrap_or_default()
    }

    fn answer(&mut self, said: &Said<'_>) -> Answer {
        let Spent { amounts, kind } = said.spent;
        let bounded = |tokens: u64| u32::try_from(tokens).unwrap_or(u32::MAX);
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        Answer {
            input: bounded(amounts.input),
            cache_write_5m: bounded(amounts.cache_write_5m),
            cache_write_1h: bounded(amounts.cache_write_1h),
            cache_read: bounded(amounts.cache_read),
            output: bounded(amounts.output),
            web_searches: u8::try_from(amounts.web_searches).unwrap_or(u8::MAX),
            request: hash(&said.request) as u32,
            billed: said.billed.map_or(0, |dollars| (dollars / BILLED).round() as u32),
            model: self.model(said.model),
            flags: flag(said.sidechain, SIDECHAIN)
                | flag(said.quoted, QUOTED)
                | flag(kind.fast, FAST)
                | flag(kind.us, US),
        }
    }

    fn model(&mut self, name: &str) -> u16 {
        let known = self.models.iter().rposition(|known| **known == *name);
        let index = known.unwrap_or_else(|| {
            if self.models.len() <= MOST_MODELS {
                self.models.push(if self.models.len() < MOST_MODELS { name } else { OTHERS }.into());
            }
            self.models.len() - 1
        });
        index as u16
    }
}

/// The bills of files, in their order: each answer is in the first that has it, so that a history which was copied into a
/// second file is not counted again. What a file only quotes of its sub-agents is left to their own files, if there are any.
pub fn share_out(files: &[&Usage], models: &Models) -> Vec<Bill> {
    let mut ledgers: Vec<Ledger<'_>> = files.iter().map(|usage| Ledger::new(&usage.models, models)).collect();
    let answers = files.iter().map(|usage| usage.answers.len()).sum();
    let mut taken: HashMap<u64, Name, ByPlace> = HashMap::with_capacity_and_hasher(answers, ByPlace::default());
    for quoted in [false, true] {
        for (ledger, usage) in ledgers.iter_mut().zip(files) {
            for (place, answer) in usage.answers.iter().filter(|(_, answer)| answer.is(QUOTED) == quoted) {
                let mut place = if answer.is(BESIDE) { beside(place, answer.request) } else { place };
                if let Some(known) = taken.get(&place) {
                    if known.is_same(answer.name()) {
                        continue;
                    }
                    place = beside(place, answer.request);
                    if taken.contains_key(&place) {
                        continue;
                    }
                }
                taken.insert(place, answer.name());
                ledger.enter(&answer);
            }
            for answer in usage.unnamed.iter().filter(|answer| answer.is(QUOTED) == quoted) {
                ledger.enter(answer);
            }
        }
    }
    ledgers.into_iter().map(Ledger::bill).collect()
}

/// Sums by what has one price. Tokens are summed before they are priced, so the order of answers does not matter.
struct Ledger<'a> {
    names: &'a [Box<str>],
    prices: Vec<Option<Price>>,
    tokens: Tokens,
    lines: BTreeMap<(u16, Kind, bool), Line>,
}

#[derive(Default)]
struct Line {
    amounts: Amounts,
    /// Of answers that state their cost, in units of [`BILLED`].
    billed: u64,
    /// There are answers that do not.
    unbilled: bool,
}

impl<'a> Ledger<'a> {
    fn new(names: &'a [Box<str>], models: &Models) -> Self {
        let prices = names.iter().map(|name| models.price(name)).collect();
        Self { names, prices, tokens: Tokens::default(), lines: BTreeMap::new() }
    }

    fn enter(&mut self, answer: &Answer) {
        let amounts = answer.amounts();
        if amounts.is_nothing() {
            return;
        }
        add(&mut self.tokens, &amounts);
        let price = self.prices.get(usize::from(answer.model)).copied().flatten();
        let long = price.is_some_and(|price| price.is_long(&amounts));
        let line = self.lines.entry((answer.model, answer.kind(), long)).or_default();
        line.amounts.add(&amounts);
        line.billed += u64::from(answer.billed);
        line.unbilled |= answer.billed == 0;
    }

    fn bill(self) -> Bill {
        let mut cost = Cost::default();
        for ((model, kind, long), line) in self.lines {
            let price = self.prices.get(usize::from(model)).copied().flatten();
            if let Some(dollars) = price.and_then(|price| price.of(kind, long, &line.amounts)) {
                cost.known_usd += dollars;
                continue;
            }
            cost.known_usd += line.billed as f64 * BILLED;
            if line.unbilled {
                let name = self.names.get(usize::from(model)).map_or("", |name| name);
                let name = if name.is_empty() { "a model without a name" } else { name };
                let missing = if price.is_some() { format!("{name} (fast)") } else { name.to_owned() };
                cost.unpriced.push(missing);
            }
        }
        cost.unpriced.sort_unstable();
        cost.unpriced.dedup();
        Bill { tokens: self.tokens, cost }
    }
}

fn add(total: &mut Tokens, more: &Amounts) {
    total.input += more.input;
    total.cache_creation += more.cache_write_5m + more.cache_write_1h;
    total.cache_read += more.cache_read;
    total.output += more.output;
}

/// The place of a second answer of the same message id, by its request; of such a place, the message id's own.
fn beside(place: u64, request: u32) -> u64 {
    place ^ u64::from(request | 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn hash(value: &impl Hash) -> u64 {
    // Made anew each time it has fixed keys, so that the same text has the same hash everywhere.
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
