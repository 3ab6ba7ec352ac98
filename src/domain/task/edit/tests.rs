//! Edits of whole files, and what no edit may do to one.

use std::path::Path;

use proptest::prelude::*;

use super::super::tests::{BACKLOG, TASK_MASTER, TODO, TRACKER, text};
use super::{Change, edit};
use crate::domain::task::{Task, TaskStatus, parse};

const STATUSES: [TaskStatus; 6] = [
    TaskStatus::Todo,
    TaskStatus::InProgress,
    TaskStatus::Blocked,
    TaskStatus::Review,
    TaskStatus::Done,
    TaskStatus::Other,
];

const FILES: [(&str, &str); 4] = [
    ("TASK_TRACKING.md", TRACKER),
    ("TODO.md", TODO),
    (".taskmaster/tasks/tasks.json", TASK_MASTER),
    ("backlog/tasks/hnp-7 - Show-drift.md", BACKLOG),
];

fn tasks(path: &str, text: &str) -> Vec<Task> {
    parse(Path::new(path), text.trim_start_matches('\u{feff}')).tasks
}

fn named(path: &str, text: &str, title: &str) -> Task {
    tasks(path, text).into_iter().find(|task| task.title == title).expect(title)
}

/// The text after a change.
fn changed(path: &str, text: &str, task: &Task, change: &Change) -> Result<String, String> {
    Ok(edit(Path::new(path), text, task, change)?.apply(text).expect("a range in the text"))
}

/// The lines that differ, as they were and as they are.
fn differing<'a>(before: &'a str, after: &'a str) -> Vec<(&'a str, &'a str)> {
    let (before, after): (Vec<_>, Vec<_>) = (before.split('\n').collect(), after.split('\n').collect());
    assert_eq!(before.len(), after.len(), "a line came or went");
    before.into_iter().zip(after).filter(|(before, after)| before != after).collect()
}

#[test]
fn a_move_writes_what_the_file_itself_writes_for_that_status() {
    use TaskStatus::{Blocked, Done, InProgress, Review};
    let (tracker, todo, master, backlog) = (FILES[0], FILES[1], FILES[2], FILES[3]);
    let cases = [
        (tracker, "Field ownership", Done, "- 🔄 Field ownership", "- ✅ Field ownership"),
        (tracker, "2. Compare desired and live", Blocked, "### 🔄 2. Compare", "### ⏸️ 2. Compare"),
        (tracker, "Speed over 5,000 objects", InProgress, "❌", "🔄"),
        (tracker, "Dark theme", InProgress, "Dark theme", "🔄 Dark theme"),
        (tracker, "Import of old trackers", Done, "[ ]", "[x]"),
        (todo, "Announce", Done, "[ ]", "[x]"),
        (master, "Define the resource", Review, "\"status\": \"done\"", "\"status\": \"review\""),
        (backlog, "Show drift", Done, "status: In Progress", "status: Done"),
    ];
    for ((path, text), title, wanted, was, is) in cases {
        let Some(task) = tasks(path, text).into_iter().find(|task| task.title == title) else {
            panic!("no {title} in {path}: {:?}", tasks(path, text).iter().map(|task| &task.title).collect::<Vec<_>>())
        };
        let after = changed(path, text, &task, &Change::Status(wanted, None)).expect(title);
        let [(old, new)] = differing(text, &after)[..] else { panic!("{title}: {:?}", differing(text, &after)) };
        assert!(old.contains(was) && new.contains(is), "{title}: {old} became {new}");
        assert_eq!(old.replacen(was, is, 1), new, "{title}");
    }
}

#[test]
fn every_task_of_every_file_moves_alone_or_not_at_all() {
    for (path, text) in FILES {
        let mut moved = 0;
        for text in [text.to_owned(), format!("\u{feff}{}", text.replace('\n', "\r\n")), text.trim_end().to_owned()] {
            for task in tasks(path, &text) {
                for wanted in STATUSES {
                    let Ok(after) = changed(path, &text, &task, &Change::Status(wanted, None)) else { continue };
                    moved += 1;
                    assert_eq!(differing(&text, &after).len(), 1, "{path}: {} to {wanted:?}", task.title);
                    let statuses =
                        |text: &str| tasks(path, text).into_iter().map(|task| task.status).collect::<Vec<_>>();
                    let (old, new) = (statuses(&text), statuses(&after));
                    let differ = old.iter().zip(&new).filter(|(old, new)| old != new).count();
                    assert_eq!((differ, new.contains(&wanted)), (1, true), "{path}: {} to {wanted:?}", task.title);
                }
            }
        }
        assert!(moved > 0, "no task of {path} can be moved");
    }
}

