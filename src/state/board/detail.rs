//! All there is to know of one task, as rows: what its file says, what is linked to it and why, and its text.

use crate::domain::evidence::{Overall, Source, Verdict};
use crate::domain::link::{End, Link};
use crate::domain::markdown;
use crate::domain::task::Task;
use crate::domain::text::styled::Styled;
use crate::domain::time::age;
use crate::state::State;
use crate::state::describe::review;
use crate::state::popup::Scroll;

/// Rows of a task's text.
const MOST_ROWS: usize = 5_000;
/// Links of one kind that are listed.
const MOST_LINKS: usize = 40;

/// A task that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskView {
    /// Its id: it is looked up anew for every frame.
    pub task: String,
    /// The link that is selected, by number.
    pub link: Option<usize>,
    /// How far it is scrolled.
    pub scroll: Scroll,
}

/// Where a row leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    /// To another task.
    Task(String),
    /// To what is linked.
    End(End),
    /// To where something of the evidence stands.
    Source(Source),
}

/// A row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DetailRow {
    /// What it tells of; empty when it goes on with the row above.
    pub label: String,
    /// What it says.
    pub value: String,
    /// Why, or from where; quieter.
    pub note: String,
    /// Something is wrong here.
    pub warns: bool,
    /// Where it leads.
    pub goal: Option<Goal>,
    /// A row of the task's text, laid out.
    pub text: Option<Styled>,
}

impl TaskView {
    /// The task, while it is on the board.
    pub fn task<'a>(&self, state: &'a State) -> Option<(usize, &'a Task)> {
        state.board.tasks.iter().map(AsRef::as_ref).enumerate().find(|(_, task)| task.id == self.task)
    }

    /// Its rows in so many columns.
    pub fn rows(&self, state: &State, columns: usize) -> Vec<DetailRow> {
        let Some((index, task)) = self.task(state) else {
            return vec![DetailRow { value: "it is not on the board any more".to_owned(), ..DetailRow::default() }];
        };
        let mut rows = Rows::default();
        rows.put("status", task.status.name().to_owned(), task.raw_status.clone());
        rows.put("id", task.id.clone(), task.format.to_owned());
        rows.put("origin", format!("{}:{}", task.origin.file.display(), task.origin.line), String::new());
        rows.some("section", task.section.as_ref());
        rows.some("given to", task.assignee.as_ref());
        activity(&mut rows, state, index, task);
        dependencies(&mut rows, state, index);
        links(&mut rows, state, &task.id);
        criteria(&mut rows, task);
        evidence(&mut rows, state, &task.id);
        let mut rows = rows.0;
        if !task.body.trim().is_empty() {
            rows.push(DetailRow::default());
            let text = markdown::layout(&task.body, columns, MOST_ROWS);
            rows.extend(text.into_iter().map(|text| DetailRow { text: Some(text), ..DetailRow::default() }));
        }
        rows
    }
}

#[derive(Default)]
struct Rows(Vec<DetailRow>);

impl Rows {
    fn put(&mut self, label: &str, value: String, note: String) {
        if !value.is_empty() {
            self.0.push(DetailRow { label: label.to_owned(), value, note, ..DetailRow::default() });
        }
    }

    fn some(&mut self, label: &str, value: Option<&String>) {
        self.put(label, value.cloned().unwrap_or_default(), String::new());
    }

    fn warn(&mut self, label: &str, value: String, note: String) {
        self.0.push(DetailRow { label: label.to_owned(), value, note, warns: true, ..DetailRow::default() });
    }
}

/// When something last happened about it.
fn activity(rows: &mut Rows, state: &State, index: usize, task: &Task) {
    let Some(mark) = state.board.mark(index) else { return };
    match mark.activity {
        Some(at) => {
            let said = format!("{} ago", age(at, state.now));
            if mark.stale {
                rows.warn("stale", said, "in progress, and no agent or commit of it since".to_owned());
            } else {
                rows.put("activity", said, String::new());
            }
        }
        None if task.status == crate::domain::task::TaskStatus::InProgress => {
            let note = "nothing is linked to it: name its id in a branch, a commit or a brief".to_owned();
            rows.put("activity", "not known".to_owned(), note);
        }
        None => {}
    }
}

