//! Ways to a server: exec plugins, expired tokens, proxies.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{is_listed, start, vlan, vpc};
use crate::demo::api::{Api, Behaviour, hedgehog_kinds};
use crate::domain::cluster::Connection;

/// A kubeconfig whose user is what this script prints.
fn exec(api: &Api, folder: &Path, script: &str) -> String {
    let file = folder.join("plugin");
    std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    let user = format!(
        "  user:\n    exec:\n      apiVersion: client.authentication.k8s.io/v1\n      command: {}\n      \
         interactiveMode: IfAvailable\n",
        file.display()
    );
    api.kubeconfig("test").replace("  user: {}\n", &user)
}

/// A script that prints the token that stands in a file.
fn token_of(file: &Path) -> String {
    let before = r#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":""#;
    format!("printf '%s%s%s' '{before}' \"$(cat {})\" '\"}}}}'", file.display())
}

#[tokio::test]
async fn what_a_plugin_says_when_it_fails_is_told_and_it_reads_nothing_from_the_terminal() {
    let api = Api::start(hedgehog_kinds()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let script = "cat >/dev/null\n[ -t 0 ] || [ -t 2 ] && echo a terminal >&2\necho token expired, log in >&2\nexit 3";
    let live = start(&exec(&api, folder.path(), script)).until(|live| live.fault.is_some()).await;
    assert_eq!(live.connection, Connection::Unauthorized);
    let fault = live.fault.clone().unwrap();
    assert_eq!(fault.why, "its exec plugin failed: token expired, log in");
    assert!(!fault.remedy.is_empty());
}

#[tokio::test]
async fn a_plugin_that_is_not_there_is_said_so() {
    let api = Api::start(hedgehog_kinds()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = exec(&api, folder.path(), "true").replace("/plugin", "/elsewhere");
    let live = start(&config).until(|live| live.fault.is_some()).await;
    let fault = live.fault.clone().unwrap();
    assert!(fault.why.starts_with("its exec plugin cannot be run"), "{fault}");
}

#[tokio::test]
async fn a_plugin_that_hangs_keeps_no_other_cluster_waiting() {
    let [hung, sound] = [(); 2].map(|()| Api::start(hedgehog_kinds()).unwrap());
    let folder = tempfile::tempdir().unwrap();
    // It ends with the test: its standard input is closed, but this pipe is not.
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let waiting = start(&exec(&hung, folder.path(), &format!("cat {}", pipe.display())));
    let mut running = start(&sound.kubeconfig("test"));
    running.until(|live| is_listed(live)).await;
    assert_eq!(waiting.live.borrow().connection, Connection::Connecting);
    drop(std::fs::OpenOptions::new().read(true).write(true).open(&pipe).unwrap());
}

#[tokio::test]
async fn a_token_that_expires_without_saying_when_is_asked_for_again() {
    let api = Api::start(hedgehog_kinds()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "first-EXAMPLE").unwrap();
    api.behave(Behaviour::Token("first-EXAMPLE".into()));
    api.put(vpc("a", 1)).unwrap();
    let mut running = start(&exec(&api, folder.path(), &token_of(&token)));
    running.until(|live| is_listed(live)).await;
    std::fs::write(&token, "second-EXAMPLE").unwrap();
    api.put(vpc("a", 2)).unwrap();
    api.behave(Behaviour::Token("second-EXAMPLE".into()));
    let back = running.until(|live| is_listed(live) && vlan(live, "a") == Some(2));
    tokio::time::timeout(super::super::RETRY / 2, back).await.expect("it waits for the next try");
}

#[tokio::test]
async fn the_proxy_of_the_kubeconfig_is_the_way_to_the_server() {
    let api = Api::start(hedgehog_kinds()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = listener.local_addr().unwrap();
    let used = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&used);
    let serving = tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            tokio::spawn(tunnel(near, Arc::clone(&counted)));
        }
    });
    let server = format!("server: http://{}\n", api.addr());
    let config = api.kubeconfig("test").replace(&server, &format!("{server}    proxy-url: http://{proxy}\n"));
    start(&config).until(|live| is_listed(live)).await;
    assert!(used.load(Ordering::Relaxed) > 0);
    serving.abort();
}

/// Carries out a CONNECT.
async fn tunnel(mut near: TcpStream, used: Arc<AtomicUsize>) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(near.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head);
    let Some(target) = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()) else { return Ok(()) };
    let mut far = TcpStream::connect(target).await?;
    near.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    used.fetch_add(1, Ordering::Relaxed);
    tokio::io::copy_bidirectional(&mut near, &mut far).await.map(drop)
}
