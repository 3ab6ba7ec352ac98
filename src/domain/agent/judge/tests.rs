//! Verdicts from made-up facts.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Facts, ProcessFact, judge, precedence};
use crate::domain::agent::hook::HookFact;
use crate::domain::agent::registry::RegistryEntry;
use crate::domain::agent::{AgentState, StateSource, StateVerdict};
use crate::domain::transcript::{Digest, Step};

use AgentState::{Crashed, Finished, Idle, Unknown, Waiting, Working};

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
}

/// A transcript whose last record was written at 1,000 s.
fn transcript(step: Step) -> Digest {
    let mut transcript = Digest::new(false);
    transcript.step = step;
    (transcript.step_at, transcript.last_activity) = (Some(at(1_000)), Some(at(1_000)));
    transcript
}

/// An entry whose status was written at so many seconds.
fn entry(status: &str, seconds: i64) -> RegistryEntry {
    let entry =
        json!({"pid": 7, "status": status, "waitingFor": "permission prompt", "statusUpdatedAt": seconds * 1_000});
    RegistryEntry::parse(entry.to_string().as_bytes()).unwrap()
}

fn hook(event: &Value, seconds: i64) -> HookFact {
    let mut event = event.clone();
    event["session_id"] = json!("s1");
    HookFact::parse(&event, at(seconds)).unwrap()
}

fn stop() -> Value {
    json!({"hook_event_name": "Stop"})
}

fn permission() -> Value {
    json!({"hook_event_name": "PermissionRequest", "tool_name": "Bash"})
}

fn prompt() -> Value {
    json!({"hook_event_name": "UserPromptSubmit"})
}

fn bash() -> Step {
    Step::Calling { tool: "Bash".to_owned() }
}

fn told(verdict: &StateVerdict) -> (AgentState, StateSource) {
    (verdict.state, verdict.source)
}

fn registered(entry: &RegistryEntry, process: ProcessFact, transcript: &Digest, now: i64) -> StateVerdict {
    judge(&Facts { registry: Some(entry), process, ..Facts::of(transcript) }, at(now))
}

fn alone(process: ProcessFact, transcript: &Digest, now: i64) -> StateVerdict {
    judge(&Facts { process, ..Facts::of(transcript) }, at(now))
}

fn hooked(fact: &HookFact, process: ProcessFact, transcript: &Digest, now: i64) -> StateVerdict {
    judge(&Facts { hook: Some(fact), process, ..Facts::of(transcript) }, at(now))
}

#[test]
fn a_running_session_is_what_its_registry_says() {
    let alive = ProcessFact::Alive;
    let waiting = registered(&entry("waiting", 1_001), alive, &transcript(bash()), 5_000);
    assert_eq!(told(&waiting), (Waiting, StateSource::Registry));
    assert_eq!(waiting.waiting_for.as_deref(), Some("permission prompt: Bash"));
    assert_eq!(waiting.disagreement, None, "a call without a result may wait");
    let busy = registered(&entry("busy", 1_001), alive, &transcript(Step::Ended), 5_000);
    assert_eq!((told(&busy), busy.disagreement), ((Working, StateSource::Registry), None));
    let idle = registered(&entry("idle", 1_001), alive, &transcript(Step::Ended), 5_000);
    assert_eq!((told(&idle), idle.disagreement), ((Idle, StateSource::Registry), None));
}

#[test]
fn a_word_that_is_not_known_leaves_it_to_the_next_source() {
    let verdict = registered(&entry("dreaming", 1_000), ProcessFact::Alive, &transcript(bash()), 5_000);
    assert_eq!(told(&verdict), (Working, StateSource::Process));
    assert!(verdict.opinions[0].reason.contains("dreaming"), "{:?}", verdict.opinions);
    assert_eq!(verdict.opinions[0].state, None);
}

