//! Every transcript that is known, and the agents they make.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::discover::{Candidate, Pattern, candidate, discover, folder};
use super::summary::{Followed, Summary, summarise};
use crate::config::session::Session;
use crate::domain::agent::AgentKind;
use crate::domain::agent::judge::ProcessFact;
use crate::domain::fault::Fault;
use crate::domain::transcript::Digest;
use crate::source::registry::exits::Exits;
use crate::source::registry::{self, Registered};
use crate::source::watch::walk::Identity;

/// Threads that read at start-up.
const THREADS: usize = 2;

/// Transcripts that a glance reads: more than a screen shows, and few enough to be there at once.
const GLANCE: usize = 96;

/// Which transcripts count.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    pub session: Arc<Session>,
    /// The session's root and its worktrees, canonical.
    pub roots: Vec<PathBuf>,
    /// Transcripts of all folders count.
    pub all: bool,
    pub patterns: Vec<Option<Pattern>>,
}

impl Scope {
    pub(super) fn new(session: Arc<Session>, mut roots: Vec<PathBuf>, all: bool) -> Self {
        roots.push(session.root.clone());
        let canonical: Vec<_> = roots.iter().filter_map(|root| root.canonicalize().ok()).collect();
        roots.extend(canonical);
        roots.sort_unstable();
        roots.dedup();
        let patterns = session.agents.iter().map(|spec| spec.transcripts.as_deref().map(Pattern::new)).collect();
        Self { session, roots, all, patterns }
    }

    /// True for folders of the session. Recorded folders may be links.
    pub(super) fn holds(&self, cwd: &Path) -> bool {
        let inside = |path: &Path| self.roots.iter().any(|root| path.starts_with(root));
        self.all || inside(cwd) || cwd.canonicalize().is_ok_and(|real| inside(&real))
    }

    /// What is to be watched.
    pub(super) fn watched(&self) -> Vec<PathBuf> {
        let claude = &self.session.claude_dirs;
        let mut paths: Vec<_> = claude.iter().flat_map(|dir| [folder(dir), registry::folder(dir)]).collect();
        paths.extend(self.patterns.iter().flatten().map(|pattern| pattern.base.clone()));
        paths
    }
}

/// One transcript.
#[derive(Debug)]
pub(super) struct Tracked {
    pub candidate: Candidate,
    /// What it says; `None` for one that is not of this session, or is not read by this version.
    pub summary: Option<Summary>,
}

/// Every transcript known.
#[derive(Debug)]
pub(super) struct Roster {
    pub(super) scope: Scope,
    pub(super) transcripts: BTreeMap<PathBuf, Tracked>,
    pub(super) registered: Vec<Registered>,
    /// Tells when a registered process ends.
    pub(super) exits: Exits,
    /// Sessions that were registered earlier in this run, as they were seen last. Claude Code clears what a crash left
    /// behind at its next start; the crash remains one.
    pub(super) departed: HashMap<String, Registered>,
    pub(super) unreadable: BTreeMap<PathBuf, Fault>,
    /// Whether a recorded folder is one of the session's; asked of the file system once.
    folders: HashMap<String, bool>,
}

impl Roster {
    pub(super) fn new(scope: Scope) -> Self {
        Self {
            scope,
            transcripts: BTreeMap::new(),
            registered: Vec::new(),
            exits: Exits::default(),
            departed: HashMap::new(),
            unreadable: BTreeMap::new(),
            folders: HashMap::new(),
        }
    }

    /// Reads what matters most when there is much: the transcripts of running sessions and those written last. True when
    /// there are agents to show, and more may follow from [`Roster::rescan`].
    pub(super) fn glance(&mut self) -> bool {
        self.read_registry();
        let mut found = discover(&self.scope.session.claude_dirs, &self.scope.patterns);
        if found.len() <= GLANCE {
            return false;
        }
        let running: BTreeSet<&str> =
            self.registered.iter().filter_map(|one| one.entry.session_id.as_deref()).collect();
        found.sort_by_cached_key(|one| (!running.contains(one.id.0.as_str()), Reverse(one.modified)));
        found.truncate(GLANCE);
        for (candidate, summary) in summarise_all(found) {
            self.insert(candidate, summary);
        }
        self.shown().next().is_some()
    }

