//! The hook's registrations: where they may stand, whether they would run, and what keeps agents from running them.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::config::paths::Paths;
use crate::domain::doctor::{Finding, version};
use crate::domain::registration::{Family, Survey, Wanted, survey};
use crate::exec::settings;

use super::said;

const AREA: &str = "hooks";
/// The version of Claude Code on which the exec form was seen to work.
const TAKES_ARGS: [u64; 3] = [2, 1, 329];
/// From this version on a hook without a timeout has ten minutes; before it was one.
const TEN_MINUTES: [u64; 3] = [2, 1, 3];
/// Transcripts are deleted after so many days when the settings do not say (Claude Code's documentation of settings).
const RETENTION: i64 = 30;

/// Which settings a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The user's, for every project.
    User,
    /// The project's, in git.
    Project,
    /// The project's, on this machine.
    Local,
}

impl Scope {
    /// The name on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Project => "project",
            Self::Local => "local",
        }
    }
}

/// A settings file that there may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Whose it is.
    pub family: Family,
    /// What it holds.
    pub scope: Scope,
    /// The file.
    pub file: PathBuf,
}

/// The settings files of an agent, for a project.
pub fn places(paths: &Paths, root: &Path, family: Family) -> Vec<Place> {
    let place = |scope, file| Place { family, scope, file };
    match family {
        Family::Claude => {
            let mut found: Vec<Place> =
                paths.claude.iter().map(|dir| place(Scope::User, dir.join("settings.json"))).collect();
            found.push(place(Scope::Project, root.join(".claude/settings.json")));
            found.push(place(Scope::Local, root.join(".claude/settings.local.json")));
            found
        }
        Family::Codex => vec![
            place(Scope::User, paths.home.join(".codex/hooks.json")),
            place(Scope::Project, root.join(".codex/hooks.json")),
        ],
    }
}

/// Whether a registered program can be run; the error says why not. A name without a slash is looked for on the `PATH`.
pub fn executable(program: &str) -> Result<(), String> {
    let runs =
        |file: &Path| file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0);
    if program.contains('/') {
        let file = Path::new(program);
        return match file.metadata() {
            Err(error) => Err(format!("{program}: {error}")),
            Ok(_) if runs(file) => Ok(()),
            Ok(_) => Err(format!("{program} is not executable")),
        };
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| runs(&folder.join(program)));
    if found { Ok(()) } else { Err(format!("{program} is on no folder of the PATH")) }
}

/// The version of Claude Code: of the newest session that runs, else of the program on the `PATH`.
fn claude_version(paths: &Paths) -> Option<Vec<u64>> {
    let running = crate::source::registry::read(&paths.claude, &[]);
    let newest = running.into_iter().filter_map(|one| version(&one.entry.version?)).max();
    newest.or_else(|| {
        let found = said(Command::new("claude").arg("--version"), b"", Duration::from_secs(10)).ok()?;
        version(&found.out)
    })
}

/// True when Claude Code is known to take `args`, which need no shell.
pub fn version_takes_args(paths: &Paths) -> bool {
    claude_version(paths).is_some_and(|version| version.as_slice() >= TAKES_ARGS.as_slice())
}

/// Everything there is to say of registrations. `wanted` is how they should be.
pub fn look(paths: &Paths, root: &Path, wanted: &Wanted) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut registered = false;
    let mut retention = None;
    for place in places(paths, root, Family::Claude).into_iter().chain(places(paths, root, Family::Codex)) {
        match read(&place.file) {
            Ok(survey) => {
                registered |= !survey.entries.is_empty() && place.family == Family::Claude;
                retention = survey.cleanup_days.or(retention);
                findings.extend(of_file(&place, &survey, wanted));
            }
            Err(found) => {
                let remedy = "correct it: the agent reads none of it, the hook's registration included";
                findings.push(Finding::fail(AREA, found, remedy));
            }
        }
    }
    if !registered {
        let remedy = "run hnpwb hooks install: without it no tool call is held";
        findings.push(Finding::fail(AREA, "the hook is not registered with Claude Code", remedy));
    }
    findings.extend(managed());
    match claude_version(paths) {
        None => findings.push(Finding::warn(AREA, "the version of Claude Code is not known", "put claude on the PATH")),
        Some(version) if version.as_slice() < TEN_MINUTES.as_slice() => {
            let found = format!("Claude Code {} ends a hook without a timeout after 60 s", dotted(&version));
            findings.push(Finding::warn(AREA, found, "update it, or register the hook with hnpwb hooks install"));
        }
        Some(version) => findings.push(Finding::ok(AREA, format!("Claude Code {}", dotted(&version)))),
    }
    findings.push(retained(retention));
    findings
}

