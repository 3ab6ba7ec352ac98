//! What Claude Code notes of a sub-agent beside its transcript: `agent-ID.meta.json`.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::text;
use crate::domain::transcript::json;

/// Files of this kind are small; anything larger is something else.
const LARGEST: u64 = 64 * 1024;
/// Bytes of a description that are kept.
const LABEL: usize = 160;

/// What was asked for when the sub-agent was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Meta {
    /// `general-purpose`.
    pub agent_type: Option<String>,
    /// A few words.
    pub description: Option<String>,
}

/// Reads what stands beside a transcript; `None` when there is nothing that can be read.
pub(super) fn read(transcript: &Path) -> Option<Meta> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct File<'a> {
        #[serde(borrow)]
        agent_type: Option<&'a RawValue>,
        #[serde(borrow)]
        description: Option<&'a RawValue>,
    }
    let path = transcript.with_extension("meta.json");
    if fs::metadata(&path).ok()?.len() > LARGEST {
        return None;
    }
    let bytes = fs::read(path).ok()?;
    let file: File<'_> = serde_json::from_slice(&bytes).ok()?;
    let label = |raw| {
        let head = json::head(raw, LABEL)?;
        let label = text::line(text::prefix(&head, LABEL)).into_owned();
        (!label.is_empty()).then_some(label)
    };
    Some(Meta { agent_type: label(file.agent_type), description: label(file.description) })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::read;

    #[test]
    fn what_stands_beside_a_transcript_is_read_as_far_as_it_can_be() {
        let folder = tempfile::tempdir().unwrap();
        let transcript = folder.path().join("agent-a1.jsonl");
        let beside = folder.path().join("agent-a1.meta.json");
        assert_eq!(read(&transcript), None);
        fs::write(&beside, r#"{"agentType":"Explore","description":7,"new":[]}"#).unwrap();
        let meta = read(&transcript).unwrap();
        assert_eq!((meta.agent_type.as_deref(), meta.description), (Some("Explore"), None));
        fs::write(&beside, "{\"agentType\":").unwrap();
        assert_eq!(read(&transcript), None);
    }
}
