//! Phrases that are claims, and phrases that are not.

use proptest::prelude::*;

use super::ClaimKind::{Committed, CriteriaMet, Deployed, Done, FileWritten, Pushed, TestsPass};
use super::{ClaimKind, claims};

fn kinds(message: &str) -> Vec<ClaimKind> {
    let mut kinds: Vec<ClaimKind> = claims(message).into_iter().map(|claim| claim.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// What is claimed, in the forms that agents have for it.
const CLAIMS: &[(&str, &[ClaimKind])] = &[
    ("Done.", &[Done]),
    ("Done!", &[Done]),
    ("✅ Done", &[Done]),
    ("All done.", &[Done]),
    ("**Status: complete**", &[Done]),
    ("Status: ✅", &[Done]),
    ("The task is complete.", &[Done]),
    ("The feature is now fully implemented.", &[Done]),
    ("T-202 is 100 % complete.", &[Done]),
    ("🎉 **T-202 is 100 % complete.**", &[Done]),
    ("The migration is 100% done!", &[Done]),
    ("Everything is finished.", &[Done]),
    ("It's done.", &[Done]),
    ("The drift badge is ready for UAT.", &[Done]),
    ("This is ready for review", &[Done]),
    ("The branch is ready to merge.", &[Done]),
    ("The feature is production ready!", &[Done]),
    ("It is production-ready.", &[Done]),
    ("Fixed the race in `push()`.", &[Done]),
    ("I've fixed the crash when the file is missing.", &[Done]),
    ("I have now implemented the retry.", &[Done]),
    ("Implemented the badge with count and colour.", &[Done]),
    ("The bug is fixed.", &[Done]),
    ("The issue has been resolved.", &[Done]),
    ("Task complete.", &[Done]),
    ("## Phase 2 complete", &[Done]),
    ("Phase 3 is done and works as expected.", &[Done]),
    ("The sync is fully functional.", &[Done]),
    ("Everything works now.", &[Done]),
    ("| T-101 | badge | ✅ Done |", &[Done]),
    ("Successfully completed the refactoring.", &[Done]),
    ("Fixed. 12 passed, 0 failed.", &[Done, TestsPass]),
    ("All tests pass.", &[TestsPass]),
    ("All tests are passing now.", &[TestsPass]),
    ("All 42 tests pass, 0 failed.", &[TestsPass]),
    ("All unit and integration tests pass", &[TestsPass]),
    ("The tests still pass.", &[TestsPass]),
    ("Tests pass after the fix.", &[TestsPass]),
    ("The whole test suite is green.", &[TestsPass]),
    ("The baseline is green: 3 passed.", &[TestsPass]),
    ("42/42 tests passing", &[TestsPass]),
    ("17 tests passed without errors.", &[TestsPass]),
    ("CI is green.", &[TestsPass]),
    ("The build passes and lint is clean.", &[TestsPass]),
    ("`cargo test` passes.", &[TestsPass]),
    ("I ran it again: `pytest tests/test_sync.py` passed.", &[TestsPass]),
    ("Every test passes, nothing skipped.", &[TestsPass]),
    ("I verified that all tests pass.", &[TestsPass]),
    ("Verified: all tests pass.", &[TestsPass]),
    ("Committed as 3f9a1c2.", &[Committed]),
    ("✅ committed as `3f9a1c2`", &[Committed]),
    ("I've committed the change.", &[Committed]),
    ("Everything is committed.", &[Committed]),
    ("Pushed.", &[Pushed]),
    ("Pushed to origin/main.", &[Pushed]),
    ("The branch is pushed.", &[Pushed]),
    ("I committed and pushed both files.", &[Committed, Pushed]),
    ("The pull request was merged into main.", &[Pushed]),
    ("Deployed to the cluster.", &[Deployed]),
    ("The VPC is live.", &[Deployed]),
    ("The attachment is synced.", &[Deployed]),
    ("`vpc-ml` is now in sync with git.", &[Deployed]),
    ("Both manifests were applied to the cluster.", &[Deployed]),
    ("It has been rolled out to production.", &[Deployed]),
    ("All acceptance criteria are met.", &[CriteriaMet]),
    ("All 4 criteria are satisfied", &[CriteriaMet]),
    ("It meets all the requirements.", &[CriteriaMet]),
    ("- ✅ counts by state", &[CriteriaMet]),
    ("- [x] a fabric without objects shows a dash", &[CriteriaMet]),
    ("Created `docs/handoff.md` with the plan.", &[FileWritten]),
    ("I've added tests/test_badge.py.", &[FileWritten]),
    ("Updated src/lib.rs and README.md.", &[FileWritten]),
];

/// What only sounds like it.
const NONE: &[&str] = &[
    "The task is not complete.",
    "It is not yet complete.",
    "The feature isn't done.",
    "This is almost done.",
    "The work is nearly finished.",
    "The migration is only partially complete.",
    "Is the task complete?",
    "Are all tests passing?",
    "Once all tests pass, I will commit.",
    "When the tests pass, push it.",
    "If the build passes, the task is done.",
    "The task is done once you have merged it.",
    "It is complete if the operator agrees.",
    "It is complete, but not tested.",
    "T-202 is complete except for the docs.",
    "All tests should pass.",
    "All tests pass except test_sync.",
    "All tests would be green then.",
    "The tests do not pass.",
    "The tests don't pass.",
    "No tests pass.",
    "Not all tests pass.",
    "None of the tests passed.",
    "3 passed, 2 failed: the tests pass only in part, but I go on.",
    "I will make sure that all tests pass.",
    "Let me verify that all tests pass.",
    "Next I check that the build passes.",
    "We need all tests green.",
    "I want it to be production ready.",
    "You said that it is done.",
    "The orchestrator reported that T-202 is complete.",
    "The board says that T-202 is done.",
    "netbox-engineer claims that all tests pass.",
    "He wrote \"all tests pass\".",
    "The commit says “T-202 is done”.",
    "> All tests pass.",
    "```\nAll tests pass.\n```",
    "The string `task is complete` is printed.",
    "I marked nothing as done.",
    "## Next steps\n- T-301 is done\n- all tests pass",
    "**Remaining:**\n- docs are complete\n- the tests pass",
    "## Acceptance criteria\n- the badge is complete\n- all tests pass",
    "| task | done when |\n| --- | --- |\n| T-103 | the attachment is synced |\n| T-301 | all tests pass |",
    "**Said.** T-202 is complete and all its tests pass.",
    "I am working on it.",
    "The complete list of objects follows.",
    "This is a complete rewrite of the parser.",
    "I completely agree.",
    "A done task is shown in grey.",
    "The status column has todo, doing and done.",
    "Ready when you are.",
    "I am ready for the next task.",
    "Fixed-width columns look better.",
    "The committed file is older.",
    "It is not committed.",
    "Nothing was pushed.",
    "Nothing is uncommitted, so I begin.",
    "The change is neither committed nor pushed.",
    "The push was rejected.",
    "A rejected push will be pushed once more.",
    "Before it is deployed, somebody must review it.",
    "The peering is still not live.",
    "What becomes live: one new attachment.",
    "Should I deploy it to the cluster?",
    "The criteria are clear.",
    "Not all criteria are met.",
    "The plan is complete.",
    "I think it is done.",
    "It seems to be fixed.",
    "The bug is hopefully fixed.",
    "It could be done in a day.",
    "I can have it done by noon.",
    "T-303 waits until T-302 is done.",
    "I took the report as it was: I have not run the tests in that worktree.",
    "The tests want a PostgreSQL.",
    "Added a note.",
    "❌ tests pass",
    "Test coverage is at 100 %.",
    "",
];

#[test]
fn claims_are_found_in_the_forms_that_agents_have_for_them() {
    assert!(CLAIMS.len() >= 60);
    let wrong: Vec<String> = CLAIMS
        .iter()
        .filter(|(text, wanted)| kinds(text) != *wanted)
        .map(|(text, wanted)| format!("{text}\n    is {:?}, not {wanted:?}", kinds(text)))
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), CLAIMS.len(), wrong.join("\n"));
}

