//! Rollouts of Codex CLI, `~/.codex/sessions/YYYY/MM/DD/rollout-TIME-ID.jsonl`, and their compressed form.
//!
//! The format is OpenAI's own and changes between versions; every list here is open. A record is `{timestamp, type,
//! payload}`. Items (`response_item`) are what was said, called and answered; events (`event_msg`) repeat them for the
//! program's screen and tell where turns begin and end. So the conversation is read from the items, the life cycle and what
//! was used from the events, and nothing is shown twice.

mod call;
mod message;
mod nested;
mod output;
mod reading;
mod record;
mod thread;

use std::path::Path;

use serde_json::value::RawValue;

use super::digest::LABEL;
use super::format::{Format, Named, Place, Storage};
use super::json;
use super::record::{NoRecord, text_of};
use super::usage::Usage;
use super::{Body, Digest, Entry, Text, Tone, body, text};
use crate::domain::agent::AgentKind;
use call::Call;
use nested::Nested;
use record::{Event, Item, Record};
pub(crate) use thread::Thread;

/// Length of a UUID in its usual form.
const UUID: usize = 36;

/// Sessions of Codex CLI.
#[derive(Debug)]
pub struct Codex;

impl Format for Codex {
    fn name(&self) -> &'static str {
        "codex"
    }

    fn kind(&self) -> AgentKind {
        AgentKind::Codex
    }

    fn places(&self) -> &'static [Place] {
        &[
            Place::Home { variable: "CODEX_HOME", default: ".codex", below: "sessions" },
            Place::Home { variable: "CODEX_HOME", default: ".codex", below: "archived_sessions" },
        ]
    }

    fn owns(&self, path: &Path) -> bool {
        stem(path).is_some()
    }

    fn begins(&self, head: &[u8]) -> bool {
        let text = String::from_utf8_lossy(head);
        text.trim_start_matches('\u{feff}').lines().map(str::trim_start).find(|line| !line.is_empty()).is_some_and(
            |line| {
                let says = |key: &str| line.contains(key);
                let kinds = ["session_meta", "response_item", "event_msg", "turn_context", "world_state"];
                let of_rollout = kinds.iter().any(|kind| says(&format!("\"type\":\"{kind}\"")));
                // The first versions: a head without an envelope.
                let old = line.starts_with("{\"id\":\"") && says("\"timestamp\":\"") && says("\"instructions\":");
                line.starts_with('{') && (of_rollout && says("\"payload\":") || old)
            },
        )
    }

    fn storage(&self, path: &Path) -> Storage {
        if path.extension().is_some_and(|extension| extension == "zst") { Storage::Zstandard } else { Storage::Lines }
    }

    fn identify(&self, path: &Path) -> Named {
        let id = match stem(path) {
            // Only the file itself tells whether it is a sub-agent's.
            Some(stem) => id(&stem).unwrap_or(&stem).to_owned(),
            None => path.display().to_string(),
        };
        Named::of(id)
    }

    fn entries(&self, offset: u64, line: &[u8]) -> Vec<Entry> {
        let cleaned = text_of(line);
        match record::split(&cleaned) {
            Ok((timestamp, record)) => Entry::all(offset, json::moment(timestamp), bodies(&record, line.len())),
            Err(NoRecord::Blank) => Vec::new(),
            Err(NoRecord::NotJson) => Entry::all(offset, None, vec![Body::malformed(line.len())]),
        }
    }

    fn read(&self, digest: &mut Digest, line: &[u8], usage: Option<&mut Usage>) {
        reading::read(digest, line, usage);
    }
}

/// `rollout-TIME-ID` of a path that is a rollout's.
fn stem(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_string_lossy();
    let stem = name.strip_suffix(".zst").unwrap_or(&name).strip_suffix(".jsonl")?;
    stem.strip_prefix("rollout-").map(|_| stem.to_owned())
}

