//! States of agents from transcripts, registry, hooks and processes as they lie in a home.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::{Home, append, ids, live, once, prompt, this_process};
use crate::domain::agent::hook::HookFact;
use crate::domain::agent::{Agent, AgentState, StateSource};
use crate::event::AgentsNews;

fn told(agent: &Agent) -> (AgentState, StateSource) {
    (agent.verdict.state, agent.verdict.source)
}

fn hook(event: &serde_json::Value) -> HookFact {
    HookFact::parse(event, jiff::Timestamp::now()).unwrap()
}

#[tokio::test]
async fn hook_events_reach_the_state_of_agents_and_sub_agents() {
    let home = Home::new();
    append(&home.transcript("-p/s1.jsonl"), prompt(&home.root(), "one"));
    append(&home.transcript("-p/s1/subagents/agent-a1.jsonl"), prompt(&home.root(), "sub"));
    let mut live = live(home.session());
    let is = |index: usize, state, source| {
        move |news: &AgentsNews| news.agents.get(index).is_some_and(|agent| told(agent) == (state, source))
    };
    live.until("the transcript's word", is(0, AgentState::Working, StateSource::Transcript)).await;
    let request = json!({"session_id": "s1", "hook_event_name": "PermissionRequest", "tool_name": "Bash"});
    live.hooks.note(hook(&request));
    let news = live.until("the hook's word", is(0, AgentState::Waiting, StateSource::Hook)).await;
    assert_eq!(news.agents[0].verdict.waiting_for.as_deref(), Some("permission: Bash"));
    live.hooks.note(hook(&json!({"session_id": "s1", "agent_id": "a1", "hook_event_name": "SubagentStop"})));
    live.until("the sub-agent's end", is(1, AgentState::Finished, StateSource::Hook)).await;
    live.hooks.note(hook(&json!({"session_id": "s1", "hook_event_name": "Stop"})));
    live.until("the turn's end", is(0, AgentState::Idle, StateSource::Hook)).await;
    // The registry knows better, from now on.
    fs::create_dir(home.claude().join("sessions")).unwrap();
    let (pid, start) = this_process();
    let entry = json!({"pid": pid, "procStart": start, "sessionId": "s1", "status": "busy"});
    fs::write(home.claude().join("sessions/1.json"), entry.to_string()).unwrap();
    live.until("the registry's word", is(0, AgentState::Working, StateSource::Registry)).await;
}

#[test]
fn a_session_that_was_continued_names_the_other_and_is_named() {
    let home = Home::new();
    append(&home.transcript("-p/s1.jsonl"), prompt(&home.root(), "one"));
    append(
        &home.transcript("-p/s1.jsonl"),
        "{\"type\":\"continued-in\",\"continuedInSessionId\":\"s2\",\"sessionId\":\"s1\"}\n",
    );
    append(&home.transcript("-p/s2.jsonl"), prompt(&home.root(), "two").replace("\"s1\"", "\"s2\""));
    let agents = once(home.session(), Vec::new(), false);
    assert_eq!(
        (agents[0].verdict.state, agents[0].verdict.reason.as_str()),
        (AgentState::Finished, "continued in two")
    );
    assert_eq!(agents[1].continues.as_deref(), Some("one"));
}

#[test]
fn a_session_that_moved_is_where_it_went_and_stays_in_the_project() {
    let home = Home::new();
    let path = home.transcript("-p/s1.jsonl");
    append(&path, prompt(Path::new("/else/where"), "one"));
    append(&path, prompt(&home.root(), "two"));
    append(&path, "{\"type\":\"relocated\",\"relocatedCwd\":\"/far/away\",\"sessionId\":\"s1\"}\n");
    let agents = once(home.session(), Vec::new(), false);
    assert_eq!(ids(&agents), ["s1"], "one of its folders is the project's");
    assert_eq!(agents[0].cwd.as_deref(), Some(Path::new("/far/away")));
    append(
        &path,
        "{\"type\":\"worktree-state\",\"worktreeSession\":{\"worktreePath\":\"/repo/tree\",\"originalCwd\":\"/far/away\"}}\n",
    );
    append(&path, "{\"type\":\"worktree-state\",\"worktreeSession\":null}\n");
    assert_eq!(once(home.session(), Vec::new(), false)[0].cwd.as_deref(), Some(Path::new("/repo/tree")));
}

