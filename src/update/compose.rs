//! Composing a brief: from what it is about to a template, from the template to the text, from the text to its file.

mod write;

use std::path::Path;
use std::sync::Arc;

use crate::action::Action;
use crate::config::layout::PaneKind;
use crate::domain::agent::{Agent, AgentId};
use crate::domain::brief::facts::World;
use crate::domain::brief::handoff::NAME as HANDOFF;
use crate::domain::brief::lint::Aim;
use crate::domain::brief::subject::{Known, left};
use crate::domain::brief::template::{For, Template, built_in};
use crate::domain::brief::{Draft, drift, unfilled};
use crate::domain::deliver::BriefRef;
use crate::domain::drift::{DriftDetail, DriftRow, DriftView};
use crate::domain::fault::Fault;
use crate::domain::text;
use crate::domain::transcript::Tone;
use crate::effect::{Effect, Effects, LintRequest, Retry, SaveBrief};
use crate::event::{BriefChecked, BriefDone, BriefOffer};
use crate::state::State;
use crate::state::composer::{Beginning, BriefMenu, Composer, Page, Subject};
use crate::state::popup::{Popup, Question};

use super::cursor::Motion;
use super::{decide, deliver, handoff, tone};

pub use write::{
    agents_travel, choose_agent, edited, excerpt, library, library_key, library_typed, paste, press, travel,
    travel_library,
};

/// Begins a brief about what is selected: a task on the board, an agent among the agents.
pub fn begin(state: &mut State) -> Effects {
    let agent = state.agents.current();
    let known = known(state, agent);
    let of_agent = |subject: Subject| Subject {
        agent: agent.map(|agent| agent.id.clone()),
        agent_name: agent.map(|agent| agent.name.clone()),
        ..subject
    };
    let subject = match state.screen.focus {
        PaneKind::Agents => {
            let Some(agent) = agent else {
                state.say(Tone::Warning, "no agent is selected: a brief from here is for an agent");
                return Effects::new();
            };
            // What it is known to have in hand.
            let task = state.board.tasks.iter().find(|task| task.assignee.as_deref() == Some(agent.name.as_str()));
            let task = task.map(AsRef::as_ref);
            of_agent(Subject {
                what: format!("for {}", text::line(&agent.name)),
                made_for: For::Agent,
                task: task.map(|task| task.id.clone()),
                values: Known { task, ..known }.values(),
                ..Subject::default()
            })
        }
        _ => {
            let Some(task) = state.board.current() else {
                state.say(Tone::Warning, "no task is selected: a brief from here is about a task of the board");
                return Effects::new();
            };
            of_agent(Subject {
                what: text::line(&task.title).into_owned(),
                made_for: For::Task,
                task: Some(task.id.clone()),
                values: Known { task: Some(task), ..known }.values(),
                ..Subject::default()
            })
        }
    };
    offer(state, subject)
}

/// What a brief about an object of a fabric is about.
pub fn object(state: &State, view: &DriftView, row: &DriftRow, detail: Option<&DriftDetail>) -> Subject {
    let agent = state.agents.current();
    let mut values = known(state, agent).values();
    let of_object = drift::values(view, row, detail);
    if let (Some(values), Some(of_object)) = (values.as_object_mut(), of_object.as_object()) {
        values.extend(of_object.clone());
    }
    Subject {
        what: text::line(&format!("{} {}", row.key.kind, row.key.name)).into_owned(),
        made_for: For::Object,
        task: Some(drift::task_of(view, row)),
        agent: agent.map(|agent| agent.id.clone()),
        agent_name: agent.map(|agent| agent.name.clone()),
        values,
    }
}

fn known<'a>(state: &'a State, agent: Option<&'a Agent>) -> Known<'a> {
    Known {
        session: &state.session.name,
        root: &state.session.root,
        task: None,
        tasks: &state.board.tasks,
        agent,
        agent_name: None,
        repos: &state.git.repos,
        fabrics: &state.drift.fabrics,
    }
}

/// Opens the menu of templates; drafts and templates of the operator's own join it when they were read.
pub fn offer(state: &mut State, subject: Subject) -> Effects {
    state.screen.popup = Some(Popup::Brief(Box::new(BriefMenu::new(subject, built_in()))));
    vec![Effect::OfferBriefs]
}

/// Templates and drafts were read.
pub fn offered(state: &mut State, offer: BriefOffer) {
    if let Some(fault) = offer.faults.first() {
        state.complain(fault);
    }
    if let Some(Popup::Brief(menu)) = &mut state.screen.popup {
        menu.fill(offer.templates, offer.drafts);
    }
}

/// Moves in the menu.
pub fn travel_menu(menu: &mut BriefMenu, motion: Motion, height: isize) {
    menu.selected = motion.within(menu.selected, menu.rows.len().saturating_sub(1), height);
}

