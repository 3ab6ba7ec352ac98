//! A tool call: whether a rule holds it, and what the operator says.

use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::config::paths::Paths;
use crate::config::session::rules::Ruled;
use crate::domain::agent::registry::RegistryEntry;
use crate::domain::digest::sha256;
use crate::domain::gate::ask::{answered, plan, questions};
use crate::domain::gate::call::detail;
use crate::domain::gate::place::Ground;
use crate::domain::gate::rule::{GateRule, OnFailure, RuleEvent, strictest};
use crate::domain::gate::wire::{Answer, GateRequest};
use crate::domain::gate::{Asks, ToolCall};
use crate::domain::redact::Redactor;
use crate::domain::text;
use crate::source::gates::client::{Unheard, ask_gate, ask_until};

use super::{Event, Reply, Rules, Surroundings, Visit, Wanted, registration};

/// How long before the registered timeout the answer is given: a hook that times out holds nothing.
const MARGIN: Duration = Duration::from_secs(5);
/// What the gate's own clock is set ahead of that, so that the workbench says `expired` before this process must.
const LEAD: Duration = Duration::from_secs(2);
/// Entries of an agent's registry that are looked through for its name.
const MOST_ENTRIES: usize = 512;

/// Answers a tool call: silence when no rule holds it, else what the operator or the rule says.
pub(super) fn tool_call<E: std::fmt::Display>(
    visit: &Visit<'_>,
    rules: impl Fn(&[PathBuf], Wanted<'_>) -> Result<Rules, E>,
) -> Reply {
    let event = visit.event;
    let call = event.call();
    let tool = call.as_ref().map_or(event.tool.as_deref(), |(tool, _)| Some(*tool));
    // Read for the first rule that looks at it: where there is none, nothing of the call is. What a pattern sees does not hang on
    // where the project lies.
    let seen = LazyCell::new(|| {
        let (tool, input) = call.as_ref().ok()?;
        Some(ToolCall::on(tool, input, &Ground::default(), |_| None))
    });
    let may_hold = |rule: &GateRule| {
        let sees = |call: &ToolCall<'_>| rule.matches.as_ref().is_none_or(|pattern| call.seen_by(pattern).is_some());
        rule.event == RuleEvent::ToolCall && rule.looks_at(tool) && seen.as_ref().is_none_or(sees)
    };
    let sessions = match rules(visit.dirs, &may_hold) {
        Ok(sessions) => sessions,
        Err(problem) => {
            let why = format!(
                "the gate rules cannot be read, so no tool call can be let through: {problem}; \
                 correct the session file, then repeat the call"
            );
            return if event.name.is_some() { Reply::fail(OnFailure::Deny, &why) } else { Reply::block(&why) };
        }
    };
    let rules = || sessions.iter().flat_map(|ruled| &ruled.rules).filter(|rule| rule.event == RuleEvent::ToolCall);
    let (tool, input) = match &call {
        Ok((tool, input)) => (*tool, input),
        Err(odd) => {
            let tool = event.tool.as_deref();
            let looking = rules().filter(|rule| rule.looks_at(tool)).map(|rule| (rule, ()));
            let Some((rule, ())) = strictest(looking) else { return Reply::pass() };
            let why = format!(
                "rule `{}` may hold this call, and it cannot be read ({odd}); make it smaller or split it, then try again",
                rule.name
            );
            return if event.name.is_some() { Reply::fail(rule.fail, &why) } else { Reply::block(&why) };
        }
    };
    let Some((rule, root, because)) = deciding(visit, RuleEvent::ToolCall, tool, input, &sessions) else {
        return Reply::pass();
    };
    let wait = patience(visit, root, rule);
    let request = request(event, tool, input, rule, because, wait);
    let socket = visit.around.paths.socket(&root.canonicalize().unwrap_or_else(|_| root.clone()));
    reply_to(ask(&socket, &request, rule), &socket, rule, &request, input)
}

/// The rule that decides about a call, the root of its session, and why the rule holds it.
pub(super) fn deciding<'r>(
    visit: &Visit<'_>,
    about: RuleEvent,
    tool: &str,
    input: &Value,
    sessions: &'r [Ruled],
) -> Option<(&'r GateRule, &'r PathBuf, String)> {
    let rules = || sessions.iter().flat_map(|ruled| &ruled.rules).filter(|rule| rule.event == about);
    rules().next()?;
    let who = who(visit.event, visit.around.paths, rules().any(|rule| !rule.agents.is_empty()));
    let cwd = visit.event.cwd.as_deref().map_or_else(|| visit.around.cwd.clone(), PathBuf::from);
    let held = holding(about, tool, input, sessions, visit.around, &cwd, &who);
    strictest(held).map(|(rule, (root, because))| (rule, root, because))
}

