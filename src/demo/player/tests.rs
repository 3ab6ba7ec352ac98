//! Rounds played at a thousand times the speed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use futures::FutureExt;
use git2::Repository;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Cluster, GateAsk, Hooks, Pace, play};
use crate::demo::project::{self, Stage};
use crate::demo::scenario::{self, Action};
use crate::domain::fault::Fault;
use crate::domain::gate::Decision;

/// What a played stage is asked about afterwards.
struct Played {
    stage: Arc<Stage>,
    puts: Arc<Mutex<Vec<Value>>>,
    deletes: Arc<Mutex<Vec<String>>>,
    asked: Vec<GateAsk>,
    registry: Vec<Value>,
}

/// Plays `rounds` rounds, answering each gate alike, and looks at the registry before the processes end.
async fn played(rounds: u32, answer: Result<Decision, Fault>) -> Played {
    let epoch: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
    let stage = Arc::new(project::build(None, epoch).unwrap());
    let (puts, deletes) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
    let (put, delete) = (Arc::clone(&puts), Arc::clone(&deletes));
    let cluster = Cluster {
        put: Box::new(move |object| {
            put.lock().unwrap().push(object);
            Ok(())
        }),
        delete: Box::new(move |_, _, name| delete.lock().unwrap().push(name.to_owned())),
    };
    let (asks, mut asked) = mpsc::unbounded_channel();
    let (over, mut overs) = mpsc::unbounded_channel();
    let began = Instant::now();
    let hooks = Hooks {
        now: Box::new(move || epoch + SignedDuration::try_from(began.elapsed()).unwrap()),
        ask_gate: Box::new(move |ask| {
            asks.send(ask).unwrap();
            let answer = answer.clone();
            async move { answer }.boxed()
        }),
        round_over: Box::new(move |round| over.send(round).unwrap()),
    };
    let cancel = CancellationToken::new();
    let pace = Pace { speed: 1000.0, rounds: Some(rounds) };
    let playing = tokio::spawn(play(Arc::clone(&stage), cluster, pace, cancel.clone(), hooks));
    let mut gates = Vec::new();
    while overs.recv().await.unwrap() < rounds {}
    while let Ok(ask) = asked.try_recv() {
        gates.push(ask);
    }
    let registry = fs::read_dir(stage.claude.join("sessions")).unwrap();
    let registry = registry.map(|entry| json(&fs::read(entry.unwrap().path()).unwrap())).collect();
    cancel.cancel();
    playing.await.unwrap().unwrap();
    Played { stage, puts, deletes, asked: gates, registry }
}

fn approved() -> Decision {
    Decision { approved: true, reason: String::new(), ..Decision::default() }
}

fn rejected(reason: &str) -> Decision {
    Decision { approved: false, reason: reason.to_owned(), ..Decision::default() }
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

fn transcripts(stage: &Stage) -> Vec<PathBuf> {
    let mut waiting = vec![stage.claude.join("projects")];
    let mut found = Vec::new();
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "jsonl") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn records(path: &Path) -> Vec<Value> {
    fs::read_to_string(path).unwrap().lines().map(|line| json(line.as_bytes())).collect()
}

/// The transcripts of the actor whose session ids begin so, as one text.
fn text_of(stage: &Stage, prefix: &str) -> String {
    let own =
        transcripts(stage).into_iter().filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(prefix));
    own.map(|path| fs::read_to_string(path).unwrap()).collect()
}

#[tokio::test]
async fn every_record_is_as_claude_code_writes_it() {
    let played = played(1, Ok(approved())).await;
    let files = transcripts(&played.stage);
    assert_eq!(files.len(), 7, "six sessions and one sub-agent");
    for file in files {
        let mut before: Option<String> = None;
        let mut messages = BTreeSet::new();
        for record in records(&file) {
            assert!(record["sessionId"].is_string() && record["type"].is_string(), "{record}");
            if !record["uuid"].is_string() {
                continue;
            }
            assert_eq!(record["parentUuid"].as_str(), before.as_deref(), "{record}");
            before = record["uuid"].as_str().map(str::to_owned);
            assert!(record["timestamp"].as_str().unwrap().parse::<Timestamp>().is_ok());
            assert!(Path::new(record["cwd"].as_str().unwrap()).starts_with(&played.stage.folder));
            assert_eq!(record["version"], "2.1.329");
            if record["type"] == "assistant" {
                assert!(record["message"]["usage"]["cache_read_input_tokens"].is_u64());
                messages.insert((record["message"]["id"].to_string(), record["requestId"].to_string()));
            }
        }
        assert!(!messages.is_empty(), "{}", file.display());
    }
}

