//! What each source has to say of an agent.

use jiff::Timestamp;

use super::{AgentState, Facts, HookFact, Opinion, ProcessFact, RegistryEntry, RegistryStatus, StateSource};
use crate::domain::text;
use crate::domain::time::{age, seconds_between};
use crate::domain::transcript::{Digest, Step};

/// A model answers within this in 999 of 1,000 cases; without a process to be seen, older silence is no work.
const SILENCE: u64 = 120;
/// A question may stand this long without a process to be seen before it counts as left.
const QUESTION: u64 = 3_600;
/// A session without a process to be seen is taken for ended when it was quiet for this long.
const QUIET: u64 = 600;

/// The opinions there are, best source first.
pub(super) fn all(facts: &Facts<'_>, now: Timestamp) -> Vec<Opinion> {
    let registry = registry(facts, now);
    let hook = facts.hook.map(|fact| hook(fact, facts, now));
    let spoken = [&registry, &hook].into_iter().flatten().any(|said| said.state.is_some() && said.set_aside.is_none());
    let process = process(facts, spoken, now);
    let transcript = transcript(facts, now);
    [registry, hook, process, transcript].into_iter().flatten().collect()
}

fn opinion(source: StateSource, state: AgentState, since: Option<Timestamp>, reason: String) -> Opinion {
    Opinion { source, state: Some(state), since, as_of: since, reason, waiting_for: None, set_aside: None }
}

/// What the session says of itself, while its process runs or cannot be seen from here.
fn registry(facts: &Facts<'_>, now: Timestamp) -> Option<Opinion> {
    if facts.process == ProcessFact::Ended {
        return Some(ended(facts, now));
    }
    let entry = facts.registry?;
    let file = format!("sessions/{}.json", entry.pid);
    let (state, mut reason) = match &entry.status {
        Some(status) => (state_of(status), format!("{file} says {}", text::line(text::prefix(status.name(), 60)))),
        None => (None, format!("{file} says nothing yet of what it does")),
    };
    if matches!(entry.status, Some(RegistryStatus::Other(_))) {
        reason = format!("{reason}, a word not known here");
    }
    if !facts.also.is_empty() {
        let others: Vec<String> = facts.also.iter().take(4).map(|other| described(other)).collect();
        reason = format!("{reason}; the session runs in {} more: {}", facts.also.len(), others.join(", "));
    }
    let set_aside = match facts.process {
        ProcessFact::Gone => Some(format!("process {} is gone", entry.pid)),
        ProcessFact::Replaced => Some(format!("process {} is another one now", entry.pid)),
        ProcessFact::Unknown => {
            reason = format!("{reason}; its process cannot be seen from here");
            None
        }
        ProcessFact::Alive | ProcessFact::Ended => None,
    };
    let waiting_for = (state == Some(AgentState::Waiting)).then(|| waits_for(entry, facts));
    let since = entry.status_updated_at.or(facts.transcript.step_at);
    let as_of = entry.status_updated_at;
    Some(Opinion { source: StateSource::Registry, state, since, as_of, reason, waiting_for, set_aside })
}

fn state_of(status: &RegistryStatus) -> Option<AgentState> {
    match status {
        RegistryStatus::Idle => Some(AgentState::Idle),
        RegistryStatus::Busy | RegistryStatus::Shell => Some(AgentState::Working),
        RegistryStatus::Waiting => Some(AgentState::Waiting),
        RegistryStatus::Other(_) => None,
    }
}

fn described(entry: &RegistryEntry) -> String {
    let status = entry.status.as_ref().map_or("no status", RegistryStatus::name);
    format!("process {} ({})", entry.pid, text::line(text::prefix(status, 60)))
}

/// What it waits for: the registry's words, and what the hook or the transcript knows more.
fn waits_for(entry: &RegistryEntry, facts: &Facts<'_>) -> String {
    let said = entry.waiting_for.as_deref().unwrap_or("the operator");
    let said = text::line(text::prefix(said, 200)).into_owned();
    // An older wait was another one. The hook runs before the file is written.
    let since = entry.status_updated_at.map(|at| at.as_second() - 5);
    let of_hook = facts.hook.filter(|fact| fact.state == AgentState::Waiting);
    let of_hook = of_hook.filter(|fact| since.is_none_or(|since| fact.at.as_second() >= since));
    let about = of_hook.and_then(|fact| fact.about.clone()).or_else(|| match &facts.transcript.step {
        Step::Asking { .. } => facts.transcript.question.clone(),
        Step::Calling { tool } => Some(tool.clone()),
        _ => None,
    });
    match about.filter(|about| !about.is_empty() && *about != said) {
        Some(about) => format!("{said}: {about}"),
        None => said,
    }
}

