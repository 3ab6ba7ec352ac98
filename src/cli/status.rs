//! `hnpwb status`: agents, tasks, gates, fabrics and what needs the operator, once.

mod review;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use clap::Args as ClapArgs;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::config::paths::Paths;
use crate::config::session::{ClusterSpec, Session};
use crate::domain::agent::Agent;
use crate::domain::agent::hook::HookBook;
use crate::domain::attention::hush::{Hush, Hushes};
use crate::domain::attention::{self, Causes, Need};
use crate::domain::drift::DriftView;
use crate::domain::fault::Fault;
use crate::domain::gate::wire::{Answer, Request};
use crate::domain::gate::{Gate, GateState};
use crate::domain::model::Cost;
use crate::domain::redact::Redactor;
use crate::domain::task::{Task, TaskStatus};
use crate::domain::text;
use crate::domain::time::age;
use crate::exec::hush;
use crate::source::agents::Tally;
use crate::source::gates::client;
use crate::source::{agents, board};

use super::drift::Report;
use super::output::{Exit, Failure, Format, OutputArgs, print_json, print_table, say};
use super::{drift, workbench};

/// How long the workbench may take to list its gates.
const LISTING: Duration = Duration::from_secs(2);

/// Columns of a name in a table.
const NAME: usize = 40;

/// What is printed.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Every transcript under the agents' own folders, not only this project's
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// Gathers and prints.
pub fn run(args: &Args, session: impl FnOnce() -> Result<Session, Failure>, paths: &Paths) -> Result<Exit, Failure> {
    let session = Arc::new(session()?);
    let now = Timestamp::now();
    let ((agents, tallies), board, gates, observed) = std::thread::scope(|scope| {
        // Clusters answer in their own time.
        let fabrics = scope.spawn(|| drift::observe(session.fabrics.clone(), &session.health, &session.redactor));
        let roots = workbench::roots(&session);
        let agents = agents::snapshot_with(Arc::clone(&session), roots, args.all, hooks(&session, paths));
        let board = board::read(&session.boards, now, &session.redactor);
        let gates = gates(&session, paths);
        let observed = fabrics.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (agents, board, gates, observed)
    });
    let (reports, faults) = observed?;
    let fabrics: Vec<DriftView> = reports.iter().map(|report| report.view.clone()).collect();
    for fault in agents.faults.iter().chain(&board.faults).chain(&faults).chain(&session.faults) {
        say(&fault.clone().redacted(&session.redactor).to_string());
    }
    let owed = agents.agents.iter().filter(|agent| agent.signals_owed).count();
    if owed > 0 {
        say(&format!(
            "signals were not looked for in {owed} agents that were quiet for longer: the workbench looks at all"
        ));
    }
    let reviewed = review::of(&session, &agents, &board.tasks, &fabrics);
    let causes = Causes { gates: &gates, agents: &agents.agents, drift: &fabrics, ..Causes::default() };
    let needs = attention::queue(causes, reviewed.needs(&board.tasks));
    let hushes = hush::load(&session.state_dir).unwrap_or_else(|fault| {
        say(&fault.redacted(&session.redactor).to_string());
        Hushes::default()
    });
    let printed = match args.output.format() {
        Format::Json => print_json(
            "status",
            now,
            &json!({
                "session": { "name": session.name, "root": session.root },
                "agents": agents.agents.iter().map(|agent| {
                    agent_json(agent, tallies.iter().find(|tally| tally.id == agent.id), &reviewed.claims(&agent.id))
                }).collect::<Vec<_>>(),
                "tasks": board.tasks.iter().map(|task| task_json(task, &reviewed)).collect::<Vec<_>>(),
                "gates": gates,
                "fabrics": reports.iter().map(fabric_json).collect::<Vec<_>>(),
                "attention": needs.iter().map(|need| need_json(need, &hushes, now)).collect::<Vec<_>>(),
            }),
            &session.redactor,
        ),
        Format::Table => {
            let reviewed = &reviewed;
            tables(&agents.agents, &board.tasks, reviewed, &gates, &fabrics, &needs, now, &session.redactor)
        }
    };
    printed.map_err(|error| Failure::new(Exit::Usage, Fault::new("writing", "standard output", error, "")))?;
    Ok(Exit::Done)
}

