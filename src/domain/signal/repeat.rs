//! `loop`: the same call with the same input, one after the other.

use super::{Desk, News, Proof, Rule, Settings, key};
use crate::domain::work::{Act, Work};

/// Lines that are remembered of a loop.
const PROOFS: usize = 12;

#[derive(Debug)]
struct Repeat {
    settings: Settings,
    last: Option<(u64, Option<u64>)>,
    run: Vec<Proof>,
    times: usize,
    /// What stands, and calls since.
    raised: Option<(String, usize)>,
}

pub(super) fn begin(settings: &Settings) -> Box<dyn Rule> {
    Box::new(Repeat { settings: settings.clone(), last: None, run: Vec::new(), times: 0, raised: None })
}

impl Repeat {
    fn polls(&self, act: &Act) -> bool {
        self.settings.names("polls").contains(&act.tool)
    }

    fn again(&mut self, act: &Act, key: u64, output: Option<u64>, desk: &mut Desk<'_>) {
        if self.last != Some((key, output)) {
            (self.last, self.times) = (Some((key, output)), 0);
            self.run.clear();
            if let Some((cause, since)) = &mut self.raised {
                *since += 1;
                if *since >= self.settings.count("calm") {
                    desk.lower(cause);
                    self.raised = None;
                }
            }
        }
        self.times += 1;
        if self.run.len() == PROOFS {
            self.run.remove(1);
        }
        self.run.push(Proof::of(act));
        if let Some(severity) = self.settings.severity_of(self.times) {
            let cause = key::cause(key);
            if let Some((other, _)) = self.raised.replace((cause.clone(), 0)).filter(|(other, _)| *other != cause) {
                desk.lower(&other);
            }
            let detail = format!("the same call {} times in a row: {} {}", self.times, act.tool, act.deed.line());
            let since = self.run.first().and_then(|proof| proof.place.at);
            desk.raise(&cause, severity, since, detail, &self.run);
        }
    }
}

impl Rule for Repeat {
    fn take(&mut self, news: News<'_>, _work: &Work, desk: &mut Desk<'_>) {
        match news {
            News::Prompt(_) => {
                desk.lower_all();
                (self.last, self.times, self.raised) = (None, 0, None);
                self.run.clear();
            }
            News::Called(call) if !self.polls(call.act) => self.again(call.act, call.key, None, desk),
            News::Answered(answer) if self.polls(answer.act) => {
                self.again(answer.act, answer.key, Some(answer.output), desk);
            }
            News::Called(_) | News::Answered(_) | News::Said(..) | News::Compacted(_) => {}
        }
    }
}
