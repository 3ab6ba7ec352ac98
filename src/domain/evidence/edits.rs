//! Edits that bear on a task: by the agents' tools, and by their commands.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::changes::{How, Written};
use super::files::name;
use super::runs::{Matter, Part, Run, matter};
use super::told::is_below;
use super::{Facts, Source};
use crate::domain::work::{Act, Deed, Outcome, Quote};

/// An edit that counts.
#[derive(Debug, Clone)]
pub struct Edit {
    /// The file, absolute. Of a patch the folder that it was applied in.
    pub path: PathBuf,
    /// The name of a patch that was applied to files that nobody names, which may be empty; none for any other edit.
    pub patch: Option<String>,
    /// What kind of file.
    pub matter: Matter,
    /// When.
    pub at: Option<Timestamp>,
    /// Where.
    pub source: Source,
    /// Order within its transcript.
    pub line: u64,
    /// Which part it belongs to.
    pub part: usize,
    /// It comes after the checks of the same command line.
    pub after_check: bool,
}

impl Edit {
    /// What happened, as the end of a sentence: `badge.py was edited`.
    pub fn words(&self) -> String {
        match self.patch.as_deref() {
            None => format!("{} was edited", name(&self.path)),
            Some("") => "a patch was applied".to_owned(),
            Some(patch) => format!("{patch} was applied"),
        }
    }
}

/// Every edit that counts, in the order of the transcripts. Files of the board are none: to tick a box is no work.
///
/// A command counts as an edit of a file that is edited otherwise too, or below the folder that is worked in: when git knows the
/// file, when it is there and not left out of git, or when the task or a prompt names it.
pub fn edits(facts: &Facts<'_>, parts: &[Part<'_>]) -> Vec<Edit> {
    let board = facts.task.map(|(_, task)| task.origin.file.as_path());
    let is_apart = |path: &Path| {
        Some(path) == board || path.components().any(|part| part.as_os_str() == ".hnpwb" || part.as_os_str() == ".git")
    };
    let by_tools: BTreeSet<PathBuf> =
        parts.iter().flat_map(|part| part.acts().flat_map(move |act| edited(part, act))).collect();
    let mut found = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let mut texts = Texts::of(facts, part);
        for act in part.acts() {
            let mut add = |path: PathBuf, by: Option<&Written>| {
                let patch = by.filter(|by| by.how == How::Patch).map(|by| by.patch.clone());
                if !is_apart(&path) {
                    found.push(Edit {
                        matter: if patch.is_some() { Matter::Code } else { matter(&path) },
                        path,
                        patch,
                        at: act.ended.and_then(|end| end.at).or(act.place.at),
                        source: part.source(act.place),
                        line: act.place.line,
                        part: index,
                        after_check: by.is_some_and(|by| by.after_check),
                    });
                }
            };
            edited(part, act).for_each(|path| add(path, None));
            for written in changed(part, act) {
                let path = part.absolute(&written.path.to_string_lossy());
                let is_here = is_below(&path, part.of.cwd, facts.repos.iter().map(|repo| &repo.path));
                let fact = facts.files.get(&path);
                let mut is_known = || {
                    let is_there = written.how == How::Patch || written.counts(fact);
                    is_there || (written.may_count(fact) && texts.names(&path, part.of.cwd))
                };
                if by_tools.contains(&path) || (is_here && is_known()) {
                    add(path, Some(written));
                }
            }
        }
    }
    found
}

/// Files that the agent's own tools changed with a call.
fn edited(part: &Part<'_>, act: &Act) -> impl Iterator<Item = PathBuf> {
    let files = match (&act.deed, &act.outcome) {
        (Deed::Edit(files), Outcome::Succeeded | Outcome::Open) => files.as_slice(),
        _ => &[],
    };
    files.iter().map(move |file| part.absolute(&file.path))
}

/// Files that a command line changed. Of one that failed something else may have failed.
fn changed<'a>(part: &Part<'a>, act: &Act) -> impl Iterator<Item = &'a Written> + use<'a> {
    let written = match act.outcome {
        Outcome::Refused => None,
        Outcome::Open | Outcome::Succeeded | Outcome::Started | Outcome::Failed(_) => part.of.told.written.get(&act.id),
    };
    let failed = act.outcome.is_failure();
    written.into_iter().flatten().filter(move |written| !failed || written.beside)
}

/// What the agent was told of its work.
struct Texts<'a> {
    all: Vec<&'a str>,
    /// Files that were looked for before.
    known: HashMap<PathBuf, bool>,
}

impl<'a> Texts<'a> {
    fn of(facts: &Facts<'a>, part: &'a Part<'_>) -> Self {
        let mut all: Vec<&str> = Vec::new();
        if let Some((_, task)) = facts.task {
            all.extend([task.title.as_str(), task.body.as_str()]);
            all.extend(task.boxes.iter().map(|one| one.text.as_str()));
        }
        let work = &part.of.told.work;
        let is_of_it = |said: &&Quote| part.scope.has(said.place);
        all.extend(work.asked.iter().chain(&work.prompts).filter(is_of_it).map(|said| said.text.as_str()));
        Self { all, known: HashMap::new() }
    }

    /// True if it names a file: by its path below the folder that is worked in, or by its name alone.
    fn names(&mut self, path: &Path, cwd: Option<&Path>) -> bool {
        if let Some(known) = self.known.get(path) {
            return *known;
        }
        let below = cwd.and_then(|cwd| path.strip_prefix(cwd).ok()).unwrap_or(path).to_string_lossy();
        let alone = name(path);
        let names = |text: &&str| has_word(text, &below) || (alone.contains('.') && has_word(text, &alone));
        let is_there = self.all.iter().any(names);
        self.known.insert(path.to_owned(), is_there);
        is_there
    }
}

/// True if the name of a file stands in a text as a word of its own.
fn has_word(text: &str, wanted: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/');
    !wanted.is_empty()
        && text.match_indices(wanted).any(|(at, _)| {
            let before = text[..at].strip_suffix("./").unwrap_or(&text[..at]).chars().next_back();
            let after = text[at + wanted.len()..].chars().next();
            !before.is_some_and(|c| is_part(c) || c == '.') && !after.is_some_and(is_part)
        })
}

/// The first edit that came after a run; such an edit makes it stale.
pub fn edit_after<'e>(run: &Run, edits: &'e [Edit]) -> Option<&'e Edit> {
    edits.iter().filter(|edit| edit.matter != Matter::Prose).find(|edit| {
        if edit.part == run.part {
            return edit.line > run.line || (edit.line == run.line && edit.after_check);
        }
        edit.at.zip(run.began).is_none_or(|(edit, run)| edit > run)
    })
}
