//! The exact check: a server-side apply that the server does not store.
//!
//! It runs every webhook and all of the server's own rules: what comes back is what applying would make of the object, or why
//! it would be refused. <https://kubernetes.io/docs/reference/using-api/server-side-apply/>

use kube::Client;
use kube::api::{DynamicObject, Patch, PatchParams};
use kube::core::params::GetParams;
use kube::core::request::{Error as RequestError, Request};
use kube::core::{Resource, Status};
use serde_json::Value;
use tokio::time::timeout;

use super::fault::{of, unanswered};
use super::list_watch::resource;
use super::{ANSWER, Browser};
use crate::domain::cluster::LiveObject;
use crate::domain::drift::{CheckOutcome, CheckRequest, changes};
use crate::domain::fault::Fault;

const DOING: &str = "checking";

impl Browser {
    /// Asks a context what applying an object would do. Nothing is stored.
    pub async fn check(&self, request: &CheckRequest) -> CheckOutcome {
        match self.client(&request.context) {
            Some(client) => check(&client, request).await.unwrap_or_else(|outcome| outcome),
            None => {
                let why = format!("{} is not connected", request.context);
                CheckOutcome::Fault(Fault::new(
                    DOING,
                    &request.key.name,
                    why,
                    "wait until it is connected, then check again",
                ))
            }
        }
    }
}

async fn check(client: &Client, request: &CheckRequest) -> Result<CheckOutcome, CheckOutcome> {
    let (kind, name) = (&request.kind, request.key.name.as_str());
    let namespace = kind.namespaced.then_some(request.key.namespace.as_str());
    let of_kind = Request::new(DynamicObject::url_path(&resource(kind), namespace));
    let before = match ask(client, name, of_kind.get(name, &GetParams::default())).await {
        Ok(object) => LiveObject::new(kind, object),
        Err(Refusal::Status(status)) if status.code == 404 => None,
        Err(refusal) => return Err(CheckOutcome::Fault(refusal.fault(name))),
    };
    let parameters = PatchParams::apply(&request.manager).force();
    let parameters = PatchParams { dry_run: true, ..parameters };
    let after = match ask(client, name, of_kind.patch(name, &parameters, &Patch::Apply(&request.body))).await {
        Ok(object) => object,
        Err(Refusal::Status(status)) if is_rejection(&status) => {
            return Ok(CheckOutcome::Rejected(status.message.lines().next().unwrap_or_default().to_owned()));
        }
        Err(refusal) => return Err(CheckOutcome::Fault(refusal.fault(name))),
    };
    let after = LiveObject::new(kind, after)
        .ok_or_else(|| CheckOutcome::Fault(Fault::new(DOING, name, "the answer is no object", "")))?;
    let Some(before) = before else { return Ok(CheckOutcome::Creates) };
    let fields = changes(&before, &after);
    Ok(if fields.is_empty() { CheckOutcome::Same } else { CheckOutcome::Changes(fields) })
}

/// Why there is no object in the answer.
enum Refusal {
    /// The server refused.
    Status(Box<Status>),
    /// It did not answer, or could not be asked.
    Other(Fault),
}

impl Refusal {
    fn fault(self, name: &str) -> Fault {
        match self {
            Self::Status(status) => {
                let is_denied = is_denied(&status);
                let fault = of(DOING, name, &kube::Error::Api(status));
                let remedy =
                    if is_denied { "ask for patch on it: a dry run needs it too".to_owned() } else { fault.remedy };
                Fault { remedy, ..fault }
            }
            Self::Other(fault) => fault,
        }
    }
}

/// True when the server refuses the object, rather than whoever asks or the way of asking.
fn is_rejection(status: &Status) -> bool {
    // Not every refusal of the object has a code that says so: a field of another type is an error of the server to some.
    let words = ["denied the request", "failed to create typed patch object"];
    let is_object =
        matches!(status.code, 400 | 403 | 409 | 422) || words.iter().any(|word| status.message.contains(word));
    is_object && !is_denied(status) && !status.message.contains("does not support dry run")
}

/// True when whoever asks may not: the words of the server's own authorizer.
fn is_denied(status: &Status) -> bool {
    status.code == 403 && status.message.contains(" cannot ") && status.message.contains(" resource ")
}

async fn ask(
    client: &Client,
    name: &str,
    request: Result<hyper::Request<Vec<u8>>, RequestError>,
) -> Result<Value, Refusal> {
    let request = request.map_err(|error| Refusal::Other(Fault::new(DOING, name, error, "")))?;
    match timeout(ANSWER, client.request::<Value>(request)).await {
        Ok(Ok(object)) => Ok(object),
        Ok(Err(kube::Error::Api(status))) => Err(Refusal::Status(status)),
        Ok(Err(error)) => Err(Refusal::Other(of(DOING, name, &error))),
        Err(_) => Err(Refusal::Other(unanswered(DOING, name, ANSWER))),
    }
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::{is_denied, is_rejection};

    fn status(code: u16, message: &str) -> Status {
        Status { code, ..Status::failure(message, "x") }
    }

    #[test]
    fn the_object_is_refused_or_whoever_asks() {
        let denied =
            "vpcs.vpc.githedgehog.com \"a\" is forbidden: User \"u\" cannot patch resource \"vpcs\" in API group";
        for (code, message, rejected) in [
            (403, "admission webhook \"v.example\" denied the request: vlan 1131 is already used", true),
            (500, "admission webhook \"v.example\" denied the request: no", true),
            (500, "failed to create typed patch object: .spec.vlan: expected numeric (int or float), got string", true),
            (422, "VPC.vpc.githedgehog.com \"a\" is invalid: spec.vlan: Invalid value", true),
            (400, "admission webhook \"v.example\" does not support dry run", false),
            (403, denied, false),
            (404, "the server could not find the requested resource", false),
            (503, "the server is busy", false),
        ] {
            assert_eq!(is_rejection(&status(code, message)), rejected, "{message}");
        }
        assert!(is_denied(&status(403, denied)));
    }
}
