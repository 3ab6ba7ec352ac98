//! What a worker knows of its cluster.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::KindNames;
use super::discover::{self, Discovered};
use super::list_watch::KindNews;
use crate::domain::cluster::{Connection, Kind, LiveSet, Schemas};
use crate::domain::fault::Fault;

/// The last good data and the present connection.
pub(super) struct Book {
    live: LiveSet,
    server: Option<String>,
    found: Discovered,
    watched: BTreeSet<Kind>,
    /// Kinds that the server refuses; those that merely broke are not among them.
    forbidden: KindNames,
    /// The kinds whose schemas are known, as far as they have one.
    described: Vec<Kind>,
    changed: bool,
}

impl Book {
    pub(super) fn new(name: &str) -> Self {
        Self {
            live: LiveSet::empty(name, Connection::Connecting),
            server: None,
            found: Discovered::default(),
            watched: BTreeSet::new(),
            forbidden: KindNames::new(),
            described: Vec::new(),
            changed: true,
        }
    }

    /// True when more than the age changed since this was last asked.
    pub(super) fn is_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    pub(super) fn live(&self) -> LiveSet {
        LiveSet { complete: self.is_complete(), ..self.live.clone() }
    }

    pub(super) fn as_of(&self) -> Option<Timestamp> {
        self.live.as_of
    }

    pub(super) fn server(&self) -> Option<&str> {
        self.server.as_deref()
    }

    pub(super) fn watched(&self) -> &BTreeSet<Kind> {
        &self.watched
    }

    pub(super) fn connection(&self) -> Connection {
        self.live.connection
    }

    /// True when the schemas are those of the kinds that are watched.
    pub(super) fn is_described(&self) -> bool {
        self.described.iter().eq(&self.watched)
    }

    /// True when every kind that is watched was listed or refused, and described: there is nothing to wait for.
    pub(super) fn is_complete(&self) -> bool {
        let told = |kind: &Kind| {
            let name = (kind.group.clone(), kind.kind.clone());
            self.live.listed.contains(&name) || self.live.refused.contains_key(&name)
        };
        self.live.connection == Connection::Connected && self.is_described() && self.watched.iter().all(told)
    }

    pub(super) fn serves(&self, kind: &Kind) -> bool {
        self.found.watchable.contains(kind)
    }

    /// The server answered. True when it did not before, so that all is to be discovered anew.
    pub(super) fn answered(&mut self, version: String) -> bool {
        self.server = Some(version);
        if self.live.connection == Connection::Connected {
            self.live.as_of = Some(Timestamp::now());
            return false;
        }
        true
    }

    /// True when just this was discovered before.
    pub(super) fn has_found(&self, found: &Discovered) -> bool {
        self.found == *found
    }

    /// Discovery came to its end: the connection is good.
    pub(super) fn discovered(&mut self, found: Discovered) {
        self.changed = true;
        if self.live.connection != Connection::Connected {
            // What a watch of before still had to say does not count.
            self.live.listed.clear();
        }
        self.live.connection = Connection::Connected;
        self.live.fault = None;
        self.live.as_of = Some(Timestamp::now());
        self.live.served = Some(found.served.clone());
        self.found = found;
        // The definitions may be others than before.
        self.described.clear();
        self.settle();
    }

    /// The schemas of these kinds were read.
    pub(super) fn described(&mut self, kinds: Vec<Kind>, schemas: Schemas) {
        self.described = kinds;
        self.described.sort();
        if *self.live.schemas != schemas {
            self.live.schemas = Arc::new(schemas);
            self.changed = true;
        }
    }

    /// The connection is gone. Data stays, with its age; what is listed again counts again.
    pub(super) fn lose(&mut self, connection: Connection, fault: Fault) {
        self.changed = true;
        self.live.connection = connection;
        self.live.fault = Some(fault);
        self.live.listed.clear();
        self.live.refused.clear();
        self.forbidden.clear();
    }

    /// The kinds to watch; objects of kinds that are not among them any more are forgotten.
    pub(super) fn select(&mut self, wanted: &KindNames, everything: bool) -> Vec<Kind> {
        self.changed = true;
        let kinds = discover::select(&self.found.watchable, wanted, everything);
        self.watched = kinds.iter().cloned().collect();
        let names: KindNames = kinds.iter().map(|kind| (kind.group.clone(), kind.kind.clone())).collect();
        self.live.listed.retain(|kind| names.contains(kind));
        self.live.refused.retain(|kind, _| names.contains(kind));
        self.forbidden.retain(|kind| names.contains(kind));
        self.live.unread.retain(|kind, _| names.contains(kind));
        self.live.objects.retain_kinds(|group, kind| names.contains(&(group.to_owned(), kind.to_owned())));
        kinds
    }

    /// Takes in what happened to a kind.
    pub(super) fn take(&mut self, kind: &Kind, news: KindNews) {
        let name = (kind.group.clone(), kind.kind.clone());
        let live = &mut self.live;
        match news {
            KindNews::Listed(objects, unread) => {
                live.objects.replace(&name.0, &name.1, objects);
                match unread {
                    Some(fault) => live.unread.insert(name.clone(), fault),
                    None => live.unread.remove(&name),
                };
                live.refused.remove(&name);
                self.forbidden.remove(&name);
                live.listed.insert(name);
                live.as_of = Some(Timestamp::now());
            }
            KindNews::Applied(object) => {
                live.as_of = Some(Timestamp::now());
                let is_news = live.objects.get(&object.key).is_none_or(|known| object.is_news(known));
                live.objects.insert(*object);
                // A status that is written every few seconds is none while the health stays the same.
                if !is_news {
                    return;
                }
            }
            KindNews::Deleted(key) => {
                live.objects.remove(&key);
                live.as_of = Some(Timestamp::now());
            }
            KindNews::Alive(agents) => {
                live.as_of = Some(Timestamp::now());
                for (key, at) in agents {
                    let Some(known) = live.objects.get(&key) else { continue };
                    if known.facts.as_ref().is_none_or(|facts| facts.heartbeat >= Some(at)) {
                        continue;
                    }
                    let alive = known.alive(at);
                    live.objects.insert(alive);
                }
                // It is none until somebody asks how old it is.
                return;
            }
            KindNews::Refused(fault) => {
                live.objects.replace(&name.0, &name.1, []);
                live.listed.remove(&name);
                self.forbidden.insert(name.clone());
                live.refused.insert(name, fault);
            }
            // Whether the cluster is gone is for the probe to say; this kind is not current until it is listed again.
            KindNews::Lost(fault) => {
                live.listed.remove(&name);
                live.refused.insert(name, fault);
            }
        }
        self.changed = true;
        self.settle();
    }

    /// A connection on which every kind is refused is a refused one, although the server answers.
    fn settle(&mut self) {
        let live = &mut self.live;
        let is_refused = !self.forbidden.is_empty() && self.forbidden.len() >= self.watched.len();
        match live.connection {
            Connection::Connected if is_refused => {
                live.fault = live.refused.values().next().cloned();
                live.connection = Connection::Forbidden;
            }
            Connection::Forbidden if !live.listed.is_empty() => {
                live.fault = None;
                live.connection = Connection::Connected;
            }
            _ => {}
        }
    }
}
