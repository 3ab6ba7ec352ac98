//! `hnpwb hook` in the settings file of an agent: put in, brought up to date, taken out and read, with every other byte of the
//! file left as it is.
//!
//! Claude Code and Codex write hooks in the same form (reference: Claude Code's documentation of hooks): `hooks`, an event,
//! groups with a `matcher`, and in each group `hooks` again, the commands. A command is ours when it runs a program named
//! `hnpwb` with `hook` as its only argument; nothing else is ever changed.

use std::path::Path;

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstArray, CstInputValue, CstNode, CstObject, CstRootNode};
use serde_json::Value;

mod survey;

pub use survey::{Entry, Survey, survey};

/// Seconds between the longest deadline of a rule and the timeout under which the hook is registered: it answers before.
pub const MARGIN: u64 = 5;
/// The longest timeout that is registered, in seconds: a day.
pub const LONGEST: u64 = 86_400;
/// What the agent shows while a call waits.
const STATUS: &str = "waiting for the operator (hnpwb)";

/// Whose settings file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Claude Code's `settings.json`.
    Claude,
    /// Codex's `hooks.json`.
    Codex,
}

impl Family {
    /// The name on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Claude => "Claude Code",
            Self::Codex => "Codex",
        }
    }

    /// The events that are registered, and when one of them waits for the operator.
    pub fn events(self) -> &'static [(&'static str, Waits)] {
        match self {
            Self::Claude => &[
                ("PreToolUse", Waits::Always),
                ("PermissionRequest", Waits::WhenAsked),
                ("Notification", Waits::Never),
                ("UserPromptSubmit", Waits::Never),
                ("Stop", Waits::Always),
                ("SubagentStop", Waits::WhenAsked),
                ("SessionStart", Waits::Never),
                ("SessionEnd", Waits::Never),
                ("PreCompact", Waits::Never),
            ],
            Self::Codex => &[
                ("PreToolUse", Waits::Always),
                ("PermissionRequest", Waits::WhenAsked),
                ("UserPromptSubmit", Waits::Never),
                ("Stop", Waits::Always),
                ("SessionStart", Waits::Never),
                ("PreCompact", Waits::Never),
            ],
        }
    }
}

/// When the hook of an event waits for the operator, and so needs time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waits {
    /// It only tells.
    Never,
    /// When a rule of the session is on this event.
    WhenAsked,
    /// Whatever the rules are now: they may change without another registration.
    Always,
}

/// How the hook is to be registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Absolute path of the program.
    pub program: String,
    /// True for `args`, which needs no shell; false for one command line, which every version takes.
    pub exec: bool,
    /// Timeout of events that may wait for the operator, in seconds.
    pub timeout: u64,
    /// Events that rules of the session are on.
    pub asked: Vec<&'static str>,
}

impl Wanted {
    /// A registration under which a rule with this deadline (in seconds) is answered in time. `asked` are the events that
    /// rules of the session are on.
    pub fn new(program: &Path, exec: bool, deadline: u64, asked: Vec<&'static str>) -> Self {
        let timeout = deadline.saturating_add(MARGIN).min(LONGEST);
        Self { program: program.to_string_lossy().into_owned(), exec, timeout, asked }
    }

    /// True if the hook of this event waits for the operator.
    pub fn waits(&self, event: &str, waits: Waits) -> bool {
        match waits {
            Waits::Never => false,
            Waits::WhenAsked => self.asked.contains(&event),
            Waits::Always => true,
        }
    }

    /// The command line, quoted for a shell where it must be.
    pub fn command(&self) -> String {
        if self.exec { self.program.clone() } else { format!("{} hook", shell_words::quote(&self.program)) }
    }

    /// Timeout of one event, in seconds.
    pub fn timeout_of(&self, waits: bool) -> u64 {
        const BRIEF: u64 = 5;
        if waits { self.timeout } else { BRIEF }
    }
}

/// Why a settings file is not touched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct Unreadable {
    /// Line, from one.
    pub line: usize,
    /// Column in characters, from one.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

