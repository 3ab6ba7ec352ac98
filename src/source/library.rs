//! The context library of a session, read from disk: which files there are, and what their heads say.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use git2::{DiffOptions, Repository, Sort};
use jiff::Timestamp;

use crate::config::session::LibrarySpec;
use crate::domain::fault::Fault;
use crate::domain::library::{Item, LastCommit, Shelf};
use crate::domain::redact::Redactor;
use crate::domain::text;

/// Files of a library at most.
pub const MOST: usize = 5_000;
/// Folders and files that are looked at in all.
const WALKED: usize = 60_000;
/// Folders below each other at most.
const DEPTH: usize = 12;
/// Bytes of a file that its title and its line are looked for in.
const HEAD: u64 = 2_048;
/// Bytes of a file that is quoted.
const QUOTED: u64 = 1 << 20;
/// Commits that are looked at for the last one of each file.
const COMMITS: usize = 1_000;

/// Folders that hold no reading.
const PASSED: [&str; 10] =
    ["node_modules", "target", "vendor", "dist", "build", ".git", ".hnpwb", ".venv", "__pycache__", ".terraform"];

/// The files of a library, by path; and what could not be read.
pub fn read(root: &Path, spec: &LibrarySpec, redactor: &Redactor) -> (Vec<Item>, Vec<Fault>) {
    let mut walk = Walk { root, spec, found: Vec::new(), looked: 0, faults: Vec::new() };
    walk.folder(root, "", 0, false);
    for path in &spec.paths {
        walk.named(path);
    }
    let mut items: Vec<Item> = walk.found.into_iter().filter_map(|found| found.item(redactor)).collect();
    items.sort_by(|a, b| a.path.cmp(&b.path));
    items.dedup_by(|a, b| a.path == b.path);
    (items, walk.faults)
}

struct Found {
    file: PathBuf,
    path: String,
    shelf: Shelf,
}

impl Found {
    fn item(self, redactor: &Redactor) -> Option<Item> {
        let opened = File::open(&self.file).ok()?;
        let metadata = opened.metadata().ok().filter(std::fs::Metadata::is_file)?;
        let mut head = Vec::new();
        opened.take(HEAD).read_to_end(&mut head).ok()?;
        let modified = metadata.modified().ok().and_then(|at| Timestamp::try_from(at).ok());
        let head = String::from_utf8_lossy(&head);
        Some(Item::new(self.path, self.shelf, &head, metadata.len(), modified).redacted(redactor))
    }
}

struct Walk<'a> {
    root: &'a Path,
    spec: &'a LibrarySpec,
    found: Vec<Found>,
    looked: usize,
    faults: Vec<Fault>,
}

impl Walk<'_> {
    /// Looks through a folder. `all` takes every text in it, for the session file has named it.
    fn folder(&mut self, folder: &Path, below: &str, depth: usize, all: bool) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for entry in entries.flatten() {
            self.looked += 1;
            if self.found.len() >= MOST || self.looked > WALKED {
                if self.looked == WALKED + 1 || self.found.len() == MOST {
                    let why = format!("more than {MOST} documents, or {WALKED} entries");
                    self.faults = vec![Fault::new(
                        "reading the library below",
                        self.root.display(),
                        why,
                        "exclude folders in [library]",
                    )];
                }
                return;
            }
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
            // Links are not followed: they lead round in circles, and out.
            let Ok(kind) = entry.file_type() else { continue };
            if self.spec.exclude.iter().any(|excluded| path == *excluded || path.starts_with(&format!("{excluded}/"))) {
                continue;
            }
            if kind.is_dir() {
                if depth < DEPTH && !PASSED.contains(&name.as_str()) {
                    self.folder(&entry.path(), &path, depth + 1, all);
                }
            } else if kind.is_file() {
                self.file(entry.path(), path, all);
            }
        }
    }

    fn file(&mut self, file: PathBuf, path: String, all: bool) {
        if let Some(shelf) = Shelf::of(&path).or(all.then_some(Shelf::Document)) {
            self.found.push(Found { file, path, shelf });
        }
    }

    /// A file or folder that the session file names.
    fn named(&mut self, path: &str) {
        let file = self.root.join(path);
        if file.is_dir() {
            self.folder(&file, path.trim_end_matches('/'), 0, true);
        } else if file.is_file() {
            self.file(file, path.to_owned(), true);
        } else {
            let remedy = "restore it, or take it out of [library] in hnpwb.toml";
            self.faults.push(Fault::new("reading", file.display(), "no such file or folder", remedy));
        }
    }
}

/// Adds the last commit of each file, as far as the newest commits of the repository tell it.
pub fn add_commits(root: &Path, items: &mut [Item]) {
    let _ = try_commits(root, items);
}

