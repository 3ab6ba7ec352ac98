//! The gate rules in force for a folder, without any discovery: for hooks, which have a few milliseconds.
//!
//! While a workbench runs, its session's rules are those that it has accepted: it leaves them beside its socket, and what
//! anybody writes into the session file counts from when the operator accepts it. Without one the file counts.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::SourceText;
use super::file::{self, SessionFile, parse};
use super::kept;
use super::load::{Source, canonical_dir, in_main, named_files, project_file, upwards};
use crate::config::discovery::repository;
use crate::config::document::read;
use crate::config::paths::Paths;
use crate::config::problem::Problem;
use crate::domain::digest::sha256;
use crate::domain::gate::rule::GateRule;
use crate::domain::process::start_time;

/// Bytes of a file of accepted rules that are read.
const LONGEST: u64 = 16 * 1024 * 1024;

pub use super::kept::Wanted;

/// Rules that govern a folder, and whose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruled {
    /// Root of the session.
    pub root: PathBuf,
    /// Its rules, those of the sets that are in force among them.
    pub rules: Vec<GateRule>,
    /// A workbench runs that has accepted them.
    pub accepted: bool,
}

/// The rules that a running workbench has accepted, as it leaves them beside its socket.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Accepted {
    /// Process of the workbench.
    pub pid: u32,
    /// When it was started, as the process table counts (proc_pid_stat(5), field 22): a process id is given again.
    pub started: Option<String>,
    /// Root of its session.
    pub root: PathBuf,
    /// The session file; none when there is none.
    pub file: Option<PathBuf>,
    /// Folder that a relative root is below.
    pub base: PathBuf,
    /// What the file said when it was accepted.
    pub text: String,
    /// The rules in it: to read a thousand of them anew would take a hook longer than all the rest. None where that version of
    /// the program did not leave them.
    #[serde(default)]
    rules: Option<Box<RawValue>>,
}

impl Accepted {
    /// What this process accepts for a session.
    pub fn new(root: &Path, source: &SourceText) -> Self {
        let pid = std::process::id();
        Self {
            pid,
            started: started(pid),
            root: root.to_owned(),
            file: source.file.clone(),
            base: source.base.clone().unwrap_or_else(|| root.to_owned()),
            text: source.text.clone(),
            rules: None,
        }
    }

    /// The same with its rules read, to be left for hooks.
    #[must_use]
    pub fn read(mut self, paths: &Paths) -> Self {
        self.rules = self.rules(paths, &|_| true).ok().and_then(|rules| to_raw_value(&rules).ok());
        self
    }

    /// The rules that are wanted.
    ///
    /// # Errors
    /// Everything that is wrong with the text, which was none when it was accepted.
    pub fn rules(&self, paths: &Paths, wanted: Wanted<'_>) -> Result<Vec<GateRule>, Vec<Problem>> {
        if let Some(rules) = self.rules.as_ref().and_then(|rules| kept::rules_in(rules, wanted)) {
            return Ok(rules);
        }
        let file = self.file.as_deref().unwrap_or(Path::new("hnpwb.toml"));
        Ok(parse(&self.text, file, &self.base, paths)?.take_rules())
    }

    /// Digest of the text.
    pub fn digest(&self) -> String {
        sha256(self.text.as_bytes())
    }

    fn is_live(&self) -> bool {
        started(self.pid).is_some_and(|started| Some(&started) == self.started.as_ref())
    }
}

/// What a running workbench has accepted for this root.
pub fn accepted(root: &Path, paths: &Paths) -> Option<Accepted> {
    let file = paths.accepted(root);
    if fs::metadata(&file).ok()?.len() > LONGEST {
        return None;
    }
    let accepted: Accepted = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    (accepted.root == root && accepted.is_live()).then_some(accepted)
}

/// When a process was started, as the process table counts.
fn started(pid: u32) -> Option<String> {
    start_time(&fs::read(format!("/proc/{pid}/stat")).ok()?)
}

/// The rules that govern `dir`: those accepted by workbenches that run for it or a folder above it, and those of the session
/// file that governs it unless one of these workbenches serves that session. Empty when there are none of either.
///
/// That file is the one which [`super::load()`] would take, else the nearest `hnpwb.toml` of any folder above (agents in a
/// clone below a session's root belong to that session), else the session of the user's configuration whose `root` is named
/// and holds `dir` (the innermost one when several do).
///
/// # Errors
/// Everything that is wrong with that file, whichever part it concerns: a misspelt `[[gate]]` must not let calls pass.
pub fn gate_rules(dir: &Path, paths: &Paths) -> Result<Vec<Ruled>, Vec<Problem>> {
    governing(&[dir.to_owned()], paths, &|_| true)
}

/// The same of several folders, each session once, without rules that are not wanted where there are many. A file that governs
/// more than one of the folders is read once.
///
/// # Errors
/// Those of [`gate_rules`].
pub fn governing(dirs: &[PathBuf], paths: &Paths, wanted: Wanted<'_>) -> Result<Vec<Ruled>, Vec<Problem>> {
    let mut reading =
        Reading { paths, wanted, found: Vec::new(), looked_at: Vec::new(), files: Vec::new(), named: None };
    for dir in dirs {
        reading.take(dir)?;
    }
    Ok(reading.found.into_iter().map(|(ruled, _)| ruled).collect())
}

/// What was read already.
struct Reading<'p> {
    paths: &'p Paths,
    wanted: Wanted<'p>,
    /// Rules, and the session file of those that a workbench accepted.
    found: Vec<(Ruled, Option<PathBuf>)>,
    /// Folders of which it is known whether a workbench runs for them.
    looked_at: Vec<PathBuf>,
    /// Session files of projects.
    files: Vec<PathBuf>,
    /// Sessions of the user's configuration, once they were needed.
    named: Option<Vec<Named>>,
}