/// The text of the file with the hook registered for every event, brought up to date where it was registered otherwise.
/// An empty text is a file that does not exist.
///
/// # Errors
/// The text is no JSON, or `hooks` is not of the form that agents read.
pub fn install(text: &str, family: Family, wanted: &Wanted) -> Result<String, Unreadable> {
    let (bom, root) = open(text)?;
    let fresh = text.trim().is_empty();
    let top = object_of(&root, text)?;
    let hooks = match top.get("hooks") {
        None => top.object_value_or_set("hooks"),
        Some(found) => found.object_value().ok_or_else(|| odd(text, "\"hooks\" is not an object"))?,
    };
    for (event, when) in family.events() {
        let waits = wanted.waits(event, *when);
        let groups = match hooks.get(event) {
            None => hooks.array_value_or_set(event),
            Some(found) => found.array_value().ok_or_else(|| odd(text, &format!("\"{event}\" is not a list")))?,
        };
        let mut ours = own(&groups).into_iter();
        let timeout = wanted.timeout_of(waits);
        match ours.next() {
            Some(handler) => {
                // Another project may have a rule on this event: it keeps the time that it was given for that.
                let kept = handler.to_serde_value().and_then(|handler| handler.get("timeout")?.as_u64());
                let kept = kept.filter(|_| *when == Waits::WhenAsked).unwrap_or_default().min(LONGEST);
                renew(&handler, wanted, timeout.max(kept), waits);
            }
            None => {
                groups.append(group(wanted, timeout, waits));
            }
        }
        for again in ours {
            take_out(again);
        }
    }
    let mut written = root.to_string();
    if fresh && !written.ends_with('\n') {
        written.push('\n');
    }
    Ok(format!("{bom}{written}"))
}

/// The text of the file without our own commands; groups, lists and objects that only held them go with them.
///
/// # Errors
/// The text is no JSON.
pub fn remove(text: &str) -> Result<String, Unreadable> {
    let (bom, root) = open(text)?;
    let Some(hooks) = root.object_value().and_then(|top| top.object_value("hooks")) else { return Ok(text.to_owned()) };
    let mut taken = false;
    for event in hooks.properties() {
        let Some(groups) = event.array_value() else { continue };
        let ours = own(&groups);
        if ours.is_empty() {
            continue;
        }
        taken = true;
        ours.into_iter().for_each(take_out);
        if groups.elements().is_empty() {
            event.remove();
        }
    }
    if !taken {
        return Ok(text.to_owned());
    }
    if hooks.properties().is_empty()
        && let Some(property) = root.object_value().and_then(|top| top.get("hooks"))
    {
        property.remove();
    }
    Ok(format!("{bom}{root}"))
}

fn open(text: &str) -> Result<(&'static str, CstRootNode), Unreadable> {
    let (bom, rest) = text.strip_prefix('\u{feff}').map_or(("", text), |rest| ("\u{feff}", rest));
    // What agents read is JSON; comments and a last comma are let stand by some, and cost nothing to keep.
    let options = ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let root = CstRootNode::parse(rest, &options).map_err(|error| Unreadable {
        line: error.line_display(),
        column: error.column_display(),
        message: error.kind().to_string(),
    })?;
    Ok((bom, root))
}

/// The object that the file is; a file with nothing in it becomes one.
fn object_of(root: &CstRootNode, text: &str) -> Result<CstObject, Unreadable> {
    root.object_value_or_create().ok_or_else(|| odd(text, "the file is not an object"))
}

/// A file that is JSON and yet not settings; it is meant as a whole.
fn odd(text: &str, message: &str) -> Unreadable {
    let line = text.lines().position(|line| !line.trim().is_empty()).unwrap_or(0) + 1;
    Unreadable { line, column: 1, message: message.to_owned() }
}

