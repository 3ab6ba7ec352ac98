//! A record of Claude Code taken into a digest.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{UserText, said_by_user, spend};
use crate::domain::transcript::digest::{LABEL, Origin, Title};
use crate::domain::transcript::record::{self, Block, NoRecord, Record};
use crate::domain::transcript::side::Task;
use crate::domain::transcript::usage::{Usage, Used};
use crate::domain::transcript::{Digest, Step, call, json, text};

/// Bytes of a prompt that tell whose it is.
const PROMPT: usize = 200;

/// Takes in one line, in the order of the file. Tokens are noted in `usage`, when somebody counts them.
pub(super) fn read(digest: &mut Digest, line: &[u8], usage: Option<&mut Usage>) {
    let cleaned = record::text_of(line);
    let record = match record::split(&cleaned) {
        Ok(record) => record,
        Err(NoRecord::Blank) => return,
        Err(NoRecord::NotJson) => {
            digest.line();
            digest.malformed();
            return;
        }
    };
    digest.line();
    let kind = record.kind();
    if !record::is_known(&kind) {
        digest.unknown();
    }
    digest.learn(Origin {
        session: json::string(record.session_id),
        cwd: json::string(record.cwd),
        branch: json::string(record.git_branch),
        version: json::string(record.version),
    });
    let at = json::moment(record.timestamp);
    digest.seen_at(at);
    let own = json::truth(record.is_sidechain) == digest.sub_agent;
    let inside = digest.sub_agent;
    let mut call_it = |kind, raw| digest.call_it(kind, &json::head(raw, LABEL).unwrap_or_default());
    match kind.as_ref() {
        "user" | "system" if !own && !inside => aside(digest, &record, at),
        "user" if own => user(digest, &record, at),
        "assistant" => assistant(digest, &record, at, own, usage),
        "system" if own => system(digest, &record, at),
        "progress" => {
            if let Some(usage) = usage {
                spend::quoted(&record, usage);
            }
            if !inside {
                progress(digest, &record, at);
            }
        }
        "custom-title" => call_it(Title::Custom, record.custom_title.or(record.title)),
        "agent-name" => call_it(Title::Agent, record.agent_name),
        "ai-title" => call_it(Title::Generated, record.ai_title.or(record.title)),
        "summary" => call_it(Title::Summary, record.summary),
        // Neither has a `cwd` of its own.
        "relocated" => {
            digest.learn(Origin { cwd: json::string(record.relocated_cwd.or(record.cwd)), ..Origin::default() });
        }
        "worktree-state" => digest.learn(Origin { cwd: worktree(&record), ..Origin::default() }),
        "continued-in" => {
            let session = json::head(record.continued_in_session_id, LABEL).unwrap_or_default();
            let session = text::line(text::prefix(&session, LABEL)).into_owned();
            digest.step_to(Step::MovedOn { session }, at.or(digest.last_activity));
        }
        _ => {}
    }
}

fn user(digest: &mut Digest, record: &Record<'_>, at: Option<Timestamp>) {
    let message = record.message();
    let mut typed: Option<String> = None;
    let mut answered = false;
    for block in &message.blocks {
        match json::string(block.kind).as_deref() {
            None | Some("text") => {
                if typed.is_none() {
                    typed = json::head(block.text, LABEL * 2);
                }
            }
            Some("tool_result") => {
                answered = true;
                let id = json::string(block.tool_use_id).unwrap_or_default();
                digest.answered(&id, json::truth(block.is_error));
            }
            Some("image" | "document") => {
                typed.get_or_insert_with(|| "[image]".to_owned());
            }
            Some(_) => {}
        }
    }
    if answered {
        let step = digest.step_of_open_calls().unwrap_or(Step::Asked);
        digest.step_to(step, at);
    }
    if json::truth(record.is_meta) || json::truth(record.is_compact_summary) {
        return;
    }
    let Some(typed) = typed else { return };
    match said_by_user(&typed) {
        UserText::Typed => digest.prompted(&typed, at),
        UserText::Command(command) => digest.commanded(&command),
        UserText::Interrupted => digest.interrupted(at),
        UserText::Output(_) => {}
    }
}

fn assistant(digest: &mut Digest, record: &Record<'_>, at: Option<Timestamp>, own: bool, usage: Option<&mut Usage>) {
    let message = record.message();
    let model = json::string(message.model).unwrap_or_default();
    let failed = json::truth(record.is_api_error_message);
    let synthetic = failed || model == "<synthetic>";
    let spent = message.usage.and_then(Used::spent).filter(|_| !synthetic);
    if let (Some(usage), Some(spent)) = (usage, spent) {
        spend::note(record, &message, spent, usage);
    }
    if !own {
        if !digest.sub_agent {
            aside(digest, record, at);
        }
        return;
    }
    if !synthetic {
        digest.answered_by(&model);
    }
    if let Some(spent) = spent {
        digest.gauge(spent.tokens().in_context());
    }
    let mut said: Option<String> = None;
    for block in &message.blocks {
        match json::string(block.kind).as_deref() {
            Some(kind @ ("tool_use" | "server_tool_use" | "mcp_tool_use")) => called(digest, kind, block),
            None | Some("text") => {
                let words = json::head(block.text, LABEL).unwrap_or_default();
                if !failed {
                    digest.said(&words);
                }
                said = Some(words);
            }
            Some(_) => {}
        }
    }
    if failed {
        return digest.failed(&said.unwrap_or_default(), at);
    }
    let step = match (json::string(message.stop_reason).as_deref(), digest.step_of_open_calls()) {
        (_, Some(open)) => open,
        _ if synthetic => Step::Ended,
        (Some("end_turn" | "stop_sequence" | "max_tokens" | "refusal"), None) => Step::Ended,
        (None, None) if said.is_some() => Step::Answered,
        _ => Step::Asked,
    };
    digest.step_to(step, at);
}

