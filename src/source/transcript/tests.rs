//! The open transcript through everything that can happen to a file.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_util::sync::{CancellationToken, DropGuard};

use super::TranscriptReader;
use crate::domain::transcript::{Body, Entry, Text};
use crate::event::{Event, Page, PageRequest, TranscriptChange};
use crate::source::mailbox::{Inbox, mailbox};

/// A reader with a folder to write into and the other end of its mailbox.
struct Desk {
    folder: tempfile::TempDir,
    reader: TranscriptReader,
    inbox: Inbox,
    _cancel: DropGuard,
}

fn desk() -> Desk {
    let (outbox, inbox) = mailbox();
    let cancel = CancellationToken::new();
    let reader = TranscriptReader::spawn(outbox, cancel.clone());
    Desk { folder: tempfile::tempdir().unwrap(), reader, inbox, _cancel: cancel.drop_guard() }
}

impl Desk {
    fn file(&self) -> PathBuf {
        self.folder.path().join("a.jsonl")
    }

    async fn next(&mut self) -> (u64, TranscriptChange) {
        loop {
            let event = tokio::time::timeout(Duration::from_secs(20), self.inbox.next()).await;
            if let Some(Event::Transcript(news)) = event.expect("nothing happened") {
                return (news.generation, news.what);
            }
        }
    }

    async fn page(&mut self) -> Page {
        match self.next().await {
            (_, TranscriptChange::Page(page)) => page,
            other => panic!("no page: {other:?}"),
        }
    }

    async fn open(&mut self) -> Page {
        self.reader.open(self.file(), 1);
        self.page().await
    }

    /// Prompts of the next messages about appended records, until there are `count`.
    async fn appended(&mut self, count: usize) -> Vec<String> {
        let mut found = Vec::new();
        while found.len() < count {
            match self.next().await {
                (_, TranscriptChange::Appended { entries, .. }) => found.extend(prompts(&entries)),
                other => panic!("nothing appended: {other:?}"),
            }
        }
        found
    }

    async fn reset(&mut self) -> String {
        match self.next().await {
            (_, TranscriptChange::Reset { why }) => why,
            other => panic!("no reset: {other:?}"),
        }
    }
}

fn append(path: &Path, text: impl AsRef<[u8]>) {
    fs::OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text.as_ref()).unwrap();
}

fn prompt(text: &str) -> String {
    format!("{{\"type\":\"user\",\"message\":{{\"content\":\"{text}\"}}}}\n")
}

fn prompts(entries: &[Entry]) -> Vec<String> {
    let text = |entry: &Entry| match &entry.body {
        Body::Prompt(text) => text.kept.clone(),
        other => format!("{other:?}"),
    };
    entries.iter().map(text).collect()
}

#[tokio::test]
async fn it_opens_at_the_end_and_follows() {
    let mut desk = desk();
    append(&desk.file(), prompt("one") + &prompt("two"));
    let page = desk.open().await;
    assert_eq!((page.request, page.start), (PageRequest::End, 0));
    assert_eq!(prompts(&page.entries), ["one", "two"]);
    append(&desk.file(), prompt("three"));
    assert_eq!(desk.appended(1).await, ["three"]);
}

#[tokio::test]
async fn a_half_written_last_line_waits_and_invalid_utf8_and_escapes_pass() {
    let mut desk = desk();
    append(&desk.file(), prompt("one") + "{\"type\":\"user\",\"mess");
    assert_eq!(prompts(&desk.open().await.entries), ["one"]);
    append(&desk.file(), b"age\":{\"content\":\"tw\xff\\u001b[2J\"}}\n{");
    assert_eq!(desk.appended(1).await, ["tw\u{fffd}\u{1b}[2J"]);
}

#[tokio::test]
async fn a_last_line_without_newline_is_read_when_it_is_whole() {
    let mut desk = desk();
    append(&desk.file(), prompt("one") + prompt("two").trim_end());
    assert_eq!(prompts(&desk.open().await.entries), ["one", "two"]);
    append(&desk.file(), "\n".to_owned() + &prompt("three"));
    assert_eq!(desk.appended(1).await, ["three"]);
}

