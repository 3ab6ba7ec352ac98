//! `same-command`: the same command line many times since the last prompt, with no file changed in between.

use std::collections::HashMap;

use super::{Desk, News, Proof, Rule, Settings, key};
use crate::domain::work::{Deed, Work};

/// Commands that are counted at a time.
const COMMANDS: usize = 512;
/// Lines that are remembered of one.
const PROOFS: usize = 12;

#[derive(Debug)]
struct SameCommand {
    settings: Settings,
    counts: HashMap<u64, (usize, Vec<Proof>)>,
}

pub(super) fn begin(settings: &Settings) -> Box<dyn Rule> {
    Box::new(SameCommand { settings: settings.clone(), counts: HashMap::new() })
}

impl Rule for SameCommand {
    fn take(&mut self, news: News<'_>, _work: &Work, desk: &mut Desk<'_>) {
        match news {
            News::Prompt(_) => {
                desk.lower_all();
                self.counts.clear();
            }
            News::Answered(answer) if matches!(answer.act.deed, Deed::Edit(_)) && !answer.act.outcome.is_failure() => {
                desk.lower_all();
                self.counts.clear();
            }
            News::Called(call) => {
                let Deed::Run(command) = &call.act.deed else { return };
                if self.counts.len() >= COMMANDS && !self.counts.contains_key(&call.key) {
                    return;
                }
                let (times, proofs) = self.counts.entry(call.key).or_default();
                *times += 1;
                if proofs.len() == PROOFS {
                    proofs.remove(1);
                }
                proofs.push(Proof::of(call.act));
                let Some(severity) = self.settings.severity_of(*times) else { return };
                let cause = key::cause(call.key);
                if desk.stands("loop", Some(&cause)) || desk.stands("repetition", Some(&cause)) {
                    return;
                }
                let detail = format!("the same command {times} times and no file changed: {command}");
                let since = proofs.first().and_then(|proof| proof.place.at);
                desk.raise(&cause, severity, since, detail, proofs);
            }
            News::Answered(_) | News::Said(..) | News::Compacted(_) => {}
        }
    }
}
