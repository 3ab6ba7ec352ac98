//! `hnpwb hook`: answers one hook event of Claude Code. A tool call that matches a gate rule waits for the operator;
//! everything else passes at once and in silence.
//!
//! Fail closed: when a call may match a rule and no decision can be had, the answer is `deny`, or exit 2 where no answer
//! can be written. Claude Code lets a call proceed on any other failure, so nothing in here may end in one. The rules
//! are part of that: a session file that cannot be read holds every tool call below it, and says where it is wrong.

use std::cell::Cell;
use std::io::{self, Read, Write};
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::config::paths::Paths;
use crate::config::session::{GateRule, OnFailure};
use crate::domain::digest::sha256;
use crate::domain::gate::ToolCall;
use crate::domain::gate::call::detail;
use crate::domain::gate::wire::{Answer, GateRequest};
use crate::domain::redact::Redactor;
use crate::domain::text;
use crate::source::gates::client::{Unheard, ask_gate};

mod input;
mod notify;
mod registration;

use input::{Event, read_event};

/// Bytes of an event that are read.
const LONGEST_EVENT: u64 = 64 * 1024 * 1024;
/// How long before the registered timeout the answer is given: a hook that times out holds nothing.
const MARGIN: Duration = Duration::from_secs(5);
/// What the gate's own clock is set ahead of that, so that the workbench says `expired` before this process must.
const LEAD: Duration = Duration::from_secs(2);
/// Characters of a reason: Claude Code cuts texts at ten thousand.
const LONGEST_REASON: usize = 9_000;

/// The gate rules that govern a folder, with the root of their session; the error says what is wrong with which file.
pub type Rules = Option<(PathBuf, Vec<GateRule>)>;

/// What a hook knows besides its input.
#[derive(Debug, Clone)]
pub struct Surroundings<'a> {
    /// The user's folders.
    pub paths: &'a Paths,
    /// `$CLAUDE_PROJECT_DIR`: the agent may have changed its folder, its project stays.
    pub project: Option<PathBuf>,
    /// The folder this process was started in.
    pub cwd: PathBuf,
}

impl<'a> Surroundings<'a> {
    /// Those of this process.
    pub fn from_env(paths: &'a Paths) -> Self {
        let project = std::env::var_os("CLAUDE_PROJECT_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from);
        Self { paths, project, cwd: std::env::current_dir().unwrap_or_default() }
    }
}

/// What the hook says and how it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// 0: standard output decides, or nobody minds. 2: the call is blocked, standard error says why.
    pub code: u8,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Reply {
    fn pass() -> Self {
        Self { code: 0, out: String::new(), err: String::new() }
    }

    fn block(why: &str) -> Self {
        Self { code: 2, out: String::new(), err: format!("hnpwb: {why}\n") }
    }

    fn decide(decision: &str, reason: &str) -> Self {
        let reason: String = reason.chars().take(LONGEST_REASON).collect();
        let output = json!({"hookSpecificOutput": {
            "hookEventName": "PreToolUse",
            "permissionDecision": decision,
            "permissionDecisionReason": reason,
        }});
        Self { code: 0, out: format!("{output}\n"), err: String::new() }
    }

    fn fail(how: OnFailure, reason: &str) -> Self {
        match how {
            OnFailure::Deny => Self::decide("deny", reason),
            OnFailure::Ask => Self::decide("ask", reason),
        }
    }
}

/// The whole subcommand: standard input to standard output. `rules` finds the rules that govern a folder.
pub fn run<E: std::fmt::Display>(paths: &Paths, rules: impl Fn(&Path) -> Result<Rules, E>) -> ExitCode {
    let reply = answer(io::stdin().lock(), &Surroundings::from_env(paths), rules);
    let said = io::stdout().lock().write_all(reply.out.as_bytes()).and_then(|()| io::stdout().lock().flush());
    // Where standard error goes is not known, and the code says enough.
    let _ = io::stderr().lock().write_all(reply.err.as_bytes());
    if said.is_err() {
        return ExitCode::from(2);
    }
    ExitCode::from(reply.code)
}

/// Answers one event. Panics become exit 2 where a tool call might be at stake.
pub fn answer<E: std::fmt::Display>(
    input: impl Read,
    around: &Surroundings<'_>,
    rules: impl Fn(&Path) -> Result<Rules, E>,
) -> Reply {
    let harmless = Cell::new(false);
    let replied = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let started = Instant::now();
        let mut bytes = Vec::new();
        let read = input.take(LONGEST_EVENT).read_to_end(&mut bytes);
        let mut event = read_event(&bytes);
        if let Err(error) = read {
            event.odd.get_or_insert_with(|| format!("standard input: {error}"));
        }
        harmless.set(event.name.as_deref().is_some_and(|name| name != "PreToolUse"));
        let dirs = folders(&event, around);
        notify::send(around.paths, &dirs, &bytes);
        if harmless.get() { Reply::pass() } else { tool_call(&event, &dirs, around, rules, started) }
    }));
    match replied {
        Ok(reply) => reply,
        Err(_) if harmless.get() => Reply::pass(),
        Err(_) => {
            Reply::block("a fault of its own kept it from answering, so the call is held; report this, with the call")
        }
    }
}