/// A session of the user's configuration that names its root.
struct Named {
    file: PathBuf,
    root: PathBuf,
    session: SessionFile,
    problems: Vec<Problem>,
}

impl Reading<'_> {
    fn take(&mut self, dir: &Path) -> Result<(), Vec<Problem>> {
        let dir = canonical_dir(dir).map_err(|problem| vec![problem])?;
        let mut folders = vec![dir.clone()];
        folders.extend(repository::find(&dir).and_then(|repository| in_main(&dir, &repository)));
        for folder in folders.iter().flat_map(|folder| folder.ancestors()) {
            if self.looked_at.iter().any(|known| known == folder) {
                continue;
            }
            self.looked_at.push(folder.to_owned());
            if let Some(accepted) = accepted(folder, self.paths) {
                let rules = accepted.rules(self.paths, self.wanted)?;
                // What the file says of the same root was read for another folder: what was accepted counts.
                self.found.retain(|(ruled, _)| ruled.root != accepted.root);
                self.found.push((Ruled { root: accepted.root, rules, accepted: true }, accepted.file));
            }
        }
        if let Some((root, rules)) = self.of_file(&dir, &folders)?
            && self.found.iter().all(|(ruled, _)| ruled.root != root)
        {
            self.found.push((Ruled { root, rules, accepted: false }, None));
        }
        Ok(())
    }

    /// The root and rules of the session file that governs a folder, unless it was read, or a workbench that runs for this
    /// folder has accepted it.
    fn of_file(&mut self, dir: &Path, folders: &[PathBuf]) -> Result<OfFile, Vec<Problem>> {
        let above = |root: &Path| folders.iter().any(|folder| folder.starts_with(root));
        let files = self.found.iter().filter(|(ruled, _)| ruled.accepted && above(&ruled.root));
        let accepted: Vec<&PathBuf> = files.filter_map(|(_, file)| file.as_ref()).collect();
        if let Some(file) = project_file(dir).or_else(|| upwards(dir, Path::new("/"))) {
            let known = fs::canonicalize(&file).unwrap_or_else(|_| file.clone());
            if accepted.contains(&&known) || self.files.contains(&known) {
                return Ok(None);
            }
            let source = Source::of_project(file).map_err(|problem| vec![problem])?;
            let said = kept::rules(&source, source.base.as_deref().unwrap_or(dir), self.paths, self.wanted)?;
            let root = canonical_dir(&said.root).map_err(|problem| vec![problem.of(&source.file)])?;
            self.files.push(known);
            return Ok(Some((root, said.rules)));
        }
        let paths = self.paths;
        let named = self.named.get_or_insert_with(|| named(paths));
        let governing = named.iter_mut().filter(|named| !accepted.contains(&&named.file) && above(&named.root));
        // Of several with equally long roots the first.
        let governing = governing.min_by_key(|named| std::cmp::Reverse(named.root.components().count()));
        match governing {
            None => Ok(None),
            Some(named) if named.problems.is_empty() => Ok(Some((named.root.clone(), named.session.take_rules()))),
            Some(named) => Err(named.problems.clone()),
        }
    }
}

type OfFile = Option<(PathBuf, Vec<GateRule>)>;

/// The sessions of the user's configuration that name their root. One that cannot be read cannot be known to concern any
/// folder, and a relative root means the folder that the workbench is started in: such a one governs none by itself.
fn named(paths: &Paths) -> Vec<Named> {
    let files = named_files(paths).into_iter();
    let read = files.filter_map(|file| {
        let text = read(&file).ok()??;
        let (session, problems) = file::read(&text, &file, Path::new(""), paths);
        let root =
            Some(&session.root).filter(|root| root.is_absolute()).and_then(|root| fs::canonicalize(root).ok())?;
        Some(Named { file, root, session, problems })
    });
    read.collect()
}

/// What is wrong with a session text, or what its rules are: what the operator is asked to accept.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read_rules(source: &SourceText, root: &Path, paths: &Paths) -> Result<Vec<GateRule>, Vec<Problem>> {
    Accepted::new(root, source).rules(paths, &|_| true)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Accepted, SourceText};
    use crate::config::paths::Paths;
    use crate::config::session::gates::SETS;

    #[test]
    fn the_rules_that_are_left_for_hooks_are_those_of_the_text() {
        let sets: Vec<String> = SETS.iter().map(|set| format!("{:?}", set.name)).collect();
        let text = format!(
            "[gates]\nsets = [{}]\n[[gate]]\nname = \"a\"\ntool = \"Bash|mcp__*\"\nmatches = \"git +push\"\nfail = \"wait\"\n\
             deadline = \"90s\"\ndanger = true\nmessage = \"why\"\nrequire = [\"tests-green\", \"fabric-synced:f\"]\n",
            sets.join(", ")
        );
        let source = SourceText { file: Some("/p/hnpwb.toml".into()), text, base: None };
        let paths = Paths::from_vars(|_| None);
        let read = |accepted: &Accepted| -> Accepted {
            serde_json::from_slice(&serde_json::to_vec(accepted).unwrap()).unwrap()
        };
        let bare = Accepted::new(Path::new("/p"), &source);
        let from_text = read(&bare).rules(&paths, &|_| true).unwrap();
        let left = read(&bare.read(&paths));
        assert!(left.rules.is_some() && from_text.len() > 20, "{}", from_text.len());
        assert_eq!(left.rules(&paths, &|_| true).unwrap(), from_text);
        let first = left.rules(&paths, &|rule| rule.name == "a").unwrap();
        assert_eq!(first, from_text[..1]);
    }
}
