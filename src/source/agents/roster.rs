//! Every transcript that is known, and the agents they make.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::cost::Bills;
use super::discover::{Candidate, Pattern, candidate, discover, folder};
use super::meta::{self, Meta};
use super::presence::Presence;
use super::signals::Watches;
use super::summary::{Followed, Summary, read_whole, summarise};
use crate::config::session::Session;
use crate::domain::agent::AgentKind;
use crate::domain::agent::hook::HookBook;
use crate::domain::agent::judge::ProcessFact;
use crate::domain::agent::status_line::StatusLine;
use crate::domain::digest::sha256;
use crate::domain::fault::Fault;
use crate::domain::transcript::format::by_path;
use crate::domain::transcript::{Digest, Step};
use crate::source::registry;
use crate::source::registry::scan::Sought;
use crate::source::statusline;
use crate::source::transcript::database::{self, Database};
use crate::source::transcript::store::{Stat, format_of, stat};

/// Threads that read at start-up.
const THREADS: usize = 2;

/// Transcripts that a glance reads: more than a screen shows, and few enough to be there at once.
const GLANCE: usize = 96;

/// A session that wrote nothing for this long is not looked for in the process table.
const LATELY: Duration = Duration::from_secs(3_600);

/// Which transcripts count.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    pub session: Arc<Session>,
    /// The session's root and its worktrees, canonical.
    pub roots: Vec<PathBuf>,
    /// SHA-256 of their paths.
    pub digests: BTreeSet<String>,
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
        let digests = roots.iter().map(|root| sha256(root.as_os_str().as_encoded_bytes())).collect();
        Self { session, roots, digests, all, patterns }
    }

    /// True for folders of the session. Recorded folders may be links.
    pub(super) fn holds(&self, cwd: &Path) -> bool {
        let inside = |path: &Path| self.roots.iter().any(|root| path.starts_with(root));
        self.all || inside(cwd) || cwd.canonicalize().is_ok_and(|real| inside(&real))
    }

    /// Where transcripts lie that no pattern names.
    pub(super) fn places(&self) -> Vec<PathBuf> {
        let claude = self.session.claude_dirs.iter().map(|dir| folder(dir));
        claude.chain(self.session.transcript_places.iter().cloned()).collect()
    }

    /// What is to be watched.
    pub(super) fn watched(&self) -> Vec<PathBuf> {
        let mut paths = self.places();
        paths.extend(self.session.claude_dirs.iter().map(|dir| registry::folder(dir)));
        paths.extend(self.session.status_lines.clone());
        paths.extend(self.patterns.iter().flatten().map(|pattern| pattern.base.clone()));
        let databases: Vec<_> = paths.iter().filter_map(|path| database::of_file(path)).collect();
        paths.extend(databases.iter().flat_map(Database::files));
        paths
    }
}

/// One transcript.
#[derive(Debug)]
pub(super) struct Tracked {
    pub candidate: Candidate,
    /// What it says; `None` for one that is not of this session, or that cannot be read.
    pub summary: Option<Summary>,
    /// The file was deleted since.
    pub gone: bool,
    /// What stands beside the transcript of a sub-agent.
    pub meta: Option<Meta>,
}

/// Every transcript known.
#[derive(Debug)]
pub(super) struct Roster {
    pub(super) scope: Scope,
    pub(super) transcripts: BTreeMap<PathBuf, Tracked>,
    /// The processes behind them.
    pub(super) presence: Presence,
    /// What their hooks said last.
    pub(super) hooks: Arc<HookBook>,
    /// What status lines were told, by session.
    pub(super) told: BTreeMap<String, StatusLine>,
    pub(super) bills: Bills,
    pub(super) unreadable: BTreeMap<PathBuf, Fault>,
    /// What watches the agents that are not finished for signals.
    pub(super) watches: Watches,
    /// Whether a recorded folder is one of the session's; asked of the file system once.
    folders: HashMap<String, bool>,
    /// Transcripts that were found at a glance, and not read.
    left: Vec<Candidate>,
}

impl Roster {
    pub(super) fn new(scope: Scope) -> Self {
        Self {
            scope,
            transcripts: BTreeMap::new(),
            presence: Presence::default(),
            hooks: Arc::default(),
            told: BTreeMap::new(),
            bills: Bills::default(),
            unreadable: BTreeMap::new(),
            watches: Watches::default(),
            folders: HashMap::new(),
            left: Vec::new(),
        }
    }

    /// Reads what matters most when there is much: the transcripts of running sessions and those written last. True when
    /// there are agents to show, and more may follow from [`Roster::read_left`].
    pub(super) fn glance(&mut self) -> bool {
        self.read_registry();
        self.read_status_lines();
        let mut found = discover(&self.scope.places(), &self.scope.patterns);
        if found.len() <= GLANCE {
            return false;
        }
        let running: BTreeSet<&str> =
            self.presence.registered.iter().filter_map(|one| one.entry.session_id.as_deref()).collect();
        found.sort_by_cached_key(|one| (!running.contains(one.id.0.as_str()), Reverse(one.stat.modified)));
        self.left = found.split_off(GLANCE);
        for (candidate, summary) in read_all(found, read) {
            self.insert(candidate, summary);
        }
        self.shown().next().is_some()
    }

