//! The agents that the transcripts and the registry make, as they are sent.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;

use super::discover::{Candidate, folder};
use super::roster::{Roster, Tracked, is_shown};
use crate::domain::agent::judge::{ProcessFact, judge};
use crate::domain::agent::{Agent, AgentId, AgentKind, AgentState, ContextGauge, StateSource, StateVerdict};
use crate::domain::fault::Fault;
use crate::domain::redact::redact;
use crate::domain::text;
use crate::domain::transcript::Digest;
use crate::event::AgentsNews;
use crate::source::registry::Registered;

/// Faults that are told at once; more of them say nothing new.
const FAULTS: usize = 20;

impl Roster {
    /// All agents as of now.
    pub(super) fn news(&self, now: Timestamp, watching: Option<&Fault>) -> AgentsNews {
        let latest = self.latest_by_spec();
        let mut agents: Vec<Agent> = Vec::new();
        for tracked in self.transcripts.values().filter(|one| is_shown(one)) {
            agents.push(self.agent(tracked, &latest, now));
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
        let faults = watching.into_iter().chain(self.unreadable.values()).take(FAULTS).cloned().collect();
        AgentsNews { agents, faults, polling: watching.is_some(), as_of: now }
    }

    /// Of several transcripts that one pattern names, the one that was written last bears the plain name.
    fn latest_by_spec(&self) -> HashMap<usize, &Path> {
        let mut latest: HashMap<usize, (Option<SystemTime>, &Path)> = HashMap::new();
        for (path, tracked) in &self.transcripts {
            let Some(spec) = tracked.candidate.spec.filter(|_| !tracked.candidate.sub_agent) else { continue };
            let modified = tracked.summary.as_ref().map_or(tracked.candidate.modified, |summary| summary.modified);
            let best = latest.entry(spec).or_insert((modified, path));
            if modified > best.0 {
                *best = (modified, path);
            }
        }
        latest.into_iter().map(|(spec, (_, path))| (spec, path)).collect()
    }

    fn agent(&self, tracked: &Tracked, latest: &HashMap<usize, &Path>, now: Timestamp) -> Agent {
        let Candidate { path, kind, id, sub_agent, .. } = &tracked.candidate;
        let Some(summary) = &tracked.summary else { return self.unread_agent(tracked) };
        let digest = &summary.digest;
        let parent = match (&tracked.candidate.parent, sub_agent) {
            (Some(parent), _) => Some(parent.clone()),
            (None, true) => digest.session_id.clone().map(AgentId),
            (None, false) => None,
        };
        let session = match (&parent, &digest.session_id) {
            (Some(parent), _) => parent.0.as_str(),
            (None, Some(session)) if self.registered_as(&id.0).is_none() => session.as_str(),
            (None, _) => id.0.as_str(),
        };
        let registered = self.registered_as(session);
        let process = registered.map_or(ProcessFact::Unknown, |registered| registered.process);
        let entry = registered.map(|registered| &registered.entry).filter(|_| !sub_agent);
        let title = digest.title();
        let spec = match tracked.candidate.spec.filter(|_| !sub_agent) {
            Some(spec) => self.scope.session.agents.get(spec),
            None => self.scope.session.agents.iter().find(|spec| title == Some(spec.name.as_str())),
        };
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
            id: id.clone(),
            name: redact(&text::line(&name)).into_owned(),
            kind: *kind,
            role: spec.and_then(|spec| spec.role.clone()),
            transcript: path.clone(),
            session_id: digest.session_id.clone(),
            parent,
            cwd: digest.cwd.as_ref().map(PathBuf::from),
            branch: digest.branch.as_deref().map(|branch| text::line(branch).into_owned()),
            pane: entry.and_then(|entry| entry.pane()).map(str::to_owned),
            pid: entry.filter(|_| process == ProcessFact::Alive).map(|entry| entry.pid),
            verdict: judge(entry, process, digest, now),
            model: digest.model.clone(),
            version: digest.version.as_deref().map(|version| text::line(version).into_owned()),
            context: digest.context(),
            last_activity: digest.last_activity.or(written),
            last_action: digest.last_action.as_deref().map(|action| redact(action).into_owned()),
            size: summary.size,
        }
    }

