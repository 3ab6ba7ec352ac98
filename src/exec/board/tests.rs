//! Writing tasks back into real files.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{Book, change, undo};
use crate::domain::digest::sha256;
use crate::domain::fault::Fault;
use crate::domain::redact::Redactor;
use crate::domain::task::edit::Change;
use crate::domain::task::{TaskStatus, parse};
use crate::effect::TaskChange;
use crate::event::{Done, TaskUndo, TaskWritten};

const TEXT: &str = "# Plan\r\n\r\n- [ ] one  \r\n- [ ] two\r\n";

struct Stage {
    folder: tempfile::TempDir,
}

impl Stage {
    fn new() -> Self {
        let stage = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::write(stage.file(), TEXT).unwrap();
        stage
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("TODO.md")
    }

    fn state_dir(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.file()).unwrap()
    }

    async fn done(&self, file: &Path, digest: &str) -> Result<TaskWritten, Fault> {
        let task = parse(file, TEXT).tasks.swap_remove(0);
        let change_ = Change::Status(TaskStatus::Done, None);
        let wanted = TaskChange { digest: digest.to_owned(), task: task.into(), change: change_ };
        written(change(wanted, Book { state_dir: &self.state_dir(), now: NOW, redactor: &Redactor::default() }).await)
    }

    async fn undo(&self, what: TaskUndo) -> Result<TaskWritten, Fault> {
        written(undo(what, Book { state_dir: &self.state_dir(), now: NOW, redactor: &Redactor::default() }).await)
    }

    fn journal(&self) -> String {
        std::fs::read_to_string(self.state_dir().join("journal.jsonl")).unwrap_or_default()
    }
}

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn written(done: Done) -> Result<TaskWritten, Fault> {
    let Done::Task(done) = done else { panic!("{done:?}") };
    done
}

#[tokio::test]
async fn one_status_changes_and_can_be_taken_back() {
    let stage = Stage::new();
    let done = stage.done(&stage.file(), &sha256(TEXT.as_bytes())).await.unwrap();
    assert_eq!(stage.text(), TEXT.replacen("[ ]", "[x]", 1));
    assert_eq!((done.what.as_str(), done.digest), ("one is done now", sha256(stage.text().as_bytes())));
    assert!(stage.journal().contains("\"kind\":\"task\"") && stage.journal().contains("one is done now"));
    let back = stage.undo(done.undo.unwrap()).await.unwrap();
    assert_eq!((stage.text().as_str(), back.undo), (TEXT, None));
    assert!(stage.journal().contains("\"kind\":\"task undo\""));
}

#[tokio::test]
async fn a_file_that_was_changed_is_left_alone() {
    let stage = Stage::new();
    let fault = stage.done(&stage.file(), &sha256(b"another")).await.unwrap_err();
    assert_eq!((fault.why.as_str(), stage.text().as_str()), ("it was changed since it was read", TEXT));
    assert_eq!(stage.journal(), "", "what was not done is not noted");
    let done = stage.done(&stage.file(), &sha256(TEXT.as_bytes())).await.unwrap();
    std::fs::write(stage.file(), "- [x] mine\n").unwrap();
    stage.undo(done.undo.unwrap()).await.unwrap_err();
    assert_eq!(stage.text(), "- [x] mine\n");
}

#[tokio::test]
async fn permissions_and_links_stay_what_they_are() {
    let stage = Stage::new();
    std::fs::set_permissions(stage.file(), PermissionsExt::from_mode(0o640)).unwrap();
    let link = stage.folder.path().join("TASKS.md");
    symlink("TODO.md", &link).unwrap();
    stage.done(&link, &sha256(TEXT.as_bytes())).await.unwrap();
    assert!(link.is_symlink() && stage.text().contains("[x] one"));
    assert_eq!(stage.file().metadata().unwrap().permissions().mode() & 0o777, 0o640);
    let left: Vec<_> =
        std::fs::read_dir(stage.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "{left:?}");
}

