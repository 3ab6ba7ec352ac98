//! The run report: how it went, from the journal and the transcripts. Pure: what was read becomes a value, and that Markdown.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value;

use super::agent::{Agent, ContextGauge};
use super::gate::{Gate, GateState};
use super::model::Cost;
use super::signal::Signal;
use super::task::Task;
use super::text;

/// Bytes of a cell.
const CELL: usize = 120;

/// What an agent did since a moment, as its transcript has it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Run {
    /// The first record since then.
    pub first: Option<Timestamp>,
    /// The last one.
    pub last: Option<Timestamp>,
    /// Prompts that a person typed, or that were sent in their name.
    pub prompts: u64,
    /// Tool calls.
    pub calls: u64,
    /// Tool calls that failed.
    pub errors: u64,
    /// Compactions of the context.
    pub compactions: u64,
    /// Commits: hash and first line.
    pub commits: Vec<(String, String)>,
    /// What was found about it.
    pub signals: Vec<Signal>,
    /// The beginning of the transcript was left out.
    pub cut: bool,
}

/// What a report is made from.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// Name of the session.
    pub session: &'a str,
    /// From when on.
    pub since: Timestamp,
    /// Until when: now.
    pub until: Timestamp,
    /// Agents that did something, with what they did.
    pub agents: &'a [(Agent, Run)],
    /// Records of the journal, oldest first.
    pub journal: &'a [Value],
    /// Gates that the running workbench knows, if one runs.
    pub gates: &'a [Gate],
    /// Every task.
    pub tasks: &'a [Arc<Task>],
    /// The drift of each fabric: name, connection, states.
    pub drift: &'a [(String, String, BTreeMap<String, usize>)],
}

/// How a run went. Its JSON is that of `hnpwb report -o json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Name of the session.
    pub session: String,
    /// From when on.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Seconds from the first thing that anybody did to the last.
    pub seconds: i64,
    /// The agents, by what they cost.
    pub agents: Vec<AgentLine>,
    /// What they cost together, as far as it is known.
    pub cost_usd: f64,
    /// Some of that is not known.
    pub cost_is_partial: bool,
    /// Gates.
    pub gates: GateLines,
    /// Briefs, oldest first.
    pub briefs: Vec<BriefLine>,
    /// What the operator did, by kind of record of the journal.
    pub operator: BTreeMap<String, usize>,
    /// Prompts, decisions, briefs: how often the operator had to do something.
    pub interventions: u64,
    /// Signals, by agent.
    pub signals: Vec<SignalLine>,
    /// Tasks by status.
    pub tasks: BTreeMap<String, usize>,
    /// Drift by fabric.
    pub drift: Vec<DriftLine>,
}

/// One agent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AgentLine {
    /// Its name.
    pub name: String,
    /// The agent whose sub-agent it is.
    pub parent: Option<String>,
    /// Its state now.
    pub state: &'static str,
    /// Its model.
    pub model: Option<String>,
    /// The first thing it did.
    pub first: Option<Timestamp>,
    /// The last one.
    pub last: Option<Timestamp>,
    /// Prompts.
    pub prompts: u64,
    /// Tool calls.
    pub tool_calls: u64,
    /// Those that failed.
    pub errors: u64,
    /// Compactions.
    pub compactions: u64,
    /// How full its context is.
    pub context: ContextGauge,
    /// What its whole transcript cost, as far as it is known.
    pub cost_usd: Option<f64>,
    /// Commits.
    pub commits: Vec<String>,
    /// The beginning of its transcript was left out.
    pub cut: bool,
}

/// Gates by how they ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct GateLines {
    /// Approved.
    pub approved: usize,
    /// Rejected.
    pub rejected: usize,
    /// Nobody decided in time.
    pub expired: usize,
    /// Whoever asked went away.
    pub abandoned: usize,
    /// They wait still.
    pub pending: usize,
    /// Each of them: time, how it ended, title, reason.
    pub list: Vec<GateLine>,
}

/// One gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GateLine {
    /// When it ended, or was asked for.
    pub at: Option<Timestamp>,
    /// `approved`.
    pub state: String,
    /// What was asked.
    pub title: String,
    /// Why.
    pub reason: String,
}

/// One brief.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BriefLine {
    /// When it was written.
    pub at: Option<Timestamp>,
    /// Its file.
    pub file: String,
    /// Its title.
    pub title: String,
    /// For whom.
    pub agent: Option<String>,
    /// What became of it: `written`, or the outcome of its delivery.
    pub outcome: String,
}

