//! Records as Claude Code 2.1.329 writes them into its transcripts, one JSON object per line.
//!
//! Shapes were read from transcripts of the real program. Everything here is pure: ids come from a counter, times from
//! the caller.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::domain::digest::sha256;

/// The version of the program whose records these are.
pub const VERSION: &str = "2.1.329";

/// What every conversation record of one transcript carries.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// Session id.
    pub session: String,
    /// Working directory.
    pub cwd: String,
    /// Branch checked out there.
    pub branch: String,
    /// Id of the sub-agent, in a sub-agent's transcript.
    pub agent: Option<String>,
}

/// Where a record stands in the conversation.
#[derive(Debug, Clone)]
pub struct Place {
    /// The record before it; none at the root.
    pub parent: Option<String>,
    /// Its own id.
    pub uuid: String,
    /// When it was written.
    pub at: Timestamp,
}

/// One answer of the API; all of its content blocks share it.
#[derive(Debug, Clone)]
pub struct Message {
    /// `msg_…`.
    pub id: String,
    /// `req_…`.
    pub request: String,
    /// Model that answered.
    pub model: String,
    /// `tool_use` or `end_turn`.
    pub stop_reason: &'static str,
    /// Tokens read from the cache.
    pub cache_read: u64,
    /// Tokens written to the cache.
    pub cache_creation: u64,
    /// Tokens of the answer.
    pub output: u64,
}

/// A prompt that a person typed.
pub fn prompt(envelope: &Envelope, place: &Place, prompt_id: &str, text: &str) -> Value {
    let own = json!({
        "promptId": prompt_id,
        "type": "user",
        "message": {"role": "user", "content": text},
        "permissionMode": "default",
        "promptSource": "typed",
    });
    enclose(envelope, place, own)
}

/// One content block of the model's answer.
pub fn assistant(envelope: &Envelope, place: &Place, message: &Message, index: usize, block: &Value) -> Value {
    let own = json!({
        "message": {
            "id": message.id,
            "type": "message",
            "role": "assistant",
            "model": message.model,
            "content": [block],
            "stop_reason": message.stop_reason,
            "stop_sequence": null,
            "usage": {
                "input_tokens": 4,
                "cache_creation_input_tokens": message.cache_creation,
                "cache_read_input_tokens": message.cache_read,
                "output_tokens": message.output,
                "output_tokens_details": {"thinking_tokens": 0},
                "server_tool_use": {"web_search_requests": 0, "web_fetch_requests": 0},
                "service_tier": "standard",
                "cache_creation": {
                    "ephemeral_1h_input_tokens": message.cache_creation,
                    "ephemeral_5m_input_tokens": 0,
                },
                "inference_geo": "",
                "iterations": [],
                "speed": "standard",
            },
        },
        "requestId": message.request,
        "apiBlockIndex": index,
        "requestedModel": message.model,
        "type": "assistant",
        "effort": "medium",
        "madeBy": "model",
    });
    enclose(envelope, place, own)
}

/// A tool call as a content block.
pub fn tool_use(id: &str, tool: &str, input: &Value) -> Value {
    json!({"type": "tool_use", "id": id, "name": tool, "input": input})
}

/// What a tool answered: the block the model reads and the program's own structured copy of it.
pub fn tool_result(
    envelope: &Envelope,
    place: &Place,
    prompt_id: &str,
    call: (&str, &str),
    content: &str,
    is_error: bool,
    structured: &Value,
) -> Value {
    let (tool_use_id, source) = call;
    let own = json!({
        "promptId": prompt_id,
        "type": "user",
        "message": {"role": "user", "content": [
            {"tool_use_id": tool_use_id, "type": "tool_result", "content": content, "is_error": is_error},
        ]},
        "toolUseResult": structured,
        "sourceToolAssistantUUID": source,
    });
    enclose(envelope, place, own)
}

/// The program's own copy of what a command printed; of a failure it keeps one string.
pub fn command_output(text: &str, is_error: bool) -> Value {
    if is_error {
        return json!(format!("Error: {text}"));
    }
    json!({"stdout": text, "stderr": "", "interrupted": false, "isImage": false, "noOutputExpected": false})
}

