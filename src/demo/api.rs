//! An in-process Kubernetes API on loopback: discovery, LIST, WATCH and GET over plain HTTP, enough for kube-rs and `kubectl get`.
//!
//! It holds what it is told with [`Api::put`] and accepts no writes over the network. Tests switch its [`Behaviour`].

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::domain::cluster::Kind;
use crate::domain::fault::Fault;

mod discovery;
mod kinds;
mod serve;
mod store;
mod table;
mod trouble;

pub use kinds::hedgehog_kinds;
use store::Store;

/// How the API answers. A change ends every watch that runs, so that clients come back and notice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Behaviour {
    /// As it should.
    #[default]
    Normal,
    /// Accepts connections and requests and never answers.
    Hang,
    /// 401 to everything.
    Unauthorized,
    /// 401 to every request without this bearer token.
    Token(String),
    /// 403 to requests for this plural; to everything but `/version` for `*`.
    Forbidden(String),
    /// 503 to everything.
    Unavailable,
    /// As a server that has just started: this group is not served yet, although its definitions are there.
    Starting(String),
    /// 429 to this many requests, which are told to come back in a second; then as it should.
    Busy(u32),
    /// Every LIST begins and never ends.
    Stuck,
    /// Every LIST comes in small pieces.
    Slow,
    /// Every LIST breaks off in the middle.
    Broken,
    /// 410 to every WATCH, at the level of HTTP.
    Gone,
    /// Every WATCH ends with an error of code 410.
    GoneInStream,
    /// Every LIST holds one more item, whose metadata no typed client can decode.
    UndecodableItem,
    /// Every LIST holds two more items, which nobody can read: one without a name, and one that is half a character.
    UnreadableItems,
}

/// A running API. Cheap to clone; it stops when the last clone is dropped.
#[derive(Debug, Clone)]
pub struct Api {
    addr: SocketAddr,
    store: Arc<Store>,
    _stop: Arc<DropGuard>,
}

impl Api {
    /// Starts an API that serves `kinds` (and CustomResourceDefinitions for them) on a free port of 127.0.0.1.
    ///
    /// Must be called inside a tokio runtime. Fails when no port can be bound.
    pub fn start(kinds: Vec<Kind>) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let addr = listener.local_addr()?;
        let store = Arc::new(Store::new(kinds));
        let cancel = CancellationToken::new();
        tokio::spawn(serve::run(listener, Arc::clone(&store), cancel.clone()));
        Ok(Self { addr, store, _stop: Arc::new(cancel.drop_guard()) })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Creates or replaces an object, and tells the watches.
    ///
    /// `uid` and `creationTimestamp` are kept from the object before, else taken from `object`, else made up;
    /// `resourceVersion` is new, and `generation` grows when anything but `metadata` and `status` changed. An object
    /// that is put again unchanged makes no event. Fails for a kind that is not served or an object without a name.
    pub fn put(&self, object: Value) -> Result<(), Fault> {
        self.store.put(object)
    }

    /// Deletes an object and tells the watches; false when there was none. `namespace` is empty for objects of the cluster.
    pub fn delete(&self, kind: &str, namespace: &str, name: &str) -> bool {
        self.store.delete(kind, namespace, name)
    }

    /// Requests so far to a path: `/apis/GROUP/VERSION/PLURAL`. A watch and a list count alike.
    pub fn requests(&self, path: &str) -> usize {
        self.store.requests(path)
    }

    /// Switches how it answers.
    pub fn behave(&self, behaviour: Behaviour) {
        self.store.behave(behaviour);
    }

    /// A kubeconfig (YAML) whose only and current context is `context` and points here.
    pub fn kubeconfig(&self, context: &str) -> String {
        // A JSON string is a YAML string too, whatever the name holds.
        let name = Value::String(context.to_owned()).to_string();
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: {name}\nclusters:\n- name: {name}\n  cluster:\n    \
             server: http://{}\ncontexts:\n- name: {name}\n  context:\n    cluster: {name}\n    user: {name}\n    \
             namespace: default\nusers:\n- name: {name}\n  user: {{}}\n",
            self.addr
        )
    }
}

#[cfg(test)]
mod tests;
