//! `hnpwb gate request` as a script sees it: the exit code is the operator's decision.

use std::path::Path;

use clap::Parser;
use hnpwb::cli::gate::{self, Args};
use hnpwb::cli::output::{Exit, Failure};
use hnpwb::domain::redact::Redactor;

use crate::support::{Desk, approved, rejected};

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    gate: Args,
}

fn run(line: &[&str], socket: &Path) -> Result<Exit, Failure> {
    gate::run(Cli::try_parse_from(line).expect("a command line").gate, socket, &Redactor::default())
}

const REQUEST: [&str; 7] =
    ["gate", "request", "--title", "Release", "--detail", "git push --tags", "--subject=commit=1a2b"];

#[tokio::test(flavor = "multi_thread")]
async fn the_exit_code_is_the_decision() {
    let mut desk = Desk::open();
    for (decision, exit) in [(approved(), Exit::Done), (rejected(), Exit::No)] {
        let socket = desk.socket();
        let asking = tokio::task::spawn_blocking(move || run(&REQUEST, &socket));
        let shown = desk.asked().await;
        assert_eq!((shown.title.as_str(), shown.detail.as_str()), ("Release", "git push --tags"));
        assert_eq!(shown.subject["commit"], "1a2b");
        desk.gates.decide(&shown, decision).await.unwrap();
        assert_eq!(asking.await.unwrap().unwrap(), exit);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_deciding_is_three_and_nobody_there_is_four() {
    let mut desk = Desk::open();
    let socket = desk.socket();
    let asking =
        tokio::task::spawn_blocking(move || run(&["gate", "request", "--title", "t", "--timeout", "1ms"], &socket));
    desk.asked().await;
    assert_eq!(asking.await.unwrap().unwrap(), Exit::TimedOut);
    let nobody = desk.dir.path().join("none.sock");
    assert_eq!(run(&REQUEST, &nobody).unwrap_err().exit, Exit::Unavailable);
    assert_eq!(run(&["gate", "list"], &nobody).unwrap_err().exit, Exit::Unavailable);
}
