//! The ends of processes, told by the system where it can (pidfd_open(2)), so that nobody has to ask.

use std::collections::BTreeSet;
use std::os::fd::OwnedFd;
use std::path::Path;

use futures::future::select_all;
use tokio::io::unix::AsyncFd;

use super::{PROC, process_of};
use crate::domain::agent::judge::ProcessFact;

/// Processes that are watched; others must be asked after.
const MOST: usize = 256;

/// Watches the processes of agents.
#[derive(Debug, Default)]
pub struct Exits {
    watched: Vec<(u32, AsyncFd<OwnedFd>)>,
    /// Processes whose end was told. Should one still seem to run, it is not watched again: that would go on for ever.
    told: BTreeSet<u32>,
}

impl Exits {
    /// Watches these processes, which run, and no others; each with the time at which it began, if that is known. Needs a
    /// tokio runtime; false when some of them cannot be watched and must be asked after.
    pub fn watch(&mut self, running: &[(u32, Option<&str>)]) -> bool {
        let pids: BTreeSet<u32> = running.iter().map(|(pid, _)| *pid).collect();
        self.watched.retain(|(pid, _)| pids.contains(pid));
        self.told.retain(|pid| pids.contains(pid));
        for (pid, start) in running.iter().copied() {
            let known = self.told.contains(&pid) || self.watched.iter().any(|(watched, _)| *watched == pid);
            if known || self.watched.len() >= MOST {
                continue;
            }
            let Some(end) = open(pid) else { continue };
            // It may have ended, and its id gone to another process, before it was opened.
            if process_of(Path::new(PROC), pid, start) == ProcessFact::Alive {
                self.watched.push((pid, end));
            }
        }
        pids.iter().all(|pid| self.watched.iter().any(|(watched, _)| watched == pid))
    }

    /// Waits until one of them ends; for ever when none is watched. May be cancelled without losing anything.
    pub async fn next(&mut self) {
        if self.watched.is_empty() {
            return std::future::pending().await;
        }
        let ends = self.watched.iter().map(|(pid, end)| {
            Box::pin(async move {
                // An error is a reason to look, too.
                let _ = end.readable().await;
                *pid
            })
        });
        let (ended, _, _) = select_all(ends).await;
        self.watched.retain(|(pid, _)| *pid != ended);
        self.told.insert(ended);
    }
}

#[cfg(target_os = "linux")]
#[expect(
    deprecated,
    reason = "its successor is an unsafe function; an OwnedFd keeps what that asks for: it stays open"
)]
fn open(pid: u32) -> Option<AsyncFd<OwnedFd>> {
    use rustix::process::{Pid, PidfdFlags, pidfd_open};
    let pid = Pid::from_raw(i32::try_from(pid).ok()?)?;
    let process = pidfd_open(pid, PidfdFlags::empty()).ok()?;
    AsyncFd::with_interest(process, tokio::io::Interest::READABLE).ok()
}

#[cfg(not(target_os = "linux"))]
fn open(_pid: u32) -> Option<AsyncFd<OwnedFd>> {
    None
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::process::{Child, Command};
    use std::time::Duration;

    use super::Exits;

    fn sleeper() -> Child {
        Command::new("sleep").arg("600").spawn().unwrap()
    }

    #[tokio::test]
    async fn the_end_of_a_process_is_told_once() {
        let (mut one, mut other) = (sleeper(), sleeper());
        let registered = [one.id(), other.id()].map(|pid| (pid, None));
        let mut exits = Exits::default();
        assert!(exits.watch(&registered));
        assert!(futures::poll!(std::pin::pin!(exits.next())).is_pending());
        one.kill().unwrap();
        tokio::time::timeout(Duration::from_secs(20), exits.next()).await.unwrap();
        // Should somebody still think that it runs, there is no end without an end.
        assert!(!exits.watch(&registered));
        assert!(futures::poll!(std::pin::pin!(exits.next())).is_pending());
        assert!(exits.watch(&registered[1..]));
        for child in [&mut one, &mut other] {
            let _ = child.kill();
            child.wait().unwrap();
        }
    }

    #[tokio::test]
    async fn what_has_ended_before_is_not_waited_for() {
        let mut exits = Exits::default();
        assert!(exits.watch(&[]));
        assert!(!exits.watch(&[(u32::MAX, None)]), "no such process");
        assert!(futures::poll!(std::pin::pin!(exits.next())).is_pending());
    }
}
