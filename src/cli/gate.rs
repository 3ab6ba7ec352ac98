//! `hnpwb gate`: asks the operator from any script, and lists what waits. No command approves anything.

use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use clap::Subcommand;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::cli::output::{Exit, Failure, Format, OutputArgs, print_json, print_table};
use crate::domain::digest::sha256;
use crate::domain::fault::Fault;
use crate::domain::gate::Asks;
use crate::domain::gate::require::{NAMES, Requirement};
use crate::domain::gate::wire::{Answer, GateRequest, Request};
use crate::domain::redact::Redactor;
use crate::domain::text;
use crate::domain::time::age;
use crate::source::gates::client::{Unheard, ask, ask_gate, ask_until};

mod test;

/// Bytes of a detail that are read from standard input; as JSON it may become several times as long.
const LONGEST_DETAIL: u64 = 4 * 1024 * 1024;
/// How long a list may take.
const LISTING: Duration = Duration::from_secs(5);

/// Asks the operator for a decision, or lists the gates.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: GateCommand,
}

/// What is done with gates.
#[derive(Debug, Subcommand)]
pub enum GateCommand {
    /// Wait until the operator has decided; exit 0 when approved, 1 when rejected, 3 when nobody decided in time
    Request(RequestArgs),
    /// Say which rules would hold a call, and why; exit 1 when one would
    Test(test::Args),
    /// List the gates that wait and those that ended lately
    List {
        #[command(flatten)]
        output: OutputArgs,
    },
}

/// What the operator is asked.
#[derive(Debug, clap::Args)]
pub struct RequestArgs {
    /// One line: what is asked
    #[arg(long)]
    pub title: String,
    /// The exact text of what will happen; `-` reads it from standard input
    #[arg(long, value_name = "TEXT|-")]
    pub detail: Option<String>,
    /// What the decision is bound to, such as commit=1a2b3c4; may be repeated
    /// With KEY=@FILE to the file's digest
    #[arg(long, value_name = "KEY=VALUE|KEY=@FILE", value_parser = key_value)]
    pub subject: Vec<(String, String)>,
    /// What must be so before it can be approved without a typed override: tests-green, clean, pushed, no-drift,
    /// fabric-synced:NAME, context-loaded:FILE; may be repeated
    #[arg(long, value_name = "CONDITION", value_parser = requirement)]
    pub require: Vec<String>,
    /// Approving needs a typed word
    #[arg(long)]
    pub danger: bool,
    /// Wait for a workbench, too, when none runs or it ends meanwhile
    #[arg(long)]
    pub wait: bool,
    /// How long to wait, such as 90s, 30m or 2h; a day at most
    #[arg(long, value_name = "TIME", default_value = "30m", value_parser = duration)]
    pub timeout: Duration,
    /// Form of the output
    #[command(flatten)]
    pub output: OutputArgs,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write it as KEY=VALUE".to_owned()),
    }
}

fn requirement(text: &str) -> Result<String, String> {
    Requirement::parse(text)
        .map(|requirement| requirement.to_string())
        .ok_or_else(|| format!("known are {}", NAMES.join(", ")))
}

/// A subject: `@FILE` stands for the digest of the file, so that the decision is about what is in it now.
fn bound((key, value): (String, String)) -> Result<(String, String), Failure> {
    const LONGEST_FILE: u64 = 256 * 1024 * 1024;
    let Some(file) = value.strip_prefix('@') else { return Ok((key, value)) };
    let refused = |why: &dyn std::fmt::Display| {
        Failure::new(Exit::Usage, Fault::new("reading the subject", file, why, "name a file that can be read"))
    };
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).map_err(|error| refused(&error))?;
    opened.take(LONGEST_FILE + 1).read_to_end(&mut bytes).map_err(|error| refused(&error))?;
    if bytes.len() as u64 > LONGEST_FILE {
        return Err(refused(&"more than 256 MB"));
    }
    Ok((key, format!("{file} sha256:{}", sha256(&bytes))))
}

