//! News from the sources: each replaces what its pane knew, and keeps the cursor where it was.

use crate::config::layout::PaneKind;
use crate::domain::cluster::ClusterView;
use crate::domain::drift::{CheckOutcome, DriftCheck, DriftView};
use crate::domain::fault::Fault;
use crate::domain::gate::{Gate, GateState};
use crate::domain::transcript::Tone;
use crate::effect::{Effect, Effects};
use crate::event::{
    AgentsNews, BoardNews, GateNews, GatesElsewhere, GitNews, SourceId, TranscriptChange, TranscriptNews,
};
use crate::state::State;

use super::attention;
use super::cursor::{follow_agent, rest};

/// The agents have changed.
pub fn agents(state: &mut State, news: AgentsNews) -> Effects {
    let selected = state.agents.current().map(|agent| agent.id.clone());
    let status = state.sources.entry(SourceId::Agents).or_default();
    status.as_of = Some(news.as_of);
    status.fault = news.faults.first().cloned();
    status.polling = news.polling;
    state.agents.agents = news.agents;
    state.agents.faults = news.faults;
    state.agents.figures = news.figures;
    state.agents.heard = true;
    // A transcript that has grown is read on; who has which task may be another.
    state.review.recheck = true;
    state.agents.arrange(selected.as_ref());
    super::links::agents(state, news.mentions);
    attention::refresh(state);
    rest(state);
    let mut effects = super::deliver::agents_changed(state);
    effects.extend(answered(state));
    effects.extend(follow_agent(state));
    effects
}

/// The open transcript has changed.
pub fn transcript(state: &mut State, news: TranscriptNews) -> Effects {
    if news.generation != state.transcript.generation {
        return Effects::new();
    }
    let status = state.sources.entry(SourceId::Transcript).or_default();
    status.as_of = Some(state.now);
    status.fault = None;
    match news.what {
        TranscriptChange::Page(page) => {
            super::links::said(state, &page.entries);
            state.transcript.take(page);
        }
        TranscriptChange::Appended { entries, end } => {
            super::links::said(state, &entries);
            state.transcript.append(entries, end);
        }
        TranscriptChange::Reset { why } => {
            let agent = state.transcript.agent.clone();
            let (path, generation) = (state.transcript.path.clone(), state.transcript.generation);
            if let Some(agent) = agent {
                state.transcript.begin(agent, path);
                state.transcript.generation = generation;
                rest(state);
                state.say(Tone::Warning, format!("the transcript was read anew: {why}"));
            }
        }
        TranscriptChange::Fault(fault) => {
            state.transcript.loading = None;
            state.transcript.fault = Some(fault.clone());
            status.fault = Some(fault);
        }
        TranscriptChange::Seek(news) => super::transcript::sought(state, news),
    }
    Effects::new()
}

/// The tasks have changed.
pub fn board(state: &mut State, news: BoardNews) -> Effects {
    let anchor = state.board.anchor();
    note(state, SourceId::Board, news.as_of, news.faults.first());
    state.board.tasks = news.tasks;
    state.board.faults = news.faults;
    state.board.files = Some(news.files.len());
    state.board.digests = news.digests;
    // What the marks were about may be other tasks now.
    state.board.marks.clear();
    state.board.arrange(anchor.as_ref());
    super::links::refresh(state);
    Effects::new()
}

/// The repositories have changed.
pub fn git(state: &mut State, news: GitNews) -> Effects {
    let selected = state.git.current().map(|commit| commit.id.clone());
    note(state, SourceId::Git, news.as_of, news.faults.first());
    state.git.repos = news.repos;
    state.git.faults = news.faults;
    state.git.heard = true;
    state.git.arrange(selected.as_deref());
    super::links::refresh(state);
    // What git tells anew is often a file that was written.
    state.review.look_again = true;
    super::drift::arrive(state)
}

/// One cluster has changed.
pub fn cluster(state: &mut State, view: ClusterView) -> Effects {
    let status = state.sources.entry(SourceId::Cluster(view.context.clone())).or_default();
    status.as_of = view.as_of;
    status.fault.clone_from(&view.fault);
    let selected = state.clusters.current().cloned();
    state.clusters.put(view);
    state.clusters.arrange(selected.as_ref());
    attention::refresh(state);
    Effects::new()
}

