//! What the operator can ask for: one table of actions behind keys, palette, help, footer and `docs/keys.md`.

pub mod keymap;

use std::fmt::Write;

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::config::layout::PaneKind;
use crate::domain::transcript::landmark::Landmark;

/// Something the operator wants. A key, a palette entry and a click all become one of these; [`ACTIONS`] says what each
/// of them does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    NextNeed,
    Acknowledge,
    Snooze,
    Mute,
    MuteAll,
    ShowHidden,
    Signals,
    Correct,
    Approve,
    Reject,
    Brief,
    SaveBrief,
    SendBrief,
    TurnPage,
    NextFinding,
    PreviousFinding,
    FixFinding,
    NextPart,
    PreviousPart,
    AddContext,
    ChooseAgent,
    EditOutside,
    UndoEdit,
    RedoEdit,
    SelectAll,
    DropDraft,
    HandOff,
    Relay,
    PassOn,
    Briefs,
    DeliverBrief,
    ResendBrief,
    CopyPointer,
    ShowBrief,
    EditBrief,
    CompareBrief,
    SendPrompt,
    NextReceiver,
    PreviousReceiver,
    LookAgain,
    MoveTask,
    UndoTask,
    SignOff,
    Retry,
    ShowClaim,
    SortTasks,
    ReverseTasks,
    Lanes,
    ColumnLeft,
    ColumnRight,
    NextLink,
    PreviousLink,
    FollowLink,
    Checks,
    RunCheck,
    StopCheck,
    ReadCheck,
    Copy,
    Open,
    Details,
    Fold,
    FoldAll,
    HideFinished,
    Down,
    Up,
    PageDown,
    PageUp,
    Top,
    Bottom,
    NextTurn,
    PreviousTurn,
    Next(Landmark),
    Previous(Landmark),
    Select,
    Quote,
    Record,
    CopyRecord,
    Reveal,
    Describe,
    Yaml,
    CopyLive,
    Owner,
    ShowDrift,
    Kinds,
    FaultsOnly,
    Sort,
    Reverse,
    Wide,
    Filter,
    Search,
    SearchAll,
    NextHit,
    PreviousHit,
    FocusNext,
    FocusPrevious,
    Focus(PaneKind),
    Zoom,
    NextLayout,
    NextTheme,
    Journal,
    FilterJournal,
    Palette,
    Help,
    Refresh,
    Reconnect,
    Back,
    Confirm,
    Suspend,
    Quit,
    NextPage,
    PreviousPage,
    Follow,
    ShowCommit,
    ShowLive,
    ShowApplication,
    DriftCheck,
    CopyPlace,
    DriftBrief,
}

/// Where an action can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// While panes have the keys: no popup, no text field.
    Panes,
    /// While one of these panes has the focus.
    In(&'static [PaneKind]),
    /// While the transcript has the focus, or a record of it is shown.
    Reading,
    /// While a record is shown.
    Record,
    /// While an object of a fabric is shown.
    DriftObject,
    /// While the drift has the focus, or an object of it is shown.
    Drift,
    /// While the cluster has the focus, or an object of it is shown.
    Objects,
    /// While an object of a cluster is shown.
    Live,
    /// While the attention queue has the focus, or an agent's signals are shown.
    Signals,
    /// While a brief is being written.
    Composer,
    /// While the journal is shown.
    Journal,
    /// While the checks are listed.
    Checks,
    /// While a task is shown.
    Task,
    /// While the saved briefs are listed.
    Briefs,
    /// While a prompt is about to be sent.
    Sending,
    /// While the agents are listed to which a passage can be passed on.
    Relay,
    /// While panes or a popup have the keys, but not a text field.
    Views,
    /// While a confirmation is asked for.
    Confirmation,
    /// Always, text fields included.
    Anywhere,
}

