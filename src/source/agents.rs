//! The agents: transcripts found and followed, joined with the registry of running sessions.

mod discover;
mod news;
mod roster;
mod summary;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::mailbox::Outbox;
use super::watch::{Behind, Root, Watch};
use crate::config::session::Session;
use crate::domain::agent::{AgentId, AgentKind, Tokens};
use crate::domain::transcript::Counts;
use crate::domain::transcript::usage::Usage;
use crate::event::{AgentsNews, Event, SourceId};
use roster::{Roster, Scope, in_parallel};

/// How often the news are sent though nothing was written: processes end and silences grow without a file changing.
const REFRESH: Duration = Duration::from_secs(30);

/// How often registered processes are asked after where the system does not tell of their ends: a process that crashes
/// writes nothing.
const PROCESSES: Duration = Duration::from_secs(5);

/// Least time from one message to the next; what happens in between is one message.
const PAUSE: Duration = Duration::from_millis(50);

/// Begins to follow the agents of a session.
///
/// Transcripts count whose recorded folder lies in the session's root or in one of `roots` (its worktrees), all of them
/// with `all`, and those that the session's agents name. `refresh` makes it look again whenever its value is sent. News go
/// to the slot [`SourceId::Agents`] when something is different, and every half minute.
pub fn spawn(
    session: Arc<Session>,
    roots: Vec<PathBuf>,
    all: bool,
    outbox: Outbox,
    cancel: CancellationToken,
    refresh: watch::Receiver<u64>,
) {
    tokio::spawn(async move {
        tokio::select! {
            () = cancel.cancelled() => {}
            () = follow(Scope::new(session, roots, all), outbox, refresh) => {}
        }
    });
}

/// Why the roster is looked at.
enum Occasion {
    Paths(Vec<PathBuf>),
    Everything,
    /// A process has ended, or may have.
    Processes,
    /// Silences have grown.
    Age,
}

async fn follow(scope: Scope, outbox: Outbox, mut refresh: watch::Receiver<u64>) {
    let watched = scope.watched();
    let glance = tokio::task::spawn_blocking(move || {
        let mut roster = Roster::new(scope);
        let news = roster.glance().then(|| roster.news(Timestamp::now(), None));
        (roster, news)
    });
    let Ok((mut roster, news)) = glance.await else { return };
    if let Some(news) = news {
        outbox.post(SourceId::Agents, Event::Agents(news));
    }
    let mut watch = None;
    let mut occasion = Occasion::Everything;
    let mut refreshable = true;
    let mut next_refresh = Instant::now() + REFRESH;
    loop {
        let fault = watch.as_ref().and_then(Watch::fault);
        let look = tokio::task::spawn_blocking(move || {
            let different = match &occasion {
                Occasion::Paths(paths) => roster.apply(paths),
                Occasion::Everything => {
                    roster.rescan();
                    true
                }
                Occasion::Processes => roster.check_processes(),
                Occasion::Age => {
                    roster.read_registry();
                    true
                }
            };
            let news = different.then(|| roster.news(Timestamp::now(), fault.as_ref()));
            let told = roster.watch_processes();
            (roster, news, told)
        });
        let Ok((looked_at, news, told)) = look.await else { return };
        roster = looked_at;
        if let Some(news) = news {
            next_refresh = Instant::now() + REFRESH;
            outbox.post(SourceId::Agents, Event::Agents(news));
        }
        if outbox.is_closed() {
            return;
        }
        // The first screen does not wait for the watching to begin; its first answer makes up for what was missed.
        let watch = watch.get_or_insert_with(|| Watch::new(watched.iter().map(Root::deep), Behind::Stat));
        tokio::time::sleep(PAUSE).await;
        occasion = tokio::select! {
            paths = watch.changed() => Occasion::Paths(paths),
            changed = refresh.changed(), if refreshable => {
                refreshable = changed.is_ok();
                Occasion::Everything
            }
            () = tokio::time::sleep_until(next_refresh) => Occasion::Age,
            () = roster.exits.next() => Occasion::Processes,
            () = tokio::time::sleep(PROCESSES), if !told => Occasion::Processes,
        };
    }
}

/// Figures of one transcript, from every line of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// The agent.
    pub id: AgentId,
    /// Tokens, counted once per answer of the API; answers that a copied history repeats count where they are oldest.
    pub tokens: Tokens,
    /// How many of what there were.
    pub counts: Counts,
}

/// Every agent once, with figures, from every line of their transcripts. Blocks for about a second per two gigabytes.
pub fn snapshot(session: Arc<Session>, roots: Vec<PathBuf>, all: bool) -> (AgentsNews, Vec<Tally>) {
    let mut roster = Roster::new(Scope::new(session, roots, all));
    roster.rescan();
    let mut candidates: Vec<_> = roster.shown().filter(|one| one.kind == AgentKind::Claude).cloned().collect();
    // The longest first, so that no thread is left with it at the end.
    candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.size));
    let read = in_parallel(&candidates, |candidate| summary::read_whole(&candidate.path, candidate.sub_agent).ok());
    let mut found: Vec<_> = candidates
        .into_iter()
        .zip(read)
        .filter_map(|(candidate, read)| read.map(|(summary, usage)| (candidate, summary, usage)))
        .collect();
    found.sort_by(|a, b| a.1.digest.first_activity.cmp(&b.1.digest.first_activity).then(a.0.path.cmp(&b.0.path)));
    let mut all_usage = Usage::default();
    let mut tallies: Vec<Tally> = Vec::with_capacity(found.len());
    for (candidate, summary, usage) in found {
        tallies.push(Tally { id: candidate.id, tokens: all_usage.claim(&usage), counts: summary.digest.counts });
        roster.replace(&candidate.path, summary);
    }
    tallies.sort_by(|a, b| a.id.cmp(&b.id));
    (roster.news(Timestamp::now(), None), tallies)
}

#[cfg(test)]
mod tests;
