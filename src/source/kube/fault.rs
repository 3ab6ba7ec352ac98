//! Errors of the client as states of the connection and as faults with a remedy.

use std::error::Error as _;
use std::time::Duration;

use kube::client::AuthError;

use crate::domain::cluster::Connection;
use crate::domain::fault::Fault;

/// What an error says about the connection.
pub(super) fn connection_of(error: &kube::Error) -> Connection {
    match error {
        kube::Error::Api(status) if status.code == 401 => Connection::Unauthorized,
        kube::Error::Api(status) if status.code == 403 => Connection::Forbidden,
        kube::Error::Auth(_) => Connection::Unauthorized,
        _ => Connection::Unreachable,
    }
}

/// An error as a fault.
pub(super) fn of(doing: &str, on: &str, error: &kube::Error) -> Fault {
    match error {
        kube::Error::Api(status) => {
            let why = if status.message.is_empty() { status.reason.clone() } else { status.message.clone() };
            let why = format!("{} ({})", why.lines().next().unwrap_or_default(), status.code);
            let remedy = match status.code {
                401 => "renew the credentials of this context",
                403 => "ask for get, list and watch on it",
                429 | 503 => "the server is asked again by itself",
                _ => "",
            };
            Fault::new(doing, on, why, remedy)
        }
        kube::Error::Auth(AuthError::AuthExecRun { out, .. }) => {
            let said = String::from_utf8_lossy(&out.stderr);
            let said = said.lines().map(str::trim).rfind(|line| !line.is_empty());
            let why = format!("its exec plugin failed: {}", said.unwrap_or("it does not say why"));
            Fault::new(doing, on, why, "log in in a terminal, then ask again")
        }
        kube::Error::Auth(AuthError::AuthExecStart(error)) => {
            let why = format!("its exec plugin cannot be run: {error}");
            Fault::new(doing, on, why, "install it, or correct the user's command in the kubeconfig")
        }
        kube::Error::Auth(_) => Fault::new(doing, on, innermost(error), "log in again, then refresh"),
        _ => {
            let why = innermost(error);
            let remedy = remedy(&why);
            Fault::new(doing, on, why, remedy)
        }
    }
}

/// The fault of an answer that did not come.
pub(super) fn unanswered(doing: &str, on: &str, patience: Duration) -> Fault {
    let why = format!("no answer within {} s", patience.as_secs());
    Fault::new(doing, on, why, "check the network and the VPN; it is asked again by itself")
}

/// The last error of the chain: the others say where it came through.
fn innermost(error: &kube::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    for _ in 0..16 {
        let Some(inner) = source else { break };
        text = inner.to_string();
        source = inner.source();
    }
    text
}

fn remedy(why: &str) -> &'static str {
    let known = [
        ("UnknownIssuer", "check certificate-authority of the cluster in the kubeconfig"),
        (
            "UnsupportedCertVersion",
            "the certificate of the server, or of the user, is of X.509 version 1; have it renewed",
        ),
        ("NotValidForName", "set tls-server-name of the cluster in the kubeconfig"),
        ("not valid for name", "set tls-server-name of the cluster in the kubeconfig"),
        ("Expired", "renew the certificate"),
        ("refused", "check that the server runs and its address; it is asked again by itself"),
        ("dns", "check the name of the server and the network"),
        ("lookup", "check the name of the server and the network"),
    ];
    let default = "check the network and the VPN; it is asked again by itself";
    known.iter().find(|(word, _)| why.contains(word)).map_or(default, |(_, remedy)| remedy)
}
