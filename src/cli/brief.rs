//! `hnpwb brief`: what the composer does, without the screen.

pub mod handoff;
mod lint;
mod object;
pub mod send;

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Subcommand;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cli::output::{Exit, Failure, Format, OutputArgs, print_json, print_table, say};
use crate::config::brief::templates;
use crate::config::session::Session;
use crate::domain::agent::Agent;
use crate::domain::brief::subject::Known;
use crate::domain::brief::template::Template;
use crate::domain::brief::{Draft, Read, drift, number_of, pointer, tokens, unfilled};
use crate::domain::commit::RepoLog;
use crate::domain::fault::Fault;
use crate::domain::text;
use crate::event::{CopyRoute, Done};
use crate::exec::brief::{Place, list, whole, write};
use crate::exec::clipboard::{self, Tmux};
use crate::source::{agents, board, git};

use super::workbench;

/// The template of a brief that names none; and of one about an object.
const TEMPLATES: (&str, &str) = ("specialist", "drift");

/// Commits that are read of each repository.
const COMMITS: usize = 5;

/// Writes, lists, shows, lints and copies briefs.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: BriefCommand,
}

/// What is done with briefs.
#[derive(Debug, Subcommand)]
pub enum BriefCommand {
    /// Write a brief from a template, and print its file and the prompt that points to it; 1 while a variable has no value
    New {
        /// Template to begin from [default: specialist; drift with --object]
        #[arg(long, value_name = "NAME")]
        template: Option<String>,
        /// Id of the task
        #[arg(long, value_name = "ID")]
        task: Option<String>,
        /// Hand the work of this agent on: what it was asked, did, left open and got wrong
        #[arg(long, value_name = "AGENT", conflicts_with_all = ["task", "template", "object", "fabric", "set"])]
        handoff: Option<String>,
        /// Object that it is about, whose drift is looked at: KIND/NAMESPACE/NAME, or KIND/NAME
        #[arg(long, value_name = "OBJECT")]
        object: Option<object::Named>,
        /// Look at the drift of this fabric alone
        #[arg(long, value_name = "NAME")]
        fabric: Option<String>,
        /// Agent it is for
        #[arg(long, value_name = "NAME")]
        agent: Option<String>,
        /// Value of a variable that nothing else fills: research.question="…"; any number of times
        #[arg(long = "set", value_name = "VARIABLE=VALUE", value_parser = assignment)]
        set: Vec<(String, String)>,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// List the templates
    Templates {
        #[command(flatten)]
        output: OutputArgs,
    },
    /// List the session's briefs
    List {
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Print a brief
    Show {
        /// Its number, or its file
        brief: String,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Deliver the prompt that points to a brief into the pane of an agent, and say whether it arrived
    Send(send::Args),
    /// Say what is wrong with a brief; 1 when something of it is an error
    Lint(lint::Args),
    /// Copy the prompt that points to a brief; 1 when it has a gap in it, or nothing was copied
    Copy {
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
            _ => None,
        }
    }

    /// The agent whose work is to be handed on, the one that it is for, and the form of the answer, if that is asked for.
    pub fn handoff(&self) -> Option<(&str, Option<String>, Format)> {
        match &self.command {
            BriefCommand::New { handoff: Some(from), agent, output, .. } => {
                Some((from, agent.clone(), output.format()))
            }
            _ => None,
        }
    }
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as VARIABLE=VALUE")?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

/// Runs every subcommand but `send` and a handoff.
pub fn run(args: Args, session: &Session) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let (root, state_dir, redactor) = (&session.root, &session.state_dir, &session.redactor);
    match args.command {
        BriefCommand::New { template, task, agent, object, fabric, set, output, .. } => {
            let own = if object.is_some() { TEMPLATES.1 } else { TEMPLATES.0 };
            let template = find_template(session, template.as_deref().unwrap_or(own))?;
            let draft = begin(session, &template, &About { task, agent, object, fabric, set })?;
            return new(Place { root, state_dir, redactor }, &draft, output.format(), now);
        }
        BriefCommand::Templates { output } => {
            let (found, faults) = templates(&session.templates);
            for fault in &faults {
                say(&fault.to_string());
            }
            match output.format() {
                Format::Json => {
                    let rows: Vec<Value> = found
                        .iter()
                        .map(|template| json!({"name": template.name, "about": template.about, "target": template.target}))
                        .collect();
                    print_json("templates", now, &json!({ "templates": rows }), redactor).map_err(unwritten)?;
                }
                Format::Table => {
                    let target = |template: &Template| template.target.map(tokens::shown).unwrap_or_default();
                    let rows: Vec<Vec<String>> = found
                        .iter()
                        .map(|template| vec![template.name.clone(), target(template), template.about.clone()])
                        .collect();
                    print_table(&["TEMPLATE", "TARGET", "ABOUT"], &rows, redactor).map_err(unwritten)?;
                }
            }
        }
        BriefCommand::Send(_) => {}
        BriefCommand::List { output } => print_list(session, output.format(), now)?,
        BriefCommand::Show { brief, output } => {
            let file = find(&brief, state_dir)?;
            let text = read(&file)?;
            match output.format() {
                Format::Json => {
                    let body = json!({"file": file, "text": text, "pointer": pointer(&file, root)});
                    print_json("brief", now, &body, redactor).map_err(unwritten)?;
                }
                Format::Table => {
                    let text = redactor.redact(&text);
                    // Tabs and newlines are the brief's own; what acts on a terminal is not.
                    write!(io::stdout().lock(), "{}", text::clean(&text)).map_err(unwritten)?;
                }
            }
        }
        BriefCommand::Lint(args) => return lint::run(&args, session, now),
        BriefCommand::Copy { brief, output } => {
            let file = find(&brief, state_dir)?;
            return copy(session, &file, output.format(), now);
        }
    }
    Ok(Exit::Done)
}

fn find_template(session: &Session, name: &str) -> Result<(Template, Vec<Template>), Failure> {
    let (found, faults) = templates(&session.templates);
    for fault in &faults {
        say(&fault.to_string());
    }
    match found.iter().find(|template| template.name == name) {
        Some(template) => Ok((template.clone(), found)),
        None => {
            let known: Vec<&str> = found.iter().map(|template| template.name.as_str()).collect();
            let why = format!("there is none of that name: {}", known.join(", "));
            Err(unreadable(Fault::new("looking for the template", name, why, "see hnpwb brief templates")))
        }
    }
}

/// What a brief is to be about.
struct About {
    task: Option<String>,
    agent: Option<String>,
    object: Option<object::Named>,
    fabric: Option<String>,
    set: Vec<(String, String)>,
}

/// The text of a brief, filled with what is known. Clusters are asked only where an object or a fabric is named.
fn begin(
    session: &Session,
    (template, templates): &(Template, Vec<Template>),
    about: &About,
) -> Result<Draft, Failure> {
    let About { task, agent, object, fabric, set } = about;
    let board = board::read(&session.boards, Timestamp::now(), &session.redactor);
    let found = task.as_ref().map(|id| {
        board.tasks.iter().find(|task| task.id == *id).map(AsRef::as_ref).ok_or_else(|| {
            let remedy = "run hnpwb status to see the tasks and their ids";
            unreadable(Fault::new("looking for", format!("task {id}"), "no board has it", remedy))
        })
    });
    let repos: Vec<RepoLog> =
        session.repos.iter().filter_map(|repo| git::read(repo, COMMITS, &session.redactor).ok()).collect();
    let looks = object.is_some() || fabric.is_some();
    let fabrics = if looks { object::fabrics(session, fabric.as_deref())? } else { Vec::new() };
    let found_object = object.as_ref().map(|named| object::find(named, &fabrics)).transpose()?;
    let known_agent = agent.as_deref().and_then(|name| agent_named(session, name));
    let known = Known {
        session: &session.name,
        root: &session.root.to_string_lossy(),
        task: found.transpose()?,
        tasks: &board.tasks,
        agent: known_agent.as_ref(),
        agent_name: agent.as_deref(),
        repos: &repos,
        fabrics: &fabrics,
    };
    let mut values = known.values();
    if let Some((view, row)) = found_object {
        let of_object = drift::values(view, row, None);
        if let (Some(values), Some(of_object)) = (values.as_object_mut(), of_object.as_object()) {
            values.extend(of_object.clone());
        }
    }
    for (name, value) in set {
        put(&mut values, name, value);
    }
    let text = template.render(templates, &values).map_err(|why| {
        unreadable(Fault::new("filling the template", &template.name, why, "choose another, or mend it"))
    })?;
    let task = task.clone().or_else(|| found_object.map(|(view, row)| drift::task_of(view, row)));
    Ok(Draft { template: template.name.clone(), task, agent: agent.clone(), text, ..Draft::default() })
}

/// Puts a value at a path of names: `task.goal`.
fn put(values: &mut Value, path: &str, value: &str) {
    let mut at = values;
    for name in path.split('.') {
        if !at.is_object() {
            *at = json!({});
        }
        at = &mut at[name];
    }
    *at = Value::from(value);
}

fn new(place: Place<'_>, draft: &Draft, format: Format, now: Timestamp) -> Result<Exit, Failure> {
    let gaps = unfilled(&draft.text);
    let written = write(place, draft, now).map_err(unreadable)?;
    let pointer = gaps.is_empty().then_some(&written.pointer);
    match format {
        Format::Json => {
            let body = json!({
                "file": written.file, "task": draft.task, "template": draft.template, "agent": draft.agent,
                "tokens": tokens::count(&draft.text), "unfilled": gaps, "pointer": pointer,
            });
            print_json("brief", now, &body, place.redactor).map_err(unwritten)?;
        }
        Format::Table => {
            let pointer = pointer.map(|pointer| format!("\n{pointer}")).unwrap_or_default();
            writeln!(io::stdout().lock(), "{}{pointer}", written.file.display()).map_err(unwritten)?;
        }
    }
    if gaps.is_empty() {
        return Ok(Exit::Done);
    }
    say(&format!("no value is given for {}: fill it in, in the file or with --set", gaps.join(", ")));
    Ok(Exit::No)
}

fn print_list(session: &Session, format: Format, now: Timestamp) -> Result<(), Failure> {
    let (root, redactor) = (&session.root, &session.redactor);
    let files = list(&session.state_dir).map_err(unreadable)?;
    let rows = files.iter().filter_map(|file| {
        let read = Read::new(&std::fs::read_to_string(file).ok()?);
        Some((number(file)?, file, read))
    });
    match format {
        Format::Json => {
            let row = |(number, file, read): (u32, &PathBuf, Read)| {
                json!({
                    "number": number, "file": file, "pointer": pointer(file, root), "title": read.draft().title(),
                    "task": read.front.task, "agent": read.front.agent, "template": read.front.template,
                    "created": read.front.created, "tokens": read.front.tokens, "unfilled": unfilled(&read.text),
                })
            };
            let briefs: Vec<Value> = rows.map(row).collect();
            print_json("briefs", now, &json!({ "briefs": briefs }), redactor).map_err(unwritten)
        }
        Format::Table => {
            let row = |(number, file, read): (u32, &PathBuf, Read)| {
                let tokens = read.front.tokens.and_then(|tokens| usize::try_from(tokens).ok());
                vec![
                    format!("{number:04}"),
                    file.strip_prefix(root).unwrap_or(file).display().to_string(),
                    read.front.task.unwrap_or_default(),
                    read.front.agent.unwrap_or_default(),
                    tokens.map(tokens::shown).unwrap_or_default(),
                ]
            };
            let rows: Vec<Vec<String>> = rows.map(row).collect();
            print_table(&["BRIEF", "FILE", "TASK", "AGENT", "TOKENS"], &rows, redactor).map_err(unwritten)
        }
    }
}

fn copy(session: &Session, file: &Path, format: Format, now: Timestamp) -> Result<Exit, Failure> {
    let draft = Read::new(&read(file)?).draft();
    whole(&draft).map_err(|fault| Failure::new(Exit::No, fault))?;
    let pointer = pointer(file, &session.root);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| unreadable(Fault::new("copying", file.display(), error, "")))?;
    // The sequence goes to the terminal, and never into a pipe.
    let mut terminal = |bytes: &[u8]| -> io::Result<()> {
        let mut out = io::stderr();
        if !out.is_terminal() {
            return Err(io::Error::other("no terminal"));
        }
        out.write_all(bytes)
    };
    let (state_dir, redactor) = (&session.state_dir, &session.redactor);
    let tmux = Tmux::from_env();
    let copied =
        clipboard::carry_out(&pointer, "brief pointer", tmux.as_ref(), Some(&mut terminal), state_dir, now, redactor);
    let Done::Copied(done) = runtime.block_on(copied) else { return Ok(Exit::No) };
    let done = done.map_err(|fault| Failure::new(Exit::No, fault))?;
    match format {
        Format::Json => {
            let route = match done.route {
                CopyRoute::Tmux => "tmux",
                CopyRoute::Osc52 => "osc52",
                CopyRoute::FileOnly => "file",
            };
            let body = json!({
                "file": file, "pointer": pointer, "route": route, "confirmed": done.confirmed, "text_in": done.file,
            });
            print_json("brief-copy", now, &body, redactor).map_err(unwritten)?;
        }
        Format::Table => {
            writeln!(io::stdout().lock(), "{pointer}").map_err(unwritten)?;
            say(&done.words());
        }
    }
    Ok(if done.route == CopyRoute::FileOnly { Exit::No } else { Exit::Done })
}

/// The agent of that name, as it is now; of several one that runs.
fn agent_named(session: &Session, name: &str) -> Option<Agent> {
    let (news, _) = agents::snapshot(Arc::new(session.clone()), workbench::roots(session), false);
    news.agents.into_iter().filter(|agent| agent.name == name).min_by_key(|agent| agent.pid.is_none())
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

fn read(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| unreadable(Fault::new("reading", file.display(), error, "")))
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
    use super::{Args, find, put, run};
    use crate::cli::output::Exit;
    use crate::config::session::{ClusterSpec, FabricSpec, Session};
    use clap::Parser;
    use serde_json::json;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        brief: Args,
    }

