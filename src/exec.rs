//! Execution: each file carries out one kind of effect and answers with an event.

use std::io;
use std::path::PathBuf;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use crate::config;
use crate::config::session::LibrarySpec;
use crate::domain::agent::AgentId;
use crate::domain::attention::hush::Hushes;
use crate::domain::brief::handoff::Wanted;
use crate::domain::brief::relay;
use crate::domain::deliver::{BriefRef, Order, Receiver};
use crate::domain::drift::ObjectKey;
use crate::domain::fault::Fault;
use crate::domain::gate::change::RuleChange;
use crate::domain::gate::{Decision, Gate, GateId};
use crate::domain::notify::{Notice, Notify};
use crate::domain::sign_off::SignOff;
use crate::domain::transcript::passage::{Form, Passage};
use crate::effect::{CheckRequest, HushNote, LintRequest, SaveBrief, TaskChange};
use crate::event::{BriefDone, BriefOffer, Done, Event, KeptDraft, LibraryNews, RecordPlace, SourceId, TaskUndo};
use crate::source::Outbox;
use crate::source::drift::Workers;
use crate::source::gates::Gates;
use crate::source::hooks::HookDesk;
use crate::source::library;
use crate::source::rules::RuleDesk;

pub mod board;
pub mod brief;
pub mod check;
pub mod clipboard;
pub mod deliver;
pub mod desk;
pub mod draft;
pub mod editor;
pub mod exact;
pub mod gate;
pub mod hush;
pub mod journal;
pub mod notify;
pub mod past;
pub mod record;
pub mod replace;
pub mod rules;
pub mod settings;
pub mod sign_off;
pub mod tmux;

use clipboard::Tmux;
use desk::Desk;
use draft::Drafts;

/// Records that the journal popup shows.
const JOURNAL_LINES: usize = 500;

/// What carrying effects out needs. Every effect runs as a task of its own and answers through the outbox.
#[derive(Debug, Clone)]
pub struct Hands {
    /// The session's `.hnpwb`.
    pub state_dir: PathBuf,
    /// The session's root.
    pub root: PathBuf,
    /// The session only looks at its clusters.
    pub read_only: bool,
    /// How the operator is told.
    pub notify: Notify,
    /// Claude Code's folders.
    pub claude_dirs: Vec<PathBuf>,
    /// The folder of this user's sockets and locks.
    pub runtime: PathBuf,
    /// What hooks told last.
    pub hooks: HookDesk,
    /// The gates' socket; none when it could not be opened.
    pub gates: Option<Gates>,
    /// The rules in force; none when another workbench keeps them.
    pub rules: Option<RuleDesk>,
    /// Where answers go.
    pub outbox: Outbox,
    /// Bytes for the terminal, written between two frames.
    pub terminal: mpsc::Sender<Vec<u8>>,
    /// Folders of templates of briefs.
    pub templates: Vec<PathBuf>,
    /// What belongs to the context library.
    pub library: LibrarySpec,
    /// Looks at briefs while they are written.
    pub desk: Desk,
    /// Briefs that are being written.
    pub drafts: Drafts,
    /// Tasks that are to end before the program does.
    pub tasks: TaskTracker,
    /// Sign-offs are noted on their commits, too.
    pub git_notes: bool,
    /// The operator's checks that run.
    pub checks: check::Checks,
}

impl Hands {
    /// Writes a brief and copies the prompt that points to it; the draft that it was is over then.
    pub fn save_brief(&self, save: SaveBrief, now: Timestamp) {
        let hands = self.clone();
        self.answer(async move {
            let tmux = Tmux::from_env();
            let mut write = |bytes: &[u8]| hands.write(bytes);
            let SaveBrief { draft, agent, kept, send, retry } = save;
            let saved = brief::save(hands.place(), draft, agent, tmux.as_ref(), Some(&mut write), now).await;
            if let Some(retry) = retry.filter(|_| saved.is_ok()) {
                hands.outbox.send(Event::Done(brief::note_retry(hands.place(), retry, now).await)).await;
            }
            if saved.is_ok()
                && let Err(fault) = hands.blocking("removing the draft", move |hands| hands.drafts.drop(&kept)).await
            {
                tracing::warn!("{fault}");
            }
            Done::Brief(saved.map(|done| Box::new(BriefDone { send, ..done })))
        });
    }

    /// Reads templates and drafts.
    pub fn offer_briefs(&self) {
        let hands = self.clone();
        self.answer(async move {
            let read = hands.blocking("reading templates", |hands| {
                let (templates, faults) = config::brief::templates(&hands.templates);
                Ok(BriefOffer { templates, drafts: draft::list(&hands.state_dir), faults })
            });
            let offer = read.await.unwrap_or_else(|fault| BriefOffer { faults: vec![fault], ..BriefOffer::default() });
            Done::BriefOffer(Box::new(offer))
        });
    }

