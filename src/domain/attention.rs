//! The attention queue: everything that wants the operator, by urgency and age, derived from what is shown elsewhere.
//!
//! Nothing is kept here: a need is in the queue while its cause lasts, and gone when the cause is. What the operator does not
//! want to see for now is in [`hush`].

pub mod hush;

use std::path::PathBuf;

use jiff::Timestamp;

use super::agent::{Agent, AgentId, AgentState};
use super::cluster::{ClusterView, Connection};
use super::deliver::history::Sending;
use super::drift::{DriftState, DriftView, ObjectKey};
use super::gate::change::{Guarded, RuleChange};
use super::gate::{Gate, GateId, GateState};
use super::redact::Redactor;
use super::signal::Severity;
use super::task::Task;
use super::text;

/// Bytes of a title in one short line.
const SHORT: usize = 32;

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
    /// A signal of an agent: its kind and cause.
    Signal {
        /// The agent.
        agent: AgentId,
        /// Which signal.
        kind: &'static str,
        /// What tells it from another of its kind.
        cause: String,
    },
    /// A task of a board, by its id.
    Task(String),
    /// A file that decides about gates was changed.
    Rules(PathBuf),
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
    /// What tells it from every other need, now and after a restart: the same as long as its cause lasts, another one when
    /// the same thing happens again.
    pub fn key(&self) -> String {
        let since = || self.since.map(Timestamp::as_second).unwrap_or_default();
        match &self.subject {
            Subject::Gate(id) => format!("gate/{}", id.0),
            Subject::Agent(id) => format!("{}/{}/{}", self.kind, id.0, since()),
            Subject::Drift { fabric, state, .. } => format!("drift/{fabric}/{}", state.name()),
            Subject::Cluster(context) => format!("cluster/{context}"),
            Subject::Signal { agent, kind, cause } => format!("signal/{}/{kind}/{cause}", agent.0),
            Subject::Task(id) => format!("{}/task/{id}/{}", self.kind, since()),
            Subject::Rules(file) => format!("rules/{}/{}", file.display(), self.reason),
            Subject::Sending(_) => format!("{}/{}/{}", self.kind, self.title, since()),
        }
    }

    /// Who or what it is about, for a rule that hides a kind of need of one of them.
    pub fn owner(&self) -> &str {
        match &self.subject {
            Subject::Gate(id) => &id.0,
            Subject::Agent(id) | Subject::Signal { agent: id, .. } => &id.0,
            Subject::Drift { fabric, .. } => fabric,
            Subject::Cluster(context) => context,
            Subject::Task(id) => id,
            Subject::Rules(_) | Subject::Sending(_) => "",
        }
    }

    /// The same with every secret in it hidden: a gate is kept as it was asked, its title among it.
    #[must_use]
    pub fn redacted(mut self, redactor: &Redactor) -> Self {
        redactor.hide(&mut self.title);
        redactor.hide(&mut self.reason);
        self
    }
}

/// What needs are derived from.
#[derive(Debug, Clone, Copy, Default)]
pub struct Causes<'a> {
    /// Every gate.
    pub gates: &'a [Gate],
    /// Every agent, with its signals.
    pub agents: &'a [Agent],
    /// Every fabric.
    pub drift: &'a [DriftView],
    /// Every cluster.
    pub clusters: &'a [ClusterView],
    /// Files that decide about gates and were changed.
    pub rules: &'a [RuleChange],
}

