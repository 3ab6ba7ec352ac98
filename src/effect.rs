//! What is to be done. The only way out of [`crate::update::update`]; [`crate::exec`] and the sources carry it out.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::agent::AgentId;
use crate::domain::attention::hush::Hushes;
use crate::domain::brief::Draft;
use crate::domain::brief::facts::World;
use crate::domain::brief::handoff::Wanted;
use crate::domain::brief::lint::Aim;
use crate::domain::cluster::{Browsed, ObjectPlace};
use crate::domain::deliver::{BriefRef, Order, Receiver};
use crate::domain::drift::{DetailRequest, ObjectKey};
use crate::domain::evidence::known::Request;
use crate::domain::gate::change::RuleChange;
use crate::domain::gate::{Decision, Gate, GateId};
use crate::domain::notify::Notice;
use crate::domain::search::SearchRequest;
use crate::domain::sign_off::SignOff;
use crate::domain::task::Task;
use crate::domain::task::edit::Change;
use crate::domain::transcript::passage::{Form, Passage};
use crate::event::{KeptDraft, PageRequest, RecordPlace, SeekRequest, TaskUndo};

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
    /// Read the templates of briefs, and the drafts that were kept.
    OfferBriefs,
    /// Look at a brief while it is written; in place of one that was not looked at yet.
    CheckBrief(Box<LintRequest>),
    /// Keep a draft in a moment; in place of one that was not kept yet.
    KeepDraft(Box<KeptDraft>),
    /// Keep a draft before anything else is done.
    KeepDraftNow(Box<KeptDraft>),
    /// Remove a draft.
    DropDraft(String),
    /// Write a brief and copy the prompt that points to it.
    SaveBrief(Box<SaveBrief>),
    /// Read which files the context library has.
    ReadLibrary,
    /// Read a file of the library for being quoted.
    ReadExcerpt(String),
    /// Let the operator's own editor have the terminal, with this text.
    EditOutside(String),
    /// Read what an agent did, for the brief with which its work is handed on.
    HandOff(Box<Wanted>),
    /// Quote a passage of one agent's transcript in a brief for another.
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
    /// Read what the agent of a gate did, as far as the gate's conditions look at it.
    ReadGateFacts {
        /// The gate.
        gate: GateId,
        /// The agent's transcript.
        transcript: PathBuf,
        /// Id of the sub-agent that asks, as hooks know it; its own transcript is looked for beside the session's.
        sub_agent: Option<String>,
    },
    /// Put a changed session file in force, or note that a changed settings file was seen: exactly as it was shown.
    AcceptRules(Box<RuleChange>),
    /// Let whoever asked go without a decision.
    ReleaseGate(GateId),
    /// Note in the journal that a gate ended and nobody had decided it.
    NoteGate {
        /// The gate, in the state in which it ended.
        gate: Box<Gate>,
        /// Why it ended.
        why: &'static str,
    },
    /// Ask the cluster what applying an object would do, without storing it.
    CheckDrift {
        /// Name of the fabric.
        fabric: String,
        /// The object.
        key: ObjectKey,
    },
    /// Run a check of the operator's.
    RunCheck(Box<CheckRequest>),
    /// Stop a check that runs, by name.
    StopCheck(String),
    /// Read what a run of a check wrote.
    ReadCheck {
        /// What it is.
        title: String,
        /// Its file, relative to the session's state folder.
        file: String,
    },
    /// Look at what evidence is made from; in place of what was asked for before.
    LookAtEvidence(Box<Request>),
    /// Keep copies of what a sign-off cites, and note it in the journal.
    SignOff(Box<SignOff>),
    /// Read the journal.
    ReadJournal,
    /// Read in the journal what was done before.
    ReadPast,
    /// Read the saved briefs, and what was sent of them.
    ReadBriefs,
    /// Read a brief for being shown.
    ShowBrief(Box<BriefRef>),
    /// Read a brief for being written anew.
    ReopenBrief {
        /// The brief.
        brief: Box<BriefRef>,
        /// For whom, if one of the agents that are known.
        agent: Option<AgentId>,
    },
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
    /// Tell the operator, who may be looking elsewhere.
    Notify(Box<Notice>),
    /// Keep what hides needs; the note says in the journal what was done, if anybody did something.
    KeepHushes {
        /// Everything that hides needs.
        hushes: Hushes,
        /// What was done, and of which need: kind, title.
        note: Option<HushNote>,
    },
    /// The status bar of tmux shows this line from now on.
    StatusLine(String),
    /// End the program.
    Quit,
}

/// What the operator did with a need, for the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HushNote {
    /// `acknowledged`, `snoozed`, `muted`, `shown again`.
    pub what: &'static str,
    /// Kind of the need.
    pub kind: String,
    /// What the need is about.
    pub title: String,
    /// Why it was there.
    pub reason: String,
}

/// A brief that is to be looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct LintRequest {
    /// Generation of the answer.
    pub generation: u64,
    /// Its text.
    pub text: String,
    /// Who it is about and for.
    pub aim: Aim,
    /// What clusters and board have.
    pub world: Arc<World>,
}

/// A brief that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaveBrief {
    /// The brief.
    pub draft: Draft,
    /// For whom, if one of the agents that are known.
    pub agent: Option<AgentId>,
    /// Name of the draft that it was kept as, which is over then.
    pub kept: String,
    /// It is to be sent when it was written.
    pub send: bool,
    /// The work that it sends back, which the journal notes when it was written.
    pub retry: Option<Retry>,
}

/// Work that is sent back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// The task.
    pub task: String,
    /// Which attempt begins, from 1.
    pub attempt: u32,
    /// What was short.
    pub failed: Vec<String>,
}

/// A change of a task in the file that it was read from.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskChange {
    /// Digest of the file when it was read: another one is not changed.
    pub digest: String,
    /// The task as it was read.
    pub task: Arc<Task>,
    /// The change.
    pub change: Change,
}

/// A check that is to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRequest {
    /// Its name.
    pub name: String,
    /// The command line, for `sh -c`.
    pub run: String,
    /// Commit that is checked out in the session's root.
    pub head: Option<String>,
    /// The working tree has changes.
    pub dirty: bool,
    /// Now.
    pub at: Timestamp,
}

/// What one event asks for, in order.
pub type Effects = Vec<Effect>;
