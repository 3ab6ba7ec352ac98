//! `stall`: the model has something to answer and says nothing, while its process is alive.

use super::{Desk, Facing, Proof, Rule, Settings};
use crate::domain::transcript::Step;
use crate::domain::work::Work;

#[derive(Debug)]
struct Stall {
    settings: Settings,
}

pub(super) fn begin(settings: &Settings) -> Box<dyn Rule> {
    Box::new(Stall { settings: settings.clone() })
}

/// The last thing that stands in the transcript.
fn last(work: &Work) -> Option<Proof> {
    let act = work.acts.iter().rev().find(|act| act.ended.is_some());
    let result = act.and_then(|act| Some((act.ended?, act)));
    let prompt = work.prompts.back();
    match (result, prompt) {
        (Some((place, _)), Some(prompt)) if prompt.place > place => Some(Proof::new(prompt.place, &prompt.text)),
        (Some((place, act)), _) => Some(Proof::new(place, &format!("result of {} {}", act.tool, act.deed.line()))),
        (None, Some(prompt)) => Some(Proof::new(prompt.place, &prompt.text)),
        (None, None) => None,
    }
}

impl Rule for Stall {
    fn look(&mut self, facing: &Facing<'_>, work: &Work, desk: &mut Desk<'_>) {
        let since = facing.step_at.max(facing.agent.last_activity);
        // A transcript alone does not tell a model that thinks from one that is gone.
        let alive = facing.agent.pid.is_some() && facing.is_working();
        let found = since.filter(|_| alive && *facing.step == Step::Asked).and_then(|since| {
            let seconds = facing.seconds_since(since);
            Some((since, seconds, self.settings.severity(seconds)?))
        });
        let Some((since, seconds, severity)) = found else { return desk.lower_all() };
        let proof: Vec<Proof> = last(work).into_iter().collect();
        let minutes = (seconds / 60.0) as u64;
        let detail = format!("the model has said nothing for {minutes} minutes, and its process is alive");
        let cause = format!("since {since}");
        desk.raise_alone(&cause, severity, Some(since), detail, &proof);
    }
}
