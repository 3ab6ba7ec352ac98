//! Objects that are live and not in git, as far as this directory is the one to have them. Those of a cluster that cannot be
//! asked stay in the list: they are not less orphaned for it.

use super::{
    DriftRow, DriftState, Due, HealthState, Inputs, Keeper, LiveObject, Look, ObjectKey, Turn, Verdict, Version, due,
    is_builtin_group, keeper, short, with,
};

/// Kinds that Hedgehog's controllers generate.
const GENERATED: [&str; 5] = ["Agent", "Catalog", "DHCPSubnet", "VPCInfo", "SwitchProfile"];

/// Objects that every fabric has without any git.
const ALWAYS_THERE: [(&str, &str); 2] = [("VLANNamespace", "default"), ("IPv4Namespace", "default")];

/// Labels and annotations by which GitOps tools mark what they applied.
const TRACKING: [&str; 4] = [
    "argocd.argoproj.io/tracking-id",
    "argocd.argoproj.io/instance",
    "kustomize.toolkit.fluxcd.io/name",
    "app.kubernetes.io/instance",
];

/// The row of a live object that git does not have; `None` for one that this directory is not to have.
pub(super) fn row<'a>(look: &mut Look<'a>, key: &'a ObjectKey, live: &LiveObject) -> Option<(DriftRow, Turn)> {
    let (inputs, keepers) = (look.inputs, look.keepers);
    if is_exempt(inputs, live, key) {
        return None;
    }
    let removed = inputs.history.get(key).and_then(|versions| versions.first());
    let removed = removed.filter(|last| last.value.is_none());
    let mut turn = Turn::default();
    let verdict = match look.cannot_tell(key) {
        // Its state waits for the cluster, not for a grace.
        Some(why) => {
            let mut hidden = Turn::default();
            let last = judge(inputs, keepers, live, removed, &mut hidden);
            turn.hide(hidden);
            turn.is_dated = true;
            let reason = format!("{why}; last known: {}", last.state.name());
            Verdict::new(DriftState::Unknown, reason).since(inputs.live.as_of)
        }
        None => judge(inputs, keepers, live, removed, &mut turn),
    };
    let application = removed.and_then(|removed| keeper(inputs, keepers, &removed.file));
    let row = DriftRow {
        key: key.clone(),
        version: live.kind.version.clone(),
        state: verdict.state,
        reason: verdict.reason,
        file: None,
        line: None,
        since: verdict.since,
        health: None,
        generation: live.generation,
        fields: Vec::new(),
        application: application.map(|(keeper, _)| keeper.key.clone()),
    };
    Some((row, turn))
}

fn is_exempt(inputs: &Inputs<'_>, live: &LiveObject, key: &ObjectKey) -> bool {
    let hedgehog = key.group.ends_with("githedgehog.com");
    live.owned
        || inputs.claimed.contains_key(key)
        || (hedgehog && GENERATED.contains(&key.kind.as_str()))
        || (hedgehog && ALWAYS_THERE.contains(&(key.kind.as_str(), key.name.as_str())))
        // Clusters are full of their own ConfigMaps and Services: of those only what came from git can be missed there.
        || (is_builtin_group(&key.group) && !inputs.history.contains_key(key) && !is_applied(live))
}

/// True when something says that the object was applied from files.
fn is_applied(live: &LiveObject) -> bool {
    if live.is_applied() {
        return true;
    }
    let value = live.value();
    let marked = |place: &str| {
        let marks = value.pointer(place).and_then(serde_json::Value::as_object);
        marks.is_some_and(|marks| TRACKING.iter().any(|mark| marks.contains_key(*mark)))
    };
    marked("/metadata/labels") || marked("/metadata/annotations")
}

/// `removed` is the commit that took it out of git, if it ever was there.
fn judge(
    inputs: &Inputs<'_>,
    keepers: &[Keeper<'_>],
    live: &LiveObject,
    removed: Option<&Version>,
    turn: &mut Turn,
) -> Verdict {
    if live.deleting.is_some() {
        debug_assert_eq!(live.health.state, HealthState::Terminating);
        return Verdict::new(DriftState::Deleting, live.health.reason.clone()).since(live.deleting);
    }
    let Some(removed) = removed else {
        return Verdict::new(DriftState::Orphaned, "live, and never in git").since(live.created);
    };
    let (ago, commit) = (turn.age(removed.at, inputs.now), short(&removed.commit));
    let verdict = match due(inputs, keepers, removed, turn) {
        Due::Waiting(why) => {
            Verdict::new(DriftState::Pending, with(format!("removed {ago} ago in {commit}, still live"), why))
        }
        Due::Over(why) => {
            let reason = format!("live, and removed from git {ago} ago in {commit}");
            Verdict::new(DriftState::Orphaned, with(reason, why))
        }
    };
    verdict.since(Some(removed.at))
}
