//! What thousands of live objects cost, on a real kube-apiserver: time until all are there beside `kubectl get`, memory, and
//! the processor while Agents give their signs of life.
//!
//!     KUBEBUILDER_ASSETS=DIR cargo run --release --example cluster -- CRDS [OBJECTS [AGENTS [SECONDS]]]
//!     cargo run --release --example cluster -- --demo [OBJECTS [AGENTS [SECONDS]]]
//!
//! With `--demo` they are served by the demo's API in this process, without TLS: that tells memory and processor time of the
//! worker, and nothing of a server's.
//! CRDS is a folder with Hedgehog's definitions (`config/crd/bases` of githedgehog/fabric). OBJECTS of its twelve kinds are
//! created, of two kilobytes each as `kubectl get -o json` prints them, and AGENTS of sixty; each Agent's heartbeat is written
//! every fifteen seconds while the worker is measured for SECONDS, in a process of its own.
#![expect(clippy::print_stdout, reason = "it is its purpose")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::{TryStreamExt, stream};
use hnpwb::config::session::ClusterSpec;
use hnpwb::demo::api::Api;
use hnpwb::demo::project::objects::kinds;
use hnpwb::domain::cluster::{Connection, LiveSet};
use hnpwb::domain::health::Rules;
use hnpwb::event::Event;
use hnpwb::source::kube::{Demand, Target, spawn};
use hnpwb::source::mailbox::mailbox;
use kube::Client;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

#[expect(dead_code, reason = "the tests need more of it")]
#[path = "../cluster/server.rs"]
mod server;
#[path = "../terminal/skip.rs"]
mod skip;

