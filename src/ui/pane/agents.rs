//! The agents: state, name, model, context and the last thing each did.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::config::layout::PaneKind;
use crate::config::theme::Role;
use crate::domain::agent::{Agent, AgentState};
use crate::domain::text;
use crate::domain::time::age;
use crate::event::SourceId;
use crate::ui::hit::HitMap;
use crate::ui::widget::{cell, faults, list, nothing, pending, spread, widest};
use crate::ui::{Cx, glyph};

/// Columns from which on state and model have columns of their own.
const ROOMY: usize = 60;
/// Columns from which on the model is shown.
const MODELLED: usize = 84;
/// Columns from which on the context's gauge is shown.
const GAUGED: usize = 40;
/// Columns that a name gets where it needs them, if there are as many.
const LEAST_NAME: usize = 12;
/// Columns that a name gets at most.
const MOST_NAME: usize = 28;

/// What the border says: how many agents are in each state that matters.
pub fn notes(cx: &Cx<'_>) -> Vec<String> {
    let agents = &cx.state.agents.agents;
    if agents.is_empty() {
        return Vec::new();
    }
    let count = |state: AgentState| agents.iter().filter(|agent| agent.verdict.state == state).count();
    let mut parts: Vec<String> = [AgentState::Waiting, AgentState::Crashed, AgentState::Working]
        .into_iter()
        .filter_map(|state| Some((state, count(state))).filter(|(_, count)| *count > 0))
        .map(|(state, count)| format!("{count} {}", state.name()))
        .collect();
    parts.push(format!("{} in all", agents.len()));
    parts
}

/// Draws the agents.
pub fn draw(cx: &Cx<'_>, area: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let pane = &cx.state.agents;
    let area = faults(cx, &pane.faults, area, buf);
    if !pane.heard {
        return pending(cx, &SourceId::Agents, "Looking for agents…", area, buf);
    }
    if pane.agents.is_empty() {
        let words = "No agent has worked in this folder. Start Claude Code here, or name transcripts in hnpwb.toml under [[agent]].";
        return nothing(cx, words, area, buf);
    }
    let most = usize::from(area.width * 2 / 5).clamp(LEAST_NAME, MOST_NAME);
    let names = widest(&pane.list, area, most, |row| {
        pane.agents.get(row.agent).map_or(0, |agent| text::width(&name(agent, row.depth)))
    });
    list(cx, PaneKind::Agents, &pane.list, area, buf, hits, |row, columns| {
        pane.agents.get(row.agent).map_or_else(Line::default, |agent| line(cx, agent, row.depth, names, columns))
    });
}

/// An agent's name, below its parent's if it has one.
fn name(agent: &Agent, depth: u16) -> String {
    format!("{}{}", if depth > 0 { "└ " } else { "" }, text::line(&agent.name))
}

fn line(cx: &Cx<'_>, agent: &Agent, depth: u16, names: usize, columns: usize) -> Line<'static> {
    let state = agent.verdict.state;
    let role = Role::State(state);
    let roomy = columns >= ROOMY;
    let mut left = vec![cx.span(role, format!("{} ", glyph::state(state)))];
    if roomy {
        left.push(cx.span(role, cell(state.name(), 9)));
    }
    left.push(cx.span(Role::Text, cell(&name(agent, depth), names)));
    if columns >= MODELLED {
        left.push(cx.span(Role::Dim, format!("  {}", cell(&short_model(agent.model.as_deref()), 13))));
    }
    left.push(Span::raw("  "));
    left.extend(doing(cx, agent, roomy));
    let mut right = Vec::new();
    if columns >= GAUGED {
        right.push(gauge(cx, agent));
    }
    if let Some(at) = agent.last_activity {
        right.push(cx.span(Role::Dim, format!("{:>4}", age(at, cx.state.now))));
    }
    spread(left, right, columns)
}

/// What an agent waits for, else what it did last. `named` says that its state stands in a column of its own.
fn doing(cx: &Cx<'_>, agent: &Agent, named: bool) -> Vec<Span<'static>> {
    let state = agent.verdict.state;
    let role = Role::State(state);
    if let Some(what) = agent.verdict.waiting_for.as_ref().filter(|_| state == AgentState::Waiting) {
        return vec![cx.span(role, text::line(what).into_owned())];
    }
    let action = agent.last_action.as_ref().map(|action| cx.span(Role::Dim, text::line(action).into_owned()));
    // At work or at its prompt is told well enough by the sign and by what it did.
    if named || matches!(state, AgentState::Working | AgentState::Idle) {
        return action.into_iter().collect();
    }
    std::iter::once(cx.span(role, format!("{}  ", state.name()))).chain(action).collect()
}

/// How full the context is; nothing where it is not known.
fn gauge(cx: &Cx<'_>, agent: &Agent) -> Span<'static> {
    match (agent.context.percent, agent.context.used) {
        (Some(percent), _) => {
            let role = match percent {
                0..75 => Role::Dim,
                75..80 => Role::Warn,
                _ => Role::Error,
            };
            cx.span(role, format!(" {percent:>3}%"))
        }
        (None, Some(used)) => cx.span(Role::Dim, format!(" {:>3}k", used / 1_000)),
        (None, None) => cx.span(Role::Dim, "    ?"),
    }
}

/// A model's name without what every model's name has: `claude-opus-4-6-20260205` is `opus-4-6`.
fn short_model(model: Option<&str>) -> String {
    let Some(model) = model else { return String::new() };
    let name = model.strip_prefix("claude-").unwrap_or(model);
    let dated = name.rsplit_once('-').filter(|(_, date)| date.len() == 8 && date.bytes().all(|b| b.is_ascii_digit()));
    text::line(dated.map_or(name, |(name, _)| name)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::short_model;

    #[test]
    fn a_model_is_named_without_vendor_and_date() {
        assert_eq!(short_model(Some("claude-opus-4-6-20260205")), "opus-4-6");
        assert_eq!(short_model(Some("claude-sonnet-5")), "sonnet-5");
        assert_eq!(short_model(Some("gpt-5.5")), "gpt-5.5");
        assert_eq!(short_model(None), "");
    }
}