    /// Looks at every folder. True when something is different.
    pub(super) fn rescan(&mut self) -> bool {
        let found = discover(&self.scope.session.claude_dirs, &self.scope.patterns);
        let paths: BTreeSet<&PathBuf> = found.iter().map(|candidate| &candidate.path).collect();
        let before = self.transcripts.len();
        self.transcripts.retain(|path, _| paths.contains(path));
        self.unreadable.retain(|path, _| paths.contains(path));
        let mut changed = self.transcripts.len() != before;
        let fresh: Vec<Candidate> = found.into_iter().filter(|candidate| self.is_news(candidate)).collect();
        changed |= !fresh.is_empty();
        // Those that are known are read on from where they were; the others are summed up, several at a time.
        let (known, new): (Vec<_>, Vec<_>) =
            fresh.into_iter().partition(|one| self.transcripts.get(&one.path).is_some_and(|of| of.summary.is_some()));
        for candidate in known {
            self.follow(&candidate.path);
        }
        for (candidate, summary) in summarise_all(new) {
            self.insert(candidate, summary);
        }
        self.read_registry() || changed
    }

    /// Takes in what happened to these paths. True when something is different.
    pub(super) fn apply(&mut self, paths: &[PathBuf]) -> bool {
        let mut changed = false;
        let mut registry = false;
        let roots = self.scope.watched();
        for path in paths {
            let is_root = roots.contains(path);
            if path.parent().is_some_and(|parent| self.is_registry(parent)) {
                registry = true;
            } else if is_root || path.is_dir() {
                return self.rescan();
            } else if path.extension() == Some(OsStr::new("jsonl")) || self.transcripts.contains_key(path) {
                changed |= self.follow(path);
            }
        }
        (registry && self.read_registry()) | changed
    }

    /// Reads the registry again, and asks after its processes. True when something is different.
    pub(super) fn read_registry(&mut self) -> bool {
        let registered = registry::read(&self.scope.session.claude_dirs);
        if registered == self.registered {
            return false;
        }
        let sessions: BTreeSet<&str> = registered.iter().filter_map(|one| one.entry.session_id.as_deref()).collect();
        self.departed.retain(|session, _| !sessions.contains(session.as_str()));
        for mut gone in std::mem::take(&mut self.registered) {
            let Some(session) = gone.entry.session_id.clone().filter(|session| !sessions.contains(session.as_str()))
            else {
                continue;
            };
            if gone.process == ProcessFact::Alive {
                gone.process = ProcessFact::Ended;
            }
            self.departed.insert(session, gone);
        }
        self.registered = registered;
        true
    }

    /// Has the ends of the registered processes told; needs a tokio runtime. False when some must be asked after.
    pub(super) fn watch_processes(&mut self) -> bool {
        self.exits.watch(&self.registered)
    }

    /// Asks after the registered processes alone. True when one has ended.
    pub(super) fn check_processes(&mut self) -> bool {
        registry::check(&mut self.registered)
    }

    fn is_registry(&self, path: &Path) -> bool {
        self.scope.session.claude_dirs.iter().any(|dir| registry::folder(dir) == path)
    }

    fn is_news(&self, candidate: &Candidate) -> bool {
        self.transcripts.get(&candidate.path).is_none_or(|known| {
            let same = |size, modified, identity: Identity| {
                size == candidate.size && modified == candidate.modified && identity == candidate.identity
            };
            match &known.summary {
                Some(summary) => !same(summary.size, summary.modified, known.candidate.identity),
                None => !same(known.candidate.size, known.candidate.modified, known.candidate.identity),
            }
        })
    }

