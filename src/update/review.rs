//! The review: evidence is made anew when something changes that it is made from; sign-off and retry.

use std::collections::BTreeMap;

use crate::config::layout::PaneKind;
use crate::domain::agent::{Agent, AgentId};
use crate::domain::attention::{self, Need};
use crate::domain::brief::{Draft, retry};
use crate::domain::deliver::BriefRef;
use crate::domain::evidence::known::{Known, Request, agents_of, request};
use crate::domain::evidence::{Evidence, Source};
use crate::domain::link::Names;
use crate::domain::sign_off::{Now, SignOff, Standing, want};
use crate::domain::task::{Task, TaskStatus};
use crate::domain::transcript::Tone;
use crate::effect::{Effect, Effects};
use crate::event::SourceId;
use crate::state::State;
use crate::state::input::LineInput;
use crate::state::popup::{Popup, Question};
use crate::state::review::Subject;

use super::cursor::{self, Motion};
use super::{checks, compose, decide};

/// Notes that something has changed that evidence is made from.
pub fn touch(state: &mut State) {
    state.review.dirty = true;
    state.review.recheck = true;
}

/// After every event: follows what is selected, asks for what is wanted, and makes anew what has changed.
pub fn settle(state: &mut State) -> Effects {
    let subject = match state.screen.focus {
        PaneKind::Board => state.board.current().map(|task| Subject::Task(task.id.clone())),
        PaneKind::Agents => state.agents.current().map(|agent| Subject::Agent(agent.id.clone())),
        _ => None,
    };
    let other = subject.is_some() && subject != state.review.subject;
    if other {
        state.review.subject = subject;
        state.review.list.selected = 0;
    } else if state.review.subject.is_none() {
        state.review.subject = state.board.current().map(|task| Subject::Task(task.id.clone()));
    }
    state.review.recheck |= other;
    let look = std::mem::take(&mut state.review.recheck) || state.review.look_again;
    let effects = if look { ask(state) } else { Effects::new() };
    if std::mem::take(&mut state.review.dirty) || (other && state.review.current().is_none()) {
        renew(state);
        super::attention::refresh(state);
    }
    if other {
        state.review.arrange();
    }
    effects
}

/// Tasks that are graded: those that are said to be done, those that were signed off, and the one that is looked at.
fn graded(state: &State) -> Vec<&Task> {
    let looked_at = |task: &Task| matches!(&state.review.subject, Some(Subject::Task(id)) if *id == task.id);
    let is_graded = |task: &&Task| {
        matches!(task.status, TaskStatus::Done | TaskStatus::Review)
            || state.review.reviews.signed.contains_key(&task.id)
            || looked_at(task)
    };
    state.board.tasks.iter().map(AsRef::as_ref).filter(is_graded).collect()
}

/// Asks for a look when agents, commits or files may have changed since the last one.
fn ask(state: &mut State) -> Effects {
    let agent: Option<&AgentId> = match &state.review.subject {
        Some(Subject::Agent(id)) => Some(id),
        _ => None,
    };
    let tasks = graded(state).into_iter().map(|task| task.id.as_str());
    let request = request(tasks, agent, &state.linked.links, &state.agents.agents, &state.git.repos);
    let size = |id: &AgentId| state.agents.find(id).map_or(0, |agent| agent.size);
    let sizes: Vec<u64> = request.agents.iter().map(|agent| size(&agent.id)).collect();
    let asked = Some((request, sizes));
    if state.review.asked == asked && !state.review.look_again {
        return Effects::new();
    }
    state.review.look_again = false;
    let request = asked.as_ref().map(|(request, _)| request.clone()).unwrap_or_default();
    state.review.asked = asked;
    if request == Request::default() {
        return Effects::new();
    }
    vec![Effect::LookAtEvidence(Box::new(request))]
}

