//! What there is to know of a selected thing, as labels and values, and what of it is worth copying.

mod agent;
pub mod briefs;
pub mod live;
pub mod review;

use crate::config::layout::PaneKind;
use crate::domain::agent::Agent;
use crate::domain::attention::Subject;
use crate::domain::drift::{DriftView, FieldDiff};
use crate::domain::gate::{Gate, GateState};
use crate::domain::time::age;

use super::State;
use super::drift::Row as DriftPlace;
use super::git::Row as GitRow;
use super::guard::requirements;
use super::transcript::searchable;

/// Labels and values; a line without a label goes on with the value above.
type Lines = Vec<(String, String)>;

/// Adds a value under a label, its further lines without one. Empty values are left out.
fn put(lines: &mut Lines, label: &str, value: &str) {
    for (row, line) in value.lines().enumerate() {
        lines.push((if row == 0 { label.to_owned() } else { String::new() }, line.to_owned()));
    }
}

/// Everything known of what the focused pane has selected, without secrets: paths are kept as they are until here.
pub fn selected(state: &State) -> Option<(String, Lines)> {
    let (title, mut lines) = known(state)?;
    let redactor = &state.session.redactor;
    for (label, value) in &mut lines {
        redactor.hide(label);
        redactor.hide(value);
    }
    Some((redactor.redact(&title).into_owned(), lines))
}

fn known(state: &State) -> Option<(String, Lines)> {
    match state.screen.focus {
        PaneKind::Board => task(state),
        PaneKind::Git => commit(state),
        PaneKind::Cluster => object(state),
        PaneKind::Drift => drift(state),
        PaneKind::Agents => state.agents.current().map(|agent| agent::agent(state, agent)),
        PaneKind::Transcript => {
            let agent = state.agents.find(state.transcript.agent.as_ref()?)?;
            Some(agent::agent(state, agent))
        }
        PaneKind::Attention => need(state),
        PaneKind::Review => review::row(state),
    }
}

fn need(state: &State) -> Option<(String, Lines)> {
    let need = state.attention.current()?;
    match &need.subject {
        Subject::Gate(id) => {
            let gate = state.gates.iter().find(|gate| gate.id == *id)?;
            // Before it is put into lines: a secret may have several.
            Some(self::gate(state, &gate.clone().redacted(&state.session.redactor)))
        }
        Subject::Agent(id) => state.agents.find(id).map(|agent| {
            let (title, mut lines) = agent::agent(state, agent);
            briefs::offer(&mut lines, state, agent);
            (title, lines)
        }),
        Subject::Drift { .. }
        | Subject::Cluster(_)
        | Subject::Signal { .. }
        | Subject::Task(_)
        | Subject::Rules(_)
        | Subject::Sending(_) => {
            let mut lines = Lines::new();
            put(&mut lines, "kind", need.kind);
            put(&mut lines, "because", &need.reason);
            Some((need.title.clone(), lines))
        }
    }
}

fn task(state: &State) -> Option<(String, Lines)> {
    let task = state.board.current()?;
    let mut lines = Lines::new();
    put(&mut lines, "status", &format!("{} ({})", task.status.name(), task.raw_status));
    put(&mut lines, "id", &task.id);
    put(&mut lines, "origin", &format!("{}:{}", task.origin.file.display(), task.origin.line));
    put(&mut lines, "section", task.section.as_deref().unwrap_or_default());
    put(&mut lines, "assignee", task.assignee.as_deref().unwrap_or_default());
    put(&mut lines, "depends on", &task.depends_on.join(", "));
    if task.criteria.total > 0 {
        put(&mut lines, "criteria", &format!("{} of {} ticked", task.criteria.done, task.criteria.total));
    }
    briefs::of_task(&mut lines, state, &task.id);
    put(&mut lines, "text", &task.body);
    Some((task.title.clone(), lines))
}

fn commit(state: &State) -> Option<(String, Lines)> {
    if let Some(GitRow::Repo(index)) = state.git.list.current() {
        let repo = state.git.repos.get(*index)?;
        let mut lines = Lines::new();
        put(&mut lines, "branch", repo.branch.as_deref().unwrap_or("(detached)"));
        if let Some(upstream) = &repo.upstream {
            put(
                &mut lines,
                "upstream",
                &format!("{}, {} ahead, {} behind", upstream.name, upstream.ahead, upstream.behind),
            );
        }
        let dirty = repo.dirty;
        put(
            &mut lines,
            "changes",
            &format!(
                "{} staged, {} not staged, {} not tracked, {} in conflict",
                dirty.staged, dirty.unstaged, dirty.untracked, dirty.conflicted
            ),
        );
        for worktree in &repo.worktrees {
            let branch = worktree.branch.as_deref().unwrap_or("(detached)");
            put(&mut lines, "worktree", &format!("{} on {branch}", worktree.path.display()));
        }
        return Some((repo.path.display().to_string(), lines));
    }
    let commit = state.git.current()?;
    let mut lines = Lines::new();
    put(&mut lines, "commit", &commit.id);
    put(&mut lines, "parents", &commit.parents.join("\n"));
    put(&mut lines, "author", &commit.author);
    put(&mut lines, "date", &format!("{} ({} ago)", commit.at, age(commit.at, state.now)));
    put(&mut lines, "refs", &commit.refs.iter().map(|name| name.name.as_str()).collect::<Vec<_>>().join(", "));
    Some((commit.summary.clone(), lines))
}