/// Gates of the workbench that runs for this session; none when none runs.
pub fn gates(session: &Session, paths: &Paths) -> Vec<Gate> {
    match client::ask(&paths.socket(&session.root), &Request::List, LISTING) {
        Ok(Answer::Gates { gates }) => gates,
        Ok(
            Answer::Decided { .. }
            | Answer::Expired { .. }
            | Answer::Refused { .. }
            | Answer::Line { .. }
            | Answer::Hooks { .. }
            | Answer::Noted,
        )
        | Err(_) => Vec::new(),
    }
}

/// What hooks have told the workbench that runs for this session; nothing when none runs: then nobody listens to them.
fn hooks(session: &Session, paths: &Paths) -> HookBook {
    match client::ask(&paths.socket(&session.root), &Request::Hooks, LISTING) {
        Ok(Answer::Hooks { facts }) => HookBook::of_facts(facts),
        Ok(
            Answer::Decided { .. }
            | Answer::Expired { .. }
            | Answer::Refused { .. }
            | Answer::Gates { .. }
            | Answer::Line { .. }
            | Answer::Noted,
        )
        | Err(_) => HookBook::default(),
    }
}

/// Figures are null for a transcript of which only the end could be read.
fn agent_json(agent: &Agent, tally: Option<&Tally>, claims: &[Value]) -> Value {
    let counts = tally.map(|tally| tally.counts);
    let cost = tally.and_then(|tally| tally.cost.as_ref());
    json!({
        "name": agent.name,
        "kind": agent.kind,
        "format": agent.format.name(),
        "role": agent.role,
        "transcript": agent.transcript,
        "session_id": agent.session_id,
        "parent": agent.parent,
        "cwd": agent.cwd,
        "pane": agent.pane,
        "pid": agent.pid,
        "state": agent.verdict.state,
        "state_since": agent.verdict.since,
        "state_source": agent.verdict.source,
        "state_reason": agent.verdict.reason,
        "state_opinions": agent.verdict.opinions,
        "state_disagreement": agent.verdict.disagreement,
        "waiting_for": agent.verdict.waiting_for,
        "continues": agent.continues,
        "file_gone": agent.file_gone,
        "model": agent.model,
        "version": agent.version,
        "context": agent.context,
        "tokens": tally.filter(|tally| tally.cost.is_some()).map(|tally| tally.tokens),
        "cost_usd": cost.and_then(Cost::usd),
        "cost_known_usd": cost.map(|cost| cost.known_usd),
        "unpriced": cost.map(|cost| &cost.unpriced),
        "status_line": agent.status_line,
        "records": counts.map(|counts| counts.records),
        "unknown_records": counts.map(|counts| counts.unknown_records),
        "malformed_records": counts.map(|counts| counts.malformed_records),
        "prompts": counts.map(|counts| counts.prompts),
        "tool_calls": counts.map(|counts| counts.tool_calls),
        "errors": counts.map(|counts| counts.errors),
        "compactions": counts.map(|counts| counts.compactions),
        "last_activity": agent.last_activity,
        "signals": agent.signals,
        "signals_owed": agent.signals_owed,
        "claims": claims,
    })
}

fn task_json(task: &Task, reviewed: &review::Reviewed) -> Value {
    json!({
        "id": task.id,
        "title": task.title,
        "status": task.status,
        "raw_status": task.raw_status,
        "origin": task.origin,
        "format": task.format,
        "assignee": task.assignee,
        "depends_on": task.depends_on,
        "agent": reviewed.agent(&task.id),
        "criteria": task.criteria,
        "grade": reviewed.grade(&task.id),
        "verdict": reviewed.verdict(&task.id),
        "sign_off": reviewed.sign_off(&task.id),
    })
}

fn fabric_json(report: &Report) -> Value {
    let (spec, view) = (&report.spec, &report.view);
    let context = match &spec.cluster {
        Some(ClusterSpec::Context { context, .. }) => context.clone(),
        Some(ClusterSpec::Snapshot(file)) => Some(file.display().to_string()),
        None => None,
    };
    let mut health: BTreeMap<&str, usize> = BTreeMap::new();
    for state in view.rows.iter().filter_map(|row| row.health.as_ref()) {
        *health.entry(state.state.name()).or_default() += 1;
    }
    json!({
        "name": spec.name,
        "gitops": { "repo": spec.repo, "directory": spec.directory },
        "context": context,
        "connection": view.connection,
        "connection_reason": report.fault.as_ref().map(ToString::to_string),
        "as_of": view.as_of,
        "drift": view.summary(),
        "health": health,
    })
}

