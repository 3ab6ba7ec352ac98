//! Whether another source says otherwise than the one that decides.

use jiff::Timestamp;

use super::{AgentState, Opinion, StateSource};
use crate::domain::time::{age, seconds_between};

/// Sources hear of the same thing at different times: hooks run before it, transcripts are written behind it.
const LAG: u64 = 2;
/// A transcript that holds an open turn this long after the session said that it is idle will not close it any more.
const WRITTEN: u64 = 10;

/// What is said against the opinion that decides, by the best source that does. What a source said before is no contradiction:
/// it has not heard yet.
pub(super) fn among(best: &Opinion, opinions: &[Opinion], now: Timestamp) -> Option<String> {
    let other = opinions.iter().find(|other| contradicts(best, other, now))?;
    let since = other.since.map(|since| format!(" for {}", age(since, now))).unwrap_or_default();
    let state = other.state.unwrap_or_default().name();
    Some(format!("{} says {state}{since}: {}", other.source.name(), other.reason))
}

fn contradicts(best: &Opinion, other: &Opinion, now: Timestamp) -> bool {
    let (Some(decided), Some(said)) = (best.state, other.state) else { return false };
    if other.source <= best.source || other.set_aside.is_some() || decided == said {
        return false;
    }
    // A process that runs says what the transcript says; one that is gone says nothing against it.
    if best.source == StateSource::Process || other.source == StateSource::Process {
        return false;
    }
    let of_transcript = other.source == StateSource::Transcript;
    // A call without a result may wait for its permission: the file cannot tell.
    if of_transcript && decided == AgentState::Waiting && said == AgentState::Working {
        return false;
    }
    let (Some(decided_at), Some(said_at)) = (best.as_of, other.as_of) else { return best.as_of.is_none() };
    let later = seconds_between(decided_at, said_at) > LAG;
    let left_open = of_transcript
        && decided == AgentState::Idle
        && matches!(said, AgentState::Working | AgentState::Waiting)
        && seconds_between(decided_at, now) >= WRITTEN;
    later || left_open
}
