//! The agents that the transcripts and the registry make, as they are sent.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;

use super::discover::{Candidate, folder};
use super::roster::{Roster, Tracked, is_shown};
use super::signals;
use super::standing::{Standing, unread};
use crate::domain::agent::judge::{Facts, ProcessFact, judge};
use crate::domain::agent::{Agent, AgentId};
use crate::domain::fault::Fault;
use crate::domain::link::Mention;
use crate::domain::redact::Redactor;
use crate::domain::text;
use crate::domain::transcript::claude::Claude;
use crate::domain::transcript::{Digest, Step};
use crate::event::AgentsNews;
use crate::source::registry::Registered;

/// Faults that are told at once; more of them say nothing new.
const FAULTS: usize = 20;

/// Prompts that named something and are told of.
const MENTIONS: usize = 8_192;

impl Roster {
    /// All agents as of now.
    pub(super) fn news(&mut self, now: Timestamp, watching: Option<&Fault>) -> AgentsNews {
        let mut watches = std::mem::take(&mut self.watches);
        let mut agents = self.agents(now);
        let digest = |path: &Path| Some(&self.transcripts.get(path)?.summary.as_ref()?.digest);
        let session = &self.scope.session;
        signals::look(&mut watches, &mut agents, digest, (&session.levels, &session.redactor), now);
        self.watches = watches;
        let redactor = &session.redactor;
        let mentions = mentions(&agents, digest, redactor);
        let agents = agents.into_iter().map(|agent| agent.redacted(redactor)).collect();
        let faults = watching.into_iter().chain(self.unreadable.values()).take(FAULTS).cloned().collect();
        AgentsNews { agents, faults, polling: watching.is_some(), figures: self.progress(), mentions, as_of: now }
    }

    fn agents(&self, now: Timestamp) -> Vec<Agent> {
        let latest = self.latest_by_spec();
        let mut agents: Vec<Agent> = Vec::new();
        let there: HashSet<&AgentId> =
            self.transcripts.values().filter(|one| !one.gone).map(|one| &one.candidate.id).collect();
        // A file that was moved is there under its new path.
        let is_lost = |one: &Tracked| one.gone && there.contains(&one.candidate.id);
        for tracked in self.transcripts.values().filter(|one| is_shown(one) && !is_lost(one)) {
            let agent = self.agent(tracked, &latest, now);
            agents.extend(self.side_agents(tracked, &agent, &there, now));
            agents.push(agent);
        }
        self.add_silent(&mut agents, now);
        agents.sort_by(|a, b| a.id.cmp(&b.id).then(b.last_activity.cmp(&a.last_activity)));
        for n in 1..agents.len() {
            // A session that was moved may have left a copy behind: the livelier one keeps the name.
            if agents[n].id == agents[n - 1].id {
                agents[n].id = AgentId(agents[n].transcript.display().to_string());
            }
        }
        agents.sort_by(|a, b| a.id.cmp(&b.id));
        self.link_continued(&mut agents);
        agents
    }

    /// Of several transcripts that one pattern names, the one that was written last bears the plain name.
    fn latest_by_spec(&self) -> HashMap<usize, &Path> {
        let mut latest: HashMap<usize, (Option<SystemTime>, &Path)> = HashMap::new();
        for (path, tracked) in &self.transcripts {
            let sub_agent = tracked.summary.as_ref().map_or(tracked.candidate.sub_agent, |one| one.digest.sub_agent);
            let Some(spec) = tracked.candidate.spec.filter(|_| !sub_agent) else { continue };
            let modified = tracked.summary.as_ref().map_or(tracked.candidate.stat.modified, |summary| summary.modified);
            let best = latest.entry(spec).or_insert((modified, path));
            if modified > best.0 {
                *best = (modified, path);
            }
        }
        latest.into_iter().map(|(spec, (_, path))| (spec, path)).collect()
    }

