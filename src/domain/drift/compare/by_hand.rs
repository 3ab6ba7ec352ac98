//! Fields that somebody set by hand inside an object that git has, and that git says nothing of.

use super::path::lookup;
use super::rule::is_zero;
use super::{FieldDiff, Normal};
use crate::domain::cluster::{LiveObject, Owner, is_within};

/// Managers' names of tools that people use by hand: `kubectl edit`, `patch`, `label`… each name themselves after what they do
/// (k8s.io/kubectl), as does k9s. Client-side apply is what a pipeline does too.
fn is_a_hand(owner: &Owner<'_>) -> bool {
    let name = &*owner.manager;
    !owner.apply && (name == "k9s" || (name.starts_with("kubectl-") && name != "kubectl-client-side-apply"))
}

/// Their paths with the tools, as far as nothing is said of them anyway.
pub(super) fn paths(
    desired: &Normal<'_>,
    live: &Normal<'_>,
    fields: &[FieldDiff],
    object: &LiveObject,
) -> Vec<(String, String)> {
    let owners = object.owners().into_iter().filter(is_a_hand);
    let beside = owners.filter(|owner| {
        let path = &*owner.path;
        let is_said = fields.iter().any(|field| is_within(path, &field.path) || is_within(&field.path, path));
        !is_said && lookup(desired, path).is_none() && lookup(live, path).is_some_and(|value| !is_zero(value))
    });
    let mut found: Vec<(String, String)> =
        beside.map(|owner| (owner.path.into_owned(), owner.manager.into_owned())).collect();
    found.sort();
    found.dedup();
    found
}
