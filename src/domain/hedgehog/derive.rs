//! Pending, applied, live, stuck or not placed: the health of the twelve kinds, from the agents of the switches.
//!
//! | derived | when | health |
//! | --- | --- | --- |
//! | pending | an agent that should have it does not, for less than a minute | progressing |
//! | stuck | the same for longer, a switch that cannot apply it, or a reference to nothing | degraded |
//! | applied | every agent has it, and a switch has not applied its agent's spec yet | progressing |
//! | live | every agent has it and every switch applied it | healthy, unless what it is about is down |
//! | not placed | nothing asks for it on any switch | not placed |
//!
//! A switch is ready as `WaitReady` of githedgehog/fabricator has it: its agent applied its generation and gave a sign of life
//! less than a minute ago. The condition `Applied` is not looked at: after a restart it is missing on good switches.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::readiness::{PROMPT, Readiness};
use super::referrers::Referrers;
use super::{AGENTS, AgentFacts, VPC, Wants, is_listed};
use crate::domain::cluster::{LiveObject, LiveSet};
use crate::domain::drift::{Identity, ObjectKey};
use crate::domain::health::{Health, HealthState};

/// Connections that the fabric's controller gives to no agent, or only with an option that is off by default.
const IGNORED: [&str; 3] = ["mclag", "mclagDomain", "vpcLoopback"];

/// Group of what the fabric's DHCP server serves.
pub(super) const DHCP: &str = "dhcp.githedgehog.com";

/// Switches that a reason names at most.
const NAMED: usize = 3;

/// Why nothing can be said of anything.
pub(super) fn blind(live: &LiveSet) -> Option<Health> {
    let controllers = live.objects.of_kind("fabricator.githedgehog.com", "Fabricator");
    for fabricator in controllers {
        if let Some(state) = fabricator.controller.as_deref().filter(|state| *state != "Ready") {
            let source = format!("Fabricator {} .status.components.fabricCtrl", fabricator.key.name);
            return Some(Health::new(HealthState::Unknown, format!("the fabric's controller is {state}"), source));
        }
    }
    let fault = live.refused.get(&(AGENTS.to_owned(), "Agent".to_owned()))?;
    if live.objects.of_kind(AGENTS, "Agent").next().is_some() {
        return None;
    }
    let reason = format!("it shows in Agents, which cannot be listed: {}", fault.why);
    Some(Health::new(HealthState::Unknown, reason, "Agent"))
}

fn is_ignored(wants: &Wants) -> bool {
    IGNORED.contains(&wants.variant.as_str())
}

pub(super) fn not_placed(why: &str) -> Health {
    Health::new(HealthState::NotPlaced, format!("not placed: {why}"), "Agents")
}

/// Everything that an object is judged against.
pub(super) struct Fabric<'l> {
    pub(super) live: &'l LiveSet,
    pub(super) now: Timestamp,
    pub(super) agents: BTreeMap<&'l str, &'l AgentFacts>,
    /// How far the switches are, by their names.
    pub(super) readiness: &'l BTreeMap<String, Readiness>,
    pub(super) referrers: &'l Referrers,
    /// When time alone changes what is being judged.
    turn: Option<Timestamp>,
}

/// How far something has come.
enum Spread<'l> {
    /// Nowhere, and nowhere it should be.
    Nowhere,
    /// Some agents do not have it.
    Lacking(Health),
    /// These have it.
    On(Vec<&'l str>),
}

impl<'l> Fabric<'l> {
    pub(super) fn new(
        live: &'l LiveSet,
        now: Timestamp,
        readiness: &'l BTreeMap<String, Readiness>,
        referrers: &'l Referrers,
    ) -> Self {
        Self { live, now, agents: agents(live), readiness, referrers, turn: None }
    }

    /// The health of an object of the twelve kinds, and when time alone changes it. `None` where nothing is to be derived of it.
    pub(super) fn judge(&mut self, object: &'l LiveObject) -> Option<(Health, Option<Timestamp>)> {
        let wants = object.wants.as_deref()?;
        self.turn = None;
        let health = match object.kind.kind.as_str() {
            "Switch" => self.switch(object, wants),
            _ if self.agents.is_empty() => return None,
            _ => self.part(object, wants),
        };
        Some((health, self.turn))
    }

