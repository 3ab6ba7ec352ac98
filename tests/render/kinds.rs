//! Any kind of a cluster: its table, the kinds to choose from, one object described and as YAML.

use crossterm::event::KeyCode;
use hnpwb::config::layout::PaneKind;
use hnpwb::config::theme::Theme;
use hnpwb::domain::cluster::table::{Column, Holds};
use hnpwb::domain::cluster::{
    Browsed, Condition, Kind, KindRow, KindTable, LiveDetail, ObjectEvent, ObjectOwner, ServedKind, TableNews,
};
use hnpwb::domain::fault::Fault;
use hnpwb::domain::health::{Health, HealthState};
use hnpwb::event::{Done, Event, KindsNews};
use hnpwb::state::State;
use hnpwb::state::popup::Popup;

use crate::fixture::{self, ago, draw, fault, focus, keys, press, tell, tell_all};
use crate::{SIZES, text};

const CONTEXT: &str = "kind-fabric-1";

type Say = fixture::Say;

const SAY: Say = str::to_owned;

fn kind(group: &str, version: &str, kind: &str, plural: &str, namespaced: bool) -> Kind {
    Kind { group: group.into(), version: version.into(), kind: kind.into(), plural: plural.into(), namespaced }
}

fn pods() -> Kind {
    kind("", "v1", "Pod", "pods", true)
}

/// What the cluster serves.
fn served(say: Say) -> Event {
    let served = |kind: Kind, singular: &str, short: &[&str]| ServedKind {
        kind,
        singular: singular.to_owned(),
        short: short.iter().map(|name| say(name)).collect(),
    };
    let kinds = vec![
        served(pods(), "pod", &["po"]),
        served(kind("", "v1", "Secret", "secrets", true), "secret", &[]),
        served(kind("apps", "v1", "Deployment", "deployments", true), "deployment", &["deploy"]),
        served(kind("apps", "v1", "ReplicaSet", "replicasets", true), "replicaset", &["rs"]),
        served(kind("vpc.githedgehog.com", "v1beta1", "VPC", "vpcs", true), "vpc", &[]),
        served(kind("vpc.githedgehog.com", "v1beta1", "VPCPeering", "vpcpeerings", true), "vpcpeering", &["vpcpeer"]),
        served(kind("wiring.githedgehog.com", "v1beta1", "Switch", "switches", true), "switch", &["sw"]),
    ];
    Event::Kinds(KindsNews { context: say(CONTEXT), kinds })
}

fn row(say: Say, name: &str, cells: [&str; 4], state: HealthState, reason: &str, minutes: i64) -> KindRow {
    KindRow {
        cells: cells.map(say).to_vec(),
        namespace: say(if name.starts_with("core") { "kube-system" } else { "default" }),
        name: say(name),
        health: Health { state, reason: say(reason), source: say(".status.phase") },
        created: Some(ago(minutes)),
        generation: Some(1),
    }
}

fn table(say: Say) -> KindTable {
    use HealthState::{Degraded, Healthy, NoSignal, Progressing};
    let column = |name: &str, holds, wide| Column { name: say(name), holds, wide };
    KindTable {
        columns: vec![
            column("Ready", Holds::Text, false),
            column("Status", Holds::Text, false),
            column("Nominated Node", Holds::Text, false),
            column("Node", Holds::Text, true),
        ],
        rows: vec![
            row(say, "web-7d9c-x2x9f", ["1/1", "Running", "<none>", "node-1"], Healthy, "Ready=True", 60 * 26),
            row(
                say,
                "import-fabric-definitions-28391-tq8vd",
                ["0/1", "CrashLoopBackOff", "<none>", "node-2"],
                Degraded,
                "Ready=False: ContainersNotReady",
                17,
            ),
            row(say, "web-7d9c-nkk2p", ["0/1", "ContainerCreating", "", "node-2"], Progressing, "phase=Pending", 1),
            row(
                say,
                "coredns-5d78c9869d-7qk6m",
                ["1/1", "Running", "<none>", "node-1"],
                NoSignal,
                "no status",
                60 * 24 * 40,
            ),
        ],
        ..KindTable::default()
    }
}

