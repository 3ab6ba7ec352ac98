//! Drift: one worker per fabric, which reads its GitOps directory and judges it against its cluster's live set.
//!
//! Nothing runs while nothing changes: a worker waits for its files, its repository, its live set, and the end of the
//! nearest grace.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::kube::{self, Browser, Demand, KindNames, Target};
use crate::config::session::{ClusterSpec, FabricSpec, Session};
use crate::domain::cluster::{Connection, LiveSet};
use crate::domain::drift::{APPLICATIONS, DetailRequest, DriftView, Inputs, Memo, ObjectKey, Picture};
use crate::domain::fault::Fault;
use crate::domain::redact::Redactor;
use crate::event::{DetailNews, Done, Event, SourceId};
use crate::source::Outbox;
use crate::source::watch::{Behind, Watch};

mod detail;
mod exact;
mod history;
mod read;
mod scope;

pub use read::{Cache, GitSide, read};
use scope::Scope;

/// Changes of files that come within this are read together; commits come in storms.
const DEBOUNCE: Duration = Duration::from_secs(1);

/// How long the agents have the processors for themselves.
const HEAD_START: Duration = Duration::from_millis(250);

/// Objects that fabrics want, by cluster and fabric.
type Claims = BTreeMap<String, BTreeMap<String, BTreeSet<ObjectKey>>>;

/// The running cluster and drift workers.
#[derive(Debug, Clone)]
pub struct Workers {
    refresh: Arc<watch::Sender<u64>>,
    browser: Browser,
    demand: Arc<watch::Sender<Demand>>,
    asked: Arc<watch::Sender<Option<DetailRequest>>>,
    known: Arc<watch::Sender<Known>>,
}

/// What each fabric was judged by last.
type Known = BTreeMap<String, exact::Judged>;

impl Workers {
    /// Has every worker look again now.
    pub fn refresh(&self) {
        self.refresh.send_modify(|count| *count += 1);
        self.browser.list_kinds();
    }

    /// What reads from the clusters on demand.
    pub fn browser(&self) -> &Browser {
        &self.browser
    }

    /// Has clusters watch every kind that tells how they are, or only those that drift and health are judged by.
    pub fn watch(&self, everything: bool) {
        self.demand.send_if_modified(|demand| std::mem::replace(&mut demand.everything, everything) != everything);
    }

    /// Has the worker of one context ask it again now.
    pub fn reconnect(&self, context: &str) {
        self.demand.send_modify(|demand| *demand.retries.entry(context.to_owned()).or_default() += 1);
    }

    /// Asks for all there is to know of one object, in place of one that was asked for and not answered yet.
    pub fn detail(&self, request: DetailRequest) {
        self.asked.send_replace(Some(request));
    }
}

/// Starts a cluster worker for every cluster of the session and a drift worker for every fabric. Fabrics of the same cluster
/// share its worker; the session's own cluster gets one whether a fabric names it or not.
///
/// They begin when `before` is cancelled, or soon after: agents are who the operator looks for first, and clusters are far away.
///
/// Must be called inside a tokio runtime. The workers end with `cancel`, whether what is returned is kept or not.
pub fn spawn(session: Arc<Session>, outbox: Outbox, before: CancellationToken, cancel: CancellationToken) -> Workers {
    let refresh = Arc::new(watch::Sender::new(0));
    let asked = Arc::new(watch::Sender::new(None));
    let browser = Browser::spawn(outbox.clone(), refresh.subscribe(), &cancel);
    let demand = Arc::new(watch::Sender::new(Demand::default()));
    let known = Arc::new(watch::Sender::new(Known::new()));
    let workers = Workers {
        refresh: Arc::clone(&refresh),
        browser: browser.clone(),
        demand: Arc::clone(&demand),
        asked: Arc::clone(&asked),
        known: Arc::clone(&known),
    };
    let (updates, demands, asks) = (refresh.subscribe(), demand.subscribe(), asked.subscribe());
    tokio::spawn(async move {
        // Whether it came or not: longer than this nothing waits.
        let _ = tokio::time::timeout(HEAD_START, before.cancelled()).await;
        let specs = Arc::clone(&session);
        // Names of contexts may stand in a kubeconfig on a slow disk.
        let Ok(names) = tokio::task::spawn_blocking(move || cluster_names(&specs)).await else { return };
        let kept = start(&session, names, (&browser, &known), &outbox, (&updates, &demands), &asks, &cancel);
        // Cluster workers stop when what they wait for can no longer change, so the senders live as long as they do.
        cancel.cancelled().await;
        drop((kept, refresh, demand, asked));
    });
    workers
}

