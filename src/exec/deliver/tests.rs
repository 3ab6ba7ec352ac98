//! What needs no tmux: locks, refusals, and that every outcome is in the journal.

use super::{Desk, Unseen, lock, send, unseen};
use crate::domain::agent::{Agent, AgentId, AgentState};
use crate::domain::deliver::pane::Pane;
use crate::domain::deliver::payload::Payload;
use crate::domain::deliver::{Order, Outcome, Process, Receiver, Target, history};
use crate::domain::redact::Redactor;
use crate::domain::transcript::claude::Claude;
use crate::exec::journal;

fn desk(dir: &std::path::Path) -> Desk {
    Desk {
        state_dir: dir.join(".hnpwb"),
        runtime: dir.join("run"),
        claude_dirs: vec![dir.join(".claude")],
        redactor: Redactor::default(),
        hooks: None,
    }
}

fn order(pid: Option<u32>, text: &str) -> Order {
    let agent = Agent::bare(AgentId("s1".to_owned()), &Claude, "/t/s1.jsonl".into());
    let receiver = Receiver { pid, state: AgentState::Idle, ..Receiver::of(&agent) };
    Order { brief: None, text: text.to_owned(), receiver, shown: None, while_working: false }
}

#[tokio::test]
async fn what_could_not_be_sent_is_in_the_journal_with_its_reason() {
    let dir = tempfile::tempdir().unwrap();
    let desk = desk(dir.path());
    let secret = ["gh", "p_", &"a1B2".repeat(9)].concat();
    let sent = send(order(None, &format!("Read it. {secret}")), &desk).await;
    assert!(
        sent.unavailable && matches!(&sent.outcome, Outcome::NotDelivered(why) if why.contains("no running process"))
    );
    let sent = send(order(Some(u32::MAX - 1), "Read it."), &desk).await;
    assert!(
        sent.unavailable && matches!(&sent.outcome, Outcome::NotDelivered(why) if why.contains("gone")),
        "{sent:?}"
    );
    let sent = send(order(None, "/clear"), &desk).await;
    assert!(!sent.unavailable && matches!(&sent.outcome, Outcome::NotDelivered(why) if why.contains("command")));
    let records = journal::read_records(&desk.state_dir, 9).unwrap();
    let told = history::read(records.iter().map(Vec::as_slice));
    assert_eq!(told.len(), 3);
    assert!(told.iter().all(|one| one.ended && one.outcome == "not-delivered"), "{told:?}");
    let text = String::from_utf8(records.concat()).unwrap();
    assert!(!text.contains("Read it") && !text.contains("a1B2a1B2"), "its digest stands there, not the text");
}

#[tokio::test]
async fn a_journal_that_cannot_be_written_is_told_of() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(".hnpwb"), "a file").unwrap();
    let sent = send(order(None, "Read it."), &desk(dir.path())).await;
    assert!(
        matches!(&sent.outcome, Outcome::NotDelivered(why) if why.contains("the journal could not be written")),
        "{sent:?}"
    );
}

#[test]
fn a_pane_has_one_lock_whoever_takes_it() {
    let dir = tempfile::tempdir().unwrap();
    let target = |pane: &str| Target {
        server: "/tmp/tmux/default".into(),
        pane: Pane::parse(&format!("{pane}\t42\t/dev/pts/4\t0\t0\t0\t0\t\t1\tmain:1.0\tclaude")).unwrap(),
        process: Process { pid: 43, start: "99".to_owned() },
        found_by: String::new(),
    };
    let first = lock::take(dir.path(), &target("%3")).unwrap();
    assert!(first.is_some());
    assert!(lock::take(dir.path(), &target("%3")).unwrap().is_none());
    assert!(lock::take(dir.path(), &target("%4")).unwrap().is_some());
    drop(first);
    assert!(lock::take(dir.path(), &target("%3")).unwrap().is_some());
    let taken = dir.path().join("taken");
    std::fs::write(&taken, "a file").unwrap();
    assert!(lock::take(&taken, &target("%3")).is_err());
}

#[test]
fn several_lines_that_did_not_show_up_may_have_been_submitted() {
    let of = |text: &str| unseen(Unseen::Nothing, &Payload::new(text).unwrap());
    assert!(matches!(of("one"), Outcome::NotDelivered(_)));
    assert!(matches!(of("one\ntwo"), Outcome::Indeterminate(_)));
}
