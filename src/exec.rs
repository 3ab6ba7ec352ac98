//! Execution: each file carries out one kind of effect and answers with an event.

use std::io;
use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use crate::domain::agent::AgentId;
use crate::domain::brief::BriefSubject;
use crate::domain::drift::ObjectKey;
use crate::domain::fault::Fault;
use crate::domain::gate::{Decision, Gate};
use crate::domain::sign_off::SignOff;
use crate::domain::transcript::passage::{Form, Passage};
use crate::effect::{CheckRequest, TaskChange};
use crate::event::{Done, Event, RecordPlace, SourceId, TaskUndo};
use crate::source::Outbox;
use crate::source::drift::Workers;
use crate::source::gates::Gates;

pub mod board;
pub mod brief;
pub mod check;
pub mod clipboard;
pub mod exact;
pub mod gate;
pub mod journal;
pub mod past;
pub mod record;
pub mod sign_off;

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
    /// The gates' socket; none when it could not be opened.
    pub gates: Option<Gates>,
    /// Where answers go.
    pub outbox: Outbox,
    /// Bytes for the terminal, written between two frames.
    pub terminal: mpsc::Sender<Vec<u8>>,
    /// Tasks that are to end before the program does.
    pub tasks: TaskTracker,
    /// Sign-offs are noted on their commits, too.
    pub git_notes: bool,
    /// The operator's checks that run.
    pub checks: check::Checks,
}

impl Hands {
    /// Writes a brief and copies the prompt that points to it.
    pub fn draft_brief(&self, subject: BriefSubject, agent: Option<AgentId>, now: Timestamp) {
        let hands = self.clone();
        self.answer(async move {
            let tmux = Tmux::from_env();
            let mut write = |bytes: &[u8]| hands.write(bytes);
            let place =
                brief::Place { root: &hands.root, state_dir: &hands.state_dir, redactor: hands.outbox.redactor() };
            brief::draft(place, subject, agent, tmux.as_ref(), Some(&mut write), now).await
        });
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

    /// Notes that the work on a task is sent back.
    pub fn note_retry(&self, task: String, attempt: u32, failed: Vec<String>, now: Timestamp) {
        let hands = self.clone();
        self.answer(async move {
            let body = json!({"task": task, "attempt": attempt, "failed": failed});
            let (state_dir, redactor) = (&hands.state_dir, hands.outbox.redactor());
            let noted = journal::record(state_dir, now, crate::domain::sign_off::RETRY, body, redactor).await;
            Done::SentBack(noted.map(|()| task))
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
