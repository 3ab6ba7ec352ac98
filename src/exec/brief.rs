//! Writes a brief's file, and copies the prompt that points to it.

pub mod handoff;
pub mod shelf;

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::json;

use crate::domain::agent::AgentId;
use crate::domain::brief::{Draft, LONGEST, file_name, number_of, pointer, unfilled};
use crate::domain::digest::sha256;
use crate::domain::fault::Fault;
use crate::domain::redact::Redactor;
use crate::domain::sign_off::RETRY;
use crate::effect::Retry;
use crate::event::{BriefDone, Done};
use crate::exec::clipboard::{Terminal, Tmux, copy_noted};
use crate::exec::journal::{self, make_state_dir};

/// A brief that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The file.
    pub file: PathBuf,
    /// Its text, front matter included.
    pub text: String,
    /// The prompt that points to it, in one line.
    pub pointer: String,
}

/// Where briefs are written, and what hides secrets in them.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The session's root.
    pub root: &'a Path,
    /// Its state folder.
    pub state_dir: &'a Path,
    /// What hides secrets.
    pub redactor: &'a Redactor,
}

/// The folder of a session's briefs.
pub fn folder(state_dir: &Path) -> PathBuf {
    state_dir.join("briefs")
}

/// Writes a brief and copies its pointer; the journal notes both. One with a gap in it is neither written nor copied.
pub async fn save(
    place: Place<'_>,
    draft: Draft,
    agent: Option<AgentId>,
    tmux: Option<&Tmux>,
    terminal: Option<Terminal<'_>>,
    now: Timestamp,
) -> Result<BriefDone, Fault> {
    let Place { root, state_dir, redactor } = place;
    whole(&draft)?;
    let (state, top, hides) = (state_dir.to_owned(), root.to_owned(), redactor.clone());
    let written = tokio::task::spawn_blocking(move || {
        write(Place { root: &top, state_dir: &state, redactor: &hides }, &draft, now)
    });
    let written = written.await.unwrap_or_else(|error| Err(Fault::new("writing a brief", "", error, "")))?;
    let copy = copy_noted(&written.pointer, "brief pointer", tmux, terminal, state_dir, now, redactor).await?;
    let Written { file, text, pointer } = written;
    Ok(BriefDone { file, text, pointer, agent, copy, send: false })
}

/// Notes in the journal that work is sent back, now that the brief that says so was written.
pub async fn note_retry(place: Place<'_>, retry: Retry, now: Timestamp) -> Done {
    let Retry { task, attempt, failed } = retry;
    let body = json!({"task": task, "attempt": attempt, "failed": failed});
    let noted = journal::record(place.state_dir, now, RETRY, body, place.redactor).await;
    Done::SentBack(noted.map(|()| (task, failed)))
}

/// A brief with a gap in it is not handed on.
pub fn whole(draft: &Draft) -> Result<(), Fault> {
    match unfilled(&draft.text).as_slice() {
        [] => Ok(()),
        gaps => {
            let (title, gaps) = (draft.title(), gaps.join(", "));
            Err(Fault::new("handing on the brief", title, format!("no value is given for {gaps}"), "fill it in first"))
        }
    }
}

