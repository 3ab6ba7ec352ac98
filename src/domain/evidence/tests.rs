//! What evidence is made of facts, fact by fact.

mod commands;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    AgentWork, CommitFact, Evidence, Facts, FileFact, Files, Grade, InGit, Overall, Require, RowKind, Told, Verdict,
    assess, of_claim,
};
use crate::domain::agent::AgentId;
use crate::domain::check::{CheckEnd, CheckRun};
use crate::domain::claim::ClaimKind;
use crate::domain::cluster::Connection;
use crate::domain::drift::{DriftRow, DriftState, DriftView, ObjectKey};
use crate::domain::health::{Health, HealthState};
use crate::domain::link::Names;
use crate::domain::task::{Criteria, Criterion, Origin, Task, TaskStatus, shared};
use crate::domain::transcript::claude::Claude;
use crate::domain::transcript::format::Format;
use crate::domain::work::Work;

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
}

/// A transcript being written, a second a record.
#[derive(Default)]
struct Story {
    work: Work,
    line: u64,
}

impl Story {
    fn record(mut self, kind: &str, content: &Value) -> Self {
        self.line += 1;
        let record = json!({"type": kind, "timestamp": at(self.line.cast_signed()).to_string(), "message": {"content": content}});
        for entry in Claude.entries(self.line * 100, record.to_string().as_bytes()) {
            self.work.take(self.line, &entry);
        }
        self
    }

    fn prompt(self, text: &str) -> Self {
        self.record("user", &json!(text))
    }

    fn says(self, text: &str) -> Self {
        self.record("assistant", &json!([{"type": "text", "text": text}]))
    }

    fn call(self, tool: &str, input: &Value, is_error: bool, output: &str) -> Self {
        let id = format!("t{}", self.line);
        self.record("assistant", &json!([{"type": "tool_use", "id": id, "name": tool, "input": input}])).record(
            "user",
            &json!([{"type": "tool_result", "tool_use_id": id, "is_error": is_error, "content": output}]),
        )
    }

    fn edits(self, path: &str) -> Self {
        self.call("Edit", &json!({"file_path": path, "old_string": "a", "new_string": "b"}), false, "updated")
    }

    fn runs(self, command: &str) -> Self {
        self.call("Bash", &json!({"command": command}), false, "3 passed")
    }

    fn fails(self, command: &str) -> Self {
        self.call("Bash", &json!({"command": command}), true, "Exit code 1\nFAILED tests/test_a.py::test_b")
    }
}

/// A world to look at work in; the tests change what they are about.
struct World {
    task: Option<Task>,
    files: BTreeMap<PathBuf, FileFact>,
    commits: Vec<CommitFact>,
    fabrics: Vec<DriftView>,
    checks: Vec<String>,
    runs: Vec<CheckRun>,
    require: Require,
}

impl World {
    fn new() -> Self {
        Self {
            task: Some(task(TaskStatus::Done)),
            files: BTreeMap::new(),
            commits: Vec::new(),
            fabrics: Vec::new(),
            checks: Vec::new(),
            runs: Vec::new(),
            require: Require::ByClaim,
        }
    }

    fn file(mut self, path: &str, git: InGit, modified: i64) -> Self {
        let path = PathBuf::from(path);
        let modified = Some(at(modified));
        self.files.insert(path.clone(), FileFact { path, exists: true, modified, digest: Some("d".to_owned()), git });
        self
    }

    fn commit(mut self, pushed: Option<bool>) -> Self {
        self.commits.push(CommitFact { id: "3f9a1c2aaaa".to_owned(), summary: "feat: it (T-1)".to_owned(), pushed });
        self
    }

    fn object(mut self, state: DriftState, health: HealthState) -> Self {
        let row = DriftRow {
            key: ObjectKey::new("g", "VPC", "default", "vpc-ml"),
            version: "v1".to_owned(),
            state,
            reason: "as it is".to_owned(),
            file: Some("gitops/vpc-ml.yaml".into()),
            line: Some(1),
            since: None,
            health: Some(Health { state: health, reason: "so".to_owned(), source: "status".to_owned() }),
            generation: None,
            fields: Vec::new(),
            application: None,
        };
        self.fabrics.push(DriftView {
            fabric: "fabric-1".to_owned(),
            connection: Connection::Connected,
            head: None,
            branch: None,
            rows: vec![row.into()].into(),
            findings: Arc::default(),
            as_of: Some(at(0)),
        });
        self
    }

