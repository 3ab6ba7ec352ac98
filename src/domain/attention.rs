//! The attention queue: everything that wants the operator, by urgency and age, derived from what is shown elsewhere.
//!
//! Nothing is kept here: a need is in the queue while its cause lasts, and gone when the cause is.

use jiff::Timestamp;

use super::agent::{Agent, AgentId, AgentState};
use super::cluster::{ClusterView, Connection};
use super::deliver::history::Sending;
use super::drift::{DriftState, DriftView, ObjectKey};
use super::gate::{Gate, GateId, GateState};
use super::redact::Redactor;

/// How urgent a need is; the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Somebody is held until it is dealt with.
    Held,
    /// Something broke, or is waiting without being held by us.
    Broken,
    /// Something is not as it should be.
    Wrong,
}

impl Urgency {
    /// The word that `hnpwb status -o json` uses as severity.
    pub fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Broken => "broken",
            Self::Wrong => "wrong",
        }
    }
}

/// What a need is about, and so where one key leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A gate to decide.
    Gate(GateId),
    /// An agent that waits or has crashed.
    Agent(AgentId),
    /// Objects of a fabric in one state; the first of them.
    Drift {
        /// The fabric.
        fabric: String,
        /// The first object.
        object: ObjectKey,
        /// The state they share.
        state: DriftState,
    },
    /// A cluster that cannot be seen.
    Cluster(String),
    /// A prompt that did not arrive, or may not have: the number of its brief, if it had one.
    Sending(Option<u32>),
}

/// One thing that wants the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// How urgent.
    pub urgency: Urgency,
    /// What kind, in one word.
    pub kind: &'static str,
    /// What it is about, as a name.
    pub title: String,
    /// Why it is here.
    pub reason: String,
    /// Since when, as far as it is known.
    pub since: Option<Timestamp>,
    /// Where it leads.
    pub subject: Subject,
}

impl Need {
    /// The same with every secret in it hidden: a gate is kept as it was asked, its title among it.
    #[must_use]
    pub fn redacted(mut self, redactor: &Redactor) -> Self {
        redactor.hide(&mut self.title);
        redactor.hide(&mut self.reason);
        self
    }
}

/// Everything that wants the operator: the most urgent first, among equals the oldest.
pub fn queue(gates: &[Gate], agents: &[Agent], drift: &[DriftView], clusters: &[ClusterView]) -> Vec<Need> {
    let mut needs: Vec<Need> = Vec::new();
    needs.extend(gates.iter().filter(|gate| gate.state == GateState::Pending).map(of_gate));
    needs.extend(agents.iter().filter_map(of_agent));
    needs.extend(clusters.iter().filter_map(of_cluster));
    needs.extend(drift.iter().flat_map(of_fabric));
    sort(&mut needs);
    needs
}

/// The most urgent first, among equals the oldest.
pub fn sort(needs: &mut [Need]) {
    needs.sort_by(|a, b| {
        (a.urgency, a.since.unwrap_or(Timestamp::MAX)).cmp(&(b.urgency, b.since.unwrap_or(Timestamp::MAX)))
    });
}

/// A prompt that did not arrive, or may not have. It is gone when it is sent again and arrives.
pub fn of_sending(sending: &Sending) -> Need {
    let what = sending.brief.map_or_else(|| "a text".to_owned(), |number| format!("brief {number:04}"));
    Need {
        urgency: Urgency::Broken,
        kind: if sending.is_doubtful() { "in doubt" } else { "not sent" },
        title: format!("{what} to {}", sending.agent),
        reason: sending.reason.clone(),
        since: Some(sending.at),
        subject: Subject::Sending(sending.brief),
    }
}

fn of_gate(gate: &Gate) -> Need {
    Need {
        urgency: Urgency::Held,
        kind: "gate",
        title: gate.title.clone(),
        reason: gate
            .rule
            .as_ref()
            .map_or_else(|| "asks for a decision".to_owned(), |rule| format!("held by rule {rule}")),
        since: Some(gate.requested_at),
        subject: Subject::Gate(gate.id.clone()),
    }
}

