//! What a tracker says about itself, against its own lines: `Completed: 3`, `4 of 9 done`, `ALL ✅`.
//!
//! Nobody keeps such numbers by rule: some count headings, others items, boxes or a section. So a number is right when any
//! way of counting gives it, and a mistake only when none does.

use std::path::Path;

use super::markdown::{Kind, Line, checkbox, lines, plain};
use super::{Task, TaskStatus};
use crate::domain::fault::Fault;

/// Findings of one file; nobody reads more.
const MOST: usize = 20;

/// Words before a number, and what they count. None is a part of another: the whole label has to be one.
const LABELS: [(&str, Counted); 29] = [
    ("completed", Counted::Of(TaskStatus::Done)),
    ("complete", Counted::Of(TaskStatus::Done)),
    ("done", Counted::Of(TaskStatus::Done)),
    ("finished", Counted::Of(TaskStatus::Done)),
    ("completed tasks", Counted::Of(TaskStatus::Done)),
    ("tasks completed", Counted::Of(TaskStatus::Done)),
    ("tasks done", Counted::Of(TaskStatus::Done)),
    ("progress", Counted::Of(TaskStatus::Done)),
    ("overall progress", Counted::Of(TaskStatus::Done)),
    ("total progress", Counted::Of(TaskStatus::Done)),
    ("completion", Counted::Of(TaskStatus::Done)),
    ("overall completion", Counted::Of(TaskStatus::Done)),
    ("in progress", Counted::Of(TaskStatus::InProgress)),
    ("in-progress", Counted::Of(TaskStatus::InProgress)),
    ("doing", Counted::Of(TaskStatus::InProgress)),
    ("todo", Counted::Of(TaskStatus::Todo)),
    ("to do", Counted::Of(TaskStatus::Todo)),
    ("to-do", Counted::Of(TaskStatus::Todo)),
    ("not started", Counted::Of(TaskStatus::Todo)),
    ("pending", Counted::Of(TaskStatus::Todo)),
    ("blocked", Counted::Of(TaskStatus::Blocked)),
    ("paused", Counted::Of(TaskStatus::Blocked)),
    ("on hold", Counted::Of(TaskStatus::Blocked)),
    ("in review", Counted::Of(TaskStatus::Review)),
    ("needs clarification", Counted::Of(TaskStatus::Review)),
    ("total", Counted::All),
    ("total tasks", Counted::All),
    ("tasks total", Counted::All),
    ("tasks", Counted::All),
];

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counted {
    Of(TaskStatus),
    All,
}

/// What is said in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    /// So many.
    Number(Counted, u32),
    /// So many done of so many.
    Part(u32, u32),
    /// So much of all done, in percent.
    Percent(u32),
}

/// A heading or an item that holds others.
struct Part<'a> {
    text: &'a str,
    /// First line, which is its own.
    start: u32,
    /// The line after its last.
    end: u32,
    is_heading: bool,
}

/// Statements of a file about itself that its tasks contradict.
pub(super) fn findings(path: &Path, text: &str, tasks: &[Task]) -> Vec<Fault> {
    if tasks.is_empty() {
        return Vec::new();
    }
    let all: Vec<Line<'_>> = lines(text).collect();
    let parts = parts(&all);
    let mut found = Vec::new();
    for line in &all {
        if matches!(line.kind, Kind::Blank | Kind::Verbatim) {
            continue;
        }
        for said in statements(line.raw) {
            if let Some(why) = contradiction(said, line.number, &parts, tasks) {
                found.push((line.number, why));
            }
        }
    }
    found.extend(parts.iter().filter_map(|part| Some((part.start, unfinished(part, tasks)?))));
    found.sort();
    let fault = |(line, why): (u32, String)| {
        let on = format!("{}:{line}", path.display());
        Fault::new("counting the tasks of", on, why, "correct what it says of itself, or the tasks")
    };
    found.into_iter().take(MOST).map(fault).collect()
}

