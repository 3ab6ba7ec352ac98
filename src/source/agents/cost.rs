//! What agents cost. That takes every line of every transcript, so it is read behind everything else and then kept up.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::roster::{Roster, Tracked, is_shown};
use super::summary::{Summary, read_whole};
use super::thread::Thread;
use crate::domain::agent::Figures;
use crate::domain::transcript::format::Format;
use crate::domain::transcript::usage::{Bill, Usage, share_out};

/// Bytes that are read before what was found is taken over.
const BATCH: u64 = 64 * 1024 * 1024;

/// Least time from one settling to the next: it looks at every answer of every transcript.
pub(super) const PAUSE: Duration = Duration::from_secs(2);

/// A transcript to be read whole: its path, its format, and whether it is a sub-agent's.
pub(super) type Uncounted = (PathBuf, &'static dyn Format, bool);

/// Who pays for which answers, as of the last settling.
#[derive(Debug, Default)]
pub(super) struct Bills {
    by_path: HashMap<PathBuf, Bill>,
    settled: Option<Instant>,
    /// Transcripts have come, gone or grown since.
    pub(super) stale: bool,
    /// Transcripts that could not be read whole; not tried again until they are summed up anew.
    pub(super) unreadable: BTreeSet<PathBuf>,
}

/// A transcript that was to be read whole, and what became of that.
pub(super) type Counted = (PathBuf, Option<Summary>);

/// The reading behind everything else.
#[derive(Debug, Default)]
pub(super) struct Counting {
    thread: Option<Thread>,
    reading: Option<oneshot::Receiver<Vec<Option<Summary>>>>,
    wanted: Vec<PathBuf>,
}

impl Counting {
    pub(super) fn is_idle(&self) -> bool {
        self.reading.is_none()
    }

    /// Begins to read on its thread, which has the lowest priority, unless there is nothing to be read or reading goes on.
    pub(super) fn begin(&mut self, wanted: Vec<Uncounted>) {
        if !self.is_idle() || wanted.is_empty() {
            return;
        }
        let paths = wanted.iter().map(|(path, ..)| path.clone()).collect();
        let read = |(path, format, sub_agent): Uncounted| read_whole(&path, format, sub_agent).ok();
        let work = move || {
            // Of this thread alone: whatever else has something to do goes first, the reader of the open transcript above
            // all. Where it is refused the reading is only less polite.
            let _ = rustix::process::setpriority_process(None, 19);
            wanted.into_iter().map(read).collect()
        };
        // Without a thread there are no figures, and without figures all else goes on; the next news try again.
        let thread = self.thread.take().or_else(|| Thread::begin("figures").ok());
        if let Some((thread, reading)) = thread.and_then(|thread| thread.start(work).map(|reading| (thread, reading))) {
            (self.thread, self.reading, self.wanted) = (Some(thread), Some(reading), paths);
        }
    }

    /// Waits for what was read; for ever when nothing is. May be cancelled without losing anything.
    pub(super) async fn done(&mut self) -> Vec<Counted> {
        let Some(reading) = &mut self.reading else { return std::future::pending().await };
        let mut read = reading.await.unwrap_or_default().into_iter();
        self.reading = None;
        self.wanted.drain(..).map(|path| (path, read.next().flatten())).collect()
    }
}

impl Roster {
    /// The transcripts that are to be read whole next: running sessions first, then those that were written last.
    pub(super) fn uncounted(&self) -> Vec<Uncounted> {
        let mut wanted: Vec<_> = self
            .transcripts
            .values()
            .filter_map(|tracked| Some((&tracked.candidate, tracked.summary.as_ref()?)))
            .filter(|(of, summary)| summary.usage.is_none() && !self.bills.unreadable.contains(&of.path))
            .collect();
        wanted
            .sort_by_cached_key(|(candidate, summary)| (!self.is_running(&candidate.id.0), Reverse(summary.modified)));
        let mut bytes = 0;
        let fits = |(_, summary): &(_, &Summary)| {
            let first = bytes == 0;
            bytes += summary.size;
            first || bytes <= BATCH
        };
        let wanted = wanted.into_iter().take_while(fits);
        wanted.map(|(candidate, _)| (candidate.path.clone(), candidate.format, candidate.sub_agent)).collect()
    }

    /// Takes over transcripts that were read whole, and what was written meanwhile. True when there is one.
    pub(super) fn take_counted(&mut self, counted: Vec<Counted>) -> bool {
        let mut taken = false;
        for (path, summary) in counted {
            let Some(tracked) = self.transcripts.get_mut(&path).filter(|tracked| is_shown(tracked)) else { continue };
            // A file that has become another one meanwhile is read anew when that is told.
            let format = tracked.candidate.format;
            match summary.map(|mut summary| summary.follow(&path, format).map(|_| summary)) {
                Some(Ok(summary)) => {
                    tracked.summary = Some(summary);
                    self.bills.stale = true;
                    taken = true;
                }
                Some(Err(_)) | None => {
                    self.bills.unreadable.insert(path);
                }
            }
        }
        taken
    }

    /// Shares the answers out among all transcripts that were read whole, the oldest first. False when that has just been
    /// done, is not `urgent` and remains to be done again.
    pub(super) fn settle(&mut self, urgent: bool) -> bool {
        if !self.bills.stale {
            return true;
        }
        if !urgent && self.bills.settled.is_some_and(|last| last.elapsed() < PAUSE) {
            return false;
        }
        let mut files: Vec<(&PathBuf, bool, &Summary)> = self
            .transcripts
            .iter()
            .filter_map(|(path, tracked)| Some((path, tracked.candidate.sub_agent, tracked.summary.as_ref()?)))
            .filter(|(_, _, summary)| summary.usage.is_some())
            .collect();
        // A sub-agent's file that begins with a copy of its parent's history is as old as its parent's.
        files.sort_by_key(|(path, sub_agent, summary)| (summary.digest.first_activity, *sub_agent, *path));
        let usages: Vec<&Usage> = files.iter().filter_map(|(_, _, summary)| summary.usage.as_ref()).collect();
        let bills = share_out(&usages, &self.scope.session.models);
        self.bills.by_path = files.into_iter().map(|(path, ..)| path.clone()).zip(bills).collect();
        self.bills.settled = Some(Instant::now());
        self.bills.stale = false;
        true
    }

    /// What one transcript adds up to, its tokens as of the last settling; `None` when not every line of it was read.
    pub(super) fn figures(&self, Tracked { candidate, summary, .. }: &Tracked) -> Option<Figures> {
        let Bill { tokens, cost } = self.bills.by_path.get(&candidate.path)?;
        let cost = candidate.format.counts_tokens().then(|| cost.clone());
        Some(Figures { tokens: *tokens, cost, counts: summary.as_ref()?.digest.counts })
    }

    /// How many transcripts were read whole, of how many, while some of those that can be read were not.
    pub(super) fn progress(&self) -> Option<(usize, usize)> {
        let summaries = self.transcripts.iter().filter_map(|(path, tracked)| Some((path, tracked.summary.as_ref()?)));
        let (mut read, mut all) = (0, 0);
        for (path, summary) in summaries {
            read += usize::from(summary.usage.is_some());
            all += usize::from(summary.usage.is_some() || !self.bills.unreadable.contains(path));
        }
        (read < all).then_some((read, all))
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Counting, Thread};
    use crate::domain::transcript::claude::Claude;

    #[tokio::test]
    async fn one_reading_follows_another_and_a_thread_that_panicked_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let wanted = |name: &str| {
            let path: PathBuf = folder.path().join(name);
            std::fs::write(&path, "{\"type\":\"user\",\"message\":{\"content\":\"Begin\"}}\n").unwrap();
            vec![(path, &Claude as _, false)]
        };
        let mut counting = Counting::default();
        for name in ["a", "b"] {
            counting.begin(wanted(name));
            assert!(!counting.is_idle());
            counting.begin(wanted("not while another is read"));
            let done = counting.done().await;
            assert!(matches!(&done[..], [(path, Some(_))] if path.ends_with(name)), "{done:?}");
        }
        let thread = Thread::begin("figures").unwrap();
        // The second answer says that the first job took the thread with it.
        assert!(
            thread.run(|| assert!(std::hint::black_box(false))).await.is_none() && thread.run(|| ()).await.is_none()
        );
        counting.thread = Some(thread);
        counting.begin(wanted("c"));
        assert!(counting.is_idle(), "nobody reads");
        counting.begin(wanted("c"));
        assert!(matches!(&counting.done().await[..], [(_, Some(_))]));
    }
}
