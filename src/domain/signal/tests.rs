//! Loops that were written down by others, made anew here, and the same work with changes in between.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Facing, Levels, Scope, Severity, Signal, Watch};
use crate::domain::agent::{Agent, AgentId, AgentState};
use crate::domain::redact::Redactor;
use crate::domain::transcript::claude::Claude;
use crate::domain::transcript::{Digest, Step};

mod ordinary;

/// A transcript as it is being written.
struct Session {
    watch: Watch,
    digest: Digest,
    agent: Agent,
    lines: Vec<String>,
    calls: u64,
    clock: Timestamp,
}

fn started() -> Timestamp {
    "2026-11-20T10:00:00Z".parse().unwrap()
}

impl Session {
    fn new() -> Self {
        Self::with(&Levels::built_in())
    }

    fn with(levels: &Levels) -> Self {
        let path = PathBuf::from("/t/a.jsonl");
        let mut session = Self {
            watch: Watch::new(path.clone(), false, Some(0), levels, Redactor::default()),
            digest: Digest::new(false),
            agent: Agent::bare(AgentId("a".to_owned()), &Claude, path),
            lines: Vec::new(),
            calls: 0,
            clock: started(),
        };
        session.prompt("Do the work.");
        session
    }

    fn write(&mut self, mut record: Value) {
        self.clock += SignedDuration::from_secs(5);
        record["timestamp"] = json!(self.clock.to_string());
        record["sessionId"] = json!("s");
        let line = record.to_string();
        let offset: usize = self.lines.iter().map(|line| line.len() + 1).sum();
        crate::domain::transcript::format::Format::read(&Claude, &mut self.digest, line.as_bytes(), None);
        self.watch.line(&Claude, offset as u64, line.as_bytes());
        self.agent.last_activity = Some(self.clock);
        self.lines.push(line);
    }

    fn prompt(&mut self, text: &str) {
        self.write(json!({"type": "user", "message": {"role": "user", "content": text}}));
    }

    fn say(&mut self, text: &str) {
        let content = json!([{"type": "text", "text": text}]);
        let message =
            json!({"role": "assistant", "model": "claude-sonnet-5", "content": content, "stop_reason": "end_turn"});
        self.write(json!({"type": "assistant", "message": message}));
    }

    fn call(&mut self, tool: &str, input: &Value) -> String {
        self.calls += 1;
        let id = format!("toolu_{}", self.calls);
        let content = json!([{"type": "tool_use", "id": id, "name": tool, "input": input}]);
        let message =
            json!({"role": "assistant", "model": "claude-sonnet-5", "content": content, "stop_reason": "tool_use"});
        self.write(json!({"type": "assistant", "message": message}));
        id
    }

    fn answer(&mut self, id: &str, output: &str, is_error: bool) {
        let result = json!({"type": "tool_result", "tool_use_id": id, "content": output, "is_error": is_error});
        self.write(json!({"type": "user", "message": {"role": "user", "content": [result]}}));
    }

    fn act(&mut self, tool: &str, input: &Value, output: &str) {
        let id = self.call(tool, input);
        self.answer(&id, output, false);
    }

    fn fail(&mut self, tool: &str, input: &Value, output: &str) {
        let id = self.call(tool, input);
        self.answer(&id, output, true);
    }

    fn bash(&mut self, command: &str, output: &str) {
        self.act("Bash", &json!({"command": command, "description": format!("step {}", self.calls)}), output);
    }

    fn bash_fails(&mut self, command: &str, output: &str) {
        self.fail("Bash", &json!({"command": command}), &format!("Exit code 1\n{output}"));
    }

    fn edit(&mut self, path: &str, old: &str, new: &str) {
        self.act("Edit", &json!({"file_path": path, "old_string": old, "new_string": new}), "updated");
    }

    fn compact(&mut self) {
        self.write(json!({"type": "system", "subtype": "compact_boundary", "compactMetadata": {"trigger": "auto", "preTokens": 160_000}}));
        self.write(json!({"type": "user", "isCompactSummary": true, "message": {"role": "user", "content": "What was before."}}));
    }