#[test]
fn a_question_is_told_in_short() {
    let home = Home::new();
    let path = home.transcript("-p/s1.jsonl");
    append(&path, prompt(&home.root(), "one"));
    let asked = json!({"type": "assistant", "timestamp": jiff::Timestamp::now().to_string(), "message": {"id": "m", "content": [
        {"type": "tool_use", "id": "t", "name": "AskUserQuestion", "input": {"questions": [{"question": "Which\ncolour?"}]}}]}});
    append(&path, format!("{asked}\n"));
    let agents = once(home.session(), Vec::new(), false);
    assert_eq!(agents[0].verdict.waiting_for.as_deref(), Some("question: Which colour?"));
}

#[tokio::test]
async fn an_idle_session_that_dies_and_is_cleared_away_has_crashed() {
    let home = Home::new();
    fs::create_dir(home.claude().join("sessions")).unwrap();
    append(&home.transcript("-p/s1.jsonl"), prompt(&home.root(), "one"));
    let mut child = std::process::Command::new("sleep").arg("600").spawn().unwrap();
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    let start = stat.rsplit(')').next().unwrap().split_whitespace().nth(19).unwrap().to_owned();
    let file = home.claude().join("sessions/1.json");
    let entry = json!({"pid": child.id(), "procStart": start, "sessionId": "s1", "status": "idle"});
    fs::write(&file, entry.to_string()).unwrap();
    let mut live = live(home.session());
    let is = |state| move |news: &AgentsNews| news.agents.first().is_some_and(|agent| agent.verdict.state == state);
    live.until("idle", is(AgentState::Idle)).await;
    child.kill().unwrap();
    child.wait().unwrap();
    live.until("crashed", is(AgentState::Crashed)).await;
    fs::remove_file(&file).unwrap();
    append(&home.transcript("-q/s2.jsonl"), prompt(&home.root(), "two"));
    let news = live.until("the second agent", |news| news.agents.len() == 2).await;
    assert_eq!(news.agents[0].verdict.state, AgentState::Crashed, "{:?}", news.agents[0].verdict);
}

#[tokio::test]
async fn a_process_without_a_registry_is_found_and_its_end_is_seen() {
    let home = Home::new();
    let path = home.transcript("-p/s1.jsonl");
    append(&path, prompt(&home.root(), "one"));
    // Anything that calls itself by the program's name and works in the project's folder.
    let program = home.root().join("claude");
    std::os::unix::fs::symlink("/bin/sleep", &program).unwrap();
    let mut child = std::process::Command::new(&program).arg("600").current_dir(home.root()).spawn().unwrap();
    let mut live = live(home.session());
    let is = |state, source| {
        move |news: &AgentsNews| news.agents.first().is_some_and(|agent| told(agent) == (state, source))
    };
    let news = live.until("its process", is(AgentState::Working, StateSource::Process)).await;
    assert_eq!(news.agents[0].pid, Some(child.id()));
    child.kill().unwrap();
    child.wait().unwrap();
    let news = live.until("its crash", is(AgentState::Crashed, StateSource::Process)).await;
    assert_eq!(news.agents[0].pid, None);
}

#[test]
fn a_sub_agent_is_called_as_it_was_asked_for() {
    let home = Home::new();
    append(&home.transcript("-p/s1.jsonl"), prompt(&home.root(), "one"));
    let side = prompt(&home.root(), "look").replace("{\"type\"", "{\"isSidechain\":true,\"type\"");
    append(&home.transcript("-p/s1/subagents/workflows/wf_1/agent-b.jsonl"), &side);
    let meta = r#"{"agentType":"general-purpose","description":"look around","toolUseId":"t1"}"#;
    append(&home.transcript("-p/s1/subagents/workflows/wf_1/agent-b.meta.json"), meta);
    let agents = once(home.session(), Vec::new(), false);
    assert_eq!(ids(&agents), ["s1", "s1/agent-b"]);
    assert_eq!((agents[1].name.as_str(), agents[1].role.as_deref()), ("look around", Some("general-purpose")));
    assert_eq!(agents[1].parent.as_ref(), Some(&agents[0].id));
}

/// A record of a side chain in its parent's file, as version 1.0 wrote them.
fn aside(root: &Path, kind: &str, uuid: &str, parent: Option<&str>, message: &serde_json::Value) -> String {
    let now = jiff::Timestamp::now().to_string();
    let record = json!({"type": kind, "isSidechain": true, "uuid": uuid, "parentUuid": parent, "cwd": root, "sessionId": "s1",
        "timestamp": now, "message": message});
    format!("{record}\n")
}

