//! A gate asked for by a second process, decided by keys: the exit code and the reason are what scripts rely on.

use std::fs;
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};

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

/// A signal to a workbench of ours.
fn signal(screen: &Screen, signal: Signal) {
    let pid = i32::try_from(screen.pid()).ok().and_then(Pid::from_raw);
    kill_process(pid.expect("a process id"), signal).expect("a signal");
}

#[test]
fn a_workbench_that_is_killed_approves_nothing() {
    let project = Project::new();
    let mut screen = opened(&project);
    let child = request(&project, &mut screen);
    signal(&screen, Signal::KILL);
    let (code, said) = answer(child);
    assert_eq!(code, Some(4), "{said}");
}

#[test]
fn a_workbench_that_is_stopped_keeps_whoever_waits_and_decides_when_it_goes_on() {
    let project = Project::new();
    let mut screen = opened(&project);
    let mut child = request(&project, &mut screen);
    signal(&screen, Signal::STOP);
    // Whoever asks it now has the time that they gave themselves, and nothing is approved.
    let late = project.run(&["gate", "request", "--title", "Anyone?", "--timeout", "1s"]);
    assert_eq!(late.status.code(), Some(3), "{late:?}");
    assert!(child.try_wait().expect("a child").is_none(), "the first one still waits");
    signal(&screen, Signal::CONT);
    screen.keys("n");
    screen.see("May I push?");
    screen.keys("x");
    screen.keys("not now");
    screen.keys("\r");
    screen.see("Reject?");
    screen.keys("y");
    assert_eq!(answer(child).0, Some(1));
}

#[test]
fn a_request_that_waits_for_a_workbench_is_shown_by_the_next_one() {
    let project = Project::new();
    let mut screen = opened(&project);
    let arguments = ["gate", "request", "--title", "May I push?", "--wait", "--timeout", "5m"];
    let child = project.command(&arguments).stdout(Stdio::piped()).spawn().expect("the program");
    screen.see("May I push?");
    signal(&screen, Signal::KILL);
    drop(screen);
    let mut screen = opened(&project);
    screen.see("May I push?");
    screen.keys("na");
    screen.see("Approve?");
    screen.keys("y");
    assert_eq!(answer(child).0, Some(0));
}

#[test]
fn a_second_workbench_shows_the_gates_and_leaves_them_to_the_first() {
    let project = Project::new();
    let mut first = opened(&project);
    let mut second = project.launch().open();
    second.see("another workbench");
    let child = request(&project, &mut first);
    second.see("May I push?");
    for key in ["na", "x"] {
        second.keys(key);
        second.see("gates are not decided here");
    }
    second.keys("\r");
    second.see("git push origin main");
    second.keys("\u{1b}");
    first.keys("na");
    first.see("Approve?");
    first.keys("y");
    assert_eq!(answer(child).0, Some(0));
    second.wait("the gate to go", |text| !text.contains("gate held"));
    // What waits, waits for the first: the second quits without a word, and nobody is refused.
    let child = request(&project, &mut first);
    second.see("gate held");
    second.keys("q");
    assert!(second.end().success());
    first.keys("na");
    first.see("Approve?");
    first.keys("y");
    assert_eq!(answer(child).0, Some(0));
    let journal = fs::read_to_string(project.root().join(".hnpwb/journal.jsonl")).expect("a journal");
    assert!(!journal.contains("abandoned"), "{journal}");
}

#[test]
fn a_second_workbench_says_when_the_first_has_ended() {
    let project = Project::new();
    let first = opened(&project);
    let mut second = project.launch().open();
    second.see("another workbench");
    signal(&first, Signal::KILL);
    second.keys("n");
    second.see("has ended");
}

#[test]
fn a_dangerous_request_wants_its_word_and_one_whose_condition_is_not_met_an_override() {
    let project = Project::new();
    let mut screen = opened(&project);
    for (more, word) in [(["--danger", ""], "approve"), (["--require", "context-loaded:nowhere.md"], "override")] {
        let title = format!("May I {word}?");
        let arguments = ["gate", "request", "--title", &title];
        let arguments = arguments.into_iter().chain(more.into_iter().filter(|word| !word.is_empty()));
        let child =
            project.command(&arguments.collect::<Vec<_>>()).stdout(Stdio::piped()).spawn().expect("the program");
        screen.see(&title);
        screen.keys("na");
        screen.see(&format!("type {word} to approve"));
        screen.keys("y\r");
        screen.see("nothing was decided");
        screen.keys("\u{7f}");
        screen.keys(word);
        screen.keys("\r");
        assert_eq!(answer(child).0, Some(0), "{word}");
        screen.wait("an empty queue", |text| !text.contains("gate held"));
    }
    let journal = fs::read_to_string(project.root().join(".hnpwb/journal.jsonl")).expect("a journal");
    assert!(journal.contains("context-loaded:nowhere.md: it is not known what the agent did"), "{journal}");
}

#[test]
fn rules_that_somebody_changes_are_shown_and_count_when_a_key_says_so() {
    let project = Project::new();
    let file = project.root().join("hnpwb.toml");
    fs::write(&file, "[gates]\nsets = []\n\n[[gate]]\nname = \"push\"\nmatches = \"git push\"\n").expect("a file");
    let mut screen = opened(&project);
    let held = |project: &Project| project.run(&["gate", "test", "git push"]).status.code() == Some(1);
    assert!(held(&project));
    fs::write(&file, "[gates]\nsets = []\n").expect("a file");
    screen.see("hnpwb.toml");
    screen.see("rules");
    assert!(held(&project), "what was accepted is in force");
    screen.keys("n\r");
    screen.see("Accept?");
    screen.see("matches = \"git push\"");
    screen.keys("y");
    screen.see("in force");
    assert!(!held(&project));
}
