//! Writes a brief's file, and copies the prompt that points to it.

pub mod handoff;
pub mod shelf;

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::domain::agent::AgentId;
use crate::domain::brief::handoff::Wanted;
use crate::domain::brief::made::Made;
use crate::domain::brief::relay;
use crate::domain::brief::{BriefSubject, file_name, number_of, pointer, render};
use crate::domain::deliver::Receiver;
use crate::domain::digest::sha256;
use crate::domain::fault::Fault;
use crate::domain::redact::Redactor;
use crate::domain::transcript::passage::Passage;
use crate::event::{BriefDone, Done};
use crate::exec::clipboard::{Terminal, Tmux, copy_noted};
use crate::exec::journal::{self, make_state_dir};

/// A brief that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The file.
    pub file: PathBuf,
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

/// Writes a brief and copies its pointer; the journal notes both.
pub async fn draft(
    place: Place<'_>,
    subject: BriefSubject,
    agent: Option<AgentId>,
    tmux: Option<&Tmux>,
    terminal: Option<Terminal<'_>>,
    now: Timestamp,
) -> Done {
    let write = move |place: Place<'_>| write(place, &subject, now);
    write_and_copy(place, agent, tmux, terminal, now, write).await
}

/// Writes the brief with which an agent's work is handed on, and copies its pointer.
pub async fn hand_off(
    place: Place<'_>,
    wanted: Wanted,
    tmux: Option<&Tmux>,
    terminal: Option<Terminal<'_>>,
    now: Timestamp,
) -> Done {
    let write = move |place: Place<'_>| write_made(place, &handoff::gather(&wanted, place.redactor)?, now);
    write_and_copy(place, None, tmux, terminal, now, write).await
}

/// Writes a passage of one agent's transcript as a brief for another, and copies its pointer.
pub async fn pass_on(
    place: Place<'_>,
    passage: Passage,
    to: &Receiver,
    tmux: Option<&Tmux>,
    terminal: Option<Terminal<'_>>,
    now: Timestamp,
) -> Done {
    let name = to.name.clone();
    let write = move |place: Place<'_>| {
        let quote = super::record::cite(&passage)?;
        write_made(place, &relay::make(&passage.agent, &name, &quote, place.redactor), now)
    };
    write_and_copy(place, Some(to.id.clone()), tmux, terminal, now, write).await
}

