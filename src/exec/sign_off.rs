//! Writes sign-offs: copies of what they cite, for transcripts are deleted after a while, then the record in the journal.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::journal::{append, make_state_dir};
use crate::domain::brief::slug;
use crate::domain::digest::sha256;
use crate::domain::fault::Fault;
use crate::domain::redact::Redactor;
use crate::domain::sign_off::{KIND, SignOff};
use crate::domain::text;
use crate::source::transcript::store;

/// Bytes kept of one line that is cited.
const LONGEST: u64 = 256 * 1024;
/// The ref that notes on commits are kept under, beside what others note.
const NOTES: &str = "refs/notes/hnpwb";

/// Where a sign-off is written, and when.
#[derive(Debug, Clone, Copy)]
pub struct Book<'a> {
    /// The session's state folder.
    pub state_dir: &'a Path,
    /// It is noted on its last commit, too.
    pub git_notes: bool,
    /// What hides secrets.
    pub redactor: &'a Redactor,
    /// Now.
    pub now: Timestamp,
}

/// Keeps the copies and notes the sign-off in the journal; what comes back has the digests of the copies in it.
pub async fn keep(sign_off: SignOff, book: Book<'_>) -> Result<SignOff, Fault> {
    let (state_dir, redactor) = (book.state_dir.to_owned(), book.redactor.clone());
    let Book { git_notes, now, .. } = book;
    let task = sign_off.task.clone();
    let work = move || write(sign_off, Book { state_dir: &state_dir, git_notes, redactor: &redactor, now });
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(Fault::new("signing off", task, error, "")))
}

/// The same. Blocks.
fn write(mut sign_off: SignOff, book: Book<'_>) -> Result<SignOff, Fault> {
    make_state_dir(book.state_dir)?;
    let stamp = book.now.strftime("%Y%m%dT%H%M%SZ");
    let name = format!("evidence/sign-off-{}-{stamp}", slug(&sign_off.task));
    let folder = book.state_dir.join(&name);
    let refused = |error: &dyn std::fmt::Display| {
        Fault::new("keeping evidence in", folder.display(), error, "make the folder writable, then sign off again")
    };
    fs::create_dir_all(&folder).map_err(|error| refused(&error))?;
    for (number, cited) in sign_off.evidence.iter_mut().enumerate() {
        let Some((file, line)) = &cited.place else { continue };
        // What is gone cannot be copied; that it was cited stays.
        let Ok(text) = line_of(file, *line) else { continue };
        let text = book.redactor.redact(&text).into_owned();
        let copy = folder.join(format!("{:02}-{}.txt", number + 1, slug(&cited.what)));
        let put = || {
            let mut options = fs::OpenOptions::new();
            let mut out = options.write(true).create_new(true).mode(0o600).open(&copy)?;
            out.write_all(text.as_bytes())?;
            out.sync_all()
        };
        put().map_err(|error| refused(&error))?;
        cited.sha256 = Some(sha256(text.as_bytes()));
    }
    sign_off.copies = Some(name);
    let body = serde_json::to_value(&sign_off).map_err(|error| refused(&error))?;
    append(book.state_dir, book.now, KIND, body, book.redactor)?;
    if book.git_notes {
        note(&sign_off, book)?;
    }
    Ok(sign_off)
}

/// One line of a file, from 1; of a transcript that is stored otherwise, of the lines that are made from it.
fn line_of(file: &Path, line: u64) -> std::io::Result<String> {
    let stored = store::open(file, store::format_of(file))?;
    let mut reader = BufReader::new(&stored.lines);
    let mut skipped = 1;
    while skipped < line {
        // Never kept: lines of transcripts may be long.
        let found = skip_line(&mut reader)?;
        if !found {
            return Err(std::io::Error::other("it has fewer lines"));
        }
        skipped += 1;
    }
    let mut bytes = Vec::new();
    reader.take(LONGEST).read_until(b'\n', &mut bytes)?;
    let kept = String::from_utf8_lossy(&bytes).into_owned();
    Ok(text::prefix(&kept, usize::try_from(LONGEST).unwrap_or(usize::MAX)).to_owned())
}

fn skip_line(reader: &mut BufReader<&File>) -> std::io::Result<bool> {
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(false);
        }
        match memchr::memchr(b'\n', buffer) {
            Some(at) => {
                reader.consume(at + 1);
                return Ok(true);
            }
            None => {
                let all = buffer.len();
                reader.consume(all);
            }
        }
    }
}

