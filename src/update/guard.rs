//! Approving, step by step: the grace of what has just appeared, answers, a typed word where one is needed, changed rules.

use crate::domain::agent::{Agent, AgentState, StateSource};
use crate::domain::attention::Subject;
use crate::domain::fault::Fault;
use crate::domain::gate::change::RuleChange;
use crate::domain::gate::require::Requirement;
use crate::domain::gate::{Decision, Gate, GateId, GateState};
use crate::domain::transcript::Tone;
use crate::effect::{Effect, Effects};
use crate::event::RulesNews;
use crate::state::State;
use crate::state::guard::{self, AnswerView, TypedWord};
use crate::state::input::LineInput;
use crate::state::popup::{Popup, Question, Scroll};

use super::attention;
use super::decide;

/// What whoever waits reads when the operator lets it through.
const APPROVED: &str = "approved by the operator";

/// Notes what the attention queue's cursor is on after an event. What came there by itself has a grace; what the operator
/// went to was looked at.
pub fn watch_cursor(state: &mut State, by_hand: bool) {
    let subject = state.attention.current().map(|need| need.subject.clone());
    let known = state.guard.under_cursor.as_ref().map(|(subject, _)| subject);
    if subject.as_ref() == known {
        return;
    }
    let appeared = (!by_hand).then_some(state.now);
    state.guard.under_cursor = subject.map(|subject| (subject, appeared));
}

/// Prompts that were answered in their agents' own terminals. Claude Code (2.1) lets the hook of such a prompt wait on, and its
/// gate would ask for what nobody waits for any more; what the agent itself says of its state since tells.
pub fn answered_elsewhere(state: &State) -> Vec<GateId> {
    let went_on = |gate: &Gate, agent: &Agent| {
        let verdict = &agent.verdict;
        gate.agent.is_some()
            && gate.agent == agent.session_id
            && agent.parent.is_none()
            && verdict.source == StateSource::Registry
            && verdict.state != AgentState::Waiting
            && verdict.since.is_some_and(|since| since > gate.requested_at)
    };
    // Those of another workbench are its own affair.
    let ours = state.gates.iter().filter(|gate| state.guard.elsewhere.is_none() && gate.state == GateState::Pending);
    ours.filter(|gate| gate.is_prompt() && state.agents.agents.iter().any(|agent| went_on(gate, agent)))
        .map(|gate| gate.id.clone())
        .collect()
}

/// The operator went to what is under the cursor.
pub fn chosen(state: &mut State) {
    if let Some((_, appeared)) = &mut state.guard.under_cursor {
        *appeared = None;
    }
}

/// True, with a word to the operator, while the keys that decide are not yet meant for what is under the cursor.
pub fn too_early(state: &mut State) -> bool {
    let early = state.guard.is_fresh(state.now);
    if early {
        state.say(Tone::Warning, "it has just appeared here: read it, then press the key again");
    }
    early
}

/// True, with a word to the operator, when this workbench was started by the agent that asks: then it would decide for itself.
pub fn descends_from(state: &mut State, gate: &Gate) -> bool {
    let asks = state.agents.agents.iter().filter(|agent| agent.session_id.is_some() && agent.session_id == gate.agent);
    let started = asks.filter_map(|agent| agent.pid).find(|pid| state.guard.ancestors.contains(pid));
    let Some(pid) = started else { return false };
    let why =
        format!("this workbench was started by the agent that asks (pid {pid}): start it from a shell of your own");
    state.say(Tone::Error, why);
    true
}

/// True, with a word to the operator, when another workbench decides about the gates.
pub fn is_viewer(state: &mut State) -> bool {
    let Some(why) = &state.guard.elsewhere else { return false };
    let said = format!("gates are not decided here: {why}");
    state.say(Tone::Warning, said);
    true
}

/// What must be read to judge a gate's conditions: what its agent did, where that is known.
pub fn facts_wanted(state: &State, gate: &Gate) -> Option<Effect> {
    let about_agent = |written: &String| {
        let parsed = Requirement::parse(written);
        matches!(parsed, Some(Requirement::TestsGreen | Requirement::ContextLoaded(_)))
    };
    if !gate.asks.require.iter().any(about_agent) {
        return None;
    }
    let of_session = |agent: &&Agent| agent.session_id.is_some() && agent.session_id == gate.agent;
    let sub_agent = gate.subject.get("agent_id").cloned();
    // Its own transcript, where it has one; else whoever reads that of the session looks beside it.
    let is_it =
        |agent: &&Agent| agent.parent.is_some() && !agent.inside_parent && Some(own_id(agent)) == sub_agent.as_deref();
    let own = state.agents.agents.iter().filter(of_session).find(is_it);
    let agent = own.or_else(|| state.agents.agents.iter().filter(of_session).find(|agent| agent.parent.is_none()))?;
    Some(Effect::ReadGateFacts { gate: gate.id.clone(), transcript: agent.transcript.clone(), sub_agent })
}

/// The id under which hooks know a sub-agent.
fn own_id(agent: &Agent) -> &str {
    let last = agent.id.0.rsplit('/').next().unwrap_or_default();
    last.strip_prefix("agent-").unwrap_or(last)
}