/// Writes a brief off the runtime's own threads, then copies its pointer.
async fn write_and_copy(
    place: Place<'_>,
    agent: Option<AgentId>,
    tmux: Option<&Tmux>,
    terminal: Option<Terminal<'_>>,
    now: Timestamp,
    write: impl FnOnce(Place<'_>) -> Result<Written, Fault> + Send + 'static,
) -> Done {
    let Place { root, state_dir, redactor } = place;
    let (state, top, hides) = (state_dir.to_owned(), root.to_owned(), redactor.clone());
    let written = tokio::task::spawn_blocking(move || write(Place { root: &top, state_dir: &state, redactor: &hides }));
    let done = async {
        let written = written.await.unwrap_or_else(|error| Err(Fault::new("writing a brief", "", error, "")))?;
        let copy = copy_noted(&written.pointer, "brief pointer", tmux, terminal, state_dir, now, redactor).await?;
        Ok(BriefDone { file: written.file, agent, copy })
    };
    Done::Brief(done.await)
}

/// Writes the next brief of a session, without secrets, and notes it in the journal. Blocks.
pub fn write(place: Place<'_>, subject: &BriefSubject, now: Timestamp) -> Result<Written, Fault> {
    let noted = json!({"task": subject.task_id, "title": subject.title, "agent": subject.agent});
    put(place, now, noted, |number| Ok((file_name(subject, number), render(subject, number, now)?)))
}

/// The same with a text that was made from facts.
pub fn write_made(place: Place<'_>, made: &Made, now: Timestamp) -> Result<Written, Fault> {
    let noted = json!({"task": made.task, "title": made.title, "agent": made.agent, "template": made.template});
    put(place, now, noted, |number| Ok((made.file_name(number), made.file(number, now))))
}

/// Writes the file that `render` makes for the next number, with the name that it gives it.
fn put(
    place: Place<'_>,
    now: Timestamp,
    mut noted: Value,
    render: impl FnOnce(u32) -> Result<(String, String), String>,
) -> Result<Written, Fault> {
    let Place { root, state_dir, redactor } = place;
    let folder = folder(state_dir);
    let refused = |why: &dyn std::fmt::Display| {
        Fault::new("writing a brief into", folder.display(), why, "make the folder writable, then draft it again")
    };
    make_state_dir(state_dir)?;
    std::fs::create_dir_all(&folder).map_err(|error| refused(&error))?;
    let _lock = lock(&folder).map_err(|error| refused(&error))?;
    let number = numbers(&folder).map_err(|error| refused(&error))?.max().unwrap_or(0) + 1;
    let (name, text) = render(number).map_err(|error| refused(&error))?;
    let text = redactor.redact(&text);
    let file = folder.join(name);
    let write = || {
        // Written beside and renamed, so that an agent never reads half a brief; mode 0600 from the start.
        let mut draft = tempfile::NamedTempFile::new_in(&folder)?;
        draft.write_all(text.as_bytes())?;
        draft.as_file().sync_all()?;
        draft.persist_noclobber(&file).map_err(|error| error.error)
    };
    write().map_err(|error| refused(&error))?;
    noted["file"] = file.strip_prefix(root).unwrap_or(&file).display().to_string().into();
    noted["file_sha256"] = sha256(text.as_bytes()).into();
    journal::append(state_dir, now, "brief", noted, redactor)?;
    Ok(Written { pointer: pointer(&file, root), file })
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
    use super::{Place, draft, list, write};
    use crate::domain::agent::AgentId;
    use crate::domain::brief::{About, BriefSubject};
    use crate::domain::redact::Redactor;
    use crate::event::{CopyRoute, Done};
    use crate::exec::journal;
    use jiff::Timestamp;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    fn subject() -> BriefSubject {
        BriefSubject {
            about: About::Task,
            task_id: "7".to_owned(),
            title: "Fix it".to_owned(),
            body: String::new(),
            raw_status: "todo".to_owned(),
            file: PathBuf::from("TASKS.md"),
            line: 1,
            agent: None,
            branch: None,
            head: None,
        }
    }

    #[test]
    fn briefs_are_numbered_one_after_the_other_whoever_writes() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join(".hnpwb");
        assert!(list(&state).unwrap().is_empty());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let place = Place { root: dir.path(), state_dir: &state, redactor: &Redactor::default() };
                    write(place, &subject(), Timestamp::UNIX_EPOCH).unwrap()
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
    async fn a_draft_is_a_file_a_copied_pointer_and_two_records() {
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
        match draft(place, subject(), agent.clone(), None, Some(&mut sink), now).await {
            Done::Brief(Ok(done)) => {
                assert_eq!(done.file, state.join("briefs/0001-fix-it.md"));
                assert_eq!((done.agent, done.copy.route), (agent, CopyRoute::Osc52));
                let copied = std::fs::read_to_string(done.copy.file.unwrap()).unwrap();
                assert!(copied.starts_with("Read .hnpwb/briefs/0001-fix-it.md and do"), "{copied}");
            }
            other => panic!("{other:?}"),
        }
        assert!(sent.starts_with(b"\x1b]52;c;"));
        let records = journal::read(&state, 9).unwrap();
        assert!(records[0].contains("brief") && records[1].contains("osc52"), "{records:?}");
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_is_a_fault_and_nothing_is_copied() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("taken");
        std::fs::write(&state, "a file").unwrap();
        let place = Place { root: dir.path(), state_dir: &state, redactor: &Redactor::default() };
        let done = draft(place, subject(), None, None, None, Timestamp::UNIX_EPOCH).await;
        assert!(matches!(done, Done::Brief(Err(fault)) if fault.to_string().contains("taken")));
    }
}
