//! The exact check: what a real server says applying an object would do, and that asking changes nothing.

use std::path::Path;
use std::time::Duration;

use hnpwb::domain::drift::{CheckOutcome, DriftCheck, DriftState, FieldClass, ObjectKey};
use hnpwb::domain::redact::Redactor;
use hnpwb::exec::exact::{Asker, check};
use hnpwb::exec::journal;
use jiff::Timestamp;

use crate::server::{kubeconfig, server};
use crate::{Bench, namespace, states, vpc};

fn key(namespace: &str, name: &str) -> ObjectKey {
    let group = "vpc.githedgehog.com".to_owned();
    ObjectKey::new(group, "VPC", namespace, name)
}

impl Bench {
    async fn check(&self, key: ObjectKey, read_only: bool) -> DriftCheck {
        let asker =
            Asker { state_dir: &self.state(), read_only, redactor: &Redactor::default(), now: Timestamp::UNIX_EPOCH };
        check(&self.workers, "f".to_owned(), key, asker).await
    }

    fn state(&self) -> std::path::PathBuf {
        self.folder.path().join(".hnpwb")
    }
}

fn records(state: &Path) -> usize {
    journal::read(state, 100).unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_says_what_applying_would_do_and_stores_nothing() {
    let Some(server) = server() else { return };
    namespace(server, "exact").await;
    let mut before = vpc("exact", "a", 1001);
    before["spec"]["mode"] = "l3vni".into();
    server.apply(&before, "argocd-controller").await;
    let mut refused = vpc("exact", "bad", 1001);
    refused["spec"]["subnets"]["default"]["vlan"] = "many".into();
    let wanted = [vpc("exact", "a", 1001), vpc("exact", "new", 1), refused];
    let mut bench = Bench::start(&wanted, &kubeconfig(server.port, false), &[("f", Duration::from_secs(3600))]);
    bench.drift(|view| states(view, "exact").contains(&("a".to_owned(), DriftState::Drifted))).await;

    let found = bench.check(key("exact", "a"), false).await;
    assert_eq!(found.manager, "argocd-controller", "whoever applied it");
    let CheckOutcome::Changes(fields) = &found.outcome else { panic!("{found:?}") };
    let fields: Vec<_> = fields.iter().map(|field| (field.path.as_str(), field.class)).collect();
    assert_eq!(fields, [("spec.mode", FieldClass::RemovedInGit)]);
    assert_eq!(records(&bench.state()), 1, "it is noted in the journal");

    assert_eq!(bench.check(key("exact", "new"), false).await.outcome, CheckOutcome::Creates);
    let found = bench.check(key("exact", "bad"), false).await;
    let CheckOutcome::Rejected(why) = &found.outcome else { panic!("{found:?}") };
    assert!(why.contains("vlan"), "{why}");

    server.apply(&vpc("exact", "a", 1001), "argocd-controller").await;
    bench.drift(|view| states(view, "exact").contains(&("a".to_owned(), DriftState::Synced))).await;
    assert_eq!(bench.check(key("exact", "a"), false).await.outcome, CheckOutcome::Same);
    assert_eq!(bench.check(key("exact", "new"), false).await.outcome, CheckOutcome::Creates, "nothing was created");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_only_reads_asks_nothing_and_a_denied_dry_run_is_no_rejection() {
    let Some(server) = server() else { return };
    namespace(server, "exact-denied").await;
    server.apply(&vpc("exact-denied", "a", 1), "kubectl").await;
    let wanted = [vpc("exact-denied", "a", 1)];
    let mut bench = Bench::start(&wanted, &kubeconfig(server.port, true), &[("f", Duration::from_secs(3600))]);
    bench.drift(|view| states(view, "exact-denied") == [("a".to_owned(), DriftState::Synced)]).await;
    let found = bench.check(key("exact-denied", "a"), true).await;
    let CheckOutcome::Fault(fault) = &found.outcome else { panic!("{found:?}") };
    assert!(fault.why.contains("read only"), "{fault}");
    assert_eq!(records(&bench.state()), 0, "nothing was sent, so nothing is noted");
    let found = bench.check(key("exact-denied", "a"), false).await;
    let CheckOutcome::Fault(fault) = &found.outcome else { panic!("{found:?}") };
    assert!(fault.remedy.contains("patch"), "{fault}");
    let found = bench.check(key("exact-denied", "none"), false).await;
    assert!(matches!(&found.outcome, CheckOutcome::Fault(fault) if fault.why.contains("git does not have it")));
}
