//! Signals: what a supervisor finds about an agent in what it does, each with the lines that prove it.
//!
//! A signal is one file below this one and one row of [`KINDS`]; its thresholds are one table of `signals/signals.toml`.
//! [`Watch`] reads a transcript record by record and asks each of them.

mod api;
mod bypass;
mod claim;
mod command;
mod compaction;
mod context;
pub mod correct;
mod error;
mod error_rate;
mod flood;
mod key;
pub mod levels;
mod long_tool;
mod ping_pong;
mod reading;
mod repeat;
mod repetition;
mod revert;
mod scope;
mod secret;
mod silence;
mod spending;
mod stall;
mod tests_avoided;
mod thrash;
mod watch;

use std::fmt::Debug;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::agent::{Agent, AgentState};
use super::redact::Redactor;
use super::text;
use super::transcript::{Detail, LINE_AHEAD, Step, Text};
use super::work::{Act, Place, Work};

pub use levels::{Levels, Settings};
pub use watch::Watch;

/// How much a signal matters. The names are those of `hnpwb status -o json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Notice,
    /// Worth a look.
    Warn,
    /// The operator is wanted.
    Alarm,
}

impl Severity {
    /// The name used on screen and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warn => "warn",
            Self::Alarm => "alarm",
        }
    }
}

/// Something that was found about an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signal {
    /// Which signal: `loop`, `stall`.
    pub kind: &'static str,
    /// What tells it from another of its kind: the call that is repeated, the file. Stays the same while the cause lasts.
    pub cause: String,
    /// How much it matters.
    pub severity: Severity,
    /// Since when, as far as the records say.
    pub since: Option<Timestamp>,
    /// What was found, in one line.
    pub detail: String,
    /// The lines that prove it, the latest last.
    pub evidence: Vec<Evidence>,
}

/// A line of a transcript that proves something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// The transcript.
    pub file: PathBuf,
    /// Number of the line, from 1; `None` while the lines before the first one that was read are not counted.
    pub line: Option<u64>,
    /// Byte offset of the line.
    pub offset: u64,
    /// What stands there, in short.
    pub quote: String,
}

impl Signal {
    /// Most bytes of what was found, and of a quote.
    pub const LABEL: usize = 240;

    /// The same with every secret in it hidden, and cut only then.
    #[must_use]
    pub fn redacted(mut self, redactor: &Redactor) -> Self {
        hide(&mut self.detail, redactor);
        self.evidence = self.evidence.into_iter().map(|one| one.redacted(redactor)).collect();
        self
    }
}

impl Evidence {
    /// The same with every secret in it hidden, and cut only then.
    #[must_use]
    pub fn redacted(mut self, redactor: &Redactor) -> Self {
        hide(&mut self.quote, redactor);
        self
    }
}

fn hide(text: &mut String, redactor: &Redactor) {
    redactor.hide(text);
    text.truncate(text::prefix(text, Signal::LABEL).len());
}

/// What happened in the transcript, told to each signal in the order of the file.
#[derive(Debug, Clone, Copy)]
pub enum News<'a> {
    /// A prompt began a turn.
    Prompt(Place),
    /// The model said something.
    Said(Place, &'a str),
    /// A tool was called.
    Called(Call<'a>),
    /// A tool has answered.
    Answered(Answer<'a>),
    /// The context was compacted.
    Compacted(Place),
}

/// A tool call.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The call as a fact.
    pub act: &'a Act,
    /// The same for calls of the same tool with the same input.
    pub key: u64,
    /// The input as readable lines.
    pub input: &'a Text,
    /// What is known of it beyond that.
    pub detail: Option<&'a Detail>,
}

/// What a tool answered.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The call, with its outcome.
    pub act: &'a Act,
    /// [`Call::key`] of the call.
    pub key: u64,
    /// The same for answers that are the same.
    pub output: u64,
}