#[test]
fn what_only_sounds_like_a_claim_is_none() {
    assert!(NONE.len() >= 60);
    let wrong: Vec<String> = NONE
        .iter()
        .filter(|text| !kinds(text).is_empty())
        .map(|text| format!("{text}\n    is {:?}", kinds(text)))
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), NONE.len(), wrong.join("\n"));
}

#[test]
fn a_claim_knows_its_line_and_what_it_names() {
    let message = "I looked at it.\n\n🎉 **T-202 is 100 % complete.** All tests pass!\n\n- ✅ counts by state\n- ✅ committed as 3f9a1c2";
    let found: Vec<(ClaimKind, usize)> = claims(message).iter().map(|claim| (claim.kind, claim.line)).collect();
    assert_eq!(found, [(Done, 2), (TestsPass, 2), (CriteriaMet, 4), (Committed, 5)]);
    let found = claims(message);
    assert!(found[0].names.has("T-202"), "{:?}", found[0]);
    assert_eq!(found[3].names.commits, ["3f9a1c2"]);
    assert_eq!(found[0].text, "🎉 **T-202 is 100 % complete.**");
}

#[test]
fn a_denial_in_one_clause_leaves_the_next_alone() {
    assert_eq!(kinds("The docs are not written, and all tests pass."), [TestsPass]);
    assert_eq!(kinds("Not shown: that leaf-02 has applied it. All tests pass."), [TestsPass]);
}

