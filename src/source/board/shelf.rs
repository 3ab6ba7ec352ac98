//! What was read of a board's files, so that a change of one of them costs the reading of one.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::files::{describe, expand, is_config, project_of, read_text};
use crate::domain::fault::Fault;
use crate::domain::redact::Redactor;
use crate::domain::task::{self, Project, Task};
use crate::event::BoardNews;

/// The files of a board as they were last read.
#[derive(Debug, Default)]
pub struct Shelf {
    kept: BTreeMap<PathBuf, Kept>,
    /// The rules of projects, by the folder of their tasks.
    projects: BTreeMap<PathBuf, (Option<Arc<Project>>, Option<Fault>)>,
}

/// What one file held.
#[derive(Debug)]
struct Kept {
    stamp: Stamp,
    tasks: Vec<Arc<Task>>,
    faults: Vec<Fault>,
    digest: Option<String>,
}

/// What tells one state of a file from another without reading it: device, number, size, and when it was written.
type Stamp = Option<(u64, u64, u64, i64, i64)>;

fn stamp(path: &Path) -> Stamp {
    let meta = std::fs::metadata(path).ok()?;
    Some((meta.dev(), meta.ino(), meta.size(), meta.mtime(), meta.mtime_nsec()))
}

impl Shelf {
    /// Forgets what was read of these paths: a file written twice within a tick of the clock looks the same.
    pub fn forget<'a>(&mut self, changed: impl IntoIterator<Item = &'a Path>) {
        for path in changed {
            if is_config(path) {
                // Every task of the project may have another status now.
                *self = Self::default();
                return;
            }
            self.kept.retain(|file, _| !file.starts_with(path));
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The board of these files, with secrets hidden. Reads those that are new or have changed. Blocks.
    pub fn read(&mut self, files: &[PathBuf], as_of: Timestamp, redactor: &Redactor) -> BoardNews {
        let mut news = BoardNews { as_of, ..BoardNews::default() };
        let files = expand(files, &mut news.faults);
        let current: BTreeSet<&PathBuf> = files.iter().collect();
        self.kept.retain(|file, _| current.contains(file));
        for file in &files {
            // Taken before it is read: what is written meanwhile is read again.
            let now = stamp(file);
            let known = self.kept.get(file).is_some_and(|kept| kept.stamp == now && now.is_some());
            if !known {
                let read = self.read_file(file, now, redactor);
                self.kept.insert(file.clone(), read);
            }
            let Some(kept) = self.kept.get(file) else { continue };
            news.digests.extend(kept.digest.iter().map(|digest| (file.clone(), digest.clone())));
            news.tasks.extend(kept.tasks.iter().cloned());
            news.faults.extend(kept.faults.iter().cloned());
        }
        news.faults.extend(self.projects.values().filter_map(|(_, fault)| fault.clone()));
        news.files = files;
        task::distinguish(&mut news.tasks);
        news
    }

    fn read_file(&mut self, file: &Path, stamp: Stamp, redactor: &Redactor) -> Kept {
        let (text, digest) = match read_text(file) {
            Ok(read) => read,
            Err(error) => {
                return Kept { stamp: None, tasks: Vec::new(), faults: vec![describe(file, &error)], digest: None };
            }
        };
        let parsed = task::parse(file, &text);
        let mut tasks: Vec<Arc<Task>> =
            parsed.tasks.into_iter().map(|task| Arc::new(task.redacted(redactor))).collect();
        if tasks.iter().any(|task| task.format == task::backlog::NAME)
            && let Some(project) = self.project(file)
        {
            for task in &mut tasks {
                project.adopt(Arc::make_mut(task));
            }
        }
        Kept { stamp, tasks, faults: parsed.findings, digest }
    }

    fn project(&mut self, file: &Path) -> Option<Arc<Project>> {
        let folder = file.parent()?;
        let found = self.projects.entry(folder.to_owned()).or_insert_with(|| {
            let (project, fault) = project_of(file);
            (project.map(Arc::new), fault)
        });
        found.0.clone()
    }
}
