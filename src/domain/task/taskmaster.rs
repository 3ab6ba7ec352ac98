//! Task Master's `tasks.json`: lists of tasks by tag, or the one list that older versions wrote.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::edit::{Change, Edit, place};
use super::mention::MOST;
use super::{Criteria, Format, MAX_TASKS, Origin, Parsed, Task, TaskStatus, too_many, words};
use crate::domain::fault::Fault;

/// The tag that Task Master uses when none is chosen; its tasks keep their plain ids.
const MASTER: &str = "master";

/// Findings kept for one file.
const MAX_FINDINGS: usize = 100;

/// See the module.
#[derive(Debug)]
pub struct TaskMaster;

impl Format for TaskMaster {
    fn name(&self) -> &'static str {
        "task-master"
    }

    fn recognises(&self, path: &Path, text: &str) -> bool {
        // A file of that name that is broken is a broken file of that kind, not a text without tasks.
        path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
            || (text.trim_start().starts_with('{') && text.contains("\"tasks\""))
    }

    fn parse(&self, path: &Path, text: &str) -> Parsed {
        let mut reader = Reader::new(path, text);
        if let Err(error) = reader.read() {
            let on = format!("{}:{}:{}", path.display(), error.line(), error.column());
            reader.parsed.findings.push(Fault::new("reading tasks from", on, error, "correct the JSON there"));
        }
        let mut parsed = reader.parsed;
        if parsed.tasks.len() > MAX_TASKS {
            parsed.tasks.truncate(MAX_TASKS);
            parsed.findings.push(too_many(path));
        }
        parsed.tasks.sort_by_key(|task| task.origin.line);
        parsed
    }

    /// A criterion is a subtask, which is moved as a task of its own.
    fn edit(&self, text: &str, tasks: &[Task], at: usize, change: &Change) -> Result<Edit, String> {
        let Change::Status(wanted, raw) = change else {
            return Err("its criteria are subtasks; move the subtask".to_owned());
        };
        let used = tasks.iter().find(|task| task.status == *wanted && !task.raw_status.is_empty());
        // https://github.com/eyaltoledano/claude-task-master, src/constants/task-status.js
        let word = match (raw.as_deref().or_else(|| used.map(|task| task.raw_status.as_str())), wanted) {
            (Some(raw), _) => raw,
            (None, TaskStatus::Todo) => "pending",
            (None, TaskStatus::InProgress) => "in-progress",
            (None, TaskStatus::Blocked) => "deferred",
            (None, TaskStatus::Review) => "review",
            (None, TaskStatus::Done) => "done",
            (None, TaskStatus::Other) => return Err("other is no status that can be written".to_owned()),
        };
        let word = Value::from(word).to_string();
        let mut reader = Reader::new(&tasks[at].origin.file, text);
        reader.read().map_err(|error| error.to_string())?;
        let object = reader.places.get(&tasks[at].id).ok_or("the task is not there any more")?.clone();
        let fields: Stated<'_> = serde_json::from_str(&text[object.clone()]).map_err(|error| error.to_string())?;
        Ok(match fields.status {
            Some(status) => Edit { range: place(text, status.get()), text: word },
            // In front of the first field, on its line: no other task moves.
            None => {
                let first = text[object.start + 1..].trim_start();
                let start = place(text, first).start;
                Edit { range: start..start, text: format!("\"status\": {word}, ") }
            }
        })
    }
}

#[derive(Deserialize)]
struct Stated<'a> {
    #[serde(borrow)]
    status: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Tagged<'a> {
    #[serde(borrow)]
    tasks: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Nested<'a> {
    #[serde(borrow, default)]
    subtasks: Vec<&'a RawValue>,
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    starts: Vec<usize>,
    parsed: Parsed,
    ids: HashSet<String>,
    /// Where each task stands in the text.
    places: HashMap<String, Range<usize>>,
}

impl<'a> Reader<'a> {
    fn new(path: &'a Path, text: &'a str) -> Self {
        let starts = line_starts(text);
        Self { path, text, starts, parsed: Parsed::default(), ids: HashSet::new(), places: HashMap::new() }
    }

