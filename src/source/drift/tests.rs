//! Cluster and drift workers together, against the in-process API and a real repository.

use std::sync::Arc;
use std::time::Duration;

use git2::{IndexAddOption, Repository, Signature};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::spawn;
use crate::config::session::{ClusterSpec, FabricSpec, Session};
use crate::demo::api::{Api, Behaviour, hedgehog_kinds};
use crate::domain::drift::{DetailRequest, DriftDetail, DriftState, DriftView};
use crate::event::{Done, Event};
use crate::source::Inbox;
use crate::source::mailbox::mailbox;

fn session(root: &std::path::Path, fabrics: Vec<FabricSpec>) -> Session {
    Session { fabrics, ..Session::bare("t", root.into()) }
}

fn commit(repository: &Repository) {
    let mut index = repository.index().unwrap();
    index.add_all(["gitops"], IndexAddOption::DEFAULT, None).unwrap();
    index.write().unwrap();
    let tree = repository.find_tree(index.write_tree().unwrap()).unwrap();
    let who = Signature::now("t", "t@example.com").unwrap();
    let parent = repository.head().ok().and_then(|head| head.peel_to_commit().ok());
    repository.commit(Some("HEAD"), &who, &who, "x", &tree, &parent.iter().collect::<Vec<_>>()).unwrap();
}

fn manifest(name: &str, vlan: u32) -> serde_json::Value {
    json!({ "apiVersion": "vpc.githedgehog.com/v1beta1", "kind": "VPC", "metadata": { "name": name }, "spec": { "vlan": vlan } })
}

async fn until(inbox: &mut Inbox, name: &str, state: DriftState) -> DriftView {
    let mut last = None;
    let found = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            if let Some(Event::Drift(view)) = inbox.next().await {
                if view.rows.iter().any(|row| row.key.name == name && row.state == state) {
                    return view;
                }
                last = Some(view);
            }
        }
    });
    let Ok(view) = found.await else { panic!("{name} did not become {}: {last:?}", state.name()) };
    view
}

async fn looked(inbox: &mut Inbox) -> DriftDetail {
    let answer = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            if let Some(Event::Done(Done::DriftDetail(news))) = inbox.next().await {
                return news.detail;
            }
        }
    });
    answer.await.expect("an answer").unwrap()
}

/// Nothing that comes first.
fn at_once() -> CancellationToken {
    let told = CancellationToken::new();
    told.cancel();
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fabric_is_followed_on_both_sides() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::init(folder.path()).unwrap();
    std::fs::create_dir(folder.path().join("gitops")).unwrap();
    let file = folder.path().join("gitops/a.json");
    std::fs::write(&file, manifest("a", 1).to_string()).unwrap();
    commit(&repository);
    let api = Api::start(hedgehog_kinds()).unwrap();
    api.put(manifest("a", 1)).unwrap();
    let kubeconfig = folder.path().join("config");
    std::fs::write(&kubeconfig, api.kubeconfig("lab")).unwrap();
    let fabric = |name: &str| FabricSpec {
        name: name.into(),
        repo: folder.path().into(),
        directory: "gitops".into(),
        exclude: Vec::new(),
        cluster: Some(ClusterSpec::Context { context: None, kubeconfig: Some(kubeconfig.clone()) }),
        // Commits have whole seconds and are read a second later: two would at times be over by then.
        grace: Duration::from_secs(4),
    };
    let (outbox, mut inbox) = mailbox();
    let cancel = CancellationToken::new();
    let _stop = cancel.clone().drop_guard();
    let workers = spawn(Arc::new(session(folder.path(), vec![fabric("one")])), outbox, at_once(), cancel);

    until(&mut inbox, "a", DriftState::Synced).await;
    api.put(manifest("a", 5)).unwrap();
    let view = until(&mut inbox, "a", DriftState::Drifted).await;
    assert_eq!(view.rows[0].fields[0].path, "spec.vlan");
    api.put(manifest("a", 1)).unwrap();
    until(&mut inbox, "a", DriftState::Synced).await;
    std::fs::write(&file, manifest("a", 2).to_string()).unwrap();
    until(&mut inbox, "a", DriftState::Draft).await;
    commit(&repository);
    until(&mut inbox, "a", DriftState::Pending).await;
    until(&mut inbox, "a", DriftState::Behind).await;
    api.put(manifest("a", 2)).unwrap();
    let view = until(&mut inbox, "a", DriftState::Synced).await;
    workers.detail(DetailRequest { fabric: "one".into(), key: view.rows[0].key.clone() });
    let detail = looked(&mut inbox).await;
    let live: Vec<bool> = detail.versions.iter().map(|version| version.is_live).collect();
    assert_eq!((live, detail.context.as_deref()), (vec![true, false], Some("lab")));
    api.behave(Behaviour::Unauthorized);
    workers.refresh();
    until(&mut inbox, "a", DriftState::Unknown).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_fabrics_that_want_one_object_say_so() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["one", "two"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
        std::fs::write(folder.path().join(name).join("a.json"), manifest("a", 1).to_string()).unwrap();
    }
    let snapshot = folder.path().join("live.json");
    std::fs::write(&snapshot, manifest("a", 1).to_string()).unwrap();
    let fabric = |name: &str| FabricSpec {
        name: name.into(),
        repo: folder.path().into(),
        directory: name.into(),
        exclude: Vec::new(),
        cluster: Some(ClusterSpec::Snapshot(snapshot.clone())),
        grace: Duration::ZERO,
    };
    let (outbox, mut inbox) = mailbox();
    let cancel = CancellationToken::new();
    let _stop = cancel.clone().drop_guard();
    let _workers =
        spawn(Arc::new(session(folder.path(), vec![fabric("one"), fabric("two")])), outbox, at_once(), cancel);
    let found = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            if let Some(Event::Drift(view)) = inbox.next().await
                && view.findings.iter().any(|finding| finding.code == "claimed-twice")
                && view.rows[0].state == DriftState::Synced
            {
                return;
            }
        }
    });
    found.await.expect("one row that is synced, and a finding that names the other fabric");
}

