//! What is claimed of tasks and by agents beside what is shown, and what the operator signed off: by the same code as on screen.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::config::session::Session;
use crate::domain::agent::AgentId;
use crate::domain::attention::{self, Need};
use crate::domain::commit::RepoLog;
use crate::domain::drift::DriftView;
use crate::domain::evidence::known::{Known, request};
use crate::domain::evidence::{Evidence, Overall, Source, of_claim};
use crate::domain::link::{Facts, Links, Names};
use crate::domain::sign_off::{Now, Standing};
use crate::domain::task::{Task, TaskStatus};
use crate::event::AgentsNews;
use crate::exec::past;
use crate::source::evidence::{Shelf, gather};
use crate::source::git;

/// Commits that links are looked for in.
const COMMITS: usize = 300;

/// Everything that is known of claims.
#[derive(Debug, Default)]
pub struct Reviewed {
    tasks: BTreeMap<String, (Evidence, Standing)>,
    agents: BTreeMap<AgentId, Evidence>,
    holders: BTreeMap<String, String>,
}

/// Looks at everything. Blocks.
pub fn of(session: &Session, news: &AgentsNews, tasks: &[Arc<Task>], fabrics: &[DriftView]) -> Reviewed {
    let agents = news.agents.as_slice();
    let past = past::read(&session.state_dir, &session.root).unwrap_or_default();
    let repos: Vec<RepoLog> =
        session.repos.iter().filter_map(|repo| git::read(repo, COMMITS, &session.redactor).ok()).collect();
    let (briefs, told) = (past.briefs.as_slice(), news.mentions.as_slice());
    let links = Links::of(&Facts { tasks, agents, repos: &repos, briefs, told, ..Facts::default() });
    let names = Names::of(tasks);
    let wanted = request(tasks.iter().map(|task| task.id.as_str()), None, &links, agents, &repos);
    let gathered = gather(&mut Shelf::new(session.redactor.clone()), &wanted);
    let manifests_below: Vec<PathBuf> = session.fabrics.iter().map(|fabric| fabric.repo.clone()).collect();
    let checks: Vec<String> = session.checks.iter().map(|check| check.name.clone()).collect();
    let known = Known {
        tasks,
        names: &names,
        agents,
        links: &links,
        gathered: &gathered,
        repos: &repos,
        fabrics,
        manifests_below: &manifests_below,
        checks: &checks,
        runs: &past.checks,
        require: &session.review.require,
    };
    let mut reviewed = Reviewed::default();
    for (at, task) in tasks.iter().enumerate() {
        let evidence = known.of_task(at);
        let now = Now { task: Some(task), evidence: &evidence, fabrics };
        let standing = Standing::of(past.reviews.signed.get(&task.id), &now);
        reviewed.tasks.insert(task.id.clone(), (evidence, standing));
        let holder = links.agent_of(&task.id).and_then(|id| agents.iter().find(|agent| agent.id == *id));
        reviewed.holders.extend(holder.map(|agent| (task.id.clone(), agent.name.clone())));
    }
    for agent in agents.iter().filter(|agent| gathered.told.contains_key(&agent.id)) {
        reviewed.agents.insert(agent.id.clone(), known.of_agent(&agent.id));
    }
    reviewed
}

impl Reviewed {
    /// Claims of an agent, each with its grade.
    pub fn claims(&self, agent: &AgentId) -> Vec<Value> {
        let Some(evidence) = self.agents.get(agent) else { return Vec::new() };
        let claims = evidence.claims.iter().map(|claim| {
            let (file, line) = match &claim.source {
                Source::Record { file, line, .. } => (Some(file.clone()), Some(*line)),
                Source::Task { file, line, .. } => (Some(file.clone()), Some(u64::from(*line))),
                Source::File(..) | Source::Commit(_) | Source::Object(..) | Source::Check(_) => (None, None),
            };
            let grade = of_claim(claim.kind, evidence);
            json!({ "text": claim.text, "kind": claim.kind, "file": file, "line": line, "grade": grade })
        });
        claims.collect()
    }

    /// The name of the agent that has a task.
    pub fn agent(&self, task: &str) -> Option<&str> {
        self.holders.get(task).map(String::as_str)
    }

    /// The grade of a task.
    pub fn grade(&self, task: &str) -> Value {
        self.tasks.get(task).map_or(Value::Null, |(evidence, _)| json!(evidence.grade))
    }

    /// What a look at all rows of a task ends in; none where nothing is claimed.
    pub fn verdict(&self, task: &str) -> Option<&'static str> {
        match self.tasks.get(task)?.0.overall() {
            Overall::NoClaim => None,
            Overall::Holds => Some("holds"),
            Overall::Short => Some("short"),
            Overall::Contradicted => Some("contradicted"),
        }
    }

    /// How a task stands with the operator; null where nobody signed it off.
    pub fn sign_off(&self, task: &str) -> Value {
        match self.tasks.get(task).map(|(_, standing)| standing) {
            None | Some(Standing::Open) => Value::Null,
            Some(Standing::Signed(at)) => json!({ "state": "signed", "at": at }),
            Some(Standing::Superseded(at, why)) => json!({ "state": "superseded", "at": at, "reason": why }),
        }
    }

    /// Sign-offs that no longer stand.
    pub fn needs(&self, tasks: &[Arc<Task>]) -> Vec<Need> {
        let superseded = |task: &Arc<Task>| {
            let Standing::Superseded(at, why) = &self.tasks.get(&task.id)?.1 else { return None };
            Some(attention::superseded(task, *at, why))
        };
        tasks.iter().filter_map(superseded).collect()
    }

    /// True for what is done, and for what was signed off, that does not stand as it should.
    pub fn wants_a_look(&self, task: &Task) -> bool {
        match self.tasks.get(&task.id) {
            Some((_, Standing::Superseded(..))) => true,
            Some((_, Standing::Signed(_))) | None => false,
            Some((evidence, Standing::Open)) => task.status == TaskStatus::Done && evidence.overall() != Overall::Holds,
        }
    }

    /// Standing, contradiction or grade of a task, in a word.
    pub fn words(&self, task: &Task) -> String {
        match self.tasks.get(&task.id) {
            Some((_, Standing::Superseded(..))) => "superseded".to_owned(),
            Some((_, Standing::Signed(_))) => "signed off".to_owned(),
            Some((evidence, Standing::Open)) if evidence.overall() == Overall::Contradicted => {
                "contradicted".to_owned()
            }
            Some((evidence, Standing::Open)) => evidence.grade.name().to_owned(),
            None => String::new(),
        }
    }
}
