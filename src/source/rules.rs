//! The gate rules in force: left beside the socket for hooks, and compared with what the session file and the agents' settings
//! say. What anybody changes there is told, and counts once the operator has accepted it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::config::paths::Paths;
use crate::config::session::SourceText;
use crate::config::session::rules::{Accepted, read_rules};
use crate::domain::digest::sha256;
use crate::domain::fault::Fault;
use crate::domain::gate::change::{Guarded, RuleChange};
use crate::domain::redact::Redactor;
use crate::event::{Event, RulesNews, SourceId};
use crate::source::Outbox;
use crate::source::watch::{Behind, Root, Watch};

/// Bytes of a file that are read.
const LONGEST: u64 = 1024 * 1024;
/// Changes that the operator may accept at a time.
const QUEUE: usize = 16;

/// What the worker is started with.
#[derive(Debug, Clone)]
pub struct Guard {
    /// The user's folders.
    pub paths: Paths,
    /// Root of the session.
    pub root: PathBuf,
    /// What the session was read from.
    pub source: SourceText,
    /// Settings files of agents that hold, or may hold, the hook.
    pub settings: Vec<PathBuf>,
}

impl Guard {
    /// The guard of a session: its file, and the settings of the user's and the project's agents.
    pub fn new(paths: &Paths, root: &Path, source: SourceText) -> Self {
        let mut settings: Vec<PathBuf> = paths.claude.iter().map(|dir| dir.join("settings.json")).collect();
        settings.push(paths.home.join(".codex/hooks.json"));
        for file in [".claude/settings.json", ".claude/settings.local.json", ".codex/hooks.json"] {
            settings.push(root.join(file));
        }
        settings.dedup();
        Self { paths: paths.clone(), root: root.to_owned(), source, settings }
    }
}

/// The worker's desk. Cheap to clone.
#[derive(Debug, Clone)]
pub struct RuleDesk {
    guard: Arc<Guard>,
    /// Files that were accepted, with the text that counts from now on.
    accepted: mpsc::Sender<(PathBuf, String)>,
    redactor: Redactor,
}