/// The call that begins a sub-agent.
fn task(root: &Path, id: &str, description: &str, told: &str) -> String {
    let now = jiff::Timestamp::now().to_string();
    let input = json!({"description": description, "subagent_type": "general-purpose", "prompt": told});
    let record = json!({"type": "assistant", "uuid": "p", "cwd": root, "sessionId": "s1", "timestamp": now, "message":
        {"id": "m", "content": [{"type": "tool_use", "id": id, "name": "Task", "input": input}]}});
    format!("{record}\n")
}

#[test]
fn side_chains_in_a_transcript_are_sub_agents_of_their_own() {
    let home = Home::new();
    let (root, path) = (home.root(), home.transcript("-p/s1.jsonl"));
    append(
        &path,
        prompt(&root, "one") + &task(&root, "t1", "count lines", "Count.") + &task(&root, "t2", "list files", "List."),
    );
    let said = |text: &str| json!({"content": text});
    append(&path, aside(&root, "user", "bbbbbbbb-1", None, &said("List.")));
    append(&path, aside(&root, "user", "aaaaaaaa-1", None, &said("Count.")));
    let usage = json!({"input_tokens": 700, "output_tokens": 5});
    let call = json!({"id": "m1", "model": "claude-sonnet-5", "usage": usage, "content": [
        {"type": "tool_use", "id": "x", "name": "Bash", "input": {"command": "wc -l"}}]});
    append(&path, aside(&root, "assistant", "aaaaaaaa-2", Some("aaaaaaaa-1"), &call));
    let agents = once(home.session(), Vec::new(), false);
    assert_eq!(ids(&agents), ["s1", "s1/aaaaaaaa", "s1/bbbbbbbb"]);
    let [parent, count, list] = &agents[..] else { panic!("{agents:?}") };
    assert_eq!((count.name.as_str(), list.name.as_str()), ("count lines", "list files"));
    assert_eq!((count.parent.as_ref(), count.transcript.as_path()), (Some(&parent.id), path.as_path()));
    assert_eq!((count.context.used, parent.context.used), (Some(700), None), "each has its own gauge");
    assert_eq!(count.last_action.as_deref(), Some("Bash wc -l"));
    assert_eq!((count.verdict.state, list.verdict.state), (AgentState::Working, AgentState::Working));
    // The call has its answer: that one has ended, and the other goes on.
    let answer = json!({"type": "user", "cwd": root, "sessionId": "s1", "timestamp": jiff::Timestamp::now().to_string(), "message":
        {"content": [{"type": "tool_result", "tool_use_id": "t1", "content": "3"}]}});
    append(&path, format!("{answer}\n"));
    let agents = once(home.session(), Vec::new(), false);
    assert_eq!((agents[1].verdict.state, agents[2].verdict.state), (AgentState::Finished, AgentState::Working));
    append(&path, "{\"type\":\"system\",\"subtype\":\"turn_duration\",\"durationMs\":5}\n");
    assert_eq!(once(home.session(), Vec::new(), false)[2].verdict.state, AgentState::Finished);
}

#[test]
fn messages_that_progress_carries_make_a_sub_agent_unless_it_has_a_file() {
    let home = Home::new();
    let (root, path) = (home.root(), home.transcript("-p/s1.jsonl"));
    append(&path, prompt(&root, "one") + &task(&root, "t1", "count lines", "Count."));
    let now = jiff::Timestamp::now().to_string();
    let inner = json!({"type": "assistant", "timestamp": now, "message": {"id": "m1", "model": "claude-haiku-4-5",
        "usage": {"input_tokens": 900, "output_tokens": 5}, "content": [{"type": "tool_use", "id": "x", "name": "Read", "input": {}}]}});
    let record = json!({"type": "progress", "timestamp": now, "sessionId": "s1", "cwd": root, "parentToolUseID": "t1",
        "data": {"type": "agent_progress", "agentId": "a1", "message": inner}});
    append(&path, format!("{record}\n"));
    append(&path, "{\"type\":\"progress\",\"data\":{\"type\":\"bash_progress\",\"output\":\"x\"}}\n");
    let agents = once(home.session(), Vec::new(), false);
    assert_eq!(ids(&agents), ["s1", "s1/agent-a1"]);
    assert_eq!((agents[1].name.as_str(), agents[1].role.as_deref()), ("count lines", Some("general-purpose")));
    assert_eq!((agents[1].verdict.state, agents[1].context.used), (AgentState::Working, Some(900)));
    append(&home.transcript("-p/s1/subagents/agent-a1.jsonl"), prompt(&root, "Count."));
    let agents = once(home.session(), Vec::new(), false);
    assert_eq!(ids(&agents), ["s1", "s1/agent-a1"]);
    assert!(agents[1].transcript.ends_with("agent-a1.jsonl"), "the file knows more");
}
