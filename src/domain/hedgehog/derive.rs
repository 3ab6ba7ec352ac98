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

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{AGENTS, AgentFacts, GROUPS, VPC, WIRING, Wants, is_listed};
use crate::domain::cluster::{LiveObject, LiveSet};
use crate::domain::drift::ObjectKey;
use crate::domain::health::{Health, HealthState};

/// How long the controller has to hand something on, and an agent to give a sign of life.
const PROMPT: SignedDuration = SignedDuration::from_secs(60);

/// How long an agent has to apply what it tries to: it tries again every two minutes.
const APPLY: SignedDuration = SignedDuration::from_secs(120);

/// Connections that the fabric's controller gives to no agent, or only with an option that is off by default.
const IGNORED: [&str; 3] = ["mclag", "mclagDomain", "vpcLoopback"];

/// Group of what the fabric's DHCP server serves.
const DHCP: &str = "dhcp.githedgehog.com";

/// Switches that a reason names at most.
const NAMED: usize = 3;

/// What was derived.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Derived {
    /// Health by object. Objects that are not in it are as they say themselves.
    pub health: BTreeMap<ObjectKey, Health>,
    /// The next moment at which it changes when nothing else does.
    pub next: Option<Timestamp>,
}

/// Derives the health of Hedgehog's objects from what the agents of the switches say.
///
/// Nothing is derived where there is nothing to derive it from: without any Agent only Switches are judged. Objects that are
/// being deleted are left to themselves.
pub fn derive(live: &LiveSet, now: Timestamp) -> Derived {
    let objects: Vec<(ObjectKey, &LiveObject, &Wants)> = GROUPS
        .iter()
        .flat_map(|group| of_group(live, group))
        .filter(|object| object.deleting.is_none())
        .filter_map(|object| Some((object.key(), object, object.wants.as_deref()?)))
        .collect();
    if let Some(health) = blind(live) {
        let health = objects.into_iter().map(|(key, ..)| (key, health.clone())).collect();
        return Derived { health, next: None };
    }
    let mut fabric = Fabric::new(live, now);
    if fabric.agents.is_empty() && !is_listed(live, AGENTS, "Agent") {
        return Derived::default();
    }
    let mut health = BTreeMap::new();
    let mut health_of_wholes = Vec::new();
    // Servers and groups are as bad as what they consist of, so they come last.
    let (parts, wholes): (Vec<_>, Vec<_>) =
        objects.into_iter().partition(|(key, ..)| !matches!(key.kind.as_str(), "Server" | "SwitchGroup"));
    for (key, object, wants) in &parts {
        if let Some(found) = fabric.judge(object, wants) {
            health.insert(key.clone(), found);
        }
    }
    if !fabric.agents.is_empty() {
        let members = members(&parts, &health);
        for (key, ..) in &wholes {
            let kind = if key.kind == "Server" { "Connection" } else { "Switch" };
            let found = members.get(&(key.kind.as_str(), key.name.as_str()));
            let whole = found.map_or_else(
                || not_placed(&format!("no {kind} names it")),
                |(name, health)| Health { reason: format!("{kind} {name}: {}", health.reason), ..(*health).clone() },
            );
            health_of_wholes.push((key.clone(), whole));
        }
    }
    health.extend(health_of_wholes);
    Derived { health, next: fabric.next }
}

