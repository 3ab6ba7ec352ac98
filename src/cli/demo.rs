//! `hnpwb demo`: the workbench on a stage of its own, with a cluster in this process and a player that tells the story.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::config::session;
use crate::demo::api::Api;
use crate::demo::player::{self, AskGate, Cluster, GateAsk, Hooks, Pace};
use crate::demo::project::{self, Stage, objects};
use crate::domain::fault::Fault;
use crate::domain::gate::wire::{Answer, GateRequest};
use crate::domain::gate::{Asks, Decision};
use crate::source::gates::client::ask_gate;

use super::output::{Exit, Failure};
use super::workbench::LEAVE;
use super::{unusable, workbench};

/// How long an agent of the story waits at its gate; then it is refused, so that an unattended demo plays on.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// How the scenario is played.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many times as fast as it is told
    #[arg(long, default_value_t = 1.0, value_name = "N")]
    speed: f64,
    /// Play in this empty folder, and keep it [default: a temporary one]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Tell the story once instead of over and over
    #[arg(long)]
    once: bool,
}

/// Builds the stage, opens the workbench on it and plays until it is quit.
pub fn run(args: Args, screen: &workbench::ScreenArgs) -> Result<Exit, Failure> {
    workbench::need_terminal()?;
    let failed = |fault| Failure::new(Exit::Unavailable, fault);
    let stage = Arc::new(project::build(args.dir, Timestamp::now()).map_err(failed)?);
    let pace = Pace { speed: args.speed, rounds: args.once.then_some(1) };
    let runtime = workbench::runtime()?;
    let ended = runtime.block_on(async {
        let api = cluster(&stage).map_err(failed)?;
        let paths = stage.paths();
        let (session, problems) = session::load(None, &stage.root, &paths).map_err(|problems| unusable(&problems))?;
        let state = workbench::prepare(&session, problems, &paths, screen);
        let cancel = CancellationToken::new();
        let hooks = Hooks {
            now: Box::new(Timestamp::now),
            ask_gate: gate_client(paths.socket(&session.root)),
            round_over: Box::new(|_| {}),
        };
        let playing = tokio::spawn(player::play(Arc::clone(&stage), actions(&api), pace, cancel.clone(), hooks));
        let ended = Box::pin(workbench::run(session, state, &paths)).await;
        cancel.cancel();
        let played = tokio::time::timeout(LEAVE, playing).await;
        let told = match played {
            Ok(Ok(Err(fault))) => Err(failed(fault)),
            Ok(Ok(Ok(())) | Err(_)) | Err(_) => Ok(()),
        };
        ended.and_then(|exit| told.map(|()| exit))
    });
    // A client that waits at a gate sits in a thread of its own.
    runtime.shutdown_timeout(LEAVE);
    ended
}

/// The demo's own cluster; the player fills it.
fn cluster(stage: &Stage) -> Result<Api, Fault> {
    let api = Api::start(objects::kinds())
        .map_err(|error| Fault::new("opening", "the demo's cluster on loopback", error, "is loopback up?"))?;
    stage.write_kubeconfig(&api.kubeconfig("demo"))?;
    Ok(api)
}

fn actions(api: &Api) -> Cluster {
    let (put, delete) = (api.clone(), api.clone());
    Cluster {
        put: Box::new(move |object| put.put(object)),
        delete: Box::new(move |kind, namespace, name| {
            delete.delete(kind, namespace, name);
        }),
    }
}

/// The same client that stands behind `hnpwb gate request`.
fn gate_client(socket: PathBuf) -> AskGate {
    Box::new(move |asked| {
        let socket = socket.clone();
        async move {
            let waiting = tokio::task::spawn_blocking(move || wait_at_gate(&socket, asked));
            waiting.await.unwrap_or_else(|error| Err(Fault::new("waiting at", "a gate", error, "")))
        }
        .boxed()
    })
}

fn wait_at_gate(socket: &Path, asked: GateAsk) -> Result<Decision, Fault> {
    let request = GateRequest {
        title: asked.title,
        detail: asked.detail,
        subject: [
            ("session".to_owned(), asked.session.clone()),
            ("tool_use_id".to_owned(), asked.tool_use_id),
            ("cwd".to_owned(), asked.cwd.display().to_string()),
        ]
        .into(),
        agent: Some(asked.session),
        tool: Some(asked.tool),
        rule: Some("push".to_owned()),
        asks: Asks::default(),
        timeout_ms: u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX),
    };
    match ask_gate(socket, &request) {
        Ok(Answer::Decided { approved, reason, .. }) => Ok(Decision { approved, reason, ..Decision::default() }),
        Ok(Answer::Expired { .. }) => {
            Ok(Decision { approved: false, reason: "nobody decided in time".to_owned(), ..Decision::default() })
        }
        Ok(Answer::Refused { why, .. }) => Ok(Decision { approved: false, reason: why, ..Decision::default() }),
        Ok(Answer::Gates { .. } | Answer::Line { .. } | Answer::Hooks { .. } | Answer::Noted) => {
            Ok(Decision { approved: false, reason: "an odd answer".to_owned(), ..Decision::default() })
        }
        Err(unheard) => Err(unheard.into_fault(socket)),
    }
}