    /// True when the moment is over; if not, that is when to look again.
    fn is_past(&mut self, moment: Option<Timestamp>) -> bool {
        let Some(moment) = moment else { return true };
        if self.now >= moment {
            return true;
        }
        self.turn = Some(self.turn.map_or(moment, |turn| turn.min(moment)));
        false
    }

    fn part(&mut self, object: &'l LiveObject, wants: &'l Wants) -> Health {
        if let Some(health) = self.dangling(wants) {
            return health;
        }
        let kind = object.kind.kind.as_str();
        let expected = self.expected(object, wants);
        let switches = match self.spread(object, wants, &expected) {
            Spread::Nowhere if is_ignored(wants) => {
                return not_placed(&format!("the fabric gives {} connections to no switch", wants.variant));
            }
            Spread::Nowhere => return self.nowhere(object, wants),
            Spread::Lacking(health) => return health,
            Spread::On(switches) => switches,
        };
        let unready = self.unready(&switches);
        let trouble = match kind {
            "Connection" => self.ports(wants),
            "ExternalAttachment" => self.neighbour(wants, &switches),
            "VPC" => self.subnets(object, wants),
            _ => None,
        };
        match (trouble, unready) {
            (Some(trouble), _) if trouble.state == HealthState::Degraded => trouble,
            (_, Some(unready)) => unready,
            (Some(trouble), None) => trouble,
            (None, None) => {
                let source = format!("Agent {} .status.lastAppliedGen", switches[0]);
                Health::new(HealthState::Healthy, format!("live on {}", names(&switches)), source)
            }
        }
    }

    /// A reference to an object that is not there.
    fn dangling(&self, wants: &Wants) -> Option<Health> {
        for reference in &wants.references {
            let target = self.live.objects.get(&reference.key);
            let Identity { group, kind, name, .. } = &*reference.key;
            let missing = match target {
                None if is_listed(self.live, group, kind) => format!("{kind} {name} does not exist"),
                Some(target) => {
                    let subnets = target.wants.as_deref().map(|wants| &wants.subnets);
                    match (&reference.subnet, subnets) {
                        (Some(subnet), Some(subnets)) if !subnets.contains(subnet) => {
                            format!("{kind} {name} has no subnet {subnet}")
                        }
                        _ => continue,
                    }
                }
                None => continue,
            };
            return Some(Health::new(HealthState::Degraded, format!("stuck: {missing}"), reference.path.clone()));
        }
        None
    }

