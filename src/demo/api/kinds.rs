//! The kinds that a Hedgehog fabric serves, for the demo and for tests.

use crate::domain::cluster::Kind;

/// Group, kind and plural of Hedgehog's twelve kinds and of its Agent; all are namespaced and served as `v1beta1`.
const HEDGEHOG: [(&str, &str, &str); 13] = [
    ("vpc.githedgehog.com", "External", "externals"),
    ("vpc.githedgehog.com", "ExternalAttachment", "externalattachments"),
    ("vpc.githedgehog.com", "ExternalPeering", "externalpeerings"),
    ("vpc.githedgehog.com", "IPv4Namespace", "ipv4namespaces"),
    ("vpc.githedgehog.com", "VPC", "vpcs"),
    ("vpc.githedgehog.com", "VPCAttachment", "vpcattachments"),
    ("vpc.githedgehog.com", "VPCPeering", "vpcpeerings"),
    ("wiring.githedgehog.com", "Connection", "connections"),
    ("wiring.githedgehog.com", "Server", "servers"),
    ("wiring.githedgehog.com", "Switch", "switches"),
    ("wiring.githedgehog.com", "SwitchGroup", "switchgroups"),
    ("wiring.githedgehog.com", "VLANNamespace", "vlannamespaces"),
    ("agent.githedgehog.com", "Agent", "agents"),
];

/// Hedgehog's twelve kinds and Agent.
pub fn hedgehog_kinds() -> Vec<Kind> {
    HEDGEHOG
        .iter()
        .map(|(group, kind, plural)| Kind {
            group: (*group).to_owned(),
            version: "v1beta1".to_owned(),
            kind: (*kind).to_owned(),
            plural: (*plural).to_owned(),
            namespaced: true,
        })
        .collect()
}
