//! Rules for kinds that are an exception, and the judgement of one object by them and by the words.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::condition::{Clock, Condition, phrase, plain};
use super::path::Path;
use super::words::{Words, folded};
use super::{BUILT_IN, Health, HealthState, generic};

/// Turns of the clock that one judgement looks ahead to.
const TURNS: usize = 8;

/// Everything that health is judged by.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rules {
    /// Kinds with rules of their own; the first that matches counts.
    pub(super) kinds: Vec<KindRules>,
    pub(super) words: Words,
}

/// The rules of some kinds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct KindRules {
    /// The group; `*` for any, `*.example.com` for those below a domain.
    pub(super) group: String,
    /// The kinds; `*` for any.
    pub(super) kinds: Vec<String>,
    /// The generation says which spec was dealt with.
    pub(super) generation: bool,
    /// The first that speaks counts.
    pub(super) rules: Vec<Rule>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rule {
    /// All of these hold. None: always.
    pub(super) when: Vec<Condition>,
    pub(super) says: Says,
    pub(super) reason: Option<Reason>,
    pub(super) escalate: Option<Escalation>,
}

/// What a rule says when its conditions hold.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Says {
    /// This state.
    State(HealthState),
    /// What a word stands for, folded; `None` for words of which the next rule speaks.
    Map(Path, BTreeMap<String, Option<HealthState>>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Reason {
    Text(String),
    At(Path),
}

/// A state that becomes another one when it lasts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Escalation {
    pub(super) after: SignedDuration,
    pub(super) from: Path,
    pub(super) to: HealthState,
}

/// A health, and what becomes of it when the object says nothing more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// As the object says it, before any time limit is over.
    pub health: Health,
    /// What it is from these moments on, in their order.
    pub later: Vec<(Timestamp, Health)>,
}

/// The parts of a verdict at a moment: the health, and the next moment at which it is another.
pub fn at<'h>(health: &'h Health, later: &'h [(Timestamp, Health)], now: Timestamp) -> (&'h Health, Option<Timestamp>) {
    let over = later.partition_point(|(from, _)| *from <= now);
    let health = over.checked_sub(1).map_or(health, |index| &later[index].1);
    (health, later.get(over).map(|(from, _)| *from))
}

impl Rules {
    /// The rules that are part of the program.
    pub fn built_in() -> Arc<Self> {
        static RULES: LazyLock<Arc<Rules>> = LazyLock::new(|| Arc::new(Rules::parse(BUILT_IN).0));
        Arc::clone(&RULES)
    }

    /// These rules, and where they say nothing those.
    #[must_use]
    pub fn before(&self, others: &Self) -> Self {
        let kinds = self.kinds.iter().chain(&others.kinds).cloned().collect();
        Self { kinds, words: self.words.before(&others.words) }
    }

    /// Judges a live object by what it says itself: whether it is being deleted, then the rules of its kind, then the words.
    ///
    /// An object that says nothing about itself is [`HealthState::NoSignal`]; one whose status says nothing known is
    /// [`HealthState::Unknown`]. The reason always names the field that decided. Nothing here reads a clock: what changes
    /// with time comes with its moment.
    pub fn judge(&self, object: &Value) -> Verdict {
        let mut clock = Clock::default();
        let mut verdict = Verdict { health: self.judge_at(object, &mut clock), later: Vec::new() };
        for _ in 0..TURNS {
            let last = clock.now;
            let next = clock.turns.iter().filter(|turn| last.is_none_or(|last| **turn > last)).min();
            let Some(&next) = next else { break };
            clock = Clock { now: Some(next), turns: Vec::new() };
            let health = self.judge_at(object, &mut clock);
            let before = verdict.later.last().map_or(&verdict.health, |(_, health)| health);
            if health != *before {
                verdict.later.push((next, health));
            }
        }
        verdict
    }

    fn judge_at(&self, object: &Value, clock: &mut Clock) -> Health {
        if let Some(health) = generic::terminating(object) {
            return health;
        }
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let group = text("/apiVersion").rsplit_once('/').map_or("", |(group, _)| group);
        let own = self.kinds.iter().find(|own| own.matches(group, text("/kind")));
        let spoken = own.and_then(|own| own.rules.iter().find_map(|rule| rule.judge(object, clock)));
        spoken.unwrap_or_else(|| generic::judge(&self.words, object, own.is_none_or(|own| own.generation)))
    }
}

impl KindRules {
    fn matches(&self, group: &str, kind: &str) -> bool {
        let in_group = match self.group.strip_prefix('*') {
            Some(end) => group.ends_with(end),
            None => self.group == group,
        };
        in_group && self.kinds.iter().any(|own| own == "*" || own == kind)
    }
}

impl Rule {
    fn judge(&self, object: &Value, clock: &mut Clock) -> Option<Health> {
        let mut met = None;
        for condition in &self.when {
            let holds = condition.holds(object, clock)?;
            met = met.or((!holds.place.is_empty()).then_some(holds));
        }
        let (mut state, place, said) = match &self.says {
            Says::State(state) => {
                let met = met.map(|met| (met.place, met.phrase));
                let (place, said) = met.unwrap_or_else(|| (".".to_owned(), state.name().to_owned()));
                (*state, place, said)
            }
            Says::Map(path, states) => {
                let (place, value) = path.select(object).into_iter().next()?;
                let state = (*states.get(&folded(&plain(value)))?)?;
                (state, place.clone(), phrase(&place, value))
            }
        };
        if let Some(escalate) = &self.escalate
            && let Some(since) =
                escalate.from.select(object).first().and_then(|(_, value)| value.as_str()?.parse().ok())
            && let Ok(over) = Timestamp::checked_add(since, escalate.after)
            && clock.is_past(over)
        {
            state = escalate.to;
        }
        let reason = match &self.reason {
            Some(Reason::Text(text)) => Some(format!("{said}: {text}")),
            Some(Reason::At(path)) => {
                let path = Path::parse(&place).map_or_else(|_| path.clone(), |met| path.bound_to(&met));
                let found = path.select(object).into_iter().map(|(_, value)| plain(value));
                found.filter(|text| !text.is_empty()).find_map(|text| Some(format!("{said}: {}", text.lines().next()?)))
            }
            None => None,
        };
        Some(Health { state, reason: reason.unwrap_or(said), source: place })
    }
}