#[tokio::test]
async fn a_directory_that_is_not_there_is_a_fault_until_it_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let fabric = FabricSpec {
        name: "gone".into(),
        repo: folder.path().into(),
        directory: "late".into(),
        exclude: Vec::new(),
        cluster: None,
        grace: Duration::ZERO,
    };
    let (outbox, mut inbox) = mailbox();
    let cancel = CancellationToken::new();
    let _stop = cancel.clone().drop_guard();
    let _ = spawn(Arc::new(session(folder.path(), vec![fabric])), outbox, at_once(), cancel);
    let event = tokio::time::timeout(Duration::from_secs(30), inbox.next()).await.unwrap();
    assert!(matches!(event, Some(Event::SourceFault(_, fault)) if fault.on.ends_with("late")));
    std::fs::create_dir(folder.path().join("late")).unwrap();
    std::fs::write(folder.path().join("late/a.json"), manifest("a", 1).to_string()).unwrap();
    until(&mut inbox, "a", DriftState::Unknown).await;
}

#[tokio::test]
async fn a_cluster_is_watched_without_any_fabric_and_without_keeping_the_handle() {
    let folder = tempfile::tempdir().unwrap();
    let api = Api::start(hedgehog_kinds()).unwrap();
    api.put(manifest("a", 1)).unwrap();
    let kubeconfig = folder.path().join("config");
    std::fs::write(&kubeconfig, api.kubeconfig("lab")).unwrap();
    let (outbox, mut inbox) = mailbox();
    let cancel = CancellationToken::new();
    let _stop = cancel.clone().drop_guard();
    let clusters = vec![(ClusterSpec::Context { context: None, kubeconfig: Some(kubeconfig) }, "lab".to_owned())];
    let refresh = tokio::sync::watch::Sender::new(0);
    let browser = super::Browser::spawn(outbox.clone(), refresh.subscribe(), &cancel);
    let updates = (&refresh.subscribe(), &tokio::sync::watch::channel(super::Demand::default()).1);
    let session = session(folder.path(), Vec::new());
    let asked = tokio::sync::watch::channel(None).1;
    let _kept = super::start(&session, clusters, (&browser, &Arc::default()), &outbox, updates, &asked, &cancel);
    let found = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            if let Some(Event::Cluster(view)) = inbox.next().await
                && !view.objects.is_empty()
            {
                return view;
            }
        }
    });
    assert_eq!(found.await.unwrap().context, "lab");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_show_what_the_switches_say_and_references_to_nothing_are_findings() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("gitops")).unwrap();
    let attachment = json!({ "apiVersion": "vpc.githedgehog.com/v1beta1", "kind": "VPCAttachment",
        "metadata": { "name": "x" }, "spec": { "subnet": "none/default", "connection": "c" } });
    std::fs::write(folder.path().join("gitops/a.json"), manifest("a", 1).to_string()).unwrap();
    std::fs::write(folder.path().join("gitops/x.json"), attachment.to_string()).unwrap();
    let agent = json!({ "apiVersion": "agent.githedgehog.com/v1beta1", "kind": "Agent",
        "metadata": { "name": "leaf-1", "generation": 1 }, "spec": { "vpcs": { "a": manifest("a", 1)["spec"] } },
        "status": { "lastAppliedGen": 1, "lastHeartbeat": jiff::Timestamp::now().to_string() } });
    let snapshot = folder.path().join("live.json");
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": [manifest("a", 1), agent] });
    std::fs::write(&snapshot, list.to_string()).unwrap();
    let fabric = FabricSpec {
        name: "one".into(),
        repo: folder.path().into(),
        directory: "gitops".into(),
        exclude: Vec::new(),
        cluster: Some(ClusterSpec::Snapshot(snapshot)),
        grace: Duration::ZERO,
    };
    let (outbox, mut inbox) = mailbox();
    let cancel = CancellationToken::new();
    let _stop = cancel.clone().drop_guard();
    let _workers = spawn(Arc::new(session(folder.path(), vec![fabric])), outbox, at_once(), cancel);
    let view = until(&mut inbox, "a", DriftState::Synced).await;
    let row = view.rows.iter().find(|row| row.key.name == "a").unwrap();
    assert_eq!(row.health.as_ref().map(|health| health.reason.as_str()), Some("live on leaf-1"));
    let finding = view.findings.iter().find(|finding| finding.code == "dangling-reference").unwrap();
    assert!(finding.message.starts_with("VPCAttachment x: .spec.subnet names VPC none"), "{}", finding.message);
}
