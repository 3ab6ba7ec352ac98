//! Agents of Hedgehog: large objects that are written every fifteen seconds, for a sign of life.
//!
//! A watch of them would send each as a whole every time. Their metadata is watched instead; the table that the server
//! prints of them tells when each last was alive and what it applied; and an Agent is read as a whole when either says that
//! it changed, and now and then for the states of its ports and neighbours, which neither tells.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use hyper::header::{ACCEPT as ACCEPT_HEADER, HeaderValue};
use jiff::{SignedDuration, Timestamp};
use kube::Client;
use kube::api::{DynamicObject, GetParams, ListParams, WatchEvent, WatchParams};
use kube::core::Resource;
use kube::core::request::Request;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::answer::{Failure, whole};
use super::fault::unanswered;
use super::list_watch::{End, KindNews, WATCH, answer, built_badly, refused_or_lost, resource};
use super::{ANSWER, News};
use crate::domain::cluster::table::{ACCEPT, Holds, Table, TableRow, seconds};
use crate::domain::cluster::{Kind, LiveObject, Maker};
use crate::domain::drift::ObjectKey;
use crate::domain::hedgehog;

/// Time between two looks at the table. An Agent that is silent for a minute is ill.
const POLL: Duration = Duration::from_secs(15);
/// After how long an Agent is read as a whole again.
const WHOLE: Duration = Duration::from_secs(60);
/// Agents that are read side by side.
const AT_ONCE: usize = 4;
/// Agents of one page of the table.
const PAGE: u32 = 500;
/// The column of the last sign of life.
const HEARTBEAT: &str = "Heartbeat";

/// True for the kind that is followed this way.
pub(super) fn is_agent(kind: &Kind) -> bool {
    kind.group == hedgehog::AGENTS && kind.kind == "Agent"
}

/// What was seen of the Agents of one cluster.
pub(super) struct Agents {
    seen: BTreeMap<(String, String), Seen>,
    poll: Instant,
}

/// What was seen of one.
struct Seen {
    generation: Option<i64>,
    /// What its table row said beside ages.
    printed: Option<Vec<String>>,
    read: Instant,
}

/// Where Agents are asked for, and who wants them.
pub(super) struct Desk<'a> {
    pub(super) client: &'a Client,
    pub(super) kind: &'a Kind,
    pub(super) request: &'a Request,
    pub(super) sender: &'a mpsc::Sender<News>,
}

impl Agents {
    /// After a list.
    pub(super) fn of(listed: &[LiveObject]) -> Self {
        let read = Instant::now();
        let seen = listed.iter().map(|object| {
            let seen = Seen { generation: object.generation, printed: None, read };
            ((object.key.namespace.clone(), object.key.name.clone()), seen)
        });
        Self { seen: seen.collect(), poll: read + POLL }
    }

    /// One watch of their metadata, from its start to its orderly end, with looks at the table.
    pub(super) async fn watch(&mut self, desk: &Desk<'_>, version: &mut String, maker: &mut Maker) -> Result<(), End> {
        let params = WatchParams::default().timeout(WATCH);
        let http = desk.request.watch_metadata(&params, version);
        let http = http.map_err(|error| End::Lost(built_badly(desk.kind, &error)))?;
        let mut events = pin!(answer(desk.kind, desk.client.request_events::<Value>(http)).await?);
        // The server ends a watch in time; what does not end is dead.
        let end = Instant::now() + Duration::from_secs(WATCH.into()) + ANSWER;
        loop {
            let next = tokio::select! {
                next = timeout_at(end, events.try_next()) => next,
                () = sleep_until(self.poll) => {
                    self.look(desk, maker).await?;
                    self.poll = Instant::now() + POLL;
                    continue;
                }
            };
            let event = match next {
                Err(_) => return Err(End::Lost(unanswered("watching", &desk.kind.plural, ANSWER))),
                Ok(Err(kube::Error::SerdeError(_))) => return Err(End::Relist),
                Ok(Err(error)) => return Err(refused_or_lost(desk.kind, error.into())),
                Ok(Ok(None)) => return Ok(()),
                Ok(Ok(Some(event))) => event,
            };
            match event {
                WatchEvent::Bookmark(bookmark) => version.clone_from(&bookmark.metadata.resource_version),
                WatchEvent::Error(status) => {
                    return Err(refused_or_lost(desk.kind, kube::Error::Api(status).into()));
                }
                WatchEvent::Added(object) | WatchEvent::Modified(object) => {
                    let Some((place, generation)) = place_of(&object, version) else { continue };
                    if self.seen.get(&place).is_none_or(|seen| seen.generation != generation) {
                        self.read(desk, maker, vec![place]).await?;
                    }
                }
                WatchEvent::Deleted(object) => {
                    let Some((place, _)) = place_of(&object, version) else { continue };
                    self.seen.remove(&place);
                    desk.send(KindNews::Deleted(desk.key(place))).await?;
                }
            }
        }
    }

