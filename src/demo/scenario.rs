//! The story as data: who plays, and what each of them does when.
//!
//! `scenario/cast.toml` names the actors, `scenario/story.toml` the steps of one round, `scenario/outputs.toml` tool
//! outputs that are used more than once. [`crate::demo::player`] plays them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::domain::fault::Fault;

/// One round of the story with everybody in it.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Everybody who does something, in the order of the cast.
    pub actors: Vec<Actor>,
    /// What happens, by time.
    pub steps: Vec<Step>,
    /// Tool outputs by name.
    pub outputs: BTreeMap<String, String>,
}

/// Somebody who does something: a coding agent, or a hand that only changes the world.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// The role it is known by; also the author of its commits.
    pub name: String,
    /// How its transcripts are written; none for a hand without one.
    pub session: Option<Casting>,
    /// Works in the linked worktree instead of the main one.
    #[serde(default)]
    pub in_worktree: bool,
}

/// The coding session of an actor.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Casting {
    /// First eight hexadecimal digits of its session ids: the session file's globs go by them.
    pub prefix: String,
    /// Model that answers.
    pub model: String,
    /// Tokens in its context window when the round begins.
    pub context: u64,
    /// Title the program gave the session.
    pub title: String,
    /// Actor whose sub-agent this is; a sub-agent has no process of its own.
    pub parent: Option<String>,
}

/// One thing that happens.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Seconds after the round began, at speed 1. Below zero: before the workbench was opened, in the first round only.
    pub at: f64,
    /// Who does it.
    pub actor: String,
    /// What is done.
    #[serde(rename = "do")]
    pub action: Action,
}

/// What somebody does. In texts `%ROOT%` stands for the working tree, `%COMMIT%` for the abbreviated id of the actor's
/// own last commit and, after a gate, `%REASON%` for the operator's reason.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Action {
    /// A person types this.
    Prompt(String),
    /// The model thinks this.
    Think(String),
    /// The model says this.
    Say(String),
    /// The model calls a tool.
    Call {
        /// Name of the tool.
        tool: String,
        /// Its input.
        input: Value,
    },
    /// The open call answers this.
    Result(String),
    /// The open call fails with this.
    Failure(String),
    /// The open call fails with an output of `outputs.toml`.
    FailureOf(String),
    /// The open call answers with an output of `outputs.toml`.
    ResultOf(String),
    /// The model reads a file of its working tree, and sees what stands there.
    Read(String),
    /// Changes one place of a file, by the `Edit` tool where there is a transcript.
    Edit {
        /// File, relative to the working tree.
        path: String,
        /// Text that stands there once.
        old: String,
        /// Text in its place.
        new: String,
    },
    /// Writes a whole file, by the `Write` tool where there is a transcript.
    Write {
        /// File, relative to the working tree.
        path: String,
        /// Its text.
        text: String,
    },
    /// Commits these files, by `git commit` where there is a transcript.
    Commit {
        /// Message.
        message: String,
        /// Files, relative to the working tree.
        paths: Vec<String>,
    },
    /// Takes the actor's own last commit back by a new one: `git revert`.
    Revert,
    /// Pushes the branch to `origin`.
    Push,
    /// Asks for a gate and is held until it is decided.
    Gate(Box<GateStep>),
    /// The turn is over: at the prompt again.
    Rest,
    /// Waits for a person: `permission prompt`.
    Wait(String),
    /// The process dies, and its registry file stays behind.
    Crash,
    /// The session ends in an orderly way.
    Exit,
    /// GitOps makes this file's objects live.
    Apply(String),
    /// Somebody changes one field of a live object by hand.
    Alter {
        /// Kind of the object.
        kind: String,
        /// Name of the object.
        name: String,
        /// JSON pointer of the field.
        pointer: String,
        /// New value.
        value: Value,
    },
    /// Somebody creates a live object by hand.
    Create(Value),
}

/// A tool call that is held.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateStep {
    /// What is asked, in one line.
    pub title: String,
    /// The command that is held.
    pub command: String,
    /// What happens after an approval.
    pub approved: Vec<FollowUp>,
    /// What happens after a rejection, or when nobody decided.
    pub rejected: Vec<FollowUp>,
}

/// Something that happens because of a decision.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FollowUp {
    /// Seconds after the decision, at speed 1.
    pub after: f64,
    /// Who does it; whoever asked, if left out.
    pub actor: Option<String>,
    /// What is done.
    #[serde(rename = "do")]
    pub action: Action,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cast {
    actor: Vec<Actor>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Story {
    step: Vec<Step>,
}

/// Reads the bundled scenario. Steps come out in the order of their times.
pub fn bundled() -> Result<Scenario, Fault> {
    let cast: Cast = read("cast.toml", include_str!("scenario/cast.toml"))?;
    let story: Story = read("story.toml", include_str!("scenario/story.toml"))?;
    let outputs = read("outputs.toml", include_str!("scenario/outputs.toml"))?;
    let mut steps = story.step;
    steps.sort_by(|a, b| a.at.total_cmp(&b.at));
    Ok(Scenario { actors: cast.actor, steps, outputs })
}

/// Reads one of the bundled data files.
pub(super) fn read<T: serde::de::DeserializeOwned>(name: &str, text: &str) -> Result<T, Fault> {
    toml::from_str(text)
        .map_err(|error| Fault::new("reading the bundled scenario", name, error, "report this as a bug"))
}

impl Scenario {
    /// The actor of this name.
    pub fn actor(&self, name: &str) -> Option<&Actor> {
        self.actors.iter().find(|actor| actor.name == name)
    }

    /// Every action with whoever does it: the steps and what follows from gates.
    pub fn actions(&self) -> impl Iterator<Item = (&str, &Action)> {
        self.steps.iter().flat_map(|step| {
            let follow_ups = match &step.action {
                Action::Gate(gate) => gate.approved.iter().chain(&gate.rejected).collect(),
                _ => Vec::new(),
            };
            let own = std::iter::once((step.actor.as_str(), &step.action));
            own.chain(
                follow_ups.into_iter().map(|next| (next.actor.as_deref().unwrap_or(step.actor.as_str()), &next.action)),
            )
        })
    }
}
