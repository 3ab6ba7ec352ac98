//! Events of Copilot CLI, `~/.copilot/session-state/ID/events.jsonl`.
//!
//! The format is not documented; its envelope is `{type, data, id, timestamp, parentId}`. It is the only one that says
//! when a permission is asked for. Source of the event names: GitHub's SDK for the same events.

use std::borrow::Cow;
use std::path::Path;

use jiff::Timestamp;

use super::body::{entries_of, take_line};
use super::digest::{LABEL, Origin, Title};
use super::format::{Format, Named, Place};
use super::json::node::Node;
use super::usage::{Said, Usage};
use super::{Body, Digest, Entry, Step, Tone, call, text};
use crate::domain::agent::{AgentKind, Tokens};

/// Sessions of Copilot CLI.
#[derive(Debug)]
pub struct Copilot;

impl Format for Copilot {
    fn name(&self) -> &'static str {
        "copilot"
    }

    fn kind(&self) -> AgentKind {
        AgentKind::Log
    }

    fn places(&self) -> &'static [Place] {
        &[Place::Home { variable: "COPILOT_HOME", default: ".copilot", below: "session-state" }]
    }

    fn owns(&self, path: &Path) -> bool {
        path.ends_with("events.jsonl") && path.iter().rev().nth(2).is_some_and(|folder| folder == "session-state")
    }

    fn begins(&self, head: &[u8]) -> bool {
        String::from_utf8_lossy(head).lines().next().is_some_and(|line| {
            line.contains("\"type\":\"session.start\"") || line.contains("\"producer\":\"copilot-agent\"")
        })
    }

    fn identify(&self, path: &Path) -> Named {
        let session = path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        Named::of(session.unwrap_or_else(|| path.display().to_string()))
    }

    fn entries(&self, offset: u64, line: &[u8]) -> Vec<Entry> {
        entries_of(offset, line, |node| {
            let event = Event::of(node);
            (event.at, bodies(&event, line.len()))
        })
    }

    fn read(&self, digest: &mut Digest, line: &[u8], usage: Option<&mut Usage>) {
        take_line(digest, line, |digest, node| read(digest, &Event::of(node), usage));
    }
}

/// One line.
struct Event<'a> {
    kind: Cow<'a, str>,
    at: Option<Timestamp>,
    data: Node<'a>,
}

impl<'a> Event<'a> {
    fn of(node: Node<'a>) -> Self {
        let kind = node.at("type").string().unwrap_or_default();
        Self { kind, at: node.at("timestamp").moment(), data: node.at("data") }
    }
}

/// Kinds that there is nothing to show of.
const SILENT: &[&str] = &[
    "assistant.intent",
    "assistant.turn_end",
    "assistant.turn_start",
    "assistant.usage",
    "hook.end",
    "hook.start",
    "permission.completed",
    "session.background_tasks_changed",
    "session.context_changed",
    "session.idle",
    "session.mode_changed",
    "session.plan_changed",
    "session.snapshot_rewind",
    "session.start",
    "session.task_complete",
    "session.title_changed",
    "session.usage_info",
    "session.workspace_file_changed",
    "skill.invoked",
    "subagent.selected",
    "system.message",
    "system.notification",
    "tool.execution_partial_result",
    "tool.execution_progress",
    "tool.user_requested",
    "user_input.completed",
];