fn of_agent(agent: &Agent) -> Option<Need> {
    let (kind, reason) = match agent.verdict.state {
        AgentState::Waiting => {
            ("waiting", agent.verdict.waiting_for.clone().unwrap_or_else(|| agent.verdict.reason.clone()))
        }
        AgentState::Crashed => ("crashed", agent.verdict.reason.clone()),
        AgentState::Working | AgentState::Idle | AgentState::Unknown | AgentState::Finished => return None,
    };
    Some(Need {
        urgency: Urgency::Broken,
        kind,
        title: agent.name.clone(),
        reason,
        since: agent.verdict.since.or(agent.last_activity),
        subject: Subject::Agent(agent.id.clone()),
    })
}

fn of_cluster(cluster: &ClusterView) -> Option<Need> {
    let lost = matches!(cluster.connection, Connection::Unreachable | Connection::Unauthorized | Connection::Forbidden);
    lost.then(|| Need {
        urgency: Urgency::Broken,
        kind: "cluster",
        title: cluster.context.clone(),
        reason: cluster.fault.as_ref().map_or_else(|| cluster.connection.name().to_owned(), |fault| fault.why.clone()),
        since: cluster.as_of,
        subject: Subject::Cluster(cluster.context.clone()),
    })
}

/// One need for each state that is a fault: thirty overdue objects are one thing to look at, not thirty.
fn of_fabric(view: &DriftView) -> Vec<Need> {
    let mut needs: Vec<Need> = Vec::new();
    let mut states: Vec<DriftState> = view.rows.iter().map(|row| row.state).filter(|state| state.is_fault()).collect();
    states.sort_unstable();
    states.dedup();
    for state in states {
        let rows: Vec<_> = view.rows.iter().filter(|row| row.state == state).collect();
        let Some(first) = rows.first() else { continue };
        let name = format!("{} {}", first.key.kind, first.key.name);
        let title = if rows.len() == 1 { name } else { format!("{name} and {} more", rows.len() - 1) };
        needs.push(Need {
            urgency: Urgency::Wrong,
            kind: state.name(),
            title,
            reason: format!("{}: {}", view.fabric, first.reason),
            since: rows.iter().filter_map(|row| row.since).min(),
            subject: Subject::Drift { fabric: view.fabric.clone(), object: first.key.clone(), state },
        });
    }
    needs
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::{SignedDuration, Timestamp};

    use super::{Subject, queue};
    use crate::domain::cluster::Connection;
    use crate::domain::drift::{DriftRow, DriftState, DriftView, ObjectKey};
    use crate::domain::gate::{Gate, GateId, GateState};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    fn gate(id: &str, seconds: i64, state: GateState) -> Gate {
        Gate {
            id: GateId(id.to_owned()),
            title: id.to_owned(),
            detail: String::new(),
            subject: BTreeMap::new(),
            agent: None,
            tool: None,
            rule: None,
            requested_at: at(seconds),
            expires_at: None,
            state,
            reason: None,
            decided_at: None,
        }
    }

    fn row(name: &str, state: DriftState) -> DriftRow {
        DriftRow {
            key: ObjectKey {
                group: "vpc.githedgehog.com".to_owned(),
                kind: "VPC".to_owned(),
                namespace: "default".to_owned(),
                name: name.to_owned(),
            },
            version: "v1beta1".to_owned(),
            state,
            reason: "spec.vlan differs".to_owned(),
            file: None,
            line: None,
            since: None,
            health: None,
            fields: Vec::new(),
            application: None,
        }
    }

    #[test]
    fn held_agents_come_first_and_the_oldest_of_them_leads() {
        let gates = [
            gate("new", 20, GateState::Pending),
            gate("old", 10, GateState::Pending),
            gate("done", 1, GateState::Approved),
        ];
        let view = DriftView {
            fabric: "fabric-1".to_owned(),
            connection: Connection::Connected,
            head: None,
            branch: None,
            rows: [("a", DriftState::Drifted), ("b", DriftState::Drifted), ("c", DriftState::Synced)]
                .map(|(name, state)| row(name, state).into())
                .into(),
            findings: Vec::new(),
            as_of: None,
        };
        let needs = queue(&gates, &[], &[view], &[]);
        let titles: Vec<&str> = needs.iter().map(|need| need.title.as_str()).collect();
        assert_eq!(titles, ["old", "new", "VPC a and 1 more"]);
        assert_eq!(needs[0].subject, Subject::Gate(GateId("old".to_owned())));
    }

    #[test]
    fn what_is_in_order_asks_for_nothing() {
        assert!(queue(&[gate("g", 0, GateState::Expired)], &[], &[], &[]).is_empty());
    }
}
