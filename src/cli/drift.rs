//! `hnpwb drift`: every object's drift state and fields, once.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args as ClapArgs;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::output::{Exit, Failure, Format, OutputArgs, print_json, print_table, say};
use super::{health, unusable};
use crate::config::paths::Paths;
use crate::config::redaction;
use crate::config::session::{ClusterSpec, FabricSpec, Session};
use crate::domain::cluster::{Connection, LiveSet};
use crate::domain::drift::{DriftRow, DriftView, FieldDiff, Finding, Memo, ObjectKey};
use crate::domain::fault::Fault;
use crate::domain::health::Rules;
use crate::domain::hedgehog;
use crate::domain::redact::Redactor;
use crate::domain::text;
use crate::domain::time::age;
use crate::source::drift::{Cache, GitSide, kinds_of, read, view};
use crate::source::kube::{Demand, KindNames, Target, context_name, read_snapshot, spawn};
use crate::source::mailbox::mailbox;

/// How long a cluster has to give a complete picture.
const PATIENCE: Duration = Duration::from_secs(15);

/// Grace of a directory that is given by hand.
const GRACE: Duration = Duration::from_secs(300);

/// Arguments of `hnpwb drift`.
#[derive(Debug, Clone, ClapArgs)]
pub struct Args {
    /// Only this fabric of the session
    #[arg(long, value_name = "NAME", conflicts_with = "gitops")]
    pub fabric: Option<String>,
    /// Exit with 1 on drift, with 4 when a cluster could not be asked
    #[arg(long)]
    pub exit_code: bool,
    /// Directory of manifests, instead of a session's fabrics
    #[arg(long, value_name = "DIR")]
    pub gitops: Option<PathBuf>,
    /// Folders below it that are no desired state
    #[arg(long, value_name = "NAME", requires = "gitops", default_values_t = ["raw".to_owned(), "unmanaged".to_owned()])]
    pub exclude: Vec<String>,
    /// Live objects from a file, as kubectl get -o yaml writes it
    #[arg(long, value_name = "FILE", requires = "gitops", conflicts_with = "context")]
    pub live: Option<PathBuf>,
    /// Live objects from this context
    #[arg(long, value_name = "NAME", requires = "gitops")]
    pub context: Option<String>,
    /// The kubeconfig that has the context [default: $KUBECONFIG, else ~/.kube/config]
    #[arg(long, value_name = "FILE", requires = "context")]
    pub kubeconfig: Option<PathBuf>,
    /// Form of the output.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// A fabric with what was found about it.
pub(super) struct Report {
    pub(super) spec: FabricSpec,
    pub(super) view: DriftView,
    pub(super) fault: Option<Fault>,
}

/// Prints the drift of every fabric of the session, or of the directory given.
///
/// Ends with [`Exit::Done`] unless `--exit-code` asks for more. An incomplete picture (4) outweighs drift (1), since it cannot
/// stand for an answer. Unreadable input is a failure with [`Exit::Usage`].
pub fn run(args: &Args, session: impl FnOnce() -> Result<Session, Failure>, paths: &Paths) -> Result<Exit, Failure> {
    let (fabrics, redactor, rules) = match &args.gitops {
        Some(directory) => {
            let redactor = redaction::load(paths).map_err(|problems| unusable(&problems))?;
            (vec![by_hand(args, directory, paths)?], redactor, health::of_user(paths))
        }
        None => {
            let session = session()?;
            (of_session(&session, args.fabric.as_deref())?, session.redactor, session.health)
        }
    };
    let (reports, faults) = observe(fabrics, &rules, &redactor)?;
    for report in &reports {
        if let Some(fault) = &report.fault {
            say(&text::line(&format!("{}: {fault}", report.spec.name)));
        }
    }
    let now = Timestamp::now();
    let printed = match args.output.format() {
        Format::Json => {
            print_json("drift", now, &json!({ "fabrics": reports.iter().map(object).collect::<Vec<_>>() }), &redactor)
        }
        Format::Table => table(&reports, now, &redactor),
    };
    printed.or_else(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(Failure::new(Exit::Unavailable, Fault::new("writing", "standard output", error, ""))),
    })?;
    if faults.is_empty() { Ok(exit(args, &reports)) } else { Err(Failure { exit: Exit::Usage, faults }) }
}

