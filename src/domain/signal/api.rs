//! `api`: the API fails, and is tried again and again.

use super::{Desk, Facing, Proof, Rule, Settings, Severity};
use crate::domain::transcript::Step;
use crate::domain::work::Work;

#[derive(Debug)]
struct Api {
    settings: Settings,
}

pub(super) fn begin(settings: &Settings) -> Box<dyn Rule> {
    Box::new(Api { settings: settings.clone() })
}

impl Rule for Api {
    fn look(&mut self, facing: &Facing<'_>, work: &Work, desk: &mut Desk<'_>) {
        let found = match facing.step {
            Step::Retrying { attempt, most } => self
                .settings
                .severity(*attempt as f64)
                .map(|severity| (severity, format!("the API fails: attempt {attempt} of {most}"))),
            // It gave up: nothing goes on by itself any more.
            Step::Failed => Some((Severity::Alarm, "the API failed for good".to_owned())),
            _ => None,
        };
        let Some((severity, detail)) = found else { return desk.lower_all() };
        let proof: Vec<Proof> = work.marks.back().map(|mark| Proof::new(mark.place, &mark.text)).into_iter().collect();
        // From the first attempt on it is one cause: what was answered last.
        let cause = format!("after {}", work.messages.back().map_or(0, |said| said.place.offset));
        desk.raise_alone(&cause, severity, facing.step_at, detail, &proof);
    }
}