/// Size of an object as JSON, without white space.
const SIZE: usize = 2_036;
/// Size of an Agent's state.
const STATE: usize = 60_000;
/// Requests at once while objects are created.
const AT_ONCE: usize = 8;
/// What Hedgehog's agents keep to.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Kind, group and plural of what is created.
const KINDS: [(&str, &str, &str); 12] = [
    ("External", "vpc", "externals"),
    ("ExternalAttachment", "vpc", "externalattachments"),
    ("ExternalPeering", "vpc", "externalpeerings"),
    ("IPv4Namespace", "vpc", "ipv4namespaces"),
    ("VPC", "vpc", "vpcs"),
    ("VPCAttachment", "vpc", "vpcattachments"),
    ("VPCPeering", "vpc", "vpcpeerings"),
    ("Connection", "wiring", "connections"),
    ("Server", "wiring", "servers"),
    ("Switch", "wiring", "switches"),
    ("SwitchGroup", "wiring", "switchgroups"),
    ("VLANNamespace", "wiring", "vlannamespaces"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let usage = "cluster CRDS [OBJECTS [AGENTS [SECONDS]]]";
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: usize| arguments.get(at).map_or(Ok(default), |text| text.parse());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    if arguments.first().is_some_and(|first| first == "--watch") {
        let file = arguments.get(1).ok_or(usage)?.into();
        return runtime.block_on(measure(file, number(2, 0)?, number(3, 30)? as u64));
    }
    let definitions = PathBuf::from(arguments.first().ok_or(usage)?);
    let (objects, agents, seconds) = (number(1, 10_000)?, number(2, 50)?, number(3, 60)?);
    if definitions == Path::new("--demo") {
        return runtime.block_on(serve(objects, agents, seconds));
    }
    let server = server::server().ok_or("KUBEBUILDER_ASSETS is not set")?;
    runtime.block_on(run(server, &definitions, objects, agents, seconds))
}

async fn run(
    server: &server::Server,
    definitions: &Path,
    objects: usize,
    agents: usize,
    seconds: usize,
) -> Result<(), Box<dyn Error>> {
    let client = server.client().await;
    for entry in std::fs::read_dir(definitions)? {
        let file = entry?.path();
        for definition in hnpwb::domain::manifest::load(&file, &std::fs::read(&file)?).objects {
            let name = definition.value["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            if !name.starts_with("vpcs.") && !name.starts_with("connections.") {
                server.create(std::sync::Arc::unwrap_or_clone(definition.value)).await;
            }
        }
    }
    let made = Instant::now();
    let numbers = stream::iter((0..objects).map(Ok::<_, Box<dyn Error>>));
    numbers.try_for_each_concurrent(AT_ONCE, |number| create(server, &client, number)).await?;
    for number in 0..agents {
        let agent = json!({ "apiVersion": "agent.githedgehog.com/v1beta1", "kind": "Agent",
            "metadata": { "name": format!("leaf-{number}"), "namespace": "default" }, "spec": { "role": "server-leaf" } });
        server.create(agent).await;
        beat(&client, number).await?;
    }
    println!("{objects} objects and {agents} agents created in {:.1} s", made.elapsed().as_secs_f64());
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("kubeconfig");
    std::fs::write(&file, server::kubeconfig(server.port, false))?;
    kubectl(&file, folder.path());
    let beating = tokio::spawn(async move {
        let mut clock = tokio::time::interval(HEARTBEAT / agents.max(1) as u32);
        for number in (0..agents).cycle() {
            clock.tick().await;
            if let Err(error) = beat(&client, number).await {
                println!("no heartbeat: {error}");
            }
        }
    });
    watched(file, objects + agents, seconds).await?;
    beating.abort();
    Ok(())
}

/// The same from the demo's API.
async fn serve(objects: usize, agents: usize, seconds: usize) -> Result<(), Box<dyn Error>> {
    let api = Api::start(kinds())?;
    let put = |object: Value| api.put(object).map_err(|fault| fault.to_string());
    for number in 0..objects {
        put(object(number))?;
    }
    let agent = |number: usize| {
        let mut agent = json!({ "apiVersion": "agent.githedgehog.com/v1beta1", "kind": "Agent",
            "metadata": { "name": format!("leaf-{number}"), "namespace": "default" }, "spec": { "role": "server-leaf" } });
        agent["status"] = status();
        agent
    };
    for number in 0..agents {
        put(agent(number))?;
    }
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("kubeconfig");
    std::fs::write(&file, api.kubeconfig("test"))?;
    let beating = async {
        let mut clock = tokio::time::interval(HEARTBEAT / agents.max(1) as u32);
        for number in (0..agents).cycle() {
            clock.tick().await;
            put(agent(number))?;
        }
        // Without Agents there is nothing to do.
        std::future::pending::<()>().await;
        Ok::<(), Box<dyn Error>>(())
    };
    tokio::select! {
        watched = watched(file, objects + agents, seconds) => watched,
        failed = beating => failed,
    }
}

/// Has the worker measured in a process of its own.
async fn watched(file: PathBuf, objects: usize, seconds: usize) -> Result<(), Box<dyn Error>> {
    let watching = tokio::task::spawn_blocking(move || {
        let of = |number: usize| number.to_string();
        Command::new(std::env::current_exe()?)
            .args(["--watch".as_ref(), file.as_os_str()])
            .args([of(objects), of(seconds)])
            .stdout(Stdio::inherit())
            .status()
    });
    let status = watching.await??;
    if status.success() { Ok(()) } else { Err("the measured process failed".into()) }
}

/// `kubectl get` of the twelve kinds, three times after one that fills its caches.
fn kubectl(config: &Path, home: &Path) {
    let names: Vec<String> =
        KINDS.iter().map(|(_, group, plural)| format!("{plural}.{group}.githedgehog.com")).collect();
    for form in ["", "json"] {
        let mut times = Vec::new();
        for _ in 0..4 {
            let began = Instant::now();
            let mut command = Command::new("kubectl");
            command.arg("--kubeconfig").arg(config).args(["get", "-A", &names.join(",")]).env("HOME", home);
            if !form.is_empty() {
                command.args(["-o", form]);
            }
            let status = command.stdout(Stdio::null()).status();
            times.push(began.elapsed().as_millis());
            if !status.is_ok_and(|status| status.success()) {
                println!("kubectl does not run");
                return;
            }
        }
        println!(
            "kubectl get{}{form}: {:?} ms, the first with empty caches",
            if form.is_empty() { "" } else { " -o " },
            times
        );
    }
}

/// The worker by itself: times, memory by object, processor time.
async fn measure(file: PathBuf, objects: usize, seconds: u64) -> Result<(), Box<dyn Error>> {
    let cluster = ClusterSpec::Context { context: Some("test".into()), kubeconfig: Some(file) };
    let (_wanted, wanted) = watch::channel(std::collections::BTreeMap::new());
    let (_refresh, refresh) = watch::channel(0);
    let (_demand, demand) = watch::channel(Demand { everything: false, ..Demand::default() });
    let (outbox, mut inbox) = mailbox();
    let before = resident()?;
    let began = Instant::now();
    let target =
        Target { name: "test".into(), cluster, wanted, refresh, demand, browser: None, rules: Rules::built_in() };
    let mut live = spawn(target, outbox, CancellationToken::new());
    live.wait_for(|live| live.connection == Connection::Connected).await?;
    let connected = began.elapsed();
    let is_whole = |live: &Arc<LiveSet>| live.objects.len() >= objects;
    live.wait_for(is_whole).await?;
    let whole = began.elapsed();
    println!("connected after {} ms, all {objects} objects after {} ms", connected.as_millis(), whole.as_millis());
    // The screen keeps what it was sent last.
    let mut view = None;
    let mut keep = async |time: Duration| {
        let until = tokio::time::Instant::now() + time;
        while let Ok(Some(event)) = tokio::time::timeout_at(until, inbox.next()).await {
            if let Event::Cluster(news) = event {
                view = Some(news);
            }
        }
    };
    keep(Duration::from_secs(5)).await;
    let after = resident()?;
    let by_object = |bytes: u64| bytes.saturating_sub(before) / objects.max(1) as u64;
    println!("memory: {} MiB before, {} MiB after, {} bytes by object", before >> 20, after >> 20, by_object(after));
    let (busy, looked) = (processor()?, Instant::now());
    keep(Duration::from_secs(seconds)).await;
    let share = processor()?.saturating_sub(busy).as_secs_f64() / looked.elapsed().as_secs_f64();
    println!(
        "idle for {seconds} s: {:.2} % of one core; {} MiB, at most {} MiB",
        share * 100.0,
        resident()? >> 20,
        peak()? >> 20
    );
    println!("objects on screen: {}", view.map_or(0, |view| view.objects.len()));
    Ok(())
}

/// One object, as client-side apply creates it.
fn object(number: usize) -> Value {
    let (kind, group, _) = KINDS[number % KINDS.len()];
    let mut object = json!({
        "apiVersion": format!("{group}.githedgehog.com/v1beta1"), "kind": kind,
        "metadata": { "name": format!("o-{number}"), "namespace": "default", "labels": { "rack": format!("r{}", number % 40) } },
        "spec": spec(kind, number),
    });
    let applied = object.to_string();
    object["metadata"]["annotations"] = json!({ "kubectl.kubernetes.io/last-applied-configuration": applied });
    // What the server adds: managedFields, times, an identity.
    let rest = SIZE.saturating_sub(object.to_string().len() + 700);
    object["metadata"]["annotations"]["example.com/note"] = "lorem ipsum ".repeat(rest / 12 + 1)[..rest].into();
    object
}

async fn create(server: &server::Server, client: &Client, number: usize) -> Result<(), Box<dyn Error>> {
    let (kind, group, plural) = KINDS[number % KINDS.len()];
    let object = object(number);
    let gvk = GroupVersionKind::gvk(&format!("{group}.githedgehog.com"), "v1beta1", kind);
    let api: kube::Api<DynamicObject> =
        kube::Api::namespaced_with(client.clone(), "default", &ApiResource::from_gvk_with_plural(&gvk, plural));
    let created = api.create(&PostParams::default(), &serde_json::from_value(object.clone())?).await;
    match created {
        Ok(_) => Ok(()),
        // Its kind is not served yet.
        Err(kube::Error::Api(status)) if status.code == 404 || status.code == 429 => {
            server.create(object).await;
            Ok(())
        }
        Err(error) => Err(format!("{kind}: {error}").into()),
    }
}

fn spec(kind: &str, number: usize) -> Value {
    let octet = number % 250;
    match kind {
        "External" => {
            json!({ "ipv4Namespace": "default", "inboundCommunity": "65102:1000", "outboundCommunity": "50000:1" })
        }
        "ExternalAttachment" => json!({ "external": "e", "connection": format!("c-{number}"),
            "neighbor": { "asn": 64102, "ip": format!("100.1.{octet}.6") }, "switch": { "ip": format!("100.1.{octet}.1/24"), "vlan": 100 } }),
        "ExternalPeering" => {
            json!({ "permit": { "vpc": { "name": "v", "subnets": ["default"] }, "external": { "name": "e", "prefixes": [{ "prefix": "0.0.0.0/0" }] } } })
        }
        "IPv4Namespace" => json!({ "subnets": [format!("10.{octet}.0.0/16")] }),
        "VPC" => json!({ "subnets": { "default": { "subnet": format!("10.0.{octet}.0/24"), "vlan": 1000 + octet,
            "dhcp": { "enable": true, "range": { "start": format!("10.0.{octet}.10"), "end": format!("10.0.{octet}.99") } } } } }),
        "VPCAttachment" => json!({ "subnet": "v/default", "connection": format!("c-{number}") }),
        "VPCPeering" => json!({ "permit": [{ "a": { "subnets": ["default"] }, "b": { "subnets": ["default"] } }] }),
        "Connection" => json!({ "unbundled": { "link": { "server": { "port": format!("server-{number}/enp2s1") },
            "switch": { "port": format!("leaf-1/E1/{octet}") } } } }),
        "Server" => json!({ "description": "lorem ipsum ".repeat(20) }),
        "Switch" => {
            json!({ "role": "server-leaf", "description": "VS-01", "profile": "vs", "vlanNamespaces": ["default"],
            "asn": 65101, "ip": format!("172.30.{octet}.8/21"), "protocolIP": format!("172.30.{octet}.2/32"), "groups": ["mclag-1"] })
        }
        "VLANNamespace" => json!({ "ranges": [{ "from": 1000, "to": 2999 }] }),
        _ => json!({}),
    }
}

/// Writes an Agent's status with another heartbeat.
async fn beat(client: &Client, number: usize) -> Result<(), Box<dyn Error>> {
    let gvk = GroupVersionKind::gvk("agent.githedgehog.com", "v1beta1", "Agent");
    let api: kube::Api<DynamicObject> =
        kube::Api::namespaced_with(client.clone(), "default", &ApiResource::from_gvk(&gvk));
    let patch = Patch::Merge(json!({ "status": status() }));
    api.patch_status(&format!("leaf-{number}"), &PatchParams::default(), &patch).await?;
    Ok(())
}

/// What an agent says now.
fn status() -> Value {
    let ports = STATE / 400;
    let interfaces: serde_json::Map<String, Value> = (0..ports)
        .map(|port| {
            let state = json!({ "enabled": true, "admin": "up", "oper": "up", "speed": "25G", "mac": "0c:20:12:fe:01:00",
                "counters": { "inbps": 1234.5, "outbps": 987.25, "inUtilization": 1, "outUtilization": 1 } });
            (format!("E1/{port}"), state)
        })
        .collect();
    json!({
        "version": "v0.87.0", "lastHeartbeat": jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "lastAppliedGen": 1, "lastAppliedTime": "2026-01-01T00:00:00Z", "lastAttemptGen": 1, "lastAttemptTime": "2026-01-01T00:00:00Z",
        "conditions": [], "state": { "interfaces": interfaces },
    })
}

fn resident() -> Result<u64, Box<dyn Error>> {
    memory("VmRSS:")
}

fn peak() -> Result<u64, Box<dyn Error>> {
    memory("VmHWM:")
}

fn memory(field: &str) -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)).ok_or("no such field")?;
    Ok(line.split_whitespace().next().ok_or("no number")?.parse::<u64>()? << 10)
}

/// Processor time of all threads, those that ended too: fields 14 and 15 of proc_pid_stat(5), in hundredths of a second.
fn processor() -> Result<Duration, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(')').ok_or("no fields")?;
    let times = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
    Ok(Duration::from_millis(times.sum::<Result<u64, _>>()? * 10))
}
