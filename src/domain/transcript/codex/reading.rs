//! A record of Codex taken into a digest.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::call::Call;
use super::nested::Nested;
use super::record::{self, Event, Item, Record};
use super::{message, output};
use crate::domain::transcript::digest::{LABEL, Origin, StatedWindow, Title};
use crate::domain::transcript::record::{NoRecord, text_of};
use crate::domain::transcript::usage::Usage;
use crate::domain::transcript::{Digest, Step, json};

/// Tokens that every request holds and that Codex does not count as used (`BASELINE_TOKENS` in its `protocol.rs`).
const BASELINE: u64 = 12_000;

/// Takes in one line, in the order of the file. Tokens are noted in `usage`, when somebody counts them.
pub(super) fn read(digest: &mut Digest, line: &[u8], usage: Option<&mut Usage>) {
    let cleaned = text_of(line);
    let (timestamp, record) = match record::split(&cleaned) {
        Ok(split) => split,
        Err(NoRecord::Blank) => return,
        Err(NoRecord::NotJson) => {
            digest.line();
            digest.malformed();
            return;
        }
    };
    digest.line();
    let at = json::moment(timestamp);
    digest.seen_at(at);
    match record {
        Record::Session(raw) => session(digest, raw),
        Record::Turn(raw) => settings(digest, raw),
        Record::Item(parsed) => item(digest, &parsed, at),
        Record::Event(parsed) => event(digest, &parsed, at, usage),
        Record::Used(raw) => {
            if let Some(usage) = usage {
                digest.codex.count_record(raw, usage);
            }
        }
        Record::Compacted(_) => digest.compacted(None),
        Record::Message(_) | Record::Silent => {}
        Record::Unknown(_) => digest.unknown(),
    }
}

