//! Pre-flight conditions: what must be so before a gate can be approved without a typed override.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::evidence::command::{Check, find};
use crate::domain::work::{Deed, Outcome, Work};

/// A named condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Requirement {
    /// The last run of the tests passed, and nothing was edited after it.
    TestsGreen,
    /// No working tree has uncommitted changes.
    Clean,
    /// No branch that is checked out is ahead of its upstream.
    Pushed,
    /// Every object of this fabric is synced, and its cluster is connected.
    FabricSynced(String),
    /// No object of any fabric differs from what git says.
    NoDrift,
    /// The agent has read this file.
    ContextLoaded(String),
}

/// The names, as a session file writes them.
pub const NAMES: [&str; 6] =
    ["tests-green", "clean", "pushed", "fabric-synced:NAME", "no-drift", "context-loaded:FILE"];

impl Requirement {
    /// Reads a condition as a session file writes it.
    pub fn parse(text: &str) -> Option<Self> {
        let named = |rest: &str| Some(rest.trim().to_owned()).filter(|rest| !rest.is_empty());
        Some(match text.trim() {
            "tests-green" => Self::TestsGreen,
            "clean" => Self::Clean,
            "pushed" => Self::Pushed,
            "no-drift" => Self::NoDrift,
            other => match other.split_once(':')? {
                ("fabric-synced", fabric) => Self::FabricSynced(named(fabric)?),
                ("context-loaded", file) => Self::ContextLoaded(named(file)?),
                _ => return None,
            },
        })
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TestsGreen => f.write_str("tests-green"),
            Self::Clean => f.write_str("clean"),
            Self::Pushed => f.write_str("pushed"),
            Self::FabricSynced(fabric) => write!(f, "fabric-synced:{fabric}"),
            Self::NoDrift => f.write_str("no-drift"),
            Self::ContextLoaded(file) => write!(f, "context-loaded:{file}"),
        }
    }
}

/// What conditions are judged by. What is not known is `None`, and never counts as met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The working trees.
    pub repos: Vec<RepoFact>,
    /// The fabrics.
    pub fabrics: Vec<FabricFact>,
    /// What the agent that asks did; none when it is not known which agent that is, or nothing of it.
    pub agent: Option<AgentFact>,
}

/// A working tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepoFact {
    /// Its name.
    pub name: String,
    /// Files with uncommitted changes.
    pub dirty: Option<usize>,
    /// Commits that its branch is ahead of its upstream; none without an upstream.
    pub ahead: Option<usize>,
}

/// A fabric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FabricFact {
    /// Its name.
    pub name: String,
    /// Its cluster answers.
    pub connected: bool,
    /// Objects by state, without those that are synced.
    pub not_synced: Vec<(String, usize)>,
    /// Objects that differ from what git says.
    pub faults: usize,
    /// Objects there are.
    pub objects: usize,
}

/// A run of tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestRun {
    /// The first line of its command.
    pub command: String,
    /// How it ended.
    pub end: TestEnd,
}

/// How a run of tests ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestEnd {
    /// It passed.
    Passed,
    /// It failed.
    Failed,
    /// The command succeeded, but its exit status is not that of the tests: `pytest | tail`, `make test || true`.
    Masked,
    /// Its end is not known: it was put into the background, or still runs.
    Unknown,
}

/// What an agent did, as far as conditions look at it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgentFact {
    /// The last run of tests.
    pub tests: Option<TestRun>,
    /// A file that was edited after that run.
    pub edited_since: Option<String>,
    /// Files that it read.
    pub read: Vec<String>,
    /// Where that stands, when the gate is a sub-agent's: in its own transcript, or in that of its session.
    pub looked_at: Option<String>,
}

