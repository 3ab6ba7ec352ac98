//! What happened. The only way into [`crate::update::update`], and closed on purpose: a new kind of news is a new variant.

mod brief;
mod redacted;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crossterm::event::KeyEvent;
use jiff::Timestamp;

use crate::action::Action;
use crate::config::layout::PaneKind;
use crate::domain::agent::{Agent, AgentId};
use crate::domain::brief::Draft;
use crate::domain::check::CheckRun;
use crate::domain::cluster::{ClusterView, LiveDetail, ObjectPlace, ServedKind, TableNews};
use crate::domain::commit::RepoLog;
use crate::domain::deliver::{Sent, Sight};
use crate::domain::drift::{DriftCheck, DriftDetail, DriftView, ObjectKey};
use crate::domain::evidence::known::Gathered;
use crate::domain::fault::Fault;
use crate::domain::gate::change::RuleChange;
use crate::domain::gate::require::AgentFact;
use crate::domain::gate::{Decision, Gate, GateId};
use crate::domain::link::{BriefNote, Mention};
use crate::domain::search::SearchNews;
use crate::domain::sign_off::{Reviews, SignOff};
use crate::domain::task::Task;
use crate::domain::task::edit::Edit;
use crate::domain::transcript::Entry;
use crate::domain::transcript::landmark::Landmark;
use crate::domain::transcript::passage::Form;

pub use brief::{BriefChecked, BriefDone, BriefOffer, BriefPage, BriefsRead, KeptDraft, LibraryNews, PageLine};

/// Something that happened outside `update`.
#[derive(Debug, Clone)]
pub enum Event {
    /// From the terminal.
    Input(Input),
    /// Time has passed, and ages on screen with it.
    Wake,
    /// A frame was drawn with other sizes than the one before.
    Drawn(Viewports),
    /// Every agent known, whenever one of them changes. Latest wins.
    Agents(AgentsNews),
    /// About the transcript that is open. In order, never dropped.
    Transcript(TranscriptNews),
    /// Every task known. Latest wins.
    Board(BoardNews),
    /// The repositories. Latest wins.
    Git(GitNews),
    /// One cluster. Latest wins, by context.
    Cluster(ClusterView),
    /// The kinds of one cluster. In order, never dropped.
    Kinds(KindsNews),
    /// The kind that is looked at. In order, never dropped.
    Table(TableNews),
    /// About the search that runs. In order, never dropped.
    Search(SearchNews),
    /// One fabric. Latest wins, by fabric.
    Drift(DriftView),
    /// A gate was asked for or ended. In order, never dropped.
    Gate(GateNews),
    /// Files that decide about gates differ from what was accepted. Latest wins.
    Rules(RulesNews),
    /// What the journal tells of the time before.
    Past(Box<PastNews>),
    /// About a check of the operator's. In order, never dropped.
    Check(CheckNews),
    /// What evidence is made from. Latest wins.
    Evidence(Arc<Gathered>),
    /// A source could not do its work at all; its pane keeps what it last had.
    SourceFault(SourceId, Fault),
    /// An effect was carried out.
    Done(Done),
    /// The process is asked to end (SIGTERM, SIGHUP, the terminal is gone).
    Quit,
}

/// From the terminal.
#[derive(Debug, Clone)]
pub enum Input {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted: never taken as keys.
    Paste(String),
    /// The mouse did something.
    Mouse(Mouse),
    /// The terminal has a new size, in columns and rows.
    Resize(u16, u16),
    /// The terminal window got or lost the focus.
    Focus(bool),
}

/// What the mouse did, and on what: the loop has looked the place up in the last frame's hit map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mouse {
    /// What it did.
    pub kind: MouseKind,
    /// What was there; nothing reacts to what was not drawn.
    pub target: Option<Target>,
}

/// What the mouse did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MouseKind {
    /// The left button went down.
    Press,
    /// The wheel turned by this many lines; down is positive.
    Scroll(i16),
}

/// Something on the screen that the mouse can be on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A pane, beside its rows.
    Pane(PaneKind),
    /// A row of a pane's list.
    Row(PaneKind, usize),
    /// A key of the footer.
    Key(Action),
}

/// Sizes of what was drawn: what `update` must know to scroll by rows. Sent after a frame whose sizes are new.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Viewports {
    /// Columns and rows inside each visible pane.
    pub panes: Vec<(PaneKind, (u16, u16))>,
    /// Columns and rows inside the popup, if there is one.
    pub popup: (u16, u16),
}