/// Looks at these fabrics once; what could not be read is a fault beside the others.
pub(super) fn observe(
    fabrics: Vec<FabricSpec>,
    rules: &Arc<Rules>,
    redactor: &Redactor,
) -> Result<(Vec<Report>, Vec<Fault>), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime =
        runtime.map_err(|error| Failure::new(Exit::Unavailable, Fault::new("starting", "drift", error, "")))?;
    let observed = runtime.block_on(report(fabrics, rules, redactor));
    // An exec plugin or a look-up of a name may still hang in a thread of its own.
    runtime.shutdown_background();
    Ok(observed)
}

fn exit(args: &Args, reports: &[Report]) -> Exit {
    let is_blind = |report: &Report| report.spec.cluster.is_some() && report.view.connection != Connection::Connected;
    if !args.exit_code {
        Exit::Done
    } else if reports.iter().any(is_blind) {
        Exit::Unavailable
    } else if reports.iter().flat_map(|report| report.view.rows.iter()).any(|row| row.state.is_fault()) {
        Exit::No
    } else {
        Exit::Done
    }
}

/// The fabric that the arguments describe.
fn by_hand(args: &Args, directory: &Path, paths: &Paths) -> Result<FabricSpec, Failure> {
    let usage = |on: &Path, error: io::Error| Failure::new(Exit::Usage, Fault::new("reading", on.display(), error, ""));
    let repo = directory.canonicalize().map_err(|error| usage(directory, error))?;
    let kubeconfig = args.kubeconfig.as_ref().map(|file| paths.expand(&file.to_string_lossy()));
    if let Some(file) = &kubeconfig {
        std::fs::metadata(file).map_err(|error| usage(file, error))?;
    }
    let cluster = match (&args.live, &args.context) {
        (Some(file), _) => {
            // A snapshot that cannot be read is wrong input, not a cluster that is away.
            read_snapshot(file, &Rules::built_in()).map_err(|fault| Failure::new(Exit::Usage, fault))?;
            Some(ClusterSpec::Snapshot(file.clone()))
        }
        (None, Some(context)) => Some(ClusterSpec::Context { context: Some(context.clone()), kubeconfig }),
        (None, None) => None,
    };
    let name = repo.file_name().map_or_else(|| "/".to_owned(), |name| name.to_string_lossy().into_owned());
    let exclude = args.exclude.clone();
    Ok(FabricSpec { name, repo, directory: PathBuf::new(), exclude, cluster, grace: GRACE })
}

/// The fabric of that name, or every fabric of the session.
pub(super) fn of_session(session: &Session, name: Option<&str>) -> Result<Vec<FabricSpec>, Failure> {
    let Some(name) = name else {
        if session.fabrics.is_empty() {
            say("no fabric: the session names none, and no directory of manifests was found");
        }
        return Ok(session.fabrics.clone());
    };
    let found: Vec<FabricSpec> = session.fabrics.iter().filter(|fabric| fabric.name == name).cloned().collect();
    if found.is_empty() {
        let names: Vec<&str> = session.fabrics.iter().map(|fabric| fabric.name.as_str()).collect();
        let why = "the session has no fabric of that name";
        let remedy = format!("it has: {}", if names.is_empty() { "none".to_owned() } else { names.join(", ") });
        return Err(Failure::new(Exit::Usage, Fault::new("looking for", name, why, remedy)));
    }
    Ok(found)
}

