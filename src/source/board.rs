//! Board files: read when they change, each with its own faults.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch::{Receiver, Sender, channel};
use tokio_util::sync::CancellationToken;

use crate::domain::digest::sha256;
use crate::domain::fault::Fault;
use crate::domain::redact::Redactor;
use crate::domain::task;
use crate::event::{BoardNews, Event, SourceId};
use crate::source::Outbox;
use crate::source::watch::{Behind, Root, Watch};

/// Bytes read of one file; a longer one is a fault, for half a board would look like a whole one.
const MAX_BYTES: u64 = 10 * 1024 * 1024;
/// Files read of one folder.
const MAX_FILES: usize = 2_000;
/// News that only says "still so" is sent no more often than this.
const STILL_SO: SignedDuration = SignedDuration::from_secs(30);

/// Asks the worker to look again. When the last one is dropped, the worker ends.
#[derive(Debug, Clone)]
pub struct BoardHandle {
    refreshes: Sender<u64>,
}

impl BoardHandle {
    /// Reads every file again now, and answers even when nothing has changed.
    pub fn refresh(&self) {
        self.refreshes.send_modify(|count| *count = count.wrapping_add(1));
    }
}

/// Reads these files and follows them until cancelled. News goes to the slot [`SourceId::Board`].
///
/// A folder among them stands for the board files directly in it (`backlog/tasks`).
pub fn spawn(files: Vec<PathBuf>, outbox: Outbox, cancel: CancellationToken) -> BoardHandle {
    let (sender, requests) = channel(0);
    tokio::spawn(async move {
        cancel.run_until_cancelled(run(files, outbox, requests)).await;
    });
    BoardHandle { refreshes: sender }
}

/// Reads these files once, and hides the secrets in them. Blocks.
pub fn read(files: &[PathBuf], as_of: Timestamp, redactor: &Redactor) -> BoardNews {
    let mut news = BoardNews { as_of, ..BoardNews::default() };
    for file in expand(files, &mut news.faults) {
        match read_text(&file) {
            Ok((text, digest)) => {
                news.digests.extend(digest.map(|digest| (file.clone(), digest)));
                let parsed = task::parse(&file, &text);
                news.tasks.extend(parsed.tasks.into_iter().map(|task| task.redacted(redactor)));
                news.faults.extend(parsed.findings);
            }
            Err(error) => news.faults.push(describe(&file, &error)),
        }
        news.files.push(file);
    }
    task::distinguish(&mut news.tasks);
    news
}

/// The files themselves, with folders replaced by the board files in them; none twice.
fn expand(files: &[PathBuf], faults: &mut Vec<Fault>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for file in files {
        if !file.is_dir() {
            found.push(file.clone());
            continue;
        }
        match std::fs::read_dir(file) {
            Ok(entries) => {
                let mut inside: Vec<PathBuf> =
                    entries.flatten().map(|entry| entry.path()).filter(|path| task::is_board_file(path)).collect();
                inside.sort();
                if inside.len() > MAX_FILES {
                    let why = format!("{} board files", inside.len());
                    faults.push(Fault::new("listing", file.display(), why, format!("the first {MAX_FILES} are read")));
                    inside.truncate(MAX_FILES);
                }
                found.extend(inside);
            }
            Err(error) => faults.push(describe(file, &error)),
        }
    }
    let mut seen = BTreeSet::new();
    found.retain(|file| seen.insert(file.clone()));
    found
}

/// The text of a file, and its digest if its bytes are that text: others cannot be written back.
fn read_text(path: &Path) -> io::Result<(String, Option<String>)> {
    // A pipe by that name would never end.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "more than 10 MB"));
    }
    let digest = sha256(&bytes);
    Ok(match String::from_utf8(bytes) {
        Ok(text) => (text, Some(digest)),
        Err(error) => (String::from_utf8_lossy(error.as_bytes()).into_owned(), None),
    })
}

fn describe(path: &Path, error: &io::Error) -> Fault {
    let (why, remedy) = match error.kind() {
        io::ErrorKind::NotFound => {
            ("no such file".to_owned(), "restore it, or take it out of [[board]] in hnpwb.toml".to_owned())
        }
        io::ErrorKind::PermissionDenied => {
            ("permission denied".to_owned(), format!("run chmod u+r {}", path.display()))
        }
        io::ErrorKind::FileTooLarge => (error.to_string(), "split it, or name another file in [[board]]".to_owned()),
        _ => (error.to_string(), "check the file; R reads it again".to_owned()),
    };
    Fault::new("reading", path.display(), why, remedy)
}

/// Whether a changed path is one of the files, lies in one of the folders, or leads to one that is missing.
fn concerns(files: &[PathBuf], changed: &Path) -> bool {
    files.iter().any(|file| file.starts_with(changed) || (changed.starts_with(file) && task::is_board_file(changed)))
}

async fn run(files: Vec<PathBuf>, outbox: Outbox, mut requests: Receiver<u64>) {
    let mut watch = Watch::new(files.iter().map(Root::flat), Behind::Nothing);
    // The files are watched before they are read, so that nothing changes unnoticed in between.
    if !files.is_empty() {
        watch.changed().await;
    }
    let mut published: Option<BoardNews> = None;
    let mut answered = 0;
    loop {
        let asked = *requests.borrow_and_update();
        let (reading, redactor) = (files.clone(), outbox.redactor().clone());
        match tokio::task::spawn_blocking(move || read(&reading, Timestamp::now(), &redactor)).await {
            Ok(mut news) => {
                news.faults.extend(watch.fault());
                if asked != answered || published.as_ref().is_none_or(|last| is_news(last, &news)) {
                    answered = asked;
                    published = Some(news.clone());
                    outbox.post(SourceId::Board, Event::Board(news));
                }
            }
            Err(error) => {
                // It may have taken the place of news that nobody had seen yet.
                published = None;
                let fault = Fault::new("reading", "the board", error, "press R to try again; the log says more");
                outbox.post(SourceId::Board, Event::SourceFault(SourceId::Board, fault));
            }
        }
        tokio::select! {
            asked = requests.changed() => if asked.is_err() { return },
            () = next_change(&mut watch, &files) => {}
        }
    }
}

async fn next_change(watch: &mut Watch, files: &[PathBuf]) {
    while !watch.changed().await.iter().any(|changed| concerns(files, changed)) {}
}

fn is_news(last: &BoardNews, now: &BoardNews) -> bool {
    (&last.tasks, &last.files, &last.digests, &last.faults) != (&now.tasks, &now.files, &now.digests, &now.faults)
        || now.as_of.duration_since(last.as_of) >= STILL_SO
}

#[cfg(test)]
mod tests;
