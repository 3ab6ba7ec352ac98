//! A worker against the in-process API in each of its behaviours.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Connector, Demand, KindNames, Publisher, Shown, Target, Worker, read_snapshot, spawn};
use crate::config::session::ClusterSpec;
use crate::demo::api::{Api, Behaviour, hedgehog_kinds};
use crate::domain::cluster::{ClusterView, Connection, Kind, LiveSet};
use crate::domain::health::{HealthState, Rules};
use crate::event::Event;
use crate::source::mailbox::mailbox;
use crate::source::{Inbox, Outbox};

mod connection;
mod failing;
mod health;

const GROUP: &str = "vpc.githedgehog.com";

fn vpc(name: &str, vlan: u32) -> Value {
    json!({ "apiVersion": format!("{GROUP}/v1beta1"), "kind": "VPC", "metadata": { "name": name }, "spec": { "vlan": vlan } })
}

/// A worker and all that keeps it going.
struct Running {
    live: watch::Receiver<Arc<LiveSet>>,
    inbox: Inbox,
    refresh: watch::Sender<u64>,
    demand: watch::Sender<Demand>,
    wanted: watch::Sender<BTreeMap<String, KindNames>>,
    folder: tempfile::TempDir,
    _stop: DropGuard,
}

fn start(kubeconfig: &str) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    std::fs::write(&file, kubeconfig).unwrap();
    start_with(folder, ClusterSpec::Context { context: Some("test".into()), kubeconfig: Some(file) })
}

/// Starts a worker whose cluster nobody looks at.
fn start_unwatched(kubeconfig: &str) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    std::fs::write(&file, kubeconfig).unwrap();
    let cluster = ClusterSpec::Context { context: Some("test".into()), kubeconfig: Some(file) };
    start_demanding(folder, cluster, Demand { everything: false, ..Demand::default() })
}

fn start_with(folder: tempfile::TempDir, cluster: ClusterSpec) -> Running {
    start_demanding(folder, cluster, Demand::default())
}

/// A worker that was not started.
fn idle_worker(demand: watch::Receiver<Demand>, outbox: Outbox) -> Worker {
    let cluster = ClusterSpec::Context { context: Some("test".into()), kubeconfig: None };
    let (wanted, refresh) = (watch::channel(BTreeMap::new()).1, watch::channel(0).1);
    let (sender, _) = watch::channel(Arc::new(LiveSet::empty("test", Connection::Connecting)));
    let rules = Rules::built_in();
    let target = Target { name: "test".into(), cluster, wanted, rules, refresh, demand, browser: None };
    Worker::new(target, Connector::new(None, None), Publisher { outbox, sender, shown: Shown::default(), last: None })
}

fn node() -> Kind {
    Kind { group: String::new(), version: "v1".into(), kind: "Node".into(), plural: "nodes".into(), namespaced: false }
}

fn name_of(kind: &Kind) -> (String, String) {
    (kind.group.clone(), kind.kind.clone())
}

fn start_demanding(folder: tempfile::TempDir, cluster: ClusterSpec, demand: Demand) -> Running {
    let (outbox, inbox) = mailbox();
    let (wanted, wanted_receiver) = watch::channel(BTreeMap::new());
    let (refresh, refresh_receiver) = watch::channel(0);
    let (demand, demand_receiver) = watch::channel(demand);
    let cancel = CancellationToken::new();
    let target = Target {
        name: "test".into(),
        cluster,
        wanted: wanted_receiver,
        rules: Rules::built_in(),
        refresh: refresh_receiver,
        demand: demand_receiver,
        browser: None,
    };
    let live = spawn(target, outbox, cancel.clone());
    Running { live, inbox, refresh, demand, wanted, folder, _stop: cancel.drop_guard() }
}

impl Running {
    /// Waits for a live set that is as wanted.
    async fn until(&mut self, what: impl FnMut(&Arc<LiveSet>) -> bool) -> Arc<LiveSet> {
        let mut live = self.live.clone();
        let found = tokio::time::timeout(Duration::from_secs(30), live.wait_for(what)).await;
        let Ok(found) = found else { panic!("it did not come to this in time: {:?}", self.live.borrow()) };
        Arc::clone(&found.unwrap())
    }

