//! One line of a Claude Code transcript, split into its fields but not parsed further.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::json;
use super::usage::Used;

/// The envelope. Fields that are not named are skipped.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Record<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Option<&'a RawValue>,
    #[serde(borrow)]
    pub subtype: Option<&'a RawValue>,
    #[serde(borrow)]
    pub timestamp: Option<&'a RawValue>,
    #[serde(borrow)]
    pub session_id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub version: Option<&'a RawValue>,
    #[serde(borrow)]
    pub cwd: Option<&'a RawValue>,
    #[serde(borrow)]
    pub git_branch: Option<&'a RawValue>,
    #[serde(borrow)]
    pub is_sidechain: Option<&'a RawValue>,
    #[serde(borrow)]
    pub is_meta: Option<&'a RawValue>,
    #[serde(borrow)]
    pub is_compact_summary: Option<&'a RawValue>,
    #[serde(borrow)]
    pub is_api_error_message: Option<&'a RawValue>,
    #[serde(borrow)]
    pub request_id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub agent_id: Option<&'a RawValue>,
    #[serde(borrow, rename = "costUSD")]
    pub cost_usd: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<Told<'a>>,
    /// Of `progress` records.
    #[serde(borrow)]
    pub data: Option<&'a RawValue>,
    /// The program's own copy of a result; not parsed where it is not needed.
    #[serde(borrow)]
    pub tool_use_result: Option<&'a RawValue>,
    #[serde(borrow)]
    pub attachment: Option<&'a RawValue>,
    #[serde(borrow)]
    pub content: Option<&'a RawValue>,
    #[serde(borrow)]
    pub level: Option<&'a RawValue>,
    // Titles.
    #[serde(borrow)]
    pub summary: Option<&'a RawValue>,
    #[serde(borrow)]
    pub custom_title: Option<&'a RawValue>,
    #[serde(borrow)]
    pub ai_title: Option<&'a RawValue>,
    #[serde(borrow)]
    pub agent_name: Option<&'a RawValue>,
    #[serde(borrow)]
    pub title: Option<&'a RawValue>,
    // Of system records.
    #[serde(borrow)]
    pub duration_ms: Option<&'a RawValue>,
    #[serde(borrow)]
    pub pending_background_agent_count: Option<&'a RawValue>,
    #[serde(borrow)]
    pub compact_metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    pub microcompact_metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    pub error: Option<&'a RawValue>,
    #[serde(borrow)]
    pub retry_attempt: Option<&'a RawValue>,
    #[serde(borrow)]
    pub max_retries: Option<&'a RawValue>,
    #[serde(borrow)]
    pub prevented_continuation: Option<&'a RawValue>,
    #[serde(borrow)]
    pub stop_reason: Option<&'a RawValue>,
    // Of the rarer kinds.
    #[serde(borrow)]
    pub operation: Option<&'a RawValue>,
    #[serde(borrow)]
    pub pr_url: Option<&'a RawValue>,
    #[serde(borrow)]
    pub continued_in_session_id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub relocated_cwd: Option<&'a RawValue>,
    // Of sub-agents.
    #[serde(borrow)]
    pub uuid: Option<&'a RawValue>,
    #[serde(borrow)]
    pub parent_uuid: Option<&'a RawValue>,
    #[serde(borrow, rename = "parentToolUseID")]
    pub parent_tool_use_id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub worktree_session: Option<&'a RawValue>,
}

/// `message` of a user or assistant record. Results of tools are most of all bytes and stand in here, so it is read together
/// with its record, as a rule.
#[derive(Debug)]
enum Told<'a> {
    Message(Message<'a>),
    /// What it is, is another question than whether its record is one.
    Raw(&'a RawValue),
}

impl<'de: 'a, 'a> Deserialize<'de> for Told<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The quick reader gives up on what is no message, and the full parser reads the record again.
        if deserializer.is_human_readable() {
            <&RawValue>::deserialize(deserializer).map(Self::Raw)
        } else {
            Message::deserialize(deserializer).map(Self::Message)
        }
    }
}

/// The message of a user or assistant record, whose content is blocks.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Message<'a> {
    #[serde(borrow)]
    pub id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub model: Option<&'a RawValue>,
    #[serde(borrow, rename = "content")]
    pub blocks: Vec<Block<'a>>,
    #[serde(borrow)]
    pub stop_reason: Option<&'a RawValue>,
    #[serde(borrow)]
    pub usage: Option<Used<'a>>,
}

