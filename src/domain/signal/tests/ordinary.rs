//! Work in which nothing is wrong: how often signals are raised all the same.

use std::collections::BTreeMap;

use serde_json::json;

use super::Session;
use crate::domain::signal::{KINDS, Severity};

/// Sessions as people have them: look around, change, test, fix what failed, commit, say what was done. Deterministic.
fn ordinary(seed: u64) -> Session {
    let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut below = move |n: u64| {
        random ^= random >> 12;
        random ^= random << 25;
        random ^= random >> 27;
        (random.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16) % n
    };
    let mut session = Session::new();
    for turn in 0..2 + below(4) {
        session.prompt(&format!("Task {turn}: make it so."));
        for step in 0..3 + below(6) {
            for _ in 0..below(8) {
                let (file, line) = (below(12), below(40) * 10);
                session.act("Read", &json!({"file_path": format!("/p/src/{file}.rs"), "offset": line}), "fn a() {}");
                if below(3) == 0 {
                    session.act("Grep", &json!({"pattern": format!("word_{}", below(50))}), "src/1.rs");
                }
            }
            let file = format!("/p/src/{}.rs", below(12));
            session.edit(&file, &format!("old {turn} {step}"), &format!("new {turn} {step} {}", below(1_000)));
            let failures = below(3);
            for n in 0..failures {
                session.bash_fails(
                    "cargo test",
                    &format!("error[E0{}]: expected thing {n} at src/a.rs:{}", 100 + below(800), below(300)),
                );
                session.edit(
                    &file,
                    &format!("line {turn} {step} {n}"),
                    &format!("fixed {turn} {step} {n} {}", below(1_000)),
                );
            }
            session.bash("cargo test", "test result: ok. 40 passed");
            if below(2) == 0 {
                session.bash("git status --short", " M src/a.rs");
                session.bash(
                    &format!("git commit -am 'step {turn}.{step}'"),
                    &format!("[main {:07x}] step", below(1 << 28)),
                );
            }
        }
        session.say("Done. All tests pass, and the work is committed.");
        session.look(3, None);
    }
    session
}

#[test]
fn ordinary_work_raises_no_more_than_the_reference_measured() {
    const SESSIONS: u64 = 400;
    let mut alarmed = 0;
    let mut noticed: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in 1..=SESSIONS {
        let session = ordinary(seed);
        let told = session.watch.told();
        alarmed += u64::from(told.iter().any(|signal| signal.severity == Severity::Alarm));
        for kind in KINDS {
            *noticed.entry(kind.name).or_default() += u64::from(told.iter().any(|signal| signal.kind == kind.name));
        }
    }
    // Reference: 0.1 % of sessions have a call five times in a window of twenty, 2.1 % an error five times in a row, 1.2 % an
    // edit reverted three times; none of that stands here, so an alarm would be a mistake of the rule.
    assert_eq!(alarmed, 0, "{noticed:?}");
    for (kind, most) in
        [("repetition", 81), ("repeated-error", 45), ("error-rate", 31), ("revert", 56), ("reading", 80)]
    {
        assert!(noticed[kind] * 1_000 <= most * SESSIONS, "{kind}: {noticed:?}");
    }
}
