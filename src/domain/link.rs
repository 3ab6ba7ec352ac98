//! What belongs to a task: the agents, commits, briefs and gates that name it, each with the reason for the link and its
//! source.
//!
//! Nothing is guessed from likeness: a link is there because an id stands somewhere as a word of its own, because a branch
//! or a folder is called after the task, or because a file names both. Ids that are too short or too common to tell a task
//! from ordinary words ([`Names`]) link only where something says that a task is meant.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::domain::agent::{Agent, AgentId};
use crate::domain::commit::RepoLog;
use crate::domain::gate::{Gate, GateId};
use crate::domain::task::Task;

mod history;
mod names;
#[cfg(test)]
mod tests;
mod trailer;

pub use names::{Names, candidates};

/// Links kept of one task: nobody reads more of them.
const MOST: usize = 256;

/// What a task is linked to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    /// An agent.
    Agent(AgentId),
    /// A commit, by its full id.
    Commit(String),
    /// A brief, by its file.
    Brief(PathBuf),
    /// A gate.
    Gate(GateId),
}

/// Why a link is there, the strongest reason first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// A brief is about the task, and says for whom it is.
    Brief,
    /// The task's own file says who has it.
    Assigned,
    /// A gate is bound to the task.
    Subject,
    /// A trailer of the commit names the task.
    Trailer,
    /// A branch is called after the task.
    Branch,
    /// The folder that is worked in is called after the task.
    Folder,
    /// A prompt names the task.
    Prompt,
    /// The message of a commit names the task.
    Message,
    /// A commit that names the task lies on the agent's branch.
    OwnCommit,
    /// The text of a gate names the task.
    Text,
    /// The agent that has the task asked.
    Asker,
}

impl Reason {
    /// The reason in words that a source can follow: `a brief names it`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Brief => "a brief names it",
            Self::Assigned => "the task is given to it",
            Self::Subject => "bound to the task",
            Self::Trailer => "a trailer names it",
            Self::Branch => "the branch is called after it",
            Self::Folder => "the folder is called after it",
            Self::Prompt => "a prompt names it",
            Self::Message => "the message names it",
            Self::OwnCommit => "a commit on its branch names it",
            Self::Text => "its text names it",
            Self::Asker => "asked by its agent",
        }
    }
}

/// A link of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Id of the task.
    pub task: String,
    /// What it is linked to.
    pub to: End,
    /// Why.
    pub reason: Reason,
    /// Where the reason stands: `TODO.md:12`, `3f2a1bc Task: T-12`, `feature/T-12`.
    pub source: String,
}

/// The brief of a task, as its front matter says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BriefNote {
    /// Its file.
    pub file: PathBuf,
    /// Id of the task it is about.
    pub task: Option<String>,
    /// Name of the agent it is for.
    pub agent: Option<String>,
}

/// What was said to an agent, or done by it, that may name a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The agent.
    pub agent: AgentId,
    /// The text.
    pub text: String,
    /// Where it stands: a file with an offset or a line.
    pub source: String,
}

/// What links are made from. All of it without secrets: what is a source here is shown.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts<'a> {
    /// The tasks of the board; their ids differ.
    pub tasks: &'a [Arc<Task>],
    /// Agents.
    pub agents: &'a [Agent],
    /// Repositories with as many commits as are loaded.
    pub repos: &'a [RepoLog],
    /// Briefs.
    pub briefs: &'a [BriefNote],
    /// Gates.
    pub gates: &'a [Gate],
    /// Prompts.
    pub mentions: &'a [Mention],
    /// What prompts named that were read for what is known of the agents.
    pub told: &'a [Mention],
}

/// Every link, by task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    by_task: BTreeMap<String, Vec<Link>>,
    /// Ids of tasks by what they are linked to.
    by_end: HashMap<End, BTreeSet<String>>,
}