impl AgentFact {
    /// What is looked at of an agent's work. Runs of tests are told by their command; one that is put into the background,
    /// whose end is not known, or whose exit status is another's, is no run that passed.
    pub fn of(work: &Work) -> Self {
        let mut fact = Self::default();
        for act in &work.acts {
            match &act.deed {
                Deed::Run(line) => {
                    let Some(found) = find(line).filter(|found| found.check == Check::Test) else { continue };
                    let end = match &act.outcome {
                        Outcome::Succeeded if found.masked => TestEnd::Masked,
                        Outcome::Succeeded => TestEnd::Passed,
                        Outcome::Failed(_) => TestEnd::Failed,
                        Outcome::Open | Outcome::Started => TestEnd::Unknown,
                        // It did not run.
                        Outcome::Refused => continue,
                    };
                    fact.tests = Some(TestRun { command: line.lines().next().unwrap_or_default().to_owned(), end });
                    fact.edited_since = None;
                }
                Deed::Edit(files) if !act.outcome.is_failure() && act.outcome != Outcome::Refused => {
                    if let Some(file) = files.first() {
                        fact.edited_since = Some(file.path.clone());
                    }
                }
                Deed::Read(file) if act.outcome == Outcome::Succeeded && !fact.read.contains(file) => {
                    fact.read.push(file.clone());
                }
                Deed::Edit(_) | Deed::Read(_) | Deed::Other(_) => {}
            }
        }
        fact
    }
}

/// A condition with what it is judged to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Met {
    /// The condition, as it is written.
    pub requirement: String,
    /// It is met.
    pub met: bool,
    /// What that is judged by.
    pub why: String,
}

/// Judges conditions, as a session file writes them. One that is not known is not met.
pub fn judge(requirements: &[String], facts: &Facts) -> Vec<Met> {
    requirements
        .iter()
        .map(|written| {
            let judged = Requirement::parse(written).map(|requirement| one(&requirement, facts));
            let (met, why) = match judged {
                Some(Ok(why)) => (true, why),
                Some(Err(why)) => (false, why),
                None => (false, "no condition has this name".to_owned()),
            };
            Met { requirement: written.clone(), met, why }
        })
        .collect()
}

/// Why a condition is met, or why not.
fn one(requirement: &Requirement, facts: &Facts) -> Result<String, String> {
    match requirement {
        Requirement::TestsGreen => of_agent(facts, tests_green),
        Requirement::Clean => every_repo(facts, "is clean", |repo| match repo.dirty {
            Some(0) => None,
            Some(files) => Some(format!("{} has {files} uncommitted changes", repo.name)),
            None => Some(format!("it is not known whether {} has uncommitted changes", repo.name)),
        }),
        Requirement::Pushed => every_repo(facts, "is pushed", |repo| match repo.ahead {
            Some(0) => None,
            Some(commits) => Some(format!("{} is {commits} commits ahead of its upstream", repo.name)),
            None => Some(format!("{} has no upstream that is known", repo.name)),
        }),
        Requirement::FabricSynced(name) => {
            let fabric = facts.fabrics.iter().find(|fabric| fabric.name == *name);
            let fabric = fabric.ok_or_else(|| format!("no fabric is named {name}"))?;
            reachable(fabric)?;
            if fabric.objects == 0 {
                return Err(format!("{name} has no objects"));
            }
            let others: Vec<String> =
                fabric.not_synced.iter().map(|(state, count)| format!("{count} {state}")).collect();
            if others.is_empty() {
                Ok(format!("{} objects are synced", fabric.objects))
            } else {
                Err(others.join(", "))
            }
        }
        Requirement::NoDrift => {
            if facts.fabrics.is_empty() {
                return Err("no fabric is known".to_owned());
            }
            for fabric in &facts.fabrics {
                reachable(fabric)?;
                if fabric.faults > 0 {
                    return Err(format!("{} objects of {} are not as git says", fabric.faults, fabric.name));
                }
            }
            Ok("every object is as git says".to_owned())
        }
        Requirement::ContextLoaded(file) => of_agent(facts, |agent| {
            let read = agent.read.iter().find(|read| *read == file || read.ends_with(&format!("/{file}")));
            read.map(|read| format!("the agent read {read}")).ok_or_else(|| format!("the agent has not read {file}"))
        }),
    }
}

fn reachable(fabric: &FabricFact) -> Result<(), String> {
    if fabric.connected { Ok(()) } else { Err(format!("the cluster of {} is not connected", fabric.name)) }
}

