//! The processes behind the agents: those that the registry names, and those that are found without it.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tokio::time::{Duration, Instant};

use crate::domain::agent::judge::{ProcessFact, precedence};
use crate::domain::agent::registry::RegistryEntry;
use crate::source::registry::exits::Exits;
use crate::source::registry::scan::{Clue, Found, Sought, holds, scan};
use crate::source::registry::{self, Registered};

/// Least time from one look through the process table to the next.
const SCAN: Duration = Duration::from_secs(2);
/// Sessions that left the registry and are remembered.
const DEPARTED: usize = 1_024;

/// Every process known.
#[derive(Debug, Default)]
pub(super) struct Presence {
    /// The registry as it was read last.
    pub registered: Vec<Registered>,
    /// Tells when a process ends.
    pub exits: Exits,
    /// Sessions that were registered earlier in this run, as they were seen last. Claude Code clears what a crash left
    /// behind at its next start; the crash remains one.
    departed: HashMap<String, Registered>,
    /// Processes found without a registry, by transcript.
    found: HashMap<PathBuf, Traced>,
    /// Transcripts for which no process was found, with the time at which they were written then.
    missed: HashMap<PathBuf, Option<SystemTime>>,
    scanned: Option<Instant>,
    /// A look through the process table is owed, as the last one was a moment ago.
    pub owed: bool,
}

/// A process that was found without a registry.
#[derive(Debug, Clone)]
pub(super) struct Traced {
    found: Found,
    pub process: ProcessFact,
    /// It runs, but has closed the transcript.
    closed: bool,
}

impl Traced {
    /// Its id, while it runs.
    pub(super) fn pid(&self) -> Option<u32> {
        (self.process == ProcessFact::Alive).then_some(self.found.pid)
    }

    /// How it was found, or what became of it, as the beginning of a sentence.
    pub(super) fn trace(&self) -> String {
        let pid = self.found.pid;
        match (self.process, self.found.clue) {
            (ProcessFact::Alive, Clue::Open) => format!("process {pid} has the transcript open"),
            (ProcessFact::Alive, Clue::Folder) => format!("process {pid} works in its folder"),
            (_, Clue::Open) if self.closed => format!("process {pid} has closed the transcript"),
            (_, Clue::Open) => format!("process {pid}, which had the transcript open, is gone"),
            (_, Clue::Folder) => format!("process {pid}, which worked in its folder, is gone"),
        }
    }
}

impl Presence {
    /// Reads the registry again, and asks after every process. True when something is different.
    ///
    /// The files are read before the processes are asked after: an orderly end removes the file first.
    pub(super) fn read(&mut self, claude_dirs: &[PathBuf]) -> bool {
        let mut changed = self.check_found();
        let registered = registry::read(claude_dirs, &self.registered);
        if registered == self.registered {
            return changed;
        }
        changed = true;
        let stays = |gone: &Registered| {
            registered.iter().any(|one| {
                one.entry.pid == gone.entry.pid
                    && one.entry.proc_start == gone.entry.proc_start
                    && one.entry.session_id == gone.entry.session_id
            })
        };
        for mut gone in std::mem::take(&mut self.registered).into_iter().filter(|gone| !stays(gone)) {
            let Some(session) = gone.entry.session_id.clone() else { continue };
            if gone.process == ProcessFact::Alive {
                gone.process = ProcessFact::Ended;
            }
            self.departed.insert(session, gone);
        }
        if self.departed.len() > DEPARTED {
            let oldest = self.departed.iter().min_by_key(|(_, one)| one.entry.status_updated_at);
            if let Some(oldest) = oldest.map(|(session, _)| session.clone()) {
                self.departed.remove(&oldest);
            }
        }
        self.registered = registered;
        changed
    }

