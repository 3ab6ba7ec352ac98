//! `cost` and `burn`: an agent has cost more than its budget, or costs more an hour.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use super::{Desk, Facing, Proof, Rule, Settings};
use crate::domain::work::Work;

/// The time over which the rate is taken.
const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// Least time between two samples.
const APART: SignedDuration = SignedDuration::from_secs(60);

#[derive(Debug)]
struct Cost {
    settings: Settings,
}

pub(super) fn cost(settings: &Settings) -> Box<dyn Rule> {
    Box::new(Cost { settings: settings.clone() })
}

fn last(work: &Work) -> Vec<Proof> {
    work.messages.back().map(|said| Proof::new(said.place, &said.text)).into_iter().collect()
}

impl Rule for Cost {
    fn look(&mut self, facing: &Facing<'_>, work: &Work, desk: &mut Desk<'_>) {
        let dollars = facing.agent.cost().map_or(0.0, |cost| cost.known_usd);
        match self.settings.severity(dollars) {
            Some(severity) => {
                let detail = format!("it has cost ${dollars:.2}");
                desk.raise("budget", severity, Some(facing.now), detail, &last(work));
            }
            None => desk.lower_all(),
        }
    }
}

#[derive(Debug)]
struct Burn {
    settings: Settings,
    /// What it had cost, and when.
    samples: VecDeque<(Timestamp, f64)>,
}

pub(super) fn burn(settings: &Settings) -> Box<dyn Rule> {
    Box::new(Burn { settings: settings.clone(), samples: VecDeque::new() })
}

impl Rule for Burn {
    fn look(&mut self, facing: &Facing<'_>, work: &Work, desk: &mut Desk<'_>) {
        let Some(dollars) = facing.agent.cost().map(|cost| cost.known_usd) else { return };
        while self.samples.front().is_some_and(|(at, _)| facing.now.duration_since(*at) > HOUR) {
            self.samples.pop_front();
        }
        if self.samples.back().is_none_or(|(at, _)| facing.now.duration_since(*at) >= APART) {
            self.samples.push_back((facing.now, dollars));
        }
        let Some((from, then)) = self.samples.front().copied() else { return };
        let seconds = facing.seconds_since(from);
        let rate = if seconds > 0.0 { (dollars - then) / seconds * 3_600.0 } else { 0.0 };
        match self.settings.severity(rate).filter(|_| seconds >= self.settings.number("least")) {
            Some(severity) => {
                let detail = format!("it costs ${rate:.2} an hour, over the last {} minutes", (seconds / 60.0) as u64);
                desk.raise("rate", severity, Some(from), detail, &last(work));
            }
            None => desk.lower_all(),
        }
    }
}
