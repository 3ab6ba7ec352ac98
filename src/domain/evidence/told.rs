//! What an agent did and said, with what evidence wants of it found once: its claims, and the checks that it ran.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::changes::{How, Written, written};
use super::command::{self, Found};
use super::runs::plain;
use crate::domain::claim::{self, Claim};
use crate::domain::work::{Deed, Place, Work};

/// Files that are looked at for one agent.
const FILES: usize = 512;

/// Claims of one message.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// Where.
    pub place: Place,
    /// Its index among the messages of the work.
    pub message: usize,
    /// What.
    pub claims: Vec<Claim>,
}

/// An agent's work, read for evidence.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Told {
    /// What it did.
    pub work: Work,
    /// Messages that claim something, in their order; those of sub-agents are not the agent's own.
    pub said: Vec<Said>,
    /// Checks among its commands, by the id of the call.
    pub checks: HashMap<String, Found>,
    /// Files that its commands change, by the id of the call.
    pub written: HashMap<String, Vec<Written>>,
}

impl Told {
    /// Reads some work.
    pub fn of(work: Work) -> Self {
        let messages = work.messages.iter().enumerate().filter(|(_, message)| !message.sidechain);
        let said = messages.map(|(index, message)| Said {
            place: message.place,
            message: index,
            claims: claim::claims(&message.text),
        });
        let checks = work.acts.iter().filter_map(|act| match &act.deed {
            Deed::Run(line) => Some((act.id.clone(), command::find(line)?)),
            Deed::Edit(_) | Deed::Read(_) | Deed::Other(_) => None,
        });
        let written = work.acts.iter().filter_map(|act| match &act.deed {
            Deed::Run(line) => Some((act.id.clone(), written(line, &act.head))).filter(|(_, files)| !files.is_empty()),
            Deed::Edit(_) | Deed::Read(_) | Deed::Other(_) => None,
        });
        let (said, checks) = (said.filter(|said| !said.claims.is_empty()).collect(), checks.collect());
        let written = written.collect();
        Self { work, said, checks, written }
    }

    /// Files that it changed or names in claims, absolute; of more than a few hundred the latest. What its commands change counts
    /// below its folder and below `trees`.
    pub fn files(&self, cwd: Option<&Path>, trees: &[PathBuf]) -> BTreeSet<PathBuf> {
        let changed = self.work.edits().rev().flat_map(|act| match &act.deed {
            Deed::Edit(files) => files.as_slice(),
            Deed::Run(_) | Deed::Read(_) | Deed::Other(_) => &[],
        });
        let named = self.said.iter().rev().flat_map(|said| &said.claims).flat_map(|claim| &claim.names.files);
        let paths = changed.map(|file| file.path.as_str()).chain(named.map(String::as_str));
        let paths = paths.map(|path| absolute(path, cwd)).filter(|path| path.is_absolute()).take(FILES);
        let written = self.work.acts.iter().rev().filter_map(|act| self.written.get(&act.id)).flatten();
        let written =
            written.filter(|file| file.how != How::Patch).map(|file| absolute(&file.path.to_string_lossy(), cwd));
        paths.chain(written.filter(|path| is_below(path, cwd, trees)).take(FILES)).collect()
    }
}

/// True for a file below the folder that an agent works in, or in one of these trees.
pub fn is_below<'t>(path: &Path, cwd: Option<&'t Path>, trees: impl IntoIterator<Item = &'t PathBuf>) -> bool {
    cwd.into_iter().chain(trees.into_iter().map(PathBuf::as_path)).any(|tree| path.starts_with(tree))
}

/// A path as an agent names it, absolute where that can be told.
pub fn absolute(path: &str, cwd: Option<&Path>) -> PathBuf {
    let path = Path::new(path);
    match cwd {
        Some(cwd) if path.is_relative() => plain(&cwd.join(path)),
        _ => plain(path),
    }
}
