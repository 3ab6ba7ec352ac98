//! The HTTP side: connections, routes, and the streams of WATCH.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{ACCEPT, CONTENT_TYPE};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::store::{Collection, Store, Tick, api_version};
use super::{Behaviour, discovery, table, trouble};
use crate::domain::cluster::Kind;

pub(super) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// How long a WATCH lasts that does not say.
const WATCH: Duration = Duration::from_secs(300);

/// Accepts connections until `cancel`; then every one of them ends.
pub(super) async fn run(listener: TcpListener, store: Arc<Store>, cancel: CancellationToken) {
    loop {
        let socket = tokio::select! {
            () = cancel.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((socket, _)) => socket,
                Err(_) => continue,
            },
        };
        let (store, cancel) = (Arc::clone(&store), cancel.clone());
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let store = Arc::clone(&store);
                async move { Ok::<_, Infallible>(answer(&request, store).await) }
            });
            let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service);
            tokio::select! {
                () = cancel.cancelled() => {}
                // A client that breaks its connection is no concern of the server's.
                _ = connection => {}
            }
        });
    }
}

async fn answer(request: &Request<Incoming>, store: Arc<Store>) -> Response<Body> {
    let path = request.uri().path().to_owned();
    match store.asked(&path) {
        Behaviour::Hang => std::future::pending().await,
        Behaviour::Token(token) if trouble::has_token(request, &token) => {}
        Behaviour::Unauthorized | Behaviour::Token(_) => {
            return status(StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized");
        }
        Behaviour::Unavailable => {
            return status(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", "the server is shutting down");
        }
        Behaviour::Forbidden(plural) if plural == "*" && path != "/version" => return forbidden(&path),
        Behaviour::Busy(_) => return trouble::busy(),
        Behaviour::Normal
        | Behaviour::Forbidden(_)
        | Behaviour::Starting(_)
        | Behaviour::Stuck
        | Behaviour::Slow
        | Behaviour::Broken
        | Behaviour::Gone
        | Behaviour::GoneInStream
        | Behaviour::UndecodableItem
        | Behaviour::UnreadableItems => {}
    }
    if request.method() != Method::GET {
        return status(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", "this API is read only");
    }
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let query = query(request.uri().query().unwrap_or_default());
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let document = match segments.as_slice() {
        ["version"] => Some(version()),
        ["readyz" | "livez" | "healthz"] => return text("ok"),
        ["api"] => match aggregated_version(accept) {
            Some(version) => return aggregated(&store, true, version),
            None => Some(discovery::core_versions()),
        },
        ["apis"] => match aggregated_version(accept) {
            Some(version) => return aggregated(&store, false, version),
            None => Some(discovery::group_list(&store.served())),
        },
        ["api", version] => discovery::resources(&store.served(), "", version),
        ["apis", group] => discovery::group(&store.served(), group),
        ["apis", group, version] => discovery::resources(&store.served(), group, version),
        ["api", version, rest @ ..] => return resource(store, "", version, rest, &Asked { query, accept }),
        ["apis", group, version, rest @ ..] => return resource(store, group, version, rest, &Asked { query, accept }),
        _ => None,
    };
    document.map_or_else(not_found, |document| json_response(StatusCode::OK, &document))
}

/// How a collection or an object is asked for.
struct Asked<'a> {
    query: BTreeMap<String, String>,
    accept: &'a str,
}

fn resource(store: Arc<Store>, group: &str, version: &str, rest: &[&str], asked: &Asked<'_>) -> Response<Body> {
    let query = &asked.query;
    let (namespace, plural, name) = match rest {
        ["namespaces", namespace, plural] => (*namespace, *plural, None),
        ["namespaces", namespace, plural, name] => (*namespace, *plural, Some(*name)),
        [plural] => ("", *plural, None),
        [plural, name] => ("", *plural, Some(*name)),
        _ => return not_found(),
    };
    let known =
        |kind: &&Kind| kind.group == group && kind.version == version && kind.plural == plural && served(kind, rest);
    let Some(kind) = store.served().into_iter().find(|kind| known(&kind)) else { return not_found() };
    if store.behaviour() == Behaviour::Forbidden(plural.to_owned()) {
        return forbidden(&format!("{plural}.{group}"));
    }
    if query.get("labelSelector").is_some_and(|value| !value.is_empty()) {
        return status(StatusCode::BAD_REQUEST, "BadRequest", "label selectors are not supported by this API");
    }
    let collection = Collection { kind, namespace: namespace.to_owned() };
    match name {
        Some(name) => match store.get(&collection, name) {
            Some(object) => json_response(StatusCode::OK, &form(asked.accept).of(object)),
            None => not_found(),
        },
        None if query.get("watch").is_some_and(|value| value == "true" || value == "1") => {
            watch(store, collection, query, form(asked.accept))
        }
        None => list(&store, &collection, asked),
    }
}

/// Objects of the cluster have no path with a namespace in it.
fn served(kind: &Kind, rest: &[&str]) -> bool {
    kind.namespaced || rest.len() < 3
}

fn list(store: &Store, collection: &Collection, asked: &Asked<'_>) -> Response<Body> {
    let (mut items, revision) = store.list(collection);
    let behaviour = store.behaviour();
    if behaviour == Behaviour::UndecodableItem {
        items.push(json!({
            "apiVersion": api_version(&collection.kind), "kind": collection.kind.kind,
            "metadata": { "name": "undecodable", "labels": { "broken": 5 }, "creationTimestamp": "yesterday" },
        }));
    }
    items.retain(|object| is_selected(object, asked.query.get("fieldSelector")));
    let number = |name: &str| asked.query.get(name).and_then(|value| value.parse::<usize>().ok()).unwrap_or_default();
    let (limit, from) = (number("limit"), number("continue"));
    let mut metadata = json!({ "resourceVersion": revision.to_string() });
    if limit > 0 && items.len() > from + limit {
        metadata["continue"] = (from + limit).to_string().into();
        metadata["remainingItemCount"] = (items.len() - from - limit).into();
    }
    let items = items.into_iter().skip(from).take(if limit > 0 { limit } else { usize::MAX });
    let document = json!({
        "apiVersion": api_version(&collection.kind),
        "kind": format!("{}List", collection.kind.kind),
        "metadata": metadata,
        "items": items.map(|item| form(asked.accept).of(item)).collect::<Vec<_>>(),
    });
    if table::is_wanted(asked.accept) {
        let include = asked.query.get("includeObject").map(String::as_str);
        return json_response(StatusCode::OK, &table::table(&collection.kind, &document, include));
    }
    trouble::list(&behaviour, document.to_string()).unwrap_or_else(|| json_response(StatusCode::OK, &document))
}

/// What a client takes of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Whole,
    /// Its metadata alone.
    Metadata,
}

fn form(accept: &str) -> Form {
    if accept.contains("as=PartialObjectMetadata") { Form::Metadata } else { Form::Whole }
}

impl Form {
    fn of(self, object: Value) -> Value {
        match self {
            Self::Whole => object,
            Self::Metadata => table::metadata(&object),
        }
    }
}

/// True for an object whose fields are as a field selector wants them (`a.b=c,d=e`), as far as they are asked to be equal.
fn is_selected(object: &Value, selector: Option<&String>) -> bool {
    // Clients encode the two signs that it is made of.
    let selector = selector.map(|text| text.replace("%3D", "=").replace("%2C", ",")).unwrap_or_default();
    selector.split(',').filter_map(|term| term.split_once('=')).all(|(path, value)| {
        let found = object.pointer(&format!("/{}", path.replace('.', "/")));
        found.and_then(Value::as_str).unwrap_or_default() == value
    })
}

/// A watch under way.
struct Watch {
    store: Arc<Store>,
    collection: Collection,
    ticks: tokio::sync::watch::Receiver<Tick>,
    behaviour: u64,
    revision: u64,
    until: Instant,
    bookmarks: bool,
    form: Form,
    first: Option<Vec<u8>>,
    ended: bool,
}

fn watch(store: Arc<Store>, collection: Collection, query: &BTreeMap<String, String>, form: Form) -> Response<Body> {
    match store.behaviour() {
        Behaviour::Gone => return status(StatusCode::GONE, "Expired", "too old resource version"),
        Behaviour::GoneInStream => {
            let mut lines = Vec::new();
            let gone = status_document(StatusCode::GONE, "Expired", "too old resource version");
            line(&mut lines, &json!({ "type": "ERROR", "object": gone }));
            return respond(StatusCode::OK, "application/json", full(lines));
        }
        _ => {}
    }
    let flag = |name: &str| query.get(name).is_some_and(|value| value == "true");
    let seconds = query.get("timeoutSeconds").and_then(|value| value.parse().ok());
    let ticks = store.ticks();
    let behaviour = ticks.borrow().behaviour;
    let asked = query.get("resourceVersion").and_then(|value| value.parse::<u64>().ok()).unwrap_or(0);
    let mut first = Vec::new();
    let mut revision = asked;
    if asked == 0 || flag("sendInitialEvents") {
        let (items, now) = store.list(&collection);
        for object in &items {
            line(&mut first, &json!({ "type": "ADDED", "object": form.of(object.clone()) }));
        }
        revision = now;
        if flag("sendInitialEvents") {
            let mut end = bookmark(&collection.kind, now);
            end["object"]["metadata"]["annotations"] = json!({ "k8s.io/initial-events-end": "true" });
            line(&mut first, &end);
        }
    }
    let state = Watch {
        store,
        collection,
        ticks,
        behaviour,
        revision,
        until: Instant::now() + seconds.map_or(WATCH, Duration::from_secs),
        bookmarks: flag("allowWatchBookmarks"),
        form,
        first: Some(first),
        ended: false,
    };
    let frames = stream::unfold(state, |mut watch| async move {
        let lines = watch.next().await?;
        Some((Ok::<_, io::Error>(Frame::data(Bytes::from(lines))), watch))
    });
    respond(StatusCode::OK, "application/json", StreamBody::new(frames).boxed_unsync())
}

impl Watch {
    /// The next lines to send; `None` at the end.
    async fn next(&mut self) -> Option<Vec<u8>> {
        if self.ended {
            return None;
        }
        if let Some(first) = self.first.take().filter(|first| !first.is_empty()) {
            return Some(first);
        }
        loop {
            let tick = *self.ticks.borrow_and_update();
            if tick.behaviour != self.behaviour {
                return None;
            }
            let mut lines = Vec::new();
            let Some((changes, now)) = self.store.changes(&self.collection, self.revision) else {
                self.ended = true;
                let gone = status_document(StatusCode::GONE, "Expired", "too old resource version");
                line(&mut lines, &json!({ "type": "ERROR", "object": gone }));
                return Some(lines);
            };
            self.revision = now;
            for change in changes {
                line(&mut lines, &json!({ "type": change.what.name(), "object": self.form.of(change.object) }));
            }
            if !lines.is_empty() {
                return Some(lines);
            }
            tokio::select! {
                changed = self.ticks.changed() => changed.ok()?,
                () = tokio::time::sleep_until(self.until) => {
                    self.ended = true;
                    if !self.bookmarks {
                        return None;
                    }
                    line(&mut lines, &bookmark(&self.collection.kind, self.revision));
                    return Some(lines);
                }
            }
        }
    }
}

fn bookmark(kind: &Kind, revision: u64) -> Value {
    json!({
        "type": "BOOKMARK",
        "object": {
            "apiVersion": api_version(kind), "kind": kind.kind,
            "metadata": { "resourceVersion": revision.to_string(), "creationTimestamp": null },
        },
    })
}

fn line(lines: &mut Vec<u8>, event: &Value) {
    lines.extend(event.to_string().into_bytes());
    lines.push(b'\n');
}

fn version() -> Value {
    json!({
        "major": "1", "minor": "30", "gitVersion": "v1.30.0-hnpwb", "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "2024-04-17T00:00:00Z", "goVersion": "", "compiler": "", "platform": "linux/amd64",
    })
}

/// The newest form of aggregated discovery that the client takes, if it takes one.
fn aggregated_version(accept: &str) -> Option<&'static str> {
    accept.split(',').find_map(|form| {
        let has = |part: &str| form.split(';').any(|found| found.trim() == part);
        match form {
            _ if !has("g=apidiscovery.k8s.io") => None,
            _ if has("v=v2") => Some("v2"),
            _ if has("v=v2beta1") => Some("v2beta1"),
            _ => None,
        }
    })
}

