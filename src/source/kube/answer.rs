//! Whole answers, however slowly they come: what is limited is how long a server may be silent, and what it may send.

use std::time::Duration;

use http_body_util::BodyExt;
use hyper::Request;
use kube::Client;
use kube::client::Body;
use kube::core::Status;
use tokio::time::{Instant, timeout, timeout_at};

use super::ANSWER;
use super::fault::{of, unanswered};
use crate::domain::fault::Fault;

/// How long an answer may take that does come, bit by bit.
const WHOLE: Duration = Duration::from_secs(64);
/// Bytes of one answer at most. A page of objects is a megabyte or two.
const BYTES: usize = 64 << 20;

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server, or the way to it, says why.
    Error(kube::Error),
    /// Nothing came.
    Unanswered,
    /// It began, and took too long, or became too large.
    Endless(&'static str),
}

impl Failure {
    /// As a fault of doing something on something.
    pub(super) fn fault(&self, doing: &str, on: &str) -> Fault {
        match self {
            Self::Error(error) => of(doing, on, error),
            Self::Unanswered => unanswered(doing, on, ANSWER),
            Self::Endless(why) => Fault::new(doing, on, *why, "check the network; it is asked again by itself"),
        }
    }
}

impl From<kube::Error> for Failure {
    fn from(error: kube::Error) -> Self {
        Self::Error(error)
    }
}

/// The body of a good answer; that of any other as the server's status.
pub(super) async fn whole(client: &Client, request: Request<Vec<u8>>) -> Result<Vec<u8>, Failure> {
    let deadline = Instant::now() + WHOLE;
    let sent = timeout(ANSWER, client.send(request.map(Body::from))).await;
    let (head, mut body) = sent.map_err(|_| Failure::Unanswered)??.into_parts();
    let mut bytes = Vec::new();
    loop {
        let next = timeout_at(deadline.min(Instant::now() + ANSWER), body.frame()).await;
        let Ok(next) = next else {
            let late = Instant::now() >= deadline;
            return Err(if late { Failure::Endless("its answer did not come to an end") } else { Failure::Unanswered });
        };
        let Some(frame) = next.transpose()? else { break };
        if let Ok(data) = frame.into_data() {
            if bytes.len() + data.len() > BYTES {
                return Err(Failure::Endless("its answer is too large"));
            }
            bytes.extend_from_slice(&data);
        }
    }
    if head.status.is_client_error() || head.status.is_server_error() {
        // A proxy on the way may answer with a page of its own.
        let status = serde_json::from_slice(&bytes).unwrap_or_else(|_| {
            let text = String::from_utf8_lossy(&bytes);
            Status::failure(text.trim().lines().next().unwrap_or_default(), head.status.as_str())
        });
        return Err(kube::Error::Api(status.with_code(head.status.as_u16()).boxed()).into());
    }
    Ok(bytes)
}
