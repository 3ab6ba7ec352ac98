//! What a successor has to know of a session that crashed, was compacted or is nearly full: small enough to start from, every
//! line with its source.

mod fit;
mod section;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Draft, one_line};
use crate::domain::agent::{Agent, AgentState};
use crate::domain::redact::Redactor;
use crate::domain::task::Task;
use crate::domain::text;
use crate::domain::transcript::format::Format;
use crate::domain::transcript::todo::TodoStatus;
use crate::domain::work::{Act, Deed, Outcome, Place, Quote, Work};
use fit::fit;
use section::Section;

/// The template.
pub const NAME: &str = "handoff";

/// Tokens of a handoff brief, when nobody says otherwise; estimated.
pub const TOKENS: usize = 2_000;

/// Percent of a window from which on it is nearly full.
const FULL: u8 = 75;
/// Columns of a line of a list.
const LINE: usize = 200;
/// Characters kept of the prompt that said what all of it is about, and of the latest one.
const ASKED: usize = 1_200;

/// Why somebody else takes over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// Its process is gone.
    Crashed(String),
    /// Its context is nearly full: so many percent.
    Full(u8),
    /// Its context was compacted, and it has forgotten what stood before.
    Compacted,
    /// The operator wants it.
    Asked,
}

/// Facts that a handoff is made of.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Name of the agent.
    pub agent: &'a str,
    /// Why.
    pub cause: &'a Cause,
    /// Its transcript.
    pub transcript: &'a Path,
    /// The first prompt of the transcript, where [`Work`] does not reach back to it.
    pub asked: Option<&'a Quote>,
    /// What it did.
    pub work: &'a Work,
    /// The task that it worked on.
    pub task: Option<&'a TaskFacts>,
    /// The repository that it worked in.
    pub repo: Option<&'a RepoFacts>,
    /// What hides secrets.
    pub redactor: &'a Redactor,
}

/// A handoff that is wanted, gathered by `update` from the state: the rest is read from the transcript and the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Name of the agent.
    pub agent: String,
    /// Its transcript.
    pub transcript: PathBuf,
    /// How that is written.
    pub format: &'static dyn Format,
    /// Why.
    pub cause: Cause,
    /// The task that it worked on, where that is known.
    pub task: Option<TaskFacts>,
    /// The folder that it worked in.
    pub folder: Option<PathBuf>,
}

impl Wanted {
    /// A handoff of an agent, for the reason that its state tells.
    pub fn of(agent: &Agent, task: Option<TaskFacts>) -> Self {
        let percent = agent.context.percent.filter(|percent| *percent >= FULL);
        let compacted = agent.figures.as_ref().is_some_and(|figures| figures.counts.compactions > 0);
        let cause = match (agent.verdict.state, percent) {
            (AgentState::Crashed, _) => Cause::Crashed(agent.verdict.reason.clone()),
            (_, Some(percent)) => Cause::Full(percent),
            _ if compacted => Cause::Compacted,
            _ => Cause::Asked,
        };
        Self {
            agent: agent.name.clone(),
            transcript: agent.transcript.clone(),
            format: agent.format,
            cause,
            task,
            folder: agent.cwd.clone(),
        }
    }
}

/// A task of a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskFacts {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// `file:line` of it.
    pub origin: String,
    /// Criteria that are not ticked.
    pub open: Vec<String>,
}

impl TaskFacts {
    /// A task as a handoff names it.
    pub fn of(task: &Task) -> Self {
        let open = task.boxes.iter().filter(|criterion| !criterion.done).map(|criterion| criterion.text.clone());
        Self {
            id: task.id.clone(),
            title: task.title.clone(),
            origin: format!("{}:{}", task.origin.file.display(), task.origin.line),
            open: open.collect(),
        }
    }
}

/// A repository as it is now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RepoFacts {
    /// The branch that is checked out.
    pub branch: Option<String>,
    /// The commit that is checked out, short.
    pub head: Option<String>,
    /// Files that differ from it: how (`modified`, `new`, `deleted`, `conflict`), and the path.
    pub changed: Vec<(&'static str, String)>,
    /// Lines added and removed in them.
    pub lines: (usize, usize),
}

