//! Sub-agents whose records stand in the transcript of their parent: side chains (Claude Code 1.0), and `agent_progress`
//! records, which carry the sub-agent's messages (2.0.7x to 2.1.8x).

use jiff::Timestamp;

use super::text;
use super::{Digest, Step};

/// Side chains that are remembered; the oldest that have ended go first.
const CHAINS: usize = 32;
/// Records of a chain that the next one may name as its parent: parallel calls branch.
const RECENT: usize = 8;
/// Task calls that no chain has begun for yet.
const TASKS: usize = 16;
/// Bytes by which a chain's first prompt is compared with that of a task.
const PROMPT: usize = 200;
/// Characters of a record's id that name the chain it begins.
const HEAD: usize = 8;

/// One sub-agent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SideChain {
    /// Its name below its parent: the head of its first record's id, or `agent-ID`.
    pub id: String,
    /// What kind of sub-agent was asked for.
    pub agent_type: Option<String>,
    /// What its records say.
    pub digest: Digest,
    /// Id of the call that began it.
    task: Option<String>,
    recent: Vec<String>,
}

/// A call that begins a sub-agent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Task {
    /// Id of the call.
    pub id: String,
    pub description: Option<String>,
    pub agent_type: Option<String>,
    /// What the sub-agent is told.
    pub prompt: Option<String>,
}

/// The sub-agents of one transcript.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SideChains {
    /// In the order in which they began.
    pub chains: Vec<SideChain>,
    tasks: Vec<Task>,
}

impl SideChains {
    /// A call that may begin one.
    pub(crate) fn called(&mut self, task: Task) {
        if self.tasks.len() == TASKS {
            self.tasks.remove(0);
        }
        self.tasks.push(task);
    }

    /// The chain that a record belongs to: its parent's, or a new one. `prompt` is what the record says.
    pub(crate) fn of_record(&mut self, uuid: &str, parent: Option<&str>, prompt: Option<&str>) -> &mut Digest {
        let known =
            parent.and_then(|parent| self.chains.iter().position(|chain| chain.recent.iter().any(|id| id == parent)));
        // Its parent may be among records that were not read: then it goes on with what has not ended.
        let open = || parent.and(self.chains.iter().rposition(|chain| chain.digest.step.is_open()));
        let index = known.or_else(open).unwrap_or_else(|| self.begin(text::prefix(uuid, HEAD), None, prompt));
        let chain = &mut self.chains[index];
        if chain.recent.len() == RECENT {
            chain.recent.remove(0);
        }
        chain.recent.push(uuid.to_owned());
        &mut chain.digest
    }

    /// The chain of a sub-agent that is named, begun by this call.
    pub(crate) fn of_agent(&mut self, agent: &str, call: Option<&str>) -> &mut Digest {
        let id = format!("agent-{agent}");
        let index = self.chains.iter().position(|chain| chain.id == id).unwrap_or_else(|| self.begin(&id, call, None));
        &mut self.chains[index].digest
    }

    /// A call was answered: the sub-agent that it began has ended.
    pub(crate) fn answered(&mut self, call: &str, at: Option<Timestamp>) {
        self.tasks.retain(|task| task.id != call);
        for chain in self.chains.iter_mut().filter(|chain| chain.task.as_deref() == Some(call)) {
            end(&mut chain.digest, Step::Ended, at);
        }
    }

    /// The parent's turn is over, and with it whatever was open.
    pub(crate) fn close(&mut self, step: &Step, at: Option<Timestamp>) {
        self.tasks.clear();
        for chain in &mut self.chains {
            end(&mut chain.digest, step.clone(), at);
        }
    }

    /// Records in between were not read.
    pub(crate) fn skip(&mut self) {
        self.tasks.clear();
        for chain in &mut self.chains {
            chain.digest.skip();
        }
    }

    fn begin(&mut self, id: &str, call: Option<&str>, prompt: Option<&str>) -> usize {
        let same = |task: &&Task| match (call, prompt, &task.prompt) {
            (Some(call), ..) => task.id == call,
            (None, Some(said), Some(told)) => text::prefix(said, PROMPT) == text::prefix(told, PROMPT),
            (None, ..) => false,
        };
        let task = self.tasks.iter().find(same).or_else(|| self.tasks.first().filter(|_| call.is_none())).cloned();
        let mut chain = SideChain { id: id.to_owned(), digest: Digest::new(true), ..SideChain::default() };
        chain.task = call.map(str::to_owned);
        if let Some(task) = task {
            self.tasks.retain(|other| other.id != task.id);
            chain.digest.call_it(super::digest::Title::Agent, task.description.as_deref().unwrap_or_default());
            (chain.agent_type, chain.task) = (task.agent_type, Some(task.id));
        }
        if self.chains.len() == CHAINS {
            let ended = self.chains.iter().position(|chain| !chain.digest.step.is_open());
            self.chains.remove(ended.unwrap_or(0));
        }
        self.chains.push(chain);
        self.chains.len() - 1
    }
}

fn end(digest: &mut Digest, step: Step, at: Option<Timestamp>) {
    if digest.step.is_open() || digest.step == Step::Answered {
        digest.close_calls();
        digest.step_to(step, at);
    }
}

#[cfg(test)]
mod tests {
    use super::{CHAINS, SideChains};
    use crate::domain::transcript::Step;

    #[test]
    fn however_many_there_are_few_are_remembered_and_those_at_work_longest() {
        let mut side = SideChains::default();
        side.of_record("first", None, None).step_to(Step::Asked, None);
        for n in 0..1_000 {
            side.of_record(&format!("u{n}"), None, None).step_to(Step::Ended, None);
        }
        assert_eq!(side.chains.len(), CHAINS);
        assert_eq!((side.chains[0].id.as_str(), side.chains[CHAINS - 1].id.as_str()), ("first", "u999"));
    }

    #[test]
    fn a_record_whose_parent_was_not_read_goes_on_with_what_is_open() {
        let mut side = SideChains::default();
        side.of_record("a", None, None).step_to(Step::Asked, None);
        side.of_record("z", Some("not read"), None).step_to(Step::Ended, None);
        assert_eq!((side.chains.len(), &side.chains[0].digest.step), (1, &Step::Ended));
        side.of_record("y", Some("not read"), None);
        assert_eq!(side.chains.len(), 2, "nothing was open");
    }
}
