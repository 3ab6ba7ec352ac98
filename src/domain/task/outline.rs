//! Tasks in an outline of headings and nested items, as they are found from top to bottom.

use std::path::Path;

use super::edit::{Edit, place};
use super::markdown::{ASSIGNEE, Ids, Kind, body, checkbox, lines, note, plain};
use super::mention::{MOST, given_to, leading_id, waits_for};
use super::{Criteria, Criterion, MAX_TASKS, Origin, Parsed, Task, TaskStatus, too_many};

/// Where a task begins, which says where it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// A heading of this level.
    Heading(usize),
    /// An item with this indent.
    Item(usize),
}

/// A heading, with the status that what stands below it has when it says nothing else.
#[derive(Debug, Clone)]
struct Section {
    level: usize,
    title: String,
    default: Option<TaskStatus>,
}

#[derive(Debug)]
struct Open<'a> {
    task: usize,
    depth: Depth,
    lines: Vec<&'a str>,
}

/// A task as a line of a file gives it.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// Line, from one.
    pub line: u32,
    /// Title, perhaps with emphasis.
    pub title: &'a str,
    /// Status.
    pub status: TaskStatus,
    /// Status as written.
    pub raw_status: &'a str,
}

/// The outline of one file, built from top to bottom.
#[derive(Debug)]
pub struct Outline<'a> {
    file: &'a Path,
    format: &'static str,
    tasks: Vec<Task>,
    ids: Ids,
    open: Vec<Open<'a>>,
    sections: Vec<Section>,
    overflow: bool,
}

impl<'a> Outline<'a> {
    /// An empty outline.
    pub fn new(file: &'a Path, format: &'static str) -> Self {
        Self {
            file,
            format,
            tasks: Vec::new(),
            ids: Ids::default(),
            open: Vec::new(),
            sections: Vec::new(),
            overflow: false,
        }
    }

    /// Ends what a heading of this level ends.
    pub fn leave_heading(&mut self, level: usize) {
        self.close_while(|depth| match depth {
            Depth::Heading(open) => open >= level,
            Depth::Item(_) => true,
        });
        while self.sections.last().is_some_and(|section| section.level >= level) {
            self.sections.pop();
        }
    }

    /// Ends the items that one with this indent ends.
    pub fn leave_items(&mut self, indent: usize) {
        self.close_while(|depth| matches!(depth, Depth::Item(open) if open >= indent));
    }

    /// Begins a section. With `inherit` the section around it gives its default status to this one too.
    pub fn section(&mut self, level: usize, title: &str, default: Option<TaskStatus>, inherit: bool) {
        let inherited = if inherit { self.sections.last().and_then(|section| section.default) } else { None };
        self.sections.push(Section { level, title: plain(title), default: default.or(inherited) });
    }

    /// The status of items that carry none, and the title of the section that says so.
    pub fn default_status(&self) -> Option<(TaskStatus, String)> {
        let section = self.sections.last()?;
        let status = section.default?;
        // A sub-heading inherits the status; the one that names it is the raw status.
        let named = self.sections.iter().rev().take_while(|section| section.default == Some(status)).last()?;
        Some((status, named.title.clone()))
    }

    /// Whether a task is open, so that what follows belongs to it.
    pub fn inside_task(&self) -> bool {
        !self.open.is_empty()
    }

    /// Adds a task and opens it. Without a title there is no task.
    pub fn add(&mut self, found: Found<'_>, depth: Depth) {
        let (title, assignee) = given_to(found.title);
        let title = plain(title);
        if title.is_empty() {
            return;
        }
        if self.tasks.len() == MAX_TASKS {
            self.overflow = true;
            return;
        }
        let section = self.sections.last().map(|section| section.title.clone()).filter(|title| !title.is_empty());
        self.open.push(Open { task: self.tasks.len(), depth, lines: Vec::new() });
        self.tasks.push(Task {
            id: self.ids.take(leading_id(&title), &title, section.as_deref()),
            title,
            status: found.status,
            raw_status: found.raw_status.to_owned(),
            origin: Origin { file: self.file.to_owned(), line: found.line },
            format: self.format,
            section,
            assignee: assignee.map(str::to_owned),
            depends_on: waits_for(found.title),
            criteria: Criteria::default(),
            boxes: Vec::new(),
            body: String::new(),
            project: None,
        });
    }