    /// Looks at it when this many seconds have passed since its last record.
    fn look(&mut self, seconds: i64, scope: Option<&Scope>) -> Vec<Signal> {
        let facing = Facing {
            now: self.clock + SignedDuration::from_secs(seconds),
            agent: &self.agent,
            step: &self.digest.step,
            step_at: self.digest.step_at,
            sub_agents: 0,
            committed: None,
            scope,
        };
        self.watch.look(&facing);
        self.watch.signals()
    }

    fn now(&self, kind: &str) -> Option<Severity> {
        self.watch.signals().into_iter().find(|signal| signal.kind == kind).map(|signal| signal.severity)
    }

    fn of(&self, kind: &str) -> Signal {
        self.watch.signals().into_iter().find(|signal| signal.kind == kind).unwrap_or_else(|| panic!("no {kind}"))
    }

    fn alarms(&self) -> Vec<String> {
        let told = self.watch.told().into_iter().filter(|signal| signal.severity == Severity::Alarm);
        told.map(|signal| format!("{}: {}", signal.kind, signal.detail)).collect()
    }
}

#[test]
fn the_same_call_fifteen_hundred_times_fires_at_the_third_and_is_one_cause() {
    let mut session = Session::new();
    let mut fired = None;
    for n in 1..=1_535 {
        session.act("exec", &json!({"action": "poll", "session": "brisk"}), &format!("(no new output) {n}"));
        if session.now("loop") == Some(Severity::Alarm) {
            fired.get_or_insert(n);
        }
    }
    assert_eq!(fired, Some(3));
    let loops = session.watch.told().into_iter().filter(|signal| signal.kind == "loop");
    assert_eq!(loops.count(), 1);
    let signal = session.of("loop");
    assert!(signal.detail.contains("1535 times") && signal.detail.contains("brisk"), "{}", signal.detail);
    // The line that proves where it began, and the last ones.
    assert_eq!(signal.evidence[0].line, Some(2));
    assert!(signal.evidence.len() <= 8 && signal.evidence.iter().all(|line| line.quote.contains("brisk")));
    assert_eq!(signal.evidence.last().unwrap().line, Some(2 + 2 * 1_534));
    assert_eq!(signal.since, Some(started() + SignedDuration::from_secs(10)));
}

#[test]
fn the_same_command_fifty_eight_times_fires_within_six_whatever_is_read_in_between() {
    let mut session = Session::new();
    let mut fired = None;
    for n in 1..=58 {
        session.bash("go build ./... 2>&1 | head -20", "internal/x.go:3: undefined: Y");
        session.act("Read", &json!({"file_path": format!("/p/internal/{n}.go")}), "package x");
        if session.watch.signals().iter().any(|signal| signal.severity == Severity::Alarm) {
            fired.get_or_insert(n);
        }
    }
    assert!(fired.is_some_and(|at| at <= 6), "{fired:?}");
    assert_eq!(session.now("repetition"), Some(Severity::Alarm));
    assert_eq!(session.now("same-command"), None, "one cause is told once");
}

#[test]
fn the_same_command_far_apart_with_nothing_changed_is_noticed() {
    let mut session = Session::new();
    for n in 1..=10 {
        session.bash("go build ./...", "undefined: Y");
        (0..21).for_each(|m| session.act("Read", &json!({"file_path": format!("/p/{n}/{m}.go")}), "package x"));
        let expected =
            [None, Some(Severity::Notice), Some(Severity::Alarm)][usize::from(n >= 5) + usize::from(n >= 10)];
        assert_eq!(session.now("same-command"), expected, "after {n}");
    }
    assert_eq!(session.now("repetition"), None);
    session.edit("/p/a.go", "a", "b");
    assert_eq!(session.now("same-command"), None);
}

