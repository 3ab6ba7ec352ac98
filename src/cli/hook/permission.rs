//! A prompt for a permission: an operator may answer it in the workbench, when a rule asks for it.
//!
//! The agent asks in its own terminal in any case, so nothing in here refuses by itself: without a rule or a workbench, when
//! nobody decides in time, and at any fault the hook is silent, and the agent's own prompt decides.

use std::path::PathBuf;

use crate::domain::gate::ask::answered;
use crate::domain::gate::permit;
use crate::domain::gate::rule::RuleEvent;
use crate::domain::gate::wire::Answer;

use super::held::{ask, deciding, patience, request, with_reason};
use super::{Reply, Rules, Visit, Wanted};

/// Answers `PermissionRequest`; silence leaves it to the agent's own prompt.
pub(super) fn answer<E: std::fmt::Display>(
    visit: &Visit<'_>,
    rules: impl Fn(&[PathBuf], Wanted<'_>) -> Result<Rules, E>,
) -> Reply {
    let event = visit.event;
    let Ok((tool, input)) = event.call() else { return Reply::pass() };
    let Ok(sessions) = rules(visit.dirs, &|rule| rule.event == RuleEvent::Permission) else { return Reply::pass() };
    let Some((rule, root, because)) = deciding(visit, RuleEvent::Permission, tool, &input, &sessions) else {
        return Reply::pass();
    };
    let mut request = request(event, tool, &input, rule, because, patience(visit, root, rule));
    request.title = format!("permission: {}", request.title);
    request.subject.insert("event".to_owned(), RuleEvent::Permission.name().to_owned());
    let suggestions = event.suggestions();
    // The questions of a call come first: they are what is asked.
    let of_the_call = !request.asks.questions.is_empty();
    if !of_the_call {
        request.asks.questions.extend(permit::question(&suggestions));
    }
    let socket = visit.around.paths.socket(&root.canonicalize().unwrap_or_else(|_| root.clone()));
    match ask(&socket, &request, rule) {
        Ok(Answer::Decided { approved: false, reason, .. }) => {
            Reply::refuse(&with_reason("The operator rejected this call", &reason))
        }
        Ok(Answer::Decided { approved: true, answers, .. }) if of_the_call => {
            answered(&input, &request.asks.questions, &answers)
                .map_or_else(Reply::pass, |input| Reply::permit(Some(input), None))
        }
        Ok(Answer::Decided { approved: true, answers, .. }) => match answers.get(permit::QUESTION) {
            None if request.asks.questions.is_empty() => Reply::permit(None, None),
            None => Reply::pass(),
            Some(taken) => permit::chosen(&suggestions, taken)
                .map_or_else(Reply::pass, |permissions| Reply::permit(None, permissions)),
        },
        Ok(
            Answer::Expired { .. }
            | Answer::Refused { .. }
            | Answer::Gates { .. }
            | Answer::Line { .. }
            | Answer::Hooks { .. }
            | Answer::Noted,
        )
        | Err(_) => Reply::pass(),
    }
}