/// Makes the brief. What does not fit into so many tokens is left out, the least important first, and that is said.
pub fn make(facts: Facts<'_>, tokens: usize) -> Draft {
    let heading = match facts.task {
        Some(task) => format!("Handoff: {}", one_line(&task.title)),
        None => format!("Handoff from {}", one_line(facts.agent)),
    };
    let title = facts.redactor.redact(&heading).into_owned();
    let sections = sections(&facts);
    let text = fit(&intro(&facts, &title), sections, &closing(&facts), tokens);
    let task = facts.task.map(|task| task.id.clone());
    Draft { template: NAME.to_owned(), task, text, ..Draft::default() }
}

fn intro(facts: &Facts<'_>, title: &str) -> String {
    let name = line(facts, facts.agent);
    let cause = match facts.cause {
        Cause::Crashed(why) => format!("it crashed ({})", line(facts, why)),
        Cause::Full(percent) => format!("its context is {percent}% full"),
        Cause::Compacted => "its context was compacted, and it no longer knows what stood before".to_owned(),
        Cause::Asked => "the operator asked for it".to_owned(),
    };
    let file = facts.redactor.path(facts.transcript.to_owned());
    format!(
        "# {title}\n\nYou take over the work of {name}: {cause}. Start from this brief and do not read its whole transcript; look up \
         single lines where you doubt. `T:12` is line 12 of its transcript, {}.",
        text::line(&file.to_string_lossy())
    )
}

fn sections(facts: &Facts<'_>) -> Vec<Section> {
    vec![
        asked(facts),
        task(facts),
        todo(facts),
        files(facts),
        commits(facts),
        commands(facts),
        errors(facts),
        changes(facts),
        verify(facts),
    ]
}

/// The words of a line, without secrets and safe to print. Secrets are hidden before anything is cut.
fn line(facts: &Facts<'_>, words: &str) -> String {
    let hidden = facts.redactor.redact(words);
    text::cut(&text::line(&hidden), LINE).into_owned()
}

fn cited(facts: &Facts<'_>, words: &str, place: Place) -> String {
    format!("- {} (T:{})", line(facts, words), place.line)
}

fn asked(facts: &Facts<'_>) -> Section {
    let mut section = Section::new("What it was asked", 9, 1);
    let quoted = |quote: &Quote| {
        let hidden = facts.redactor.redact(&quote.text).into_owned();
        let clean = text::clean(&hidden);
        let short = text::prefix(&clean, ASKED);
        let more = if short.len() < clean.len() { " […]" } else { "" };
        let rows = short.trim_end().lines().map(|row| format!("> {}", row.trim_end()).trim_end().to_owned());
        format!("{}{more}\n> (T:{})", rows.collect::<Vec<_>>().join("\n"), quote.place.line)
    };
    let first = facts.asked.or(facts.work.asked.as_ref());
    let typed = |quote: &&Quote| !quote.sidechain && !quote.text.trim().is_empty();
    if let Some(first) = first {
        section.lines.push(quoted(first));
    }
    let latest =
        facts.work.prompts.iter().rev().find(typed).filter(|latest| Some(latest.place) != first.map(|one| one.place));
    if let Some(latest) = latest {
        section.lines.push(format!("Last it was told:\n\n{}", quoted(latest)));
    }
    section
}

fn task(facts: &Facts<'_>) -> Section {
    let mut section = Section::new("The task", 8, 1);
    if let Some(task) = facts.task {
        let words = format!("{} {}", task.id, task.title.strip_prefix(&task.id).unwrap_or(&task.title).trim_start());
        section.lines.push(format!("- {} ({})", line(facts, &words), line(facts, &task.origin)));
        section.lines.extend(
            task.open.iter().map(|open| format!("- [ ] {} ({})", line(facts, open), line(facts, &task.origin))),
        );
    }
    section
}