impl RuleDesk {
    /// What hides secrets in what is told of rules.
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Puts what a file says now in force, if it is still what the operator was shown; its text.
    ///
    /// # Errors
    /// The file changed again, cannot be read, or is wrong. Nothing changes then.
    pub fn check(&self, change: &RuleChange) -> Result<String, Fault> {
        let refused = |why: &dyn std::fmt::Display| {
            Fault::new("accepting", change.file.display(), why, "look at the difference again")
        };
        let text = read(&change.file).map_err(|error| refused(&error))?.unwrap_or_default();
        if sha256(text.as_bytes()) != change.after {
            return Err(refused(&"it was changed again since it was shown"));
        }
        if change.guarded == Guarded::Session {
            let source = SourceText { text: text.clone(), ..self.guard.source.clone() };
            read_rules(&source, &self.guard.root, &self.guard.paths).map_err(|problems| {
                refused(&problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
            })?;
        }
        Ok(text)
    }

    /// Carries out what [`RuleDesk::check`] allowed.
    ///
    /// # Errors
    /// The rules cannot be left beside the socket.
    pub async fn accept(&self, change: &RuleChange, text: String) -> Result<(), Fault> {
        if change.guarded == Guarded::Session {
            let source = SourceText { text: text.clone(), ..self.guard.source.clone() };
            publish(&self.guard, &source)?;
        }
        // The worker ends with the program.
        let _ = self.accepted.send((change.file.clone(), text)).await;
        Ok(())
    }
}

/// Leaves the rules in force beside the socket, and tells of changes until cancelled. Needs a tokio runtime. Only the
/// workbench that has the socket may do it.
///
/// # Errors
/// The rules cannot be left there.
pub fn spawn(guard: Guard, outbox: Outbox, cancel: CancellationToken) -> Result<RuleDesk, Fault> {
    publish(&guard, &guard.source)?;
    let guard = Arc::new(guard);
    let (sender, accepted) = mpsc::channel(QUEUE);
    let desk = RuleDesk { guard: Arc::clone(&guard), accepted: sender, redactor: outbox.redactor().clone() };
    // What is changed from now on is told, however soon.
    let guarded = Guarding::begin(&guard);
    tokio::spawn(async move {
        cancel.run_until_cancelled(run(&guard, guarded, &outbox, accepted)).await;
        // Without a workbench the file counts; one that is killed leaves this, and its process id tells.
        let _ = std::fs::remove_file(guard.paths.accepted(&guard.root));
    });
    Ok(desk)
}

fn publish(guard: &Guard, source: &SourceText) -> Result<(), Fault> {
    let file = guard.paths.accepted(&guard.root);
    let refused = |why: &dyn std::fmt::Display| {
        let remedy = "hooks read the session file instead, whoever has written it";
        Fault::new("writing the accepted gate rules to", file.display(), why, remedy)
    };
    let text =
        serde_json::to_vec(&Accepted::new(&guard.root, source).read(&guard.paths)).map_err(|error| refused(&error))?;
    let folder = file.parent().ok_or_else(|| refused(&"it lies in no folder"))?;
    let written = tempfile::NamedTempFile::new_in(folder).and_then(|mut draft| {
        draft.write_all(&text)?;
        draft.as_file().set_permissions(std::fs::Permissions::from_mode(0o600))?;
        draft.persist(&file).map_err(|error| error.error)
    });
    written.map(drop).map_err(|error| refused(&error))
}

/// The files that are guarded, and what of each counts.
struct Guarding {
    files: Vec<(PathBuf, Guarded)>,
    in_force: BTreeMap<PathBuf, String>,
}

impl Guarding {
    /// The session as it was read, and the settings as they are.
    fn begin(guard: &Guard) -> Self {
        // One that is built in, or discovered, has no file that could be changed.
        let session = guard.source.file.iter().filter(|file| file.is_absolute()).cloned();
        let files: Vec<(PathBuf, Guarded)> = session
            .map(|file| (file, Guarded::Session))
            .chain(guard.settings.iter().map(|file| (file.clone(), Guarded::Hooks)))
            .collect();
        let text = |(file, guarded): &(PathBuf, Guarded)| match guarded {
            Guarded::Session => guard.source.text.clone(),
            Guarded::Hooks => read(file).ok().flatten().unwrap_or_default(),
        };
        let in_force = files.iter().map(|guarded| (guarded.0.clone(), text(guarded))).collect();
        Self { files, in_force }
    }
}

async fn run(guard: &Guard, guarding: Guarding, outbox: &Outbox, mut accepted: mpsc::Receiver<(PathBuf, String)>) {
    let Guarding { files, mut in_force } = guarding;
    let mut watch = Watch::new(files.iter().map(|(file, _)| Root::flat(file)), Behind::Stat);
    let mut told: Vec<RuleChange> = Vec::new();
    loop {
        let (seen, of) = (in_force.clone(), guard.clone());
        let looked = files.clone();
        let found = tokio::task::spawn_blocking(move || changes(&looked, &seen, &of)).await.unwrap_or_default();
        if found != told {
            told.clone_from(&found);
            let redactor = outbox.redactor();
            let changes = found.into_iter().map(|change| change.redacted(redactor)).collect();
            outbox.post(SourceId::Rules, Event::Rules(RulesNews { changes }));
        }
        tokio::select! {
            _ = watch.changed() => {}
            accepted = accepted.recv() => match accepted {
                Some((file, text)) => {
                    in_force.insert(file, text);
                }
                None => return,
            },
        }
    }
}

fn changes(files: &[(PathBuf, Guarded)], in_force: &BTreeMap<PathBuf, String>, guard: &Guard) -> Vec<RuleChange> {
    let mut found = Vec::new();
    for (file, guarded) in files {
        let before = in_force.get(file).map(String::as_str).unwrap_or_default();
        let (now, mut problems) = match read(file) {
            Ok(text) => (text.unwrap_or_default(), Vec::new()),
            Err(error) => (String::new(), vec![error.to_string()]),
        };
        if now == before && problems.is_empty() {
            continue;
        }
        if *guarded == Guarded::Session && problems.is_empty() {
            let source = SourceText { text: now.clone(), ..guard.source.clone() };
            let wrong = read_rules(&source, &guard.root, &guard.paths).err().unwrap_or_default();
            problems.extend(wrong.iter().map(ToString::to_string));
        }
        found.push(RuleChange::new(file.clone(), *guarded, before, &now, problems));
    }
    found
}

/// The text of a file; `None` when there is none.
fn read(file: &Path) -> io::Result<Option<String>> {
    let opened = match File::open(file) {
        Ok(opened) => opened,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    if !opened.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file"));
    }
    let mut text = String::new();
    opened.take(LONGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LONGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "more than 1 MB"));
    }
    Ok(Some(text))
}