/// The rules on this event that hold a call, each with the root of its session and the reason.
pub fn holding<'r>(
    about: RuleEvent,
    tool: &str,
    input: &Value,
    sessions: &'r [Ruled],
    around: &Surroundings<'_>,
    cwd: &Path,
    who: &[String],
) -> Vec<(&'r GateRule, (&'r PathBuf, String))> {
    let mut held = Vec::new();
    for ruled in sessions {
        let call = ToolCall::on(tool, input, &ground(&ruled.root, cwd, around), real);
        let of_this = ruled.rules.iter().filter(|rule| rule.event == about && rule.concerns(who));
        held.extend(of_this.filter_map(|rule| Some((rule, (&ruled.root, rule.holds(&call)?)))));
    }
    held
}

/// How long the operator has: the rule's deadline, or less when the hook must answer before.
pub(super) fn patience(visit: &Visit<'_>, root: &Path, rule: &GateRule) -> Duration {
    let projects = visit.around.project.as_deref().into_iter().chain([root]);
    let registered = registration::timeout(visit.around.paths, rule.event.name(), projects);
    rule.deadline.min(registered.saturating_sub(MARGIN + LEAD + visit.started.elapsed()))
}

/// Asks the workbench; one that is not there is waited for where the rule says so.
pub(super) fn ask(socket: &Path, request: &GateRequest, rule: &GateRule) -> Result<Answer, Unheard> {
    match rule.fail {
        OnFailure::Wait => ask_until(socket, request),
        OnFailure::Deny | OnFailure::Ask => ask_gate(socket, request),
    }
}

/// The names by which rules know whoever calls: `main` or the type of a sub-agent, its ids, and the session's name when
/// `named` asks for it.
pub(super) fn who(event: &Event<'_>, paths: &Paths, named: bool) -> Vec<String> {
    let own = if event.agent_id.is_none() { Some("main".to_owned()) } else { event.agent_type.clone() };
    let mut who: Vec<String> = [own, event.session_id.clone(), event.agent_id.clone()].into_iter().flatten().collect();
    if !named {
        return who;
    }
    let folders = paths.claude.iter().filter_map(|dir| std::fs::read_dir(dir.join("sessions")).ok());
    let files = folders.flatten().flatten().take(MOST_ENTRIES).filter_map(|file| std::fs::read(file.path()).ok());
    let entries = files.filter_map(|text| RegistryEntry::parse(&text));
    let ours = entries.filter(|entry| entry.session_id.is_some() && entry.session_id == event.session_id);
    who.extend(ours.filter_map(|entry| entry.name));
    who
}

/// The ground that a session's rules are about.
fn ground(root: &Path, cwd: &Path, around: &Surroundings<'_>) -> Ground {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let mut roots: Vec<String> = vec![text(root)];
    // Where an agent was started is its project, also when that is a linked working tree.
    for project in around.project.iter().flat_map(|project| [Some(project.clone()), project.canonicalize().ok()]) {
        roots.extend(project.as_deref().map(text).filter(|project| project != "/"));
    }
    roots.dedup();
    let temporary = std::env::temp_dir();
    let mut free: Vec<String> = [Some(temporary.clone()), temporary.canonicalize().ok(), Some(PathBuf::from("/tmp"))]
        .iter()
        .flatten()
        .map(|dir| text(dir))
        .collect();
    free.extend(around.paths.claude.iter().flat_map(|dir| ["plans", "projects"].map(|name| text(&dir.join(name)))));
    free.push("/dev/null".to_owned());
    Ground { cwd: text(cwd), home: text(&around.paths.home), roots, free }
}

/// Where the disk has a file: links of the folders that exist are followed.
fn real(file: &str) -> Option<String> {
    let file = Path::new(file);
    let there = file.ancestors().find_map(|folder| Some((folder, folder.canonicalize().ok()?)));
    let (folder, found) = there?;
    let rest = file.strip_prefix(folder).ok()?;
    Some(found.join(rest).to_string_lossy().trim_end_matches('/').to_owned())
}

