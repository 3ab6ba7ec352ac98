//! What a cluster serves, and which of it is watched.

use kube::discovery::verbs;
use kube::{Client, Discovery};
use tokio::time::timeout;

use super::fault::{connection_of, of, unanswered};
use super::{ANSWER, KindNames};
use crate::domain::cluster::{Connection, Kind};
use crate::domain::fault::Fault;

/// Argo CD's: what it says of itself is what drift is judged by.
const APPLICATION: (&str, &str) = ("argoproj.io", "Application");

/// Kinds that tell how a cluster is, watched while somebody looks at it. Pods are left out: there may be ten thousand of
/// them, and what they belong to tells enough.
const BASICS: [(&str, &str); 10] = [
    ("", "Namespace"),
    ("", "Node"),
    ("apps", "DaemonSet"),
    ("apps", "Deployment"),
    ("apps", "StatefulSet"),
    ("agents.platform", "CodeRun"),
    ("agents.platform", "DocsRun"),
    ("cert-manager.io", "Certificate"),
    ("orchestrator.io", "TaskRun"),
    ("vteam.ambient-code", "AgenticSession"),
];

/// Domain of Hedgehog's groups; all of their kinds are watched.
const HEDGEHOG: &str = "githedgehog.com";

/// Watches of one cluster at most: each is a connection of its own.
const WATCHES: usize = 60;

/// What a cluster serves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Discovered {
    /// Every kind in every version.
    pub(super) served: Vec<Kind>,
    /// Kinds that can be listed and watched, in the version that the server prefers.
    pub(super) watchable: Vec<Kind>,
}

/// Asks in the aggregated form first (two requests, and broken groups do no harm); servers before 1.26 answer it with an empty
/// list or an error, and are asked group by group.
pub(super) async fn run(client: Client) -> Result<Discovered, (Connection, Fault)> {
    let on = "what the cluster serves";
    let aggregated = timeout(ANSWER, Discovery::new(client.clone()).run_aggregated()).await;
    match aggregated {
        Err(_) => return Err((Connection::Unreachable, unanswered("discovering", on, ANSWER))),
        Ok(Ok(discovery)) if discovery.groups().next().is_some() => return Ok(collect(&discovery)),
        Ok(Err(error)) if matches!(connection_of(&error), Connection::Unauthorized | Connection::Forbidden) => {
            return Err((connection_of(&error), of("discovering", on, &error)));
        }
        Ok(_) => {}
    }
    match timeout(ANSWER * 3, Discovery::new(client).run()).await {
        Err(_) => Err((Connection::Unreachable, unanswered("discovering", on, ANSWER))),
        Ok(Ok(discovery)) => Ok(collect(&discovery)),
        Ok(Err(error)) => Err((connection_of(&error), of("discovering", on, &error))),
    }
}

fn collect(discovery: &Discovery) -> Discovered {
    let kind = |resource: &kube::discovery::ApiResource, scope: &kube::discovery::Scope| Kind {
        group: resource.group.clone(),
        version: resource.version.clone(),
        kind: resource.kind.clone(),
        plural: resource.plural.clone(),
        namespaced: *scope == kube::discovery::Scope::Namespaced,
    };
    let mut found = Discovered::default();
    for group in discovery.groups() {
        for version in group.versions() {
            for (resource, capabilities) in group.versioned_resources(version) {
                found.served.push(kind(&resource, &capabilities.scope));
            }
        }
        for (resource, capabilities) in group.recommended_resources() {
            if capabilities.supports_operation(verbs::LIST) && capabilities.supports_operation(verbs::WATCH) {
                found.watchable.push(kind(&resource, &capabilities.scope));
            }
        }
    }
    found.served.sort();
    found.served.dedup();
    found.watchable.sort();
    found
}

/// The kinds to watch: those wanted first, then Hedgehog's and Applications, then, if everything is, the basics.
pub(super) fn select(watchable: &[Kind], wanted: &KindNames, everything: bool) -> Vec<Kind> {
    let is_wanted = |kind: &&Kind| wanted.contains(&(kind.group.clone(), kind.kind.clone()));
    let is = |kind: &Kind, names: &[(&str, &str)]| names.contains(&(kind.group.as_str(), kind.kind.as_str()));
    let is_needed = |kind: &&Kind| kind.group.ends_with(HEDGEHOG) || is(kind, &[APPLICATION]);
    let is_basic = |kind: &&Kind| everything && is(kind, &BASICS);
    let mut kinds: Vec<Kind> = watchable.iter().filter(is_wanted).cloned().collect();
    for kind in watchable.iter().filter(is_needed).chain(watchable.iter().filter(is_basic)) {
        if !kinds.contains(kind) {
            kinds.push(kind.clone());
        }
    }
    kinds.truncate(WATCHES);
    kinds
}

#[cfg(test)]
mod tests {
    use super::{Kind, KindNames, select};

    fn kind(group: &str, kind: &str) -> Kind {
        let plural = format!("{}s", kind.to_lowercase());
        Kind { group: group.into(), version: "v1".into(), kind: kind.into(), plural, namespaced: true }
    }

    #[test]
    fn what_git_holds_comes_first_and_pods_do_not_come_at_all() {
        let served = [kind("", "ConfigMap"), kind("", "Node"), kind("", "Pod"), kind("vpc.githedgehog.com", "VPC")];
        let wanted = KindNames::from([(String::new(), "ConfigMap".to_owned())]);
        let names = |everything| -> Vec<String> {
            select(&served, &wanted, everything).into_iter().map(|kind| kind.kind).collect()
        };
        assert_eq!(names(true), ["ConfigMap", "VPC", "Node"]);
        assert_eq!(names(false), ["ConfigMap", "VPC"], "nobody looks");
    }
}
