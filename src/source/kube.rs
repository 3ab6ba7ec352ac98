//! Clusters: one isolated worker per context or snapshot file. One that hangs, refuses or expires slows no other.
//!
//! A worker builds its client off the loop, probes `/version` on its own clock (a dead connection makes no noise), discovers
//! what is served and then lists and watches the kinds that the GitOps directories hold, Hedgehog's, and a few that tell
//! how a cluster is. It never writes anything. What it knows it publishes twice: as a [`ClusterView`] for the screen and as
//! a [`LiveSet`] for drift.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kube::Client;
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::config::session::ClusterSpec;
use crate::domain::cluster::{ClusterView, Connection, Kind, LiveSet, Maker, Schemas};
use crate::domain::fault::Fault;
use crate::domain::health::Rules;
use crate::event::{Event, SourceId};
use crate::source::Outbox;

mod agents;
mod answer;
mod book;
mod browse;
mod connect;
mod definitions;
mod discover;
mod exact;
mod fault;
mod list;
mod list_watch;
mod permits;
mod shown;
mod snapshot;

use book::Book;
pub use browse::Browser;
use connect::Connector;
pub use connect::context_name;
use discover::Discovered;
use fault::{connection_of, unanswered};
use list_watch::KindNews;
pub use permits::{Permits, permits};
pub use shown::Shown;
pub use snapshot::{parse_snapshot, read_snapshot};

/// How long any single answer may take.
pub(in crate::source) const ANSWER: Duration = Duration::from_secs(8);
/// How often `/version` is asked for, and how long its answer may take: a server that hangs is known within ten seconds.
const PROBE: Duration = Duration::from_secs(5);
const PROBE_ANSWER: Duration = Duration::from_secs(4);
/// Waits before each further look at what is served, once connected: a server that has just started answers before it
/// serves all of its custom kinds, and nothing tells when it does.
const LOOKS: [Duration; 3] = [Duration::from_secs(3), Duration::from_secs(12), Duration::from_secs(45)];
/// How long a refused or broken configuration is left alone, unless its file changes.
const RETRY: Duration = Duration::from_secs(30);
/// Changes that come within this are published together.
const DEBOUNCE: Duration = Duration::from_millis(200);
/// Seconds after which an age alone is published.
const AGE: i64 = 30;
/// News that may wait for the worker before the watches have to.
const QUEUE: usize = 64;
/// How long kinds that nobody looks at any more are watched.
const LINGER: Duration = Duration::from_secs(60);
/// Kinds of one cluster that are listed side by side: each holds a page or two.
const LISTS: usize = 8;

/// Groups and kinds.
pub type KindNames = BTreeSet<(String, String)>;

/// What a worker is to watch.
#[derive(Debug, Clone)]
pub struct Target {
    /// Name of the context or snapshot, as [`context_name`] gives it: the name of its slot.
    pub name: String,
    /// Where it is.
    pub cluster: ClusterSpec,
    /// Kinds that the GitOps directories hold, by fabric; they may change at any time.
    pub wanted: watch::Receiver<BTreeMap<String, KindNames>>,
    /// What health is judged by.
    pub rules: Arc<Rules>,
    /// Changes when everything is to be looked at again.
    pub refresh: watch::Receiver<u64>,
    /// What reads from the cluster on demand, for as long as the worker can lend it its client.
    pub browser: Option<Browser>,
    /// What is asked of the workers meanwhile.
    pub demand: watch::Receiver<Demand>,
}

/// What is asked of workers while they run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// Every kind that tells how a cluster is, is looked at. Otherwise those suffice that drift and health are judged by.
    pub everything: bool,
    /// How often somebody wanted a context asked again, by its name.
    pub retries: BTreeMap<String, u64>,
}

impl Default for Demand {
    fn default() -> Self {
        Self { everything: true, retries: BTreeMap::new() }
    }
}

/// Starts the worker of one cluster. It ends with `cancel`; the live set is that of a cluster not known until it is.
pub fn spawn(target: Target, outbox: Outbox, cancel: CancellationToken) -> watch::Receiver<Arc<LiveSet>> {
    let (sender, receiver) = watch::channel(Arc::new(LiveSet::empty(&target.name, Connection::Connecting)));
    let publisher = Publisher { outbox, sender, shown: Shown::default(), last: None };
    match target.cluster.clone() {
        ClusterSpec::Snapshot(file) => {
            tokio::spawn(cancel.run_until_cancelled_owned(snapshot::follow(target, file, publisher)));
        }
        ClusterSpec::Context { context, kubeconfig } => {
            let worker = Worker::new(target, Connector::new(context, kubeconfig), publisher);
            tokio::spawn(cancel.run_until_cancelled_owned(worker.run()));
        }
    }
    receiver
}