/// Sources whose age the status line shows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceId {
    /// Discovery and tails of transcripts, with the session registry.
    Agents,
    /// The transcript that is open.
    Transcript,
    /// Board files.
    Board,
    /// Git repositories.
    Git,
    /// One cluster, by context.
    Cluster(String),
    /// One fabric, by name.
    Drift(String),
    /// The gate socket.
    Gates,
    /// The session file and the agents' settings, as far as they decide about gates.
    Rules,
    /// What evidence is made from.
    Evidence,
}

/// Every agent known.
#[derive(Debug, Clone, Default)]
pub struct AgentsNews {
    /// Agents, in the order of their ids.
    pub agents: Vec<Agent>,
    /// What could not be read.
    pub faults: Vec<Fault>,
    /// True while directories are polled because they cannot be watched.
    pub polling: bool,
    /// How many transcripts were read whole, of how many; `None` when all of them were.
    pub figures: Option<(usize, usize)>,
    /// What their prompts named that may be tasks.
    pub mentions: Vec<Mention>,
    /// When this was last known to be current.
    pub as_of: Timestamp,
}

/// About the transcript that is open. News of another generation than the one last asked for is stale.
#[derive(Debug, Clone)]
pub struct TranscriptNews {
    /// The generation of the request this answers.
    pub generation: u64,
    /// What happened.
    pub what: TranscriptChange,
}

/// What happened to the open transcript.
#[derive(Debug, Clone)]
pub enum TranscriptChange {
    /// A page that was asked for.
    Page(Page),
    /// New records at the end of the file.
    Appended {
        /// The new entries.
        entries: Vec<Entry>,
        /// Offset just behind the last complete line read.
        end: u64,
    },
    /// The file was truncated, replaced or deleted; everything shown is void. A page follows when there is a file.
    Reset {
        /// What happened to it.
        why: String,
    },
    /// It could not be read.
    Fault(Fault),
    /// About a landmark that was asked for.
    Seek(SeekNews),
}

/// A landmark that is looked for outside the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeekRequest {
    /// What is looked for.
    pub landmark: Landmark,
    /// Offset of the beginning of a record: records from there on, or those that end there.
    pub from: u64,
    /// True towards the end of the file.
    pub forward: bool,
}

/// About a landmark that is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeekNews {
    /// What was asked for.
    pub request: SeekRequest,
    /// How far it is.
    pub what: SeekChange,
}

/// How far the search for a landmark is. All but the first end it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SeekChange {
    /// So many bytes were looked at, of so many.
    Looked {
        /// Bytes looked at.
        bytes: u64,
        /// Bytes there are to look at.
        of: u64,
    },
    /// The nearest one: the offset of its record, and its place among the record's entries.
    Found(u64, usize),
    /// There is none as far as the file goes.
    Nothing,
    /// The file is not the one any more that was asked about.
    Lost,
    /// It could not be read.
    Fault(Fault),
}

/// Consecutive records of a transcript.
#[derive(Debug, Clone)]
pub struct Page {
    /// Which page was asked for.
    pub request: PageRequest,
    /// Its entries, in file order.
    pub entries: Vec<Entry>,
    /// Offset of the first record.
    pub start: u64,
    /// Offset just behind the last record.
    pub end: u64,
    /// Bytes in the file when it was read.
    pub size: u64,
}

/// Which records are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageRequest {
    /// The last ones.
    End,
    /// The first ones.
    Start,
    /// Those that end just before this offset.
    Before(u64),
    /// Those that begin at this offset.
    From(u64),
    /// Those before and behind the record that begins at this offset, and it.
    Around(u64),
}

/// Every task known.
#[derive(Debug, Clone, Default)]
pub struct BoardNews {
    /// Tasks, by file and line.
    pub tasks: Vec<Arc<Task>>,
    /// Files that make up the board.
    pub files: Vec<PathBuf>,
    /// Digests of those that can be written back: their bytes are text.
    pub digests: BTreeMap<PathBuf, String>,
    /// What could not be read.
    pub faults: Vec<Fault>,
    /// When this was last known to be current.
    pub as_of: Timestamp,
}

