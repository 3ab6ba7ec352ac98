//! `hnpwb brief`: what the composer does, without the screen.

pub mod handoff;
pub mod send;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use jiff::Timestamp;
use serde_json::json;

use crate::cli::output::{Exit, Failure, Format, OutputArgs, print_json, print_table};
use crate::domain::brief::{BriefSubject, number_of, pointer};
use crate::domain::fault::Fault;
use crate::domain::text;
use crate::exec::brief::{Written, list, write};

pub use crate::exec::brief::Place;

/// Writes, lists and shows briefs.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: BriefCommand,
}

/// What is done with briefs.
#[derive(Debug, Subcommand)]
pub enum BriefCommand {
    /// Write the brief of a task, and print its file and the prompt that points to it
    New {
        /// Id of the task
        #[arg(long, value_name = "ID", required_unless_present = "handoff")]
        task: Option<String>,
        /// Hand the work of this agent on: what it was asked, did, left open and got wrong
        #[arg(long, value_name = "AGENT", conflicts_with = "task")]
        handoff: Option<String>,
        /// Agent it is for
        #[arg(long, value_name = "NAME")]
        agent: Option<String>,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// List the session's briefs
    List {
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Deliver the prompt that points to a brief into the pane of an agent, and say whether it arrived
    Send(send::Args),
    /// Print a brief
    Show {
        /// Its number, or its file
        brief: String,
        #[command(flatten)]
        output: OutputArgs,
    },
}

impl Args {
    /// What is to be sent, if that is what is asked for.
    pub fn sending(&self) -> Option<&send::Args> {
        match &self.command {
            BriefCommand::Send(args) => Some(args),
            BriefCommand::New { .. } | BriefCommand::List { .. } | BriefCommand::Show { .. } => None,
        }
    }
}

impl Args {
    /// The agent whose work is to be handed on, the one that it is for, and the form of the answer, if that is asked for.
    pub fn handoff(&self) -> Option<(&str, Option<String>, Format)> {
        match &self.command {
            BriefCommand::New { handoff: Some(from), agent, output, .. } => {
                Some((from, agent.clone(), output.format()))
            }
            BriefCommand::New { .. }
            | BriefCommand::Send(_)
            | BriefCommand::List { .. }
            | BriefCommand::Show { .. } => None,
        }
    }
}

/// Runs every subcommand but `send` and a handoff. `subject` finds what is known of a task.
pub fn run(
    args: Args,
    place: Place<'_>,
    subject: impl FnOnce(&str) -> Result<BriefSubject, Failure>,
) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    match args.command {
        BriefCommand::New { task, agent, output, .. } => {
            let mut subject = subject(&task.unwrap_or_default())?;
            subject.agent = agent.or(subject.agent);
            let written = write(place, &subject, now).map_err(unreadable)?;
            print_new(&written, Some(&subject.task_id), output.format(), now, place)?;
        }
        BriefCommand::Send(_) => {}
        BriefCommand::List { output } => {
            let files = list(place.state_dir).map_err(unreadable)?;
            let rows = files.iter().filter_map(|file| Some((number(file)?, file)));
            match output.format() {
                Format::Json => {
                    let briefs: Vec<_> = rows
                        .map(|(number, file)| json!({"number": number, "file": file, "pointer": pointer(file, place.root)}))
                        .collect();
                    print_json("briefs", now, &json!({ "briefs": briefs }), place.redactor).map_err(unwritten)?;
                }
                Format::Table => {
                    let shown = |file: &PathBuf| file.strip_prefix(place.root).unwrap_or(file).display().to_string();
                    let rows: Vec<Vec<String>> =
                        rows.map(|(number, file)| vec![format!("{number:04}"), shown(file)]).collect();
                    print_table(&["BRIEF", "FILE"], &rows, place.redactor).map_err(unwritten)?;
                }
            }
        }
        BriefCommand::Show { brief, output } => {
            let file = find(&brief, place.state_dir)?;
            let text = std::fs::read_to_string(&file)
                .map_err(|error| unreadable(Fault::new("reading", file.display(), error, "")))?;
            match output.format() {
                Format::Json => {
                    let body = json!({"file": file, "text": text, "pointer": pointer(&file, place.root)});
                    print_json("brief", now, &body, place.redactor).map_err(unwritten)?;
                }
                Format::Table => {
                    let text = place.redactor.redact(&text);
                    // Tabs and newlines are the brief's own; what acts on a terminal is not.
                    write!(io::stdout().lock(), "{}", text::clean(&text)).map_err(unwritten)?;
                }
            }
        }
    }
    Ok(Exit::Done)
}

/// Prints a brief that was written.
fn print_new(
    written: &Written,
    task: Option<&str>,
    format: Format,
    now: Timestamp,
    place: Place<'_>,
) -> Result<(), Failure> {
    match format {
        Format::Json => {
            let body = json!({"file": written.file, "task": task, "pointer": written.pointer});
            print_json("brief", now, &body, place.redactor).map_err(unwritten)
        }
        Format::Table => {
            writeln!(io::stdout().lock(), "{}\n{}", written.file.display(), written.pointer).map_err(unwritten)
        }
    }
}

/// The file of a brief that was named by its number or its file name.
fn find(brief: &str, state_dir: &Path) -> Result<PathBuf, Failure> {
    let wanted = brief.parse::<u32>().ok();
    let named = Path::new(brief).file_name();
    let files = list(state_dir).map_err(unreadable)?;
    let found = files.into_iter().find(|file| match wanted {
        Some(wanted) => number(file) == Some(wanted),
        None => file.file_name() == named,
    });
    found.ok_or_else(|| {
        unreadable(Fault::new(
            "looking for brief",
            brief,
            "there is none of that number or name",
            "see `hnpwb brief list`",
        ))
    })
}

fn number(file: &Path) -> Option<u32> {
    number_of(file.file_name()?.to_str()?)
}

fn unreadable(fault: Fault) -> Failure {
    Failure::new(Exit::Usage, fault)
}

fn unwritten(error: io::Error) -> Failure {
    unreadable(Fault::new("writing", "standard output", error, ""))
}

#[cfg(test)]
mod tests {
    use super::{Args, Place, find, run};
    use crate::cli::output::{Exit, Failure};
    use crate::domain::brief::{About, BriefSubject};
    use crate::domain::fault::Fault;
    use crate::domain::redact::Redactor;
    use clap::Parser;
    use std::path::PathBuf;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        brief: Args,
    }

