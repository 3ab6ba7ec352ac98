//! `update(&mut State, now, Event) -> Effects`: the only place where state changes. No input, no output, no clock.

mod act;
mod attention;
mod board;
mod checks;
mod cluster;
mod compose;
mod cursor;
mod decide;
pub mod deliver;
mod drift;
mod guard;
mod handoff;
mod keys;
mod links;
mod mouse;
mod news;
mod review;
mod search;
mod signals;
mod task;
mod transcript;

use crossterm::event::KeyCode;
use jiff::Timestamp;

use crate::domain::transcript::Tone;
use crate::effect::{Effect, Effects};
use crate::event::{CopyDone, Done, Event, Input};
use crate::state::State;
use crate::state::popup::Popup;

/// Takes one event at a time `now` and says what is to be done about it.
pub fn update(state: &mut State, now: Timestamp, event: Event) -> Effects {
    state.now = now;
    if matches!(event, Event::Input(Input::Key(_) | Input::Mouse(_))) {
        // Whoever does something else meanwhile wants to be there, and not at the hit.
        state.search.goal = None;
        state.git.goal = None;
        state.attention.touched = Some(now);
    }
    let by_hand = matches!(event, Event::Input(Input::Key(_) | Input::Mouse(_)));
    let mut effects = match event {
        Event::Input(input) => take_input(state, input),
        Event::Wake => {
            // A snooze may be over.
            attention::refresh(state);
            links::age(state);
            // Working trees that nobody follows: an edit there is seen a minute later.
            state.review.look_again = true;
            Effects::new()
        }
        Event::Drawn(viewports) => {
            state.screen.viewports = viewports.panes.into_iter().collect();
            state.screen.popup_size = viewports.popup;
            news::shown(state)
        }
        Event::Agents(news) => news::agents(state, news),
        Event::Transcript(news) => news::transcript(state, news),
        Event::Board(news) => {
            compose::renew(state);
            news::board(state, news)
        }
        Event::Git(news) => news::git(state, news),
        Event::Cluster(view) => {
            compose::renew(state);
            news::cluster(state, view)
        }
        Event::Kinds(news) => {
            cluster::served(state, news);
            Effects::new()
        }
        Event::Table(news) => {
            cluster::table(state, news);
            Effects::new()
        }
        Event::Search(news) => {
            search::news(state, news);
            Effects::new()
        }
        Event::Drift(view) => {
            compose::renew(state);
            news::drift(state, view)
        }
        Event::Gate(news) => news::gate(state, news),
        Event::Rules(news) => guard::rules(state, news),
        Event::Evidence(found) => {
            review::gathered(state, found);
            Effects::new()
        }
        Event::Past(past) => {
            links::past(state, *past);
            review::touch(state);
            Effects::new()
        }
        Event::Check(news) => {
            checks::news(state, news);
            review::touch(state);
            Effects::new()
        }
        Event::SourceFault(source, fault) => {
            state.sources.entry(source).or_default().fault = Some(fault);
            Effects::new()
        }
        Event::Done(done) => take_done(state, done),
        Event::Quit => {
            let mut effects = compose::leave(state);
            effects.push(Effect::Quit);
            effects
        }
    };
    guard::watch_cursor(state, by_hand);
    search::arrive(state);
    effects.extend(review::settle(state));
    effects.extend(attention::wants(state));
    effects.extend(cluster::wants(state));
    effects.extend(deliver::wants(state));
    if let Some(request) = state.transcript.wants() {
        state.transcript.loading = Some(request);
        effects.push(Effect::LoadPage { generation: state.transcript.generation, request });
    }
    effects
}

fn take_input(state: &mut State, input: Input) -> Effects {
    match input {
        Input::Key(key) => {
            let mut effects = transcript::interrupt(state);
            let stop = !effects.is_empty() && key.code == KeyCode::Esc;
            if stop {
                state.say(Tone::Info, "left off looking");
            } else {
                effects.extend(keys::press(state, key));
            }
            effects
        }
        Input::Paste(text) => keys::paste(state, &text),
        Input::Mouse(mouse) => {
            let mut effects = transcript::interrupt(state);
            effects.extend(mouse::take(state, mouse));
            effects
        }
        Input::Resize(columns, rows) => {
            state.screen.fit((columns, rows));
            Effects::new()
        }
        Input::Focus(focused) => {
            state.screen.attended = Some(focused);
            Effects::new()
        }
    }
}

fn take_done(state: &mut State, done: Done) -> Effects {
    match done {
        Done::Brief(done) => return compose::saved(state, done),
        Done::BriefOffer(offer) => compose::offered(state, *offer),
        Done::BriefChecked(news) => return compose::checked(state, *news),
        Done::Library(news) => compose::library(state, *news),
        Done::Excerpt(path, read) => return compose::excerpt(state, &path, read),
        Done::Edited(text) => return compose::edited(state, text),
        Done::CheckOutput(title, text) => checks::read(state, title, text),
        Done::Made(draft, agent) => return handoff::made(state, draft, agent),
        Done::Copied(Ok(done)) => state.say(tone(&done), copied(&done)),
        Done::Journal(Ok(lines)) => {
            if let Some(Popup::Journal { lines: shown, scroll, .. }) = &mut state.screen.popup {
                // The newest record is the last line, and that is where one looks first.
                scroll.0 = lines.len().saturating_sub(usize::from(state.screen.popup_size.1));
                *shown = Some(lines);
            }
        }
        Done::Decided { gate, decision, outcome } => decide::done(state, &gate, decision, outcome),
        Done::Draft(Err(fault))
        | Done::Copied(Err(fault))
        | Done::Journal(Err(fault))
        | Done::Hushed(Err(fault))
        | Done::GateFacts(_, Err(fault)) => state.complain(&fault),
        Done::Draft(Ok(())) | Done::Hushed(Ok(())) => {}
        Done::Passage(done) => transcript::passage_done(state, done),
        Done::Record(place, read) => transcript::record_read(state, &place, read),
        Done::Revealed(place, outcome) => transcript::revealed(state, &place, outcome),
        Done::Task(done) => task::done(state, done),
        Done::SignedOff(outcome) => review::signed(state, outcome),
        Done::SentBack(outcome) => review::sent_back(state, outcome),
        Done::DriftDetail(news) => drift::looked(state, *news),
        Done::Checked(check) => news::checked(state, *check),
        Done::Object(place, found) => cluster::object(state, &place, found),
        Done::GateFacts(gate, Ok(fact)) => state.guard.learn(gate, fact),
        Done::RulesAccepted(outcome) => guard::accepted(state, outcome),
        Done::Briefs(read) => deliver::read(state, read),
        Done::BriefPage(page) => deliver::page(state, page),
        Done::PaneSeen(agent, seen) => deliver::seen(state, &agent, seen),
        Done::Sent(sent) => deliver::sent(state, &sent),
        Done::Refreshed => state.say(Tone::Info, "looking again at every source"),
    }
    Effects::new()
}

/// The truth about a copy, in one phrase.
fn copied(done: &CopyDone) -> String {
    done.words()
}

fn tone(done: &CopyDone) -> Tone {
    if done.confirmed { Tone::Info } else { Tone::Warning }
}

#[cfg(test)]
mod tests;
