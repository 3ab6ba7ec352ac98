//! `hnpwb report`: how a run went, from the journal and the transcripts.

use std::io::Write;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::config::paths::Paths;
use crate::config::session::Session;
use crate::domain::agent::Agent;
use crate::domain::fault::Fault;
use crate::domain::report::{Run, Sources, markdown, report};
use crate::exec::journal;
use crate::source::{agents, board};

use super::output::{Exit, Failure, Format, OutputArgs, print_json, say};
use super::{drift, status, workbench};

/// Records of the journal that are looked at, the latest ones.
const RECORDS: usize = 100_000;

/// What is reported.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// From when on: a time such as 2026-11-27T09:00:00Z, or how long ago, such as 90m, 8h or 2d
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = moment)]
    since: Since,
    /// Of this agent alone, by its name
    #[arg(long, value_name = "NAME")]
    agent: Option<String>,
    /// Form of the output: Markdown, or JSON
    #[command(flatten)]
    output: OutputArgs,
}

/// From when on.
#[derive(Debug, Clone, Copy)]
enum Since {
    At(Timestamp),
    Ago(SignedDuration),
}

fn moment(text: &str) -> Result<Since, String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Since::At(at));
    }
    // A day has 24 hours here: what is meant is how long ago.
    let days = text.strip_suffix('d').and_then(|days| days.parse::<i64>().ok()).map(|days| days.checked_mul(24));
    let ago = match days {
        Some(hours) => hours.and_then(SignedDuration::try_from_hours),
        None => text.parse::<SignedDuration>().ok(),
    };
    ago.filter(|ago| !ago.is_negative())
        .map(Since::Ago)
        .ok_or_else(|| "write a time such as 2026-11-27T09:00:00Z, or how long ago: 90m, 8h, 2d".to_owned())
}

/// Gathers and prints.
pub fn run(args: &Args, session: impl FnOnce() -> Result<Session, Failure>, paths: &Paths) -> Result<Exit, Failure> {
    let session = Arc::new(session()?);
    let now = Timestamp::now();
    let since = match args.since {
        Since::At(at) => at,
        Since::Ago(ago) => now.checked_sub(ago).unwrap_or(Timestamp::MIN),
    };
    let records =
        journal::read_records(&session.state_dir, RECORDS).map_err(|fault| Failure::new(Exit::Usage, fault))?;
    let records: Vec<Value> = records.iter().filter_map(|line| serde_json::from_slice(line).ok()).collect();
    let (news, observed, board, gates) = std::thread::scope(|scope| {
        // Clusters answer in their own time.
        let fabrics = scope.spawn(|| drift::observe(session.fabrics.clone(), &session.health, &session.redactor));
        let (news, _) = agents::snapshot(Arc::clone(&session), workbench::roots(&session), false);
        let board = board::read(&session.boards, now, &session.redactor);
        let gates = status::gates(&session, paths);
        let observed = fabrics.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (news, observed, board, gates)
    });
    let (reports, faults) = observed?;
    for fault in news.faults.iter().chain(&board.faults).chain(&faults) {
        say(&fault.clone().redacted(&session.redactor).to_string());
    }
    let wanted = chosen(&news.agents, args.agent.as_deref(), since)?;
    let runs: Vec<(Agent, Run)> = wanted
        .into_iter()
        .filter_map(|agent| match agents::history(&agent, since, now, &session) {
            Ok(run) => Some((agent, run)),
            Err(error) => {
                let place = agent.transcript.display().to_string();
                say(&Fault::new("reading", place, error, "").redacted(&session.redactor).to_string());
                None
            }
        })
        .collect();
    let drift: Vec<_> = reports
        .iter()
        .map(|report| {
            let states = report.view.summary().iter().map(|(state, count)| (state.to_string(), *count)).collect();
            (report.view.fabric.clone(), report.view.connection.name().to_owned(), states)
        })
        .collect();
    let report = report(Sources {
        session: &session.name,
        since,
        until: now,
        agents: &runs,
        journal: &records,
        gates: &gates,
        tasks: &board.tasks,
        drift: &drift,
    });
    let printed = match args.output.format() {
        Format::Json => print_json("report", now, &report, &session.redactor),
        Format::Table => write!(std::io::stdout().lock(), "{}", session.redactor.redact(&markdown(&report))),
    };
    printed.map_err(|error| Failure::new(Exit::Usage, Fault::new("writing", "standard output", error, "")))?;
    Ok(Exit::Done)
}

/// The agents that did something since then, or the one that was named.
fn chosen(agents: &[Agent], name: Option<&str>, since: Timestamp) -> Result<Vec<Agent>, Failure> {
    let own = agents.iter().filter(|agent| !agent.inside_parent && !agent.file_gone);
    let Some(name) = name else {
        return Ok(own.filter(|agent| agent.last_activity.is_some_and(|at| at >= since)).cloned().collect());
    };
    let found: Vec<Agent> = own.filter(|agent| agent.name == name || agent.id.0 == name).cloned().collect();
    if found.is_empty() {
        let remedy = "run hnpwb status to see the agents and their names";
        let fault = Fault::new("looking for", format!("agent {name}"), "there is none of this name", remedy);
        return Err(Failure::new(Exit::Usage, fault));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::{Since, moment};

    #[test]
    fn a_moment_is_a_time_or_how_long_ago() {
        assert!(matches!(moment("2026-11-27T09:00:00Z"), Ok(Since::At(_))));
        for (text, hours) in [("8h", 8), ("2d", 48), ("1h 30m", 1)] {
            assert!(matches!(moment(text), Ok(Since::Ago(ago)) if ago.as_hours() == hours), "{text}");
        }
        for text in ["yesterday", "-3h", "d", ""] {
            assert!(moment(text).is_err(), "{text}");
        }
    }
}