#[tokio::test]
async fn a_plain_log_is_shown_line_by_line() {
    let mut desk = desk();
    let log = desk.folder.path().join("worker.log");
    append(&log, "started\n\nhalf");
    desk.reader.open(log, 1);
    let page = desk.page().await;
    assert!(matches!(&page.entries[..], [Entry { body: Body::Plain(text), .. }] if text.kept == "started"));
}

#[tokio::test]
async fn a_truncated_file_is_told_of_and_shown_anew() {
    let mut desk = desk();
    append(&desk.file(), prompt("one") + &prompt("two"));
    desk.open().await;
    let length = prompt("one").len() as u64;
    fs::OpenOptions::new().write(true).open(desk.file()).unwrap().set_len(length).unwrap();
    assert_eq!(desk.reset().await, "the file was truncated");
    assert_eq!(prompts(&desk.page().await.entries), ["one"]);
    append(&desk.file(), prompt("other"));
    assert_eq!(desk.appended(1).await, ["other"]);
}

#[tokio::test]
async fn a_replaced_file_is_told_of_and_shown_anew() {
    let mut desk = desk();
    append(&desk.file(), prompt("one"));
    desk.open().await;
    let other = desk.folder.path().join("other");
    append(&other, prompt("new one") + &prompt("new two"));
    fs::rename(&other, desk.file()).unwrap();
    assert_eq!(desk.reset().await, "the file was replaced");
    assert_eq!(prompts(&desk.page().await.entries), ["new one", "new two"]);
}

#[tokio::test]
async fn a_deleted_file_is_told_of_and_comes_back() {
    let mut desk = desk();
    append(&desk.file(), prompt("one"));
    desk.open().await;
    fs::remove_file(desk.file()).unwrap();
    assert_eq!(desk.reset().await, "the file was deleted");
    let (_, TranscriptChange::Fault(fault)) = desk.next().await else { panic!("no fault") };
    assert!(fault.on.ends_with("a.jsonl"));
    append(&desk.file(), prompt("again"));
    let mut seen = prompts(&desk.page().await.entries);
    if seen.is_empty() {
        seen = desk.appended(1).await;
    }
    assert_eq!(seen, ["again"]);
}

#[tokio::test]
async fn a_file_that_is_not_there_yet_is_a_fault_and_then_a_page() {
    let mut desk = desk();
    desk.reader.open(desk.file(), 1);
    assert!(matches!(desk.next().await, (1, TranscriptChange::Fault(_))));
    append(&desk.file(), prompt("one"));
    let mut seen = prompts(&desk.page().await.entries);
    if seen.is_empty() {
        seen = desk.appended(1).await;
    }
    assert_eq!(seen, ["one"]);
}

#[tokio::test]
async fn opening_another_file_ends_the_first_and_old_requests_have_no_answer() {
    let mut desk = desk();
    append(&desk.file(), prompt("one"));
    desk.open().await;
    let other = desk.folder.path().join("b.jsonl");
    append(&other, prompt("b"));
    desk.reader.open(other.clone(), 2);
    desk.reader.load(1, PageRequest::Start);
    desk.reader.load(2, PageRequest::Start);
    append(&desk.file(), prompt("not wanted"));
    let (first, change) = desk.next().await;
    assert!(matches!(change, TranscriptChange::Page(page) if page.request == PageRequest::End));
    let (second, change) = desk.next().await;
    assert!(matches!(change, TranscriptChange::Page(page) if page.request == PageRequest::Start));
    assert_eq!((first, second), (2, 2));
    desk.reader.close();
    append(&other, prompt("nobody looks"));
    desk.reader.open(desk.file(), 3);
    let (generation, change) = desk.next().await;
    assert!(generation == 3 && matches!(change, TranscriptChange::Page(_)), "{generation} {change:?}");
}