/// Another set of panes may be visible.
pub fn shown(state: &mut State) -> Effects {
    let shown = state.screen.viewports.contains_key(&PaneKind::Cluster);
    if state.clusters.shown.replace(shown) == Some(shown) {
        return Effects::new();
    }
    vec![Effect::WatchClusters(shown)]
}

/// A cluster said what applying an object would do.
pub fn checked(state: &mut State, check: DriftCheck) {
    let tone = match check.outcome {
        CheckOutcome::Same | CheckOutcome::Changes(_) | CheckOutcome::Creates => Tone::Info,
        CheckOutcome::Rejected(_) => Tone::Warning,
        CheckOutcome::Fault(_) => Tone::Error,
    };
    state.say(tone, format!("{} {}: {}", check.key.kind, check.key.name, check.summary()));
    state.drift.checks.insert((check.fabric.clone(), check.key.clone()), check);
}

/// One fabric has changed.
pub fn drift(state: &mut State, view: DriftView) -> Effects {
    let fabric = view.fabric.clone();
    let status = state.sources.entry(SourceId::Drift(view.fabric.clone())).or_default();
    status.as_of = view.as_of;
    status.fault = None;
    let anchor = state.drift.anchor();
    state.drift.put(view);
    state.drift.arrange(anchor.as_ref());
    super::review::touch(state);
    attention::refresh(state);
    super::drift::renew(state, &fabric)
}

/// A gate was asked for, or ended without a decision.
pub fn gate(state: &mut State, news: GateNews) -> Effects {
    let mut effects = Effects::new();
    match news {
        GateNews::Requested(gate) => {
            effects.extend(super::guard::facts_wanted(state, &gate));
            state.gates.push(*gate);
        }
        GateNews::Abandoned(id, at) => {
            effects.extend(close(state, &id, GateState::Abandoned, at, "whoever asked went away"));
        }
        GateNews::Expired(id, at) => {
            effects.extend(close(state, &id, GateState::Expired, at, "nobody decided in time"));
        }
        GateNews::Elsewhere(seen) => return elsewhere(state, *seen),
    }
    super::links::refresh(state);
    note(state, SourceId::Gates, state.now, None);
    attention::refresh(state);
    effects
}

/// Another workbench has the gates: they are shown as it lists them.
fn elsewhere(state: &mut State, seen: GatesElsewhere) -> Effects {
    let is_new = |gate: &&Gate| gate.state == GateState::Pending && state.gates.iter().all(|known| known.id != gate.id);
    let fresh = seen.gates.iter().filter(is_new);
    let effects = fresh.filter_map(|gate| super::guard::facts_wanted(state, gate)).collect();
    state.gates = seen.gates;
    state.guard.elsewhere = Some(seen.fault.why.clone());
    state.sources.entry(SourceId::Gates).or_default().fault = Some(seen.fault);
    super::links::refresh(state);
    attention::refresh(state);
    effects
}

/// Takes back the gates of prompts that were answered in their agents' own terminals.
fn answered(state: &mut State) -> Effects {
    let mut effects = Effects::new();
    for id in super::guard::answered_elsewhere(state) {
        let closed = close(state, &id, GateState::Abandoned, state.now, "it was answered in the agent's own terminal");
        if let Some(note) = closed {
            effects.extend([Effect::ReleaseGate(id), note]);
        }
    }
    if !effects.is_empty() {
        super::links::refresh(state);
        attention::refresh(state);
    }
    effects
}

fn close(
    state: &mut State,
    id: &crate::domain::gate::GateId,
    to: GateState,
    at: jiff::Timestamp,
    why: &'static str,
) -> Option<Effect> {
    let pending = |gate: &&mut crate::domain::gate::Gate| gate.id == *id && gate.state == GateState::Pending;
    let gate = state.gates.iter_mut().find(pending)?;
    gate.state = to;
    gate.decided_at = Some(at);
    let gate = Box::new(gate.clone());
    let said = format!("gate {}: {}", to.name(), state.session.redactor.redact(&gate.title));
    state.say(Tone::Warning, said);
    Some(Effect::NoteGate { gate, why })
}

fn note(state: &mut State, source: SourceId, as_of: jiff::Timestamp, fault: Option<&Fault>) {
    let status = state.sources.entry(source).or_default();
    status.as_of = Some(as_of);
    status.fault = fault.cloned();
}
