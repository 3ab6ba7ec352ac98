//! `long-tool`: a tool runs for long.

use super::{Desk, Facing, Proof, Rule, Settings};
use crate::domain::agent::StateSource;
use crate::domain::transcript::Step;
use crate::domain::work::Work;

#[derive(Debug)]
struct LongTool {
    settings: Settings,
}

pub(super) fn begin(settings: &Settings) -> Box<dyn Rule> {
    Box::new(LongTool { settings: settings.clone() })
}

impl Rule for LongTool {
    fn look(&mut self, facing: &Facing<'_>, work: &Work, desk: &mut Desk<'_>) {
        let runs = facing.is_working() && matches!(facing.step, Step::Calling { .. });
        let open = work.acts.iter().rev().find(|act| act.ended.is_none()).filter(|_| runs);
        let found = open.and_then(|act| {
            let at = act.place.at?;
            let seconds = facing.seconds_since(at);
            Some((act, at, seconds, self.settings.severity(seconds)?))
        });
        let Some((act, at, seconds, severity)) = found else { return desk.lower_all() };
        // Only the registry and hooks tell a tool that runs from one that waits for a permission.
        let sure = matches!(facing.agent.verdict.source, StateSource::Registry | StateSource::Hook);
        let what = if sure { "a tool runs" } else { "a tool runs, or waits for a permission," };
        let detail = format!("{what} for {} minutes: {} {}", (seconds / 60.0) as u64, act.tool, act.deed.line());
        desk.raise_alone(&act.id, severity, Some(at), detail, &[Proof::of(act)]);
    }
}