/// One signal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SignalLine {
    /// The agent.
    pub agent: String,
    /// The signal.
    #[serde(flatten)]
    pub signal: Signal,
}

/// One fabric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DriftLine {
    /// The fabric.
    pub fabric: String,
    /// Its cluster.
    pub connection: String,
    /// Objects by state.
    pub drift: BTreeMap<String, usize>,
}

fn of(record: &Value, key: &str) -> String {
    record.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn at(record: &Value) -> Option<Timestamp> {
    record.get("at")?.as_str()?.parse().ok()
}

/// Makes the report.
pub fn report(sources: Sources<'_>) -> Report {
    let within = |moment: Option<Timestamp>| moment.is_some_and(|moment| moment >= sources.since);
    let records: Vec<&Value> = sources.journal.iter().filter(|record| within(at(record))).collect();
    let of_kind = |kind: &'static str| records.iter().copied().filter(move |record| record["kind"] == kind);
    let mut operator: BTreeMap<String, usize> = BTreeMap::new();
    for record in &records {
        *operator.entry(of(record, "kind")).or_default() += 1;
    }
    let mut agents: Vec<AgentLine> = sources.agents.iter().map(agent_line).collect();
    agents.sort_by(|a, b| b.cost_usd.unwrap_or(0.0).total_cmp(&a.cost_usd.unwrap_or(0.0)).then(a.name.cmp(&b.name)));
    let prompts: u64 =
        sources.agents.iter().filter(|(agent, _)| agent.parent.is_none()).map(|(_, run)| run.prompts).sum();
    let gates = gate_lines(of_kind("gate"), sources.gates, within);
    let briefs: Vec<BriefLine> = of_kind("brief").map(|record| brief_line(record, &records)).collect();
    let costs =
        || sources.agents.iter().filter(|(agent, _)| agent.format.counts_tokens()).map(|(agent, _)| agent.cost());
    let ends = sources.agents.iter().flat_map(|(_, run)| [run.first, run.last]).flatten();
    let ends: Vec<Timestamp> = ends.chain(records.iter().filter_map(|record| at(record))).collect();
    let span = ends.iter().max().zip(ends.iter().min()).map(|(last, first)| last.duration_since(*first));
    let mut tasks: BTreeMap<String, usize> = BTreeMap::new();
    for task in sources.tasks {
        *tasks.entry(task.status.name().to_owned()).or_default() += 1;
    }
    Report {
        session: sources.session.to_owned(),
        since: sources.since,
        until: sources.until,
        seconds: span.map_or(0, |span: SignedDuration| span.as_secs()),
        cost_usd: costs().flatten().map(|cost| cost.known_usd).sum(),
        cost_is_partial: costs().any(|cost| cost.and_then(Cost::usd).is_none()),
        interventions: prompts + gates.approved as u64 + gates.rejected as u64 + briefs.len() as u64,
        agents,
        gates,
        briefs,
        operator,
        signals: sources.agents.iter().flat_map(signal_lines).collect(),
        tasks,
        drift: sources
            .drift
            .iter()
            .map(|(fabric, connection, drift)| DriftLine {
                fabric: fabric.clone(),
                connection: connection.clone(),
                drift: drift.clone(),
            })
            .collect(),
    }
}

fn agent_line((agent, run): &(Agent, Run)) -> AgentLine {
    AgentLine {
        name: agent.name.clone(),
        parent: agent.parent.as_ref().map(|parent| parent.0.clone()),
        state: agent.verdict.state.name(),
        model: agent.model.clone(),
        first: run.first,
        last: run.last,
        prompts: run.prompts,
        tool_calls: run.calls,
        errors: run.errors,
        compactions: run.compactions,
        context: agent.context.clone(),
        cost_usd: agent.cost().map(|cost| cost.known_usd),
        commits: run.commits.iter().map(|(hash, subject)| format!("{hash} {subject}")).collect(),
        cut: run.cut,
    }
}

fn signal_lines((agent, run): &(Agent, Run)) -> Vec<SignalLine> {
    run.signals.iter().map(|signal| SignalLine { agent: agent.name.clone(), signal: signal.clone() }).collect()
}

/// The journal has every decision; of gates that nobody decided only the workbench that runs knows.
fn gate_lines<'a>(
    decided: impl Iterator<Item = &'a Value>,
    known: &[Gate],
    within: impl Fn(Option<Timestamp>) -> bool,
) -> GateLines {
    let mut lines = GateLines::default();
    for record in decided {
        let state = of(record, "decision");
        match state.as_str() {
            "approved" => lines.approved += 1,
            "rejected" => lines.rejected += 1,
            "expired" => lines.expired += 1,
            "abandoned" => lines.abandoned += 1,
            _ => {}
        }
        lines.list.push(GateLine { at: at(record), state, title: of(record, "title"), reason: of(record, "reason") });
    }
    for gate in known.iter().filter(|gate| within(gate.decided_at.or(Some(gate.requested_at)))) {
        match gate.state {
            GateState::Pending => lines.pending += 1,
            GateState::Expired => lines.expired += 1,
            GateState::Abandoned => lines.abandoned += 1,
            GateState::Approved | GateState::Rejected => continue,
        }
        lines.list.push(GateLine {
            at: gate.decided_at.or(Some(gate.requested_at)),
            state: gate.state.name().to_owned(),
            title: gate.title.clone(),
            reason: gate.reason.clone().unwrap_or_default(),
        });
    }
    lines.list.sort_by_key(|line| line.at);
    lines
}