    /// Reads one transcript on, or anew. True when it is different.
    fn follow(&mut self, path: &Path) -> bool {
        let metadata = match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => metadata,
            Ok(_) => return false,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.unreadable.remove(path);
                return self.transcripts.remove(path).is_some();
            }
            Err(error) => return self.note_unreadable(path, &error),
        };
        if let Some(Tracked { summary: Some(summary), .. }) = self.transcripts.get_mut(path) {
            let size = summary.size;
            match summary.follow(path) {
                Ok(Followed::Same) => return summary.size != size,
                Ok(Followed::Grown) => {
                    self.unreadable.remove(path);
                    return true;
                }
                Ok(Followed::Lost) => {}
                Err(error) => return self.note_unreadable(path, &error),
            }
        }
        let known = self.transcripts.get(path).map(|tracked| (tracked.candidate.clone(), tracked.summary.is_some()));
        let (mut candidate, was_shown) = match known {
            Some((known, shown)) => (Candidate { spec: known.spec, ..candidate(path, &metadata) }, shown),
            None if self.is_transcript(path) => (candidate(path, &metadata), false),
            None => return false,
        };
        if candidate.spec.is_none() {
            candidate.spec = self
                .scope
                .patterns
                .iter()
                .position(|pattern| pattern.as_ref().is_some_and(|pattern| pattern.matches(path)));
        }
        let summary = read(&candidate);
        self.insert(candidate, summary);
        was_shown || self.transcripts.get(path).is_some_and(|tracked| tracked.summary.is_some())
    }

    fn is_transcript(&self, path: &Path) -> bool {
        let named = self.scope.patterns.iter().flatten().any(|pattern| pattern.matches(path));
        let roots = self.scope.session.claude_dirs.iter().map(|dir| folder(dir));
        named || roots.into_iter().any(|root| super::discover::is_transcript(&root, path) && path.starts_with(&root))
    }

    fn insert(&mut self, candidate: Candidate, summary: io::Result<Option<Summary>>) {
        let path = candidate.path.clone();
        let summary = match summary {
            Ok(summary) => summary,
            Err(error) => {
                self.note_unreadable(&path, &error);
                None
            }
        };
        let counts = candidate.spec.is_some() || summary.as_ref().is_some_and(|summary| self.counts(&summary.digest));
        let summary = if counts { summary } else { None };
        self.transcripts.insert(path, Tracked { candidate, summary });
    }

    fn counts(&mut self, digest: &Digest) -> bool {
        // Where it began decides; an agent's shell wanders. But a session may also move into the project.
        [&digest.started_in, &digest.cwd].into_iter().flatten().any(|cwd| self.holds(cwd)) || self.scope.all
    }

    fn holds(&mut self, cwd: &str) -> bool {
        if let Some(known) = self.folders.get(cwd) {
            return *known;
        }
        let holds = self.scope.holds(Path::new(cwd));
        self.folders.insert(cwd.to_owned(), holds);
        holds
    }

    fn note_unreadable(&mut self, path: &Path, error: &io::Error) -> bool {
        let fault = Fault::new("reading", path.display(), error, "make it readable for yourself (chmod u+r)");
        self.unreadable.insert(path.to_owned(), fault).is_none()
    }

    /// Every transcript of the session, as it was found.
    pub(super) fn shown(&self) -> impl Iterator<Item = &Candidate> {
        self.transcripts.values().filter(|one| is_shown(one)).map(|one| &one.candidate)
    }

    /// Puts a better summary in the place of the one there is.
    pub(super) fn replace(&mut self, path: &Path, summary: Summary) {
        if let Some(tracked) = self.transcripts.get_mut(path) {
            tracked.summary = Some(summary);
        }
    }
}

pub(super) fn is_shown(tracked: &Tracked) -> bool {
    tracked.summary.is_some() || tracked.candidate.spec.is_some()
}

/// The summary of a transcript; `None` for kinds that are not read.
fn read(candidate: &Candidate) -> io::Result<Option<Summary>> {
    match candidate.kind {
        AgentKind::Claude => summarise(&candidate.path, candidate.sub_agent).map(Some),
        AgentKind::Codex | AgentKind::Log | AgentKind::Pod => Ok(None),
    }
}

fn summarise_all(candidates: Vec<Candidate>) -> Vec<(Candidate, io::Result<Option<Summary>>)> {
    let summaries = in_parallel(&candidates, read);
    candidates.into_iter().zip(summaries).collect()
}

/// Maps values on a few threads, in order.
pub(super) fn in_parallel<T: Sync, R: Send>(values: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    if values.len() < 8 {
        return values.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(values.len()));
    let take = || {
        let n = next.fetch_add(1, Ordering::Relaxed);
        values.get(n).map(|value| (n, value))
    };
    let worker = || {
        while let Some((n, value)) = take() {
            let result = work(value);
            done.lock().unwrap_or_else(PoisonError::into_inner).push((n, result));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..THREADS {
            scope.spawn(worker);
        }
        worker();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(n, _)| *n);
    done.into_iter().map(|(_, result)| result).collect()
}
