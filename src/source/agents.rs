//! The agents: transcripts found and followed, joined with the registry of running sessions.

mod cost;
mod discover;
mod history;
mod meta;
mod news;
mod presence;
mod roster;
mod signals;
mod standing;
mod summary;
mod thread;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::hooks::HookDesk;
use super::mailbox::Outbox;
use super::watch::{Behind, Root, Watch};
use crate::config::session::Session;
use crate::domain::agent::hook::HookBook;
use crate::domain::agent::{AgentId, Figures, Tokens};
use crate::domain::model::Cost;
use crate::domain::transcript::Counts;
use crate::event::{AgentsNews, Event, SourceId};
use crate::memory;
use cost::{Counted, Counting};
pub(crate) use discover::folder;
use roster::{Roster, Scope, in_parallel};
use thread::Thread;

pub use history::run as history;

/// How often the news are sent though nothing was written: processes end and silences grow without a file changing.
const REFRESH: Duration = Duration::from_secs(30);

/// How often registered processes are asked after where the system does not tell of their ends: a process that crashes
/// writes nothing.
const PROCESSES: Duration = Duration::from_secs(5);

/// When a look through the process table is made up for.
const OWED: Duration = Duration::from_secs(2);

/// Least time from one message to the next; what happens in between is one message.
const PAUSE: Duration = Duration::from_millis(50);

/// Begins to follow the agents of a session.
///
/// Transcripts count whose recorded folder lies in the session's root or in one of `roots` (its worktrees), all of them
/// with `all`, and those that the session's agents name. What hooks say is looked up in `hooks`. `refresh` makes it look
/// again whenever its value is sent. News go to the slot [`SourceId::Agents`] when something is different, and every half minute.
///
/// What is returned is cancelled when the state of every agent has been told for the first time.
pub fn spawn(
    session: Arc<Session>,
    roots: Vec<PathBuf>,
    all: bool,
    hooks: HookDesk,
    outbox: Outbox,
    cancel: CancellationToken,
    refresh: watch::Receiver<u64>,
) -> CancellationToken {
    let everyone = CancellationToken::new();
    let told = everyone.clone();
    tokio::spawn(async move {
        // Also when it cannot go on: nobody waits for ever.
        let _told = everyone.clone().drop_guard();
        tokio::select! {
            () = cancel.cancelled() => {}
            () = follow(Scope::new(session, roots, all), hooks, outbox, refresh, &everyone) => {}
        }
    });
    told
}

/// Why the roster is looked at.
enum Occasion {
    /// What the first glance left is to be read.
    Rest,
    Paths(Vec<PathBuf>),
    Everything,
    /// A process has ended, or may have.
    Processes,
    /// A hook said something.
    Hooks,
    /// A look through the process table is owed.
    Owed,
    /// Silences have grown.
    Age,
    /// Transcripts were read whole.
    Counted(Vec<Counted>),
}