fn dotted(version: &[u64]) -> String {
    version.iter().map(ToString::to_string).collect::<Vec<_>>().join(".")
}

fn read(file: &Path) -> Result<Survey, String> {
    let text = settings::read(file).map_err(|fault| fault.to_string())?;
    survey(&text).map_err(|why| settings::unreadable(file, &why).to_string())
}

fn of_file(place: &Place, survey: &Survey, wanted: &Wanted) -> Vec<Finding> {
    let file = place.file.display();
    let mut findings = Vec::new();
    if survey.disabled {
        findings.push(Finding::fail(AREA, format!("{file}: disableAllHooks is set, so no hook runs"), "take it out"));
    }
    if survey.entries.is_empty() {
        return findings;
    }
    let dead = survey.entries.iter().find_map(|entry| executable(&entry.program).err());
    if let Some(why) = dead {
        let remedy = "run hnpwb hooks install with the program in its place: a hook that cannot run holds nothing";
        findings.push(Finding::fail(AREA, format!("{file}: {why}"), remedy));
        return findings;
    }
    for entry in survey.entries.iter().filter(|entry| entry.event == "PreToolUse") {
        if let Some(matcher) = &entry.matcher {
            let found = format!("{file}: the hook sees only calls of {matcher}");
            findings.push(Finding::warn(AREA, found, "take the matcher out, unless that is meant"));
        }
    }
    let amiss = survey.shortcomings(place.family, wanted);
    findings.push(if amiss.is_empty() {
        Finding::ok(AREA, format!("{file}: registered with {}", place.family.name()))
    } else {
        Finding::warn(
            AREA,
            format!("{file}: {}", amiss.join("; ")),
            format!("run hnpwb hooks install --{}", place.scope.name()),
        )
    });
    if place.family == Family::Codex {
        let remedy = "run /hooks in Codex once, and again after each change of the registration";
        findings.push(Finding::warn(
            AREA,
            "Codex skips a hook until its user has trusted it; it does not say so",
            remedy,
        ));
    }
    findings
}

/// Settings of the machine's administrator, which may forbid all other hooks.
fn managed() -> Vec<Finding> {
    let files =
        ["/etc/claude-code/managed-settings.json", "/Library/Application Support/ClaudeCode/managed-settings.json"];
    let found = files.iter().map(Path::new).filter(|file| file.exists());
    found
        .filter_map(|file| match read(file) {
            Ok(survey) if survey.managed_only => Some(Finding::fail(
                AREA,
                format!("{}: allowManagedHooksOnly is set, so the hook does not run", file.display()),
                "ask whoever manages this machine to register it there",
            )),
            Ok(survey) if survey.disabled => Some(Finding::fail(
                AREA,
                format!("{}: disableAllHooks is set, so no hook runs", file.display()),
                "ask whoever manages this machine",
            )),
            Ok(_) => None,
            Err(why) => Some(Finding::warn("hooks", why, "ask whoever manages this machine")),
        })
        .collect()
}

fn retained(days: Option<i64>) -> Finding {
    const AREA: &str = "transcripts";
    match days {
        Some(days) if days < RETENTION => Finding::warn(
            AREA,
            format!("Claude Code deletes transcripts after {days} days (cleanupPeriodDays)"),
            "raise cleanupPeriodDays in settings.json: evidence and reports rest on them",
        ),
        Some(days) => Finding::ok(AREA, format!("Claude Code keeps transcripts for {days} days")),
        None => Finding::warn(
            AREA,
            format!("Claude Code deletes transcripts after {RETENTION} days (its default)"),
            "set cleanupPeriodDays in settings.json to keep them for longer",
        ),
    }
}