/// Headings reach to the next one of their level or above, items to the next line that is not indented more.
fn parts<'a>(lines: &[Line<'a>]) -> Vec<Part<'a>> {
    let last = lines.last().map_or(1, |line| line.number + 1);
    let end_of = |from: usize, ends: &dyn Fn(&Kind<'_>) -> bool| {
        lines[from + 1..].iter().find(|line| ends(&line.kind)).map_or(last, |line| line.number)
    };
    let mut parts = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        match line.kind {
            Kind::Heading { level, text } => {
                let end = end_of(index, &|kind| matches!(kind, Kind::Heading { level: other, .. } if *other <= level));
                parts.push(Part { text, start: line.number, end, is_heading: true });
            }
            Kind::Item { indent, text } if whole(text) => {
                let ends = |kind: &Kind<'_>| match kind {
                    Kind::Heading { .. } => true,
                    Kind::Item { indent: other, .. } => *other <= indent,
                    Kind::Text { .. } | Kind::Blank | Kind::Verbatim => false,
                };
                let end = end_of(index, &ends);
                parts.push(Part { text, start: line.number, end, is_heading: false });
            }
            Kind::Item { .. } | Kind::Text { .. } | Kind::Blank | Kind::Verbatim => {}
        }
    }
    parts
}

/// True for `ALL ✅` and `100 %`: it says that nothing is open.
fn whole(text: &str) -> bool {
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let next = words.peek().copied().unwrap_or_default();
        let bare = word.trim_matches(|c: char| matches!(c, '(' | ')' | '*' | '_' | ':' | ',' | '.'));
        let is_whole = bare == "100%" || (bare == "100" && next.starts_with('%'));
        if is_whole || (bare == "ALL" && next.trim_start_matches(['*', '_', '(']).starts_with('✅')) {
            return true;
        }
    }
    false
}

/// Why a part that says that nothing in it is open is wrong.
fn unfinished(part: &Part<'_>, tasks: &[Task]) -> Option<String> {
    if !whole(part.text) {
        return None;
    }
    let open =
        |task: &&Task| task.origin.line > part.start && task.origin.line < part.end && task.status != TaskStatus::Done;
    let mut below = tasks.iter().filter(open);
    if let Some(first) = below.next() {
        let (more, line) = (below.count(), first.origin.line);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        return Some(format!("it says that all is done, and {} in line {line} is not{more}", first.title));
    }
    // One line may say both.
    let own = tasks.iter().find(|task| task.origin.line == part.start && task.status != TaskStatus::Done);
    let own = own.filter(|_| part.is_heading || checkbox(part.text).is_none());
    own.map(|task| format!("it says that all is done, and {} besides", task.raw_status))
}

/// What a line says about numbers of tasks.
fn statements(raw: &str) -> Vec<Said> {
    let is_table = raw.trim_start().starts_with('|');
    let cells: Vec<String> = raw.split(['|', ',', ';', '·']).map(|cell| clean(&plain(cell))).collect();
    let mut said: Vec<Said> = cells.iter().filter_map(|cell| statement(cell)).collect();
    if is_table {
        // `| Completed | 3 |`
        let cells: Vec<&String> = cells.iter().filter(|cell| !cell.is_empty()).collect();
        if let [label, number] = cells[..] {
            said.extend(statement(&format!("{label}: {number}")));
        }
    }
    said
}

/// Without what decorates a label: list markers, marks and emphasis.
fn clean(text: &str) -> String {
    let text = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    text.trim().replace("**", "").replace('_', " ").to_lowercase()
}

