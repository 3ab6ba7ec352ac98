//! Reads rules from TOML, as `health/health.toml` and the user's own files hold them. docs/health.md explains the keys.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::HealthState;
use super::condition::{self, duration};
use super::path::Path;
use super::rules::{Escalation, KindRules, Reason, Rule, Rules, Says};
use super::words::{Tone, folded};

/// The rules that are part of the program.
pub const BUILT_IN: &str = include_str!("../../../health/health.toml");

/// Something that is wrong with a file of rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Offset in bytes.
    pub at: usize,
    /// What is wrong and what would be right.
    pub message: String,
}

type Field<'d> = &'d Spanned<DeValue<'d>>;

/// Notes mistakes while values are asked for.
#[derive(Default)]
struct Reader(Vec<Mistake>);

impl Rules {
    /// Reads a file of rules: what is right of it, and everything that is wrong, in the order of the file.
    pub fn parse(text: &str) -> (Self, Vec<Mistake>) {
        let (document, errors) = DeTable::parse_recoverable(text);
        let mut reader = Reader::default();
        for error in errors {
            reader.note(error.span().map_or(0, |span| span.start)..0, error.message());
        }
        let rules = reader.rules(document.get_ref());
        let mut mistakes = reader.0;
        mistakes.sort_by_key(|mistake| mistake.at);
        mistakes.dedup();
        (rules, mistakes)
    }
}

impl Reader {
    fn note(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.0.push(Mistake { at: span.start, message: message.into() });
    }

    fn only(&mut self, table: &DeTable, place: &str, known: &[&str]) {
        for key in table.keys() {
            let name: &str = key.get_ref();
            if !known.contains(&name) {
                self.note(key.span(), format!("unknown key {name:?}; known are {} (in {place})", known.join(", ")));
            }
        }
    }

