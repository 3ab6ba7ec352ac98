//! Ways to a real server, and what becomes of a worker when it goes away and comes back.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use hnpwb::config::session::ClusterSpec;
use hnpwb::demo::api::{Api, hedgehog_kinds};
use hnpwb::domain::cluster::{Connection, LiveSet};
use hnpwb::domain::health::Rules;
use hnpwb::source::kube::{Demand, Target, spawn};
use hnpwb::source::mailbox::mailbox;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::server::{ADMIN, kubeconfig, own_server, server};
use crate::{PATIENCE, namespace, vpc};

/// A worker, and all that keeps it going.
pub struct Running {
    pub live: watch::Receiver<Arc<LiveSet>>,
    folder: tempfile::TempDir,
    _demand: watch::Sender<Demand>,
    _stop: DropGuard,
}

pub fn start(kubeconfig: &str) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kubeconfig");
    std::fs::write(&file, kubeconfig).unwrap();
    let cluster = ClusterSpec::Context { context: Some("test".into()), kubeconfig: Some(file) };
    let (wanted, refresh) = (watch::channel(BTreeMap::new()).1, watch::channel(0).1);
    let (demand, receiver) = watch::channel(Demand::default());
    let cancel = CancellationToken::new();
    let target = Target {
        name: "test".into(),
        cluster,
        wanted,
        refresh,
        demand: receiver,
        browser: None,
        rules: Rules::built_in(),
    };
    let live = spawn(target, mailbox().0, cancel.clone());
    Running { live, folder, _demand: demand, _stop: cancel.drop_guard() }
}

impl Running {
    pub async fn until(&mut self, what: impl FnMut(&Arc<LiveSet>) -> bool) -> Arc<LiveSet> {
        let mut live = self.live.clone();
        let found = timeout(PATIENCE, live.wait_for(what)).await;
        let Ok(found) = found else {
            let live = self.live.borrow();
            panic!("it did not come to this in time: {:?}, {:?}", live.connection, live.fault)
        };
        Arc::clone(&found.unwrap())
    }
}

pub fn is_listed(live: &LiveSet) -> bool {
    live.connection == Connection::Connected && live.listed.contains(&("vpc.githedgehog.com".into(), "VPC".into()))
}