/// The same with content that is anything.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Loose<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    model: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    stop_reason: Option<&'a RawValue>,
    #[serde(borrow)]
    usage: Option<Used<'a>>,
}

/// One block of a message's content.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Block<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Option<&'a RawValue>,
    #[serde(borrow)]
    pub id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub name: Option<&'a RawValue>,
    #[serde(borrow)]
    pub input: Option<&'a RawValue>,
    #[serde(borrow)]
    pub text: Option<&'a RawValue>,
    #[serde(borrow)]
    pub thinking: Option<&'a RawValue>,
    #[serde(borrow)]
    pub tool_use_id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub is_error: Option<&'a RawValue>,
    #[serde(borrow)]
    pub content: Option<&'a RawValue>,
    #[serde(borrow)]
    pub source: Option<&'a RawValue>,
}

/// Why a line is no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoRecord {
    /// Nothing but white space, a byte order mark or the zero bytes that a crash leaves.
    Blank,
    /// Something else.
    NotJson,
}

/// The line without what is not part of its record; invalid UTF-8 is replaced.
pub(crate) fn text_of(line: &[u8]) -> Cow<'_, str> {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let padding = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0;
    let start = line.iter().position(|byte| !padding(byte)).unwrap_or(line.len());
    let end = line.iter().rposition(|byte| !padding(byte)).map_or(start, |last| last + 1);
    let line = &line[start..end];
    // The plain check is several times faster than the one that replaces.
    std::str::from_utf8(line).map_or_else(|_| String::from_utf8_lossy(line), Cow::Borrowed)
}

/// Splits a line that [`text_of`] prepared.
pub(crate) fn split(text: &str) -> Result<Record<'_>, NoRecord> {
    if text.is_empty() {
        return Err(NoRecord::Blank);
    }
    if !text.starts_with('{') {
        return Err(NoRecord::NotJson);
    }
    json::read(text).ok_or(NoRecord::NotJson)
}

impl<'a> Record<'a> {
    /// The record's kind; empty when it names none.
    pub(crate) fn kind(&self) -> Cow<'a, str> {
        json::string(self.kind).unwrap_or_default()
    }

    /// The message. One whose content is a string has one block of that text.
    pub(crate) fn message(&self) -> Cow<'_, Message<'a>> {
        match &self.message {
            Some(Told::Message(message)) => Cow::Borrowed(message),
            Some(Told::Raw(raw)) => Cow::Owned(Message::of(raw)),
            None => Cow::Owned(Message::default()),
        }
    }
}

impl<'a> Message<'a> {
    fn of(raw: &'a RawValue) -> Self {
        if let Some(message) = Some(raw).filter(|raw| raw.get().starts_with('{')).and_then(|raw| json::read(raw.get()))
        {
            return message;
        }
        let Loose { id, model, content, stop_reason, usage } = json::fields(Some(raw));
        Self { id, model, blocks: blocks(content), stop_reason, usage }
    }
}

/// The blocks of some content. Content that is a string is one block of text without a kind.
pub(crate) fn blocks(content: Option<&RawValue>) -> Vec<Block<'_>> {
    match content {
        Some(raw) if raw.get().starts_with('"') => vec![Block { text: content, ..Block::default() }],
        Some(raw) if raw.get().starts_with('[') => json::read(raw.get()).unwrap_or_else(|| {
            // Something in it is no block: that one alone is lost.
            json::elements::<&RawValue>(content).into_iter().map(|raw| json::fields(Some(raw))).collect()
        }),
        _ => Vec::new(),
    }
}

/// Kinds that change what a session is called or how it works and are written again and again; nothing to be shown.
pub(crate) const SILENT: &[&str] = &[
    "agent-name",
    "agent-setting",
    "ai-title",
    "api-request",
    "api-request-blob",
    "api-request-shape",
    "atis-latch",
    "attribution-snapshot",
    "bridge-session",
    "content-replacement",
    "cost-state",
    "custom-title",
    "file-history-delta",
    "file-history-snapshot",
    "frame-link",
    "last-prompt",
    "mode",
    "parent-session",
    "permission-mode",
    "progress",
    "result",
    "speculation-accept",
    "started",
    "summary",
    "tag",
    "tools-used",
];

/// Kinds that are shown.
const SHOWN: &[&str] = &[
    "assistant",
    "attachment",
    "continued-in",
    "pr-link",
    "queue-operation",
    "relocated",
    "system",
    "user",
    "worktree-state",
];

/// True for kinds this program knows.
pub(crate) fn is_known(kind: &str) -> bool {
    SHOWN.contains(&kind) || SILENT.contains(&kind)
}
