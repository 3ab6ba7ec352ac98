//! Board files on a real file system.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{BoardHandle, read, spawn};
use crate::domain::redact::Redactor;
use crate::domain::task::TaskStatus;
use crate::event::{BoardNews, Event};
use crate::source::Inbox;
use crate::source::mailbox::mailbox;

fn titles(news: &BoardNews) -> Vec<&str> {
    news.tasks.iter().map(|task| task.title.as_str()).collect()
}

#[test]
fn every_file_is_read_and_one_that_cannot_be_costs_itself_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    std::fs::write(path("latin.md"), b"- [ ] caf\xe9\r\n").unwrap();
    std::fs::write(path("TODO.md"), "\u{feff}- [x] first\r\n").unwrap();
    std::fs::File::create(path("huge.md")).unwrap().set_len(super::files::MAX_BYTES + 1).unwrap();
    std::fs::create_dir_all(path("backlog/tasks")).unwrap();
    std::fs::write(path("backlog/tasks/b.md"), "---\nid: B-2\ntitle: two\nstatus: Done\n---\n").unwrap();
    std::fs::write(path("backlog/tasks/a.md"), "---\nid: B-1\ntitle: one\nstatus: To Do\n---\n").unwrap();
    std::fs::write(path("backlog/tasks/image.png"), "x").unwrap();
    let files = ["latin.md", "gone.md", "huge.md", "TODO.md", "backlog/tasks", "TODO.md", "/dev/null"].map(path);
    let news = read(&files, Timestamp::UNIX_EPOCH, &Redactor::default());
    assert_eq!(titles(&news), ["caf\u{fffd}", "first", "one", "two"]);
    assert_eq!(news.files.len(), 7);
    let whys: Vec<&str> = news.faults.iter().map(|fault| fault.why.as_str()).collect();
    assert_eq!(whys, ["no such file", "more than 10 MB", "not a file"]);
    assert!(news.faults.iter().all(|fault| !fault.remedy.is_empty()));
    assert_eq!(news.as_of, Timestamp::UNIX_EPOCH);
}

async fn news(inbox: &mut Inbox, wanted: impl Fn(&BoardNews) -> bool) -> BoardNews {
    let found = async {
        loop {
            match inbox.next().await {
                Some(Event::Board(news)) if wanted(&news) => return news,
                Some(_) => {}
                None => panic!("the worker ended"),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), found).await.expect("no such news")
}

fn follow(files: Vec<PathBuf>) -> (BoardHandle, Inbox, DropGuard) {
    let (outbox, inbox) = mailbox();
    let cancel = CancellationToken::new();
    let handle = spawn(files, outbox, cancel.clone());
    (handle, inbox, cancel.drop_guard())
}

#[tokio::test]
async fn a_file_that_is_written_replaced_deleted_and_made_anew_is_followed() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("TODO.md");
    std::fs::write(&file, "- [ ] a\n").unwrap();
    let (_handle, mut inbox, _guard) = follow(vec![file.clone()]);
    news(&mut inbox, |news| titles(news) == ["a"]).await;

    std::fs::write(&file, "- [x] a\n").unwrap();
    news(&mut inbox, |news| news.tasks.len() == 1 && news.tasks[0].status == TaskStatus::Done).await;
    let beside = dir.path().join("TODO.md.swp");
    std::fs::write(&beside, "- [ ] b\n").unwrap();
    std::fs::rename(&beside, &file).unwrap();
    news(&mut inbox, |news| titles(news) == ["b"]).await;
    std::fs::remove_file(&file).unwrap();
    news(&mut inbox, |news| news.tasks.is_empty() && news.faults[0].why == "no such file").await;
    std::fs::write(&file, "- [ ] c\n").unwrap();
    news(&mut inbox, |news| titles(news) == ["c"] && news.faults.is_empty()).await;
}

#[tokio::test]
async fn a_file_in_a_folder_that_does_not_exist_yet_is_found_when_it_comes() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("docs/board/TODO.md");
    let (_handle, mut inbox, _guard) = follow(vec![file.clone()]);
    news(&mut inbox, |news| news.faults.len() == 1).await;
    std::fs::create_dir_all(dir.path().join("docs/board")).unwrap();
    std::fs::write(&file, "- [ ] a\n").unwrap();
    news(&mut inbox, |news| titles(news) == ["a"]).await;
}

#[tokio::test]
async fn a_new_file_in_a_folder_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("backlog/tasks");
    std::fs::create_dir_all(&folder).unwrap();
    let (_handle, mut inbox, _guard) = follow(vec![folder.clone()]);
    news(&mut inbox, |news| news.tasks.is_empty()).await;
    std::fs::write(folder.join("a.md"), "---\nid: B-1\ntitle: one\nstatus: To Do\n---\n").unwrap();
    news(&mut inbox, |news| titles(news) == ["one"]).await;
}

#[tokio::test]
async fn a_refresh_answers_though_nothing_changed() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("TODO.md");
    std::fs::write(&file, "- [ ] a\n").unwrap();
    let (handle, mut inbox, _guard) = follow(vec![file]);
    let first = news(&mut inbox, |_| true).await;
    handle.refresh();
    assert!(news(&mut inbox, |_| true).await.as_of > first.as_of);
}

#[tokio::test]
async fn a_project_without_a_board_is_told_of_at_once() {
    let (_handle, mut inbox, _cancel) = follow(Vec::new());
    assert!(news(&mut inbox, |_| true).await.files.is_empty());
}
