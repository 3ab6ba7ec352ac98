//! Which kinds a cluster serves, with the short names that discovery of the client leaves out.

use std::collections::BTreeSet;

use kube::Client;
use tokio::sync::watch;
use tokio::time::timeout;

use super::super::ANSWER;
use crate::domain::cluster::{Kind, ServedKind};
use crate::event::{Event, KindsNews};
use crate::source::Outbox;

/// Tells the kinds now, and again whenever `again` changes. An answer that does not come is asked for the next time: what is
/// wrong with the connection is the worker's to say.
pub(super) async fn tell(client: Client, context: String, outbox: Outbox, mut again: watch::Receiver<u64>) {
    let mut last = None;
    loop {
        again.mark_unchanged();
        if let Ok(Some(kinds)) = timeout(ANSWER * 3, read(&client)).await
            && last.as_ref() != Some(&kinds)
        {
            last = Some(kinds.clone());
            if !outbox.send(Event::Kinds(KindsNews { context: context.clone(), kinds })).await {
                return;
            }
        }
        if again.changed().await.is_err() {
            return;
        }
    }
}

/// Every kind once that can be listed, in the order of the server, which is that of its preference. `None` when it does not say.
async fn read(client: &Client) -> Option<Vec<ServedKind>> {
    // Servers before 1.26 know the aggregated form not at all, or answer it with an empty list.
    let mut kinds = match aggregated(client).await {
        Some(kinds) if !kinds.is_empty() => kinds,
        _ => by_group(client).await?,
    };
    let mut seen = BTreeSet::new();
    kinds.retain(|kind| seen.insert((kind.kind.group.clone(), kind.kind.plural.clone())));
    Some(kinds)
}

async fn aggregated(client: &Client) -> Option<Vec<ServedKind>> {
    let core = client.list_core_api_versions_aggregated().await.ok()?;
    let groups = client.list_api_groups_aggregated().await.ok()?;
    let mut kinds = Vec::new();
    for group in core.items.into_iter().chain(groups.items) {
        let name = group.metadata.and_then(|metadata| metadata.name).unwrap_or_default();
        for version in group.versions {
            let version_name = version.version.unwrap_or_default();
            for resource in version.resources.into_iter().filter(|resource| is_listed(&resource.verbs)) {
                let kind = Kind {
                    group: name.clone(),
                    version: version_name.clone(),
                    kind: resource.response_kind.and_then(|kind| kind.kind).unwrap_or_default(),
                    plural: resource.resource.unwrap_or_default(),
                    namespaced: resource.scope.as_deref() == Some("Namespaced"),
                };
                let singular = resource.singular_resource.unwrap_or_default();
                kinds.push(ServedKind { kind, singular, short: resource.short_names });
            }
        }
    }
    Some(kinds)
}

/// One request for each group; one that is broken (its server is gone) costs itself alone.
async fn by_group(client: &Client) -> Option<Vec<ServedKind>> {
    let mut versions = vec![(String::new(), "v1".to_owned())];
    for group in client.list_api_groups().await.ok()?.groups {
        let preferred = group.preferred_version.into_iter().map(|version| version.version);
        let others = group.versions.into_iter().map(|version| version.version);
        versions.extend(preferred.chain(others).map(|version| (group.name.clone(), version)));
    }
    versions.dedup();
    let mut kinds = Vec::new();
    for (group, version) in versions {
        let resources = if group.is_empty() {
            client.list_core_api_resources(&version).await
        } else {
            client.list_api_group_resources(&format!("{group}/{version}")).await
        };
        let resources = resources.map(|list| list.resources).unwrap_or_default();
        // A name with a slash is a part of another kind: `deployments/scale`.
        for resource in resources.into_iter().filter(|found| is_listed(&found.verbs) && !found.name.contains('/')) {
            let kind = Kind {
                group: group.clone(),
                version: version.clone(),
                kind: resource.kind,
                plural: resource.name,
                namespaced: resource.namespaced,
            };
            kinds.push(ServedKind {
                kind,
                singular: resource.singular_name,
                short: resource.short_names.unwrap_or_default(),
            });
        }
    }
    Some(kinds)
}

fn is_listed(verbs: &[String]) -> bool {
    verbs.iter().any(|verb| verb == "list")
}