/// Sends what changed, and nothing else.
struct Publisher {
    outbox: Outbox,
    sender: watch::Sender<Arc<LiveSet>>,
    shown: Shown,
    last: Option<ClusterView>,
}

impl Publisher {
    /// True when the clock alone is worth publishing: a health has turned, or the age is half a minute newer than the one last
    /// published.
    fn is_due(&self, as_of: Option<Timestamp>) -> bool {
        // Something falls silent, or has waited too long, unless it says more before.
        if self.shown.next().is_some_and(|next| next <= Timestamp::now()) {
            return true;
        }
        let Some(last) = &self.last else { return true };
        match (last.as_of, as_of) {
            (Some(last), Some(now)) => now.as_second() - last.as_second() >= AGE,
            (last, now) => last.is_some() != now.is_some(),
        }
    }

    /// Publishes a set. The screen is told only what it would show differently.
    fn publish(&mut self, live: LiveSet, server: Option<&str>, watched: &BTreeSet<Kind>) {
        let view = self.shown.update(&live, Timestamp::now(), (server, watched), self.outbox.redactor());
        let same = |last: &ClusterView| ClusterView { as_of: view.as_of, ..last.clone() } == view;
        let quiet = !self.is_due(view.as_of) && self.last.as_ref().is_some_and(same);
        self.sender.send_replace(Arc::new(live));
        if !quiet {
            self.last = Some(view.clone());
            self.outbox.post(SourceId::Cluster(view.context.clone()), Event::Cluster(view));
        }
    }
}

type Found = Result<Discovered, (Connection, Fault)>;

/// What reaches a worker from its tasks.
enum News {
    Probe(Result<String, kube::Error>),
    ProbeUnanswered,
    Discovered(Found),
    /// What is found when it is looked again.
    Looked(Found),
    DefinitionsChanged,
    Described(Vec<Kind>, Schemas),
    Kind(Kind, KindNews),
}

/// When a worker whose client is of no more use makes another.
enum Again {
    Now,
    Later,
}

struct Worker {
    connector: Connector,
    target: Target,
    publisher: Publisher,
    book: Book,
    watches: BTreeMap<Kind, Task>,
    /// For the lists of the present client.
    turns: Arc<Semaphore>,
    /// Reads what the watched kinds look like.
    describing: Option<Task>,
    /// Kinds are watched that only somebody who looks at them needs.
    everything: bool,
    /// When these are given up.
    hidden: Option<Instant>,
    /// How long that takes.
    linger: Duration,
    /// Retries of this context that were heard of.
    retried: u64,
}

/// A task that ends when it is dropped.
struct Task(AbortHandle);