/// Makes the evidence anew. There are no secrets in it: whoever looks at transcripts, boards, git and clusters hides them there.
fn renew(state: &mut State) {
    let gathered = state.review.gathered.clone().unwrap_or_default();
    state.review.names = Names::of(&state.board.tasks);
    let names: Vec<String> = state.checks.specs.iter().map(|spec| spec.name.clone()).collect();
    let runs: Vec<_> = state.checks.specs.iter().filter_map(|spec| state.checks.of(spec)).cloned().collect();
    let known = Known {
        tasks: &state.board.tasks,
        names: &state.review.names,
        agents: &state.agents.agents,
        links: &state.linked.links,
        gathered: &gathered,
        repos: &state.git.repos,
        fabrics: &state.drift.fabrics,
        manifests_below: &state.review.manifests_below,
        checks: &names,
        runs: &runs,
        require: &state.review.require,
    };
    let graded: Vec<&str> = graded(state).into_iter().map(|task| task.id.as_str()).collect();
    let mut tasks: BTreeMap<String, Evidence> = BTreeMap::new();
    let mut standing: BTreeMap<String, Standing> = BTreeMap::new();
    for (at, task) in state.board.tasks.iter().enumerate().filter(|(_, task)| graded.contains(&task.id.as_str())) {
        let evidence = known.of_task(at);
        let given = state.review.reviews.signed.get(&task.id);
        if given.is_some() {
            let now = Now { task: Some(task), evidence: &evidence, fabrics: &state.drift.fabrics };
            standing.insert(task.id.clone(), Standing::of(given, &now));
        }
        tasks.insert(task.id.clone(), evidence);
    }
    let agent = match &state.review.subject {
        Some(Subject::Agent(id)) => Some((id.clone(), known.of_agent(id))),
        _ => None,
    };
    let review = &mut state.review;
    (review.tasks, review.standing, review.agent) = (tasks, standing, agent);
    review.as_of = Some(state.now);
    review.arrange();
}

/// Sign-offs that no longer stand.
pub fn needs(state: &State) -> Vec<Need> {
    let of_task = |(id, standing): (&String, &Standing)| {
        let Standing::Superseded(at, why) = standing else { return None };
        let task = state.board.tasks.iter().find(|task| task.id == *id)?;
        Some(attention::superseded(task, *at, why))
    };
    state.review.standing.iter().filter_map(of_task).collect()
}

/// Goes where the selected row comes from.
pub fn open(state: &mut State) -> Effects {
    let Some(row) = state.review.list.current().copied() else {
        state.say(Tone::Info, "nothing is selected");
        return Effects::new();
    };
    let shown = state.review.shown(row).and_then(|shown| shown.source.clone());
    let Some(source) = shown.or_else(|| state.review.claim(row).map(|claim| claim.source.clone())) else {
        state.say(Tone::Info, "it stands nowhere: it is something that is missing");
        return Effects::new();
    };
    go(state, source)
}

/// Goes to where the claim of the selected row, or of the one above that it belongs to, was made.
pub fn claim(state: &mut State) -> Effects {
    let rows = state.review.list.rows.get(..=state.review.list.selected).unwrap_or_default();
    let source = rows.iter().rev().find_map(|row| state.review.claim(*row)).map(|claim| claim.source.clone());
    match source {
        Some(source) => go(state, source),
        None => {
            state.say(Tone::Info, "nobody claims that");
            Effects::new()
        }
    }
}

/// Goes to where something stands.
pub fn go(state: &mut State, source: Source) -> Effects {
    match source {
        Source::Record { agent, offset, .. } => {
            if !state.agents.reveal(&agent) {
                state.say(Tone::Info, "the filter of the agents hides it");
                return Effects::new();
            }
            state.screen.focus_on(PaneKind::Transcript);
            let effects = cursor::go(state, PaneKind::Agents, Motion::Row(state.agents.list.selected));
            if !state.transcript.filter.is_empty() {
                state.transcript.set_filter(String::new());
            }
            state.transcript.visit(offset);
            effects
        }
        Source::Commit(id) => {
            let (_, height) = state.viewport(PaneKind::Git);
            state.git.select(&id, usize::from(height));
            state.screen.focus_on(PaneKind::Git);
            Effects::new()
        }
        Source::Object(fabric, key) => {
            let (_, height) = state.viewport(PaneKind::Drift);
            if state.drift.reveal(&fabric, &key, usize::from(height)) {
                state.screen.focus_on(PaneKind::Drift);
            }
            Effects::new()
        }
        Source::Task { id, .. } => {
            state.board.reveal(&id);
            state.screen.focus_on(PaneKind::Board);
            Effects::new()
        }
        Source::Check(_) => {
            checks::open(state);
            Effects::new()
        }
        Source::File(file, line) => {
            let place = line.map_or_else(|| file.display().to_string(), |line| format!("{}:{line}", file.display()));
            vec![Effect::Copy { text: place, what: "file".to_owned() }]
        }
    }
}

