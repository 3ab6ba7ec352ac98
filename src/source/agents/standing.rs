//! What is known of one agent beside its transcript, put together for a verdict.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use jiff::Timestamp;

use super::news::is_failing;
use super::presence::{Traced, others};
use super::roster::{Roster, Tracked};
use crate::domain::agent::judge::{Facts, ProcessFact, judge};
use crate::domain::agent::registry::RegistryEntry;
use crate::domain::agent::{Agent, AgentId, AgentState, Opinion, StateSource, StateVerdict};
use crate::domain::text;
use crate::domain::transcript::side::SideChain;
use crate::domain::transcript::{Digest, Step};

/// An agent's state, and what the registry and the process table tell of it besides.
pub(super) struct Standing<'a> {
    pub verdict: StateVerdict,
    pub entry: Option<&'a RegistryEntry>,
    pub pid: Option<u32>,
}

impl Roster {
    /// How an agent stands whose session (its parent's, for a sub-agent) is this one.
    pub(super) fn standing(&self, tracked: &Tracked, digest: &Digest, session: &str, now: Timestamp) -> Standing<'_> {
        let candidate = &tracked.candidate;
        let of_session = self.presence.of(session);
        let first = of_session.first().copied();
        let traced = self.presence.traced(&candidate.path).filter(|_| first.is_none());
        let process = first.map(|one| one.process).or(traced.map(|one| one.process)).unwrap_or(ProcessFact::Unknown);
        let entry = first.map(|one| &one.entry).filter(|_| !candidate.sub_agent);
        let also = if candidate.sub_agent { Vec::new() } else { others(&of_session) };
        let stem = candidate.id.0.rsplit('/').next().unwrap_or_default();
        let sub_agent = candidate.sub_agent.then(|| stem.strip_prefix("agent-").unwrap_or(stem));
        let trace = traced.map(Traced::trace);
        let facts = Facts {
            registry: entry,
            also: &also,
            hook: self.hooks.of(session, sub_agent).filter(|_| !self.hooks.is_empty()),
            process,
            trace: trace.as_deref(),
            transcript: digest,
            file_gone: tracked.gone,
        };
        let verdict = judge(&facts, now);
        let alive = process == ProcessFact::Alive;
        let pid = entry.filter(|_| alive).map(|entry| entry.pid).or(traced.and_then(Traced::pid));
        Standing { verdict, entry, pid }
    }

    /// Sub-agents whose records stand in the transcript of this agent, apart from those that have a file `there`.
    pub(super) fn side_agents(
        &self,
        tracked: &Tracked,
        parent: &Agent,
        there: &HashSet<&AgentId>,
        now: Timestamp,
    ) -> Vec<Agent> {
        let Some(summary) = &tracked.summary else { return Vec::new() };
        let session = parent.session_id.as_deref().unwrap_or(&parent.id.0);
        let process = self.process_of(tracked, session);
        let mut agents = Vec::new();
        for SideChain { id, agent_type, digest, .. } in &summary.digest.side.chains {
            let full = AgentId(format!("{}/{id}", parent.id.0));
            if there.contains(&full) || there.contains(&AgentId(id.clone())) {
                continue;
            }
            let hook = id.strip_prefix("agent-").and_then(|id| self.hooks.of(session, Some(id)));
            let facts = Facts { hook, process, file_gone: tracked.gone, ..Facts::of(digest) };
            let name = digest.title().unwrap_or(id);
            agents.push(Agent {
                name: text::line(name).into_owned(),
                role: agent_type.as_deref().map(|kind| text::line(kind).into_owned()),
                session_id: parent.session_id.clone(),
                parent: Some(parent.id.clone()),
                cwd: digest.cwd.as_ref().map(PathBuf::from).or_else(|| parent.cwd.clone()),
                branch: parent.branch.clone(),
                verdict: judge(&facts, now),
                model: digest.model.clone(),
                version: parent.version.clone(),
                context: digest.context(&self.scope.session.models, None),
                failing: is_failing(&digest.step),
                inside_parent: true,
                last_activity: digest.last_activity,
                last_action: digest.last_action.clone(),
                file_gone: tracked.gone,
                size: parent.size,
                ..Agent::bare(full, parent.format, parent.transcript.clone())
            });
        }
        agents
    }

    fn process_of(&self, tracked: &Tracked, session: &str) -> ProcessFact {
        let registered = self.presence.of(session).first().map(|one| one.process);
        let traced = || self.presence.traced(&tracked.candidate.path).map(|one| one.process);
        registered.or_else(traced).unwrap_or(ProcessFact::Unknown)
    }

    /// Names what goes on under another session id: the old one says in whom, the new one of whom.
    pub(super) fn link_continued(&self, agents: &mut [Agent]) {
        let moved: HashMap<&str, &str> = self
            .transcripts
            .values()
            .filter_map(|one| match &one.summary.as_ref()?.digest.step {
                Step::MovedOn { session } => Some((one.candidate.id.0.as_str(), session.as_str())),
                _ => None,
            })
            .collect();
        if moved.is_empty() {
            return;
        }
        let index_of = |agents: &[Agent], id: &str| agents.iter().position(|agent| agent.id.0 == id);
        for (old, new) in moved {
            let (Some(old), Some(new)) = (index_of(agents, old), index_of(agents, new)) else { continue };
            agents[new].continues = Some(agents[old].name.clone());
            let verdict = &mut agents[old].verdict;
            if verdict.state == AgentState::Finished {
                let name = agents[new].name.clone();
                agents[old].verdict.reason = format!("continued in {name}");
            }
        }
    }
}

/// The verdict on a transcript that cannot be read.
pub(super) fn unread(why: &str) -> StateVerdict {
    let reason = text::line(why).into_owned();
    let opinion = Opinion {
        source: StateSource::Transcript,
        state: None,
        since: None,
        as_of: None,
        reason: reason.clone(),
        waiting_for: None,
        set_aside: None,
    };
    StateVerdict { reason, opinions: vec![opinion], ..StateVerdict::default() }
}
