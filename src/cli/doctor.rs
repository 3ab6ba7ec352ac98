//! `hnpwb doctor`: what works here and what does not, each with its remedy.

use std::path::Path;

use jiff::Timestamp;
use serde_json::json;

use crate::cli::output::{Exit, Failure, Format, OutputArgs, print_json, print_table};
use crate::cli::workbench::{LEAVE, runtime};
use crate::config::paths::Paths;
use crate::config::problem::Problem;
use crate::config::session::{self, Session};
use crate::domain::doctor::{Finding, Level, worst};
use crate::domain::fault::Fault;
use crate::domain::redact::Redactor;
use crate::domain::registration::{Family, Wanted};
use crate::source::doctor::{canary, clusters, hooks, system, terminal};

/// Arguments of `hnpwb doctor`.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Args {
    /// Form of the output
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Looks at everything. Exit 1 when something fails.
///
/// # Errors
/// The report cannot be written.
pub fn run(args: Args, selector: Option<&str>, dir: &Path, paths: &Paths) -> Result<Exit, Failure> {
    let mut findings = terminal::look(&|name| std::env::var(name).ok());
    let (session, mut problems) = match session::load(selector, dir, paths) {
        Ok((session, problems)) => (Some(session), problems),
        Err(problems) => (None, problems),
    };
    findings.extend(of_session(session.as_ref(), &mut problems));
    let nothing = || Session::bare("", dir.to_owned());
    let session = session.unwrap_or_else(nothing);
    findings.extend(system::look(paths, &session.state_dir));
    let deadline = session.gates.iter().map(|rule| rule.deadline.as_secs()).max().unwrap_or_default();
    let program = std::env::current_exe().and_then(std::fs::canonicalize).unwrap_or_default();
    let events = session.gates.iter().map(|rule| rule.event.name()).collect();
    findings.extend(hooks::look(paths, &session.root, &Wanted::new(&program, true, deadline, events)));
    let places = [Family::Claude, Family::Codex].map(|family| hooks::places(paths, &session.root, family));
    findings.extend(places.iter().flatten().flat_map(|place| canary::prove(&place.file)));
    let runtime = runtime()?;
    findings.extend(runtime.block_on(clusters::look(&session)));
    runtime.shutdown_timeout(LEAVE);
    print(&findings, args.output.format(), &session.redactor)?;
    Ok(if worst(&findings) == Level::Fail { Exit::No } else { Exit::Done })
}

/// The session's files: mistakes are failures when they keep it from being opened.
fn of_session(session: Option<&Session>, problems: &mut Vec<Problem>) -> Vec<Finding> {
    const AREA: &str = "session";
    let mut findings = Vec::new();
    match session {
        Some(session) => {
            let origin = match &session.origin {
                session::SessionOrigin::Discovered => "discovered, without a file".to_owned(),
                session::SessionOrigin::File(file) => file.display().to_string(),
                session::SessionOrigin::BuiltIn(name) => format!("built in as {name}"),
            };
            let rules = session.gates.len();
            findings.push(Finding::ok(AREA, format!("{}: {origin}, {rules} gate rules", session.name)));
            let faults = session.faults.iter();
            findings.extend(faults.map(|fault| {
                Finding::warn(AREA, format!("{} {}: {}", fault.doing, fault.on, fault.why), fault.remedy.clone())
            }));
            let remedy = "correct the file; what could be used is used";
            findings.extend(problems.drain(..).map(|problem| Finding::warn(AREA, problem.to_string(), remedy)));
        }
        None => {
            let remedy = "correct the file: until then every tool call below it is refused, and nothing opens";
            findings.extend(problems.drain(..).map(|problem| Finding::fail(AREA, problem.to_string(), remedy)));
        }
    }
    findings
}

fn print(findings: &[Finding], format: Format, redactor: &Redactor) -> Result<(), Failure> {
    let printed = match format {
        Format::Json => {
            let body = json!({"level": worst(findings), "findings": findings});
            print_json("doctor", Timestamp::now(), &body, redactor)
        }
        Format::Table => {
            let rows: Vec<Vec<String>> = findings
                .iter()
                .map(|finding| {
                    [finding.level.name(), finding.area, &finding.found, &finding.remedy].map(str::to_owned).to_vec()
                })
                .collect();
            print_table(&["LEVEL", "AREA", "FOUND", "REMEDY"], &rows, redactor)
        }
    };
    printed.map_err(|error| Failure::new(Exit::Usage, Fault::new("writing", "standard output", error, "")))
}
