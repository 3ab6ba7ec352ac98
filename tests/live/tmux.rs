//! The whole way inside tmux: Claude Code in one window, the workbench in another, the hook as `hnpwb hooks install` puts it in.
//! Calls that are held, and prompts for permissions that are answered from the workbench.

use std::ffi::OsString;

use serde_json::json;

use crate::gates::{launcher, stage};
use crate::pane::{self, AGENT, Pane, WORKBENCH};
use crate::skip::skip;
use crate::{REASON, Stage, write};

/// The launcher, where there is a tmux, too.
fn ready() -> Option<OsString> {
    let launcher = launcher()?;
    if !pane::is_there() {
        skip("there is no tmux here");
        return None;
    }
    Some(launcher)
}

/// An agent that pushes twice; its first call goes on with this.
fn twice(rule: &str, more: &str) -> Stage {
    let stage = stage(rule);
    let first = format!("git -C . push; touch pushed; {more}");
    let script = json!([
        [{"text": "I push."}, {"tool": "Bash", "input": {"command": first}}],
        [{"text": "I push once more."}, {"tool": "Bash", "input": {"command": "git -C . push --force; touch forced"}}],
        [{"text": "That is all."}],
    ]);
    write(&stage.script(), &script.to_string());
    stage
}

/// Goes to the gate, which stands first, and presses a key that decides, until its popup is there: for a moment after a gate
/// has come under the cursor by itself such a key says so and does nothing.
fn decide(pane: &Pane<'_>, key: &str, popup: &[&str]) {
    for key in ["7", "g", key] {
        pane.keys(WORKBENCH, key);
    }
    pane.wait(popup[0], || {
        let text = pane.shown_in(WORKBENCH);
        if popup.iter().any(|words| text.contains(words)) {
            return true;
        }
        if text.contains("just appeared") {
            pane.keys(WORKBENCH, key);
        }
        false
    });
}

/// Waits for the gate about this command.
fn held(pane: &Pane<'_>, command: &str) {
    pane.wait("the gate", || {
        let text = pane.shown_in(WORKBENCH);
        text.contains("gate held") && text.contains(command)
    });
}

/// Rejects the gate about this command by keys, with a reason.
fn reject(pane: &Pane<'_>, command: &str) {
    held(pane, command);
    decide(pane, "x", &["Reject: why?"]);
    pane.keys(WORKBENCH, REASON);
    pane.see(REASON);
    pane.press(WORKBENCH, "Enter");
    pane.see("Reject?");
    pane.keys(WORKBENCH, "y");
}

/// What came of the two calls: the first ran, the second did not, and its reason reached the agent.
fn one_ran(pane: &Pane<'_>, decisions: &[&str]) {
    let stage = pane.stage;
    pane.wait("the end of its turn", || pane.status() == "idle" && pane.shown().contains("That is all."));
    assert!(stage.project().join("pushed").exists(), "the approved call did not run:\n{}", pane.shown());
    assert!(!stage.project().join("forced").exists(), "the rejected call ran:\n{}", pane.shown());
    pane.wait("the reason in the transcript", || stage.transcripts().contains(REASON));
    let journal = journal(stage);
    assert!(decisions.iter().all(|decision| journal.contains(decision)), "{journal}");
}

fn journal(stage: &Stage) -> String {
    std::fs::read_to_string(stage.project().join(".hnpwb/journal.jsonl")).unwrap_or_default()
}

#[test]
fn of_two_calls_in_tmux_the_approved_one_runs_and_the_rejected_one_does_not() {
    let Some(launcher) = ready() else { return };
    let stage = twice("", "true");
    let pane = Pane::start(&stage, &launcher, "--allowedTools Bash");
    pane.open_workbench();
    pane.prompt("Finish task 1");
    held(&pane, "git -C . push; touch pushed");
    decide(&pane, "a", &["Approve?"]);
    pane.see("git -C . push; touch pushed");
    pane.keys(WORKBENCH, "y");
    reject(&pane, "git -C . push --force");
    one_ran(&pane, &["approved", "rejected"]);
}

const PERMISSIONS: &str = "event = \"PermissionRequest\"\ndeadline = \"5m\"";

#[test]
fn a_permission_that_is_asked_for_in_tmux_is_given_or_refused_from_the_workbench() {
    let Some(launcher) = ready() else { return };
    let stage = twice(PERMISSIONS, "true");
    let pane = Pane::start(&stage, &launcher, "");
    pane.open_workbench();
    pane.prompt("Finish task 1");
    // Its own prompt is there, too, and goes when the workbench has answered.
    pane.wait("the agent's own prompt", || pane.shown().contains("Do you want to proceed?"));
    pane.see("permission: Bash");
    // What Claude Code suggests beside a yes is a choice, and this call is taken; without suggestions there is no question.
    decide(&pane, "a", &["[x] this call", "Approve?"]);
    if pane.shown_in(WORKBENCH).contains("[x] this call") {
        pane.press(WORKBENCH, "Enter");
    }
    pane.see("Approve?");
    pane.keys(WORKBENCH, "y");
    reject(&pane, "git -C . push --force");
    one_ran(&pane, &["approved", "rejected"]);
}

#[test]
fn a_permission_that_is_given_in_the_agents_own_terminal_counts_and_its_gate_is_taken_back() {
    let Some(launcher) = ready() else { return };
    let stage = twice(PERMISSIONS, "until test -e go; do sleep 0.1; done");
    let pane = Pane::start(&stage, &launcher, "");
    pane.open_workbench();
    pane.prompt("Finish task 1");
    pane.wait("the agent's own prompt", || pane.shown().contains("Do you want to proceed?"));
    pane.see("gate held");
    pane.wait("the call to run", || {
        let ran = stage.project().join("pushed").exists();
        // A key that comes before the prompt reads keys is lost.
        if !ran && pane.shown().contains("Do you want to proceed?") {
            pane.press(AGENT, "Enter");
        }
        ran
    });
    // Claude Code does not end the hook of a prompt that was answered.
    pane.wait("the end of its gate", || journal(&stage).contains("answered in the agent's own terminal"));
    write(&stage.project().join("go"), "");
    reject(&pane, "git -C . push --force");
    one_ran(&pane, &["abandoned", "rejected"]);
}