    fn args(line: &[&str]) -> Args {
        Cli::try_parse_from(line).unwrap().brief
    }

    /// A session with one board.
    fn session(dir: &tempfile::TempDir) -> Session {
        std::fs::write(dir.path().join("TASKS.md"), "# Tasks\n\n- [ ] HNP-7: Fix it\n").unwrap();
        Session { boards: vec![dir.path().join("TASKS.md")], ..Session::bare("s", dir.path().to_owned()) }
    }

    #[test]
    fn a_brief_is_written_found_by_number_or_name_and_shown() {
        let dir = tempfile::tempdir().unwrap();
        let session = session(&dir);
        let new = ["brief", "new", "--task", "HNP-7", "--agent", "docs-writer"];
        assert_eq!(run(args(&new), &session).unwrap(), Exit::Done);
        let file = find("1", &session.state_dir).unwrap();
        assert!(std::fs::read_to_string(&file).unwrap().contains("You are docs-writer."));
        let name = file.file_name().unwrap().to_str().unwrap();
        assert_eq!(find(&format!(".hnpwb/briefs/{name}"), &session.state_dir).unwrap(), file);
        assert_eq!(find("2", &session.state_dir).unwrap_err().exit, Exit::Usage);
        for line in [["brief", "show", "0001"].as_slice(), &["brief", "list", "-o", "json"], &["brief", "templates"]] {
            assert_eq!(run(args(line), &session).unwrap(), Exit::Done);
        }
    }

