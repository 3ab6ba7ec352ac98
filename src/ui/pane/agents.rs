//! The agents: state and for how long, name, model, context, cost, errors and the last thing each did.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::config::layout::PaneKind;
use crate::config::theme::Role;
use crate::domain::agent::{Agent, AgentState};
use crate::domain::model::Cost;
use crate::domain::text;
use crate::domain::time::age;
use crate::event::SourceId;
use crate::state::agents::{Agents, Row};
use crate::ui::hit::HitMap;
use crate::ui::widget::{cell, faults, list, nothing, pending, severity, spread, widest};
use crate::ui::{Cx, glyph};

/// Columns from which on the context's gauge is shown.
const GAUGED: usize = 40;
/// Columns from which on the state has a column of its own.
const ROOMY: usize = 60;
/// Columns from which on it is told for how long the state lasts.
const TIMED: usize = 70;
/// Columns from which on errors are counted.
const COUNTED: usize = 76;
/// Columns from which on the model is shown.
const MODELLED: usize = 90;
/// Columns from which on the cost is shown.
const PRICED: usize = 100;
/// Columns from which on the window is shown that the context fills.
const WINDOWED: usize = 130;
/// Columns that a name gets where it needs them, if there are as many.
const LEAST_NAME: usize = 12;
/// Columns that a name gets at most.
const MOST_NAME: usize = 32;

/// What the border says: how many agents are in each state that matters, what they cost, and what is not shown.
pub fn notes(cx: &Cx<'_>) -> Vec<String> {
    let pane = &cx.state.agents;
    let agents = &pane.agents;
    if agents.is_empty() {
        return Vec::new();
    }
    let count = |state: AgentState| agents.iter().filter(|agent| agent.verdict.state == state).count();
    let mut parts: Vec<String> = Vec::new();
    if pane.hidden > 0 {
        parts.push(format!("{} finished hidden", pane.hidden));
    }
    parts.extend(
        [AgentState::Waiting, AgentState::Crashed, AgentState::Working]
            .into_iter()
            .filter_map(|state| Some((state, count(state))).filter(|(_, count)| *count > 0))
            .map(|(state, count)| format!("{count} {}", state.name())),
    );
    parts.push(format!("{} in all", agents.len()));
    parts.extend(pane.figures.map(|(read, all)| format!("figures: {read} of {all}")));
    parts.extend(total(pane));
    parts
}

/// What all of them cost, as far as it is known; `≥` says that it is not known of some.
fn total(pane: &Agents) -> Option<String> {
    let costs =
        || pane.agents.iter().filter(|agent| !agent.inside_parent && agent.format.counts_tokens()).map(Agent::cost);
    let known: Vec<&Cost> = costs().flatten().collect();
    let dollars: f64 = known.iter().map(|cost| cost.known_usd).sum();
    let whole = costs().all(|cost| cost.is_some_and(|cost| cost.unpriced.is_empty()));
    // At least nothing says nothing.
    let says = !known.is_empty() && (whole || dollars > 0.0);
    says.then(|| format!("{}${dollars:.2}", if whole { "" } else { "≥ " }))
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
    if pane.list.rows.is_empty() && pane.hidden > 0 {
        return nothing(cx, "All of them are finished, and finished agents are hidden.", area, buf);
    }
    let most = usize::from(area.width * 2 / 5).clamp(LEAST_NAME, MOST_NAME);
    let names = widest(&pane.list, area, most, |row| {
        pane.agents.get(row.agent).map_or(0, |agent| text::width(&name(agent, *row)))
    });
    list(cx, PaneKind::Agents, &pane.list, area, buf, hits, |row, columns| {
        pane.agents.get(row.agent).map_or_else(Line::default, |agent| line(cx, agent, *row, names, columns))
    });
}

/// An agent's name, below its parent's if it has one, with the number of agents that are folded under it.
fn name(agent: &Agent, row: Row) -> String {
    let indent = match usize::from(row.depth) {
        0 => String::new(),
        // Deeper than this the name would not be seen any more.
        depth => format!("{}└ ", "  ".repeat((depth - 1).min(4))),
    };
    let folded = if row.folded > 0 { format!(" +{}", row.folded) } else { String::new() };
    format!("{indent}{}{folded}", text::line(&agent.name))
}

