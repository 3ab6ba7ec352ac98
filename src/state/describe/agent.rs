//! An agent, with the whole reasoning about its state.

use crate::domain::agent::{Agent, AgentKind, Figures, Opinion, StateVerdict, Tokens};
use crate::domain::model::Cost;
use crate::domain::time::age;
use crate::state::State;

use super::{Lines, put};

/// An agent: its state with what every source says of it, then everything else that is known.
pub fn agent(state: &State, agent: &Agent) -> (String, Lines) {
    let mut lines = Lines::new();
    let verdict = &agent.verdict;
    let since = verdict.since.map(|since| format!(" for {}", age(since, state.now))).unwrap_or_default();
    put(&mut lines, "state", &format!("{}{since}", verdict.state.name()));
    put(&mut lines, "waits for", verdict.waiting_for.as_deref().unwrap_or_default());
    put(&mut lines, "because", &verdict.reason);
    put(&mut lines, "says", verdict.source.name());
    if let Some(said) = &verdict.disagreement {
        put(&mut lines, "but", &format!("≠ {said}"));
    }
    reasoning(&mut lines, state, verdict);
    signals(&mut lines, state, agent);
    put(&mut lines, "model", agent.model.as_deref().unwrap_or_default());
    let context = &agent.context;
    let used = context.used.map_or_else(|| "unknown".to_owned(), |used| format!("{used} tokens"));
    let window = context.window.map_or_else(|| "a window not known".to_owned(), |window| window.to_string());
    let percent = context.percent.map(|percent| format!(", {percent}%")).unwrap_or_default();
    put(&mut lines, "context", &format!("{used} of {window}{percent}"));
    let as_of = context.as_of.map(|at| format!(", {} ago", age(at, state.now))).unwrap_or_default();
    put(&mut lines, "from", &format!("{}{as_of}", context.source));
    put_cost(&mut lines, state, agent);
    for (label, value) in figures(agent) {
        put(&mut lines, label, &value);
    }
    if let Some(told) = &agent.status_line {
        let client = told.cost_usd.map(|dollars| format!("${dollars:.2}, since the session began or was cleared"));
        put(&mut lines, "client says", &client.unwrap_or_default());
        let limits = [("five hours", told.five_hour), ("seven days", told.seven_day)];
        for (label, limit) in limits.into_iter().filter_map(|(label, limit)| Some((label, limit?))) {
            put(&mut lines, label, &limit.words(state.now));
        }
    }
    let optional = [
        ("role", agent.role.clone()),
        ("continues", agent.continues.clone()),
        ("last", agent.last_action.clone()),
        ("branch", agent.branch.clone()),
        ("folder", agent.cwd.as_ref().map(|cwd| cwd.display().to_string())),
        ("process", agent.pid.map(|pid| pid.to_string())),
        ("tmux pane", agent.pane.clone()),
        ("version", agent.version.clone()),
        ("session", agent.session_id.clone()),
    ];
    for (label, value) in optional {
        put(&mut lines, label, value.as_deref().unwrap_or_default());
    }
    super::briefs::of_agent(&mut lines, state, &agent.id);
    let gone = if agent.file_gone { " (gone)" } else { "" };
    put(&mut lines, "transcript", &format!("{}{gone}", agent.transcript.display()));
    (agent.name.clone(), lines)
}

/// What was found about it, each with the last line that proves it.
fn signals(lines: &mut Lines, state: &State, agent: &Agent) {
    for signal in &agent.signals {
        let since = signal.since.map(|since| format!(" for {}", age(since, state.now))).unwrap_or_default();
        put(lines, signal.kind, &format!("{}{since}: {}", signal.severity.name(), signal.detail));
        if let Some(last) = signal.evidence.last() {
            let line = last.line.map(|line| format!("line {line}: ")).unwrap_or_default();
            put(lines, "", &format!("  {line}{}", last.quote));
        }
    }
}

/// What an agent costs by its transcript, and with its sub-agents.
fn put_cost(lines: &mut Lines, state: &State, agent: &Agent) {
    let Some(own) = agent.cost() else {
        let words = if agent.inside_parent {
            "counted with its parent, in whose transcript its records stand"
        } else if agent.kind == AgentKind::Claude {
            "not counted yet"
        } else {
            ""
        };
        return put(lines, "cost", words);
    };
    put(lines, "cost", &own.long());
    let children = state.agents.agents.iter().filter(|child| child.parent.as_ref() == Some(&agent.id));
    let children = children.filter(|child| !child.inside_parent);
    let children: Vec<Option<&Cost>> = children.map(|child| child.cost()).collect();
    let mut tree = own.clone();
    for child in children.iter().flatten() {
        tree.add(child);
    }
    let in_all = match children.as_slice() {
        [] => String::new(),
        children if children.contains(&None) => "not all of its sub-agents are counted yet".to_owned(),
        [_] => format!("{}, with its sub-agent", tree.short()),
        children => format!("{}, with its {} sub-agents", tree.short(), children.len()),
    };
    put(lines, "in all", &in_all);
}

