//! Desired against live, field by field: what git states must be live; what is live beyond that is drift only if it was ours.
//!
//! The rules are those that were measured against Argo CD's own diff tests: subset semantics, Go's zero values, quantities,
//! sets, lists with keys, and removed fields by last-applied or by the `Apply` entries of GitOps managers.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::normal::{is_set, normal};
use super::quantity::same_amount;
use super::{FieldClass, FieldDiff};
use crate::domain::cluster::{LiveObject, is_within, join};

/// Fields by which the elements of a list may be told apart, the usual one first.
const LIST_KEYS: [&str; 6] = ["name", "key", "port", "containerPort", "mountPath", "uid"];

/// Managers that apply what git states.
const GITOPS_MANAGERS: [&str; 6] =
    ["argocd-controller", "kustomize-controller", "helm-controller", "kubectl", "flux", "fleet-agent"];

/// What stands in the place of secret values.
const HIDDEN: &str = "(hidden)";

/// Differences between a desired object and a live one, in the order of paths. Empty means that live is as desired.
///
/// Fields of class [`FieldClass::Ineffective`] are listed and are no drift: see [`is_drift`].
pub fn compare(desired: &Value, live: &LiveObject) -> Vec<FieldDiff> {
    let (wanted, found) = (normal(desired), normal(&live.value()));
    let mut fields = differences(&live.kind.kind, &wanted, &found);
    for path in removed(&wanted, &found, live) {
        if fields.iter().any(|field| is_within(&path, &field.path)) {
            continue;
        }
        let value = lookup(&found, &path).cloned().unwrap_or_default();
        fields.push(FieldDiff {
            path,
            desired: Value::Null,
            live: value,
            class: FieldClass::RemovedInGit,
            manager: None,
        });
    }
    for field in &mut fields {
        field.manager = live.manager(&field.path).map(Cow::into_owned);
        if field.class == FieldClass::MissingLive && is_ineffective(&live.kind.kind, &wanted, &field.path) {
            field.class = FieldClass::Ineffective;
        }
        if live.kind.group.is_empty() && live.kind.kind == "Secret" {
            hide(field);
        }
    }
    fields.sort_by(|a, b| a.path.cmp(&b.path));
    fields
}

/// True when at least one field is a difference that applying would undo.
pub fn is_drift(fields: &[FieldDiff]) -> bool {
    fields.iter().any(|field| field.class != FieldClass::Ineffective)
}

/// True when live is as `earlier` desired it: nothing differs from `earlier`, and wherever live differs from what is
/// desired now (`fields`), it has exactly what `earlier` had there. The second half keeps a field that `earlier` did not
/// mention from passing as equal.
pub fn is_as(earlier: &Value, fields: &[FieldDiff], live: &LiveObject) -> bool {
    let (before, found) = (normal(earlier), normal(&live.value()));
    let kind = &live.kind.kind;
    let same = |path: &str| {
        let (before, found) = (lookup(&before, path), lookup(&found, path));
        match (before, found) {
            (Some(before), Some(found)) => {
                differences(kind, before, found).is_empty() && differences(kind, found, before).is_empty()
            }
            (before, found) => before.is_none_or(is_zero) && found.is_none_or(is_zero),
        }
    };
    differences(kind, &before, &found).is_empty() && fields.iter().all(|field| same(&field.path))
}

/// True when two desired objects want the same.
pub fn same_desire(a: &Value, b: &Value) -> bool {
    normal(a) == normal(b)
}

fn differences(kind: &str, desired: &Value, live: &Value) -> Vec<FieldDiff> {
    let mut found = Vec::new();
    walk(kind, "", desired, live, &mut found);
    found
}

fn walk(kind: &str, path: &str, desired: &Value, live: &Value, found: &mut Vec<FieldDiff>) {
    match (desired, live) {
        (Value::Object(desired), Value::Object(live)) => {
            for (key, wanted) in desired {
                let path = join(path, key);
                match live.get(key) {
                    // A null in git asks for nothing.
                    Some(_) if wanted.is_null() => {}
                    Some(live) => walk(kind, &path, wanted, live, found),
                    None if is_zero(wanted) => {}
                    None => found.push(difference(path, wanted.clone(), Value::Null, FieldClass::MissingLive)),
                }
            }
        }
        (Value::Array(wanted), Value::Array(there)) => walk_list(kind, path, wanted, there, found),
        _ if same_scalar(desired, live) || (is_zero(desired) && is_zero(live)) => {}
        _ => found.push(difference(path.to_owned(), desired.clone(), live.clone(), FieldClass::Changed)),
    }
}