fn todo(facts: &Facts<'_>) -> Section {
    let mut section = Section::new("Its open to-do list", 7, 6);
    let (items, place) = facts.work.todo();
    let Some(place) = place else { return section };
    let open = items.iter().filter(|item| matches!(item.status, TodoStatus::Open | TodoStatus::Doing));
    section.lines = open
        .map(|item| {
            let mark = if item.status == TodoStatus::Doing { "[>]" } else { "[ ]" };
            cited(facts, &format!("{mark} {}", item.text), place)
        })
        .collect();
    let done = items.iter().filter(|item| item.status == TodoStatus::Done).count();
    if done > 0 && !section.lines.is_empty() {
        section.lines.push(format!("- {done} more are done, by its own account (T:{})", place.line));
    }
    section
}

fn files(facts: &Facts<'_>) -> Section {
    let mut section = Section::new("Files it changed", 5, 4);
    let mut seen = BTreeSet::new();
    for act in facts.work.edits().rev() {
        let Deed::Edit(files) = &act.deed else { continue };
        for file in files {
            if seen.insert(file.path.as_str()) {
                let of_file = |act: &&Act| matches!(&act.deed, Deed::Edit(files) if files.iter().any(|one| one.path == file.path));
                let all: Vec<&Act> = facts.work.edits().filter(of_file).collect();
                let (added, removed) = all.iter().fold((0, 0), |(added, removed), act| match &act.deed {
                    Deed::Edit(files) => files
                        .iter()
                        .filter(|one| one.path == file.path)
                        .fold((added, removed), |(added, removed), one| (added + one.added, removed + one.removed)),
                    _ => (added, removed),
                });
                let times = if all.len() == 1 { String::new() } else { format!(", {} times, last", all.len()) };
                let words = format!("`{}` +{added} −{removed}{times}", file.path);
                section.lines.push(cited(facts, &words, act.place));
            }
        }
    }
    section
}

fn commits(facts: &Facts<'_>) -> Section {
    let mut section = Section::new("Commits it made", 6, 3);
    let commits = facts.work.commits.iter().rev();
    section.lines =
        commits.map(|commit| cited(facts, &format!("`{}` {}", commit.hash, commit.subject), commit.place)).collect();
    section
}

/// The last commands, each once, the latest first.
fn commands(facts: &Facts<'_>) -> Section {
    let mut section = Section::new("Commands it ran last", 2, 2);
    let mut seen = BTreeSet::new();
    for act in facts.work.acts.iter().rev() {
        let Deed::Run(command) = &act.deed else { continue };
        if seen.insert(command.as_str()) && seen.len() <= 20 {
            section.lines.push(cited(
                facts,
                &format!("`{}`: {}", line(facts, command), outcome(&act.outcome)),
                act.place,
            ));
        }
    }
    section
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Open => "no result".to_owned(),
        Outcome::Succeeded => "ok".to_owned(),
        Outcome::Started => "put into the background".to_owned(),
        Outcome::Failed(Some(code)) => format!("failed with {code}"),
        Outcome::Failed(None) => "failed".to_owned(),
        Outcome::Refused => "refused".to_owned(),
    }
}

/// Failures of its calls and of its program, the latest first.
fn errors(facts: &Facts<'_>) -> Section {
    let mut section = Section::new("Its last errors", 4, 2);
    let failures = facts.work.failures().map(|act| {
        let said = [act.head.as_str(), act.tail.as_str()].into_iter().flat_map(str::lines).map(str::trim);
        let said = said.filter(|row| !row.is_empty() && !row.starts_with("Exit code"));
        let telling = |row: &&str| {
            ["error", "fail", "panic", "denied", "not found", "cannot"]
                .iter()
                .any(|word| row.to_lowercase().contains(word))
        };
        let rows: Vec<&str> = said.collect();
        let why = rows.iter().copied().find(telling).or(rows.first().copied()).unwrap_or("it said nothing");
        let place = act.ended.unwrap_or(act.place);
        (place, format!("`{}` {}: {}", line_of(&act.deed), outcome(&act.outcome), why))
    });
    let marks = facts.work.marks.iter().map(|mark| (mark.place, mark.text.clone()));
    let mut all: Vec<(Place, String)> = failures.chain(marks).collect();
    all.sort_by_key(|(place, _)| std::cmp::Reverse(place.offset));
    all.dedup_by(|one, other| one.1 == other.1);
    section.lines = all.iter().take(12).map(|(place, words)| cited(facts, words, *place)).collect();
    section
}

