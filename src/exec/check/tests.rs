//! Checks that really run.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Bench, Checks, read};
use crate::domain::check::{CheckEnd, CheckRun, latest};
use crate::domain::digest::sha256;
use crate::domain::fault::Fault;
use crate::effect::CheckRequest;
use crate::event::{CheckChange, Event};
use crate::exec::journal;
use crate::source::Inbox;
use crate::source::mailbox::mailbox;

/// A place to run checks in, and what they tell.
struct Stage {
    folder: tempfile::TempDir,
    bench: Bench,
    inbox: Inbox,
    checks: Checks,
    closing: CancellationToken,
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (outbox, inbox) = mailbox();
        let (root, state_dir) = (folder.path().to_owned(), folder.path().join(".hnpwb"));
        let closing = CancellationToken::new();
        let bench = Bench { root, state_dir, outbox };
        Self { folder, bench, inbox, checks: Checks::new(closing.clone()), closing }
    }

    fn start(&self, run: &str) -> tokio::task::JoinHandle<()> {
        let request = CheckRequest {
            name: "the tests".to_owned(),
            run: run.to_owned(),
            head: Some("abc".to_owned()),
            dirty: true,
            at: Timestamp::UNIX_EPOCH,
        };
        tokio::spawn(self.checks.clone().run(self.bench.clone(), request))
    }

    /// The next news that is wanted.
    async fn next<T>(&mut self, wanted: impl Fn(CheckChange) -> Option<T>) -> T {
        let found = async {
            loop {
                match self.inbox.next().await {
                    Some(Event::Check(news)) => {
                        if let Some(found) = wanted(news.change) {
                            return found;
                        }
                    }
                    Some(_) => {}
                    None => panic!("nothing more is told"),
                }
            }
        };
        timeout(Duration::from_secs(30), found).await.expect("no such news")
    }

    async fn ended(&mut self) -> Result<CheckRun, Fault> {
        self.next(|change| match change {
            CheckChange::Ended(run) => Some(Ok(*run)),
            CheckChange::Failed(fault) => Some(Err(fault)),
            CheckChange::Running { .. } => None,
        })
        .await
    }

    async fn run(&mut self, run: &str) -> CheckRun {
        self.start(run).await.unwrap();
        self.ended().await.unwrap()
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

#[tokio::test]
async fn a_check_runs_in_the_root_and_its_output_is_kept_and_noted() {
    let mut stage = Stage::new();
    std::fs::write(stage.path().join("here"), "").unwrap();
    let run = stage.run("ls; echo went wrong >&2; exit 3").await;
    assert_eq!((run.end, run.exit(), run.passed()), (CheckEnd::Exit(3), Some(3), false));
    assert_eq!((run.head.as_deref(), run.dirty), (Some("abc"), true));
    let text = read(&stage.bench.state_dir, &run.file).unwrap();
    assert!(text.contains("here\n") && text.contains("went wrong\n"), "{text}");
    assert_eq!(run.digest, sha256(text.as_bytes()));
    let records = journal::read_records(&stage.bench.state_dir, 10).unwrap();
    assert_eq!(latest(records.iter().map(Vec::as_slice)), [run]);
}

#[tokio::test]
async fn secrets_in_the_output_are_not_kept() {
    let mut stage = Stage::new();
    let secret = ["gh", "p_", &"a1B2".repeat(9)].concat();
    std::fs::write(stage.path().join("token"), &secret).unwrap();
    let run = stage.run("cat token").await;
    let text = read(&stage.bench.state_dir, &run.file).unwrap();
    assert!(!text.contains("a1B2a1B2") && !text.is_empty(), "{text}");
}

#[tokio::test]
async fn a_check_tells_how_far_it_is_and_stops_with_all_it_started() {
    let mut stage = Stage::new();
    // The shell waits for a child in its group, which would hold the pipe open for long.
    let task = stage.start("sleep 600 & echo $! > pid; echo begun; wait");
    let line = stage
        .next(|change| match change {
            CheckChange::Running { line, bytes } if bytes > 0 => Some(line),
            _ => None,
        })
        .await;
    assert_eq!(line, "begun");
    let pid: i32 = std::fs::read_to_string(stage.path().join("pid")).unwrap().trim().parse().unwrap();
    stage.checks.stop("the tests");
    let run = stage.ended().await.unwrap();
    assert_eq!(run.end, CheckEnd::Cancelled);
    task.await.unwrap();
    gone(pid).await;
}

#[tokio::test]
async fn the_end_of_the_workbench_is_the_end_of_its_checks() {
    let mut stage = Stage::new();
    // One that does not listen.
    let task = stage.start("trap '' TERM; echo $$ > pid; echo begun; sleep 600 & wait; wait");
    stage.next(|change| matches!(change, CheckChange::Running { bytes, .. } if bytes > 0).then_some(())).await;
    let pid: i32 = std::fs::read_to_string(stage.path().join("pid")).unwrap().trim().parse().unwrap();
    stage.closing.cancel();
    task.await.unwrap();
    gone(pid).await;
    assert_eq!(journal::read(&stage.bench.state_dir, 10).unwrap().len(), 0, "what was not finished shows nothing");
}

#[tokio::test]
async fn what_a_check_leaves_behind_does_not_hold_it_up() {
    let mut stage = Stage::new();
    let run = stage.run("sleep 600 & echo $! > pid; echo done").await;
    assert!(run.passed());
    let pid: i32 = std::fs::read_to_string(stage.path().join("pid")).unwrap().trim().parse().unwrap();
    gone(pid).await;
}

#[tokio::test]
async fn a_check_that_cannot_be_run_or_noted_is_a_fault() {
    let mut stage = Stage::new();
    stage.bench.root = stage.path().join("gone");
    stage.start("true").await.unwrap();
    assert!(stage.ended().await.unwrap_err().to_string().contains("the tests"));
    let mut stage = Stage::new();
    std::fs::write(&stage.bench.state_dir, "in the way").unwrap();
    stage.start("true").await.unwrap();
    stage.ended().await.unwrap_err();
}

#[test]
fn only_evidence_is_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("journal.jsonl"), "x").unwrap();
    for file in ["journal.jsonl", "evidence/../journal.jsonl", "/etc/passwd", "evidence/none"] {
        read(folder.path(), file).unwrap_err();
    }
}

/// Waits until a process is gone, or is one that only its parent has yet to notice.
async fn gone(pid: i32) {
    let is_gone = || {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit(')').next().is_none_or(|rest| rest.trim().is_empty() || rest.trim_start().starts_with('Z'))
    };
    let waiting = async {
        while !is_gone() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(30), waiting).await.expect("it is still there");
}