fn object(state: &State) -> Option<(String, Lines)> {
    let Some(place) = state.clusters.place() else { return cluster(state) };
    let mut lines = Lines::new();
    put(&mut lines, "kind", &live::kind_text(&place.kind));
    put(&mut lines, "namespace", &place.namespace);
    put(&mut lines, "context", &place.context);
    let known = live::known(state, &place)?;
    put(&mut lines, "health", known.health.state.name());
    put(&mut lines, "because", &known.health.reason);
    put(&mut lines, "decided by", &known.health.source);
    if let Some(created) = known.created {
        put(&mut lines, "created", &format!("{created} ({} ago)", age(created, state.now)));
    }
    if let Some(generation) = known.generation {
        put(&mut lines, "generation", &generation.to_string());
    }
    Some((place.name, lines))
}

/// The context that the cursor is on, or on a kind of.
fn cluster(state: &State) -> Option<(String, Lines)> {
    let view = state.clusters.view()?;
    let mut lines = Lines::new();
    put(&mut lines, "connection", view.connection.name());
    put(&mut lines, "because", &view.fault.as_ref().map(ToString::to_string).unwrap_or_default());
    put(&mut lines, "server", view.server.as_deref().unwrap_or_default());
    if let Some(at) = view.as_of {
        put(&mut lines, "as of", &format!("{at} ({} ago)", age(at, state.now)));
    }
    put(&mut lines, "watched", &format!("{} objects of {} kinds", view.objects.len(), view.kinds.len()));
    if let Some(served) = state.clusters.served.get(&view.context) {
        put(&mut lines, "served", &format!("{} kinds", served.len()));
    }
    for kind in &view.kinds {
        put(&mut lines, &kind.kind.plural, &kind.fault.as_ref().map(ToString::to_string).unwrap_or_default());
    }
    Some((view.context.clone(), lines))
}

fn drift(state: &State) -> Option<(String, Lines)> {
    let mut lines = Lines::new();
    if let Some(DriftPlace::Fabric(fabric) | DriftPlace::Group(fabric, ..)) = state.drift.list.current() {
        return state.drift.fabrics.get(*fabric).map(|view| fabric_lines(state, view));
    }
    if let Some(DriftPlace::Finding(fabric, finding)) = state.drift.list.current() {
        let finding = state.drift.fabrics.get(*fabric)?.findings.get(*finding)?;
        put(&mut lines, "file", &place(&finding.file.display().to_string(), finding.line));
        put(&mut lines, "finding", &finding.message);
        return Some((finding.code.to_owned(), lines));
    }
    if let Some(DriftPlace::Findings(fabric, first, _)) = state.drift.list.current() {
        let findings = &state.drift.fabrics.get(*fabric)?.findings;
        let code = findings.get(*first)?.code;
        for finding in findings.iter().filter(|finding| finding.code == code) {
            put(&mut lines, &place(&finding.file.display().to_string(), finding.line), &finding.message);
        }
        return Some((code.to_owned(), lines));
    }
    let (view, row) = state.drift.current()?;
    put(&mut lines, "fabric", &view.fabric);
    put(&mut lines, "state", row.state.name());
    put(&mut lines, "because", &row.reason);
    if let Some(since) = row.since {
        put(&mut lines, "since", &format!("{since} ({} ago)", age(since, state.now)));
    }
    if let Some(file) = &row.file {
        put(&mut lines, "file", &place(&file.display().to_string(), row.line));
    }
    if let Some(health) = &row.health {
        put(&mut lines, "health", &format!("{}: {}", health.state.name(), health.reason));
    }
    for field in &row.fields {
        put(&mut lines, &field.path, &field_text(field));
    }
    Some((format!("{} {}", row.key.kind, row.key.name), lines))
}