fn news(say: Say, kind: Kind, table: Result<KindTable, Fault>) -> Event {
    Event::Table(TableNews { of: Browsed { context: say(CONTEXT), kind }, table, as_of: ago(0) })
}

/// Looks at the kind of this name.
fn look(state: &mut State, name: &str) {
    keys(state, &format!(":{name}"));
    press(state, KeyCode::Enter);
}

fn check_pane(case: &str, build: impl Fn(&mut State)) {
    for (width, height) in SIZES {
        let mut state = fixture::state(Theme::default(), SAY);
        tell_all(&mut state, SAY);
        tell(&mut state, served(SAY));
        build(&mut state);
        keys(&mut state, "z");
        insta::assert_snapshot!(format!("kind-{case}-{width}x{height}"), text(&draw(&mut state, width, height)));
    }
}

#[test]
fn a_kind_as_its_server_prints_it() {
    check_pane("reading", |state| look(state, "po"));
    check_pane("full", |state| {
        look(state, "po");
        tell(state, news(SAY, pods(), Ok(table(SAY))));
    });
    check_pane("wide-by-status", |state| {
        look(state, "po");
        tell(state, news(SAY, pods(), Ok(table(SAY))));
        keys(state, "wooO");
    });
    check_pane("filtered", |state| {
        look(state, "po");
        tell(state, news(SAY, pods(), Ok(table(SAY))));
        keys(state, "f/status:c");
        press(state, KeyCode::Enter);
    });
    check_pane("none", |state| {
        look(state, "po");
        tell(state, news(SAY, pods(), Ok(KindTable::default())));
    });
}

#[test]
fn a_kind_that_is_watched_is_there_before_the_server_has_answered() {
    check_pane("watched", |state| {
        focus(state, PaneKind::Cluster);
        keys(state, "jjjj");
        press(state, KeyCode::Enter);
    });
}

#[test]
fn what_is_wrong_with_a_kind_is_said_in_its_place() {
    check_pane("refused", |state| {
        look(state, "secrets");
        let secrets = kind("", "v1", "Secret", "secrets", true);
        let why = "secrets is forbidden: User \"viewer\" cannot list resource \"secrets\" (403)";
        let fault = fault(SAY, "listing", "secrets", why, "ask for get, list and watch on it");
        tell(state, news(SAY, secrets, Err(fault)));
    });
    check_pane("stale", |state| {
        look(state, "po");
        tell(state, news(SAY, pods(), Ok(KindTable { namespace: Some("default".into()), ..table(SAY) })));
        let Some(browse) = &mut state.clusters.browse else { panic!("no kind is looked at") };
        browse.as_of = Some(ago(12));
        tell(state, news(SAY, pods(), Err(fault(SAY, "listing", "pods", "no answer within 8 s", "check the VPN"))));
    });
}

#[test]
fn what_is_wrong_alone() {
    check_pane("faults-only", |state| {
        focus(state, PaneKind::Cluster);
        keys(state, "f");
    });
}

/// Draws everything there is, with what `open` put in front of it.
fn check_popup(case: &str, open: impl Fn(&mut State)) {
    for ((width, height), layout) in SIZES.into_iter().zip([2, 0]) {
        let mut state = fixture::state(Theme::default(), SAY);
        tell_all(&mut state, SAY);
        tell(&mut state, served(SAY));
        state.screen.layout = layout;
        draw(&mut state, width, height);
        open(&mut state);
        insta::assert_snapshot!(format!("popup-{case}-{width}x{height}"), text(&draw(&mut state, width, height)));
    }
}

