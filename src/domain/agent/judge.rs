//! What an agent is doing, decided from all that is known, best source first: registry, process, transcript.

use jiff::Timestamp;

use super::registry::{RegistryEntry, RegistryStatus};
use super::{AgentState, StateSource, StateVerdict};
use crate::domain::text;
use crate::domain::time::{age, seconds_between};
use crate::domain::transcript::{Digest, Step};

/// A model answers within this in 999 of 1,000 cases; without a process to be seen, older silence is no work.
const SILENCE: u64 = 120;
/// A question may stand this long without a process to be seen before it counts as left.
const QUESTION: u64 = 3_600;
/// A session without a process to be seen is taken for ended when it was quiet for this long.
const QUIET: u64 = 600;

/// What is known about the process behind an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcessFact {
    /// It runs.
    Alive,
    /// There is none of that id.
    Gone,
    /// There is one of that id, but it began at another time: the id was given away.
    Replaced,
    /// It took itself out of the registry: an orderly end.
    Ended,
    /// Nothing names a process.
    Unknown,
}

/// Decides the state of an agent.
///
/// The order of sources is fixed in the contract: the registry while its process runs, then the process (a registry file
/// left behind), then the transcript, which tells what happened and not what is pending. Where the transcript disagrees
/// with a better source the reason says so.
pub fn judge(
    registry: Option<&RegistryEntry>,
    process: ProcessFact,
    transcript: &Digest,
    now: Timestamp,
) -> StateVerdict {
    match (registry, process) {
        (Some(entry), ProcessFact::Gone | ProcessFact::Replaced) => left_behind(entry, process, transcript),
        (_, ProcessFact::Ended) => StateVerdict {
            state: AgentState::Finished,
            since: transcript.last_activity,
            source: StateSource::Registry,
            reason: "it took itself out of the registry, as a session does that ends in an orderly way".to_owned(),
            waiting_for: None,
        },
        (Some(entry), ProcessFact::Alive | ProcessFact::Unknown) => match &entry.status {
            Some(status) => registered(entry, status, transcript),
            None => from_transcript(transcript, ProcessFact::Alive, now),
        },
        (None, ProcessFact::Gone | ProcessFact::Replaced) if transcript.step.is_open() && !transcript.sub_agent => {
            StateVerdict {
                state: AgentState::Crashed,
                since: transcript.last_activity,
                source: StateSource::Process,
                reason: format!("its process is gone while {}", wording(&transcript.step)),
                waiting_for: None,
            }
        }
        (None, _) => from_transcript(transcript, process, now),
    }
}

fn registered(entry: &RegistryEntry, status: &RegistryStatus, transcript: &Digest) -> StateVerdict {
    let state = match status {
        RegistryStatus::Idle => AgentState::Idle,
        RegistryStatus::Busy | RegistryStatus::Shell => AgentState::Working,
        RegistryStatus::Waiting => AgentState::Waiting,
        RegistryStatus::Other(_) => AgentState::Unknown,
    };
    let mut reason = format!("sessions/{}.json says {}", entry.pid, text::line(status.name()));
    if state == AgentState::Idle && transcript.step.is_open() {
        reason = format!("{reason}, though in the transcript {}", wording(&transcript.step));
    }
    let waiting_for = (state == AgentState::Waiting).then(|| {
        let said = entry.waiting_for.as_deref().unwrap_or("the operator");
        text::line(text::prefix(said, 200)).into_owned()
    });
    let since = entry.status_updated_at.or(transcript.step_at);
    StateVerdict { state, since, source: StateSource::Registry, reason, waiting_for }
}

/// The registry's file is removed when a session ends in an orderly way.
fn left_behind(entry: &RegistryEntry, process: ProcessFact, transcript: &Digest) -> StateVerdict {
    let fate = match process {
        ProcessFact::Replaced => format!("process {} is another one now", entry.pid),
        ProcessFact::Gone | ProcessFact::Alive | ProcessFact::Ended | ProcessFact::Unknown => {
            format!("process {} is gone", entry.pid)
        }
    };
    let at_work = match &entry.status {
        Some(RegistryStatus::Busy | RegistryStatus::Waiting | RegistryStatus::Shell) => true,
        Some(RegistryStatus::Idle | RegistryStatus::Other(_)) | None => false,
    };
    let status = entry.status.as_ref().map_or("without a status", RegistryStatus::name);
    let file = format!("left sessions/{}.json behind ({})", entry.pid, text::line(status));
    let (state, reason) = if at_work {
        (AgentState::Crashed, format!("{fate} and {file}"))
    } else if transcript.step.is_open() {
        (AgentState::Crashed, format!("{fate} and {file} while {}", wording(&transcript.step)))
    } else {
        (AgentState::Finished, format!("{fate} and {file}; no turn was open"))
    };
    let since = transcript.last_activity.max(entry.status_updated_at);
    StateVerdict { state, since, source: StateSource::Process, reason, waiting_for: None }
}