    /// A line that is no item: text at the margin behind a blank line ends the items above it.
    pub fn prose(&mut self, indent: usize, after_blank: bool, raw: &'a str) {
        if after_blank && indent == 0 {
            self.leave_items(0);
        }
        self.note(raw);
    }

    /// A line of the innermost task's own text.
    pub fn note(&mut self, raw: &'a str) {
        let Some(open) = self.open.last_mut() else { return };
        open.lines.push(raw);
        let task = &mut self.tasks[open.task];
        if task.assignee.is_none() {
            task.assignee = note(raw, &ASSIGNEE).map(str::to_owned);
        }
        for id in waits_for(raw) {
            if task.depends_on.len() < MOST && !task.depends_on.contains(&id) {
                task.depends_on.push(id);
            }
        }
    }

    /// Counts a criterion of the innermost task.
    pub fn criterion(&mut self, line: u32, text: &str, done: bool) {
        let Some(open) = self.open.last() else { return };
        let task = &mut self.tasks[open.task];
        task.criteria.total += 1;
        task.criteria.done += u32::from(done);
        task.boxes.push(Criterion { line, text: plain(text), done });
    }

    /// The tasks, by line.
    pub fn finish(mut self) -> Parsed {
        self.close_while(|_| true);
        let findings = if self.overflow { vec![too_many(self.file)] } else { Vec::new() };
        Parsed { tasks: self.tasks, findings }
    }

    fn close_while(&mut self, ends: impl Fn(Depth) -> bool) {
        while self.open.last().is_some_and(|open| ends(open.depth)) {
            if let Some(open) = self.open.pop() {
                self.tasks[open.task].body = body(&open.lines);
            }
        }
    }
}

/// The change of the box on a line to another status. `tasks` are those of the file: what they write is written.
pub fn box_edit(text: &str, line: u32, tasks: &[Task], wanted: TaskStatus, raw: Option<&str>) -> Result<Edit, String> {
    let used = || tasks.iter().find(|task| task.status == wanted && task.raw_status.starts_with('['));
    let state = match (raw.or_else(|| used().map(|task| task.raw_status.as_str())), wanted) {
        (Some(raw), _) => raw.strip_prefix('[').and_then(|raw| raw.strip_suffix(']')).unwrap_or(raw),
        (None, TaskStatus::Todo) => " ",
        (None, TaskStatus::Done) => "x",
        (None, wanted) => {
            return Err(format!("no box in this file says {}; check lists know todo and done", wanted.name()));
        }
    };
    let found = lines(text).find(|found| found.number == line).ok_or("the line is not there any more")?;
    let Kind::Item { text: item, .. } = found.kind else {
        return Err("the line is no item of a list any more".to_owned());
    };
    checkbox(item).ok_or("the line has no box any more")?;
    let start = place(text, item).start;
    Ok(Edit { range: start + 1..start + 2, text: state.to_owned() })
}

/// The change of a criterion's box.
pub fn criterion_edit(text: &str, task: &Task, criterion: u32, done: bool) -> Result<Edit, String> {
    let line = usize::try_from(criterion).ok().and_then(|criterion| task.boxes.get(criterion));
    let wanted = if done { TaskStatus::Done } else { TaskStatus::Todo };
    let line = line.ok_or("the task has no such criterion")?.line;
    box_edit(text, line, &[], wanted, None)
}

/// The status that a checkbox says, and the checkbox as it is written.
pub fn checkbox_status(state: char) -> (TaskStatus, &'static str) {
    match state {
        ' ' => (TaskStatus::Todo, "[ ]"),
        'x' => (TaskStatus::Done, "[x]"),
        'X' => (TaskStatus::Done, "[X]"),
        '~' => (TaskStatus::InProgress, "[~]"),
        '/' => (TaskStatus::InProgress, "[/]"),
        '!' => (TaskStatus::Blocked, "[!]"),
        '?' => (TaskStatus::Review, "[?]"),
        _ => (TaskStatus::Other, "[-]"),
    }
}
