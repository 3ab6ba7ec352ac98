//! The forms that claims have, as data.

use std::sync::LazyLock;

use regex::Regex;

use super::ClaimKind;
use super::hedge;
use super::sentence::{CODE, Sentence};
use crate::domain::evidence::command::{Check, check_of};

/// How the rest of a sentence bears on a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// A predicate: what follows may take it back.
    Predicate,
    /// A participle at the beginning of the sentence (`Fixed …`): what follows is what it was done to.
    Lead,
}

use ClaimKind::{Committed, CriteriaMet, Deployed, Done, FileWritten, Pushed, TestsPass};
use Weight::{Lead, Predicate};

/// Kind, weight and form. Sentences are in lower case; code is one sign.
const FORMS: &[(ClaimKind, Weight, &str)] = &[
    // Tests, builds and linters.
    (
        TestsPass,
        Predicate,
        r"\b(?:all|every|the|\d+)(?: (?:of|the|its|our|my|unit|integration|e2e|end-to-end|new|existing|regression|relevant|other|backend|frontend|\d+))* (?:tests?|specs?|checks|suites?|test suite|test cases)\b(?: [^.,;:]{0,24})? (?:pass|passes|passed|passing|green|succeed|succeeds|succeeded)\b",
    ),
    (
        TestsPass,
        Predicate,
        r"\btests?(?: suite)? (?:(?:now|still|all|are|is|have|has|were|both) )*(?:pass|passes|passed|passing|green)\b",
    ),
    (TestsPass, Predicate, r"\b[1-9]\d* (?:tests? )?passed\b"),
    (TestsPass, Predicate, r"\b[1-9]\d*\s?/\s?[1-9]\d* (?:tests? )?(?:pass|passed|passing|green)\b"),
    (
        TestsPass,
        Predicate,
        r"\b(?:ci|pipeline|build|lint|linter|typecheck|type check|compilation)(?: (?:and|,) (?:lint|tests?|build))? (?:is |are |now |still )*(?:green|clean|passes|passing|succeeds|succeeded)\b",
    ),
    (TestsPass, Predicate, r"\b(?:test suite|suite|everything) is (?:now |all )?green\b"),
    // The work as a whole.
    (
        Done,
        Predicate,
        r"(?:\b(?:is|are|was|were|been|now|fully)|'s|'re) (?:(?:now|all|fully|100 ?%|successfully|officially|finally|both|functionally) )*(?:complete|completed|done|finished|implemented|fixed|resolved|solved)\b",
    ),
    (
        Done,
        Predicate,
        r"\b(?:ready (?:for (?:uat|review|code review|production|prod|merge|merging|release|deployment|sign-?off|testing|use|qa|handoff|handover)|to (?:merge|ship|go|deploy|release|use|be (?:merged|reviewed|released|shipped|deployed))))\b",
    ),
    (Done, Predicate, r"\b(?:production|uat|merge|release|review|ship|deployment)[- ]ready\b"),
    (
        Done,
        Predicate,
        r"\b100 ?% (?:(?:now|fully) )*(?:complete|completed|done|finished|implemented|working|functional|ready)\b",
    ),
    (
        Done,
        Predicate,
        r"\b(?:task|feature|implementation|work|migration|refactoring|refactor|phase \w+|milestone \w+|step \w+|[a-z]+-\d+)(?: \w+)? (?:complete|completed|done|finished)[!.]*$",
    ),
    (
        Done,
        Predicate,
        r"^(?:all |✅ ?|☑ ?|✔\u{fe0f}? ?|status: ?)*(?:done|complete|completed|finished|fixed|implemented|resolved|all set|all done|shipped|mission accomplished)\b[\s✅🎉!.]*(?:$|[:—–-] )",
    ),
    (Done, Predicate, r"^(?:final )?status: (?:✅ ?)?(?:done|complete|completed|finished|✅)"),
    (
        Done,
        Predicate,
        r"\b(?:works as (?:expected|intended|designed)|fully functional|fully working|everything (?:now )?works|(?:now )?works (?:now|correctly|end to end)|is (?:now )?working (?:now|correctly|as expected|end to end))\b",
    ),
    (
        Done,
        Lead,
        r"^(?:✅ ?)?(?:i(?:'ve| have)? )?(?:now |successfully |also )*(?:completed|finished|implemented|fixed|resolved|solved)(?:[\s.!:]|$)",
    ),
    (
        Done,
        Lead,
        r"\bi(?:'ve| have) (?:now |successfully |also |just )*(?:completed|finished|implemented|fixed|resolved|solved)\b",
    ),
    // Git.
    (Committed, Lead, r"^(?:✅ ?)?(?:i(?:'ve| have)? )?(?:now |successfully |also )*committed\b"),
    (
        Committed,
        Predicate,
        r"(?:\b(?:is|are|was|were|been|everything|changes|now)|'s|'ve|'re) (?:(?:now|all|already|both|just) )*committed\b",
    ),
    (Committed, Predicate, r"\bcommitted (?:as|in|to|on|under) "),
    (Pushed, Lead, r"^(?:✅ ?)?(?:i(?:'ve| have)? )?(?:now |successfully |also |committed and )*(?:pushed|merged)\b"),
    (
        Pushed,
        Predicate,
        r"(?:\b(?:is|are|was|were|been|everything|changes|branch)|'s|'ve|'re) (?:(?:now|all|already|both|just|committed and) )*(?:pushed|merged)\b",
    ),
    (Pushed, Predicate, r"\b(?:pushed|merged) (?:to|into|on) "),
    // What is live.
    (
        Deployed,
        Lead,
        r"^(?:✅ ?)?(?:i(?:'ve| have)? )?(?:now |successfully |also )*(?:deployed|rolled out|applied (?:it|the|all|both|them|to)|synced|released)\b",
    ),
    (
        Deployed,
        Predicate,
        r"(?:\b(?:is|are|was|were|been|now)|'s|'ve|'re) (?:(?:now|all|already|both|successfully|fully|committed,|pushed,|and|pushed and) )*(?:deployed|rolled out|synced|in sync|reconciled|live)\b(?: (?:to|in|on|and|now|with)\b|[.!)]*$|,)",
    ),
    (
        Deployed,
        Predicate,
        r"\b(?:deployed|rolled out|synced|applied|released) (?:successfully )?(?:to|on|in|into) (?:the )?(?:cluster|production|prod|staging|fabric|live|argo ?cd|kubernetes|k8s|⌘)",
    ),
    // Criteria.
    (
        CriteriaMet,
        Predicate,
        r"\b(?:all|every|each|both|the|\d+)(?: (?:of|the|its|acceptance|success|\d+))* (?:criteria|criterion|requirements?)(?: (?:is|are|have|has|been|now|all|fully))* (?:met|satisfied|fulfilled|ticked|covered|done)\b",
    ),
    (
        CriteriaMet,
        Predicate,
        r"\b(?:meets|satisfies|fulfils|fulfills) (?:all|every|the|each)(?: \w+){0,2} (?:criteria|criterion|requirements?)\b",
    ),
    (CriteriaMet, Predicate, r"^(?:✅|☑|✔|\[x\])"),
    // Files; only where one is named.
    (
        FileWritten,
        Lead,
        r"^(?:✅ ?)?(?:i(?:'ve| have)? )?(?:now |successfully |also )*(?:created|wrote|written|added|updated|saved|generated)\b",
    ),
    (
        FileWritten,
        Predicate,
        r"\b(?:is|are|was|were|been) (?:now )?(?:created|written|added|updated|saved|generated)\b",
    ),
];

