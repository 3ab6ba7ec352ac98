//! What is to be done. The only way out of [`crate::update::update`]; [`crate::exec`] and the sources carry it out.

use std::path::PathBuf;

use crate::domain::agent::AgentId;
use crate::domain::brief::BriefSubject;
use crate::domain::brief::handoff::Wanted;
use crate::domain::cluster::{Browsed, ObjectPlace};
use crate::domain::deliver::{BriefRef, Order, Receiver};
use crate::domain::drift::{DetailRequest, ObjectKey};
use crate::domain::gate::{Decision, Gate};
use crate::domain::search::SearchRequest;
use crate::domain::task::Task;
use crate::domain::task::edit::Change;
use crate::domain::transcript::passage::{Form, Passage};
use crate::event::{PageRequest, RecordPlace, SeekRequest, TaskUndo};

/// Something that the world is to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Follow this transcript; everything of older generations is stale from now on.
    OpenTranscript {
        /// The file.
        path: PathBuf,
        /// Generation of the answers.
        generation: u64,
    },
    /// Follow no transcript.
    CloseTranscript,
    /// Read one page of the open transcript.
    LoadPage {
        /// Generation of the open transcript.
        generation: u64,
        /// Which page.
        request: PageRequest,
    },
    /// Search transcripts; everything of older generations is stale from now on.
    Search(Box<SearchRequest>),
    /// Search no more.
    StopSearch,
    /// Look for a landmark of the open transcript outside its window; in place of one that is looked for.
    Seek {
        /// Generation of the open transcript.
        generation: u64,
        /// What is looked for, and from where.
        request: SeekRequest,
    },
    /// Look for no landmark any more.
    EndSeek,
    /// Copy a passage with its source.
    CopyPassage {
        /// The passage.
        passage: Box<Passage>,
        /// How it is handed on.
        form: Form,
    },
    /// Read a record as it stands in its file.
    ReadRecord(RecordPlace),
    /// Note in the journal that a record is shown with nothing hidden, then read it so.
    Reveal {
        /// The record.
        place: RecordPlace,
        /// Digest of the record that the question was about.
        digest: String,
    },
    /// Load at least this many commits of each repository.
    LoadCommits(usize),
    /// Write a brief for this task and copy the prompt that points to it.
    DraftBrief {
        /// What it is about.
        subject: Box<BriefSubject>,
        /// For whom, if an agent is selected.
        agent: Option<AgentId>,
    },
    /// Write the brief with which an agent's work is handed on, and copy the prompt that points to it.
    HandOff(Box<Wanted>),
    /// Write a passage of one agent's transcript as a brief for another.
    PassOn {
        /// The passage.
        passage: Box<Passage>,
        /// For whom.
        to: Box<Receiver>,
    },
    /// Change a task in its file.
    ChangeTask(Box<TaskChange>),
    /// Take a change of a task back.
    UndoTask(Box<TaskUndo>),
    /// Copy this text; `what` names it in the journal.
    Copy {
        /// The text.
        text: String,
        /// What it is: `session id`, `object name`.
        what: String,
    },
    /// Write the decision into the journal, then hand it to whoever waits.
    Decide {
        /// The gate, exactly as it was shown.
        gate: Box<Gate>,
        /// The decision.
        decision: Decision,
    },
    /// Ask the cluster what applying an object would do, without storing it.
    CheckDrift {
        /// Name of the fabric.
        fabric: String,
        /// The object.
        key: ObjectKey,
    },
    /// Read the journal.
    ReadJournal,
    /// Read the saved briefs, and what was sent of them.
    ReadBriefs,
    /// Read a brief for being shown.
    ShowBrief(Box<BriefRef>),
    /// Compare two briefs: the older one, then the newer.
    CompareBriefs(Box<(BriefRef, BriefRef)>),
    /// Look at the pane of an agent.
    LookAtPane(Box<Receiver>),
    /// Send a prompt into the pane of an agent.
    Send(Box<Order>),
    /// This kind is looked at from now on, or none.
    Browse(Option<Browsed>),
    /// Read an object of a cluster whole.
    ReadObject(ObjectPlace),
    /// Read which kinds the clusters serve.
    ListKinds,
    /// Every source looks again now.
    Refresh,
    /// Every kind that tells how a cluster is, is to be watched from now on, or only those that drift and health are judged by.
    WatchClusters(bool),
    /// Ask this context again, now.
    Reconnect(String),
    /// Stop the program until it is continued (Ctrl-Z).
    Suspend,
    /// Look at one object of a fabric closely; in place of one that is looked at.
    DriftDetail(DetailRequest),
    /// Ring the terminal's bell.
    Bell,
    /// End the program.
    Quit,
}

/// A change of a task in the file that it was read from.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskChange {
    /// Digest of the file when it was read: another one is not changed.
    pub digest: String,
    /// The task as it was read.
    pub task: Task,
    /// The change.
    pub change: Change,
}

/// What one event asks for, in order.
pub type Effects = Vec<Effect>;
