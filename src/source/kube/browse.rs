//! What is read of clusters on demand: which kinds there are, the objects of one of them while it is looked at, one object whole.
//!
//! Each context's worker lends its client for as long as it is good; nothing here connects by itself. A kind is asked for
//! again and again only while somebody looks, as the table that its server prints: a watch would not tell the cells that
//! change with time.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kube::Client;
use kube::api::{DynamicObject, ListParams};
use kube::core::Resource;
use kube::core::params::GetParams;
use kube::core::request::Request;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::fault::{of, unanswered};
use super::list_watch::resource;
use super::{ANSWER, Task};
use crate::domain::cluster::table::{ACCEPT, Table};
use crate::domain::cluster::{Browsed, Kind, KindTable, LiveDetail, ObjectEvent, ObjectPlace, TableNews, events};
use crate::domain::fault::Fault;
use crate::domain::manifest;
use crate::domain::redact::Redactor;
use crate::event::{Done, Event};
use crate::source::Outbox;

mod catalogue;

/// Pause between two answers about the kind that is looked at, at least; a slow server gets ten times what it took.
const POLL: Duration = Duration::from_secs(5);
/// Objects asked for at once.
const PAGE: u32 = 500;
/// Objects of a kind at most. More are not looked through by eye; that there are more is said.
const OBJECTS: usize = 10_000;
/// Seconds after which an age alone is told.
const AGE: i64 = 30;
/// Where Hedgehog keeps its objects: asked for when the whole cluster is refused.
const NAMESPACE: &str = "default";

/// Reads from clusters what is asked for. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Browser {
    ways: Arc<watch::Sender<Ways>>,
    looked_at: Arc<watch::Sender<Option<Browsed>>>,
    read: Arc<watch::Sender<Option<ObjectPlace>>>,
    /// Changes when the kinds are to be read again.
    kinds: Arc<watch::Sender<u64>>,
    outbox: Outbox,
}

/// How each context is reached now.
type Ways = BTreeMap<String, Way>;

/// How a context is reached.
#[derive(Clone)]
pub(super) enum Way {
    /// By a client of its worker.
    Server(Client),
    /// It is a file.
    Snapshot(PathBuf),
}

impl std::fmt::Debug for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Server(_) => f.write_str("Server"),
            Self::Snapshot(file) => write!(f, "Snapshot({})", file.display()),
        }
    }
}

/// A context that can be read from, for as long as this is kept.
pub(super) struct Open {
    ways: Arc<watch::Sender<Ways>>,
    context: String,
    _kinds: Option<Task>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.ways.send_modify(|ways| drop(ways.remove(&self.context)));
    }
}

impl Browser {
    /// Starts a browser that answers into `outbox` until `cancel`; `refresh` changes when what is looked at is to be asked
    /// for at once. Must be called inside a tokio runtime.
    pub fn spawn(outbox: Outbox, refresh: watch::Receiver<u64>, cancel: &CancellationToken) -> Self {
        let browser = Self {
            ways: Arc::default(),
            looked_at: Arc::default(),
            read: Arc::default(),
            kinds: Arc::default(),
            outbox,
        };
        tokio::spawn(cancel.clone().run_until_cancelled_owned(browser.clone().follow(refresh)));
        tokio::spawn(cancel.clone().run_until_cancelled_owned(browser.clone().answer()));
        browser
    }

    /// What is looked at from now on.
    pub fn look(&self, at: Option<Browsed>) {
        self.looked_at.send_if_modified(|now| {
            let changes = *now != at;
            *now = at;
            changes
        });
    }

    /// Reads an object whole; in place of one that is still being read.
    pub fn read(&self, place: ObjectPlace) {
        self.read.send_replace(Some(place));
    }

    /// Reads again which kinds there are.
    pub fn list_kinds(&self) {
        self.kinds.send_modify(|count| *count += 1);
    }

    /// A client of a context, while it is connected.
    pub(super) fn client(&self, context: &str) -> Option<Client> {
        match self.ways.borrow().get(context)? {
            Way::Server(client) => Some(client.clone()),
            Way::Snapshot(_) => None,
        }
    }

    /// Reads from a context by this way until what is returned is dropped.
    pub(super) fn open(&self, context: &str, way: Way) -> Open {
        let kinds = match &way {
            Way::Server(client) => {
                let (client, context, outbox) = (client.clone(), context.to_owned(), self.outbox.clone());
                Some(Task::spawn(catalogue::tell(client, context, outbox, self.kinds.subscribe())))
            }
            Way::Snapshot(_) => None,
        };
        self.ways.send_modify(|ways| drop(ways.insert(context.to_owned(), way)));
        Open { ways: Arc::clone(&self.ways), context: context.to_owned(), _kinds: kinds }
    }