#[test]
fn edits_that_take_turns_fire_within_six_calls() {
    let mut session = Session::new();
    for n in 1..=6 {
        let (old, new) = if n % 2 == 1 { ("let x = 1;", "let x = 2;") } else { ("let x = 2;", "let x = 1;") };
        session.edit("/p/src/a.rs", old, new);
    }
    assert_eq!(session.now("revert"), Some(Severity::Alarm));
    assert!(session.of("revert").detail.contains("/p/src/a.rs"));
    assert_eq!(session.now("ping-pong"), None, "one cause is told once");
    let mut session = Session::new();
    for n in 1..=6 {
        session.bash(["kubectl get vpc", "kubectl describe vpc"][n % 2], "not found");
    }
    assert_eq!(session.now("ping-pong"), Some(Severity::Alarm));
    assert!(session.of("ping-pong").detail.contains("⇄"));
}

#[test]
fn to_try_again_after_a_change_is_no_loop() {
    let mut session = Session::new();
    for n in 0..15 {
        session.bash_fails("cargo test --lib", &format!("error[E0308]: mismatched types at src/a.rs:{n}"));
        session.act("Read", &json!({"file_path": "/p/src/a.rs", "offset": n}), "…");
        session.edit("/p/src/a.rs", &format!("line {n}"), &format!("line {n} better"));
    }
    session.bash("cargo test --lib", "test result: ok");
    session.say("All tests pass.");
    session.look(60, None);
    assert_eq!(session.alarms(), Vec::<String>::new());
    for kind in ["loop", "repetition", "ping-pong", "same-command", "repeated-error", "revert", "tests-avoided"] {
        assert_eq!(session.now(kind), None, "{kind}");
    }
}

#[test]
fn a_loop_is_over_after_other_calls_or_a_prompt() {
    let mut session = Session::new();
    (0..4).for_each(|_| session.bash("git status", "clean"));
    assert_eq!(session.now("loop"), Some(Severity::Alarm));
    (0..9).for_each(|n| session.bash(&format!("ls {n}"), ""));
    assert_eq!(session.now("loop"), Some(Severity::Alarm));
    (9..12).for_each(|n| session.bash(&format!("ls {n}"), ""));
    assert_eq!(session.now("loop"), None);
    (0..4).for_each(|_| session.bash("git status", "clean"));
    session.prompt("Go on.");
    assert_eq!((session.now("loop"), session.now("repetition")), (None, None));
}

#[test]
fn asking_how_far_something_is_counts_only_while_the_answer_is_the_same() {
    let mut session = Session::new();
    for n in 0..40 {
        session.act("TaskOutput", &json!({"task_id": "b1"}), &format!("{n} of 40 done"));
    }
    assert_eq!((session.now("loop"), session.now("repetition")), (None, None));
    for _ in 0..3 {
        session.act("TaskOutput", &json!({"task_id": "b1"}), "still running");
    }
    assert_eq!(session.now("loop"), Some(Severity::Alarm));
}

#[test]
fn the_same_error_counts_and_what_is_not_the_agents_does_not() {
    let mut session = Session::new();
    for n in 0..5 {
        session.fail(
            "Edit",
            &json!({"file_path": format!("/p/{n}"), "old_string": "a", "new_string": "b"}),
            "String to replace not found in file",
        );
        let expected = [None, None, Some(Severity::Notice), Some(Severity::Notice), Some(Severity::Alarm)];
        assert_eq!(session.now("repeated-error"), expected[n], "after {}", n + 1);
    }
    assert_eq!(session.now("error-rate"), Some(Severity::Notice));
    session.bash("ls", "a");
    assert_eq!(session.now("repeated-error"), None);
    let mut session = Session::new();
    for n in 0..6 {
        let words = [
            "The user doesn't want to proceed with this tool use. The tool use was rejected.",
            "Sibling tool call errored",
        ];
        session.fail("Bash", &json!({"command": format!("rm {n}")}), words[n % 2]);
    }
    assert_eq!((session.now("repeated-error"), session.now("error-rate")), (None, None));
}