/// How an agent stands when it is looked at, beside its transcript.
#[derive(Debug, Clone, Copy)]
pub struct Facing<'a> {
    /// The time.
    pub now: Timestamp,
    /// The agent.
    pub agent: &'a Agent,
    /// Where its last turn stands, by its transcript.
    pub step: &'a Step,
    /// Since when.
    pub step_at: Option<Timestamp>,
    /// How many of its sub-agents are at work.
    pub sub_agents: usize,
    /// When something in its working tree was last committed, as far as that is known.
    pub committed: Option<Timestamp>,
    /// Paths that its brief allows it to change, and where the brief stands; `None` when it names none.
    pub scope: Option<&'a Scope>,
}

impl Facing<'_> {
    /// Seconds from a moment until now; none for what is still to come.
    pub fn seconds_since(&self, at: Timestamp) -> f64 {
        self.now.duration_since(at).max(SignedDuration::ZERO).as_secs_f64()
    }

    /// True while the agent is at work, as far as anybody says.
    pub fn is_working(&self) -> bool {
        self.agent.verdict.state == AgentState::Working
    }
}

/// What a brief says of the files that are to be changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// The brief, as the prompt names it.
    pub brief: String,
    /// Files, folders and globs, as they are written.
    pub paths: Vec<String>,
}

/// One signal of one agent: it remembers what it needs, and raises and lowers at the desk.
pub trait Rule: Debug + Send {
    /// Takes what happened. `work` has it already.
    fn take(&mut self, _news: News<'_>, _work: &Work, _desk: &mut Desk<'_>) {}

    /// Looks at how the agent stands now.
    fn look(&mut self, _facing: &Facing<'_>, _work: &Work, _desk: &mut Desk<'_>) {}
}

/// A row of the table of signals.
pub struct Kind {
    /// Its name: on screen, in JSON, and of its table in `signals/signals.toml`.
    pub name: &'static str,
    /// What it finds, in one line.
    pub doc: &'static str,
    /// Begins it for one agent.
    pub begin: fn(&Settings) -> Box<dyn Rule>,
}

impl Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

const fn row(name: &'static str, doc: &'static str, begin: fn(&Settings) -> Box<dyn Rule>) -> Kind {
    Kind { name, doc, begin }
}

/// Every signal, in the order of `docs/signals.md`.
pub const KINDS: &[Kind] = &[
    row("loop", "the same call again and again", repeat::begin),
    row("repetition", "the same call, many times among the last ones", repetition::begin),
    row("ping-pong", "two calls that take turns", ping_pong::begin),
    row("same-command", "the same command with no file changed in between", command::begin),
    row("repeated-error", "the same error again and again", error::begin),
    row("error-rate", "many errors among the last results", error_rate::begin),
    row("revert", "edits that take earlier ones back", revert::begin),
    row("thrash", "very many edits of one file", thrash::begin),
    row("reading", "it only looks and changes nothing", reading::begin),
    row("tests-avoided", "done, it says, and nothing was checked since the last edit", tests_avoided::begin),
    row("claim-contradicted", "what it says is denied by its own transcript", claim::begin),
    row("stall", "the model says nothing", stall::begin),
    row("long-tool", "a tool runs for long", long_tool::begin),
    row("silence", "at work with no change and no commit", silence::begin),
    row("context", "the context is nearly full", context::begin),
    row("compaction", "the context was compacted several times, or soon again", compaction::begin),
    row("api", "the API fails", api::begin),
    row("cost", "it has cost more than its budget", spending::cost),
    row("burn", "it costs more an hour than its budget", spending::burn),
    row("out-of-scope", "it changed files that its brief does not name", scope::begin),
    row("secret", "a secret was written into a file or a command", secret::begin),
    row("bypass", "it tried to get past a gate or a check", bypass::begin),
    row("sub-agents", "very many sub-agents at once", flood::begin),
];

/// Signals that stand at a time, of one agent.
const MOST: usize = 32;
/// Signals that are remembered for a report, of one agent.
const TOLD: usize = 256;
/// Lines that prove one signal.
const PROOFS: usize = 8;

/// The signals of one agent: those that stand, and those that were ever raised.
#[derive(Debug, Default)]
pub(crate) struct Board {
    pub(crate) standing: Vec<Signal>,
    pub(crate) told: Vec<Signal>,
}

