//! Claude Code's registry of running sessions, and whether the processes it names are still the same.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::domain::agent::judge::ProcessFact;
use crate::domain::agent::registry::RegistryEntry;

pub mod exits;
pub mod scan;

/// The process table.
pub(crate) const PROC: &str = "/proc";
/// Holds the machine's id, as the registry names it (machine-id(5)).
const MACHINE: &str = "/etc/machine-id";

/// Files of the registry are this small; anything larger is something else.
const LARGEST: u64 = 64 * 1024;

/// How often a file is read when it is torn: it is rewritten in place.
const ATTEMPTS: usize = 3;

/// One entry with what the process table says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The file.
    pub file: PathBuf,
    /// The entry.
    pub entry: RegistryEntry,
    /// What is known of its process.
    pub process: ProcessFact,
}

/// Folder of the registry below one of Claude's folders.
pub fn folder(claude: &Path) -> PathBuf {
    claude.join("sessions")
}

/// Every entry of the registries of these folders. A registry that does not exist is an empty one; a file that stays torn says
/// what it said `before`, and is read the next time it changes.
pub fn read(claude_dirs: &[PathBuf], before: &[Registered]) -> Vec<Registered> {
    let mut found = Vec::new();
    for directory in claude_dirs {
        for file in fs::read_dir(folder(directory)).into_iter().flatten().flatten() {
            let path = file.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let known = || before.iter().find(|one| one.file == path).map(|one| one.entry.clone());
            let Some(entry) = read_entry(&path).or_else(known) else { continue };
            let process = process(Path::new(PROC), &entry);
            // It may have ended in an orderly way just now: the file goes first, then the process.
            if matches!(process, ProcessFact::Alive | ProcessFact::Unknown) || path.exists() {
                found.push(Registered { file: path, entry, process });
            }
        }
    }
    found.sort_by_key(|registered| registered.entry.pid);
    found
}

fn read_entry(path: &Path) -> Option<RegistryEntry> {
    for _ in 0..ATTEMPTS {
        if fs::metadata(path).ok()?.len() > LARGEST {
            return None;
        }
        if let Some(entry) = RegistryEntry::parse(&fs::read(path).ok()?) {
            return Some(entry);
        }
        std::thread::yield_now();
    }
    None
}

/// What the process table below `proc` says about an entry. Where there is none (macOS), and for an entry that was written
/// in another container or on another machine, nothing is known.
fn process(proc: &Path, entry: &RegistryEntry) -> ProcessFact {
    let machine = fs::read_to_string(MACHINE).unwrap_or_default();
    if entry.pid_domain.as_deref().is_some_and(|domain| is_elsewhere(proc, domain, machine.trim())) {
        return ProcessFact::Unknown;
    }
    process_of(proc, entry.pid, entry.proc_start.as_deref())
}

/// True when a process id counts elsewhere: `linux:MACHINE:pid:[INODE]` names the machine and the pid namespace, whose inode is
/// the same on most machines (a home directory may be shared by several).
fn is_elsewhere(proc: &Path, domain: &str, machine: &str) -> bool {
    let other_machine = domain.split(':').nth(1).is_some_and(|of| {
        let is_id = |id: &str| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_id(of) && is_id(machine) && of != machine
    });
    let other_namespace = fs::read_link(proc.join("self/ns/pid"))
        .is_ok_and(|ours| domain.contains("pid:[") && !domain.ends_with(&*ours.to_string_lossy()));
    other_machine || other_namespace
}

/// What the process table below `proc` says about a process that began at `start`.
pub(crate) fn process_of(proc: &Path, pid: u32, start: Option<&str>) -> ProcessFact {
    if !proc.join("self").exists() {
        return ProcessFact::Unknown;
    }
    match fs::read(proc.join(pid.to_string()).join("stat")) {
        Ok(stat) => match (start_time(&stat), start) {
            _ if is_zombie(&stat) => ProcessFact::Gone,
            (Some(now), Some(then)) if now != then => ProcessFact::Replaced,
            _ => ProcessFact::Alive,
        },
        // Either may mean that it ended: the second between the opening and the reading.
        Err(error) if error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(libc::ESRCH) => {
            ProcessFact::Gone
        }
        Err(_) => ProcessFact::Unknown,
    }
}

/// Field 22 of `/proc/PID/stat` (proc_pid_stat(5)). The second field, the name, may itself hold spaces and parentheses, so
/// fields are counted from its last closing one.
pub(crate) fn start_time(stat: &[u8]) -> Option<String> {
    let field = fields_after_name(stat)?.nth(22 - 3)?;
    String::from_utf8(field.to_vec()).ok()
}