fn duration(text: &str) -> Result<Duration, String> {
    let parsed: SignedDuration = text.parse().map_err(|_| "write a time such as 90s, 30m or 2h".to_owned())?;
    let parsed = Duration::try_from(parsed).map_err(|_| "a time cannot be negative".to_owned())?;
    if parsed.is_zero() || parsed > Duration::from_secs(24 * 60 * 60) {
        return Err("it must lie between a millisecond and a day".to_owned());
    }
    Ok(parsed)
}

/// Runs the subcommand against the workbench at `socket`.
pub fn run(args: Args, socket: &Path, redactor: &Redactor) -> Result<Exit, Failure> {
    match args.command {
        GateCommand::Test(args) => test::run(&args, redactor),
        GateCommand::Request(args) => request(args, socket, redactor),
        GateCommand::List { output } => list(output.format(), socket, redactor),
    }
}

fn request(args: RequestArgs, socket: &Path, redactor: &Redactor) -> Result<Exit, Failure> {
    let detail = match args.detail.as_deref() {
        Some("-") => read_detail(io::stdin().lock())?,
        Some(text) => text.to_owned(),
        None => String::new(),
    };
    let request = GateRequest {
        title: args.title,
        detail,
        subject: args.subject.into_iter().map(bound).collect::<Result<_, _>>()?,
        asks: Asks { danger: args.danger, require: args.require, ..Asks::default() },
        timeout_ms: u64::try_from(args.timeout.as_millis()).unwrap_or(u64::MAX),
        ..GateRequest::default()
    };
    let (exit, id, state, reason) =
        outcome(if args.wait { ask_until(socket, &request) } else { ask_gate(socket, &request) }, socket)?;
    let said = match args.output.format() {
        Format::Json => {
            let body = json!({
                "id": id,
                "title": request.title,
                "subject": request.subject,
                "state": state,
                "approved": exit == Exit::Done,
                "reason": reason,
            });
            print_json("gate", Timestamp::now(), &body, redactor)
        }
        Format::Table if reason.is_empty() => writeln!(io::stdout().lock(), "{state}"),
        Format::Table => writeln!(io::stdout().lock(), "{state}: {}", text::line(&redactor.redact(&reason))),
    };
    // A script that does not listen still gets the exit code.
    drop(said);
    Ok(exit)
}

