//! What trackers say about themselves.

use std::path::Path;

use proptest::prelude::*;

use super::super::tests::{TODO, TRACKER, text};
use super::{Said, findings, statements};
use crate::domain::task::parse;

/// Line and reason of what is found.
fn found(text: &str) -> Vec<(String, String)> {
    let parsed = parse(Path::new("TASKS.md"), text);
    parsed.findings.into_iter().map(|fault| (fault.on, fault.why)).collect()
}

fn lines_of(text: &str) -> Vec<String> {
    found(text).into_iter().map(|(on, _)| on.trim_start_matches("TASKS.md:").to_owned()).collect()
}

const TASKS: &str = "## Tasks\n\n- ✅ a\n- ✅ b\n- 🔄 c\n- 🔲 d\n";

#[test]
fn a_counter_that_the_lines_contradict_is_found_with_both_numbers() {
    let text = format!("# Plan\n\n- Completed: 1\n- In Progress: 1\n- Total: 4\n\n{TASKS}");
    let why = "it says 1 done, and its lines say 2".to_owned();
    assert_eq!(found(&text), [("TASKS.md:3".to_owned(), why)]);
    for (said, why) in [
        ("**Completed:** 3 tasks", "it says 3 done, and its lines say 2"),
        ("Progress: 3/4 (75%)", "it says 3 of 4 done, and its lines say 2 of 4"),
        ("3 of 4 tasks done", "it says 3 of 4 done, and its lines say 2 of 4"),
        ("Overall progress: 100 %", "it says 100 % done, and its lines say 2 of 4"),
        ("✅ Done: 2 | 🔄 In progress: 2 | 🔲 Todo: 1", "it says 2 in-progress, and its lines say 1"),
        ("| Completed | 4 |", "it says 4 done, and its lines say 2"),
        ("Total tasks: 9", "it says 9 in all, and its lines say 4"),
    ] {
        let whys: Vec<String> = found(&format!("{said}\n\n{TASKS}")).into_iter().map(|(_, why)| why).collect();
        assert_eq!(whys, [why], "{said}");
    }
}

#[test]
fn a_counter_that_is_right_by_any_way_of_counting_is_no_finding() {
    for said in ["Completed: 2", "Progress: 50%", "2 of 4 done", "Done: 2 (half of them)", "| Done | 2 |", "Tasks: 4"] {
        assert_eq!(found(&format!("{said}\n\n{TASKS}")), [], "{said}");
    }
    // By section, by headings alone, by boxes.
    let text = "# A\nCompleted: 1\n- ✅ a\n- 🔄 b\n# B\nCompleted: 2\n- ✅ c\n- ✅ d\n";
    assert_eq!(found(text), []);
    let text = "Done: 1\n\n### ✅ One\n- ✅ a\n- ✅ b\n### 🔄 Two\n- 🔄 c\n";
    assert_eq!(found(text), []);
    assert_eq!(found("Progress: 1/3\n\n### 🔄 One\n- [x] a\n- [ ] b\n- [ ] c\n"), []);
    // Thirds, however they were rounded.
    for percent in [33, 34] {
        assert_eq!(found(&format!("Progress: {percent} %\n\n- ✅ a\n- 🔄 b\n- 🔲 c\n")), []);
    }
}

#[test]
fn numbers_of_other_things_are_not_counters() {
    for line in [
        "Completed: 2026-01-05",
        "Completed: 3 days ago",
        "Done: 1.2.0",
        "Total cost: 12",
        "Version 3 of 4 done",
        "In progress: see 12",
        "Progress: 120 %",
        "We completed: 9 things",
        "Pending: 10:30",
    ] {
        assert_eq!(statements(line).iter().filter(|said| **said != Said::Percent(120)).count(), 0, "{line}");
        assert_eq!(found(&format!("{line}\n\n{TASKS}")), [], "{line}");
    }
    assert_eq!(lines_of(&format!("```\nCompleted: 9\n```\n\n{TASKS}")), Vec::<String>::new(), "an example");
}

#[test]
fn what_says_that_all_is_done_above_what_is_not_is_found() {
    let text = "## Field list ALL ✅\n\n- ✅ a\n- ❌ b (50 %)\n- 🔄 c\n\n## Other\n\n- 🔄 d\n";
    let why = "it says that all is done, and b (50 %) in line 4 is not and 1 more".to_owned();
    assert_eq!(found(text), [("TASKS.md:1".to_owned(), why)]);
    assert_eq!(lines_of("- ✅ a (100%)\n  - 🔲 b\n- 🔲 c\n"), ["1"]);
    assert_eq!(lines_of("## ✅ a **100%**\n- ✅ b\n## 🔄 c\n"), Vec::<String>::new());
    assert_eq!(lines_of("## We want ALL of it\n- 🔄 b\n"), Vec::<String>::new());
    assert_eq!(found("### Field list ALL ✅ (50% ❌)\n")[0].1, "it says that all is done, and ❌ besides");
}

#[test]
fn of_whole_trackers_only_the_lie_is_found() {
    assert_eq!(lines_of(TRACKER), ["47"]);
    assert_eq!(lines_of(TODO), Vec::<String>::new());
}

proptest! {
    #[test]
    fn no_text_makes_it_panic_or_invent_a_line(text in text(), said in "(Completed|Total|Progress): ?[0-9]{1,12}(/[0-9]{1,11}|%| of 3)?") {
        let text = format!("{text}\n{said}\n- ✅ a\n{text}");
        let tasks = parse(Path::new("a.md"), &text).tasks;
        let count = text.lines().count();
        for fault in findings(Path::new("a.md"), &text, &tasks) {
            let line: usize = fault.on.trim_start_matches("a.md:").parse().expect("a line");
            prop_assert!((1..=count).contains(&line), "{:?}", fault);
        }
    }
}
