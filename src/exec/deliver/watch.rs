//! Looks for the record of a prompt in what an agent's transcript has grown by.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::domain::agent::AgentKind;
use crate::domain::deliver::Receiver;
use crate::domain::deliver::arrival::{Told, told};
use crate::domain::deliver::payload::Payload;
use crate::exec::record::line_number;
use crate::source::agents::folder;
use crate::source::transcript::lines::{self, Limits, Line};
use crate::source::transcript::store::format_of;

/// The files in which a prompt may appear, each from where it ended before.
pub struct Transcripts {
    files: Vec<Followed>,
}

struct Followed {
    path: PathBuf,
    /// What was looked at; the rest is new.
    end: u64,
}

/// A prompt that was found.
pub struct Found {
    pub told: Told,
    pub file: PathBuf,
    pub offset: u64,
    /// From 1.
    pub line: u64,
}

impl Transcripts {
    /// The receiver's transcript, and wherever else its session may write: one that has written nothing yet has no file.
    pub fn open(receiver: &Receiver, claude_dirs: &[PathBuf]) -> Self {
        let mut paths = vec![receiver.transcript.clone()];
        let name = receiver.session.as_deref().filter(|session| !session.contains(['/', '\0']));
        if let (AgentKind::Claude, Some(session)) = (receiver.kind, name) {
            let projects = claude_dirs.iter().filter_map(|dir| fs::read_dir(folder(dir)).ok()).flatten().flatten();
            paths.extend(projects.map(|project| project.path().join(format!("{session}.jsonl"))));
        }
        paths.sort();
        paths.dedup();
        let size = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.len());
        Self { files: paths.into_iter().map(|path| Followed { end: size(&path), path }).collect() }
    }

    /// Looks through what is new for this prompt.
    pub fn find(&mut self, payload: &Payload) -> Option<Found> {
        self.files.iter_mut().find_map(|file| file.find(payload))
    }
}

impl Followed {
    fn find(&mut self, payload: &Payload) -> Option<Found> {
        let file = File::open(&self.path).ok()?;
        let size = file.metadata().ok()?.len();
        if size <= self.end {
            return None;
        }
        let complete = lines::complete(&file, self.end, self.end, size).ok()?;
        let format = format_of(&self.path);
        let mut found = None;
        let read = lines::forward(&file, self.end, complete, Limits::NONE, |offset, line| {
            if let (None, Line::Whole(line)) = (&found, line) {
                found = told(format, line, payload).map(|told| (told, offset));
            }
        });
        self.end = read.unwrap_or(self.end);
        let (told, offset) = found?;
        let line = line_number(&file, offset).unwrap_or_default();
        Some(Found { told, file: self.path.clone(), offset, line })
    }
}
