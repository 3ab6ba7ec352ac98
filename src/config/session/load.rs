//! Which session one run works with: a named one, the project's own file, or what discovery finds.
//!
//! A list that the file has (boards, repositories, fabrics) takes the place of what discovery would find; a list that
//! it leaves out is discovered. Agents are always found by their transcripts: the file names some of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::file::{STALE_AFTER, SessionFile, parse};
use super::{ClusterSpec, Session, SessionOrigin, SourceText};
use crate::config::brief;
use crate::config::discovery::repository::{self, Repository};
use crate::config::discovery::{Discovery, discover_in};
use crate::config::document::read;
use crate::config::health;
use crate::config::models;
use crate::config::paths::Paths;
use crate::config::problem::{Problem, unknown};
use crate::config::redaction;
use crate::config::supervision;
use crate::domain::notify::Notify;
use crate::domain::redact::Redactor;
use crate::domain::transcript::format::{FORMATS, Place};

/// Name of a project's own session file.
pub const FILE_NAME: &str = "hnpwb.toml";

/// Sessions that are part of the program: name and text.
pub const BUILT_IN: [(&str, &str); 3] = [
    ("demo", include_str!("../../../sessions/demo.toml")),
    ("hnp", include_str!("../../../sessions/hnp.toml")),
    ("two-fabrics", include_str!("../../../sessions/two-fabrics.toml")),
];

/// Named sessions that are looked through for the one that governs a folder.
const MOST_NAMED: usize = 64;

/// Loads a session for `dir`.
///
/// `selector` is a name (`sessions/NAME.toml` of the user's configuration, then built in) or a file (with a `/` or
/// ending in `.toml`). Without one, the `hnpwb.toml` of `dir` or of a folder above it up to the repository's top is
/// taken; in a linked worktree that of the main one comes first, so that agents there belong to the same session as
/// everyone else. Without any file all of it is discovered.
///
/// The problems beside a session are such that it can be used all the same.
///
/// # Errors
/// Everything that is wrong with the session's file, or that there is none; everything that is wrong with the patterns of
/// secrets in the user's `config.toml`.
pub fn load(selector: Option<&str>, dir: &Path, paths: &Paths) -> Result<(Session, Vec<Problem>), Vec<Problem>> {
    let dir = canonical_dir(dir).map_err(|problem| vec![problem])?;
    let source = match selector {
        Some(selector) => Some(select(selector, &dir, paths).map_err(|problem| vec![problem])?),
        None => project_file(&dir).map(Source::of_project).transpose().map_err(|problem| vec![problem])?,
    };
    let redactor = redaction::load(paths)?;
    let Some(source) = source else {
        let top = repository::find(&dir).map_or(dir, |repository| repository.top);
        let (models, mut problems) = models::load(paths);
        let (health, wrong) = health::load(paths);
        problems.extend(wrong);
        let (levels, notify, wrong) = supervision::load(paths);
        problems.extend(wrong);
        let session = discovered(&top, paths);
        let (models, levels) = (Arc::new(models), Arc::new(levels));
        return Ok((Session { models, health, levels, notify, redactor, ..session }, problems));
    };
    let file = parse(&source.text, &source.file, source.base.as_deref().unwrap_or(&dir), paths)?;
    let root = canonical_dir(&file.root).map_err(|problem| vec![problem.of(&source.file)])?;
    let mut problems = absent(&file, &source.file);
    let (models, wrong) = models::load(paths);
    problems.extend(wrong);
    let (health, wrong) = health::load(paths);
    problems.extend(wrong);
    let (mut levels, mut notify, wrong) = supervision::load(paths);
    problems.extend(wrong);
    // The session's own values come before the user's.
    file.supervision.apply(&mut levels, &mut notify);
    let (models, levels) = (Arc::new(models), Arc::new(levels));
    Ok((Session { models, health, levels, notify, redactor, ..filled(file, source, root, paths) }, problems))
}