/// `completed: 3`, `progress: 4/9`, `4 of 9 tasks done`, `progress: 40 %`.
fn statement(text: &str) -> Option<Said> {
    if let Some((label, value)) = text.split_once(':') {
        let label = label.trim();
        let (_, counted) = LABELS.iter().find(|(known, _)| *known == label)?;
        let (number, rest) = number(value.trim())?;
        let done = *counted == Counted::Of(TaskStatus::Done);
        return match part(number, rest) {
            Some((said, rest)) if done && is_end(rest) => Some(said),
            Some(_) => None,
            None if rest.trim_start().starts_with('%') => {
                (done && is_end(&rest.trim_start()[1..])).then_some(Said::Percent(number))
            }
            None => is_end(rest).then_some(Said::Number(*counted, number)),
        };
    }
    let (number, rest) = number(text)?;
    let (said, rest) = part(number, rest)?;
    let rest = rest.trim();
    let rest = ["tasks", "items"].iter().find_map(|word| rest.strip_prefix(word)).unwrap_or(rest).trim();
    let (word, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    (matches!(word, "done" | "complete" | "completed" | "finished") && is_end(rest)).then_some(said)
}

/// A number at the beginning, and what follows it.
fn number(text: &str) -> Option<(u32, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    Some((text[..digits].parse().ok()?, &text[digits..]))
}

/// `/9` or ` of 9` behind a number.
fn part(done: u32, rest: &str) -> Option<(Said, &str)> {
    let rest = rest.trim_start();
    let total = rest.strip_prefix('/').or_else(|| rest.strip_prefix("of "))?;
    let (total, rest) = number(total.trim_start())?;
    Some((Said::Part(done, total), rest))
}

/// True when nothing follows that would make it a number of something else: days, a date, a version.
fn is_end(rest: &str) -> bool {
    let rest = rest.trim();
    let rest =
        ["tasks", "task", "items", "item"].iter().find_map(|word| rest.strip_prefix(word)).unwrap_or(rest).trim();
    let bracketed = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'));
    let rest = bracketed.map_or(rest, |(_, rest)| rest).trim();
    rest.chars().all(|c| !c.is_alphanumeric() && !matches!(c, '-' | '.' | '/' | ':'))
}

/// A way of counting: tasks and done ones.
#[derive(Debug, Clone, Copy)]
struct Count {
    of_status: [u32; 5],
    all: u32,
}

const COUNTED: [TaskStatus; 5] =
    [TaskStatus::Done, TaskStatus::InProgress, TaskStatus::Todo, TaskStatus::Blocked, TaskStatus::Review];

impl Count {
    fn of<'a>(tasks: impl Iterator<Item = &'a Task>) -> Self {
        let mut count = Self { of_status: [0; 5], all: 0 };
        for task in tasks {
            count.all += 1;
            if let Some(slot) = COUNTED.iter().position(|status| *status == task.status) {
                count.of_status[slot] += 1;
            }
        }
        count
    }

    fn number(&self, counted: Counted) -> u32 {
        match counted {
            Counted::All => self.all,
            Counted::Of(status) => {
                COUNTED.iter().position(|known| *known == status).map_or(0, |slot| self.of_status[slot])
            }
        }
    }

    fn done(&self) -> u32 {
        self.number(Counted::Of(TaskStatus::Done))
    }

    fn agrees(&self, said: Said) -> bool {
        match said {
            Said::Number(counted, number) => self.number(counted) == number,
            Said::Part(done, total) => (self.done(), self.all) == (done, total),
            // However it was rounded.
            Said::Percent(percent) => self.all > 0 && (percent * self.all).abs_diff(self.done() * 100) <= self.all,
        }
    }
}

/// Why what is said in a line is wrong by every way of counting.
fn contradiction(said: Said, line: u32, parts: &[Part<'_>], tasks: &[Task]) -> Option<String> {
    if matches!(said, Said::Percent(percent) if percent > 100) {
        return None;
    }
    let headings = |task: &&Task| parts.iter().any(|part| part.is_heading && part.start == task.origin.line);
    let around = parts.iter().filter(|part| part.is_heading && part.start <= line && line < part.end);
    let ranges = around.map(|part| (part.start, part.end)).chain([(0, u32::MAX)]);
    let mut counts = Vec::new();
    for (start, end) in ranges {
        // A section does not count the heading that it stands under.
        let inside = |task: &&Task| task.origin.line > start && task.origin.line < end;
        counts.push(Count::of(tasks.iter().filter(inside)));
        counts.push(Count::of(tasks.iter().filter(inside).filter(headings)));
        counts.push(Count::of(tasks.iter().filter(inside).filter(|task| !headings(task))));
        let (done, all) = tasks
            .iter()
            .filter(inside)
            .fold((0, 0), |(done, all), task| (done + task.criteria.done, all + task.criteria.total));
        counts.push(Count { of_status: [done, 0, all - done, 0, 0], all });
    }
    if counts.iter().any(|count| count.agrees(said)) {
        return None;
    }
    // The nearest section with tasks in it is what it is most likely about.
    let nearest = counts.iter().find(|count| count.all > 0)?;
    Some(match said {
        Said::Number(counted, number) => {
            let word = match counted {
                Counted::All => "in all",
                Counted::Of(status) => status.name(),
            };
            format!("it says {number} {word}, and its lines say {}", nearest.number(counted))
        }
        Said::Part(done, all) => {
            format!("it says {done} of {all} done, and its lines say {} of {}", nearest.done(), nearest.all)
        }
        Said::Percent(percent) => {
            format!("it says {percent} % done, and its lines say {} of {}", nearest.done(), nearest.all)
        }
    })
}

#[cfg(test)]
mod tests;
