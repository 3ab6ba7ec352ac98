//! One entry of Claude Code's own registry of running sessions, `sessions/PID.json`.
//!
//! The file is undocumented; everything but the process id is optional and a status not known here is kept as it is.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::transcript::json;

/// What a running session says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryEntry {
    /// Process id.
    pub pid: u32,
    /// When the process began, as field 22 of `/proc/PID/stat` has it; tells it from a later process of the same id.
    pub proc_start: Option<String>,
    /// Session id.
    pub session_id: Option<String>,
    /// Working directory.
    pub cwd: Option<String>,
    /// Version of the program.
    pub version: Option<String>,
    /// `interactive` or `bg`.
    pub kind: Option<String>,
    /// Name of the session.
    pub name: Option<String>,
    /// True when nobody gave it that name: it was made from the folder's.
    pub name_is_derived: bool,
    /// In which space of process ids `pid` counts; ends with the name of a pid namespace on Linux.
    pub pid_domain: Option<String>,
    /// Where it runs in tmux: `SESSION:@WINDOW.%PANE`.
    pub tmux: Option<String>,
    /// What it does.
    pub status: Option<RegistryStatus>,
    /// What it waits for.
    pub waiting_for: Option<String>,
    /// Since when it does that.
    pub status_updated_at: Option<Timestamp>,
}

/// The status a session gives itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistryStatus {
    /// At its prompt.
    Idle,
    /// The model or a tool is at work.
    Busy,
    /// Wants a person.
    Waiting,
    /// A shell command of the user runs.
    Shell,
    /// A word not known here.
    Other(String),
}

impl RegistryStatus {
    /// The word in the file.
    pub fn name(&self) -> &str {
        match self {
            Self::Idle => "idle",
            Self::Busy => "busy",
            Self::Waiting => "waiting",
            Self::Shell => "shell",
            Self::Other(word) => word,
        }
    }
}

impl RegistryEntry {
    /// Reads the content of a file. `None` when it is torn (being written), or no entry at all.
    pub fn parse(content: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct File<'a> {
            pid: u32,
            #[serde(borrow, default)]
            proc_start: Option<&'a RawValue>,
            #[serde(borrow, default)]
            session_id: Option<&'a RawValue>,
            #[serde(borrow, default)]
            cwd: Option<&'a RawValue>,
            #[serde(borrow, default)]
            version: Option<&'a RawValue>,
            #[serde(borrow, default)]
            kind: Option<&'a RawValue>,
            #[serde(borrow, default)]
            name: Option<&'a RawValue>,
            #[serde(borrow, default)]
            name_source: Option<&'a RawValue>,
            #[serde(borrow, default)]
            pid_domain: Option<&'a RawValue>,
            #[serde(borrow, default)]
            tmux: Option<&'a RawValue>,
            #[serde(borrow, default)]
            status: Option<&'a RawValue>,
            #[serde(borrow, default)]
            waiting_for: Option<&'a RawValue>,
            #[serde(borrow, default)]
            status_updated_at: Option<&'a RawValue>,
            #[serde(borrow, default)]
            updated_at: Option<&'a RawValue>,
        }
        let file: File<'_> = serde_json::from_slice(content).ok()?;
        let text = |raw| json::string(raw).map(std::borrow::Cow::into_owned);
        let status = text(file.status).map(|word| match word.as_str() {
            "idle" => RegistryStatus::Idle,
            "busy" => RegistryStatus::Busy,
            "waiting" => RegistryStatus::Waiting,
            "shell" => RegistryStatus::Shell,
            _ => RegistryStatus::Other(word),
        });
        Some(Self {
            pid: file.pid,
            // A number in some versions, a string in others.
            proc_start: file.proc_start.map(|raw| raw.get().trim_matches('"').to_owned()),
            session_id: text(file.session_id),
            cwd: text(file.cwd),
            version: text(file.version),
            kind: text(file.kind),
            name: text(file.name),
            name_is_derived: text(file.name_source).is_some_and(|source| source == "derived"),
            pid_domain: text(file.pid_domain),
            tmux: text(file.tmux),
            status,
            waiting_for: text(file.waiting_for),
            status_updated_at: json::moment(file.status_updated_at).or(json::moment(file.updated_at)),
        })
    }

    /// The tmux pane: `%3`.
    pub fn pane(&self) -> Option<&str> {
        let (_, pane) = self.tmux.as_deref()?.rsplit_once('.')?;
        (pane.len() > 1 && pane.starts_with('%') && pane[1..].bytes().all(|b| b.is_ascii_digit())).then_some(pane)
    }
}

#[cfg(test)]
mod tests {
    use super::{RegistryEntry, RegistryStatus};

    #[test]
    fn an_entry_is_read_whatever_else_is_in_it() {
        let entry = RegistryEntry::parse(
            br#"{"pid":42,"sessionId":"s1","cwd":"/p","startedAt":1795192110389,"procStart":"8163","version":"2.1.329","new":{"x":[]},
                "status":"waiting","waitingFor":"permission prompt","statusUpdatedAt":1000,"tmux":"main:@1.%3","name":null}"#,
        )
        .unwrap();
        assert_eq!((entry.pid, entry.proc_start.as_deref()), (42, Some("8163")));
        assert_eq!(entry.status, Some(RegistryStatus::Waiting));
        assert_eq!(entry.waiting_for.as_deref(), Some("permission prompt"));
        assert_eq!(entry.status_updated_at.unwrap().as_second(), 1);
        assert_eq!((entry.pane(), entry.name.as_deref()), (Some("%3"), None));
    }

    #[test]
    fn torn_files_are_no_entries_and_new_words_are_kept() {
        assert_eq!(RegistryEntry::parse(br#"{"pid":42,"sess"#), None);
        assert_eq!(RegistryEntry::parse(b""), None);
        let entry = RegistryEntry::parse(br#"{"pid":1,"procStart":99,"status":"dreaming","tmux":"odd"}"#).unwrap();
        assert_eq!(entry.status.as_ref().map(RegistryStatus::name), Some("dreaming"));
        assert_eq!((entry.proc_start.as_deref(), entry.pane()), (Some("99"), None));
    }
}