/// Why nothing can be said of anything.
fn blind(live: &LiveSet) -> Option<Health> {
    let controllers = live.objects.of_kind("fabricator.githedgehog.com", "Fabricator");
    for fabricator in controllers {
        if let Some(state) = fabricator.controller.as_deref().filter(|state| *state != "Ready") {
            let source = format!("Fabricator {} .status.components.fabricCtrl", fabricator.name);
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

fn of_group<'l>(live: &'l LiveSet, group: &'l str) -> impl Iterator<Item = &'l LiveObject> {
    live.objects.values().filter(move |object| object.kind.group == group).map(Arc::as_ref)
}

type Members<'a> = HashMap<(&'static str, &'a str), (&'a str, &'a Health)>;

/// The worst connection of every server and the worst switch of every group, with its name. All of them live in one
/// namespace: the webhooks refuse any other.
fn members<'a>(
    parts: &'a [(ObjectKey, &'a LiveObject, &'a Wants)],
    health: &'a BTreeMap<ObjectKey, Health>,
) -> Members<'a> {
    let mut found = Members::new();
    for (key, _, wants) in parts {
        let whole = match key.kind.as_str() {
            "Connection" => "Server",
            "Switch" => "SwitchGroup",
            _ => continue,
        };
        let Some(health) = health.get(key) else { continue };
        for name in wants.of_kind(whole) {
            let worst = found.entry((whole, name)).or_insert((&key.name, health));
            if health.state < worst.1.state {
                *worst = (&key.name, health);
            }
        }
    }
    found
}

fn is_ignored(wants: &Wants) -> bool {
    IGNORED.contains(&wants.variant.as_str())
}

fn not_placed(why: &str) -> Health {
    Health::new(HealthState::NotPlaced, format!("not placed: {why}"), "Agents")
}

/// Everything that an object is judged against.
struct Fabric<'l> {
    live: &'l LiveSet,
    now: Timestamp,
    agents: BTreeMap<&'l str, &'l AgentFacts>,
    /// Switches, by connection.
    switches: HashMap<&'l str, Vec<&'l str>>,
    /// Connections, by the VPC that is attached by them.
    attachments: HashMap<&'l str, Vec<&'l str>>,
    /// Externals that are attached.
    externals: HashSet<&'l str>,
    /// Names of the DHCPSubnets; `None` when they are not known.
    dhcp: Option<HashSet<&'l str>>,
    next: Option<Timestamp>,
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
    fn new(live: &'l LiveSet, now: Timestamp) -> Self {
        let agents = live.objects.of_kind(AGENTS, "Agent");
        let agents: BTreeMap<&str, &AgentFacts> =
            agents.filter_map(|agent| Some((agent.name.as_str(), agent.facts.as_deref()?))).collect();
        let wants = |group, kind| {
            let objects = live.objects.of_kind(group, kind);
            objects.filter_map(|object| Some((object.name.as_str(), object.wants.as_deref()?)))
        };
        let connections = wants(WIRING, "Connection").filter(|(_, wants)| !is_ignored(wants));
        let switches = connections.map(|(name, wants)| (name, wants.of_kind("Switch").collect())).collect();
        let mut attachments: HashMap<&str, Vec<&str>> = HashMap::new();
        for (_, wants) in wants(VPC, "VPCAttachment") {
            for vpc in wants.of_kind("VPC") {
                attachments.entry(vpc).or_default().extend(wants.of_kind("Connection"));
            }
        }
        let externals = wants(VPC, "ExternalAttachment").flat_map(|(_, wants)| wants.of_kind("External")).collect();
        let subnets = live.objects.of_kind(DHCP, "DHCPSubnet").map(|subnet| subnet.name.as_str());
        let dhcp = is_listed(live, DHCP, "DHCPSubnet").then(|| subnets.collect());
        Self { live, now, agents, switches, attachments, externals, dhcp, next: None }
    }

    /// True when the moment is over; if not, that is when to look again.
    fn is_past(&mut self, moment: Option<Timestamp>) -> bool {
        let Some(moment) = moment else { return true };
        if self.now >= moment {
            return true;
        }
        self.next = Some(self.next.map_or(moment, |next| next.min(moment)));
        false
    }

    fn judge(&mut self, object: &LiveObject, wants: &Wants) -> Option<Health> {
        if object.kind.kind == "Switch" {
            return Some(self.switch(object, wants));
        }
        if self.agents.is_empty() {
            return None;
        }
        if let Some(health) = self.dangling(object, wants) {
            return Some(health);
        }
        let kind = object.kind.kind.as_str();
        let expected = self.expected(object, wants);
        let switches = match self.spread(object, wants, &expected) {
            Spread::Nowhere if is_ignored(wants) => {
                return Some(not_placed(&format!("the fabric gives {} connections to no switch", wants.variant)));
            }
            Spread::Nowhere => return Some(self.nowhere(object, wants)),
            Spread::Lacking(health) => return Some(health),
            Spread::On(switches) => switches,
        };
        let unready = self.unready(&switches);
        let trouble = match kind {
            "Connection" => self.ports(wants),
            "ExternalAttachment" => self.neighbour(wants, &switches),
            "VPC" => self.subnets(object, wants),
            _ => None,
        };
        Some(match (trouble, unready) {
            (Some(trouble), _) if trouble.state == HealthState::Degraded => trouble,
            (_, Some(unready)) => unready,
            (Some(trouble), None) => trouble,
            (None, None) => {
                let source = format!("Agent {} .status.lastAppliedGen", switches[0]);
                Health::new(HealthState::Healthy, format!("live on {}", names(&switches)), source)
            }
        })
    }

    /// A reference to an object that is not there.
    fn dangling(&mut self, object: &LiveObject, wants: &Wants) -> Option<Health> {
        for reference in &wants.references {
            let target = self.live.objects.get(&reference.key(&object.namespace));
            let (kind, name) = (reference.kind, &reference.name);
            let missing = match target {
                None if is_listed(self.live, reference.group, kind) => format!("{kind} {name} does not exist"),
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
    fn expected(&self, object: &LiveObject, wants: &Wants) -> Vec<&'l str> {
        let of = |connection: &str| self.switches.get(connection).into_iter().flatten().copied();
        match object.kind.kind.as_str() {
            "Connection" => of(&object.name).collect(),
            "VPCAttachment" | "ExternalAttachment" => wants.of_kind("Connection").flat_map(of).collect(),
            "VPC" => {
                let connections = self.attachments.get(object.name.as_str()).into_iter().flatten();
                connections.flat_map(|connection| of(connection)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// How far the spec of an object has come.
    fn spread(&mut self, object: &LiveObject, wants: &Wants, expected: &[&'l str]) -> Spread<'l> {
        let kind = object.kind.kind.as_str();
        let (mut on, mut lacking, mut old) = (Vec::new(), Vec::new(), Vec::new());
        for (name, agent) in &self.agents {
            match agent.pushed(kind, &object.name) {
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
        let name = object.name.as_str();
        let why = match object.kind.kind.as_str() {
            "VPC" if !self.attachments.contains_key(name) => "no VPCAttachment names it".to_owned(),
            "External" if !self.externals.contains(name) => "no ExternalAttachment names it".to_owned(),
            "IPv4Namespace" | "VLANNamespace" => "no switch has it".to_owned(),
            "VPCPeering" | "ExternalPeering" => {
                let alone = wants.of_kind("VPC").find(|vpc| !self.attachments.contains_key(vpc));
                let unattached = wants.of_kind("External").find(|external| !self.externals.contains(external));
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
    fn unready(&mut self, switches: &[&str]) -> Option<Health> {
        let found: Vec<Health> = switches.iter().filter_map(|name| self.not_ready(name)).collect();
        found.into_iter().min_by_key(|health| health.state)
    }

    fn not_ready(&mut self, name: &str) -> Option<Health> {
        let agent = *self.agents.get(name)?;
        let field = |field: &str| format!("Agent {name} .status.{field}");
        let silent = match agent.heartbeat {
            Some(at) => self.is_past(at.checked_add(PROMPT).ok()),
            None => true,
        };
        if silent {
            let since = agent.heartbeat.map(|at| format!(" since {at}")).unwrap_or_default();
            let reason = format!("{name} has given no sign of life{since}");
            return Some(Health::new(HealthState::Unknown, reason, field("lastHeartbeat")));
        }
        if agent.generation > 0 && agent.applied == agent.generation {
            return None;
        }
        let behind = format!("{name} is at generation {} of {}", agent.applied, agent.generation);
        let tries = agent.attempted == agent.generation && agent.attempted_at.is_some();
        let over = agent.attempted_at.and_then(|at| at.checked_add(APPLY).ok());
        if tries && self.is_past(over) {
            let reason = format!("stuck: {behind} and cannot apply it");
            return Some(Health::new(HealthState::Degraded, reason, field("lastAttemptGen")));
        }
        Some(Health::new(HealthState::Progressing, format!("applied: {behind}"), field("lastAppliedGen")))
    }

    fn switch(&mut self, object: &LiveObject, wants: &Wants) -> Health {
        let name = object.name.as_str();
        if let Some(health) = self.dangling(object, wants) {
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
        if let Some(mut health) = self.not_ready(name) {
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
        let dhcp = self.dhcp.as_ref()?;
        let names = wants.served.iter().map(|subnet| format!("{}--{subnet}", object.name));
        let missing = names.into_iter().find(|name| !dhcp.contains(name.as_str()))?;
        Some(self.late(object, &format!("DHCPSubnet {missing} is not there"), "DHCPSubnet".to_owned()))
    }
}

/// `leaf-1, leaf-2 and 3 more`.
fn names(switches: &[&str]) -> String {
    let named = switches.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    match switches.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

#[cfg(test)]
mod tests;
