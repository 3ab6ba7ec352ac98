//! Check lists as GitHub renders them: `- [ ]` and `- [x]`, nested as deep as one likes.

use std::path::Path;

use super::edit::{Change, Edit};
use super::markdown::{Kind, checkbox, lines};
use super::outline::{Depth, Found, Outline, box_edit, checkbox_status, criterion_edit};
use super::{Format, Parsed, Task, TaskStatus};

/// See the module.
#[derive(Debug)]
pub struct Checklist;

impl Format for Checklist {
    fn name(&self) -> &'static str {
        "checklist"
    }

    fn recognises(&self, _path: &Path, text: &str) -> bool {
        lines(text).any(|line| matches!(line.kind, Kind::Item { text, .. } if checkbox(text).is_some()))
    }

    /// A nested box is a task of its own and a criterion of the one it stands under.
    fn counts_itself(&self) -> bool {
        true
    }

    fn parse(&self, path: &Path, text: &str) -> Parsed {
        let mut outline = Outline::new(path, self.name());
        let mut after_blank = false;
        for line in lines(text) {
            match line.kind {
                Kind::Heading { level, text } => {
                    outline.leave_heading(level);
                    outline.section(level, text, None, false);
                }
                Kind::Item { indent, text } => {
                    outline.leave_items(indent);
                    if let Some((state, title)) = checkbox(text) {
                        let (status, raw_status) = checkbox_status(state);
                        outline.criterion(line.number, title, status == TaskStatus::Done);
                        outline.add(Found { line: line.number, title, status, raw_status }, Depth::Item(indent));
                    } else {
                        outline.note(line.raw);
                    }
                }
                Kind::Text { indent } => outline.prose(indent, after_blank, line.raw),
                Kind::Blank | Kind::Verbatim => outline.note(line.raw),
            }
            after_blank = line.kind == Kind::Blank;
        }
        outline.finish()
    }

    fn edit(&self, text: &str, tasks: &[Task], at: usize, change: &Change) -> Result<Edit, String> {
        match change {
            Change::Status(status, raw) => box_edit(text, tasks[at].origin.line, tasks, *status, raw.as_deref()),
            Change::Criterion(criterion, done) => criterion_edit(text, &tasks[at], *criterion, *done),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Criteria, Format, Task, TaskStatus};
    use super::Checklist;
    use std::path::Path;

    fn tasks(text: &str) -> Vec<Task> {
        Checklist.parse(Path::new("TODO.md"), text).tasks
    }

    #[test]
    fn boxes_are_tasks_with_their_heading_and_line() {
        let found = tasks("# Plan\n\n## Now\n- [ ] **Wire** it\n* [x] Test it\n1. [~] Ship it\n- plain\n");
        let seen: Vec<(&str, TaskStatus, &str, u32)> =
            found.iter().map(|t| (t.title.as_str(), t.status, t.raw_status.as_str(), t.origin.line)).collect();
        assert_eq!(
            seen,
            [
                ("Wire it", TaskStatus::Todo, "[ ]", 4),
                ("Test it", TaskStatus::Done, "[x]", 5),
                ("Ship it", TaskStatus::InProgress, "[~]", 6)
            ]
        );
        assert!(found.iter().all(|task| task.section.as_deref() == Some("Now")));
    }

    #[test]
    fn nested_boxes_are_counted_in_the_one_above() {
        let found = tasks("- [ ] outer\n  - [x] one\n    - [ ] deep\n  - [ ] two\n  - Owner: tester\n- [ ] next\n");
        assert_eq!(found.len(), 5);
        assert_eq!(found[0].criteria, Criteria { done: 1, total: 2 });
        assert_eq!(found[1].criteria, Criteria { done: 0, total: 1 });
        assert_eq!(found[0].assignee.as_deref(), Some("tester"));
        assert_eq!(found[4].criteria, Criteria::default());
    }

    #[test]
    fn notes_stay_with_their_task_and_prose_does_not() {
        let found = tasks("- [ ] outer\n  why\n\n  - a note\n\nProse after.\n");
        assert_eq!(found[0].body, "  why\n\n  - a note");
    }

    #[test]
    fn boxes_in_code_are_no_tasks() {
        assert!(!Checklist.recognises(Path::new("a.md"), "```\n- [ ] a\n```\n<!-- - [ ] b -->\nsay - [ ] c"));
        assert_eq!(tasks("```\n- [ ] a\n```\n- [ ] b\n").len(), 1);
    }
}
