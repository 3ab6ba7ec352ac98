//! Briefs: composed from a template by keys, filled, linted, saved; kept when the program dies; written and linted from a shell.

use std::fs;
use std::path::PathBuf;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::stage::{Project, files_below};

fn briefs(project: &Project) -> Vec<PathBuf> {
    let mut files = Vec::new();
    files_below(&project.root().join(".hnpwb/briefs"), &mut files);
    files.retain(|file| file.extension().is_some_and(|end| end == "md"));
    files.sort();
    files
}

#[test]
fn a_brief_is_composed_filled_linted_and_saved() {
    let project = Project::new();
    project
        .write("docs/vlan.md", "# VLAN ranges\n\nWhen to load: you touch a VLAN check.\n\n0 and 4095 are reserved.\n");
    let mut screen = project.launch().size(200, 60).open();
    screen.see("Check the VLAN range");
    screen.keys("1b");
    screen.see("Brief · Check the VLAN range");
    screen.see("research");
    // The templates for tasks come first, then those for anything.
    screen.keys("jjjjjj\r");
    screen.see("Find out: ⟦research.question⟧");
    screen.see("unfilled");
    screen.keys("\x13");
    screen.see("no value is given for research.question");
    // The cursor stands before the gap: it is taken out with the line's end, then written.
    screen.keys("\x0bwhy is VLAN 0 taken?");
    screen.see("Find out: why is VLAN 0 taken?");
    for value in ["why is VLAN 0 taken?", "it breaks the switch.", "an hour, with what you have by then."] {
        screen.keys("\x13");
        screen.see("no value is given for");
        screen.keys(&format!("\x0b{value}"));
        screen.see(value);
    }
    // A file that is not there is found, and one of the library is taken in.
    screen.keys("\x1b>\r- See `docs/gone.md`.");
    screen.see("`docs/gone.md` is not in the repository");
    screen.see("lint: 1 error");
    screen.keys("\x15\x1bi");
    screen.see("Library · ");
    screen.keys("vlan");
    screen.see("when to load: you touch a VLAN check.");
    screen.keys("\r");
    screen.see("Read `docs/vlan.md` (VLAN ranges) when needed");
    screen.see("lint: 0 errors");
    screen.see("to read");
    screen.keys("\x13");
    screen.see("brief /");
    let files = briefs(&project);
    assert_eq!(files.len(), 1, "the draft is over: {files:?}");
    let brief = fs::read_to_string(&files[0]).expect("the brief");
    assert!(brief.contains("template: \"research\"") && brief.contains("- Read `docs/vlan.md`"), "{brief}");
    assert!(!brief.contains('⟦') && brief.contains("\n- Stop after an hour"), "{brief}");
}

#[test]
fn a_draft_outlives_a_kill_and_is_offered_again() {
    let project = Project::new();
    let mut screen = project.launch().size(120, 30).open();
    screen.see("Check the VLAN range");
    screen.keys("1b\r");
    screen.see("lint: 0 errors");
    screen.keys("Written by hand. ");
    screen.wait("the draft on disk", |_| {
        let kept = project.root().join(".hnpwb/briefs/drafts");
        let files = fs::read_dir(kept).into_iter().flatten().flatten();
        // What is still being written has another name.
        files
            .into_iter()
            .filter(|file| file.path().extension().is_some_and(|end| end == "md"))
            .any(|file| fs::read_to_string(file.path()).is_ok_and(|text| text.contains("Written by hand.")))
    });
    let pid = Pid::from_raw(i32::try_from(screen.pid()).expect("a process id")).expect("a process id");
    kill_process(pid, Signal::KILL).expect("a process of ours");
    screen.end();
    let mut screen = project.launch().size(80, 24).open();
    screen.see("1 in all");
    screen.keys("1");
    screen.see("Check the VLAN range");
    screen.keys("b");
    screen.see("draft");
    screen.keys("\r");
    screen.see("Written by hand.");
    screen.keys("\t");
    screen.see("preview");
    screen.keys("\t");
    screen.see("Nothing was found.");
}

#[test]
fn the_operators_editor_has_the_terminal_and_what_it_leaves_is_taken() {
    let project = Project::new();
    let mut screen = project.launch().env("VISUAL", "sed -i 's/^# .*/# Edited outside/'").size(120, 30).open();
    screen.see("Check the VLAN range");
    screen.keys("1b\r");
    screen.see("lint: 0 errors");
    screen.keys("\x1be");
    screen.see("# Edited outside");
    screen.keys("\x13");
    screen.see("brief /");
    assert!(briefs(&project)[0].to_string_lossy().ends_with("0001-edited-outside.md"));
}

#[test]
fn a_shell_writes_lints_and_copies_briefs() {
    let project = Project::new();
    let run = |arguments: &[&str], code: i32| -> Value {
        let output = project.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap_or_default()
    };
    let status = run(&["status", "-o", "json"], 0);
    let task = status["tasks"][0]["id"].as_str().expect("a task").to_owned();
    let new = run(&["brief", "new", "--task", &task, "--agent", "vlan-specialist", "-o", "json"], 0);
    assert_eq!((new["template"].as_str(), new["unfilled"].as_array().map(Vec::len)), (Some("specialist"), Some(0)));
    assert!(new["tokens"].as_u64().is_some_and(|tokens| tokens > 100), "{new}");
    let clean = run(&["brief", "lint", "1", "-o", "json"], 0);
    assert_eq!((clean["schema"].as_str(), clean["errors"].as_u64()), (Some("hnpwb.brief-lint/1"), Some(0)), "{clean}");
    project.write("draft.md", "# Do it\n\nRead `docs/gone.md` on branch `nowhere`.\n");
    let bad = run(&["brief", "lint", "--offline", "draft.md", "-o", "json"], 1);
    let found: Vec<(u64, &str)> = bad["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .filter_map(|finding| Some((finding["line"].as_u64()?, finding["rule"].as_str()?)))
        .collect();
    assert!(found.contains(&(3, "missing-file")) && found.contains(&(3, "missing-branch")), "{found:?}");
    // Nothing but a file holds the text: no terminal is here.
    let copied = run(&["brief", "copy", "1", "-o", "json"], 1);
    assert_eq!((copied["route"].as_str(), copied["confirmed"].as_bool()), (Some("file"), Some(false)), "{copied}");
    let gap = run(&["brief", "new", "--template", "escalation", "-o", "json"], 1);
    assert!(gap["pointer"].is_null() && gap["unfilled"].as_array().is_some_and(|gaps| gaps.len() == 3), "{gap}");
}
