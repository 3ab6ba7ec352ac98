//! Tells the workbench about an event, if one runs, and never keeps an agent waiting for it.

use std::io::Write;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;

use crate::config::paths::Paths;
use crate::domain::gate::wire::{Request, encode};
use crate::source::gates::client::connect;

/// How long telling may take.
const BUDGET: Duration = Duration::from_millis(50);
/// Of events longer than this the long texts are left out: those stand in the transcript, too.
const LONG: usize = 64 * 1024;
/// Events longer than this are not passed on: reading them would take longer than an agent should wait.
const LONGEST: usize = 1024 * 1024;
/// Fields that may be long.
const TEXTS: &[&str] = &["tool_input", "tool_response", "prompt", "last_assistant_message", "compact_summary", "error"];

/// Sends an event to the workbench that serves one of these folders or a folder above it. No workbench is no fault.
pub(super) fn send(paths: &Paths, dirs: &[PathBuf], event: &[u8]) {
    if event.len() > LONGEST {
        return;
    }
    let sockets = dirs.iter().flat_map(|dir| dir.ancestors()).map(|dir| paths.socket(dir));
    let Some(socket) = sockets.into_iter().find(|socket| socket.exists()) else { return };
    let length = event.len();
    let Ok(mut event) = serde_json::from_slice::<Value>(event) else { return };
    if let Some(fields) = event.as_object_mut().filter(|_| length > LONG) {
        fields.retain(|name, _| !TEXTS.contains(&name.as_str()));
    }
    let Ok(line) = encode(&Request::Event { event }) else { return };
    // A workbench that was stopped (Ctrl-Z) accepts nothing, and connecting to it waits: so a thread does it, and the
    // end of this process ends the thread.
    let (told, done) = mpsc::sync_channel(1);
    let sending = std::thread::Builder::new().spawn(move || {
        // Neither a workbench that went away nor a budget that is over matters to anybody.
        let _ = connect(&socket).map(|mut stream| stream.write_all(line.as_bytes()));
        let _ = told.send(());
    });
    if sending.is_ok() {
        // Either outcome is fine.
        let _ = done.recv_timeout(BUDGET);
    }
}
