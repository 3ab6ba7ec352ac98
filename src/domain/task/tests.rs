//! Whole files in every format, and what no file may bring about.

use std::path::Path;

use proptest::prelude::*;

use super::{Criteria, FORMATS, Parsed, Task, TaskStatus, is_board_file, parse, shared};

pub(super) const TRACKER: &str = include_str!("../../../tests/fixtures/boards/TASK_TRACKING.md");
pub(super) const TODO: &str = include_str!("../../../tests/fixtures/boards/TODO.md");
pub(super) const TASK_MASTER: &str = include_str!("../../../tests/fixtures/boards/.taskmaster/tasks/tasks.json");
pub(super) const BACKLOG: &str = include_str!("../../../tests/fixtures/boards/backlog/tasks/hnp-7 - Show-drift.md");

fn tracker() -> Parsed {
    parse(Path::new("TASK_TRACKING.md"), TRACKER)
}

fn find<'a>(parsed: &'a Parsed, title: &str) -> &'a Task {
    parsed.tasks.iter().find(|task| task.title == title).unwrap_or_else(|| panic!("no task {title}: {parsed:#?}"))
}

#[test]
fn a_tracker_lists_what_a_person_would_list() {
    use TaskStatus::{Blocked, Done, InProgress, Other, Review, Todo};
    let parsed = tracker();
    let seen: Vec<(&str, TaskStatus, &str)> =
        parsed.tasks.iter().map(|task| (task.title.as_str(), task.status, task.raw_status.as_str())).collect();
    assert_eq!(
        seen,
        [
            ("1. Read the fabric's directory", Done, "✅"),
            ("2. Compare desired and live", InProgress, "🔄"),
            ("Canonical form: numbers, durations, quantities", Done, "✅"),
            ("Field ownership", InProgress, "🔄"),
            ("Secrets are never compared in full", Todo, "🔲"),
            ("Clock for grace", Todo, "🔲"),
            ("Speed over 5,000 objects", Other, "❌"),
            ("Sync status API", Done, "✅"),
            ("Field list ALL", Other, "❌"),
            ("External peering", Blocked, "⏸️"),
            ("Which cluster is the reference?", Review, "❓"),
            ("Set up the repository", Done, "COMPLETED TASKS"),
            ("Choose the licence", Done, "✅"),
            ("Write the decision log - see `docs/adr`", Done, "COMPLETED TASKS"),
            ("Watch more than one cluster", Todo, "BACKLOG"),
            ("Prototype of the status line", Done, "✅"),
            ("Import of old trackers", Todo, "[ ]"),
            ("Dark theme", Todo, "BACKLOG"),
            ("Light theme", Todo, "BACKLOG"),
            ("Phase 3: Hardening", Todo, "🔲"),
            ("Fuzz the parser", Todo, "🔲"),
            ("Rate limits", Blocked, "⏸️"),
            ("Fuzz the parser", Todo, "🔲"),
        ]
    );
    assert!(parsed.tasks.iter().all(|task| task.format == "emoji"));
}

#[test]
fn a_long_tracker_with_every_trap_lists_what_was_written_down_by_hand() {
    let text = include_str!("../../../tests/fixtures/boards/long/PROJECT_TRACKING.md");
    let wanted = include_str!("../../../tests/fixtures/boards/long/PROJECT_TRACKING.expected");
    assert!(text.lines().count() >= 150);
    let listed = |text: &str| -> Vec<String> {
        let tasks = parse(Path::new("PROJECT_TRACKING.md"), text).tasks;
        tasks.iter().map(|task| format!("{:<11} {}   {}", task.status.name(), task.raw_status, task.title)).collect()
    };
    let wanted: Vec<&str> = wanted.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(listed(text), wanted);
    assert_eq!(listed(&text.replace('\n', "\r\n")), wanted);
    let parsed = parse(Path::new("PROJECT_TRACKING.md"), text);
    let write = find(&parsed, "T-201 Write one file back");
    assert_eq!(
        (write.assignee.as_deref(), write.depends_on.join(" ")),
        (Some("writer-engineer"), "T-101 T-102".to_owned())
    );
    assert_eq!(write.criteria, Criteria { done: 2, total: 3 });
    assert_eq!(find(&parsed, "Rotate the tokens").assignee.as_deref(), Some("platform-engineer"));
}

