//! Each cluster of the session: whether it answers, and what it permits.

use std::collections::BTreeMap;

use futures::future::join_all;

use crate::config::session::{ClusterSpec, Session};
use crate::domain::doctor::Finding;
use crate::source::kube::{context_name, permits};

const AREA: &str = "cluster";

/// Asks every cluster, side by side.
pub async fn look(session: &Session) -> Vec<Finding> {
    let mut clusters: BTreeMap<String, ClusterSpec> = BTreeMap::new();
    let named = session.fabrics.iter().filter_map(|fabric| fabric.cluster.clone()).chain(session.cluster.clone());
    for cluster in named {
        let name = context_name(&cluster).unwrap_or_else(|| "the current context".to_owned());
        clusters.entry(name).or_insert(cluster);
    }
    let mut findings: Vec<Finding> = session
        .cluster_faults
        .iter()
        .map(|fault| Finding::warn(AREA, format!("{} {}: {}", fault.doing, fault.on, fault.why), fault.remedy.clone()))
        .collect();
    if clusters.is_empty() && findings.is_empty() {
        findings.push(Finding::warn(AREA, "the session has no cluster", "name one in a [[fabric]], if there is one"));
    }
    let asked = join_all(clusters.iter().map(|(name, cluster)| of_cluster(name, cluster))).await;
    findings.extend(asked);
    findings
}

async fn of_cluster(name: &str, cluster: &ClusterSpec) -> Finding {
    if let ClusterSpec::Snapshot(file) = cluster {
        return match file.metadata() {
            Ok(_) => Finding::ok(AREA, format!("{name} is a snapshot")),
            Err(error) => Finding::fail(AREA, format!("{name}: {error}"), "write the snapshot, or name another file"),
        };
    }
    match permits(cluster).await {
        Err(fault) => Finding::fail(AREA, format!("{name}: {}", fault.why), fault.remedy),
        Ok(found) if found.denied.is_empty() => {
            Finding::ok(AREA, format!("{name} ({}) permits all that hnpwb does", found.version))
        }
        Ok(found) => {
            let text = format!(
                "{name} ({}) permits {}; not: {}",
                found.version,
                listed(&found.allowed),
                listed(&found.denied)
            );
            Finding::warn(AREA, text, "ask for get, list and watch; without patch the exact check is off")
        }
    }
}

fn listed(what: &[&str]) -> String {
    if what.is_empty() { "nothing".to_owned() } else { what.join(", ") }
}
