//! Everything the screen shows, as plain data. Only [`crate::update::update`] changes it, only the loop owns it.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub mod agents;
pub mod attention;
pub mod board;
pub mod briefs;
pub mod checks;
pub mod cluster;
pub mod composer;
pub mod describe;
pub mod drift;
pub mod git;
pub mod guard;
pub mod input;
pub mod linked;
pub mod list;
pub mod palette;
pub mod popup;
pub mod review;
pub mod search;
pub mod signals;
pub mod transcript;

use crate::action::Where;
use crate::action::keymap::Keymap;
use crate::config::layout::{Layout, PaneKind};
use crate::config::theme::Theme;
use crate::domain::fault::Fault;
use crate::domain::gate::Gate;
use crate::domain::notify::Notify;
use crate::domain::redact::Redactor;
use crate::domain::transcript::Tone;
use crate::event::{LibraryNews, SourceId};

use agents::Agents;
use attention::Attention;
use board::Board;
use briefs::Briefs;
use checks::Checks;
use cluster::Clusters;
use composer::Composer;
use drift::Drift;
use git::Git;
use input::LineInput;
use linked::Linked;
use popup::Popup;
use review::Review;
use search::Search;
use transcript::Transcript;

/// Terminals smaller than this get the layout for small screens.
const WIDE: (u16, u16) = (120, 30);

/// The whole state of one run.
#[derive(Debug)]
pub struct State {
    /// The time of the last event: the only clock there is in here.
    pub now: Timestamp,
    /// When the program began.
    pub began: Timestamp,
    /// What is being worked with.
    pub session: SessionView,
    /// Focus, popups, messages: everything that is about the screen itself.
    pub screen: Screen,
    /// The board pane.
    pub board: Board,
    /// The agents pane.
    pub agents: Agents,
    /// The transcript pane.
    pub transcript: Transcript,
    /// The search in transcripts.
    pub search: Search,
    /// The git pane.
    pub git: Git,
    /// The cluster pane.
    pub clusters: Clusters,
    /// The drift pane.
    pub drift: Drift,
    /// What belongs together.
    pub linked: Linked,
    /// The operator's checks.
    pub checks: Checks,
    /// The review pane.
    pub review: Review,
    /// The attention queue.
    pub attention: Attention,
    /// The context library, as it was last read.
    pub library: LibraryNews,
    /// The saved briefs, and what was sent of them.
    pub briefs: Briefs,
    /// Every gate of this run, oldest first.
    pub gates: Vec<Gate>,
    /// What keeps a decision from being one that nobody meant.
    pub guard: guard::Guard,
    /// How current each source is.
    pub sources: BTreeMap<SourceId, SourceStatus>,
}

/// The session as the status line names it.
#[derive(Debug, Clone, Default)]
pub struct SessionView {
    /// Name.
    pub name: String,
    /// Root, as the operator would write it.
    pub root: String,
    /// How many gate rules are in force.
    pub gate_rules: usize,
    /// What hides secrets in what is kept here as it was asked: gates.
    pub redactor: Redactor,
    /// When and how the operator is told.
    pub notify: Notify,
}

/// How current one source is.
#[derive(Debug, Clone, Default)]
pub struct SourceStatus {
    /// When its data was last known to be current.
    pub as_of: Option<Timestamp>,
    /// What is wrong with it now.
    pub fault: Option<Fault>,
    /// It has to poll, because it cannot watch.
    pub polling: bool,
}

/// Everything that is about the screen itself.
#[derive(Debug)]
pub struct Screen {
    /// Layouts that can be changed to.
    pub layouts: Vec<Layout>,
    /// The layout in use, an index into `layouts`.
    pub layout: usize,
    /// While nobody has chosen a layout: the one for small terminals, and the one for all others.
    pub by_size: Option<(usize, usize)>,
    /// Themes that can be changed to.
    pub themes: Vec<Theme>,
    /// The theme in use, an index into `themes`.
    pub theme: usize,
    /// Draw with ASCII alone.
    pub ascii: bool,
    /// Where times of day are told: UTC until somebody says where the operator is.
    pub zone: TimeZone,
    /// Keys.
    pub keymap: Keymap,
    /// The pane that has the keys.
    pub focus: PaneKind,
    /// Panes by when they last had the keys, the latest last: a stack of panes shows the latest of its own.
    pub recent: Vec<PaneKind>,
    /// The focused pane has the whole screen.
    pub zoomed: bool,
    /// The brief that is being written, in place of the panes.
    pub composer: Option<Box<Composer>>,
    /// What stands in front of the panes.
    pub popup: Option<Popup>,
    /// The filter being typed for the focused pane.
    pub filter: Option<LineInput>,
    /// The last thing that was said to the operator.
    pub message: Option<Message>,
    /// Columns and rows inside each pane, as last drawn.
    pub viewports: HashMap<PaneKind, (u16, u16)>,
    /// Columns and rows inside the popup, as last drawn.
    pub popup_size: (u16, u16),
    /// The terminal window has the focus; `None` while the terminal has not said.
    pub attended: Option<bool>,
}

