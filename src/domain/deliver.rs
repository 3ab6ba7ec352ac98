//! Delivering a prompt into an agent's pane: what may be sent, where to, what stands in the way, and whether it arrived.
//!
//! Nothing here talks to tmux: [`crate::domain`] is given what a pane shows and what a transcript holds, and judges it.

pub mod arrival;
pub mod brief;
pub mod history;
pub mod input;
pub mod pane;
pub mod payload;

use std::fmt;
use std::path::PathBuf;

use super::agent::registry::RegistryStatus;
use super::agent::{Agent, AgentId, AgentKind, AgentState, StateSource};
pub use brief::BriefRef;
use input::InputLine;
use pane::Pane;
use payload::Payload;

/// Whom a prompt is for, as far as delivering needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receiver {
    /// Its id.
    pub id: AgentId,
    /// Its name.
    pub name: String,
    /// What kind of agent it is: only programs whose input line is known can be sent to.
    pub kind: AgentKind,
    /// Its transcript, in which the prompt is to appear.
    pub transcript: PathBuf,
    /// Session id.
    pub session: Option<String>,
    /// Its process.
    pub pid: Option<u32>,
    /// The pane that the registry names: `%3`.
    pub pane: Option<String>,
    /// Its state as it was last known here.
    pub state: AgentState,
    /// Who said so.
    pub source: StateSource,
    /// What it waits for.
    pub waiting_for: Option<String>,
    /// Why it is in that state.
    pub reason: String,
}

impl Receiver {
    /// An agent as a receiver.
    pub fn of(agent: &Agent) -> Self {
        Self {
            id: agent.id.clone(),
            name: agent.name.clone(),
            kind: agent.kind,
            transcript: agent.transcript.clone(),
            session: agent.session_id.clone(),
            pid: agent.pid,
            pane: agent.pane.clone(),
            state: agent.verdict.state,
            source: agent.verdict.source,
            waiting_for: agent.verdict.waiting_for.clone(),
            reason: agent.verdict.reason.clone(),
        }
    }
}

/// A process, told from a later one of the same id by when it began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// Field 22 of `/proc/PID/stat`.
    pub start: String,
}

/// The pane in which an agent runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Socket of the tmux server.
    pub server: PathBuf,
    /// The pane as it was seen.
    pub pane: Pane,
    /// The agent's process, whose terminal the pane is.
    pub process: Process,
    /// How it was found, as the end of a sentence.
    pub found_by: String,
}

impl Target {
    /// Why a pane seen later is not the one that was chosen; `None` while it is.
    pub fn differs(&self, now: &Self) -> Option<String> {
        if self.server != now.server || self.pane.id != now.pane.id {
            return Some(format!("the agent is in pane {} now, not in {}", now.pane.place(), self.pane.place()));
        }
        if self.process != now.process {
            return Some(format!("process {} is another one than was shown", now.process.pid));
        }
        if self.pane.pid != now.pane.pid {
            return Some("the pane was started anew".to_owned());
        }
        (self.pane.command != now.pane.command)
            .then(|| format!("the pane shows {} now, not {}", now.pane.command, self.pane.command))
    }
}

/// What was seen of a receiver just now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// Where it runs.
    pub target: Target,
    /// What its registry says of it now, and what it waits for.
    pub status: Option<(RegistryStatus, Option<String>)>,
    /// What stands in its input line.
    pub input: InputLine,
    /// The agent has its terminal: it is not stopped, and has started no other program in front of itself.
    pub in_front: bool,
}

/// Something because of which nothing is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// What it is.
    pub why: String,
    /// What the operator can do.
    pub remedy: &'static str,
    /// The operator may send nonetheless, once told of it.
    pub may_pass: bool,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.why, self.remedy)
    }
}

fn bars(why: impl Into<String>, remedy: &'static str) -> Obstacle {
    Obstacle { why: why.into(), remedy, may_pass: false }
}