    /// A transcript of a kind that is listed and not read.
    fn unread_agent(&self, tracked: &Tracked) -> Agent {
        let Candidate { path, kind, id, spec, size, modified, .. } = &tracked.candidate;
        let spec = spec.and_then(|spec| self.scope.session.agents.get(spec));
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let written = modified.and_then(|modified| Timestamp::try_from(modified).ok());
        let reason = match self.unreadable.get(path) {
            Some(fault) => fault.why.clone(),
            None => "transcripts of this kind are listed but not read".to_owned(),
        };
        Agent {
            id: id.clone(),
            name: text::line(spec.map_or(&file, |spec| spec.name.as_str())).into_owned(),
            kind: *kind,
            role: spec.and_then(|spec| spec.role.clone()),
            last_activity: written,
            size: *size,
            verdict: StateVerdict {
                state: AgentState::Unknown,
                since: None,
                source: StateSource::None,
                reason,
                waiting_for: None,
            },
            ..blank(path.clone())
        }
    }

    /// Adds sessions that run and have written nothing yet (or write no transcripts at all).
    fn add_silent(&self, agents: &mut Vec<Agent>, now: Timestamp) {
        for Registered { entry, process } in &self.registered {
            let (Some(session), Some(cwd)) = (&entry.session_id, &entry.cwd) else { continue };
            let known = agents.iter().any(|agent| agent.id.0 == *session || agent.session_id.as_ref() == Some(session));
            if known || *process != ProcessFact::Alive || !self.scope.holds(Path::new(cwd)) {
                continue;
            }
            let name = entry.name.as_deref().unwrap_or(text::prefix(session, 8));
            let projects = self.scope.session.claude_dirs.first().map(|dir| folder(dir)).unwrap_or_default();
            let transcript = projects.join(slug(cwd)).join(format!("{}.jsonl", session.replace('/', "-")));
            agents.push(Agent {
                id: AgentId(session.clone()),
                name: text::line(name).into_owned(),
                kind: AgentKind::Claude,
                session_id: Some(session.clone()),
                cwd: Some(PathBuf::from(cwd)),
                pane: entry.pane().map(str::to_owned),
                pid: Some(entry.pid),
                version: entry.version.as_deref().map(|version| text::line(version).into_owned()),
                verdict: judge(Some(entry), *process, &Digest::new(false), now),
                last_activity: entry.status_updated_at,
                ..blank(transcript)
            });
        }
    }

    /// The registry's entry of a session; one whose process runs before one that was left behind.
    fn registered_as(&self, session: &str) -> Option<&Registered> {
        let of_session = self.registered.iter().filter(|one| one.entry.session_id.as_deref() == Some(session));
        of_session
            .max_by_key(|one| (one.process == ProcessFact::Alive, one.entry.status_updated_at))
            .or_else(|| self.departed.get(session))
    }
}

/// Claude Code's name for the folder of a project: every character but letters and digits becomes `-`.
fn slug(cwd: &str) -> String {
    let name: String = cwd.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    text::prefix(&name, 200).to_owned()
}

fn blank(transcript: PathBuf) -> Agent {
    Agent {
        id: AgentId(String::new()),
        name: String::new(),
        kind: AgentKind::Log,
        role: None,
        transcript,
        session_id: None,
        parent: None,
        cwd: None,
        branch: None,
        pane: None,
        pid: None,
        verdict: StateVerdict {
            state: AgentState::Unknown,
            since: None,
            source: StateSource::None,
            reason: String::new(),
            waiting_for: None,
        },
        model: None,
        version: None,
        context: ContextGauge::default(),
        last_activity: None,
        last_action: None,
        size: 0,
    }
}