    fn table<'d>(&mut self, table: &'d DeTable<'d>, key: &str) -> Option<&'d DeTable<'d>> {
        let value = table.get(key)?;
        let found = value.get_ref().as_table();
        if found.is_none() {
            self.note(value.span(), format!("{key:?} must be a table"));
        }
        found
    }

    /// The elements of `[[key]]`.
    fn tables<'d>(&mut self, table: &'d DeTable<'d>, key: &str) -> Vec<(Range<usize>, &'d DeTable<'d>)> {
        let Some(value) = table.get(key) else { return Vec::new() };
        let Some(items) = value.get_ref().as_array() else {
            self.note(value.span(), format!("{key:?} is a list: write [[{key}]], once for each"));
            return Vec::new();
        };
        let found = items.iter().filter_map(|item| Some((item.span(), item.get_ref().as_table()?)));
        found.collect()
    }

    fn text<'d>(&mut self, table: &'d DeTable<'d>, key: &str) -> Option<(Range<usize>, &'d str)> {
        let value = table.get(key)?;
        let found = value.get_ref().as_str();
        if found.is_none() {
            self.note(value.span(), format!("{key:?} must be a string"));
        }
        Some((value.span(), found?))
    }

    /// A string, or an array of strings.
    fn words<'d>(&mut self, value: Field<'d>, key: &str) -> Vec<(Range<usize>, &'d str)> {
        let items = match value.get_ref() {
            DeValue::Array(items) => items.iter().collect(),
            _ => vec![value],
        };
        let mut found = Vec::new();
        for item in items {
            match item.get_ref().as_str() {
                Some(word) => found.push((item.span(), word)),
                None => self.note(item.span(), format!("{key:?} must hold strings")),
            }
        }
        found
    }

    /// A value that is read from its text; what is wrong with it is noted where it stands.
    fn read<T>(&mut self, at: Option<(Range<usize>, &str)>, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let (span, text) = at?;
        read(text).map_err(|why| self.note(span, why)).ok()
    }

    fn rules(&mut self, document: &DeTable) -> Rules {
        self.only(document, "the file", &["conditions", "reasons", "states", "switches", "texts", "jobs", "kind"]);
        let mut rules = Rules::default();
        let tones =
            [("good", Tone::Positive), ("bad", Tone::Negative), ("progress", Tone::Progress), ("paused", Tone::Paused)];
        if let Some(table) = self.table(document, "conditions") {
            self.only(table, "[conditions]", &tones.map(|(key, _)| key));
            for (key, tone) in tones {
                rules.words.conditions.extend(self.folded(table, key).map(|word| (word, tone)));
            }
        }
        if let Some(table) = self.table(document, "reasons") {
            self.only(table, "[reasons]", &["bad", "settled", "paused"]);
            rules.words.paused_reasons.extend(self.folded(table, "paused"));
            rules.words.bad_reasons.extend(self.folded(table, "bad"));
            rules.words.settled_reasons.extend(self.folded(table, "settled"));
        }
        if let Some(table) = self.table(document, "states") {
            let known: Vec<&str> = std::iter::once("fields").chain(HealthState::ALL.map(HealthState::name)).collect();
            self.only(table, "[states]", &known);
            rules.words.fields.extend(self.folded(table, "fields"));
            for state in HealthState::ALL {
                rules.words.states.extend(self.folded(table, state.name()).map(|word| (word, state)));
            }
        }
        if let Some(table) = self.table(document, "switches") {
            self.only(table, "[switches]", &["true", "false"]);
            for is in [true, false] {
                let Some(table) = self.table(table, if is { "true" } else { "false" }) else { continue };
                let states = HealthState::ALL.map(HealthState::name);
                self.only(table, "[switches]", &states);
                for state in HealthState::ALL {
                    rules.words.switches.extend(self.folded(table, state.name()).map(|name| ((name, is), state)));
                }
            }
        }
        if let Some(table) = self.table(document, "texts") {
            self.only(table, "[texts]", &["errors", "bad"]);
            rules.words.error_fields.extend(self.folded(table, "errors"));
            rules.words.bad_messages.extend(self.folded(table, "bad"));
        }
        if let Some(table) = self.table(document, "jobs") {
            self.only(table, "[jobs]", &["kinds", "running"]);
            rules.words.jobs.extend(self.folded(table, "kinds"));
            rules.words.running.extend(self.folded(table, "running"));
        }
        for (span, table) in self.tables(document, "kind") {
            rules.kinds.extend(self.kind(span, table));
        }
        rules
    }

    /// The words of a key, in the form in which they are looked up.
    fn folded<'d>(&mut self, table: &'d DeTable<'d>, key: &str) -> impl Iterator<Item = String> + use<'d> {
        let words = table.get(key).map(|value| self.words(value, key)).unwrap_or_default();
        words.into_iter().map(|(_, word)| folded(word)).filter(|word| !word.is_empty())
    }

    fn kind(&mut self, span: Range<usize>, table: &DeTable) -> Option<KindRules> {
        self.only(table, "[[kind]]", &["group", "kind", "generation", "rule"]);
        for key in ["group", "kind"] {
            if !table.contains_key(key) {
                self.note(span.clone(), format!("[[kind]] needs a {key:?}"));
            }
        }
        let group = self.text(table, "group");
        let kinds = table.get("kind").map(|value| self.words(value, "kind")).unwrap_or_default();
        let generation = match table.get("generation").map(|value| (value.span(), value.get_ref().as_bool())) {
            None => true,
            Some((_, Some(counts))) => counts,
            Some((span, None)) => {
                self.note(span, "\"generation\" must be true or false");
                true
            }
        };
        let rules: Vec<Option<Rule>> =
            self.tables(table, "rule").into_iter().map(|(span, rule)| self.rule(span, rule)).collect();
        let (_, group) = group?;
        if kinds.is_empty() {
            return None;
        }
        Some(KindRules {
            group: group.to_owned(),
            kinds: kinds.into_iter().map(|(_, kind)| kind.to_owned()).collect(),
            generation,
            rules: rules.into_iter().flatten().collect(),
        })
    }

    fn rule(&mut self, span: Range<usize>, table: &DeTable) -> Option<Rule> {
        self.only(table, "[[kind.rule]]", &["when", "state", "map", "values", "reason", "escalate"]);
        let before = self.0.len();
        let when = self.text(table, "when");
        let when = self.read(when, condition::parse);
        let state = self.text(table, "state");
        let state = self.read(state, named);
        let map = self.text(table, "map");
        let map = self.read(map, Path::parse);
        let values = self.values(table);
        let reason = self.text(table, "reason");
        let reason = self.read(reason, |text| match text.strip_prefix('.') {
            Some(_) => Path::parse(text).map(Reason::At),
            None => Ok(Reason::Text(text.to_owned())),
        });
        let escalate = self.table(table, "escalate").and_then(|escalate| self.escalation(escalate));
        if self.0.len() > before {
            return None;
        }
        let says = match (state, map, values) {
            (Some(state), None, None) if when.is_some() => Says::State(state),
            (None, Some(path), Some(values)) => Says::Map(path, values),
            _ => {
                self.note(span, "[[kind.rule]] needs either \"when\" and \"state\", or \"map\" and \"values\"");
                return None;
            }
        };
        Some(Rule { when: when.unwrap_or_default(), says, reason, escalate })
    }

    fn values(&mut self, table: &DeTable) -> Option<BTreeMap<String, Option<HealthState>>> {
        let values = self.table(table, "values")?;
        let mut found = BTreeMap::new();
        for (word, value) in values {
            let state = match value.get_ref().as_str() {
                Some("ignore") => Ok(None),
                Some(name) => named(name).map(Some),
                None => Err("a state must be a string".to_owned()),
            };
            match state {
                Ok(state) => drop(found.insert(folded(word.get_ref()), state)),
                Err(why) => self.note(value.span(), why),
            }
        }
        Some(found)
    }

    fn escalation(&mut self, table: &DeTable) -> Option<Escalation> {
        self.only(table, "escalate", &["after", "from", "to"]);
        for key in ["after", "from", "to"] {
            if !table.contains_key(key) {
                let at = table.keys().next().map_or(0..0, Spanned::span);
                self.note(at, format!("\"escalate\" needs a {key:?}"));
            }
        }
        let after = self.text(table, "after");
        let after = self
            .read(after, |text| duration(text).ok_or_else(|| format!("{text:?} is no duration, as 60s, 5m or 2h are")));
        let from = self.text(table, "from");
        let from = self.read(from, Path::parse);
        let to = self.text(table, "to");
        let to = self.read(to, named);
        Some(Escalation { after: after?, from: from?, to: to? })
    }
}

