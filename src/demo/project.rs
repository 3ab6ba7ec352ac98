//! The stage that the demo plays on: a folder with a repository, its origin, a worktree, and a home of its own.
//!
//! Nothing outside of the folder is read or written. Everything is made from bundled data and the time that is passed in.

mod history;
pub mod objects;
pub mod repository;
mod tree;

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tempfile::TempDir;

use crate::config::paths::Paths;
use crate::domain::fault::Fault;

pub use tree::text_of;

/// The branch that is checked out in the linked worktree.
pub const WORKTREE_BRANCH: &str = "feat/drift-badge";

/// Most bytes of a Unix socket's path, the final zero included.
const SOCKET_PATH: usize = 108;

/// A folder with everything the demo needs. Removed when dropped, unless it was named by the user.
#[derive(Debug)]
pub struct Stage {
    /// The folder itself.
    pub folder: PathBuf,
    /// The project: a git working tree with `hnpwb.toml` in it.
    pub root: PathBuf,
    /// A linked worktree of it, on [`WORKTREE_BRANCH`].
    pub worktree: PathBuf,
    /// Takes the place of the user's home directory.
    pub home: PathBuf,
    /// Takes the place of `~/.claude`.
    pub claude: PathBuf,
    /// Takes the place of `~/.kube/config`; written by [`Stage::write_kubeconfig`].
    pub kubeconfig: PathBuf,
    _temporary: Option<TempDir>,
}

/// Builds the stage, in `dir` (which must be empty or missing, and stays) or in a temporary folder (which goes).
///
/// Times of commits and files are counted back from `now`.
pub fn build(dir: Option<PathBuf>, now: Timestamp) -> Result<Stage, Fault> {
    let (folder, temporary) = if let Some(dir) = dir {
        (claim(&dir)?, None)
    } else {
        let temporary = tempfile::Builder::new().prefix("hnpwb-demo-").tempdir().map_err(|error| {
            Fault::new("making", std::env::temp_dir().display(), error, "name a folder with --dir, or set TMPDIR")
        })?;
        (temporary.path().to_owned(), Some(temporary))
    };
    // Transcripts and worktrees name their folders in full, and are compared with canonical ones.
    let folder = fs::canonicalize(&folder).map_err(|error| writing(&folder, error))?;
    let home = folder.join("home");
    let stage = Stage {
        root: folder.join("hedgehog-netbox-plugin"),
        worktree: folder.join("hnp-drift-badge"),
        claude: home.join(".claude"),
        kubeconfig: home.join(".kube/config"),
        home,
        folder,
        _temporary: temporary,
    };
    stage.furnish()?;
    history::lay_down(&stage.root, &stage.folder.join("origin.git"), &stage.worktree, now)?;
    let draft = stage.root.join(tree::DRAFT);
    fs::write(&draft, text_of(tree::DRAFT).unwrap_or_default()).map_err(|error| writing(&draft, error))?;
    Ok(stage)
}

/// Makes sure that nothing of the user's lies in the folder.
fn claim(dir: &Path) -> Result<PathBuf, Fault> {
    let refused = |why: &dyn std::fmt::Display| {
        Fault::new("setting the demo up in", dir.display(), why, "name an empty folder, or one that does not exist yet")
    };
    fs::create_dir_all(dir).map_err(|error| refused(&error))?;
    match fs::read_dir(dir).map_err(|error| refused(&error))?.next() {
        None => Ok(dir.to_owned()),
        Some(_) => Err(refused(&"it is not empty")),
    }
}

impl Stage {
    /// The variables under which any `hnpwb` process belongs to this stage; `env` in the folder sets them in a shell.
    pub fn environment(&self) -> [(&'static str, PathBuf); 6] {
        [
            ("HOME", self.home.clone()),
            ("XDG_CONFIG_HOME", self.home.join(".config")),
            ("XDG_STATE_HOME", self.home.join(".local/state")),
            ("XDG_RUNTIME_DIR", self.folder.join("run")),
            ("CLAUDE_CONFIG_DIR", self.claude.clone()),
            ("KUBECONFIG", self.kubeconfig.clone()),
        ]
    }

    /// The folders of this stage, in place of all of the user's.
    pub fn paths(&self) -> Paths {
        let variables = self.environment();
        Paths::from_vars(|name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, path)| OsString::from(path.as_os_str()))
        })
    }

    /// Writes the kubeconfig of the demo's own cluster.
    pub fn write_kubeconfig(&self, text: &str) -> Result<(), Fault> {
        fs::write(&self.kubeconfig, text).map_err(|error| writing(&self.kubeconfig, error))
    }

    fn furnish(&self) -> Result<(), Fault> {
        let paths = self.paths();
        let socket = paths.socket(&self.root);
        if socket.as_os_str().len() >= SOCKET_PATH {
            let why = format!("the socket {} would have too long a path", socket.display());
            return Err(Fault::new("setting the demo up in", self.folder.display(), why, "name a shorter --dir"));
        }
        let kube = self.home.join(".kube");
        for folder in [&self.claude.join("projects"), &self.claude.join("sessions"), &kube, &self.folder.join("run")] {
            fs::create_dir_all(folder).map_err(|error| writing(folder, error))?;
        }
        // A runtime folder that others can enter is refused by whoever opens a socket in it.
        private(&self.folder.join("run")).map_err(|error| writing(&self.folder, error))?;
        let script = self.folder.join("env");
        fs::write(&script, self.script()).map_err(|error| writing(&script, error))
    }

    /// Shell commands that set the environment.
    fn script(&self) -> String {
        let quoted = |path: &Path| format!("'{}'", path.display().to_string().replace('\'', "'\\''"));
        let exports = self.environment().map(|(name, path)| format!("export {name}={}\n", quoted(&path))).concat();
        format!(
            "# Puts a shell on the demo's stage: `. env`, then for example `hnpwb status`.\n{exports}cd {}\n",
            quoted(&self.root)
        )
    }
}

fn private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
}

fn writing(path: &Path, error: impl std::fmt::Display) -> Fault {
    Fault::new("writing", path.display(), error, "free some space, or name another folder with --dir")
}

#[cfg(test)]
mod tests;