/// What its transcript adds up to, as labels and values.
fn figures(agent: &Agent) -> Vec<(&'static str, String)> {
    let Some(Figures { tokens, cost, counts }) = &agent.figures else { return Vec::new() };
    let mut lines = Vec::new();
    if cost.is_some() {
        let Tokens { input, cache_creation, cache_read, output } = tokens;
        let words = format!("{input} in, {cache_creation} into and {cache_read} from the cache, {output} out");
        lines.push(("tokens", words));
        lines.push(("", "counted once per answer; copied history counts where it is oldest".to_owned()));
    }
    lines
        .push(("records", format!("{}: {} prompts, {} tool calls", counts.records, counts.prompts, counts.tool_calls)));
    lines.push(("errors", format!("{}, {} compactions", counts.errors, counts.compactions)));
    if counts.unknown_records + counts.malformed_records > 0 {
        let unread = format!("{} of unknown kinds, {} no JSON", counts.unknown_records, counts.malformed_records);
        lines.push(("unread", unread));
    }
    lines
}

/// What each source says, best first; the one that decides is marked, and why the others do not count is said.
fn reasoning(lines: &mut Lines, state: &State, verdict: &StateVerdict) {
    for opinion in &verdict.opinions {
        let Opinion { source, since, as_of, reason, set_aside, .. } = opinion;
        let decides = *source == verdict.source;
        let weight = match (set_aside, opinion.state) {
            (Some(why), _) => format!("does not count: {why}"),
            (None, None) => "tells no state by itself".to_owned(),
            (None, Some(_)) if decides => "decides, as the best source that tells".to_owned(),
            (None, Some(said)) if said == verdict.state => "agrees".to_owned(),
            (None, Some(_)) => "is outranked".to_owned(),
        };
        let said = opinion.state.map_or("no state", |state| state.name());
        let since = since.filter(|_| opinion.state.is_some());
        let since = since.map(|since| format!(" for {}", age(since, state.now))).unwrap_or_default();
        let heard = as_of.map(|at| format!(", heard {} ago", age(at, state.now))).unwrap_or_default();
        let mark = if decides { "→" } else { " " };
        put(lines, source.name(), &format!("{mark} {said}{since}{heard}; {weight}\n  {reason}"));
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::reasoning;
    use crate::action::keymap::Keymap;
    use crate::domain::agent::{AgentState, Opinion, StateSource, StateVerdict};
    use crate::state::{Screen, SessionView, State};

    #[test]
    fn every_source_is_listed_with_what_it_says_and_what_that_counts() {
        let at = |seconds| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
        let screen = Screen::new(Vec::new(), Vec::new(), Keymap::new(&[]));
        let state = State::new(at(600), SessionView::default(), screen);
        let opinion = |source, said, set_aside: Option<&str>| Opinion {
            source,
            state: said,
            since: Some(at(0)),
            as_of: Some(at(300)),
            reason: "its reason".to_owned(),
            waiting_for: None,
            set_aside: set_aside.map(str::to_owned),
        };
        let verdict = StateVerdict {
            state: AgentState::Idle,
            source: StateSource::Hook,
            opinions: vec![
                opinion(StateSource::Registry, Some(AgentState::Working), Some("process 7 is gone")),
                opinion(StateSource::Hook, Some(AgentState::Idle), None),
                opinion(StateSource::Process, None, None),
                opinion(StateSource::Transcript, Some(AgentState::Working), None),
            ],
            ..StateVerdict::default()
        };
        let mut lines = Vec::new();
        reasoning(&mut lines, &state, &verdict);
        let shown: Vec<String> = lines.iter().map(|(label, value)| format!("{label}|{value}")).collect();
        assert_eq!(
            shown,
            [
                "registry|  working for 10m, heard 5m ago; does not count: process 7 is gone",
                "|  its reason",
                "hook|→ idle for 10m, heard 5m ago; decides, as the best source that tells",
                "|  its reason",
                "process|  no state, heard 5m ago; tells no state by itself",
                "|  its reason",
                "transcript|  working for 10m, heard 5m ago; is outranked",
                "|  its reason",
            ]
        );
    }
}
