//! The board: a task is moved by keys, in its file.

use std::fs;

use crate::stage::Project;

#[test]
fn a_task_is_moved_in_its_file_and_taken_back() {
    let project = Project::new();
    let file = project.root().join("TASKS.md");
    let before = fs::read_to_string(&file).expect("the board");
    let mut screen = project.launch().size(120, 30).open();
    screen.see("Check the VLAN range");
    screen.keys("1m");
    screen.see("enter writes it into");
    screen.keys("G\r");
    screen.see("Check the VLAN range is done now");
    let moved = before.replace("- [ ] Check", "- [x] Check");
    assert_eq!(fs::read_to_string(&file).expect("the board"), moved);
    screen.wait("both tasks done", |text| text.contains("2 of 2 done"));
    screen.keys("u");
    screen.see("taken back");
    assert_eq!(fs::read_to_string(&file).expect("the board"), before);
    let journal = fs::read_to_string(project.root().join(".hnpwb/journal.jsonl")).expect("a journal");
    assert!(journal.contains("\"kind\":\"task\"") && journal.contains("\"kind\":\"task undo\""), "{journal}");
}