fn bodies(event: &Event<'_>, bytes: usize) -> Vec<Body> {
    let data = event.data;
    let message = || data.any(&["message", "reason", "error"]).text().kept;
    match event.kind.as_ref() {
        "user.message" => vec![Body::Prompt(data.at("content").text())],
        "assistant.message" => {
            let thought = data.any(&["reasoningText", "reasoning"]).text();
            let said = data.at("content").text();
            let full = |text: &super::Text| !text.kept.trim().is_empty();
            let thought = Some(thought).filter(full).map(Body::Thinking);
            thought.into_iter().chain(Some(said).filter(full).map(Body::Said)).collect()
        }
        "assistant.reasoning" => vec![Body::Thinking(data.at("content").text())],
        "tool.execution_start" => {
            let input = data.any(&["arguments", "input", "args"]);
            let name = data.at("toolName").string().unwrap_or_default();
            vec![Body::call(data.at("toolCallId").head(LABEL), &name, summary(&name, input, None), input.raw())]
        }
        "tool.execution_complete" => {
            vec![Body::answer(data.at("toolCallId").head(LABEL), has_failed(data), output(data).text())]
        }
        "permission.requested" => vec![Body::note(Tone::Warning, "asks for a permission", &wanted(data))],
        "user_input.requested" => vec![Body::note(Tone::Warning, "asks", &data.at("question").text().kept)],
        "session.model_change" => vec![Body::note(Tone::Info, "model", &data.at("newModel").head(LABEL))],
        "session.resume" => vec![Body::note(Tone::Info, "resumed", "")],
        "session.info" => vec![Body::note(Tone::Info, "", &message())],
        "session.warning" => vec![Body::note(Tone::Warning, "", &message())],
        "session.error" => vec![Body::note(Tone::Error, "", &message())],
        "session.truncation" => vec![Body::note(Tone::Warning, "context truncated", "")],
        "session.compaction_start" => vec![Body::note(Tone::Info, "compacting the context", "")],
        "session.compaction_complete" => vec![Body::note(Tone::Warning, "context compacted", "")],
        "session.handoff" => vec![Body::note(Tone::Info, "handed over", "")],
        "session.shutdown" => vec![Body::note(Tone::Info, "session ended", &data.at("shutdownType").head(LABEL))],
        "abort" => vec![Body::note(Tone::Warning, "interrupted", &message())],
        kind @ ("subagent.started" | "subagent.completed" | "subagent.failed") => {
            let tone = if kind.ends_with("failed") { Tone::Error } else { Tone::Info };
            vec![Body::note(tone, &kind.replace('.', " "), &data.any(&["agentDisplayName", "agentName"]).head(LABEL))]
        }
        known if SILENT.contains(&known) => Vec::new(),
        other => vec![Body::unknown(other, bytes)],
    }
}

fn read(digest: &mut Digest, event: &Event<'_>, usage: Option<&mut Usage>) {
    let (at, data) = (event.at, event.data);
    digest.seen_at(at);
    match event.kind.as_ref() {
        "session.start" | "session.resume" | "session.context_changed" => {
            let context = data.at("context");
            digest.learn(Origin {
                session: data.at("sessionId").string(),
                cwd: context.at("cwd").string().or(data.at("cwd").string()),
                branch: context.at("branch").string(),
                version: data.at("copilotVersion").string(),
            });
            digest.answered_by(&data.any(&["selectedModel", "currentModel"]).head(LABEL));
        }
        "session.title_changed" => digest.call_it(Title::Generated, &data.at("title").head(LABEL)),
        "session.model_change" => digest.answered_by(&data.at("newModel").head(LABEL)),
        "session.usage_info" => digest.gauge(data.at("currentTokens").number().unwrap_or(0)),
        "session.compaction_complete" => digest.compacted(None),
        "session.error" => digest.failed(&data.at("message").head(LABEL), at),
        "session.shutdown" => {
            digest.close_calls();
            if let Some(usage) = usage {
                note_usage(digest, data, usage);
            }
            digest.step_to(Step::Closed, at);
        }
        "user.message" => digest.prompted(&data.at("content").head(LABEL * 2), at),
        "assistant.turn_start" => digest.step_to(Step::Asked, at),
        "assistant.message" => {
            digest.said(&data.at("content").head(LABEL));
            let goes_on = !data.at("toolRequests").elements().is_empty();
            digest.step_to(if goes_on { Step::Asked } else { Step::Answered }, at);
        }
        // A turn of the model's that called tools is followed by another one.
        "assistant.turn_end" => {
            let step = if digest.step == Step::Answered { Step::Ended } else { Step::Asked };
            digest.step_to(step, at);
        }
        "tool.execution_start" => {
            let name = data.at("toolName").head(LABEL);
            let summary = summary(&name, data.any(&["arguments", "input", "args"]), digest.cwd.as_deref());
            digest.called(&name, &summary, Some(data.at("toolCallId").head(LABEL)));
            resume(digest, at);
        }
        "tool.execution_complete" => {
            digest.answered(&data.at("toolCallId").head(LABEL), has_failed(data));
            digest.answered_by(&data.at("model").head(LABEL));
            resume(digest, at);
        }
        "permission.requested" => digest.step_to(Step::Permission { what: wanted(data) }, at),
        "user_input.requested" => digest.step_to(Step::Asking { tool: "ask_user".to_owned() }, at),
        "permission.completed" | "user_input.completed" => resume(digest, at),
        "abort" => digest.interrupted(at),
        "assistant.reasoning"
        | "session.info"
        | "session.warning"
        | "session.truncation"
        | "session.compaction_start"
        | "session.handoff"
        | "subagent.started"
        | "subagent.completed"
        | "subagent.failed" => {}
        known if SILENT.contains(&known) => {}
        _ => digest.unknown(),
    }
}