impl Links {
    /// Every link that the facts give.
    pub fn of(facts: &Facts<'_>) -> Self {
        let names = Names::of(facts.tasks);
        let mut links = Self::default();
        for task in facts.tasks {
            links.assigned(task, facts.agents);
        }
        links.briefs(&names, facts);
        links.places(&names, facts);
        // Where a prompt stands to the byte is the better source.
        for mention in facts.mentions.iter().chain(facts.told) {
            for task in names.in_text(&mention.text) {
                links.add(&facts.tasks[task].id, End::Agent(mention.agent.clone()), Reason::Prompt, &mention.source);
            }
        }
        links.commits(&names, facts);
        links.gates(&names, facts);
        for list in links.by_task.values_mut() {
            list.sort_by(|a, b| (&a.to, a.reason).cmp(&(&b.to, b.reason)));
        }
        links
    }

    /// The links of a task: by what they lead to, each with its strongest reason first.
    pub fn of_task(&self, task: &str) -> &[Link] {
        self.by_task.get(task).map_or(&[], Vec::as_slice)
    }

    /// Ids of the tasks that something is linked to.
    pub fn tasks_of(&self, end: &End) -> impl Iterator<Item = &str> {
        self.by_end.get(end).into_iter().flatten().map(String::as_str)
    }

    /// Everything that is linked to tasks, with their ids.
    pub fn ends(&self) -> impl Iterator<Item = (&End, &BTreeSet<String>)> {
        self.by_end.iter()
    }

    /// The agent of a task: the one with the strongest reason.
    pub fn agent_of(&self, task: &str) -> Option<&AgentId> {
        let agents = self.of_task(task).iter().filter_map(|link| match &link.to {
            End::Agent(agent) => Some((link.reason, agent)),
            End::Commit(_) | End::Brief(_) | End::Gate(_) => None,
        });
        agents.min_by_key(|(reason, _)| *reason).map(|(_, agent)| agent)
    }

    /// Full ids of the commits of a task.
    pub fn commits_of(&self, task: &str) -> impl Iterator<Item = &str> {
        let mut last = None;
        self.of_task(task).iter().filter_map(move |link| match &link.to {
            End::Commit(id) if last != Some(id) => {
                last = Some(id);
                Some(id.as_str())
            }
            End::Commit(_) | End::Agent(_) | End::Brief(_) | End::Gate(_) => None,
        })
    }

    fn add(&mut self, task: &str, to: End, reason: Reason, source: &str) {
        let list = self.by_task.entry(task.to_owned()).or_default();
        let known = list.iter().any(|link| link.to == to && link.reason == reason);
        if known || list.len() >= MOST {
            return;
        }
        self.by_end.entry(to.clone()).or_default().insert(task.to_owned());
        list.push(Link { task: task.to_owned(), to, reason, source: source.to_owned() });
    }

    /// The task's file says who has it. Of several agents of one role none is meant more than another.
    fn assigned(&mut self, task: &Task, agents: &[Agent]) {
        let Some(assignee) = &task.assignee else { return };
        let source = format!("{}:{}", task.origin.file.display(), task.origin.line);
        for name in assignee.split([',', ';']).map(|name| name.trim().trim_start_matches('@')) {
            for agent in named(agents, name) {
                self.add(&task.id, End::Agent(agent.id.clone()), Reason::Assigned, &source);
            }
        }
    }

    fn briefs(&mut self, names: &Names, facts: &Facts<'_>) {
        for brief in facts.briefs {
            let source = file_name(&brief.file);
            for task in brief.task.iter().flat_map(|task| names.called(task)) {
                let id = &facts.tasks[task].id;
                self.add(id, End::Brief(brief.file.clone()), Reason::Brief, &source);
                for agent in brief.agent.iter().flat_map(|name| named(facts.agents, name)) {
                    self.add(id, End::Agent(agent.id.clone()), Reason::Brief, &source);
                }
            }
        }
    }

    /// Branches and folders that agents work in.
    fn places(&mut self, names: &Names, facts: &Facts<'_>) {
        for agent in facts.agents {
            for branch in history::branches(agent, facts.repos) {
                for task in names.in_branch(branch) {
                    self.add(&facts.tasks[task].id, End::Agent(agent.id.clone()), Reason::Branch, branch);
                }
            }
            let Some(cwd) = &agent.cwd else { continue };
            let Some(folder) = history::worktree(cwd, facts.repos).and_then(Path::file_name) else { continue };
            for task in names.in_branch(&folder.to_string_lossy()) {
                let source = cwd.display().to_string();
                self.add(&facts.tasks[task].id, End::Agent(agent.id.clone()), Reason::Folder, &source);
            }
        }
    }