    async fn view(&mut self, mut what: impl FnMut(&ClusterView) -> bool) -> ClusterView {
        let found = tokio::time::timeout(Duration::from_secs(30), async {
            loop {
                match self.inbox.next().await {
                    Some(Event::Cluster(view)) if what(&view) => return view,
                    Some(_) => {}
                    None => panic!("the worker is gone"),
                }
            }
        });
        found.await.expect("no such view in time")
    }
}

fn vlan(live: &LiveSet, name: &str) -> Option<i64> {
    let object = live.objects.values().find(|object| object.key.name == name)?;
    object.value()["spec"]["vlan"].as_i64()
}

fn is_listed(live: &LiveSet) -> bool {
    live.listed.contains(&(GROUP.into(), "VPC".into()))
}

#[tokio::test]
async fn objects_are_listed_and_followed() {
    let api = Api::start(hedgehog_kinds()).unwrap();
    api.put(vpc("a", 1)).unwrap();
    let mut running = start(&api.kubeconfig("test"));
    let live = running.until(|live| vlan(live, "a") == Some(1)).await;
    assert_eq!(live.connection, Connection::Connected);
    assert_eq!(live.served.as_ref().map(|served| served.iter().filter(|kind| kind.kind == "VPC").count()), Some(1));
    api.put(vpc("b", 5)).unwrap();
    api.put(vpc("a", 2)).unwrap();
    running.until(|live| vlan(live, "a") == Some(2) && vlan(live, "b") == Some(5)).await;
    api.delete("VPC", "default", "a");
    running.until(|live| vlan(live, "a").is_none()).await;
    let view = running.view(|view| view.objects.len() == 1).await;
    assert_eq!(view.server.as_deref(), Some("v1.30.0-hnpwb"));
    assert_eq!(view.objects[0].health.state, HealthState::NoSignal);
    assert!(view.kinds.iter().any(|kind| kind.kind.kind == "VPC" && kind.count == 1));
}

#[tokio::test]
async fn one_kind_that_is_refused_leaves_the_others() {
    let api = Api::start(hedgehog_kinds()).unwrap();
    api.behave(Behaviour::Forbidden("connections".into()));
    api.put(vpc("a", 1)).unwrap();
    let mut running = start(&api.kubeconfig("test"));
    let refused = ("wiring.githedgehog.com".to_owned(), "Connection".to_owned());
    let live = running.until(|live| live.refused.contains_key(&refused) && is_listed(live)).await;
    assert_eq!(live.connection, Connection::Connected);
    let view = running.view(|view| view.kinds.iter().any(|kind| kind.fault.is_some())).await;
    let faults: Vec<&str> =
        view.kinds.iter().filter(|kind| kind.fault.is_some()).map(|kind| kind.kind.kind.as_str()).collect();
    assert_eq!(faults, ["Connection"]);
}

#[tokio::test]
async fn refusing_everything_is_forbidden() {
    let api = Api::start(hedgehog_kinds()).unwrap();
    api.behave(Behaviour::Forbidden("*".into()));
    let live = start(&api.kubeconfig("test")).until(|live| live.connection == Connection::Forbidden).await;
    assert!(live.fault.as_ref().unwrap().why.contains("403"));
}

#[tokio::test]
async fn credentials_that_expire_are_said_so_and_the_data_stays() {
    let api = Api::start(hedgehog_kinds()).unwrap();
    api.put(vpc("a", 1)).unwrap();
    let mut running = start(&api.kubeconfig("test"));
    running.until(is_listed_arc).await;
    api.behave(Behaviour::Unauthorized);
    let live = running.until(|live| live.connection == Connection::Unauthorized).await;
    assert_eq!(vlan(&live, "a"), Some(1));
    assert!(live.as_of.is_some() && live.listed.is_empty());
    api.behave(Behaviour::Normal);
    running.refresh.send_modify(|count| *count += 1);
    running.until(|live| live.connection == Connection::Connected && is_listed(live)).await;
}

fn is_listed_arc(live: &Arc<LiveSet>) -> bool {
    is_listed(live)
}

