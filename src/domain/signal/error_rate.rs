//! `error-rate`: many errors among the last results.

use std::collections::VecDeque;

use super::error::is_ignored;
use super::{Desk, News, Proof, Rule, Settings};
use crate::domain::work::Work;

#[derive(Debug)]
struct ErrorRate {
    settings: Settings,
    /// The last results; a line for those that failed.
    results: VecDeque<Option<Proof>>,
}

pub(super) fn begin(settings: &Settings) -> Box<dyn Rule> {
    Box::new(ErrorRate { settings: settings.clone(), results: VecDeque::new() })
}

impl Rule for ErrorRate {
    fn take(&mut self, news: News<'_>, _work: &Work, desk: &mut Desk<'_>) {
        match news {
            News::Prompt(_) => {
                self.results.clear();
                desk.lower_all();
            }
            News::Answered(answer) if !is_ignored(answer.act, &self.settings) => {
                while self.results.len() >= self.settings.count("window").max(1) {
                    self.results.pop_front();
                }
                let failed = answer.act.outcome.is_failure();
                self.results.push_back(failed.then(|| Proof::of_result(answer.act)));
                let errors: Vec<Proof> = self.results.iter().flatten().cloned().collect();
                match self.settings.severity_of(errors.len()) {
                    Some(severity) => {
                        let detail = format!("{} of the last {} results are errors", errors.len(), self.results.len());
                        let since = errors.first().and_then(|proof| proof.place.at);
                        desk.raise("rate", severity, since, detail, &errors);
                    }
                    None => desk.lower_all(),
                }
            }
            News::Called(_) | News::Answered(_) | News::Said(..) | News::Compacted(_) => {}
        }
    }
}