    /// Asks for the kind that is looked at, as long as it is.
    async fn follow(self, mut refresh: watch::Receiver<u64>) {
        let mut looked_at = self.looked_at.subscribe();
        loop {
            let now = looked_at.borrow_and_update().clone();
            let polled = async {
                match now {
                    Some(now) => self.poll(now, &mut refresh).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                changed = looked_at.changed() => if changed.is_err() { return },
                () = polled => return,
            }
        }
    }

    /// Ends when the program does.
    async fn poll(&self, of: Browsed, refresh: &mut watch::Receiver<u64>) {
        let mut ways = self.ways.subscribe();
        let mut last: Option<TableNews> = None;
        loop {
            let Ok(way) =
                ways.wait_for(|ways| ways.contains_key(&of.context)).await.map(|ways| ways[&of.context].clone())
            else {
                return;
            };
            // What a file holds is on screen already: it is published whenever the file changes.
            let Way::Server(client) = way else { return std::future::pending().await };
            let began = Instant::now();
            let as_of = Timestamp::now();
            let table = list(&client, &of.kind, self.outbox.redactor()).await;
            let news = TableNews { of: of.clone(), table, as_of };
            let is_old = |last: &TableNews| as_of.as_second() - last.as_of.as_second() >= AGE;
            if last.as_ref().is_none_or(|last| last.table != news.table || is_old(last)) {
                last = Some(news.clone());
                if !self.outbox.send(Event::Table(news)).await {
                    return;
                }
            }
            tokio::select! {
                () = sleep(POLL.max(began.elapsed() * 10)) => {}
                changed = refresh.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Reads the object that was asked for last.
    async fn answer(self) {
        let mut read = self.read.subscribe();
        loop {
            let place = read.borrow_and_update().clone();
            let answered = async {
                if let Some(place) = place {
                    let way = self.ways.borrow().get(&place.context).cloned();
                    let found = self.detail(way, &place).await;
                    self.outbox.send(Event::Done(Done::Object(place, found))).await;
                }
                std::future::pending::<()>().await;
            };
            tokio::select! {
                changed = read.changed() => if changed.is_err() { return },
                () = answered => {}
            }
        }
    }

    async fn detail(&self, way: Option<Way>, place: &ObjectPlace) -> Result<Box<LiveDetail>, Fault> {
        let redactor = self.outbox.redactor();
        match way {
            None => Err(fault_on(place, format!("{} is not connected", place.context))),
            Some(Way::Snapshot(file)) => {
                let (wanted, redactor) = (place.clone(), redactor.clone());
                let found = tokio::task::spawn_blocking(move || from_snapshot(&file, &wanted, &redactor)).await;
                found.unwrap_or_else(|error| Err(fault_on(place, error.to_string())))
            }
            Some(Way::Server(client)) => from_server(&client, place, redactor).await,
        }
    }
}

fn fault_on(place: &ObjectPlace, why: impl std::fmt::Display) -> Fault {
    Fault::new("reading", format!("{} {}", place.kind.kind, place.name), why, "")
}

/// Reads an object and what happened to it.
async fn from_server(client: &Client, place: &ObjectPlace, redactor: &Redactor) -> Result<Box<LiveDetail>, Fault> {
    let as_of = Timestamp::now();
    let namespace = Some(place.namespace.as_str()).filter(|namespace| !namespace.is_empty());
    let request = Request::new(DynamicObject::url_path(&resource(&place.kind), namespace));
    let on = format!("{} {}", place.kind.kind, place.name);
    let object = ask(client, "reading", &on, request.get(&place.name, &GetParams::default())).await;
    let object = object.map_err(|refused| match refused.code {
        Some(404) => fault_on(place, "it is gone"),
        _ => refused.fault,
    })?;
    let uid = object["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
    let detail = LiveDetail::new(&place.kind, object, as_of, redactor);
    let detail = detail.ok_or_else(|| fault_on(place, "the answer is no object"))?;
    let events = Some(happened(client, namespace, &uid, redactor).await);
    Ok(Box::new(LiveDetail { events, ..detail }))
}

/// The events of the object with this `uid`; none where none are served.
async fn happened(
    client: &Client,
    namespace: Option<&str>,
    uid: &str,
    redactor: &Redactor,
) -> Result<Vec<ObjectEvent>, Fault> {
    // Those of objects without a namespace are kept in one nevertheless.
    let path =
        namespace.map_or_else(|| "/api/v1/events".to_owned(), |name| format!("/api/v1/namespaces/{name}/events"));
    let params = ListParams::default().fields(&format!("involvedObject.uid={uid}")).limit(PAGE);
    match ask(client, "listing", "its events", Request::new(path).list(&params)).await {
        Ok(list) => Ok(events(&list, redactor)),
        Err(Refused { code: Some(404), .. }) => Ok(Vec::new()),
        Err(refused) => Err(refused.fault),
    }
}

/// Finds an object in a file. What it is as of is the time of the file.
fn from_snapshot(file: &Path, place: &ObjectPlace, redactor: &Redactor) -> Result<Box<LiveDetail>, Fault> {
    let bytes = std::fs::read(file).map_err(|error| fault_on(place, error))?;
    let written = std::fs::metadata(file).and_then(|metadata| metadata.modified());
    let as_of = written.ok().and_then(|written| Timestamp::try_from(written).ok()).unwrap_or_else(Timestamp::now);
    let is_it = |object: &manifest::Manifest| {
        (&object.key.group, &object.key.kind, &object.namespace, &object.key.name)
            == (&place.kind.group, &place.kind.kind, &place.namespace, &place.name)
    };
    let found = manifest::load(file, &bytes).objects.into_iter().find(is_it);
    let found =
        found.and_then(|object| LiveDetail::new(&place.kind, Arc::unwrap_or_clone(object.value), as_of, redactor));
    found.map(Box::new).ok_or_else(|| fault_on(place, format!("it is not in {} any more", file.display())))
}

/// Every object of a kind as its server prints it, or of the namespace `default` where that is all that may be read.
async fn list(client: &Client, kind: &Kind, redactor: &Redactor) -> Result<KindTable, Fault> {
    match pages(client, kind, None, redactor).await {
        Err(Refused { code: Some(403), fault }) if kind.namespaced => {
            pages(client, kind, Some(NAMESPACE), redactor).await.map_err(|_| fault)
        }
        answered => answered.map_err(|refused| refused.fault),
    }
}

async fn pages(
    client: &Client,
    kind: &Kind,
    namespace: Option<&str>,
    redactor: &Redactor,
) -> Result<KindTable, Refused> {
    let request = Request::new(DynamicObject::url_path(&resource(kind), namespace));
    let mut found = KindTable { namespace: namespace.map(str::to_owned), ..KindTable::default() };
    let mut params = ListParams::default().limit(PAGE);
    loop {
        let answer = ask(client, "listing", &kind.plural, request.list(&params).map(as_table)).await?;
        let page = Table::read(answer)
            .map_err(|why| Refused { code: None, fault: Fault::new("listing", &kind.plural, why, "") })?;
        params.continue_token.clone_from(&page.next);
        found.extend(kind, page, redactor);
        if params.continue_token.is_none() || found.rows.len() >= OBJECTS {
            found.cut = params.continue_token.is_some();
            return Ok(found);
        }
    }
}

/// The same list as a table whose rows hold whole objects: their health is judged here.
fn as_table(mut list: hyper::Request<Vec<u8>>) -> hyper::Request<Vec<u8>> {
    if let Ok(uri) = format!("{}&includeObject=Object", list.uri()).parse() {
        *list.uri_mut() = uri;
    }
    list.headers_mut().insert(hyper::header::ACCEPT, hyper::header::HeaderValue::from_static(ACCEPT));
    list
}

/// Why there is no answer.
struct Refused {
    /// Status of the answer, when there was one.
    code: Option<u16>,
    fault: Fault,
}

async fn ask(
    client: &Client,
    doing: &str,
    on: &str,
    request: Result<hyper::Request<Vec<u8>>, kube::core::request::Error>,
) -> Result<Value, Refused> {
    let request = request.map_err(|error| Refused { code: None, fault: Fault::new(doing, on, error, "") })?;
    match timeout(ANSWER, client.request::<Value>(request)).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => {
            let code = if let kube::Error::Api(status) = &error { Some(status.code) } else { None };
            Err(Refused { code, fault: of(doing, on, &error) })
        }
        Err(_) => Err(Refused { code: None, fault: unanswered(doing, on, ANSWER) }),
    }
}

#[cfg(test)]
mod tests;