/// Clusters of the session with the name each is shown by, once each.
fn cluster_names(session: &Session) -> Vec<(ClusterSpec, String)> {
    let mut clusters: Vec<(ClusterSpec, String)> = Vec::new();
    let named = session.fabrics.iter().filter_map(|fabric| fabric.cluster.as_ref());
    for cluster in named.chain(session.cluster.as_ref()) {
        if !clusters.iter().any(|(known, _)| known == cluster) {
            let name = kube::context_name(cluster).unwrap_or_else(|| "current context".to_owned());
            clusters.push((cluster.clone(), name));
        }
    }
    clusters
}

fn start(
    session: &Session,
    clusters: Vec<(ClusterSpec, String)>,
    (browser, known): (&Browser, &Arc<watch::Sender<Known>>),
    outbox: &Outbox,
    (refresh, demand): (&watch::Receiver<u64>, &watch::Receiver<Demand>),
    asked: &watch::Receiver<Option<DetailRequest>>,
    cancel: &CancellationToken,
) -> Vec<WantedKinds> {
    let claims = Arc::new(watch::Sender::new(Claims::new()));
    let mut running = Vec::new();
    for (cluster, name) in clusters {
        let wanted = Arc::new(watch::Sender::new(BTreeMap::new()));
        let target = Target {
            name: name.clone(),
            cluster: cluster.clone(),
            wanted: wanted.subscribe(),
            rules: Arc::clone(&session.health),
            refresh: refresh.clone(),
            browser: Some(browser.clone()),
            demand: demand.clone(),
        };
        let live = kube::spawn(target, outbox.clone(), cancel.clone());
        running.push((cluster, name, wanted, live));
    }
    for fabric in &session.fabrics {
        let cluster = running.iter().find(|(cluster, ..)| fabric.cluster.as_ref() == Some(cluster));
        let worker = Worker {
            spec: fabric.clone(),
            cluster: cluster.map(|(_, name, wanted, live)| (name.clone(), Arc::clone(wanted), live.clone())),
            claims: Arc::clone(&claims),
            known: Arc::clone(known),
            outbox: outbox.clone(),
            refresh: refresh.clone(),
            asked: asked.clone(),
            cache: Cache::default(),
            memo: Memo::default(),
            claimed: Arc::default(),
            last: None,
        };
        tokio::spawn(cancel.clone().run_until_cancelled_owned(worker.run()));
    }
    running.into_iter().map(|(_, _, wanted, _)| wanted).collect()
}

/// Kinds that fabrics want of one cluster.
type WantedKinds = Arc<watch::Sender<BTreeMap<String, KindNames>>>;

type ClusterOfFabric = (String, WantedKinds, watch::Receiver<Arc<LiveSet>>);

struct Worker {
    spec: FabricSpec,
    cluster: Option<ClusterOfFabric>,
    claims: Arc<watch::Sender<Claims>>,
    known: Arc<watch::Sender<Known>>,
    outbox: Outbox,
    refresh: watch::Receiver<u64>,
    asked: watch::Receiver<Option<DetailRequest>>,
    cache: Cache,
    /// Of what was read of git last.
    memo: Memo,
    /// What others want of the cluster.
    claimed: Arc<BTreeMap<ObjectKey, String>>,
    last: Option<DriftView>,
}

/// Why a worker looks again.
enum Wake {
    /// Files or commits changed.
    Git,
    /// The cluster, the claims of others or the clock changed.
    Other,
    /// All there is to know of one object was asked for.
    Asked,
}