    /// Every list of the file, in its order.
    fn read(&mut self) -> serde_json::Result<()> {
        let top: BTreeMap<String, &RawValue> = serde_json::from_str(self.text)?;
        let mut lists: Vec<(&str, &RawValue)> = top.iter().map(|(tag, raw)| (tag.as_str(), *raw)).collect();
        lists.sort_by_key(|(_, raw)| raw.get().as_ptr().addr());
        for (tag, raw) in lists {
            self.list(tag, raw);
        }
        Ok(())
    }

    /// One top-level entry: a tag with its tasks, or the only list of the old layout.
    fn list(&mut self, tag: &str, raw: &RawValue) {
        let (tag, tasks) = if tag == "tasks" && raw.get().starts_with('[') {
            (None, serde_json::from_str::<Vec<&RawValue>>(raw.get()))
        } else if raw.get().starts_with('{') {
            let tagged = serde_json::from_str::<Tagged<'_>>(raw.get()).map(|tagged| tagged.tasks);
            ((tag != MASTER).then_some(tag), tagged)
        } else {
            return;
        };
        // An object without tasks is metadata.
        for task in tasks.unwrap_or_default() {
            if self.parsed.tasks.len() > MAX_TASKS {
                return;
            }
            self.task(tag, None, task);
        }
    }

    fn task(&mut self, tag: Option<&str>, parent: Option<&str>, raw: &RawValue) -> Option<TaskStatus> {
        let line = self.line(raw);
        let fields: Map<String, Value> = match serde_json::from_str(raw.get()) {
            Ok(fields) => fields,
            Err(error) => {
                self.finding(line, error);
                return None;
            }
        };
        let (Some(id), Some(title)) = (text(&fields, "id"), text(&fields, "title")) else {
            self.finding(line, "a task without id or title");
            return None;
        };
        let local = parent.map_or_else(|| id.clone(), |parent| format!("{parent}.{id}"));
        let full = tagged(tag, &local);
        if !self.ids.insert(full.clone()) {
            self.finding(line, format!("a second task with id {full}"));
            return None;
        }
        let raw_status = text(&fields, "status").unwrap_or_default();
        let status = if raw_status.is_empty() { TaskStatus::Todo } else { words::status(&raw_status) };
        let depends_on = fields.get("dependencies").and_then(Value::as_array).into_iter().flatten();
        let mut depends_on: Vec<String> = depends_on
            .filter_map(scalar)
            .take(MOST)
            .map(|id| match parent {
                // Among siblings the parent's number is left out.
                Some(parent) if !id.contains('.') => tagged(tag, &format!("{parent}.{id}")),
                _ => tagged(tag, &id),
            })
            .collect();
        // Numbers and strings stand side by side after a migration.
        let mut seen = HashSet::new();
        depends_on.retain(|id| seen.insert(id.clone()));
        let index = self.parsed.tasks.len();
        self.places.insert(full.clone(), place(self.text, raw.get()));
        self.parsed.tasks.push(Task {
            id: full,
            title: title.split_whitespace().collect::<Vec<_>>().join(" "),
            status,
            raw_status,
            origin: Origin { file: self.path.to_owned(), line },
            format: TaskMaster.name(),
            section: tag.map(str::to_owned),
            assignee: text(&fields, "assignee"),
            depends_on,
            criteria: Criteria::default(),
            boxes: Vec::new(),
            body: body(&fields),
            project: None,
        });
        // Task Master nests once.
        if parent.is_none()
            && let Ok(nested) = serde_json::from_str::<Nested<'_>>(raw.get())
        {
            let mut criteria = Criteria::default();
            for subtask in nested.subtasks.into_iter().take(MAX_TASKS) {
                let status = self.task(tag, Some(&local), subtask);
                criteria.total += 1;
                criteria.done += u32::from(status == Some(TaskStatus::Done));
            }
            self.parsed.tasks[index].criteria = criteria;
        }
        Some(status)
    }

    fn finding(&mut self, line: u32, why: impl std::fmt::Display) {
        if self.parsed.findings.len() == MAX_FINDINGS {
            return;
        }
        let on = format!("{}:{line}", self.path.display());
        let fault = Fault::new("reading a task at", on, why, "correct it there; the other tasks are read");
        self.parsed.findings.push(fault);
    }

