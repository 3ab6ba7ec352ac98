//! The folders that the environment names, read once at start-up and passed on as values.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::domain::digest::sha256;
use crate::domain::transcript::format::{FORMATS, Place};

/// Folders of the user, after XDG and the agents' own conventions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The home directory.
    pub home: PathBuf,
    /// `$XDG_CONFIG_HOME/hnpwb`.
    pub config: PathBuf,
    /// `$XDG_STATE_HOME/hnpwb`: log and caches.
    pub state: PathBuf,
    /// `$XDG_RUNTIME_DIR/hnpwb`, else a folder of the user's own below the temporary one: sockets.
    pub runtime: PathBuf,
    /// Claude Code's folders: `$CLAUDE_CONFIG_DIR` (several may be given, separated by commas), else `~/.claude`.
    pub claude: Vec<PathBuf>,
    /// Folders where other agents keep their transcripts, as their formats name them.
    pub transcripts: Vec<PathBuf>,
    /// Files of `$KUBECONFIG`, else `~/.kube/config`.
    pub kubeconfig: Vec<PathBuf>,
}

impl Paths {
    /// Reads the process's environment.
    pub fn from_env() -> Self {
        Self::from_vars(|name| std::env::var_os(name))
    }

    /// Reads an environment given as a function. Empty variables count as unset, as XDG has it.
    pub fn from_vars(var: impl Fn(&str) -> Option<OsString>) -> Self {
        let var = |name: &str| var(name).filter(|value| !value.is_empty());
        let home = var("HOME").map_or_else(|| PathBuf::from("/"), PathBuf::from);
        let xdg = |name: &str, default: &str| {
            var(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
                .unwrap_or_else(|| home.join(default))
                .join("hnpwb")
        };
        let runtime = var("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute()).map_or_else(
            || {
                let temporary = var("TMPDIR").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from);
                // Without a runtime directory the folder is shared ground, so its name carries the user.
                temporary.join(format!("hnpwb-{}", hash(&home)))
            },
            |path| path.join("hnpwb"),
        );
        let claude = var("CLAUDE_CONFIG_DIR").map_or_else(
            || vec![home.join(".claude")],
            |dirs| {
                dirs.to_string_lossy()
                    .split(',')
                    .map(str::trim)
                    .filter(|dir| !dir.is_empty())
                    .map(PathBuf::from)
                    .collect()
            },
        );
        let kubeconfig = var("KUBECONFIG").map_or_else(
            || vec![home.join(".kube/config")],
            |files| std::env::split_paths(&files).filter(|file| !file.as_os_str().is_empty()).collect(),
        );
        let places = FORMATS.iter().flat_map(|format| format.places()).filter_map(|place| match place {
            Place::Home { variable, default, below } => {
                let folder = var(variable).map_or_else(|| home.join(default), PathBuf::from);
                Some(if below.is_empty() { folder } else { folder.join(below) })
            }
            Place::Project(_) => None,
        });
        Self {
            transcripts: places.collect(),
            config: xdg("XDG_CONFIG_HOME", ".config"),
            state: xdg("XDG_STATE_HOME", ".local/state"),
            runtime,
            claude,
            kubeconfig,
            home,
        }
    }

    /// Folder of what the status lines of sessions were told.
    pub fn status_lines(&self) -> PathBuf {
        self.state.join("status")
    }

    /// The socket of the workbench that runs for `root`. Roots are told apart by a digest: a socket's path may be
    /// no longer than about a hundred bytes.
    pub fn socket(&self, root: &Path) -> PathBuf {
        self.runtime.join(format!("{}.sock", hash(root)))
    }

    /// The gate rules that the workbench for `root` has accepted, beside its socket.
    pub fn accepted(&self, root: &Path) -> PathBuf {
        self.runtime.join(format!("{}.rules", hash(root)))
    }

    /// The rules of a session file as they were read.
    pub fn read_rules(&self, file: &Path) -> PathBuf {
        self.state.join(format!("{}.rules", hash(file)))
    }

    /// Puts the home directory in the place of a leading `~`.
    pub fn expand(&self, path: &str) -> PathBuf {
        match path.strip_prefix('~') {
            Some("") => self.home.clone(),
            Some(rest) if rest.starts_with('/') => self.home.join(rest.trim_start_matches('/')),
            _ => PathBuf::from(path),
        }
    }
}

/// Sixteen hexadecimal digits that stand for a path.
fn hash(path: &Path) -> String {
    let mut digest = sha256(path.as_os_str().as_encoded_bytes());
    digest.truncate(16);
    digest
}

#[cfg(test)]
mod tests {
    use super::Paths;
    use std::ffi::OsString;
    use std::path::{Path, PathBuf};

    fn paths(vars: &[(&str, &str)]) -> Paths {
        Paths::from_vars(|name| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value)))
    }

    #[test]
    fn the_home_directory_is_enough() {
        let found = paths(&[("HOME", "/home/me")]);
        assert_eq!(found.config, Path::new("/home/me/.config/hnpwb"));
        assert_eq!(found.state, Path::new("/home/me/.local/state/hnpwb"));
        assert_eq!(found.claude, [PathBuf::from("/home/me/.claude")]);
        assert_eq!(found.kubeconfig, [PathBuf::from("/home/me/.kube/config")]);
        assert!(found.runtime.starts_with("/tmp"));
    }

    #[test]
    fn variables_win_and_empty_or_relative_ones_do_not_count() {
        let found = paths(&[
            ("HOME", "/home/me"),
            ("XDG_CONFIG_HOME", ""),
            ("XDG_STATE_HOME", "relative"),
            ("XDG_RUNTIME_DIR", "/run/user/1"),
            ("CLAUDE_CONFIG_DIR", "/a, /b"),
            ("KUBECONFIG", "/k1:/k2"),
        ]);
        assert_eq!(found.config, Path::new("/home/me/.config/hnpwb"));
        assert_eq!(found.state, Path::new("/home/me/.local/state/hnpwb"));
        assert_eq!(found.runtime, Path::new("/run/user/1/hnpwb"));
        assert_eq!(found.claude, [PathBuf::from("/a"), PathBuf::from("/b")]);
        assert_eq!(found.kubeconfig, [PathBuf::from("/k1"), PathBuf::from("/k2")]);
    }

    #[test]
    fn each_root_has_a_socket_of_its_own() {
        let found = paths(&[("HOME", "/home/me"), ("XDG_RUNTIME_DIR", "/run/user/1")]);
        assert_ne!(found.socket(Path::new("/a")), found.socket(Path::new("/b")));
        assert!(found.socket(Path::new("/a")).as_os_str().len() < 100);
    }

    #[test]
    fn only_a_leading_tilde_is_the_home_directory() {
        let found = paths(&[("HOME", "/home/me")]);
        assert_eq!(found.expand("~/x"), Path::new("/home/me/x"));
        assert_eq!(found.expand("~"), Path::new("/home/me"));
        assert_eq!(found.expand("/~/x"), Path::new("/~/x"));
        assert_eq!(found.expand("~other/x"), Path::new("~other/x"));
    }
}
