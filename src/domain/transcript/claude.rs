//! Records of Claude Code as entries.
//!
//! The format is Anthropic's own, undocumented, and changes between versions; every list here is open. What is not known
//! becomes an entry that says so.

mod reading;
mod spend;

use std::borrow::Cow;
use std::ffi::OsStr;
use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::body::NOTE;
use super::format::{Format, Named, Place};
use super::json::{self, Gather};
use super::landmark::Landmark;
use super::record::{self, Block, NoRecord, Record};
use super::usage::Usage;
use super::{Body, Detail, Digest, Entry, Patch, Text, Tone, call, spill, text};
use crate::domain::agent::AgentKind;

/// Sessions and sub-agents of Claude Code.
#[derive(Debug)]
pub struct Claude;

impl Format for Claude {
    fn name(&self) -> &'static str {
        "claude"
    }

    fn kind(&self) -> AgentKind {
        AgentKind::Claude
    }

    /// None: the session names Claude's folders, which hold its registry, too.
    fn places(&self) -> &'static [Place] {
        &[]
    }

    /// `projects/SLUG/…`; Claude keeps other files in the same folders.
    fn owns(&self, path: &Path) -> bool {
        let parts: Vec<&OsStr> = path.iter().collect();
        let Some(projects) = parts.iter().rposition(|part| *part == "projects") else { return false };
        // A project's own folder is never called so: its name begins with a sign.
        let kept_elsewhere = |part: &&OsStr| *part == "memory" || *part == "tool-results";
        let below = &parts[projects + 1..];
        let is_lines = path.extension().is_some_and(|extension| extension == "jsonl");
        is_lines
            && below.len() > 1
            && !below.iter().any(kept_elsewhere)
            && parts.last() != Some(&OsStr::new("journal.jsonl"))
    }

    fn begins(&self, head: &[u8]) -> bool {
        let text = String::from_utf8_lossy(head);
        text.trim_start_matches('\u{feff}').lines().map(str::trim_start).filter(|line| line.starts_with('{')).any(
            |line| {
                let says = |key: &str| line.contains(key);
                let of_session = says("\"sessionId\":") || says("\"parentUuid\":") || says("\"leafUuid\":");
                of_session || says("\"message\":") && (says("\"type\":\"user\"") || says("\"type\":\"assistant\""))
            },
        )
    }

    fn identify(&self, path: &Path) -> Named {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let sub_agent = stem.starts_with("agent-");
        // `…/SESSION/subagents/…` names the parent.
        let folder = path.ancestors().find(|folder| folder.file_name() == Some(OsStr::new("subagents")));
        let session = folder.and_then(Path::parent).and_then(Path::file_name);
        let parent = session.map(|name| name.to_string_lossy().into_owned()).filter(|_| sub_agent);
        let id = parent.as_ref().map_or_else(|| stem.clone(), |parent| format!("{parent}/{stem}"));
        Named { parent, sub_agent, ..Named::of(id) }
    }

    fn may_hold(&self, landmark: Landmark, line: &[u8]) -> bool {
        landmark.may_stand_in(line)
    }

    fn entries(&self, offset: u64, line: &[u8]) -> Vec<Entry> {
        parse_line(offset, line)
    }

    fn read(&self, digest: &mut Digest, line: &[u8], usage: Option<&mut Usage>) {
        reading::read(digest, line, usage);
    }
}

/// The entries of one line, which begins at `offset` of its file. Blank lines and records that only latch a setting have none.
pub fn parse_line(offset: u64, line: &[u8]) -> Vec<Entry> {
    let cleaned = record::text_of(line);
    let record = match record::split(&cleaned) {
        Ok(record) => record,
        Err(NoRecord::Blank) => return Vec::new(),
        Err(NoRecord::NotJson) => {
            let body = Body::Unread { why: "not JSON".to_owned(), bytes: line.len() as u64 };
            return vec![Entry { offset, at: None, sidechain: false, body }];
        }
    };
    let at = json::moment(record.timestamp);
    let sidechain = json::truth(record.is_sidechain);
    let bodies = bodies(&record, line.len() as u64);
    bodies.into_iter().map(|body| Entry { offset, at, sidechain, body }).collect()
}

