//! Backlog.md's files, one for each task: front matter, then sections between sentinels.

use std::path::Path;

use serde_json::{Map, Value};

use super::edit::{Change, Edit, place};
use super::markdown::{Kind, checkbox, lines, plain};
use super::outline::criterion_edit;
use super::{Criteria, Criterion, Format, Origin, Parsed, Task, TaskStatus, words};
use crate::domain::fault::Fault;

const BEGIN: &str = "<!-- AC:BEGIN -->";
const END: &str = "<!-- AC:END -->";

/// The name of the format.
pub const NAME: &str = "backlog";

/// See the module.
#[derive(Debug)]
pub struct Backlog;

impl Format for Backlog {
    fn name(&self) -> &'static str {
        NAME
    }

    fn recognises(&self, _path: &Path, text: &str) -> bool {
        let Some(matter) = front_matter(text) else { return false };
        let has = |key: &str| matter.yaml.lines().any(|line| line.starts_with(key));
        has("id:") && has("title:") && has("status:")
    }

    fn parse(&self, path: &Path, text: &str) -> Parsed {
        let Some(matter) = front_matter(text) else { return Parsed::default() };
        let fields: Map<String, Value> = match serde_saphyr::from_str(matter.yaml) {
            Ok(fields) => fields,
            Err(error) => {
                let why = error.to_string();
                let why = why.lines().next().unwrap_or_default();
                let fault = Fault::new(
                    "reading the front matter of",
                    path.display(),
                    why,
                    "correct the YAML between the --- lines",
                );
                return Parsed { findings: vec![fault], ..Parsed::default() };
            }
        };
        let (Some(id), Some(title)) = (texts(&fields, "id").pop(), texts(&fields, "title").pop()) else {
            let fault = Fault::new("reading", path.display(), "its id or its title is empty", "fill it in");
            return Parsed { findings: vec![fault], ..Parsed::default() };
        };
        let raw_status = texts(&fields, "status").pop().unwrap_or_default();
        let status = if raw_status.is_empty() { TaskStatus::Todo } else { words::status(&raw_status) };
        let assignees: Vec<String> =
            texts(&fields, "assignee").iter().map(|name| name.trim_start_matches('@').to_owned()).collect();
        // A number alone means the task of that number: the prefix is the project's.
        let prefix = id.rsplit_once('-').map(|(prefix, _)| prefix);
        let full = |id: String| match prefix {
            Some(prefix) if id.starts_with(|c: char| c.is_ascii_digit()) => format!("{prefix}-{id}"),
            _ => id,
        };
        let depends_on = texts(&fields, "dependencies").into_iter().map(full).collect();
        let (criteria, boxes, finding) = criteria(path, matter.rest, matter.lines);
        let task = Task {
            id,
            title: plain(&title),
            status,
            raw_status,
            origin: Origin { file: path.to_owned(), line: matter.status_line },
            format: self.name(),
            section: texts(&fields, "milestone").pop(),
            assignee: (!assignees.is_empty()).then(|| assignees.join(", ")),
            depends_on,
            criteria,
            boxes,
            body: matter.rest.trim().to_owned(),
            project: None,
        };
        Parsed { tasks: vec![task], findings: finding.into_iter().collect() }
    }

    fn edit(&self, text: &str, tasks: &[Task], at: usize, change: &Change) -> Result<Edit, String> {
        let (wanted, raw) = match change {
            Change::Status(wanted, raw) => (*wanted, raw.as_deref()),
            Change::Criterion(criterion, done) => return criterion_edit(text, &tasks[at], *criterion, *done),
        };
        // The names with which Backlog.md begins a project; a project that has others gives them.
        let own = tasks[at].project.as_ref();
        let own = own.and_then(|own| own.statuses.iter().find(|name| own.status(name) == wanted));
        let word = match (raw.or(own.map(String::as_str)), wanted) {
            (Some(raw), _) => raw,
            (None, TaskStatus::Todo) => "To Do",
            (None, TaskStatus::InProgress) => "In Progress",
            (None, TaskStatus::Done) => "Done",
            (None, wanted) => return Err(format!("no task of this board says how {} is written", wanted.name())),
        };
        let line = lines(text).find(|line| line.number == tasks[at].origin.line).map(|line| line.raw);
        let value = line.and_then(|line| line.strip_prefix("status:")).ok_or("the file has no status line")?;
        let bare = value.trim_start();
        let quote = bare.chars().next().filter(|first| matches!(first, '"' | '\''));
        let old = match quote {
            Some(quote) => bare[1..].split_once(quote).ok_or("the status is quoted and the quote never ends")?.0,
            None => bare.find(" #").map_or(bare, |comment| &bare[..comment]).trim_end(),
        };
        let spaced = if bare.len() == value.len() { " " } else { "" };
        Ok(Edit { range: place(text, old), text: format!("{spaced}{word}") })
    }
}

struct FrontMatter<'a> {
    yaml: &'a str,
    rest: &'a str,
    /// Lines before `rest`.
    lines: u32,
    /// The line that says `status:`, else the first.
    status_line: u32,
}

fn front_matter(text: &str) -> Option<FrontMatter<'_>> {
    let mut offset = 0;
    let mut start = None;
    let mut status_line = 1;
    for (line, number) in text.split_inclusive('\n').zip(1_u32..) {
        let bare = line.trim_end();
        match start {
            None if bare == "---" => start = Some(offset + line.len()),
            None => return None,
            Some(start) if bare == "---" => {
                let rest = &text[offset + line.len()..];
                return Some(FrontMatter { yaml: &text[start..offset], rest, lines: number, status_line });
            }
            Some(_) if line.starts_with("status:") => status_line = number,
            Some(_) => {}
        }
        offset += line.len();
    }
    None
}