/// The board as one signal sees it.
#[derive(Debug)]
pub struct Desk<'a> {
    kind: &'static str,
    file: &'a PathBuf,
    redactor: &'a Redactor,
    board: &'a mut Board,
}

/// A line that is quoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Where it stands.
    pub place: Place,
    /// What stands there.
    pub quote: String,
}

impl Proof {
    /// A line with what stands there, raw.
    pub fn new(place: Place, quote: &str) -> Self {
        Self { place, quote: text::prefix(quote, Signal::LABEL + LINE_AHEAD).to_owned() }
    }

    /// The line of a call.
    pub fn of(act: &Act) -> Self {
        Self::new(act.place, &format!("{} {}", act.tool, act.deed.line()))
    }

    /// The line of a call's result, by the first line of it that says something.
    pub fn of_result(act: &Act) -> Self {
        Self::new(act.ended.unwrap_or(act.place), act.first_line())
    }
}

impl Desk<'_> {
    /// What knows secrets, the user's own patterns among it.
    pub fn redactor(&self) -> &Redactor {
        self.redactor
    }

    /// Raises a signal, or says more about the one of the same cause that stands: `since` then stays.
    pub fn raise(
        &mut self,
        cause: &str,
        severity: Severity,
        since: Option<Timestamp>,
        detail: String,
        proofs: &[Proof],
    ) {
        let from = proofs.len().saturating_sub(PROOFS);
        // The first line tells where it began.
        let first = proofs.first().filter(|_| from > 0);
        let evidence = first.into_iter().chain(proofs[from..].iter().skip(usize::from(from > 0)));
        let evidence = evidence.map(|proof| Evidence {
            file: self.file.clone(),
            line: Some(proof.place.line),
            offset: proof.place.offset,
            quote: proof.quote.clone(),
        });
        let mut signal =
            Signal { kind: self.kind, cause: cause.to_owned(), severity, since, detail, evidence: evidence.collect() };
        let same = |other: &&mut Signal| other.kind == signal.kind && other.cause == signal.cause;
        if let Some(known) = self.board.standing.iter_mut().find(same) {
            signal.since = known.since.or(signal.since);
            *known = signal.clone();
        } else {
            if self.board.standing.len() == MOST {
                let least = self.board.standing.iter().enumerate().min_by_key(|(_, one)| one.severity);
                if let Some((at, _)) = least {
                    self.board.standing.remove(at);
                }
            }
            self.board.standing.push(signal.clone());
        }
        let told = &mut self.board.told;
        match told.iter().rposition(|other| other.kind == signal.kind && other.cause == signal.cause) {
            Some(at) if told[at].severity <= signal.severity => told[at] = signal,
            None if told.len() < TOLD => told.push(signal),
            Some(_) | None => {}
        }
    }

    /// The same where one stands at a time: those of other causes are lowered.
    pub fn raise_alone(
        &mut self,
        cause: &str,
        severity: Severity,
        since: Option<Timestamp>,
        detail: String,
        proofs: &[Proof],
    ) {
        self.board.standing.retain(|one| one.kind != self.kind || one.cause == cause);
        self.raise(cause, severity, since, detail, proofs);
    }

    /// True while another signal stands: of this cause, or of any. One thing that goes wrong is told once, by the signal that
    /// says the most of it.
    pub fn stands(&self, kind: &str, cause: Option<&str>) -> bool {
        let of = |one: &&Signal| one.kind == kind && cause.is_none_or(|cause| one.cause == cause);
        self.board.standing.iter().find(of).is_some()
    }

    /// Lowers the signal of this cause.
    pub fn lower(&mut self, cause: &str) {
        self.board.standing.retain(|one| one.kind != self.kind || one.cause != cause);
    }

    /// Lowers every signal of this kind.
    pub fn lower_all(&mut self) {
        self.board.standing.retain(|one| one.kind != self.kind);
    }
}

#[cfg(test)]
mod tests;