#[test]
fn a_tracked_task_keeps_its_place_its_notes_and_its_criteria() {
    let parsed = tracker();
    let read = find(&parsed, "1. Read the fabric's directory");
    assert_eq!(TRACKER.lines().nth(read.origin.line as usize - 1), Some("### ✅ 1. Read the fabric's directory"));
    assert_eq!(read.criteria, Criteria { done: 2, total: 2 });
    assert_eq!(read.assignee.as_deref(), Some("fabric-specialist"));
    assert!(read.body.starts_with("- Walks `gitops/fabric-1`") && read.body.contains("nested note"));
    assert_eq!(find(&parsed, "Field ownership").body, "  - a bullet without a mark is a note");
    assert_eq!(
        find(&parsed, "Secrets are never compared in full").section.as_deref(),
        Some("2. Compare desired and live")
    );
    assert_eq!(find(&parsed, "Dark theme").section.as_deref(), Some("User interface"));
}

#[test]
fn a_task_with_an_id_a_name_and_a_dependency_of_its_own_keeps_them() {
    let text = "- ⏸️ **T-303** Move it out, waits for T-302 *(sync-engineer)*\n- 🔄 **T-302** Retry *(other)*\n";
    let parsed = parse(Path::new("TASK_TRACKING.md"), text);
    let task = &parsed.tasks[0];
    assert_eq!((task.id.as_str(), task.title.as_str()), ("T-303", "T-303 Move it out, waits for T-302"));
    assert_eq!(
        (task.assignee.as_deref(), task.depends_on.as_slice()),
        (Some("sync-engineer"), &["T-302".to_owned()][..])
    );
}

#[test]
fn ids_stay_while_lines_move_and_statuses_change() {
    let ids = |text: &str| -> Vec<String> {
        parse(Path::new("TASK_TRACKING.md"), text).tasks.into_iter().map(|task| task.id).collect()
    };
    let before = ids(TRACKER);
    let mut distinct = before.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), before.len());
    let moved = TRACKER.replace("## 📊 Overview\n", "## 📊 Overview\n\nMore.\n\n").replace("- 🔄 Field", "- ✅ Field");
    assert_eq!(ids(&moved), before);
}

#[test]
fn a_byte_order_mark_and_other_line_endings_change_nothing_but_the_file() {
    let parsed = tracker();
    let windows = format!("\u{feff}{}", TRACKER.replace('\n', "\r\n"));
    let seen = |parsed: &Parsed| -> Vec<(String, TaskStatus, u32)> {
        parsed.tasks.iter().map(|task| (task.id.clone(), task.status, task.origin.line)).collect()
    };
    assert_eq!(seen(&parse(Path::new("TASK_TRACKING.md"), &windows)), seen(&parsed));
}

#[test]
fn each_file_is_read_by_its_own_format() {
    let cases = [
        ("TASK_TRACKING.md", TRACKER, "emoji", 23),
        ("TODO.md", TODO, "checklist", 5),
        (".taskmaster/tasks/tasks.json", TASK_MASTER, "task-master", 5),
        ("backlog/tasks/hnp-7 - Show-drift.md", BACKLOG, "backlog", 1),
    ];
    for (path, text, format, count) in cases {
        let parsed = parse(Path::new(path), text);
        assert_eq!(parsed.tasks.len(), count, "{path}");
        assert!(parsed.tasks.iter().all(|task| task.format == format), "{path}");
    }
}

#[test]
fn a_file_without_tasks_says_so_and_an_empty_one_is_silent() {
    let prose = parse(Path::new("TODO.md"), "Nothing to see here, and no ✅ either.\n");
    assert_eq!((prose.tasks.len(), prose.findings.len()), (0, 1));
    assert_eq!(parse(Path::new("TODO.md"), "\u{feff} \n"), Parsed::default());
    assert_eq!(parse(Path::new("TODO.md"), " \n"), Parsed::default());
}

#[test]
fn the_same_id_in_two_files_is_told_apart() {
    let read = |path: &str| shared(parse(Path::new(path), "- 🔲 **T-1** a\n").tasks);
    let mut tasks = [read("TASKS.md"), read("b/TODO.md"), read("c/TODO.md")].concat();
    super::distinguish(&mut tasks);
    let ids: Vec<&str> = tasks.iter().map(|task| task.id.as_str()).collect();
    assert_eq!(ids, ["T-1", "TODO/T-1", "TODO/T-1-2"]);
}

#[test]
fn an_unfinished_merge_is_named_with_its_line() {
    let parsed = parse(Path::new("TODO.md"), "- [ ] a\n<<<<<<< HEAD\n- [x] b\n=======\n- [ ] b\n>>>>>>> x\n");
    assert_eq!(parsed.tasks.len(), 3);
    assert_eq!(parsed.findings[0].on, "TODO.md:2");
}

