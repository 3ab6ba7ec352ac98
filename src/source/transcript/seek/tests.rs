//! Looking for landmarks through everything that can happen meanwhile.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::{CancellationToken, DropGuard};

use super::{STRIDE, Seek, Stride, start};
use crate::domain::transcript::landmark::Landmark;
use crate::event::{Event, PageRequest, SeekChange, SeekRequest, TranscriptChange};
use crate::source::mailbox::{Inbox, mailbox};
use crate::source::transcript::TranscriptReader;
use crate::source::transcript::cursor::Cursor;
use crate::source::transcript::lines::Limits;
use crate::source::transcript::store::{format_of, open};

const SAID: &str = "{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"x\"}]}}\n";
const FAILED: &str = "{\"type\":\"user\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"p\"},\
    {\"type\":\"tool_result\",\"tool_use_id\":\"t\",\"is_error\": true,\"content\":\"no\"}]}}\n";

fn write(path: &Path, text: &str) {
    fs::OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

/// Small, so that little is much.
const BLOCK: Limits = Limits { lines: usize::MAX, bytes: 4 * 1024 };

/// A search in a file with these lines.
fn seek(folder: &Path, name: &str, text: &str, request: SeekRequest) -> (Seek, PathBuf) {
    let path = folder.join(name);
    write(&path, text);
    let cursor = Cursor::at(&open(&path, format_of(&path)).unwrap(), text.len() as u64).unwrap();
    (Seek { format: format_of(&path), shelf: Arc::default(), path: path.clone(), cursor, request, block: BLOCK }, path)
}

fn request(landmark: Landmark, from: u64, forward: bool) -> SeekRequest {
    SeekRequest { landmark, from, forward }
}

fn all(seek: &Seek) -> SeekChange {
    let cancel = CancellationToken::new();
    let mut at = seek.request.from;
    loop {
        match seek.stride(at, &cancel).unwrap() {
            Stride::To(next) => at = next,
            Stride::End(what) => return what,
        }
    }
}

async fn next(inbox: &mut Inbox) -> Option<SeekChange> {
    let event = tokio::time::timeout(Duration::from_secs(20), inbox.next()).await.expect("nothing happened");
    match event? {
        Event::Transcript(news) => match news.what {
            TranscriptChange::Seek(news) => Some(news.what),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_nearest_one_in_either_direction_is_found_with_its_place_in_the_record() {
    let folder = tempfile::tempdir().unwrap();
    let text = [SAID, FAILED, SAID, FAILED, SAID].concat();
    let (one, two) = (SAID.len() as u64, (2 * SAID.len() + FAILED.len()) as u64);
    let end = text.len() as u64;
    let of = |from, forward| {
        let file = format!("{from}{forward}.jsonl");
        all(&seek(folder.path(), &file, &text, request(Landmark::Error, from, forward)).0)
    };
    // The result stands first among the entries of its record, before the prompt.
    assert_eq!(of(0, true), SeekChange::Found(one, 0));
    assert_eq!(of(two, true), SeekChange::Found(two, 0));
    assert_eq!(of(end, false), SeekChange::Found(two, 0));
    assert_eq!(of(two, false), SeekChange::Found(one, 0));
    assert_eq!(of(one, false), SeekChange::Nothing);
    assert_eq!(of(end, true), SeekChange::Nothing);
    assert_eq!(of(0, false), SeekChange::Nothing);
    let prompt = seek(folder.path(), "p.jsonl", &text, request(Landmark::Prompt, end, false)).0;
    assert_eq!(all(&prompt), SeekChange::Found(two, 1));
}

#[test]
fn it_is_found_over_many_blocks_and_lines_longer_than_one() {
    let folder = tempfile::tempdir().unwrap();
    let block = usize::try_from(BLOCK.bytes).unwrap();
    let long = SAID.replace("\"x\"", &format!("\"{}\"", "y".repeat(block + 5_000)));
    let many = SAID.repeat(block / SAID.len() * 2);
    let text = [FAILED, &many, &long, &many, FAILED].concat();
    let end = text.len() as u64;
    let last = end - FAILED.len() as u64;
    let back = seek(folder.path(), "a.jsonl", &text, request(Landmark::Error, last, false)).0;
    assert_eq!(all(&back), SeekChange::Found(0, 0));
    let forward = seek(folder.path(), "b.jsonl", &text, request(Landmark::Error, FAILED.len() as u64, true)).0;
    assert_eq!(all(&forward), SeekChange::Found(last, 0));
}

#[test]
fn lines_that_are_no_records_and_logs_are_looked_at_too() {
    let folder = tempfile::tempdir().unwrap();
    let text = [SAID, "{\"type\":\"user\",\"mess{}}\n", SAID].concat();
    let broken = seek(folder.path(), "a.jsonl", &text, request(Landmark::Error, text.len() as u64, false)).0;
    assert_eq!(all(&broken), SeekChange::Found(SAID.len() as u64, 0));
    let log = seek(folder.path(), "a.log", "one\ntwo\n", request(Landmark::Error, 8, false)).0;
    assert_eq!(all(&log), SeekChange::Nothing);
}

#[test]
fn a_file_that_was_changed_meanwhile_is_lost_and_what_was_appended_is_not_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let text = SAID.repeat(50);
    let end = text.len() as u64;
    let (truncated, path) = seek(folder.path(), "a.jsonl", &text, request(Landmark::Error, end, false));
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(SAID.len() as u64).unwrap();
    assert_eq!(all(&truncated), SeekChange::Lost);
    let (replaced, path) = seek(folder.path(), "b.jsonl", &text, request(Landmark::Error, 0, true));
    write(&folder.path().join("other"), &[FAILED, &text].concat());
    fs::rename(folder.path().join("other"), &path).unwrap();
    assert_eq!(all(&replaced), SeekChange::Lost);
    let (deleted, path) = seek(folder.path(), "c.jsonl", &text, request(Landmark::Error, 0, true));
    fs::remove_file(path).unwrap();
    assert_eq!(all(&deleted), SeekChange::Lost);
    let (grown, path) = seek(folder.path(), "d.jsonl", &text, request(Landmark::Error, 0, true));
    write(&path, FAILED);
    assert_eq!(all(&grown), SeekChange::Nothing);
}

#[test]
fn a_cancelled_search_stops_at_the_next_block() {
    let folder = tempfile::tempdir().unwrap();
    let text = SAID.repeat(100);
    let seek = seek(folder.path(), "a.jsonl", &text, request(Landmark::Error, 0, true)).0;
    let cancel = CancellationToken::new();
    cancel.cancel();
    assert_eq!(seek.stride(0, &cancel).unwrap(), Stride::To(0));
}

#[tokio::test]
async fn how_far_it_is_is_told_and_then_the_end() {
    let folder = tempfile::tempdir().unwrap();
    // Two strides and a bit.
    let size = usize::try_from(BLOCK.bytes).unwrap() * STRIDE * 2 + 100;
    let line = SAID.replace("\"x\"", &format!("\"{}\"", "y".repeat(1_000)));
    let text = line.repeat(size / line.len() + 1);
    let end = text.len() as u64;
    let seek = seek(folder.path(), "a.jsonl", &text, request(Landmark::Change, end, false)).0;
    drop(text);
    let (outbox, mut inbox) = mailbox();
    let _guard = start(seek, 1, outbox);
    let mut before = 0;
    for _ in 0..2 {
        let Some(SeekChange::Looked { bytes, of }) = next(&mut inbox).await else { panic!("no progress") };
        assert!(bytes > before && of == end, "{bytes} of {of}");
        before = bytes;
    }
    assert_eq!(next(&mut inbox).await, Some(SeekChange::Nothing));
    assert_eq!(next(&mut inbox).await, None, "and nothing more");
}

#[tokio::test]
async fn a_search_that_nobody_wants_any_more_is_silent() {
    let folder = tempfile::tempdir().unwrap();
    let seek = seek(folder.path(), "a.jsonl", FAILED, request(Landmark::Error, 0, true)).0;
    let (outbox, mut inbox) = mailbox();
    drop(start(seek, 1, outbox));
    assert_eq!(next(&mut inbox).await, None);
}

/// A reader that follows a file of these lines, and what it sends.
async fn following(path: &Path, text: &str) -> (TranscriptReader, Inbox, DropGuard) {
    write(path, text);
    let (outbox, mut inbox) = mailbox();
    let cancel = CancellationToken::new();
    let reader = TranscriptReader::spawn(outbox, cancel.clone());
    reader.open(path.to_owned(), 1);
    assert!(matches!(news(&mut inbox).await, (1, TranscriptChange::Page(_))));
    (reader, inbox, cancel.drop_guard())
}

async fn news(inbox: &mut Inbox) -> (u64, TranscriptChange) {
    let event = tokio::time::timeout(Duration::from_secs(20), inbox.next()).await.expect("nothing happened");
    match event {
        Some(Event::Transcript(news)) => (news.generation, news.what),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_reader_of_a_file_looks_for_one_landmark_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let text = [FAILED, &SAID.repeat(20_000)].concat();
    let (reader, mut inbox, _guard) = following(&folder.path().join("a.jsonl"), &text).await;
    let end = text.len() as u64;
    let other = request(Landmark::Prompt, end, false);
    reader.seek(1, request(Landmark::Error, end, false));
    reader.seek(1, other);
    let (_, TranscriptChange::Seek(found)) = news(&mut inbox).await else { panic!("no answer") };
    assert_eq!((found.request, found.what), (other, SeekChange::Found(0, 1)), "the last wish counts");
}

#[tokio::test]
async fn another_file_or_a_wish_for_none_ends_the_search() {
    let folder = tempfile::tempdir().unwrap();
    let text = SAID.repeat(20_000);
    let end = text.len() as u64;
    let (reader, mut inbox, _guard) = following(&folder.path().join("a.jsonl"), &text).await;
    reader.seek(1, request(Landmark::Error, end, false));
    reader.end_seek();
    reader.seek(7, request(Landmark::Error, end, false));
    reader.load(1, PageRequest::Start);
    assert!(
        matches!(news(&mut inbox).await.1, TranscriptChange::Page(_)),
        "a wish of another generation has no answer"
    );
    reader.seek(1, request(Landmark::Error, end, false));
    let other = folder.path().join("b.jsonl");
    write(&other, SAID);
    reader.open(other, 2);
    loop {
        match news(&mut inbox).await {
            (1, _) => {}
            (2, TranscriptChange::Page(_)) => break,
            told => panic!("{told:?}"),
        }
    }
    reader.load(2, PageRequest::Start);
    assert!(matches!(news(&mut inbox).await, (2, TranscriptChange::Page(_))), "of the first nothing more is told");
}
