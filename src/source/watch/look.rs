//! One look at everything that is watched.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::Behind;
use super::root::{Reach, Roots};
use super::walk::{Found, Identity, identity, walk, walk_directories};

/// Files whose sizes and times are remembered; of more, only events tell.
pub(super) const REMEMBERED: usize = 50_000;

/// What a file looked like; differs when it was written or replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    identity: Identity,
    size: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self { identity: identity(metadata), size: metadata.len(), modified: metadata.modified().ok() }
    }
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// Directories that are watched; `None` for those that could not be, or of which the system has dropped the watch.
    pub directories: HashMap<PathBuf, Option<Identity>>,
    /// Files that are remembered: all with [`Behind::Stat`], else those that are roots.
    pub files: HashMap<PathBuf, Stamp>,
    /// The first root of which not all directories are watched.
    pub left_out: Option<PathBuf>,
}

impl Look {
    /// Looks at the roots. Of the directories of deep ones, `limit` are watched. `meet` is told of every directory that
    /// is to be watched before it is listed, and answers whether it is.
    pub(super) fn at(
        roots: &Roots,
        behind: Behind,
        limit: usize,
        meet: &mut dyn FnMut(&Path, Identity) -> bool,
    ) -> Self {
        let Self { mut directories, mut files, mut left_out } = Self::default();
        let mut note = |path: &Path, metadata: &Metadata| {
            let identity = identity(metadata);
            directories.insert(path.to_owned(), meet(path, identity).then_some(identity));
        };
        let mut seen = BTreeSet::new();
        let mut deep = 0;
        for (root, reach) in roots.ordered() {
            if !root.is_dir() {
                // A file, or nothing yet: what can be watched is the nearest directory above.
                let above = root.ancestors().skip(1).find_map(|dir| fs::metadata(dir).ok().map(|found| (dir, found)));
                if let Some((directory, metadata)) = above.filter(|(_, metadata)| metadata.is_dir()) {
                    note(directory, &metadata);
                }
                if let Ok(metadata) = fs::metadata(root) {
                    files.insert(root.to_owned(), Stamp::of(&metadata));
                }
                continue;
            }
            let mut enter = |path: &Path, metadata: &Metadata| {
                deep += usize::from(reach == Reach::Deep);
                if reach == Reach::Deep && deep > limit {
                    left_out.get_or_insert_with(|| root.to_owned());
                } else {
                    note(path, metadata);
                }
            };
            match behind {
                Behind::Nothing => walk_directories(root, reach == Reach::Deep, &mut seen, &mut enter),
                Behind::Stat => walk(root, reach == Reach::Deep, &mut seen, &mut |found| match found {
                    Found::Directory(path, metadata) => enter(path, metadata),
                    Found::File(path, metadata) => {
                        if files.len() < REMEMBERED {
                            files.insert(path.to_owned(), Stamp::of(metadata));
                        }
                    }
                }),
            }
        }
        Self { directories, files, left_out }
    }
}

/// Paths of which two looks say something different.
pub(super) fn differing<T: PartialEq>(before: &HashMap<PathBuf, T>, now: &HashMap<PathBuf, T>) -> BTreeSet<PathBuf> {
    let new = now.iter().filter(|(path, what)| before.get(*path) != Some(what)).map(|(path, _)| path);
    let gone = before.keys().filter(|path| !now.contains_key(*path));
    new.chain(gone).cloned().collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Behind, Look, differing};
    use crate::source::watch::Root;

    #[test]
    fn a_directory_that_could_not_be_watched_differs_once_it_can() {
        let root = tempfile::tempdir().unwrap();
        let roots = [Root::deep(root.path())].into_iter().collect();
        let look = |is_watched| Look::at(&roots, Behind::Nothing, 1, &mut |_, _| is_watched);
        let changed = |before: bool, now: bool| differing(&look(before).directories, &look(now).directories);
        assert_eq!(changed(false, true).into_iter().collect::<Vec<PathBuf>>(), [root.path()]);
        assert!(changed(false, false).is_empty() && changed(true, true).is_empty());
    }
}