/// Folders whose rules count: an agent that changes its folder takes its project's rules along.
fn folders(event: &Event<'_>, around: &Surroundings<'_>) -> Vec<PathBuf> {
    let mut dirs: Vec<PathBuf> = Vec::new();
    let named = [around.project.clone(), event.cwd.as_deref().map(PathBuf::from), Some(around.cwd.clone())];
    for dir in named.into_iter().flatten().filter(|dir| dir.is_absolute()) {
        if !dirs.contains(&dir) {
            dirs.push(dir);
        }
    }
    dirs
}

fn tool_call<E: std::fmt::Display>(
    event: &Event<'_>,
    dirs: &[PathBuf],
    around: &Surroundings<'_>,
    rules: impl Fn(&Path) -> Result<Rules, E>,
    started: Instant,
) -> Reply {
    let mut sessions: Vec<(PathBuf, Vec<GateRule>)> = Vec::new();
    for dir in dirs {
        match rules(dir) {
            Ok(Some((root, _))) if sessions.iter().any(|(known, _)| *known == root) => {}
            Ok(Some(session)) => sessions.push(session),
            Ok(None) => {}
            Err(problem) => {
                let why = format!(
                    "the gate rules cannot be read, so no tool call can be let through: {problem}; \
                     correct the session file, then repeat the call"
                );
                return if event.name.is_some() { Reply::fail(OnFailure::Deny, &why) } else { Reply::block(&why) };
            }
        }
    }
    let rules = || sessions.iter().flat_map(|(root, rules)| rules.iter().map(move |rule| (root, rule)));
    let (tool, input) = match event.call() {
        Ok(call) => call,
        Err(odd) => {
            let tool = event.tool.as_deref();
            let may_hold = |rule: &GateRule| rule.tool.is_none() || tool.is_none() || rule.tool.as_deref() == tool;
            let Some((_, rule)) = strictest(rules().filter(|(_, rule)| may_hold(rule))) else { return Reply::pass() };
            let why = format!(
                "rule `{}` may hold this call, and it cannot be read ({odd}); make it smaller or split it, then try again",
                rule.name
            );
            return if event.name.is_some() { Reply::fail(rule.fail, &why) } else { Reply::block(&why) };
        }
    };
    if sessions.iter().all(|(_, rules)| rules.is_empty()) {
        return Reply::pass();
    }
    let call = ToolCall::new(tool, &input);
    let held = strictest(rules().filter(|(_, rule)| call.matches(rule.tool.as_deref(), &rule.matches)));
    let Some((root, rule)) = held else { return Reply::pass() };
    let limit = registration::timeout(around.paths, around.project.as_deref().into_iter().chain([root.as_path()]))
        .saturating_sub(MARGIN + LEAD + started.elapsed());
    let request = request(event, tool, &input, rule, rule.deadline.min(limit));
    let socket = around.paths.socket(&root.canonicalize().unwrap_or_else(|_| root.clone()));
    reply_to(ask_gate(&socket, &request), &socket, rule)
}

