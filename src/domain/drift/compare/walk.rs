//! Walks a desired and a live value together.

use serde_json::{Map, Value};

use super::Comparison;
use super::path::item_path;
use super::rule::{Align, Of, Rule, is_unique, is_zero};
use crate::domain::cluster::join;
use crate::domain::drift::normal::{Normal, is_filled_in};
use crate::domain::drift::{FieldClass, FieldDiff};

/// Differences of two objects, as far as `desired` says anything.
pub(super) fn objects(of: Of<'_>, rule: Rule<'_>, desired: &Normal<'_>, live: &Normal<'_>) -> Comparison {
    let mut walk = Walk { of, found: Comparison::default() };
    for (key, wanted) in desired.iter() {
        walk.field(key.to_owned(), rule.top(key), wanted, live.get(key), false);
    }
    walk.found
}

/// Differences of two values at a path.
pub(super) fn values(of: Of<'_>, rule: Rule<'_>, path: &str, desired: &Value, live: &Value) -> Comparison {
    let mut walk = Walk { of, found: Comparison::default() };
    walk.value(path, rule, desired, live, false);
    walk.found
}

struct Walk<'a> {
    of: Of<'a>,
    found: Comparison,
}

impl Walk<'_> {
    fn add(&mut self, path: String, desired: &Value, live: &Value, class: FieldClass) {
        let (desired, live) = (desired.clone(), live.clone());
        self.found.fields.push(FieldDiff { path, desired, live, class, manager: None });
    }

    /// `whole`: it is inside of something that is replaced as a whole.
    fn field(&mut self, path: String, rule: Rule<'_>, wanted: &Value, live: Option<&Value>, whole: bool) {
        match live {
            // A null in git asks for nothing.
            Some(_) if wanted.is_null() => {}
            Some(_) if is_zero(wanted) && is_filled_in(self.of.group, self.of.kind, &path) => {}
            Some(live) => self.value(&path, rule, wanted, live, whole),
            None if is_zero(wanted) => {}
            None if matches!(rule, Rule::Pruned) => self.add(path, wanted, &Value::Null, FieldClass::Pruned),
            None => self.missing(path, rule, wanted),
        }
    }

    /// Something that is not live, less what the server would not keep of it.
    fn missing(&mut self, path: String, rule: Rule<'_>, wanted: &Value) {
        if let Value::Object(fields) = wanted {
            let is_pruned = |(key, value): &(&String, &Value)| {
                matches!(rule.field(key), Rule::Pruned) && matches!(rule, Rule::Node(_)) && !is_zero(value)
            };
            let pruned: Vec<_> = fields.iter().filter(is_pruned).collect();
            if !pruned.is_empty() {
                for (key, value) in &pruned {
                    self.add(join(&path, key), value, &Value::Null, FieldClass::Pruned);
                }
                let kept = fields.iter().filter(|field| !pruned.contains(field));
                let kept: Map<String, Value> = kept.map(|(key, value)| (key.clone(), value.clone())).collect();
                if !kept.values().all(is_zero) {
                    self.missing(path, rule, &Value::Object(kept));
                }
                return;
            }
        }
        self.add(path, wanted, &Value::Null, FieldClass::MissingLive);
    }

    fn value(&mut self, path: &str, rule: Rule<'_>, desired: &Value, live: &Value, whole: bool) {
        let whole = whole || rule.is_atomic();
        match (desired, live) {
            (Value::Object(desired), Value::Object(live)) => {
                for (key, wanted) in desired {
                    self.field(join(path, key), rule.field(key), wanted, live.get(key), whole);
                }
                if whole {
                    self.drops(path, rule, desired, live);
                }
            }
            (Value::Array(wanted), Value::Array(there)) => self.list(path, rule, wanted, there, whole),
            _ if rule.same(path, desired, live) || (is_zero(desired) && is_zero(live)) => {}
            _ => self.add(path.to_owned(), desired, live, FieldClass::Changed),
        }
    }

    /// Fields that only live has, where applying replaces what is around them: it would drop them.
    fn drops(&mut self, path: &str, rule: Rule<'_>, desired: &Map<String, Value>, live: &Map<String, Value>) {
        for (key, there) in live {
            if !desired.contains_key(key) && !is_zero(there) && rule.field(key).default() != Some(there) {
                self.found.drops.push(join(path, key));
            }
        }
    }

    fn list(&mut self, path: &str, rule: Rule<'_>, desired: &[Value], live: &[Value], whole: bool) {
        match rule.align(self.of, path, desired, live) {
            Align::Set => {
                if !self.same_members(path, rule.items(), desired, live) {
                    self.add(path.to_owned(), &desired.into(), &live.into(), FieldClass::Changed);
                }
            }
            Align::Keys(keys, open) => self.keyed(path, rule, (&keys, open), (desired, live), whole),
            Align::Places => {
                for (index, wanted) in desired.iter().enumerate() {
                    let path = format!("{path}[{index}]");
                    match live.get(index) {
                        Some(there) => self.value(&path, rule.items(), wanted, there, whole),
                        None => self.missing(path, rule.items(), wanted),
                    }
                }
                for (index, there) in live.iter().enumerate().skip(desired.len()) {
                    self.add(format!("{path}[{index}]"), &Value::Null, there, FieldClass::ExtraLive);
                }
            }
        }
    }

    fn keyed(
        &mut self,
        path: &str,
        rule: Rule<'_>,
        (keys, open): (&[&str], bool),
        (desired, live): (&[Value], &[Value]),
        whole: bool,
    ) {
        let items = rule.items();
        let identity = |item| identity(items, keys, item);
        let names = names(keys, desired, live);
        let path_of = |item: &Value| {
            let values = names.iter().map(|name| (*name, value_of(items, name, item).unwrap_or(&Value::Null)));
            item_path(path, values)
        };
        let before = self.found.fields.len();
        for wanted in desired {
            let wanted_identity = identity(wanted);
            match live.iter().find(|there| identity(there) == wanted_identity) {
                Some(there) => self.value(&path_of(wanted), items, wanted, there, whole),
                None => self.missing(path_of(wanted), items, wanted),
            }
        }
        if open {
            return;
        }
        for there in live {
            let there_identity = identity(there);
            if !desired.iter().any(|wanted| identity(wanted) == there_identity) {
                self.add(path_of(there), &Value::Null, there, FieldClass::ExtraLive);
            }
        }
        // Nothing but the order may differ, and in a list that is replaced as a whole it says something.
        let same = desired.len() == live.len() && self.found.fields.len() == before;
        if same && !desired.iter().map(identity).eq(live.iter().map(identity)) {
            self.add(path.to_owned(), &desired.into(), &live.into(), FieldClass::Changed);
        }
    }

    fn same_members(&self, path: &str, rule: Rule<'_>, desired: &[Value], live: &[Value]) -> bool {
        let mut rest: Vec<&Value> = live.iter().collect();
        for wanted in desired {
            let same = |there: &&Value| values(self.of, rule, path, wanted, there).fields.is_empty();
            let Some(index) = rest.iter().position(same) else { return false };
            rest.remove(index);
        }
        rest.is_empty()
    }
}

/// The values by which an element is told apart; a field left out has its default.
fn identity<'v>(items: Rule<'v>, keys: &[&str], item: &'v Value) -> Vec<Option<&'v Value>> {
    keys.iter().map(|key| value_of(items, key, item)).collect()
}

fn value_of<'v>(items: Rule<'v>, key: &str, item: &'v Value) -> Option<&'v Value> {
    item.get(key).or_else(|| items.field(key).default())
}

/// The fewest of the fields that tell the elements of both lists apart: the name, else the first, else all of them.
fn names<'k>(keys: &[&'k str], desired: &[Value], live: &[Value]) -> Vec<&'k str> {
    let first = keys.iter().find(|key| **key == "name").or_else(|| keys.iter().min());
    match first {
        Some(first) if is_unique(desired, first) && is_unique(live, first) => vec![*first],
        _ => keys.to_vec(),
    }
}
