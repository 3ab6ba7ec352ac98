//! What status lines were told: notes that `hnpwb statusline` leaves, one file for each session.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, DirBuilder};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::domain::agent::status_line::StatusLine;

/// Notes are this small; anything larger is something else.
const LARGEST: u64 = 16 * 1024;

/// Notes that are kept, the latest of them.
const MOST: usize = 512;

/// Notes that are older say nothing any more: Claude Code deletes transcripts at that age.
const OLDEST: Duration = Duration::from_secs(30 * 86_400);

/// Letters of a session's id.
const LONGEST_ID: usize = 128;

/// Puts a note into its file, in one step. The first of a session clears old ones away.
///
/// # Errors
/// When the folder cannot be written, or the session's id is no name of a file.
pub fn note(folder: &Path, told: &StatusLine) -> io::Result<()> {
    let Some(file) = file(folder, &told.session_id) else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the session's id is no name of a file"));
    };
    let is_first = !file.exists();
    if is_first {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        tidy(folder, SystemTime::now());
    }
    // Private to the user: what a program makes with `tempfile` has mode 0600.
    let mut written = tempfile::NamedTempFile::new_in(folder)?;
    written.write_all(&serde_json::to_vec(told)?)?;
    written.persist(&file)?;
    Ok(())
}

/// Every note in the folder, by session. What cannot be read is not there.
pub fn read(folder: &Path) -> BTreeMap<String, StatusLine> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let told = entries.take(2 * MOST).filter_map(|entry| read_one(&entry.path()));
    told.map(|told| (told.session_id.clone(), told)).collect()
}

/// One note; `None` for files that are none.
pub fn read_one(path: &Path) -> Option<StatusLine> {
    if path.extension() != Some(OsStr::new("json")) || fs::metadata(path).ok()?.len() > LARGEST {
        return None;
    }
    let told: StatusLine = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    (path.file_stem()?.to_str()? == told.session_id).then_some(told)
}

/// The file of a session. Ids are made of letters, digits and dashes; anything else might be a path.
fn file(folder: &Path, session: &str) -> Option<PathBuf> {
    let plain = session.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    (plain && (1..=LONGEST_ID).contains(&session.len())).then(|| folder.join(format!("{session}.json")))
}

/// Removes what is old, and of what is left all but the latest. What cannot be removed stays.
fn tidy(folder: &Path, now: SystemTime) {
    let mut files: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Some(modified) = entry.metadata().ok().filter(fs::Metadata::is_file).and_then(|of| of.modified().ok())
        else {
            continue;
        };
        files.push((modified, entry.path()));
    }
    files.sort_by_key(|(modified, _)| Reverse(*modified));
    for (rank, (modified, path)) in files.iter().enumerate() {
        let age = now.duration_since(*modified).unwrap_or_default();
        if age > OLDEST || rank + 1 >= MOST {
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::time::{Duration, SystemTime};

    use jiff::Timestamp;

    use super::{MOST, OLDEST, note, read, read_one, tidy};
    use crate::domain::agent::status_line::StatusLine;

    fn told(session: &str) -> StatusLine {
        let input = format!(r#"{{"session_id":"{session}","context_window":{{"context_window_size":200000}}}}"#);
        StatusLine::read(input.as_bytes(), Timestamp::UNIX_EPOCH).unwrap()
    }

    #[test]
    fn a_note_is_read_as_it_was_written_and_is_the_users_alone() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("hnpwb/status");
        note(&folder, &told("s-1")).unwrap();
        note(&folder, &told("s-1")).unwrap();
        note(&folder, &told("s-2")).unwrap();
        let found = read(&folder);
        assert_eq!(found.keys().collect::<Vec<_>>(), ["s-1", "s-2"]);
        assert_eq!(found["s-1"], told("s-1"));
        let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join("s-1.json"))), (0o700, 0o600));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "nothing is left behind");
    }

    #[test]
    fn a_session_that_is_a_path_leaves_no_note() {
        let folder = tempfile::tempdir().unwrap();
        for session in ["../x", "a/b", "", ".", &"x".repeat(200)] {
            assert!(
                note(folder.path(), &StatusLine { session_id: session.to_owned(), ..told("s") }).is_err(),
                "{session}"
            );
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_is_no_note_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let good = serde_json::to_string(&told("s")).unwrap();
        assert!(read_one(&write("s.json", &good)).is_some());
        assert!(read_one(&write("other.json", &good)).is_none(), "of another session");
        assert!(read_one(&write("s.txt", &good)).is_none());
        assert!(read_one(&write("s.json", "{\"session_id\":\"s\"")).is_none());
        assert!(read_one(&write("s.json", &" ".repeat(20_000))).is_none());
        assert!(read(&folder.path().join("nowhere")).is_empty());
    }

    #[test]
    fn old_notes_go_and_so_do_too_many() {
        let folder = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        let make = |name: &str, age: Duration| {
            let file = fs::File::create(folder.path().join(name)).unwrap();
            file.set_modified(now - age).unwrap();
        };
        make("old.json", OLDEST + Duration::from_secs(60));
        for n in 0..MOST + 5 {
            make(&format!("{n}.json"), Duration::from_secs(n as u64));
        }
        tidy(folder.path(), now);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), MOST - 1, "with room for one more");
        assert!(folder.path().join("0.json").exists() && !folder.path().join("old.json").exists());
    }
}
