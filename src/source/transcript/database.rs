//! Sessions that are rows of a SQLite database. It is only read, and never locked for longer than one query.

use std::ffi::OsString;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OpenFlags};

use super::store::Stat;
use crate::domain::transcript::format::{self as formats, Format, Storage};
use crate::source::watch::walk::identity;

/// How long a writer may hold the database before a look at it is given up until the next one.
const PATIENCE: Duration = Duration::from_millis(250);

/// Largest session that is read.
const LARGEST: u64 = 1 << 30;

/// A database of sessions.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    path: PathBuf,
    queries: formats::Database,
}

/// The database and the session that a path names; `None` for other paths.
pub(crate) fn parts<'a>(path: &'a Path, format: &dyn Format) -> Option<(Database, &'a str)> {
    let Storage::Database(queries) = format.storage(path) else { return None };
    let (file, session) = (path.parent()?, path.file_name()?.to_str()?);
    format.owns(file).then(|| (Database { path: file.to_owned(), queries }, session))
}

/// The database that a file is, or that it is written ahead of.
pub(crate) fn of_file(path: &Path) -> Option<Database> {
    let name = path.file_name()?.to_str()?;
    let name = name.strip_suffix("-wal").or(name.strip_suffix("-shm")).unwrap_or(name);
    let file = path.with_file_name(name);
    let format = formats::by_path(&file)?;
    match format.storage(&file) {
        // A session below the database is none itself.
        Storage::Database(queries) if parts(&file, format).is_none() => Some(Database { path: file, queries }),
        Storage::Database(_) | Storage::Document(_) | Storage::Lines | Storage::Pieces(_) | Storage::Zstandard => None,
    }
}

impl Database {
    /// The files that change when it does.
    pub(crate) fn files(&self) -> [PathBuf; 2] {
        let mut ahead = OsString::from(&self.path);
        ahead.push("-wal");
        [self.path.clone(), PathBuf::from(ahead)]
    }

    /// The paths of its sessions.
    pub(crate) fn sessions(&self) -> io::Result<Vec<(PathBuf, Stat)>> {
        let size = fs::metadata(&self.path)?;
        let (disk, base) = (size.len(), identity(&size));
        let connection = self.open()?;
        let mut query = connection.prepare(self.queries.sessions).map_err(io::Error::other)?;
        let rows = query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)));
        let mut sessions = Vec::new();
        for row in rows.map_err(io::Error::other)? {
            let (session, written) = row.map_err(io::Error::other)?;
            // It becomes a name in a path.
            if !session.is_empty() && !session.contains(['/', '\0']) {
                sessions.push((self.path.join(&session), of_session(base, disk, &session, written)));
            }
        }
        Ok(sessions)
    }

    /// Read-only; its companion files are neither made nor removed by us.
    fn open(&self) -> io::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags).map_err(io::Error::other)?;
        connection.busy_timeout(PATIENCE).map_err(io::Error::other)?;
        Ok(connection)
    }
}

/// Looks at one session.
pub(crate) fn stat(database: &Database, session: &str) -> io::Result<Stat> {
    let sessions = database.sessions()?;
    let found = sessions.into_iter().find(|(path, _)| path.file_name().is_some_and(|name| name == session));
    found
        .map(|(_, stat)| stat)
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the database has no such session"))
}

/// Writes the lines of one session.
pub(crate) fn write_lines(database: &Database, session: &str, into: &mut File) -> io::Result<Stat> {
    let stat = stat(database, session)?;
    let connection = database.open()?;
    let mut query = connection.prepare(database.queries.lines).map_err(io::Error::other)?;
    let mut rows = query.query([session]).map_err(io::Error::other)?;
    let mut out = BufWriter::new(into);
    let mut written = 0;
    while let Some(row) = rows.next().map_err(io::Error::other)? {
        let line: String = row.get(0).map_err(io::Error::other)?;
        written += line.len() as u64 + 1;
        if written > LARGEST {
            return Err(io::Error::other("the session is larger than 1 GiB"));
        }
        // JSON keeps newlines only between its strings, where they mean nothing.
        out.write_all(line.replace(['\n', '\r'], " ").as_bytes())?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(stat)
}

fn of_session((device, inode): (u64, u64), size: u64, session: &str, written: i64) -> Stat {
    let mut hasher = DefaultHasher::new();
    (inode, session).hash(&mut hasher);
    let modified = u64::try_from(written).ok().map(|ms| SystemTime::UNIX_EPOCH + Duration::from_millis(ms));
    Stat { identity: (device, hasher.finish()), size, modified }
}

#[cfg(test)]
mod tests;
