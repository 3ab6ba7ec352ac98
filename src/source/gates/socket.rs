//! The socket's file: in a private folder, one workbench at a time.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokio::net::UnixListener;

use crate::domain::fault::Fault;

/// An open socket, and the lock that makes it ours.
pub(super) struct Opened {
    pub(super) listener: UnixListener,
    /// The user it belongs to: nobody else is served.
    pub(super) uid: u32,
    path: PathBuf,
    lock: File,
}

impl Opened {
    /// Removes the socket, then lets go of the lock.
    pub(super) fn close(self) {
        // A file that is gone already is as good.
        let _ = std::fs::remove_file(&self.path);
        drop(self.lock);
    }
}

/// Opens the socket in a folder of mode 0700. What a dead workbench left behind is removed.
pub(super) fn open(path: &Path, session: &str) -> Result<Opened, Fault> {
    let refused = |why: &dyn std::fmt::Display| {
        let remedy = "without it no agent can be held; set XDG_RUNTIME_DIR to a short path that belongs to you";
        Fault::new("opening the gate socket", path.display(), why, remedy)
    };
    let dir = path.parent().unwrap_or(Path::new("/"));
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|error| refused(&error))?;
    let mut lock = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW)
        .open(path.with_extension("lock"))
        .map_err(|error| refused(&error))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            // Without the number the message is still true.
            let _ = lock.read_to_string(&mut pid);
            return Err(another(path, session, pid.trim()));
        }
        Err(TryLockError::Error(error)) => return Err(refused(&error)),
    }
    // A file that was just opened for writing tells whose process this is.
    let uid = lock.metadata().map_err(|error| refused(&error))?.uid();
    let folder = dir.metadata().map_err(|error| refused(&error))?;
    if folder.uid() != uid {
        return Err(refused(&"its folder belongs to another user"));
    }
    if folder.permissions().mode() & 0o077 != 0 {
        std::fs::set_permissions(dir, Permissions::from_mode(0o700)).map_err(|error| refused(&error))?;
    }
    if std::os::unix::net::UnixStream::connect(path).is_ok() {
        return Err(another(path, session, ""));
    }
    match std::fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(refused(&error)),
    }
    lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id())).map_err(|error| refused(&error))?;
    let listener = UnixListener::bind(path).map_err(|error| refused(&error))?;
    std::fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(|error| refused(&error))?;
    Ok(Opened { listener, uid, path: path.to_owned(), lock })
}

fn another(path: &Path, session: &str, pid: &str) -> Fault {
    let who = if pid.is_empty() { "another workbench".to_owned() } else { format!("another workbench (pid {pid})") };
    Fault::new(
        "opening the gate socket",
        path.display(),
        format!("{who} serves session {session}"),
        "gates are decided there; quit it to decide them here",
    )
}
