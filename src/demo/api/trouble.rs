//! Answers that a healthy server does not give.

use std::io;
use std::time::Duration;

use futures::{StreamExt, stream};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{AUTHORIZATION, RETRY_AFTER};
use hyper::{Request, Response, StatusCode};

use super::Behaviour;
use super::serve::{Body, respond, status_document};

/// Pieces in which a slow list comes.
const PIECES: usize = 8;
/// Time between two of them.
const PAUSE: Duration = Duration::from_millis(40);

/// True for a request that brings this bearer token.
pub(super) fn has_token(request: &Request<Incoming>, token: &str) -> bool {
    let given = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    given.and_then(|given| given.strip_prefix("Bearer ")) == Some(token)
}

/// Too many requests: come back in a second.
pub(super) fn busy() -> Response<Body> {
    let mut document = status_document(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", "too many requests");
    document["details"] = serde_json::json!({ "retryAfterSeconds": 1 });
    let body = stream::iter([Ok(Frame::data(Bytes::from(document.to_string())))]);
    let mut response = respond(StatusCode::TOO_MANY_REQUESTS, "application/json", StreamBody::new(body).boxed_unsync());
    response.headers_mut().insert(RETRY_AFTER, hyper::header::HeaderValue::from_static("1"));
    response
}

/// A list as this behaviour answers it; `None` when it answers as it should.
pub(super) fn list(behaviour: &Behaviour, document: String) -> Option<Response<Body>> {
    let body = match behaviour {
        Behaviour::Stuck => {
            let half = pieces(document, 2).into_iter().take(1).map(Ok);
            StreamBody::new(stream::iter(half).chain(stream::pending())).boxed_unsync()
        }
        Behaviour::Broken => {
            let half = pieces(document, 2).into_iter().take(1).map(Ok);
            let broken = Err(io::Error::from(io::ErrorKind::ConnectionReset));
            StreamBody::new(stream::iter(half.chain([broken]))).boxed_unsync()
        }
        Behaviour::Slow => {
            let slowly = stream::iter(pieces(document, PIECES)).then(|piece| async {
                tokio::time::sleep(PAUSE).await;
                Ok(piece)
            });
            StreamBody::new(slowly).boxed_unsync()
        }
        Behaviour::UnreadableItems => {
            let more = r#"{"metadata":{}},{"metadata":{"name":"half-\ud800"}}"#;
            let document = match document.split_once(r#""items":["#) {
                Some((before, after)) => {
                    let comma = if after.starts_with(']') { "" } else { "," };
                    format!(r#"{before}"items":[{more}{comma}{after}"#)
                }
                None => document,
            };
            StreamBody::new(stream::iter(pieces(document, 1).into_iter().map(Ok))).boxed_unsync()
        }
        _ => return None,
    };
    Some(respond(StatusCode::OK, "application/json", body))
}

fn pieces(document: String, count: usize) -> Vec<Frame<Bytes>> {
    let bytes = Bytes::from(document);
    let size = bytes.len().div_ceil(count).max(1);
    (0..bytes.len()).step_by(size).map(|at| Frame::data(bytes.slice(at..(at + size).min(bytes.len())))).collect()
}