#[tokio::test]
async fn pages_before_and_from_meet_without_gap_or_overlap() {
    let mut desk = desk();
    let all: Vec<String> = (0..1_000).map(|n| format!("{n} {}", "x".repeat(n % 700 * 10))).collect();
    append(&desk.file(), all.iter().map(|text| prompt(text)).collect::<String>());
    let last = desk.open().await;
    let mut backwards = vec![prompts(&last.entries)];
    let mut start = last.start;
    while start > 0 {
        desk.reader.load(1, PageRequest::Before(start));
        let page = desk.page().await;
        assert_eq!(page.end, start);
        assert!(page.entries.len() <= 200);
        backwards.push(prompts(&page.entries));
        start = page.start;
    }
    backwards.reverse();
    assert_eq!(backwards.concat(), all);
    desk.reader.load(1, PageRequest::Start);
    let mut page = desk.page().await;
    let mut forwards = prompts(&page.entries);
    while page.end < last.end {
        desk.reader.load(1, PageRequest::From(page.end));
        let next = desk.page().await;
        assert_eq!(next.start, page.end);
        forwards.extend(prompts(&next.entries));
        page = next;
    }
    assert_eq!(forwards, all);
    desk.reader.load(1, PageRequest::Around(last.start));
    let page = desk.page().await;
    let (before, behind): (Vec<_>, Vec<_>) = page.entries.iter().partition(|entry| entry.offset < last.start);
    assert!(!before.is_empty() && behind[0].offset == last.start && page.start < last.start && page.end > last.start);
    assert_eq!(prompts(&page.entries)[before.len()], prompts(&last.entries)[0]);
}

#[tokio::test]
async fn a_line_of_sixty_megabytes_is_one_page_of_little_memory() {
    let mut desk = desk();
    append(&desk.file(), prompt("before"));
    append(&desk.file(), prompt(&"y".repeat(60_000_000)));
    append(&desk.file(), prompt("after"));
    let last = desk.open().await;
    assert_eq!(prompts(&last.entries), ["after"]);
    desk.reader.load(1, PageRequest::Before(last.start));
    let page = desk.page().await;
    let Body::Prompt(text) = &page.entries[0].body else { panic!() };
    assert_eq!((text.bytes, text.kept.len()), (60_000_000, Text::CAP));
    desk.reader.load(1, PageRequest::Before(page.start));
    assert_eq!(prompts(&desk.page().await.entries), ["before"]);
}

#[tokio::test]
async fn a_compressed_rollout_is_paged_like_a_plain_one_and_a_damaged_one_says_so() {
    let mut desk = desk();
    let path = desk.folder.path().join("rollout-a.jsonl.zst");
    let item = |n: usize| {
        let text = format!("{n} {}", n.wrapping_mul(2_654_435_761));
        format!(
            "{{\"type\":\"response_item\",\"payload\":{{\"type\":\"message\",\"role\":\"user\",\"content\":\"{text}\"}}}}\n"
        )
    };
    let packed = zstd::encode_all((0..9_000).map(item).collect::<Vec<_>>().concat().as_bytes(), 1).unwrap();
    append(&path, &packed);
    desk.reader.open(path.clone(), 1);
    let last = desk.page().await;
    assert_eq!(last.entries.len(), 200);
    assert!(prompts(&last.entries)[199].starts_with("8999 "));
    desk.reader.load(1, PageRequest::Start);
    assert!(prompts(&desk.page().await.entries)[0].starts_with("0 "));
    desk.reader.load(1, PageRequest::Before(last.start));
    assert!(prompts(&desk.page().await.entries)[199].starts_with("8799 "));
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(packed.len() as u64 - 2_000).unwrap();
    desk.reader.open(path, 2);
    loop {
        if let (2, TranscriptChange::Page(page)) = desk.next().await {
            let bodies: Vec<_> = page.entries.iter().map(|entry| &entry.body).collect();
            assert!(matches!(bodies[0], Body::Prompt(_)) && matches!(bodies[bodies.len() - 1], Body::Unread { .. }));
            return;
        }
    }
}

#[tokio::test]
async fn a_screen_that_does_not_look_stops_the_reading() {
    let mut desk = desk();
    append(&desk.file(), prompt("first"));
    desk.open().await;
    let many: String = (0..60_000).map(|n| prompt(&n.to_string())).collect();
    append(&desk.file(), &many);
    // The queue holds 64 events; the reader has to wait for the rest to be taken, and nothing is lost.
    let seen = desk.appended(60_000).await;
    assert_eq!(seen.len(), 60_000);
    assert_eq!((seen[0].as_str(), seen[59_999].as_str()), ("0", "59999"));
}