#[test]
fn a_move_and_its_opposite_leave_every_byte_as_it_was() {
    for (path, text) in FILES {
        for task in tasks(path, text) {
            for wanted in STATUSES {
                let Ok(done) = edit(Path::new(path), text, &task, &Change::Status(wanted, None)) else { continue };
                let after = done.apply(text).expect("a range in the text");
                let undo = done.inverse(text).expect("a range in the text");
                assert_eq!(undo.apply(&after).as_deref(), Some(text), "{path}: {}", task.title);
            }
        }
    }
}

#[test]
fn a_criterion_is_ticked_alone() {
    let (path, text) = FILES[3];
    let task = &tasks(path, text)[0];
    assert_eq!(task.boxes.len(), task.criteria.total as usize);
    let open = task.criteria.done;
    for (index, criterion) in (0_u32..).zip(&task.boxes) {
        let stands = text.lines().nth(criterion.line as usize - 1).expect("the line");
        let is_done = stands.contains("[x]");
        assert!(stands.ends_with(&criterion.text) && criterion.done == is_done, "{criterion:?} of {stands}");
        let after = changed(path, text, task, &Change::Criterion(index, !is_done)).expect("ticked");
        let [(old, new)] = differing(text, &after)[..] else { panic!("{stands}") };
        assert_eq!((old, new.contains("[x]")), (stands, !is_done));
        let now = &tasks(path, &after)[0];
        assert_eq!((now.criteria.done, now.status), (if is_done { open - 1 } else { open + 1 }, task.status));
        assert!(edit(Path::new(path), text, task, &Change::Criterion(index, is_done)).is_err(), "nothing would change");
    }
    let none = &Change::Criterion(99, true);
    assert_eq!(edit(Path::new(path), text, task, none).unwrap_err(), "the task has no such criterion");
}

#[test]
fn what_cannot_be_written_is_refused_with_a_reason() {
    let refused = |path: &str, text: &str, title: &str, change| {
        changed(path, text, &named(path, text, title), change).expect_err("it was written")
    };
    let text = "- [ ] a\n- [x] b\n";
    let review = &Change::Status(TaskStatus::Review, None);
    assert_eq!(
        refused("TODO.md", text, "a", review),
        "no box in this file says review; check lists know todo and done"
    );
    assert_eq!(refused("TODO.md", text, "a", &Change::Status(TaskStatus::Todo, None)), "it is todo already");
    let merging = "- [ ] a\n<<<<<<< HEAD\n- [x] b\n=======\n- [ ] b\n>>>>>>> x\n";
    let done = &Change::Status(TaskStatus::Done, None);
    assert_eq!(refused("TODO.md", merging, "a", done), "the file is in the middle of a merge; resolve it first");
    let gone = named("TODO.md", text, "a");
    assert_eq!(
        changed("TODO.md", "\n- [ ] a\n", &gone, done).unwrap_err(),
        "the task does not stand on its line any more"
    );
    assert_eq!(
        changed("TODO.md", "# 📋\n- 🔲 a\nLegend: 🔲 = todo\n", &gone, done).unwrap_err(),
        "the file is not written in that format any more"
    );
}

#[test]
fn a_title_that_was_hidden_finds_its_task_again() {
    let text = "- [ ] Rotate it\n";
    let task = Task { title: "Rotate [redacted]".to_owned(), ..named("TODO.md", text, "Rotate it") };
    let after = changed("TODO.md", text, &task, &Change::Status(TaskStatus::Done, None));
    assert_eq!(after.as_deref(), Ok("- [x] Rotate it\n"));
}

#[test]
fn a_task_without_a_status_gets_one_in_front_of_its_fields() {
    let path = ".taskmaster/tasks/tasks.json";
    let text = "{\"tasks\": [{ \"id\": 1, \"title\": \"a\" }, {\n  \"id\": 2,\n  \"title\": \"b\"\n}]}";
    for (title, was) in [("a", "\"id\": 1"), ("b", "\"id\": 2")] {
        let after = changed(path, text, &named(path, text, title), &Change::Status(TaskStatus::Done, None)).unwrap();
        assert_eq!(after, text.replace(was, &format!("\"status\": \"done\", {was}")));
    }
}

