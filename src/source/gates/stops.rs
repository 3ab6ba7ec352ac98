//! How often in a row an agent was kept from stopping: after eight times Claude Code lets it stop whatever a hook says
//! (its documentation of hooks), so it is not held a ninth time.

use std::collections::BTreeMap;

/// Times in a row.
const MOST: u32 = 8;
/// Agents that are counted.
const AGENTS: usize = 512;

/// Counts by session.
#[derive(Debug, Default)]
pub(super) struct Stops(BTreeMap<String, u32>);

/// The event under which a gate of that kind is asked for, and the sign that the agent was kept from stopping before.
fn asked(subject: &BTreeMap<String, String>) -> Option<(&str, bool)> {
    subject.get("event").filter(|event| event.ends_with("Stop") || event.as_str() == "SubagentStop")?;
    let who = subject.get("agent_id").or_else(|| subject.get("session"))?;
    Some((who, subject.contains_key("stop_hook_active")))
}

impl Stops {
    /// False when an agent was kept from stopping too often in a row. One that was not kept just now begins anew.
    pub(super) fn admits(&mut self, subject: &BTreeMap<String, String>) -> bool {
        let Some((who, again)) = asked(subject) else { return true };
        if !again {
            self.0.remove(who);
        }
        self.0.get(who).is_none_or(|times| *times < MOST)
    }

    /// The operator decided.
    pub(super) fn decided(&mut self, subject: &BTreeMap<String, String>, approved: bool) {
        let Some((who, _)) = asked(subject) else { return };
        if approved {
            self.0.remove(who);
        } else if self.0.len() < AGENTS || self.0.contains_key(who) {
            *self.0.entry(who.to_owned()).or_default() += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Stops;
    use std::collections::BTreeMap;

    #[test]
    fn an_agent_is_kept_from_stopping_eight_times_in_a_row_at_most() {
        let subject = |again: bool| -> BTreeMap<String, String> {
            let mut subject: BTreeMap<String, String> =
                [("event", "Stop"), ("session", "s")].map(|(key, value)| (key.to_owned(), value.to_owned())).into();
            if again {
                subject.insert("stop_hook_active".to_owned(), "true".to_owned());
            }
            subject
        };
        let mut stops = Stops::default();
        for time in 0..8 {
            assert!(stops.admits(&subject(time > 0)), "{time}");
            stops.decided(&subject(time > 0), false);
        }
        assert!(!stops.admits(&subject(true)));
        assert!(stops.admits(&subject(false)), "a new turn begins anew");
        assert!(stops.admits(&BTreeMap::from([("session".to_owned(), "s".to_owned())])));
    }
}
