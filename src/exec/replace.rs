//! A file is replaced whole, or not at all: the new one is written beside it, with its owner and permissions, and takes its
//! place.

use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use std::os::unix::fs::fchown;

/// The file that a path stands for: a link stays one.
pub fn real(file: &Path) -> PathBuf {
    std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned())
}

/// The new file beside the old one, on disk, with the old one's owner and permissions. Persist it at [`real`].
pub fn draft(file: &Path, bytes: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    let file = real(file);
    let was = std::fs::metadata(&file)?;
    if was.permissions().readonly() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the file is read-only"));
    }
    let folder = file.parent().ok_or_else(|| io::Error::other("it lies in no folder"))?;
    let mut draft = tempfile::NamedTempFile::new_in(folder)?;
    draft.write_all(bytes)?;
    let is = draft.as_file().metadata()?;
    if (is.uid(), is.gid()) != (was.uid(), was.gid()) {
        fchown(draft.as_file(), Some(was.uid()), Some(was.gid()))?;
    }
    draft.as_file().set_permissions(was.permissions())?;
    draft.as_file().sync_all()?;
    Ok(draft)
}
