//! What a brief's words are held against: what the repository, the machine, the clusters and the board really have.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use crate::domain::cluster::{ClusterView, Connection};
use crate::domain::drift::{DriftState, DriftView};
use crate::domain::task::{Task, TaskStatus};

/// All of it. What is not known is not held against anything.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The repository and the machine.
    pub ground: Arc<Ground>,
    /// The clusters and the board.
    pub world: Arc<World>,
    /// Tokens of files that the brief names.
    pub sizes: BTreeMap<String, usize>,
}

/// What is found on disk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ground {
    /// The session's root, to know paths that are written in full.
    pub root: String,
    /// Files below the root, with `/` between names; `None` when they could not be listed whole.
    pub files: Option<Files>,
    /// Branches and tags, remote ones without the name of their remote.
    pub branches: Option<BTreeSet<String>>,
    /// Programs on the search path.
    pub commands: Option<HashSet<String>>,
    /// Contexts of the kubeconfig.
    pub contexts: Option<BTreeSet<String>>,
}

/// Files by path, and the folders they lie in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files {
    paths: BTreeSet<String>,
    folders: HashSet<String>,
    /// Folders that were not looked into: whatever is said to be in them may be there.
    closed: HashSet<String>,
    names: BTreeMap<String, Option<String>>,
}

impl Files {
    /// Takes the paths of files.
    pub fn new(paths: impl IntoIterator<Item = String>) -> Self {
        let mut files = Self::default();
        for path in paths {
            let mut end = path.len();
            while let Some(slash) = path[..end].rfind('/') {
                if !files.folders.insert(path[..slash].to_owned()) {
                    break;
                }
                end = slash;
            }
            let name = path.rsplit('/').next().unwrap_or(&path).to_owned();
            // A name that stands in two folders leads to neither.
            files.names.entry(name).and_modify(|known| *known = None).or_insert_with(|| Some(path.clone()));
            files.paths.insert(path);
        }
        files
    }

    /// The same with folders that nobody has looked into.
    #[must_use]
    pub fn with_closed(mut self, folders: impl IntoIterator<Item = String>) -> Self {
        self.closed.extend(folders);
        self
    }

    /// Whether there is such a file or folder, as far as one can know.
    pub fn has(&self, path: &str) -> bool {
        let hidden = || {
            let above = path.char_indices().filter(|(_, c)| *c == '/').map(|(at, _)| &path[..at]);
            above.chain([path]).any(|folder| self.closed.contains(folder))
        };
        self.paths.contains(path) || self.is_folder(path) || hidden()
    }

    /// Whether there is such a file.
    pub fn is_file(&self, path: &str) -> bool {
        self.paths.contains(path)
    }

    /// Whether there is such a folder.
    pub fn is_folder(&self, path: &str) -> bool {
        self.folders.contains(path.trim_end_matches('/'))
    }

    /// Whether any file has this name.
    pub fn has_name(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    /// The only file of this name.
    pub fn named(&self, name: &str) -> Option<&str> {
        self.names.get(name)?.as_deref()
    }
}

/// What clusters and board have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct World {
    /// Kinds that objects are known of, by their names in small letters.
    pub kinds: BTreeMap<String, KindFacts>,
    /// Every cluster of the session has answered: what is not known live is not live.
    pub live_is_whole: bool,
    /// Tasks by id.
    pub tasks: BTreeMap<String, TaskFacts>,
}

/// What there is of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KindFacts {
    /// The kind, as it is written.
    pub kind: String,
    /// Plural, in small letters.
    pub plural: String,
    /// Names of objects that git states.
    pub desired: BTreeSet<String>,
    /// Names of objects that a cluster has.
    pub live: BTreeSet<String>,
    /// How many objects are live, when that is known.
    pub count: Option<usize>,
}

/// What the board says of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskFacts {
    /// Where it stands.
    pub status: TaskStatus,
    /// Ids of what it waits for.
    pub depends_on: Vec<String>,
}