proptest! {
    #[test]
    fn whatever_is_said_claims_are_found_without_a_panic_and_in_bounds(text in any::<String>()) {
        for claim in claims(&text) {
            prop_assert!(claim.line <= text.matches('\n').count());
        }
    }

    #[test]
    fn a_claim_in_a_quote_a_question_or_code_is_none(at in 0..CLAIMS.len(), how in 0..3_usize) {
        let (text, _) = CLAIMS[at];
        let said = text.replace(['"', '`'], "").replace('\n', " ");
        let wrapped = match how {
            0 => format!("> {said}"),
            1 => format!("```text\n{said}\n```"),
            _ => format!("The log has \"{}\" in it", said.trim_end_matches(['.', '!'])),
        };
        prop_assert!(kinds(&wrapped).is_empty(), "{wrapped}: {:?}", kinds(&wrapped));
    }

    #[test]
    fn a_condition_in_front_takes_a_claim_back(at in 0..CLAIMS.len(), word in prop_oneof![Just("Once"), Just("If"), Just("Unless"), Just("As soon as")]) {
        let (text, _) = CLAIMS[at];
        prop_assume!(text.chars().next().is_some_and(char::is_alphabetic) && text.matches(['.', '!', '|']).count() <= 1);
        let said = format!("{word} {}, I go on.", text.trim_end_matches(['.', '!']));
        prop_assert!(kinds(&said).is_empty(), "{said}: {:?}", kinds(&said));
    }
}

#[test]
fn what_a_claim_is_about_is_told_apart() {
    let first = |message: &str| claims(message).into_iter().next().expect(message);
    for of_tests in ["All tests pass.", "`cargo nextest run` passes.", "The whole test suite is green."] {
        assert!(first(of_tests).is_of_tests(), "{of_tests}");
    }
    for other in ["The build passes and lint is clean.", "CI is green.", "The task is complete."] {
        assert!(!first(other).is_of_tests(), "{other}");
    }
    for whole in ["All done.", "Everything is finished.", "The task is complete.", "T-202 is 100 % complete."] {
        assert!(first(whole).is_of_everything(), "{whole}");
    }
    for part in ["Fixed the race in `push()`.", "The bug is fixed.", "All tests pass."] {
        assert!(!first(part).is_of_everything(), "{part}");
    }
}