#[tokio::test]
async fn a_server_that_never_answers_is_unreachable() {
    let api = Api::start(hedgehog_kinds()).unwrap();
    api.behave(Behaviour::Hang);
    let live = start(&api.kubeconfig("test")).until(|live| live.connection == Connection::Unreachable).await;
    assert_eq!(live.fault.as_ref().unwrap().why, "no answer within 4 s");
}

#[tokio::test]
async fn a_closed_port_and_a_server_in_trouble_are_unreachable() {
    let api = Api::start(hedgehog_kinds()).unwrap();
    let kubeconfig = api.kubeconfig("test");
    api.behave(Behaviour::Unavailable);
    let live = start(&kubeconfig).until(|live| live.connection == Connection::Unreachable).await;
    assert!(live.fault.as_ref().unwrap().why.contains("503"));
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let kubeconfig = kubeconfig.replace(&api.addr().to_string(), &closed.to_string());
    let live = start(&kubeconfig).until(|live| live.connection == Connection::Unreachable).await;
    assert!(live.fault.as_ref().unwrap().why.contains("refused"), "{:?}", live.fault);
}

#[tokio::test]
async fn an_item_that_no_typed_client_reads_hides_no_other() {
    let api = Api::start(hedgehog_kinds()).unwrap();
    api.put(vpc("a", 1)).unwrap();
    api.behave(Behaviour::UndecodableItem);
    let live = start(&api.kubeconfig("test")).until(|live| vlan(live, "a") == Some(1)).await;
    assert!(live.objects.keys().any(|key| key.name == "undecodable"));
}

#[tokio::test]
async fn a_watch_that_is_gone_is_listed_anew() {
    let api = Api::start(hedgehog_kinds()).unwrap();
    api.put(vpc("a", 1)).unwrap();
    let mut running = start(&api.kubeconfig("test"));
    running.until(|live| vlan(live, "a") == Some(1)).await;
    api.behave(Behaviour::Gone);
    api.put(vpc("a", 2)).unwrap();
    running.until(|live| vlan(live, "a") == Some(2)).await;
}

#[tokio::test]
async fn a_server_that_goes_away_is_noticed_before_the_next_probe() {
    let api = Api::start(hedgehog_kinds()).unwrap();
    api.put(vpc("a", 1)).unwrap();
    let mut running = start(&api.kubeconfig("test"));
    running.until(is_listed_arc).await;
    drop(api);
    let live = running.until(|live| live.connection == Connection::Unreachable).await;
    assert_eq!(vlan(&live, "a"), Some(1), "the last good data stays");
}

#[tokio::test]
async fn a_kubeconfig_that_is_missing_broken_or_without_the_context_is_a_fault_with_a_remedy() {
    let missing = ClusterSpec::Context { context: Some("test".into()), kubeconfig: Some("/nonexistent/config".into()) };
    let cases = [
        (start_with(tempfile::tempdir().unwrap(), missing), "/nonexistent/config"),
        (start("apiVersion: v1\nclusters: [\n"), "YAML"),
        (start("apiVersion: v1\nkind: Config\ncontexts: []\nclusters: []\nusers: []\n"), "no context \"test\""),
    ];
    for (mut running, why) in cases {
        let live = running.until(|live| live.connection == Connection::None).await;
        let fault = live.fault.clone().unwrap();
        assert!(fault.why.contains(why), "{fault}");
        assert!(!fault.remedy.is_empty(), "{fault}");
    }
}

#[tokio::test]
async fn a_kubeconfig_that_is_corrected_is_taken_up_by_itself() {
    let api = Api::start(hedgehog_kinds()).unwrap();
    let mut running = start("broken: [\n");
    running.until(|live| live.connection == Connection::None).await;
    std::fs::write(running.folder.path().join("config"), api.kubeconfig("test")).unwrap();
    running.until(|live| live.connection == Connection::Connected).await;
}

