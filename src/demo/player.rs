//! Plays the scenario: one round after the other, in real time, until it is cancelled.

mod cast;
mod process;
pub mod record;
mod transcript;
mod world;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::time::{Instant, Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::domain::fault::Fault;
use crate::domain::gate::Decision;

use super::project::Stage;
use super::scenario::{self, Action, FollowUp, GateStep, Scenario};
use world::World;

/// Seconds between two rounds, at speed 1.
const PAUSE: f64 = 18.0;

/// How often a switch's agent gives a sign of life: the period of the real one.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The demo's cluster, as far as the player changes it.
pub struct Cluster {
    /// Creates an object, or takes the place of the one of the same kind, namespace and name.
    pub put: Put,
    /// Removes an object.
    pub delete: Delete,
}

/// Creates or replaces this object.
pub type Put = Box<dyn Fn(Value) -> Result<(), Fault> + Send + Sync>;

/// Removes the object of this kind, namespace and name.
pub type Delete = Box<dyn Fn(&str, &str, &str) + Send + Sync>;

/// Asks for a gate as any other client would, and waits. An error counts as a rejection for that reason.
pub type AskGate = Box<dyn Fn(GateAsk) -> BoxFuture<'static, Result<Decision, Fault>> + Send + Sync>;

/// What the player needs from the program around it.
pub struct Hooks {
    /// The clock.
    pub now: Box<dyn Fn() -> Timestamp + Send + Sync>,
    /// Asks for a gate.
    pub ask_gate: AskGate,
    /// Told when a round is over, with its number from one.
    pub round_over: Box<dyn Fn(u32) + Send + Sync>,
}

/// A tool call that an agent of the story wants to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateAsk {
    /// What is asked, in one line.
    pub title: String,
    /// The exact command.
    pub detail: String,
    /// The tool.
    pub tool: String,
    /// Session id of the agent.
    pub session: String,
    /// Id of the tool call, as in the transcript.
    pub tool_use_id: String,
    /// Working directory of the agent.
    pub cwd: PathBuf,
}

/// How fast, and how often.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Scenario seconds per second; values that are no positive number count as 1.
    pub speed: f64,
    /// Rounds to play; none plays on.
    pub rounds: Option<u32>,
}

impl Pace {
    fn real(self, seconds: f64) -> Duration {
        let speed = if self.speed.is_finite() && self.speed > 0.0 { self.speed } else { 1.0 };
        Duration::try_from_secs_f64(seconds.max(0.0) / speed).unwrap_or(Duration::MAX)
    }
}

/// Something that is due.
struct Due {
    actor: String,
    action: Action,
    /// Nothing of the same actor follows in this turn.
    ends_turn: bool,
    /// The reason of the decision it follows from.
    reason: Option<String>,
}

/// Plays on `stage` until cancelled, or until the rounds are over; then the agents stay as they are until this returns,
/// which ends their processes.
///
/// A round is over when all of its steps were played and every gate that it asked for was decided: an agent that is
/// held holds the story too. Fails when the stage cannot be written any more, or the
/// cluster refuses an object.
pub async fn play(
    stage: Arc<Stage>,
    cluster: Cluster,
    pace: Pace,
    cancel: CancellationToken,
    hooks: Hooks,
) -> Result<(), Fault> {
    let scenario = Arc::new(scenario::bundled()?);
    let now = (hooks.now)();
    let cast = Arc::clone(&scenario);
    let mut world = blocking(move || World::open(stage, cluster, &cast, now)).await??;
    let mut round = 1;
    let mut pulse = tokio::time::interval(HEARTBEAT);
    pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let began = (hooks.now)();
        let ahead = if round == 1 { prologue(&scenario, began) } else { Vec::new() };
        world = blocking(move || world.play_all(ahead)).await??;
        let mut player = Round { scenario: &scenario, pace, hooks: &hooks, queue: BTreeMap::new(), next: 0 };
        player.schedule_story();
        let Some(played) = player.run(world, &mut pulse, &cancel).await? else { return Ok(()) };
        world = played;
        (hooks.round_over)(round);
        if pace.rounds.is_some_and(|rounds| round >= rounds) {
            // The stage stands as the story left it: its processes and switches live until the workbench is closed.
            loop {
                tokio::select! {
                    () = cancel.cancelled() => return Ok(()),
                    _ = pulse.tick() => world = beat(world, (hooks.now)()).await?,
                }
            }
        }
        tokio::select! {
            () = cancel.cancelled() => return Ok(()),
            () = tokio::time::sleep(pace.real(PAUSE)) => {}
        }
        let now = (hooks.now)();
        world = blocking(move || world.restore(now)).await??;
        round += 1;
    }
}