    fn look(&self, story: &Story) -> Evidence {
        let id = AgentId("a".to_owned());
        let linked = self.commits.iter().map(|commit| commit.id.as_str()).collect();
        let below = [PathBuf::from("/p")];
        let told = Told::of(story.work.clone());
        let other = Task { id: "T-2".to_owned(), ..task(TaskStatus::Todo) };
        let tasks = shared(self.task.iter().cloned().chain([other]).collect());
        let names = Names::of(&tasks);
        assess(&Facts {
            task: self.task.as_ref().map(|task| (0, task)),
            names: Some(&names),
            works: vec![AgentWork {
                id: &id,
                name: "engineer",
                transcript: Path::new("/t/a.jsonl"),
                cwd: Some(Path::new("/p")),
                told: &told,
            }],
            repos: &[],
            commits: &self.commits,
            linked,
            files: Files(Some(&self.files)),
            fabrics: &self.fabrics,
            manifests_below: &below,
            checks: &self.checks,
            runs: &self.runs,
            require: Some(&self.require),
        })
    }
}

fn task(status: TaskStatus) -> Task {
    Task {
        id: "T-1".to_owned(),
        title: "Badge".to_owned(),
        status,
        raw_status: "✅".to_owned(),
        origin: Origin { file: "/p/TASKS.md".into(), line: 7 },
        format: "emoji",
        section: None,
        assignee: None,
        depends_on: Vec::new(),
        criteria: Criteria::default(),
        boxes: Vec::new(),
        body: String::new(),
        project: None,
    }
}

fn verdict(evidence: &Evidence, kind: RowKind) -> Option<Verdict> {
    evidence.rows.iter().find(|row| row.kind == kind).map(|row| row.verdict)
}

const CODE: &str = "/p/src/badge.py";

fn tested() -> Story {
    Story::default().prompt("Do T-1").edits(CODE).runs("pytest -q").says("T-1 is complete. All tests pass.")
}

fn committed() -> World {
    World::new().file(CODE, InGit::Committed, 0).commit(Some(true))
}

#[test]
fn tests_that_are_claimed_and_never_ran_are_a_contradiction() {
    let story = Story::default().prompt("Do T-1").edits(CODE).says("T-1 is complete. All tests pass.");
    let evidence = committed().look(&story);
    assert_eq!(verdict(&evidence, RowKind::Tests), Some(Verdict::Contradicted));
    assert_eq!((evidence.grade, evidence.overall()), (Grade::Claimed, Overall::Contradicted));
    let row = &evidence.rows[0];
    assert!(row.source.is_some() && row.required, "{row:?}");
    assert_eq!(of_claim(ClaimKind::TestsPass, &evidence), Grade::Claimed);
}

#[test]
fn tests_that_are_not_claimed_and_never_ran_are_missing() {
    let evidence = committed().look(&Story::default().prompt("Do T-1").edits(CODE).says("T-1 is complete."));
    assert_eq!(verdict(&evidence, RowKind::Tests), Some(Verdict::Missing));
    assert_eq!((evidence.grade, evidence.overall()), (Grade::Claimed, Overall::Short));
}

#[test]
fn a_run_after_the_last_edit_is_observed_and_pushed_work_external() {
    let evidence = World::new().file(CODE, InGit::Committed, 0).commit(Some(false)).look(&tested());
    assert_eq!(verdict(&evidence, RowKind::Tests), Some(Verdict::Holds));
    assert_eq!((evidence.grade, evidence.overall()), (Grade::Observed, Overall::Holds));
    let evidence = committed().look(&tested());
    assert_eq!((evidence.grade, evidence.overall()), (Grade::External, Overall::Holds));
    assert_eq!(of_claim(ClaimKind::TestsPass, &evidence), Grade::Observed);
}