/// Where the keys go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Where {
    /// The pane with the focus.
    pub focus: PaneKind,
    /// A text field takes what is typed.
    pub typing: bool,
    /// A popup stands in front of the panes.
    pub popup: bool,
    /// That popup asks for a confirmation.
    pub confirming: bool,
    /// That popup shows a record.
    pub record: bool,
    /// That popup shows an object of a fabric.
    pub drift: bool,
    /// That popup shows an object of a cluster.
    pub live: bool,
    /// That popup shows an agent's signals.
    pub signals: bool,
    /// A brief is being written, and nothing stands in front of it.
    pub composer: bool,
    /// That popup shows the journal.
    pub journal: bool,
    /// That popup lists the checks.
    pub checks: bool,
    /// That popup shows a task.
    pub task: bool,
    /// That popup lists the saved briefs.
    pub briefs: bool,
    /// That popup shows a prompt that is about to be sent.
    pub sending: bool,
    /// That popup lists the agents to which a passage can be passed on.
    pub relay: bool,
}

impl Scope {
    /// True if an action of this scope can be asked for there.
    pub fn admits(self, here: Where) -> bool {
        let in_panes = !here.popup && !here.typing;
        match self {
            Self::Anywhere => true,
            Self::Panes => in_panes,
            Self::In(panes) => in_panes && panes.contains(&here.focus),
            Self::Reading => here.record || (in_panes && here.focus == PaneKind::Transcript),
            Self::Record => here.record,
            Self::DriftObject => here.drift,
            Self::Drift => here.drift || (in_panes && here.focus == PaneKind::Drift),
            Self::Objects => here.live || (in_panes && here.focus == PaneKind::Cluster),
            Self::Live => here.live,
            Self::Signals => here.signals || (in_panes && here.focus == PaneKind::Attention),
            Self::Composer => here.composer,
            Self::Journal => here.journal,
            Self::Checks => here.checks,
            Self::Task => here.task,
            Self::Briefs => here.briefs,
            Self::Sending => here.sending,
            Self::Relay => here.relay,
            Self::Views => !here.typing,
            Self::Confirmation => here.confirming,
        }
    }
}

/// One row of the table.
#[derive(Debug)]
pub struct Spec {
    /// The action.
    pub action: Action,
    /// Its name in configuration files and in the palette.
    pub name: &'static str,
    /// What it does, as a sentence without a full stop.
    pub doc: &'static str,
    /// A word for the footer; empty keeps it out of there.
    pub label: &'static str,
    /// Where it can be asked for.
    pub scope: Scope,
    /// Its keys, as `crokey` writes them.
    pub keys: &'static [&'static str],
}

const fn row(
    action: Action,
    name: &'static str,
    keys: &'static [&'static str],
    scope: Scope,
    label: &'static str,
    doc: &'static str,
) -> Spec {
    Spec { action, name, doc, label, scope, keys }
}

const ATTENTION: Scope = Scope::In(&[PaneKind::Attention]);
const AGENTS_OR_NEEDS: Scope = Scope::In(&[PaneKind::Agents, PaneKind::Attention, PaneKind::Transcript]);
const TASKS: Scope = Scope::In(&[PaneKind::Board]);
const BRIEFED: Scope = Scope::In(&[PaneKind::Board, PaneKind::Agents]);
const REVIEWED: Scope = Scope::In(&[PaneKind::Review, PaneKind::Board]);
const CHECKED: Scope = Scope::In(&[PaneKind::Board, PaneKind::Review]);
const AGENTS: Scope = Scope::In(&[PaneKind::Agents]);
const TRANSCRIPT: Scope = Scope::In(&[PaneKind::Transcript]);
const CLUSTER: Scope = Scope::In(&[PaneKind::Cluster]);
const TRANSCRIPTS: Scope = Scope::In(&[PaneKind::Transcript, PaneKind::Agents]);
const HANDOFF: Scope = Scope::In(&[PaneKind::Agents, PaneKind::Attention]);
const BRIEFS: Scope = Scope::In(&[PaneKind::Board, PaneKind::Agents, PaneKind::Transcript]);
const JUDGED: Scope = Scope::In(&[PaneKind::Cluster, PaneKind::Drift]);
const FOLDS: Scope = Scope::In(&[PaneKind::Transcript, PaneKind::Agents, PaneKind::Board, PaneKind::Drift]);
const FOLDS_ALL: Scope = Scope::In(&[PaneKind::Transcript, PaneKind::Board, PaneKind::Drift]);

