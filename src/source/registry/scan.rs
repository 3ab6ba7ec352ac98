//! Processes of agents that keep no registry, found in the process table: by the transcript that they hold open, else by the
//! folder in which they work.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{is_zombie, start_time};

/// Processes that are looked at; others say nothing.
const PROCESSES: usize = 4_096;
/// Open files of one process that are looked at.
const FILES: usize = 1_024;
/// Bytes of a command line that are read: the program is named at its beginning.
const COMMAND: u64 = 4_096;
/// Ticks of the clock in which `/proc/PID/stat` counts: USER_HZ, which is 100 wherever Linux runs (proc_pid_stat(5)).
const TICKS: u64 = 100;
/// Clocks of files and processes may differ by this much.
const SLACK: Duration = Duration::from_secs(5);
/// Programs that run others: what they run stands in one of their next arguments.
const INTERPRETERS: &[&str] = &["node", "nodejs", "bun", "deno", "python", "python3", "npx"];

/// Words of command lines that start servers: Codex leaves one behind in the folder where it was first needed.
const SERVERS: &[&str] = &["app-server", "daemon", "mcp", "mcp-server"];

/// A transcript whose process is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sought {
    /// The file.
    pub transcript: PathBuf,
    /// Folders that its agent works in.
    pub folders: Vec<PathBuf>,
    /// Name of the program that writes it: `codex`.
    pub program: &'static str,
    /// When it was last written.
    pub written: Option<SystemTime>,
}

/// What tells that a process writes a transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clue {
    /// It has the file open.
    Open,
    /// It is the right program and works in the right folder, and began before the file was last written.
    Folder,
}

/// A process that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its id.
    pub pid: u32,
    /// When it began, as `/proc/PID/stat` has it.
    pub start: String,
    /// What tells that it is the one.
    pub clue: Clue,
}

/// A process of one of the programs that are looked for.
struct Running {
    pid: u32,
    start: String,
    program: &'static str,
    /// The folder it works in; none for a server, which works for whoever asks.
    cwd: Option<PathBuf>,
    open: BTreeSet<usize>,
}

/// Looks once through the process table below `proc` for the processes of these transcripts; those in `known` belong to
/// others. Only processes of this user count. Each answers for one transcript that it has open, or for the latest one of its
/// folder.
pub fn scan(proc: &Path, sought: &[Sought], known: &BTreeSet<u32>) -> Vec<Option<Found>> {
    let mut found: Vec<Option<Found>> = vec![None; sought.len()];
    let mut running: Vec<Running> = candidates(proc, sought, known);
    let mut holding = BTreeSet::new();
    for process in &running {
        for &index in &process.open {
            found[index] = Some(Found { pid: process.pid, start: process.start.clone(), clue: Clue::Open });
            holding.insert(process.pid);
        }
    }
    running.retain(|process| !holding.contains(&process.pid));
    let boot = boot_time(proc);
    // The latest transcript chooses first, and takes the process that began last before it was written.
    let mut order: Vec<usize> = (0..sought.len()).filter(|index| found[*index].is_none()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(sought[*index].written));
    for index in order {
        let one = &sought[index];
        let began = |process: &Running| Some(boot? + Duration::from_millis(ticks(&process.start)? * 1_000 / TICKS));
        let fits = |process: &&Running| {
            let here = process.cwd.as_ref().is_some_and(|cwd| one.folders.contains(cwd));
            let in_time = began(process).zip(one.written).is_none_or(|(began, written)| began <= written + SLACK);
            process.program == one.program && here && in_time
        };
        let best = running.iter().filter(fits).max_by_key(|process| (ticks(&process.start), process.pid));
        if let Some(Running { pid, start, .. }) = best {
            let (pid, start) = (*pid, start.clone());
            running.retain(|process| process.pid != pid);
            found[index] = Some(Found { pid, start, clue: Clue::Folder });
        }
    }
    found
}

/// Whether a process still has a file open.
pub fn holds(proc: &Path, pid: u32, path: &Path) -> bool {
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let links = fs::read_dir(proc.join(pid.to_string()).join("fd")).into_iter().flatten().flatten().take(FILES);
    links.filter_map(|link| fs::read_link(link.path()).ok()).any(|open| open == real)
}