/// Opens the composer with what the menu's cursor is on.
pub fn choose(state: &mut State) -> Effects {
    let Some(Popup::Brief(menu)) = state.screen.popup.take() else { return Effects::new() };
    let BriefMenu { subject, mut rows, selected, templates } = *menu;
    if selected >= rows.len() {
        return Effects::new();
    }
    match rows.swap_remove(selected) {
        Beginning::Kept(kept, _) => {
            let target = templates.iter().find(|template| template.name == kept.draft.template);
            let target = target.and_then(|template| template.target);
            let agent = kept.draft.agent.as_ref();
            let agent = agent.and_then(|name| state.agents.agents.iter().find(|agent| agent.name == *name));
            let agent = agent.map(|agent| agent.id.clone());
            state.screen.composer = Some(Box::new(Composer::new(kept.name, kept.draft, target, agent)));
            state.say(Tone::Info, "the draft is as it was left");
        }
        // What it did stands in its transcript, which has to be read for that.
        Beginning::Template(template) if template.name == HANDOFF => return handoff::of(state, subject.agent.as_ref()),
        Beginning::Template(template) => match begin_with(state, &template, &templates, subject) {
            Ok(composer) => state.screen.composer = Some(Box::new(composer)),
            Err(fault) => {
                state.complain(&fault);
                return Effects::new();
            }
        },
    }
    look(state)
}

fn begin_with(state: &State, template: &Template, templates: &[Template], subject: Subject) -> Result<Composer, Fault> {
    let text = template
        .render(templates, &subject.values)
        .map_err(|why| Fault::new("filling the template", &template.name, why, "choose another, or mend it"))?;
    let (task, agent) = (subject.task, subject.agent_name);
    let draft = Draft { template: template.name.clone(), task, agent, text, ..Draft::default() };
    let begun = draft.text.clone();
    let mut composer = Composer::new(kept_as(state), draft, template.target, subject.agent);
    composer.begun = begun;
    if !composer.go_to_gap() {
        composer.go(0, 0);
    }
    Ok(composer)
}

/// Opens the composer with a text that was made elsewhere: a correction, a handoff, a retry, a relay, a saved brief.
pub fn open(state: &mut State, draft: Draft, agent: Option<AgentId>) -> Effects {
    state.screen.popup = None;
    let mut effects = leave(state);
    let mut composer = Composer::new(kept_as(state), draft, None, agent);
    if composer.from.is_some() {
        // As long as nothing is changed, the saved brief has all of it.
        composer.begun = composer.text();
    }
    composer.go(0, 0);
    state.screen.composer = Some(Box::new(composer));
    effects.extend(look(state));
    effects
}

/// Keeps such a text as a draft, to be gone on with later.
pub fn put_aside(state: &State, draft: Draft, agent: Option<AgentId>) -> Effects {
    vec![Effect::KeepDraftNow(Box::new(Composer::new(kept_as(state), draft, None, agent).keep()))]
}

/// A name for a draft: milliseconds tell drafts apart, and their order is that of their names.
fn kept_as(state: &State) -> String {
    state.now.strftime("%Y%m%d-%H%M%S-%3f").to_string()
}

/// Has the text looked at.
pub fn look(state: &mut State) -> Effects {
    let Some(composer) = &mut state.screen.composer else { return Effects::new() };
    let world = Arc::clone(composer.world.get_or_insert_with(|| {
        Arc::new(World::new(&state.board.tasks, &state.drift.fabrics, &state.clusters.clusters))
    }));
    let agent = composer.agent.as_ref().and_then(|id| state.agents.find(id));
    composer.generation += 1;
    let request = LintRequest {
        generation: composer.generation,
        text: composer.text(),
        aim: Aim {
            task: composer.task.clone(),
            template: composer.template.clone(),
            left: agent.and_then(left),
            agent: composer.agent_name.clone(),
            target: composer.target,
        },
        world,
    };
    vec![Effect::CheckBrief(Box::new(request))]
}

/// Clusters or board have changed: the next look sees them as they are now.
pub fn renew(state: &mut State) {
    if let Some(composer) = &mut state.screen.composer {
        composer.world = None;
    }
}

/// A look has found something.
pub fn checked(state: &mut State, news: BriefChecked) -> Effects {
    let Some(composer) = &mut state.screen.composer else { return Effects::new() };
    // Of an older text while a newer one is looked at: still better than nothing.
    if composer.checked.as_ref().is_none_or(|(generation, _)| *generation < news.generation) {
        composer.checked = Some((news.generation, news.checked));
        composer.selected = composer.selected.min(composer.findings().len().saturating_sub(1));
    }
    match composer.wanted.take_if(|_| composer.checked.as_ref().is_some_and(|(at, _)| *at == composer.generation)) {
        Some(send) => save(state, send, false),
        None => Effects::new(),
    }
}

