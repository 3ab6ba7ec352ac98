//! One sending at a time into a pane, from whichever workbench it comes.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use super::lock_folder;
use crate::domain::deliver::Target;
use crate::domain::digest::sha256;

/// Takes the lock of a pane until the answer is dropped; `None` while somebody else has it.
///
/// # Errors
/// The lock's file cannot be made.
pub fn take(runtime: &Path, target: &Target) -> Result<Option<File>, String> {
    let folder = lock_folder(runtime);
    let server = target.server.canonicalize().unwrap_or_else(|_| target.server.clone());
    let mut name = sha256(format!("{} {}", server.display(), target.pane.id).as_bytes());
    name.truncate(16);
    let refused = |error: std::io::Error| format!("no lock could be taken in {}: {error}", folder.display());
    DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(refused)?;
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600).custom_flags(libc::O_NOFOLLOW);
    let file = options.open(folder.join(format!("{name}.lock"))).map_err(refused)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(refused(error)),
    }
}