type Outcome = (Exit, Option<String>, &'static str, String);

/// What an answer means to a script; everything but a decision or its absence is a failure.
fn outcome(answer: Result<Answer, Unheard>, socket: &Path) -> Result<Outcome, Failure> {
    let late = "nobody decided in time";
    match answer {
        Ok(Answer::Decided { gate, approved: true, reason, .. }) => Ok((Exit::Done, Some(gate.0), "approved", reason)),
        Ok(Answer::Decided { gate, approved: false, reason, .. }) => Ok((Exit::No, Some(gate.0), "rejected", reason)),
        Ok(Answer::Expired { gate }) => Ok((Exit::TimedOut, Some(gate.0), "expired", late.to_owned())),
        Err(Unheard::TimedOut) => Ok((Exit::TimedOut, None, "expired", late.to_owned())),
        Ok(Answer::Refused { why, .. }) => {
            Err(unavailable(Fault::new("asking the workbench at", socket.display(), why, "")))
        }
        Ok(Answer::Gates { .. } | Answer::Line { .. } | Answer::Hooks { .. } | Answer::Noted) => {
            let remedy = "start the workbench again with this version of hnpwb";
            Err(unavailable(Fault::new("asking the workbench at", socket.display(), "its answer is odd", remedy)))
        }
        Err(unheard) => Err(unavailable(unheard.into_fault(socket))),
    }
}

fn unavailable(fault: Fault) -> Failure {
    Failure::new(Exit::Unavailable, fault)
}

fn read_detail(input: impl Read) -> Result<String, Failure> {
    let fault = |why: &dyn std::fmt::Display| {
        Failure::new(Exit::Usage, Fault::new("reading the detail from", "standard input", why, ""))
    };
    let mut bytes = Vec::new();
    input.take(LONGEST_DETAIL + 1).read_to_end(&mut bytes).map_err(|error| fault(&error))?;
    if bytes.len() as u64 > LONGEST_DETAIL {
        return Err(fault(&"it is longer than 4 MB, which nobody can read before deciding"));
    }
    String::from_utf8(bytes).map_err(|error| fault(&error))
}

fn list(format: Format, socket: &Path, redactor: &Redactor) -> Result<Exit, Failure> {
    let gates = match ask(socket, &Request::List, LISTING) {
        Ok(Answer::Gates { gates }) => gates,
        other => return outcome(other, socket).and(Ok(Exit::Unavailable)),
    };
    let now = Timestamp::now();
    let printed = match format {
        Format::Json => print_json("gates", now, &json!({ "gates": gates }), redactor),
        Format::Table => {
            let rows: Vec<Vec<String>> = gates
                .iter()
                .map(|gate| {
                    let reason = gate.reason.clone().unwrap_or_default();
                    let cells =
                        [gate.id.0.as_str(), gate.state.name(), &age(gate.requested_at, now), &gate.title, &reason];
                    cells.map(str::to_owned).to_vec()
                })
                .collect();
            print_table(&["GATE", "STATE", "AGE", "TITLE", "REASON"], &rows, redactor)
        }
    };
    printed.map_err(|error| Failure::new(Exit::Usage, Fault::new("writing", "standard output", error, "")))?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::{Args, duration, key_value, outcome, read_detail};
    use crate::cli::output::Exit;
    use crate::domain::fault::Fault;
    use crate::domain::gate::GateId;
    use crate::domain::gate::wire::Answer;
    use crate::source::gates::client::Unheard;
    use clap::Parser;
    use std::path::Path;
    use std::time::Duration;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        gate: Args,
    }

    #[test]
    fn the_command_line_is_read() {
        let line = [
            "gate",
            "request",
            "--title",
            "t",
            "--detail",
            "-",
            "--subject",
            "a=b=c",
            "--timeout",
            "90s",
            "-o",
            "json",
        ];
        assert!(Cli::try_parse_from(line).is_ok());
        assert!(Cli::try_parse_from(["gate", "request"]).is_err());
        assert!(Cli::try_parse_from(["gate", "approve", "x"]).is_err());
    }

    #[test]
    fn times_and_subjects_are_checked() {
        assert_eq!(duration("30m"), Ok(Duration::from_secs(1800)));
        assert_eq!(duration("1h 30m"), Ok(Duration::from_secs(5400)));
        for odd in ["", "30", "soon", "-5s", "0s", "3d"] {
            assert!(duration(odd).is_err(), "{odd}");
        }
        assert_eq!(key_value("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert!(key_value("=x").is_err() && key_value("x").is_err());
        assert!(read_detail(b"\xff".as_slice()).is_err());
    }

    #[test]
    fn each_answer_has_its_exit_code() {
        let gate = || GateId("g".to_owned());
        let decided = |approved| Answer::Decided {
            gate: gate(),
            digest: String::new(),
            approved,
            reason: "r".to_owned(),
            answers: std::collections::BTreeMap::new(),
        };
        let exit = |answer| outcome(answer, Path::new("/s")).map(|(exit, ..)| exit).map_err(|failure| failure.exit);
        assert_eq!(exit(Ok(decided(true))), Ok(Exit::Done));
        assert_eq!(exit(Ok(decided(false))), Ok(Exit::No));
        assert_eq!(exit(Ok(Answer::Expired { gate: gate() })), Ok(Exit::TimedOut));
        assert_eq!(exit(Err(Unheard::TimedOut)), Ok(Exit::TimedOut));
        assert_eq!(exit(Ok(Answer::Refused { why: "full".to_owned(), closing: false })), Err(Exit::Unavailable));
        assert_eq!(exit(Err(Unheard::NoWorkbench(Fault::new("a", "b", "c", "d")))), Err(Exit::Unavailable));
    }
}