/// Everything that stands in the way of sending `payload` to a receiver that looks like this; the first is the gravest.
pub fn obstacles(receiver: &Receiver, sight: &Sight, payload: &Payload) -> Vec<Obstacle> {
    let mut found = Vec::new();
    let pane = &sight.target.pane;
    if pane.dead {
        found.push(bars("the pane's program has ended", "start the agent again"));
    }
    found.extend(state_obstacle(receiver, sight));
    if !sight.in_front {
        let why = format!("the agent does not have its terminal: {} is in front of it", pane.command);
        found.push(bars(why, "bring the agent to the front (fg), or end the other program"));
    }
    if pane.input_off {
        found.push(bars("the pane takes no input", "enable it: tmux select-pane -e"));
    }
    if pane.synchronized {
        let why = "the pane is synchronized with others, which would get the same keys";
        found.push(bars(why, "turn it off: tmux set-option -w synchronize-panes off"));
    }
    if pane.bracketed == Some(false) && payload.lines() > 1 {
        let why = "its program takes no bracketed paste: each line would become a prompt of its own";
        found.push(bars(why, "write the text into a brief and send its pointer"));
    }
    match &sight.input {
        InputLine::Empty => {}
        InputLine::Draft(draft) => {
            let why = format!("a draft stands in its input: {}", super::text::cut(&super::text::line(draft), 60));
            found.push(bars(why, "send it or clear it there first"));
        }
        InputLine::Hidden if !input::is_known(receiver.kind) => {
            let why = "the input line of its program is not known here";
            found.push(bars(why, "copy the prompt (y) and paste it yourself"));
        }
        InputLine::Hidden => {
            let why = "its input line is not on the screen: a dialog or another view has the keys";
            found.push(bars(why, "leave the dialog in the agent's pane"));
        }
    }
    found
}

/// What the agent's own state has against it: the registry as it is now, else what was last known.
fn state_obstacle(receiver: &Receiver, sight: &Sight) -> Option<Obstacle> {
    let waits = |what: &Option<String>| {
        let what = what.as_deref().unwrap_or("an answer");
        bars(format!("it waits for a person: {what}"), "answer it first, in its pane or at its gate")
    };
    let works = || Obstacle {
        why: "it is at work: the prompt waits in its own queue until the turn ends".to_owned(),
        remedy: "wait for it, or send nonetheless",
        may_pass: true,
    };
    match &sight.status {
        Some((RegistryStatus::Waiting, what)) => Some(waits(what)),
        Some((RegistryStatus::Shell, _)) => {
            Some(bars("a shell command of the user runs in it", "wait for the command to end"))
        }
        Some((RegistryStatus::Busy, _)) => Some(works()),
        Some((RegistryStatus::Idle, _)) => None,
        Some((RegistryStatus::Other(_), _)) | None => match receiver.state {
            AgentState::Waiting => Some(waits(&receiver.waiting_for)),
            AgentState::Working => Some(works()),
            AgentState::Crashed | AgentState::Finished => {
                Some(bars(format!("it has {}", receiver.state.name()), "start it again, or choose another agent"))
            }
            AgentState::Idle | AgentState::Unknown => None,
        },
    }
}

/// What is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The brief that the prompt points to; none for a text of the operator's.
    pub brief: Option<BriefRef>,
    /// The prompt.
    pub text: String,
    /// For whom.
    pub receiver: Receiver,
    /// The pane that was shown to the operator; none where nobody was asked, and the agent was named.
    pub shown: Option<Target>,
    /// The operator sends although the agent is at work.
    pub while_working: bool,
}

/// What became of a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It arrived.
    Delivered(Proof),
    /// Nothing was submitted, for this reason.
    NotDelivered(String),
    /// It may have arrived or not: it is never sent again by itself.
    Indeterminate(String),
}

impl Outcome {
    /// The word in JSON and in the journal.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Delivered(_) => "delivered",
            Self::NotDelivered(_) => "not-delivered",
            Self::Indeterminate(_) => "indeterminate",
        }
    }

    /// The outcome with its reason or its proof, as a sentence.
    pub fn sentence(&self) -> String {
        match self {
            Self::Delivered(proof) => format!("delivered: {proof}"),
            Self::NotDelivered(why) => format!("not delivered: {why}"),
            Self::Indeterminate(why) => format!("it is not known whether it arrived: {why}"),
        }
    }
}

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Id of the sending in the journal.
    pub id: String,
    /// The order.
    pub order: Order,
    /// What became of it.
    pub outcome: Outcome,
    /// What was left out of the text, as phrases.
    pub changes: Vec<String>,
    /// No pane of the agent could be found.
    pub unavailable: bool,
}

/// What shows that a prompt arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// It stands in the transcript.
    Line {
        /// The transcript.
        file: PathBuf,
        /// Offset of its record.
        offset: u64,
        /// Line of its record, from 1.
        line: u64,
        /// It stands in the agent's queue: the agent takes it when its turn ends.
        queued: bool,
    },
    /// The agent's hook told of a prompt just then, and its input line is empty.
    Hook,
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { file, line, queued, .. } => {
                let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
                let queued = if *queued { "queued, " } else { "" };
                write!(f, "{queued}line {line} of {name}")
            }
            Self::Hook => f.write_str("its hook told of a prompt"),
        }
    }
}

#[cfg(test)]
mod tests;