/// A session file's text and where it came from.
pub(super) struct Source {
    pub(super) origin: SessionOrigin,
    pub(super) file: PathBuf,
    pub(super) text: String,
    /// Folder that a relative root is below; none is the folder the workbench is started in.
    pub(super) base: Option<PathBuf>,
}

impl Source {
    pub(super) fn of_project(file: PathBuf) -> Result<Self, Problem> {
        let text = read(&file)?.ok_or_else(|| Problem::whole(&file, "there is no such file"))?;
        let file = fs::canonicalize(&file).unwrap_or(file);
        let base = file.parent().map(Path::to_path_buf);
        Ok(Self { origin: SessionOrigin::File(file.clone()), file, text, base })
    }
}

/// The session that a command line names.
fn select(selector: &str, dir: &Path, paths: &Paths) -> Result<Source, Problem> {
    let is_file = selector.contains('/') || Path::new(selector).extension().is_some_and(|ext| ext == "toml");
    if is_file {
        return Source::of_project(dir.join(paths.expand(selector)));
    }
    let folder = paths.config.join("sessions");
    let file = folder.join(format!("{selector}.toml"));
    if let Some(text) = read(&file)? {
        return Ok(Source { origin: SessionOrigin::File(file.clone()), file, text, base: None });
    }
    let built_in = BUILT_IN.into_iter().find(|(name, _)| *name == selector);
    built_in.map_or_else(
        || {
            let own: Vec<String> = named_files(paths).iter().filter_map(|file| stem(file)).collect();
            let known: Vec<&str> = own.iter().map(String::as_str).chain(BUILT_IN.map(|(name, _)| name)).collect();
            Err(Problem::whole(&folder, unknown("session", selector, &known)))
        },
        |(name, text)| {
            let file = PathBuf::from(format!("sessions/{name}.toml"));
            Ok(Source { origin: SessionOrigin::BuiltIn(name.to_owned()), file, text: text.to_owned(), base: None })
        },
    )
}

fn stem(file: &Path) -> Option<String> {
    file.file_stem().map(|name| name.to_string_lossy().into_owned())
}

/// Session files of the user's configuration, sorted.
pub(super) fn named_files(paths: &Paths) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(paths.config.join("sessions")) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|file| file.extension().is_some_and(|ext| ext == "toml"))
        .take(MOST_NAMED)
        .collect();
    files.sort();
    files
}

/// The `hnpwb.toml` that [`load`] takes for a folder.
pub(super) fn project_file(dir: &Path) -> Option<PathBuf> {
    let Some(repository) = repository::find(dir) else { return upwards(dir, dir) };
    let in_main = || upwards(&in_main(dir, &repository)?, repository.main.as_deref()?);
    in_main().or_else(|| upwards(dir, &repository.top))
}

/// The nearest `hnpwb.toml` from a folder up to `top`.
pub(super) fn upwards(from: &Path, top: &Path) -> Option<PathBuf> {
    let within = from.ancestors().take_while(|folder| folder.starts_with(top));
    // A link that leads nowhere is a file that cannot be read, and not none: its rules must not be lost in silence.
    let is_there = |file: &PathBuf| file.symlink_metadata().is_ok_and(|found| !found.is_dir());
    within.map(|folder| folder.join(FILE_NAME)).find(is_there)
}

/// The folder of the main working tree that corresponds to one of a linked worktree.
pub(super) fn in_main(dir: &Path, repository: &Repository) -> Option<PathBuf> {
    let main = repository.main.as_ref().filter(|main| **main != repository.top)?;
    Some(main.join(dir.strip_prefix(&repository.top).ok()?))
}

pub(super) fn canonical_dir(dir: &Path) -> Result<PathBuf, Problem> {
    let found = fs::canonicalize(dir).map_err(|error| Problem::whole(dir, format!("cannot be opened: {error}")))?;
    if found.is_dir() { Ok(found) } else { Err(Problem::whole(dir, "is not a folder")) }
}

