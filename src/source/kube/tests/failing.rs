//! Servers in trouble: what each costs its own cluster, and that it costs no other one anything.

use serde_json::json;

use super::super::{PROBE, PROBE_ANSWER};
use super::{GROUP, is_listed, start, vlan, vpc};
use crate::demo::api::{Api, Behaviour, hedgehog_kinds};
use crate::domain::cluster::Connection;

fn vpcs() -> (String, String) {
    (GROUP.into(), "VPC".into())
}

#[tokio::test]
async fn a_list_of_several_pages_is_whole() {
    let api = Api::start(hedgehog_kinds()).unwrap();
    for number in 0..1_100 {
        api.put(vpc(&format!("vpc-{number}"), number)).unwrap();
    }
    let live = start(&api.kubeconfig("test")).until(|live| is_listed(live)).await;
    assert_eq!(live.objects.of_kind(GROUP, "VPC").count(), 1_100);
    assert_eq!(vlan(&live, "vpc-1099"), Some(1099));
    assert!(api.requests("/apis/vpc.githedgehog.com/v1beta1/vpcs") >= 3);
}

#[tokio::test]
async fn a_list_that_comes_in_small_pieces_is_waited_for() {
    let api = Api::start(hedgehog_kinds()).unwrap();
    api.put(vpc("a", 1)).unwrap();
    api.behave(Behaviour::Slow);
    start(&api.kubeconfig("test")).until(|live| is_listed(live) && vlan(live, "a") == Some(1)).await;
}

#[tokio::test]
async fn a_list_that_breaks_off_is_no_list_and_comes_back() {
    let api = Api::start(hedgehog_kinds()).unwrap();
    api.put(vpc("a", 1)).unwrap();
    api.behave(Behaviour::Broken);
    let mut running = start(&api.kubeconfig("test"));
    let live = running.until(|live| live.refused.contains_key(&vpcs())).await;
    assert_eq!((live.connection, vlan(&live, "a")), (Connection::Connected, None));
    api.behave(Behaviour::Normal);
    running.until(|live| is_listed(live) && !live.refused.contains_key(&vpcs()) && vlan(live, "a") == Some(1)).await;
}

#[tokio::test]
async fn a_busy_server_is_asked_again_when_it_says() {
    let api = Api::start(hedgehog_kinds()).unwrap();
    api.put(vpc("a", 1)).unwrap();
    let mut running = start(&api.kubeconfig("test"));
    running.until(|live| is_listed(live)).await;
    // Every watch ends with this, and the lists behind them are refused for a while.
    api.behave(Behaviour::Busy(40));
    api.put(vpc("a", 2)).unwrap();
    running.until(|live| is_listed(live) && vlan(live, "a") == Some(2)).await;
}

#[tokio::test]
async fn objects_that_cannot_be_read_are_told_of_beside_the_others() {
    let api = Api::start(hedgehog_kinds()).unwrap();
    api.put(vpc("a", 1)).unwrap();
    api.behave(Behaviour::UnreadableItems);
    let mut running = start(&api.kubeconfig("test"));
    let live = running.until(|live| vlan(live, "a") == Some(1) && live.unread.contains_key(&vpcs())).await;
    assert!(is_listed(&live) && !live.refused.contains_key(&vpcs()), "the others are all there");
    assert_eq!(live.unread[&vpcs()].on, "2 of the vpcs");
    let told = |view: &crate::domain::cluster::ClusterView| {
        view.kinds.iter().any(|kind| kind.kind.kind == "VPC" && kind.count == 1 && kind.fault.is_some())
    };
    running.view(told).await;
    api.behave(Behaviour::Normal);
    running.refresh.send_modify(|count| *count += 1);
    running.until(|live| is_listed(live) && live.unread.is_empty()).await;
}

