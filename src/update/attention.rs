//! The attention queue: derived anew when its causes change, hidden in parts, and told when it says something new.

use jiff::SignedDuration;

use crate::domain::attention::hush::Hush;
use crate::domain::attention::{self, Causes, Need, Urgency};
use crate::domain::notify::Notice;
use crate::domain::transcript::Tone;
use crate::effect::{Effect, Effects, HushNote};
use crate::state::State;

/// Whoever pressed a key so lately is looking, where the terminal does not tell of its focus.
const LOOKING: SignedDuration = SignedDuration::from_secs(60);

/// What is there so soon after the start is on the screen that was just opened; only who is held is told of at once.
const YOUNG: SignedDuration = SignedDuration::from_secs(5);

/// Derives the queue anew.
pub fn refresh(state: &mut State) {
    let failed = state.briefs.failed(state.now).into_iter().map(attention::of_sending);
    let others = super::review::needs(state).into_iter().chain(failed);
    let causes = Causes {
        gates: &state.gates,
        agents: &state.agents.agents,
        drift: &state.drift.fabrics,
        clusters: &state.clusters.clusters,
        rules: &state.guard.changes,
    };
    let redactor = &state.session.redactor;
    let needs: Vec<Need> = attention::queue(causes, others).into_iter().map(|need| need.redacted(redactor)).collect();
    state.attention.tidied |= state.attention.hushes.tidy(&needs, state.now);
    state.attention.replace(needs, state.now);
    state.attention.fresh = true;
}

/// What follows from the queue as it is now: news are told, the status bar is brought up to date, and what hides nothing any
/// more is let go of.
pub fn wants(state: &mut State) -> Effects {
    if !std::mem::take(&mut state.attention.fresh) {
        return Effects::new();
    }
    let mut effects = Effects::new();
    let attended = is_attended(state);
    let quiet = state.session.notify.is_quiet(state.now.to_zoned(state.screen.zone.clone()).time());
    let young = state.now.duration_since(state.began) < YOUNG;
    let open = state.attention.open().to_vec();
    let loud = state.session.notify.tell.filter(|_| !quiet);
    let news: Vec<&Need> = state
        .attention
        .told
        .take(&open)
        .into_iter()
        .filter(|need| loud.is_some_and(|least| need.urgency <= least))
        .filter(|need| !young || need.urgency == Urgency::Held)
        .collect();
    if let Some(notice) = Notice::of(&news).filter(|_| !attended) {
        effects.push(Effect::Notify(Box::new(notice)));
    }
    let line = attention::summary(&open);
    if line != state.attention.line {
        state.attention.line.clone_from(&line);
        effects.push(Effect::StatusLine(line));
    }
    if std::mem::take(&mut state.attention.tidied) {
        effects.push(keep(state, None));
    }
    effects
}

/// True while the operator is looking, as far as it can be known.
fn is_attended(state: &State) -> bool {
    match state.screen.attended {
        Some(focused) => focused,
        None => state.attention.touched.is_some_and(|at| state.now.duration_since(at) < LOOKING),
    }
}

/// Acknowledges the need under the cursor: it is hidden until its cause is gone. One that is hidden is shown again.
pub fn acknowledge(state: &mut State) -> Effects {
    hush(state, "acknowledged", |need, now| Some(Hush::acknowledge(need, now)))
}

/// Hides the need under the cursor for an hour.
pub fn snooze(state: &mut State) -> Effects {
    hush(state, "snoozed", |need, now| Some(Hush::snooze(need, now)))
}

/// Hides every need like the one under the cursor: of the same agent, fabric or cluster, or of all.
pub fn mute(state: &mut State, everywhere: bool) -> Effects {
    hush(state, "muted", |need, now| Hush::mute(need, everywhere, now))
}

/// Shows hidden needs, too, or hides them again.
pub fn show_hidden(state: &mut State) {
    state.attention.with_hidden = !state.attention.with_hidden;
    refresh(state);
    if state.attention.hidden == 0 {
        state.say(Tone::Info, "nothing is hidden");
    }
}

fn hush(state: &mut State, word: &'static str, make: impl FnOnce(&Need, jiff::Timestamp) -> Option<Hush>) -> Effects {
    let Some(need) = state.attention.current().cloned() else {
        state.say(Tone::Info, "nothing needs you");
        return Effects::new();
    };
    let now = state.now;
    let word = if state.attention.hushes.of(&need, now).is_some() {
        state.attention.hushes.lift(&need, now);
        "shown again"
    } else if let Some(hush) = make(&need, now) {
        state.attention.hushes.put(hush);
        word
    } else {
        state.say(Tone::Warning, "a gate holds somebody: it can be decided, and not muted");
        return Effects::new();
    };
    let note =
        HushNote { what: word, kind: need.kind.to_owned(), title: need.title.clone(), reason: need.reason.clone() };
    state.say(Tone::Info, format!("{word}: {} {}", need.kind, need.title));
    refresh(state);
    vec![keep(state, Some(note))]
}

fn keep(state: &State, note: Option<HushNote>) -> Effect {
    Effect::KeepHushes { hushes: state.attention.hushes.clone(), note }
}