/// A request about a call, with everything that is to be shown of it.
pub(super) fn request(
    event: &Event<'_>,
    tool: &str,
    input: &Value,
    rule: &GateRule,
    because: String,
    wait: Duration,
) -> GateRequest {
    let detail = plan(tool, input).unwrap_or_else(|| detail(input));
    let asked = questions(tool, input);
    let first = match input.get("command").or_else(|| input.get("file_path")).or_else(|| input.get("url")) {
        Some(Value::String(text)) => first_line(text),
        _ if !asked.is_empty() => asked[0].question.as_str(),
        _ if tool == "ExitPlanMode" => first_line(&detail),
        _ => rule.name.as_str(),
    };
    let mut request = about(event, rule, format!("{tool}: {}", title(&Redactor::default().redact(first))), wait);
    if let Some(raw) = event.input {
        request.subject.insert("input_sha256".to_owned(), sha256(raw.get().as_bytes()));
    }
    request.asks = Asks { questions: asked, ..Asks::of(rule, Some(because)) };
    GateRequest { detail, tool: Some(tool.to_owned()), ..request }
}

/// A request with what every event says of whoever asks.
pub(super) fn about(event: &Event<'_>, rule: &GateRule, title: String, wait: Duration) -> GateRequest {
    let parts = [
        ("session", event.session_id.clone()),
        ("tool_use_id", event.tool_use_id.clone()),
        ("agent_id", event.agent_id.clone()),
        ("cwd", event.cwd.clone()),
    ];
    let subject: BTreeMap<String, String> =
        parts.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect();
    GateRequest {
        title,
        subject,
        agent: event.session_id.clone(),
        rule: Some(rule.name.clone()),
        asks: Asks::of(rule, None),
        timeout_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
        ..GateRequest::default()
    }
}

fn first_line(text: &str) -> &str {
    text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim()
}

/// The head of a text up to the end of a word, so that no part of a secret is left at the cut; a word without an end is cut.
fn title(text: &str) -> &str {
    const ENOUGH: usize = 160;
    const MOST: usize = 1024;
    let head = text::prefix(text, MOST);
    let end = head.char_indices().find(|(at, c)| *at >= ENOUGH && c.is_whitespace()).map_or(head.len(), |(at, _)| at);
    &head[..end]
}

fn reply_to(
    answer: Result<Answer, Unheard>,
    socket: &Path,
    rule: &GateRule,
    request: &GateRequest,
    input: &Value,
) -> Reply {
    let held = held_by(rule);
    match answer {
        Ok(Answer::Decided { approved: true, reason, answers, .. }) => {
            let reason = with_reason("the operator approved this call", &reason);
            // These two ask a person by themselves, unless the hook gives their input back.
            if request.asks.questions.is_empty() {
                let input = (request.tool.as_deref() == Some("ExitPlanMode")).then(|| input.clone());
                return Reply::decide_with("allow", &reason, input);
            }
            match answered(input, &request.asks.questions, &answers) {
                Some(input) => Reply::decide_with("allow", &reason, Some(input)),
                None => Reply::fail(rule.fail, &format!("{held}: the answers are not to these questions; ask again")),
            }
        }
        Ok(Answer::Decided { approved: false, reason, .. }) => {
            Reply::decide("deny", &with_reason("The operator rejected this call", &reason))
        }
        Ok(Answer::Expired { .. }) | Err(Unheard::TimedOut) => Reply::fail(
            rule.fail,
            &format!("{held}: the operator did not decide in time; go on with other work and ask again later"),
        ),
        Ok(Answer::Refused { why, .. }) => {
            Reply::fail(rule.fail, &format!("{held}, and the workbench refused it: {why}"))
        }
        Ok(Answer::Gates { .. } | Answer::Line { .. } | Answer::Hooks { .. } | Answer::Noted) => {
            Reply::fail(rule.fail, &format!("{held}: the workbench gave an odd answer; tell the operator"))
        }
        Err(unheard @ (Unheard::NoWorkbench(_) | Unheard::Broken(_))) => {
            let fault = unheard.into_fault(socket);
            Reply::fail(rule.fail, &format!("{held}, and nobody could decide: {fault}"))
        }
    }
}

/// Which rule holds a call, and what its author has to say.
fn held_by(rule: &GateRule) -> String {
    match &rule.message {
        Some(message) => format!("held by gate rule `{}` ({message})", rule.name),
        None => format!("held by gate rule `{}`", rule.name),
    }
}

/// What was decided, with the reason when there is one.
pub(super) fn with_reason(what: &str, reason: &str) -> String {
    if reason.is_empty() { what.to_owned() } else { format!("{what}: {reason}") }
}