#[test]
fn kinds_to_choose_from() {
    check_popup("kinds", |state| keys(state, "5K"));
    check_popup("kinds-typed", |state| keys(state, "5Kdep"));
    check_popup("kinds-nothing", |state| keys(state, "5Kxyzzy"));
    check_popup("palette-kind", |state| keys(state, ":vpc"));
}

fn detail(say: Say) -> LiveDetail {
    let condition = |name: &str, status: &str, reason: &str, message: &str| Condition {
        name: say(name),
        status: say(status),
        reason: say(reason),
        message: say(message),
        since: Some(ago(17)),
    };
    let happened = |kind: &str, reason: &str, message: &str, count, minutes| ObjectEvent {
        kind: kind.to_owned(),
        reason: say(reason),
        message: say(message),
        by: say("vpc-controller"),
        count,
        last: Some(ago(minutes)),
    };
    let yaml = "apiVersion: vpc.githedgehog.com/v1beta1\nkind: VPC\nmetadata:\n  labels:\n    \
                fabric.githedgehog.com/ipv4ns: default\n  name: vpc-1\n  namespace: default\nspec:\n  ipv4Namespace: default\n  \
                subnets:\n    default:\n      gateway: 10.0.1.1\n      subnet: 10.0.1.0/24\n      vlan: 1001\n  \
                permit:\n  - - default\n    - storage\n  password: \"\u{2039}redacted: password\u{203a}\"\n";
    LiveDetail {
        yaml: say(yaml),
        health: Health { state: HealthState::Degraded, reason: say("Ready=False: NoVLAN"), source: say(".status") },
        created: Some(ago(60 * 50)),
        deleting: None,
        generation: Some(3),
        labels: vec![(say("fabric.githedgehog.com/ipv4ns"), say("default")), (say("team"), say("tenant-seven"))],
        finalizers: vec![say("vpc.githedgehog.com")],
        owners: vec![ObjectOwner { group: "apps".into(), kind: "Deployment".into(), name: say("tenant-operator") }],
        conditions: vec![
            condition(
                "Ready",
                "False",
                "NoVLAN",
                "no VLAN is free in 1000-1100: 101 of 101 are taken by VPCs of this namespace",
            ),
            condition("Reconciled", "True", "", ""),
        ],
        events: Some(Ok(vec![
            happened("Warning", "AllocationFailed", "no VLAN is free in namespace default", 12, 2),
            happened("Normal", "Created", "the VPC was accepted", 1, 60 * 50),
        ])),
        as_of: ago(0),
    }
}

#[test]
fn an_object_described_and_as_yaml() {
    let show = |state: &mut State, key: &str, read: Option<Result<LiveDetail, Fault>>| {
        focus(state, PaneKind::Cluster);
        keys(state, "/vpc-1");
        press(state, KeyCode::Enter);
        keys(state, "gjj");
        keys(state, key);
        let Some(Popup::Live(view)) = &state.screen.popup else { panic!("no object is shown") };
        let place = view.place.clone();
        if let Some(read) = read {
            tell(state, Event::Done(Done::Object(place, read.map(Box::new))));
        }
    };
    check_popup("object-reading", |state| show(state, "d", None));
    check_popup("object", |state| show(state, "d", Some(Ok(detail(SAY)))));
    check_popup("object-end", |state| {
        show(state, "d", Some(Ok(detail(SAY))));
        draw(state, 80, 24);
        keys(state, "GG");
    });
    check_popup("object-yaml", |state| show(state, "Y", Some(Ok(detail(SAY)))));
    check_popup("object-gone", |state| {
        show(state, "d", Some(Err(fault(SAY, "reading", "VPC vpc-1", "it is gone", ""))));
    });
    check_popup("object-no-events", |state| {
        let refused =
            fault(SAY, "listing", "its events", "events is forbidden (403)", "ask for get, list and watch on it");
        show(state, "d", Some(Ok(LiveDetail { events: Some(Err(refused)), ..detail(SAY) })));
    });
}
