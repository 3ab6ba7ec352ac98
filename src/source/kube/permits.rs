//! What a cluster permits: asked of the cluster itself, once, for `hnpwb doctor`.

use std::time::Duration;

use k8s_openapi::api::authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec};
use kube::api::PostParams;
use kube::{Api, Client};
use tokio::time::timeout;

use super::connect::Connector;
use super::{context_name, fault};
use crate::config::session::ClusterSpec;
use crate::domain::fault::Fault;

/// How long all questions to one cluster may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What hnpwb does in a cluster: verb, group, resource, and what it is for.
const USES: [(&str, &str, &str, &str); 7] = [
    ("list", "", "namespaces", "namespaces"),
    ("list", "*", "*", "every kind"),
    ("watch", "*", "*", "changes of every kind"),
    ("list", "vpc.githedgehog.com", "vpcs", "Hedgehog VPCs"),
    ("list", "agent.githedgehog.com", "agents", "Hedgehog switch agents"),
    ("list", "argoproj.io", "applications", "Argo CD Applications"),
    ("patch", "*", "*", "the exact check of a drift (a dry run)"),
];

/// What a cluster answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permits {
    /// The server's version.
    pub version: String,
    /// What is permitted.
    pub allowed: Vec<&'static str>,
    /// What is not.
    pub denied: Vec<&'static str>,
}

/// Asks a cluster what this user may do there. A snapshot permits everything there is to do with it.
///
/// # Errors
/// It cannot be reached, or does not say.
pub async fn permits(cluster: &ClusterSpec) -> Result<Permits, Fault> {
    let ClusterSpec::Context { context, kubeconfig } = cluster else {
        return Ok(Permits { version: "a snapshot".to_owned(), allowed: Vec::new(), denied: Vec::new() });
    };
    let name = context_name(cluster).unwrap_or_else(|| "the current context".to_owned());
    let asked = async {
        let client = Connector::new(context.clone(), kubeconfig.clone()).client().await.map_err(|(_, fault)| fault)?;
        let refused = |error: kube::Error| fault::of("asking", &name, &error);
        let version = client.apiserver_version().await.map_err(refused)?.git_version;
        let mut found = Permits { version, allowed: Vec::new(), denied: Vec::new() };
        for (verb, group, resource, what) in USES {
            let allowed = may(&client, verb, group, resource).await.map_err(refused)?;
            if allowed { &mut found.allowed } else { &mut found.denied }.push(what);
        }
        Ok(found)
    };
    timeout(PATIENCE, asked).await.unwrap_or_else(|_| Err(fault::unanswered("asking", &name, PATIENCE)))
}

async fn may(client: &Client, verb: &str, group: &str, resource: &str) -> Result<bool, kube::Error> {
    let attributes = ResourceAttributes {
        verb: Some(verb.to_owned()),
        group: Some(group.to_owned()),
        resource: Some(resource.to_owned()),
        ..ResourceAttributes::default()
    };
    let spec = SelfSubjectAccessReviewSpec { resource_attributes: Some(attributes), ..Default::default() };
    let review = SelfSubjectAccessReview { spec, ..Default::default() };
    let answer = Api::<SelfSubjectAccessReview>::all(client.clone()).create(&PostParams::default(), &review).await?;
    Ok(answer.status.is_some_and(|status| status.allowed))
}
