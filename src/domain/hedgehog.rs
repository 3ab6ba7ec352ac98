//! How Hedgehog's objects are, derived from what their switches' agents say.
//!
//! None of the twelve kinds of `vpc.githedgehog.com` and `wiring.githedgehog.com` has a status, and their controller sends no
//! events. But it writes what it made of them into the spec of each switch's `Agent`, and the agent tells in its status
//! which generation of that it applied, and how its ports and neighbours are.

use jiff::Timestamp;
use serde_json::Value;

use super::cluster::{Connection, LiveSet};

mod affected;
mod dangling;
mod derive;
mod facts;
mod healths;
mod readiness;
mod referrers;
#[cfg(test)]
mod tests;
mod wants;

pub use dangling::Dangling;
pub use facts::{AgentFacts, Port, fabric_controller};
pub use healths::{Healths, Turned, healths};
pub use wants::{Reference, Wants};

/// Group of what tenants see.
pub const VPC: &str = "vpc.githedgehog.com";

/// Group of what is wired.
pub const WIRING: &str = "wiring.githedgehog.com";

/// Groups whose kinds carry no status of their own.
pub const GROUPS: [&str; 2] = [VPC, WIRING];

/// Group of the agents. Their specs carry credentials in clear, and no git ever states them.
pub const AGENTS: &str = "agent.githedgehog.com";

/// The ends of a connection: device and port of every `port: device/port` in its spec. A port may hold slashes itself.
pub(in crate::domain) fn ends(connection: &Value) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    collect_ends(connection, &mut found);
    found
}

fn collect_ends<'v>(value: &'v Value, found: &mut Vec<(&'v str, &'v str)>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("port").and_then(Value::as_str).and_then(|port| port.split_once('/')));
            fields.values().for_each(|value| collect_ends(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_ends(item, found)),
        _ => {}
    }
}

/// The moment at which a live set is judged: now, or when it was last known to be current.
fn clock(live: &LiveSet, now: Timestamp) -> Timestamp {
    if live.connection == Connection::Connected && !live.is_snapshot() { now } else { live.as_of.unwrap_or(now) }
}

/// True when all objects of a kind are here. A snapshot is silent about kinds of which it has none.
fn is_listed(live: &LiveSet, group: &str, kind: &str) -> bool {
    if live.is_snapshot() {
        return live.objects.of_kind(group, kind).next().is_some();
    }
    live.listed.contains(&(group.to_owned(), kind.to_owned()))
}
