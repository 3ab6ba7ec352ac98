//! `hnpwb health`: how every object of a cluster or a snapshot is, and the field that decided.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args as ClapArgs;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::output::{Exit, Failure, Format, OutputArgs, print_json, print_table, say};
use super::unusable;
use crate::config::paths::Paths;
use crate::config::session::{ClusterSpec, Session};
use crate::config::{self, redaction};
use crate::domain::cluster::{Connection, LiveSet};
use crate::domain::drift::Identity;
use crate::domain::fault::Fault;
use crate::domain::health::{Health, Rules};
use crate::domain::redact::Redactor;
use crate::source::kube::{Demand, Target, context_name, parse_snapshot, read_snapshot, spawn};
use crate::source::mailbox::mailbox;

/// How long a cluster has to give a complete picture.
const PATIENCE: Duration = Duration::from_secs(15);

/// Largest snapshot that is read from standard input.
const LARGEST: u64 = 1 << 30;

/// Arguments of `hnpwb health`.
#[derive(Debug, Clone, ClapArgs)]
pub struct Args {
    /// Objects from a file, as kubectl get -o yaml writes it; - for standard input [default: the session's clusters]
    #[arg(value_name = "FILE", conflicts_with = "context")]
    pub file: Option<PathBuf>,
    /// Objects from this context
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// The kubeconfig that has the context [default: $KUBECONFIG, else ~/.kube/config]
    #[arg(long, value_name = "FILE", requires = "context")]
    pub kubeconfig: Option<PathBuf>,
    /// Form of the output.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Prints the health of every object, worst first.
///
/// Ends with [`Exit::Unavailable`] when a cluster gave no complete picture: what there is of it is printed all the same.
/// Unreadable input is a failure with [`Exit::Usage`].
pub fn run(args: &Args, session: impl FnOnce() -> Result<Session, Failure>, paths: &Paths) -> Result<Exit, Failure> {
    let (lives, redactor) = observe(args, session, paths)?;
    for live in &lives {
        if let Some(fault) = &live.fault {
            say(&format!("{}: {}", live.context, fault.clone().redacted(&redactor)));
        }
    }
    let now = Timestamp::now();
    let printed = match args.output.format() {
        Format::Json => print_json("health", now, &object(&lives, now, &redactor), &redactor),
        Format::Table => table(&lives, now, &redactor),
    };
    printed.or_else(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(Failure::new(Exit::Unavailable, Fault::new("writing", "standard output", error, ""))),
    })?;
    Ok(if lives.iter().all(|live| live.complete) { Exit::Done } else { Exit::Unavailable })
}

/// The rules with the user's own; what is wrong with those is said.
pub(super) fn of_user(paths: &Paths) -> Arc<Rules> {
    let (rules, problems) = config::health::load(paths);
    for problem in &problems {
        say(&problem.to_string());
    }
    rules
}

fn observe(
    args: &Args,
    session: impl FnOnce() -> Result<Session, Failure>,
    paths: &Paths,
) -> Result<(Vec<LiveSet>, Redactor), Failure> {
    let of_user = || Ok((of_user(paths), redaction::load(paths).map_err(|problems| unusable(&problems))?));
    if let Some(file) = &args.file {
        let (rules, redactor) = of_user()?;
        return Ok((vec![snapshot(file, &rules).map_err(|fault| Failure::new(Exit::Usage, fault))?], redactor));
    }
    let (clusters, rules, redactor) = match &args.context {
        Some(context) => {
            let kubeconfig = args.kubeconfig.as_ref().map(|file| paths.expand(&file.to_string_lossy()));
            if let Some(file) = &kubeconfig {
                let usage =
                    |error| Failure::new(Exit::Usage, Fault::new("reading", file.display(), error, "name another"));
                std::fs::metadata(file).map_err(|error: io::Error| usage(error))?;
            }
            let (rules, redactor) = of_user()?;
            (vec![ClusterSpec::Context { context: Some(context.clone()), kubeconfig }], rules, redactor)
        }
        None => {
            let session = session()?;
            (clusters(&session), session.health, session.redactor)
        }
    };
    if clusters.is_empty() {
        let remedy = "name a file or a context: hnpwb health --context NAME";
        let fault = Fault::new("looking for", "a cluster", "the session has none", remedy);
        return Err(Failure::new(Exit::Unavailable, fault));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime =
        runtime.map_err(|error| Failure::new(Exit::Unavailable, Fault::new("starting", "health", error, "")))?;
    let asked = runtime
        .block_on(async { futures::future::join_all(clusters.iter().map(|cluster| ask(cluster, &rules))).await });
    // An exec plugin or a look-up of a name may still hang in a thread of its own.
    runtime.shutdown_background();
    Ok((asked, redactor))
}

/// Clusters of the session, once each.
fn clusters(session: &Session) -> Vec<ClusterSpec> {
    let mut clusters: Vec<ClusterSpec> = Vec::new();
    for cluster in session.fabrics.iter().filter_map(|fabric| fabric.cluster.as_ref()).chain(&session.cluster) {
        if !clusters.contains(cluster) {
            clusters.push(cluster.clone());
        }
    }
    clusters
}

fn snapshot(file: &Path, rules: &Arc<Rules>) -> Result<LiveSet, Fault> {
    if file != Path::new("-") {
        return read_snapshot(file, rules);
    }
    let mut bytes = Vec::new();
    let fault = |why: String| Fault::new("reading", "standard input", why, "pipe kubectl get … -o yaml into it");
    io::stdin().lock().take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| fault(error.to_string()))?;
    if bytes.len() as u64 > LARGEST {
        return Err(fault(format!("it is larger than {LARGEST} bytes")));
    }
    parse_snapshot(Path::new("standard input"), &bytes, Timestamp::now(), rules)
}