/// The session's id at the end of a stem.
fn id(stem: &str) -> Option<&str> {
    let id = stem.get(stem.len().checked_sub(UUID)?..)?;
    let is_uuid = id.bytes().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    });
    is_uuid.then_some(id)
}

fn bodies(record: &Record<'_>, bytes: usize) -> Vec<Body> {
    match record {
        Record::Item(item) => of_item(item, bytes),
        Record::Event(event) if json::string(event.kind).as_deref() == Some("item_completed") => {
            Nested::of(event).map(|nested| nested.bodies()).unwrap_or_default()
        }
        Record::Event(event) => of_event(event, bytes).into_iter().collect(),
        Record::Compacted(raw) => compacted(*raw),
        Record::Message(message) => vec![between(message)],
        Record::Session(_) | Record::Turn(_) | Record::Used(_) | Record::Silent => Vec::new(),
        Record::Unknown(kind) => vec![unknown(kind, bytes)],
    }
}

fn of_item(item: &Item<'_>, bytes: usize) -> Vec<Body> {
    let kind = json::string(item.kind).unwrap_or_default();
    let answer = || json::head(item.call_id, LABEL).unwrap_or_default();
    match kind.as_ref() {
        "message" => of_message(item),
        "agent_message" => vec![between(item)],
        "reasoning" => {
            let thought = [item.summary, item.content].into_iter().map(message::text_of).find(is_said);
            thought.map(Body::Thinking).into_iter().collect()
        }
        "function_call_output" | "custom_tool_call_output" | "mcp_tool_call_output" => {
            let (output, is_error) = output::read(item.output);
            vec![Body::answer(answer(), is_error, output)]
        }
        "tool_search_output" => vec![Body::answer(answer(), false, tools(item.tools))],
        kind => match Call::of(item, kind) {
            Some(call) => {
                let drawn = item.result.filter(|_| kind == "image_generation_call");
                let drawn = drawn.map(|image| {
                    let kilobytes = (image.get().len() / 4 * 3).div_ceil(1_000);
                    Body::answer(call.id.clone(), false, Text::of(&format!("[image, {kilobytes} kB]")))
                });
                [call.body(None)].into_iter().chain(drawn).collect()
            }
            None if record::is_opaque(kind) => Vec::new(),
            None => vec![unknown(kind, bytes)],
        },
    }
}

fn of_message(item: &Item<'_>) -> Vec<Body> {
    match json::string(item.role).as_deref() {
        Some("assistant") => {
            let said = message::text_of(item.content);
            if is_said(&said) { vec![Body::Said(said)] } else { Vec::new() }
        }
        Some("user") => {
            let from = message::from_user(item);
            let mut bodies: Vec<Body> =
                from.injected.iter().map(|said| Body::note(Tone::Info, "injected", said)).collect();
            bodies.extend(from.ran.map(|command| Body::note(Tone::Info, "the user ran", &command)));
            if from.typed.bytes > 0 {
                bodies.push(Body::Prompt(from.typed));
            }
            bodies
        }
        _ => {
            let injected = message::injected(item.content).join("; ");
            if injected.is_empty() { Vec::new() } else { vec![Body::note(Tone::Info, "injected", &injected)] }
        }
    }
}

