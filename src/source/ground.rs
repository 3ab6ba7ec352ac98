//! What a brief's words are held against on this machine: files, branches, programs and contexts.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use git2::{BranchType, Repository};

use crate::config::discovery::kubeconfig;
use crate::config::session::{ClusterSpec, Session};
use crate::domain::brief::facts::{Files, Ground};

/// Entries of the folders of a session that are looked at; with more nothing is said of files.
const ENTRIES: usize = 200_000;
/// Folders below each other at most.
const DEPTH: usize = 32;
/// Branches and tags at most.
const NAMES: usize = 20_000;

/// Folders of others' code and of what is built: large, and never what a brief is about.
const CLOSED: [&str; 7] = [".git", "node_modules", "target", ".venv", "__pycache__", ".terraform", "dist"];

/// Where to look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// The session's root.
    pub root: PathBuf,
    /// Its repositories.
    pub repos: Vec<PathBuf>,
    /// Files of kubeconfig.
    pub kubeconfig: Vec<PathBuf>,
}

impl Places {
    /// The places of a session.
    pub fn of(session: &Session) -> Self {
        let named = session.fabrics.iter().filter_map(|fabric| match fabric.cluster.as_ref()? {
            ClusterSpec::Context { kubeconfig, .. } => kubeconfig.clone(),
            ClusterSpec::Snapshot(_) => None,
        });
        let kubeconfig = session.kubeconfig.iter().cloned().chain(named).collect();
        Self { root: session.root.clone(), repos: session.repos.clone(), kubeconfig }
    }
}

/// Looks at all of it. Blocks.
pub fn read(places: &Places) -> Ground {
    Ground {
        root: places.root.to_string_lossy().into_owned(),
        files: files(places),
        branches: branches(places),
        commands: commands(),
        contexts: kubeconfig::contexts(&places.kubeconfig),
    }
}

/// Files below the root, and below repositories beside it.
fn files(places: &Places) -> Option<Files> {
    let mut walk = Walk::default();
    walk.folder(&places.root, "", 0);
    for repo in places.repos.iter().filter(|repo| !repo.starts_with(&places.root)) {
        walk.folder(repo, "", 0);
    }
    (walk.looked <= ENTRIES).then(|| Files::new(walk.files).with_closed(walk.closed))
}

#[derive(Default)]
struct Walk {
    files: Vec<String>,
    closed: Vec<String>,
    looked: usize,
}

impl Walk {
    fn folder(&mut self, folder: &Path, below: &str, depth: usize) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for entry in entries.flatten() {
            self.looked += 1;
            if self.looked > ENTRIES {
                return;
            }
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && depth < DEPTH && !CLOSED.contains(&name.as_str()) => {
                    self.folder(&entry.path(), &path, depth + 1);
                }
                // A link may lead to a folder.
                Ok(kind) if kind.is_dir() || (kind.is_symlink() && entry.path().is_dir()) => self.closed.push(path),
                _ => self.files.push(path),
            }
        }
    }
}

/// Branches and tags of all repositories; `None` outside of git.
fn branches(places: &Places) -> Option<BTreeSet<String>> {
    let mut found = None;
    for path in std::iter::once(&places.root).chain(&places.repos) {
        let Ok(repository) = Repository::discover(path) else { continue };
        let names = found.get_or_insert_with(BTreeSet::new);
        for (branch, kind) in repository.branches(None).into_iter().flatten().flatten().take(NAMES) {
            let Ok(Some(name)) = branch.name() else { continue };
            if kind == BranchType::Remote {
                names.extend(name.split_once('/').map(|(_, branch)| branch.to_owned()));
            }
            names.insert(name.to_owned());
        }
        if let Ok(tags) = repository.tag_names(None) {
            names.extend(tags.iter().flatten().flatten().take(NAMES).map(str::to_owned));
        }
        // The branch of a repository without a commit is there by name alone.
        if let Ok(head) = repository.find_reference("HEAD")
            && let Ok(Some(target)) = head.symbolic_target()
        {
            names.extend(target.strip_prefix("refs/heads/").map(str::to_owned));
        }
    }
    found
}

/// Names of the programs on the search path.
fn commands() -> Option<HashSet<String>> {
    let path = std::env::var_os("PATH")?;
    let folders = std::env::split_paths(&path).filter_map(|folder| std::fs::read_dir(folder).ok());
    Some(folders.flatten().flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Places, read};

    #[test]
    fn the_ground_is_what_is_on_disk() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("p");
        for path in ["src/a.rs", "target/debug/x"] {
            let file = root.join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "x").unwrap();
        }
        let mut options = git2::RepositoryInitOptions::new();
        git2::Repository::init_opts(&root, options.initial_head("trunk")).unwrap();
        let config = dir.path().join("config");
        fs::write(&config, "contexts:\n- name: lab\n- name: hckc\n").unwrap();
        let ground = read(&Places { root: root.clone(), repos: vec![root], kubeconfig: vec![config] });
        let files = ground.files.unwrap();
        assert!(files.is_file("src/a.rs") && files.has("target/debug/y") && !files.has("src/b.rs"));
        assert!(ground.branches.unwrap().contains("trunk") && ground.commands.unwrap().contains("sh"));
        assert_eq!(ground.contexts.unwrap().into_iter().collect::<Vec<_>>(), ["hckc", "lab"]);
        let nothing = read(&Places { root: dir.path().join("none"), ..Places::default() });
        assert!(nothing.branches.is_none() && nothing.contexts.is_none());
    }
}
