//! What the exact check of an object asks: made of what its fabric was judged by last.

use std::sync::Arc;

use super::{GitSide, Workers};
use crate::domain::cluster::LiveSet;
use crate::domain::drift::{CheckOutcome, CheckRequest, ObjectKey, same_desire};
use crate::domain::fault::Fault;
use crate::domain::manifest::Manifest;

/// What a fabric was judged by.
#[derive(Debug, Clone)]
pub(super) struct Judged {
    pub(super) side: Arc<GitSide>,
    pub(super) live: Arc<LiveSet>,
    pub(super) context: Option<String>,
}

impl Workers {
    /// What is to be asked about an object: about its draft in the working tree if there is one, else as it is committed.
    pub fn request(&self, fabric: &str, key: &ObjectKey) -> Result<CheckRequest, Fault> {
        let judged = self.known.borrow().get(fabric).cloned();
        let fault = |why: &str| Fault::new("checking", format!("{} {}", key.kind, key.name), why, "");
        let judged = judged.ok_or_else(|| fault("its fabric has not been read yet"))?;
        let context = judged.context.as_ref().ok_or_else(|| fault("its fabric has no cluster"))?;
        if judged.live.is_snapshot() {
            return Err(fault("its cluster is a file, which cannot be asked"));
        }
        // Of two with the same identity the last counts.
        let find = |manifests: &[Manifest]| manifests.iter().rev().find(|manifest| manifest.key == *key).cloned();
        let committed = judged.side.head.as_deref().and_then(find);
        let local = find(&judged.side.worktree);
        let is_draft = match (&local, &committed) {
            (Some(local), Some(committed)) => !same_desire(&local.value, &committed.value),
            (local, _) => local.is_some(),
        };
        let stated = if is_draft { local } else { committed };
        let stated = stated.ok_or_else(|| fault("git does not have it, so there is nothing to apply"))?;
        let served = judged.live.served.iter().flatten();
        let mut kinds = served.filter(|kind| (&kind.group, &kind.kind) == (&key.group, &key.kind));
        let kind = kinds.find(|kind| kind.version == stated.version);
        let kind = kind.ok_or_else(|| fault("the cluster does not serve it in this version"))?.clone();
        let live = judged.live.objects.get(key).map(AsRef::as_ref);
        let repositories = &judged.side.lineage.repositories;
        let applications = judged.live.objects.of_kind("argoproj.io", "Application");
        let mut applications = applications.filter_map(|live| live.application.as_deref());
        let kept = applications.any(|application| application.source(repositories, &stated.file).is_some());
        let request = CheckRequest::new((fabric, context), (key.clone(), kind), &stated.value, live, kept);
        let commit = judged.side.commit.clone().filter(|_| !is_draft);
        Ok(CheckRequest { commit, ..request })
    }

    /// Asks the cluster. Nothing is stored there.
    pub async fn check(&self, request: &CheckRequest) -> CheckOutcome {
        self.browser.check(request).await
    }
}