fn try_commits(root: &Path, items: &mut [Item]) -> Result<(), git2::Error> {
    let repository = Repository::discover(root)?;
    let Some(top) = repository.workdir().and_then(|top| std::fs::canonicalize(top).ok()) else { return Ok(()) };
    let Some(prefix) = root.strip_prefix(&top).ok().map(Path::to_owned) else { return Ok(()) };
    let mut wanted: HashMap<PathBuf, usize> =
        items.iter().enumerate().map(|(at, item)| (prefix.join(&item.path), at)).collect();
    let mut walk = repository.revwalk()?;
    walk.set_sorting(Sort::TOPOLOGICAL | Sort::TIME)?;
    walk.push_head()?;
    for id in walk.take(COMMITS) {
        if wanted.is_empty() {
            break;
        }
        let commit = repository.find_commit(id?)?;
        // A merge brings nothing of its own in the common case.
        if commit.parent_count() > 1 {
            continue;
        }
        let before = commit.parent(0).ok().map(|parent| parent.tree()).transpose()?;
        let mut options = DiffOptions::new();
        options.skip_binary_check(true).context_lines(0);
        let diff = repository.diff_tree_to_tree(before.as_ref(), Some(&commit.tree()?), Some(&mut options))?;
        for delta in diff.deltas() {
            let Some(at) = delta.new_file().path().and_then(|path| wanted.remove(path)) else { continue };
            let Ok(made) = Timestamp::from_second(commit.time().seconds()) else { continue };
            let id = commit.id().to_string().chars().take(8).collect();
            items[at].commit = Some(LastCommit { id, at: made });
        }
    }
    Ok(())
}

/// The text of a file below the root, to be quoted.
pub fn text(root: &Path, path: &str, redactor: &Redactor) -> Result<String, Fault> {
    let file = root.join(path);
    let fault = |why: &dyn std::fmt::Display| Fault::new("reading", file.display(), why, "choose another file");
    let whole = std::fs::canonicalize(&file).map_err(|error| fault(&error))?;
    let top = std::fs::canonicalize(root).map_err(|error| fault(&error))?;
    if !whole.starts_with(top) {
        return Err(fault(&"it lies outside of the session's root"));
    }
    let read = || -> io::Result<String> {
        let mut bytes = Vec::new();
        File::open(&whole)?.take(QUOTED).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let read = read().map_err(|error| fault(&error))?;
    Ok(text::clean(&redactor.redact(&read)).into_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{add_commits, read, text};
    use crate::config::session::LibrarySpec;
    use crate::domain::library::Shelf;
    use crate::domain::redact::Redactor;

    fn write(root: &Path, path: &str, content: &str) {
        let file = root.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }

    #[test]
    fn a_library_is_what_is_there_by_convention_and_what_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        for path in [
            "docs/a.md",
            "docs/old/b.md",
            "src/main.rs",
            "node_modules/x/README.md",
            ".hnpwb/briefs/0001.md",
            "notes/n.md",
        ] {
            write(root, path, "# Title\n");
        }
        let spec = LibrarySpec { paths: vec!["notes".into(), "gone.md".into()], exclude: vec!["docs/old".into()] };
        let (items, faults) = read(root, &spec, &Redactor::default());
        let found: Vec<_> = items.iter().map(|item| (item.path.as_str(), item.shelf)).collect();
        assert_eq!(found, [("docs/a.md", Shelf::Document), ("notes/n.md", Shelf::Document)]);
        assert!(faults.len() == 1 && faults[0].to_string().contains("gone.md"), "{faults:?}");
    }

    #[test]
    fn the_last_commit_of_a_file_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        let repository = git2::Repository::init(&root).unwrap();
        let mut last = None;
        for (path, at) in [("docs/a.md", 1_000), ("docs/b.md", 2_000)] {
            write(&root, path, "# T\n");
            let mut index = repository.index().unwrap();
            index.add_path(Path::new(path)).unwrap();
            index.write().unwrap();
            let tree = repository.find_tree(index.write_tree().unwrap()).unwrap();
            let who = git2::Signature::new("o", "o@example.invalid", &git2::Time::new(at, 0)).unwrap();
            let parents: Vec<git2::Commit<'_>> = last.iter().map(|id| repository.find_commit(*id).unwrap()).collect();
            let parents: Vec<&git2::Commit<'_>> = parents.iter().collect();
            last = Some(repository.commit(Some("HEAD"), &who, &who, "docs: x", &tree, &parents).unwrap());
        }
        let (mut items, _) = read(&root, &LibrarySpec::default(), &Redactor::default());
        add_commits(&root, &mut items);
        let times: Vec<i64> = items.iter().map(|item| item.commit.as_ref().unwrap().at.as_second()).collect();
        assert_eq!(times, [1_000, 2_000]);
    }

    #[test]
    fn a_text_is_read_below_the_root_alone_and_without_secrets() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        write(&root, "docs/a.md", &format!("token ghp_{}\n", "0aB3dE6gH9".repeat(4).split_at(36).0));
        write(dir.path(), "outside.md", "x");
        let read = text(&root, "docs/a.md", &Redactor::default()).unwrap();
        assert!(read.contains("redacted") && !read.contains("0aB3dE6gH9"), "{read}");
        assert!(text(&root, "../outside.md", &Redactor::default()).unwrap_err().to_string().contains("outside of"));
        assert!(text(&root, "docs/no.md", &Redactor::default()).is_err());
    }
}