    /// Switches on which an object must arrive: those of its connections.
    fn expected(&self, object: &LiveObject, wants: &'l Wants) -> Vec<&'l str> {
        match object.kind.kind.as_str() {
            "Connection" if is_ignored(wants) => Vec::new(),
            "Connection" => wants.of_kind("Switch").collect(),
            "VPCAttachment" | "ExternalAttachment" => self.switches_of(wants).collect(),
            "VPC" => {
                let attachments = self.referrers.of(&object.key, &["VPCAttachment"]).filter_map(|key| self.wants(key));
                attachments.flat_map(|wants| self.switches_of(wants)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The switches of the connections that an attachment names.
    fn switches_of(&self, attachment: &'l Wants) -> impl Iterator<Item = &'l str> {
        let connections = attachment.references.iter().filter(|reference| reference.key.kind == "Connection");
        let connections = connections.filter_map(|connection| self.wants(&connection.key));
        connections.filter(|wants| !is_ignored(wants)).flat_map(|wants| wants.of_kind("Switch"))
    }

    fn wants(&self, key: &ObjectKey) -> Option<&'l Wants> {
        self.live.objects.get(key)?.wants.as_deref()
    }

    /// True when something of a kind names an object.
    fn is_named(&self, by: &str, group: &str, kind: &str, namespace: &str, name: &str) -> bool {
        self.referrers.of(&ObjectKey::new(group, kind, namespace, name), &[by]).next().is_some()
    }

    /// How far the spec of an object has come.
    fn spread(&mut self, object: &LiveObject, wants: &Wants, expected: &[&'l str]) -> Spread<'l> {
        let kind = object.kind.kind.as_str();
        let (mut on, mut lacking, mut old) = (Vec::new(), Vec::new(), Vec::new());
        for (name, agent) in &self.agents {
            match agent.pushed(kind, &object.key.name) {
                Some(digest) if digest == wants.digest => on.push(*name),
                Some(_) => old.push(*name),
                None if expected.contains(name) => lacking.push(*name),
                None => {}
            }
        }
        // A switch without an Agent has nothing, whatever the others have.
        if let Some(name) = expected.iter().find(|name| !self.agents.contains_key(*name)) {
            return Spread::Lacking(self.late(object, &format!("{name} has no Agent"), "Agents".to_owned()));
        }
        let missing = match (lacking.as_slice(), old.as_slice()) {
            ([], []) if on.is_empty() => return Spread::Nowhere,
            ([], []) => return Spread::On(on),
            ([], old) => {
                format!("{} {} another version of it", names(old), if old.len() == 1 { "has" } else { "have" })
            }
            (lacking, _) => {
                format!("{} {} not have it", names(lacking), if lacking.len() == 1 { "does" } else { "do" })
            }
        };
        let at = lacking.first().or(old.first()).copied().unwrap_or_default();
        Spread::Lacking(self.late(object, &missing, format!("Agent {at} .spec")))
    }

    /// Something that has not reached a switch: pending for a minute, then stuck.
    fn late(&mut self, object: &LiveObject, what: &str, source: String) -> Health {
        let since = object.changed.or(object.created);
        if self.is_past(since.and_then(|since| since.checked_add(PROMPT).ok())) {
            let reason = format!("stuck: {what}; only the log of the fabric's controller says why");
            Health::new(HealthState::Degraded, reason, source)
        } else {
            Health::new(HealthState::Progressing, format!("pending: {what} yet"), source)
        }
    }

    /// What no agent has: nothing asks for it, or it should be there.
    fn nowhere(&mut self, object: &LiveObject, wants: &Wants) -> Health {
        let (name, space) = (object.key.name.as_str(), object.key.namespace.as_str());
        let is_attached = |vpc: &str| self.is_named("VPCAttachment", VPC, "VPC", space, vpc);
        let is_outside = |external: &str| self.is_named("ExternalAttachment", VPC, "External", space, external);
        let why = match object.kind.kind.as_str() {
            "VPC" if !is_attached(name) => "no VPCAttachment names it".to_owned(),
            "External" if !is_outside(name) => "no ExternalAttachment names it".to_owned(),
            "IPv4Namespace" | "VLANNamespace" => "no switch has it".to_owned(),
            "VPCPeering" | "ExternalPeering" => {
                let alone = wants.of_kind("VPC").find(|vpc| !is_attached(vpc));
                let unattached = wants.of_kind("External").find(|external| !is_outside(external));
                match (alone, unattached) {
                    (Some(vpc), _) => format!("VPC {vpc} is not attached"),
                    (None, Some(external)) => format!("External {external} is not attached"),
                    (None, None) => return self.late(object, "no switch has it", "Agents".to_owned()),
                }
            }
            "Connection" | "VPCAttachment" | "ExternalAttachment" => "none of its switches has an Agent".to_owned(),
            _ => return self.late(object, "no switch has it", "Agents".to_owned()),
        };
        not_placed(&why)
    }

    /// The worst that the switches which have an object say of applying it.
    fn unready(&self, switches: &[&str]) -> Option<Health> {
        let found = switches.iter().filter_map(|name| self.trouble_of(name));
        found.min_by_key(|health| health.state).cloned()
    }

    /// Why a switch is not ready, if it is not.
    fn trouble_of(&self, switch: &str) -> Option<&'l Health> {
        self.readiness.get(switch)?.trouble.as_ref()
    }

    fn switch(&mut self, object: &LiveObject, wants: &Wants) -> Health {
        let name = object.key.name.as_str();
        if let Some(health) = self.dangling(wants) {
            return health;
        }
        let Some(agent) = self.agents.get(name).copied() else {
            return self.late(object, "it has no Agent", "Agents".to_owned());
        };
        if let (Some(made_from), Some(wanted)) = (agent.switch_generation, object.generation)
            && made_from < wanted
        {
            let what = format!("its Agent was made from generation {made_from} of {wanted}, and not from the last");
            return self.late(object, &what, format!("Agent {name} .spec.statusUpdates"));
        }
        if let Some(mut health) = self.trouble_of(name).cloned() {
            // A switch that is silent has failed; what lies on it is not known.
            if health.state == HealthState::Unknown {
                health.state = HealthState::Degraded;
            }
            return health;
        }
        if let Some(trouble) = agent.troubles.first() {
            let source = trouble.source.replacen("Agent", &format!("Agent {name}"), 1);
            let more = agent.troubles.len() - 1;
            let reason =
                trouble.reason.clone() + &(if more > 0 { format!(", and {more} more") } else { String::new() });
            return Health { state: trouble.state, reason, source };
        }
        if !agent.wanted_version.is_empty() && agent.version != agent.wanted_version {
            let reason = format!("its agent is {} and is to be {}", agent.version, agent.wanted_version);
            return Health::new(HealthState::Progressing, reason, format!("Agent {name} .status.version"));
        }
        let reason = format!("live: generation {} is applied", agent.applied);
        Health::new(HealthState::Healthy, reason, format!("Agent {name} .status.lastAppliedGen"))
    }

    /// What is wrong with the ports of a connection, at those ends that are switches.
    fn ports(&self, wants: &Wants) -> Option<Health> {
        for (device, port) in &wants.ends {
            let Some(state) = self.agents.get(device.as_str()).and_then(|agent| agent.port(port)) else { continue };
            let field = |field: &str| format!("Agent {device} .status.state.interfaces[{port}].{field}");
            if state.error_disabled {
                let reason = format!("{device} {port} is off after errors");
                return Some(Health::new(HealthState::Degraded, reason, field("errDisabled")));
            }
            if !state.up {
                return Some(Health::new(HealthState::Degraded, format!("{device} {port} is down"), field("oper")));
            }
            // Servers name themselves as they like; a switch of the fabric at the wrong end is a wrong cable.
            let other = state.neighbour.as_deref().filter(|other| self.agents.contains_key(other));
            if let Some(other) = other.filter(|other| !wants.ends.iter().any(|(device, _)| device == other)) {
                let reason = format!("{device} {port} leads to {other}");
                return Some(Health::new(HealthState::Degraded, reason, field("lldpNeighbors")));
            }
        }
        None
    }

    /// What is wrong with the BGP neighbour of an external's attachment.
    fn neighbour(&self, wants: &Wants, switches: &[&str]) -> Option<Health> {
        let address = wants.neighbour.as_deref()?;
        for name in switches {
            let Some(agent) = self.agents.get(name).filter(|agent| !agent.neighbours.is_empty()) else { continue };
            let source = format!("Agent {name} .status.state.bgpNeighbors[{address}].state");
            match agent.neighbours.get(address).map(String::as_str) {
                Some("established") => {}
                Some(state) => {
                    let reason = format!("BGP neighbour {address} is {state}");
                    return Some(Health::new(HealthState::Degraded, reason, source));
                }
                None => {
                    let reason = format!("applied: {name} has no BGP neighbour {address} yet");
                    return Some(Health::new(HealthState::Progressing, reason, source));
                }
            }
        }
        None
    }

    /// A subnet with DHCP for which the controller made no DHCPSubnet.
    fn subnets(&mut self, object: &LiveObject, wants: &Wants) -> Option<Health> {
        if !is_listed(self.live, DHCP, "DHCPSubnet") {
            return None;
        }
        let names = wants.served.iter().map(|subnet| format!("{}--{subnet}", object.key.name));
        let is_there = |name: &String| {
            self.live.objects.contains_key(&ObjectKey::new(DHCP, "DHCPSubnet", &object.key.namespace, name))
        };
        let missing = names.into_iter().find(|name| !is_there(name))?;
        Some(self.late(object, &format!("DHCPSubnet {missing} is not there"), "DHCPSubnet".to_owned()))
    }
}

/// The agents of a live set, by the names of their switches.
pub(super) fn agents(live: &LiveSet) -> BTreeMap<&str, &AgentFacts> {
    let agents = live.objects.of_kind(AGENTS, "Agent");
    agents.filter_map(|agent| Some((agent.key.name.as_str(), agent.facts.as_deref()?))).collect()
}

/// `leaf-1, leaf-2 and 3 more`.
fn names(switches: &[&str]) -> String {
    let named = switches.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    match switches.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}
