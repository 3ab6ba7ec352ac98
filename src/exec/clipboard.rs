//! Copies text by the way that really works where the operator sits, and says which way that was.
//!
//! Inside tmux with its default options neither plain nor wrapped OSC 52 reaches the outer terminal; `load-buffer -w`
//! does, and the buffer can be read back. Outside tmux a terminal may drop OSC 52 without a word, so that way is never
//! called confirmed, and a file holds the text beside it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::json;

use crate::domain::digest::sha256;
use crate::domain::fault::Fault;
use crate::domain::redact::Redactor;
use crate::event::{CopyDone, CopyRoute, Done};
use crate::exec::journal::{make_state_dir, record};

pub use super::tmux::Tmux;

mod osc52;

/// Writes bytes to the terminal, between two frames.
pub type Terminal<'a> = &'a mut (dyn FnMut(&[u8]) -> io::Result<()> + Send);

/// Copies `text`, without secrets, and notes it in the journal; `what` names it there.
pub async fn carry_out(
    text: &str,
    what: &str,
    tmux: Option<&Tmux>,
    terminal: Option<Terminal<'_>>,
    state_dir: &Path,
    now: Timestamp,
    redactor: &Redactor,
) -> Done {
    Done::Copied(copy_noted(text, what, tmux, terminal, state_dir, now, redactor).await)
}

/// The same, as a result.
pub(super) async fn copy_noted(
    text: &str,
    what: &str,
    tmux: Option<&Tmux>,
    terminal: Option<Terminal<'_>>,
    state_dir: &Path,
    now: Timestamp,
    redactor: &Redactor,
) -> Result<CopyDone, Fault> {
    let text = redactor.redact(text);
    let text: &str = &text;
    let done = copy(text, tmux, terminal, state_dir).await?;
    let body = json!({
        "what": what,
        "route": match done.route {
            CopyRoute::Tmux => "tmux",
            CopyRoute::Osc52 => "osc52",
            CopyRoute::FileOnly => "file",
        },
        "confirmed": done.confirmed,
        "bytes": text.len(),
        "text_sha256": sha256(text.as_bytes()),
    });
    record(state_dir, now, "copy", body, redactor).await?;
    Ok(done)
}

/// Copies `text`: into tmux's buffer, else by the terminal's OSC 52, else into a file alone. Unless the copy was
/// confirmed, `clipboard.txt` in the state folder holds the text too.
///
/// # Errors
/// There is nothing to copy, or not even the file can be written.
pub async fn copy(
    text: &str,
    tmux: Option<&Tmux>,
    terminal: Option<Terminal<'_>>,
    state_dir: &Path,
) -> Result<CopyDone, Fault> {
    if text.is_empty() {
        return Err(Fault::new("copying", "the selection", "it is empty", "select something first"));
    }
    if let Some(tmux) = tmux
        && load_buffer(tmux, text).await.is_ok()
        && read_back(tmux).await.is_ok_and(|held| held == text.as_bytes())
    {
        return Ok(CopyDone { route: CopyRoute::Tmux, confirmed: true, file: None });
    }
    let file = Some(keep(text, state_dir)?);
    // Inside tmux the sequence would be swallowed.
    let sent = match (tmux, terminal, osc52::sequence(text)) {
        (None, Some(terminal), Some(sequence)) => terminal(sequence.as_bytes()).is_ok(),
        _ => false,
    };
    let route = if sent { CopyRoute::Osc52 } else { CopyRoute::FileOnly };
    Ok(CopyDone { route, confirmed: false, file })
}

async fn load_buffer(tmux: &Tmux, text: &str) -> io::Result<()> {
    tmux.run(&["load-buffer", "-w", "-"], text.as_bytes()).await.map(|_| ())
}

async fn read_back(tmux: &Tmux) -> io::Result<Vec<u8>> {
    tmux.run(&["save-buffer", "-"], b"").await
}