/// What happened before the workbench was opened, with its times.
fn prologue(scenario: &Scenario, began: Timestamp) -> Vec<(Timestamp, Due)> {
    let steps = &scenario.steps;
    let past = steps.iter().enumerate().take_while(|(_, step)| step.at < 0.0);
    past.map(|(index, step)| {
        let due = Due {
            actor: step.actor.clone(),
            action: step.action.clone(),
            ends_turn: ends_turn(scenario, index),
            reason: None,
        };
        (began + SignedDuration::from_secs_f64(step.at), due)
    })
    .collect()
}

/// True when the step's actor rests, or leaves, right after it.
fn ends_turn(scenario: &Scenario, index: usize) -> bool {
    let actor = &scenario.steps[index].actor;
    let next = scenario.steps[index + 1..].iter().find(|step| step.actor == *actor);
    next.is_none_or(|step| matches!(step.action, Action::Rest | Action::Exit))
}

struct Round<'a> {
    scenario: &'a Scenario,
    pace: Pace,
    hooks: &'a Hooks,
    queue: BTreeMap<(Instant, u64), Due>,
    next: u64,
}

/// A gate that was decided: who asked, for what, and the answer.
type Decided = (String, Box<GateStep>, Result<Decision, Fault>);

impl Round<'_> {
    fn schedule_story(&mut self) {
        let began = Instant::now();
        for (index, step) in self.scenario.steps.iter().enumerate().filter(|(_, step)| step.at >= 0.0) {
            let due = Due {
                actor: step.actor.clone(),
                action: step.action.clone(),
                ends_turn: ends_turn(self.scenario, index),
                reason: None,
            };
            self.push(began + self.pace.real(step.at), due);
        }
    }

    fn schedule_follow_ups(&mut self, actor: &str, follow_ups: &[FollowUp], reason: &str) {
        let decided = Instant::now();
        for (index, next) in follow_ups.iter().enumerate() {
            let who = next.actor.as_deref().unwrap_or(actor);
            let then = follow_ups[index + 1..].iter().find(|later| later.actor.as_deref().unwrap_or(actor) == who);
            let due = Due {
                actor: who.to_owned(),
                action: next.action.clone(),
                ends_turn: then.is_none_or(|later| matches!(later.action, Action::Rest | Action::Exit)),
                reason: Some(reason.to_owned()),
            };
            self.push(decided + self.pace.real(next.after), due);
        }
    }

    fn push(&mut self, at: Instant, due: Due) {
        self.queue.insert((at, self.next), due);
        self.next += 1;
    }

    /// Plays until nothing is due and nobody is held. `None` when cancelled.
    async fn run(
        &mut self,
        mut world: World,
        pulse: &mut Interval,
        cancel: &CancellationToken,
    ) -> Result<Option<World>, Fault> {
        let mut held: FuturesUnordered<BoxFuture<'static, Decided>> = FuturesUnordered::new();
        loop {
            let due = self.queue.first_key_value().map(|((at, _), _)| *at);
            if due.is_none() && held.is_empty() {
                return Ok(Some(world));
            }
            tokio::select! {
                biased;
                () = cancel.cancelled() => return Ok(None),
                Some((actor, gate, answer)) = held.next() => self.decided(&actor, &gate, answer),
                _ = pulse.tick() => world = beat(world, (self.hooks.now)()).await?,
                () = sleep_until(due) => {
                    let Some((_, step)) = self.queue.pop_first() else { continue };
                    let now = (self.hooks.now)();
                    let asked = match &step.action {
                        Action::Gate(gate) => Some((step.actor.clone(), gate.clone())),
                        _ => None,
                    };
                    let ask;
                    (world, ask) = blocking(move || world.play(&step, now).map(|ask| (world, ask))).await??;
                    if let (Some((actor, gate)), Some(ask)) = (asked, ask) {
                        let answer = (self.hooks.ask_gate)(ask);
                        held.push(Box::pin(async move { (actor, gate, answer.await) }));
                    }
                }
            }
        }
    }

    fn decided(&mut self, actor: &str, gate: &GateStep, answer: Result<Decision, Fault>) {
        match answer {
            Ok(decision) if decision.approved => self.schedule_follow_ups(actor, &gate.approved, &decision.reason),
            Ok(decision) => self.schedule_follow_ups(actor, &gate.rejected, &decision.reason),
            Err(fault) => self.schedule_follow_ups(actor, &gate.rejected, &fault.to_string()),
        }
    }
}

/// The switches give a sign of life, however fast the story is told.
async fn beat(mut world: World, now: Timestamp) -> Result<World, Fault> {
    blocking(move || world.beat(now).map(|()| world)).await?
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Runs file and git work off the runtime's threads.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Fault::new("playing", "the demo", error, "start the demo again"))
}

#[cfg(test)]
mod tests;
