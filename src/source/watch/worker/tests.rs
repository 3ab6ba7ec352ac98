//! The worker without its thread.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{BLIND, POLL, Worker};
use crate::source::watch::{Behind, Root, Shared, lock};

fn worker(roots: impl IntoIterator<Item = Root>, behind: Behind) -> Worker {
    let mut worker = Worker::new(roots.into_iter().collect(), behind, Arc::new(Shared::default()), None);
    worker.watcher = notify::recommended_watcher(|_| {}).ok();
    worker
}

#[test]
fn when_watches_run_out_polling_takes_over_and_the_fault_says_so() {
    for (behind, interval) in [(Behind::Stat, POLL), (Behind::Nothing, BLIND)] {
        let mut worker = worker([Root::deep("/some/where")], behind);
        let error = notify::Error::new(notify::ErrorKind::MaxFilesWatch);
        worker.refuse(&error.add_path(PathBuf::from("/some/where/deep")));
        assert_eq!(worker.interval(), Some(interval));
        let fault = lock(&worker.shared.faults).refused.clone().unwrap();
        assert_eq!(fault.on, "/some/where/deep");
        assert!(fault.remedy.contains("max_user_watches"));
    }
}

#[test]
fn looks_become_rarer_while_events_tell_everything() {
    let mut worker = worker([Root::deep("/")], Behind::Stat);
    let intervals = [0, 1, 2, 3, 400].map(|looks| {
        worker.idle_looks = looks;
        worker.interval().map(|interval| interval.as_secs())
    });
    assert_eq!(intervals, [10, 20, 40, 60, 60].map(Some));
}

#[test]
fn nothing_runs_behind_events_that_are_enough() {
    assert_eq!(worker([Root::flat("/")], Behind::Nothing).interval(), None);
}

#[test]
fn directories_beyond_the_limit_are_left_out_until_there_are_fewer_and_the_fault_says_so() {
    let root = tempfile::tempdir().unwrap();
    for n in 0..3 {
        std::fs::create_dir(root.path().join(n.to_string())).unwrap();
    }
    let mut worker = worker([Root::deep(root.path())], Behind::Nothing);
    worker.limit = 3;
    worker.scan();
    assert_eq!(worker.last.directories.len(), 3);
    let fault = lock(&worker.shared.faults).left_out.clone().unwrap();
    assert_eq!((Path::new(&fault.on), fault.why.as_str()), (root.path(), "more than 3 folders"));
    std::fs::remove_dir(root.path().join("0")).unwrap();
    worker.scan();
    assert_eq!(lock(&worker.shared.faults).left_out, None);
}

#[test]
fn a_working_tree_is_not_remembered_file_by_file() {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("deep")).unwrap();
    std::fs::write(root.path().join("deep/a"), "").unwrap();
    let mut worker = worker([Root::deep(root.path())], Behind::Nothing);
    worker.scan();
    let mut changed = std::collections::BTreeSet::new();
    assert!(!worker.touch(root.path().join("deep/a"), &mut changed));
    assert_eq!(changed.into_iter().collect::<Vec<_>>(), [root.path().join("deep/a")]);
    assert!(worker.last.files.is_empty());
    assert!(worker.last.directories.contains_key(&root.path().join("deep")));
}