fn aggregated(store: &Store, core: bool, version: &str) -> Response<Body> {
    let document = discovery::aggregated(&store.served(), core, version);
    let form = format!("application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList");
    respond(StatusCode::OK, &form, full(document.to_string()))
}

/// Parameters of a query. Values of the few parameters read here need no decoding.
fn query(text: &str) -> BTreeMap<String, String> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "true")))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn forbidden(what: &str) -> Response<Body> {
    let message = format!("{what} is forbidden: User \"hnpwb\" cannot read resource");
    status(StatusCode::FORBIDDEN, "Forbidden", &message)
}

fn not_found() -> Response<Body> {
    status(StatusCode::NOT_FOUND, "NotFound", "the server could not find the requested resource")
}

fn status(code: StatusCode, reason: &str, message: &str) -> Response<Body> {
    json_response(code, &status_document(code, reason, message))
}

pub(super) fn status_document(code: StatusCode, reason: &str, message: &str) -> Value {
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code.as_u16(),
    })
}

fn text(body: &'static str) -> Response<Body> {
    respond(StatusCode::OK, "text/plain", full(body))
}

fn json_response(code: StatusCode, document: &Value) -> Response<Body> {
    respond(code, "application/json", full(document.to_string()))
}

fn full(body: impl Into<Bytes>) -> Body {
    Full::from(body.into()).map_err(|never| match never {}).boxed_unsync()
}

pub(super) fn respond(code: StatusCode, form: &str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = code;
    if let Ok(form) = form.parse() {
        response.headers_mut().insert(CONTENT_TYPE, form);
    }
    response
}
