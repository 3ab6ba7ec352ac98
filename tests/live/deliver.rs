//! Prompts delivered to a real Claude Code in a real tmux, and the handoff of one that was killed.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::pane::{self, Pane};
use crate::skip::skip;
use crate::{Stage, write};

#[test]
fn prompts_reach_a_real_agent_whole_or_not_at_all_and_a_handoff_tells_what_it_did() {
    let Some(launcher) = std::env::var_os("HNPWB_LIVE_CLAUDE").filter(|path| !path.is_empty()) else {
        skip("HNPWB_LIVE_CLAUDE names no launcher, so nothing was delivered to a real Claude Code");
        return;
    };
    if !pane::is_there() {
        skip("there is no tmux here");
        return;
    }
    let stage = Stage::build();
    // No gates, and a board that is found.
    for file in [".claude/settings.json", "hnpwb.toml"] {
        fs::remove_file(stage.project().join(file)).expect("a file of the stage");
    }
    write(&stage.project().join("TASKS.md"), "# Tasks\n\n- [ ] Check the VLAN range\n- [x] Draw the fabric\n");
    let script = json!([
        [{"text": "Read."}],
        [{"text": "Read all of it."}],
        [{"text": "I write it."}, {"tool": "Write", "input": {"file_path": stage.project().join("vlan.txt"), "content": "4095\n"}}],
        [{"text": "Now the test."}, {"tool": "Bash", "input": {"command": "echo 'error: 4095 is out of range' >&2; exit 3"}}],
        [{"sleep": 600}, {"text": "never"}],
    ]);
    write(&stage.script(), &script.to_string());
    let pane = Pane::start(&stage, &launcher, "");
    let session = pane.entry()["sessionId"].as_str().expect("a session").to_owned();

    let (exit, sent) = pane.hnpwb(&["brief", "send", "--agent", &session, "--text", "one\ntwo\nthree"]);
    assert_eq!((exit, &sent["outcome"]), (Some(0), &json!("delivered")), "{sent}\n{}", pane.shown());
    let transcript = fs::read_to_string(sent["transcript"].as_str().expect("a transcript")).expect("a transcript");
    let line = usize::try_from(sent["line"].as_u64().expect("a line")).expect("a line");
    assert!(transcript.lines().nth(line - 1).is_some_and(|line| line.contains(r"one\ntwo\nthree")), "{sent}");
    pane.wait("the end of its turn", || pane.status() == "idle" && pane.shown().contains("Read."));

    // So long that Claude Code shows a placeholder for it, and marks it in the transcript.
    let long = "another line of a long text\n".repeat(9_000);
    assert!(long.len() > 200_000);
    let (exit, sent) = pane.hnpwb_reading(&["brief", "send", "--agent", &session, "--text", "-"], &long);
    assert_eq!((exit, &sent["outcome"]), (Some(0), &json!("delivered")), "{sent}\n{}", pane.shown());
    pane.wait("the end of its turn", || pane.status() == "idle" && pane.shown().contains("Read all of it."));

    let (_, status) = pane.hnpwb(&["status"]);
    let task = status["tasks"][0]["id"].as_str().expect("a task").to_owned();
    assert_eq!(pane.hnpwb(&["brief", "new", "--task", &task]).0, Some(0));
    let (exit, sent) = pane.hnpwb(&["brief", "send", "1", "--agent", &session]);
    assert_eq!((exit, &sent["outcome"]), (Some(0), &json!("delivered")), "{sent}\n{}", pane.shown());

    // The registry tells of it before the screen does.
    pane.wait("a permission prompt", || pane.status() == "waiting" && pane.shown().contains("Do you want to create"));
    let before = pane.shown();
    let (exit, sent) = pane.hnpwb(&["brief", "send", "--agent", &session, "--text", "never seen"]);
    assert!(exit == Some(1) && sent["reason"].as_str().is_some_and(|why| why.contains("permission prompt")), "{sent}");
    assert_eq!(pane.shown(), before, "nothing was typed");
    pane.tmux(&["send-keys", "Enter"]);
    pane.wait("the next permission prompt", || pane.status() == "waiting" && pane.shown().contains("exit 3"));
    pane.tmux(&["send-keys", "Enter"]);
    pane.wait("its failure", || stage.transcripts().contains("4095 is out of range"));

    let pid = pane.entry()["pid"].as_i64().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
    kill_process(pid.expect("a process id"), Signal::KILL).expect("its end");
    pane.wait("its end", || pane.hnpwb(&["status"]).1["agents"][0]["state"] == "crashed");
    let (exit, made) = pane.hnpwb(&["brief", "new", "--handoff", &session]);
    assert_eq!(exit, Some(0), "{made}");
    let brief = fs::read_to_string(made["file"].as_str().expect("a file")).expect("a brief");
    for part in ["Check the VLAN range", "vlan.txt", "error: 4095 is out of range", "it crashed"] {
        assert!(brief.contains(part), "{part:?} is missing in\n{brief}");
    }
}
