//! `hnpwb hooks`: registers `hnpwb hook` with Claude Code and Codex, takes it out again, and says where it stands.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cli::output::{Exit, Failure, Format, OutputArgs, print_json, print_table};
use crate::domain::fault::Fault;
use crate::domain::redact::Redactor;
use crate::domain::registration::{Family, Wanted, install, remove};
use crate::exec::settings;
use crate::source::doctor::hooks::{Place, Scope, executable, places, version_takes_args};

/// Registers the hook of this program with agents.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: HooksCommand,
}

/// What is done with registrations.
#[derive(Debug, Subcommand)]
pub enum HooksCommand {
    /// Register `hnpwb hook`, or bring its registration up to date; everything else in the file stays as it is
    Install(ScopeArgs),
    /// Take our own registrations out; everything else in the file stays as it is
    Remove(ScopeArgs),
    /// Say where the hook is registered, and whether it would run; exit 1 when it is not registered as it should be
    Status(ScopeArgs),
}

/// Which settings files.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct ScopeArgs {
    /// The user's settings, which count in every project (the default)
    #[arg(long)]
    pub user: bool,
    /// The project's settings, which are in git: .claude/settings.json
    #[arg(long)]
    pub project: bool,
    /// The project's own settings on this machine: .claude/settings.local.json
    #[arg(long)]
    pub local: bool,
    /// Codex instead of Claude Code
    #[arg(long)]
    pub codex: bool,
    /// Form of the output
    #[command(flatten)]
    pub output: OutputArgs,
}

impl ScopeArgs {
    fn scopes(self) -> Vec<Scope> {
        let asked = [(self.user, Scope::User), (self.project, Scope::Project), (self.local, Scope::Local)];
        asked.into_iter().filter(|(asked, _)| *asked).map(|(_, scope)| scope).collect()
    }
}

/// What the subcommand works with.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// Settings files there may be.
    pub paths: &'a crate::config::paths::Paths,
    /// Root of the session.
    pub root: &'a Path,
    /// The longest deadline of its rules, in seconds.
    pub deadline: u64,
    /// The events that they are on.
    pub events: &'a [&'static str],
    /// What hides secrets.
    pub redactor: &'a Redactor,
}

/// Runs the subcommand.
///
/// # Errors
/// A settings file is broken, or cannot be read or written.
pub fn run(args: &Args, around: Surroundings<'_>) -> Result<Exit, Failure> {
    match args.command {
        HooksCommand::Install(scope) => edit(scope, around, true),
        HooksCommand::Remove(scope) => edit(scope, around, false),
        HooksCommand::Status(scope) => status(scope, around),
    }
}

fn family(scope: ScopeArgs) -> Family {
    if scope.codex { Family::Codex } else { Family::Claude }
}

/// This program, as it is to be registered: the file itself, so that a link that is moved changes nothing.
fn own_program() -> Result<PathBuf, Failure> {
    let found = std::env::current_exe().and_then(std::fs::canonicalize);
    found.map_err(|error| {
        Failure::new(Exit::Unavailable, Fault::new("finding", "this program", error, "start it by its full path"))
    })
}

fn edit(scope: ScopeArgs, around: Surroundings<'_>, put_in: bool) -> Result<Exit, Failure> {
    let family = family(scope);
    let program = own_program()?;
    if put_in && program.file_name().is_none_or(|name| name != "hnpwb") {
        let why = "the program is not named hnpwb, so its registration could not be told from others";
        return Err(Failure::new(Exit::Usage, Fault::new("registering", program.display(), why, "rename it to hnpwb")));
    }
    let mut scopes = scope.scopes();
    if scopes.is_empty() {
        scopes.push(Scope::User);
    }
    let exec = family == Family::Claude && put_in && version_takes_args(around.paths);
    let wanted = Wanted::new(&program, exec, around.deadline, around.events.to_vec());
    let mut done = Vec::new();
    for place in places(around.paths, around.root, family).into_iter().filter(|place| scopes.contains(&place.scope)) {
        let changed = settings::change(&place.file, |text| {
            if !put_in {
                return remove(text);
            }
            // Another project may need a longer timeout: it is never made shorter.
            let longest = crate::domain::registration::survey(text)?
                .entries
                .iter()
                .filter_map(|entry| entry.timeout)
                .fold(wanted.timeout, u64::max);
            let timeout = longest.min(crate::domain::registration::LONGEST);
            install(text, family, &Wanted { timeout, ..wanted.clone() })
        });
        done.push(changed.map_err(|fault| Failure::new(Exit::Usage, fault))?);
    }
    let printed = match scope.output.format() {
        Format::Json => {
            let files: Vec<Value> = done
                .iter()
                .map(|changed| json!({"file": changed.file, "written": changed.written, "backup": changed.backup}))
                .collect();
            print_json("hooks", Timestamp::now(), &json!({"files": files}), around.redactor)
        }
        Format::Table => done.iter().try_for_each(|changed| {
            let what = match (changed.written, put_in) {
                (false, true) => "is as it should be",
                (false, false) => "has nothing of ours in it",
                (true, true) => "registers the hook now",
                (true, false) => "does not register the hook any more",
            };
            let backup = changed.backup.as_ref().map(|file| format!("; as it was: {}", file.display()));
            writeln!(io::stdout().lock(), "{} {what}{}", changed.file.display(), backup.unwrap_or_default())
        }),
    };
    printed.map_err(|error| Failure::new(Exit::Usage, Fault::new("writing", "standard output", error, "")))?;
    if put_in && family == Family::Codex && done.iter().any(|changed| changed.written) {
        super::output::say("Codex runs a new or changed hook once its user has trusted it: run /hooks in Codex");
    }
    Ok(Exit::Done)
}

