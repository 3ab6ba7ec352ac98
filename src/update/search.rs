//! Searching: what is typed becomes a request, what comes back becomes rows, a row becomes a place in a transcript.

use std::cmp::Reverse;
use std::sync::Arc;

use crate::config::layout::PaneKind;
use crate::domain::agent::{Agent, AgentId};
use crate::domain::search::{Pattern, SearchFile, SearchNews, SearchRequest, Stage};
use crate::domain::transcript::{Body, Tone};
use crate::effect::{Effect, Effects};
use crate::event::PageRequest;
use crate::state::State;
use crate::state::popup::Popup;
use crate::state::search::{Phase, SearchScope};
use crate::state::transcript::Spot;

use super::cursor::{self, Motion};

/// Opens the popup on a search of the open transcript.
pub fn in_open(state: &mut State) -> Effects {
    match state.transcript.agent.clone() {
        Some(agent) => open(state, SearchScope::One(agent)),
        None => {
            state.say(Tone::Warning, "no transcript is open");
            Effects::new()
        }
    }
}

/// Opens the popup on a search of all transcripts.
pub fn in_all(state: &mut State) -> Effects {
    open(state, SearchScope::All)
}

/// A search that is complete, or still runs, is shown as it is; any other begins.
fn open(state: &mut State, scope: SearchScope) -> Effects {
    state.screen.popup = Some(Popup::Search);
    let known = state.search.scope == scope && !matches!(state.search.phase, Phase::Idle | Phase::Stopped);
    if known {
        return Effects::new();
    }
    state.search.forget();
    state.search.scope = scope;
    typed(state)
}

/// The pattern has changed.
pub fn typed(state: &mut State) -> Effects {
    let search = &mut state.search;
    search.mistake = None;
    if search.input.text().is_empty() {
        let running = search.phase == Phase::Running;
        search.forget();
        return if running { vec![Effect::StopSearch] } else { Effects::new() };
    }
    let pattern = match Pattern::new(search.input.text()) {
        Ok(pattern) => Arc::new(pattern),
        Err(mistake) => {
            search.mistake = Some(mistake);
            return Effects::new();
        }
    };
    if search.pattern.as_ref() == Some(&pattern) && search.phase != Phase::Stopped {
        return Effects::new();
    }
    search.begin(Arc::clone(&pattern));
    let generation = search.generation;
    vec![Effect::Search(Box::new(SearchRequest { generation, pattern, files: files(state) }))]
}

/// What is to be searched, what was written last before all else.
fn files(state: &State) -> Vec<SearchFile> {
    let mut agents: Vec<&Agent> = match &state.search.scope {
        SearchScope::All => state.agents.agents.iter().collect(),
        SearchScope::One(agent) => state.agents.find(agent).into_iter().collect(),
    };
    agents.sort_by_key(|agent| (Reverse(agent.last_activity), Reverse(agent.size), &agent.id));
    let file =
        |agent: &Agent| SearchFile { agent: agent.id.clone(), format: agent.format, path: agent.transcript.clone() };
    agents.into_iter().map(file).collect()
}

/// The search tells something.
pub fn news(state: &mut State, news: SearchNews) {
    let search = &mut state.search;
    if news.generation != search.generation || search.phase != Phase::Running {
        return;
    }
    // They follow what was there: no row moves.
    search.hits.rows.extend(news.hits);
    search.progress = news.progress;
    search.faults.extend(news.faults);
    search.phase = match news.stage {
        Stage::Running => Phase::Running,
        Stage::Done => Phase::Done,
        Stage::Full => Phase::Full,
    };
}

/// Moves among the hits.
pub fn travel(state: &mut State, motion: Motion) {
    let height = state.search.rows(state.screen.popup_size.1);
    cursor::move_list(&mut state.search.hits, motion, height);
    state.search.visited = false;
}

/// Closes the popup and ends what runs. What was found stays.
pub fn leave(state: &mut State) -> Effects {
    state.screen.popup = None;
    if state.search.phase != Phase::Running {
        return Effects::new();
    }
    state.search.phase = Phase::Stopped;
    vec![Effect::StopSearch]
}

/// Goes to the hit under the cursor and closes the popup. What runs goes on.
pub fn choose(state: &mut State) -> Effects {
    if state.search.mistake.is_some() || state.search.hits.current().is_none() {
        return Effects::new();
    }
    state.screen.popup = None;
    go(state)
}

