//! The same by keys: from the list of briefs to the pane, and what happens when that is another one by then.

use std::fs;

use super::receiver::{Manner, command, got, prompts, ready};
use crate::server::Tmux;
use crate::stage::Project;

/// A project with a brief, a receiver in the first window and the workbench in the second, which shows what is to be sent.
fn shown() -> Option<(Project, Tmux)> {
    let project = Project::new();
    let tmux = Tmux::start(&project, 160, 50, &command(&project, &Manner::default()))?;
    ready(&tmux, &project);
    let task = super::first_task(&project);
    assert!(project.run(&["brief", "new", "--task", &task, "--agent", "receiver"]).status.success());
    // It takes the environment of the server, which is that of the project.
    let root = project.root().display().to_string();
    tmux.ask(&["new-window", "-c", &root, env!("CARGO_BIN_EXE_hnpwb")]);
    tmux.see("receiver");
    tmux.keys(&["2", "B"]);
    tmux.see("Check the VLAN range");
    tmux.see("never");
    tmux.keys(&["Enter"]);
    tmux.wait("what is to be sent", |shown| {
        shown.contains("in the way   nothing") && shown.contains("Read .hnpwb/briefs/0001")
    });
    Some((project, tmux))
}

#[test]
fn a_brief_is_delivered_by_keys_and_its_line_is_told() {
    let Some((project, tmux)) = shown() else { return };
    tmux.keys(&["Enter"]);
    tmux.see("delivered: line 2 of");
    assert_eq!(prompts(&project).len(), 1);
    tmux.keys(&["B"]);
    tmux.see("delivered");
    tmux.keys(&["Enter"]);
    tmux.see("in the way   nothing");
    tmux.keys(&["Enter"]);
    tmux.see("has reached it already");
    tmux.keys(&["n"]);
    tmux.see("nothing was done");
    assert_eq!(prompts(&project).len(), 1, "no is the default");
    tmux.keys(&["2", "i"]);
    tmux.see("0001 Check the VLAN range");
}

#[test]
fn a_pane_that_was_started_anew_or_shows_another_program_is_not_sent_to() {
    let Some((project, tmux)) = shown() else { return };
    tmux.ask(&["respawn-pane", "-k", "-t", "0:0", "cat"]);
    refused(&project, &tmux);
    assert!(!tmux.ask(&["capture-pane", "-p", "-t", "0:0"]).contains("Read"), "nothing was typed there");
}

#[test]
fn a_pane_that_was_closed_is_not_sent_to() {
    let Some((project, tmux)) = shown() else { return };
    tmux.ask(&["kill-pane", "-t", "0:0"]);
    refused(&project, &tmux);
}

/// Sends, and is refused: by the workbench, when it has seen by then that the agent is gone, else by the look before the paste, which
/// then stands in the journal.
fn refused(project: &Project, tmux: &Tmux) {
    tmux.keys(&["Enter"]);
    tmux.wait("a refusal", |shown| {
        let seen = shown.lines().last().is_some_and(|said| said.contains("no running process of it is known"));
        seen || shown.contains("not delivered")
    });
    assert_eq!(got(project), "");
    let journal = fs::read_to_string(project.root().join(".hnpwb/journal.jsonl")).expect("a journal");
    assert!(!journal.contains("\"outcome\":\"delivered\""), "{journal}");
    let begun = journal.matches("\"kind\":\"send\"").count();
    assert!(begun == journal.matches("not-delivered").count() && begun <= 1, "{journal}");
}

#[test]
fn a_draft_that_was_begun_meanwhile_is_left_alone() {
    let Some((project, tmux)) = shown() else { return };
    tmux.ask(&["send-keys", "-t", "0:0", "-l", "mine"]);
    tmux.wait("the draft", |_| got(&project) == "mine");
    tmux.keys(&["Enter"]);
    tmux.see("a draft stands in its input: mine");
    assert_eq!(got(&project), "mine");
}

/// A project with one saved brief.
fn with_brief() -> Project {
    let project = Project::new();
    let task = super::first_task(&project);
    assert!(project.run(&["brief", "new", "--task", &task]).status.success());
    project
}

#[test]
fn a_copy_in_a_nested_tmux_lands_in_the_outer_one_whatever_the_inner_one_is_set_to() {
    for setting in ["external", "off"] {
        let project = with_brief();
        let inner = project.path("inner").display().to_string();
        let command = format!("tmux -S {inner} -f /dev/null new-session {}", env!("CARGO_BIN_EXE_hnpwb"));
        let Some(outer) = Tmux::start(&project, 160, 50, &command) else { return };
        // The outer one stands for a terminal that takes OSC 52.
        outer.ask(&["set-option", "-s", "set-clipboard", "on"]);
        let nested = Tmux { socket: inner };
        outer.see("Check the VLAN range");
        nested.ask(&["set-option", "-s", "set-clipboard", setting]);
        outer.keys(&["B"]);
        outer.see("never");
        outer.keys(&["y"]);
        outer.see("copied through tmux, confirmed");
        outer.wait("the pointer in the outer one", |_| {
            outer.ask(&["show-buffer"]).starts_with("Read .hnpwb/briefs/0001")
        });
        assert!(nested.ask(&["show-buffer"]).starts_with("Read .hnpwb/briefs/0001"), "{setting}");
    }
}

#[test]
fn a_copy_without_tmux_and_without_a_display_is_not_called_sure_and_names_the_file() {
    let project = with_brief();
    let mut screen = project.launch().open();
    screen.see("Check the VLAN range");
    screen.keys("B");
    screen.see("never");
    screen.keys("y");
    screen.see("not confirmed; the text is in");
    let held = fs::read_to_string(project.root().join(".hnpwb/clipboard.txt")).expect("the text");
    assert!(held.starts_with("Read .hnpwb/briefs/0001"), "{held}");
}
