//! The process behind a session: alive for the process table, and gone when we are.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use jiff::Timestamp;
use serde_json::json;

use super::record::VERSION;

/// A harmless child that stands for a coding agent's process, with its file in the session registry.
///
/// It is `cat` on a pipe that only we hold: however we end, its input ends and so does it.
#[derive(Debug)]
pub struct Process {
    child: Child,
    start: String,
    file: PathBuf,
    registered: Registered,
}

#[derive(Debug)]
struct Registered {
    session: String,
    cwd: String,
    name: String,
    since: Timestamp,
}

/// What the registry says that a session does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// At work.
    Busy,
    /// At its prompt.
    Idle,
    /// Wants a person, for this.
    Waiting(String),
}

impl Process {
    /// Starts the child and writes its registry file below `claude`.
    pub fn start(claude: &Path, session: &str, cwd: &Path, name: &str, since: Timestamp) -> io::Result<Self> {
        let child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let folder = claude.join("sessions");
        fs::create_dir_all(&folder)?;
        let registered =
            Registered { session: session.to_owned(), cwd: cwd.display().to_string(), name: name.to_owned(), since };
        let file = folder.join(format!("{}.json", child.id()));
        let start = start_time(child.id()).unwrap_or_default();
        let process = Self { child, start, file, registered };
        process.report(&Status::Idle, since)?;
        Ok(process)
    }

    /// Rewrites the registry file.
    pub fn report(&self, status: &Status, at: Timestamp) -> io::Result<()> {
        let millis = at.as_millisecond();
        let (word, waiting_for) = match status {
            Status::Busy => ("busy", None),
            Status::Idle => ("idle", None),
            Status::Waiting(what) => ("waiting", Some(what.as_str())),
        };
        let mut entry = json!({
            "pid": self.child.id(),
            "sessionId": self.registered.session,
            "cwd": self.registered.cwd,
            "startedAt": self.registered.since.as_millisecond(),
            "procStart": self.start,
            "version": VERSION,
            "peerProtocol": 1,
            "kind": "interactive",
            "entrypoint": "cli",
            "name": self.registered.name,
            "nameSource": "derived",
            "status": word,
            "updatedAt": millis,
            "statusUpdatedAt": millis,
        });
        if let (Some(what), Some(entry)) = (waiting_for, entry.as_object_mut()) {
            entry.insert("waitingFor".to_owned(), json!(what));
        }
        let draft = self.file.with_extension("new");
        fs::write(&draft, entry.to_string())?;
        fs::rename(&draft, &self.file)
    }

    /// Dies without tidying up. Returns the registry file that stays behind.
    pub fn crash(mut self) -> PathBuf {
        self.end();
        std::mem::take(&mut self.file)
    }

    fn end(&mut self) {
        // Both fail only for a process that is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
        if !self.file.as_os_str().is_empty() {
            let _ = fs::remove_file(&self.file);
        }
    }
}

/// The clock tick a process began at.
fn start_time(pid: u32) -> Option<String> {
    start_field(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?).map(str::to_owned)
}

/// Field 22 of `/proc/PID/stat`. The command in field 2 may hold spaces and brackets, so fields are counted from the
/// last bracket (proc_pid_stat(5)).
fn start_field(stat: &str) -> Option<&str> {
    let (_, rest) = stat.rsplit_once(") ")?;
    rest.split(' ').nth(19)
}

#[cfg(test)]
mod tests {
    use super::start_field;

    #[test]
    fn a_command_with_brackets_does_not_shift_the_fields() {
        let rest = "S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 127261 20";
        assert_eq!(start_field(&format!("42 (cat) {rest}")), Some("127261"));
        assert_eq!(start_field(&format!("42 (a) b) c) {rest}")), Some("127261"));
        assert_eq!(start_field("42 (cat"), None);
    }
}
