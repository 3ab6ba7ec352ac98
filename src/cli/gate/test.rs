//! `hnpwb gate test`: which rules would hold a call, and why.

use std::io::{self, Write};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cli::hook::{Surroundings, holding};
use crate::cli::output::{Exit, Failure, Format, OutputArgs, print_json, print_table};
use crate::config::paths::Paths;
use crate::config::session::rules::gate_rules;
use crate::domain::fault::Fault;
use crate::domain::gate::command;
use crate::domain::gate::rule::{GateRule, RuleEvent, strictest};
use crate::domain::redact::Redactor;

/// The call.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A command line, as an agent would run it
    #[arg(value_name = "COMMAND", required_unless_present = "input")]
    pub command: Option<String>,
    /// The tool
    #[arg(long, value_name = "TOOL", default_value = "Bash")]
    pub tool: String,
    /// The tool's input in the place of a command, as JSON
    #[arg(long, value_name = "JSON", conflicts_with = "command")]
    pub input: Option<String>,
    /// The agent: its name, the type of a sub-agent, or main
    #[arg(long, value_name = "NAME", default_value = "main")]
    pub agent: String,
    /// The event: a tool call, or a prompt for a permission
    #[arg(long, value_name = "EVENT", default_value = "PreToolUse", value_parser = ["PreToolUse", "PermissionRequest"])]
    pub event: String,
    /// Form of the output
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Tests a call against the rules in force for the current folder: those that a running workbench has accepted, else those
/// of the session file.
pub fn run(args: &Args, redactor: &Redactor) -> Result<Exit, Failure> {
    let paths = Paths::from_env();
    let cwd = std::env::current_dir().unwrap_or_default();
    let input: Value = match (&args.input, &args.command) {
        (Some(text), _) => serde_json::from_str(text).map_err(|error| {
            Failure::new(Exit::Usage, Fault::new("reading", "--input", error, "write it as the agent would send it"))
        })?,
        (None, command) => json!({"command": command}),
    };
    let sessions = gate_rules(&cwd, &paths).map_err(|problems| {
        let faults = problems.iter().map(|problem| {
            let remedy = "until it is corrected every tool call is refused";
            Fault::new("reading the gate rules:", "", problem, remedy)
        });
        Failure { exit: Exit::Usage, faults: faults.collect() }
    })?;
    let around = Surroundings { paths: &paths, project: None, cwd: cwd.clone() };
    let about =
        RuleEvent::ALL.iter().find(|(name, _)| *name == args.event).map_or_else(RuleEvent::default, |(_, it)| *it);
    let held = holding(about, &args.tool, &input, &sessions, &around, &cwd, std::slice::from_ref(&args.agent));
    let decides = strictest(held.iter().map(|(rule, _)| (*rule, ()))).map(|(rule, ())| rule);
    let commands = args.command.as_deref().map(|line| command::read(line).texts).unwrap_or_default();
    let printed = match args.output.format() {
        Format::Json => {
            let rules: Vec<Value> = held
                .iter()
                .map(|(rule, (root, because))| {
                    json!({
                        "rule": rule.name,
                        "origin": rule.origin.to_string(),
                        "root": root,
                        "because": because,
                        "fail": fail(rule),
                        "danger": rule.danger,
                        "decides": decides == Some(*rule),
                    })
                })
                .collect();
            let known: usize = sessions.iter().map(|ruled| ruled.rules.len()).sum();
            let accepted = sessions.iter().any(|ruled| ruled.accepted);
            let body = json!({
                "held": !held.is_empty(), "rules": rules, "commands": commands, "known_rules": known,
                "accepted_by_a_workbench": accepted,
            });
            print_json("gate-test", Timestamp::now(), &body, redactor)
        }
        Format::Table if held.is_empty() => {
            let known: usize = sessions.iter().map(|ruled| ruled.rules.len()).sum();
            writeln!(io::stdout().lock(), "passes: none of {known} rules holds it")
        }
        Format::Table => {
            let rows: Vec<Vec<String>> = held
                .iter()
                .map(|(rule, (_, because))| {
                    let mark = if decides == Some(*rule) { "decides" } else { "" };
                    let cells = [mark, &rule.name, fail(rule), &rule.origin.to_string(), because];
                    cells.map(str::to_owned).to_vec()
                })
                .collect();
            print_table(&["", "RULE", "FAIL", "FROM", "WHY"], &rows, redactor)
        }
    };
    printed.map_err(|error| Failure::new(Exit::Usage, Fault::new("writing", "standard output", error, "")))?;
    Ok(if held.is_empty() { Exit::Done } else { Exit::No })
}

fn fail(rule: &GateRule) -> &'static str {
    use crate::domain::gate::rule::OnFailure;
    OnFailure::ALL.iter().find(|(_, fail)| *fail == rule.fail).map_or("", |(name, _)| name)
}
