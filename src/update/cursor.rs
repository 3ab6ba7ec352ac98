//! The cursor of whichever pane has the focus: moving it, and filtering what it moves over.

use crate::config::layout::PaneKind;
use crate::domain::agent::AgentState;
use crate::effect::{Effect, Effects};
use crate::state::State;
use crate::state::review::HEAD;

/// Where a cursor goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Motion {
    /// By this many rows.
    Rows(isize),
    /// By this many pages, less one row.
    Pages(isize),
    /// To the first row.
    Top,
    /// To the last row.
    Bottom,
    /// To this row.
    Row(usize),
}

impl Motion {
    /// Where it leads from a row, among rows up to `last` of which a page shows `height`.
    pub fn within(self, row: usize, last: usize, height: isize) -> usize {
        let step = |rows: isize| row.saturating_add_signed(rows).min(last);
        match self {
            Self::Rows(rows) => step(rows),
            Self::Pages(pages) => step(pages.saturating_mul(height)),
            Self::Top => 0,
            Self::Bottom => last,
            Self::Row(row) => row.min(last),
        }
    }
}

/// Moves the cursor of a pane.
pub fn go(state: &mut State, pane: PaneKind, motion: Motion) -> Effects {
    let (width, height) = state.viewport(pane);
    if pane == PaneKind::Transcript {
        return in_transcript(state, motion, width, height);
    }
    let rows = usize::from(height);
    match pane {
        PaneKind::Board => super::board::go(state, motion, width, rows),
        PaneKind::Agents => {
            move_list(&mut state.agents.list, motion, rows);
            return follow_agent(state);
        }
        PaneKind::Git => {
            move_list(&mut state.git.list, motion, rows);
            if state.git.wants_more() {
                state.git.limit = state.git.limit.max(state.git.list.rows.len()) * 2;
                return vec![Effect::LoadCommits(state.git.limit)];
            }
        }
        PaneKind::Cluster => match &mut state.clusters.browse {
            // Two rows are taken by what is browsed and by the heads of its columns.
            Some(browse) => move_list(&mut browse.list, motion, rows.saturating_sub(2)),
            None => move_list(&mut state.clusters.list, motion, rows),
        },
        PaneKind::Drift => move_list(&mut state.drift.list, motion, rows),
        PaneKind::Attention => move_list(&mut state.attention.list, motion, rows),
        // The rows above the list say what it is about.
        PaneKind::Review => move_list(&mut state.review.list, motion, rows.saturating_sub(usize::from(HEAD))),
        PaneKind::Transcript => {}
    }
    Effects::new()
}

pub fn move_list<R>(list: &mut crate::state::list::List<R>, motion: Motion, height: usize) {
    let page = isize::try_from(height).unwrap_or(isize::MAX).saturating_sub(1).max(1);
    match motion {
        Motion::Rows(rows) => list.step(rows, height),
        Motion::Pages(pages) => list.step(pages.saturating_mul(page), height),
        Motion::Top => list.select(0, height),
        Motion::Bottom => list.select(usize::MAX, height),
        Motion::Row(row) => list.select(row, height),
    }
}

fn in_transcript(state: &mut State, motion: Motion, width: u16, height: u16) -> Effects {
    use crate::event::PageRequest;
    let transcript = &mut state.transcript;
    let page = isize::try_from(height).unwrap_or(1).saturating_sub(1).max(1);
    let far = match motion {
        Motion::Top if transcript.start > 0 => Some(PageRequest::Start),
        Motion::Bottom if !transcript.at_end => Some(PageRequest::End),
        _ => None,
    };
    if let Some(request) = far {
        transcript.loading = Some(request);
        return vec![Effect::LoadPage { generation: transcript.generation, request }];
    }
    match motion {
        Motion::Rows(rows) => transcript.scroll(rows, width, height),
        Motion::Pages(pages) => transcript.scroll(pages.saturating_mul(page), width, height),
        Motion::Top => transcript.scroll(isize::MIN / 2, width, height),
        Motion::Bottom => {
            transcript.to_end();
            transcript.top = transcript.view(width, height).0;
        }
        Motion::Row(row) => {
            let (top, _) = transcript.view(width, height);
            let cursor = transcript.step(top, isize::try_from(row).unwrap_or(0), width);
            (transcript.top, transcript.cursor, transcript.follow) = (top, cursor, false);
        }
    }
    Effects::new()
}

/// Opens the transcript of the agent under the cursor, unless it is open; closes it when no agent is left.
pub fn follow_agent(state: &mut State) -> Effects {
    if state.agents.agents.is_empty() && state.transcript.agent.is_some() {
        state.transcript.leave();
        return vec![Effect::CloseTranscript];
    }
    let Some(agent) = state.agents.current() else { return Effects::new() };
    if state.transcript.agent.as_ref() == Some(&agent.id) && state.transcript.path == agent.transcript {
        return Effects::new();
    }
    let (id, path) = (agent.id.clone(), agent.transcript.clone());
    state.transcript.begin(id, path.clone());
    rest(state);
    vec![Effect::OpenTranscript { path, generation: state.transcript.generation }]
}

/// Notes in the transcript whether its agent is at work: whether calls without a result still run.
pub fn rest(state: &mut State) {
    let agent = state.transcript.agent.as_ref().and_then(|id| state.agents.find(id));
    state.transcript.resting = agent.is_some_and(|agent| match agent.verdict.state {
        AgentState::Idle | AgentState::Crashed | AgentState::Finished => true,
        AgentState::Working | AgentState::Waiting | AgentState::Unknown => false,
    });
}

/// Sets the filter of the focused pane and lays its rows out anew.
pub fn filter(state: &mut State, text: String) {
    let pane = state.screen.focus;
    match pane {
        PaneKind::Board => state.board.list.filter = text,
        PaneKind::Agents => state.agents.list.filter = text,
        PaneKind::Transcript => {
            let (width, height) = state.viewport(pane);
            let (top, cursor) = state.transcript.view(width, height);
            (state.transcript.top, state.transcript.cursor) = (top, cursor);
            state.transcript.set_filter(text);
        }
        PaneKind::Git => state.git.list.filter = text,
        PaneKind::Cluster => state.clusters.set_filter(text),
        PaneKind::Drift => state.drift.list.filter = text,
        PaneKind::Attention => state.attention.list.filter = text,
        PaneKind::Review => state.review.list.filter = text,
    }
    arrange(state, pane);
}

/// Lays the rows of a pane out anew; its cursor stays on what it is on.
pub fn arrange(state: &mut State, pane: PaneKind) {
    match pane {
        PaneKind::Board => {
            let anchor = state.board.anchor();
            state.board.arrange(anchor.as_ref());
        }
        PaneKind::Agents => {
            let id = state.agents.current().map(|agent| agent.id.clone());
            state.agents.arrange(id.as_ref());
        }
        PaneKind::Transcript => {}
        PaneKind::Git => {
            let id = state.git.current().map(|commit| commit.id.clone());
            state.git.arrange(id.as_deref());
        }
        PaneKind::Cluster => state.clusters.rearrange(),
        PaneKind::Drift => {
            let anchor = state.drift.anchor();
            state.drift.arrange(anchor.as_ref());
        }
        PaneKind::Review => state.review.arrange(),
        PaneKind::Attention => {
            let subject = state.attention.current().map(|need| need.subject.clone());
            state.attention.arrange(subject.as_ref());
        }
    }
}