/// Back to whatever calls are open, else to the model.
fn resume(digest: &mut Digest, at: Option<Timestamp>) {
    let step = digest.step_of_open_calls().unwrap_or(Step::Asked);
    digest.step_to(step, at);
}

/// What a permission is asked for, in one phrase.
fn wanted(data: Node<'_>) -> String {
    let asked = data.at("permissionRequest");
    let asked = if asked.is_object() { asked } else { data };
    let what = asked.any(&["fullCommandText", "fileName", "path", "url", "toolName", "intention", "summary"]);
    let what = text::line(text::prefix(&what.head(LABEL), LABEL)).into_owned();
    let kind = asked.at("kind").head(LABEL);
    let words = [text::line(&kind).into_owned(), what];
    words.iter().filter(|word| !word.is_empty()).cloned().collect::<Vec<_>>().join(" ")
}

fn summary(name: &str, input: Node<'_>, cwd: Option<&str>) -> String {
    let tool = match name {
        "bash" | "shell" | "powershell" => "Bash",
        other => other,
    };
    let telling = input.any(&["path", "file_path", "pattern", "query", "url", "description"]);
    match telling.string() {
        Some(value) if tool != "Bash" => {
            text::line(text::prefix(cwd.map_or(&*value, |cwd| below(&value, cwd)), LABEL)).into_owned()
        }
        _ => call::summary(tool, input.raw(), cwd),
    }
}

fn below<'a>(path: &'a str, cwd: &str) -> &'a str {
    path.strip_prefix(cwd).and_then(|rest| rest.strip_prefix('/')).unwrap_or(path)
}

fn has_failed(data: Node<'_>) -> bool {
    data.at("success").raw().is_some_and(|raw| raw.get() == "false") || data.at("error").is_there()
}

fn output(data: Node<'_>) -> Node<'_> {
    let result = data.at("result");
    let content = result.any(&["content", "detailedContent"]);
    if content.is_there() {
        return content;
    }
    let error = data.at("error");
    if error.at("message").is_there() {
        error.at("message")
    } else if error.is_there() {
        error
    } else {
        result
    }
}

/// The figures of every model, as they are recorded when a session ends.
fn note_usage(digest: &Digest, data: Node<'_>, usage: &mut Usage) {
    let session = digest.session_id.as_deref().unwrap_or_default();
    for (model, metrics) in data.at("modelMetrics").members() {
        let of = metrics.at("usage");
        let tokens = Tokens {
            input: of.at("inputTokens").number().unwrap_or(0),
            cache_creation: of.at("cacheWriteTokens").number().unwrap_or(0),
            cache_read: of.at("cacheReadTokens").number().unwrap_or(0),
            output: of.at("outputTokens").number().unwrap_or(0),
        };
        let model = text::line(text::prefix(&model, LABEL));
        let (message, request) = (Some(session), Some(model.as_ref()));
        usage.note(&Said { message, request, model: &model, spent: tokens.into(), ..Said::default() });
    }
}

#[cfg(test)]
mod tests;