fn walk_list(kind: &str, path: &str, desired: &[Value], live: &[Value], found: &mut Vec<FieldDiff>) {
    if is_set(kind, path) {
        if !same_members(kind, path, desired, live) {
            found.push(difference(path.to_owned(), desired.into(), live.into(), FieldClass::Changed));
        }
        return;
    }
    if let Some(key) = list_key(desired, live) {
        for wanted in desired {
            let Some(value) = wanted.get(key) else { continue };
            let path = item_path(path, key, value);
            match live.iter().find(|there| there.get(key) == Some(value)) {
                Some(there) => walk(kind, &path, wanted, there, found),
                None => found.push(difference(path, wanted.clone(), Value::Null, FieldClass::MissingLive)),
            }
        }
        return;
    }
    for (index, wanted) in desired.iter().enumerate() {
        let path = format!("{path}[{index}]");
        match live.get(index) {
            Some(there) => walk(kind, &path, wanted, there, found),
            None => found.push(difference(path, wanted.clone(), Value::Null, FieldClass::MissingLive)),
        }
    }
    for (index, there) in live.iter().enumerate().skip(desired.len()) {
        found.push(difference(format!("{path}[{index}]"), Value::Null, there.clone(), FieldClass::ExtraLive));
    }
}

fn difference(path: String, desired: Value, live: Value, class: FieldClass) -> FieldDiff {
    FieldDiff { path, desired, live, class, manager: None }
}

/// The field by which the elements of both lists are told apart, if there is one.
fn list_key(desired: &[Value], live: &[Value]) -> Option<&'static str> {
    let unique = |list: &[Value], key: &str| {
        let mut seen = BTreeSet::new();
        list.iter().all(|item| item.get(key).is_some_and(|value| !value.is_object() && seen.insert(value.to_string())))
    };
    LIST_KEYS.into_iter().find(|key| !desired.is_empty() && unique(desired, key) && unique(live, key))
}

fn item_path(path: &str, key: &str, value: &Value) -> String {
    value.as_str().map_or_else(|| format!("{path}[{key}={value}]"), |text| format!("{path}[{key}={text}]"))
}

fn same_members(kind: &str, path: &str, desired: &[Value], live: &[Value]) -> bool {
    let mut rest: Vec<&Value> = live.iter().collect();
    for wanted in desired {
        let Some(index) = rest.iter().position(|there| differences(kind, wanted, there).is_empty()) else {
            return false;
        };
        rest.remove(index);
    }
    // The webhook adds a switch's redundancy group to its groups.
    rest.is_empty() || (kind == "Switch" && path == "spec.groups" && rest.len() == 1 && !desired.contains(rest[0]))
}

fn same_scalar(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => x == y || x.as_f64().zip(y.as_f64()).is_some_and(|(x, y)| x.eq(&y)),
        (Value::String(x), Value::String(y)) => x == y || same_amount(x, y),
        // A port or a quantity may be a number on one side and text on the other.
        (Value::String(x), Value::Number(y)) | (Value::Number(y), Value::String(x)) => same_amount(x, &y.to_string()),
        _ => a == b,
    }
}

/// True for values that Go leaves out when it writes an object: zeros, empty text, and containers of such values.
fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.iter().all(is_zero),
        Value::Object(fields) => fields.values().all(is_zero),
    }
}

/// Paths that were ours, that git no longer states, and that are still live.
fn removed(desired: &Value, live: &Value, object: &LiveObject) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    if let Some(mut applied) = object.last_applied() {
        // What was applied carries no kind when it is compared, so that it is normalised as the live object is.
        if let Some(fields) = applied.as_object_mut() {
            fields.insert("kind".to_owned(), object.kind.kind.clone().into());
            let version = format!("{}/{}", object.kind.group, object.kind.version);
            fields.insert("apiVersion".to_owned(), version.trim_start_matches('/').into());
        }
        dropped(&normal(&applied), desired, live, "", &mut paths);
    }
    let owners = object.owners().into_iter();
    for owner in owners.filter(|owner| owner.apply && GITOPS_MANAGERS.contains(&&*owner.manager)) {
        let path = &*owner.path;
        let there = lookup(live, path).is_some_and(|value| !is_zero(value));
        if there && lookup(desired, path).is_none() && !is_list_key(path) {
            paths.insert(path.to_owned());
        }
    }
    paths
}

