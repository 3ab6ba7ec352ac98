//! Desired against live, field by field: what git states must be live; what is live beyond that is drift only if it was ours.
//!
//! The rules are those that were measured against Argo CD's own diff tests: subset semantics, Go's zero values, quantities,
//! sets, lists with keys, and removed fields by last-applied or by the `Apply` entries of GitOps managers. What a kind's
//! schema says goes before what its name suggests.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::normal::{Normal, normal};
use super::{Digests, FieldClass, FieldDiff};
use crate::domain::cluster::{LiveObject, Schemas, is_within};

mod by_hand;
mod path;
mod removed;
mod rule;
mod unknown;
mod walk;

use path::lookup;
pub(super) use removed::GITOPS_MANAGERS;
use rule::{Of, Rule, is_zero};
pub use unknown::unknown_fields;

/// What stands in the place of secret values.
const HIDDEN: &str = "(hidden)";

/// What came of comparing a desired object with a live one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparison {
    /// What differs, in the order of paths. Not all of it is drift: see [`is_drift`].
    pub fields: Vec<FieldDiff>,
    /// Paths that git does not state, inside of lists and maps that appliers replace as a whole: applying would drop them.
    pub drops: Vec<String>,
    /// Paths that git does not state and that somebody set by hand, each with the tool: no drift, for git asks for nothing
    /// there and nothing would undo it.
    pub by_hand: Vec<(String, String)>,
}

/// Compares a desired object with a live one. `schemas` are those of the cluster.
pub fn compare(desired: &Value, live: &LiveObject, schemas: &Schemas) -> Comparison {
    compare_with((desired, &Digests::of(desired)), live, schemas)
}

/// The same where its digests are at hand.
pub(super) fn compare_with((desired, digests): (&Value, &Digests), live: &LiveObject, schemas: &Schemas) -> Comparison {
    if live.is_as_stated(digests) {
        return Comparison::default();
    }
    // Where the rest is the same to the byte, nothing can differ but labels and annotations.
    if live.has_body(digests) {
        let metadata = desired.get("metadata").cloned().unwrap_or_default();
        let (wanted, there) = (json!({ "metadata": metadata }), json!({ "metadata": live.metadata() }));
        let applied = live.applied_before(digests).map(|applied| json!({ "metadata": applied["metadata"] }));
        return parts(&wanted, (&there, applied), live, schemas);
    }
    parts(desired, (&live.value(), live.applied_before(digests)), live, schemas)
}

/// Compares what is desired with what is there, and with what was applied last.
fn parts(
    desired: &Value,
    (there, applied): (&Value, Option<Value>),
    live: &LiveObject,
    schemas: &Schemas,
) -> Comparison {
    let of = Of { group: &live.kind.group, kind: &live.kind.kind };
    let rule = Rule::of(live, schemas);
    let (wanted, found) = (normal(of.group, of.kind, desired), normal(of.group, of.kind, there));
    let Comparison { mut fields, mut drops, .. } = walk::objects(of, rule, &wanted, &found);
    for path in removed::paths(of, rule, (&wanted, applied.as_ref()), &found, live) {
        if fields.iter().any(|field| is_within(&path, &field.path)) {
            continue;
        }
        let value = lookup(&found, &path).cloned().unwrap_or_default();
        let class = FieldClass::RemovedInGit;
        drops.retain(|dropped| !is_within(dropped, &path));
        fields.push(FieldDiff { path, desired: Value::Null, live: value, class, manager: None });
    }
    for field in &mut fields {
        field.manager = live.manager(&field.path).map(Cow::into_owned);
        if field.class == FieldClass::MissingLive && is_ineffective(of, &wanted, &field.path) {
            field.class = FieldClass::Ineffective;
        }
        if of.group.is_empty() && of.kind == "Secret" {
            hide(field);
        }
    }
    fields.sort_by(|a, b| a.path.cmp(&b.path));
    let by_hand = by_hand::paths(&wanted, &found, &fields, live);
    Comparison { fields, drops, by_hand }
}

/// True when at least one field is a difference that applying would undo.
pub fn is_drift(fields: &[FieldDiff]) -> bool {
    fields.iter().any(|field| !matches!(field.class, FieldClass::Ineffective | FieldClass::Pruned))
}

/// True when live is as `earlier` desired it: nothing differs from `earlier`, and wherever live differs from what is
/// desired now (`fields`), it has exactly what `earlier` had there. The second half keeps a field that `earlier` did not
/// mention from passing as equal.
pub fn is_as(earlier: &Value, fields: &[FieldDiff], live: &LiveObject, schemas: &Schemas) -> bool {
    let of = Of { group: &live.kind.group, kind: &live.kind.kind };
    let rule = Rule::of(live, schemas);
    let there = live.value();
    let (before, found) = (normal(of.group, of.kind, earlier), normal(of.group, of.kind, &there));
    let same = |path: &str| match (lookup(&before, path), lookup(&found, path)) {
        (Some(before), Some(found)) => {
            let differ = |a, b| !walk::values(of, rule.at(path), path, a, b).fields.is_empty();
            !differ(before, found) && !differ(found, before)
        }
        (before, found) => before.is_none_or(is_zero) && found.is_none_or(is_zero),
    };
    !is_drift(&walk::objects(of, rule, &before, &found).fields)
        && fields.iter().filter(|field| is_drift(std::slice::from_ref(field))).all(|field| same(&field.path))
}

/// True when two desired objects want the same.
pub fn same_desire(a: &Value, b: &Value) -> bool {
    if std::ptr::eq(a, b) || a == b {
        return true;
    }
    let text = |object: &Value, field: &str| object.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (version, kind) = (text(a, "apiVersion"), text(a, "kind"));
    let group = version.rsplit_once('/').map_or("", |(group, _)| group);
    normal(group, &kind, a) == normal(group, &kind, b)
}

/// Hedgehog's webhook removes `range` and `options` of a DHCP server that is not enabled.
fn is_ineffective(of: Of<'_>, desired: &super::normal::Normal<'_>, path: &str) -> bool {
    let Some(end) = path.find(".dhcp").filter(|_| of.kind == "VPC" && of.group.ends_with("githedgehog.com")) else {
        return false;
    };
    let (dhcp, inside) = path.split_at(end + ".dhcp".len());
    let stated = lookup(desired, dhcp).and_then(Value::as_object);
    let enabled = stated.and_then(|dhcp| dhcp.get("enable")).and_then(Value::as_bool).unwrap_or(false);
    let is_dropped = |field: &str| ["range", "options"].contains(&field);
    match inside.strip_prefix('.') {
        Some(field) => !enabled && is_dropped(field.split(['.', '[']).next().unwrap_or_default()),
        // All of it is missing, and nothing else was asked for.
        None => {
            inside.is_empty()
                && stated.is_some_and(|dhcp| dhcp.iter().all(|(name, value)| is_dropped(name) || is_zero(value)))
        }
    }
}

/// Hides the values of a field of a Secret.
pub(super) fn hide(field: &mut FieldDiff) {
    for value in [&mut field.desired, &mut field.live] {
        match value {
            Value::Null => {}
            Value::Object(fields) => fields.values_mut().for_each(|value| *value = HIDDEN.into()),
            other => *other = HIDDEN.into(),
        }
    }
}

#[cfg(test)]
mod tests;
