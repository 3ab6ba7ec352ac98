//! `hnpwb tmux-status`: one short line for tmux's status bar, from the workbench that runs. Reads no session and starts no
//! runtime: tmux asks every few seconds.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use crate::config::paths::Paths;
use crate::domain::gate::wire::{Answer, Request};
use crate::source::gates::client::ask;

use super::output::{Exit, say};

/// How long the workbench may take: a status bar waits for no one.
const PATIENCE: Duration = Duration::from_millis(200);

/// Of which session.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder whose workbench is asked, or that of a folder above it; without one for it, the only one that runs
    /// [default: the current folder]
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// The arguments, when they are so plain that no parser is needed: `tmux-status`, `tmux-status DIR`.
pub fn plain(mut arguments: impl Iterator<Item = OsString>) -> Option<Args> {
    let dir = arguments.next().map(PathBuf::from);
    let is_option = dir.as_ref().is_some_and(|dir| dir.as_os_str().as_encoded_bytes().starts_with(b"-"));
    (!is_option && arguments.next().is_none()).then_some(Args { dir })
}

/// Prints the line, empty when nothing needs the operator; exit 4 and no line when no workbench answers.
pub fn run(args: &Args, paths: &Paths) -> ExitCode {
    let dir = args.dir.clone().unwrap_or_else(|| PathBuf::from("."));
    let Some(socket) = socket(&dir, paths) else {
        say("asking for the status line: no workbench is running; start hnpwb in the session's folder");
        return ExitCode::from(Exit::Unavailable as u8);
    };
    match ask(&socket, &Request::Line, PATIENCE) {
        // Nobody reads what a closed pipe swallows.
        Ok(Answer::Line { line }) => {
            let _ = writeln!(std::io::stdout(), "{line}");
            ExitCode::SUCCESS
        }
        Ok(_) => ExitCode::from(Exit::Unavailable as u8),
        Err(unheard) => {
            say(&unheard.into_fault(&socket).to_string());
            ExitCode::from(Exit::Unavailable as u8)
        }
    }
}

/// The socket of the workbench that serves a folder or one above it, else that of the only workbench there is.
fn socket(dir: &Path, paths: &Paths) -> Option<PathBuf> {
    let dir = std::fs::canonicalize(dir).ok();
    let of_folders = dir.iter().flat_map(|dir| dir.ancestors()).map(|dir| paths.socket(dir));
    of_folders.into_iter().find(|socket| socket.exists()).or_else(|| {
        let entries = std::fs::read_dir(&paths.runtime).ok()?;
        let mut sockets = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|end| end == "sock"));
        let only = sockets.next()?;
        sockets.next().is_none().then_some(only)
    })
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::{plain, socket};
    use crate::config::paths::Paths;

    #[test]
    fn plain_arguments_need_no_parser_and_others_get_one() {
        let read = |arguments: &[&str]| plain(arguments.iter().map(OsString::from)).map(|args| args.dir);
        assert_eq!(read(&[]), Some(None));
        assert_eq!(read(&["/p"]), Some(Some("/p".into())));
        assert_eq!(read(&["--help"]), None);
        assert_eq!(read(&["/p", "-x"]), None);
    }

    #[test]
    fn the_nearest_workbench_is_asked_else_the_only_one() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let runtime = root.join("run");
        let paths = Paths::from_vars(|name| (name == "XDG_RUNTIME_DIR").then(|| runtime.clone().into()));
        let (project, below) = (root.join("p"), root.join("p/a/b"));
        std::fs::create_dir_all(&below).unwrap();
        std::fs::create_dir_all(&paths.runtime).unwrap();
        assert_eq!(socket(&below, &paths), None);
        std::fs::write(paths.socket(&project), "").unwrap();
        assert_eq!(socket(&below, &paths), Some(paths.socket(&project)));
        assert_eq!(socket(&root, &paths), Some(paths.socket(&project)));
        std::fs::write(paths.socket(&root.join("q")), "").unwrap();
        assert_eq!(socket(&below, &paths), Some(paths.socket(&project)));
        assert_eq!(socket(&root, &paths), None);
    }
}
