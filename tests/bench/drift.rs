//! How long drift takes: of 10,000 objects at once, after a change of one of them, and the history of a repository.
//!
//!     cargo run --release --example drift [-- REPOSITORY DIRECTORY]
#![expect(clippy::print_stdout, reason = "it is its purpose")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hnpwb::config::session::FabricSpec;
use hnpwb::domain::cluster::{Connection, Kind, LiveObject, LiveSet};
use hnpwb::domain::drift::{Inputs, Memo, assess};
use hnpwb::domain::manifest::load;
use hnpwb::domain::redact::Redactor;
use hnpwb::source::drift::{Cache, GitSide, read, view};
use hnpwb::state::drift::Drift;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const OBJECTS: usize = 10_000;
const KINDS: usize = 12;
const RUNS: u32 = 9;

/// About 2 kB, as Hedgehog's connections have.
fn object(number: usize, vlan: usize) -> Value {
    let links: Vec<Value> = (0..12)
        .map(|link| {
            json!({ "leaf": { "port": format!("leaf-{link}/E1/{number}"), "ip": format!("10.0.{link}.1/31") },
                "spine": { "port": format!("spine-{link}/E1/{number}"), "ip": format!("10.0.{link}.2/31") } })
        })
        .collect();
    json!({
        "apiVersion": "wiring.githedgehog.com/v1beta1", "kind": format!("Kind{}", number % KINDS),
        "metadata": { "name": format!("object-{number:05}"), "namespace": "default", "labels": { "team": "net" } },
        "spec": { "vlan": vlan, "mtu": 9100, "fabric": { "links": links } },
    })
}

fn live(number: usize, vlan: usize) -> Result<LiveObject, Box<dyn Error>> {
    let kind = Kind {
        group: "wiring.githedgehog.com".into(),
        version: "v1beta1".into(),
        kind: format!("Kind{}", number % KINDS),
        plural: format!("kind{}s", number % KINDS),
        namespaced: true,
    };
    LiveObject::new(&kind, object(number, vlan)).ok_or_else(|| "an object has a name".into())
}

/// The median, and the least: on a machine that others use too, the least is nearer to what it takes.
fn told(mut times: Vec<Duration>) -> String {
    times.sort();
    format!("{:?} (least {:?})", times[times.len() / 2], times[0])
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

fn objects() -> Result<(), Box<dyn Error>> {
    let stated = (0..OBJECTS).flat_map(|number| {
        let file = PathBuf::from(format!("gitops/{number}.json"));
        load(&file, object(number, number).to_string().as_bytes()).objects
    });
    let mut side = GitSide { worktree: stated.collect(), ..GitSide::default() };
    side.head = Some(side.worktree.clone());
    let mut set = LiveSet::empty("bench", Connection::Connected);
    for number in 0..OBJECTS {
        let object = live(number, number + usize::from(number % 100 == 0))?;
        set.objects.insert(object.key(), Arc::new(object));
    }
    let (claimed, now) = (BTreeMap::new(), Timestamp::now());
    let (spec, redactor) = (spec(Path::new("/"), Path::new("")), Redactor::default());
    let mut pane = Drift::default();
    let mut last = None;
    let mut time = |set: &LiveSet, memo: &mut Memo, whole: bool| {
        let began = Instant::now();
        if whole {
            let (made, _) = view(&spec, &side, set, &claimed, (now, memo), &redactor);
            if last.as_ref() != Some(&made) {
                last = Some(made.clone());
                let anchor = pane.anchor();
                pane.put(made);
                pane.arrange(anchor.as_ref());
            }
        } else {
            let inputs = Inputs {
                worktree: &side.worktree,
                head: side.head.as_deref(),
                pushed: None,
                history: &side.history,
                lineage: &side.lineage,
                live: set,
                claimed: &claimed,
                grace: SignedDuration::from_mins(5),
                now,
            };
            std::hint::black_box(assess(&inputs, memo));
        }
        began.elapsed()
    };
    for (what, whole) in [("states and fields", false), ("the same, without secrets, to the rows of the pane", true)] {
        let anew = (0..RUNS).map(|_| time(&set, &mut Memo::default(), whole)).collect();
        let mut memo = Memo::default();
        time(&set, &mut memo, whole);
        let mut again = Vec::new();
        for run in 0..RUNS {
            let object = live(5, 70_000 + run as usize)?;
            set.objects.insert(object.key(), Arc::new(object));
            again.push(time(&set, &mut memo, whole));
        }
        println!("{OBJECTS} objects, {what}: {}; one of them changed: {}", told(anew), told(again));
    }
    Ok(())
}

fn history(repo: &Path, directory: &Path) -> Result<(), Box<dyn Error>> {
    let spec = spec(repo, directory);
    let mut times = (Vec::new(), Vec::new());
    let mut versions = 0;
    for _ in 0..RUNS {
        let mut cache = Cache::default();
        let began = Instant::now();
        let side = read(&spec, &mut cache)?;
        times.0.push(began.elapsed());
        versions = side.history.values().map(Vec::len).sum();
        let began = Instant::now();
        read(&spec, &mut cache)?;
        times.1.push(began.elapsed());
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
        let began = Instant::now();
        read(&spec, &mut cache)?;
        times.push(began.elapsed());
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
