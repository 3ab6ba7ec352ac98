//! Finds the pane in which an agent runs: the one whose terminal is that of the agent's process, and no other.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::domain::deliver::input::{self, InputLine};
use crate::domain::deliver::pane::{FORMAT, Pane};
use crate::domain::deliver::{Process, Receiver, Sight, Target};
use crate::domain::fault::Fault;
use crate::domain::process::{fields_after_name, start_time};
use crate::exec::tmux::Tmux;
use crate::source::registry::{self, Registered};

/// Processes above an agent's whose environment is looked at for a server.
const ANCESTORS: usize = 16;
/// Most bytes of an environment that are read.
const ENVIRONMENT: u64 = 1024 * 1024;

/// What the process table says of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stat {
    parent: u32,
    group: i32,
    /// Device number of its terminal; 0 for none.
    tty: u64,
    /// Process group that has the terminal.
    in_front: i32,
    start: String,
}

impl Stat {
    /// Reads the fields of `/proc/PID/stat` (proc_pid_stat(5)): 4 parent, 5 group, 7 terminal, 8 its foreground, 22 start.
    fn parse(stat: &[u8]) -> Option<Self> {
        let fields: Vec<&str> = fields_after_name(stat)?.filter_map(|field| std::str::from_utf8(field).ok()).collect();
        let field = |number: usize| fields.get(number - 3).copied();
        Some(Self {
            parent: field(4)?.parse().ok()?,
            group: field(5)?.parse().ok()?,
            tty: u64::from(field(7)?.parse::<i32>().ok()?.cast_unsigned()),
            in_front: field(8)?.parse().ok()?,
            start: start_time(stat)?,
        })
    }

    fn of(pid: u32) -> Option<Self> {
        Self::parse(&fs::read(format!("{}/{pid}/stat", registry::PROC)).ok()?)
    }
}

/// Why an agent cannot be seen, and whether that is for want of tmux or of the agent.
pub type Found<T> = Result<T, Fault>;

/// Looks at the pane of an agent as it is now.
///
/// # Errors
/// The agent has no process or no terminal, or its terminal is in no pane of a tmux server that can be reached.
pub async fn look(receiver: &Receiver, claude_dirs: &[PathBuf]) -> Found<Sight> {
    let refused = |why: String, remedy: &str| Fault::new("looking for the pane of", &receiver.name, why, remedy);
    let Some(pid) = receiver.pid else {
        return Err(refused("no running process of it is known".to_owned(), "copy the prompt and paste it yourself"));
    };
    let gone = || refused(format!("process {pid} is gone"), "start the agent again");
    let stat = Stat::of(pid).ok_or_else(gone)?;
    let registered = registry::read(claude_dirs, &[]);
    let entry = registered.iter().find(|one| one.entry.pid == pid && is_same(one, &stat.start));
    // The entry of a process that had the same id before is nobody's.
    if entry.is_none() && registered.iter().any(|one| one.entry.pid == pid) {
        return Err(refused(format!("process {pid} is not the one that its registry tells of"), "R looks again"));
    }
    if stat.tty == 0 {
        return Err(refused(format!("process {pid} has no terminal"), "copy the prompt and paste it yourself"));
    }
    let (server, pane) =
        find_pane(pid, stat.tty).await.map_err(|why| refused(why, "copy the prompt (y) and paste it yourself"))?;
    let named = entry.and_then(|one| one.entry.pane().map(str::to_owned)).or_else(|| receiver.pane.clone());
    if let Some(named) = named.as_deref().filter(|named| *named != pane.id) {
        let why = format!("its registry names pane {named}, and its terminal is that of {}", pane.place());
        return Err(refused(why, "see which of them it is, and paste the prompt yourself"));
    }
    let found_by = match named {
        Some(_) => "its registry names it, and the terminal of its process is this pane's",
        None => "the terminal of its process is this pane's",
    };
    let captured = Tmux::at(&server).run(&["capture-pane", "-e", "-p", "-t", &pane.id], b"").await;
    let input = captured.map_or(InputLine::Hidden, |text| input::read(receiver.kind, &String::from_utf8_lossy(&text)));
    let status = entry.and_then(|one| Some((one.entry.status.clone()?, one.entry.waiting_for.clone())));
    let in_front = stat.group == stat.in_front;
    let process = Process { pid, start: stat.start };
    Ok(Sight { target: Target { server, pane, process, found_by: found_by.to_owned() }, status, input, in_front })
}

fn is_same(one: &Registered, start: &str) -> bool {
    one.entry.proc_start.as_deref().is_none_or(|then| then == start)
}

