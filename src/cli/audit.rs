//! `hnpwb audit`: the journal, and whether its chain is whole.

use std::io::{self, Write};
use std::path::Path;

use clap::ValueEnum;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cli::output::{Exit, Failure, Format, OutputArgs, print_json};
use crate::cli::since;
use crate::domain::fault::Fault;
use crate::domain::journal::{Selection, describe};
use crate::domain::redact::Redactor;
use crate::domain::text;
use crate::exec::journal;

/// Shows what the operator did, or checks the chain of the records.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// `verify` checks the chain; exit 1 when it is broken
    #[arg(value_enum)]
    pub check: Option<Check>,
    /// Show this many of the last records
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub last: usize,
    /// Show only records of this kind (gate, brief, task, check, copy, reveal …); may be given several times
    #[arg(long, value_name = "KIND")]
    pub kind: Vec<String>,
    /// Show only records from this time on: an age (2h, 3d), a date, or a time as in RFC 3339
    #[arg(long, value_name = "TIME", value_parser = since::parse)]
    pub since: Option<Timestamp>,
    /// Show only records about this agent, by name or session id
    #[arg(long, value_name = "NAME")]
    pub agent: Option<String>,
    /// Show only records about this task
    #[arg(long, value_name = "ID")]
    pub task: Option<String>,
    /// Form of the output
    #[command(flatten)]
    pub output: OutputArgs,
}

/// What is done besides showing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Check {
    /// Check the chain
    Verify,
}

/// Runs the subcommand on the journal of one session.
pub fn run(args: &Args, state_dir: &Path, redactor: &Redactor) -> Result<Exit, Failure> {
    match args.check {
        Some(Check::Verify) => verify(args.output.format(), state_dir, redactor),
        None => show(args, state_dir, redactor),
    }
}

fn show(args: &Args, state_dir: &Path, redactor: &Redactor) -> Result<Exit, Failure> {
    let selection = Selection {
        kinds: args.kind.clone(),
        since: args.since,
        agent: args.agent.clone(),
        task: args.task.clone(),
    };
    let lines = journal::select(state_dir, &selection, args.last).map_err(|fault| Failure::new(Exit::Usage, fault))?;
    match args.output.format() {
        Format::Json => {
            let records: Vec<Value> = lines
                .iter()
                .map(|line| {
                    serde_json::from_slice(line)
                        .unwrap_or_else(|_| json!({"unreadable": String::from_utf8_lossy(line)}))
                })
                .collect();
            print_json("audit", Timestamp::now(), &json!({ "records": records }), redactor).map_err(unwritten)?;
        }
        Format::Table => {
            let mut out = io::stdout().lock();
            for line in &lines {
                let line = describe(line);
                writeln!(out, "{}", text::line(&redactor.redact(&line))).map_err(unwritten)?;
            }
        }
    }
    Ok(Exit::Done)
}

fn verify(format: Format, state_dir: &Path, redactor: &Redactor) -> Result<Exit, Failure> {
    let found = journal::verify(state_dir).map_err(|fault| Failure::new(Exit::Usage, fault))?;
    let file = journal::file(state_dir).display().to_string();
    let (exit, body, line) = match found {
        Ok(summary) => {
            let torn = if summary.torn { "; the last line is half written and does not count" } else { "" };
            let line = format!("{file}: {} records, chain whole{torn}", summary.records);
            let body = json!({"file": file, "whole": true, "records": summary.records, "head": summary.head, "torn": summary.torn});
            (Exit::Done, body, line)
        }
        Err(broken) => {
            let line = format!("{file}:{}: {}", broken.line, broken.why);
            let body = json!({"file": file, "whole": false, "broken": {"line": broken.line, "why": broken.why}});
            (Exit::No, body, line)
        }
    };
    match format {
        Format::Json => print_json("audit-verify", Timestamp::now(), &body, redactor).map_err(unwritten)?,
        Format::Table => writeln!(io::stdout().lock(), "{line}").map_err(unwritten)?,
    }
    Ok(exit)
}

fn unwritten(error: io::Error) -> Failure {
    Failure::new(Exit::Usage, Fault::new("writing", "standard output", error, ""))
}

#[cfg(test)]
mod tests {
    use super::{Args, run};
    use crate::cli::output::Exit;
    use crate::domain::redact::Redactor;
    use crate::exec::journal;
    use clap::Parser;
    use jiff::Timestamp;
    use serde_json::json;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        audit: Args,
    }

    fn exit(line: &[&str], state_dir: &std::path::Path) -> Exit {
        run(&Cli::try_parse_from(line).unwrap().audit, state_dir, &Redactor::default()).unwrap()
    }

    #[test]
    fn a_broken_chain_is_a_negative_answer() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(exit(&["audit", "verify"], dir.path()), Exit::Done);
        journal::append(dir.path(), Timestamp::UNIX_EPOCH, "copy", json!({"n": 1}), &Redactor::default()).unwrap();
        assert_eq!(exit(&["audit", "verify", "-o", "json"], dir.path()), Exit::Done);
        let text = std::fs::read_to_string(journal::file(dir.path())).unwrap();
        std::fs::write(journal::file(dir.path()), text.replace("\"n\":1", "\"n\":2")).unwrap();
        assert_eq!(exit(&["audit", "verify"], dir.path()), Exit::No);
        assert_eq!(exit(&["audit", "--last", "1"], dir.path()), Exit::Done);
    }

    #[test]
    fn records_are_asked_for_by_what_they_are_about() {
        let audit = Cli::try_parse_from(["audit", "--kind", "gate", "--kind", "task", "--since", "2h", "--task", "T-1"]).unwrap().audit;
        assert_eq!((audit.kind.join(" "), audit.task.as_deref(), audit.since.is_some()), ("gate task".to_owned(), Some("T-1"), true));
        assert!(Cli::try_parse_from(["audit", "--since", "soon"]).is_err());
    }
}