#[test]
fn without_a_status_a_running_session_works_as_long_as_its_turn_is_open() {
    let entry = RegistryEntry::parse(br#"{"pid":7}"#).unwrap();
    let verdict = registered(&entry, ProcessFact::Alive, &transcript(bash()), 90_000);
    assert_eq!(told(&verdict), (Working, StateSource::Process));
}

#[test]
fn a_registry_file_left_behind_is_a_crash_whatever_the_session_did() {
    for process in [ProcessFact::Gone, ProcessFact::Replaced] {
        for (status, step) in [("busy", Step::Ended), ("waiting", Step::Ended), ("idle", bash()), ("idle", Step::Ended)]
        {
            let verdict = registered(&entry(status, 1_000), process, &transcript(step), 5_000);
            assert_eq!(told(&verdict), (Crashed, StateSource::Process), "{status}: {}", verdict.reason);
            assert!(verdict.opinions[0].set_aside.is_some(), "the registry does not speak for it any more");
            assert_eq!(verdict.disagreement, None);
        }
    }
    let reused = registered(&entry("idle", 1_000), ProcessFact::Replaced, &transcript(Step::Ended), 5_000);
    assert!(reused.reason.contains("process 7 is another one now"), "{}", reused.reason);
}

#[test]
fn what_left_the_registry_by_itself_is_finished_whatever_was_open() {
    let verdict = alone(ProcessFact::Ended, &transcript(bash()), 1_001);
    assert_eq!((told(&verdict), verdict.disagreement), ((Finished, StateSource::Registry), None));
}

#[test]
fn in_a_container_that_cannot_be_looked_into_the_file_is_believed() {
    let verdict = registered(&entry("busy", 1_000), ProcessFact::Unknown, &transcript(bash()), 90_000);
    assert_eq!(told(&verdict), (Working, StateSource::Registry));
    assert!(verdict.reason.contains("cannot be seen from here"), "{}", verdict.reason);
}

#[test]
fn without_a_process_nothing_works_for_longer_than_two_minutes() {
    for step in [Step::Asked, bash(), Step::Retrying { attempt: 1, most: 10 }, Step::Background { agents: 1 }] {
        let of = |now| alone(ProcessFact::Unknown, &transcript(step.clone()), now).state;
        assert_eq!((of(1_100), of(1_121), of(1_600)), (Working, Idle, Finished), "{step:?}");
    }
    let verdict = alone(ProcessFact::Unknown, &transcript(bash()), 9_000);
    assert!(verdict.reason.contains("no process is known"), "{}", verdict.reason);
}

#[test]
fn a_process_that_was_found_tells_with_the_transcript() {
    let found = |process, step, trace| {
        let transcript = transcript(step);
        judge(&Facts { process, trace: Some(trace), ..Facts::of(&transcript) }, at(90_000))
    };
    let runs = "process 12 has the transcript open";
    assert_eq!(told(&found(ProcessFact::Alive, bash(), runs)), (Working, StateSource::Process));
    let idle = found(ProcessFact::Alive, Step::Ended, runs);
    assert_eq!(told(&idle), (Idle, StateSource::Process));
    assert!(idle.reason.starts_with(runs), "{}", idle.reason);
    let gone = "process 12, which had the transcript open, is gone";
    assert_eq!(told(&found(ProcessFact::Gone, bash(), gone)), (Crashed, StateSource::Process));
    assert_eq!(told(&found(ProcessFact::Gone, Step::Ended, gone)), (Finished, StateSource::Process));
}

#[test]
fn questions_and_plans_wait_for_a_person_and_say_for_what() {
    for (tool, question, waiting_for) in [
        ("AskUserQuestion", None, "an answer"),
        ("AskUserQuestion", Some("Which colour?"), "question: Which colour?"),
        ("ExitPlanMode", Some("an older one"), "plan approval"),
    ] {
        let mut asking = transcript(Step::Asking { tool: tool.to_owned() });
        asking.question = question.map(str::to_owned);
        let verdict = alone(ProcessFact::Unknown, &asking, 2_000);
        assert_eq!((verdict.state, verdict.waiting_for.as_deref()), (Waiting, Some(waiting_for)));
        assert_eq!(alone(ProcessFact::Unknown, &asking, 9_000).state, Finished);
    }
}

#[test]
fn what_the_registry_waits_for_is_named_by_who_knows_it() {
    let mut asking = transcript(Step::Asking { tool: "AskUserQuestion".to_owned() });
    asking.question = Some("Which colour?".to_owned());
    let mut of = entry("waiting", 1_001);
    of.waiting_for = Some("input needed".to_owned());
    let waits = |facts: &Facts<'_>| judge(facts, at(1_010)).waiting_for.unwrap_or_default();
    let facts = Facts { registry: Some(&of), process: ProcessFact::Alive, ..Facts::of(&asking) };
    assert_eq!(waits(&facts), "input needed: Which colour?");
    let request = hook(&permission(), 1_001);
    assert_eq!(waits(&Facts { hook: Some(&request), ..facts }), "input needed: Bash");
    let older = hook(&permission(), 900);
    assert_eq!(waits(&Facts { hook: Some(&older), ..facts }), "input needed: Which colour?");
}

#[test]
fn what_moved_on_is_finished_and_what_says_nothing_is_unknown() {
    let moved = transcript(Step::MovedOn { session: "s2".to_owned() });
    assert_eq!(alone(ProcessFact::Unknown, &moved, 1_001).state, Finished);
    assert_eq!(
        told(&hooked(&hook(&stop(), 1_000), ProcessFact::Unknown, &moved, 1_001)),
        (Finished, StateSource::Transcript)
    );
    let ended = alone(ProcessFact::Ended, &moved, 1_001);
    assert_eq!(ended.reason, "it goes on in session s2");
    let nothing = alone(ProcessFact::Unknown, &Digest::default(), 1_001);
    assert_eq!((told(&nothing), nothing.opinions.len()), ((Unknown, StateSource::None), 0));
}

#[test]
fn a_sub_agent_that_answered_is_finished_and_one_that_fell_silent_does_not_work() {
    let sub = |step| {
        let mut transcript = transcript(step);
        transcript.sub_agent = true;
        transcript
    };
    assert_eq!(alone(ProcessFact::Alive, &sub(Step::Ended), 1_001).state, Finished);
    assert_eq!(alone(ProcessFact::Alive, &sub(bash()), 1_500).state, Working);
    assert_eq!(alone(ProcessFact::Alive, &sub(bash()), 1_700).state, Idle);
    let dead = alone(ProcessFact::Gone, &sub(bash()), 1_010);
    assert_eq!(dead.state, Crashed);
    assert!(dead.reason.contains("the process of its session is gone"), "{}", dead.reason);
    assert_eq!(alone(ProcessFact::Gone, &sub(Step::Ended), 1_010).state, Finished);
}

#[test]
fn a_hook_is_believed_before_process_and_transcript_and_after_the_registry() {
    let request = hook(&permission(), 1_000);
    for process in [ProcessFact::Alive, ProcessFact::Unknown] {
        let verdict = hooked(&request, process, &transcript(bash()), 1_030);
        assert_eq!(
            (told(&verdict), verdict.waiting_for.as_deref()),
            ((Waiting, StateSource::Hook), Some("permission: Bash"))
        );
    }
    let busy = entry("busy", 1_004);
    let transcript = transcript(bash());
    let facts =
        Facts { registry: Some(&busy), hook: Some(&request), process: ProcessFact::Alive, ..Facts::of(&transcript) };
    let verdict = judge(&facts, at(1_030));
    assert_eq!(
        (told(&verdict), &verdict.disagreement),
        ((Working, StateSource::Registry), &None),
        "the hook spoke before"
    );
    let sources: Vec<_> = verdict.opinions.iter().map(|one| one.source).collect();
    let best_first = [StateSource::Registry, StateSource::Hook, StateSource::Process, StateSource::Transcript];
    assert_eq!(sources, best_first);
}

#[test]
fn a_newer_record_that_contradicts_a_hook_is_a_disagreement_and_does_not_win() {
    let started = hook(&prompt(), 900);
    let verdict = hooked(&started, ProcessFact::Alive, &transcript(Step::Interrupted), 1_030);
    assert_eq!(told(&verdict), (Working, StateSource::Hook));
    let said = verdict.disagreement.unwrap_or_default();
    assert!(said.starts_with("transcript says idle") && said.contains("interrupted"), "{said}");
    let older = hooked(&hook(&prompt(), 1_010), ProcessFact::Alive, &transcript(Step::Ended), 1_030);
    assert_eq!((older.state, older.disagreement), (Working, None), "the file has not heard of it yet");
}

#[test]
fn a_newer_hook_that_contradicts_the_registry_is_a_disagreement() {
    let transcript = transcript(Step::Ended);
    let (busy, stopped) = (entry("busy", 990), hook(&stop(), 1_000));
    let facts =
        Facts { registry: Some(&busy), hook: Some(&stopped), process: ProcessFact::Alive, ..Facts::of(&transcript) };
    let verdict = judge(&facts, at(1_030));
    assert_eq!(told(&verdict), (Working, StateSource::Registry));
    assert!(verdict.disagreement.is_some_and(|said| said.starts_with("hook says idle")));
}

#[test]
fn an_idle_session_whose_transcript_stays_open_is_a_disagreement_after_a_while() {
    let entry = entry("idle", 1_001);
    let of = |now| registered(&entry, ProcessFact::Alive, &transcript(bash()), now).disagreement.is_some();
    assert_eq!((of(1_005), of(1_012)), (false, true));
}

#[test]
fn a_hook_that_ended_the_session_is_an_orderly_end_and_others_die_with_the_process() {
    let ended = hook(&json!({"hook_event_name": "SessionEnd", "reason": "other"}), 1_000);
    let verdict = hooked(&ended, ProcessFact::Gone, &transcript(bash()), 1_030);
    assert_eq!(told(&verdict), (Finished, StateSource::Hook));
    let verdict = hooked(&hook(&prompt(), 1_000), ProcessFact::Gone, &transcript(bash()), 1_030);
    assert_eq!(told(&verdict), (Crashed, StateSource::Process));
}

#[test]
fn hooks_that_went_silent_count_no_more() {
    let went_on = hooked(&hook(&prompt(), 300), ProcessFact::Alive, &transcript(Step::Ended), 1_030);
    assert_eq!(told(&went_on), (Idle, StateSource::Process));
    assert!(went_on.opinions[0].set_aside.is_some() && went_on.disagreement.is_none());
    let unheard = |now| hooked(&hook(&prompt(), 1_000), ProcessFact::Unknown, &transcript(bash()), now).state;
    assert_eq!((unheard(1_500), unheard(1_700)), (Working, Finished));
}

#[test]
fn a_time_in_the_future_is_now() {
    let verdict = registered(&entry("busy", 90_000), ProcessFact::Alive, &transcript(bash()), 5_000);
    assert_eq!(verdict.since, Some(at(5_000)));
    assert!(verdict.opinions.iter().all(|one| one.since <= Some(at(5_000)) && one.as_of <= Some(at(5_000))));
    let mut ahead = transcript(bash());
    (ahead.step_at, ahead.last_activity) = (Some(at(80_000)), Some(at(80_000)));
    assert_eq!(alone(ProcessFact::Unknown, &ahead, 5_000).since, Some(at(5_000)));
}

#[test]
fn of_several_entries_of_one_session_the_one_that_wants_most_speaks() {
    let (idle, busy, waiting) = (entry("idle", 30), entry("busy", 20), entry("waiting", 10));
    let alive = ProcessFact::Alive;
    assert!(precedence(&waiting, alive) < precedence(&busy, alive));
    assert!(precedence(&busy, alive) < precedence(&idle, alive));
    assert!(precedence(&idle, alive) < precedence(&waiting, ProcessFact::Gone));
    assert!(precedence(&idle, ProcessFact::Ended) < precedence(&waiting, ProcessFact::Gone), "the latest word counts");
    let transcript = transcript(bash());
    let facts = Facts { registry: Some(&busy), also: &[&idle], process: alive, ..Facts::of(&transcript) };
    let verdict = judge(&facts, at(1_001));
    assert!(verdict.reason.contains("runs in 1 more: process 7 (idle)"), "{}", verdict.reason);
}

#[test]
fn a_deleted_file_is_said_to_be_gone() {
    let transcript = transcript(Step::Ended);
    let verdict = judge(&Facts { file_gone: true, ..Facts::of(&transcript) }, at(1_001));
    assert!(verdict.reason.starts_with("its file is gone; at last"), "{}", verdict.reason);
    let verdict = judge(&Facts { file_gone: true, ..Facts::of(&Digest::default()) }, at(1_001));
    assert_eq!((verdict.state, verdict.reason.as_str()), (Unknown, "its transcript is gone"));
}
