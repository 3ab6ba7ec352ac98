//! Changes an agent's settings file: a backup beside it, and the file replaced whole or not at all.

use std::fs::{File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::domain::fault::Fault;
use crate::domain::registration::Unreadable;
use crate::exec::replace::{draft, real};

/// Bytes of a settings file that are read.
const LONGEST: u64 = 4 * 1024 * 1024;
/// What the backup's name ends in.
pub const BACKUP: &str = "before-hnpwb";

/// What became of a settings file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The file.
    pub file: PathBuf,
    /// It was written; otherwise all was as wanted.
    pub written: bool,
    /// The file as it was.
    pub backup: Option<PathBuf>,
}

/// The text of a settings file; empty when there is none.
///
/// # Errors
/// It cannot be read, or is no text.
pub fn read(file: &Path) -> Result<String, Fault> {
    let refused = |error: io::Error| Fault::new("reading", file.display(), error, "check the file and its permissions");
    let opened = match File::open(file) {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
        Err(error) => return Err(refused(error)),
    };
    let mut text = String::new();
    opened.take(LONGEST + 1).read_to_string(&mut text).map_err(refused)?;
    if text.len() as u64 > LONGEST {
        return Err(refused(io::Error::new(io::ErrorKind::FileTooLarge, "more than 4 MB")));
    }
    Ok(text)
}

/// The fault of a settings file that is no JSON, with its place.
pub fn unreadable(file: &Path, why: &Unreadable) -> Fault {
    Fault::new(
        "reading",
        format!("{}:{}:{}", file.display(), why.line, why.column),
        &why.message,
        "correct the file; it was not changed",
    )
}

/// Changes a settings file by `edit`, which is given its text. Nothing is written when nothing changes.
///
/// # Errors
/// The file is broken or cannot be read or written; it is then as it was.
pub fn change(file: &Path, edit: impl FnOnce(&str) -> Result<String, Unreadable>) -> Result<Changed, Fault> {
    let text = read(file)?;
    let changed = edit(&text).map_err(|why| unreadable(file, &why))?;
    if changed == text {
        return Ok(Changed { file: file.to_owned(), written: false, backup: None });
    }
    let refused =
        |error: io::Error| Fault::new("changing", file.display(), error, "make the file and its folder writable");
    let backup = if file.exists() { Some(keep(file, &text).map_err(refused)?) } else { None };
    put(file, &text, &changed).map_err(refused)?;
    Ok(Changed { file: file.to_owned(), written: true, backup })
}

/// Keeps the file as it was beside it.
fn keep(file: &Path, text: &str) -> io::Result<PathBuf> {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{BACKUP}"));
    let backup = file.with_file_name(name);
    let folder = backup.parent().ok_or_else(|| io::Error::other("it lies in no folder"))?;
    let mut kept = tempfile::NamedTempFile::new_in(folder)?;
    kept.write_all(text.as_bytes())?;
    kept.as_file().set_permissions(std::fs::metadata(file)?.permissions())?;
    kept.as_file().sync_all()?;
    kept.persist(&backup).map_err(|error| error.error)?;
    Ok(backup)
}

fn put(file: &Path, before: &str, text: &str) -> io::Result<()> {
    let written = if file.exists() {
        draft(file, text.as_bytes())?
    } else {
        let folder = file.parent().ok_or_else(|| io::Error::other("it lies in no folder"))?;
        std::fs::create_dir_all(folder)?;
        let mut written = tempfile::NamedTempFile::new_in(folder)?;
        written.write_all(text.as_bytes())?;
        written.as_file().set_permissions(Permissions::from_mode(0o644))?;
        written.as_file().sync_all()?;
        written
    };
    // Whoever else wrote it meanwhile keeps what they wrote.
    if read(file).is_ok_and(|now| now != before) {
        return Err(io::Error::other("it was changed meanwhile"));
    }
    written.persist(real(file)).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use super::{Changed, change};
    use crate::domain::registration::Unreadable;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_changed_file_keeps_its_permissions_its_link_and_a_backup() {
        let dir = tempfile::tempdir().unwrap();
        let (real, link) = (dir.path().join("dot/settings.json"), dir.path().join("settings.json"));
        std::fs::create_dir(dir.path().join("dot")).unwrap();
        std::fs::write(&real, "{}").unwrap();
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let done = change(&link, |_| Ok("{\"a\": 1}".to_owned())).unwrap();
        let backup = done.backup.unwrap();
        assert_eq!(std::fs::read_to_string(backup).unwrap(), "{}");
        assert_eq!(std::fs::read_to_string(&real).unwrap(), "{\"a\": 1}");
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(real.metadata().unwrap().permissions().mode() & 0o777, 0o640);
    }

    #[test]
    fn nothing_is_written_when_nothing_changes_or_the_file_is_broken() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a/settings.json");
        assert_eq!(
            change(&file, |text| Ok(text.to_owned())).unwrap(),
            Changed { file: file.clone(), written: false, backup: None }
        );
        assert!(!file.exists());
        let broken = |_: &str| Err(Unreadable { line: 3, column: 7, message: "no".to_owned() });
        assert!(change(&file, broken).unwrap_err().to_string().contains("settings.json:3:7: no"));
        assert!(change(&file, |_| Ok("{}".to_owned())).unwrap().written && file.exists());
    }
}
