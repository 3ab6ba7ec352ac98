//! Rules as they are left for hooks: to read a thousand of them takes a hook longer than all the rest, and it needs few of them.
//! Those of long session files are kept as they were read once.
//!
//! What is kept is bound to the bytes of the file, to the folders it is about and to the program that read it. It lies in
//! the user's own folder, which the set `settings` guards as it guards session files.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

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

/// Whether a rule can matter to whoever reads the rules. The others are not held in memory.
pub type Wanted<'w> = &'w dyn Fn(&GateRule) -> bool;

/// What a session file says about gates: its root as it is written there, and its rules.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Rules {
    pub(super) root: PathBuf,
    pub(super) rules: Vec<GateRule>,
}

#[derive(Serialize)]
struct Kept<'k> {
    /// Digest of everything that the rest follows from.
    of: &'k str,
    said: &'k Rules,
}

/// The same as it is read.
#[derive(Deserialize)]
struct Found<'f> {
    of: String,
    #[serde(borrow)]
    said: Said<'f>,
}

#[derive(Deserialize)]
struct Said<'f> {
    root: PathBuf,
    #[serde(borrow)]
    rules: &'f RawValue,
}

/// The rules of a file that are wanted, with everything that it says looked at; kept or read.
///
/// # Errors
/// Everything that is wrong with the file.
pub(super) fn rules(source: &Source, base: &Path, paths: &Paths, wanted: Wanted<'_>) -> Result<Rules, Vec<Problem>> {
    if source.text.len() < LONG {
        return read(source, base, paths);
    }
    let (file, of) = (paths.read_rules(&source.file), fingerprint(source, base, paths));
    if let Some(said) = load(&file, &of, wanted) {
        return Ok(said);
    }
    let said = read(source, base, paths)?;
    // Where it cannot be kept, the next hook reads the file itself.
    let _ = keep(&file, &Kept { of: &of, said: &said });
    Ok(said)
}

/// The rules in JSON that are wanted; none when one of them cannot be read.
pub(super) fn rules_in(json: &RawValue, wanted: Wanted<'_>) -> Option<Vec<GateRule>> {
    let each: Vec<&RawValue> = serde_json::from_str(json.get()).ok()?;
    let read = each.into_iter().map(|rule| serde_json::from_str::<GateRule>(rule.get()));
    read.filter(|rule| rule.as_ref().map_or(true, wanted)).collect::<Result<_, _>>().ok()
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

/// What was kept of this, if this user kept it and nobody else can write it.
fn load(file: &Path, of: &str, wanted: Wanted<'_>) -> Option<Rules> {
    let meta = fs::symlink_metadata(file).ok()?;
    let ours = meta.is_file() && meta.uid() == fs::metadata("/proc/self").ok()?.uid() && meta.mode() & 0o022 == 0;
    if !ours || meta.len() > LONGEST {
        return None;
    }
    let bytes = fs::read(file).ok()?;
    let Found { said, .. } = serde_json::from_slice::<Found<'_>>(&bytes).ok().filter(|found| found.of == of)?;
    Some(Rules { root: said.root, rules: rules_in(said.rules, wanted)? })
}

fn keep(file: &Path, kept: &Kept<'_>) -> io::Result<()> {
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
    use std::path::{Path, PathBuf};

    use serde_json::Value;

    use super::{LONG, Rules, rules};
    use crate::config::paths::Paths;
    use crate::config::session::SessionOrigin;
    use crate::config::session::load::Source;
    use crate::domain::gate::rule::GateRule;

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

        /// The rules that are wanted of a file with this text, kept or read.
        fn wanted(&self, text: &str, wanted: impl Fn(&GateRule) -> bool) -> Rules {
            let file = self.home.path().join("project/hnpwb.toml");
            let source = Source { origin: SessionOrigin::File(file.clone()), file, text: text.to_owned(), base: None };
            rules(&source, Path::new("/project"), &self.paths, &wanted).unwrap()
        }

        fn read(&self, text: &str) -> Rules {
            self.wanted(text, |_| true)
        }

        fn names(&self, text: &str) -> Vec<String> {
            self.read(text).rules.into_iter().map(|rule| rule.name).collect()
        }

        fn file(&self) -> PathBuf {
            self.paths.read_rules(&self.home.path().join("project/hnpwb.toml"))
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
        assert!(world.file().is_file());
        assert_eq!(world.read(&many("push")), first);
        let one = world.wanted(&many("push"), |rule| rule.name == "push-7");
        assert_eq!((one.rules.len(), &one.rules[0]), (1, &first.rules[7]), "and only what is wanted");
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
        let count = || world.read(&many("push")).rules.len();
        count();
        let mut kept: Value = serde_json::from_slice(&fs::read(world.file()).unwrap()).unwrap();
        kept["said"]["rules"].as_array_mut().unwrap().truncate(1);
        fs::write(world.file(), kept.to_string()).unwrap();
        assert_eq!(count(), 1, "it is read at all");
        fs::set_permissions(world.file(), fs::Permissions::from_mode(0o666)).unwrap();
        assert_eq!(count(), 200, "others could have written it");
        kept["said"]["rules"][0]["event"] = "none that there is".into();
        for broken in ["{".to_owned(), kept.to_string()] {
            fs::write(world.file(), broken).unwrap();
            assert_eq!(count(), 200);
            assert_eq!(count(), 200, "and it was kept anew");
        }
        fs::remove_file(world.file()).unwrap();
        fs::create_dir(world.file()).unwrap();
        assert_eq!(count(), 200, "where it cannot be kept");
    }
}
