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

/// Short names, as the definitions of these kinds have them.
const SHORT: [(&str, &[&str]); 14] = [
    ("External", &["ext"]),
    ("ExternalAttachment", &["extattach"]),
    ("ExternalPeering", &["extpeering", "extpeer"]),
    ("IPv4Namespace", &["ipns"]),
    ("VPCAttachment", &["vpcattach"]),
    ("VPCPeering", &["vpcpeer"]),
    ("Connection", &["conn"]),
    ("Server", &["srv"]),
    ("Switch", &["sw"]),
    ("SwitchGroup", &["sg"]),
    ("VLANNamespace", &["vlanns"]),
    ("Agent", &["ag"]),
    ("Namespace", &["ns"]),
    ("Deployment", &["deploy"]),
];

/// A column that a kind prints.
pub(super) struct Printed {
    pub(super) name: &'static str,
    pub(super) holds: &'static str,
    pub(super) priority: i64,
    /// Where its value stands in an object.
    pub(super) pointer: &'static str,
}

const fn column(name: &'static str, holds: &'static str, priority: i64, pointer: &'static str) -> Printed {
    Printed { name, holds, priority, pointer }
}

/// Columns of Hedgehog's kinds; some of them name fields that no object has, as theirs do.
const PRINTED: &[(&str, &[Printed])] = &[
    (
        "Agent",
        &[
            column("Role", "string", 0, "/spec/role"),
            column("Heartbeat", "date", 1, "/status/lastHeartbeat"),
            column("Applied", "date", 0, "/status/lastAppliedTime"),
            column("AppliedG", "integer", 0, "/status/lastAppliedGen"),
            column("CurrentG", "integer", 0, "/metadata/generation"),
            column("Version", "string", 0, "/status/version"),
            column("RebootReq", "string", 0, "/status/rebootRequired"),
        ],
    ),
    (
        "VPC",
        &[
            column("IPv4NS", "string", 0, "/spec/ipv4Namespace"),
            column("VLANNS", "string", 0, "/spec/vlanNamespace"),
            column("VNI", "integer", 0, "/status/vni"),
            column("Mode", "string", 1, "/spec/mode"),
        ],
    ),
    (
        "VPCAttachment",
        &[
            column("VPCSUBNET", "string", 0, "/spec/subnet"),
            column("Connection", "string", 0, "/spec/connection"),
            column("NativeVLAN", "boolean", 1, "/spec/nativeVLAN"),
        ],
    ),
    (
        "Switch",
        &[
            column("Profile", "string", 0, "/spec/profile"),
            column("Role", "string", 0, "/spec/role"),
            column("Groups", "string", 0, "/spec/groups"),
            column("ASN", "integer", 1, "/spec/asn"),
        ],
    ),
    ("Server", &[column("Type", "string", 0, "/spec/type"), column("Descr", "string", 0, "/spec/description")]),
    (
        "Application",
        &[
            column("Sync Status", "string", 0, "/status/sync/status"),
            column("Health Status", "string", 0, "/status/health/status"),
            column("Revision", "string", 1, "/status/sync/revision"),
        ],
    ),
];

/// The columns that a kind prints beside name and age.
pub(super) fn printed(kind: &Kind) -> &'static [Printed] {
    PRINTED.iter().find(|(name, _)| *name == kind.kind).map_or(&[], |(_, columns)| columns)
}

/// The short names of a kind.
pub(super) fn short_names(kind: &Kind) -> &'static [&'static str] {
    SHORT.iter().find(|(name, _)| *name == kind.kind).map_or(&[], |(_, names)| names)
}

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
