//! What belongs together: the links of the tasks, and what they were last made from.

use std::time::Duration;

use jiff::Timestamp;

use crate::config::session::STALE_AFTER;
use crate::domain::agent::{Agent, AgentId};
use crate::domain::link::{BriefNote, Links, Mention};

/// See the module.
#[derive(Debug)]
pub struct Linked {
    /// The links.
    pub links: Links,
    /// Briefs, as the journal tells of them.
    pub briefs: Vec<BriefNote>,
    /// Prompts that were seen.
    pub mentions: Vec<Mention>,
    /// What prompts named, as the source of the agents tells.
    pub told: Vec<Mention>,
    /// How long a task may be in progress without a sign of work.
    pub stale_after: Duration,
    /// Of each agent what links depend on, as it was when they were made.
    pub agents: Vec<Key>,
    /// When the tasks were last marked.
    pub marked: Option<Timestamp>,
}

/// What links of an agent depend on: id, name, role, session, branch and folder.
pub type Key = (AgentId, String, Option<String>, Option<String>, Option<String>, Option<std::path::PathBuf>);

/// What links of an agent depend on.
pub fn key(agent: &Agent) -> Key {
    let Agent { id, name, role, session_id, branch, cwd, .. } = agent;
    (id.clone(), name.clone(), role.clone(), session_id.clone(), branch.clone(), cwd.clone())
}

impl Default for Linked {
    fn default() -> Self {
        Self {
            links: Links::default(),
            briefs: Vec::new(),
            mentions: Vec::new(),
            told: Vec::new(),
            stale_after: STALE_AFTER,
            agents: Vec::new(),
            marked: None,
        }
    }
}