/// The pane with this terminal, on whichever server it is.
async fn find_pane(pid: u32, tty: u64) -> Result<(PathBuf, Pane), String> {
    let mut heard = false;
    let mut why = None;
    for server in servers(pid) {
        match Tmux::at(&server).run(&["list-panes", "-a", "-F", FORMAT], b"").await {
            Ok(listed) => {
                heard = true;
                let listed = String::from_utf8_lossy(&listed);
                // A window that is linked into several sessions is listed with each of them.
                let mut panes = listed.lines().filter_map(Pane::parse).filter(|pane| device(&pane.tty) == Some(tty));
                if let Some(pane) = panes.next() {
                    return match panes.find(|other| other.id != pane.id) {
                        Some(other) => Err(format!("{} and {} share its terminal", pane.place(), other.place())),
                        None => Ok((server, pane)),
                    };
                }
            }
            Err(error) => why = Some(error.to_string()),
        }
    }
    Err(match (heard, why) {
        (true, _) => "its terminal is in no pane of tmux".to_owned(),
        (false, Some(why)) => format!("no tmux server answers: {why}"),
        (false, None) => "there is no tmux server".to_owned(),
    })
}

/// Device number of a terminal, as the process table writes it.
fn device(tty: &str) -> Option<u64> {
    fs::metadata(tty).ok().map(|metadata| metadata.rdev())
}

/// Sockets of the servers that the agent may run in, the likeliest first: those that its environment and that of the processes
/// above it name, our own, the default one.
fn servers(pid: u32) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut add = |socket: PathBuf| {
        if socket.exists() && seen.insert(socket.canonicalize().unwrap_or_else(|_| socket.clone())) {
            found.push(socket);
        }
    };
    let mut above = pid;
    for _ in 0..ANCESTORS {
        if let Some(tmux) = variable(above, b"TMUX") {
            add(socket_of(&tmux));
        }
        match Stat::of(above) {
            Some(stat) if stat.parent > 1 => above = stat.parent,
            _ => break,
        }
    }
    if let Some(tmux) = std::env::var_os("TMUX").filter(|tmux| !tmux.is_empty()) {
        add(socket_of(&tmux));
    }
    let folder = std::env::var_os("TMUX_TMPDIR").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from);
    if let Ok(ours) = fs::metadata(format!("{}/self", registry::PROC)) {
        add(folder.join(format!("tmux-{}/default", ours.uid())));
    }
    found
}

/// `$TMUX` is the socket, the server's process and the session, with commas between.
fn socket_of(tmux: &OsStr) -> PathBuf {
    let bytes = tmux.as_bytes();
    PathBuf::from(OsStr::from_bytes(bytes.split(|byte| *byte == b',').next().unwrap_or(bytes)))
}

/// A variable of a process's environment as it was when it began.
fn variable(pid: u32, name: &[u8]) -> Option<OsString> {
    use std::io::Read;
    let mut environment = Vec::new();
    let path = Path::new(registry::PROC).join(pid.to_string()).join("environ");
    fs::File::open(path).ok()?.take(ENVIRONMENT).read_to_end(&mut environment).ok()?;
    let value = environment.split(|byte| *byte == 0).find_map(|one| one.strip_prefix(name)?.strip_prefix(b"="))?;
    (!value.is_empty()).then(|| OsStr::from_bytes(value).to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Stat, servers, socket_of, variable};
    use std::ffi::OsStr;
    use std::path::Path;

    #[test]
    fn the_fields_of_a_process_are_counted_behind_its_name() {
        let stat = b"42 (a) b (c)) S 7 40 40 34817 41 4194304 100 0 0 0 1 2 0 0 20 0 11 0 8163 1000 200";
        let expected = Stat { parent: 7, group: 40, tty: 34817, in_front: 41, start: "8163".to_owned() };
        assert_eq!(Stat::parse(stat), Some(expected));
        assert_eq!(Stat::parse(b"42 (x) S 1"), None);
        assert!(Stat::of(std::process::id()).is_some());
    }

    #[test]
    fn a_server_is_named_by_the_first_part_of_the_variable() {
        assert_eq!(socket_of(OsStr::new("/tmp/tmux-0/work,123,0")), Path::new("/tmp/tmux-0/work"));
        assert_eq!(socket_of(OsStr::new("/tmp/x")), Path::new("/tmp/x"));
    }

    #[test]
    fn a_process_tells_its_environment_and_servers_that_are_not_there_are_none() {
        assert!(variable(std::process::id(), b"PATH").is_some());
        assert_eq!(variable(std::process::id(), b"HNPWB_NO_SUCH_VARIABLE"), None);
        assert!(servers(std::process::id()).iter().all(|socket| socket.exists()));
    }
}
