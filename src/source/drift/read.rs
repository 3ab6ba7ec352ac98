//! What git says of a fabric: the objects of the working tree, of HEAD and of the upstream branch, and their history.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use git2::{BranchType, ObjectType, Oid, Repository, Tree, TreeWalkMode, TreeWalkResult};

use super::history::{self, Walked};
use crate::config::session::FabricSpec;
use crate::domain::drift::{Finding, History, Lineage, Severity, repository_name};
use crate::domain::fault::Fault;
use crate::domain::manifest::{self, Loaded, MAX_BYTES, Manifest, is_manifest_name};

/// Files of one directory at most.
const FILES: usize = 20_000;
/// Folders below each other at most.
const DEPTH: usize = 32;

/// Everything git says of a fabric. Paths are relative to the repository's working tree.
#[derive(Debug, Clone, Default)]
pub struct GitSide {
    /// Objects of the working tree.
    pub worktree: Vec<Manifest>,
    /// Objects of HEAD; `None` outside git.
    pub head: Option<Vec<Manifest>>,
    /// Objects of the upstream branch, when it is another commit than HEAD.
    pub pushed: Option<Vec<Manifest>>,
    /// Versions of each object.
    pub history: Arc<History>,
    /// The order of its commits, and the names of its repository.
    pub lineage: Lineage,
    /// HEAD in full.
    pub commit: Option<String>,
    /// Branch.
    pub branch: Option<String>,
    /// About the files of the working tree.
    pub findings: Vec<Finding>,
}

/// What is kept from one reading to the next.
#[derive(Debug, Default)]
pub struct Cache {
    pub(super) walked: Option<Walked>,
}

/// Reads a fabric's directory. Fails when there is none; everything smaller is a finding.
pub fn read(fabric: &FabricSpec, cache: &mut Cache) -> Result<GitSide, Fault> {
    let root = fabric.repo.join(&fabric.directory);
    let fault = |why: String| Fault::new("reading", root.display(), why, "check gitops of the fabric in the session");
    let metadata = fs::metadata(&root).map_err(|error| fault(error.to_string()))?;
    if !metadata.is_dir() {
        return Err(fault("it is no directory".to_owned()));
    }
    let repository = Repository::discover(&root).ok().filter(|repository| repository.workdir().is_some());
    let Some(repository) = repository else {
        let mut side = GitSide::default();
        Walk::new(&fabric.repo, &fabric.exclude, None, &mut side).folder(&root, 0);
        return Ok(side);
    };
    let git_fault = |error: git2::Error| fault(error.message().to_owned());
    let base = repository.workdir().unwrap_or(&fabric.repo).to_owned();
    let canonical = fs::canonicalize(&root).map_err(|error| fault(error.to_string()))?;
    let base = fs::canonicalize(&base).unwrap_or(base);
    let prefix =
        canonical.strip_prefix(&base).map_err(|_| fault("it is outside its repository".to_owned()))?.to_owned();
    let mut side = GitSide::default();
    let mut walk = Walk::new(&base, &fabric.exclude, Some(&repository), &mut side);
    walk.folder(&canonical, 0);
    let read = walk.read;
    let Ok(head) = repository.head() else {
        // A repository without a commit: everything is a draft.
        side.head = Some(Vec::new());
        return Ok(side);
    };
    let commit = head.peel_to_commit().map_err(git_fault)?;
    side.branch = head.is_branch().then(|| head.shorthand().unwrap_or_default().to_owned());
    side.commit = Some(commit.id().to_string());
    let directory = Directory { prefix: &prefix, exclude: &fabric.exclude };
    let tree = commit.tree().map_err(git_fault)?;
    side.head = Some(directory.objects(&repository, &tree, (&read, &side.worktree)).map_err(git_fault)?);
    side.pushed = match upstream(&repository, &head).filter(|upstream| *upstream != commit.id()) {
        Some(upstream) => {
            let tree = repository.find_commit(upstream).and_then(|commit| commit.tree()).map_err(git_fault)?;
            Some(directory.objects(&repository, &tree, (&read, &side.worktree)).map_err(git_fault)?)
        }
        None => None,
    };
    let walked = history::walk(&repository, commit.id(), &directory, cache.walked.as_ref()).map_err(git_fault)?;
    side.history = Arc::clone(&walked.history);
    side.lineage = Lineage { places: Arc::clone(&walked.places), repositories: repositories(&repository) };
    cache.walked = Some(walked);
    Ok(side)
}

