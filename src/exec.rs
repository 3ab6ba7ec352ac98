//! Execution: each file carries out one kind of effect and answers with an event.

use std::io;
use std::path::PathBuf;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use crate::domain::agent::AgentId;
use crate::domain::brief::BriefSubject;
use crate::domain::brief::handoff::Wanted;
use crate::domain::deliver::{BriefRef, Order, Receiver};
use crate::domain::drift::ObjectKey;
use crate::domain::fault::Fault;
use crate::domain::gate::{Decision, Gate};
use crate::domain::transcript::passage::{Form, Passage};
use crate::effect::TaskChange;
use crate::event::{Done, Event, RecordPlace, TaskUndo};
use crate::source::Outbox;
use crate::source::drift::Workers;
use crate::source::gates::Gates;
use crate::source::hooks::HookDesk;

pub mod board;
pub mod brief;
pub mod clipboard;
pub mod deliver;
pub mod exact;
pub mod gate;
pub mod journal;
pub mod record;
pub mod tmux;

use clipboard::Tmux;

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
    /// Claude Code's folders.
    pub claude_dirs: Vec<PathBuf>,
    /// The folder of this user's sockets and locks.
    pub runtime: PathBuf,
    /// What hooks told last.
    pub hooks: HookDesk,
    /// The gates' socket; none when it could not be opened.
    pub gates: Option<Gates>,
    /// Where answers go.
    pub outbox: Outbox,
    /// Bytes for the terminal, written between two frames.
    pub terminal: mpsc::Sender<Vec<u8>>,
    /// Tasks that are to end before the program does.
    pub tasks: TaskTracker,
}

impl Hands {
    /// Writes a brief and copies the prompt that points to it.
    pub fn draft_brief(&self, subject: BriefSubject, agent: Option<AgentId>, now: Timestamp) {
        let hands = self.clone();
        self.answer(async move {
            let tmux = Tmux::from_env();
            let mut write = |bytes: &[u8]| hands.write(bytes);
            brief::draft(hands.place(), subject, agent, tmux.as_ref(), Some(&mut write), now).await
        });
    }

    /// Writes the brief with which an agent's work is handed on.
    pub fn hand_off(&self, wanted: Wanted, now: Timestamp) {
        let hands = self.clone();
        self.answer(async move {
            let tmux = Tmux::from_env();
            let mut write = |bytes: &[u8]| hands.write(bytes);
            brief::hand_off(hands.place(), wanted, tmux.as_ref(), Some(&mut write), now).await
        });
    }

    /// Writes a passage of one agent's transcript as a brief for another.
    pub fn pass_on(&self, passage: Passage, to: Receiver, now: Timestamp) {
        let hands = self.clone();
        self.answer(async move {
            let tmux = Tmux::from_env();
            let mut write = |bytes: &[u8]| hands.write(bytes);
            brief::pass_on(hands.place(), passage, &to, tmux.as_ref(), Some(&mut write), now).await
        });
    }

    fn place(&self) -> brief::Place<'_> {
        brief::Place { root: &self.root, state_dir: &self.state_dir, redactor: self.outbox.redactor() }
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

    /// Reads the journal.
    pub fn read_journal(&self) {
        let state_dir = self.state_dir.clone();
        self.answer(async move {
            let read = tokio::task::spawn_blocking(move || journal::read(&state_dir, JOURNAL_LINES)).await;
            Done::Journal(read.unwrap_or_else(|error| Err(Fault::new("reading", "the journal", error, ""))))
        });
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