#[test]
fn a_later_edit_makes_the_run_stale() {
    let later = tested().edits(CODE);
    let evidence = committed().look(&later);
    assert_eq!(verdict(&evidence, RowKind::Tests), Some(Verdict::Stale));
    assert_eq!((evidence.grade, evidence.overall()), (Grade::SelfChecked, Overall::Short));
    let prose = tested().edits("/p/README.md");
    let evidence = committed().file("/p/README.md", InGit::Committed, 0).look(&prose);
    assert_eq!(verdict(&evidence, RowKind::Tests), Some(Verdict::Holds), "text for people is not tested");
    let by_hand = World::new().file(CODE, InGit::Changed, 60).commit(Some(true)).look(&tested());
    assert_eq!(verdict(&by_hand, RowKind::Tests), Some(Verdict::Stale), "whoever wrote it");
}

#[test]
fn who_claims_what_was_edited_since_the_run_is_contradicted() {
    let story = Story::default().prompt("Do T-1").runs("pytest").edits(CODE).says("T-1 is complete. All tests pass.");
    let evidence = committed().look(&story);
    assert_eq!(verdict(&evidence, RowKind::Tests), Some(Verdict::Contradicted));
    assert_eq!((evidence.grade, evidence.overall()), (Grade::Claimed, Overall::Contradicted));
}

#[test]
fn a_run_that_failed_before_the_claim_contradicts_it() {
    let story = Story::default().prompt("Do T-1").edits(CODE).fails("pytest -q").says("All tests pass, T-1 is done.");
    let evidence = committed().look(&story);
    assert_eq!(verdict(&evidence, RowKind::Tests), Some(Verdict::Contradicted));
    let quote = evidence.rows[0].quote.as_deref().unwrap();
    assert!(quote.contains("$ pytest -q") && quote.contains("FAILED tests/test_a.py"), "{quote}");
}

#[test]
fn a_status_behind_a_pipe_is_not_the_status_of_the_tests() {
    let story = Story::default().prompt("Do T-1").edits(CODE).runs("pytest -q | tail -3").says("T-1 is done.");
    let evidence = committed().look(&story);
    assert_eq!(verdict(&evidence, RowKind::Tests), Some(Verdict::Unknown));
    assert_eq!((evidence.grade, evidence.overall()), (Grade::SelfChecked, Overall::Short));
}

#[test]
fn what_is_not_committed_is_missing_and_contradicts_who_says_it_is() {
    let world = World::new().file(CODE, InGit::Changed, 0);
    let evidence = world.look(&tested());
    assert_eq!(verdict(&evidence, RowKind::Committed), Some(Verdict::Missing));
    let story = Story::default().prompt("Do T-1").edits(CODE).runs("pytest").says("T-1 is done. Committed as 3f9a1c2.");
    assert_eq!(verdict(&world.look(&story), RowKind::Committed), Some(Verdict::Contradicted));
    assert_eq!(
        verdict(&World::new().look(&story), RowKind::Committed),
        Some(Verdict::Unknown),
        "git was not asked yet"
    );
}

#[test]
fn what_is_pushed_is_required_only_where_it_is_claimed() {
    let evidence = World::new().file(CODE, InGit::Committed, 0).commit(Some(false)).look(&tested());
    let row = evidence.rows.iter().find(|row| row.kind == RowKind::Pushed).unwrap();
    assert_eq!((row.verdict, row.required), (Verdict::Missing, false));
    let story = Story::default().prompt("Do T-1").edits(CODE).runs("pytest").says("Committed and pushed.");
    let evidence = World::new().file(CODE, InGit::Committed, 0).commit(Some(false)).look(&story);
    let row = evidence.rows.iter().find(|row| row.kind == RowKind::Pushed).unwrap();
    assert_eq!((row.verdict, row.required), (Verdict::Contradicted, true));
}

