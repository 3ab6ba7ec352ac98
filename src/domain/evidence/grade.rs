//! The grade that rows add up to.

use super::{Evidence, Grade, Row, RowKind, Verdict};
use crate::domain::claim::ClaimKind;

/// What the grade depends on beside the rows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Basis {
    /// Something is claimed.
    pub claimed: bool,
    /// A check of the agent's own passed at some time, whatever came after it.
    pub ran: bool,
    /// What was changed needs tests.
    pub tested: bool,
}

/// The grade of all rows together.
///
/// A contradiction takes everything but the word itself. An operator's own check that passed is external, and so is what is
/// committed and pushed when the cluster shows its objects synced and healthy, or, where it has none, when tests passed after
/// the last edit. Tests that passed are observed; so is pushed work that needs none, and pushed objects that are synced but
/// give no sign of their health.
pub fn of(rows: &[Row], basis: Basis) -> Grade {
    let all = |kind: RowKind, verdict: Verdict| {
        let mut of_kind = rows.iter().filter(|row| row.kind == kind).peekable();
        of_kind.peek().is_some() && of_kind.all(|row| row.verdict == verdict)
    };
    let any = |kind: RowKind, verdict: Verdict| rows.iter().any(|row| row.kind == kind && row.verdict == verdict);
    let holds = |kind| all(kind, Verdict::Holds);
    let has = |kind| rows.iter().any(|row| row.kind == kind);
    if !basis.claimed {
        return Grade::None;
    }
    if rows.iter().any(|row| row.verdict == Verdict::Contradicted) {
        return Grade::Claimed;
    }
    let pushed = holds(RowKind::Committed) && holds(RowKind::Pushed);
    let objects = has(RowKind::Synced);
    let live = objects && holds(RowKind::Synced);
    let ill = any(RowKind::Healthy, Verdict::Missing);
    let tests = holds(RowKind::Tests);
    let validated = !basis.tested && holds(RowKind::Build);
    let checked = any(RowKind::Checks, Verdict::Holds) && !any(RowKind::Checks, Verdict::Missing);
    if checked || (pushed && live && holds(RowKind::Healthy)) || (pushed && !objects && tests) {
        Grade::External
    } else if tests || validated || (pushed && !basis.tested && !ill && (live || !objects)) {
        Grade::Observed
    } else if basis.ran {
        Grade::SelfChecked
    } else {
        Grade::Claimed
    }
}

/// The grade of one claim, by the rows that bear on its kind.
pub fn of_claim(kind: ClaimKind, evidence: &Evidence) -> Grade {
    let rows = |kind: RowKind| evidence.rows.iter().filter(move |row| row.kind == kind);
    let shown = |kind: RowKind, grade: Grade| {
        let verdict = rows(kind).map(|row| row.verdict).max();
        match verdict {
            Some(Verdict::Holds) => grade,
            Some(Verdict::Stale | Verdict::Unknown | Verdict::Missing | Verdict::Contradicted) | None => Grade::Claimed,
        }
    };
    match kind {
        ClaimKind::Done => evidence.grade.max(Grade::Claimed),
        ClaimKind::TestsPass => match shown(RowKind::Tests, Grade::Observed) {
            Grade::Observed => Grade::Observed,
            _ if evidence.grade == Grade::SelfChecked => Grade::SelfChecked,
            _ => shown(RowKind::Build, Grade::Observed).min(if rows(RowKind::Tests).next().is_none() {
                Grade::Observed
            } else {
                Grade::Claimed
            }),
        },
        ClaimKind::Committed => shown(RowKind::Committed, Grade::Observed),
        ClaimKind::Pushed => shown(RowKind::Pushed, Grade::External),
        ClaimKind::Deployed => match shown(RowKind::Synced, Grade::External) {
            Grade::External if shown(RowKind::Healthy, Grade::External) == Grade::External => Grade::External,
            Grade::External => Grade::Observed,
            _ => Grade::Claimed,
        },
        ClaimKind::FileWritten => shown(RowKind::Files, Grade::Observed),
        ClaimKind::CriteriaMet => shown(RowKind::Criteria, Grade::SelfChecked),
    }
}
