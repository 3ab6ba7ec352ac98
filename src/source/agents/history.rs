//! What an agent did since a moment, from its whole transcript: for the run report.

use std::io;

use jiff::Timestamp;

use crate::config::session::Session;
use crate::domain::agent::Agent;
use crate::domain::report::Run;
use crate::domain::signal::{Facing, Watch};
use crate::domain::transcript::{Body, Digest, Entry};
use crate::source::transcript::lines::{self, Limits, Line};
use crate::source::transcript::store::open;

/// What is read of a transcript's end; of a longer one the beginning is left out, and said to be.
const LONGEST: Limits = Limits { lines: usize::MAX, bytes: 512 * 1024 * 1024 };

/// Reads a transcript and sums up what stands in it since a moment. Blocks.
///
/// # Errors
/// The transcript cannot be read.
pub fn run(agent: &Agent, since: Timestamp, now: Timestamp, session: &Session) -> io::Result<Run> {
    let (path, format) = (&agent.transcript, agent.format);
    let stored = open(path, format)?;
    let end = lines::complete(&stored.lines, 0, 0, stored.size)?;
    let from = lines::backward(&stored.lines, end, LONGEST)?;
    let before = (from == 0).then_some(0);
    let sub_agent = agent.parent.is_some();
    let mut watch = Watch::new(path.clone(), sub_agent, before, &session.levels, session.redactor.clone());
    let mut digest = Digest::new(sub_agent);
    let mut run = Run { cut: from > 0, ..Run::default() };
    lines::forward(&stored.lines, from, end, Limits::NONE, |offset, line| match line {
        Line::Whole(line) => {
            format.read(&mut digest, line, None);
            let entries = format.entries(offset, line);
            watch.read(&entries);
            for entry in entries.iter().filter(|entry| sub_agent || !entry.sidechain) {
                count(&mut run, entry, since);
            }
        }
        Line::TooLong(_) => watch.pass_over(),
    })?;
    watch.look(&Facing {
        now,
        agent,
        step: &digest.step,
        step_at: digest.step_at,
        sub_agents: 0,
        committed: None,
        scope: None,
    });
    let commits = watch.work().commits.iter().filter(|commit| commit.place.at.is_none_or(|at| at >= since));
    run.commits = commits.map(|commit| (commit.hash.clone(), commit.subject.clone())).collect();
    let signals = watch.told().into_iter().filter(|signal| signal.since.is_none_or(|at| at >= since));
    run.signals = signals.map(|signal| signal.redacted(&session.redactor)).collect();
    Ok(run)
}

fn count(run: &mut Run, entry: &Entry, since: Timestamp) {
    if entry.at.is_some_and(|at| at < since) {
        return;
    }
    run.first = run.first.or(entry.at);
    run.last = entry.at.or(run.last);
    match &entry.body {
        Body::Prompt(_) => run.prompts += 1,
        Body::Call { .. } => run.calls += 1,
        Body::Result { is_error: true, .. } => run.errors += 1,
        Body::Summary(_) => run.compactions += 1,
        _ => {}
    }
}
