//! Prompts delivered into the panes of a real tmux, to programs that note what they get.

mod receiver;
mod screen;

use std::fs;
use std::process::{Output, Stdio};

use serde_json::Value;

use crate::server::Tmux;
use crate::stage::Project;
use receiver::{Manner, command, got, holds, prompts, ready};

/// A project with a receiver in a pane; none without tmux.
fn stage(manner: &Manner) -> Option<(Project, Tmux)> {
    let project = Project::new();
    let tmux = Tmux::start(&project, 120, 40, &command(&project, manner))?;
    ready(&tmux, &project);
    Some((project, tmux))
}

/// Sends a text with `hnpwb brief send`; answers its exit code and its JSON.
fn send(project: &Project, text: &str, more: &[&str]) -> (Option<i32>, Value) {
    let file = project.path("text");
    fs::write(&file, text).expect("a file");
    let arguments = ["brief", "send", "--text", "-", "--agent", "receiver", "-o", "json"];
    let output =
        project.command(&[&arguments[..], more].concat()).stdin(fs::File::open(file).expect("a file")).output();
    read(&output.expect("the program"))
}

fn read(output: &Output) -> (Option<i32>, Value) {
    let json = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), if json == Value::Null { Value::String(said) } else { json })
}

fn journal(project: &Project) -> String {
    fs::read_to_string(project.root().join(".hnpwb/journal.jsonl")).unwrap_or_default()
}

#[test]
fn a_prompt_of_three_lines_arrives_as_one_and_is_proven_by_its_line() {
    let Some((project, tmux)) = stage(&Manner::default()) else { return };
    let (exit, sent) = send(&project, "one\ntwo\nthree", &[]);
    assert_eq!((exit, &sent["outcome"]), (Some(0), &Value::from("delivered")), "{sent}");
    assert_eq!(prompts(&project), ["one\ntwo\nthree"]);
    assert_eq!(got(&project), "\u{1b}[200~one\ntwo\nthree\u{1b}[201~\r");
    assert_eq!((&sent["line"], &sent["queued"]), (&Value::from(2), &Value::from(false)), "{sent}");
    let offset = usize::try_from(sent["offset"].as_u64().expect("an offset")).expect("an offset");
    let transcript = fs::read_to_string(project.transcript()).expect("a transcript");
    assert!(transcript[offset..].starts_with('{') && transcript[offset..].contains("one\\ntwo"), "{sent}");
    assert_eq!(tmux.ask(&["list-buffers"]), "", "no buffer is left behind");
    let journal = journal(&project);
    assert_eq!(journal.matches("\"kind\":\"send\"").count(), 2, "{journal}");
}

#[test]
fn a_brief_is_sent_once_and_a_second_time_only_when_that_is_said() {
    let Some((project, _tmux)) = stage(&Manner::default()) else { return };
    let new = project.run(&["brief", "new", "--task", "TASKS.md:3", "-o", "json"]);
    let new = if new.status.success() {
        new
    } else {
        project.run(&["brief", "new", "--task", &first_task(&project), "-o", "json"])
    };
    assert!(new.status.success(), "{}", String::from_utf8_lossy(&new.stderr));
    let again = |more: &[&str]| {
        read(&project.run(&[&["brief", "send", "1", "--agent", "receiver", "-o", "json"][..], more].concat()))
    };
    let (exit, sent) = again(&[]);
    assert_eq!(exit, Some(0), "{sent}");
    let (exit, refused) = again(&[]);
    assert!(exit == Some(1) && refused.to_string().contains("--again"), "{refused}");
    assert_eq!(again(&["--again"]).0, Some(0));
    let prompts = prompts(&project);
    assert!(
        prompts.len() == 2 && prompts.iter().all(|prompt| prompt.starts_with("Read .hnpwb/briefs/0001-")),
        "{prompts:?}"
    );
}

fn first_task(project: &Project) -> String {
    let status: Value = serde_json::from_slice(&project.run(&["status", "-o", "json"]).stdout).expect("a status");
    status["tasks"][0]["id"].as_str().expect("a task").to_owned()
}

