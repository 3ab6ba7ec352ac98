//! What is read on demand, against the in-process API and a snapshot.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Browser, Open, Way};
use crate::demo::api::{Api, Behaviour, hedgehog_kinds};
use crate::domain::cluster::{Browsed, Fit, Kind, KindTable, LiveDetail, ObjectPlace};
use crate::domain::fault::Fault;
use crate::event::{Done, Event};
use crate::source::Inbox;
use crate::source::mailbox::mailbox;

const CONTEXT: &str = "test";

struct Browsing {
    api: Api,
    browser: Browser,
    inbox: Inbox,
    refresh: watch::Sender<u64>,
    open: Option<Open>,
    _stop: DropGuard,
}

impl Browsing {
    async fn begin() -> Self {
        let mut kinds = hedgehog_kinds();
        kinds.push(kind("", "v1", "Event", "events"));
        let api = Api::start(kinds).unwrap();
        let (outbox, inbox) = mailbox();
        let (refresh, refreshed) = watch::channel(0);
        let cancel = CancellationToken::new();
        let browser = Browser::spawn(outbox, refreshed, &cancel);
        let mut browsing = Self { api, browser, inbox, refresh, open: None, _stop: cancel.drop_guard() };
        browsing.connect().await;
        browsing
    }

    async fn connect(&mut self) {
        let kubeconfig = kube::config::Kubeconfig::from_yaml(&self.api.kubeconfig(CONTEXT)).unwrap();
        let options = kube::config::KubeConfigOptions::default();
        let mut config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
        config.default_retry = false;
        let client = kube::Client::try_from(config).unwrap();
        self.open = Some(self.browser.open(CONTEXT, Way::Server(client)));
    }

    async fn next<T>(&mut self, mut wanted: impl FnMut(Event) -> Option<T>) -> T {
        let found = tokio::time::timeout(Duration::from_secs(30), async {
            loop {
                let event = self.inbox.next().await.expect("the browser is gone");
                if let Some(found) = wanted(event) {
                    return found;
                }
            }
        });
        found.await.expect("no such news in time")
    }

    async fn table(&mut self, mut wanted: impl FnMut(&Result<KindTable, Fault>) -> bool) -> Result<KindTable, Fault> {
        self.next(|event| match event {
            Event::Table(news) if wanted(&news.table) => Some(news.table),
            _ => None,
        })
        .await
    }

    async fn object(&mut self, place: ObjectPlace) -> Result<Box<LiveDetail>, Fault> {
        self.browser.read(place.clone());
        self.next(|event| match event {
            Event::Done(Done::Object(of, found)) if of == place => Some(found),
            _ => None,
        })
        .await
    }
}

fn kind(group: &str, version: &str, kind: &str, plural: &str) -> Kind {
    let namespaced = true;
    Kind { group: group.into(), version: version.into(), kind: kind.into(), plural: plural.into(), namespaced }
}

fn vpcs() -> Kind {
    kind("vpc.githedgehog.com", "v1beta1", "VPC", "vpcs")
}

fn vpc(name: &str) -> Value {
    json!({
        "apiVersion": "vpc.githedgehog.com/v1beta1", "kind": "VPC", "metadata": { "name": name },
        "spec": { "ipv4Namespace": "default", "mode": "l2vni" },
    })
}

fn place(name: &str) -> ObjectPlace {
    ObjectPlace { context: CONTEXT.into(), kind: vpcs(), namespace: "default".into(), name: name.into() }
}

fn browsed() -> Browsed {
    Browsed { context: CONTEXT.into(), kind: vpcs() }
}

#[tokio::test]
async fn a_kind_that_is_looked_at_is_read_as_its_server_prints_it() {
    let mut browsing = Browsing::begin().await;
    browsing.api.put(vpc("a")).unwrap();
    browsing.browser.look(Some(browsed()));
    let table = browsing.table(|_| true).await.unwrap();
    let names = |wide| table.shown(wide).into_iter().map(|at| table.columns[at].name.as_str()).collect::<Vec<_>>();
    assert_eq!((names(false), names(true)), (vec!["IPv4NS"], vec!["IPv4NS", "Mode"]), "VNI is empty everywhere");
    assert_eq!((table.rows[0].name.as_str(), table.rows[0].generation), ("a", Some(1)));
    browsing.api.put(vpc("b")).unwrap();
    browsing.refresh.send_modify(|count| *count += 1);
    let table = browsing.table(|table| table.as_ref().is_ok_and(|table| table.rows.len() == 2)).await.unwrap();
    assert!(table.namespace.is_none() && !table.cut);
}