/// It is in the registry no more, and its process was not seen to die before.
fn ended(facts: &Facts<'_>, now: Timestamp) -> Opinion {
    let reason = match (&facts.transcript.step, facts.transcript.sub_agent) {
        (Step::MovedOn { session }, false) => format!("it goes on in session {}", text::line(session)),
        (_, true) => "its session took itself out of the registry".to_owned(),
        (_, false) => "it took itself out of the registry, as a session does that ends in an orderly way".to_owned(),
    };
    let ended = opinion(StateSource::Registry, AgentState::Finished, facts.transcript.last_activity, reason);
    Opinion { as_of: Some(now), ..ended }
}

/// What the latest hook event says, and whether it still counts.
fn hook(fact: &HookFact, facts: &Facts<'_>, now: Timestamp) -> Opinion {
    let written = facts.transcript.last_activity;
    let lasts = fact.state == AgentState::Finished;
    let quiet = seconds_between(fact.at.max(written.unwrap_or(fact.at)), now);
    let patience = if fact.state == AgentState::Waiting { QUESTION } else { QUIET };
    let set_aside = match facts.process {
        _ if matches!(facts.transcript.step, Step::MovedOn { .. }) => Some("it goes on in another session".to_owned()),
        ProcessFact::Gone | ProcessFact::Replaced if !lasts => Some("its process is gone since".to_owned()),
        ProcessFact::Ended if !lasts => Some("the session ended since".to_owned()),
        _ if written.is_some_and(|written| seconds_between(fact.at, written) > QUIET) => {
            Some("the transcript went on without any more events".to_owned())
        }
        // Nobody could tell that it died.
        ProcessFact::Unknown if facts.registry.is_none() && !lasts && quiet > patience => {
            Some(format!("nothing was heard of it for {}", age(fact.at, now)))
        }
        _ => None,
    };
    Opinion {
        source: StateSource::Hook,
        state: Some(fact.state),
        since: Some(fact.since),
        as_of: Some(fact.at),
        reason: format!("{}: {}", fact.event, fact.reason),
        waiting_for: fact.waiting_for.clone(),
        set_aside,
    }
}

/// What the process table says. A process that runs tells how far the transcript can be trusted; whether it works only
/// when nobody better has said so.
fn process(facts: &Facts<'_>, spoken: bool, now: Timestamp) -> Option<Opinion> {
    let transcript = facts.transcript;
    let (registered, open) = (facts.registry, transcript.step.is_open());
    let what = wording(transcript);
    match facts.process {
        ProcessFact::Unknown | ProcessFact::Ended => None,
        ProcessFact::Alive => {
            let runs = match (facts.trace, registered) {
                (Some(trace), _) => trace.to_owned(),
                (None, Some(entry)) => format!("process {} runs", entry.pid),
                (None, None) => "the process of its session runs".to_owned(),
            };
            if spoken || transcript.sub_agent {
                let mut known = opinion(StateSource::Process, AgentState::Unknown, None, runs);
                (known.state, known.as_of) = (None, Some(now));
                return Some(known);
            }
            let from = from_transcript(transcript, ProcessFact::Alive, now);
            let state = from.state.filter(|_| !matches!(transcript.step, Step::MovedOn { .. }))?;
            let mut known = opinion(StateSource::Process, state, from.since, format!("{runs}; {what}"));
            (known.waiting_for, known.as_of) = (from.waiting_for, Some(now));
            Some(known)
        }
        gone @ (ProcessFact::Gone | ProcessFact::Replaced) => {
            let since = transcript.last_activity.max(registered.and_then(|entry| entry.status_updated_at));
            let (state, reason) = match registered {
                Some(entry) => (AgentState::Crashed, left_behind(entry, gone, open, &what)),
                None if transcript.sub_agent && !open => return None,
                None if transcript.sub_agent => {
                    (AgentState::Crashed, format!("the process of its session is gone while {what}"))
                }
                None => {
                    let fate = facts.trace.unwrap_or("its process is gone");
                    let state = if open { AgentState::Crashed } else { AgentState::Finished };
                    (state, if open { format!("{fate} while {what}") } else { format!("{fate}; no turn was open") })
                }
            };
            let known = opinion(StateSource::Process, state, since, reason);
            Some(Opinion { as_of: Some(now), ..known })
        }
    }
}