fn brief_line(record: &Value, records: &[&Value]) -> BriefLine {
    let file = of(record, "file");
    let sent = records.iter().rev().find(|other| of(other, "file") == file && other.get("outcome").is_some());
    BriefLine {
        at: at(record),
        title: of(record, "title"),
        agent: record["agent"].as_str().map(str::to_owned),
        outcome: sent.map_or_else(|| "written".to_owned(), |sent| of(sent, "outcome")),
        file,
    }
}

/// The report as Markdown.
pub fn markdown(report: &Report) -> String {
    let mut out = String::new();
    let time = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
    // Writing into a string cannot fail, here and below.
    let _ = writeln!(out, "# Run of {}\n", cell(&report.session));
    let _ = writeln!(
        out,
        "From {} to {}. Something was done over {}.\n",
        time(report.since),
        time(report.until),
        span(report.seconds)
    );
    let cost = format!("{}${:.2}", if report.cost_is_partial { "≥ " } else { "" }, report.cost_usd);
    let _ = writeln!(out, "- Agents: {}, {cost} for their whole transcripts", report.agents.len());
    let _ = writeln!(out, "- Interventions of the operator: {} (prompts, decisions, briefs)", report.interventions);
    let GateLines { approved, rejected, expired, abandoned, pending, .. } = &report.gates;
    let _ = writeln!(
        out,
        "- Gates: {approved} approved, {rejected} rejected, {expired} expired, {abandoned} abandoned, {pending} pending"
    );
    let _ = writeln!(out, "- Briefs: {}", report.briefs.len());
    let _ = writeln!(out, "- Signals: {}", report.signals.len());
    let of_agent = |line: &AgentLine| {
        let context = line.context.percent.map_or_else(|| "?".to_owned(), |percent| format!("{percent}%"));
        let cost = line.cost_usd.map_or_else(|| "?".to_owned(), |dollars| format!("${dollars:.2}"));
        let lasted = line.last.zip(line.first).map_or(0, |(last, first)| last.duration_since(first).as_secs());
        let name = if line.cut { format!("{} (end only)", line.name) } else { line.name.clone() };
        vec![
            name,
            line.state.to_owned(),
            span(lasted),
            line.prompts.to_string(),
            line.tool_calls.to_string(),
            line.errors.to_string(),
            line.compactions.to_string(),
            context,
            cost,
            line.commits.len().to_string(),
        ]
    };
    let heads = ["agent", "state", "span", "prompts", "calls", "errors", "compactions", "context", "cost", "commits"];
    table(&mut out, "Agents", &heads, report.agents.iter().map(of_agent));
    let when = |at: Option<Timestamp>| at.map(time).unwrap_or_default();
    let of_gate = |line: &GateLine| vec![when(line.at), line.state.clone(), line.title.clone(), line.reason.clone()];
    table(&mut out, "Gates", &["time", "outcome", "what", "reason"], report.gates.list.iter().map(of_gate));
    let of_brief = |line: &BriefLine| {
        vec![
            when(line.at),
            line.file.clone(),
            line.title.clone(),
            line.agent.clone().unwrap_or_default(),
            line.outcome.clone(),
        ]
    };
    table(&mut out, "Briefs", &["time", "file", "title", "for", "outcome"], report.briefs.iter().map(of_brief));
    let of_signal = |line: &SignalLine| {
        let signal = &line.signal;
        let place = signal.evidence.last().and_then(|evidence| evidence.line).map(|line| format!("line {line}"));
        vec![
            when(signal.since),
            line.agent.clone(),
            signal.severity.name().to_owned(),
            signal.kind.to_owned(),
            signal.detail.clone(),
            place.unwrap_or_default(),
        ]
    };
    let heads = ["since", "agent", "severity", "signal", "what", "evidence"];
    table(&mut out, "Signals", &heads, report.signals.iter().map(of_signal));
    let count = |(name, count): (&String, &usize)| vec![name.clone(), count.to_string()];
    table(&mut out, "Operator", &["record", "count"], report.operator.iter().map(count));
    table(&mut out, "Tasks", &["status", "count"], report.tasks.iter().map(count));
    let of_drift = |line: &DriftLine| {
        let states: Vec<String> = line.drift.iter().map(|(state, count)| format!("{count} {state}")).collect();
        vec![line.fabric.clone(), line.connection.clone(), states.join(", ")]
    };
    table(&mut out, "Drift", &["fabric", "cluster", "objects"], report.drift.iter().map(of_drift));
    out
}