fn from_transcript(transcript: &Digest, process: ProcessFact, now: Timestamp) -> StateVerdict {
    let last = transcript.step_at.or(transcript.last_activity);
    let quiet = last.map_or(u64::MAX, |last| seconds_between(last, now));
    let alive = process == ProcessFact::Alive;
    let what = wording(&transcript.step);
    let verdict = |state, reason: String| StateVerdict {
        state,
        since: last,
        source: StateSource::Transcript,
        reason,
        waiting_for: None,
    };
    // A sub-agent lives inside its parent's process, which may outlive it by far.
    let patience = match (alive, transcript.sub_agent) {
        (true, false) => u64::MAX,
        (true, true) => QUIET,
        (false, _) => SILENCE,
    };
    match &transcript.step {
        Step::Nothing if last.is_none() => {
            return StateVerdict {
                state: AgentState::Unknown,
                since: None,
                source: StateSource::None,
                reason: "no record tells what it does".to_owned(),
                waiting_for: None,
            };
        }
        Step::MovedOn { session } => {
            return verdict(AgentState::Finished, format!("continued in session {}", text::line(session)));
        }
        Step::Asking { tool } if quiet <= if alive { u64::MAX } else { QUESTION } => {
            let waiting_for = if tool == "ExitPlanMode" { "plan approval" } else { "an answer" };
            return StateVerdict { waiting_for: Some(waiting_for.to_owned()), ..verdict(AgentState::Waiting, what) };
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
        verdict(AgentState::Idle, format!("{what}; no process is registered, quiet for {ago}"))
    } else {
        verdict(AgentState::Finished, format!("{what}; no process is registered and quiet for {ago}"))
    }
}

/// Where the turn stands, as the second half of a sentence.
fn wording(step: &Step) -> String {
    match step {
        Step::Nothing => "nothing tells whether a turn is open".to_owned(),
        Step::Asked => "the model has something to answer".to_owned(),
        Step::Calling { tool } => format!("{tool} was called and has not answered"),
        Step::Asking { tool } => format!("{tool} has no answer yet"),
        Step::Answered => "the model has spoken".to_owned(),
        Step::Ended => "the last turn ended".to_owned(),
        Step::Background { agents } => format!("{agents} background agents go on"),
        Step::Interrupted => "the user interrupted it".to_owned(),
        Step::Retrying { attempt, most } => format!("the API failed, attempt {attempt} of {most}"),
        Step::Failed => "the API failed for good".to_owned(),
        Step::MovedOn { session } => format!("it continued in session {}", text::line(session)),
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::{ProcessFact, judge};
    use crate::domain::agent::registry::RegistryEntry;
    use crate::domain::agent::{AgentState, StateSource, StateVerdict};
    use crate::domain::transcript::{Digest, Step};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    fn transcript(step: Step) -> Digest {
        let mut transcript = Digest::new(false);
        transcript.step = step;
        (transcript.step_at, transcript.last_activity) = (Some(at(1_000)), Some(at(1_000)));
        transcript
    }

    fn entry(status: &str) -> RegistryEntry {
        RegistryEntry::parse(format!(r#"{{"pid":7,"status":"{status}","waitingFor":"permission prompt"}}"#).as_bytes())
            .unwrap()
    }

    fn bash() -> Step {
        Step::Calling { tool: "Bash".to_owned() }
    }

    fn told(verdict: &StateVerdict) -> (AgentState, StateSource) {
        (verdict.state, verdict.source)
    }

    #[test]
    fn a_running_session_is_what_its_registry_says() {
        let now = at(5_000);
        let waiting = judge(Some(&entry("waiting")), ProcessFact::Alive, &transcript(bash()), now);
        assert_eq!(told(&waiting), (AgentState::Waiting, StateSource::Registry));
        assert_eq!(waiting.waiting_for.as_deref(), Some("permission prompt"));
        let busy = judge(Some(&entry("busy")), ProcessFact::Alive, &transcript(Step::Ended), now);
        assert_eq!(told(&busy), (AgentState::Working, StateSource::Registry));
        let idle = judge(Some(&entry("idle")), ProcessFact::Alive, &transcript(bash()), now);
        assert_eq!(idle.state, AgentState::Idle);
        assert!(idle.reason.contains("though in the transcript Bash was called"), "{}", idle.reason);
        assert_eq!(
            judge(Some(&entry("dreaming")), ProcessFact::Alive, &transcript(bash()), now).state,
            AgentState::Unknown
        );
    }

    #[test]
    fn without_a_status_a_running_session_works_as_long_as_its_turn_is_open() {
        let entry = RegistryEntry::parse(br#"{"pid":7}"#).unwrap();
        let verdict = judge(Some(&entry), ProcessFact::Alive, &transcript(bash()), at(90_000));
        assert_eq!(told(&verdict), (AgentState::Working, StateSource::Transcript));
    }

    #[test]
    fn a_registry_file_left_behind_in_the_middle_of_work_is_a_crash() {
        let now = at(5_000);
        for process in [ProcessFact::Gone, ProcessFact::Replaced] {
            for (status, step) in [("busy", Step::Ended), ("waiting", Step::Ended), ("idle", bash())] {
                let verdict = judge(Some(&entry(status)), process, &transcript(step), now);
                assert_eq!(told(&verdict), (AgentState::Crashed, StateSource::Process), "{status}: {}", verdict.reason);
            }
            let verdict = judge(Some(&entry("idle")), process, &transcript(Step::Ended), now);
            assert_eq!(told(&verdict), (AgentState::Finished, StateSource::Process));
        }
    }

    #[test]
    fn what_left_the_registry_by_itself_is_finished_whatever_was_open() {
        let verdict = judge(None, ProcessFact::Ended, &transcript(bash()), at(1_001));
        assert_eq!(told(&verdict), (AgentState::Finished, StateSource::Registry));
    }

    #[test]
    fn without_a_process_nothing_works_for_longer_than_two_minutes() {
        for step in [Step::Asked, bash(), Step::Retrying { attempt: 1, most: 10 }, Step::Background { agents: 1 }] {
            let of = |now| judge(None, ProcessFact::Unknown, &transcript(step.clone()), at(now)).state;
            assert_eq!(of(1_100), AgentState::Working, "{step:?}");
            assert_eq!(of(1_121), AgentState::Idle, "{step:?}");
            assert_eq!(of(1_600), AgentState::Finished, "{step:?}");
        }
        let verdict = judge(None, ProcessFact::Unknown, &transcript(bash()), at(9_000));
        assert!(verdict.reason.contains("no process is registered"), "{}", verdict.reason);
    }

    #[test]
    fn questions_and_plans_wait_for_a_person() {
        for (tool, waiting_for) in [("AskUserQuestion", "an answer"), ("ExitPlanMode", "plan approval")] {
            let asking = transcript(Step::Asking { tool: tool.to_owned() });
            let verdict = judge(None, ProcessFact::Unknown, &asking, at(2_000));
            assert_eq!((verdict.state, verdict.waiting_for.as_deref()), (AgentState::Waiting, Some(waiting_for)));
            assert_eq!(judge(None, ProcessFact::Unknown, &asking, at(9_000)).state, AgentState::Finished);
        }
    }

    #[test]
    fn what_moved_on_is_finished_and_what_says_nothing_is_unknown() {
        let moved = transcript(Step::MovedOn { session: "s2".to_owned() });
        assert_eq!(judge(None, ProcessFact::Unknown, &moved, at(1_001)).state, AgentState::Finished);
        let nothing = judge(None, ProcessFact::Unknown, &Digest::default(), at(1_001));
        assert_eq!(told(&nothing), (AgentState::Unknown, StateSource::None));
    }

    #[test]
    fn a_sub_agent_that_answered_is_finished_and_one_that_fell_silent_does_not_work() {
        let sub = |step| {
            let mut transcript = transcript(step);
            transcript.sub_agent = true;
            transcript
        };
        assert_eq!(judge(None, ProcessFact::Alive, &sub(Step::Ended), at(1_001)).state, AgentState::Finished);
        assert_eq!(judge(None, ProcessFact::Alive, &sub(bash()), at(1_500)).state, AgentState::Working);
        assert_eq!(judge(None, ProcessFact::Alive, &sub(bash()), at(1_700)).state, AgentState::Idle);
    }
}
