//! Delivering briefs: from the list of them to the pane that is shown to the outcome.

use crate::domain::agent::{Agent, AgentId, AgentState};
use crate::domain::deliver::{BriefRef, Order, Outcome, Receiver, Sent, Sight};
use crate::domain::fault::Fault;
use crate::domain::transcript::Tone;
use crate::effect::{Effect, Effects};
use crate::event::{BriefPage, BriefsRead};
use crate::state::State;
use crate::state::briefs::{BriefsView, SendingView};
use crate::state::popup::{Popup, Question, Scroll};

use super::cursor::Motion;
use super::{act, attention, decide};

/// Begins to send the prompt that points to a brief: shows the pane of its agent, and what stands in the way.
///
/// The agent is the one that the brief was written for, else the one that is selected; another can be chosen there.
pub fn begin(state: &mut State, brief: &BriefRef) -> Effects {
    let called = brief.agent.as_deref().map(|name| called(state, name)).unwrap_or_default();
    let chosen = called.first().copied().or_else(|| state.agents.current()).or_else(|| state.agents.agents.first());
    let Some(receiver) = chosen.map(Receiver::of) else {
        state.say(Tone::Warning, "there is no agent to send it to");
        return Effects::new();
    };
    show_sending(state, Some(brief.clone()), brief.pointer.clone(), receiver)
}

/// The same to an agent that was chosen before.
pub fn begin_to(state: &mut State, brief: &BriefRef, agent: &AgentId) -> Effects {
    match state.agents.find(agent).map(Receiver::of) {
        Some(receiver) => show_sending(state, Some(brief.clone()), brief.pointer.clone(), receiver),
        None => begin(state, brief),
    }
}

/// Begins to send a text of the operator's to an agent.
pub fn begin_text(state: &mut State, text: String, agent: &AgentId) -> Effects {
    let Some(receiver) = state.agents.find(agent).map(Receiver::of) else {
        state.say(Tone::Warning, "that agent is gone");
        return Effects::new();
    };
    show_sending(state, None, text, receiver)
}

fn show_sending(state: &mut State, brief: Option<BriefRef>, text: String, receiver: Receiver) -> Effects {
    if brief.as_ref().is_some_and(|brief| has_gap(state, brief)) {
        return Effects::new();
    }
    let look = Effect::LookAtPane(Box::new(receiver.clone()));
    let view = SendingView { brief, text, receiver, seen: None, scroll: Scroll::default() };
    state.screen.popup = Some(Popup::Sending(Box::new(view)));
    vec![look]
}

/// Asks for the briefs when they may have changed; the first time the loop does.
pub fn wants(state: &mut State) -> Effects {
    if std::mem::take(&mut state.briefs.stale) { vec![Effect::ReadBriefs] } else { Effects::new() }
}

/// Lists the saved briefs, read anew.
pub fn list(state: &mut State) {
    state.briefs.stale = true;
    state.screen.popup = Some(Popup::Briefs(BriefsView::default()));
}

/// Lists the saved briefs with the cursor on the one of this number.
pub fn list_at(state: &mut State, number: Option<u32>) {
    list(state);
    let place = state.briefs.briefs.iter().rev().position(|brief| Some(brief.number) == number);
    if let (Some(place), Some(Popup::Briefs(view))) = (place, &mut state.screen.popup) {
        view.selected = place;
    }
}

/// The briefs were read.
pub fn read(state: &mut State, read: Result<BriefsRead, Fault>) {
    state.briefs.heard = true;
    match read {
        Ok(read) => {
            let selected = match &state.screen.popup {
                Some(Popup::Briefs(view)) => state.briefs.row(view.selected).map(|brief| brief.number),
                _ => None,
            };
            state.briefs.briefs = read.briefs;
            state.briefs.sends = read.sends;
            state.briefs.fault = None;
            let place = state.briefs.briefs.iter().rev().position(|brief| Some(brief.number) == selected);
            let last = state.briefs.briefs.len().saturating_sub(1);
            if let Some(Popup::Briefs(view)) = &mut state.screen.popup {
                view.selected = place.unwrap_or(view.selected).min(last);
            }
            attention::refresh(state);
        }
        Err(fault) => {
            state.complain(&fault);
            state.briefs.fault = Some(fault);
        }
    }
}

/// A brief's page was read: it is for the list, if that still stands.
pub fn page(state: &mut State, page: Result<BriefPage, Fault>) {
    match page {
        Ok(page) => {
            if let Some(Popup::Briefs(view)) = &mut state.screen.popup {
                view.page = Some((page, Scroll::default()));
            }
        }
        Err(fault) => state.complain(&fault),
    }
}