#[test]
fn digits_and_paths_do_not_make_another_error() {
    let mut session = Session::new();
    for n in 0..5 {
        session.bash_fails(
            &format!("cargo run -- {n}"),
            &format!("thread {n}42 panicked at /p/src/{n}.rs:{n}1:5: index out of bounds"),
        );
    }
    assert_eq!(session.now("repeated-error"), Some(Severity::Alarm));
}

#[test]
fn a_claim_without_a_check_since_the_last_edit_is_a_notice_once_the_turn_is_over() {
    let mut session = Session::new();
    session.bash("cargo test", "ok");
    session.edit("/p/a.rs", "a", "b");
    session.say("The check is complete.");
    session.look(1, None);
    assert_eq!(session.now("tests-avoided"), Some(Severity::Notice));
    assert_eq!(session.of("tests-avoided").evidence.len(), 2);
    assert!(session.watch.claimed().is_some_and(|claim| claim.quote == "The check is complete."));
    // It goes on, and makes up for it.
    session.bash("cargo clippy && cargo test", "ok");
    assert_eq!(session.now("tests-avoided"), None);
    session.say("Now it is complete.");
    session.look(1, None);
    assert_eq!((session.now("tests-avoided"), session.now("claim-contradicted")), (None, None));
}

#[test]
fn a_claim_that_the_transcript_denies_is_an_alarm() {
    let claims = "All tests pass now.";
    let mut failed = Session::new();
    failed.bash_fails("pytest -q", "2 failed");
    failed.say(claims);
    failed.look(1, None);
    assert_eq!(failed.now("claim-contradicted"), Some(Severity::Alarm));
    assert!(failed.of("claim-contradicted").evidence[0].quote.contains("2 failed"));
    let mut none = Session::new();
    none.edit("/p/a.py", "a", "b");
    none.say(claims);
    none.look(1, None);
    assert!(none.of("claim-contradicted").detail.contains("no test ran"));
    let mut passed = Session::new();
    passed.bash_fails("pytest -q", "2 failed");
    passed.bash("pytest -q", "40 passed");
    passed.say(claims);
    passed.look(1, None);
    assert_eq!(passed.now("claim-contradicted"), None);
    let mut list = Session::new();
    list.act("TodoWrite", &json!({"todos": [{"content": "write it", "status": "completed"}, {"content": "test it", "status": "pending"}]}), "ok");
    list.say("Everything is complete: all done.");
    list.look(1, None);
    assert!(list.of("claim-contradicted").detail.contains("1 of 2 done"), "{:?}", list.watch.signals());
}

#[test]
fn a_model_that_says_nothing_is_slow_and_then_stalled_while_its_process_lives() {
    let mut session = Session::new();
    session.bash("ls", "a");
    assert!(matches!(session.digest.step, Step::Asked));
    session.agent.verdict.state = AgentState::Working;
    assert!(session.look(400, None).is_empty(), "nobody knows that it is alive");
    session.agent.pid = Some(7);
    assert!(session.look(100, None).is_empty());
    assert_eq!(session.look(130, None)[0].severity, Severity::Notice);
    let stalled = session.look(301, None);
    assert_eq!((stalled[0].kind, stalled[0].severity), ("stall", Severity::Alarm));
    assert!(stalled[0].evidence[0].quote.contains("result of Bash ls"), "{stalled:?}");
    session.say("Here I am.");
    assert!(session.look(400, None).is_empty());
}

#[test]
fn a_tool_that_runs_for_long_is_named() {
    let mut session = Session::new();
    let id = session.call("Bash", &json!({"command": "make soak"}));
    session.agent.verdict.state = AgentState::Working;
    session.agent.pid = Some(7);
    assert!(session.look(590, None).is_empty());
    let found = session.look(601, None);
    assert!(found[0].kind == "long-tool" && found[0].detail.contains("make soak"), "{found:?}");
    assert!(found[0].detail.contains("or waits for a permission"), "the transcript cannot tell");
    session.answer(&id, "done", false);
    assert!(session.look(1, None).is_empty());
}

