//! The rules of long session files as they were read once: to read a thousand of them takes a hook longer than all the rest.
//!
//! What is kept is bound to the bytes of the file, to the folders it is about and to the program that read it. It lies in
//! the user's own folder, which the set `settings` guards as it guards session files.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::file::parse;
use super::load::Source;
use crate::config::paths::Paths;
use crate::config::problem::Problem;
use crate::domain::digest::sha256_of;
use crate::domain::gate::rule::GateRule;

/// Bytes of a session file below which reading it is no more work than finding out whether it was read.
const LONG: usize = 8 * 1024;
/// Bytes of what was kept that are read.
const LONGEST: u64 = 16 * 1024 * 1024;

/// What a session file says about gates: its root as it is written there, and its rules.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Rules {
    pub(super) root: PathBuf,
    pub(super) rules: Vec<GateRule>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    /// Digest of everything that the rest follows from.
    of: String,
    said: Rules,
}

/// The rules of a file with everything that it says, kept or read.
///
/// # Errors
/// Everything that is wrong with the file.
pub(super) fn rules(source: &Source, base: &Path, paths: &Paths) -> Result<Rules, Vec<Problem>> {
    if source.text.len() < LONG {
        return read(source, base, paths);
    }
    let (file, of) = (paths.read_rules(&source.file), fingerprint(source, base, paths));
    if let Some(kept) = load(&file).filter(|kept| kept.of == of) {
        return Ok(kept.said);
    }
    let kept = Kept { of, said: read(source, base, paths)? };
    // Where it cannot be kept, the next hook reads the file itself.
    let _ = keep(&file, &kept);
    Ok(kept.said)
}

fn read(source: &Source, base: &Path, paths: &Paths) -> Result<Rules, Vec<Problem>> {
    let mut session = parse(&source.text, &source.file, base, paths)?;
    let rules = session.take_rules();
    Ok(Rules { root: session.root, rules })
}

fn fingerprint(source: &Source, base: &Path, paths: &Paths) -> String {
    let program = std::env::current_exe().and_then(fs::metadata);
    let program = program.map(|meta| (meta.ino(), meta.len(), meta.mtime(), meta.mtime_nsec())).ok();
    let program = format!("{program:?}");
    // No path has a zero in it, so nothing runs into what follows.
    let [file, base, home] = [&source.file, base, &paths.home].map(|path: &Path| path.as_os_str().as_encoded_bytes());
    sha256_of(&[program.as_bytes(), b"\0", file, b"\0", base, b"\0", home, b"\0", source.text.as_bytes()])
}

/// What was kept, if this user kept it and nobody else can write it.
fn load(file: &Path) -> Option<Kept> {
    let meta = fs::symlink_metadata(file).ok()?;
    let ours = meta.is_file() && meta.uid() == fs::metadata("/proc/self").ok()?.uid() && meta.mode() & 0o022 == 0;
    (ours && meta.len() <= LONGEST).then(|| serde_json::from_slice(&fs::read(file).ok()?).ok())?
}

fn keep(file: &Path, kept: &Kept) -> io::Result<()> {
    let folder = file.parent().ok_or(io::ErrorKind::NotFound)?;
    fs::create_dir_all(folder)?;
    // Readable by its owner alone, which is how such a file is made.
    let mut draft = tempfile::NamedTempFile::new_in(folder)?;
    draft.write_all(&serde_json::to_vec(kept)?)?;
    draft.persist(file).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::{Kept, LONG, Rules, load, rules};
    use crate::config::paths::Paths;
    use crate::config::session::SessionOrigin;
    use crate::config::session::load::Source;

    struct World {
        home: tempfile::TempDir,
        paths: Paths,
    }

    impl World {
        fn new() -> Self {
            let home = tempfile::tempdir().unwrap();
            let named = home.path().as_os_str().to_owned();
            let paths = Paths::from_vars(|name| (name == "HOME").then(|| named.clone()));
            Self { home, paths }
        }

        /// What a file of so many rules says, whatever was kept.
        fn read(&self, text: &str) -> Rules {
            let file = self.home.path().join("project/hnpwb.toml");
            let source = Source { origin: SessionOrigin::File(file.clone()), file, text: text.to_owned(), base: None };
            rules(&source, Path::new("/project"), &self.paths).unwrap()
        }

        fn kept(&self) -> Option<Kept> {
            load(&self.paths.read_rules(&self.home.path().join("project/hnpwb.toml")))
        }

        fn names(&self, text: &str) -> Vec<String> {
            self.read(text).rules.into_iter().map(|rule| rule.name).collect()
        }
    }

    fn many(what: &str) -> String {
        let rule =
            |n: usize| format!("[[gate]]\nname = \"{what}-{n}\"\nmatches = \"{what} +{n}\"\ndeadline = \"90s\"\n");
        let text: String = std::iter::once("[gates]\nsets = []\n".to_owned()).chain((0..200).map(rule)).collect();
        assert!(text.len() > LONG);
        text
    }

    #[test]
    fn what_is_kept_is_what_was_read() {
        let world = World::new();
        let first = world.read(&many("push"));
        assert_eq!((first.root.as_path(), first.rules.len()), (Path::new("/project"), 200));
        assert_eq!(world.kept().unwrap().said, first);
        assert_eq!(world.read(&many("push")), first);
    }

    #[test]
    fn another_text_is_read_anew() {
        let world = World::new();
        assert_eq!(world.names(&many("push"))[0], "push-0");
        assert_eq!(world.names(&many("pull"))[0], "pull-0");
        assert_eq!(world.names(&many("push"))[0], "push-0");
        assert_eq!(world.names("[gates]\nsets = []\n"), [""; 0], "a short file is never kept");
    }

    #[test]
    fn what_is_broken_or_could_be_somebody_elses_counts_for_nothing() {
        let world = World::new();
        world.read(&many("push"));
        let file = world.paths.read_rules(&world.home.path().join("project/hnpwb.toml"));
        // Rules that were put there are believed by nobody but whoever could put them into the session file as well.
        let mut kept = world.kept().unwrap();
        kept.said.rules.truncate(1);
        fs::write(&file, serde_json::to_vec(&kept).unwrap()).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
        assert_eq!(world.read(&many("push")).rules.len(), 200);
        fs::write(&file, "{").unwrap();
        assert_eq!(world.read(&many("push")).rules.len(), 200);
        assert!(world.kept().is_some(), "and it is kept anew");
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
        assert_eq!(world.read(&many("push")).rules.len(), 200, "where it cannot be kept");
    }
}