#[tokio::test]
async fn a_kind_that_is_refused_is_a_fault_of_that_kind_and_comes_back() {
    let mut browsing = Browsing::begin().await;
    browsing.api.behave(Behaviour::Forbidden("vpcs".into()));
    browsing.browser.look(Some(browsed()));
    let fault = browsing.table(|_| true).await.unwrap_err();
    assert!(fault.why.contains("403") && !fault.remedy.is_empty(), "{fault}");
    browsing.api.behave(Behaviour::Normal);
    browsing.refresh.send_modify(|count| *count += 1);
    browsing.table(Result::is_ok).await.unwrap();
}

#[tokio::test]
async fn a_connection_that_comes_back_is_used_without_being_asked_for() {
    let mut browsing = Browsing::begin().await;
    browsing.open = None;
    let fault = browsing.object(place("a")).await.unwrap_err();
    assert!(fault.why.contains("not connected"), "{fault}");
    browsing.browser.look(Some(browsed()));
    browsing.connect().await;
    browsing.table(Result::is_ok).await.unwrap();
}

#[tokio::test]
async fn kinds_have_their_short_names() {
    let mut browsing = Browsing::begin().await;
    let kinds = browsing.next(|event| if let Event::Kinds(news) = event { Some(news.kinds) } else { None }).await;
    let found: Vec<&str> =
        kinds.iter().filter(|kind| kind.fit("sw") == Some(Fit::Exact)).map(|kind| kind.kind.plural.as_str()).collect();
    assert_eq!(found, ["switches"]);
    assert_eq!(kinds.iter().filter(|kind| kind.kind.kind == "VPC").count(), 1);
}

#[tokio::test]
async fn an_object_is_read_whole_with_what_happened_to_it() {
    let mut browsing = Browsing::begin().await;
    let mut object = vpc("a");
    object["metadata"]["uid"] = "uid-of-a".into();
    browsing.api.put(object).unwrap();
    for (name, uid) in [("mine", "uid-of-a"), ("other", "uid-of-b")] {
        let event = json!({
            "apiVersion": "v1", "kind": "Event", "metadata": { "name": name }, "involvedObject": { "uid": uid },
            "type": "Warning", "reason": name, "message": "no VLAN is free",
        });
        browsing.api.put(event).unwrap();
    }
    let detail = browsing.object(place("a")).await.unwrap();
    assert!(detail.yaml.contains("mode: l2vni"), "{}", detail.yaml);
    let events = detail.events.unwrap().unwrap();
    assert_eq!(events.iter().map(|event| event.reason.as_str()).collect::<Vec<_>>(), ["mine"]);
    browsing.api.behave(Behaviour::Forbidden("events".into()));
    let detail = browsing.object(place("a")).await.unwrap();
    assert!(detail.events.unwrap().unwrap_err().why.contains("403"), "the object is shown without them");
    assert_eq!(browsing.object(place("b")).await.unwrap_err().why, "it is gone");
}

#[tokio::test]
async fn an_object_of_a_snapshot_is_read_from_its_file() {
    let mut browsing = Browsing::begin().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cluster.yaml");
    let mut object = vpc("a");
    object["metadata"]["namespace"] = "default".into();
    object["status"] = json!({ "conditions": [{ "type": "Ready", "status": "True" }] });
    std::fs::write(&file, json!({ "apiVersion": "v1", "kind": "List", "items": [object] }).to_string()).unwrap();
    browsing.open = None;
    browsing.open = Some(browsing.browser.open(CONTEXT, Way::Snapshot(file)));
    let detail = browsing.object(place("a")).await.unwrap();
    assert_eq!((detail.conditions.len(), detail.events), (1, None), "nobody keeps events of a file");
    assert!(browsing.object(place("b")).await.unwrap_err().why.contains("not in"));
}
