//! The gate socket: takes requests that hold an agent, and hands out what the operator decided.
//!
//! A decision enters through [`Gates::decide`] alone, which only the workbench itself can call: no message on the socket
//! decides anything. A gate ends once: decided, expired, or abandoned when whoever asked hangs up.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Semaphore, oneshot};
use tokio_util::sync::CancellationToken;

use crate::domain::fault::Fault;
use crate::domain::gate::wire::{GateRequest, binding};
use crate::domain::gate::{Decision, Gate, GateId, GateState};
use crate::domain::redact::Redactor;
use crate::domain::text;
use crate::source::Outbox;
use crate::source::hooks::HookDesk;

pub mod client;
mod connection;
mod socket;
mod stops;
pub mod viewer;

/// Gates that may wait at a time.
pub const MOST_WAITING: usize = 256;
/// Bytes that waiting gates may hold together.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// Connections at a time: those of waiting gates, and as many that only ask something.
const CONNECTIONS: usize = 2 * MOST_WAITING;
/// Gates that ended and are still listed.
const ENDED: usize = 100;
/// Bytes of a gate's text that a list shows.
const LISTED_DETAIL: usize = 4 * 1024;
/// How long handing over an answer may take.
const HANDOVER: Duration = Duration::from_secs(5);
/// Longest time a gate may wait.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// The gates that are waiting. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Gates {
    desk: Arc<Mutex<Desk>>,
    /// What the status bar of tmux shows.
    line: Arc<Mutex<String>>,
    /// Hides what lists show; what is decided about stays as it was asked.
    redactor: Redactor,
}

#[derive(Debug, Default)]
struct Desk {
    waiting: BTreeMap<GateId, Waiting>,
    bytes: usize,
    ended: VecDeque<Gate>,
    counter: u64,
    stops: stops::Stops,
}

#[derive(Debug)]
struct Waiting {
    gate: Gate,
    bytes: usize,
    hand: oneshot::Sender<Handover>,
}

/// A decision on its way to whoever waits.
#[derive(Debug)]
struct Handover {
    decision: Decision,
    /// Told once the answer was written.
    landed: oneshot::Sender<()>,
}

/// Opens the socket of a session and serves it until `cancel`. Hook events that it is told of go to `hooks`. Needs a tokio
/// runtime.
///
/// # Errors
/// The folder cannot be made private, or another workbench serves this session.
pub fn spawn(
    socket: &Path,
    session: &str,
    outbox: Outbox,
    hooks: HookDesk,
    cancel: CancellationToken,
) -> Result<Gates, Fault> {
    let opened = socket::open(socket, session)?;
    let gates = Gates { desk: Arc::default(), line: Arc::default(), redactor: outbox.redactor().clone() };
    let serving = gates.clone();
    tokio::spawn(async move {
        let seats = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            let accepted = tokio::select! {
                () = cancel.cancelled() => break,
                accepted = opened.listener.accept() => accepted,
            };
            let Ok((stream, _)) = accepted else {
                // Out of descriptors, most likely: a moment later there may be some.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let (gates, outbox, hooks, cancel) = (serving.clone(), outbox.clone(), hooks.clone(), cancel.child_token());
            let (uid, seat) = (opened.uid, Arc::clone(&seats).try_acquire_owned());
            tokio::spawn(async move {
                connection::serve(stream, uid, seat.is_ok(), &gates, &outbox, &hooks, &cancel).await;
                drop(seat);
            });
        }
        opened.close();
    });
    Ok(gates)
}

impl Gates {
    /// Hands a decision to whoever waits at this gate, and answers once it was written to them.
    ///
    /// # Errors
    /// The gate is not waiting any more, what was shown is not what was asked, or whoever asked is gone.
    pub async fn decide(&self, shown: &Gate, decision: Decision) -> Result<(), Fault> {
        let (landed, told) = oneshot::channel();
        {
            let mut desk = self.desk();
            desk.check(shown)?;
            desk.stops.decided(&shown.subject, decision.approved);
            let state = if decision.approved { GateState::Approved } else { GateState::Rejected };
            let Some(waiting) = desk.end(&shown.id, state, Some(&decision.reason), &self.redactor) else {
                return Err(over(&shown.id));
            };
            if waiting.hand.send(Handover { decision, landed }).is_err() {
                desk.missed(&shown.id);
                return Err(over(&shown.id));
            }
        }
        if let Ok(Ok(())) = tokio::time::timeout(HANDOVER, told).await {
            return Ok(());
        }
        self.desk().missed(&shown.id);
        Err(Fault::new(
            "handing over the decision on gate",
            &shown.id.0,
            "whoever asked is gone",
            "nothing was let through; the agent may ask again",
        ))
    }

