//! What is watched, and which paths that concerns.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::{Path, PathBuf};

/// A file or directory to watch, which need not exist yet. Its path is absolute, for the paths of events are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Root {
    pub(super) path: PathBuf,
    deep: bool,
}

impl Root {
    /// A file, or a directory with what is directly in it: its files, and that folders in it come and go.
    pub fn flat(path: impl AsRef<Path>) -> Self {
        Self { path: path.as_ref().to_owned(), deep: false }
    }

    /// A directory with everything below it, links included.
    pub fn deep(path: impl AsRef<Path>) -> Self {
        Self { path: path.as_ref().to_owned(), deep: true }
    }
}

/// Roots, each once; one that is named flat and deep is deep.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Roots {
    all: BTreeMap<PathBuf, Reach>,
}

/// How much of a root is watched. Deep ones come first, so that what lies in both kinds is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    Deep,
    Flat,
}

impl FromIterator<Root> for Roots {
    fn from_iter<T: IntoIterator<Item = Root>>(roots: T) -> Self {
        let mut all = BTreeMap::new();
        for Root { path, deep } in roots {
            let reach = if deep { Reach::Deep } else { Reach::Flat };
            all.entry(path).and_modify(|known| *known = reach.min(*known)).or_insert(reach);
        }
        Self { all }
    }
}

impl Roots {
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.all.keys()
    }

    /// Deep ones first.
    pub(super) fn ordered(&self) -> impl Iterator<Item = (&Path, Reach)> {
        let of = |wanted| self.all.iter().filter(move |(_, reach)| **reach == wanted);
        of(Reach::Deep).chain(of(Reach::Flat)).map(|(path, reach)| (path.as_path(), *reach))
    }

    /// Whether a path is a root, lies directly in one, or anywhere below a deep one.
    pub(super) fn concern(&self, path: &Path) -> bool {
        self.all.contains_key(path)
            || path.parent().is_some_and(|parent| self.all.contains_key(parent))
            || self.reach_below(path)
    }

    /// Whether a path lies below a deep root.
    pub(super) fn reach_below(&self, path: &Path) -> bool {
        path.ancestors().skip(1).any(|above| self.all.get(above) == Some(&Reach::Deep))
    }

    /// Whether a path is a root or above one.
    pub(super) fn lie_below(&self, path: &Path) -> bool {
        // Paths are ordered by their components, so what is below a path follows it.
        let mut after = self.all.range::<Path, _>((Bound::Included(path), Bound::Unbounded));
        after.next().is_some_and(|(root, _)| root.starts_with(path))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Root, Roots};

    #[test]
    fn flat_roots_reach_their_own_entries_and_deep_ones_everything_below() {
        let roots: Roots =
            [Root::flat("/a/b"), Root::deep("/c"), Root::flat("/c"), Root::flat("/a-b/x")].into_iter().collect();
        for path in ["/a/b", "/a/b/file", "/c", "/c/file", "/c/deep/er"] {
            assert!(roots.concern(Path::new(path)), "{path}");
        }
        for path in ["/", "/a", "/a/b/c/file", "/a/bc", "/a-b"] {
            assert!(!roots.concern(Path::new(path)), "{path}");
        }
        for (path, leads) in
            [("/", true), ("/a", true), ("/a/b", true), ("/a-b", true), ("/b", false), ("/a/b/c", false)]
        {
            assert_eq!(roots.lie_below(Path::new(path)), leads, "{path}");
        }
        let first = roots.ordered().next();
        assert!(first.is_some_and(|(path, _)| path == Path::new("/c")));
    }
}
