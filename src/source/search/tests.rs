//! Searches over real files: order, limits, cancellation, and files that are not what they were.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::time::Duration;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{PART, Searcher, THREADS, Work, divide, search};
use crate::domain::agent::AgentId;
use crate::domain::redact::Redactor;
use crate::domain::search::{Hit, MOST, Pattern, SearchFile, SearchNews, SearchRequest, Stage};
use crate::domain::transcript::claude::Claude;
use crate::domain::transcript::plain::Plain;
use crate::event::Event;
use crate::source::mailbox::{Inbox, mailbox};

/// Longer than any of these searches takes.
const PATIENCE: Duration = Duration::from_secs(60);

fn prompt(text: &str) -> String {
    let record =
        json!({"type": "user", "message": {"role": "user", "content": text}, "timestamp": "2026-03-02T14:00:00Z"});
    format!("{record}\n")
}

/// A transcript with a prompt for each of these texts.
fn transcript(folder: &Path, name: &str, texts: &[String]) -> SearchFile {
    let path = folder.join(name).with_extension("jsonl");
    fs::write(&path, texts.iter().map(|text| prompt(text)).collect::<String>()).unwrap();
    SearchFile { agent: AgentId(name.to_owned()), format: &Claude, path }
}

/// So many prompts with a number each, `drift` in every one, of so many bytes.
fn numbered(count: usize, bytes: usize) -> Vec<String> {
    (0..count).map(|n| format!("{n} drift {}", "x".repeat(bytes))).collect()
}

fn request(generation: u64, pattern: &str, files: Vec<SearchFile>) -> SearchRequest {
    SearchRequest { generation, pattern: Arc::new(Pattern::new(pattern).unwrap()), files }
}

/// All hits, and the last news.
async fn outcome(inbox: &mut Inbox, generation: u64) -> (Vec<Hit>, SearchNews) {
    let mut hits = Vec::new();
    loop {
        let event = tokio::time::timeout(PATIENCE, inbox.next()).await.expect("news in time");
        let Some(Event::Search(mut news)) = event else { panic!("{event:?}") };
        assert_eq!(news.generation, generation);
        hits.append(&mut news.hits);
        if news.stage != Stage::Running {
            return (hits, news);
        }
    }
}

async fn found(pattern: &str, files: Vec<SearchFile>) -> (Vec<Hit>, SearchNews) {
    let (outbox, mut inbox) = mailbox();
    let request = Arc::new(request(1, pattern, files));
    let searching = tokio::spawn(async move { search(request, Redactor::default(), &outbox).await });
    let outcome = outcome(&mut inbox, 1).await;
    searching.await.unwrap();
    outcome
}

/// The number at the beginning of each hit's line.
fn numbers(hits: &[Hit]) -> Vec<usize> {
    hits.iter().map(|hit| hit.excerpt.before.trim().parse().unwrap()).collect()
}

#[tokio::test]
async fn hits_come_in_the_order_of_the_files_and_from_the_end_of_each() {
    let folder = tempfile::tempdir().unwrap();
    let files =
        vec![transcript(folder.path(), "b", &numbered(3, 10)), transcript(folder.path(), "a", &numbered(2, 10))];
    let bytes: u64 = files.iter().map(|file| fs::metadata(&file.path).unwrap().len()).sum();
    let (hits, news) = found("drift", files).await;
    let agents: String = hits.iter().map(|hit| hit.agent.0.as_str()).collect();
    assert_eq!((agents.as_str(), numbers(&hits)), ("bbbaa", vec![2, 1, 0, 1, 0]));
    assert_eq!(hits[2].offset, 0);
    assert_eq!(hits[0].at, Some("2026-03-02T14:00:00Z".parse().unwrap()));
    assert_eq!(news.stage, Stage::Done);
    let progress = news.progress;
    assert_eq!((progress.files_done, progress.files), (2, 2));
    assert_eq!((progress.bytes_done, progress.bytes), (bytes, bytes));
}

#[tokio::test]
async fn a_file_of_many_parts_is_searched_like_one_of_few() {
    let folder = tempfile::tempdir().unwrap();
    let file = transcript(folder.path(), "a", &numbered(150, 100_000));
    assert!(fs::metadata(&file.path).unwrap().len() > 3 * PART);
    let (hits, news) = found(r"^\d+ drift", vec![file]).await;
    assert_eq!(hits.len(), 150);
    assert!(hits.windows(2).all(|pair| pair[0].offset > pair[1].offset), "newest first");
    assert_eq!(news.progress.files_done, 1);
}