fn bodies(record: &Record<'_>, bytes: u64) -> Vec<Body> {
    let kind = record.kind();
    match kind.as_ref() {
        "user" => user(record, bytes),
        "assistant" => assistant(record, bytes),
        "system" => system(record).into_iter().collect(),
        "attachment" => attachment(record.attachment).into_iter().collect(),
        "queue-operation" if json::string(record.operation).as_deref() == Some("enqueue") => {
            vec![Body::note(Tone::Info, "queued", &head(record.content))]
        }
        "queue-operation" => Vec::new(),
        "pr-link" => vec![Body::note(Tone::Info, "opened a pull request", &head(record.pr_url))],
        "continued-in" => {
            vec![Body::note(Tone::Warning, "continued in session", &head(record.continued_in_session_id))]
        }
        "relocated" => {
            vec![Body::note(Tone::Info, "moved to another folder", &head(record.relocated_cwd.or(record.cwd)))]
        }
        "worktree-state" => {
            let worktree = reading::worktree(record).map(Cow::into_owned);
            vec![Body::note(Tone::Info, "worktree changed", &worktree.unwrap_or_else(|| head(record.cwd)))]
        }
        known if record::SILENT.contains(&known) => Vec::new(),
        "" => vec![unread("no kind", bytes)],
        other => vec![unread(&format!("unknown kind \"{}\"", text::line(text::prefix(other, 60))), bytes)],
    }
}

fn user(record: &Record<'_>, bytes: u64) -> Vec<Body> {
    let message = record.message();
    let mut bodies = Vec::new();
    let mut typed = Gather::default();
    for block in &message.blocks {
        let kind = json::string(block.kind).unwrap_or(Cow::Borrowed("text"));
        match kind.as_ref() {
            "text" => {
                typed.separate();
                if let Some(text) = block.text {
                    typed.push_json(text);
                }
            }
            "image" | "document" => {
                typed.separate();
                typed.push(&placeholder(&kind, block.source));
            }
            result if result.ends_with("tool_result") => bodies.push(result_of(block)),
            other => bodies.push(unread(&format!("unknown block \"{}\"", text::line(text::prefix(other, 60))), bytes)),
        }
    }
    // The copy does not say of which result it is one.
    if let [Body::Result { patch, .. }] = &mut bodies[..] {
        *patch = Patch::structured(record.tool_use_result).map(Box::new);
    }
    let typed = typed.finish();
    if typed.bytes == 0 {
        return bodies;
    }
    bodies.push(match said_by_user(&typed.kept) {
        _ if json::truth(record.is_compact_summary) => Body::Summary(typed),
        _ if json::truth(record.is_meta) => Body::note(Tone::Info, "injected", &typed.kept),
        UserText::Typed => Body::Prompt(typed),
        UserText::Command(command) => Body::Prompt(Text::of(&command)),
        UserText::Interrupted => Body::note(Tone::Warning, "", &typed.kept),
        UserText::Output(output) => Body::note(Tone::Info, "output", output),
    });
    bodies
}

/// What the text of a user record is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum UserText<'a> {
    /// Typed.
    Typed,
    /// A slash command, with its arguments.
    Command(String),
    /// The mark that the user stopped the agent.
    Interrupted,
    /// What a local command printed.
    Output(&'a str),
}

/// Tells what was typed from what the program wrote in the user's name.
pub(crate) fn said_by_user(text: &str) -> UserText<'_> {
    let trimmed = text.trim_start();
    if trimmed.starts_with("[Request interrupted by user") {
        return UserText::Interrupted;
    }
    if !trimmed.starts_with('<') {
        return UserText::Typed;
    }
    for tag in ["local-command-stdout", "local-command-stderr", "bash-stdout", "local-command-caveat"] {
        if let Some(output) = tagged(trimmed, tag).filter(|_| trimmed.starts_with(&format!("<{tag}>"))) {
            return UserText::Output(output);
        }
    }
    let is_command = trimmed.starts_with("<command-name>") || trimmed.starts_with("<command-message>");
    match tagged(trimmed, "command-name").filter(|_| is_command) {
        Some(name) => {
            let arguments = tagged(trimmed, "command-args").unwrap_or_default();
            UserText::Command(format!("{name} {arguments}").trim().to_owned())
        }
        None => UserText::Typed,
    }
}

fn tagged<'a>(text: &'a str, tag: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{tag}>"))?;
    Some(rest.split_once(&format!("</{tag}>")).map_or(rest, |(inner, _)| inner))
}