fn candidates(proc: &Path, sought: &[Sought], known: &BTreeSet<u32>) -> Vec<Running> {
    let programs: BTreeSet<&'static str> = sought.iter().map(|one| one.program).collect();
    let mut by_path: HashMap<PathBuf, usize> = HashMap::new();
    for (index, one) in sought.iter().enumerate() {
        by_path.insert(one.transcript.canonicalize().unwrap_or_else(|_| one.transcript.clone()), index);
    }
    let Ok(ours) = fs::metadata(proc.join("self")).map(|own| own.uid()) else { return Vec::new() };
    let entries = fs::read_dir(proc).into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let mut running = Vec::new();
    for pid in pids.filter(|pid| !known.contains(pid)).take(PROCESSES) {
        let folder = proc.join(pid.to_string());
        if !fs::metadata(&folder).is_ok_and(|metadata| metadata.uid() == ours) {
            continue;
        }
        let arguments = command(&folder);
        let Some(program) = program(&arguments).and_then(|name| programs.get(name.as_str()).copied()) else {
            continue;
        };
        let Ok(stat) = fs::read(folder.join("stat")) else { continue };
        let Some(start) = start_time(&stat).filter(|_| !is_zombie(&stat)) else { continue };
        let links = fs::read_dir(folder.join("fd")).into_iter().flatten().flatten().take(FILES);
        let open = links.filter_map(|link| by_path.get(&fs::read_link(link.path()).ok()?).copied()).collect();
        let serves = arguments.iter().any(|argument| SERVERS.iter().any(|word| argument.as_os_str() == *word));
        let cwd = fs::read_link(folder.join("cwd")).ok().filter(|_| !serves);
        running.push(Running { pid, start, program, cwd, open });
    }
    running
}

/// The beginning of a command line, argument by argument.
fn command(folder: &Path) -> Vec<PathBuf> {
    let mut bytes = Vec::new();
    let read = fs::File::open(folder.join("cmdline")).and_then(|file| file.take(COMMAND).read_to_end(&mut bytes));
    if read.is_err() {
        return Vec::new();
    }
    let arguments = bytes.split(|byte| *byte == 0).take(8);
    arguments.map(|argument| PathBuf::from(std::ffi::OsStr::from_bytes(argument))).collect()
}

/// The program that a command line runs, whichever interpreter runs it: `node /x/claude-code/cli.js` is `claude`.
fn program(arguments: &[PathBuf]) -> Option<String> {
    let stem = |path: &Path| Some(path.file_stem()?.to_str()?.to_owned());
    let first = stem(arguments.first()?)?;
    if !INTERPRETERS.contains(&first.as_str()) {
        return Some(first);
    }
    let script = arguments[1..].iter().find(|argument| !argument.as_os_str().as_bytes().starts_with(b"-"))?;
    // A package that calls its program otherwise than itself.
    if script.iter().any(|part| part == "claude-code") {
        return Some("claude".to_owned());
    }
    stem(script)
}

fn ticks(start: &str) -> Option<u64> {
    start.parse().ok()
}

