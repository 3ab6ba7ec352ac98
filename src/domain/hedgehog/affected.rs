//! Which objects of Hedgehog's may be another way than before because another object is another one.
//!
//! Identities are those of one namespace: the webhooks of githedgehog/fabric refuse any other than `default`.

use std::collections::HashSet;
use std::sync::Arc;

use super::derive::DHCP;
use super::readiness::Readiness;
use super::referrers::{Referrers, targets};
use super::{AGENTS, AgentFacts, GROUPS, VPC, WIRING};
use crate::domain::cluster::{Change, LiveObject, LiveSet};
use crate::domain::drift::ObjectKey;

/// Kinds of peerings, which ask whether what they connect is attached.
const PEERINGS: [&str; 2] = ["VPCPeering", "ExternalPeering"];

/// Adds what hangs on an object that came, went or changed, itself among it. `referrers` have taken it in.
pub(super) fn by_object(live: &LiveSet, change: Change<'_>, referrers: &Referrers, affected: &mut HashSet<ObjectKey>) {
    let object = change.key;
    affected.insert(object.clone());
    if object.group == DHCP && object.kind == "DHCPSubnet" && change.is_move() {
        // Named after a VPC and one of its subnets, and both may hold dashes.
        let vpcs = object.name.match_indices("--").map(|(at, _)| &object.name[..at]);
        affected.extend(vpcs.map(|vpc| ObjectKey::new(VPC, "VPC", &object.namespace, vpc)));
        return;
    }
    if !GROUPS.contains(&object.group.as_str()) {
        return;
    }
    let subnets = |of: &LiveObject| of.wants.as_ref().map(|wants| wants.subnets.clone());
    if change.is_move() || change.before.map(|of| subnets(of)) != change.now.map(|of| subnets(of)) {
        affected.extend(referrers.all(object).cloned());
    }
    let named = |kind: &'static str| change.each().flat_map(targets).filter(move |target| target.kind == kind);
    match object.kind.as_str() {
        "Connection" => {
            for attachment in referrers.of(object, &["VPCAttachment", "ExternalAttachment"]) {
                let vpcs = live.objects.get(attachment).into_iter().flat_map(|object| targets(object));
                affected.extend(vpcs.filter(|target| target.kind == "VPC").cloned());
                affected.insert(attachment.clone());
            }
        }
        "VPCAttachment" => {
            for vpc in named("VPC") {
                affected.extend(referrers.of(vpc, &PEERINGS).cloned());
                affected.insert(vpc.clone());
            }
        }
        "ExternalAttachment" => {
            for external in named("External") {
                affected.extend(referrers.of(external, &PEERINGS).cloned());
                affected.insert(external.clone());
            }
        }
        _ => {}
    }
}

/// Adds what hangs on the Agent of a switch that said something else than before.
pub(super) fn by_agent(
    change: Change<'_>,
    readiness: (Option<&Readiness>, Option<&Readiness>),
    referrers: &Referrers,
    affected: &mut HashSet<ObjectKey>,
) {
    let facts = |object: Option<&'_ Arc<LiveObject>>| object.and_then(|object| object.facts.clone());
    let (Some(before), Some(now)) = (facts(change.before), facts(change.now)) else { return };
    let (space, name) = (&change.key.namespace, &change.key.name);
    let is_ready_as_before =
        readiness.0.map(|readiness| &readiness.trouble) == readiness.1.map(|readiness| &readiness.trouble);
    if !is_ready_as_before {
        by_switch(space, name, [&before, &now], affected);
    }
    let still = |facts: &AgentFacts| AgentFacts { heartbeat: None, attempted_at: None, ..facts.clone() };
    if is_ready_as_before && still(&before) == still(&now) {
        return;
    }
    let switch = ObjectKey::new(WIRING, "Switch", space, name);
    // Ports, neighbours and cables are the connections' affair.
    affected.extend(referrers.of(&switch, &["Connection"]).cloned());
    for connection in before.wired.values().chain(now.wired.values()) {
        affected.insert(ObjectKey::new(WIRING, "Connection", space, connection));
    }
    for attachment in now.pushed.get("ExternalAttachment").into_iter().flatten().map(|(name, _)| name) {
        affected.insert(ObjectKey::new(VPC, "ExternalAttachment", space, attachment));
    }
    affected.insert(switch);
    for (one, other) in [(&before, &now), (&now, &before)] {
        for (kind, specs) in one.pushed.iter() {
            let differing = specs.iter().filter(|(name, digest)| other.pushed(kind, name) != Some(**digest));
            affected.extend(differing.map(|(name, _)| ObjectKey::new(group_of(kind), *kind, space, name)));
        }
    }
}

/// Adds everything that a switch has, and itself.
pub(super) fn by_switch(namespace: &str, name: &str, said: [&AgentFacts; 2], affected: &mut HashSet<ObjectKey>) {
    affected.insert(ObjectKey::new(WIRING, "Switch", namespace, name));
    for facts in said {
        for (kind, specs) in facts.pushed.iter() {
            affected.extend(specs.keys().map(|name| ObjectKey::new(group_of(kind), *kind, namespace, name)));
        }
    }
}

/// True for the Agents of switches.
pub(super) fn is_agent(key: &ObjectKey) -> bool {
    key.group == AGENTS && key.kind == "Agent"
}

fn group_of(kind: &str) -> &'static str {
    if matches!(kind, "Connection" | "VLANNamespace") { WIRING } else { VPC }
}
