//! Compressed transcripts made into lines.

use std::fs::{File, Metadata};
use std::io::{self, BufWriter, Read, Seek, Write};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use crate::source::watch::walk::{Identity, identity};

/// Most bytes that a file may have unpacked: they lie in the folder for temporary files, which may be memory.
const MOST: u64 = 1 << 30;

/// Bytes unpacked at once.
const CHUNK: usize = 128 * 1024;

/// Keeps the transcript that was unpacked last, so that a page does not unpack it again.
#[derive(Debug, Default)]
pub(crate) struct Shelf(Mutex<Option<Kept>>);

#[derive(Debug)]
struct Kept {
    identity: Identity,
    on_disk: u64,
    modified: Option<SystemTime>,
    lines: File,
    size: u64,
}

impl Shelf {
    /// The lines of a file with this metadata, and their size in bytes; `unpack` makes them unless they are there.
    pub(super) fn unpacked(
        &self,
        metadata: &Metadata,
        unpack: impl FnOnce() -> io::Result<(File, u64)>,
    ) -> io::Result<(File, u64)> {
        let (identity, on_disk, modified) = (identity(metadata), metadata.len(), metadata.modified().ok());
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = |kept: &Kept| (kept.identity, kept.on_disk, kept.modified) == (identity, on_disk, modified);
        if let Some(same) = kept.as_ref().filter(|kept| is_same(kept)) {
            return Ok((same.lines.try_clone()?, same.size));
        }
        // The old one goes before there is a new one: there need not be room for two.
        *kept = None;
        let (lines, size) = unpack()?;
        *kept = Some(Kept { identity, on_disk, modified, lines: lines.try_clone()?, size });
        Ok((lines, size))
    }
}

/// Unpacks all frames of a Zstandard file into a nameless file, and tells its size. Of a file that is cut off or damaged
/// there is what comes before, and a line that says so. An error of kind `FileTooLarge` when it would be over 1 GiB.
pub(super) fn zstandard(packed: &File) -> io::Result<(File, u64)> {
    unpack(packed, MOST)
}

fn unpack(packed: &File, most: u64) -> io::Result<(File, u64)> {
    let mut decoder = zstd::stream::read::Decoder::new(packed)?;
    let mut lines = BufWriter::with_capacity(CHUNK, tempfile::tempfile()?);
    let (mut size, mut last) = (0, b'\n');
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = match decoder.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if size > 0 => {
                if last != b'\n' {
                    lines.write_all(b"\n")?;
                }
                writeln!(lines, "the rest of the compressed file cannot be read: {error}")?;
                break;
            }
            Err(error) => return Err(error),
        };
        size += read as u64;
        if size > most {
            let why = format!("it is larger than {} MiB when it is unpacked", most >> 20);
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
        }
        lines.write_all(&chunk[..read])?;
        last = chunk[read - 1];
    }
    let mut lines = lines.into_inner().map_err(io::IntoInnerError::into_error)?;
    let size = lines.stream_position()?;
    Ok((lines, size))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::fs::File;
    use std::io::{self, Write};
    use std::os::unix::fs::FileExt;

    use super::{Shelf, unpack, zstandard};

    fn file(content: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        std::io::Seek::rewind(&mut file).unwrap();
        file
    }

    fn packed(text: &str) -> Vec<u8> {
        zstd::encode_all(text.as_bytes(), 3).unwrap()
    }

    fn content((lines, size): (File, u64)) -> String {
        let mut content = vec![0; size as usize];
        lines.read_exact_at(&mut content, 0).unwrap();
        String::from_utf8(content).unwrap()
    }

    /// Text that does not compress to nothing.
    fn noise(lines: u32) -> String {
        let line = |n: u32| format!("{{\"n\":{}}}", n.wrapping_mul(2_654_435_761));
        (0..lines).map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn several_frames_are_one_text() {
        let both = [packed("one\n"), packed("two\n")].concat();
        assert_eq!(content(zstandard(&file(&both)).unwrap()), "one\ntwo\n");
    }

    #[test]
    fn a_last_frame_that_is_cut_off_gives_what_is_there_and_says_so() {
        let second = packed(&noise(50_000));
        let cut = [packed("one\n"), second[..second.len() / 2].to_vec()].concat();
        let found = content(zstandard(&file(&cut)).unwrap());
        let lines: Vec<_> = found.lines().collect();
        assert_eq!((lines[0], lines[1]), ("one", r#"{"n":0}"#));
        assert!(lines.len() > 1_000 && found.ends_with('\n'), "{} lines", lines.len());
        assert!(lines[lines.len() - 1].starts_with("the rest of the compressed file cannot be read: "));
    }

    #[test]
    fn what_is_not_compressed_and_what_is_too_large_are_errors() {
        assert!(zstandard(&file(b"{\"type\":\"session_meta\"}\n")).is_err());
        let bomb = packed(&"x".repeat(3 << 20));
        assert!(bomb.len() < 10_000);
        let error = unpack(&file(&bomb), 2 << 20).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert!(error.to_string().contains("2 MiB"), "{error}");
        assert_eq!(unpack(&file(&bomb), 3 << 20).unwrap().1, 3 << 20);
    }

    #[test]
    fn a_file_that_has_not_changed_is_unpacked_once() {
        let shelf = Shelf::default();
        let times = Cell::new(0);
        let ask = |file: &File| {
            shelf.unpacked(&file.metadata().unwrap(), || {
                times.set(times.get() + 1);
                zstandard(file)
            })
        };
        let mut first = file(&packed("one\n"));
        assert_eq!(content(ask(&first).unwrap()), "one\n");
        assert_eq!(content(ask(&first).unwrap()), "one\n");
        assert_eq!(times.get(), 1);
        first.write_all(&packed("more\n")).unwrap();
        let _ = ask(&first);
        assert_eq!(times.get(), 2);
    }
}