fn forms() -> &'static [(ClaimKind, Weight, Regex)] {
    static FOUND: LazyLock<Vec<(ClaimKind, Weight, Regex)>> = LazyLock::new(|| {
        let compiled = FORMS.iter().map(|(kind, weight, form)| Some((*kind, *weight, Regex::new(form).ok()?)));
        compiled.flatten().collect()
    });
    &FOUND
}

/// The kinds of claims that a sentence makes, none twice.
pub fn kinds(sentence: &Sentence<'_>) -> Vec<ClaimKind> {
    if sentence.plain.trim_end_matches(['*', ' ', ')']).ends_with('?') {
        return Vec::new();
    }
    if sentence.cell {
        return if is_status_row(&sentence.plain) { vec![Done] } else { Vec::new() };
    }
    let text = hedge::without_good_news(&sentence.plain);
    let mut found: Vec<ClaimKind> = Vec::new();
    for (kind, weight, form) in forms() {
        if found.contains(kind) {
            continue;
        }
        if *kind == FileWritten && super::names::of(sentence.raw).files.is_empty() {
            continue;
        }
        if form.find_iter(&text).any(|at| !hedge::is_hedged(&text, at.range(), *weight)) {
            found.push(*kind);
        }
    }
    if !found.contains(&TestsPass) && command_passes(&text, &sentence.codes) {
        found.push(TestsPass);
    }
    // An item with a tick and something more exact in it ("✅ committed as …") is the latter.
    if found.len() > 1 && text.starts_with(['✅', '☑', '✔']) {
        found.retain(|kind| *kind != CriteriaMet);
    }
    found
}

/// "`cargo test` passes": the words name no test, the command is one.
fn command_passes(text: &str, codes: &[&str]) -> bool {
    let mut from = 0;
    for code in codes {
        let Some(at) = text[from..].find(CODE) else { return false };
        let (start, end) = (from + at, from + at + CODE.len());
        let rest = text[end..].trim_start();
        let passes = ["passes", "pass", "passed", "is green", "succeeds", "succeeded", "now passes", "is clean"]
            .iter()
            .any(|word| rest.strip_prefix(word).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric)));
        let checks = matches!(check_of(code), Some(Check::Test | Check::Lint | Check::Build | Check::Validation));
        if passes && checks && !hedge::is_hedged(text, start..end, Predicate) {
            return true;
        }
        from = end;
    }
    false
}

/// A row of a table one cell of which says no more than that it is done.
fn is_status_row(row: &str) -> bool {
    let cells = row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches(['*', '!', '.', ' ']));
    let words = [
        "✅",
        "☑",
        "✔",
        "✅ done",
        "✅ complete",
        "✅ completed",
        "done",
        "complete",
        "completed",
        "done ✅",
        "complete ✅",
        "finished",
        "100 %",
        "100%",
    ];
    let mut cells = cells.peekable();
    cells.peek().is_some() && cells.skip(1).any(|cell| words.contains(&cell))
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_form_compiles() {
        assert_eq!(super::forms().len(), super::FORMS.len());
    }
}