    fn agent(&self, tracked: &Tracked, latest: &HashMap<usize, &Path>, now: Timestamp) -> Agent {
        let Candidate { path, format, id, sub_agent, .. } = &tracked.candidate;
        let Some(summary) = &tracked.summary else { return self.unread_agent(tracked) };
        let digest = &summary.digest;
        let sub_agent = *sub_agent || digest.sub_agent;
        let parent = match (&tracked.candidate.parent, sub_agent) {
            _ if digest.parent.is_some() => digest.parent.clone().map(AgentId),
            (Some(parent), _) => Some(parent.clone()),
            (None, true) => digest.session_id.clone().map(AgentId).filter(|parent| parent != id),
            (None, false) => None,
        };
        let session = match (&parent, &digest.session_id) {
            (Some(parent), _) => parent.0.as_str(),
            (None, Some(session)) if self.presence.of(&id.0).is_empty() => session.as_str(),
            (None, _) => id.0.as_str(),
        };
        let Standing { verdict, entry, pid } = self.standing(tracked, digest, session, now);
        let told = self.told.get(session).filter(|_| !sub_agent);
        let title = digest.title();
        let spec = match tracked.candidate.spec.filter(|_| !sub_agent) {
            Some(spec) => self.scope.session.agents.get(spec),
            None => self.scope.session.agents.iter().find(|spec| title == Some(spec.name.as_str())),
        };
        let meta = tracked.meta.as_ref();
        let title = meta.and_then(|meta| meta.description.as_deref()).or(title);
        let short = text::prefix(id.0.rsplit('/').next().unwrap_or_default(), 14);
        let name = match (spec, tracked.candidate.spec.and_then(|spec| latest.get(&spec))) {
            (Some(spec), Some(best)) if *best != path.as_path() => {
                format!("{} ({})", spec.name, text::prefix(short, 8))
            }
            (Some(spec), _) => spec.name.clone(),
            (None, _) => {
                let given = entry.filter(|entry| !entry.name_is_derived).and_then(|entry| entry.name.as_deref());
                given.or(title).unwrap_or(short).to_owned()
            }
        };
        let written = summary.modified.and_then(|modified| Timestamp::try_from(modified).ok());
        Agent {
            name: text::line(&name).into_owned(),
            role: spec.and_then(|spec| spec.role.clone()).or_else(|| meta.and_then(|meta| meta.agent_type.clone())),
            session_id: digest.session_id.clone(),
            parent,
            cwd: digest.cwd.as_ref().or(tracked.candidate.cwd.as_ref()).map(PathBuf::from),
            branch: digest.branch.as_deref().map(|branch| text::line(branch).into_owned()),
            pane: entry.and_then(|entry| entry.pane()).map(str::to_owned),
            pid,
            verdict,
            model: digest.model.clone(),
            version: digest.version.as_deref().map(|version| text::line(version).into_owned()),
            context: digest.context(&self.scope.session.models, told),
            status_line: told.cloned().map(Box::new),
            failing: is_failing(&digest.step),
            figures: self.figures(tracked),
            last_activity: digest.last_activity.or(written),
            last_action: digest.last_action.clone(),
            file_gone: tracked.gone,
            size: summary.size,
            ..Agent::bare(id.clone(), *format, path.clone())
        }
    }

    /// A transcript that cannot be read.
    fn unread_agent(&self, tracked: &Tracked) -> Agent {
        let Candidate { path, format, id, spec, stat, .. } = &tracked.candidate;
        let spec = spec.and_then(|spec| self.scope.session.agents.get(spec));
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let written = stat.modified.and_then(|modified| Timestamp::try_from(modified).ok());
        let reason = self.unreadable.get(path).map(|fault| fault.why.clone()).unwrap_or_default();
        Agent {
            name: text::line(spec.map_or(&file, |spec| spec.name.as_str())).into_owned(),
            role: spec.and_then(|spec| spec.role.clone()),
            last_activity: written,
            size: stat.size,
            verdict: unread(&reason),
            ..Agent::bare(id.clone(), *format, path.clone())
        }
    }