    #[test]
    fn what_is_not_there_writes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let session = session(&dir);
        for line in [["brief", "new", "--task", "8"].as_slice(), &["brief", "new", "--template", "none"]] {
            assert_eq!(run(args(line), &session).unwrap_err().exit, Exit::Usage);
        }
        assert!(!session.state_dir.exists());
    }

    #[test]
    fn a_gap_is_a_negative_answer_until_it_is_filled_and_is_not_copied() {
        let dir = tempfile::tempdir().unwrap();
        let session = session(&dir);
        let research = ["brief", "new", "--template", "research"];
        assert_eq!(run(args(&research), &session).unwrap(), Exit::No);
        assert_eq!(run(args(&["brief", "copy", "1"]), &session).unwrap_err().exit, Exit::No);
        let sets =
            ["--set", "research.question=why", "--set", "research.reason=so", "--set", "research.effort=an hour"];
        let filled: Vec<&str> = research.into_iter().chain(sets).collect();
        assert_eq!(run(args(&filled), &session).unwrap(), Exit::Done);
    }

    #[test]
    fn an_object_and_an_agent_fill_what_is_known_of_them_and_the_rest_stays_marked() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let vpc = |vlan: u32| json!({ "apiVersion": "vpc.githedgehog.com/v1beta1", "kind": "VPC", "metadata": { "name": "a" }, "spec": { "vlan": vlan } });
        for folder in ["gitops", "own", "claude/projects/-p"] {
            std::fs::create_dir_all(path(folder)).unwrap();
        }
        std::fs::write(path("gitops/a.json"), vpc(1).to_string()).unwrap();
        std::fs::write(path("live.json"), vpc(2).to_string()).unwrap();
        let own = "# {{ object.title }} {{ agent.model }} {{ agent.left }} {{ agent.worktree }} {{ drift.summary }}\n";
        std::fs::write(path("own/own.md"), own).unwrap();
        let records = [
            json!({"type": "user", "cwd": dir.path(), "sessionId": "s1", "message": {"content": "Begin"}}),
            json!({"type": "custom-title", "customTitle": "api", "sessionId": "s1"}),
            json!({"type": "assistant", "sessionId": "s1", "message": {"id": "m", "model": "claude-sonnet-5", "stop_reason": "end_turn", "content": [], "usage": {"input_tokens": 1000, "output_tokens": 5}}}),
        ];
        let lines: Vec<String> = records.iter().map(|record| format!("{record}\n")).collect();
        std::fs::write(path("claude/projects/-p/s1.jsonl"), lines.concat()).unwrap();
        let cluster = Some(ClusterSpec::Snapshot(path("live.json")));
        let fabric = FabricSpec {
            name: "lab".into(),
            repo: dir.path().to_owned(),
            directory: "gitops".into(),
            exclude: Vec::new(),
            cluster,
            grace: std::time::Duration::ZERO,
        };
        let (templates, claude_dirs) = (vec![path("own")], vec![path("claude")]);
        let session = Session { fabrics: vec![fabric], templates, claude_dirs, ..session(&dir) };
        let text = |number: &str| std::fs::read_to_string(find(number, &session.state_dir).unwrap()).unwrap();
        let about = ["brief", "new", "--object", "VPC/default/a", "--fabric", "lab", "--agent", "api"];
        assert_eq!(run(args(&about), &session).unwrap(), Exit::Done);
        let first = text("1");
        for part in [
            "task: \"drift/lab/VPC/a\"",
            "template: \"drift\"",
            "VPC a in lab is drifted",
            "| `spec.vlan` | `1` | `2` |",
        ] {
            assert!(first.contains(part), "{part} is not in\n{first}");
        }
        let line: Vec<&str> = about.into_iter().chain(["--template", "own"]).collect();
        assert_eq!(run(args(&line), &session).unwrap(), Exit::No, "no repository tells of a worktree");
        let second = text("2");
        let wanted = "# VPC a in lab is drifted claude-sonnet-5 ";
        assert!(second.contains(wanted) && second.contains("⟦agent.worktree⟧ lab ("), "{second}");
        assert!(!second.contains("⟦agent.left⟧"), "{second}");
        // Without an object no cluster is asked, and its variables stay marked.
        assert_eq!(run(args(&["brief", "new", "--template", "own"]), &session).unwrap(), Exit::No);
        let third = text("3");
        assert!(third.contains("# ⟦object.title⟧ ⟦agent.model⟧") && third.contains("⟦drift.summary⟧"), "{third}");
        let gone = ["brief", "new", "--object", "VPC/default/b"];
        assert_eq!(run(args(&gone), &session).unwrap_err().exit, Exit::Usage);
    }

    #[test]
    fn a_value_is_put_where_its_name_says() {
        let mut values = json!({"task": {"id": "1"}, "git": null});
        put(&mut values, "task.goal", "x");
        put(&mut values, "git.branch", "y");
        assert_eq!(values, json!({"task": {"id": "1", "goal": "x"}, "git": {"branch": "y"}}));
    }
}