#[test]
fn criteria_that_are_open_are_named() {
    let mut world = committed();
    let boxes = [("counts", true), ("dash", false)];
    let boxes: Vec<Criterion> = boxes
        .iter()
        .zip(8..)
        .map(|((text, done), line)| Criterion { line, text: (*text).to_owned(), done: *done })
        .collect();
    world.task = Some(Task { criteria: Criteria { done: 1, total: 2 }, boxes, ..task(TaskStatus::Done) });
    let evidence = world.look(&tested());
    let row = evidence.rows.iter().find(|row| row.kind == RowKind::Criteria).unwrap();
    assert_eq!((row.verdict, row.shown.as_str()), (Verdict::Missing, "1 of 2 ticked; open: dash"));
    assert_eq!(row.source.as_ref().unwrap().words(), "TASKS.md:9");
    assert_eq!(evidence.overall(), Overall::Short);
}

#[test]
fn objects_count_when_they_are_named_or_their_manifest_was_edited() {
    let story = Story::default().prompt("Do T-1").edits("/p/gitops/vpc-ml.yaml").says("T-1 is done, `vpc-ml` is live.");
    let world = |state, health| {
        let file = World::new().file("/p/gitops/vpc-ml.yaml", InGit::Committed, 0);
        file.commit(Some(true)).object(state, health)
    };
    let healthy = world(DriftState::Synced, HealthState::Healthy).look(&story);
    assert_eq!((healthy.grade, healthy.overall()), (Grade::External, Overall::Holds));
    let silent = world(DriftState::Synced, HealthState::NoSignal).look(&story);
    assert_eq!(
        (silent.grade, silent.overall()),
        (Grade::Observed, Overall::Holds),
        "no sign of health is not good health"
    );
    let ill = world(DriftState::Synced, HealthState::Degraded).look(&story);
    assert_eq!(ill.grade, Grade::Claimed);
    let drifted = world(DriftState::Drifted, HealthState::Healthy).look(&story);
    assert_eq!((drifted.grade, drifted.overall()), (Grade::Claimed, Overall::Contradicted));
    let unseen = world(DriftState::Unknown, HealthState::Unknown).look(&story);
    assert_eq!((verdict(&unseen, RowKind::Synced), unseen.overall()), (Some(Verdict::Unknown), Overall::Short));
}

#[test]
fn an_operators_check_is_external_until_something_is_edited() {
    let mut world = World::new().file(CODE, InGit::Committed, 0).commit(Some(false));
    world.checks = vec!["tests".to_owned()];
    let story = Story::default().prompt("Do T-1").edits(CODE).says("T-1 is done.");
    assert_eq!(verdict(&world.look(&story), RowKind::Checks), Some(Verdict::Missing));
    let run = |exit, seconds| CheckRun {
        name: "tests".to_owned(),
        run: "make test".to_owned(),
        end: CheckEnd::Exit(exit),
        at: at(seconds),
        took: SignedDuration::ZERO,
        head: None,
        dirty: false,
        file: String::new(),
        digest: "d".to_owned(),
    };
    world.runs = vec![run(0, 50)];
    let evidence = world.look(&story);
    assert_eq!((verdict(&evidence, RowKind::Checks), evidence.grade), (Some(Verdict::Holds), Grade::External));
    world.runs = vec![run(0, 1)];
    assert_eq!(verdict(&world.look(&story), RowKind::Checks), Some(Verdict::Stale));
    world.runs = vec![run(0, 50), run(2, 60)];
    let evidence = world.look(&story);
    assert_eq!((verdict(&evidence, RowKind::Checks), evidence.grade), (Some(Verdict::Missing), Grade::Claimed));
}

#[test]
fn only_the_part_of_the_work_counts_that_is_about_the_task() {
    let story = Story::default()
        .prompt("Do T-2")
        .edits("/p/src/other.py")
        .runs("pytest")
        .prompt("Now T-1, please")
        .edits(CODE)
        .says("T-1 is complete. All tests pass.")
        .prompt("And T-2 again")
        .runs("pytest");
    let evidence = committed().look(&story);
    assert_eq!(verdict(&evidence, RowKind::Tests), Some(Verdict::Contradicted), "the runs were for T-2");
    assert_eq!(evidence.files.len(), 1);
}