#[tokio::test]
async fn no_more_hits_are_told_than_the_limit_and_they_are_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let files =
        vec![transcript(folder.path(), "a", &numbered(10, 1)), transcript(folder.path(), "b", &numbered(MOST, 1))];
    let (hits, news) = found("drift", files).await;
    assert_eq!((hits.len(), news.stage), (MOST, Stage::Full));
    assert_eq!(numbers(&hits[..11]), [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, MOST - 1]);
    assert_eq!(numbers(&hits[MOST - 1..]), [10]);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_costs_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let missing =
        SearchFile { agent: AgentId("gone".to_owned()), format: &Claude, path: folder.path().join("gone.jsonl") };
    let no_file = SearchFile { path: folder.path().to_owned(), ..missing.clone() };
    let files = vec![missing, no_file, transcript(folder.path(), "a", &numbered(2, 1))];
    let (hits, news) = found("drift", files).await;
    assert_eq!(hits.len(), 2);
    assert_eq!((news.progress.unread, news.progress.files_done), (2, 3));
    let (outbox, mut inbox) = mailbox();
    let path = PathBuf::from("/nowhere/at/all.jsonl");
    let file = SearchFile { agent: AgentId("x".to_owned()), format: &Claude, path };
    search(Arc::new(request(1, "drift", vec![file])), Redactor::default(), &outbox).await;
    let (_, news) = outcome(&mut inbox, 1).await;
    assert!(news.faults[0].to_string().contains("/nowhere/at/all.jsonl"), "{:?}", news.faults);
}

#[tokio::test]
async fn a_file_that_was_truncated_meanwhile_ends_where_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let file = transcript(folder.path(), "a", &numbered(100, 100_000));
    let (mut parts, _) = divide(std::slice::from_ref(&file));
    let open = fs::OpenOptions::new().write(true).open(&file.path).unwrap();
    open.set_len(prompt(&numbered(1, 100_000)[0]).len() as u64 + 50).unwrap();
    parts.reverse();
    let work = Work {
        redactor: Redactor::default(),
        request: Arc::new(request(1, "drift", vec![file])),
        parts,
        next: AtomicUsize::new(0),
        stop: Arc::new(AtomicBool::new(false)),
    };
    let (sender, mut finished) = tokio::sync::mpsc::channel(100);
    tokio::task::spawn_blocking(move || work.off(&sender)).await.unwrap();
    let mut hits = Vec::new();
    while let Some(part) = finished.recv().await {
        assert!(part.fault.is_none(), "{part:?}");
        hits.extend(part.hits);
    }
    assert_eq!(numbers(&hits), [0]);
}

#[tokio::test]
async fn plain_logs_are_searched_as_they_stand() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agent.log");
    fs::write(&path, "begin\nC:\\drift \"here\"\nend").unwrap();
    let file = SearchFile { agent: AgentId("log".to_owned()), format: &Plain, path };
    let (hits, _) = found(r#"\\drift ""#, vec![file]).await;
    assert_eq!((hits.len(), hits[0].offset), (1, 6));
}

#[tokio::test]
async fn a_newer_request_takes_the_place_of_an_older_one() {
    let folder = tempfile::tempdir().unwrap();
    let files = vec![transcript(folder.path(), "a", &numbered(60, 100_000))];
    let (outbox, mut inbox) = mailbox();
    let searcher = Searcher::spawn(Redactor::default(), outbox, CancellationToken::new());
    for (generation, pattern) in [(1, "d"), (2, "dr"), (3, r"\d+ drift")] {
        searcher.search(request(generation, pattern, files.clone()));
    }
    let (hits, _) = outcome(&mut inbox, 3).await;
    assert_eq!(hits.len(), 60);
}

#[tokio::test]
async fn a_search_that_is_dropped_stops_its_threads() {
    let folder = tempfile::tempdir().unwrap();
    let files = vec![transcript(folder.path(), "a", &numbered(400, 100_000))];
    let (outbox, mut inbox) = mailbox();
    let request = Arc::new(request(1, r"no\d+thing", files));
    let kept = Arc::clone(&request);
    let searching = tokio::spawn(async move { search(request, Redactor::default(), &outbox).await });
    let first = tokio::time::timeout(PATIENCE, inbox.next()).await.unwrap();
    assert!(matches!(first, Some(Event::Search(_))));
    searching.abort();
    // Each thread holds the request for as long as it works.
    let stopped = async {
        while Arc::strong_count(&kept) > 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, stopped).await.expect("the threads to stop");
    const { assert!(THREADS == 2) };
}