/// Leaves a page for the list. False when there is none.
pub fn leave_page(state: &mut State) -> bool {
    let Some(Popup::Briefs(view)) = &mut state.screen.popup else { return false };
    view.page.take().is_some()
}

/// Moves in the list, or scrolls the page in its place.
pub fn travel(state: &mut State, motion: Motion) {
    let height = isize::try_from(state.screen.popup_size.1).unwrap_or(1).max(1);
    let last = state.briefs.briefs.len().saturating_sub(1);
    let Some(Popup::Briefs(view)) = &mut state.screen.popup else { return };
    if let Some((page, scroll)) = &mut view.page {
        act::move_by(scroll, motion, height);
        scroll.0 = scroll.0.min(page.lines.len().saturating_sub(usize::try_from(height).unwrap_or(1)));
        return;
    }
    view.selected = motion.within(view.selected, last, height);
}

/// The brief that the list's cursor is on.
fn selected(state: &State) -> Option<BriefRef> {
    let Some(Popup::Briefs(view)) = &state.screen.popup else { return None };
    state.briefs.row(view.selected).cloned()
}

/// Begins to deliver the selected brief.
pub fn deliver(state: &mut State) -> Effects {
    match selected(state) {
        Some(brief) => begin(state, &brief),
        None => none(state),
    }
}

/// Begins to deliver the selected brief to the agent that it was last sent to.
pub fn resend(state: &mut State) -> Effects {
    let Some(brief) = selected(state) else { return none(state) };
    let Some(last) = state.briefs.last(brief.number) else { return begin(state, &brief) };
    match state.agents.find(&last.agent_id).map(Receiver::of) {
        Some(receiver) => show_sending(state, Some(brief.clone()), brief.pointer.clone(), receiver),
        None => {
            let words = format!("{} is not here any more: enter chooses another agent", last.agent);
            state.say(Tone::Warning, words);
            Effects::new()
        }
    }
}

/// True for a brief with a variable that has no value, and that is said.
fn has_gap(state: &mut State, brief: &BriefRef) -> bool {
    if !brief.gaps.is_empty() {
        let gaps = brief.gaps.join(", ");
        state.say(Tone::Warning, format!("no value is given for {gaps}: it is neither copied nor sent like this"));
    }
    !brief.gaps.is_empty()
}

/// Copies the prompt that points to the selected brief.
pub fn copy(state: &mut State) -> Effects {
    match selected(state) {
        Some(brief) if has_gap(state, &brief) => Effects::new(),
        Some(brief) => vec![Effect::Copy { text: brief.pointer, what: "brief pointer".to_owned() }],
        None => none(state),
    }
}

/// Shows the text of the selected brief, or the list again.
pub fn show(state: &mut State) -> Effects {
    if leave_page(state) {
        return Effects::new();
    }
    match selected(state) {
        Some(brief) => vec![Effect::ShowBrief(Box::new(brief))],
        None => none(state),
    }
}

/// Begins to write the selected brief anew: the composer has it next.
pub fn edit(state: &mut State) -> Effects {
    let Some(brief) = selected(state) else { return none(state) };
    let named = brief.agent.as_deref().and_then(|name| called(state, name).into_iter().next());
    let agent = named.map(|agent| agent.id.clone());
    // The composer takes the place of the list.
    state.screen.popup = None;
    vec![Effect::ReopenBrief { brief: Box::new(brief), agent }]
}

/// Agents of that name or id; of several one that runs comes first.
fn called<'a>(state: &'a State, name: &str) -> Vec<&'a Agent> {
    let named = |agent: &&Agent| agent.name == name || agent.id.0 == name;
    let mut called: Vec<&Agent> = state.agents.agents.iter().filter(named).collect();
    called.sort_by_key(|agent| agent.pid.is_none());
    called
}

/// Compares the selected brief with the last other one that reached its agent.
pub fn compare(state: &mut State) -> Effects {
    let Some(brief) = selected(state) else { return none(state) };
    let agent = state.briefs.last(brief.number).map(|last| last.agent_id.clone()).or_else(|| {
        let name = brief.agent.as_deref()?;
        Some(state.agents.agents.iter().find(|agent| agent.name == name)?.id.clone())
    });
    let older = agent.and_then(|agent| state.briefs.before(brief.number, &agent).cloned());
    match older {
        Some(older) => vec![Effect::CompareBriefs(Box::new((older, brief)))],
        None => {
            state.say(Tone::Info, "no other brief has reached its agent");
            Effects::new()
        }
    }
}

fn none(state: &mut State) -> Effects {
    state.say(Tone::Info, "no brief is selected");
    Effects::new()
}

