//! One thread for blocking work that comes again and again.
//!
//! On tokio's pool each look at the transcripts would run on any of its threads, and the allocator keeps what one of them has
//! freed for that thread alone: with 900 agents every thread came to hold several megabytes of nothing. Threads that end are no
//! better: what they leave in use stays where it is, and the next one begins elsewhere.

use std::io;
use std::sync::mpsc;

use tokio::runtime::Handle;
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

/// The thread; it ends with its last job once this is dropped.
#[derive(Debug)]
pub(super) struct Thread(mpsc::Sender<Job>);

impl Thread {
    /// Begins it. Jobs may use the runtime that this is called on, as they may on tokio's pool: ends of processes are told by it.
    pub(super) fn begin(name: &str) -> io::Result<Self> {
        let (sender, jobs) = mpsc::channel::<Job>();
        let runtime = Handle::current();
        let work = move || {
            let _inside = runtime.enter();
            for job in jobs {
                job();
            }
        };
        std::thread::Builder::new().name(name.to_owned()).spawn(work).map(|_| Self(sender))
    }

    /// What a job answers; `None` when it panicked.
    pub(super) async fn run<R: Send + 'static>(&self, job: impl FnOnce() -> R + Send + 'static) -> Option<R> {
        self.start(job)?.await.ok()
    }

    /// Has a job done, and does not wait for its answer; `None` when one before it panicked.
    pub(super) fn start<R: Send + 'static>(
        &self,
        job: impl FnOnce() -> R + Send + 'static,
    ) -> Option<oneshot::Receiver<R>> {
        let (sender, answer) = oneshot::channel();
        // Nobody waits for the answer any more when the workbench ends.
        let job = Box::new(move || drop(sender.send(job())));
        self.0.send(job).ok()?;
        Some(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::{Handle, Thread};

    #[tokio::test]
    async fn every_job_is_done_on_the_same_thread_and_a_panic_is_no_answer() {
        let thread = Thread::begin("agents").unwrap();
        let here = || std::thread::current().id();
        let first = thread.run(here).await;
        assert!(first.is_some() && first != Some(here()));
        assert_eq!(thread.run(here).await, first);
        assert!(thread.run(Handle::try_current).await.is_some_and(|runtime| runtime.is_ok()));
        assert_eq!(thread.run(|| assert!(std::hint::black_box(false))).await, None);
        assert_eq!(thread.run(here).await, None, "it is gone");
    }
}
