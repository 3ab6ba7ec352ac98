//! The agents pane: who needs the operator first, sub-agents below their parents.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use crate::domain::agent::{Agent, AgentId, AgentState};
use crate::domain::fault::Fault;

use super::list::List;

/// The agents pane.
#[derive(Debug, Default)]
pub struct Agents {
    /// Every agent known.
    pub agents: Vec<Agent>,
    /// What could not be read.
    pub faults: Vec<Fault>,
    /// News have arrived.
    pub heard: bool,
    /// Rows with the cursor.
    pub list: List<Row>,
}

/// One row: an agent by index, and how deep it hangs below its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Index of the agent.
    pub agent: usize,
    /// Zero for an agent of its own.
    pub depth: u16,
}

impl Agents {
    /// The agent under the cursor.
    pub fn current(&self) -> Option<&Agent> {
        self.agents.get(self.list.current()?.agent)
    }

    /// An agent by id.
    pub fn find(&self, id: &AgentId) -> Option<&Agent> {
        self.agents.iter().find(|agent| agent.id == *id)
    }

    /// Lays the rows out anew after agents or filter have changed; the cursor stays on its agent.
    pub fn arrange(&mut self, selected: Option<&AgentId>) {
        let mut order: Vec<usize> =
            (0..self.agents.len()).filter(|index| self.list.admits(&searchable(&self.agents[*index]))).collect();
        order.sort_by(|a, b| rank(&self.agents[*a]).cmp(&rank(&self.agents[*b])));
        let shown: HashSet<&AgentId> = order.iter().map(|index| &self.agents[*index].id).collect();
        let mut below: HashMap<&AgentId, Vec<usize>> = HashMap::new();
        let mut own = Vec::new();
        for &index in &order {
            match self.agents[index].parent.as_ref().filter(|parent| shown.contains(parent)) {
                Some(parent) => below.entry(parent).or_default().push(index),
                None => own.push(index),
            }
        }
        let mut rows = Vec::with_capacity(order.len());
        for index in own {
            rows.push(Row { agent: index, depth: 0 });
            let children = below.remove(&self.agents[index].id).unwrap_or_default();
            // Sub-agents have no sub-agents, so one level is all there is.
            rows.extend(children.into_iter().map(|agent| Row { agent, depth: 1 }));
        }
        let agents = &self.agents;
        self.list.replace(rows, |row| agents.get(row.agent).map(|agent| &agent.id) == selected);
    }
}

/// Need first, then the latest activity, then the name: what wants a person is on top.
fn rank(agent: &Agent) -> (AgentState, Reverse<Option<i64>>, &str) {
    // Ten minutes at a time: two busy agents must not swap places with every line they write.
    let span = agent.last_activity.map(|at| at.as_second() / 600);
    (agent.verdict.state, Reverse(span), &agent.name)
}

fn searchable(agent: &Agent) -> String {
    format!(
        "{} {} {} {} {}",
        agent.name,
        agent.role.as_deref().unwrap_or_default(),
        agent.verdict.state.name(),
        agent.model.as_deref().unwrap_or_default(),
        agent.last_action.as_deref().unwrap_or_default(),
    )
}