    fn args(line: &[&str]) -> Args {
        Cli::try_parse_from(line).unwrap().brief
    }

    fn subject(id: &str) -> Result<BriefSubject, Failure> {
        if id != "7" {
            return Err(Failure::new(Exit::Usage, Fault::new("looking for task", id, "there is none", "")));
        }
        Ok(BriefSubject {
            about: About::Task,
            task_id: id.to_owned(),
            title: "Fix it".to_owned(),
            body: String::new(),
            raw_status: String::new(),
            file: PathBuf::from("TASKS.md"),
            line: 3,
            agent: None,
            branch: None,
            head: None,
        })
    }

    #[test]
    fn a_brief_is_written_found_by_number_or_name_and_shown() {
        let dir = tempfile::tempdir().unwrap();
        let state_dir = dir.path().join(".hnpwb");
        let place = Place { root: dir.path(), state_dir: &state_dir, redactor: &Redactor::default() };
        let new = ["brief", "new", "--task", "7", "--agent", "docs-writer"];
        assert_eq!(run(args(&new), place, subject).unwrap(), Exit::Done);
        let file = find("1", &state_dir).unwrap();
        assert!(std::fs::read_to_string(&file).unwrap().contains("You are docs-writer."));
        assert_eq!(find(".hnpwb/briefs/0001-fix-it.md", &state_dir).unwrap(), file);
        assert_eq!(find("2", &state_dir).unwrap_err().exit, Exit::Usage);
        assert_eq!(run(args(&["brief", "show", "0001"]), place, subject).unwrap(), Exit::Done);
        assert_eq!(run(args(&["brief", "list", "-o", "json"]), place, subject).unwrap(), Exit::Done);
    }

    #[test]
    fn a_task_that_is_not_there_writes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let place = Place { root: dir.path(), state_dir: &dir.path().join("state"), redactor: &Redactor::default() };
        assert_eq!(run(args(&["brief", "new", "--task", "8"]), place, subject).unwrap_err().exit, Exit::Usage);
        assert!(!place.state_dir.exists());
    }
}
