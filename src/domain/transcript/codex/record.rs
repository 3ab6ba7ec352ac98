//! One line of a rollout, split into its parts but not parsed further.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::transcript::json;
use crate::domain::transcript::record::NoRecord;

/// The envelope. The first versions had none: there a line is the item itself, or the head of the session.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Line<'a> {
    #[serde(borrow)]
    timestamp: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
    #[serde(borrow)]
    record_type: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
}

/// What a line holds.
#[derive(Debug)]
pub(super) enum Record<'a> {
    /// `session_meta`: what the session is.
    Session(Option<&'a RawValue>),
    /// `turn_context`: the settings of a turn.
    Turn(Option<&'a RawValue>),
    /// `response_item`: what was said, called and answered.
    Item(Box<Item<'a>>),
    /// `event_msg`: what the program did.
    Event(Box<Event<'a>>),
    /// `token_usage_record`: what one answer used.
    Used(Option<&'a RawValue>),
    /// `compacted`: the history so far was replaced by a summary.
    Compacted(Option<&'a RawValue>),
    /// `inter_agent_communication`: a message from one agent to another.
    Message(Box<Item<'a>>),
    /// A kind that says nothing to be shown.
    Silent,
    /// A kind that is not known, or none.
    Unknown(Cow<'a, str>),
}

/// Kinds of lines that say nothing to be shown.
const SILENT: &[&str] = &[
    "dynamic_tools_updated",
    "inter_agent_communication_metadata",
    "realtime_item",
    "retained_context",
    "security_risk_score",
    "world_state",
];

/// A `response_item`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Item<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Option<&'a RawValue>,
    #[serde(borrow)]
    pub role: Option<&'a RawValue>,
    #[serde(borrow)]
    pub content: Option<&'a RawValue>,
    #[serde(borrow)]
    pub summary: Option<&'a RawValue>,
    #[serde(borrow)]
    pub id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub call_id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub name: Option<&'a RawValue>,
    #[serde(borrow)]
    pub namespace: Option<&'a RawValue>,
    #[serde(borrow)]
    pub arguments: Option<&'a RawValue>,
    #[serde(borrow)]
    pub input: Option<&'a RawValue>,
    #[serde(borrow)]
    pub action: Option<&'a RawValue>,
    #[serde(borrow)]
    pub output: Option<&'a RawValue>,
    #[serde(borrow)]
    pub tools: Option<&'a RawValue>,
    #[serde(borrow)]
    pub result: Option<&'a RawValue>,
    #[serde(borrow)]
    pub revised_prompt: Option<&'a RawValue>,
    #[serde(borrow)]
    pub author: Option<&'a RawValue>,
    #[serde(borrow)]
    pub recipient: Option<&'a RawValue>,
    #[serde(borrow, rename = "internal_chat_message_metadata_passthrough")]
    pub metadata: Option<&'a RawValue>,
}

/// An `event_msg`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Event<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Option<&'a RawValue>,
    #[serde(borrow)]
    pub message: Option<&'a RawValue>,
    #[serde(borrow)]
    pub error: Option<&'a RawValue>,
    #[serde(borrow)]
    pub reason: Option<&'a RawValue>,
    #[serde(borrow)]
    pub info: Option<&'a RawValue>,
    #[serde(borrow)]
    pub model_context_window: Option<&'a RawValue>,
    #[serde(borrow)]
    pub duration_ms: Option<&'a RawValue>,
    #[serde(borrow)]
    pub num_turns: Option<&'a RawValue>,
    #[serde(borrow)]
    pub thread_name: Option<&'a RawValue>,
    #[serde(borrow)]
    pub thread_settings: Option<&'a RawValue>,
    #[serde(borrow)]
    pub goal: Option<&'a RawValue>,
    #[serde(borrow)]
    pub item: Option<&'a RawValue>,
    #[serde(borrow)]
    pub user_facing_hint: Option<&'a RawValue>,
    #[serde(borrow)]
    pub from_model: Option<&'a RawValue>,
    #[serde(borrow)]
    pub to_model: Option<&'a RawValue>,
}

/// Events that repeat an item, or tell what only the program's own screen needs.
const REPEATED: &[&str] = &[
    "agent_message",
    "agent_message_content_delta",
    "agent_message_delta",
    "agent_reasoning",
    "agent_reasoning_delta",
    "agent_reasoning_raw_content",
    "agent_reasoning_raw_content_delta",
    "agent_reasoning_section_break",
    "apply_patch_approval_request",
    "auth_recovery",
    "background_event",
    "collab_agent_interaction_begin",
    "collab_agent_interaction_end",
    "collab_agent_spawn_begin",
    "collab_agent_spawn_end",
    "collab_close_begin",
    "collab_close_end",
    "collab_resume_begin",
    "collab_resume_end",
    "collab_waiting_begin",
    "collab_waiting_end",
    "context_compacted",
    "dynamic_tool_call_request",
    "dynamic_tool_call_response",
    "elicitation_abandoned",
    "elicitation_request",
    "environment_connected",
    "environment_disconnected",
    "exec_approval_request",
    "exec_command_begin",
    "exec_command_end",
    "exec_command_output_delta",
    "guardian_assessment",
    "hook_completed",
    "hook_started",
    "image_generation_begin",
    "image_generation_end",
    "item_completed",
    "item_started",
    "item_updated",
    "mcp_startup_complete",
    "mcp_startup_update",
    "mcp_tool_call_begin",
    "mcp_tool_call_end",
    "model_verification",
    "patch_apply_begin",
    "patch_apply_end",
    "patch_apply_updated",
    "plan_delta",
    "plan_update",
    "raw_response_completed",
    "raw_response_item",
    "realtime_conversation_closed",
    "realtime_conversation_list_voices_response",
    "realtime_conversation_realtime",
    "realtime_conversation_sdp",
    "realtime_conversation_started",
    "reasoning_content_delta",
    "reasoning_raw_content_delta",
    "request_permissions",
    "request_user_input",
    "safety_buffering",
    "session_configured",
    "shutdown_complete",
    "skills_update_available",
    "sub_agent_activity",
    "task_started",
    "terminal_interaction",
    "thread_name_updated",
    "thread_queue_changed",
    "thread_settings_applied",
    "token_count",
    "turn_diff",
    "turn_moderation_metadata",
    "turn_started",
    "undo_completed",
    "undo_started",
    "user_message",
    "view_image_tool_call",
    "web_search_begin",
    "web_search_end",
];

/// Events that are shown.
const SHOWN: &[&str] = &[
    "deprecation_notice",
    "entered_review_mode",
    "error",
    "exited_review_mode",
    "guardian_warning",
    "model_reroute",
    "stream_error",
    "task_complete",
    "thread_goal_updated",
    "thread_rolled_back",
    "turn_aborted",
    "turn_complete",
    "warning",
];

/// Items that are what they are for the model alone.
const OPAQUE: &[&str] = &[
    "additional_tools",
    "compaction",
    "compaction_summary",
    "compaction_trigger",
    "configuration_update",
    "context_compaction",
    "ghost_snapshot",
    "other",
];

/// Items that are shown.
const ITEMS: &[&str] = &[
    "agent_message",
    "custom_tool_call",
    "custom_tool_call_output",
    "function_call",
    "function_call_output",
    "image_generation_call",
    "local_shell_call",
    "mcp_tool_call_output",
    "message",
    "reasoning",
    "tool_search_call",
    "tool_search_output",
    "web_search_call",
];

/// True for items that are known.
pub(super) fn is_item(kind: &str) -> bool {
    ITEMS.contains(&kind) || OPAQUE.contains(&kind)
}

/// True for items that are not shown.
pub(super) fn is_opaque(kind: &str) -> bool {
    OPAQUE.contains(&kind)
}

/// True for events that are known.
pub(super) fn is_event(kind: &str) -> bool {
    SHOWN.contains(&kind) || REPEATED.contains(&kind)
}

/// True for events that are not shown.
pub(super) fn is_repeated(kind: &str) -> bool {
    REPEATED.contains(&kind)
}

/// Splits a line that `record::text_of` prepared. With it comes when it was written.
pub(super) fn split(text: &str) -> Result<(Option<&RawValue>, Record<'_>), NoRecord> {
    if text.is_empty() {
        return Err(NoRecord::Blank);
    }
    if !text.starts_with('{') {
        return Err(NoRecord::NotJson);
    }
    let line: Line<'_> = serde_json::from_str(text).map_err(|_| NoRecord::NotJson)?;
    let kind = json::string(line.kind).unwrap_or_default();
    let record = match kind.as_ref() {
        "session_meta" => Record::Session(line.payload),
        "turn_context" => Record::Turn(line.payload),
        "response_item" => Record::Item(Box::new(json::fields(line.payload))),
        "event_msg" => Record::Event(Box::new(json::fields(line.payload))),
        "token_usage_record" => Record::Used(line.payload),
        "compacted" => Record::Compacted(line.payload),
        "inter_agent_communication" => Record::Message(Box::new(json::fields(line.payload))),
        kind if SILENT.contains(&kind) => Record::Silent,
        kind if line.payload.is_none() && is_item(kind) => Record::Item(Box::new(bare(text))),
        "" if json::string(line.record_type).as_deref() == Some("state") => Record::Silent,
        "" if line.id.is_some() && line.timestamp.is_some() => Record::Session(serde_json::from_str(text).ok()),
        _ => Record::Unknown(kind),
    };
    Ok((line.timestamp, record))
}

/// A line that is the item itself.
fn bare(text: &str) -> Item<'_> {
    serde_json::from_str(text).unwrap_or_default()
}