#[tokio::test]
async fn a_round_plays_every_step() {
    let played = played(1, Ok(approved())).await;
    let everything: String = transcripts(&played.stage).iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    for step in scenario::bundled().unwrap().steps {
        let (Action::Prompt(text) | Action::Think(text) | Action::Say(text)) = &step.action else { continue };
        if !text.contains('%') || text.contains("100 %") && !text.contains("%COMMIT%") {
            let written = serde_json::to_string(text).unwrap();
            assert!(everything.contains(&written), "{written}");
        }
    }
    assert!(!everything.contains("String to replace not found"), "an edit missed its place");
    assert!(!everything.contains("File does not exist"));
    assert!(!everything.contains("%COMMIT%") && !everything.contains("%ROOT%") && !everything.contains("%REASON%"));
}

#[tokio::test]
async fn an_approved_push_reaches_origin_and_then_the_cluster() {
    let played = played(1, Ok(approved())).await;
    assert_eq!(played.asked[0].detail, "git push origin main");
    assert!(played.asked[0].session.starts_with("0c0de002-"));
    let repo = Repository::open(&played.stage.root).unwrap();
    let log: Vec<String> = summaries(&repo, "refs/remotes/origin/main");
    assert!(log.iter().any(|summary| summary.starts_with("feat(fabric-1): attach")), "{log:?}");
    let live: Vec<Value> = played.puts.lock().unwrap().clone();
    assert!(live.iter().any(|object| object["metadata"]["name"] == "vpc-ml--gpu--server-03"));
    assert!(text_of(&played.stage, "0c0de002").contains(&played.asked[0].tool_use_id));
}

#[tokio::test]
async fn a_rejected_push_goes_nowhere_and_its_reason_is_read() {
    let played = played(1, Ok(rejected("wait for the window"))).await;
    let repo = Repository::open(&played.stage.root).unwrap();
    let pushed = summaries(&repo, "refs/remotes/origin/main");
    assert!(!pushed.iter().any(|summary| summary.contains("feat(fabric-1): attach")), "{pushed:?}");
    let local = summaries(&repo, "refs/heads/main");
    assert!(local.iter().any(|summary| summary.starts_with("Revert \"feat(fabric-1): attach")), "{local:?}");
    assert!(repo.status_file(Path::new("docs/drift.md")).unwrap().is_wt_modified(), "what others changed stays");
    let attachments = played.stage.root.join("gitops/hedgehog/fabric-1/managed/vpcattachments");
    assert!(!attachments.join("vpc-ml--gpu--server-03.yaml").exists());
    assert!(text_of(&played.stage, "0c0de002").contains("rejected this call: wait for the window"));
}

#[tokio::test]
async fn a_gate_that_cannot_be_asked_counts_as_rejected() {
    let fault = Fault::new("asking", "the workbench", "nobody decided in time", "");
    let played = played(1, Err(fault)).await;
    assert!(text_of(&played.stage, "0c0de002").contains("nobody decided in time"));
}

#[tokio::test]
async fn the_registry_shows_who_waits_and_whose_process_is_gone() {
    let played = played(1, Ok(approved())).await;
    let entry = |prefix: &str| {
        let own = |entry: &&Value| entry["sessionId"].as_str().unwrap().starts_with(prefix);
        played.registry.iter().find(own).unwrap_or_else(|| panic!("{prefix} is not registered"))
    };
    assert_eq!(played.registry.len(), 6);
    assert_eq!(entry("0c0de005")["status"], "waiting");
    assert_eq!(entry("0c0de005")["waitingFor"], "permission prompt");
    assert_eq!(entry("0c0de003")["status"], "idle");
    let crashed = entry("0c0de006");
    assert_eq!(crashed["status"], "busy");
    assert!(!crashed["procStart"].as_str().unwrap().is_empty());
    let left: Vec<_> = fs::read_dir(played.stage.claude.join("sessions")).unwrap().collect();
    assert_eq!(left.len(), 1, "the crashed session alone leaves its file behind at the end");
    for entry in &played.registry {
        let process = PathBuf::from(format!("/proc/{}", entry["pid"]));
        assert!(!process.exists(), "{} is still there", process.display());
    }
}

#[tokio::test]
async fn the_test_engineer_runs_one_failing_command_six_times() {
    let played = played(1, Ok(approved())).await;
    let text = text_of(&played.stage, "0c0de004");
    assert_eq!(text.matches("\"command\":\"python -m pytest tests/test_sync.py\"").count(), 6);
    assert_eq!(text.matches("\"toolUseResult\":\"Error: Exit code 2").count(), 6);
}