fn line(cx: &Cx<'_>, agent: &Agent, row: Row, names: usize, columns: usize) -> Line<'static> {
    let state = agent.verdict.state;
    let role = Role::State(state);
    let roomy = columns >= ROOMY;
    let mut left = vec![cx.span(role, format!("{} ", glyph::state(state)))];
    if roomy {
        left.push(cx.span(role, cell(state.name(), 9)));
    }
    if columns >= TIMED {
        let since = agent.verdict.since.map(|since| age(since, cx.state.now)).unwrap_or_default();
        left.push(cx.span(role, format!("{since:>3} ")));
    }
    left.push(cx.span(Role::Text, cell(&name(agent, row), names)));
    if columns >= MODELLED {
        left.push(cx.span(Role::Dim, format!("  {}", cell(&short_model(agent.model.as_deref()), 13))));
    }
    let marks = marks(cx, agent);
    let marks = if roomy { marks.to_owned() } else { format!("{} ", marks.trim_end()) };
    left.push(cx.span(if agent.failing { Role::Error } else { Role::Warn }, marks));
    left.extend(doing(cx, agent, roomy));
    let mut right = Vec::new();
    if columns >= COUNTED {
        right.push(errors(cx, agent));
    }
    if columns >= PRICED {
        right.push(cost(cx, agent));
    }
    if columns >= GAUGED {
        right.push(gauge(cx, agent, columns >= WINDOWED));
    }
    if let Some(at) = agent.last_activity {
        right.push(cx.span(Role::Dim, format!("{:>4}", age(at, cx.state.now))));
    }
    spread(left, right, columns)
}

/// `!` for one that the API refuses, `≠` where the sources of its state disagree.
fn marks(cx: &Cx<'_>, agent: &Agent) -> &'static str {
    match (agent.failing, agent.verdict.disagreement.is_some(), cx.state.screen.ascii) {
        (false, false, _) => "    ",
        (true, false, _) => " !  ",
        (false, true, false) => " ≠  ",
        (true, true, false) => " !≠ ",
        (false, true, true) => " != ",
        (true, true, true) => " !!=",
    }
}

/// What an agent waits for, else what it did last. `named` says that its state stands in a column of its own.
fn doing(cx: &Cx<'_>, agent: &Agent, named: bool) -> Vec<Span<'static>> {
    let state = agent.verdict.state;
    let role = Role::State(state);
    if let Some(what) = agent.verdict.waiting_for.as_ref().filter(|_| state == AgentState::Waiting) {
        return vec![cx.span(role, text::line(what).into_owned())];
    }
    let continues = agent.continues.as_ref().map(|old| format!("continues {}  ", text::line(old)));
    let gone = agent.file_gone.then(|| "file gone  ".to_owned());
    let remarks = continues.into_iter().chain(gone).map(|remark| cx.span(Role::Dim, remark));
    let action = agent.last_action.as_ref().map(|action| cx.span(Role::Dim, text::line(action).into_owned()));
    let found = agent.signals.first().map(|signal| cx.span(severity(signal.severity), format!("{}  ", signal.kind)));
    let action = found.into_iter().chain(remarks).chain(action);
    // At work or at its prompt is told well enough by the sign and by what it did.
    if named || matches!(state, AgentState::Working | AgentState::Idle) {
        return action.collect();
    }
    std::iter::once(cx.span(role, format!("{}  ", state.name()))).chain(action).collect()
}

/// What stands for a figure that is not known; `…` while it is still to be counted.
fn unknown(cx: &Cx<'_>, agent: &Agent) -> &'static str {
    let counting = cx.state.agents.figures.is_some() && !agent.inside_parent;
    if counting { "…" } else { "—" }
}

/// How many errors there were.
fn errors(cx: &Cx<'_>, agent: &Agent) -> Span<'static> {
    match agent.figures.as_ref().map(|figures| figures.counts.errors) {
        Some(0) => cx.span(Role::Dim, "      "),
        Some(errors) => cx.span(Role::Warn, format!("{:>6}", format!("✗{errors}"))),
        None => cx.span(Role::Dim, format!("{:>6}", unknown(cx, agent))),
    }
}

/// What it cost, as far as it is known.
fn cost(cx: &Cx<'_>, agent: &Agent) -> Span<'static> {
    let said = match &agent.figures {
        Some(figures) => figures.cost.as_ref().map_or_else(|| "—".to_owned(), Cost::short),
        None => unknown(cx, agent).to_owned(),
    };
    cx.span(Role::Dim, format!(" {said:>9}"))
}

/// How full the context is; `?` where it is not known. `windowed` says of how much, too.
fn gauge(cx: &Cx<'_>, agent: &Agent, windowed: bool) -> Span<'static> {
    let window = match agent.context.window.filter(|_| windowed) {
        Some(window) if window >= 1_000_000 => format!(" of {}M  ", window / 1_000_000),
        Some(window) => format!(" of {}k", window / 1_000),
        None if windowed => " ".repeat(8),
        None => String::new(),
    };
    match (agent.context.percent, agent.context.used) {
        (Some(percent), _) => {
            let role = match percent {
                0..75 => Role::Dim,
                75..80 => Role::Warn,
                _ => Role::Error,
            };
            cx.span(role, format!(" {percent:>3}%{window}"))
        }
        (None, Some(used)) => cx.span(Role::Dim, format!(" {:>3}k{window}", used / 1_000)),
        (None, None) => cx.span(Role::Dim, format!("    ?{window}")),
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