#[test]
fn who_changes_nothing_for_long_is_silent() {
    let mut session = Session::new();
    session.edit("/p/a.rs", "a", "b");
    session.agent.verdict.state = AgentState::Working;
    for n in 0..130 {
        session.act("Grep", &json!({"pattern": format!("x{n}")}), "");
    }
    assert_eq!(session.look(1, None).iter().map(|signal| signal.kind).collect::<Vec<_>>(), ["silence", "reading"]);
    session.edit("/p/a.rs", "b", "c");
    assert!(session.look(1, None).is_empty());
}

#[test]
fn a_context_that_fills_is_one_cause_until_it_is_compacted() {
    let mut session = Session::new();
    session.say("…");
    let at = |session: &mut Session, percent| {
        session.agent.context.percent = percent;
        session.look(1, None).into_iter().map(|signal| (signal.severity, signal.cause)).next()
    };
    assert_eq!(at(&mut session, Some(74)), None);
    let notice = at(&mut session, Some(76)).unwrap();
    let warn = at(&mut session, Some(81)).unwrap();
    assert_eq!((notice.0, warn.0), (Severity::Notice, Severity::Warn));
    assert_eq!(notice.1, warn.1);
    session.compact();
    assert_ne!(at(&mut session, Some(77)).unwrap().1, warn.1);
    assert_eq!(at(&mut session, None), None);
}

#[test]
fn compactions_that_follow_each_other_soon_are_a_warning() {
    let mut session = Session::new();
    session.compact();
    assert_eq!(session.now("compaction"), None);
    session.clock += SignedDuration::from_hours(2);
    session.compact();
    assert_eq!(session.now("compaction"), Some(Severity::Notice));
    session.clock += SignedDuration::from_mins(4);
    session.compact();
    assert_eq!(session.now("compaction"), Some(Severity::Warn));
}

#[test]
fn an_api_that_fails_is_one_cause_until_it_answers() {
    let mut session = Session::new();
    let mut found = Vec::new();
    for attempt in 1..=9 {
        session.write(json!({"type": "system", "subtype": "api_error", "error": {"status": 529}, "retryAttempt": attempt, "maxRetries": 10}));
        found.push(session.look(1, None).into_iter().next().map(|signal| (signal.severity, signal.cause)));
    }
    let severities: Vec<_> = found.iter().map(|one| one.as_ref().map(|(severity, _)| *severity)).collect();
    assert_eq!(severities[..3], [None, None, Some(Severity::Notice)]);
    assert_eq!(severities[7..], [Some(Severity::Alarm), Some(Severity::Alarm)]);
    assert_eq!(found[3].as_ref().map(|one| &one.1), found[8].as_ref().map(|one| &one.1));
    session.say("Back.");
    assert!(session.look(1, None).is_empty());
}

#[test]
fn files_that_the_brief_does_not_name_are_out_of_scope() {
    let scope = Scope { brief: ".hnpwb/briefs/0001-x.md".to_owned(), paths: vec!["src/vlan/".to_owned()] };
    let mut session = Session::new();
    session.prompt("Read .hnpwb/briefs/0001-x.md and do what it says; then report.");
    assert_eq!(session.watch.brief(), Some(".hnpwb/briefs/0001-x.md"));
    session.edit("/p/src/vlan/check.rs", "a", "b");
    assert!(session.look(1, Some(&scope)).is_empty());
    session.edit("/p/Cargo.toml", "a", "b");
    let found = session.look(1, Some(&scope));
    assert_eq!((found[0].kind, found[0].severity), ("out-of-scope", Severity::Warn));
    assert!(found[0].detail.contains("/p/Cargo.toml") && !found[0].detail.contains("check.rs"), "{found:?}");
    assert!(session.look(1, None).is_empty());
}