impl World {
    /// What is known of the clusters, the fabrics and the board.
    pub fn new(tasks: &[Arc<Task>], fabrics: &[DriftView], clusters: &[ClusterView]) -> Self {
        let mut kinds: BTreeMap<String, KindFacts> = BTreeMap::new();
        for view in fabrics {
            for row in view.rows.iter() {
                let kind = kinds.entry(row.key.kind.to_lowercase()).or_insert_with(|| KindFacts::of(&row.key.kind));
                if row.state != DriftState::Orphaned {
                    kind.desired.insert(row.key.name.clone());
                }
                if matches!(
                    row.state,
                    DriftState::Synced
                        | DriftState::Drifted
                        | DriftState::Behind
                        | DriftState::Orphaned
                        | DriftState::Deleting
                ) {
                    kind.live.insert(row.key.name.clone());
                }
            }
        }
        for cluster in clusters.iter().filter(|cluster| cluster.connection == Connection::Connected) {
            for counted in &cluster.kinds {
                let kind =
                    kinds.entry(counted.kind.kind.to_lowercase()).or_insert_with(|| KindFacts::of(&counted.kind.kind));
                kind.plural.clone_from(&counted.kind.plural);
                if counted.fault.is_none() {
                    kind.count = Some(kind.count.unwrap_or(0) + counted.count);
                }
            }
            for object in cluster.objects.iter() {
                let kind =
                    kinds.entry(object.kind.kind.to_lowercase()).or_insert_with(|| KindFacts::of(&object.kind.kind));
                kind.live.insert(object.name.clone());
            }
        }
        let connected = |connection: Connection| matches!(connection, Connection::Connected);
        let asked = clusters.iter().map(|cluster| cluster.connection);
        let asked: Vec<Connection> =
            asked.chain(fabrics.iter().map(|view| view.connection)).filter(|one| *one != Connection::None).collect();
        let tasks = tasks
            .iter()
            .map(|task| (task.id.clone(), TaskFacts { status: task.status, depends_on: task.depends_on.clone() }));
        Self { kinds, live_is_whole: !asked.is_empty() && asked.into_iter().all(connected), tasks: tasks.collect() }
    }

    /// The kind that a word means: its name, its plural, or its name with an `s`.
    pub fn kind(&self, word: &str) -> Option<&KindFacts> {
        let lower = word.to_lowercase();
        let singular = lower.strip_suffix("es").and_then(|stem| self.kinds.get(stem));
        self.kinds
            .get(&lower)
            .or_else(|| self.kinds.values().find(|kind| kind.plural == lower))
            .or_else(|| self.kinds.get(lower.strip_suffix('s')?))
            .or(singular)
    }
}

impl KindFacts {
    fn of(kind: &str) -> Self {
        Self { kind: kind.to_owned(), ..Self::default() }
    }

    /// Whether git or a cluster has an object of this name.
    pub fn has(&self, name: &str) -> bool {
        self.desired.contains(name) || self.live.contains(name)
    }
}

#[cfg(test)]
mod tests {
    use super::{Files, KindFacts, World};

    #[test]
    fn files_are_known_by_path_folder_and_name() {
        let files = Files::new(["src/a.rs", "src/x/b.rs", "docs/b.rs"].map(str::to_owned));
        assert!(files.has("src/x") && files.has("src/") && files.is_file("docs/b.rs") && !files.has("src/y"));
        assert_eq!((files.named("a.rs"), files.named("b.rs")), (Some("src/a.rs"), None));
        assert!(files.has_name("b.rs") && !files.has_name("c.rs"));
        let files = files.with_closed(["x/target".to_owned()]);
        assert!(files.has("x/target/debug/a") && files.has("x/target") && !files.has("x/targets"));
    }

    #[test]
    fn a_kind_is_known_by_its_name_and_its_plural() {
        let mut world = World::default();
        world
            .kinds
            .insert("vpc".into(), KindFacts { kind: "VPC".into(), plural: "vpcs".into(), ..KindFacts::default() });
        world.kinds.insert("switch".into(), KindFacts { kind: "Switch".into(), ..KindFacts::default() });
        for word in ["VPC", "vpcs", "VPCs", "Switches", "switch"] {
            assert!(world.kind(word).is_some(), "{word}");
        }
        assert!(world.kind("Server").is_none());
    }
}
