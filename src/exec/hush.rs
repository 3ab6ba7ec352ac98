//! What hides needs, on disk: `attention.json` in the session's state folder. A restart brings nothing back that was acknowledged.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::domain::attention::hush::Hushes;
use crate::domain::fault::Fault;
use crate::domain::redact::Redactor;
use crate::effect::HushNote;
use crate::exec::journal::{self, make_state_dir};

/// Largest file that is read.
const LARGEST: u64 = 1 << 20;
/// Version of the file's form.
const SCHEMA: &str = "hnpwb.attention/1";

#[derive(Serialize, Deserialize)]
struct Kept {
    schema: String,
    hushed: Hushes,
}

fn file(state_dir: &Path) -> PathBuf {
    state_dir.join("attention.json")
}

/// Writes everything that hides needs, and notes in the journal what was done. Blocks.
///
/// # Errors
/// The folder or the journal cannot be written.
pub fn keep(
    state_dir: &Path,
    hushes: &Hushes,
    note: Option<HushNote>,
    now: Timestamp,
    redactor: &Redactor,
) -> Result<(), Fault> {
    make_state_dir(state_dir)?;
    if let Some(HushNote { what, kind, title, reason }) = note {
        let body = json!({ "what": what, "of": kind, "title": title, "reason": reason });
        journal::append(state_dir, now, "attention", body, redactor)?;
    }
    let path = file(state_dir);
    let kept = Kept { schema: SCHEMA.to_owned(), hushed: hushes.clone() };
    let put = || -> io::Result<()> {
        let mut draft = tempfile::NamedTempFile::new_in(state_dir)?;
        draft.write_all(serde_json::to_string_pretty(&kept)?.as_bytes())?;
        draft.persist(&path).map_err(|error| error.error)?;
        Ok(())
    };
    put().map_err(|error| {
        let remedy = "make the folder writable; until then what you acknowledge comes back after a restart";
        Fault::new("writing", path.display(), error, remedy)
    })
}

/// What hides needs, as it was kept. No file is nothing.
///
/// # Errors
/// The file cannot be read, or is none of ours.
pub fn load(state_dir: &Path) -> Result<Hushes, Fault> {
    let path = file(state_dir);
    let refused = |why: &dyn std::fmt::Display| {
        Fault::new("reading", path.display(), why, "remove the file: everything that needs you is shown again then")
    };
    let opened = match File::open(&path) {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Hushes::default()),
        Err(error) => return Err(refused(&error)),
    };
    let mut text = Vec::new();
    opened.take(LARGEST).read_to_end(&mut text).map_err(|error| refused(&error))?;
    let kept: Kept = serde_json::from_slice(&text).map_err(|error| refused(&error))?;
    if kept.schema != SCHEMA {
        return Err(refused(&format!("it is of the form {}, and {SCHEMA} is known here", kept.schema)));
    }
    Ok(kept.hushed)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{file, keep, load};
    use crate::domain::attention::hush::{Hush, Hushes};
    use crate::domain::attention::{Need, Subject, Urgency};
    use crate::domain::redact::Redactor;
    use crate::effect::HushNote;
    use crate::exec::journal;

    #[test]
    fn what_was_hidden_is_hidden_after_a_restart_and_stands_in_the_journal() {
        let folder = tempfile::tempdir().unwrap();
        let need = Need {
            urgency: Urgency::Broken,
            kind: "cluster",
            title: "kind".to_owned(),
            reason: "refused".to_owned(),
            since: None,
            subject: Subject::Cluster("kind".to_owned()),
        };
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(load(folder.path()).unwrap(), Hushes::default());
        let mut hushes = Hushes::default();
        hushes.put(Hush::acknowledge(&need, now));
        let (kind, title, reason) = (need.kind.to_owned(), need.title.clone(), need.reason.clone());
        let note = HushNote { what: "acknowledged", kind, title, reason };
        keep(folder.path(), &hushes, Some(note), now, &Redactor::default()).unwrap();
        assert!(load(folder.path()).unwrap().of(&need, now).is_some());
        let lines = journal::read(folder.path(), 9).unwrap();
        assert!(lines.len() == 1 && lines[0].contains("acknowledged"), "{lines:?}");
        std::fs::write(file(folder.path()), "{}").unwrap();
        assert!(load(folder.path()).unwrap_err().to_string().contains("attention.json"));
    }
}