/// A record of a sub-agent that works in its parent's transcript.
fn aside(digest: &mut Digest, record: &Record<'_>, at: Option<Timestamp>) {
    let Some(uuid) = json::string(record.uuid) else { return };
    let parent = json::string(record.parent_uuid);
    // Only the first record of a chain is compared with what was asked of it.
    let prompt = if parent.is_none() {
        record.message().blocks.first().and_then(|block| json::head(block.text, PROMPT))
    } else {
        None
    };
    let side = digest.side.of_record(&uuid, parent.as_deref(), prompt.as_deref());
    take_aside(side, record, at);
}

/// A message of a sub-agent that a record of progress carries.
fn progress(digest: &mut Digest, record: &Record<'_>, at: Option<Timestamp>) {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Data<'a> {
        #[serde(borrow, rename = "type")]
        kind: Option<&'a RawValue>,
        #[serde(borrow)]
        agent_id: Option<&'a RawValue>,
        #[serde(borrow)]
        message: Option<&'a RawValue>,
    }
    let data: Data<'_> = json::fields(record.data);
    let agent = json::string(data.agent_id).filter(|agent| !agent.is_empty() && agent.len() <= LABEL);
    let (Some("agent_progress"), Some(agent)) = (json::string(data.kind).as_deref(), agent) else { return };
    let inner: Record<'_> = json::fields(data.message);
    let call = json::string(record.parent_tool_use_id);
    let side = digest.side.of_agent(&agent, call.as_deref());
    take_aside(side, &inner, json::moment(inner.timestamp).or(at));
}

fn take_aside(side: &mut Digest, record: &Record<'_>, at: Option<Timestamp>) {
    side.line();
    side.learn(Origin {
        session: json::string(record.session_id),
        cwd: json::string(record.cwd),
        branch: json::string(record.git_branch),
        version: json::string(record.version),
    });
    side.seen_at(at);
    match record.kind().as_ref() {
        "user" => user(side, record, at),
        "assistant" => assistant(side, record, at, true, None),
        "system" => system(side, record, at),
        _ => {}
    }
}

/// The call of a tool that begins a sub-agent.
fn task(block: &Block<'_>) -> Task {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Input<'a> {
        #[serde(borrow)]
        description: Option<&'a RawValue>,
        #[serde(borrow)]
        subagent_type: Option<&'a RawValue>,
        #[serde(borrow)]
        prompt: Option<&'a RawValue>,
    }
    let input: Input<'_> = json::fields(block.input);
    Task {
        id: json::head(block.id, LABEL).unwrap_or_default(),
        description: json::head(input.description, LABEL),
        agent_type: json::head(input.subagent_type, LABEL),
        prompt: json::head(input.prompt, PROMPT),
    }
}

/// The worktree that a session has entered; none when it left one.
pub(super) fn worktree<'a>(record: &Record<'a>) -> Option<Cow<'a, str>> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Worktree<'a> {
        #[serde(borrow)]
        worktree_path: Option<&'a RawValue>,
    }
    let worktree: Worktree<'a> = json::fields(record.worktree_session);
    json::string(worktree.worktree_path)
}

/// The first question of an `AskUserQuestion`.
fn question(input: Option<&RawValue>) -> Option<String> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Input<'a> {
        #[serde(borrow)]
        questions: Option<&'a RawValue>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Question<'a> {
        #[serde(borrow)]
        question: Option<&'a RawValue>,
    }
    let input: Input<'_> = json::fields(input);
    let first = json::elements::<&RawValue>(input.questions).into_iter().next();
    let first: Question<'_> = json::fields(first);
    json::head(first.question, LABEL)
}

fn called(digest: &mut Digest, kind: &str, block: &Block<'_>) {
    let name = json::head(block.name, LABEL).unwrap_or_default();
    if matches!(name.as_str(), "Task" | "Agent") && !digest.sub_agent {
        digest.side.called(task(block));
    }
    if name == "AskUserQuestion" {
        digest.asked(question(block.input).as_deref());
    }
    let summary = call::summary(&name, block.input, digest.cwd.as_deref());
    // The server's own tools answer inside the same message.
    let pending = (kind == "tool_use").then(|| json::head(block.id, LABEL).unwrap_or_default());
    digest.called(&name, &summary, pending);
}

fn system(digest: &mut Digest, record: &Record<'_>, at: Option<Timestamp>) {
    match json::string(record.subtype).as_ref().map(Cow::as_ref) {
        Some("turn_duration") => {
            let agents = json::number(record.pending_background_agent_count).unwrap_or(0);
            digest.close_calls();
            if agents == 0 {
                digest.side.close(&Step::Ended, at);
            }
            digest.step_to(if agents > 0 { Step::Background { agents } } else { Step::Ended }, at);
        }
        Some("compact_boundary") => digest.compacted(spend::before_compaction(record)),
        Some("api_error") => {
            let attempt = json::number(record.retry_attempt).unwrap_or(0);
            let most = json::number(record.max_retries).unwrap_or(0);
            digest.step_to(Step::Retrying { attempt, most }, at);
        }
        _ => {}
    }
}
