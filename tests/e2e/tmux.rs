//! In a real tmux: panes, the clipboard, and stopping and continuing by the shell's job control.

use std::fs;
use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};

use crate::server::Tmux;
use crate::stage::Project;

fn program() -> &'static str {
    env!("CARGO_BIN_EXE_hnpwb")
}

#[test]
fn the_demo_runs_in_tmux_with_every_pane() {
    let project = Project::bare();
    let Some(tmux) = Tmux::start(&project, 200, 60, &format!("{} demo --speed 0.01", program())) else { return };
    for text in ["orchestrator", "in-progress", "feat", "connected", "synced", "following"] {
        tmux.see(text);
    }
    tmux.keys(&["q"]);
}

#[test]
fn a_brief_is_in_its_file_and_its_pointer_in_tmuxs_buffer() {
    let project = Project::new();
    let Some(tmux) = Tmux::start(&project, 160, 50, program()) else { return };
    tmux.see("Check the VLAN range");
    tmux.keys(&["1", "b", "Enter"]);
    tmux.see("lint: 0 errors");
    tmux.keys(&["C-s"]);
    tmux.see("copied through tmux, confirmed");
    let pointer = tmux.ask(&["show-buffer"]);
    let briefs = project.root().join(".hnpwb/briefs");
    let files = fs::read_dir(&briefs).expect("briefs").map(|entry| entry.expect("an entry").path());
    let file =
        files.into_iter().find(|file| file.extension().is_some_and(|extension| extension == "md")).expect("a brief");
    let name = file.file_name().expect("a name").to_string_lossy().into_owned();
    assert!(pointer.contains(&name), "{pointer}");
    assert_eq!(pointer.trim_end().lines().count(), 1, "{pointer}");
    let brief = fs::read_to_string(&file).expect("a brief");
    assert!(brief.contains("Check the VLAN range"), "{brief}");
    let journal = fs::read_to_string(project.root().join(".hnpwb/journal.jsonl")).expect("a journal");
    assert!(journal.contains("\"copy\"") && journal.contains(&name), "{journal}");
}

#[test]
fn ctrl_z_gives_the_shell_back_and_fg_the_workbench() {
    let project = Project::new();
    let Some(tmux) = Tmux::start(&project, 160, 50, "PS1='shell> ' sh -i") else { return };
    tmux.see("shell>");
    tmux.keys(&[program(), "Enter"]);
    tmux.see("Check the VLAN range");
    tmux.keys(&["C-z"]);
    tmux.wait("the shell", |shown| shown.trim_end().ends_with("shell>") && !shown.contains("VLAN"));
    tmux.keys(&["fg", "Enter"]);
    tmux.see("Check the VLAN range");
    tmux.keys(&["q"]);
    tmux.wait("the shell again", |shown| shown.trim_end().ends_with("shell>") && !shown.contains("VLAN"));
}

#[test]
fn a_stop_from_outside_gives_the_shell_back_and_fg_the_workbench() {
    let project = Project::new();
    // With exec the pane's process is the interactive shell itself, not one that waits for it.
    let Some(tmux) = Tmux::start(&project, 160, 50, "exec env 'PS1=shell> ' sh -i") else { return };
    tmux.see("shell>");
    tmux.keys(&[program(), "Enter"]);
    tmux.see("Check the VLAN range");
    let shell = tmux.ask(&["display-message", "-p", "#{pane_pid}"]);
    let shell = shell.trim();
    let children = fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).expect("the shell's children");
    let workbench = children.split_whitespace().next().and_then(|pid| pid.parse().ok()).and_then(Pid::from_raw);
    kill_process(workbench.expect("a child of the shell"), Signal::TSTP).expect("a process of ours");
    tmux.wait("the shell", |shown| shown.trim_end().ends_with("shell>") && !shown.contains("VLAN"));
    tmux.keys(&["fg", "Enter"]);
    tmux.see("Check the VLAN range");
    tmux.keys(&["?"]);
    tmux.see("Keys");
}

#[test]
fn the_folder_of_a_brief_keeps_itself_out_of_git() {
    let project = Project::new();
    let Some(tmux) = Tmux::start(&project, 160, 50, program()) else { return };
    tmux.see("Check the VLAN range");
    tmux.keys(&["1", "b", "Enter"]);
    tmux.see("lint: 0 errors");
    tmux.keys(&["C-s"]);
    tmux.see("confirmed");
    let repository = project.repository();
    let mut untracked = git2::StatusOptions::new();
    let statuses = repository.statuses(Some(untracked.include_untracked(true))).expect("a status");
    let changed: Vec<_> = statuses.iter().filter_map(|entry| entry.path().ok().map(str::to_owned)).collect();
    assert!(changed.is_empty(), "{changed:?}");
    assert!(Path::new(&project.root().join(".hnpwb/.gitignore")).exists());
}