    /// The line on which a part of the text begins.
    fn line(&self, raw: &RawValue) -> u32 {
        let offset = raw.get().as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
        u32::try_from(self.starts.partition_point(|&start| start <= offset)).unwrap_or(u32::MAX)
    }
}

fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|end| end + 1)).collect()
}

fn tagged(tag: Option<&str>, id: &str) -> String {
    tag.map_or_else(|| id.to_owned(), |tag| format!("{tag}/{id}"))
}

fn text(fields: &Map<String, Value>, name: &str) -> Option<String> {
    fields.get(name).and_then(scalar)
}

/// Ids and dependencies are numbers in some files and strings in others.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn body(fields: &Map<String, Value>) -> String {
    let mut parts = Vec::new();
    parts.extend(text(fields, "description"));
    for (name, heading) in [("details", "Details"), ("testStrategy", "Test strategy")] {
        parts.extend(text(fields, name).map(|text| format!("## {heading}\n\n{text}")));
    }
    parts.join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::super::{Criteria, Format, Parsed, TaskStatus};
    use super::TaskMaster;
    use std::path::Path;

    fn parse(text: &str) -> Parsed {
        TaskMaster.parse(Path::new(".taskmaster/tasks/tasks.json"), text)
    }

    const TAGGED: &str = r#"{
  "master": {
    "tasks": [
      {"id": 1, "title": "Define the schema", "status": "done", "dependencies": [], "testStrategy": "Apply it."},
      {
        "id": "2", "title": "Sync it", "status": "in-progress", "dependencies": [1, "1"], "description": "Once.",
        "subtasks": [
          {"id": 1, "title": "Read", "status": "done"},
          {"id": 2, "title": "Write", "status": "pending", "dependencies": [1, "1.1"]}
        ]
      }
    ],
    "metadata": {"created": "2026-01-01T00:00:00Z"}
  },
  "drift": {"tasks": [{"id": 1, "title": "Show drift", "status": "deferred", "dependencies": [2]}]}
}"#;

    #[test]
    fn tags_subtasks_and_dependencies_are_read() {
        let parsed = parse(TAGGED);
        assert_eq!(parsed.findings, []);
        let seen: Vec<(&str, TaskStatus, u32)> =
            parsed.tasks.iter().map(|t| (t.id.as_str(), t.status, t.origin.line)).collect();
        assert_eq!(
            seen,
            [
                ("1", TaskStatus::Done, 4),
                ("2", TaskStatus::InProgress, 5),
                ("2.1", TaskStatus::Done, 8),
                ("2.2", TaskStatus::Todo, 9),
                ("drift/1", TaskStatus::Blocked, 15)
            ]
        );
        assert_eq!(parsed.tasks[1].depends_on, ["1"]);
        assert_eq!(parsed.tasks[1].criteria, Criteria { done: 1, total: 2 });
        assert_eq!(parsed.tasks[3].depends_on, ["2.1", "1.1"]);
        assert_eq!(parsed.tasks[4].depends_on, ["drift/2"]);
        assert_eq!(parsed.tasks[4].section.as_deref(), Some("drift"));
        assert_eq!(parsed.tasks[0].body, "## Test strategy\n\nApply it.");
    }

    #[test]
    fn the_old_layout_is_one_list() {
        let parsed = parse("{\"meta\": 1,\r\n \"tasks\": [{\"id\": 7, \"title\": \"Old\"}]}");
        assert_eq!(parsed.tasks[0].id, "7");
        assert_eq!((parsed.tasks[0].status, parsed.tasks[0].origin.line), (TaskStatus::Todo, 2));
    }

    #[test]
    fn one_bad_task_costs_itself_alone() {
        let parsed =
            parse("{\"tasks\": [\n3,\n{\"id\": 1},\n{\"id\": 2, \"title\": \"a\"},\n{\"id\": 2, \"title\": \"b\"}]}");
        assert_eq!(parsed.tasks.len(), 1);
        let places: Vec<&str> = parsed.findings.iter().filter_map(|fault| fault.on.rsplit(':').next()).collect();
        assert_eq!(places, ["2", "3", "5"]);
    }

    #[test]
    fn broken_json_names_its_line() {
        let parsed = parse("{\n  \"tasks\": [\n");
        assert!(parsed.findings[0].on.ends_with("tasks.json:3:0"), "{:?}", parsed.findings);
    }
}
