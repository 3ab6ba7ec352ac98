//! A coding agent as the operator thinks of it, and the state it is in with the source that said so.

pub mod hook;
pub mod judge;
pub mod registry;
pub mod status_line;

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::model::Cost;
use super::redact::Redactor;
use super::signal::{Evidence, Signal};
use super::text;
use super::transcript::Counts;
use super::transcript::format::Format;
use status_line::StatusLine;

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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
    #[default]
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
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
    #[default]
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

/// What one source says of an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Opinion {
    /// Who says it.
    pub source: StateSource,
    /// What it says; `None` when it knows something that decides nothing by itself.
    pub state: Option<AgentState>,
    /// When that state began, as far as the source knows.
    pub since: Option<Timestamp>,
    /// When the source last said anything: how fresh this is.
    pub as_of: Option<Timestamp>,
    /// Why, in one phrase an operator can check.
    pub reason: String,
    /// What it waits for, when it waits.
    pub waiting_for: Option<String>,
    /// Why it does not count, when it does not.
    pub set_aside: Option<String>,
}

/// A state with its provenance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
    /// What every source says that has something to say, best source first; the one of `source` decided.
    pub opinions: Vec<Opinion>,
    /// What another source says against it, if one does.
    pub disagreement: Option<String>,
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
    /// When the source said so, where that is not now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Timestamp>,
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

impl Tokens {
    /// Tokens of the context that an answer was given to: all but the answer itself.
    pub fn in_context(&self) -> u64 {
        self.input + self.cache_creation + self.cache_read
    }

    /// All kinds together.
    pub fn all(&self) -> u64 {
        self.in_context() + self.output
    }
}

/// What every line of a transcript adds up to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    /// Tokens, counted once per answer of the API; answers that a copied history repeats count where they are oldest.
    pub tokens: Tokens,
    /// What those tokens cost; `None` where the transcript does not tell of tokens.
    pub cost: Option<Cost>,
    /// How many of what there were.
    pub counts: Counts,
}

/// One agent, as the agents pane and `hnpwb status` show it.
#[derive(Debug, Clone, PartialEq)]
pub struct Agent {
    /// Stable name of the agent inside this run.
    pub id: AgentId,
    /// Name for people: from the session file, the agent's own title, or the head of its session id.
    pub name: String,
    /// What kind of agent it is.
    pub kind: AgentKind,
    /// How its transcript is written.
    pub format: &'static dyn Format,
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
    /// What its status line was told last.
    pub status_line: Option<Box<StatusLine>>,
    /// The API refuses it: it failed for good, or was tried again and again.
    pub failing: bool,
    /// What its transcript adds up to; `None` while not every line of it was read.
    pub figures: Option<Figures>,
    /// Its records stand in its parent's transcript, and are counted there.
    pub inside_parent: bool,
    /// When the transcript last said anything.
    pub last_activity: Option<Timestamp>,
    /// The last thing it did, in one line: `Bash git push`, `said: all tests pass`.
    pub last_action: Option<String>,
    /// Name of the agent whose work this one goes on with, under another session id.
    pub continues: Option<String>,
    /// The transcript's file was deleted while this run lasted.
    pub file_gone: bool,
    /// Bytes in the transcript.
    pub size: u64,
    /// What was found about it, the most severe first.
    pub signals: Vec<Signal>,
    /// Its signals were not looked for: other transcripts were read in this look.
    pub signals_owed: bool,
    /// What it said at the end of its last turn, when it says there that something is done.
    pub claimed: Option<Evidence>,
}

impl Agent {
    /// An agent of which nothing is known but its id, how it writes, and where.
    pub fn bare(id: AgentId, format: &'static dyn Format, transcript: PathBuf) -> Self {
        Self {
            name: id.0.clone(),
            id,
            kind: format.kind(),
            format,
            role: None,
            transcript,
            session_id: None,
            parent: None,
            cwd: None,
            branch: None,
            pane: None,
            pid: None,
            verdict: StateVerdict::default(),
            model: None,
            version: None,
            context: ContextGauge::default(),
            status_line: None,
            failing: false,
            figures: None,
            inside_parent: false,
            last_activity: None,
            last_action: None,
            continues: None,
            file_gone: false,
            size: 0,
            signals: Vec::new(),
            signals_owed: false,
            claimed: None,
        }
    }

    /// What its own answers cost; `None` while that is not counted, or where the transcript does not tell of tokens.
    pub fn cost(&self) -> Option<&Cost> {
        self.figures.as_ref()?.cost.as_ref()
    }

    /// Most bytes of a name, and of what was done last.
    pub const LABEL: usize = 160;

    /// The same with every secret in what the agent wrote of itself hidden: what leaves a source for the screen and for
    /// scripts. Names are cut only then, so that no part of a secret is left at the cut.
    ///
    /// Ids and the transcript's path stay: they are what the agent is found by.
    #[must_use]
    pub fn redacted(mut self, redactor: &Redactor) -> Self {
        let verdict = &mut self.verdict;
        let optional = [
            &mut self.role,
            &mut self.branch,
            &mut self.pane,
            &mut self.model,
            &mut self.version,
            &mut self.last_action,
            &mut verdict.waiting_for,
            &mut verdict.disagreement,
            &mut self.continues,
        ];
        let opinions = verdict.opinions.iter_mut();
        let said = opinions.flat_map(|one| [Some(&mut one.reason), one.waiting_for.as_mut()]).flatten();
        for text in [&mut self.name, &mut verdict.reason].into_iter().chain(said).chain(optional.into_iter().flatten())
        {
            redactor.hide(text);
            text.truncate(text::prefix(text, Self::LABEL).len());
        }
        self.cwd = self.cwd.map(|cwd| redactor.path(cwd));
        self.signals = self.signals.into_iter().map(|signal| signal.redacted(redactor)).collect();
        self.claimed = self.claimed.map(|claim| claim.redacted(redactor));
        self
    }
}