async fn follow(
    scope: Scope,
    hooks: HookDesk,
    outbox: Outbox,
    mut refresh: watch::Receiver<u64>,
    everyone: &CancellationToken,
) {
    let watched = scope.watched();
    // Without a thread there is nothing that could be shown.
    let Ok(thread) = Thread::begin("agents") else { return };
    let glance = thread.run(move || {
        let mut roster = Roster::new(scope);
        // The first screen does not wait for what takes whole tails.
        roster.watches.budget = 0;
        let news = roster.glance().then(|| roster.news(Timestamp::now(), None));
        (roster, news)
    });
    let Some((mut roster, news)) = glance.await else { return };
    let many = news.is_some();
    if let Some(news) = news {
        outbox.post(SourceId::Agents, Event::Agents(news));
    }
    let mut watch = None;
    let mut counting = Counting::default();
    let mut occasion = Occasion::Rest;
    let mut refreshable = true;
    let mut next_refresh = Instant::now() + REFRESH;
    loop {
        let fault = watch.as_ref().and_then(Watch::fault);
        let may_count = counting.is_idle();
        let book = hooks.book();
        let look = thread.run(move || {
            roster.hooks = book;
            // States of all are there before the processes behind them and signs of trouble are looked for.
            let soon = matches!(occasion, Occasion::Rest);
            roster.watches.budget = if soon && many { 0 } else { signals::BEGUN };
            let counted = matches!(occasion, Occasion::Counted(_));
            let again = matches!(occasion, Occasion::Everything | Occasion::Age);
            let began = Instant::now();
            let mut different = match occasion {
                Occasion::Rest => {
                    roster.read_left();
                    true
                }
                Occasion::Paths(paths) => roster.apply(&paths),
                Occasion::Everything => {
                    roster.rescan();
                    true
                }
                Occasion::Processes => roster.read_registry(),
                Occasion::Hooks => true,
                Occasion::Owed => false,
                Occasion::Age => {
                    roster.read_registry();
                    true
                }
                Occasion::Counted(counted) => roster.take_counted(counted),
            };
            different |= !soon && roster.look_for_processes(SystemTime::now(), again);
            let news = different.then(|| {
                let settled = roster.settle(counted);
                let news = roster.news(Timestamp::now(), fault.as_ref());
                (news, settled && !roster.watches.owed)
            });
            tracing::debug!(transcripts = roster.transcripts.len(), took = ?began.elapsed(), "looked at the agents");
            let told = roster.presence.watch();
            let uncounted = if may_count { roster.uncounted() } else { Vec::new() };
            (roster, news, told, uncounted, counted)
        });
        let Some((looked_at, news, told, uncounted, counted)) = look.await else { return };
        roster = looked_at;
        if let Some((news, settled)) = news {
            next_refresh = Instant::now() + if settled { REFRESH } else { cost::PAUSE };
            outbox.post(SourceId::Agents, Event::Agents(news));
        }
        everyone.cancel();
        if outbox.is_closed() {
            return;
        }
        let indexed = counted && uncounted.is_empty();
        // The first screen does not wait for the watching to begin; its first answer makes up for what was missed.
        let watch = watch.get_or_insert_with(|| Watch::new(watched.iter().map(Root::deep), Behind::Stat));
        // Nor does it wait for the figures that take every line.
        counting.begin(uncounted);
        tokio::time::sleep(PAUSE).await;
        // By now the screen has let go of what it knew before, too.
        if indexed && thread.run(memory::give_back).await.is_none() {
            return;
        }
        occasion = tokio::select! {
            paths = watch.changed() => Occasion::Paths(paths),
            changed = refresh.changed(), if refreshable => {
                refreshable = changed.is_ok();
                Occasion::Everything
            }
            () = tokio::time::sleep_until(next_refresh) => Occasion::Age,
            counted = counting.done() => Occasion::Counted(counted),
            () = roster.presence.exits.next() => Occasion::Processes,
            () = hooks.changed() => Occasion::Hooks,
            () = tokio::time::sleep(OWED), if roster.presence.owed => Occasion::Owed,
            () = tokio::time::sleep(PROCESSES), if !told => Occasion::Processes,
        };
    }
}

/// Figures of one transcript, from every line of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tally {
    /// The agent.
    pub id: AgentId,
    /// Tokens, counted once per answer of the API; answers that a copied history repeats count where they are oldest.
    pub tokens: Tokens,
    /// What those tokens cost; `None` where the transcript does not tell of tokens.
    pub cost: Option<Cost>,
    /// How many of what there were.
    pub counts: Counts,
}

/// Every agent once, with figures, from every line of their transcripts. Blocks for about a second per two gigabytes.
pub fn snapshot(session: Arc<Session>, roots: Vec<PathBuf>, all: bool) -> (AgentsNews, Vec<Tally>) {
    snapshot_with(session, roots, all, HookBook::default())
}

/// The same with what hooks have told.
pub fn snapshot_with(
    session: Arc<Session>,
    roots: Vec<PathBuf>,
    all: bool,
    hooks: HookBook,
) -> (AgentsNews, Vec<Tally>) {
    let mut roster = Roster::new(Scope::new(session, roots, all));
    roster.hooks = Arc::new(hooks);
    if all {
        roster.rescan_whole();
    } else {
        // Which of them are the session's, their ends tell.
        roster.rescan();
        let mut candidates: Vec<_> = roster.shown().cloned().collect();
        candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.stat.size));
        let read = in_parallel(&candidates, |candidate| {
            summary::read_whole(&candidate.path, candidate.format, candidate.sub_agent).ok()
        });
        for (candidate, summary) in candidates.iter().zip(read) {
            if let Some(summary) = summary {
                roster.replace(&candidate.path, summary);
            }
        }
    }
    roster.settle(true);
    // There is no other look: the agents that were heard last have it.
    roster.watches.budget = signals::BEGUN;
    let tally = |tracked: &roster::Tracked| {
        let Figures { tokens, cost, counts } = roster.figures(tracked)?;
        Some(Tally { id: tracked.candidate.id.clone(), tokens, cost, counts })
    };
    let mut tallies: Vec<Tally> = roster.transcripts.values().filter_map(tally).collect();
    tallies.sort_by(|a, b| a.id.cmp(&b.id));
    roster.look_for_processes(SystemTime::now(), true);
    (roster.news(Timestamp::now(), None), tallies)
}

#[cfg(test)]
mod tests;
