//! A version that a real server no longer knows: a watch that goes on from it is answered with 410, and what is shown is built
//! anew, with nothing lost and nothing there twice.

use std::pin::pin;
use std::time::Duration;

use futures::TryStreamExt;
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, ListParams, WatchEvent, WatchParams};
use tokio::time::{sleep, timeout};

use crate::connection::{is_listed, names, start};
use crate::server::{Server, kubeconfig, own_server_with};
use crate::{namespace, vpc};

const NAMES: [&str; 3] = ["a", "b", "c"];
/// A watch lasts for fifty seconds; the machine may be slow.
const LONG: Duration = Duration::from_secs(180);

async fn vpcs(server: &Server) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk("vpc.githedgehog.com", "v1beta1", "VPC");
    Api::all_with(server.client().await, &ApiResource::from_gvk_with_plural(&kind, "vpcs"))
}

/// The code with which a watch from this version is refused.
async fn refused(api: &Api<DynamicObject>, version: &str) -> Option<u16> {
    let watched = timeout(Duration::from_secs(30), async {
        let events = match api.watch(&WatchParams::default().timeout(20), version).await {
            Ok(events) => events,
            Err(kube::Error::Api(status)) => return Some(status.code),
            Err(error) => panic!("{error}"),
        };
        let mut events = pin!(events);
        match events.try_next().await {
            Ok(Some(WatchEvent::Error(status))) | Err(kube::Error::Api(status)) => Some(status.code),
            _ => None,
        }
    });
    watched.await.expect("an answer")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_from_a_version_that_is_gone_is_built_anew_and_loses_nothing() {
    // Without its cache the server answers from etcd, and no bookmark moves the version of a quiet kind on.
    let Some(server) = own_server_with(&["--watch-cache=false"]) else { return };
    namespace(&server, "expired").await;
    for (vlan, name) in (1001..).zip(NAMES) {
        server.create(vpc("expired", name, vlan)).await;
    }
    let mut running = start(&kubeconfig(server.port, false));
    running.until(|live| is_listed(live) && names(live, "expired") == NAMES).await;
    let lists = server.lists_of_vpcs().await;
    // Whatever is shown from here on, it is these three.
    let mut seen = running.live.clone();
    let other = tokio::spawn(async move {
        loop {
            let found = names(&seen.borrow_and_update(), "expired");
            if found != NAMES || seen.changed().await.is_err() {
                return found;
            }
        }
    });
    // The program's watch began at this version or before.
    let api = vpcs(&server).await;
    let version = api.list(&ListParams::default()).await.unwrap().metadata.resource_version.unwrap();
    for other in ["one", "two", "three"] {
        namespace(&server, other).await;
    }
    server.compact().await;
    assert_eq!(refused(&api, &version).await, Some(410), "the server knows the version still");
    let lists = lists.max(server.lists_of_vpcs().await);
    // Its own watch goes on until it is over; the next one has to begin with a list.
    let again = timeout(LONG, async {
        while server.lists_of_vpcs().await <= lists {
            sleep(Duration::from_millis(500)).await;
        }
    });
    assert!(again.await.is_ok(), "it did not list again: {:?}", running.live.borrow().connection);
    server.create(vpc("expired", "d", 1004)).await;
    server.delete(&vpc("expired", "b", 0)).await;
    running.until(|live| is_listed(live) && names(live, "expired") == ["a", "c", "d"]).await;
    // What comes next is one of these steps; news that come together are one.
    let next = other.await.unwrap();
    let steps: [&[&str]; 3] = [&["a", "b", "c", "d"], &["a", "c"], &["a", "c", "d"]];
    assert!(steps.iter().any(|step| next == *step), "something else was shown meanwhile: {next:?}");
}
