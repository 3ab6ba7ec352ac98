//! What is known of each task beside what its file says: who works on it, what it waits for, when it last moved.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::domain::agent::{Agent, AgentId};
use crate::domain::commit::RepoLog;
use crate::domain::link::{End, Links};
use crate::domain::task::dependency::Dependencies;
use crate::domain::task::{Task, TaskStatus};
use crate::domain::time::seconds_between;

/// What is known of one task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mark {
    /// Names of the agents that are linked to it, the one that has it first.
    pub agents: Vec<String>,
    /// Full ids of its commits.
    pub commits: Vec<String>,
    /// How many briefs are about it.
    pub briefs: usize,
    /// How many gates are bound to it or name it.
    pub gates: usize,
    /// When one of its agents was last active, or one of its commits was made.
    pub activity: Option<Timestamp>,
    /// It is being worked on, its file says, and for too long nothing shows that it is.
    pub stale: bool,
    /// Places of the tasks that it waits for and that are not done.
    pub waits: Vec<usize>,
    /// Places of the tasks that wait for it.
    pub blocks: Vec<usize>,
    /// Ids that it waits for and that are no task's.
    pub unknown: Vec<String>,
    /// It waits for itself, by way of others or not.
    pub circular: bool,
}

/// What marks are made from.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The links.
    pub links: &'a Links,
    /// Every agent.
    pub agents: &'a [Agent],
    /// The repositories.
    pub repos: &'a [RepoLog],
    /// The time.
    pub now: Timestamp,
    /// How long a task may be in progress without a sign of work.
    pub stale_after: Duration,
}

/// The marks of all tasks, in their order.
pub fn marks(tasks: &[Arc<Task>], around: Surroundings<'_>) -> Vec<Mark> {
    let Dependencies { waits, blocks, unknown, circular } = Dependencies::of(tasks);
    let agents: HashMap<&AgentId, &Agent> = around.agents.iter().map(|agent| (&agent.id, agent)).collect();
    let rows = around.repos.iter().flat_map(|repo| &repo.rows);
    let commits: HashMap<&str, Timestamp> = rows.map(|row| (row.commit.id.as_str(), row.commit.at)).collect();
    let each = tasks.iter().zip(waits).zip(blocks).zip(unknown).enumerate();
    each.map(|(at, (((task, waits), blocks), unknown))| {
        let mut mark = Mark { waits, blocks, unknown, circular: circular.contains(&at), ..Mark::default() };
        let first = around.links.agent_of(&task.id).and_then(|id| agents.get(id));
        mark.agents.extend(first.map(|agent| agent.name.clone()));
        let mut last = None;
        for link in around.links.of_task(&task.id).iter().filter(|link| last.replace(&link.to) != Some(&link.to)) {
            match &link.to {
                End::Agent(id) => {
                    let Some(agent) = agents.get(id) else { continue };
                    if !mark.agents.contains(&agent.name) {
                        mark.agents.push(agent.name.clone());
                    }
                    mark.activity = mark.activity.max(agent.last_activity);
                }
                End::Commit(id) => {
                    mark.activity = mark.activity.max(commits.get(id.as_str()).copied());
                    mark.commits.push(id.clone());
                }
                End::Brief(_) => mark.briefs += 1,
                End::Gate(_) => mark.gates += 1,
            }
        }
        mark.stale = is_stale(task, mark.activity, around);
        mark
    })
    .collect()
}

/// Of a task that nothing is linked to nobody can say how long it has been lying there.
fn is_stale(task: &Task, activity: Option<Timestamp>, around: Surroundings<'_>) -> bool {
    task.status == TaskStatus::InProgress
        && activity.is_some_and(|at| Duration::from_secs(seconds_between(at, around.now)) >= around.stale_after)
}