/// The repositories.
#[derive(Debug, Clone, Default)]
pub struct GitNews {
    /// Repositories, in the order of the session.
    pub repos: Vec<RepoLog>,
    /// What could not be read.
    pub faults: Vec<Fault>,
    /// When this was last known to be current.
    pub as_of: Timestamp,
}

/// Files that decide about gates.
#[derive(Debug, Clone, Default)]
pub struct RulesNews {
    /// Every file that differs from what was accepted.
    pub changes: Vec<RuleChange>,
}

/// About gates.
#[derive(Debug, Clone)]
pub enum GateNews {
    /// Somebody waits.
    Requested(Box<Gate>),
    /// Whoever asked went away before a decision.
    Abandoned(GateId, Timestamp),
    /// Nobody decided in time.
    Expired(GateId, Timestamp),
    /// Another workbench has the gates of this session: all of them.
    Elsewhere(Box<GatesElsewhere>),
}

/// Gates that another workbench decides about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatesElsewhere {
    /// Those that wait, then those that ended lately, as that one lists them.
    pub gates: Vec<Gate>,
    /// Which one that is, and why they are not decided here.
    pub fault: Fault,
}

/// What the journal tells of the time before, without secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PastNews {
    /// The latest run of each check.
    pub checks: Vec<CheckRun>,
    /// Briefs that were written, oldest first.
    pub briefs: Vec<BriefNote>,
    /// Sign-offs, and work that was sent back.
    pub reviews: Reviews,
}

/// About a check of the operator's.
#[derive(Debug, Clone)]
pub struct CheckNews {
    /// Its name.
    pub name: String,
    /// What is new.
    pub change: CheckChange,
}

/// What is new of a check.
#[derive(Debug, Clone)]
pub enum CheckChange {
    /// It runs.
    Running {
        /// The last line that it wrote.
        line: String,
        /// Bytes that it wrote.
        bytes: u64,
    },
    /// It has ended, and the journal has noted how.
    Ended(Box<CheckRun>),
    /// It could not be run, or not be noted.
    Failed(Fault),
}

/// An effect was carried out, or was not.
#[derive(Debug, Clone)]
pub enum Done {
    /// A brief was written; the prompt that points to it was copied, or not.
    Brief(Result<Box<BriefDone>, Fault>),
    /// The templates and the drafts were read.
    BriefOffer(Box<BriefOffer>),
    /// A brief was looked at while it is written.
    BriefChecked(Box<BriefChecked>),
    /// A draft was kept or removed at once, or could not be.
    Draft(Result<(), Fault>),
    /// The context library was read; once more when the commits of its files are known.
    Library(Box<LibraryNews>),
    /// A file of the library was read for being quoted.
    Excerpt(String, Result<String, Fault>),
    /// The operator's editor has ended; what it has left.
    Edited(Result<String, Fault>),
    /// Text was copied.
    Copied(Result<CopyDone, Fault>),
    /// A decision was written into the journal and handed to whoever waits.
    Decided {
        /// The gate.
        gate: GateId,
        /// The decision.
        decision: Decision,
        /// When it was handed over, or why it could not be.
        outcome: Result<Timestamp, Fault>,
    },
    /// What hides needs was kept, or was not.
    Hushed(Result<(), Fault>),
    /// What the agent of a gate did was read out of its transcript.
    GateFacts(GateId, Result<AgentFact, Fault>),
    /// A changed session file or settings file was accepted, or could not be.
    RulesAccepted(Result<Box<RuleChange>, Fault>),
    /// The journal was read for the journal popup, newest last.
    Journal(Result<Vec<String>, Fault>),
    /// What a check wrote was read: what it is, and its text.
    CheckOutput(String, Result<String, Fault>),
    /// A sign-off was written, with the copies of what it cites; or was not.
    SignedOff(Result<Box<SignOff>, Fault>),
    /// The journal has noted that the work on a task (by id) was sent back, and what was short; or could not.
    SentBack(Result<(String, Vec<String>), Fault>),
    /// A task was changed in its file, or was not.
    Task(Result<TaskWritten, Fault>),
    /// A cluster said what applying an object would do, or could not be asked.
    Checked(Box<DriftCheck>),
    /// Another worker was told to look again.
    Refreshed,
    /// A passage was copied with its source, or not.
    Passage(Result<PassageDone, Fault>),
    /// A record was read.
    Record(RecordPlace, Result<RawRecord, Fault>),
    /// The journal has noted that a record is shown without anything hidden; this is its text.
    Revealed(RecordPlace, Result<Revealed, Fault>),
    /// An object of a cluster was read whole.
    Object(ObjectPlace, Result<Box<LiveDetail>, Fault>),
    /// An object of a fabric was looked at closely.
    DriftDetail(Box<DetailNews>),
    /// A brief was made from what an agent did or said, for this agent if for one; the composer has it next.
    Made(Result<Box<Draft>, Fault>, Option<AgentId>),
    /// The saved briefs and what was sent of them were read.
    Briefs(Result<BriefsRead, Fault>),
    /// A brief was read for being shown, or compared with another.
    BriefPage(Result<BriefPage, Fault>),
    /// The pane of an agent was looked at.
    PaneSeen(AgentId, Result<Box<Sight>, Fault>),
    /// A prompt was sent, or was not; the journal has it.
    Sent(Box<Sent>),
}