/// When the machine was started: `btime` of `/proc/stat` (proc_stat(5)).
fn boot_time(proc: &Path) -> Option<SystemTime> {
    let stat = fs::read_to_string(proc.join("stat")).ok()?;
    let seconds = stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::{Path, PathBuf};
    use std::time::{Duration, SystemTime};

    use super::{Clue, Found, Sought, holds, program, scan};

    /// A process table of this user's, in which the machine was started at 1,000 s.
    struct Table {
        folder: tempfile::TempDir,
    }

    impl Table {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir(folder.path().join("self")).unwrap();
            fs::write(folder.path().join("stat"), "cpu 1 2 3\nbtime 1000\n").unwrap();
            Self { folder }
        }

        /// A process that began so many seconds after the machine.
        fn process(&self, pid: u32, command: &str, cwd: &str, seconds: u64, open: &[&Path]) {
            let folder = self.folder.path().join(pid.to_string());
            fs::create_dir_all(folder.join("fd")).unwrap();
            fs::write(folder.join("cmdline"), command.replace(' ', "\0")).unwrap();
            let stat = format!("{pid} (a) b) S 1 42 42 0 -1 4194304 100 0 0 0 1 2 0 0 20 0 11 0 {seconds}00 1000 200");
            fs::write(folder.join("stat"), stat).unwrap();
            symlink(cwd, folder.join("cwd")).unwrap();
            for (number, path) in open.iter().enumerate() {
                symlink(path, folder.join("fd").join(number.to_string())).unwrap();
            }
        }

        fn find(&self, sought: &[Sought]) -> Vec<Option<(u32, Clue)>> {
            let found = scan(self.folder.path(), sought, &BTreeSet::new());
            found.into_iter().map(|one| one.map(|Found { pid, clue, .. }| (pid, clue))).collect()
        }
    }

    fn sought(transcript: &str, program: &'static str, cwd: &str, seconds: u64) -> Sought {
        let written = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000 + seconds));
        Sought { transcript: transcript.into(), folders: vec![cwd.into()], program, written }
    }

    #[test]
    fn who_has_the_transcript_open_writes_it() {
        let table = Table::new();
        table.process(10, "node /usr/bin/codex", "/p", 20, &[]);
        table.process(11, "/opt/codex/codex resume", "/p", 21, &[Path::new("/dev/null"), Path::new("/r/one.jsonl")]);
        table.process(12, "/usr/bin/less /r/two.jsonl", "/p", 22, &[Path::new("/r/two.jsonl")]);
        let found = table.find(&[sought("/r/one.jsonl", "codex", "/p", 30), sought("/r/two.jsonl", "codex", "/q", 30)]);
        assert_eq!(found, [Some((11, Clue::Open)), None]);
        assert!(holds(table.folder.path(), 11, Path::new("/r/one.jsonl")));
        assert!(!holds(table.folder.path(), 11, Path::new("/r/two.jsonl")));
    }

    #[test]
    fn the_right_program_in_the_right_folder_writes_the_latest_transcript_there() {
        let table = Table::new();
        table.process(10, "node --no-warnings /x/claude-code/cli.js -c", "/p", 20, &[]);
        table.process(11, "claude", "/elsewhere", 20, &[]);
        table.process(12, "vim claude", "/p", 20, &[]);
        table.process(13, "claude mcp serve", "/p", 25, &[]);
        let of = |name: &str, seconds| sought(name, "claude", "/p", seconds);
        assert_eq!(table.find(&[of("/old", 40), of("/new", 60)]), [None, Some((10, Clue::Folder))]);
        assert_eq!(table.find(&[of("/old", 10)]), [None], "it was written before the process began");
        assert_eq!(scan(table.folder.path(), &[of("/new", 60)], &BTreeSet::from([10])), [None], "it is another's");
    }

    #[test]
    fn a_command_line_names_its_program_whatever_runs_it() {
        let of = |line: &str| program(&line.split(' ').map(PathBuf::from).collect::<Vec<_>>());
        for (line, name) in [
            ("claude --resume", Some("claude")),
            ("/usr/local/bin/codex", Some("codex")),
            ("node /usr/lib/node_modules/@openai/codex/bin/codex.js", Some("codex")),
            ("node --max-old-space-size=1 /x/@anthropic-ai/claude-code/cli.js", Some("claude")),
            ("node", None),
            ("bash -c claude", Some("bash")),
        ] {
            assert_eq!(of(line).as_deref(), name, "{line}");
        }
        assert_eq!(program(&[]), None);
    }

    #[test]
    fn this_very_process_is_found_by_a_file_that_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("held.jsonl");
        let _held = fs::File::create(&path).unwrap();
        let me = std::env::current_exe().unwrap();
        let name: &'static str = me.file_stem().unwrap().to_string_lossy().into_owned().leak();
        let sought = Sought { transcript: path, folders: Vec::new(), program: name, written: None };
        let found = scan(Path::new("/proc"), &[sought], &BTreeSet::new());
        let found = found[0].as_ref().unwrap();
        assert_eq!((found.pid, found.clue), (std::process::id(), Clue::Open));
    }
}