/// Every action, in the order of help and palette.
#[rustfmt::skip]
pub const ACTIONS: &[Spec] = &[
    row(Action::NextNeed, "next-need", &["n"], Scope::Panes, "next", "Select the next thing that needs you"),
    row(Action::Acknowledge, "acknowledge", &["space"], ATTENTION, "seen", "Hide the need until its cause is gone; show a hidden one again"),
    row(Action::Snooze, "snooze", &["s"], ATTENTION, "snooze", "Hide the need for an hour"),
    row(Action::Mute, "mute", &["m"], ATTENTION, "mute", "Hide every need of this kind of this agent, fabric or cluster"),
    row(Action::MuteAll, "mute-all", &["shift-m"], ATTENTION, "", "Hide every need of this kind"),
    row(Action::ShowHidden, "show-hidden", &["h"], ATTENTION, "hidden", "Show what was acknowledged, snoozed or muted, or hide it again"),
    row(Action::Signals, "signals", &["!"], AGENTS_OR_NEEDS, "signals", "Show what was found about the agent, with the lines that prove it; enter goes there"),
    row(Action::Correct, "correct", &["b"], Scope::Signals, "correct", "Draft a corrective brief for the agent, with the evidence quoted"),
    row(Action::Approve, "approve", &["a"], Scope::Panes, "approve", "Approve the selected gate, after a confirmation"),
    row(Action::Reject, "reject", &["x"], Scope::Panes, "reject", "Reject the selected gate with a reason, after a confirmation"),
    row(Action::Brief, "brief", &["b"], BRIEFED, "brief", "Write a brief about the selected task, or for the selected agent, from a template or a draft"),
    row(Action::SaveBrief, "save-brief", &["ctrl-s"], Scope::Composer, "save", "Write the brief into its file and copy the prompt that points to it"),
    row(Action::SendBrief, "send-brief", &["alt-enter"], Scope::Composer, "send", "Write the brief into its file and hand it to its agent"),
    row(Action::TurnPage, "turn-page", &["tab"], Scope::Composer, "page", "Turn from the text to its preview, to what the lint has found, and back"),
    row(Action::NextFinding, "next-finding", &["alt-."], Scope::Composer, "finding", "Go to the next thing that the lint has found"),
    row(Action::PreviousFinding, "previous-finding", &["alt-,"], Scope::Composer, "", "Go to the previous thing that the lint has found"),
    row(Action::FixFinding, "fix-finding", &["alt-x"], Scope::Composer, "fix", "Put right what the lint has found here, where it says how"),
    row(Action::AddContext, "add-context", &["alt-i"], Scope::Composer, "library", "Take a file of the context library into the brief, to be read or as a quotation"),
    row(Action::ChooseAgent, "choose-agent", &["alt-a"], Scope::Composer, "agent", "Choose the agent that the brief is for"),
    row(Action::EditOutside, "edit-outside", &["alt-e"], Scope::Composer, "editor", "Edit the brief in $VISUAL or $EDITOR"),
    row(Action::NextPart, "next-part", &["alt-j"], Scope::Composer, "", "Go to the next heading of the brief"),
    row(Action::PreviousPart, "previous-part", &["alt-k"], Scope::Composer, "", "Go to the previous heading of the brief"),
    row(Action::UndoEdit, "undo-edit", &["alt-z"], Scope::Composer, "undo", "Take the last change of the text back"),
    row(Action::RedoEdit, "redo-edit", &["alt-y"], Scope::Composer, "", "Make the change again that was taken back"),
    row(Action::SelectAll, "select-all", &["alt-w"], Scope::Composer, "", "Select the whole text; shift and an arrow select a part of it"),
    row(Action::DropDraft, "drop-draft", &["alt-q"], Scope::Composer, "", "Throw the draft away, after a confirmation"),
    row(Action::HandOff, "hand-off", &["shift-h"], HANDOFF, "hand off", "Write the brief with which another agent takes over: what it was asked, did, left open and got wrong"),
    row(Action::Relay, "relay", &["t"], TRANSCRIPT, "pass on", "Pass what is selected, or the entry at the cursor, on to another agent in a brief that names its source"),
    row(Action::PassOn, "pass-on", &["enter"], Scope::Relay, "pass on", "Write the brief for the agent at the cursor, and begin to deliver it"),
    row(Action::Briefs, "briefs", &["shift-b"], BRIEFS, "briefs", "List the saved briefs with what was sent of them, to deliver, copy, show or compare one"),
    row(Action::DeliverBrief, "deliver-brief", &["enter"], Scope::Briefs, "deliver", "Deliver the prompt that points to the brief: shows the pane, the agent and the text first"),
    row(Action::ResendBrief, "resend-brief", &["r"], Scope::Briefs, "resend", "Deliver the brief once more to the agent that it was last sent to; asks when it may have arrived"),
    row(Action::CopyPointer, "copy-pointer", &["y"], Scope::Briefs, "copy", "Copy the prompt that points to the brief"),
    row(Action::ShowBrief, "show-brief", &["o", "space"], Scope::Briefs, "show", "Show the text of the brief, or the list again"),
    row(Action::EditBrief, "edit-brief", &["e"], Scope::Briefs, "edit", "Open the brief in the composer, as a new draft that says which one it comes from; the file stays as it is"),
    row(Action::CompareBrief, "compare-brief", &["d"], Scope::Briefs, "compare", "Compare the brief with the last one that was sent to the same agent"),
    row(Action::SendPrompt, "send-prompt", &["enter"], Scope::Sending, "send", "Send the prompt that is shown into the pane that is shown; asks when there is something to know first"),
    row(Action::NextReceiver, "next-receiver", &["tab", "right"], Scope::Sending, "another agent", "Choose the next agent to send the prompt to"),
    row(Action::PreviousReceiver, "previous-receiver", &["backtab", "shift-backtab", "left"], Scope::Sending, "", "Choose the previous agent to send the prompt to"),
    row(Action::LookAgain, "look-again", &["r"], Scope::Sending, "look again", "Look at the agent's pane again"),
    row(Action::MoveTask, "move-task", &["m"], TASKS, "move", "Give the selected task another status, or tick its criteria, in its file"),
    row(Action::UndoTask, "undo-task", &["u"], TASKS, "undo", "Take the last change of a task back, in its file"),
    row(Action::SignOff, "sign-off", &["s"], REVIEWED, "sign off", "Sign the task off, after a confirmation; with a reason where something that has to hold does not"),
    row(Action::Retry, "retry", &["r"], REVIEWED, "retry", "Send the task back: a brief with what was claimed and what is shown instead, each with its source"),
    row(Action::ShowClaim, "show-claim", &["shift-c"], Scope::In(&[PaneKind::Review]), "claim", "Go to where the claim at the cursor was made; enter goes to what is shown"),
    row(Action::SortTasks, "sort-tasks", &["o"], TASKS, "sort", "Order the tasks of a status by the next thing: file, activity, title, id, agent, progress"),
    row(Action::ReverseTasks, "reverse-tasks", &["shift-o"], TASKS, "", "Order the tasks the other way round"),
    row(Action::Lanes, "lanes", &["w"], TASKS, "lanes", "Give each file of the board a lane of its own, or put all of them together again"),
    row(Action::ColumnLeft, "column-left", &["left", "h"], TASKS, "", "Go to the column on the left, where the board is wide enough for columns"),
    row(Action::ColumnRight, "column-right", &["right", "l"], TASKS, "", "Go to the column on the right"),
    row(Action::NextLink, "next-link", &["tab", "right"], Scope::Task, "link", "Go to the next thing that is linked to the task: agent, commit, brief, gate, another task"),
    row(Action::PreviousLink, "previous-link", &["backtab", "shift-backtab", "left"], Scope::Task, "", "Go to the previous thing that is linked to the task"),
    row(Action::FollowLink, "follow-link", &["enter"], Scope::Task, "go there", "Go where the link leads"),
    row(Action::Checks, "checks", &["c"], CHECKED, "checks", "List your checks with what they came to, to run them"),
    row(Action::RunCheck, "run-check", &["enter"], Scope::Checks, "run", "Run the selected check in the background; its output is kept as evidence, and the journal notes it"),
    row(Action::StopCheck, "stop-check", &["x"], Scope::Checks, "stop", "Stop the selected check"),
    row(Action::ReadCheck, "check-output", &["o"], Scope::Checks, "output", "Show what the last run of the selected check wrote"),
    row(Action::Copy, "copy", &["y"], Scope::Panes, "copy", "Copy the selected line: a path, a name, an id, a text"),
    row(Action::Open, "open", &["enter"], Scope::Panes, "open", "Open what is selected: its details, or the pane it belongs to"),
    row(Action::Details, "details", &["i"], Scope::Panes, "details", "Show all that is known of what is selected, and where it comes from"),
    row(Action::Fold, "fold", &["space"], FOLDS, "fold", "Fold or unfold the entry at the cursor, the sub-agents of an agent, a status or lane of the board, or a fabric or state of the drift"),
    row(Action::FoldAll, "fold-all", &["shift-z"], FOLDS_ALL, "fold all", "Fold or unfold every entry, every status or lane of the board, or every state of the drift"),
    row(Action::HideFinished, "hide-finished", &["h"], AGENTS, "finished", "Hide finished agents, or show them again"),
    row(Action::FaultsOnly, "faults-only", &["f"], JUDGED, "faults", "Show only what is wrong, or everything again"),
    row(Action::NextPage, "next-page", &["tab", "right"], Scope::DriftObject, "page", "Go to the next page: fields, versions, YAML, file"),
    row(Action::PreviousPage, "previous-page", &["backtab", "shift-backtab", "left"], Scope::DriftObject, "", "Go to the previous page"),
    row(Action::Follow, "follow", &["enter"], Scope::DriftObject, "follow", "Go where the page points: the commit of a version, else the file at its line"),
    row(Action::ShowCommit, "show-commit", &["c"], Scope::DriftObject, "commit", "Show the commit of the version at the cursor, or the newest, in the git log"),
    row(Action::ShowLive, "show-live", &["o"], Scope::DriftObject, "live", "Show the object in the cluster"),
    row(Action::ShowApplication, "show-application", &["p"], Scope::DriftObject, "", "Show the Argo CD Application of the object in the cluster"),
    row(Action::DriftCheck, "drift-check", &["e"], Scope::Drift, "check", "Ask the cluster what applying the object would do, without storing it; it goes into the journal"),
    row(Action::CopyPlace, "copy-place", &["y"], Scope::DriftObject, "copy", "Copy the file and line of the object, or the commit of the version at the cursor"),
    row(Action::DriftBrief, "drift-brief", &["b"], Scope::Drift, "brief", "Write a brief about the object, from a template or a draft"),
    row(Action::NextTurn, "next-turn", &["]"], TRANSCRIPT, "turn", "Go to the next turn, anywhere in the file"),
    row(Action::PreviousTurn, "previous-turn", &["["], TRANSCRIPT, "", "Go to the previous turn, anywhere in the file"),
    row(Action::Next(Landmark::Prompt), "next-prompt", &["p"], TRANSCRIPT, "", "Go to the next prompt typed by a person"),
    row(Action::Previous(Landmark::Prompt), "previous-prompt", &["shift-p"], TRANSCRIPT, "", "Go to the previous prompt typed by a person"),
    row(Action::Next(Landmark::Error), "next-error", &["e"], TRANSCRIPT, "", "Go to the next error: a failed tool, an error of the API, a line that cannot be read"),
    row(Action::Previous(Landmark::Error), "previous-error", &["shift-e"], TRANSCRIPT, "error", "Go to the previous error"),
    row(Action::Next(Landmark::Change), "next-change", &["c"], TRANSCRIPT, "", "Go to the next call that changes a file"),
    row(Action::Previous(Landmark::Change), "previous-change", &["shift-c"], TRANSCRIPT, "", "Go to the previous call that changes a file"),
    row(Action::Next(Landmark::Call), "next-call", &["}"], TRANSCRIPT, "", "Go to the next tool call"),
    row(Action::Previous(Landmark::Call), "previous-call", &["{"], TRANSCRIPT, "", "Go to the previous tool call"),
    row(Action::Select, "select", &["v"], TRANSCRIPT, "select", "Begin to select rows at the cursor, or leave off; copy and quote then take them"),
    row(Action::Quote, "quote", &[">"], TRANSCRIPT, "quote", "Copy what is selected, or the entry at the cursor, as a Markdown quote that names its source"),
    row(Action::Record, "record", &["r"], TRANSCRIPT, "record", "Show the record at the cursor as it stands in its file"),
    row(Action::CopyRecord, "copy-record", &["y"], Scope::Record, "copy", "Copy the record that is shown, with its secrets hidden"),
    row(Action::Reveal, "reveal", &["ctrl-r"], Scope::Reading, "reveal", "Show what is hidden in the record, after a confirmation; it goes into the journal"),
    row(Action::Describe, "describe", &["d"], Scope::Objects, "describe", "Describe the selected object: health, drift, owners, conditions, events; once more reads it anew"),
    row(Action::Yaml, "yaml", &["shift-y"], Scope::Objects, "yaml", "Show the selected object as YAML, with its secrets hidden; once more reads it anew"),
    row(Action::CopyLive, "copy-object", &["y"], Scope::Live, "copy", "Copy the object that is shown as YAML, with its secrets hidden"),
    row(Action::Owner, "owner", &["o"], Scope::Live, "owner", "Go to the owner of the object that is shown"),
    row(Action::ShowDrift, "show-drift", &["6"], Scope::Live, "drift", "Go to the drift of the object that is shown"),
    row(Action::Kinds, "kinds", &["shift-k"], CLUSTER, "kinds", "Look at a kind: all that the cluster serves, by plural, kind or short name; `:` and the name does the same"),
    row(Action::Sort, "sort", &["o"], CLUSTER, "sort", "Sort the kind that is looked at by its next column"),
    row(Action::Reverse, "reverse", &["shift-o"], CLUSTER, "", "Sort the kind that is looked at the other way round"),
    row(Action::Wide, "wide", &["w"], CLUSTER, "wide", "Show the columns, too, that a kind keeps for wide screens, or hide them again"),
    row(Action::Down, "down", &["j", "down"], Scope::Views, "", "Go one line down"),
    row(Action::Up, "up", &["k", "up"], Scope::Views, "", "Go one line up"),
    row(Action::PageDown, "page-down", &["ctrl-d", "pagedown"], Scope::Views, "", "Go one page down"),
    row(Action::PageUp, "page-up", &["ctrl-u", "pageup"], Scope::Views, "", "Go one page up"),
    row(Action::Top, "top", &["g", "home"], Scope::Views, "", "Go to the first line"),
    row(Action::Bottom, "bottom", &["shift-g", "end"], Scope::Views, "", "Go to the last line; a transcript follows from there"),
    row(Action::Filter, "filter", &["/"], Scope::Panes, "filter", "Show only the lines that contain a text"),
    row(Action::Search, "search", &["s"], TRANSCRIPTS, "search", "Search the open transcript for a regular expression"),
    row(Action::SearchAll, "search-all", &["shift-s"], TRANSCRIPTS, "", "Search the transcripts of all agents for a regular expression"),
    row(Action::NextHit, "next-hit", &["."], TRANSCRIPT, "", "Go to the next hit of the last search, in whichever transcript it is"),
    row(Action::PreviousHit, "previous-hit", &[","], TRANSCRIPT, "", "Go to the previous hit of the last search"),
    row(Action::FocusNext, "focus-next", &["tab"], Scope::Panes, "", "Give the keys to the next pane"),
    row(Action::FocusPrevious, "focus-previous", &["backtab", "shift-backtab"], Scope::Panes, "", "Give the keys to the previous pane"),
    row(Action::Focus(PaneKind::Board), "focus-board", &["1"], Scope::Panes, "", "Go to the board"),
    row(Action::Focus(PaneKind::Agents), "focus-agents", &["2"], Scope::Panes, "", "Go to the agents"),
    row(Action::Focus(PaneKind::Transcript), "focus-transcript", &["3"], Scope::Panes, "", "Go to the transcript"),
    row(Action::Focus(PaneKind::Git), "focus-git", &["4"], Scope::Panes, "", "Go to the git log"),
    row(Action::Focus(PaneKind::Cluster), "focus-cluster", &["5"], Scope::Panes, "", "Go to the cluster"),
    row(Action::Focus(PaneKind::Drift), "focus-drift", &["6"], Scope::Panes, "", "Go to the drift"),
    row(Action::Focus(PaneKind::Attention), "focus-attention", &["7"], Scope::Panes, "", "Go to the attention queue"),
    row(Action::Focus(PaneKind::Review), "focus-review", &["8"], Scope::Panes, "", "Go to the review"),
    row(Action::Zoom, "zoom", &["z", "+"], Scope::Panes, "zoom", "Give the whole screen to the pane, or back"),
    row(Action::NextLayout, "next-layout", &["shift-l"], Scope::Panes, "", "Change to the next layout"),
    row(Action::NextTheme, "next-theme", &["shift-t"], Scope::Panes, "", "Change to the next theme"),
    row(Action::Journal, "journal", &["@"], Scope::Panes, "journal", "Show the journal of what was done here"),
    row(Action::FilterJournal, "filter-journal", &["/"], Scope::Journal, "filter", "Show only the records of the journal that contain a text; kind:gate, task:T-1 or agent:NAME ask one field"),
    row(Action::Palette, "palette", &[":", "ctrl-k"], Scope::Panes, "palette", "Find an action by name, or look at a kind of the cluster"),
    row(Action::Help, "help", &["?", "f1"], Scope::Panes, "help", "Show the keys"),
    row(Action::Refresh, "refresh", &["shift-r", "f5"], Scope::Panes, "", "Look again at every source, now"),
    row(Action::Reconnect, "reconnect", &["c"], CLUSTER, "", "Ask the cluster at the cursor again, now"),
    row(Action::Back, "back", &["esc"], Scope::Anywhere, "back", "Leave a popup, a text field, a filter, a kind, a zoom or the composer, whose draft is kept; never changes anything"),
    row(Action::Confirm, "confirm", &["y"], Scope::Confirmation, "yes", "Confirm what is asked; every other key means no"),
    row(Action::Suspend, "suspend", &["ctrl-z"], Scope::Anywhere, "", "Stop the program until the shell continues it"),
    row(Action::Quit, "quit", &["q", "ctrl-c"], Scope::Views, "quit", "Quit; agents that wait at a gate are refused"),
];

