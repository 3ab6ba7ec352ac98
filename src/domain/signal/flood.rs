//! `sub-agents`: very many sub-agents at work at once.

use super::{Desk, Facing, Proof, Rule, Settings};
use crate::domain::work::Work;

#[derive(Debug)]
struct Flood {
    settings: Settings,
}

pub(super) fn begin(settings: &Settings) -> Box<dyn Rule> {
    Box::new(Flood { settings: settings.clone() })
}

impl Rule for Flood {
    fn look(&mut self, facing: &Facing<'_>, work: &Work, desk: &mut Desk<'_>) {
        let Some(severity) = self.settings.severity_of(facing.sub_agents) else { return desk.lower_all() };
        let calls = work.acts.iter().filter(|act| matches!(act.tool.as_str(), "Task" | "Agent" | "spawn_agent"));
        let proofs: Vec<Proof> = calls.map(Proof::of).collect();
        let since = proofs.first().and_then(|proof| proof.place.at);
        let detail = format!("{} of its sub-agents are at work at once", facing.sub_agents);
        desk.raise("flood", severity, since, detail, &proofs);
    }
}