fn assistant(record: &Record<'_>, bytes: u64) -> Vec<Body> {
    let failed = json::truth(record.is_api_error_message);
    let message = record.message();
    let cwd = json::string(record.cwd);
    let mut bodies = Vec::new();
    for block in &message.blocks {
        let kind = json::string(block.kind).unwrap_or(Cow::Borrowed("text"));
        match kind.as_ref() {
            "text" if failed => bodies.push(Body::note(Tone::Error, "", &head(block.text))),
            "text" => bodies.extend(gathered(block.text).map(Body::Said)),
            "thinking" => bodies.extend(gathered(block.thinking).map(Body::Thinking)),
            "redacted_thinking" => bodies.push(Body::note(Tone::Info, "redacted thinking", "")),
            "tool_use" | "server_tool_use" | "mcp_tool_use" => {
                let name = json::string(block.name).unwrap_or_default();
                bodies.push(Body::Call {
                    id: json::string(block.id).unwrap_or_default().into_owned(),
                    summary: call::summary(&name, block.input, cwd.as_deref()),
                    name: text::line(&name).into_owned(),
                    input: call::input(block.input),
                    detail: Detail::of_call(&name, block.input),
                });
            }
            "fallback" => bodies.push(Body::note(Tone::Warning, "another model answered", "")),
            result if result.ends_with("tool_result") => bodies.push(result_of(block)),
            other => bodies.push(unread(&format!("unknown block \"{}\"", text::line(text::prefix(other, 60))), bytes)),
        }
    }
    bodies
}

fn gathered(raw: Option<&RawValue>) -> Option<Text> {
    let mut gather = Gather::default();
    gather.push_json(raw?);
    Some(gather.finish()).filter(|text| !text.kept.trim().is_empty())
}

fn result_of(block: &Block<'_>) -> Body {
    let mut output = Gather::default();
    for part in &record::blocks(block.content) {
        output.separate();
        match (part.text, part.source) {
            (Some(text), _) => output.push_json(text),
            (None, Some(source)) => {
                output.push(&placeholder(&json::string(part.kind).unwrap_or_default(), Some(source)));
            }
            (None, None) => output.push(&format!("[{}]", json::string(part.kind).unwrap_or_default())),
        }
    }
    Body::Result {
        id: json::string(block.tool_use_id).unwrap_or_default().into_owned(),
        is_error: json::truth(block.is_error),
        output: spill::marked(output.finish()),
        patch: None,
    }
}

/// Stands for what cannot be shown as text: `[image image/png, 12 kB]`, `[image https://example.org/a.png]`.
fn placeholder(kind: &str, source: Option<&RawValue>) -> String {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Source<'a> {
        #[serde(borrow, rename = "type")]
        kind: Option<&'a RawValue>,
        #[serde(borrow)]
        media_type: Option<&'a RawValue>,
        #[serde(borrow)]
        data: Option<&'a RawValue>,
        #[serde(borrow)]
        url: Option<&'a RawValue>,
        #[serde(borrow)]
        file_id: Option<&'a RawValue>,
    }
    let source: Source<'_> = json::fields(source);
    let media = json::string(source.media_type).unwrap_or_default();
    let size = source.data.map(|data| {
        let length = data.get().len().saturating_sub(2);
        let is_text = json::string(source.kind).as_deref() == Some("text");
        // Base64 takes four characters for three bytes.
        let bytes = if is_text { length } else { length.div_ceil(4) * 3 };
        format!("{} kB", bytes.div_ceil(1_000))
    });
    let place = [source.url, source.file_id].into_iter().find_map(|place| json::head(place, NOTE));
    let what = [kind, &media].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    match (size, place) {
        (Some(size), _) => format!("[{what}, {size}]"),
        (None, Some(place)) => format!("[{what} {}]", text::line(&place)),
        (None, None) => format!("[{what}]"),
    }
}