/// Everything that wants the operator: the most urgent first, among equals the oldest. `others` are needs that others have
/// derived: sign-offs that expired, deliveries that failed.
pub fn queue(causes: Causes<'_>, others: impl IntoIterator<Item = Need>) -> Vec<Need> {
    let mut needs: Vec<Need> = Vec::new();
    needs.extend(causes.gates.iter().filter(|gate| gate.state == GateState::Pending).map(of_gate));
    // What an agent asks in its own terminal and in a gate is asked once.
    let prompts = || causes.gates.iter().filter(|gate| gate.state == GateState::Pending && gate.is_prompt());
    let is_asked = |agent: &Agent| {
        agent.verdict.state == AgentState::Waiting
            && prompts().any(|gate| gate.agent.is_some() && gate.agent == agent.session_id)
    };
    needs.extend(causes.agents.iter().filter(|agent| !is_asked(agent)).filter_map(of_agent));
    needs.extend(causes.agents.iter().flat_map(of_signals));
    needs.extend(causes.agents.iter().filter_map(of_claim));
    needs.extend(causes.clusters.iter().filter_map(of_cluster));
    needs.extend(causes.drift.iter().flat_map(of_fabric));
    needs.extend(others);
    needs.extend(causes.rules.iter().map(of_change));
    // A change of the rules comes right behind what is held: nothing that would be may slip through by it.
    needs.sort_by_key(|need| {
        let rules = matches!(need.subject, Subject::Rules(_));
        (need.urgency, !rules, need.since.unwrap_or(Timestamp::MAX))
    });
    needs
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

/// A task that was signed off and of which something has changed since.
pub fn superseded(task: &Task, at: Timestamp, why: &str) -> Need {
    Need {
        urgency: Urgency::Wrong,
        kind: "superseded",
        title: task.title.clone(),
        reason: format!("signed off, but {why}"),
        since: Some(at),
        subject: Subject::Task(task.id.clone()),
    }
}

/// The need that a changed session file or hook setting is.
fn of_change(change: &RuleChange) -> Need {
    let (added, removed) = change.counts();
    let what = match (change.guarded, change.problems.is_empty()) {
        (Guarded::Session, true) => "the rules that you accepted are in force",
        (Guarded::Session, false) => "it has mistakes; the rules that you accepted are in force",
        (Guarded::Hooks, _) => "the hook is registered here",
    };
    Need {
        urgency: Urgency::Broken,
        kind: "rules",
        title: change.file.display().to_string(),
        reason: format!("changed, +{added} \u{2212}{removed}: {what}"),
        since: None,
        subject: Subject::Rules(change.file.clone()),
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

/// Its alarms. What is less severe stands in the agents pane and waits until somebody looks.
fn of_signals(agent: &Agent) -> impl Iterator<Item = Need> {
    let alarms = agent.signals.iter().filter(|signal| signal.severity == Severity::Alarm);
    alarms.map(|signal| Need {
        urgency: Urgency::Broken,
        kind: signal.kind,
        title: agent.name.clone(),
        reason: signal.detail.clone(),
        since: signal.since,
        subject: Subject::Signal { agent: agent.id.clone(), kind: signal.kind, cause: signal.cause.clone() },
    })
}

/// An agent that says that it is done and waits for its next prompt: somebody has to look at what it did.
fn of_claim(agent: &Agent) -> Option<Need> {
    let claim = agent.claimed.as_ref().filter(|_| agent.verdict.state == AgentState::Idle && agent.parent.is_none())?;
    Some(Need {
        urgency: Urgency::Wrong,
        kind: "claims",
        title: agent.name.clone(),
        reason: claim.quote.clone(),
        since: agent.verdict.since.or(agent.last_activity),
        subject: Subject::Agent(agent.id.clone()),
    })
}

/// The queue in one short line, for a status bar; empty when nothing needs the operator.
pub fn summary(needs: &[Need]) -> String {
    let Some(first) = needs.first() else { return String::new() };
    let count = |urgency: Urgency| needs.iter().filter(|need| need.urgency == urgency).count();
    let counts = [Urgency::Held, Urgency::Broken, Urgency::Wrong].map(|urgency| (count(urgency), urgency.name()));
    let counts = counts.iter().filter(|(count, _)| *count > 0).map(|(count, name)| format!("{count} {name}"));
    let title = text::line(&first.title);
    // tmux reads `#` as the beginning of a format of its own.
    let first = format!("{} {}", first.kind, text::prefix(&title, SHORT)).replace('#', "");
    format!("{} · {first}", counts.collect::<Vec<_>>().join(" "))
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
    for (state, group) in view.groups().filter(|(state, _)| state.is_fault()) {
        let rows = &view.rows[group];
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

    use super::{Causes, Subject, queue, summary};
    use crate::domain::cluster::Connection;
    use crate::domain::drift::{DriftRow, DriftState, DriftView, ObjectKey};
    use crate::domain::gate::{Asks, Gate, GateId, GateState};

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
            asks: Asks::default(),
            requested_at: at(seconds),
            expires_at: None,
            state,
            reason: None,
            decided_at: None,
        }
    }

    fn row(name: &str, state: DriftState) -> DriftRow {
        DriftRow {
            key: ObjectKey::new("vpc.githedgehog.com", "VPC", "default", name),
            version: "v1beta1".to_owned(),
            state,
            reason: "spec.vlan differs".to_owned(),
            file: None,
            line: None,
            since: None,
            health: None,
            generation: None,
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
                .to_vec()
                .into(),
            findings: std::sync::Arc::default(),
            as_of: None,
        };
        let needs = queue(Causes { gates: &gates, drift: &[view], ..Causes::default() }, []);
        let titles: Vec<&str> = needs.iter().map(|need| need.title.as_str()).collect();
        assert_eq!(titles, ["old", "new", "VPC a and 1 more"]);
        assert_eq!(needs[0].subject, Subject::Gate(GateId("old".to_owned())));
        assert_eq!(summary(&needs), "2 held 1 wrong · gate old");
        assert_eq!(summary(&[]), "");
    }

    #[test]
    fn what_is_in_order_asks_for_nothing() {
        let gates = [gate("g", 0, GateState::Expired)];
        assert!(queue(Causes { gates: &gates, ..Causes::default() }, []).is_empty());
    }
}