/// The kinds of one cluster.
#[derive(Debug, Clone)]
pub struct KindsNews {
    /// The context.
    pub context: String,
    /// The kinds that can be listed, in the order of the server.
    pub kinds: Vec<ServedKind>,
}

/// A task that was changed in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskWritten {
    /// What was done: `Show drift is done now`.
    pub what: String,
    /// What takes it back; none when it was itself taken back.
    pub undo: Option<TaskUndo>,
    /// The file.
    pub file: PathBuf,
    /// Digest of the file as it is now.
    pub digest: String,
}

/// What takes a change of a task back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskUndo {
    /// The file.
    pub file: PathBuf,
    /// Digest of the file after the change: of another it is not taken back.
    pub digest: String,
    /// The bytes that were there.
    pub edit: Edit,
    /// What was done.
    pub what: String,
}

/// All there is to know of an object of a fabric, without secrets.
#[derive(Debug, Clone)]
pub struct DetailNews {
    /// Name of the fabric.
    pub fabric: String,
    /// The object, as it was asked for.
    pub key: ObjectKey,
    /// What was found, or why nothing was.
    pub detail: Result<DriftDetail, Fault>,
}

/// A passage that was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassageDone {
    /// `passage` or `quote`.
    pub form: Form,
    /// Lines of what was copied, its source included.
    pub lines: usize,
    /// Bytes of it.
    pub bytes: usize,
    /// What became of the copy.
    pub copy: CopyDone,
}

/// Where a record stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordPlace {
    /// The file.
    pub file: PathBuf,
    /// Offset of its line.
    pub offset: u64,
}

/// A record as it stands in its file, readable and with its secrets hidden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRecord {
    /// Its text, safe to draw.
    pub text: String,
    /// How many secrets are hidden in it.
    pub hidden: usize,
    /// Its length in bytes.
    pub bytes: u64,
    /// Digest of what was read of it: tells whether it is still the same.
    pub digest: String,
}

/// A record with nothing hidden: never written, never copied, never told by `Debug`, and wiped when it is let go.
#[derive(Clone, PartialEq, Eq)]
pub struct Revealed(String);

impl Revealed {
    /// Takes a text that is safe to draw.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Revealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Revealed({} bytes)", self.0.len())
    }
}

impl Drop for Revealed {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.0).into_bytes();
        bytes.fill(0);
        // Without this the write would be left out: nobody reads it.
        std::hint::black_box(&bytes);
    }
}

/// What became of a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyDone {
    /// Which way it went.
    pub route: CopyRoute,
    /// It was read back and is the same.
    pub confirmed: bool,
    /// File that holds the text in any case.
    pub file: Option<PathBuf>,
}

impl CopyDone {
    /// The truth about it, in one phrase.
    pub fn words(&self) -> String {
        let route = match self.route {
            CopyRoute::Tmux => "copied through tmux",
            CopyRoute::Osc52 => "sent to the terminal (OSC 52)",
            CopyRoute::FileOnly => "not copied",
        };
        let sure = if self.confirmed { "confirmed" } else { "not confirmed" };
        match (&self.file, self.confirmed) {
            (Some(file), false) => format!("{route}, {sure}; the text is in {}", file.display()),
            _ => format!("{route}, {sure}"),
        }
    }
}

/// Ways to a clipboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyRoute {
    /// `tmux load-buffer -w -`.
    Tmux,
    /// The terminal's OSC 52 sequence.
    Osc52,
    /// No clipboard was reached; the file alone holds the text.
    FileOnly,
}