/// Reads every fabric and asks every cluster once, all at the same time. A directory that cannot be read is a fault and
/// costs the other fabrics nothing.
async fn report(fabrics: Vec<FabricSpec>, rules: &Arc<Rules>, redactor: &Redactor) -> (Vec<Report>, Vec<Fault>) {
    let mut sides: Vec<(FabricSpec, GitSide)> = Vec::new();
    let mut faults = Vec::new();
    for spec in fabrics {
        let reading = spec.clone();
        let side = tokio::task::spawn_blocking(move || read(&reading, &mut Cache::default())).await;
        let side = side.map_err(|error| Fault::new("reading", &spec.name, error, ""));
        match side.and_then(|side| side) {
            Ok(side) => sides.push((spec, side)),
            Err(fault) => faults.push(fault),
        }
    }
    let cancel = CancellationToken::new();
    let _stop = cancel.clone().drop_guard();
    let deadline = Instant::now() + PATIENCE;
    let mut lives: Vec<(ClusterSpec, Arc<LiveSet>)> = Vec::new();
    let mut asked: Vec<(ClusterSpec, BTreeMap<String, KindNames>)> = Vec::new();
    for (spec, _) in &sides {
        let Some(cluster) = &spec.cluster else { continue };
        if lives.iter().any(|(known, _)| known == cluster) || asked.iter().any(|(known, ..)| known == cluster) {
            continue;
        }
        let same = sides.iter().filter(|(other, _)| other.cluster.as_ref() == Some(cluster));
        let wanted: BTreeMap<String, KindNames> =
            same.map(|(other, side)| (other.name.clone(), kinds_of(side))).collect();
        match cluster {
            ClusterSpec::Snapshot(file) => {
                let live = read_snapshot(file, rules).unwrap_or_else(|fault| LiveSet {
                    fault: Some(fault),
                    ..LiveSet::empty(file.display().to_string(), Connection::None)
                });
                lives.push((cluster.clone(), Arc::new(live)));
            }
            ClusterSpec::Context { .. } => asked.push((cluster.clone(), wanted)),
        }
    }
    let waiting = asked.into_iter().map(|(cluster, wanted)| {
        let cancel = cancel.clone();
        async move {
            let live = ask(&cluster, wanted, rules, deadline, cancel).await;
            (cluster, live)
        }
    });
    lives.extend(futures::future::join_all(waiting).await);
    let now = Timestamp::now();
    let none = Arc::new(LiveSet::empty("", Connection::None));
    let reports = sides.iter().map(|(spec, side)| {
        let live = lives.iter().find(|(cluster, _)| spec.cluster.as_ref() == Some(cluster));
        let live = live.map_or(&none, |(_, live)| live);
        let (view, _) = view(spec, side, live, &Arc::new(claims(spec, &sides)), (now, &mut Memo::default()), redactor);
        Report { spec: spec.clone(), view, fault: live.fault.clone().map(|fault| fault.redacted(redactor)) }
    });
    let reports = reports.collect();
    (reports, faults.into_iter().map(|fault| fault.redacted(redactor)).collect())
}

/// Objects that other fabrics of the same cluster want.
fn claims(spec: &FabricSpec, sides: &[(FabricSpec, GitSide)]) -> BTreeMap<ObjectKey, String> {
    let others = sides.iter().filter(|(other, _)| other.name != spec.name && other.cluster == spec.cluster);
    let others = others.filter(|(other, _)| other.cluster.is_some());
    others
        .flat_map(|(other, side)| {
            let manifests = side.head.as_ref().unwrap_or(&side.worktree);
            manifests.iter().map(|manifest| manifest.key.clone()).map(|key| (key, other.name.clone()))
        })
        .collect()
}

/// The live set of a context once it is complete, or what there is of it at the deadline.
async fn ask(
    cluster: &ClusterSpec,
    wanted: BTreeMap<String, KindNames>,
    rules: &Arc<Rules>,
    deadline: Instant,
    cancel: CancellationToken,
) -> Arc<LiveSet> {
    let mut kinds: KindNames = wanted.values().flatten().cloned().collect();
    if kinds.iter().any(|(group, _)| hedgehog::GROUPS.contains(&group.as_str())) {
        // How these are stands in the agents.
        kinds.insert((hedgehog::AGENTS.to_owned(), "Agent".to_owned()));
    }
    let specification = cluster.clone();
    let name = tokio::task::spawn_blocking(move || context_name(&specification)).await.ok().flatten();
    let (wanted, refresh) = (watch::Sender::new(wanted), watch::Sender::new(0));
    let demand = watch::Sender::new(Demand { everything: false, ..Demand::default() });
    let target = Target {
        name: name.unwrap_or_else(|| "current context".to_owned()),
        cluster: cluster.clone(),
        wanted: wanted.subscribe(),
        rules: Arc::clone(rules),
        refresh: refresh.subscribe(),
        browser: None,
        demand: demand.subscribe(),
    };
    // Nobody reads these events; a slot holds one at most.
    let (outbox, _inbox) = mailbox();
    let mut live = spawn(target, outbox, cancel);
    // Whether it is complete or not: what there is by then is the answer.
    let _ = timeout_at(deadline, live.wait_for(|live| is_complete(live, &kinds))).await;
    Arc::clone(&live.borrow())
}

fn is_complete(live: &LiveSet, kinds: &KindNames) -> bool {
    match live.connection {
        Connection::Connecting => false,
        Connection::Connected => {
            let served = live.served.iter().flatten().map(|kind| (kind.group.clone(), kind.kind.clone()));
            served
                .filter(|kind| kinds.contains(kind))
                .all(|kind| live.listed.contains(&kind) || live.refused.contains_key(&kind))
        }
        Connection::Unreachable | Connection::Unauthorized | Connection::Forbidden | Connection::None => true,
    }
}

