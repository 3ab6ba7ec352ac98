//! A watch of one kind behind its list, as untyped JSON.
//!
//! `kube::runtime::watcher` decodes into typed metadata, and one item that cannot be decoded fails the whole list (kube#774);
//! it also repeats a WATCH that is answered with HTTP 410 for ever. Both are states of a real cluster, so this loop reads
//! values and relists.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt;
use jiff::Timestamp;
use kube::Client;
use kube::api::{ApiResource, DynamicObject, ListParams, WatchEvent, WatchParams};
use kube::core::Resource;
use kube::core::request::Request;
use serde_json::Value;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::agents::{Agents, Desk, is_agent};
use super::answer::Failure;
use super::fault::unanswered;
use super::list::{Listed, list};
use super::{ANSWER, News};
use crate::domain::cluster::{Kind, LiveObject, Maker};
use crate::domain::drift::ObjectKey;
use crate::domain::fault::Fault;

/// Seconds that the server keeps a watch open. Some load balancers silently drop what is idle for four minutes.
pub(super) const WATCH: u32 = 50;
/// First and longest wait before another try.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(800), Duration::from_secs(30));
/// Wait before a kind that was refused is asked for again.
const REFUSED: Duration = Duration::from_secs(60);

/// News of one kind.
#[derive(Debug)]
pub(super) enum KindNews {
    /// All of its objects, and what is to be said of those that cannot be read.
    Listed(Vec<LiveObject>, Option<Fault>),
    /// One object is new or changed.
    Applied(Box<LiveObject>),
    /// One object is gone.
    Deleted(ObjectKey),
    /// These Agents gave a sign of life, and when.
    Alive(Vec<(ObjectKey, Timestamp)>),
    /// It cannot be listed.
    Refused(Fault),
    /// The connection broke.
    Lost(Fault),
}

pub(super) enum End {
    /// List again, at once.
    Relist,
    /// It is not to be had.
    Refused(Fault),
    /// The connection broke.
    Lost(Fault),
    /// The server is busy, and says when to come back.
    Later(Fault, Duration),
    /// The worker is gone.
    Closed,
}

/// Lists and watches a kind until the worker is gone. Lists of one cluster take turns: `turns` bounds what they hold.
pub(super) async fn run(
    client: Client,
    kind: Kind,
    sender: mpsc::Sender<News>,
    turns: Arc<Semaphore>,
    mut maker: Maker,
) {
    let mut wait = BACKOFF.0;
    let mut namespace = None;
    loop {
        let mut listed = false;
        let end = cycle(&client, &kind, namespace, &sender, &turns, &mut maker, &mut listed).await;
        if listed {
            wait = BACKOFF.0;
        }
        let (news, pause) = match end {
            End::Closed => return,
            End::Relist => (None, BACKOFF.0),
            // What is refused for the whole cluster may be allowed where Hedgehog keeps its objects.
            End::Refused(_) if kind.namespaced && namespace.is_none() && !listed => {
                namespace = Some("default");
                continue;
            }
            End::Refused(fault) => {
                namespace = None;
                (Some(KindNews::Refused(fault)), REFUSED)
            }
            End::Lost(fault) => {
                wait = (wait * 2).min(BACKOFF.1);
                (Some(KindNews::Lost(fault)), wait)
            }
            End::Later(fault, after) => (Some(KindNews::Lost(fault)), after.clamp(BACKOFF.0, BACKOFF.1)),
        };
        if let Some(news) = news
            && sender.send(News::Kind(kind.clone(), news)).await.is_err()
        {
            return;
        }
        sleep(pause + scatter(&kind, pause)).await;
    }
}

/// A part of a wait that is each kind's own, so that those which broke together do not come back together.
fn scatter(kind: &Kind, wait: Duration) -> Duration {
    let sum: usize = kind.plural.bytes().chain(kind.group.bytes()).map(usize::from).sum();
    wait / 32 * (sum % 16) as u32
}

async fn cycle(
    client: &Client,
    kind: &Kind,
    namespace: Option<&str>,
    sender: &mpsc::Sender<News>,
    turns: &Semaphore,
    maker: &mut Maker,
    listed: &mut bool,
) -> End {
    let request = Request::new(DynamicObject::url_path(&resource(kind), namespace));
    let Ok(turn) = turns.acquire().await else { return End::Closed };
    maker.tidy();
    let Listed { objects, unread, mut version } = match list(client, kind, &request, maker).await {
        Ok(listed) => listed,
        Err(end) => return end,
    };
    drop(turn);
    *listed = true;
    let mut agents = is_agent(kind).then(|| Agents::of(&objects));
    if sender.send(News::Kind(kind.clone(), KindNews::Listed(objects, unread))).await.is_err() {
        return End::Closed;
    }
    loop {
        let began = Instant::now();
        let watched = match &mut agents {
            Some(agents) => agents.watch(&Desk { client, kind, request: &request, sender }, &mut version, maker).await,
            None => watch(client, kind, &request, &mut version, sender, maker).await,
        };
        if let Err(end) = watched {
            return end;
        }
        // A server that ends every watch at once must not be asked in a circle.
        sleep_until(began + BACKOFF.0).await;
    }
}

