//! What a real server says of its custom kinds.

use std::collections::BTreeMap;

use hnpwb::config::session::ClusterSpec;
use hnpwb::domain::cluster::Known;
use hnpwb::domain::health::Rules;
use hnpwb::source::kube::{Demand, Target, spawn};
use hnpwb::source::mailbox::mailbox;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::PATIENCE;
use crate::server::{kubeconfig, server};

#[tokio::test(flavor = "multi_thread")]
async fn the_definition_of_a_watched_kind_is_read() {
    let Some(server) = server() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kubeconfig");
    std::fs::write(&file, kubeconfig(server.port, false)).unwrap();
    let cluster = ClusterSpec::Context { context: Some("test".into()), kubeconfig: Some(file) };
    let (_wanted, wanted) = watch::channel(BTreeMap::new());
    let (_refresh, refresh) = watch::channel(0);
    let (_demand, demand) = watch::channel(Demand::default());
    let (outbox, _inbox) = mailbox();
    let cancel = CancellationToken::new();
    let _stop = cancel.clone().drop_guard();
    let rules = Rules::built_in();
    let target = Target { name: "test".into(), cluster, wanted, rules, refresh, demand, browser: None };
    let mut live = spawn(target, outbox, cancel);
    let key = ("vpc.githedgehog.com".to_owned(), "v1beta1".to_owned(), "VPC".to_owned());
    let described = timeout(PATIENCE, live.wait_for(|live| live.schemas.contains_key(&key))).await;
    let schema = described.expect("it is described in time").unwrap().schemas[&key].clone();
    assert!(schema.status_subresource && !schema.has_status);
    let Known::As(spec) = schema.root.field("spec") else { panic!("the spec is described") };
    assert!(matches!(spec.field("mode"), Known::As(_)));
    assert_eq!(spec.field("moed"), Known::Pruned);
}