/// The first of the rules that refuse on failure, else the first.
fn strictest<'a>(rules: impl Iterator<Item = (&'a PathBuf, &'a GateRule)>) -> Option<(&'a PathBuf, &'a GateRule)> {
    let mut found = None;
    for (root, rule) in rules {
        match rule.fail {
            OnFailure::Deny => return Some((root, rule)),
            OnFailure::Ask => found = found.or(Some((root, rule))),
        }
    }
    found
}

fn request(event: &Event<'_>, tool: &str, input: &Value, rule: &GateRule, wait: Duration) -> GateRequest {
    let detail = detail(input);
    let first = match input.get("command").or_else(|| input.get("file_path")).or_else(|| input.get("url")) {
        Some(Value::String(text)) => text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim(),
        _ => rule.name.as_str(),
    };
    let mut subject = std::collections::BTreeMap::new();
    let digest = event.input.map(|raw| sha256(raw.get().as_bytes()));
    let parts = [
        ("session", event.session_id.clone()),
        ("tool_use_id", event.tool_use_id.clone()),
        ("agent_id", event.agent_id.clone()),
        ("cwd", event.cwd.clone()),
        ("input_sha256", digest),
    ];
    for (key, value) in parts {
        if let Some(value) = value {
            subject.insert(key.to_owned(), value);
        }
    }
    GateRequest {
        title: format!("{tool}: {}", title(&Redactor::default().redact(first))),
        detail,
        subject,
        agent: event.session_id.clone(),
        tool: Some(tool.to_owned()),
        rule: Some(rule.name.clone()),
        timeout_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
    }
}

/// The head of a text up to the end of a word, so that no part of a secret is left at the cut; a word without an end is cut.
fn title(text: &str) -> &str {
    const ENOUGH: usize = 160;
    const MOST: usize = 1024;
    let head = text::prefix(text, MOST);
    let end = head.char_indices().find(|(at, c)| *at >= ENOUGH && c.is_whitespace()).map_or(head.len(), |(at, _)| at);
    &head[..end]
}

fn reply_to(answer: Result<Answer, Unheard>, socket: &Path, rule: &GateRule) -> Reply {
    let held = format!("held by gate rule `{}`", rule.name);
    match answer {
        Ok(Answer::Decided { approved: true, reason, .. }) => {
            Reply::decide("allow", &with_reason("the operator approved this call", &reason))
        }
        Ok(Answer::Decided { approved: false, reason, .. }) => {
            Reply::decide("deny", &with_reason("The operator rejected this call", &reason))
        }
        Ok(Answer::Expired { .. }) | Err(Unheard::TimedOut) => Reply::fail(
            rule.fail,
            &format!("{held}: the operator did not decide in time; go on with other work and ask again later"),
        ),
        Ok(Answer::Refused { why }) => Reply::fail(rule.fail, &format!("{held}, and the workbench refused it: {why}")),
        Ok(Answer::Gates { .. } | Answer::Line { .. } | Answer::Noted) => {
            Reply::fail(rule.fail, &format!("{held}: the workbench gave an odd answer; tell the operator"))
        }
        Err(unheard @ (Unheard::NoWorkbench(_) | Unheard::Broken(_))) => {
            let fault = unheard.into_fault(socket);
            Reply::fail(rule.fail, &format!("{held}, and nobody could decide: {fault}"))
        }
    }
}

fn with_reason(what: &str, reason: &str) -> String {
    if reason.is_empty() { what.to_owned() } else { format!("{what}: {reason}") }
}