/// The live set of a cluster once it is complete, or what there is of it when the patience is at its end.
async fn ask(cluster: &ClusterSpec, rules: &Arc<Rules>) -> LiveSet {
    if let ClusterSpec::Snapshot(file) = cluster {
        return read_snapshot(file, rules).unwrap_or_else(|fault| LiveSet {
            fault: Some(fault),
            ..LiveSet::empty(file.display().to_string(), Connection::None)
        });
    }
    let specification = cluster.clone();
    let name = tokio::task::spawn_blocking(move || context_name(&specification)).await.ok().flatten();
    let (wanted, refresh) = (watch::Sender::new(std::collections::BTreeMap::new()), watch::Sender::new(0));
    let demand = watch::Sender::new(Demand::default());
    let target = Target {
        name: name.unwrap_or_else(|| "current context".to_owned()),
        cluster: cluster.clone(),
        wanted: wanted.subscribe(),
        rules: Arc::clone(rules),
        refresh: refresh.subscribe(),
        browser: None,
        demand: demand.subscribe(),
    };
    let cancel = CancellationToken::new();
    let _stop = cancel.clone().drop_guard();
    // Nobody reads these events; a slot holds one at most.
    let (outbox, _inbox) = mailbox();
    let mut live = spawn(target, outbox, cancel);
    let is_told = |live: &Arc<LiveSet>| {
        live.complete || !matches!(live.connection, Connection::Connecting | Connection::Connected)
    };
    // Whether it is complete or not: what there is by then is the answer.
    let _ = timeout(PATIENCE, live.wait_for(is_told)).await;
    LiveSet::clone(&live.borrow())
}

/// One row of the answer.
struct Row<'l> {
    live: &'l LiveSet,
    key: crate::domain::drift::ObjectKey,
    version: &'l str,
    health: Health,
}

/// Every object, worst first; among those that are alike, by cluster, kind and name.
fn rows<'l>(lives: &'l [LiveSet], now: Timestamp, redactor: &Redactor) -> Vec<Row<'l>> {
    let mut rows = Vec::new();
    for live in lives {
        let healths = crate::domain::hedgehog::healths(live, now);
        rows.extend(live.objects.values().map(|object| Row {
            live,
            key: object.key.clone(),
            version: &object.kind.version,
            health: healths.of(object).clone().redacted(redactor),
        }));
    }
    rows.sort_by(|a, b| (a.health.state, &a.live.context, &a.key).cmp(&(b.health.state, &b.live.context, &b.key)));
    rows
}

fn object(lives: &[LiveSet], now: Timestamp, redactor: &Redactor) -> Value {
    let clusters: Vec<Value> = lives
        .iter()
        .map(|live| {
            let mut cluster = json!({ "name": live.context, "connection": live.connection, "complete": live.complete });
            if let Some(fault) = &live.fault {
                cluster["connection_reason"] = fault.clone().redacted(redactor).to_string().into();
            }
            if let Some(as_of) = live.as_of {
                cluster["as_of"] = json!(as_of);
            }
            cluster
        })
        .collect();
    let objects: Vec<Value> = rows(lives, now, redactor)
        .into_iter()
        .map(|row| {
            let key = &row.key;
            json!({ "cluster": row.live.context, "group": key.group, "version": row.version, "kind": key.kind,
                "namespace": key.namespace, "name": key.name, "health": row.health })
        })
        .collect();
    json!({ "clusters": clusters, "objects": objects })
}

fn table(lives: &[LiveSet], now: Timestamp, redactor: &Redactor) -> io::Result<()> {
    let rows: Vec<Vec<String>> = rows(lives, now, redactor)
        .into_iter()
        .map(|row| {
            let Identity { kind, namespace, name, .. } = &*row.key;
            let mut cells = vec![row.health.state.name().to_owned(), kind.clone(), namespace.clone(), name.clone()];
            cells.extend([row.health.reason, row.health.source]);
            if lives.len() > 1 {
                cells.insert(1, row.live.context.clone());
            }
            cells
        })
        .collect();
    let mut headings = vec!["HEALTH", "KIND", "NAMESPACE", "NAME", "REASON", "DECIDED BY"];
    if lives.len() > 1 {
        headings.insert(1, "CLUSTER");
    }
    print_table(&headings, &rows, redactor)
}

