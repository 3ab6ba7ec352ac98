//! What a brief is about, gathered as values for a template: session, task, agent, git, drift and board.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use super::one_line;
use crate::domain::agent::Agent;
use crate::domain::commit::{RepoLog, Worktree};
use crate::domain::drift::DriftView;
use crate::domain::task::{Task, TaskStatus};

/// Tasks of a board that are listed; more would be a copy of it.
const OPEN_TASKS: usize = 40;
/// Commits that are listed.
const COMMITS: usize = 5;
/// Characters of a commit's id.
const SHORT: usize = 10;

/// What there is to say of the world when a brief is begun. All of it may be missing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// Name of the session.
    pub session: &'a str,
    /// Its root, as the operator would write it.
    pub root: &'a str,
    /// The task.
    pub task: Option<&'a Task>,
    /// Every task.
    pub tasks: &'a [Arc<Task>],
    /// The agent that the brief is for.
    pub agent: Option<&'a Agent>,
    /// Name of the agent, when nothing else is known of it.
    pub agent_name: Option<&'a str>,
    /// The repositories, the session's own first.
    pub repos: &'a [RepoLog],
    /// The fabrics; none while they are not known.
    pub fabrics: &'a [DriftView],
}

impl Known<'_> {
    /// The values. Their names are explained in `docs/briefs.md`.
    pub fn values(&self) -> Value {
        json!({
            "session": { "name": self.session, "root": self.root },
            "task": self.task.map(|task| self.of_task(task)),
            "agent": self.of_agent(),
            "git": self.repos.first().map(of_repo),
            "board": { "open": self.open() },
            "drift": { "summary": self.drift() },
        })
    }

    fn of_task(&self, task: &Task) -> Value {
        let (open, all): (Vec<String>, Vec<String>) = (criteria(task, false), criteria(task, true));
        json!({
            "id": one_line(&task.id),
            "title": title(task),
            "status": task.status.name(),
            "raw_status": one_line(&task.raw_status),
            "body": task.body.trim(),
            "file": one_line(&task.origin.file.to_string_lossy()),
            "line": task.origin.line,
            "section": task.section.as_deref().map(one_line),
            "assignee": task.assignee.as_deref().map(one_line),
            "criteria": open,
            "all_criteria": all,
            "waits_for": self.waits_for(task),
        })
    }

    /// What a task waits for and is not done.
    fn waits_for(&self, task: &Task) -> Vec<Value> {
        let others = task.depends_on.iter().filter_map(|id| self.tasks.iter().find(|other| other.id == *id));
        let open = others.filter(|other| other.status != TaskStatus::Done);
        open.map(
            |other| json!({"id": one_line(&other.id), "title": one_line(&other.title), "status": other.status.name()}),
        )
        .collect()
    }

    fn of_agent(&self) -> Value {
        let Some(agent) = self.agent else { return json!({ "name": self.agent_name.map(one_line) }) };
        let worktree = agent.cwd.as_deref().and_then(|cwd| self.worktree(cwd));
        json!({
            "name": one_line(&agent.name),
            "role": agent.role.as_deref().map(one_line),
            "state": agent.verdict.state.name(),
            "model": agent.model.as_deref().map(one_line),
            "cwd": agent.cwd.as_ref().map(|cwd| one_line(&cwd.to_string_lossy())),
            "branch": agent.branch.as_deref().or_else(|| worktree?.branch.as_deref()).map(one_line),
            "worktree": worktree.map(|worktree| one_line(&worktree.path.to_string_lossy())),
            "window": agent.context.window,
            "left": left(agent),
            "last_action": agent.last_action.as_deref().map(one_line),
        })
    }

    /// The working tree that a folder lies in.
    fn worktree(&self, folder: &Path) -> Option<&Worktree> {
        let around = self.repos.iter().flat_map(|repo| &repo.worktrees).filter(|tree| folder.starts_with(&tree.path));
        around.max_by_key(|tree| tree.path.components().count())
    }

    fn open(&self) -> Vec<Value> {
        let open = self.tasks.iter().filter(|task| task.status != TaskStatus::Done).take(OPEN_TASKS);
        let row = |task: &Arc<Task>| {
            let waits = self
                .waits_for(task)
                .iter()
                .filter_map(|other| Some(other["id"].as_str()?.to_owned()))
                .collect::<Vec<_>>();
            json!({
                "id": one_line(&task.id),
                "title": one_line(&task.title),
                "status": task.status.name(),
                "waits_for": waits.join(", "),
            })
        };
        open.map(row).collect()
    }

    /// One phrase on each fabric; none while no fabric is known.
    fn drift(&self) -> Option<String> {
        let of = |view: &DriftView| {
            let counts: Vec<String> = view.summary().iter().map(|(state, count)| format!("{count} {state}")).collect();
            let counts = if counts.is_empty() { "nothing known".to_owned() } else { counts.join(", ") };
            format!("{} ({}): {counts}", one_line(&view.fabric), view.connection.name())
        };
        (!self.fabrics.is_empty()).then(|| self.fabrics.iter().map(of).collect::<Vec<_>>().join("; "))
    }
}