    /// Puts a line where a status bar that asks for it finds it.
    pub fn show_line(&self, line: String) {
        *self.line.lock().unwrap_or_else(PoisonError::into_inner) = line;
    }

    /// The line that a status bar shows.
    pub fn line(&self) -> String {
        self.line.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends a gate that nobody waits for any more, without a decision: its connection is closed, and no news comes of it.
    pub fn release(&self, id: &GateId) {
        self.end(id, GateState::Abandoned);
    }

    /// What hides secrets in what is told of gates.
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Whether this gate can be decided now, exactly as it was shown.
    pub fn check(&self, shown: &Gate) -> Result<(), Fault> {
        self.desk().check(shown)
    }

    /// The gates that wait, then those that ended lately, each oldest first. Long texts are cut.
    pub fn list(&self) -> Vec<Gate> {
        let desk = self.desk();
        let mut waiting: Vec<Gate> =
            desk.waiting.values().map(|waiting| listed(&waiting.gate, &self.redactor)).collect();
        waiting.sort_by_key(|gate| gate.requested_at);
        waiting.extend(desk.ended.iter().cloned());
        waiting
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a request in. The error is the reason why not.
    fn admit(&self, request: GateRequest, now: Timestamp) -> Result<(Gate, oneshot::Receiver<Handover>), String> {
        let mut desk = self.desk();
        let bytes = request.title.len() + request.detail.len();
        if desk.waiting.len() >= MOST_WAITING || desk.bytes + bytes > MOST_BYTES {
            return Err(format!("{} gates are waiting already; decide those first", desk.waiting.len()));
        }
        if !desk.stops.admits(&request.subject) {
            return Err(
                "it was kept from stopping eight times in a row, which is as often as its agent allows".to_owned()
            );
        }
        desk.counter += 1;
        let wait = SignedDuration::try_from(wait(&request)).unwrap_or(SignedDuration::ZERO);
        let gate = Gate {
            id: GateId::new(now, desk.counter, std::process::id()),
            title: request.title,
            detail: request.detail,
            subject: request.subject,
            agent: request.agent,
            tool: request.tool,
            rule: request.rule,
            asks: request.asks,
            requested_at: now,
            expires_at: now.checked_add(wait).ok(),
            state: GateState::Pending,
            reason: None,
            decided_at: None,
        };
        let (hand, given) = oneshot::channel();
        desk.bytes += bytes;
        desk.waiting.insert(gate.id.clone(), Waiting { gate: gate.clone(), bytes, hand });
        Ok((gate, given))
    }

    /// Ends a gate that nobody decided; false when a decision is on its way already.
    fn end(&self, id: &GateId, state: GateState) -> bool {
        self.desk().end(id, state, None, &self.redactor).is_some()
    }
}

impl Desk {
    fn check(&self, shown: &Gate) -> Result<(), Fault> {
        let Some(waiting) = self.waiting.get(&shown.id) else { return Err(over(&shown.id)) };
        let held = &waiting.gate;
        if binding(&held.title, &held.detail, &held.subject) != binding(&shown.title, &shown.detail, &shown.subject) {
            return Err(Fault::new(
                "deciding gate",
                &shown.id.0,
                "what was shown is not what was asked",
                "look at the gate again",
            ));
        }
        Ok(())
    }

    fn end(&mut self, id: &GateId, state: GateState, reason: Option<&str>, redactor: &Redactor) -> Option<Waiting> {
        let waiting = self.waiting.remove(id)?;
        self.bytes -= waiting.bytes;
        if self.ended.len() == ENDED {
            self.ended.pop_front();
        }
        self.ended.push_back(Gate {
            state,
            reason: reason.map(|reason| redactor.redact(reason).into_owned()),
            decided_at: Some(Timestamp::now()),
            ..listed(&waiting.gate, redactor)
        });
        Some(waiting)
    }

    /// A decision reached nobody: the gate was abandoned after all.
    fn missed(&mut self, id: &GateId) {
        if let Some(gate) = self.ended.iter_mut().find(|gate| gate.id == *id) {
            gate.state = GateState::Abandoned;
        }
    }
}

/// How long a request may wait.
fn wait(request: &GateRequest) -> Duration {
    Duration::from_millis(request.timeout_ms).min(LONGEST_WAIT)
}

fn over(id: &GateId) -> Fault {
    Fault::new("deciding gate", &id.0, "it is not waiting any more", "the agent may ask again")
}

/// A gate without secrets and with no more of its text than a list shows.
fn listed(gate: &Gate, redactor: &Redactor) -> Gate {
    let mut short = gate.clone().redacted(redactor);
    let end = text::prefix(&short.detail, LISTED_DETAIL).len();
    if end < short.detail.len() {
        short.detail.truncate(end);
        short.detail.push('…');
    }
    short
}
