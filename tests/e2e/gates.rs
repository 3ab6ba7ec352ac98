//! A gate asked for by a second process, decided by keys: the exit code and the reason are what scripts rely on.

use std::fs;
use std::process::{Child, Stdio};

use crate::screen::Screen;
use crate::stage::Project;

fn opened(project: &Project) -> Screen {
    let mut screen = project.launch().open();
    let socket = project.socket();
    screen.wait("the gate socket", |_| socket.exists());
    screen
}

fn request(project: &Project, screen: &mut Screen) -> Child {
    let arguments = [
        "gate",
        "request",
        "--title",
        "May I push?",
        "--detail",
        "git push origin main",
        "--subject",
        "commit=1a2b3c4",
    ];
    let child = project.command(&arguments).stdout(Stdio::piped()).spawn().expect("the program");
    screen.see("May I push?");
    child
}

fn answer(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().expect("an answer");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn an_approved_gate_exits_with_zero_and_says_so() {
    let project = Project::new();
    let mut screen = opened(&project);
    let mut child = request(&project, &mut screen);
    screen.keys("na");
    screen.see("git push origin main");
    screen.see("1a2b3c4");
    assert!(child.try_wait().expect("a child").is_none(), "it waits while the operator reads");
    screen.keys("y");
    let (code, said) = answer(child);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("approved by the operator"), "{said}");
    let audit = project.run(&["audit", "verify"]);
    assert!(audit.status.success(), "{audit:?}");
    let journal = fs::read_to_string(project.root().join(".hnpwb/journal.jsonl")).expect("a journal");
    assert!(journal.contains("May I push?"), "{journal}");
}

#[test]
fn a_rejected_gate_exits_with_one_and_hands_the_reason_over() {
    let project = Project::new();
    let mut screen = opened(&project);
    let child = request(&project, &mut screen);
    screen.keys("nx");
    screen.keys("run the tests first");
    screen.see("run the tests first");
    screen.keys("\r");
    screen.see("Reject?");
    screen.keys("y");
    let (code, said) = answer(child);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("run the tests first"), "{said}");
}

#[test]
fn a_gate_whose_asker_goes_away_is_abandoned() {
    let project = Project::new();
    let mut screen = opened(&project);
    let mut child = request(&project, &mut screen);
    child.kill().expect("its end");
    child.wait().expect("its end");
    screen.wait("the queue to clear", |text| !text.contains("gate held"));
    screen.see("abandoned");
}

#[test]
fn quitting_refuses_whoever_waits_after_asking() {
    let project = Project::new();
    let mut screen = opened(&project);
    let child = request(&project, &mut screen);
    screen.keys("q");
    screen.see("Quit?");
    screen.keys("y");
    assert!(screen.end().success());
    let (code, said) = answer(child);
    assert_eq!(code, Some(4), "{said}");
}

#[test]
fn without_a_workbench_a_request_is_unavailable() {
    let project = Project::new();
    let output = project.run(&["gate", "request", "--title", "Anyone?"]);
    assert_eq!(output.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&output.stderr).contains("start hnpwb"), "{output:?}");
}
