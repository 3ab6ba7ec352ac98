//! Projects to run the program in: small, real, and made anew for each test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use hnpwb::config::paths::Paths;
use serde_json::json;

use crate::screen::Launch;

/// A home and a project in it, with a repository, a board and one agent's transcript.
pub struct Project {
    dir: tempfile::TempDir,
}

impl Project {
    /// Makes a project with everything that is usually there, but no cluster.
    pub fn new() -> Self {
        let project = Self::bare();
        let mut options = git2::RepositoryInitOptions::new();
        git2::Repository::init_opts(project.root(), options.initial_head("main")).expect("a repository");
        project.write("TASKS.md", "# Tasks\n\n- [ ] Check the VLAN range\n- [x] Draw the fabric\n");
        project.commit("feat(board): first tasks");
        project.append(&project.record("Look at the VLAN range, please."));
        project
    }

    /// Makes a project that is an empty folder.
    pub fn bare() -> Self {
        let project = Self { dir: tempfile::tempdir().expect("a folder") };
        fs::create_dir_all(project.root()).expect("the project");
        fs::create_dir_all(project.path("home/.claude/projects/p")).expect("transcripts");
        fs::create_dir_all(project.path("run")).expect("a runtime folder");
        project
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn root(&self) -> PathBuf {
        self.path("project")
    }

    pub fn home(&self) -> PathBuf {
        self.path("home")
    }

    pub fn transcript(&self) -> PathBuf {
        self.path("home/.claude/projects/p/0a0b0c0d-0000-4000-8000-000000000001.jsonl")
    }

    pub fn write(&self, name: &str, text: &str) {
        let file = self.root().join(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, text).expect("a file");
    }

    pub fn repository(&self) -> git2::Repository {
        git2::Repository::open(self.root()).expect("a repository")
    }

    /// Commits everything that is not ignored.
    pub fn commit(&self, message: &str) {
        let repository = self.repository();
        let mut index = repository.index().expect("an index");
        index.add_all(["."], git2::IndexAddOption::DEFAULT, None).expect("an index");
        index.write().expect("an index");
        let tree = index.write_tree().and_then(|tree| repository.find_tree(tree)).expect("a tree");
        let who = git2::Signature::now("operator", "operator@example.invalid").expect("a signature");
        let parent = repository.head().ok().and_then(|head| head.peel_to_commit().ok());
        let parents: Vec<&git2::Commit<'_>> = parent.iter().collect();
        repository.commit(Some("HEAD"), &who, &who, message, &tree, &parents).expect("a commit");
    }

    /// A prompt as Claude Code records it, in this project.
    pub fn record(&self, text: &str) -> String {
        let root = fs::canonicalize(self.root()).expect("the project");
        let record = json!({
            "parentUuid": null, "isSidechain": false, "userType": "external", "cwd": root,
            "sessionId": "0a0b0c0d-0000-4000-8000-000000000001", "version": "2.1.329", "gitBranch": "main", "type": "user",
            "message": {"role": "user", "content": text}, "uuid": "5e9c1c1e-0000-4000-8000-000000000002",
            "timestamp": "2026-01-02T03:04:05.678Z",
        });
        format!("{record}\n")
    }

    pub fn append(&self, text: &str) {
        append(&self.transcript(), text.as_bytes());
    }

    /// The program in this project.
    pub fn launch(&self) -> Launch {
        Launch::new(&self.root(), &self.home()).env("XDG_RUNTIME_DIR", self.path("run"))
    }

    /// Another run of the program beside it, to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program")
    }

    /// Another run of the program beside it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hnpwb"));
        command.args(arguments).current_dir(self.root()).env_clear().stdin(Stdio::null());
        command.env("HOME", self.home()).env("XDG_RUNTIME_DIR", self.path("run"));
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
    }

    /// The folders that the program finds in this project's environment.
    pub fn paths(&self) -> Paths {
        Paths::from_vars(|name| match name {
            "HOME" => Some(self.home().into_os_string()),
            "XDG_RUNTIME_DIR" => Some(self.path("run").into_os_string()),
            _ => None,
        })
    }

    /// The socket of a workbench that runs here.
    pub fn socket(&self) -> PathBuf {
        self.paths().socket(&fs::canonicalize(self.root()).expect("the project"))
    }
}

/// Appends to a file, which may not exist yet.
pub fn append(file: &Path, bytes: &[u8]) {
    use std::io::Write;
    let mut file = fs::OpenOptions::new().create(true).append(true).open(file).expect("a file");
    file.write_all(bytes).expect("room in the file");
}

/// Every file below a folder.
pub fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files_below(&path, found);
        } else {
            found.push(path);
        }
    }
}