/// Writes the next brief of a session, without secrets, and notes it in the journal. Blocks.
pub fn write(place: Place<'_>, draft: &Draft, now: Timestamp) -> Result<Written, Fault> {
    let Place { root, state_dir, redactor } = place;
    let folder = folder(state_dir);
    let refused = |why: &dyn std::fmt::Display| {
        Fault::new("writing a brief into", folder.display(), why, "make the folder writable, then draft it again")
    };
    if draft.text.len() > LONGEST {
        return Err(refused(&format!("it is longer than {LONGEST} bytes")));
    }
    make_state_dir(state_dir)?;
    std::fs::create_dir_all(&folder).map_err(|error| refused(&error))?;
    let _lock = lock(&folder).map_err(|error| refused(&error))?;
    let number = numbers(&folder).map_err(|error| refused(&error))?.max().unwrap_or(0) + 1;
    let hidden = |text: &Option<String>| text.as_deref().map(|text| redactor.redact(text).into_owned());
    let draft = Draft {
        text: redactor.redact(&draft.text).into_owned(),
        task: hidden(&draft.task),
        agent: hidden(&draft.agent),
        template: draft.template.clone(),
        from: hidden(&draft.from),
        sent_back: Vec::new(),
    };
    let text = draft.file(number, now);
    let file = folder.join(file_name(&draft, number));
    put(&folder, &file, &text, false).map_err(|error| refused(&error))?;
    let named = file.strip_prefix(root).unwrap_or(&file).display().to_string();
    let body = json!({
        "file": named,
        "task": draft.task,
        "title": draft.title(),
        "agent": draft.agent,
        "from": draft.from,
        "file_sha256": sha256(text.as_bytes()),
    });
    journal::append(state_dir, now, "brief", body, redactor)?;
    Ok(Written { pointer: pointer(&file, root), file, text })
}

/// Writes a file beside its place and renames it, so that nobody ever reads half of it; mode 0600 from the start.
pub(super) fn put(folder: &Path, file: &Path, text: &str, over: bool) -> io::Result<()> {
    let mut beside = tempfile::NamedTempFile::new_in(folder)?;
    beside.write_all(text.as_bytes())?;
    beside.as_file().sync_all()?;
    let put = if over { beside.persist(file) } else { beside.persist_noclobber(file) };
    put.map(drop).map_err(|error| error.error)
}

/// The files of a session's briefs, oldest first. No folder is no briefs.
pub fn list(state_dir: &Path) -> Result<Vec<PathBuf>, Fault> {
    let folder = folder(state_dir);
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Fault::new("reading", folder.display(), error, "check the folder's permissions")),
    };
    let mut files: Vec<(u32, PathBuf)> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| Some((number_of(entry.file_name().to_str()?)?, entry.path())))
        .collect();
    files.sort();
    Ok(files.into_iter().map(|(_, file)| file).collect())
}

fn numbers(folder: &Path) -> io::Result<impl Iterator<Item = u32>> {
    let entries = std::fs::read_dir(folder)?;
    Ok(entries.filter_map(Result::ok).filter_map(|entry| number_of(entry.file_name().to_str()?)))
}

/// Keeps others from taking the same number until it is dropped.
fn lock(folder: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let lock = options.write(true).create(true).truncate(false).mode(0o600).open(folder.join(".lock"))?;
    lock.lock()?;
    Ok(lock)
}

#[cfg(test)]
mod tests {
    use super::{Place, list, note_retry, save, write};
    use crate::domain::agent::AgentId;
    use crate::domain::brief::{Draft, Read};
    use crate::domain::redact::Redactor;
    use crate::effect::Retry;
    use crate::event::{CopyRoute, Done};
    use crate::exec::{journal, past};
    use jiff::Timestamp;
    use std::os::unix::fs::PermissionsExt;

    fn draft() -> Draft {
        Draft {
            template: "specialist".to_owned(),
            task: Some("7".to_owned()),
            text: "# Fix it\n\nNow.\n".to_owned(),
            ..Draft::default()
        }
    }

