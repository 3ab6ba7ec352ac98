//! Whoever means harm gets nothing let through: floods, oversized inputs, squatters, replays.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

use hnpwb::domain::gate::wire::{Answer, Request};
use hnpwb::domain::gate::{Gate, GateState};
use hnpwb::source::gates::client::{self, Unheard};
use hnpwb::source::gates::{self, MOST_WAITING};
use hnpwb::source::hooks::HookDesk;
use hnpwb::source::mailbox::mailbox;
use tokio_util::sync::CancellationToken;

use crate::hook::{Project, bash, decision, deny};
use crate::support::{Desk, approved, ask, push};

const FLOOD: usize = 10_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_requests_is_refused_and_approves_nothing() {
    let mut desk = Desk::open();
    let request = |n: usize, socket: &Path| {
        let mut stream = UnixStream::connect(socket).expect("a connection");
        writeln!(stream, r#"{{"v":1,"ask":"gate","title":"{n}","timeout_ms":3600000}}"#).expect("a request");
        stream
    };
    let mut held = Vec::new();
    for n in 0..MOST_WAITING {
        held.push(request(n, &desk.socket()));
        desk.asked().await;
    }
    let socket = desk.socket();
    let flooding = tokio::task::spawn_blocking(move || {
        for n in MOST_WAITING..FLOOD {
            let mut answer = String::new();
            BufReader::new(request(n, &socket)).read_line(&mut answer).expect("an answer");
            assert!(answer.contains("refused"), "{answer}");
        }
    });
    flooding.await.expect("the flood");
    let listed = desk.gates.list();
    assert!(listed.len() == MOST_WAITING && listed.iter().all(|gate| gate.state == GateState::Pending));
    // Once the flood is over there is room again.
    drop(held);
    for _ in 0..MOST_WAITING {
        desk.news().await;
    }
    let asking = ask(&desk.socket(), push());
    let shown = desk.asked().await;
    desk.gates.decide(&shown, approved()).await.expect("it waits");
    assert!(matches!(asking.await.expect("an answer"), Ok(Answer::Decided { approved: true, .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_a_hundred_megabytes_is_refused() {
    let desk = Desk::open();
    let socket = desk.socket();
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = UnixStream::connect(&socket).expect("a connection");
        let chunk = vec![b'x'; 1024 * 1024];
        // The other end stops reading once it has seen enough.
        for _ in 0..100 {
            if stream.write_all(&chunk).is_err() {
                break;
            }
        }
        let mut answer = String::new();
        // What was said before the connection was closed counts; a closed one says nothing.
        let _ = stream.read_to_string(&mut answer);
        answer
    });
    let answer = answer.await.expect("an answer");
    assert!(answer.is_empty() || answer.contains("longer than 16 MB"), "{answer}");
    assert!(desk.gates.list().is_empty());
}

#[test]
fn a_call_of_a_hundred_megabytes_is_denied_where_a_rule_may_hold_it() {
    let project = Project::new();
    let head = br#"{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"#;
    let huge = head.chain(std::io::repeat(b' ').take(100 * 1024 * 1024));
    assert_eq!(decision(&project.reply_to(&Ok(deny()), huge)).0, "deny");
    let head = br#"{"hook_event_name":"PreToolUse","tool_name":"Write","tool_input":{"content":"#;
    let huge = head.chain(std::io::repeat(b' ').take(100 * 1024 * 1024));
    let reply = project.reply_to(&Ok(deny()), huge);
    assert_eq!((reply.code, reply.out.as_str()), (0, ""), "no rule looks at this tool");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_somebody_sits_on_is_not_shared() {
    let dir = tempfile::tempdir().expect("a folder");
    let socket = dir.path().join("run/s.sock");
    std::fs::create_dir(dir.path().join("run")).expect("a folder");
    let squatter = UnixListener::bind(&socket).expect("a socket");
    let (outbox, _inbox) = mailbox();
    let open = || gates::spawn(&socket, "test", outbox.clone(), HookDesk::default(), CancellationToken::new());
    assert!(open().expect_err("it is taken").why.contains("another workbench"));
    drop(squatter);
    open().expect("whoever is gone is in nobody's way");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_is_a_link_is_not_followed() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(dir.path().join("run")).expect("a folder");
    let (victim, socket) = (dir.path().join("victim"), dir.path().join("run/s.sock"));
    std::fs::write(&victim, "mine").expect("a file");
    std::os::unix::fs::symlink(&victim, socket.with_extension("lock")).expect("a link");
    let (outbox, _inbox) = mailbox();
    assert!(gates::spawn(&socket, "test", outbox, HookDesk::default(), CancellationToken::new()).is_err());
    assert_eq!(std::fs::read_to_string(victim).expect("the file"), "mine");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_is_used_once_and_only_for_what_was_shown() {
    let mut desk = Desk::open();
    let first = ask(&desk.socket(), push());
    let shown = desk.asked().await;
    desk.gates.decide(&shown, approved()).await.expect("it waits");
    assert!(matches!(first.await.expect("an answer"), Ok(Answer::Decided { approved: true, .. })));
    // The same request once more is another gate, which the old decision does not open.
    let second = ask(&desk.socket(), push());
    let again = desk.asked().await;
    assert_ne!(shown.id, again.id);
    assert!(desk.gates.decide(&shown, approved()).await.is_err());
    let forged = Gate { detail: "git status".to_owned(), ..again.clone() };
    assert!(desk.gates.decide(&forged, approved()).await.is_err());
    assert!(!second.is_finished());
    desk.cancel.cancel();
    assert!(matches!(second.await.expect("an answer"), Ok(Answer::Refused { .. })));
}

#[test]
fn an_answer_that_was_recorded_is_no_answer_to_another_request() {
    let dir = tempfile::tempdir().expect("a folder");
    let socket = dir.path().join("s.sock");
    let listener = UnixListener::bind(&socket).expect("a socket");
    let digest = push().digest();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let asked = BufReader::new(&stream).read_line(&mut String::new());
        let line = format!(
            "{{\"v\":1,\"answer\":\"decided\",\"gate\":\"g\",\"digest\":\"{digest}\",\"approved\":true,\"reason\":\"\"}}\n"
        );
        let _ = asked.and_then(|_| stream.write_all(line.as_bytes()));
    });
    let mut other = push();
    other.subject.insert("tool_use_id".to_owned(), "toolu_2".to_owned());
    assert!(matches!(client::ask_gate(&socket, &other), Err(Unheard::Broken(_))));
    assert!(client::ask(&socket, &Request::List, Duration::from_millis(1)).is_err());
}

#[test]
fn the_text_that_is_shown_is_the_text_that_was_sent_with_what_cannot_be_seen() {
    use hnpwb::domain::text;
    let sent = "git push\u{202e}\u{200b} --force\u{1b}[2K";
    let shown: String = text::wrap(sent, 80).into_iter().collect::<Vec<_>>().join("");
    for hidden in ['\u{202e}', '\u{200b}', '\u{1b}'] {
        assert!(!shown.contains(hidden), "{shown:?}");
    }
    assert!(shown.chars().filter(|c| !c.is_ascii()).count() >= 1 || shown.contains("202e"), "{shown:?}");
    assert!(bash(sent).windows(8).any(|part| part == b"git push"));
}
