//! Briefs that are being written, kept on disk so that they outlive a crash.

use std::collections::HashSet;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use crate::domain::brief::{Draft, LONGEST, Read as BriefRead};
use crate::domain::fault::Fault;
use crate::domain::redact::Redactor;
use crate::event::KeptDraft;
use crate::exec::brief::{folder, put};
use crate::exec::journal::make_state_dir;

/// How long a draft rests before it is written: whoever types goes on typing.
const REST: Duration = Duration::from_millis(300);
/// Drafts that are offered at most, the newest.
const OFFERED: usize = 20;

/// The drafts of a session. Clones write into the same folder, one at a time.
#[derive(Debug, Clone)]
pub struct Drafts {
    place: Arc<Folder>,
    waiting: watch::Sender<Option<KeptDraft>>,
}

/// The folder of the drafts.
#[derive(Debug)]
struct Folder {
    state_dir: PathBuf,
    redactor: Redactor,
    /// Drafts that are over: what was still on its way is not written any more.
    over: Mutex<HashSet<String>>,
}

impl Drafts {
    /// Drafts below this state folder. Must be called within a runtime; what waits is written by a task that ends with it.
    pub fn new(state_dir: PathBuf, redactor: Redactor) -> Self {
        let (waiting, latest) = watch::channel(None);
        let drafts = Self { place: Arc::new(Folder { state_dir, redactor, over: Mutex::default() }), waiting };
        tokio::spawn(follow(Arc::clone(&drafts.place), latest));
        drafts
    }

    /// Keeps a draft, in a moment; a later one of the same name takes its place.
    pub fn keep(&self, draft: KeptDraft) {
        self.waiting.send_replace(Some(draft));
    }

    /// Keeps a draft now. Blocks.
    pub fn keep_now(&self, draft: &KeptDraft) -> Result<(), Fault> {
        self.place.write(draft)
    }

    /// Removes a draft. Blocks.
    pub fn drop(&self, name: &str) -> Result<(), Fault> {
        let mut over = self.place.over.lock().unwrap_or_else(PoisonError::into_inner);
        over.insert(name.to_owned());
        let Some(file) = file(&self.place.state_dir, name) else { return Ok(()) };
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Fault::new("removing the draft", file.display(), error, "remove it by hand"))
            }
            _ => Ok(()),
        }
    }
}

async fn follow(place: Arc<Folder>, mut latest: watch::Receiver<Option<KeptDraft>>) {
    while latest.changed().await.is_ok() {
        tokio::time::sleep(REST).await;
        let Some(draft) = latest.borrow_and_update().clone() else { continue };
        let place = Arc::clone(&place);
        let written = tokio::task::spawn_blocking(move || place.write(&draft)).await;
        if let Ok(Err(fault)) = written {
            tracing::warn!("{fault}");
        }
    }
}

/// The folder of a session's drafts.
fn drafts(state_dir: &Path) -> PathBuf {
    folder(state_dir).join("drafts")
}

/// The file of a draft; none for a name that is no file's.
fn file(state_dir: &Path, name: &str) -> Option<PathBuf> {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    plain.then(|| drafts(state_dir).join(format!("{name}.md")))
}

impl Folder {
    fn write(&self, draft: &KeptDraft) -> Result<(), Fault> {
        let over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        let file = file(&self.state_dir, &draft.name).filter(|_| !over.contains(&draft.name));
        let Some(file) = file else { return Ok(()) };
        make_state_dir(&self.state_dir)?;
        let folder = drafts(&self.state_dir);
        let keep = || {
            std::fs::create_dir_all(&folder)?;
            put(&folder, &file, &self.redactor.redact(&draft.draft.kept()), true)
        };
        keep().map_err(|error| Fault::new("keeping the draft", file.display(), error, "make the folder writable"))
    }
}

/// Drafts that were kept, the newest first. What is no draft is passed over.
pub fn list(state_dir: &Path) -> Vec<(KeptDraft, Timestamp)> {
    let Ok(entries) = std::fs::read_dir(drafts(state_dir)) else { return Vec::new() };
    let mut found: Vec<(PathBuf, Timestamp)> = entries
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|end| end == "md"))
        .filter_map(|entry| {
            let written = entry.metadata().ok().filter(std::fs::Metadata::is_file)?.modified().ok()?;
            Some((entry.path(), Timestamp::try_from(written).ok()?))
        })
        .collect();
    found.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
    let read = |(path, at): (PathBuf, Timestamp)| Some((read(&path)?, at));
    found.into_iter().take(OFFERED).filter_map(read).collect()
}

fn read(path: &Path) -> Option<KeptDraft> {
    let mut bytes = Vec::new();
    std::fs::File::open(path).ok()?.take(LONGEST as u64).read_to_end(&mut bytes).ok()?;
    let draft: Draft = BriefRead::new(&String::from_utf8_lossy(&bytes)).draft();
    Some(KeptDraft { name: path.file_stem()?.to_str()?.to_owned(), draft })
}

#[cfg(test)]
mod tests {
    use super::{Drafts, list};
    use crate::domain::brief::Draft;
    use crate::domain::redact::Redactor;
    use crate::event::KeptDraft;

    fn kept(name: &str, text: &str) -> KeptDraft {
        KeptDraft { name: name.to_owned(), draft: Draft { text: text.to_owned(), ..Draft::default() } }
    }

    #[tokio::test]
    async fn a_draft_is_kept_as_it_stands_until_it_is_over() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join(".hnpwb");
        let drafts = Drafts::new(state.clone(), Redactor::default());
        assert!(list(&state).is_empty());
        drafts.keep_now(&kept("one", "# A\n\n half a ")).unwrap();
        drafts.keep_now(&kept("one", "# A\n\n half a line ")).unwrap();
        drafts.keep_now(&kept("../out", "no")).unwrap();
        let found = list(&state);
        assert_eq!((found.len(), found[0].0.draft.text.as_str()), (1, "# A\n\n half a line "));
        drafts.drop("one").unwrap();
        drafts.keep_now(&kept("one", "late")).unwrap();
        assert!(list(&state).is_empty());
    }

    #[tokio::test]
    async fn the_latest_of_what_is_typed_is_written_by_itself() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join(".hnpwb");
        let drafts = Drafts::new(state.clone(), Redactor::default());
        for text in ["a", "ab", "abc"] {
            drafts.keep(kept("one", text));
        }
        while list(&state).is_empty() {
            tokio::task::yield_now().await;
        }
        assert_eq!(list(&state)[0].0.draft.text, "abc");
    }
}
