//! How long drift takes: of 10,000 objects at once, after a change of one of them, and the history of a repository.
//!
//!     cargo run --release --example drift [-- REPOSITORY DIRECTORY]
#![expect(clippy::print_stdout, reason = "it is its purpose")]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hnpwb::config::session::FabricSpec;
use hnpwb::domain::attention::{Causes, queue};
use hnpwb::domain::cluster::{Connection, Kind, LAST_APPLIED, LiveObject, LiveSet, schemas};
use hnpwb::domain::drift::{DriftView, Memo, ObjectKey};
use hnpwb::domain::manifest::load;
use hnpwb::domain::redact::Redactor;
use hnpwb::source::drift::{Cache, GitSide, read, view};
use hnpwb::source::kube::Shown;
use hnpwb::state::attention::Attention;
use hnpwb::state::cluster::Clusters;
use hnpwb::state::drift::Drift;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const OBJECTS: usize = 10_000;
const SWITCHES: usize = 24;
const RUNS: u32 = 9;

/// Hedgehog's twelve kinds.
const KINDS: [(&str, &str); 12] = [
    ("vpc", "External"),
    ("vpc", "ExternalAttachment"),
    ("vpc", "ExternalPeering"),
    ("vpc", "IPv4Namespace"),
    ("vpc", "VPC"),
    ("wiring", "Connection"),
    ("vpc", "VPCAttachment"),
    ("vpc", "VPCPeering"),
    ("wiring", "Server"),
    ("wiring", "Switch"),
    ("wiring", "SwitchGroup"),
    ("wiring", "VLANNamespace"),
];

/// The object whose change is measured: a connection.
const CHANGED: usize = 5;

fn kind(group: &str, kind: &str) -> Kind {
    Kind {
        group: format!("{group}.githedgehog.com"),
        version: "v1beta1".into(),
        kind: kind.into(),
        plural: format!("{}s", kind.to_lowercase()),
        namespaced: true,
    }
}

/// The schema of a kind, with a field that the server fills in.
fn definition(group: &str, kind: &str) -> Value {
    let text = || json!({ "type": "string" });
    let end = || json!({ "type": "object", "properties": { "port": text(), "ip": text() } });
    let link = json!({ "type": "object", "properties": { "leaf": end(), "spine": end() } });
    let links = json!({ "type": "object", "properties": { "links": { "type": "array", "items": link } } });
    let number = || json!({ "type": "integer" });
    let mode = json!({ "type": "string", "default": "auto" });
    let spec = json!({ "vlan": number(), "mtu": number(), "fabric": links, "mode": mode });
    let spec = json!({ "type": "object", "properties": { "spec": { "type": "object", "properties": spec } } });
    let version = json!({ "name": "v1beta1", "served": true, "schema": { "openAPIV3Schema": spec } });
    json!({ "spec": { "group": format!("{group}.githedgehog.com"), "names": { "kind": kind }, "versions": [version] } })
}

/// The name of a switch that has an Agent.
fn switch(number: usize) -> String {
    format!("{}-{}", ["leaf", "spine"][number % 2], number / 2)
}

/// The first switches are those that connections name.
fn name(number: usize) -> String {
    let (place, kind) = (number / KINDS.len(), KINDS[number % KINDS.len()].1);
    if kind == "Switch" && place < SWITCHES { switch(place) } else { format!("object-{number:05}") }
}

/// About 2 kB, as Hedgehog's connections have.
fn object(number: usize, vlan: usize) -> Value {
    let links: Vec<Value> = (0..12)
        .map(|link| {
            json!({ "leaf": { "port": format!("leaf-{link}/E1/{number}"), "ip": format!("10.0.{link}.1/31") },
                "spine": { "port": format!("spine-{link}/E1/{number}"), "ip": format!("10.0.{link}.2/31") } })
        })
        .collect();
    let (group, kind) = KINDS[number % KINDS.len()];
    json!({
        "apiVersion": format!("{group}.githedgehog.com/v1beta1"), "kind": kind,
        "metadata": { "name": name(number), "namespace": "default", "labels": { "team": "net" } },
        "spec": { "vlan": vlan, "mtu": 9100, "fabric": { "links": links } },
    })
}

