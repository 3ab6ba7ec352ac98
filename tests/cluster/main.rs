//! Cluster and drift against a real kube-apiserver and etcd (from `KUBEBUILDER_ASSETS`; skipped without it).
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use git2::{IndexAddOption, Repository, Signature};
use hnpwb::config::session::{ClusterSpec, FabricSpec, Session};
use hnpwb::demo::api::{Api, hedgehog_kinds};
use hnpwb::domain::cluster::{ClusterView, Connection};
use hnpwb::domain::drift::{DriftRow, DriftState, DriftView, FieldClass};
use hnpwb::domain::health::HealthState;
use hnpwb::event::Event;
use hnpwb::source::Inbox;
use hnpwb::source::drift::{Workers, spawn};
use hnpwb::source::mailbox::mailbox;
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

mod connection;
mod exact;
mod expired;
mod pairs;
mod schemas;
mod server;
#[path = "../terminal/skip.rs"]
mod skip;

use server::{Server, assets, kubeconfig, server};
use skip::skip;

const PATIENCE: Duration = Duration::from_secs(60);

/// A VPC in a namespace of its test, so that tests do not see each other's.
fn vpc(namespace: &str, name: &str, vlan: u32) -> Value {
    json!({
        "apiVersion": "vpc.githedgehog.com/v1beta1", "kind": "VPC", "metadata": { "name": name, "namespace": namespace },
        "spec": { "subnets": { "default": { "subnet": "10.0.1.0/24", "vlan": vlan } } },
    })
}

/// Workers on a GitOps directory and the server.
struct Bench {
    folder: tempfile::TempDir,
    repository: Repository,
    inbox: Inbox,
    workers: Workers,
    _stop: DropGuard,
}

impl Bench {
    /// Starts with these objects committed; one fabric per grace, all on the same directory.
    fn start(objects: &[Value], kubeconfig: &str, graces: &[(&str, Duration)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::init(folder.path()).unwrap();
        std::fs::create_dir(folder.path().join("gitops")).unwrap();
        let file = folder.path().join("kubeconfig");
        std::fs::write(&file, kubeconfig).unwrap();
        let cluster = ClusterSpec::Context { context: Some("test".into()), kubeconfig: Some(file) };
        let fabrics = graces.iter().map(|(name, grace)| FabricSpec {
            name: (*name).to_owned(),
            repo: folder.path().to_owned(),
            directory: "gitops".into(),
            exclude: Vec::new(),
            cluster: Some(cluster.clone()),
            grace: *grace,
        });
        let session = session(folder.path(), fabrics.collect());
        let (outbox, inbox) = mailbox();
        let cancel = CancellationToken::new();
        let stop = cancel.clone().drop_guard();
        write(folder.path(), objects);
        commit(&repository);
        // There are no agents that come first.
        let at_once = CancellationToken::new();
        at_once.cancel();
        let workers = spawn(Arc::new(session), outbox, at_once, cancel);
        Self { folder, repository, inbox, workers, _stop: stop }
    }

    async fn drift(&mut self, what: impl Fn(&DriftView) -> bool) -> DriftView {
        let mut last = None;
        let found = timeout(PATIENCE, async {
            loop {
                match self.inbox.next().await {
                    Some(Event::Drift(view)) if what(&view) => return view,
                    Some(event) => last = Some(event),
                    None => panic!("the workers are gone"),
                }
            }
        });
        let Ok(found) = found.await else { panic!("no such drift in time, last of all {last:#?}") };
        found
    }

    async fn cluster(&mut self, what: impl Fn(&ClusterView) -> bool) -> ClusterView {
        let mut last = None;
        let found = timeout(PATIENCE, async {
            loop {
                match self.inbox.next().await {
                    Some(Event::Cluster(view)) if what(&view) => return view,
                    Some(Event::Cluster(view)) => last = Some(view),
                    Some(_) => {}
                    None => panic!("the workers are gone"),
                }
            }
        });
        let Ok(found) = found.await else { panic!("no such view in time, last of all {last:#?}") };
        found
    }
}

fn session(root: &Path, fabrics: Vec<FabricSpec>) -> Session {
    Session { fabrics, ..Session::bare("test", root.to_owned()) }
}

fn write(root: &Path, objects: &[Value]) {
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": objects });
    std::fs::write(root.join("gitops/objects.json"), list.to_string()).unwrap();
}

fn commit(repository: &Repository) {
    let mut index = repository.index().unwrap();
    index.add_all(["gitops"], IndexAddOption::DEFAULT, None).unwrap();
    index.write().unwrap();
    let tree = repository.find_tree(index.write_tree().unwrap()).unwrap();
    let who = Signature::now("test", "test@example.com").unwrap();
    let parent = repository.head().ok().and_then(|head| head.peel_to_commit().ok());
    repository.commit(Some("HEAD"), &who, &who, "change", &tree, &parent.iter().collect::<Vec<_>>()).unwrap();
}

fn rows<'a>(view: &'a DriftView, namespace: &str) -> Vec<&'a DriftRow> {
    view.rows.iter().map(AsRef::as_ref).filter(|row| row.key.namespace == namespace).collect()
}

