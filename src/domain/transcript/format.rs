//! The ways in which agents write down what they do. A format is one file: an implementation of [`Format`] and a row in
//! [`FORMATS`]; `docs/formats.md` tells how to add one.

use std::path::Path;

use super::landmark::Landmark;
use super::usage::Usage;
use super::{Digest, Entry};
use crate::domain::agent::AgentKind;

use super::aider::Aider;
use super::claude::Claude;
use super::codex::Codex;
use super::copilot::Copilot;
use super::gemini::Gemini;
use super::opencode::OpenCode;
use super::plain::Plain;

/// A way in which agents write down what they do.
pub trait Format: Sync {
    /// The name used in JSON: `claude`, `plain`.
    fn name(&self) -> &'static str;

    /// What kind of agent writes it.
    fn kind(&self) -> AgentKind;

    /// Where its program keeps such files.
    fn places(&self) -> &'static [Place];

    /// Whether a file is of this format, by its path alone. Asked of every file in its places, and of those that a session names.
    fn owns(&self, path: &Path) -> bool;

    /// Whether a file that no path tells about begins as this format does. `head` is its first few kilobytes.
    fn begins(&self, head: &[u8]) -> bool;

    /// How a file becomes lines.
    fn storage(&self, _path: &Path) -> Storage {
        Storage::Lines
    }

    /// What the path tells about the agent.
    fn identify(&self, path: &Path) -> Named {
        Named::of(path.display().to_string())
    }

    /// Whether its records say how many tokens were used. Where they do not, nothing is known of the cost.
    fn counts_tokens(&self) -> bool {
        true
    }

    /// False when a line surely holds no such landmark: tells it from its bytes, without parsing it.
    fn may_hold(&self, _landmark: Landmark, _line: &[u8]) -> bool {
        true
    }

    /// The entries of one line, which begins at `offset`. Lenient: what cannot be read becomes an entry that says so.
    fn entries(&self, offset: u64, line: &[u8]) -> Vec<Entry>;

    /// Takes one line into a digest, in the order of the file. Tokens are noted in `usage`, when somebody counts them.
    fn read(&self, digest: &mut Digest, line: &[u8], usage: Option<&mut Usage>);
}

/// A place where a program keeps its transcripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A folder of the user's: the environment variable that moves it (empty for none), its default below the home
    /// directory, and the folder below that.
    Home {
        /// `CODEX_HOME`.
        variable: &'static str,
        /// `.codex`.
        default: &'static str,
        /// `sessions`; empty for the folder itself.
        below: &'static str,
    },
    /// A file in a project's root: `.aider.chat.history.md`.
    Project(&'static str),
}

/// How a file becomes lines.
#[derive(Debug, Clone, Copy)]
pub enum Storage {
    /// It is lines, and only grows.
    Lines,
    /// Lines that were compressed when they were complete.
    Zstandard,
    /// One document that is written anew each time; the function makes lines of it.
    Document(fn(&[u8]) -> Vec<u8>),
    /// A SQLite database of many sessions. A session's path is its id below the database's path.
    Database(Database),
    /// A file that describes a session, of which the messages and their parts are files elsewhere.
    Pieces(Pieces),
}

/// Queries of a database.
#[derive(Debug, Clone, Copy)]
pub struct Database {
    /// Ids of the sessions, and when each was last written in milliseconds since 1970.
    pub sessions: &'static str,
    /// The lines of the session whose id is the one parameter, in order.
    pub lines: &'static str,
}

/// How a session in many files becomes lines: they are put into tables, of which a query makes lines.
#[derive(Debug, Clone, Copy)]
pub struct Pieces {
    /// Folder of the messages, in which each session has one by its name; beside the folder of the sessions.
    pub messages: &'static str,
    /// Folder of the parts, in which each message has one.
    pub parts: &'static str,
    /// Makes the tables.
    pub tables: &'static str,
    /// Takes in what describes the session; its text is the one parameter.
    pub session: &'static str,
    /// Takes in a message.
    pub message: &'static str,
    /// Takes in a part.
    pub part: &'static str,
    /// The lines of the session whose id is the one parameter, in order.
    pub lines: &'static str,
}

/// What a path tells about an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its id: the session's, or the path.
    pub id: String,
    /// Id of the agent whose sub-agent it is.
    pub parent: Option<String>,
    /// It is a sub-agent, whether or not the path names its parent.
    pub sub_agent: bool,
    /// The folder that it works in, where the place of the file says so.
    pub cwd: Option<String>,
}

impl Named {
    /// An agent of its own, of which the path says no more.
    pub fn of(id: String) -> Self {
        Self { id, parent: None, sub_agent: false, cwd: None }
    }
}

impl std::fmt::Debug for dyn Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl PartialEq for dyn Format {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for dyn Format {}

/// Every format, the particular before the general. The last one takes anything.
pub const FORMATS: &[&dyn Format] = &[&Codex, &Copilot, &Gemini, &OpenCode, &Aider, &Claude, &Plain];

/// The format of a file that a path owns.
pub fn by_path(path: &Path) -> Option<&'static dyn Format> {
    FORMATS.iter().copied().find(|format| format.owns(path))
}

/// The format of a file that no path tells about, by its first few kilobytes.
pub fn by_head(head: &[u8]) -> &'static dyn Format {
    FORMATS.iter().copied().find(|format| format.begins(head)).unwrap_or(&Plain)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::path::Path;

    use super::{FORMATS, by_head, by_path};

    #[test]
    fn every_format_has_a_name_of_its_own_and_the_last_takes_anything() {
        let names: HashSet<_> = FORMATS.iter().map(|format| format.name()).collect();
        assert_eq!(names.len(), FORMATS.len());
        assert!(FORMATS.last().is_some_and(|format| format.begins(b"\xff\x00")));
    }

    #[test]
    fn a_path_tells_and_where_it_does_not_the_content_does() {
        let of = |path: &str| by_path(Path::new(path)).map(super::Format::name);
        assert_eq!(of("/h/.claude/projects/-p/s.jsonl"), Some("claude"));
        assert_eq!(of("/h/.claude/projects/-p/s/tool-results/a.jsonl"), None);
        assert_eq!(of("/tmp/a.jsonl"), None);
        assert_eq!(of("/h/.copilot/session-state/s1/events.jsonl"), Some("copilot"));
        assert_eq!(of("/h/.gemini/tmp/ab/chats/session-2026-11-20T10-00-1.json"), Some("gemini"));
        assert_eq!(of("/h/.local/share/opencode/opencode.db/ses_1"), Some("opencode"));
        assert_eq!(of("/p/.aider.chat.history.md"), Some("aider"));
        assert_eq!(of("/h/projects/x/.codex/sessions/2026/11/20/rollout-1.jsonl"), Some("codex"));
        assert_eq!(of("/h/.codex/archived_sessions/rollout-1.jsonl.zst"), Some("codex"));
        assert_eq!(of("/h/.codex/session_index.jsonl"), None);
        assert_eq!(by_head(br#"{"type":"user","sessionId":"s","message":{}}"#).name(), "claude");
        assert_eq!(by_head(br#"{"timestamp":"t","ordinal":0,"type":"session_meta","payload":{"id":"#).name(), "codex");
        assert_eq!(by_head(br#"{"id":"a","timestamp":"t","instructions":null}"#).name(), "codex");
        assert_eq!(by_head(b"12:00 started\n").name(), "plain");
        assert_eq!(by_head(b"").name(), "plain");
    }
}