/// Field 3 is the state; a zombie has ended and waits for its parent to notice.
fn is_zombie(stat: &[u8]) -> bool {
    fields_after_name(stat).and_then(|mut fields| fields.next()).is_some_and(|state| matches!(state, b"Z" | b"X"))
}

pub(crate) fn fields_after_name(stat: &[u8]) -> Option<impl Iterator<Item = &[u8]>> {
    let name_end = memchr::memrchr(b')', stat)?;
    Some(stat[name_end + 1..].split(u8::is_ascii_whitespace).filter(|field| !field.is_empty()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::{is_elsewhere, process, read, start_time};
    use crate::domain::agent::judge::ProcessFact;
    use crate::domain::agent::registry::RegistryEntry;

    const STAT: &str = "42 (a) b (c)) S 1 42 42 0 -1 4194304 100 0 0 0 1 2 0 0 20 0 11 0 8163 1000 200 184 1 1 0 0 0";

    fn entry(start: &str) -> RegistryEntry {
        RegistryEntry::parse(format!(r#"{{"pid":42,"procStart":"{start}"}}"#).as_bytes()).unwrap()
    }

    fn proc_with(stat: Option<&str>) -> tempfile::TempDir {
        let proc = tempfile::tempdir().unwrap();
        fs::create_dir(proc.path().join("self")).unwrap();
        if let Some(stat) = stat {
            fs::create_dir(proc.path().join("42")).unwrap();
            fs::write(proc.path().join("42/stat"), stat).unwrap();
        }
        proc
    }

    #[test]
    fn the_start_is_found_behind_a_name_with_spaces_and_parentheses() {
        assert_eq!(start_time(STAT.as_bytes()).as_deref(), Some("8163"));
        assert_eq!(start_time(b"odd"), None);
    }

    #[test]
    fn a_process_is_the_same_only_when_it_began_at_the_same_time() {
        assert_eq!(process(proc_with(Some(STAT)).path(), &entry("8163")), ProcessFact::Alive);
        assert_eq!(process(proc_with(Some(STAT)).path(), &entry("99")), ProcessFact::Replaced);
        assert_eq!(process(proc_with(None).path(), &entry("8163")), ProcessFact::Gone);
        let zombie = STAT.replace(" S ", " Z ");
        assert_eq!(process(proc_with(Some(&zombie)).path(), &entry("8163")), ProcessFact::Gone);
        assert_eq!(process(Path::new("/nowhere"), &entry("8163")), ProcessFact::Unknown);
    }

    #[test]
    fn a_process_id_of_another_container_says_nothing() {
        let proc = proc_with(None);
        fs::create_dir(proc.path().join("self/ns")).unwrap();
        std::os::unix::fs::symlink("pid:[4026531836]", proc.path().join("self/ns/pid")).unwrap();
        let of = |domain: &str| {
            let json = format!(r#"{{"pid":42,"pidDomain":"{domain}"}}"#);
            process(proc.path(), &RegistryEntry::parse(json.as_bytes()).unwrap())
        };
        assert_eq!(of("linux:x:pid:[4026531836]"), ProcessFact::Gone);
        assert_eq!(of("linux:x:pid:[4026999999]"), ProcessFact::Unknown);
        assert_eq!(of("something else"), ProcessFact::Gone);
        let (here, there) = ("a".repeat(32), "b".repeat(32));
        assert!(is_elsewhere(proc.path(), &format!("linux:{there}:pid:[4026531836]"), &here));
        assert!(!is_elsewhere(proc.path(), &format!("linux:{here}:pid:[4026531836]"), &here));
        assert!(!is_elsewhere(proc.path(), &format!("linux:{there}:pid:[4026531836]"), ""));
    }

    #[test]
    fn this_very_process_is_alive() {
        let claude = tempfile::tempdir().unwrap();
        fs::create_dir(claude.path().join("sessions")).unwrap();
        let pid = std::process::id();
        let start = start_time(&fs::read("/proc/self/stat").unwrap()).unwrap();
        let file = claude.path().join(format!("sessions/{pid}.json"));
        fs::write(file, format!(r#"{{"pid":{pid},"procStart":"{start}","sessionId":"s1","status":"busy"}}"#)).unwrap();
        fs::write(claude.path().join("sessions/1.json"), "{\"pid\":1,\"torn").unwrap();
        fs::write(claude.path().join("sessions/notes.txt"), "no entry").unwrap();
        let found = read(&[claude.path().to_owned(), PathBuf::from("/nowhere")], &[]);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].entry.pid, found[0].process), (pid, ProcessFact::Alive));
        let mut earlier = found[0].entry.clone();
        earlier.proc_start = Some("earlier".to_owned());
        assert_eq!(process(Path::new("/proc"), &earlier), ProcessFact::Replaced);
    }
}