/// The task that is reviewed: under the board's cursor, or the review's own.
fn task(state: &State) -> Option<&Task> {
    if state.screen.focus == PaneKind::Board {
        return state.board.current().map(AsRef::as_ref);
    }
    match state.review.subject.as_ref()? {
        Subject::Task(id) => state.board.tasks.iter().map(AsRef::as_ref).find(|task| task.id == *id),
        Subject::Agent(_) => None,
    }
}

/// What would be signed off now, and whether something that has to hold does not.
fn proposal(state: &State, task: &Task) -> Option<(SignOff, bool)> {
    let evidence = state.review.tasks.get(&task.id)?;
    let heads = state.git.repos.iter().filter_map(|repo| Some((repo.path.clone(), repo.head.clone()?))).collect();
    let sign_off = SignOff::of(task, evidence, &state.drift.fabrics, heads);
    let short = sign_off.was_short();
    Some((sign_off, short))
}

/// Opens the first popup of a sign-off: the reason where something is short, else the confirmation.
pub fn sign_off(state: &mut State) {
    let Some(task) = task(state) else {
        state.say(Tone::Warning, "no task is selected: a task of the board is what is signed off");
        return;
    };
    let proposed = proposal(state, task).filter(|_| !state.review.is_waiting());
    let Some((sign_off, short)) = proposed else {
        state.say(Tone::Info, "its evidence is still being looked at");
        return;
    };
    if short {
        let sign_off = Box::new(sign_off);
        state.screen.popup = Some(Popup::SignOffReason { sign_off, input: LineInput::default() });
    } else {
        decide::ask(state, Question::SignOff(Box::new(sign_off)));
    }
}

/// The reason of a sign-off was typed.
pub fn reason_given(state: &mut State, mut sign_off: Box<SignOff>, reason: &str) {
    if reason.is_empty() {
        state.say(Tone::Warning, "something that has to hold does not: say why you sign it off all the same");
        return;
    }
    sign_off.reason = Some(reason.to_owned());
    decide::ask(state, Question::SignOff(sign_off));
}

/// The confirmation of a sign-off was given: for exactly what was shown.
pub fn confirmed(state: &mut State, sign_off: Box<SignOff>) -> Effects {
    let task = state.board.tasks.iter().find(|task| task.id == sign_off.task);
    let now = task.and_then(|task| proposal(state, task)).map(|(now, _)| {
        // What others commit meanwhile is not what was signed: its own commits and files are compared.
        SignOff { reason: sign_off.reason.clone(), heads: sign_off.heads.clone(), ..now }
    });
    if now.as_ref() == Some(&*sign_off) {
        return vec![Effect::SignOff(sign_off)];
    }
    let what = now.map_or_else(|| "its evidence is being looked at again".to_owned(), |now| sign_off.change(&now));
    state.say(Tone::Warning, format!("nothing was signed off, it has changed meanwhile ({what}): look again"));
    Effects::new()
}

/// A sign-off was written into the journal, or was not.
pub fn signed(state: &mut State, outcome: Result<Box<SignOff>, crate::domain::fault::Fault>) {
    match outcome {
        Ok(sign_off) => {
            state.say(Tone::Info, format!("{} is signed off", sign_off.task));
            state.review.reviews.give(state.now, *sign_off);
            touch(state);
        }
        Err(fault) => state.complain(&fault),
    }
}