/// Names of the remotes.
fn repositories(repository: &Repository) -> Vec<String> {
    let Ok(remotes) = repository.remotes() else { return Vec::new() };
    let remotes = remotes.iter().filter_map(|name| repository.find_remote(name.ok()??).ok());
    remotes.filter_map(|remote| repository_name(remote.url().ok()?)).collect()
}

fn upstream(repository: &Repository, head: &git2::Reference<'_>) -> Option<Oid> {
    let branch = repository.find_branch(head.shorthand().ok()?, BranchType::Local).ok()?;
    branch.upstream().ok()?.get().peel_to_commit().ok().map(|commit| commit.id())
}

/// A GitOps directory inside a tree.
pub(super) struct Directory<'a> {
    prefix: &'a Path,
    exclude: &'a [String],
}

impl Directory<'_> {
    /// The id of the directory's own tree in the tree of a commit.
    pub(super) fn tree_id(&self, tree: &Tree<'_>) -> Option<Oid> {
        if self.prefix.as_os_str().is_empty() {
            return Some(tree.id());
        }
        let entry = tree.get_path(self.prefix).ok()?;
        (entry.kind() == Some(ObjectType::Tree)).then(|| entry.id())
    }

    /// The path of a file in the repository, if it is one that may hold manifests and is not excluded.
    pub(super) fn manifest_path(&self, below: &Path) -> Option<PathBuf> {
        let excluded = below.components().any(|part| self.exclude.iter().any(|name| part.as_os_str() == name.as_str()));
        (is_manifest_name(below) && !excluded).then(|| self.prefix.join(below))
    }

    /// The objects of a tree. Files that are as in the working tree are not read again: its objects are shared.
    fn objects(
        &self,
        repository: &Repository,
        tree: &Tree<'_>,
        (read, worktree): (&Read, &[Manifest]),
    ) -> Result<Vec<Manifest>, git2::Error> {
        let mut objects: Vec<Manifest> = Vec::new();
        let Some(id) = self.tree_id(tree) else { return Ok(objects) };
        repository.find_tree(id)?.walk(TreeWalkMode::PreOrder, |folder, entry| {
            let below = Path::new(folder).join(OsStr::from_bytes(entry.name_bytes()));
            let is_file = entry.kind() == Some(ObjectType::Blob) && entry.filemode() != LINK;
            let Some(path) = self.manifest_path(&below).filter(|_| is_file) else { return TreeWalkResult::Ok };
            let same = read.get(&path).filter(|(id, _)| *id == entry.id()).map(|(_, places)| places.clone());
            if let Some(known) = same.and_then(|places| worktree.get(places)) {
                objects.extend_from_slice(known);
            } else if let Ok(blob) = repository.find_blob(entry.id()) {
                objects.extend(manifest::load(&path, blob.content()).objects);
            }
            TreeWalkResult::Ok
        })?;
        objects.sort_by(|a: &Manifest, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        Ok(objects)
    }
}

/// Mode of symbolic links in a tree.
pub(super) const LINK: i32 = 0o120_000;

/// Parsed blobs: histories come back to the same ones.
#[derive(Default)]
pub(super) struct Blobs {
    parsed: HashMap<Oid, Rc<Loaded>>,
}

impl Blobs {
    /// Blobs that are remembered.
    const KEPT: usize = 64;

    pub(super) fn load(&mut self, repository: &Repository, id: Oid, path: &Path) -> Rc<Loaded> {
        if let Some(known) = self.parsed.get(&id) {
            return Rc::clone(known);
        }
        if self.parsed.len() >= Self::KEPT {
            self.parsed.clear();
        }
        let loaded = repository.find_blob(id).map(|blob| manifest::load_bare(path, blob.content())).unwrap_or_default();
        let loaded = Rc::new(loaded);
        self.parsed.insert(id, Rc::clone(&loaded));
        loaded
    }
}

