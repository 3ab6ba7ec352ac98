//! The other end of the gate socket, for programs that wait: plain blocking calls, no runtime to start.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::domain::fault::Fault;
use crate::domain::gate::wire::{Answer, GateRequest, LONGEST_LINE, Request, decode, encode};

/// How long the workbench may take to answer beyond a gate's own deadline.
const GRACE: Duration = Duration::from_secs(2);
/// How long it may take to read a request.
const WRITING: Duration = Duration::from_secs(10);

/// Longest time that anything is waited for: a workbench holds no gate for longer than a day.
const LONGEST: Duration = Duration::from_secs(25 * 60 * 60);

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unheard {
    /// No workbench runs for this session.
    NoWorkbench(Fault),
    /// It did not answer in time.
    TimedOut,
    /// It went away, or what it said is odd.
    Broken(Fault),
}

impl Unheard {
    /// The same as a fault.
    pub fn into_fault(self, socket: &Path) -> Fault {
        match self {
            Self::NoWorkbench(fault) | Self::Broken(fault) => fault,
            Self::TimedOut => {
                Fault::new("asking the workbench at", socket.display(), "no answer in time", "look at the workbench")
            }
        }
    }
}

/// Asks for a decision and waits for it: [`Answer::Decided`], [`Answer::Expired`] or [`Answer::Refused`]. A decision on
/// anything but exactly this request counts as none. Ending the process withdraws the request.
pub fn ask_gate(socket: &Path, request: &GateRequest) -> Result<Answer, Unheard> {
    let patience = Duration::from_millis(request.timeout_ms).saturating_add(GRACE);
    let digest = request.digest();
    match ask(socket, &Request::Gate(Box::new(request.clone())), patience)? {
        Answer::Decided { digest: answered, .. } if answered != digest => {
            Err(broken(socket, "the decision is on another request"))
        }
        answer @ (Answer::Decided { .. } | Answer::Expired { .. } | Answer::Refused { .. }) => Ok(answer),
        Answer::Gates { .. } | Answer::Line { .. } | Answer::Hooks { .. } | Answer::Noted => {
            Err(broken(socket, "the answer is to another question"))
        }
    }
}

/// The same, and a workbench that is not there, or goes away, is waited for until the request's time is over: whoever opens
/// one next is shown the gate.
pub fn ask_until(socket: &Path, request: &GateRequest) -> Result<Answer, Unheard> {
    const SOON: Duration = Duration::from_millis(50);
    const LATER: Duration = Duration::from_secs(1);
    let until = Instant::now() + Duration::from_millis(request.timeout_ms).min(LONGEST);
    let mut pause = SOON;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Unheard::TimedOut);
        }
        let request =
            GateRequest { timeout_ms: u64::try_from(left.as_millis()).unwrap_or(u64::MAX), ..request.clone() };
        match ask_gate(socket, &request) {
            Ok(Answer::Refused { closing: true, .. }) => pause = SOON,
            Err(Unheard::NoWorkbench(_) | Unheard::Broken(_)) => {}
            answer => return answer,
        }
        std::thread::sleep(pause.min(until.saturating_duration_since(Instant::now())));
        pause = (pause * 2).min(LATER);
    }
}

/// Sends one request and waits for its answer.
pub fn ask(socket: &Path, request: &Request, patience: Duration) -> Result<Answer, Unheard> {
    let io = |error: io::Error| match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Unheard::TimedOut,
        _ => broken(socket, &error.to_string()),
    };
    let line = encode(request).map_err(|error| broken(socket, &error.to_string()))?;
    if line.len() > LONGEST_LINE {
        return Err(broken(socket, "the request is longer than 16 MB"));
    }
    let mut stream = connect(socket)?;
    stream.set_write_timeout(Some(WRITING)).map_err(io)?;
    // A workbench that refuses early may close before it has read everything; what it said counts.
    let written = stream.write_all(line.as_bytes());
    let until = Instant::now() + patience.min(LONGEST);
    let mut answer = Vec::new();
    let mut reader = BufReader::new(&stream).take(LONGEST_LINE as u64);
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Unheard::TimedOut);
        }
        stream.set_read_timeout(Some(left)).map_err(io)?;
        match reader.read_until(b'\n', &mut answer) {
            Ok(_) if answer.ends_with(b"\n") => break,
            Ok(_) => {
                written.map_err(io)?;
                return Err(broken(socket, "the workbench went away before it answered"));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(io(error)),
        }
    }
    decode(&answer).map_err(|why| broken(socket, &why))
}

/// Connects to a workbench of this user. A folder that somebody else owns could hold anybody's answers.
pub fn connect(socket: &Path) -> Result<UnixStream, Unheard> {
    let missing = |why: &dyn std::fmt::Display| {
        let remedy = "start hnpwb in the session's folder, then ask again";
        Unheard::NoWorkbench(Fault::new("asking the workbench at", socket.display(), why, remedy))
    };
    let stream = UnixStream::connect(socket).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => missing(&"no workbench is running"),
        _ => missing(&error),
    })?;
    let own = own_uid().map_err(|error| missing(&error))?;
    let folder = socket.parent().unwrap_or(Path::new("/")).metadata().map_err(|error| missing(&error))?;
    if folder.uid() != own || folder.mode() & 0o022 != 0 {
        return Err(broken(socket, "its folder is not this user's alone"));
    }
    Ok(stream)
}

/// The user this process runs as, learnt from a file that it owns.
fn own_uid() -> io::Result<u32> {
    let owned = std::fs::metadata("/proc/self").or_else(|_| tempfile::tempfile()?.metadata())?;
    Ok(owned.uid())
}

fn broken(socket: &Path, why: &str) -> Unheard {
    Unheard::Broken(Fault::new(
        "asking the workbench at",
        socket.display(),
        why,
        "look at the workbench, start it again if it is gone, then repeat the request",
    ))
}