/// One settings file with what is in it.
struct Row {
    place: Place,
    entries: usize,
    /// What keeps it from being as it should be.
    amiss: Vec<String>,
    fault: Option<Fault>,
}

fn status(scope: ScopeArgs, around: Surroundings<'_>) -> Result<Exit, Failure> {
    let scopes = scope.scopes();
    let program = own_program()?;
    let mut families = vec![family(scope)];
    // Without a word it is about everything that there is.
    if !scope.codex && scopes.is_empty() {
        families.push(Family::Codex);
    }
    let mut rows: Vec<Row> = Vec::new();
    for family in families {
        let wanted = Wanted::new(&program, true, around.deadline, around.events.to_vec());
        let asked = places(around.paths, around.root, family).into_iter();
        for place in asked.filter(|place| scopes.is_empty() || scopes.contains(&place.scope)) {
            rows.push(row(place, family, &wanted));
        }
    }
    let fine = |row: &Row| row.entries > 0 && row.amiss.is_empty() && row.fault.is_none();
    let broken = rows.iter().any(|row| row.fault.is_some() || (row.entries > 0 && !row.amiss.is_empty()));
    let claude = rows.iter().any(|row| fine(row) && (scope.codex || row.place.family == Family::Claude));
    let state = |row: &Row| match (&row.fault, row.entries) {
        (Some(_), _) => "unreadable",
        (None, 0) => "not registered",
        (None, _) if row.amiss.is_empty() => "registered",
        (None, _) => "amiss",
    };
    let printed = match scope.output.format() {
        Format::Json => {
            let files: Vec<Value> = rows
                .iter()
                .map(|row| {
                    json!({
                        "agent": row.place.family.name(),
                        "scope": row.place.scope.name(),
                        "file": row.place.file,
                        "state": state(row),
                        "entries": row.entries,
                        "amiss": row.amiss,
                        "fault": row.fault.as_ref().map(ToString::to_string),
                    })
                })
                .collect();
            print_json("hooks", Timestamp::now(), &json!({"program": program, "files": files}), around.redactor)
        }
        Format::Table => {
            let cells: Vec<Vec<String>> = rows
                .iter()
                .map(|row| {
                    let why = row.fault.as_ref().map_or_else(|| row.amiss.join("; "), ToString::to_string);
                    let file = row.place.file.display().to_string();
                    let names = [row.place.family.name(), row.place.scope.name(), state(row)].map(str::to_owned);
                    names.into_iter().chain([file, why]).collect()
                })
                .collect();
            print_table(&["AGENT", "SCOPE", "STATE", "FILE", "WHY"], &cells, around.redactor)
        }
    };
    printed.map_err(|error| Failure::new(Exit::Usage, Fault::new("writing", "standard output", error, "")))?;
    Ok(if claude && !broken { Exit::Done } else { Exit::No })
}

fn row(place: Place, family: Family, wanted: &Wanted) -> Row {
    let read = settings::read(&place.file).and_then(|text| {
        crate::domain::registration::survey(&text).map_err(|why| settings::unreadable(&place.file, &why))
    });
    match read {
        Err(fault) => Row { place, entries: 0, amiss: Vec::new(), fault: Some(fault) },
        Ok(survey) if survey.entries.is_empty() => Row { place, entries: 0, amiss: Vec::new(), fault: None },
        Ok(survey) => {
            let mut amiss = survey.shortcomings(family, wanted);
            if survey.disabled {
                amiss.push("disableAllHooks is set".to_owned());
            }
            amiss.extend(survey.entries.iter().find_map(|entry| executable(&entry.program).err()));
            Row { place, entries: survey.entries.len(), amiss, fault: None }
        }
    }
}