fn every_repo(facts: &Facts, fine: &str, amiss: impl Fn(&RepoFact) -> Option<String>) -> Result<String, String> {
    if facts.repos.is_empty() {
        return Err("no repository is known".to_owned());
    }
    let amiss: Vec<String> = facts.repos.iter().filter_map(amiss).collect();
    if !amiss.is_empty() {
        return Err(amiss.join(", "));
    }
    let names: Vec<&str> = facts.repos.iter().map(|repo| repo.name.as_str()).collect();
    Ok(format!("{} {fine}", names.join(", ")))
}

/// Judges what an agent did, and says where that stands when it could be somewhere else.
fn of_agent(facts: &Facts, judge: impl FnOnce(&AgentFact) -> Result<String, String>) -> Result<String, String> {
    let agent = facts.agent.as_ref().ok_or("it is not known what the agent did")?;
    let placed = |why: String| match &agent.looked_at {
        Some(place) => format!("{why} ({place})"),
        None => why,
    };
    judge(agent).map(placed).map_err(placed)
}

fn tests_green(agent: &AgentFact) -> Result<String, String> {
    let TestRun { command, end } = agent.tests.as_ref().ok_or("no run of tests is known")?;
    match end {
        TestEnd::Passed => {}
        TestEnd::Failed => return Err(format!("`{command}` failed")),
        TestEnd::Masked => return Err(format!("the exit status of `{command}` is not that of the tests")),
        TestEnd::Unknown => return Err(format!("it is not known how `{command}` ended")),
    }
    match &agent.edited_since {
        Some(file) => Err(format!("{file} was edited after `{command}` passed")),
        None => Ok(format!("`{command}` passed, and nothing was edited since")),
    }
}

#[cfg(test)]
mod tests {
    use super::{AgentFact, FabricFact, Facts, RepoFact, Requirement, TestEnd, TestRun, judge};
    use crate::domain::transcript::claude::Claude;
    use crate::domain::transcript::format::Format;
    use crate::domain::work::Work;
    use serde_json::json;

    fn judged(requirement: &str, facts: &Facts) -> (bool, String) {
        let met = judge(&[requirement.to_owned()], facts).remove(0);
        (met.met, met.why)
    }

    fn facts() -> Facts {
        Facts {
            repos: vec![RepoFact { name: "app".to_owned(), dirty: Some(0), ahead: Some(0) }],
            fabrics: vec![FabricFact {
                name: "f1".to_owned(),
                connected: true,
                not_synced: Vec::new(),
                faults: 0,
                objects: 3,
            }],
            agent: Some(AgentFact {
                tests: Some(TestRun { command: "cargo test".to_owned(), end: TestEnd::Passed }),
                edited_since: None,
                read: vec!["/repo/docs/plan.md".to_owned()],
                looked_at: None,
            }),
        }
    }

    const ALL: [&str; 6] =
        ["tests-green", "clean", "pushed", "fabric-synced:f1", "no-drift", "context-loaded:docs/plan.md"];

    #[test]
    fn a_condition_reads_back_as_it_is_written() {
        for written in ALL {
            assert_eq!(Requirement::parse(written).unwrap().to_string(), written);
        }
        for odd in ["", "green", "fabric-synced", "fabric-synced:", "clean:x"] {
            assert_eq!(Requirement::parse(odd), None, "{odd}");
        }
    }

    #[test]
    fn all_is_met_when_all_is_well_and_nothing_when_nothing_is_known() {
        for written in ALL {
            assert!(judged(written, &facts()).0, "{written}: {}", judged(written, &facts()).1);
            assert!(!judged(written, &Facts::default()).0, "{written}");
        }
        assert!(!judged("tests-greem", &facts()).0);
    }