/// What is known of a fabric as a whole.
fn fabric_lines(state: &State, view: &DriftView) -> (String, Lines) {
    let mut lines = Lines::new();
    put(&mut lines, "cluster", view.connection.name());
    if let Some(at) = view.as_of {
        put(&mut lines, "as of", &format!("{at} ({} ago)", age(at, state.now)));
    }
    put(&mut lines, "branch", view.branch.as_deref().unwrap_or_default());
    put(&mut lines, "commit", view.head.as_deref().unwrap_or_default());
    let mut counts = view.summary().into_iter().collect::<Vec<_>>();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let counts: Vec<String> = counts.into_iter().map(|(name, count)| format!("{count} {name}")).collect();
    put(&mut lines, "objects", &counts.join(", "));
    put(&mut lines, "findings", &view.findings.len().to_string());
    (view.fabric.clone(), lines)
}

fn field_text(field: &FieldDiff) -> String {
    let manager = field.manager.as_ref().map(|manager| format!("\nby       {manager}")).unwrap_or_default();
    format!("desired  {}\nlive     {}{manager}", field.desired, field.live)
}

fn place(file: &str, line: Option<u32>) -> String {
    line.map_or_else(|| file.to_owned(), |line| format!("{file}:{line}"))
}

/// Everything known of a gate: what a decision is about. Shows it as it is given, so whoever only looks gives it redacted.
pub fn gate(state: &State, gate: &Gate) -> (String, Lines) {
    let now = state.now;
    let asks = |agent: &&Agent| agent.session_id.is_some() && agent.session_id == gate.agent;
    let name = state.agents.agents.iter().find(asks).map(|agent| &agent.name).or(gate.agent.as_ref());
    let mut lines = Lines::new();
    put(&mut lines, "what", &gate.detail);
    put(&mut lines, "tool", gate.tool.as_deref().unwrap_or_default());
    put(&mut lines, "agent", name.map(String::as_str).unwrap_or_default());
    put(&mut lines, "rule", gate.rule.as_deref().unwrap_or_default());
    put(&mut lines, "because", gate.asks.because.as_deref().unwrap_or_default());
    put(&mut lines, "note", gate.asks.message.as_deref().unwrap_or_default());
    if gate.asks.danger {
        put(&mut lines, "danger", "approving needs a typed word");
    }
    for (row, met) in requirements(state, gate).into_iter().enumerate() {
        let mark = if met.met { "met    " } else { "NOT MET" };
        let label = if row == 0 { "requires" } else { "" };
        lines.push((label.to_owned(), format!("{mark} {}: {}", met.requirement, met.why)));
    }
    for question in &gate.asks.questions {
        put(&mut lines, "question", &question.question);
        for option in &question.options {
            lines.push((String::new(), format!("· {} {}", option.label, option.description)));
        }
    }
    put(&mut lines, "asked", &format!("{} ago", age(gate.requested_at, now)));
    if let Some(at) = gate.expires_at.filter(|at| gate.state == GateState::Pending && *at > now) {
        put(&mut lines, "expires", &format!("in {}", age(now, at)));
    }
    for (key, value) in &gate.subject {
        put(&mut lines, key, value);
    }
    put(&mut lines, "state", gate.state.name());
    put(&mut lines, "not here", state.guard.elsewhere.as_deref().unwrap_or_default());
    put(&mut lines, "reason", gate.reason.as_deref().unwrap_or_default());
    (gate.title.clone(), lines)
}

/// What the copy key copies where the cursor is: what it is, and its text.
pub fn copyable(state: &State) -> Option<(String, String)> {
    let (what, text) = match state.screen.focus {
        PaneKind::Board => {
            let origin = &state.board.current()?.origin;
            ("task origin", format!("{}:{}", origin.file.display(), origin.line))
        }
        PaneKind::Agents => {
            let agent = state.agents.current()?;
            ("transcript path", agent.transcript.display().to_string())
        }
        PaneKind::Transcript => {
            let (width, height) = state.viewport(PaneKind::Transcript);
            let (_, cursor) = state.transcript.view(width, height);
            let entry = state.transcript.entries.get(state.transcript.entry_at(cursor, width))?;
            ("transcript entry", searchable(&entry.body).to_owned())
        }
        PaneKind::Git => ("commit id", state.git.current()?.id.clone()),
        PaneKind::Cluster => {
            let place = state.clusters.place()?;
            ("object name", format!("{}/{}", place.kind.plural, place.name))
        }
        PaneKind::Drift => {
            let (_, row) = state.drift.current()?;
            match &row.file {
                Some(file) => ("manifest", place(&file.display().to_string(), row.line)),
                None => ("object name", format!("{}/{}", row.key.kind, row.key.name)),
            }
        }
        PaneKind::Review => ("evidence", review::copyable(state)?),
        PaneKind::Attention => {
            let need = state.attention.current()?;
            ("need", format!("{}: {}: {}", need.kind, need.title, need.reason))
        }
    };
    Some((what.to_owned(), text))
}