/// Goes to the next or the previous hit; at first to the one that is chosen.
pub fn step(state: &mut State, forward: bool) -> Effects {
    let search = &mut state.search;
    let (at, last) = (search.hits.selected, search.hits.rows.len().saturating_sub(1));
    let words = match search.phase {
        Phase::Idle => "nothing was searched for yet",
        Phase::Running if forward && search.visited && at >= last => "no further hit yet: the search still runs",
        _ if search.hits.rows.is_empty() => "nothing was found",
        _ if search.visited && forward && at >= last => "this was the last hit",
        _ if search.visited && !forward && at == 0 => "this was the first hit",
        _ => "",
    };
    if !words.is_empty() {
        state.say(Tone::Info, words);
        return Effects::new();
    }
    if search.visited {
        let height = search.rows(state.screen.popup_size.1);
        search.hits.step(if forward { 1 } else { -1 }, height);
    }
    go(state)
}

/// Goes to the hit under the cursor: its agent is selected, its transcript opened, its record looked up.
fn go(state: &mut State) -> Effects {
    let Some(hit) = state.search.hits.current() else { return Effects::new() };
    let (agent, offset, nth) = (hit.agent.clone(), hit.offset, hit.nth);
    let Some(effects) = go_to(state, &agent, offset, nth) else {
        state.say(Tone::Warning, "the agent of this hit is not there any more");
        return Effects::new();
    };
    (state.search.visited, state.search.marked) = (true, true);
    let (number, of) = (state.search.hits.selected + 1, state.search.hits.rows.len());
    let yet = if state.search.phase == Phase::Running { " so far" } else { "" };
    state.say(Tone::Info, format!("hit {number} of {of}{yet}"));
    effects
}

/// Goes to a record of an agent's transcript, and to one of its entries. `None` when the agent is not there.
pub fn go_to(state: &mut State, agent: &AgentId, offset: u64, nth: usize) -> Option<Effects> {
    let row = |state: &State| state.agents.list.rows.iter().position(|row| state.agents.agents[row.agent].id == *agent);
    if row(state).is_none() && !state.agents.list.filter.is_empty() {
        state.agents.list.filter.clear();
        cursor::arrange(state, PaneKind::Agents);
    }
    let row = row(state)?;
    state.screen.focus_on(PaneKind::Transcript);
    let effects = cursor::go(state, PaneKind::Agents, Motion::Row(row));
    if !state.transcript.filter.is_empty() {
        state.transcript.set_filter(String::new());
    }
    state.transcript.visit(offset);
    state.search.goal = Some((offset, nth));
    Some(effects)
}

/// Puts the transcript's cursor on the matching row of the entry that was gone to, once it is there.
pub fn arrive(state: &mut State) {
    let Some((offset, nth)) = state.search.goal else { return };
    let (width, height) = state.viewport(PaneKind::Transcript);
    let transcript = &mut state.transcript;
    let around = Some(PageRequest::Around(offset));
    let is_there = transcript.heard && (transcript.start..transcript.end).contains(&offset);
    if !is_there || transcript.loading == around || transcript.wants() == around {
        return;
    }
    state.search.goal = None;
    let entry = transcript.entries.partition_point(|entry| entry.offset < offset) + nth;
    let Some(found) = transcript.entries.get(entry).filter(|entry| entry.offset == offset) else { return };
    let folds = matches!(found.body, Body::Thinking(_) | Body::Summary(_) | Body::Call { .. } | Body::Result { .. });
    // A result stands in the rows of its call.
    let entry = transcript.call_of(entry).unwrap_or(entry);
    if folds
        && !transcript.is_open(entry)
        && let Some(key) = transcript.key(entry)
        && !transcript.toggled.remove(&key)
    {
        transcript.toggled.insert(key);
    }
    let laid_out = transcript.rows(entry, width);
    let row = laid_out.iter().position(|row| !state.search.ranges(&row.line.text).is_empty()).unwrap_or(0);
    transcript.follow = false;
    transcript.cursor = Spot { entry, row };
    // What came before it is worth a third of the view.
    transcript.top = transcript.step(transcript.cursor, -isize::try_from(height / 3).unwrap_or(0), width);
}

#[cfg(test)]
mod tests;