/// The same as the server has it: as it was applied, or with what it fills in.
fn live(number: usize, vlan: usize, is_filled_in: bool) -> Result<LiveObject, Box<dyn Error>> {
    let (group, name) = KINDS[number % KINDS.len()];
    let mut object = object(number, vlan);
    if is_filled_in {
        object["spec"]["mode"] = "auto".into();
    }
    object["metadata"]["uid"] = format!("uid-{number}").into();
    object["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z".into();
    object["metadata"]["annotations"] = json!({ LAST_APPLIED: self::object(number, vlan).to_string() });
    LiveObject::new(&kind(group, name), object).ok_or_else(|| "an object has a name".into())
}

/// The agent of a switch that has every connection and was given them.
fn agent(switch: &str, now: Timestamp) -> Result<LiveObject, Box<dyn Error>> {
    let connections = (0..OBJECTS).filter(|number| KINDS[number % KINDS.len()].1 == "Connection");
    let connections: serde_json::Map<String, Value> =
        connections.map(|number| (name(number), object(number, number)["spec"].clone())).collect();
    let agent = json!({
        "apiVersion": "agent.githedgehog.com/v1beta1", "kind": "Agent",
        "metadata": { "name": switch, "namespace": "default", "generation": 3 },
        "spec": { "connections": connections },
        "status": { "lastAppliedGen": 3, "lastHeartbeat": now },
    });
    LiveObject::new(&kind("agent", "Agent"), agent).ok_or_else(|| "an object has a name".into())
}

/// What something took: wall-clock time, and the processor time of this thread, to which other work on the machine does not
/// add.
type Took = (Duration, Duration);

fn timed(work: impl FnOnce()) -> Took {
    let spent = || {
        let told = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
        Duration::from_nanos(told.split(' ').next().and_then(|nanoseconds| nanoseconds.parse().ok()).unwrap_or(0))
    };
    let (before, began) = (spent(), Instant::now());
    work();
    (began.elapsed(), spent().saturating_sub(before))
}

/// The medians, and the least.
fn told(times: Vec<Took>) -> String {
    let (mut passed, mut spent): (Vec<Duration>, Vec<Duration>) = times.into_iter().unzip();
    passed.sort();
    spent.sort();
    let middle = passed.len() / 2;
    format!(
        "{:.2?} (least {:.2?}), processor {:.2?} (least {:.2?})",
        passed[middle], passed[0], spent[middle], spent[0]
    )
}

fn spec(repo: &Path, directory: &Path) -> FabricSpec {
    FabricSpec {
        name: "f".into(),
        repo: repo.into(),
        directory: directory.into(),
        exclude: vec!["raw".into(), "unmanaged".into()],
        cluster: None,
        grace: Duration::from_secs(300),
    }
}

/// Everything from a live set to the rows of the panes.
struct Desk {
    side: GitSide,
    spec: FabricSpec,
    redactor: Redactor,
    claimed: Arc<BTreeMap<ObjectKey, String>>,
    now: Timestamp,
    shown: Shown,
    memo: Memo,
    clusters: Clusters,
    drift: Drift,
    attention: Attention,
}

impl Desk {
    fn new(side: GitSide, now: Timestamp) -> Self {
        let (spec, redactor) = (spec(Path::new("/"), Path::new("")), Redactor::default());
        let (shown, memo, clusters, drift) = (Shown::default(), Memo::default(), Clusters::default(), Drift::default());
        Self {
            side,
            spec,
            redactor,
            claimed: Arc::default(),
            now,
            shown,
            memo,
            clusters,
            drift,
            attention: Attention::default(),
        }
    }

    fn judge(&mut self, set: &LiveSet) -> DriftView {
        view(&self.spec, &self.side, set, &self.claimed, (self.now, &mut self.memo), &self.redactor).0
    }

    fn show(&mut self, set: &LiveSet) {
        let cluster = self.shown.update(set, self.now, (None, &BTreeSet::new()), &self.redactor);
        let selected = self.clusters.current().cloned();
        self.clusters.put(cluster);
        self.clusters.arrange(selected.as_ref());
        let made = self.judge(set);
        let anchor = self.drift.anchor();
        self.drift.put(made);
        self.drift.arrange(anchor.as_ref());
        let causes = Causes { drift: &self.drift.fabrics, clusters: &self.clusters.clusters, ..Causes::default() };
        self.attention.replace(queue(causes, []), self.now);
    }
}

fn objects() -> Result<(), Box<dyn Error>> {
    let stated = (0..OBJECTS).flat_map(|number| {
        let file = PathBuf::from(format!("gitops/{number}.json"));
        load(&file, object(number, number).to_string().as_bytes()).objects
    });
    let mut side = GitSide { worktree: stated.collect(), ..GitSide::default() };
    side.head = Some(side.worktree.clone());
    let mut set = LiveSet::empty("bench", Connection::Connected);
    let kinds = || KINDS.into_iter().chain([("agent", "Agent")]).map(|(group, name)| kind(group, name));
    // Of a cluster that does not say what it serves, as of a snapshot, everything is judged each time.
    set.served = Some(kinds().collect());
    set.listed = kinds().map(|kind| (kind.group, kind.kind)).collect();
    let described = KINDS.into_iter().flat_map(|(group, kind)| schemas(&definition(group, kind)));
    set.schemas = Arc::new(described.collect());
    let now = Timestamp::now();
    for number in 0..SWITCHES {
        set.objects.insert(agent(&switch(number), now)?);
    }
    let mut filled_in = set.clone();
    for number in 0..OBJECTS {
        let vlan = number + usize::from(number % 100 == 0);
        set.objects.insert(live(number, vlan, false)?);
        filled_in.objects.insert(live(number, vlan, true)?);
    }
    let anew = (0..RUNS).map(|_| {
        let mut desk = Desk::new(side.clone(), now);
        timed(|| drop(desk.judge(&set)))
    });
    println!("{OBJECTS} objects and {SWITCHES} Agents, states and fields without secrets: {}", told(anew.collect()));
    let anew = (0..RUNS).map(|_| {
        let mut desk = Desk::new(side.clone(), now);
        timed(|| drop(desk.judge(&filled_in)))
    });
    println!("where the server filled in a field of each: {}", told(anew.collect()));
    let anew = (0..RUNS).map(|_| {
        let mut desk = Desk::new(side.clone(), now);
        timed(|| desk.show(&set))
    });
    println!("the same, to the rows of the panes: {}", told(anew.collect()));
    let mut desk = Desk::new(side, now);
    desk.show(&set);
    let mut times = Vec::new();
    for run in 0..RUNS * 10 {
        let object = live(CHANGED, 70_000 + run as usize, false)?;
        // The worker keeps a set of its own, so that the first change of a kind copies it.
        times.push(timed(|| {
            let before = set.clone();
            set.objects.insert(object.clone());
            desk.show(&set);
            drop(before);
        }));
    }
    println!("one connection changed, to the rows of the panes: {}", told(times));
    let mut times = Vec::new();
    for run in 1..=RUNS * 10 {
        let at = now + SignedDuration::from_secs(i64::from(run));
        let alive: Vec<LiveObject> =
            set.objects.values().filter(|one| one.facts.is_some()).map(|one| one.alive(at)).collect();
        desk.now = at;
        times.push(timed(|| {
            for object in &alive {
                set.objects.insert(object.clone());
            }
            desk.show(&set);
        }));
    }
    println!("all Agents gave a sign of life: {}", told(times));
    Ok(())
}

fn history(repo: &Path, directory: &Path) -> Result<(), Box<dyn Error>> {
    let spec = spec(repo, directory);
    let mut times = (Vec::new(), Vec::new());
    let mut versions = 0;
    for _ in 0..RUNS {
        let mut cache = Cache::default();
        let mut side = Ok(GitSide::default());
        times.0.push(timed(|| side = read(&spec, &mut cache)));
        versions = side?.history.values().map(Vec::len).sum();
        let mut again = Ok(GitSide::default());
        times.1.push(timed(|| again = read(&spec, &mut cache)));
        again?;
    }
    println!("{}: {versions} versions, first {}, again {}", repo.display(), told(times.0), told(times.1));
    Ok(())
}

fn git(arguments: &[&str], folder: &Path) -> Result<(), Box<dyn Error>> {
    let done = Command::new("git").arg("-C").arg(folder).args(arguments).status()?;
    if done.success() { Ok(()) } else { Err(format!("git {} failed", arguments.join(" ")).into()) }
}

/// In a copy: what was read at the commit before the last is at hand, and the last one comes.
fn new_commit(repo: &Path, directory: &Path) -> Result<(), Box<dyn Error>> {
    let copy = tempfile::tempdir()?;
    let path = repo.canonicalize()?;
    git(&["clone", "--quiet", &path.to_string_lossy(), "."], copy.path())?;
    let spec = spec(copy.path(), directory);
    let mut times = Vec::new();
    for _ in 0..RUNS {
        git(&["checkout", "--quiet", "--detach", "origin/HEAD~1"], copy.path())?;
        let mut cache = Cache::default();
        read(&spec, &mut cache)?;
        git(&["checkout", "--quiet", "--detach", "origin/HEAD"], copy.path())?;
        let mut side = Ok(GitSide::default());
        times.push(timed(|| side = read(&spec, &mut cache)));
        side?;
    }
    println!("{}: after one new commit {}", repo.display(), told(times));
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    objects()?;
    let mut arguments = std::env::args().skip(1).map(PathBuf::from);
    if let (Some(repo), Some(directory)) = (arguments.next(), arguments.next()) {
        history(&repo, &directory)?;
        new_commit(&repo, &directory)?;
    }
    Ok(())
}
