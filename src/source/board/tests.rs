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

/// A Backlog.md project with folders in folders and statuses of its own.
fn project(root: &std::path::Path) {
    let write = |path: &str, text: &str| {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let task = |id: &str, status: &str| format!("---\nid: {id}\ntitle: {id}\nstatus: {status}\n---\n");
    write("planning/config.yml", "project_name: x\nstatuses: [Ideas, Cooking, Shipped]\n");
    write("planning/tasks/hnp-1 - a.md", &task("HNP-1", "Cooking"));
    write("planning/tasks/later/hnp-2 - b.md", &task("HNP-2", "Ideas"));
    write("planning/completed/hnp-3 - c.md", &task("HNP-3", "Shipped"));
    write("planning/archive/tasks/hnp-4 - d.md", &task("HNP-4", "Ideas"));
    write("planning/tasks/readme.md", "# Not a task\n");
}

#[test]
fn a_backlog_project_is_read_whole_by_its_own_statuses() {
    let dir = tempfile::tempdir().unwrap();
    project(dir.path());
    let statuses = |news: &BoardNews| -> Vec<(String, TaskStatus)> {
        news.tasks.iter().map(|task| (task.id.clone(), task.status)).collect()
    };
    let all = [
        ("HNP-3".to_owned(), TaskStatus::Done),
        ("HNP-1".to_owned(), TaskStatus::InProgress),
        ("HNP-2".to_owned(), TaskStatus::Todo),
    ];
    let named = read(&[dir.path().join("planning")], Timestamp::UNIX_EPOCH, &Redactor::default());
    assert_eq!((statuses(&named), named.faults.len()), (all.to_vec(), 0));
    let tasks = read(&[dir.path().join("planning/tasks")], Timestamp::UNIX_EPOCH, &Redactor::default());
    assert_eq!(statuses(&tasks), all[1..]);
    std::fs::write(dir.path().join("backlog.config.yml"), "backlog_directory: planning\n").unwrap();
    let root = read(&[dir.path().to_owned()], Timestamp::UNIX_EPOCH, &Redactor::default());
    assert_eq!(statuses(&root), all);
}

#[test]
fn a_task_of_a_project_moves_to_a_status_of_the_projects_own() {
    use crate::domain::task::edit::{Change, edit};
    let dir = tempfile::tempdir().unwrap();
    project(dir.path());
    let news = read(&[dir.path().join("planning/tasks")], Timestamp::UNIX_EPOCH, &Redactor::default());
    let task = &news.tasks[0];
    let text = std::fs::read_to_string(&task.origin.file).unwrap();
    let after = |change: &Change| edit(&task.origin.file, &text, task, change).unwrap().apply(&text).unwrap();
    assert_eq!(after(&Change::Status(TaskStatus::Done, None)), text.replace("Cooking", "Shipped"));
    let back = Change::Status(TaskStatus::Todo, Some("Ideas".to_owned()));
    assert_eq!(after(&back), text.replace("Cooking", "Ideas"));
}

#[test]
fn rules_that_cannot_be_read_are_a_fault_and_cost_no_task() {
    let dir = tempfile::tempdir().unwrap();
    project(dir.path());
    std::fs::write(dir.path().join("planning/config.yml"), "statuses: [a\nb: c\n").unwrap();
    let news = read(&[dir.path().join("planning")], Timestamp::UNIX_EPOCH, &Redactor::default());
    assert_eq!(news.tasks.len(), 3);
    assert!(news.faults.iter().any(|fault| fault.on.ends_with("planning/config.yml")), "{:?}", news.faults);
}

#[test]
fn what_has_not_changed_is_not_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (dir.path().join("ONE.md"), dir.path().join("TWO.md"));
    std::fs::write(&one, "- [ ] first\n").unwrap();
    std::fs::write(&two, "- [ ] other\n").unwrap();
    let files = [one.clone(), two];
    let mut shelf = super::Shelf::default();
    let mut read = |forget: &[&std::path::Path]| {
        shelf.forget(forget.iter().copied());
        let news = shelf.read(&files, Timestamp::UNIX_EPOCH, &Redactor::default());
        titles(&news).join(" ")
    };
    assert_eq!(read(&[]), "first other");
    let times = std::fs::metadata(&one).unwrap().modified().unwrap();
    std::fs::write(&one, "- [ ] again\n").unwrap();
    std::fs::File::options().write(true).open(&one).unwrap().set_modified(times).unwrap();
    assert_eq!(read(&[]), "first other", "size and times are the same: only who saw it written can tell");
    assert_eq!(read(&[&one]), "again other");
    std::fs::write(&one, "- [ ] longer than before\n").unwrap();
    assert_eq!(read(&[]), "longer than before other");
    std::fs::remove_file(&one).unwrap();
    assert_eq!(read(&[dir.path()]), "other");
}

#[tokio::test]
async fn new_statuses_of_a_project_are_on_the_board_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let root = std::fs::canonicalize(dir.path()).unwrap();
    project(&root);
    let (_handle, mut inbox, _guard) = follow(vec![root.join("planning")]);
    let status = |news: &BoardNews, id: &str| news.tasks.iter().find(|task| task.id == id).map(|task| task.status);
    news(&mut inbox, |news| status(news, "HNP-1") == Some(TaskStatus::InProgress)).await;
    std::fs::write(root.join("planning/config.yml"), "statuses: [Ideas, Shipped, Cooking]\n").unwrap();
    news(&mut inbox, |news| status(news, "HNP-1") == Some(TaskStatus::Done)).await;
    let text = "---\nid: HNP-9\ntitle: nine\nstatus: Ideas\n---\n";
    std::fs::write(root.join("planning/tasks/later/hnp-9 - nine.md"), text).unwrap();
    news(&mut inbox, |news| status(news, "HNP-9") == Some(TaskStatus::Todo)).await;
}