#[test]
fn a_secret_that_is_written_is_an_alarm_and_is_not_told() {
    let secret = ["gh", "p_", &"a1B2".repeat(9)].concat();
    let mut session = Session::new();
    session.bash("cat .env", &format!("TOKEN={secret}"));
    assert_eq!(session.now("secret"), None, "to read one is not to write it");
    session.act("Write", &json!({"file_path": "/p/config.py", "content": format!("token = \"{secret}\"\n")}), "ok");
    assert_eq!(session.now("secret"), Some(Severity::Alarm));
    session.bash(&format!("curl -H 'Authorization: token {secret}' https://example.org"), "{}");
    let secrets: Vec<Signal> = session.watch.signals().into_iter().filter(|signal| signal.kind == "secret").collect();
    assert_eq!(secrets.len(), 2);
    let told = format!("{:?}", secrets.into_iter().map(|one| one.redacted(&Redactor::default())).collect::<Vec<_>>());
    assert!(!told.contains(&secret), "{told}");
}

#[test]
fn who_tries_to_get_past_a_gate_is_an_alarm() {
    let mut session = Session::new();
    session.bash("grep -rn -- --no-verify docs; echo --no-verify", "");
    assert_eq!(session.now("bypass"), None);
    session.bash("git commit -m x --no-verify", "ok");
    assert!(session.of("bypass").detail.contains("--no-verify"));
    session.prompt("Go on.");
    session.edit("/p/.claude/settings.json", "a", "b");
    assert_eq!(session.now("bypass"), Some(Severity::Alarm));
    session.prompt("Go on.");
    session.fail(
        "Bash",
        &json!({"command": "git push origin main"}),
        "PreToolUse:Bash hook returned blocking error: rejected",
    );
    assert_eq!(session.now("bypass"), None);
    session.bash("git log -3", "x");
    session.bash("sh -c 'git push origin main'", "x");
    assert!(session.of("bypass").detail.contains("refused"));
    let mut honest = Session::new();
    honest.fail(
        "Bash",
        &json!({"command": "git push origin main"}),
        "PreToolUse:Bash hook returned blocking error: rejected",
    );
    honest.bash("git status", "x");
    honest.say("The push was rejected; I wait.");
    honest.look(1, None);
    assert_eq!(honest.alarms(), Vec::<String>::new());
}

#[test]
fn very_many_edits_of_one_file_are_noticed() {
    let mut session = Session::new();
    (0..24).for_each(|n| session.edit("/p/a.rs", &format!("a{n}"), &format!("b{n}")));
    assert_eq!(session.now("thrash"), None);
    session.edit("/p/a.rs", "x", "y");
    assert_eq!(session.now("thrash"), Some(Severity::Notice));
}

#[test]
fn what_is_switched_off_is_not_looked_for_and_levels_can_be_moved() {
    let mut levels = Levels::built_in();
    levels.change("loop").unwrap().set("alarm", super::levels::Value::Number(6.0));
    levels.change("repetition").unwrap().off = true;
    let mut session = Session::with(&levels);
    (0..5).for_each(|_| session.bash("ls", "a"));
    assert_eq!((session.now("loop"), session.now("repetition")), (None, None));
    session.bash("ls", "a");
    assert_eq!(session.now("loop"), Some(Severity::Alarm));
}

#[test]
fn a_tail_that_begins_in_the_middle_of_a_loop_names_the_same_cause() {
    let mut whole = Session::new();
    (0..50).for_each(|_| whole.bash("ls", "a"));
    let path = PathBuf::from("/t/a.jsonl");
    let mut tail = Watch::new(path, false, None, &Levels::built_in(), Redactor::default());
    let mut offset = 0;
    for (n, line) in whole.lines.iter().enumerate() {
        if n >= 81 {
            tail.line(&Claude, offset, line.as_bytes());
        }
        offset += line.len() as u64 + 1;
    }
    let of = |signals: Vec<Signal>| signals.into_iter().find(|signal| signal.kind == "loop").unwrap();
    let (from_tail, from_whole) = (of(tail.signals()), of(whole.watch.signals()));
    assert_eq!(from_tail.cause, from_whole.cause);
    assert_eq!(from_tail.evidence[0].line, None);
    assert!(tail.wants_lines());
    tail.count_from(81);
    assert_eq!(of(tail.signals()).evidence.last(), from_whole.evidence.last());
}