pub fn names(live: &LiveSet, namespace: &str) -> Vec<String> {
    let objects = live.objects.of_kind("vpc.githedgehog.com", "VPC");
    objects.filter(|object| object.key.namespace == namespace).map(|object| object.key.name.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_and_started_again_is_taken_up() {
    let Some(mut server) = own_server() else { return };
    namespace(&server, "kept").await;
    server.create(vpc("kept", "first", 1001)).await;
    let mut running = start(&kubeconfig(server.port, false));
    running.until(|live| is_listed(live) && names(live, "kept") == ["first"]).await;
    server.stop();
    let live = running.until(|live| live.connection == Connection::Unreachable).await;
    assert_eq!(names(&live, "kept"), ["first"], "the last good data stays");
    assert!(live.fault.as_ref().is_some_and(|fault| !fault.remedy.is_empty()) && live.as_of.is_some());
    server.start();
    running.until(|live| is_listed(live)).await;
    server.create(vpc("kept", "second", 1002)).await;
    running.until(|live| is_listed(live) && names(live, "kept") == ["first", "second"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_no_longer_good_is_said_so_until_the_kubeconfig_has_another() {
    let Some(server) = server() else { return };
    let config = kubeconfig(server.port, false);
    let mut running = start(&config.replace(ADMIN, "expired-EXAMPLE"));
    let live = running.until(|live| live.connection == Connection::Unauthorized).await;
    assert!(live.fault.as_ref().is_some_and(|fault| fault.why.contains("401")), "{:?}", live.fault);
    std::fs::write(running.folder.path().join("kubeconfig"), config).unwrap();
    running.until(|live| is_listed(live)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_comes_back_with_other_tokens_is_taken_up_with_the_one_that_the_file_has_now() {
    let Some(mut server) = own_server() else { return };
    namespace(&server, "kept").await;
    server.create(vpc("kept", "first", 1001)).await;
    let tokens = tempfile::tempdir().unwrap();
    let token = tokens.path().join("token");
    std::fs::write(&token, ADMIN).unwrap();
    let config =
        kubeconfig(server.port, false).replace(&format!("token: {ADMIN}"), &format!("tokenFile: {}", token.display()));
    let mut running = start(&config);
    running.until(|live| is_listed(live) && names(live, "kept") == ["first"]).await;
    let renewed = "renewed-EXAMPLE";
    std::fs::write(server.folder.join("tokens.csv"), format!("{renewed},admin,1,\"system:masters\"\n")).unwrap();
    std::fs::write(&token, renewed).unwrap();
    server.stop();
    server.start();
    running.until(|live| live.connection != Connection::Connected).await;
    running.until(|live| is_listed(live) && names(live, "kept") == ["first"]).await;
}

/// The kubeconfig for the shared server with its certificate checked, by this name.
fn checked(port: u16, folder: &Path, name: &str) -> String {
    let authority = folder.join("certs/apiserver.crt");
    let checked = format!("certificate-authority: {}\n    tls-server-name: {name}", authority.display());
    kubeconfig(port, false).replace("insecure-skip-tls-verify: true", &checked)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_in_the_certificate_is_the_one_that_the_kubeconfig_says() {
    let Some(server) = server() else { return };
    start(&checked(server.port, &server.folder, "kubernetes.default")).until(|live| is_listed(live)).await;
    let mut other = start(&checked(server.port, &server.folder, "elsewhere.example.com"));
    let live = other.until(|live| live.fault.is_some()).await;
    assert_eq!(live.connection, Connection::Unreachable);
    assert!(live.fault.as_ref().unwrap().remedy.contains("tls-server-name"), "{:?}", live.fault);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_certificate_is_enough() {
    let Some(server) = server() else { return };
    let of = |file: &str| server.folder.join(file).display().to_string();
    let config = kubeconfig(server.port, false);
    let (before, _) = config.split_once("  user: {token").unwrap();
    let user = format!("  user: {{client-certificate: {}, client-key: {}}}\n", of("client.crt"), of("client.key"));
    start(&format!("{before}{user}")).until(|live| is_listed(live)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_context_is_found_in_any_of_several_kubeconfigs() {
    let [first, second] = [(); 2].map(|()| Api::start(hedgehog_kinds()).unwrap());
    second.put(vpc("default", "a", 1001)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("one"), first.kubeconfig("first")).unwrap();
    std::fs::write(path("two"), second.kubeconfig("second")).unwrap();
    let session =
        "[[fabric]]\nname = \"lab\"\ngitops = { directory = \"gitops\" }\ncluster = { context = \"second\" }\n";
    std::fs::write(path("hnpwb.toml"), session).unwrap();
    let repository = git2::Repository::init(folder.path()).unwrap();
    std::fs::create_dir(path("gitops")).unwrap();
    crate::write(folder.path(), &[vpc("default", "a", 1001)]);
    crate::commit(&repository);
    let files = std::env::join_paths([path("one"), path("two"), path("missing")]).unwrap();
    let home = folder.path().to_owned();
    let run = tokio::task::spawn_blocking(move || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_hnpwb"));
        command.current_dir(&home).env("HOME", &home).env("XDG_STATE_HOME", &home).env("KUBECONFIG", files);
        command.args(["drift", "-o", "json"]).output()
    });
    let out = run.await.unwrap().unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{out:?}"));
    let fabric = &answer["fabrics"][0];
    assert_eq!((&fabric["context"], &fabric["connection"]), (&"second".into(), &"connected".into()), "{out:?}");
    assert_eq!(fabric["objects"][0]["state"], "synced", "{out:?}");
}
