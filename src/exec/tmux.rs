//! Commands to a tmux server.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// How long tmux may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// How to reach the tmux server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tmux {
    /// Arguments before the command: none for the server that `$TMUX` names.
    pub args: Vec<OsString>,
}

impl Tmux {
    /// The server this process runs in, if it runs in one.
    pub fn from_env() -> Option<Self> {
        std::env::var_os("TMUX").filter(|socket| !socket.is_empty()).map(|_| Self::default())
    }

    /// The server behind a socket.
    pub fn at(socket: &Path) -> Self {
        Self { args: vec!["-S".into(), socket.into()] }
    }

    /// Runs one command with this input; answers its standard output.
    ///
    /// # Errors
    /// There is no tmux or no server, it took too long, or it refused, in its own words.
    pub async fn run(&self, command: &[&str], input: &[u8]) -> io::Result<Vec<u8>> {
        // Without -u a client outside of a UTF-8 locale prints `_` in place of tabs and of all that is not ASCII.
        let mut child = Command::new("tmux")
            .arg("-u")
            .args(&self.args)
            .args(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let stdin = child.stdin.take();
        let done = async {
            if let Some(mut stdin) = stdin {
                // A command that reads nothing may have ended by now.
                match stdin.write_all(input).await {
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe && input.is_empty() => {}
                    other => other?,
                }
            }
            child.wait_with_output().await
        };
        let output =
            tokio::time::timeout(PATIENCE, done).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(io::Error::other(if said.is_empty() { "tmux refused".to_owned() } else { said }))
    }
}