#[tokio::test]
async fn a_file_that_is_read_only_or_gone_is_a_fault_in_words() {
    let stage = Stage::new();
    std::fs::set_permissions(stage.file(), PermissionsExt::from_mode(0o444)).unwrap();
    let fault = stage.done(&stage.file(), &sha256(TEXT.as_bytes())).await.unwrap_err();
    assert_eq!((fault.why.as_str(), stage.text().as_str()), ("the file is read-only", TEXT));
    std::fs::remove_file(stage.file()).unwrap();
    let fault = stage.done(&stage.file(), &sha256(TEXT.as_bytes())).await.unwrap_err();
    assert!(fault.why.contains("No such file"), "{}", fault.why);
}

#[tokio::test]
async fn without_a_journal_nothing_is_written() {
    let stage = Stage::new();
    std::fs::write(stage.state_dir(), "in the way").unwrap();
    stage.done(&stage.file(), &sha256(TEXT.as_bytes())).await.unwrap_err();
    assert_eq!(stage.text(), TEXT);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_writers_at_once_one_writes_and_the_other_is_told() {
    for _ in 0..20 {
        let stage = Stage::new();
        let (file, digest) = (stage.file(), sha256(TEXT.as_bytes()));
        let write = |at: usize| {
            let (file, digest, state_dir) = (file.clone(), digest.clone(), stage.state_dir());
            tokio::spawn(async move {
                let task = parse(&file, TEXT).tasks.swap_remove(at);
                let wanted = TaskChange { digest, task: task.into(), change: Change::Status(TaskStatus::Done, None) };
                written(change(wanted, Book { state_dir: &state_dir, now: NOW, redactor: &Redactor::default() }).await)
            })
        };
        let (one, two) = (write(0), write(1));
        let done = [one.await.unwrap(), two.await.unwrap()];
        let winners: Vec<usize> = (0..2).filter(|at| done[*at].is_ok()).collect();
        let [winner] = winners[..] else { panic!("{done:?}") };
        let box_of = ["[ ] one", "[ ] two"][winner];
        assert_eq!(
            stage.text(),
            TEXT.replacen(box_of, &box_of.replace("[ ]", "[x]"), 1),
            "nothing of the other's is there"
        );
        assert_eq!(done[1 - winner].as_ref().unwrap_err().why, "it was changed since it was read");
        assert_eq!(stage.journal().lines().count(), 1, "what was not done is not noted");
    }
}

#[tokio::test]
async fn a_file_that_was_replaced_by_another_is_left_alone() {
    let stage = Stage::new();
    let digest = sha256(TEXT.as_bytes());
    let other = stage.folder.path().join("other");
    std::fs::write(&other, "- [ ] of somebody else\n").unwrap();
    std::fs::rename(&other, stage.file()).unwrap();
    stage.done(&stage.file(), &digest).await.unwrap_err();
    assert_eq!(stage.text(), "- [ ] of somebody else\n");
}

#[tokio::test]
async fn of_ten_megabytes_with_mixed_line_endings_one_byte_changes() {
    let stage = Stage::new();
    let prose = "Prose that goes on and on. ".repeat(4_000);
    let line = format!("{prose}\u{2705} stands in it.  \r\nand another end\n");
    let mut text = TEXT.to_owned();
    text.push_str(&line.repeat((10 * 1024 * 1024 - text.len()) / line.len()));
    std::fs::write(stage.file(), &text).unwrap();
    stage.done(&stage.file(), &sha256(text.as_bytes())).await.unwrap();
    let after = stage.text();
    assert!(after == text.replacen("[ ]", "[x]", 1), "more than one byte changed");
}

#[tokio::test]
async fn a_file_in_the_middle_of_a_merge_is_left_alone() {
    let stage = Stage::new();
    let text = format!("{TEXT}<<<<<<< HEAD\r\n- [x] b\r\n=======\r\n- [ ] b\r\n>>>>>>> x\r\n");
    std::fs::write(stage.file(), &text).unwrap();
    let fault = stage.done(&stage.file(), &sha256(text.as_bytes())).await.unwrap_err();
    assert!(fault.why.contains("merge"), "{}", fault.why);
    assert_eq!(stage.text(), text);
}
