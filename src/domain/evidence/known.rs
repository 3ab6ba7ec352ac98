//! Everything there is to make evidence from, for any task of the board and for any agent.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::{AgentWork, CommitFact, Evidence, Facts, FileFact, Files, Require, Told, assess};
use crate::domain::agent::{Agent, AgentId};
use crate::domain::check::CheckRun;
use crate::domain::commit::RepoLog;
use crate::domain::drift::DriftView;
use crate::domain::link::{End, Links, Names};
use crate::domain::task::Task;
use crate::domain::transcript::format::Format;

/// Agents that are looked at for one task.
const AGENTS: usize = 16;

/// What is to be read of an agent.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkOf {
    /// The agent.
    pub id: AgentId,
    /// Its transcript.
    pub transcript: PathBuf,
    /// How that is written.
    pub format: &'static dyn Format,
    /// Where it works.
    pub cwd: Option<PathBuf>,
}

/// What is to be looked at in the world.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Request {
    /// Agents whose work is wanted.
    pub agents: Vec<WorkOf>,
    /// Full ids of commits that are linked to tasks.
    pub commits: Vec<String>,
    /// Working trees in which commits are looked up.
    pub repos: Vec<PathBuf>,
}

/// What was found there, without secrets: what is made of it is shown as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Gathered {
    /// What agents did and said, without secrets.
    pub told: BTreeMap<AgentId, Arc<Told>>,
    /// Files that they changed or named.
    pub files: BTreeMap<PathBuf, FileFact>,
    /// Commits.
    pub commits: Vec<CommitFact>,
}

/// Everything there is to make evidence from.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The tasks of the board.
    pub tasks: &'a [Arc<Task>],
    /// How they are named.
    pub names: &'a Names,
    /// The agents.
    pub agents: &'a [Agent],
    /// What belongs to which task.
    pub links: &'a Links,
    /// What was found in the world.
    pub gathered: &'a Gathered,
    /// The repositories.
    pub repos: &'a [RepoLog],
    /// The fabrics.
    pub fabrics: &'a [DriftView],
    /// Working trees of the fabrics.
    pub manifests_below: &'a [PathBuf],
    /// Names of the operator's own checks.
    pub checks: &'a [String],
    /// Their latest runs.
    pub runs: &'a [CheckRun],
    /// Which rows have to hold.
    pub require: &'a Require,
}

/// The agents of a task: those that are linked to it, and their sub-agents.
pub fn agents_of<'a>(task: &str, links: &Links, agents: &'a [Agent]) -> Vec<&'a Agent> {
    let linked =
        |id: &AgentId| links.of_task(task).iter().any(|link| matches!(&link.to, End::Agent(known) if known == id));
    let is_of_it = |agent: &&Agent| linked(&agent.id) || agent.parent.as_ref().is_some_and(linked);
    agents.iter().filter(|agent| !agent.inside_parent).filter(is_of_it).take(AGENTS).collect()
}

/// What is to be looked at for these tasks and agents.
pub fn request<'a>(
    tasks: impl IntoIterator<Item = &'a str>,
    also: Option<&AgentId>,
    links: &Links,
    agents: &[Agent],
    repos: &[RepoLog],
) -> Request {
    /// Agents whose transcripts are read at the same time.
    const MOST: usize = 64;
    let mut request = Request { repos: repos.iter().map(|repo| repo.path.clone()).collect(), ..Request::default() };
    let add = |agent: &Agent, request: &mut Request| {
        if request.agents.len() < MOST && !request.agents.iter().any(|known| known.id == agent.id) {
            let (id, transcript) = (agent.id.clone(), agent.transcript.clone());
            request.agents.push(WorkOf { id, transcript, format: agent.format, cwd: agent.cwd.clone() });
        }
    };
    for agent in also.into_iter().filter_map(|id| agents.iter().find(|agent| agent.id == *id)) {
        add(agent, &mut request);
    }
    for task in tasks {
        for agent in agents_of(task, links, agents) {
            add(agent, &mut request);
        }
        request.commits.extend(links.commits_of(task).map(str::to_owned));
    }
    request.commits.sort_unstable();
    request.commits.dedup();
    request
}

impl<'a> Known<'a> {
    /// The evidence for a task, by its place on the board.
    pub fn of_task(&self, at: usize) -> Evidence {
        let Some(task) = self.tasks.get(at) else { return Evidence::default() };
        let works = agents_of(&task.id, self.links, self.agents).into_iter().filter_map(|agent| self.work(agent));
        assess(&Facts {
            task: Some((at, task)),
            works: works.collect(),
            linked: self.links.commits_of(&task.id).collect(),
            ..self.facts()
        })
    }

    /// The evidence for all that an agent did.
    pub fn of_agent(&self, id: &AgentId) -> Evidence {
        let agent = self.agents.iter().find(|agent| agent.id == *id);
        let works = agent.and_then(|agent| self.work(agent)).into_iter().collect();
        assess(&Facts { works, checks: &[], ..self.facts() })
    }

    fn work(&self, agent: &'a Agent) -> Option<AgentWork<'a>> {
        Some(AgentWork {
            id: &agent.id,
            name: &agent.name,
            transcript: &agent.transcript,
            cwd: agent.cwd.as_deref(),
            told: self.gathered.told.get(&agent.id)?,
        })
    }

    fn facts(&self) -> Facts<'a> {
        Facts {
            task: None,
            names: Some(self.names),
            works: Vec::new(),
            repos: self.repos,
            commits: &self.gathered.commits,
            linked: Vec::new(),
            files: Files(Some(&self.gathered.files)),
            fabrics: self.fabrics,
            manifests_below: self.manifests_below,
            checks: self.checks,
            runs: self.runs,
            require: Some(self.require),
        }
    }
}
