//! Walks a desired and a live value together.

use serde_json::{Map, Value};

use super::Comparison;
use super::path::{Place, item_path};
use super::rule::{Align, Of, Rule, is_unique, is_zero};
use crate::domain::drift::normal::{Normal, has_filled_in, is_filled_in};
use crate::domain::drift::{FieldClass, FieldDiff};

/// Differences of two objects, as far as `desired` says anything.
pub(super) fn objects(of: Of<'_>, rule: Rule<'_>, desired: &Normal<'_>, live: &Normal<'_>) -> Comparison {
    let mut walk = Walk::new(of);
    for (key, wanted) in desired.iter() {
        walk.field(&Place::top(key), rule.top(key), wanted, live.get(key), false);
    }
    walk.found
}

/// Differences of two values at a path.
pub(super) fn values(of: Of<'_>, rule: Rule<'_>, path: &str, desired: &Value, live: &Value) -> Comparison {
    let mut walk = Walk::new(of);
    walk.value(&Place::at(path), rule, desired, live, false);
    walk.found
}

struct Walk<'a> {
    of: Of<'a>,
    /// Some fields of the kind are filled in where they are zero.
    fills_in: bool,
    found: Comparison,
}

impl<'a> Walk<'a> {
    fn new(of: Of<'a>) -> Self {
        Self { of, fills_in: has_filled_in(of.group, of.kind), found: Comparison::default() }
    }

    fn add(&mut self, place: &Place<'_>, desired: &Value, live: &Value, class: FieldClass) {
        let (path, desired, live) = (place.path(), desired.clone(), live.clone());
        self.found.fields.push(FieldDiff { path, desired, live, class, manager: None });
    }

    /// `whole`: it is inside of something that is replaced as a whole.
    fn field(&mut self, place: &Place<'_>, rule: Rule<'_>, wanted: &Value, live: Option<&Value>, whole: bool) {
        match live {
            // A null in git asks for nothing.
            Some(_) if wanted.is_null() => {}
            Some(_) if self.fills_in && is_zero(wanted) && is_filled_in(self.of.kind, &place.path()) => {}
            Some(live) => self.value(place, rule, wanted, live, whole),
            None if is_zero(wanted) => {}
            None if matches!(rule, Rule::Pruned) => self.add(place, wanted, &Value::Null, FieldClass::Pruned),
            None => self.missing(place, rule, wanted),
        }
    }

    /// Something that is not live, less what the server would not keep of it.
    fn missing(&mut self, place: &Place<'_>, rule: Rule<'_>, wanted: &Value) {
        if let Value::Object(fields) = wanted {
            let is_pruned = |(key, value): &(&String, &Value)| {
                matches!(rule.field(key), Rule::Pruned) && matches!(rule, Rule::Node(_)) && !is_zero(value)
            };
            let pruned: Vec<_> = fields.iter().filter(is_pruned).collect();
            if !pruned.is_empty() {
                for (key, value) in &pruned {
                    self.add(&place.field(key), value, &Value::Null, FieldClass::Pruned);
                }
                let kept = fields.iter().filter(|field| !pruned.contains(field));
                let kept: Map<String, Value> = kept.map(|(key, value)| (key.clone(), value.clone())).collect();
                if !kept.values().all(is_zero) {
                    self.missing(place, rule, &Value::Object(kept));
                }
                return;
            }
        }
        self.add(place, wanted, &Value::Null, FieldClass::MissingLive);
    }

    fn value(&mut self, place: &Place<'_>, rule: Rule<'_>, desired: &Value, live: &Value, whole: bool) {
        let whole = whole || rule.is_atomic();
        match (desired, live) {
            (Value::Object(desired), Value::Object(live)) => {
                for (key, wanted) in desired {
                    self.field(&place.field(key), rule.field(key), wanted, live.get(key), whole);
                }
                if whole {
                    self.drops(place, rule, desired, live);
                }
            }
            (Value::Array(wanted), Value::Array(there)) => self.list(place, rule, wanted, there, whole),
            _ if rule.same(place, desired, live) || (is_zero(desired) && is_zero(live)) => {}
            _ => self.add(place, desired, live, FieldClass::Changed),
        }
    }

    /// Fields that only live has, where applying replaces what is around them: it would drop them.
    fn drops(&mut self, place: &Place<'_>, rule: Rule<'_>, desired: &Map<String, Value>, live: &Map<String, Value>) {
        for (key, there) in live {
            if !desired.contains_key(key) && !is_zero(there) && rule.field(key).default() != Some(there) {
                self.found.drops.push(place.field(key).path());
            }
        }
    }

    fn list(&mut self, place: &Place<'_>, rule: Rule<'_>, desired: &[Value], live: &[Value], whole: bool) {
        match rule.align(self.of, place, desired, live) {
            Align::Set => {
                if !self.same_members(place, rule.items(), desired, live) {
                    self.add(place, &desired.into(), &live.into(), FieldClass::Changed);
                }
            }
            Align::Keys(keys, open) => self.keyed(place, rule, (&keys, open), (desired, live), whole),
            Align::Places => {
                for (index, wanted) in desired.iter().enumerate() {
                    let place = place.index(index);
                    match live.get(index) {
                        Some(there) => self.value(&place, rule.items(), wanted, there, whole),
                        None => self.missing(&place, rule.items(), wanted),
                    }
                }
                for (index, there) in live.iter().enumerate().skip(desired.len()) {
                    self.add(&place.index(index), &Value::Null, there, FieldClass::ExtraLive);
                }
            }
        }
    }

    fn keyed(
        &mut self,
        place: &Place<'_>,
        rule: Rule<'_>,
        (keys, open): (&[&str], bool),
        (desired, live): (&[Value], &[Value]),
        whole: bool,
    ) {
        let items = rule.items();
        let identity = |item| identity(items, keys, item);
        let names = names(keys, desired, live);
        let path_of = |list: &str, item: &Value| {
            let values = names.iter().map(|name| (*name, value_of(items, name, item).unwrap_or(&Value::Null)));
            item_path(list, values)
        };
        let before = self.found.fields.len();
        for wanted in desired {
            let wanted_identity = identity(wanted);
            let path = |list: &str| path_of(list, wanted);
            let place = place.item(&path);
            match live.iter().find(|there| identity(there) == wanted_identity) {
                Some(there) => self.value(&place, items, wanted, there, whole),
                None => self.missing(&place, items, wanted),
            }
        }
        if open {
            return;
        }
        for there in live {
            let there_identity = identity(there);
            if !desired.iter().any(|wanted| identity(wanted) == there_identity) {
                self.add(&place.item(&|list: &str| path_of(list, there)), &Value::Null, there, FieldClass::ExtraLive);
            }
        }
        // Nothing but the order may differ, and in a list that is replaced as a whole it says something.
        let same = desired.len() == live.len() && self.found.fields.len() == before;
        if same && !desired.iter().map(identity).eq(live.iter().map(identity)) {
            self.add(place, &desired.into(), &live.into(), FieldClass::Changed);
        }
    }

    fn same_members(&self, place: &Place<'_>, rule: Rule<'_>, desired: &[Value], live: &[Value]) -> bool {
        let mut rest: Vec<&Value> = live.iter().collect();
        for wanted in desired {
            let same = |there: &&Value| {
                let mut walk = Walk::new(self.of);
                walk.value(place, rule, wanted, there, false);
                walk.found.fields.is_empty()
            };
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
