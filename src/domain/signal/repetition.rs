//! `repetition`: the same call many times among the last ones, with no file changed in between.

use std::collections::VecDeque;

use super::{Desk, News, Proof, Rule, Settings, key};
use crate::domain::work::{Act, Deed, Work};

#[derive(Debug)]
struct Repetition {
    settings: Settings,
    /// The last calls: key and line.
    window: VecDeque<((u64, Option<u64>), Proof)>,
    /// Key, cause and calls since of what stands.
    raised: Vec<((u64, Option<u64>), String, usize)>,
}

pub(super) fn begin(settings: &Settings) -> Box<dyn Rule> {
    Box::new(Repetition { settings: settings.clone(), window: VecDeque::new(), raised: Vec::new() })
}

impl Repetition {
    fn polls(&self, act: &Act) -> bool {
        self.settings.names("polls").contains(&act.tool)
    }

    fn again(&mut self, act: &Act, key: (u64, Option<u64>), desk: &mut Desk<'_>) {
        for (_, _, since) in &mut self.raised {
            *since += 1;
        }
        let calm = self.settings.count("calm");
        for (_, cause, _) in self.raised.iter().filter(|(_, _, since)| *since >= calm) {
            desk.lower(cause);
        }
        self.raised.retain(|(_, _, since)| *since < calm);
        while self.window.len() >= self.settings.count("window").max(1) {
            self.window.pop_front();
        }
        self.window.push_back((key, Proof::of(act)));
        let same: Vec<Proof> =
            self.window.iter().filter(|(other, _)| *other == key).map(|(_, proof)| proof.clone()).collect();
        let Some(severity) = self.settings.severity_of(same.len()) else { return };
        let cause = key::cause(key.0);
        if desk.stands("loop", Some(&cause)) {
            return;
        }
        self.raised.retain(|(other, _, _)| *other != key);
        self.raised.push((key, cause.clone(), 0));
        let of = self.window.len();
        let line = act.deed.line();
        let detail = format!("the same call {} times among the last {of}: {} {line}", same.len(), act.tool);
        desk.raise(&cause, severity, same.first().and_then(|proof| proof.place.at), detail, &same);
    }
}

impl Rule for Repetition {
    fn take(&mut self, news: News<'_>, _work: &Work, desk: &mut Desk<'_>) {
        match news {
            News::Prompt(_) => {
                desk.lower_all();
                self.window.clear();
                self.raised.clear();
            }
            // To look again after a change is no loop.
            News::Answered(answer) if matches!(answer.act.deed, Deed::Edit(_)) && !answer.act.outcome.is_failure() => {
                self.window.clear();
            }
            News::Called(call) if !self.polls(call.act) => self.again(call.act, (call.key, None), desk),
            News::Answered(answer) if self.polls(answer.act) => {
                self.again(answer.act, (answer.key, Some(answer.output)), desk);
            }
            News::Called(_) | News::Answered(_) | News::Said(..) | News::Compacted(_) => {}
        }
    }
}