/// The end of a turn.
pub fn turn_duration(envelope: &Envelope, place: &Place, milliseconds: u64, messages: u64) -> Value {
    let own = json!({
        "type": "system",
        "subtype": "turn_duration",
        "durationMs": milliseconds,
        "messageCount": messages,
        "pendingBackgroundAgentCount": 0,
        "isMeta": false,
    });
    enclose(envelope, place, own)
}

/// The title that the program gave a session.
pub fn title(session: &str, title: &str) -> Value {
    json!({"type": "ai-title", "aiTitle": title, "sessionId": session})
}

/// The permission mode, written again with every prompt.
pub fn permission_mode(session: &str) -> Value {
    json!({"type": "permission-mode", "permissionMode": "default", "sessionId": session})
}

/// The last prompt, written again with every turn.
pub fn last_prompt(session: &str, text: &str, leaf: &str) -> Value {
    json!({"type": "last-prompt", "lastPrompt": text, "leafUuid": leaf, "sessionId": session})
}

fn enclose(envelope: &Envelope, place: &Place, own: Value) -> Value {
    let mut record = Map::new();
    record.insert("parentUuid".to_owned(), json!(place.parent));
    record.insert("isSidechain".to_owned(), json!(envelope.agent.is_some()));
    if let Some(agent) = &envelope.agent {
        record.insert("agentId".to_owned(), json!(agent));
    }
    if let Value::Object(own) = own {
        record.extend(own);
    }
    record.insert("uuid".to_owned(), json!(place.uuid));
    record.insert("timestamp".to_owned(), json!(timestamp(place.at)));
    record.insert("userType".to_owned(), json!("external"));
    record.insert("entrypoint".to_owned(), json!("cli"));
    record.insert("cwd".to_owned(), json!(envelope.cwd));
    record.insert("sessionId".to_owned(), json!(envelope.session));
    record.insert("version".to_owned(), json!(VERSION));
    record.insert("gitBranch".to_owned(), json!(envelope.branch));
    Value::Object(record)
}

/// RFC 3339 with milliseconds, as in the records.
pub fn timestamp(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// A version 4 UUID made from a seed; the same seed gives the same id.
pub fn uuid(seed: &str) -> String {
    let hex = sha256(seed.as_bytes());
    format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

/// An id as the API makes them, such as `msg_01…`, from a seed.
pub fn api_id(prefix: &str, seed: &str) -> String {
    format!("{prefix}_01{}", &sha256(seed.as_bytes())[..22])
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::{Envelope, Message, Place, assistant, timestamp, uuid};

    #[test]
    fn an_answer_carries_what_usage_is_counted_by() {
        let envelope = Envelope { session: "s".into(), cwd: "/w".into(), branch: "main".into(), agent: None };
        let place = Place { parent: None, uuid: uuid("1"), at: Timestamp::UNIX_EPOCH };
        let message = Message {
            id: "msg_1".into(),
            request: "req_1".into(),
            model: "claude-opus-5".into(),
            stop_reason: "end_turn",
            cache_read: 7,
            cache_creation: 5,
            output: 3,
        };
        let record = assistant(&envelope, &place, &message, 0, &json!({"type": "text", "text": "hi"}));
        for key in ["parentUuid", "uuid", "timestamp", "sessionId", "version", "cwd", "gitBranch", "requestId", "type"]
        {
            assert!(record.get(key).is_some(), "{key}");
        }
        assert_eq!(record["isSidechain"], false);
        assert_eq!(record["message"]["usage"]["cache_creation"]["ephemeral_1h_input_tokens"], 5);
    }

    #[test]
    fn times_have_milliseconds_and_ids_are_version_four() {
        assert_eq!(timestamp(Timestamp::UNIX_EPOCH), "1970-01-01T00:00:00.000Z");
        let id = uuid("seed");
        assert_eq!(id, uuid("seed"));
        assert_eq!((id.len(), &id[14..15], &id[19..20]), (36, "4", "a"));
    }
}
