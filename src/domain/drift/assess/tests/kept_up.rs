//! What is kept up is what judging everything anew would give, whatever happens in whatever order.

use std::sync::Arc;

use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::json;

use super::{GROUP, World, key, kind, manifest, object};
use crate::domain::cluster::{Connection, Kind, LiveObject};
use crate::domain::drift::{Memo, ObjectKey};
use crate::domain::fault::Fault;

const NAMES: [&str; 6] = ["a", "b", "c", "d", "gone", "stray"];

/// One thing that happens: what, to which object, and how.
type Step = (u8, usize, u32);

fn world() -> World {
    let mut world = World::new();
    for (minute, name) in [(1, "b"), (57, "c"), (59, "d")] {
        world.worktree.push(manifest(&object(name, 1)));
        world.head.as_mut().unwrap().push(manifest(&object(name, 1)));
        world.commit(name, minute - 1, Some(object(name, 7)));
        world.commit(name, minute, Some(object(name, 1)));
    }
    world.commit("gone", 10, Some(object("gone", 1)));
    world.commit("gone", 58, None);
    // Git states it in a namespace, and it is one of the cluster's.
    let attachment = json!({ "apiVersion": format!("{GROUP}/v1beta1"), "kind": "VPCAttachment", "metadata": { "name": "x" },
        "spec": { "subnet": "b/default", "connection": "c" } });
    let rack = json!({ "apiVersion": format!("{GROUP}/v1beta1"), "kind": "Rack", "metadata": { "name": "b" }, "spec": { "vlan": 1 } });
    for more in [attachment, rack] {
        world.worktree.push(manifest(&more));
        world.head.as_mut().unwrap().push(manifest(&more));
    }
    world.live.served = Some(vec![kind("VPC"), kind("Agent"), kind("VPCAttachment"), rack_kind(false)]);
    world
}

fn rack_kind(namespaced: bool) -> Kind {
    Kind { namespaced, ..kind("Rack") }
}

fn happen(world: &mut World, (what, which, how): Step) {
    let name = NAMES[which % NAMES.len()];
    match what {
        0..=5 => {
            let mut put = object(name, [1, 2, 7][how as usize % 3]);
            put["metadata"]["generation"] = (how % 4).into();
            world.put(&put);
        }
        6 | 7 => world.vanish(name),
        8 => {
            let mut going = object(name, 1);
            going["metadata"]["deletionTimestamp"] = "1970-01-01T01:00:00Z".into();
            world.put(&going);
        }
        9 | 10 => {
            world.now += SignedDuration::from_secs(i64::from(how) * 13);
            world.live.as_of = Some(world.now);
        }
        11 => {
            let kind = (GROUP.to_owned(), ["VPC", "VPCAttachment"][which % 2].to_owned());
            if world.live.refused.remove(&kind).is_none() {
                world.live.refused.insert(kind, Fault::new("listing", "vpcs", "forbidden", ""));
            }
        }
        12 => {
            let kind = (GROUP.to_owned(), "VPC".to_owned());
            if !world.live.listed.remove(&kind) {
                world.live.listed.insert(kind);
            }
        }
        13 => {
            let lost = world.live.connection == Connection::Connected;
            world.live.connection = if lost { Connection::Unreachable } else { Connection::Connected };
        }
        14 => {
            let claimed = Arc::make_mut(&mut world.claimed);
            if claimed.remove(&key(name)).is_none() {
                claimed.insert(key(name), "other".into());
            }
        }
        15 => {
            world.keep(i64::from(how % 60), i64::from(how % 59), ["Succeeded", "Failed", "Running"][how as usize % 3]);
        }
        16 => {
            let mut rack = object("b", how % 2);
            rack["kind"] = "Rack".into();
            rack["metadata"]["namespace"] = if how % 4 < 2 { "".into() } else { "default".into() };
            let live = LiveObject::new(&rack_kind(how % 4 >= 2), rack).unwrap();
            world.live.objects.insert(live);
        }
        17 => {
            for namespace in ["", "default"] {
                world.live.objects.remove(&ObjectKey::new(GROUP, "Rack", namespace, "b"));
            }
        }
        _ => {
            let mut drafted = object(name, 9);
            drafted["spec"]["note"] = "draft".into();
            world.worktree.retain(|manifest| manifest.key.name != name || manifest.key.kind != "VPC");
            if how % 2 == 0 {
                world.worktree.push(manifest(&drafted));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn what_is_kept_up_is_what_judging_anew_gives(
        rounds in prop::collection::vec(prop::collection::vec((0u8..19, 0usize..12, 0u32..60), 1..4), 1..40),
    ) {
        let mut world = world();
        let mut memo = Memo::default();
        for round in rounds {
            for step in &round {
                happen(&mut world, *step);
                if step.0 == 18 {
                    memo.forget();
                }
            }
            let kept = world.picture(&mut memo);
            let anew = world.picture(&mut Memo::default());
            prop_assert_eq!(&kept.rows, &anew.rows, "after {:?}", round);
            prop_assert_eq!(&kept.findings, &anew.findings, "after {:?}", round);
            prop_assert_eq!(kept.next, anew.next, "after {:?}", round);
        }
    }
}