#[test]
fn copy_mode_is_left_and_the_frame_of_the_paste_is_there() {
    let Some((project, tmux)) = stage(&Manner::default()) else { return };
    tmux.ask(&["copy-mode"]);
    let (exit, sent) = send(&project, "one\ntwo", &[]);
    assert_eq!(exit, Some(0), "{sent}");
    assert_eq!(got(&project), "\u{1b}[200~one\ntwo\u{1b}[201~\r");
}

#[test]
fn a_receiver_without_bracketed_paste_gets_one_prompt_too() {
    let Some((project, _tmux)) = stage(&Manner { bracketed: false, ..Manner::default() }) else { return };
    let (exit, sent) = send(&project, "Read it and do what it says.", &[]);
    assert_eq!(exit, Some(0), "{sent}");
    assert_eq!(got(&project), "Read it and do what it says.\r");
    // A program that tmux does not know to split lines is sent them only where its kind takes a line end for one.
    let (exit, sent) = send(&project, "one\ntwo", &[]);
    let whole = prompts(&project).last().map(String::as_str) == Some("one\ntwo");
    assert!(exit == Some(1) || whole, "{sent}");
}

#[test]
fn a_receiver_that_swallows_enter_is_not_sent_to_twice() {
    let Some((project, _tmux)) = stage(&Manner { swallows_enter: true, ..Manner::default() }) else { return };
    let (exit, sent) = send(&project, "Read it.", &[]);
    assert_eq!((exit, &sent["outcome"]), (Some(1), &Value::from("not-delivered")), "{sent}");
    assert!(sent["reason"].as_str().is_some_and(|why| why.contains("still stands in its input")), "{sent}");
    assert_eq!(got(&project), "\u{1b}[200~Read it.\u{1b}[201~\r");
    let (exit, sent) = send(&project, "Read it.", &[]);
    assert!(exit == Some(1) && sent["reason"].as_str().is_some_and(|why| why.contains("a draft stands")), "{sent}");
    assert_eq!(got(&project), "\u{1b}[200~Read it.\u{1b}[201~\r", "no second copy");
}

#[test]
fn what_stands_in_the_way_is_named_and_nothing_is_typed() {
    let cases = [
        (Manner { status: "waiting", ..Manner::default() }, "permission prompt"),
        (Manner { status: "busy", ..Manner::default() }, "at work"),
        (Manner { draft: "half typed", ..Manner::default() }, "a draft stands in its input: half typed"),
    ];
    for (manner, word) in cases {
        let Some((project, _tmux)) = stage(&manner) else { return };
        let (exit, sent) = send(&project, "Read it.", &[]);
        assert!(exit == Some(1) && sent["reason"].as_str().is_some_and(|why| why.contains(word)), "{word}: {sent}");
        assert_eq!(got(&project), "", "{word}");
        assert!(journal(&project).contains("not-delivered"), "{word}");
    }
}

#[test]
fn a_suggestion_is_no_draft_and_an_agent_at_work_is_sent_to_when_that_is_said() {
    let suggests = Manner { draft: "\u{1b}[2mTry \"fix it\"\u{1b}[22m", ..Manner::default() };
    let Some((project, _tmux)) = stage(&suggests) else { return };
    assert_eq!(send(&project, "Read it.", &[]).0, Some(0));
    let Some((project, _tmux)) = stage(&Manner { status: "busy", ..Manner::default() }) else { return };
    assert_eq!(send(&project, "Read it.", &["--while-working"]).0, Some(0));
    assert_eq!(prompts(&project), ["Read it."]);
}

#[test]
fn panes_that_would_share_the_keys_or_take_none_are_not_sent_to() {
    let Some((project, tmux)) = stage(&Manner::default()) else { return };
    tmux.ask(&["split-window", "-d", "cat"]);
    tmux.ask(&["set-option", "-w", "synchronize-panes", "on"]);
    let (exit, sent) = send(&project, "Read it.", &[]);
    assert!(exit == Some(1) && sent["reason"].as_str().is_some_and(|why| why.contains("synchronized")), "{sent}");
    tmux.ask(&["set-option", "-w", "synchronize-panes", "off"]);
    tmux.ask(&["select-pane", "-d"]);
    let (exit, sent) = send(&project, "Read it.", &[]);
    assert!(exit == Some(1) && sent["reason"].as_str().is_some_and(|why| why.contains("takes no input")), "{sent}");
    assert_eq!(got(&project), "");
    tmux.ask(&["select-pane", "-e"]);
    assert_eq!(send(&project, "Read it.", &[]).0, Some(0));
}

