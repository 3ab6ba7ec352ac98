//! Rows of the agents pane.

use std::path::PathBuf;

use jiff::Timestamp;

use super::Agents;
use crate::domain::agent::{Agent, AgentId, AgentState, Figures, StateVerdict, Tokens};
use crate::domain::transcript::Counts;
use crate::domain::transcript::claude::Claude;

fn agent(id: &str, state: AgentState, parent: Option<&str>) -> Agent {
    Agent {
        parent: parent.map(|id| AgentId(id.to_owned())),
        verdict: StateVerdict { state, ..StateVerdict::default() },
        model: Some("claude-opus-4-6".to_owned()),
        last_activity: Some(Timestamp::UNIX_EPOCH),
        ..Agent::bare(AgentId(id.to_owned()), &Claude, PathBuf::from(id))
    }
}

fn arranged(agents: Vec<Agent>) -> Agents {
    let mut pane = Agents { agents, ..Agents::default() };
    pane.arrange(None);
    pane
}

/// Rows as `name`, indented by two for each level, with the number of folded ones.
fn rows(pane: &Agents) -> Vec<String> {
    let row = |row: &super::Row| {
        let folded = if row.folded > 0 { format!(" +{}", row.folded) } else { String::new() };
        format!("{}{}{folded}", "  ".repeat(row.depth.into()), pane.agents[row.agent].name)
    };
    pane.list.rows.iter().map(row).collect()
}

fn family() -> Agents {
    use AgentState::{Finished, Idle, Waiting, Working};
    arranged(vec![
        agent("busy", Working, None),
        agent("done", Finished, None),
        agent("lead", Idle, None),
        agent("lead/one", Finished, Some("lead")),
        agent("lead/two", Working, Some("lead")),
        agent("lead/two/deep", Waiting, Some("lead/two")),
    ])
}

#[test]
fn who_needs_the_operator_comes_first_and_parents_rise_with_their_children() {
    let pane = family();
    assert_eq!(rows(&pane), ["lead", "  lead/two", "    lead/two/deep", "  lead/one", "busy", "done"]);
    let states = [
        AgentState::Finished,
        AgentState::Unknown,
        AgentState::Idle,
        AgentState::Working,
        AgentState::Crashed,
        AgentState::Waiting,
    ];
    let mut agents: Vec<Agent> = states.iter().map(|state| agent(state.name(), *state, None)).collect();
    agents.push(Agent { failing: true, ..agent("failing", AgentState::Working, None) });
    assert_eq!(rows(&arranged(agents)), ["waiting", "crashed", "failing", "working", "idle", "unknown", "finished"]);
}

#[test]
fn parents_in_a_circle_and_parents_that_are_not_there_lose_nobody() {
    use AgentState::Idle;
    let pane = arranged(vec![
        agent("a", Idle, Some("b")),
        agent("b", Idle, Some("a")),
        agent("c", Idle, Some("a")),
        agent("d", Idle, Some("d")),
        agent("e", Idle, Some("gone")),
    ]);
    assert_eq!(rows(&pane), ["a", "b", "c", "d", "e"]);
}

#[test]
fn finished_agents_are_hidden_and_counted_unless_somebody_below_them_is_not_finished() {
    let mut pane = family();
    pane.agents[2].verdict.state = AgentState::Finished;
    pane.without_finished = true;
    pane.arrange(None);
    assert_eq!(rows(&pane), ["lead", "  lead/two", "    lead/two/deep", "busy"]);
    assert_eq!(pane.hidden, 2);
}

#[test]
fn sub_agents_fold_under_their_parent_and_what_is_needed_unfolds_them() {
    let mut pane = family();
    assert!(pane.fold());
    assert_eq!(rows(&pane), ["lead +3", "busy", "done"]);
    assert!(pane.reveal(&AgentId("lead/two/deep".to_owned())));
    assert_eq!(pane.current().map(|agent| agent.name.as_str()), Some("lead/two/deep"));
    // On an agent without sub-agents its parent is folded and gets the cursor.
    assert!(pane.fold());
    assert_eq!(rows(&pane), ["lead", "  lead/two +1", "  lead/one", "busy", "done"]);
    assert_eq!(pane.current().map(|agent| agent.name.as_str()), Some("lead/two"));
    assert!(pane.fold());
    assert_eq!(pane.list.rows.len(), 6);
    pane.list.selected = 5;
    assert!(!pane.fold());
}

#[test]
fn a_filter_asks_fields_and_figures_and_what_is_not_known_is_in_no_range() {
    let mut pane = family();
    let counts = Counts { errors: 3, ..Counts::default() };
    let figures = Figures { tokens: Tokens { input: 9_000, ..Tokens::default() }, counts, cost: None };
    pane.agents[0].figures = Some(figures);
    pane.agents[1].context.percent = Some(80);
    let mut shown = |filter: &str| {
        filter.clone_into(&mut pane.list.filter);
        pane.arrange(None);
        rows(&pane).join(",")
    };
    assert_eq!(shown("state:work"), "busy,lead/two");
    assert_eq!(shown("model:OPUS state:fin"), "done,lead/one");
    assert_eq!(shown("errors>2"), "busy");
    assert_eq!(shown("errors<9 tokens>8"), "busy");
    assert_eq!(shown("errors>3"), "");
    assert_eq!(shown("cost>0"), "");
    assert_eq!(shown("context>75"), "done");
    assert_eq!(shown("deep"), "lead/two/deep");
    assert_eq!(shown("lead deep>"), "");
    // Who passes hangs below the nearest one above that passes, too.
    assert_eq!(shown("state:waiting"), "lead/two/deep");
    assert_eq!(shown("name:lead"), "lead,  lead/two,    lead/two/deep,  lead/one");
}