#[test]
fn what_is_said_of_other_tasks_is_not_claimed_of_this_one() {
    let story = Story::default().prompt("Plan T-1 and T-2").says("T-2 is complete.");
    let mut world = World::new();
    world.task = Some(task(TaskStatus::InProgress));
    let evidence = world.look(&story);
    assert_eq!((evidence.claims.len(), evidence.grade, evidence.overall()), (0, Grade::None, Overall::NoClaim));
}

#[test]
fn a_message_about_other_tasks_claims_nothing_of_this_one_in_any_sentence() {
    let then = |summed_up: &str| -> Vec<String> {
        let story = Story::default().prompt("Do T-1").says("T-1 is done.").prompt("Sum up").says(summed_up);
        let mut world = World::new();
        world.task = Some(task(TaskStatus::InProgress));
        world.look(&story).claims.into_iter().map(|claim| claim.text).collect()
    };
    assert_eq!(then("T-2 is ready for review. The badge is committed."), ["T-1 is done."]);
    assert_eq!(then("T-1 and T-2 go on. The badge is committed."), ["T-1 is done.", "The badge is committed."]);
}

#[test]
fn a_board_that_says_done_is_a_claim_and_no_more() {
    let evidence = World::new().look(&Story::default());
    assert_eq!((evidence.grade, evidence.overall()), (Grade::Claimed, Overall::Short));
    assert_eq!(evidence.claims[0].source.words(), "TASKS.md:7");
}

#[test]
fn a_session_says_which_rows_have_to_hold() {
    let mut world = World::new().file(CODE, InGit::Committed, 0).commit(Some(false));
    world.require = Require::These(vec![RowKind::Pushed]);
    let evidence = world.look(&tested());
    let required: Vec<RowKind> = evidence.rows.iter().filter(|row| row.required).map(|row| row.kind).collect();
    assert_eq!((required, evidence.overall()), (vec![RowKind::Pushed], Overall::Short));
}

#[test]
fn files_that_claims_name_have_to_be_there() {
    let story = tested().says("Wrote docs/gone.md and src/badge.py.");
    let mut world = committed();
    world.files.insert("/p/docs/gone.md".into(), FileFact { path: "/p/docs/gone.md".into(), ..FileFact::default() });
    let evidence = world.look(&story);
    let rows: Vec<(&str, Verdict)> = evidence
        .rows
        .iter()
        .filter(|row| row.kind == RowKind::Files)
        .map(|row| (row.shown.as_str(), row.verdict))
        .collect();
    assert_eq!(
        rows,
        [
            ("docs/gone.md is not there", Verdict::Contradicted),
            ("src/badge.py is there, and was changed", Verdict::Holds)
        ]
    );
}

#[test]
fn what_is_open_in_the_agents_list_is_shown_and_not_required() {
    let todos = json!({"todos": [{"content": "a", "status": "completed"}, {"content": "docs", "status": "pending"}]});
    let story = Story::default()
        .prompt("Do T-1")
        .call("TodoWrite", &todos, false, "ok")
        .edits(CODE)
        .runs("pytest")
        .says("T-1 is done.");
    let evidence = committed().look(&story);
    let row = evidence.rows.iter().find(|row| row.kind == RowKind::Todo).unwrap();
    assert_eq!((row.verdict, row.required), (Verdict::Missing, false));
    assert_eq!(row.shown, "engineer: 1 of 2 done; open: docs");
    assert_eq!(evidence.overall(), Overall::Holds);
}

#[test]
fn grades_are_ordered_and_the_verdict_is_never_green_while_something_is_short() {
    assert!(Grade::None < Grade::Claimed && Grade::Claimed < Grade::SelfChecked);
    assert!(Grade::SelfChecked < Grade::Observed && Grade::Observed < Grade::External);
    let base = committed().look(&tested());
    for verdict in [Verdict::Stale, Verdict::Unknown, Verdict::Missing, Verdict::Contradicted] {
        for (at, row) in base.rows.iter().enumerate().filter(|(_, row)| row.required) {
            let mut evidence = base.clone();
            evidence.rows[at].verdict = verdict;
            assert_ne!(evidence.overall(), Overall::Holds, "{:?} is {verdict:?}", row.kind);
        }
    }
}