#[test]
fn long_and_hostile_texts_arrive_whole_and_harmless() {
    let Some((project, tmux)) = stage(&Manner::default()) else { return };
    let long = format!("Begin. {}", "word ".repeat(40_000));
    let many = "another line of a long text\n".repeat(9_000);
    for text in [long.as_str(), many.as_str(), &"x".repeat(200_000)] {
        let (exit, sent) = send(&project, text, &[]);
        assert_eq!(exit, Some(0), "{sent}");
        assert!(prompts(&project).last().is_some_and(|prompt| prompt == text.trim()), "{} bytes", text.len());
    }
    let count = prompts(&project).len();
    assert_eq!(count, 3);
    let (exit, sent) = send(&project, "a\u{1b}[201~\rb\u{3}\u{1b}[2Jc\u{9b}201~d", &[]);
    assert_eq!(exit, Some(0), "{sent}");
    assert_eq!(prompts(&project).split_off(count), ["a\nb[2Jcd"]);
    assert!(sent["changes"].as_array().is_some_and(|changes| changes.len() == 2), "{sent}");
    let (exit, _) = send(&project, "!rm -rf .", &[]);
    assert_eq!(exit, Some(1));
    drop(tmux);
}

#[test]
fn two_sendings_at_once_make_no_copy_and_no_mixture() {
    let Some((project, _tmux)) = stage(&Manner::default()) else { return };
    let start = |text: &str| {
        let mut command = project.command(&["brief", "send", "--text", text, "--agent", "receiver", "-o", "json"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program")
    };
    let both = [start("first of two"), start("second of two")];
    let ended = both.map(|child| read(&child.wait_with_output().expect("the program")));
    let arrived = ended.iter().filter(|(exit, _)| *exit == Some(0)).count();
    let prompts = prompts(&project);
    assert_eq!(prompts.len(), arrived, "{ended:?}\n{prompts:?}");
    assert!(arrived >= 1, "{ended:?}");
    for prompt in &prompts {
        assert!(prompt == "first of two" || prompt == "second of two", "{prompts:?}");
    }
    for (exit, sent) in &ended {
        let reason = sent["reason"].as_str().unwrap_or_default();
        let refused = reason.contains("another prompt is being sent") || reason.contains("a draft stands");
        assert!(*exit == Some(0) || refused, "{sent}");
    }
}

#[test]
fn an_agent_without_a_pane_is_said_to_have_none() {
    let Some((project, tmux)) = stage(&Manner::default()) else { return };
    tmux.ask(&["kill-server"]);
    let (exit, said) = send(&project, "Read it.", &[]);
    assert_eq!(exit, Some(4), "{said}");
    let (exit, said) = read(&project.run(&["brief", "send", "--text", "x", "--agent", "nobody"]));
    assert!(exit == Some(4) && said.to_string().contains("nobody"), "{said}");
    assert_eq!(read(&project.run(&["brief", "send", "--agent", "receiver"])).0, Some(2));
    assert_eq!(read(&project.run(&["brief", "send", "77", "--agent", "receiver"])).0, Some(2));
}

#[test]
fn a_crash_while_sending_leaves_a_history_that_says_so() {
    let Some((project, tmux)) = stage(&Manner { is_blind: true, ..Manner::default() }) else { return };
    let task = first_task(&project);
    assert!(project.run(&["brief", "new", "--task", &task]).status.success());
    let arguments = ["brief", "send", "1", "--agent", "receiver", "-o", "json"];
    let mut child =
        project.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program");
    // It waits for the text to show up, which this receiver never shows.
    holds(&tmux, &project.path("receiver/got"), "[201~");
    child.kill().expect("its end");
    child.wait().expect("its end");
    assert_eq!(journal(&project).matches("\"kind\":\"send\"").count(), 1);
    let (exit, said) = read(&project.run(&arguments));
    assert!(exit == Some(1) && said.to_string().contains("may have arrived"), "{said}");
    assert!(project.run(&["audit", "verify"]).status.success());
}
