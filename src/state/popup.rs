//! What stands in front of the panes: one thing at a time, and `esc` always leaves it.

use crate::domain::deliver::Order;
use crate::domain::gate::change::RuleChange;
use crate::domain::gate::{Decision, Gate};
use crate::domain::sign_off::SignOff;
use crate::event::{RawRecord, RecordPlace, Revealed};

use super::board::detail::TaskView;
use super::board::menu::TaskMenu;
use super::briefs::{BriefsView, RelayView, SendingView};
use super::cluster::live::LiveView;
use super::composer::{AgentPick, BriefMenu, LibraryPick};
use super::drift::object::ObjectView;
use super::guard::{AnswerView, TypedWord};
use super::input::LineInput;
use super::signals::{CorrectMenu, SignalsView};

/// What stands in front of the panes.
#[derive(Debug, Clone)]
pub enum Popup {
    /// The keys.
    Help(Scroll),
    /// Actions, found by name.
    Palette {
        /// What has been typed.
        input: LineInput,
        /// Selected row of the matches.
        selected: usize,
        /// Kinds alone are offered, all of them before anything is typed.
        kinds: bool,
    },
    /// The reason of a rejection is being typed.
    Reason {
        /// The gate as it stood when the popup was opened.
        gate: Box<Gate>,
        /// What has been typed.
        input: LineInput,
    },
    /// A word is being typed, without which a gate is not approved.
    Word(Box<TypedWord>),
    /// The questions of a gate are being answered.
    Answer(Box<AnswerView>),
    /// The reason of a sign-off is being typed that rests on something that is short.
    SignOffReason {
        /// What would be signed off.
        sign_off: Box<SignOff>,
        /// What has been typed.
        input: LineInput,
    },
    /// The search in transcripts, which outlives its popup: see [`super::search`].
    Search,
    /// Something wants a confirmation; the default is no.
    Confirm {
        /// What is asked.
        question: Question,
        /// How far its text is scrolled.
        scroll: Scroll,
    },
    /// The journal.
    Journal {
        /// One line a record, newest last; `None` while it is read.
        lines: Option<Vec<String>>,
        /// How far it is scrolled.
        scroll: Scroll,
        /// Only records that pass it are shown.
        filter: String,
        /// That filter while it is typed.
        typing: Option<LineInput>,
    },
    /// Everything known of one thing.
    Detail {
        /// What it is.
        title: String,
        /// Label and value; a line without a label goes on with the value above.
        lines: Vec<(String, String)>,
        /// How far it is scrolled.
        scroll: Scroll,
    },
    /// One record of a transcript, as it stands in its file.
    Record(RecordView),
    /// What can be changed of a task.
    Task(Box<TaskMenu>),
    /// All there is to know of a task: its text and what is linked to it.
    TaskDetail(Box<TaskView>),
    /// The operator's checks.
    Checks {
        /// Selected row.
        selected: usize,
    },
    /// One object of a fabric with its fields, versions, YAML and file.
    Drift(Box<ObjectView>),
    /// One object of a cluster.
    Live(Box<LiveView>),
    /// What was found about an agent.
    Signals(SignalsView),
    /// Which way an agent is to be corrected.
    Correct(Box<CorrectMenu>),
    /// What a brief can begin from.
    Brief(Box<BriefMenu>),
    /// The context library.
    Library(Box<LibraryPick>),
    /// The agents that a brief can be for.
    Agent(AgentPick),
    /// The saved briefs.
    Briefs(BriefsView),
    /// The agents to which a passage can be passed on.
    Relay(Box<RelayView>),
    /// A prompt that is about to be sent.
    Sending(Box<SendingView>),
}

/// A record that is shown.
#[derive(Debug, Clone)]
pub struct RecordView {
    /// Where it stands.
    pub place: RecordPlace,
    /// The record with its secrets hidden; `None` while it is read.
    pub record: Option<RawRecord>,
    /// The same with nothing hidden, for as long as this popup stands.
    pub revealed: Option<Revealed>,
    /// The question whether to reveal it follows when it was read.
    pub ask: bool,
    /// How far it is scrolled.
    pub scroll: Scroll,
}

impl RecordView {
    /// A record that is still to be read.
    pub fn new(place: RecordPlace) -> Self {
        Self { place, record: None, revealed: None, ask: false, scroll: Scroll::default() }
    }

    /// The text that is shown, once it was read.
    pub fn text(&self) -> Option<&str> {
        let hidden = self.record.as_ref().map(|record| record.text.as_str());
        self.revealed.as_ref().map(Revealed::text).or(hidden)
    }
}

/// What a confirmation asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Decide a gate: exactly this one, as shown.
    Decide(Box<Gate>, Decision),
    /// Put a changed file about gates in force: exactly this change, as shown.
    AcceptRules(Box<RuleChange>),
    /// Sign off: exactly this, as shown.
    SignOff(Box<SignOff>),
    /// Quit while this many agents wait.
    Quit(usize),
    /// Write a brief although the lint has found errors.
    SaveBrief {
        /// It is to be sent then.
        send: bool,
        /// How many errors there are.
        errors: usize,
    },
    /// Throw the draft away that is being written.
    DropDraft,
    /// Send this prompt, although there is something to know first.
    Send(Box<Order>, Vec<String>),
    /// Show what is hidden in this record.
    Reveal(RecordPlace, RawRecord),
}

/// How far a text is scrolled: its first visible line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scroll(pub usize);

impl Scroll {
    /// Moves by `delta` lines, at least to the first one. The view stops at the last.
    pub fn step(&mut self, delta: isize) {
        self.0 = self.0.saturating_add_signed(delta);
    }
}
