//! `hnpwb brief send`: delivers the prompt that points to a brief, or a text, into the pane of an agent.

use std::io::{self, Read, Write};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cli::output::{Exit, Failure, Format, OutputArgs, print_json, say};
use crate::cli::workbench;
use crate::config::paths::Paths;
use crate::config::session::Session;
use crate::domain::agent::Agent;
use crate::domain::deliver::payload::LARGEST;
use crate::domain::deliver::{BriefRef, Order, Outcome, Proof, Receiver, Sent};
use crate::domain::fault::Fault;
use crate::domain::text;
use crate::exec::brief::shelf;
use crate::exec::deliver::{Desk, send};
use crate::source::agents;

use super::{find, unreadable, unwritten};

/// What is sent, and to whom.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Number of the brief, or its file
    #[arg(required_unless_present = "text")]
    brief: Option<String>,
    /// Agent to send it to: its name, its id or its tmux pane
    #[arg(long, value_name = "NAME")]
    agent: String,
    /// Send this text in place of a brief's pointer; - reads it from standard input
    #[arg(long, value_name = "TEXT|-", conflicts_with = "brief")]
    text: Option<String>,
    /// Send although the agent is at work: it takes the prompt when its turn ends
    #[arg(long)]
    while_working: bool,
    /// Send although this brief has reached the agent, or may have
    #[arg(long)]
    again: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// Sends, and says what became of it.
pub fn run(args: &Args, session: Session, paths: &Paths) -> Result<Exit, Failure> {
    let session = Arc::new(session);
    let (found, _) = agents::snapshot(Arc::clone(&session), workbench::roots(&session), false);
    let receiver = Receiver::of(choose(&args.agent, &found.agents)?);
    let known = shelf::read(&session.state_dir, &session.root, &session.redactor).map_err(unreadable)?;
    let brief = match &args.brief {
        Some(name) => Some(brief(name, &session)?),
        None => None,
    };
    let earlier = brief.as_ref().and_then(|brief| {
        let same = |one: &&crate::domain::deliver::history::Sending| {
            one.brief == Some(brief.number) && one.agent_id == receiver.id
        };
        known.sends.iter().rev().find(same)
    });
    if let Some(last) = earlier.filter(|last| !args.again && (last.is_doubtful() || last.outcome == "delivered")) {
        let why = if last.is_doubtful() { "it may have arrived already" } else { "it has arrived already" };
        let why = format!("{why}, {}", last.reason);
        return Err(Failure::new(
            Exit::No,
            Fault::new("sending to", &receiver.name, why, "--again sends it once more"),
        ));
    }
    let text = match (&brief, &args.text) {
        (Some(brief), _) => brief.pointer.clone(),
        (None, Some(text)) if text == "-" => standard_input()?,
        (None, text) => text.clone().unwrap_or_default(),
    };
    let order = Order { brief, text, receiver, shown: None, while_working: args.while_working };
    let desk = Desk {
        state_dir: session.state_dir.clone(),
        runtime: paths.runtime.clone(),
        claude_dirs: session.claude_dirs.clone(),
        redactor: session.redactor.clone(),
        hooks: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| unreadable(Fault::new("starting", "the sending", error, "")))?;
    let sent = runtime.block_on(send(order, &desk));
    report(&sent, args.output.format(), &session)?;
    Ok(match sent.outcome {
        Outcome::Delivered(_) => Exit::Done,
        Outcome::NotDelivered(_) if sent.unavailable => Exit::Unavailable,
        Outcome::NotDelivered(_) | Outcome::Indeterminate(_) => Exit::No,
    })
}

fn report(sent: &Sent, format: Format, session: &Session) -> Result<(), Failure> {
    match format {
        Format::Json => print_json("brief-send", Timestamp::now(), &json(sent), &session.redactor).map_err(unwritten),
        Format::Table => {
            for change in &sent.changes {
                say(change);
            }
            let line = session.redactor.redact(&sent.outcome.sentence()).into_owned();
            writeln!(io::stdout().lock(), "{}", text::line(&line)).map_err(unwritten)
        }
    }
}

fn json(sent: &Sent) -> Value {
    let brief = sent.order.brief.as_ref();
    let mut body = json!({
        "send": sent.id,
        "brief": brief.map(|brief| brief.number),
        "file": brief.map(|brief| &brief.file),
        "agent": sent.order.receiver.name,
        "session_id": sent.order.receiver.session,
        "outcome": sent.outcome.name(),
        "reason": Value::Null,
        "transcript": Value::Null,
        "line": Value::Null,
        "offset": Value::Null,
        "queued": false,
        "changes": sent.changes,
    });
    match &sent.outcome {
        Outcome::Delivered(proof) => {
            body["reason"] = proof.to_string().into();
            if let Proof::Line { file, offset, line, queued } = proof {
                body["transcript"] = json!(file);
                body["line"] = json!(line);
                body["offset"] = json!(offset);
                body["queued"] = json!(queued);
            }
        }
        Outcome::NotDelivered(why) | Outcome::Indeterminate(why) => body["reason"] = why.as_str().into(),
    }
    body
}

/// The agent of that name, id or pane. Of several one that runs is meant, if it is one.
pub(super) fn choose<'a>(name: &str, agents: &'a [Agent]) -> Result<&'a Agent, Failure> {
    let refused = |why: String| {
        let remedy = "run hnpwb status to see the agents";
        Err(Failure::new(Exit::Unavailable, Fault::new("looking for agent", name, why, remedy)))
    };
    let is_called = |agent: &&Agent| agent.name == name || agent.id.0 == name || agent.pane.as_deref() == Some(name);
    let called: Vec<&Agent> = agents.iter().filter(is_called).collect();
    let running: Vec<&Agent> = called.iter().copied().filter(|agent| agent.pid.is_some()).collect();
    match (running.as_slice(), called.as_slice()) {
        ([one], _) | ([], [one]) => Ok(one),
        ([], []) => refused("there is none here".to_owned()),
        (several, _) => {
            refused(format!("{} are called so; name one by its id or pane", several.len().max(called.len())))
        }
    }
}

fn brief(name: &str, session: &Session) -> Result<BriefRef, Failure> {
    let file = find(name, &session.state_dir)?;
    let text = std::fs::read_to_string(&file)
        .map_err(|error| unreadable(Fault::new("reading", file.display(), error, "name another brief")))?;
    BriefRef::read(&file, &text, &session.root)
        .ok_or_else(|| unreadable(Fault::new("reading", file.display(), "it is no brief", "see `hnpwb brief list`")))
}

fn standard_input() -> Result<String, Failure> {
    let mut text = String::new();
    // One byte more than is taken, so that what is too long is refused and not cut.
    let read = io::stdin().lock().take(LARGEST as u64 + 1).read_to_string(&mut text);
    read.map_err(|error| unreadable(Fault::new("reading", "standard input", error, "give it text in UTF-8")))?;
    Ok(text)
}