    /// Looks at a brief.
    pub fn check_brief(&self, request: LintRequest) {
        self.desk.check(request);
    }

    /// Keeps a draft in a moment.
    pub fn keep_draft(&self, draft: KeptDraft) {
        self.drafts.keep(draft);
    }

    /// Keeps a draft; the program does not end before.
    pub fn keep_draft_now(&self, draft: KeptDraft) {
        let hands = self.clone();
        self.answer(async move {
            Done::Draft(hands.blocking("keeping the draft", move |hands| hands.drafts.keep_now(&draft)).await)
        });
    }

    /// Removes a draft.
    pub fn drop_draft(&self, name: String) {
        let hands = self.clone();
        self.answer(async move {
            Done::Draft(hands.blocking("removing the draft", move |hands| hands.drafts.drop(&name)).await)
        });
    }

    /// Reads the context library: what is there, then when it was committed.
    pub fn read_library(&self) {
        let hands = self.clone();
        self.tasks.spawn(async move {
            let read = hands.blocking("reading the library", |hands| {
                let (items, faults) = library::read(&hands.root, &hands.library, hands.outbox.redactor());
                Ok(LibraryNews { items, faults })
            });
            let news = read.await.unwrap_or_else(|fault| LibraryNews { faults: vec![fault], ..LibraryNews::default() });
            hands.outbox.send(Event::Done(Done::Library(Box::new(news.clone())))).await;
            let dated = hands.blocking("reading the library", move |hands| {
                let mut news = news;
                library::add_commits(&hands.root, &mut news.items);
                Ok(news)
            });
            if let Ok(news) = dated.await {
                hands.outbox.send(Event::Done(Done::Library(Box::new(news)))).await;
            }
        });
    }

    /// Reads a file of the library.
    pub fn read_excerpt(&self, path: String) {
        let hands = self.clone();
        self.answer(async move {
            let file = path.clone();
            let read =
                hands.blocking("reading", move |hands| library::text(&hands.root, &file, hands.outbox.redactor()));
            Done::Excerpt(path, read.await)
        });
    }

