//! What the operator has seen and does not want to see for now: acknowledged, snoozed, muted. Hidden needs are counted, never
//! lost, and come back when their time is over or when the same thing happens again.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Need, Subject};

/// How long a need is snoozed.
pub const SNOOZE: SignedDuration = SignedDuration::from_hours(1);

/// How long what hides a need is kept that was not there since the program began: a source may be away for a while.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Most of them that are kept; the oldest go first.
const MOST: usize = 512;

/// Hides a need, or needs of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hush {
    /// What is hidden.
    pub what: What,
    /// Since when.
    pub since: Timestamp,
    /// Until when; `None` is until its cause is gone, of a rule until it is taken back.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// The need was there since the program began.
    #[serde(skip)]
    seen: bool,
}

/// What is hidden.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// One need, by [`Need::key`].
    Need(String),
    /// Every need of a kind.
    Kind {
        /// The kind.
        kind: String,
        /// Of this agent, fabric or cluster alone.
        owner: Option<String>,
    },
}

/// Everything that hides needs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hushes {
    all: Vec<Hush>,
}

impl Hush {
    /// Hides a need until its cause is gone.
    pub fn acknowledge(need: &Need, now: Timestamp) -> Self {
        Self { what: What::Need(need.key()), since: now, until: None, seen: true }
    }

    /// Hides a need for an hour.
    pub fn snooze(need: &Need, now: Timestamp) -> Self {
        let until = now.checked_add(SNOOZE).ok();
        Self { until, ..Self::acknowledge(need, now) }
    }

    /// Hides every need of this one's kind: of the same agent, fabric or cluster, or of all of them. `None` for a gate, which
    /// holds somebody.
    pub fn mute(need: &Need, everywhere: bool, now: Timestamp) -> Option<Self> {
        if matches!(need.subject, Subject::Gate(_)) {
            return None;
        }
        let owner = (!everywhere).then(|| need.owner().to_owned());
        Some(Self { what: What::Kind { kind: need.kind.to_owned(), owner }, since: now, until: None, seen: true })
    }

    /// In one word: `acknowledged`, `snoozed`, `muted`.
    pub fn word(&self) -> &'static str {
        match (&self.what, self.until) {
            (What::Kind { .. }, _) => "muted",
            (What::Need(_), Some(_)) => "snoozed",
            (What::Need(_), None) => "acknowledged",
        }
    }

    fn hides(&self, need: &Need, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
            && match &self.what {
                What::Need(key) => *key == need.key(),
                What::Kind { kind, owner } => {
                    let its = owner.as_ref().is_none_or(|owner| owner == need.owner());
                    kind == need.kind && its && !matches!(need.subject, Subject::Gate(_))
                }
            }
    }
}

impl Hushes {
    /// What hides a need, if something does; what is about the need itself before what is about its kind.
    pub fn of(&self, need: &Need, now: Timestamp) -> Option<&Hush> {
        let hiding = || self.all.iter().filter(|hush| hush.hides(need, now));
        hiding().find(|hush| matches!(hush.what, What::Need(_))).or_else(|| hiding().next())
    }

    /// Puts one in the place of those that hide the same.
    pub fn put(&mut self, hush: Hush) {
        self.all.retain(|other| other.what != hush.what);
        if self.all.len() == MOST {
            self.all.remove(0);
        }
        self.all.push(hush);
    }

    /// Takes back all that hides a need.
    pub fn lift(&mut self, need: &Need, now: Timestamp) {
        self.all.retain(|hush| !hush.hides(need, now));
    }

    /// Lets go of what hides nothing any more: its time is over, or its need was there and is gone. True if there was some.
    pub fn tidy(&mut self, needs: &[Need], now: Timestamp) -> bool {
        let before = self.all.len();
        if before == 0 {
            return false;
        }
        let keys: std::collections::HashSet<String> = needs.iter().map(Need::key).collect();
        self.all.retain_mut(|hush| {
            if hush.until.is_some_and(|until| until <= now) {
                return false;
            }
            match &hush.what {
                What::Kind { .. } => true,
                What::Need(key) if keys.contains(key) => {
                    hush.seen = true;
                    true
                }
                What::Need(_) => !hush.seen && now.duration_since(hush.since) < KEPT,
            }
        });
        self.all.len() != before
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::{Hush, Hushes, SNOOZE};
    use crate::domain::agent::AgentId;
    use crate::domain::attention::{Need, Subject, Urgency};
    use crate::domain::gate::GateId;

    fn need(agent: &str, cause: &str) -> Need {
        Need {
            urgency: Urgency::Broken,
            kind: "loop",
            title: agent.to_owned(),
            reason: "again and again".to_owned(),
            since: None,
            subject: Subject::Signal { agent: AgentId(agent.to_owned()), kind: "loop", cause: cause.to_owned() },
        }
    }

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
    }

    #[test]
    fn what_is_acknowledged_stays_away_until_it_happens_again() {
        let (mut hushes, one) = (Hushes::default(), need("a", "1"));
        hushes.put(Hush::acknowledge(&one, at(0)));
        assert_eq!(hushes.of(&one, at(9_000)).map(Hush::word), Some("acknowledged"));
        assert!(hushes.of(&need("a", "2"), at(0)).is_none());
        assert!(!hushes.tidy(std::slice::from_ref(&one), at(1)));
        assert!(hushes.tidy(&[], at(2)));
        assert!(hushes.of(&one, at(3)).is_none());
    }

    #[test]
    fn a_restart_brings_nothing_back() {
        let (mut hushes, one) = (Hushes::default(), need("a", "1"));
        hushes.put(Hush::acknowledge(&one, at(0)));
        let text = serde_json::to_string(&hushes).unwrap();
        let mut again: Hushes = serde_json::from_str(&text).unwrap();
        // The agents were not heard of yet.
        assert!(!again.tidy(&[], at(1)));
        assert!(again.of(&one, at(1)).is_some());
        again.tidy(std::slice::from_ref(&one), at(2));
        assert!(again.tidy(&[], at(3)));
        let mut forgotten: Hushes = serde_json::from_str(&text).unwrap();
        assert!(forgotten.tidy(&[], at(8 * 24 * 60)));
    }

    #[test]
    fn a_snooze_is_over_after_an_hour() {
        let (mut hushes, one) = (Hushes::default(), need("a", "1"));
        hushes.put(Hush::snooze(&one, at(0)));
        let over = at(0) + SNOOZE;
        assert_eq!(hushes.of(&one, at(59)).map(Hush::word), Some("snoozed"));
        assert!(hushes.of(&one, over).is_none());
        assert!(hushes.tidy(std::slice::from_ref(&one), over));
    }

    #[test]
    fn a_rule_hides_a_kind_of_one_agent_or_of_all_and_never_a_gate() {
        let one = need("a", "1");
        let mut hushes = Hushes::default();
        hushes.put(Hush::mute(&one, false, at(0)).unwrap());
        assert!(hushes.of(&need("a", "2"), at(1)).is_some() && hushes.of(&need("b", "2"), at(1)).is_none());
        hushes.put(Hush::mute(&one, true, at(0)).unwrap());
        assert_eq!(hushes.of(&need("b", "2"), at(1)).map(Hush::word), Some("muted"));
        assert!(!hushes.tidy(&[], at(2)));
        hushes.lift(&one, at(3));
        assert!(hushes.of(&one, at(3)).is_none());
        let gate = Need { kind: "gate", subject: Subject::Gate(GateId("g".to_owned())), ..one };
        assert!(Hush::mute(&gate, true, at(0)).is_none());
    }
}