/// Our own handlers in the groups of one event.
fn own(groups: &CstArray) -> Vec<CstObject> {
    let groups = groups.elements().into_iter().filter_map(|group| group.as_object());
    let handlers = groups.filter_map(|group| group.array_value("hooks")).flat_map(|handlers| handlers.elements());
    handlers.filter_map(|handler| handler.as_object()).filter(is_own).collect()
}

fn is_own(handler: &CstObject) -> bool {
    handler.to_serde_value().is_some_and(|handler| program(&handler).is_some())
}

/// The program that a handler runs with `hook` as its only argument, when it is one named `hnpwb`.
pub fn program(handler: &Value) -> Option<String> {
    let text = |key: &str| handler.get(key).and_then(Value::as_str);
    if text("type").is_some_and(|kind| kind != "command") {
        return None;
    }
    let command = text("command")?;
    let program = match handler.get("args").and_then(Value::as_array) {
        Some(args) => (args.len() == 1 && args[0] == "hook").then(|| command.to_owned())?,
        None => {
            let words = shell_words::split(command).ok()?;
            // `FOO=1 hnpwb hook` is the same program in another environment.
            let mut words = words.into_iter().skip_while(|word| word.contains('=') && !word.contains('/'));
            let program = words.next()?;
            (words.next().as_deref() == Some("hook") && words.next().is_none()).then_some(program)?
        }
    };
    let name = program.rsplit('/').next()?;
    (name == "hnpwb").then_some(program)
}

fn handler(wanted: &Wanted, timeout: u64, waits: bool) -> Vec<(String, CstInputValue)> {
    let mut fields = vec![("type".to_owned(), "command".into()), ("command".to_owned(), wanted.command().into())];
    if wanted.exec {
        fields.push(("args".to_owned(), CstInputValue::Array(vec!["hook".into()])));
    }
    fields.push(("timeout".to_owned(), CstInputValue::Number(timeout.to_string())));
    if waits {
        fields.push(("statusMessage".to_owned(), STATUS.into()));
    }
    fields
}

fn group(wanted: &Wanted, timeout: u64, waits: bool) -> CstInputValue {
    let handler = CstInputValue::Object(handler(wanted, timeout, waits));
    CstInputValue::Object(vec![("hooks".to_owned(), CstInputValue::Array(vec![handler]))])
}

/// Brings one of our own handlers up to date: only what differs is written.
fn renew(found: &CstObject, wanted: &Wanted, timeout: u64, waits: bool) {
    let value = found.to_serde_value().unwrap_or_default();
    if !wanted.exec
        && let Some(args) = found.get("args")
    {
        args.remove();
    }
    for (key, wanted) in handler(wanted, timeout, waits) {
        if value.get(&key) == Some(&plain(&wanted)) || key == "statusMessage" {
            continue;
        }
        match found.get(&key) {
            Some(property) => property.set_value(wanted),
            None => {
                found.append(&key, wanted);
            }
        }
    }
    // A command that runs beside the agent decides nothing.
    if let Some(asynchronous) = found.get("async").filter(|_| waits) {
        asynchronous.remove();
    }
}

fn plain(value: &CstInputValue) -> Value {
    match value {
        CstInputValue::Null => Value::Null,
        CstInputValue::Bool(flag) => Value::Bool(*flag),
        CstInputValue::Number(number) => serde_json::from_str(number).unwrap_or_default(),
        CstInputValue::String(text) => Value::String(text.clone()),
        CstInputValue::Array(items) => Value::Array(items.iter().map(plain).collect()),
        CstInputValue::Object(fields) => {
            Value::Object(fields.iter().map(|(key, value)| (key.clone(), plain(value))).collect())
        }
    }
}

/// Takes a handler out, and its group when nothing else is in it.
fn take_out(handler: CstObject) {
    let Some(handlers) = handler.parent().and_then(|parent| parent.as_array()) else { return };
    handler.remove();
    if !handlers.elements().is_empty() {
        return;
    }
    let group = handlers.parent().and_then(|property| property.parent()).and_then(|group| group.as_object());
    if let Some(group) = group {
        CstNode::from(group).remove();
    }
}

#[cfg(test)]
mod tests;