/// A note on the last commit of the work. The journal has it already: what fails here is said, and nothing is taken back.
fn note(sign_off: &SignOff, book: Book<'_>) -> Result<(), Fault> {
    let Some(commit) = sign_off.commits.last() else { return Ok(()) };
    let refused = |error: &dyn std::fmt::Display| {
        Fault::new("noting the sign-off on commit", commit, error, "it is in the journal all the same")
    };
    let trees: Vec<&PathBuf> = sign_off.heads.keys().collect();
    let found = trees.iter().find_map(|tree| {
        let repo = git2::Repository::discover(tree).ok()?;
        let id = repo.find_commit(git2::Oid::from_str(commit).ok()?).ok()?.id();
        Some((repo, id))
    });
    let (repo, id) = found.ok_or_else(|| refused(&"no repository of the session has it"))?;
    let who = repo.signature().map_err(|error| refused(&error.message()))?;
    let reason = sign_off.reason.as_ref().map(|reason| format!("\nReason: {reason}")).unwrap_or_default();
    let text = format!(
        "Signed-off-task: {} {}\nGrade: {}\nAt: {}{reason}\n",
        sign_off.task,
        sign_off.title,
        sign_off.grade.name(),
        book.now
    );
    let text = book.redactor.redact(&text);
    // A task that was signed off anew has a new note.
    repo.note(&who, &who, Some(NOTES), id, &text, true).map(drop).map_err(|error| refused(&error.message()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::PathBuf;

    use jiff::Timestamp;

    use super::{Book, keep};
    use crate::domain::digest::sha256;
    use crate::domain::evidence::Grade;
    use crate::domain::redact::Redactor;
    use crate::domain::sign_off::{Cited, SignOff};
    use crate::exec::{journal, past};

    fn cited(place: Option<(PathBuf, u64)>) -> Cited {
        Cited {
            what: "claim".to_owned(),
            text: "engineer: done".to_owned(),
            verdict: None,
            required: false,
            source: None,
            place,
            sha256: None,
        }
    }

    fn sign_off(evidence: Vec<Cited>) -> SignOff {
        SignOff {
            task: "T-1".to_owned(),
            title: "Badge".to_owned(),
            raw_status: "✅".to_owned(),
            board: PathBuf::from("TASKS.md"),
            line: 1,
            grade: Grade::Observed,
            reason: None,
            heads: BTreeMap::new(),
            commits: Vec::new(),
            files: BTreeMap::new(),
            objects: Vec::new(),
            evidence,
            copies: None,
        }
    }

    #[tokio::test]
    async fn cited_lines_are_copied_without_secrets_and_the_journal_brings_the_sign_off_back() {
        let folder = tempfile::tempdir().unwrap();
        let transcript = folder.path().join("s.log");
        let secret = ["gh", "p_", &"a1B2".repeat(9)].concat();
        fs::write(&transcript, format!("one\nall tests pass, token {secret}\nthree\n")).unwrap();
        let state = folder.path().join(".hnpwb");
        let book =
            Book { state_dir: &state, git_notes: false, redactor: &Redactor::default(), now: Timestamp::UNIX_EPOCH };
        let gone = cited(Some((folder.path().join("gone.jsonl"), 3)));
        let given = keep(sign_off(vec![cited(Some((transcript, 2))), cited(None), gone]), book).await.unwrap();
        let copies = state.join(given.copies.as_ref().unwrap());
        let copy = fs::read_to_string(copies.join("01-claim.txt")).unwrap();
        assert!(copy.starts_with("all tests pass") && !copy.contains(&secret), "{copy}");
        assert_eq!(given.evidence[0].sha256.as_deref(), Some(sha256(copy.as_bytes()).as_str()));
        assert_eq!((&given.evidence[1].sha256, &given.evidence[2].sha256), (&None, &None));
        assert_eq!(journal::verify(&state).unwrap().unwrap().records, 1);
        let past = past::read(&state, folder.path()).unwrap();
        assert_eq!(past.reviews.signed["T-1"].sign_off, given);
    }

    #[tokio::test]
    async fn what_cannot_be_kept_is_not_signed_off() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("taken");
        fs::write(&state, "a file").unwrap();
        let book =
            Book { state_dir: &state, git_notes: false, redactor: &Redactor::default(), now: Timestamp::UNIX_EPOCH };
        assert!(keep(sign_off(Vec::new()), book).await.is_err());
    }
}