fn of_event(event: &Event<'_>, bytes: usize) -> Option<Body> {
    let kind = json::string(event.kind).unwrap_or_default();
    let said = |raw: Option<&RawValue>| json::head(raw, body::NOTE).unwrap_or_default();
    Some(match kind.as_ref() {
        "task_complete" | "turn_complete" => match reading::failure(event) {
            Some(words) => Body::note(Tone::Error, "turn failed", &words),
            None => {
                let seconds = json::number(event.duration_ms)? / 1_000;
                Body::note(Tone::Info, "", &format!("turn ended after {}m {:02}s", seconds / 60, seconds % 60))
            }
        },
        "turn_aborted" => match said(event.reason).as_str() {
            "" | "interrupted" => Body::note(Tone::Warning, "", "interrupted by the user"),
            reason => Body::note(Tone::Warning, "turn stopped", &reason.replace('_', " ")),
        },
        "error" => Body::note(Tone::Error, "", &said(event.message)),
        "stream_error" | "warning" | "guardian_warning" | "deprecation_notice" => {
            Body::note(Tone::Warning, "", &said(event.message))
        }
        "model_reroute" => {
            let models = format!("{} in place of {}", said(event.to_model), said(event.from_model));
            Body::note(Tone::Warning, "another model answers", &models)
        }
        "entered_review_mode" => Body::note(Tone::Info, "review begun", &said(event.user_facing_hint)),
        "exited_review_mode" => Body::note(Tone::Info, "", "review ended"),
        "thread_rolled_back" => {
            let turns = json::number(event.num_turns).unwrap_or(1);
            Body::note(Tone::Warning, "", &format!("went back by {turns} turns"))
        }
        "thread_goal_updated" => Body::note(Tone::Info, "goal", &goal(event.goal)),
        kind if record::is_repeated(kind) => return None,
        kind => unknown(kind, bytes),
    })
}

fn compacted(raw: Option<&RawValue>) -> Vec<Body> {
    #[derive(Default, serde::Deserialize)]
    #[serde(default)]
    struct Compacted<'a> {
        #[serde(borrow)]
        message: Option<&'a RawValue>,
    }
    let compacted: Compacted<'_> = json::fields(raw);
    let summary = message::text_of(compacted.message.filter(|raw| raw.get().starts_with('"')));
    let summary = Some(summary).filter(is_said).map(Body::Thinking);
    [Body::note(Tone::Warning, "", "context compacted")].into_iter().chain(summary).collect()
}

/// A message from one agent to another.
fn between(message: &Item<'_>) -> Body {
    let name = |raw| json::head(raw, 60).unwrap_or_else(|| "?".to_owned());
    let label = format!("message from {} to {}", name(message.author), name(message.recipient));
    Body::note(Tone::Info, &text::line(&label), &message::head_of(message.content, body::NOTE))
}

/// Names of the tools that a search found.
fn tools(raw: Option<&RawValue>) -> Text {
    #[derive(Default, serde::Deserialize)]
    #[serde(default)]
    struct Tool<'a> {
        #[serde(borrow)]
        name: Option<&'a RawValue>,
        #[serde(borrow)]
        tools: Option<&'a RawValue>,
    }
    fn named(raw: Option<&RawValue>) -> impl Iterator<Item = Tool<'_>> {
        json::elements::<&RawValue>(raw).into_iter().map(|tool| json::fields(Some(tool)))
    }
    let mut found = json::Gather::default();
    for tool in named(raw) {
        found.separate();
        found.push(&json::string(tool.name).unwrap_or_default());
        for inner in named(tool.tools) {
            found.push("\n  ");
            found.push(&json::string(inner.name).unwrap_or_default());
        }
    }
    found.finish()
}

fn goal(raw: Option<&RawValue>) -> String {
    #[derive(Default, serde::Deserialize)]
    #[serde(default)]
    struct Goal<'a> {
        #[serde(borrow)]
        objective: Option<&'a RawValue>,
        #[serde(borrow)]
        status: Option<&'a RawValue>,
    }
    let goal: Goal<'_> = json::fields(raw);
    let objective = json::head(goal.objective, body::NOTE).unwrap_or_default();
    json::head(goal.status, 60).map_or(objective.clone(), |status| format!("{objective} ({status})"))
}

fn is_said(text: &Text) -> bool {
    !text.kept.trim().is_empty()
}

fn unknown(kind: &str, bytes: usize) -> Body {
    if kind.is_empty() {
        Body::Unread { why: "no kind".to_owned(), bytes: bytes as u64 }
    } else {
        Body::unknown(kind, bytes)
    }
}

#[cfg(test)]
mod tests;
