//! Events of the system, passed on to the worker.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, TrySendError};

use notify::RecommendedWatcher;
use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind, RenameMode};

use super::Shared;

/// What reaches the worker.
#[derive(Debug)]
pub(super) enum Message {
    /// Something happened to these paths.
    Touched(Vec<PathBuf>),
    /// What had these paths was removed or has another name now.
    Left(Vec<PathBuf>),
    /// The marks in the shared part changed.
    Look,
    /// The system refused to watch more.
    Refused(notify::Error),
}

/// A watcher that watches nothing yet.
pub(super) fn subscribe(sender: SyncSender<Message>, shared: Arc<Shared>) -> Result<RecommendedWatcher, notify::Error> {
    notify::recommended_watcher(move |event| pass_on(event, &sender, &shared))
}

/// True when the system has no more watches to give.
pub(super) fn is_exhausted(error: &notify::Error) -> bool {
    match &error.kind {
        notify::ErrorKind::MaxFilesWatch => true,
        notify::ErrorKind::Io(io) => matches!(io.raw_os_error(), Some(libc::ENOSPC | libc::EMFILE | libc::ENFILE)),
        _ => false,
    }
}

/// Runs on the watcher's own thread: never waits, and drops what nobody asked for (files being opened and read; else
/// every look would cause the next one).
fn pass_on(event: Result<notify::Event, notify::Error>, sender: &SyncSender<Message>, shared: &Shared) {
    let message = match event {
        Ok(event) if event.need_rescan() => {
            shared.overflow.store(true, Ordering::Release);
            Message::Look
        }
        Ok(notify::Event { kind: EventKind::Access(kind), .. }) if kind != AccessKind::Close(AccessMode::Write) => {
            return;
        }
        Ok(notify::Event {
            kind: EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(RenameMode::From)),
            paths,
            ..
        }) => Message::Left(paths),
        Ok(event) => Message::Touched(event.paths),
        Err(error) if is_exhausted(&error) => Message::Refused(error),
        Err(_) => {
            shared.overflow.store(true, Ordering::Release);
            Message::Look
        }
    };
    if let Err(TrySendError::Full(_)) = sender.try_send(message) {
        shared.overflow.store(true, Ordering::Release);
    }
}