fn table(out: &mut String, title: &str, heads: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    let rows: Vec<Vec<String>> = rows.collect();
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n## {title}\n\n| {} |\n|{}", heads.join(" | "), " --- |".repeat(heads.len()));
    for row in rows {
        let cells: Vec<String> = row.iter().map(|words| cell(words)).collect();
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    }
}

/// One line that stays in its cell.
fn cell(words: &str) -> String {
    let line = text::line(words);
    text::prefix(&line, CELL).replace('|', "\\|").replace('<', "‹")
}

fn span(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{} s", seconds.max(0)),
        60..3_600 => format!("{} min", seconds / 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use jiff::{SignedDuration, Timestamp};
    use serde_json::json;

    use super::{Run, Sources, markdown, report};
    use crate::domain::agent::{Agent, AgentId};
    use crate::domain::transcript::claude::Claude;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
    }

    #[test]
    fn the_journal_and_the_transcripts_tell_how_it_went() {
        let agent = Agent {
            name: "fabric | one".to_owned(),
            ..Agent::bare(AgentId("a".to_owned()), &Claude, PathBuf::from("/t/a.jsonl"))
        };
        let run = Run { first: Some(at(10)), last: Some(at(100)), prompts: 3, calls: 40, errors: 2, ..Run::default() };
        let record = |minute: i64, kind: &str, more: serde_json::Value| {
            let mut record = json!({ "at": at(minute).to_string(), "kind": kind });
            record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            record
        };
        let journal = [
            record(1, "gate", json!({ "decision": "approved", "title": "too early" })),
            record(20, "gate", json!({ "decision": "approved", "title": "git push", "reason": "fine" })),
            record(21, "gate", json!({ "decision": "rejected", "title": "rm -rf x", "reason": "no" })),
            record(30, "brief", json!({ "file": ".hnpwb/briefs/0001-x.md", "title": "X", "agent": "fabric" })),
            record(31, "send", json!({ "file": ".hnpwb/briefs/0001-x.md", "outcome": "delivered" })),
            record(40, "brief", json!({ "file": ".hnpwb/briefs/0002-y.md", "title": "Y", "agent": null })),
        ];
        let sources = Sources {
            session: "hnp",
            since: at(5),
            until: at(120),
            agents: &[(agent, run)],
            journal: &journal,
            gates: &[],
            tasks: &[],
            drift: &[("fabric-1".to_owned(), "connected".to_owned(), [("synced".to_owned(), 4)].into())],
        };
        let report = report(sources);
        assert_eq!((report.gates.approved, report.gates.rejected, report.seconds), (1, 1, 90 * 60));
        assert_eq!(report.interventions, 3 + 2 + 2);
        let outcomes: Vec<&str> = report.briefs.iter().map(|brief| brief.outcome.as_str()).collect();
        assert_eq!(outcomes, ["delivered", "written"]);
        let text = markdown(&report);
        for part in [
            "# Run of hnp",
            "over 1 h 30 min",
            "1 approved, 1 rejected, 0 expired",
            "| fabric \\| one | unknown | 1 h 30 min | 3 | 40 | 2 | 0 | ? | ? | 0 |",
            "| 1970-01-01 00:21:00Z | rejected | rm -rf x | no |",
            "| fabric-1 | connected | 4 synced |",
        ] {
            assert!(text.contains(part), "{part:?} is missing in\n{text}");
        }
        assert!(!text.contains("too early"), "{text}");
    }
}