#[tokio::test]
async fn a_second_round_begins_where_the_first_began() {
    let played = played(2, Ok(approved())).await;
    assert_eq!(played.asked.len(), 2);
    let deleted = played.deletes.lock().unwrap().clone();
    assert!(deleted.contains(&"test-tmp".to_owned()) && deleted.contains(&"vpc-backup".to_owned()), "{deleted:?}");
    let puts = played.puts.lock().unwrap().clone();
    let of_ml = puts.iter().filter(|object| object["metadata"]["name"] == "vpc-ml");
    let vlans: Vec<i64> = of_ml.map(|object| object["spec"]["subnets"]["gpu"]["vlan"].as_i64().unwrap()).collect();
    assert_eq!(vlans, [1012, 1042, 1012, 1042]);
    let repo = Repository::open(&played.stage.root).unwrap();
    let log = summaries(&repo, "refs/heads/main");
    assert_eq!(log.iter().filter(|summary| summary.starts_with("feat(fabric-1): attach")).count(), 2);
    assert_eq!(log.iter().filter(|summary| summary.starts_with("revert: ")).count(), 1);
    // The crashed session and the sub-agent begin anew; the others go on in their files.
    assert_eq!(transcripts(&played.stage).len(), 9);
    assert_eq!(text_of(&played.stage, "0c0de004").matches("python -m pytest tests/test_sync.py\"").count(), 12);
}

#[tokio::test]
async fn files_of_sessions_that_are_begun_again_and_again_do_not_pile_up() {
    let played = played(6, Ok(approved())).await;
    let crashed = transcripts(&played.stage).iter().filter(|path| path.to_string_lossy().contains("0c0de006")).count();
    assert_eq!(crashed, 3);
    assert_eq!(played.registry.len(), 6);
}

#[tokio::test]
async fn nothing_is_written_beside_the_stage() {
    let played = played(1, Ok(rejected("no"))).await;
    let expected = ["env", "hedgehog-netbox-plugin", "hnp-drift-badge", "home", "origin.git", "run"];
    let mut found: Vec<String> = fs::read_dir(&played.stage.folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    assert_eq!(found, expected);
}

#[test]
fn whoever_asks_for_a_gate_does_nothing_else_in_the_round_afterwards() {
    let scenario = scenario::bundled().unwrap();
    let gate = scenario.steps.iter().find(|step| matches!(step.action, Action::Gate(_))).unwrap();
    assert!((10.0..15.0).contains(&gate.at), "end-to-end tests wait for it");
    assert!(scenario.steps.iter().all(|step| step.actor != gate.actor || step.at <= gate.at));
}

#[test]
fn everybody_in_the_story_is_in_the_cast_and_every_output_exists() {
    let scenario = scenario::bundled().unwrap();
    for (actor, action) in scenario.actions() {
        assert!(scenario.actor(actor).is_some(), "{actor}");
        if let Action::ResultOf(name) | Action::FailureOf(name) = action {
            assert!(scenario.outputs.contains_key(name), "{name}");
        }
    }
}

fn summaries(repo: &Repository, reference: &str) -> Vec<String> {
    let mut walk = repo.revwalk().unwrap();
    walk.push_ref(reference).unwrap();
    walk.map(|id| repo.find_commit(id.unwrap()).unwrap().summary().unwrap().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn switches_stay_alive_however_slowly_the_story_is_told() {
    let epoch: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
    let stage = Arc::new(project::build(None, epoch).unwrap());
    let (puts, mut put) = mpsc::unbounded_channel();
    let cluster = Cluster {
        put: Box::new(move |object| {
            // Nobody may listen any more.
            let _ = puts.send(object);
            Ok(())
        }),
        delete: Box::new(|_, _, _| {}),
    };
    // Each look at the clock is a minute later.
    let minutes = AtomicI64::new(0);
    let hooks = Hooks {
        now: Box::new(move || epoch + SignedDuration::from_mins(minutes.fetch_add(1, Ordering::Relaxed))),
        ask_gate: Box::new(|_| async { Ok(approved()) }.boxed()),
        round_over: Box::new(|_| {}),
    };
    let cancel = CancellationToken::new();
    let playing = tokio::spawn(play(stage, cluster, Pace { speed: 0.001, rounds: None }, cancel.clone(), hooks));
    let mut late = BTreeSet::new();
    while late.len() < 3 {
        let object = put.recv().await.unwrap();
        let beat = object["status"]["lastHeartbeat"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
        if beat.is_some_and(|at| at >= epoch + SignedDuration::from_mins(2)) {
            late.insert(object["metadata"]["name"].to_string());
        }
    }
    cancel.cancel();
    playing.await.unwrap().unwrap();
}