impl Worker {
    async fn run(mut self) {
        let mut claims = self.claims.subscribe();
        let mut watch = Watch::new([], Behind::Nothing);
        let mut scope = Scope::default();
        let mut side = None;
        let mut fault: Option<Fault> = None;
        let mut is_new = true;
        loop {
            if side.is_none() {
                watch.forget();
                // Files and commits are watched before they are read, so that none changes unnoticed in between.
                scope = self.scope().await.unwrap_or(scope);
                watch.follow(scope.roots()).await;
                match self.read().await {
                    Ok(read) => {
                        fault = None;
                        self.announce(&read);
                        self.memo.forget();
                        side = Some(Arc::new(read));
                    }
                    Err(new) if fault.as_ref() == Some(&new) => {}
                    Err(new) => {
                        fault = Some(new.clone());
                        self.last = None;
                        let slot = SourceId::Drift(self.spec.name.clone());
                        self.outbox.post(slot.clone(), Event::SourceFault(slot, new));
                    }
                }
            }
            let mut next = None;
            if std::mem::take(&mut is_new) || claims.has_changed().unwrap_or(false) {
                claims.mark_unchanged();
                self.heed_claims();
            }
            if let Some(side) = &side {
                next = self.judge(side).await;
            }
            loop {
                match self.wait(&mut watch, &scope, &mut claims, next).await {
                    // An answer changes nothing: nothing is judged anew for it.
                    Some(Wake::Asked) => {
                        self.answer(side.as_ref(), fault.as_ref()).await;
                        continue;
                    }
                    Some(Wake::Git) => side = None,
                    Some(Wake::Other) => {}
                    None => return,
                }
                break;
            }
        }
    }

    async fn scope(&self) -> Option<Scope> {
        let spec = self.spec.clone();
        tokio::task::spawn_blocking(move || Scope::of(&spec)).await.ok()
    }

    async fn read(&mut self) -> Result<GitSide, Fault> {
        let spec = self.spec.clone();
        let mut cache = std::mem::take(&mut self.cache);
        let reading = tokio::task::spawn_blocking(move || {
            let side = read(&spec, &mut cache);
            (side, cache)
        });
        match reading.await {
            Ok((side, cache)) => {
                self.cache = cache;
                side
            }
            Err(error) => Err(Fault::new("reading", &self.spec.name, error, "refresh to try again")),
        }
    }

    /// Tells the cluster worker which kinds are wanted, and other fabrics of the cluster which objects.
    fn announce(&self, side: &GitSide) {
        let Some((cluster, wanted, _)) = &self.cluster else { return };
        let name = &self.spec.name;
        let kinds = kinds_of(side);
        wanted.send_if_modified(|all| all.insert(name.clone(), kinds.clone()) != Some(kinds.clone()));
        let stated = side.head.as_ref().unwrap_or(&side.worktree);
        let keys: BTreeSet<ObjectKey> = stated.iter().map(|manifest| manifest.key.clone()).collect();
        self.claims.send_if_modified(|all| {
            let fabrics = all.entry(cluster.clone()).or_default();
            if fabrics.get(name) == Some(&keys) {
                return false;
            }
            fabrics.insert(name.clone(), keys.clone());
            true
        });
    }

    /// Judges and posts what changed; the moment at which the next grace ends.
    async fn judge(&mut self, side: &Arc<GitSide>) -> Option<Timestamp> {
        let live = match &mut self.cluster {
            Some((.., live)) => Arc::clone(&live.borrow_and_update()),
            None => Arc::new(LiveSet::empty("", Connection::None)),
        };
        let claimed = Arc::clone(&self.claimed);
        let context = self.cluster.as_ref().map(|(context, ..)| context.clone());
        let judged = exact::Judged { side: Arc::clone(side), live: Arc::clone(&live), context };
        self.known.send_modify(|known| drop(known.insert(self.spec.name.clone(), judged)));
        let (side, spec, now) = (Arc::clone(side), self.spec.clone(), Timestamp::now());
        let redactor = self.outbox.redactor().clone();
        let mut memo = std::mem::take(&mut self.memo);
        let judged = tokio::task::spawn_blocking(move || {
            let judged = view(&spec, &side, &live, &claimed, (now, &mut memo), &redactor);
            (judged, memo)
        });
        let ((view, next), memo) = judged.await.ok()?;
        self.memo = memo;
        if self.last.as_ref() != Some(&view) {
            self.last = Some(view.clone());
            self.outbox.post(SourceId::Drift(view.fabric.clone()), Event::Drift(view));
        }
        next
    }

    /// Takes in what other fabrics of the cluster want.
    fn heed_claims(&mut self) {
        let Some((cluster, ..)) = &self.cluster else { return };
        let claims = self.claims.borrow();
        let of_others = claims.get(cluster).into_iter().flatten().filter(|(name, _)| **name != self.spec.name);
        let claimed = of_others.flat_map(|(fabric, keys)| keys.iter().map(|key| (key.clone(), fabric.clone())));
        self.claimed = Arc::new(claimed.collect());
    }

