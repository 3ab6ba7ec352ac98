//! Fields that were ours, that git no longer states, and that are still live.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::path::{Place, item_path, lookup};
use super::rule::{Align, Of, Rule, is_zero};
use crate::domain::cluster::{LiveObject, join};
use crate::domain::drift::normal::{Normal, normal};

/// Managers that apply what git states.
pub(in crate::domain::drift) const GITOPS_MANAGERS: [&str; 6] =
    ["argocd-controller", "kustomize-controller", "helm-controller", "kubectl", "flux", "fleet-agent"];

/// Their paths: by what was applied last, or by the `Apply` entries of a GitOps tool.
pub(super) fn paths(
    of: Of<'_>,
    rule: Rule<'_>,
    (desired, applied): (&Normal<'_>, Option<&Value>),
    live: &Normal<'_>,
    object: &LiveObject,
) -> BTreeSet<String> {
    let mut removed = Removed { of, paths: BTreeSet::new() };
    if let Some(applied) = applied {
        for (key, before) in normal(of.group, of.kind, applied).iter() {
            if let Some(there) = live.get(key) {
                removed.field(key.to_owned(), rule.top(key), before, desired.get(key), there);
            }
        }
    }
    let owners = object.owners().into_iter();
    for owner in owners.filter(|owner| owner.apply && GITOPS_MANAGERS.contains(&&*owner.manager)) {
        let path = &*owner.path;
        let there = lookup(live, path).is_some_and(|value| !is_zero(value));
        if there && lookup(desired, path).is_none() && !is_list_key(path) {
            removed.paths.insert(path.to_owned());
        }
    }
    removed.paths
}

struct Removed<'a> {
    of: Of<'a>,
    paths: BTreeSet<String>,
}

impl Removed<'_> {
    fn field(&mut self, path: String, rule: Rule<'_>, before: &Value, desired: Option<&Value>, live: &Value) {
        match desired {
            Some(wanted) if !wanted.is_null() => self.value(&path, rule, before, wanted, live),
            _ if is_zero(before) || is_zero(live) => {}
            // Others may have put fields of their own into it.
            _ if before.is_object() && live.is_object() => {
                self.value(&path, rule, before, &Value::Object(Map::new()), live);
            }
            _ => {
                self.paths.insert(path);
            }
        }
    }

    fn value(&mut self, path: &str, rule: Rule<'_>, applied: &Value, desired: &Value, live: &Value) {
        match (applied, desired, live) {
            (Value::Object(applied), Value::Object(desired), Value::Object(live)) => {
                for (key, before) in applied {
                    if let Some(there) = live.get(key) {
                        self.field(join(path, key), rule.field(key), before, desired.get(key), there);
                    }
                }
            }
            (Value::Array(applied), Value::Array(desired), Value::Array(live)) => {
                // Lists that are replaced as a whole have been compared with all of their elements.
                let Align::Keys(keys, true) = rule.align(self.of, &Place::at(path), applied, live) else { return };
                let same = |a: &Value, b: &Value| keys.iter().all(|key| a.get(key) == b.get(key));
                for before in applied {
                    let Some(there) = live.iter().find(|there| same(before, there)) else { continue };
                    let values = keys.iter().take(1).filter_map(|key| Some((*key, before.get(key)?)));
                    let path = item_path(path, values);
                    match desired.iter().find(|wanted| same(before, wanted)) {
                        Some(wanted) => self.value(&path, rule.items(), before, wanted, there),
                        None => {
                            self.paths.insert(path);
                        }
                    }
                }
            }
            _ => {}
        }
    }
}

/// True when the path ends in the field that names a list's element: it is never removed by itself.
fn is_list_key(path: &str) -> bool {
    let Some((item, field)) = path.rsplit_once("].") else { return false };
    let keys = item.rsplit_once('[').map_or("", |(_, keys)| keys);
    keys.split(',').any(|key| key.split_once('=').is_some_and(|(name, _)| name == field)) || field == "protocol"
}
