//! Runs a check of the operator's: a command in a process group of its own, its output kept as evidence.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;
use tokio::process::{Child, Command};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use self::output::Output;
use super::journal::{self, make_state_dir};
use crate::domain::check::{CheckEnd, CheckRun, KIND};
use crate::domain::digest::sha256;
use crate::domain::fault::Fault;
use crate::domain::redact::Redactor;
use crate::effect::CheckRequest;
use crate::event::{CheckChange, CheckNews, Event};
use crate::source::Outbox;

mod output;
#[cfg(test)]
mod tests;

/// How often it is told how far a check is.
const TELL: Duration = Duration::from_secs(1);
/// How long a check that is stopped may take to clean up after itself.
const MERCY: Duration = Duration::from_secs(3);
/// How long what a check left behind may hold its output open once it has ended itself.
const LEFTOVERS: Duration = Duration::from_millis(500);
/// Characters of a file's name that come from the name of the check.
const SLUG: usize = 32;

/// What running checks needs.
#[derive(Debug, Clone)]
pub struct Bench {
    /// The session's root, where they run.
    pub root: PathBuf,
    /// The session's state folder.
    pub state_dir: PathBuf,
    /// Where news goes.
    pub outbox: Outbox,
}

/// The checks that run. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Checks {
    running: Arc<Mutex<BTreeMap<String, CancellationToken>>>,
    closing: CancellationToken,
}

impl Checks {
    /// None yet. All of them are killed when `closing` is cancelled.
    pub fn new(closing: CancellationToken) -> Self {
        Self { running: Arc::default(), closing }
    }

    /// Runs a check to its end, unless it is stopped or runs already.
    pub async fn run(self, bench: Bench, request: CheckRequest) {
        let (name, stop) = (request.name.clone(), CancellationToken::new());
        {
            let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            if running.contains_key(&name) {
                return;
            }
            running.insert(name.clone(), stop.clone());
        }
        run(bench, request, stop, self.closing.clone()).await;
        self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&name);
    }

    /// Stops a check.
    pub fn stop(&self, name: &str) {
        if let Some(stop) = self.running.lock().unwrap_or_else(PoisonError::into_inner).get(name) {
            stop.cancel();
        }
    }
}

/// Runs a check. Tells how it goes, notes how it ended in the journal, then tells that.
async fn run(bench: Bench, request: CheckRequest, stop: CancellationToken, closing: CancellationToken) {
    let name = request.name.clone();
    let change = match carry_out(&bench, request, &stop, &closing).await {
        Ok(Some(run)) => CheckChange::Ended(Box::new(run)),
        // The workbench ends; nobody is told any more.
        Ok(None) => return,
        Err(fault) => CheckChange::Failed(fault),
    };
    bench.outbox.send(Event::Check(CheckNews { name, change })).await;
}