    /// Adds sessions that run and have written nothing yet (or write no transcripts at all).
    fn add_silent(&self, agents: &mut Vec<Agent>, now: Timestamp) {
        for Registered { entry, process, .. } in &self.presence.registered {
            let (Some(session), Some(cwd)) = (&entry.session_id, &entry.cwd) else { continue };
            let known = agents.iter().any(|agent| agent.id.0 == *session || agent.session_id.as_ref() == Some(session));
            if known || *process != ProcessFact::Alive || !self.scope.holds(Path::new(cwd)) {
                continue;
            }
            let digest = Digest::new(false);
            let hook = self.hooks.of(session, None);
            let facts = Facts { registry: Some(entry), hook, process: *process, ..Facts::of(&digest) };
            let name = entry.name.as_deref().unwrap_or(text::prefix(session, 8));
            let projects = self.scope.session.claude_dirs.first().map(|dir| folder(dir)).unwrap_or_default();
            let transcript = projects.join(slug(cwd)).join(format!("{}.jsonl", session.replace('/', "-")));
            let told = self.told.get(session);
            agents.push(Agent {
                name: text::line(name).into_owned(),
                session_id: Some(session.clone()),
                cwd: Some(PathBuf::from(cwd)),
                pane: entry.pane().map(str::to_owned),
                pid: Some(entry.pid),
                version: entry.version.as_deref().map(|version| text::line(version).into_owned()),
                verdict: judge(&facts, now),
                context: Digest::new(false).context(&self.scope.session.models, told),
                status_line: told.cloned().map(Box::new),
                last_activity: entry.status_updated_at,
                ..Agent::bare(AgentId(session.clone()), &Claude, transcript)
            });
        }
    }
}

/// What prompts named that may be tasks, without secrets: what only looks like an id is left out.
fn mentions<'a>(agents: &[Agent], digest: impl Fn(&Path) -> Option<&'a Digest>, redactor: &Redactor) -> Vec<Mention> {
    let mut found = Vec::new();
    // The agents inside another one's transcript are told what is written there as calls.
    for agent in agents.iter().filter(|agent| !agent.inside_parent) {
        let named = digest(&agent.transcript).map(Digest::named).unwrap_or_default();
        for naming in named {
            let secrets: Vec<&str> =
                naming.text.split(", ").filter(|id| matches!(redactor.redact(id), Cow::Owned(_))).collect();
            let ids = naming.text.split(", ").filter(|id| !secrets.iter().any(|secret| secret.contains(id)));
            let text = ids.collect::<Vec<_>>().join(", ");
            if found.len() == MENTIONS || text.is_empty() {
                continue;
            }
            let file = agent.transcript.file_name().unwrap_or_default().to_string_lossy();
            let source = naming.at.map_or_else(|| file.to_string(), |at| format!("{file}, prompt of {at:.0}"));
            found.push(Mention { agent: agent.id.clone(), text, source });
        }
    }
    found
}

/// The API fails now and then; at the third attempt somebody should know.
pub(super) fn is_failing(step: &Step) -> bool {
    match step {
        Step::Failed => true,
        Step::Retrying { attempt, .. } => *attempt >= 3,
        Step::Nothing
        | Step::Asked
        | Step::Calling { .. }
        | Step::Asking { .. }
        | Step::Answered
        | Step::Ended
        | Step::Background { .. }
        | Step::Interrupted
        | Step::Permission { .. }
        | Step::Closed
        | Step::MovedOn { .. } => false,
    }
}

/// Claude Code's name for the folder of a project: every character but letters and digits becomes `-`.
fn slug(cwd: &str) -> String {
    let name: String = cwd.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    text::prefix(&name, 200).to_owned()
}
