//! A workbench's half of the gate socket, in a folder of its own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hnpwb::domain::gate::wire::{Answer, GateRequest};
use hnpwb::domain::gate::{Decision, Gate};
use hnpwb::event::{Event, GateNews};
use hnpwb::source::gates::client::{Unheard, ask_gate};
use hnpwb::source::gates::{self, Gates};
use hnpwb::source::hooks::HookDesk;
use hnpwb::source::{Inbox, mailbox::mailbox};
use tokio_util::sync::CancellationToken;

pub struct Desk {
    pub gates: Gates,
    pub inbox: Inbox,
    pub cancel: CancellationToken,
    pub dir: tempfile::TempDir,
}

impl Desk {
    pub fn open() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let (outbox, inbox) = mailbox();
        let cancel = CancellationToken::new();
        let gates = gates::spawn(&dir.path().join("run/s.sock"), "test", outbox, HookDesk::default(), cancel.clone())
            .expect("a socket");
        Self { gates, inbox, cancel, dir }
    }

    pub fn socket(&self) -> PathBuf {
        self.dir.path().join("run/s.sock")
    }

    pub fn state_dir(&self) -> PathBuf {
        self.dir.path().join(".hnpwb")
    }

    /// The next news about gates.
    pub async fn news(&mut self) -> GateNews {
        let next = tokio::time::timeout(Duration::from_secs(20), self.inbox.next()).await;
        match next.expect("no news came") {
            Some(Event::Gate(news)) => news,
            other => panic!("not about gates: {other:?}"),
        }
    }

    /// The next gate that is asked for.
    pub async fn asked(&mut self) -> Gate {
        match self.news().await {
            GateNews::Requested(gate) => *gate,
            other => panic!("no request: {other:?}"),
        }
    }
}

pub type Asking = tokio::task::JoinHandle<Result<Answer, Unheard>>;

/// Asks in a thread of its own, as another process would.
pub fn ask(socket: &Path, request: GateRequest) -> Asking {
    let socket = socket.to_owned();
    tokio::task::spawn_blocking(move || ask_gate(&socket, &request))
}

pub fn push() -> GateRequest {
    GateRequest {
        title: "git push".to_owned(),
        detail: "git push origin main".to_owned(),
        timeout_ms: 60_000,
        ..GateRequest::default()
    }
}

pub fn approved() -> Decision {
    Decision { approved: true, reason: "looks right".to_owned(), ..Decision::default() }
}

pub fn rejected() -> Decision {
    Decision { approved: false, reason: "the tests were not run".to_owned(), ..Decision::default() }
}