/// One watch, from its start to its orderly end.
async fn watch(
    client: &Client,
    kind: &Kind,
    request: &Request,
    version: &mut String,
    sender: &mpsc::Sender<News>,
    maker: &mut Maker,
) -> Result<(), End> {
    let params = WatchParams::default().timeout(WATCH);
    let http = request.watch(&params, version).map_err(|error| End::Lost(built_badly(kind, &error)))?;
    let mut events = pin!(answer(kind, client.request_events::<Value>(http)).await?);
    loop {
        // The server ends a watch in time; what is silent for longer is dead.
        let next = timeout(Duration::from_secs(WATCH.into()) + ANSWER, events.try_next()).await;
        let event = match next {
            Err(_) => return Err(End::Lost(unanswered("watching", &kind.plural, ANSWER))),
            // An event that cannot be read is of an object that the next list passes over.
            Ok(Err(kube::Error::SerdeError(_))) => return Err(End::Relist),
            Ok(Err(error)) => return Err(refused_or_lost(kind, error.into())),
            Ok(Ok(None)) => return Ok(()),
            Ok(Ok(Some(event))) => event,
        };
        let news = match event {
            WatchEvent::Bookmark(bookmark) => {
                version.clone_from(&bookmark.metadata.resource_version);
                continue;
            }
            WatchEvent::Error(status) => {
                return Err(refused_or_lost(kind, kube::Error::Api(status).into()));
            }
            WatchEvent::Added(object) | WatchEvent::Modified(object) => {
                remember(&object, version);
                maker.object(object).map(|object| KindNews::Applied(Box::new(object)))
            }
            WatchEvent::Deleted(object) => {
                remember(&object, version);
                maker.object(object).map(|object| KindNews::Deleted(object.key))
            }
        };
        if let Some(news) = news
            && sender.send(News::Kind(kind.clone(), news)).await.is_err()
        {
            return Err(End::Closed);
        }
    }
}

fn remember(object: &Value, version: &mut String) {
    if let Some(new) = object.pointer("/metadata/resourceVersion").and_then(Value::as_str) {
        new.clone_into(version);
    }
}

/// Watches the definitions of custom kinds by their metadata alone, and tells when one comes, changes or goes.
pub(super) async fn run_definitions(client: Client, sender: mpsc::Sender<News>) {
    let kind = Kind::custom_resource_definition();
    let request = Request::new(DynamicObject::url_path(&resource(&kind), None));
    let mut known: Option<Versions> = None;
    loop {
        let found = definitions(&client, &kind, &request).await;
        let mut pause = REFUSED;
        if let Ok((found, version)) = found {
            // The first list was discovered a moment ago.
            if known.replace(found.clone()).is_some_and(|known| known != found)
                && sender.send(News::DefinitionsChanged).await.is_err()
            {
                return;
            }
            if wait_for_change(&client, &kind, &request, version).await.is_ok() {
                pause = BACKOFF.0;
            }
        }
        sleep(pause).await;
    }
}

/// Names of definitions with their versions: a definition is served only a moment after it is there, and its status says when.
type Versions = BTreeMap<String, Option<String>>;

async fn definitions(client: &Client, kind: &Kind, request: &Request) -> Result<(Versions, String), End> {
    let params = ListParams::default();
    let http = request.list_metadata(&params).map_err(|error| End::Lost(built_badly(kind, &error)))?;
    let list: Value = answer(kind, client.request(http)).await?;
    let named = |item: &Value| {
        let name = item["metadata"]["name"].as_str()?.to_owned();
        Some((name, item["metadata"]["resourceVersion"].as_str().map(str::to_owned)))
    };
    let version = list["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned();
    Ok((list["items"].as_array().into_iter().flatten().filter_map(named).collect(), version))
}

/// Returns when an object of the kind changes. The error is that of a watch that cannot be held.
async fn wait_for_change(client: &Client, kind: &Kind, request: &Request, mut version: String) -> Result<(), End> {
    loop {
        let params = WatchParams::default().timeout(WATCH);
        let http = request.watch_metadata(&params, &version).map_err(|error| End::Lost(built_badly(kind, &error)))?;
        let mut events = pin!(answer(kind, client.request_events::<Value>(http)).await?);
        loop {
            match timeout(Duration::from_secs(WATCH.into()) + ANSWER, events.try_next()).await {
                Err(_) => return Err(End::Lost(unanswered("watching", &kind.plural, ANSWER))),
                Ok(Err(error)) => return Err(refused_or_lost(kind, error.into())),
                Ok(Ok(None)) => break,
                Ok(Ok(Some(WatchEvent::Bookmark(bookmark)))) => version = bookmark.metadata.resource_version,
                Ok(Ok(Some(_))) => return Ok(()),
            }
        }
    }
}

pub(super) fn resource(kind: &Kind) -> ApiResource {
    let gvk = kube::core::GroupVersionKind::gvk(&kind.group, &kind.version, &kind.kind);
    ApiResource::from_gvk_with_plural(&gvk, &kind.plural)
}

pub(super) async fn answer<T>(kind: &Kind, answer: impl Future<Output = Result<T, kube::Error>>) -> Result<T, End> {
    match timeout(ANSWER, answer).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(refused_or_lost(kind, error.into())),
        Err(_) => Err(End::Lost(unanswered("watching", &kind.plural, ANSWER))),
    }
}

pub(super) fn refused_or_lost(kind: &Kind, failure: Failure) -> End {
    let fault = failure.fault("listing", &kind.plural);
    let Failure::Error(kube::Error::Api(status)) = failure else { return End::Lost(fault) };
    let after = status.details.as_ref().map_or(0, |details| details.retry_after_seconds);
    match status.code {
        410 => End::Relist,
        // A kind that was discovered and is not found (404) is one that a starting server does not serve yet.
        403 | 405 => End::Refused(fault),
        429 | 503 if after > 0 => End::Later(fault, Duration::from_secs(after.into())),
        _ => End::Lost(fault),
    }
}

pub(super) fn built_badly(kind: &Kind, error: &kube::core::request::Error) -> Fault {
    Fault::new("listing", &kind.plural, error, "")
}