/// Carries out an action of the composer.
pub fn act(state: &mut State, action: Action) -> Effects {
    match action {
        Action::SaveBrief => return save(state, false, false),
        Action::SendBrief => return save(state, true, false),
        Action::DropDraft => decide::ask(state, Question::DropDraft),
        _ => return write::act(state, action),
    }
    Effects::new()
}

/// Writes the brief into its file, unless there is a gap in it; with errors only after a confirmation.
pub fn save(state: &mut State, send: bool, confirmed: bool) -> Effects {
    let Some(composer) = &mut state.screen.composer else { return Effects::new() };
    if composer.saving {
        return Effects::new();
    }
    let text = composer.text();
    if let Some(gap) = unfilled(&text).first().map(|gap| (*gap).to_owned()) {
        composer.go_to_gap();
        composer.page = Page::Text;
        state
            .say(Tone::Warning, format!("no value is given for {gap}: it is neither saved, copied nor sent like this"));
        return Effects::new();
    }
    if !composer.is_current() {
        // What is saved was looked at as it stands.
        composer.wanted = Some(send);
        return Effects::new();
    }
    let errors = composer.checked.as_ref().map_or(0, |(_, checked)| checked.errors());
    if errors > 0 && !confirmed {
        decide::ask(state, Question::SaveBrief { send, errors });
        return Effects::new();
    }
    composer.saving = true;
    let draft = composer.draft();
    let sends_back = draft.task.clone().filter(|_| !draft.sent_back.is_empty());
    let retry = sends_back.map(|task| {
        // Others may have been sent since the draft was begun.
        let earlier = state.review.reviews.retries.get(&task).map_or(0, Vec::len);
        let attempt = u32::try_from(earlier).unwrap_or(u32::MAX).saturating_add(1);
        Retry { task, attempt, failed: draft.sent_back.clone() }
    });
    let save = SaveBrief { draft, agent: composer.agent.clone(), kept: composer.kept.clone(), send, retry };
    vec![Effect::KeepDraftNow(Box::new(composer.keep())), Effect::SaveBrief(Box::new(save))]
}

/// The brief was written, or was not.
pub fn saved(state: &mut State, done: Result<Box<BriefDone>, Fault>) -> Effects {
    if let Some(composer) = &mut state.screen.composer {
        composer.saving = false;
    }
    match done {
        Ok(done) => {
            state.screen.composer = None;
            state.briefs.stale = true;
            let words = format!("brief {} · {}", done.file.display(), super::copied(&done.copy));
            state.say(tone(&done.copy), words);
            let mut effects = if done.send { send(state, &done) } else { Effects::new() };
            // It may belong to a task now.
            effects.push(Effect::ReadPast);
            effects
        }
        Err(fault) => {
            state.complain(&fault);
            Effects::new()
        }
    }
}

/// Hands a brief that was written on to its agent: its pane is looked at first, and what is sent is shown.
fn send(state: &mut State, done: &BriefDone) -> Effects {
    let Some(brief) = BriefRef::read(&done.file, &done.text, Path::new(&state.session.root)) else {
        return Effects::new();
    };
    match &done.agent {
        Some(agent) => deliver::begin_to(state, &brief, agent),
        None => deliver::begin(state, &brief),
    }
}

/// Throws the draft away.
pub fn drop_draft(state: &mut State) -> Effects {
    let Some(composer) = state.screen.composer.take() else { return Effects::new() };
    state.say(Tone::Info, "the draft was thrown away");
    vec![Effect::DropDraft(composer.kept)]
}

/// Leaves the innermost thing there is to leave; the draft is kept.
pub fn back(state: &mut State) -> Effects {
    let Some(composer) = &mut state.screen.composer else { return Effects::new() };
    if composer.area.is_selecting() {
        composer.area.cancel_selection();
        return Effects::new();
    }
    if composer.page != Page::Text {
        composer.page = Page::Text;
        return Effects::new();
    }
    let untouched = composer.text() == composer.begun;
    let effects = if untouched {
        vec![Effect::DropDraft(composer.kept.clone())]
    } else {
        vec![Effect::KeepDraftNow(Box::new(composer.keep()))]
    };
    if !untouched {
        state.say(Tone::Info, "kept as a draft: b offers it again");
    }
    state.screen.composer = None;
    effects
}

/// What is being written when the program ends is kept.
pub fn leave(state: &State) -> Effects {
    let kept = state.screen.composer.as_ref().filter(|composer| composer.text() != composer.begun);
    kept.map(|composer| Effect::KeepDraftNow(Box::new(composer.keep()))).into_iter().collect()
}

/// Gives the brief to another agent.
fn assign(state: &mut State, agent: Option<AgentId>) -> Effects {
    let name = agent.as_ref().and_then(|id| state.agents.find(id)).map(|agent| agent.name.clone());
    if let Some(composer) = &mut state.screen.composer {
        composer.agent = agent;
        composer.agent_name = name;
    }
    write::changed(state)
}