fn object(report: &Report) -> Value {
    let view = &report.view;
    let mut fabric = json!({
        "name": view.fabric,
        "gitops": { "repo": report.spec.repo, "directory": report.spec.directory },
        "connection": view.connection,
        "head": { "commit": view.head, "branch": view.branch },
        "objects": view.rows.iter().map(|row| row_object(row)).collect::<Vec<_>>(),
        "findings": view.findings,
        "summary": view.summary(),
    });
    if let Some(fault) = &report.fault {
        fabric["connection_reason"] = fault.to_string().into();
    }
    if let Some(as_of) = view.as_of {
        fabric["as_of"] = json!(as_of);
    }
    match &report.spec.cluster {
        Some(ClusterSpec::Context { context, .. }) => fabric["context"] = json!(context),
        Some(ClusterSpec::Snapshot(file)) => fabric["snapshot"] = json!(file),
        None => {}
    }
    fabric
}

fn row_object(row: &DriftRow) -> Value {
    let mut object = json!({
        "group": row.key.group, "version": row.version, "kind": row.key.kind, "namespace": row.key.namespace,
        "name": row.key.name, "state": row.state, "reason": row.reason, "health": row.health, "fields": row.fields,
    });
    for (key, value) in [("file", json!(row.file)), ("line", json!(row.line)), ("since", json!(row.since))] {
        if !value.is_null() {
            object[key] = value;
        }
    }
    if let Some(application) = &row.application {
        object["application"] = json!({ "namespace": application.namespace, "name": application.name });
    }
    object
}

fn table(reports: &[Report], now: Timestamp, redactor: &Redactor) -> io::Result<()> {
    let mut rows = Vec::new();
    for report in reports {
        for row in report.view.rows.iter() {
            let place = row.file.as_ref().map(|file| format!("{}:{}", file.display(), row.line.unwrap_or(1)));
            let health = row.health.as_ref().map_or("", |health| health.state.name());
            let since = row.since.map(|since| age(since, now)).unwrap_or_default();
            let cells =
                [row.state.name(), &report.spec.name, &row.key.kind, &row.key.name, health, &since, &row.reason];
            rows.push(cells.iter().map(|cell| (*cell).to_owned()).chain(place).collect());
            for field in &row.fields {
                let mut cells = vec![String::new(); 6];
                cells.push(field_line(field));
                rows.push(cells);
            }
        }
    }
    print_table(&["STATE", "FABRIC", "KIND", "NAME", "HEALTH", "SINCE", "REASON", "FILE"], &rows, redactor)?;
    let findings: Vec<Vec<String>> =
        reports.iter().flat_map(|report| report.view.findings.iter()).map(finding_row).collect();
    if !findings.is_empty() {
        print_table(&["FINDING", "CODE", "FILE", "MESSAGE"], &findings, redactor)?;
    }
    Ok(())
}

fn field_line(field: &FieldDiff) -> String {
    let manager = field.manager.as_ref().map(|manager| format!(" by {manager}")).unwrap_or_default();
    format!("  {}: git {}, live {}{manager}", field.path, field.desired, field.live)
}

fn finding_row(finding: &Finding) -> Vec<String> {
    let severity = serde_json::to_value(finding.severity).ok();
    let severity = severity.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
    let line = finding.line.map(|line| format!(":{line}")).unwrap_or_default();
    let place = format!("{}{line}", finding.file.display());
    vec![severity, finding.code.to_owned(), place, finding.message.clone()]
}

#[cfg(test)]
mod tests {
    use super::{Args, Exit, by_hand, exit, object, report};
    use crate::config::paths::Paths;
    use crate::config::session::FabricSpec;
    use crate::demo::api::{Api, hedgehog_kinds};
    use crate::domain::health::Rules;
    use crate::domain::redact::Redactor;
    use clap::{Args as _, Command, FromArgMatches as _};
    use serde_json::{Value, json};

    fn args(arguments: &[&str]) -> Args {
        let command = Args::augment_args(Command::new("drift"));
        let matches = command.try_get_matches_from(std::iter::once("drift").chain(arguments.iter().copied())).unwrap();
        Args::from_arg_matches(&matches).unwrap()
    }

    fn paths() -> Paths {
        Paths::from_vars(|_| None)
    }