    /// Has the ends of the processes told; needs a tokio runtime. False when some must be asked after.
    pub(super) fn watch(&mut self) -> bool {
        let registered = self.registered.iter().filter(|one| one.process == ProcessFact::Alive);
        let registered = registered.map(|one| (one.entry.pid, one.entry.proc_start.as_deref()));
        let found = self.found.values().filter(|one| one.process == ProcessFact::Alive);
        let found = found.map(|one| (one.found.pid, Some(one.found.start.as_str())));
        let running: Vec<_> = registered.chain(found).collect();
        self.exits.watch(&running)
    }

    /// What the registry knows of a session, or knew, the entry that speaks for it first.
    pub(super) fn of(&self, session: &str) -> Vec<&Registered> {
        let named = self.registered.iter().filter(|one| one.entry.session_id.as_deref() == Some(session));
        let mut of_session: Vec<&Registered> = named.chain(self.departed.get(session)).collect();
        of_session.sort_by_cached_key(|one| precedence(&one.entry, one.process));
        of_session
    }

    /// The process that was found for a transcript without a registry.
    pub(super) fn traced(&self, transcript: &Path) -> Option<&Traced> {
        self.found.get(transcript)
    }

    /// Looks for the processes of these transcripts, unless that was done a moment ago; a transcript for which there was none
    /// is looked for again only when it was written since, or with `again`. True when something is different.
    pub(super) fn look_for(&mut self, sought: Vec<Sought>, again: bool) -> bool {
        let running = |traced: &Traced| traced.process == ProcessFact::Alive;
        let wanted = |one: &Sought| {
            let missed = self.missed.get(&one.transcript) == Some(&one.written);
            !self.found.get(&one.transcript).is_some_and(running) && (again || !missed)
        };
        let sought: Vec<Sought> = sought.into_iter().filter(wanted).collect();
        self.owed = false;
        if sought.is_empty() {
            return false;
        }
        if self.scanned.is_some_and(|scanned| scanned.elapsed() < SCAN) {
            self.owed = true;
            return false;
        }
        let known: BTreeSet<u32> = self
            .registered
            .iter()
            .map(|one| one.entry.pid)
            .chain(self.found.values().filter_map(Traced::pid))
            .collect();
        let found = scan(Path::new(registry::PROC), &sought, &known);
        self.scanned = Some(Instant::now());
        let mut changed = false;
        for (one, found) in sought.into_iter().zip(found) {
            match found {
                Some(found) => {
                    changed = true;
                    self.missed.remove(&one.transcript);
                    self.found.insert(one.transcript, Traced { found, process: ProcessFact::Alive, closed: false });
                }
                None => {
                    self.missed.insert(one.transcript, one.written);
                }
            }
        }
        changed
    }

    /// Asks after the processes that were found without a registry. True when one has ended.
    fn check_found(&mut self) -> bool {
        let mut changed = false;
        let proc = Path::new(registry::PROC);
        for (path, traced) in self.found.iter_mut().filter(|(_, traced)| traced.process == ProcessFact::Alive) {
            let Found { pid, start, clue } = &traced.found;
            traced.process = registry::process_of(proc, *pid, Some(start));
            // A server outlives its sessions, and closes what it does not need.
            if traced.process == ProcessFact::Alive && *clue == Clue::Open && !holds(proc, *pid, path) {
                (traced.process, traced.closed) = (ProcessFact::Gone, true);
            }
            changed |= traced.process != ProcessFact::Alive;
        }
        changed
    }
}