fn system(record: &Record<'_>) -> Option<Body> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Compaction<'a> {
        #[serde(borrow)]
        trigger: Option<&'a RawValue>,
        #[serde(borrow)]
        pre_tokens: Option<&'a RawValue>,
        #[serde(borrow)]
        tokens_saved: Option<&'a RawValue>,
    }
    let subtype = json::string(record.subtype).unwrap_or_default();
    let said = head(record.content);
    Some(match subtype.as_ref() {
        "turn_duration" => {
            let seconds = json::number(record.duration_ms).unwrap_or(0) / 1_000;
            let pending = json::number(record.pending_background_agent_count).unwrap_or(0);
            let rest = if pending > 0 { format!("; {pending} background agents go on") } else { String::new() };
            Body::note(Tone::Info, "", &format!("turn ended after {}m {:02}s{rest}", seconds / 60, seconds % 60))
        }
        "compact_boundary" => {
            let compaction: Compaction<'_> = json::fields(record.compact_metadata);
            let trigger = json::string(compaction.trigger).unwrap_or(Cow::Borrowed("unknown"));
            let tokens = json::number(compaction.pre_tokens).map(|n| format!(" at {n} tokens")).unwrap_or_default();
            Body::note(Tone::Warning, "", &format!("context compacted ({trigger}){tokens}"))
        }
        "microcompact_boundary" => {
            let compaction: Compaction<'_> = json::fields(record.microcompact_metadata);
            let saved = json::number(compaction.tokens_saved).unwrap_or(0);
            Body::note(Tone::Info, "", &format!("old tool output dropped from the context, {saved} tokens"))
        }
        "api_error" => {
            let attempt = json::number(record.retry_attempt).unwrap_or(0);
            let most = json::number(record.max_retries).unwrap_or(0);
            let why = record.error.map(RawValue::get).unwrap_or_default();
            let tone = if attempt < 3 { Tone::Warning } else { Tone::Error };
            Body::note(tone, &format!("API error, attempt {attempt} of {most}"), text::prefix(why, NOTE))
        }
        "stop_hook_summary" if json::truth(record.prevented_continuation) => {
            Body::note(Tone::Warning, "stopped by a hook", &head(record.stop_reason))
        }
        "stop_hook_summary" => return None,
        "error" => Body::note(Tone::Error, "", &said),
        "api_refusal" | "model_refusal_fallback" => Body::note(Tone::Warning, &subtype.replace('_', " "), &said),
        other => {
            let tone = match json::string(record.level).as_deref() {
                Some("error") => Tone::Error,
                Some("warning") => Tone::Warning,
                _ => Tone::Info,
            };
            Body::note(tone, &text::line(text::prefix(other, 60)).replace('_', " "), &said)
        }
    })
}

fn attachment(raw: Option<&RawValue>) -> Option<Body> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Attachment<'a> {
        #[serde(borrow, rename = "type")]
        kind: Option<&'a RawValue>,
        #[serde(borrow)]
        prompt: Option<&'a RawValue>,
        #[serde(borrow)]
        hook_name: Option<&'a RawValue>,
        #[serde(borrow)]
        filename: Option<&'a RawValue>,
        #[serde(borrow)]
        stderr: Option<&'a RawValue>,
        #[serde(borrow)]
        content: Option<&'a RawValue>,
    }
    let attachment: Attachment<'_> = json::fields(raw);
    let kind = json::string(attachment.kind).unwrap_or_default();
    let hook = || head(attachment.hook_name);
    Some(match kind.as_ref() {
        "queued_command" => {
            let mut prompt = Gather::default();
            for block in record::blocks(attachment.prompt) {
                prompt.separate();
                match (block.text, block.source) {
                    (Some(text), _) => prompt.push_json(text),
                    (None, source) => prompt.push(&placeholder("image", source)),
                }
            }
            Body::Prompt(prompt.finish())
        }
        "hook_blocking_error" => Body::note(Tone::Error, &format!("blocked by hook {}", hook()), ""),
        "hook_non_blocking_error" => {
            Body::note(Tone::Warning, &format!("hook {} failed", hook()), &head(attachment.stderr))
        }
        "hook_cancelled" => Body::note(Tone::Warning, &format!("hook {} was cancelled", hook()), ""),
        "edited_text_file" => Body::note(Tone::Info, "changed by somebody else", &head(attachment.filename)),
        "file" => Body::note(Tone::Info, "file attached", &head(attachment.filename)),
        "plan_mode" | "plan_mode_exit" | "auto_mode" | "budget_usd" | "goal_status" | "task_status" => {
            Body::note(Tone::Info, &kind.replace('_', " "), &head(attachment.content))
        }
        // Context that the program hands to the model at its own pace.
        _ => return None,
    })
}

fn unread(why: &str, bytes: u64) -> Body {
    Body::Unread { why: why.to_owned(), bytes }
}

fn head(raw: Option<&RawValue>) -> String {
    json::head(raw, NOTE).unwrap_or_default()
}

#[cfg(test)]
mod tests;