    /// Looks at the table: tells of signs of life, and reads those that changed.
    async fn look(&mut self, desk: &Desk<'_>, maker: &mut Maker) -> Result<(), End> {
        let (mut params, mut alive, mut stale) = (ListParams::default().limit(PAGE), Vec::new(), Vec::new());
        loop {
            let http = desk.request.list(&params).map_err(|error| End::Lost(built_badly(desk.kind, &error)))?;
            let table = desk.table(http).await?;
            let heartbeat = table.column(HEARTBEAT);
            // What is not told in a column is read for.
            let patience = if heartbeat.is_some() { WHOLE } else { POLL * 2 };
            for row in &table.rows {
                let Some((place, generation)) = place_of(&row.object, &mut String::new()) else { continue };
                let printed: Vec<String> = printed(&table, row);
                let seen = self.seen.get_mut(&place);
                let Some(seen) = seen.filter(|seen| seen.generation == generation && seen.read.elapsed() < patience)
                else {
                    stale.push(place);
                    continue;
                };
                let before = seen.printed.replace(printed.clone());
                if before.is_some_and(|before| before != printed) {
                    stale.push(place);
                } else if let Some(at) = heartbeat.and_then(|column| moment(row.cells.get(column)?)) {
                    alive.push((desk.key(place), at));
                }
            }
            match table.next {
                Some(token) => params.continue_token = Some(token),
                None => break,
            }
        }
        if !alive.is_empty() {
            desk.send(KindNews::Alive(alive)).await?;
        }
        self.read(desk, maker, stale).await
    }

    /// Reads some as a whole. One that is gone meanwhile is told of by the watch.
    async fn read(&mut self, desk: &Desk<'_>, maker: &mut Maker, places: Vec<(String, String)>) -> Result<(), End> {
        let mut answers = stream::iter(places).map(|place| desk.get(place)).buffer_unordered(AT_ONCE);
        while let Some((place, answer)) = answers.next().await {
            let object = match answer {
                Ok(object) => object,
                Err(Failure::Error(kube::Error::Api(status))) if status.code == 404 => continue,
                Err(failure) => return Err(refused_or_lost(desk.kind, failure)),
            };
            let Some(object) = maker.object(object) else { continue };
            let printed = self.seen.remove(&place).and_then(|seen| seen.printed);
            self.seen.insert(place, Seen { generation: object.generation, printed, read: Instant::now() });
            desk.send(KindNews::Applied(Box::new(object))).await?;
        }
        Ok(())
    }
}

impl Desk<'_> {
    async fn send(&self, news: KindNews) -> Result<(), End> {
        self.sender.send(News::Kind(self.kind.clone(), news)).await.map_err(|_| End::Closed)
    }

    fn key(&self, (namespace, name): (String, String)) -> ObjectKey {
        ObjectKey::new(&*self.kind.group, &*self.kind.kind, namespace, name)
    }

    async fn table(&self, mut http: hyper::Request<Vec<u8>>) -> Result<Table, End> {
        http.headers_mut().insert(ACCEPT_HEADER, HeaderValue::from_static(ACCEPT));
        let bytes = whole(self.client, http).await.map_err(|failure| refused_or_lost(self.kind, failure))?;
        let unreadable = |why: String| End::Lost(super::list::unread_fault(self.kind, 1, &why));
        let answer = serde_json::from_slice(&bytes).map_err(|error| unreadable(error.to_string()))?;
        Table::read(answer).map_err(unreadable)
    }

    async fn get(&self, place: (String, String)) -> ((String, String), Result<Value, Failure>) {
        let request = Request::new(DynamicObject::url_path(&resource(self.kind), Some(&place.0)));
        let answer = async {
            let http = request.get(&place.1, &GetParams::default()).map_err(kube::Error::BuildRequest)?;
            let bytes = whole(self.client, http).await?;
            Ok(serde_json::from_slice(&bytes).map_err(kube::Error::SerdeError)?)
        };
        let answer = answer.await;
        (place, answer)
    }
}