/// Files of the working tree, relative to it: the id that git would give each, and the places of its objects.
type Read = HashMap<PathBuf, (Oid, Range<usize>)>;

/// A walk through the working tree.
struct Walk<'a> {
    base: &'a Path,
    exclude: &'a [String],
    repository: Option<&'a Repository>,
    side: &'a mut GitSide,
    files: usize,
    read: Read,
}

impl<'a> Walk<'a> {
    fn new(base: &'a Path, exclude: &'a [String], repository: Option<&'a Repository>, side: &'a mut GitSide) -> Self {
        Self { base, exclude, repository, side, files: 0, read: Read::new() }
    }

    fn find(&mut self, severity: Severity, code: &'static str, path: &Path, message: String) {
        let file = path.strip_prefix(self.base).unwrap_or(path).to_owned();
        self.side.findings.push(Finding { severity, code, file, line: None, message });
    }

    fn folder(&mut self, folder: &Path, depth: usize) {
        if depth > DEPTH {
            let message = format!("folders are read {DEPTH} deep; this one is left out");
            return self.find(Severity::Warning, "too-deep", folder, message);
        }
        let mut entries: Vec<PathBuf> = match fs::read_dir(folder) {
            Ok(entries) => entries.filter_map(Result::ok).map(|entry| entry.path()).collect(),
            Err(error) => return self.find(Severity::Error, "unreadable", folder, error.to_string()),
        };
        entries.sort();
        let mut spelled = HashMap::new();
        for path in entries {
            let plain = path.as_os_str().to_string_lossy().to_lowercase();
            if let Some(other) = spelled.insert(plain, path.clone()) {
                let name = other.file_name().unwrap_or_default().display();
                let message = format!("differs from {name} in case alone; some systems can have only one of them");
                self.find(Severity::Warning, "case-clash", &path, message);
            }
            let name = path.file_name().unwrap_or_default();
            if name == ".git" {
                continue;
            }
            if self.exclude.iter().any(|excluded| name == excluded.as_str()) {
                self.find(
                    Severity::Note,
                    "excluded",
                    &path,
                    "left out, as the fabric has it: no desired state".to_owned(),
                );
                continue;
            }
            // Of the link itself: what it points to may be outside, or above.
            let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
            if metadata.is_dir() && path.join(".git").exists() {
                let message = "another repository; what it holds is not read".to_owned();
                self.find(Severity::Note, "submodule", &path, message);
            } else if metadata.is_dir() {
                self.folder(&path, depth + 1);
            } else if is_manifest_name(&path) {
                self.file(&path, &metadata);
            }
        }
    }

    fn file(&mut self, path: &Path, metadata: &fs::Metadata) {
        let relative = path.strip_prefix(self.base).unwrap_or(path).to_owned();
        if self.repository.is_some_and(|repository| repository.is_path_ignored(&relative).unwrap_or(false)) {
            return;
        }
        if metadata.is_symlink() {
            return self.find(Severity::Note, "symlink", path, "a symbolic link; it is not followed".to_owned());
        }
        if !metadata.is_file() {
            return;
        }
        self.files += 1;
        if self.files > FILES {
            if self.files == FILES + 1 {
                self.find(Severity::Error, "too-many", path, format!("more than {FILES} files; the rest is not read"));
            }
            return;
        }
        if metadata.len() > MAX_BYTES {
            let message = format!("{} bytes; files over {MAX_BYTES} bytes are not read", metadata.len());
            return self.find(Severity::Error, "too-large", path, message);
        }
        match fs::read(path) {
            Ok(bytes) => {
                let loaded = manifest::load(&relative, &bytes);
                let begin = self.side.worktree.len();
                self.side.worktree.extend(loaded.objects);
                self.side.findings.extend(loaded.findings);
                if let Ok(id) = Oid::hash_object(ObjectType::Blob, &bytes) {
                    self.read.insert(relative, (id, begin..self.side.worktree.len()));
                }
            }
            Err(error) => self.find(Severity::Error, "unreadable", path, error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests;