/// What the file names and the disk does not have. The session works; the panes will say the same when it lasts.
fn absent(session: &SessionFile, file: &Path) -> Vec<Problem> {
    let gitops = session.fabrics.iter().map(|fabric| ("gitops directory", fabric.repo.join(&fabric.directory)));
    let boards = session.boards.iter().map(|board| ("board", board.clone()));
    let repos = session.repos.iter().map(|repo| ("repository", repo.clone()));
    boards
        .chain(repos)
        .chain(gitops)
        .filter(|(_, path)| !path.exists())
        .map(|(what, path)| Problem::whole(file, format!("the {what} {} does not exist", path.display())))
        .collect()
}

fn discovered(root: &Path, paths: &Paths) -> Session {
    let nothing = SessionFile { root: root.to_path_buf(), ..SessionFile::default() };
    let root = root.to_path_buf();
    complete(nothing, SessionOrigin::Discovered, SourceText::default(), root, paths)
}

fn filled(mut file: SessionFile, source: Source, root: PathBuf, paths: &Paths) -> Session {
    file.name = file.name.or_else(|| match &source.origin {
        SessionOrigin::BuiltIn(name) => Some(name.clone()),
        SessionOrigin::File(path) if source.base.is_none() => stem(path),
        SessionOrigin::File(_) | SessionOrigin::Discovered => None,
    });
    let text = SourceText { file: Some(source.file), text: source.text, base: source.base };
    complete(file, source.origin, text, root, paths)
}

/// Fills in by discovery what a file leaves out.
fn complete(mut file: SessionFile, origin: SessionOrigin, text: SourceText, root: PathBuf, paths: &Paths) -> Session {
    let gates = file.take_rules();
    let everything_said = !file.boards.is_empty() && !file.repos.is_empty() && !file.fabrics.is_empty();
    let found = if everything_said {
        let worktrees = repository::find(&root).map(|repository| repository.worktrees).unwrap_or_default();
        Discovery { worktrees, ..Discovery::default() }
    } else {
        discover_in(&root, paths)
    };
    let or = |said: Vec<PathBuf>, found: Vec<PathBuf>| if said.is_empty() { found } else { said };
    let mut cluster_faults = Vec::new();
    let (fabrics, cluster) = if file.fabrics.is_empty() {
        cluster_faults = found.context_faults;
        let current = |context| ClusterSpec::Context { context: Some(context), kubeconfig: None };
        (found.fabrics, found.context.map(current))
    } else {
        (file.fabrics, None)
    };
    let folder_name = || root.file_name().map_or_else(|| "/".to_owned(), |name| name.to_string_lossy().into_owned());
    let state_dir = file.state.unwrap_or_else(|| root.join(".hnpwb"));
    let templates = brief::folders(paths, &file.templates.unwrap_or_else(|| state_dir.join("templates")));
    Session {
        name: file.name.unwrap_or_else(folder_name),
        origin,
        state_dir,
        read_only: file.read_only,
        layout: file.layout,
        theme: file.theme,
        boards: or(file.boards, found.boards),
        agents: file.agents,
        repos: or(file.repos, found.repos),
        fabrics,
        gates,
        source: text,
        claude_dirs: paths.claude.clone(),
        transcript_places: transcript_places(paths, &root),
        status_lines: Some(paths.status_lines()),
        models: Arc::default(),
        health: Arc::default(),
        levels: Arc::default(),
        notify: Notify::default(),
        checks: file.checks,
        kubeconfig: paths.kubeconfig.clone(),
        library: file.library,
        templates,
        stale_after: file.stale_after.unwrap_or(STALE_AFTER),
        review: file.review,
        worktrees: found.worktrees,
        cluster,
        faults: found.faults,
        cluster_faults,
        redactor: Redactor::default(),
        root,
    }
}

/// Folders of the user's, and files of the project's own, where agents keep transcripts.
fn transcript_places(paths: &Paths, root: &Path) -> Vec<PathBuf> {
    let of_project = FORMATS.iter().flat_map(|format| format.places()).filter_map(|place| match place {
        Place::Project(file) => Some(root.join(file)),
        Place::Home { .. } => None,
    });
    paths.transcripts.iter().cloned().chain(of_project).collect()
}

#[cfg(test)]
mod tests;
