//! What the socket promises: one decision, bound to what was shown, to whoever still waits.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use hnpwb::domain::gate::wire::{Answer, GateRequest, Request};
use hnpwb::domain::gate::{Gate, GateState};
use hnpwb::event::{Done, GateNews};
use hnpwb::exec::{gate, journal};
use hnpwb::source::gates::client::{self, Unheard};
use hnpwb::source::gates::{self, MOST_WAITING};
use hnpwb::source::hooks::HookDesk;
use hnpwb::source::mailbox::mailbox;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::support::{Desk, approved, ask, push, rejected};

fn outcome(done: Done) -> Result<Timestamp, hnpwb::domain::fault::Fault> {
    match done {
        Done::Decided { outcome, .. } => outcome,
        other => panic!("not a decision: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_reaches_whoever_waits_with_its_reason_and_the_journal_has_it() {
    let mut desk = Desk::open();
    let asking = ask(&desk.socket(), push());
    let shown = desk.asked().await;
    assert_eq!((shown.detail.as_str(), shown.state), ("git push origin main", GateState::Pending));
    let done = gate::decide(&desk.state_dir(), &desk.gates, &shown, rejected(), Timestamp::now()).await;
    outcome(done).unwrap();
    match asking.await.unwrap().unwrap() {
        Answer::Decided { approved, reason, .. } => {
            assert_eq!((approved, reason.as_str()), (false, "the tests were not run"));
        }
        other => panic!("{other:?}"),
    }
    let records = journal::read(&desk.state_dir(), 5).unwrap();
    assert!(records[0].contains("rejected") && records[0].contains("the tests were not run"), "{records:?}");
    assert_eq!(desk.gates.list()[0].state, GateState::Rejected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_is_used_once_and_only_for_what_was_shown() {
    let mut desk = Desk::open();
    let asking = ask(&desk.socket(), push());
    let shown = desk.asked().await;
    let other = Gate { detail: "git push --force".to_owned(), ..shown.clone() };
    assert!(desk.gates.decide(&other, approved()).await.unwrap_err().why.contains("what was shown"));
    desk.gates.decide(&shown, approved()).await.unwrap();
    assert!(matches!(asking.await.unwrap(), Ok(Answer::Decided { approved: true, .. })));
    assert!(desk.gates.decide(&shown, rejected()).await.unwrap_err().why.contains("not waiting any more"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_journal_cannot_record_is_not_handed_over() {
    let mut desk = Desk::open();
    std::fs::write(desk.state_dir(), "in the way").unwrap();
    let asking = ask(&desk.socket(), push());
    let shown = desk.asked().await;
    let done = gate::decide(&desk.state_dir(), &desk.gates, &shown, approved(), Timestamp::now()).await;
    outcome(done).unwrap_err();
    assert!(!asking.is_finished());
    assert_eq!(desk.gates.list()[0].state, GateState::Pending);
    desk.gates.decide(&shown, rejected()).await.unwrap();
    assert!(matches!(asking.await.unwrap(), Ok(Answer::Decided { approved: false, .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn hanging_up_withdraws_the_gate() {
    let mut desk = Desk::open();
    let mut stream = UnixStream::connect(desk.socket()).unwrap();
    stream.write_all(b"{\"v\":1,\"ask\":\"gate\",\"title\":\"t\",\"timeout_ms\":60000}\n").unwrap();
    let shown = desk.asked().await;
    drop(stream);
    assert!(matches!(desk.news().await, GateNews::Abandoned(id, _) if id == shown.id));
    let done = gate::decide(&desk.state_dir(), &desk.gates, &shown, approved(), Timestamp::now()).await;
    assert!(outcome(done).is_err());
    assert_eq!(journal::read(&desk.state_dir(), 5).unwrap(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_deciding_in_time_is_said_to_both_ends() {
    let mut desk = Desk::open();
    let asking = ask(&desk.socket(), GateRequest { timeout_ms: 1, ..push() });
    let shown = desk.asked().await;
    assert!(matches!(desk.news().await, GateNews::Expired(id, _) if id == shown.id));
    assert_eq!(asking.await.unwrap(), Ok(Answer::Expired { gate: shown.id.clone() }));
    assert!(desk.gates.decide(&shown, approved()).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_looks_like_a_decision_decides_nothing() {
    let mut desk = Desk::open();
    let asking = ask(&desk.socket(), push());
    let shown = desk.asked().await;
    for message in [
        format!(r#"{{"v":1,"ask":"decide","gate":"{}","approved":true}}"#, shown.id.0),
        format!(r#"{{"v":1,"answer":"decided","gate":"{}","digest":"","approved":true,"reason":""}}"#, shown.id.0),
        r#"{"v":9,"ask":"list"}"#.to_owned(),
        "\u{1b}]0;nonsense".to_owned(),
    ] {
        let mut stream = UnixStream::connect(desk.socket()).unwrap();
        writeln!(stream, "{message}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.contains("refused"), "{message}: {answer}");
    }
    assert_eq!(desk.gates.list()[0].state, GateState::Pending);
    desk.cancel.cancel();
    assert!(matches!(asking.await.unwrap(), Ok(Answer::Refused { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_shows_what_waits() {
    let mut desk = Desk::open();
    let _asking = ask(&desk.socket(), push());
    let shown = desk.asked().await;
    let socket = desk.socket();
    let listed = tokio::task::spawn_blocking(move || client::ask(&socket, &Request::List, Duration::from_secs(20)));
    assert_eq!(listed.await.unwrap(), Ok(Answer::Gates { gates: vec![shown] }));
    desk.cancel.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_can_wait_are_refused_with_a_reason() {
    let mut desk = Desk::open();
    let mut waiting = Vec::new();
    for n in 0..MOST_WAITING {
        let mut stream = UnixStream::connect(desk.socket()).unwrap();
        writeln!(stream, r#"{{"v":1,"ask":"gate","title":"{n}","timeout_ms":60000}}"#).unwrap();
        waiting.push(stream);
        desk.asked().await;
    }
    match ask(&desk.socket(), push()).await.unwrap() {
        Ok(Answer::Refused { why, .. }) => assert!(why.contains("256 gates"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_has_one_workbench_and_a_dead_one_leaves_nothing_in_the_way() {
    let desk = Desk::open();
    let (outbox, _inbox) = mailbox();
    let again = || gates::spawn(&desk.socket(), "test", outbox.clone(), HookDesk::default(), CancellationToken::new());
    let fault = again().unwrap_err();
    assert!(fault.why.contains(&format!("another workbench (pid {})", std::process::id())), "{fault}");
    let stale = desk.dir.path().join("run/stale.sock");
    drop(std::os::unix::net::UnixListener::bind(&stale).unwrap());
    gates::spawn(&stale, "test", outbox.clone(), HookDesk::default(), CancellationToken::new()).unwrap();
    assert!(matches!(client::ask(&stale, &Request::List, Duration::from_secs(20)), Ok(Answer::Gates { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_socket_and_its_folder_are_private() {
    let desk = Desk::open();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&desk.socket()), 0o600);
    assert_eq!(mode(desk.socket().parent().unwrap()), 0o700);
}

#[test]
fn without_a_workbench_there_is_no_answer() {
    let dir = tempfile::tempdir().unwrap();
    let unheard = client::ask_gate(&dir.path().join("none.sock"), &push()).unwrap_err();
    assert!(matches!(unheard, Unheard::NoWorkbench(fault) if fault.to_string().contains("start hnpwb")));
}

/// A stranger at the socket's place that says one line and hangs up.
fn stranger(dir: &std::path::Path, line: &'static str) -> std::path::PathBuf {
    let socket = dir.join("s.sock");
    let listener = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let asked = std::io::BufRead::read_line(&mut std::io::BufReader::new(&stream), &mut String::new());
        // A client that does not trust this folder is gone by now.
        let _ = asked.and_then(|_| stream.write_all(line.as_bytes()));
    });
    socket
}

#[test]
fn an_approval_of_something_else_or_of_half_a_line_is_no_approval() {
    let lines = [
        "{\"v\":1,\"answer\":\"decided\",\"gate\":\"g\",\"digest\":\"other\",\"approved\":true,\"reason\":\"\"}\n",
        "{\"v\":1,\"answer\":\"noted\"}\n",
        "{\"v\":1,\"answer\":\"decided\",\"gate\":\"g\"",
        "yes\n",
        "",
    ];
    for line in lines {
        let dir = tempfile::tempdir().unwrap();
        let answer = client::ask_gate(&stranger(dir.path(), line), &push());
        assert!(matches!(answer, Err(Unheard::Broken(_))), "{line}: {answer:?}");
    }
}

#[test]
fn a_folder_that_others_can_write_is_not_trusted() {
    let dir = tempfile::tempdir().unwrap();
    let socket = stranger(dir.path(), "");
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let answer = client::ask_gate(&socket, &push());
    assert!(matches!(answer, Err(Unheard::Broken(fault)) if fault.why.contains("not this user's alone")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_bar_gets_the_line_that_is_shown_now() {
    let desk = Desk::open();
    let socket = desk.socket();
    let line = async || {
        let socket = socket.clone();
        let asked = tokio::task::spawn_blocking(move || client::ask(&socket, &Request::Line, Duration::from_secs(20)));
        match asked.await.unwrap().unwrap() {
            Answer::Line { line } => line,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(line().await, "");
    desk.gates.show_line("1 held · gate push".to_owned());
    assert_eq!(line().await, "1 held · gate push");
}
