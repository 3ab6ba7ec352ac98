//! `repeated-error`: the same error one after the other, whatever digits and paths stand in it.

use super::{Desk, News, Proof, Rule, Settings, key};
use crate::domain::work::{Act, Work};

/// Lines that are remembered of a row of errors.
const PROOFS: usize = 12;

#[derive(Debug)]
struct RepeatedError {
    settings: Settings,
    key: Option<u64>,
    times: usize,
    proofs: Vec<Proof>,
}

pub(super) fn begin(settings: &Settings) -> Box<dyn Rule> {
    Box::new(RepeatedError { settings: settings.clone(), key: None, times: 0, proofs: Vec::new() })
}

/// True for errors that say nothing about the agent: refused by a person, or the consequence of another one.
pub(super) fn is_ignored(act: &Act, settings: &Settings) -> bool {
    let said = act.head.trim_start();
    settings.names("ignored").iter().any(|words| said.starts_with(words.as_str()))
}

impl Rule for RepeatedError {
    fn take(&mut self, news: News<'_>, _work: &Work, desk: &mut Desk<'_>) {
        match news {
            News::Prompt(_) => {
                desk.lower_all();
                (self.key, self.times) = (None, 0);
                self.proofs.clear();
            }
            News::Answered(answer) => {
                if is_ignored(answer.act, &self.settings) {
                    return;
                }
                if !answer.act.outcome.is_failure() {
                    // Something worked: the row is over, but what was looked at in between proves nothing either way.
                    (self.key, self.times) = (None, 0);
                    self.proofs.clear();
                    desk.lower_all();
                    return;
                }
                // What a command says tells errors apart; an exit code alone does not, so the call counts with it.
                let said = answer.act.first_line();
                let key = if said.is_empty() { answer.key } else { key::error(&answer.act.head) };
                if self.key != Some(key) {
                    (self.key, self.times) = (Some(key), 0);
                    self.proofs.clear();
                    desk.lower_all();
                }
                self.times += 1;
                if self.proofs.len() == PROOFS {
                    self.proofs.remove(1);
                }
                self.proofs.push(Proof::of_result(answer.act));
                let Some(severity) = self.settings.severity_of(self.times) else { return };
                // The same call with the same error is a loop, and told as one.
                if desk.stands("loop", Some(&key::cause(answer.key))) {
                    return;
                }
                let detail = format!("the same error {} times in a row: {said}", self.times);
                let since = self.proofs.first().and_then(|proof| proof.place.at);
                desk.raise(&key::cause(key), severity, since, detail, &self.proofs);
            }
            News::Called(_) | News::Said(..) | News::Compacted(_) => {}
        }
    }
}