/// Puts the text into a private file, in place of the last one.
fn keep(text: &str, state_dir: &Path) -> Result<PathBuf, Fault> {
    make_state_dir(state_dir)?;
    let path = state_dir.join("clipboard.txt");
    let write = || {
        let mut file = tempfile::NamedTempFile::new_in(state_dir)?;
        file.write_all(text.as_bytes())?;
        file.persist(&path).map_err(|error| error.error)
    };
    write().map_err(|error| Fault::new("copying to", path.display(), error, "no other way to a clipboard was open"))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::{Tmux, copy, read_back};
    use crate::event::{CopyDone, CopyRoute};
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    /// A tmux server of its own, with default options; none when there is no tmux.
    struct Server(String);

    impl Server {
        fn start() -> Option<Self> {
            let server = Self(format!("hnpwb-copy-{}", std::process::id()));
            let started = server.command(&["-f", "/dev/null", "new-session", "-d", "cat"]);
            if started.is_none() {
                // Not by `eprintln!`, which the test harness keeps to itself when a test passes.
                let said = "SKIPPED: tmux is missing, so copying through it was not tested";
                let _ = writeln!(std::io::stderr(), "{said}");
            }
            assert!(started.unwrap_or(true), "tmux did not start");
            started.map(|_| server)
        }

        fn command(&self, args: &[&str]) -> Option<bool> {
            Command::new("tmux").args(["-L", &self.0]).args(args).status().ok().map(|status| status.success())
        }

        fn tmux(&self) -> Tmux {
            Tmux { args: vec!["-L".into(), self.0.clone().into()] }
        }
    }

    impl Drop for Server {
        fn drop(&mut self) {
            self.command(&["kill-server"]);
        }
    }

    #[tokio::test]
    async fn inside_tmux_the_text_is_in_the_buffer_and_was_read_back() {
        let Some(server) = Server::start() else { return };
        let dir = tempfile::tempdir().unwrap();
        let text = format!("Read it; \"do\" it 🦔\n  two\n{}", "x".repeat(200_000));
        let done = copy(&text, Some(&server.tmux()), None, dir.path()).await.unwrap();
        assert_eq!(done, CopyDone { route: CopyRoute::Tmux, confirmed: true, file: None });
        assert_eq!(read_back(&server.tmux()).await.unwrap(), text.as_bytes());
        assert!(!dir.path().join("clipboard.txt").exists());
    }

    #[tokio::test]
    async fn a_tmux_that_is_not_there_leaves_the_text_in_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let tmux = Tmux { args: vec!["-S".into(), dir.path().join("none").into()] };
        let mut written = Vec::new();
        let mut sink = |bytes: &[u8]| {
            written.extend_from_slice(bytes);
            Ok(())
        };
        let done = copy("text", Some(&tmux), Some(&mut sink), dir.path()).await.unwrap();
        assert_eq!((done.route, done.confirmed), (CopyRoute::FileOnly, false));
        let file = done.file.unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "text");
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(written.is_empty());
    }

    #[tokio::test]
    async fn outside_tmux_the_terminal_is_asked_and_nothing_is_called_sure() {
        let dir = tempfile::tempdir().unwrap();
        let mut written = Vec::new();
        let mut sink = |bytes: &[u8]| {
            written.extend_from_slice(bytes);
            Ok(())
        };
        let done = copy("text", None, Some(&mut sink), dir.path()).await.unwrap();
        assert_eq!((done.route, done.confirmed), (CopyRoute::Osc52, false));
        assert_eq!(written, b"\x1b]52;c;dGV4dA==\x07");
        assert_eq!(std::fs::read_to_string(done.file.unwrap()).unwrap(), "text");
    }

    #[tokio::test]
    async fn a_terminal_that_refuses_leaves_the_file_and_nothing_at_all_is_a_fault() {
        let dir = tempfile::tempdir().unwrap();
        let mut sink = |_: &[u8]| Err(std::io::Error::other("gone"));
        let done = copy("text", None, Some(&mut sink), dir.path()).await.unwrap();
        assert_eq!(done.route, CopyRoute::FileOnly);
        assert!(copy("", None, None, dir.path()).await.is_err());
        assert!(copy("text", None, None, &done.file.unwrap()).await.is_err());
    }
}
