//! An agent that wants to end its turn: a session may ask that the operator has a look first.
//!
//! To stop does no harm, so nothing but the operator's own no keeps an agent from it: without a workbench, when nobody decides
//! in time, and after eight times in a row (Claude Code overrides the ninth) it stops.

use std::path::PathBuf;

use crate::domain::gate::rule::{RuleEvent, strictest};
use crate::domain::gate::wire::Answer;

use super::held::{about, ask, patience, who};
use super::{Reply, Rules, Visit, Wanted};

/// Answers `Stop` and `SubagentStop`: silence lets the agent stop.
pub(super) fn answer<E: std::fmt::Display>(
    visit: &Visit<'_>,
    stop: RuleEvent,
    rules: impl Fn(&[PathBuf], Wanted<'_>) -> Result<Rules, E>,
) -> Reply {
    // A session file with a mistake in it holds tool calls; an agent that stops makes none.
    let Ok(sessions) = rules(visit.dirs, &|rule| rule.event == stop) else { return Reply::pass() };
    let event = visit.event;
    let named = sessions.iter().any(|ruled| ruled.rules.iter().any(|rule| !rule.agents.is_empty()));
    let who = who(event, visit.around.paths, named);
    let rules = sessions.iter().flat_map(|ruled| ruled.rules.iter().map(move |rule| (rule, &ruled.root)));
    let Some((rule, root)) = strictest(rules.filter(|(rule, _)| rule.event == stop && rule.concerns(&who))) else {
        return Reply::pass();
    };
    let mut request = about(event, rule, "wants to stop".to_owned(), patience(visit, root, rule));
    request.detail = event.last_message.clone().unwrap_or_default();
    request.subject.insert("event".to_owned(), stop.name().to_owned());
    if event.stop_hook_active == Some(true) {
        request.subject.insert("stop_hook_active".to_owned(), "true".to_owned());
    }
    let socket = visit.around.paths.socket(&root.canonicalize().unwrap_or_else(|_| root.clone()));
    match ask(&socket, &request, rule) {
        Ok(Answer::Decided { approved: false, reason, .. }) => {
            Reply::go_on(&format!("The operator does not accept this as finished: {reason}"))
        }
        Ok(
            Answer::Decided { approved: true, .. }
            | Answer::Expired { .. }
            | Answer::Refused { .. }
            | Answer::Gates { .. }
            | Answer::Line { .. }
            | Answer::Hooks { .. }
            | Answer::Noted,
        )
        | Err(_) => Reply::pass(),
    }
}
