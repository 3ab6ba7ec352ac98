//! `silence`: at work for long without a change to a file and without a commit.

use jiff::Timestamp;

use super::{Desk, Facing, News, Proof, Rule, Settings};
use crate::domain::work::{Deed, Work};

#[derive(Debug)]
struct Silence {
    settings: Settings,
    /// The last prompt or change.
    last: Option<Proof>,
    /// It has changed something before: whoever never does is not asked to.
    changes: bool,
}

pub(super) fn begin(settings: &Settings) -> Box<dyn Rule> {
    Box::new(Silence { settings: settings.clone(), last: None, changes: false })
}

impl Rule for Silence {
    fn take(&mut self, news: News<'_>, work: &Work, _desk: &mut Desk<'_>) {
        match news {
            News::Prompt(place) => {
                let said = work.prompts.back().map_or("", |prompt| prompt.text.as_str());
                self.last = Some(Proof::new(place, said));
            }
            News::Answered(answer) if !answer.act.outcome.is_failure() => {
                let commits = work.commits.last().is_some_and(|commit| Some(commit.place) == answer.act.ended);
                if commits || matches!(answer.act.deed, Deed::Edit(_)) {
                    self.last = Some(Proof::of(answer.act));
                    self.changes = true;
                }
            }
            News::Called(_) | News::Answered(_) | News::Said(..) | News::Compacted(_) => {}
        }
    }

    fn look(&mut self, facing: &Facing<'_>, _work: &Work, desk: &mut Desk<'_>) {
        let found = self.last.as_ref().filter(|_| self.changes && facing.is_working()).and_then(|proof| {
            let at: Timestamp = proof.place.at.max(facing.committed)?;
            let seconds = facing.seconds_since(at);
            Some((proof, at, seconds, self.settings.severity(seconds)?))
        });
        let Some((proof, at, seconds, severity)) = found else { return desk.lower_all() };
        let detail = format!("at work for {} minutes with no file changed and no commit", (seconds / 60.0) as u64);
        desk.raise_alone(&format!("since {at}"), severity, Some(at), detail, std::slice::from_ref(proof));
    }
}
