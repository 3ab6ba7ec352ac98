//! The search: what is looked for, what was found so far, and which hit was gone to.

use std::ops::Range;
use std::sync::Arc;

use crate::domain::agent::AgentId;
use crate::domain::fault::Fault;
use crate::domain::search::{Hit, Mistake, Pattern, Progress};

use super::input::LineInput;
use super::list::List;

/// Rows of the popup above the hits: the pattern, what is wrong with it, how far the search is.
pub const HEAD: u16 = 3;

/// The search; it stays when its popup is closed.
#[derive(Debug, Default)]
pub struct Search {
    /// Where is searched.
    pub scope: SearchScope,
    /// What is typed.
    pub input: LineInput,
    /// Why that is no pattern. Then everything else is about the last one that was.
    pub mistake: Option<Mistake>,
    /// What is searched for.
    pub pattern: Option<Arc<Pattern>>,
    /// Generation of the last request; news of others are stale.
    pub generation: u64,
    /// How it stands.
    pub phase: Phase,
    /// What was found, newest first, with the cursor on the hit that is chosen.
    pub hits: List<Hit>,
    /// How far it is.
    pub progress: Progress,
    /// What could not be searched; the first few.
    pub faults: Vec<Fault>,
    /// Matches are marked in the transcript pane.
    pub marked: bool,
    /// The chosen hit was gone to, so that the next one is another.
    pub visited: bool,
    /// Record and entry that the transcript's cursor is to stand on as soon as they are there.
    pub goal: Option<(u64, usize)>,
}

/// Where is searched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum SearchScope {
    /// In every transcript of the session.
    #[default]
    All,
    /// In the transcript of one agent.
    One(AgentId),
}

/// How a search stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Phase {
    /// Nothing was searched for.
    #[default]
    Idle,
    /// Hits may still come.
    Running,
    /// Everything was searched.
    Done,
    /// There are more hits than are told.
    Full,
    /// It was stopped before its end.
    Stopped,
}

impl Search {
    /// What is to be marked in a line of the transcript pane.
    pub fn ranges(&self, line: &str) -> Vec<Range<usize>> {
        match &self.pattern {
            Some(pattern) if self.marked => pattern.ranges(line),
            _ => Vec::new(),
        }
    }

    /// Rows for hits in a popup of so many rows.
    pub fn rows(&self, popup: u16) -> usize {
        let faults = u16::from(!self.faults.is_empty());
        usize::from(popup.saturating_sub(HEAD + faults))
    }

    /// Begins anew with this pattern; what was found goes.
    pub fn begin(&mut self, pattern: Arc<Pattern>) {
        self.forget();
        (self.pattern, self.phase, self.marked) = (Some(pattern), Phase::Running, true);
    }

    /// Lets go of pattern and hits; news of them are stale from now on.
    pub fn forget(&mut self) {
        *self = Self {
            scope: std::mem::take(&mut self.scope),
            input: std::mem::take(&mut self.input),
            generation: self.generation + 1,
            ..Self::default()
        };
    }
}