impl Task {
    fn spawn(future: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(future).abort_handle())
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Worker {
    fn new(target: Target, connector: Connector, publisher: Publisher) -> Self {
        Self {
            connector,
            book: Book::new(&target.name),
            target,
            publisher,
            watches: BTreeMap::new(),
            turns: Arc::new(Semaphore::new(LISTS)),
            describing: None,
            everything: true,
            hidden: None,
            linger: LINGER,
            retried: 0,
        }
    }

    async fn run(mut self) {
        self.publish();
        loop {
            let again = match self.connector.client().await {
                Ok(client) => self.talk(client).await,
                Err((connection, fault)) => {
                    self.book.lose(connection, fault);
                    Again::Later
                }
            };
            self.watches.clear();
            self.describing = None;
            self.publish();
            match again {
                Again::Now => {}
                Again::Later => self.wait_to_retry().await,
            }
        }
    }

    fn publish(&mut self) {
        if self.book.is_changed() || self.publisher.is_due(self.book.as_of()) {
            self.publisher.publish(self.book.live(), self.book.server(), self.book.watched());
        }
    }

    /// Until something may have changed: time, the kubeconfig, or the operator's wish.
    async fn wait_to_retry(&mut self) {
        let again = sleep(RETRY);
        tokio::pin!(again);
        loop {
            tokio::select! {
                () = &mut again => return,
                () = self.connector.changed() => return,
                Ok(()) = self.target.refresh.changed() => return,
                Ok(()) = self.target.demand.changed() => if self.heed() { return },
            }
        }
    }

    /// Takes in what is demanded. True when this context is to be asked again.
    fn heed(&mut self) -> bool {
        let (everything, retries) = {
            let demand = self.target.demand.borrow_and_update();
            (demand.everything, demand.retries.get(&self.target.name).copied().unwrap_or_default())
        };
        if everything {
            (self.everything, self.hidden) = (true, None);
        } else if self.watches.is_empty() {
            (self.everything, self.hidden) = (false, None);
        } else if self.everything && self.hidden.is_none() {
            // Whoever goes from one layout to another and back finds everything as it was.
            self.hidden = Some(Instant::now() + self.linger);
        }
        std::mem::replace(&mut self.retried, retries) != retries
    }

    /// Works with one client until it is of no more use: its credentials are refused, or expire.
    async fn talk(&mut self, client: Client) -> Again {
        let (sender, mut news) = mpsc::channel(QUEUE);
        let hurry = Arc::new(Notify::new());
        self.turns = Arc::new(Semaphore::new(LISTS));
        let browser = self.target.browser.as_ref();
        let _open = browser.map(|browser| browser.open(&self.target.name, browse::Way::Server(client.clone())));
        let _probe = Task::spawn(probe(client.clone(), sender.clone(), Arc::clone(&hurry)));
        let discover = |news: fn(Found) -> News| Task::spawn(discover(client.clone(), sender.clone(), news));
        // A discovery under way is not begun anew by the next probe: on a slow server it would never end.
        let mut discovery = None;
        let (mut is_new, mut worked) = (true, false);
        let (mut looks, mut look, mut looking) = (LOOKS.iter(), None, None);
        // When the server was last heard of beside the probe.
        let mut heard: Option<Instant> = None;
        let mut deadline: Option<Instant> = None;
        self.heed();
        loop {
            tokio::select! {
                Ok(()) = self.target.refresh.changed() => {
                    hurry.notify_one();
                    self.watches.clear();
                    discovery = Some(discover(News::Discovered));
                }
                Ok(()) = self.target.demand.changed() => {
                    let was = self.everything;
                    if self.heed() {
                        hurry.notify_one();
                        self.watches.clear();
                        discovery = Some(discover(News::Discovered));
                    } else if self.everything != was {
                        self.start_watches(&client, &sender);
                    }
                    deadline.get_or_insert_with(|| Instant::now() + DEBOUNCE);
                }
                () = at(self.hidden), if self.hidden.is_some() => {
                    (self.everything, self.hidden) = (false, None);
                    self.start_watches(&client, &sender);
                    deadline.get_or_insert_with(|| Instant::now() + DEBOUNCE);
                }
                () = at(look), if look.is_some() => {
                    look = looks.next().map(|after| Instant::now() + *after);
                    if looking.is_none() {
                        looking = Some(discover(News::Looked));
                    }
                }
                Ok(()) = self.target.wanted.changed() => {
                    self.start_watches(&client, &sender);
                    deadline.get_or_insert_with(|| Instant::now() + DEBOUNCE);
                }
                Some(news) = news.recv() => {
                    deadline.get_or_insert_with(|| Instant::now() + DEBOUNCE);
                    let was_complete = self.book.is_complete();
                    match news {
                        News::Probe(Ok(version)) => {
                            worked = true;
                            let is_back = self.book.answered(version);
                            if discovery.is_none() && (is_back || is_new) {
                                discovery = Some(discover(News::Discovered));
                            }
                            if self.connector.is_expired() {
                                return Again::Now;
                            }
                        }
                        // Whoever says that it is busy is there; all that was known is not to be asked for again now.
                        News::Probe(Err(kube::Error::Api(status)))
                            if status.code == 429 && self.book.connection() == Connection::Connected => {}
                        News::Probe(Err(error)) => {
                            let connection = connection_of(&error);
                            self.lose(connection, fault::of("connecting to", &self.target.name, &error));
                            discovery = None;
                            if connection == Connection::Unauthorized {
                                // A plugin that does not say when its token expires has a new one by now; but one that is
                                // refused from the start is not asked in a circle.
                                return if worked { Again::Now } else { Again::Later };
                            }
                        }
                        // What else came meanwhile says that it is there.
                        News::ProbeUnanswered
                            if heard.is_some_and(|heard| heard.elapsed() < PROBE_ANSWER) => {}
                        News::ProbeUnanswered => {
                            let fault = unanswered("connecting to", &self.target.name, PROBE_ANSWER);
                            self.lose(Connection::Unreachable, fault);
                            discovery = None;
                        }
                        News::Discovered(Ok(found)) => {
                            (discovery, is_new, heard) = (None, false, Some(Instant::now()));
                            if self.book.connection() != Connection::Connected {
                                looks = LOOKS.iter();
                                look = looks.next().map(|after| Instant::now() + *after);
                            }
                            self.book.discovered(found);
                            self.start_watches(&client, &sender);
                        }
                        News::Looked(found) => {
                            looking = None;
                            // What is wrong with the connection is for the probe to say.
                            if let Ok(found) = found && self.book.connection() == Connection::Connected && !self.book.has_found(&found) {
                                self.book.discovered(found);
                                self.start_watches(&client, &sender);
                            }
                        }
                        News::Discovered(Err((connection, fault))) => {
                            discovery = None;
                            self.lose(connection, fault);
                        }
                        News::DefinitionsChanged => discovery = Some(discover(News::Discovered)),
                        News::Described(kinds, found) => {
                            self.describing = None;
                            self.book.described(kinds, found);
                        }
                        News::Kind(kind, what) => {
                            if matches!(what, KindNews::Lost(_)) {
                                hurry.notify_one();
                            } else {
                                heard = Some(Instant::now());
                            }
                            self.book.take(&kind, what);
                        }
                    }
                    if !was_complete && self.book.is_complete() {
                        // Whoever waits for the whole picture has it now.
                        deadline = Some(Instant::now());
                    }
                }
                () = at(deadline), if deadline.is_some() => {
                    deadline = None;
                    self.publish();
                }
            }
        }
    }

    fn lose(&mut self, connection: Connection, fault: Fault) {
        self.watches.clear();
        self.describing = None;
        self.book.lose(connection, fault);
    }

    /// Starts a watch for every kind that is to be watched and is not yet, and ends those of kinds no longer served.
    fn start_watches(&mut self, client: &Client, sender: &mpsc::Sender<News>) {
        if self.book.connection() != Connection::Connected {
            return;
        }
        let wanted: KindNames = self.target.wanted.borrow().values().flatten().cloned().collect();
        let kinds = self.book.select(&wanted, self.everything);
        let definitions = Kind::custom_resource_definition();
        self.watches.retain(|watched, _| kinds.contains(watched) || *watched == definitions);
        if !self.book.is_described() {
            self.describing = Some(Task::spawn(describe(client.clone(), kinds.clone(), sender.clone())));
        }
        for kind in kinds {
            let (client, sender, turns) = (client.clone(), sender.clone(), Arc::clone(&self.turns));
            let maker = Maker::judging(&kind, Arc::clone(&self.target.rules));
            let start = || Task::spawn(list_watch::run(client, kind.clone(), sender, turns, maker));
            self.watches.entry(kind.clone()).or_insert_with(start);
        }
        if self.book.serves(&definitions) {
            let (client, sender) = (client.clone(), sender.clone());
            let start = || Task::spawn(list_watch::run_definitions(client, sender));
            self.watches.entry(definitions).or_insert_with(start);
        }
    }
}

async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// Asks for `/version` for ever; `hurry` brings the next question forward.
async fn probe(client: Client, sender: mpsc::Sender<News>, hurry: Arc<Notify>) {
    let mut clock = interval(PROBE);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = clock.tick() => {}
            () = hurry.notified() => clock.reset(),
        }
        let news = match timeout(PROBE_ANSWER, client.apiserver_version()).await {
            Ok(answer) => News::Probe(answer.map(|info| info.git_version)),
            Err(_) => News::ProbeUnanswered,
        };
        if sender.send(news).await.is_err() {
            return;
        }
    }
}

async fn discover(client: Client, sender: mpsc::Sender<News>, news: fn(Found) -> News) {
    let found = discover::run(client).await;
    // The worker that asked may have gone on to another client.
    let _ = sender.send(news(found)).await;
}

async fn describe(client: Client, kinds: Vec<Kind>, sender: mpsc::Sender<News>) {
    let schemas = definitions::read(client, &kinds).await;
    // The worker that asked may have gone on to another client.
    let _ = sender.send(News::Described(kinds, schemas)).await;
}

/// The file of a kubeconfig, if it is named; none is the one that the environment names.
type ConfigFile = Option<PathBuf>;

#[cfg(test)]
mod tests;