/// Walks what was applied: fields that git no longer has and live still has.
fn dropped(applied: &Value, desired: &Value, live: &Value, path: &str, paths: &mut BTreeSet<String>) {
    match (applied, desired, live) {
        (Value::Object(applied), Value::Object(desired), Value::Object(live)) => {
            for (key, before) in applied {
                let Some(there) = live.get(key) else { continue };
                let path = join(path, key);
                match desired.get(key) {
                    Some(wanted) if !wanted.is_null() => dropped(before, wanted, there, &path, paths),
                    _ if is_zero(before) || is_zero(there) => {}
                    // Others may have put fields of their own into it.
                    _ if before.is_object() && there.is_object() => {
                        dropped(before, &Value::Object(Map::new()), there, &path, paths);
                    }
                    _ => {
                        paths.insert(path);
                    }
                }
            }
        }
        (Value::Array(applied), Value::Array(desired), Value::Array(live)) => {
            let Some(key) =
                list_key(applied, live).filter(|key| list_key(desired, live) == Some(*key) || desired.is_empty())
            else {
                return;
            };
            let of = |list: &[Value], value: &Value| list.iter().find(|item| item.get(key) == Some(value)).cloned();
            for before in applied {
                let Some(value) = before.get(key) else { continue };
                let Some(there) = of(live, value) else { continue };
                let path = item_path(path, key, value);
                match of(desired, value) {
                    Some(wanted) => dropped(before, &wanted, &there, &path, paths),
                    None => {
                        paths.insert(path);
                    }
                }
            }
        }
        _ => {}
    }
}

/// True when the path ends in the field that names a list's element: it is never removed by itself.
fn is_list_key(path: &str) -> bool {
    let Some((item, field)) = path.rsplit_once("].") else { return false };
    item.rsplit_once('[').is_some_and(|(_, key)| key.starts_with(&format!("{field}="))) || field == "protocol"
}

/// Hedgehog's webhook removes `range` and `options` of a DHCP server that is not enabled.
fn is_ineffective(kind: &str, desired: &Value, path: &str) -> bool {
    let Some((subnet, _)) = path.split_once(".dhcp.") else { return false };
    let dhcp = format!("{subnet}.dhcp");
    let enabled = lookup(desired, &format!("{dhcp}.enable")).and_then(Value::as_bool).unwrap_or(false);
    kind == "VPC" && !enabled && ["range", "options"].iter().any(|field| is_within(path, &format!("{dhcp}.{field}")))
}

fn hide(field: &mut FieldDiff) {
    for value in [&mut field.desired, &mut field.live] {
        match value {
            Value::Null => {}
            Value::Object(fields) => fields.values_mut().for_each(|value| *value = HIDDEN.into()),
            other => *other = HIDDEN.into(),
        }
    }
}

/// The value at a path in the notation of [`FieldDiff::path`]; the empty path is the value itself.
fn lookup<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    Steps { rest: path }.try_fold(value, |value, step| step.enter(value))
}

/// Steps of a path.
struct Steps<'a> {
    rest: &'a str,
}

/// One step of a path.
enum Step<'a> {
    Field(String),
    Index(usize),
    Item(&'a str, &'a str),
}

impl<'a> Iterator for Steps<'a> {
    type Item = Step<'a>;

    fn next(&mut self) -> Option<Step<'a>> {
        let path = self.rest.strip_prefix('.').unwrap_or(self.rest);
        if path.is_empty() {
            return None;
        }
        let (step, rest) = match path.strip_prefix('[') {
            Some(inner) if inner.starts_with('"') => {
                let end = inner.find("\"]")?;
                (Step::Field(serde_json::from_str(&inner[..=end]).ok()?), &inner[end + 2..])
            }
            Some(inner) => {
                let end = inner.find(']')?;
                let step = match inner[..end].split_once('=') {
                    Some((key, value)) => Step::Item(key, value),
                    None => Step::Index(inner[..end].parse().ok()?),
                };
                (step, &inner[end + 1..])
            }
            None => {
                let end = path.find(['.', '[']).unwrap_or(path.len());
                (Step::Field(path[..end].to_owned()), &path[end..])
            }
        };
        self.rest = rest;
        Some(step)
    }
}

impl Step<'_> {
    fn enter<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        match self {
            Step::Field(name) => value.as_object().and_then(|fields: &Map<String, Value>| fields.get(name)),
            Step::Index(index) => value.get(index),
            Step::Item(key, wanted) => value.as_array()?.iter().find(|item| match item.get(key) {
                Some(Value::String(text)) => text == wanted,
                Some(other) => serde_json::from_str::<Value>(wanted).is_ok_and(|wanted| *other == wanted),
                None => false,
            }),
        }
    }
}

#[cfg(test)]
mod tests;
