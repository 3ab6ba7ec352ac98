//! `context`: the context is nearly full, and will be compacted.

use super::{Desk, Facing, Proof, Rule, Settings};
use crate::domain::agent::AgentState;
use crate::domain::work::Work;

#[derive(Debug)]
struct Context {
    settings: Settings,
}

pub(super) fn begin(settings: &Settings) -> Box<dyn Rule> {
    Box::new(Context { settings: settings.clone() })
}

impl Rule for Context {
    fn look(&mut self, facing: &Facing<'_>, work: &Work, desk: &mut Desk<'_>) {
        let gauge = &facing.agent.context;
        let over = matches!(facing.agent.verdict.state, AgentState::Finished | AgentState::Crashed);
        let found = gauge.percent.filter(|_| !over);
        let Some((percent, severity)) =
            found.and_then(|percent| Some((percent, self.settings.severity(f64::from(percent))?)))
        else {
            return desk.lower_all();
        };
        let tokens = gauge.used.zip(gauge.window).map(|(used, window)| format!(": {used} of {window} tokens"));
        let detail = format!("the context is full to {percent} percent{}", tokens.unwrap_or_default());
        let last = work.messages.back().map(|said| Proof::new(said.place, &said.text));
        let since = last.as_ref().and_then(|proof| proof.place.at);
        // Between two compactions it is one cause.
        let cause = format!("after {} compactions", work.compactions.len());
        desk.raise_alone(&cause, severity, since, detail, &last.into_iter().collect::<Vec<_>>());
    }
}
