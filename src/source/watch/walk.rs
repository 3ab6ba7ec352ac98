//! Walking directories: symbolic links are followed, each directory is entered once.

use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

/// Deepest level below a root that is entered; what lies deeper is somebody else's tree.
const DEPTH: usize = 32;

/// Tells one directory or file from another whatever path leads to it: device and inode.
pub type Identity = (u64, u64);

/// Something met on the way. A directory is told before it is listed, so that it can be watched before.
#[derive(Debug)]
pub enum Found<'a> {
    /// A directory, with its metadata (of the target, for a link).
    Directory(&'a Path, &'a Metadata),
    /// Anything else that could be looked at, with its metadata (of the target, for a link).
    File(&'a Path, &'a Metadata),
}

/// Device and inode.
#[cfg(unix)]
pub fn identity(metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// Walks `root` in an order that depends on names alone, real directories before links to directories.
///
/// Directories already in `seen` are not entered; those entered are added. What cannot be read is passed over: it may be
/// gone by now. Dependency and build folders, and git's object stores, are not entered.
pub fn walk(root: &Path, recursive: bool, seen: &mut BTreeSet<Identity>, visit: &mut dyn FnMut(Found<'_>)) {
    traverse(root, recursive, true, seen, visit);
}

/// Walks the directories alone, as [`walk`] does. Files cost nothing then, however many there are.
pub fn walk_directories(
    root: &Path,
    recursive: bool,
    seen: &mut BTreeSet<Identity>,
    visit: &mut dyn FnMut(&Path, &Metadata),
) {
    traverse(root, recursive, false, seen, &mut |found| {
        if let Found::Directory(path, metadata) = found {
            visit(path, metadata);
        }
    });
}

fn traverse(
    root: &Path,
    recursive: bool,
    with_files: bool,
    seen: &mut BTreeSet<Identity>,
    visit: &mut dyn FnMut(Found<'_>),
) {
    let mut pending: Vec<(PathBuf, usize)> = vec![(root.to_owned(), 0)];
    while let Some((directory, depth)) = pending.pop() {
        let Ok(metadata) = fs::metadata(&directory) else { continue };
        if !metadata.is_dir() || !seen.insert(identity(&metadata)) {
            continue;
        }
        visit(Found::Directory(&directory, &metadata));
        let enter = recursive && depth < DEPTH;
        if !enter && !with_files {
            continue;
        }
        let (mut real, mut linked) = (Vec::new(), Vec::new());
        let mut files = Vec::new();
        for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => real.push(path),
                Ok(kind) if kind.is_symlink() => match fs::metadata(&path) {
                    Ok(target) if target.is_dir() => linked.push(path),
                    Ok(target) => files.push((path, target)),
                    Err(_) => {}
                },
                Ok(_) if with_files => {
                    if let Ok(metadata) = entry.metadata() {
                        files.push((path, metadata));
                    }
                }
                Ok(_) | Err(_) => {}
            }
        }
        if with_files {
            files.sort_unstable_by(|a, b| a.0.cmp(&b.0));
            for (path, metadata) in &files {
                visit(Found::File(path, metadata));
            }
        }
        if enter {
            real.sort_unstable();
            linked.sort_unstable();
            // The last one pushed is entered first.
            let inner = real.into_iter().chain(linked).filter(|path| !is_passed_over(path));
            let mut inner: Vec<_> = inner.map(|path| (path, depth + 1)).collect();
            inner.reverse();
            pending.append(&mut inner);
        }
    }
}

/// Folders that are large and say nothing to anybody here.
fn is_passed_over(path: &Path) -> bool {
    match path.file_name().and_then(|name| name.to_str()) {
        Some("node_modules") => true,
        Some("target") => path.join("CACHEDIR.TAG").is_file(),
        Some("objects") => path.with_file_name("HEAD").is_file(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::{Found, walk, walk_directories};

    fn names(root: &Path, recursive: bool) -> Vec<String> {
        let mut names = Vec::new();
        walk(root, recursive, &mut BTreeSet::new(), &mut |found| {
            let (Found::Directory(path, _) | Found::File(path, _)) = found;
            names.push(path.strip_prefix(root).unwrap().to_string_lossy().into_owned());
        });
        names
    }

    #[test]
    fn links_are_followed_and_each_directory_is_entered_once() {
        let root = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        fs::write(elsewhere.path().join("far"), "").unwrap();
        fs::create_dir_all(root.path().join("b/c")).unwrap();
        fs::write(root.path().join("b/c/file"), "").unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), root.path().join("a")).unwrap();
        std::os::unix::fs::symlink(root.path(), root.path().join("b/loop")).unwrap();
        std::os::unix::fs::symlink("nowhere", root.path().join("broken")).unwrap();
        assert_eq!(names(root.path(), true), ["", "b", "b/c", "b/c/file", "a", "a/far"]);
        assert_eq!(names(root.path(), false), [""]);
        let mut directories = Vec::new();
        walk_directories(root.path(), true, &mut BTreeSet::new(), &mut |path, _| directories.push(path.to_owned()));
        assert_eq!(directories, ["", "b", "b/c", "a"].map(|name| root.path().join(name)));
    }

    #[test]
    fn object_stores_and_dependencies_are_passed_over() {
        let root = tempfile::tempdir().unwrap();
        for directory in ["git/objects/aa", "git/refs", "node_modules/x", "objects"] {
            fs::create_dir_all(root.path().join(directory)).unwrap();
        }
        fs::write(root.path().join("git/HEAD"), "").unwrap();
        assert_eq!(names(root.path(), true), ["", "git", "git/HEAD", "git/refs", "objects"]);
    }
}
