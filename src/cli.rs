//! The command line: one file per subcommand, all of it on the same domain and sources as the screen.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use jiff::Timestamp;

use crate::action;
use crate::config::paths::Paths;
use crate::config::problem::Problem;
use crate::config::session::{self, Session, rules};
use crate::domain::fault::Fault;
use crate::domain::gate::rule;

pub mod audit;
pub mod brief;
pub mod demo;
pub mod doctor;
pub mod drift;
pub mod gate;
pub mod generate;
pub mod health;
pub mod hook;
pub mod hooks;
pub mod init;
pub mod output;
pub mod report;
pub mod since;
pub mod status;
pub mod statusline;
pub mod tmux_status;
pub mod workbench;

use output::{Exit, Failure, say};

/// A full-screen terminal workbench for the person who supervises a group of coding agents.
#[derive(Debug, Parser)]
#[command(name = "hnpwb", version, max_term_width = 100, args_conflicts_with_subcommands = false)]
pub struct Cli {
    /// What to do; without it, the workbench opens
    #[command(subcommand)]
    command: Option<Command>,
    /// Session to work with: its name, or its file
    #[arg(long, value_name = "NAME|FILE", global = true)]
    session: Option<String>,
    #[command(flatten)]
    screen: workbench::ScreenArgs,
    /// Folder to work in [default: the current one]
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
enum Command {
    /// Open the workbench on a scenario that plays itself in a temporary folder
    Demo(demo::Args),
    /// Write hnpwb.toml with what was discovered
    Init(init::Args),
    /// Print agents, tasks, gates, fabrics and what needs you, once
    Status(status::Args),
    /// Print every object's drift state and its differing fields, once
    Drift(drift::Args),
    /// Print the health of every object of a cluster or a snapshot, with the field that decided
    Health(health::Args),
    /// Write, list and show briefs
    Brief(brief::Args),
    /// Ask the operator for a decision, or list the gates
    Gate(gate::Args),
    /// Register `hnpwb hook` with Claude Code or Codex, take it out, or say where it stands
    Hooks(hooks::Args),
    /// Say what works here and what does not, each with its remedy
    Doctor(doctor::Args),
    /// Answer one hook event of Claude Code, read from standard input
    Hook,
    /// Note what Claude Code tells its status line, and print one: COMMAND's for the same input, or one of its own
    Statusline(statusline::Args),
    /// Print how a run went, from the journal and the transcripts, as Markdown or JSON
    Report(report::Args),
    /// Print one short line for tmux's status bar: what needs you
    TmuxStatus(tmux_status::Args),
    /// Print or verify the journal
    Audit(audit::Args),
    /// Print documents made from the program itself
    Generate(generate::Args),
}

/// Runs the program.
pub fn main() -> ExitCode {
    // A hook sits in every tool call of every agent: it must not pay for anything that it does not need.
    if std::env::args_os().nth(1).as_deref() == Some(OsStr::new("hook")) {
        let paths = Paths::from_env();
        return hook::run(&paths, |dirs, wanted| {
            rules::governing(dirs, &paths, wanted).map_err(|problems| list(&problems))
        });
    }
    // A status line is drawn anew with every message.
    if std::env::args_os().nth(1).as_deref() == Some(OsStr::new("statusline"))
        && let Some(args) = statusline::plain(std::env::args_os().skip(2))
    {
        return statusline::run(&args, &Paths::from_env());
    }
    // tmux asks every few seconds, for every client.
    if std::env::args_os().nth(1).as_deref() == Some(OsStr::new("tmux-status"))
        && let Some(args) = tmux_status::plain(std::env::args_os().skip(2))
    {
        return tmux_status::run(&args, &Paths::from_env());
    }
    let cli = Cli::parse();
    if let Some(Command::TmuxStatus(args)) = &cli.command {
        return tmux_status::run(args, &Paths::from_env());
    }
    if let Some(Command::Statusline(args)) = &cli.command {
        return statusline::run(args, &Paths::from_env());
    }
    match run(cli) {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(failure) => {
            for fault in &failure.faults {
                say(&fault.to_string());
            }
            ExitCode::from(failure.exit as u8)
        }
    }
}

fn run(cli: Cli) -> Result<Exit, Failure> {
    let paths = Paths::from_env();
    let dir = working_folder(cli.dir.as_deref())?;
    let selector = cli.session.as_deref();
    let load = || load_session(selector, &dir, &paths);
    match cli.command {
        None => workbench::open(selector, &dir, &paths, &cli.screen),
        Some(Command::Demo(args)) => demo::run(args, &cli.screen),
        Some(Command::Init(args)) => init::run(&args, &dir, &paths, Timestamp::now()),
        Some(Command::Status(args)) => status::run(&args, load, &paths),
        Some(Command::Drift(args)) => drift::run(&args, load, &paths),
        Some(Command::Health(args)) => health::run(&args, load, &paths),
        Some(Command::Brief(args)) => {
            let session = load()?;
            if let Some((agent, to, format)) = args.handoff() {
                return brief::handoff::run(agent, to, format, session);
            }
            if let Some(args) = args.sending() {
                return brief::send::run(args, session, &paths);
            }
            brief::run(args, &session)
        }
        Some(Command::Gate(args)) => {
            let session = load()?;
            gate::run(args, &paths.socket(&session.root), &session.redactor)
        }
        Some(Command::Report(args)) => report::run(&args, load, &paths),
        Some(Command::Hooks(args)) => {
            let session = load()?;
            let deadline = session.gates.iter().map(|rule| rule.deadline.as_secs()).max();
            let events: Vec<&str> = session.gates.iter().map(|rule| rule.event.name()).collect();
            let around = hooks::Surroundings {
                paths: &paths,
                root: &session.root,
                deadline: deadline.unwrap_or_else(|| rule::DEADLINE.as_secs()),
                events: &events,
                redactor: &session.redactor,
            };
            hooks::run(&args, around)
        }
        Some(Command::Doctor(args)) => doctor::run(args, selector, &dir, &paths),
        Some(Command::Hook | Command::Statusline(_) | Command::TmuxStatus(_)) => Ok(Exit::Done),
        Some(Command::Audit(args)) => {
            let session = load()?;
            audit::run(&args, &session.state_dir, &session.redactor)
        }
        Some(Command::Generate(args)) => generate::run(&args, &Cli::command(), &action::document(), &action::names()),
    }
}

/// The folder to work in, canonical.
fn working_folder(dir: Option<&Path>) -> Result<PathBuf, Failure> {
    let dir = dir.unwrap_or(Path::new("."));
    std::fs::canonicalize(dir).map_err(|error| {
        Failure::new(Exit::Usage, Fault::new("working in", dir.display(), error, "name a folder that exists"))
    })
}

/// The session to work with; problems that leave it usable are said, others end the program.
fn load_session(selector: Option<&str>, dir: &Path, paths: &Paths) -> Result<Session, Failure> {
    match session::load(selector, dir, paths) {
        Ok((session, problems)) => {
            for problem in &problems {
                say(&problem.to_string());
            }
            Ok(session)
        }
        Err(problems) => Err(unusable(&problems)),
    }
}

/// The failure of a configuration with problems: all of them, each with its place.
fn unusable(problems: &[Problem]) -> Failure {
    let faults = problems.iter().map(|problem| Fault::new("reading the session:", "", problem, "")).collect();
    Failure { exit: Exit::Usage, faults }
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