    /// What is known of the tests of an agent that ran these commands, each with the answer that it got.
    fn tests_of(runs: &[(&str, Option<bool>)]) -> Option<TestRun> {
        let mut work = Work::default();
        for (number, (command, failed)) in (0_u64..).zip(runs) {
            let id = format!("t{number}");
            let call = json!([{"type": "tool_use", "id": id, "name": "Bash", "input": {"command": command}}]);
            let mut records = vec![json!({"type": "assistant", "message": {"role": "assistant", "content": call}})];
            let result = json!([{"type": "tool_result", "tool_use_id": id, "content": "x", "is_error": failed}]);
            if failed.is_some() {
                records.push(json!({"type": "user", "message": {"role": "user", "content": result}}));
            }
            for record in records {
                Claude.entries(number, record.to_string().as_bytes()).iter().for_each(|entry| work.take(number, entry));
            }
        }
        AgentFact::of(&work).tests
    }

    #[test]
    fn the_last_run_of_tests_counts_as_it_ended() {
        let end = |command: &str, failed| tests_of(&[(command, failed)]).map(|run| run.end);
        for line in ["cargo test", "cd x && cargo test --lib a::", "RUST_LOG=x cargo nextest run", "sh -c 'npm test'"] {
            assert_eq!(end(line, Some(false)), Some(TestEnd::Passed), "{line}");
            assert_eq!(end(line, Some(true)), Some(TestEnd::Failed), "{line}");
            assert_eq!(end(line, None), Some(TestEnd::Unknown), "{line}");
        }
        for line in ["pytest | tail -3", "make test || true", "go test ./...; echo done"] {
            assert_eq!(end(line, Some(false)), Some(TestEnd::Masked), "{line}");
        }
        for line in ["cargo build", "echo cargo test", "git commit -m 'cargo test'", "cargo testify", "cargo clippy"] {
            assert_eq!(end(line, Some(false)), None, "{line}");
        }
        let last = tests_of(&[("pytest", Some(true)), ("ls", Some(false)), ("uv run pytest -q", Some(false))]);
        assert_eq!(last, Some(TestRun { command: "uv run pytest -q".to_owned(), end: TestEnd::Passed }));
    }

    #[test]
    fn of_a_sub_agent_it_is_said_where_that_stands() {
        let looked_at = Some("in the transcript of sub-agent a1".to_owned());
        let facts = Facts { agent: Some(AgentFact { looked_at, ..facts().agent.unwrap() }), ..facts() };
        let place = " (in the transcript of sub-agent a1)";
        assert!(judged("tests-green", &facts).1.ends_with(place));
        assert_eq!(judged("context-loaded:x.md", &facts), (false, format!("the agent has not read x.md{place}")));
        assert!(!judged("clean", &facts).1.contains("a1"));
    }

    #[test]
    fn each_says_what_is_amiss() {
        let mut bad = facts();
        bad.repos[0] = RepoFact { name: "app".to_owned(), dirty: Some(2), ahead: None };
        bad.fabrics[0].not_synced = vec![("pending".to_owned(), 2)];
        bad.fabrics[0].faults = 1;
        bad.agent = Some(AgentFact { edited_since: Some("a.rs".to_owned()), ..facts().agent.unwrap() });
        for (written, why) in [
            ("clean", "app has 2 uncommitted changes"),
            ("pushed", "app has no upstream that is known"),
            ("fabric-synced:f1", "2 pending"),
            ("fabric-synced:f2", "no fabric is named f2"),
            ("no-drift", "1 objects of f1 are not as git says"),
            ("tests-green", "a.rs was edited after `cargo test` passed"),
            ("context-loaded:docs/other.md", "the agent has not read docs/other.md"),
        ] {
            assert_eq!(judged(written, &bad), (false, why.to_owned()));
        }
        for (end, why) in [
            (TestEnd::Failed, "`cargo test` failed"),
            (TestEnd::Masked, "the exit status of `cargo test` is not that of the tests"),
            (TestEnd::Unknown, "it is not known how `cargo test` ended"),
        ] {
            let tests = Some(TestRun { command: "cargo test".to_owned(), end });
            bad.agent = Some(AgentFact { tests, ..AgentFact::default() });
            assert_eq!(judged("tests-green", &bad), (false, why.to_owned()));
        }
        bad.fabrics[0].connected = false;
        assert_eq!(judged("no-drift", &bad).1, "the cluster of f1 is not connected");
    }
}