#[cfg(test)]
mod tests {
    use super::{Args, Exit, Row, object, observe, rows};
    use crate::config::paths::Paths;
    use crate::demo::api::{Api, hedgehog_kinds};
    use crate::domain::cluster::LiveSet;
    use crate::domain::redact::Redactor;
    use clap::{Args as _, Command, FromArgMatches as _};
    use jiff::Timestamp;
    use serde_json::{Value, json};

    fn args(arguments: &[&str]) -> Args {
        let command = Args::augment_args(Command::new("health"));
        let matches = command.try_get_matches_from(std::iter::once("health").chain(arguments.iter().copied())).unwrap();
        Args::from_arg_matches(&matches).unwrap()
    }

    fn ask(arguments: &[&str]) -> Vec<LiveSet> {
        let paths = Paths::from_vars(|_| None);
        observe(&args(arguments), || panic!("no session is needed"), &paths).unwrap().0
    }

    fn vpc(name: &str) -> Value {
        json!({ "apiVersion": "vpc.githedgehog.com/v1beta1", "kind": "VPC", "metadata": { "name": name, "namespace": "default" },
            "spec": { "subnets": { "default": { "vlan": 1001 } } } })
    }

    fn agent(name: &str) -> Value {
        json!({ "apiVersion": "agent.githedgehog.com/v1beta1", "kind": "Agent",
            "metadata": { "name": name, "namespace": "default", "generation": 1 },
            "spec": { "version": { "default": "v1", "password": "EXAMPLE-word" }, "vpcs": { "a": vpc("a")["spec"] } },
            "status": { "version": "v1", "lastAppliedGen": 1, "lastHeartbeat": Timestamp::now().to_string() } })
    }

    fn said(rows: &[Row]) -> Vec<String> {
        rows.iter().map(|row| format!("{} {}: {}", row.key.kind, row.key.name, row.health.reason)).collect()
    }

    #[test]
    fn a_snapshot_is_judged_as_of_its_file_with_the_worst_first() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("live.json");
        let list = json!({ "apiVersion": "v1", "kind": "List", "items": [agent("leaf-1"), vpc("a"), vpc("idle"),
            { "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "x" }, "status": { "phase": "Failed" } }] });
        std::fs::write(&file, list.to_string()).unwrap();
        let lives = ask(&[file.to_str().unwrap()]);
        let now = Timestamp::now() + jiff::SignedDuration::from_hours(1);
        let found = rows(&lives, now, &Redactor::default());
        let expected = [
            "Namespace x: phase=Failed",
            "VPC idle: not placed: no VPCAttachment names it",
            "Agent leaf-1: lastAppliedGen=1 of 1",
            "VPC a: live on leaf-1",
        ];
        assert_eq!(said(&found), expected);
        let printed = object(&lives, now, &Redactor::default());
        assert_eq!(printed["objects"][3]["health"]["source"], "Agent leaf-1 .status.lastAppliedGen");
        assert_eq!(printed["clusters"][0]["complete"], true);
        assert!(!printed.to_string().contains("EXAMPLE"), "{printed}");
    }

    #[test]
    fn a_context_is_asked_until_everything_is_listed_and_a_dead_one_is_incomplete() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config");
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let api = runtime.block_on(async { Api::start(hedgehog_kinds()).unwrap() });
        let namespace = |group: &str, kind: &str| {
            let metadata = json!({ "name": "default", "namespace": "default" });
            json!({ "apiVersion": format!("{group}.githedgehog.com/v1beta1"), "kind": kind, "metadata": metadata, "spec": {} })
        };
        let namespaces = [namespace("vpc", "IPv4Namespace"), namespace("wiring", "VLANNamespace")];
        for object in [agent("leaf-1"), vpc("a")].into_iter().chain(namespaces) {
            api.put(object).unwrap();
        }
        std::fs::write(&config, api.kubeconfig("lab")).unwrap();
        let arguments = ["--context", "lab", "--kubeconfig", config.to_str().unwrap()];
        let lives = ask(&arguments);
        assert!(lives[0].complete);
        let found = rows(&lives, Timestamp::now(), &Redactor::default());
        assert!(said(&found).contains(&"VPC a: live on leaf-1".to_owned()), "{:?}", said(&found));
        drop(api);
        drop(runtime);
        assert!(!ask(&arguments)[0].complete);
    }

    #[test]
    fn input_that_cannot_be_read_is_wrong_usage() {
        let paths = Paths::from_vars(|_| None);
        for arguments in [vec!["/nonexistent"], vec!["--context", "x", "--kubeconfig", "/nonexistent"]] {
            let failure = observe(&args(&arguments), || panic!("no session is needed"), &paths).unwrap_err();
            assert_eq!(failure.exit, Exit::Usage, "{arguments:?}");
        }
    }
}