/// Tokens that an agent's window still has room for.
pub fn left(agent: &Agent) -> Option<u64> {
    Some(agent.context.window?.saturating_sub(agent.context.used?))
}

/// The title of a task without its id, which often stands in front of it.
fn title(task: &Task) -> String {
    let title = one_line(&task.title);
    let rest = title.strip_prefix(&one_line(&task.id)).map(|rest| rest.trim_start_matches([':', '.', ' ']));
    rest.filter(|rest| !rest.is_empty()).map_or_else(|| title.clone(), str::to_owned)
}

fn of_repo(repo: &RepoLog) -> Value {
    let short = |id: &str| id.chars().take(SHORT).collect::<String>();
    let commits = repo.rows.iter().take(COMMITS).map(|row| &row.commit);
    let dirty = repo.dirty.staged + repo.dirty.unstaged + repo.dirty.untracked + repo.dirty.conflicted;
    json!({
        "branch": repo.branch.as_deref().map(one_line),
        "head": repo.head.as_deref().map(short),
        "dirty": dirty,
        "commits": commits.map(|commit| json!({"id": short(&commit.id), "summary": one_line(&commit.summary)})).collect::<Vec<_>>(),
    })
}

/// The criteria of a task: its boxes, else the items of its text that are boxes.
fn criteria(task: &Task, ticked: bool) -> Vec<String> {
    if !task.boxes.is_empty() {
        let open = task.boxes.iter().filter(|criterion| ticked || !criterion.done);
        return open.map(|criterion| one_line(&criterion.text)).collect();
    }
    let items = task.body.lines().filter_map(|line| {
        let item = line.trim_start().strip_prefix(['-', '*', '+'])?.trim_start();
        let text = item.strip_prefix("[ ]").or_else(|| item.strip_prefix("[x]").filter(|_| ticked))?;
        Some(one_line(text))
    });
    items.filter(|item| !item.is_empty()).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use std::path::PathBuf;

    use super::Known;
    use crate::domain::agent::{Agent, AgentId};
    use crate::domain::brief::template::{Template, built_in};
    use crate::domain::brief::unfilled;
    use crate::domain::commit::{RepoLog, Worktree};
    use crate::domain::task::{Criteria, Origin, Task, TaskStatus, shared};
    use crate::domain::transcript::claude::Claude;

    pub fn task(id: &str, status: TaskStatus) -> Task {
        Task {
            id: id.to_owned(),
            title: "Fix the VLAN check".to_owned(),
            status,
            raw_status: "🔲".to_owned(),
            origin: Origin { file: PathBuf::from("docs/TASKS.md"), line: 12 },
            format: "emoji",
            project: None,
            section: None,
            assignee: None,
            depends_on: Vec::new(),
            criteria: Criteria::default(),
            boxes: Vec::new(),
            body: "The range is wrong.\n\n- [ ] 4094 is allowed\n- [x] 1 is allowed\n".to_owned(),
        }
    }

    fn template(name: &str) -> Template {
        built_in().into_iter().find(|template| template.name == name).unwrap()
    }

    fn repo() -> RepoLog {
        RepoLog { branch: Some("main".into()), head: Some("1a2b3c4d5e6f".into()), ..RepoLog::default() }
    }

    #[test]
    fn a_brief_says_all_that_is_known_of_the_task() {
        let (task, repo) = (task("2.1", TaskStatus::Todo), repo());
        let repos = [repo];
        let known =
            Known { task: Some(&task), agent_name: Some("fabric-specialist"), repos: &repos, ..Known::default() };
        let text = template("specialist").render(&[], &known.values()).unwrap();
        for part in [
            "# Fix the VLAN check\n",
            "You are fabric-specialist. You work on this one task.",
            "The range is wrong.",
            "`docs/TASKS.md:12`; its status there is `🔲`.",
            "on branch `main` at commit `1a2b3c4d5e`.",
            "### Success criteria\n\n- [ ] 4094 is allowed\n- [ ] The tests",
            "### How to report\n",
        ] {
            assert!(text.contains(part), "{part:?} is missing in\n{text}");
        }
        assert!(
            unfilled(&text).is_empty() && !text.contains("- [ ] 1 is allowed") && !text.contains("waits for"),
            "{text}"
        );
    }

    #[test]
    fn what_is_not_known_is_left_out_or_marked() {
        let task = Task { body: String::new(), raw_status: String::new(), ..task("2.1", TaskStatus::Todo) };
        let known = Known { task: Some(&task), ..Known::default() };
        let text = template("specialist").render(&[], &known.values()).unwrap();
        assert!(text.contains("\nYou work on this one task.") && text.contains("status there is not given"), "{text}");
        assert!(text.contains("Ask before you assume more.") && !text.contains("The repository is"), "{text}");
        assert!(unfilled(&text).is_empty(), "{text}");
        let text = template("specialist").render(&[], &Known::default().values()).unwrap();
        assert_eq!(unfilled(&text), ["task.title", "task.id"]);
    }

    #[test]
    fn an_agent_is_told_of_as_far_as_it_is_known_and_the_rest_stays_marked() {
        let tree = |path: &str, branch: &str| Worktree { path: path.into(), branch: Some(branch.to_owned()) };
        let repos = [RepoLog { worktrees: vec![tree("/p", "main"), tree("/p/wt/T-1", "fix/T-1")], ..repo() }];
        let mut agent = Agent::bare(AgentId("a".to_owned()), &Claude, "/t/a.jsonl".into());
        agent.name = "api".to_owned();
        let text = "{{ agent.name }} {{ agent.model }} {{ agent.left }} {{ agent.branch }} {{ agent.worktree }} \
                    {{ drift.summary }} {{ object.title }}";
        let own = Template { name: "own".to_owned(), text: text.to_owned(), ..template("specialist") };
        let render = |agent: &Agent| {
            let known = Known { agent: Some(agent), repos: &repos, ..Known::default() };
            own.render(&[], &known.values()).unwrap()
        };
        assert_eq!(
            render(&agent).trim(),
            "api ⟦agent.model⟧ ⟦agent.left⟧ ⟦agent.branch⟧ ⟦agent.worktree⟧ ⟦drift.summary⟧ ⟦object.title⟧"
        );
        agent.model = Some("m-1".to_owned());
        agent.cwd = Some("/p/wt/T-1/src".into());
        agent.context.window = Some(1_000);
        agent.context.used = Some(400);
        assert!(render(&agent).starts_with("api m-1 600 fix/T-1 /p/wt/T-1 ⟦drift"), "{}", render(&agent));
    }

    #[test]
    fn what_a_task_waits_for_is_said_while_it_is_not_done() {
        let first = Task { depends_on: vec!["2".into(), "3".into()], ..task("1", TaskStatus::Todo) };
        let tasks = shared(vec![first.clone(), task("2", TaskStatus::Done), task("3", TaskStatus::Blocked)]);
        let known = Known { task: Some(&first), tasks: &tasks, ..Known::default() };
        let text = template("specialist").render(&[], &known.values()).unwrap();
        assert!(
            text.contains("- It waits for 3 (Fix the VLAN check), which is blocked.") && !text.contains("waits for 2")
        );
        let text = template("orchestrator").render(&[], &known.values()).unwrap();
        assert!(text.contains("- 1: Fix the VLAN check (todo, waits for 3)\n- 3: "), "{text}");
        assert_eq!(unfilled(&text), ["session.name", "orchestrator.goal"]);
    }
}
