//! What agents cost, while they run.

use super::{Home, append, live, prompt};
use crate::config::session::Session;
use crate::domain::agent::Agent;
use crate::domain::transcript::claude::Claude;
use crate::source::agents::roster::{Roster, Scope};
use crate::source::statusline;

fn answer(id: &str, million_inputs: u64) -> String {
    format!(
        "{{\"type\":\"assistant\",\"timestamp\":\"2026-11-20T10:00:00Z\",\"requestId\":\"r\",\"message\":{{\"id\":\"{id}\",\"model\":\"claude-sonnet-5\",\"content\":[],\"usage\":{{\"input_tokens\":{}}}}}}}\n",
        million_inputs * 1_000_000
    )
}

/// More than is read whole at once.
fn ballast() -> String {
    format!("{{\"type\":\"user\",\"message\":{{\"content\":\"{}\"}}}}\n", "x".repeat(1_000)).repeat(100)
}

fn cost(agents: &[Agent], id: &str) -> Option<f64> {
    agents.iter().find(|agent| agent.id.0 == id)?.cost()?.usd()
}

fn roster(home: &Home) -> Roster {
    Roster::new(Scope::new(home.session().into(), Vec::new(), true))
}

fn costs(roster: &mut Roster, ids: &[&str]) -> Vec<Option<f64>> {
    roster.settle(true);
    let agents = roster.news(jiff::Timestamp::now(), None).agents;
    ids.iter().map(|id| cost(&agents, id)).collect()
}

#[tokio::test]
async fn what_was_written_long_ago_is_counted_behind_everything_else() {
    let home = Home::new();
    let path = home.transcript("-work/s1.jsonl");
    append(&path, prompt(&home.root(), "Begin") + &answer("m1", 1) + &ballast() + &answer("m2", 2));
    let mut live = live(home.session());
    live.until("its cost", |news| cost(&news.agents, "s1").is_some_and(|cost| (cost - 6.0).abs() < 1e-9)).await;
    append(&path, answer("m3", 3));
    live.until("more of it", |news| cost(&news.agents, "s1").is_some_and(|cost| (cost - 12.0).abs() < 1e-9)).await;
}

#[test]
fn a_cost_grows_with_its_transcript_and_copies_are_free() {
    let home = Home::new();
    let (first, fork) = (home.transcript("-work/s1.jsonl"), home.transcript("-work/s2.jsonl"));
    append(&first, prompt(&home.root(), "Begin") + &answer("m1", 1));
    append(&fork, answer("m1", 1) + &answer("m2", 3));
    let mut roster = roster(&home);
    roster.rescan();
    let both: f64 = costs(&mut roster, &["s1", "s2"]).into_iter().flatten().sum();
    assert!((both - 8.0).abs() < 1e-9, "{both}");
    append(&first, answer("m3", 2));
    assert!(roster.apply(std::slice::from_ref(&first)));
    let both: f64 = costs(&mut roster, &["s1", "s2"]).into_iter().flatten().sum();
    assert!((both - 12.0).abs() < 1e-9, "{both}");
}

#[test]
fn a_transcript_that_is_not_read_whole_has_no_cost_and_one_that_cannot_be_is_not_tried_for_ever() {
    let home = Home::new();
    let path = home.transcript("-work/s1.jsonl");
    append(&path, prompt(&home.root(), "Begin") + &ballast() + &answer("m1", 1));
    let mut roster = roster(&home);
    roster.rescan();
    assert_eq!(costs(&mut roster, &["s1"]), [None]);
    assert_eq!(roster.uncounted().len(), 1);
    assert!(!roster.take_counted(vec![(path.clone(), None)]));
    assert_eq!(roster.uncounted(), []);
    append(&path, answer("m2", 1));
    let counted = crate::source::agents::summary::read_whole(&path, &Claude, false).unwrap();
    append(&path, answer("m3", 1));
    assert!(roster.take_counted(vec![(path, Some(counted))]));
    assert_eq!(costs(&mut roster, &["s1"]), [Some(6.0)], "what was written meanwhile is in it");
}

#[tokio::test]
async fn a_note_of_a_status_line_reaches_the_agent_while_it_runs() {
    let home = Home::new();
    let folder = home.root().with_file_name("state").join("status");
    append(&home.transcript("-work/s1.jsonl"), prompt(&home.root(), "Begin") + &answer("m1", 0));
    let session = Session { status_lines: Some(folder.clone()), ..home.session() };
    let mut live = live(session);
    live.until("the agent", |news| !news.agents.is_empty()).await;
    let told = |window: u64| {
        let input = format!(r#"{{"session_id":"s1","context_window":{{"context_window_size":{window}}}}}"#);
        let told = crate::domain::agent::status_line::StatusLine::read(input.as_bytes(), jiff::Timestamp::UNIX_EPOCH);
        statusline::note(&folder, &told.unwrap()).unwrap();
    };
    for window in [300_000, 400_000] {
        told(window);
        live.until("the window", |news| news.agents[0].context.window == Some(window)).await;
    }
}