async fn carry_out(
    bench: &Bench,
    request: CheckRequest,
    stop: &CancellationToken,
    closing: &CancellationToken,
) -> Result<Option<CheckRun>, Fault> {
    let CheckRequest { name, run, head, dirty, at } = request;
    let refused = |error: io::Error| {
        Fault::new("running check", &name, error, "check that the session's root is there and that sh can be run")
    };
    let (mut group, mut pipe) = Group::start(&run, &bench.root).map_err(refused)?;
    let began = Instant::now();
    let mut output = Output::default();
    let mut chunk = vec![0; 16 * 1024];
    let mut ticks = interval(TELL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut open = true;
    let end = loop {
        tokio::select! {
            biased;
            () = closing.cancelled() => return Ok(None),
            () = stop.cancelled() => {
                group.stop().await;
                break CheckEnd::Cancelled;
            }
            read = pipe.read(&mut chunk), if open => match read {
                Ok(0) | Err(_) => open = false,
                Ok(read) => output.push(&chunk[..read]),
            },
            status = group.child.wait() => break ended(status.map_err(refused)?),
            _ = ticks.tick() => {
                let line = bench.outbox.redactor().redact(&output.last_line()).into_owned();
                let change = CheckChange::Running { line, bytes: output.total() };
                bench.outbox.send(Event::Check(CheckNews { name: name.clone(), change })).await;
            }
        }
    };
    // What is still in the pipe; what a process that was left behind goes on to write is not waited for.
    let rest = async {
        while let Ok(read) = pipe.read(&mut chunk).await {
            if read == 0 {
                break;
            }
            output.push(&chunk[..read]);
        }
    };
    let _ = timeout(LEFTOVERS, rest).await;
    drop(group);
    // As exact as the journal keeps it.
    let took = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
    let took = jiff::SignedDuration::from_millis(took);
    let ended_at = at.checked_add(took).unwrap_or(at);
    let mut outcome = CheckRun { name, run, end, at, took, head, dirty, digest: String::new(), file: String::new() };
    let (state_dir, redactor) = (bench.state_dir.clone(), bench.outbox.redactor().clone());
    let noted = tokio::task::spawn_blocking(move || {
        keep(&mut outcome, &output, &state_dir, &redactor)?;
        journal::append(&state_dir, ended_at, KIND, outcome.record(), &redactor)?;
        Ok(outcome)
    });
    noted.await.unwrap_or_else(|error| Err(Fault::new("keeping the output of", "a check", error, ""))).map(Some)
}

fn ended(status: ExitStatus) -> CheckEnd {
    match (status.code(), status.signal()) {
        (Some(code), _) => CheckEnd::Exit(code),
        (None, Some(signal)) => CheckEnd::Signal(signal),
        (None, None) => CheckEnd::Exit(-1),
    }
}

/// Writes the output of a run, without secrets, into the folder of evidence.
fn keep(run: &mut CheckRun, output: &Output, state_dir: &Path, redactor: &Redactor) -> Result<(), Fault> {
    let folder = state_dir.join("evidence");
    let refused = |error: io::Error| {
        Fault::new("keeping the output of a check in", folder.display(), error, "make the folder writable")
    };
    make_state_dir(state_dir)?;
    std::fs::create_dir_all(&folder).map_err(refused)?;
    let text = redactor.redact(&output.text()).into_owned();
    run.digest = sha256(text.as_bytes());
    let slug: String = crate::domain::brief::slug(&run.name).chars().take(SLUG).collect();
    let stamp = run.at.strftime("%Y%m%dT%H%M%SZ");
    let name = format!("check-{slug}-{stamp}-{}.txt", &run.digest[..8]);
    let mut draft = tempfile::NamedTempFile::new_in(&folder).map_err(refused)?;
    draft.write_all(text.as_bytes()).and_then(|()| draft.as_file().sync_all()).map_err(refused)?;
    draft.persist(folder.join(&name)).map_err(|error| refused(error.error))?;
    run.file = format!("evidence/{name}");
    Ok(())
}

/// The processes of a check. All of them are killed when it is let go, however that comes about.
struct Group {
    child: Child,
    id: Option<Pid>,
    /// Kills the group when its input ends, which it does when this program is gone without a word.
    guard: Child,
}

impl Group {
    /// Starts a command with its standard output and standard error in one pipe.
    fn start(run: &str, root: &Path) -> io::Result<(Self, Receiver)> {
        let (reader, writer) = io::pipe()?;
        let child = Command::new("sh")
            .arg("-c")
            .arg(run)
            .current_dir(root)
            .stdin(Stdio::null())
            .stdout(writer.try_clone()?)
            .stderr(writer)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let id = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        let number = child.id().unwrap_or_default();
        let guard = Command::new("sh")
            .arg("-c")
            .arg(format!("cat >/dev/null; kill -KILL -{number}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        Ok((Self { child, id, guard }, Receiver::from_owned_fd(OwnedFd::from(reader))?))
    }

    /// Asks the processes to end, and after a while sees to it.
    async fn stop(&mut self) {
        self.signal(Signal::TERM);
        let _ = timeout(MERCY, self.child.wait()).await;
    }

    fn signal(&self, signal: Signal) {
        if let Some(id) = self.id {
            // Nobody is left in it, most likely.
            let _ = kill_process_group(id, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        // Before its input ends: the number of the group may be another's by then.
        let _ = self.guard.start_kill();
    }
}

/// The kept output of a check, as text.
///
/// # Errors
/// That it cannot be read.
pub fn read(state_dir: &Path, file: &str) -> Result<String, Fault> {
    let path = state_dir.join(file);
    let unreadable = |error: io::Error| Fault::new("reading", path.display(), error, "run the check again");
    let is_evidence = Path::new(file).starts_with("evidence") && !file.contains("..");
    if !is_evidence {
        return Err(unreadable(io::Error::other("it is no file of evidence")));
    }
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(&path).map_err(unreadable)?;
    io::Read::read_to_end(&mut io::Read::take(opened, output::MOST as u64 * 2), &mut bytes).map_err(unreadable)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