/// Begins to send the work back: a brief with what was claimed and what is shown instead. It is sent back when that is saved.
pub fn retry(state: &mut State) -> Effects {
    let Some(task) = task(state) else {
        state.say(Tone::Warning, "no task is selected: a task of the board is what is sent back");
        return Effects::new();
    };
    let Some(evidence) = state.review.tasks.get(&task.id).filter(|_| !state.review.is_waiting()) else {
        state.say(Tone::Info, "its evidence is still being looked at");
        return Effects::new();
    };
    if evidence.short().next().is_none() {
        state.say(Tone::Info, "nothing that has to hold is missing: there is nothing to send back");
        return Effects::new();
    }
    let earlier = state.review.reviews.retries.get(&task.id).map(Vec::as_slice).unwrap_or_default();
    let agent = agents_of(&task.id, &state.linked.links, &state.agents.agents).first().copied();
    let agent = state.linked.links.agent_of(&task.id).and_then(|id| state.agents.find(id)).or(agent);
    let brief = state.briefs.briefs.iter().rev().find(|brief| brief.task.as_deref() == Some(task.id.as_str()));
    let facts = facts(task, evidence, agent, brief, earlier);
    let sent_back = evidence.short().map(|row| format!("{}: {}", row.kind.name(), row.shown)).collect();
    let draft = Draft { sent_back, ..retry::make(&facts, &state.session.redactor) };
    let agent = agent.map(|agent| agent.id.clone());
    compose::open(state, draft, agent)
}

/// What a retry is made of.
fn facts(
    task: &Task,
    evidence: &Evidence,
    agent: Option<&Agent>,
    brief: Option<&BriefRef>,
    earlier: &[String],
) -> retry::Facts {
    let words = |source: Option<&Source>| source.map(Source::words).unwrap_or_default();
    let claims = evidence.claims.iter().filter(|claim| claim.by != "board");
    let mut claimed: Vec<retry::Cited> = claims
        .map(|claim| retry::Cited {
            text: claim.text.clone(),
            source: format!("{}, {}", claim.by, claim.source.words()),
        })
        .collect();
    // One sentence may claim several things.
    claimed.dedup();
    let attempts = earlier.iter().zip(1..).map(|(failed, number)| retry::Attempt {
        number,
        outcome: retry::Cited { text: format!("sent back, {failed}"), source: "the journal".to_owned() },
    });
    retry::Facts {
        task: Some(task.id.clone()),
        title: task.title.clone(),
        agent: agent.map(|agent| agent.name.clone()),
        asked: task.body.clone(),
        claimed,
        shown: evidence
            .short()
            .map(|row| retry::Shown {
                wanted: want(row.kind),
                verdict: row.verdict.name().to_owned(),
                found: retry::Cited { text: row.shown.clone(), source: words(row.source.as_ref()) },
                quote: row.quote.clone(),
            })
            .collect(),
        corrections: Vec::new(),
        mode: match brief {
            Some(brief) => retry::Mode::Append(brief.name()),
            None => retry::Mode::Replace(None),
        },
        earlier: attempts.collect(),
    }
}

/// Work was sent back, and the journal has noted it.
pub fn sent_back(state: &mut State, outcome: Result<(String, Vec<String>), crate::domain::fault::Fault>) {
    match outcome {
        Ok((task, failed)) => state.review.reviews.send_back(&task, failed.join("; ")),
        Err(fault) => state.complain(&fault),
    }
}

/// Goes to a task that needs a look.
pub fn go_to_task(state: &mut State, id: &str) {
    if state.board.reveal(id) {
        state.review.subject = Some(Subject::Task(id.to_owned()));
        state.screen.focus_on(PaneKind::Review);
        touch(state);
    }
}

/// Heard from the worker that looks at the world.
pub fn gathered(state: &mut State, found: std::sync::Arc<crate::domain::evidence::known::Gathered>) {
    let status = state.sources.entry(SourceId::Evidence).or_default();
    status.as_of = Some(state.now);
    status.fault = None;
    state.review.gathered = Some(found);
    touch(state);
}