/// Chooses the next or the previous agent that runs.
pub fn choose(state: &mut State, forward: bool) -> Effects {
    let Some(Popup::Sending(view)) = &state.screen.popup else { return Effects::new() };
    let runs = |agent: &&Agent| agent.pid.is_some() && agent.parent.is_none() || agent.id == view.receiver.id;
    let running: Vec<&Agent> = state.agents.agents.iter().filter(runs).collect();
    let at = running.iter().position(|agent| agent.id == view.receiver.id).unwrap_or(0);
    let next = if forward { at + 1 } else { at + running.len().max(1) - 1 } % running.len().max(1);
    let Some(receiver) = running.get(next).map(|agent| Receiver::of(agent)) else { return Effects::new() };
    if receiver.id == view.receiver.id {
        state.say(Tone::Info, "no other agent runs here");
        return Effects::new();
    }
    let (brief, text) = (view.brief.clone(), view.text.clone());
    show_sending(state, brief, text, receiver)
}

/// Looks at the pane again.
pub fn look_again(state: &mut State) -> Effects {
    let Some(Popup::Sending(view)) = &mut state.screen.popup else { return Effects::new() };
    view.seen = None;
    vec![Effect::LookAtPane(Box::new(view.receiver.clone()))]
}

/// The agents have changed: what is shown of the receiver, too.
pub fn agents_changed(state: &mut State) -> Effects {
    let Some(Popup::Sending(view)) = &mut state.screen.popup else { return Effects::new() };
    let Some(now) = state.agents.find(&view.receiver.id).map(Receiver::of) else { return Effects::new() };
    if now == view.receiver {
        return Effects::new();
    }
    view.receiver = now;
    vec![Effect::LookAtPane(Box::new(view.receiver.clone()))]
}

/// The pane of an agent was looked at.
pub fn seen(state: &mut State, agent: &AgentId, seen: Result<Box<Sight>, Fault>) {
    if let Some(Popup::Sending(view)) = &mut state.screen.popup
        && view.receiver.id == *agent
    {
        view.seen = Some(seen);
    }
}

/// Sends the prompt that is shown, or asks first.
pub fn send(state: &mut State) -> Effects {
    let Some(Popup::Sending(view)) = &state.screen.popup else { return Effects::new() };
    let found = match view.obstacles() {
        None => {
            state.say(Tone::Info, "still looking at its pane");
            return Effects::new();
        }
        Some(Err(why)) => {
            state.say(Tone::Warning, why);
            return Effects::new();
        }
        Some(Ok(found)) => found,
    };
    if let Some(bar) = found.iter().find(|obstacle| !obstacle.may_pass) {
        let words = format!("nothing is sent: {bar}");
        state.say(Tone::Warning, words);
        return Effects::new();
    }
    let order = Order {
        brief: view.brief.clone(),
        text: view.text.clone(),
        receiver: view.receiver.clone(),
        shown: view.seen.as_ref().and_then(|seen| seen.as_ref().ok()).map(|sight| sight.target.clone()),
        while_working: !found.is_empty(),
    };
    let mut reasons: Vec<String> = found.iter().map(|obstacle| obstacle.why.clone()).collect();
    let last = view.brief.as_ref().and_then(|brief| state.briefs.last_to(brief.number, &view.receiver.id));
    if let Some(last) = last.filter(|last| last.is_doubtful() || last.outcome == "delivered") {
        let words = if last.is_doubtful() { "may have reached it already" } else { "has reached it already" };
        reasons.push(format!("it {words}: a second copy would be a second prompt"));
    }
    reasons.extend(view.changes());
    if reasons.is_empty() {
        state.screen.popup = None;
        state.say(Tone::Info, format!("sending it to {}…", order.receiver.name));
        return vec![Effect::Send(Box::new(order))];
    }
    decide::ask(state, Question::Send(Box::new(order), reasons));
    Effects::new()
}

/// A prompt was sent, or was not.
pub fn sent(state: &mut State, sent: &Sent) {
    state.briefs.stale = true;
    let what = sent.order.brief.as_ref().map_or_else(|| "the text".to_owned(), BriefRef::name);
    let changes = if sent.changes.is_empty() { String::new() } else { format!(" ({})", sent.changes.join(", ")) };
    let tone = match &sent.outcome {
        Outcome::Delivered(_) => Tone::Info,
        Outcome::NotDelivered(_) => Tone::Error,
        Outcome::Indeterminate(_) => Tone::Warning,
    };
    state.say(tone, format!("{what} to {}: {}{changes}", sent.order.receiver.name, sent.outcome.sentence()));
}

/// An agent that can be sent to, for those that look for one: it runs, and is no sub-agent.
pub fn can_receive(agent: &Agent) -> bool {
    agent.pid.is_some()
        && agent.parent.is_none()
        && !matches!(agent.verdict.state, AgentState::Crashed | AgentState::Finished)
}

#[cfg(test)]
mod tests;