/// A board in Markdown: whatever text, and tasks in it.
fn markdown() -> impl Strategy<Value = String> {
    let task = prop::sample::select(vec![
        "- [ ] a",
        "  - [x] b",
        "- ✅ c",
        "## 🔄 d",
        "- 🔲 [ ] e ✅",
        "  - [ ] done",
        "1. ⏸ f",
        "### g",
        "Legend: ✅ Done | 🔄 Doing",
        "## BACKLOG",
    ]);
    prop::collection::vec((text(), task), 1..4)
        .prop_map(|parts| parts.into_iter().flat_map(|(text, task)| [text, format!("\n{task}\n")]).collect())
}

/// A Task Master file, on one line or several.
fn json() -> impl Strategy<Value = String> {
    let field =
        prop::sample::select(vec!["\"status\": \"done\"", "\"status\":null", "\"x\":[{}]", "\"status\" : \"odd\""]);
    let task = (1..4_u8, field, prop::sample::select(vec![" ", "\n", ""]));
    prop::collection::vec(task, 1..4).prop_map(|tasks| {
        let tasks =
            tasks.iter().map(|(id, field, space)| format!("{{{space}\"id\":{id},\"title\":\"t\",{space}{field}}}"));
        format!("{{\"tasks\":[{}]}}", tasks.collect::<Vec<_>>().join(","))
    })
}

/// A Backlog.md file, with whatever stands around its status.
fn backlog() -> impl Strategy<Value = String> {
    let status = prop::sample::select(vec!["In Progress", "\"To Do\"", "'Done'", "Done # really", "", "Odd", "  Review  "]);
    let end = prop::sample::select(vec!["\n", "\r\n"]);
    let field = prop::sample::select(vec!["labels: [a]", "# a comment", "priority: high  ", "statuses: x", "note: 'status: no'"]);
    let criterion = prop::sample::select(vec!["- [ ] #1 a", "- [x] #2 b", "text", "  - [ ] c", "<!-- AC:END -->"]);
    (status, end, prop::collection::vec(field, 0..3), prop::collection::vec(criterion, 0..5), text()).prop_map(
        |(status, end, fields, criteria, text)| {
            let head = ["---", "id: B-1", "title: t"].into_iter().map(str::to_owned);
            let status = std::iter::once(format!("status: {status}"));
            let fields: Vec<String> = fields.into_iter().enumerate().map(|(at, field)| field.replace(':', &format!("{at}:"))).collect();
            let body = ["---", "<!-- AC:BEGIN -->"].into_iter().map(str::to_owned);
            let lines = head.chain(fields).chain(status).chain(body).chain(criteria.into_iter().map(str::to_owned));
            lines.map(|line| line + end).collect::<String>() + &text
        },
    )
}

proptest! {
    /// Of every text that can be edited the bytes around the edit stay, and the tasks around the task.
    #[test]
    fn no_text_is_spoiled(
        (path, text) in prop_oneof![
            markdown().prop_map(|text| ("a.md", text)),
            json().prop_map(|text| ("tasks.json", text)),
            backlog().prop_map(|text| ("b.md", text)),
        ],
        pick in any::<prop::sample::Index>(),
        to in 0..6_usize,
    ) {
        let known = tasks(path, &text);
        prop_assume!(!known.is_empty());
        let at = pick.index(known.len());
        for change in [&Change::Status(STATUSES[to], None), &Change::Criterion(0, to % 2 == 0)] {
            let Ok(edit) = edit(Path::new(path), &text, &known[at], change) else { continue };
            let after = edit.apply(&text).expect("a range in the text");
            // Every other byte is the same, from both ends.
            prop_assert_eq!(after.get(..edit.range.start), text.get(..edit.range.start));
            prop_assert_eq!(after.get(edit.range.start + edit.text.len()..), text.get(edit.range.end..));
            prop_assert!(edit.range.len() <= 64 && edit.text.len() <= 64, "{:?}", edit);
            let now = tasks(path, &after);
            prop_assert_eq!(now.len(), known.len());
            let mut moved = 0;
            for (number, (old, new)) in known.iter().zip(&now).enumerate() {
                prop_assert_eq!((&old.id, &old.title, &old.origin), (&new.id, &new.title, &new.origin));
                moved += usize::from(old.status != new.status);
                if let Change::Criterion(..) = change && number == at {
                    prop_assert_eq!(old.status, new.status);
                }
            }
            if let Change::Status(wanted, _) = change {
                prop_assert_eq!((moved, now.iter().any(|task| task.status == *wanted)), (1, true));
            }
        }
    }
}