/// A field as texts: none, one, or the entries of a list.
fn texts(fields: &Map<String, Value>, name: &str) -> Vec<String> {
    let values = match fields.get(name) {
        Some(Value::Array(values)) => values.as_slice(),
        Some(value) => std::slice::from_ref(value),
        None => &[],
    };
    let one = |value: &Value| match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    values.iter().filter_map(one).collect()
}

/// Boxes between the sentinels; in files without any, below the heading `Acceptance Criteria`.
fn criteria(path: &Path, text: &str, before: u32) -> (Criteria, Vec<Criterion>, Option<Fault>) {
    let mut criteria = Criteria::default();
    let mut boxes = Vec::new();
    let sentinels = text.contains(BEGIN);
    let mut inside = false;
    let mut opened = 0;
    for line in lines(text) {
        match line.kind {
            Kind::Verbatim if line.raw.trim() == BEGIN => (inside, opened) = (true, line.number),
            Kind::Verbatim if line.raw.trim() == END => inside = false,
            Kind::Heading { text, .. } if !sentinels => {
                inside = text.trim_end_matches(':').eq_ignore_ascii_case("acceptance criteria");
            }
            Kind::Item { text, .. } if inside => {
                if let Some((state, title)) = checkbox(text) {
                    let done = matches!(state, 'x' | 'X');
                    criteria.total += 1;
                    criteria.done += u32::from(done);
                    boxes.push(Criterion { line: before.saturating_add(line.number), text: plain(title), done });
                }
            }
            Kind::Heading { .. } | Kind::Item { .. } | Kind::Text { .. } | Kind::Blank | Kind::Verbatim => {}
        }
    }
    let fault = (sentinels && inside).then(|| {
        let on = format!("{}:{}", path.display(), before.saturating_add(opened));
        Fault::new(
            "reading the acceptance criteria at",
            on,
            format!("no {END} follows"),
            "add it, or the count is wrong",
        )
    });
    (criteria, boxes, fault)
}

#[cfg(test)]
mod tests {
    use super::super::{Criteria, Format, TaskStatus};
    use super::Backlog;
    use std::path::Path;

    const TASK: &str = "---\r\nid: HNP-12.1\r\ntitle: 'Sync: the fabric'\r\nstatus: In Progress\r\nassignee:\r\n  - '@tester'\r\n  - '@second'\r\ncreated_date: 2026-01-02\r\nmilestone: m-1\r\ndependencies: [HNP-11, 7]\r\n---\r\n\r\n## Description\r\n- [ ] no criterion\r\n<!-- AC:BEGIN -->\r\n- [x] #1 one\r\n- [ ] #2 two\r\n<!-- AC:END -->\r\n";

    #[test]
    fn front_matter_and_criteria_are_read() {
        let path = Path::new("backlog/tasks/hnp-12.1 - Sync.md");
        assert!(Backlog.recognises(path, TASK));
        let parsed = Backlog.parse(path, TASK);
        assert_eq!(parsed.findings, []);
        let task = &parsed.tasks[0];
        assert_eq!((task.id.as_str(), task.title.as_str()), ("HNP-12.1", "Sync: the fabric"));
        assert_eq!((task.status, task.raw_status.as_str()), (TaskStatus::InProgress, "In Progress"));
        assert_eq!(task.origin.line, 4);
        assert_eq!(task.assignee.as_deref(), Some("tester, second"));
        assert_eq!(task.depends_on, ["HNP-11", "HNP-7"]);
        assert_eq!(task.section.as_deref(), Some("m-1"));
        assert_eq!(task.criteria, Criteria { done: 1, total: 2 });
        assert!(task.body.starts_with("## Description"));
    }

    #[test]
    fn without_sentinels_the_heading_says_which_boxes_count() {
        let text = "---\nid: 3\ntitle: a\nstatus: Done\n---\n## Plan\n- [x] p\n## Acceptance Criteria\n- [x] a\n## Notes\n- [ ] n\n";
        assert_eq!(Backlog.parse(Path::new("a.md"), text).tasks[0].criteria, Criteria { done: 1, total: 1 });
    }

    #[test]
    fn a_sentinel_that_is_never_closed_is_named() {
        let text = "---\nid: 3\ntitle: a\nstatus: Done\n---\n<!-- AC:BEGIN -->\n- [x] a\n";
        let parsed = Backlog.parse(Path::new("a.md"), text);
        assert_eq!(parsed.findings[0].on, "a.md:6");
        assert_eq!(parsed.tasks.len(), 1);
    }

    #[test]
    fn broken_front_matter_is_a_finding_and_other_files_are_not_ours() {
        let broken = "---\nid: [\ntitle: a\nstatus: b\n---\n";
        assert!(Backlog.recognises(Path::new("a.md"), broken));
        assert_eq!(Backlog.parse(Path::new("a.md"), broken).findings.len(), 1);
        for text in ["---\ntitle: a post\n---\n- [ ] x\n", "id: 1\ntitle: 2\nstatus: 3\n", "---\nid: 1\n"] {
            assert!(!Backlog.recognises(Path::new("a.md"), text), "{text}");
        }
    }
}
