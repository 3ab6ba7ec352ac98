//! The agents pane: who needs the operator first, sub-agents below their parents.

mod filter;
#[cfg(test)]
mod tests;

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
    /// How many transcripts were read whole, of how many; `None` when all of them were.
    pub figures: Option<(usize, usize)>,
    /// Finished agents are not shown.
    pub without_finished: bool,
    /// How many are not shown for that.
    pub hidden: usize,
    /// Agents whose sub-agents are folded under them.
    pub folded: HashSet<AgentId>,
    /// Ids of the tasks that they are linked to.
    pub tasks: HashMap<AgentId, Vec<String>>,
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
    /// Agents below it that are folded.
    pub folded: usize,
}

/// What an agent needs, the most urgent first; of a parent, what the neediest agent below it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Need {
    Waiting,
    Crashed,
    Failing,
    Working,
    Idle,
    Unknown,
    Finished,
}

/// Where an agent stands among those beside it: need first, then the latest activity.
type Rank = (Need, Reverse<Option<i64>>);

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
        let tree = Tree::of(&self.agents, &self.list.filter, &self.tasks);
        let shown = |index: &usize| !self.without_finished || tree.rank[*index].0 != Need::Finished;
        self.hidden = tree.order.iter().filter(|index| !shown(index)).count();
        let mut rows = Vec::with_capacity(tree.order.len());
        // Those still to come, the next one last, with the row that they are folded under.
        let mut open: Vec<(usize, u16, Option<usize>)> =
            tree.roots.iter().rev().filter(|index| shown(index)).map(|index| (*index, 0, None)).collect();
        while let Some((agent, depth, under)) = open.pop() {
            let under = match under {
                None => {
                    rows.push(Row { agent, depth, folded: 0 });
                    self.folded.contains(&self.agents[agent].id).then(|| rows.len() - 1)
                }
                Some(row) => {
                    rows[row].folded += 1;
                    Some(row)
                }
            };
            let below = tree.below.get(&agent).into_iter().flatten().rev().filter(|index| shown(index));
            open.extend(below.map(|index| (*index, depth.saturating_add(1), under)));
        }
        let agents = &self.agents;
        self.list.replace(rows, |row| agents.get(row.agent).map(|agent| &agent.id) == selected);
    }

    /// Folds the sub-agents of the agent under the cursor, or unfolds them; on one without, those of its parent, which gets
    /// the cursor. False when there is nothing to fold.
    pub fn fold(&mut self) -> bool {
        let Some(row) = self.list.current().copied() else { return false };
        let Some(agent) = self.agents.get(row.agent) else { return false };
        let next = self.list.rows.get(self.list.selected + 1);
        let has_sub_agents = row.folded > 0 || next.is_some_and(|next| next.depth > row.depth);
        let above = self.list.rows[..self.list.selected].iter().rev().find(|above| above.depth < row.depth);
        let id = match above.and_then(|above| self.agents.get(above.agent)) {
            _ if has_sub_agents => agent.id.clone(),
            Some(parent) => parent.id.clone(),
            None => return false,
        };
        if !self.folded.remove(&id) {
            self.folded.insert(id.clone());
        }
        self.arrange(Some(&id));
        true
    }

    /// Has an agent shown that is folded away or finished. False when a filter hides it.
    pub fn reveal(&mut self, id: &AgentId) -> bool {
        let mut above = self.find(id).and_then(|agent| agent.parent.clone());
        // Parents may name each other in a circle.
        for _ in 0..self.agents.len() {
            let Some(parent) = above else { break };
            self.folded.remove(&parent);
            above = self.find(&parent).and_then(|agent| agent.parent.clone());
        }
        if self.find(id).is_some_and(|agent| need(agent) == Need::Finished) {
            self.without_finished = false;
        }
        self.arrange(Some(id));
        self.current().is_some_and(|agent| agent.id == *id)
    }
}

/// The agents that pass the filter, below the nearest agent above them that does.
struct Tree {
    /// All of them, the neediest first.
    order: Vec<usize>,
    roots: Vec<usize>,
    below: HashMap<usize, Vec<usize>>,
    /// By index; of those that do not pass it is their own.
    rank: Vec<Rank>,
}

impl Tree {
    fn of(agents: &[Agent], filter: &str, tasks: &HashMap<AgentId, Vec<String>>) -> Self {
        let of = |agent: &Agent| tasks.get(&agent.id).map_or(&[][..], Vec::as_slice);
        let passes: Vec<bool> = agents.iter().map(|agent| filter::admits(filter, agent, of(agent))).collect();
        let by_id: HashMap<&AgentId, usize> = agents.iter().enumerate().map(|(n, agent)| (&agent.id, n)).collect();
        let parent = |index: usize| by_id.get(agents[index].parent.as_ref()?).copied();
        let mut rank: Vec<Rank> = agents.iter().map(own_rank).collect();
        let mut hangs: Vec<Option<usize>> = vec![None; agents.len()];
        for index in (0..agents.len()).filter(|index| passes[*index]) {
            let above = ancestors(index, parent);
            hangs[index] = above.iter().copied().find(|above| passes[*above]);
            let own = own_rank(&agents[index]);
            for above in above {
                rank[above] = rank[above].min(own);
            }
        }
        let mut order: Vec<usize> = (0..agents.len()).filter(|index| passes[*index]).collect();
        order.sort_by(|a, b| (rank[*a], &agents[*a].name).cmp(&(rank[*b], &agents[*b].name)));
        let (mut roots, mut below): (Vec<usize>, HashMap<usize, Vec<usize>>) = (Vec::new(), HashMap::new());
        for index in &order {
            match hangs[*index] {
                Some(above) => below.entry(above).or_default().push(*index),
                None => roots.push(*index),
            }
        }
        Self { order, roots, below, rank }
    }
}

/// The agents above one, the nearest first. Parents may name each other in a circle: those have none.
fn ancestors(index: usize, parent: impl Fn(usize) -> Option<usize>) -> Vec<usize> {
    let mut above = Vec::new();
    let mut at = index;
    while let Some(next) = parent(at) {
        if next == index || above.contains(&next) {
            return Vec::new();
        }
        above.push(next);
        at = next;
    }
    above
}

fn own_rank(agent: &Agent) -> Rank {
    // Ten minutes at a time: two busy agents must not swap places with every line they write.
    (need(agent), Reverse(agent.last_activity.map(|at| at.as_second() / 600)))
}

fn need(agent: &Agent) -> Need {
    match agent.verdict.state {
        AgentState::Waiting => Need::Waiting,
        AgentState::Crashed => Need::Crashed,
        AgentState::Working | AgentState::Idle if agent.failing => Need::Failing,
        AgentState::Working => Need::Working,
        AgentState::Idle => Need::Idle,
        AgentState::Unknown => Need::Unknown,
        AgentState::Finished => Need::Finished,
    }
}