/// The operator wants to approve what is selected.
pub fn approve(state: &mut State) -> Effects {
    if too_early(state) {
        return Effects::new();
    }
    if let Some(Subject::Rules(file)) = state.attention.current().map(|need| &need.subject) {
        let change = state.guard.changes.iter().find(|change| change.file == *file).cloned();
        if let Some(change) = change {
            show(state, change);
        }
        return Effects::new();
    }
    let Some(gate) = decide::selected(state).cloned() else {
        state.say(Tone::Warning, "no gate is selected: n selects the next thing that needs you");
        return Effects::new();
    };
    if is_viewer(state) {
        return Effects::new();
    }
    if descends_from(state, &gate) {
        return Effects::new();
    }
    // The agent may not have been known when the gate came.
    let unread = !state.guard.facts.iter().any(|(known, _)| *known == gate.id);
    let effects = unread.then(|| facts_wanted(state, &gate)).flatten().into_iter().collect();
    state.screen.popup = Some(if gate.asks.questions.is_empty() {
        asked(state, Box::new(gate), std::collections::BTreeMap::new())
    } else {
        Popup::Answer(Box::new(AnswerView::new(Box::new(gate))))
    });
    effects
}

/// The last question before a gate is approved: a word where one is needed, else a key.
fn asked(state: &State, gate: Box<Gate>, answers: std::collections::BTreeMap<String, String>) -> Popup {
    match guard::word(state, &gate) {
        Some((word, why)) => Popup::Word(Box::new(TypedWord { gate, word, why, input: LineInput::default(), answers })),
        None => {
            let decision = Decision { approved: true, reason: APPROVED.to_owned(), answers, ..Decision::default() };
            Popup::Confirm { question: Question::Decide(gate, decision), scroll: Scroll::default() }
        }
    }
}

/// Enter in the popup with questions: each has its answer, and one more question follows.
pub fn answered(state: &mut State) -> Effects {
    let Some(Popup::Answer(view)) = &state.screen.popup else { return Effects::new() };
    let Some(answers) = view.answers() else {
        state.say(Tone::Warning, "every question needs an answer: space takes the one at the cursor");
        return Effects::new();
    };
    let gate = view.gate.clone();
    state.screen.popup = Some(asked(state, gate, answers));
    Effects::new()
}

/// Enter behind a typed word.
pub fn typed(state: &mut State) -> Effects {
    let Some(Popup::Word(typed)) = &state.screen.popup else { return Effects::new() };
    let (word, wanted) = (typed.input.text().trim().to_owned(), typed.word.clone());
    if word != wanted {
        state.say(Tone::Warning, format!("nothing was decided: type {wanted}, or esc"));
        return Effects::new();
    }
    let typed = typed.clone();
    // What is required may have come to be otherwise while the word was typed.
    match guard::word(state, &typed.gate) {
        Some((now, why)) if now != typed.word || why != typed.why => {
            state.screen.popup = Some(asked(state, typed.gate, typed.answers));
            state.say(Tone::Warning, "what it requires has changed: look again");
            return Effects::new();
        }
        _ => {}
    }
    state.screen.popup = None;
    let unmet = guard::requirements(state, &typed.gate).into_iter().filter(|met| !met.met);
    let overridden = unmet.map(|met| format!("{}: {}", met.requirement, met.why)).collect();
    let decision = Decision { approved: true, reason: APPROVED.to_owned(), answers: typed.answers.clone(), overridden };
    decided(state, typed.gate, decision)
}

/// A decision was confirmed. What was shown is what is decided: a gate that has ended or changed meanwhile is not, nor one
/// that needs a word by now.
pub fn decided(state: &mut State, gate: Box<Gate>, decision: Decision) -> Effects {
    let unchanged = state.gates.iter().any(|known| *known == *gate && known.state == GateState::Pending);
    if !unchanged {
        let title = state.session.redactor.redact(&gate.title).into_owned();
        state.say(Tone::Warning, format!("nothing was decided: {title} no longer waits"));
        return Effects::new();
    }
    let excused = !decision.overridden.is_empty() || gate.asks.danger;
    if decision.approved && !excused && guard::word(state, &gate).is_some() {
        state.screen.popup = Some(asked(state, gate, decision.answers));
        state.say(Tone::Warning, "what it requires is not met any more: look again");
        return Effects::new();
    }
    vec![Effect::Decide { gate, decision }]
}

/// Files about rules were changed, or are as accepted again.
pub fn rules(state: &mut State, news: RulesNews) -> Effects {
    state.guard.changes = news.changes;
    attention::refresh(state);
    Effects::new()
}

/// Shows a change with the question whether it counts.
pub fn show(state: &mut State, change: RuleChange) {
    decide::ask(state, Question::AcceptRules(Box::new(change)));
}

/// The operator accepts a change: exactly the one that was shown.
pub fn accept(state: &mut State, change: Box<RuleChange>) -> Effects {
    if !state.guard.changes.contains(&change) {
        state.say(Tone::Warning, "nothing was accepted: the file was changed again since");
        return Effects::new();
    }
    if !change.problems.is_empty() {
        state.say(Tone::Warning, "it has mistakes and cannot be accepted: what was accepted before stays in force");
        return Effects::new();
    }
    vec![Effect::AcceptRules(change)]
}

/// A change was accepted, or could not be.
pub fn accepted(state: &mut State, outcome: Result<Box<RuleChange>, Fault>) {
    match outcome {
        Ok(change) => {
            state.guard.changes.retain(|known| known.file != change.file);
            state.say(Tone::Info, format!("in force: {}", change.file.display()));
            attention::refresh(state);
        }
        Err(fault) => state.complain(&fault),
    }
}