#[test]
fn huge_files_are_read_as_far_as_anybody_could_and_say_so() {
    let list = "- [ ] the same title\n".repeat(50_000);
    let marks = format!("- {}\n- ✅ a\n", "✅".repeat(200_000));
    let json = format!("{{\"tasks\": [{}]}}", vec!["3"; 20_000].join(","));
    let waits: Vec<String> = (0..20_000).map(|n| format!("waits for A-{n}")).collect();
    let waits = format!("- 🔲 a\n  {}\n", waits.join(" "));
    let long = parse(Path::new("TODO.md"), &list);
    assert_eq!((long.tasks.len(), long.findings.len()), (super::MAX_TASKS, 1));
    assert_eq!(parse(Path::new("TODO.md"), &marks).tasks.len(), 1);
    assert_eq!(parse(Path::new("tasks.json"), &json).findings.len(), 100);
    assert_eq!(parse(Path::new("TODO.md"), &waits).tasks[0].depends_on.len(), 64);
}

#[test]
fn names_of_board_files_are_known() {
    for path in [
        "project_management/TASK_TRACKING.md",
        "TODO.md",
        "a/tasks.MD",
        ".taskmaster/tasks/tasks.json",
        ".taskmaster/tasks.json",
        "backlog/tasks/hnp-7 - Show-drift.md",
        ".backlog/drafts/x.md",
    ] {
        assert!(is_board_file(Path::new(path)), "{path}");
    }
    for path in
        ["README.md", "tasks.json", "src/tasks.rs", "backlog/tasks/readme.md", "backlog/docs/a.md", "tasks", "", "/"]
    {
        assert!(!is_board_file(Path::new(path)), "{path}");
    }
}

/// Files put together from the pieces that the formats look for.
pub(super) fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => proptest::sample::select(vec![
            "\n", "\r\n", "\n\n", "\r", " ", "  ", "\t", "# ", "## ", "### ", "- ", "* ", "1. ", "[ ] ", "[x] ", "[", "]", "✅", "🔄",
            "🔲", "⏸️", "❓", "❌", "🟢", "\u{fe0f}", "Legend: ", " | ", "=", "Done", "In Progress", "BACKLOG", "COMPLETED",
            "```", "~~~", "<!--", "-->", "---\n", "id: 1\n", "title: a\n", "status: b\n", "**", "<!-- AC:BEGIN -->",
            "{", "}", "\"tasks\":", "{\"tasks\":[{\"id\":1,\"title\":\"t\"}]}", "Owner: x", "\u{feff}", "<<<<<<< ",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,8}",
        1 => any::<String>(),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_text_makes_a_format_panic_or_invent_a_line(text in text()) {
        let lines = text.lines().count().max(1);
        for name in ["a.md", "tasks.json"] {
            let path = Path::new(name);
            let each = FORMATS.iter().map(|format| format.parse(path, &text)).chain([parse(path, &text)]);
            for parsed in each {
                for task in &parsed.tasks {
                    prop_assert!((1..=lines).contains(&(task.origin.line as usize)), "{:?}", task);
                    prop_assert!(!task.title.is_empty() && !task.id.is_empty());
                }
                let mut ids: Vec<&str> = parsed.tasks.iter().map(|task| task.id.as_str()).collect();
                ids.sort_unstable();
                ids.dedup();
                prop_assert_eq!(ids.len(), parsed.tasks.len(), "ids are distinct");
            }
        }
    }

    #[test]
    fn a_cross_is_never_done(words in "[a-z ]{1,12}", legend in "[A-Za-z ]{0,12}") {
        let text = format!("Legend: ❌ {legend} | ❌ = Done\n\n- ❌ x{words}\n### x{words} ❌ done\n");
        let parsed = parse(Path::new("a.md"), &text);
        prop_assert!(!parsed.tasks.is_empty());
        prop_assert!(parsed.tasks.iter().all(|task| task.status != TaskStatus::Done), "{:?}", parsed.tasks);
    }
}

#[test]
fn an_id_made_from_a_title_has_no_secret_in_it() {
    let secret = ["gh", "p_", &"a1B2".repeat(9)].concat();
    let text = format!("# Plan {secret}\n\n- [ ] Rotate {secret}\n- [ ] Rotate {secret}\n- [ ] Rotate {secret}\n");
    let tasks = parse(Path::new("TODO.md"), &text).tasks;
    assert_eq!(tasks.len(), 3);
    for task in tasks {
        let task = task.redacted(&crate::domain::redact::Redactor::default());
        assert!(!task.id.to_lowercase().contains("a1b2a1b2") && task.id.contains("rotate-redacted"), "{}", task.id);
    }
}
