//! `hnpwb brief lint`: what the composer says of a brief, for scripts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cli::drift;
use crate::cli::output::{Exit, Failure, Format, OutputArgs, print_json, print_table, say};
use crate::config::brief::templates;
use crate::config::session::Session;
use crate::domain::brief::Read;
use crate::domain::brief::check::{Checked, check};
use crate::domain::brief::facts::World;
use crate::domain::brief::lint::{Aim, Finding, Severity};
use crate::domain::brief::subject::left;
use crate::domain::brief::tokens;
use crate::domain::drift::DriftView;
use crate::effect::LintRequest;
use crate::exec::desk::Looker;
use crate::source::board;
use crate::source::ground::Places;

use super::{agent_named, find, read, unwritten};

/// What is linted.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Number of a brief, or any Markdown file
    brief: String,
    /// Ask no cluster and no transcript: objects are held against git alone, and no window is known
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// Looks at a brief and prints what was found.
pub fn run(args: &Args, session: &Session, now: Timestamp) -> Result<Exit, Failure> {
    let file = file(&args.brief, session)?;
    let brief = Read::new(&read(&file)?);
    if let Some(mistake) = &brief.mistake {
        say(&format!("{}: the front matter is not read: {mistake}", file.display()));
    }
    let board = board::read(&session.boards, now, &session.redactor);
    let fabrics: Vec<DriftView> = if args.offline {
        Vec::new()
    } else {
        let (reports, faults) = drift::observe(session.fabrics.clone(), &session.health, &session.redactor)?;
        for fault in &faults {
            say(&fault.to_string());
        }
        reports.into_iter().map(|report| report.view).collect()
    };
    let agent = brief.front.agent.as_deref().filter(|_| !args.offline).and_then(|name| agent_named(session, name));
    let (templates, _) = templates(&session.templates);
    let template = templates.iter().find(|template| Some(&template.name) == brief.front.template.as_ref());
    let aim = Aim {
        task: brief.front.task.clone(),
        template: brief.front.template.clone().unwrap_or_default(),
        left: agent.as_ref().and_then(left),
        agent: brief.front.agent.clone(),
        target: template.and_then(|template| template.target),
    };
    let world = Arc::new(World::new(&board.tasks, &fabrics, &[]));
    let request = LintRequest { generation: 0, text: brief.text.clone(), aim: aim.clone(), world };
    let facts = Looker::new(Places::of(session)).facts(&request);
    let checked = check(&brief.text, &aim, &facts, &session.redactor);
    print(&checked, &file, brief.above, args.output.format(), session, now)?;
    Ok(if checked.errors() > 0 { Exit::No } else { Exit::Done })
}

/// A number names a brief of the session; anything else is a file, in the current folder or among the briefs.
fn file(brief: &str, session: &Session) -> Result<PathBuf, Failure> {
    let there = Path::new(brief);
    if brief.parse::<u32>().is_err() && there.is_file() {
        Ok(there.to_owned())
    } else {
        find(brief, &session.state_dir)
    }
}

fn print(
    checked: &Checked,
    file: &Path,
    above: u32,
    format: Format,
    session: &Session,
    now: Timestamp,
) -> Result<(), Failure> {
    let line = |line: usize| u32::try_from(line).unwrap_or(u32::MAX).saturating_add(above).saturating_add(1);
    let budget = &checked.budget;
    if format == Format::Table {
        let row = |finding: &Finding| {
            let severity = match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            vec![
                line(finding.line).to_string(),
                severity.to_owned(),
                finding.rule.name().to_owned(),
                finding.message.clone(),
            ]
        };
        let rows: Vec<Vec<String>> = checked.findings.iter().map(row).collect();
        if !rows.is_empty() {
            print_table(&["LINE", "SEVERITY", "RULE", "WHAT"], &rows, &session.redactor).map_err(unwritten)?;
        }
        let (own, all) = (tokens::shown(budget.text), tokens::shown(budget.total()));
        say(&format!("{} findings; {own} tokens, {all} with what it names (estimated)", checked.findings.len()));
        return Ok(());
    }
    let findings: Vec<Value> = checked
        .findings
        .iter()
        .map(|finding| {
            json!({
                "file": file, "line": line(finding.line), "rule": finding.rule, "severity": finding.severity,
                "message": finding.message, "why": finding.rule.why(),
                "fix": finding.fix.as_ref().map(|fix| fix.what.as_str()),
            })
        })
        .collect();
    let loads: Vec<Value> = budget
        .loads
        .iter()
        .map(|load| json!({"file": load.path, "line": line(load.line), "tokens": load.tokens}))
        .collect();
    let body = json!({
        "file": file,
        "budget": {
            "estimated": true, "tokens": budget.text, "with_reading": budget.total(), "reading": loads,
            "left": budget.left, "target": budget.target,
        },
        "findings": findings,
        "errors": checked.errors(),
    });
    print_json("brief-lint", now, &body, &session.redactor).map_err(unwritten)
}