/// Namespace and name of an object with its generation; notes its version.
fn place_of(object: &Value, version: &mut String) -> Option<((String, String), Option<i64>)> {
    let metadata = object.get("metadata")?;
    let text = |field: &str| metadata.get(field).and_then(Value::as_str).unwrap_or_default();
    text("resourceVersion").clone_into(version);
    let name = text("name");
    (!name.is_empty()).then(|| ((text("namespace").to_owned(), name.to_owned()), metadata["generation"].as_i64()))
}

/// The cells of a row that do not change by themselves.
fn printed(table: &Table, row: &TableRow) -> Vec<String> {
    let still = table.columns.iter().zip(&row.cells).filter(|(column, _)| column.holds != Holds::Age);
    still.map(|(_, cell)| cell.clone()).collect()
}

/// When something was that is printed as the time since then.
fn moment(age: &str) -> Option<Timestamp> {
    let age = SignedDuration::from_secs(seconds(age)?.try_into().ok()?);
    Timestamp::now().checked_sub(age).ok()
}

#[cfg(test)]
mod tests {
    use kube::api::DynamicObject;
    use kube::core::Resource;
    use kube::core::request::Request;
    use serde_json::{Value, json};
    use tokio::sync::mpsc;

    use super::super::connect::Connector;
    use super::{Agents, Desk, KindNews, Maker, News, is_agent, resource};
    use crate::demo::api::{Api, hedgehog_kinds};

    fn agent(name: &str, role: &str, applied: i64, heartbeat: &str) -> Value {
        json!({
            "apiVersion": "agent.githedgehog.com/v1beta1", "kind": "Agent", "metadata": { "name": name },
            "spec": { "role": role },
            "status": { "lastHeartbeat": heartbeat, "lastAppliedGen": applied },
        })
    }

    fn told(news: &mut mpsc::Receiver<News>) -> Vec<String> {
        let mut told = Vec::new();
        while let Ok(News::Kind(_, news)) = news.try_recv() {
            match news {
                KindNews::Applied(object) => told.push(format!("read {}", object.key.name)),
                KindNews::Alive(alive) => told.extend(alive.into_iter().map(|(key, _)| format!("alive {}", key.name))),
                other => told.push(format!("{other:?}")),
            }
        }
        told.sort();
        told
    }

    #[tokio::test]
    async fn a_sign_of_life_is_read_in_the_table_and_what_changed_as_a_whole() {
        let api = Api::start(hedgehog_kinds()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config");
        std::fs::write(&file, api.kubeconfig("test")).unwrap();
        let Ok(client) = Connector::new(None, Some(file)).client().await else { panic!("there is a client") };
        let kind = hedgehog_kinds().into_iter().find(is_agent).unwrap();
        let request = Request::new(DynamicObject::url_path(&resource(&kind), None));
        let (sender, mut news) = mpsc::channel(64);
        let desk = Desk { client: &client, kind: &kind, request: &request, sender: &sender };
        let mut maker = Maker::new(&kind);
        let mut agents = Agents::of(&[]);
        for name in ["leaf-1", "leaf-2", "leaf-3"] {
            api.put(agent(name, "leaf", 1, "2026-01-01T00:00:00Z")).unwrap();
        }
        agents.look(&desk, &mut maker).await.ok().expect("the table is read");
        assert_eq!(told(&mut news), ["read leaf-1", "read leaf-2", "read leaf-3"], "none was known");
        agents.look(&desk, &mut maker).await.ok().expect("the table is read");
        assert_eq!(told(&mut news), ["alive leaf-1", "alive leaf-2", "alive leaf-3"]);
        api.put(agent("leaf-1", "leaf", 1, "2026-01-01T00:00:15Z")).unwrap();
        api.put(agent("leaf-2", "leaf", 2, "2026-01-01T00:00:15Z")).unwrap();
        api.put(agent("leaf-3", "spine", 1, "2026-01-01T00:00:15Z")).unwrap();
        agents.look(&desk, &mut maker).await.ok().expect("the table is read");
        assert_eq!(told(&mut news), ["alive leaf-1", "read leaf-2", "read leaf-3"]);
        let whole =
            |name: &str| api.requests(&format!("/apis/agent.githedgehog.com/v1beta1/namespaces/default/agents/{name}"));
        assert_eq!([whole("leaf-1"), whole("leaf-2"), whole("leaf-3")], [1, 2, 2]);
    }
}
