//! Telling the operator: bell, terminal sequences, tmux, desktop, a command of the user's own. Each way fails by itself and
//! in silence: what it is about stands on the screen.

use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::domain::notify::{Notice, Notify, Terminal, through_tmux};

/// How long a program may take to tell.
const PATIENCE: Duration = Duration::from_secs(10);

/// What of the environment decides how the operator can be told.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The program runs inside tmux.
    pub tmux: bool,
    /// The session comes from another machine.
    pub remote: bool,
    /// There is a desktop to tell on.
    pub desktop: bool,
    /// `TERM_PROGRAM`.
    pub program: String,
    /// `TERM`.
    pub term: String,
    /// `PATH`.
    pub path: Vec<PathBuf>,
}

impl Surroundings {
    /// Those of this process.
    pub fn from_env() -> Self {
        let there = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        Self {
            tmux: there("TMUX"),
            remote: there("SSH_CONNECTION") || there("SSH_TTY"),
            desktop: there("DISPLAY") || there("WAYLAND_DISPLAY"),
            program: std::env::var("TERM_PROGRAM").unwrap_or_default(),
            term: std::env::var("TERM").unwrap_or_default(),
            path: std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default(),
        }
    }

    fn find(&self, program: &str) -> Option<PathBuf> {
        self.path.iter().map(|folder| folder.join(program)).find(|file| file.is_file())
    }
}

/// What is written to the terminal for a notice. Inside tmux a sequence is wrapped: it passes where `allow-passthrough` is on,
/// and is swallowed where it is not.
pub fn bytes(notify: &Notify, notice: &Notice, around: &Surroundings) -> Vec<u8> {
    let mut bytes = Vec::new();
    let sequence = notify.terminal.resolved(&around.program, &around.term).sequence(notice);
    if !sequence.is_empty() {
        let sequence = if around.tmux { through_tmux(&sequence) } else { sequence };
        bytes.extend(sequence.as_bytes());
    }
    // Of the bell tmux makes the flag of its window, and hands it on.
    if notify.bell {
        bytes.push(7);
    }
    bytes
}

/// Tells it by every way that is wanted and there.
pub async fn tell(
    notify: &Notify,
    notice: &Notice,
    around: &Surroundings,
    write: &mut (dyn FnMut(&[u8]) -> io::Result<()> + Send),
) {
    let bytes = bytes(notify, notice, around);
    if !bytes.is_empty()
        && let Err(error) = write(&bytes)
    {
        tracing::info!(%error, "the terminal was not told");
    }
    let words = format!("{}: {}", notice.title, notice.text);
    if notify.tmux && around.tmux {
        // In a message `#` begins a format.
        let message = format!("hnpwb: {words}").replace('#', "##");
        run(Command::new("tmux").args(["display-message", &message]), "tmux").await;
    }
    let shown = notify.terminal.resolved(&around.program, &around.term) != Terminal::Off;
    if notify.desktop
        && !shown
        && !around.remote
        && around.desktop
        && let Some(program) = around.find("notify-send")
    {
        let mut command = Command::new(program);
        command.args(["--app-name=hnpwb", "--", &notice.title, &notice.text]);
        run(&mut command, "notify-send").await;
    }
    if let Some((program, arguments)) = notify.command.split_first() {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env("HNPWB_TITLE", &notice.title)
            .env("HNPWB_TEXT", &notice.text)
            .env("HNPWB_URGENCY", notice.urgency.name());
        run(&mut command, program).await;
    }
}

async fn run(command: &mut Command, name: &str) {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let why = match command.spawn() {
        Ok(mut child) => match tokio::time::timeout(PATIENCE, child.wait()).await {
            Ok(Ok(status)) if status.success() => return,
            Ok(Ok(status)) => status.to_string(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it took longer than ten seconds".to_owned(),
        },
        Err(error) => error.to_string(),
    };
    tracing::info!(name, why, "the operator was not told this way");
}

#[cfg(test)]
mod tests {
    use super::{Surroundings, bytes, tell};
    use crate::domain::attention::Urgency;
    use crate::domain::notify::{Notice, Notify, Terminal};

    fn notice() -> Notice {
        Notice { title: "gate: push".to_owned(), text: "held by rule push".to_owned(), urgency: Urgency::Held }
    }

    #[test]
    fn a_terminal_gets_the_bell_and_the_sequence_it_understands() {
        let inside = Surroundings { tmux: true, program: "tmux".to_owned(), ..Surroundings::default() };
        let kitty = Surroundings { term: "xterm-kitty".to_owned(), ..Surroundings::default() };
        let notify = Notify::default();
        assert_eq!(bytes(&notify, &notice(), &inside), b"\x07");
        assert!(bytes(&notify, &notice(), &kitty).starts_with(b"\x1b]99;"));
        let told = Notify { terminal: Terminal::Osc9, bell: false, ..notify };
        assert_eq!(bytes(&told, &notice(), &inside), b"\x1bPtmux;\x1b\x1b]9;gate: push: held by rule push\x07\x1b\\");
        assert!(bytes(&Notify { terminal: Terminal::Off, ..told }, &notice(), &kitty).is_empty());
    }

    #[tokio::test]
    async fn a_command_of_the_users_own_learns_what_it_is_about() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("told");
        let script =
            format!("printf '%s|%s|%s' \"$HNPWB_TITLE\" \"$HNPWB_TEXT\" \"$HNPWB_URGENCY\" > {}", file.display());
        let command = vec!["sh".to_owned(), "-c".to_owned(), script];
        let notify = Notify { command, bell: false, tmux: false, desktop: false, ..Notify::default() };
        tell(&notify, &notice(), &Surroundings::default(), &mut |_| Ok(())).await;
        assert_eq!(std::fs::read_to_string(file).unwrap(), "gate: push|held by rule push|held");
        // One that is not there costs nothing.
        let missing = Notify { command: vec!["/no/such/program".to_owned()], ..notify };
        tell(&missing, &notice(), &Surroundings::default(), &mut |_| Ok(())).await;
    }
}