/// The other entries of a session whose processes run.
pub(super) fn others<'a>(of_session: &[&'a Registered]) -> Vec<&'a RegistryEntry> {
    let running = of_session.iter().skip(1).filter(|one| one.process == ProcessFact::Alive);
    running.map(|one| &one.entry).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use serde_json::json;

    use super::Presence;
    use crate::domain::agent::judge::ProcessFact;

    /// A registry in a folder of its own.
    struct Registry {
        folder: tempfile::TempDir,
    }

    impl Registry {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir(folder.path().join("sessions")).unwrap();
            Self { folder }
        }

        fn dirs(&self) -> Vec<PathBuf> {
            vec![self.folder.path().to_owned()]
        }

        fn file(&self, name: u32) -> PathBuf {
            self.folder.path().join(format!("sessions/{name}.json"))
        }

        /// An entry of this very process, or of one that never was.
        fn write(&self, name: u32, session: &str, status: &str, alive: bool, at: i64) {
            let stat = fs::read_to_string("/proc/self/stat").unwrap();
            let start = stat.rsplit(')').next().unwrap().split_whitespace().nth(19).unwrap().to_owned();
            let (pid, start) = if alive { (std::process::id(), start) } else { (name, "never".to_owned()) };
            let entry =
                json!({"pid": pid, "procStart": start, "sessionId": session, "status": status, "statusUpdatedAt": at});
            fs::write(self.file(name), entry.to_string()).unwrap();
        }
    }

    fn first(presence: &Presence) -> Option<ProcessFact> {
        presence.of("s1").first().map(|one| one.process)
    }

    #[test]
    fn a_file_that_vanishes_while_its_process_runs_is_an_orderly_end() {
        let registry = Registry::new();
        registry.write(1, "s1", "idle", true, 1);
        let mut presence = Presence::default();
        assert!(presence.read(&registry.dirs()));
        assert_eq!(first(&presence), Some(ProcessFact::Alive));
        fs::remove_file(registry.file(1)).unwrap();
        assert!(presence.read(&registry.dirs()));
        assert_eq!(first(&presence), Some(ProcessFact::Ended));
        assert!(!presence.read(&registry.dirs()));
    }

    #[test]
    fn a_leftover_that_the_next_start_clears_away_remains_a_crash() {
        let registry = Registry::new();
        registry.write(1, "s1", "idle", false, 1);
        let mut presence = Presence::default();
        presence.read(&registry.dirs());
        let crashed = first(&presence);
        assert!(matches!(crashed, Some(ProcessFact::Gone | ProcessFact::Replaced)), "{crashed:?}");
        fs::remove_file(registry.file(1)).unwrap();
        presence.read(&registry.dirs());
        assert_eq!(first(&presence), crashed);
        // Resumed, and ended in an orderly way.
        registry.write(2, "s1", "idle", true, 2);
        presence.read(&registry.dirs());
        assert_eq!(first(&presence), Some(ProcessFact::Alive));
        fs::remove_file(registry.file(2)).unwrap();
        presence.read(&registry.dirs());
        assert_eq!(first(&presence), Some(ProcessFact::Ended));
    }

    #[test]
    fn a_process_that_takes_up_another_session_has_ended_the_first() {
        let registry = Registry::new();
        registry.write(1, "s1", "idle", true, 1);
        let mut presence = Presence::default();
        presence.read(&registry.dirs());
        registry.write(1, "s2", "idle", true, 2);
        presence.read(&registry.dirs());
        assert_eq!(first(&presence), Some(ProcessFact::Ended));
        assert_eq!(presence.of("s2").len(), 1);
    }

    #[test]
    fn a_session_that_runs_twice_is_told_by_who_works() {
        let registry = Registry::new();
        registry.write(1, "s1", "idle", true, 9);
        registry.write(2, "s1", "busy", true, 5);
        registry.write(3, "s1", "waiting", false, 7);
        let mut presence = Presence::default();
        presence.read(&registry.dirs());
        let of = presence.of("s1");
        let names: Vec<_> = of.iter().map(|one| one.entry.status.as_ref().unwrap().name()).collect();
        assert_eq!(names, ["busy", "idle", "waiting"]);
        assert_eq!(super::others(&of).len(), 1);
    }

    #[test]
    fn a_torn_file_does_not_end_a_session_for_good() {
        let registry = Registry::new();
        registry.write(1, "s1", "busy", true, 1);
        let mut presence = Presence::default();
        presence.read(&registry.dirs());
        fs::write(registry.file(1), "{\"pid\":").unwrap();
        presence.read(&registry.dirs());
        assert_eq!(first(&presence), Some(ProcessFact::Alive), "it is being written");
        registry.write(1, "s1", "idle", true, 2);
        presence.read(&registry.dirs());
        assert_eq!(first(&presence), Some(ProcessFact::Alive));
    }
}