/// A session takes its file out of the registry when it ends in an orderly way. One that is left behind tells that it did not,
/// whatever it was doing.
fn left_behind(entry: &RegistryEntry, process: ProcessFact, open: bool, what: &str) -> String {
    let fate = match process {
        ProcessFact::Replaced => format!("process {} is another one now", entry.pid),
        ProcessFact::Gone | ProcessFact::Alive | ProcessFact::Ended | ProcessFact::Unknown => {
            format!("process {} is gone", entry.pid)
        }
    };
    let status = entry.status.as_ref().map_or("without a status", RegistryStatus::name);
    let file = format!("left sessions/{}.json behind ({})", entry.pid, text::line(text::prefix(status, 60)));
    if open { format!("{fate} and {file} while {what}") } else { format!("{fate} and {file}; no turn was open") }
}

fn transcript(facts: &Facts<'_>, now: Timestamp) -> Option<Opinion> {
    let process = match (facts.process, facts.registry) {
        // In a container that cannot be looked into: its file says that it runs.
        (ProcessFact::Unknown, Some(_)) => ProcessFact::Alive,
        (process, _) => process,
    };
    let mut opinion = from_transcript(facts.transcript, process, now);
    opinion.state?;
    if facts.file_gone {
        opinion.reason = format!("its file is gone; at last {}", opinion.reason);
    }
    Some(opinion)
}

/// What happened last, and what that means now. No state when it holds nothing that tells.
fn from_transcript(transcript: &Digest, process: ProcessFact, now: Timestamp) -> Opinion {
    let last = transcript.step_at.or(transcript.last_activity);
    let quiet = last.map_or(u64::MAX, |last| seconds_between(last, now));
    let alive = process == ProcessFact::Alive;
    let what = wording(transcript);
    let verdict = |state, reason: String| opinion(StateSource::Transcript, state, last, reason);
    // A sub-agent lives inside its parent's process, which may outlive it by far.
    let patience = match (alive, transcript.sub_agent) {
        (true, false) => u64::MAX,
        (true, true) => QUIET,
        (false, _) => SILENCE,
    };
    match &transcript.step {
        Step::Nothing if last.is_none() => {
            let nothing = "no record tells what it does".to_owned();
            return Opinion { state: None, ..verdict(AgentState::Unknown, nothing) };
        }
        Step::MovedOn { session } => {
            return verdict(AgentState::Finished, format!("continued in session {}", text::line(session)));
        }
        Step::Closed => return verdict(AgentState::Finished, what),
        Step::Permission { what: asked } if quiet <= if alive { u64::MAX } else { QUESTION } => {
            let waiting_for = format!("permission: {}", text::line(asked));
            return Opinion { waiting_for: Some(waiting_for), ..verdict(AgentState::Waiting, what) };
        }
        Step::Asking { tool } if quiet <= if alive { u64::MAX } else { QUESTION } => {
            let waiting_for = match &transcript.question {
                _ if tool == "ExitPlanMode" => "plan approval".to_owned(),
                Some(question) => format!("question: {question}"),
                None => "an answer".to_owned(),
            };
            return Opinion { waiting_for: Some(waiting_for), ..verdict(AgentState::Waiting, what) };
        }
        step if step.is_open() && quiet <= patience => return verdict(AgentState::Working, what),
        Step::Answered if quiet <= 10 => return verdict(AgentState::Working, what),
        Step::Ended if transcript.sub_agent => return verdict(AgentState::Finished, what),
        _ => {}
    }
    let ago = last.map_or_else(|| "an unknown time".to_owned(), |last| age(last, now));
    if alive {
        verdict(AgentState::Idle, what)
    } else if quiet < QUIET {
        verdict(AgentState::Idle, format!("{what}; no process is known, quiet for {ago}"))
    } else {
        verdict(AgentState::Finished, format!("{what}; no process is known and quiet for {ago}"))
    }
}

/// Where the turn stands, as the second half of a sentence.
fn wording(transcript: &Digest) -> String {
    match &transcript.step {
        Step::Nothing => "nothing tells whether a turn is open".to_owned(),
        Step::Asked => "the model has something to answer".to_owned(),
        Step::Calling { tool } => format!("{tool} was called and has not answered"),
        Step::Asking { tool } => format!("{tool} has no answer yet"),
        Step::Permission { what } => format!("a permission was asked for ({})", text::line(what)),
        Step::Closed => "the session was ended".to_owned(),
        Step::Answered => "the model has spoken".to_owned(),
        Step::Ended => "the last turn ended".to_owned(),
        Step::Background { agents } => format!("{agents} background agents go on"),
        Step::Interrupted => "the user interrupted it".to_owned(),
        Step::Retrying { attempt, most } => format!("the API failed, attempt {attempt} of {most}"),
        Step::Failed => "the API failed for good".to_owned(),
        Step::MovedOn { session } => format!("it continued in session {}", text::line(session)),
    }
}
