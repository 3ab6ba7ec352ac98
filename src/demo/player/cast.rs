//! One actor on the stage: its transcript and, unless it is a sub-agent, its process and registry file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::demo::scenario::Casting;

use super::process::{Process, Status};
use super::record::{self, Envelope};
use super::transcript::Transcript;

/// Longest name of a project folder before Claude Code cuts it.
const SLUG: usize = 200;

/// A session that is running.
#[derive(Debug)]
pub struct Running {
    /// Its transcript.
    pub transcript: Transcript,
    /// Id of its last tool call.
    pub last_call: String,
    process: Option<Process>,
    status: Option<Status>,
}

impl Running {
    /// Starts a session with a process of its own.
    pub fn start(
        claude: &Path,
        name: &str,
        casting: &Casting,
        take: u32,
        place: (&Path, &str),
        at: Timestamp,
    ) -> io::Result<Self> {
        let (cwd, branch) = place;
        let session = session_id(&casting.prefix, take);
        let path = claude.join("projects").join(slug(cwd)).join(format!("{session}.jsonl"));
        let process = Process::start(claude, &session, cwd, name, at)?;
        let envelope = Envelope { session, cwd: cwd.display().to_string(), branch: branch.to_owned(), agent: None };
        let transcript = Transcript::create(&path, envelope, &casting.model, &casting.title, casting.context)?;
        Ok(Self { transcript, last_call: String::new(), process: Some(process), status: None })
    }

    /// Starts a sub-agent of `parent`: a transcript below the parent's, and a file that describes it.
    pub fn start_below(parent: &Self, name: &str, casting: &Casting, take: u32) -> io::Result<Self> {
        let agent = format!("a{}", &record::uuid(&format!("{name} {take}")).replace('-', "")[..16]);
        let folder = parent.transcript.path.with_extension("").join("subagents");
        let path = folder.join(format!("agent-{agent}.jsonl"));
        let envelope = Envelope { agent: Some(agent), ..parent.transcript.envelope.clone() };
        let transcript = Transcript::create(&path, envelope, &casting.model, &casting.title, casting.context)?;
        let meta = json!({
            "agentType": "Explore",
            "isBuiltIn": true,
            "description": casting.title,
            "toolUseId": parent.last_call,
            "spawnDepth": 1,
            "requestShape": "background",
            "model": casting.model,
        });
        fs::write(meta_of(&path), meta.to_string())?;
        Ok(Self { transcript, last_call: String::new(), process: None, status: None })
    }

    /// Tells the registry what the session does, if that is news.
    pub fn report(&mut self, status: Status, at: Timestamp) -> io::Result<()> {
        if self.status.as_ref() == Some(&status) {
            return Ok(());
        }
        if let Some(process) = &self.process {
            process.report(&status, at)?;
        }
        self.status = Some(status);
        Ok(())
    }

    /// Ends in an orderly way.
    pub fn exit(self) -> io::Result<()> {
        let meta = meta_of(&self.transcript.path);
        let Ok(text) = fs::read_to_string(&meta) else { return Ok(()) };
        let mut value: Value = serde_json::from_str(&text)?;
        value["finished"] = json!(true);
        fs::write(meta, value.to_string())
    }

    /// The process dies; gives the registry file that it leaves behind.
    pub fn crash(self) -> Option<PathBuf> {
        self.process.map(Process::crash)
    }
}

/// Removes a transcript and what belongs to it. What is gone already is no failure.
pub fn forget(transcript: &Path) {
    for file in [transcript.to_owned(), meta_of(transcript)] {
        let _ = fs::remove_file(file);
    }
}

fn meta_of(transcript: &Path) -> PathBuf {
    transcript.with_extension("meta.json")
}

/// The id of an actor's n-th session: the actor's own digits, then some that differ.
fn session_id(prefix: &str, take: u32) -> String {
    let id = record::uuid(&format!("{prefix} {take}"));
    format!("{prefix}{}", &id[8..])
}

/// The name of a folder's transcripts below `projects`: everything but letters and digits becomes `-`.
fn slug(cwd: &Path) -> String {
    let mut slug: String =
        cwd.to_string_lossy().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    slug.truncate(SLUG);
    slug
}