    /// Messages, trailers and branches.
    fn commits(&mut self, names: &Names, facts: &Facts<'_>) {
        for repo in facts.repos {
            let lines = history::Lines::of(repo);
            let agents: Vec<(&Agent, &str)> = facts
                .agents
                .iter()
                .flat_map(|agent| history::branches(agent, std::slice::from_ref(repo)).map(move |name| (agent, name)))
                .collect();
            for (number, row) in repo.rows.iter().enumerate() {
                let commit = &row.commit;
                let short: String = commit.id.chars().take(7).collect();
                let mut named: BTreeSet<usize> = BTreeSet::new();
                for (key, value, explicit) in trailer::trailers(&commit.body) {
                    let found = if explicit { names.listed(value) } else { names.in_text(value) };
                    for task in found {
                        named.insert(task);
                        let source = format!("{short} {key}: {value}");
                        self.add(&facts.tasks[task].id, End::Commit(commit.id.clone()), Reason::Trailer, &source);
                    }
                }
                for task in names.in_text(&commit.summary).into_iter().chain(names.in_text(&commit.body)) {
                    if named.insert(task) {
                        let source = format!("{short} {}", commit.summary);
                        self.add(&facts.tasks[task].id, End::Commit(commit.id.clone()), Reason::Message, &source);
                    }
                }
                for branch in lines.own(number) {
                    for task in names.in_branch(branch) {
                        self.add(&facts.tasks[task].id, End::Commit(commit.id.clone()), Reason::Branch, branch);
                    }
                    for (agent, _) in agents.iter().filter(|(_, name)| *name == branch) {
                        for task in &named {
                            let end = End::Agent(agent.id.clone());
                            self.add(&facts.tasks[*task].id, end, Reason::OwnCommit, &short);
                        }
                    }
                }
            }
        }
    }

    fn gates(&mut self, names: &Names, facts: &Facts<'_>) {
        for gate in facts.gates {
            let end = End::Gate(gate.id.clone());
            let bound = gate.subject.iter().filter(|(key, _)| key.eq_ignore_ascii_case("task"));
            for (key, value) in bound {
                for task in names.listed(value) {
                    self.add(&facts.tasks[task].id, end.clone(), Reason::Subject, &format!("{key}={value}"));
                }
            }
            for text in [&gate.title, &gate.detail] {
                for task in names.in_text(text) {
                    self.add(&facts.tasks[task].id, end.clone(), Reason::Text, &gate.title);
                }
            }
            let asks = |agent: &&Agent| agent.session_id.is_some() && agent.session_id == gate.agent;
            let Some(agent) = facts.agents.iter().find(asks) else { continue };
            let has: Vec<String> = self.tasks_of(&End::Agent(agent.id.clone())).map(str::to_owned).collect();
            // Of an agent with several tasks nobody knows for which of them it asks.
            if let [task] = has.as_slice() {
                self.add(task, end, Reason::Asker, &agent.name);
            }
        }
    }
}

/// Agents of that name; else those of that role, unless there are several.
fn named<'a>(agents: &'a [Agent], name: &str) -> Vec<&'a Agent> {
    let name = name.trim();
    if name.is_empty() {
        return Vec::new();
    }
    let by_name: Vec<&Agent> = agents.iter().filter(|agent| agent.name.eq_ignore_ascii_case(name)).collect();
    if !by_name.is_empty() {
        return by_name;
    }
    let is_role = |agent: &&Agent| agent.role.as_ref().is_some_and(|role| role.eq_ignore_ascii_case(name));
    let by_role: Vec<&Agent> = agents.iter().filter(is_role).collect();
    if by_role.len() == 1 { by_role } else { Vec::new() }
}

fn file_name(file: &Path) -> String {
    file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}