    fn vpc(vlan: u32) -> Value {
        json!({ "apiVersion": "vpc.githedgehog.com/v1beta1", "kind": "VPC", "metadata": { "name": "a" }, "spec": { "vlan": vlan } })
    }

    fn run(arguments: &[&str]) -> (Exit, Value) {
        let args = args(arguments);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let fabric = by_hand(&args, args.gitops.as_ref().unwrap(), &paths()).unwrap();
        let (reports, _) = runtime.block_on(report(vec![fabric], &Rules::built_in(), &Redactor::default()));
        (exit(&args, &reports), object(&reports[0]))
    }

    #[test]
    fn a_directory_and_a_snapshot_need_no_session() {
        let folder = tempfile::tempdir().unwrap();
        let (git, live) = (folder.path().join("git"), folder.path().join("live.json"));
        std::fs::create_dir(&git).unwrap();
        std::fs::write(git.join("a.json"), vpc(1).to_string()).unwrap();
        std::fs::write(&live, vpc(1).to_string()).unwrap();
        let arguments = ["--exit-code", "--gitops", git.to_str().unwrap(), "--live", live.to_str().unwrap()];
        let (code, fabric) = run(&arguments);
        assert_eq!(code, Exit::Done);
        assert_eq!(fabric["objects"][0]["state"], "synced");
        assert!(fabric["as_of"].is_string() && fabric["head"]["commit"].is_null());
        std::fs::write(&live, vpc(2).to_string()).unwrap();
        let (code, fabric) = run(&arguments);
        assert_eq!(code, Exit::No);
        assert_eq!(fabric["summary"], json!({ "drifted": 1 }));
        let field = json!({ "path": "spec.vlan", "desired": 1, "live": 2, "class": "changed" });
        assert_eq!(fabric["objects"][0]["fields"], json!([field]));
        assert_eq!(run(&arguments[1..]).0, Exit::Done, "without --exit-code drift is no failure");
    }

    #[test]
    fn a_context_is_asked_until_the_picture_is_complete_and_a_dead_one_is_exit_4() {
        let folder = tempfile::tempdir().unwrap();
        let (git, config) = (folder.path().join("git"), folder.path().join("config"));
        std::fs::create_dir(&git).unwrap();
        std::fs::write(git.join("a.json"), vpc(1).to_string()).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let api = runtime.block_on(async { Api::start(hedgehog_kinds()).unwrap() });
        api.put(vpc(1)).unwrap();
        std::fs::write(&config, api.kubeconfig("lab")).unwrap();
        let arguments = [
            "--exit-code",
            "--gitops",
            git.to_str().unwrap(),
            "--context",
            "lab",
            "--kubeconfig",
            config.to_str().unwrap(),
        ];
        let (code, fabric) = run(&arguments);
        assert_eq!((code, &fabric["connection"]), (Exit::Done, &json!("connected")));
        assert_eq!(fabric["objects"][0]["health"]["state"], "no-signal");
        drop(api);
        drop(runtime);
        let (code, fabric) = run(&arguments);
        assert_eq!((code, &fabric["connection"]), (Exit::Unavailable, &json!("unreachable")));
        assert_eq!(fabric["objects"][0]["state"], "unknown");
        assert!(fabric["connection_reason"].as_str().unwrap().contains("refused"));
    }

    #[test]
    fn a_directory_that_is_gone_costs_the_other_fabrics_nothing() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.json"), vpc(1).to_string()).unwrap();
        let args = args(&["--gitops", folder.path().to_str().unwrap()]);
        let good = by_hand(&args, folder.path(), &paths()).unwrap();
        let gone = FabricSpec { name: "gone".into(), directory: "none".into(), ..good.clone() };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (reports, faults) = runtime.block_on(report(vec![gone, good], &Rules::built_in(), &Redactor::default()));
        assert_eq!((reports.len(), faults.len()), (1, 1));
    }

    #[test]
    fn input_that_cannot_be_read_is_wrong_usage() {
        let folder = tempfile::tempdir().unwrap();
        let git = folder.path().to_str().unwrap();
        for arguments in [
            vec!["--gitops", "/nonexistent"],
            vec!["--gitops", git, "--live", "/nonexistent"],
            vec!["--gitops", git, "--context", "x", "--kubeconfig", "/nonexistent"],
        ] {
            let args = args(&arguments);
            let failure = by_hand(&args, args.gitops.as_ref().unwrap(), &paths()).unwrap_err();
            assert_eq!(failure.exit, Exit::Usage, "{arguments:?}");
        }
    }
}
