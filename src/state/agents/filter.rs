//! The filter of the agents: words, and words that ask one field.

use crate::domain::agent::Agent;
use crate::domain::model::Cost;

use super::super::board::filter::is_called;

/// True if an agent passes every word of a filter: `state:`, `model:`, `role:` and `name:` ask for a text in that field,
/// `errors`, `context` (in percent), `tokens` (thousands) and `cost` (dollars) with `>` or `<` for a number, any other word for
/// a text anywhere. A figure that is not known is neither more nor less than any number.
/// `task:ID` asks for the tasks that it is linked to.
pub(super) fn admits(filter: &str, agent: &Agent, tasks: &[String]) -> bool {
    filter.to_lowercase().split_whitespace().all(|word| match word.strip_prefix("task:") {
        Some(wanted) => tasks.iter().any(|id| is_called(id, wanted)),
        None => passes(word, agent),
    })
}

fn passes(word: &str, agent: &Agent) -> bool {
    let text = |value: Option<&str>, wanted: &str| value.is_some_and(|value| value.to_lowercase().contains(wanted));
    if let Some((field, wanted)) = word.split_once(':') {
        match field {
            "state" => return agent.verdict.state.name().starts_with(wanted),
            "model" => return text(agent.model.as_deref(), wanted),
            "role" => return text(agent.role.as_deref(), wanted),
            "name" => return text(Some(&agent.name), wanted),
            _ => {}
        }
    }
    if let Some(passes) = compared(word, agent) {
        return passes;
    }
    let fields = [
        Some(agent.name.as_str()),
        agent.role.as_deref(),
        Some(agent.verdict.state.name()),
        agent.model.as_deref(),
        agent.last_action.as_deref(),
    ];
    fields.into_iter().any(|field| text(field, word))
}

/// What a comparison says; `None` for a word that is none.
fn compared(word: &str, agent: &Agent) -> Option<bool> {
    let at = word.find(['<', '>'])?;
    let limit: f64 = word[at + 1..].parse().ok()?;
    let figures = agent.figures.as_ref();
    let value = match &word[..at] {
        "errors" => figures.map(|figures| figures.counts.errors as f64),
        "tokens" => figures.map(|figures| figures.tokens.all() as f64 / 1_000.0),
        "cost" => agent.cost().and_then(Cost::usd),
        "context" => agent.context.percent.map(f64::from),
        _ => return None,
    };
    Some(value.is_some_and(|value| if word[at..].starts_with('>') { value > limit } else { value < limit }))
}