    /// Tells all there is to know of the object that was asked for.
    async fn answer(&mut self, side: Option<&Arc<GitSide>>, fault: Option<&Fault>) {
        let Some(DetailRequest { fabric, key }) = self.asked.borrow_and_update().clone() else { return };
        let (of, wanted, spec) = (fabric.clone(), key.clone(), self.spec.clone());
        let live = self.cluster.as_ref().map(|(.., live)| Arc::clone(&live.borrow()));
        let redactor = self.outbox.redactor().clone();
        let detail = match side {
            Some(side) => {
                let side = Arc::clone(side);
                let look = move || detail::detail(&spec, &side, live.as_deref(), &wanted, &redactor);
                let looked = tokio::task::spawn_blocking(look).await;
                looked.unwrap_or_else(|error| Err(Fault::new("looking at", &key.name, error, "")))
            }
            None => {
                let unread = || Fault::new("looking at", &key.name, "the fabric was not read", "");
                Err(fault.cloned().unwrap_or_else(unread))
            }
        };
        self.outbox.send(Event::Done(Done::DriftDetail(Box::new(DetailNews { fabric: of, key, detail })))).await;
    }

    /// Waits for a reason to look again; `None` when there can be none any more.
    async fn wait(
        &mut self,
        watch: &mut Watch,
        scope: &Scope,
        claims: &mut watch::Receiver<Claims>,
        next: Option<Timestamp>,
    ) -> Option<Wake> {
        let live = async {
            match &mut self.cluster {
                Some((.., live)) => live.changed().await.is_ok(),
                None => std::future::pending().await,
            }
        };
        let files = async { while !watch.changed().await.iter().any(|path| scope.concerns(path)) {} };
        let grace = async {
            match next {
                Some(next) => {
                    let wait = next.duration_since(Timestamp::now());
                    // A little later than the moment itself, so that it is over by every clock.
                    sleep(Duration::try_from(wait).unwrap_or_default() + Duration::from_millis(50)).await;
                }
                None => std::future::pending().await,
            }
        };
        let name = &self.spec.name;
        let asked = async {
            let mine = |asked: &Option<DetailRequest>| asked.as_ref().is_some_and(|asked| asked.fabric == *name);
            loop {
                if self.asked.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
                if mine(&self.asked.borrow()) {
                    return;
                }
            }
        };
        tokio::select! {
            () = asked => Some(Wake::Asked),
            () = files => {
                sleep(DEBOUNCE).await;
                Some(Wake::Git)
            }
            changed = self.refresh.changed() => changed.ok().map(|()| Wake::Git),
            true = live => Some(Wake::Other),
            Ok(()) = claims.changed() => Some(Wake::Other),
            () = grace => Some(Wake::Other),
            else => None,
        }
    }
}

/// Groups and kinds that a directory has, or had, and Argo CD's Applications, which may say what is to be live.
pub fn kinds_of(side: &GitSide) -> KindNames {
    let stated = side.worktree.iter().chain(side.head.iter().flatten()).chain(side.pushed.iter().flatten());
    let stated = stated.map(|manifest| (manifest.key.group.clone(), manifest.key.kind.clone()));
    let had = side.history.keys().map(|key| (key.group.clone(), key.kind.clone()));
    let (group, kind) = APPLICATIONS;
    stated.chain(had).chain([(group.to_owned(), kind.to_owned())]).collect()
}

/// Judges one fabric: what the pane shows and scripts print, without secrets, and when the next grace ends.
pub fn view(
    spec: &FabricSpec,
    side: &GitSide,
    live: &LiveSet,
    claimed: &Arc<BTreeMap<ObjectKey, String>>,
    (now, memo): (Timestamp, &mut Memo),
    redactor: &Redactor,
) -> (DriftView, Option<Timestamp>) {
    let inputs = Inputs {
        worktree: &side.worktree,
        head: side.head.as_deref(),
        pushed: side.pushed.as_deref(),
        history: &side.history,
        lineage: &side.lineage,
        live,
        claimed,
        grace: SignedDuration::try_from(spec.grace).unwrap_or(SignedDuration::MAX),
        now,
    };
    let Picture { rows, findings, next } = memo.judge(&inputs, &side.findings, redactor);
    let view = DriftView {
        fabric: spec.name.clone(),
        connection: live.connection,
        head: side.commit.clone(),
        branch: side.branch.as_deref().map(|branch| redactor.redact(branch).into_owned()),
        rows,
        findings,
        as_of: live.as_of,
    };
    (view, next)
}

#[cfg(test)]
mod tests;