/// The row of an action.
pub fn spec(action: Action) -> Option<&'static Spec> {
    ACTIONS.iter().find(|spec| spec.action == action)
}

/// The action of a name.
pub fn by_name(name: &str) -> Option<Action> {
    ACTIONS.iter().find(|spec| spec.name == name).map(|spec| spec.action)
}

/// True if an action can be asked for there.
pub fn applies(action: Action, here: Where) -> bool {
    spec(action).is_some_and(|spec| spec.scope.admits(here))
}

/// Actions for the palette: those whose name or doc fit what was typed, the best first; all of them before anything is.
pub fn matching(typed: &str) -> Vec<Action> {
    let offered = ACTIONS.iter().filter(|row| !matches!(row.action, Action::Confirm | Action::Palette | Action::Back));
    let pattern = Pattern::parse(typed, CaseMatching::Ignore, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut characters = Vec::new();
    let mut found: Vec<(u32, Action)> = offered
        .filter_map(|row| {
            let text = format!("{} {}", row.name, row.doc);
            let score = pattern.score(Utf32Str::new(&text, &mut characters), &mut matcher)?;
            Some((score, row.action))
        })
        .collect();
    // Stable: among equals the order of the table stands.
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    found.into_iter().map(|(_, action)| action).collect()
}

/// Every name, for checking configuration files.
pub fn names() -> Vec<&'static str> {
    ACTIONS.iter().map(|spec| spec.name).collect()
}