#[tokio::test]
async fn credentials_that_are_renewed_in_the_kubeconfig_are_taken_up_before_the_next_try() {
    let [refusing, api] = [(); 2].map(|()| Api::start(hedgehog_kinds()).unwrap());
    refusing.behave(Behaviour::Unauthorized);
    let mut running = start(&refusing.kubeconfig("test"));
    running.until(|live| live.connection == Connection::Unauthorized).await;
    std::fs::write(running.folder.path().join("config"), api.kubeconfig("test")).unwrap();
    let connected = running.until(|live| live.connection == Connection::Connected);
    tokio::time::timeout(super::RETRY / 2, connected).await.expect("it waits for the next try");
}

#[tokio::test]
async fn a_kind_that_git_asks_for_is_watched_from_then_on() {
    let mut kinds = hedgehog_kinds();
    kinds.push(crate::domain::cluster::Kind {
        group: String::new(),
        version: "v1".into(),
        kind: "ConfigMap".into(),
        plural: "configmaps".into(),
        namespaced: true,
    });
    let api = Api::start(kinds).unwrap();
    api.put(json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "c" } })).unwrap();
    let mut running = start(&api.kubeconfig("test"));
    let live = running.until(is_listed_arc).await;
    assert!(!live.objects.keys().any(|key| key.kind == "ConfigMap"));
    let wanted = KindNames::from([(String::new(), "ConfigMap".to_owned())]);
    running.wanted.send_modify(|all| drop(all.insert("fabric".into(), wanted)));
    running.until(|live| live.objects.keys().any(|key| key.kind == "ConfigMap")).await;
}

#[tokio::test]
async fn an_agent_is_read_anew_when_its_generation_grows_and_not_for_a_sign_of_life() {
    let api = Api::start(hedgehog_kinds()).unwrap();
    let agent = |role: &str, heartbeat: &str| {
        json!({
            "apiVersion": "agent.githedgehog.com/v1beta1", "kind": "Agent", "metadata": { "name": "leaf-1" },
            "spec": { "role": role, "version": { "default": role } }, "status": { "lastHeartbeat": heartbeat },
        })
    };
    api.put(agent("v1", "2026-01-01T00:00:00Z")).unwrap();
    let mut running = start(&api.kubeconfig("test"));
    let version = |live: &LiveSet| {
        let agent = live.objects.of_kind("agent.githedgehog.com", "Agent").next()?;
        agent.facts.as_ref().map(|facts| facts.wanted_version.clone())
    };
    running.until(|live| version(live).as_deref() == Some("v1")).await;
    api.put(agent("v1", "2026-01-01T00:00:15Z")).unwrap();
    api.put(agent("v2", "2026-01-01T00:00:30Z")).unwrap();
    running.until(|live| version(live).as_deref() == Some("v2")).await;
    let whole = "/apis/agent.githedgehog.com/v1beta1/namespaces/default/agents/leaf-1";
    assert_eq!(api.requests(whole), 1, "for its generation alone");
    api.delete("Agent", "default", "leaf-1");
    running.until(|live| version(live).is_none()).await;
}