#[tokio::test]
async fn a_server_that_hangs_is_unreachable_and_what_was_known_stays() {
    const { assert!(PROBE.as_secs() + PROBE_ANSWER.as_secs() < 10, "a hung server is known within ten seconds") };
    let api = Api::start(hedgehog_kinds()).unwrap();
    api.put(vpc("a", 1)).unwrap();
    let mut running = start(&api.kubeconfig("test"));
    running.until(|live| is_listed(live)).await;
    api.behave(Behaviour::Hang);
    let live = running.until(|live| live.connection == Connection::Unreachable).await;
    assert_eq!(live.fault.as_ref().unwrap().why, "no answer within 4 s");
    assert_eq!(vlan(&live, "a"), Some(1));
    api.behave(Behaviour::Normal);
    running.until(|live| live.connection == Connection::Connected && is_listed(live)).await;
}

#[tokio::test]
async fn what_a_server_serves_only_a_while_after_its_start_is_found() {
    let api = Api::start(hedgehog_kinds()).unwrap();
    api.put(vpc("a", 1)).unwrap();
    api.behave(Behaviour::Starting(GROUP.into()));
    let mut running = start(&api.kubeconfig("test"));
    let live = running.until(|live| live.connection == Connection::Connected).await;
    assert!(live.served.iter().flatten().all(|kind| kind.group != GROUP));
    // Its definitions were there all the time, so that they tell nothing.
    api.behave(Behaviour::Normal);
    running.until(|live| is_listed(live) && vlan(live, "a") == Some(1)).await;
}

#[tokio::test]
async fn a_kind_that_is_not_found_for_a_moment_comes_back() {
    let api = Api::start(hedgehog_kinds()).unwrap();
    api.put(vpc("a", 1)).unwrap();
    let mut running = start(&api.kubeconfig("test"));
    running.until(|live| is_listed(live)).await;
    api.behave(Behaviour::Starting(GROUP.into()));
    running.until(|live| live.refused.contains_key(&vpcs())).await;
    api.put(vpc("a", 2)).unwrap();
    api.behave(Behaviour::Normal);
    running.until(|live| is_listed(live) && vlan(live, "a") == Some(2)).await;
}

#[tokio::test]
async fn a_watch_that_ends_as_gone_is_listed_anew() {
    let api = Api::start(hedgehog_kinds()).unwrap();
    api.put(vpc("a", 1)).unwrap();
    let mut running = start(&api.kubeconfig("test"));
    running.until(|live| vlan(live, "a") == Some(1)).await;
    api.behave(Behaviour::GoneInStream);
    api.put(vpc("a", 2)).unwrap();
    running.until(|live| vlan(live, "a") == Some(2)).await;
}

#[tokio::test]
async fn whatever_one_server_does_the_changes_of_another_arrive() {
    let sound = Api::start(hedgehog_kinds()).unwrap();
    let mut running = start(&sound.kubeconfig("test"));
    running.until(|live| is_listed(live)).await;
    let troubles = [
        Behaviour::Hang,
        Behaviour::Stuck,
        Behaviour::Broken,
        Behaviour::Unavailable,
        Behaviour::Busy(u32::MAX),
        Behaviour::Unauthorized,
        Behaviour::Forbidden("*".into()),
        Behaviour::Gone,
        Behaviour::GoneInStream,
    ];
    let mut ill = Vec::new();
    for (number, trouble) in (1..).zip(troubles) {
        let api = Api::start(hedgehog_kinds()).unwrap();
        api.put(vpc("a", 1)).unwrap();
        api.behave(trouble.clone());
        ill.push((start(&api.kubeconfig("test")), api));
        sound.put(vpc("a", number)).unwrap();
        running.until(|live| vlan(live, "a") == Some(number.into())).await;
        sound.put(json!({
            "apiVersion": "wiring.githedgehog.com/v1beta1", "kind": "Switch", "metadata": { "name": format!("s{number}") },
        }))
        .unwrap();
        running.until(|live| live.objects.of_kind("wiring.githedgehog.com", "Switch").count() == number as usize).await;
        assert!(running.live.borrow().connection == Connection::Connected, "{trouble:?}");
    }
    // Those that hang have not been given up yet, and nothing of the others waited for that.
    let hung = ill[0].0.live.borrow().connection;
    assert!(matches!(hung, Connection::Connecting | Connection::Unreachable), "{hung:?}");
}
