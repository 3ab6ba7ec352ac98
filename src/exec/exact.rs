//! Asks a cluster what applying an object would do, and notes in the journal that it was asked: before it is.

use std::path::Path;

use jiff::Timestamp;
use serde_json::json;

use super::journal::record;
use crate::domain::digest::sha256;
use crate::domain::drift::{CheckOutcome, CheckRequest, DriftCheck, ObjectKey};
use crate::domain::fault::Fault;
use crate::domain::redact::Redactor;
use crate::source::drift::Workers;

/// Who asks, and where it is noted.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'a> {
    /// The session's state folder.
    pub state_dir: &'a Path,
    /// The session only looks: nothing is sent.
    pub read_only: bool,
    /// What hides secrets.
    pub redactor: &'a Redactor,
    /// The time.
    pub now: Timestamp,
}

/// Checks one object. Whatever keeps it from being asked is part of the answer.
pub async fn check(workers: &Workers, fabric: String, key: ObjectKey, asker: Asker<'_>) -> DriftCheck {
    let request = match workers.request(&fabric, &key) {
        Ok(_) if asker.read_only => {
            let why = "this session is read only: nothing is sent to a cluster, not even to be tried";
            Err(Fault::new("checking", &key.name, why, "set read_only of the session to false"))
        }
        request => request,
    };
    let (manager, commit) =
        request.as_ref().map(|request| (request.manager.clone(), request.commit.clone())).unwrap_or_default();
    let outcome = match request {
        Ok(request) => ask(workers, &request, asker).await.unwrap_or_else(CheckOutcome::Fault),
        Err(fault) => CheckOutcome::Fault(fault),
    };
    DriftCheck { fabric, key, at: Timestamp::now(), manager, commit, outcome }.redacted(asker.redactor)
}

async fn ask(workers: &Workers, request: &CheckRequest, asker: Asker<'_>) -> Result<CheckOutcome, Fault> {
    let key = &request.key;
    let body = json!({
        "dry_run": true, "fabric": request.fabric, "context": request.context, "manager": request.manager,
        "group": key.group, "version": request.kind.version, "object_kind": key.kind, "namespace": key.namespace, "name": key.name,
        "commit": request.commit, "sha256": sha256(request.body.to_string().as_bytes()),
    });
    record(asker.state_dir, asker.now, "check", body, asker.redactor).await?;
    Ok(workers.check(request).await)
}