/// The state of that name.
fn named(name: &str) -> Result<HealthState, String> {
    let found = HealthState::ALL.into_iter().find(|state| state.name() == name);
    found.ok_or_else(|| {
        let known = HealthState::ALL.map(HealthState::name).join(", ");
        format!("{name:?} is no state; known are {known}")
    })
}

#[cfg(test)]
mod tests {
    use super::{BUILT_IN, Rules};

    fn mistakes(text: &str) -> Vec<String> {
        let line = |at: usize| text[..at].matches('\n').count() + 1;
        Rules::parse(text).1.into_iter().map(|mistake| format!("{}: {}", line(mistake.at), mistake.message)).collect()
    }

    #[test]
    fn the_rules_that_are_built_in_are_right() {
        assert_eq!(mistakes(BUILT_IN), [""; 0]);
        assert!(!Rules::built_in().kinds.is_empty());
    }

    #[test]
    fn everything_that_is_wrong_is_said_in_its_place() {
        let text = "wrods = 1\n[states]\nhappy = [\"x\"]\nhealthy = [1]\n[[kind]]\nkind = \"A\"\n[[kind.rule]]\nwhen = \".a ~ b\"\nstate = \"fine\"\n\
                    [[kind.rule]]\nstate = \"healthy\"\n[[kind.rule]]\nmap = \"a\"\nvalues = { x = \"good\", y = 2 }\n\
                    [[kind.rule]]\nwhen = \"has .a\"\nstate = \"healthy\"\nescalate = { after = \"soon\", from = \".b\" }\n";
        let said = mistakes(text);
        for wanted in [
            "1: unknown key \"wrods\"",
            "3: unknown key \"happy\"",
            "4: \"healthy\" must hold strings",
            "5: [[kind]] needs a \"group\"",
            "8: \"~\" compares nothing",
            "9: \"fine\" is no state",
            "10: [[kind.rule]] needs either",
            "13: \"a\" is no path",
            "14: \"good\" is no state",
            "14: a state must be a string",
            "18: \"soon\" is no duration",
            "18: \"escalate\" needs a \"to\"",
        ] {
            assert!(said.iter().any(|line| line.starts_with(wanted)), "{wanted}\n{said:#?}");
        }
    }

    #[test]
    fn a_syntax_error_does_not_hide_what_is_right() {
        let (rules, mistakes) = Rules::parse("[[kind]]\ngroup = \"a\"\nkind = \"B\"\ngeneration = \n");
        assert_eq!((rules.kinds.len(), mistakes.is_empty()), (1, false));
    }
}