fn line_of(deed: &Deed) -> String {
    text::cut(&text::line(&deed.line()), 80).into_owned()
}

fn changes(facts: &Facts<'_>) -> Section {
    let mut section = Section::new("What is not committed", 3, 3);
    let Some(repo) = facts.repo else { return section };
    let on = repo.branch.as_deref().unwrap_or(if repo.head.is_some() { "a detached head" } else { "a new branch" });
    let head = repo.head.as_deref().unwrap_or("its beginning");
    let words = match repo.changed.len() {
        0 => format!("nothing: the tree is clean on {on} at {head} (git status)"),
        count => {
            format!("{count} files, +{} −{}, on {on} at {head} (git status, git diff HEAD)", repo.lines.0, repo.lines.1)
        }
    };
    section.lines.push(format!("- {}", line(facts, &words)));
    section
        .lines
        .extend(repo.changed.iter().map(|(how, path)| format!("- {how} `{}` (git status)", line(facts, path))));
    section
}

/// What is to be made sure of before anything else is done.
fn verify(facts: &Facts<'_>) -> Section {
    let mut section = Section::new("Verify first", 10, 3);
    let work = facts.work;
    let last_edit = work.edits().next_back().map(|act| act.place);
    if let Some(open) = work.acts.iter().rev().find(|act| act.ended.is_none() && act.outcome == Outcome::Open) {
        let words = format!("whether `{}` took effect: it had no result when the session ended", line_of(&open.deed));
        section.lines.push(cited(facts, &words, open.place));
    }
    let last_run = work.acts.iter().rev().find(|act| matches!(&act.deed, Deed::Run(command) if is_check(command)));
    match last_run {
        Some(run) if run.outcome.is_failure() => {
            section.lines.push(cited(facts, &format!("`{}`: its last run failed", line_of(&run.deed)), run.place));
        }
        Some(run) if last_edit.is_some_and(|edit| edit.offset > run.place.offset) => {
            let words = format!("`{}`: files were changed after its last run", line_of(&run.deed));
            section.lines.push(cited(facts, &words, run.place));
        }
        Some(_) => {}
        None => {
            if let Some(edit) = last_edit {
                section.lines.push(cited(facts, "the tests: it ran none after it changed files", edit));
            }
        }
    }
    if facts.repo.is_some_and(|repo| !repo.changed.is_empty()) {
        section
            .lines
            .push("- whether what is not committed is whole, before you build on it (git diff HEAD)".to_owned());
    }
    if let Some(said) = work.messages.iter().rev().find(|said| !said.sidechain && !said.text.trim().is_empty()) {
        let words =
            format!("what it said last, which nothing here proves: “{}”", text::cut(&line(facts, &said.text), 140));
        section.lines.push(cited(facts, &words, said.place));
    }
    section
}

/// Commands that show whether something works.
fn is_check(command: &str) -> bool {
    const WORDS: [&str; 14] = [
        "test", "pytest", "jest", "vitest", "check", "clippy", "lint", "build", "tox", "mypy", "tsc", "verify",
        "validate", "nextest",
    ];
    let words = command.split(|c: char| !c.is_alphanumeric());
    words.take(12).any(|word| WORDS.contains(&word))
}

fn closing(facts: &Facts<'_>) -> String {
    let reach = if facts.asked.is_some_and(|first| first.place.line < facts.work.from_line) {
        format!(
            "\n\nOf its transcript only what stands from line {} on was read, and the first prompt.",
            facts.work.from_line
        )
    } else {
        String::new()
    };
    format!(
        "## Success criteria\n\n- [ ] Each point to verify is answered in one line, before you go on.\n- [ ] What is open of the work is done, \
         or it is said what is not.\n\n## Evidence to show\n\nFor each criterion: a command and its result, or a commit.\n\n## Then\n\nGo on with \
         the work. Ask instead of guessing where this brief does not tell. Report what you did, what shows it, and what is still \
         open.{reach}"
    )
}

#[cfg(test)]
mod tests;
