//! Signals in one look: bounded, and the agents that were heard last come first.

use std::fs;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{Home, once};

/// A transcript of more than a tail, that says at its end that tests pass when none ran.
fn write(home: &Home, name: &str, at: Timestamp) {
    let cwd = home.root().display().to_string();
    let prompt = json!({"type": "user", "cwd": cwd, "sessionId": name, "timestamp": at.to_string(),
        "message": {"role": "user", "content": "x".repeat(1_000)}})
    .to_string();
    let claim = json!({"type": "assistant", "cwd": cwd, "sessionId": name, "timestamp": at.to_string(),
        "message": {"role": "assistant", "model": "claude-sonnet-5", "stop_reason": "end_turn",
            "content": [{"type": "text", "text": "All tests pass."}]}});
    let text = format!("{}{claim}\n", format!("{prompt}\n").repeat(600));
    fs::write(home.transcript(&format!("p/{name}.jsonl")), text).unwrap();
}

#[test]
fn one_look_reads_so_much_and_begins_with_the_agents_that_were_heard_last() {
    let home = Home::new();
    let now = Timestamp::now();
    for number in 0..10_i64 {
        // The oldest have the first names.
        write(&home, &format!("s{number}"), now - SignedDuration::from_secs(20 - number));
    }
    let agents = once(home.session(), Vec::new(), false);
    let owed: Vec<&str> = agents.iter().filter(|agent| agent.signals_owed).map(|agent| agent.id.0.as_str()).collect();
    assert_eq!(owed, ["s0", "s1"], "eight tails of half a mebibyte are four");
    for agent in &agents {
        assert_eq!(agent.signals.is_empty(), agent.signals_owed, "{}", agent.id.0);
    }
}