    /// Does work that blocks, away from the runtime's own threads.
    async fn blocking<T: Send + 'static>(
        &self,
        doing: &str,
        work: impl FnOnce(&Self) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let hands = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&hands)).await;
        done.unwrap_or_else(|error| Err(Fault::new(doing, "", error, "the log says more")))
    }

    /// Changes a task in its file.
    pub fn change_task(&self, change: TaskChange, now: Timestamp) {
        let hands = self.clone();
        self.answer(async move { board::change(change, hands.book(now)).await });
    }

    /// Takes a change of a task back.
    pub fn undo_task(&self, undo: TaskUndo, now: Timestamp) {
        let hands = self.clone();
        self.answer(async move { board::undo(undo, hands.book(now)).await });
    }

    fn book(&self, now: Timestamp) -> board::Book<'_> {
        board::Book { state_dir: &self.state_dir, now, redactor: self.outbox.redactor() }
    }

    /// Copies a text.
    pub fn copy(&self, text: String, what: String, now: Timestamp) {
        let hands = self.clone();
        self.answer(async move {
            let tmux = Tmux::from_env();
            let mut write = |bytes: &[u8]| hands.write(bytes);
            let (folder, redactor) = (&hands.state_dir, hands.outbox.redactor());
            clipboard::carry_out(&text, &what, tmux.as_ref(), Some(&mut write), folder, now, redactor).await
        });
    }

    /// Copies a passage of a transcript with its source.
    pub fn copy_passage(&self, passage: Passage, form: Form, now: Timestamp) {
        let hands = self.clone();
        self.answer(async move {
            let tmux = Tmux::from_env();
            let mut write = |bytes: &[u8]| hands.write(bytes);
            let (folder, redactor) = (&hands.state_dir, hands.outbox.redactor());
            record::copy_passage(passage, form, tmux.as_ref(), Some(&mut write), folder, now, redactor).await
        });
    }

    /// Reads a record of a transcript.
    pub fn read_record(&self, place: RecordPlace) {
        let redactor = self.outbox.redactor().clone();
        self.answer(async move { record::read(place, &redactor).await });
    }

    /// Notes in the journal that a record is revealed, then reads it.
    pub fn reveal(&self, place: RecordPlace, digest: String, now: Timestamp) {
        let (state_dir, redactor) = (self.state_dir.clone(), self.outbox.redactor().clone());
        self.answer(async move { record::reveal(place, digest, &state_dir, now, &redactor).await });
    }

    /// Writes a decision into the journal and hands it over.
    pub fn decide(&self, gate: Gate, decision: Decision, now: Timestamp) {
        let hands = self.clone();
        self.answer(async move {
            match &hands.gates {
                Some(gates) => gate::decide(&hands.state_dir, gates, &gate, decision, now).await,
                None => {
                    let why = "the gates' socket is not open";
                    let fault = Fault::new("deciding gate", &gate.title, why, "see the status line for why");
                    Done::Decided { gate: gate.id, decision, outcome: Err(fault) }
                }
            }
        });
    }

    /// Reads what the agent of a gate did.
    pub fn read_gate_facts(&self, id: GateId, transcript: PathBuf, sub_agent: Option<String>) {
        let redactor = self.outbox.redactor().clone();
        self.answer(async move {
            let read =
                tokio::task::spawn_blocking(move || gate::facts(&transcript, sub_agent.as_deref(), &redactor)).await;
            let read = read.unwrap_or_else(|error| Err(Fault::new("reading what", "the agent did", error, "")));
            Done::GateFacts(id, read)
        });
    }

    /// Puts a changed file about gates in force.
    pub fn accept_rules(&self, change: RuleChange, now: Timestamp) {
        let hands = self.clone();
        self.answer(async move {
            match &hands.rules {
                Some(desk) => rules::accept(&hands.state_dir, desk, change, now).await,
                None => {
                    let why = "another workbench serves this session, or its socket is not open";
                    Done::RulesAccepted(Err(Fault::new("accepting", change.file.display(), why, "accept it there")))
                }
            }
        });
    }

    /// Lets whoever asked go without a decision: it is told that there is none.
    pub fn release_gate(&self, gate: &GateId) {
        if let Some(gates) = &self.gates {
            gates.release(gate);
        }
    }

    /// Notes in the journal that a gate ended and nobody had decided it.
    pub fn note_gate(&self, gate: Gate, why: &'static str, now: Timestamp) {
        let (state_dir, outbox) = (self.state_dir.clone(), self.outbox.clone());
        self.tasks.spawn(async move {
            if let Err(fault) = gate::ended(&state_dir, &gate, why, now, outbox.redactor()).await {
                outbox.send(Event::SourceFault(SourceId::Gates, fault)).await;
            }
        });
    }

    /// Asks a cluster what applying an object would do.
    pub fn check_drift(&self, workers: Workers, fabric: String, key: ObjectKey, now: Timestamp) {
        let hands = self.clone();
        self.answer(async move {
            let asker = exact::Asker {
                state_dir: &hands.state_dir,
                read_only: hands.read_only,
                redactor: hands.outbox.redactor(),
                now,
            };
            Done::Checked(Box::new(exact::check(&workers, fabric, key, asker).await))
        });
    }

    /// Runs a check of the operator's.
    pub fn run_check(&self, request: CheckRequest) {
        let bench =
            check::Bench { root: self.root.clone(), state_dir: self.state_dir.clone(), outbox: self.outbox.clone() };
        self.tasks.spawn(self.checks.clone().run(bench, request));
    }

    /// Reads what a run of a check wrote.
    pub fn read_check(&self, title: String, file: String) {
        let state_dir = self.state_dir.clone();
        self.answer(async move {
            let on = file.clone();
            let read = tokio::task::spawn_blocking(move || check::read(&state_dir, &file)).await;
            Done::CheckOutput(title, read.unwrap_or_else(|error| Err(Fault::new("reading", on, error, ""))))
        });
    }

    /// Reads in the journal what was done before.
    pub fn read_past(&self) {
        let (state_dir, root, outbox) = (self.state_dir.clone(), self.root.clone(), self.outbox.clone());
        self.tasks.spawn(async move {
            // A journal that cannot be read is told of by whoever wants to write it, or to see it.
            if let Ok(Ok(past)) = tokio::task::spawn_blocking(move || past::read(&state_dir, &root)).await {
                outbox.send(Event::Past(Box::new(past))).await;
            }
        });
    }

    /// Keeps copies of what a sign-off cites, and notes it.
    pub fn sign_off(&self, sign_off: SignOff, now: Timestamp) {
        let hands = self.clone();
        self.answer(async move {
            let book = sign_off::Book {
                state_dir: &hands.state_dir,
                git_notes: hands.git_notes,
                redactor: hands.outbox.redactor(),
                now,
            };
            Done::SignedOff(sign_off::keep(sign_off, book).await.map(Box::new))
        });
    }

    /// Reads the journal.
    pub fn read_journal(&self) {
        let state_dir = self.state_dir.clone();
        self.answer(async move {
            let read = tokio::task::spawn_blocking(move || journal::read(&state_dir, JOURNAL_LINES)).await;
            Done::Journal(read.unwrap_or_else(|error| Err(Fault::new("reading", "the journal", error, ""))))
        });
    }

    /// Tells the operator, by every way that is there and wanted. Nothing answers: whoever does not hear it, sees it.
    pub fn notify(&self, notice: Notice) {
        let hands = self.clone();
        self.tasks.spawn(async move {
            let mut write = |bytes: &[u8]| hands.write(bytes);
            notify::tell(&hands.notify, &notice, &notify::Surroundings::from_env(), &mut write).await;
        });
    }

    /// Keeps what hides needs, and notes in the journal what was done.
    pub fn keep_hushes(&self, hushes: Hushes, note: Option<HushNote>, now: Timestamp) {
        let (state_dir, redactor) = (self.state_dir.clone(), self.outbox.redactor().clone());
        self.answer(async move {
            let kept = tokio::task::spawn_blocking(move || hush::keep(&state_dir, &hushes, note, now, &redactor)).await;
            Done::Hushed(kept.unwrap_or_else(|error| Err(Fault::new("writing", "attention.json", error, ""))))
        });
    }

    /// Puts a line where `hnpwb tmux-status` finds it.
    pub fn status_line(&self, line: String) {
        if let Some(gates) = &self.gates {
            gates.show_line(line);
        }
    }

    /// Reads what an agent did, for the brief with which its work is handed on.
    pub fn hand_off(&self, wanted: Wanted) {
        let hands = self.clone();
        self.answer(async move {
            let gather = move |hands: &Self| brief::handoff::gather(&wanted, hands.outbox.redactor()).map(Box::new);
            Done::Made(hands.blocking("reading what it did", gather).await, None)
        });
    }

    /// Quotes a passage of one agent's transcript in a brief for another.
    pub fn pass_on(&self, passage: Passage, to: Receiver) {
        let hands = self.clone();
        self.answer(async move {
            let Receiver { id, name, .. } = to;
            let quote = move |hands: &Self| {
                let quote = record::cite(&passage)?;
                Ok(Box::new(relay::make(&passage.agent, &name, &quote, hands.outbox.redactor())))
            };
            Done::Made(hands.blocking("quoting", quote).await, Some(id))
        });
    }

    fn place(&self) -> brief::Place<'_> {
        brief::Place { root: &self.root, state_dir: &self.state_dir, redactor: self.outbox.redactor() }
    }

    /// Reads the saved briefs and what was sent of them.
    pub fn read_briefs(&self) {
        let redactor = self.outbox.redactor().clone();
        self.answer(brief::shelf::read_all(self.state_dir.clone(), self.root.clone(), redactor));
    }

    /// Reads a brief for being shown.
    pub fn show_brief(&self, brief: BriefRef) {
        self.answer(brief::shelf::show(brief, self.outbox.redactor().clone()));
    }

    /// Reads a brief for being written anew.
    pub fn reopen_brief(&self, brief: BriefRef, agent: Option<AgentId>) {
        self.answer(brief::shelf::reopen(brief, agent, self.outbox.redactor().clone()));
    }

    /// Compares two briefs, the older one first.
    pub fn compare_briefs(&self, (older, newer): (BriefRef, BriefRef)) {
        self.answer(brief::shelf::compare(older, newer, self.outbox.redactor().clone()));
    }

    /// Looks at the pane of an agent.
    pub fn look_at_pane(&self, receiver: Receiver) {
        let folders = self.claude_dirs.clone();
        self.answer(async move {
            let seen = deliver::look(&receiver, &folders).await;
            Done::PaneSeen(receiver.id, seen.map(Box::new))
        });
    }

    /// Sends a prompt into the pane of an agent.
    pub fn send(&self, order: Order) {
        let desk = deliver::Desk {
            state_dir: self.state_dir.clone(),
            runtime: self.runtime.clone(),
            claude_dirs: self.claude_dirs.clone(),
            redactor: self.outbox.redactor().clone(),
            hooks: Some(self.hooks.clone()),
        };
        self.answer(async move { Done::Sent(Box::new(deliver::send(order, &desk).await)) });
    }

    /// Says that every source was told to look again.
    pub fn refreshed(&self) {
        self.answer(async { Done::Refreshed });
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        self.terminal.try_send(bytes.to_vec()).map_err(io::Error::other)
    }

    fn answer(&self, work: impl Future<Output = Done> + Send + 'static) {
        let outbox = self.outbox.clone();
        self.tasks.spawn(async move {
            outbox.send(Event::Done(work.await)).await;
        });
    }
}