/// `hidden` says how the operator has hidden it in the workbench, if so.
fn need_json(need: &Need, hushes: &Hushes, now: Timestamp) -> Value {
    json!({
        "kind": need.kind,
        "severity": need.urgency.name(),
        "subject": need.title,
        "reason": need.reason,
        "since": need.since,
        "hidden": hushes.of(need, now).map(Hush::word),
    })
}

/// The same for people: one table after the other, empty ones left out.
#[expect(clippy::too_many_arguments, reason = "every one of them is a different kind of thing")]
fn tables(
    agents: &[Agent],
    tasks: &[Arc<Task>],
    reviewed: &review::Reviewed,
    gates: &[Gate],
    fabrics: &[DriftView],
    needs: &[Need],
    now: Timestamp,
    redactor: &Redactor,
) -> std::io::Result<()> {
    let table = |title, headings: &[&str], rows: &[Vec<String>]| table(title, headings, rows, redactor);
    let clean = |cells: Vec<String>| cells.iter().map(|cell| text::line(cell).into_owned()).collect::<Vec<_>>();
    let since = |at: Option<Timestamp>| at.map(|at| age(at, now)).unwrap_or_default();
    let needs = needs
        .iter()
        .map(|need| clean(vec![need.kind.to_owned(), need.title.clone(), need.reason.clone(), since(need.since)]));
    table("needs you", &["KIND", "WHAT", "WHY", "AGE"], &needs.collect::<Vec<_>>())?;
    let agents = agents.iter().map(|agent| {
        let percent = agent.context.percent.map_or_else(|| "?".to_owned(), |percent| format!("{percent}%"));
        clean(vec![
            text::cut(&text::line(&agent.name), NAME).into_owned(),
            agent.verdict.state.name().to_owned(),
            agent.model.clone().unwrap_or_default(),
            percent,
            agent.cost().map_or_else(|| "?".to_owned(), Cost::short),
            since(agent.last_activity),
            text::cut(&text::line(agent.last_action.as_deref().unwrap_or_default()), 60).into_owned(),
        ])
    });
    table("agents", &["NAME", "STATE", "MODEL", "CONTEXT", "COST", "AGE", "LAST"], &agents.collect::<Vec<_>>())?;
    let all = tasks;
    let open = tasks.iter().filter(|task| task.status != TaskStatus::Done);
    let tasks = open.map(|task| {
        let place = format!("{}:{}", task.origin.file.display(), task.origin.line);
        // A tracker's own id often stands in its title, too.
        let title = task.title.strip_prefix(&task.id).unwrap_or(&task.title).trim_start().to_owned();
        clean(vec![task.id.clone(), task.status.name().to_owned(), title, place])
    });
    table("open tasks", &["ID", "STATUS", "TITLE", "WHERE"], &tasks.collect::<Vec<_>>())?;
    let weak = all.iter().filter(|task| reviewed.wants_a_look(task)).map(|task| {
        let title = task.title.strip_prefix(&task.id).unwrap_or(&task.title).trim_start().to_owned();
        clean(vec![task.id.clone(), reviewed.words(task), title])
    });
    table("said to be done", &["ID", "SHOWN", "TITLE"], &weak.collect::<Vec<_>>())?;
    let pending = gates.iter().filter(|gate| gate.state == GateState::Pending);
    let gates = pending.map(|gate| clean(vec![gate.id.0.clone(), gate.title.clone(), age(gate.requested_at, now)]));
    table("gates", &["GATE", "TITLE", "AGE"], &gates.collect::<Vec<_>>())?;
    let fabrics = fabrics.iter().map(|view| {
        let counts = view.summary().iter().map(|(state, count)| format!("{count} {state}")).collect::<Vec<_>>();
        clean(vec![view.fabric.clone(), view.connection.name().to_owned(), counts.join(", ")])
    });
    table("fabrics", &["FABRIC", "CLUSTER", "DRIFT"], &fabrics.collect::<Vec<_>>())
}

fn table(title: &str, headings: &[&str], rows: &[Vec<String>], redactor: &Redactor) -> std::io::Result<()> {
    use std::io::Write;
    if rows.is_empty() {
        return Ok(());
    }
    let mut out = std::io::stdout();
    writeln!(out, "{}:", title.to_uppercase())?;
    print_table(headings, rows, redactor)?;
    writeln!(out)
}