/// The table as Markdown: `docs/keys.md` and `hnpwb generate keys`.
pub fn document() -> String {
    let mut text = String::from(
        "# Keys\n\nWritten by `hnpwb generate keys` from the one table of actions (`src/action.rs`). \
         Keys can be changed in `config.toml`, table `[keys]`: `\"ctrl-l\" = \"refresh\"`.\n\n\
         | key | action | what it does | where |\n| --- | --- | --- | --- |\n",
    );
    for spec in ACTIONS {
        let keys: Vec<String> = spec.keys.iter().map(|key| format!("`{key}`")).collect();
        // Writing into a string cannot fail.
        let _ = writeln!(text, "| {} | {} | {} | {} |", keys.join(" "), spec.name, spec.doc, place(spec.scope));
    }
    text
}

fn place(scope: Scope) -> String {
    match scope {
        Scope::Panes => "panes".to_owned(),
        Scope::In(panes) => panes.iter().map(|pane| pane.name()).collect::<Vec<_>>().join(", "),
        Scope::Reading => "transcript, its records".to_owned(),
        Scope::Record => "records".to_owned(),
        Scope::DriftObject => "objects of the drift".to_owned(),
        Scope::Drift => "drift, its objects".to_owned(),
        Scope::Objects => "cluster, its objects".to_owned(),
        Scope::Live => "objects of a cluster".to_owned(),
        Scope::Signals => "attention, signals".to_owned(),
        Scope::Composer => "composer".to_owned(),
        Scope::Journal => "journal".to_owned(),
        Scope::Checks => "checks".to_owned(),
        Scope::Task => "tasks".to_owned(),
        Scope::Briefs => "saved briefs".to_owned(),
        Scope::Sending => "before a prompt is sent".to_owned(),
        Scope::Relay => "agents to pass on to".to_owned(),
        Scope::Views => "panes and popups".to_owned(),
        Scope::Confirmation => "confirmations".to_owned(),
        Scope::Anywhere => "anywhere".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{ACTIONS, Action, by_name, matching, spec};

    #[test]
    fn every_action_stands_once_under_a_name_of_its_own_with_a_doc_and_a_key() {
        let mut names = HashSet::new();
        let mut actions = HashSet::new();
        for row in ACTIONS {
            assert!(names.insert(row.name), "{} stands twice", row.name);
            assert!(actions.insert(row.action), "{:?} stands twice", row.action);
            assert!(!row.doc.is_empty() && !row.keys.is_empty(), "{} lacks a doc or a key", row.name);
            assert_eq!(by_name(row.name), Some(row.action));
            assert_eq!(spec(row.action).map(|found| found.name), Some(row.name));
        }
    }

    #[test]
    fn the_palette_finds_by_parts_of_words_and_offers_everything_at_first() {
        assert_eq!(matching("nxlay").first(), Some(&Action::NextLayout));
        assert_eq!(matching("whole screen").first(), Some(&Action::Zoom));
        assert!(matching("zzzz").is_empty());
        assert!(matching("").len() > 20);
    }
}
