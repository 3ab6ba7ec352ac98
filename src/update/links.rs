//! Links of the tasks: made anew when something changes that they are made from.

use jiff::SignedDuration;

use crate::config::layout::PaneKind;
use crate::domain::link::{End, Facts, Links, Mention};
use crate::domain::text;
use crate::domain::transcript::{Body, Entry};
use crate::event::PastNews;
use crate::state::State;
use crate::state::board::marks::Surroundings;
use crate::state::linked::key;

use super::cursor;

/// Agents say something all the time: what that means for the tasks is looked at no more often than this.
const MARKED: SignedDuration = SignedDuration::from_secs(30);
/// Prompts that are kept, the latest ones.
const MENTIONS: usize = 2_000;
/// Bytes of a prompt in which tasks are looked for.
const PROMPT: usize = 4 * 1024;

/// Something has changed that links are made from.
pub fn refresh(state: &mut State) {
    let facts = Facts {
        tasks: &state.board.tasks,
        agents: &state.agents.agents,
        repos: &state.git.repos,
        briefs: &state.linked.briefs,
        gates: &state.gates,
        mentions: &state.linked.mentions,
        told: &state.linked.told,
    };
    state.linked.links = Links::of(&facts);
    state.linked.agents = state.agents.agents.iter().map(key).collect();
    state.git.tasks.clear();
    state.agents.tasks.clear();
    for (end, tasks) in state.linked.links.ends() {
        let tasks = || tasks.iter().cloned().collect();
        match end {
            End::Commit(id) => drop(state.git.tasks.insert(id.clone(), tasks())),
            End::Agent(id) => drop(state.agents.tasks.insert(id.clone(), tasks())),
            End::Brief(_) | End::Gate(_) => {}
        }
    }
    super::review::touch(state);
    mark(state);
    for pane in [PaneKind::Git, PaneKind::Agents] {
        if asks_for_tasks(state.filter(pane)) {
            cursor::arrange(state, pane);
        }
    }
}

/// The agents have changed: in what links are made from, or only in what they do. `told` is what their prompts named.
pub fn agents(state: &mut State, told: Vec<Mention>) {
    let same = state.agents.agents.iter().map(key).eq(state.linked.agents.iter().cloned());
    if !same || state.linked.told != told {
        state.linked.told = told;
        return refresh(state);
    }
    age(state);
}

/// Entries of the open transcript were read: what its agent was told may name a task.
pub fn said(state: &mut State, entries: &[Entry]) {
    let Some(agent) = state.transcript.agent.clone() else { return };
    let file = state.transcript.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut new = false;
    for entry in entries.iter().filter(|entry| !entry.sidechain) {
        let Body::Prompt(text) = &entry.body else { continue };
        let source = format!("{file} at byte {}", entry.offset);
        let known = state.linked.mentions.iter().any(|known| known.agent == agent && known.source == source);
        if !known {
            let text = text::prefix(&text.kept, PROMPT).to_owned();
            state.linked.mentions.push(Mention { agent: agent.clone(), text, source });
            new = true;
        }
    }
    if new {
        let surplus = state.linked.mentions.len().saturating_sub(MENTIONS);
        state.linked.mentions.drain(..surplus);
        refresh(state);
    }
}

/// Time has passed.
pub fn age(state: &mut State) {
    let due = |at| state.now.duration_since(at) >= MARKED;
    if state.linked.marked.is_none_or(due) {
        mark(state);
    }
}

/// What the journal tells of the time before.
pub fn past(state: &mut State, news: PastNews) {
    for run in news.checks {
        // One that was run meanwhile is newer.
        let newer = state.checks.latest.get(&run.name).is_none_or(|known| known.at < run.at);
        if newer {
            state.checks.latest.insert(run.name.clone(), run);
        }
    }
    state.review.reviews = news.reviews;
    if state.linked.briefs != news.briefs {
        state.linked.briefs = news.briefs;
        refresh(state);
    }
}

fn mark(state: &mut State) {
    let anchor = state.board.anchor();
    state.board.mark_all(Surroundings {
        links: &state.linked.links,
        agents: &state.agents.agents,
        repos: &state.git.repos,
        now: state.now,
        stale_after: state.linked.stale_after,
    });
    state.linked.marked = Some(state.now);
    state.board.arrange(anchor.as_ref());
}

/// Whether a filter of another pane has a word that links answer.
pub fn asks_for_tasks(filter: &str) -> bool {
    filter.split_whitespace().any(|word| word.to_lowercase().trim_start_matches('-').starts_with("task:"))
}