    #[test]
    fn numbers_go_up_and_no_two_writers_get_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join(".hnpwb");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let place = Place { root: dir.path(), state_dir: &state, redactor: &Redactor::default() };
                    write(place, &draft(), Timestamp::UNIX_EPOCH).unwrap()
                });
            }
        });
        let names: Vec<String> =
            list(&state).unwrap().iter().map(|file| file.file_name().unwrap().to_string_lossy().into_owned()).collect();
        assert_eq!(names, ["0001-fix-it.md", "0002-fix-it.md", "0003-fix-it.md", "0004-fix-it.md"]);
        let mode = list(&state).unwrap()[0].metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(journal::verify(&state).unwrap().unwrap().records, 4);
    }

    #[tokio::test]
    async fn a_brief_is_a_file_a_copied_pointer_and_two_records() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join(".hnpwb");
        let mut sent = Vec::new();
        let mut sink = |bytes: &[u8]| {
            sent.extend_from_slice(bytes);
            Ok(())
        };
        let agent = Some(AgentId("a".to_owned()));
        let now = Timestamp::UNIX_EPOCH;
        let place = Place { root: dir.path(), state_dir: &state, redactor: &Redactor::default() };
        let done = save(place, draft(), agent.clone(), None, Some(&mut sink), now).await.unwrap();
        assert_eq!(done.file, state.join("briefs/0001-fix-it.md"));
        assert_eq!((done.agent, done.copy.route), (agent, CopyRoute::Osc52));
        assert_eq!(Read::new(&done.text).is_as_written(), Some(true));
        let copied = std::fs::read_to_string(done.copy.file.unwrap()).unwrap();
        assert!(copied.starts_with("Read .hnpwb/briefs/0001-fix-it.md and do"), "{copied}");
        assert!(sent.starts_with(b"\x1b]52;c;"));
        let records = journal::read(&state, 9).unwrap();
        assert!(records[0].contains("brief") && records[1].contains("osc52"), "{records:?}");
    }

    #[tokio::test]
    async fn work_that_is_sent_back_is_one_record() {
        let dir = tempfile::tempdir().unwrap();
        let place = Place { root: dir.path(), state_dir: dir.path(), redactor: &Redactor::default() };
        let failed = vec!["tests: none".to_owned(), "pushed: no".to_owned()];
        let retry = Retry { task: "T-1".to_owned(), attempt: 2, failed: failed.clone() };
        let done = note_retry(place, retry, Timestamp::UNIX_EPOCH).await;
        assert!(matches!(done, Done::SentBack(Ok((task, rows))) if task == "T-1" && rows == failed));
        let records = journal::read_records(dir.path(), 9).unwrap();
        let record: serde_json::Value = serde_json::from_slice(&records[0]).unwrap();
        assert_eq!((records.len(), &record["kind"], &record["attempt"]), (1, &"retry".into(), &2.into()));
        let past = past::read(dir.path(), dir.path()).unwrap();
        assert_eq!(past.reviews.retries["T-1"], ["tests: none; pushed: no"]);
    }

    #[tokio::test]
    async fn what_has_a_gap_in_it_or_cannot_be_written_is_a_fault_and_nothing_is_copied() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("taken");
        std::fs::write(&state, "a file").unwrap();
        let place = Place { root: dir.path(), state_dir: &state, redactor: &Redactor::default() };
        let done = save(place, draft(), None, None, None, Timestamp::UNIX_EPOCH).await;
        assert!(done.unwrap_err().to_string().contains("taken"));
        let gap = Draft { text: "# ⟦task.title⟧\n".to_owned(), ..draft() };
        let state = dir.path().join("free");
        let place = Place { state_dir: &state, ..place };
        let done = save(place, gap, None, None, None, Timestamp::UNIX_EPOCH).await;
        assert!(done.unwrap_err().to_string().contains("no value is given for task.title"));
        assert!(!state.exists());
    }

    #[test]
    fn a_secret_is_hidden_before_the_digest_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let text = format!("# Fix it\n\ntoken ghp_{}\n", "0aB3dE6gH9".repeat(4).split_at(36).0);
        let place = Place { root: dir.path(), state_dir: &dir.path().join("s"), redactor: &Redactor::default() };
        let written = write(place, &Draft { text, ..draft() }, Timestamp::UNIX_EPOCH).unwrap();
        assert!(written.text.contains("redacted") && Read::new(&written.text).is_as_written() == Some(true));
    }
}
