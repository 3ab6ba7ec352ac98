//! What a fabric says of one of its objects when it is looked at.

use hnpwb::domain::drift::{DriftDetail, Excerpt, VersionChange, VersionLine, side_by_side};

use crate::fixture;

/// What is found of the first object of the first fabric when it is looked at.
pub fn object_detail(say: fixture::Say) -> DriftDetail {
    let version = |commit: &str, minutes, author: &str, summary: &str, change, is_live| VersionLine {
        commit: commit.repeat(10),
        at: fixture::ago(minutes),
        author: say(author),
        summary: say(summary),
        change,
        is_live,
    };
    let fields = |paths: &[&str]| VersionChange::Fields(paths.iter().map(|path| say(path)).collect());
    let versions = vec![
        version(
            "0a1b",
            22,
            "specialist-vpc",
            "fix(vpc): the VLAN of the default subnet",
            fields(&["spec.vlan"]),
            false,
        ),
        version(
            "0a2c",
            60 * 5,
            "Robin Example",
            "feat: a second subnet",
            fields(&["spec.subnets.b", "spec.mode"]),
            true,
        ),
        version("0a3d", 60 * 30, "Robin Example", "feat: the first VPC", VersionChange::First, false),
    ];
    let object = |vlan: u32| {
        serde_json::json!({ "apiVersion": "vpc.githedgehog.com/v1beta1", "kind": "VPC", "metadata": { "name": say("vpc-1") },
            "spec": { "mode": say("l2vni"), "subnets": { "default": { "subnet": "10.0.1.0/24", "vlan": vlan } } } })
    };
    let mut live = object(1_002);
    live["spec"]["subnets"]["default"]["gateway"] = say("10.0.1.1").into();
    let lines = (1..=40).map(|line| say(&format!("text of line {line}"))).collect();
    let path = say("gitops/hedgehog/fabric-1/vpcs.yaml").into();
    DriftDetail {
        context: Some(say("kind-fabric-1")),
        versions,
        git: Some("HEAD"),
        live: true,
        pairs: side_by_side(Some(&object(1_001)), Some(&live)),
        file: Some(Ok(Excerpt { path, lines, first: Some(1), at: 11, more: true })),
    }
}