fn states(view: &DriftView, namespace: &str) -> Vec<(String, DriftState)> {
    let mut states: Vec<_> = rows(view, namespace).iter().map(|row| (row.key.name.clone(), row.state)).collect();
    states.sort();
    states
}

async fn namespace(server: &Server, name: &str) {
    server.create(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_is_listed_and_watched() {
    let Some(server) = server() else { return };
    namespace(server, "watched").await;
    server.create(vpc("watched", "first", 1001)).await;
    let mut bench = Bench::start(&[], &kubeconfig(server.port, false), &[("fabric", Duration::from_secs(300))]);
    let has =
        |view: &ClusterView, name: &str| view.objects.iter().any(|row| row.namespace == "watched" && row.name == name);
    let view = bench.cluster(|view| has(view, "first")).await;
    assert_eq!(view.connection, Connection::Connected);
    assert!(view.server.is_some_and(|server| server.starts_with('v')));
    let row = view.objects.iter().find(|row| row.name == "first").unwrap();
    assert_eq!((row.health.state, row.generation), (HealthState::NoSignal, Some(1)));
    server.create(vpc("watched", "second", 1002)).await;
    bench.cluster(|view| has(view, "second")).await;
    server.delete(&vpc("watched", "first", 0)).await;
    bench.cluster(|view| has(view, "second") && !has(view, "first")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_edit_is_exactly_one_drifted_object() {
    let Some(server) = server() else { return };
    namespace(server, "edited").await;
    let objects = [vpc("edited", "one", 1001), vpc("edited", "two", 1002)];
    for object in &objects {
        server.create(object.clone()).await;
    }
    let mut bench = Bench::start(&objects, &kubeconfig(server.port, false), &[("fabric", Duration::from_secs(300))]);
    let synced = |view: &DriftView| rows(view, "edited").iter().all(|row| row.state == DriftState::Synced);
    bench.drift(|view| rows(view, "edited").len() == 2 && synced(view)).await;
    let change = json!({ "spec": { "subnets": { "default": { "vlan": 1999 } } } });
    server.merge(&objects[1], &change).await;
    let view = bench.drift(|view| !synced(view)).await;
    assert_eq!(
        states(&view, "edited"),
        [("one".to_owned(), DriftState::Synced), ("two".to_owned(), DriftState::Drifted)]
    );
    let drifted = rows(&view, "edited").into_iter().find(|row| row.state == DriftState::Drifted).unwrap();
    assert_eq!(drifted.fields.len(), 1, "what the schema defaults is no drift: {:?}", drifted.fields);
    let field = &drifted.fields[0];
    assert_eq!(field.path, "spec.subnets.default.vlan");
    assert_eq!((&field.desired, &field.live), (&json!(1002), &json!(1999)));
    assert!(field.manager.is_some(), "managedFields says who wrote it");
    write(bench.folder.path(), &[objects[0].clone(), vpc("edited", "two", 1999)]);
    bench.drift(|view| states(view, "edited")[1].1 == DriftState::Draft).await;
    commit(&bench.repository);
    bench.drift(|view| rows(view, "edited").len() == 2 && synced(view)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_with_kubectl_is_drift_by_its_name() {
    let Some(server) = server() else { return };
    if !std::process::Command::new("kubectl")
        .arg("version")
        .arg("--client")
        .output()
        .is_ok_and(|out| out.status.success())
    {
        return skip("there is no kubectl");
    }
    namespace(server, "by-hand").await;
    let object = vpc("by-hand", "two", 1002);
    server.create(object.clone()).await;
    let config = kubeconfig(server.port, false);
    let mut bench = Bench::start(&[object], &config, &[("fabric", Duration::from_secs(300))]);
    bench.drift(|view| states(view, "by-hand") == [("two".to_owned(), DriftState::Synced)]).await;
    let (file, home) = (bench.folder.path().join("kubeconfig"), bench.folder.path().to_owned());
    let edit = tokio::task::spawn_blocking(move || {
        let mut command = std::process::Command::new("kubectl");
        command.arg("--kubeconfig").arg(file).args(["-n", "by-hand", "edit", "vpcs.vpc.githedgehog.com", "two"]);
        command.env("HOME", home).env("KUBE_EDITOR", "sed -i s/1002/1999/").output()
    });
    let edited = edit.await.unwrap().unwrap();
    assert!(edited.status.success(), "{edited:?}");
    let view = bench.drift(|view| states(view, "by-hand") == [("two".to_owned(), DriftState::Drifted)]).await;
    let fields = &rows(&view, "by-hand")[0].fields;
    assert_eq!(fields.len(), 1, "{fields:?}");
    assert_eq!(
        (fields[0].path.as_str(), fields[0].manager.as_deref()),
        ("spec.subnets.default.vlan", Some("kubectl-edit"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_is_not_served_blocks_its_object_and_says_which_is() {
    let Some(server) = server() else { return };
    let mut object = vpc("unserved", "old", 1001);
    object["apiVersion"] = "vpc.githedgehog.com/v1alpha2".into();
    let config = kubeconfig(server.port, false);
    let mut bench = Bench::start(&[object], &config, &[("fabric", Duration::from_secs(300))]);
    let view = bench.drift(|view| states(view, "unserved") == [("old".to_owned(), DriftState::Blocked)]).await;
    assert!(rows(&view, "unserved")[0].reason.ends_with("only as v1beta1"), "{:?}", view.rows);
    assert!(view.findings.iter().any(|finding| finding.code == "version-not-served"), "{:?}", view.findings);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_object_is_pending_in_its_grace_and_overdue_after_it() {
    let Some(server) = server() else { return };
    namespace(server, "deleted").await;
    let object = vpc("deleted", "gone", 1001);
    server.create(object.clone()).await;
    let graces = [("patient", Duration::from_secs(3600)), ("strict", Duration::ZERO)];
    let mut bench = Bench::start(std::slice::from_ref(&object), &kubeconfig(server.port, false), &graces);
    let is = |view: &DriftView, fabric: &str, state: DriftState| {
        view.fabric == fabric && states(view, "deleted") == [("gone".to_owned(), state)]
    };
    bench.drift(|view| is(view, "strict", DriftState::Synced)).await;
    server.delete(&object).await;
    let mut left = vec![("patient", DriftState::Pending), ("strict", DriftState::Overdue)];
    while !left.is_empty() {
        let view = bench.drift(|view| left.iter().any(|(fabric, state)| is(view, fabric, *state))).await;
        left.retain(|(fabric, _)| *fabric != view.fabric);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_git_no_longer_states_is_drift_of_its_manager() {
    let Some(server) = server() else { return };
    namespace(server, "applied").await;
    let mut object = vpc("applied", "mine", 1001);
    let without = object.clone();
    object["spec"]["mode"] = "l3vni".into();
    server.apply(&object, "argocd-controller").await;
    let mut bench = Bench::start(&[without], &kubeconfig(server.port, false), &[("fabric", Duration::from_secs(300))]);
    let drifted = |view: &DriftView| states(view, "applied") == [("mine".to_owned(), DriftState::Drifted)];
    let view = bench.drift(drifted).await;
    let fields = &rows(&view, "applied")[0].fields;
    assert_eq!(fields.len(), 1, "{fields:?}");
    assert_eq!((fields[0].path.as_str(), fields[0].class), ("spec.mode", FieldClass::RemovedInGit));
    assert_eq!(fields[0].manager.as_deref(), Some("argocd-controller"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_that_is_denied_is_a_fault_of_that_kind_alone() {
    let Some(server) = server() else { return };
    namespace(server, "denied").await;
    let object = vpc("denied", "seen", 1001);
    server.create(object.clone()).await;
    let cable = json!({ "apiVersion": "wiring.githedgehog.com/v1beta1", "kind": "Connection",
        "metadata": { "name": "unseen", "namespace": "denied" }, "spec": { "unbundled": {} } });
    server.create(cable.clone()).await;
    let config = kubeconfig(server.port, true);
    let mut bench = Bench::start(&[object, cable], &config, &[("fabric", Duration::from_secs(300))]);
    let wanted = [("seen".to_owned(), DriftState::Synced), ("unseen".to_owned(), DriftState::Unknown)];
    let view = bench.drift(|view| {
        let refused = rows(view, "denied").iter().any(|row| row.reason.contains("403"));
        refused && states(view, "denied") == wanted
    });
    assert_eq!(view.await.connection, Connection::Connected);
    let fault = |view: &ClusterView, kind: &str| {
        view.kinds.iter().find(|count| count.kind.kind == kind).is_some_and(|count| count.fault.is_some())
    };
    let refresh = vpc("denied", "news", 1002);
    server.create(refresh).await;
    bench.cluster(|view| fault(view, "Connection") && !fault(view, "VPC")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_that_is_installed_later_is_found_by_itself() {
    let Some(server) = server() else { return };
    namespace(server, "later").await;
    let object = json!({ "apiVersion": "late.githedgehog.com/v1", "kind": "Late",
        "metadata": { "name": "first", "namespace": "later" }, "spec": { "x": 1 } });
    let config = kubeconfig(server.port, false);
    let mut bench = Bench::start(std::slice::from_ref(&object), &config, &[("fabric", Duration::ZERO)]);
    bench.drift(|view| states(view, "later") == [("first".to_owned(), DriftState::Blocked)]).await;
    let schema = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    let version = json!({ "name": "v1", "served": true, "storage": true, "schema": { "openAPIV3Schema": schema } });
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": "lates.late.githedgehog.com" },
        "spec": { "group": "late.githedgehog.com", "scope": "Namespaced", "versions": [version],
            "names": { "kind": "Late", "listKind": "LateList", "plural": "lates", "singular": "late" } },
    });
    server.create(definition).await;
    server.create(object).await;
    bench.drift(|view| states(view, "later") == [("first".to_owned(), DriftState::Synced)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_gone_is_unreachable_and_its_objects_unknown() {
    let Some(server) = server() else { return };
    namespace(server, "lost").await;
    let object = vpc("lost", "last", 1001);
    server.create(object.clone()).await;
    // The server is shared, so what goes away is the way to it.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let way = listener.local_addr().unwrap().port();
    let target = server.port;
    let cut = CancellationToken::new();
    let proxy = tokio::spawn(cut.clone().run_until_cancelled_owned({
        let cut = cut.clone();
        async move {
            while let Ok((mut near, _)) = listener.accept().await {
                tokio::spawn(cut.clone().run_until_cancelled_owned(async move {
                    let mut far = tokio::net::TcpStream::connect(("127.0.0.1", target)).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                }));
            }
        }
    }));
    let config = kubeconfig(way, false);
    let mut bench = Bench::start(&[object], &config, &[("fabric", Duration::from_secs(300))]);
    bench.drift(|view| states(view, "lost") == [("last".to_owned(), DriftState::Synced)]).await;
    cut.cancel();
    proxy.await.unwrap();
    // The watch breaks first; that the whole server is gone is known when the probe that this hurries has failed.
    let is_gone = |view: &DriftView| {
        view.connection == Connection::Unreachable && states(view, "lost") == [("last".to_owned(), DriftState::Unknown)]
    };
    let view = bench.drift(is_gone).await;
    assert!(rows(&view, "lost")[0].reason.ends_with("last known: synced"), "{:?}", view.rows);
    assert!(view.as_of.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_reads_the_in_process_api() {
    let Some(kubectl) = assets().map(|assets| assets.join("kubectl")).filter(|kubectl| kubectl.exists()) else {
        skip("KUBEBUILDER_ASSETS is not set, or has no kubectl");
        return;
    };
    let api = Api::start(hedgehog_kinds()).unwrap();
    api.put(vpc("default", "shown", 1001)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    std::fs::write(&config, api.kubeconfig("demo")).unwrap();
    let run = |arguments: &'static [&'static str]| {
        let (kubectl, config, home) = (kubectl.clone(), config.clone(), folder.path().to_owned());
        tokio::task::spawn_blocking(move || {
            std::process::Command::new(kubectl)
                .arg("--kubeconfig")
                .arg(config)
                .env("HOME", home)
                .args(arguments)
                .output()
        })
    };
    let table = run(&["get", "vpcs"]).await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&table.stdout).contains("shown"), "{table:?}");
    let one = run(&["get", "vpc.v1beta1.vpc.githedgehog.com/shown", "-o", "json"]).await.unwrap().unwrap();
    let one: Value = serde_json::from_slice(&one.stdout).unwrap();
    assert_eq!(one["spec"]["subnets"]["default"]["vlan"], 1001);
    let kinds = run(&["api-resources"]).await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&kinds.stdout).contains("switchgroups"), "{kinds:?}");
}