#[tokio::test]
async fn kinds_that_nobody_looks_at_are_not_watched_until_somebody_does() {
    let mut kinds = hedgehog_kinds();
    kinds.push(node());
    let api = Api::start(kinds).unwrap();
    api.put(json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": "n" } })).unwrap();
    api.put(vpc("a", 1)).unwrap();
    let mut running = start_unwatched(&api.kubeconfig("test"));
    let is_whole = |live: &Arc<LiveSet>| hedgehog_kinds().iter().all(|kind| live.listed.contains(&name_of(kind)));
    let live = running.until(is_whole).await;
    assert_eq!(live.objects.of_kind("", "Node").count(), 0);
    running.demand.send_modify(|demand| demand.everything = true);
    running.until(|live| live.objects.of_kind("", "Node").count() == 1).await;
    running.demand.send_modify(|demand| demand.everything = false);
    // Other kinds come in while it lingers, and it is still there with them.
    api.put(vpc("a", 2)).unwrap();
    let live = running.until(|live| vlan(live, "a") == Some(2)).await;
    assert_eq!(live.objects.of_kind("", "Node").count(), 1);
}

#[tokio::test]
async fn kinds_that_are_hidden_are_watched_no_more_after_the_delay() {
    let mut kinds = hedgehog_kinds();
    kinds.push(node());
    let api = Api::start(kinds).unwrap();
    api.put(json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": "n" } })).unwrap();
    api.put(vpc("a", 1)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    std::fs::write(&file, api.kubeconfig("test")).unwrap();
    let (outbox, _inbox) = mailbox();
    let (demand, receiver) = watch::channel(Demand::default());
    let mut worker = idle_worker(receiver, outbox);
    worker.connector = Connector::new(Some("test".into()), Some(file));
    worker.linger = Duration::from_millis(1);
    let mut live = worker.publisher.sender.subscribe();
    let running = tokio::spawn(worker.run());
    let mut until = async |what: fn(&LiveSet) -> bool| {
        let found = tokio::time::timeout(Duration::from_secs(30), live.wait_for(|live| what(live))).await;
        drop(found.expect("it comes to this in time").unwrap());
    };
    until(|live| is_listed(live) && live.objects.of_kind("", "Node").count() == 1).await;
    demand.send_modify(|demand| demand.everything = false);
    until(|live| live.objects.of_kind("", "Node").count() == 0 && vlan(live, "a") == Some(1)).await;
    api.put(vpc("a", 2)).unwrap();
    until(|live| is_listed(live) && vlan(live, "a") == Some(2)).await;
    demand.send_modify(|demand| demand.everything = true);
    until(|live| live.objects.of_kind("", "Node").count() == 1).await;
    running.abort();
}

#[tokio::test]
async fn what_nobody_looks_at_any_more_is_given_up_after_a_while() {
    let (outbox, _inbox) = mailbox();
    let (demand, receiver) = watch::channel(Demand::default());
    let mut worker = idle_worker(receiver, outbox);
    let kind = hedgehog_kinds().remove(0);
    worker.watches.insert(kind, super::Task::spawn(std::future::pending()));
    demand.send_modify(|demand| demand.everything = false);
    assert!(!worker.heed() && worker.everything);
    assert!(worker.hidden.is_some());
    demand.send_modify(|demand| demand.everything = true);
    assert!(!worker.heed() && worker.everything && worker.hidden.is_none());
    demand.send_modify(|demand| *demand.retries.entry("other".into()).or_default() += 1);
    assert!(!worker.heed(), "another context is asked again");
    demand.send_modify(|demand| *demand.retries.entry("test".into()).or_default() += 1);
    assert!(worker.heed() && !worker.heed(), "each retry counts once");
}

#[tokio::test]
async fn a_context_is_asked_again_when_the_operator_wants_it() {
    let api = Api::start(hedgehog_kinds()).unwrap();
    api.behave(Behaviour::Unauthorized);
    let mut running = start(&api.kubeconfig("test"));
    running.until(|live| live.connection == Connection::Unauthorized).await;
    api.behave(Behaviour::Normal);
    running.demand.send_modify(|demand| *demand.retries.entry("test".into()).or_default() += 1);
    let connected = running.until(|live| live.connection == Connection::Connected);
    tokio::time::timeout(super::RETRY / 2, connected).await.expect("it waits for the next try");
}

#[test]
fn a_snapshot_is_a_live_set_with_the_age_of_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cluster.yaml");
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": [vpc("a", 1), vpc("b", 2)] });
    std::fs::write(&file, list.to_string()).unwrap();
    let live = read_snapshot(&file, &Rules::built_in()).unwrap();
    assert_eq!((live.objects.len(), live.connection), (2, Connection::Connected));
    assert!(live.as_of.is_some() && live.is_snapshot());
    std::fs::write(&file, "kind: [").unwrap();
    assert!(read_snapshot(&file, &Rules::built_in()).unwrap_err().why.starts_with("line 1"));
    assert!(read_snapshot(Path::new("/nonexistent"), &Rules::built_in()).is_err());
}

#[tokio::test]
async fn a_snapshot_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let file: PathBuf = folder.path().join("cluster.json");
    std::fs::write(&file, vpc("a", 1).to_string()).unwrap();
    let mut running = start_with(folder, ClusterSpec::Snapshot(file.clone()));
    running.until(|live| vlan(live, "a") == Some(1)).await;
    std::fs::write(&file, vpc("a", 2).to_string()).unwrap();
    running.until(|live| vlan(live, "a") == Some(2)).await;
}