/// The first head is the file's own. Others follow: the same one at every start, that of the thread it was copied from.
fn session(digest: &mut Digest, raw: Option<&RawValue>) {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Session<'a> {
        #[serde(borrow)]
        id: Option<&'a RawValue>,
        #[serde(borrow)]
        cwd: Option<&'a RawValue>,
        #[serde(borrow)]
        cli_version: Option<&'a RawValue>,
        #[serde(borrow)]
        git: Option<&'a RawValue>,
        #[serde(borrow)]
        source: Option<&'a RawValue>,
        #[serde(borrow)]
        parent_thread_id: Option<&'a RawValue>,
        #[serde(borrow)]
        forked_from_id: Option<&'a RawValue>,
        #[serde(borrow)]
        agent_nickname: Option<&'a RawValue>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Git<'a> {
        #[serde(borrow)]
        branch: Option<&'a RawValue>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Source<'a> {
        #[serde(borrow)]
        subagent: Option<&'a RawValue>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Subagent<'a> {
        #[serde(borrow)]
        thread_spawn: Option<&'a RawValue>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Spawn<'a> {
        #[serde(borrow)]
        parent_thread_id: Option<&'a RawValue>,
        #[serde(borrow)]
        agent_nickname: Option<&'a RawValue>,
    }
    let session: Session<'_> = json::fields(raw);
    let id = json::string(session.id).filter(|id| !id.is_empty() && id.len() <= LABEL);
    if let (Some(own), Some(id)) = (&digest.codex.id, &id)
        && own != id
    {
        // The first prompt is another's then; the parent's name for it tells more.
        if let Some(nickname) = digest.codex.nickname.clone() {
            digest.call_it(Title::Agent, &nickname);
        }
        return;
    }
    let source: Source<'_> = json::fields(session.source);
    if let Some(subagent) = source.subagent {
        let subagent: Subagent<'_> = json::fields(Some(subagent));
        let spawn: Spawn<'_> = json::fields(subagent.thread_spawn);
        let parent = json::string(spawn.parent_thread_id).or_else(|| json::string(session.parent_thread_id));
        digest.sub_agent = true;
        digest.parent = parent.filter(|id| !id.is_empty() && id.len() <= LABEL).map(Cow::into_owned);
        digest.codex.nickname = json::head(spawn.agent_nickname.or(session.agent_nickname), LABEL);
        digest.codex.is_copy = true;
    }
    digest.codex.is_copy |= json::string(session.forked_from_id).is_some();
    digest.codex.id = digest.codex.id.take().or_else(|| id.as_deref().map(str::to_owned));
    let git: Git<'_> = json::fields(session.git);
    digest.learn(Origin {
        session: id,
        cwd: json::string(session.cwd),
        branch: json::string(git.branch),
        version: json::string(session.cli_version),
    });
}

fn settings(digest: &mut Digest, raw: Option<&RawValue>) {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Settings<'a> {
        #[serde(borrow)]
        cwd: Option<&'a RawValue>,
        #[serde(borrow)]
        model: Option<&'a RawValue>,
    }
    let settings: Settings<'_> = json::fields(raw);
    digest.learn(Origin { cwd: json::string(settings.cwd), ..Origin::default() });
    digest.answered_by(&json::head(settings.model, LABEL).unwrap_or_default());
    digest.codex.model = digest.model.clone().unwrap_or_default();
    digest.codex.settle();
}

fn item(digest: &mut Digest, item: &Item<'_>, at: Option<Timestamp>) {
    let kind = json::string(item.kind).unwrap_or_default();
    match kind.as_ref() {
        "message" => said(digest, item, at),
        "reasoning" => goes_on(digest, at),
        "function_call_output" | "custom_tool_call_output" | "mcp_tool_call_output" => {
            answered(digest, item, output::is_error(item.output), at);
        }
        "tool_search_output" => answered(digest, item, false, at),
        kind => match Call::of(item, kind) {
            Some(call) => {
                let summary = call.summary(digest.cwd.as_deref());
                let pending = call.is_answered.then(|| call.id.clone());
                digest.called(&call.name, &summary, pending);
                goes_on(digest, at);
            }
            None if record::is_item(kind) => {}
            None => digest.unknown(),
        },
    }
}

fn said(digest: &mut Digest, item: &Item<'_>, at: Option<Timestamp>) {
    match json::string(item.role).as_deref() {
        Some("user") => {
            let typed = message::from_user(item).typed;
            if typed.bytes > 0 {
                digest.prompted(&typed.kept, at);
            }
        }
        Some("assistant") => {
            digest.said(&message::head_of(item.content, LABEL));
            if digest.codex.has_turns {
                goes_on(digest, at);
            } else {
                let step = digest.step_of_open_calls().unwrap_or(Step::Answered);
                digest.step_to(step, at);
            }
        }
        // What the program tells the model.
        _ => {}
    }
}

fn answered(digest: &mut Digest, item: &Item<'_>, is_error: bool, at: Option<Timestamp>) {
    digest.answered(&json::head(item.call_id, LABEL).unwrap_or_default(), is_error);
    goes_on(digest, at);
}

/// The turn goes on: with what was called, else with the model. What comes after its end does not open it again.
fn goes_on(digest: &mut Digest, at: Option<Timestamp>) {
    if digest.codex.has_turns && !digest.step.is_open() && digest.step != Step::Nothing {
        return;
    }
    let step = digest.step_of_open_calls().unwrap_or(Step::Asked);
    digest.step_to(step, at);
}

fn event(digest: &mut Digest, event: &Event<'_>, at: Option<Timestamp>, usage: Option<&mut Usage>) {
    let kind = json::string(event.kind).unwrap_or_default();
    match kind.as_ref() {
        "task_started" | "turn_started" => {
            digest.codex.has_turns = true;
            digest.codex.has_failed = false;
            digest.close_calls();
            window(digest, event.model_context_window);
            digest.step_to(Step::Asked, at);
        }
        "task_complete" | "turn_complete" => {
            digest.codex.has_turns = true;
            digest.close_calls();
            match failure(event) {
                Some(words) => fail(digest, &words, at),
                None if digest.codex.has_failed => {}
                None => digest.step_to(Step::Ended, at),
            }
        }
        "turn_aborted" => {
            digest.codex.has_turns = true;
            digest.close_calls();
            match json::string(event.reason).as_deref() {
                None | Some("interrupted") => digest.interrupted(at),
                Some(_) => digest.step_to(Step::Ended, at),
            }
        }
        "error" => fail(digest, &json::head(event.message, LABEL).unwrap_or_default(), at),
        "stream_error" => {
            let (attempt, most) = attempts(&json::head(event.message, LABEL).unwrap_or_default());
            digest.step_to(Step::Retrying { attempt, most }, at);
        }
        "token_count" => {
            totals(digest, event.info);
            if let Some(usage) = usage {
                digest.codex.count_totals(event.info, at, usage);
            }
        }
        "item_completed" => {
            if let Some(nested) = Nested::of(event) {
                digest.called(&nested.name, &nested.summary, None);
                digest.answered("", nested.is_error);
            }
        }
        "thread_name_updated" => {
            digest.call_it(Title::Custom, &json::head(event.thread_name, LABEL).unwrap_or_default());
        }
        "thread_settings_applied" => settings(digest, event.thread_settings),
        kind if record::is_event(kind) => {}
        _ => digest.unknown(),
    }
}

/// Why a turn ended, where it failed.
pub(super) fn failure(event: &Event<'_>) -> Option<String> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Failure<'a> {
        #[serde(borrow)]
        message: Option<&'a RawValue>,
    }
    let raw = event.error.filter(|raw| raw.get().starts_with(['{', '"']))?;
    let failure: Failure<'_> = json::fields(Some(raw));
    Some(json::head(failure.message.or(Some(raw)), LABEL * 2).unwrap_or_else(|| "the turn failed".to_owned()))
}

/// A turn fails once, however many records say so.
fn fail(digest: &mut Digest, words: &str, at: Option<Timestamp>) {
    if std::mem::replace(&mut digest.codex.has_failed, true) {
        digest.step_to(Step::Failed, at);
    } else {
        digest.failed(words, at);
    }
}

/// `Reconnecting... 2/5`.
fn attempts(message: &str) -> (u64, u64) {
    let parts = message.split_whitespace().find_map(|word| word.split_once('/'));
    let number = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok();
    parts.and_then(|(attempt, most)| Some((number(attempt)?, number(most)?))).unwrap_or((1, 1))
}

/// How full the context is.
fn totals(digest: &mut Digest, info: Option<&RawValue>) {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Info<'a> {
        #[serde(borrow)]
        last_token_usage: Option<&'a RawValue>,
        #[serde(borrow)]
        model_context_window: Option<&'a RawValue>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Last<'a> {
        #[serde(borrow)]
        total_tokens: Option<&'a RawValue>,
    }
    let info: Info<'_> = json::fields(info);
    let last: Last<'_> = json::fields(info.last_token_usage);
    digest.gauge(json::number(last.total_tokens).unwrap_or(0));
    window(digest, info.model_context_window);
}

fn window(digest: &mut Digest, raw: Option<&RawValue>) {
    if let Some(tokens) = json::number(raw).filter(|tokens| *tokens > 0) {
        digest.window = Some(StatedWindow { tokens, reserved: BASELINE });
    }
}

#[cfg(test)]
mod tests;