fn dependencies(rows: &mut Rows, state: &State, index: usize) {
    let Some(mark) = state.board.mark(index) else { return };
    for (word, others) in [("waits for", &mark.waits), ("blocks", &mark.blocks)] {
        let mut label = word;
        for other in others.iter().filter_map(|other| state.board.tasks.get(*other)).take(MOST_LINKS) {
            rows.0.push(DetailRow {
                label: std::mem::take(&mut label).to_owned(),
                value: other.title.clone(),
                note: format!("{} · {}", other.id, other.status.name()),
                goal: Some(Goal::Task(other.id.clone())),
                ..DetailRow::default()
            });
        }
    }
    if !mark.unknown.is_empty() {
        rows.warn("waits for", mark.unknown.join(", "), "no task of the board has that id".to_owned());
    }
    if mark.circular {
        rows.warn("circle", "it waits for itself, by way of what it waits for".to_owned(), String::new());
    }
}

/// What is linked to it, each once, with every reason.
fn links(rows: &mut Rows, state: &State, task: &str) {
    let links = state.linked.links.of_task(task);
    let mut shown = 0;
    let mut last = "";
    for same in links.chunk_by(|a, b| a.to == b.to) {
        let Some(first) = same.first() else { continue };
        let (label, value) = named(state, &first.to);
        shown = if label == last { shown + 1 } else { 0 };
        if shown == MOST_LINKS {
            rows.put("", format!("… and more {label}s"), "the filter of their pane shows all: task:ID".to_owned());
        }
        if shown >= MOST_LINKS {
            continue;
        }
        let label = if label == last { "" } else { label };
        rows.0.push(DetailRow {
            label: label.to_owned(),
            value,
            note: reasons(same),
            goal: Some(Goal::End(first.to.clone())),
            ..DetailRow::default()
        });
        if !label.is_empty() {
            last = label_of(&first.to);
        }
    }
}

fn reasons(links: &[Link]) -> String {
    let each = links.iter().map(|link| format!("{} ({})", link.reason.words(), link.source));
    each.collect::<Vec<_>>().join("; ")
}

fn label_of(end: &End) -> &'static str {
    match end {
        End::Agent(_) => "agent",
        End::Commit(_) => "commit",
        End::Brief(_) => "brief",
        End::Gate(_) => "gate",
    }
}

/// The kind of an end, and its name for people.
fn named(state: &State, end: &End) -> (&'static str, String) {
    let name = match end {
        End::Agent(id) => state
            .agents
            .find(id)
            .map_or_else(|| id.0.clone(), |agent| format!("{}, {}", agent.name, agent.verdict.state.name())),
        End::Commit(id) => {
            let rows = state.git.repos.iter().flat_map(|repo| &repo.rows);
            let commit = rows.map(|row| &row.commit).find(|commit| commit.id == *id);
            let short: String = id.chars().take(7).collect();
            commit.map_or_else(
                || short.clone(),
                |commit| format!("{short} {}, {} ago", commit.summary, age(commit.at, state.now)),
            )
        }
        End::Brief(file) => {
            state.session.redactor.redact(&file.file_name().unwrap_or_default().to_string_lossy()).into_owned()
        }
        End::Gate(id) => state.gates.iter().find(|gate| gate.id == *id).map_or_else(
            || id.0.clone(),
            |gate| format!("{}, {}", state.session.redactor.redact(&gate.title), gate.state.name()),
        ),
    };
    (label_of(end), name)
}

fn criteria(rows: &mut Rows, task: &Task) {
    if task.criteria.total == 0 {
        return;
    }
    rows.put("criteria", format!("{} of {} ticked", task.criteria.done, task.criteria.total), String::new());
    for criterion in &task.boxes {
        let mark = if criterion.done { "[x]" } else { "[ ]" };
        rows.put("", format!("{mark} {}", criterion.text), format!("line {}", criterion.line));
    }
}

/// The grade of the task with its verdict, and what is shown row by row.
fn evidence(rows: &mut Rows, state: &State, id: &str) {
    let known = state.review.tasks.get(id).filter(|_| !state.review.is_waiting());
    let Some(evidence) = known else {
        return rows.put("evidence", "not looked at yet".to_owned(), String::new());
    };
    let verdict = review::verdict(evidence);
    match evidence.overall() {
        Overall::NoClaim | Overall::Holds => rows.put("grade", evidence.grade.name().to_owned(), verdict),
        Overall::Short | Overall::Contradicted => rows.warn("grade", evidence.grade.name().to_owned(), verdict),
    }
    rows.put("", review::standing(state, id), String::new());
    let mut label = "evidence";
    for row in &evidence.rows {
        let has_to = if row.required { " *" } else { "" };
        rows.0.push(DetailRow {
            label: std::mem::take(&mut label).to_owned(),
            value: format!("{} {}{has_to}: {}", row.verdict.name(), row.kind.name(), row.shown),
            note: row.source.as_ref().map(Source::words).unwrap_or_default(),
            warns: row.is_short() || row.verdict == Verdict::Contradicted,
            goal: row.source.clone().map(Goal::Source),
            text: None,
        });
    }
}
