//! Sessions of which every message, and every part of one, is a file of its own. They are gathered into a database in memory,
//! which makes lines of them as it does of a database on disk.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::domain::transcript::format::Pieces;

/// Files of one session that are read at most, and their bytes.
const FILES: usize = 50_000;
const BYTES: u64 = 256 << 20;

/// The folder of a session's messages, which changes with every one that is written.
pub(super) fn messages(session: &Path, pieces: &Pieces) -> Option<PathBuf> {
    Some(root(session)?.join(pieces.messages).join(session.file_stem()?))
}

/// Writes the lines of the session that a file describes.
pub(super) fn write_lines(session: &Path, pieces: &Pieces, into: &mut File) -> io::Result<()> {
    let gathered = Connection::open_in_memory().map_err(io::Error::other)?;
    gathered.execute_batch(pieces.tables).map_err(io::Error::other)?;
    let mut left = Left { files: FILES, bytes: BYTES };
    let name = session.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    put(&gathered, pieces.session, &left.read(session)?)?;
    let parts = root(session).map(|root| root.join(pieces.parts));
    for message in messages(session, pieces).iter().flat_map(|folder| files(folder)) {
        // One that is being written, or was removed meanwhile, hides no other.
        let Ok(text) = left.read(&message) else { continue };
        put(&gathered, pieces.message, &text)?;
        let folder = parts.as_ref().zip(message.file_stem()).map(|(parts, message)| parts.join(message));
        for part in folder.iter().flat_map(|folder| files(folder)) {
            if let Ok(text) = left.read(&part) {
                put(&gathered, pieces.part, &text)?;
            }
        }
    }
    let mut query = gathered.prepare(pieces.lines).map_err(io::Error::other)?;
    let mut rows = query.query([name]).map_err(io::Error::other)?;
    let mut out = BufWriter::new(into);
    while let Some(row) = rows.next().map_err(io::Error::other)? {
        let line: String = row.get(0).map_err(io::Error::other)?;
        // JSON keeps newlines only between its strings, where they mean nothing.
        out.write_all(line.replace(['\n', '\r'], " ").as_bytes())?;
        out.write_all(b"\n")?;
    }
    out.flush()
}

/// What may still be read.
struct Left {
    files: usize,
    bytes: u64,
}

impl Left {
    fn read(&mut self, file: &Path) -> io::Result<String> {
        let size = fs::metadata(file)?.len();
        if self.files == 0 || size > self.bytes {
            return Err(io::Error::other(format!("the session has more than {FILES} files, or 256 MiB")));
        }
        self.files -= 1;
        self.bytes -= size;
        fs::read_to_string(file)
    }
}

/// Files of a folder by name, which is the order in which they were begun. None where there is no folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "json")).take(FILES).collect();
    files.sort_unstable();
    files
}

/// What is no JSON is passed over.
fn put(gathered: &Connection, insert: &str, text: &str) -> io::Result<()> {
    gathered.execute(insert, [text]).map(drop).map_err(io::Error::other)
}

/// The folder of all: a session's file stands in `session/PROJECT`.
fn root(session: &Path) -> Option<&Path> {
    session.parent()?.parent()?.parent()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{Read, Seek};
    use std::path::Path;

    use crate::domain::transcript::format::by_path;
    use crate::domain::transcript::{Digest, Step};
    use crate::source::transcript::store::{files, open};

    fn write(root: &Path, file: &str, text: &str) {
        let path = root.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn a_session_in_pieces_is_read_like_one_in_a_database() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("storage");
        let session = root.join("session/p1/ses_1.json");
        write(
            &root,
            "session/p1/ses_1.json",
            r#"{"id":"ses_1","projectID":"p1","directory":"/repo","title":"Fix","version":"0.9","time":{"created":1000,"updated":2000}}"#,
        );
        write(
            &root,
            "message/ses_1/msg_1.json",
            r#"{"id":"msg_1","sessionID":"ses_1","role":"user","time":{"created":1001}}"#,
        );
        write(
            &root,
            "part/msg_1/prt_1.json",
            r#"{"id":"prt_1","messageID":"msg_1","sessionID":"ses_1","type":"text","text":"Fix\nit"}"#,
        );
        write(
            &root,
            "message/ses_1/msg_2.json",
            r#"{"id":"msg_2","sessionID":"ses_1","role":"assistant","modelID":"m","time":{"created":1002}}"#,
        );
        write(
            &root,
            "part/msg_2/prt_2.json",
            r#"{"id":"prt_2","messageID":"msg_2","sessionID":"ses_1","type":"tool","tool":"bash","callID":"c","state":{"status":"running","input":{"command":"ls"},"time":{"start":1003}}}"#,
        );
        write(&root, "message/ses_1/msg_3.json", "{\"id\":");
        write(
            &root,
            "message/ses_2/msg_9.json",
            r#"{"id":"msg_9","sessionID":"ses_2","role":"user","time":{"created":1}}"#,
        );
        let format = by_path(&session).expect("it is known by its path");
        assert_eq!((format.name(), format.identify(&session).id.as_str()), ("opencode", "ses_1"));
        let digest = |lines: &str| {
            let mut digest = Digest::new(false);
            for line in lines.lines() {
                format.read(&mut digest, line.as_bytes(), None);
            }
            digest
        };
        let lines = || {
            let mut stored = open(&session, format).unwrap();
            let mut text = String::new();
            stored.lines.rewind().unwrap();
            stored.lines.read_to_string(&mut text).unwrap();
            text
        };
        let before = lines();
        let found = digest(&before);
        assert_eq!((found.title(), found.cwd.as_deref()), (Some("Fix"), Some("/repo")));
        assert_eq!(found.step, Step::Calling { tool: "bash".to_owned() });
        write(
            &root,
            "part/msg_2/prt_2.json",
            r#"{"id":"prt_2","messageID":"msg_2","sessionID":"ses_1","type":"tool","tool":"bash","callID":"c","state":{"status":"completed","input":{"command":"ls"},"output":"a","time":{"start":1003,"end":1005}}}"#,
        );
        write(
            &root,
            "message/ses_1/msg_2.json",
            r#"{"id":"msg_2","sessionID":"ses_1","role":"assistant","modelID":"m","finish":"stop","time":{"created":1002,"completed":1007}}"#,
        );
        let after = lines();
        assert!(after.starts_with(&before) && after.len() > before.len(), "it only grows: {after}");
        assert_eq!(digest(&after).step, Step::Ended);
        assert_eq!(files(&session, format), [session.clone(), root.join("message/ses_1")]);
    }

    #[test]
    fn other_json_is_no_session() {
        for path in ["/x/storage/message/ses_1/msg_1.json", "/x/session/p/ses_1.json", "/x/storage/session/ses_1.json"]
        {
            assert_ne!(
                by_path(Path::new(path)).map(crate::domain::transcript::format::Format::name),
                Some("opencode"),
                "{path}"
            );
        }
    }
}