    /// Reads the heads and tails of what a glance left, or of everything when there was none. What changed meanwhile the
    /// first answer of the watch tells.
    pub(super) fn read_left(&mut self) {
        let left = std::mem::take(&mut self.left);
        if left.is_empty() {
            self.rescan();
            return;
        }
        for (candidate, summary) in read_all(left, read) {
            self.insert(candidate, summary);
        }
    }

    /// Looks at every folder, and at the heads and tails of what is new. True when something is different.
    pub(super) fn rescan(&mut self) -> bool {
        self.rescan_by(read)
    }

    /// The same, with every line of what is new.
    pub(super) fn rescan_whole(&mut self) -> bool {
        // One that cannot be read whole has ends, perhaps.
        self.rescan_by(|candidate| {
            read_whole(&candidate.path, candidate.format, candidate.sub_agent).or_else(|_| read(candidate))
        })
    }

    fn rescan_by(&mut self, read: impl Fn(&Candidate) -> io::Result<Summary> + Sync) -> bool {
        let found = discover(&self.scope.places(), &self.scope.patterns);
        let paths: BTreeSet<&PathBuf> = found.iter().map(|candidate| &candidate.path).collect();
        let vanished: Vec<PathBuf> = self.transcripts.keys().filter(|path| !paths.contains(path)).cloned().collect();
        self.unreadable.retain(|path, _| paths.contains(path));
        let mut changed = false;
        for path in vanished {
            changed |= self.lose(&path);
        }
        self.bills.stale |= changed;
        let fresh: Vec<Candidate> = found.into_iter().filter(|candidate| self.is_news(candidate)).collect();
        changed |= !fresh.is_empty();
        // Those that are known are read on from where they were; the others are summed up, several at a time.
        let (known, new): (Vec<_>, Vec<_>) =
            fresh.into_iter().partition(|one| self.transcripts.get(&one.path).is_some_and(|of| of.summary.is_some()));
        for candidate in known {
            self.follow(&candidate.path);
        }
        for (candidate, summary) in read_all(new, read) {
            self.insert(candidate, summary);
        }
        changed |= self.read_status_lines();
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
            } else if path.parent().is_some() && path.parent() == self.scope.session.status_lines.as_deref() {
                changed |= self.read_status_line(path);
            } else if is_root || path.is_dir() || database::of_file(path).is_some() {
                return self.rescan();
            } else {
                changed |= self.follow(path);
            }
        }
        (registry && self.read_registry()) | changed
    }

    /// Reads the registry again, and asks after its processes. True when something is different.
    pub(super) fn read_registry(&mut self) -> bool {
        self.presence.read(&self.scope.session.claude_dirs)
    }

    /// Looks for the processes of sessions about which nobody else says anything, and which were active lately. True when one
    /// was found; `again` looks for those, too, for which there was none.
    pub(super) fn look_for_processes(&mut self, now: SystemTime, again: bool) -> bool {
        let mut sought = Vec::new();
        for Tracked { candidate, summary, gone, .. } in self.transcripts.values() {
            let Some(Summary { digest, modified, .. }) = summary else { continue };
            // A clock that jumped leaves a time in the future, which is lately enough.
            let lately = modified.is_some_and(|at| now.duration_since(at).is_ok_and(|age| age < LATELY) || at > now);
            let moved_on = matches!(digest.step, Step::MovedOn { .. });
            if *gone || !lately || moved_on || candidate.sub_agent || candidate.format.kind() == AgentKind::Log {
                continue;
            }
            let session = digest.session_id.as_deref().unwrap_or(&candidate.id.0);
            let known = [session, &candidate.id.0].into_iter().any(|id| !self.presence.of(id).is_empty());
            if known || self.hooks.of(session, None).is_some() {
                continue;
            }
            let folders = digest.folders.iter().chain(&digest.cwd).map(PathBuf::from).collect();
            let (transcript, program) = (candidate.path.clone(), candidate.format.name());
            sought.push(Sought { transcript, folders, program, written: *modified });
        }
        self.presence.look_for(sought, again)
    }

    /// True while the process of a session runs.
    pub(super) fn is_running(&self, session: &str) -> bool {
        self.presence.of(session).first().is_some_and(|registered| registered.process == ProcessFact::Alive)
    }

    /// Reads again what all status lines were told. True when something is different.
    fn read_status_lines(&mut self) -> bool {
        let told = self.scope.session.status_lines.as_deref().map(statusline::read).unwrap_or_default();
        let changed = told != self.told;
        self.told = told;
        changed
    }

    /// Reads again what one status line was told. True when something is different.
    fn read_status_line(&mut self, path: &Path) -> bool {
        let Some(told) = statusline::read_one(path) else { return false };
        let before = self.told.insert(told.session_id.clone(), told.clone());
        before != Some(told)
    }

    fn is_registry(&self, path: &Path) -> bool {
        self.scope.session.claude_dirs.iter().any(|dir| registry::folder(dir) == path)
    }

    fn is_news(&self, candidate: &Candidate) -> bool {
        self.transcripts.get(&candidate.path).is_none_or(|known| {
            if known.gone {
                return true;
            }
            let identity = known.candidate.stat.identity;
            let was = match &known.summary {
                Some(summary) => Stat { identity, size: summary.size, modified: summary.modified },
                None => known.candidate.stat,
            };
            was != candidate.stat
        })
    }

    /// Reads one transcript on, or anew. True when it is different.
    fn follow(&mut self, path: &Path) -> bool {
        let format = self.transcripts.get(path).map_or_else(|| format_of(path), |tracked| tracked.candidate.format);
        let stat = match stat(path, format) {
            Ok(Some(stat)) => stat,
            Ok(None) => return false,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.unreadable.remove(path);
                self.bills.stale = true;
                return self.lose(path);
            }
            Err(error) => return self.note_unreadable(path, &error),
        };
        if let Some(Tracked { summary: Some(summary), gone: false, meta, candidate }) = self.transcripts.get_mut(path) {
            // It may be written behind the first records.
            if candidate.sub_agent && meta.is_none() {
                *meta = meta::read(path);
            }
            let size = summary.size;
            match summary.follow(path, format) {
                Ok(Followed::Same) => return summary.size != size,
                Ok(Followed::Grown) => {
                    self.bills.stale = true;
                    self.unreadable.remove(path);
                    return true;
                }
                Ok(Followed::Lost) => {}
                Err(error) => return self.note_unreadable(path, &error),
            }
        }
        let known = self.transcripts.get(path).map(|tracked| (tracked.candidate.clone(), tracked.summary.is_some()));
        let (mut candidate, was_shown) = match known {
            Some((known, shown)) => (Candidate { spec: known.spec, ..candidate(path, stat, format) }, shown),
            None if self.is_transcript(path) => (candidate(path, stat, format), false),
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

    /// A transcript's file is gone: its agent is kept, as it was known last. True when that is news.
    fn lose(&mut self, path: &Path) -> bool {
        match self.transcripts.get_mut(path) {
            Some(Tracked { gone: true, .. }) | None => false,
            Some(tracked) if tracked.summary.is_some() => {
                tracked.gone = true;
                true
            }
            Some(_) => self.transcripts.remove(path).is_some(),
        }
    }

    fn is_transcript(&self, path: &Path) -> bool {
        let named = self.scope.patterns.iter().flatten().any(|pattern| pattern.matches(path));
        named || by_path(path).is_some() && self.scope.places().iter().any(|place| path.starts_with(place))
    }

    fn insert(&mut self, candidate: Candidate, summary: io::Result<Summary>) {
        let path = candidate.path.clone();
        let summary = match summary {
            Ok(summary) => Some(summary),
            Err(error) => {
                self.note_unreadable(&path, &error);
                None
            }
        };
        self.bills.unreadable.remove(&path);
        self.bills.stale = true;
        let of_session = |summary: &Summary| self.counts(&candidate, &summary.digest);
        let counts = candidate.spec.is_some() || summary.as_ref().is_some_and(of_session);
        let summary = if counts { summary } else { None };
        let meta = if candidate.sub_agent && summary.is_some() { meta::read(&path) } else { None };
        self.transcripts.insert(path, Tracked { candidate, summary, gone: false, meta });
    }

    fn counts(&mut self, candidate: &Candidate, digest: &Digest) -> bool {
        // An agent's shell wanders and a session may move: any of its folders will do.
        let folders = digest.folders.iter().chain(&digest.started_in).chain(&digest.cwd).chain(&candidate.cwd);
        self.scope.all
            || digest.project.as_ref().is_some_and(|hash| self.scope.digests.contains(hash))
            || folders.into_iter().any(|cwd| self.holds(cwd))
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
        let remedy = match error.kind() {
            io::ErrorKind::FileTooLarge => "unpack it beside itself (zstd -d) to read it",
            _ => "make it readable for yourself (chmod u+r)",
        };
        let fault = Fault::new("reading", path.display(), error, remedy);
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
            self.bills.stale = true;
        }
    }
}

pub(super) fn is_shown(tracked: &Tracked) -> bool {
    tracked.summary.is_some() || tracked.candidate.spec.is_some()
}

fn read(candidate: &Candidate) -> io::Result<Summary> {
    summarise(&candidate.path, candidate.format, candidate.sub_agent)
}

fn read_all(
    mut candidates: Vec<Candidate>,
    read: impl Fn(&Candidate) -> io::Result<Summary> + Sync,
) -> Vec<(Candidate, io::Result<Summary>)> {
    // The longest first, so that no thread is left with it at the end.
    candidates.sort_by_key(|candidate| Reverse(candidate.stat.size));
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
