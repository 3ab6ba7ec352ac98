//! `hnpwb hook`: answers one hook event of Claude Code. A tool call that matches a gate rule waits for the operator;
//! everything else passes at once and in silence.
//!
//! Fail closed: when a call may match a rule and no decision can be had, the answer is `deny`, or exit 2 where no answer
//! can be written. Claude Code lets a call proceed on any other failure, so nothing in here may end in one. The rules
//! are part of that: a session file that cannot be read holds every tool call below it, and says where it is wrong.

use std::cell::Cell;
use std::io::{self, Read, Write};
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use crate::config::paths::Paths;
use crate::config::session::rules::{Ruled, Wanted};
use crate::domain::gate::rule::RuleEvent;

mod held;
mod input;
mod notify;
mod permission;
pub mod registration;
mod reply;
mod stop;

pub use held::holding;
use input::{Event, read_event};
pub use reply::Reply;

/// Bytes of an event that are read.
const LONGEST_EVENT: u64 = 64 * 1024 * 1024;
/// The gate rules that govern folders, each session once; the error says what is wrong with which file.
pub type Rules = Vec<Ruled>;

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

/// The whole subcommand: standard input to standard output. `rules` finds those that govern some folders and are wanted.
pub fn run<E: std::fmt::Display>(
    paths: &Paths,
    rules: impl Fn(&[PathBuf], Wanted<'_>) -> Result<Rules, E>,
) -> ExitCode {
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
    rules: impl Fn(&[PathBuf], Wanted<'_>) -> Result<Rules, E>,
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
        let visit = Visit { event: &event, dirs: &dirs, around, started };
        match event.name.as_deref() {
            Some("PermissionRequest") => permission::answer(&visit, rules),
            Some("Stop") => stop::answer(&visit, RuleEvent::Stop, rules),
            Some("SubagentStop") => stop::answer(&visit, RuleEvent::SubagentStop, rules),
            _ if harmless.get() => Reply::pass(),
            _ => held::tool_call(&visit, rules),
        }
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

/// One run of the hook.
struct Visit<'v> {
    event: &'v Event<'v>,
    dirs: &'v [PathBuf],
    around: &'v Surroundings<'v>,
    started: Instant,
}
