//! The words by which conditions, reasons and phases are judged.

use std::collections::{BTreeMap, BTreeSet};

use super::HealthState;

/// What a condition's name says about its being true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// True is good: `Ready`.
    Positive,
    /// True is bad: `Failed`.
    Negative,
    /// True is under way: `Reconciling`.
    Progress,
    /// True is on purpose: `Paused`.
    Paused,
}

/// Tables of words, all of them in lower case.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Words {
    /// Last words of the types of conditions.
    pub(super) conditions: BTreeMap<String, Tone>,
    /// Parts of reasons that name a fault rather than a wait.
    pub(super) bad_reasons: BTreeSet<String>,
    /// Parts of reasons which say that it is done, and well.
    pub(super) settled_reasons: BTreeSet<String>,
    /// Ends of reasons which say that somebody stopped it.
    pub(super) paused_reasons: BTreeSet<String>,
    /// Parts of messages that name a fault, where the reason does not.
    pub(super) bad_messages: BTreeSet<String>,
    /// Names of booleans: what each says when it is true, and when it is false.
    pub(super) switches: BTreeMap<(String, bool), HealthState>,
    /// Names of fields that hold the text of an error.
    pub(super) error_fields: BTreeSet<String>,
    /// Last words of the names of kinds that end: jobs, runs, backups.
    pub(super) jobs: BTreeSet<String>,
    /// What such a kind says while it has not ended.
    pub(super) running: BTreeSet<String>,
    /// Ends of the names of fields that hold a state in one word.
    pub(super) fields: BTreeSet<String>,
    /// What stands in such fields.
    pub(super) states: BTreeMap<String, HealthState>,
}

impl Words {
    /// These words, and where they say nothing those.
    pub(super) fn before(&self, others: &Self) -> Self {
        let mut all = others.clone();
        all.conditions.extend(self.conditions.iter().map(|(word, tone)| (word.clone(), *tone)));
        all.bad_reasons.extend(self.bad_reasons.iter().cloned());
        all.settled_reasons.extend(self.settled_reasons.iter().cloned());
        all.paused_reasons.extend(self.paused_reasons.iter().cloned());
        all.bad_messages.extend(self.bad_messages.iter().cloned());
        all.switches.extend(self.switches.iter().map(|(switch, state)| (switch.clone(), *state)));
        all.error_fields.extend(self.error_fields.iter().cloned());
        all.jobs.extend(self.jobs.iter().cloned());
        all.running.extend(self.running.iter().cloned());
        all.fields.extend(self.fields.iter().cloned());
        all.states.extend(self.states.iter().map(|(word, state)| (word.clone(), *state)));
        all
    }

    /// What a condition's name says; `None` for names that say nothing known.
    ///
    /// The last word of the name decides (`example.com/LastSyncFailed` is `failed`): a test for parts of words would take
    /// `Installed` for `stalled`. A first word that is bad makes the rest bad (`InvalidSpec`), and a `Not` or `Partially`
    /// before a positive word turns it around.
    pub(super) fn tone(&self, name: &str) -> Option<Tone> {
        let name = name.rsplit('/').next().unwrap_or_default();
        let words = camel_words(name);
        let Some(tone) = self.conditions.get(words.last()?).copied() else {
            return self.conditions.get(words.first()?).copied().filter(|tone| *tone == Tone::Negative);
        };
        let before = words.len().checked_sub(2).and_then(|index| words.get(index)).map(String::as_str);
        let turned = matches!(before, Some("not" | "partially")) && tone == Tone::Positive;
        Some(if turned { Tone::Negative } else { tone })
    }

    /// True for a reason that names a fault rather than a wait.
    pub(super) fn is_bad(&self, reason: &str) -> bool {
        let reason = folded(reason);
        let is_missing = reason.starts_with("no") && reason.ends_with("found");
        reason.starts_with("err") || is_missing || self.bad_reasons.iter().any(|word| reason.contains(word))
    }

    /// True for a message that names a fault.
    pub(super) fn is_bad_message(&self, message: &str) -> bool {
        let words = message.split(|letter: char| !letter.is_alphanumeric()).map(str::to_lowercase);
        words.into_iter().any(|word| self.bad_messages.contains(&word))
    }

    /// True for a reason that says that it is done, and well.
    pub(super) fn is_settled(&self, reason: &str) -> bool {
        let reason = folded(reason);
        self.settled_reasons.iter().any(|word| reason.contains(word))
    }

    /// True for a reason that says that somebody stopped it.
    pub(super) fn is_pause(&self, reason: &str) -> bool {
        let reason = folded(reason);
        self.paused_reasons.iter().any(|word| reason.ends_with(word))
    }

    /// True for kinds that end.
    pub(super) fn is_job(&self, kind: &str) -> bool {
        camel_words(kind).last().is_some_and(|word| self.jobs.contains(word))
    }

    /// True for what a kind that ends says before it has.
    pub(super) fn is_running(&self, word: &str) -> bool {
        self.running.contains(&folded(word))
    }

    /// What a boolean of this name says.
    pub(super) fn switch(&self, name: &str, is: bool) -> Option<HealthState> {
        self.switches.get(&(folded(name), is)).copied()
    }

    /// True for a field that holds the text of an error.
    pub(super) fn is_error_field(&self, name: &str) -> bool {
        self.error_fields.contains(&folded(name))
    }

    /// What a word says in a field of this name; `None` when the field names no state, or the word is not known. A word that
    /// is not known may still name a fault: `ConfigError`.
    pub(super) fn state(&self, field: &str, word: &str) -> Option<HealthState> {
        let field = folded(field);
        if !self.fields.iter().any(|end| field.ends_with(end)) {
            return None;
        }
        let word_alone = folded(word);
        // `HEALTH_WARN` in a field named `health` is `warn`.
        let short = word_alone.strip_prefix(&field).unwrap_or(&word_alone);
        let known = self.states.get(&word_alone).or_else(|| self.states.get(short)).copied();
        known.or_else(|| (!word.contains(' ') && self.is_bad(word)).then_some(HealthState::Degraded))
    }
}

/// Letters and digits alone, in lower case: `In Progress` is `inprogress`.
pub(super) fn folded(word: &str) -> String {
    word.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn camel_words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut after_lower = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() {
            after_lower = false;
            words.push(String::new());
            continue;
        }
        if words.is_empty() || (letter.is_uppercase() && after_lower) {
            words.push(String::new());
        }
        after_lower = letter.is_lowercase() || letter.is_numeric();
        if let Some(word) = words.last_mut() {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
