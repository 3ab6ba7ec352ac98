//! The saved briefs with what was sent of them, the list of them, and a prompt that is about to be sent.

use jiff::Timestamp;

use super::popup::Scroll;
use crate::domain::agent::AgentId;
use crate::domain::deliver::history::Sending;
use crate::domain::deliver::payload::Payload;
use crate::domain::deliver::{BriefRef, Obstacle, Receiver, Sight, obstacles};
use crate::domain::fault::Fault;
use crate::domain::time::seconds_between;
use crate::domain::transcript::passage::Passage;
use crate::event::BriefPage;

/// A sending without an end that began less than this many seconds ago may still go on.
const UNDER_WAY: u64 = 60;

/// A failed sending needs somebody for this many seconds; after that it is history.
const FRESH: u64 = 12 * 3_600;

/// The saved briefs, and what was sent of them.
#[derive(Debug, Default)]
pub struct Briefs {
    /// Briefs, oldest first.
    pub briefs: Vec<BriefRef>,
    /// Sendings, oldest first.
    pub sends: Vec<Sending>,
    /// What is here may not be what there is: they are to be read again.
    pub stale: bool,
    /// They have been read at least once.
    pub heard: bool,
    /// Why they could not be read.
    pub fault: Option<Fault>,
}

/// The agents to which a passage can be passed on.
#[derive(Debug, Clone)]
pub struct RelayView {
    /// The passage.
    pub passage: Passage,
    /// Agents that run.
    pub agents: Vec<Receiver>,
    /// The row with the cursor.
    pub selected: usize,
}

impl Briefs {
    /// The brief of a row of the list, the newest first.
    pub fn row(&self, row: usize) -> Option<&BriefRef> {
        self.briefs.iter().rev().nth(row)
    }

    /// A brief by its number.
    pub fn find(&self, number: u32) -> Option<&BriefRef> {
        self.briefs.iter().find(|brief| brief.number == number)
    }

    /// The last sending of a brief.
    pub fn last(&self, number: u32) -> Option<&Sending> {
        self.sends.iter().rev().find(|sending| sending.brief == Some(number))
    }

    /// The last sending of a brief to an agent.
    pub fn last_to(&self, number: u32, agent: &AgentId) -> Option<&Sending> {
        self.sends.iter().rev().find(|sending| sending.brief == Some(number) && sending.agent_id == *agent)
    }

    /// The last brief that reached an agent, other than this one.
    pub fn before(&self, number: u32, agent: &AgentId) -> Option<&BriefRef> {
        let mut reached = self.sends.iter().rev().filter(|one| one.agent_id == *agent && one.outcome == "delivered");
        reached.find_map(|one| one.brief.filter(|other| *other != number).and_then(|other| self.find(other)))
    }

    /// Sendings that did not arrive, or may not have, and that nothing was done about since.
    pub fn failed(&self, now: Timestamp) -> Vec<&Sending> {
        let fresh = |sending: &&Sending| seconds_between(sending.at, now) < FRESH;
        let is_last = |sending: &&Sending| {
            let same = |other: &&Sending| other.brief == sending.brief && other.agent_id == sending.agent_id;
            self.sends.iter().rev().find(same).is_some_and(|last| last.id == sending.id)
        };
        let failed = |sending: &&Sending| sending.outcome != "delivered" && !is_under_way(sending, now);
        // A brief that reached somebody else has arrived.
        let elsewhere = |sending: &&Sending| {
            let later = |other: &Sending| other.at > sending.at && other.outcome == "delivered";
            !self.sends.iter().any(|other| sending.brief.is_some() && other.brief == sending.brief && later(other))
        };
        self.sends.iter().filter(fresh).filter(failed).filter(is_last).filter(elsewhere).collect()
    }
}

/// A sending of which the end is still to come.
pub fn is_under_way(sending: &Sending, now: Timestamp) -> bool {
    !sending.ended && seconds_between(sending.at, now) < UNDER_WAY
}

/// The list of saved briefs, newest first.
#[derive(Debug, Clone, Default)]
pub struct BriefsView {
    /// The row with the cursor.
    pub selected: usize,
    /// What is shown in place of the list, and how far it is scrolled.
    pub page: Option<(BriefPage, Scroll)>,
}

/// A prompt that is about to be sent: exactly this text into exactly this pane.
#[derive(Debug, Clone)]
pub struct SendingView {
    /// The brief that it points to; none for a text of the operator's.
    pub brief: Option<BriefRef>,
    /// The prompt.
    pub text: String,
    /// For whom.
    pub receiver: Receiver,
    /// What was seen of its pane; none while that is looked at.
    pub seen: Option<Result<Box<Sight>, Fault>>,
    /// How far it is scrolled.
    pub scroll: Scroll,
}

impl SendingView {
    /// Everything in the way, the gravest first; none while the pane is still looked at.
    ///
    /// # Errors
    /// The text cannot be sent, or the pane not be found, whatever else.
    pub fn obstacles(&self) -> Option<Result<Vec<Obstacle>, String>> {
        let payload = match Payload::new(&self.text) {
            Ok(payload) => payload,
            Err(why) => return Some(Err(why)),
        };
        Some(match self.seen.as_ref()? {
            Ok(sight) => Ok(obstacles(&self.receiver, sight, &payload)),
            Err(fault) => Err(format!("{}; {}", fault.why, fault.remedy)),
        })
    }

    /// What of the text is left out before it is sent.
    pub fn changes(&self) -> Vec<String> {
        Payload::new(&self.text).map(|payload| payload.changes).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::Briefs;
    use crate::domain::agent::AgentId;
    use crate::domain::deliver::history::Sending;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    fn sending(id: &str, seconds: i64, brief: u32, agent: &str, outcome: &str) -> Sending {
        Sending {
            id: id.to_owned(),
            at: at(seconds),
            brief: Some(brief),
            task: None,
            agent: agent.to_owned(),
            agent_id: AgentId(agent.to_owned()),
            brief_digest: None,
            outcome: outcome.to_owned(),
            ended: outcome != "indeterminate",
            reason: String::new(),
            proof: None,
        }
    }

    #[test]
    fn what_failed_needs_somebody_until_it_arrives_or_is_old() {
        let sends = vec![
            sending("a", 10, 1, "x", "not-delivered"),
            sending("b", 20, 1, "x", "delivered"),
            sending("c", 30, 2, "x", "not-delivered"),
            sending("d", 40, 2, "y", "delivered"),
            sending("e", 50, 3, "x", "not-delivered"),
            sending("f", 60, 3, "x", "not-delivered"),
            sending("g", 990, 4, "x", "indeterminate"),
        ];
        let briefs = Briefs { sends, ..Briefs::default() };
        let failed = |now| briefs.failed(at(now)).iter().map(|one| one.id.clone()).collect::<Vec<_>>();
        assert_eq!(failed(1_000), ["f"], "the last of them is under way");
        assert_eq!(failed(1_100), ["f", "g"]);
        assert!(failed(100_000).is_empty());
    }
}
