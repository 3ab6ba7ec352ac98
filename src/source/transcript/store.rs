//! A transcript as a file of lines, however its program stores it.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::unpack::{self, Shelf};
use super::{database, pieces};
use crate::domain::transcript::format::{self, Format, Storage};
use crate::source::watch::walk::{Identity, identity};

/// Bytes of a file's beginning that tell its format.
const HEAD: usize = 4 * 1024;

/// A transcript opened for reading.
#[derive(Debug)]
pub(crate) struct Stored {
    /// Its lines: the file itself, or a nameless one that was made from it.
    pub lines: File,
    /// Bytes of its lines.
    pub size: u64,
    /// Tells it from another one at the same path.
    pub identity: Identity,
    /// Bytes of the file itself.
    pub on_disk: u64,
    /// When the file itself was last written.
    pub modified: Option<SystemTime>,
}

/// Opens a transcript that is read once.
pub(crate) fn open(path: &Path, format: &dyn Format) -> io::Result<Stored> {
    open_on(path, format, &Shelf::default())
}

/// Opens a transcript that is read again and again; what it was made into stays on the shelf.
pub(crate) fn open_on(path: &Path, format: &dyn Format, shelf: &Shelf) -> io::Result<Stored> {
    if let Some((database, session)) = database::parts(path, format) {
        let mut lines = tempfile::tempfile()?;
        let stat = database::write_lines(&database, session, &mut lines)?;
        let size = lines.stream_position()?;
        return Ok(Stored { lines, size, identity: stat.identity, on_disk: stat.size, modified: stat.modified });
    }
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("not a file"));
    }
    let (on_disk, modified) = (metadata.len(), metadata.modified().ok());
    match format.storage(path) {
        Storage::Lines => Ok(Stored { lines: file, size: on_disk, identity: identity(&metadata), on_disk, modified }),
        Storage::Zstandard => {
            let (lines, size) = shelf.unpacked(&metadata, || unpack::zstandard(&file))?;
            Ok(Stored { lines, size, identity: identity(&metadata), on_disk, modified })
        }
        Storage::Document(lines_of) => {
            let mut document = Vec::new();
            file.read_to_end(&mut document)?;
            let mut lines = tempfile::tempfile()?;
            lines.write_all(&lines_of(&document))?;
            let size = lines.stream_position()?;
            // It is written anew each time, often under another inode; whether it only grew its content tells.
            Ok(Stored { lines, size, identity: Identity::default(), on_disk, modified })
        }
        Storage::Pieces(of) => {
            let mut lines = tempfile::tempfile()?;
            pieces::write_lines(path, &of, &mut lines)?;
            let size = lines.stream_position()?;
            // Whether it only grew its content tells, as with a document.
            Ok(Stored { lines, size, identity: Identity::default(), on_disk, modified })
        }
        Storage::Database(_) => Err(io::Error::other("a database of sessions, not one of them")),
    }
}

/// A transcript as far as it can be told without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stat {
    /// Tells it from others.
    pub identity: Identity,
    /// Bytes of the file; of a session in a database, of the database.
    pub size: u64,
    /// When it was last written.
    pub modified: Option<SystemTime>,
}

impl Stat {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self { identity: identity(metadata), size: metadata.len(), modified: metadata.modified().ok() }
    }
}

/// Looks at a transcript; `None` for what is no file.
pub(crate) fn stat(path: &Path, format: &dyn Format) -> io::Result<Option<Stat>> {
    if let Some((database, session)) = database::parts(path, format) {
        return database::stat(&database, session).map(Some);
    }
    let metadata = fs::metadata(path)?;
    Ok(metadata.is_file().then(|| Stat::of(&metadata)))
}

/// True when its lines are not the file itself but made from it.
pub(crate) fn is_made(path: &Path, format: &dyn Format) -> bool {
    !matches!(format.storage(path), Storage::Lines)
}

/// The files whose change may be one of this transcript.
pub(crate) fn files(path: &Path, format: &dyn Format) -> Vec<PathBuf> {
    match (database::parts(path, format), format.storage(path)) {
        (Some((database, _)), _) => database.files().to_vec(),
        (None, Storage::Pieces(of)) => {
            [Some(path.to_owned()), pieces::messages(path, &of)].into_iter().flatten().collect()
        }
        (None, _) => vec![path.to_owned()],
    }
}

/// The format of a file: its path tells, else what it begins with. A file that cannot be read is taken for plain text.
pub(crate) fn format_of(path: &Path) -> &'static dyn Format {
    format::by_path(path).unwrap_or_else(|| format::by_head(&head(path).unwrap_or_default()))
}

fn head(path: &Path) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Ok(Vec::new());
    }
    let mut head = vec![0; HEAD];
    let read = File::open(path)?.read_at(&mut head, 0)?;
    head.truncate(read);
    Ok(head)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{format_of, open};

    #[test]
    fn a_directory_is_no_transcript_and_content_tells_a_format() {
        let folder = tempfile::tempdir().unwrap();
        assert!(open(Path::new("/"), format_of(Path::new("/"))).is_err());
        let file = folder.path().join("a.log");
        fs::write(&file, "{\"type\":\"user\",\"sessionId\":\"s\"}\n").unwrap();
        assert_eq!(format_of(&file).name(), "claude");
        fs::write(&file, "12:00 begun\n").unwrap();
        assert_eq!(format_of(&file).name(), "plain");
    }
}
