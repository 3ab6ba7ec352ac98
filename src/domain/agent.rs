//! A coding agent as the operator thinks of it, and the state it is in with the source that said so.

pub mod judge;
pub mod registry;

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

/// Names an agent for as long as its transcript lives: the session id, or the path for transcripts without one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct AgentId(pub String);

/// What writes the transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AgentKind {
    /// A Claude Code session.
    Claude,
    /// A Codex CLI session.
    Codex,
    /// A plain text log.
    Log,
    /// A Kubernetes pod.
    Pod,
}

/// What an agent is doing. The names are those of `hnpwb status -o json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AgentState {
    /// Wants a person: a permission, an answer, a plan approval.
    Waiting,
    /// Its process is gone without an orderly end.
    Crashed,
    /// The model or a tool is at work.
    Working,
    /// At its prompt.
    Idle,
    /// Nothing says what it does.
    Unknown,
    /// Ended in an orderly way.
    Finished,
}

impl AgentState {
    /// The name used on screen and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Crashed => "crashed",
            Self::Working => "working",
            Self::Idle => "idle",
            Self::Unknown => "unknown",
            Self::Finished => "finished",
        }
    }
}

/// Where a state was read, best source first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StateSource {
    /// Claude Code's own `sessions/PID.json`.
    Registry,
    /// A hook event.
    Hook,
    /// The process table.
    Process,
    /// The transcript: what happened, not what is pending.
    Transcript,
    /// Nothing.
    None,
}

impl StateSource {
    /// The name used on screen and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::Hook => "hook",
            Self::Process => "process",
            Self::Transcript => "transcript",
            Self::None => "none",
        }
    }
}

/// A state with its provenance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateVerdict {
    /// The state itself.
    pub state: AgentState,
    /// When it began, as far as the source knows.
    pub since: Option<Timestamp>,
    /// Who said so.
    pub source: StateSource,
    /// Why, in one phrase an operator can check.
    pub reason: String,
    /// What it waits for, when it waits.
    pub waiting_for: Option<String>,
}

/// How full the context window is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ContextGauge {
    /// Tokens in the window at the last response; `None` when not known (before the first response, after compaction).
    pub used: Option<u64>,
    /// Size of the window in tokens; `None` when nothing states it.
    pub window: Option<u64>,
    /// `used / window` in whole percent, when both are known.
    pub percent: Option<u8>,
    /// Where these figures come from.
    pub source: &'static str,
}

/// Tokens by kind, counted once per API message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tokens {
    /// Uncached input.
    pub input: u64,
    /// Input written to the cache.
    pub cache_creation: u64,
    /// Input read from the cache.
    pub cache_read: u64,
    /// Output.
    pub output: u64,
}

/// One agent, as the agents pane and `hnpwb status` show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// Stable name of the agent inside this run.
    pub id: AgentId,
    /// Name for people: from the session file, the agent's own title, or the head of its session id.
    pub name: String,
    /// What kind of agent it is.
    pub kind: AgentKind,
    /// Role from the session file.
    pub role: Option<String>,
    /// The transcript file.
    pub transcript: PathBuf,
    /// Claude's session id.
    pub session_id: Option<String>,
    /// The agent whose sub-agent this is.
    pub parent: Option<AgentId>,
    /// Working directory as last recorded.
    pub cwd: Option<PathBuf>,
    /// Branch as last recorded.
    pub branch: Option<String>,
    /// tmux pane (`%3`), when the registry says so.
    pub pane: Option<String>,
    /// Process id, when it is known to be alive.
    pub pid: Option<u32>,
    /// State with its provenance.
    pub verdict: StateVerdict,
    /// Model of the last response.
    pub model: Option<String>,
    /// Version of the agent's program.
    pub version: Option<String>,
    /// Context gauge.
    pub context: ContextGauge,
    /// When the transcript last said anything.
    pub last_activity: Option<Timestamp>,
    /// The last thing it did, in one line: `Bash git push`, `said: all tests pass`.
    pub last_action: Option<String>,
    /// Bytes in the transcript.
    pub size: u64,
}