/// Something said to the operator in the bottom line, until the next key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// How it should look.
    pub tone: Tone,
    /// What is said.
    pub text: String,
}

impl State {
    /// An empty state: every source is still to be heard of.
    pub fn new(now: Timestamp, session: SessionView, screen: Screen) -> Self {
        Self {
            now,
            began: now,
            session,
            screen,
            board: Board::default(),
            agents: Agents::default(),
            transcript: Transcript::default(),
            search: Search::default(),
            git: Git::default(),
            clusters: Clusters::default(),
            drift: Drift::default(),
            linked: Linked::default(),
            checks: Checks::default(),
            review: Review::default(),
            attention: Attention::default(),
            library: LibraryNews::default(),
            briefs: Briefs::default(),
            gates: Vec::new(),
            guard: guard::Guard::default(),
            sources: BTreeMap::new(),
        }
    }

    /// Says something in the bottom line.
    pub fn say(&mut self, tone: Tone, text: impl Into<String>) {
        self.screen.message = Some(Message { tone, text: text.into() });
    }

    /// Says what went wrong in the bottom line.
    pub fn complain(&mut self, fault: &Fault) {
        self.say(Tone::Error, fault.to_string());
    }

    /// The filter in force in a pane; empty when there is none.
    pub fn filter(&self, pane: PaneKind) -> &str {
        match pane {
            PaneKind::Board => &self.board.list.filter,
            PaneKind::Agents => &self.agents.list.filter,
            PaneKind::Transcript => &self.transcript.filter,
            PaneKind::Git => &self.git.list.filter,
            PaneKind::Cluster => self.clusters.filter(),
            PaneKind::Drift => &self.drift.list.filter,
            PaneKind::Attention => &self.attention.list.filter,
            PaneKind::Review => &self.review.list.filter,
        }
    }

    /// Columns and rows inside a pane; a guess before it was first drawn.
    pub fn viewport(&self, pane: PaneKind) -> (u16, u16) {
        self.screen.viewports.get(&pane).copied().unwrap_or((80, 20))
    }
}

impl Screen {
    /// A screen in its first layout and theme.
    pub fn new(layouts: Vec<Layout>, themes: Vec<Theme>, keymap: Keymap) -> Self {
        Self {
            layouts,
            layout: 0,
            by_size: None,
            themes,
            theme: 0,
            ascii: false,
            zone: TimeZone::UTC,
            keymap,
            focus: PaneKind::Agents,
            recent: Vec::new(),
            zoomed: false,
            composer: None,
            popup: None,
            filter: None,
            message: None,
            viewports: HashMap::new(),
            popup_size: (60, 20),
            attended: None,
        }
    }

    /// Takes the layout that suits a terminal of this size, unless one was chosen.
    pub fn fit(&mut self, (columns, rows): (u16, u16)) {
        if let Some((small, wide)) = self.by_size {
            self.layout = if columns < WIDE.0 || rows < WIDE.1 { small } else { wide };
        }
    }

    /// Where the keys go: what decides which actions apply.
    pub fn place(&self) -> Where {
        let composer = self.composer.is_some() && self.popup.is_none();
        let typing = composer
            || self.filter.is_some()
            || matches!(
                self.popup,
                Some(
                    Popup::Palette { .. }
                        | Popup::Reason { .. }
                        | Popup::Word(_)
                        | Popup::SignOffReason { .. }
                        | Popup::Search
                        | Popup::Library(_)
                        | Popup::Journal { typing: Some(_), .. }
                )
            );
        Where {
            focus: self.focus,
            typing,
            popup: self.popup.is_some(),
            confirming: matches!(self.popup, Some(Popup::Confirm { .. })),
            record: matches!(self.popup, Some(Popup::Record(_))),
            drift: matches!(self.popup, Some(Popup::Drift(_))),
            live: matches!(self.popup, Some(Popup::Live(_))),
            signals: matches!(self.popup, Some(Popup::Signals(_))),
            composer,
            journal: matches!(self.popup, Some(Popup::Journal { typing: None, .. })),
            checks: matches!(self.popup, Some(Popup::Checks { .. })),
            task: matches!(self.popup, Some(Popup::TaskDetail(_))),
            briefs: matches!(self.popup, Some(Popup::Briefs(_))),
            sending: matches!(self.popup, Some(Popup::Sending(_))),
            relay: matches!(self.popup, Some(Popup::Relay(_))),
        }
    }

    /// Gives the keys to a pane.
    pub fn focus_on(&mut self, pane: PaneKind) {
        self.recent.retain(|other| *other != pane);
        self.recent.push(pane);
        self.focus = pane;
    }
}
